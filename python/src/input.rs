//! Granules as Python describes them, borrowed.

use std::borrow::Cow;

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use seaglass_coloc::{Coord, Granule, Packing, Platform, Shape, Times};

use crate::{ColocationError, failure};

/// A coordinate in the type in which it is stored.
#[derive(FromPyObject)]
enum Stored<'py> {
    #[pyo3(transparent)]
    F64(PyReadonlyArray1<'py, f64>),
    #[pyo3(transparent)]
    F32(PyReadonlyArray1<'py, f32>),
    #[pyo3(transparent)]
    I32(PyReadonlyArray1<'py, i32>),
    #[pyo3(transparent)]
    I16(PyReadonlyArray1<'py, i16>),
}

/// Scale, offset and fill value of packed integers.
type PackingIn = (f64, f64, Option<i64>);

/// An instance of `seaglass._granule.Granule`.
#[derive(FromPyObject)]
pub struct GranuleIn<'py> {
    kind: String,
    shape: (usize, usize, usize),
    lat: Stored<'py>,
    lon: Stored<'py>,
    lat_packing: Option<PackingIn>,
    lon_packing: Option<PackingIn>,
    time_us: PyReadonlyArray1<'py, i64>,
    time_per: String,
    valid: Option<PyReadonlyArray1<'py, bool>>,
    platform: Option<PyReadonlyArray1<'py, i32>>,
    first_row: Option<u64>,
}

fn coord<'a>(stored: &'a Stored<'_>, packing: Option<PackingIn>) -> PyResult<Coord<'a>> {
    let (scale, offset, fill) = packing.unwrap_or((1.0, 0.0, None));
    let rule = Packing::new(scale, offset);
    Ok(match stored {
        Stored::F64(v) => Coord::F64(Cow::Borrowed(v.as_slice()?)),
        Stored::F32(v) => Coord::F32(Cow::Borrowed(v.as_slice()?)),
        Stored::I32(v) => Coord::I32 {
            values: Cow::Borrowed(v.as_slice()?),
            packing: rule,
            fill: fill.and_then(|f| i32::try_from(f).ok()),
        },
        Stored::I16(v) => Coord::I16 {
            values: Cow::Borrowed(v.as_slice()?),
            packing: rule,
            fill: fill.and_then(|f| i16::try_from(f).ok()),
        },
    })
}

impl GranuleIn<'_> {
    /// As the engine takes it.
    pub fn granule(&self) -> PyResult<Granule<'_>> {
        let (steps, rows, columns) = self.shape;
        let shape = match self.kind.as_str() {
            "points" => Shape::Points,
            "track" => Shape::Track,
            "swath" => Shape::Swath { lines: rows, pixels: columns },
            "grid" => Shape::Grid { steps, rows, columns },
            other => return Err(ColocationError::new_err(format!("no granule is of kind \"{other}\""))),
        };
        let times = self.time_us.as_slice()?;
        let time = match (self.time_per.as_str(), times) {
            ("one", [t]) => Times::One(*t),
            ("line", _) => Times::per_line(times),
            _ => Times::per_row(times),
        };
        let lat = coord(&self.lat, self.lat_packing)?;
        let lon = coord(&self.lon, self.lon_packing)?;
        let mut granule = Granule::new(shape, lat, lon, time).map_err(|e| failure(&e))?;
        if let Some(valid) = &self.valid {
            granule = granule.with_valid(valid.as_slice()?).map_err(|e| failure(&e))?;
        }
        if let Some(platform) = &self.platform {
            let platform = Platform::PerRow(Cow::Borrowed(platform.as_slice()?));
            granule = granule.with_platform(platform).map_err(|e| failure(&e))?;
        }
        Ok(match self.first_row {
            Some(row) => granule.with_first_row(row),
            None => granule,
        })
    }
}
