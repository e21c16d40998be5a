//! Where tracks cross.
//!
//! Segments between consecutive samples are arcs of great circles on the unit sphere of the latitudes and longitudes as
//! they are. A segment holds its start and not its end, so that a crossing at a sample counts once.

use rayon::prelude::*;

use crate::control::{Control, Progress};
use crate::error::{Error, Result};
use crate::metric::MEAN_RADIUS_M;
use crate::side::{Granule, NO_TIME, Side};
use crate::trig::sincos_deg;

/// Segments below a box.
const RUN: usize = 16;
/// Children of a box.
const FAN: usize = 8;

/// Which crossings count.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CrossSpec {
    /// Greatest time difference of the two passes at the crossing, µs.
    pub window_us: i64,
    /// Samples farther apart in time than this are not connected, µs.
    pub max_gap_us: i64,
    /// Samples farther apart than this are not connected, metres along the mean sphere.
    #[serde(default = "anywhere")]
    pub max_step_m: f64,
}

fn anywhere() -> f64 {
    f64::INFINITY
}

impl CrossSpec {
    /// Limits of time alone.
    pub fn new(window_us: i64, max_gap_us: i64) -> Self {
        Self { window_us, max_gap_us, max_step_m: f64::INFINITY }
    }

    /// The square of the chord of the longest step on the unit sphere.
    fn chord2(&self) -> f64 {
        let half = (self.max_step_m / MEAN_RADIUS_M / 2.0).min(std::f64::consts::FRAC_PI_2);
        (2.0 * half.sin()).powi(2)
    }
}

/// One crossing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crossover {
    /// Row of the sample before the crossing on the first side.
    pub i: u64,
    /// Row of the sample before the crossing on the second side.
    pub j: u64,
    /// Row of the sample after the crossing on the first side; of another granule where the track goes on in that.
    pub i_next: u64,
    /// Row of the sample after the crossing on the second side.
    pub j_next: u64,
    /// Latitude of the crossing, degrees.
    pub lat_deg: f64,
    /// Longitude of the crossing, degrees, −180 to 180.
    pub lon_deg: f64,
    /// How far the crossing lies from sample `i` to the next, 0 to 1.
    pub along_i: f64,
    /// How far the crossing lies from sample `j` to the next, 0 to 1.
    pub along_j: f64,
    /// Time of the first side at the crossing, µs.
    pub time_i_us: i64,
    /// Time of the second side at the crossing, µs.
    pub time_j_us: i64,
}

impl Crossover {
    /// Time of the second side minus time of the first, µs.
    pub fn dt_us(&self) -> i64 {
        self.time_j_us.saturating_sub(self.time_i_us)
    }
}

#[derive(Clone, Copy)]
struct Bound {
    low: [f64; 3],
    high: [f64; 3],
    t0: i64,
    t1: i64,
}

impl Bound {
    const EMPTY: Bound = Bound { low: [f64::INFINITY; 3], high: [f64::NEG_INFINITY; 3], t0: i64::MAX, t1: i64::MIN };

    fn meets(&self, o: &Bound, window_us: i64) -> bool {
        (0..3).all(|d| self.low[d] <= o.high[d] && self.high[d] >= o.low[d])
            && self.t0.saturating_sub(window_us) <= o.t1
            && self.t1.saturating_add(window_us) >= o.t0
    }

    fn join(&mut self, o: &Bound) {
        for d in 0..3 {
            self.low[d] = self.low[d].min(o.low[d]);
            self.high[d] = self.high[d].max(o.high[d]);
        }
        self.t0 = self.t0.min(o.t0);
        self.t1 = self.t1.max(o.t1);
    }
}

/// A stretch of connected samples with its boxes.
struct Path {
    p: Vec<[f64; 3]>,
    t: Vec<i64>,
    rows: Vec<u64>,
    boxes: Vec<Bound>,
    levels: Vec<usize>,
}

