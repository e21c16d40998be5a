//! Positions of a part, read from the file.

use rayon::prelude::*;
use seaglass_core::coord::CoordArray;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::{Axis, Crs, Geolocation, Grid, Series, Swath};
use seaglass_core::granule::GeometryKind;
use seaglass_core::protocol::FailureKind;

use crate::crs;
use crate::dataset::Dataset;
use crate::earth;
use crate::error::{Result, fail};
use crate::geometry::Geom;
use crate::idf;
use crate::limits::{MAX_AXIS, MAX_POSITIONS};
use crate::links::{self, Link};
use crate::packing::Packing;
use crate::raw::Raw;
use crate::ties::{self, Coordinates};
use crate::timeaxis;

/// Values looked at in one go by a thread.
const BLOCK: usize = 1 << 17;

/// Whether every position must be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Of a large swath tie points do, where they find every cell within [`crate::limits::LIGHT_TOLERANCE_CELLS`] of its size.
    Picture,
    /// Every position.
    All,
}

/// Positions with what was noticed on the way.
pub struct Located {
    /// The positions.
    pub geolocation: Geolocation,
    /// They are tie points only.
    pub tied: bool,
    /// What kind of geometry it turned out to be.
    pub kind: GeometryKind,
    /// Sentences for `FileInfo::notes`.
    pub notes: Vec<String>,
}

/// How a series finds the position (or time) of a sample: index into the variable's values.
#[derive(Clone, Debug)]
pub enum SampleMap {
    /// Sample `k` is value `k`.
    Identity,
    /// A table; `u32::MAX` = none.
    Table(Vec<u32>),
}

/// Reads the positions of a geometry. `times` are those of the rows (swath) or samples (series), possibly empty.
pub fn locate(
    ds: &Dataset,
    links: &[Link],
    geom: &Geom,
    times: Vec<i64>,
    wanted: Option<GeometryKind>,
    demand: Demand,
) -> Result<Located> {
    match geom {
        Geom::Swath { lon, lat, row, col, lead } if demand == Demand::Picture => {
            let at = Coordinates { lon: *lon, lat: *lat, lead: lead.map(|l| l.1) };
            match ties::of(ds, at, [ds.dims[*row].len, ds.dims[*col].len], &times) {
                Some(s) => Ok(Located {
                    geolocation: Geolocation::Swath(s),
                    tied: true,
                    kind: GeometryKind::Swath,
                    notes: Vec::new(),
                }),
                None => swath(ds, *lon, *lat, *row, *col, *lead, times),
            }
        }
        Geom::Grid { lon, lat, .. } => grid(ds, *lon, *lat),
        Geom::Projected { .. } => projected(ds, geom, times),
        Geom::Gcp { .. } => idf::locate(ds, geom, times),
        Geom::Swath { lon, lat, row, col, lead } => swath(ds, *lon, *lat, *row, *col, *lead, times),
        Geom::Series { lon, lat, dims, aligned } => series(ds, links, *lon, *lat, dims, *aligned, times, wanted),
    }
}

fn nothing(message: String) -> seaglass_core::protocol::ReadFailure {
    fail(FailureKind::NothingToShow, message)
}

/// Values of a one-dimensional coordinate.
fn centres(ds: &Dataset, var: usize) -> Result<Vec<f64>> {
    let raw = ds.read_all(var, MAX_AXIS)?;
    Ok(Packing::of(&ds.vars[var]).0.without_range().all(&raw))
}

/// Longitudes that jump by a turn (350, 355, 0, 5) made continuous.
fn unwrap_longitudes(lon: &mut [f64]) {
    for k in 1..lon.len() {
        let step = lon[k] - lon[k - 1];
        if step.abs() > 180.0 {
            lon[k] -= 360.0 * (step / 360.0).round();
        }
    }
}

fn monotonic(v: &[f64]) -> bool {
    v.iter().all(|x| x.is_finite()) && (v.windows(2).all(|w| w[1] > w[0]) || v.windows(2).all(|w| w[1] < w[0]))
}

