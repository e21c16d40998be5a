//! The panel in its states and sizes: nothing lies outside, all that can be pressed is large enough and has a name.
//!
//! `SEAGLASS_PICTURES=1 cargo test --test ui_colocate looks` also writes pictures to `target/ui-states`, to be looked at.

use std::path::PathBuf;

use egui_kittest::kittest::{NodeT, Queryable};
use seaglass_app::colocate::Lower;
use seaglass_app::colocate::selection::{Brush, Quantity};
use seaglass_core::colocation::{ColocationPatch, PRESETS, Sample};

use crate::world::{World, ready};

type Harness = egui_kittest::Harness<'static, World>;

fn save(h: &mut Harness, name: &str) {
    if std::env::var_os("SEAGLASS_PICTURES").is_none() {
        return;
    }
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/ui-states");
    std::fs::create_dir_all(&folder).unwrap();
    match h.render() {
        Ok(image) => image.save(folder.join(format!("colocate-{name}.png"))).unwrap(),
        Err(e) => println!("skipped: no picture of {name}: {e}"),
    }
}

/// What can be pressed is large enough, named and inside.
fn check(h: &Harness, at: &str) {
    let screen = h.ctx.content_rect();
    let mut checked = 0;
    for node in h.query_all(egui_kittest::kittest::By::new().predicate(|_| true)) {
        let n = node.accesskit_node();
        let pressed = matches!(
            n.role(),
            egui::accesskit::Role::Button | egui::accesskit::Role::ComboBox | egui::accesskit::Role::Link
        );
        if !pressed {
            continue;
        }
        let rect = node.rect();
        if !rect.is_finite() || !screen.intersects(rect) || n.is_disabled() {
            continue;
        }
        let label = n.label().unwrap_or_default();
        assert!(!label.is_empty(), "{at}: something without a name at {rect:?}");
        assert!(rect.width() >= 23.5 && rect.height() >= 17.5, "{at}: {label:?} is too small: {rect:?}");
        checked += 1;
    }
    assert!(checked > 5, "{at}: {checked}");
}

#[test]
fn looks_of_the_states() {
    for (w, height) in [(1440.0, 900.0), (1024.0, 640.0)] {
        for dark in [true, false] {
            let theme = if dark { "dark" } else { "light" };
            let mut world = ready();
            let found = world.pairs(25_000.0, 10_800.0);
            let mut h = world.harness(w, height, dark);
            let at = |what: &str| format!("{what}-{w}-{theme}");
            h.run_ok();
            check(&h, &at("pairs"));
            save(&mut h, &at("pairs"));
            let some: Vec<f64> = (0..found.pairs.len()).map(|k| found.difference(k)).collect();
            let low = some.iter().copied().fold(f64::INFINITY, f64::min);
            h.state_mut().state.colocate.selection.brush = Brush::Differences(low, found.stats.median);
            h.state_mut().state.colocate.lower = Lower::Against(Quantity::TimeDifference);
            h.key_press(egui::Key::T);
            h.state_mut().state.colocate.filters_open = true;
            h.run_ok();
            check(&h, &at("table"));
            save(&mut h, &at("table"));
            if !dark {
                continue;
            }
            h.state_mut().state.colocate.lower = Lower::Histogram;
            h.state_mut().state.colocate.selection.brush = Brush::None;
            // No pair, one pair, very many.
            h.state_mut().set(ColocationPatch { radius_m: Some(0.0), ..ColocationPatch::default() });
            h.state_mut().pairs(0.0, 10_800.0);
            h.run_ok();
            assert!(h.query_by_label("No pairs").is_some());
            save(&mut h, &at("none"));
            let nearest = found.pairs.iter().map(|p| p.distance_m).fold(f64::INFINITY, f64::min) + 1e-3;
            h.state_mut().set(ColocationPatch { radius_m: Some(nearest), ..ColocationPatch::default() });
            let one = h.state_mut().pairs(nearest, 10_800.0);
            assert_eq!(one.pairs.len(), 1);
            h.run_ok();
            assert!(h.query_by_label("Pairs 1").is_some());
            check(&h, &at("one"));
            save(&mut h, &at("one"));
        }
    }
}

#[test]
fn looks_of_many_pairs() {
    let mut world = World::new();
    let layers = world.layers();
    world.set(ColocationPatch {
        reference: Some(layers[2]),
        compared: Some(layers[1]),
        radius_m: Some(6_000.0),
        window_s: Some(14_400.0),
        sample: Some(Sample::Nearest),
        ..ColocationPatch::default()
    });
    let found = world.pairs(6_000.0, 14_400.0);
    assert!(found.pairs.len() > 50_000, "{}", found.pairs.len());
    let mut h = world.harness(1440.0, 900.0, true);
    h.key_press(egui::Key::T);
    h.run_ok();
    check(&h, "many");
    save(&mut h, "many");
}

#[test]
fn looks_of_crossovers_and_directions() {
    let mut world = World::of(&[("JA1_", "ssha")]);
    let layer = world.layers()[0];
    world.set(ColocationPatch { reference: Some(layer), ..ColocationPatch::default() });
    world.host.step();
    world.set(PRESETS[4].patch());
    world.pairs(2000.0, 864_000.0);
    let mut h = world.harness(1440.0, 900.0, true);
    h.key_press(egui::Key::T);
    h.run_ok();
    check(&h, "crossovers");
    save(&mut h, "crossovers");
    let mut world = World::of(&[("ascat", "wind_dir"), ("ascat", "model_dir")]);
    let layers = world.layers();
    world.set(ColocationPatch {
        reference: Some(layers[0]),
        compared: Some(layers[1]),
        radius_m: Some(5000.0),
        window_s: Some(60.0),
        ..ColocationPatch::default()
    });
    world.pairs(5000.0, 60.0);
    let mut h = world.harness(1440.0, 900.0, false);
    h.run_ok();
    check(&h, "directions");
    save(&mut h, "directions");
}

/// A file that breaks off is left out and said, and the rest is matched.
#[test]
fn looks_of_a_file_that_fails() {
    let day = crate::sample_day::sample_day();
    let mut modis: Vec<PathBuf> = std::fs::read_dir(&day).unwrap().map(|e| e.unwrap().path()).collect();
    modis.retain(|p| crate::world::name(p).contains("MODIS"));
    modis.sort();
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join(crate::world::name(&modis[0]).replace("20240811134500", "20240811134000"));
    std::fs::copy(&modis[0], &copy).unwrap();
    let mut world = World::with_files(&crate::world::SIDES, std::slice::from_ref(&copy));
    let layers = world.layers();
    // It was whole when it was opened.
    let bytes = std::fs::read(&copy).unwrap();
    std::fs::write(&copy, &bytes[..bytes.len() / 3]).unwrap();
    world.set(ColocationPatch {
        reference: Some(layers[0]),
        compared: Some(layers[1]),
        radius_m: Some(25_000.0),
        window_s: Some(10_800.0),
        ..ColocationPatch::default()
    });
    let found = world.pairs(25_000.0, 10_800.0);
    assert_eq!(found.failed, 1);
    assert!(!found.pairs.is_empty());
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    assert!(h.query_by_label_contains("1 file left out").is_some());
    save(&mut h, "failed");
}
