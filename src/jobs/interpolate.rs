//! Values of grids at the places and times of the primary rows: bilinear between cells, linear between steps.
//!
//! Only the cells around primary rows are read, so a grid is a list of cells here, not an array.

use std::collections::HashSet;
use std::sync::Arc;

use rayon::prelude::*;
use seaglass_coloc as coloc;
use seaglass_coloc::aggregate::Quantity;
use seaglass_coloc::grid::Raster;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::{Crs, Geolocation, Grid};

use crate::error::{JobError, Result};
use crate::reduce::quantity;
use crate::spec::Between;
use crate::table::{Made as Said, Rows};
use crate::task::{Context, Made, Ready};

/// Weights that sum to less than one by no more than rounding have nothing missing.
const WHOLE: f64 = 1e-12;

/// A grid of some granules.
struct Axes {
    geolocation: Arc<Geolocation>,
    raster: Raster,
}

impl Axes {
    fn new(geolocation: &Arc<Geolocation>) -> Result<Self> {
        let broken = |e: String| JobError::Internal(format!("A grid cannot be interpolated: {e}."));
        let Geolocation::Grid(grid) = &**geolocation else { return Err(broken("it has no axes".to_owned())) };
        let centres =
            |axis: &seaglass_core::geolocation::Axis| (0..axis.len()).map(|k| axis.centre(k)).collect::<Vec<f64>>();
        let raster = Raster::new(centres(&grid.y), centres(&grid.x), grid.crs == Crs::LonLat);
        Ok(Self { geolocation: Arc::clone(geolocation), raster: raster.map_err(|e| broken(e.to_string()))? })
    }

    fn grid(&self) -> Option<&Grid> {
        match &*self.geolocation {
            Geolocation::Grid(grid) => Some(grid),
            _ => None,
        }
    }

    /// The cells around a place with their weights.
    fn corners(&self, lat: f64, lon: f64) -> Option<[(usize, f64); 4]> {
        let (x, y) = self.grid()?.plane_from_lonlat(LonLat::new(lon, lat))?;
        self.raster.corners(y, x)
    }
}

/// One step of a grid that was read.
struct Step {
    /// Index into the loaded granules.
    loaded: usize,
    axes: usize,
    time_us: i64,
}

/// A cell that counts.
struct Cell {
    loaded: usize,
    /// Row among those loaded.
    at: usize,
    weight: f64,
    distance_m: f64,
    dt_us: i64,
}

/// What one primary row gets.
struct Sample {
    row: u64,
    values: Vec<f64>,
    said: Said,
    pairs: u64,
    sum64: u64,
}

/// A row for each primary row at which some field has a value.
///
/// # Errors
/// A grid whose axes make no sense.
pub(crate) fn rows(cx: &Context<'_>, ready: &[Ready<'_>], out: &mut Rows) -> Result<Made> {
    let [own, grid] = ready else { return Ok(Made::default()) };
    let steps = Steps::new(cx, grid)?;
    let repeated = cx.repeated(own)?;
    let left_out: HashSet<u64> =
        repeated.iter().flat_map(|(k, rows)| rows.iter().map(|r| own.engine.first_row(*k) + u64::from(*r))).collect();
    let numbers: Vec<u64> = (0..own.engine.granules().len())
        .flat_map(|k| own.engine.rows(k))
        .filter(|row| !left_out.contains(row))
        .collect();
    let look = |row: &u64| if cx.readers.cancel.is_cancelled() { None } else { steps.sample(*row, own) };
    let found: Vec<Sample> = cx.threads.install(|| numbers.par_iter().with_min_len(512).filter_map(look).collect());
    if cx.readers.cancel.is_cancelled() {
        return Err(JobError::Canceled);
    }
    let mut made = Made { repeated: left_out.len() as u64, ..Made::default() };
    for s in found {
        made.pairs += s.pairs;
        made.sum64 = made.sum64.wrapping_add(s.sum64);
        out.place(0, own.place(s.row));
        out.made(s.said);
        s.values.iter().enumerate().for_each(|(v, x)| out.values(1, v).push(*x));
        for (v, variable) in cx.layout.sides[0].variables.iter().enumerate() {
            out.values(0, v).push(own.value(s.row, variable.column));
        }
    }
    made.candidates = made.pairs;
    Ok(made)
}

/// Everything loaded of the grid side.
struct Steps<'a> {
    cx: &'a Context<'a>,
    side: &'a Ready<'a>,
    axes: Vec<Axes>,
    /// By time, then by granule.
    steps: Vec<Step>,
    window_us: i64,
    radius_m: f64,
    fields: Vec<(usize, Quantity)>,
}

impl<'a> Steps<'a> {
    fn new(cx: &'a Context<'a>, side: &'a Ready<'a>) -> Result<Self> {
        let mut axes: Vec<Axes> = Vec::new();
        let mut steps = Vec::new();
        for (loaded, l) in side.loaded.granules.iter().enumerate() {
            let granule = &side.side.granules[l.granule];
            // The cells of a step share its time.
            let (Some(geolocation), Some(time_us)) = (&granule.grid, l.rows.time_us.first().copied()) else { continue };
            let known = axes.iter().position(|a| Arc::ptr_eq(&a.geolocation, geolocation));
            let at = match known {
                Some(at) => at,
                None => {
                    axes.push(Axes::new(geolocation)?);
                    axes.len() - 1
                }
            };
            steps.push(Step { loaded, axes: at, time_us });
        }
        steps.sort_by_key(|s| (s.time_us, s.loaded));
        Ok(Self {
            cx,
            side,
            axes,
            steps,
            window_us: cx.spec.window_us()?,
            radius_m: cx.spec.radius_m()?,
            fields: cx.layout.sides[1].variables.iter().map(|v| (v.column, quantity(&v.info))).collect(),
        })
    }

