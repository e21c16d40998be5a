//! The thread: what it does next, and what it has found.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, Sender, TrySendError, bounded};
use seaglass_core::protocol::{FailureKind, ReadFailure};
use seaglass_data::scan::{self, Listing};

use super::{Counted, Event, Look, Options, Shared};
use crate::load::Loader;
use crate::store::{Entry, FileMark, Index, Told, join};
use crate::watch::{Change, WAITING, Watch};
use crate::{IndexError, Result};

/// Files handed out at a time.
const CHUNK: usize = 200;
/// Files handed out before the folder is walked: those around the clock.
const FIRST: usize = 2_000;
/// Files named to be described and not described yet.
const AHEAD: usize = 256;
/// Descriptions written at a time, and how long the first of them waits.
const BATCH: usize = 500;
const BATCH_WAITS: Duration = Duration::from_millis(500);
/// Changes are looked at once nothing has changed for so long: a file that is being written is not half described.
const QUIET: Duration = Duration::from_millis(400);
/// But no longer than this after the first.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often others' changes of the index are looked for.
const OTHERS: Duration = Duration::from_secs(2);
/// How often all granules are counted while many come.
const TOTALS: Duration = Duration::from_secs(4);

/// Folders nested deeper are not entered.
const MAX_DEPTH: usize = 32;

/// A walk through the folder or a part of it.
#[derive(Default)]
struct Walk {
    /// Folders to look into, and how deep they lie.
    open: VecDeque<(PathBuf, usize)>,
    /// Real paths of the folders entered: a link to a parent is not followed round and round.
    entered: HashSet<PathBuf>,
    /// Folders below the root that are there, as the index names them.
    there: HashSet<String>,
    /// The whole folder is walked: what is not met is gone.
    whole: bool,
    /// Granules met.
    files: usize,
    began: Option<Instant>,
}

pub(super) struct Keeper {
    root: PathBuf,
    options: Options,
    shared: Arc<Shared>,
    tell: Sender<Event>,
    raise: Sender<()>,
    index: Option<Index>,
    loader: Loader,
    walk: Option<Walk>,
    /// Files to be described, and the state in which they were met.
    todo: VecDeque<(PathBuf, FileMark)>,
    /// Files named and not described yet.
    asked: HashMap<PathBuf, FileMark>,
    written: Vec<Entry>,
    written_since: Option<Instant>,
    /// Events that found no room.
    outbox: VecDeque<Event>,
    watch: Option<(Watch, Receiver<Change>)>,
    changed: BTreeSet<PathBuf>,
    changed_since: Option<(Instant, Instant)>,
    next_poll: Option<Instant>,
    look: Option<Look>,
    look_due: bool,
    totals_at: Option<Instant>,
    totals_stale: bool,
    counted: Counted,
    others: (Instant, i64),
    /// Counts for the other side.
    described: usize,
    to_describe: usize,
}

impl Keeper {
    pub fn new(root: PathBuf, options: Options, shared: Arc<Shared>, tell: Sender<Event>, raise: Sender<()>) -> Self {
        let mut loader = Loader::default();
        if let Some(now) = options.now {
            loader.centre(now);
        }
        let walk = Some(Walk::new(&root, true));
        Self {
            root,
            options,
            shared,
            tell,
            raise,
            index: None,
            loader,
            walk,
            todo: VecDeque::new(),
            asked: HashMap::new(),
            written: Vec::new(),
            written_since: None,
            outbox: VecDeque::new(),
            watch: None,
            changed: BTreeSet::new(),
            changed_since: None,
            next_poll: None,
            look: None,
            look_due: false,
            totals_at: None,
            totals_stale: true,
            counted: Counted::default(),
            others: (Instant::now(), 0),
            described: 0,
            to_describe: 0,
        }
    }

    fn stopped(&self) -> bool {
        self.shared.stop.load(Ordering::Relaxed)
    }

