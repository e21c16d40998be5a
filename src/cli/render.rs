//! `seaglass render`: files into a PNG.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use glam::DVec2;
use seaglass_app::export::{Kind, geotiff, picture};
use seaglass_app::legend::{Decoration, caption};
use seaglass_core::command::Command;
use seaglass_core::project::BaseMap;
use seaglass_core::protocol::FailureKind;
use seaglass_host::{EmptyReason, Host, HostError, HostOptions, Level, Notice, Valueless};
use seaglass_render::{Gpu, RenderError, Renderer, RendererOptions, Scene};
use serde_json::json;

mod film;

use super::scene_setup::Wishes;
use super::{Exit, Failure, Outcome, args, print, readers_dir};

/// Said of a picture in which no cell of the data is seen although they lie there.
const NOTHING_IN_VIEW: &str = "No value shows in this view: all there are masked, missing or hidden by the style.";

/// Draws the picture. Files that cannot be read are left out and reported.
pub fn run(options: Box<args::Render>) -> Outcome {
    let start = Instant::now();
    let limit = Duration::from_secs_f64(options.timeout.clamp(0.001, 86_400.0));
    let mut wishes = Wishes::new(&options)?;
    check_name(&options.out, wishes.film.is_some())?;
    let readers = readers_dir()?;
    if options.paths.iter().all(|p| !p.exists()) {
        let missing = |p: &PathBuf| Failure::new(Exit::Unreadable, "The file does not exist.").about(p);
        return Ok(options.paths.iter().map(missing).collect());
    }
    // The graphics device takes a while to start; meanwhile files are opened and read.
    let starting = std::thread::Builder::new()
        .name("gpu-start".into())
        .spawn(start_renderer)
        .map_err(|e| Failure::new(Exit::Internal, format!("The renderer cannot be started: {e}.")))?;
    let prepared = prepare(&options, &wishes, readers, limit);
    log::info!("opened after {:?}", start.elapsed());
    // Waited for in any case: leaving while a driver starts in another thread may crash in the driver.
    let started = starting.join();
    let (mut host, mut failures) = match prepared {
        Ok(prepared) => prepared,
        Err(failures) => return Ok(failures),
    };
    if is_empty(&host) {
        if failures.is_empty() {
            failures.push(Failure::new(Exit::Nothing, "There is nothing to show in these files."));
        }
        return Ok(failures);
    }
    leave_out_beyond_poles(&mut host, &options, &mut wishes);
    // Whatever goes wrong with the picture, what was wrong with the files is said too.
    match draw(&mut host, &options, &wishes, started, start) {
        Ok(more) => failures.extend(more),
        Err(failure) => failures.push(failure),
    }
    // Shapes alone are a picture.
    let only_shapes = host.session().catalogue().collections.is_empty();
    if failures.is_empty() && !only_shapes {
        // Files without values are named, whether or not others show something.
        if wishes.film.is_none() {
            failures.extend(host.wait_valueless(limit).map_err(late)?.iter().map(without_values));
        }
        if failures.is_empty() {
            failures.extend(host.view_status().map(|reason| empty(&reason, &options)));
        }
    }
    // The readers end when their pipes close with this program; waiting for each would keep whoever waits for it.
    std::mem::forget(host);
    Ok(failures)
}

/// A GeoTIFF of longitude and latitude ends at the poles: its picture has no rows beyond them.
fn leave_out_beyond_poles(host: &mut Host, options: &args::Render, wishes: &mut Wishes) {
    if Kind::of(&options.out) != Ok(Kind::GeoTiff) {
        return;
    }
    if let Some((camera, size)) = geotiff::between_poles(&host.session().project().camera, wishes.size) {
        wishes.size = size;
        host.set_view_size(DVec2::new(f64::from(size[0]), f64::from(size[1])));
        host.send(Command::SetCamera { camera });
        host.step();
    }
}

