//! Chunked, deflated HDF5 variables read past the library: it only tells where the chunks lie, the bytes are read,
//! inflated and put in order here, on several threads (libhdf5 does all of it on one, under a global lock).
//!
//! Anything unusual – other filters, a filter switched off for a chunk, missing chunks, foreign byte order – is left to
//! the library; [`read`] then returns `None`.

use std::fs::File;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use hdf5_metno::filters::Filter;
use parking_lot::Mutex;
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

impl Layout {
    /// Whether a block lies in the array.
    fn holds(&self, start: &[usize], count: &[usize]) -> bool {
        let rank = self.shape.len();
        let inside = |d: usize| start[d].checked_add(count[d]).is_some_and(|end| end <= self.shape[d]) && count[d] > 0;
        start.len() == rank && count.len() == rank && (0..rank).all(inside)
    }

    /// Bytes of a chunk, inflated.
    fn chunk_bytes(&self) -> usize {
        self.chunk.iter().product::<usize>() * self.size
    }
}

/// A file that tells where its chunks lie.
pub type Tables = hdf5_metno::File;

/// More chunks are not listed.
const MAX_CHUNKS: usize = 1 << 22;
/// Larger chunks than this are not inflated in one piece.
const MAX_CHUNK_BYTES: usize = 1 << 30;
/// Decoded bytes held at once beside the result.
const BATCH_BYTES: usize = 96 << 20;

/// Asks the library for the chunk table of a variable; `None` when it is not of the plain kind.
pub fn layout(file: &Tables, variable: &str, ty: NumType) -> Option<Layout> {
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
    if !layout.holds(start, count) {
        return None;
    }
    let rank = layout.shape.len();
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
    let done = if bands.len() >= rayon::current_num_threads() {
        on_all_threads(bands, |buffers, (band, target)| job.band(band, target, buffers)).map(|_| ())
    } else {
        bands.into_iter().map(|(band, target)| job.band_by_chunks(band, target)).collect()
    };
    done.map(|()| out)
}

/// Two-dimensional values to be gone through chunk by chunk.
pub struct Sheet<'a> {
    /// Where the chunks lie; two dimensions, or three with `lead`.
    pub layout: &'a Layout,
    /// Index along the leading dimension.
    pub lead: Option<usize>,
    /// Rows of interest.
    pub rows: Range<usize>,
    /// Columns of interest.
    pub cols: Range<usize>,
}

/// A chunk of a [`Sheet`], inflated.
pub struct Tile<'a> {
    plain: Plain<'a>,
    /// Element of the chunk that is its first row and column.
    base: usize,
    origin: [usize; 2],
    width: usize,
    /// Rows of interest that lie in it.
    pub rows: Range<usize>,
    /// Columns of interest that lie in it.
    pub cols: Range<usize>,
}

impl Tile<'_> {
    /// The bytes of the columns of interest of a row.
    pub fn row(&self, row: usize, out: &mut [u8]) {
        self.plain.run(self.base + (row - self.origin[0]) * self.width + self.cols.start - self.origin[1], out);
    }
}

