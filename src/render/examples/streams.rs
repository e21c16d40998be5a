//! Streamlines: milliseconds a frame with 100 000 and with 1 000 000 particles, moved by the device and by the CPU, and the
//! ratio. `cargo run --release -p seaglass-render --example streams`; sizes are 1920 × 1080.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "an example may end with a message")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Instant;

use seaglass_core::camera::Camera;
use seaglass_core::style::{Method, StreamStyle, Style};
use seaglass_render::{Gpu, Renderer, RendererOptions, Scene, assets};
use support::{Data, complete, grid};

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
    for _ in 0..200 {
        // The flow and the base map are made on other threads.
        let plan = renderer.plan(&scene);
        if plan.complete {
            break;
        }
        for wanted in plan.wanted {
            let source = data.iter().find(|d| d.item == wanted.key.item).unwrap();
            renderer.supply(wanted.key, source.read(&wanted));
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    complete(&mut renderer, &scene, data);
    let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: None,
        size: wgpu::Extent3d { width: SIZE[0], height: SIZE[1], depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rgba8Unorm,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT,
        view_formats: &[],
    });
    let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
    let mut times = Vec::new();
    for _ in 0..=FRAMES {
        scene.seconds += 1.0 / 30.0;
        let start = Instant::now();
        renderer.plan(&scene);
        renderer.render(&scene, &view, wgpu::TextureFormat::Rgba8Unorm);
        gpu.device.poll(wgpu::PollType::wait_indefinitely()).expect("the device answers");
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    // The first picture places all particles.
    let mut counted = times.split_off(1);
    counted.sort_by(f64::total_cmp);
    counted[FRAMES / 2]
}

fn main() {
    let Some(gpu) = support::gpu() else { return };
    println!("adapter: {}, {} × {}", gpu.adapter, SIZE[0], SIZE[1]);
    let data = data();
    println!("no particles: {:.1} ms", frame_ms(&gpu, &data, None, false));
    for (name, on_cpu) in [("device", false), ("CPU", true)] {
        let [few, many] = [100_000, 1_000_000].map(|n| frame_ms(&gpu, &data, Some(n), on_cpu));
        println!("moved by the {name}: 100 000 {few:.1} ms, 1 000 000 {many:.1} ms, ratio {:.1}", many / few);
    }
}
