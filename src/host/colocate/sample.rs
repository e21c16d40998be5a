//! What is made of cells about a match: the box of cells around the nearest, and values between the cells of a grid.

use std::sync::Arc;

use rayon::prelude::*;
use seaglass_coloc::grid::Raster;
use seaglass_coloc::{Cancel, Metric};
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::{Axis, Crs, Geolocation, Grid};
use seaglass_jobs::boxes;

use super::angle;
use super::ask::Ask;
use super::data::{NoPairs, SideData};
use super::reduce::Match;

/// Puts the mean of the box of cells about the nearest in place of its value.
pub(super) fn boxed(other: &SideData, size: usize, directions: bool, matches: &mut [Match]) {
    matches.par_iter_mut().with_min_len(256).for_each(|m| {
        let (g, row) = other.locate(m.b);
        let (granule, rows) = other.granule_rows(g);
        let values: Vec<f64> = boxes::cells(granule, rows.index[row], size)
            .into_iter()
            .flatten()
            .filter_map(|c| rows.index.binary_search(&c).ok())
            .map(|k| other.value_at(g, k))
            .filter(|v| !v.is_nan())
            .collect();
        if !values.is_empty() {
            (m.value, m.sd) = angle::moments(&values, directions);
            m.n = values.len() as u32;
        }
    });
}

/// Axes shared by granules.
struct Axes {
    geolocation: Arc<Geolocation>,
    raster: Raster,
}

impl Axes {
    fn new(geolocation: &Arc<Geolocation>) -> Option<Self> {
        let Geolocation::Grid(grid) = &**geolocation else { return None };
        let centres = |axis: &Axis| (0..axis.len()).map(|k| axis.centre(k)).collect::<Vec<f64>>();
        let raster = Raster::new(centres(&grid.y), centres(&grid.x), grid.crs == Crs::LonLat).ok()?;
        Some(Self { geolocation: Arc::clone(geolocation), raster })
    }

    fn grid(&self) -> Option<&Grid> {
        match &*self.geolocation {
            Geolocation::Grid(grid) => Some(grid),
            _ => None,
        }
    }

    fn corners(&self, at: LonLat) -> Option<[(usize, f64); 4]> {
        let (x, y) = self.grid()?.plane_from_lonlat(at)?;
        self.raster.corners(y, x)
    }
}

/// One step of a grid.
struct Step {
    time_us: i64,
    granule: usize,
    axes: usize,
}

/// The grid side, by time.
struct Steps<'a> {
    other: &'a SideData,
    ask: &'a Ask,
    linear: bool,
    axes: Vec<Axes>,
    steps: Vec<Step>,
}

/// Value of one step at a place.
struct Here {
    value: f64,
    time_us: i64,
    cells: u32,
    /// The nearest cell that counts.
    row: u32,
    distance_m: f64,
}

/// Values of the grid of the compared side at the places and times of the reference rows. `linear` interpolates between
/// the steps before and after, and gives nothing where one is missing; else the nearest step counts. Cells beyond the
/// radius and steps beyond the window do not.
///
/// # Errors
/// Stopped.
pub(super) fn interpolated(
    own: &SideData,
    other: &SideData,
    ask: &Ask,
    linear: bool,
    cancel: &Cancel,
) -> Result<Vec<Match>, NoPairs> {
    let steps = Steps::new(other, ask, linear);
    let one = |row: u32| if cancel.is_cancelled() { None } else { steps.sample(own, row) };
    let found: Vec<Match> = (0..own.len() as u32).into_par_iter().with_min_len(256).filter_map(one).collect();
    if cancel.is_cancelled() { Err(NoPairs::Cancelled) } else { Ok(found) }
}

impl<'a> Steps<'a> {
    fn new(other: &'a SideData, ask: &'a Ask, linear: bool) -> Self {
        let mut axes: Vec<Axes> = Vec::new();
        let mut steps = Vec::new();
        for granule in 0..other.granules() {
            let (of, rows) = other.granule_rows(granule);
            let (Some(grid), Some(time_us)) = (&of.grid, rows.time_us.first().copied()) else { continue };
            let known = axes.iter().position(|a| Arc::ptr_eq(&a.geolocation, grid));
            let known = known.or_else(|| {
                axes.push(Axes::new(grid)?);
                Some(axes.len() - 1)
            });
            steps.extend(known.map(|axes| Step { time_us, granule, axes }));
        }
        steps.sort_by_key(|s| (s.time_us, s.granule));
        Self { other, ask, linear, axes, steps }
    }

