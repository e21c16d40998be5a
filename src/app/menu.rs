//! The application menu, made from the command table.

use egui::{Popup, Response, Ui};
use seaglass_core::command::{Entry, Menu, TABLE};

use crate::actions;
use crate::lang;
use crate::model::Model;
use crate::state::{Action, Out, UiState};
use crate::theme::theme;
use crate::widgets;

const MENUS: [(Menu, &str); 6] = [
    (Menu::File, msg!("File")),
    (Menu::Edit, msg!("Edit")),
    (Menu::View, msg!("View")),
    (Menu::Layer, msg!("Layer")),
    (Menu::Time, msg!("Time")),
    (Menu::Help, msg!("Help")),
];

/// First entries of groups: a line stands above them.
const GROUPS: [&str; 23] = [
    "close_all",
    "save_image",
    "preferences",
    "quit",
    "save_shapes",
    "copy_position",
    "draw_polygon",
    "toggle_globe",
    "home",
    "north_up",
    "view_back",
    "bookmark_add",
    "toggle_relief",
    "toggle_left_panel",
    "presentation",
    "duplicate_layer",
    "layer_up",
    "step_back",
    "previous_granule",
    "first_data",
    "next_window",
    "fit_timeline",
    "about",
];

/// Entries of one kind, by the beginning of their ids, that share a submenu.
const SUBMENUS: [(&str, &str); 6] = [
    ("projection_", msg!("Projection")),
    ("language_", msg!("Language")),
    ("play_", msg!("Play mode")),
    ("loop_", msg!("Loop")),
    ("bookmark_", msg!("Bookmarks")),
    ("orbit_", msg!("Along the orbit")),
];

/// Shows the menu under its button.
pub fn show(button: &Response, model: &Model, state: &mut UiState, out: &mut Out) {
    Popup::menu(button).accessible_name(tr!("Menu")).show(|ui| {
        ui.set_min_width(160.0);
        for (menu, title) in MENUS {
            ui.menu_button(lang::t(title), |ui| {
                ui.set_min_width(260.0);
                section(ui, menu, model, state, out);
                if menu == Menu::File && !model.recent.is_empty() {
                    ui.separator();
                    recent(ui, model, out);
                }
            });
        }
    });
}

fn section(ui: &mut Ui, menu: Menu, model: &Model, state: &mut UiState, out: &mut Out) {
    // Low windows scroll.
    let most = (ui.ctx().content_rect().height() - 40.0).max(120.0);
    egui::ScrollArea::vertical().max_height(most).show(ui, |ui| {
        let submenu = |id: &str| SUBMENUS.iter().find(|(start, _)| id.starts_with(start));
        let mut last = None;
        for (k, e) in TABLE.iter().filter(|e| e.menu == menu).enumerate() {
            if k > 0 && GROUPS.contains(&e.id) {
                ui.separator();
            }
            let Some((start, title)) = submenu(e.id) else {
                item(ui, e, model, state, out);
                continue;
            };
            if last.replace(start) != Some(start) {
                ui.menu_button(lang::t(title), |ui| {
                    ui.set_min_width(220.0);
                    for e in TABLE.iter().filter(|e| e.menu == menu && e.id.starts_with(start)) {
                        // Nine keys, but no more lines than there are bookmarks.
                        if e.id.starts_with("bookmark_")
                            && e.id != "bookmark_add"
                            && !actions::enabled(e.id, model, state)
                        {
                            continue;
                        }
                        item(ui, e, model, state, out);
                    }
                });
            }
        }
    });
}

fn item(ui: &mut Ui, e: &'static Entry, model: &Model, state: &mut UiState, out: &mut Out) {
    let keys = e.keys.split(" / ").next().unwrap_or_default();
    if widgets::menu_item(ui, lang::t(e.title), keys, actions::enabled(e.id, model, state)) {
        actions::perform(e.id, model, state, out);
    }
}

fn recent(ui: &mut Ui, model: &Model, out: &mut Out) {
    let t = theme(ui);
    ui.label(egui::RichText::new(tr!("Recent files")).font(t.small()).color(t.c.text_3));
    for path in model.recent.iter().take(8) {
        let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
        if ui
            .add(egui::Button::new(name).frame_when_inactive(false).truncate())
            .on_hover_text(path.display().to_string())
            .clicked()
        {
            out.send(seaglass_core::command::Command::Open { paths: vec![path.clone()] });
            ui.close();
        }
    }
}

