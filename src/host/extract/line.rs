//! Lines over the sphere: how far a place is from them, and which cells they cross.

use std::collections::HashSet;

use glam::DVec3;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::Geolocation;
use seaglass_core::shapes::{Geometry, along};

/// Mean radius of the Earth (IUGG), metres.
const RADIUS_M: f64 = 6_371_008.8;
/// Chords stay so near to the line, metres.
const SAG_M: f64 = 1.0;
/// Pieces of one edge at most.
const PIECES: usize = 4096;
/// A piece of the line is first looked at in steps of so many metres; what lies between is found by halving.
const STEP_M: f64 = 2000.0;
/// Steps looked at first, at most.
const MOST_STEPS: f64 = 200_000.0;
/// Pieces shorter than this are not halved any more, metres: a line that touches a corner has no cell there.
const FINE_M: f64 = 1.0;

/// Row and column of a cell; none outside.
type Cell = Option<(i64, i64)>;

struct Segment {
    a: DVec3,
    b: DVec3,
    /// Of the great circle.
    normal: DVec3,
    /// Metres from the beginning of the line to `a`.
    before_m: f64,
    length_m: f64,
}

/// A line prepared for many questions.
pub struct Path {
    segments: Vec<Segment>,
}

fn angle(a: DVec3, b: DVec3) -> f64 {
    a.cross(b).length().atan2(a.dot(b))
}

impl Path {
    /// The lines of a shape.
    pub fn new(geometry: &Geometry) -> Self {
        let mut segments = Vec::new();
        let mut before_m = 0.0;
        for line in &geometry.lines {
            let mut places: Vec<LonLat> = Vec::new();
            for p in &line.places {
                match places.last().copied() {
                    None => places.push(*p),
                    Some(from) => places.extend(along(from, *p, geometry.edges, SAG_M, PIECES)),
                }
            }
            for w in places.windows(2) {
                let (a, b) = (w[0].up(), w[1].up());
                let length_m = angle(a, b) * RADIUS_M;
                if length_m > 0.0 {
                    segments.push(Segment { a, b, normal: a.cross(b).normalize(), before_m, length_m });
                    before_m += length_m;
                }
            }
        }
        Self { segments }
    }

    /// Metres from the line, and metres along it to the nearest place on it, on the sphere of mean radius.
    pub fn nearest_m(&self, p: LonLat) -> (f64, f64) {
        let p = p.up();
        let mut best = (f64::INFINITY, 0.0);
        for s in &self.segments {
            // The foot of the perpendicular, where it lies within the segment.
            let across = p.dot(s.normal).clamp(-1.0, 1.0).asin();
            let foot = (p - s.normal * p.dot(s.normal)).normalize_or_zero();
            let within = s.a.cross(foot).dot(s.normal) >= 0.0 && foot.cross(s.b).dot(s.normal) >= 0.0;
            let (away, on) = if within && foot != DVec3::ZERO {
                (across.abs(), angle(s.a, foot))
            } else {
                let (to_a, to_b) = (angle(p, s.a), angle(p, s.b));
                if to_a <= to_b { (to_a, 0.0) } else { (to_b, s.length_m / RADIUS_M) }
            };
            if away * RADIUS_M < best.0 {
                best = (away * RADIUS_M, s.before_m + on * RADIUS_M);
            }
        }
        best
    }

