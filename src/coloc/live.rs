//! Candidates found once for the largest radius and window, filtered again on every move of a slider.

mod near;

use std::ops::Range;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::metric::{Metric, TIE_M};
use crate::pairs::{Pair, pair_key};
use crate::select::Order;
use crate::side::Side;
use crate::spec::By;

/// A distance of two rows by the full solution.
type Exact<'e> = &'e (dyn Fn(u64, u64) -> f64 + Sync);

/// Candidates looked at by one thread in one go, about.
const BLOCK: usize = 1 << 16;

/// Pairs within the largest limits, by column, sorted by primary row.
#[derive(Debug, Clone, Default)]
pub struct Candidates {
    i: Vec<u32>,
    j: Vec<u32>,
    distance_m: Vec<f64>,
    dt_us: Vec<i64>,
    /// First candidate of each primary row, and the end.
    groups: Vec<u32>,
    /// First group of each block, and the number of groups.
    blocks: Vec<usize>,
    /// The same in order of distance.
    near: near::Near,
}

/// Limits and reduction of one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// Greatest distance in metres, not larger than the candidates were searched for.
    pub radius_m: f64,
    /// Greatest time difference in µs.
    pub window_us: i64,
    /// Keep only the nearest of each primary row, by this.
    pub nearest: Option<By>,
}

/// What a frame keeps; reuse one for all frames, so that its memory is.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// Numbers of the kept candidates, ascending; only the first `count` count.
    at: Vec<u32>,
    count: usize,
    /// Candidates within the limits, whether kept or not.
    pub within: usize,
}

impl Kept {
    /// Numbers of the kept candidates, ascending.
    pub fn at(&self) -> &[u32] {
        &self.at[..self.count]
    }

    /// How many were kept.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether none was kept.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// Distance of rows by the full solution, for candidates on the limit itself.
pub fn exact<'s>(primary: &'s Side, secondary: &'s Side, metric: Metric) -> impl Fn(u64, u64) -> f64 + Sync + 's {
    move |i, j| match (primary.place(i), secondary.place(j)) {
        (Some((pa, po, _)), Some((qa, qo, _))) => metric.distance_m(pa, po, qa, qo),
        _ => f64::NAN,
    }
}

impl Candidates {
    /// Candidates from the pairs of a join of policy `All`, which are sorted by primary row.
    ///
    /// # Errors
    /// When there are 2³² candidates or a row number reaches 2³².
    pub fn new(pairs: &[Pair]) -> Result<Self> {
        if u32::try_from(pairs.len()).is_err() || pairs.iter().any(|p| (p.i | p.j) >> 32 != 0) {
            return Err(Error::TooLarge(pairs.len()));
        }
        let mut order: Vec<u32> = Vec::new();
        if !pairs.is_sorted_by_key(|p| p.i) {
            order = (0..pairs.len() as u32).collect();
            order.par_sort_by_key(|k| pairs[*k as usize].i);
        }
        let pick = |k: usize| if order.is_empty() { pairs[k] } else { pairs[order[k] as usize] };
        let all = 0..pairs.len();
        let mut c = Self {
            i: all.clone().map(|k| pick(k).i as u32).collect(),
            j: all.clone().map(|k| pick(k).j as u32).collect(),
            distance_m: all.clone().map(|k| pick(k).distance_m).collect(),
            dt_us: all.map(|k| pick(k).dt_us).collect(),
            groups: Vec::new(),
            blocks: Vec::new(),
            near: near::Near::default(),
        };
        let mut start = 0;
        for group in c.i.chunk_by(|a, b| a == b) {
            if c.blocks.last().is_none_or(|b| start - c.groups[*b] as usize >= BLOCK) {
                c.blocks.push(c.groups.len());
            }
            c.groups.push(start as u32);
            start += group.len();
        }
        c.blocks.push(c.groups.len());
        c.groups.push(start as u32);
        c.near = near::Near::new(&c);
        Ok(c)
    }

