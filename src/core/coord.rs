//! Coordinates kept in the numeric type of the file, so that nothing is rounded and nothing is blown up.

use serde::{Deserialize, Serialize};

/// Values of one coordinate, row-major. `get` gives degrees (or metres for projected axes); missing is NaN.
#[derive(Clone, Debug, PartialEq)]
pub enum CoordArray {
    /// Stored as 32-bit floats.
    F32(Vec<f32>),
    /// Stored as 64-bit floats.
    F64(Vec<f64>),
    /// Stored as packed 32-bit integers: `value = raw * scale + offset`; `i32::MIN` is missing.
    I32 {
        /// Raw integers.
        raw: Vec<i32>,
        /// `scale_factor`.
        scale: f64,
        /// `add_offset`.
        offset: f64,
    },
}

/// How the values of a [`CoordArray`] travel in a worker frame.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CoordEncoding {
    /// Little-endian f32.
    F32,
    /// Little-endian f64.
    F64,
    /// Little-endian i32 with scale and offset.
    I32 {
        /// `scale_factor`.
        scale: f64,
        /// `add_offset`.
        offset: f64,
    },
}

impl CoordArray {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(v) => v.len(),
            Self::F64(v) => v.len(),
            Self::I32 { raw, .. } => raw.len(),
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Value `k`; NaN when missing.
    #[inline]
    pub fn get(&self, k: usize) -> f64 {
        match self {
            Self::F32(v) => f64::from(v[k]),
            Self::F64(v) => v[k],
            Self::I32 { raw, scale, offset } => match raw[k] {
                i32::MIN => f64::NAN,
                r => f64::from(r) * scale + offset,
            },
        }
    }

    /// Bytes held in memory.
    pub fn byte_len(&self) -> usize {
        self.len() * if matches!(self, Self::F64(_)) { 8 } else { 4 }
    }

    /// The encoding tag of these values.
    pub fn encoding(&self) -> CoordEncoding {
        match self {
            Self::F32(_) => CoordEncoding::F32,
            Self::F64(_) => CoordEncoding::F64,
            Self::I32 { scale, offset, .. } => CoordEncoding::I32 { scale: *scale, offset: *offset },
        }
    }

    /// Appends the values as little-endian bytes.
    pub fn write_le(&self, out: &mut Vec<u8>) {
        match self {
            Self::F32(v) => v.iter().for_each(|x| out.extend_from_slice(&x.to_le_bytes())),
            Self::F64(v) => v.iter().for_each(|x| out.extend_from_slice(&x.to_le_bytes())),
            Self::I32 { raw, .. } => raw.iter().for_each(|x| out.extend_from_slice(&x.to_le_bytes())),
        }
    }

    /// Reads `n` values from the front of `bytes`; returns them and the rest, or `None` when there are too few bytes.
    pub fn read_le(encoding: CoordEncoding, n: usize, bytes: &[u8]) -> Option<(Self, &[u8])> {
        let width = if matches!(encoding, CoordEncoding::F64) { 8 } else { 4 };
        let need = n.checked_mul(width)?;
        if bytes.len() < need {
            return None;
        }
        let (head, rest) = bytes.split_at(need);
        let four = || head.as_chunks::<4>().0.iter();
        let array = match encoding {
            CoordEncoding::F32 => Self::F32(four().map(|b| f32::from_le_bytes(*b)).collect()),
            CoordEncoding::F64 => Self::F64(head.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect()),
            CoordEncoding::I32 { scale, offset } => {
                Self::I32 { raw: four().map(|b| i32::from_le_bytes(*b)).collect(), scale, offset }
            }
        };
        Some((array, rest))
    }
}
