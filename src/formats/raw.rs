//! Numbers as they lie in the file, before any scaling.

use bytemuck::cast_slice_mut;

/// Numeric types of netCDF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum NumType {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
}

impl NumType {
    /// Bytes of one value.
    pub fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// Floating point.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// What netCDF writes where nothing was written (`NC_FILL_*`). One-byte types have none: every value is valid.
    pub fn default_fill(self) -> Option<f64> {
        match self {
            Self::I8 | Self::U8 => None,
            Self::I16 => Some(-32_767.0),
            Self::U16 => Some(65_535.0),
            Self::I32 => Some(-2_147_483_647.0),
            Self::U32 => Some(4_294_967_295.0),
            Self::I64 => Some(-9_223_372_036_854_775_806.0),
            Self::U64 => Some(18_446_744_073_709_551_614.0),
            Self::F32 | Self::F64 => Some(f64::from(9.969_21e36_f32)),
        }
    }
}

/// A block of raw values, row-major.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Raw {
    I8(Vec<i8>),
    U8(Vec<u8>),
    I16(Vec<i16>),
    U16(Vec<u16>),
    I32(Vec<i32>),
    U32(Vec<u32>),
    I64(Vec<i64>),
    U64(Vec<u64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// Runs the same expression for the vector inside a [`Raw`], whatever its type.
#[macro_export]
macro_rules! with_raw {
    ($raw:expr, $v:ident => $body:expr) => {
        match $raw {
            $crate::raw::Raw::I8($v) => $body,
            $crate::raw::Raw::U8($v) => $body,
            $crate::raw::Raw::I16($v) => $body,
            $crate::raw::Raw::U16($v) => $body,
            $crate::raw::Raw::I32($v) => $body,
            $crate::raw::Raw::U32($v) => $body,
            $crate::raw::Raw::I64($v) => $body,
            $crate::raw::Raw::U64($v) => $body,
            $crate::raw::Raw::F32($v) => $body,
            $crate::raw::Raw::F64($v) => $body,
        }
    };
}

/// Conversion to f64, exact for everything but 64-bit integers beyond 2^53.
pub trait ToF64: Copy {
    /// The value.
    fn to_f64(self) -> f64;
}

macro_rules! to_f64 {
    ($($t:ty),*) => { $( impl ToF64 for $t { #[inline] fn to_f64(self) -> f64 { self as f64 } } )* };
}
to_f64!(i8, u8, i16, u16, i32, u32, i64, u64, f32, f64);

impl Raw {
    /// `n` zeros of a type.
    pub fn zeros(ty: NumType, n: usize) -> Self {
        match ty {
            NumType::I8 => Self::I8(vec![0; n]),
            NumType::U8 => Self::U8(vec![0; n]),
            NumType::I16 => Self::I16(vec![0; n]),
            NumType::U16 => Self::U16(vec![0; n]),
            NumType::I32 => Self::I32(vec![0; n]),
            NumType::U32 => Self::U32(vec![0; n]),
            NumType::I64 => Self::I64(vec![0; n]),
            NumType::U64 => Self::U64(vec![0; n]),
            NumType::F32 => Self::F32(vec![0.0; n]),
            NumType::F64 => Self::F64(vec![0.0; n]),
        }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        with_raw!(self, v => v.len())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Their type.
    pub fn num_type(&self) -> NumType {
        match self {
            Self::I8(_) => NumType::I8,
            Self::U8(_) => NumType::U8,
            Self::I16(_) => NumType::I16,
            Self::U16(_) => NumType::U16,
            Self::I32(_) => NumType::I32,
            Self::U32(_) => NumType::U32,
            Self::I64(_) => NumType::I64,
            Self::U64(_) => NumType::U64,
            Self::F32(_) => NumType::F32,
            Self::F64(_) => NumType::F64,
        }
    }

    /// Bytes held.
    pub fn byte_len(&self) -> usize {
        self.len() * self.num_type().size()
    }

    /// Value `k` as a number; NaN beyond the end.
    pub fn get(&self, k: usize) -> f64 {
        with_raw!(self, v => v.get(k).map_or(f64::NAN, |x| x.to_f64()))
    }

    /// The memory of the values, native byte order.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        with_raw!(self, v => cast_slice_mut(v.as_mut_slice()))
    }

    /// Appends values of another block of the same type, by index.
    pub fn append_picked(&mut self, from: &Self, indices: &[u32]) {
        macro_rules! same {
            ($($k:ident),*) => { match (self, from) {
                $( (Self::$k(to), Self::$k(v)) => to.extend(indices.iter().map(|i| v[*i as usize])), )*
                _ => {}
            } };
        }
        same!(I8, U8, I16, U16, I32, U32, I64, U64, F32, F64);
    }

    /// Becomes the values of another block of the same type from number `from` on.
    pub fn copy_from(&mut self, other: &Self, from: usize) {
        let n = self.len();
        self.lay(0, other, from, n);
    }

    /// Puts `n` values of another block of the same type, from number `from` on, in the place of those from `at` on.
    pub fn lay(&mut self, at: usize, other: &Self, from: usize, n: usize) {
        macro_rules! same {
            ($($k:ident),*) => { match (self, other) {
                $( (Self::$k(to), Self::$k(v)) => to[at..at + n].copy_from_slice(&v[from..from + n]), )*
                _ => {}
            } };
        }
        same!(I8, U8, I16, U16, I32, U32, I64, U64, F32, F64);
    }

    /// `n` values of another block of the same type, every `step`-th from number `from` on, in the place of those from
    /// `at` on; what lies outside either is left out.
    pub fn lay_stepped(&mut self, at: usize, other: &Self, from: usize, step: usize, n: usize) {
        macro_rules! same {
            ($($k:ident),*) => { match (self, other) {
                $( (Self::$k(to), Self::$k(v)) => {
                    let values = v.iter().skip(from).step_by(step.max(1));
                    to.iter_mut().skip(at).take(n).zip(values).for_each(|(o, x)| *o = *x);
                } )*
                _ => {}
            } };
        }
        same!(I8, U8, I16, U16, I32, U32, I64, U64, F32, F64);
    }

    /// Picks values by index.
    #[must_use]
    pub fn gather(&self, indices: &[u32]) -> Self {
        macro_rules! pick {
            ($($k:ident),*) => { match self { $( Self::$k(v) => Self::$k(indices.iter().map(|i| v.get(*i as usize).copied().unwrap_or_default()).collect()), )* } };
        }
        pick!(I8, U8, I16, U16, I32, U32, I64, U64, F32, F64)
    }
}
