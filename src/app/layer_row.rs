//! One row of the layers panel, 56 high (window design §5).

use egui::{Color32, Popup, Pos2, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, pos2, vec2};
use seaglass_core::command::Command;
use seaglass_core::project::LayerId;
use seaglass_core::style::StylePatch;
use seaglass_host::drawn_colormap;

use crate::compare;
use crate::highlight;
use crate::menu;
use crate::model::{Model, Reason, Row};
use crate::scene_legend;
use crate::state::{Action, Out, UiState};
use crate::style_actions::hides_cells;
use crate::text;
use crate::theme::theme;
use crate::widgets::{self, Scrub};

/// Payload of a row being dragged to another place.
#[derive(Clone, Copy, Debug)]
pub struct Dragged(pub LayerId);

/// More layers than this are shown in rows of one line.
const MOST_ROOMY: usize = 10;
/// Height of a row of one line.
const COMPACT: f32 = 32.0;

/// Height of rows: less when there are many.
pub fn height(layers: usize) -> f32 {
    if layers > MOST_ROOMY { COMPACT } else { crate::theme::Theme::get(true).size.layer_row }
}

/// How far rows of a group stand in.
const INDENT: f32 = 12.0;

/// Shows one row.
pub fn show(ui: &mut Ui, row: &Row, model: &Model, state: &mut UiState, out: &mut Out) {
    let height = height(model.rows.len());
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    if !ui.is_rect_visible(rect) {
        return;
    }
    let rect = if row.group.is_some() { rect.with_min_x(rect.left() + INDENT) } else { rect };
    let id = ui.scope_id().with(("layer", row.id.0));
    let response = ui.interact(rect, id, Sense::click_and_drag());
    let selected = state.selected == Some(row.id);
    response.widget_info(|| egui::WidgetInfo::selected(Role::ListBoxOption, true, selected, row.spoken()));
    let hovered = ui.rect_contains_pointer(rect);
    background(ui, rect, selected, hovered && !row.locked, &response);
    if selected {
        state.style_anchor = rect.right_top();
        state.regions[1] = Some(id);
    }
    if response.clicked() {
        state.selected = Some(row.id);
    }
    if !row.locked {
        response.dnd_set_drag_payload(Dragged(row.id));
    }
    row_keys(ui, &response, row, state, out);
    Popup::context_menu(&response).accessible_name(tr!("{} menu", row.name)).show(|ui| {
        ui.set_min_width(220.0);
        menu::layer_menu(ui, row, model, state, out);
    });
    let reason = row.status.reason.as_ref().filter(|r| row.shown && !matches!(r, Reason::OffScreen));
    if height < 40.0 {
        eye(ui, rect, rect.center().y, row, out);
        one_line(ui, rect, row, reason, hovered, state, out);
    } else {
        eye(ui, rect, rect.top() + 18.0, row, out);
        first_line(ui, rect, row, selected || hovered, state, out);
        match reason {
            Some(reason) => reason_line(ui, rect, rect.top() + 40.0, row, reason, out),
            None => second_line(ui, rect, row, state, out),
        }
    }
    response.on_hover_text_at_pointer(hover_text(row, model));
}

fn hover_text(row: &Row, model: &Model) -> String {
    let field = row.field.as_ref().map_or("", |f| f.name.as_str());
    let files = model.session.catalogue().collections.get(&row.collection).map_or(0, |c| c.granules.len());
    let files = trn!(files, "{files} granule", "{files} granules");
    format!("{}\n{}\n{field}, {files}", row.long_name, row.product_title)
}

fn background(ui: &Ui, rect: Rect, selected: bool, hovered: bool, response: &Response) {
    let t = theme(ui);
    if selected {
        ui.painter().rect_filled(rect, 0.0, t.c.selection);
        let edge = Rect::from_min_size(rect.min, vec2(2.0, rect.height()));
        ui.painter().rect_filled(edge, 0.0, t.c.accent);
    } else if ui.rect_contains_pointer(rect) {
        ui.painter().rect_filled(rect, 0.0, t.c.hover);
    }
    if hovered {
        widgets::icon(ui.painter(), pos2(rect.left() + 7.0, rect.center().y), "layer_drag", 12.0, t.c.text_3);
    }
    widgets::focus_ring(ui, response, 0.0);
}

