//! One thread's part of the join: a block of the reference side against the other side's tree.

use std::ops::Range;

use parking_lot::Mutex;
use rayon::prelude::*;

use crate::arena::{Arena, LANES, Slot};
use crate::control::Control;
use crate::leaf::{Node, Prepared};
use crate::metric::Limits;
use crate::pairs::Pair;
use crate::select::{Found, Selection};
use crate::spec::Spec;

/// Converted secondary rows kept by one thread, bytes.
const CACHE_BYTES: usize = 16 << 20;

/// What all workers see.
pub(super) struct Shared<'s, 'g, 'a> {
    pub limits: Limits,
    pub spec: &'s Spec,
    pub primary: &'s [Prepared<'g, 'a>],
    pub secondary: &'s [Prepared<'g, 'a>],
    /// Number of each secondary granule's first leaf.
    pub bases: &'s [usize],
    pub leaves: usize,
    pub rows: &'s Range<u64>,
    /// The reference side is the caller's secondary.
    pub turned: bool,
    pub control: &'s Control<'s>,
}

/// A block of work: a node of one granule of the reference side.
pub(super) struct Work {
    pub granule: usize,
    pub level: usize,
    pub node: usize,
}

/// Pairs of one block of work, sorted by row of the reference side.
#[derive(Clone, Default)]
pub(super) struct Done {
    pub pairs: Vec<Pair>,
    pub candidates: Vec<u32>,
    pub tested: u64,
}

impl Done {
    fn clear(&mut self) {
        self.pairs.clear();
        self.candidates.clear();
        self.tested = 0;
    }

    /// Brings rows into their order: tiles hold rows of several lines, and points may have been put in an order. Then
    /// names the sides as the caller does.
    fn in_order(&mut self, turned: bool) {
        if !self.pairs.is_sorted_by_key(|q| q.i) {
            if self.candidates.is_empty() {
                self.pairs.sort_by_key(|q| q.i);
            } else {
                let pairs = std::mem::take(&mut self.pairs).into_iter();
                let mut both: Vec<(Pair, u32)> = pairs.zip(std::mem::take(&mut self.candidates)).collect();
                both.sort_by_key(|b| b.0.i);
                (self.pairs, self.candidates) = both.into_iter().unzip();
            }
        }
        if turned {
            for p in &mut self.pairs {
                *p = Pair { i: p.j, j: p.i, dt_us: p.dt_us.saturating_neg(), ..*p };
            }
        }
    }
}

/// Threads' memory while no thread has it: whoever works takes some, with the rows that were converted before, and
/// puts it back.
pub(super) struct Workers<'s, 'g, 'a> {
    shared: &'s Shared<'s, 'g, 'a>,
    idle: Mutex<Vec<Worker<'s, 'g, 'a>>>,
}

impl<'s, 'g, 'a> Workers<'s, 'g, 'a> {
    pub fn new(shared: &'s Shared<'s, 'g, 'a>) -> Self {
        Self { shared, idle: Mutex::new(Vec::new()) }
    }

    fn with<R>(&self, work: impl FnOnce(&mut Worker<'s, 'g, 'a>) -> R) -> R {
        let taken = self.idle.lock().pop();
        let mut worker = taken.unwrap_or_else(|| Worker::new(self.shared));
        let done = work(&mut worker);
        self.idle.lock().push(worker);
        done
    }

    /// The pairs of a block, in parts. Where any can be, its parts go to all threads: pairs gather in few places, and a
    /// block is too much for one thread to finish alone while the others have nothing left.
    pub fn block(&self, work: &Work) -> Vec<Done> {
        let shared = self.shared;
        if shared.control.check().is_err() {
            return Vec::new();
        }
        let p = &shared.primary[work.granule];
        let mut list = Vec::new();
        let bounds = p.nodes[work.node].widened(shared.limits.reach_m, shared.limits.window_us);
        for (granule, s) in shared.secondary.iter().enumerate() {
            if let Some(top) = s.top() {
                let root = Ref { granule: granule as u32, node: s.level(top).start as u32, level: top as u32 };
                refine(shared.secondary, &bounds, root, work.level, &mut list);
            }
        }
        if list.is_empty() {
            return Vec::new();
        }
        if work.level == 0 {
            return vec![self.with(|w| w.part(p, 0, work.node, &list))];
        }
        p.children(work.level, work.node)
            .into_par_iter()
            .with_max_len(1)
            .map(|child| self.with(|w| w.child(p, work.level, child, &list)))
            .collect()
    }
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
    /// What the part at hand has so far. Grown once: results leave as copies of their own size.
    found: Done,
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
            found: Done::default(),
        }
    }

    /// The pairs of a node, whose near nodes on the other side are `list`.
    fn part(&mut self, p: &'s Prepared<'g, 'a>, level: usize, node: usize, list: &[Ref]) -> Done {
        self.found.clear();
        self.descend(p, level, node, list);
        self.found.in_order(self.shared.turned);
        self.found.clone()
    }

    /// The pairs of a child of a node of `level`, whose near nodes on the other side are `list`.
    fn child(&mut self, p: &'s Prepared<'g, 'a>, level: usize, child: usize, list: &[Ref]) -> Done {
        let limits = &self.shared.limits;
        let mut near = self.lists.pop().unwrap_or_default();
        near.clear();
        let bounds = p.nodes[child].widened(limits.reach_m, limits.window_us);
        for r in list {
            refine(self.shared.secondary, &bounds, *r, level - 1, &mut near);
        }
        let done = self.part(p, level - 1, child, &near);
        self.lists.push(near);
        done
    }

    fn descend(&mut self, p: &'s Prepared<'g, 'a>, level: usize, node: usize, list: &[Ref]) {
        if list.is_empty() {
            return;
        }
        if level == 0 {
            self.leaf(p, node, list);
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
            self.descend(p, level - 1, child, &near);
        }
        self.lists.push(near);
    }

    /// One leaf of the reference side against the leaves of the other side near it.
    fn leaf(&mut self, p: &'s Prepared<'g, 'a>, leaf: usize, list: &[Ref]) {
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
        let found = &mut self.found;
        self.selection.finish(&mut found.pairs, &mut found.candidates, |a| first + u64::from(self.own.row[a]));
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
            self.found.tested += slot.len as u64;
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
