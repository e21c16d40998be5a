//! Figures of what a layer shows, for programs: from the same samples as histograms, in the precision of the file.

use std::collections::HashMap;
use std::sync::Arc;

use seaglass_core::columns::{Column, MISSING};
use seaglass_core::project::LayerId;
use seaglass_core::protocol::ReadFailure;
use seaglass_data::pool::{Content, Job, Lane};
use serde_json::{Value, json};

use crate::histogram::{BINS, GRANULES, coarse};
use crate::host::{Host, Tag};
use crate::items::Shown;

/// Samples on their way, by number of the item.
#[derive(Default)]
pub(crate) struct Figures {
    samples: HashMap<u64, Sample>,
}

#[derive(Clone)]
enum Sample {
    Asked,
    Here(Arc<Column>),
    /// The reader knows no exact values, or cannot read these.
    Failed,
}

/// What became of a question for figures.
pub(crate) enum Figured {
    /// Samples are on their way.
    Pending,
    /// Nothing is shown, or every value is missing.
    Nothing,
    /// The figures.
    Made(Value),
    /// Only values of single precision can be had.
    Single,
}

impl Figures {
    pub fn arrived(&mut self, item: u64, result: Result<Content, ReadFailure>) {
        let sample = match result {
            Ok(Content::Exact(column)) => Sample::Here(Arc::new(column)),
            Ok(_) | Err(_) => Sample::Failed,
        };
        self.samples.insert(item, sample);
    }
}

impl Host {
    /// Figures of what a layer shows now; by the `end` of those samples that have come.
    pub(crate) fn figures(&mut self, layer: LayerId, end: bool) -> Figured {
        let project = self.session.project();
        let Some(layer) = project.layer(layer) else { return Figured::Nothing };
        let Some(shown) = Shown::of(layer, project, self.session.catalogue()) else { return Figured::Nothing };
        let mut numbers = Vec::new();
        for granule in shown.granules.iter().take(GRANULES) {
            numbers.push(self.items.number(granule, shown.field, layer));
        }
        if numbers.is_empty() {
            return Figured::Nothing;
        }
        let mut jobs = Vec::new();
        for number in &numbers {
            if self.figures.samples.contains_key(number) {
                continue;
            }
            let Some(item) = self.items.get(*number) else { continue };
            jobs.push(Job { tag: Tag::Exact(*number), request: item.exact(&self.registry, coarse(item.shape)) });
            self.figures.samples.insert(*number, Sample::Asked);
        }
        for job in jobs {
            self.put_one(Lane::Idle, job);
        }
        let samples: Vec<Sample> = numbers.iter().filter_map(|n| self.figures.samples.get(n).cloned()).collect();
        if !end && samples.iter().any(|s| matches!(s, Sample::Asked)) {
            return Figured::Pending;
        }
        if samples.iter().any(|s| matches!(s, Sample::Failed)) {
            return Figured::Single;
        }
        // Once told, they are not kept: a layer may show other data the next time.
        numbers.iter().for_each(|n| drop(self.figures.samples.remove(n)));
        let columns: Vec<Arc<Column>> = samples
            .into_iter()
            .filter_map(|s| match s {
                Sample::Here(column) => Some(column),
                Sample::Asked | Sample::Failed => None,
            })
            .collect();
        made(&columns).map_or(Figured::Nothing, Figured::Made)
    }
}

/// The figures of all samples; `None` when every value is missing.
fn made(columns: &[Arc<Column>]) -> Option<Value> {
    let total: usize = columns.iter().map(|c| c.len()).sum();
    let whole = columns.iter().all(|c| matches!(&**c, Column::I64(_)));
    let (count, mut value) = if whole { of_whole(columns)? } else { of_real(columns)? };
    if let Value::Object(map) = &mut value {
        map.insert("count".to_owned(), count.into());
        map.insert("missing".to_owned(), (total - count).into());
        map.insert("granules".to_owned(), columns.len().into());
        map.insert("precision".to_owned(), if whole { "i64" } else { "f64" }.into());
    }
    Some(value)
}

fn rank(n: usize, share: f64) -> usize {
    ((n - 1) as f64 * share).round() as usize
}

/// How many lie in bins of equal width; `place` gives where from 0 to 1 a value lies.
fn bins(places: impl Iterator<Item = f64>) -> Vec<u32> {
    let mut bins = vec![0u32; BINS];
    for place in places {
        bins[((place * BINS as f64) as usize).min(BINS - 1)] += 1;
    }
    bins
}

