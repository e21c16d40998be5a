//! Recording films of the view: the dialog, and one frame after the other while the window goes on.
//!
//! The clock is set to a frame, the window draws it as always, and when nothing is missing the picture goes to a thread
//! that writes. The window waits for nothing; the film waits for every frame.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam::channel::{Receiver, Sender, TryRecvError, TrySendError, bounded};
use egui::{Align2, Id, Modal, Rect, TextEdit, Ui, vec2};
use image::RgbaImage;
use seaglass_core::camera::Camera;
use seaglass_core::command::Command;
use seaglass_core::session::Session;
use seaglass_core::time::Time;
use seaglass_host::{Host, SaveFilm, SaveImage, WantedPicture};

use crate::export::film::{Frame, Range, frames, seconds};
use crate::export::movie::{Movie, Options, find_ffmpeg};
use crate::export::picture;
use crate::lang;
use crate::legend::{self, Decoration};
use crate::state::{Out, UiState};
use crate::text;
use crate::theme::Theme;
use crate::toasts::{Level, Toasts};
use crate::viewport::Viewport;

/// Frames that wait for the writer.
const AHEAD: usize = 2;
/// Looks again after this long when the writer is busy.
const LATER: Duration = Duration::from_millis(30);

/// What is typed into the dialog.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    from: String,
    to: String,
    step: String,
    fps: String,
    path: String,
    legend: bool,
    /// The program is there that films in MP4 and WebM need.
    ffmpeg: bool,
    wrong: Option<String>,
}

/// A step as one would type it: in whole days, hours, minutes or seconds.
fn step_words(seconds: f64) -> String {
    let units = [(86_400.0, "d"), (3600.0, "h"), (60.0, "min")];
    let whole = |(size, _): &(f64, &str)| seconds >= *size && (seconds / size).fract().abs() < 1e-9;
    let (size, unit) = units.into_iter().find(whole).unwrap_or((1.0, "s"));
    format!("{}{unit}", seconds / size)
}

impl Form {
    /// All of the data, in steps of the timeline.
    pub fn of(session: &Session) -> Self {
        let timeline = &session.project().timeline;
        let span = timeline.loop_span.or_else(|| session.time_span());
        let (from, to) = span.map_or((timeline.now, timeline.now), |s| (s.start, s.stop));
        let home = directories::UserDirs::new().map(|d| d.home_dir().to_path_buf()).unwrap_or_default();
        Self {
            from: from.to_string(),
            to: to.to_string(),
            step: step_words(timeline.step_seconds()),
            fps: "10".to_owned(),
            path: home
                .join(if find_ffmpeg().is_some() { "seaglass.mp4" } else { "seaglass.gif" })
                .display()
                .to_string(),
            ffmpeg: find_ffmpeg().is_some(),
            legend: true,
            wrong: None,
        }
    }

    /// Frames and seconds of the film; `None` while something is not understood.
    fn length(&self) -> Option<(usize, f64)> {
        let Ok(Command::SaveFilm { from, to, step_s, fps, .. }) = self.command() else { return None };
        let all = frames(Some(&Range { from, to, step_s }), None, &Camera::default(), fps).ok()?;
        Some((all.len(), all.len() as f64 / fps))
    }

    /// What is said below the fields.
    fn hint(&self) -> String {
        let length = self.length().map_or_else(String::new, |(frames, seconds)| {
            let (n, long) = (text::count(frames as u64), text::duration(seconds.max(1.0)));
            trn!(frames, "{n} frame, a film of {long}. ", "{n} frames, a film of {long}. ")
        });
        let lower = self.path.trim().to_lowercase();
        let needs = lower.ends_with(".mp4") || lower.ends_with(".webm");
        let kinds = match (self.ffmpeg, needs) {
            (true, _) => tr!("The ending decides: .mp4, .webm, .gif, or -%04d.png for one picture a frame."),
            (false, true) => {
                tr!(
                    ".mp4 and .webm need the program ffmpeg, which is not on the PATH: name it .gif or -%04d.png, or install ffmpeg."
                )
            }
            (false, false) => tr!("The ending decides: .gif, or -%04d.png for one picture a frame."),
        };
        format!("{length}{kinds}")
    }

    /// The command it stands for; `Err` says what is not understood.
    fn command(&self) -> Result<Command, String> {
        let time = |text: &str| Time::parse(text).map_err(|e| e.to_string());
        let (from, to) = (time(&self.from)?, time(&self.to)?);
        let step_s = seconds(&self.step).ok_or(tr!("Write the step like 30min, 6h or 1d."))?;
        let fps: f64 =
            self.fps.trim().parse().map_err(|_not_a_number| tr!("The frames a second are a number.").to_owned())?;
        frames(Some(&Range { from, to, step_s }), None, &Camera::default(), fps)?;
        let path = PathBuf::from(self.path.trim());
        let kind = crate::export::Kind::of(&path)?;
        if !kind.is_film() {
            return Err(tr!("A film is named *.mp4, *.webm, *.gif, or *-%04d.png for one picture a frame.").to_owned());
        }
        Ok(Command::SaveFilm { path, from, to, step_s, fps, legend: self.legend })
    }
}