fn grid(ds: &Dataset, lon: usize, lat: usize) -> Result<Located> {
    let (mut x, y) = (centres(ds, lon)?, centres(ds, lat)?);
    let mut notes = Vec::new();
    if let Some(wrong) = earth::axes(ds, lon, lat, &x, &y) {
        return Err(wrong);
    }
    unwrap_longitudes(&mut x);
    let path = |k: usize| ds.vars[k].path.clone();
    if !monotonic(&x) || !monotonic(&y) {
        // Not a grid in rows and columns of ever growing coordinates: every position on its own then.
        let cells = x.len().saturating_mul(y.len());
        let usable = |v: &[f64]| v.iter().filter(|c| c.is_finite()).count() > 1;
        if cells > MAX_POSITIONS || !usable(&x) || !usable(&y) {
            return Err(nothing(format!(
                "The coordinates {} and {} neither rise nor fall steadily or are missing, so the cells have no place.",
                path(lon),
                path(lat)
            )));
        }
        notes.push(format!("{} or {} is not monotonic; each cell is placed on its own.", path(lon), path(lat)));
        let n = x.len();
        let mut lons = CoordArray::F64((0..cells).map(|k| x[k % n]).collect());
        let mut lats = CoordArray::F64((0..cells).map(|k| y[k / n]).collect());
        check_positions(ds, lon, lat, &mut lons, &mut lats, true, &mut notes)?;
        let shape = [y.len(), n];
        let s = Swath::new(shape, knots(shape[0]), knots(shape[1]), lons, lats, Vec::new()).map_err(nothing)?;
        return Ok(Located { geolocation: Geolocation::Swath(s), tied: false, kind: GeometryKind::Swath, notes });
    }
    // Columns that run on past one turn repeat the same places.
    if let [first, .., last] = x.as_slice() {
        let sign = (last - first).signum();
        let keep = x.iter().take_while(|c| (**c - x[0]) * sign <= 360.0 + 1e-6).count();
        if keep < x.len() {
            notes.push(format!("{} goes more than once round the Earth; the first turn is shown.", path(lon)));
            x.truncate(keep);
        }
    }
    let grid = Grid::new(Axis::from_centres(y), Axis::from_centres(x), Crs::LonLat).map_err(nothing)?;
    Ok(Located { geolocation: Geolocation::Grid(grid), tied: false, kind: GeometryKind::Grid, notes })
}

fn projected(ds: &Dataset, geom: &Geom, times: Vec<i64>) -> Result<Located> {
    let Geom::Projected { x, y, row, col, mapping, lonlat } = geom else {
        return Err(nothing("The geometry is not projected.".to_owned()));
    };
    let by_positions = |note: Option<String>| match lonlat {
        Some((lon, lat)) => {
            let mut located = swath(ds, *lon, *lat, *row, *col, None, times.clone())?;
            located.notes.extend(note);
            Ok(located)
        }
        None => Err(nothing(note.unwrap_or_else(|| "The projected axes cannot be used.".to_owned()))),
    };
    let var = &ds.vars[*mapping];
    let map = match crs::proj_string(var) {
        Ok(m) => m,
        Err(e) => return by_positions(Some(format!("The map projection cannot be used: {e}."))),
    };
    let axis = |k: usize, false_origin: f64| -> Result<Vec<f64>> {
        let factor = crs::metres_per_unit(ds.vars[k].units().as_deref(), &map);
        Ok(centres(ds, k)?.into_iter().map(|c| (c - false_origin) * factor).collect())
    };
    // A PROJ string of the producer carries its own false origin.
    let [fx, fy] = if map.proj.contains("+x_0") { [0.0, 0.0] } else { crs::false_origin(var) };
    let (xs, ys) = (axis(*x, fx)?, axis(*y, fy)?);
    if !monotonic(&xs) || !monotonic(&ys) {
        return by_positions(Some("The projected axes neither rise nor fall steadily.".to_owned()));
    }
    let crs = Crs::Proj { proj: map.proj.clone() };
    let grid = match Grid::new(Axis::from_centres(ys), Axis::from_centres(xs), crs) {
        Ok(g) => g,
        Err(e) => return by_positions(Some(format!("The map projection cannot be used: {e}."))),
    };
    if let Some((lon, lat)) = lonlat
        && let Some(off) = disagreement(ds, &grid, *lon, *lat)?
    {
        return by_positions(Some(format!(
            "Projected axes and the positions in {} differ by {off:.1} cells; the positions are used.",
            ds.vars[*lon].path
        )));
    }
    Ok(Located {
        geolocation: Geolocation::Grid(grid),
        tied: false,
        kind: GeometryKind::ProjectedGrid,
        notes: Vec::new(),
    })
}

