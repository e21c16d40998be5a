//! What layers can look like, against formulas: blending, end colours, light on slopes, contour lines, three channels.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;

use seaglass_core::camera::{Camera, FIELD_OF_VIEW_DEG};
use seaglass_core::geo::{LonLat, WGS84_A_M};
use seaglass_core::projection::Projection;
use seaglass_core::style::{
    Blend, ContourStyle, EndColours, Filter, HillshadeStyle, Method, OutOfRange, RgbStyle, Style,
};
use seaglass_render::{Scene, SceneItem};
use support::{Data, bare, grid, keep, picture, ramp, renderer};

const N: usize = 64;
const CELL_PX: u32 = 4;
const SIZE: u32 = N as u32 * CELL_PX;

/// A map on which every cell of [`data`] is exactly `CELL_PX` pixels.
fn camera() -> Camera {
    let tan = (FIELD_OF_VIEW_DEG.to_radians() / 2.0).tan();
    let camera = Camera { target: LonLat::new(0.0, 0.0), projection: Projection::Equirectangular, ..Camera::default() };
    let height_m = N as f64 * 0.01f64.to_radians() * WGS84_A_M;
    Camera { altitude_m: height_m / 2.0 / tan / camera.projection.scale_at(camera.target), ..camera }
}

fn data(item: u64, values: impl Fn(usize, usize) -> f32 + Send + Sync + 'static) -> Data {
    let first = -0.01 * (N as f64 - 1.0) / 2.0;
    // Rows from the north, as pixels.
    Data::new(item, grid((-first, -0.01, N), (first, 0.01, N)), values)
}

fn unit() -> Style {
    Style { range: Some([0.0, 1.0]), ..Style::default() }
}

/// Middle of a cell.
fn at(k: usize) -> u32 {
    k as u32 * CELL_PX + CELL_PX / 2
}

/// Layers one over the other, each a value and a style, over a background; the colour in the middle.
fn stacked(layers: &[(f32, Style)], background: [u8; 4]) -> Option<[u8; 4]> {
    let gpu = support::gpu()?;
    let mut renderer = renderer(&gpu);
    let all: Vec<Data> = layers
        .iter()
        .enumerate()
        .map(|(k, (v, _))| {
            let v = *v;
            data(k as u64 + 1, move |_, _| v)
        })
        .collect();
    let mut scene = bare(camera(), [SIZE, SIZE]);
    scene.background = background;
    scene.layers = all.iter().zip(layers).map(|(d, (_, style))| d.layer(style.clone(), &ramp())).collect();
    Some(picture(&mut renderer, &scene, &all).get_pixel(100, 100).0)
}

fn near(a: [u8; 4], b: [f64; 4], tolerance: f64) -> bool {
    (0..4).all(|k| (f64::from(a[k]) - b[k] * 255.0).abs() <= tolerance)
}

/// W3C Compositing and Blending, on straight colours: result and alpha of a source over a backdrop.
fn composited(blend: Blend, (cb, ab): ([f64; 3], f64), (cs, a): ([f64; 3], f64)) -> [f64; 4] {
    if blend == Blend::Add {
        let alpha = (a + ab).min(1.0);
        let c = [0, 1, 2].map(|k| (cs[k] * a + cb[k] * ab).min(1.0) / alpha);
        return [c[0].min(1.0), c[1].min(1.0), c[2].min(1.0), alpha];
    }
    let mixed = |k: usize| if blend == Blend::Multiply { cb[k] * cs[k] } else { cs[k] };
    let alpha = a + ab * (1.0 - a);
    let c = [0, 1, 2].map(|k| (a * (1.0 - ab) * cs[k] + a * ab * mixed(k) + (1.0 - a) * ab * cb[k]) / alpha);
    [c[0], c[1], c[2], alpha]
}

