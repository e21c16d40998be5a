//! Values of windows, statistics and single cells.

use std::sync::Arc;

use rayon::prelude::*;
use seaglass_core::columns::{Column, ColumnType, MISSING};
use seaglass_core::field::{Apron, FieldStats, Window};
use seaglass_core::protocol::FailureKind;
use serde_json::Number;

use crate::cache::BlockCache;
use crate::dataset::Dataset;
use crate::error::{Result, bad_request, fail};
use crate::limits::{MAX_READ_THROUGH, MAX_VALUES, WHOLE_FIELD_CELLS};
use crate::operand::{DimRole, Operand};
use crate::packing::finite_f32;
use crate::parts::{Expr, Field};
use crate::payload::{Payload, Rows};
use crate::raw::{NumType, Raw};

/// Coarse windows over more cells than this are not searched for single values.
const MAX_SPARSE_CELLS: usize = 16 << 20;
/// So many values are unpacked as they are sent, instead of all before.
const LATER_VALUES: usize = 1 << 20;
/// Fewer than one value in this many counts as all but blank.
const SPARSE_SHARE: usize = 20;

/// What a request names beside the cells.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// Time step.
    pub step: usize,
    /// Index along each extra dimension.
    pub extra: &'a [usize],
}

/// Reads one file with a cache.
pub struct FieldReader<'a> {
    /// The file.
    pub ds: &'a Dataset,
    /// Its number in the cache.
    pub file: u64,
    /// The cache.
    pub cache: &'a mut BlockCache,
}

/// Source rows and columns of the values asked for; `None` is beyond the array.
struct Cells {
    rows: Vec<Option<usize>>,
    cols: Vec<Option<usize>>,
}

impl Cells {
    fn new(window: Window, apron: Apron, shape: [usize; 2]) -> Self {
        let wrap = apron == Apron::Wrap;
        Self {
            rows: line(window.row, window.rows, window.stride, shape[0], apron != Apron::None, false),
            cols: line(window.col, window.cols, window.stride, shape[1], apron != Apron::None, wrap),
        }
    }
}

/// Source indices along one axis, with the apron. Value `k` is source `min(first + k·stride, n − 1)`.
fn line(first: usize, count: usize, stride: usize, n: usize, apron: bool, wrap: bool) -> Vec<Option<usize>> {
    let mut out = Vec::with_capacity(count + 2);
    if apron {
        let before = first.checked_sub(stride);
        let turned = || if wrap { (n + first).checked_sub(stride).map(|k| k % n.max(1)) } else { None };
        out.push(before.or_else(turned));
    }
    out.extend((0..count).map(|k| Some((first + k * stride).min(n - 1))));
    if apron {
        let after = first + count * stride;
        out.push(if after < n {
            Some(after)
        } else if wrap {
            Some((after - n) % n)
        } else {
            None
        });
    }
    out
}

/// The raw values behind a window of one operand.
struct Slab {
    raw: Arc<Raw>,
    /// Offset of each row asked for.
    rows: Vec<Option<usize>>,
    /// Offset of each column.
    cols: Vec<Option<usize>>,
}

