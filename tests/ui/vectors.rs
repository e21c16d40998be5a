//! Arrows and barbs in the style panel and the legend.

use egui_kittest::kittest::Queryable;
use seaglass_core::command::Command;
use seaglass_core::style::{Method, Style};

use crate::world::{World, field, file};

/// A wind with its components, and a temperature without any.
fn opened(layer: &str) -> egui_kittest::Harness<'static, World> {
    let mut world = World::empty();
    let mut wind = field("wind_speed", "Wind speed", "m s-1");
    wind.components = vec!["u".into(), "v".into()];
    let fields =
        vec![wind, field("sst", "Sea surface temperature", "K"), field("u", "u", "m s-1"), field("v", "v", "m s-1")];
    for info in file("Wind", fields, &["2024-08-11T02:00:00"], 50.0) {
        world.session.apply(&Command::Opened { path: "/data/wind.nc".into(), info: Box::new(info) }).unwrap();
    }
    if layer != "wind_speed" {
        let collection = world.session.project().layers[0].collection.clone();
        world.session.apply(&Command::AddLayer { collection, field: layer.into() }).unwrap();
    }
    let id = world.id(layer);
    world.session.apply(&Command::InitRange { layer: id, range: [0.0, 20.0] }).unwrap();
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
fn a_field_with_components_offers_arrows_and_barbs() {
    let mut h = opened("wind_speed");
    assert_eq!(style(&h).method, Method::Raster, "cells until someone asks");
    h.get_by_label("Method: Arrows").click();
    h.run_ok();
    assert_eq!((style(&h).method, style(&h).size_pt), (Method::Arrows, Method::Arrows.usual_size_pt()));
    h.get_by_label("By speed").click();
    h.run_ok();
    assert_eq!(style(&h).vector.reference, Some(10.0), "half of the range, rounded");
    h.get_by_label("One colour").click();
    h.run_ok();
    assert_eq!(style(&h).vector.colour, Some([255, 255, 255]));
    h.get_by_label("By value").click();
    h.run_ok();
    assert_eq!(style(&h).vector.colour, None);
    h.get_by_label("Density in per cent");
    h.get_by_label("Size in points");
    h.get_by_label("Speed of a full-length arrow");
    h.get_by_label("Equal").click();
    h.run_ok();
    assert_eq!(style(&h).vector.reference, None);
    h.get_by_label("Method: Barbs").click();
    h.run_ok();
    assert_eq!(style(&h).method, Method::Barbs);
    assert!(h.query_by_label("By speed").is_none(), "barbs tell their speed by feathers");
}

/// A temperature beside a wind can carry its arrows.
#[test]
fn a_scalar_takes_the_vector_of_its_file() {
    let mut h = opened("sst");
    let components =
        |h: &egui_kittest::Harness<'static, World>| h.state().session.project().layers[0].components.clone();
    assert!(components(&h).is_empty());
    h.get_by_label("Method: Arrows").click();
    h.run_ok();
    assert_eq!((style(&h).method, components(&h)), (Method::Arrows, vec!["u".to_owned(), "v".to_owned()]));
    assert_eq!(h.state().session.project().layers[0].field, "sst", "colours stay those of the layer");
    h.get_by_label("Method: Streamlines").click();
    h.run_ok();
    assert_eq!(style(&h).method, Method::Streamlines);
}

/// Fields that no reader takes for a vector are chosen by hand.
#[test]
fn parts_of_a_vector_can_be_chosen() {
    let mut world = World::empty();
    let fields =
        vec![field("sst", "Temperature", "K"), field("p", "Flow one", "m s-1"), field("q", "Flow two", "m s-1")];
    for info in file("Model", fields, &["2024-08-11T02:00:00"], 50.0) {
        world.session.apply(&Command::Opened { path: "/data/model.nc".into(), info: Box::new(info) }).unwrap();
    }
    let id = world.id("sst");
    world.state.style_of = Some(id);
    world.live = true;
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    assert!(h.query_by_label("Method: Arrows").is_none(), "nothing is a vector yet");
    for (part, name) in [("Eastward", "p \u{b7} Flow one"), ("Northward", "q \u{b7} Flow two")] {
        h.get_by_label(&format!("{part} part of the vector")).click();
        h.run_ok();
        h.get_by_label(name).click();
        h.run_ok();
    }
    let layer = h.state().session.project().layers[0].clone();
    assert_eq!((layer.components, layer.style.method), (vec!["p".to_owned(), "q".to_owned()], Method::Arrows));
}

#[test]
fn the_palette_finds_methods_by_name() {
    let mut h = opened("sst");
    h.key_press(egui::Key::Escape);
    h.run_ok();
    h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
    h.run_ok();
    h.event(egui::Event::Text("barbs".to_owned()));
    h.run_ok();
    h.key_press(egui::Key::Enter);
    h.run_ok();
    assert_eq!(style(&h).method, Method::Barbs);
    assert_eq!(h.state().session.project().layers[0].components, ["u", "v"]);
}
