//! Budgets, priorities and failures: what is asked for, kept and drawn.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use seaglass_core::camera::Camera;
use seaglass_core::geo::LonLat;
use seaglass_render::{Plan, Renderer, RendererOptions, Scene};
use support::{Data, bare, complete, grid, ramp, unit_style};

/// 0.05° cells over 120° × 90°: 2400 × 1800 values, 15 tiles of a megabyte at full resolution.
fn field(item: u64) -> Data {
    Data::new(item, grid((-44.975, 0.05, 1800), (-59.975, 0.05, 2400)), |r, c| ((r / 100 + c / 100) % 10) as f32 / 10.0)
}

fn scene(data: &Data, altitude_m: f64) -> Scene {
    let camera = Camera { target: LonLat::new(0.0, 0.0), altitude_m, ..Camera::default() };
    Scene { layers: vec![data.layer(unit_style(), &ramp())], ..bare(camera, [800, 600]) }
}

fn with(gpu: &seaglass_render::Gpu, gpu_tile_bytes: u64, upload_bytes_per_frame: u64) -> Renderer {
    Renderer::new(
        gpu,
        RendererOptions {
            gpu_tile_bytes,
            upload_bytes_per_frame,
            // Bytes alone count, however slow the machine is.
            new_ms_per_frame: f32::INFINITY,
            synchronous: false,
            // Tiles of a megabyte.
            packed: false,
            ..RendererOptions::default()
        },
    )
    .unwrap()
}

/// Plans until nothing but tiles is missing (the base map and positions are prepared on other threads).
fn settled(renderer: &mut Renderer, scene: &Scene) -> Plan {
    for _ in 0..200 {
        let plan = renderer.plan(scene);
        if plan.complete || !plan.wanted.is_empty() {
            return plan;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("the plan never settled");
}

#[test]
fn the_coarsest_tile_is_asked_for_first_and_stands_in() {
    let Some(gpu) = support::gpu() else { return };
    let data = field(1);
    let mut renderer = with(&gpu, 1 << 30, 1 << 30);
    let near = scene(&data, 2e6);
    let plan = settled(&mut renderer, &near);
    let top = plan.wanted[0];
    assert!(top.urgent && top.key.level == 3 && plan.wanted.len() > 1, "{:?}", plan.wanted);
    renderer.supply(top.key, data.read(&top));
    let plan = settled(&mut renderer, &near);
    assert!(!plan.complete && plan.wanted.iter().all(|w| !w.urgent && w.key.level == 0));
    let image = renderer.render_image(&near).unwrap();
    assert_eq!(image.get_pixel(400, 300)[3], 255, "the coarse tile is drawn meanwhile");
    for wanted in plan.wanted {
        renderer.supply(wanted.key, data.read(&wanted));
    }
    assert!(settled(&mut renderer, &near).complete);
}

#[test]
fn failed_tiles_are_not_asked_for_again_until_forgotten() {
    let Some(gpu) = support::gpu() else { return };
    let data = field(1);
    let mut renderer = with(&gpu, 1 << 30, 1 << 30);
    let near = scene(&data, 2e6);
    let wanted = settled(&mut renderer, &near).wanted;
    wanted.iter().for_each(|w| renderer.supply_failed(w.key));
    assert!(settled(&mut renderer, &near).complete, "nothing more to wait for");
    renderer.forget_items(&[1]);
    assert_eq!(settled(&mut renderer, &near).wanted, wanted);
}

#[test]
fn uploads_are_spread_over_frames() {
    let Some(gpu) = support::gpu() else { return };
    let data = field(1);
    let mut renderer = with(&gpu, 1 << 30, 1 << 20);
    let near = scene(&data, 2.5e6);
    for wanted in settled(&mut renderer, &near).wanted {
        renderer.supply(wanted.key, data.read(&wanted));
    }
    renderer.plan(&near);
    renderer.render_image(&near).unwrap();
    let first = renderer.stats().tiles_resident;
    for _ in 0..10 {
        renderer.plan(&near);
    }
    renderer.render_image(&near).unwrap();
    assert!(first < renderer.stats().tiles_resident, "{first} tiles at once");
}

#[test]
fn the_budget_is_kept_by_drawing_coarser_and_dropping_the_oldest() {
    let Some(gpu) = support::gpu() else { return };
    let budget = 5 << 20;
    let mut renderer = Renderer::new(
        &gpu,
        RendererOptions { gpu_tile_bytes: budget, synchronous: true, packed: false, ..RendererOptions::default() },
    )
    .unwrap();
    let mut base = 0;
    for item in 1..5 {
        let data = field(item);
        // The whole field at about a pixel a cell would need 15 tiles.
        let mut near = scene(&data, 4.5e6);
        near.size_px = [2000, 1500];
        complete(&mut renderer, &near, std::slice::from_ref(&data));
        let image = renderer.render_image(&near).unwrap();
        assert_eq!(image.get_pixel(1000, 750)[3], 255, "what is drawn is never dropped");
        let empty = bare(near.camera, [16, 16]);
        if base == 0 {
            let mut other = support::renderer(&gpu);
            other.render_image(&empty).unwrap();
            base = other.stats().gpu_bytes;
        }
        let held = renderer.stats();
        assert!(held.tiles_resident > 0 && held.gpu_bytes < base + budget + (64 << 20), "{held:?}");
        let tiles = held.tiles_resident as u64;
        assert!(tiles * (514 * 514 * 4) <= budget + (1 << 20), "{tiles} tiles");
    }
}

#[test]
fn packed_values_count_as_what_they_take() {
    let Some(gpu) = support::gpu() else { return };
    let data = field(1);
    // All 15 tiles of the field, of eleven kinds of values: a quarter of their floats fits, the floats would not.
    let options = RendererOptions { gpu_tile_bytes: 5 << 20, synchronous: true, ..RendererOptions::default() };
    let mut renderer = Renderer::new(&gpu, options).unwrap();
    let mut near = scene(&data, 4.5e6);
    near.size_px = [2000, 1500];
    complete(&mut renderer, &near, std::slice::from_ref(&data));
    renderer.render_image(&near).unwrap();
    let held = renderer.stats().tiles_resident;
    assert!(held >= 15, "{held} tiles");
    assert_eq!(renderer.memory_full(), None);
}

#[test]
fn items_out_of_view_are_named() {
    let Some(gpu) = support::gpu() else { return };
    let data = field(7);
    let mut renderer = with(&gpu, 1 << 30, 1 << 30);
    let mut away = scene(&data, 1e6);
    away.camera.target = LonLat::new(180.0, 0.0);
    let mut plan = renderer.plan(&away);
    for _ in 0..100 {
        if plan.complete {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
        plan = renderer.plan(&away);
    }
    assert_eq!(plan.off_screen, [7]);
    assert!(plan.wanted.is_empty());
}