impl FieldReader<'_> {
    /// Values of a window with its apron, row-major.
    pub fn window(
        &mut self,
        field: &Field,
        shape: [usize; 2],
        at: Choice<'_>,
        window: Window,
        apron: Apron,
    ) -> Result<Vec<f32>> {
        check_window(window, apron, shape)?;
        let cells = Cells::new(window, apron, shape);
        let values = self.values(field, shape, at, &cells)?;
        let blank = || values.iter().filter(|v| !v.is_nan()).count() * SPARSE_SHARE < values.len();
        if window.stride > 1 && blank() {
            return self.sparse(field, shape, at, window, apron, values);
        }
        Ok(values)
    }

    /// The same on its way to the application: many values of one plain variable are unpacked as they are sent.
    pub fn payload(
        &mut self,
        field: &Field,
        shape: [usize; 2],
        at: Choice<'_>,
        window: Window,
        apron: Apron,
    ) -> Result<Payload> {
        if let (Expr::One(operand), true) = (&field.expr, field.keep.is_empty())
            && window.stride == 1
            && apron.len(window) >= LATER_VALUES
        {
            check_window(window, apron, shape)?;
            let cells = Cells::new(window, apron, shape);
            let slab = self.slab(operand, shape, at, &cells)?;
            let (operand, run, size) = (operand.clone(), slab.run(), [cells.rows.len(), cells.cols.len()]);
            let fill = move |r: usize, out: &mut [f32]| {
                out.fill(f32::NAN);
                plain_row(&operand, &slab, r, run, out);
            };
            return Ok(Payload::Rows(Rows::new(size, fill)));
        }
        self.window(field, shape, at, window, apron).map(Payload::from)
    }

    /// Values of a window as the file has them: whole numbers whole, everything else unrounded.
    pub fn exact(&mut self, field: &Field, shape: [usize; 2], at: Choice<'_>, window: Window) -> Result<Column> {
        check_window(window, Apron::None, shape)?;
        let cells = Cells::new(window, Apron::None, shape);
        let mut slabs = Vec::new();
        for o in field.expr.operands() {
            slabs.push((o, self.slab(o, shape, at, &cells)?));
        }
        let mut masks = Vec::new();
        for (condition, o) in &field.keep {
            masks.push((condition, o, self.slab(o, shape, at, &cells)?));
        }
        let whole = self.is_whole(&field.expr);
        let mut out = Column::empty(if whole { ColumnType::I64 } else { ColumnType::F64 });
        let mut terms = vec![0.0; slabs.len()];
        for (r, row) in cells.rows.iter().enumerate() {
            for (c, col) in cells.cols.iter().enumerate() {
                for (v, (o, s)) in terms.iter_mut().zip(&slabs) {
                    *v = s.value(o, r, c);
                }
                let v = field.expr.combine(&terms, row.unwrap_or(0), col.unwrap_or(0));
                let kept = v.is_finite() && masks.iter().all(|(condition, o, s)| condition.keeps(s.value(o, r, c)));
                match &mut out {
                    Column::I64(list) if kept => list.push(slabs[0].1.whole(r, c).unwrap_or(MISSING)),
                    _ => out.push(if kept { v } else { f64::NAN }),
                }
            }
        }
        Ok(out)
    }

    /// Whether values are whole numbers that the file has as they are; of the unsigned ones those that `i64` holds.
    fn is_whole(&self, expr: &Expr) -> bool {
        let Expr::One(o) = expr else { return false };
        let ty = self.ds.vars[o.var].ty;
        ty.is_some_and(|ty| !ty.is_float() && ty != NumType::U64) && !o.packing.is_packed() && !o.packing.turns_sign()
    }

    /// The whole number in a cell of a variable of whole numbers.
    pub fn whole(
        &mut self,
        expr: &Expr,
        shape: [usize; 2],
        at: Choice<'_>,
        row: usize,
        col: usize,
    ) -> Result<Option<Number>> {
        let Expr::One(o) = expr else { return Ok(None) };
        let unsigned = self.ds.vars[o.var].ty == Some(NumType::U64);
        if !self.is_whole(expr) && (!unsigned || o.packing.is_packed() || o.packing.turns_sign()) {
            return Ok(None);
        }
        let slab = self.slab(o, shape, at, &Cells { rows: vec![Some(row)], cols: vec![Some(col)] })?;
        Ok(match (&*slab.raw, slab.index(0, 0)) {
            (Raw::U64(v), Some(k)) => v.get(k).map(|v| Number::from(*v)),
            _ => slab.whole(0, 0).map(Number::from),
        })
    }

    /// A coarse window that sampling leaves all but blank shows the first value found in each block of cells instead: a
    /// few valid cells in a large field (one nadir line in a swath) must not vanish from afar.
    fn sparse(
        &mut self,
        field: &Field,
        shape: [usize; 2],
        at: Choice<'_>,
        window: Window,
        apron: Apron,
        mut blank: Vec<f32>,
    ) -> Result<Vec<f32>> {
        let s = window.stride;
        let (row, col) = (window.row / s * s, window.col / s * s);
        let (rows, cols) = ((window.rows * s).min(shape[0] - row), (window.cols * s).min(shape[1] - col));
        if rows * cols > MAX_SPARSE_CELLS {
            return Ok(blank);
        }
        let fine = Window { row, col, rows, cols, stride: 1 };
        let all = self.values(field, shape, at, &Cells::new(fine, Apron::None, shape))?;
        let edge = usize::from(apron != Apron::None);
        let width = window.cols + 2 * edge;
        for (k, v) in all.iter().enumerate().filter(|(_, v)| !v.is_nan()) {
            let out = &mut blank[(k / cols / s + edge) * width + k % cols / s + edge];
            if out.is_nan() {
                *out = *v;
            }
        }
        Ok(blank)
    }

    fn values(&mut self, field: &Field, shape: [usize; 2], at: Choice<'_>, cells: &Cells) -> Result<Vec<f32>> {
        let mut slabs = Vec::new();
        for o in field.expr.operands() {
            slabs.push((o, self.slab(o, shape, at, cells)?));
        }
        let mut masks = Vec::new();
        for (condition, o) in &field.keep {
            masks.push((condition, o, self.slab(o, shape, at, cells)?));
        }
        let (n_rows, n_cols) = (cells.rows.len(), cells.cols.len());
        let plain = matches!(field.expr, Expr::One(_)) && masks.is_empty();
        let run = if plain { slabs[0].1.run() } else { None };
        let fill = |(r, out): (usize, &mut [f32])| {
            out.fill(f32::NAN);
            if plain {
                plain_row(slabs[0].0, &slabs[0].1, r, run, out);
            } else if let Some(row) = cells.rows[r] {
                let mut values = vec![0.0; slabs.len()];
                for (c, out) in out.iter_mut().enumerate() {
                    for (v, (o, s)) in values.iter_mut().zip(&slabs) {
                        *v = s.value(o, r, c);
                    }
                    if masks.iter().all(|(condition, o, s)| condition.keeps(s.value(o, r, c))) {
                        *out = finite_f32(field.expr.combine(&values, row, cells.cols[c].unwrap_or(0)));
                    }
                }
            }
        };
        // Zeros of the system cost nothing until they are touched, by the thread that has the row.
        let mut out = vec![0.0; n_rows * n_cols];
        if out.len() < 1 << 20 {
            out.chunks_mut(n_cols).enumerate().for_each(fill);
        } else {
            out.par_chunks_mut(n_cols).enumerate().for_each(fill);
        }
        Ok(out)
    }

    fn slab(&mut self, o: &Operand, shape: [usize; 2], at: Choice<'_>, cells: &Cells) -> Result<Slab> {
        let (start, count) = o
            .block(self.ds, at.step, at.extra)
            .ok_or_else(|| bad_request(format!("{} has no such time step or index.", self.ds.vars[o.var].path)))?;
        let n = count.iter().copied().fold(1usize, usize::saturating_mul);
        let (rs, cs) = o.strides(self.ds);
        let inner = self.inner_len(o, shape);
        let row_at = |k: usize| match inner {
            Some(n2) => (k / n2) * rs + (k % n2) * cs,
            None => k * rs,
        };
        let col_step = if inner.is_some() { 0 } else { cs };
        if n <= WHOLE_FIELD_CELLS {
            let raw = self.block(o.var, start, &count)?;
            let rows = cells.rows.iter().map(|k| k.map(row_at)).collect();
            let cols = cells.cols.iter().map(|k| k.map(|k| k * col_step)).collect();
            return Ok(Slab { raw, rows, cols });
        }
        self.compact(o, start, count, cells)
    }

    /// Length of the inner dimension of samples listed in two dimensions.
    fn inner_len(&self, o: &Operand, shape: [usize; 2]) -> Option<usize> {
        let at = |role| o.roles.iter().position(|r| *r == role);
        let inner = at(DimRole::Col)?;
        (shape[1] == 1).then(|| self.ds.shape(o.var)[inner]).filter(|n| *n > 1 || at(DimRole::Row).is_some())
    }

    fn block(&mut self, var: usize, start: Vec<usize>, count: &[usize]) -> Result<Arc<Raw>> {
        let key = (self.file, var, start);
        if let Some(raw) = self.cache.get(&key) {
            return Ok(raw);
        }
        let raw = Arc::new(self.ds.read_fast(var, &key.2, count)?);
        self.cache.put(key, raw.clone());
        Ok(raw)
    }

    /// Only the values asked for, of a field too large to keep: read by bands of rows, or row by row where that
    /// goes through less data.
    fn compact(&mut self, o: &Operand, mut start: Vec<usize>, mut count: Vec<usize>, cells: &Cells) -> Result<Slab> {
        let role = |r: DimRole| o.roles.iter().position(|x| *x == r);
        let (Some(row_dim), Some(col_dim)) = (role(DimRole::Row), role(DimRole::Col)) else {
            return Err(fail(
                FailureKind::TooLarge,
                format!("{} is too long to be read by parts.", self.ds.vars[o.var].path),
            ));
        };
        let rows: Vec<usize> = cells.rows.iter().flatten().copied().collect();
        let cols: Vec<usize> = cells.cols.iter().flatten().copied().collect();
        let span = |v: &[usize]| Some((*v.iter().min()?, *v.iter().max()?));
        let (Some((r0, r1)), Some((c0, c1))) = (span(&rows), span(&cols)) else {
            return Err(bad_request("The window is empty."));
        };
        let number = |list: &[Option<usize>], step: usize| {
            let mut k = 0;
            list.iter()
                .map(|x| {
                    x.map(|_| {
                        k += 1;
                        (k - 1) * step
                    })
                })
                .collect()
        };
        let apart =
            |v: &[usize]| v.windows(2).map(|w| w[1].abs_diff(w[0])).filter(|d| *d > 0).min().unwrap_or(usize::MAX);
        let stride = apart(&rows).min(apart(&cols));
        if stride < usize::MAX
            && (row_dim, col_dim, start.len()) == (0, 1, 2)
            && let Some(raw) = self.ds.overview(o.var, &rows, &cols, stride)
        {
            let raw = Arc::new(raw?);
            return Ok(Slab { raw, rows: number(&cells.rows, cols.len()), cols: number(&cells.cols, 1) });
        }
        let width = c1 - c0 + 1;
        let chunk = self.ds.vars[o.var].chunks.as_ref().map_or(1, |c| c[row_dim].max(1));
        let by_rows = rows.len().saturating_mul(chunk).saturating_mul(width);
        let through = (r1 - r0 + 1).saturating_mul(width);
        if by_rows.min(through) > MAX_READ_THROUGH {
            return Err(fail(
                FailureKind::TooLarge,
                format!("{} is too large for an overview; zoom in to see parts of it.", self.ds.vars[o.var].path),
            ));
        }
        let band = if by_rows < through { 1 } else { ((16 << 20) / width).clamp(1, r1 - r0 + 1) };
        start[col_dim] = c0;
        count[col_dim] = width;
        let (n_cols, row_first) = (cols.len(), row_dim < col_dim);
        let mut parts: Vec<(usize, Raw)> = Vec::new();
        let mut next = 0;
        while next < rows.len() {
            let first = rows[next];
            let mut last = next;
            while last + 1 < rows.len() && rows[last + 1] >= first && rows[last + 1] < first + band {
                last += 1;
            }
            start[row_dim] = first;
            count[row_dim] = rows[last] - first + 1;
            let raw = self.ds.read_fast(o.var, &start, &count)?;
            let height = count[row_dim];
            let pick: Vec<u32> = rows[next..=last]
                .iter()
                .flat_map(|r| {
                    cols.iter().map(move |c| {
                        let (r, c) = (r - first, c - c0);
                        (if row_first { r * width + c } else { c * height + r }) as u32
                    })
                })
                .collect();
            parts.push((last + 1 - next, raw.gather(&pick)));
            next = last + 1;
        }
        let raw = Arc::new(join(parts.into_iter().map(|p| p.1)).ok_or_else(|| bad_request("The window is empty."))?);
        Ok(Slab { raw, rows: number(&cells.rows, n_cols), cols: number(&cells.cols, 1) })
    }

    /// Value of one cell of an operand, exact.
    pub fn cell(&mut self, o: &Operand, shape: [usize; 2], at: Choice<'_>, row: usize, col: usize) -> Result<f64> {
        let cells = Cells { rows: vec![Some(row)], cols: vec![Some(col)] };
        let slab = self.slab(o, shape, at, &cells)?;
        Ok(slab.value(o, 0, 0))
    }

    /// Statistics of a field at a step; of very large fields, of evenly spread rows.
    pub fn stats(&mut self, field: &Field, shape: [usize; 2], at: Choice<'_>) -> Result<Option<FieldStats>> {
        let [rows, cols] = shape;
        let total = rows.saturating_mul(cols);
        if total > WHOLE_FIELD_CELLS {
            let picked = (0..12).map(|k| Some((2 * k + 1) * rows / 24)).collect();
            let step = cols.div_ceil(65_536).max(1);
            let cells = Cells { rows: picked, cols: (0..cols).step_by(step).map(Some).collect() };
            let values = self.values(field, shape, at, &cells)?;
            return Ok(FieldStats::from_values(values.iter().copied()));
        }
        // In bands, so that no second copy of a large field is made.
        let band = ((2 << 20) / cols.max(1)).clamp(1, rows.max(1));
        let sample_step = (total / 262_144).max(1);
        let mut sum = Sums::default();
        for first in (0..rows).step_by(band) {
            let n = band.min(rows - first);
            let window = Window { row: first, col: 0, rows: n, cols, stride: 1 };
            let values = self.values(field, shape, at, &Cells::new(window, Apron::None, shape))?;
            sum.add(&values, first * cols, sample_step);
        }
        Ok(sum.finish())
    }
}