    /// Number of candidates.
    pub fn len(&self) -> usize {
        self.i.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.i.is_empty()
    }

    /// One candidate.
    pub fn get(&self, at: u32) -> Option<Pair> {
        let k = at as usize;
        Some(Pair {
            i: u64::from(*self.i.get(k)?),
            j: u64::from(*self.j.get(k)?),
            distance_m: *self.distance_m.get(k)?,
            dt_us: *self.dt_us.get(k)?,
        })
    }

    /// Distances in metres of all candidates.
    pub fn distances_m(&self) -> &[f64] {
        &self.distance_m
    }

    /// Time differences in µs of all candidates.
    pub fn dts_us(&self) -> &[i64] {
        &self.dt_us
    }

    /// Primary rows of all candidates.
    pub fn primary_rows(&self) -> &[u32] {
        &self.i
    }

    /// Secondary rows of all candidates.
    pub fn secondary_rows(&self) -> &[u32] {
        &self.j
    }

    /// Hash of what is kept, as [`crate::Matches::sum64`].
    pub fn sum64(&self, kept: &Kept) -> u64 {
        kept.at().iter().fold(0, |sum, k| {
            let k = *k as usize;
            sum.wrapping_add(pair_key(self.i[k].into(), self.j[k].into()))
        })
    }

    /// Filters all candidates; equal to a join with these limits, whatever the number of threads.
    ///
    /// `exact` gives a distance by the full solution ([`exact`]); it is asked where rounding could decide.
    pub fn filter(&self, cut: &Cut, exact: Exact, kept: &mut Kept) {
        let n = self.len();
        kept.at.resize(n.max(kept.at.len()), 0);
        let starts: Vec<usize> = self.blocks.iter().map(|b| self.groups[*b] as usize).collect();
        // Each block writes where its candidates lie; then the runs move together.
        let mut parts: Vec<&mut [u32]> = Vec::with_capacity(starts.len());
        let mut rest = &mut kept.at[..n];
        for w in starts.windows(2) {
            let (head, tail) = rest.split_at_mut(w[1] - w[0]);
            parts.push(head);
            rest = tail;
        }
        let counts: Vec<(usize, usize)> = parts
            .into_par_iter()
            .enumerate()
            .map(|(block, out)| match cut.nearest {
                None => {
                    let count = self.within(starts[block], out, cut, exact);
                    (count, count)
                }
                Some(by) => self.nearest(block, out, cut, by, exact),
            })
            .collect();
        let mut at = 0;
        kept.within = 0;
        for (start, (count, within)) in starts.iter().zip(&counts) {
            kept.at.copy_within(*start..start + count, at);
            at += count;
            kept.within += within;
        }
        kept.count = at;
    }

    /// Writes the candidates within the limits to the front of `out`.
    fn within(&self, from: usize, out: &mut [u32], cut: &Cut, exact: Exact) -> usize {
        let rows = from..from + out.len();
        let (d, dt) = (&self.distance_m[rows.clone()], &self.dt_us[rows]);
        // Below the first limit a pair is inside for certain, above the second outside.
        let (sure, doubt) = (cut.radius_m - TIE_M, cut.radius_m + TIE_M);
        let window = cut.window_us;
        let mut count = 0;
        let mut doubtful = false;
        for k in 0..d.len().min(dt.len()) {
            let inside = (d[k] <= doubt) & (dt[k] <= window) & (dt[k] >= -window);
            doubtful |= inside & (d[k] > sure);
            out[count] = (from + k) as u32;
            count += usize::from(inside);
        }
        if doubtful {
            let mut kept = 0;
            for k in 0..count {
                let at = out[k] as usize;
                let d = self.distance_m[at];
                if d <= sure || exact(self.i[at].into(), self.j[at].into()) <= cut.radius_m {
                    out[kept] = out[k];
                    kept += 1;
                }
            }
            count = kept;
        }
        count
    }