impl Path {
    fn new(p: Vec<[f64; 3]>, t: Vec<i64>, rows: Vec<u64>) -> Self {
        let mut path = Self { p, t, rows, boxes: Vec::new(), levels: vec![0] };
        for from in (0..path.p.len() - 1).step_by(RUN) {
            let to = (from + RUN).min(path.p.len() - 1);
            let mut b = Bound::EMPTY;
            let mut bulge = 0.0_f64;
            for k in from..=to {
                let v = path.p[k];
                b.join(&Bound { low: v, high: v, t0: path.t[k], t1: path.t[k] });
                if k < to {
                    let c2 = (0..3).map(|d| (path.p[k + 1][d] - v[d]).powi(2)).sum::<f64>();
                    // An arc leaves its chord by 1 − cos(L/2) < c²/4.
                    bulge = bulge.max(c2 / 4.0);
                }
            }
            for d in 0..3 {
                b.low[d] -= bulge + 1e-12;
                b.high[d] += bulge + 1e-12;
            }
            path.boxes.push(b);
        }
        let mut from = 0;
        loop {
            let to = path.boxes.len();
            path.levels.push(to);
            if to - from <= 1 {
                return path;
            }
            for k in (from..to).step_by(FAN) {
                let mut b = Bound::EMPTY;
                path.boxes[k..(k + FAN).min(to)].iter().for_each(|c| b.join(c));
                path.boxes.push(b);
            }
            from = to;
        }
    }

    fn top(&self) -> usize {
        self.levels.len() - 2
    }

    fn children(&self, level: usize, at: usize) -> std::ops::Range<usize> {
        let first = self.levels[level - 1] + (at - self.levels[level]) * FAN;
        first..(first + FAN).min(self.levels[level])
    }

    /// Whether latitude rises from start to end.
    fn ascends(&self) -> bool {
        self.p[self.p.len() - 1][2] > self.p[0][2]
    }
}

/// All crossings between the tracks of two sides, sorted by row of the first, then of the second.
///
/// # Errors
/// When a limit is negative or the caller cancels.
pub fn crossovers(first: &Side, second: &Side, spec: &CrossSpec, control: &Control) -> Result<Vec<Crossover>> {
    check(spec)?;
    let a = paths(first, spec, false);
    let b = paths(second, spec, false);
    search(&a.iter().collect::<Vec<_>>(), &b.iter().collect::<Vec<_>>(), spec, control)
}

/// All crossings of ascending with descending half passes of one side: each granule is cut where its latitude turns.
/// `i` lies on the ascending pass.
///
/// # Errors
/// As [`crossovers`].
pub fn self_crossovers(side: &Side, spec: &CrossSpec, control: &Control) -> Result<Vec<Crossover>> {
    check(spec)?;
    let all = paths(side, spec, true);
    let (up, down): (Vec<&Path>, Vec<&Path>) = all.iter().partition(|p| p.ascends());
    search(&up, &down, spec, control)
}

fn check(spec: &CrossSpec) -> Result<()> {
    for limit in [spec.window_us, spec.max_gap_us] {
        if limit < 0 {
            return Err(Error::Window(limit));
        }
    }
    if spec.max_step_m.is_nan() || spec.max_step_m < 0.0 {
        return Err(Error::Radius(spec.max_step_m));
    }
    Ok(())
}

/// Samples that count, cut at gaps and, when asked, where latitude turns.
fn paths(side: &Side, spec: &CrossSpec, turn: bool) -> Vec<Path> {
    let granules: Vec<(usize, &Granule)> = side.granules().iter().enumerate().collect();
    let parts: Vec<Vec<Path>> =
        granules.par_iter().map(|(k, g)| of_granule(g, side.first_row(*k), spec, turn)).collect();
    let ends: Vec<Ends> = granules.iter().filter_map(|(k, g)| ends(g, side.first_row(*k))).collect();
    parts.into_iter().flatten().chain(bridges(ends, spec, turn)).collect()
}

/// A sample on the unit sphere with time and row.
#[derive(Clone, Copy)]
struct Sample {
    p: [f64; 3],
    t: i64,
    row: u64,
}

impl Sample {
    fn of(g: &Granule, row: usize, first_row: u64) -> Option<Self> {
        if !g.is_valid(row) {
            return None;
        }
        let (lat, lon) = g.position(row);
        let ((s, c), (sl, cl)) = (sincos_deg(lat), sincos_deg(lon));
        Some(Self { p: [c * cl, c * sl, s], t: g.time(row), row: first_row + row as u64 })
    }

