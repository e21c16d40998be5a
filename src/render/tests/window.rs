//! The window and `seaglass render` show the same pixels, and what is picked under a pixel is what is drawn there.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::time::Duration;

use glam::DVec2;
use seaglass_core::camera::Camera;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::Geolocation;
use seaglass_core::projection::Projection;
use seaglass_core::style::{ContourStyle, Method, StreamStyle, Style};
use seaglass_render::{Gpu, Renderer, RendererOptions, Scene, SceneLayer};
use support::{Data, bare, grid, keep, orbit_swath, picture, ramp, renderer, series, unit_style};

const SIZE: [u32; 2] = [640, 480];

/// A number in [0, 1) that looks like chance.
fn chance(a: usize, b: usize) -> f32 {
    let mut x = (a as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (b as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) >> 40) as f32 / (1u64 << 24) as f32
}

/// What a window does: frame after frame, with what has come so far, until nothing is missing; then its own texture.
fn in_a_window(gpu: &Gpu, scene: &Scene, data: &[Data]) -> image::RgbaImage {
    let mut renderer = Renderer::new(gpu, RendererOptions::default()).unwrap();
    let format = wgpu::TextureFormat::Bgra8Unorm;
    let extent = wgpu::Extent3d { width: SIZE[0], height: SIZE[1], depth_or_array_layers: 1 };
    let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: None,
        size: extent,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
        view_formats: &[],
    });
    let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
    for frame in 0.. {
        let plan = renderer.plan(scene);
        // A few tiles a frame come from the readers.
        for wanted in plan.wanted.iter().take(3) {
            let source = data.iter().find(|d| d.item == wanted.key.item).unwrap();
            renderer.supply(wanted.key, source.read(wanted));
        }
        renderer.render(scene, &view, format);
        if plan.complete {
            break;
        }
        assert!(frame < 5000, "the window never became complete");
        // Some of it is made on other threads.
        std::thread::sleep(Duration::from_millis(2));
    }
    let line = (SIZE[0] * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
    let out = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: u64::from(line * SIZE[1]),
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(line), rows_per_image: None };
    encoder.copy_texture_to_buffer(texture.as_image_copy(), wgpu::TexelCopyBufferInfo { buffer: &out, layout }, extent);
    gpu.queue.submit([encoder.finish()]);
    out.map_async(wgpu::MapMode::Read, .., |_| {});
    gpu.device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
    let mapped = out.get_mapped_range(..).unwrap();
    image::RgbaImage::from_fn(SIZE[0], SIZE[1], |x, y| {
        let k = (y * line + x * 4) as usize;
        image::Rgba([mapped[k + 2], mapped[k + 1], mapped[k], mapped[k + 3]])
    })
}

#[test]
fn a_window_shows_the_pixels_of_a_picture() {
    let Some(gpu) = support::gpu() else { return };
    // Fine enough for several tiles and levels.
    let cells = || grid((-89.9, 0.2, 900), (-179.9, 0.2, 1800));
    let wave = |r: usize, c: usize| (0.5 + 0.4 * (r as f64 * 0.03).sin() * (c as f64 * 0.02).cos()) as f32;
    let places: Vec<LonLat> =
        (0..400).map(|k| LonLat::new(f64::from(k) * 0.2 - 40.0, f64::from(k % 37) - 18.0)).collect();
    let data = [
        Data::new(1, cells(), wave),
        Data::new(2, cells(), |r, _| (r as f32 * 0.02).sin()),
        Data::new(3, cells(), |_, c| (c as f32 * 0.02).cos()),
        Data::new(4, Geolocation::Track(series(&places, vec![0])), |r, _| (r % 100) as f32 / 100.0),
    ];
    let contour = ContourStyle { on: true, step: Some(0.2), ..ContourStyle::default() };
    let stream = StreamStyle { particles: 2000, frozen: true, ..StreamStyle::default() };
    let layer = |style: Style| {
        let item = usize::from(style.method == Method::Line) * 3;
        let mut layer = data[item].layer(style.clone(), &ramp());
        if style.method.components() == 2 {
            layer.items[0].components = vec![2, 3];
        }
        layer
    };
    let methods: Vec<(&str, SceneLayer)> = vec![
        ("cells", layer(unit_style())),
        ("contours", layer(Style { contour, ..unit_style() })),
        ("arrows", layer(Style { method: Method::Arrows, size_pt: 24.0, ..unit_style() })),
        ("streamlines", layer(Style { method: Method::Streamlines, size_pt: 1.5, stream, ..unit_style() })),
        ("line", layer(Style { method: Method::Line, size_pt: 3.0, ..unit_style() })),
    ];
    for projection in [Projection::Globe, Projection::Mercator] {
        let camera = Camera { target: LonLat::new(0.0, 10.0), altitude_m: 6e6, projection, ..Camera::default() };
        for (name, layer) in &methods {
            let scene = Scene { layers: vec![layer.clone()], background: [9, 13, 18, 255], ..bare(camera, SIZE) };
            let image = picture(&mut renderer(&gpu), &scene, &data);
            let window = in_a_window(&gpu, &scene, &data);
            keep(&window, &format!("window_{name}_{}", projection.kind()));
            let differ = image.pixels().zip(window.pixels()).filter(|(a, b)| a != b).count();
            // Symbols and contour lines that touch are drawn in an order that depends on which tiles were there first,
            // and particles take in rounding from the view they were first placed in: a few pixels of an edge.
            let exact = matches!(*name, "cells" | "line");
            let most = if exact { 0 } else { 24 };
            assert!(differ <= most, "{name} on {projection:?}: {differ} pixels differ");
        }
    }
}

