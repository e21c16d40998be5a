//! "Which cell of the swath holds this position?": bounding spheres over blocks of knots, then Newton's method.
//!
//! Where scans overlap (bow-tie) and where an orbit comes back over itself, several cells hold a place. The answer is the
//! one of them whose centre is nearest to it; of centres equally near, the first in the order of rows, then columns.

use glam::DVec3;

use super::CellHit;
use super::swath::{Quad, Swath, bilinear};

/// Knots along each side of a block.
const BLOCK: usize = 16;
/// Blocks along each side of a group.
const GROUP: usize = 16;
/// Knots of a block looked at, per direction; the last is the first of the next block, so that no quad is between blocks.
const SAMPLES: [usize; 4] = [0, 5, 10, BLOCK];
/// Blocks from which Newton's method is started before every knot near is looked at.
const STARTS: usize = 6;

/// A ball on the unit sphere's chord space. Negative radius: empty.
#[derive(Clone, Copy, Debug)]
struct Ball {
    centre: [f32; 3],
    radius: f32,
}

impl Ball {
    const EMPTY: Self = Self { centre: [0.0; 3], radius: -1.0 };

    fn around(points: &[DVec3], pad: f64) -> Self {
        if points.is_empty() {
            return Self::EMPTY;
        }
        let centre = points.iter().sum::<DVec3>() / points.len() as f64;
        let radius = points.iter().map(|p| p.distance(centre)).fold(0.0, f64::max) + pad;
        // 1e-6: rounding of the centre to f32.
        Self { centre: centre.as_vec3().to_array(), radius: radius as f32 + 1e-6 }
    }

    fn over(balls: impl Iterator<Item = Self> + Clone) -> Self {
        let full: Vec<(DVec3, f64)> =
            balls.filter(|b| b.radius >= 0.0).map(|b| (b.middle(), b.radius.into())).collect();
        if full.is_empty() {
            return Self::EMPTY;
        }
        let centre = full.iter().map(|b| b.0).sum::<DVec3>() / full.len() as f64;
        let radius = full.iter().map(|b| b.0.distance(centre) + b.1).fold(0.0, f64::max);
        Self { centre: centre.as_vec3().to_array(), radius: radius as f32 + 1e-6 }
    }

    fn middle(&self) -> DVec3 {
        DVec3::from_array(self.centre.map(f64::from))
    }

    fn holds(&self, p: DVec3) -> bool {
        self.radius >= 0.0 && self.middle().distance_squared(p) <= f64::from(self.radius) * f64::from(self.radius)
    }
}

/// Search index of a [`Swath`].
#[derive(Debug)]
pub(super) struct Finder {
    blocks: [usize; 2],
    groups: [usize; 2],
    balls: Vec<Ball>,
    group_balls: Vec<Ball>,
}

/// Knots from a sample within which a place may lie in a cell beside it.
const BESIDE: f64 = 6.0;

/// How Newton's method ended.
enum Solved {
    At(f64, f64),
    Outside,
    Lost,
}

impl Finder {
    pub fn new(swath: &Swath) -> Self {
        let blocks = swath.knots().map(|n| n.div_ceil(BLOCK));
        let groups = blocks.map(|n| n.div_ceil(GROUP));
        let spacing = swath.knot_spacing();
        let mut balls = Vec::with_capacity(blocks[0] * blocks[1]);
        for bi in 0..blocks[0] {
            for bj in 0..blocks[1] {
                // A single cell has no spacing: it is given 600 m (see `Swath::quad`).
                balls.push(block_ball(swath, bi, bj, spacing[0].max(spacing[1]).max(1e-4)));
            }
        }
        let mut group_balls = Vec::with_capacity(groups[0] * groups[1]);
        for gi in 0..groups[0] {
            for gj in 0..groups[1] {
                let members = block_indices(blocks, gi, gj).map(|(i, j)| balls[i * blocks[1] + j]);
                group_balls.push(Ball::over(members));
            }
        }
        Self { blocks, groups, balls, group_balls }
    }

