//! The window in French: it changes at once, commands are found in both languages, and nothing lies outside.

use egui_kittest::kittest::{NodeT, Queryable};
use seaglass_app::lang;
use seaglass_core::command::Command;

use crate::world::World;

#[test]
fn the_language_changes_at_once_and_is_a_command() {
    let mut h = World::with_data().harness(1440.0, 900.0, true);
    h.run_ok();
    assert!(h.query_by_label("Play").is_some());
    h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
    h.run_ok();
    h.event(egui::Event::Text("langue française".to_owned()));
    h.run_ok();
    h.key_press(egui::Key::Enter);
    h.run_ok();
    assert_eq!(h.state().state.preferences.language, "fr");
    // What the window does with the preference, for this thread.
    lang::set("fr");
    h.run_ok();
    assert!(h.query_by_label("Play").is_none());
    assert!(h.query_by_label("Lecture").is_some());
    h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Comma);
    h.run_ok();
    h.get_by_label("Langue\u{a0}: English").click();
    h.run_ok();
    assert_eq!(h.state().state.preferences.language, "en");
}

#[test]
fn commands_are_found_in_both_languages() {
    for query in ["terre entière", "whole earth"] {
        lang::set("fr");
        let mut h = World::with_data().harness(1440.0, 900.0, true);
        h.run_ok();
        h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
        h.run_ok();
        h.event(egui::Event::Text(query.to_owned()));
        h.run_ok();
        assert!(h.query_by_label("Terre entière").is_some(), "{query}");
        h.key_press(egui::Key::Enter);
        h.run_ok();
        assert_eq!(h.state().commands, [Command::Home], "{query}");
    }
}

/// French is longer: every button still has a name and lies inside the window.
#[test]
fn french_fits_into_the_window() {
    lang::set("fr");
    for (w, height) in [(1024.0, 640.0), (1440.0, 900.0)] {
        for world in [World::empty(), World::with_data()] {
            let mut h = world.harness(w, height, true);
            h.run_ok();
            let mut checked = 0;
            for node in h.root().children_recursive() {
                let access = node.accesskit_node();
                if access.role() == egui::accesskit::Role::Button {
                    let rect = node.rect();
                    assert!(access.label().is_some_and(|l| !l.is_empty()), "a button without name at {rect:?}");
                    assert!(rect.max.x <= w + 1.0 && rect.max.y <= height + 1.0, "{:?} {rect:?}", access.label());
                    checked += 1;
                }
            }
            assert!(checked > 10, "{checked}");
        }
    }
}

/// Sentences of crates that know of no language, values inside them included.
#[test]
fn sentences_of_other_crates_are_recognised() {
    lang::set("fr");
    assert_eq!(lang::sentence("There is nothing to undo."), "Il n\u{2019}y a rien à annuler.");
    let said = lang::sentence("The layer \"SST\" is locked. Unlock it to change it (Shift+K).").into_owned();
    assert!(said.contains("«\u{a0}SST\u{a0}» est verrouillée"), "{said}");
    // One sentence within another.
    let said = lang::sentence("a.mp4 cannot be written: the disk is full").into_owned();
    assert_eq!(said, "a.mp4 ne peut pas être écrit\u{a0}: le disque est plein");
    assert_eq!(lang::sentence("HDF5 error 17"), "HDF5 error 17", "what is not known stays");
    lang::set("en");
    assert_eq!(lang::sentence("There is nothing to undo."), "There is nothing to undo.");
}
