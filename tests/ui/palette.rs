//! The command palette.

use egui_kittest::kittest::Queryable;
use seaglass_core::command::Command;

use crate::world::World;

fn run(query: &str) -> egui_kittest::Harness<'static, World> {
    let mut h = World::with_data().harness(1440.0, 900.0, true);
    h.run_ok();
    h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
    h.run_ok();
    h.event(egui::Event::Text(query.to_owned()));
    h.run_ok();
    h.key_press(egui::Key::Enter);
    h.run_ok();
    assert!(!h.state().state.palette_open, "Enter closes it");
    h
}

#[test]
fn commands_positions_places_and_fields_are_found() {
    let h = run("whole earth");
    assert_eq!(h.state().commands, [Command::Home]);

    let h = run("38.2 -64.1");
    let [Command::LookAt { place, .. }] = h.state().commands.as_slice() else { panic!("{:?}", h.state().commands) };
    assert_eq!((place.lat_deg, place.lon_deg), (38.2, -64.1));

    let h = run("gulf of mexico");
    let [Command::LookAt { place, .. }] = h.state().commands.as_slice() else { panic!("{:?}", h.state().commands) };
    assert!((place.lat_deg - 25.0).abs() < 3.0 && (place.lon_deg + 90.0).abs() < 4.0, "{place:?}");

    let h = run("mean dynamic");
    assert_eq!(h.state().commands, [Command::AddLayer { collection: "swot_l3".into(), field: "mdt".into() }]);
}

#[test]
fn escape_changes_nothing() {
    let mut h = World::with_data().harness(1440.0, 900.0, true);
    h.run_ok();
    h.get_by_label("Search data, places and commands").click();
    h.run_ok();
    assert!(h.state().state.palette_open);
    h.key_press(egui::Key::Escape);
    h.run_ok();
    assert!(!h.state().state.palette_open);
    assert!(h.state().commands.is_empty());
}

/// Letters count from the moment of Ctrl+K, however slow the frames are.
#[test]
fn no_letter_is_lost_while_it_opens() {
    for frames in 0..4 {
        let mut h = World::with_data().harness(1440.0, 900.0, true);
        h.run_ok();
        h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
        for _ in 0..frames {
            h.step();
        }
        for letter in "mercator".chars() {
            h.event(egui::Event::Text(letter.to_string()));
            if frames > 0 {
                h.step();
            }
        }
        h.run_ok();
        let mut fields = h.query_all_by_label("Search data, places and commands");
        let whole = fields.any(|f| f.value().as_deref() == Some("mercator"));
        assert!(whole, "{frames} frames after the key");
    }
}

#[test]
fn commands_come_before_places() {
    let h = run("merc");
    let [Command::SetProjection { projection }] = h.state().commands.as_slice() else {
        panic!("{:?}", h.state().commands)
    };
    assert_eq!(*projection, seaglass_core::projection::Projection::Mercator);
}
