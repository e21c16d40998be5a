//! Time of one more frame after a camera move, and memory: `cargo bench --bench frame -- --scene nothing|pass|day --data DIR`.
//!
//! The same host and renderer as the window's, headless, 1280 × 800, read back to an image. Two views: `near`, where one
//! pass of the altimeter fills most of the picture whatever else is loaded, and `globe`, the whole Earth.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use glam::DVec2;
use seaglass_core::camera::Camera;
use seaglass_core::command::Command;
use seaglass_core::geo::LonLat;
use seaglass_core::style::StylePatch;
use seaglass_core::timeline::Anchor;
use seaglass_host::{Host, HostOptions};
use seaglass_render::{Gpu, Renderer, RendererOptions};

const SIZE: [u32; 2] = [1280, 800];
const BACKGROUND: [u8; 4] = [8, 13, 18, 255];
const FRAMES: usize = 30;
const LIMIT: Duration = Duration::from_secs(300);

/// Camera at frame `k`: wanders about a place by less than a tenth of the view.
fn camera(view: &str, k: usize) -> Camera {
    // On the ground track of the second pass (inputs.py), where its swath is full.
    let (place, altitude_m, step) = match view {
        "near" => (LonLat::new(-156.224, -20.0), 200_000.0, 0.004),
        _ => (LonLat::new(-156.224, -20.0), 15_000_000.0, 0.4),
    };
    let phase = k as f64 * 0.7;
    let target = LonLat::new(place.lon_deg + step * phase.cos(), place.lat_deg + step * phase.sin());
    Camera { target, altitude_m, ..Camera::default() }
}

/// Peak resident memory of a process, MiB.
fn peak_mib(process: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|n| n.parse::<f64>().ok()).map_or(0.0, |kib| kib / 1024.0)
}

/// Peak memory of all our children (the readers), MiB.
fn children_mib() -> f64 {
    let own = std::process::id().to_string();
    let Ok(all) = std::fs::read_dir("/proc") else { return 0.0 };
    let children = all.filter_map(|e| {
        let name = e.ok()?.file_name().into_string().ok()?;
        let status = std::fs::read_to_string(format!("/proc/{name}/status")).ok()?;
        let parent = status.lines().find_map(|l| l.strip_prefix("PPid:"))?.trim().to_owned();
        (parent == own).then_some(name)
    });
    children.map(|name| peak_mib(&name)).sum()
}

/// Opens the files of a scene and makes every granule visible.
fn open(host: &mut Host, scene: &str, data: &std::path::Path) -> anyhow::Result<()> {
    let path = match scene {
        "nothing" => return Ok(()),
        "pass" => data.join("swot").join("pass_02.nc"),
        "day" => data.join("swot"),
        other => bail!("there is no scene {other}"),
    };
    host.send(Command::Open { paths: vec![path] });
    host.wait_opened(LIMIT)?;
    host.step();
    let granules = host.session().catalogue().collections.values().flat_map(|c| &c.granules);
    let span = granules.filter_map(|g| g.span).reduce(|a, b| a.union(&b)).context("no granule has a time")?;
    host.send(Command::SetAnchor { anchor: Anchor::Trailing });
    host.send(Command::SetWindow { window_s: span.seconds() + 60.0 });
    host.send(Command::SetTime { now: span.stop });
    let layer = host.session().project().layers.first().context("no layer was made")?.id;
    let patch = StylePatch { range: Some([-0.4, 0.4]), ..StylePatch::default() };
    host.send(Command::SetStyle { layer, patch });
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let option = |name: &str| args.iter().position(|a| a == name).and_then(|k| args.get(k + 1)).cloned();
    let (Some(scene), Some(data)) = (option("--scene"), option("--data").map(PathBuf::from)) else {
        println!("frame: give --scene and --data; `cargo xtask bench b` does");
        return Ok(());
    };
    let worker_path = Some(PathBuf::from(env!("CARGO_BIN_EXE_seaglass-worker")));
    let mut host = Host::new(HostOptions { worker_path, ..HostOptions::default() })?;
    host.set_view_size(DVec2::new(f64::from(SIZE[0]), f64::from(SIZE[1])));
    let gpu = Gpu::headless()?;
    let mut renderer = Renderer::new(&gpu, RendererOptions::default())?;
    open(&mut host, &scene, &data)?;
    for view in ["near", "globe"] {
        host.send(Command::SetCamera { camera: camera(view, 0) });
        host.wait_complete(&mut renderer, SIZE, 1.0, BACKGROUND, LIMIT)?;
        let mut times = Vec::new();
        // The first round is a rehearsal: what the wandering view needs is read before it counts.
        for k in 0..2 * FRAMES {
            host.send(Command::SetCamera { camera: camera(view, k % FRAMES) });
            if k < FRAMES {
                host.wait_complete(&mut renderer, SIZE, 1.0, BACKGROUND, LIMIT)?;
            }
            let start = Instant::now();
            host.step();
            let picture = host.scene(SIZE, 1.0, BACKGROUND);
            host.drive(&mut renderer, &picture);
            let image = renderer.render_image(&picture)?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
            if let Some(folder) = option("--pictures").filter(|_| k + 1 == 2 * FRAMES) {
                image.save(PathBuf::from(folder).join(format!("{scene}-{view}.png")))?;
            }
        }
        let mut counted = times.split_off(FRAMES);
        counted.sort_by(f64::total_cmp);
        let (median, worst) = (counted[FRAMES / 2], counted[FRAMES - 1]);
        let (app, workers) = (peak_mib("self"), children_mib());
        let s = renderer.stats();
        println!(
            "view={view} scene={scene} median_ms={median:.2} worst_ms={worst:.2} app_mib={app:.0} workers_mib={workers:.0} \
             draws={} patches={} vertices={} gpu_mib={} adapter=\"{}\"",
            s.draw_calls,
            s.patches,
            s.vertices,
            s.gpu_bytes >> 20,
            gpu.adapter
        );
    }
    Ok(())
}
