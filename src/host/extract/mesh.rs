//! The common grid of an extraction: cells over the box of a polygon, or samples along a line.
//!
//! The published client finds the place of a cell between 8 × 8 control points by great circles, first along the rows and
//! then across them. Cells lie here where it will look for them.

use std::sync::Arc;

use glam::DVec3;
use seaglass_core::geo::LonLat;
use seaglass_core::notebook::ControlPoint;
use seaglass_core::shapes::{Geometry, Inside, ShapeKind, length_m};

/// Control points along each side, as the client has it.
const SIDE: usize = 8;
/// Fewest cells along a side: control points need cells of their own.
const FEWEST: usize = SIDE;
/// Most cells along a side, and most samples of a line.
const MOST: usize = 2048;
/// Metres of a degree of latitude, about.
const DEGREE_M: f64 = 111_195.0;

/// Where the cells of an extraction lie. Row 0 is the southern edge.
#[derive(Clone, Debug)]
pub struct Mesh {
    /// Columns; samples of a line.
    pub cols: usize,
    /// Rows; 1 for a line.
    pub rows: usize,
    /// Place of every cell, row by row.
    pub places: Vec<LonLat>,
    /// Which cells belong to the shape.
    pub inside: Vec<bool>,
    /// Control points for the client.
    pub points: Vec<ControlPoint>,
    /// Metres from sample to sample of a line; 0 for areas.
    pub spacing_m: f64,
    /// West, south, degrees a cell east and north, of an area.
    frame: [f64; 4],
}

impl Mesh {
    /// The mesh of a shape whose cells are about so large; `None` for shapes without an extent.
    pub fn new(geometry: &Arc<Geometry>, cell_m: f64, most_cells: usize) -> Option<Self> {
        match geometry.kind {
            ShapeKind::Polygon => Self::area(geometry, cell_m, most_cells),
            ShapeKind::Polyline => Self::line(geometry, cell_m, most_cells),
            ShapeKind::Point => None,
        }
    }

    fn area(geometry: &Geometry, cell_m: f64, most_cells: usize) -> Option<Self> {
        let b = geometry.bounds()?;
        let (width, height) = (b.east - b.west, b.north - b.south);
        let widest = if b.south <= 0.0 && b.north >= 0.0 { 0.0 } else { b.south.abs().min(b.north.abs()) };
        let count = |metres: f64| (metres / cell_m.max(1e-3)).ceil().clamp(FEWEST as f64, MOST as f64);
        let cols = count(width * DEGREE_M * widest.to_radians().cos());
        let rows = count(height * DEGREE_M);
        let shrink = (cols * rows / most_cells.max(FEWEST * FEWEST) as f64).sqrt().max(1.0);
        let [cols, rows] = [cols, rows].map(|n| ((n / shrink) as usize).max(FEWEST));
        let (dlon, dlat) = (width / cols as f64, height / rows as f64);
        let at = |k: usize, n: usize| (k * (n - 1) + (SIDE - 1) / 2) / (SIDE - 1);
        let knots = |n: usize| -> [usize; SIDE] { std::array::from_fn(|k| at(k, n)) };
        let (across, up) = (knots(cols), knots(rows));
        let place = |col: usize, row: usize| {
            LonLat::new(b.west + (col as f64 + 0.5) * dlon, b.south + (row as f64 + 0.5) * dlat)
        };
        let mut points = Vec::with_capacity(SIDE * SIDE);
        for row in up {
            points.extend(across.map(|col| control(place(col, row), col, row)));
        }
        let ways: [[DVec3; SIDE]; SIDE] = up.map(|row| across.map(|col| place(col, row).up()));
        let inside = Inside::new(geometry);
        let mut places = Vec::with_capacity(cols * rows);
        for row in 0..rows {
            let (r, v) = share(&up, row);
            for col in 0..cols {
                let (c, u) = share(&across, col);
                let south = slerp(ways[r][c], ways[r][c + 1], u);
                let north = slerp(ways[r + 1][c], ways[r + 1][c + 1], u);
                let up = slerp(south, north, v);
                places.push(LonLat::new(up.y.atan2(up.x).to_degrees(), up.z.clamp(-1.0, 1.0).asin().to_degrees()));
            }
        }
        let inside = places.iter().map(|p| inside.contains(*p)).collect();
        Some(Self { cols, rows, places, inside, points, spacing_m: 0.0, frame: [b.west, b.south, dlon, dlat] })
    }

    fn line(geometry: &Geometry, cell_m: f64, most_cells: usize) -> Option<Self> {
        let length = length_m(geometry);
        let most = most_cells.clamp(2, MOST);
        let n = ((length / cell_m.max(1e-3)).ceil() as usize + 1).clamp(FEWEST, most);
        let samples = geometry.samples(n);
        if samples.len() < 2 {
            return None;
        }
        let places: Vec<LonLat> = samples.iter().map(|s| s.place).collect();
        let points = places.iter().enumerate().map(|(k, p)| control(*p, k, 0)).collect();
        let cols = places.len();
        let spacing_m = length / (cols - 1) as f64;
        Some(Self { cols, rows: 1, inside: vec![true; cols], places, points, spacing_m, frame: [0.0; 4] })
    }

