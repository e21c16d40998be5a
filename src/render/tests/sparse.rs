//! Little things seen from afar keep a footprint of some pixels, at their place; seen closely they are their cells.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use glam::DVec2;
use image::RgbaImage;
use seaglass_core::camera::Camera;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::Geolocation;
use seaglass_core::projection::Projection;
use seaglass_core::style::{Filter, Style};
use seaglass_render::Scene;
use support::{Data, bare, gpu, grid, marker, orbit_place, orbit_swath, picture, renderer, unit_style};

const SIZE: [u32; 2] = [480, 360];

fn camera(target: LonLat, altitude_m: f64, projection: Projection) -> Camera {
    Camera { target, altitude_m, projection, ..Camera::default() }
}

/// Number of pixels drawn and their middle.
fn drawn(image: &RgbaImage) -> (usize, DVec2) {
    let (mut n, mut sum) = (0, DVec2::ZERO);
    for (x, y, _) in image.enumerate_pixels().filter(|(.., p)| p[3] > 0) {
        n += 1;
        sum += DVec2::new(f64::from(x) + 0.5, f64::from(y) + 0.5);
    }
    (n, sum / f64::from(n.max(1) as u32))
}

#[test]
fn a_small_slice_is_seen_on_the_whole_globe() {
    let Some(gpu) = gpu() else { return };
    let mut renderer = renderer(&gpu);
    let place = LonLat::new(12.0, 40.0);
    // 8 × 6 km, on pixels of 90 km.
    let data = Data::new(1, grid((40.03, -0.01, 8), (11.97, 0.01, 6)), |_, _| 1.0);
    for projection in [Projection::Globe, Projection::Equirectangular, Projection::PolarNorth] {
        for shift in 0..4 {
            let from = LonLat::new(f64::from(shift) * 0.37, 35.0);
            let camera = camera(from, 40e6, projection);
            let scene = Scene { layers: vec![data.layer(unit_style(), &marker())], ..bare(camera, SIZE) };
            let image = picture(&mut renderer, &scene, std::slice::from_ref(&data));
            let (n, at) = drawn(&image);
            let expected = scene.view().screen_from_lonlat(place).unwrap();
            assert!((4..=30).contains(&n), "{projection:?}: {n} pixels");
            assert!(at.distance(expected) < 1.0, "{projection:?}: drawn at {at}, not {expected}");
            assert!(image.pixels().all(|p| p[3] == 0 || p[0] > p[2]), "in its own colour");
        }
    }
}

#[test]
fn a_line_one_cell_wide_is_a_line_from_afar() {
    let Some(gpu) = gpu() else { return };
    let mut renderer = renderer(&gpu);
    let (rows, cell_m) = (4000, 2000.0);
    // One column of 69 has values, as where a nadir altimeter flies between two swaths.
    for (cols, valid) in [(1, 0), (69, 34)] {
        let swath = Geolocation::Swath(orbit_swath(20.0, rows, cols, cell_m));
        let data = Data::new(2, swath, move |_, c| if c == valid { 1.0 } else { f32::NAN });
        let scene = Scene {
            layers: vec![data.layer(unit_style(), &marker())],
            ..bare(camera(LonLat::new(20.0, 0.0), 20e6, Projection::Globe), SIZE)
        };
        let mut supplied = Vec::new();
        // The reader fills blocks of a coarse tile with the first value found in each.
        for _ in 0..20 {
            let plan = renderer.plan(&scene);
            if plan.complete {
                break;
            }
            for wanted in plan.wanted {
                let mut block = data.read(&wanted);
                let (width, stride) = (wanted.window.cols + 2, wanted.window.stride);
                for r in 1..=wanted.window.rows {
                    block.values[r * width + 1 + valid / stride] = 1.0;
                }
                supplied.push(wanted.key);
                renderer.supply(wanted.key, block);
            }
        }
        assert!(!supplied.is_empty());
        let image = renderer.render_image(&scene).unwrap();
        support::keep(&image, &format!("sparse-{cols}"));
        // Every place of the line has a drawn pixel within a pixel.
        let view = scene.view();
        let middle = (cols as f64 - 1.0) / 2.0;
        let mut looked = 0;
        for k in (50..rows - 50).step_by(25) {
            let along = (k as f64 - rows as f64 / 2.0) * cell_m / 6_371_000.0;
            let place = orbit_place(20.0, 77.6, along, (valid as f64 - middle) * cell_m);
            let Some(px) = view.screen_from_lonlat(place) else { continue };
            let near = |dx: i32, dy: i32| {
                let (x, y) = (px.x.floor() as i32 + dx, px.y.floor() as i32 + dy);
                let inside = x >= 0 && y >= 0 && x < SIZE[0] as i32 && y < SIZE[1] as i32;
                inside && image.get_pixel(x as u32, y as u32)[3] > 100
            };
            looked += 1;
            assert!((-1..=1).any(|dx| (-1..=1).any(|dy| near(dx, dy))), "{cols} columns: row {k} is not seen at {px}");
        }
        assert!(looked > 100, "{looked}");
        renderer.forget_items(&[2]);
    }
}

