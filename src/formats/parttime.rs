//! When the cells of a part were seen.

use std::sync::Arc;

use seaglass_core::cf_time::CfTime;
use seaglass_core::product::Product;
use seaglass_core::time::{Time, TimeSpan};

use crate::attr::Attr;
use crate::cf;
use crate::dataset::Dataset;
use crate::error::Result;
use crate::geoloc::{SampleMap, sample_map};
use crate::geometry::Geom;
use crate::limits::{MAX_POSITIONS, WHOLE_FIELD_CELLS};
use crate::links::Link;
use crate::operand::{DimRole, Frame, Operand};
use crate::packing::Packing;
use crate::raw::Raw;
use crate::timeaxis::{self, MISSING_US};

/// Gives the time of a cell.
#[derive(Clone, Debug)]
pub struct CellClock {
    /// The time variable over rows, columns or nothing; `None` for series, whose samples carry their times.
    pub base: Option<(Operand, Arc<CfTime>)>,
    /// Added to it: variable and seconds of its unit (GHRSST `sst_dtime`).
    pub offset: Option<(Operand, f64)>,
}

/// Times of a part.
#[derive(Default)]
pub struct Times {
    /// One a step.
    pub steps: Vec<Option<Time>>,
    /// One a row (images) or sample (series), µs; may be empty.
    pub cell_us: Vec<i64>,
    /// For single cells.
    pub clock: Option<CellClock>,
    /// Covered.
    pub span: Option<TimeSpan>,
}

/// Works out the times of variables on one geometry. Units that cannot be read are noted, not fatal.
pub fn of_group(
    ds: &Dataset,
    links: &[Link],
    product: Option<&Product>,
    frame: Frame<'_>,
    vars: &[usize],
    notes: &mut Vec<String>,
) -> Result<Times> {
    let mut out = Times::default();
    let rules = product.map(|p| &p.time);
    if let Some(dim) = frame.step_dim {
        if let Some(var) = timeaxis::of_dim(ds, dim) {
            match timeaxis::times(ds, var)? {
                Ok(t) => out.steps = t,
                Err(e) => notes.push(format!("The times are not understood: {e}.")),
            }
        }
        // Steps without a time are still steps; without any, the file's own order counts.
        if out.steps.is_empty() {
            out.steps = vec![None; ds.dims[dim].len];
        }
        out.span = timeaxis::span_of(out.steps.iter().flatten().copied());
    }
    let of_cells = time_variable(ds, links, product, frame, vars);
    if let Some(var) = of_cells {
        match timeaxis::clock(ds, var) {
            Ok(clock) => cells(ds, links, product, frame, var, vars, clock, &mut out)?,
            Err(e) => notes.push(format!("The times are not understood: {e}.")),
        }
    }
    let given = rules.and_then(|r| timeaxis::attribute_span(ds, &r.attributes));
    // The one time of control-point files is the middle of what they cover.
    let given = given.or_else(|| timeaxis::usual_span(ds).filter(|_| matches!(frame.geom, Geom::Gcp { .. })));
    out.span = given.or(out.span).or_else(|| timeaxis::usual_span(ds));
    if out.span.is_none()
        && let Some(var) = frame.step_dim.and_then(|d| timeaxis::of_dim(ds, d)).or(of_cells)
        && timeaxis::clock(ds, var).is_ok()
    {
        notes.push(format!("{} holds no value that is a time.", ds.vars[var].path));
    }
    if let (Some(span), Some(seconds)) = (out.span, rules.and_then(|r| r.duration_s))
        && span.start == span.stop
        && frame.step_dim.is_none()
    {
        let half = seconds / 2.0;
        // One microsecond less, so that consecutive days do not share an instant.
        let stop = Time::from_micros(span.start.plus_seconds(half).micros() - 1);
        out.span = Some(TimeSpan::new(span.start.plus_seconds(-half), stop));
    }
    Ok(out)
}