/// Right-click menu of a layer row.
pub fn layer_menu(ui: &mut Ui, row: &crate::model::Row, model: &Model, state: &mut UiState, out: &mut Out) {
    use seaglass_core::command::Command;
    use seaglass_core::style::{StylePatch, TimeRule};
    let layer = row.id;
    if widgets::menu_item(ui, tr!("Zoom to"), "F", true) {
        out.send(Command::ZoomToLayer { layer: Some(layer) });
    }
    if widgets::menu_item(ui, tr!("Zoom to native resolution"), "Shift+F", true) {
        out.send(Command::ZoomToNative { layer: Some(layer) });
    }
    if widgets::menu_item(ui, tr!("Style…"), "S", true) {
        state.style_of = Some(layer);
    }
    ui.menu_button(tr!("Time rule"), |ui| {
        if row.locked {
            ui.disable();
        }
        for (rule, name) in TIME_RULES {
            let name = lang::t(name);
            let on = row.style.time_rule == rule;
            if ui.add(egui::Button::new(name).selected(on).min_size(egui::vec2(140.0, 28.0))).clicked() {
                let patch = StylePatch { time_rule: Some(rule), ..StylePatch::default() };
                out.send(Command::SetStyle { layer, patch });
                ui.close();
            }
        }
    });
    fields_menu(ui, row, model, out);
    ui.menu_button(tr!("Group"), |ui| crate::layer_group::layer_menu(ui, row, model, state, out));
    if row.compared {
        ui.menu_button(tr!("Show in"), |ui| crate::compare::layer_menu(ui, row, out));
    }
    if widgets::menu_item(ui, if row.locked { tr!("Unlock") } else { tr!("Lock") }, "Shift+K", true) {
        out.send(Command::LockLayer { layer, locked: !row.locked });
    }
    crate::style_menu::copy_paste(ui, row, state, out);
    crate::style_menu::save_to_collection(ui, row, model, out);
    if row.unmasked || crate::style_actions::hides_cells(row) {
        let label = if row.unmasked { tr!("Hide masked") } else { tr!("Show masked") };
        if widgets::menu_item(ui, label, "", true) {
            out.send(Command::ShowMasked { layer: Some(layer), on: !row.unmasked });
        }
    }
    ui.separator();
    if widgets::menu_item(ui, tr!("Rename"), "", !row.locked) {
        state.renaming = Some((layer, row.name.clone()));
    }
    if widgets::menu_item(ui, tr!("Duplicate"), "Ctrl+D", true) {
        out.send(Command::DuplicateLayer { layer });
    }
    if widgets::menu_item(ui, tr!("Show only this layer"), "Shift+S", true) {
        out.send(Command::SoloLayer { layer });
    }
    let file = model.session.catalogue().collections.get(&row.collection).and_then(|c| {
        let t = &model.session.project().timeline;
        c.shown(&row.field_name, TimeRule::InWindow, t.now, t.window())
            .first()
            .copied()
            .or(c.granules.first())
            .map(|g| g.path.clone())
    });
    if widgets::menu_item(ui, tr!("File details"), "", file.is_some()) {
        state.file_details = file.as_ref().map(|f| f.to_path_buf());
    }
    if widgets::menu_item(ui, tr!("Show file"), "", file.is_some())
        && let Some(path) = file
    {
        out.act(Action::ShowFile(path.to_path_buf()));
    }
    ui.separator();
    if widgets::menu_item(ui, tr!("Remove"), "Delete", !row.locked) {
        out.send(Command::RemoveLayer { layer });
    }
}

/// Time rules with their names.
pub const TIME_RULES: [(seaglass_core::style::TimeRule, &str); 5] = [
    (seaglass_core::style::TimeRule::InWindow, msg!("Window")),
    (seaglass_core::style::TimeRule::Current, msg!("Now")),
    (seaglass_core::style::TimeRule::Latest, msg!("Latest")),
    (seaglass_core::style::TimeRule::Nearest, msg!("Nearest")),
    (seaglass_core::style::TimeRule::Always, msg!("Always")),
];

fn fields_menu(ui: &mut Ui, row: &crate::model::Row, model: &Model, out: &mut Out) {
    let Some(collection) = model.session.catalogue().collections.get(&row.collection) else { return };
    ui.menu_button(tr!("Add field"), |ui| add_fields(ui, collection, out));
}

/// Fields of a collection; a click adds a layer.
pub fn add_fields(ui: &mut Ui, collection: &seaglass_core::catalogue::Collection, out: &mut Out) {
    ui.set_min_width(300.0);
    egui::ScrollArea::vertical().max_height(360.0).show(ui, |ui| {
        let t = theme(ui);
        for field in &collection.fields {
            let unit = crate::text::Unit::of(field).label;
            let label = crate::model::capitalized(&field.title());
            let response = ui.add(
                egui::Button::new(egui::RichText::new(label).color(t.c.text_1))
                    .shortcut_text(unit)
                    .frame_when_inactive(false)
                    .truncate()
                    .min_size(egui::vec2(290.0, 24.0)),
            );
            if response.on_hover_text(&field.name).clicked() {
                out.send(seaglass_core::command::Command::AddLayer {
                    collection: collection.id.clone(),
                    field: field.name.clone(),
                });
                ui.close();
            }
        }
    });
}
