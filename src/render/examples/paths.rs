//! Frame times of millions of dots and of thousands of trajectories, beside a tenth of them:
//! `cargo run --release -p seaglass-render --example paths -- [dots|trails]`.
//!
//! Made in memory. A frame is planned, drawn and read back after a camera move, as `packaging/bench` times other programs:
//! 1280 × 800, dots of 2 px. A picture plans anew in the same place, so that every frame is that of a resting view, with
//! all dots that pixels can show; a window in motion draws fewer.
//! VTK 126 ms for a million of them and 1032 ms for ten on two cores without a graphics card.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "an example may panic")]

use std::sync::Arc;
use std::time::Instant;

use seaglass_core::camera::Camera;
use seaglass_core::coord::CoordArray;
use seaglass_core::field::Block;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::{Geolocation, Series};
use seaglass_core::style::{Method, Style};
use seaglass_core::time::{Time, TimeSpan};
use seaglass_render::{Clock, Gpu, Renderer, RendererOptions, Scene, SceneItem, SceneLayer, assets};

const SIZE: [u32; 2] = [1280, 800];
const HOUR_US: i64 = 3_600_000_000;
const START_US: i64 = 1_704_067_200_000_000;

/// Noise between -1 and 1 (xorshift).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// Random walks of so many trajectories with so many fixes each, `every_h` hours apart; their last `kept` fixes.
fn walks(trajectories: usize, fixes: usize, every_h: i64, step_deg: f64) -> Series {
    let n = trajectories * fixes;
    let (mut lon, mut lat, mut time_us) = (Vec::with_capacity(n), Vec::with_capacity(n), Vec::with_capacity(n));
    let mut noise = Noise(88_172_645_463_325_252);
    for _ in 0..trajectories {
        let (mut x, mut y) = (noise.next() * 180.0, (noise.next() * 0.95).asin().to_degrees());
        for k in 0..fixes {
            // The sum of two is near enough to normal.
            x += (noise.next() + noise.next()) * step_deg * 1.2;
            y = (y + (noise.next() + noise.next()) * step_deg * 0.8).clamp(-89.0, 89.0);
            lon.push(seaglass_core::geo::wrap_180(x) as f32);
            lat.push(y as f32);
            time_us.push(START_US + k as i64 * every_h * HOUR_US);
        }
    }
    let starts = (0..trajectories).map(|t| t * fixes).collect();
    Series { lon: CoordArray::F32(lon), lat: CoordArray::F32(lat), time_us, starts }
}

fn scene(geolocation: &Arc<Geolocation>, style: Style, window: Option<TimeSpan>, k: usize) -> Scene {
    let phase = if k % 20 < 10 { k % 10 } else { 10 - k % 10 } as f64;
    let camera = Camera { target: LonLat::new(-20.0 + phase, 0.0), altitude_m: 1.9e7, ..Camera::default() };
    let items = vec![SceneItem { item: 1, geolocation: Arc::clone(geolocation), components: Vec::new() }];
    let colormap = assets::colormaps().get("viridis").unwrap();
    let clock = window.map(|window| Clock { now: window.stop, window });
    let layer = SceneLayer {
        style,
        colormap,
        items,
        highlight: None,
        times: window,
        offset: 0.0,
        knots_per_unit: 3600.0 / 1852.0,
    };
    let mut scene = Scene { layers: vec![layer], clock, ..Scene::new(camera, SIZE) };
    scene.base.relief = false;
    scene.base.coastlines = false;
    scene.base.borders = false;
    scene.base.labels = false;
    scene
}

/// Median frame after a camera move, and after a move of the clock; and one with nothing moved, ms.
fn measure(name: &str, series: Series, style: &Style, dots: bool, window: impl Fn(usize) -> Option<TimeSpan>) -> f64 {
    let n = series.lon.len();
    let geolocation = Arc::new(if dots { Geolocation::Points(series) } else { Geolocation::Track(series) });
    let gpu = Gpu::headless().unwrap();
    let mut renderer = Renderer::new(&gpu, RendererOptions::default()).unwrap();
    let start = Instant::now();
    // Two plans in one place, so that the view rests.
    loop {
        let plan = renderer.plan(&scene(&geolocation, style.clone(), window(0), 0));
        for wanted in &plan.wanted {
            let w = wanted.window;
            let values = (0..w.rows).map(|k| ((w.row + k * w.stride) % 997) as f32 / 997.0).collect();
            renderer.supply(wanted.key, Block { window: w, apron: wanted.apron, values });
        }
        if plan.complete {
            break;
        }
    }
    let ready = start.elapsed().as_secs_f64();
    let frame = |renderer: &mut Renderer, k: usize, t: usize| {
        let scene = scene(&geolocation, style.clone(), window(t), k);
        let start = Instant::now();
        renderer.plan(&scene);
        let image = renderer.render_image(&scene).unwrap();
        (start.elapsed().as_secs_f64() * 1e3, image)
    };
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let camera = median((1..22).map(|k| frame(&mut renderer, k, 0).0).collect());
    let drawn = renderer.stats().vertices / 4;
    frame(&mut renderer, 5, 0);
    let clock = median((0..11).map(|t| frame(&mut renderer, 5, t).0).collect());
    let (rest, image) = frame(&mut renderer, 5, 0);
    if let Some(folder) = std::env::var_os("SEAGLASS_TEST_PICTURES") {
        image.save(std::path::PathBuf::from(folder).join(format!("{name}.png"))).unwrap();
    }
    let s = renderer.stats();
    println!(
        "{name}: samples={n} ready_s={ready:.1} camera_ms={camera:.1} clock_ms={clock:.1} rest_ms={rest:.1} drawn={drawn} \
         rest_drawn={} draws={} gpu_mib={} adapter=\"{}\"",
        s.vertices / 4,
        s.draw_calls,
        s.gpu_bytes >> 20,
        gpu.adapter
    );
    camera
}

fn main() {
    let only = std::env::args().nth(1);
    let wanted = |name: &str| only.as_deref().is_none_or(|o| o == name);
    if wanted("dots") {
        let style = Style { method: Method::Points, size_pt: 2.0, range: Some([0.0, 1.0]), ..Style::default() };
        let of =
            |drifters| measure(&format!("dots-{drifters}"), walks(drifters, 2000, 1, 0.025), &style, true, |_| None);
        let (one, ten) = (of(500), of(5000));
        println!(
            "dots: 10 M / 1 M = {:.2}; VTK / ours = {:.1} at 1 M, {:.1} at 10 M",
            ten / one,
            126.0 / one,
            1032.0 / ten
        );
    }
    if wanted("trails") {
        let style = Style { method: Method::Line, size_pt: 1.5, range: Some([0.0, 1.0]), ..Style::default() };
        // Ten days up to the clock, which runs on by an hour a frame; the year of 8760 hours at a fix every six.
        let window = |t: usize| {
            let now = START_US + (36 * 24 + t as i64) * HOUR_US;
            Some(TimeSpan::new(Time::from_micros(now - 240 * HOUR_US), Time::from_micros(now)))
        };
        let of = |fixes| measure(&format!("trails-{fixes}"), walks(25_000, fixes, 6, 0.06), &style, false, window);
        let (tenth, year) = (of(146), of(1460));
        println!("trails: a year / a tenth of it = {:.2}", year / tenth);
    }
}
