//! Bookmarks in the layers panel, and by key.

use egui_kittest::kittest::Queryable;
use seaglass_core::bookmark::BookmarkId;
use seaglass_core::command::Command;
use seaglass_core::geo::LonLat;
use seaglass_core::projection::Projection;

use crate::world::World;

#[test]
fn a_bookmark_is_made_gone_to_renamed_and_removed() {
    let mut world = World::with_data();
    world.session.apply(&Command::LookAt { place: LonLat::new(-60.0, 36.5), altitude_m: Some(2.0e6) }).unwrap();
    world.session.apply(&Command::SetProjection { projection: Projection::Mercator }).unwrap();
    let there = world.session.project().clone();
    let sst = world.id("sst");
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    assert!(h.query_by_label("Bookmarks, 1").is_none(), "no section without bookmarks");
    h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::B);
    h.run_ok();
    assert_eq!(h.state().commands, [Command::AddBookmark { name: String::new() }]);
    assert!(h.query_by_label("Bookmarks, 1").is_some());
    let label = |h: &egui_kittest::Harness<'_, World>| {
        let b = &h.state().session.project().bookmarks[0];
        let time = b.now.to_string();
        format!("Bookmark 1, {}, {}, {}", b.name, &time[..16], Projection::Mercator.title())
    };
    assert!(h.state().session.project().bookmarks[0].name == "36.5° N, 60.0° W");
    // Elsewhere, on the globe, at another time, with a layer hidden.
    let world = h.state_mut();
    world.session.apply(&Command::SetProjection { projection: Projection::Globe }).unwrap();
    world.session.apply(&Command::Home).unwrap();
    world.session.apply(&Command::StepTime { steps: -2 }).unwrap();
    world.session.apply(&Command::ShowLayer { layer: sst, visible: false }).unwrap();
    h.run_ok();
    h.get_by_label(&label(&h)).click();
    h.run_ok();
    let bookmark = BookmarkId(1);
    assert_eq!(h.state().commands.last(), Some(&Command::GoToBookmark { bookmark }));
    let back = h.state().session.project();
    assert_eq!((back.camera, &back.timeline, &back.layers), (there.camera, &there.timeline, &there.layers));
    // By its number; a number without a bookmark does nothing.
    h.state_mut().session.apply(&Command::Home).unwrap();
    h.key_press(egui::Key::Num1);
    h.run_ok();
    assert_eq!(h.state().session.project().camera, there.camera);
    let sent = h.state().commands.len();
    h.key_press(egui::Key::Num2);
    h.run_ok();
    assert_eq!(h.state().commands.len(), sent);
    h.get_by_label(&label(&h)).click_secondary();
    h.run_ok();
    h.get_by_label("Rename").click();
    h.run_ok();
    h.get_by_label("Name of the bookmark").type_text("Gulf Stream ");
    h.run_ok();
    h.key_press(egui::Key::Enter);
    h.run_ok();
    assert!(h.state().session.project().bookmarks[0].name == "Gulf Stream");
    h.get_by_label(&label(&h)).click_secondary();
    h.run_ok();
    h.get_by_label("Remove").click();
    h.run_ok();
    assert!(h.state().session.project().bookmarks.is_empty());
    assert!(h.query_by_label("Bookmarks, 1").is_none());
    h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    h.run_ok();
    assert!(h.query_by_label("Bookmarks, 1").is_some(), "undo brings it back");
}
