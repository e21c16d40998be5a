//! Match-ups in the window: the document says what is compared, a thread reads and matches, panels look at the result.
//!
//! Rows and all candidates a little beyond the limits stay in memory, so that moving a slider is a pass over the
//! candidates ([`reduce`]). Exports run the same job as the command line.

mod angle;
mod ask;
mod crossing;
mod data;
mod export;
mod found;
mod layer;
mod reduce;
mod sample;
mod thread;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use seaglass_coloc::Cancel;
use seaglass_core::command::Command;
use seaglass_data::pool::Connect;
use seaglass_data::registry::Registry;

pub use ask::{Ask, FilterMistake, SideAsk, check_filter, short_name};
pub use crossing::Crossing;
pub use data::{Data, Place, SideData};
pub use found::{Coincidence, Found};
pub use reduce::Match;
pub use seaglass_coloc::stats;
use seaglass_jobs::Setup;
pub use seaglass_jobs::units;

use crate::host::Host;
use crate::report::{Level, Notice};
use ask::Key;
use export::Export;
use thread::{Means, Remote};

/// Height from which a coincidence is seen, metres.
const NEAR_M: f64 = 3_000_000.0;
/// The layer of pairs follows when nothing has changed for so long.
const LAYER_REST: Duration = Duration::from_millis(400);

/// What the thread is at.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Stage {
    /// Nothing is compared.
    #[default]
    Idle,
    /// Looks where the data of files lie.
    Looking {
        /// Files.
        done: usize,
        /// Of so many.
        total: usize,
    },
    /// It would take a while, and waits for `Command::RunColocation`.
    Estimate {
        /// Seconds.
        seconds: f64,
        /// Bytes to read.
        bytes: u64,
    },
    /// Reads values.
    Reading {
        /// Bytes of files.
        done: u64,
        /// Of about so many; none while nobody knows.
        total: u64,
    },
    /// Matches.
    Matching {
        /// Blocks.
        done: u64,
        /// Of so many; none while nobody knows.
        total: u64,
        /// Pairs so far; none while candidates of wider limits are gathered.
        pairs: Option<u64>,
    },
    /// The pairs are there.
    Done,
    /// Stopped by the user.
    Stopped,
    /// Why there are no pairs.
    Failed(String),
}

/// What panels show.
#[derive(Clone, Default)]
pub struct View {
    /// What is going on.
    pub stage: Stage,
    /// The pairs, perhaps of limits of a moment ago.
    pub found: Option<Arc<Found>>,
    /// The pairs are those of what is asked now.
    pub current: bool,
    /// Nothing is on its way: the last order has been answered.
    pub settled: bool,
    /// What is missing before anything can be compared.
    pub missing: Option<String>,
    /// The file being written, and its share done.
    pub exporting: Option<(PathBuf, f32)>,
}

impl View {
    /// Pairs of other limits than those asked now, which stay in sight while the new ones are waited for. What sliders
    /// find in memory follows within a frame or two and is not among them.
    pub fn behind(&self) -> Option<&Arc<Found>> {
        let waits = !matches!(self.stage, Stage::Idle | Stage::Done);
        self.found.as_ref().filter(|_| waits && !self.current)
    }
}

/// The match-up of a host.
pub(crate) struct Colocator {
    connect: Arc<dyn Connect>,
    registry: Arc<Registry>,
    wake: Arc<dyn Fn() + Send + Sync>,
    remote: Option<Remote>,
    key: Option<Key>,
    ask: Option<Arc<Ask>>,
    missing: Option<String>,
    layer: layer::PairsLayer,
    export: Option<Export>,
    /// Result the layer will show, and since when.
    fresh: Option<(u64, Instant)>,
}

impl Colocator {
    pub fn new(connect: Arc<dyn Connect>, registry: Arc<Registry>, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self {
            connect,
            registry,
            wake,
            remote: None,
            key: None,
            ask: None,
            missing: None,
            layer: layer::PairsLayer::default(),
            export: None,
            fresh: None,
        }
    }

    /// What a job of the command line needs, run beside what the window compares.
    pub fn setup(&self, cancel: Cancel) -> Setup {
        Setup { connect: Arc::clone(&self.connect), registry: Arc::clone(&self.registry), cancel }
    }

    fn means(&self) -> Means {
        Means {
            connect: Arc::clone(&self.connect),
            registry: Arc::clone(&self.registry),
            wake: Arc::clone(&self.wake),
            workers: 2,
            cache: None,
        }
    }
}

impl Host {
    /// Pairs and progress, to look at.
    pub fn colocation(&self) -> View {
        let c = &self.colocator;
        let mut view = c.remote.as_ref().map(Remote::view).unwrap_or_default();
        view.missing.clone_from(&c.missing);
        view.current = match (&view.found, &c.ask) {
            (Some(found), Some(ask)) => Arc::ptr_eq(&found.ask, ask) || found.ask == *ask,
            _ => false,
        };
        view.exporting = c.export.as_ref().map(Export::progress);
        view
    }

