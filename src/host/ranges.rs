//! First colour ranges, from the data.

use std::collections::{BTreeMap, HashSet};

use seaglass_core::command::Command;
use seaglass_core::defaults::{range_from_stats, widened};
use seaglass_core::granule::GranuleId;
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
    pending: BTreeMap<LayerId, Waiting>,
}

/// A layer whose first data have a say in its range.
#[derive(Debug, Default)]
struct Waiting {
    /// Granules found empty.
    tried: HashSet<u64>,
    /// The range drawn with meanwhile, to be widened where the data do not fit it; none where there is nothing to guess.
    guess: Option<[f64; 2]>,
}

impl Ranges {
    pub fn ask(&mut self, layer: LayerId, guess: Option<[f64; 2]>) {
        self.pending.insert(layer, Waiting { tried: HashSet::new(), guess });
    }

    pub fn is_pending(&self, layer: LayerId) -> bool {
        self.pending.contains_key(&layer)
    }

    pub fn is_idle(&self) -> bool {
        self.pending.is_empty()
    }

    /// The commands a summary leads to, when the layer still waits for one.
    pub fn arrived(
        &mut self,
        session: &Session,
        layer: LayerId,
        item: u64,
        result: Result<Content, ReadFailure>,
        granule_of: &dyn Fn(u64) -> Option<GranuleId>,
    ) -> Vec<Command> {
        let Some(waiting) = self.pending.get_mut(&layer) else { return Vec::new() };
        let stats = match result {
            Ok(Content::Stats(stats)) => stats,
            Ok(_) => None,
            Err(e) => {
                log::warn!("no summary: {e}");
                None
            }
        };
        let Some(stats) = stats else {
            waiting.tried.insert(item);
            return Vec::new();
        };
        // What was before the user first may have been empty.
        let mut empty: Vec<GranuleId> = waiting.tried.iter().filter_map(|n| granule_of(*n)).collect();
        empty.sort_unstable();
        let first = granule_of(item).filter(|_| !empty.is_empty()).map(|granule| Command::FirstData { granule, empty });
        if let Some(from) = waiting.guess {
            self.pending.remove(&layer);
            let widen = widened(from, &stats).map(|to| Command::WidenRange { layer, from, to });
            return first.into_iter().chain(widen).collect();
        }
        let range = session.project().layer(layer).and_then(|l| {
            let field = session.catalogue().collections.get(&l.collection)?.field(&l.field)?;
            Some(range_from_stats(field, &stats)).filter(|r| r.iter().all(|v| v.is_finite()))
        });
        if range.is_some() {
            self.pending.remove(&layer);
        } else {
            waiting.tried.insert(item);
        }
        first.into_iter().chain(range.map(|range| Command::InitRange { layer, range })).collect()
    }
}

impl Host {
    /// One summary for each layer that waits for a range: of a granule shown now, else of the nearest in time.
    pub(crate) fn wanted_ranges(&mut self) -> Vec<Job<Tag>> {
        let mut jobs = Vec::new();
        let waiting: Vec<LayerId> = self.ranges.pending.keys().copied().collect();
        let project = self.session.project();
        for id in waiting {
            let guess = self.ranges.pending.get(&id).and_then(|w| w.guess);
            let layer = project.layer(id).filter(|l| l.style.range == guess);
            let shown = layer.and_then(|l| Shown::of(l, project, self.session.catalogue()));
            let tried = self.ranges.pending.get(&id).map(|w| w.tried.clone()).unwrap_or_default();
            let next = shown.and_then(|shown| {
                let mut granules = shown.granules.clone();
                let now = project.timeline.now;
                let mut others: Vec<_> = shown.collection.with_field(&shown.field.name).collect();
                others.sort_by(|a, b| {
                    let d = |s: Option<seaglass_core::time::TimeSpan>| s.map_or(0.0, |s| s.offset_seconds(now).abs());
                    d(a.span).total_cmp(&d(b.span))
                });
                granules.extend(others);
                let mut numbers = granules.iter().map(|g| self.items.number(g, shown.field, shown.layer));
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
