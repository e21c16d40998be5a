//! The table of pairs below the globe: one row a pair, sorted by any column, linked with the plots and the globe.
//!
//! Only the rows in sight are made, so that a million pairs scroll as ten do; an order is made once a result and column.

use std::collections::HashSet;
use std::sync::Arc;

use egui::{Align2, Key, Panel, Rect, Role, ScrollArea, Sense, Stroke, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use seaglass_core::command::Command;
use seaglass_host::colocate::Found;

use super::columns::{Column, Columns};
use super::selection::Brush;
use super::{PanelState, statistics};
use crate::model::Model;
use crate::state::{Action, Out, UiState};
use crate::text;
use crate::theme::theme;
use crate::widgets;

/// Height of a row.
const ROW: f32 = 22.0;
const HEADER: f32 = 32.0;
const NAMES: f32 = 24.0;
/// More rows are for a file, not for the clipboard.
const MAX_COPIED: usize = 100_000;

/// Rows of the table in their order.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Shown.
    pub open: bool,
    /// Only selected pairs.
    only_selected: bool,
    /// Column the rows are sorted by, and whether the greatest comes first; the order of the reference rows when absent.
    sorted: Option<(Column, bool)>,
    made: Option<Made>,
    /// The brush the rows in sight were last brought to.
    seen: Brush,
    /// Row from which Shift selects.
    anchor: Option<usize>,
}

#[derive(Clone, Debug)]
struct Made {
    serial: u64,
    sorted: Option<(Column, bool)>,
    only: Option<Arc<Vec<u32>>>,
    order: Arc<Vec<u32>>,
}

impl Table {
    /// Pairs in the order of rows. While something is being dragged, very many are left as they come.
    pub fn order(&mut self, found: &Found, selected: &Arc<Vec<u32>>, dragging: bool) -> Arc<Vec<u32>> {
        let only = (self.only_selected && !selected.is_empty()).then(|| Arc::clone(selected));
        let same = |a: &Option<Arc<Vec<u32>>>| match (a, &only) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        if let Some(m) = &self.made
            && m.serial == found.serial
            && m.sorted == self.sorted
            && same(&m.only)
        {
            return Arc::clone(&m.order);
        }
        let mut order: Vec<u32> =
            only.as_ref().map_or_else(|| (0..found.pairs.len() as u32).collect(), |o| o.as_ref().clone());
        if let Some((column, falling)) = self.sorted {
            if dragging && order.len() > super::MANY {
                return Arc::new(order);
            }
            column.sort(found, &mut order, falling);
        }
        let order = Arc::new(order);
        self.made = Some(Made { serial: found.serial, sorted: self.sorted, only, order: Arc::clone(&order) });
        order
    }

    fn sort_by(&mut self, column: Column) {
        // Up, down, as they come.
        self.sorted = match self.sorted {
            Some((c, false)) if c == column => Some((column, true)),
            Some((c, true)) if c == column => None,
            _ => Some((column, false)),
        };
    }
}

/// Whether there is a table to show.
pub fn shown(model: &Model, state: &UiState) -> bool {
    state.colocate.table.open
        && state.colocate_open()
        && !state.presentation
        && model.colocation.found.as_ref().is_some_and(|f| !f.pairs.is_empty())
}

/// The panel below the globe.
pub fn panel(ui: &mut Ui, model: &Model, state: &mut UiState, out: &mut Out) {
    if !shown(model, state) {
        state.colocate.hovered_row = None;
        return;
    }
    let t = theme(ui);
    let tall = ui.available_height();
    Panel::bottom("pairs")
        .resizable(true)
        .default_size((tall * 0.38).clamp(120.0, 260.0))
        .size_range(100.0..=(tall - 120.0).max(100.0))
        .frame(egui::Frame::NONE.fill(t.c.surface_1))
        .show_separator_line(false)
        .show(ui, |ui| {
            ui.set_min_height(ui.available_height());
            show(ui, model, state, out);
        });
}

fn show(ui: &mut Ui, model: &Model, state: &mut UiState, out: &mut Out) {
    let Some(found) = &model.colocation.found else { return };
    let t = theme(ui);
    let mut rect = ui.max_rect();
    if super::is_drawer(ui.ctx().content_rect()) {
        rect.max.x = (rect.right() - super::WIDTH).max(rect.left() + 120.0);
    }
    ui.painter().hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, t.c.border_subtle));
    let panel = &mut state.colocate;
    panel.selection.update(found);
    let selected = Arc::clone(panel.selection.pairs());
    let order = panel.table.order(found, &selected, ui.input(|i| i.pointer.any_down()));
    header(ui, Rect::from_min_size(rect.min, vec2(rect.width(), HEADER)), found, panel, &order, out);
    let columns = Columns::new(found, rect.width() - 16.0);
    let body = Rect::from_min_max(rect.min + vec2(0.0, HEADER), rect.max);
    let before = panel.selection.brush.clone();
    let behind = model.colocation.behind().is_some();
    ui.scope_builder(UiBuilder::new().max_rect(body), |ui| {
        if behind {
            ui.disable();
        }
        ScrollArea::horizontal().id_salt("pair columns").auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
            ui.set_min_width(columns.width());
            names(ui, &columns, panel);
            rows(ui, found, &columns, &order, &selected, panel, out);
        });
    });
    if behind {
        super::other_limits(ui, body, found);
    }
    if before != panel.selection.brush {
        panel.selection.update(found);
        panel.table.seen = panel.selection.brush.clone();
        ui.ctx().request_repaint();
    }
}

