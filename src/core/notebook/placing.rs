//! From control points to positions of every cell.

use glam::DVec3;

use super::types::{ControlPoint, Descriptor, GranuleMeta};
use crate::coord::CoordArray;
use crate::geo::{LonLat, wrap_180};
use crate::geolocation::{Axis, Crs, Geolocation, Grid, Series, Swath};
use crate::granule::GeometryKind;

/// Longitudes and latitudes that differ by less (degrees) are the same axis value: they travel as f32.
const SAME_DEG: f64 = 1e-4;

/// Where the cells lie, how many rows and columns there are, and how many positions are missing.
pub(super) struct Placed {
    pub geolocation: Geolocation,
    pub kind: GeometryKind,
    pub shape: [usize; 2],
    pub missing: usize,
}

fn place(p: &ControlPoint) -> Option<LonLat> {
    let at = LonLat::new(f64::from(p.lon_deg), f64::from(p.lat_deg));
    (at.lon_deg.is_finite() && at.lat_deg.abs() <= 90.0).then_some(at)
}

/// The positions of a granule with `[rows, cols]` values; `Err` completes the sentence "the granule is left out: …".
pub(super) fn positions(meta: &GranuleMeta, shape: [usize; 2]) -> Result<Placed, String> {
    let file = meta.files.first().ok_or("it has no positions")?;
    if file.points.iter().filter(|p| place(p).is_some()).take(2).count() < 2 {
        return Err("it has fewer than two valid control points".to_owned());
    }
    if meta.model.is_series() {
        let connected = meta.model == super::DataModel::Time;
        return series(file, shape[0] * shape[1], connected);
    }
    let knots = Knots::new(file, shape)?;
    let missing = knots.places.iter().filter(|p| p.is_none()).count();
    if let Some(grid) = knots.separable(shape) {
        return Ok(Placed { geolocation: Geolocation::Grid(grid), kind: GeometryKind::Grid, shape, missing });
    }
    let swath = knots.swath(shape)?;
    Ok(Placed { geolocation: Geolocation::Swath(swath), kind: GeometryKind::Swath, shape, missing })
}

/// The k-th point belongs to the k-th value; of different numbers the common part counts.
fn series(file: &Descriptor, values: usize, connected: bool) -> Result<Placed, String> {
    let n = file.points.len().min(values);
    let points = &file.points[..n];
    let coordinate = |of: fn(&ControlPoint) -> f32| {
        CoordArray::F32(points.iter().map(|p| if place(p).is_some() { of(p) } else { f32::NAN }).collect())
    };
    let missing = points.iter().filter(|p| place(p).is_none()).count();
    if n < missing + 1 {
        return Err("none of its values has a valid position".to_owned());
    }
    let timed = points.iter().any(|p| p.time_ms != 0);
    let micros = |ms: u64| if ms == 0 { i64::MIN } else { i64::try_from(ms.saturating_mul(1000)).unwrap_or(i64::MIN) };
    let series = Series {
        lon: coordinate(|p| p.lon_deg),
        lat: coordinate(|p| p.lat_deg),
        time_us: if timed { points.iter().map(|p| micros(p.time_ms)).collect() } else { Vec::new() },
        starts: vec![0],
    };
    let (geolocation, kind) = if connected {
        (Geolocation::Track(series), GeometryKind::Track)
    } else {
        (Geolocation::Points(series), GeometryKind::Points)
    };
    Ok(Placed { geolocation, kind, shape: [n, 1], missing })
}

/// Control points put in order: a full grid of them at ascending rows and columns.
struct Knots {
    rows: Vec<f64>,
    cols: Vec<f64>,
    /// Row-major over `rows × cols`.
    places: Vec<Option<LonLat>>,
}

