//! Shapes: areas and outlines where geometry says, on globe and maps, over dateline and poles.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;

use glam::DVec2;
use rayon::prelude::*;
use seaglass_core::camera::Camera;
use seaglass_core::command::Command;
use seaglass_core::geo::LonLat;
use seaglass_core::projection::Projection;
use seaglass_core::session::Session;
use seaglass_core::shapes::{
    Dash, Edges, Geometry, Inside, Line, NewShape, ShapeChange, ShapeKind, ShapeStyle, Shapes,
};
use seaglass_render::Scene;
use support::{bare, picture, renderer};

const SIZE: [u32; 2] = [400, 300];

fn shapes_of(geometry: &Geometry, style: ShapeStyle) -> Shapes {
    let mut session = Session::default();
    let shape = NewShape {
        name: String::new(),
        geometry: Arc::new(geometry.clone()),
        style: Some(style),
        attributes: Arc::default(),
    };
    let change = ShapeChange::Add { shape: Box::new(shape), number: None };
    session.apply(&Command::Shapes { change }).unwrap();
    session.project().shapes.clone()
}

fn polygon(edges: Edges, rings: &[&[(f64, f64)]]) -> Geometry {
    let line = |(k, ring): (usize, &&[(f64, f64)])| Line {
        places: ring.iter().map(|(lon, lat)| LonLat::new(*lon, *lat)).collect(),
        hole: k > 0,
    };
    Geometry::new(ShapeKind::Polygon, edges, rings.iter().enumerate().map(line).collect())
}

const SOLID: ShapeStyle =
    ShapeStyle { colour: [255, 0, 0], width_pt: 0.5, fill: 1.0, dash: Dash::Solid, area: None, stroke: 1.0 };

/// Cameras from afar and near.
fn cameras(at: LonLat) -> Vec<Camera> {
    let mut all = Vec::new();
    for projection in Projection::ALL {
        for altitude_m in [14_200_000.0, 2_000_000.0] {
            let camera = Camera { target: at, altitude_m, projection, ..Camera::default() };
            all.push(camera.sanitized());
        }
    }
    all.push(Camera { target: at, altitude_m: 900_000.0, tilt_deg: 60.0, heading_deg: 30.0, ..Camera::default() });
    all
}