    pub fn run(mut self, raised: &Receiver<()>) {
        match self.options.shelf.open(&self.root) {
            Ok(index) => self.index = Some(index),
            Err(e) => {
                self.outbox.push_back(Event::Problem(e.to_string()));
                self.index = Index::in_memory(&self.root).ok();
            }
        }
        // Changes from here on are heard, the walk finds all before.
        self.start_watching();
        while !self.stopped() {
            let worked = match self.work() {
                Ok(worked) => worked,
                Err(e) => {
                    log::warn!("{e}");
                    self.without_index(&e);
                    true
                }
            };
            self.report();
            if !worked && !self.stopped() {
                let _signal = raised.recv_timeout(self.rest());
            }
        }
        if let Err(e) = self.write() {
            log::warn!("{e}");
        }
    }

    /// The index fails: the folder goes on with one in memory, which the next walk fills.
    fn without_index(&mut self, e: &IndexError) {
        self.outbox.push_back(Event::Problem(e.to_string()));
        self.index = Index::in_memory(&self.root).ok();
        self.written.clear();
    }

    /// One piece of work; false when there is none.
    fn work(&mut self) -> Result<bool> {
        let mut worked = self.hear()?;
        worked |= self.send();
        if self.written.len() >= BATCH || self.written_since.is_some_and(|t| t.elapsed() >= BATCH_WAITS) {
            self.write()?;
            worked = true;
        }
        let room = self.outbox.len() < 4;
        if room && !self.loader.is_done() && self.loader.given() < self.options.most {
            let around_clock = self.loader.given() < FIRST || self.walk.is_none();
            let turn = around_clock || self.outbox.is_empty();
            if turn && let Some(index) = &mut self.index {
                let files = self.loader.next(index, CHUNK)?;
                if !files.is_empty() {
                    self.outbox.push_back(Event::Files(files));
                }
                worked = true;
                if around_clock {
                    return Ok(worked);
                }
            }
        }
        let totals_due = self.totals_stale && self.totals_at.is_none_or(|t| t.elapsed() >= TOTALS);
        if self.look_due || (self.look.is_some() && totals_due) {
            self.count()?;
            worked = true;
        }
        worked |= self.step_walk()?;
        worked |= self.name_files();
        worked |= self.take_changes();
        self.look_at_others()?;
        Ok(worked)
    }

    /// How long nothing may happen.
    fn rest(&self) -> Duration {
        let mut rest = OTHERS;
        if !self.outbox.is_empty() {
            rest = rest.min(Duration::from_millis(50));
        }
        if self.written_since.is_some() {
            rest = rest.min(BATCH_WAITS / 2);
        }
        if self.changed_since.is_some() {
            rest = rest.min(QUIET / 4);
        }
        if let Some(at) = self.next_poll {
            rest = rest.min(at.saturating_duration_since(Instant::now()));
        }
        rest.max(Duration::from_millis(1))
    }

    fn report(&mut self) {
        let mut progress = self.shared.progress.lock();
        progress.described = self.described;
        progress.to_describe = self.to_describe;
        progress.known = self.loader.given();
        progress.searching = self.walk.is_some();
        progress.loading =
            !self.outbox.is_empty() || (!self.loader.is_done() && self.loader.given() < self.options.most);
    }

    /// What the other side has said.
    fn hear(&mut self) -> Result<bool> {
        let mut inbox = std::mem::take(&mut *self.shared.inbox.lock());
        let mut worked = !inbox.described.is_empty() || !inbox.again.is_empty() || inbox.cancel;
        for (path, told) in inbox.described.drain(..) {
            // What was given up meanwhile is not counted any more.
            let Some(mark) = self.asked.remove(&path) else { continue };
            self.described += 1;
            if let Some(told) = told {
                self.keep(&path, mark, told);
            }
        }
        for path in inbox.again.drain(..) {
            if let Some(mark) = self.mark_of(&path) {
                self.to_describe += 1;
                self.todo.push_front((path, mark));
            }
        }
        if inbox.cancel {
            self.to_describe = self.described;
            self.todo.clear();
            self.asked.clear();
            self.walk = None;
            self.outbox.retain(|e| !matches!(e, Event::Describe(_)));
        }
        if let Some(now) = inbox.now {
            self.loader.centre(now);
        }
        if let Some(look) = inbox.look.filter(|l| self.look != Some(*l)) {
            self.look = Some(look);
            self.look_due = true;
            worked = true;
        }
        Ok(worked)
    }

