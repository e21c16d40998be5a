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
/// Rows of a large field looked at first.
const ROWS: usize = 6;
/// Fields with more values are not read to the end for this.
const MAX_VALUES: usize = 8 << 20;

/// Looks at the fields a file would open on, and moves those of one value behind the others; gives their names.
/// Where no field varies all stay as they are.
pub fn demote(ds: &Dataset, parts: &mut [Part]) -> Vec<String> {
    let mut flat: Vec<(usize, usize)> = Vec::new();
    for _ in 0..TRIES {
        let fields = parts.iter().enumerate().flat_map(|(p, part)| (0..part.fields.len()).map(move |f| (p, f)));
        let best = fields
            .filter(|at| !flat.contains(at))
            .min_by_key(|(p, f)| Reverse(parts[*p].fields[*f].info.rank))
            .filter(|(p, f)| parts[*p].fields[*f].info.rank >= 0);
        let Some((p, f)) = best else { return Vec::new() };
        if !is_flat(ds, &parts[p].fields[f]) {
            break;
        }
        flat.push((p, f));
    }
    for (p, f) in &flat {
        parts[*p].fields[*f].info.rank -= DEMOTION;
    }
    flat.into_iter().map(|(p, f)| parts[p].fields[f].info.name.clone()).collect()
}

/// Whether all values of the first step are one, or missing. What is too large to be read for this varies.
fn is_flat(ds: &Dataset, field: &Field) -> bool {
    let Expr::One(operand) = &field.expr else { return false };
    let first: Vec<usize> = vec![0; field.info.extra_dims.len()];
    let Some((start, count)) = operand.block(ds, 0, &first) else { return false };
    let total = count.iter().copied().fold(1usize, usize::saturating_mul);
    let mut seen = None;
    let mut varies = |raw: &Raw| {
        (0..raw.len())
            .map(|k| operand.packing.at(raw, k))
            .filter(|v| v.is_finite())
            .any(|v| *seen.get_or_insert(v) != v)
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
    if !(2..=MAX_VALUES).contains(&total) {
        return false;
    }
    ds.read_fast(operand.var, &start, &count).is_ok_and(|raw| !varies(&raw))
}
