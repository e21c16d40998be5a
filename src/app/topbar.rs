//! The bar at the top: menu, mark, search, globe or map, save image.

use egui::{Pos2, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};

use crate::model::Model;
use crate::state::{Action, Out, UiState};
use crate::theme::{Theme, theme};
use crate::{menu, widgets};

/// Shows the bar.
pub fn show(ui: &mut Ui, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let rect = ui.max_rect();
    widgets::hairline(ui.painter(), t, rect.x_range(), rect.bottom() - 0.5);
    left(ui, rect, model, state, out);
    search(ui, rect, state);
    right(ui, rect, model, state, out);
}

fn left(ui: &mut Ui, rect: Rect, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let y = rect.center().y;
    let button = Rect::from_center_size(pos2(rect.left() + 20.0, y), Vec2::splat(28.0));
    let response = ui.interact(button, ui.scope_id().with("menu"), Sense::click());
    let response = widgets::icon_button_at(ui, button, response, "menu", tr!("Menu"), false);
    state.regions[0] = Some(response.id);
    menu::show(&response, model, state, out);
    mark(ui.painter(), pos2(rect.left() + 52.0, y), 9.0, t);
    let end = widgets::line(ui.painter(), rect.left() + 70.0, y, "Seaglass", t.heading(), t.c.text_1, 120.0);
    let name = if model.is_empty() { tr!("Untitled").to_owned() } else { session_name(model) };
    if rect.width() >= 900.0 {
        widgets::line(ui.painter(), end + 12.0, y, &name, t.body(), t.c.text_3, (296.0 - end - 12.0).max(80.0));
    }
}

/// Name of what is open: the folder, or the file, or how many.
fn session_name(model: &Model) -> String {
    if let (Some(path), changed) = &model.session_file {
        let name = path.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        return if *changed { format!("\u{2022} {name}") } else { name };
    }
    match model.session.readable_sources().as_slice() {
        [] => tr!("Untitled").to_owned(),
        [one] => one.file_name().map_or_else(|| tr!("Untitled").to_owned(), |n| n.to_string_lossy().into_owned()),
        more => trn!(more.len(), "{} sources", "{} sources", more.len()),
    }
}

/// The mark: a ring with a wave through it.
pub fn mark(painter: &egui::Painter, centre: Pos2, radius: f32, t: &Theme) {
    painter.circle_stroke(centre, radius, Stroke::new(1.5, t.c.accent));
    for dy in [-1.5, 3.0] {
        let wave: Vec<Pos2> = (0..=24)
            .map(|k| {
                let x = k as f32 / 24.0 * 2.0 - 1.0;
                let y = dy + (x * 4.2).sin() * radius * 0.22;
                pos2(centre.x + x * radius, centre.y + y)
            })
            .filter(|p| p.distance(centre) <= radius)
            .collect();
        painter.add(Shape::line(wave, Stroke::new(1.5, t.c.accent)));
    }
}

fn search(ui: &mut Ui, rect: Rect, state: &mut UiState) {
    let t = theme(ui);
    let narrow = rect.width() < 1100.0;
    let size = if narrow { Vec2::splat(28.0) } else { vec2(400.0, 28.0) };
    let centre = if narrow { pos2(rect.right() - 296.0, rect.center().y) } else { rect.center() };
    let field = Rect::from_center_size(centre, size);
    let response = ui.interact(field, ui.scope_id().with("search"), Sense::click());
    widgets::describe(&response, Role::Button, tr!("Search data, places and commands"));
    if narrow {
        widgets::icon_button_at(ui, field, response.clone(), "search_or_command", &widgets::tip("palette"), false);
    } else {
        let fill = if response.hovered() { t.c.hover } else { t.c.surface_2 };
        ui.painter().rect(field, 6.0, fill, Stroke::new(1.0, t.c.border), StrokeKind::Inside);
        widgets::icon(ui.painter(), pos2(field.left() + 16.0, field.center().y), "search_or_command", 16.0, t.c.text_2);
        let text = tr!("Search data, places and commands");
        widgets::line(ui.painter(), field.left() + 32.0, field.center().y, text, t.body(), t.c.text_3, 300.0);
        widgets::key_badge(ui.painter(), t, pos2(field.right() - 8.0, field.center().y), "Ctrl+K");
        widgets::focus_ring(ui, &response, 6.0);
    }
    if response.clicked() {
        state.palette_open = true;
    }
}

fn right(ui: &mut Ui, rect: Rect, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let y = rect.center().y;
    let toggle = Rect::from_center_size(pos2(rect.right() - 26.0, y), Vec2::splat(28.0));
    let response = ui.interact(toggle, ui.scope_id().with("right panel"), Sense::click());
    let label = widgets::tip("toggle_right_panel");
    if widgets::icon_button_at(ui, toggle, response, "toggle_right_panel", &label, state.right_open).clicked() {
        state.right_open = !state.right_open;
    }
    let rect = rect.with_max_x(rect.right() - 36.0);
    let camera = Rect::from_center_size(pos2(rect.right() - 26.0, y), Vec2::splat(28.0));
    let response = ui.interact(camera, ui.scope_id().with("save image"), Sense::click());
    let response = widgets::icon_button_at(ui, camera, response, "save_image", &widgets::tip("save_image"), false);
    if response.clicked() {
        out.act(Action::Run("save_image"));
    }
    // Globe / Map with icons, 144 wide.
    let outer = Rect::from_min_size(pos2(rect.right() - 200.0, y - 14.0), vec2(144.0, 28.0));
    ui.painter().rect(outer, 6.0, t.c.surface_2, Stroke::new(1.0, t.c.border), StrokeKind::Inside);
    let map = model.session.project().camera.projection.is_map();
    for (k, (icon, label, on)) in [("globe", tr!("Globe"), !map), ("map", tr!("Map"), map)].into_iter().enumerate() {
        let cell = Rect::from_min_size(
            pos2(outer.left() + 2.0 + k as f32 * 75.0, outer.top() + 2.0),
            vec2([75.0, 65.0][k], 24.0),
        );
        let response = ui.interact(cell, ui.scope_id().with(label), Sense::click());
        response.widget_info(|| egui::WidgetInfo::selected(Role::RadioButton, true, on, label));
        if on || response.hovered() {
            ui.painter().rect_filled(cell, 4.0, if on { t.c.pressed } else { t.c.hover });
        }
        let (font, ink) = if on { (t.strong(), t.c.text_1) } else { (t.body(), t.c.text_2) };
        widgets::icon(ui.painter(), pos2(cell.left() + 16.0, y), icon, 16.0, ink);
        widgets::line(ui.painter(), cell.left() + 30.0, y, label, font, ink, 60.0);
        widgets::focus_ring(ui, &response, 4.0);
        if response.on_hover_text(widgets::tip("toggle_globe")).clicked() && !on {
            out.send(seaglass_core::command::Command::ToggleGlobe);
        }
    }
}
