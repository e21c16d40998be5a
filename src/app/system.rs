//! What the window asks of the operating system: the sample day, showing a file, writing an image.

use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use crossbeam::channel::{Receiver, Sender, bounded};

use crate::toasts::Level;

/// What background work reports.
#[derive(Debug)]
pub enum Report {
    /// A message.
    Toast(Level, String, Option<PathBuf>),
    /// Data to open.
    Open(PathBuf),
}

/// Background work of the window.
pub struct System {
    sender: Sender<Report>,
    receiver: Receiver<Report>,
}

impl Default for System {
    fn default() -> Self {
        let (sender, receiver) = bounded(64);
        Self { sender, receiver }
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

    /// Makes the sample day on first use, then opens it.
    pub fn open_sample(&self, ctx: &egui::Context) {
        self.spawn("sample day", ctx, || {
            Some(match sample_day() {
                Ok(dir) => Report::Open(dir),
                Err(e) => Report::Toast(Level::Error, format!("The sample day cannot be made: {e}"), None),
            })
        });
    }

    /// Writes a picture as PNG.
    pub fn write_png(&self, ctx: &egui::Context, image: image::RgbaImage, path: PathBuf) {
        self.spawn("write image", ctx, move || {
            let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
            Some(match image.save_with_format(&path, image::ImageFormat::Png) {
                Ok(()) => Report::Toast(Level::Success, format!("Saved {name}"), None),
                Err(e) => Report::Toast(Level::Error, format!("{name} cannot be written: {e}."), None),
            })
        });
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
                    format!("No file manager answered: {e}. The file is {}.", path.display()),
                    None,
                )),
            }
        });
    }
}

/// Folder of the sample day; made by `seaglass sample` when it is not there.
fn sample_day() -> Result<PathBuf, String> {
    let dirs = directories::ProjectDirs::from("org", "seaglass", "Seaglass").ok_or("this user has no cache folder.")?;
    // Written by this version: another version may know more products.
    let dir = dirs.cache_dir().join(concat!("sample-day-", env!("CARGO_PKG_VERSION")));
    let done = dir.with_extension("complete");
    if done.exists() && dir.is_dir() {
        return Ok(dir);
    }
    std::fs::create_dir_all(&dir).map_err(|e| format!("{}: {e}.", dir.display()))?;
    let program = std::env::current_exe().map_err(|e| format!("{e}."))?;
    let output =
        Process::new(program).arg("sample").arg(&dir).stdin(Stdio::null()).output().map_err(|e| format!("{e}."))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(text.lines().last().unwrap_or("the program failed.").to_owned());
    }
    std::fs::write(&done, "").map_err(|e| format!("{}: {e}.", done.display()))?;
    Ok(dir)
}
