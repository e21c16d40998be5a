//! Films on the command line: every frame complete before it is written.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use seaglass_app::export::movie::{Movie, Options};
use seaglass_app::legend;
use seaglass_core::command::Command;
use seaglass_host::Host;
use seaglass_render::{Gpu, Renderer};
use serde_json::json;

use super::super::scene_setup::{Film, Wishes};
use super::super::{Exit, Failure, Outcome, args, print};
use super::{decoration, failures_of, late, unwritten};

/// Draws and writes all frames. Ctrl-C ends between two of them and leaves no file.
pub fn draw(
    host: &mut Host,
    options: &args::Render,
    wishes: &Wishes,
    film: &Film,
    gpu: &Gpu,
    renderer: &mut Renderer,
    start: Instant,
) -> Outcome {
    let limit = Duration::from_secs_f64(options.timeout.clamp(0.001, 86_400.0));
    let frames = film.frames(&host.session().project().camera)?;
    let transparent = wishes.background[3] < 255;
    let movie = Options { path: options.out.clone(), size_px: wishes.size, fps: film.fps, transparent };
    let mut movie = Movie::new(&movie).map_err(|e| unwritten(&e, options))?;
    let stopped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stopped);
    if let Err(e) = ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed)) {
        log::warn!("Ctrl-C cannot be waited for: {e}");
    }
    let mut failures = Vec::new();
    let told = std::io::stderr().is_terminal() && !options.json;
    for (k, frame) in frames.iter().enumerate() {
        if stopped.load(Ordering::Relaxed) {
            drop(movie);
            return Err(Failure::new(Exit::Output, "The film was stopped; nothing is written.").about(&options.out));
        }
        if let Some(now) = frame.time {
            host.send(Command::SetTime { now });
        }
        if let Some(camera) = frame.camera {
            host.send(Command::SetCamera { camera });
        }
        let waited = host.wait_complete(renderer, wishes.size, options.scale, wishes.background, limit);
        let (mut scene, notices) = waited.map_err(late)?;
        failures.extend(failures_of(host, &notices));
        scene.seconds = frame.seconds;
        let drawn = renderer.render_image(&scene).map_err(anyhow::Error::from);
        let decorated = drawn.and_then(|mut image| {
            if let Some(decoration) = decoration(options) {
                legend::decorate(gpu, &mut image, host.session(), decoration)?;
            }
            movie.put(&image)
        });
        decorated.map_err(|e| unwritten(&e, options))?;
        if told {
            eprint!("\r{} of {} frames", k + 1, frames.len());
            let _shown = std::io::stderr().flush();
        }
    }
    if told {
        eprintln!();
    }
    movie.finish().map_err(|e| unwritten(&e, options))?;
    log::info!("written after {:?}", start.elapsed());
    if options.json {
        let [width, height] = wishes.size;
        let out = options.out.display().to_string();
        let seconds = start.elapsed().as_secs_f64();
        let object =
            json!({ "out": out, "width": width, "height": height, "frames": frames.len(), "seconds": seconds });
        print(&format!("{object}\n"));
    }
    Ok(failures)
}