/// Largest distance in cells between the grid's positions and two-dimensional ones at a sample of cells;
/// `None` when below a tenth of a cell everywhere.
fn disagreement(ds: &Dataset, grid: &Grid, lon: usize, lat: usize) -> Result<Option<f64>> {
    let [rows, cols] = grid.shape();
    let packing = |k: usize| Packing::of(&ds.vars[k]).0.without_range();
    let (lon_packing, lat_packing) = (packing(lon), packing(lat));
    let mut worst = 0.0f64;
    let pick = |n: usize, k: usize| (n - 1) * k / 6;
    for i in 0..=6 {
        let row = pick(rows, i);
        let lons = ds.read(lon, &[row, 0], &[1, cols])?;
        let lats = ds.read(lat, &[row, 0], &[1, cols])?;
        for j in 0..=6 {
            let col = pick(cols, j);
            let p = LonLat::new(lon_packing.at(&lons, col), lat_packing.at(&lats, col));
            let (r, c) = (row as f64, col as f64);
            let (Some(q), true) = (grid.lonlat_from_index(r, c), p.is_valid()) else { continue };
            let dr = if row + 1 < rows { 0.5 } else { -0.5 };
            let Some(edge) = grid.lonlat_from_index(r + dr, c) else { continue };
            let cell = 2.0 * q.approx_distance_m(&edge);
            if cell > 0.0 {
                worst = worst.max(q.approx_distance_m(&p) / cell);
            }
        }
    }
    Ok((worst > 0.1).then_some(worst))
}

fn knots(n: usize) -> Vec<u32> {
    (0..n as u32).collect()
}

fn swath(
    ds: &Dataset,
    lon: usize,
    lat: usize,
    row: usize,
    col: usize,
    lead: Option<(usize, usize)>,
    times: Vec<i64>,
) -> Result<Located> {
    let shape = [ds.dims[row].len, ds.dims[col].len];
    let n = shape[0].saturating_mul(shape[1]);
    if n > MAX_POSITIONS {
        return Err(fail(
            FailureKind::TooLarge,
            format!(
                "{} and {} declare {} × {} positions; at most {} million are read.",
                ds.vars[lon].path,
                ds.vars[lat].path,
                shape[0],
                shape[1],
                MAX_POSITIONS >> 20
            ),
        ));
    }
    let read = |var: usize| match lead {
        Some((_, k)) => ds.read_fast(var, &[k, 0, 0], &[1, shape[0], shape[1]]),
        None => ds.read_fast(var, &[0, 0], &shape),
    };
    let mut notes = Vec::new();
    let mut lons = coordinates(ds, lon, read(lon)?);
    let mut lats = coordinates(ds, lat, read(lat)?);
    check_positions(ds, lon, lat, &mut lons, &mut lats, true, &mut notes)?;
    let s = Swath::new(shape, knots(shape[0]), knots(shape[1]), lons, lats, times).map_err(nothing)?;
    Ok(Located { geolocation: Geolocation::Swath(s), tied: false, kind: GeometryKind::Swath, notes })
}