fn row_keys(ui: &Ui, response: &Response, row: &Row, state: &mut UiState, out: &mut Out) {
    if !response.has_focus() {
        return;
    }
    let (space, enter) = ui.input(|i| (i.key_pressed(egui::Key::Space), i.key_pressed(egui::Key::Enter)));
    if space {
        out.send(Command::ShowLayer { layer: row.id, visible: !row.visible });
    }
    if enter {
        state.style_of = Some(row.id);
    }
}

fn eye(ui: &mut Ui, rect: Rect, y: f32, row: &Row, out: &mut Out) {
    let t = theme(ui);
    let cell = Rect::from_center_size(pos2(rect.left() + 20.0, y), vec2(24.0, 24.0));
    let response = ui.interact(cell, ui.scope_id().with(("eye", row.id.0)), Sense::click());
    let name = &row.name;
    let label = if row.visible { tr!("Hide {name}") } else { tr!("Show {name}") };
    widgets::describe(&response, Role::Button, &label);
    let ink = if response.hovered() {
        t.c.text_1
    } else if row.visible {
        t.c.text_2
    } else {
        t.c.text_3
    };
    let glyph = if row.visible { "layer_show" } else { "layer_hide" };
    widgets::icon(ui.painter(), cell.center(), glyph, 16.0, ink);
    widgets::focus_ring(ui, &response, 4.0);
    if response.clicked() {
        if ui.input(|i| i.modifiers.alt) {
            out.send(Command::SoloLayer { layer: row.id });
        } else {
            out.send(Command::ShowLayer { layer: row.id, visible: !row.visible });
        }
    }
    response.on_hover_text(tr!("Show or hide   V\nAlt click shows this layer alone"));
}

/// Eye, name, colour bar and range on one line; under the pointer the opacity takes the place of the range.
fn one_line(
    ui: &mut Ui,
    rect: Rect,
    row: &Row,
    reason: Option<&Reason>,
    hovered: bool,
    state: &mut UiState,
    out: &mut Out,
) {
    let t = theme(ui);
    let y = rect.center().y;
    if rename(ui, rect, row, state) {
        return;
    }
    let faded = if row.shown { 1.0 } else { 0.45 };
    // The narrowest panel has no room for the numbers.
    let numbers = rect.width() > 270.0;
    let right = rect.right() - 12.0;
    let bar_left = if numbers { right - 166.0 } else { right - 64.0 };
    let ink = if row.shown && reason.is_none() { t.c.text_1 } else { t.c.text_3 };
    let mut end = bar_left - 8.0;
    if row.locked {
        end = lock(ui, pos2(end - 10.0, y), row, out).left();
    }
    end = compare::badge(ui, end, y, row, out);
    let room = end - rect.left() - 36.0;
    widgets::line(ui.painter(), rect.left() + 36.0, y, &row.name, t.name(), ink, room);
    if let Some(reason) = reason {
        let cell = Rect::from_min_max(pos2(bar_left - 36.0, rect.top()), rect.max);
        reason_line(ui, cell, y, row, reason, out);
        return;
    }
    let bar = Rect::from_min_size(pos2(bar_left, y - 4.0), vec2(64.0, t.size.colour_bar_row));
    bar_button(ui, bar, rect, row, faded, state);
    if !numbers {
        return;
    }
    if hovered {
        opacity(ui, rect, y, row, faded, out);
    } else if let Some((a, b)) = row.range_text() {
        let words = tr!("{a} to {b}");
        let ink = t.c.text_2.gamma_multiply(faded);
        widgets::line(ui.painter(), bar.right() + 8.0, y, &words, t.small(), ink, right - bar.right() - 8.0);
    }
}

