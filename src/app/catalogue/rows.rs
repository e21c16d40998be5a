//! Rows of the list: a collection, and below it its variables.

use egui::{Key, Modifiers, Popup, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use seaglass_core::command::Command;
use seaglass_core::field::FieldInfo;

use super::filter::Listed;
use super::{details, is_open, row_of};
use crate::model::{Model, capitalized};
use crate::state::{Out, UiState};
use crate::text::{self, Unit};
use crate::theme::theme;
use crate::thumbnails::Wanted;
use crate::widgets;

/// Height of a variable's row.
const LEAF: f32 = 24.0;
/// Days of the strip and their bars, 48 × 12 in all.
const STRIP: [f32; 2] = [48.0, 12.0];

/// A collection, and its variables when it is open.
pub fn collection(ui: &mut Ui, listed: &Listed, model: &Model, state: &mut UiState, out: &mut Out) {
    let open = is_open(listed, model, &state.catalogue);
    let response = header(ui, listed, open, model, state, out);
    // The first click on an open one only selects it; the caret always turns.
    let selected = state.catalogue.selected.as_deref() == Some(&listed.id);
    let on_caret = response.interact_pointer_pos().is_some_and(|p| p.x < response.rect.left() + 28.0);
    let mut toggle = response.clicked() && (!open || selected || on_caret);
    if response.has_focus() {
        let filter = egui::EventFilter { horizontal_arrows: true, ..egui::EventFilter::default() };
        ui.memory_mut(|m| m.set_focus_lock_filter(response.id, filter));
        // Here they open and close; elsewhere they move the clock.
        let pressed = |key| ui.input_mut(|i| i.consume_key(Modifiers::NONE, key));
        let (right, left) = (pressed(Key::ArrowRight), pressed(Key::ArrowLeft));
        toggle |= (right && !open) || (left && open);
        state.catalogue.hovered = Some(listed.id.clone());
    }
    if response.clicked() {
        state.catalogue.selected = Some(listed.id.clone());
    }
    if toggle && !state.catalogue.toggled.remove(&listed.id) {
        state.catalogue.toggled.insert(listed.id.clone());
    }
    if !open {
        return;
    }
    let Some(known) = model.session.catalogue().collections.get(&listed.id) else { return };
    for field in listed.fields.iter().filter_map(|name| known.field(name)) {
        variable(ui, listed, field, model, state, out);
    }
    let all = state.catalogue.all.contains(&listed.id);
    if listed.more > 0 || (all && known.fields.iter().any(|f| f.rank < 0) && !listed.by_variable) {
        let label = if all {
            tr!("Fewer variables").to_owned()
        } else {
            trn!(listed.more, "{} more variables", "{} more variables", listed.more)
        };
        if more(ui, &label, &listed.short).clicked() && !state.catalogue.all.remove(&listed.id) {
            state.catalogue.all.insert(listed.id.clone());
        }
    }
}

fn header(ui: &mut Ui, listed: &Listed, open: bool, model: &Model, state: &mut UiState, out: &mut Out) -> Response {
    let t = theme(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), t.size.tree_row), Sense::click());
    let counted = row_of(model, &listed.id);
    let (name, count) = (&listed.short, listed.count);
    let granules = if state.catalogue.in_view {
        trn!(count, "{count} granule in the window and in view", "{count} granules in the window and in view")
    } else {
        trn!(count, "{count} granule in the window", "{count} granules in the window")
    };
    let spoken = if open { tr!("{name}, {granules}, open") } else { tr!("{name}, {granules}, closed") };
    widgets::describe(&response, Role::Button, &spoken);
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let selected = state.catalogue.selected.as_deref() == Some(&listed.id);
    if selected || response.hovered() {
        ui.painter().rect_filled(rect, 0.0, if selected { t.c.selection } else { t.c.hover });
    }
    if response.hovered() {
        state.catalogue.hovered = Some(listed.id.clone());
    }
    let y = rect.center().y;
    let dim = listed.count == 0;
    let caret = if open { "collapse" } else { "expand" };
    widgets::icon(ui.painter(), pos2(rect.left() + 17.0, y), caret, 12.0, t.c.text_3);
    let strip = Rect::from_min_size(pos2(rect.right() - 72.0 - STRIP[0], y - STRIP[1] / 2.0), vec2(STRIP[0], STRIP[1]));
    let (font, ink) = if dim { (t.body(), t.c.text_3) } else { (t.strong(), t.c.text_1) };
    let left = rect.left() + 31.0;
    let link = dim && (response.hovered() || response.has_focus() || selected);
    let room = if link { rect.right() - 100.0 } else { strip.left() - 8.0 };
    widgets::line(ui.painter(), left, y, &listed.short, font, ink, room - left);
    if link && let Some(command) = details::jump(model, &listed.id) {
        let id = ui.scope_id().with(("jump", &listed.id));
        let jump =
            widgets::link_at(ui, pos2(rect.right() - 28.0, y), tr!("Jump to"), id, &tr!("Jump to {}", listed.short));
        if jump.clicked() {
            out.send(command);
        }
    } else {
        if let Some(row) = counted {
            days(ui, strip, &row.days, dim);
        }
        let count = text::count(listed.count as u64);
        let ink = if dim { t.c.text_3 } else { t.c.text_1 };
        ui.painter().text(pos2(rect.right() - 12.0, y), egui::Align2::RIGHT_CENTER, count, t.body(), ink);
    }
    widgets::focus_ring(ui, &response, 2.0);
    menu(&response, listed, model, state, out);
    let known = model.session.catalogue().collections.get(&listed.id);
    if let Some(wanted) = known.and_then(|c| Wanted::nearest(c, None, model.now())) {
        state.thumbnails.foresee(wanted);
    }
    response.on_hover_ui(|ui| details::tooltip(ui, model, listed, counted, state))
}

