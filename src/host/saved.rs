//! Session files: written in one go, read, and kept by themselves for the case of a crash.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, TryRecvError, bounded};
use seaglass_core::catalogue::Collection;
use seaglass_core::command::Command;
use seaglass_core::granule::SAVED_FOLDER;
use seaglass_core::project::Project;
use seaglass_core::session_file::SessionFile;
use seaglass_data::file::write_whole;
use serde_json::Value;

use crate::host::Host;
use crate::report::{Level, Notice};

/// What is kept by itself is at most this old, while something changes.
const EVERY: Duration = Duration::from_secs(3);
/// Windows at a time that keep a copy.
const WINDOWS: usize = 16;

/// The session file in hand, and the copy kept for the case of a crash.
#[derive(Default)]
pub(crate) struct Saved {
    /// The file that was opened or saved last.
    file: Option<PathBuf>,
    /// The document as it is in that file.
    clean: Option<Project>,
    /// Where the copy is kept; none is without.
    pub copy: Option<PathBuf>,
    /// Tells other programs that the copy is in use; the system forgets it with the program.
    lock: Option<std::fs::File>,
    copied: Option<Project>,
    copied_at: Option<Instant>,
    /// What the window is to find again.
    pub window: Option<Value>,
    /// What came of the last file that was opened or saved.
    outcome: Option<Result<(), String>>,
    /// A file that is being saved with what programs have pushed.
    saving: Option<Saving>,
}

/// A session that is being saved in a thread: what was pushed may have gigabytes.
struct Saving {
    path: PathBuf,
    clean: Project,
    done: Receiver<Result<(), String>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Saving {
    /// The program ends: what the user saved is to be there.
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("{} was not saved", self.path.display());
        }
    }
}

fn write_session(path: &Path, text: &str) -> Result<(), String> {
    write_whole(path, text.as_bytes()).map_err(|e| format!("The session cannot be saved: {e}. Choose another place."))
}

/// The folder beside a session file with what programs had pushed.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(SAVED_FOLDER);
    path.with_file_name(name)
}

/// Copies files into a folder, each whole or not at all.
fn copy_all(files: &[(PathBuf, PathBuf)], folder: &Path) -> Result<(), String> {
    let failed = |what: &Path, e: std::io::Error| {
        format!("What was pushed cannot be saved beside the session: {} ({e}). Choose another place.", what.display())
    };
    std::fs::create_dir_all(folder).map_err(|e| failed(folder, e))?;
    for (from, to) in files {
        let part = to.with_extension("part");
        let copied = std::fs::copy(from, &part).and_then(|_bytes| std::fs::rename(&part, to));
        copied.map_err(|e| failed(to, e))?;
    }
    Ok(())
}

/// Takes the place of a copy, unless another program has it.
fn free_slot(copy: &Path) -> Option<std::fs::File> {
    let lock = copy.with_extension("lock");
    std::fs::create_dir_all(copy.parent()?).ok()?;
    let file = std::fs::File::options().create(true).truncate(false).write(true).open(lock).ok()?;
    file.try_lock().ok()?;
    Some(file)
}

/// Where a copy that was left goes.
fn left_by(copy: &Path) -> PathBuf {
    copy.with_extension(format!("left.{}", seaglass_core::session_file::EXTENSION))
}

fn folder_of(path: &Path) -> PathBuf {
    let path = crate::items::absolute(path);
    path.parent().map(Path::to_owned).unwrap_or_default()
}

/// Only what a session file keeps: play state, and how far numbers have been counted, do not make it another session.
fn essence(project: &Project) -> Project {
    let mut project = project.clone();
    project.timeline.playing = false;
    (project.next_layer, project.last_pin) = (0, 0);
    project
}

impl Host {
    /// The session file in hand, and whether the document differs from it.
    pub fn session_file(&self) -> (Option<&Path>, bool) {
        let project = self.session.project();
        let changed = match &self.saved.clean {
            Some(clean) => *clean != essence(project),
            None => !project.layers.is_empty() || !project.sources.is_empty(),
        };
        (self.saved.file.as_deref(), changed)
    }

