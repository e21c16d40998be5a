//! What a window draws at rest is what there is: dots and lines that were left out in motion come back, none is lost or
//! moved, over the dateline and at the poles too.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use glam::DVec2;
use seaglass_core::camera::Camera;
use seaglass_core::coord::CoordArray;
use seaglass_core::geo::{LonLat, wrap_180};
use seaglass_core::geolocation::{Geolocation, Series};
use seaglass_core::projection::Projection;
use seaglass_core::style::{Method, Style};
use seaglass_core::time::{Time, TimeSpan};
use seaglass_render::{Clock, Gpu, Renderer, RendererOptions, Scene, SceneLayer};
use support::{Data, bare, keep, marker, picture, ramp, renderer, unit_style};

const SIZE: [u32; 2] = [640, 480];
const HOUR: i64 = 3_600_000_000;
/// Diameter of dots, pixels.
const DOT_PX: f64 = 4.0;

fn window(gpu: &Gpu) -> Renderer {
    Renderer::new(gpu, RendererOptions::default()).unwrap()
}

/// Plans in one place until all that a resting view can have is there.
fn rest(renderer: &mut Renderer, scene: &Scene, data: &[Data]) -> image::RgbaImage {
    for _ in 0..20_000 {
        let plan = renderer.plan(scene);
        if plan.complete {
            return renderer.render_image(scene).unwrap();
        }
        for wanted in &plan.wanted {
            renderer.supply(wanted.key, data.iter().find(|d| d.item == wanted.key.item).unwrap().read(wanted));
        }
        if plan.wanted.is_empty() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
    panic!("the picture never became complete");
}

/// Numbers from 0 to 1, with no order (Weyl's sequence of the square root of a prime).
fn spread(k: usize, root: f64) -> f64 {
    (k as f64 * root).fract()
}

/// A dense field over the dateline, one at each pole, and a few dots everywhere.
fn places() -> Vec<LonLat> {
    let (a, b) = (2f64.sqrt(), 3f64.sqrt());
    let field = |k: usize| LonLat::new(wrap_180(176.0 + 8.0 * spread(k, a)), 8.0 * spread(k, b) - 4.0);
    let polar = |k: usize| {
        let lat = 90.0 - 4.0 * spread(k, a).sqrt();
        LonLat::new(wrap_180(360.0 * spread(k, b)), if k.is_multiple_of(2) { lat } else { -lat })
    };
    let lone = |k: usize| LonLat::new(wrap_180(360.0 * spread(k, a)), (2.0 * spread(k, b) - 1.0).asin().to_degrees());
    (1..160_001).map(field).chain((1..90_001).map(polar)).chain((1..3001).map(lone)).collect()
}

/// Compares a picture with every dot looked at: pixels well inside of any are drawn, those outside of all are not.
fn check(image: &image::RgbaImage, scene: &Scene, places: &[LonLat], name: &str) {
    let view = scene.view();
    let [width, height] = SIZE.map(|n| n as usize);
    // Distance of each pixel's middle from the nearest dot.
    let mut nearest = vec![f64::INFINITY; width * height];
    for px in places.iter().filter_map(|p| view.screen_from_lonlat(*p)) {
        let reach = DOT_PX;
        let range =
            |x: f64, n: usize| (x - reach).floor().max(0.0) as usize..((x + reach).ceil().max(0.0) as usize).min(n);
        for y in range(px.y, height) {
            for x in range(px.x, width) {
                let d = px.distance(DVec2::new(x as f64 + 0.5, y as f64 + 0.5));
                let held = &mut nearest[y * width + x];
                *held = held.min(d);
            }
        }
    }
    let (mut inside, mut outside) = (0, 0);
    for (k, d) in nearest.iter().enumerate() {
        let p = image.get_pixel((k % width) as u32, (k / width) as u32);
        if *d < DOT_PX / 2.0 - 0.75 {
            inside += 1;
            assert!(p[3] > 230, "{name}: a dot is missing at {} {}: {p:?}", k % width, k / width);
        } else if *d > DOT_PX / 2.0 + 1.25 {
            // Beyond the dark casing, too.
            outside += 1;
            assert!(p[3] < 25, "{name}: something is drawn at {} {}: {p:?}", k % width, k / width);
        }
    }
    assert!(inside > 1500 && outside > 100_000, "{name}: {inside} {outside}");
}

#[test]
fn dots_at_rest_are_all_there() {
    let Some(gpu) = support::gpu() else { return };
    let places = places();
    let series = support::series(&places, vec![]);
    // Red east of the dateline, else blue.
    let west: Vec<bool> = places.iter().map(|p| p.lon_deg < 0.0).collect();
    let data = Data::new(1, Geolocation::Points(series), move |k, _| if west[k] { 0.9 } else { 0.1 });
    let data = std::slice::from_ref(&data);
    let style = Style { method: Method::Points, size_pt: DOT_PX as f32, ..unit_style() };
    let mut at_rest = window(&gpu);
    for (k, (projection, target)) in [
        (Projection::Globe, LonLat::new(179.0, 2.0)),
        (Projection::Globe, LonLat::new(30.0, 89.0)),
        (Projection::Equirectangular, LonLat::new(-179.5, 1.0)),
        (Projection::PolarSouth, LonLat::new(10.0, -88.0)),
    ]
    .into_iter()
    .enumerate()
    {
        let camera = Camera { target, altitude_m: 9e6, projection, ..Camera::default() };
        let scene = |camera| Scene { layers: vec![data[0].layer(style.clone(), &marker())], ..bare(camera, SIZE) };
        let resting = scene(camera);
        let image = rest(&mut at_rest, &resting, data);
        keep(&image, &format!("refine_{k}"));
        check(&image, &resting, &places, &format!("{projection:?} at rest"));
        // The order in which dots lie over each other is that of places, not of the file: no pixel has both colours' mix.
        let mixed = image.pixels().filter(|p| p[3] == 255 && p[0] > 40 && p[2] > 40).count();
        assert!(mixed < 400, "{mixed} pixels of two colours");
        // On the way fewer are drawn; at rest again the picture is the same.
        let full = at_rest.stats().vertices;
        let moved = Camera { target: LonLat::new(target.lon_deg, target.lat_deg * 0.9), ..camera };
        at_rest.plan(&scene(moved));
        let plan = at_rest.plan(&resting);
        if gpu.software {
            assert!(!plan.complete, "{projection:?}: a frame in motion is not the last");
        }
        let texture = target_of(&gpu);
        at_rest.render(&resting, &texture, wgpu::TextureFormat::Rgba8Unorm);
        assert!(at_rest.stats().vertices <= full);
        let again = rest(&mut at_rest, &resting, data);
        assert!(image == again, "{projection:?}: the same view at rest is the same picture");
        // Pictures that wait for everything pass the same check.
        let mut complete = renderer(&gpu);
        let exported = picture(&mut complete, &resting, data);
        check(&exported, &resting, &places, &format!("{projection:?} exported"));
    }
}

fn target_of(gpu: &Gpu) -> wgpu::TextureView {
    let size = wgpu::Extent3d { width: SIZE[0], height: SIZE[1], depth_or_array_layers: 1 };
    let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: None,
        size,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rgba8Unorm,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT,
        view_formats: &[],
    });
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}

