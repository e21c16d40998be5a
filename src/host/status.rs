//! Why a layer or the view is as it is: an empty view is never unexplained.

use std::path::Path;

use seaglass_core::granule::Granule;
use seaglass_core::project::LayerId;
use seaglass_core::session::FailedFile;
use seaglass_core::style::Method;

use crate::host::{Host, Tag};
use crate::items::Shown;
use crate::report::{EmptyReason, LayerStatus};

impl Host {
    /// State of one layer.
    pub fn layer_status(&mut self, id: LayerId) -> LayerStatus {
        let mut status = LayerStatus::default();
        let project = self.session.project();
        let Some(shown) = project.layer(id).and_then(|l| Shown::of(l, project, self.session.catalogue())) else {
            status.reason = Some(EmptyReason::NoData);
            return status;
        };
        status.total = shown.collection.drawable(&shown.field.name).count();
        status.in_window = shown.granules.len();
        let (mut off_screen, mut masked, mut failure) = (0, 0, None);
        for granule in &shown.granules {
            let own = self.items.number(granule, shown.field, shown.layer);
            // Colours of three fields are read without the layer's own field: the first of them tells.
            let channels = shown.layer.style.method == Method::Rgb;
            let first = if channels { shown.components(granule).next() } else { None };
            let item = first.map_or(own, |f| self.items.number(granule, f, shown.layer));
            let seen = self.items.seen(item);
            let waits = project.shows(shown.layer) && self.waits(id, item, granule);
            if let Some(why) = self.items.failure(item) {
                status.failed += 1;
                failure = Some((why.message, granule.path.clone()));
            } else if self.off_screen.contains(&own) || self.is_beyond_view(granule) {
                off_screen += 1;
            } else if seen.valid {
                status.shown += 1;
            } else if seen.read && (self.plan_complete || !waits) {
                masked += 1;
            } else if waits {
                status.loading += 1;
            } else {
                off_screen += 1;
            }
        }
        status.reason = if !project.shows(shown.layer) {
            Some(EmptyReason::AllHidden)
        } else if shown.granules.is_empty() {
            let now = project.timeline.now;
            let spans = shown.collection.drawable(&shown.field.name).filter_map(|g| g.span);
            let nearest = spans.min_by(|a, b| a.offset_seconds(now).abs().total_cmp(&b.offset_seconds(now).abs()));
            Some(nearest.map_or(EmptyReason::NoData, |span| {
                let offset_s = span.offset_seconds(now);
                EmptyReason::OutOfTime { nearest: now.plus_seconds(offset_s), offset_s }
            }))
        } else if status.shown > 0 || status.loading > 0 {
            None
        } else if let Some((why, path)) = failure {
            Some(EmptyReason::Failed { why, path: Some(path) })
        } else if masked > 0 {
            Some(EmptyReason::AllMasked)
        } else {
            (off_screen > 0).then_some(EmptyReason::OffScreen)
        };
        status
    }

    /// Why a file cannot be shown, whether it did not open or something in it could not be read.
    pub fn failed_file(&self, path: &Path) -> Option<FailedFile> {
        let opening = self.session.failures().iter().find(|f| f.path == path).cloned();
        opening.or_else(|| self.items.failure_in(path).map(|error| FailedFile { path: path.to_owned(), error }))
    }

    /// Whether something of the item is being read or wanted. A granule that is in time but not in view waits for nothing.
    fn waits(&self, layer: LayerId, item: u64, granule: &Granule) -> bool {
        if self.is_asked(layer, item) {
            return true;
        }
        let loaded = self.items.part_key(item).is_some_and(|k| self.items.positions.peek(&k).is_some());
        match &self.planned {
            Some(p) if p.wanted.contains(&item) => true,
            // Positions that came after the last plan: the next one will ask for tiles.
            Some(p) => loaded && !p.items.contains(&item) && p.cap.may_see(&granule.bounds),
            None => loaded,
        }
    }

    /// Whether a granule lies where the last plan did not look, so that the renderer was not asked about it.
    fn is_beyond_view(&self, granule: &Granule) -> bool {
        self.planned.as_ref().is_some_and(|p| !p.cap.may_see(&granule.bounds))
    }

    fn is_asked(&self, layer: LayerId, item: u64) -> bool {
        let Some(part) = self.items.part_key(item) else { return false };
        let (positions, stats) = (Tag::Positions(part), Tag::Stats(layer, item));
        self.pool.pending(|t| *t == positions || *t == stats) > 0
    }
}

/// Why the view shows no data: the reason shared by the layers, the most helpful one when they differ.
pub(crate) fn of_view(host: &mut Host) -> Option<EmptyReason> {
    let project = host.session.project();
    let layers: Vec<(LayerId, bool)> = project.layers.iter().map(|l| (l.id, project.shows(l))).collect();
    if layers.is_empty() {
        return Some(EmptyReason::NoData);
    }
    if layers.iter().all(|(_, visible)| !visible) {
        return Some(EmptyReason::AllHidden);
    }
    let mut reasons = Vec::new();
    for (id, _) in layers.into_iter().filter(|(_, visible)| *visible) {
        reasons.push(host.layer_status(id).reason?);
    }
    let rank = |r: &EmptyReason| match r {
        EmptyReason::OffScreen => 0,
        EmptyReason::AllMasked => 1,
        EmptyReason::OutOfTime { .. } => 2,
        EmptyReason::Failed { .. } => 3,
        EmptyReason::AllHidden => 4,
        EmptyReason::NoData => 5,
    };
    reasons.into_iter().min_by_key(rank)
}