    /// The cell holding the unit vector `target`; of several, the one with the nearest centre.
    pub fn find(&self, swath: &Swath, target: DVec3) -> Option<CellHit> {
        let near = self.blocks_near(target);
        let any = find_any(swath, &near, target)?;
        Some(nearest_centre(swath, &near, target, any))
    }

    fn blocks_near(&self, target: DVec3) -> Vec<(usize, usize)> {
        let mut near = Vec::new();
        for gi in 0..self.groups[0] {
            for gj in 0..self.groups[1] {
                if self.group_balls[gi * self.groups[1] + gj].holds(target) {
                    let inside = |b: &(usize, usize)| self.balls[b.0 * self.blocks[1] + b.1].holds(target);
                    near.extend(block_indices(self.blocks, gi, gj).filter(inside));
                }
            }
        }
        near
    }
}

/// A cell that holds the target, of the blocks near it.
fn find_any(swath: &Swath, near: &[(usize, usize)], target: DVec3) -> Option<CellHit> {
    let mut starts: Vec<(f64, usize, usize)> =
        near.iter().filter_map(|(bi, bj)| nearest_sample(swath, *bi, *bj, target)).collect();
    starts.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    let mut lost = starts.len() > STARTS || starts.len() < near.len();
    // Beside the poles of a tripolar grid a walk leaves the grid and never comes back to the cell it passed. So near to a
    // knot no walk is believed; farther out, where most questions come from, it is.
    let [down, along] = swath.knot_spacing();
    let beside = (BESIDE * down.max(along)).powi(2);
    for (d, i, j) in starts.into_iter().take(STARTS) {
        match newton(swath, target, i as f64, j as f64) {
            Solved::At(u, v) => match accept(swath, target, u, v) {
                Some(hit) => return Some(hit),
                None => lost = true,
            },
            Solved::Outside => lost |= d <= beside,
            Solved::Lost => lost = true,
        }
    }
    if lost { search_cells(swath, near, target) } else { None }
}

/// Chord from the target to the centre of the cell of a hit.
fn centre_distance(swath: &Swath, target: DVec3, hit: &CellHit) -> Option<f64> {
    let centre = |x: f64, n: usize| x.round().clamp(0.0, n as f64 - 1.0);
    let p = swath.lonlat_from_index(centre(hit.row, swath.shape[0]), centre(hit.col, swath.shape[1]))?;
    Some(p.up().distance(target))
}

/// Of all cells that hold the target, the one with the nearest centre; `hit` is one of them.
fn nearest_centre(swath: &Swath, near: &[(usize, usize)], target: DVec3, hit: CellHit) -> CellHit {
    let Some(mut best) = centre_distance(swath, target, &hit) else { return hit };
    // A centre is a knot, but for tie points: of these all quads near are looked at.
    let full = swath.knots() == swath.shape;
    let [down, along] = swath.knot_spacing();
    let reach = if full { best } else { best + 1.5 * down.max(along) };
    // Latitudes are compared first, because they need no trigonometry. 1.05: an angle below 1 rad to its chord.
    let lat_deg = target.z.clamp(-1.0, 1.0).asin().to_degrees();
    let slack_deg = if reach < 0.9 { (1.05 * reach).to_degrees() + 1e-9 } else { 180.0 };
    let mut knots: Vec<(f64, usize, usize)> = Vec::new();
    for (bi, bj) in near {
        for (i, j) in block_knots(swath, *bi, *bj) {
            // Written so that missing latitudes are left out, too.
            if (swath.knot_lat(i, j) - lat_deg).abs() <= slack_deg
                && let Some(p) = swath.knot(i, j)
            {
                let d = p.distance(target);
                if d <= reach {
                    knots.push((d, i, j));
                }
            }
        }
    }
    knots.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    knots.dedup();
    let mut found = hit;
    for (d, a, b) in knots {
        if full && d > best {
            break;
        }
        let before = |h: &CellHit| (h.row.round(), h.col.round()) < (found.row.round(), found.col.round());
        if let Some(other) = cell_holds(swath, target, a, b)
            && let Some(d) = centre_distance(swath, target, &other)
            && (d < best || d == best && before(&other))
        {
            (best, found) = (d, other);
        }
    }
    found
}