    fn keep(&mut self, path: &Path, mark: FileMark, told: Told) {
        // What may be otherwise next time is asked again next time.
        let lasting = match &told {
            Ok(_) => true,
            Err(e) => !matches!(e.kind, FailureKind::Missing | FailureKind::Crashed | FailureKind::BadRequest),
        };
        if let (true, Some(path)) = (lasting, self.name_of(path)) {
            self.written.push(Entry { path, mark, told });
            self.written_since.get_or_insert_with(Instant::now);
        }
    }

    fn write(&mut self) -> Result<()> {
        self.written_since = None;
        let entries = std::mem::take(&mut self.written);
        if entries.is_empty() {
            return Ok(());
        }
        if let Some(index) = &mut self.index {
            // The other side has them from the readers.
            index.put(&entries)?.into_iter().for_each(|id| self.loader.knows(id));
        }
        self.look_due = self.look.is_some();
        self.totals_stale = true;
        Ok(())
    }

    /// Hands over events while there is room; true when one went.
    fn send(&mut self) -> bool {
        let mut sent = false;
        while let Some(event) = self.outbox.pop_front() {
            match self.tell.try_send(event) {
                Ok(()) => sent = true,
                Err(TrySendError::Full(event) | TrySendError::Disconnected(event)) => {
                    self.outbox.push_front(event);
                    break;
                }
            }
        }
        if sent {
            (self.options.wake)();
        }
        sent
    }

    /// Path below the root as the index names it; `None` for one that is no text.
    fn name_of(&self, path: &Path) -> Option<String> {
        name_below(&self.root, path)
    }

    fn mark_of(&self, path: &Path) -> Option<FileMark> {
        let meta = std::fs::metadata(path).ok()?;
        let (size, mtime_ns) = scan::identity(path, &meta);
        let reader = self.options.registry.fingerprint(path.parent()?);
        Some(FileMark { size, mtime_ns, reader })
    }

    /// Looks into one folder.
    fn step_walk(&mut self) -> Result<bool> {
        let Some(walk) = &mut self.walk else { return Ok(false) };
        let Some((dir, depth)) = walk.open.pop_front() else {
            self.end_walk()?;
            return Ok(true);
        };
        let real = dir.canonicalize().unwrap_or_else(|_gone| dir.clone());
        if depth > MAX_DEPTH || !walk.entered.insert(real) {
            return Ok(true);
        }
        let shared = Arc::clone(&self.shared);
        let go_on = move || !shared.stop.load(Ordering::Relaxed) && !shared.inbox.lock().cancel;
        match scan::list(&dir, &self.options.registry, &go_on) {
            // Cut short: what was not met is not gone.
            Ok(_) if !go_on() => {}
            Ok(listing) => self.listed(&dir, depth, listing)?,
            Err(_) if dir != self.root && !dir.exists() => {}
            Err(message) => {
                if let (Some(walk), Some(name)) = (&mut self.walk, name_below(&self.root, &dir)) {
                    walk.there.insert(name);
                    // Nothing is known of what lies below.
                    walk.whole = false;
                }
                let failure = ReadFailure { kind: FailureKind::Missing, message };
                self.outbox.push_back(Event::Failed(dir, failure));
            }
        }
        Ok(true)
    }

