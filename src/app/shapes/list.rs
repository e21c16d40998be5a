//! The section of the layers panel that lists shapes: those drawn one by one, those of a file together.

use std::path::Path;

use egui::{Color32, Key, Popup, Rect, Response, Role, Sense, Ui, vec2};
use egui::{Modifiers, Vec2, pos2};
use seaglass_core::command::Command;
use seaglass_core::shapes::{Shape, ShapeChange, ShapeKind};

use super::menu;
use crate::dialogs::Pick;
use crate::lang;
use crate::model::Model;
use crate::state::{Action, Out, UiState};
use crate::theme::theme;
use crate::widgets;

/// Shapes of one file listed at most: more are found on the globe.
const MOST_LISTED: usize = 500;

/// Shows the section; nothing while there are no shapes.
pub fn section(ui: &mut Ui, model: &Model, state: &mut UiState, out: &mut Out) {
    let shapes = &model.session.project().shapes;
    if shapes.is_empty() {
        return;
    }
    head(ui, shapes.len(), state, out);
    if !state.shapes.open {
        return;
    }
    // The top one first, as with layers.
    for shape in shapes.iter().rev().filter(|s| s.file.is_none()) {
        row(ui, shape, 12.0, state, out);
    }
    for (path, count) in shapes.files() {
        let of = || shapes.iter().filter(|s| s.file.as_deref() == Some(&*path));
        let Some(first) = of().next() else { continue };
        file_row(ui, &path, count, first, of().any(|s| s.visible), state, out);
        if state.shapes.open_files.contains(&*path) {
            of().take(MOST_LISTED).for_each(|s| row(ui, s, 28.0, state, out));
            if count > MOST_LISTED {
                let t = theme(ui);
                let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), t.size.tree_row), Sense::hover());
                let text = tr!("{} more; click them on the globe", count - MOST_LISTED);
                let (x, y) = (rect.left() + 52.0, rect.center().y);
                widgets::line(ui.painter(), x, y, &text, t.small(), t.c.text_3, rect.width() - 60.0);
            }
        }
    }
    ui.add_space(8.0);
}

fn head(ui: &mut Ui, count: usize, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let width = ui.available_width();
    let (line, _) = ui.allocate_exact_size(vec2(width, 1.0), Sense::hover());
    widgets::hairline(ui.painter(), t, (line.left() + 12.0)..=(line.right() - 12.0), line.center().y);
    ui.add_space(10.0);
    let (rect, response) = ui.allocate_exact_size(vec2(width, t.size.tree_row), Sense::click());
    let open = state.shapes.open;
    let label = tr!("Shapes, {count}");
    response.widget_info(|| egui::WidgetInfo::selected(Role::DisclosureTriangle, true, open, &label));
    let y = rect.center().y;
    let end = widgets::line(ui.painter(), rect.left() + 12.0, y, tr!("Shapes"), t.heading(), t.c.text_2, 160.0);
    widgets::line(ui.painter(), end + 8.0, y, &count.to_string(), t.small(), t.c.text_3, 60.0);
    let save = Rect::from_center_size(pos2(rect.right() - 48.0, y), Vec2::splat(24.0));
    let button = ui.interact(save, ui.scope_id().with("save shapes"), Sense::click());
    if widgets::icon_button_at(ui, save, button, "export", tr!("Save shapes"), false).clicked() {
        out.act(Action::Pick(Pick::Shapes(None)));
    }
    let ink = if response.hovered() { t.c.text_1 } else { t.c.text_2 };
    let caret = if open { "collapse" } else { "expand" };
    widgets::icon(ui.painter(), pos2(rect.right() - 20.0, y), caret, 14.0, ink);
    widgets::focus_ring(ui, &response, 4.0);
    if response.clicked() {
        state.shapes.open = !open;
    }
}

fn eye(ui: &Ui, rect: Rect, left: f32, visible: bool, name: &str) -> Response {
    let t = theme(ui);
    let cell = Rect::from_center_size(pos2(rect.left() + left + 8.0, rect.center().y), Vec2::splat(24.0));
    let response = ui.interact(cell, ui.scope_id().with(("eye", name, cell.top() as i64)), Sense::click());
    let label = if visible { tr!("Hide {name}") } else { tr!("Show {name}") };
    widgets::describe(&response, Role::Button, &label);
    let icon = if visible { "layer_show" } else { "layer_hide" };
    let ink = if response.hovered() {
        t.c.text_1
    } else if visible {
        t.c.text_2
    } else {
        t.c.text_3
    };
    widgets::icon(ui.painter(), cell.center(), icon, 16.0, ink);
    widgets::focus_ring(ui, &response, 4.0);
    response
}

fn swatch(ui: &Ui, at: egui::Pos2, shape: &Shape) {
    let [r, g, b] = shape.style.colour;
    let icon = match shape.geometry.kind {
        ShapeKind::Polygon => "tool_polygon",
        ShapeKind::Polyline => "tool_transect",
        ShapeKind::Point => "tool_point",
    };
    let ink = Color32::from_rgb(r, g, b);
    widgets::icon(ui.painter(), at, icon, 16.0, if shape.visible { ink } else { ink.gamma_multiply(0.45) });
}

