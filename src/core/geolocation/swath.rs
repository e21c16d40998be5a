//! Two-dimensional positions: swaths and curvilinear grids.
//!
//! Between the given positions ("knots": every cell, or tie points) places are interpolated bilinearly on the sphere of
//! geodetic normals: unit vectors, normalised. Nothing special happens at the dateline and the poles.

use std::sync::{Arc, OnceLock};

use glam::DVec3;

use super::CellHit;
use super::bounds::BoundsBuilder;
use super::finder::Finder;
use crate::coord::CoordArray;
use crate::geo::{GeoBox, LonLat, unwrap_near};
use crate::time::Time;

/// Positions of every cell, or of tie points from which the others are interpolated on the sphere.
#[derive(Clone, Debug)]
pub struct Swath {
    /// `[rows, cols]` of the cells.
    pub shape: [usize; 2],
    /// Source rows at which positions are given.
    pub rows: Vec<u32>,
    /// Source columns at which positions are given.
    pub cols: Vec<u32>,
    /// Longitudes, row-major over `rows × cols`.
    pub lon: CoordArray,
    /// Latitudes.
    pub lat: CoordArray,
    /// Acquisition time of every source row, µs since 1970, `i64::MIN` = missing; empty when unknown.
    pub time_us: Vec<i64>,
    /// Built on first use, shared by clones.
    lazy: Arc<Lazy>,
}

#[derive(Debug, Default)]
struct Lazy {
    spacing: OnceLock<[f64; 2]>,
    finder: OnceLock<Finder>,
}

/// Mean Earth radius (IUGG), metres, for distances from chords.
const EARTH_RADIUS_M: f64 = 6_371_008.8;
/// Neighbouring knots further apart than this many median spacings may be two sides of a gap …
const GAP_FACTOR: f64 = 10.0;
/// … when they are also this much further apart than both neighbouring pairs (telescoping grids are not gaps).
const GAP_CONTRAST: f64 = 4.0;
/// Pairs sampled per direction for the median spacing.
const SPACING_SAMPLES: usize = 48;

/// Four knots around a place: `[(i, j), (i, j + 1), (i + 1, j), (i + 1, j + 1)]`.
pub(super) type Quad = [DVec3; 4];

/// Bilinear combination at `f` (down the rows) and `g` (along the columns), not normalised.
pub(super) fn bilinear(q: &Quad, f: f64, g: f64) -> DVec3 {
    (q[0] * (1.0 - g) + q[1] * g) * (1.0 - f) + (q[2] * (1.0 - g) + q[3] * g) * f
}

impl Swath {
    /// A swath; `Err` says which lengths do not fit.
    pub fn new(
        shape: [usize; 2],
        rows: Vec<u32>,
        cols: Vec<u32>,
        lon: CoordArray,
        lat: CoordArray,
        time_us: Vec<i64>,
    ) -> Result<Self, String> {
        check_knots("rows", &rows, shape[0])?;
        check_knots("columns", &cols, shape[1])?;
        let knots = rows.len() * cols.len();
        for (name, n) in [("longitudes", lon.len()), ("latitudes", lat.len())] {
            if n != knots {
                let (r, c) = (rows.len(), cols.len());
                return Err(format!("there are {n} {name} for {r} × {c} positions"));
            }
        }
        if !time_us.is_empty() && time_us.len() != shape[0] {
            return Err(format!("there are {} row times for {} rows", time_us.len(), shape[0]));
        }
        Ok(Self { shape, rows, cols, lon, lat, time_us, lazy: Arc::default() })
    }

    /// A swath with a position for every cell.
    pub fn full(shape: [usize; 2], lon: CoordArray, lat: CoordArray, time_us: Vec<i64>) -> Result<Self, String> {
        let all = |n: usize| (0..n as u32).collect();
        Self::new(shape, all(shape[0]), all(shape[1]), lon, lat, time_us)
    }

    /// `[rows, cols]`.
    pub fn shape(&self) -> [usize; 2] {
        self.shape
    }

    /// Acquisition time at a fractional row: the nearest row's; `None` when unknown.
    pub fn row_time(&self, row: f64) -> Option<Time> {
        let k = row.round().max(0.0) as usize;
        self.time_us.get(k).filter(|t| **t != i64::MIN).map(|t| Time::from_micros(*t))
    }

