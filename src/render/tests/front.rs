//! Layers that hide what is below them are drawn from the top down: the picture is that of drawing one granule after the
//! other, as layers of their own are.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;

use seaglass_core::camera::Camera;
use seaglass_core::coord::CoordArray;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::{Geolocation, Swath};
use seaglass_core::projection::Projection;
use seaglass_core::style::{Filter, OutOfRange, Style};
use seaglass_render::{Renderer, RendererOptions, Scene, SceneItem, SceneLayer};
use support::{Data, bare, keep, orbit_place, picture, ramp, renderer, unit_style};

const SIZE: [u32; 2] = [700, 500];

/// A swath from the ascending node on, over so much of the orbit. Every seventh block of cells is missing, every fifth
/// beyond the range.
fn swath(item: u64, node_deg: f64, turns: f64, [rows, cols]: [usize; 2], cell_m: f64) -> Data {
    let (mut lon, mut lat) = (Vec::new(), Vec::new());
    for r in 0..rows {
        // The Earth turns below: after a whole orbit the swath lies beside itself, and over itself near the poles.
        let part = turns * (r as f64 / rows as f64 - 0.5);
        for c in 0..cols {
            let across = (c as f64 - (cols as f64 - 1.0) / 2.0) * cell_m;
            let p = orbit_place(node_deg - 8.0 * part, 80.0, part * std::f64::consts::TAU, across);
            lon.push(p.lon_deg);
            lat.push(p.lat_deg);
        }
    }
    let swath = Swath::full([rows, cols], CoordArray::F64(lon), CoordArray::F64(lat), vec![]).unwrap();
    Data::new(item, Geolocation::Swath(swath), move |r, c| {
        let block = r / 9 + 3 * (c / 4) + item as usize;
        match (block % 7, block % 5) {
            (3, _) => f32::NAN,
            (_, 2) => 1.7,
            _ => ((r * 3 + c * 11 + item as usize * 40) % 200) as f32 / 200.0,
        }
    })
}

/// One layer of all, or one for each. A layer of one granule is drawn as it comes.
fn layers(data: &[Data], style: &Style, together: bool) -> Vec<SceneLayer> {
    let each: Vec<SceneLayer> = data.iter().map(|d| d.layer(style.clone(), &ramp())).collect();
    if !together {
        return each;
    }
    let item = |d: &Data| SceneItem { item: d.item, geolocation: Arc::clone(&d.geolocation), components: Vec::new() };
    vec![SceneLayer { items: data.iter().map(item).collect(), ..each[0].clone() }]
}

fn compare(data: &[Data], style: &Style, camera: Camera, name: &str) {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let scene = |together| Scene { layers: layers(data, style, together), ..bare(camera, SIZE) };
    let apart = picture(&mut renderer, &scene(false), data);
    let together = picture(&mut renderer, &scene(true), data);
    keep(&together, &format!("front_{name}"));
    let filled = apart.pixels().filter(|p| p.0[3] > 0).count();
    assert!(filled > 8_000, "{name}: only {filled} pixels are drawn");
    let differ = apart.pixels().zip(together.pixels()).filter(|(a, b)| a != b).count();
    assert_eq!(differ, 0, "{name}: pixels of {filled}");
}

