//! Draws the base map and some synthetic data to PNG files, to be looked at: `cargo run --example look -- FOLDER`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "an example may end with a message")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::PathBuf;

use seaglass_core::camera::Camera;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::Geolocation;
use seaglass_core::projection::Projection;
use seaglass_core::style::Style;
use seaglass_render::{Scene, assets};
use support::{Data, grid, orbit_place, orbit_swath, picture, renderer, track};

fn main() {
    let folder = std::env::args_os().nth(1).map_or_else(|| std::env::temp_dir().join("seaglass-look"), PathBuf::from);
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let Some(gpu) = support::gpu() else { return };
    let mut renderer = renderer(&gpu);
    let maps = assets::colormaps();
    let balance = maps.get("cmocean_balance").expect("an embedded map");
    let thermal = maps.get("cmocean_thermal").expect("an embedded map");
    let swath = Data::new(1, Geolocation::Swath(orbit_swath(-60.0, 9860, 69, 2000.0)), |r, c| {
        if c.abs_diff(34) < 5 { f32::NAN } else { ((r as f32) * 0.01).sin() * ((c as f32) * 0.1).cos() * 0.3 }
    });
    let sst = Data::new(2, grid((-89.875, 0.25, 720), (-179.875, 0.25, 1440)), |r, c| {
        let lat = -89.875 + r as f32 * 0.25;
        let lon = -179.875 + c as f32 * 0.25;
        if (lon * 0.05).sin() * (lat * 0.07).cos() > 0.6 {
            f32::NAN
        } else {
            28.0 - lat.abs() * 0.4 + (lon * 0.2).sin()
        }
    });
    let path: Vec<LonLat> = (0..3000).map(|k| orbit_place(-20.0, 66.0, f64::from(k) * 0.001, 0.0)).collect();
    let along = Data::new(3, track(&path, vec![0]), |k, _| (k as f32 * 0.02).sin() * 0.3);
    let drifters: Vec<LonLat> =
        (0..400).map(|k| orbit_place(-50.0, 30.0, 0.4 + f64::from(k) * 0.0007, f64::from(k % 7) * 90_000.0)).collect();
    let dots = Data::new(4, Geolocation::Points(support::series(&drifters, vec![])), |k, _| k as f32 / 400.0);
    let data = [swath.clone(), sst.clone(), along.clone(), dots.clone()];
    let ssha = Style { range: Some([-0.3, 0.3]), ..Style::default() };
    let warm = Style { range: Some([-2.0, 30.0]), opacity: 0.85, ..Style::default() };
    let small = Style { range: Some([0.0, 1.0]), size_pt: 7.0, ..Style::default() };
    let layers = vec![
        sst.layer(warm.clone(), &thermal),
        swath.layer(ssha.clone(), &balance),
        along.layer(ssha.clone(), &balance),
        dots.layer(small, &thermal),
    ];
    let camera = |lon, lat, altitude_m: f64, tilt_deg, projection| Camera {
        target: LonLat::new(lon, lat),
        altitude_m,
        tilt_deg,
        projection,
        ..Camera::default()
    };
    use Projection as P;
    let views = [
        ("globe", camera(-42.0, 20.0, 14.2e6, 0.0, P::Globe), false),
        ("tilted", camera(-60.0, 38.0, 5e6, 34.0, P::Globe), false),
        ("low", camera(-4.6, 48.4, 3e5, 60.0, P::Globe), false),
        ("equirectangular", camera(-42.0, 20.0, 22e6, 0.0, P::Equirectangular), false),
        ("mercator", camera(170.0, 30.0, 12e6, 0.0, P::Mercator), false),
        ("north", camera(0.0, 80.0, 14e6, 0.0, P::PolarNorth), false),
        ("south", camera(0.0, -80.0, 6e6, 0.0, P::PolarSouth), true),
        ("data_globe", camera(-42.0, 20.0, 14.2e6, 0.0, P::Globe), true),
        ("data_tilted", camera(-60.0, 38.0, 5e6, 34.0, P::Globe), true),
        ("data_dateline", camera(180.0, 0.0, 5e6, 0.0, P::Globe), true),
        ("data_pole", camera(0.0, 90.0, 3e6, 0.0, P::Globe), true),
        ("data_map", camera(150.0, 20.0, 30e6, 0.0, P::Equirectangular), true),
        ("data_close", camera(-67.1, 30.0, 2e4, 0.0, P::Globe), true),
    ];
    for (name, camera, with_data) in views {
        let mut scene = Scene::new(camera, [1110, 668]);
        if with_data {
            scene.layers = layers.clone();
        }
        let start = std::time::Instant::now();
        let image = picture(&mut renderer, &scene, &data);
        let stats = renderer.stats();
        println!("{name}: {:.0} ms, {stats:?}", start.elapsed().as_secs_f64() * 1e3);
        image.save(folder.join(format!("{name}.png"))).expect("the picture can be written");
    }
}
