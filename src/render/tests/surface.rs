//! The surface has no holes: dateline, poles, borders of patches and tiles; gaps of a swath stay gaps.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use seaglass_core::camera::Camera;
use seaglass_core::coord::CoordArray;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::{Geolocation, Swath};
use seaglass_core::projection::Projection;
use seaglass_render::Scene;
use support::{Data, bare, grid, keep, marker, picture, renderer, unit_style};

const SIZE: [u32; 2] = [640, 480];

/// Pixels of the Earth's inside (a little off its outline) on which nothing was drawn.
fn holes(image: &image::RgbaImage, camera: &Camera) -> Vec<(u32, u32)> {
    let view = camera.view(f64::from(SIZE[0]), f64::from(SIZE[1]));
    let on_earth = |x: f64, y: f64| view.lonlat_from_screen(glam::DVec2::new(x, y)).is_some();
    image
        .enumerate_pixels()
        .filter(|(x, y, p)| {
            let (x, y) = (f64::from(*x) + 0.5, f64::from(*y) + 0.5);
            p[3] == 0 && [(-1.5, 0.0), (1.5, 0.0), (0.0, -1.5), (0.0, 1.5)].iter().all(|d| on_earth(x + d.0, y + d.1))
        })
        .map(|(x, y, _)| (x, y))
        .collect()
}

#[test]
fn a_whole_circle_field_has_no_hole() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let fields = [
        // Cell-centred from -180, gridline from 0 with the poles on grid lines, descending and fine enough for tiles.
        grid((-89.5, 1.0, 180), (-179.5, 1.0, 360)),
        grid((-90.0, 2.5, 73), (0.0, 2.5, 144)),
        grid((89.95, -0.1, 1800), (0.05, 0.1, 3600)),
    ];
    let camera = |lon, lat, altitude_m, tilt_deg, projection| Camera {
        target: LonLat::new(lon, lat),
        altitude_m,
        tilt_deg,
        heading_deg: 17.0,
        projection,
    };
    use Projection as P;
    let cameras = [
        camera(180.0, 5.0, 15e6, 0.0, P::Globe),
        camera(-179.9, 60.0, 2e6, 50.0, P::Globe),
        camera(0.0, 90.0, 3e6, 0.0, P::Globe),
        camera(33.0, -89.0, 4e5, 30.0, P::Globe),
        camera(0.3, 0.2, 3e4, 70.0, P::Globe),
        camera(175.0, 10.0, 30e6, 0.0, P::Equirectangular),
        camera(-170.0, 40.0, 5e6, 0.0, P::Mercator),
        camera(0.0, 90.0, 12e6, 0.0, P::PolarNorth),
        camera(180.0, -75.0, 5e6, 0.0, P::PolarSouth),
    ];
    for (k, field) in fields.into_iter().enumerate() {
        let data = Data::new(k as u64, field, |_, _| 1.0);
        for (n, camera) in cameras.iter().enumerate() {
            let scene = Scene { layers: vec![data.layer(unit_style(), &marker())], ..bare(*camera, SIZE) };
            let image = picture(&mut renderer, &scene, std::slice::from_ref(&data));
            keep(&image, &format!("circle_{k}_{n}"));
            let found = holes(&image, camera);
            assert!(found.is_empty(), "field {k}, {camera:?}: {} holes, first {:?}", found.len(), found.first());
        }
    }
}

#[test]
fn the_base_map_has_no_hole() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let mut state = 7u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1u32 << 31)
    };
    for k in 0..60 {
        // Everywhere, but often close to a pole or the dateline, from 40 000 km down to 1 km.
        let lat = match k % 3 {
            0 => 180.0 * random() - 90.0,
            1 => 90.0 - 10f64.powf(2.0 - 5.0 * random()).min(90.0),
            _ => -90.0 + 10f64.powf(2.0 - 5.0 * random()).min(90.0),
        };
        let lon = if k % 4 == 0 { 180.0 + 0.01 * random() } else { 360.0 * random() };
        let camera = Camera {
            target: LonLat::new(lon, lat),
            altitude_m: 10f64.powf(3.0 + 4.6 * random()),
            heading_deg: 360.0 * random(),
            tilt_deg: 80.0 * random(),
            projection: if k % 6 == 5 { Projection::ALL[1 + (k / 6) % 4] } else { Projection::Globe },
        };
        let mut scene = bare(camera, SIZE);
        scene.base.relief = true;
        let image = picture(&mut renderer, &scene, &[]);
        let found = holes(&image, &camera);
        if !found.is_empty() {
            keep(&image, &format!("base_{k}"));
        }
        assert!(found.is_empty(), "{camera:?}: {} holes, first {:?}", found.len(), found.first());
    }
}

