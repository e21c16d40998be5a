//! Frame times without files: nothing, one SWOT-like pass, a day of 28 (19 million cells), same view.
//! `cargo run --release -p seaglass-render --example frame`
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "an example may end with a message")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Instant;

use seaglass_core::camera::Camera;
use seaglass_core::coord::CoordArray;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::{Geolocation, Swath};
use seaglass_core::style::Style;
use seaglass_render::{Renderer, Scene, assets};
use support::{Data, complete, orbit_swath, renderer};

const SIZE: [u32; 2] = [1280, 800];
const FRAMES: usize = 15;

/// Median milliseconds of (plan, whole frame until the device is done) while the camera moves a little every frame.
fn medians(
    gpu: &seaglass_render::Gpu,
    renderer: &mut Renderer,
    scene: &Scene,
    data: &[Data],
    moving: bool,
) -> [f64; 2] {
    complete(renderer, scene, data);
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
    let (mut plans, mut frames) = (Vec::new(), Vec::new());
    for k in 0..FRAMES {
        let mut scene = scene.clone();
        if moving {
            scene.camera.target.lon_deg += k as f64 * 0.05;
            complete(renderer, &scene, data);
            // Undo the caching of the mesh by going there from elsewhere, as a moving camera does.
            scene.camera.target.lon_deg += 0.01;
        }
        let start = Instant::now();
        renderer.plan(&scene);
        plans.push(start.elapsed().as_secs_f64() * 1e3);
        renderer.render(&scene, &view, wgpu::TextureFormat::Rgba8Unorm);
        gpu.device.poll(wgpu::PollType::wait_indefinitely()).expect("the device answers");
        frames.push(start.elapsed().as_secs_f64() * 1e3);
    }
    [plans, frames].map(|mut v| {
        v.sort_by(f64::total_cmp);
        v[v.len() / 2]
    })
}

/// An 8 000 × 3 000 swath of 1 km cells, as a weather radiometer's.
fn wide_swath() -> Geolocation {
    let (rows, cols) = (8000, 3000);
    let (mut lon, mut lat) = (vec![0f32; rows * cols], vec![0f32; rows * cols]);
    for r in 0..rows {
        for c in 0..cols {
            let along = (r as f64 - 4000.0) * 1000.0 / 6_371_000.0;
            let p = support::orbit_place(-42.0, 98.0, along + 0.3, (c as f64 - 1499.5) * 1000.0);
            (lon[r * cols + c], lat[r * cols + c]) = (p.lon_deg as f32, p.lat_deg as f32);
        }
    }
    let swath = Swath::full([rows, cols], CoordArray::F32(lon), CoordArray::F32(lat), vec![]);
    Geolocation::Swath(swath.expect("lengths fit"))
}

fn main() {
    let Some(gpu) = support::gpu() else { return };
    println!("adapter: {}, {} × {}", gpu.adapter, SIZE[0], SIZE[1]);
    let balance = assets::colormaps().get("cmocean_balance").expect("an embedded map");
    let style = Style { range: Some([-0.3, 0.3]), ..Style::default() };
    let pass = |k: u64| {
        let swath = Geolocation::Swath(orbit_swath(-42.0 - k as f64 * 12.86, 9860, 69, 2000.0));
        Data::new(k, swath, |r, c| ((r as f32) * 0.01).sin() * ((c as f32) * 0.1).cos() * 0.3)
    };
    let day: Vec<Data> = (0..28).map(pass).collect();
    let wide = vec![Data::new(100, wide_swath(), |r, c| ((r / 50 + c / 50) % 7) as f32 * 0.05)];
    let globe = Camera::default();
    let near = Camera { target: LonLat::new(-42.0, 20.0), altitude_m: 4e5, tilt_deg: 30.0, ..globe };
    for (place, camera) in [("globe", globe), ("near", near)] {
        for (name, data) in
            [("nothing", &[][..]), ("one pass", &day[..1]), ("28 passes", &day[..]), ("8000 × 3000", &wide)]
        {
            let mut renderer = renderer(&gpu);
            let layers = data.iter().map(|d| d.layer(style.clone(), &balance)).collect();
            let scene = Scene { layers, ..Scene::new(camera, SIZE) };
            let start = Instant::now();
            complete(&mut renderer, &scene, data);
            let first = start.elapsed().as_secs_f64() * 1e3;
            let [still_plan, still] = medians(&gpu, &mut renderer, &scene, data, false);
            let [plan, frame] = medians(&gpu, &mut renderer, &scene, data, true);
            let s = renderer.stats();
            println!(
                "{place}, {name}: first {first:.0} ms; still {still:.1} ms (plan {still_plan:.2}); moving {frame:.1} ms \
                 (plan {plan:.1}); {:.1} MB, {} tiles, {} patches, {} vertices, {} draws",
                s.gpu_bytes as f64 / 1e6,
                s.tiles_resident,
                s.patches,
                s.vertices,
                s.draw_calls
            );
        }
    }
}
