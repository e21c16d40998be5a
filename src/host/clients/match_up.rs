//! Colocation jobs of clients: the job of the command line, in a thread of its own, with its table as the answer.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crossbeam::channel::{Receiver, TryRecvError, bounded};
use parking_lot::Mutex;
use seaglass_coloc::Cancel;
use seaglass_control::frames::Colocating;
use seaglass_jobs::progress::Event;
use seaglass_jobs::units::count_text;
use seaglass_jobs::{Job, JobError, JobSpec, Outcome};
use serde_json::{Value, json};

use crate::host::Host;
use crate::items::name_of;

/// A side takes the files of an open collection, or an open or pushed file by its name, when it says so.
const OPEN: &str = "open:";
/// The table of a job that names no output.
const TABLE: &str = "pairs.nc";
/// Bytes of a table that are sent at most; larger ones want a file.
const MOST_TABLE: u64 = 2 << 30;
/// Jobs under way at once: each has readers of its own.
const MOST_JOBS: usize = 4;
/// Share of the work until the outlines are known, and until the tasks are done.
const OUTLINED: f32 = 0.1;
const JOINED: f32 = 0.95;

/// What came of a job: fields of the answer, and its table.
pub(super) type Found = Result<(Value, Vec<u8>), String>;

/// A job under way.
pub(super) struct MatchUp {
    cancel: Cancel,
    /// Share done, in thousandths.
    done: Arc<AtomicU32>,
    text: Arc<Mutex<String>>,
    answer: Receiver<Found>,
}

impl MatchUp {
    /// Share done, and with what.
    pub fn progress(&self) -> (f32, String) {
        (self.done.load(Ordering::Relaxed) as f32 / 1000.0, self.text.lock().clone())
    }

    /// What came of it, once something has.
    pub fn finished(&self) -> Option<Found> {
        match self.answer.try_recv() {
            Ok(found) => Some(found),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err("The job ended without a result.".to_owned())),
        }
    }
}

impl Drop for MatchUp {
    /// Cancelled, or the client has gone. What is finished is on disk when the job names an output.
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

impl Host {
    pub(super) fn match_up(&mut self, wish: Colocating) -> Result<MatchUp, String> {
        if self.clients.jobs() >= MOST_JOBS {
            return Err(format!("{MOST_JOBS} colocation jobs are under way; let one end first."));
        }
        let (mut spec, own) = read(&wish)?;
        self.take_open(&mut spec)?;
        let known = self.known_files(&spec);
        let named = spec.sides.iter().flat_map(|s| &s.files).any(|f| !known.contains(f));
        if !own || named || spec.run.cache.is_some() {
            self.may_name_files()?;
        }
        let folder = match (&wish.folder, own) {
            (Some(folder), _) => folder.clone(),
            (None, true) => self.clients.folder()?,
            (None, false) => std::env::current_dir().unwrap_or_default(),
        };
        let scratch = if own {
            self.clients.made += 1;
            let scratch = self.clients.folder()?.join(format!(".{}.job", self.clients.made));
            std::fs::create_dir(&scratch).map_err(|e| format!("The pairs cannot be kept: {e}."))?;
            spec.output.path = scratch.join(TABLE);
            Some(scratch)
        } else {
            None
        };
        spec.resolve(&folder);
        spec.check().map_err(|e| e.to_string())?;
        let (cancel, done, text) = (Cancel::new(), Arc::new(AtomicU32::new(0)), Arc::new(Mutex::new(String::new())));
        let setup = self.colocator.setup(cancel.clone());
        let (wake, shown, words) = (Arc::clone(&self.wake), Arc::clone(&done), Arc::clone(&text));
        let (sender, answer) = bounded(1);
        let work = move || {
            let watcher = |e: Event<'_>| {
                let (share, line) = share_of(e);
                shown.fetch_max((share * 1000.0) as u32, Ordering::Relaxed);
                if let Some(line) = line {
                    *words.lock() = line;
                }
                wake();
            };
            let ran = Job::open(spec, setup, &watcher).and_then(|job| job.run(None, &watcher));
            let found = ran.map_err(|e: JobError| e.to_string()).and_then(|o| table(o, scratch.is_some()));
            if let Some(scratch) = &scratch
                && let Err(e) = std::fs::remove_dir_all(scratch)
            {
                log::warn!("{} is left over: {e}", scratch.display());
            }
            // A host that has gone meanwhile takes nothing.
            if sender.send(found).is_ok() {
                wake();
            }
        };
        std::thread::Builder::new()
            .name("match up".to_owned())
            .spawn(work)
            .map_err(|e| format!("The job cannot be started: {e}."))?;
        Ok(MatchUp { cancel, done, text, answer })
    }

