//! Fewer tie points for large swaths: what a picture needs of the positions is a small part of them.

use glam::DVec3;

use super::swath::{Swath, bilinear};
use crate::coord::CoordArray;

/// Smaller swaths are passed on as they are.
const MIN_CELLS: usize = 100_000;
/// Distances of tie points tried, cells.
const STRIDES: [usize; 3] = [16, 8, 4];

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
        let [down, along] = self.knot_spacing();
        let limit = tolerance_cells * down.min(along);
        STRIDES.into_iter().find_map(|stride| self.with_stride(stride, limit))
    }

    fn with_stride(&self, stride: usize, limit: f64) -> Option<Self> {
        let [rows, cols] = self.shape.map(|n| ties(n, stride));
        let pick: Vec<usize> = rows
            .iter()
            .flat_map(|r| cols.iter().map(move |c| (r, c)))
            .map(|(r, c)| *r as usize * self.shape[1] + *c as usize)
            .collect();
        let up = |r: usize, c: usize| self.knot(r, c);
        let mut above: Option<Vec<DVec3>> = None;
        for (i, row) in rows.iter().enumerate() {
            let here = cols.iter().map(|c| up(*row as usize, *c as usize)).collect::<Option<Vec<_>>>()?;
            if let Some(above) = &above {
                let first = rows[i - 1] as usize;
                let middle = (first + *row as usize) / 2;
                let f = (middle - first) as f64 / (*row as usize - first) as f64;
                for j in 1..cols.len() {
                    let (a, b) = (cols[j - 1] as usize, cols[j] as usize);
                    let centre = (a + b) / 2;
                    let g = (centre - a) as f64 / (b - a) as f64;
                    let guess = bilinear(&[above[j - 1], above[j], here[j - 1], here[j]], f, g).normalize();
                    // Not a number counts as too far.
                    let error = up(middle, centre)?.distance(guess);
                    if error.is_nan() || error > limit {
                        return None;
                    }
                }
            }
            above = Some(here);
        }
        Self::new(self.shape, rows, cols, gather(&self.lon, &pick), gather(&self.lat, &pick), self.time_us.clone()).ok()
    }
}

/// Every `stride`-th index and the last.
fn ties(n: usize, stride: usize) -> Vec<u32> {
    let mut out: Vec<u32> = (0..n).step_by(stride).map(|k| k as u32).collect();
    if out.last() != Some(&(n as u32 - 1)) {
        out.push(n as u32 - 1);
    }
    out
}

fn all_valid(values: &CoordArray, limit: f64) -> bool {
    match values {
        CoordArray::F32(v) => v.iter().all(|x| x.abs() <= limit as f32),
        CoordArray::F64(v) => v.iter().all(|x| x.abs() <= limit),
        CoordArray::I32 { raw, scale, offset } => {
            raw.iter().all(|r| *r != i32::MIN && (f64::from(*r) * scale + offset).abs() <= limit)
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
