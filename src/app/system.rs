//! What the window asks of the operating system: the sample day, showing a file, writing an image.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam::channel::{Receiver, Sender, bounded};
use parking_lot::Mutex;
use seaglass_data::pool::find_worker;

use crate::toasts::Level;

/// Files of the sample day, until its writer tells.
const FIRST_GUESS: usize = 30;

/// What background work reports.
#[derive(Debug)]
pub enum Report {
    /// A message.
    Toast(Level, String, Option<PathBuf>),
    /// The sample day to open.
    Sample(PathBuf),
}

/// Background work of the window.
pub struct System {
    sender: Sender<Report>,
    receiver: Receiver<Report>,
    sample: Option<Arc<SampleJob>>,
}

/// The sample day being made by the reader program.
#[derive(Default)]
struct SampleJob {
    /// Files written, and to write.
    progress: Mutex<(usize, usize)>,
    child: Mutex<Option<Child>>,
    cancelled: AtomicBool,
}

impl Default for System {
    fn default() -> Self {
        let (sender, receiver) = bounded(64);
        Self { sender, receiver, sample: None }
    }
}

impl System {
    /// The next report.
    pub fn poll(&self) -> Option<Report> {
        self.receiver.try_recv().ok()
    }

    fn spawn(&self, name: &str, ctx: &egui::Context, work: impl FnOnce() -> Option<Report> + Send + 'static) {
        let (sender, ctx) = (self.sender.clone(), ctx.clone());
        let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            // A window that has closed meanwhile takes no report.
            if work().is_some_and(|r| sender.try_send(r).is_ok()) {
                ctx.request_repaint();
            }
        });
        if let Err(e) = spawned {
            log::error!("the thread \"{name}\" cannot be started: {e}");
        }
    }

    /// Makes the sample day on first use, then opens it. While it is being made this does nothing.
    pub fn open_sample(&mut self, ctx: &egui::Context, worker: Option<PathBuf>) {
        if self.sample_progress().is_some() {
            return;
        }
        let job = Arc::new(SampleJob::default());
        self.sample = Some(Arc::clone(&job));
        let wake = ctx.clone();
        self.spawn("sample day", ctx, move || {
            let made = sample_day(&job, worker, &|| wake.request_repaint());
            job.progress.lock().1 = 0;
            Some(match made {
                Ok(dir) => Report::Sample(dir),
                Err(_) if job.cancelled.load(Ordering::Relaxed) => {
                    Report::Toast(Level::Info, tr!("The sample day was not made").to_owned(), None)
                }
                Err(e) => Report::Toast(Level::Error, tr!("The sample day cannot be made: {e}"), None),
            })
        });
    }

    /// Files of the sample day written, and to write, while it is being made.
    pub fn sample_progress(&self) -> Option<(usize, usize)> {
        self.sample.as_ref().map(|job| *job.progress.lock()).filter(|(_, all)| *all > 0)
    }

    /// Stops making the sample day.
    pub fn cancel_sample(&mut self) {
        let Some(job) = &self.sample else { return };
        job.cancelled.store(true, Ordering::Relaxed);
        if let Some(Err(e)) = job.child.lock().as_mut().map(Child::kill) {
            log::warn!("the writer of the sample day cannot be stopped: {e}");
        }
    }

    /// Shows a file's folder in the desktop's file manager.
    pub fn show_file(&self, ctx: &egui::Context, path: &Path) {
        let path = path.to_owned();
        self.spawn("show file", ctx, move || {
            let folder = path.parent().unwrap_or(&path).to_owned();
            let mut process = if cfg!(target_os = "macos") {
                let mut p = Process::new("open");
                p.arg("-R").arg(&path);
                p
            } else if cfg!(target_os = "windows") {
                let mut p = Process::new("explorer");
                p.arg(&folder);
                p
            } else {
                let mut p = Process::new("xdg-open");
                p.arg(&folder);
                p
            };
            match process.stdout(Stdio::null()).stderr(Stdio::null()).status() {
                Ok(_) => None,
                Err(e) => Some(Report::Toast(
                    Level::Warning,
                    tr!("No file manager answered: {e}. The file is {}.", path.display()),
                    None,
                )),
            }
        });
    }
}

