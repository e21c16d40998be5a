//! The shader and its CPU twins colour alike: `Style::position`, `Colormap::colour`, and bilinear interpolation.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use seaglass_core::camera::Camera;
use seaglass_core::field::FlagClass;
use seaglass_core::geo::LonLat;
use seaglass_core::projection::Projection;
use seaglass_core::style::{Filter, OutOfRange, Style};
use seaglass_render::{Renderer, Scene};
use support::{Data, bare, grid, picture, ramp, renderer};

const N: usize = 64;
const CELL_PX: u32 = 4;

/// Values with all that is awkward: missing, infinite, exactly on the ends, beyond them, zero, negative.
fn values(range: [f32; 2]) -> Vec<f32> {
    let [lo, hi] = range;
    let mut state = 12345u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32
    };
    let special =
        [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, lo, hi, 0.0, -1.0, -f32::NAN, hi * 2.0, lo - 1.0, 1e30, f32::MIN];
    (0..N * N).map(|k| if k < special.len() { special[k] } else { lo + (hi - lo) * (random() * 1.4 - 0.2) }).collect()
}

/// A map on which every cell is exactly `CELL_PX` pixels.
fn scene(style: &Style, data: &Data) -> Scene {
    let size = N as u32 * CELL_PX;
    let tan = (seaglass_core::camera::FIELD_OF_VIEW_DEG.to_radians() / 2.0).tan();
    let camera = Camera { target: LonLat::new(0.0, 0.0), projection: Projection::Equirectangular, ..Camera::default() };
    let height_m = N as f64 * 0.01f64.to_radians() * seaglass_core::geo::WGS84_A_M;
    let altitude_m = height_m / 2.0 / tan / camera.projection.scale_at(camera.target);
    let camera = Camera { altitude_m, ..camera };
    Scene { layers: vec![data.layer(style.clone(), &ramp())], ..bare(camera, [size, size]) }
}

fn data(item: u64, values: Vec<f32>) -> Data {
    let first = -0.01 * (N as f64 - 1.0) / 2.0;
    // Rows from the north, as pixels.
    Data::new(item, grid((-first, -0.01, N), (first, 0.01, N)), move |r, c| values[r * N + c])
}

fn draw(renderer: &mut Renderer, style: &Style, data: &Data) -> image::RgbaImage {
    picture(renderer, &scene(style, data), std::slice::from_ref(data))
}

#[test]
fn shader_and_cpu_give_the_same_colour() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let map = ramp();
    let mut item = 0;
    for (range, log) in [([0.0f32, 1.0], false), ([-0.3, 0.3], false), ([271.0, 305.0], false), ([0.01, 20.0], true)] {
        for (reversed, out_of_range) in [(false, OutOfRange::Clamp), (true, OutOfRange::Hide)] {
            item += 1;
            let style = Style { range: Some(range.map(f64::from)), log, reversed, out_of_range, ..Style::default() };
            let values = values(range);
            let image = draw(&mut renderer, &style, &data(item, values.clone()));
            let mut compared = 0;
            for (k, value) in values.iter().enumerate() {
                let at = |n: usize| n as u32 * CELL_PX + CELL_PX / 2;
                let pixel = image.get_pixel(at(k % N), at(k / N));
                let position = style.position(f64::from(*value));
                let hidden = value.is_nan() || (out_of_range == OutOfRange::Hide && !(0.0..=1.0).contains(&position));
                // On a border between two entries f32 may fall to either side.
                let entry = position * 256.0;
                if (entry - entry.round()).abs() < 2e-3 && position > 0.0 && position < 1.0 {
                    continue;
                }
                if hidden {
                    assert_eq!(pixel[3], 0, "{value} is drawn ({style:?})");
                } else {
                    let colour = map.colour(position, reversed);
                    assert_eq!(pixel.0[..3], colour, "{value} at {position} ({style:?})");
                    assert_eq!(pixel[3], 255);
                }
                compared += 1;
            }
            assert!(compared > N * N * 9 / 10, "{compared}");
        }
    }
}

#[test]
fn opacity_is_the_alpha_of_the_picture() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let style = Style { range: Some([0.0, 1.0]), opacity: 0.5, ..Style::default() };
    let image = draw(&mut renderer, &style, &data(1, vec![0.5; N * N]));
    let p = image.get_pixel(100, 100);
    let expected = ramp().colour(0.5, false);
    assert!(p[3].abs_diff(128) <= 1, "{p:?}");
    assert!((0..3).all(|c| p[c].abs_diff(expected[c]) <= 2), "{p:?} {expected:?}");
}

