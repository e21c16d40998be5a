//! Empty views, first run, sizes and themes.

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use seaglass_app::dialogs::Pick;
use seaglass_app::hover::HoverInfo;
use seaglass_app::model::{Model, Reason, Status};
use seaglass_app::placing::Taken;
use seaglass_app::state::{Action, Out, TypedPath};
use seaglass_app::toasts::{Level, Toasts};
use seaglass_app::{scene_legend, theme};
use seaglass_core::command::Command;
use seaglass_core::geo::{GeoBox, LonLat};
use seaglass_core::granule::GeometryKind;
use seaglass_core::project::LayerId;
use seaglass_core::style::{OutOfRange, StylePatch};
use seaglass_core::time::Time;

use crate::world::{World, field, file};

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
            world.state.typed_path = Some(TypedPath { pick, text: String::new(), warned: None });
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

#[test]
fn a_file_is_read_again_from_its_message() {
    let mut world = World::with_data();
    world.toasts.push_retry(Level::Error, "The reader died twice at this file.", "/data/a.nc".into());
    world.toasts.push(Level::Error, "It is cut off.", Some("/data/b.nc".into()));
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    assert_eq!(h.query_all_by_label("Details").count(), 2);
    h.get_by_label("Try again").click();
    h.run_ok();
    assert_eq!(h.state().actions, [Action::TryAgain("/data/a.nc".into())]);
    assert!(h.query_by_label_contains("died twice").is_none(), "its message is done with");
}

/// Where cards leave no room, the newest message is shown all the same, and no count stands alone.
#[test]
fn a_count_of_messages_never_stands_alone() {
    let mut toasts = Toasts::default();
    toasts.push(Level::Error, "The first.", None);
    toasts.push(Level::Error, "The second.", None);
    // Room for a message alone above the card, for a message and a count, and for nothing.
    for top in [70.0, 110.0, 20.0, 400.0] {
        let mut toasts = toasts.clone();
        let mut h = Harness::builder().with_size(egui::vec2(500.0, 400.0)).with_context_setup(theme::install).build_ui(
            move |ui| {
                let area = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(500.0, 400.0));
                let mut taken = Taken::default();
                taken.add("card", egui::Rect::from_min_max(egui::pos2(0.0, top), area.max));
                toasts.show(ui.ctx(), area, false, &mut taken, &mut Out::default());
            },
        );
        h.run_ok();
        assert!(h.query_by_label_contains("The second.").is_some(), "{top}");
        assert!(top > 300.0 || h.query_by_label("The first.").is_none(), "{top}");
    }
}

#[test]
fn nothing_of_the_read_out_lies_over_a_dialog() {
    let mut world = World::with_data();
    let info = HoverInfo { at: LonLat::new(0.0, 0.0), elevation_m: None, rows: Vec::new() };
    world.hover = Some((info, egui::pos2(700.0, 400.0)));
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    let card = |h: &Harness<'_, World>| h.state().state.taken.cards().iter().any(|(name, _)| *name == "hover card");
    assert!(card(&h));
    h.state_mut().state.keys_open = true;
    h.run_ok();
    assert!(!card(&h));
    h.state_mut().state.keys_open = false;
    h.run_ok();
    h.step();
    assert!(card(&h));
}

/// Points lie somewhere in their box: what covers the view comes before them, and before what is elsewhere.
#[test]
fn the_legend_begins_with_what_is_in_view() {
    let mut world = World::with_data();
    let starts = ["2024-08-11T09:00:00"];
    let mut drifters = file("Drifters", vec![field("speed", "Speed", "m s-1")], &starts, 5.0);
    let mut analysis = file("Analysis", vec![field("analysed_sst", "Analysed SST", "kelvin")], &starts, 5.0);
    let globe = GeoBox { west: -180.0, south: -90.0, east: 180.0, north: 90.0 };
    (drifters[0].parts[0].geometry, drifters[0].parts[0].bounds) = (GeometryKind::Points, globe);
    (analysis[0].parts[0].geometry, analysis[0].parts[0].bounds) = (GeometryKind::Grid, globe);
    for (path, info) in [("/data/analysis.nc", analysis.remove(0)), ("/data/drifters.nc", drifters.remove(0))] {
        world.session.apply(&Command::Opened { path: path.into(), info: Box::new(info) }).unwrap();
    }
    let ids: Vec<LayerId> = world.session.project().layers.iter().map(|l| l.id).collect();
    for id in &ids {
        world.session.apply(&Command::InitRange { layer: *id, range: [0.0, 1.0] }).unwrap();
    }
    world.session.apply(&Command::SetTime { now: Time::parse("2024-08-11T09:02:00").unwrap() }).unwrap();
    let place = LonLat::new(178.0, -18.0);
    world.session.apply(&Command::LookAt { place, altitude_m: Some(20_000.0) }).unwrap();
    let view = world.session.project().camera.view(1000.0, 700.0);
    let covers = scene_legend::coverage(&world.session, &view);
    assert!(covers[&world.id("analysed_sst")] > 0.9 && covers[&world.id("sst")] == 0.0, "{covers:?}");
    let model = Model::new(&world.session, |_| Status::default());
    for selected in [None, Some(world.id("sst"))] {
        let chosen = scene_legend::choose(&model.rows, selected, 3, &covers);
        let names: Vec<&str> = chosen.rows.iter().map(|r| r.field_name.as_str()).collect();
        assert_eq!(names[..2], ["analysed_sst", "speed"], "{selected:?}");
    }
}

#[test]
fn an_empty_view_of_missing_values_offers_only_what_helps() {
    let mut world = World::with_data();
    world.view_reason = Some(Reason::AllMasked);
    let layer = world.id("sst");
    let hide = StylePatch { out_of_range: Some(OutOfRange::Hide), ..StylePatch::default() };
    world.session.apply(&Command::SetStyle { layer, patch: hide }).unwrap();
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    h.get_by_label("Show them").click();
    h.run_ok();
    let clamp = StylePatch { out_of_range: Some(OutOfRange::Clamp), ..StylePatch::default() };
    assert_eq!(h.state().commands, [Command::SetStyle { layer, patch: clamp }]);
    // Nothing is hidden any more, and the view is elsewhere.
    let away = Command::LookAt { place: LonLat::new(100.0, -40.0), altitude_m: Some(1e6) };
    h.state_mut().session.apply(&away).unwrap();
    h.run_ok();
    h.get_by_label("Zoom to data").click();
    h.run_ok();
    assert!(h.query_by_label("All values here are masked or missing.").is_some());
    assert!(h.query_by_label("Zoom to data").is_none(), "the view already shows where the data lie");
}

#[test]
fn a_typed_path_does_not_replace_a_file_unasked() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join("old.png"), dir.path().join("new.png"));
    std::fs::write(&old, "x").unwrap();
    let mut world = World::with_data();
    let typed =
        |text: &std::path::Path| TypedPath { pick: Pick::Image, text: text.display().to_string(), warned: None };
    world.state.typed_path = Some(typed(&old));
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    h.get_by_label("Save").click();
    h.run_ok();
    assert!(
        h.state().commands.is_empty()
            && h.query_by_label("There is a file of this name. It will be replaced.").is_some()
    );
    h.get_by_label("Replace").click();
    h.run_ok();
    assert_eq!(h.state().commands.len(), 1, "{:?}", h.state().commands);
    h.state_mut().state.typed_path = Some(typed(&new));
    h.run_ok();
    h.get_by_label("Save").click();
    h.run_ok();
    assert_eq!(h.state().commands.len(), 2, "what is not there is written at once");
}
