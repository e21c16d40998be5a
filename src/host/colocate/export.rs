//! Pairs as files: the job the command line would run, in a thread of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crossbeam::channel::{Receiver, bounded};
use seaglass_coloc::Cancel;
use seaglass_jobs::progress::Event;
use seaglass_jobs::{Job, JobError, Outcome, Setup};

use super::ask::Ask;
use super::thread::Means;

/// A run of a job.
pub(super) struct Export {
    path: PathBuf,
    cancel: Cancel,
    /// Share done, in thousandths.
    done: Arc<AtomicU32>,
    answer: Receiver<Result<u64, String>>,
}

/// What became of a request.
pub(super) enum Started {
    Saved,
    Running(Export),
}

/// Saves the job (`.toml`), or runs it; `Err` is a sentence.
pub(super) fn start(ask: &Ask, path: &Path, means: Means) -> Result<Started, String> {
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml")) {
        let mut job = ask.job(ask.radius_m, ask.window_us, path.with_extension("parquet"));
        // The dialog has asked whether this file may be replaced, not whether what the job will write may.
        job.output.overwrite = false;
        let text = job.to_toml().map_err(|e| e.to_string())?;
        seaglass_jobs::state::write_atomic(path, text.as_bytes())
            .map_err(|e| JobError::output(path, "The job", &e).to_string())?;
        return Ok(Started::Saved);
    }
    let spec = ask.job(ask.radius_m, ask.window_us, path.to_owned());
    spec.check().map_err(|e| e.to_string())?;
    let (cancel, done) = (Cancel::new(), Arc::new(AtomicU32::new(0)));
    let (sender, answer) = bounded(1);
    let (own_cancel, own_done) = (cancel.clone(), Arc::clone(&done));
    let work = move || {
        let setup = Setup { connect: means.connect, registry: means.registry, cancel: own_cancel };
        let wake = Arc::clone(&means.wake);
        let watcher = |e: Event<'_>| {
            if let Event::Tasks { done, total, .. } = e {
                own_done.store((done * 1000 / total.max(1)) as u32, Ordering::Relaxed);
                wake();
            }
        };
        let ran = Job::open(spec, setup, &watcher).and_then(|job| job.run(None, &watcher));
        // A host that has gone meanwhile takes no answer.
        if sender.send(ran.map_err(|e| e.to_string()).and_then(whole)).is_ok() {
            wake();
        }
    };
    std::thread::Builder::new()
        .name("export pairs".to_owned())
        .spawn(work)
        .map_err(|e| format!("The pairs cannot be written: {e}."))?;
    Ok(Started::Running(Export { path: path.to_owned(), cancel, done, answer }))
}

/// Rows of a complete result.
fn whole(outcome: Outcome) -> Result<u64, String> {
    match outcome.failed.first() {
        Some(f) if !outcome.complete => {
            let name = f.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Err(format!("{} files are missing from the pairs; {name}: {}", outcome.failed.len(), f.message))
        }
        _ => Ok(outcome.rows),
    }
}

impl Export {
    /// File, and share done.
    pub fn progress(&self) -> (PathBuf, f32) {
        (self.path.clone(), self.done.load(Ordering::Relaxed) as f32 / 1000.0)
    }

    /// Rows written, or why not.
    pub fn finished(&self) -> Option<Result<u64, String>> {
        self.answer.try_recv().ok()
    }

    pub fn cancel(self) {
        self.cancel.cancel();
    }
}