    /// Whether a track that is here may go on at `next`.
    fn connects(&self, next: &Self, spec: &CrossSpec) -> bool {
        let chord2 = (0..3).map(|d| (next.p[d] - self.p[d]).powi(2)).sum::<f64>();
        next.t.saturating_sub(self.t).unsigned_abs() <= spec.max_gap_us as u64 && chord2 <= spec.chord2()
    }
}

/// First and last sample of a granule that count.
struct Ends {
    first: Sample,
    last: Sample,
    /// How much higher the second sample lies than the first, and the last than the one before.
    rises: [f64; 2],
}

fn ends(g: &Granule, first_row: u64) -> Option<Ends> {
    let mut forth = (0..g.len()).filter_map(|row| Sample::of(g, row, first_row));
    let mut back = (0..g.len()).rev().filter_map(|row| Sample::of(g, row, first_row));
    let (first, last) = (forth.next()?, back.next()?);
    let rises = [forth.next().unwrap_or(first).p[2] - first.p[2], last.p[2] - back.next().unwrap_or(last).p[2]];
    Some(Ends { first, last, rises })
}

/// The segments from the last sample of a granule to the first of the one in which the pass goes on: files are cut
/// anywhere. Only with a limit of the step, as time alone does not tell one track from another. With `turn` not where
/// latitude turns: that segment belongs to no half pass.
fn bridges(mut ends: Vec<Ends>, spec: &CrossSpec, turn: bool) -> Vec<Path> {
    if !spec.max_step_m.is_finite() {
        return Vec::new();
    }
    ends.sort_by_key(|e| (e.first.t, e.first.row));
    let next = |from: &Ends| {
        let after = ends.partition_point(|e| e.first.t <= from.last.t);
        let near = ends[after..].iter().take_while(|e| e.first.t.saturating_sub(from.last.t) <= spec.max_gap_us);
        near.into_iter().find(|to: &&Ends| from.last.connects(&to.first, spec))
    };
    let path = |from: &Ends| {
        let to = next(from)?;
        let (a, b) = (from.last, to.first);
        let rise = b.p[2] - a.p[2];
        if turn && (rise * from.rises[1] < 0.0 || rise * to.rises[0] < 0.0) {
            return None;
        }
        Some(Path::new(vec![a.p, b.p], vec![a.t, b.t], vec![a.row, b.row]))
    };
    ends.iter().filter_map(path).collect()
}

fn of_granule(g: &Granule, first_row: u64, spec: &CrossSpec, turn: bool) -> Vec<Path> {
    let mut out = Vec::new();
    let (mut p, mut t, mut rows): (Vec<[f64; 3]>, Vec<i64>, Vec<u64>) = Default::default();
    let mut finish = |p: &mut Vec<[f64; 3]>, t: &mut Vec<i64>, rows: &mut Vec<u64>| {
        if p.len() > 1 {
            out.push(Path::new(std::mem::take(p), std::mem::take(t), std::mem::take(rows)));
        }
        p.clear();
        t.clear();
        rows.clear();
    };
    let mut direction = 0.0;
    let longest2 = spec.chord2();
    for row in 0..g.len() {
        let Some(Sample { p: v, t: now, .. }) = Sample::of(g, row, first_row) else { continue };
        if let (Some(last), Some(before)) = (t.last(), p.last().copied()) {
            let chord2 = (0..3).map(|d| (v[d] - before[d]).powi(2)).sum::<f64>();
            if now.saturating_sub(*last).unsigned_abs() > spec.max_gap_us as u64 || chord2 > longest2 {
                finish(&mut p, &mut t, &mut rows);
                direction = 0.0;
            } else if turn {
                let step = v[2] - before[2];
                if step * direction < 0.0 {
                    finish(&mut p, &mut t, &mut rows);
                    direction = 0.0;
                } else if step != 0.0 {
                    direction = step;
                }
            }
        }
        p.push(v);
        t.push(now);
        rows.push(first_row + row as u64);
    }
    finish(&mut p, &mut t, &mut rows);
    out
}

