//! From paths to described files: scans under way, folders with their indexes, files waiting, how far it is.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, bounded};
use seaglass_core::protocol::{FailureKind, ReadFailure, Request};
use seaglass_core::time::Time;
use seaglass_data::pool::{Job, Lane, Pool};
use seaglass_data::registry::Registry;
use seaglass_data::scan::{Found, Scan, is_store};
use seaglass_index::{Counted, Folder, Options, Shelf, Told};

use crate::host::Tag;
use crate::items::{absolute, source};

/// Files handed to the readers at a time.
const AHEAD: usize = 32;
/// Finds a scan may be ahead of us.
const SCAN_AHEAD: usize = 1024;
/// Granules of one folder taken in; of more, those nearest to the clock.
const MOST: usize = 200_000;
/// Time between two looks at a network share.
const POLL: Duration = Duration::from_secs(5);
/// Files of an index taken in at least in a step, and the part of the time between two steps that may go into it.
const LEAST_S: f64 = 0.010;
const SHARE: f64 = 0.3;

struct Search {
    scan: Scan,
    found: Receiver<Found>,
}

/// A folder with its index, and what it last said of a view.
pub(crate) struct Indexed {
    pub folder: Folder,
    pub counted: Option<Counted>,
}

/// What happened while polling.
pub(crate) enum Event {
    /// Could not even be looked at.
    Failed(PathBuf, ReadFailure),
    /// A folder without files of a known kind.
    Nothing(PathBuf),
    /// Files an index knows.
    Known(Vec<(PathBuf, Told)>),
    /// Files that went.
    Gone(Vec<PathBuf>),
    /// An index cannot be used: a sentence.
    Problem(PathBuf, String),
}

#[derive(Default)]
pub(crate) struct Opening {
    /// Where indexes are kept; without it folders are searched and nothing is written.
    shelf: Option<Shelf>,
    searches: Vec<Search>,
    folders: Vec<Indexed>,
    waiting: VecDeque<PathBuf>,
    reading: usize,
    done: usize,
    total: usize,
    now: Option<Time>,
    polled: Option<Instant>,
}

impl Opening {
    /// With folders indexed there.
    pub fn with_shelf(dir: Option<&Path>) -> Self {
        Self { shelf: dir.map(Shelf::new), ..Self::default() }
    }

    /// Starts looking for files. `now` is the clock, when something has set it.
    pub fn start(
        &mut self,
        paths: &[PathBuf],
        registry: &Arc<Registry>,
        now: Option<Time>,
        wake: &Arc<dyn Fn() + Send + Sync>,
    ) -> Result<(), String> {
        if self.is_idle() {
            (self.done, self.total) = (0, 0);
        }
        let mut rest = Vec::new();
        for path in paths.iter().map(|p| absolute(p)) {
            match &self.shelf {
                Some(shelf) if path.is_dir() && !is_store(&path) => {
                    // What is open already is being watched.
                    if self.folders.iter().any(|f| path.starts_with(f.folder.root())) {
                        continue;
                    }
                    let options = Options {
                        shelf: shelf.clone(),
                        registry: Arc::clone(registry),
                        now,
                        most: MOST,
                        live: true,
                        poll: POLL,
                        wake: Arc::clone(wake),
                    };
                    let folder = Folder::open(&path, options).map_err(|e| e.to_string())?;
                    self.folders.push(Indexed { folder, counted: None });
                }
                _ => rest.push(path),
            }
        }
        if rest.is_empty() {
            return Ok(());
        }
        let (tx, found) = bounded(SCAN_AHEAD);
        let wake = Arc::clone(wake);
        let scan = Scan::start(rest, Arc::clone(registry), move |f| {
            let go_on = tx.send(f).is_ok();
            wake();
            go_on
        });
        let scan = scan.map_err(|e| format!("The files cannot be looked for: {e}."))?;
        self.searches.push(Search { scan, found });
        Ok(())
    }

    /// Takes what scans and indexes have found and keeps the readers busy.
    pub fn poll(&mut self, pool: &Pool<Tag>, registry: &Registry, wake: &Arc<dyn Fn() + Send + Sync>) -> Vec<Event> {
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
        self.poll_folders(&mut events, wake);
        while self.reading < AHEAD {
            let Some(path) = self.waiting.pop_front() else { break };
            self.reading += 1;
            let request = Request::Open { source: source(registry, &path) };
            pool.push(Lane::Open, Job { tag: Tag::Open(path), request });
        }
        events
    }