/// Shows every chunk of some sheets to `look`, on several threads, with the number of its sheet; nothing is kept but what
/// `look` gives. `None` when it gave `None` once, or a chunk has to be left to the library.
pub fn visit<T: Send>(
    file: &File,
    sheets: &[Sheet<'_>],
    look: impl Fn(usize, &Tile<'_>) -> Option<T> + Sync,
) -> Option<Vec<T>> {
    let mut work = Vec::new();
    for (k, sheet) in sheets.iter().enumerate() {
        let (mut start, mut count) =
            (vec![sheet.rows.start, sheet.cols.start], vec![sheet.rows.len(), sheet.cols.len()]);
        if let Some(lead) = sheet.lead {
            start.insert(0, lead);
            count.insert(0, 1);
        }
        if !sheet.layout.holds(&start, &count) {
            return None;
        }
        let split = start.len() - 2;
        let job = Job { file, layout: sheet.layout, start: &start, count: &count, split };
        let chunk = sheet.layout.chunk[split];
        for band in sheet.rows.start / chunk..=(sheet.rows.end - 1) / chunk {
            work.extend(job.pieces(band)?.into_iter().map(|piece| (k, piece)));
        }
    }
    on_all_threads(work, |buffers, (k, piece)| {
        let sheet = &sheets[k];
        let layout = sheet.layout;
        let first = layout.shape.len() - 2;
        let [height, width] = [layout.chunk[first], layout.chunk[first + 1]];
        let origin = [piece.origin[first], piece.origin[first + 1]];
        let within = |range: &Range<usize>, from: usize, n: usize| range.start.max(from)..range.end.min(from + n);
        let tile = Tile {
            plain: buffers.load(file, layout, &piece)?,
            base: sheet.lead.map_or(0, |lead| (lead - piece.origin[0]) * height * width),
            origin,
            width,
            rows: within(&sheet.rows, origin[0], height),
            cols: within(&sheet.cols, origin[1], width),
        };
        look(k, &tile)
    })
}

/// Does all the work with one set of buffers a thread; stops at the first `None`.
fn on_all_threads<W: Send, T: Send>(work: Vec<W>, one: impl Fn(&mut Buffers, W) -> Option<T> + Sync) -> Option<Vec<T>> {
    let threads = rayon::current_num_threads().min(work.len()).max(1);
    let (queue, failed) = (Mutex::new(work.into_iter()), AtomicBool::new(false));
    let next = || queue.lock().next();
    let run = |_thread: usize| {
        let mut buffers = Buffers::spare();
        let mut done = Vec::new();
        while let Some(item) = next() {
            if failed.load(Ordering::Relaxed) {
                return None;
            }
            let Some(result) = one(&mut buffers, item) else {
                failed.store(true, Ordering::Relaxed);
                return None;
            };
            done.push(result);
        }
        buffers.give_back();
        Some(done)
    };
    let parts: Option<Vec<Vec<T>>> = (0..threads).into_par_iter().with_max_len(1).map(run).collect();
    Some(parts?.into_iter().flatten().collect())
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
    fn band(&self, band: usize, target: &mut [u8], buffers: &mut Buffers) -> Option<()> {
        for piece in self.pieces(band)? {
            let plain = buffers.load(self.file, self.layout, &piece)?;
            self.scatter(band, &piece, &plain, target);
        }
        Some(())
    }

    /// Few bands: the chunks of one are inflated beside each other.
    fn band_by_chunks(&self, band: usize, target: &mut [u8]) -> Option<()> {
        let pieces = self.pieces(band)?;
        for batch in pieces.chunks((BATCH_BYTES / self.layout.chunk_bytes()).max(1)) {
            let decoded: Option<Vec<Buffers>> = batch
                .par_iter()
                .map(|piece| {
                    let mut buffers = Buffers::spare();
                    buffers.load(self.file, self.layout, piece)?;
                    Some(buffers)
                })
                .collect();
            for (piece, buffers) in batch.iter().zip(decoded?) {
                self.scatter(band, piece, &buffers.plain(self.layout), target);
                buffers.give_back();
            }
        }
        Some(())
    }

    /// Copies the part of a chunk that lies in the block to its place in the band.
    fn scatter(&self, band: usize, piece: &Piece, plain: &Plain<'_>, target: &mut [u8]) {
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
            plain.run(from, &mut target[to * l.size..to * l.size + run]);
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

/// Memory of one thread, used again for every chunk.
struct Buffers {
    stored: Vec<u8>,
    inflated: Vec<u8>,
    inflater: libdeflater::Decompressor,
}

impl Default for Buffers {
    fn default() -> Self {
        Self { stored: Vec::new(), inflated: Vec::new(), inflater: libdeflater::Decompressor::new() }
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
    fn spare() -> Self {
        SPARE.lock().pop().unwrap_or_default()
    }

    fn give_back(self) {
        let mut spare = SPARE.lock();
        if spare.len() < SPARES && self.stored.capacity() + self.inflated.capacity() <= SPARE_BYTES {
            spare.push(self);
        }
    }

    /// Reads and inflates a chunk.
    fn load(&mut self, file: &File, layout: &Layout, piece: &Piece) -> Option<Plain<'_>> {
        let bytes = layout.chunk_bytes();
        let room = |buffer: &mut Vec<u8>, bytes: usize| {
            if buffer.len() < bytes {
                buffer.resize(bytes, 0);
            }
        };
        room(&mut self.stored, piece.stored);
        let stored = &mut self.stored[..piece.stored];
        read_at(file, stored, piece.address).ok()?;
        let n = if layout.deflated {
            room(&mut self.inflated, bytes);
            self.inflater.zlib_decompress(stored, &mut self.inflated[..bytes]).ok()?
        } else {
            piece.stored
        };
        (n == bytes).then(|| self.plain(layout))
    }

    /// The chunk loaded last.
    fn plain(&self, layout: &Layout) -> Plain<'_> {
        let all = if layout.deflated { &self.inflated } else { &self.stored };
        Plain { bytes: &all[..layout.chunk_bytes()], size: layout.size, shuffled: layout.shuffled && layout.size > 1 }
    }
}

/// The elements of a chunk, perhaps still shuffled: they are put in order on their way to where they belong.
struct Plain<'a> {
    bytes: &'a [u8],
    size: usize,
    shuffled: bool,
}

impl Plain<'_> {
    /// Copies the elements from number `from` on that fill `out`.
    fn run(&self, from: usize, out: &mut [u8]) {
        if self.shuffled {
            unshuffle(self.bytes, self.size, from, out);
        } else {
            out.copy_from_slice(&self.bytes[from * self.size..][..out.len()]);
        }
    }
}

/// Undoes HDF5's shuffle filter for the elements from number `from` on: byte `b` of element `k` of `n` lies at `b · n + k`.
fn unshuffle(planes: &[u8], size: usize, from: usize, out: &mut [u8]) {
    let (n, len) = (planes.len() / size, out.len() / size);
    let plane = |b: usize| &planes[b * n + from..][..len];
    match size {
        2 => {
            for ((o, a), b) in out.as_chunks_mut::<2>().0.iter_mut().zip(plane(0)).zip(plane(1)) {
                *o = [*a, *b];
            }
        }
        4 => {
            let (ab, cd) = (plane(0).iter().zip(plane(1)), plane(2).iter().zip(plane(3)));
            for ((o, (a, b)), (c, d)) in out.as_chunks_mut::<4>().0.iter_mut().zip(ab).zip(cd) {
                *o = [*a, *b, *c, *d];
            }
        }
        _ => {
            for b in 0..size {
                out.iter_mut().skip(b).step_by(size).zip(plane(b)).for_each(|(o, x)| *o = *x);
            }
        }
    }
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
            for (from, to) in [(0, 37), (0, 1), (5, 30), (36, 37), (20, 20)] {
                let mut back = vec![0; (to - from) * size];
                unshuffle(&shuffled, size, from, &mut back);
                assert_eq!(back, plain[from * size..to * size], "{size} bytes, {from}..{to}");
            }
        }
    }
}