/// A swath of 200 × 60 cells of about 0.05° over the dateline, with a gap of 2° after row 119 and a missing block.
fn torn_swath() -> Geolocation {
    let (rows, cols) = (200, 60);
    let (mut lon, mut lat) = (Vec::new(), Vec::new());
    for r in 0..rows {
        for c in 0..cols {
            let missing = (40..50).contains(&r) && (20..35).contains(&c);
            let x = 178.5 + c as f64 * 0.05 + r as f64 * 0.001;
            lon.push(if missing { f64::NAN } else { seaglass_core::geo::wrap_180(x) });
            lat.push(r as f64 * 0.05 + if r >= 120 { 2.0 } else { 0.0 });
        }
    }
    Geolocation::Swath(Swath::full([rows, cols], CoordArray::F64(lon), CoordArray::F64(lat), vec![]).unwrap())
}

#[test]
fn gaps_stay_gaps_and_the_rest_is_whole() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    for (k, projection) in [Projection::Globe, Projection::Equirectangular].into_iter().enumerate() {
        let camera = Camera { target: LonLat::new(180.0, 6.0), altitude_m: 1.9e6, projection, ..Camera::default() };
        let data = Data::new(k as u64, torn_swath(), |_, _| 1.0);
        let scene = Scene { layers: vec![data.layer(unit_style(), &marker())], ..bare(camera, SIZE) };
        let image = picture(&mut renderer, &scene, std::slice::from_ref(&data));
        keep(&image, &format!("torn_{k}"));
        let view = camera.view(f64::from(SIZE[0]), f64::from(SIZE[1]));
        let shown = |lon: f64, lat: f64| {
            let px = view.screen_from_lonlat(LonLat::new(lon, lat)).unwrap();
            image.get_pixel(px.x as u32, px.y as u32)[3] > 0
        };
        // Rows 119 and 120 are at 5.95° and 8.0°: their cells end 0.025° beyond.
        assert!(shown(180.0, 5.95) && shown(180.0, 8.0), "the rows beside the gap are drawn");
        for lat in [6.1, 6.5, 7.0, 7.5, 7.9] {
            assert!(!shown(180.0, lat), "{projection:?}: the gap is bridged at {lat}");
        }
        // The missing block: rows 40–49 (2.0°–2.45°), columns 20–34 (179.5°–180.2°).
        assert!(!shown(179.9, 2.2), "missing positions are drawn");
        for (lon, lat) in [(179.3, 2.2), (180.5, 2.2), (179.9, 1.7), (179.9, 2.8), (178.7, 0.2), (181.4, 11.5)] {
            assert!(shown(lon, lat), "{projection:?}: {lon} {lat} has data");
        }
        // Inside the swath, off every border, nothing is missing.
        for i in 0..400 {
            for j in 0..100 {
                let (lat, lon) = (0.05 + f64::from(i) * 0.0145, 178.7 + f64::from(j) * 0.0268);
                let near_block = (1.85..2.6).contains(&lat) && (179.35..180.4).contains(&lon);
                assert!(near_block || shown(lon, lat), "{projection:?}: hole at {lon} {lat}");
            }
        }
    }
}

#[test]
fn pictures_in_strips_are_the_same_as_in_one_piece() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let data = Data::new(1, grid((-89.5, 1.0, 180), (-179.5, 1.0, 360)), |r, c| ((r * 7 + c * 3) % 100) as f32 / 100.0);
    let camera = Camera { target: LonLat::new(10.0, 30.0), altitude_m: 9e6, tilt_deg: 20.0, ..Camera::default() };
    // 5 000 × 4 000 needs two strips; the same view at an eighth of the size needs one.
    let large = Scene { layers: vec![data.layer(unit_style(), &support::ramp())], ..bare(camera, [5000, 4000]) };
    let small = Scene { size_px: [625, 500], ..large.clone() };
    let one = picture(&mut renderer, &small, std::slice::from_ref(&data));
    let many = picture(&mut renderer, &large, std::slice::from_ref(&data));
    let mut different = 0;
    for (x, y, p) in one.enumerate_pixels() {
        // The middle of a small pixel is the corner of four large ones.
        let near = [(3, 3), (4, 3), (3, 4), (4, 4)].map(|(i, j)| *many.get_pixel(x * 8 + i, y * 8 + j));
        different += usize::from(!near.contains(p));
    }
    // Borders of cells may fall differently within the tolerance; a misplaced strip would differ everywhere.
    assert!(different < 300, "{different} of 312 500 pixels differ");
}