    fn sample(&self, row: u64, own: &Ready<'_>) -> Option<Sample> {
        let (lat, lon, t) = own.engine.place(row)?;
        let corners: Vec<Option<[(usize, f64); 4]>> = self.axes.iter().map(|a| a.corners(lat, lon)).collect();
        let chosen = self.around(t, &corners);
        let mut cells: Vec<Cell> = Vec::new();
        for (time_us, share) in chosen.iter().flatten() {
            self.of_step(*time_us, *share, &corners, (lat, lon, t), &mut cells);
        }
        if cells.is_empty() {
            return None;
        }
        let (mut values, mut least, mut fewest) = (Vec::with_capacity(self.fields.len()), 1.0_f64, u32::MAX);
        for (column, quantity) in &self.fields {
            let (value, weight, n) = self.blend(&cells, *column, *quantity);
            values.push(value);
            (least, fewest) = (least.min(weight), fewest.min(n));
        }
        if values.iter().all(|v| v.is_nan()) {
            return None;
        }
        let weight: f64 = cells.iter().map(|c| c.weight).sum();
        let global = own.global(row);
        let first = |c: &Cell| self.side.side.granules[self.side.loaded.granules[c.loaded].granule].first_row;
        let index = |c: &Cell| u64::from(self.side.loaded.granules[c.loaded].rows.index[c.at]);
        Some(Sample {
            row,
            values,
            said: Said {
                n: fewest,
                distance_min_m: cells.iter().map(|c| c.distance_m).fold(f64::INFINITY, f64::min),
                dt_mean_us: cells.iter().map(|c| c.weight * c.dt_us as f64).sum::<f64>() / weight,
                n_effective: least,
            },
            pairs: cells.len() as u64,
            sum64: coloc::pairs_sum64(cells.iter().map(|c| (global, first(c) + index(c)))),
        })
    }

    /// The times of the steps that count, with their shares.
    fn around(&self, t: i64, corners: &[Option<[(usize, f64); 4]>]) -> [Option<(i64, f64)>; 2] {
        let here = |s: &&Step| corners[s.axes].is_some() && s.time_us.abs_diff(t) <= self.window_us.unsigned_abs();
        let after = self.steps.partition_point(|s| s.time_us <= t);
        let before = self.steps[..after].iter().rev().find(here).map(|s| s.time_us);
        let after = self.steps[after..].iter().find(here).map(|s| s.time_us);
        match (self.cx.spec.policy.time, before, after) {
            (_, Some(a), _) if a == t => [Some((a, 1.0)), None],
            (Between::Linear, Some(a), Some(b)) => {
                let share = (t - a) as f64 / (b - a) as f64;
                [Some((a, 1.0 - share)), Some((b, share))]
            }
            (Between::Linear, ..) => [None, None],
            (Between::Nearest, Some(a), Some(b)) if b - t < t - a => [Some((b, 1.0)), None],
            (Between::Nearest, Some(a), _) => [Some((a, 1.0)), None],
            (Between::Nearest, None, b) => [b.map(|b| (b, 1.0)), None],
        }
    }

    /// Adds the cells of a step: of the first granule of that time that has any.
    fn of_step(
        &self,
        time_us: i64,
        share: f64,
        corners: &[Option<[(usize, f64); 4]>],
        (lat, lon, t): (f64, f64, i64),
        cells: &mut Vec<Cell>,
    ) {
        let metric = self.cx.spec.metric.metric();
        let first = self.steps.partition_point(|s| s.time_us < time_us);
        for step in self.steps[first..].iter().take_while(|s| s.time_us == time_us) {
            let Some(corners) = corners[step.axes] else { continue };
            let before = cells.len();
            let loaded = &self.side.loaded.granules[step.loaded];
            let engine = &self.side.engine.granules()[step.loaded];
            for (cell, part) in corners.into_iter().filter(|c| c.1 > 0.0) {
                let Ok(at) = loaded.rows.index.binary_search(&(cell as u32)) else { continue };
                let (y, x) = engine.position(at);
                let distance_m = metric.distance_m(lat, lon, y, x);
                if distance_m <= self.radius_m {
                    let dt_us = time_us.saturating_sub(t);
                    cells.push(Cell { loaded: step.loaded, at, weight: share * part, distance_m, dt_us });
                }
            }
            if cells.len() > before {
                return;
            }
        }
    }

    /// Value of a field, the share of the weights of cells that have one, and their number.
    fn blend(&self, cells: &[Cell], column: usize, quantity: Quantity) -> (f64, f64, u32) {
        let (mut sum, mut sin, mut cos, mut weight, mut n) = (0.0, 0.0, 0.0, 0.0, 0);
        for c in cells {
            let v = self.side.loaded.granules[c.loaded].rows.columns[column].get(c.at);
            if v.is_nan() || c.weight == 0.0 {
                continue;
            }
            n += 1;
            weight += c.weight;
            match quantity {
                Quantity::Linear => sum += c.weight * v,
                Quantity::Angle => {
                    let (s, k) = v.to_radians().sin_cos();
                    (sin, cos) = (sin + c.weight * s, cos + c.weight * k);
                }
            }
        }
        if weight <= 0.0 {
            return (f64::NAN, 0.0, 0);
        }
        let value = match quantity {
            Quantity::Linear if weight > 1.0 - WHOLE => sum,
            Quantity::Linear => sum / weight,
            Quantity::Angle => sin.atan2(cos).to_degrees().rem_euclid(360.0),
        };
        (value, weight.min(1.0), n)
    }
}
