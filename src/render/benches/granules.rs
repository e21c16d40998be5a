//! 20 000 small granules visible in each of 11 layers: draw calls and frames beside a tenth of them.
//! `cargo bench -p seaglass-render --bench granules -- [LAYERS]`.
//!
//! Swaths of 24 × 6 cells of 10 km on a map of the whole Earth, where all of them are in view. Made in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark may end with a message")]

mod common;
#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Instant;

use common::{SIZE, Screen, median};
use seaglass_core::camera::Camera;
use seaglass_core::coord::CoordArray;
use seaglass_core::field::{Apron, Block};
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::{Geolocation, Swath};
use seaglass_core::projection::Projection;
use seaglass_core::style::Style;
use seaglass_render::{Gpu, Renderer, RendererOptions, Scene, SceneItem, SceneLayer, Wanted, assets};
use support::Data;

const ROWS: usize = 24;
const COLS: usize = 6;
const GRANULES: usize = 20_000;

/// Granule `k` of those spread evenly over the Earth (a Fibonacci lattice).
fn granule(k: usize, granules: usize) -> Data {
    let lat = (1.0 - 2.0 * (k as f64 + 0.5) / granules as f64).asin().to_degrees() * 0.94;
    let lon = (k as f64 * 222.492_235_949_962).rem_euclid(360.0) - 180.0;
    let wide = 0.09 / lat.to_radians().cos();
    let place = |r: usize, c: usize| (lon + wide * (c as f64 - 2.5), lat + 0.09 * (r as f64 - 11.5));
    let all = || (0..ROWS).flat_map(|r| (0..COLS).map(move |c| place(r, c)));
    let lon = all().map(|p| seaglass_core::geo::wrap_180(p.0) as f32).collect();
    let lat = all().map(|p| p.1.clamp(-89.9, 89.9) as f32).collect();
    let swath = Swath::full([ROWS, COLS], CoordArray::F32(lon), CoordArray::F32(lat), vec![]).unwrap();
    Data::new(k as u64, Geolocation::Swath(swath), |_, _| 0.0)
}

fn values(wanted: &Wanted) -> Block {
    assert_eq!(wanted.apron, Apron::Edge);
    let values =
        (0..wanted.apron.len(wanted.window)).map(|k| (k as f32 * 0.37 + wanted.key.item as f32).sin()).collect();
    Block { window: wanted.window, apron: wanted.apron, values }
}

/// Milliseconds of a frame after a camera move, of one at rest, and draw calls.
fn measure(gpu: &Gpu, granules: usize, layers: usize) -> (f64, f64, usize) {
    let colormap = assets::colormaps().get("viridis").unwrap();
    let style = Style { range: Some([-1.0, 1.0]), ..Style::default() };
    // The layers show fields of the same granules.
    let places: Vec<Data> = (0..granules).map(|k| granule(k, granules)).collect();
    let layers: Vec<SceneLayer> = (0..layers)
        .map(|l| {
            let item = |d: &Data| SceneItem {
                item: d.item + (l * granules) as u64,
                geolocation: d.geolocation.clone(),
                components: Vec::new(),
            };
            SceneLayer { items: places.iter().map(item).collect(), ..places[0].layer(style.clone(), &colormap) }
        })
        .collect();
    let scene = |k: usize| {
        let target = LonLat::new((k % 10) as f64, 0.0);
        let camera = Camera { target, altitude_m: 4e7, projection: Projection::Equirectangular, ..Camera::default() };
        let mut scene = Scene { layers: layers.clone(), ..Scene::new(camera, SIZE) };
        scene.base.relief = false;
        scene.base.coastlines = false;
        scene.base.labels = false;
        scene
    };
    let mut renderer = Renderer::new(gpu, RendererOptions::default()).unwrap();
    let screen = Screen::new(gpu, SIZE);
    let start = Instant::now();
    common::settle(&mut renderer, &scene(0), &values);
    let ready = start.elapsed().as_secs_f64();
    let moving = median((1..8).map(|k| screen.frame(&mut renderer, &scene(k)).0).collect());
    let still = scene(7);
    let rest = median((0..7).map(|_| screen.frame(&mut renderer, &still).0).collect());
    screen.keep(&format!("granules-{granules}"));
    let s = renderer.stats();
    println!(
        "granules: {granules} in each of {} layers: ready_s={ready:.1} camera_ms={moving:.1} rest_ms={rest:.1} plan_ms={:.1} \
         draws={} patches={} tiles={} gpu_mib={} adapter=\"{}\"",
        layers.len(),
        s.plan_ms,
        s.draw_calls,
        s.patches,
        s.tiles_resident,
        s.gpu_bytes >> 20,
        gpu.adapter
    );
    (moving, rest, s.draw_calls)
}

fn main() {
    let Some(parts) = common::arguments() else { return };
    let layers = parts.first().and_then(|p| p.parse().ok()).unwrap_or(11);
    let Some(gpu) = support::gpu() else { return };
    let few = measure(&gpu, GRANULES / 10, layers);
    let many = measure(&gpu, GRANULES, layers);
    let verdict = if many.2 <= few.2 + layers { "reached" } else { "missed" };
    println!(
        "  ten times the granules: {} draw calls for {} (aim: none for each granule: {verdict}), {:.1} times the frame in \
         motion, {:.1} at rest",
        many.2,
        few.2,
        many.0 / few.0,
        many.1 / few.1
    );
}