/// Coordinates in the packing of the file where that loses nothing.
pub fn coordinates(ds: &Dataset, var: usize, raw: Raw) -> CoordArray {
    let packing = Packing::of(&ds.vars[var]).0.without_range();
    let integers = |values: Vec<i32>| CoordArray::I32 { raw: values, scale: packing.scale, offset: packing.offset };
    let mark = |x: i32| if packing.value(f64::from(x)).is_nan() { i32::MIN } else { x };
    match raw {
        _ if packing.is_single() => CoordArray::F32(packing.all(&raw).into_iter().map(|v| v as f32).collect()),
        _ if packing.turns_sign() => CoordArray::F64(packing.all(&raw)),
        Raw::I32(mut v) => {
            match packing.only_markers() {
                // Whole blocks at once: a comparison a number, no conversion.
                Some(markers) => {
                    let whole = markers.iter().filter(|m| m.fract() == 0.0 && f64::from(**m as i32) == **m);
                    let markers: Vec<i32> = whole.map(|m| *m as i32).collect();
                    v.par_chunks_mut(BLOCK).for_each(|block| {
                        for m in &markers {
                            block.iter_mut().for_each(|x| *x = if x == m { i32::MIN } else { *x });
                        }
                    });
                }
                None => v.par_chunks_mut(BLOCK).for_each(|block| block.iter_mut().for_each(|x| *x = mark(*x))),
            }
            integers(v)
        }
        Raw::I16(v) => integers(v.into_iter().map(|x| mark(i32::from(x))).collect()),
        Raw::U16(v) => integers(v.into_iter().map(|x| mark(i32::from(x))).collect()),
        Raw::I8(v) => integers(v.into_iter().map(|x| mark(i32::from(x))).collect()),
        Raw::U8(v) => integers(v.into_iter().map(|x| mark(i32::from(x))).collect()),
        Raw::F32(mut v) if !packing.is_packed() => {
            v.par_chunks_mut(BLOCK).for_each(|block| {
                for x in block.iter_mut().filter(|x| packing.value(f64::from(**x)).is_nan()) {
                    *x = f32::NAN;
                }
            });
            CoordArray::F32(v)
        }
        other => CoordArray::F64(packing.all(&other)),
    }
}

fn forget(array: &mut CoordArray, k: usize) {
    match array {
        CoordArray::F32(v) => v[k] = f32::NAN,
        CoordArray::F64(v) => v[k] = f64::NAN,
        CoordArray::I32 { raw, .. } => raw[k] = i32::MIN,
    }
}

/// What a look at a run of positions found.
struct Checked {
    bad: Vec<usize>,
    first: Option<LonLat>,
    varied: bool,
}

impl Checked {
    fn of(lons: &CoordArray, lats: &CoordArray, range: std::ops::Range<usize>) -> Self {
        if let Some(all_good) = Self::packed(lons, lats, range.clone()) {
            return all_good;
        }
        let mut out = Self { bad: Vec::new(), first: None, varied: false };
        for k in range {
            let p = LonLat::new(lons.get(k), lats.get(k));
            if p.is_valid() {
                match out.first {
                    None => out.first = Some(p),
                    Some(f) => out.varied |= f != p,
                }
            } else if !(p.lon_deg.is_nan() || p.lat_deg.is_nan()) {
                out.bad.push(k);
            }
        }
        out
    }
}

impl Checked {
    /// The answer for packed positions of which none is missing and none impossible, from the least and greatest
    /// packed numbers; `None` where every position has to be looked at.
    fn packed(lons: &CoordArray, lats: &CoordArray, range: std::ops::Range<usize>) -> Option<Self> {
        let ends = |array: &CoordArray| -> Option<([f64; 2], bool)> {
            let CoordArray::I32 { raw, scale, offset } = array else { return None };
            let run = raw.get(range.clone()).filter(|r| !r.is_empty())?;
            let (lo, hi) = run.iter().fold((i32::MAX, i32::MIN), |(lo, hi), v| (lo.min(*v), hi.max(*v)));
            (lo != i32::MIN).then(|| ([lo, hi].map(|v| f64::from(v) * scale + offset), lo != hi))
        };
        let ((lon, lon_varies), (lat, lat_varies)) = (ends(lons)?, ends(lats)?);
        let good = lon.iter().zip(lat).all(|(x, y)| LonLat::new(*x, y).is_valid());
        let first = LonLat::new(lons.get(range.start), lats.get(range.start));
        good.then(|| Self { bad: Vec::new(), first: Some(first), varied: lon_varies || lat_varies })
    }
}

