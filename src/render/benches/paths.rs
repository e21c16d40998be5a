//! Frame times of millions of dots and of thousands of trajectories, beside a tenth of them:
//! `cargo bench -p seaglass-render --bench paths -- [dots|trails|small]`.
//!
//! Made in memory. A frame is planned, drawn and read back after a camera move, as other programs were timed: 1280 × 800,
//! dots of 2 px. In motion a window draws what its budget and the pixels allow; once it rests it goes on to draw all that
//! pixels can show: both are printed.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark may end with a message")]

mod common;

use std::sync::Arc;
use std::time::Instant;

use common::{SIZE, Screen, beside, median, settle};
use seaglass_core::camera::Camera;
use seaglass_core::coord::CoordArray;
use seaglass_core::field::Block;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::{Geolocation, Series};
use seaglass_core::style::{Method, Style};
use seaglass_core::time::{Time, TimeSpan};
use seaglass_render::{Clock, Gpu, Renderer, RendererOptions, Scene, SceneItem, SceneLayer, Wanted, assets};

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
        shown: seaglass_core::style::Shown::default(),
        knots_per_unit: 3600.0 / 1852.0,
        side: None,
    };
    let mut scene = Scene { layers: vec![layer], clock, ..Scene::new(camera, SIZE) };
    scene.base.relief = false;
    scene.base.coastlines = false;
    scene.base.borders = false;
    scene.base.labels = false;
    scene
}

/// What was measured, ms.
struct Frames {
    /// After a camera move.
    camera: f64,
    /// After the clock has moved.
    clock: f64,
}

fn values(wanted: &Wanted) -> Block {
    let w = wanted.window;
    let values = (0..w.rows).map(|k| ((w.row + k * w.stride) % 997) as f32 / 997.0).collect();
    Block { window: w, apron: wanted.apron, values }
}

fn measure(
    name: &str,
    series: Series,
    style: &Style,
    dots: bool,
    window: impl Fn(usize) -> Option<TimeSpan>,
) -> Frames {
    let n = series.lon.len();
    let geolocation = Arc::new(if dots { Geolocation::Points(series) } else { Geolocation::Track(series) });
    let gpu = Gpu::headless().unwrap();
    let mut renderer = Renderer::new(&gpu, RendererOptions::default()).unwrap();
    let screen = Screen::new(&gpu, SIZE);
    let start = Instant::now();
    let scene = |t: usize, k: usize| scene(&geolocation, style.clone(), window(t), k);
    settle(&mut renderer, &scene(0, 0), &values);
    let ready = start.elapsed().as_secs_f64();
    let before = common::cpu_ms();
    let camera = median((1..22).map(|k| screen.frame(&mut renderer, &scene(0, k)).0).collect());
    let (drawn, plan_ms) = (renderer.stats().vertices / 4, renderer.stats().plan_ms);
    let camera_cpu = (common::cpu_ms() - before) / 21.0;
    screen.keep(&format!("{name}-moving"));
    let rest = screen.rest(&mut renderer, &scene(0, 5));
    screen.keep(&format!("{name}-rest"));
    let (full, rest_drawn, held) = (rest.last().copied().unwrap(), renderer.stats().vertices / 4, renderer.stats());
    let clock = median((1..12).map(|t| screen.frame(&mut renderer, &scene(t, 5)).0).collect());
    let uploaded = renderer.stats().gpu_bytes.saturating_sub(held.gpu_bytes);
    println!(
        "{name}: samples={n} ready_s={ready:.1} camera_ms={camera:.1} camera_cpu_ms={camera_cpu:.0} \
         plan_ms={plan_ms:.1} clock_ms={clock:.1} rest_frames={} rest_ms={full:.1} \
         rest_total_ms={:.1} drawn={drawn} rest_drawn={rest_drawn} draws={} gpu_mib={} clock_uploaded_bytes={uploaded} \
         adapter=\"{}\"",
        rest.len(),
        rest.iter().sum::<f64>(),
        held.draw_calls,
        held.gpu_bytes >> 20,
        gpu.adapter
    );
    Frames { camera, clock }
}

fn dots(small: bool) {
    let style = Style { method: Method::Points, size_pt: 2.0, range: Some([0.0, 1.0]), ..Style::default() };
    let of = |drifters: usize| {
        measure(&format!("dots-{}", drifters * 2000), walks(drifters, 2000, 1, 0.025), &style, true, |_| None)
    };
    let one = of(500);
    beside("1 M dots, camera moving", one.camera, "VTK", 126.0, 3.0);
    if small {
        return;
    }
    let ten = of(5000);
    beside("10 M dots, camera moving", ten.camera, "VTK", 1032.0, 10.0);
    println!("  10 M / 1 M dots: {:.2} times the frame", ten.camera / one.camera);
}

fn trails(small: bool) {
    let style = Style { method: Method::Line, size_pt: 1.5, range: Some([0.0, 1.0]), ..Style::default() };
    // Ten days up to the clock, which runs on by an hour a frame.
    let window = |t: usize| {
        let now = START_US + (30 * 24 + t as i64) * HOUR_US;
        Some(TimeSpan::new(Time::from_micros(now - 240 * HOUR_US), Time::from_micros(now)))
    };
    let drifters = if small { 5000 } else { 25_000 };
    // 0.3 m/s for an hour.
    let of = |hours: usize| {
        measure(&format!("trails-{drifters}x{hours}h"), walks(drifters, hours, 1, 0.01), &style, false, window)
    };
    let (tenth, year) = (of(876), of(8760));
    println!(
        "  {drifters} drifters hourly, a year / a tenth of it, 10 days shown: camera moving {:.2}, clock moving {:.2} times \
         the frame",
        year.camera / tenth.camera,
        year.clock / tenth.clock
    );
}

fn main() {
    let Some(arguments) = common::arguments() else { return };
    let small = arguments.iter().any(|a| a == "small");
    let wanted = |name: &str| !arguments.iter().any(|a| a != "small") || arguments.iter().any(|a| a == name);
    if wanted("dots") {
        dots(small);
    }
    if wanted("trails") {
        trails(small);
    }
}
