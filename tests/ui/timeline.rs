//! The timeline.

use egui_kittest::kittest::Queryable;
use seaglass_core::command::Command;
use seaglass_core::time::Time;
use seaglass_core::timeline::Anchor;

use crate::world::World;

#[test]
fn the_window_is_chosen_and_space_plays() {
    let mut h = World::with_data().harness(1440.0, 900.0, true);
    h.run_ok();
    h.get_by_label("Window: 3 d").click();
    h.run_ok();
    assert_eq!(h.state().session.project().timeline.window_s, 259_200.0);
    h.key_press(egui::Key::W);
    h.run_ok();
    assert_eq!(h.state().session.project().timeline.window_s, 604_800.0);
    h.key_press(egui::Key::Space);
    h.step();
    h.step();
    assert!(h.state().session.project().timeline.playing, "{:?}", h.state().commands);
}

#[test]
fn a_typed_time_sets_the_clock() {
    let mut h = World::with_data().harness(1440.0, 900.0, true);
    h.run_ok();
    let now = h.state().session.project().timeline.now;
    h.get_by_label(&format!("Time {now}")).click();
    h.run_ok();
    h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    h.event(egui::Event::Text("2024-224".to_owned()));
    h.run_ok();
    h.key_press(egui::Key::Enter);
    h.run_ok();
    assert_eq!(h.state().session.project().timeline.now, Time::parse("2024-08-11").unwrap());
}

#[test]
fn dragging_the_clock_scrubs() {
    let mut h = World::with_data().harness(1440.0, 900.0, true);
    h.run_ok();
    let before = h.state().session.project().timeline.now;
    let from = h.get_by_label("Clock").rect().center();
    h.drag_at(from);
    h.run_ok();
    h.hover_at(from - egui::vec2(50.0, 0.0));
    h.run_ok();
    h.drop_at(from - egui::vec2(100.0, 0.0));
    h.run_ok();
    let moved = h.state().session.project().timeline.now.seconds_since(before);
    assert!(moved < -600.0, "{moved}");
}

#[test]
fn dragging_the_start_changes_the_window_only() {
    let mut h = World::with_data().harness(1440.0, 900.0, true);
    h.run_ok();
    let timeline = h.state().session.project().timeline.clone();
    assert_eq!(timeline.anchor, Anchor::Trailing);
    let from = h.get_by_label("Start of the window").rect().center();
    h.drag_at(from);
    h.run_ok();
    h.hover_at(from + egui::vec2(40.0, 0.0));
    h.run_ok();
    h.drop_at(from + egui::vec2(80.0, 0.0));
    h.run_ok();
    let after = &h.state().session.project().timeline;
    assert_eq!(after.now, timeline.now);
    assert!(after.window_s < timeline.window_s - 600.0, "{}", after.window_s);
}

#[test]
fn the_wheel_zooms_about_the_pointer() {
    let mut h = World::with_data().harness(1440.0, 900.0, true);
    h.run_ok();
    let rect = h.get_by_label_contains("Timeline, ").rect();
    h.hover_at(rect.center());
    h.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Line,
        delta: egui::vec2(0.0, 3.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: egui::Modifiers::NONE,
    });
    h.run_ok();
    h.run_ok();
    let (a, b) = h.state().state.time_view.expect("zoomed by hand");
    h.state_mut().state.time_view = None;
    assert!(b - a > 0.0 && b - a < 5.0 * 86_400.0);
    assert!(!h.state().commands.iter().any(|c| matches!(c, Command::SetTime { .. })), "the clock stays");
}