    /// Median ground distance (m) of neighbouring cells down a column and along a row (great circle);
    /// 0 where there is only one cell or no valid pair.
    pub fn cell_spacing(&self) -> [f64; 2] {
        let [down, along] = self.knot_spacing();
        let [nr, nc] = self.knots();
        let per = |n: usize, cells: usize| if n > 1 { (cells - 1) as f64 / (n - 1) as f64 } else { 1.0 };
        [down / per(nr, self.shape[0]) * EARTH_RADIUS_M, along / per(nc, self.shape[1]) * EARTH_RADIUS_M]
    }

    /// See [`super::Geolocation::lonlat_from_index`]. Exactly the file's position at knots; in between the longitude is on
    /// the same turn as the nearest knot before it.
    pub fn lonlat_from_index(&self, row: f64, col: f64) -> Option<LonLat> {
        let (u, v) = self.knot_from_index(row, col)?;
        if u.fract() == 0.0 && v.fract() == 0.0 && u >= 0.0 && v >= 0.0 {
            return self.knot_lonlat(u as usize, v as usize);
        }
        let (p, (i, j)) = self.place(u, v)?;
        let [nr, nc] = self.knots();
        let near = self.knot_lonlat(i.min(nr - 1), j.min(nc - 1))?;
        let found = lonlat_of(p);
        Some(LonLat::new(unwrap_near(found.lon_deg, near.lon_deg), found.lat_deg))
    }

    /// See [`super::Geolocation::index_from_lonlat`].
    pub fn index_from_lonlat(&self, p: LonLat) -> Option<CellHit> {
        let p = p.normalized();
        if !p.is_valid() || self.shape.contains(&0) {
            return None;
        }
        self.lazy.finder.get_or_init(|| Finder::new(self)).find(self, p.up())
    }

    /// See [`super::Geolocation::bounds`].
    pub fn bounds(&self) -> Option<GeoBox> {
        let mut bounds = BoundsBuilder::default();
        for k in 0..self.lon.len() {
            let p = LonLat::new(self.lon.get(k), self.lat.get(k));
            if p.is_valid() {
                bounds.add(p);
            }
        }
        let [rows, cols] = self.shape;
        let (last_row, last_col) = (rows as f64 - 0.5, cols as f64 - 0.5);
        let mut edge = |row: f64, col: f64| {
            if let Some(p) = self.lonlat_from_index(row, col) {
                bounds.add(p);
            }
        };
        for r in self.rows.iter().map(|r| f64::from(*r)).chain([-0.5, last_row]) {
            edge(r, -0.5);
            edge(r, last_col);
        }
        for c in &self.cols {
            edge(-0.5, f64::from(*c));
            edge(last_row, f64::from(*c));
        }
        // Only cells near a pole can hold it; coarse tie points may start at 60°.
        if bounds.max_abs_lat() > 60.0 {
            for lat in [-90.0, 90.0] {
                if self.index_from_lonlat(LonLat::new(0.0, lat)).is_some() {
                    bounds.add_pole(lat);
                }
            }
        }
        bounds.finish(0.0)
    }

    /// Bytes held (positions and times; the search index is about 1/200 of it).
    pub fn byte_len(&self) -> usize {
        self.lon.byte_len() + self.lat.byte_len() + self.time_us.len() * 8
    }

    /// Number of knots down and along.
    pub(super) fn knots(&self) -> [usize; 2] {
        [self.rows.len(), self.cols.len()]
    }

    /// Knot coordinates of a source index within ±½ of the cells.
    fn knot_from_index(&self, row: f64, col: f64) -> Option<(f64, f64)> {
        let inside = |x: f64, n: usize| x >= -0.5 - 1e-9 && x <= n as f64 - 0.5 + 1e-9;
        if !inside(row, self.shape[0]) || !inside(col, self.shape[1]) {
            return None;
        }
        Some((knot_of(&self.rows, self.shape[0], row), knot_of(&self.cols, self.shape[1], col)))
    }

    /// Source index of knot coordinates; `None` beyond ±½ of the cells.
    pub(super) fn index_from_knot(&self, u: f64, v: f64) -> Option<CellHit> {
        let (row, col) = (index_of(&self.rows, self.shape[0], u), index_of(&self.cols, self.shape[1], v));
        let inside = |x: f64, n: usize| x >= -0.5 - 1e-7 && x <= n as f64 - 0.5 + 1e-7;
        (inside(row, self.shape[0]) && inside(col, self.shape[1])).then(|| CellHit {
            row: row.clamp(-0.5, self.shape[0] as f64 - 0.5),
            col: col.clamp(-0.5, self.shape[1] as f64 - 0.5),
        })
    }