impl Drop for System {
    fn drop(&mut self) {
        // A window that closes leaves no program behind.
        self.cancel_sample();
    }
}

/// Folder of the sample day; made by the reader program when it is not there.
fn sample_day(job: &SampleJob, worker: Option<PathBuf>, wake: &dyn Fn()) -> Result<PathBuf, String> {
    let dirs =
        directories::ProjectDirs::from("org", "seaglass", "Seaglass").ok_or(tr!("this user has no cache folder."))?;
    // Written by this version: another version may know more products.
    let dir = dirs.cache_dir().join(concat!("sample-day-", env!("CARGO_PKG_VERSION")));
    let done = dir.with_extension("complete");
    if done.exists() && dir.is_dir() {
        return Ok(dir);
    }
    std::fs::create_dir_all(&dir).map_err(|e| format!("{}: {e}.", dir.display()))?;
    *job.progress.lock() = (0, FIRST_GUESS);
    wake();
    write_sample(job, &find_worker(worker.as_deref()), &dir, wake)?;
    std::fs::write(&done, "").map_err(|e| format!("{}: {e}.", done.display()))?;
    Ok(dir)
}

fn write_sample(job: &SampleJob, program: &Path, dir: &Path, wake: &dyn Fn()) -> Result<(), String> {
    let mut child = Process::new(program)
        .arg("sample")
        .arg(dir)
        .arg("--progress")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("{}: {e}.", program.display()))?;
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    *job.child.lock() = Some(child);
    // Cancelled before there was anything to stop.
    if job.cancelled.load(Ordering::Relaxed)
        && let Some(child) = job.child.lock().as_mut()
    {
        child.kill().map_err(|e| format!("{e}."))?;
    }
    for line in output.into_iter().flat_map(|o| BufReader::new(o).lines()).map_while(Result::ok) {
        if let Some(progress) = progress_of(&line) {
            *job.progress.lock() = progress;
            wake();
        }
    }
    let Some(mut child) = job.child.lock().take() else { return Err(tr!("the writer is gone.").to_owned()) };
    let status = child.wait().map_err(|e| format!("{e}."))?;
    if status.success() {
        return Ok(());
    }
    let lines = errors.into_iter().flat_map(|e| BufReader::new(e).lines()).map_while(Result::ok);
    Err(lines.last().unwrap_or_else(|| tr!("the writer ended ({status}).")))
}

/// `3/31 /path` as two numbers.
fn progress_of(line: &str) -> Option<(usize, usize)> {
    let (done, all) = line.split_once(' ')?.0.split_once('/')?;
    Some((done.parse().ok()?, all.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_day_tells_how_far_it_is() {
        assert_eq!(progress_of("3/31 /tmp/a b.nc"), Some((3, 31)));
        assert_eq!(progress_of("/tmp/a.nc"), None);
    }

    /// The real writer: progress is told, and a cancel ends it at once.
    #[cfg(unix)]
    #[test]
    fn making_the_sample_day_can_be_cancelled() {
        let dir = tempfile::tempdir().unwrap();
        let script = dir.path().join("writer");
        std::fs::write(&script, "#!/bin/sh\necho 1/3 a\necho 2/3 b\nexec sleep 60\n").unwrap();
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let job = Arc::new(SampleJob::default());
        let mut system = System::default();
        system.sample = Some(Arc::clone(&job));
        let (folder, started) = (dir.path().to_owned(), std::time::Instant::now());
        let writer = {
            let job = Arc::clone(&job);
            std::thread::Builder::new()
                .name("writer".to_owned())
                .spawn(move || write_sample(&job, &script, &folder, &|| {}))
                .unwrap()
        };
        while system.sample_progress() != Some((2, 3)) {
            assert!(started.elapsed().as_secs() < 30, "{:?}", system.sample_progress());
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        system.cancel_sample();
        assert!(writer.join().unwrap().is_err());
        assert!(started.elapsed().as_secs() < 30, "it did not wait for the writer's own end");
    }
}
