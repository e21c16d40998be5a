//! The join: boxes against boxes, then rows against rows.
//!
//! Blocks of the reference side are independent work; each finds its pairs alone and the results are put in order, so
//! that neither the number of threads nor the way the reference side is cut changes anything.

use std::ops::Range;

use parking_lot::Mutex;
use rayon::prelude::*;

use crate::arena::{Arena, LANES, Slot};
use crate::control::{Control, Progress};
use crate::duplicates;
use crate::error::Result;
use crate::leaf::{Node, Prepared};
use crate::metric::Limits;
use crate::mutual;
use crate::pairs::{Counts, Matches, Pair, SideCounts};
use crate::select::{Found, Selection};
use crate::side::Side;
use crate::spec::{Policy, Reference, Spec};

/// Converted secondary rows kept by one thread, bytes.
const CACHE_BYTES: usize = 16 << 20;
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
    let mut pairs: Vec<Pair> = Vec::new();
    let mut candidates: Vec<u32> = Vec::new();
    let counts = join_each(primary, secondary, spec, rows, control, &mut |batch: Batch| {
        pairs.extend_from_slice(batch.pairs);
        candidates.extend_from_slice(batch.candidates);
        Ok(())
    })?;
    let by_secondary = spec.reference == Reference::Secondary && !matches!(spec.policy, Policy::Mutual { .. });
    let row = |p: &Pair| if by_secondary { p.j } else { p.i };
    if !pairs.is_sorted_by_key(row) {
        if candidates.is_empty() {
            pairs.par_sort_by_key(row);
        } else {
            let mut both: Vec<(Pair, u32)> = pairs.into_iter().zip(candidates).collect();
            both.par_sort_by_key(|b| row(&b.0));
            (pairs, candidates) = both.into_iter().unzip();
        }
    }
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
/// Batches come in the order of rows, except for points (blocks of which are visited in the order of time and place);
/// the rows of a batch come in no other batch. With `Mutual` there is one batch.
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
    spec.check()?;
    if let Policy::Mutual { by } = spec.policy {
        let all = Spec { policy: Policy::All, ..*spec };
        let mut found = join_rows(primary, secondary, &all, rows, control)?;
        let pairs = mutual::one_to_one(primary, secondary, spec, by, std::mem::take(&mut found.pairs));
        found.counts.pairs = pairs.len() as u64;
        sink(Batch { pairs: &pairs, candidates: &[] })?;
        return Ok(found.counts);
    }
    if spec.reference == Reference::Secondary {
        let turned = Spec { reference: Reference::Primary, ..*spec };
        let mut back = Vec::new();
        let counts = run(secondary, primary, &turned, rows, control, ("secondary", "primary"), &mut |batch: Batch| {
            back.clear();
            back.extend(batch.pairs.iter().map(|p| Pair { i: p.j, j: p.i, dt_us: p.dt_us.saturating_neg(), ..*p }));
            sink(Batch { pairs: &back, candidates: batch.candidates })
        })?;
        return Ok(Counts { primary: counts.secondary, secondary: counts.primary, ..counts });
    }
    run(primary, secondary, spec, rows, control, ("primary", "secondary"), sink)
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
    let (all, dropped) = rayon::join(index, || duplicates::of_side(side, spec.duplicates, name, times));
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

/// A block of work: a node of one granule of the reference side.
struct Work {
    granule: usize,
    level: usize,
    node: usize,
}

fn run(
    primary: &Side,
    secondary: &Side,
    spec: &Spec,
    rows: Range<u64>,
    control: &Control,
    names: (&'static str, &'static str),
    sink: &mut dyn FnMut(Batch) -> Result<()>,
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
    let shared = Shared { limits, spec, primary: &p, secondary: &s, bases: &bases, leaves, rows: &rows, control };
    // A thread takes a worker with the rows it converted before, and puts it back.
    let idle: Mutex<Vec<Worker>> = Mutex::new(Vec::new());
    let total = work.len() as u64;
    for (k, wave) in work.chunks(WAVE).enumerate() {
        let done: Vec<Done> = wave
            .par_iter()
            .map(|w| {
                let mut worker = idle.lock().pop().unwrap_or_else(|| Worker::new(&shared));
                let done = worker.block(w);
                idle.lock().push(worker);
                done
            })
            .collect();
        control.check()?;
        for d in done {
            counts.tested += d.tested;
            counts.pairs += d.pairs.len() as u64;
            if !d.pairs.is_empty() {
                sink(Batch { pairs: &d.pairs, candidates: &d.candidates })?;
            }
        }
        control.report(Progress { done: ((k + 1) * WAVE).min(work.len()) as u64, total, pairs: counts.pairs });
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

/// What all workers see.
struct Shared<'s, 'g, 'a> {
    limits: Limits,
    spec: &'s Spec,
    primary: &'s [Prepared<'g, 'a>],
    secondary: &'s [Prepared<'g, 'a>],
    /// Number of each secondary granule's first leaf.
    bases: &'s [usize],
    leaves: usize,
    rows: &'s Range<u64>,
    control: &'s Control<'s>,
}

/// Pairs of one block of work.
struct Done {
    pairs: Vec<Pair>,
    candidates: Vec<u32>,
    tested: u64,
}

/// A node of a secondary granule.
#[derive(Clone, Copy)]
struct Ref {
    granule: u32,
    node: u32,
    level: u32,
}

/// One thread's memory.
struct Worker<'s, 'g, 'a> {
    shared: &'s Shared<'s, 'g, 'a>,
    arena: Arena,
    slots: Vec<Slot>,
    /// Slot of each secondary leaf, `u32::MAX` when not converted.
    slot_of: Vec<u32>,
    touched: Vec<usize>,
    /// The primary leaf at hand.
    own: Arena,
    lists: Vec<Vec<Ref>>,
    selection: Selection,
    tested: u64,
}

