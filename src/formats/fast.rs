//! Chunked, deflated HDF5 variables read past the library: it only tells where the chunks lie, the bytes are read,
//! inflated and put in order here, on several threads (libhdf5 does all of it on one, under a global lock).
//!
//! Anything unusual – other filters, a filter switched off for a chunk, missing chunks, foreign byte order – is left to
//! the library; [`read`] then returns `None`.

use std::fs::File;

use hdf5_metno::filters::Filter;
use rayon::prelude::*;

use crate::raw::{NumType, Raw};

/// Where the chunks of a variable lie.
#[derive(Debug)]
pub struct Layout {
    shape: Vec<usize>,
    chunk: Vec<usize>,
    /// Number of chunks along each dimension.
    grid: Vec<usize>,
    size: usize,
    shuffled: bool,
    deflated: bool,
    /// Address and size of each chunk of the grid, row-major.
    chunks: Vec<(u64, usize)>,
}

/// More chunks are not listed.
const MAX_CHUNKS: usize = 1 << 22;
/// Larger chunks than this are not inflated in one piece.
const MAX_CHUNK_BYTES: usize = 1 << 30;
/// Decoded bytes held at once beside the result.
const BATCH_BYTES: usize = 96 << 20;

/// Asks the library for the chunk table of a variable; `None` when it is not of the plain kind.
pub fn layout(path: &std::path::Path, variable: &str, ty: NumType) -> Option<Layout> {
    let file = hdf5_metno::File::open(path).ok()?;
    let dataset = file.dataset(variable).ok()?;
    let dtype = dataset.dtype().ok()?;
    let native = match ty {
        NumType::I8 => dtype.is::<i8>(),
        NumType::U8 => dtype.is::<u8>(),
        NumType::I16 => dtype.is::<i16>(),
        NumType::U16 => dtype.is::<u16>(),
        NumType::I32 => dtype.is::<i32>(),
        NumType::U32 => dtype.is::<u32>(),
        NumType::I64 => dtype.is::<i64>(),
        NumType::U64 => dtype.is::<u64>(),
        NumType::F32 => dtype.is::<f32>(),
        NumType::F64 => dtype.is::<f64>(),
    };
    if !native {
        return None;
    }
    let (shuffled, deflated) = match dataset.filters().as_slice() {
        [] => (false, false),
        [Filter::Deflate(_)] => (false, true),
        [Filter::Shuffle, Filter::Deflate(_)] => (true, true),
        _ => return None,
    };
    let (shape, chunk) = (dataset.shape(), dataset.chunk()?);
    if shape.len() != chunk.len() || shape.is_empty() || chunk.contains(&0) {
        return None;
    }
    let grid: Vec<usize> = shape.iter().zip(&chunk).map(|(n, c)| n.div_ceil(*c)).collect();
    let total = grid.iter().copied().try_fold(1usize, usize::checked_mul)?;
    let bytes = chunk.iter().copied().try_fold(ty.size(), usize::checked_mul)?;
    if total == 0 || total > MAX_CHUNKS || bytes > MAX_CHUNK_BYTES {
        return None;
    }
    let mut chunks = vec![(0u64, 0usize); total];
    let mut plain = true;
    let visited = dataset.chunks_visit(|info| {
        let at = info.offset.iter().zip(&chunk).zip(&grid).try_fold(0usize, |at, ((o, c), g)| {
            let k = usize::try_from(*o).ok()? / c;
            (k < *g).then_some(at * g + k)
        });
        match at {
            Some(k) if info.filter_mask == 0 && info.size > 0 => chunks[k] = (info.addr, info.size as usize),
            _ => plain = false,
        }
        0
    });
    (visited.is_ok() && plain).then_some(Layout { shape, chunk, grid, size: ty.size(), shuffled, deflated, chunks })
}

/// A chunk that takes part in a read.
struct Piece {
    address: u64,
    stored: usize,
    /// First element of the chunk along each dimension.
    origin: Vec<usize>,
}