/// Shows the dialog while it is open.
pub fn dialog(ctx: &egui::Context, state: &mut UiState, out: &mut Out) {
    let Some(form) = &mut state.film else { return };
    let t = Theme::get(ctx.global_style().visuals.dark_mode);
    let mut done = false;
    let modal = Modal::new(Id::unique("record film")).frame(t.popover(12).inner_margin(20)).show(ctx, |ui| {
        ui.set_width(420.0);
        ui.label(egui::RichText::new(tr!("Record film")).font(t.clock()).color(t.c.text_1));
        ui.add_space(8.0);
        for (label, text) in [
            (tr!("From"), &mut form.from),
            (tr!("To"), &mut form.to),
            (tr!("Step"), &mut form.step),
            (tr!("Frames a second"), &mut form.fps),
            (tr!("Save as"), &mut form.path),
        ] {
            // What was wrong may be right now.
            if row(ui, label, text) {
                form.wrong = None;
            }
        }
        ui.checkbox(&mut form.legend, tr!("Colour bars, scale, time, names"));
        ui.add_space(4.0);
        let (text, colour) = match &form.wrong {
            Some(wrong) => (lang::sentence(wrong).into_owned(), t.c.error),
            None => (form.hint(), t.c.text_3),
        };
        ui.label(egui::RichText::new(text).font(t.small()).color(colour));
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            if ui.button(tr!("Record")).clicked() {
                match form.command() {
                    Ok(command) => {
                        out.send(command);
                        done = true;
                    }
                    Err(wrong) => form.wrong = Some(wrong),
                }
            }
            done |= ui.button(tr!("Cancel")).clicked();
        });
    });
    if done || modal.should_close() {
        state.film = None;
    }
}

fn row(ui: &mut Ui, label: &str, text: &mut String) -> bool {
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(120.0, 24.0), egui::Sense::hover());
        let name = ui.put(rect, egui::Label::new(label).selectable(false));
        ui.add(TextEdit::singleline(text).desired_width(f32::INFINITY)).labelled_by(name.id).changed()
    })
    .inner
}

/// Writes a picture of the view, decorated as films are, strip by strip: it is never in memory as a whole.
fn save_picture(
    ctx: &egui::Context,
    viewport: &mut Viewport,
    host: &mut Host,
    save: &SaveImage,
    dark: bool,
) -> anyhow::Result<()> {
    let ppp = ctx.pixels_per_point();
    let view = host.session().view_px;
    let size = save.size.unwrap_or([view.x as u32, view.y as u32]);
    let scene = host.scene(size, ppp, Theme::get(dark).c.void.to_array());
    let gpu = viewport.gpu().clone();
    let decorated = save.legend.then(|| (host.session(), all(ppp, dark)));
    picture::write(&gpu, viewport.renderer(), &scene, decorated, &save.path, &mut |_| true)
}

fn all(pixels_per_point: f32, dark: bool) -> Decoration {
    Decoration { pixels_per_point, dark, labels: true, north: true }
}

/// The film being recorded, if any.
#[derive(Default)]
pub struct Recorder {
    job: Option<Job>,
}

struct Job {
    name: String,
    frames: Vec<Frame>,
    next: usize,
    /// The clock has been set to the next frame.
    set: bool,
    camera: Camera,
    size_px: [u32; 2],
    ppp: f32,
    background: [u8; 4],
    decoration: Option<Decoration>,
    waiting: Option<RgbaImage>,
    sender: Option<Sender<RgbaImage>>,
    ended: Receiver<Result<(), String>>,
    stopped: Arc<AtomicBool>,
}

impl Recorder {
    /// Carries out what commands asked for.
    #[allow(clippy::too_many_arguments, reason = "parts of the window")]
    pub fn take(
        &mut self,
        ctx: &egui::Context,
        viewport: Option<&mut Viewport>,
        host: &mut Host,
        (images, film): (Vec<SaveImage>, Option<SaveFilm>),
        dark: bool,
        toasts: &mut Toasts,
    ) {
        let Some(viewport) = viewport else { return };
        for save in images {
            let name = save.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            match save_picture(ctx, viewport, host, &save, dark) {
                Ok(()) => toasts.push(Level::Success, tr!("Saved {name}"), None),
                Err(e) => toasts.push(Level::Error, format!("{}.", format!("{e:#}").trim_end_matches('.')), None),
            }
        }
        if let Some(film) = film {
            self.start(ctx, viewport, host, film, dark, toasts);
        }
    }

