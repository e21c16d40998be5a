//! SEAScope's Intermediate Data Format: sparse positions at the *edges* of cells.
//!
//! A data variable on the dimensions `d1`, `d2` is placed by ground control points: `index_<d1>_gcp` and `index_<d2>_gcp`
//! say before which row or column each lies (0 = leading edge of the first cell, N = trailing edge of the last), `lat_gcp`
//! and `lon_gcp` where. On `lat`, `lon` grids these are one-dimensional and linear in the index; on projected grids (`crs`)
//! they are linear in the projection's x and y; on swaths the cells between are found on the sphere. Along tracks there is
//! one control point a sample. Rules: files written by `idf_converter` 0.1.458, and the index variables' own `comment`.

use glam::DVec3;
use rayon::prelude::*;
use seaglass_core::coord::CoordArray;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::{Axis, Crs, Geolocation, Grid, Swath, xy_from_lonlat};
use seaglass_core::granule::GeometryKind;
use seaglass_core::protocol::{FailureKind, ReadFailure};

use crate::crs;
use crate::dataset::Dataset;
use crate::error::{Result, fail};
use crate::geoloc::Located;
use crate::geometry::Geom;
use crate::limits::MAX_AXIS;
use crate::packing::Packing;

/// Positions made at most; of larger swaths every second, fourth, … cell gets one.
const MAX_MADE: usize = 4 << 20;
/// Control points travel as f32: at 360° their last digit is 3e-5°, on the ground some metres.
const ROUNDING_DEG: f64 = 4e-5;
/// The same on projected axes, metres.
const ROUNDING_M: f64 = 10.0;

/// Control points of a file.
#[derive(Clone, Debug)]
pub struct Model {
    lon: usize,
    lat: usize,
    /// Dimension of the data and the variable with the control points' places along it.
    axes: Vec<(usize, usize)>,
    mapping: Option<usize>,
}

impl Model {
    /// The control points, where the file is of this format.
    pub fn of(ds: &Dataset) -> Option<Self> {
        let root = |name: &str| ds.vars.iter().position(|v| v.path == name);
        let (lon, lat) = (root("lon_gcp")?, root("lat_gcp")?);
        let axes: Vec<(usize, usize)> = (0..ds.dims.len())
            .filter_map(|d| Some((d, root(&format!("index_{}_gcp", ds.dims[d].name))?)))
            .filter(|(_, k)| ds.vars[*k].dims.len() == 1)
            .collect();
        let mapping = ds.vars.iter().position(|v| {
            v.text("grid_mapping_name").is_some_and(|n| n != "latitude_longitude") && ds.vars[lon].dims.len() == 2
        });
        (!axes.is_empty()).then_some(Self { lon, lat, axes, mapping })
    }

    /// The control points lie at the edges of cells, as this format has them.
    fn by_edges(&self, ds: &Dataset) -> bool {
        self.axes.iter().all(|(_, k)| ds.vars[*k].text("cell_reference").is_none())
    }

    /// Whether the variable belongs to the control points.
    pub fn uses(&self, var: usize) -> bool {
        var == self.lon || var == self.lat || self.axes.iter().any(|(_, k)| *k == var)
    }

    /// Where a data variable lies.
    pub fn find(&self, ds: &Dataset, var: usize) -> Option<Geom> {
        let index = |d: &usize| self.axes.iter().find(|(own, _)| own == d).map(|(_, k)| (*d, *k));
        let own: Vec<(usize, usize)> = ds.vars[var].dims.iter().filter_map(index).collect();
        match own.as_slice() {
            [(row, row_index), (col, col_index)] => Some(Geom::Gcp {
                lon: self.lon,
                lat: self.lat,
                row: *row,
                col: *col,
                index: [*row_index, *col_index],
                mapping: self.mapping,
            }),
            [(dim, _)] if ds.vars[self.lon].dims.len() == 1 => {
                Some(Geom::Series { lon: self.lon, lat: self.lat, dims: vec![*dim], aligned: true })
            }
            _ => None,
        }
    }
}

/// Whether the file says of itself that it is of this format.
pub fn is_idf(ds: &Dataset) -> bool {
    ds.global("idf_granule_id").is_some()
        || ds.global("idf_version").is_some()
        || Model::of(ds).is_some_and(|m| m.by_edges(ds))
}

fn nothing(message: String) -> ReadFailure {
    fail(FailureKind::NothingToShow, message)
}