#[test]
fn an_area_is_filled_exactly_where_its_inside_is() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let cap: Vec<(f64, f64)> = (0..9).map(|k| (f64::from(k) * 40.0 - 170.0, 62.0)).collect();
    let south: Vec<(f64, f64)> = cap.iter().map(|(lon, lat)| (*lon, -lat)).collect();
    let dateline: &[(f64, f64)] = &[(160.0, -15.0), (-165.0, -20.0), (-160.0, 18.0), (165.0, 22.0)];
    let hole: &[(f64, f64)] = &[(172.0, -6.0), (-175.0, -7.0), (-178.0, 8.0)];
    let wide: &[(f64, f64)] = &[(-70.0, 10.0), (40.0, 12.0), (60.0, 55.0), (-50.0, 50.0)];
    let over_pole: &[(f64, f64)] = &[(-20.0, 70.0), (20.0, 70.0), (100.0, 80.0), (-140.0, 75.0)];
    let at = LonLat::new;
    let cases = [
        ("cap", vec![cap.as_slice()], at(10.0, 75.0)),
        ("south", vec![south.as_slice()], at(10.0, -75.0)),
        ("dateline", vec![dateline, hole], at(179.0, 3.0)),
        ("wide", vec![wide], at(0.0, 35.0)),
        ("over the pole", vec![over_pole], at(20.0, 80.0)),
    ];
    let (mut looked_at, mut filled) = (0, 0);
    for (name, rings, middle) in &cases {
        for edges in [Edges::GreatCircle, Edges::Straight] {
            if (edges, *name) == (Edges::Straight, "over the pole") {
                continue;
            }
            let geometry = polygon(edges, rings);
            let inside = Inside::new(&geometry);
            for camera in cameras(*middle) {
                let scene = Scene { shapes: shapes_of(&geometry, SOLID), ..bare(camera, SIZE) };
                let image = picture(&mut renderer, &scene, &[]);
                let view = scene.view();
                let looked: Vec<_> = image.enumerate_pixels().filter(|(x, y, _)| x % 6 == 2 && y % 6 == 2).collect();
                // Looked at, inside, and not drawn as it should be.
                let of_pixel = |(x, y, pixel): &(u32, u32, &image::Rgba<u8>)| {
                    let (x, y) = (*x, *y);
                    let place = |dx: f64, dy: f64| {
                        let px = DVec2::new(f64::from(x) + 0.5 + dx, f64::from(y) + 0.5 + dy);
                        view.lonlat_from_screen(px).filter(|p| view.facing(*p) > 0.05)
                    };
                    // Only pixels that lie on one side with all their neighbours.
                    let around =
                        [(0.0, 0.0), (2.5, 0.0), (-2.5, 0.0), (0.0, 2.5), (0.0, -2.5), (2.0, 2.0), (-2.0, -2.0)];
                    let sides: Option<Vec<bool>> =
                        around.iter().map(|(dx, dy)| place(*dx, *dy).map(|p| inside.contains(p))).collect();
                    let sides = sides.filter(|s| s.iter().all(|v| *v == s[0]))?;
                    Some([1, u32::from(sides[0]), u32::from((pixel[3] > 128) != sides[0])])
                };
                let add = |a: [u32; 3], b: [u32; 3]| [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
                let [all, inside, wrong] = looked.par_iter().filter_map(of_pixel).reduce(|| [0; 3], add);
                (looked_at, filled) = (looked_at + all, filled + inside);
                if wrong > 0 && std::env::var_os("SEAGLASS_SHAPES_OUT").is_some() {
                    let out = std::env::var_os("SEAGLASS_SHAPES_OUT").unwrap();
                    let file = format!("{name}-{edges:?}-{:?}-{}.png", camera.projection, camera.altitude_m);
                    image.save(std::path::Path::new(&out).join(file)).unwrap();
                }
                assert!(wrong == 0, "{name} {edges:?} {:?} {}: {wrong}", camera.projection, camera.altitude_m);
            }
        }
    }
    assert!(looked_at > 100_000 && filled > 20_000, "{looked_at} {filled}");
}

#[test]
fn an_outline_lies_on_its_great_circle_at_every_scale() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let line = Geometry::simple(ShapeKind::Polyline, vec![LonLat::new(-70.0, 40.0), LonLat::new(-5.0, 48.0)]);
    let style =
        ShapeStyle { colour: [255, 255, 255], width_pt: 3.0, fill: 0.0, dash: Dash::Solid, area: None, stroke: 1.0 };
    // pyproj 3.7: the sphere's great circle at half its length (Geod(a=1, b=1).npts, geodetic latitudes as on the sphere).
    let middle = LonLat::new(-39.963_333_28, 48.841_175_99);
    for altitude_m in [10_000_000.0, 100_000.0, 2000.0] {
        let camera = Camera { target: middle, altitude_m, ..Camera::default() };
        let scene = Scene { shapes: shapes_of(&line, style), ..bare(camera, SIZE) };
        let image = picture(&mut renderer, &scene, &[]);
        // Rows of ink in the middle column.
        let column = SIZE[0] / 2;
        let rows: Vec<u32> = (0..SIZE[1]).filter(|y| image.get_pixel(column, *y)[0] > 128).collect();
        assert!((2..=4).contains(&rows.len()), "{altitude_m}: {rows:?}");
        let mean = rows.iter().sum::<u32>() as f64 / rows.len() as f64 + 0.5;
        // The place is given to 1e-8 degrees.
        let slack = 1.0 + 0.01 / scene.view().metres_per_px();
        assert!((mean - f64::from(SIZE[1]) / 2.0).abs() < slack, "{altitude_m}: {mean}");
    }
}