fn views() -> [(&'static str, Camera); 3] {
    let over_the_pole = LonLat::new(170.0, 65.0);
    let globe = Camera { target: over_the_pole, altitude_m: 6e6, ..Camera::default() };
    let map = Camera { projection: Projection::Equirectangular, altitude_m: 3e7, ..globe };
    let mollweide = Projection::ALL.into_iter().find(|p| p.cut_about_deg().is_some()).unwrap();
    [("globe", globe), ("map", map), ("cut", Camera { projection: mollweide.about(over_the_pole), ..map })]
}

#[test]
fn swaths_lie_over_each_other_as_one_after_the_other() {
    let data: Vec<Data> = (0..9).map(|k| swath(k + 1, 25.0 * k as f64, 1.0, [700, 80], 15_000.0)).collect();
    for (name, camera) in views() {
        for filter in [Filter::Nearest, Filter::Bilinear] {
            let hidden = Style { filter, out_of_range: OutOfRange::Hide, ..unit_style() };
            compare(&data, &hidden, camera, &format!("{name}_{filter:?}"));
        }
        let mut coloured = unit_style();
        coloured.ends.missing = Some([200, 10, 90]);
        compare(&data, &coloured, camera, &format!("{name}_missing"));
        // What lets colours through is drawn as it comes.
        let through = Style { opacity: 0.5, ..unit_style() };
        compare(&data, &through, camera, &format!("{name}_through"));
    }
}

#[test]
fn small_and_large_granules_keep_their_order() {
    let shape = |k: u64| if k.is_multiple_of(3) { [300, 90] } else { [40, 30] };
    let data: Vec<Data> = (0..12)
        .map(|k| {
            let cell_m = if k % 3 == 0 { 12_000.0 } else { 60_000.0 };
            swath(k + 1, 14.0 * k as f64, 0.4, shape(k), cell_m)
        })
        .collect();
    for (name, camera) in views() {
        let camera = Camera { target: LonLat::new(90.0, 20.0), altitude_m: 1.2e7, ..camera };
        let style = Style { filter: Filter::Nearest, ..unit_style() };
        compare(&data, &style, camera, &format!("sizes_{name}"));
    }
}

#[test]
fn a_window_without_time_gets_the_same_picture_piece_by_piece() {
    let Some(gpu) = support::gpu() else { return };
    let data: Vec<Data> = (0..6).map(|k| swath(k + 1, 25.0 * k as f64, 0.3, [200, 60], 15_000.0)).collect();
    let style = Style { filter: Filter::Nearest, ..unit_style() };
    let camera = Camera { target: LonLat::new(60.0, 20.0), altitude_m: 1.2e7, ..Camera::default() };
    let scene = Scene { layers: layers(&data, &style, true), ..bare(camera, SIZE) };
    let whole = picture(&mut renderer(&gpu), &scene, &data);
    let options = RendererOptions { new_ms_per_frame: 0.0, ..RendererOptions::default() };
    let mut window = Renderer::new(&gpu, options).unwrap();
    let mut drawn = Vec::new();
    for _ in 0..2000 {
        let plan = window.plan(&scene);
        plan.wanted.iter().for_each(|w| {
            let of = data.iter().find(|d| d.item == w.key.item).unwrap();
            window.supply(w.key, of.read(w));
        });
        window.render_image(&scene).unwrap();
        drawn.push(window.stats().patches);
        if plan.complete {
            break;
        }
    }
    // A picture plans as well: two granules more and two tiles in a round at most, and none is forgotten.
    assert!(drawn.len() > data.len() / 2 && drawn[0] < drawn[drawn.len() - 1], "{drawn:?}");
    assert!(window.plan(&scene).complete);
    assert!(whole == window.render_image(&scene).unwrap());
}

#[test]
fn a_swath_over_itself_keeps_its_later_rows_on_top() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let long = swath(1, 0.0, 2.6, [2400, 40], 40_000.0);
    // Where the camera looks there is nothing of the second one; it makes the layer one of several.
    let other = swath(2, 0.0, 0.002, [9, 9], 500.0);
    let camera = Camera { target: LonLat::new(60.0, 80.0), altitude_m: 5e6, ..Camera::default() };
    let style = Style { filter: Filter::Nearest, ..unit_style() };
    let all = [long.clone(), other];
    let alone = Scene { layers: layers(&all[..1], &style, true), ..bare(camera, SIZE) };
    let both = Scene { layers: layers(&all, &style, true), ..bare(camera, SIZE) };
    let alone = picture(&mut renderer, &alone, &all);
    let both = picture(&mut renderer, &both, &all);
    keep(&both, "front_itself");
    assert!(alone.pixels().filter(|p| p.0[3] > 0).count() > 50_000);
    assert!(alone == both, "the order of the rows has changed");
}

#[test]
fn what_lies_below_between_and_above_is_drawn_where_it_shows() {
    let Some(gpu) = support::gpu() else { return };
    let swaths: Vec<Data> = (0..8).map(|k| swath(k + 1, 30.0 * k as f64, 1.0, [500, 60], 15_000.0)).collect();
    let places: Vec<LonLat> =
        (0..600).map(|k| LonLat::new(120.0 + f64::from(k % 30) * 3.0, 30.0 + f64::from(k / 30) * 2.0)).collect();
    let dots = Data::new(50, Geolocation::Points(support::series(&places, vec![0])), |k, _| (k % 10) as f32 / 10.0);
    let all: Vec<Data> = swaths.iter().cloned().chain([dots.clone()]).collect();
    let through = Style { opacity: 0.6, size_pt: 9.0, ..unit_style() };
    for (name, camera) in views() {
        let scene = |together| {
            let below = layers(&swaths[..4], &unit_style(), together);
            let above = layers(&swaths[4..], &unit_style(), together);
            let between = dots.layer(through.clone(), &ramp());
            let paler = Style { opacity: 0.5, ..unit_style() };
            let last = swaths[1].layer(paler, &ramp());
            let layers = below.into_iter().chain([between]).chain(above).chain([last]).collect();
            // Relief, graticule, sky, coastlines and labels of the map as well.
            Scene { layers, ..Scene::new(camera, SIZE) }
        };
        let mut renderer = renderer(&gpu);
        let apart = picture(&mut renderer, &scene(false), &all);
        let together = picture(&mut renderer, &scene(true), &all);
        keep(&together, &format!("front_base_{name}"));
        let differ = apart.pixels().zip(together.pixels()).filter(|(a, b)| a != b).count();
        assert_eq!(differ, 0, "{name}");
    }
}
