//! Fewer tie points for large swaths: what a picture needs of the positions is a small part of them.

use glam::DVec3;

use super::swath::{Swath, bilinear, median_spacing, spacing_samples};
use crate::coord::CoordArray;
use crate::geo::LonLat;

/// Smaller swaths are passed on as they are.
const MIN_CELLS: usize = 100_000;
/// Distances of tie points tried, cells.
const STRIDES: [usize; 3] = [16, 8, 4];
/// Those that a [`TieSample`] serves; of closer ones it would be no small part of the positions any more.
const SAMPLED_STRIDES: [usize; 2] = [16, 8];

impl Swath {
    /// The swath with tie points every 16, 8 or 4 cells, when interpolation between them finds the cells within
    /// `tolerance_cells` of their size. That is checked in the middle of every tie-point quad, where bilinear
    /// interpolation errs most. `None` for small swaths, tie points already, missing positions, and positions that vary
    /// too much (scan gaps, folded scans).
    pub fn decimated(&self, tolerance_cells: f64) -> Option<Self> {
        let [rows, cols] = self.shape;
        if rows * cols < MIN_CELLS
            || self.knots() != self.shape
            || !all_valid(&self.lon, 540.0)
            || !all_valid(&self.lat, 90.0)
        {
            return None;
        }
        let up = |r: usize, c: usize| self.knot(r, c);
        let [tie_rows, tie_cols] = choose(self.shape, &STRIDES, self.knot_spacing(), tolerance_cells, up)?;
        let at = |r: u32, c: u32| r as usize * cols + c as usize;
        let pick: Vec<usize> = tie_rows.iter().flat_map(|r| tie_cols.iter().map(move |c| at(*r, *c))).collect();
        let (lon, lat) = (gather(&self.lon, &pick), gather(&self.lat, &pick));
        Self::new(self.shape, tie_rows, tie_cols, lon, lat, self.time_us.clone()).ok()
    }
}

/// The rows and columns of a large swath whose positions are enough to choose its tie points and to check them: every
/// fourth or so. A reader that has looked at all positions anyway need not keep the others.
#[derive(Clone, Debug, PartialEq)]
pub struct TieSample {
    shape: [usize; 2],
    lines: [Vec<u32>; 2],
}

impl TieSample {
    /// For a swath of that shape; `None` for small ones, which are passed on as they are.
    pub fn new(shape: [usize; 2]) -> Option<Self> {
        if shape[0].saturating_mul(shape[1]) < MIN_CELLS || shape.iter().any(|n| u32::try_from(*n).is_err()) {
            return None;
        }
        Some(Self { shape, lines: shape.map(sampled) })
    }

    /// The rows, ascending.
    pub fn rows(&self) -> &[u32] {
        &self.lines[0]
    }

    /// The columns, ascending.
    pub fn cols(&self) -> &[u32] {
        &self.lines[1]
    }

    /// What [`Swath::decimated`] gives for the whole swath when its tie points are 16 or 8 cells apart, from the
    /// positions at [`rows`](Self::rows) × [`cols`](Self::cols). The caller has seen that *every* position of the swath is
    /// valid. `None` where the whole swath must decide, also when its cells seem to have no size.
    pub fn tie_points(
        &self,
        lon: &CoordArray,
        lat: &CoordArray,
        time_us: Vec<i64>,
        tolerance_cells: f64,
    ) -> Option<Swath> {
        let width = self.cols().len();
        if lon.len() != self.rows().len() * width || lat.len() != lon.len() {
            return None;
        }
        let [row_at, col_at] = [0, 1].map(|d| inverse(&self.lines[d], self.shape[d]));
        let index = |r: usize, c: usize| row_at[r] as usize * width + col_at[c] as usize;
        let up = |r: usize, c: usize| {
            let k = index(r, c);
            let p = LonLat::new(lon.get(k), lat.get(k));
            p.is_valid().then(|| p.up())
        };
        let spacing = median_spacing(self.shape, up);
        if spacing[0].min(spacing[1]) <= 0.0 {
            return None;
        }
        let [rows, cols] = choose(self.shape, &SAMPLED_STRIDES, spacing, tolerance_cells, up)?;
        let pick: Vec<usize> = rows
            .iter()
            .flat_map(|r| cols.iter().map(move |c| (*r as usize, *c as usize)))
            .map(|(r, c)| index(r, c))
            .collect();
        Swath::new(self.shape, rows, cols, gather(lon, &pick), gather(lat, &pick), time_us).ok()
    }
}

