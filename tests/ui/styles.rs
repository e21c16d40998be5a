//! Styles beyond one layer: copies, defaults, classes, masks, ranges of the view.

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use seaglass_app::model::Reason;
use seaglass_core::command::Command;
use seaglass_core::field::FlagClass;
use seaglass_core::style::Style;

use crate::world::World;

fn style(h: &Harness<'static, World>, field: &str) -> Style {
    let id = h.state().id(field);
    h.state().session.project().layer(id).unwrap().style.clone()
}

#[test]
fn a_copied_style_is_pasted_in_one_step() {
    let mut world = World::with_data();
    let (ssha, sst) = (world.id("ssha"), world.id("sst"));
    world.state.selected = Some(ssha);
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    h.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::C);
    h.run_ok();
    h.state_mut().state.selected = Some(sst);
    let before = style(&h, "sst");
    h.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::V);
    h.run_ok();
    let after = style(&h, "sst");
    assert_eq!(after.colormap, style(&h, "ssha").colormap);
    assert_ne!(after.colormap, before.colormap);
    assert_eq!(after.range, before.range, "metres are no kelvin");
    h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    h.run_ok();
    assert_eq!(style(&h, "sst"), before);
}

#[test]
fn a_saved_default_is_what_reset_gives_and_can_be_forgotten() {
    let mut world = World::with_data();
    let sst = world.id("sst");
    (world.state.selected, world.state.style_of) = (Some(sst), Some(sst));
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    let product = style(&h, "sst");
    h.get_by_label("Invert the colour map").click();
    h.run_ok();
    h.get_by_label("Save as default").click();
    h.run_ok();
    assert!(h.state().commands.contains(&Command::SaveDefaultStyle { layer: sst, quantity: false }));
    h.get_by_label("Invert the colour map").click();
    h.run_ok();
    h.get_by_label("Reset").click();
    h.run_ok();
    assert!(style(&h, "sst").reversed, "the saved style");
    h.get_by_label("Reset to product default").click();
    h.run_ok();
    assert_eq!(style(&h, "sst").colormap, product.colormap);
    assert!(!style(&h, "sst").reversed);
    assert!(h.query_by_label("Reset to product default").is_none(), "nothing is saved any more");
}

#[test]
fn classes_are_hidden_by_their_boxes() {
    let mut world = World::with_flags();
    let layer = world.id("quality_level");
    (world.state.selected, world.state.style_of) = (Some(layer), Some(layer));
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    h.get_by_label("bad data").click();
    h.run_ok();
    assert_eq!(style(&h, "quality_level").hidden, [FlagClass { value: 1, mask: None }]);
    h.get_by_label("None").click();
    h.run_ok();
    assert_eq!(style(&h, "quality_level").hidden.len(), 6);
    h.get_by_label("best quality").click();
    h.run_ok();
    let s = style(&h, "quality_level");
    assert!(s.hides(1.0) && !s.hides(5.0) && s.hidden.len() == 5, "{:?}", s.hidden);
    h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    h.run_ok();
    assert_eq!(style(&h, "quality_level").hidden.len(), 6);
}

#[test]
fn an_empty_view_behind_masks_offers_to_show_them() {
    let mut world = World::with_flags();
    let best = world.id("sst_best");
    world.view_reason = Some(Reason::AllMasked);
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    assert!(h.query_by_label("All values are masked.").is_some());
    h.get_by_label("Show masked").click();
    h.run_ok();
    assert_eq!(h.state().commands, [Command::ShowMasked { layer: None, on: true }]);
    let project = h.state().session.project();
    assert!(project.layer(best).unwrap().unmasked);
    assert_eq!(project.layers.iter().filter(|l| l.unmasked).count(), 1, "others have no mask");
}

#[test]
fn following_the_view_is_a_choice_and_a_range_by_hand_ends_it() {
    let mut world = World::with_data();
    let sst = world.id("sst");
    (world.state.selected, world.state.style_of) = (Some(sst), Some(sst));
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    assert!(!style(&h, "sst").follow_view, "off by default");
    h.get_by_label("Visible").click();
    h.run_ok();
    assert_eq!(h.state().commands, [Command::FitVisible { layer: sst }]);
    h.get_by_label("Follow view").click();
    h.run_ok();
    assert!(style(&h, "sst").follow_view);
    h.state_mut().session.apply(&Command::Play { on: true }).unwrap();
    h.run_ok();
    assert!(h.query_by_label("held while time plays").is_some());
    let maximum = h.get_by_label("Maximum handle of SST");
    maximum.focus();
    h.run_ok();
    h.key_press(egui::Key::ArrowRight);
    h.run_ok();
    assert!(!style(&h, "sst").follow_view);
}

/// Three bars at most, and the legend says how many layers it has no room for.
#[test]
fn the_legend_counts_what_it_leaves_out() {
    let mut world = World::with_data();
    for _ in 0..3 {
        world.session.apply(&Command::AddLayer { collection: "swot_l3".into(), field: "ssha".into() }).unwrap();
        let layer = world.session.project().layers[0].id;
        world.session.apply(&Command::InitRange { layer, range: [-1.5, 1.5] }).unwrap();
    }
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    let legend = h.get_by_label_contains("Legend: ");
    let names = legend.accesskit_node().label().unwrap_or_default();
    assert_eq!(names.matches("Sea surface").count(), 3, "{names}");
    assert!(names.contains("+2 more layers"), "{names}");
}

#[test]
fn a_style_is_written_into_the_collection_file_where_there_is_one() {
    let mut world = World::with_data();
    let (ssha, sst) = (world.id("ssha"), world.id("sst"));
    let collection = world.session.project().layer(sst).unwrap().collection.clone();
    world.collection_files.insert(collection, "/seascope/data/my_sst.ini".into());
    (world.state.selected, world.state.style_of) = (Some(sst), Some(sst));
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    h.get_by_label("Copy, paste and defaults").click();
    h.run_ok();
    h.get_by_label("Save style to my_sst.ini").click();
    h.run_ok();
    assert_eq!(h.state().commands, [Command::SaveStyleToCollection { layer: sst }]);
    (h.state_mut().state.selected, h.state_mut().state.style_of) = (Some(ssha), Some(ssha));
    h.run_ok();
    h.get_by_label("Copy, paste and defaults").click();
    h.run_ok();
    assert!(h.query_by_label("Save style to my_sst.ini").is_none(), "of no workspace");
}