fn row(ui: &mut Ui, shape: &Shape, left: f32, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), t.size.tree_row), Sense::hover());
    if !ui.is_rect_visible(rect) {
        return;
    }
    let response = ui.interact(rect, ui.scope_id().with(("shape", shape.id.0)), Sense::click());
    let selected = state.shapes.selected == Some(shape.id);
    let shown = if shape.visible { tr!("visible") } else { tr!("hidden") };
    let spoken = format!("{}, {}, {shown}", shape.name, lang::word(shape.geometry.kind.label()));
    response.widget_info(|| egui::WidgetInfo::selected(Role::ListBoxOption, true, selected, &spoken));
    if selected {
        ui.painter().rect_filled(rect, 0.0, t.c.selection);
    } else if response.hovered() {
        ui.painter().rect_filled(rect, 0.0, t.c.hover);
    }
    let eye = eye(ui, rect, left, shape.visible, &shape.name);
    swatch(ui, pos2(rect.left() + left + 32.0, rect.center().y), shape);
    let name_at =
        Rect::from_min_max(pos2(rect.left() + left + 46.0, rect.top()), pos2(rect.right() - 12.0, rect.bottom()));
    if state.shapes.renaming.as_ref().is_some_and(|(id, _)| *id == shape.id) {
        rename(ui, name_at, state, out);
    } else {
        let ink = if shape.visible { t.c.text_1 } else { t.c.text_3 };
        let (x, y) = (name_at.left(), name_at.center().y);
        widgets::line(ui.painter(), x, y, &shape.name, t.body(), ink, name_at.width());
    }
    widgets::focus_ring(ui, &response, 2.0);
    if eye.clicked() {
        let change = ShapeChange::Show { shape: shape.id, visible: !shape.visible };
        out.send(Command::Shapes { change });
    } else if response.double_clicked() {
        state.shapes.renaming = Some((shape.id, shape.name.clone()));
    } else if response.clicked() {
        state.shapes.selected = Some(shape.id);
    }
    if response.has_focus() && ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Delete)) {
        out.send(Command::Shapes { change: ShapeChange::Remove { shape: shape.id } });
    }
    Popup::context_menu(&response).accessible_name(tr!("{} menu", shape.name)).show(|ui| {
        ui.set_min_width(220.0);
        menu::of_shape(ui, shape, state, out);
    });
}

fn rename(ui: &mut Ui, rect: Rect, state: &mut UiState, out: &mut Out) {
    let Some((shape, text)) = &mut state.shapes.renaming else { return };
    let id = ui.scope_id().with("rename shape");
    let cancelled = ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Escape));
    let edit = egui::TextEdit::singleline(text).id(id).margin(egui::Margin::symmetric(4, 2));
    let response = ui.put(rect.shrink2(vec2(0.0, 1.0)), edit);
    widgets::describe(&response, Role::TextInput, tr!("Name of the shape"));
    if !response.has_focus() && !response.lost_focus() && !cancelled {
        response.request_focus();
        return;
    }
    if cancelled {
        state.shapes.renaming = None;
    } else if response.lost_focus() {
        let change = ShapeChange::Rename { shape: *shape, name: text.clone() };
        if !text.trim().is_empty() {
            out.send(Command::Shapes { change });
        }
        state.shapes.renaming = None;
    }
}

fn file_row(ui: &mut Ui, path: &Path, count: usize, first: &Shape, visible: bool, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), t.size.tree_row), Sense::hover());
    if !ui.is_rect_visible(rect) {
        return;
    }
    let response = ui.interact(rect, ui.scope_id().with(("shapes of", path)), Sense::click());
    let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
    let open = state.shapes.open_files.contains(path);
    let spoken = trn!(count, "{name}, {count} shape", "{name}, {count} shapes");
    response.widget_info(|| egui::WidgetInfo::selected(Role::DisclosureTriangle, true, open, &spoken));
    if response.hovered() {
        ui.painter().rect_filled(rect, 0.0, t.c.hover);
    }
    let eye = eye(ui, rect, 12.0, visible, &name);
    swatch(ui, pos2(rect.left() + 44.0, rect.center().y), first);
    let y = rect.center().y;
    let caret = if open { "collapse" } else { "expand" };
    widgets::icon(ui.painter(), pos2(rect.right() - 20.0, y), caret, 14.0, t.c.text_2);
    let galley = ui.painter().layout_no_wrap(count.to_string(), t.small(), t.c.text_3);
    let number_left = rect.right() - 36.0 - galley.size().x;
    ui.painter().galley(pos2(number_left, (y - galley.size().y / 2.0).round()), galley, t.c.text_3);
    let ink = if visible { t.c.text_1 } else { t.c.text_3 };
    let left = rect.left() + 58.0;
    widgets::line(ui.painter(), left, y, &name, t.body(), ink, number_left - left - 8.0);
    widgets::focus_ring(ui, &response, 2.0);
    if eye.clicked() {
        let change = ShapeChange::ShowFile { path: path.to_owned(), visible: !visible };
        out.send(Command::Shapes { change });
    } else if response.clicked() && !state.shapes.open_files.remove(path) {
        state.shapes.open_files.insert(path.to_owned());
    }
    Popup::context_menu(&response).accessible_name(tr!("{} menu", name)).show(|ui| {
        ui.set_min_width(220.0);
        menu::of_file(ui, path, first, out);
    });
}
