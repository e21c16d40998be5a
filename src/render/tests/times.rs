//! What of tracks, points and swaths is drawn at which clock, compared with times looked at one by one.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use seaglass_core::camera::Camera;
use seaglass_core::coord::CoordArray;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::{Geolocation, Series, Swath};
use seaglass_core::projection::Projection;
use seaglass_core::style::{Method, Style, TimeStyle, TrailStyle};
use seaglass_core::time::{Time, TimeSpan};
use seaglass_render::{Clock, Scene, SceneLayer};
use support::{Data, bare, keep, marker, picture, ramp, renderer, unit_style};

const SIZE: [u32; 2] = [640, 480];
const MINUTE: i64 = 60_000_000;
/// 2024-08-11T00:00Z.
const START: i64 = 1_723_334_400_000_000;
const MISSING: i64 = i64::MIN;

fn series(places: &[LonLat], time_us: Vec<i64>, starts: Vec<usize>) -> Series {
    let lon = CoordArray::F64(places.iter().map(|p| p.lon_deg).collect());
    let lat = CoordArray::F64(places.iter().map(|p| p.lat_deg).collect());
    Series { lon, lat, time_us, starts }
}

fn span(start: i64, stop: i64) -> TimeSpan {
    TimeSpan::new(Time::from_micros(start), Time::from_micros(stop))
}

/// The layer within a span, and the clock at its end.
fn at(scene: &Scene, window: Option<TimeSpan>, now: i64) -> Scene {
    let layers: Vec<SceneLayer> = scene.layers.iter().map(|l| SceneLayer { times: window, ..l.clone() }).collect();
    let now = Time::from_micros(now);
    Scene { layers, clock: Some(Clock { now, window: window.unwrap_or(TimeSpan::at(now)) }), ..scene.clone() }
}

#[test]
fn the_dots_of_a_window_are_drawn_and_no_others() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    // 24 × 16 dots over the dateline, in an order of times that has nothing to do with their places; some without.
    let n = 24 * 16;
    let places: Vec<LonLat> = (0..n)
        .map(|k| LonLat::new(seaglass_core::geo::wrap_180(174.0 + (k % 24) as f64 * 0.5), (k / 24) as f64 * 0.5 - 4.0))
        .collect();
    let time = |k: usize| if k % 17 == 5 { MISSING } else { START + (k * 131 % 997) as i64 * MINUTE };
    let points = Geolocation::Points(series(&places, (0..n).map(time).collect(), vec![]));
    let data = Data::new(1, points, |_, _| 0.9);
    for projection in [Projection::Globe, Projection::Equirectangular, Projection::Mercator] {
        let camera = Camera { target: LonLat::new(179.9, 0.0), altitude_m: 1.9e6, projection, ..Camera::default() };
        let style = Style { method: Method::Points, size_pt: 5.0, ..unit_style() };
        let scene = Scene { layers: vec![data.layer(style, &marker())], ..bare(camera, SIZE) };
        picture(&mut renderer, &scene, std::slice::from_ref(&data));
        let held = renderer.stats().gpu_bytes;
        let windows = [(0, 996), (100, 300), (300, 300), (131, 131), (-50, -1), (500, 5000), (262, 263)];
        for window in windows.map(|(a, b)| Some(span(START + a * MINUTE, START + b * MINUTE))).into_iter().chain([None])
        {
            let scene = at(&scene, window, START);
            let plan = renderer.plan(&scene);
            assert!(plan.complete && plan.wanted.is_empty(), "the clock asks for nothing");
            let image = renderer.render_image(&scene).unwrap();
            assert_eq!(renderer.stats().gpu_bytes, held, "nor does it upload anything");
            let mut shown = 0;
            for (k, p) in places.iter().enumerate() {
                let expected = window.is_none_or(|w| time(k) != MISSING && w.contains(Time::from_micros(time(k))));
                let px = scene.view().screen_from_lonlat(*p).unwrap();
                if px.x < 4.0 || px.y < 4.0 || px.x > 636.0 || px.y > 476.0 {
                    continue;
                }
                let drawn = image.get_pixel(px.x as u32, px.y as u32)[3] > 200;
                assert_eq!(drawn, expected, "{projection:?} {window:?} dot {k}");
                shown += usize::from(expected);
            }
            // Nothing beside the dots: a dot of 5 px covers 20 pixels, its casing some more.
            let painted = image.pixels().filter(|p| p[3] > 128).count();
            assert!(painted <= 48 * shown.max(1) + 48, "{projection:?} {window:?}: {painted} pixels of {shown} dots");
        }
    }
}