    /// Writes the nearest candidate of each primary row to the front of `out`; returns how many, and how many
    /// candidates lie within the limits.
    fn nearest(&self, block: usize, out: &mut [u32], cut: &Cut, by: By, exact: Exact) -> (usize, usize) {
        let groups = &self.groups[self.blocks[block]..=self.blocks[block + 1]];
        let order = Order::of(by, cut.radius_m, cut.window_us);
        let tie = |rows| self.carefully(rows, cut, &order, exact).map(|found| found.0);
        let near = &self.near;
        let quick = match by {
            By::Distance => near.nearest(groups, cut, out, tie),
            By::Time => near.nearest_in_time(groups, cut, out, tie),
            By::Combined => near.nearest_together(groups, cut, order.inverse_limits(), order.doubt(), out, tie),
        };
        // Where the bytes kept cannot decide, the full columns are asked.
        quick.unwrap_or_else(|| match by {
            By::Distance => self.least(groups, out, cut, &order, exact, TIE_M, |d, _| d),
            By::Time => self.least(groups, out, cut, &order, exact, 0.0, |_, dt| dt.unsigned_abs() as f64),
            By::Combined => self.least(groups, out, cut, &order, exact, order.doubt(), |d, dt| order.score(d, dt)),
        })
    }

    /// The candidate of least key of each group. Keys nearer to each other than `doubt` are compared by the full rule.
    #[inline(always)]
    #[allow(clippy::too_many_arguments, reason = "one loop for three keys")]
    fn least(
        &self,
        groups: &[u32],
        out: &mut [u32],
        cut: &Cut,
        order: &Order,
        exact: Exact,
        doubt: f64,
        key: impl Fn(f64, i64) -> f64,
    ) -> (usize, usize) {
        let (sure, limit, window) = (cut.radius_m - TIE_M, cut.radius_m + TIE_M, cut.window_us);
        let (mut kept, mut within) = (0, 0);
        for g in groups.windows(2) {
            let rows = g[0] as usize..g[1] as usize;
            let (mut best, mut second, mut at, mut n) = (f64::INFINITY, f64::INFINITY, 0, 0);
            let mut doubtful = false;
            for (k, (d, dt)) in self.distance_m[rows.clone()].iter().zip(&self.dt_us[rows.clone()]).enumerate() {
                let inside = (*d <= limit) & (*dt <= window) & (*dt >= -window);
                let value = if inside { key(*d, *dt) } else { f64::INFINITY };
                n += usize::from(inside);
                doubtful |= inside & (*d > sure);
                let less = value < best;
                let other = if less { best } else { value };
                second = if other < second { other } else { second };
                best = if less { value } else { best };
                at = if less { k } else { at };
            }
            if n == 0 {
                continue;
            }
            let mut at = rows.start + at;
            if doubtful || second - best <= doubt {
                let Some((found, count)) = self.carefully(rows, cut, order, exact) else { continue };
                (at, n) = (found, count);
            }
            out[kept] = at as u32;
            kept += 1;
            within += n;
        }
        (kept, within)
    }

    /// The nearest of a group and the number within the limits, by the full solution where rounding could decide.
    fn carefully(&self, rows: Range<usize>, cut: &Cut, order: &Order, exact: Exact) -> Option<(usize, usize)> {
        let i = u64::from(self.i[rows.start]);
        let found = |k: usize| order.found(self.j[k].into(), self.distance_m[k], self.dt_us[k]);
        let inside = |k: usize| {
            self.dt_us[k].unsigned_abs() <= cut.window_us as u64
                && self.distance_m[k] <= cut.radius_m + TIE_M
                && (self.distance_m[k] <= cut.radius_m - TIE_M || exact(i, self.j[k].into()) <= cut.radius_m)
        };
        let mut best: Option<usize> = None;
        let mut n = 0;
        for k in rows.filter(|k| inside(*k)) {
            n += 1;
            if best.is_none_or(|b| order.before(&found(k), &found(b), &|f| exact(i, f.j))) {
                best = Some(k);
            }
        }
        best.map(|b| (b, n))
    }
}
