//! Arrows and barbs, measured in pictures: the way they point on every projection, feathers and their side, density and
//! place.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;

use glam::DVec2;
use seaglass_core::camera::Camera;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::Geolocation;
use seaglass_core::projection::Projection;
use seaglass_core::style::{Method, Style, VectorStyle};
use seaglass_render::{Scene, SceneLayer};
use support::{Data, bare, complete, grid, keep, marker, picture, renderer, series, unit_style};

const M_S_PER_KNOT: f64 = 1852.0 / 3600.0;

/// A vector field on cells: speed, east and north.
fn field(
    geolocation: Geolocation,
    vector: impl Fn(usize, usize) -> [f64; 2] + Send + Sync + Clone + 'static,
) -> Vec<Data> {
    let geolocation = Arc::new(geolocation);
    let part = |item: u64, f: Arc<dyn Fn([f64; 2]) -> f64 + Send + Sync>| {
        let vector = vector.clone();
        Data { item, geolocation: Arc::clone(&geolocation), values: Arc::new(move |r, c| f(vector(r, c)) as f32) }
    };
    vec![part(1, Arc::new(|v| v[0].hypot(v[1]))), part(2, Arc::new(|v| v[0])), part(3, Arc::new(|v| v[1]))]
}

fn layer(data: &[Data], style: Style) -> SceneLayer {
    let mut layer = data[0].layer(style, &marker());
    layer.items[0].components = vec![2, 3];
    layer
}

fn one(place: LonLat, vector: [f64; 2]) -> Vec<Data> {
    field(Geolocation::Points(series(&[place], vec![0])), move |_, _| vector)
}

/// Red of each pixel, 0 to 1: the symbol without its casing.
fn red(image: &image::RgbaImage) -> impl Iterator<Item = (DVec2, f64)> + '_ {
    image.enumerate_pixels().map(|(x, y, p)| {
        let at = DVec2::new(f64::from(x) + 0.5, f64::from(y) + 0.5);
        (at, f64::from(p[0]) / 255.0 * f64::from(p[3]) / 255.0 * f64::from(u8::from(p[0] > p[2])))
    })
}

/// Direction of the arrow around a pixel: its long axis, towards where it is heavier.
fn measured(image: &image::RgbaImage, middle: DVec2) -> DVec2 {
    let sum: f64 = red(image).map(|(_, w)| w).sum();
    assert!(sum > 50.0, "no arrow: {sum}");
    let centroid = red(image).map(|(p, w)| p * w).sum::<DVec2>() / sum;
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (p, w) in red(image) {
        let d = p - centroid;
        (xx, xy, yy) = (xx + w * d.x * d.x, xy + w * d.x * d.y, yy + w * d.y * d.y);
    }
    let angle = 0.5 * (2.0 * xy).atan2(xx - yy);
    let axis = DVec2::from_angle(angle);
    if axis.dot(centroid - middle) < 0.0 { -axis } else { axis }
}

/// Where a short way from a place in a direction (degrees clockwise from true north) leads on the screen, from the radii
/// of curvature of the ellipsoid.
fn expected(scene: &Scene, p: LonLat, towards_deg: f64) -> DVec2 {
    let e2 = seaglass_core::geo::WGS84_E2;
    let (sin, cos) = p.lat_deg.to_radians().sin_cos();
    let w = (1.0 - e2 * sin * sin).sqrt();
    let a = 6_378_137.0;
    let (d_east, d_north) = towards_deg.to_radians().sin_cos();
    let step = 5.0;
    let at = |d: f64| {
        let lon = p.lon_deg + (d * d_east / (a / w * cos)).to_degrees();
        scene
            .view()
            .screen_from_projected(
                scene
                    .camera
                    .projection
                    .project_extended(LonLat::new(
                        lon,
                        p.lat_deg + (d * d_north / (a * (1.0 - e2) / w.powi(3))).to_degrees(),
                    ))
                    .unwrap(),
            )
            .unwrap()
    };
    (at(step) - at(-step)).normalize()
}