fn header(ui: &mut Ui, rect: Rect, found: &Found, panel: &mut PanelState, order: &Arc<Vec<u32>>, out: &mut Out) {
    let t = theme(ui);
    let y = rect.center().y;
    let selected = Arc::clone(panel.selection.pairs());
    let all = text::count(found.pairs.len() as u64);
    let words = if panel.selection.is_none() {
        trn!(found.pairs.len(), "{all} pair", "{all} pairs")
    } else if rect.width() < 480.0 {
        tr!("{} of {all}", text::count(selected.len() as u64))
    } else {
        tr!("{} of {all} pairs selected", text::count(selected.len() as u64))
    };
    widgets::line(ui.painter(), rect.left() + 12.0, y, &words, t.strong(), t.c.text_1, rect.width() - 300.0);
    let right =
        Rect::from_min_max(pos2((rect.right() - 330.0).max(rect.left()), rect.top()), rect.max - vec2(8.0, 0.0));
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    ui.scope_builder(UiBuilder::new().max_rect(right).layout(layout), |ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        if widgets::icon_button(ui, "close", tr!("Close the table"), 24.0, false).clicked() {
            panel.table.open = false;
        }
        let copied: &Arc<Vec<u32>> = if selected.is_empty() { order } else { &selected };
        let fits = copied.len() <= MAX_COPIED;
        ui.add_enabled_ui(fits, |ui| {
            let button = widgets::button(ui, tr!("Copy rows"), None, false);
            let hint = if fits {
                tr!("Copies the selected rows, or all, with tabs between the columns").to_owned()
            } else {
                tr!("Select at most {} pairs, or export them as a file", text::count(MAX_COPIED as u64))
            };
            if button.on_hover_text(&hint).on_disabled_hover_text(&hint).clicked() {
                out.act(Action::Copy(super::columns::tsv(found, in_order(order, &selected).into_iter())));
            }
        });
        if !selected.is_empty() && widgets::chip(ui, tr!("Selected only"), panel.table.only_selected).clicked() {
            panel.table.only_selected = !panel.table.only_selected;
        }
    });
}

/// The selected pairs in the order of rows; all without a selection.
fn in_order(order: &[u32], selected: &[u32]) -> Vec<u32> {
    if selected.is_empty() {
        return order.to_vec();
    }
    // The selection ascends.
    order.iter().copied().filter(|k| selected.binary_search(k).is_ok()).collect()
}

fn names(ui: &mut Ui, columns: &Columns, panel: &mut PanelState) {
    let t = theme(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(columns.width(), NAMES), Sense::hover());
    widgets::hairline(ui.painter(), t, rect.x_range(), rect.bottom() - 0.5);
    for (column, cell) in columns.cells(rect) {
        let response = ui.interact(cell, ui.scope_id().with(("column", column)), Sense::click());
        let sorted = panel.table.sorted.filter(|s| s.0 == column).map(|s| s.1);
        let name = columns.name(column);
        let spoken = match sorted {
            None => tr!("Sort by {name}"),
            Some(false) => tr!("{name}, rising"),
            Some(true) => tr!("{name}, falling"),
        };
        widgets::describe(&response, Role::ColumnHeader, &spoken);
        if response.hovered() {
            ui.painter().rect_filled(cell, 0.0, t.c.hover);
        }
        let ink = if sorted.is_some() { t.c.accent } else { t.c.text_3 };
        let mark = match sorted {
            None => "",
            Some(false) => " \u{2191}",
            Some(true) => " \u{2193}",
        };
        let words = format!("{name}{mark}");
        write(ui, cell, &words, t.small(), ink, column.is_number());
        widgets::focus_ring(ui, &response, 2.0);
        let response = response.on_hover_text(columns.meaning(column));
        if response.clicked() {
            panel.table.sort_by(column);
        }
    }
}

fn write(ui: &Ui, cell: Rect, words: &str, font: egui::FontId, ink: egui::Color32, right: bool) {
    let inner = cell.shrink2(vec2(6.0, 0.0));
    if right {
        let galley = widgets::elided(ui.painter(), words, font, ink, inner.width());
        let at = Align2::RIGHT_CENTER.anchor_size(inner.right_center(), galley.size());
        ui.painter().galley(pos2(at.left(), at.top().round()), galley, ink);
    } else {
        widgets::line(ui.painter(), inner.left(), inner.center().y, words, font, ink, inner.width());
    }
}

