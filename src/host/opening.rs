//! From paths to described files: scans under way, files waiting, how far it is.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam::channel::{Receiver, bounded};
use seaglass_core::protocol::{FailureKind, ReadFailure, Request};
use seaglass_data::pool::{Job, Lane, Pool};
use seaglass_data::registry::Registry;
use seaglass_data::scan::{Found, Scan};

use crate::host::Tag;
use crate::items::{absolute, source};

/// Files handed to the readers at a time.
const AHEAD: usize = 32;
/// Finds a scan may be ahead of us.
const SCAN_AHEAD: usize = 1024;

struct Search {
    scan: Scan,
    found: Receiver<Found>,
}

/// What happened while polling.
pub(crate) enum Event {
    /// Could not even be looked at.
    Failed(PathBuf, ReadFailure),
    /// A folder without files of a known kind.
    Nothing(PathBuf),
}

#[derive(Default)]
pub(crate) struct Opening {
    searches: Vec<Search>,
    waiting: VecDeque<PathBuf>,
    reading: usize,
    done: usize,
    total: usize,
}

impl Opening {
    /// Starts looking for files.
    pub fn start(
        &mut self,
        paths: &[PathBuf],
        registry: &Arc<Registry>,
        wake: Arc<dyn Fn() + Send + Sync>,
    ) -> std::io::Result<()> {
        if self.is_idle() {
            (self.done, self.total) = (0, 0);
        }
        let paths = paths.iter().map(|p| absolute(p)).collect();
        let (tx, found) = bounded(SCAN_AHEAD);
        let scan = Scan::start(paths, Arc::clone(registry), move |f| {
            let go_on = tx.send(f).is_ok();
            wake();
            go_on
        })?;
        self.searches.push(Search { scan, found });
        Ok(())
    }

    /// Takes what scans have found and keeps the readers busy.
    pub fn poll(&mut self, pool: &Pool<Tag>, registry: &Registry) -> Vec<Event> {
        let mut events = Vec::new();
        let mut ended = Vec::new();
        for (k, search) in self.searches.iter().enumerate() {
            for found in search.found.try_iter() {
                match found {
                    Found::File(path) => {
                        self.total += 1;
                        self.waiting.push_back(path);
                    }
                    Found::Unreadable(path, message) => {
                        let missing = ReadFailure { kind: FailureKind::Missing, message };
                        events.push(Event::Failed(path, missing));
                    }
                    Found::Nothing(path) => events.push(Event::Nothing(path)),
                    Found::End => ended.push(k),
                }
            }
        }
        for k in ended.into_iter().rev() {
            self.searches.remove(k);
        }
        while self.reading < AHEAD {
            let Some(path) = self.waiting.pop_front() else { break };
            self.reading += 1;
            let request = Request::Open { source: source(registry, &path) };
            pool.push(Lane::Open, Job { tag: Tag::Open(path), request });
        }
        events
    }

    /// Opens one file again.
    pub fn again(&mut self, path: &Path) {
        if self.is_idle() {
            (self.done, self.total) = (0, 0);
        }
        self.total += 1;
        self.waiting.push_back(path.to_owned());
    }

    /// A file is described or given up.
    pub fn finished(&mut self) {
        self.done += 1;
        self.reading = self.reading.saturating_sub(1);
    }

    /// Drops all that is not being read already; gives the number of files dropped.
    pub fn cancel(&mut self, pool: &Pool<Tag>) -> usize {
        for search in self.searches.drain(..) {
            search.scan.cancel();
        }
        let dropped = pool.retain(|tag| !matches!(tag, Tag::Open(_))).len();
        self.reading = self.reading.saturating_sub(dropped);
        let n = dropped + self.waiting.len();
        self.waiting.clear();
        self.total = self.total.saturating_sub(n);
        n
    }

    pub fn counts(&self) -> (usize, usize) {
        (self.done, self.total)
    }

    pub fn is_searching(&self) -> bool {
        !self.searches.is_empty()
    }

    pub fn is_idle(&self) -> bool {
        self.searches.is_empty() && self.waiting.is_empty() && self.reading == 0
    }
}
