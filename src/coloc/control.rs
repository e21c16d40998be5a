//! Stopping a run and hearing how far it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

/// Stops a run from another thread; clones share one switch.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A switch that is off.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops every run that has this switch, within milliseconds.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it is on.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Blocks of the reference side done.
    pub done: u64,
    /// Blocks in all.
    pub total: u64,
    /// Pairs so far.
    pub pairs: u64,
}

/// How a caller steers a run; the default runs to the end in silence.
#[derive(Default, Clone, Copy)]
pub struct Control<'c> {
    /// Stops the run.
    pub cancel: Option<&'c Cancel>,
    /// Called now and then from the thread that runs the join.
    pub progress: Option<&'c (dyn Fn(Progress) + Sync)>,
}

impl Control<'_> {
    pub(crate) fn check(&self) -> Result<()> {
        if self.cancel.is_some_and(Cancel::is_cancelled) { Err(Error::Cancelled) } else { Ok(()) }
    }

    pub(crate) fn report(&self, progress: Progress) {
        if let Some(f) = self.progress {
            f(progress);
        }
    }
}
