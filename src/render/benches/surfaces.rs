//! Frame times of surfaces beside other programs: the textured sphere, a curvilinear mesh of a million cells, a day of a
//! wide-swath altimeter. `cargo bench -p seaglass-render --bench surfaces`.
//!
//! Made in memory, of the size and seen from the distance of what other programs were timed with. A frame is planned, drawn
//! and read back after the camera has moved by a degree.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark may end with a message")]

mod common;
#[path = "../tests/support/mod.rs"]
mod support;

use std::sync::Arc;

use common::{SIZE, Screen, beside, median, settle};
use seaglass_core::camera::Camera;
use seaglass_core::coord::CoordArray;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::{Geolocation, Swath};
use seaglass_core::style::Style;
use seaglass_render::{Gpu, Renderer, RendererOptions, Scene, SceneItem, SceneLayer, assets};
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

/// A day or a cycle of an altimeter as it is opened: half orbits under a turning Earth, tie points, times of rows, all of one
/// layer. As `packaging/bench/inputs.py` writes it to files.
fn altimeter(passes: u64) -> Vec<Data> {
    const ROWS: usize = 9860;
    let half_orbit_s = 20.86455 * 86_400.0 / 584.0;
    let rows: Vec<u32> = (0..ROWS as u32).step_by(16).chain([ROWS as u32 - 1]).collect();
    let cols: Vec<u32> = vec![0, 17, 34, 51, 68];
    let one = |k: u64| {
        let second = |r: f64| (k as f64 + r / ROWS as f64) * half_orbit_s;
        let (mut lon, mut lat) = (Vec::new(), Vec::new());
        for r in &rows {
            let along = std::f64::consts::PI * (k as f64 + f64::from(*r) / ROWS as f64) - std::f64::consts::FRAC_PI_2;
            let node = 40.0 - 360.0 * second(f64::from(*r)) / 86_164.1;
            for c in &cols {
                let p = orbit_place(node, 77.6, along, (f64::from(*c) - 34.0) * 2000.0);
                lon.push(p.lon_deg);
                lat.push(p.lat_deg);
            }
        }
        let times = (0..ROWS).map(|r| 1_719_792_000_000_000 + (second(r as f64) * 1e6) as i64).collect();
        let (lon, lat) = (CoordArray::F64(lon), CoordArray::F64(lat));
        let swath = Swath::new([ROWS, 69], rows.clone(), cols.clone(), lon, lat, times).unwrap();
        Data::new(k, Geolocation::Swath(swath), move |r, c| {
            let off = (c as i64 - 34).abs();
            if !(5..=30).contains(&off) || (r / 900) % 3 == 2 {
                return f32::NAN;
            }
            // Whole tenths of a millimetre, as the files have them.
            let height = ((r as f32 + 311.0 * k as f32) * 0.01).sin() * ((c as f32) * 0.1).cos() * 0.3;
            (f64::from((height * 1e4).round()) * 1e-4) as f32
        })
    };
    (0..passes).map(one).collect()
}

/// Processor milliseconds of a frame of half orbits in one layer on the whole Earth, after the camera has moved a little.
fn passes(gpu: &Gpu, name: &str, data: &[Data], packed: bool) -> f64 {
    const FRAMES: usize = 30;
    let mut renderer = Renderer::new(gpu, RendererOptions { packed, ..RendererOptions::default() }).unwrap();
    let screen = Screen::new(gpu, SIZE);
    let balance = assets::colormaps().get("cmocean_balance").unwrap();
    let style = Style { range: Some([-0.3, 0.3]), ..Style::default() };
    let item = |d: &Data| SceneItem { item: d.item, geolocation: Arc::clone(&d.geolocation), components: Vec::new() };
    let scene = |k: usize| {
        let phase = (k % FRAMES) as f64 * 0.7;
        let target = LonLat::new(-156.0 + 0.4 * phase.cos(), -20.0 + 0.4 * phase.sin());
        let camera = Camera { target, altitude_m: 15_000_000.0, ..Camera::default() };
        let items = data.iter().map(item).collect();
        let layers = vec![SceneLayer { items, ..data[0].layer(style.clone(), &balance) }];
        Scene { layers, ..Scene::new(camera, SIZE) }
    };
    let read = |wanted: &seaglass_render::Wanted| data.iter().find(|d| d.item == wanted.key.item).unwrap().read(wanted);
    (0..FRAMES).for_each(|k| settle(&mut renderer, &scene(k), &read));
    let (mut plan, mut render) = (Vec::new(), Vec::new());
    let cpu = common::cpu_ms();
    let frame = |k: usize| {
        let ms = screen.frame(&mut renderer, &scene(k)).0;
        plan.push(f64::from(renderer.stats().plan_ms));
        render.push(f64::from(renderer.stats().render_ms));
        ms
    };
    let ms = median((0..FRAMES).map(frame).collect());
    let cpu = (common::cpu_ms() - cpu) / FRAMES as f64;
    screen.keep(name);
    let s = renderer.stats();
    println!(
        "{name}: camera_ms={ms:.1} cpu_ms={cpu:.1} plan_ms={:.1} record_ms={:.1} patches={} vertices={} draws={} gpu_mib={}",
        median(plan),
        median(render),
        s.patches,
        s.vertices,
        s.draw_calls,
        s.gpu_bytes >> 20
    );
    cpu
}

