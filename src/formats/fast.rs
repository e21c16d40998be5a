//! HDF5 variables read past the library: it only tells where the values lie ([`layout`]); the bytes are read, checked,
//! inflated and put in order here, on several threads (libhdf5 does all of it on one, under a global lock).
//!
//! Read here are values in one piece and chunks with the filters shuffle, deflate and Fletcher-32 in the orders they are
//! written in, also where a filter was left out for a chunk (deflate does that when it gains nothing) and where a chunk
//! was never written. Anything else – other filters, foreign byte order, undefined fill values, damage – is left to the
//! library; [`read`] then returns `None`.

mod chunk;
mod shuffle;
mod table;

use std::fs::File;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use rayon::prelude::*;

use crate::raw::{NumType, Raw};
use chunk::{Buffers, Plain, read_at};
pub use table::{Tables, layout};

/// Where the values of a variable lie.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    shape: Vec<usize>,
    chunk: Vec<usize>,
    /// Number of chunks along each dimension.
    grid: Vec<usize>,
    size: usize,
    /// In the order in which they were applied.
    filters: Vec<Filter>,
    /// The chunks of the grid, row-major.
    places: Vec<Place>,
    /// What chunks that were never written hold; `None`: the library decides.
    fill: Option<[u8; 8]>,
    /// Address of the values when they lie in one piece, without chunks.
    whole: Option<u64>,
}

/// What was done to the bytes of a chunk before they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filter {
    Shuffle,
    Deflate,
    Fletcher32,
}

/// Where a chunk lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    address: u64,
    /// Bytes in the file; 0: it was never written.
    stored: u32,
    /// Bit k: filter number k was left out.
    skipped: u32,
}

impl Layout {
    /// Whether the values are in chunks.
    pub fn is_chunked(&self) -> bool {
        self.whole.is_none()
    }

    /// Bytes of a value.
    pub fn value_bytes(&self) -> usize {
        self.size
    }

    /// All of it as numbers; see [`of_numbers`](Self::of_numbers).
    pub fn to_numbers(&self) -> Vec<u64> {
        let fill = self.fill.map(u64::from_le_bytes);
        let mut out = vec![self.size as u64, u64::from(self.whole.is_some()), self.whole.unwrap_or(0)];
        out.extend([u64::from(fill.is_some()), fill.unwrap_or(0), self.filters.len() as u64, self.shape.len() as u64]);
        out.extend(self.filters.iter().map(|f| *f as u64));
        out.extend(self.shape.iter().chain(&self.chunk).map(|n| *n as u64));
        out.extend(self.places.iter().flat_map(|p| [p.address, u64::from(p.stored) | u64::from(p.skipped) << 32]));
        out
    }

    /// Back from numbers; `None` where they make no sense.
    pub fn of_numbers(numbers: &[u64]) -> Option<Self> {
        let ([size, is_whole, address, has_fill, fill, filters, rank], rest) = numbers.split_first_chunk::<7>()?;
        let (filters, rest) = rest.split_at_checked(usize::try_from(*filters).ok()?)?;
        let all = [Filter::Shuffle, Filter::Deflate, Filter::Fletcher32];
        let of = |code: &u64| all.into_iter().find(|f| *f as u64 == *code);
        let filters = table::usual(filters.iter().map(of).collect::<Option<_>>()?)?;
        let rank = usize::try_from(*rank).ok()?;
        let sizes = |n: &[u64]| n.iter().map(|x| usize::try_from(*x).ok()).collect::<Option<Vec<usize>>>();
        let (shape, rest) = rest.split_at_checked(rank)?;
        let (chunk, rest) = rest.split_at_checked(rank)?;
        let (shape, chunk) = (sizes(shape)?, sizes(chunk)?);
        let size = usize::try_from(*size).ok().filter(|s| matches!(s, 1 | 2 | 4 | 8))?;
        let plain = Self {
            grid: vec![1; rank],
            size,
            filters,
            places: Vec::new(),
            fill: (*has_fill != 0).then(|| fill.to_le_bytes()),
            whole: (*is_whole != 0).then_some(*address),
            shape,
            chunk,
        };
        if plain.whole.is_some() {
            plain.shape.iter().copied().try_fold(size, usize::checked_mul)?;
            return (rest.is_empty() && plain.filters.is_empty()).then_some(plain);
        }
        let grid = table::grid(&plain.shape, &plain.chunk, size)?;
        let place = |n: &[u64; 2]| Place { address: n[0], stored: n[1] as u32, skipped: (n[1] >> 32) as u32 };
        let (pairs, odd) = rest.as_chunks::<2>();
        let places: Vec<Place> = pairs.iter().map(place).collect();
        (odd.is_empty() && places.len() == grid.iter().product::<usize>()).then_some(Self { grid, places, ..plain })
    }

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

/// Decoded bytes held at once beside the result.
const BATCH_BYTES: usize = 96 << 20;
/// A block of values in one piece that is broken into more pieces than this is left to the library.
const MAX_RUNS: usize = 1 << 12;

/// A chunk that takes part in a read.
struct Piece {
    place: Place,
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
    if let Some(address) = layout.whole {
        return read_whole(file, layout, address, start, count, target).map(|()| out);
    }
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

/// Values in one piece: what lies beside each other in the file is read in one go.
fn read_whole(
    file: &File,
    layout: &Layout,
    address: u64,
    start: &[usize],
    count: &[usize],
    target: &mut [u8],
) -> Option<()> {
    let rank = layout.shape.len();
    // Dimensions from `tail` on are asked for as a whole, so that runs go on over them.
    let tail = (0..rank).rev().find(|d| count[*d] != layout.shape[*d]).unwrap_or(0);
    let run: usize = count[tail..].iter().product::<usize>() * layout.size;
    if run == 0 || target.len() / run > MAX_RUNS {
        return None;
    }
    for (k, piece) in target.chunks_mut(run).enumerate() {
        let (mut rest, mut element, mut step) = (k, 0, 1);
        for d in (0..rank).rev() {
            // Which run this is, told along the dimensions before the tail.
            let at = if d < tail { rest % count[d] } else { 0 };
            rest = if d < tail { rest / count[d] } else { rest };
            element += (start[d] + at) * step;
            step *= layout.shape[d];
        }
        read_at(file, piece, address.checked_add((element * layout.size) as u64)?).ok()?;
    }
    Some(())
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
        if !sheet.layout.is_chunked() || !sheet.layout.holds(&start, &count) {
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
            let place = l.places[k];
            if place.stored == 0 && l.fill.is_none() {
                return None;
            }
            out.push(Piece { place, origin: at.iter().zip(&l.chunk).map(|(i, c)| i * c).collect() });
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
