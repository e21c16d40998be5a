//! Coordinates that are none of the Earth, in one sentence that says which, why and what to do.

use seaglass_core::geo::LonLat;
use seaglass_core::protocol::{FailureKind, ReadFailure};

use crate::dataset::Dataset;
use crate::error::fail;

/// Rounding allowed beyond the poles, degrees.
const SLACK_DEG: f64 = 0.01;

/// What is wrong with the coordinates of a grid's columns and rows, if any: the axes themselves must lie on the Earth.
pub fn axes(ds: &Dataset, lon: usize, lat: usize, x: &[f64], y: &[f64]) -> Option<ReadFailure> {
    let finite = |v: &[f64]| v.iter().filter(|c| is_number(**c)).count();
    if finite(x) == 0 || finite(y) == 0 {
        return Some(missing(ds, lon, lat));
    }
    let worst = |v: &[f64], limit: f64| v.iter().copied().filter(|c| is_number(*c) && c.abs() > limit).max_by(by_size);
    if let Some(far) = worst(y, 90.0 + SLACK_DEG) {
        let swapped = worst(x, 90.0).is_none();
        return Some(beyond(&ds.vars[lat].path, "latitudes", far, 90, swapped));
    }
    let far = worst(x, 540.0)?;
    Some(beyond(&ds.vars[lon].path, "longitudes", far, 540, false))
}

/// Why none of the positions listed is on the Earth. `read` gives longitude and latitude of each; no number is NaN.
pub fn positions(ds: &Dataset, lon: usize, lat: usize, read: impl Iterator<Item = LonLat>) -> ReadFailure {
    let mut far: Option<LonLat> = None;
    for p in read.filter(|p| is_number(p.lon_deg) && is_number(p.lat_deg)) {
        if far.is_none_or(|f| by_size(&f.lat_deg, &p.lat_deg).is_lt()) {
            far = Some(p);
        }
    }
    match far {
        Some(p) if p.lat_deg.abs() > 90.0 => {
            beyond(&ds.vars[lat].path, "latitudes", p.lat_deg, 90, p.lon_deg.abs() <= 90.0)
        }
        Some(p) => beyond(&ds.vars[lon].path, "longitudes", p.lon_deg, 540, false),
        None => missing(ds, lon, lat),
    }
}

/// Fill values such as 1e36 are no coordinates at all.
fn is_number(c: f64) -> bool {
    c.is_finite() && c.abs() < 1e6
}

fn by_size(a: &f64, b: &f64) -> std::cmp::Ordering {
    a.abs().total_cmp(&b.abs())
}

fn beyond(path: &str, what: &str, value: f64, limit: u32, swapped: bool) -> ReadFailure {
    let guess =
        if swapped { "longitudes and latitudes may be swapped" } else { "they may be damaged or in another unit" };
    fail(
        FailureKind::NothingToShow,
        format!(
            "The {what} in {path} reach {}, beyond ±{limit} degrees, so the data have no place on the Earth: {guess}; \
             correct them in the file or get it anew.",
            (value * 1000.0).round() / 1000.0
        ),
    )
}

fn missing(ds: &Dataset, lon: usize, lat: usize) -> ReadFailure {
    fail(
        FailureKind::NothingToShow,
        format!(
            "All positions in {} and {} are missing (fill values or no numbers), so the data have no place on the Earth; \
             get the file anew or ask its producer.",
            ds.vars[lon].path, ds.vars[lat].path
        ),
    )
}
