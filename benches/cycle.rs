//! A whole cycle of a wide-swath altimeter: frames while it is loaded, at rest and while the clock is moved by hours, and
//! memory. `cargo bench --bench cycle -- --folder swot|cycle --data DIR`; `cargo xtask bench h` prints the ratios.
//!
//! The same host and renderer as the window's, headless, 1280 × 800, read back to an image. The camera wanders about the
//! whole Earth and every frame is timed from the command that moves it (the input) to its picture.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use glam::DVec2;
use seaglass_core::camera::Camera;
use seaglass_core::command::Command;
use seaglass_core::geo::LonLat;
use seaglass_core::style::StylePatch;
use seaglass_core::time::{Time, TimeSpan};
use seaglass_core::timeline::Anchor;
use seaglass_host::{Host, HostOptions};
use seaglass_render::{Gpu, Renderer, RendererOptions};

const SIZE: [u32; 2] = [1280, 800];
const BACKGROUND: [u8; 4] = [8, 13, 18, 255];
const LIMIT: Duration = Duration::from_secs(1800);
/// Frames at rest.
const FRAMES: usize = 30;
/// Hours the clock is moved by.
const HOURS: usize = 24;

struct Window {
    host: Host,
    renderer: Renderer,
    frames: usize,
}

impl Window {
    /// One frame after an input, ms; and whether its picture is the final one.
    fn frame(&mut self, input: Command) -> anyhow::Result<(f64, bool)> {
        let start = Instant::now();
        self.host.send(input);
        self.host.step();
        let scene = self.host.scene(SIZE, 1.0, BACKGROUND);
        self.host.drive(&mut self.renderer, &scene);
        self.renderer.render_image(&scene)?;
        let ms = start.elapsed().as_secs_f64() * 1e3;
        Ok((ms, self.host.lacks_nothing(&scene)))
    }

    /// The camera, a little further about a place.
    fn wander(&mut self) -> Command {
        self.frames += 1;
        self.here()
    }

    /// Wanders while anything is read, and stands still then: a view that moves is drawn coarsely and never complete.
    fn wander_while_busy(&mut self) -> Command {
        if self.frames > 0 && self.host.progress().is_idle() { self.here() } else { self.wander() }
    }

    /// The camera where it stands.
    fn here(&self) -> Command {
        let phase = (self.frames % FRAMES) as f64 * 0.7;
        let target = LonLat::new(-156.0 + 0.4 * phase.cos(), -20.0 + 0.4 * phase.sin());
        Command::SetCamera { camera: Camera { target, altitude_m: 15_000_000.0, ..Camera::default() } }
    }

    /// Frames until the picture is complete, ms each.
    fn until_complete(&mut self, mut input: impl FnMut(&mut Self) -> Command) -> anyhow::Result<Vec<f64>> {
        let (start, mut times) = (Instant::now(), Vec::new());
        loop {
            let input = input(self);
            let (ms, complete) = self.frame(input)?;
            times.push(ms);
            if complete {
                return Ok(times);
            }
            anyhow::ensure!(start.elapsed() < LIMIT, "the picture never became complete");
        }
    }

    fn span(&self) -> Option<TimeSpan> {
        let granules = self.host.session().catalogue().collections.values().flat_map(|c| &c.granules);
        granules.filter_map(|g| g.span).reduce(|a, b| a.union(&b))
    }
}

fn quantile(times: &[f64], q: f64) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(((sorted.len().max(1) - 1) as f64 * q).round() as usize).copied().unwrap_or(f64::NAN)
}

/// A line of `/proc/PID/status`, MiB.
fn mib(process: &str, key: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix(key)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok()).map_or(0.0, |kib| kib / 1024.0)
}

