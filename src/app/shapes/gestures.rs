//! The pointer and the keys over the globe while shapes are drawn or edited.

use std::sync::Arc;

use egui::{CursorIcon, Key, Modifiers, PointerButton, Pos2, Response, Ui};
use seaglass_core::camera::View;
use seaglass_core::command::Command;
use seaglass_core::geo::LonLat;
use seaglass_core::session::Session;
use seaglass_core::shapes::{
    Attributes, Geometry, Inside, NewShape, Shape, ShapeChange, ShapeId, ShapeKind, edge_middle,
};

use super::paint::screen_line;
use crate::navigation::Frame;
use crate::state::{Out, UiState};

/// A vertex or a line is under the pointer within so many points.
const NEAR: f32 = 8.0;
/// Shapes with more vertices are not edited by hand: handles would cover them.
pub const MOST_HANDLES: usize = 2000;
/// Shapes with more vertices are not looked for under the pointer.
const MOST_HIT: usize = 200_000;

/// Takes the pointer and the keys; `true` while the camera must stay where it is.
pub fn update(
    ui: &Ui,
    response: &Response,
    frame: Frame,
    view: &View,
    session: &Session,
    state: &mut UiState,
    out: &mut Out,
) -> bool {
    let place_at = |p: Pos2| view.lonlat_from_screen(frame.px(p));
    let covered = state.is_covered() || ui.ctx().text_edit_focused() || egui::Popup::is_any_open(ui.ctx());
    if !covered {
        keys(ui, state, out);
    }
    let at = response.interact_pointer_pos();
    let here = at.and_then(place_at);
    let (command, middle) = ui.input(|i| (i.modifiers.command, i.pointer.button_released(PointerButton::Middle)));
    let adds = (middle && response.clicked_by(PointerButton::Middle))
        || (command && response.clicked_by(PointerButton::Secondary));
    if adds && let Some(place) = here {
        if state.shapes.tool.is_none() {
            state.shapes.tool = Some(ShapeKind::Polyline);
            state.shapes.undecided = true;
        }
        state.shapes.draft.push(place);
        return true;
    }
    if state.shapes.tool.is_some() {
        return draw(ui, response, here, state, out);
    }
    edit(ui, response, frame, view, session, state, out)
}

fn keys(ui: &Ui, state: &mut UiState, out: &mut Out) {
    let shapes = &mut state.shapes;
    let pressed = |modifiers, key| ui.input_mut(|i| i.consume_key(modifiers, key));
    if let Some(tool) = shapes.tool {
        // The longer combination first: Enter alone would take it.
        if pressed(Modifiers::SHIFT, Key::Enter) {
            finish(ShapeKind::Polygon, state, out);
        } else if pressed(Modifiers::NONE, Key::Enter) {
            finish(tool, state, out);
        } else if pressed(Modifiers::NONE, Key::Backspace) {
            shapes.draft.pop();
        } else if pressed(Modifiers::NONE, Key::Escape) {
            shapes.cancel();
        }
        return;
    }
    let Some(shape) = shapes.selected else { return };
    if let Some((line, vertex)) = shapes.hovered
        && pressed(Modifiers::NONE, Key::Backspace)
    {
        out.send(Command::Shapes { change: ShapeChange::RemoveVertex { shape, line, vertex } });
    } else if pressed(Modifiers::NONE, Key::Escape) {
        shapes.selected = None;
    }
}

/// Ends what is being drawn; too few vertices are kept for more to come.
fn finish(kind: ShapeKind, state: &mut UiState, out: &mut Out) {
    let shapes = &mut state.shapes;
    // A double click leaves its place twice.
    shapes.draft.dedup_by(|a, b| a.approx_distance_m(b) < 0.01);
    if shapes.draft.len() < kind.least_places() {
        return;
    }
    add(kind, std::mem::take(&mut shapes.draft), out);
    shapes.cancel();
}

fn add(kind: ShapeKind, places: Vec<LonLat>, out: &mut Out) {
    let shape = Box::new(NewShape {
        name: String::new(),
        geometry: Arc::new(Geometry::simple(kind, places)),
        style: None,
        attributes: Arc::new(Attributes::new()),
    });
    out.send(Command::Shapes { change: ShapeChange::Add { shape, number: None } });
}

fn draw(ui: &Ui, response: &Response, here: Option<LonLat>, state: &mut UiState, out: &mut Out) -> bool {
    if response.hovered() {
        ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
    }
    let Some(tool) = state.shapes.tool else { return false };
    if response.double_clicked() {
        if tool != ShapeKind::Point {
            finish(tool, state, out);
        }
        return true;
    }
    if !response.clicked_by(PointerButton::Primary) {
        return false;
    }
    if let Some(place) = here {
        if tool == ShapeKind::Point {
            add(tool, vec![place], out);
        } else {
            state.shapes.draft.push(place);
        }
    }
    true
}

/// A vertex of the selected shape, or the middle of an edge, on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Handle {
    /// Where.
    pub at: Pos2,
    /// Which line.
    pub line: usize,
    /// The vertex, or the one before which a new one would come.
    pub vertex: usize,
    /// A vertex, in contrast to the middle of an edge.
    pub real: bool,
}

