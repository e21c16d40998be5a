//! Many small granules: few draws however many there are, and every pixel shows the cell that a probe finds there.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use seaglass_core::camera::Camera;
use seaglass_core::coord::CoordArray;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::{Geolocation, Swath};
use seaglass_core::projection::Projection;
use seaglass_core::style::{Filter, Style};
use seaglass_core::time::{Time, TimeSpan};
use seaglass_render::{Clock, Scene, SceneItem, SceneLayer};
use support::{Data, bare, keep, picture, ramp, renderer, unit_style};

const SIZE: [u32; 2] = [800, 600];
const HOUR: i64 = 3_600_000_000;

/// Value of a cell of a granule, and whether it is missing.
fn value(granule: usize, r: usize, c: usize) -> f32 {
    let k = granule * 31 + r * 7 + c * 3;
    if k % 13 == 4 { f32::NAN } else { (k % 250) as f32 / 250.0 }
}

/// A swath of cells of half a degree that is turned a little; its rows are an hour apart.
fn granule(k: usize, middle: LonLat, [rows, cols]: [usize; 2]) -> Data {
    let turn = (k as f64 * 0.37).sin_cos();
    let (mut lon, mut lat) = (Vec::new(), Vec::new());
    for r in 0..rows {
        for c in 0..cols {
            let (x, y) = (c as f64 - (cols - 1) as f64 / 2.0, r as f64 - (rows - 1) as f64 / 2.0);
            let (x, y) = (x * turn.1 - y * turn.0, x * turn.0 + y * turn.1);
            lon.push(seaglass_core::geo::wrap_180(middle.lon_deg + 0.5 * x));
            lat.push(middle.lat_deg + 0.5 * y);
        }
    }
    let times = (0..rows).map(|r| r as i64 * HOUR).collect();
    let swath = Swath::full([rows, cols], CoordArray::F64(lon), CoordArray::F64(lat), times).unwrap();
    Data::new(k as u64 + 1, Geolocation::Swath(swath), move |r, c| value(k, r, c))
}

/// Granules of a few sizes in rows over the dateline, without overlap.
fn granules() -> Vec<Data> {
    let shapes = [[4, 3], [9, 5], [1, 6], [7, 7], [2, 2]];
    (0..60)
        .map(|k| {
            let middle =
                LonLat::new(seaglass_core::geo::wrap_180(152.0 + (k % 10) as f64 * 6.0), (k / 10) as f64 * 6.0 - 15.0);
            granule(k, middle, shapes[k % shapes.len()])
        })
        .collect()
}

fn layer(data: &[Data], style: &Style) -> SceneLayer {
    let item = |d: &Data| SceneItem { item: d.item, geolocation: d.geolocation.clone(), components: Vec::new() };
    SceneLayer { items: data.iter().map(item).collect(), ..data[0].layer(style.clone(), &ramp()) }
}

#[test]
fn every_cell_of_small_granules_is_where_a_probe_finds_it() {
    let Some(gpu) = support::gpu() else { return };
    let data = granules();
    let mut renderer = renderer(&gpu);
    let lut = ramp();
    for projection in [Projection::Globe, Projection::Equirectangular] {
        let camera = Camera { target: LonLat::new(179.0, 0.0), altitude_m: 6e6, projection, ..Camera::default() };
        let style = Style { filter: Filter::Nearest, ..unit_style() };
        let shown = TimeSpan::new(Time::from_micros(HOUR), Time::from_micros(3 * HOUR));
        for window in [None, Some(shown)] {
            let clock = window.map(|window| Clock { now: window.stop, window });
            let layers = vec![SceneLayer { times: window, ..layer(&data, &style) }];
            let scene = Scene { layers, clock, ..bare(camera, SIZE) };
            let image = picture(&mut renderer, &scene, &data);
            keep(&image, &format!("granules_{projection:?}_{}", window.is_some()));
            assert!(renderer.stats().draw_calls <= 4, "{} draws of 60 granules", renderer.stats().draw_calls);
            let view = scene.view();
            let (mut drawn, mut blank) = (0, 0);
            for d in &data {
                let [rows, cols] = d.geolocation.shape();
                for (r, c) in (0..rows).flat_map(|r| (0..cols).map(move |c| (r, c))) {
                    let place = d.geolocation.lonlat_from_index(r as f64, c as f64).unwrap();
                    let Some(px) = view.screen_from_lonlat(place) else { continue };
                    if !(2.0..798.0).contains(&px.x) || !(2.0..598.0).contains(&px.y) {
                        continue;
                    }
                    let p = image.get_pixel(px.x as u32, px.y as u32).0;
                    let value = (d.values)(r, c);
                    let in_time = window.is_none() || (1..=3).contains(&r);
                    if value.is_nan() || !in_time {
                        blank += 1;
                        assert_eq!(p[3], 0, "{projection:?}: granule {} cell {r} {c}", d.item);
                        continue;
                    }
                    drawn += 1;
                    let expected = lut.colour(f64::from(value), false);
                    let off = (0..3).map(|k| p[k].abs_diff(expected[k])).max().unwrap();
                    assert!(p[3] == 255 && off <= 2, "granule {} cell {r} {c}: {p:?}, {expected:?}", d.item);
                }
            }
            assert!(drawn > 200 && blank > 30, "{drawn} {blank}");
        }
    }
}

#[test]
fn small_tiles_come_and_go_and_are_lit_alone() {
    let Some(gpu) = support::gpu() else { return };
    let data = granules();
    let mut renderer = renderer(&gpu);
    let camera = Camera { target: LonLat::new(179.0, 0.0), altitude_m: 6e6, ..Camera::default() };
    let style = Style { filter: Filter::Bilinear, ..unit_style() };
    let scene = |style: &Style| Scene { layers: vec![layer(&data, style)], ..bare(camera, SIZE) };
    let first = picture(&mut renderer, &scene(&style), &data);
    let held = renderer.stats().gpu_bytes;
    // With a light a tile has a texture of its own; a light of next to no strength changes next to nothing.
    let mut lit = style.clone();
    lit.hillshade.strength = 1e-6;
    let alone = picture(&mut renderer, &scene(&lit), &data);
    assert!(renderer.stats().draw_calls >= 30, "each with its own ground");
    let off = |a: &image::RgbaImage, b: &image::RgbaImage| {
        a.as_raw().iter().zip(b.as_raw()).filter(|(a, b)| a.abs_diff(**b) > 2).count()
    };
    assert!(off(&first, &alone) < 40, "{} bytes differ", off(&first, &alone));
    // What was dropped leaves room for what comes.
    for _ in 0..3 {
        renderer.forget_items(&data.iter().map(|d| d.item).collect::<Vec<_>>());
        let again = picture(&mut renderer, &scene(&style), &data);
        assert!(first == again && renderer.stats().gpu_bytes <= held, "{} {held}", renderer.stats().gpu_bytes);
    }
}
