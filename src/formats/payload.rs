//! Bytes of an answer.

use std::io::Write;
use std::ops::Deref;
use std::sync::OnceLock;

/// Bytes unpacked at a time on their way out: few enough to stay in the cache of a processor.
const BAND_BYTES: usize = 256 << 10;

/// What follows the header of an answer. Values go out from where they were computed: no second copy of a field is made.
#[derive(Debug)]
pub enum Payload {
    /// Anything.
    Bytes(Vec<u8>),
    /// Values in the byte order of this machine, which is that of the protocol.
    Values(Vec<f32>),
    /// Values that are unpacked as they go out.
    Rows(Rows),
}

/// Makes a row, given its number.
type Fill = dyn Fn(usize, &mut [f32]);

/// Values made row by row. Making them cannot fail: what could is done before.
pub struct Rows {
    rows: usize,
    cols: usize,
    fill: Box<Fill>,
    /// All of them as bytes, for who wants them in one piece.
    whole: OnceLock<Vec<u8>>,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} rows of {} values", self.rows, self.cols)
    }
}

impl Rows {
    /// `fill` makes a row.
    pub fn new([rows, cols]: [usize; 2], fill: impl Fn(usize, &mut [f32]) + 'static) -> Self {
        Self { rows, cols, fill: Box::new(fill), whole: OnceLock::new() }
    }

    /// All values, some rows at a time.
    fn each_band(&self, mut take: impl FnMut(&[f32]) -> std::io::Result<()>) -> std::io::Result<()> {
        if self.cols == 0 {
            return Ok(());
        }
        let height = (BAND_BYTES / 4 / self.cols).clamp(1, self.rows.max(1));
        let mut band = vec![0.0f32; height * self.cols];
        for first in (0..self.rows).step_by(height) {
            let n = height.min(self.rows - first);
            for (k, row) in band.chunks_mut(self.cols).take(n).enumerate() {
                (self.fill)(first + k, row);
            }
            take(&band[..n * self.cols])?;
        }
        Ok(())
    }

    fn whole(&self) -> &[u8] {
        self.whole.get_or_init(|| {
            let mut all = vec![0.0f32; self.rows * self.cols];
            all.chunks_mut(self.cols.max(1)).enumerate().for_each(|(k, row)| (self.fill)(k, row));
            all.iter().flat_map(|v| v.to_le_bytes()).collect()
        })
    }
}

impl Payload {
    /// Number of bytes.
    pub fn byte_len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Values(values) => values.len() * 4,
            Self::Rows(r) => r.rows * r.cols * 4,
        }
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_to(&self, out: &mut impl Write) -> std::io::Result<()> {
        match self {
            Self::Rows(rows) if cfg!(target_endian = "little") => {
                rows.each_band(|values| out.write_all(bytemuck::cast_slice(values)))
            }
            all => out.write_all(all),
        }
    }
}

impl Default for Payload {
    fn default() -> Self {
        Self::Bytes(Vec::new())
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Vec<f32>> for Payload {
    fn from(values: Vec<f32>) -> Self {
        if cfg!(target_endian = "little") {
            Self::Values(values)
        } else {
            Self::Bytes(values.iter().flat_map(|v| v.to_le_bytes()).collect())
        }
    }
}

impl Deref for Payload {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Values(values) => bytemuck::cast_slice(values),
            Self::Rows(rows) => rows.whole(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_out_as_they_are() {
        // Rows so long that a band holds three, so many that the last band is not full; and none.
        for [rows, cols] in [[10, 20_000], [1, 5], [70_000, 1], [0, 7], [3, 0]] {
            let value = move |r: usize, c: usize| (r * cols + c) as f32;
            let fill = move |r: usize, row: &mut [f32]| row.iter_mut().enumerate().for_each(|(c, v)| *v = value(r, c));
            let payload = Payload::Rows(Rows::new([rows, cols], fill));
            let mut out = Vec::new();
            payload.write_to(&mut out).unwrap();
            let expected: Vec<u8> = (0..rows * cols).flat_map(|k| (k as f32).to_le_bytes()).collect();
            assert_eq!(payload.byte_len(), expected.len());
            assert!(out == expected && *payload == *expected, "{rows} × {cols}");
        }
    }
}
