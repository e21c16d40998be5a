//! The layers panel.

use egui_kittest::kittest::Queryable;
use seaglass_app::model::Reason;
use seaglass_core::command::Command;

use crate::world::World;

#[test]
fn the_eye_hides_and_shows() {
    let world = World::with_data();
    let sst = world.id("sst");
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    h.get_by_label("Hide SST").click();
    h.run_ok();
    assert_eq!(h.state().commands, [Command::ShowLayer { layer: sst, visible: false }]);
    assert!(h.query_by_label("Show SST").is_some(), "the row says so at once");
    assert!(!h.state().session.project().layer(sst).unwrap().visible);
}

#[test]
fn no_press_is_lost_when_frames_are_slow() {
    let world = World::with_data();
    let sst = world.id("sst");
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    let before = h.state().session.project().timeline.now;
    // All within one frame: shown, hidden, shown, hidden; three steps of the clock.
    for key in
        [egui::Key::V, egui::Key::V, egui::Key::V, egui::Key::ArrowRight, egui::Key::ArrowRight, egui::Key::ArrowRight]
    {
        h.event(egui::Event::Key {
            key,
            physical_key: None,
            pressed: true,
            repeat: false,
            modifiers: egui::Modifiers::NONE,
        });
    }
    h.run_ok();
    let timeline = &h.state().session.project().timeline;
    assert!(!h.state().session.project().layer(sst).unwrap().visible);
    let moved = timeline.now.seconds_since(before);
    assert!((moved - 3.0 * timeline.step_seconds()).abs() < 1e-3, "{moved}");
}

#[test]
fn a_row_is_spoken_with_its_state() {
    let mut h = World::with_data().harness(1440.0, 900.0, true);
    h.run_ok();
    let text = "SSHA, SWOT L3, visible, 1 granule, range \u{2212}0.3 to 0.3 m, opacity 100 per cent";
    assert!(h.query_by_label(text).is_some(), "no row says: {text}");
}

#[test]
fn a_layer_out_of_time_offers_the_jump() {
    let mut world = World::with_data();
    let ssha = world.id("ssha");
    world.reasons = vec![(ssha, Reason::OutOfTime { offset_s: 187_200.0 })];
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    h.get_by_label("Jump to SSHA").click();
    h.run_ok();
    assert_eq!(h.state().commands, [Command::JumpToData { layer: Some(ssha) }]);
}

#[test]
fn the_key_jumps_for_the_selected_layer() {
    let mut world = World::with_data();
    let ssha = world.id("ssha");
    world.state.selected = Some(ssha);
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    h.key_press(egui::Key::J);
    h.run_ok();
    assert_eq!(h.state().commands, [Command::JumpToData { layer: Some(ssha) }]);
}

#[test]
fn keys_act_on_the_selected_layer_and_can_be_undone() {
    let world = World::with_data();
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    h.key_press(egui::Key::Delete);
    h.run_ok();
    assert_eq!(h.state().session.project().layers.len(), 1);
    h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    h.run_ok();
    assert_eq!(h.state().session.project().layers.len(), 2, "{:?}", h.state().commands);
}

#[test]
fn base_map_rows_toggle() {
    let mut h = World::with_data().harness(1440.0, 900.0, true);
    h.run_ok();
    h.get_by_label("Borders").click();
    h.run_ok();
    assert!(h.state().session.project().base.borders);
    h.get_by_label("Base map").click();
    h.run_ok();
    assert!(h.query_by_label("Borders").is_none(), "the group folds");
}

#[test]
fn dragging_the_opacity_is_one_undo_step() {
    let world = World::with_data();
    let sst = world.id("sst");
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    let from = h.get_by_label("Opacity of SST").rect().center();
    h.drag_at(from);
    h.run_ok();
    for k in 1..6 {
        h.hover_at(from - egui::vec2(6.0 * k as f32, 0.0));
        h.run_ok();
    }
    h.drop_at(from - egui::vec2(30.0, 0.0));
    h.run_ok();
    let opacity = h.state().session.project().layer(sst).unwrap().style.opacity;
    assert!(opacity < 0.9, "{opacity}");
    assert!(h.state().settled >= 1);
    h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    h.run_ok();
    assert_eq!(h.state().session.project().layer(sst).unwrap().style.opacity, 1.0);
}
