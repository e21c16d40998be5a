//! Shapes: drawn by clicks and keys, edited by their vertices, listed, renamed, hidden, deleted.

use egui::accesskit::Role;
use egui::{Key, Modifiers, Pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use seaglass_app::dialogs::Pick;
use seaglass_app::navigation::Navigation;
use seaglass_app::state::Action;
use seaglass_core::command::Command;
use seaglass_core::shapes::{ShapeChange, ShapeKind};

use crate::world::World;

fn over_globe() -> Harness<'static, World> {
    let mut world = World::with_data();
    world.navigation = Some(Navigation::default());
    let mut h = world.harness(1280.0, 800.0, true);
    h.run();
    h
}

fn click(h: &mut Harness<'_, World>, at: Pos2) {
    h.hover_at(at);
    h.run_steps(2);
    h.drag_at(at);
    h.run_steps(1);
    h.drop_at(at);
    // Longer than a double click takes.
    h.run_steps(40);
}

fn shapes(h: &Harness<'_, World>) -> Vec<(String, ShapeKind, usize)> {
    let all = h.state().session.project().shapes.iter();
    all.map(|s| (s.name.clone(), s.geometry.kind, s.geometry.places())).collect()
}

#[test]
fn a_polygon_is_drawn_edited_renamed_and_deleted() {
    let mut h = over_globe();
    h.key_press(Key::P);
    h.run();
    h.get_by_label_contains("Click adds a point, Enter ends");
    let middle = h.state().globe.center();
    let corners = [vec2(-80.0, -60.0), vec2(80.0, -60.0), vec2(90.0, 70.0), vec2(0.0, 120.0)];
    for corner in corners {
        click(&mut h, middle + corner);
    }
    assert_eq!(h.state().state.shapes.draft.len(), 4);
    h.key_press(Key::Backspace);
    h.run();
    h.key_press(Key::Enter);
    h.run();
    assert_eq!(shapes(&h), [("Polygon 1".to_owned(), ShapeKind::Polygon, 3)]);
    assert_eq!(h.state().state.shapes.tool, None);
    // Where the first click was the first vertex is.
    let project = h.state().session.project();
    let globe = h.state().globe;
    let view = project.camera.view(f64::from(globe.width()), f64::from(globe.height()));
    let px = view.screen_from_lonlat(project.shapes[0].geometry.lines[0].places[0]).unwrap();
    let first = globe.min + vec2(px.x as f32, px.y as f32);
    assert!(first.distance(middle + corners[0]) < 0.5, "{first:?}");
    // Selected by its row, a vertex follows the pointer; the drag is one step.
    h.get_by_label("Polygon 1, polygon, visible").click();
    h.run();
    h.hover_at(first);
    h.run_steps(2);
    h.drag_at(first);
    h.run_steps(2);
    for k in 1..6 {
        h.hover_at(first - vec2(6.0 * k as f32, 0.0));
        h.run_steps(1);
    }
    h.drop_at(first - vec2(30.0, 0.0));
    h.run_steps(3);
    let moves = |c: &&Command| matches!(c, Command::Shapes { change: ShapeChange::MoveVertex { .. } });
    assert!(h.state().commands.iter().filter(moves).count() > 1);
    let places = |h: &Harness<'_, World>| h.state().session.project().shapes[0].geometry.lines[0].places.clone();
    let moved = places(&h);
    let px = view.screen_from_lonlat(moved[0]).unwrap();
    assert!((globe.min + vec2(px.x as f32, px.y as f32)).distance(first - vec2(30.0, 0.0)) < 7.0);
    assert_eq!(h.state().session.project().camera, project_camera(&h), "the globe stays");
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.run();
    assert_ne!(places(&h), moved);
    // The list: hide, rename, delete.
    h.get_by_label("Hide Polygon 1").click();
    h.run();
    assert!(!h.state().session.project().shapes[0].visible);
    h.get_by_label("Polygon 1, polygon, hidden").click_secondary();
    h.run();
    h.get_by_label("Rename").click();
    h.run();
    h.get_by_label("Name of the shape").focus();
    h.run();
    h.key_press_modifiers(Modifiers::COMMAND, Key::A);
    h.run();
    h.get_by_label("Name of the shape").type_text("Gulf Stream");
    h.run();
    h.key_press(Key::Enter);
    h.run();
    h.get_by_label("Gulf Stream, polygon, hidden").click_secondary();
    h.run();
    h.get_by_label("Save as…").click();
    h.run();
    let id = h.state().session.project().shapes[0].id;
    assert_eq!(h.state().actions.last(), Some(&Action::Pick(Pick::Shapes(Some(id)))));
    h.get_by_label("Gulf Stream, polygon, hidden").click_secondary();
    h.run();
    h.get_by_label("Delete").click();
    h.run();
    assert!(shapes(&h).is_empty() && h.query_by_label_contains("Shapes, ").is_none());
}

fn project_camera(h: &Harness<'_, World>) -> seaglass_core::camera::Camera {
    h.state().session.project().camera
}

#[test]
fn keys_of_the_reference_end_and_cancel() {
    let mut h = over_globe();
    let middle = h.state().globe.center();
    h.get_by_role_and_label(Role::Button, "Draw a line   L").click();
    h.run();
    for dx in [-50.0, 0.0, 50.0] {
        click(&mut h, middle + vec2(dx, dx / 2.0));
    }
    h.key_press_modifiers(Modifiers::SHIFT, Key::Enter);
    h.run();
    assert_eq!(shapes(&h), [("Polygon 1".to_owned(), ShapeKind::Polygon, 3)], "Shift+Enter makes a polygon of a line");
    h.key_press(Key::L);
    h.run();
    click(&mut h, middle);
    h.key_press(Key::Enter);
    h.run();
    assert_eq!(h.state().state.shapes.draft.len(), 1, "one point is no line yet");
    h.key_press(Key::Escape);
    h.run();
    assert!(h.state().state.shapes.tool.is_none() && shapes(&h).len() == 1);
    h.key_press(Key::O);
    h.run();
    click(&mut h, middle + vec2(20.0, 90.0));
    assert_eq!(shapes(&h)[1], ("Point 1".to_owned(), ShapeKind::Point, 1));
}
