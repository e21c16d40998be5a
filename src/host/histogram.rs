//! Histograms of what a layer shows, from coarse samples of its granules.

use std::collections::HashMap;
use std::sync::Arc;

use seaglass_core::field::{Apron, FieldStats, Window};
use seaglass_core::project::LayerId;
use seaglass_core::protocol::ReadFailure;
use seaglass_core::tile::TILE_VALUES;
use seaglass_data::pool::{Content, Job, Lane};

use crate::host::{Host, Tag};
use crate::items::Shown;

/// Bins.
pub(crate) const BINS: usize = 96;
/// Granules sampled at most.
pub(crate) const GRANULES: usize = 48;
/// Values sampled from one granule at most.
const SAMPLE: usize = TILE_VALUES / 4;

/// Distribution of the values of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Number of sampled values in bins of equal width from `min` to `max`.
    pub bins: Vec<u32>,
    /// Smallest sampled value.
    pub min: f64,
    /// Largest sampled value.
    pub max: f64,
    /// Granules sampled so far, and granules in the time window.
    pub granules: (usize, usize),
    /// Summary of the sample.
    pub stats: FieldStats,
    /// Ends between which 95 % of the values lie, as many outside on either side.
    pub middle_95: [f64; 2],
    /// Likewise 98 %.
    pub middle_98: [f64; 2],
}

#[derive(Default)]
pub(crate) struct Histograms {
    /// Finite values of items, and how many of the sample were missing; `None` while being read.
    samples: HashMap<u64, Option<Arc<Vec<f32>>>>,
    made: HashMap<LayerId, (Vec<u64>, Option<Arc<Histogram>>)>,
}

impl Histograms {
    pub fn arrived(&mut self, item: u64, result: Result<Content, ReadFailure>) {
        let values = match result {
            Ok(Content::Block(block)) => block.values,
            Ok(_) | Err(_) => Vec::new(),
        };
        self.samples.insert(item, Some(Arc::new(values)));
    }
}

impl Host {
    /// The histogram of what a layer shows now. Samples not read yet are asked for and come with a later call; `None`
    /// until the first has come, or when all values are missing.
    pub fn histogram(&mut self, layer: LayerId) -> Option<Arc<Histogram>> {
        let project = self.session.project();
        let layer = project.layer(layer)?;
        let shown = Shown::of(layer, project, self.session.catalogue())?;
        let in_window = shown.granules.len();
        let (id, mut numbers) = (layer.id, Vec::new());
        for granule in shown.granules.iter().take(GRANULES) {
            numbers.push(self.items.number(granule, shown.field, layer));
        }
        self.ask_samples(&numbers);
        numbers.retain(|n| matches!(self.histograms.samples.get(n), Some(Some(_))));
        if let Some((of, made)) = self.histograms.made.get(&id)
            && *of == numbers
        {
            return made.clone();
        }
        let samples: Vec<Arc<Vec<f32>>> =
            numbers.iter().filter_map(|n| self.histograms.samples.get(n).cloned().flatten()).collect();
        let made = build(&samples, (numbers.len(), in_window)).map(Arc::new);
        self.histograms.made.insert(id, (numbers, made.clone()));
        made
    }

    /// Coarse samples of items; `None` until all have come. Those not read yet are asked for.
    pub(crate) fn samples_of(&mut self, numbers: &[u64]) -> Option<Vec<Arc<Vec<f32>>>> {
        self.ask_samples(numbers);
        numbers.iter().map(|n| self.histograms.samples.get(n).cloned().flatten()).collect()
    }

    fn ask_samples(&mut self, numbers: &[u64]) {
        let mut jobs = Vec::new();
        for number in numbers {
            if self.histograms.samples.contains_key(number) {
                continue;
            }
            let Some(item) = self.items.get(*number) else { continue };
            let request = item.read(&self.registry, coarse(item.shape), Apron::None);
            jobs.push(Job { tag: Tag::Coarse(*number), request });
            self.histograms.samples.insert(*number, None);
        }
        for job in jobs {
            self.put_one(Lane::Idle, job);
        }
    }
}

/// A strided window over the whole array with at most [`SAMPLE`] values.
pub(crate) fn coarse(shape: [usize; 2]) -> Window {
    let mut stride = 1;
    let n = |stride: usize| shape[0].div_ceil(stride) * shape[1].div_ceil(stride);
    while n(stride) > SAMPLE {
        stride *= 2;
    }
    let (rows, cols) = (shape[0].div_ceil(stride), shape[1].div_ceil(stride));
    Window { row: stride / 2, col: stride / 2, rows, cols, stride }
}

fn build(samples: &[Arc<Vec<f32>>], granules: (usize, usize)) -> Option<Histogram> {
    let values = || samples.iter().flat_map(|s| s.iter().copied());
    let stats = FieldStats::from_values(values())?;
    let (min, max) = (stats.min, stats.max);
    let mut bins = vec![0u32; BINS];
    let width = (max - min).max(f64::MIN_POSITIVE);
    for v in values().filter(|v| v.is_finite()) {
        let k = ((f64::from(v) - min) / width * BINS as f64) as usize;
        bins[k.min(BINS - 1)] += 1;
    }
    let mut sorted: Vec<f32> = values().filter(|v| v.is_finite()).collect();
    sorted.sort_unstable_by(f32::total_cmp);
    let at = |q: f64| sorted.get(((sorted.len() - 1) as f64 * q).round() as usize).map_or(f64::NAN, |v| f64::from(*v));
    let middle = |share: f64| [at((1.0 - share) / 2.0), at((1.0 + share) / 2.0)];
    Some(Histogram { bins, min, max, granules, stats, middle_95: middle(0.95), middle_98: middle(0.98) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fall_into_their_bins() {
        let sample = Arc::new((0..960).map(|k| k as f32).chain([f32::NAN]).collect::<Vec<_>>());
        let h = build(&[sample], (1, 2)).unwrap();
        assert_eq!((h.min, h.max, h.stats.count, h.stats.missing), (0.0, 959.0, 960, 1));
        assert!(h.bins.iter().all(|n| (9..=11).contains(n)), "{:?}", h.bins);
        assert_eq!((h.middle_95, h.middle_98), ([24.0, 935.0], [10.0, 949.0]));
        assert_eq!(h.bins.iter().sum::<u32>(), 960);
        assert!(build(&[Arc::new(vec![f32::NAN])], (1, 1)).is_none());
        let flat = build(&[Arc::new(vec![3.0; 5])], (1, 1)).unwrap();
        assert_eq!(flat.bins[0], 5);
    }

    #[test]
    fn samples_are_small() {
        for shape in [[1, 1], [9860, 69], [200_000, 200_000], [1, 5_000_000]] {
            let w = coarse(shape);
            assert!(w.len() <= SAMPLE && !w.is_empty(), "{shape:?}");
        }
        assert_eq!(coarse([10, 20]).stride, 1);
    }
}