/// The lock of a locked row; a click unlocks.
fn lock(ui: &Ui, at: Pos2, row: &Row, out: &mut Out) -> Rect {
    let t = theme(ui);
    let cell = Rect::from_center_size(at, vec2(24.0, 24.0));
    let response = ui.interact(cell, ui.scope_id().with(("lock", row.id.0)), Sense::click());
    widgets::describe(&response, Role::Button, &tr!("Unlock {}", row.name));
    let ink = if response.hovered() { t.c.text_1 } else { t.c.text_2 };
    widgets::icon(ui.painter(), cell.center(), "locked", 14.0, ink);
    widgets::focus_ring(ui, &response, 4.0);
    if response.on_hover_text(tr!("Locked: a click unlocks   Shift+K")).clicked() {
        out.send(Command::LockLayer { layer: row.id, locked: false });
    }
    cell
}

fn first_line(ui: &mut Ui, rect: Rect, row: &Row, active: bool, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let y = rect.top() + 18.0;
    let badge_left = badge(ui, rect, row);
    let mut right = badge_left - 8.0;
    if row.locked {
        right = lock(ui, pos2(badge_left - 18.0, y), row, out).left() - 4.0;
    } else if active || state.style_of == Some(row.id) {
        let cell = Rect::from_center_size(pos2(badge_left - 18.0, y), vec2(24.0, 24.0));
        let response = ui.interact(cell, ui.scope_id().with(("style", row.id.0)), Sense::click());
        let label = tr!("Style of {}", row.name);
        widgets::describe(&response, Role::Button, &label);
        if response.hovered() {
            ui.painter().rect_filled(cell, 6.0, t.c.pressed);
        }
        widgets::icon(ui.painter(), cell.center(), "layer_style", 16.0, t.c.accent);
        widgets::focus_ring(ui, &response, 4.0);
        if response.on_hover_text(widgets::tip("style")).clicked() {
            state.selected = Some(row.id);
            state.style_of = if state.style_of == Some(row.id) { None } else { Some(row.id) };
            state.style_anchor = rect.right_top();
        }
        right = cell.left() - 4.0;
    }
    right = compare::badge(ui, right, y, row, out);
    if rename(ui, rect, row, state) {
        return;
    }
    let unseen = !row.shown || matches!(row.status.reason, Some(Reason::OutOfTime { .. } | Reason::NoData));
    let ink = if unseen { t.c.text_3 } else { t.c.text_1 };
    let end = widgets::line(ui.painter(), rect.left() + 36.0, y, &row.name, t.name(), ink, right - rect.left() - 36.0);
    if right - end > 40.0 {
        widgets::line(ui.painter(), end + 10.0, y, &row.product, t.body(), t.c.text_3, right - end - 10.0);
    }
    let name_cell = Rect::from_min_max(pos2(rect.left() + 34.0, y - 11.0), pos2(end.max(rect.left() + 60.0), y + 11.0));
    let pointer_on_name = ui.input(|i| {
        i.pointer.button_double_clicked(egui::PointerButton::Primary)
            && i.pointer.interact_pos().is_some_and(|p| name_cell.contains(p))
    });
    if pointer_on_name && !row.locked && ui.rect_contains_pointer(rect) {
        state.renaming = Some((row.id, row.name.clone()));
    }
}

fn rename(ui: &mut Ui, rect: Rect, row: &Row, state: &mut UiState) -> bool {
    let Some((id, text)) = state.renaming.as_mut().filter(|(id, _)| *id == row.id) else { return false };
    let cell =
        Rect::from_min_max(pos2(rect.left() + 32.0, rect.top() + 6.0), pos2(rect.right() - 64.0, rect.top() + 30.0));
    let edit_id = ui.scope_id().with(("rename", id.0));
    let response = ui.put(cell, egui::TextEdit::singleline(text).id(edit_id).margin(egui::Margin::symmetric(4, 3)));
    if !response.has_focus() && !response.lost_focus() {
        widgets::begin_typing(ui, &response, text);
    }
    if response.lost_focus() {
        let keep = !ui.input(|i| i.key_pressed(egui::Key::Escape));
        if let Some((layer, name)) = state.renaming.take().filter(|_| keep) {
            ui.data_mut(|d| d.insert_temp(egui::Id::unique("renamed"), (layer.0, name)));
        }
    }
    true
}