/// Completes the picture and writes it; gives what was left out of it.
fn draw(
    host: &mut Host,
    options: &args::Render,
    wishes: &Wishes,
    started: std::thread::Result<Result<(Gpu, Renderer), RenderError>>,
    start: Instant,
) -> Outcome {
    let (gpu, mut renderer) = match started {
        Ok(renderer) => renderer.map_err(|e| Failure::new(Exit::NoGpu, sentence(&e)))?,
        Err(_) => return Err(Failure::new(Exit::NoGpu, "The graphics driver failed while starting.")),
    };
    log::info!("renderer ready after {:?}", start.elapsed());
    let limit = Duration::from_secs_f64(options.timeout.clamp(0.001, 86_400.0));
    if let Some(film) = &wishes.film {
        return film::draw(host, options, wishes, film, &gpu, &mut renderer, start);
    }
    let waited = host.wait_complete(&mut renderer, wishes.size, options.scale, wishes.background, limit);
    let (scene, notices) = waited.map_err(late)?;
    log::info!("complete after {:?}", start.elapsed());
    let mut failures = failures_of(host, &notices);
    // A place asked for may lie in a gap of the data, and what has values may have no positions where they are.
    let data = !host.session().catalogue().collections.is_empty();
    if data && failures.is_empty() && host.view_status().is_none() && !shows_data(&mut renderer, &scene)? {
        failures.push(Failure::new(Exit::Nothing, NOTHING_IN_VIEW));
    }
    let decorated = decoration(options).map(|d| (host.session(), d));
    picture::write(&gpu, &mut renderer, &scene, decorated, &options.out, &mut |_| true)
        .map_err(|e| unwritten(&e, options))?;
    log::info!("written after {:?}", start.elapsed());
    if options.json {
        let [w, h] = wishes.size;
        let seconds = start.elapsed().as_secs_f64();
        let time = caption(host.session());
        let out = options.out.display().to_string();
        let object = json!({ "out": out, "width": w, "height": h, "time": time, "seconds": seconds });
        print(&format!("{object}\n"));
    }
    Ok(failures)
}

/// Whether the data leave any mark in a picture.
fn shows_data(renderer: &mut Renderer, scene: &Scene) -> Result<bool, Failure> {
    let mut bare = scene.clone();
    bare.base = BaseMap {
        relief: false,
        coastlines: false,
        borders: false,
        graticule: false,
        atmosphere: false,
        ..scene.base.clone()
    };
    bare.background = [0; 4];
    bare.outlines.clear();
    // Data asked to be transparent are there all the same.
    bare.layers.iter_mut().for_each(|l| l.style.opacity = 1.0);
    let mut any = |scene: &Scene| {
        let image = renderer.render_image(scene).map_err(|e| Failure::new(Exit::NoGpu, sentence(&e)))?;
        Ok(image.pixels().any(|p| p[3] > 0))
    };
    // Most pictures show something even when small, which costs little to see.
    let small = Scene { size_px: bare.size_px.map(|n| (n / 4).max(1)), ..bare.clone() };
    Ok(any(&small)? || any(&bare)?)
}

/// Opens the files, sets up the picture, and lets the readers begin with what it needs. On error also says which files
/// could not be read.
fn prepare(
    options: &args::Render,
    wishes: &Wishes,
    readers_dir: Option<PathBuf>,
    limit: Duration,
) -> Result<(Host, Vec<Failure>), Vec<Failure>> {
    let mut host = Host::new(HostOptions { readers_dir, timeout: limit, ..HostOptions::default() })
        .map_err(|e| vec![Failure::new(Exit::Internal, e.to_string())])?;
    host.set_view_size(DVec2::new(f64::from(wishes.size[0]), f64::from(wishes.size[1])));
    host.send(Command::Open { paths: options.paths.clone() });
    let notices = host.wait_opened(limit).map_err(|e| vec![late(e)])?;
    let mut failures = failures_of(&host, &notices);
    if !is_empty(&host) {
        if let Err(failure) = wishes.apply(&mut host, options) {
            failures.push(failure);
            return Err(failures);
        }
        let early = host.scene(wishes.size, 1.0, wishes.background);
        host.preload(&early);
    }
    Ok((host, failures))
}