/// Places the cells of a [`Geom::Gcp`].
pub fn locate(ds: &Dataset, geom: &Geom, times: Vec<i64>) -> Result<Located> {
    let Geom::Gcp { lon, lat, row, col, index, mapping } = geom else {
        return Err(nothing("The geometry has no control points.".to_owned()));
    };
    let shape = [ds.dims[*row].len, ds.dims[*col].len];
    let rows = edges(ds, index[0], shape[0])?;
    let cols = edges(ds, index[1], shape[1])?;
    let (lons, lats) = (numbers(ds, *lon)?, numbers(ds, *lat)?);
    for (var, values) in [(*lon, &lons), (*lat, &lats)] {
        if let Some(k) = values.iter().position(|v| !v.is_finite()) {
            return Err(nothing(format!(
                "Control point {k} of {} has no number, so the cells have no place.",
                path(ds, var)
            )));
        }
    }
    let fits = |n: usize| {
        Err(nothing(format!("{} and its index hold different numbers of control points ({n}).", path(ds, *lon))))
    };
    let mut notes = Vec::new();
    let (geolocation, kind) = if ds.vars[*lon].dims.len() == 1 {
        if lons.len() != cols.len() || lats.len() != rows.len() {
            return fits(lons.len());
        }
        let (y, x) = (axis(&rows, &lats, shape[0], ROUNDING_DEG), axis(&cols, &eastward(lons), shape[1], ROUNDING_DEG));
        let grid = Grid::new(y, x, Crs::LonLat).map_err(nothing)?;
        (Geolocation::Grid(grid), GeometryKind::Grid)
    } else {
        if lons.len() != rows.len() * cols.len() || lats.len() != lons.len() {
            return fits(lons.len());
        }
        let points: Vec<LonLat> = lons.iter().zip(&lats).map(|(x, y)| LonLat::new(*x, *y)).collect();
        let projected = match mapping {
            Some(var) => projected(ds, *var, &rows, &cols, &points, shape).unwrap_or_else(|why| {
                notes.push(why);
                None
            }),
            None => None,
        };
        match projected {
            Some(grid) => (Geolocation::Grid(grid), GeometryKind::ProjectedGrid),
            None => (Geolocation::Swath(swath(&rows, &cols, &points, shape, times)?), GeometryKind::Swath),
        }
    };
    Ok(Located { geolocation, tied: false, kind, notes })
}

fn path(ds: &Dataset, var: usize) -> &str {
    &ds.vars[var].path
}

fn numbers(ds: &Dataset, var: usize) -> Result<Vec<f64>> {
    let raw = ds.read_all(var, MAX_AXIS)?;
    Ok(Packing::of(&ds.vars[var]).0.without_range().all(&raw))
}

/// Places of the control points along one dimension, as indices of ours: edges lie half-way between cells.
fn edges(ds: &Dataset, var: usize, cells: usize) -> Result<Vec<f64>> {
    let found = numbers(ds, var)?;
    // Not this format's rule, but that of annotations: places of the centres of cells.
    if ds.vars[var].text("cell_reference").as_deref() == Some("centre") {
        return Ok(found);
    }
    let ascending = found.windows(2).all(|w| w[0] < w[1]);
    let (first, last) = (found.first().copied().unwrap_or(f64::NAN), found.last().copied().unwrap_or(f64::NAN));
    // Other writers end at the last cell, not at its edge.
    if found.len() < 2 || !ascending || first != 0.0 || (last - cells as f64).abs() > 1.0 {
        return Err(nothing(format!(
            "The control points of {} do not run from 0 to {cells} in order, so the cells have no place.",
            path(ds, var)
        )));
    }
    Ok(found.into_iter().map(|e| e - 0.5).collect())
}

/// Longitudes that fall by half a turn or more go on eastward; grids are monotonic otherwise.
fn eastward(mut lon: Vec<f64>) -> Vec<f64> {
    let falls = |w: &[f64]| w[1] < w[0];
    if lon.windows(2).all(falls) || !lon.windows(2).any(falls) {
        return lon;
    }
    let mut turn = 0.0;
    for k in 1..lon.len() {
        if lon[k] + turn - lon[k - 1] <= -180.0 {
            turn += 360.0;
        }
        lon[k] += turn;
    }
    lon
}

