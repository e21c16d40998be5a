//! Groups of layers and the lock, driven by label, mouse and key.

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use seaglass_core::command::Command;
use seaglass_core::project::{GroupId, GroupPatch};

use crate::world::World;

fn harness(world: World) -> Harness<'static, World> {
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    h
}

/// Fields of the stack with their groups, top first.
fn stack(h: &Harness<'_, World>) -> Vec<(String, Option<GroupId>)> {
    h.state().session.project().layers.iter().map(|l| (l.field.clone(), l.group)).collect()
}

/// Where a control whose name begins so lies.
fn place(h: &Harness<'_, World>, start: &str) -> egui::Rect {
    let found =
        h.root().children_recursive().find(|n| n.accesskit_node().label().is_some_and(|l| l.starts_with(start)));
    found.unwrap_or_else(|| panic!("nothing says {start}")).rect()
}

/// Where a row is taken hold of: its name.
fn handle(h: &Harness<'_, World>, start: &str) -> egui::Pos2 {
    place(h, start).left_top() + egui::vec2(50.0, 14.0)
}

fn drag(h: &mut Harness<'_, World>, from: egui::Pos2, to: egui::Pos2) {
    h.drag_at(from);
    h.run_ok();
    for k in 1..=4 {
        h.hover_at(from + (to - from) * (k as f32 / 4.0));
        h.run_ok();
    }
    h.drop_at(to);
    h.run_ok();
}

#[test]
fn a_key_groups_the_layer_and_its_name_is_typed() {
    let mut h = harness(World::with_data());
    h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::G);
    h.run_ok();
    h.get_by_label("Name of the group").type_text("Temperature");
    h.run_ok();
    h.key_press(egui::Key::Enter);
    h.run_ok();
    let group = h.state().session.project().groups[0].clone();
    assert_eq!(group.name, "Temperature", "typing replaces the name it had");
    assert_eq!(h.state().state.style_of, None, "Enter ends typing and nothing else");
    assert_eq!(stack(&h), [("sst".to_owned(), Some(group.id)), ("ssha".to_owned(), None)]);
}

#[test]
fn a_group_hides_folds_and_takes_layers_in() {
    let mut world = World::with_data();
    let (sst, ssha) = (world.id("sst"), world.id("ssha"));
    world.session.apply(&Command::GroupLayers { layers: vec![sst], name: "Warm".into() }).unwrap();
    let group = world.session.project().groups[0].id;
    let mut h = harness(world);
    h.get_by_label("Hide group Warm").click();
    h.run_ok();
    let project = h.state().session.project();
    assert!(project.layer(sst).unwrap().visible && !project.shows(project.layer(sst).unwrap()));
    h.get_by_label("Show group Warm").click();
    h.run_ok();
    // A click on the header folds: the row is gone, the header stays.
    h.get_by_label("Group Warm, visible, 1 layer, opacity 100 per cent").click();
    h.run_ok();
    assert!(h.query_by_label("Hide SST").is_none() && h.query_by_label("Hide SSHA").is_some());
    // Dropped on the folded header, a layer is in the group.
    let (from, to) = (handle(&h, "SSHA, SWOT L3"), place(&h, "Group Warm").center());
    drag(&mut h, from, to);
    assert!(stack(&h).iter().all(|(_, g)| *g == Some(group)), "{:?}", h.state().commands);
    h.get_by_label("Group Warm, visible, 2 layers, opacity 100 per cent").click();
    h.run_ok();
    // Dragged above the header, it is out of it and on top.
    let (from, to) = (handle(&h, "SSHA, SWOT L3"), place(&h, "Group Warm").center_top());
    drag(&mut h, from, to);
    assert_eq!(stack(&h), [("ssha".to_owned(), None), ("sst".to_owned(), Some(group))]);
    // The whole group goes above it again.
    let (from, to) = (place(&h, "Group Warm").center(), place(&h, "SSHA, SWOT L3").center_top());
    drag(&mut h, from, to);
    assert_eq!(stack(&h), [("sst".to_owned(), Some(group)), ("ssha".to_owned(), None)]);
    assert!(h.state().commands.contains(&Command::MoveGroup { group, to: 0 }));
    let _ = ssha;
}