/// Neither data nor shapes.
fn is_empty(host: &Host) -> bool {
    host.session().catalogue().collections.is_empty() && host.session().project().shapes.is_empty()
}

/// What is drawn over the picture.
fn decoration(options: &args::Render) -> Option<Decoration> {
    let all = options.decorations;
    let dark = options.background != "light";
    (all || options.legend).then_some(Decoration { pixels_per_point: options.scale, dark, labels: all, north: all })
}

/// What went wrong between a finished scene and its file.
fn unwritten(error: &anyhow::Error, options: &args::Render) -> Failure {
    let exit = if error.downcast_ref::<RenderError>().is_some() { Exit::NoGpu } else { Exit::Output };
    Failure::new(exit, format!("{}.", format!("{error:#}").trim_end_matches('.'))).about(&options.out)
}

/// A name must say what is written.
fn check_name(path: &Path, film: bool) -> Result<(), Failure> {
    if path == Path::new("-") && !film {
        return Ok(());
    }
    let message = match Kind::of(path) {
        Ok(kind) if kind.is_film() == film => return Ok(()),
        Ok(_) if film => "A film is named *.mp4, *.webm, *.gif, or *-%04d.png for one picture a frame.".to_owned(),
        Ok(_) => "A film needs --animate FROM..TO/STEP, or --camera-path FILE.".to_owned(),
        Err(message) => message,
    };
    Err(Failure::new(Exit::Usage, message).about(path))
}

fn start_renderer() -> Result<(Gpu, Renderer), RenderError> {
    let gpu = Gpu::headless()?;
    log::info!("drawing with {}", gpu.adapter);
    let renderer = Renderer::new(&gpu, RendererOptions { synchronous: true, ..RendererOptions::default() })?;
    Ok((gpu, renderer))
}

fn failures_of(host: &Host, notices: &[Notice]) -> Vec<Failure> {
    let nothing_in = |file: &Path| {
        let kind = host.session().failures().iter().find(|f| f.path == file).map(|f| f.error.kind);
        kind == Some(FailureKind::NothingToShow)
    };
    let mut failures: Vec<Failure> = Vec::new();
    for notice in notices.iter().filter(|n| n.level >= Level::Error || (n.level == Level::Warning && n.file.is_some()))
    {
        let empty = notice.level != Level::Error || notice.file.as_deref().is_some_and(nothing_in);
        let exit = if empty { Exit::Nothing } else { Exit::Unreadable };
        let failure = Failure { exit, message: notice.text.clone(), file: notice.file.clone() };
        // A product file left out is a warning, not a failure of the picture.
        if notice.file.as_ref().is_some_and(|f| f.extension().is_some_and(|e| e == "toml")) {
            failure.report(false);
        } else {
            failures.push(failure);
        }
    }
    failures.sort_by_key(|f| f.exit as u8);
    failures
}

fn without_values(file: &Valueless) -> Failure {
    let message = format!("Every value of {} is masked or missing.", file.field);
    Failure::new(Exit::Nothing, message).about(&file.path)
}

/// Why nothing shows, and the file where it is one.
fn empty(reason: &EmptyReason, options: &args::Render) -> Failure {
    let exit = if matches!(reason, EmptyReason::Failed { .. }) { Exit::Unreadable } else { Exit::Nothing };
    let failure = Failure::new(exit, empty_text(reason));
    match options.paths.as_slice() {
        // A folder is no file, and of several none is meant more than the others.
        [file] if file.is_file() => failure.about(file),
        _ => failure,
    }
}

fn empty_text(reason: &EmptyReason) -> String {
    match reason {
        EmptyReason::OutOfTime { nearest, .. } => format!("{} The nearest data are of {nearest}.", reason.text()),
        other => other.text(),
    }
}

fn late(error: HostError) -> Failure {
    Failure::new(Exit::Unreadable, error.to_string())
}

fn sentence(error: &RenderError) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}
