//! What a span of time hides of a swath's rows is hidden whatever draws them; symbols end where their map does; particles
//! meet the colours below as layers say.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use glam::DVec2;
use seaglass_core::camera::Camera;
use seaglass_core::coord::CoordArray;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::{Geolocation, Swath};
use seaglass_core::projection::Projection;
use seaglass_core::style::{Blend, ContourStyle, Method, StreamStyle, Style, TimeStyle};
use seaglass_core::time::{Time, TimeSpan};
use seaglass_render::{Clock, Scene, SceneLayer};
use support::{Data, bare, grid, keep, marker, picture, renderer, unit_style};

const SIZE: [u32; 2] = [640, 480];
const MINUTE: i64 = 60_000_000;
/// 2024-08-11T00:00Z.
const START: i64 = 1_723_334_400_000_000;
const ROWS: usize = 96;
const COLS: usize = 64;
const STEP: f64 = 0.05;

fn lat_of(row: f64) -> f64 {
    (row - (ROWS as f64 - 1.0) / 2.0) * STEP
}

/// Three fields on rows going north, a row a minute.
fn data() -> Vec<Data> {
    let (mut lon, mut lat) = (Vec::new(), Vec::new());
    for r in 0..ROWS {
        for c in 0..COLS {
            lon.push((c as f64 - (COLS as f64 - 1.0) / 2.0) * STEP);
            lat.push(lat_of(r as f64));
        }
    }
    let times = (0..ROWS as i64).map(|r| START + r * MINUTE).collect();
    let swath = Swath::full([ROWS, COLS], CoordArray::F64(lon), CoordArray::F64(lat), times).unwrap();
    let values: [fn(usize, usize) -> f32; 3] = [
        |r, c| 0.5 + 0.4 * ((c as f32) * 0.3).sin() * ((r as f32) * 0.11).cos(),
        |_, _| 0.7,
        |r, _| if r % 2 == 0 { 0.5 } else { 0.6 },
    ];
    (0..3).map(|k| Data::new(1 + k as u64, Geolocation::Swath(swath.clone()), values[k])).collect()
}

fn layer(data: &[Data], style: Style) -> SceneLayer {
    let mut layer = data[0].layer(style.clone(), &marker());
    layer.items[0].components = match style.method {
        Method::Rgb => vec![1, 2, 3],
        Method::Raster => Vec::new(),
        _ => vec![2, 3],
    };
    layer
}

fn camera() -> Camera {
    Camera { target: LonLat::new(0.0, 0.0), altitude_m: 8e5, ..Camera::default() }
}

/// Rows `from` to `to` at their time, with the clock in the middle.
fn within(scene: &Scene, from: i64, to: i64) -> Scene {
    let at = |row: i64| Time::from_micros(START + row * MINUTE);
    let window = TimeSpan::new(at(from), at(to));
    let layers = scene.layers.iter().map(|l| SceneLayer { times: Some(window), ..l.clone() }).collect();
    Scene { layers, clock: Some(Clock { now: at((from + to) / 2), window }), ..scene.clone() }
}

#[test]
fn every_method_shows_only_rows_of_its_time() {
    let Some(gpu) = support::gpu() else { return };
    let data = data();
    let contour = ContourStyle { on: true, alone: true, labels: false, step: Some(0.1), ..ContourStyle::default() };
    let stream = StreamStyle { particles: 20_000, length: 20, ..StreamStyle::default() };
    let cases = [
        // How far ink may reach beyond its rows: half a row, and what is drawn around a line or a place.
        ("cells", unit_style(), 1.0),
        ("contours", Style { contour, ..unit_style() }, 3.0),
        ("rgb", Style { method: Method::Rgb, ..unit_style() }, 1.0),
        ("arrows", Style { method: Method::Arrows, size_pt: 12.0, ..unit_style() }, 10.0),
        ("barbs", Style { method: Method::Barbs, size_pt: 12.0, ..unit_style() }, 18.0),
        ("streamlines", Style { method: Method::Streamlines, size_pt: 1.0, stream, ..unit_style() }, 4.0),
    ];
    for (name, style, reach_px) in cases {
        let mut renderer = renderer(&gpu);
        let scene = Scene { layers: vec![layer(&data, style)], seconds: 1.5, ..bare(camera(), SIZE) };
        let whole = picture(&mut renderer, &scene, &data);
        for (from, to) in [(20, 40), (60, 61), (200, 300)] {
            let scene = within(&scene, from, to);
            let image = picture(&mut renderer, &scene, &data);
            keep(&image, &format!("rows_{name}_{from}"));
            let y = |row: f64| scene.view().screen_from_lonlat(LonLat::new(0.0, lat_of(row))).unwrap().y;
            let (top, bottom) = (y(to as f64 + 0.5) - reach_px, y(from as f64 - 0.5) + reach_px);
            let inked = image.enumerate_pixels().filter(|(_, _, p)| p[3] > 40);
            let (inside, outside): (Vec<_>, Vec<_>) =
                inked.partition(|(_, y, _)| (top..=bottom).contains(&(f64::from(*y) + 0.5)));
            assert!(outside.is_empty(), "{name} {from}..{to}: {} pixels, first {:?}", outside.len(), outside[0]);
            // Of a fifth of the swath about a fifth is drawn.
            let all = whole.pixels().filter(|p| p[3] > 40).count();
            let expected = if from > ROWS as i64 { 0 } else { all * (to - from + 1) as usize / ROWS };
            let few = inside.len() * 3 >= expected || to - from < 5;
            assert!(few && (expected > 0 || inside.is_empty()), "{name} {from}..{to}: {} of {expected}", inside.len());
        }
    }
}

