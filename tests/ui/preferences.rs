//! The preferences dialog: what it changes takes effect, and is kept.

use egui_kittest::kittest::{NodeT, Queryable};
use seaglass_app::preferences::Preferences;
use seaglass_app::state::Action;
use seaglass_core::format::{AngleForm, Speed, Temperature, Units};

use crate::world::World;

#[test]
fn units_and_positions_change_at_once() {
    let mut h = World::with_data().harness(1440.0, 900.0, true);
    h.run_ok();
    h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Comma);
    h.run_ok();
    assert!(h.state().state.preferences_open);
    for label in ["Temperature: K", "Speed: kt", "Positions: 36° 09′ 32″", "Size: 125 %"] {
        h.get_by_label(label).click();
        h.run_ok();
    }
    let state = &h.state().state;
    assert_eq!(state.preferences.units, Units { temperature: Temperature::Kelvin, speed: Speed::Knots });
    assert_eq!((state.preferences.scale, state.coordinates.form), (1.25, AngleForm::Seconds));
    h.get_by_label("Theme: Light").click();
    h.run_ok();
    assert!(h.state().actions.contains(&Action::Run("theme")));
    // The window sets them for its thread.
    h.state().state.preferences.units.set();
    h.get_by_label("Close").click();
    h.run_ok();
    assert!(!h.state().state.preferences_open);
    let spoken = "SST, GHRSST, visible, 0 granules, range 271.15 to 305.15 K, opacity 100 per cent";
    let said: Vec<String> = h
        .root()
        .children_recursive()
        .filter_map(|n| n.accesskit_node().label().filter(|l| l.starts_with("SST, ")))
        .collect();
    assert_eq!(said, [spoken]);
    h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Comma);
    h.run_ok();
    h.get_by_label("Reset").click();
    h.run_ok();
    assert_eq!(h.state().state.preferences, Preferences::default());
    h.key_press(egui::Key::Escape);
    h.run_ok();
    assert!(!h.state().state.preferences_open, "Escape closes it");
}