fn block_indices(blocks: [usize; 2], gi: usize, gj: usize) -> impl Iterator<Item = (usize, usize)> + Clone {
    let span = move |g: usize, n: usize| g * GROUP..((g + 1) * GROUP).min(n);
    span(gi, blocks[0]).flat_map(move |i| span(gj, blocks[1]).map(move |j| (i, j)))
}

/// Ball around the cells of a block, from 16 of its knots and a margin of their distances; from all knots where some are
/// missing.
fn block_ball(swath: &Swath, bi: usize, bj: usize, spacing: f64) -> Ball {
    let [nr, nc] = swath.knots();
    let mut points = [DVec3::ZERO; 16];
    let mut missing = false;
    for (a, di) in SAMPLES.into_iter().enumerate() {
        for (b, dj) in SAMPLES.into_iter().enumerate() {
            match swath.knot((bi * BLOCK + di).min(nr - 1), (bj * BLOCK + dj).min(nc - 1)) {
                Some(p) => points[a * 4 + b] = p,
                None => missing = true,
            }
        }
    }
    if missing {
        let all: Vec<DVec3> = block_knots(swath, bi, bj).filter_map(|(i, j)| swath.knot(i, j)).collect();
        let ball = Ball::around(&all, 3.0 * spacing);
        return Ball { radius: ball.radius * 1.25, ..ball };
    }
    let mut pad = 3.0 * spacing;
    for k in 0..16 {
        if k % 4 < 3 {
            pad = pad.max(points[k].distance(points[k + 1]));
        }
        if k < 12 {
            pad = pad.max(points[k].distance(points[k + 4]));
        }
    }
    Ball::around(&points, pad)
}

/// All knots of a block and the first of the next ones.
fn block_knots(swath: &Swath, bi: usize, bj: usize) -> impl Iterator<Item = (usize, usize)> {
    let [nr, nc] = swath.knots();
    let span = |b: usize, n: usize| b * BLOCK..((b + 1) * BLOCK + 1).min(n);
    let cols = span(bj, nc);
    span(bi, nr).flat_map(move |i| cols.clone().map(move |j| (i, j)))
}

/// The sampled knot of a block nearest to the target, with its squared distance.
fn nearest_sample(swath: &Swath, bi: usize, bj: usize, target: DVec3) -> Option<(f64, usize, usize)> {
    let [nr, nc] = swath.knots();
    let mut best: Option<(f64, usize, usize)> = None;
    for di in [2, 7, 13] {
        for dj in [2, 7, 13] {
            let (i, j) = ((bi * BLOCK + di).min(nr - 1), (bj * BLOCK + dj).min(nc - 1));
            if let Some(p) = swath.knot(i, j) {
                let d = p.distance_squared(target);
                if best.is_none_or(|b| d < b.0) {
                    best = Some((d, i, j));
                }
            }
        }
    }
    best
}

/// One step of Newton's method in the gnomonic plane about `target`; `None` when the plane is not usable.
fn newton_step(q: &Quad, target: DVec3, axes: (DVec3, DVec3), f: f64, g: f64) -> Option<(f64, f64)> {
    let b = bilinear(q, f, g);
    let df = (q[2] - q[0]) * (1.0 - g) + (q[3] - q[1]) * g;
    let dg = (q[1] - q[0]) * (1.0 - f) + (q[3] - q[2]) * f;
    let w = b.dot(target);
    if w < 0.1 {
        return None;
    }
    let plane = |d: DVec3| (d.dot(axes.0), d.dot(axes.1));
    let ((x, y), (xf, yf), (xg, yg)) = (plane(b), plane(df), plane(dg));
    let (x, y) = (x / w, y / w);
    let (tf, tg) = (df.dot(target), dg.dot(target));
    let (xf, yf, xg, yg) = ((xf - x * tf) / w, (yf - y * tf) / w, (xg - x * tg) / w, (yg - y * tg) / w);
    let det = xf * yg - xg * yf;
    if det == 0.0 || !det.is_finite() {
        return None;
    }
    Some((-(x * yg - xg * y) / det, -(xf * y - x * yf) / det))
}

