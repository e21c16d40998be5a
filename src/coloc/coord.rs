//! Latitudes, longitudes and values in the number type in which they are stored.

use std::borrow::Cow;

/// Latitude limit of a position, degrees.
pub(crate) const LAT_LIMIT: f64 = 90.0;
/// Longitude limit of a position, degrees: both −180…180 and 0…360 are in use.
pub(crate) const LON_LIMIT: f64 = 360.0;

/// How a packed integer becomes a number: `value × scale + offset` (CF conventions, section 8.1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Packing {
    scale: f64,
    offset: f64,
    /// The scale's inverse where that is a whole number: dividing by 1 000 000 is exact, multiplying by 1e-6 is not.
    divisor: Option<f64>,
    /// Packed values of positions on the Earth.
    latitudes: (i64, i64),
    longitudes: (i64, i64),
}

impl Packing {
    /// Packing with these CF attributes.
    pub fn new(scale: f64, offset: f64) -> Self {
        let inverse = (1.0 / scale).round();
        let whole = inverse.abs() >= 1.0 && inverse.abs() < 1e15 && (1.0 / inverse) == scale;
        let mut packing =
            Self { scale, offset, divisor: whole.then_some(inverse), latitudes: (0, 0), longitudes: (0, 0) };
        packing.latitudes = packed_limits(&packing, LAT_LIMIT);
        packing.longitudes = packed_limits(&packing, LON_LIMIT);
        packing
    }

    /// Micro-degrees, the usual packing of swath positions.
    pub fn micro() -> Self {
        Self::new(1e-6, 0.0)
    }

    /// The number a packed value stands for.
    #[inline(always)]
    pub fn decode(&self, packed: f64) -> f64 {
        match self.divisor {
            Some(d) => packed / d + self.offset,
            None => packed * self.scale + self.offset,
        }
    }
}

/// One coordinate (degrees) or one variable, borrowed or owned, in its stored type.
///
/// Nothing is converted before it is needed, so that a swath of 19 million cells stays at 4 bytes a coordinate.
#[derive(Debug, Clone)]
pub enum Coord<'a> {
    /// Packed 16-bit integers.
    I16 {
        /// Stored values.
        values: Cow<'a, [i16]>,
        /// How they become numbers.
        packing: Packing,
        /// The value that stands for "missing".
        fill: Option<i16>,
    },
    /// Packed 32-bit integers.
    I32 {
        /// Stored values.
        values: Cow<'a, [i32]>,
        /// How they become numbers.
        packing: Packing,
        /// The value that stands for "missing".
        fill: Option<i32>,
    },
    /// Single precision; one unit in the last place at 180° is 1.7 m.
    F32(Cow<'a, [f32]>),
    /// Double precision.
    F64(Cow<'a, [f64]>),
}

/// A variable's values are stored like coordinates.
pub type Values<'a> = Coord<'a>;

impl<'a> Coord<'a> {
    /// Packed micro-degrees without a fill value.
    pub fn micro(values: impl Into<Cow<'a, [i32]>>) -> Self {
        Coord::I32 { values: values.into(), packing: Packing::micro(), fill: None }
    }

    /// Double precision values.
    pub fn f64(values: impl Into<Cow<'a, [f64]>>) -> Self {
        Coord::F64(values.into())
    }

    /// Single precision values.
    pub fn f32(values: impl Into<Cow<'a, [f32]>>) -> Self {
        Coord::F32(values.into())
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Coord::I16 { values, .. } => values.len(),
            Coord::I32 { values, .. } => values.len(),
            Coord::F32(values) => values.len(),
            Coord::F64(values) => values.len(),
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number at `index`; NaN for the fill value and behind the end.
    #[inline]
    pub fn get(&self, index: usize) -> f64 {
        match self {
            Coord::I16 { values, packing, fill } => match values.get(index) {
                Some(v) if Some(*v) != *fill => packing.decode(f64::from(*v)),
                _ => f64::NAN,
            },
            Coord::I32 { values, packing, fill } => match values.get(index) {
                Some(v) if Some(*v) != *fill => packing.decode(f64::from(*v)),
                _ => f64::NAN,
            },
            Coord::F32(values) => values.get(index).map_or(f64::NAN, |v| f64::from(*v)),
            Coord::F64(values) => values.get(index).copied().unwrap_or(f64::NAN),
        }
    }

    /// The same values, borrowed from these.
    pub fn borrowed(&self) -> Coord<'_> {
        match self {
            Coord::I16 { values, packing, fill } => {
                Coord::I16 { values: Cow::Borrowed(values), packing: *packing, fill: *fill }
            }
            Coord::I32 { values, packing, fill } => {
                Coord::I32 { values: Cow::Borrowed(values), packing: *packing, fill: *fill }
            }
            Coord::F32(values) => Coord::F32(Cow::Borrowed(values)),
            Coord::F64(values) => Coord::F64(Cow::Borrowed(values)),
        }
    }

    /// The same values, independent of what they were borrowed from.
    pub fn into_owned(self) -> Coord<'static> {
        match self {
            Coord::I16 { values, packing, fill } => {
                Coord::I16 { values: Cow::Owned(values.into_owned()), packing, fill }
            }
            Coord::I32 { values, packing, fill } => {
                Coord::I32 { values: Cow::Owned(values.into_owned()), packing, fill }
            }
            Coord::F32(values) => Coord::F32(Cow::Owned(values.into_owned())),
            Coord::F64(values) => Coord::F64(Cow::Owned(values.into_owned())),
        }
    }
}