#[test]
fn arrows_point_to_true_directions_on_every_projection() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let places = [
        (0.0, 0.0),
        (30.0, 60.0),
        (179.97, 10.0),
        (-179.98, -45.0),
        (12.0, 89.7),
        (-100.0, 84.0),
        (77.0, -89.6),
        (-20.0, -75.0),
        (140.0, 89.95),
    ];
    let mut worst: f64 = 0.0;
    let mut checked = 0;
    for projection in Projection::ALL {
        for (k, (lon, lat)) in places.into_iter().enumerate() {
            let place = LonLat::new(lon, lat);
            let projection = projection.about(place);
            if !projection.shows(place) || projection.clamp_centre(place) != place {
                continue;
            }
            let towards_deg = 37.0 + 53.0 * k as f64;
            let (east, north) = towards_deg.to_radians().sin_cos();
            let data = one(place, [5.0 * east, 5.0 * north]);
            for (tilt_deg, heading_deg) in [(0.0, 0.0), (40.0, 70.0)] {
                if projection != Projection::Globe && tilt_deg > 0.0 {
                    continue;
                }
                // A little aside, so that the middle of the view is nothing special.
                let camera = Camera { target: place, altitude_m: 40_000.0, projection, tilt_deg, heading_deg };
                let style =
                    Style { method: Method::Arrows, size_pt: 60.0, range: Some([0.0, 1.0]), ..Style::default() };
                let scene = Scene { layers: vec![layer(&data, style)], ..bare(camera, [160, 160]) };
                let image = picture(&mut renderer, &scene, &data);
                renderer.forget_items(&[1, 2, 3]);
                let middle = scene.view().screen_from_lonlat(place).unwrap();
                let (got, want) = (measured(&image, middle), expected(&scene, place, towards_deg));
                let off = got.perp_dot(want).atan2(got.dot(want)).to_degrees().abs();
                worst = worst.max(off);
                checked += 1;
                assert!(off < 1.0, "{projection:?} {place:?} tilt {tilt_deg}: {off:.2} degrees");
            }
        }
    }
    println!("{checked} arrows, the worst {worst:.2} degrees from the truth");
    assert!(checked > 60, "{checked}");
}

#[test]
fn arrows_of_a_grid_point_north_beside_the_pole() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    // Every cell of the row at 89.5 points to the pole: on the polar map all point to one pixel.
    let data = field(grid((88.5, 0.5, 3), (-180.0, 60.0, 6)), |r, _| if r == 2 { [0.0, 5.0] } else { [f64::NAN; 2] });
    for projection in [Projection::PolarNorth, Projection::Globe] {
        let camera = Camera { target: LonLat::new(0.0, 90.0), altitude_m: 400_000.0, projection, ..Camera::default() };
        let style = Style { method: Method::Arrows, size_pt: 30.0, ..unit_style() };
        let scene = Scene { layers: vec![layer(&data, style)], ..bare(camera, [400, 400]) };
        let image = picture(&mut renderer, &scene, &data);
        keep(&image, &format!("arrows_pole_{projection:?}"));
        let pole = scene.view().screen_from_lonlat(LonLat::new(0.0, 90.0)).unwrap();
        let mut seen = 0;
        for k in 0..6 {
            let place = LonLat::new(-180.0 + 60.0 * f64::from(k), 89.5);
            let at = scene.view().screen_from_lonlat(place).unwrap();
            let only: Vec<(DVec2, f64)> = red(&image).filter(|(p, _)| p.distance(at) < 18.0).collect();
            let sum: f64 = only.iter().map(|(_, w)| w).sum();
            if sum < 20.0 {
                continue;
            }
            seen += 1;
            let centroid = only.iter().map(|(p, w)| *p * *w).sum::<DVec2>() / sum;
            let (to_pole, heavy) = ((pole - at).normalize(), centroid - at);
            assert!(heavy.dot(to_pole) > 0.0, "{projection:?} {k}: points away");
            let along = only.iter().map(|(p, w)| w * (*p - at).perp_dot(to_pole)).sum::<f64>() / sum;
            assert!(along.abs() < 0.5, "{projection:?} {k}: lies {along} px beside its line");
        }
        assert!(seen >= 3, "{projection:?}: {seen}");
    }
}