impl<'s, 'g, 'a> Worker<'s, 'g, 'a> {
    fn new(shared: &'s Shared<'s, 'g, 'a>) -> Self {
        Self {
            shared,
            arena: Arena::default(),
            slots: Vec::new(),
            slot_of: vec![u32::MAX; shared.leaves],
            touched: Vec::new(),
            own: Arena::default(),
            lists: Vec::new(),
            selection: Selection::new(shared.spec),
            tested: 0,
        }
    }

    fn block(&mut self, work: &Work) -> Done {
        let shared = self.shared;
        let mut done = Done { pairs: Vec::new(), candidates: Vec::new(), tested: 0 };
        if shared.control.check().is_err() {
            return done;
        }
        let p = &shared.primary[work.granule];
        let bounds = p.nodes[work.node].widened(shared.limits.reach_m, shared.limits.window_us);
        let mut list = self.lists.pop().unwrap_or_default();
        list.clear();
        for (granule, s) in shared.secondary.iter().enumerate() {
            if let Some(top) = s.top() {
                let root = Ref { granule: granule as u32, node: s.level(top).start as u32, level: top as u32 };
                refine(shared.secondary, &bounds, root, work.level, &mut list);
            }
        }
        self.tested = 0;
        self.descend(p, work.level, work.node, &list, &mut done);
        self.lists.push(list);
        done.tested = self.tested;
        if shared.control.check().is_err() {
            return Done { pairs: Vec::new(), candidates: Vec::new(), tested: 0 };
        }
        // Tiles hold rows of several lines, and points may have been put in order: bring rows into theirs.
        if !done.pairs.is_sorted_by_key(|q| q.i) {
            if done.candidates.is_empty() {
                done.pairs.sort_by_key(|q| q.i);
            } else {
                let mut both: Vec<(Pair, u32)> = done.pairs.into_iter().zip(done.candidates).collect();
                both.sort_by_key(|b| b.0.i);
                (done.pairs, done.candidates) = both.into_iter().unzip();
            }
        }
        done
    }

    fn descend(&mut self, p: &'s Prepared<'g, 'a>, level: usize, node: usize, list: &[Ref], done: &mut Done) {
        if list.is_empty() {
            return;
        }
        if level == 0 {
            self.leaf(p, node, list, done);
            return;
        }
        let limits = &self.shared.limits;
        let mut near = self.lists.pop().unwrap_or_default();
        for child in p.children(level, node) {
            if self.shared.control.check().is_err() {
                break;
            }
            let bounds = p.nodes[child].widened(limits.reach_m, limits.window_us);
            near.clear();
            for r in list {
                refine(self.shared.secondary, &bounds, *r, level - 1, &mut near);
            }
            self.descend(p, level - 1, child, &near, done);
        }
        self.lists.push(near);
    }

    /// One leaf of the reference side against the leaves of the other side near it.
    fn leaf(&mut self, p: &'s Prepared<'g, 'a>, leaf: usize, list: &[Ref], done: &mut Done) {
        let shared = self.shared;
        let (limits, first) = (shared.limits, p.first_row);
        self.own.clear();
        let rows = shared.rows;
        let own = self.own.add(p, leaf, limits.metric, |r| rows.contains(&(first + u64::from(r))));
        if own.len == 0 {
            return;
        }
        // The bounds of the rows themselves are tighter than those of their latitudes and longitudes.
        let tight = Node {
            low: own.low.map(|v| (v - limits.reach_m) as f32 - 1.0),
            high: own.high.map(|v| (v + limits.reach_m) as f32 + 1.0),
            t0: own.t0.saturating_sub(limits.window_us),
            t1: own.t1.saturating_add(limits.window_us),
        };
        self.selection.begin(own.len, limits.outside2);
        for r in list {
            // With a great radius one leaf meets the whole other side, and each of its pairs takes a full geodesic:
            // whoever stops the run waits for none of that.
            if shared.control.check().is_err() {
                return;
            }
            let s = &shared.secondary[r.granule as usize];
            if s.nodes[r.node as usize].meets(&tight) {
                let slot = self.convert(r.granule as usize, r.node as usize);
                self.rows(p, own, s, r.granule, slot);
            }
        }
        self.selection.finish(&mut done.pairs, &mut done.candidates, |a| first + u64::from(self.own.row[a]));
    }

