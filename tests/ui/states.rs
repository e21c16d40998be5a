//! Empty views, first run, sizes and themes.

use egui_kittest::kittest::{NodeT, Queryable};
use seaglass_app::dialogs::Pick;
use seaglass_app::model::Reason;
use seaglass_app::state::{Action, TypedPath};
use seaglass_core::command::Command;

use crate::world::World;

#[test]
fn every_empty_view_says_why_and_helps() {
    let cases = [
        (
            Reason::OutOfTime { offset_s: 5.0 },
            "Nothing to show at this time.",
            "Jump to nearest data",
            Command::JumpToData { layer: None },
        ),
        (Reason::AllHidden, "All layers are hidden.", "Show all", Command::ShowAllLayers),
        (Reason::OffScreen, "Data are outside the view.", "Zoom to data", Command::ZoomToLayer { layer: None }),
    ];
    for (reason, text, button, command) in cases {
        let mut world = World::with_data();
        world.view_reason = Some(reason);
        let mut h = world.harness(1440.0, 900.0, true);
        h.run_ok();
        assert!(h.query_by_label(text).is_some(), "{text}");
        h.get_by_label(button).click();
        h.run_ok();
        assert_eq!(h.state().commands, [command]);
    }
}

#[test]
fn the_first_run_offers_what_there_is() {
    let mut h = World::empty().harness(1440.0, 900.0, true);
    h.run_ok();
    h.get_by_label("Open the sample day").click();
    h.run_ok();
    h.get_by_label("Open files").click();
    h.run_ok();
    assert_eq!(h.state().actions, [Action::OpenSample, Action::Run("open_files")]);
    assert!(h.query_by_label("Play").is_some_and(|n| n.accesskit_node().is_disabled()), "no time to play yet");
}

/// Everything that can be clicked has a name and is at least 24 points high or wide enough, at every size.
#[test]
fn controls_have_names_and_size() {
    for (w, h) in [(1024.0, 640.0), (1440.0, 900.0), (1920.0, 1080.0)] {
        for dark in [true, false] {
            for world in [World::empty(), World::with_data()] {
                let mut harness = world.harness(w, h, dark);
                harness.run_ok();
                let root = harness.root();
                let mut checked = 0;
                for node in root.children_recursive() {
                    let access = node.accesskit_node();
                    if access.role() != egui::accesskit::Role::Button {
                        continue;
                    }
                    let rect = node.rect();
                    assert!(access.label().is_some_and(|l| !l.is_empty()), "a button without name at {rect:?}");
                    assert!(rect.width() >= 19.0 && rect.height() >= 19.0, "{:?} {rect:?}", access.label());
                    assert!(
                        rect.max.x <= w + 1.0 && rect.max.y <= h + 1.0,
                        "{:?} lies outside: {rect:?}",
                        access.label()
                    );
                    checked += 1;
                }
                assert!(checked > 8, "only {checked} buttons at {w} × {h}");
            }
        }
    }
}

/// Panels leave the globe most of the smallest window.
#[test]
fn the_smallest_window_keeps_room_for_the_globe() {
    let mut h = World::with_data().harness(1024.0, 640.0, true);
    h.run_ok();
    let layers = h.get_by_label("Drop files or folders to open").rect();
    assert!(layers.width() <= 260.0, "{layers:?}");
    let track = h.get_by_label_contains("Timeline, ").rect();
    assert!(track.top() > 640.0 * 0.6, "{track:?}");
}

#[test]
fn an_idle_window_asks_for_no_frame() {
    let mut h = World::with_data().harness(1440.0, 900.0, true);
    h.run_ok();
    h.run_ok();
    let delays: Vec<_> = h.output().viewport_output.values().map(|v| v.repaint_delay).collect();
    assert!(delays.iter().all(|d| *d > std::time::Duration::from_secs(60)), "{delays:?}");
}

/// What lies on top closes first, and has the keys for itself.
#[test]
fn escape_closes_from_the_top() {
    let mut h = World::with_data().harness(1440.0, 900.0, true);
    h.run_ok();
    h.key_press(egui::Key::S);
    h.run_ok();
    h.event(egui::Event::Text("?".to_owned()));
    h.run_ok();
    assert!(h.state().state.style_of.is_some() && h.state().state.keys_open);
    h.key_press(egui::Key::S);
    h.run_ok();
    h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
    h.run_ok();
    assert!(h.state().state.style_of.is_some() && !h.state().state.palette_open, "the sheet has the keys");
    h.key_press(egui::Key::Escape);
    h.run_ok();
    assert!(h.state().state.style_of.is_some() && !h.state().state.keys_open, "the sheet first");
    h.key_press(egui::Key::Escape);
    h.run_ok();
    assert!(h.state().state.style_of.is_none());
}

#[test]
fn a_path_can_be_typed() {
    for (pick, verb, typed) in [(Pick::Files, "Open", "/data/a.nc"), (Pick::Image, "Save", "/data/a")] {
        for enter in [true, false] {
            let mut world = World::empty();
            world.live = false;
            world.state.typed_path = Some(TypedPath { pick, text: String::new() });
            let mut h = world.harness(1440.0, 900.0, true);
            h.run_ok();
            h.event(egui::Event::Text(typed.to_owned()));
            h.run_ok();
            if enter {
                h.key_press(egui::Key::Enter)
            } else {
                h.get_by_label(verb).click()
            }
            h.run_ok();
            match h.state().commands.as_slice() {
                [Command::Open { paths }] => assert_eq!(paths, &[std::path::PathBuf::from(typed)]),
                [Command::SaveImage { path, .. }] => assert_eq!(path, std::path::Path::new("/data/a.png")),
                other => panic!("{other:?}"),
            }
            assert!(h.state().state.typed_path.is_none());
        }
    }
}
