//! The card with the drawing tools, top left over the globe.

use egui::{Rect, Sense, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};
use seaglass_core::shapes::ShapeKind;

use crate::model::Model;
use crate::placing::EDGE;
use crate::state::{Out, UiState};
use crate::theme::theme;
use crate::{actions, widgets};

const TOOLS: [(ShapeKind, &str, &str); 3] = [
    (ShapeKind::Polygon, "tool_polygon", "draw_polygon"),
    (ShapeKind::Polyline, "tool_transect", "draw_polyline"),
    (ShapeKind::Point, "tool_point", "draw_point"),
];

/// Shows the card.
pub fn card(ui: &mut Ui, area: Rect, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let size = vec2(36.0, 8.0 + 28.0 * TOOLS.len() as f32);
    let rect = Rect::from_min_size(pos2(area.left() + EDGE, area.top() + EDGE), size);
    ui.painter().add(t.card_shadow().as_shape(rect, 8.0));
    ui.painter().rect(rect, 8.0, t.overlay(), Stroke::new(1.0, t.c.border), StrokeKind::Inside);
    state.taken.add("tools", rect);
    for (k, (kind, icon, id)) in TOOLS.into_iter().enumerate() {
        let cell = Rect::from_min_size(rect.min + vec2(4.0, 4.0 + 28.0 * k as f32), Vec2::splat(28.0));
        let response = ui.interact(cell, ui.scope_id().with(id), Sense::click());
        let on = state.shapes.tool == Some(kind) && !state.shapes.undecided;
        if widgets::icon_button_at(ui, cell, response, icon, &widgets::tip(id), on).clicked() {
            actions::perform(id, model, state, out);
        }
    }
}