#[test]
fn near_by_a_lone_cell_is_no_larger_than_it_is() {
    let Some(gpu) = gpu() else { return };
    let mut renderer = renderer(&gpu);
    let data =
        Data::new(
            3,
            grid((1.0, -0.01, 200), (-1.0, 0.01, 200)),
            |r, c| {
                if (r, c) == (100, 100) { 1.0 } else { f32::NAN }
            },
        );
    // A cell is 1.11 km or 12 pixels wide.
    let altitude_m = 1_113.2 / 12.0 * 360.0 / 2.0 / 22.5f64.to_radians().tan();
    let scene = Scene {
        layers: vec![data.layer(unit_style(), &marker())],
        ..bare(camera(LonLat::new(0.0, 0.0), altitude_m, Projection::Equirectangular), SIZE)
    };
    let image = picture(&mut renderer, &scene, std::slice::from_ref(&data));
    let (n, _) = drawn(&image);
    assert!((132..=169).contains(&n), "{n} pixels instead of 12 × 12");
}

#[test]
fn what_is_missing_is_left_out_and_nothing_else() {
    let Some(gpu) = gpu() else { return };
    let paint = [40, 90, 130];
    // A pass over land, ocean and land, an island of a few cells in the first; and a coast that runs across the cells.
    let ocean = |r: usize, c: usize| (700..1500).contains(&r) || (r.abs_diff(200) < 3 && c.abs_diff(30) < 3);
    let coast = |r: usize, c: usize| c > 60 + r / 20 + (r / 7) % 5;
    let value = |r: usize, c: usize| ((r + 3 * c) % 90) as f32 / 90.0;
    let pass = Geolocation::Swath(orbit_swath(10.0, 2400, 69, 4000.0));
    let all = [
        Data::new(1, pass, move |r, c| if ocean(r, c) { value(r, c) } else { f32::NAN }),
        Data::new(
            2,
            grid((-30.0, 0.1, 600), (-25.0, 0.1, 300)),
            move |r, c| if coast(r, c) { value(r, c) } else { f32::NAN },
        ),
    ];
    for (data, altitude_m) in all.iter().flat_map(|d| [(d, 9e6), (d, 1.5e6)]) {
        for filter in [Filter::Nearest, Filter::Bilinear] {
            let camera = camera(LonLat::new(6.0, 2.0), altitude_m, Projection::Globe);
            let picture_of = |missing: Option<[u8; 3]>| {
                let mut style = Style { filter, ..unit_style() };
                style.ends.missing = missing;
                let scene = Scene { layers: vec![data.layer(style, &marker())], ..bare(camera, SIZE) };
                let mut renderer = renderer(&gpu);
                let image = picture(&mut renderer, &scene, std::slice::from_ref(data));
                (image, renderer.stats().patches)
            };
            // Painted, missing cells are drawn: all else is as without them, and they leave nothing.
            let ((left_out, few), (painted, many)) = (picture_of(None), picture_of(Some(paint)));
            let same = |a: &image::Rgba<u8>, b: &image::Rgba<u8>| if b.0[..3] == paint { a[3] == 0 } else { a == b };
            let differ = left_out.pixels().zip(painted.pixels()).filter(|(a, b)| !same(a, b)).count();
            assert_eq!(differ, 0, "item {} from {altitude_m} m, {filter:?}", data.item);
            // The patches of a grid are large, and near to the pass all is ocean.
            assert!(few < many || data.item == 2 || altitude_m < 9e6, "{few} of {many} patches");
            let drawn = left_out.pixels().filter(|p| p[3] > 0).count();
            assert!(drawn > 800, "{drawn} pixels");
        }
    }
}