/// The colour of a pixel is that of the cell that is picked there.
#[test]
fn the_cell_under_a_pixel_is_the_one_drawn() {
    let Some(gpu) = support::gpu() else { return };
    let geometries = [
        ("grid", grid((-40.0, 1.3, 70), (-60.0, 1.7, 80)), LonLat::new(8.0, 5.0), 7e6),
        ("swath", Geolocation::Swath(orbit_swath(10.0, 400, 60, 8000.0)), LonLat::new(10.0, 2.0), 1.6e6),
    ];
    for (name, geolocation, target, altitude_m) in geometries {
        let data: Vec<Data> = (0..3usize)
            .map(|k| Data::new(1 + k as u64, geolocation.clone(), move |r, c| chance(r * 3 + k, c)))
            .collect();
        for (method, projection) in [
            (Method::Raster, Projection::Globe),
            (Method::Raster, Projection::Equirectangular),
            (Method::Raster, Projection::parse("laea:10,5").unwrap()),
            (Method::Rgb, Projection::Globe),
            (Method::Rgb, Projection::Mercator),
        ] {
            let camera = Camera { target, altitude_m, projection, heading_deg: 20.0, ..Camera::default() };
            let mut layer = data[0].layer(Style { method, ..unit_style() }, &ramp());
            if method == Method::Rgb {
                layer.items[0].components = vec![1, 2, 3];
            }
            let scene = Scene { layers: vec![layer], ..bare(camera, SIZE) };
            let image = picture(&mut renderer(&gpu), &scene, &data);
            let view = scene.view();
            let (mut looked, mut wrong) = (0, 0);
            for (x, y, pixel) in image.enumerate_pixels().filter(|(x, y, _)| x % 7 == 3 && y % 7 == 3) {
                let cell = |dx: f64, dy: f64| {
                    let px = DVec2::new(f64::from(x) + 0.5 + dx, f64::from(y) + 0.5 + dy);
                    let hit = geolocation.index_within(view.lonlat_from_screen(px)?, 0.0, None)?;
                    Some((hit.row.round() as usize, hit.col.round() as usize))
                };
                // Only pixels that lie in one cell with all their neighbours.
                let around =
                    [(0.0, 0.0), (0.6, 0.0), (-0.6, 0.0), (0.0, 0.6), (0.0, -0.6)].map(|(dx, dy)| cell(dx, dy));
                if around.iter().any(|c| *c != around[0]) {
                    continue;
                }
                looked += 1;
                let same = match around[0] {
                    None => pixel[3] == 0,
                    Some((r, c)) if method == Method::Rgb => {
                        (0..3).all(|k| (f32::from(pixel[k]) - 255.0 * chance(r * 3 + k, c)).abs() <= 1.0)
                    }
                    Some((r, c)) => (f32::from(pixel[0]) - (256.0 * chance(r * 3, c)).floor()).abs() <= 1.0,
                };
                wrong += u32::from(!same);
            }
            assert!(looked > 1500 && wrong == 0, "{name} {method:?} {projection:?}: {wrong} of {looked}");
        }
    }
}