/// Runs of coloured pixels along a row of the picture.
fn runs(image: &image::RgbaImage, y: f64, x: std::ops::Range<u32>) -> Vec<u32> {
    let mut out = Vec::new();
    let mut run = 0;
    for x in x {
        let p = image.get_pixel(x, y as u32);
        if p[0] > 128 && p[3] > 128 {
            run += 1;
        } else if run > 0 {
            out.push(std::mem::take(&mut run));
        }
    }
    if run > 0 {
        out.push(run);
    }
    out
}

#[test]
fn barbs_have_their_feathers_on_the_side_of_low_pressure() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let size = 64.0;
    for (knots, pennants, full, half) in
        [(5, 0, 0, 1), (10, 0, 1, 0), (15, 0, 1, 1), (40, 0, 4, 0), (65, 1, 1, 1), (105, 2, 0, 1)]
    {
        for lat in [45.0, -45.0] {
            // A westerly: the staff points to the west, low pressure lies polewards.
            let place = LonLat::new(10.0, lat);
            let data = one(place, [f64::from(knots) * M_S_PER_KNOT, 0.0]);
            let camera =
                Camera { target: place, altitude_m: 40_000.0, projection: Projection::Mercator, ..Camera::default() };
            let style = Style { method: Method::Barbs, size_pt: size as f32, ..unit_style() };
            let scene = Scene { layers: vec![layer(&data, style)], ..bare(camera, [240, 240]) };
            let image = picture(&mut renderer, &scene, &data);
            renderer.forget_items(&[1, 2, 3]);
            keep(&image, &format!("barb_{knots}_{lat}"));
            let at = scene.view().screen_from_lonlat(place).unwrap();
            let poleward = if lat > 0.0 { -1.0 } else { 1.0 };
            let west = 0..at.x as u32;
            assert!(
                runs(&image, at.y, west.clone()).iter().any(|r| f64::from(*r) > 0.9 * size),
                "the staff lies to the west"
            );
            assert!(runs(&image, at.y, at.x as u32 + 6..240).is_empty(), "and not to the east");
            // Half feathers reach 0.18 of the size, full ones 0.36.
            let (low, high) = (at.y + poleward * 0.12 * size, at.y + poleward * 0.27 * size);
            let count = |y: f64| runs(&image, y, 0..240).len();
            assert_eq!(count(low), pennants + full + half, "{knots} kt at {lat}");
            assert_eq!(count(high), pennants + full, "{knots} kt at {lat}, long ones");
            assert_eq!(count(at.y - poleward * 0.12 * size), 0, "nothing on the other side");
            let wide = runs(&image, low, 0..240).iter().filter(|r| f64::from(**r) > 0.085 * size).count();
            assert_eq!(wide, pennants, "{knots} kt at {lat}, pennants");
        }
    }
}

fn symbols(renderer: &mut seaglass_render::Renderer, scene: &Scene, data: &[Data]) -> usize {
    complete(renderer, scene, data);
    renderer.render_image(scene).unwrap();
    renderer.stats().vertices / 4
}

#[test]
fn density_on_the_screen_is_the_same_at_every_zoom() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let data =
        field(grid((-89.95, 0.1, 1800), (-179.95, 0.1, 3600)), |r, c| [(r as f64 / 9.0).sin(), (c as f64 / 7.0).cos()]);
    let size = [360, 300];
    for (projection, lat) in [(Projection::Mercator, 30.0), (Projection::PolarNorth, 80.0), (Projection::Globe, 50.0)] {
        let mut counts = Vec::new();
        for k in 0..9 {
            let altitude_m = 300_000.0 * 1.4f64.powi(k);
            let camera = Camera { target: LonLat::new(20.0, lat), altitude_m, projection, ..Camera::default() };
            let style = Style { method: Method::Arrows, size_pt: 10.0, ..unit_style() };
            let scene = Scene { layers: vec![layer(&data, style)], ..bare(camera, size) };
            counts.push(symbols(&mut renderer, &scene, &data) as f64);
        }
        let (low, high) = counts.iter().fold((f64::MAX, 0f64), |(a, b), x| (a.min(*x), b.max(*x)));
        println!("{projection:?}: {low} to {high} symbols over zooms of {:.0} times", 1.4f64.powi(8));
        assert!(low > 100.0 && high / low < 1.35, "{projection:?}: {counts:?}");
    }
}

