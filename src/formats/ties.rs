//! Tie points of a large swath straight from its chunks. All positions are looked at, as a single one that is missing or
//! off the Earth decides how the swath is drawn, but only the few that tie points and their check need are kept: the
//! chunks never leave the cache of the processor, and nothing of the size of the file is made.
//!
//! What is unusual is left to the long way, which reads all positions first: [`of`] then gives `None`.

use std::ops::Range;

use seaglass_core::coord::CoordArray;
use seaglass_core::geolocation::{Swath, TieSample};

use crate::dataset::Dataset;
use crate::fast::{self, Sheet};
use crate::geoloc::coordinates;
use crate::limits::{LIGHT_TOLERANCE_CELLS, MAX_POSITIONS};
use crate::packing::Packing;
use crate::raw::{NumType, Raw};

/// Values read in one go where the library reads.
const BAND_VALUES: usize = 1 << 20;
/// |longitude| and |latitude| of a valid position are at most this.
const LIMITS: [f64; 2] = [540.0, 90.0];

/// Longitudes and latitudes of a swath in a file.
#[derive(Clone, Copy, Debug)]
pub struct Coordinates {
    /// Longitude variable.
    pub lon: usize,
    /// Latitude variable.
    pub lat: usize,
    /// Index along a leading dimension of the positions.
    pub lead: Option<usize>,
}

/// The tie points, when every position is valid and tie points 16 or 8 cells apart find all of them.
pub fn of(ds: &Dataset, at: Coordinates, shape: [usize; 2], times: &[i64]) -> Option<Swath> {
    if shape[0].saturating_mul(shape[1]) > MAX_POSITIONS {
        return None;
    }
    let sound = [Sound::of(ds, at.lon, LIMITS[0])?, Sound::of(ds, at.lat, LIMITS[1])?];
    let find = |rows: Range<usize>, cols: Range<usize>, times: Vec<i64>| {
        let sample = TieSample::new([rows.len(), cols.len()])?;
        let [lon, lat] = gather(ds, at, &sound, [rows, cols], &sample)?;
        sample.tie_points(&lon, &lat, times, LIGHT_TOLERANCE_CELLS)
    };
    // A swath with scan lines that overlap, or with holes, mostly shows it in one chunk at its edge: then the others need
    // not be read twice.
    if let Some([rows, cols]) = first_look(ds, at.lon, shape) {
        find(rows, cols, Vec::new())?;
    }
    find(0..shape[0], 0..shape[1], times.to_vec())
}

/// The chunk half-way down the first columns, when it is but a small part of the whole.
fn first_look(ds: &Dataset, var: usize, shape: [usize; 2]) -> Option<[Range<usize>; 2]> {
    let chunks = ds.vars[var].chunks.as_ref()?;
    let [.., height, width] = chunks.as_slice() else { return None };
    let first = shape[0] / 2 / (*height).max(1) * height;
    let (rows, cols) = (first..(first + height).min(shape[0]), 0..(*width).min(shape[1]));
    let small = rows.len().saturating_mul(cols.len()).saturating_mul(8) <= shape[0] * shape[1];
    (small && TieSample::new([rows.len(), cols.len()]).is_some()).then_some([rows, cols])
}

/// Longitudes and latitudes at the rows and columns of the sample, which counts from the start of the ranges; `None` as
/// soon as a position is not sound.
fn gather(
    ds: &Dataset,
    at: Coordinates,
    sound: &[Sound; 2],
    [rows, cols]: [Range<usize>; 2],
    sample: &TieSample,
) -> Option<[CoordArray; 2]> {
    let vars = [at.lon, at.lat];
    let width = sample.cols().len();
    let types = [ds.vars[at.lon].ty?, ds.vars[at.lat].ty?];
    let mut kept = types.map(|ty| Raw::zeros(ty, sample.rows().len() * width));
    let mut keep = |k: usize, patch: Patch| patch.lay_into(&mut kept[k], width);
    let look = |k: usize, area: [Range<usize>; 2], row: &mut dyn FnMut(usize, &mut Raw)| -> Option<Patch> {
        let [tile_rows, tile_cols] = area;
        let mut line = Raw::zeros(types[k], tile_cols.len());
        let lines = part_of(sample.rows(), rows.start, &tile_rows);
        let places = part_of(sample.cols(), cols.start, &tile_cols);
        let pick: Vec<u32> =
            sample.cols()[places.clone()].iter().map(|c| c + cols.start as u32 - tile_cols.start as u32).collect();
        let mut wanted = sample.rows()[lines.clone()].iter().map(|r| *r as usize + rows.start).peekable();
        let mut values = Raw::zeros(types[k], 0);
        for r in tile_rows {
            row(r, &mut line);
            if !sound[k].holds(&line) {
                return None;
            }
            if wanted.next_if_eq(&r).is_some() {
                values.append_picked(&line, &pick);
            }
        }
        Some(Patch { lines, places, values })
    };
    let layouts = vars.map(|var| ds.chunk_layout(var).filter(|l| l.is_chunked()));
    let [bytes, others] = vars.map(|var| ds.bytes(var));
    let bytes = bytes.filter(|b| others.is_some_and(|o| std::ptr::eq(*b, o)));
    if let ([Some(lon), Some(lat)], Some(bytes)) = (&layouts, bytes) {
        let sheets = [lon, lat].map(|layout| Sheet { layout, lead: at.lead, rows: rows.clone(), cols: cols.clone() });
        let patches = fast::visit(bytes, &sheets, |k, tile| {
            let area = [tile.rows.clone(), tile.cols.clone()];
            Some((k, look(k, area, &mut |r, line| tile.row(r, line.bytes_mut()))?))
        })?;
        patches.into_iter().for_each(|(k, patch)| keep(k, patch));
    } else {
        let n = cols.len();
        let band = (BAND_VALUES / n).max(1);
        for k in [0, 1] {
            for first in rows.clone().step_by(band) {
                let lines = first..(first + band).min(rows.end);
                let (mut start, mut count) = (vec![first, cols.start], vec![lines.len(), n]);
                if let Some(lead) = at.lead {
                    start.insert(0, lead);
                    count.insert(0, 1);
                }
                let raw = ds.read(vars[k], &start, &count).ok()?;
                let from = |r: usize| (r - first) * n;
                keep(k, look(k, [lines, cols.clone()], &mut |r, line| line.copy_from(&raw, from(r)))?);
            }
        }
    }
    let [lon, lat] = kept;
    Some([coordinates(ds, at.lon, lon), coordinates(ds, at.lat, lat)])
}