/// Reads a block; `None` hands it back to the library.
pub fn read(file: &File, layout: &Layout, ty: NumType, start: &[usize], count: &[usize]) -> Option<Raw> {
    let rank = layout.shape.len();
    let inside = |d: usize| start[d].checked_add(count[d]).is_some_and(|end| end <= layout.shape[d]) && count[d] > 0;
    if start.len() != rank || count.len() != rank || !(0..rank).all(inside) {
        return None;
    }
    let total = count.iter().copied().try_fold(1usize, usize::checked_mul)?;
    let mut out = Raw::zeros(ty, total);
    let target = out.bytes_mut();
    // The first dimension with more than one value cuts the result into bands that no two chunks share.
    let split = (0..rank).find(|d| count[*d] > 1).unwrap_or(rank - 1);
    let row_bytes = count[split + 1..].iter().product::<usize>() * layout.size;
    let first_band = start[split] / layout.chunk[split];
    let last_band = (start[split] + count[split] - 1) / layout.chunk[split];
    let mut bands: Vec<(usize, &mut [u8])> = Vec::new();
    let mut rest = target;
    for band in first_band..=last_band {
        let lo = (band * layout.chunk[split]).max(start[split]);
        let hi = ((band + 1) * layout.chunk[split]).min(start[split] + count[split]);
        let (head, tail) = std::mem::take(&mut rest).split_at_mut((hi - lo) * row_bytes);
        bands.push((band, head));
        rest = tail;
    }
    let job = Job { file, layout, start, count, split };
    let many = bands.len() >= rayon::current_num_threads();
    let done: Option<()> = if many {
        bands.into_par_iter().map(|(band, target)| job.band(band, target)).collect()
    } else {
        bands.into_iter().map(|(band, target)| job.band_by_chunks(band, target)).collect()
    };
    done.map(|()| out)
}

struct Job<'a> {
    file: &'a File,
    layout: &'a Layout,
    start: &'a [usize],
    count: &'a [usize],
    split: usize,
}

impl Job<'_> {
    /// The chunks of a band; `None` when one is missing.
    fn pieces(&self, band: usize) -> Option<Vec<Piece>> {
        let l = self.layout;
        let rank = l.shape.len();
        let range = |d: usize| {
            if d == self.split {
                (band, band)
            } else {
                (self.start[d] / l.chunk[d], (self.start[d] + self.count[d] - 1) / l.chunk[d])
            }
        };
        let mut at: Vec<usize> = (0..rank).map(|d| range(d).0).collect();
        let mut out = Vec::new();
        loop {
            let k = at.iter().zip(&l.grid).fold(0, |k, (i, g)| k * g + i);
            let (address, stored) = l.chunks[k];
            if stored == 0 {
                return None;
            }
            out.push(Piece { address, stored, origin: at.iter().zip(&l.chunk).map(|(i, c)| i * c).collect() });
            let mut d = rank;
            loop {
                if d == 0 {
                    return Some(out);
                }
                d -= 1;
                if at[d] < range(d).1 {
                    at[d] += 1;
                    break;
                }
                at[d] = range(d).0;
            }
        }
    }

    /// One thread does a whole band.
    fn band(&self, band: usize, target: &mut [u8]) -> Option<()> {
        let mut buffers = Buffers::default();
        for piece in self.pieces(band)? {
            self.decode(&piece, &mut buffers)?;
            self.scatter(band, &piece, &buffers.plain, target);
        }
        Some(())
    }

    /// Few bands: the chunks of one are inflated beside each other.
    fn band_by_chunks(&self, band: usize, target: &mut [u8]) -> Option<()> {
        let pieces = self.pieces(band)?;
        let bytes = self.layout.chunk.iter().product::<usize>() * self.layout.size;
        for batch in pieces.chunks((BATCH_BYTES / bytes).max(1)) {
            let decoded: Option<Vec<Vec<u8>>> = batch
                .par_iter()
                .map(|piece| {
                    let mut buffers = Buffers::default();
                    self.decode(piece, &mut buffers)?;
                    Some(buffers.plain)
                })
                .collect();
            for (piece, plain) in batch.iter().zip(decoded?) {
                self.scatter(band, piece, &plain, target);
            }
        }
        Some(())
    }

    /// Reads, inflates and unshuffles a chunk into `buffers.plain`.
    fn decode(&self, piece: &Piece, buffers: &mut Buffers) -> Option<()> {
        let l = self.layout;
        let bytes = l.chunk.iter().product::<usize>() * l.size;
        buffers.stored.resize(piece.stored, 0);
        read_at(self.file, &mut buffers.stored, piece.address).ok()?;
        if !l.deflated {
            if piece.stored != bytes {
                return None;
            }
            std::mem::swap(&mut buffers.plain, &mut buffers.stored);
            return Some(());
        }
        buffers.inflated.resize(bytes, 0);
        let n = buffers.inflater.zlib_decompress(&buffers.stored, &mut buffers.inflated).ok()?;
        if n != bytes {
            return None;
        }
        if l.shuffled && l.size > 1 {
            buffers.plain.resize(bytes, 0);
            unshuffle(&buffers.inflated, &mut buffers.plain, l.size);
        } else {
            std::mem::swap(&mut buffers.plain, &mut buffers.inflated);
        }
        Some(())
    }

    /// Copies the part of a chunk that lies in the block to its place in the band.
    fn scatter(&self, band: usize, piece: &Piece, plain: &[u8], target: &mut [u8]) {
        let l = self.layout;
        let rank = l.shape.len();
        let lo: Vec<usize> = (0..rank).map(|d| piece.origin[d].max(self.start[d])).collect();
        let hi: Vec<usize> =
            (0..rank).map(|d| (piece.origin[d] + l.chunk[d]).min(self.start[d] + self.count[d])).collect();
        let band_first = (band * l.chunk[self.split]).max(self.start[self.split]);
        let run = (hi[rank - 1] - lo[rank - 1]) * l.size;
        let mut at = lo.clone();
        loop {
            let (mut from, mut to) = (0, 0);
            for (d, k) in at.iter().enumerate() {
                from = from * l.chunk[d] + k - piece.origin[d];
                // Dimensions before the split have one value; the band begins at its own first row.
                match d.cmp(&self.split) {
                    std::cmp::Ordering::Less => {}
                    std::cmp::Ordering::Equal => to = k - band_first,
                    std::cmp::Ordering::Greater => to = to * self.count[d] + k - self.start[d],
                }
            }
            target[to * l.size..to * l.size + run].copy_from_slice(&plain[from * l.size..from * l.size + run]);
            let mut d = rank - 1;
            loop {
                if d == 0 {
                    return;
                }
                d -= 1;
                at[d] += 1;
                if at[d] < hi[d] {
                    break;
                }
                at[d] = lo[d];
            }
        }
    }
}