/// A whole revolution of a polar orbiter, 1 600 × 40 cells of 25 km: it crosses the map twice, and the far side.
fn revolution() -> Swath {
    let (rows, cols) = (1601, 40);
    let (mut lon, mut lat) = (Vec::new(), Vec::new());
    for r in 0..rows {
        let along = std::f64::consts::TAU * r as f64 / 1600.0 - 1.1;
        for c in 0..cols {
            let p = support::orbit_place(20.0, 98.6, along, (c as f64 - 19.5) * 25_000.0);
            lon.push(p.lon_deg);
            lat.push(p.lat_deg);
        }
    }
    Swath::full([rows, cols], CoordArray::F64(lon), CoordArray::F64(lat), vec![]).unwrap()
}

#[test]
fn a_swath_going_beyond_the_edge_of_a_polar_map_is_whole_within_it() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let data = Data::new(1, Geolocation::Swath(revolution()), |_, _| 1.0);
    for projection in [Projection::PolarNorth, Projection::PolarSouth, Projection::Mercator] {
        for k in 0..28 {
            // Along the orbit, from close by to the whole map.
            let target = support::orbit_place(20.0, 98.6, std::f64::consts::TAU * f64::from(k % 14) / 14.0, 2e5);
            let altitude_m = if k < 14 { 2.4e6 } else { 1.2e7 };
            let target = projection.clamp_centre(target);
            let camera = Camera { target, altitude_m, projection, ..Camera::default() };
            let scene = Scene { layers: vec![data.layer(unit_style(), &marker())], ..bare(camera, SIZE) };
            let image = picture(&mut renderer, &scene, std::slice::from_ref(&data));
            keep(&image, &format!("revolution_{}_{k}", projection.id()));
            let view = camera.view(f64::from(SIZE[0]), f64::from(SIZE[1]));
            for row in 4..1597 {
                // Off the border of the swath, by more than a pixel.
                for col in 4..36 {
                    let Some(p) = data.geolocation.lonlat_from_index(f64::from(row), f64::from(col)) else { continue };
                    // Off the rim, whose pixels are only partly on the map.
                    let on_map = [-1.0, 1.0].iter().all(|d| projection.shows(LonLat::new(p.lon_deg, p.lat_deg + d)));
                    let Some(px) = view.screen_from_lonlat(p).filter(|_| on_map) else { continue };
                    if px.x >= 0.0 && px.y >= 0.0 && px.x < f64::from(SIZE[0]) && px.y < f64::from(SIZE[1]) {
                        let drawn = image.get_pixel(px.x as u32, px.y as u32)[3] > 0;
                        assert!(drawn, "{camera:?}: cell {row} {col} at {p:?} is missing");
                    }
                }
            }
        }
    }
}

#[test]
fn the_graticule_goes_all_round_the_pole() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    for (k, lat) in [90.0, 89.9, -90.0].into_iter().enumerate() {
        for altitude_m in [2e5, 1.5e6, 2.5e6] {
            let camera = Camera { target: LonLat::new(0.0, lat), altitude_m, ..Camera::default() };
            let mut scene = bare(camera, [480, 480]);
            scene.base.graticule = true;
            let image = picture(&mut renderer, &scene, &[]);
            keep(&image, &format!("pole_{k}_{}", altitude_m as u64 / 1000));
            let mut quarters = [0usize; 4];
            for (x, y, p) in image.enumerate_pixels() {
                quarters[usize::from(x >= 240) + 2 * usize::from(y >= 240)] += usize::from(p[3] > 0);
            }
            let (least, most) = (quarters.iter().min().unwrap(), quarters.iter().max().unwrap());
            assert!(*least > 100 && *most < 2 * *least, "{camera:?}: lines lit {quarters:?} pixels of the quarters");
        }
    }
}