    /// The cell of an area that is nearest to a place, about: where its columns and rows would lie without bends.
    pub fn cell_of(&self, p: LonLat) -> Option<usize> {
        let [west, south, dlon, dlat] = self.frame;
        let col = ((p.lon_deg - west).rem_euclid(360.0) / dlon).floor();
        let row = ((p.lat_deg - south) / dlat).floor();
        let fits = col >= 0.0 && row >= 0.0 && (col as usize) < self.cols && (row as usize) < self.rows;
        fits.then(|| row as usize * self.cols + col as usize)
    }
}

/// The interval of control points a cell lies in, and its share of it.
fn share(knots: &[usize; SIDE], k: usize) -> (usize, f64) {
    let at = knots.partition_point(|n| *n <= k).clamp(1, SIDE - 1) - 1;
    (at, (k as f64 - knots[at] as f64) / (knots[at + 1] - knots[at]) as f64)
}

fn control(p: LonLat, col: usize, row: usize) -> ControlPoint {
    let (lon_deg, lat_deg) = (p.lon_deg as f32, p.lat_deg as f32);
    ControlPoint { time_ms: 0, lon_deg, lat_deg, col: col as u32, row: row as u32 }
}

fn slerp(a: DVec3, b: DVec3, t: f64) -> DVec3 {
    let angle = a.cross(b).length().atan2(a.dot(b));
    if angle < 1e-12 {
        return a;
    }
    (a * ((1.0 - t) * angle).sin() + b * (t * angle).sin()) / angle.sin()
}

/// The vertices of a shape for the client.
pub fn vertices(geometry: &Geometry) -> Vec<ControlPoint> {
    let places = geometry.lines.iter().flat_map(|l| &l.places);
    places.enumerate().map(|(k, p)| control(*p, k, 0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polygon(places: &[(f64, f64)]) -> Arc<Geometry> {
        let places = places.iter().map(|(lon, lat)| LonLat::new(*lon, *lat)).collect();
        Arc::new(Geometry::simple(ShapeKind::Polygon, places))
    }

    #[test]
    fn the_grid_of_an_area() {
        let m = Mesh::new(&polygon(&[(175.0, -5.0), (-175.0, -5.0), (-175.0, 5.0), (175.0, 5.0)]), 50_000.0, 1 << 20)
            .unwrap();
        // 10 degrees by 10 in cells of half a degree, and a little more.
        assert!((20..=25).contains(&m.cols) && (20..=25).contains(&m.rows), "{} x {}", m.cols, m.rows);
        assert_eq!(m.points.len(), 64);
        for w in m.points.chunks(8) {
            assert!(w.windows(2).all(|p| p[0].col < p[1].col && p[0].row == p[1].row && p[0].lon_deg < p[1].lon_deg));
        }
        assert!(m.points[0].lat_deg < m.points[63].lat_deg, "row 0 lies in the south");
        assert_eq!((m.points[0].col, m.points[0].row), (0, 0));
        assert_eq!((m.points[63].col as usize, m.points[63].row as usize), (m.cols - 1, m.rows - 1));
        // Every cell lies in the box but those that great circles carry over its edge.
        let inside = m.inside.iter().filter(|i| **i).count();
        assert!(inside * 100 >= m.places.len() * 90, "{inside} of {}", m.places.len());
        for p in &m.places {
            assert!(p.lon_deg.abs() >= 175.0 - 1e-6 && p.lat_deg.abs() <= 5.1, "{p:?}");
        }
    }

    #[test]
    fn small_areas_have_room_for_control_points_and_large_ones_are_bounded() {
        let m = Mesh::new(&polygon(&[(0.0, 0.0), (0.01, 0.0), (0.0, 0.01)]), 1e6, 1 << 20).unwrap();
        assert_eq!((m.cols, m.rows), (8, 8));
        let m = Mesh::new(&polygon(&[(0.0, 0.0), (80.0, 0.0), (80.0, 60.0), (0.0, 60.0)]), 10.0, 10_000).unwrap();
        assert!(m.cols * m.rows <= 10_000, "{} x {}", m.cols, m.rows);
    }

    #[test]
    fn samples_of_a_line() {
        let places = vec![LonLat::new(0.0, 0.0), LonLat::new(10.0, 0.0)];
        let line = Arc::new(Geometry::simple(ShapeKind::Polyline, places));
        let m = Mesh::new(&line, 111_195.0, 1 << 20).unwrap();
        assert_eq!((m.rows, m.points.len(), m.places.len()), (1, m.cols, m.cols));
        assert!((11..=12).contains(&m.cols), "{}", m.cols);
        assert!((m.places[m.cols - 1].lon_deg - 10.0).abs() < 1e-9 && m.spacing_m > 0.0);
    }
}