/// Walks over the quads to the place of `target`, from knot `(u, v)`.
fn newton(swath: &Swath, target: DVec3, mut u: f64, mut v: f64) -> Solved {
    let axes = target.any_orthonormal_pair();
    let [nr, nc] = swath.knots();
    let mut at_border = 0;
    for _ in 0..24 {
        let i = (u.floor().max(0.0) as usize).min(nr.saturating_sub(2));
        let j = (v.floor().max(0.0) as usize).min(nc.saturating_sub(2));
        let Some(q) = swath.quad(i, j) else { return Solved::Lost };
        let Some((du, dv)) = newton_step(&q, target, axes, u - i as f64, v - j as f64) else { return Solved::Lost };
        let (nu, nv) = (u + du.clamp(-64.0, 64.0), v + dv.clamp(-64.0, 64.0));
        let (cu, cv) = (nu.clamp(-1.0, nr as f64), nv.clamp(-1.0, nc as f64));
        let clamped = (cu, cv) != (nu, nv);
        (u, v) = (cu, cv);
        if du.abs().max(dv.abs()) < 1e-9 {
            return Solved::At(u, v);
        }
        at_border = if clamped { at_border + 1 } else { 0 };
        if at_border == 4 {
            return Solved::Outside;
        }
    }
    Solved::Lost
}

/// The index of a solution, when it lies on the cells and leads back to the target.
fn accept(swath: &Swath, target: DVec3, u: f64, v: f64) -> Option<CellHit> {
    let hit = swath.index_from_knot(u, v)?;
    let back = swath.lonlat_from_index(hit.row, hit.col)?.up();
    let [down, along] = swath.knot_spacing();
    (back.distance(target) <= 1e-3 * down.max(along).max(1e-6)).then_some(hit)
}

/// Looks at the cells around the nearest knot of the blocks, each with the quads beside it: finds cells at the edge of
/// gaps and in folded swaths.
fn search_cells(swath: &Swath, near: &[(usize, usize)], target: DVec3) -> Option<CellHit> {
    let mut best: Option<(f64, usize, usize)> = None;
    for (bi, bj) in near {
        for (i, j) in block_knots(swath, *bi, *bj) {
            let Some(p) = swath.knot(i, j) else { continue };
            let d = p.distance_squared(target);
            if best.is_none_or(|b| d < b.0) {
                best = Some((d, i, j));
            }
        }
    }
    let (_, i, j) = best?;
    let [nr, nc] = swath.knots();
    let mut around: Vec<(f64, usize, usize)> = Vec::with_capacity(9);
    for a in i.saturating_sub(1)..=(i + 1).min(nr - 1) {
        for b in j.saturating_sub(1)..=(j + 1).min(nc - 1) {
            around.extend(swath.knot(a, b).map(|p| (p.distance_squared(target), a, b)));
        }
    }
    around.sort_by(|a, b| a.0.total_cmp(&b.0));
    around.into_iter().find_map(|(_, a, b)| cell_holds(swath, target, a, b))
}

/// Whether the cell around knot `(a, b)` holds the target.
fn cell_holds(swath: &Swath, target: DVec3, a: usize, b: usize) -> Option<CellHit> {
    let axes = target.any_orthonormal_pair();
    // Tie points stand for many cells: the whole quad is theirs.
    let reach = if swath.knots() == swath.shape { 0.5 + 1e-6 } else { 1.0 };
    swath.quads_beside(a, b).find_map(|(q, (i, j))| {
        let (mut f, mut g) = (a as f64 - i as f64, b as f64 - j as f64);
        for _ in 0..8 {
            let (df, dg) = newton_step(&q, target, axes, f, g)?;
            (f, g) = (f + df.clamp(-1.0, 1.0), g + dg.clamp(-1.0, 1.0));
        }
        let (u, v) = (i as f64 + f, j as f64 + g);
        let inside = (u - a as f64).abs() <= reach && (v - b as f64).abs() <= reach;
        inside.then(|| accept(swath, target, u, v)).flatten()
    })
}
