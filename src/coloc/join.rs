//! The join: boxes against boxes, then rows against rows.
//!
//! Blocks of the reference side are independent work; each finds its pairs alone and the results are put in order, so
//! that neither the number of threads nor the way the reference side is cut changes anything.

use std::ops::Range;

use rayon::prelude::*;

use crate::control::{Control, Progress};
use crate::duplicates;
use crate::error::Result;
use crate::leaf::Prepared;
use crate::metric::Limits;
use crate::mutual;
use crate::pairs::{Counts, Matches, Pair, SideCounts};
use crate::side::Side;
use crate::spec::{Policy, Reference, Spec};

mod gather;
mod worker;

use gather::gathered;
use worker::{Done, Shared, Work, Workers};

/// Blocks between two reports.
const WAVE: usize = 128;

/// All pairs of two sides, sorted.
///
/// Runs on the current rayon pool; the result does not depend on its size.
///
/// # Errors
/// When the specification asks for something impossible, when rows are duplicated and that is to be an error, or when
/// the caller cancels.
pub fn join(primary: &Side, secondary: &Side, spec: &Spec, control: &Control) -> Result<Matches> {
    join_rows(primary, secondary, spec, 0..u64::MAX, control)
}

/// The pairs that belong to a range of rows of the reference side: the part of [`join`] a task owns.
///
/// A pair belongs to the row that looks for partners. Tasks whose ranges cover all rows once give together exactly the
/// pairs of the whole, provided that each sees the other side's rows within `window_us` and `radius_m` of its own (the
/// halo). `Mutual` is one decision about all pairs: with it a range answers for itself only.
///
/// # Errors
/// As [`join`].
pub fn join_rows(
    primary: &Side,
    secondary: &Side,
    spec: &Spec,
    rows: Range<u64>,
    control: &Control,
) -> Result<Matches> {
    spec.check()?;
    if let Policy::Mutual { by } = spec.policy {
        let all = Spec { policy: Policy::All, ..*spec };
        let found = join_rows(primary, secondary, &all, rows, control)?;
        let pairs = mutual::one_to_one(primary, secondary, spec, by, found.pairs);
        let counts = Counts { pairs: pairs.len() as u64, ..found.counts };
        return Ok(Matches { pairs, candidates: Vec::new(), counts });
    }
    let mut done: Vec<Done> = Vec::new();
    let counts = each_block(primary, secondary, spec, rows, control, &mut |block| {
        done.push(block);
        Ok(())
    })?;
    let (pairs, candidates) = match spec.reference {
        Reference::Primary => gathered(done, |p: &Pair| p.i),
        Reference::Secondary => gathered(done, |p: &Pair| p.j),
    };
    Ok(Matches { pairs, candidates, counts })
}

/// Pairs of some rows of the reference side, complete for these rows.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'b> {
    /// Sorted by row of the reference side within the batch, and within a row as in [`Matches`].
    pub pairs: &'b [Pair],
    /// As [`Matches::candidates`].
    pub candidates: &'b [u32],
}

/// The same in pieces, for results that are not to be held at once: `sink` gets each batch when it is complete, from
/// the calling thread, in the same order in every run. An error of `sink` ends the run.
///
/// Batches come in the order of rows but for two cases: blocks of points are visited in the order of time and place,
/// and two parts of a swath may share the lines at their border. The rows of a batch come in no other batch. With
/// `Mutual` there is one batch.
///
/// # Errors
/// As [`join`], and what `sink` returns.
pub fn join_each(
    primary: &Side,
    secondary: &Side,
    spec: &Spec,
    rows: Range<u64>,
    control: &Control,
    sink: &mut dyn FnMut(Batch) -> Result<()>,
) -> Result<Counts> {
    if matches!(spec.policy, Policy::Mutual { .. }) {
        let found = join_rows(primary, secondary, spec, rows, control)?;
        sink(Batch { pairs: &found.pairs, candidates: &found.candidates })?;
        return Ok(found.counts);
    }
    spec.check()?;
    each_block(primary, secondary, spec, rows, control, &mut |block: Done| {
        sink(Batch { pairs: &block.pairs, candidates: &block.candidates })
    })
}

/// Calls `take` with each part of a block that has pairs, from the calling thread and in the same order in every run.
fn each_block(
    primary: &Side,
    secondary: &Side,
    spec: &Spec,
    rows: Range<u64>,
    control: &Control,
    take: &mut dyn FnMut(Done) -> Result<()>,
) -> Result<Counts> {
    if spec.reference == Reference::Secondary {
        let counts = run(secondary, primary, spec, rows, control, ("secondary", "primary"), take)?;
        return Ok(Counts { primary: counts.secondary, secondary: counts.primary, ..counts });
    }
    run(primary, secondary, spec, rows, control, ("primary", "secondary"), take)
}