    fn knot_lonlat(&self, i: usize, j: usize) -> Option<LonLat> {
        let k = i * self.cols.len() + j;
        let p = LonLat::new(self.lon.get(k), self.lat.get(k));
        p.is_valid().then_some(p)
    }

    /// Latitude of a knot, whatever the file says.
    pub(super) fn knot_lat(&self, i: usize, j: usize) -> f64 {
        self.lat.get(i * self.cols.len() + j)
    }

    /// Unit vector of a knot; `None` where the file has no valid position.
    pub(super) fn knot(&self, i: usize, j: usize) -> Option<DVec3> {
        self.knot_lonlat(i, j).map(|p| p.up())
    }

    /// The four knots from `(i, j)`; `None` when one is missing or a gap lies between them.
    /// Swaths of one row or one column get a second one beside them, as far away as their own spacing.
    pub(super) fn quad(&self, i: usize, j: usize) -> Option<Quad> {
        match self.knots() {
            [1, 1] => {
                let p = self.knot_lonlat(0, 0)?;
                let (up, cell) = (p.up(), 1e-4); // about 600 m
                Some([up, up + p.east() * cell, up - p.north() * cell, up + (p.east() - p.north()) * cell])
            }
            [1, _] => {
                let (a, b) = (self.knot(0, j)?, self.knot(0, j + 1)?);
                let side = (b - a).cross(a);
                Some([a, b, a + side, b + side])
            }
            [_, 1] => {
                let (a, b) = (self.knot(i, 0)?, self.knot(i + 1, 0)?);
                let side = a.cross(b - a);
                Some([a, a + side, b, b + side])
            }
            _ => {
                let q = [self.knot(i, j)?, self.knot(i, j + 1)?, self.knot(i + 1, j)?, self.knot(i + 1, j + 1)?];
                (!self.has_gap(&q, i, j)).then_some(q)
            }
        }
    }

    /// Whether the sides of a quad bridge a gap of the acquisition.
    fn has_gap(&self, q: &Quad, i: usize, j: usize) -> bool {
        let [down, along] = self.knot_spacing();
        let over = |a: DVec3, b: DVec3, usual: f64| usual > 0.0 && a.distance(b) > GAP_FACTOR * usual;
        let [nr, nc] = self.knots();
        let step = |a: Option<DVec3>, b: Option<DVec3>| Some(a?.distance(b?));
        if over(q[0], q[2], down) || over(q[1], q[3], down) {
            let before = i.checked_sub(1).and_then(|h| step(self.knot(h, j), Some(q[0])));
            let after = if i + 2 < nr { step(Some(q[2]), self.knot(i + 2, j)) } else { None };
            return stands_out(q[0].distance(q[2]).max(q[1].distance(q[3])), before, after);
        }
        if over(q[0], q[1], along) || over(q[2], q[3], along) {
            let before = j.checked_sub(1).and_then(|h| step(self.knot(i, h), Some(q[0])));
            let after = if j + 2 < nc { step(Some(q[1]), self.knot(i, j + 2)) } else { None };
            return stands_out(q[0].distance(q[1]).max(q[2].distance(q[3])), before, after);
        }
        false
    }

    /// Unit vector at knot coordinates, and the knot whose quad gave it.
    /// Where the quad is incomplete, the cell around the nearest knot is continued from a complete one beside it.
    fn place(&self, u: f64, v: f64) -> Option<(DVec3, (usize, usize))> {
        let [nr, nc] = self.knots();
        let i = (u.floor().max(0.0) as usize).min(nr.saturating_sub(2));
        let j = (v.floor().max(0.0) as usize).min(nc.saturating_sub(2));
        if let Some(q) = self.quad(i, j) {
            return Some((bilinear(&q, u - i as f64, v - j as f64).normalize(), (i, j)));
        }
        let nearest = |x: f64, n: usize| {
            let clamp = |k: f64| (k.max(0.0) as usize).min(n - 1);
            [clamp((x - 0.5).ceil()), clamp((x + 0.5).floor())] // differ only half-way between two knots
        };
        for a in nearest(u, nr) {
            for b in nearest(v, nc) {
                // The quad that reaches least beyond itself: along the line of its knots the continued half of a cell
                // then meets the other half exactly.
                let beyond = |x: f64, k: usize| (k as f64 - x).max(x - k as f64 - 1.0).max(0.0);
                let reach = |(i, j): (usize, usize)| beyond(u, i) + beyond(v, j);
                let nearest = self.quads_beside(a, b).min_by(|p, q| reach(p.1).total_cmp(&reach(q.1)));
                if let Some((q, (i, j))) = nearest {
                    return Some((bilinear(&q, u - i as f64, v - j as f64).normalize(), (a, b)));
                }
            }
        }
        None
    }

