//! Two views beside each other in the window: where they lie, the divider between them, the view a layer belongs to.

use egui::{CursorIcon, Id, Pos2, Rect, Role, Sense, Stroke, Ui, pos2, vec2};
use seaglass_core::command::Command;
use seaglass_core::compare::{Compare, CompareMode, Side};

use crate::lang;
use crate::model::{Model, Row};
use crate::navigation::Frame;
use crate::state::Out;
use crate::theme::{Theme, theme};
use crate::widgets;

/// Width of what takes hold of the divider.
const GRIP: f32 = 12.0;
/// What `[` and `]` move the divider by, as part of the width.
const KEY_STEP: f32 = 0.05;

/// Names of the choices, with their letters in the rows of layers.
pub const SIDES: [(Option<Side>, &str, &str); 3] = [
    (None, msg!("Both views"), "LR"),
    (Some(Side::Left), msg!("Left view"), "L"),
    (Some(Side::Right), msg!("Right view"), "R"),
];

/// Where the views lie on the window: one, or two halves that show the same place.
pub fn frames(globe: Rect, ppp: f32, compare: Option<Compare>) -> Vec<Frame> {
    let whole = Frame { rect: globe, ppp };
    if !compare.is_some_and(|c| c.mode == CompareMode::SideBySide) {
        return vec![whole];
    }
    let width = (whole.size_px().x / 2.0).ceil() as f32 / ppp;
    let half = |k: f32| Rect::from_min_size(globe.min + vec2(k * width, 0.0), vec2(width, globe.height()));
    vec![Frame { rect: half(0.0), ppp }, Frame { rect: half(1.0), ppp }]
}

/// The view that the pointer is in; while a button is held, the one it was pressed in.
pub fn frame_at(ui: &Ui, frames: &[Frame], globe: Rect) -> Frame {
    let at = ui.input(|i| {
        let pressed = i.pointer.press_origin().filter(|_| i.pointer.any_down() || i.pointer.any_released());
        pressed.or(i.pointer.latest_pos())
    });
    let found = frames.iter().find(|f| at.is_some_and(|p| f.rect.contains(p))).or(frames.first());
    found.copied().unwrap_or(Frame { rect: globe, ppp: ui.pixels_per_point() })
}

/// The view at a point of the window.
pub fn side_at(globe: Rect, compare: Option<Compare>, at: Pos2) -> Option<Side> {
    compare.map(|c| c.side_at((at.x - globe.left()) / globe.width().max(1.0)))
}

/// What takes hold of the divider of a swipe: a drag moves it, a double click puts it in the middle. Answers whether it
/// has the pointer, which then moves nothing else; the line is painted later, over the picture.
pub fn divider(ui: &Ui, globe: Rect, compare: Option<Compare>, out: &mut Out) -> bool {
    let Some(compare) = compare.filter(|c| c.mode == CompareMode::Swipe) else { return false };
    let middle = pos2(globe.left() + compare.edge() * globe.width(), globe.center().y);
    let grip = Rect::from_center_size(middle, vec2(GRIP, globe.height()));
    let response = ui.interact(grip, Id::unique("divider"), Sense::click_and_drag());
    let response = response.on_hover_cursor(CursorIcon::ResizeHorizontal);
    widgets::describe(&response, Role::Slider, tr!("Divider between the views"));
    let set = |at: f32| Command::SetCompare { compare: Some(Compare { at, ..compare }) };
    if response.double_clicked() {
        out.send(set(0.5));
    } else if let Some(p) = response.interact_pointer_pos().filter(|_| response.dragged()) {
        out.send(set((p.x - globe.left()) / globe.width().max(1.0)));
    }
    let keys = ui.input(|i| {
        let pressed = |key| {
            i.events.iter().filter(|e| matches!(e, egui::Event::Key { key: k, pressed: true, .. } if *k == key)).count()
        };
        pressed(egui::Key::CloseBracket) as f32 - pressed(egui::Key::OpenBracket) as f32
    });
    if keys != 0.0 && !ui.ctx().text_edit_focused() {
        out.send(set(compare.at + KEY_STEP * keys));
    }
    out.settle |= response.drag_stopped();
    response.is_pointer_button_down_on() || response.dragged() || response.drag_stopped()
}