    /// Compares what lies in a folder with what is known of it.
    fn listed(&mut self, dir: &Path, depth: usize, listing: Listing) -> Result<()> {
        let name = self.name_of(dir);
        let mut known = match (&name, &self.index) {
            (Some(name), Some(index)) => index.files_in(name)?,
            _ => HashMap::new(),
        };
        let reader = self.options.registry.fingerprint(dir);
        if let Some(walk) = &mut self.walk {
            walk.files += listing.files.len();
            walk.there.extend(name.clone());
            walk.open.extend(listing.folders.into_iter().map(|f| (f, depth + 1)));
        }
        for file in listing.files {
            let mark = FileMark { size: file.size, mtime_ns: file.mtime_ns, reader };
            let own = file.path.file_name().and_then(|n| n.to_str());
            if own.and_then(|n| known.remove(n)) == Some(mark) {
                continue;
            }
            let waiting = self.asked.get(&file.path) == Some(&mark)
                || own.is_some_and(|n| {
                    let path = join(name.as_deref().unwrap_or_default(), n);
                    self.written.iter().any(|e| e.path == path && e.mark == mark)
                });
            if !waiting {
                self.to_describe += 1;
                self.todo.push_back((file.path, mark));
            }
        }
        let gone: Vec<String> = known.into_keys().map(|n| join(name.as_deref().unwrap_or_default(), &n)).collect();
        self.gone(gone)
    }

    fn gone(&mut self, mut paths: Vec<String>) -> Result<()> {
        if paths.is_empty() {
            return Ok(());
        }
        paths.sort();
        if let Some(index) = &mut self.index {
            index.remove(&paths)?;
        }
        self.look_due = self.look.is_some();
        self.totals_stale = true;
        self.outbox.push_back(Event::Gone(paths.iter().map(|p| self.root.join(p)).collect()));
        Ok(())
    }

    fn end_walk(&mut self) -> Result<()> {
        let Some(walk) = self.walk.take() else { return Ok(()) };
        if walk.whole
            && let Some(index) = &self.index
        {
            let mut gone = Vec::new();
            for folder in index.folders()?.into_iter().filter(|f| !walk.there.contains(f)) {
                gone.extend(index.files_in(&folder)?.into_keys().map(|n| join(&folder, &n)));
            }
            self.gone(gone)?;
            if walk.files == 0 {
                self.outbox.push_back(Event::Nothing(self.root.clone()));
            }
        }
        if self.watch.is_none() {
            // A walk that takes long is not made all the time.
            let took = walk.began.map_or(Duration::ZERO, |t| t.elapsed());
            self.next_poll = Some(Instant::now() + self.options.poll.max(took * 10));
        }
        Ok(())
    }

    /// Names files to be described, a few ahead of the readers.
    fn name_files(&mut self) -> bool {
        if self.todo.is_empty() || self.asked.len() >= AHEAD || self.outbox.len() > 4 {
            return false;
        }
        let n = (AHEAD - self.asked.len()).min(64).min(self.todo.len());
        let files: Vec<(PathBuf, FileMark)> = self.todo.drain(..n).collect();
        let names = files.iter().map(|(p, _)| p.clone()).collect();
        self.asked.extend(files);
        self.outbox.push_back(Event::Describe(names));
        true
    }

    fn start_watching(&mut self) {
        let (tell, changes) = bounded(WAITING);
        let raise = self.raise.clone();
        let wake = move || {
            let _up = raise.try_send(());
        };
        let watch = if self.options.live { Watch::start(&self.root, tell, wake) } else { None };
        self.watch = watch.map(|w| (w, changes));
    }