fn search(a: &[&Path], b: &[&Path], spec: &CrossSpec, control: &Control) -> Result<Vec<Crossover>> {
    let mut all = Vec::new();
    for (k, wave) in a.chunks(64).enumerate() {
        let found: Vec<Vec<Crossover>> = wave
            .par_iter()
            .map(|a| {
                let mut out = Vec::new();
                for b in b {
                    if control.check().is_err() {
                        return out;
                    }
                    descend(a, a.top(), a.boxes.len() - 1, b, b.top(), b.boxes.len() - 1, spec, &mut out);
                }
                out
            })
            .collect();
        control.check()?;
        all.extend(found.into_iter().flatten());
        let done = ((k + 1) * 64).min(a.len()) as u64;
        control.report(Progress { done, total: a.len() as u64, pairs: all.len() as u64 });
    }
    all.par_sort_unstable_by_key(|c| (c.i, c.j));
    Ok(all)
}

#[allow(clippy::too_many_arguments, reason = "two places in two trees")]
fn descend(a: &Path, la: usize, ka: usize, b: &Path, lb: usize, kb: usize, spec: &CrossSpec, out: &mut Vec<Crossover>) {
    if !a.boxes[ka].meets(&b.boxes[kb], spec.window_us) {
        return;
    }
    if la == 0 && lb == 0 {
        for i in ka * RUN..((ka + 1) * RUN).min(a.p.len() - 1) {
            for j in kb * RUN..((kb + 1) * RUN).min(b.p.len() - 1) {
                out.extend(cross(a, i, b, j, spec));
            }
        }
    } else if la >= lb {
        for child in a.children(la, ka) {
            descend(a, la - 1, child, b, lb, kb, spec, out);
        }
    } else {
        for child in b.children(lb, kb) {
            descend(a, la, ka, b, lb - 1, child, spec, out);
        }
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn times(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// The crossing of segment `i` of `a` with segment `j` of `b`.
fn cross(a: &Path, i: usize, b: &Path, j: usize, spec: &CrossSpec) -> Option<Crossover> {
    let (p, p1, q, q1) = (a.p[i], a.p[i + 1], b.p[j], b.p[j + 1]);
    let n = times(p, p1);
    // On the plane counts as the positive side: each sample lies on one side only.
    let (s0, s1) = (dot(n, q), dot(n, q1));
    if (s0 >= 0.0) == (s1 >= 0.0) {
        return None;
    }
    let m = times(q, q1);
    let (r0, r1) = (dot(m, p), dot(m, p1));
    if (r0 >= 0.0) == (r1 >= 0.0) || dot(p, q) <= 0.0 {
        return None;
    }
    let mut x = times(n, m);
    let size = dot(x, x).sqrt();
    if size == 0.0 {
        return None;
    }
    let sign = if dot(x, p) < 0.0 { -1.0 } else { 1.0 };
    x = x.map(|v| sign * v / size);
    let angle = |u: [f64; 3], v: [f64; 3]| dot(times(u, v), times(u, v)).sqrt().atan2(dot(u, v));
    let along_i = (angle(p, x) / angle(p, p1)).clamp(0.0, 1.0);
    let along_j = (angle(q, x) / angle(q, q1)).clamp(0.0, 1.0);
    let at = |t: &[i64], k: usize, f: f64| t[k] + ((t[k + 1] - t[k]) as f64 * f).round() as i64;
    let found = Crossover {
        i: a.rows[i],
        j: b.rows[j],
        i_next: a.rows[i + 1],
        j_next: b.rows[j + 1],
        lat_deg: x[2].atan2(x[0].hypot(x[1])).to_degrees(),
        lon_deg: x[1].atan2(x[0]).to_degrees(),
        along_i,
        along_j,
        time_i_us: at(&a.t, i, along_i),
        time_j_us: at(&b.t, j, along_j),
    };
    (found.dt_us().unsigned_abs() <= spec.window_us as u64).then_some(found)
}

/// How a variable is carried to a crossing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Along {
    /// Linear between the two samples around the crossing.
    #[default]
    Linear,
    /// Natural cubic spline through up to `half` valid samples on either side.
    Spline {
        /// Samples on either side.
        half: usize,
    },
    /// Median of up to `half` valid samples on either side, as many before as after.
    Median {
        /// Samples on either side.
        half: usize,
    },
}

/// A sample of a track in its granule, with the values of that granule by row.
#[derive(Clone, Copy)]
pub struct At<'v> {
    /// The granule.
    pub granule: &'v Granule<'v>,
    /// Its values.
    pub value: &'v dyn Fn(usize) -> f64,
    /// The sample's row.
    pub row: usize,
}

/// Value of a variable along a track at `t_us`, between row `row` of the granule and the next; NaN when samples are
/// missing on one side or are more than `max_gap_us` away.
pub fn along(
    granule: &Granule,
    value: &dyn Fn(usize) -> f64,
    row: usize,
    t_us: i64,
    method: Along,
    max_gap_us: i64,
) -> f64 {
    between(At { granule, value, row }, At { granule, value, row: row + 1 }, (t_us, 0.0), method, max_gap_us)
}

/// The instant of a crossing between two samples, for [`between`]: its rounded time, and what was lost by rounding.
pub fn instant(before: &At, after: &At, rounded_us: i64, along: f64) -> (i64, f64) {
    let [start, stop] = [before, after].map(|at| at.granule.time(at.row));
    (rounded_us, (stop - start) as f64 * along - (rounded_us - start) as f64)
}

/// The same between two samples of a track that may lie in two granules, [`Crossover::i`] and [`Crossover::i_next`], at
/// `t_us` and a part of a microsecond after it: a crossing lies between the instants that a time can name.
pub fn between(before: At, after: At, (t_us, rest_us): (i64, f64), method: Along, max_gap_us: i64) -> f64 {
    let half = match method {
        Along::Linear => 1,
        Along::Spline { half } | Along::Median { half } => half.max(1),
    };
    let near = |at: &At, r: usize| {
        let (t, v) = (at.granule.time(r), (at.value)(r));
        let close = t != NO_TIME && t.saturating_sub(t_us).unsigned_abs() <= max_gap_us.max(0) as u64;
        (close && !v.is_nan()).then_some((t as f64 - t_us as f64 - rest_us, v))
    };
    let reach = 4 * half + 4;
    let rows = before.row.saturating_sub(reach)..=before.row;
    let before: Vec<(f64, f64)> = rows.rev().filter_map(|r| near(&before, r)).take(half).collect();
    let rows = after.row..(after.row + reach).min(after.granule.len());
    let after: Vec<(f64, f64)> = rows.filter_map(|r| near(&after, r)).take(half).collect();
    let (Some(a), Some(b)) = (before.first(), after.first()) else { return f64::NAN };
    match method {
        Along::Median { .. } => {
            // As many before as after: at the end of a file, or beside a gap, it would lie off the crossing otherwise.
            let n = before.len().min(after.len());
            let values: Vec<f64> = before[..n].iter().chain(&after[..n]).map(|s| s.1).collect();
            crate::stats::median(&values)
        }
        Along::Spline { .. } if before.len() + after.len() > 2 => {
            let mut samples = before;
            samples.reverse();
            samples.extend(after);
            spline(&samples)
        }
        _ if b.0 == a.0 => 0.5 * (a.1 + b.1),
        _ => a.1 + (b.1 - a.1) * (-a.0 / (b.0 - a.0)),
    }
}

/// Natural cubic spline through samples of rising abscissa, at 0 (de Boor 2001, chapter IV).
fn spline(s: &[(f64, f64)]) -> f64 {
    let n = s.len();
    // Second derivatives by the tridiagonal system, solved from front to back.
    let (mut c, mut d) = (vec![0.0; n], vec![0.0; n]);
    for k in 1..n - 1 {
        let (h0, h1) = (s[k].0 - s[k - 1].0, s[k + 1].0 - s[k].0);
        if h0 <= 0.0 || h1 <= 0.0 {
            return f64::NAN;
        }
        let right = 6.0 * ((s[k + 1].1 - s[k].1) / h1 - (s[k].1 - s[k - 1].1) / h0);
        let diagonal = 2.0 * (h0 + h1) - h0 * c[k - 1];
        c[k] = h1 / diagonal;
        d[k] = (right - h0 * d[k - 1]) / diagonal;
    }
    let mut second = vec![0.0; n];
    for k in (1..n - 1).rev() {
        second[k] = d[k] - c[k] * second[k + 1];
    }
    let k = s.iter().position(|v| v.0 > 0.0).unwrap_or(n - 1).max(1);
    let h = s[k].0 - s[k - 1].0;
    let (a, b) = (s[k].0 / h, -s[k - 1].0 / h);
    a * s[k - 1].1 + b * s[k].1 + ((a * a * a - a) * second[k - 1] + (b * b * b - b) * second[k]) * h * h / 6.0
}