    /// Draws a picture that a client waits for.
    pub fn send(&self, viewport: Option<&mut Viewport>, host: &mut Host, wanted: WantedPicture, dark: bool) {
        let Some(viewport) = viewport else {
            return wanted.finish(Err(tr!("The window has nothing to draw with yet.").to_owned()));
        };
        let background = if wanted.transparent { [0; 4] } else { Theme::get(dark).c.void.to_array() };
        let scene = host.scene(wanted.size, wanted.scale, background);
        let (decoration, legend) = (all(wanted.scale, dark), wanted.legend);
        let drawn = viewport.renderer().render_image(&scene).map_err(anyhow::Error::from).and_then(|mut image| {
            if legend {
                legend::decorate(viewport.gpu(), &mut image, host.session(), decoration)?;
            }
            Ok(image)
        });
        wanted.finish(drawn.map_err(|e| tr!("The picture cannot be made: {e}.")));
    }

    /// Begins a film; one is recorded at a time.
    fn start(
        &mut self,
        ctx: &egui::Context,
        viewport: &Viewport,
        host: &Host,
        film: SaveFilm,
        dark: bool,
        toasts: &mut Toasts,
    ) {
        if self.job.is_some() {
            toasts.push(
                Level::Warning,
                tr!("A film is being recorded; wait for its end, or cancel it.").to_owned(),
                None,
            );
            return;
        }
        let camera = host.session().project().camera;
        let range = Range { from: film.span.start, to: film.span.stop, step_s: film.step_s };
        let made = frames(Some(&range), None, &camera, film.fps)
            .and_then(|frames| Job::new(ctx, viewport, camera, &film, frames, dark));
        match made {
            Ok(job) => self.job = Some(job),
            Err(why) => toasts.push(Level::Error, why, None),
        }
    }

    /// Goes on with the film after a frame of the window has been drawn, and shows how far it is.
    pub fn advance(
        &mut self,
        ctx: &egui::Context,
        area: Rect,
        viewport: Option<&mut Viewport>,
        host: &mut Host,
        toasts: &mut Toasts,
    ) {
        let (Some(job), Some(viewport)) = (&mut self.job, viewport) else { return };
        match job.ended.try_recv() {
            Err(TryRecvError::Empty) => {}
            Ok(Ok(())) => {
                toasts.push(Level::Success, tr!("Saved {}", job.name), None);
                self.job = None;
                return;
            }
            Ok(Err(why)) => {
                toasts.push(Level::Error, format!("{}.", why.trim_end_matches('.')), None);
                self.job = None;
                return;
            }
            Err(TryRecvError::Disconnected) => {
                toasts.push(Level::Error, tr!("{} was not written.", job.name), None);
                self.job = None;
                return;
            }
        }
        if job.card(ctx, area) {
            toasts.push(Level::Info, tr!("{} was not recorded", job.name), None);
            self.job = None;
            return;
        }
        if let Err(why) = job.step(viewport, host) {
            toasts.push(Level::Error, tr!("The film was stopped: {why}."), None);
            self.job = None;
        }
        ctx.request_repaint_after(LATER);
    }
}

