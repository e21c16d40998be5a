//! Targets drawn at known places land where the view says, on the globe and on every map.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;

use glam::DVec2;
use seaglass_core::camera::Camera;
use seaglass_core::colormap::Colormap;
use seaglass_core::geo::{LonLat, wrap_180};
use seaglass_core::geolocation::Geolocation;
use seaglass_core::projection::Projection;
use seaglass_core::style::{Method, Style};
use seaglass_render::{Renderer, Scene};
use support::{Data, bare, grid, marker, orbit_swath, picture, renderer, series, unit_style};

const SIZE: [u32; 2] = [480, 360];

/// Middle of the red pixels, in pixels, weighted by alpha; `None` when there are none.
fn centroid(image: &image::RgbaImage) -> Option<DVec2> {
    let (mut sum, mut weight) = (DVec2::ZERO, 0.0);
    for (x, y, p) in image.enumerate_pixels() {
        if p[0] > p[2] && p[3] > 0 {
            let w = f64::from(p[3]) / 255.0;
            sum += DVec2::new(f64::from(x) + 0.5, f64::from(y) + 0.5) * w;
            weight += w;
        }
    }
    (weight > 0.0).then(|| sum / weight)
}

fn draw(renderer: &mut Renderer, camera: Camera, data: &Data, style: Style, map: &Arc<Colormap>) -> image::RgbaImage {
    let scene = Scene { layers: vec![data.layer(style, map)], ..bare(camera, SIZE) };
    picture(renderer, &scene, std::slice::from_ref(data))
}

/// Cameras about a place, from 40 000 km to 10 m a pixel, straight and tilted, on every projection that shows it.
fn cameras(place: LonLat) -> Vec<Camera> {
    let mut out = Vec::new();
    // 10 m a pixel is 4 346 m at 360 pixels of height.
    for altitude_m in [40e6f64, 8e6, 6e5, 5e4, 4_346.0] {
        for projection in Projection::ALL {
            let shown = match projection {
                Projection::Mercator => place.lat_deg.abs() < 80.0,
                Projection::PolarNorth => place.lat_deg > -25.0,
                Projection::PolarSouth => place.lat_deg < 25.0,
                _ => true,
            };
            // Whole pixels of offset, so that the target is not always in the very middle.
            let shift: f64 = altitude_m / 6.4e6 * 4.0;
            let lat = (place.lat_deg + shift.min(8.0) * 0.7).clamp(-90.0, 90.0);
            let lon = place.lon_deg - (shift / lat.to_radians().cos().max(0.1)).min(12.0);
            let target = if projection == Projection::Equirectangular && place.lat_deg.abs() > 85.0 {
                // Near the pole a cell is stretched without bound.
                continue;
            } else {
                LonLat::new(wrap_180(lon), lat)
            };
            for (heading_deg, tilt_deg) in [(0.0, 0.0), (35.0, 40.0)] {
                let camera = Camera { target, altitude_m, heading_deg, tilt_deg, projection };
                // Where a map repeats within the picture, there are several targets.
                let view = camera.view(f64::from(SIZE[0]), f64::from(SIZE[1]));
                let wide = projection.turn_m().is_some_and(|t| t < 700.0 * view.projected_m_per_px(view.eye));
                if shown && !wide && (projection == Projection::Globe || tilt_deg == 0.0) {
                    out.push(camera);
                }
            }
        }
    }
    out
}

/// Places across the dateline, near the poles, and ordinary ones.
const PLACES: [(f64, f64); 7] =
    [(-4.5, 48.3), (179.97, -16.4), (-179.99, 52.0), (12.0, 89.3), (-100.0, -88.9), (0.02, 0.01), (91.3, 71.2)];