impl Slab {
    #[inline]
    fn value(&self, o: &Operand, r: usize, c: usize) -> f64 {
        match (self.rows[r], self.cols[c]) {
            (Some(a), Some(b)) => o.packing.at(&self.raw, a + b),
            _ => f64::NAN,
        }
    }

    fn index(&self, r: usize, c: usize) -> Option<usize> {
        Some(self.rows[r]? + self.cols[c]?)
    }

    /// A whole number that `i64` holds, as it is.
    fn whole(&self, r: usize, c: usize) -> Option<i64> {
        let k = self.index(r, c)?;
        match &*self.raw {
            Raw::I64(v) => v.get(k).copied(),
            Raw::U64(v) => v.get(k).and_then(|v| i64::try_from(*v).ok()),
            // All others are exact as floats of 64 bits.
            other => Some(other.get(k)).filter(|v| v.is_finite()).map(|v| v as i64),
        }
    }

    /// The columns when they lie beside each other: how many come before them that are beyond the array, the offset of
    /// the first, and how many they are.
    fn run(&self) -> Option<(usize, usize, usize)> {
        let lead = self.cols.iter().take_while(|c| c.is_none()).count();
        let first = self.cols.get(lead).copied().flatten()?;
        let len = self.cols[lead..].iter().take_while(|c| c.is_some()).count();
        let beside = self.cols[lead..lead + len].iter().enumerate().all(|(k, c)| *c == Some(first + k));
        let rest_beyond = self.cols[lead + len..].iter().all(Option::is_none);
        (beside && rest_beyond).then_some((lead, first, len))
    }
}

