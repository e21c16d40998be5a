//! The globe under mouse and keys: the space bar, the wheel, native resolution, presentation.

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use seaglass_app::navigation::Navigation;
use seaglass_app::toasts::Level;
use seaglass_core::command::Command;

use crate::world::World;

fn globe() -> Harness<'static, World> {
    let mut world = World::with_data();
    world.navigation = Some(Navigation::default());
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    h
}

fn space(h: &Harness<'_, World>, pressed: bool) {
    let (key, modifiers) = (egui::Key::Space, egui::Modifiers::NONE);
    h.event(egui::Event::Key { key, physical_key: None, pressed, repeat: false, modifiers });
}

fn playing(h: &Harness<'_, World>) -> bool {
    h.state().session.project().timeline.playing
}

#[test]
fn a_tap_of_space_plays_when_the_key_is_let_go() {
    let mut h = globe();
    h.hover_at(h.state().globe.center());
    h.step();
    space(&h, true);
    h.step();
    h.step();
    assert!(!playing(&h), "nothing happens yet: it may become a pan");
    space(&h, false);
    h.step();
    h.step();
    assert!(playing(&h));
}

#[test]
fn holding_space_pans_and_plays_nothing() {
    let mut h = globe();
    let (from, before) = (h.state().globe.center(), h.state().session.project().camera);
    h.hover_at(from);
    h.step();
    space(&h, true);
    h.step();
    h.step();
    for k in 1..=6 {
        h.hover_at(from + egui::vec2(10.0 * k as f32, 0.0));
        h.step();
    }
    h.step();
    let after = h.state().session.project().camera;
    // The place that was in the middle has gone right by 60 of the points it was from it.
    let size = h.state().globe.size();
    let view = after.view(f64::from(size.x), f64::from(size.y));
    let at = view.screen_from_lonlat(before.target).unwrap();
    assert!((at.x - f64::from(size.x) / 2.0 - 60.0).abs() < 1.0, "{at} of {size}");
    space(&h, false);
    h.step();
    h.step();
    assert!(!playing(&h), "{:?}", h.state().commands);
    h.hover_at(from - egui::vec2(80.0, 0.0));
    h.step();
    h.step();
    assert_eq!(h.state().session.project().camera, after, "the hand has let go");
}

#[test]
fn space_belongs_to_the_button_that_has_the_keyboard() {
    let mut h = globe();
    h.get_by_label("Loops over all data").focus();
    h.step();
    h.key_press(egui::Key::Space);
    h.step();
    h.step();
    assert!(!playing(&h));
    assert!(!h.state().session.project().timeline.looped, "the button was pressed: {:?}", h.state().commands);
}

fn wheel(h: &mut Harness<'_, World>, delta: egui::Vec2, modifiers: egui::Modifiers) {
    h.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Line,
        delta,
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers,
    });
    h.step();
    h.step();
}

#[test]
fn the_wheel_sideways_scrubs_time() {
    let mut h = globe();
    h.hover_at(h.state().globe.center());
    h.step();
    let timeline = h.state().session.project().timeline.clone();
    let moved = |h: &Harness<'_, World>| h.state().session.project().timeline.now.seconds_since(timeline.now);
    // One notch to the right is one step: a third of a day.
    wheel(&mut h, egui::vec2(-1.0, 0.0), egui::Modifiers::NONE);
    assert!((moved(&h) - 28_800.0).abs() < 1e-3, "{}", moved(&h));
    wheel(&mut h, egui::vec2(0.5, 0.1), egui::Modifiers::NONE);
    assert!((moved(&h) - 14_400.0).abs() < 1e-3, "fingers that do not move quite straight: {}", moved(&h));
    let scrubs =
        |h: &Harness<'_, World>| h.state().commands.iter().filter(|c| matches!(c, Command::ScrubTime { .. })).count();
    assert_eq!(scrubs(&h), 2);
    assert!(!h.state().commands.iter().any(|c| matches!(c, Command::SetCamera { .. })), "the camera stays");
    wheel(&mut h, egui::vec2(0.0, 1.0), egui::Modifiers::NONE);
    assert_eq!(scrubs(&h), 2, "straight on it zooms");
    assert!(h.state().commands.iter().any(|c| matches!(c, Command::SetCamera { .. })));
}

#[test]
fn native_resolution_is_asked_of_the_selected_layer() {
    let mut h = globe();
    let layer = h.state().state.selected;
    h.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::F);
    h.run_ok();
    assert!(layer.is_some() && h.state().commands.contains(&Command::ZoomToNative { layer }));
    assert!(!h.state().commands.contains(&Command::ZoomToLayer { layer }), "not the same as F");
}

#[test]
fn a_presentation_shows_errors_only() {
    let mut world = World::with_data();
    world.toasts.push(Level::Info, "The reader was restarted.", None);
    world.toasts.push(Level::Error, "It is cut off.", Some("/data/a.nc".into()));
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    let said = |h: &Harness<'_, World>, words: &str| h.query_by_label_contains(words).is_some();
    assert!(said(&h, "restarted") && said(&h, "cut off"));
    h.key_press(egui::Key::Tab);
    h.run_ok();
    assert!(h.state().state.presentation);
    assert!(!said(&h, "restarted") && said(&h, "cut off"));
    // Nothing is lost that is still young.
    h.key_press(egui::Key::Tab);
    h.run_ok();
    assert!(said(&h, "restarted") && said(&h, "cut off"));
}

#[test]
fn shifted_digits_are_shortcuts_on_every_keyboard() {
    // Ctrl+Shift+1 says `!` on an American keyboard, and 1 on a French one.
    let modifiers = egui::Modifiers { ctrl: true, command: true, shift: true, ..egui::Modifiers::NONE };
    for key in [egui::Key::Exclamationmark, egui::Key::Num1] {
        let mut h = globe();
        h.event(egui::Event::Key { key, physical_key: Some(egui::Key::Num1), pressed: true, repeat: false, modifiers });
        h.step();
        h.step();
        assert!(h.state().state.right_open, "{key:?}");
        assert_eq!(h.state().state.right_tab, seaglass_app::right::Tab::Catalogue, "{key:?}");
    }
}

#[test]
fn what_was_typed_into_a_field_is_no_shortcut() {
    let mut h = globe();
    h.hover_at(h.state().globe.center());
    h.step();
    // A slow frame: what was typed and Enter came together, and Enter has taken the field's focus.
    h.state_mut().state.typed_before = true;
    space(&h, true);
    h.step();
    space(&h, false);
    h.step();
    assert!(!playing(&h));
    h.state_mut().state.typed_before = true;
    h.key_press(egui::Key::G);
    h.step();
    h.step();
    assert!(h.state().commands.is_empty(), "{:?}", h.state().commands);
    space(&h, true);
    space(&h, false);
    h.step();
    h.step();
    assert!(playing(&h), "the next tap is one");
}