fn of_real(columns: &[Arc<Column>]) -> Option<(usize, Value)> {
    let mut all: Vec<f64> =
        columns.iter().flat_map(|c| (0..c.len()).map(|k| c.get(k))).filter(|v| v.is_finite()).collect();
    all.sort_unstable_by(f64::total_cmp);
    let (min, max) = (*all.first()?, *all.last()?);
    let n = all.len() as f64;
    // About a value among them: a large offset costs no digits.
    let middle = all[all.len() / 2];
    let mean = middle + all.iter().map(|v| v - middle).sum::<f64>() / n;
    let sd = (all.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    let width = (max - min).max(f64::MIN_POSITIVE);
    let bins = bins(all.iter().map(|v| (v - min) / width));
    let at = |share: f64| all[rank(all.len(), share)];
    let value = json!({
        "min": min, "max": max, "mean": mean, "sd": sd, "p02_p98": [at(0.02), at(0.98)],
        "middle_95": [at(0.025), at(0.975)], "bins": bins
    });
    Some((all.len(), value))
}

fn of_whole(columns: &[Arc<Column>]) -> Option<(usize, Value)> {
    let lists = columns.iter().filter_map(|c| if let Column::I64(list) = &**c { Some(list) } else { None });
    let mut all: Vec<i64> = lists.flatten().copied().filter(|v| *v != MISSING).collect();
    all.sort_unstable();
    let (min, max) = (*all.first()?, *all.last()?);
    let n = all.len() as i128;
    let sum: i128 = all.iter().map(|v| i128::from(*v)).sum();
    let (below, rest) = (sum.div_euclid(n), sum.rem_euclid(n) as f64 / n as f64);
    let mean = below as f64 + rest;
    let square = |v: &i64| ((i128::from(*v) - below) as f64 - rest).powi(2);
    let sd = (all.iter().map(square).sum::<f64>() / n as f64).sqrt();
    let width = ((i128::from(max) - i128::from(min)) as f64).max(f64::MIN_POSITIVE);
    let bins = bins(all.iter().map(|v| (i128::from(*v) - i128::from(min)) as f64 / width));
    let at = |share: f64| all[rank(all.len(), share)];
    let value = json!({
        "min": min, "max": max, "mean": mean, "sd": sd, "p02_p98": [at(0.02), at(0.98)],
        "middle_95": [at(0.025), at(0.975)], "bins": bins
    });
    Some((all.len(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_what_single_precision_loses() {
        // A million and thousandths: single precision has steps of 1/16 there.
        let values: Vec<f64> = (0..=1000).map(|k| 1e6 + f64::from(k) * 1e-3).chain([f64::NAN]).collect();
        let found = made(&[Arc::new(Column::F64(values))]).unwrap();
        assert_eq!((&found["count"], &found["missing"], &found["precision"]), (&json!(1001), &json!(1), &json!("f64")));
        assert_eq!((&found["min"], &found["max"]), (&json!(1e6), &json!(1e6 + 1.0)));
        assert!((found["mean"].as_f64().unwrap() - 1_000_000.5).abs() < 1e-9);
        // Variance of n + 1 numbers a step d apart: d² ((n + 1)² − 1) / 12.
        let sd = (1e-6 * (1001.0f64.powi(2) - 1.0) / 12.0).sqrt();
        assert!((found["sd"].as_f64().unwrap() - sd).abs() < 1e-9);
        assert_eq!(found["p02_p98"], json!([1e6 + 0.02, 1e6 + 0.98]));
    }

    #[test]
    fn whole_numbers_stay_whole() {
        let large = 1i64 << 60;
        let values: Vec<i64> = (0..=9).map(|k| large + k).chain([MISSING]).collect();
        let found = made(&[Arc::new(Column::I64(values))]).unwrap();
        assert_eq!((found["min"].as_i64(), found["max"].as_i64()), (Some(large), Some(large + 9)));
        assert_eq!((&found["count"], &found["missing"], &found["precision"]), (&json!(10), &json!(1), &json!("i64")));
        // The mean of 0 to 9 is 4.5, their variance 8.25.
        assert!((found["sd"].as_f64().unwrap() - 8.25f64.sqrt()).abs() < 1e-12);
        assert_eq!(found["bins"].as_array().unwrap().iter().filter(|b| **b == json!(1)).count(), 10);
        assert!(made(&[Arc::new(Column::I64(vec![MISSING]))]).is_none() && made(&[]).is_none());
    }
}