/// Every line that [`choose`] and [`median_spacing`] look at, of `n`.
fn sampled(n: usize) -> Vec<u32> {
    let mut out: Vec<u32> = spacing_samples(n).flat_map(|k| [k as u32, (k + 1).min(n - 1) as u32]).collect();
    for stride in SAMPLED_STRIDES {
        let ties = ties(n, stride);
        out.extend(ties.windows(2).map(|t| middle(t[0], t[1])));
        out.extend(ties);
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// Where each of `n` lines stands in the list; 0 for those that do not.
fn inverse(lines: &[u32], n: usize) -> Vec<u32> {
    let mut out = vec![0; n];
    lines.iter().enumerate().for_each(|(k, line)| out[*line as usize] = k as u32);
    out
}

/// Rows and columns of the tie points furthest apart that find the cells within the tolerance. `up` gives the unit vector
/// of a cell.
fn choose(
    shape: [usize; 2],
    strides: &[usize],
    [down, along]: [f64; 2],
    tolerance_cells: f64,
    up: impl Fn(usize, usize) -> Option<DVec3>,
) -> Option<[Vec<u32>; 2]> {
    let limit = tolerance_cells * down.min(along);
    let lines = |stride: &usize| shape.map(|n| ties(n, *stride));
    strides.iter().map(lines).find(|[rows, cols]| fits(rows, cols, limit, &up))
}

/// Whether bilinear interpolation between tie points errs by at most `limit` (chord) in the middle of every quad.
fn fits(rows: &[u32], cols: &[u32], limit: f64, up: impl Fn(usize, usize) -> Option<DVec3>) -> bool {
    let line = |row: u32| cols.iter().map(|c| up(row as usize, *c as usize)).collect::<Option<Vec<DVec3>>>();
    let Some(mut above) = rows.first().and_then(|row| line(*row)) else { return false };
    for pair in rows.windows(2) {
        let Some(here) = line(pair[1]) else { return false };
        let row = middle(pair[0], pair[1]);
        let f = f64::from(row - pair[0]) / f64::from(pair[1] - pair[0]);
        for j in 1..cols.len() {
            let (a, b) = (cols[j - 1], cols[j]);
            let col = middle(a, b);
            let g = f64::from(col - a) / f64::from(b - a);
            let guess = bilinear(&[above[j - 1], above[j], here[j - 1], here[j]], f, g).normalize();
            // Not a number counts as too far.
            let near = up(row as usize, col as usize).is_some_and(|p| p.distance(guess) <= limit);
            if !near {
                return false;
            }
        }
        above = here;
    }
    true
}

/// The line half-way between two.
fn middle(a: u32, b: u32) -> u32 {
    a + (b - a) / 2
}

/// Every `stride`-th index and the last.
fn ties(n: usize, stride: usize) -> Vec<u32> {
    let mut out: Vec<u32> = (0..n).step_by(stride).map(|k| k as u32).collect();
    if out.last() != Some(&(n as u32 - 1)) {
        out.push(n as u32 - 1);
    }
    out
}

/// Whether every value is a number of at most that size.
fn all_valid(values: &CoordArray, limit: f64) -> bool {
    // Block by block without a way out of the inner loop: it runs on vector units.
    const BLOCK: usize = 4096;
    match values {
        CoordArray::F32(v) => v.chunks(BLOCK).all(|b| b.iter().fold(true, |ok, x| ok & (x.abs() <= limit as f32))),
        CoordArray::F64(v) => v.chunks(BLOCK).all(|b| b.iter().fold(true, |ok, x| ok & (x.abs() <= limit))),
        CoordArray::I32 { raw, scale, offset } => {
            let fits = |r: &i32| (*r != i32::MIN) & ((f64::from(*r) * scale + offset).abs() <= limit);
            raw.chunks(BLOCK).all(|b| b.iter().fold(true, |ok, r| ok & fits(r)))
        }
    }
}

fn gather(values: &CoordArray, pick: &[usize]) -> CoordArray {
    match values {
        CoordArray::F32(v) => CoordArray::F32(pick.iter().map(|k| v[*k]).collect()),
        CoordArray::F64(v) => CoordArray::F64(pick.iter().map(|k| v[*k]).collect()),
        CoordArray::I32 { raw, scale, offset } => {
            CoordArray::I32 { raw: pick.iter().map(|k| raw[*k]).collect(), scale: *scale, offset: *offset }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::LonLat;

    /// A swath across the dateline and over 78° N, 2 km cells: a great circle with cells to both sides.
    fn orbit(rows: usize, cols: usize, wobble: f64) -> Swath {
        let (mut lon, mut lat) = (Vec::new(), Vec::new());
        for i in 0..rows {
            let t = i as f64 * 2.0 / 6371.0 + 0.5;
            let (s, c) = t.sin_cos();
            let along = DVec3::new(c, s * 78f64.to_radians().cos(), s * 78f64.to_radians().sin());
            let ahead = DVec3::new(-s, c * 78f64.to_radians().cos(), c * 78f64.to_radians().sin());
            let side = ahead.cross(along);
            for j in 0..cols {
                let across = (j as f64 - cols as f64 / 2.0) * 2.0 / 6371.0 + if i % 7 == 3 { wobble } else { 0.0 };
                let p = along * across.cos() + side * across.sin();
                lon.push(p.y.atan2(p.x).to_degrees());
                lat.push(p.z.asin().to_degrees());
            }
        }
        Swath::full([rows, cols], CoordArray::F64(lon), CoordArray::F64(lat), Vec::new()).unwrap()
    }

    #[test]
    fn every_cell_is_found_within_the_tolerance() {
        let full = orbit(3000, 69, 0.0);
        let light = full.decimated(0.02).unwrap();
        assert!(light.lon.len() * 50 < full.lon.len());
        let cell_m = 2000.0;
        for i in (0..3000).step_by(13) {
            for j in 0..69 {
                let a = full.lonlat_from_index(i as f64, j as f64).unwrap();
                let b = light.lonlat_from_index(i as f64, j as f64).unwrap();
                assert!(a.approx_distance_m(&b) < 0.02 * cell_m, "{i} {j}: {}", a.approx_distance_m(&b));
            }
        }
        let (a, b) = (full.bounds().unwrap(), light.bounds().unwrap());
        for (x, y) in [(a.west, b.west), (a.east, b.east), (a.south, b.south), (a.north, b.north)] {
            assert!((x - y).abs() < 0.02, "{a:?} {b:?}");
        }
    }

    #[test]
    fn uneven_and_incomplete_positions_are_kept_whole() {
        assert!(orbit(3000, 69, 1e-3).decimated(0.02).is_none(), "scans shifted by three cells");
        assert!(orbit(100, 69, 0.0).decimated(0.02).is_none(), "small");
        let mut holes = orbit(3000, 69, 0.0);
        if let CoordArray::F64(v) = &mut holes.lon {
            v[70_000] = 1e36;
        }
        assert!(holes.decimated(0.02).is_none());
        assert!(holes.lonlat_from_index(0.0, 0.0).is_some_and(|p: LonLat| p.is_valid()));
    }
}