    /// Puts the files of open collections where a side asks for them.
    fn take_open(&self, spec: &mut JobSpec) -> Result<(), String> {
        for side in &mut spec.sides {
            let mut files = Vec::new();
            for file in std::mem::take(&mut side.files) {
                let Some(name) = file.strip_prefix(OPEN) else {
                    files.push(file);
                    continue;
                };
                let paths = self.files_called(name);
                if self.has_no_times(&paths) {
                    return Err(format!(
                        "The side \"{}\" asks for \"{name}\", which has no times: a match-up compares times. Push or open \
                         it with them.",
                        side.name
                    ));
                }
                if paths.is_empty() {
                    return Err(format!("The side \"{}\" asks for \"{name}\", which is not open.", side.name));
                }
                files.extend(paths);
            }
            side.files = files;
        }
        Ok(())
    }

    /// Files of a collection (id or title), or those of a name, with or without its ending.
    fn files_called(&self, name: &str) -> Vec<String> {
        let mut paths = Vec::new();
        for collection in self.session.catalogue().collections.values() {
            let whole = collection.id == name || collection.title == name;
            let called = |p: &Path| [p.file_name(), p.file_stem()].into_iter().flatten().any(|n| n == name);
            let own = collection.granules.iter().map(|g| g.path.as_path()).filter(|p| whole || called(p));
            paths.extend(own);
        }
        paths.sort_unstable();
        paths.dedup();
        // What notebooks of the published client push lies in memory.
        paths.into_iter().filter(|p| p.exists()).map(|p| p.to_string_lossy().into_owned()).collect()
    }

    /// Whether files tell no time at all: then nothing of them can be matched, and a job would only say so of each.
    fn has_no_times(&self, paths: &[String]) -> bool {
        let open = self.session.catalogue().collections.values().flat_map(|c| &c.granules);
        let mut own = open.filter(|g| paths.iter().any(|p| *p == g.path.to_string_lossy())).peekable();
        own.peek().is_some() && own.all(|g| g.span.is_none() && g.time.is_none())
    }

    /// Files of the session that the sides of a job name.
    fn known_files(&self, spec: &JobSpec) -> HashSet<String> {
        let wanted: HashSet<&str> = spec.sides.iter().flat_map(|s| &s.files).map(String::as_str).collect();
        let open = self.session.catalogue().collections.values().flat_map(|c| &c.granules);
        open.map(|g| g.path.to_string_lossy()).filter(|p| wanted.contains(&**p)).map(|p| p.into_owned()).collect()
    }
}

/// The job, and whether its table is for the client alone.
fn read(wish: &Colocating) -> Result<(JobSpec, bool), String> {
    match (&wish.text, &wish.job) {
        (Some(text), None) => {
            let whole = |t: &str| JobSpec::parse(t).map_err(|e| format!("The job is not understood: {e}."));
            let own = toml::from_str::<toml::Table>(text).is_ok_and(|t| !t.contains_key("output"));
            // At the end, so that lines are those of the text.
            let spec = if own { whole(&format!("{text}\n[output]\npath = \"{TABLE}\"\n"))? } else { whole(text)? };
            Ok((spec, own))
        }
        (None, Some(job)) => {
            let mut job = job.clone();
            let fields = job.as_object_mut().ok_or("A job is a dictionary.")?;
            let own = !fields.contains_key("output");
            if own {
                fields.insert("output".to_owned(), json!({ "path": TABLE }));
            }
            let spec = serde_json::from_value(job).map_err(|e| format!("The job is not understood: {e}."))?;
            Ok((spec, own))
        }
        _ => Err("A job is given as text or as a dictionary.".to_owned()),
    }
}