/// The handles of a shape that are seen.
pub fn handles(shape: &Shape, frame: Frame, view: &View) -> Vec<Handle> {
    let geometry = &shape.geometry;
    if geometry.places() > MOST_HANDLES || !shape.visible {
        return Vec::new();
    }
    let screen = |p: LonLat| view.screen_from_lonlat(p).map(|px| frame.point(px)).filter(|p| frame.rect.contains(*p));
    let mut all = Vec::new();
    for (line, ring) in geometry.lines.iter().enumerate() {
        let n = ring.places.len();
        for (vertex, p) in ring.places.iter().enumerate() {
            let handle = |at, vertex, real| Handle { at, line, vertex, real };
            all.extend(screen(*p).map(|at| handle(at, vertex, true)));
            let has_next = vertex + 1 < n || geometry.kind == ShapeKind::Polygon;
            if has_next && geometry.kind != ShapeKind::Point {
                let next = ring.places[(vertex + 1) % n];
                // Where two vertices nearly touch there is no room for a third handle.
                let apart = screen(*p).zip(screen(next)).is_some_and(|(a, b)| a.distance(b) > 3.0 * NEAR);
                let middle = screen(edge_middle(*p, next, geometry.edges)).filter(|_| apart);
                all.extend(middle.map(|at| handle(at, vertex + 1, false)));
            }
        }
    }
    all
}

fn edit(
    ui: &Ui,
    response: &Response,
    frame: Frame,
    view: &View,
    session: &Session,
    state: &mut UiState,
    out: &mut Out,
) -> bool {
    let shapes = &session.project().shapes;
    let (down, pressed, released, pointer) = ui.input(|i| {
        (i.pointer.primary_down(), i.pointer.primary_pressed(), i.pointer.primary_released(), i.pointer.interact_pos())
    });
    let place = pointer.and_then(|p| view.lonlat_from_screen(frame.px(p)));
    if let (Some((line, vertex)), Some(shape)) = (state.shapes.dragged, state.shapes.selected) {
        let moved = ui.input(|i| i.pointer.delta() != egui::Vec2::ZERO);
        if let (true, true, Some(to)) = (down, moved, place) {
            out.send(Command::Shapes { change: ShapeChange::MoveVertex { shape, line, vertex, to } });
        }
        if released || !down {
            state.shapes.dragged = None;
            out.settle = true;
        }
        ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
        return true;
    }
    let selected = state.shapes.selected.and_then(|id| shapes.get(id));
    let near = |handles: &[Handle], p: Pos2| {
        let close = handles.iter().filter(|h| h.at.distance(p) <= NEAR);
        close.min_by(|a, b| a.at.distance(p).total_cmp(&b.at.distance(p)).then(b.real.cmp(&a.real))).copied()
    };
    let over = pointer.filter(|_| response.contains_pointer());
    let hit = selected.zip(over).and_then(|(shape, p)| near(&handles(shape, frame, view), p));
    state.shapes.hovered = hit.filter(|h| h.real).map(|h| (h.line, h.vertex));
    if let (Some(handle), Some(shape)) = (hit, state.shapes.selected) {
        ui.ctx().set_cursor_icon(CursorIcon::Grab);
        if pressed {
            let Handle { line, vertex, real, .. } = handle;
            if let (false, Some(at)) = (real, place) {
                out.send(Command::Shapes { change: ShapeChange::InsertVertex { shape, line, before: vertex, at } });
            }
            state.shapes.dragged = Some((line, vertex));
            return true;
        }
    }
    let plain = ui.input(|i| i.modifiers.is_none());
    if response.clicked_by(PointerButton::Primary)
        && plain
        && let Some(p) = pointer
    {
        state.shapes.selected = found_at(shapes, frame, view, p);
    }
    false
}

/// The top shape under a point of the window.
pub fn found_at(shapes: &[Shape], frame: Frame, view: &View, p: Pos2) -> Option<ShapeId> {
    let place = view.lonlat_from_screen(frame.px(p))?;
    let up = place.up();
    let reach_rad = view.metres_per_px() * f64::from(NEAR * frame.ppp) / 6_371_008.8;
    let is_hit = |s: &&Shape| {
        let cap = s.geometry.cap();
        let away = up.cross(cap.middle).length().atan2(up.dot(cap.middle));
        if !s.visible || s.geometry.places() > MOST_HIT || away > cap.angle_rad + reach_rad * 2.0 {
            return false;
        }
        if s.geometry.kind == ShapeKind::Polygon && s.style.fill > 0.0 && Inside::new(&s.geometry).contains(place) {
            return true;
        }
        s.geometry.lines.iter().any(|line| {
            let points = screen_line(&line.places, s.geometry.kind, s.geometry.edges, frame, view);
            if s.geometry.kind == ShapeKind::Point {
                return points.iter().flatten().any(|q| q.distance(p) <= NEAR.max(s.style.width_pt / 2.0));
            }
            points.windows(2).any(|w| match (w[0], w[1]) {
                (Some(a), Some(b)) if a.distance(b) < frame.rect.width() => distance_to(p, a, b) <= NEAR,
                _ => false,
            })
        })
    };
    shapes.iter().rev().find(is_hit).map(|s| s.id)
}

/// Distance of a point from a segment.
fn distance_to(p: Pos2, a: Pos2, b: Pos2) -> f32 {
    let d = b - a;
    let t = if d.length_sq() > 0.0 { ((p - a).dot(d) / d.length_sq()).clamp(0.0, 1.0) } else { 0.0 };
    (a + d * t).distance(p)
}