#[test]
fn layers_meet_as_the_formulas_of_w3c_say() {
    let colour = |v: f32| ramp().colour(f64::from(v), false).map(|c| f64::from(c) / 255.0);
    for blend in [Blend::Over, Blend::Multiply, Blend::Add] {
        for (below, above) in [(1.0f32, 1.0f32), (0.6, 0.35), (1.0, 0.5)] {
            for background in [[0, 0, 0, 0], [200, 120, 60, 255]] {
                // Over a background the Earth is a plain body.
                let Some(p) = stacked(&[], background) else { return };
                let ground = ([p[0], p[1], p[2]].map(|c| f64::from(c) / 255.0), f64::from(p[3]) / 255.0);
                let styles = [Style { opacity: below, ..unit() }, Style { opacity: above, blend, ..unit() }];
                let layers = [(0.8f32, styles[0].clone()), (0.3, styles[1].clone())];
                let Some(pixel) = stacked(&layers, background) else { return };
                let first = composited(Blend::Over, ground, (colour(0.8), f64::from(below)));
                let expected =
                    composited(blend, ([first[0], first[1], first[2]], first[3]), (colour(0.3), f64::from(above)));
                assert!(
                    near(pixel, expected, 4.0),
                    "{blend:?} {below} {above} {background:?}: {pixel:?}, {:?}",
                    expected.map(|c| c * 255.0)
                );
            }
            // Nothing below: the layer is itself.
            let Some(alone) = stacked(&[(0.3, Style { opacity: above, blend, ..unit() })], [0, 0, 0, 0]) else {
                return;
            };
            let c = colour(0.3);
            assert!(near(alone, [c[0], c[1], c[2], f64::from(above)], 3.0), "{blend:?} alone: {alone:?}");
        }
    }
}

#[test]
fn values_beyond_the_range_and_missing_cells_have_their_colours() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let values = [f32::NAN, -0.5, -1e-3, 0.0, 0.25, 1.0, 1.001, 7.0, f32::INFINITY, f32::NEG_INFINITY];
    let (over, under, missing) = ([255, 0, 255], [0, 255, 255], [90, 91, 92]);
    let all = EndColours { over: Some(over), under: Some(under), missing: Some(missing) };
    let mut item = 0;
    for ends in [EndColours::default(), all.clone(), EndColours { over: None, ..all }] {
        for out_of_range in [OutOfRange::Clamp, OutOfRange::Hide] {
            item += 1;
            let style = Style { ends: ends.clone(), out_of_range, ..unit() };
            let d = data(item, move |r, c| values[(r * N + c) % values.len()]);
            let scene = Scene { layers: vec![d.layer(style.clone(), &ramp())], ..bare(camera(), [SIZE, SIZE]) };
            let image = picture(&mut renderer, &scene, std::slice::from_ref(&d));
            for (k, value) in values.iter().enumerate() {
                let pixel = image.get_pixel(at(k), at(0)).0;
                let expected = match style.colour(f64::from(*value), &ramp()) {
                    Some([r, g, b]) => [r, g, b, 255],
                    None => [0; 4],
                };
                assert_eq!(pixel, expected, "{value} with {ends:?} {out_of_range:?}");
                // Not by the twin alone.
                if value.is_nan() {
                    assert_eq!(pixel[3] == 255, ends.missing.is_some());
                } else if *value > 1.0 && out_of_range == OutOfRange::Clamp {
                    let last = ramp().lut[255];
                    assert_eq!(&pixel[..3], ends.over.unwrap_or(last).as_slice());
                } else if *value < 0.0 && out_of_range == OutOfRange::Clamp {
                    assert_eq!(&pixel[..3], ends.under.unwrap_or(ramp().lut[0]).as_slice());
                }
            }
        }
    }
}