#[test]
fn lines_end_where_the_window_ends() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    // Along 10° N over the dateline, half a degree an hour; from 15 to 17 h without times.
    let n = 30usize;
    let places: Vec<LonLat> =
        (0..n).map(|k| LonLat::new(seaglass_core::geo::wrap_180(173.0 + k as f64 * 0.5), 10.0)).collect();
    let hour = |h: f64| START + (h * 60.0 * MINUTE as f64) as i64;
    let times = (0..n).map(|k| if (15..17).contains(&k) { MISSING } else { hour(k as f64) }).collect();
    let data = Data::new(1, Geolocation::Track(series(&places, times, vec![0])), |_, _| 0.9);
    for projection in [Projection::Globe, Projection::Equirectangular] {
        let camera = Camera { target: LonLat::new(180.0, 10.0), altitude_m: 2.4e6, projection, ..Camera::default() };
        let trail = TrailStyle { marker: false, ..TrailStyle::default() };
        let style = Style { method: Method::Line, size_pt: 4.0, trail, ..unit_style() };
        let scene = Scene { layers: vec![data.layer(style, &marker())], ..bare(camera, SIZE) };
        picture(&mut renderer, &scene, std::slice::from_ref(&data));
        for window in [None, Some((2.3, 9.7)), Some((10.0, 22.5)), Some((20.25, 20.75)), Some((-9.0, 0.5))] {
            let scene = at(&scene, window.map(|(a, b)| span(hour(a), hour(b))), hour(0.0));
            let image = picture(&mut renderer, &scene, std::slice::from_ref(&data));
            keep(&image, "window");
            for tenth in 0..290 {
                let h = f64::from(tenth) / 10.0 + 0.05;
                let timeless = h > 14.0 && h < 17.0;
                let inside = window.is_none_or(|(a, b)| h > a && h < b && !timeless);
                let edge = window.is_some_and(|(a, b)| (h - a).abs() < 0.12 || (h - b).abs() < 0.12);
                if edge || (h - 14.0).abs() < 0.1 || (h - 17.0).abs() < 0.1 {
                    continue;
                }
                let px = scene.view().screen_from_lonlat(LonLat::new(173.0 + h * 0.5, 10.0)).unwrap();
                let drawn = image.get_pixel(px.x as u32, px.y as u32)[3] > 128;
                assert_eq!(drawn, inside, "{projection:?} {window:?} at {h} h");
            }
        }
    }
}

#[test]
fn the_marker_is_on_the_great_circle() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    // Two samples four hours apart over the dateline.
    let places = [LonLat::new(170.0, 40.0), LonLat::new(-170.0, 50.0)];
    let times = vec![START, START + 240 * MINUTE];
    let data = Data::new(1, Geolocation::Track(series(&places, times, vec![0])), |_, _| 0.9);
    for projection in [Projection::Globe, Projection::Equirectangular] {
        let camera = Camera { target: LonLat::new(178.0, 45.0), altitude_m: 3e6, projection, ..Camera::default() };
        let style = Style { method: Method::Line, size_pt: 3.0, ..unit_style() };
        let scene = Scene { layers: vec![data.layer(style, &marker())], ..bare(camera, SIZE) };
        // An hour later, with a trail of no length: the marker alone.
        let now = START + 60 * MINUTE;
        let scene = at(&scene, Some(span(now, now)), now);
        let image = picture(&mut renderer, &scene, std::slice::from_ref(&data));
        let (mut sum, mut weight) = (glam::DVec2::ZERO, 0.0);
        for (x, y, p) in image.enumerate_pixels().filter(|(_, _, p)| p[3] > 100) {
            sum += glam::DVec2::new(f64::from(x) + 0.5, f64::from(y) + 0.5) * f64::from(p[3]);
            weight += f64::from(p[3]);
        }
        assert!(weight > 0.0, "{projection:?}: there is a marker");
        // pyproj.Geod(a=1, b=1): from (170, 40) towards (-170, 50), a quarter of the distance.
        let expected = scene.view().screen_from_lonlat(LonLat::new(174.357_903_8, 42.807_868_5)).unwrap();
        assert!((sum / weight).distance(expected) < 0.5, "{projection:?}: {} is not {expected}", sum / weight);
        let late = at(&scene, Some(span(now, now)), START + 241 * MINUTE);
        let image = picture(&mut renderer, &late, std::slice::from_ref(&data));
        assert!(image.pixels().all(|p| p[3] == 0), "none beyond the last sample");
    }
}

/// 48 rows of 12 cells going north, a row a minute; row 20 has no time.
fn rows() -> Data {
    let (mut lon, mut lat) = (Vec::new(), Vec::new());
    for r in 0..48 {
        for c in 0..12 {
            lon.push(f64::from(c) * 0.1 - 0.55);
            lat.push(f64::from(r) * 0.1 - 2.35);
        }
    }
    let times = (0..48).map(|r| if r == 20 { MISSING } else { START + r * MINUTE }).collect();
    let swath = Swath::full([48, 12], CoordArray::F64(lon), CoordArray::F64(lat), times).unwrap();
    Data::new(1, Geolocation::Swath(swath), |_, _| 0.9)
}