/// The same of all our children (the readers).
fn children_mib(key: &str) -> f64 {
    let own = std::process::id().to_string();
    let Ok(all) = std::fs::read_dir("/proc") else { return 0.0 };
    let children = all.filter_map(|e| {
        let name = e.ok()?.file_name().into_string().ok()?;
        let status = std::fs::read_to_string(format!("/proc/{name}/status")).ok()?;
        let parent = status.lines().find_map(|l| l.strip_prefix("PPid:"))?.trim().to_owned();
        (parent == own).then_some(name)
    });
    children.map(|name| mib(&name, key)).sum()
}

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let option = |name: &str| args.iter().position(|a| a == name).and_then(|k| args.get(k + 1)).cloned();
    let (Some(folder), Some(data)) = (option("--folder"), option("--data").map(PathBuf::from)) else {
        println!("cycle: give --folder and --data; `cargo xtask bench h` does");
        return Ok(());
    };
    let worker_path = Some(PathBuf::from(env!("CARGO_BIN_EXE_seaglass-worker")));
    let mut host = Host::new(HostOptions { worker_path, ..HostOptions::default() })?;
    host.set_view_size(DVec2::new(f64::from(SIZE[0]), f64::from(SIZE[1])));
    let gpu = Gpu::headless()?;
    let renderer = Renderer::new(&gpu, RendererOptions::default())?;
    let mut window = Window { host, renderer, frames: 0 };

    // Everything is shown as it comes: the window is wider than any cycle.
    let start = Instant::now();
    window.host.send(Command::SetAnchor { anchor: Anchor::Trailing });
    window.host.send(Command::Open { paths: vec![data.join(&folder)] });
    let mut asked = false;
    let mut loading = Vec::new();
    loop {
        let input = window.wander_while_busy();
        let (ms, complete) = window.frame(input)?;
        loading.push(ms);
        if let Some(span) = window.span() {
            window.host.send(Command::SetWindow { window_s: span.seconds() + 60.0 });
            window.host.send(Command::SetTime { now: span.stop });
        }
        if let Some(layer) = window.host.session().project().layers.first().filter(|_| !asked).map(|l| l.id) {
            let patch = StylePatch { range: Some([-0.4, 0.4]), ..StylePatch::default() };
            window.host.send(Command::SetStyle { layer, patch });
            asked = true;
        }
        if complete && asked {
            break;
        }
        anyhow::ensure!(start.elapsed() < LIMIT, "the files were not open in time");
    }
    loading.extend(window.until_complete(Window::wander_while_busy)?);
    let loaded_s = start.elapsed().as_secs_f64();
    let span = window.span().context("no granule has a time")?;
    let granules: usize = window.host.session().catalogue().collections.values().map(|c| c.granules.len()).sum();

    // A rehearsal: what the wandering view needs is read before it counts.
    for _ in 0..FRAMES {
        window.wander();
        window.until_complete(|w| w.here())?;
    }
    let mut idle = Vec::new();
    for _ in 0..FRAMES {
        let input = window.wander();
        idle.push(window.frame(input)?.0);
    }
    if let Some(folder) = option("--pictures") {
        let scene = window.host.scene(SIZE, 1.0, BACKGROUND);
        let name = option("--folder").unwrap_or_default();
        window.renderer.render_image(&scene)?.save(PathBuf::from(folder).join(format!("all-{name}.png")))?;
    }
    let idle_ms = quantile(&idle, 0.5);
    let s = window.renderer.stats();
    println!(
        "steady folder={folder} granules={granules} median_ms={idle_ms:.2} worst_ms={:.2} draws={} patches={} vertices={} \
         gpu_mib={} rss_mib={:.0} peak_mib={:.0} readers_mib={:.0} adapter=\"{}\"",
        quantile(&idle, 1.0),
        s.draw_calls,
        s.patches,
        s.vertices,
        s.gpu_bytes >> 20,
        mib("self", "VmRSS"),
        mib("self", "VmHWM"),
        children_mib("VmHWM"),
        gpu.adapter
    );
    println!(
        "loading folder={folder} seconds={loaded_s:.1} frames={} median_ms={:.2} p99_ms={:.2} idle_ms={idle_ms:.2}",
        loading.len(),
        quantile(&loading, 0.5),
        quantile(&loading, 0.99)
    );

    // A day up to the clock, which is moved by hours.
    window.host.send(Command::SetWindow { window_s: 86_400.0 });
    let middle = Time::from_micros(i64::midpoint(span.start.micros(), span.stop.micros()));
    window.until_complete(|_| Command::SetTime { now: middle })?;
    let (mut first, mut refined, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for hour in 1..=HOURS {
        let now = middle.plus_seconds(3600.0 * hour as f64);
        let frames = window.until_complete(|_| Command::SetTime { now })?;
        first.extend(frames.first());
        refined.push(frames.iter().sum::<f64>());
        all.extend(frames);
    }
    println!(
        "scrub folder={folder} hours={HOURS} first_ms={:.1} refined_ms={:.1} refined_worst_ms={:.1} frame_p99_ms={:.1} \
         idle_ms={idle_ms:.2}",
        quantile(&first, 0.5),
        quantile(&refined, 0.5),
        quantile(&refined, 1.0),
        quantile(&all, 0.99)
    );
    Ok(())
}