    pub(crate) fn save_session(&mut self, path: &Path, window: Value) {
        let (mut project, mut pushed) = (self.absolute_project(), Vec::new());
        // What programs have pushed goes with the running session: it is saved beside the file.
        let beside = crate::items::absolute(&beside(path));
        for source in &mut project.sources {
            if let (true, Some(name)) = (self.is_pushed(source), source.file_name()) {
                let kept = beside.join(name);
                pushed.push((std::mem::replace(source, kept.clone()), kept));
            }
        }
        let text = SessionFile::new(&project, &folder_of(path), window).to_text().map_err(|e| e.to_string());
        let clean = essence(self.session.project());
        if pushed.is_empty() {
            let written = text.and_then(|text| write_session(path, &text));
            return self.session_saved(path, clean, written);
        }
        // One after the other: the second is what the user wants in the end.
        self.saving_ended(true);
        let (sender, done) = bounded(1);
        let (wake, to) = (Arc::clone(&self.wake), path.to_owned());
        let work = move || {
            let written = text.and_then(|text| copy_all(&pushed, &beside).and_then(|()| write_session(&to, &text)));
            // A host that has gone meanwhile takes nothing.
            if sender.send(written).is_ok() {
                wake();
            }
        };
        match std::thread::Builder::new().name("save session".to_owned()).spawn(work) {
            Ok(thread) => self.saved.saving = Some(Saving { path: path.to_owned(), clean, done, thread: Some(thread) }),
            Err(e) => self.session_saved(path, clean, Err(format!("The session cannot be saved: {e}."))),
        }
    }

    /// Takes note of a session that has been saved in a thread; waits for it when told so. `false`: it is still under way.
    pub(crate) fn saving_ended(&mut self, wait: bool) -> bool {
        let Some(saving) = &self.saved.saving else { return true };
        let lost = || Err("The session was not saved.".to_owned());
        let written = if wait {
            saving.done.recv().unwrap_or_else(|_gone| lost())
        } else {
            match saving.done.try_recv() {
                Ok(written) => written,
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => lost(),
            }
        };
        if let Some(saving) = self.saved.saving.take() {
            self.session_saved(&saving.path.clone(), saving.clean.clone(), written);
        }
        true
    }

    /// What came of the last session file that was opened or saved.
    pub(crate) fn take_outcome(&mut self) -> Result<(), String> {
        self.saved.outcome.take().unwrap_or(Ok(()))
    }

    fn session_saved(&mut self, path: &Path, clean: Project, written: Result<(), String>) {
        let notice = match &written {
            Ok(()) => {
                self.saved.file = Some(path.to_owned());
                self.saved.clean = Some(clean);
                match self.not_saved().as_slice() {
                    [] => Notice::new(Level::Info, "The session is saved.".to_owned()),
                    names => Notice::new(
                        Level::Warning,
                        format!("The session is saved without what pySEAScope has pushed: {}.", names.join(", ")),
                    ),
                }
            }
            Err(why) => Notice::new(Level::Error, why.clone()),
        };
        self.saved.outcome = Some(written);
        self.notices.push(notice.about(path));
    }

    /// Titles of the collections that no session file keeps: notebooks of the published client bring them anew.
    pub(crate) fn not_saved(&self) -> Vec<String> {
        let in_memory =
            |c: &&Collection| c.granules.iter().any(|g| self.session.notebook().granule_at(&g.path).is_some());
        self.session.catalogue().collections.values().filter(in_memory).map(|c| c.title.clone()).collect()
    }

    pub(crate) fn save_script(&mut self, path: &Path) {
        let text = seaglass_core::script::python(&self.session, &self.readable_sources());
        let notice = match write_whole(path, text.as_bytes()) {
            Ok(()) => Notice::new(Level::Info, "The Python program is saved.".to_owned()),
            Err(e) => {
                Notice::new(Level::Error, format!("The Python program cannot be saved: {e}. Choose another place."))
            }
        };
        self.notices.push(notice.about(path));
    }