/// The formula of the light, in f64: what a slope of so many ranges a metre (east, north) does to a colour.
fn in_light(rgb: [f64; 3], light: &HillshadeStyle, exaggeration: f64, rise: [f64; 2]) -> [f64; 3] {
    let (azimuth, altitude) = (f64::from(light.azimuth_deg).to_radians(), f64::from(light.altitude_deg).to_radians());
    let l = [azimuth.sin() * altitude.cos(), azimuth.cos() * altitude.cos(), altitude.sin()];
    let n = [-exaggeration * rise[0], -exaggeration * rise[1], 1.0];
    let length = n.iter().map(|x| x * x).sum::<f64>().sqrt();
    let more = n.iter().zip(l).map(|(a, b)| a * b).sum::<f64>() / length - l[2];
    let strength = f64::from(light.strength);
    rgb.map(|c| {
        if more <= 0.0 {
            c * (1.0 + strength * (more / l[2]).max(-1.0))
        } else {
            c + (1.0 - c) * 0.6 * strength * (more / (1.0 - l[2])).min(1.0)
        }
    })
}

/// A plane rising towards `bearing` (degrees from north) by `per_m` a metre, seen in light; the colour in the middle and
/// the one expected.
#[test]
fn light_falls_from_where_it_comes_on_every_projection() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let mut flat = [[128u8; 3]; 256];
    flat.iter_mut().for_each(|c| *c = [120, 130, 140]);
    let grey = Arc::new(seaglass_core::colormap::Colormap { id: "flat".to_owned(), lut: flat });
    let places = [(LonLat::new(20.0, 0.0), 11u64), (LonLat::new(179.9, 60.0), 12), (LonLat::new(-100.0, -75.0), 13)];
    for (place, item) in places {
        for bearing in [0.0f64, 60.0, 135.0, 250.0] {
            for projection in [
                Projection::Globe,
                Projection::Equirectangular,
                Projection::Mercator,
                Projection::PolarNorth,
                Projection::PolarSouth,
            ] {
                if !projection.shows(place) {
                    continue;
                }
                let camera =
                    Camera { target: place, altitude_m: 60_000.0, projection, heading_deg: 33.0, ..Camera::default() };
                let view = camera.view(f64::from(SIZE), f64::from(SIZE));
                // Cells of 0.002° of latitude; positions to metres by the radii of curvature.
                let (cos, n) = (place.lat_deg.to_radians().cos(), 200usize);
                let step = 0.004;
                let per_m = 1.0 / 60_000.0;
                let (e, w) = (bearing.to_radians().sin() * per_m, bearing.to_radians().cos() * per_m);
                let sin2 = place.lat_deg.to_radians().sin().powi(2);
                let e2 = 6.694_379_990_14e-3;
                let meridian = WGS84_A_M * (1.0 - e2) / (1.0 - e2 * sin2).powf(1.5);
                let normal = WGS84_A_M / (1.0 - e2 * sin2).sqrt();
                let first = |centre: f64, by: f64| centre - by * (n as f64 - 1.0) / 2.0;
                let by_lon = step / cos;
                let geolocation =
                    grid((first(place.lat_deg, step), step, n), (first(place.lon_deg, by_lon), by_lon, n));
                let values = move |r: usize, c: usize| {
                    let north_m = (r as f64 - (n as f64 - 1.0) / 2.0) * step.to_radians() * meridian;
                    let east_m = (c as f64 - (n as f64 - 1.0) / 2.0) * by_lon.to_radians() * normal * cos;
                    (0.5 + e * east_m + w * north_m) as f32
                };
                let key = item * 1000 + bearing as u64 * 10 + projection_number(projection);
                let d = Data::new(key, geolocation, values);
                let light = HillshadeStyle { strength: 0.8, azimuth_deg: 300.0, altitude_deg: 40.0 };
                let style = Style { hillshade: light.clone(), ..unit() };
                let scene = Scene { layers: vec![d.layer(style, &grey)], ..bare(camera, [SIZE, SIZE]) };
                let image = picture(&mut renderer, &scene, std::slice::from_ref(&d));
                // A pixel of the middle on the ground, towards north: not every map is as large the other way.
                let ends = [-0.01, 0.01].map(|d| LonLat::new(place.lon_deg, place.lat_deg + d));
                let [a, b] = ends.map(|p| view.screen_from_lonlat(p).unwrap());
                let m_per_px = ends[0].ecef().distance(ends[1].ecef()) / a.distance(b);
                let expected = in_light([120.0, 130.0, 140.0].map(|c| c / 255.0), &light, 40.0 * m_per_px, [e, w]);
                let pixel = image.get_pixel(SIZE / 2, SIZE / 2).0;
                let close = (0..3).all(|k| (f64::from(pixel[k]) - 255.0 * expected[k]).abs() < 3.0);
                assert!(close, "{place:?} {bearing} {projection:?}: {pixel:?}, {:?}", expected.map(|c| c * 255.0));
            }
        }
    }
}

