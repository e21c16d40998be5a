//! Saving sessions by key, and what is seen as a command line.

use egui_kittest::kittest::Queryable;
use seaglass_app::dialogs::Pick;
use seaglass_app::state::Action;
use seaglass_app::toasts::Toasts;
use seaglass_core::command::Command;

use crate::world::World;

#[test]
fn the_first_save_asks_for_a_place() {
    let mut h = World::with_data().harness(1440.0, 900.0, true);
    h.run_ok();
    h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::S);
    h.run_ok();
    assert_eq!(h.state().actions, [Action::Pick(Pick::SessionAs)]);
    assert!(h.state().commands.is_empty());
    assert_eq!(h.state().state.style_of, None, "Ctrl+S is not S");
}

#[test]
fn the_command_line_says_what_is_seen() {
    let mut world = World::with_data();
    world.session.apply(&Command::Open { paths: vec!["/my data/swot".into()] }).unwrap();
    let sst = world.id("sst");
    world.session.apply(&Command::ShowLayer { layer: sst, visible: false }).unwrap();
    let text = seaglass_app::command_line::text(&world.session);
    assert!(text.starts_with("seaglass render '/my data/swot' --out picture.png --size "), "{text}");
    assert!(text.contains(" --field ssha --range=-0.3,0.3 ") && !text.contains("sst"), "{text}");
    // The window of a day that ends at the clock lies around the middle of the day before it.
    assert!(text.contains(" --window 86400s") && text.contains(" --time 2024-08-1"), "{text}");
}

#[test]
fn what_a_crash_left_is_offered_until_answered() {
    let mut world = World::with_data();
    let mut toasts = Toasts::default();
    toasts.offer("It ended too early.", "Bring back", Action::Recover("/x/left.oce".into()));
    world.toasts = toasts;
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    for _ in 0..40 {
        h.step();
    }
    h.get_by_label("Bring back").click();
    h.run_ok();
    assert_eq!(h.state().actions, [Action::Recover("/x/left.oce".into())]);
    assert!(h.query_by_label("Bring back").is_none());
}

/// Runs an entry of the palette.
fn run(world: World, query: &str) -> egui_kittest::Harness<'static, World> {
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
    h.run_ok();
    h.event(egui::Event::Text(query.to_owned()));
    h.run_ok();
    h.key_press(egui::Key::Enter);
    h.run_ok();
    h
}

#[test]
fn what_is_seen_is_a_python_program() {
    let mut world = World::with_data();
    world.session.apply(&Command::Open { paths: vec!["/my data/\"swot\"".into()] }).unwrap();
    let sst = world.id("sst");
    world.session.apply(&Command::ShowLayer { layer: sst, visible: false }).unwrap();
    world.session.apply(&Command::RenameLayer { layer: sst, name: "Mine".into() }).unwrap();
    world.session.apply(&Command::GroupLayers { layers: vec![sst], name: "Warm".into() }).unwrap();
    world.session.apply(&Command::LockLayer { layer: sst, locked: true }).unwrap();
    let h = run(world, "copy as python");
    let [Action::Copy(text)] = &h.state().actions[..] else { panic!("{:?}", h.state().actions) };
    assert!(text.contains("files = [\n    \"/my data/\\\"swot\\\"\",\n]\n"), "{text}");
    let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("no {what} in {text}"));
    // Where programs may name no files, the first line that could lose something is not reached.
    assert!(at("view.open(*files)") < at("view.close_data()"), "{text}");
    // The bottom layer comes first: each is added on top.
    let rows = h.state().session.project().layers.iter().rev();
    let places: Vec<usize> =
        rows.map(|l| at(&format!("view.add_layer(\"{}\", \"{}\")", l.field, l.collection))).collect();
    assert!(places.is_sorted() && places.len() >= 2, "{text}");
    let line = text[at("view.add_layer(\"sst\"")..].lines().next().unwrap();
    assert!(line.ends_with(')'), "{line}");
    assert!(text.contains(".name = \"Mine\"\n") && text.contains(".visible = False\n"), "{text}");
    assert!(text.contains("view.command(\"group_layers\", layers=[layer") && text.contains("name=\"Warm\")"), "{text}");
    assert!(text.contains("locked=True)\n") && text.contains("view.window = 86400.0\n"), "{text}");
    assert!(text.contains("view.camera.set(lon="), "{text}");
    let h = run(World::with_data(), "export as python");
    assert_eq!(h.state().actions, [Action::Pick(Pick::Python)]);
}
