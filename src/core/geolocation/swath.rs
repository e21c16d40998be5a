//! Two-dimensional positions: swaths and curvilinear grids.

use super::CellHit;
use crate::coord::CoordArray;
use crate::geo::{GeoBox, LonLat};

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
        Ok(Self { shape, rows, cols, lon, lat, time_us })
    }
    /// `[rows, cols]`.
    pub fn shape(&self) -> [usize; 2] {
        self.shape
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
    /// Bytes held.
    pub fn byte_len(&self) -> usize {
        self.lon.byte_len() + self.lat.byte_len() + self.time_us.len() * 8
    }
}

/// Box around the valid positions.
pub(super) fn bounds_of(_lon: &CoordArray, _lat: &CoordArray) -> Option<GeoBox> {
    unimplemented!()
}