/// Indexes of all granules of a side.
fn prepare<'g, 'a>(
    side: &'g Side<'a>,
    other: &Side,
    spec: &Spec,
    name: &'static str,
    control: &Control,
) -> Result<(Vec<Prepared<'g, 'a>>, SideCounts)> {
    let granules = side.granules();
    let times = times_of(other, spec.window_us);
    let index = || -> Result<Vec<Prepared>> {
        let one = |k: usize| {
            control.check()?;
            let (first, g) = (side.first_row(k), &granules[k]);
            Ok(Prepared::new(g, first, spec.metric, spec.radius_m, spec.window_us, times))
        };
        (0..granules.len()).into_par_iter().map(one).collect()
    };
    // What one thread does alone comes first; bounds are shared by all that have nothing else to do.
    let (dropped, all) = rayon::join(|| duplicates::of_side(side, spec.duplicates, name, times), index);
    let (mut all, dropped) = (all?, dropped?);
    let mut counts = SideCounts { rows: granules.iter().map(|g| g.len() as u64).sum(), ..SideCounts::default() };
    counts.invalid = counts.rows - all.iter().map(|p| p.valid_rows).sum::<u64>();
    for (k, rows) in dropped {
        counts.duplicates += rows.len() as u64;
        all[k].dropped = rows;
    }
    Ok((all, counts))
}

/// Times of a side with the window around: what lies outside cannot match it.
fn times_of(side: &Side, window_us: i64) -> (i64, i64) {
    let ranges = side.granules().iter().filter_map(crate::side::Granule::time_range);
    let (t0, t1) = ranges.fold((i64::MAX, i64::MIN), |(a, b), (t0, t1)| (a.min(t0), b.max(t1)));
    (t0.saturating_sub(window_us), t1.saturating_add(window_us))
}

fn run(
    primary: &Side,
    secondary: &Side,
    spec: &Spec,
    rows: Range<u64>,
    control: &Control,
    names: (&'static str, &'static str),
    take: &mut dyn FnMut(Done) -> Result<()>,
) -> Result<Counts> {
    control.check()?;
    let limits = Limits::new(spec.metric, spec.radius_m, spec.window_us)?;
    let (p, s) = rayon::join(
        || prepare(primary, secondary, spec, names.0, control),
        || prepare(secondary, primary, spec, names.1, control),
    );
    let ((p, p_counts), (s, s_counts)) = (p?, s?);
    let mut counts = Counts { primary: p_counts, secondary: s_counts, ..Counts::default() };
    let work = blocks(&p, &rows);
    let mut bases = Vec::with_capacity(s.len());
    let mut leaves = 0;
    for prepared in &s {
        bases.push(leaves);
        leaves += prepared.ids.len();
    }
    let turned = spec.reference == Reference::Secondary;
    let shared =
        Shared { limits, spec, primary: &p, secondary: &s, bases: &bases, leaves, rows: &rows, turned, control };
    let workers = Workers::new(&shared);
    let search = |wave: &[Work]| -> Vec<Vec<Done>> {
        // One at a time: rayon hands out a few equal shares, and blocks are unequal.
        wave.par_iter().with_max_len(1).map(|w| workers.block(w)).collect()
    };
    let total = work.len() as u64;
    let mut waves = work.chunks(WAVE);
    let mut found = waves.next().map(search);
    let mut at = 0;
    while let Some(blocks) = found.take() {
        control.check()?;
        at += blocks.len() as u64;
        let next = waves.next();
        // The other threads go on while this one gives the blocks away.
        rayon::in_place_scope(|scope| -> Result<()> {
            if let Some(wave) = next {
                scope.spawn(|_| found = Some(search(wave)));
            }
            for part in blocks.into_iter().flatten() {
                counts.tested += part.tested;
                counts.pairs += part.pairs.len() as u64;
                if !part.pairs.is_empty() {
                    take(part)?;
                }
            }
            control.report(Progress { done: at, total, pairs: counts.pairs });
            Ok(())
        })?;
    }
    Ok(counts)
}

/// The reference side cut into work: nodes of some hundred leaves.
fn blocks(primary: &[Prepared], rows: &Range<u64>) -> Vec<Work> {
    let mut work = Vec::new();
    for (granule, p) in primary.iter().enumerate() {
        let Some(top) = p.top() else { continue };
        let all = p.first_row..p.first_row + p.granule.len() as u64;
        if all.end <= rows.start || all.start >= rows.end {
            continue;
        }
        let level = top.min(if p.ids.len() > 16_384 { 3 } else { 2 });
        work.extend(p.level(level).map(|node| Work { granule, level, node }));
    }
    work
}