impl Job {
    fn new(
        ctx: &egui::Context,
        viewport: &Viewport,
        camera: Camera,
        film: &SaveFilm,
        frames: Vec<Frame>,
        dark: bool,
    ) -> Result<Self, String> {
        let size_px = viewport.size_px().ok_or(tr!("There is no view to record."))?;
        let (sender, images) = bounded::<RgbaImage>(AHEAD);
        let (end, ended) = bounded(1);
        let stopped = Arc::new(AtomicBool::new(false));
        let options = Options { path: film.path.clone(), size_px, fps: film.fps, transparent: false };
        let (stop, wake) = (Arc::clone(&stopped), ctx.clone());
        std::thread::Builder::new()
            .name("export film".to_owned())
            .spawn(move || {
                let written = write(&options, &images, &stop).map_err(|e| e.to_string());
                // Nobody listens any more when the film was cancelled.
                if end.send(written).is_ok() {
                    wake.request_repaint();
                }
            })
            .map_err(|e| tr!("The film cannot be written: {e}."))?;
        let ppp = ctx.pixels_per_point();
        let name = Path::new(&film.path).file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self {
            name,
            frames,
            next: 0,
            set: false,
            camera,
            size_px,
            ppp,
            background: Theme::get(dark).c.void.to_array(),
            decoration: film.legend.then(|| all(ppp, dark)),
            waiting: None,
            sender: Some(sender),
            ended,
            stopped,
        })
    }

    /// Hands over the frame that is ready, or asks for the next one.
    fn step(&mut self, viewport: &mut Viewport, host: &mut Host) -> anyhow::Result<()> {
        let Some(sender) = &self.sender else { return Ok(()) };
        if let Some(image) = self.waiting.take() {
            if let Err(TrySendError::Full(image)) = sender.try_send(image) {
                self.waiting = Some(image);
                return Ok(());
            }
            self.next += 1;
            self.set = false;
        }
        let Some(frame) = self.frames.get(self.next) else {
            // The writer ends when no more frames can come.
            self.sender = None;
            return Ok(());
        };
        if !self.set {
            host.send(Command::SetCamera { camera: frame.camera.unwrap_or(self.camera) });
            if let Some(now) = frame.time {
                host.send(Command::SetTime { now });
            }
            self.set = true;
            return Ok(());
        }
        anyhow::ensure!(viewport.size_px() == Some(self.size_px), "the size of the view has changed");
        let here = host.session().project();
        if frame.time.is_some_and(|t| t != here.timeline.now) || here.camera != self.camera.sanitized() {
            // Somebody has moved on meanwhile: the film has its own view.
            self.set = false;
            return Ok(());
        }
        let mut scene = host.scene(self.size_px, self.ppp, self.background);
        scene.seconds = frame.seconds;
        if viewport.complete_size_px() == Some(self.size_px) && host.lacks_nothing(&scene) {
            let mut image = viewport.renderer().render_image(&scene)?;
            if let Some(decoration) = self.decoration {
                legend::decorate(viewport.gpu(), &mut image, host.session(), decoration)?;
            }
            self.waiting = Some(image);
        }
        Ok(())
    }

    /// How far it is; whether it shall stop.
    fn card(&self, ctx: &egui::Context, area: Rect) -> bool {
        let t = Theme::get(ctx.global_style().visuals.dark_mode);
        let place = area.center_top() + vec2(0.0, 12.0);
        let shown =
            egui::Area::new(Id::unique("recording")).fixed_pos(place).pivot(Align2::CENTER_TOP).show(ctx, |ui| {
                t.popover(8).inner_margin(10).show(ui, |ui| {
                    ui.horizontal(|ui| {
                        let done = self.next.min(self.frames.len());
                        ui.label(tr!("Recording {}: {done} of {} frames", self.name, self.frames.len()));
                        ui.button(tr!("Cancel")).clicked()
                    })
                    .inner
                })
            });
        shown.inner.inner
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

/// Writes the frames that come, until no more can.
fn write(options: &Options, images: &Receiver<RgbaImage>, stopped: &AtomicBool) -> anyhow::Result<()> {
    let mut movie = Movie::new(options)?;
    for image in images {
        if stopped.load(Ordering::Relaxed) {
            break;
        }
        movie.put(&image)?;
    }
    // Given up: dropping the film takes away what was written.
    anyhow::ensure!(!stopped.load(Ordering::Relaxed), "The film was cancelled");
    movie.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_says_what_is_wrong() {
        let form = Form {
            from: "2024-08-11T00:00:00".into(),
            to: "2024-08-11T06:00:00".into(),
            step: "30min".into(),
            fps: "10".into(),
            path: "/data/a.gif".into(),
            legend: true,
            ffmpeg: false,
            wrong: None,
        };
        assert_eq!(form.length(), Some((13, 1.3)));
        assert!(form.hint().starts_with("13 frames"), "{}", form.hint());
        let mp4 = Form { path: "/data/a.mp4".into(), ..form.clone() };
        assert!(mp4.hint().contains("not on the PATH"), "{}", mp4.hint());
        assert!(!Form { ffmpeg: true, ..mp4 }.hint().contains("PATH"));
        let words = [86_400.0, 172_800.0, 21_600.0, 1800.0, 90.0, 0.5].map(step_words);
        assert_eq!(words, ["1d", "2d", "6h", "30min", "90s", "0.5s"]);
        assert!(words.iter().all(|w| seconds(w).is_some()));
        let Ok(Command::SaveFilm { step_s, fps, .. }) = form.command() else { panic!("{:?}", form.command()) };
        assert_eq!((step_s, fps), (1800.0, 10.0));
        let with = |change: &dyn Fn(&mut Form)| {
            let mut form = form.clone();
            change(&mut form);
            form.command().unwrap_err()
        };
        assert!(with(&|f| f.step = "soon".into()).contains("step"));
        assert!(with(&|f| f.to = "2024-08-10".into()).contains("earlier"));
        assert!(with(&|f| f.path = "/data/a.png".into()).contains("*.gif"));
        assert!(with(&|f| f.fps = "fast".into()).contains("number"));
    }
}