    /// The complete quads having `(a, b)` as a corner.
    pub(super) fn quads_beside(&self, a: usize, b: usize) -> impl Iterator<Item = (Quad, (usize, usize))> + '_ {
        let [nr, nc] = self.knots();
        let starts = move |k: usize, n: usize| [Some(k), k.checked_sub(1)].map(|s| s.filter(|s| s + 1 < n.max(2)));
        starts(a, nr).into_iter().flatten().flat_map(move |i| {
            starts(b, nc).into_iter().flatten().filter_map(move |j| self.quad(i, j).map(|q| (q, (i, j))))
        })
    }

    /// Median chord between neighbouring knots, down and along (unit sphere).
    pub(super) fn knot_spacing(&self) -> [f64; 2] {
        *self.lazy.spacing.get_or_init(|| median_spacing(self.knots(), |i, j| self.knot(i, j)))
    }
}

/// Lines from which the median spacing is taken: each of these and the next one, of `n`.
pub(super) fn spacing_samples(n: usize) -> impl Iterator<Item = usize> + Clone {
    (0..n).step_by((n / SPACING_SAMPLES).max(1))
}

/// Median chord between neighbours, down and along, of a sample of the `[rows, columns]` whose unit vectors `up` gives.
pub(super) fn median_spacing([nr, nc]: [usize; 2], up: impl Fn(usize, usize) -> Option<DVec3>) -> [f64; 2] {
    let (mut down, mut along) = (Vec::new(), Vec::new());
    for i in spacing_samples(nr) {
        for j in spacing_samples(nc) {
            let Some(p) = up(i, j) else { continue };
            if i + 1 < nr {
                down.extend(up(i + 1, j).map(|q| p.distance(q)));
            }
            if j + 1 < nc {
                along.extend(up(i, j + 1).map(|q| p.distance(q)));
            }
        }
    }
    [median(down), median(along)]
}

/// Longitude in (−180, 180] and latitude of a unit vector.
fn lonlat_of(p: DVec3) -> LonLat {
    LonLat::new(p.y.atan2(p.x).to_degrees(), p.z.atan2(p.x.hypot(p.y)).to_degrees())
}

fn stands_out(step: f64, before: Option<f64>, after: Option<f64>) -> bool {
    [before, after].into_iter().flatten().all(|s| step > GAP_CONTRAST * s)
}

fn median(mut values: Vec<f64>) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

fn check_knots(name: &str, knots: &[u32], n: usize) -> Result<(), String> {
    if n == 0 || knots.is_empty() {
        return Err(format!("the swath has no {name}"));
    }
    let ends = knots[0] == 0 && knots[knots.len() - 1] as usize == n - 1;
    if !ends || !knots.is_sorted_by(|a, b| a < b) {
        return Err(format!("the positions are not given from the first to the last of {n} {name} in order"));
    }
    Ok(())
}

/// Knot coordinate of a source index.
fn knot_of(knots: &[u32], n: usize, x: f64) -> f64 {
    if knots.len() == n {
        return x;
    }
    let k = knots.partition_point(|s| f64::from(*s) <= x).saturating_sub(1).min(knots.len() - 2);
    k as f64 + (x - f64::from(knots[k])) / f64::from(knots[k + 1] - knots[k])
}

/// Source index of a knot coordinate.
fn index_of(knots: &[u32], n: usize, u: f64) -> f64 {
    if knots.len() == n {
        return u;
    }
    let k = (u.floor().max(0.0) as usize).min(knots.len() - 2);
    f64::from(knots[k]) + (u - k as f64) * f64::from(knots[k + 1] - knots[k])
}

/// Box around the valid positions.
pub(super) fn bounds_of(lon: &CoordArray, lat: &CoordArray) -> Option<GeoBox> {
    let mut bounds = BoundsBuilder::default();
    for k in 0..lon.len().min(lat.len()) {
        let p = LonLat::new(lon.get(k), lat.get(k));
        if p.is_valid() {
            bounds.add(p);
        }
    }
    bounds.finish(0.0)
}