struct Buffers {
    stored: Vec<u8>,
    inflated: Vec<u8>,
    plain: Vec<u8>,
    inflater: libdeflater::Decompressor,
}

impl Default for Buffers {
    fn default() -> Self {
        Self { stored: Vec::new(), inflated: Vec::new(), plain: Vec::new(), inflater: libdeflater::Decompressor::new() }
    }
}

/// Undoes HDF5's shuffle filter: byte `b` of element `k` lies at `b · n + k`.
fn unshuffle(from: &[u8], to: &mut [u8], size: usize) {
    let n = from.len() / size;
    match size {
        2 => {
            let (a, b) = from.split_at(n);
            for ((o, a), b) in to.as_chunks_mut::<2>().0.iter_mut().zip(a).zip(b) {
                *o = [*a, *b];
            }
        }
        4 => {
            let (ab, cd) = from.split_at(2 * n);
            let ((a, b), (c, d)) = (ab.split_at(n), cd.split_at(n));
            for ((((o, a), b), c), d) in to.as_chunks_mut::<4>().0.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                *o = [*a, *b, *c, *d];
            }
        }
        _ => {
            for b in 0..size {
                let plane = &from[b * n..(b + 1) * n];
                to.iter_mut().skip(b).step_by(size).zip(plane).for_each(|(o, x)| *o = *x);
            }
        }
    }
    // Bytes beyond the last whole element are not shuffled.
    to[n * size..].copy_from_slice(&from[n * size..]);
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> std::io::Result<()> {
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

    #[test]
    fn unshuffling_restores_the_elements() {
        for size in [1usize, 2, 4, 8] {
            let plain: Vec<u8> = (0..size * 37).map(|k| (k * 7 % 251) as u8).collect();
            let n = plain.len() / size;
            let shuffled: Vec<u8> = (0..plain.len()).map(|k| plain[(k % n) * size + k / n]).collect();
            let mut back = vec![0; plain.len()];
            unshuffle(&shuffled, &mut back, size);
            assert_eq!(back, plain, "{size}");
        }
    }
}