/// Marks impossible positions as missing and says so; fails when none is left, or (images) all are the same place.
fn check_positions(
    ds: &Dataset,
    lon: usize,
    lat: usize,
    lons: &mut CoordArray,
    lats: &mut CoordArray,
    image: bool,
    notes: &mut Vec<String>,
) -> Result<()> {
    let n = lons.len().min(lats.len());
    let blocks: Vec<Checked> = (0..n.div_ceil(BLOCK))
        .into_par_iter()
        .map(|b| Checked::of(lons, lats, b * BLOCK..((b + 1) * BLOCK).min(n)))
        .collect();
    let bad: usize = blocks.iter().map(|b| b.bad.len()).sum();
    let good = blocks.iter().any(|b| b.first.is_some());
    let first = blocks.iter().find_map(|b| b.first);
    let varied = blocks.iter().any(|b| b.varied || (b.first.is_some() && b.first != first));
    if !good {
        return Err(earth::positions(ds, lon, lat, (0..n).map(|k| LonLat::new(lons.get(k), lats.get(k)))));
    }
    for k in blocks.iter().flat_map(|b| &b.bad) {
        forget(lons, *k);
        forget(lats, *k);
    }
    let names = format!("{} and {}", ds.vars[lon].path, ds.vars[lat].path);
    if bad > 0 {
        notes.push(format!(
            "{bad} positions in {names} lie outside the Earth (latitude beyond ±90° or fill values) and are left out."
        ));
    }
    if image && !varied && lons.len() > 1 {
        return Err(nothing(format!("All positions in {names} are the same place, so there is nothing to draw.")));
    }
    Ok(())
}

/// How samples listed along `dims` find values of a variable that lies on some of these dimensions or beyond a link.
pub fn sample_map(
    ds: &Dataset,
    links: &[Link],
    dims: &[usize],
    var: usize,
    aligned: bool,
) -> Result<Option<SampleMap>> {
    let own: Vec<usize> = ds.vars[var].dims.iter().copied().filter(|d| ds.dims[*d].len > 1).collect();
    let long: Vec<usize> = dims.iter().copied().filter(|d| ds.dims[*d].len > 1).collect();
    if own == long || (aligned && own.len() == 1) {
        return Ok(Some(SampleMap::Identity));
    }
    let n: usize = dims.iter().map(|d| ds.dims[*d].len).product();
    if own.is_empty() {
        return Ok(Some(SampleMap::Table(vec![0; n])));
    }
    if own.iter().all(|d| dims.contains(d)) {
        // Strides of the variable's values along the sample dimensions.
        let stride = |dim: usize| -> usize {
            match own.iter().position(|d| *d == dim) {
                Some(at) => own[at + 1..].iter().map(|d| ds.dims[*d].len).product(),
                None => 0,
            }
        };
        let strides: Vec<usize> = dims.iter().map(|d| stride(*d)).collect();
        let lens: Vec<usize> = dims.iter().map(|d| ds.dims[*d].len).collect();
        let table = (0..n).map(|k| {
            let (mut rest, mut at) = (k, 0);
            for (len, s) in lens.iter().zip(&strides).rev() {
                at += (rest % len) * s;
                rest /= len;
            }
            at as u32
        });
        return Ok(Some(SampleMap::Table(table.collect())));
    }
    if let ([from], [to]) = (long.as_slice(), own.as_slice()) {
        return Ok(links::table(ds, links, *from, *to)?.map(SampleMap::Table));
    }
    Ok(None)
}

#[allow(clippy::too_many_arguments, reason = "the parts of one geometry, named at the only call")]
fn series(
    ds: &Dataset,
    links: &[Link],
    lon: usize,
    lat: usize,
    dims: &[usize],
    aligned: bool,
    times: Vec<i64>,
    wanted: Option<GeometryKind>,
) -> Result<Located> {
    let n = dims.iter().map(|d| ds.dims[*d].len).fold(1usize, usize::saturating_mul);
    if n > MAX_POSITIONS / 2 {
        return Err(fail(
            FailureKind::TooLarge,
            format!("The file lists {n} positions; at most {} million are read.", MAX_POSITIONS >> 21),
        ));
    }
    let read = |var: usize| -> Result<CoordArray> {
        let map = sample_map(ds, links, dims, var, aligned)?
            .ok_or_else(|| nothing(format!("The samples cannot be matched with {}.", ds.vars[var].path)))?;
        let raw = ds.read_all(var, MAX_POSITIONS)?;
        let mut values = match &map {
            SampleMap::Identity => coordinates(ds, var, raw),
            SampleMap::Table(t) => coordinates(ds, var, raw.gather(t)),
        };
        if let SampleMap::Table(t) = &map {
            for (k, _) in t.iter().enumerate().filter(|(_, i)| **i == u32::MAX) {
                forget(&mut values, k);
            }
        }
        Ok(values)
    };
    let (mut lons, mut lats) = (read(lon)?, read(lat)?);
    let mut notes = Vec::new();
    check_positions(ds, lon, lat, &mut lons, &mut lats, false, &mut notes)?;
    let starts = starts(ds, links, dims)?;
    let mut series = Series { lon: lons, lat: lats, time_us: times, starts };
    if series.time_us.len() != n {
        series.time_us = Vec::new();
    }
    let track = match wanted {
        Some(GeometryKind::Track) => true,
        Some(GeometryKind::Points) => false,
        _ => is_track(ds, &series),
    };
    if !track {
        series.starts = vec![0];
        return Ok(Located {
            geolocation: Geolocation::Points(series),
            tied: false,
            kind: GeometryKind::Points,
            notes,
        });
    }
    Ok(Located { geolocation: Geolocation::Track(series), tied: false, kind: GeometryKind::Track, notes })
}

