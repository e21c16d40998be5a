//! What lies over the picture: the shape being drawn, handles of the selected one, names.

use egui::{Align2, Painter, Pos2, Rect, Role, Sense, Shape as Mark, Stroke, StrokeKind, Ui, pos2, vec2};
use seaglass_core::camera::View;
use seaglass_core::geo::LonLat;
use seaglass_core::session::Session;
use seaglass_core::shapes::{Edges, ShapeKind, along};

use super::gestures::handles;
use crate::map_labels::{cased, on_ground};
use crate::navigation::Frame;
use crate::placing::Taken;
use crate::state::UiState;
use crate::theme::{Theme, theme};
use crate::widgets;

/// Names shown at a time.
const MOST_NAMES: usize = 40;
/// Shapes looked through for names.
const MOST_LOOKED_AT: usize = 5000;
/// Least cosine between the ground's normal and the direction to the eye.
const LEAST_FACING: f64 = 0.15;
/// Sag of edges on the screen, as a part of the view.
const PIECES: usize = 48;

/// The points of a line on the screen, with enough of its edges between them; `None` where it is not seen.
pub fn screen_line(places: &[LonLat], kind: ShapeKind, edges: Edges, frame: Frame, view: &View) -> Vec<Option<Pos2>> {
    let screen = |p: LonLat| view.screen_from_lonlat(p).map(|px| frame.point(px));
    let mut out: Vec<Option<Pos2>> = Vec::with_capacity(places.len());
    let ends = places.iter().chain(places.first().filter(|_| kind == ShapeKind::Polygon));
    let mut last: Option<LonLat> = None;
    for p in ends {
        match last.filter(|_| kind != ShapeKind::Point) {
            Some(from) => out.extend(along(from, *p, edges, 0.3 * view.metres_per_px(), PIECES).map(screen)),
            None => out.push(screen(*p)),
        }
        last = Some(*p);
    }
    out
}

fn stroke_along(painter: &Painter, points: &[Option<Pos2>], frame: Frame, stroke: Stroke) {
    for pair in points.windows(2) {
        let (Some(a), Some(b)) = (pair[0], pair[1]) else { continue };
        // A piece that crosses the whole view goes round the back of the map.
        if a.distance(b) < frame.rect.width() * 0.5 {
            painter.line_segment([a, b], stroke);
        }
    }
}

/// The draft with the way to the pointer, and handles of the selected shape.
pub fn over_globe(ui: &mut Ui, frame: Frame, view: &View, session: &Session, state: &mut UiState) {
    let dark = Theme::get(true);
    let painter = ui.painter().with_clip_rect(frame.rect);
    let shapes = &state.shapes;
    if let Some(tool) = shapes.tool.filter(|_| !shapes.draft.is_empty()) {
        let mut places = shapes.draft.clone();
        places.extend(state.pointer);
        let line = screen_line(&places, ShapeKind::Polyline, Edges::GreatCircle, frame, view);
        stroke_along(&painter, &line, frame, Stroke::new(4.0, dark.c.void.gamma_multiply(0.6)));
        stroke_along(&painter, &line, frame, Stroke::new(2.0, dark.c.accent));
        if let (ShapeKind::Polygon, Some(first), Some(last)) = (tool, places.first(), places.last())
            && places.len() > 2
        {
            // The side that closes it is only thought of yet.
            let closing = screen_line(&[*last, *first], ShapeKind::Polyline, Edges::GreatCircle, frame, view);
            let points: Vec<Pos2> = closing.into_iter().flatten().collect();
            painter.extend(Mark::dashed_line(&points, Stroke::new(1.5, dark.c.accent), 6.0, 5.0));
        }
        for p in shapes.draft.iter().filter_map(|p| view.screen_from_lonlat(*p)) {
            dot(&painter, frame.point(p), 4.0, dark.c.accent);
        }
    }
    if shapes.tool.is_some() {
        hint(ui, frame.rect, state);
        return;
    }
    let Some(shape) = state.shapes.selected.and_then(|id| session.project().shapes.get(id)) else { return };
    for handle in handles(shape, frame, view) {
        let hot = state.shapes.hovered == Some((handle.line, handle.vertex)) && handle.real;
        let ink = if hot { dark.c.accent } else { dark.c.text_1 };
        dot(&painter, handle.at, if handle.real { 5.0 } else { 3.0 }, ink);
    }
}

