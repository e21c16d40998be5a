//! Exact values, position and time of one cell.

use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::Geolocation;
use seaglass_core::protocol::{ProbedCell, ProbedValue};
use seaglass_core::time::Time;

use crate::dataset::Dataset;
use crate::error::{Result, bad_request};
use crate::geometry::Geom;
use crate::packing::Packing;
use crate::parts::Part;
use crate::read::{Choice, FieldReader};
use crate::timeaxis::MISSING_US;

/// Reads one cell of several fields.
pub fn cell(
    reader: &mut FieldReader<'_>,
    part: &Part,
    fields: &[String],
    at: Choice<'_>,
    row: usize,
    col: usize,
) -> Result<ProbedCell> {
    let [rows, cols] = part.shape;
    if row >= rows || col >= cols {
        return Err(bad_request(format!("There is no cell {row}, {col}: the data have {rows} × {cols}.")));
    }
    let mut values = Vec::with_capacity(fields.len());
    for name in fields {
        values.push(value(reader, part, name, at, row, col)?);
    }
    Ok(ProbedCell {
        row,
        col,
        position: position(reader.ds, part, row, col),
        time: time(reader, part, at.step, row, col)?,
        values,
    })
}

fn value(
    reader: &mut FieldReader<'_>,
    part: &Part,
    name: &str,
    at: Choice<'_>,
    row: usize,
    col: usize,
) -> Result<ProbedValue> {
    let field = part
        .fields
        .iter()
        .find(|f| f.info.name == *name)
        .ok_or_else(|| bad_request(format!("There is no field {name} in this part of the file.")))?;
    // Of fields of different depth only the choice that fits is taken; the rest stays at their first index.
    let own: Vec<usize> = field
        .info
        .extra_dims
        .iter()
        .enumerate()
        .map(|(k, d)| at.extra.get(k).copied().unwrap_or(0).min(d.size.saturating_sub(1)))
        .collect();
    let at = Choice { step: at.step, extra: &own };
    let mut terms = Vec::new();
    for o in field.expr.operands() {
        terms.push(reader.cell(o, part.shape, at, row, col)?);
    }
    let mut kept = true;
    for (condition, o) in &field.keep {
        kept &= condition.keeps(reader.cell(o, part.shape, at, row, col)?);
    }
    let v = field.expr.combine(&terms, row, col);
    let value = v.is_finite().then_some(v);
    let whole = if value.is_some() { reader.whole(&field.expr, part.shape, at, row, col)? } else { None };
    let meanings = field.info.kind.meanings(v).into_iter().map(str::to_owned).collect();
    Ok(ProbedValue {
        field: name.to_owned(),
        value,
        whole,
        units: field.info.units.clone(),
        meanings,
        masked: value.is_some() && !kept,
    })
}

/// The file's own position of a cell, not that of an idealised axis.
fn position(ds: &Dataset, part: &Part, row: usize, col: usize) -> Option<LonLat> {
    let one = |var: usize, start: &[usize]| -> Option<f64> {
        let raw = ds.read(var, start, &vec![1; start.len()]).ok()?;
        Some(Packing::of(&ds.vars[var]).0.without_range().at(&raw, 0))
    };
    let own = match (&part.geom, part.geolocation.as_ref()) {
        (Geom::Grid { lon, lat, .. }, Geolocation::Grid(_)) => {
            Some(LonLat::new(one(*lon, &[col])?, one(*lat, &[row])?))
        }
        (Geom::Projected { lonlat: Some((lon, lat)), .. }, _) => {
            Some(LonLat::new(one(*lon, &[row, col])?, one(*lat, &[row, col])?))
        }
        // Only tie points are in memory.
        (Geom::Swath { lon, lat, lead, .. }, _) if part.whole().is_none() => {
            let cell: Vec<usize> = lead.iter().map(|l| l.1).chain([row, col]).collect();
            Some(LonLat::new(one(*lon, &cell)?, one(*lat, &cell)?))
        }
        (Geom::Swath { .. }, _) => part.whole().and_then(|g| g.lonlat_from_index(row as f64, col as f64)),
        _ => part.geolocation.lonlat_from_index(row as f64, col as f64),
    };
    own.filter(LonLat::is_valid)
}

/// Of the cell, else of its row, else of the step; `None` when the file tells nothing.
fn time(reader: &mut FieldReader<'_>, part: &Part, step: usize, row: usize, col: usize) -> Result<Option<Time>> {
    let micros = |list: &[i64]| list.get(row).copied().filter(|t| *t != MISSING_US).map(Time::from_micros);
    let listed = match part.geolocation.as_ref() {
        Geolocation::Track(s) | Geolocation::Points(s) => micros(&s.time_us),
        _ => None,
    };
    if listed.is_some() {
        return Ok(listed);
    }
    let first = Choice { step: 0, extra: &[] };
    let mut base = None;
    if let Some(clock) = &part.clock {
        if let Some((o, cf)) = &clock.base {
            let v = reader.cell(o, part.shape, first, row, col)?;
            base = if v.is_nan() { None } else { cf.time(v) };
        }
        if let (Some(t), Some((o, seconds))) = (base, &clock.offset) {
            let d = reader.cell(o, part.shape, first, row, col)?;
            if !d.is_nan() {
                return Ok(Some(t.plus_seconds(d * seconds)));
            }
        } else if base.is_some() {
            return Ok(base);
        }
    }
    let of_row = match part.geolocation.as_ref() {
        Geolocation::Swath(s) => micros(&s.time_us),
        _ => None,
    };
    Ok(of_row.or_else(|| part.step_times.get(step).copied().flatten()).or(base))
}
