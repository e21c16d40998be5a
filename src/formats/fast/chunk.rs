//! One chunk: read, checked, inflated.

use std::fs::File;

use parking_lot::Mutex;

use super::shuffle::unshuffle;
use super::{Filter, Layout, Piece};

/// Memory of one thread, used again for every chunk.
pub struct Buffers {
    stored: Vec<u8>,
    inflated: Vec<u8>,
    inflater: libdeflater::Decompressor,
    held: Held,
}

/// Where the chunk loaded last is.
#[derive(Clone, Copy)]
enum Held {
    Stored {
        shuffled: bool,
    },
    Inflated {
        shuffled: bool,
    },
    /// Nowhere: every element has these bytes.
    Constant([u8; 8]),
}

impl Default for Buffers {
    fn default() -> Self {
        let held = Held::Stored { shuffled: false };
        Self { stored: Vec::new(), inflated: Vec::new(), inflater: libdeflater::Decompressor::new(), held }
    }
}

/// Buffers that no read needs at the moment. Many files of a job are read one after the other in chunks of one size, and
/// to get fresh memory from the system for each takes half as long as to inflate into it.
static SPARE: Mutex<Vec<Buffers>> = Mutex::new(Vec::new());
/// Most buffers that are kept.
const SPARES: usize = 4;
/// Bytes of the largest that are.
const SPARE_BYTES: usize = 16 << 20;

impl Buffers {
    pub fn spare() -> Self {
        SPARE.lock().pop().unwrap_or_default()
    }

    pub fn give_back(self) {
        let mut spare = SPARE.lock();
        if spare.len() < SPARES && self.stored.capacity() + self.inflated.capacity() <= SPARE_BYTES {
            spare.push(self);
        }
    }

    /// Reads a chunk and undoes its filters, but for the order of bytes: that is restored on the way to the values' place.
    pub fn load(&mut self, file: &File, layout: &Layout, piece: &Piece) -> Option<Plain<'_>> {
        let place = piece.place;
        if place.stored == 0 {
            self.held = Held::Constant(layout.fill?);
            return Some(self.plain(layout));
        }
        let mut n = place.stored as usize;
        read_at(file, room(&mut self.stored, n), place.address).ok()?;
        let applied = |k: usize| place.skipped >> k & 1 == 0;
        let (mut inflated, mut shuffled) = (false, false);
        for (k, filter) in layout.filters.iter().enumerate().rev().filter(|(k, _)| applied(*k)) {
            match filter {
                Filter::Shuffle => shuffled = layout.size > 1,
                Filter::Fletcher32 => n = checked(if inflated { &self.inflated[..n] } else { &self.stored[..n] })?,
                Filter::Deflate => {
                    // A sum written before deflate is inflated with the values.
                    let sum =
                        |j: usize| if layout.filters[j] == Filter::Fletcher32 && applied(j) { SUM_BYTES } else { 0 };
                    let expected = layout.chunk_bytes() + (0..k).map(sum).sum::<usize>();
                    let out = room(&mut self.inflated, expected);
                    if self.inflater.zlib_decompress(&self.stored[..n], out).ok()? != expected {
                        return None;
                    }
                    (n, inflated) = (expected, true);
                }
            }
        }
        self.held = if inflated { Held::Inflated { shuffled } } else { Held::Stored { shuffled } };
        (n == layout.chunk_bytes()).then(|| self.plain(layout))
    }

    /// The chunk loaded last.
    pub fn plain(&self, layout: &Layout) -> Plain<'_> {
        let of = |bytes, shuffled| -> Values<'_> {
            let bytes: &[u8] = bytes;
            let bytes = &bytes[..layout.chunk_bytes()];
            if shuffled { Values::Shuffled(bytes) } else { Values::Ordered(bytes) }
        };
        let values = match self.held {
            Held::Constant(fill) => Values::Constant(fill),
            Held::Stored { shuffled } => of(&self.stored, shuffled),
            Held::Inflated { shuffled } => of(&self.inflated, shuffled),
        };
        Plain { values, size: layout.size }
    }
}

/// The first `bytes` of a buffer, which grows to have them.
fn room(buffer: &mut Vec<u8>, bytes: usize) -> &mut [u8] {
    if buffer.len() < bytes {
        buffer.resize(bytes, 0);
    }
    &mut buffer[..bytes]
}

/// The elements of a chunk.
pub struct Plain<'a> {
    values: Values<'a>,
    size: usize,
}

enum Values<'a> {
    Ordered(&'a [u8]),
    Shuffled(&'a [u8]),
    Constant([u8; 8]),
}

impl Plain<'_> {
    /// Copies the elements from number `from` on that fill `out`.
    pub fn run(&self, from: usize, out: &mut [u8]) {
        match self.values {
            Values::Shuffled(planes) => unshuffle(planes, self.size, from, out),
            Values::Ordered(bytes) => out.copy_from_slice(&bytes[from * self.size..][..out.len()]),
            Values::Constant(fill) => {
                out.chunks_mut(self.size).for_each(|element| element.copy_from_slice(&fill[..element.len()]));
            }
        }
    }
}

/// Bytes that Fletcher-32 adds to a chunk.
const SUM_BYTES: usize = 4;

/// Length without the sum at the end, when that is right.
fn checked(bytes: &[u8]) -> Option<usize> {
    let (values, sum) = bytes.split_last_chunk::<SUM_BYTES>()?;
    let found = fletcher32(values);
    let written = u32::from_le_bytes(*sum);
    // HDF5 1.6.2 wrote the bytes of each half in the other order, and is still read.
    let old = u32::from_le_bytes([sum[1], sum[0], sum[3], sum[2]]);
    (found == written || found == old).then_some(values.len())
}

/// The sum of HDF5's filter (`H5_checksum_fletcher32`): of big-endian words of 16 bits, modulo 65 535.
fn fletcher32(bytes: &[u8]) -> u32 {
    // So many words can be added before a sum of 32 bits overflows.
    const WORDS: usize = 360;
    let fold = |x: u32| (x & 0xffff) + (x >> 16);
    let (mut a, mut b) = (0u32, 0u32);
    let (words, odd) = bytes.as_chunks::<2>();
    for block in words.chunks(WORDS) {
        for word in block {
            a += u32::from(u16::from_be_bytes(*word));
            b += a;
        }
        (a, b) = (fold(a), fold(b));
    }
    if let [last] = odd {
        a += u32::from(*last) << 8;
        b += a;
        (a, b) = (fold(a), fold(b));
    }
    fold(b) << 16 | fold(a)
}

#[cfg(unix)]
pub fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
pub fn read_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> std::io::Result<()> {
    while !buffer.is_empty() {
        let n = std::os::windows::fs::FileExt::seek_read(file, buffer, offset)?;
        if n == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        buffer = &mut buffer[n..];
        offset += n as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published check values of Fletcher-32 are of little-endian words: the same letters in the other order give them.
    #[test]
    fn sums_are_those_of_fletcher() {
        let swapped = |text: &[u8]| -> Vec<u8> { text.chunks(2).flat_map(|w| w.iter().rev().copied()).collect() };
        assert_eq!(fletcher32(&swapped(b"abcdef")), 0x5650_2d2a);
        assert_eq!(fletcher32(&swapped(b"abcdefgh")), 0xebe1_9591);
        let mut sealed = b"abcdefgh".to_vec();
        let sum = fletcher32(&sealed);
        sealed.extend(sum.to_le_bytes());
        assert_eq!(checked(&sealed), Some(8));
        sealed[3] ^= 4;
        assert_eq!(checked(&sealed), None);
        assert_eq!(checked(b"abc"), None);
    }
}