/// Stored number type of a coordinate, for loops that compare without decoding.
pub(crate) trait Raw: Copy + PartialOrd + Send + Sync {
    /// Larger than every coordinate.
    const TOP: Self;
    /// Smaller than every coordinate.
    const BOTTOM: Self;
    /// Bits that are equal for equal numbers.
    fn bits(self) -> u64;
}

impl Raw for i16 {
    const TOP: Self = i16::MAX;
    const BOTTOM: Self = i16::MIN;
    #[inline(always)]
    fn bits(self) -> u64 {
        self as u64
    }
}

impl Raw for i32 {
    const TOP: Self = i32::MAX;
    const BOTTOM: Self = i32::MIN;
    #[inline(always)]
    fn bits(self) -> u64 {
        self as u64
    }
}

impl Raw for f32 {
    const TOP: Self = f32::INFINITY;
    const BOTTOM: Self = f32::NEG_INFINITY;
    #[inline(always)]
    fn bits(self) -> u64 {
        u64::from((self + 0.0).to_bits())
    }
}

impl Raw for f64 {
    const TOP: Self = f64::INFINITY;
    const BOTTOM: Self = f64::NEG_INFINITY;
    #[inline(always)]
    fn bits(self) -> u64 {
        (self + 0.0).to_bits()
    }
}

/// Stored values that are coordinates: `low ≤ v ≤ high` and not the fill value. NaN fails the comparison.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Valid<T> {
    low: T,
    high: T,
    /// The fill value, or a value outside of the limits when there is none: one comparison and no branch.
    not: T,
}

impl<T: Raw> Valid<T> {
    #[inline(always)]
    pub fn holds(&self, v: T) -> bool {
        (v >= self.low) & (v <= self.high) & (v != self.not)
    }
}

/// Limits of a packed integer so that its decoded value lies within `±limit` degrees.
fn packed_limits(packing: &Packing, limit: f64) -> (i64, i64) {
    let inside = |v: i64| packing.decode(v as f64).abs() <= limit;
    let edge = |target: f64, rising: bool| {
        let guess = ((target - packing.offset) / packing.scale).round().clamp(-1e15, 1e15) as i64;
        // The quotient is right to a unit; the decoded value decides.
        let around = guess - 2..=guess + 2;
        if rising { around.clone().find(|v| inside(*v)) } else { around.clone().rev().find(|v| inside(*v)) }
            .unwrap_or(guess)
    };
    let (a, b) = if packing.scale >= 0.0 { (-limit, limit) } else { (limit, -limit) };
    (edge(a, true), edge(b, false))
}

impl Packing {
    fn limits(&self, limit: f64) -> (i64, i64) {
        if limit == LAT_LIMIT { self.latitudes } else { self.longitudes }
    }
}

impl Coord<'_> {
    #[inline]
    pub(crate) fn valid_i16(packing: &Packing, fill: Option<i16>, limit: f64) -> Valid<i16> {
        let (low, high) = packing.limits(limit);
        let clamp = |v: i64| v.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        let outside = if clamp(low) > i16::MIN { i16::MIN } else { i16::MAX };
        Valid { low: clamp(low), high: clamp(high), not: fill.unwrap_or(outside) }
    }

    #[inline]
    pub(crate) fn valid_i32(packing: &Packing, fill: Option<i32>, limit: f64) -> Valid<i32> {
        let (low, high) = packing.limits(limit);
        let clamp = |v: i64| v.clamp(i32::MIN.into(), i32::MAX.into()) as i32;
        let outside = if clamp(low) > i32::MIN { i32::MIN } else { i32::MAX };
        Valid { low: clamp(low), high: clamp(high), not: fill.unwrap_or(outside) }
    }

    #[inline]
    pub(crate) fn valid_f32(limit: f64) -> Valid<f32> {
        Valid { low: -limit as f32, high: limit as f32, not: f32::NAN }
    }

    #[inline]
    pub(crate) fn valid_f64(limit: f64) -> Valid<f64> {
        Valid { low: -limit, high: limit, not: f64::NAN }
    }
}

/// Runs `$body` with `$values` (slice of the stored type), `$valid` and `$decode` for whatever type a coordinate has.
macro_rules! with_raw {
    ($coord:expr, $limit:expr, |$values:ident, $valid:ident, $decode:ident| $body:expr) => {
        match $coord {
            $crate::coord::Coord::I16 { values, packing, fill } => {
                let ($values, $valid) = (&values[..], $crate::coord::Coord::valid_i16(packing, *fill, $limit));
                let packing = *packing;
                let $decode = move |v: i16| packing.decode(f64::from(v));
                $body
            }
            $crate::coord::Coord::I32 { values, packing, fill } => {
                let ($values, $valid) = (&values[..], $crate::coord::Coord::valid_i32(packing, *fill, $limit));
                let packing = *packing;
                let $decode = move |v: i32| packing.decode(f64::from(v));
                $body
            }
            $crate::coord::Coord::F32(values) => {
                let ($values, $valid) = (&values[..], $crate::coord::Coord::valid_f32($limit));
                let $decode = move |v: f32| f64::from(v);
                $body
            }
            $crate::coord::Coord::F64(values) => {
                let ($values, $valid) = (&values[..], $crate::coord::Coord::valid_f64($limit));
                let $decode = move |v: f64| v;
                $body
            }
        }
    };
}
pub(crate) use with_raw;