fn rows(
    ui: &mut Ui,
    found: &Arc<Found>,
    columns: &Columns,
    order: &Arc<Vec<u32>>,
    selected: &Arc<Vec<u32>>,
    panel: &mut PanelState,
    out: &mut Out,
) {
    let t = theme(ui);
    let decimals = statistics::decimals(&found.stats);
    // Whoever has clicked a row goes on with the arrow keys.
    let keys = ui.interact(ui.available_rect_before_wrap(), keys_id(), Sense::click());
    widgets::describe(&keys, Role::Table, tr!("Table of pairs"));
    if keys.clicked() {
        keys.request_focus();
    }
    if keys.has_focus() {
        let filter = egui::EventFilter { vertical_arrows: true, ..egui::EventFilter::default() };
        ui.memory_mut(|m| m.set_focus_lock_filter(keys_id(), filter));
    }
    let mut area = ScrollArea::vertical().id_salt("pair rows").auto_shrink(false);
    let height = ui.available_height();
    // What was selected elsewhere comes into sight.
    if panel.selection.brush != panel.table.seen {
        panel.table.seen = panel.selection.brush.clone();
        let first = order.iter().position(|k| selected.binary_search(k).is_ok());
        if let Some(at) = first {
            area = area.vertical_scroll_offset((at as f32 * ROW - height / 3.0).max(0.0));
        }
    }
    if let Some(at) = arrow(ui, order, panel) {
        choose(found, order, at, panel, egui::Modifiers::NONE, out);
        area = area.vertical_scroll_offset((at as f32 * ROW - height / 2.0).max(0.0));
    }
    let mut clicked = None;
    panel.hovered_row = None;
    area.show_rows(ui, ROW, order.len(), |ui, range| {
        for at in range {
            let k = order[at] as usize;
            let (rect, response) = ui.allocate_exact_size(vec2(columns.width(), ROW), Sense::click());
            let is = selected.binary_search(&order[at]).is_ok();
            let fill = match (is, response.hovered() || panel.hovered == Some(k as u32)) {
                (true, _) => Some(t.c.warning.gamma_multiply(0.14)),
                (false, true) => Some(t.c.hover),
                _ => None,
            };
            if let Some(fill) = fill {
                ui.painter().rect_filled(rect, 0.0, fill);
            }
            if is {
                ui.painter().rect_filled(rect.with_max_x(rect.left() + 2.0), 0.0, t.c.warning);
            }
            let mut spoken = tr!("Pair {}", k + 1);
            for (column, cell) in columns.cells(rect) {
                let words = columns.text(column, k, decimals);
                write(ui, cell, &words, t.body(), t.c.text_1, column.is_number());
                spoken.push_str(", ");
                spoken.push_str(&words);
            }
            response.widget_info(|| WidgetInfo::selected(Role::Row, true, is, &spoken));
            if response.hovered() {
                (panel.hovered, panel.hovered_row) = (Some(k as u32), Some(k as u32));
            }
            if response.clicked() {
                clicked = Some(at);
            }
            widgets::focus_ring(ui, &response, 2.0);
        }
    });
    if let Some(at) = clicked {
        let modifiers = ui.input(|i| i.modifiers);
        choose(found, order, at, panel, modifiers, out);
        ui.memory_mut(|m| m.request_focus(keys_id()));
    }
}

fn keys_id() -> egui::Id {
    egui::Id::unique("pair table keys")
}

/// The row the arrow keys go to.
fn arrow(ui: &Ui, order: &[u32], panel: &PanelState) -> Option<usize> {
    if order.is_empty() || !ui.memory(|m| m.has_focus(keys_id())) {
        return None;
    }
    let by = ui.input_mut(|i| {
        i.count_and_consume_key(egui::Modifiers::NONE, Key::ArrowDown) as i64
            - i.count_and_consume_key(egui::Modifiers::NONE, Key::ArrowUp) as i64
    });
    let here = panel.table.anchor? as i64;
    (by != 0).then(|| (here + by).clamp(0, order.len() as i64 - 1) as usize)
}

/// Selects a row and goes there; with Ctrl it is added or taken away, with Shift all rows from the last one chosen.
fn choose(found: &Found, order: &[u32], at: usize, panel: &mut PanelState, modifiers: egui::Modifiers, out: &mut Out) {
    let rows_of = |k: u32| (found.pairs[k as usize].a, found.pairs[k as usize].b);
    let pair = order[at];
    if modifiers.command || modifiers.shift {
        let mut rows: HashSet<(u32, u32)> = panel.selection.pairs().iter().map(|k| rows_of(*k)).collect();
        if let Some(from) = panel.table.anchor.filter(|_| modifiers.shift) {
            let (a, b) = (from.min(at), from.max(at));
            rows.extend(order[a.min(order.len())..(b + 1).min(order.len())].iter().map(|k| rows_of(*k)));
        } else if !rows.remove(&rows_of(pair)) {
            rows.insert(rows_of(pair));
        }
        panel.selection.brush = if rows.is_empty() { Brush::None } else { Brush::Rows(Arc::new(rows)) };
    } else {
        let (a, b) = rows_of(pair);
        panel.selection.brush = Brush::Pair(a, b);
        if let Some(place) = found.reference(pair as usize) {
            out.send(Command::LookAt { place: place.at, altitude_m: None });
        }
    }
    if !modifiers.shift {
        panel.table.anchor = Some(at);
    }
}