impl Knots {
    fn new(file: &Descriptor, shape: [usize; 2]) -> Result<Self, String> {
        let distinct = |of: fn(&ControlPoint) -> u32| {
            let mut all: Vec<u32> = file.points.iter().map(of).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        let (rows, cols) = (distinct(|p| p.row), distinct(|p| p.col));
        let cells = rows.len().checked_mul(cols.len()).ok_or("its control points do not form a grid")?;
        let mut found = vec![None; if cells == file.points.len() { cells } else { 0 }];
        for p in file.points.iter().take(found.len()) {
            let at = rows.binary_search(&p.row).ok().zip(cols.binary_search(&p.col).ok());
            if let Some(slot) = at.and_then(|(r, c)| found.get_mut(r * cols.len() + c)) {
                *slot = Some(place(p));
            }
        }
        let as_f64 = |v: Vec<u32>| v.into_iter().map(f64::from).collect::<Vec<f64>>();
        let knots = if cells == file.points.len() && found.iter().all(Option::is_some) {
            Self { rows: as_f64(rows), cols: as_f64(cols), places: found.into_iter().flatten().collect() }
        } else {
            Self::declared(file, shape)?
        };
        let enough = |knots: &[f64], n: usize| n == 1 || knots.len() > 1;
        if !enough(&knots.rows, shape[0]) || !enough(&knots.cols, shape[1]) {
            return Err("its control points lie in one row or column of a larger field".to_owned());
        }
        Ok(knots)
    }

    /// Points without usable numbers of their own, in rows and columns of the declared size.
    fn declared(file: &Descriptor, shape: [usize; 2]) -> Result<Self, String> {
        let (nr, nc) = (file.shape_rows as usize, file.shape_cols as usize);
        if nr.checked_mul(nc) != Some(file.points.len()) || nr == 0 {
            return Err(format!("its {} control points do not form a grid", file.points.len()));
        }
        let even = |n: usize, cells: usize| {
            let last = (cells - 1) as f64 / (n.max(2) - 1) as f64;
            (0..n).map(|k| k as f64 * last).collect()
        };
        Ok(Self { rows: even(nr, shape[0]), cols: even(nc, shape[1]), places: file.points.iter().map(place).collect() })
    }

    fn at(&self, r: usize, c: usize) -> Option<LonLat> {
        self.places.get(r * self.cols.len() + c).copied().flatten()
    }

    /// A grid with axes of its own, when longitude depends on the column alone and latitude on the row alone:
    /// interpolation along the axes is exact there, also between corners half a world apart.
    fn separable(&self, shape: [usize; 2]) -> Option<Grid> {
        if self.rows.len() < 2 && self.cols.len() < 2 {
            return None;
        }
        let mut lon: Vec<f64> =
            (0..self.cols.len()).map(|c| self.at(0, c).map(|p| p.lon_deg)).collect::<Option<_>>()?;
        let lat: Vec<f64> = (0..self.rows.len()).map(|r| self.at(r, 0).map(|p| p.lat_deg)).collect::<Option<_>>()?;
        for (r, row_lat) in lat.iter().enumerate() {
            for (c, col_lon) in lon.iter().enumerate() {
                let p = self.at(r, c)?;
                if (p.lat_deg - row_lat).abs() > SAME_DEG || wrap_180(p.lon_deg - col_lon).abs() > SAME_DEG {
                    return None;
                }
            }
        }
        unwrap_eastward(&mut lon);
        let (y, x) = (axis(&self.rows, &lat, shape[0])?, axis(&self.cols, &lon, shape[1])?);
        Grid::new(y, x, Crs::LonLat).ok()
    }

    fn swath(&self, shape: [usize; 2]) -> Result<Swath, String> {
        let (rows, cols) = (whole_knots(&self.rows, shape[0]), whole_knots(&self.cols, shape[1]));
        let mut lon = Vec::with_capacity(rows.len() * cols.len());
        let mut lat = Vec::with_capacity(rows.len() * cols.len());
        for r in &rows {
            for c in &cols {
                let p = self.interpolated(f64::from(*r), f64::from(*c));
                lon.push(p.map_or(f64::NAN, |p| p.lon_deg));
                lat.push(p.map_or(f64::NAN, |p| p.lat_deg));
            }
        }
        Swath::new(shape, rows, cols, CoordArray::F64(lon), CoordArray::F64(lat), Vec::new())
    }

    /// Place of a cell: a knot itself, else on the sphere between (or beyond) the nearest knots.
    fn interpolated(&self, row: f64, col: f64) -> Option<LonLat> {
        let ((r, f), (c, g)) = (bracket(&self.rows, row), bracket(&self.cols, col));
        if f == 0.0 && g == 0.0 {
            return self.at(r, c);
        }
        let corner = |dr: usize, dc: usize| -> Option<DVec3> {
            let (r, c) = ((r + dr).min(self.rows.len() - 1), (c + dc).min(self.cols.len() - 1));
            Some(self.at(r, c)?.up())
        };
        let top = corner(0, 0)? * (1.0 - g) + corner(0, 1)? * g;
        let bottom = corner(1, 0)? * (1.0 - g) + corner(1, 1)? * g;
        let p = (top * (1.0 - f) + bottom * f).try_normalize()?;
        Some(LonLat::new(p.y.atan2(p.x).to_degrees(), p.z.atan2(p.x.hypot(p.y)).to_degrees()))
    }
}

/// Knot before a cell, and how far the cell is towards the next one (below 0 and above 1 outside).
fn bracket(knots: &[f64], cell: f64) -> (usize, f64) {
    if knots.len() < 2 {
        return (0, 0.0);
    }
    let k = knots.partition_point(|s| *s <= cell).saturating_sub(1).min(knots.len() - 2);
    let f = (cell - knots[k]) / (knots[k + 1] - knots[k]);
    if f == 1.0 { (k + 1, 0.0) } else { (k, f) }
}

/// Whole cells to give positions for: those of the knots, and always the first and the last.
fn whole_knots(knots: &[f64], cells: usize) -> Vec<u32> {
    let last = (cells - 1) as u32;
    let mut out: Vec<u32> = knots.iter().map(|k| k.round() as u32).filter(|k| *k <= last).collect();
    out.extend([0, last]);
    out.sort_unstable();
    out.dedup();
    out
}

/// Longitudes that run on across the dateline. A step of more than half a turn eastward is taken as meant (a map round
/// the Earth has such steps between few points), one westward is the dateline.
fn unwrap_eastward(lon: &mut [f64]) {
    let mut turn = 0.0;
    for k in 1..lon.len() {
        let step = lon[k] + turn - lon[k - 1];
        if step < -180.0 {
            turn += 360.0;
        } else if step > 180.0 && lon.len() > 2 && lon[k - 1] <= lon[0] {
            turn -= 360.0;
        }
        lon[k] += turn;
    }
}

/// Centres of `cells` cells, straight between the knots and on beyond the outer ones.
fn axis(knots: &[f64], values: &[f64], cells: usize) -> Option<Axis> {
    let centre = |cell: usize| match (bracket(knots, cell as f64), values) {
        (_, [only]) => *only,
        ((k, 0.0), _) => values[k],
        ((k, f), _) => values[k] * (1.0 - f) + values[k + 1] * f,
    };
    let centres: Vec<f64> = (0..cells).map(centre).collect();
    let ascending = centres.windows(2).all(|w| w[0] < w[1]);
    let descending = centres.windows(2).all(|w| w[0] > w[1]);
    (ascending || descending).then(|| Axis::from_centres(centres))
}

#[cfg(test)]
#[path = "placing_tests.rs"]
mod tests;
