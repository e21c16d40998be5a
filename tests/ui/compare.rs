//! Two views beside each other: keys, rows, and the divider.

use std::cell::RefCell;
use std::rc::Rc;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use seaglass_app::state::Out;
use seaglass_app::{compare, theme};
use seaglass_core::command::Command;
use seaglass_core::compare::{Compare, CompareMode, Side};

use crate::world::World;

fn harness() -> Harness<'static, World> {
    let mut world = World::with_data();
    world.live = true;
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    h
}

#[test]
fn a_key_shows_two_views_and_rows_say_which_they_are_in() {
    let mut h = harness();
    assert!(h.query_by_label_contains(" in: ").is_none(), "nothing to choose while there is one view");
    h.key_press(egui::Key::C);
    h.run_ok();
    let project = |h: &Harness<'_, World>| h.state().session.project().clone();
    assert_eq!(project(&h).compare, Some(Compare::new(CompareMode::Swipe)));
    assert_eq!(project(&h).layers[0].side, Some(Side::Left));
    let names: Vec<String> = h.state().session.project().layers.iter().map(|l| l.field.clone()).collect();
    assert_eq!(names, ["sst", "ssha"]);
    let legend = "Legend: Sea surface height anomaly, Sea surface temperature (Left view)";
    assert!(h.query_by_label(legend).is_some(), "the legend says which view a layer is in");
    h.get_by_label_contains(" in: Left view").click();
    h.run_ok();
    assert_eq!(project(&h).layers[0].side, Some(Side::Right));
    // The other kind takes the place of the first; its own key ends it.
    h.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::Y);
    h.run_ok();
    assert_eq!(project(&h).compare.map(|c| c.mode), Some(CompareMode::SideBySide));
    h.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::Y);
    h.run_ok();
    assert_eq!(project(&h).compare, None);
    assert!(h.query_by_label_contains(" in: ").is_none());
}

#[test]
fn the_divider_is_dragged() {
    let sent: Rc<RefCell<Vec<Command>>> = Rc::default();
    let (log, swipe) = (Rc::clone(&sent), Compare::new(CompareMode::Swipe));
    let globe = egui::Rect::from_min_size(egui::pos2(100.0, 50.0), egui::vec2(800.0, 600.0));
    let mut h = Harness::builder().with_size(egui::vec2(1000.0, 700.0)).build_ui(move |ui| {
        theme::install(ui.ctx());
        let mut out = Out::default();
        let has_pointer = compare::divider(ui, globe, Some(swipe), &mut out);
        assert_eq!(
            has_pointer,
            ui.input(|i| i.pointer.any_down() || i.pointer.any_released()),
            "as long as it is held"
        );
        compare::divider_line(ui, globe, Some(swipe));
        log.borrow_mut().extend(out.commands);
    });
    h.run_ok();
    assert_eq!(h.get_by_label("Divider between the views").rect().center().x, 500.0);
    h.drag_at(egui::pos2(500.0, 200.0));
    h.run_ok();
    h.hover_at(egui::pos2(700.0, 220.0));
    h.run_ok();
    h.drop_at(egui::pos2(700.0, 220.0));
    h.run_ok();
    let Some(Command::SetCompare { compare: Some(c) }) = sent.borrow().last().cloned() else { panic!("nothing sent") };
    assert!((c.at - 0.75).abs() < 1e-3, "{c:?}");
    for (key, at) in [(egui::Key::OpenBracket, 0.45), (egui::Key::CloseBracket, 0.55)] {
        h.key_press(key);
        h.run_ok();
        let Some(Command::SetCompare { compare: Some(c) }) = sent.borrow().last().cloned() else { panic!("no key") };
        assert!((c.at - at).abs() < 1e-3, "{c:?}");
    }
}

#[test]
fn the_pointer_is_in_one_of_two_frames() {
    let globe = egui::Rect::from_min_size(egui::pos2(300.0, 60.0), egui::vec2(801.0, 500.0));
    let frames = compare::frames(globe, 1.0, Some(Compare::new(CompareMode::SideBySide)));
    assert_eq!(frames.len(), 2);
    // Both show the same place at the same place of theirs.
    assert_eq!(frames[0].size_px(), frames[1].size_px());
    assert_eq!(frames[0].size_px().x, 401.0, "as the picture is drawn");
    assert_eq!(frames[1].rect.left(), frames[0].rect.right());
    assert_eq!(compare::frames(globe, 1.0, Some(Compare::new(CompareMode::Swipe))).len(), 1);
    let swipe = Some(Compare { mode: CompareMode::Swipe, at: 0.25 });
    let at = |x: f32| compare::side_at(globe, swipe, egui::pos2(300.0 + x, 100.0));
    assert_eq!((at(100.0), at(300.0)), (Some(Side::Left), Some(Side::Right)));
    assert_eq!(compare::side_at(globe, None, globe.center()), None);
}
