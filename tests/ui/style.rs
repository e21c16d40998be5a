//! The style panel.

use egui_kittest::kittest::Queryable;
use seaglass_app::histogram::Distribution;
use seaglass_core::command::Command;
use seaglass_core::style::{Filter, TimeRule};

use crate::world::World;

fn opened() -> egui_kittest::Harness<'static, World> {
    let mut world = World::with_data();
    let ssha = world.id("ssha");
    world.state.selected = Some(ssha);
    world.state.style_of = Some(ssha);
    world.histogram = Some(Distribution {
        bins: (0..96).map(|k| 100 - (k as i64 - 48).unsigned_abs()).collect(),
        min: -0.5,
        max: 0.5,
        count: 412_806,
        granules: 3,
        mean: 0.02,
        sd: 0.1,
        p02_p98: [-0.21, 0.25],
        middle_95: [-0.2, 0.24],
        middle_98: [-0.24, 0.29],
    });
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    h
}

fn style(h: &egui_kittest::Harness<'static, World>) -> seaglass_core::style::Style {
    let id = h.state().id("ssha");
    h.state().session.project().layer(id).unwrap().style.clone()
}

#[test]
fn percentiles_keep_a_symmetric_range_symmetric() {
    let mut h = opened();
    h.get_by_label("2\u{2013}98 %").click();
    h.run_ok();
    assert_eq!(style(&h).range, Some([-0.25, 0.25]));
    h.get_by_label("Symmetric").click();
    h.run_ok();
    h.get_by_label("2\u{2013}98 %").click();
    h.run_ok();
    assert_eq!(style(&h).range, Some([-0.21, 0.25]));
}

#[test]
fn choices_are_sent() {
    let mut h = opened();
    h.get_by_label("Filter: Bilinear").click();
    h.run_ok();
    h.get_by_label("Time rule: Latest").click();
    h.run_ok();
    h.get_by_label("Invert the colour map").click();
    h.run_ok();
    let s = style(&h);
    assert_eq!((s.filter, s.time_rule, s.reversed), (Filter::Bilinear, TimeRule::Latest, true));
}

#[test]
fn a_logarithm_needs_positive_values() {
    let mut h = opened();
    h.get_by_label("Log").click();
    h.run_ok();
    assert!(!style(&h).log);
}

#[test]
fn dragging_a_handle_moves_one_end() {
    let mut h = opened();
    h.get_by_label("Symmetric").click();
    h.run_ok();
    let before = style(&h).range.unwrap();
    let from = h.get_by_label("Maximum handle of SSHA").rect().center();
    h.drag_at(from);
    h.run_ok();
    h.hover_at(from - egui::vec2(30.0, 0.0));
    h.run_ok();
    h.drop_at(from - egui::vec2(60.0, 0.0));
    h.run_ok();
    let after = style(&h).range.unwrap();
    assert_eq!(after[0], before[0]);
    assert!(after[1] < before[1] - 0.02, "{after:?}");
}

#[test]
fn reset_gives_the_default_style_back() {
    let mut h = opened();
    h.get_by_label("Filter: Bilinear").click();
    h.run_ok();
    h.get_by_label("Reset").click();
    h.run_ok();
    assert_eq!(style(&h).filter, Filter::Nearest);
    assert!(h.state().commands.iter().any(|c| matches!(c, Command::ResetStyle { .. })));
}
