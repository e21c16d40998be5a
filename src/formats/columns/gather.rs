//! Rows of the tiles asked for.

use std::ops::Range;
use std::sync::Arc;

use seaglass_core::columns::{Column, ColumnType, MISSING, Pass, Rows, RowsAsk};
use seaglass_core::coord::CoordArray;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::Geolocation;
use seaglass_core::protocol::FailureKind;

use super::clock::Times;
use super::find::Sought;
use super::tiles::tile_size;
use crate::cache::BlockCache;
use crate::dataset::Dataset;
use crate::error::{Result, bad_request, fail};
use crate::limits::{MAX_VALUES, WHOLE_FIELD_CELLS};
use crate::operand::{DimRole, Operand};
use crate::parts::{Expr, Part};
use crate::raw::{NumType, Raw};

/// Lines or samples looked at either way for a position that tells which way was flown.
const PASS_REACH: usize = 64;

/// Gathers rows of one part.
pub struct Gather<'a> {
    /// The file.
    pub ds: &'a Dataset,
    /// Its number in the cache.
    pub file: u64,
    /// Decoded blocks.
    pub cache: &'a mut BlockCache,
    /// The part.
    pub part: &'a Part,
    /// What is asked.
    pub ask: &'a RowsAsk,
}

/// A run of cells of one row.
struct Run {
    row: usize,
    cols: Range<usize>,
}

/// The values of one variable over some rows.
struct Loaded {
    raw: Arc<Raw>,
    /// First row held.
    first: usize,
    rows: usize,
    cols: usize,
    /// Length of the inner dimension of samples listed in two dimensions.
    inner: Option<usize>,
    operand: Operand,
}

impl Loaded {
    fn at(&self, row: usize, col: usize) -> usize {
        match self.inner {
            Some(n) => (row / n) * self.rows + (row % n) * self.cols,
            None => (row - self.first) * self.rows + col * self.cols,
        }
    }

    fn value(&self, row: usize, col: usize) -> f64 {
        self.operand.packing.at(&self.raw, self.at(row, col))
    }
}

/// The variables of one column.
struct Source {
    terms: Vec<Loaded>,
    keep: Vec<(seaglass_core::product::Condition, Loaded)>,
    ty: ColumnType,
}

impl Source {
    fn value(&self, expr: &Expr, row: usize, col: usize, buffer: &mut Vec<f64>) -> f64 {
        buffer.clear();
        buffer.extend(self.terms.iter().map(|t| t.value(row, col)));
        let v = expr.combine(buffer, row, col);
        let kept = v.is_finite() && self.keep.iter().all(|(c, o)| c.keeps(o.value(row, col)));
        if kept { v } else { f64::NAN }
    }

    /// The value where the column has it unrounded as a whole number.
    fn push(&self, out: &mut Column, expr: &Expr, row: usize, col: usize, buffer: &mut Vec<f64>) {
        let v = self.value(expr, row, col, buffer);
        match (out, &*self.terms[0].raw) {
            (Column::I64(out), Raw::I64(raw)) if !v.is_nan() => {
                out.push(raw.get(self.terms[0].at(row, col)).copied().unwrap_or(MISSING));
            }
            (out, _) => out.push(v),
        }
    }
}