#[test]
fn a_marked_cell_of_a_grid_is_drawn_at_its_place() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let (mut checked, mut item) = (0, 0);
    for (lon, lat) in PLACES {
        let place = LonLat::new(lon, lat);
        for camera in cameras(place) {
            let view = camera.view(f64::from(SIZE[0]), f64::from(SIZE[1]));
            let Some(expected) = view.screen_from_lonlat(place) else { continue };
            let inside = expected.x > 20.0 && expected.y > 20.0 && expected.x < 460.0 && expected.y < 340.0;
            if !inside {
                continue;
            }
            // Cells of about five pixels, the marked one in the middle of 41 × 41.
            let step = (view.metres_per_px() * 5.0 / 111_195.0).min((89.9 - lat.abs()) / 20.0).min(4.0);
            let step_lon = (step / lat.to_radians().cos()).min(8.0);
            if step * 111_195.0 < 4.0 * view.metres_per_px() {
                continue;
            }
            item += 1;
            let data =
                Data::new(item, grid((lat - 20.0 * step, step, 41), (lon - 20.0 * step_lon, step_lon, 41)), |r, c| {
                    if (r, c) == (20, 20) { 1.0 } else { f32::NAN }
                });
            let image = draw(&mut renderer, camera, &data, unit_style(), &marker());
            // The centroid of a cell's pixels is that of its projected outline, not its centre's projection: compare
            // with the mean of many places of the cell.
            let n = 40;
            let mut mean = DVec2::ZERO;
            for k in 0..n * n {
                let (i, j) = (f64::from(k / n) + 0.5, f64::from(k % n) + 0.5);
                let p = LonLat::new(lon + (j / f64::from(n) - 0.5) * step_lon, lat + (i / f64::from(n) - 0.5) * step);
                mean += view.screen_from_lonlat(p).unwrap_or(expected);
            }
            mean /= f64::from(n * n);
            let found = centroid(&image).unwrap_or_else(|| panic!("nothing drawn: {place:?} {camera:?}"));
            // Pixels are whole or not: half a pixel in either direction is rounding.
            let off = (found - mean).abs().max_element();
            assert!(off <= 0.52, "{place:?} {camera:?}: {found} instead of {mean}");
            checked += 1;
        }
    }
    assert!(checked > 80, "only {checked} targets were in view");
}

#[test]
fn a_dot_is_drawn_at_its_place() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let mut checked = 0;
    for (k, (lon, lat)) in PLACES.into_iter().enumerate() {
        let place = LonLat::new(lon, lat);
        let data = Data::new(k as u64, Geolocation::Points(series(&[place], vec![])), |_, _| 1.0);
        for camera in cameras(place) {
            let view = camera.view(f64::from(SIZE[0]), f64::from(SIZE[1]));
            let Some(expected) = view.screen_from_lonlat(place) else { continue };
            if expected.x < 20.0 || expected.y < 20.0 || expected.x > 460.0 || expected.y > 340.0 {
                continue;
            }
            let style = Style { method: Method::Points, size_pt: 9.0, ..unit_style() };
            let found = centroid(&draw(&mut renderer, camera, &data, style, &marker()))
                .unwrap_or_else(|| panic!("nothing drawn: {place:?} {camera:?}"));
            assert!(found.distance(expected) < 0.25, "{place:?} {camera:?}: {found} instead of {expected}");
            checked += 1;
        }
    }
    assert!(checked > 80, "only {checked} targets were in view");
}

#[test]
fn a_marked_cell_of_a_swath_is_drawn_at_its_place() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let swath = orbit_swath(150.0, 4000, 41, 5_000.0);
    let mut checked = 0;
    for (k, (row, col)) in [(2000, 20), (3100, 5), (3960, 30), (700, 0), (2400, 40)].into_iter().enumerate() {
        let geolocation = Geolocation::Swath(swath.clone());
        let place = geolocation.lonlat_from_index(row as f64, f64::from(col)).unwrap();
        let data =
            Data::new(k as u64, geolocation, move |r, c| if (r, c) == (row, col as usize) { 1.0 } else { f32::NAN });
        for projection in [Projection::Globe, Projection::Equirectangular, Projection::PolarNorth] {
            for altitude_m in [1.2e6, 2e5] {
                let target = LonLat::new(wrap_180(place.lon_deg + 0.02), place.lat_deg - 0.03);
                let camera = Camera { target, altitude_m, projection, ..Camera::default() };
                let view = camera.view(f64::from(SIZE[0]), f64::from(SIZE[1]));
                let Some(expected) = view.screen_from_lonlat(place) else { continue };
                if projection == Projection::Equirectangular && place.lat_deg.abs() > 70.0 {
                    continue;
                }
                let found = centroid(&draw(&mut renderer, camera, &data, unit_style(), &marker()))
                    .unwrap_or_else(|| panic!("nothing drawn {row} {col} {camera:?}"));
                assert!(found.distance(expected) < 0.5, "{row} {col} {camera:?}: {found} instead of {expected}");
                checked += 1;
            }
        }
    }
    assert!(checked > 15, "only {checked}");
}