    /// What the system has told, or the time for another look.
    fn take_changes(&mut self) -> bool {
        let now = Instant::now();
        let mut missed = self.next_poll.is_some_and(|at| at <= now);
        if let Some((_, changes)) = &self.watch {
            missed |= changes.is_full();
            for change in changes.try_iter() {
                let since = self.changed_since.map_or(now, |(first, _)| first);
                self.changed_since = Some((since, now));
                match change {
                    Change::At(path) => drop(self.changed.insert(path)),
                    Change::Missed => missed = true,
                }
            }
        }
        if missed && self.walk.is_none() {
            (self.next_poll, self.changed_since) = (None, None);
            self.changed.clear();
            self.walk = Some(Walk::new(&self.root, true));
            return true;
        }
        let due =
            self.changed_since.is_some_and(|(first, last)| last.elapsed() >= QUIET || first.elapsed() >= PATIENCE);
        if !due || self.walk.is_some() {
            return false;
        }
        self.changed_since = None;
        let mut walk = Walk::new(&self.root, false);
        walk.open.clear();
        let mut folders = BTreeSet::new();
        for path in std::mem::take(&mut self.changed) {
            if path.is_dir() && path != self.root {
                folders.insert(path.clone());
            } else if !path.exists() && self.knows_folder(&path) {
                // A folder went with all in it: only a walk of all tells what is left.
                self.walk = Some(Walk::new(&self.root, true));
                return true;
            }
            let above = path.parent().filter(|p| p.starts_with(&self.root) && p.is_dir());
            folders.insert(above.map_or_else(|| self.root.clone(), Path::to_owned));
        }
        // A store is a granule: what changes within is a change of it.
        let folder_of = |f: PathBuf| f.ancestors().find(|a| !scan::is_store(a)).map(Path::to_owned).unwrap_or(f);
        let folders: BTreeSet<PathBuf> = folders.into_iter().map(folder_of).collect();
        walk.open.extend(folders.into_iter().filter(|f| f.starts_with(&self.root)).map(|f| (f, 0)));
        self.walk = Some(walk);
        true
    }

    fn knows_folder(&self, path: &Path) -> bool {
        let Some(name) = self.name_of(path) else { return false };
        let below = format!("{name}/");
        let folders = self.index.as_ref().and_then(|i| i.folders().ok()).unwrap_or_default();
        folders.iter().any(|f| *f == name || f.starts_with(&below))
    }

    /// Whether another window has written into the index.
    fn look_at_others(&mut self) -> Result<()> {
        if self.others.0.elapsed() < OTHERS {
            return Ok(());
        }
        if let Some(index) = &self.index {
            let changes = index.changes_of_others()?;
            if changes != self.others.1 && self.others.1 != 0 {
                self.loader.again();
                self.look_due = self.look.is_some();
                self.totals_stale = true;
            }
            self.others = (Instant::now(), changes);
        }
        Ok(())
    }

    fn count(&mut self) -> Result<()> {
        self.look_due = false;
        let (Some(look), Some(index)) = (self.look, &mut self.index) else { return Ok(()) };
        self.counted.counts = index.counts(look.window, look.view)?;
        self.counted.days = index.days(look.first_day, look.days)?;
        if self.totals_stale && self.totals_at.is_none_or(|t| t.elapsed() >= TOTALS) {
            self.counted.totals = index.totals()?;
            self.counted.facts = index.labels()?;
            self.totals_at = Some(Instant::now());
            self.totals_stale = false;
        }
        self.outbox.retain(|e| !matches!(e, Event::Counted(_)));
        self.outbox.push_back(Event::Counted(Box::new(self.counted.clone())));
        Ok(())
    }
}

impl Walk {
    fn new(root: &Path, whole: bool) -> Self {
        let open = VecDeque::from([(root.to_owned(), 0)]);
        Self { open, whole, began: Some(Instant::now()), ..Self::default() }
    }
}

/// A path below a root with `/` between its parts.
fn name_below(root: &Path, path: &Path) -> Option<String> {
    let below = path.strip_prefix(root).ok()?;
    let parts: Option<Vec<&str>> = below.components().map(|c| c.as_os_str().to_str()).collect();
    parts.map(|p| p.join("/"))
}