/// The variable with the times of cells, rows, samples or of the whole part.
fn time_variable(
    ds: &Dataset,
    links: &[Link],
    product: Option<&Product>,
    frame: Frame<'_>,
    vars: &[usize],
) -> Option<usize> {
    let first = *vars.first()?;
    let v = &ds.vars[first];
    if let Some(name) = product.and_then(|p| p.time.variable.as_deref()) {
        let given = ds.resolve(&v.group, name.trim_start_matches("*/"));
        if let Some(k) = given.filter(|k| cf::is_time(&ds.vars[*k]) && !over_steps(ds, frame, *k)) {
            return Some(k);
        }
    }
    let mut dims = frame.geom.dims();
    dims.extend(v.dims.iter().copied().filter(|d| ds.dims[*d].len == 1));
    if let Geom::Series { lon, .. } = frame.geom {
        // Times may be listed with the instances: time(profile) for observations of profiles.
        dims.extend(ds.vars[*lon].dims.iter().copied());
        dims.extend(links.iter().filter(|l| dims.contains(&l.from)).map(|l| l.to).collect::<Vec<_>>());
    }
    let tokens: Vec<usize> = v
        .text("coordinates")
        .iter()
        .flat_map(|t| t.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|t| ds.resolve(&v.group, &t))
        .collect();
    timeaxis::within(ds, &v.group, &dims, &tokens).filter(|k| !over_steps(ds, frame, *k))
}

fn over_steps(ds: &Dataset, frame: Frame<'_>, var: usize) -> bool {
    frame.step_dim.is_some_and(|d| ds.vars[var].dims.contains(&d))
}

#[allow(clippy::too_many_arguments, reason = "the parts of one group, named at the only call")]
fn cells(
    ds: &Dataset,
    links: &[Link],
    product: Option<&Product>,
    frame: Frame<'_>,
    var: usize,
    vars: &[usize],
    clock: CfTime,
    out: &mut Times,
) -> Result<()> {
    let packing = Packing::of(&ds.vars[var]).0.without_range();
    if let Geom::Series { dims, aligned, .. } = frame.geom {
        return samples(ds, links, dims, *aligned, var, &packing, &clock, out);
    }
    let (base, extra) = Operand::new(ds, frame, var, packing);
    if !extra.is_empty() || ds.len(var) > MAX_POSITIONS {
        return Ok(());
    }
    let offset = product.and_then(|p| p.time.offset.as_deref()).and_then(|name| {
        let group = &ds.vars[*vars.first()?].group;
        let k = ds.resolve(group, name.trim_start_matches("*/"))?;
        let (o, extra) = Operand::new(ds, frame, k, Packing::of(&ds.vars[k]).0);
        (extra.is_empty() && !o.has_step() && ds.len(k) <= WHOLE_FIELD_CELLS)
            .then(|| (o, timeaxis::offset_unit_seconds(ds.vars[k].units().as_deref())))
    });
    let clock = CellClock { base: Some((base, Arc::new(clock))), offset };
    rows(ds, frame, &clock, out)?;
    if out.span.is_some_and(|s| s.start == s.stop) && frame.step_dim.is_none() && ds.len(var) == 1 {
        out.span = bounds_span(ds, var, &clock).or(out.span);
    }
    out.clock = Some(clock);
    Ok(())
}

#[allow(clippy::too_many_arguments, reason = "the parts of one series, named at the only call")]
fn samples(
    ds: &Dataset,
    links: &[Link],
    dims: &[usize],
    aligned: bool,
    var: usize,
    packing: &Packing,
    clock: &CfTime,
    out: &mut Times,
) -> Result<()> {
    let Some(map) = sample_map(ds, links, dims, var, aligned)? else { return Ok(()) };
    let raw = ds.read_all(var, MAX_POSITIONS)?;
    let time = |k: usize| match packing.at(&raw, k) {
        v if v.is_nan() => None,
        v => clock.time(v),
    };
    let n: usize = dims.iter().map(|d| ds.dims[*d].len).product();
    let list: Vec<Option<Time>> = match &map {
        SampleMap::Identity => (0..n).map(time).collect(),
        SampleMap::Table(t) => t.iter().map(|k| if *k == u32::MAX { None } else { time(*k as usize) }).collect(),
    };
    let own = timeaxis::span_of(list.iter().flatten().copied());
    if out.steps.is_empty() {
        out.span = own;
    }
    out.cell_us = timeaxis::to_micros(&list);
    Ok(())
}

