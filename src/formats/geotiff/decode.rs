//! Chunks (strips and tiles) of TIFF images: decompressed, predictor undone, samples in the machine's byte order.

use std::io::Read;

use crate::raw::{NumType, Raw};

/// How the samples of an image are stored.
#[derive(Clone, Debug)]
pub struct Storage {
    /// TIFF tag Compression.
    pub compression: u16,
    /// TIFF tag Predictor.
    pub predictor: u16,
    /// Bits of one sample.
    pub bits: u16,
    /// Its type once read.
    pub ty: NumType,
    /// Samples beside each other in a chunk.
    pub samples: usize,
    /// The file is of the other byte order.
    pub big_endian: bool,
}

/// Compression numbers of TIFF 6 and of its registry.
pub mod codes {
    #![allow(missing_docs, reason = "the names say it")]
    pub const NONE: u16 = 1;
    pub const LZW: u16 = 5;
    pub const JPEG: u16 = 7;
    pub const DEFLATE: u16 = 8;
    pub const PACKBITS: u16 = 32_773;
    pub const OLD_DEFLATE: u16 = 32_946;
    pub const ZSTD: u16 = 50_000;
}

impl Storage {
    /// Bytes of a row of so many pixels.
    pub fn row_bytes(&self, width: usize) -> usize {
        (width * self.samples * usize::from(self.bits)).div_ceil(8)
    }

    /// A chunk of `width` × `height` pixels from its stored bytes; `Err` says what is wrong with it.
    pub fn decode(&self, stored: &[u8], width: usize, height: usize) -> Result<Raw, String> {
        let wanted = self.row_bytes(width) * height;
        let mut bytes = decompress(self.compression, stored, wanted)?;
        if bytes.len() < wanted {
            return Err("it is cut off".to_owned());
        }
        bytes.truncate(wanted);
        let row = self.row_bytes(width);
        if row == 0 {
            return Ok(Raw::zeros(self.ty, 0));
        }
        match (self.predictor, self.bits) {
            (3, 32 | 64) => {
                let size = usize::from(self.bits / 8);
                let mut scratch = vec![0; row];
                bytes.chunks_mut(row).for_each(|r| float_predictor(r, &mut scratch, self.samples, size));
                Ok(self.typed(bytes, cfg!(target_endian = "big")))
            }
            (1, 1 | 2 | 4) => Ok(Raw::U8(self.widened(&bytes, width))),
            (1 | 2, 8 | 16 | 32 | 64) => {
                let mut raw = self.typed(bytes, self.big_endian != cfg!(target_endian = "big"));
                if self.predictor == 2 {
                    crate::with_raw!(&mut raw, v => differences(v, width * self.samples, self.samples));
                }
                Ok(raw)
            }
            (predictor, bits) => Err(format!("samples of {bits} bits with predictor {predictor} are not read")),
        }
    }

    /// Bytes as numbers; `swap` turns their order round.
    fn typed(&self, mut bytes: Vec<u8>, swap: bool) -> Raw {
        let size = self.ty.size();
        if swap && size > 1 {
            bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
        }
        let mut raw = Raw::zeros(self.ty, bytes.len() / size);
        raw.bytes_mut().copy_from_slice(&bytes[..bytes.len() / size * size]);
        raw
    }

    /// Samples of less than a byte, one a byte; rows begin at a byte.
    fn widened(&self, bytes: &[u8], width: usize) -> Vec<u8> {
        let bits = usize::from(self.bits);
        let mask = (1u16 << bits) as u8 - 1;
        let of_row = |row: &[u8]| -> Vec<u8> {
            let sample = |k: usize| {
                let at = k * bits;
                (row[at / 8] >> (8 - bits - at % 8)) & mask
            };
            (0..width * self.samples).map(sample).collect()
        };
        bytes.chunks(self.row_bytes(width)).flat_map(of_row).collect()
    }
}

/// Adds up horizontal differences, sample by sample.
fn differences<T: Copy + WrappingAdd>(values: &mut [T], row: usize, samples: usize) {
    for line in values.chunks_mut(row.max(1)) {
        for k in samples..line.len() {
            line[k] = line[k].plus(line[k - samples]);
        }
    }
}

/// Sums as the predictor forms them: integers wrap round.
trait WrappingAdd {
    fn plus(self, other: Self) -> Self;
}

