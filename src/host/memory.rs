//! Data without a file: requests about granules pushed from a notebook are answered from memory.
//!
//! They are the same requests that go to readers, so that everything above (tiles, positions, ranges, histograms,
//! values under the cursor) treats pushed data like any other.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use seaglass_core::columns::Column;
use seaglass_core::field::Apron;
use seaglass_core::notebook::{StoredGranule, Values};
use seaglass_core::protocol::{FailureKind, FieldAt, ReadFailure, Request};
use seaglass_data::pool::{Content, Finished, Job, Lane};

use crate::host::{Host, Tag};

/// Time spent on answers at once; what is left is asked for again with the next frame.
const BUDGET: Duration = Duration::from_millis(8);

impl Host {
    /// Replaces what waits in a lane of the readers; what memory can answer does not go there.
    pub(crate) fn put(&mut self, lane: Lane, jobs: Vec<Job<Tag>>) {
        let (local, jobs): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|j| self.pushed(&j.request).is_some());
        self.pool.replace(lane, jobs);
        let start = Instant::now();
        let any = !local.is_empty();
        for job in local {
            if start.elapsed() < BUDGET {
                self.answer(job);
            }
        }
        if any {
            (self.wake)();
        }
    }

    /// Adds a job to a lane, or answers it from memory.
    pub(crate) fn put_one(&mut self, lane: Lane, job: Job<Tag>) {
        if self.pushed(&job.request).is_none() {
            return self.pool.push(lane, job);
        }
        self.answer(job);
        (self.wake)();
    }

    fn pushed(&self, request: &Request) -> Option<Arc<StoredGranule>> {
        let path: &Path = match request {
            Request::Geolocation { source, .. }
            | Request::Read { of: FieldAt { source, .. }, .. }
            | Request::Stats { of: FieldAt { source, .. } }
            | Request::Exact { of: FieldAt { source, .. }, .. }
            | Request::Probe { source, .. } => &source.path,
            _ => return None,
        };
        self.session.notebook().granule_at(path).cloned()
    }

    fn answer(&mut self, job: Job<Tag>) {
        let gone = || ReadFailure {
            kind: FailureKind::BadRequest,
            message: "The variable of the notebook is gone.".to_owned(),
        };
        let result = self.content(&job.request).ok_or_else(gone);
        self.local.push(Finished { tag: job.tag, result });
    }

    fn content(&self, request: &Request) -> Option<Content> {
        let stored = self.pushed(request)?;
        let (of, granule) = (stored.granule.meta.key.of, &stored.granule);
        let variable = |field: &str| self.session.notebook().variable_or_component(of, field);
        let values = |field: &str| Values::of(granule, &*variable(field)?, stored.shape);
        match request {
            Request::Geolocation { .. } => Some(Content::Geolocation(Arc::clone(&stored.positions))),
            Request::Read { of, window, apron } => Some(Content::Block(values(&of.field)?.block(*window, *apron))),
            // Pushed values have 32 bits or 8: nothing is rounded.
            Request::Exact { of, window } => {
                let block = values(&of.field)?.block(*window, Apron::None);
                Some(Content::Exact(Column::F32(block.values)))
            }
            Request::Stats { of } => Some(Content::Stats(values(&of.field)?.stats())),
            Request::Probe { fields, row, col, .. } => {
                let field = fields.first()?;
                let units = variable(field)?.units.clone();
                let [rows, cols] = stored.shape;
                let inside = *row < rows && *col < cols;
                let cell = || values(field).map(|v| v.cell(field, &units, Some(&stored.positions), *row, *col));
                if inside { cell().map(Content::Cell) } else { None }
            }
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "memory_tests.rs"]
mod tests;