/// Times of the rows: of the first cell that has one. The span is that of all cells.
fn rows(ds: &Dataset, frame: Frame<'_>, clock: &CellClock, out: &mut Times) -> Result<()> {
    let Some((base, cf)) = &clock.base else { return Ok(()) };
    let load = |o: &Operand| -> Result<Option<Raw>> {
        match o.block(ds, 0, &[]) {
            Some((start, count)) => ds.read_fast(o.var, &start, &count).map(Some),
            None => Ok(None),
        }
    };
    let Some(raw) = load(base)? else { return Ok(()) };
    let offset = match &clock.offset {
        Some((o, s)) => load(o)?.map(|raw| (o, raw, *s)),
        None => None,
    };
    let per_row = |o: &Operand| o.roles.contains(&DimRole::Row);
    let varies = per_row(base) || offset.as_ref().is_some_and(|(o, ..)| per_row(o));
    let [row_dim, col_dim] = match frame.geom.dims().as_slice() {
        [.., r, c] => [*r, *c],
        _ => return Ok(()),
    };
    let (n_rows, n_cols) = if varies { (ds.dims[row_dim].len, ds.dims[col_dim].len) } else { (1, 1) };
    let per_col = |o: &Operand| o.roles.contains(&DimRole::Col);
    let n_cols = if per_col(base) || offset.as_ref().is_some_and(|(o, ..)| per_col(o)) { n_cols } else { 1 };
    let (bs, os) = (base.strides(ds), offset.as_ref().map(|(o, ..)| o.strides(ds)));
    let (mut lo, mut hi) = (i64::MAX, i64::MIN);
    let mut per = Vec::with_capacity(n_rows);
    for r in 0..n_rows {
        let mut first = MISSING_US;
        for c in 0..n_cols {
            let value = base.packing.at(&raw, r * bs.0 + c * bs.1);
            let Some(mut t) = (if value.is_nan() { None } else { cf.time(value) }) else { continue };
            if let (Some((o, raw, seconds)), Some(s)) = (&offset, os) {
                let d = o.packing.at(raw, r * s.0 + c * s.1);
                if d.is_nan() {
                    continue;
                }
                t = t.plus_seconds(d * seconds);
            }
            let us = t.micros();
            lo = lo.min(us);
            hi = hi.max(us);
            if first == MISSING_US {
                first = us;
            }
        }
        per.push(first);
    }
    if lo == i64::MAX {
        // All offsets are missing: the base time still says when.
        let value = base.packing.at(&raw, 0);
        if let Some(t) = (if value.is_nan() { None } else { cf.time(value) }).filter(|_| !per_row(base)) {
            (lo, hi) = (t.micros(), t.micros());
        }
    }
    if lo <= hi && frame.step_dim.is_none() {
        out.span = Some(TimeSpan::new(Time::from_micros(lo), Time::from_micros(hi)));
    }
    if varies && matches!(frame.geom, Geom::Swath { .. }) {
        out.cell_us = per;
    }
    Ok(())
}

/// The span of `bounds` of a single time.
fn bounds_span(ds: &Dataset, var: usize, clock: &CellClock) -> Option<TimeSpan> {
    let v = &ds.vars[var];
    let k = v
        .text("bounds")
        .and_then(|n| ds.resolve(&v.group, &n))
        .filter(|k| ds.len(*k) == 2 && ds.vars[*k].ty.is_some())?;
    let raw = ds.read_all(k, 2).ok()?;
    let own = if ds.vars[k].attr("units").and_then(Attr::text).is_some() { timeaxis::clock(ds, k).ok() } else { None };
    let cf = own.map(Arc::new).or_else(|| clock.base.as_ref().map(|b| b.1.clone()))?;
    let packing = Packing::of(&ds.vars[k]).0.without_range();
    let span = TimeSpan::new(cf.time(packing.at(&raw, 0))?, cf.time(packing.at(&raw, 1))?);
    let (base, c) = clock.base.as_ref()?;
    let own_raw = ds.read_all(base.var, 1).ok()?;
    let t = c.time(base.packing.at(&own_raw, 0))?;
    // A climatology may bracket decades; an interval that does not hold its own time is a mistake.
    let plausible = span.contains(t) && span.seconds() <= 400.0 * 86_400.0;
    // The end belongs to the next interval.
    let stop = Time::from_micros(span.stop.micros() - i64::from(span.seconds() > 1.0));
    plausible.then(|| TimeSpan::new(span.start, stop))
}