    fn sample(&self, own: &SideData, row: u32) -> Option<Match> {
        let place = own.place(row);
        let t = place.time.micros();
        let corners: Vec<Option<[(usize, f64); 4]>> = self.axes.iter().map(|a| a.corners(place.at)).collect();
        let near = |s: &&Step| corners[s.axes].is_some() && s.time_us.abs_diff(t) <= self.ask.window_us.unsigned_abs();
        let split = self.steps.partition_point(|s| s.time_us <= t);
        let before = self.steps[..split].iter().rev().find(near).map(|s| s.time_us);
        let after = self.steps[split..].iter().find(near).map(|s| s.time_us);
        let at = |time_us: i64| self.of_step(time_us, &corners, place.at);
        let whole = |here: Here| {
            Some(Match {
                a: row,
                b: here.row,
                n: here.cells,
                distance_m: here.distance_m,
                dt_us: here.time_us - t,
                value: here.value,
                sd: f64::NAN,
            })
        };
        match (before, after) {
            (Some(a), _) if a == t => whole(at(a)?),
            (Some(a), Some(b)) if self.linear => {
                let (one, two) = (at(a)?, at(b)?);
                let share = (t - a) as f64 / (b - a) as f64;
                let value = if self.ask.directions() {
                    (one.value + share * angle::short_way(two.value - one.value)).rem_euclid(360.0)
                } else {
                    one.value + share * (two.value - one.value)
                };
                let cells = one.cells + two.cells;
                let nearer = if b - t < t - a { two } else { one };
                whole(Here { value, cells, ..nearer })
            }
            _ if self.linear => None,
            (Some(a), Some(b)) if b - t < t - a => whole(at(b)?),
            (Some(a), _) => whole(at(a)?),
            (None, b) => whole(at(b?)?),
        }
    }

    /// Between the cells of one step: of the first granule of that time that has any.
    fn of_step(&self, time_us: i64, corners: &[Option<[(usize, f64); 4]>], at: LonLat) -> Option<Here> {
        let first = self.steps.partition_point(|s| s.time_us < time_us);
        let same = self.steps[first..].iter().take_while(|s| s.time_us == time_us);
        same.filter_map(|s| self.of_granule(s, corners[s.axes]?, at)).next()
    }

    fn of_granule(&self, step: &Step, corners: [(usize, f64); 4], at: LonLat) -> Option<Here> {
        let (_, rows) = self.other.granule_rows(step.granule);
        let directions = self.ask.directions();
        let (mut sum, mut weight, mut cells) = (0.0, 0.0, 0);
        let mut origin = None;
        let mut nearest: Option<(f64, usize)> = None;
        for (cell, share) in corners.into_iter().filter(|c| c.1 > 0.0) {
            let Ok(k) = rows.index.binary_search(&(cell as u32)) else { continue };
            let value = self.other.value_at(step.granule, k);
            let distance_m = Metric::Wgs84.distance_m(at.lat_deg, at.lon_deg, rows.lat.get(k), rows.lon.get(k));
            if value.is_nan() || distance_m > self.ask.radius_m {
                continue;
            }
            // Directions are averaged about the first, the short way round.
            let first = *origin.get_or_insert(if directions { value } else { 0.0 });
            sum += share * if directions { angle::short_way(value - first) } else { value };
            weight += share;
            cells += 1;
            if nearest.is_none_or(|n| distance_m < n.0) {
                nearest = Some((distance_m, k));
            }
        }
        let (distance_m, k) = nearest?;
        let mean = sum / weight;
        let value = if directions { (origin? + mean).rem_euclid(360.0) } else { mean };
        Some(Here { value, time_us: step.time_us, cells, row: self.other.row(step.granule, k), distance_m })
    }
}