/// First samples of the trajectories.
fn starts(ds: &Dataset, links: &[Link], dims: &[usize]) -> Result<Vec<usize>> {
    match dims {
        [_, inner] => {
            let (outer, inner) = (ds.dims[dims[0]].len, ds.dims[*inner].len);
            Ok((0..outer).map(|k| k * inner).collect())
        }
        [obs] => {
            let owner: Vec<f64> = match (links.iter().find(|l| l.from == *obs), identity(ds, *obs)) {
                (Some(link), _) => {
                    let table = links::table(ds, links, *obs, link.to)?.unwrap_or_default();
                    table.into_iter().map(f64::from).collect()
                }
                (None, Some(id)) => {
                    let raw = ds.read_all(id, MAX_POSITIONS)?;
                    (0..raw.len()).map(|k| raw.get(k)).collect()
                }
                (None, None) => Vec::new(),
            };
            let mut out = vec![0];
            out.extend((1..owner.len()).filter(|k| owner[*k] != owner[k - 1]));
            Ok(out)
        }
        _ => Ok(vec![0]),
    }
}

/// A whole-numbered variable that says which trajectory an observation belongs to.
fn identity(ds: &Dataset, obs: usize) -> Option<usize> {
    let names = ["track", "trajectory", "trajectory_id", "traj_id", "id", "ids", "drifter_id", "platform_id"];
    ds.vars.iter().position(|v| {
        v.dims == [obs]
            && v.ty.is_some_and(|t| !t.is_float())
            && (names.contains(&v.name.to_ascii_lowercase().as_str())
                || v.text("cf_role").as_deref() == Some("trajectory_id"))
    })
}

/// Some trajectory has two places. One that stands still has no line to draw, but a dot.
fn moves(series: &Series) -> bool {
    let n = series.lon.len();
    let ends = |k: usize| series.starts.get(k + 1).copied().unwrap_or(n).min(n);
    series.starts.iter().enumerate().any(|(k, start)| {
        let mut places = (*start..ends(k)).filter_map(|i| series.lonlat(i));
        let first = places.next();
        places.any(|p| Some(p) != first)
    })
}

/// By `featureType`; without it, samples in strict time order that go on from one another are a track.
fn is_track(ds: &Dataset, series: &Series) -> bool {
    if !moves(series) {
        return false;
    }
    match crate::cf::feature_type(ds).as_deref() {
        Some(f) if f.starts_with("traj") => return true,
        Some(f) if ["point", "timeseries", "profile", "station"].iter().any(|w| f.starts_with(w)) => return false,
        _ => {}
    }
    let n = series.time_us.len();
    if n < 3 || n != series.lon.len() {
        return false;
    }
    let (mut last, mut pairs, mut rising, mut moving, mut near) = (None::<(i64, LonLat)>, 0, 0, 0, 0);
    let step = (n / 20_000).max(1);
    for k in 0..n {
        // Neighbours only; of long series, a sample of neighbours.
        if step > 1 && k % step > 1 {
            continue;
        }
        let p = LonLat::new(series.lon.get(k), series.lat.get(k));
        let t = series.time_us[k];
        if !p.is_valid() || t == timeaxis::MISSING_US {
            continue;
        }
        if let Some((t0, q)) = last {
            let d = q.approx_distance_m(&p);
            pairs += 1;
            rising += usize::from(t > t0);
            moving += usize::from(d > 0.0);
            near += usize::from(d < 1_000_000.0);
        }
        last = Some((t, p));
    }
    pairs > 0 && rising * 100 >= pairs * 98 && moving * 4 >= pairs && near * 10 >= pairs * 9
}
