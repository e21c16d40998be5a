//! Positions, pins and what the pointer says.

use egui_kittest::kittest::Queryable;
use seaglass_app::hover;
use seaglass_app::state::Action;
use seaglass_app::theme::Theme;
use seaglass_core::command::Command;
use seaglass_core::format::AngleForm;
use seaglass_core::geo::LonLat;

use crate::world::World;

#[test]
fn the_status_bar_chooses_the_form_of_coordinates() {
    let mut world = World::with_data();
    world.state.pointer = Some(LonLat::new(-54.5, 36.25));
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    h.get_by_label("Position 36.2500° N, 54.5000° W").click();
    h.run_ok();
    h.get_by_label("Degrees and minutes").click();
    h.run_ok();
    assert_eq!(h.state().state.coordinates.form, AngleForm::Minutes);
    h.get_by_label("Position 36° 15.000′ N, 54° 30.000′ W").click();
    h.run_ok();
    h.get_by_label("Longitudes from 0° to 360°").click();
    h.run_ok();
    assert!(h.query_by_label("Position 36° 15.000′ N, 305° 30.000′ E").is_some());
    h.event(egui::Event::Copy);
    h.run_ok();
    assert_eq!(h.state().actions, [Action::Copy("36° 15.000′ N, 305° 30.000′ E".to_owned())]);
}

#[test]
fn pins_come_and_go_and_undo_knows_them() {
    let mut world = World::with_data();
    world.state.pointer = Some(LonLat::new(-60.0, 36.5));
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    h.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::P);
    h.run_ok();
    assert_eq!(h.state().session.project().pins.len(), 1);
    assert!(h.query_by_label("Pin at 36.500° N, 60.000° W").is_some());
    h.get_by_label("Remove pin").click();
    h.run_ok();
    assert!(h.state().session.project().pins.is_empty());
    h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    h.run_ok();
    assert_eq!(h.state().session.project().pins.len(), 1, "{:?}", h.state().commands);
}

/// Where the right panel is a drawer over the globe, the card keeps off it.
#[test]
fn the_card_under_the_pointer_keeps_off_the_drawer() {
    let mut world = World::with_data();
    world.state.right_open = true;
    world.state.right_tab = seaglass_app::right::Tab::Colocate;
    let info = hover::HoverInfo { at: LonLat::new(0.0, 0.0), elevation_m: None, rows: Vec::new() };
    world.hover = Some((info, egui::pos2(560.0, 300.0)));
    let mut h = world.harness(1040.0, 656.0, true);
    h.run_ok();
    let state = &h.state().state;
    let drawer = state.drawer.expect("a narrow window has a drawer");
    for (name, rect) in state.taken.cards().iter().filter(|(name, _)| *name != "colocate") {
        assert!(rect.right() <= drawer.left() + 0.5, "{name} {rect:?} lies over {drawer:?}");
    }
    assert!(state.taken.cards().iter().any(|(name, _)| *name == "hover card"));
}

#[test]
fn the_status_bar_says_whose_position_it_has() {
    let world = World::with_data();
    let target = world.session.project().camera.target;
    let text = world.state.coordinates.text(target, 4);
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    assert!(h.query_by_label(&format!("Centre {text}")).is_some(), "the pointer is not on the globe");
    h.state_mut().state.pointer = Some(LonLat::new(-54.5, 36.25));
    h.run_ok();
    assert!(h.query_by_label("Position 36.2500° N, 54.5000° W").is_some());
}

#[test]
fn quality_has_a_line_of_its_own() {
    let world = World::with_data();
    let t = Theme::get(true);
    let row = |quality: Option<&str>| hover::HoverRow {
        layer: world.id("sst"),
        name: "SST".into(),
        product: None,
        value: hover::Value::Number("24.66".into(), "°C".into()),
        offset_s: None,
        cell: None,
        quality: quality.map(str::to_owned),
    };
    let info = |q| hover::HoverInfo { at: LonLat::new(0.0, 0.0), elevation_m: None, rows: vec![row(q)] };
    assert!(hover::size(t, &info(Some("Quality: best quality"))).y > hover::size(t, &info(None)).y);
}

/// Pointing at a colour, with the pointer or the arrow keys, lets it stand out, and nothing else happens.
#[test]
fn colour_bars_point_at_values() {
    let world = World::with_data();
    let sst = world.id("sst");
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    let bar = h.get_by_label("Colour bar of SST").rect();
    h.hover_at(bar.center());
    h.run_ok();
    let (layer, [lo, hi]) = h.state().state.highlight.expect("a colour is pointed at");
    assert_eq!(layer, sst);
    assert!((0.4..0.5).contains(&lo) && (0.5..0.6).contains(&hi), "{lo} {hi}");
    h.hover_at(egui::pos2(700.0, 400.0));
    h.run_ok();
    assert_eq!(h.state().state.highlight, None);
    h.get_by_label("Colour bar of SST").focus();
    h.run_ok();
    for _ in 0..3 {
        h.key_press(egui::Key::ArrowRight);
        h.run_ok();
    }
    let (_, [lo, hi]) = h.state().state.highlight.expect("the keys point");
    assert!(lo > 0.5 && hi < 0.65, "{lo} {hi}");
    assert!(!h.state().commands.iter().any(|c| matches!(c, Command::StepTime { .. })), "{:?}", h.state().commands);
}
