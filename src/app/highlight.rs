//! Pointing at a colour bar lets the cells of that colour stand out on the globe.

use egui::{EventFilter, Key, Modifiers, Pos2, Rect, Response, Stroke, Ui};

use crate::model::Row;
use crate::state::UiState;
use crate::theme::theme;

/// Half the width of the band, as a part of the colour map.
const HALF: f32 = 0.02;

/// Marks the colour at the pointer of a horizontal bar. `bar` is the part in sight of `whole`, which runs over the whole
/// colour map.
pub fn by_pointer(ui: &Ui, bar: Rect, whole: Rect, row: &Row, state: &mut UiState) {
    let pointer = ui.input(|i| i.pointer.hover_pos().filter(|_| !i.pointer.any_down()));
    let over = |p: &Pos2| {
        let near = bar.expand2(egui::vec2(0.0, 7.0));
        near.contains(*p) && ui.rect_contains_pointer(near)
    };
    let Some(p) = pointer.filter(over) else { return };
    mark(ui, whole, (p.x - whole.left()) / whole.width().max(1.0), row, state);
}

/// Marks a colour with the arrow keys while the bar has the keyboard.
pub fn by_keys(ui: &Ui, response: &Response, bar: Rect, row: &Row, state: &mut UiState) {
    let id = response.id.with("marked");
    if !response.has_focus() {
        if ui.data(|d| d.get_temp::<f32>(id)).is_some() {
            ui.data_mut(|d| d.remove::<f32>(id));
        }
        return;
    }
    let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|m| m.set_focus_lock_filter(response.id, filter));
    let by = ui.input_mut(|i| {
        let n = |i: &mut egui::InputState, key| i.count_and_consume_key(Modifiers::NONE, key) as f32;
        n(i, Key::ArrowRight) - n(i, Key::ArrowLeft)
    });
    let at = ui.data(|d| d.get_temp::<f32>(id));
    if by == 0.0 && at.is_none() {
        return;
    }
    let at = (at.unwrap_or(0.5) + by * HALF).clamp(0.0, 1.0);
    ui.data_mut(|d| d.insert_temp(id, at));
    mark(ui, bar, at, row, state);
}

/// Lets a position of the colour map (0 to 1 along the bar) stand out, and shows where on the bar.
pub fn mark(ui: &Ui, bar: Rect, at: f32, row: &Row, state: &mut UiState) {
    let t = theme(ui);
    let at = at.clamp(0.0, 1.0);
    state.highlight = Some((row.id, [at - HALF, at + HALF]));
    let x = egui::lerp(bar.x_range(), at);
    ui.painter().vline(x, (bar.top() - 2.0)..=(bar.bottom() + 2.0), Stroke::new(3.0, t.c.void));
    ui.painter().vline(x, (bar.top() - 2.0)..=(bar.bottom() + 2.0), Stroke::new(1.0, t.c.text_1));
}

/// Lets a range of values stand out.
pub fn mark_values(values: [f64; 2], row: &Row, state: &mut UiState) {
    let at = values.map(|v| row.style.position(v) as f32);
    if at.iter().all(|v| v.is_finite()) {
        state.highlight = Some((row.id, at));
    }
}