/// A finished rename, taken by the panel's owner.
pub fn take_rename(ctx: &egui::Context) -> Option<Command> {
    let (id, name): (u64, String) = ctx.data_mut(|d| d.remove_temp(egui::Id::unique("renamed")))?;
    Some(Command::RenameLayer { layer: LayerId(id), name })
}

/// The count of granules; returns its left edge.
fn badge(ui: &mut Ui, rect: Rect, row: &Row) -> f32 {
    let t = theme(ui);
    let done = row.status.shown.saturating_sub(row.status.loading);
    let label =
        if row.status.loading > 0 { format!("{done}/{}", row.status.shown) } else { row.status.shown.to_string() };
    let galley = ui.painter().layout_no_wrap(label, t.small(), t.c.text_2);
    let width = (galley.size().x + 10.0).max(20.0);
    let cell = Rect::from_min_size(pos2(rect.right() - 12.0 - width, rect.top() + 9.0), vec2(width, 18.0));
    ui.painter().rect_filled(cell, 4.0, t.c.surface_2);
    let at = pos2(cell.center().x - galley.size().x / 2.0, (cell.center().y - galley.size().y / 2.0).round());
    ui.painter().galley(at, galley, t.c.text_2);
    cell.left()
}

fn reason_line(ui: &mut Ui, rect: Rect, y: f32, row: &Row, reason: &Reason, out: &mut Out) {
    let t = theme(ui);
    let (glyph, ink) = match reason {
        Reason::Failed { .. } => ("status_error", t.c.error),
        Reason::AllMasked | Reason::NoData => ("status_info", t.c.text_3),
        _ => ("time_nearest", t.c.text_3),
    };
    widgets::icon(ui.painter(), pos2(rect.left() + 43.0, y), glyph, 14.0, ink);
    let mut right = rect.right() - 12.0;
    let link = match reason {
        Reason::OutOfTime { .. } => Some(tr!("Jump to")),
        Reason::Failed { .. } => Some(tr!("Details")),
        Reason::AllMasked if hides_cells(row) => Some(tr!("Show masked")),
        _ => None,
    };
    if let Some(word) = link {
        let name = &row.name;
        let label = match reason {
            Reason::OutOfTime { .. } => tr!("Jump to {name}"),
            Reason::Failed { .. } => tr!("Details {name}"),
            _ => tr!("Show masked of {name}"),
        };
        let response = widgets::link_at(ui, pos2(right, y), word, ui.scope_id().with(("reason", row.id.0)), &label);
        right = response.rect.left() - 8.0;
        if response.clicked() {
            match reason {
                Reason::Failed { path: Some(path), .. } => out.act(Action::FailureDetails(path.clone())),
                Reason::AllMasked => out.send(Command::ShowMasked { layer: Some(row.id), on: true }),
                _ => out.send(Command::JumpToData { layer: Some(row.id) }),
            }
        }
    }
    let left = rect.left() + 56.0;
    let mut words = reason.row_text();
    if ui.painter().layout_no_wrap(words.clone(), t.small(), t.c.text_3).size().x > right - left {
        words = reason.short_text();
    }
    widgets::line(ui.painter(), left, y, &words, t.small(), t.c.text_3, right - left);
}

