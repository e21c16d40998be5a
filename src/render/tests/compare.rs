//! Two views in one picture: each part is the picture of its own layers alone, pixel for pixel.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use seaglass_core::camera::Camera;
use seaglass_core::compare::{Compare, CompareMode, Side};
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::Geolocation;
use seaglass_core::project::BaseMap;
use seaglass_core::projection::Projection;
use seaglass_core::style::{Method, Style};
use seaglass_render::{Scene, SceneLayer};
use support::{Data, bare, grid, keep, picture, ramp, renderer, series, unit_style};

/// A raster over the whole Earth for each view, and dots for both.
fn data() -> Vec<Data> {
    let at = |k: i32| LonLat::new(f64::from(k * 37 % 360) - 180.0, f64::from(k * 17 % 160) - 80.0);
    let points: Vec<LonLat> = (0..400).map(at).collect();
    vec![
        Data::new(1, grid((-89.0, 2.0, 90), (-179.0, 2.0, 180)), |r, c| ((r * 3 + c) % 100) as f32 / 100.0),
        Data::new(2, grid((-88.5, 3.0, 60), (-178.5, 3.0, 120)), |r, c| ((r + c * 5) % 60) as f32 / 60.0),
        Data::new(3, Geolocation::Points(series(&points, vec![])), |r, _| (r % 10) as f32 / 10.0),
    ]
}

fn layers(data: &[Data]) -> Vec<SceneLayer> {
    let dots = Style { method: Method::Points, size_pt: 5.0, ..unit_style() };
    let of = |k: usize, style: Style, side| SceneLayer { side, ..data[k].layer(style, &ramp()) };
    vec![of(0, unit_style(), Some(Side::Left)), of(1, unit_style(), Some(Side::Right)), of(2, dots, None)]
}

fn scene(camera: Camera, size: [u32; 2], layers: Vec<SceneLayer>, compare: Option<Compare>) -> Scene {
    let base = BaseMap { graticule: true, coastlines: true, ..bare(camera, size).base };
    Scene { layers, compare, base, ..bare(camera, size) }
}

/// Pixels of `of` from `from` on that differ from those of `like` from `first` on.
fn differing(of: &image::RgbaImage, from: u32, like: &image::RgbaImage, first: u32, width: u32) -> usize {
    let all = (0..of.height()).flat_map(|y| (0..width).map(move |x| (x, y)));
    all.filter(|(x, y)| of.get_pixel(from + x, *y) != like.get_pixel(first + x, *y)).count()
}

fn cameras() -> [(&'static str, Camera); 3] {
    let globe = Camera { target: LonLat::new(-30.0, 35.0), altitude_m: 9e6, ..Camera::default() };
    let map = Camera { projection: Projection::Equirectangular, altitude_m: 2e7, ..globe };
    let dateline = Camera { projection: Projection::Mercator, target: LonLat::new(179.0, 10.0), ..map };
    [("globe", globe), ("map", map), ("dateline", dateline)]
}

#[test]
fn each_view_is_the_picture_of_its_own_layers() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let data = data();
    let all = layers(&data);
    let own = |side: Side| all.iter().filter(|l| side.shows(l.side)).cloned().collect::<Vec<_>>();
    for (name, camera) in cameras() {
        let swipe = Compare { mode: CompareMode::Swipe, at: 0.3 };
        let both = picture(&mut renderer, &scene(camera, [600, 400], all.clone(), Some(swipe)), &data);
        keep(&both, &format!("compare_swipe_{name}"));
        for (side, [from, to]) in Side::BOTH.map(|s| (s, swipe.columns(s, 600))) {
            let alone = picture(&mut renderer, &scene(camera, [600, 400], own(side), None), &data);
            assert_eq!(differing(&both, from, &alone, from, to - from), 0, "{name}, swipe, {side:?}");
        }
        // An odd width: the right view is one pixel narrower.
        let halves = Compare::new(CompareMode::SideBySide);
        let both = picture(&mut renderer, &scene(camera, [601, 400], all.clone(), Some(halves)), &data);
        keep(&both, &format!("compare_side_{name}"));
        for (side, [from, to]) in Side::BOTH.map(|s| (s, halves.columns(s, 601))) {
            let alone = picture(&mut renderer, &scene(camera, [301, 400], own(side), None), &data);
            let n = differing(&both, from, &alone, 0, to - from);
            // Away from the left edge of the target the device rounds corners elsewhere: some pixels of edges differ.
            let most = if side == Side::Left { 0 } else { 300 };
            assert!(n <= most, "{name}, side by side, {side:?}: {n} of {} pixels", 400 * (to - from));
        }
        let left = picture(&mut renderer, &scene(camera, [600, 400], own(Side::Left), None), &data);
        assert!(differing(&both, 301, &left, 0, 300) > 10_000, "{name}: the views differ");
    }
}