/// Share of the work that is done, and what is to be said.
fn share_of(event: Event<'_>) -> (f32, Option<String>) {
    let part = |done: usize, total: usize| done as f32 / total.max(1) as f32;
    match event {
        Event::Outlined { side, done, total } => {
            (OUTLINED * part(done, total), Some(format!("{side}: {done} of {total} files looked at")))
        }
        Event::Tasks { done, total, pairs } => {
            let share = OUTLINED + (JOINED - OUTLINED) * part(done, total);
            (share, Some(format!("{done} of {total} tasks, {} pairs", count_text(pairs))))
        }
        Event::Writing { path } => (JOINED, Some(format!("writing {}", name_of(path)))),
        Event::Failed { .. } => (0.0, None),
    }
}

/// The answer of a job that has ended, with its table when that is for the client alone.
fn table(outcome: Outcome, send: bool) -> Found {
    let failed: Vec<Value> =
        outcome.failed.iter().map(|f| json!({ "path": f.path.display().to_string(), "error": f.message })).collect();
    let outputs: Vec<PathBuf> = if send { Vec::new() } else { outcome.outputs.clone() };
    let fields = json!({
        "rows": outcome.rows, "pairs": outcome.pairs, "pairs_sum64": outcome.pairs_sum64, "tasks": outcome.tasks,
        "complete": outcome.complete, "note": outcome.note, "outputs": outputs, "failed": failed
    });
    let Some(path) = outcome.outputs.first().filter(|_| send) else { return Ok((fields, Vec::new())) };
    let unread = |e: std::io::Error| format!("The table of pairs cannot be read: {e}.");
    if path.metadata().map_err(unread)?.len() > MOST_TABLE {
        return Err("The table of pairs has more than 2 GiB; name an output in the job.".to_owned());
    }
    Ok((fields, std::fs::read(path).map_err(unread)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(job: Value) -> Colocating {
        Colocating { job: Some(job), ..Colocating::default() }
    }

    #[test]
    fn a_job_is_text_or_a_dictionary() {
        let sides = json!([{ "name": "a", "files": ["open:x"] }, { "name": "b", "files": ["/b.nc"], "fields": ["v"] }]);
        let (spec, own) = read(&wish(json!({ "radius": "25 km", "window": "1 h", "side": sides }))).unwrap();
        assert!(own && spec.sides[1].masks && spec.output.path.ends_with(TABLE));
        let text = "radius = \"25 km\"\nwindow = \"1 h\"\n[[side]]\nname = \"a\"\nfiles = [\"open:x\"]\n\
                    [[side]]\nname = \"b\"\nfiles = [\"/b.nc\"]\nfields = [\"v\"]\n";
        let of = |text: &str| read(&Colocating { text: Some(text.into()), ..Colocating::default() });
        assert_eq!(of(text).unwrap(), (spec, true));
        assert!(!of(&format!("{text}[output]\npath = \"/p.csv\"\n")).unwrap().1);
        let wrong = of(&text.replace("window", "windows")).unwrap_err();
        assert!(wrong.contains("line 2, column 1"), "{wrong}");
        assert!(read(&wish(json!([]))).unwrap_err().contains("dictionary"));
        assert!(read(&Colocating::default()).unwrap_err().contains("text or"));
    }

    #[test]
    fn shares_grow() {
        let looked = share_of(Event::Outlined { side: "a", done: 3, total: 4 });
        assert_eq!(looked.1.unwrap(), "a: 3 of 4 files looked at");
        let tasks = |done| share_of(Event::Tasks { done, total: 10, pairs: 5 }).0;
        assert!(looked.0 < tasks(0) && tasks(5) < tasks(10) && tasks(10) < 1.0);
    }
}