fn second_line(ui: &mut Ui, rect: Rect, row: &Row, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let y = rect.top() + 40.0;
    let faded = if row.shown { 1.0 } else { 0.45 };
    // The narrowest panel gives the room to the numbers.
    let bar_width: f32 = if rect.width() < 280.0 { 64.0 } else { 96.0 };
    // So do long numbers, up to a point: a range without its whole unit says little.
    let numbers = range_width(ui, row) + 16.0 + 52.0 + 36.0;
    let bar_width = bar_width.min(rect.width() - numbers).max(32.0);
    let bar = Rect::from_min_size(pos2(rect.left() + 36.0, y - 4.0), vec2(bar_width, t.size.colour_bar_row));
    bar_button(ui, bar, rect, row, faded, state);
    if row.status.loading > 0 {
        let share = 1.0 - row.status.loading as f32 / row.status.shown.max(1) as f32;
        let line = Rect::from_min_size(pos2(bar.left(), bar.bottom() + 2.0), vec2(bar.width() * share.max(0.05), 2.0));
        ui.painter().rect_filled(line, 1.0, t.c.accent);
    }
    let opacity_left = opacity(ui, rect, y, row, faded, out);
    range(ui, bar.right() + 8.0, opacity_left - 8.0, y, row, faded, out);
}

/// The colour bar; a click opens the style.
fn bar_button(ui: &mut Ui, bar: Rect, rect: Rect, row: &Row, faded: f32, state: &mut UiState) {
    draw_bar(ui, bar, row, faded);
    let hit = ui.interact(bar.expand2(vec2(0.0, 8.0)), ui.scope_id().with(("bar", row.id.0)), Sense::click());
    widgets::describe(&hit, Role::Button, &tr!("Colour bar of {}", row.name));
    // Blocks of classes are not the colour map.
    if scene_legend::flags(row).is_none() {
        highlight::by_pointer(ui, bar, bar, row, state);
        highlight::by_keys(ui, &hit, bar, row, state);
    }
    widgets::focus_ring(ui, &hit, 4.0);
    if hit.on_hover_text(tr!("Style\nPointing at a colour, or the arrow keys, let its values stand out")).clicked() {
        state.selected = Some(row.id);
        state.style_of = Some(row.id);
        state.style_anchor = rect.right_top();
    }
}

fn draw_bar(ui: &Ui, bar: Rect, row: &Row, faded: f32) {
    let t = theme(ui);
    if let Some(flags) = scene_legend::flags(row) {
        let width = bar.width() / flags.len() as f32;
        for (k, flag) in flags.iter().enumerate() {
            let left = bar.left() + k as f32 * width;
            let block = Rect::from_min_max(pos2(left, bar.top()), pos2(left + (width - 1.0).max(0.5), bar.bottom()));
            let hidden = row.style.hidden.contains(&flag.class());
            let fill = scene_legend::flag_colour(row, flag).unwrap_or(t.c.pressed);
            ui.painter().rect_filled(block, 1.0, fill.gamma_multiply(if hidden { 0.2 * faded } else { faded }));
        }
        return;
    }
    match drawn_colormap(&row.style.colormap) {
        Some(map) => widgets::colour_bar(ui.painter(), bar, &map, row.style.reversed, faded),
        None => {
            ui.painter().rect_filled(bar, 2.0, t.c.pressed);
        }
    }
    ui.painter().rect_stroke(bar, 1.0, Stroke::new(1.0, t.c.border.gamma_multiply(faded)), StrokeKind::Inside);
}

fn opacity(ui: &mut Ui, rect: Rect, y: f32, row: &Row, faded: f32, out: &mut Out) -> f32 {
    let t = theme(ui);
    let cell = Rect::from_min_max(pos2(rect.right() - 52.0, y - 12.0), pos2(rect.right() - 12.0, y + 12.0));
    let percent = f64::from(row.style.opacity) * 100.0;
    let scrub = Scrub {
        id: ui.scope_id().with(("opacity", row.id.0)),
        label: &tr!("Opacity of {}", row.name),
        value: percent,
        step: 5.0,
        fine: 1.0,
        text: format!("{percent:.0}{}%", text::THIN),
    };
    let changed = scrub.show(ui, cell, t.small(), t.c.text_3.gamma_multiply(faded), true);
    if let Some(v) = changed.value.filter(|_| !row.locked) {
        let patch = StylePatch { opacity: Some((v.clamp(0.0, 100.0) / 100.0) as f32), ..StylePatch::default() };
        out.send(Command::SetStyle { layer: row.id, patch });
    }
    out.settle |= changed.settled;
    cell.left()
}