/// Three colours of fields grow paler with the distance of their row from the clock, as cells do.
#[test]
fn colours_of_three_fields_fade() {
    let Some(gpu) = support::gpu() else { return };
    let data = data();
    let time = TimeStyle { within_s: Some(600.0), fade: true };
    let style = Style { method: Method::Rgb, time, ..unit_style() };
    let scene = Scene { layers: vec![layer(&data, style)], ..bare(camera(), SIZE) };
    let scene = within(&scene, 40, 60);
    let image = picture(&mut renderer(&gpu), &scene, &data);
    for row in 40..=60 {
        let px = scene.view().screen_from_lonlat(LonLat::new(0.0, lat_of(f64::from(row)))).unwrap();
        let alpha = f64::from(image.get_pixel(px.x as u32, px.y as u32)[3]) / 255.0;
        let expected = 0.08 + 0.92 * (1.0 - f64::from(row - 50).abs() / 10.0);
        assert!((alpha - expected).abs() < 0.01, "row {row}: {alpha} is not {expected}");
    }
}

/// `multiply` of W3C Compositing on what lies below, and over nothing the colour itself.
#[test]
fn particles_multiply_what_lies_below() {
    let Some(gpu) = support::gpu() else { return };
    let data = data();
    let stream = StreamStyle { particles: 3000, length: 60, colour: Some([128, 64, 255]), ..StreamStyle::default() };
    let style = Style { method: Method::Streamlines, size_pt: 6.0, blend: Blend::Multiply, stream, ..unit_style() };
    let mut scene = Scene { layers: vec![layer(&data, style)], seconds: 2.0, ..bare(camera(), SIZE) };
    for (background, expected) in [([200, 100, 50, 255], [100, 25, 50]), ([0, 0, 0, 0], [128, 64, 255])] {
        scene.background = background;
        // A transparent picture has no body of the Earth, an opaque one has: the space beside it is left alone.
        let image = picture(&mut renderer(&gpu), &scene, &data);
        keep(&image, &format!("multiply_{}", background[3]));
        if background[3] == 0 {
            let full = image.pixels().filter(|p| p[3] > 250).count();
            let right =
                image.pixels().filter(|p| p[3] > 250 && (0..3).all(|k| p[k].abs_diff(expected[k]) <= 2)).count();
            assert!(full > 500 && right * 10 > full * 9, "{right} of {full} pixels");
            continue;
        }
        let mut plain = scene.clone();
        plain.layers.clear();
        let below = picture(&mut renderer(&gpu), &plain, &data);
        let (mut most, mut brighter) = (0, 0);
        for (p, b) in image.pixels().zip(below.pixels()) {
            let product = [128u32, 64, 255].map(|c| c);
            let full = (0..3).all(|k| u32::from(p[k]).abs_diff(u32::from(b[k]) * product[k] / 255) <= 2);
            most += u32::from(full && p != b);
            brighter += u32::from((0..3).any(|k| p[k] > b[k] + 1));
        }
        assert!(most > 500 && brighter == 0, "{most} pixels multiplied, {brighter} brighter than before");
    }
}

/// No part of an arrow or barb lies where the map has ended.
#[test]
fn symbols_do_not_hang_over_the_edge_of_their_map() {
    let Some(gpu) = support::gpu() else { return };
    let world = || grid((-89.0, 2.0, 90), (-179.0, 2.0, 180));
    let values: [fn(usize, usize) -> f32; 3] = [|_, _| 0.9, |_, _| 9.0, |_, c| if c % 2 == 0 { 6.0 } else { -6.0 }];
    let data: Vec<Data> = (0..3).map(|k| Data::new(1 + k as u64, world(), values[k])).collect();
    for name in ["mollweide:0", "robinson:180", "equal-earth:20", "laea:10,52", "lcc:10,52", "polar-north", "mercator"]
    {
        let projection = Projection::parse(name).unwrap();
        let camera = Camera { projection, ..Camera::default() }.whole_earth(DVec2::new(640.0, 480.0));
        let camera = Camera { altitude_m: camera.altitude_m * 1.15, ..camera };
        for method in [Method::Arrows, Method::Barbs] {
            let style = Style { method, size_pt: method.usual_size_pt(), ..unit_style() };
            let scene = Scene { layers: vec![layer(&data, style)], ..bare(camera, SIZE) };
            let image = picture(&mut renderer(&gpu), &scene, &data);
            keep(&image, &format!("edge_{}_{method:?}", name.replace([':', ','], "_")));
            let view = scene.view();
            // The casing and half of the stroke are around the symbol's own lines.
            let near_map = |x: u32, y: u32| {
                let around = [
                    (0.0, 0.0),
                    (4.0, 0.0),
                    (-4.0, 0.0),
                    (0.0, 4.0),
                    (0.0, -4.0),
                    (3.0, 3.0),
                    (-3.0, 3.0),
                    (3.0, -3.0),
                    (-3.0, -3.0),
                ];
                around.iter().any(|(dx, dy)| {
                    view.lonlat_from_screen(DVec2::new(f64::from(x) + 0.5 + dx, f64::from(y) + 0.5 + dy)).is_some()
                })
            };
            let ink = image.enumerate_pixels().filter(|(_, _, p)| p[3] > 60);
            let (on, over): (Vec<_>, Vec<_>) = ink.partition(|(x, y, _)| near_map(*x, *y));
            assert!(on.len() > 2000, "{name} {method:?}: hardly any symbol");
            assert!(over.is_empty(), "{name} {method:?}: {} pixels over the edge, first {:?}", over.len(), over[0]);
        }
    }
}