/// The line between two views, with the knob of one that can be moved.
pub fn divider_line(ui: &Ui, globe: Rect, compare: Option<Compare>) {
    let Some(compare) = compare else { return };
    let x = globe.left() + compare.edge() * globe.width();
    // On imagery it is light with a dark casing in both themes.
    let dark = Theme::get(true);
    let painter = ui.painter().with_clip_rect(globe);
    painter.vline(x, globe.y_range(), Stroke::new(3.0, dark.c.void.gamma_multiply(0.6)));
    painter.vline(x, globe.y_range(), Stroke::new(1.5, dark.c.text_1));
    if compare.mode != CompareMode::Swipe {
        return;
    }
    let knob = pos2(x, globe.center().y);
    painter.circle(knob, 13.0, dark.c.surface_1, Stroke::new(1.5, dark.c.text_1));
    for way in [-1.0, 1.0] {
        let tip = knob + vec2(8.0 * way, 0.0);
        let wing = |y: f32| tip + vec2(-4.0 * way, y);
        painter.line(vec![wing(-4.0), tip, wing(4.0)], Stroke::new(1.5, dark.c.text_1));
    }
}

/// Two views of a kind, or one again where they are of that kind already.
pub fn toggle(mode: CompareMode, model: &Model) -> Command {
    let now = model.session.project().compare;
    let off = now.is_some_and(|c| c.mode == mode);
    Command::SetCompare { compare: (!off).then(|| Compare { mode, ..now.unwrap_or(Compare::new(mode)) }) }
}

/// The next choice of views for a layer.
pub fn turn(row: &Row) -> Command {
    let at = SIDES.iter().position(|(side, ..)| *side == row.side).unwrap_or(0);
    Command::SetLayerSide { layer: row.id, side: SIDES[(at + 1) % SIDES.len()].0 }
}

/// The letters of a row that say in which views its layer is; a click goes to the next choice. Gives their left edge.
pub fn badge(ui: &Ui, right: f32, y: f32, row: &Row, out: &mut Out) -> f32 {
    if !row.compared {
        return right;
    }
    let t = theme(ui);
    let Some((_, words, letters)) = SIDES.iter().find(|(side, ..)| *side == row.side) else { return right };
    let words = lang::t(words);
    let cell = Rect::from_center_size(pos2(right - 12.0, y), vec2(24.0, 24.0));
    let response = ui.interact(cell, ui.scope_id().with(("side", row.id.0)), Sense::click());
    widgets::describe(&response, Role::Button, &tr!("{} in: {words}", row.name));
    let ink = if row.side.is_some() { t.c.accent } else { t.c.text_3 };
    ui.painter().rect_stroke(cell.shrink2(vec2(1.0, 4.0)), 4.0, Stroke::new(1.0, t.c.border), egui::StrokeKind::Inside);
    if response.hovered() {
        ui.painter().rect_filled(cell.shrink2(vec2(1.0, 4.0)), 4.0, t.c.hover);
    }
    ui.painter().text(cell.center(), egui::Align2::CENTER_CENTER, letters, t.small(), ink);
    widgets::focus_ring(ui, &response, 4.0);
    if response.on_hover_text(tr!("{words}: a click takes the next   Y")).clicked() {
        out.send(turn(row));
    }
    cell.left() - 4.0
}

/// The part of a layer's menu about views.
pub fn layer_menu(ui: &mut Ui, row: &Row, out: &mut Out) {
    for (side, words, _) in SIDES {
        let words = lang::t(words);
        if ui.add(egui::Button::new(words).selected(row.side == side).min_size(vec2(140.0, 28.0))).clicked() {
            out.send(Command::SetLayerSide { layer: row.id, side });
            ui.close();
        }
    }
}
