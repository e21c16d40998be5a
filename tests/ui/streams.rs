//! Streamlines in the style panel.

use egui_kittest::kittest::Queryable;
use seaglass_core::command::Command;
use seaglass_core::style::{Method, Style};

use crate::world::{World, field, file};

fn opened() -> egui_kittest::Harness<'static, World> {
    let mut world = World::empty();
    let mut current = field("speed", "Current speed", "m s-1");
    current.components = vec!["u".into(), "v".into()];
    let fields = vec![current, field("u", "u", "m s-1"), field("v", "v", "m s-1")];
    for info in file("Currents", fields, &["2024-08-11T02:00:00"], 50.0) {
        world.session.apply(&Command::Opened { path: "/data/currents.nc".into(), info: Box::new(info) }).unwrap();
    }
    let id = world.id("speed");
    world.session.apply(&Command::InitRange { layer: id, range: [0.0, 1.5] }).unwrap();
    world.state.selected = Some(id);
    world.state.style_of = Some(id);
    world.live = true;
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    h
}

fn style(h: &egui_kittest::Harness<'static, World>) -> Style {
    h.state().session.project().layers[0].style.clone()
}

#[test]
fn settings_of_streamlines_are_sent() {
    let mut h = opened();
    h.get_by_label("Method: Streamlines").click();
    h.run_ok();
    assert_eq!((style(&h).method, style(&h).size_pt), (Method::Streamlines, 1.5));
    for label in ["Number of particles in view", "Length in steps", "Width in points"] {
        h.get_by_label(label);
    }
    assert!(h.query_by_label("Seconds of drift in a second").is_none(), "the view chooses");
    h.get_by_label("Factor").click();
    h.run_ok();
    assert_eq!(style(&h).stream.speed_factor, Some(86_400.0));
    h.get_by_label("Seconds of drift in a second");
    h.get_by_label("Fits the view").click();
    h.run_ok();
    assert_eq!(style(&h).stream.speed_factor, None);
    h.get_by_label("One colour").click();
    h.run_ok();
    assert_eq!(style(&h).stream.colour, Some([255, 255, 255]));
    h.get_by_label("By speed").click();
    h.run_ok();
    assert_eq!(style(&h).stream.colour, None);
    h.get_by_label("Frozen").click();
    h.run_ok();
    assert!(style(&h).stream.frozen);
    h.get_by_label("Moving").click();
    h.run_ok();
    assert!(!style(&h).stream.frozen);
}