fn projection_number(projection: Projection) -> u64 {
    [
        Projection::Globe,
        Projection::Equirectangular,
        Projection::Mercator,
        Projection::PolarNorth,
        Projection::PolarSouth,
    ]
    .iter()
    .position(|p| *p == projection)
    .unwrap() as u64
}

fn contoured(contour: ContourStyle) -> Style {
    Style { contour: ContourStyle { on: true, ..contour }, filter: Filter::Bilinear, ..unit() }
}

const INK: [u8; 3] = [250, 0, 250];

/// How much of a pixel is ink, which has no green: the pale casing beside a line is none.
fn ink_of(p: &image::Rgba<u8>) -> f64 {
    const CASING: f64 = 247.0;
    (1.0 - f64::from(p[1]) / CASING).max(0.0) * f64::from(p[3]) / 255.0
}

/// Columns of ink in a row of the picture: middles and widths of the runs, weighted by how much ink there is.
fn lines_across(image: &image::RgbaImage, y: u32) -> Vec<(f64, f64)> {
    let mut runs = Vec::new();
    let mut sum = (0.0, 0.0);
    for x in 0..image.width() {
        let amount = ink_of(image.get_pixel(x, y));
        if amount > 0.01 {
            sum = (sum.0 + amount * (f64::from(x) + 0.5), sum.1 + amount);
        } else if sum.1 > 0.0 {
            runs.push((sum.0 / sum.1, sum.1));
            sum = (0.0, 0.0);
        }
    }
    runs
}

#[test]
fn contour_lines_stand_at_their_values_with_constant_width() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    // Rising to the right, steeper and steeper; a hole of missing cells in the lower half.
    let field = |c: f64| (c / N as f64).powi(2);
    let hole = |r: usize, c: usize| (40..56).contains(&r) && (28..40).contains(&c);
    let d = data(1, move |r, c| if hole(r, c) { f32::NAN } else { field(c as f64 + 0.5) as f32 });
    let contour =
        ContourStyle { step: Some(0.1), labels: false, width_pt: 2.0, colour: Some(INK), alone: true, on: true };
    let scene = Scene { layers: vec![d.layer(contoured(contour), &ramp())], ..bare(camera(), [SIZE, SIZE]) };
    let image = picture(&mut renderer, &scene, std::slice::from_ref(&d));
    keep(&image, "contours");
    let found = lines_across(&image, at(10));
    let expected: Vec<f64> = (1..10).map(|k| (f64::from(k) * 0.1).sqrt() * N as f64 * f64::from(CELL_PX)).collect();
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((x, width), expected) in found.iter().zip(expected) {
        // Linear between cells of 4 pixels: the parabola bends by less than a tenth of a pixel between them.
        assert!((x - expected).abs() < 0.3, "{x} instead of {expected}");
        assert!((width - 2.0).abs() < 0.25, "{width} pixels wide at {x}");
    }
    let ink = image.get_pixel(found[0].0 as u32, at(10)).0;
    assert_eq!(&ink[..3], INK.as_slice());
    // Nothing runs round the hole, and nothing crosses it: 0.2 to 0.39 are inside.
    for y in 40 * CELL_PX..56 * CELL_PX {
        for x in 28 * CELL_PX..40 * CELL_PX {
            assert!(ink_of(image.get_pixel(x, y)) < 0.02, "a line in the hole at {x} {y}");
        }
    }
    for x in 30 * CELL_PX..38 * CELL_PX {
        for y in [39 * CELL_PX + 2, 56 * CELL_PX + 2] {
            let level = field(f64::from(x) / f64::from(CELL_PX)) * 10.0;
            let beside = (level - level.round()).abs() > 0.12;
            assert!(!beside || ink_of(image.get_pixel(x, y)) < 0.02, "a line along the border of the hole at {x} {y}");
        }
    }
}