    /// Follows the document; `true` when something has changed.
    pub(crate) fn poll_colocation(&mut self) -> bool {
        let key = Key::of(&self.session);
        let mut changed = false;
        if key != self.colocator.key {
            changed = true;
            let made = key.as_ref().map(|k| k.ask(&self.session));
            self.colocator.key = key;
            (self.colocator.ask, self.colocator.missing) = match made {
                Some(Ok(ask)) => (Some(Arc::new(ask)), None),
                Some(Err(why)) => (None, Some(why)),
                None => (None, None),
            };
            self.want();
        }
        changed | self.poll_export() | self.poll_layer()
    }

    fn want(&mut self) {
        let c = &mut self.colocator;
        if c.remote.is_none() && c.ask.is_some() {
            match Remote::start(c.means()) {
                Ok(remote) => c.remote = Some(remote),
                Err(e) => {
                    let text = format!("The layers cannot be compared: {e}.");
                    self.notices.push(Notice::new(Level::Error, text));
                    return;
                }
            }
        }
        if let Some(remote) = &c.remote {
            remote.want(c.ask.clone());
        }
    }

    pub(crate) fn run_colocation(&mut self) {
        if let Some(remote) = &self.colocator.remote {
            remote.run();
        }
    }

    pub(crate) fn cancel_colocation(&mut self) {
        if let Some(export) = self.colocator.export.take() {
            export.cancel();
        }
        if let Some(remote) = &self.colocator.remote {
            remote.cancel();
        }
    }

    pub(crate) fn step_coincidence(&mut self, steps: i32) {
        let now = self.session.project().timeline.now;
        let found = self.colocation().found;
        let Some(next) = found.as_ref().and_then(|f| f.coincidence(now, steps)) else {
            self.notices.push(Notice::new(Level::Info, "There are no coincidences."));
            return;
        };
        // From afar nobody sees which pair is meant.
        let altitude_m = (self.session.project().camera.altitude_m > NEAR_M).then_some(NEAR_M);
        for command in [Command::SetTime { now: next.time }, Command::LookAt { place: next.at, altitude_m }] {
            // Its sentence is among the notices.
            let _told = self.try_apply(&command);
        }
    }

    pub(crate) fn export_colocation(&mut self, path: &Path) {
        let Some(ask) = self.colocator.ask.clone() else {
            let text = self.colocator.missing.clone().unwrap_or_else(|| "There are no pairs to export.".to_owned());
            self.notices.push(Notice::new(Level::Warning, text));
            return;
        };
        match export::start(&ask, path, self.colocator.means()) {
            Ok(export::Started::Saved) => {
                let text = "The job is saved. Run it with seaglass colocate run.";
                self.notices.push(Notice::new(Level::Info, text).about(path));
            }
            Ok(export::Started::Running(export)) => self.colocator.export = Some(export),
            Err(text) => self.notices.push(Notice::new(Level::Error, text).about(path)),
        }
    }

    fn poll_export(&mut self) -> bool {
        let Some(done) = self.colocator.export.as_ref().and_then(Export::finished) else { return false };
        let path = self.colocator.export.take().map(|e| e.progress().0).unwrap_or_default();
        let notice = match done {
            Ok(pairs) => {
                Notice::new(Level::Info, format!("{} pairs are written.", seaglass_core::format::count(pairs)))
            }
            Err(text) => Notice::new(Level::Error, text),
        };
        self.notices.push(notice.about(&path));
        true
    }

    /// The layer of pairs follows the result when that has come to rest.
    fn poll_layer(&mut self) -> bool {
        let Some(found) = self.colocator.remote.as_ref().and_then(|r| r.view().found) else {
            self.colocator.fresh = None;
            return self.colocator.key.is_none() && self.drop_pairs_layer();
        };
        if self.colocator.layer.shown() == Some(found.serial) {
            return false;
        }
        match self.colocator.fresh {
            Some((serial, since)) if serial == found.serial => {
                if since.elapsed() < LAYER_REST {
                    (self.wake)();
                    return false;
                }
            }
            _ => {
                self.colocator.fresh = Some((found.serial, Instant::now()));
                (self.wake)();
                return false;
            }
        }
        let commands = self.colocator.layer.update(&found, &self.session);
        for command in commands {
            self.apply_derived(&command);
        }
        true
    }

    /// Without a match-up there are no pairs to show.
    fn drop_pairs_layer(&mut self) -> bool {
        let Some(command) = self.colocator.layer.clear(&self.session) else { return false };
        self.apply_derived(&command);
        true
    }
}
