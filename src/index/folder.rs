//! An open folder: a thread `index` that keeps its index up to date and answers from it.
//!
//! What is known already is handed out around the clock first; meanwhile the folder is walked, and files that are new or
//! have changed are named to whoever has readers ([`Event::Describe`]), who passes the descriptions back
//! ([`Folder::described`]). Then changes are waited for. Nothing here waits for the other side: events it does not fetch
//! stay with the thread.

mod keeper;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam::channel::{Receiver, Sender, bounded};
use parking_lot::Mutex;
use seaglass_core::geo::GeoBox;
use seaglass_core::protocol::ReadFailure;
use seaglass_core::time::{Time, TimeSpan};
use seaglass_data::registry::Registry;

use crate::query::Count;
use crate::store::Told;
use crate::{Result, Shelf};
use keeper::Keeper;

/// Events that may wait to be fetched; the thread keeps the rest.
const EVENTS: usize = 64;

/// How a folder is kept.
#[derive(Clone)]
pub struct Options {
    /// Where its index is.
    pub shelf: Shelf,
    /// Product files.
    pub registry: Arc<Registry>,
    /// The clock, when something else has set it already.
    pub now: Option<Time>,
    /// Granules handed out at most; beyond, those nearest to the clock.
    pub most: usize,
    /// The system may be asked to tell of changes; else the folder is looked at again and again, as network shares are.
    pub live: bool,
    /// Time between two looks at a folder whose changes the system does not tell.
    pub poll: Duration,
    /// Called from the thread when an event waits.
    pub wake: Arc<dyn Fn() + Send + Sync>,
}

/// What the thread has to say.
#[derive(Clone, Debug)]
pub enum Event {
    /// Files known from the index, with what is known of them.
    Files(Vec<(PathBuf, Told)>),
    /// Files to describe.
    Describe(Vec<PathBuf>),
    /// Files that are no longer there.
    Gone(Vec<PathBuf>),
    /// A folder that cannot be looked at.
    Failed(PathBuf, ReadFailure),
    /// The folder holds no file of a known kind.
    Nothing(PathBuf),
    /// An answer to the last [`Look`].
    Counted(Box<Counted>),
    /// Something is wrong with the index, as a sentence; the folder works without.
    Problem(String),
}

/// What is looked at: the answer says how much of each collection that shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Time window.
    pub window: TimeSpan,
    /// Place.
    pub view: GeoBox,
    /// First of the days counted one by one.
    pub first_day: Time,
    /// Number of days.
    pub days: usize,
}

/// Granules of each collection.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// In window and view.
    pub counts: BTreeMap<String, Count>,
    /// On each day.
    pub days: BTreeMap<String, Vec<usize>>,
    /// In all, and the time they cover.
    pub totals: BTreeMap<String, (usize, Option<TimeSpan>)>,
    /// Mission and level of each collection, as its files name them.
    pub facts: BTreeMap<String, Vec<(String, String)>>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Files described since the folder was opened, or given up.
    pub described: usize,
    /// Files that had or have to be described.
    pub to_describe: usize,
    /// Files handed out from the index.
    pub known: usize,
    /// The folder is being walked.
    pub searching: bool,
    /// Known files are still being handed out.
    pub loading: bool,
}

impl Progress {
    /// Nothing is under way but watching.
    pub fn is_idle(&self) -> bool {
        !self.searching && !self.loading && self.described >= self.to_describe
    }
}

/// What the other side has said and the thread has not heard yet.
#[derive(Default)]
struct Inbox {
    described: Vec<(PathBuf, Option<Told>)>,
    look: Option<Look>,
    now: Option<Time>,
    again: Vec<PathBuf>,
    cancel: bool,
}

struct Shared {
    inbox: Mutex<Inbox>,
    progress: Mutex<Progress>,
    stop: AtomicBool,
}

/// A folder that is open. Dropping it ends its thread.
pub struct Folder {
    root: PathBuf,
    shared: Arc<Shared>,
    raise: Sender<()>,
    events: Receiver<Event>,
    thread: Option<JoinHandle<()>>,
}

impl Folder {
    /// Opens a folder.
    ///
    /// # Errors
    /// Its index is of a newer program, or the system refused a thread.
    pub fn open(root: &Path, options: Options) -> Result<Self> {
        let shared = Arc::new(Shared {
            inbox: Mutex::default(),
            progress: Mutex::new(Progress { searching: true, loading: true, ..Progress::default() }),
            stop: AtomicBool::new(false),
        });
        let (tell, events) = bounded(EVENTS);
        let (raise, raised) = bounded(1);
        let keeper = (root.to_owned(), options, Arc::clone(&shared), tell, raise.clone(), raised);
        let run = move || {
            let (root, options, shared, tell, raise, raised) = keeper;
            Keeper::new(root, options, shared, tell, raise).run(&raised);
        };
        let thread = std::thread::Builder::new().name("index".into()).spawn(run);
        let thread = thread.map_err(|e| crate::IndexError::Files(e, root.display().to_string()))?;
        Ok(Self { root: root.to_owned(), shared, raise, events, thread: Some(thread) })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn signal(&self) {
        // Full means the signal is up already.
        let _up = self.raise.try_send(());
    }

    /// The next event; `None` while there is none.
    pub fn next(&self) -> Option<Event> {
        let event = self.events.try_recv().ok();
        if event.is_some() {
            self.signal();
        }
        event
    }

    /// Passes on what a reader said of a file; `None` when the file has nothing to be kept (shapes).
    pub fn described(&self, path: &Path, told: Option<Told>) {
        self.shared.inbox.lock().described.push((path.to_owned(), told));
        self.signal();
    }

    /// Has a file described again.
    pub fn again(&self, path: &Path) {
        self.shared.inbox.lock().again.push(path.to_owned());
        self.signal();
    }

    /// Asks how much a view shows; the answer comes as [`Event::Counted`], and again whenever it changes.
    pub fn look(&self, look: Look) {
        self.shared.inbox.lock().look = Some(look);
        self.signal();
    }

    /// Tells the clock: what is known is handed out around it first.
    pub fn set_now(&self, now: Time) {
        self.shared.inbox.lock().now = Some(now);
        self.signal();
    }

    /// Gives up looking for files and describing them. What changes from now on is followed all the same.
    pub fn cancel(&self) {
        self.shared.inbox.lock().cancel = true;
        self.signal();
    }

    /// Nothing is under way, and every event has been fetched.
    pub fn is_idle(&self) -> bool {
        let said = {
            let inbox = self.shared.inbox.lock();
            inbox.described.is_empty() && inbox.again.is_empty()
        };
        said && self.progress().is_idle() && self.events.is_empty()
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        *self.shared.progress.lock()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.signal();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("The thread of an index panicked.");
        }
    }
}
