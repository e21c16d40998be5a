//! Makes small pictures in a thread of its own, with a host and a graphics device of its own: neither input nor the view
//! waits for a picture.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, bounded};
use egui::ColorImage;
use glam::DVec2;
use image::RgbaImage;
use seaglass_core::command::Command;
use seaglass_core::project::BaseMap;
use seaglass_host::{Host, HostOptions};
use seaglass_render::{Gpu, Renderer, RendererOptions, Scene};

use super::shelf::{BUDGET, Shelf};
use super::{SIZE_PX, Thumbnails, Wanted};
use crate::settings::Settings;

/// Longest time for one picture.
const PATIENCE: Duration = Duration::from_secs(30);
/// The device is given back after this time without work.
const REST: Duration = Duration::from_secs(20);
/// Positions kept while a picture is made, bytes.
const POSITIONS: u64 = 256 << 20;

/// How pictures are made.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Reader program; found beside the executable when absent.
    pub worker_path: Option<PathBuf>,
    /// Product files of the user.
    pub readers_dir: Option<PathBuf>,
    /// Styles saved as defaults.
    pub styles_path: Option<PathBuf>,
    /// Where pictures are kept; nowhere when absent.
    pub shelf: Option<Shelf>,
}

type Made = (Wanted, Option<RgbaImage>);

/// The thread and what it is asked. Dropping it ends the thread.
pub struct Maker {
    options: Options,
    work: Option<Work>,
    /// A picture is being made.
    busy: bool,
    /// The thread cannot be started.
    given_up: bool,
}