    /// The slot of a secondary leaf, converted now if it has none.
    fn convert(&mut self, granule: usize, leaf: usize) -> Slot {
        let at = self.shared.bases[granule] + leaf;
        if self.slot_of[at] != u32::MAX {
            return self.slots[self.slot_of[at] as usize];
        }
        if self.arena.bytes() > CACHE_BYTES {
            self.arena.clear();
            self.slots.clear();
            for t in self.touched.drain(..) {
                self.slot_of[t] = u32::MAX;
            }
        }
        let slot = self.arena.add(&self.shared.secondary[granule], leaf, self.shared.limits.metric, |_| true);
        self.slot_of[at] = self.slots.len() as u32;
        self.slots.push(slot);
        self.touched.push(at);
        slot
    }

    /// Rows against rows.
    fn rows(&mut self, p: &Prepared, own: Slot, s: &Prepared, granule: u32, slot: Slot) {
        let limits = &self.shared.limits;
        if slot.len == 0 {
            return;
        }
        let (reach, window) = (limits.reach_m, limits.window_us);
        let (low, high) = (slot.low.map(|v| v - reach), slot.high.map(|v| v + reach));
        let (t0, t1) = (slot.t0.saturating_sub(window), slot.t1.saturating_add(window));
        let end = slot.at + slot.padded;
        let (xs, _) = self.arena.x[slot.at..end].as_chunks::<LANES>();
        let (ys, _) = self.arena.y[slot.at..end].as_chunks::<LANES>();
        let (zs, _) = self.arena.z[slot.at..end].as_chunks::<LANES>();
        for a in 0..own.len {
            let [x, y, z] = self.own.xyz(a);
            let t = self.own.t[a];
            let near = (x >= low[0])
                & (x <= high[0])
                & (y >= low[1])
                & (y <= high[1])
                & (z >= low[2])
                & (z <= high[2])
                & (t >= t0)
                & (t <= t1);
            if !near {
                continue;
            }
            self.tested += slot.len as u64;
            let mut limit2 = self.selection.limit2(a);
            for (k, ((cx, cy), cz)) in xs.iter().zip(ys).zip(zs).enumerate() {
                let mut d2 = [0.0_f64; LANES];
                for l in 0..LANES {
                    let (dx, dy, dz) = (x - cx[l], y - cy[l], z - cz[l]);
                    d2[l] = dx * dx + dy * dy + dz * dz;
                }
                let mut hits = 0_u32;
                for (l, d2) in d2.iter().enumerate() {
                    hits |= u32::from(*d2 <= limit2) << l;
                }
                while hits != 0 {
                    let l = hits.trailing_zeros() as usize;
                    hits &= hits - 1;
                    let at = slot.at + k * LANES + l;
                    let dt_us = self.arena.t[at].saturating_sub(t);
                    if dt_us.unsigned_abs() > window as u64 || d2[l] > limit2 {
                        continue;
                    }
                    let (own_row, row) = (self.own.row[a], self.arena.row[at]);
                    let exact = || {
                        let (pa, po) = p.granule.position(own_row as usize);
                        let (qa, qo) = s.granule.position(row as usize);
                        limits.metric.distance_m(pa, po, qa, qo)
                    };
                    if d2[l] > limits.inside2 && exact() > limits.radius_m {
                        continue;
                    }
                    let distance_m =
                        limits.metric.distance_of_chord([x, y, z], self.arena.xyz(at), d2[l]).unwrap_or_else(exact);
                    let found = Found { j: s.first_row + u64::from(row), distance_m, dt_us, score: 0.0, granule, row };
                    self.selection.take(a, found, |f| {
                        let (pa, po) = p.granule.position(own_row as usize);
                        let (qa, qo) = self.shared.secondary[f.granule as usize].granule.position(f.row as usize);
                        limits.metric.distance_m(pa, po, qa, qo)
                    });
                    limit2 = self.selection.limit2(a);
                }
            }
        }
    }
}

/// Adds to `out` the nodes below `r` that meet `bounds`, none above `level`.
fn refine(secondary: &[Prepared], bounds: &Node, r: Ref, level: usize, out: &mut Vec<Ref>) {
    let s = &secondary[r.granule as usize];
    if !s.nodes[r.node as usize].meets(bounds) {
        return;
    }
    if r.level as usize <= level {
        out.push(r);
        return;
    }
    for child in s.children(r.level as usize, r.node as usize) {
        refine(secondary, bounds, Ref { node: child as u32, level: r.level - 1, ..r }, level, out);
    }
}
