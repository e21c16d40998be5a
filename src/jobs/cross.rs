//! Crossings of tracks as rows of results, with the values of both sides carried to them.

use std::collections::HashSet;

use rayon::prelude::*;
use seaglass_coloc as coloc;
use seaglass_coloc::crossover::{Along, At, CrossSpec, Crossover, between, crossovers, instant};
use seaglass_coloc::{Control, Duplicates};
use seaglass_core::field::FieldKind;

use crate::error::{JobError, Result};
use crate::limits;
use crate::plan::Task;
use crate::spec::AlongName;
use crate::table::{Link, Rows};
use crate::task::{Context, Made, Ready};

/// The crossings that a task owns: those at which the primary is within its slab.
///
/// # Errors
/// Stopped, or a crossing occurs twice where that is to be an error.
pub(crate) fn rows(cx: &Context<'_>, task: &Task, ready: &[Ready<'_>], out: &mut Rows) -> Result<Made> {
    let [a, b] = ready else { return Ok(Made::default()) };
    let spec = CrossSpec {
        max_step_m: limits::longest_step_m(cx.spec)?,
        ..CrossSpec::new(cx.spec.window_us()?, cx.spec.max_gap_us()?)
    };
    let control = Control { cancel: Some(&cx.readers.cancel), progress: None };
    let found = cx.threads.install(|| crossovers(&a.engine, &b.engine, &spec, &control));
    let mut found = found.map_err(|e| match e {
        coloc::Error::Cancelled => JobError::Canceled,
        other => JobError::Spec(format!("The job cannot be done: {other}.")),
    })?;
    let [start, stop] = task.slab_us;
    found.retain(|c| c.time_i_us >= start && c.time_i_us <= stop);
    let repeated = without_repetitions(cx.spec.duplicates, &mut found)?;
    // The first side of the layout is the primary, as is the first of the plan.
    let values: Vec<Vec<f64>> = [(0, a, true), (1, b, false)]
        .into_iter()
        .flat_map(|(n, side, first)| cx.layout.sides[n].variables.iter().map(move |v| (v, side, first)))
        .map(|(v, side, first)| {
            let flags = matches!(v.info.kind, FieldKind::Flags { .. });
            let one = |c: &Crossover| carried(cx, side, v.column, flags, c, first, spec.max_gap_us);
            cx.threads.install(|| found.par_iter().with_min_len(256).map(one).collect())
        })
        .collect();
    let mut sum64 = 0u64;
    for c in &found {
        let at = |side: &Ready<'_>, row: u64, time_us: i64| crate::table::Place {
            time_us,
            lat: c.lat_deg,
            lon: c.lon_deg,
            ..side.place(row)
        };
        out.place(0, at(a, c.i, c.time_i_us));
        out.place(1, at(b, c.j, c.time_j_us));
        out.link(1, Some(Link { dt_us: c.dt_us(), along: [c.along_i, c.along_j], ..Link::default() }));
        sum64 = sum64.wrapping_add(coloc::pairs_sum64([(a.global(c.i), b.global(c.j))]));
    }
    let mut columns = values.into_iter();
    for n in 0..2 {
        for v in 0..cx.layout.sides[n].variables.len() {
            columns.next().into_iter().flatten().for_each(|x| out.values(n, v).push(x));
        }
    }
    Ok(Made { pairs: found.len() as u64, candidates: found.len() as u64, sum64, repeated })
}

/// A value at the crossing; a flag is that of the nearer sample, as there is nothing between two flags.
fn carried(
    cx: &Context<'_>,
    side: &Ready<'_>,
    column: usize,
    flags: bool,
    c: &Crossover,
    first: bool,
    gap: i64,
) -> f64 {
    let (rows, time_us, share) =
        if first { ([c.i, c.i_next], c.time_i_us, c.along_i) } else { ([c.j, c.j_next], c.time_j_us, c.along_j) };
    // A pass may go on in the next file.
    let [Some(before), Some(after)] = rows.map(|row| side.engine.locate(row)) else { return f64::NAN };
    let value = |granule: u32, row: usize| side.loaded.granules[granule as usize].rows.columns[column].get(row);
    if flags {
        let near = if share > 0.5 { after } else { before };
        return value(near.granule, near.row as usize);
    }
    let half = cx.spec.policy.half;
    let method = match cx.spec.policy.method {
        AlongName::Linear => Along::Linear,
        AlongName::Spline => Along::Spline { half },
        AlongName::Median => Along::Median { half },
    };
    // Samples of a spline or a median lie farther away, one gap each.
    let far = if method == Along::Linear { gap } else { gap.saturating_mul(half as i64) };
    let granules = side.engine.granules();
    let (value_before, value_after) = (|r: usize| value(before.granule, r), |r: usize| value(after.granule, r));
    let a = At { granule: &granules[before.granule as usize], value: &value_before, row: before.row as usize };
    let b = At { granule: &granules[after.granule as usize], value: &value_after, row: after.row as usize };
    let at = instant(&a, &b, time_us, share);
    between(a, b, at, method, far)
}

/// Granules that overlap (a pass processed twice) give one crossing once.
fn without_repetitions(what: Duplicates, found: &mut Vec<Crossover>) -> Result<u64> {
    if what == Duplicates::Keep {
        return Ok(0);
    }
    let before = found.len();
    let mut seen = HashSet::new();
    found.retain(|c| seen.insert((c.time_i_us, c.time_j_us, c.lat_deg.to_bits(), c.lon_deg.to_bits())));
    let repeated = (before - found.len()) as u64;
    if what == Duplicates::Error && repeated > 0 {
        return Err(JobError::Spec(format!(
            "{repeated} crossings occur twice, as files of a side overlap; say duplicates = \"first\" to count them once."
        )));
    }
    Ok(repeated)
}