struct Work {
    jobs: Sender<Wanted>,
    made: Receiver<Made>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Maker {
    /// A maker without work; its thread is started when the first picture is asked for.
    pub fn new(options: Options) -> Self {
        Self { options, work: None, busy: false, given_up: false }
    }

    /// That of a window with these settings and readers.
    pub fn of_window(settings: &Settings, worker_path: Option<PathBuf>, readers_dir: Option<PathBuf>) -> Self {
        let styles_path = settings.styles_path();
        let shelf = settings.thumbnails_dir().map(|dir| Shelf::new(dir, BUDGET, styles_path.clone()));
        Self::new(Options { worker_path, readers_dir, styles_path, shelf })
    }

    /// Takes in what has been made, and has the next one made of what was asked in this frame when `idle`: nothing that the
    /// user looks at is waiting for readers or device.
    pub fn turn(&mut self, ctx: &egui::Context, thumbnails: &mut Thumbnails, idle: bool) {
        while let Some((wanted, image)) = self.work.as_ref().and_then(|w| w.made.try_recv().ok()) {
            self.busy = false;
            let picture = image.map(|image| {
                ColorImage::from_rgba_unmultiplied([image.width() as usize, image.height() as usize], image.as_raw())
            });
            thumbnails.give(ctx, wanted, picture);
            ctx.request_repaint();
        }
        let asked = thumbnails.take_asked();
        if !idle || self.busy || self.given_up {
            return;
        }
        let next = asked.into_iter().find(|w| !thumbnails.has(w) && !thumbnails.cannot(w));
        if let Some(wanted) = next {
            self.begin(ctx, wanted);
        }
    }

    fn begin(&mut self, ctx: &egui::Context, wanted: Wanted) {
        if self.work.is_none() {
            match start(self.options.clone(), ctx.clone()) {
                Ok(work) => self.work = Some(work),
                Err(e) => {
                    log::error!("the thread \"thumbnails\" cannot be started: {e}");
                    self.given_up = true;
                }
            }
        }
        self.busy = self.work.as_ref().is_some_and(|w| w.jobs.try_send(wanted).is_ok());
    }
}

impl Drop for Maker {
    fn drop(&mut self) {
        if let Some(Work { jobs, stop, thread, .. }) = self.work.take() {
            stop.store(true, Ordering::Relaxed);
            drop(jobs);
            // Leaving while a driver is at work in another thread may crash in the driver.
            if thread.join().is_err() {
                log::error!("The thread of small pictures panicked.");
            }
        }
    }
}

fn start(options: Options, ctx: egui::Context) -> std::io::Result<Work> {
    let (jobs, todo) = bounded(1);
    let (done, made) = bounded(2);
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let run = move || work(&options, &todo, &done, &stopped, &ctx);
    let thread = std::thread::Builder::new().name("thumbnails".into()).spawn(run)?;
    Ok(Work { jobs, made, stop, thread })
}

fn work(options: &Options, todo: &Receiver<Wanted>, done: &Sender<Made>, stop: &AtomicBool, ctx: &egui::Context) {
    let mut gpu = None;
    loop {
        let wanted = match todo.recv_timeout(REST) {
            Ok(wanted) => wanted,
            Err(RecvTimeoutError::Timeout) => {
                gpu = None;
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let kept = options.shelf.as_ref().and_then(|s| s.get(&wanted));
        let image = kept.or_else(|| {
            let start = Instant::now();
            match draw(options, &mut gpu, &wanted, stop) {
                Ok(image) => {
                    log::debug!("small picture of {} in {:?}", wanted.path.display(), start.elapsed());
                    if let Some(Err(e)) = options.shelf.as_ref().map(|s| s.put(&wanted, &image)) {
                        log::warn!("A small picture cannot be kept: {e}");
                    }
                    Some(image)
                }
                Err(why) => {
                    log::info!("{}: no small picture: {why}", wanted.path.display());
                    None
                }
            }
        });
        if stop.load(Ordering::Relaxed) || done.send((wanted, image)).is_err() {
            return;
        }
        ctx.request_repaint();
    }
}

/// The granule alone, as its product shows it.
fn draw(options: &Options, gpu: &mut Option<Gpu>, wanted: &Wanted, stop: &AtomicBool) -> Result<RgbaImage, String> {
    let gpu = match gpu {
        Some(gpu) => gpu,
        None => gpu.insert(Gpu::headless().map_err(|e| e.to_string())?),
    };
    // Made anew each time: numbers of items begin again with every host.
    let rendering = RendererOptions { synchronous: true, ..RendererOptions::default() };
    let mut renderer = Renderer::new(gpu, rendering).map_err(|e| e.to_string())?;
    let mut host = Host::new(HostOptions {
        workers: 1,
        worker_path: options.worker_path.clone(),
        readers_dir: options.readers_dir.clone(),
        styles_path: options.styles_path.clone(),
        index_dir: None,
        cpu_cache_bytes: POSITIONS,
        timeout: PATIENCE,
        wake: Arc::new(|| {}),
    })
    .map_err(|e| e.to_string())?;
    host.set_view_size(DVec2::new(f64::from(SIZE_PX[0]), f64::from(SIZE_PX[1])));
    let end = Instant::now() + PATIENCE;
    host.send(Command::Open { paths: vec![wanted.path.clone()] });
    open(&mut host, end, stop)?;
    set_up(&mut host, wanted)?;
    let scene = complete(&mut host, &mut renderer, end, stop)?;
    renderer.render_image(&scene).map_err(|e| e.to_string())
}

fn open(host: &mut Host, end: Instant, stop: &AtomicBool) -> Result<(), String> {
    loop {
        match host.wait_opened(Duration::from_millis(200)) {
            Ok(_) => return Ok(()),
            Err(e) if stop.load(Ordering::Relaxed) || Instant::now() > end => return Err(e.to_string()),
            Err(_) => {}
        }
    }
}

/// The layers, the clock, the camera and a quiet base map.
fn set_up(host: &mut Host, wanted: &Wanted) -> Result<(), String> {
    let session = host.session();
    let here = |g: &&seaglass_core::granule::Granule| g.part == wanted.part && g.step == wanted.step;
    let collections = || session.catalogue().collections.values();
    // A program of its own may group a file by itself otherwise than among thousands.
    let own = collections().filter(|c| c.id == wanted.collection).chain(collections());
    let found = own.flat_map(|c| &c.granules).find(here).ok_or("the file has no such granule")?;
    let project = session.project();
    let mut commands = Vec::new();
    let shows = |field: &str, of: &str| of == found.collection && wanted.field.as_deref().is_none_or(|f| f == field);
    let (kept, others): (Vec<_>, Vec<_>) = project.layers.iter().partition(|l| shows(&l.field, &l.collection));
    commands.extend(others.iter().map(|l| Command::RemoveLayer { layer: l.id }));
    if let (true, Some(field)) = (kept.is_empty(), &wanted.field) {
        commands.push(Command::AddLayer { collection: found.collection.clone(), field: field.clone() });
    }
    if let Some(span) = found.span {
        commands.push(Command::SetTime { now: project.timeline.now_to_show(span) });
    }
    let outline = found.outline();
    let camera = match outline.is_empty() {
        true => project.camera.framing(&found.bounds, session.view_px),
        false => project.camera.framing_places(&outline, session.view_px),
    };
    commands.push(Command::SetCamera { camera });
    let base = BaseMap {
        coastlines: true,
        borders: false,
        graticule: false,
        labels: false,
        atmosphere: false,
        ..BaseMap::default()
    };
    commands.push(Command::SetBaseMap { base });
    commands.into_iter().for_each(|c| host.send(c));
    Ok(())
}

fn complete(host: &mut Host, renderer: &mut Renderer, end: Instant, stop: &AtomicBool) -> Result<Scene, String> {
    loop {
        match host.wait_complete(renderer, SIZE_PX, 1.0, [0; 4], Duration::from_millis(200)) {
            Ok((scene, _)) if host.view_status().is_none() => return Ok(scene),
            Ok(_) => return Err("nothing shows".to_owned()),
            Err(e) if stop.load(Ordering::Relaxed) || Instant::now() > end => return Err(e.to_string()),
            Err(_) => {}
        }
    }
}
