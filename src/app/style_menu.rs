//! Copying styles and keeping them as defaults: the menu of the style panel and its footer.

use egui::{Popup, Rect, Response, Sense, Ui, vec2};
use seaglass_core::command::Command;

use crate::model::{Model, Row};
use crate::state::{Out, UiState};
use crate::style_actions::{self, Copied};
use crate::theme::theme;
use crate::widgets;

/// The menu behind the dots of the header.
pub fn more(response: &Response, row: &Row, model: &Model, state: &mut UiState, out: &mut Out) {
    Popup::menu(response).accessible_name(tr!("Style menu")).show(|ui| {
        ui.set_min_width(260.0);
        copy_paste(ui, row, state, out);
        ui.separator();
        if widgets::menu_item(ui, tr!("Save as default of the product"), "", true) {
            out.send(Command::SaveDefaultStyle { layer: row.id, quantity: false });
        }
        let name = row.field.as_ref().and_then(|f| f.standard_name.clone());
        if let Some(name) = name {
            let label = tr!("Save as default of every {}", name.replace('_', " "));
            let cut: String = label.chars().take(60).collect();
            if widgets::menu_item(ui, &cut, "", true) {
                out.send(Command::SaveDefaultStyle { layer: row.id, quantity: true });
            }
        }
        save_to_collection(ui, row, model, out);
        let saved = model.session.has_user_style(row.id);
        if widgets::menu_item(ui, tr!("Reset to product default"), "", saved) {
            out.send(Command::ForgetDefaultStyle { layer: row.id });
        }
    });
}

/// The entry that writes the style into the collection file, where the data have one.
pub fn save_to_collection(ui: &mut Ui, row: &Row, model: &Model, out: &mut Out) {
    let Some(file) = model.collection_file(row) else { return };
    if widgets::menu_item(ui, &tr!("Save style to {file}"), "", true) {
        out.send(Command::SaveStyleToCollection { layer: row.id });
    }
}

/// Copy and paste, as entries of a menu.
pub fn copy_paste(ui: &mut Ui, row: &Row, state: &mut UiState, out: &mut Out) {
    if widgets::menu_item(ui, tr!("Copy style"), "Shift+C", true) {
        state.copied_style = Some(Copied::of(row));
    }
    if widgets::menu_item(ui, tr!("Paste style"), "Shift+V", state.copied_style.is_some()) {
        style_actions::paste(row, state, out);
    }
}

/// Reset, copy, save.
pub fn footer(ui: &mut Ui, row: &Row, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    ui.add_space(4.0);
    let saved = model.session.has_user_style(row.id);
    ui.horizontal(|ui| {
        let tip =
            if saved { tr!("The style you have saved as default") } else { tr!("The default style of this field") };
        if widgets::button(ui, tr!("Reset"), Some("style_reset"), false).on_hover_text(tip).clicked() {
            out.send(Command::ResetStyle { layer: row.id });
        }
        let rest = ui.available_width() - 206.0;
        if rest > 0.0 {
            ui.add_space(rest);
        }
        if widgets::button(ui, tr!("Copy style"), None, false).clicked() {
            state.copied_style = Some(Copied::of(row));
        }
        let tip = tr!("New layers of this field of this product start like this");
        if widgets::button(ui, tr!("Save as default"), None, true).on_hover_text(tip).clicked() {
            out.send(Command::SaveDefaultStyle { layer: row.id, quantity: false });
        }
    });
    if saved {
        let (line, _): (Rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 24.0), Sense::hover());
        let words = tr!("You have saved a default for this field.");
        widgets::line(ui.painter(), line.left(), line.center().y, words, t.small(), t.c.text_3, 220.0);
        let id = ui.scope_id().with("product default");
        let at = egui::pos2(line.right(), line.center().y);
        if widgets::link_at(ui, at, tr!("Reset to product default"), id, tr!("Reset to product default")).clicked() {
            out.send(Command::ForgetDefaultStyle { layer: row.id });
        }
    }
}
