//! Streamlines: milliseconds a frame with 100 000 and with 1 000 000 particles, moved by the device and by the CPU, and the
//! ratio: `cargo bench -p seaglass-render --bench streams`; 1920 × 1080.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark may end with a message")]

mod common;
#[path = "../tests/support/mod.rs"]
mod support;

use seaglass_core::camera::Camera;
use seaglass_core::style::{Method, StreamStyle, Style};
use seaglass_render::{Gpu, Renderer, RendererOptions, Scene, assets};
use support::{Data, grid};

const SIZE: [u32; 2] = [1920, 1080];
const FRAMES: usize = 9;

fn data() -> Vec<Data> {
    let geolocation = || grid((-89.75, 0.5, 360), (-179.75, 0.5, 720));
    let flow = |r: usize, c: usize| {
        let (x, y) = ((c as f64 * 0.5).to_radians(), (r as f64 * 0.5 - 89.75).to_radians());
        let e = 0.5 * (3.0 * y).cos() + 0.6 * (9.0 * y).sin() * (6.0 * x).cos();
        let n = -0.4 * (9.0 * y).cos() * (6.0 * x).sin() * y.cos();
        [e.hypot(n) as f32, e as f32, n as f32]
    };
    (0..3).map(|k| Data::new(1 + k as u64, geolocation(), move |r, c| flow(r, c)[k])).collect()
}

/// Median milliseconds until the device is done, at 30 pictures a second of watching.
fn frame_ms(gpu: &Gpu, data: &[Data], particles: Option<u32>, particles_on_cpu: bool) -> f64 {
    let mut renderer = Renderer::new(gpu, RendererOptions { particles_on_cpu, ..RendererOptions::default() }).unwrap();
    let mut scene = Scene::new(Camera::default(), SIZE);
    if let Some(particles) = particles {
        let stream = StreamStyle { particles, ..StreamStyle::default() };
        let style =
            Style { method: Method::Streamlines, range: Some([0.0, 1.2]), size_pt: 1.5, stream, ..Style::default() };
        let mut layer = data[0].layer(style, &assets::colormaps().get("viridis").unwrap());
        layer.items[0].components = vec![2, 3];
        scene.layers.push(layer);
    }
    // The flow and the base map are made on other threads.
    common::settle(&mut renderer, &scene, &|wanted| {
        data.iter().find(|d| d.item == wanted.key.item).unwrap().read(wanted)
    });
    let screen = common::Screen::new(gpu, SIZE);
    let mut times = Vec::new();
    for _ in 0..=FRAMES {
        scene.seconds += 1.0 / 30.0;
        times.push(screen.frame(&mut renderer, &scene).0);
    }
    // The first picture places all particles.
    common::median(times.split_off(1))
}

fn main() {
    if common::arguments().is_none() {
        return;
    }
    let Some(gpu) = support::gpu() else { return };
    println!("adapter: {}, {} × {}", gpu.adapter, SIZE[0], SIZE[1]);
    let data = data();
    println!("no particles: {:.1} ms", frame_ms(&gpu, &data, None, false));
    for (name, on_cpu) in [("device", false), ("CPU", true)] {
        let [few, many] = [100_000, 1_000_000].map(|n| frame_ms(&gpu, &data, Some(n), on_cpu));
        println!("moved by the {name}: 100 000 {few:.1} ms, 1 000 000 {many:.1} ms, ratio {:.1}", many / few);
        if !gpu.software && !on_cpu {
            let verdict = if many <= 1000.0 / 60.0 { "reached" } else { "missed" };
            println!("1 000 000 particles: {:.0} frames a second (aim 60: {verdict})", 1000.0 / many);
        }
    }
}
