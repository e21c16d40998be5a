//! Outlines for the catalogue: a ring around rasters, a thinned line along tracks.

use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::Geolocation;

/// Vertices at most, about.
const VERTICES: usize = 96;

/// The outline; empty for points, for several trajectories (no line runs from one to the next) and for what covers the
/// whole Earth.
pub fn of(g: &Geolocation) -> Vec<LonLat> {
    match g {
        Geolocation::Points(_) => Vec::new(),
        Geolocation::Track(t) if t.starts.len() > 1 => Vec::new(),
        Geolocation::Track(t) => {
            let n = t.lon.len();
            let step = n.div_ceil(VERTICES).max(1);
            let mut line: Vec<LonLat> = (0..n).step_by(step).filter_map(|k| t.lonlat(k)).collect();
            line.extend(n.checked_sub(1).and_then(|k| t.lonlat(k)));
            line
        }
        Geolocation::Grid(grid) if grid.wraps() => Vec::new(),
        _ => ring(g),
    }
}

/// Walks the outermost valid cells: on each side, the valid cell nearest to the edge.
fn ring(g: &Geolocation) -> Vec<LonLat> {
    let [rows, cols] = g.shape();
    if rows == 0 || cols == 0 {
        return Vec::new();
    }
    let along = (VERTICES / 4).max(2);
    let at = |n: usize, k: usize| (n - 1) * k / (along - 1);
    // How far from an edge a valid cell is looked for.
    let inward = |n: usize| (0..n).step_by((n / 48).max(1)).take(48);
    let mut out = Vec::with_capacity(VERTICES);
    for k in 0..along {
        out.extend(first(g, inward(rows).map(|r| (r, at(cols, k)))));
    }
    for k in 1..along {
        out.extend(first(g, inward(cols).map(|c| (at(rows, k), cols - 1 - c))));
    }
    for k in (0..along - 1).rev() {
        out.extend(first(g, inward(rows).map(|r| (rows - 1 - r, at(cols, k)))));
    }
    for k in (1..along - 1).rev() {
        out.extend(first(g, inward(cols).map(|c| (at(rows, k), c))));
    }
    out
}

fn first(g: &Geolocation, mut cells: impl Iterator<Item = (usize, usize)>) -> Option<LonLat> {
    cells.find_map(|(r, c)| g.lonlat_from_index(r as f64, c as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaglass_core::coord::CoordArray;
    use seaglass_core::geolocation::Series;

    #[test]
    fn no_line_runs_from_one_trajectory_to_the_next() {
        let track = |starts: Vec<usize>| {
            let lon = CoordArray::F64((0..40).map(f64::from).collect());
            let lat = CoordArray::F64((0..40).map(|k| if k < 20 { 50.0 } else { -50.0 }).collect());
            of(&Geolocation::Track(Series { lon, lat, time_us: Vec::new(), starts }))
        };
        assert_eq!(track(vec![0]).len(), 41, "every sample, and the last once more");
        assert!(track(vec![0, 20]).is_empty());
    }
}