#[test]
fn contour_lines_go_on_over_tiles_and_the_dateline() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    // Parallels of a field of latitude: every column of the picture has each line once.
    let d = Data::new(5, grid((-89.9, 0.2, 900), (0.1, 0.2, 1800)), |r, _| ((-89.9 + 0.2 * r as f64) / 90.0) as f32);
    let contour =
        ContourStyle { step: Some(0.05), labels: false, width_pt: 1.5, colour: Some(INK), alone: true, on: true };
    let style = Style { range: Some([-1.0, 1.0]), ..contoured(contour) };
    let camera = Camera {
        target: LonLat::new(180.0, 20.0),
        altitude_m: 4e6,
        projection: Projection::Equirectangular,
        ..Camera::default()
    };
    let scene = Scene { layers: vec![d.layer(style, &ramp())], ..bare(camera, [640, 480]) };
    let image = picture(&mut renderer, &scene, std::slice::from_ref(&d));
    keep(&image, "contours_dateline");
    let view = camera.view(640.0, 480.0);
    let mut lines = 0;
    for k in -10..=15 {
        let lat = f64::from(k) * 4.5;
        for x in (5..640).step_by(3) {
            let lon = view.lonlat_from_screen(glam::DVec2::new(f64::from(x) + 0.5, 240.0)).unwrap().lon_deg;
            let Some(p) = view.screen_from_lonlat(LonLat::new(lon, lat)).filter(|p| p.y > 3.0 && p.y < 477.0) else {
                continue;
            };
            let ink: f64 = (-3..=3).map(|dy| ink_of(image.get_pixel(x, (p.y + f64::from(dy)) as u32))).sum();
            assert!((ink - 1.5).abs() < 0.35, "{ink} pixels of line at {lon} {lat}");
            lines += 1;
        }
    }
    assert!(lines > 1000, "{lines}");
}

/// Of lines that would run into each other every second, fifth or tenth is drawn; near enough, all.
#[test]
fn lines_too_close_to_be_told_apart_are_fewer() {
    let Some(gpu) = support::gpu() else { return };
    let d = Data::new(5, grid((-89.9, 0.2, 900), (0.1, 0.2, 1800)), |r, _| ((-89.9 + 0.2 * r as f64) / 90.0) as f32);
    let contour =
        ContourStyle { step: Some(0.0031), labels: false, width_pt: 1.0, colour: Some(INK), alone: true, on: true };
    // Nearly 200 lines from -0.3 to 0.3, 27 degrees south to north.
    let style = Style { range: Some([-0.1, 0.1]), ..contoured(contour) };
    let lines = |altitude_m: f64| {
        let target = LonLat::new(10.0, 0.1);
        let camera = Camera { target, altitude_m, projection: Projection::Equirectangular, ..Camera::default() };
        let scene = Scene { layers: vec![d.layer(style.clone(), &ramp())], ..bare(camera, [320, 480]) };
        let image = picture(&mut renderer(&gpu), &scene, std::slice::from_ref(&d));
        let ink: Vec<f64> = (0..480).map(|y| ink_of(image.get_pixel(160, y))).collect();
        let found = ink.windows(2).filter(|w| w[0] < 0.25 && w[1] >= 0.25).count();
        // Latitudes at the two ends of the picture: lines stand 0.279 degrees apart.
        let view = camera.view(320.0, 480.0);
        let lat = |y: f64| view.lonlat_from_screen(glam::DVec2::new(160.5, y)).unwrap().lat_deg;
        (found as f64, (lat(0.5).min(27.0) - lat(479.5).max(-27.0)) / 0.279)
    };
    let (near, all) = lines(1.2e6);
    assert!((near - all).abs() <= 2.0, "{near} of {all} lines from near");
    let (far, all) = lines(9e6);
    assert!(all > 150.0 && far < 480.0 / 4.0 && far > 480.0 / 30.0, "{far} of {all} lines from afar");
    let tenth = [1.0, 2.0, 5.0, 10.0].iter().any(|n| (far - all / n).abs() <= 2.0);
    assert!(tenth, "{far} of {all} is no round part");
}