impl Gather<'_> {
    /// The rows, ascending.
    pub fn rows(&mut self, columns: &[Sought], valid: &[Sought], times: &Times<'_>) -> Result<Rows> {
        let runs = self.runs()?;
        let cells: u64 = runs.iter().map(|r| r.cols.len() as u64).sum();
        if cells.saturating_mul(4 + columns.len() as u64) > 4 * MAX_VALUES as u64 {
            return Err(fail(
                FailureKind::TooLarge,
                "More rows were asked for at once than one answer holds.".to_owned(),
            ));
        }
        let span = runs.first().map_or(0, |r| r.row)..runs.last().map_or(0, |r| r.row + 1);
        let load = |this: &mut Self, list: &[Sought]| -> Result<Vec<Source>> {
            if cells == 0 {
                return Ok(Vec::new());
            }
            list.iter().map(|s| this.source(s, span.clone())).collect()
        };
        let demanded = load(self, valid)?;
        let (mut out, kept) = self.places(&runs, times, valid, &demanded);
        let sources = load(self, columns)?;
        let mut buffer = Vec::new();
        out.columns = columns
            .iter()
            .enumerate()
            .map(|(k, sought)| {
                let Some(source) = sources.get(k) else { return Column::empty(column_type(self.ds, sought)) };
                let mut column = Column::empty(source.ty);
                for (row, col) in &kept {
                    source.push(&mut column, &sought.field.expr, *row as usize, *col as usize, &mut buffer);
                }
                column
            })
            .collect();
        Ok(out)
    }

    /// Cells with place, time and values where demanded; positions and times of these are filled in.
    fn places(
        &self,
        runs: &[Run],
        times: &Times<'_>,
        valid: &[Sought],
        demanded: &[Source],
    ) -> (Rows, Vec<(u32, u32)>) {
        let width = self.part.shape[1];
        let place = Place::of(self.part);
        let [start, stop] = self.ask.time_us.unwrap_or([MISSING + 1, i64::MAX]);
        let mut out = Rows {
            index: Vec::new(),
            time_us: Vec::new(),
            lon: place.empty(true),
            lat: place.empty(false),
            columns: Vec::new(),
            looked_at: 0,
            without_place: 0,
            without_value: 0,
        };
        let mut kept: Vec<(u32, u32)> = Vec::new();
        let mut buffer = Vec::new();
        let mut flown = (usize::MAX, None);
        for run in runs {
            if self.ask.pass.is_some() {
                if flown.0 != run.row {
                    flown = (run.row, place.pass(run.row));
                }
                if flown.1 != self.ask.pass {
                    continue;
                }
            }
            let line = if matches!(times, Times::Cells { .. }) { None } else { Some(times.at(run.row, 0)) };
            for col in run.cols.clone() {
                let time = line.unwrap_or_else(|| times.at(run.row, col));
                let counted = u64::from(self.ask.counted.is_none_or(|c| c.has(time)));
                out.looked_at += counted;
                let untimed = time == MISSING;
                if (untimed && !self.ask.untimed) || !place.at(run.row, col).is_valid() {
                    out.without_place += counted;
                    continue;
                }
                if !untimed && (time < start || time > stop) {
                    continue;
                }
                let mut pairs = valid.iter().zip(demanded);
                if pairs.any(|(s, d)| d.value(&s.field.expr, run.row, col, &mut buffer).is_nan()) {
                    out.without_value += counted;
                    continue;
                }
                out.index.push((run.row * width + col) as u32);
                out.time_us.push(time);
                place.push(run.row, col, &mut out);
                kept.push((run.row as u32, col as u32));
            }
        }
        (out, kept)
    }

    /// Runs of cells, by rows, so that row numbers ascend.
    fn runs(&self) -> Result<Vec<Run>> {
        let [rows, cols] = self.part.shape;
        let (tile_rows, tile_cols) = tile_size(self.part.shape);
        let across = cols.div_ceil(tile_cols);
        let Some(tiles) = &self.ask.tiles else {
            return Ok((0..rows).map(|row| Run { row, cols: 0..cols }).collect());
        };
        let count = rows.div_ceil(tile_rows) * across;
        if !tiles.is_sorted_by(|a, b| a < b) || tiles.last().is_some_and(|t| *t as usize >= count) {
            return Err(bad_request(format!("The tiles asked for are not among the {count} of the part.")));
        }
        let mut out = Vec::new();
        for band in tiles.chunk_by(|a, b| *a as usize / across == *b as usize / across) {
            let r0 = band.first().map_or(0, |t| *t as usize / across) * tile_rows;
            for row in r0..(r0 + tile_rows).min(rows) {
                for t in band {
                    let c0 = *t as usize % across * tile_cols;
                    out.push(Run { row, cols: c0..(c0 + tile_cols).min(cols) });
                }
            }
        }
        Ok(out)
    }

    fn source(&mut self, sought: &Sought, rows: Range<usize>) -> Result<Source> {
        let mut terms = Vec::new();
        for o in sought.field.expr.operands() {
            terms.push(self.load(o, &sought.extra, rows.clone())?);
        }
        let mut keep = Vec::new();
        if self.ask.masked {
            for (condition, o) in &sought.field.keep {
                keep.push((condition.clone(), self.load(o, &sought.extra, rows.clone())?));
            }
        }
        Ok(Source { terms, keep, ty: column_type(self.ds, sought) })
    }

    /// A variable over at least these rows: all of it where it is small enough to keep.
    fn load(&mut self, o: &Operand, extra: &[usize], rows: Range<usize>) -> Result<Loaded> {
        let (mut start, mut count) = o
            .block(self.ds, self.ask.step, extra)
            .ok_or_else(|| bad_request(format!("{} has no such time step or index.", self.ds.vars[o.var].path)))?;
        let role = |r: DimRole| o.roles.iter().position(|x| *x == r);
        let inner = role(DimRole::Col)
            .filter(|_| self.part.shape[1] == 1)
            .map(|at| self.ds.shape(o.var)[at])
            .filter(|n| *n > 1 || role(DimRole::Row).is_some());
        let (mut row_step, mut col_step) = o.strides(self.ds);
        let mut first = 0;
        let cells: usize = count.iter().product();
        if let (Some(at), None) = (role(DimRole::Row), inner)
            && (rows.len() * 2 < count[at] || cells > WHOLE_FIELD_CELLS)
        {
            first = rows.start;
            start[at] = rows.start;
            count[at] = rows.len();
            if role(DimRole::Col).is_some_and(|col| col < at) {
                col_step = rows.len();
            }
        }
        if count.iter().product::<usize>() > WHOLE_FIELD_CELLS {
            let path = &self.ds.vars[o.var].path;
            return Err(fail(FailureKind::TooLarge, format!("{path} is too large to be read as a table at once.")));
        }
        if inner.is_none() && role(DimRole::Row).is_none() {
            row_step = 0;
        }
        let raw = self.block(o.var, &start, &count)?;
        Ok(Loaded { raw, first, rows: row_step, cols: col_step, inner, operand: o.clone() })
    }

    fn block(&mut self, var: usize, start: &[usize], count: &[usize]) -> Result<Arc<Raw>> {
        let key = (self.file, var, [start, count].concat());
        if let Some(raw) = self.cache.get(&key) {
            return Ok(raw);
        }
        let raw = Arc::new(self.ds.read_fast(var, start, count)?);
        self.cache.put(key, raw.clone());
        Ok(raw)
    }
}

