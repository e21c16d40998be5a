//! The layers panel: header, rows, base map group, drop hint.

use egui::{Popup, Rect, Role, Sense, Stroke, Ui, UiBuilder, Vec2, pos2, vec2};
use seaglass_core::command::Command;
use seaglass_core::project::BaseMap;

use crate::model::Model;
use crate::state::{Action, Out, UiState};
use crate::theme::theme;
use crate::widgets::{self, Scrub};
use crate::{layer_group, layer_row};

/// Width of the panel for the width of the window: what the user has chosen, or what fits the window.
pub fn default_width(window: f32, chosen: f32) -> f32 {
    let t = crate::theme::Theme::get(true);
    if (chosen - t.size.left_panel.default).abs() > 1.0 && window >= 1100.0 {
        return chosen;
    }
    match window {
        ..1100.0 => t.size.left_panel.min,
        ..1360.0 => 264.0,
        ..1800.0 => t.size.left_panel.default,
        ..3000.0 => 320.0,
        _ => 360.0,
    }
}

/// Shows the panel.
pub fn show(ui: &mut Ui, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let rect = ui.max_rect();
    ui.painter().vline(rect.right() - 0.5, rect.y_range(), Stroke::new(1.0, t.c.border_subtle));
    header(ui, rect, model, state, out);
    let body = Rect::from_min_max(
        pos2(rect.left(), rect.top() + t.size.panel_header),
        pos2(rect.right() - 1.0, rect.bottom() - t.size.panel_header),
    );
    ui.scope_builder(UiBuilder::new().max_rect(body), |ui| {
        ui.set_clip_rect(body.intersect(ui.clip_rect()));
        egui::ScrollArea::vertical().id_salt("layers").auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing = Vec2::ZERO;
            rows(ui, model, state, out);
            crate::shapes::list::section(ui, model, state, out);
            crate::bookmarks::section(ui, model, state, out);
            base_map(ui, model, state, out);
        });
    });
    footer(ui, rect, out);
}

fn header(ui: &mut Ui, rect: Rect, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let y = rect.top() + t.size.panel_header / 2.0;
    widgets::line(ui.painter(), rect.left() + 12.0, y, tr!("Layers"), t.heading(), t.c.text_1, 160.0);
    widgets::hairline(ui.painter(), t, rect.x_range(), rect.top() + t.size.panel_header - 0.5);
    let button = Rect::from_center_size(pos2(rect.right() - 24.0, y), Vec2::splat(28.0));
    let response = ui.interact(button, ui.scope_id().with("add"), Sense::click());
    let response = widgets::icon_button_at(ui, button, response, "layer_add", tr!("Add layer"), false);
    state.regions[1] = Some(response.id);
    let beside = button.translate(vec2(-28.0, 0.0));
    ui.scope(|ui| {
        if state.selected.is_none_or(|id| model.row(id).is_none()) {
            ui.disable();
        }
        let new = ui.interact(beside, ui.scope_id().with("group"), Sense::click());
        if widgets::icon_button_at(ui, beside, new, "layer_group", &widgets::tip("group_layer"), false).clicked() {
            crate::actions::perform("group_layer", model, state, out);
        }
    });
    Popup::menu(&response).accessible_name(tr!("Add layer")).show(|ui| {
        ui.set_min_width(260.0);
        let collections = &model.session.catalogue().collections;
        if collections.is_empty() {
            ui.label(egui::RichText::new(tr!("Open files first, their variables appear here.")).color(t.c.text_3));
            if widgets::menu_item(ui, tr!("Open files…"), "Ctrl+O", true) {
                out.act(Action::Run("open_files"));
            }
            return;
        }
        for collection in collections.values() {
            ui.menu_button(&collection.title, |ui| crate::menu::add_fields(ui, collection, out));
        }
    });
}

fn rows(ui: &mut Ui, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    ui.add_space(if model.rows.is_empty() { 24.0 } else { 12.0 });
    if model.rows.is_empty() {
        ui.horizontal(|ui| {
            ui.add_space(12.0);
            let text = tr!("Data layers appear here, the top one\ndrawn over the others.");
            ui.label(egui::RichText::new(text).font(t.body()).color(t.c.text_3));
        });
        ui.add_space(12.0);
    }
    let mut slots = layer_group::Slots::default();
    let mut group = None;
    for (k, row) in model.rows.iter().enumerate() {
        if row.group != group {
            slots.leave(ui.cursor().top(), k, group.take());
            if let Some(of) = row.group.and_then(|id| model.session.project().group(id)) {
                layer_group::header(ui, of, k, model, state, &mut slots, out);
            }
            group = row.group;
        }
        if !layer_group::is_folded(row, model) {
            slots.add(ui.cursor().top(), k, row.group);
            layer_row::show(ui, row, model, state, out);
        }
    }
    slots.leave(ui.cursor().top(), model.rows.len(), group);
    layer_group::drop_dragged(ui, &slots, model, out);
    if !model.rows.is_empty() {
        ui.add_space(12.0);
    }
}

/// Switches one part of the base map.
type Toggle = fn(&mut BaseMap);