/// Numbers stay at their places of the ground while the map moves on.
#[test]
fn labels_move_with_the_ground() {
    let Some(gpu) = support::gpu() else { return };
    let wave = |r: usize, c: usize| {
        let (lat, lon) = ((-89.9 + 0.2 * r as f64).to_radians(), (0.1 + 0.2 * c as f64).to_radians());
        ((5.0 * lat).sin() * (4.0 * lon).cos()) as f32
    };
    let d = Data::new(5, grid((-89.9, 0.2, 900), (0.1, 0.2, 1800)), wave);
    let contour = |labels| ContourStyle { step: Some(0.25), labels, on: true, alone: true, ..ContourStyle::default() };
    let camera = |x_px: f64| {
        let target = LonLat::new(40.0, 10.0);
        let at = Camera { target, altitude_m: 6e6, projection: Projection::Mercator, ..Camera::default() };
        // As many pixels further east as `x_px` says: the picture is the same, but for that.
        let place = at.view(640.0, 480.0).lonlat_from_screen(glam::DVec2::new(320.0 + x_px, 240.0)).unwrap();
        Camera { target: place, ..at }
    };
    let mut renderer = renderer(&gpu);
    let mut draw = |x: f64, labels: bool| {
        let style = Style { range: Some([-1.0, 1.0]), ..contoured(contour(labels)) };
        let scene = Scene { layers: vec![d.layer(style, &ramp())], ..bare(camera(x), [640, 480]) };
        picture(&mut renderer, &scene, std::slice::from_ref(&d))
    };
    // What labels change, as pixels of the first picture's middle; moved by 40 pixels they are found there again.
    let mut marks = |x: f64| -> Vec<(u32, u32)> {
        let (with, without) = (draw(x, true), draw(x, false));
        let changed = |x: u32, y: u32| with.get_pixel(x, y)[3].abs_diff(without.get_pixel(x, y)[3]) > 100;
        let shift = x as u32;
        let inside = (160..480u32).flat_map(|x| (80..400u32).map(move |y| (x, y)));
        inside.filter(|(x, y)| changed(*x - shift, *y)).collect()
    };
    let (before, after) = (marks(0.0), marks(40.0));
    assert!(before.len() > 300, "{} pixels of labels", before.len());
    let near = |a: &(u32, u32), b: &(u32, u32)| a.0.abs_diff(b.0) <= 1 && a.1.abs_diff(b.1) <= 1;
    let kept = before.iter().filter(|a| after.iter().any(|b| near(a, b))).count();
    assert!(kept * 100 > before.len() * 85, "{kept} of {} pixels of labels stay", before.len());
}

