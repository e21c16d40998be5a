//! Help and tour.

use egui_kittest::kittest::Queryable;
use seaglass_app::state::Action;

use crate::world::World;

#[test]
fn help_opens_by_key_finds_and_turns_to_what_is_pressed() {
    let mut h = World::with_data().harness(1440.0, 900.0, true);
    h.run_ok();
    h.key_press(egui::Key::F1);
    h.run_ok();
    assert!(h.state().state.help.open);
    h.get_by_label("Read values");
    h.get_by_label("Sessions").click();
    h.run_ok();
    assert!(h.query_by_label("Read values").is_none(), "another page is shown");
    h.get_by_label("Search the help").click();
    h.run_ok();
    h.event(egui::Event::Text("move through time".to_owned()));
    h.run_ok();
    h.get_by_label("Move through time, First steps").click();
    h.run_ok();
    h.get_by_label("Move through time");
    // Letters typed here are words, not shortcuts.
    assert!(h.state().commands.is_empty(), "{:?}", h.state().commands);
    h.key_press(egui::Key::F1);
    h.run_ok();
    assert!(!h.state().state.help.open);
}

#[test]
fn nothing_found_is_said() {
    let mut h = World::with_data().harness(1024.0, 640.0, false);
    h.run_ok();
    h.key_press(egui::Key::F1);
    h.run_ok();
    h.event(egui::Event::Text("zymurgy".to_owned()));
    h.run_ok();
    h.get_by_label("Nothing is found. Try fewer or other words.");
}

#[test]
fn the_tour_has_five_steps_and_can_be_skipped() {
    let mut world = World::with_data();
    world.state.tour = Some(0);
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    let titles = ["Layers", "The globe", "Time", "More data", "Find anything"];
    for (k, title) in titles.iter().enumerate() {
        h.get_by_label(&format!("{title}, step {} of 5", k + 1));
        if k == 2 {
            h.get_by_label("Back").click();
            h.run_ok();
            h.get_by_label("The globe, step 2 of 5");
            h.get_by_label("Next").click();
            h.run_ok();
        }
        h.get_by_label(if k == 4 { "Done" } else { "Next" }).click();
        h.run_ok();
    }
    assert_eq!(h.state().state.tour, None);
    assert!(h.state().actions.contains(&Action::TourSeen));
    h.state_mut().state.tour = Some(0);
    h.run_ok();
    h.get_by_label("Skip the tour").click();
    h.run_ok();
    assert!(h.query_by_label("Layers, step 1 of 5").is_none());
    h.state_mut().state.tour = Some(3);
    h.run_ok();
    h.key_press(egui::Key::Escape);
    h.run_ok();
    assert_eq!(h.state().state.tour, None);
}