/// NaN-aware bilinear interpolation, as the shader's comment says.
fn bilinear(values: &[f32], x: f64, y: f64) -> Option<f64> {
    let value = |r: i64, c: i64| {
        let inside = (0..N as i64).contains(&r) && (0..N as i64).contains(&c);
        if inside { f64::from(values[r as usize * N + c as usize]) } else { f64::NAN }
    };
    if value(y.floor() as i64, x.floor() as i64).is_nan() {
        return None;
    }
    let (u, v) = (x - 0.5, y - 0.5);
    let (c, r) = (u.floor(), v.floor());
    let (mut sum, mut weight) = (0.0, 0.0);
    for (dr, dc) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let w = (if dr == 1 { v - r } else { 1.0 - v + r }) * (if dc == 1 { u - c } else { 1.0 - u + c });
        let q = value(r as i64 + dr, c as i64 + dc);
        if !q.is_nan() {
            sum += w * q;
            weight += w;
        }
    }
    Some(sum / weight)
}

#[test]
fn bilinear_ignores_missing_neighbours() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let mut values = values([0.0, 1.0]);
    values.iter_mut().for_each(|v| *v = if v.is_finite() { v.clamp(0.0, 1.0) } else { f32::NAN });
    for k in (0..N * N).step_by(5) {
        values[k] = f32::NAN;
    }
    let style = Style { range: Some([0.0, 1.0]), filter: Filter::Bilinear, ..Style::default() };
    let image = draw(&mut renderer, &style, &data(1, values.clone()));
    let mut compared = 0;
    for (x, y, p) in image.enumerate_pixels() {
        let place = |k: u32| (f64::from(k) + 0.5) / f64::from(CELL_PX);
        match bilinear(&values, place(x), place(y)) {
            None => assert_eq!(p[3], 0, "data bleed into a missing cell at {x} {y}"),
            Some(value) => {
                let entry = (value * 256.0).clamp(0.0, 255.0);
                assert!((f64::from(p[0]) - entry.floor()).abs() <= 1.0, "{x} {y}: {p:?} instead of entry {entry}");
                compared += 1;
            }
        }
    }
    assert!(compared > 40_000, "{compared}");
}

/// Classes hidden by value and by bits, against `Style::hides`.
#[test]
fn hidden_classes_are_those_of_the_cpu() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let class = |value, mask| FlagClass { value, mask };
    let cases = [
        vec![class(3, None)],
        vec![class(0, None), class(7, None), class(-2, None)],
        vec![class(4, Some(4))],
        vec![class(2, Some(6)), class(1, None), class(64, Some(64))],
        (0..64).map(|k| class(2 * k, None)).collect(),
    ];
    for (k, hidden) in cases.into_iter().enumerate() {
        let style = Style { range: Some([-4.0, 130.0]), hidden, ..Style::default() };
        let values: Vec<f32> = (0..N * N).map(|k| (k % 134) as f32 - 4.0).collect();
        let image = draw(&mut renderer, &style, &data(900 + k as u64, values.clone()));
        let mut hidden = 0;
        for (k, value) in values.iter().enumerate() {
            let at = |n: usize| n as u32 * CELL_PX + CELL_PX / 2;
            let drawn = image.get_pixel(at(k % N), at(k / N))[3] > 0;
            assert_eq!(drawn, !style.hides(f64::from(*value)), "{value} with {:?}", style.hidden);
            hidden += usize::from(!drawn);
        }
        assert!(hidden > 0 && hidden < values.len(), "{hidden}");
    }
}

/// Pointing at a colour dims all others, and leaves what was uploaded alone.
#[test]
fn a_band_of_values_stands_out_without_an_upload() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let style = Style { range: Some([0.0, 1.0]), ..Style::default() };
    // Beyond the ends values have the end colours, and stand out with them.
    let values: Vec<f32> = (0..N * N).map(|k| (k % N) as f32 / N as f32 * 1.4 - 0.2).collect();
    let data = data(950, values.clone());
    let mut scene = scene(&style, &data);
    picture(&mut renderer, &scene, std::slice::from_ref(&data));
    for band in [[0.4f32, 0.6], [0.9, 1.0], [0.0, 0.05]] {
        scene.layers[0].highlight = Some(band);
        let image = renderer.render_image(&scene).unwrap();
        for (k, value) in values.iter().enumerate() {
            let at = |n: usize| n as u32 * CELL_PX + CELL_PX / 2;
            let alpha = image.get_pixel(at(k % N), at(k / N))[3];
            let position = value.clamp(0.0, 1.0);
            if band.iter().any(|edge| (position - edge).abs() < 1e-4) {
                continue;
            }
            let bright = position > band[0] && position < band[1] || position == band[0] || position == band[1];
            assert_eq!(alpha == 255, bright, "{value} in {band:?}: {alpha}");
            assert!(alpha > 20, "what is dimmed is still there");
        }
    }
}