    /// Row-major numbers of the cells of a raster that the line crosses.
    pub fn crossed(&self, positions: &Geolocation) -> HashSet<u64> {
        let [rows, cols] = positions.shape();
        let total: f64 = self.segments.iter().map(|s| s.length_m).sum();
        let step_m = STEP_M.max(total / MOST_STEPS);
        let cell = |p: LonLat| -> Cell {
            let hit = positions.index_from_lonlat(p.normalized(), 0.0)?;
            let at = |x: f64, n: usize| (x.round().max(0.0) as i64).min(n as i64 - 1);
            Some((at(hit.row, rows), at(hit.col, cols)))
        };
        let mut found = HashSet::new();
        let mut keep = |c: Cell| {
            if let Some((row, col)) = c {
                found.insert(row as u64 * cols as u64 + col as u64);
            }
        };
        for s in &self.segments {
            let n = (s.length_m / step_m).ceil().max(1.0) as usize;
            let at = |t: f64| {
                let up = (s.a * (1.0 - t) + s.b * t).normalize_or_zero();
                LonLat::new(up.y.atan2(up.x).to_degrees(), up.z.clamp(-1.0, 1.0).asin().to_degrees())
            };
            let mut open: Vec<(f64, f64, Cell, Cell)> = Vec::new();
            let mut last = cell(at(0.0));
            keep(last);
            for k in 1..=n {
                let here = cell(at(k as f64 / n as f64));
                keep(here);
                open.push(((k - 1) as f64 / n as f64, k as f64 / n as f64, last, here));
                last = here;
            }
            while let Some((t0, t1, from, to)) = open.pop() {
                // Neighbours over an edge have nothing between them.
                let settled = match (from, to) {
                    (Some(a), Some(b)) => (a.0 - b.0).abs() + (a.1 - b.1).abs() <= 1,
                    (a, b) => a == b,
                };
                if settled || (t1 - t0) * s.length_m < FINE_M {
                    continue;
                }
                let t = (t0 + t1) / 2.0;
                let middle = cell(at(t));
                keep(middle);
                open.push((t0, t, from, middle));
                open.push((t, t1, middle, to));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaglass_core::geolocation::{Axis, Crs, Grid};
    use seaglass_core::shapes::ShapeKind;

    fn line(places: &[(f64, f64)]) -> Path {
        let places = places.iter().map(|(lon, lat)| LonLat::new(*lon, *lat)).collect();
        Path::new(&Geometry::simple(ShapeKind::Polyline, places))
    }

    #[test]
    fn distances_from_the_equator_are_latitudes() {
        let path = line(&[(170.0, 0.0), (-170.0, 0.0)]);
        // The normal of the ellipsoid: an angle of one degree on the sphere of mean radius is 111 195.08 m.
        let (away, on) = path.nearest_m(LonLat::new(180.0, 2.0));
        assert!((away - 2.0 * 111_195.08).abs() < 1.0 && (on - 10.0 * 111_195.08).abs() < 1.0, "{away} {on}");
        let (away, on) = path.nearest_m(LonLat::new(169.0, 0.0));
        assert!((away - 111_195.08).abs() < 1.0 && on == 0.0, "{away} {on}");
        let (away, on) = path.nearest_m(LonLat::new(-169.0, 0.0));
        assert!((away - 111_195.08).abs() < 1.0 && (on - 20.0 * 111_195.08).abs() < 1.0, "{away} {on}");
    }

    #[test]
    fn cells_of_a_one_degree_grid() {
        let axis = |first: f64, n: usize| Axis::from_centres((0..n).map(|k| first + k as f64).collect());
        let grid = Geolocation::Grid(Grid::new(axis(-89.5, 180), axis(-179.5, 360), Crs::LonLat).unwrap());
        // Along the parallel of the centres, over the dateline.
        let cells = line(&[(178.2, 0.5), (-178.2, 0.5)]).crossed(&grid);
        let want: HashSet<u64> = [358, 359, 0, 1].iter().map(|c| 90 * 360 + c).collect();
        assert_eq!(cells, want);
        // Up a meridian: one cell a row, from the first to the last.
        let cells = line(&[(10.4, -20.4), (10.4, 20.4)]).crossed(&grid);
        let want: HashSet<u64> = (69..=110).map(|r| r * 360 + 190).collect();
        assert_eq!(cells, want);
        // A diagonal near the equator crosses an edge at each step: no cell is left out between two of them.
        let cells = line(&[(0.25, 0.5), (10.25, 9.9)]).crossed(&grid);
        let mut sorted: Vec<(u64, u64)> = cells.iter().map(|c| (c / 360, c % 360)).collect();
        sorted.sort_unstable();
        assert!(sorted.windows(2).all(|w| w[0].0.abs_diff(w[1].0) + w[0].1.abs_diff(w[1].1) == 1), "{sorted:?}");
    }
}