macro_rules! wrapping {
    ($($t:ty),*) => { $( impl WrappingAdd for $t { #[inline] fn plus(self, o: Self) -> Self { self.wrapping_add(o) } } )* };
}
wrapping!(i8, u8, i16, u16, i32, u32, i64, u64);

impl WrappingAdd for f32 {
    fn plus(self, other: Self) -> Self {
        Self::from_bits(self.to_bits().wrapping_add(other.to_bits()))
    }
}

impl WrappingAdd for f64 {
    fn plus(self, other: Self) -> Self {
        Self::from_bits(self.to_bits().wrapping_add(other.to_bits()))
    }
}

/// Adobe's floating-point predictor (TIFF Technical Note 3): byte planes, the most significant first, differenced. Leaves
/// the row in little-endian order.
fn float_predictor(row: &mut [u8], scratch: &mut [u8], samples: usize, size: usize) {
    for k in samples..row.len() {
        row[k] = row[k].wrapping_add(row[k - samples]);
    }
    let n = row.len() / size;
    for (k, value) in scratch.chunks_exact_mut(size).enumerate() {
        for (plane, byte) in value.iter_mut().rev().enumerate() {
            *byte = row[plane * n + k];
        }
    }
    row.copy_from_slice(scratch);
}

fn decompress(compression: u16, stored: &[u8], wanted: usize) -> Result<Vec<u8>, String> {
    match compression {
        codes::NONE => Ok(stored.to_vec()),
        codes::DEFLATE | codes::OLD_DEFLATE => inflate(stored, wanted),
        codes::LZW => {
            let mut out = vec![0; wanted];
            let mut decoder = weezl::decode::Decoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8);
            let (mut from, mut to) = (0, 0);
            while to < wanted {
                let step = decoder.decode_bytes(&stored[from..], &mut out[to..]);
                (from, to) = (from + step.consumed_in, to + step.consumed_out);
                match step.status {
                    Ok(weezl::LzwStatus::Ok) if step.consumed_in + step.consumed_out > 0 => {}
                    Ok(_) => break,
                    Err(e) => return Err(e.to_string()),
                }
            }
            out.truncate(to);
            Ok(out)
        }
        codes::PACKBITS => Ok(packbits(stored, wanted)),
        codes::ZSTD => {
            let stream = ruzstd::decoding::StreamingDecoder::new(stored).map_err(|e| e.to_string())?;
            let mut out = Vec::with_capacity(wanted);
            stream.take(wanted as u64).read_to_end(&mut out).map_err(|e| e.to_string())?;
            Ok(out)
        }
        34_887 => Err("it is compressed by LERC, which is not read here; convert it with gdal_translate".to_owned()),
        34_925 => Err("it is compressed by LZMA, which is not read here; convert it with gdal_translate".to_owned()),
        50_001 => Err("it is compressed by WebP, which is not read here; convert it with gdal_translate".to_owned()),
        other => {
            Err(format!("it is compressed by method {other}, which is not read here; convert it with gdal_translate"))
        }
    }
}

fn inflate(stored: &[u8], wanted: usize) -> Result<Vec<u8>, String> {
    let mut out = vec![0; wanted];
    match libdeflater::Decompressor::new().zlib_decompress(stored, &mut out) {
        Ok(n) => {
            out.truncate(n);
            Ok(out)
        }
        // More than the chunk should hold (padding rows): the stream tells only so much.
        Err(libdeflater::DecompressionError::InsufficientSpace) => {
            let mut out = Vec::with_capacity(wanted);
            let stream = flate2::read::ZlibDecoder::new(stored);
            stream.take(wanted as u64).read_to_end(&mut out).map_err(|e| e.to_string())?;
            Ok(out)
        }
        Err(e) => Err(e.to_string()),
    }
}

/// Apple's run lengths (TIFF 6, section 9).
fn packbits(stored: &[u8], wanted: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(wanted);
    let mut at = 0;
    while at < stored.len() && out.len() < wanted {
        let n = stored[at] as i8;
        at += 1;
        if n >= 0 {
            let run = &stored[at..stored.len().min(at + n as usize + 1)];
            out.extend_from_slice(run);
            at += run.len();
        } else if n != -128 {
            let Some(byte) = stored.get(at) else { break };
            out.resize(out.len() + 1 + usize::from(n.unsigned_abs()), *byte);
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storage(compression: u16, predictor: u16, bits: u16, ty: NumType, samples: usize) -> Storage {
        Storage { compression, predictor, bits, ty, samples, big_endian: false }
    }

    #[test]
    fn run_lengths_of_the_specification() {
        // The example in Apple's note TN1023.
        let packed = [0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22, 0xf7, 0xaa];
        let plain = [
            0xaa, 0xaa, 0xaa, 0x80, 0, 0x2a, 0xaa, 0xaa, 0xaa, 0xaa, 0x80, 0, 0x2a, 0x22, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
            0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
        ];
        assert_eq!(packbits(&packed, 24), plain);
    }

    #[test]
    fn predictors_are_undone() {
        let s = storage(codes::NONE, 2, 16, NumType::U16, 2);
        let bytes: Vec<u8> = [10u16, 20, 1, 2, 65_535, 0].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(s.decode(&bytes, 3, 1).unwrap(), Raw::U16(vec![10, 20, 11, 22, 10, 22]));
        // 1.0 and 2.0 as planes 3f 40 | 80 00 | 00 00 | 00 00, differenced.
        let s = storage(codes::NONE, 3, 32, NumType::F32, 1);
        let planes = [0x3f, 0x40, 0x80, 0, 0, 0, 0, 0u8];
        let differenced: Vec<u8> =
            (0..8).map(|k: usize| planes[k].wrapping_sub(if k == 0 { 0 } else { planes[k - 1] })).collect();
        assert_eq!(s.decode(&differenced, 2, 1).unwrap(), Raw::F32(vec![1.0, 2.0]));
    }

    #[test]
    fn bits_and_byte_orders() {
        let s = storage(codes::NONE, 1, 4, NumType::U8, 1);
        assert_eq!(s.decode(&[0x12, 0x30, 0x45, 0x60], 3, 2).unwrap(), Raw::U8(vec![1, 2, 3, 4, 5, 6]));
        let s = Storage { big_endian: true, ..storage(codes::NONE, 1, 16, NumType::I16, 1) };
        assert_eq!(s.decode(&[0xff, 0xfe, 0, 5], 2, 1).unwrap(), Raw::I16(vec![-2, 5]));
        let cut = s.decode(&[0], 2, 1).unwrap_err();
        assert!(cut.contains("cut off"));
        assert!(storage(34_887, 1, 8, NumType::U8, 1).decode(&[0], 1, 1).unwrap_err().contains("LERC"));
    }
}