    /// Files and folders that are open, with whole paths.
    fn readable_sources(&self) -> Vec<PathBuf> {
        self.session.readable_sources().iter().map(|s| crate::items::absolute(s)).collect()
    }

    /// The document with whole paths: those given on the command line may be relative.
    fn absolute_project(&self) -> Project {
        let mut project = self.session.project().clone();
        project.sources.iter_mut().for_each(|s| *s = crate::items::absolute(s));
        project
    }

    pub(crate) fn open_session(&mut self, path: &Path) {
        match read(path) {
            Ok((project, window)) => {
                if self.try_apply(&Command::Restore { project: Box::new(project) }).is_err() {
                    return;
                }
                // What a crash has left is no file of the user's: it has yet to be saved.
                let left = self.saved.copy.as_deref().is_some_and(|copy| left_by(copy) == path);
                self.saved.file = (!left).then(|| path.to_owned());
                self.saved.clean = (!left).then(|| essence(self.session.project()));
                self.saved.window = Some(window);
                self.saved.outcome = Some(Ok(()));
            }
            Err(why) => {
                self.saved.outcome = Some(Err(why.clone()));
                self.notices.push(Notice::new(Level::Error, why).about(path));
            }
        }
    }

    /// What the window shall find again of a session that was opened since the last call.
    pub fn take_window(&mut self) -> Option<Value> {
        self.saved.window.take()
    }

    /// Keeps a copy of the document in `path` from now on, for the case of a crash; in another file beside it while
    /// another program has that one. Gives the path of what a program that ended without
    /// [`forget_copy`](Self::forget_copy) has left there, out of the way of the new copy.
    pub fn keep_copy(&mut self, path: &Path) -> Option<PathBuf> {
        let (path, lock) = (1..=WINDOWS).find_map(|n| {
            let path = if n == 1 { path.to_owned() } else { path.with_extension(format!("{n}.oce")) };
            free_slot(&path).map(|lock| (path, lock))
        })?;
        self.saved.lock = Some(lock);
        let left = left_by(&path);
        let found = match std::fs::rename(&path, &left) {
            Ok(()) => read(&left).is_ok_and(|(p, _)| !p.sources.is_empty() || !p.layers.is_empty()),
            Err(_) => false,
        };
        self.saved.copy = Some(path);
        found.then_some(left)
    }

    /// The program ends as it should: no copy is needed.
    pub fn forget_copy(&mut self) {
        if let Some(path) = self.saved.copy.take()
            && let Err(e) = std::fs::remove_file(&path)
            && e.kind() != std::io::ErrorKind::NotFound
        {
            log::warn!("{}: {e}", path.display());
        }
    }

    /// Writes the copy when something has changed and the last one is a while old.
    pub(crate) fn copy_session(&mut self) {
        if self.saved.copy.is_none() || self.saved.copied_at.is_some_and(|t| t.elapsed() < EVERY) {
            return;
        }
        let project = self.session.project();
        if project.layers.is_empty() && project.sources.is_empty() && self.saved.copied.is_none() {
            return;
        }
        let now = essence(project);
        if self.saved.copied.as_ref() == Some(&now) {
            return;
        }
        let project = self.absolute_project();
        let Some(path) = self.saved.copy.clone() else { return };
        let text = SessionFile::new(&project, &folder_of(&path), Value::Null).to_text();
        match text.map_err(|e| e.to_string()).and_then(|t| write_whole(&path, t.as_bytes()).map_err(|e| e.to_string()))
        {
            Ok(()) => self.saved.copied = Some(now),
            Err(why) => {
                log::warn!("the session is not kept for the case of a crash: {why}");
                self.saved.copy = None;
            }
        }
        self.saved.copied_at = Some(Instant::now());
    }
}

/// Reads a session file; the sentence says why it cannot be read.
fn read(path: &Path) -> Result<(Project, Value), String> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| format!("The session cannot be read: {e}. Choose a file saved by \"Save session\"."))?;
    let file = SessionFile::parse(&text).map_err(|e| e.to_string())?;
    Ok((file.located(&folder_of(path), &|p| p.exists()), file.window))
}