    /// What the indexes have to say, a little of it at a time: the window goes on meanwhile.
    fn poll_folders(&mut self, events: &mut Vec<Event>, wake: &Arc<dyn Fn() + Send + Sync>) {
        use seaglass_index::Event as Said;
        // Roughly what taking in one file costs; a hundred files are taken in any case.
        const FILE_S: f64 = 30e-6;
        let since = self.polled.replace(Instant::now()).map_or(0.0, |t| t.elapsed().as_secs_f64());
        let most = ((LEAST_S.max(since.min(1.0) * SHARE)) / FILE_S) as usize;
        let mut taken = 0;
        for Indexed { folder, counted } in &mut self.folders {
            while taken < most {
                match folder.next() {
                    None => break,
                    Some(Said::Files(files)) => {
                        taken += files.len();
                        events.push(Event::Known(files));
                    }
                    Some(Said::Describe(paths)) => self.waiting.extend(paths),
                    Some(Said::Gone(paths)) => events.push(Event::Gone(paths)),
                    Some(Said::Failed(path, failure)) => events.push(Event::Failed(path, failure)),
                    Some(Said::Nothing(path)) => events.push(Event::Nothing(path)),
                    Some(Said::Counted(counts)) => *counted = Some(*counts),
                    Some(Said::Problem(text)) => events.push(Event::Problem(folder.root().to_owned(), text)),
                }
            }
        }
        if taken >= most {
            wake();
        }
    }

    /// Tells the clock to the indexes: what is near it comes first.
    pub fn set_now(&mut self, now: Time) {
        if self.now != Some(now) {
            self.now = Some(now);
            self.folders.iter().for_each(|f| f.folder.set_now(now));
        }
    }

    /// Folders with an index.
    pub fn folders(&self) -> &[Indexed] {
        &self.folders
    }

    /// Whether a file belongs to an open folder with an index.
    fn folder_of(&self, path: &Path) -> Option<&Indexed> {
        self.folders.iter().find(|f| path.starts_with(f.folder.root()))
    }

    /// Opens one file again.
    pub fn again(&mut self, path: &Path) {
        if let Some(indexed) = self.folder_of(path) {
            indexed.folder.again(path);
            return;
        }
        if self.is_idle() {
            (self.done, self.total) = (0, 0);
        }
        self.total += 1;
        self.waiting.push_back(path.to_owned());
    }

    /// A file is described or given up; `told` is what its index shall keep.
    pub fn finished(&mut self, path: &Path, told: Option<Told>) {
        self.reading = self.reading.saturating_sub(1);
        match self.folder_of(path) {
            Some(indexed) => indexed.folder.described(path, told),
            None => self.done += 1,
        }
    }

    /// Drops all that is not being read already; gives the number of files dropped.
    pub fn cancel(&mut self, pool: &Pool<Tag>) -> usize {
        for search in self.searches.drain(..) {
            search.scan.cancel();
        }
        let dropped = pool.retain(|tag| !matches!(tag, Tag::Open(_)));
        self.reading = self.reading.saturating_sub(dropped.len());
        let own = |path: &&PathBuf| self.folder_of(path).is_none();
        let dropped = dropped.iter().filter_map(|t| if let Tag::Open(path) = t { Some(path) } else { None });
        let named = dropped.filter(own).count() + self.waiting.iter().filter(own).count();
        let indexed = self.folders.iter().map(|f| {
            let p = f.folder.progress();
            f.folder.cancel();
            p.to_describe.saturating_sub(p.described)
        });
        let n = named + indexed.sum::<usize>();
        self.waiting.clear();
        self.total = self.total.saturating_sub(named);
        n
    }

    /// Closes the folders.
    pub fn close(&mut self, pool: &Pool<Tag>) {
        self.cancel(pool);
        self.folders.clear();
        self.now = None;
    }

    /// Files described, and to be described.
    pub fn counts(&self) -> (usize, usize) {
        self.folders
            .iter()
            .map(|f| f.folder.progress())
            .fold((self.done, self.total), |(done, total), p| (done + p.described, total + p.to_describe))
    }

    /// Files that indexes have handed over, while they do.
    pub fn loading(&self) -> Option<usize> {
        let progress = || self.folders.iter().map(|f| f.folder.progress());
        progress().any(|p| p.loading).then(|| progress().map(|p| p.known).sum())
    }

    pub fn is_searching(&self) -> bool {
        !self.searches.is_empty() || self.folders.iter().any(|f| f.folder.progress().searching)
    }

    pub fn is_idle(&self) -> bool {
        self.searches.is_empty()
            && self.waiting.is_empty()
            && self.reading == 0
            && self.folders.iter().all(|f| f.folder.is_idle())
    }
}