/// Fills a row of one operand without masks; `run` is [`Slab::run`]. `out` is NaN.
fn plain_row(o: &Operand, slab: &Slab, r: usize, run: Option<(usize, usize, usize)>, out: &mut [f32]) {
    let Some(base) = slab.rows[r] else { return };
    let n = slab.raw.len();
    if let Some((lead, first, len)) = run {
        if base + first + len <= n {
            o.packing.run_f32(&slab.raw, base + first, &mut out[lead..lead + len]);
        }
        return;
    }
    let lead = slab.cols.iter().take_while(|c| c.is_none()).count();
    let places: Vec<usize> = slab.cols.iter().flatten().copied().collect();
    if places.iter().any(|x| base + x >= n) {
        return;
    }
    let mut values = Vec::with_capacity(places.len());
    o.packing.extend_f32(&slab.raw, base, &places, &mut values);
    out[lead..lead + values.len()].copy_from_slice(&values);
}

fn join(parts: impl Iterator<Item = Raw>) -> Option<Raw> {
    parts.reduce(|a, b| {
        macro_rules! chain {
            ($($k:ident),*) => { match (a, b) {
                $( (Raw::$k(mut x), Raw::$k(y)) => { x.extend(y); Raw::$k(x) } )*
                (a, _) => a,
            } };
        }
        chain!(I8, U8, I16, U16, I32, U32, I64, U64, F32, F64)
    })
}

