//! What a job says while it runs.

use std::path::Path;

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Outlines of files are known.
    Outlined {
        /// Side.
        side: &'a str,
        /// Files done.
        done: usize,
        /// Files in all.
        total: usize,
    },
    /// A file is left out.
    Failed {
        /// Which.
        path: &'a Path,
        /// Why.
        message: &'a str,
    },
    /// Tasks are done.
    Tasks {
        /// Done, found done included.
        done: usize,
        /// In all (of this shard).
        total: usize,
        /// Pairs so far.
        pairs: u64,
    },
    /// The results are being put together.
    Writing {
        /// File.
        path: &'a Path,
    },
}

/// Hears of events, from any thread.
pub trait Watcher: Sync {
    /// Something happened.
    fn event(&self, event: Event<'_>);
}

/// Does not listen.
pub struct Silent;

impl Watcher for Silent {
    fn event(&self, _event: Event<'_>) {}
}

impl<F: Fn(Event<'_>) + Sync> Watcher for F {
    fn event(&self, event: Event<'_>) {
        self(event);
    }
}
