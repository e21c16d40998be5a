//! Values kept as numbers of 8 or 16 bits on the device: every pixel is that of floats, whatever the file packed them with.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;

use seaglass_core::camera::Camera;
use seaglass_core::coord::CoordArray;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::{Geolocation, Swath};
use seaglass_core::style::{Filter, OutOfRange, Style};
use seaglass_core::time::{Time, TimeSpan};
use seaglass_render::{Clock, Renderer, RendererOptions, Scene, SceneItem, SceneLayer};
use support::{Data, bare, keep, orbit_place, picture, ramp};

const SIZE: [u32; 2] = [640, 480];
const SHAPE: [usize; 2] = [700, 90];
const SECOND: i64 = 1_000_000;

/// Raw numbers of a cell, spread over all that a type can hold.
fn raw(granule: u64, r: usize, c: usize, kinds: u64) -> u64 {
    let smooth = (granule as usize * 37 + r * 3 + c * 5) as u64;
    (smooth * smooth / 40 + smooth) % kinds
}

/// Values as a reader unpacks them (scale and offset in double precision, then single), by how a file packed them.
fn unpacked(how: &'static str, granule: u64, r: usize, c: usize) -> f32 {
    let unpack = |raw: f64, scale: f64, offset: f64| (raw * scale + offset) as f32;
    match how {
        // `_FillValue` -32768 of signed 16 bits.
        "short" => match raw(granule, r, c, 60_000) as i64 - 32_768 {
            -32_768..=-32_000 => f32::NAN,
            raw => unpack(raw as f64, 0.000_05, 0.3),
        },
        // Bytes with `_Unsigned`: 200 is above 127, not below 0. 255 is missing.
        "unsigned byte" => match raw(granule, r, c, 256) as u8 {
            255 => f32::NAN,
            raw => unpack(f64::from(raw), 0.004, 0.0),
        },
        // A tile also says what is missing beyond its edges: 255 kinds of raw values are the most for 8 bits.
        "signed byte" => unpack(f64::from(raw(granule, r, c, 255) as u8 as i8), 0.004, 0.5),
        // 32 bits in the file, few values in a field: the altimeter's heights.
        "long" => unpack(raw(granule, r, c, 9000) as f64 - 2000.0, 1e-4, 0.0),
        // A float for every cell of every granule: it stays as it is.
        _ => ((granule as usize * SHAPE[0] + r) * SHAPE[1] + c) as f32 * 3e-6,
    }
}

fn swaths(how: &'static str) -> Vec<Data> {
    let swath = |k: u64| {
        let (mut lon, mut lat) = (Vec::new(), Vec::new());
        for r in 0..SHAPE[0] {
            for c in 0..SHAPE[1] {
                let along = 0.9 * (r as f64 / SHAPE[0] as f64 - 0.5);
                let p = orbit_place(20.0 * k as f64, 75.0, along, (c as f64 - 44.5) * 12_000.0);
                lon.push(p.lon_deg);
                lat.push(p.lat_deg);
            }
        }
        // Over midnight.
        let times = (0..SHAPE[0]).map(|r| (86_400 * 20_000 - 300 + r as i64) * SECOND).collect();
        let swath = Swath::full(SHAPE, CoordArray::F64(lon), CoordArray::F64(lat), times).unwrap();
        Data::new(k + 1, Geolocation::Swath(swath), move |r, c| unpacked(how, k, r, c))
    };
    (0..5).map(swath).collect()
}

fn layer(data: &[Data], style: &Style) -> SceneLayer {
    let item = |d: &Data| SceneItem { item: d.item, geolocation: Arc::clone(&d.geolocation), components: Vec::new() };
    SceneLayer { items: data.iter().map(item).collect(), ..data[0].layer(style.clone(), &ramp()) }
}

#[test]
fn every_pixel_is_that_of_floats() {
    let Some(gpu) = support::gpu() else { return };
    for how in ["short", "unsigned byte", "signed byte", "long", "float"] {
        let data = swaths(how);
        let make = |packed| {
            let options = RendererOptions { synchronous: true, packed, ..RendererOptions::default() };
            Renderer::new(&gpu, options).unwrap()
        };
        let (mut packed, mut floats) = (make(true), make(false));
        for (altitude_m, filter) in [(9e6, Filter::Nearest), (9e6, Filter::Bilinear), (1.2e6, Filter::Bilinear)] {
            let camera = Camera { target: LonLat::new(42.0, 8.0), altitude_m, ..Camera::default() };
            let style = Style { filter, range: Some([0.0, 1.0]), out_of_range: OutOfRange::Clamp, ..Style::default() };
            for rows in [None, Some(150..500)] {
                let at = |r: i64| Time::from_micros((86_400 * 20_000 - 300 + r) * SECOND);
                let times = rows.map(|r: std::ops::Range<i64>| TimeSpan::new(at(r.start), at(r.end)));
                let clock = times.map(|window| Clock { now: window.stop, window });
                let layers = vec![SceneLayer { times, ..layer(&data, &style) }];
                let scene = Scene { layers, clock, ..bare(camera, SIZE) };
                let name = format!("packed_{how}_{altitude_m}_{filter:?}_{}", times.is_some());
                let (a, b) = (picture(&mut packed, &scene, &data), picture(&mut floats, &scene, &data));
                keep(&a, &name);
                let drawn = b.pixels().filter(|p| p.0[3] > 0).count();
                assert!(drawn > 20_000, "{name}: only {drawn} pixels");
                let differ = a.pixels().zip(b.pixels()).filter(|(a, b)| a != b).count();
                assert_eq!(differ, 0, "{name}: pixels of {drawn}");
            }
        }
        // Bytes of tiles, without what both have: a row has its values and one more on either side, and its time.
        let bytes = [&packed, &floats].map(|r| r.stats().gpu_bytes);
        let values = (5 * (SHAPE[0] + 2) * SHAPE[1]) as u64;
        let less = match how {
            "float" => 0,
            "short" | "long" => 2 * values,
            _ => 3 * values,
        };
        assert!(bytes[0] + less <= bytes[1], "{how}: {bytes:?}");
    }
}