#[test]
fn dashes_points_and_hidden_shapes() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let camera = Camera { target: LonLat::new(0.0, 0.0), altitude_m: 3_000_000.0, ..Camera::default() };
    let line = Geometry::simple(ShapeKind::Polyline, vec![LonLat::new(-12.0, 0.0), LonLat::new(12.0, 0.0)]);
    let ink = |renderer: &mut seaglass_render::Renderer, geometry: &Geometry, style: ShapeStyle| {
        let scene = Scene { shapes: shapes_of(geometry, style), ..bare(camera, SIZE) };
        let image = picture(renderer, &scene, &[]);
        let row: Vec<bool> = (0..SIZE[0]).map(|x| image.get_pixel(x, SIZE[1] / 2)[1] > 100).collect();
        let strokes = row.windows(2).filter(|w| w[1] && !w[0]).count();
        (row.iter().filter(|v| **v).count(), strokes)
    };
    let style = |dash, width_pt| ShapeStyle { colour: [0, 255, 0], width_pt, fill: 0.0, dash, area: None, stroke: 1.0 };
    let (solid, one) = ink(&mut renderer, &line, style(Dash::Solid, 4.0));
    let (dashed, many) = ink(&mut renderer, &line, style(Dash::Dashed, 4.0));
    let (dotted, most) = ink(&mut renderer, &line, style(Dash::Dotted, 4.0));
    assert_eq!(one, 1);
    // Strokes of 18 pixels every 35, dots of 4 every 12.4.
    let expected = |share: f64| solid as f64 * share;
    assert!((dashed as f64 - expected(18.0 / 35.0)).abs() < 20.0 && many >= solid / 36, "{solid} {dashed} {many}");
    assert!((dotted as f64 - expected(4.0 / 12.4)).abs() < 30.0 && most > many * 2, "{solid} {dotted} {most}");
    let dot = Geometry::simple(ShapeKind::Point, vec![LonLat::new(0.0, 0.0)]);
    let (across, one) = ink(&mut renderer, &dot, style(Dash::Solid, 20.0));
    assert!((19..=21).contains(&across) && one == 1, "{across}");
    let shapes = shapes_of(&dot, style(Dash::Solid, 20.0));
    let mut session = Session::default();
    for s in shapes.iter() {
        let shape = NewShape {
            name: s.name.clone(),
            geometry: Arc::clone(&s.geometry),
            style: Some(s.style),
            attributes: Arc::default(),
        };
        session.apply(&Command::Shapes { change: ShapeChange::Add { shape: Box::new(shape), number: None } }).unwrap();
    }
    let id = session.project().shapes[0].id;
    session.apply(&Command::Shapes { change: ShapeChange::Show { shape: id, visible: false } }).unwrap();
    let scene = Scene { shapes: session.project().shapes.clone(), ..bare(camera, SIZE) };
    assert!(picture(&mut renderer, &scene, &[]).pixels().all(|p| p[3] == 0));
}

#[test]
fn a_long_coast_is_thinned_from_afar_and_whole_from_near() {
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    // 60 000 vertices on a circle of five degrees with a sawtooth of 0.002°.
    let n = 60_000;
    let places: Vec<LonLat> = (0..n)
        .map(|k| {
            let a = f64::from(k) / f64::from(n) * std::f64::consts::TAU;
            let r = 5.0 + 0.002 * f64::from(k % 2);
            LonLat::new(r * a.cos(), r * a.sin())
        })
        .collect();
    let g = Geometry::new(ShapeKind::Polygon, Edges::Straight, vec![Line { places, hole: false }]);
    let draw = |renderer: &mut seaglass_render::Renderer, altitude_m: f64, target: LonLat| {
        let camera = Camera { target, altitude_m, ..Camera::default() };
        let scene = Scene { shapes: shapes_of(&g, SOLID), ..bare(camera, SIZE) };
        picture(renderer, &scene, &[])
    };
    let far = draw(&mut renderer, 3_000_000.0, LonLat::new(0.0, 0.0));
    let m_per_px = Camera { altitude_m: 3_000_000.0, ..Camera::default() }.view(400.0, 300.0).metres_per_px();
    let area = far.pixels().filter(|p| p[3] > 128).count() as f64 * m_per_px * m_per_px;
    let expected = std::f64::consts::PI * (5.0 * 111_195.0f64).powi(2);
    assert!((area / expected - 1.0).abs() < 0.04, "{area} {expected}");
    let near = draw(&mut renderer, 3000.0, LonLat::new(5.0, 0.0));
    let (inside, outside) = (near.get_pixel(20, 150)[3], near.get_pixel(380, 150)[3]);
    assert!(inside > 128 && outside < 128, "{inside} {outside}");
}
