//! Films that clients ask for: one frame after the other is set, waited for and drawn; a thread writes them.
//!
//! The window goes on meanwhile; the film has its own view, and gives back the one it found.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, Sender, TryRecvError, TrySendError, bounded};
use image::RgbaImage;
use seaglass_control::frames::{FilmFrame, Filming, Picture};
use seaglass_core::camera::Camera;
use seaglass_core::command::Command;
use seaglass_core::time::Time;

use super::picture::{self, WantedPicture};
use super::{PICTURE_WAITS, after};
use crate::host::Host;
use crate::report::{Level, Notice};

/// Frames of one film at most.
const MOST_FRAMES: usize = 100_000;
/// Frames that wait for the writer.
const AHEAD: usize = 2;
/// Bytes of a film that are sent at most.
const MOST_BYTES: u64 = 3 << 30;

/// Writes one film; what is not finished leaves no file.
pub trait FilmWriter {
    /// Adds a frame.
    ///
    /// # Errors
    /// One sentence.
    fn put(&mut self, image: &RgbaImage) -> Result<(), String>;

    /// The film is whole.
    ///
    /// # Errors
    /// One sentence.
    fn finish(self: Box<Self>) -> Result<(), String>;
}

/// Begins a film: file, whose ending says what it is, size of the frames and frames a second.
pub type MakeFilm = Arc<dyn Fn(&Path, [u32; 2], f64) -> Result<Box<dyn FilmWriter>, String> + Send + Sync>;

/// Where the film stands.
enum Stage {
    /// The next frame is to be set.
    Set,
    /// Waits until nothing of the frame is missing.
    Wait { drives: u64, until: Instant },
    /// Is being drawn.
    Draw(Receiver<Result<RgbaImage, String>>),
    /// Waits for the writer.
    Hand(Box<RgbaImage>),
    /// All frames are handed over.
    End,
}

/// A film under way.
pub(super) struct Film {
    frames: Vec<FilmFrame>,
    next: usize,
    wish: Picture,
    waits: Duration,
    stage: Stage,
    before: (Camera, Time),
    sender: Option<Sender<RgbaImage>>,
    ended: Receiver<Result<Vec<u8>, String>>,
    stopped: Arc<AtomicBool>,
}

impl Drop for Film {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

impl Film {
    /// How it is drawn.
    pub fn wish(&self) -> &Picture {
        &self.wish
    }

    /// Nothing can be drawn: it is not waited for.
    pub fn hurry(&mut self) {
        self.wish.now = true;
    }

    /// Whether the view has to be driven for it.
    pub fn waits_for_the_view(&self) -> bool {
        matches!(self.stage, Stage::Wait { .. } | Stage::Set | Stage::Draw(_))
    }

    /// Share done, and what is to be said.
    pub fn progress(&self) -> (f32, String) {
        let (done, all) = (self.next.min(self.frames.len()), self.frames.len());
        (done as f32 / all as f32, format!("{done} of {all} frames"))
    }
}

impl Host {
    /// Says who writes films; without it there are none.
    pub fn set_film_writer(&mut self, make: MakeFilm) {
        self.clients.make_film = Some(make);
    }

    pub(super) fn film(&mut self, wish: Filming) -> Result<Film, String> {
        let make = self.clients.make_film.clone().ok_or("Films cannot be written here.")?;
        if self.clients.films() > 0 {
            return Err("A film is being recorded; wait for its end, or cancel it.".to_owned());
        }
        if !["gif", "mp4", "webm"].contains(&wish.format.as_str()) {
            return Err(format!("A film is a gif, mp4 or webm, not \"{}\".", wish.format));
        }
        if wish.frames.is_empty() || wish.frames.len() > MOST_FRAMES {
            return Err(format!("A film has 1 to {MOST_FRAMES} frames."));
        }
        for (k, frame) in wish.frames.iter().enumerate() {
            let looks = frame.camera.as_ref().map_or(Ok(()), super::check::camera);
            let when = frame.time.is_none_or(Time::is_on_the_calendar);
            let late = || Err(format!("the clock goes from {} to {}.", Time::FIRST.iso(), Time::LAST.iso()));
            let fine = looks.and_then(|()| if when { Ok(()) } else { late() });
            fine.map_err(|why| format!("Frame {}: {why}", k + 1))?;
        }
        if !(0.1..=120.0).contains(&wish.fps) {
            return Err("A film has between 0.1 and 120 frames a second.".to_owned());
        }
        let frame = Picture { size: wish.size, scale: wish.scale, legend: wish.legend, ..Picture::default() };
        picture::check(&frame, self)?;
        // The size stays that of the beginning, however the window is resized.
        let (size, scale) = picture::size(&frame, self);
        let frame = Picture { size: Some(size.map(Some)), scale: Some(scale), ..frame };
        self.clients.made += 1;
        let path = self.clients.folder()?.join(format!(".{}.{}", self.clients.made, wish.format));
        let (sender, images) = bounded(AHEAD);
        let (end, ended) = bounded(1);
        let stopped = Arc::new(AtomicBool::new(false));
        let (stop, wake, fps) = (Arc::clone(&stopped), Arc::clone(&self.wake), wish.fps);
        let work = move || {
            let written = write(&make, &path, (size, fps), &images, &stop, &*wake);
            // Nobody listens any more when the film was cancelled.
            if end.send(written).is_ok() {
                wake();
            }
        };
        std::thread::Builder::new()
            .name("client film".to_owned())
            .spawn(work)
            .map_err(|e| format!("The film cannot be written: {e}."))?;
        let text = format!("A program records a film of {} frames; the view is its own meanwhile.", wish.frames.len());
        self.notices.push(Notice::new(Level::Info, text));
        let project = self.session.project();
        Ok(Film {
            frames: wish.frames,
            next: 0,
            wish: frame,
            waits: wish.timeout_ms.map_or(PICTURE_WAITS, Duration::from_millis),
            stage: Stage::Set,
            before: (project.camera, project.timeline.now),
            sender: Some(sender),
            ended,
            stopped,
        })
    }

