//! Grids with one-dimensional axes, geographic or projected.

use serde::{Deserialize, Serialize};

use super::CellHit;
use crate::geo::{GeoBox, LonLat};

/// Coordinate system of a grid's axes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "crs", rename_all = "snake_case")]
pub enum Crs {
    /// Degrees.
    LonLat,
    /// A PROJ string; axes in metres (or radians for geostationary and rotated systems, as the string says).
    Proj {
        /// `+proj=stere …`.
        proj: String,
    },
}

/// Cell centres along one axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "axis", rename_all = "snake_case")]
pub enum Axis {
    /// Evenly spaced.
    Regular {
        /// Centre of the first cell.
        first: f64,
        /// Distance of centres, negative when descending.
        step: f64,
        /// Number of cells.
        len: usize,
    },
    /// Any strictly monotonic centres.
    Irregular {
        /// Centres.
        centres: Vec<f64>,
    },
}

/// A grid.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Row axis: latitude or projected y.
    pub y: Axis,
    /// Column axis: longitude or projected x.
    pub x: Axis,
    /// System of the axes.
    pub crs: Crs,
}

impl Grid {
    /// A grid; `Err` says what is wrong with the axes or the projection.
    pub fn new(y: Axis, x: Axis, crs: Crs) -> Result<Self, String> {
        Ok(Self { y, x, crs })
    }
    /// `[rows, cols]`.
    pub fn shape(&self) -> [usize; 2] {
        unimplemented!()
    }
    /// See [`super::Geolocation::lonlat_from_index`].
    pub fn lonlat_from_index(&self, _row: f64, _col: f64) -> Option<LonLat> {
        unimplemented!()
    }
    /// See [`super::Geolocation::index_from_lonlat`].
    pub fn index_from_lonlat(&self, _p: LonLat) -> Option<CellHit> {
        unimplemented!()
    }
    /// See [`super::Geolocation::bounds`].
    pub fn bounds(&self) -> Option<GeoBox> {
        unimplemented!()
    }
    /// The columns go once round the Earth.
    pub fn wraps(&self) -> bool {
        unimplemented!()
    }
    /// Bytes held.
    pub fn byte_len(&self) -> usize {
        64
    }
}
