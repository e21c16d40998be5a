//! Fields that say nothing: one value, or none, in every cell. They come last.

use std::cmp::Reverse;

use crate::dataset::Dataset;
use crate::operand::DimRole;
use crate::parts::{Expr, Field, Part};
use crate::raw::Raw;

/// Taken from the rank of a field of one value: below everything else.
const DEMOTION: i32 = 500;
/// Fields looked at, the best first, until one varies.
const TRIES: usize = 16;
/// Fields of a lower rank (flags) are no better than one of one value.
const LEAST: i32 = -70;
/// Rows of a large field looked at first.
const ROWS: usize = 6;
/// Fields with more values are not read to the end for this.
const MAX_VALUES: usize = 8 << 20;

/// Looks at the fields a file would open on, and moves those of one value behind the others; gives their names, or `None`
/// where no field varies: then all stay as they are.
pub fn demote(ds: &Dataset, parts: &mut [Part]) -> Option<Vec<String>> {
    let mut flat: Vec<(usize, usize)> = Vec::new();
    loop {
        let fields = parts.iter().enumerate().flat_map(|(p, part)| (0..part.fields.len()).map(move |f| (p, f)));
        let best = fields
            .filter(|(p, f)| !flat.contains(&(*p, *f)) && !is_time(&parts[*p].fields[*f]))
            .min_by_key(|(p, f)| Reverse(parts[*p].fields[*f].info.rank))
            .filter(|(p, f)| parts[*p].fields[*f].info.rank >= LEAST && flat.len() < TRIES);
        let (p, f) = best?;
        if !is_flat(ds, &parts[p].fields[f]) {
            break;
        }
        flat.push((p, f));
    }
    for (p, f) in &flat {
        parts[*p].fields[*f].info.rank -= DEMOTION;
    }
    Some(flat.into_iter().map(|(p, f)| parts[p].fields[f].info.name.clone()).collect())
}

/// Whether a field tells times: they vary in every file, and are no reason to put what was measured behind them.
fn is_time(field: &Field) -> bool {
    let info = &field.info;
    let name = info.name.rsplit(['/', '.']).next().unwrap_or(&info.name).to_ascii_lowercase();
    info.units.contains(" since ") || name.split('_').any(|w| matches!(w, "time" | "dtime"))
}

/// Whether all values of the first step, at any index along further dimensions, are one or missing. A single number among
/// missing ones is a measurement. What is too large to be read for this varies.
fn is_flat(ds: &Dataset, field: &Field) -> bool {
    let Expr::One(operand) = &field.expr else { return false };
    let first: Vec<usize> = vec![0; field.info.extra_dims.len()];
    let Some((mut start, mut count)) = operand.block(ds, 0, &first) else { return false };
    for (k, role) in operand.roles.iter().enumerate() {
        if matches!(role, DimRole::Extra(_)) {
            (start[k], count[k]) = (0, ds.shape(operand.var)[k]);
        }
    }
    let total = count.iter().copied().fold(1usize, usize::saturating_mul);
    let mut seen: Option<(f64, usize)> = None;
    let mut varies = |raw: &Raw| {
        (0..raw.len()).map(|k| operand.packing.at(raw, k)).filter(|v| v.is_finite()).any(|v| {
            let (known, times) = seen.get_or_insert((v, 0));
            *times += 1;
            *known != v
        })
    };
    let along = operand.roles.iter().position(|r| *r == DimRole::Row).filter(|d| count[*d] > 4 * ROWS);
    if let Some(dim) = along.filter(|_| total > 1 << 16) {
        for k in 0..ROWS {
            let (mut start, mut count) = (start.clone(), count.clone());
            start[dim] += count[dim] * (2 * k + 1) / (2 * ROWS);
            count[dim] = 1;
            match ds.read(operand.var, &start, &count) {
                Ok(raw) if varies(&raw) => return false,
                Ok(_) => {}
                // It will be said when somebody wants to see it.
                Err(_unreadable) => return false,
            }
        }
    }
    if total > MAX_VALUES {
        return false;
    }
    let all_one = ds.read_fast(operand.var, &start, &count).is_ok_and(|raw| !varies(&raw));
    all_one && (total == 1 || seen.is_none_or(|(_, times)| times > 1))
}