#[test]
fn panning_moves_symbols_with_the_ground() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let data = field(grid((-59.95, 0.1, 1200), (-79.95, 0.1, 1600)), |r, c| {
        [(r as f64 / 90.0).sin(), (c as f64 / 70.0).cos()]
    });
    let mut shot = |lon: f64| {
        let camera = Camera {
            target: LonLat::new(lon, 20.0),
            altitude_m: 2_000_000.0,
            projection: Projection::Mercator,
            ..Camera::default()
        };
        let style = Style { method: Method::Arrows, size_pt: 16.0, ..unit_style() };
        let scene = Scene { layers: vec![layer(&data, style)], ..bare(camera, [400, 300]) };
        let image = picture(&mut renderer, &scene, &data);
        (image, scene.view().metres_per_px(), scene)
    };
    let (before, _, scene) = shot(0.0);
    // The longitude that lies 64 pixels to the right of the middle.
    let middle = DVec2::new(200.0, 150.0);
    let lon = scene.view().lonlat_from_screen(middle + DVec2::new(64.0, 0.0)).unwrap().lon_deg;
    let (after, ..) = shot(lon);
    let (mut differ, mut drawn) = (0, 0);
    for y in 40..260 {
        for x in 40..290 {
            let (a, b) = (before.get_pixel(x + 64, y), after.get_pixel(x, y));
            drawn += u32::from(a[3] > 128);
            differ += u32::from((0..4).any(|k| a[k].abs_diff(b[k]) > 40));
        }
    }
    assert!(drawn > 3000, "{drawn}");
    assert!(differ * 200 < drawn, "{differ} of {drawn} pixels of symbols moved against the ground");
}

#[test]
fn lengths_colours_and_missing_values() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let place = LonLat::new(0.0, 40.0);
    let mut mass = |vector: [f64; 2], style: VectorStyle| {
        let data = one(place, vector);
        let camera =
            Camera { target: place, altitude_m: 40_000.0, projection: Projection::Mercator, ..Camera::default() };
        let style = Style { method: Method::Arrows, size_pt: 50.0, vector: style, ..unit_style() };
        let scene = Scene { layers: vec![layer(&data, style)], ..bare(camera, [200, 200]) };
        let image = picture(&mut renderer, &scene, &data);
        renderer.forget_items(&[1, 2, 3]);
        let green = image.pixels().filter(|p| p[1] > 200 && p[0] < 60).count();
        let at = |p: &DVec2| p.x;
        let xs: Vec<f64> = red(&image).filter(|(_, w)| *w > 0.5).map(|(p, _)| at(&p)).collect();
        let length = xs.iter().copied().fold(f64::MIN, f64::max) - xs.iter().copied().fold(f64::MAX, f64::min);
        (length, green)
    };
    let by_speed = VectorStyle { reference: Some(10.0), ..VectorStyle::default() };
    assert!((mass([20.0, 0.0], VectorStyle::default()).0 - 50.0).abs() < 4.0, "equally long");
    assert!((mass([20.0, 0.0], by_speed.clone()).0 - 100.0).abs() < 4.0, "twice the reference");
    assert!((mass([5.0, 0.0], by_speed).0 - 25.0).abs() < 4.0, "half the reference");
    let green = VectorStyle { colour: Some([0, 255, 0]), ..VectorStyle::default() };
    assert!(mass([5.0, 0.0], green.clone()).1 > 100);
    assert_eq!(mass([f64::NAN, 0.0], green).1, 0, "nothing where a component is missing");
}