#[test]
fn labels_break_their_line_and_say_its_value() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let d = data(1, |_, c| (c as f32 + 0.5) / N as f32);
    let contour = |labels| ContourStyle {
        step: Some(0.5),
        labels,
        width_pt: 1.0,
        colour: Some([10, 10, 10]),
        alone: true,
        on: true,
    };
    let draw = |renderer: &mut seaglass_render::Renderer, labels| {
        let scene =
            Scene { layers: vec![d.layer(contoured(contour(labels)), &ramp())], ..bare(camera(), [SIZE, SIZE]) };
        picture(renderer, &scene, std::slice::from_ref(&d))
    };
    let (plain, labelled) = (draw(&mut renderer, false), draw(&mut renderer, true));
    keep(&labelled, "contour_label");
    // The line of 0.5 runs down the middle, so its number lies on its side there, with a pale halo.
    let (x, y) = (SIZE / 2, SIZE / 2);
    let around = |image: &image::RgbaImage, light: bool| {
        let mut n = 0;
        for dx in 0..12 {
            for dy in 0..40 {
                let p = image.get_pixel(x + dx - 6, y + dy - 20).0;
                n += u32::from(p[3] > 128 && (p[0] > 128) == light);
            }
        }
        n
    };
    assert_eq!(around(&plain, true), 0);
    assert!(around(&labelled, true) > 60, "a halo: {}", around(&labelled, true));
    assert!(around(&labelled, false) > 25, "figures: {}", around(&labelled, false));
    // Above and below the label the line is as before.
    assert_eq!(plain.get_pixel(x, 20), labelled.get_pixel(x, 20));
}

#[test]
fn an_image_of_bytes_comes_out_bit_by_bit() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    // Every byte in every channel, in different orders; some cells lack one.
    let byte = |k: usize, r: usize, c: usize| match k {
        0 => (r * N + c) % 256,
        1 => 255 - (r * N + c) % 256,
        _ => ((r * N + c) * 37 + 11) % 256,
    };
    let lacks = |r: usize, c: usize| (r * N + c).is_multiple_of(61);
    let channels: Vec<Data> = (0..3)
        .map(|k| data(k as u64 + 20, move |r, c| if k == 1 && lacks(r, c) { f32::NAN } else { byte(k, r, c) as f32 }))
        .collect();
    let item = SceneItem { item: 20, geolocation: Arc::clone(&channels[0].geolocation), components: vec![20, 21, 22] };
    let draw = |renderer: &mut seaglass_render::Renderer, rgb: RgbStyle| {
        let style = Style { method: Method::Rgb, rgb, ..unit() };
        let mut layer = channels[0].layer(style, &ramp());
        layer.items = vec![item.clone()];
        picture(renderer, &Scene { layers: vec![layer], ..bare(camera(), [SIZE, SIZE]) }, &channels)
    };
    let exact = draw(&mut renderer, RgbStyle { ranges: [Some([0.0, 255.0]); 3], ..RgbStyle::default() });
    let stretched =
        RgbStyle { ranges: [Some([50.0, 200.0]), Some([0.0, 255.0]), Some([0.0, 510.0])], gamma: [1.0, 2.2, 0.5] };
    let bent = draw(&mut renderer, stretched);
    for r in 0..N {
        for c in 0..N {
            let v = [0, 1, 2].map(|k| byte(k, r, c) as f64);
            let (p, q) = (exact.get_pixel(at(c), at(r)).0, bent.get_pixel(at(c), at(r)).0);
            if lacks(r, c) {
                assert_eq!((p, q), ([0; 4], [0; 4]), "a colour of two channels at {r} {c}");
                continue;
            }
            assert_eq!(p, [v[0] as u8, v[1] as u8, v[2] as u8, 255]);
            let expected =
                [((v[0] - 50.0) / 150.0).clamp(0.0, 1.0), (v[1] / 255.0).powf(1.0 / 2.2), (v[2] / 510.0).powi(2)];
            for k in 0..3 {
                assert!((f64::from(q[k]) - 255.0 * expected[k]).abs() < 0.6, "{v:?}: {q:?} {expected:?}");
            }
        }
    }
}
