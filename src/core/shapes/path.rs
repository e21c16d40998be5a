//! Ways along edges: places between vertices, lengths, samples at even distances.

use glam::DVec3;

use super::{Edges, Geometry};
use crate::geo::{LonLat, wrap_180};

/// Mean radius of the Earth (IUGG), metres.
const RADIUS_M: f64 = 6_371_008.8;
/// Straight edges along a parallel at least so long go round the Earth: outlines of global grids end half a cell before
/// the dateline.
const WHOLE_TURN_DEG: f64 = 355.0;

fn place_of(up: DVec3) -> LonLat {
    LonLat::new(up.y.atan2(up.x).to_degrees(), up.z.atan2(up.x.hypot(up.y)).to_degrees())
}

/// Degrees of longitude from `a` to `b` along an edge. A straight edge along a parallel that spans all but a few degrees of a turn goes
/// round: it is the side of a box around the Earth. Every other edge takes the short way.
pub(super) fn step_lon(a: LonLat, b: LonLat, edges: Edges) -> f64 {
    let step = b.lon_deg - a.lon_deg;
    if edges == Edges::Straight && (step.abs() <= 180.0 || (step.abs() >= WHOLE_TURN_DEG && a.lat_deg == b.lat_deg)) {
        return step;
    }
    let short = wrap_180(step);
    // Half a turn has no short way; the one written is taken.
    if short == -180.0 && step > 0.0 { 180.0 } else { short }
}

/// The place at a share `t` of an edge.
pub(super) fn between(a: LonLat, b: LonLat, edges: Edges, t: f64) -> LonLat {
    match edges {
        Edges::Straight => LonLat::new(a.lon_deg + step_lon(a, b, edges) * t, a.lat_deg + (b.lat_deg - a.lat_deg) * t),
        Edges::GreatCircle => {
            let (u, v) = (a.up(), b.up());
            let angle = u.cross(v).length().atan2(u.dot(v));
            if angle < 1e-12 {
                return a;
            }
            if std::f64::consts::PI - angle < 1e-9 {
                // Opposite places have no great circle of their own: over the nearer pole.
                let pole = if a.lat_deg + b.lat_deg >= 0.0 { 90.0 } else { -90.0 };
                let via = LonLat::new(a.lon_deg, pole);
                return if t < 0.5 {
                    between(a, via, edges, 2.0 * t)
                } else {
                    between(LonLat::new(b.lon_deg, pole), b, edges, 2.0 * t - 1.0)
                };
            }
            place_of((u * ((1.0 - t) * angle).sin() + v * (t * angle).sin()) / angle.sin())
        }
    }
}

/// The middle of an edge.
pub fn edge_middle(a: LonLat, b: LonLat, edges: Edges) -> LonLat {
    between(a, b, edges, 0.5)
}

/// Places along an edge so close that chords stay within `sag_m` of it: from `a` (left out) to `b`, which keeps its turn
/// beside `a`. At most `most` of them.
pub fn along(a: LonLat, b: LonLat, edges: Edges, sag_m: f64, most: usize) -> impl Iterator<Item = LonLat> {
    let step = (8.0 * sag_m.max(1e-3) / RADIUS_M).sqrt().clamp(1e-6, 0.2);
    let span = match edges {
        Edges::GreatCircle => {
            let (u, v) = (a.up(), b.up());
            u.cross(v).length().atan2(u.dot(v))
        }
        Edges::Straight => {
            let dlon = step_lon(a, b, edges).to_radians();
            (b.lat_deg - a.lat_deg).to_radians().hypot(dlon)
        }
    };
    let pieces = (span / step).ceil().clamp(1.0, most.max(1) as f64) as usize;
    let end = LonLat::new(a.lon_deg + step_lon(a, b, edges), b.lat_deg);
    (1..=pieces).map(move |k| if k == pieces { end } else { between(a, b, edges, k as f64 / pieces as f64) })
}

/// Longitudes of a line moved by whole turns so that each edge keeps its way; for rings also how far the last edge
/// leads: ±360 around a pole.
pub fn unwrapped(places: &[LonLat], closed: bool, edges: Edges) -> (Vec<LonLat>, f64) {
    let mut out: Vec<LonLat> = Vec::with_capacity(places.len());
    let mut lon = places.first().map_or(0.0, |p| p.lon_deg);
    let mut last: Option<LonLat> = None;
    for p in places {
        if let Some(last) = last {
            lon += step_lon(last, *p, edges);
            // Whole turns from where it was written: sums would gather rounding along a coast.
            lon = p.lon_deg + 360.0 * ((lon - p.lon_deg) / 360.0).round();
        }
        last = Some(*p);
        out.push(LonLat::new(lon, p.lat_deg));
    }
    let turn = match (closed, places.first(), last) {
        (true, Some(first), Some(last)) => lon + step_lon(last, *first, edges) - first.lon_deg,
        _ => 0.0,
    };
    (out, turn)
}

/// A place along a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Where.
    pub place: LonLat,
    /// Metres along the sphere of mean radius from the beginning of the first line.
    pub distance_m: f64,
}

/// Length of all lines of a geometry over the sphere of mean radius, metres; rings are closed.
pub fn length_m(geometry: &Geometry) -> f64 {
    let closed = geometry.kind == super::ShapeKind::Polygon;
    geometry
        .lines
        .iter()
        .map(|line| {
            let n = line.places.len();
            let edges = if closed { n } else { n.saturating_sub(1) };
            (0..edges).map(|k| edge_m(line.places[k], line.places[(k + 1) % n], geometry.edges)).sum::<f64>()
        })
        .sum()
}

fn edge_m(a: LonLat, b: LonLat, edges: Edges) -> f64 {
    let mut last = a;
    let mut sum = 0.0;
    for p in along(a, b, edges, 50.0, 4096) {
        sum += last.approx_distance_m(&p);
        last = p;
    }
    sum
}

impl Geometry {
    /// `n` places at even distances along its lines, both ends included.
    pub fn samples(&self, n: usize) -> Vec<Sample> {
        let mut fine: Vec<(f64, LonLat, bool)> = Vec::new();
        let mut sum = 0.0;
        for line in &self.lines {
            let mut last: Option<LonLat> = None;
            for p in &line.places {
                match last {
                    None => fine.push((sum, *p, true)),
                    Some(from) => {
                        let mut before = from;
                        for q in along(from, *p, self.edges, 5.0, 4096) {
                            sum += before.approx_distance_m(&q);
                            fine.push((sum, q, false));
                            before = q;
                        }
                    }
                }
                last = Some(*p);
            }
        }
        if fine.len() < 2 || n < 2 || sum <= 0.0 {
            return fine.first().map(|f| Sample { place: f.1, distance_m: 0.0 }).into_iter().collect();
        }
        let mut at = 0;
        (0..n)
            .map(|k| {
                let distance_m = sum * k as f64 / (n - 1) as f64;
                while at + 2 < fine.len() && (fine[at + 1].0 < distance_m || fine[at + 1].2) {
                    at += 1;
                }
                let ((d0, a, _), (d1, b, _)) = (fine[at], fine[at + 1]);
                let t = if d1 > d0 { ((distance_m - d0) / (d1 - d0)).clamp(0.0, 1.0) } else { 0.0 };
                Sample { place: between(a, b, self.edges, t).normalized(), distance_m }
            })
            .collect()
    }
}