fn dot(painter: &Painter, at: Pos2, radius: f32, ink: egui::Color32) {
    painter.circle_filled(at, radius + 1.5, Theme::get(true).c.void.gamma_multiply(0.75));
    painter.circle_filled(at, radius, ink);
}

/// What can be done now, at the bottom in the middle.
fn hint(ui: &mut Ui, area: Rect, state: &mut UiState) {
    let t = theme(ui);
    let text = match (state.shapes.tool, state.shapes.undecided) {
        (_, true) => tr!("Middle click adds a point, Enter ends a line, Shift+Enter a polygon, Esc cancels."),
        (Some(ShapeKind::Point), _) => tr!("Click sets a point, Esc ends."),
        _ => tr!("Click adds a point, Enter ends, Backspace takes one back, Esc cancels."),
    };
    let galley = widgets::elided(ui.painter(), text, t.body(), t.c.text_1, area.width() - 48.0);
    let size = galley.size() + vec2(24.0, 10.0);
    let rect = Align2::CENTER_BOTTOM.anchor_size(pos2(area.center().x, area.bottom() - 48.0), size);
    ui.painter().rect(rect, 8.0, t.overlay(), Stroke::new(1.0, t.c.border), StrokeKind::Inside);
    ui.painter().galley((rect.center() - galley.size() / 2.0).round(), galley, t.c.text_1);
    let response = ui.interact(rect, egui::Id::unique("drawing hint"), Sense::hover());
    widgets::describe(&response, Role::Label, text);
    state.taken.add("drawing hint", rect);
}

/// Names of shapes, those drawn by hand before those of files; none over another or under a card. Gives where they are.
pub fn names(painter: &Painter, frame: Frame, view: &View, session: &Session, taken: &Taken) -> Vec<Rect> {
    let dark = Theme::get(true);
    let painter = painter.with_clip_rect(frame.rect);
    let room = frame.rect.shrink(6.0);
    let mut placed: Vec<Rect> = taken.cards().iter().map(|(_, r)| r.expand(4.0)).collect();
    let cards = placed.len();
    let shapes = &session.project().shapes;
    let own = shapes.iter().rev().filter(|s| s.file.is_none());
    let of_files = shapes.iter().filter(|s| s.file.is_some());
    for shape in own.chain(of_files).filter(|s| s.visible).take(MOST_LOOKED_AT) {
        let cap = shape.geometry.cap();
        let size_px = 2.0 * cap.angle_rad * 6_371_008.8 / view.metres_per_px().max(1e-9);
        // A name larger than what it names hides it; points have their names always.
        if shape.geometry.kind != ShapeKind::Point && size_px < 24.0 * f64::from(frame.ppp) {
            continue;
        }
        let Some(place) = shape.geometry.label_place().filter(|p| view.facing(*p) >= LEAST_FACING) else { continue };
        let Some(at) = view.screen_from_lonlat(place).map(|px| frame.point(px)).filter(|p| room.contains(*p)) else {
            continue;
        };
        let galley = painter.layout_no_wrap(shape.name.clone(), dark.small(), dark.c.text_1);
        let size = galley.size();
        let corner = match shape.geometry.kind {
            ShapeKind::Point => pos2(at.x + shape.style.width_pt / 2.0 + 4.0, at.y - size.y / 2.0),
            ShapeKind::Polyline => pos2(at.x - size.x / 2.0, at.y - size.y - 4.0),
            ShapeKind::Polygon => at - size / 2.0,
        };
        let corner = corner.round();
        let rect = Rect::from_min_size(corner, size);
        if !room.contains_rect(rect) || placed.iter().any(|p| p.intersects(rect.expand(2.0))) {
            continue;
        }
        if !on_ground(frame, view, rect) {
            continue;
        }
        placed.push(rect);
        cased(&painter, corner, &galley, dark.c.text_1, dark.label_halo());
        if placed.len() - cards >= MOST_NAMES {
            break;
        }
    }
    placed.split_off(cards)
}
