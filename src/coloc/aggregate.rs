//! Many matches of one row made into one value.

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::pairs::Pair;
use crate::spec::Reference;
use crate::trig::sincos_deg;

/// How values are put together.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Statistic {
    /// Arithmetic mean.
    Mean,
    /// Median; the mean of the middle two of an even number.
    Median,
    /// Standard deviation (n − 1); NaN of a single value.
    Sd,
    /// Least value.
    Min,
    /// Greatest value.
    Max,
    /// Number of values.
    Count,
    /// Mean with weights exp(−½ (d/`sd_m`)² − ½ (dt/`sd_us`)²); an infinite scale leaves its term out.
    Gaussian {
        /// Scale in space, metres.
        sd_m: f64,
        /// Scale in time, µs.
        sd_us: f64,
    },
    /// Mean with weights 1/max(d, `floor_m`)^`power`.
    InverseDistance {
        /// Exponent.
        power: f64,
        /// Distance in metres below which a match is not weighted higher.
        floor_m: f64,
    },
}

/// What kind of number a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// A number on a line.
    #[default]
    Linear,
    /// An angle in degrees, a direction: 359° and 1° are neighbours. Means lie in 0 to 360.
    Angle,
}

/// One row's matches as one value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aggregate {
    /// Row number on the reference side.
    pub row: u64,
    /// Matches with a value.
    pub n: u32,
    /// Matches, with a value or without.
    pub matches: u32,
    /// The value; NaN when no match has one.
    pub value: f64,
    /// Distance of the nearest match that has a value, metres.
    pub min_distance_m: f64,
    /// Mean time difference of the matches that have a value, µs.
    pub mean_dt_us: f64,
    /// Effective number of values, (Σw)²/Σw² (Kish 1965); `n` without weights.
    pub effective_n: f64,
}

impl Statistic {
    fn check(&self, quantity: Quantity) -> Result<()> {
        let positive = |name, value: f64| {
            if value > 0.0 { Ok(()) } else { Err(Error::Parameter { name, value, expected: "a number above 0" }) }
        };
        match *self {
            Statistic::Gaussian { sd_m, sd_us } => {
                positive("sd_m", sd_m)?;
                positive("sd_us", sd_us)
            }
            Statistic::InverseDistance { power, floor_m } => {
                positive("floor_m", floor_m)?;
                if power >= 0.0 && power.is_finite() {
                    Ok(())
                } else {
                    Err(Error::Parameter { name: "power", value: power, expected: "a number from 0 up" })
                }
            }
            Statistic::Median | Statistic::Min | Statistic::Max if quantity == Quantity::Angle => {
                Err(Error::Parameter {
                    name: "angle",
                    value: f64::NAN,
                    expected: "mean, sd, count or a weighted mean: directions have no least, greatest or middle",
                })
            }
            _ => Ok(()),
        }
    }

    #[inline]
    fn weight(&self, p: &Pair) -> f64 {
        match *self {
            Statistic::Gaussian { sd_m, sd_us } => {
                let (a, b) = (p.distance_m / sd_m, p.dt_us as f64 / sd_us);
                (-0.5 * (a * a + b * b)).exp()
            }
            Statistic::InverseDistance { power, floor_m } => p.distance_m.max(floor_m).powf(-power),
            _ => 1.0,
        }
    }
}

/// One value for each reference row that has a match. `pairs` must be sorted by reference row, as joins give them;
/// `value` gives the value of a row of the other side, NaN when it has none.
///
/// # Errors
/// When a parameter is out of its range or the statistic has no meaning for an angle.
pub fn aggregate(
    pairs: &[Pair],
    reference: Reference,
    statistic: Statistic,
    quantity: Quantity,
    value: &(dyn Fn(u64) -> f64 + Sync),
) -> Result<Vec<Aggregate>> {
    statistic.check(quantity)?;
    let own = |p: &Pair| if reference == Reference::Primary { p.i } else { p.j };
    let other = |p: &Pair| if reference == Reference::Primary { p.j } else { p.i };
    let groups: Vec<&[Pair]> = pairs.chunk_by(|a, b| own(a) == own(b)).collect();
    let of_group = |group: &&[Pair], scratch: &mut Scratch| {
        let first = group.first()?;
        scratch.clear();
        let (mut min_distance_m, mut dt) = (f64::NAN, 0.0);
        for p in *group {
            let v = value(other(p));
            if v.is_nan() {
                continue;
            }
            scratch.values.push(v);
            scratch.weights.push(statistic.weight(p));
            min_distance_m = min_distance_m.min(p.distance_m);
            dt += p.dt_us as f64;
        }
        let n = scratch.values.len();
        let (value, effective_n) = reduce(statistic, quantity, scratch);
        Some(Aggregate {
            row: own(first),
            n: n as u32,
            matches: group.len() as u32,
            value,
            min_distance_m,
            mean_dt_us: dt / n as f64,
            effective_n,
        })
    };
    Ok(groups.par_iter().map_init(Scratch::default, |scratch, group| of_group(group, scratch)).flatten().collect())
}

#[derive(Default)]
struct Scratch {
    values: Vec<f64>,
    weights: Vec<f64>,
}

impl Scratch {
    fn clear(&mut self) {
        self.values.clear();
        self.weights.clear();
    }
}

/// Sum by halves: rounding grows with the logarithm of the number, and the order is fixed.
fn pairwise(n: usize, of: &impl Fn(usize) -> f64) -> f64 {
    fn part(from: usize, to: usize, of: &impl Fn(usize) -> f64) -> f64 {
        if to - from <= 8 {
            return (from..to).map(of).sum();
        }
        let middle = from + (to - from) / 2;
        part(from, middle, of) + part(middle, to, of)
    }
    part(0, n, of)
}

/// Value and effective number.
fn reduce(statistic: Statistic, quantity: Quantity, s: &mut Scratch) -> (f64, f64) {
    let n = s.values.len();
    if n == 0 {
        return (if statistic == Statistic::Count { 0.0 } else { f64::NAN }, 0.0);
    }
    let (v, w) = (&s.values, &s.weights);
    let total = pairwise(n, &|k| w[k]);
    let effective = total * total / pairwise(n, &|k| w[k] * w[k]);
    let value = match (statistic, quantity) {
        (Statistic::Count, _) => n as f64,
        (Statistic::Min, _) => v.iter().copied().fold(f64::INFINITY, f64::min),
        (Statistic::Max, _) => v.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        (Statistic::Median, _) => crate::stats::median(v),
        (Statistic::Sd, Quantity::Linear) => {
            let mean = pairwise(n, &|k| v[k]) / n as f64;
            if n < 2 { f64::NAN } else { (pairwise(n, &|k| (v[k] - mean).powi(2)) / (n as f64 - 1.0)).sqrt() }
        }
        (_, Quantity::Angle) => {
            let sin = pairwise(n, &|k| w[k] * sincos_deg(v[k]).0) / total;
            let cos = pairwise(n, &|k| w[k] * sincos_deg(v[k]).1) / total;
            if statistic == Statistic::Sd {
                // Circular standard deviation (Mardia and Jupp 2000, 2.3.14).
                (-2.0 * sin.hypot(cos).min(1.0).ln()).sqrt().to_degrees()
            } else {
                let mean = sin.atan2(cos).to_degrees().rem_euclid(360.0);
                if mean < 360.0 { mean } else { 0.0 }
            }
        }
        // Equal weights of one divide out exactly.
        _ => pairwise(n, &|k| w[k] * v[k]) / total,
    };
    (value, effective)
}
