//! Shapes between session and files: taken from readers, written as GeoJSON or KML.
//!
//! What takes time runs in a thread of its own and ends in a message.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam::channel::{Receiver, Sender, bounded};
use seaglass_core::command::Command;
use seaglass_core::protocol::{FailureKind, ReadFailure};
use seaglass_core::shapes::{ShapeChange, ShapeId, Shapes, geojson, kml};
use seaglass_data::pool::FileShapes;

use crate::host::Host;
use crate::items::name_of;
use crate::report::{Level, Notice};

/// Messages that may wait.
const MESSAGES: usize = 64;

/// What a thread has done.
pub(crate) enum Message {
    /// Shapes are written, or why not.
    Saved(PathBuf, Result<usize, String>),
    /// The processing server has been asked, or is not there.
    Called(Result<(), String>),
}

/// Work on shapes under way.
pub(crate) struct ShapeWork {
    wake: Arc<dyn Fn() + Send + Sync>,
    sender: Sender<Message>,
    messages: Receiver<Message>,
}

impl ShapeWork {
    pub fn new(wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        let (sender, messages) = bounded(MESSAGES);
        Self { wake, sender, messages }
    }

    /// Runs work in a thread.
    pub(crate) fn spawn(&self, name: &str, work: impl FnOnce() -> Message + Send + 'static) -> Result<(), String> {
        let (wake, sender) = (Arc::clone(&self.wake), self.sender.clone());
        let run = move || {
            let message = work();
            // A host that has gone meanwhile takes no message.
            if sender.try_send(message).is_ok() {
                wake();
            }
        };
        let started = std::thread::Builder::new().name(name.to_owned()).spawn(run);
        started.map(|_thread| ()).map_err(|e| e.to_string())
    }
}

impl Host {
    /// A file turned out to hold shapes.
    pub(crate) fn shapes_opened(&mut self, path: PathBuf, file: FileShapes) {
        for note in &file.notes {
            self.notices.push(Notice::new(Level::Info, note.clone()).about(&path));
        }
        let change = ShapeChange::Opened { path: path.clone(), shapes: file.shapes };
        match self.session.apply_derived(&Command::Shapes { change }) {
            Ok(_nothing_more) => {}
            Err(error) => {
                let error = ReadFailure { kind: FailureKind::TooLarge, message: error.to_string() };
                self.open_failed(path, error);
            }
        }
    }

    /// Writes shapes beside everything else.
    pub(crate) fn save_shapes(&mut self, path: PathBuf, shape: Option<ShapeId>) {
        let shapes = self.session.project().shapes.clone();
        let work = move || {
            let written = write(&path, &shapes, shape);
            Message::Saved(path, written)
        };
        if let Err(e) = self.shapes.spawn("save shapes", work) {
            self.notices.push(Notice::new(Level::Error, format!("The shapes cannot be written: {e}.")));
        }
    }

    /// Takes in what threads have done; whether anything has changed.
    pub(crate) fn poll_shapes(&mut self) -> bool {
        let messages: Vec<Message> = self.shapes.messages.try_iter().collect();
        let any = !messages.is_empty();
        for message in messages {
            match message {
                Message::Saved(path, Ok(n)) => {
                    let what = if n == 1 { "1 shape is".to_owned() } else { format!("{n} shapes are") };
                    let text = format!("{what} saved in {}.", name_of(&path));
                    self.notices.push(Notice::new(Level::Info, text).about(&path));
                }
                Message::Called(Ok(())) => {
                    let text = "The processing server works on the extraction; its log says where the results are.";
                    self.notices.push(Notice::new(Level::Info, text));
                }
                Message::Called(Err(why)) => self.notices.push(Notice::new(Level::Error, why)),
                Message::Saved(path, Err(why)) => {
                    let text = format!("The shapes cannot be written: {why}.");
                    self.notices.push(Notice::new(Level::Error, text).about(&path));
                }
            }
        }
        any
    }
}

/// Writes all shapes or one: complete or not at all. Gives their number.
fn write(path: &Path, shapes: &Shapes, shape: Option<ShapeId>) -> Result<usize, String> {
    let chosen: Vec<_> = shapes.iter().filter(|s| shape.is_none_or(|id| id == s.id)).collect();
    let is_kml = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("kml"));
    let text = if is_kml { kml(chosen.iter().copied()) } else { geojson(chosen.iter().copied()) };
    let part = path.with_extension(format!("{}.part", std::process::id()));
    let plain = |e: std::io::Error| e.to_string().split(" (os error").next().unwrap_or_default().to_owned();
    std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, path)).map_err(|e| {
        if let Err(left) = std::fs::remove_file(&part) {
            log::debug!("{}: {left}", part.display());
        }
        plain(e)
    })?;
    Ok(chosen.len())
}
