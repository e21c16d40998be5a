//! Pictures of streamlines: the same every time, nothing over land, on the device as on the CPU.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use seaglass_core::camera::Camera;
use seaglass_core::geo::LonLat;
use seaglass_core::projection::Projection;
use seaglass_core::style::{Method, StreamStyle, Style};
use seaglass_render::{Gpu, Renderer, RendererOptions, Scene, SceneLayer, assets};
use support::{Data, bare, grid, keep, picture};

const STEP: f64 = 0.5;

fn place(r: usize, c: usize) -> LonLat {
    LonLat::new(-180.0 + STEP / 2.0 + c as f64 * STEP, -90.0 + STEP / 2.0 + r as f64 * STEP)
}

fn land(p: LonLat) -> bool {
    p.lat_deg.abs() < 35.0 && (20.0..50.0).contains(&p.lon_deg)
}

/// East and north of eddies along a jet, with an island continent.
fn data() -> Vec<Data> {
    let geolocation = || grid((-90.0 + STEP / 2.0, STEP, 360), (-180.0 + STEP / 2.0, STEP, 720));
    let flow = |r: usize, c: usize| {
        let p = place(r, c);
        let (x, y) = (p.lon_deg.to_radians(), p.lat_deg.to_radians());
        let e = 0.5 * (3.0 * y).cos() + 0.6 * (9.0 * y).sin() * (6.0 * x).cos();
        let n = -0.4 * (9.0 * y).cos() * (6.0 * x).sin() * y.cos();
        if land(p) { [f32::NAN; 3] } else { [e.hypot(n) as f32, e as f32, n as f32] }
    };
    (0..3).map(|k| Data::new(1 + k as u64, geolocation(), move |r, c| flow(r, c)[k])).collect()
}

fn layer(data: &[Data], stream: StreamStyle, map: &str) -> SceneLayer {
    let style =
        Style { method: Method::Streamlines, range: Some([0.0, 1.2]), size_pt: 1.5, stream, ..Style::default() };
    let mut layer = data[0].layer(style, &assets::colormaps().get(map).unwrap());
    layer.items[0].components = vec![2, 3];
    layer.knots_per_unit = 3600.0 / 1852.0;
    layer
}

fn renderer(gpu: &Gpu, particles_on_cpu: bool) -> Renderer {
    Renderer::new(gpu, RendererOptions { synchronous: true, particles_on_cpu, ..RendererOptions::default() }).unwrap()
}

fn views() -> Vec<(&'static str, Camera)> {
    let camera = |lon, lat, altitude_m, projection: Projection| {
        let target = LonLat::new(lon, lat);
        Camera { target, altitude_m, projection: projection.about(target), ..Camera::default() }
    };
    vec![
        ("globe", camera(10.0, 20.0, 1.4e7, Projection::Globe)),
        ("tilted", Camera { tilt_deg: 55.0, ..camera(60.0, 30.0, 2.5e6, Projection::Globe) }),
        ("mercator", camera(178.0, 10.0, 1.6e7, Projection::Mercator)),
        ("polar", camera(0.0, 89.0, 9e6, Projection::PolarNorth)),
        (
            "equal-earth",
            camera(0.0, 0.0, 2.4e7, Projection::Plane(seaglass_core::projection::Plane::EqualEarth { lon_deg: 0 })),
        ),
    ]
}

fn scene(camera: Camera, data: &[Data], stream: StreamStyle) -> Scene {
    Scene { layers: vec![layer(data, stream, "viridis")], seconds: 2.0, ..bare(camera, [640, 480]) }
}

fn ink(image: &image::RgbaImage) -> u64 {
    image.pixels().map(|p| u64::from(p[3])).sum()
}

#[test]
fn pictures_are_the_same_every_time_and_on_both_engines() {
    let Some(gpu) = support::gpu() else { return };
    let data = data();
    for (name, camera) in views() {
        let scene = scene(camera, &data, StreamStyle { particles: 3000, ..StreamStyle::default() });
        let once = picture(&mut renderer(&gpu, false), &scene, &data);
        keep(&once, &format!("streams-{name}"));
        assert!(ink(&once) > 255 * 640 * 480 / 100, "{name}: hardly anything is drawn ({})", ink(&once));
        let again = picture(&mut renderer(&gpu, false), &scene, &data);
        assert!(once == again, "{name}: not the same picture");
        let cpu = picture(&mut renderer(&gpu, true), &scene, &data);
        let differs = once.pixels().zip(cpu.pixels()).filter(|(a, b)| a[3].abs_diff(b[3]) > 40).count();
        assert!(differs < 640 * 480 / 200, "{name}: {differs} pixels differ on the CPU");
    }
}

#[test]
fn nothing_is_drawn_over_land() {
    let Some(gpu) = support::gpu() else { return };
    let data = data();
    let target = LonLat::new(35.0, 10.0);
    let camera = Camera { target, altitude_m: 6e6, projection: Projection::Mercator, ..Camera::default() };
    let scene = scene(camera, &data, StreamStyle { particles: 8000, ..StreamStyle::default() });
    let image = picture(&mut renderer(&gpu, false), &scene, &data);
    keep(&image, "streams-land");
    let view = scene.view();
    let (mut inside, mut around) = (0, 0);
    for (x, y, pixel) in image.enumerate_pixels() {
        // Four pixels within the coast: width of a line and the spacing of the flow.
        let deep = [(0.0, 0.0), (4.0, 0.0), (-4.0, 0.0), (0.0, 4.0), (0.0, -4.0)].iter().all(|(dx, dy)| {
            let px = glam::DVec2::new(f64::from(x) + 0.5 + dx, f64::from(y) + 0.5 + dy);
            view.lonlat_from_screen(px).is_some_and(land)
        });
        if deep {
            assert_eq!(pixel[3], 0, "ink over land at {x} {y}");
            inside += 1;
        } else {
            around += u32::from(pixel[3] > 0);
        }
    }
    assert!(inside > 50_000 && around > 8_000, "{inside} pixels of land, {around} with ink");
}

#[test]
fn frozen_ones_stand_still_and_others_do_not() {
    let Some(gpu) = support::gpu() else { return };
    let data = data();
    let (_, camera) = views().remove(0);
    for frozen in [true, false] {
        let mut renderer = renderer(&gpu, false);
        let mut scene = scene(camera, &data, StreamStyle { particles: 2000, frozen, ..StreamStyle::default() });
        let first = picture(&mut renderer, &scene, &data);
        scene.seconds += 0.4;
        let second = picture(&mut renderer, &scene, &data);
        assert_eq!(first == second, frozen);
    }
}

/// Over the base map and over its own cells, for looking at.
#[test]
fn one_colour_over_the_base_map() {
    let Some(gpu) = support::gpu() else { return };
    let data = data();
    for (name, camera) in views() {
        let white = StreamStyle { particles: 6000, colour: Some([255; 3]), ..StreamStyle::default() };
        let cells = Style { range: Some([0.0, 1.2]), ..Style::default() };
        let below = data[0].layer(cells, &assets::colormaps().get("cmocean_speed").unwrap());
        let lines = layer(&data, white, "viridis");
        let scene = Scene { layers: vec![below, lines], seconds: 1.0, ..Scene::new(camera, [1280, 800]) };
        // The item is drawn as cells and by its components in one scene.
        let image = picture(&mut renderer(&gpu, false), &scene, &data);
        keep(&image, &format!("streams-over-{name}"));
        let white = image.pixels().filter(|p| p.0[..3].iter().all(|c| *c > 235)).count();
        assert!(white > 600, "{name}: {white} white pixels");
    }
}