fn check_window(w: Window, apron: Apron, shape: [usize; 2]) -> Result<()> {
    let fits = w.stride >= 1
        && w.rows >= 1
        && w.cols >= 1
        && w.row < shape[0]
        && w.col < shape[1]
        && w.rows <= shape[0]
        && w.cols <= shape[1]
        && w.stride <= shape[0].max(shape[1]).next_power_of_two();
    if !fits {
        return Err(bad_request(format!(
            "The window of {} × {} cells at row {}, column {} does not lie in the {} × {} cells of the field.",
            w.rows, w.cols, w.row, w.col, shape[0], shape[1]
        )));
    }
    if apron.len(w) > MAX_VALUES {
        return Err(fail(FailureKind::TooLarge, "More values were asked for at once than one answer holds."));
    }
    Ok(())
}

#[derive(Default)]
struct Sums {
    count: u64,
    missing: u64,
    sum: f64,
    sum2: f64,
    range: Option<(f32, f32)>,
    sample: Vec<f32>,
}

impl Sums {
    fn add(&mut self, values: &[f32], first: usize, step: usize) {
        let parts: Vec<(u64, f64, f64, f32, f32)> = values
            .par_chunks(1 << 18)
            .map(|chunk| {
                let mut p = (0u64, 0.0f64, 0.0f64, f32::INFINITY, f32::NEG_INFINITY);
                for v in chunk.iter().filter(|v| !v.is_nan()) {
                    let x = f64::from(*v);
                    p = (p.0 + 1, p.1 + x, p.2 + x * x, p.3.min(*v), p.4.max(*v));
                }
                p
            })
            .collect();
        for (n, s, s2, lo, hi) in parts.into_iter().filter(|p| p.0 > 0) {
            self.count += n;
            self.sum += s;
            self.sum2 += s2;
            let (a, b) = self.range.unwrap_or((lo, hi));
            self.range = Some((a.min(lo), b.max(hi)));
        }
        self.missing += values.len() as u64;
        let skip = (step - first % step) % step;
        self.sample.extend(values.iter().skip(skip).step_by(step).filter(|v| !v.is_nan()));
    }

