//! Values of grids at places and times between their cells.

use crate::coord::Values;
use crate::error::{Error, Result};
use crate::side::{Granule, NO_TIME, Shape, Times};

/// How a value came about; written beside it, because a value at the coast is not one of the open sea.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Bilinear in space from four cells, linear in time between two steps (or on a step).
    Full,
    /// The same from the cells that have a value, weights made to sum to one again.
    Partial,
    /// No value: place or time outside of the grid, or no cell around it has a value.
    Outside,
}

/// An interpolated value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// The value; NaN when there is none.
    pub value: f64,
    /// How it came about.
    pub method: Method,
    /// Share of the weights of cells with a value, 0 to 1.
    pub weight: f64,
}

/// Two neighbours on an axis and the weight of the second.
type Between = (usize, usize, f64);

/// The axes of a grid, ready to say which cells surround a place.
#[derive(Debug, Clone)]
pub struct Raster {
    y: Vec<f64>,
    x: Vec<f64>,
    /// Columns are longitudes in degrees.
    turns: bool,
    /// The last column's neighbour is the first.
    round: bool,
}

impl Raster {
    /// Axes of latitude and longitude in degrees where `turns`, else of any plane.
    ///
    /// # Errors
    /// When an axis is not monotone.
    pub fn new(y: Vec<f64>, x: Vec<f64>, turns: bool) -> Result<Self> {
        let monotone = |v: &[f64]| v.is_sorted_by(|a, b| a < b) || v.is_sorted_by(|a, b| a > b);
        if !monotone(&y) || !monotone(&x) {
            return Err(Error::Source("an axis of the grid does not rise or fall all along; sort it first".into()));
        }
        let columns = x.len();
        let round = turns && columns > 2 && {
            let step = (x[columns - 1] - x[0]) / (columns - 1) as f64;
            ((x[columns - 1] - x[0] + step).abs() - 360.0).abs() < 0.5 * step.abs()
        };
        Ok(Self { y, x, turns, round })
    }

    /// Rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        (self.y.len(), self.x.len())
    }

    /// The four cells around a place, by row × columns + column, with their bilinear weights, which sum to one; some are
    /// zero on a line through the centres. `None` beyond the outermost centres.
    pub fn corners(&self, y: f64, x: f64) -> Option<[(usize, f64); 4]> {
        let ((r0, r1, wy), (c0, c1, wx)) = (between(&self.y, y)?, self.column(x)?);
        let n = self.x.len();
        Some([
            (r0 * n + c0, (1.0 - wy) * (1.0 - wx)),
            (r0 * n + c1, (1.0 - wy) * wx),
            (r1 * n + c0, wy * (1.0 - wx)),
            (r1 * n + c1, wy * wx),
        ])
    }

    fn column(&self, x: f64) -> Option<Between> {
        if !self.turns {
            return between(&self.x, x);
        }
        let n = self.x.len();
        let (first, last) = (*self.x.first()?, *self.x.last()?);
        let low = first.min(last);
        // The same place counted from the axis' own end.
        let lon = low + (x - low).rem_euclid(360.0);
        if let Some(found) = between(&self.x, lon) {
            return Some(found);
        }
        if !self.round {
            return None;
        }
        // Between the last column and the first, round the back.
        let (east, west) = if first < last { (n - 1, 0) } else { (0, n - 1) };
        let gap = self.x[west] + 360.0 - self.x[east];
        let w = (lon - self.x[east]) / gap;
        (0.0..=1.0).contains(&w).then_some((east, west, w))
    }
}

/// A grid ready for interpolation.
#[derive(Debug, Clone)]
pub struct Interpolator {
    raster: Raster,
    steps: Vec<i64>,
    /// Time distance of two steps beyond which nothing is interpolated between them, µs.
    max_gap_us: i64,
}

impl Interpolator {
    /// Prepares a grid. `max_gap_us` is the longest time between two steps that is bridged.
    ///
    /// # Errors
    /// When the granule is no grid, or an axis is not monotone or its times do not rise.
    pub fn new(grid: &Granule, max_gap_us: i64) -> Result<Self> {
        let Shape::Grid { steps, rows, columns } = grid.shape() else {
            return Err(Error::Source("only a grid can be interpolated; this granule has positions of its own".into()));
        };
        let lat: Vec<f64> = (0..rows).map(|k| grid.lat.get(k)).collect();
        let lon: Vec<f64> = (0..columns).map(|k| grid.lon.get(k)).collect();
        let steps: Vec<i64> = match &grid.time {
            Times::PerLine(t) | Times::PerRow(t) => t.to_vec(),
            Times::One(t) => vec![*t; steps],
        };
        if !steps.is_sorted_by(|a, b| a < b) || steps.contains(&NO_TIME) {
            return Err(Error::Source("the time steps of the grid do not rise; sort them first".into()));
        }
        Ok(Self { raster: Raster::new(lat, lon, true)?, steps, max_gap_us })
    }

    /// Value at a place (degrees) and time (µs). `values` has one value per cell, step by step.
    pub fn at(&self, values: &Values, lat_deg: f64, lon_deg: f64, t_us: i64) -> Sample {
        let nothing = Sample { value: f64::NAN, method: Method::Outside, weight: 0.0 };
        let (Some(corners), Some(t)) = (self.raster.corners(lat_deg, lon_deg), self.step(t_us)) else {
            return nothing;
        };
        let (rows, columns) = self.raster.shape();
        let (mut sum, mut weight) = (0.0, 0.0);
        for (step, wt) in [(t.0, 1.0 - t.2), (t.1, t.2)] {
            for (cell, share) in corners {
                let w = wt * share;
                if w == 0.0 {
                    continue;
                }
                let v = values.get(step * rows * columns + cell);
                if !v.is_nan() {
                    sum += w * v;
                    weight += w;
                }
            }
        }
        if weight <= 0.0 {
            return nothing;
        }
        let full = weight > 1.0 - 1e-12;
        Sample {
            value: if full { sum } else { sum / weight },
            method: if full { Method::Full } else { Method::Partial },
            weight: weight.min(1.0),
        }
    }

    fn step(&self, t_us: i64) -> Option<Between> {
        if t_us == NO_TIME {
            return None;
        }
        let after = self.steps.partition_point(|s| *s <= t_us);
        if after > 0 && self.steps[after - 1] == t_us {
            return Some((after - 1, after - 1, 0.0));
        }
        if after == 0 || after == self.steps.len() {
            return None;
        }
        let (a, b) = (self.steps[after - 1], self.steps[after]);
        let gap = b.saturating_sub(a);
        (gap <= self.max_gap_us).then(|| (after - 1, after, (t_us - a) as f64 / gap as f64))
    }
}

/// Neighbours of a value on a monotone axis; `None` outside.
fn between(axis: &[f64], v: f64) -> Option<Between> {
    let (first, last) = (*axis.first()?, *axis.last()?);
    if axis.len() == 1 {
        return (v == first).then_some((0, 0, 0.0));
    }
    let rising = last > first;
    if !(v >= first.min(last) && v <= first.max(last)) {
        return None;
    }
    let after = axis.partition_point(|a| if rising { *a <= v } else { *a >= v }).clamp(1, axis.len() - 1);
    let (a, b) = (axis[after - 1], axis[after]);
    Some((after - 1, after, (v - a) / (b - a)))
}