#[test]
fn the_menu_puts_layers_into_groups_and_out() {
    let mut world = World::with_data();
    let (sst, ssha) = (world.id("sst"), world.id("ssha"));
    world.session.apply(&Command::GroupLayers { layers: vec![sst], name: "Warm".into() }).unwrap();
    let group = world.session.project().groups[0].id;
    let mut h = harness(world);
    let at = handle(&h, "SSHA, SWOT L3");
    let open = |h: &mut Harness<'_, World>, at: egui::Pos2, name: &str| {
        h.hover_at(at);
        h.run_ok();
        for pressed in [true, false] {
            h.event(egui::Event::PointerButton {
                pos: at,
                button: egui::PointerButton::Secondary,
                pressed,
                modifiers: egui::Modifiers::NONE,
            });
            h.run_ok();
        }
        let at = h.root().children_recursive().find_map(|n| {
            let named = n.accesskit_node().label().is_some_and(|l| l.trim_end_matches(['⏵', ' ']) == "Group");
            named.then(|| n.rect().center())
        });
        h.hover_at(at.expect("the submenu"));
        h.run_ok();
        h.run_ok();
        h.get_by_label(name).click();
        h.run_ok();
    };
    open(&mut h, at, "Into Warm");
    assert_eq!(h.state().commands, [Command::PlaceLayer { layer: ssha, to: 1, group: Some(group) }]);
    let at = handle(&h, "SSHA, SWOT L3");
    open(&mut h, at, "Out of the group");
    assert_eq!(stack(&h), [("sst".to_owned(), Some(group)), ("ssha".to_owned(), None)]);
}

#[test]
fn a_locked_layer_says_so_and_is_unlocked_by_a_click() {
    let mut world = World::with_data();
    let sst = world.id("sst");
    world.state.style_of = Some(sst);
    let mut h = harness(world);
    h.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::K);
    h.run_ok();
    assert_eq!(h.state().commands, [Command::LockLayer { layer: sst, locked: true }]);
    assert!(place(&h, "SST, GHRSST, visible, locked").is_positive());
    // Dragging its opacity does nothing.
    let from = h.get_by_label("Opacity of SST").rect().center();
    drag(&mut h, from, from - egui::vec2(30.0, 0.0));
    assert_eq!(h.state().commands.len(), 1, "{:?}", h.state().commands);
    // Nor dragging the row.
    let (from, to) = (handle(&h, "SST, GHRSST"), place(&h, "SSHA, SWOT L3").center_bottom());
    drag(&mut h, from, to);
    assert_eq!(h.state().commands.len(), 1, "{:?}", h.state().commands);
    // The style panel says it and offers the way out.
    assert!(h.query_by_label("Unlock the style").is_some());
    h.get_by_label("Unlock SST").click();
    h.run_ok();
    assert!(!h.state().session.project().layer(sst).unwrap().locked);
    assert!(h.query_by_label("Unlock the style").is_none());
    // Delete is refused by the session, and the layer stays in hand; here nothing is carried out.
    h.state_mut().session.apply(&Command::LockLayer { layer: sst, locked: true }).unwrap();
    h.state_mut().live = false;
    h.state_mut().state.style_of = None;
    h.run_ok();
    h.key_press(egui::Key::Delete);
    h.run_ok();
    assert_eq!(h.state().commands.last(), Some(&Command::RemoveLayer { layer: sst }));
    assert_eq!(h.state().state.selected, Some(sst));
}

#[test]
fn solo_has_a_key() {
    let world = World::with_data();
    let sst = world.id("sst");
    let mut h = harness(world);
    h.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::S);
    h.run_ok();
    assert_eq!(h.state().commands, [Command::SoloLayer { layer: sst }]);
    assert!(h.query_by_label("Show SSHA").is_some());
}

#[test]
fn the_opacity_of_a_group_is_one_undo_step() {
    let mut world = World::with_data();
    let sst = world.id("sst");
    world.session.apply(&Command::GroupLayers { layers: vec![sst], name: "Warm".into() }).unwrap();
    let group = world.session.project().groups[0].id;
    let patch = GroupPatch { opacity: Some(0.9), ..GroupPatch::default() };
    world.session.apply(&Command::ChangeGroup { group, patch }).unwrap();
    world.session.settle();
    let mut h = harness(world);
    let from = h.get_by_label("Opacity of group Warm").rect().center();
    drag(&mut h, from, from - egui::vec2(40.0, 0.0));
    let now = h.state().session.project().groups[0].opacity;
    assert!(now < 0.8, "{now}");
    h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    h.run_ok();
    assert_eq!(h.state().session.project().groups[0].opacity, 0.9);
}