/// Width of the range with its unit; nothing where there are classes, or no range yet.
fn range_width(ui: &Ui, row: &Row) -> f32 {
    let words = match row.range_text().filter(|_| scene_legend::flags(row).is_none()) {
        Some((a, b)) => tr!("{a} to {b}{}", row.unit.suffix()),
        None => return 0.0,
    };
    // The parts are laid out one by one; each is rounded.
    ui.painter().layout_no_wrap(words, theme(ui).small(), Color32::WHITE).size().x + 4.0
}

/// `−0.30 to 0.30 m`, both ends live.
fn range(ui: &mut Ui, left: f32, right: f32, y: f32, row: &Row, faded: f32, out: &mut Out) {
    let t = theme(ui);
    let ink = |c: Color32| c.gamma_multiply(faded);
    if let Some(flags) = scene_legend::flags(row) {
        let shown = flags.iter().filter(|f| !row.style.hidden.contains(&f.class())).count();
        let words = if shown == flags.len() {
            trn!(shown, "{shown} classes", "{shown} classes")
        } else {
            trn!(flags.len(), "{shown} of {} classes", "{shown} of {} classes", flags.len())
        };
        widgets::line(ui.painter(), left, y, &words, t.small(), ink(t.c.text_2), right - left);
        return;
    }
    let (Some([lo, hi]), Some((a, b))) = (row.style.range, row.range_text()) else {
        widgets::line(ui.painter(), left, y, tr!("range from the data"), t.small(), ink(t.c.text_3), right - left);
        return;
    };
    let width_of = |s: &str| ui.painter().layout_no_wrap(s.to_owned(), t.small(), t.c.text_1).size().x;
    let (wa, wb, wto) = (width_of(&a), width_of(&b), width_of(tr!(" to ")));
    let cell = |x: f32, w: f32| Rect::from_min_max(pos2(x, y - 12.0), pos2((x + w).min(right), y + 12.0));
    let width = hi - lo;
    let mut ends = [None, None];
    for (k, (x, w, end, word)) in
        [(left, wa, a, tr!("Minimum")), (left + wa + wto, wb, b, tr!("Maximum"))].into_iter().enumerate()
    {
        let scrub = Scrub {
            id: ui.scope_id().with(("range", row.id.0, k)),
            label: &tr!("{word} of {}", row.name),
            value: row.unit.shown([lo, hi][k]),
            step: width * row.unit.factor * 0.01,
            fine: width * row.unit.factor * 0.001,
            text: end,
        };
        let changed = scrub.show(ui, cell(x, w), t.small(), ink(t.c.text_2), false);
        ends[k] = changed.value.map(|v| row.unit.raw(v));
        out.settle |= changed.settled;
    }
    widgets::line(ui.painter(), left + wa, y, tr!(" to "), t.small(), ink(t.c.text_3), wto + 2.0);
    let unit_left = left + wa + wto + wb;
    widgets::line(ui.painter(), unit_left, y, &row.unit.suffix(), t.small(), ink(t.c.text_3), right - unit_left);
    send_range(row, [ends[0].unwrap_or(lo), ends[1].unwrap_or(hi)], ends != [None, None] && !row.locked, out);
}

/// Sends a new range when it makes sense.
pub fn send_range(row: &Row, range: [f64; 2], changed: bool, out: &mut Out) {
    let positive = !row.style.log || range[0] > 0.0;
    if changed && range[0] < range[1] && positive {
        let patch = StylePatch { range: Some(range), ..StylePatch::default() };
        out.send(Command::SetStyle { layer: row.id, patch });
    }
}