/// Work of the frames in which half orbits come, a few tiles each as readers bring them, beside a frame with all of them.
fn loading(gpu: &Gpu, data: &[Data], new_ms_per_frame: f32) {
    const TILES: usize = 6;
    let options = RendererOptions { new_ms_per_frame, ..RendererOptions::default() };
    let mut renderer = Renderer::new(gpu, options).unwrap();
    let screen = Screen::new(gpu, SIZE);
    let balance = assets::colormaps().get("cmocean_balance").unwrap();
    let style = Style { range: Some([-0.3, 0.3]), ..Style::default() };
    let item = |d: &Data| SceneItem { item: d.item, geolocation: Arc::clone(&d.geolocation), components: Vec::new() };
    let camera = Camera { target: LonLat::new(-156.0, -20.0), altitude_m: 15_000_000.0, ..Camera::default() };
    let scene = |lon_deg: f64, items: &[Data]| {
        let camera = Camera { target: LonLat::new(lon_deg, -20.0), ..camera };
        let items = items.iter().map(item).collect();
        let layers = vec![SceneLayer { items, ..data[0].layer(style.clone(), &balance) }];
        Scene { layers, ..Scene::new(camera, SIZE) }
    };
    let empty = Scene { layers: Vec::new(), ..Scene::new(camera, SIZE) };
    settle(&mut renderer, &empty, &|_| unreachable!("nothing is wanted"));
    screen.frame(&mut renderer, &empty);
    let lon_deg = |k: usize| -156.0 + 0.4 * (k as f64 * 0.7).cos();
    let mut frames = Vec::new();
    loop {
        let scene = scene(lon_deg(frames.len()), data);
        let start = std::time::Instant::now();
        let plan = renderer.plan(&scene);
        screen.draw(&mut renderer, &scene);
        frames.push(start.elapsed().as_secs_f64() * 1e3);
        for wanted in plan.wanted.iter().take(TILES) {
            renderer.supply(wanted.key, data.iter().find(|d| d.item == wanted.key.item).unwrap().read(wanted));
        }
        if plan.complete || frames.len() > 2000 {
            break;
        }
    }
    let idle = median((0..20).map(|k| screen.frame(&mut renderer, &scene(lon_deg(k), data)).0).collect());
    let count = frames.len();
    frames.sort_by(f64::total_cmp);
    let p99 = frames[(count - 1) * 99 / 100];
    println!(
        "loading {} half orbits, new_ms={new_ms_per_frame}: {count} frames, median_ms={:.1} p99_ms={p99:.1} worst_ms={:.1}, \
         idle_ms={idle:.1}: p99 / idle {:.2}",
        data.len(),
        frames[count / 2],
        frames[count - 1],
        p99 / idle
    );
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
    if wanted("loading") {
        let all = altimeter(584);
        for data in [&all[..28], &all] {
            [f32::INFINITY, RendererOptions::default().new_ms_per_frame].iter().for_each(|ms| loading(&gpu, data, *ms));
        }
    }
    if wanted("cycle") {
        let all = altimeter(584);
        let one = passes(&gpu, "1 half orbit", &all[..1], true);
        let day = passes(&gpu, "28 half orbits", &all[..28], true);
        let cycle = passes(&gpu, "584 half orbits", &all, true);
        let floats = passes(&gpu, "584 half orbits as floats", &all, false);
        println!("  a cycle / a day, work of a frame: {:.2} (limit 1.5); a day / one {:.2}", cycle / day, day / one);
        println!("  numbers of 16 bits / floats, work of a frame: {:.2}", cycle / floats);
    }
}