    /// Goes on with a film: gives a picture that is to be drawn for it, or what came of it.
    pub(super) fn film_on(&mut self, film: &mut Film) -> (Option<WantedPicture>, Option<Result<Vec<u8>, String>>) {
        // The writer may have ended before the last frame: the disk is full, there is no ffmpeg.
        match film.ended.try_recv() {
            Ok(end) => return (None, Some(end)),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return (None, Some(Err("The film was not written.".to_owned()))),
        }
        loop {
            match std::mem::replace(&mut film.stage, Stage::End) {
                Stage::Set => {
                    let Some(frame) = film.frames.get(film.next).copied() else {
                        // The writer ends when no more frames can come.
                        film.sender = None;
                        return (None, None);
                    };
                    if let Err(why) = self.show_frame(&frame) {
                        return (None, Some(Err(why)));
                    }
                    let until = after(u64::try_from(film.waits.as_millis()).unwrap_or(u64::MAX));
                    film.stage = Stage::Wait { drives: self.clients.drives, until };
                }
                Stage::Wait { drives, until } => {
                    let frame = film.frames.get(film.next).copied().unwrap_or_default();
                    if !self.shows_frame(&frame) {
                        // Somebody has moved on meanwhile.
                        film.stage = Stage::Set;
                        continue;
                    }
                    if self.clients.drives > drives && (film.wish.now || self.is_settled(drives)) {
                        let (sender, drawn) = bounded(1);
                        film.stage = Stage::Draw(drawn);
                        return (Some(WantedPicture::for_film(&film.wish, sender)), None);
                    }
                    if Instant::now() >= until {
                        let why = format!("Frame {} was not complete in time: {}.", film.next + 1, self.missing());
                        return (None, Some(Err(why)));
                    }
                    film.stage = Stage::Wait { drives, until };
                    return (None, None);
                }
                Stage::Draw(drawn) => match drawn.try_recv() {
                    Ok(Ok(image)) => film.stage = Stage::Hand(Box::new(image)),
                    Ok(Err(why)) => return (None, Some(Err(why))),
                    Err(TryRecvError::Empty) => {
                        film.stage = Stage::Draw(drawn);
                        return (None, None);
                    }
                    Err(TryRecvError::Disconnected) => {
                        return (None, Some(Err("The window did not draw a frame.".to_owned())));
                    }
                },
                Stage::Hand(image) => {
                    let sent = film.sender.as_ref().map(|s| s.try_send(*image));
                    match sent {
                        Some(Err(TrySendError::Full(image))) => {
                            film.stage = Stage::Hand(Box::new(image));
                            return (None, None);
                        }
                        Some(Ok(())) => {
                            film.next += 1;
                            film.stage = Stage::Set;
                        }
                        // The writer has ended; it says why with the next look.
                        Some(Err(TrySendError::Disconnected(_))) | None => return (None, None),
                    }
                }
                Stage::End => return (None, None),
            }
        }
    }

    fn show_frame(&mut self, frame: &FilmFrame) -> Result<(), String> {
        self.clients.told.silent = true;
        let camera = frame.camera.map(|camera| Command::SetCamera { camera });
        let time = frame.time.map(|now| Command::SetTime { now });
        let done = camera.iter().chain(&time).try_for_each(|c| self.apply_for_client(c.clone()));
        self.clients.told.silent = false;
        done.map_err(|e| e.to_string())
    }

    fn shows_frame(&self, frame: &FilmFrame) -> bool {
        let project = self.session.project();
        let same = |c: Camera| project.camera == c.sanitized();
        frame.camera.is_none_or(same) && frame.time.is_none_or(|t| t == project.timeline.now)
    }

    /// Gives camera and clock back as the film found them.
    pub(super) fn end_film(&mut self, film: &Film) {
        let moved = film.frames.iter().any(|f| f.camera.is_some());
        let ticked = film.frames.iter().any(|f| f.time.is_some());
        let frame = FilmFrame { camera: moved.then_some(film.before.0), time: ticked.then_some(film.before.1) };
        if let Err(why) = self.show_frame(&frame) {
            log::warn!("The view before the film is not given back: {why}");
        }
    }
}

/// Writes the frames that come, until no more can; gives the bytes of the film.
fn write(
    make: &MakeFilm,
    path: &Path,
    (size, fps): ([u32; 2], f64),
    images: &Receiver<RgbaImage>,
    stopped: &AtomicBool,
    wake: &(dyn Fn() + Send + Sync),
) -> Result<Vec<u8>, String> {
    let mut film = make(path, size, fps)?;
    for image in images {
        if stopped.load(Ordering::Relaxed) {
            return Err("The film was cancelled.".to_owned());
        }
        film.put(&image)?;
        wake();
    }
    // Given up: dropping the film takes away what was written.
    if stopped.load(Ordering::Relaxed) {
        return Err("The film was cancelled.".to_owned());
    }
    film.finish()?;
    let unread = |e: std::io::Error| format!("The film cannot be sent: {e}.");
    let length = path.metadata().map_err(unread)?.len();
    let bytes = if length > MOST_BYTES {
        Err("The film has more than 3 GiB; record it in parts.".to_owned())
    } else {
        std::fs::read(path).map_err(unread)
    };
    if let Err(e) = std::fs::remove_file(path) {
        log::debug!("{}: {e}", path.display());
    }
    bytes
}
