//! "Where is cell (row, col)?" and back, for every geometry.
//!
//! Index space: cell centres are at whole numbers, a raster cell covers ±½. Rows come first, as in the arrays.

use serde::{Deserialize, Serialize};

use crate::coord::CoordArray;
use crate::geo::{GeoBox, LonLat};

mod axis;
mod bounds;
mod crs;
mod decimate;
mod finder;
mod grid;
mod swath;
#[cfg(test)]
mod swath_tests;

pub use axis::Axis;
pub use crs::{lonlat_from_xy, xy_from_lonlat};
pub use decimate::TieSample;
pub use grid::{Crs, Grid};
pub use swath::Swath;

/// Positions of the cells of one part of a granule.
#[derive(Clone, Debug)]
pub enum Geolocation {
    /// One-dimensional axes, geographic or projected.
    Grid(Grid),
    /// Two-dimensional positions, every cell or at tie points.
    Swath(Swath),
    /// A path; `parts` says where one trajectory ends and the next begins.
    Track(Series),
    /// Unconnected positions.
    Points(Series),
}

/// One-dimensional positions.
#[derive(Clone, Debug)]
pub struct Series {
    /// Longitudes.
    pub lon: CoordArray,
    /// Latitudes.
    pub lat: CoordArray,
    /// Observation times, µs since 1970, `i64::MIN` = missing; empty when the file has none.
    pub time_us: Vec<i64>,
    /// First index of every trajectory, ascending, starting with 0. Lines are not drawn across these.
    pub starts: Vec<usize>,
}

/// Ground distance (m) beyond which two neighbouring samples of a track are not joined when the usual spacing is small:
/// a line is cut where the step exceeds 6 × the median step.
pub const TRACK_GAP_FACTOR: f64 = 6.0;

/// Nearest-sample searches give up beyond this many source cells.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellHit {
    /// Fractional row of the position.
    pub row: f64,
    /// Fractional column.
    pub col: f64,
}

impl Geolocation {
    /// `[rows, cols]` of the cells.
    pub fn shape(&self) -> [usize; 2] {
        match self {
            Self::Grid(g) => g.shape(),
            Self::Swath(s) => s.shape(),
            Self::Track(t) | Self::Points(t) => [t.lon.len(), 1],
        }
    }

    /// Position at a fractional index, extrapolating up to ½ cell beyond the outer centres;
    /// `None` where the file has no valid position.
    pub fn lonlat_from_index(&self, row: f64, col: f64) -> Option<LonLat> {
        match self {
            Self::Grid(g) => g.lonlat_from_index(row, col),
            Self::Swath(s) => s.lonlat_from_index(row, col),
            Self::Track(t) | Self::Points(t) => t.lonlat(row.round() as usize),
        }
    }

    /// Index of a position: the cell whose area holds it (rasters; within ±½ of the returned rounding),
    /// or the nearest sample within `reach_deg` degrees of arc (tracks and points). `None` outside.
    pub fn index_from_lonlat(&self, p: LonLat, reach_deg: f64) -> Option<CellHit> {
        match self {
            Self::Grid(g) => g.index_from_lonlat(p),
            Self::Swath(s) => s.index_from_lonlat(p),
            Self::Track(t) | Self::Points(t) => t.nearest(p, reach_deg),
        }
    }

    /// Box around all valid positions, cell edges included for rasters; `None` when there is none.
    pub fn bounds(&self) -> Option<GeoBox> {
        match self {
            Self::Grid(g) => g.bounds(),
            Self::Swath(s) => s.bounds(),
            Self::Track(t) | Self::Points(t) => crate::geolocation::swath::bounds_of(&t.lon, &t.lat),
        }
    }

    /// Bytes held, for cache budgets.
    pub fn byte_len(&self) -> usize {
        match self {
            Self::Grid(g) => g.byte_len(),
            Self::Swath(s) => s.byte_len(),
            Self::Track(t) | Self::Points(t) => t.lon.byte_len() + t.lat.byte_len() + t.time_us.len() * 8,
        }
    }
}

impl Series {
    /// Position of sample `k`, when valid.
    pub fn lonlat(&self, k: usize) -> Option<LonLat> {
        if k >= self.lon.len() {
            return None;
        }
        let p = LonLat::new(self.lon.get(k), self.lat.get(k));
        p.is_valid().then_some(p)
    }

    /// The sample nearest to `p` within `reach_deg` degrees of arc; among equals the first.
    pub fn nearest(&self, p: LonLat, reach_deg: f64) -> Option<CellHit> {
        self.nearest_of(p, reach_deg, |_| true)
    }

    /// The same of the samples that `keep` keeps.
    pub fn nearest_of(&self, p: LonLat, reach_deg: f64, keep: impl Fn(usize) -> bool) -> Option<CellHit> {
        let target = p.up();
        let limit = (reach_deg.to_radians() / 2.0).sin() * 2.0; // chord
        let mut best = (limit * limit, None);
        for k in 0..self.lon.len() {
            let Some(q) = self.lonlat(k) else { continue };
            if (q.lat_deg - p.lat_deg).abs() > reach_deg || !keep(k) {
                continue;
            }
            let d2 = q.up().distance_squared(target);
            if d2 < best.0 || (best.1.is_none() && d2 <= best.0) {
                best = (d2, Some(k));
            }
        }
        best.1.map(|k| CellHit { row: k as f64, col: 0.0 })
    }
}
