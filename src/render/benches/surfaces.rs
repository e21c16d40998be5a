//! Frame times of surfaces beside other programs: the textured sphere, a curvilinear mesh of a million cells, a day of a
//! wide-swath altimeter. `cargo bench -p seaglass-render --bench surfaces`.
//!
//! Made in memory, of the size and seen from the distance of what other programs were timed with. A frame is planned, drawn
//! and read back after the camera has moved by a degree.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark may end with a message")]

mod common;
#[path = "../tests/support/mod.rs"]
mod support;

use common::{SIZE, Screen, beside, median, settle};
use seaglass_core::camera::Camera;
use seaglass_core::coord::CoordArray;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::{Geolocation, Swath};
use seaglass_core::style::Style;
use seaglass_render::{Gpu, Renderer, RendererOptions, Scene, assets};
use support::{Data, orbit_place, orbit_swath};

const RADIUS_M: f64 = 6_371_000.0;

/// 1000 × 1000 cells of 7.2 × 2.7 km of an imager, with every sixth block missing.
fn mesh() -> Data {
    let (rows, cols) = (1000, 1000);
    let (mut lon, mut lat) = (vec![0f32; rows * cols], vec![0f32; rows * cols]);
    for r in 0..rows {
        for c in 0..cols {
            let along = (r as f64 - 500.0) * 7200.0 / RADIUS_M;
            let p = orbit_place(-8.0, 98.7, along, (c as f64 - 499.5) * 2700.0);
            (lon[r * cols + c], lat[r * cols + c]) = (p.lon_deg as f32, p.lat_deg as f32);
        }
    }
    let swath = Swath::full([rows, cols], CoordArray::F32(lon), CoordArray::F32(lat), vec![]).unwrap();
    let value = |r: usize, c: usize| {
        if (r / 60 + c / 45) % 6 == 5 { f32::NAN } else { ((r as f32) * 0.02).sin() * ((c as f32) * 0.03).cos() * 0.3 }
    };
    Data::new(100, Geolocation::Swath(swath), value)
}

/// A half orbit of 9860 × 69 cells at 2 km; the nadir gap, the edges and some ocean are missing, as in the real product.
fn pass(k: u64) -> Data {
    let swath = Geolocation::Swath(orbit_swath(-42.0 - k as f64 * 12.86, 9860, 69, 2000.0));
    Data::new(k, swath, |r, c| {
        let off = (c as i64 - 34).abs();
        if !(5..=30).contains(&off) || (r / 900) % 3 == 2 {
            return f32::NAN;
        }
        ((r as f32) * 0.01).sin() * ((c as f32) * 0.1).cos() * 0.3
    })
}

/// Median milliseconds of a frame after the camera has moved.
fn measure(gpu: &Gpu, name: &str, data: &[Data], relief: bool, (lon_deg, altitude_m): (f64, f64)) -> f64 {
    let mut renderer = Renderer::new(gpu, RendererOptions::default()).unwrap();
    let screen = Screen::new(gpu, SIZE);
    let balance = assets::colormaps().get("cmocean_balance").unwrap();
    let style = Style { range: Some([-0.3, 0.3]), ..Style::default() };
    let scene = |k: usize| {
        let phase = if k % 20 < 10 { k % 10 } else { 10 - k % 10 } as f64;
        let camera = Camera { target: LonLat::new(lon_deg + phase, 0.0), altitude_m, ..Camera::default() };
        let layers = data.iter().map(|d| d.layer(style.clone(), &balance)).collect();
        let mut scene = Scene { layers, ..Scene::new(camera, SIZE) };
        scene.base.relief = relief;
        scene.base.coastlines = false;
        scene.base.borders = false;
        scene.base.labels = false;
        scene.base.atmosphere = false;
        scene
    };
    let read = |wanted: &seaglass_render::Wanted| data.iter().find(|d| d.item == wanted.key.item).unwrap().read(wanted);
    // What the views along the way need is there before it counts.
    (0..=10).for_each(|k| settle(&mut renderer, &scene(k), &read));
    let ms = median((1..32).map(|k| screen.frame(&mut renderer, &scene(k)).0).collect());
    screen.keep(name);
    let s = renderer.stats();
    println!(
        "{name}: camera_ms={ms:.1} plan_ms={:.1} patches={} vertices={} draws={} gpu_mib={}",
        s.plan_ms,
        s.patches,
        s.vertices,
        s.draw_calls,
        s.gpu_bytes >> 20
    );
    ms
}

fn main() {
    let Some(parts) = common::arguments() else { return };
    let wanted = |name: &str| parts.is_empty() || parts.iter().any(|p| p == name);
    let Some(gpu) = support::gpu() else { return };
    println!("adapter: {}, {} × {}", gpu.adapter, SIZE[0], SIZE[1]);
    if wanted("sphere") {
        let ms = measure(&gpu, "sphere", &[], true, (20.0, 3.0 * RADIUS_M));
        beside("textured sphere", ms, "VTK", 39.0, 1.0);
    }
    if wanted("mesh") {
        let ms = measure(&gpu, "mesh", &[mesh()], false, (-13.0, 1.2 * RADIUS_M));
        beside("mesh of 1 M cells", ms, "VTK", 105.0, 3.0);
    }
    if wanted("day") {
        let day: Vec<Data> = (0..28).map(pass).collect();
        let one = measure(&gpu, "pass", &day[..1], false, (-13.0, 3.0 * RADIUS_M));
        let ms = measure(&gpu, "day", &day, false, (-13.0, 3.0 * RADIUS_M));
        beside("SWOT day of 28 passes", ms, "VTK", 816.0, 10.0);
        println!("  a day / one pass: {:.2} times the frame", ms / one);
    }
}