/// Which entries of an ascending list that counts from `zero` lie in a range.
fn part_of(list: &[u32], zero: usize, range: &Range<usize>) -> Range<usize> {
    let at = |x: usize| list.partition_point(|k| (*k as usize + zero) < x);
    at(range.start)..at(range.end)
}

/// What is kept of a chunk: values at some rows and columns of the sample.
struct Patch {
    lines: Range<usize>,
    places: Range<usize>,
    values: Raw,
}

impl Patch {
    fn lay_into(&self, all: &mut Raw, width: usize) {
        let n = self.places.len();
        for (k, line) in self.lines.clone().enumerate() {
            all.lay(line * width + self.places.start, &self.values, k * n, n);
        }
    }
}

/// Which raw numbers are certainly valid coordinates. Narrower than the truth by a hair where scaling rounds.
#[derive(Debug, PartialEq)]
struct Sound {
    lo: f64,
    hi: f64,
    /// Marks of missing values that look like coordinates.
    markers: Vec<f64>,
}

impl Sound {
    fn of(ds: &Dataset, var: usize, limit: f64) -> Option<Self> {
        let ty = ds.vars[var].ty?;
        let packing = Packing::of(&ds.vars[var]).0.without_range();
        let wide = matches!(ty, NumType::I64 | NumType::U64);
        if packing.turns_sign() || wide || (ty.is_float() && packing.is_packed()) {
            return None;
        }
        let (lo, hi) = if packing.is_packed() {
            // A part in a million: more than single precision loses.
            let limit = limit * (1.0 - 1e-6);
            let ends = [-limit, limit].map(|x| (x - packing.offset) / packing.scale);
            (ends[0].min(ends[1]).ceil(), ends[0].max(ends[1]).floor())
        } else {
            (-limit, limit)
        };
        // The smallest i32 is how missing values are marked further on.
        let lo = lo.max(f64::from(i32::MIN) + 1.0);
        if lo.is_nan() || hi.is_nan() || lo > hi {
            return None;
        }
        let markers = packing.markers().iter().copied().filter(|m| (lo..=hi).contains(m)).collect();
        Some(Self { lo, hi, markers })
    }

    /// Whether all of a row are.
    fn holds(&self, raw: &Raw) -> bool {
        // Without a way out of the loops: they run on vector units.
        macro_rules! check {
            ($v:ident, $t:ty) => {{
                // Bounds beyond the type become its own, unless there is nothing between them.
                let (lo, hi) = (self.lo as $t, self.hi as $t);
                let some = self.hi >= <$t>::MIN as f64 && self.lo <= <$t>::MAX as f64;
                let within = some && $v.iter().fold(true, |ok, x| ok & (*x >= lo) & (*x <= hi));
                within
                    && self.markers.iter().all(|m| {
                        let m = *m as $t;
                        $v.iter().fold(true, |ok, x| ok & (*x != m))
                    })
            }};
        }
        match raw {
            Raw::I8(v) => check!(v, i8),
            Raw::U8(v) => check!(v, u8),
            Raw::I16(v) => check!(v, i16),
            Raw::U16(v) => check!(v, u16),
            Raw::I32(v) => check!(v, i32),
            Raw::U32(v) => check!(v, u32),
            Raw::F32(v) => check!(v, f32),
            Raw::F64(v) => check!(v, f64),
            Raw::I64(_) | Raw::U64(_) => false,
        }
    }
}
