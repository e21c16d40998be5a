//! Lines and dots: drawn where there are samples, cut where there are none, cheap when there are many.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use seaglass_core::camera::Camera;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::Geolocation;
use seaglass_core::projection::Projection;
use seaglass_core::style::{Method, Style};
use seaglass_render::Scene;
use support::{Data, bare, keep, marker, picture, renderer, series, track, unit_style};

const SIZE: [u32; 2] = [640, 480];

/// Samples every 0.05° along 10° N over the dateline, from 177° E to 177° W.
fn path() -> Vec<LonLat> {
    (0..=120).map(|k| LonLat::new(seaglass_core::geo::wrap_180(177.0 + f64::from(k) * 0.05), 10.0)).collect()
}

#[test]
fn a_line_is_cut_at_missing_values_gaps_and_starts() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    for (k, projection) in [Projection::Globe, Projection::Equirectangular].into_iter().enumerate() {
        // A gap of 0.6° after sample 20, missing values from 60 to 64, a second trajectory from 80 (at 181°).
        let mut places = path();
        places.drain(21..33);
        let data =
            Data::new(k as u64, track(&places, vec![0, 68]), |k, _| if (48..53).contains(&k) { f32::NAN } else { 0.2 });
        let camera = Camera { target: LonLat::new(180.0, 10.2), altitude_m: 7e5, projection, ..Camera::default() };
        let style = Style { method: Method::Line, size_pt: 5.0, ..unit_style() };
        let scene = Scene { layers: vec![data.layer(style, &marker())], ..bare(camera, SIZE) };
        let image = picture(&mut renderer, &scene, std::slice::from_ref(&data));
        keep(&image, &format!("track_{k}"));
        let view = scene.view();
        let shown = |lon: f64| {
            let px = view.screen_from_lonlat(LonLat::new(lon, 10.0)).unwrap();
            let p = image.get_pixel(px.x as u32, px.y as u32);
            assert!(p[3] == 0 || (p[2] > 250 && p[0] < 5), "drawn in another colour: {p:?}");
            p[3] > 200
        };
        for lon in [177.5, 177.96, 178.7, 179.2, 179.5, 179.9, 180.8, 181.2, 182.5] {
            assert!(shown(lon), "{projection:?}: no line at {lon}");
        }
        // Samples 20 and 21 lie at 178.0° and 178.65°; 48 to 52, at 180.0° to 180.2°, have no value.
        let at = |k: usize| 177.0 + (k + 12) as f64 * 0.05;
        for lon in [178.3, 178.5, at(50), at(48), (at(67) + at(68)) / 2.0] {
            assert!(!shown(lon), "{projection:?}: a line at {lon}");
        }
    }
}

#[test]
fn far_samples_are_joined_along_the_great_circle() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let places: Vec<LonLat> = (0..4).map(|k| LonLat::new(-90.0 + f64::from(k) * 30.0, 50.0)).collect();
    for (k, projection) in [Projection::Globe, Projection::Equirectangular].into_iter().enumerate() {
        let data = Data::new(k as u64, track(&places, vec![0]), |_, _| 0.9);
        let camera = Camera { target: LonLat::new(-45.0, 50.0), altitude_m: 6e6, projection, ..Camera::default() };
        let style = Style { method: Method::Line, size_pt: 3.0, ..unit_style() };
        let scene = Scene { layers: vec![data.layer(style, &marker())], ..bare(camera, SIZE) };
        let image = picture(&mut renderer, &scene, std::slice::from_ref(&data));
        // Middle of the great circle between (-60°, 50°) and (-30°, 50°): tan φ = tan 50° / cos 15°.
        let lat = (50f64.to_radians().tan() / 15f64.to_radians().cos()).atan().to_degrees();
        let px = scene.view().screen_from_lonlat(LonLat::new(-45.0, lat)).unwrap();
        assert!(image.get_pixel(px.x as u32, px.y as u32)[3] > 200, "{projection:?}: not on the great circle");
    }
}

#[test]
fn a_million_samples_are_thinned_to_the_screen() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let n = 1_000_000;
    let places: Vec<LonLat> =
        (0..n).map(|k| LonLat::new(-60.0 + f64::from(k) * 4e-5, 20.0 + (f64::from(k) * 1e-5).sin() * 5.0)).collect();
    let line = Data::new(1, track(&places, vec![0]), |k, _| (k % 1000) as f32 / 1000.0);
    let dots = Data::new(2, Geolocation::Points(series(&places, vec![])), |k, _| (k % 1000) as f32 / 1000.0);
    let layers = vec![
        line.layer(Style { method: Method::Line, ..unit_style() }, &support::ramp()),
        dots.layer(Style { method: Method::Points, size_pt: 3.0, ..unit_style() }, &support::ramp()),
    ];
    let scene = Scene { layers, ..bare(Camera::default(), SIZE) };
    picture(&mut renderer, &scene, &[line, dots]);
    let vertices = renderer.stats().vertices;
    assert!(vertices > 4_000 && vertices < 2_100_000, "{vertices} vertices");
}