/// Interval of a place, and how far along it (beyond 0 to 1 outside the control points).
fn bracket(knots: &[f64], at: f64) -> (usize, f64) {
    let k = knots.partition_point(|e| *e <= at).saturating_sub(1).min(knots.len() - 2);
    (k, (at - knots[k]) / (knots[k + 1] - knots[k]))
}

/// Centres of the cells, linear between control points; evenly spaced where these are but for rounding.
fn axis(knots: &[f64], values: &[f64], cells: usize, rounding: f64) -> Axis {
    let (first, last) = (knots[0], knots[knots.len() - 1]);
    let step = (values[values.len() - 1] - values[0]) / (last - first);
    let even = |(k, v): (&f64, &f64)| (values[0] + step * (k - first) - v).abs() <= rounding;
    if knots.iter().zip(values).all(even) {
        return Axis::Regular { first: values[0] - step * first, step, len: cells };
    }
    let centre = |cell: usize| {
        let (k, f) = bracket(knots, cell as f64);
        values[k] * (1.0 - f) + values[k + 1] * f
    };
    Axis::from_centres((0..cells).map(centre).collect())
}

/// The grid on the axes of its projection; `None` where the control points do not lie on such axes.
fn projected(
    ds: &Dataset,
    mapping: usize,
    rows: &[f64],
    cols: &[f64],
    points: &[LonLat],
    shape: [usize; 2],
) -> std::result::Result<Option<Grid>, String> {
    let unusable =
        |e: String| format!("The map projection cannot be used: {e}; cells are placed between the control points.");
    let proj = crs::proj_string(&ds.vars[mapping]).map_err(unusable)?.proj;
    let Some(xy) = xy_from_lonlat(&proj, points).map_err(unusable)? else { return Ok(None) };
    let n = cols.len();
    let x: Vec<f64> =
        (0..n).map(|c| xy.iter().skip(c).step_by(n).map(|p| p.0).sum::<f64>() / rows.len() as f64).collect();
    let y: Vec<f64> = xy.chunks(n).map(|line| line.iter().map(|p| p.1).sum::<f64>() / n as f64).collect();
    let on_axes = xy
        .iter()
        .enumerate()
        .all(|(k, p)| (p.0 - x[k % n]).abs() <= ROUNDING_M && (p.1 - y[k / n]).abs() <= ROUNDING_M);
    if !on_axes {
        return Ok(None);
    }
    let (y, x) = (axis(rows, &y, shape[0], ROUNDING_M), axis(cols, &x, shape[1], ROUNDING_M));
    Grid::new(y, x, Crs::Proj { proj }).map(Some).map_err(unusable)
}

/// Positions of cells, found on the sphere between the four control points around each.
fn swath(rows: &[f64], cols: &[f64], points: &[LonLat], shape: [usize; 2], times: Vec<i64>) -> Result<Swath> {
    let up: Vec<DVec3> = points.iter().map(LonLat::up).collect();
    let mut stride = 1;
    while shape.iter().map(|n| n.div_ceil(stride)).product::<usize>() > MAX_MADE {
        stride *= 2;
    }
    let [own_rows, own_cols] = shape.map(|n| {
        let mut all: Vec<u32> = (0..n as u32).step_by(stride).collect();
        all.extend((n as u32).checked_sub(1).filter(|last| all.last() != Some(last)));
        all
    });
    let along: Vec<(usize, f64)> = own_cols.iter().map(|c| bracket(cols, f64::from(*c))).collect();
    let line = |r: &u32| -> Vec<(f64, f64)> {
        let (i, f) = bracket(rows, f64::from(*r));
        let at = |i: usize, j: usize| up[i * cols.len() + j];
        let place = |(j, g): &(usize, f64)| {
            let top = at(i, *j) * (1.0 - g) + at(i, j + 1) * *g;
            let bottom = at(i + 1, *j) * (1.0 - g) + at(i + 1, j + 1) * *g;
            let p = top * (1.0 - f) + bottom * f;
            (p.y.atan2(p.x).to_degrees(), p.z.atan2(p.x.hypot(p.y)).to_degrees())
        };
        along.iter().map(place).collect()
    };
    let (lon, lat): (Vec<f64>, Vec<f64>) = own_rows.par_iter().flat_map_iter(line).unzip();
    Swath::new(shape, own_rows, own_cols, CoordArray::F64(lon), CoordArray::F64(lat), times).map_err(nothing)
}