    fn finish(mut self) -> Option<FieldStats> {
        let (lo, hi) = self.range?;
        let n = self.count as f64;
        let mean = self.sum / n;
        let sd = (self.sum2 / n - mean * mean).max(0.0).sqrt();
        self.sample.sort_by(f32::total_cmp);
        let at = |q: f64| match self.sample.len() {
            0 => f64::from(if q < 0.5 { lo } else { hi }),
            len => f64::from(self.sample[((len - 1) as f64 * q).round() as usize]),
        };
        Some(FieldStats {
            count: self.count,
            missing: self.missing - self.count,
            min: f64::from(lo),
            max: f64::from(hi),
            mean,
            sd,
            p02_p98: [at(0.02), at(0.98)],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_indices_with_apron() {
        assert_eq!(line(0, 3, 1, 5, false, false), [Some(0), Some(1), Some(2)]);
        assert_eq!(line(0, 3, 1, 5, true, false), [None, Some(0), Some(1), Some(2), Some(3)]);
        assert_eq!(line(0, 5, 1, 5, true, true), [Some(4), Some(0), Some(1), Some(2), Some(3), Some(4), Some(0)]);
        assert_eq!(line(2, 2, 4, 7, true, false), [None, Some(2), Some(6), None]);
        assert_eq!(line(2, 2, 4, 6, true, false), [None, Some(2), Some(5), None]);
    }
}