fn base_map(ui: &mut Ui, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let width = ui.available_width();
    let (line, _) = ui.allocate_exact_size(vec2(width, 1.0), Sense::hover());
    widgets::hairline(ui.painter(), t, (line.left() + 12.0)..=(line.right() - 12.0), line.center().y);
    ui.add_space(10.0);
    let (head, response) = ui.allocate_exact_size(vec2(width, t.size.tree_row), Sense::click());
    let open = state.base_open;
    response.widget_info(|| egui::WidgetInfo::selected(Role::DisclosureTriangle, true, open, tr!("Base map")));
    widgets::line(ui.painter(), head.left() + 12.0, head.center().y, tr!("Base map"), t.heading(), t.c.text_2, 200.0);
    let caret = if state.base_open { "collapse" } else { "expand" };
    let ink = if response.hovered() { t.c.text_1 } else { t.c.text_2 };
    widgets::icon(ui.painter(), pos2(head.right() - 20.0, head.center().y), caret, 14.0, ink);
    widgets::focus_ring(ui, &response, 4.0);
    if response.clicked() {
        state.base_open = !state.base_open;
    }
    if !state.base_open {
        return;
    }
    let base = &model.session.project().base;
    let entries: [(&str, bool, Toggle); 6] = [
        (tr!("Relief"), base.relief, |b| b.relief = !b.relief),
        (tr!("Coastline"), base.coastlines, |b| b.coastlines = !b.coastlines),
        (tr!("Borders"), base.borders, |b| b.borders = !b.borders),
        (tr!("Graticule"), base.graticule, |b| b.graticule = !b.graticule),
        (tr!("Place names"), base.labels, |b| b.labels = !b.labels),
        (tr!("Atmosphere"), base.atmosphere, |b| b.atmosphere = !b.atmosphere),
    ];
    for (name, on, toggle) in entries {
        let rect = base_row(ui, name, on, || {
            let mut new = base.clone();
            toggle(&mut new);
            out.send(Command::SetBaseMap { base: new });
        });
        if name == tr!("Relief") && on {
            relief_opacity(ui, rect, base, out);
        }
    }
    ui.add_space(16.0);
}

fn base_row(ui: &mut Ui, name: &str, on: bool, toggle: impl FnOnce()) -> Rect {
    let t = theme(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), t.size.tree_row), Sense::click());
    response.widget_info(|| egui::WidgetInfo::selected(Role::CheckBox, true, on, name));
    if response.hovered() {
        ui.painter().rect_filled(rect, 0.0, t.c.hover);
    }
    let (eye, ink) = if on { ("layer_show", t.c.text_1) } else { ("layer_hide", t.c.text_3) };
    let icon_ink = if on { t.c.text_2 } else { t.c.text_3 };
    widgets::icon(ui.painter(), pos2(rect.left() + 20.0, rect.center().y), eye, 16.0, icon_ink);
    widgets::line(ui.painter(), rect.left() + 36.0, rect.center().y, name, t.body(), ink, 180.0);
    widgets::focus_ring(ui, &response, 4.0);
    if response.clicked() {
        toggle();
    }
    rect
}

fn relief_opacity(ui: &mut Ui, row: Rect, base: &BaseMap, out: &mut Out) {
    let t = theme(ui);
    let rect =
        Rect::from_min_max(pos2(row.right() - 60.0, row.top() + 2.0), pos2(row.right() - 12.0, row.bottom() - 2.0));
    let percent = f64::from(base.relief_opacity) * 100.0;
    let scrub = Scrub {
        id: ui.scope_id().with("relief opacity"),
        label: tr!("Relief opacity"),
        value: percent,
        step: 5.0,
        fine: 1.0,
        text: format!("{percent:.0}{}%", crate::text::THIN),
    };
    let changed = scrub.show(ui, rect, t.small(), t.c.text_3, true);
    if let Some(v) = changed.value {
        let relief_opacity = (v.clamp(0.0, 100.0) / 100.0) as f32;
        out.send(Command::SetBaseMap { base: BaseMap { relief_opacity, ..base.clone() } });
    }
    out.settle |= changed.settled;
}

fn footer(ui: &mut Ui, rect: Rect, out: &mut Out) {
    let t = theme(ui);
    let foot = Rect::from_min_max(pos2(rect.left(), rect.bottom() - t.size.panel_header), rect.max);
    widgets::hairline(ui.painter(), t, rect.x_range(), foot.top() + 0.5);
    let response = ui.interact(foot.shrink(4.0), ui.scope_id().with("drop hint"), Sense::click());
    widgets::describe(&response, Role::Button, tr!("Drop files or folders to open"));
    let ink = if response.hovered() { t.c.text_2 } else { t.c.text_3 };
    widgets::icon(ui.painter(), pos2(foot.left() + 20.0, foot.center().y), "drop", 16.0, ink);
    let badge = widgets::key_badge(ui.painter(), t, pos2(foot.right() - 12.0, foot.center().y), "Ctrl+O");
    let width = badge - foot.left() - 44.0;
    widgets::line(
        ui.painter(),
        foot.left() + 36.0,
        foot.center().y,
        tr!("Drop files or folders to open"),
        t.body(),
        ink,
        width,
    );
    widgets::focus_ring(ui, &response, 6.0);
    if response.clicked() {
        out.act(Action::Run("open_files"));
    }
}
