//! First colour ranges, from the data.

use std::collections::{BTreeMap, HashSet};

use seaglass_core::defaults::range_from_stats;
use seaglass_core::project::LayerId;
use seaglass_core::protocol::ReadFailure;
use seaglass_core::session::Session;
use seaglass_data::pool::{Content, Job};

use crate::host::{Host, Tag};
use crate::items::Shown;

/// Granules tried when the first ones hold no value.
const TRIES: usize = 8;

/// Layers waiting for a range, and granules found empty for them.
#[derive(Debug, Default)]
pub(crate) struct Ranges {
    pending: BTreeMap<LayerId, HashSet<u64>>,
}

impl Ranges {
    pub fn ask(&mut self, layer: LayerId) {
        self.pending.entry(layer).or_default();
    }

    pub fn is_pending(&self, layer: LayerId) -> bool {
        self.pending.contains_key(&layer)
    }

    pub fn is_idle(&self) -> bool {
        self.pending.is_empty()
    }

    /// The range a summary gives, when the layer still waits for one.
    pub fn arrived(
        &mut self,
        session: &Session,
        layer: LayerId,
        item: u64,
        result: Result<Content, ReadFailure>,
    ) -> Option<[f64; 2]> {
        let tried = self.pending.get_mut(&layer)?;
        let stats = match result {
            Ok(Content::Stats(stats)) => stats,
            Ok(_) => None,
            Err(e) => {
                log::warn!("no summary: {e}");
                None
            }
        };
        let range = stats.and_then(|stats| {
            let layer = session.project().layer(layer)?;
            let field = session.catalogue().collections.get(&layer.collection)?.field(&layer.field)?;
            let [a, b] = range_from_stats(field, &stats);
            (a.is_finite() && b.is_finite()).then_some([a, b])
        });
        match range {
            Some(range) => {
                self.pending.remove(&layer);
                Some(range)
            }
            None => {
                tried.insert(item);
                None
            }
        }
    }
}

impl Host {
    /// One summary for each layer that waits for a range: of a granule shown now, else of the nearest in time.
    pub(crate) fn wanted_ranges(&mut self) -> Vec<Job<Tag>> {
        let mut jobs = Vec::new();
        let waiting: Vec<LayerId> = self.ranges.pending.keys().copied().collect();
        let project = self.session.project();
        for id in waiting {
            let layer = project.layer(id).filter(|l| l.style.range.is_none());
            let shown = layer.and_then(|l| Shown::of(l, project, self.session.catalogue()));
            let tried = self.ranges.pending.get(&id).cloned().unwrap_or_default();
            let next = shown.and_then(|shown| {
                let mut granules = shown.granules.clone();
                let now = project.timeline.now;
                let mut others: Vec<_> = shown.collection.with_field(&shown.field.name).collect();
                others.sort_by(|a, b| {
                    let d = |s: Option<seaglass_core::time::TimeSpan>| s.map_or(0.0, |s| s.offset_seconds(now).abs());
                    d(a.span).total_cmp(&d(b.span))
                });
                granules.extend(others);
                let extra = &shown.layer.extra;
                let mut numbers = granules.iter().map(|g| self.items.number(g, shown.field, extra));
                if tried.len() >= TRIES { None } else { numbers.find(|n| !tried.contains(n)) }
            });
            match next.and_then(|n| Some((n, self.items.get(n)?))) {
                Some((n, item)) => jobs.push(Job { tag: Tag::Stats(id, n), request: item.stats(&self.registry) }),
                // No value anywhere, or the user has set a range: nothing to wait for.
                None => drop(self.ranges.pending.remove(&id)),
            }
        }
        jobs
    }
}