/// The positions of a part by cell.
enum Place<'a> {
    /// One a cell.
    Arrays { lon: &'a CoordArray, lat: &'a CoordArray, width: usize },
    /// From axes.
    Grid(&'a seaglass_core::geolocation::Grid),
}

impl<'a> Place<'a> {
    fn of(part: &'a Part) -> Self {
        match &*part.geolocation {
            Geolocation::Swath(s) => Self::Arrays { lon: &s.lon, lat: &s.lat, width: part.shape[1] },
            Geolocation::Track(s) | Geolocation::Points(s) => Self::Arrays { lon: &s.lon, lat: &s.lat, width: 1 },
            Geolocation::Grid(g) => Self::Grid(g),
        }
    }

    fn empty(&self, longitudes: bool) -> CoordArray {
        match self {
            Self::Arrays { lon, lat, .. } => match if longitudes { lon } else { lat } {
                CoordArray::F32(_) => CoordArray::F32(Vec::new()),
                CoordArray::F64(_) => CoordArray::F64(Vec::new()),
                CoordArray::I32 { scale, offset, .. } => {
                    CoordArray::I32 { raw: Vec::new(), scale: *scale, offset: *offset }
                }
            },
            Self::Grid(_) => CoordArray::F64(Vec::new()),
        }
    }

    fn at(&self, row: usize, col: usize) -> LonLat {
        match self {
            Self::Arrays { lon, lat, width } => {
                let k = row * width + col;
                LonLat::new(lon.get(k), lat.get(k))
            }
            Self::Grid(g) => g.lonlat_from_index(row as f64, col as f64).unwrap_or(LonLat::new(f64::NAN, f64::NAN)),
        }
    }

    /// Which way a line or sample was flown: from the one before to the one after, where they have positions in the
    /// same column; `None` where none do, and on grids.
    fn pass(&self, row: usize) -> Option<Pass> {
        let Self::Arrays { lat, width, .. } = self else { return None };
        let rows = lat.len() / width.max(&1);
        let middle = width / 2;
        let latitude = |r: usize, c: usize| self.at(r, c).is_valid().then(|| lat.get(r * width + c));
        // The middle column first: the edges of a wide swath turn later than its centre.
        let outwards = |k: usize| if k.is_multiple_of(2) { middle + k / 2 } else { middle + width - k.div_ceil(2) };
        for c in (0..*width).map(|k| outwards(k) % width) {
            let here = latitude(row, c);
            let before = (row.saturating_sub(PASS_REACH)..row).rev().find_map(|r| latitude(r, c)).or(here);
            let after = (row + 1..(row + 1 + PASS_REACH).min(rows)).find_map(|r| latitude(r, c)).or(here);
            if let (Some(a), Some(b)) = (before, after)
                && a != b
            {
                return Some(if b > a { Pass::Ascending } else { Pass::Descending });
            }
        }
        None
    }

    fn push(&self, row: usize, col: usize, out: &mut Rows) {
        match self {
            Self::Arrays { lon, lat, width } => {
                let k = row * width + col;
                copy(&mut out.lon, lon, k);
                copy(&mut out.lat, lat, k);
            }
            Self::Grid(_) => {
                let p = self.at(row, col);
                if let (CoordArray::F64(lon), CoordArray::F64(lat)) = (&mut out.lon, &mut out.lat) {
                    lon.push(p.lon_deg);
                    lat.push(p.lat_deg);
                }
            }
        }
    }
}

fn copy(to: &mut CoordArray, from: &CoordArray, k: usize) {
    match (to, from) {
        (CoordArray::F32(to), CoordArray::F32(from)) => to.push(from[k]),
        (CoordArray::F64(to), CoordArray::F64(from)) => to.push(from[k]),
        (CoordArray::I32 { raw: to, .. }, CoordArray::I32 { raw: from, .. }) => to.push(from[k]),
        _ => {}
    }
}

/// The type that holds the values of a column as the file has them.
pub fn column_type(ds: &Dataset, sought: &Sought) -> ColumnType {
    let Expr::One(o) = &sought.field.expr else { return ColumnType::F64 };
    match ds.vars[o.var].ty {
        Some(NumType::F32) if !o.packing.is_packed() => ColumnType::F32,
        Some(ty) if !ty.is_float() && !o.packing.is_packed() && ty != NumType::U64 => ColumnType::I64,
        _ if o.packing.is_single() => ColumnType::F32,
        _ => ColumnType::F64,
    }
}
