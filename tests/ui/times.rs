//! Settings of time in the style panel: trails of tracks, rows near the clock.

use egui_kittest::kittest::Queryable;
use seaglass_core::command::Command;
use seaglass_core::granule::GeometryKind;
use seaglass_core::style::{Method, Style, StylePatch};

use crate::world::{World, field, file};

/// The panel of a layer on a geometry.
fn opened(geometry: GeometryKind, method: Method) -> egui_kittest::Harness<'static, World> {
    let mut world = World::empty();
    world.welcome = false;
    for mut info in file("Drifters", vec![field("sst", "Temperature", "degC")], &["2024-08-11T02:00:00"], 600.0) {
        info.parts[0].geometry = geometry;
        if !geometry.is_raster() {
            info.parts[0].shape = [5000, 1];
        }
        world.session.apply(&Command::Opened { path: "/data/drifters.nc".into(), info: Box::new(info) }).unwrap();
    }
    let layer = world.session.project().layers[0].id;
    world.session.apply(&Command::InitRange { layer, range: [0.0, 30.0] }).unwrap();
    let patch = StylePatch { method: Some(method), ..StylePatch::default() };
    world.session.apply(&Command::SetStyle { layer, patch }).unwrap();
    world.state.selected = Some(layer);
    world.state.style_of = Some(layer);
    let mut h = world.harness(1440.0, 1200.0, true);
    h.run_ok();
    h
}

fn style(h: &egui_kittest::Harness<'static, World>) -> Style {
    h.state().session.project().layers[0].style.clone()
}

fn click(h: &mut egui_kittest::Harness<'static, World>, label: &str) {
    h.get_by_label(label).click();
    h.run_ok();
}

#[test]
fn trails_of_tracks() {
    let mut h = opened(GeometryKind::Track, Method::Line);
    click(&mut h, "Trail: Length");
    assert_eq!(style(&h).trail.seconds, Some(864_000.0), "ten days");
    h.get_by_label("Trail: d");
    click(&mut h, "Unit of Trail: h");
    h.get_by_label("Trail: h");
    click(&mut h, "Trail: Whole");
    assert_eq!((style(&h).trail.whole, style(&h).trail.seconds), (true, None));
    click(&mut h, "Trail: Window");
    assert!(!style(&h).trail.whole);
    click(&mut h, "Marker");
    click(&mut h, "Colour by age");
    click(&mut h, "Fade");
    let s = style(&h);
    assert!(!s.trail.marker && s.trail.by_time && s.time.fade);
    assert!(h.query_by_label("Metres wide").is_none(), "that is for dots");
}

#[test]
fn dots_are_sized_on_the_ground() {
    let mut h = opened(GeometryKind::Points, Method::Points);
    click(&mut h, "Metres wide");
    assert_eq!(style(&h).trail.dot_m, Some(1000.0));
    h.get_by_label("Width of dots in metres");
    assert!(h.query_by_label("Marker").is_none());
    click(&mut h, "Metres wide");
    assert_eq!(style(&h).trail.dot_m, None);
}

#[test]
fn rows_near_the_clock() {
    let mut h = opened(GeometryKind::Swath, Method::Raster);
    assert!(h.query_by_label("Trail: Whole").is_none());
    click(&mut h, "Near the clock");
    assert_eq!(style(&h).time.within_s, Some(600.0));
    h.get_by_label("Near the clock: min");
    click(&mut h, "Fade");
    assert!(style(&h).time.fade);
    click(&mut h, "Near the clock");
    assert_eq!(style(&h).time.within_s, None);
}
