//! The style panel's settings of blending, end colours, contour lines and relief.

use egui_kittest::kittest::Queryable;
use seaglass_core::style::{Blend, Style, StylePatch};

use crate::world::World;

fn opened() -> egui_kittest::Harness<'static, World> {
    let mut world = World::with_data();
    let ssha = world.id("ssha");
    world.state.selected = Some(ssha);
    world.state.style_of = Some(ssha);
    let mut h = world.harness(1440.0, 1400.0, true);
    h.run_ok();
    h
}

fn style(h: &egui_kittest::Harness<'static, World>) -> Style {
    let id = h.state().id("ssha");
    h.state().session.project().layer(id).unwrap().style.clone()
}

#[test]
fn blending_and_end_colours_are_sent() {
    let mut h = opened();
    h.get_by_label("Blend: Multiply").click();
    h.run_ok();
    for end in ["Below", "Above", "Missing"] {
        h.get_by_label(end).click();
        h.run_ok();
    }
    let s = style(&h);
    assert_eq!(s.blend, Blend::Multiply);
    assert!(s.ends.over.is_some() && s.ends.under.is_some() && s.ends.missing.is_some(), "{:?}", s.ends);
    h.get_by_label("Above").click();
    h.run_ok();
    assert_eq!(style(&h).ends.over, None);
    h.get_by_label("Out of range: Hidden").click();
    h.run_ok();
    h.get_by_label("Below").click();
    h.run_ok();
    assert!(style(&h).ends.under.is_some(), "hidden values have no colour to choose");
}

#[test]
fn contour_lines_and_relief_are_switched_on_and_pasted() {
    let mut h = opened();
    assert!(h.query_by_label("Distance of contour lines").is_none());
    h.get_by_label("Contour lines").click();
    h.run_ok();
    h.get_by_label("Numbers").click();
    h.run_ok();
    h.get_by_label("Lines only").click();
    h.run_ok();
    let s = style(&h);
    assert!(s.contour.on && !s.contour.labels && s.contour.alone, "{:?}", s.contour);
    assert!(h.query_by_label("Distance of contour lines").is_some());
    h.get_by_label("Colour: One colour");
    h.get_by_label("By value").click();
    h.run_ok();
    assert_eq!(style(&h).contour.colour, None);
    // What is copied carries them.
    let look = StylePatch::look_of(&style(&h));
    let mut other = Style::default();
    look.apply(&mut other).unwrap();
    assert_eq!(other.contour, style(&h).contour);
}