#[test]
fn lines_at_rest_are_those_of_a_picture() {
    let Some(gpu) = support::gpu() else { return };
    // 400 drifters of 400 hours, each in a small circle of its own.
    let (drifters, hours) = (400usize, 400usize);
    let place = |k: usize| {
        let (d, h) = (k / hours, k % hours);
        let turn = h as f64 * 0.05 + d as f64;
        let (lon, lat) = ((d % 20) as f64 * 2.0 + 160.0, (d / 20) as f64 * 2.0 - 20.0);
        LonLat::new(wrap_180(lon + 0.9 * turn.cos()), lat + 0.9 * turn.sin())
    };
    let all: Vec<LonLat> = (0..drifters * hours).map(place).collect();
    let track = Series {
        lon: CoordArray::F64(all.iter().map(|p| p.lon_deg).collect()),
        lat: CoordArray::F64(all.iter().map(|p| p.lat_deg).collect()),
        time_us: (0..all.len()).map(|k| (k % hours) as i64 * HOUR).collect(),
        starts: (0..drifters).map(|d| d * hours).collect(),
    };
    let data = Data::new(1, Geolocation::Track(track), |k, _| (k % 400) as f32 / 400.0);
    let data = std::slice::from_ref(&data);
    let style = Style { method: Method::Line, size_pt: 1.5, ..unit_style() };
    let shown = TimeSpan::new(Time::from_micros(100 * HOUR), Time::from_micros(340 * HOUR));
    let scene = |camera: Camera| {
        let layer = SceneLayer { times: Some(shown), ..data[0].layer(style.clone(), &ramp()) };
        let clock = Some(Clock { now: shown.stop, window: shown });
        Scene { layers: vec![layer], clock, ..bare(camera, SIZE) }
    };
    for projection in [Projection::Globe, Projection::Mercator] {
        let camera = Camera { target: LonLat::new(179.0, 0.0), altitude_m: 4e6, projection, ..Camera::default() };
        let expected = picture(&mut renderer(&gpu), &scene(camera), data);
        let mut at_rest = window(&gpu);
        rest(&mut at_rest, &scene(Camera { altitude_m: 4.4e6, ..camera }), data);
        let plan = at_rest.plan(&scene(camera));
        at_rest.render(&scene(camera), &target_of(&gpu), wgpu::TextureFormat::Rgba8Unorm);
        let moving = at_rest.stats().vertices;
        let image = rest(&mut at_rest, &scene(camera), data);
        keep(&image, &format!("refine_lines_{projection:?}"));
        assert!(image == expected, "{projection:?}: at rest every segment is drawn");
        if gpu.software {
            let full = at_rest.stats().vertices;
            assert!(!plan.complete && moving * 3 < full * 2, "{moving} in motion, {full} at rest");
        }
    }
}