#[test]
fn rows_of_a_swath_are_drawn_by_their_time() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let data = rows();
    let camera = Camera { target: LonLat::new(0.0, 0.0), altitude_m: 1.2e6, ..Camera::default() };
    let scene = Scene { layers: vec![data.layer(unit_style(), &marker())], ..bare(camera, SIZE) };
    picture(&mut renderer, &scene, std::slice::from_ref(&data));
    for window in [None, Some((0, 47)), Some((10, 12)), Some((19, 21)), Some((47, 60)), Some((100, 200))] {
        let scene = at(&scene, window.map(|(a, b)| span(START + a * MINUTE, START + b * MINUTE)), START);
        assert!(renderer.plan(&scene).wanted.is_empty());
        let image = renderer.render_image(&scene).unwrap();
        for r in 0..48i64 {
            let expected = window.is_none_or(|(a, b)| (a..=b).contains(&r) && r != 20);
            let px = scene.view().screen_from_lonlat(LonLat::new(0.0, r as f64 * 0.1 - 2.35)).unwrap();
            assert_eq!(image.get_pixel(px.x as u32, px.y as u32)[3] == 255, expected, "{window:?} row {r}");
        }
    }
}

#[test]
fn rows_grow_paler_with_their_distance_from_the_clock() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let data = rows();
    let camera = Camera { target: LonLat::new(0.0, 0.0), altitude_m: 1.2e6, ..Camera::default() };
    let style = Style { time: TimeStyle { within_s: Some(600.0), fade: true }, ..unit_style() };
    let scene = Scene { layers: vec![data.layer(style, &marker())], ..bare(camera, SIZE) };
    let scene = at(&scene, Some(span(START + 30 * MINUTE, START + 50 * MINUTE)), START + 40 * MINUTE);
    let image = picture(&mut renderer, &scene, std::slice::from_ref(&data));
    let alpha = |r: i64| {
        let px = scene.view().screen_from_lonlat(LonLat::new(0.0, r as f64 * 0.1 - 2.35)).unwrap();
        f64::from(image.get_pixel(px.x as u32, px.y as u32)[3]) / 255.0
    };
    // From 1 at the clock to 0.08 ten minutes away.
    for r in 30..48 {
        let expected = 0.08 + 0.92 * (1.0 - (r - 40i64).abs() as f64 / 10.0);
        assert!((alpha(r) - expected).abs() < 0.01, "row {r}: {} is not {expected}", alpha(r));
    }
}

#[test]
fn colours_tell_the_age() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let places: Vec<LonLat> = (0..11).map(|k| LonLat::new(f64::from(k) - 5.0, 0.0)).collect();
    let times = (0..11).map(|k| START + k * 10 * MINUTE).collect();
    let data = Data::new(1, Geolocation::Points(series(&places, times, vec![])), |_, _| 1e6);
    let camera = Camera { target: LonLat::new(0.0, 0.0), altitude_m: 2.5e6, ..Camera::default() };
    let trail = TrailStyle { by_time: true, ..TrailStyle::default() };
    let style = Style { method: Method::Points, size_pt: 9.0, trail, range: Some([5.0, 6.0]), ..Style::default() };
    let scene = Scene { layers: vec![data.layer(style, &ramp())], ..bare(camera, SIZE) };
    let scene = at(&scene, Some(span(START, START + 100 * MINUTE)), START + 100 * MINUTE);
    let image = picture(&mut renderer, &scene, std::slice::from_ref(&data));
    for (k, p) in places.iter().enumerate() {
        let px = scene.view().screen_from_lonlat(*p).unwrap();
        let red = f64::from(image.get_pixel(px.x as u32, px.y as u32)[0]);
        let expected = (k as f64 / 10.0 * 256.0).floor().min(255.0);
        assert!((red - expected).abs() <= 1.0, "dot {k}: {red} is not {expected}");
    }
}

#[test]
fn dots_have_their_width_on_the_ground() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let data = Data::new(1, Geolocation::Points(series(&[LonLat::new(0.0, 60.0)], vec![], vec![])), |_, _| 0.9);
    for projection in [Projection::Globe, Projection::Mercator] {
        let camera = Camera { target: LonLat::new(0.0, 60.0), altitude_m: 4e4, projection, ..Camera::default() };
        let trail = TrailStyle { dot_m: Some(5000.0), ..TrailStyle::default() };
        let style = Style { method: Method::Points, trail, ..unit_style() };
        let scene = Scene { layers: vec![data.layer(style, &marker())], ..bare(camera, SIZE) };
        let image = picture(&mut renderer, &scene, std::slice::from_ref(&data));
        // 5 km along the meridian at 60° N: 111 412 m a degree (pyproj.Geod(ellps="WGS84")).
        let view = scene.view();
        let edge = |side: f64| view.screen_from_lonlat(LonLat::new(0.0, 60.0 + side * 2500.0 / 111_412.0)).unwrap().y;
        let column: Vec<bool> = (0..SIZE[1]).map(|y| image.get_pixel(SIZE[0] / 2, y)[0] > 200).collect();
        let drawn = column.iter().filter(|d| **d).count() as f64;
        let expected = edge(-1.0) - edge(1.0);
        assert!((drawn - expected).abs() < 2.0, "{projection:?}: {drawn} px are not {expected}");
    }
}