/// One bar a day, its height by the number of granules.
fn days(ui: &Ui, rect: Rect, days: &[usize], dim: bool) {
    let t = theme(ui);
    let most = days.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return;
    }
    let step = rect.width() / days.len() as f32;
    for (k, n) in days.iter().enumerate().filter(|(_, n)| **n > 0) {
        let height = (*n as f32 / most as f32).sqrt() * rect.height();
        let left = rect.left() + step * k as f32;
        let bar =
            Rect::from_min_max(pos2(left, rect.bottom() - height.max(2.0)), pos2(left + step - 1.0, rect.bottom()));
        let ink = if dim { t.c.text_disabled } else { t.c.avail_some };
        ui.painter().rect_filled(bar, 0.0, ink);
    }
}

fn variable(ui: &mut Ui, listed: &Listed, field: &FieldInfo, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let layers: Vec<_> = model
        .session
        .project()
        .layers
        .iter()
        .filter(|l| l.collection == listed.id && l.field == field.name)
        .map(|l| l.id)
        .collect();
    let on = !layers.is_empty();
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LEAF), Sense::click());
    let title = capitalized(&field.title());
    let unit = Unit::of(field).label;
    let label = format!("{title}, {}", listed.short);
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, on, &label));
    if response.clicked() {
        if on {
            layers.into_iter().for_each(|layer| out.send(Command::RemoveLayer { layer }));
        } else {
            out.send(Command::AddLayer { collection: listed.id.clone(), field: field.name.clone() });
        }
    }
    if !ui.is_rect_visible(rect) {
        return;
    }
    if response.hovered() {
        ui.painter().rect_filled(rect, 0.0, t.c.hover);
    }
    let y = rect.center().y;
    let tick = Rect::from_center_size(pos2(rect.left() + 39.0, y), egui::Vec2::splat(16.0));
    if on {
        ui.painter().rect_filled(tick, 4.0, t.c.accent);
        widgets::icon(ui.painter(), tick.center(), "checked", 12.0, t.c.on_accent);
    } else {
        ui.painter().rect_stroke(tick, 4.0, Stroke::new(1.0, t.c.border_strong), StrokeKind::Inside);
    }
    let units = widgets::elided(ui.painter(), &unit, t.body(), t.c.text_3, 72.0);
    let units_left = rect.right() - 12.0 - units.size().x;
    ui.painter().galley(pos2(units_left, (y - units.size().y / 2.0).round()), units, t.c.text_3);
    let left = rect.left() + 55.0;
    let ink = if on { t.c.text_1 } else { t.c.text_2 };
    widgets::line(ui.painter(), left, y, &title, t.body(), ink, units_left - 8.0 - left);
    widgets::focus_ring(ui, &response, 2.0);
    response.on_hover_ui(|ui| {
        ui.label(format!("{title}\n{}", field.name));
        let collection = model.session.catalogue().collections.get(&listed.id);
        let wanted = collection.and_then(|c| Wanted::nearest(c, Some(&field.name), model.now()));
        state.thumbnails.show(ui, wanted, &title);
    });
}

fn more(ui: &mut Ui, label: &str, collection: &str) -> Response {
    let t = theme(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LEAF), Sense::click());
    widgets::describe(&response, Role::Button, &format!("{label}, {collection}"));
    if response.hovered() {
        ui.painter().rect_filled(rect, 0.0, t.c.hover);
    }
    widgets::line(ui.painter(), rect.left() + 55.0, rect.center().y, label, t.body(), t.c.text_3, rect.width() - 70.0);
    widgets::focus_ring(ui, &response, 2.0);
    response
}

fn menu(response: &Response, listed: &Listed, model: &Model, state: &mut UiState, out: &mut Out) {
    Popup::context_menu(response).accessible_name(tr!("{} menu", listed.short)).show(|ui| {
        ui.set_min_width(220.0);
        let jump = details::jump(model, &listed.id);
        if widgets::menu_item(ui, tr!("Jump to nearest data"), "", jump.is_some())
            && let Some(command) = jump
        {
            out.send(command);
        }
        let place = details::place(model, &listed.id);
        if widgets::menu_item(ui, tr!("Zoom to"), "", place.is_some())
            && let Some(command) = place
        {
            out.send(command);
        }
        if widgets::menu_item(ui, tr!("Details"), "", true) {
            state.catalogue.selected = Some(listed.id.clone());
        }
        ui.menu_button(tr!("Tags"), |ui| super::tags::menu(ui, &listed.id, model, state, out));
        if widgets::menu_item(ui, tr!("Copy name"), "", true) {
            out.act(crate::state::Action::Copy(listed.id.clone()));
        }
    });
}
