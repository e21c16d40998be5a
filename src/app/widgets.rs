//! The few widgets of our own: icon buttons, segments, chips, key badges, text on a painter.

use std::sync::Arc;

use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Align2, Color32, CornerRadius, FontId, Galley, Painter, Pos2, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui,
    Vec2, WidgetInfo, pos2, vec2,
};

use crate::icons;
use crate::lang;
use crate::theme::{Theme, theme};

/// One line of text cut with an ellipsis at `width`.
pub fn elided(painter: &Painter, text: &str, font: FontId, colour: Color32, width: f32) -> Arc<Galley> {
    let mut job = LayoutJob::simple_singleline(text.to_owned(), font, colour);
    job.wrap = TextWrapping { max_width: width.max(0.0), max_rows: 1, break_anywhere: true, ..TextWrapping::default() };
    painter.layout_job(job)
}

/// Paints one elided line vertically centred at `y`; returns its right end.
pub fn line(painter: &Painter, left: f32, y: f32, text: &str, font: FontId, colour: Color32, width: f32) -> f32 {
    let galley = elided(painter, text, font, colour, width);
    let size = galley.size();
    painter.galley(pos2(left, (y - size.y / 2.0).round()), galley, colour);
    left + size.x
}

/// Paints an icon centred at `at`.
pub fn icon(painter: &Painter, at: Pos2, action: &str, size: f32, colour: Color32) {
    painter.text(at, Align2::CENTER_CENTER, icons::glyph(action), icons::font(size), colour);
}

/// The ring around the widget that has the keyboard focus.
pub fn focus_ring(ui: &Ui, response: &Response, radius: f32) {
    if response.has_focus() {
        let c = theme(ui).c.focus;
        ui.painter().rect_stroke(response.rect.expand(1.0), radius + 1.0, Stroke::new(2.0, c), StrokeKind::Outside);
    }
}

/// Tells AccessKit what a painted control is.
pub fn describe(response: &Response, kind: Role, label: &str) {
    let enabled = response.enabled();
    response.widget_info(|| WidgetInfo::labeled(kind, enabled, label));
}

/// Tooltip text with the shortcut of a command of the table.
pub fn tip(id: &str) -> String {
    match seaglass_core::command::entry_of(id) {
        Some(e) if e.keys.is_empty() => lang::t(e.title).to_owned(),
        Some(e) => format!(
            "{}   {}",
            lang::t(e.title).trim_end_matches('…'),
            lang::keys(e.keys.split(" / ").next().unwrap_or_default())
        ),
        None => id.to_owned(),
    }
}

/// An icon button of `side` points; `on` shows it as active.
pub fn icon_button(ui: &mut Ui, action: &str, label: &str, side: f32, on: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::click());
    icon_button_at(ui, rect, response, action, label, on)
}

/// Paints an icon button where `response` already lies.
pub fn icon_button_at(ui: &Ui, rect: Rect, response: Response, action: &str, label: &str, on: bool) -> Response {
    let t = theme(ui);
    let enabled = response.enabled();
    describe(&response, Role::Button, label);
    let fill = if on {
        t.c.selection
    } else if response.is_pointer_button_down_on() {
        t.c.pressed
    } else if response.hovered() {
        t.c.hover
    } else {
        Color32::TRANSPARENT
    };
    ui.painter().rect_filled(rect, 6.0, fill);
    let colour = if !enabled {
        t.c.text_disabled
    } else if on {
        t.c.accent
    } else if response.hovered() {
        t.c.text_1
    } else {
        t.c.text_2
    };
    icon(ui.painter(), rect.center(), action, t.size.icon_button, colour);
    focus_ring(ui, &response, 6.0);
    if enabled { response.on_hover_text(label) } else { response }
}

/// A text button; `primary` is filled with the accent.
pub fn button(ui: &mut Ui, label: &str, icon_name: Option<&str>, primary: bool) -> Response {
    let t = theme(ui);
    let galley = ui.painter().layout_no_wrap(label.to_owned(), t.strong(), t.c.text_1);
    let icon_width = if icon_name.is_some() { 22.0 } else { 0.0 };
    let size = vec2(galley.size().x + icon_width + 24.0, t.size.control);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    describe(&response, Role::Button, label);
    let down = response.is_pointer_button_down_on();
    let hover = response.hovered();
    let (fill, ink, stroke) = match (primary, ui.is_enabled()) {
        (_, false) => (t.c.surface_2, t.c.text_disabled, t.c.border),
        (true, _) if down => (t.c.accent_pressed, t.c.on_accent, Color32::TRANSPARENT),
        (true, _) if hover => (t.c.accent_hover, t.c.on_accent, Color32::TRANSPARENT),
        (true, _) => (t.c.accent, t.c.on_accent, Color32::TRANSPARENT),
        (false, _) if down => (t.c.pressed, t.c.text_1, t.c.border),
        (false, _) if hover => (t.c.hover, t.c.text_1, t.c.border),
        (false, _) => (t.c.surface_2, t.c.text_1, t.c.border),
    };
    ui.painter().rect(rect, 6.0, fill, Stroke::new(1.0, stroke), StrokeKind::Inside);
    if let Some(name) = icon_name {
        icon(ui.painter(), pos2(rect.left() + 20.0, rect.center().y), name, t.size.icon, ink);
    }
    line(ui.painter(), rect.left() + 12.0 + icon_width, rect.center().y, label, t.strong(), ink, 400.0);
    focus_ring(ui, &response, 6.0);
    response
}

/// Gives a field that has just appeared the keyboard, with its text selected: typing replaces it.
pub fn begin_typing(ui: &Ui, response: &Response, text: &str) {
    response.request_focus();
    let mut edit = egui::text_edit::TextEditState::load(ui.ctx(), response.id).unwrap_or_default();
    let (start, end) = (egui::text::CCursor::new(0), egui::text::CCursor::new(text.chars().count()));
    edit.cursor.set_char_range(Some(egui::text::CCursorRange::two(start, end)));
    edit.store(ui.ctx(), response.id);
}

/// Words that act: "Jump to". Painted at `right_centre`, right-aligned; returns the response.
pub fn link_at(ui: &Ui, right_centre: Pos2, text: &str, id: egui::Id, label: &str) -> Response {
    let t = theme(ui);
    let galley = ui.painter().layout_no_wrap(text.to_owned(), t.strong(), t.c.accent);
    let rect = Rect::from_center_size(
        pos2(right_centre.x - galley.size().x / 2.0, right_centre.y),
        vec2(galley.size().x, t.size.hit_target_min),
    );
    let response = ui.interact(rect, id, Sense::click()).on_hover_cursor(egui::CursorIcon::PointingHand);
    describe(&response, Role::Link, label);
    let colour = if response.hovered() { t.c.accent_hover } else { t.c.accent };
    ui.painter().galley(pos2(rect.left(), (rect.center().y - galley.size().y / 2.0).round()), galley, colour);
    if response.hovered() {
        ui.painter().hline(rect.x_range(), rect.center().y + 7.0, Stroke::new(1.0, colour));
    }
    focus_ring(ui, &response, 4.0);
    response
}

/// A row of choices in one outlined box; returns the index clicked.
pub fn segments(
    ui: &mut Ui,
    labels: &[&str],
    selected: Option<usize>,
    width: Option<f32>,
    names: &str,
) -> Option<usize> {
    let t = theme(ui);
    let natural: Vec<f32> = labels
        .iter()
        .map(|l| ui.painter().layout_no_wrap((*l).to_owned(), t.strong(), t.c.text_1).size().x + 20.0)
        .collect();
    let total = width.unwrap_or_else(|| natural.iter().sum::<f32>() + 4.0);
    let widths: Vec<f32> =
        if width.is_some() { vec![(total - 4.0) / labels.len() as f32; labels.len()] } else { natural };
    let (rect, _) = ui.allocate_exact_size(vec2(total, t.size.control), Sense::hover());
    ui.painter().rect(rect, 6.0, t.c.surface_2, Stroke::new(1.0, t.c.border), StrokeKind::Inside);
    let mut x = rect.left() + 2.0;
    let mut chosen = None;
    for (k, (label, w)) in labels.iter().zip(&widths).enumerate() {
        let cell = Rect::from_min_size(pos2(x, rect.top() + 2.0), vec2(*w, rect.height() - 4.0));
        let id = ui.scope_id().with((names, k));
        let response = ui.interact(cell, id, Sense::click());
        let on = selected == Some(k);
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, on, tr!("{names}: {label}")));
        if on {
            ui.painter().rect_filled(cell, 4.0, t.c.pressed);
        } else if response.hovered() {
            ui.painter().rect_filled(cell, 4.0, t.c.hover);
        }
        let (font, ink) = if on { (t.strong(), t.c.text_1) } else { (t.body(), t.c.text_2) };
        ui.painter().text(cell.center(), Align2::CENTER_CENTER, *label, font, ink);
        focus_ring(ui, &response, 4.0);
        if response.clicked() {
            chosen = Some(k);
        }
        x += w;
    }
    chosen
}

/// A chip: a pill that is on or off, or just acts.
pub fn chip(ui: &mut Ui, label: &str, on: bool) -> Response {
    let t = theme(ui);
    let tick = if on { 18.0 } else { 0.0 };
    let galley = ui.painter().layout_no_wrap(label.to_owned(), t.body(), t.c.text_1);
    let (rect, response) =
        ui.allocate_exact_size(vec2(galley.size().x + 20.0 + tick, t.size.control_small), Sense::click());
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, enabled, on, label));
    let (fill, stroke, ink) = match (enabled, on) {
        (false, _) => (Color32::TRANSPARENT, t.c.border_subtle, t.c.text_disabled),
        (true, true) => (t.c.selection, t.c.selection_border, t.c.accent),
        (true, false) if response.hovered() => (t.c.hover, t.c.border, t.c.text_1),
        (true, false) => (Color32::TRANSPARENT, t.c.border, t.c.text_2),
    };
    ui.painter().rect(rect, 12.0, fill, Stroke::new(1.0, stroke), StrokeKind::Inside);
    if on {
        icon(ui.painter(), pos2(rect.left() + 17.0, rect.center().y), "checked", 12.0, ink);
    }
    line(ui.painter(), rect.left() + 10.0 + tick, rect.center().y, label, t.body(), ink, 300.0);
    focus_ring(ui, &response, 12.0);
    response
}

/// A key badge (`Ctrl O`) whose right end is at `right_centre`; returns its left end.
pub fn key_badge(painter: &Painter, t: &Theme, right_centre: Pos2, keys: &str) -> f32 {
    let keys = lang::keys(keys);
    let keys = if keys.len() > 1 { keys.replace('+', " ") } else { keys.to_owned() };
    let galley = painter.layout_no_wrap(keys, t.small(), t.c.text_3);
    let size = vec2(galley.size().x + 12.0, 18.0);
    let rect = Rect::from_min_size(pos2(right_centre.x - size.x, right_centre.y - 9.0), size);
    painter.rect_stroke(rect, 4.0, Stroke::new(1.0, t.c.border), StrokeKind::Inside);
    painter.galley(pos2(rect.left() + 6.0, (rect.center().y - galley.size().y / 2.0).round()), galley, t.c.text_3);
    rect.left()
}

/// A slider: rail of 2, filled in the accent up to a round knob of 14.
pub fn slider(ui: &mut Ui, label: &str, value: &mut f64, range: std::ops::RangeInclusive<f64>, width: f32) -> Response {
    let t = theme(ui);
    let (rect, mut response) = ui.allocate_exact_size(vec2(width, t.size.control), Sense::click_and_drag());
    let rail = Rect::from_x_y_ranges((rect.left() + 7.0)..=(rect.right() - 7.0), rect.y_range());
    let (lo, hi) = (*range.start(), *range.end());
    let before = *value;
    if let Some(p) = response.interact_pointer_pos() {
        let f = f64::from(((p.x - rail.left()) / rail.width().max(1.0)).clamp(0.0, 1.0));
        *value = lo + f * (hi - lo);
    }
    if response.has_focus() {
        let steps =
            ui.input(|i| i.num_presses(egui::Key::ArrowRight) as f64 - i.num_presses(egui::Key::ArrowLeft) as f64);
        *value = (*value + steps * (hi - lo) / 20.0).clamp(lo, hi);
    }
    if *value != before {
        response.mark_changed();
    }
    let shown = *value;
    response.widget_info(|| WidgetInfo::slider(true, shown, label));
    let x = egui::lerp(rail.x_range(), ((*value - lo) / (hi - lo)).clamp(0.0, 1.0) as f32);
    let y = rect.center().y;
    ui.painter().hline(rail.x_range(), y, Stroke::new(2.0, t.c.border_strong));
    ui.painter().hline(rail.left()..=x, y, Stroke::new(2.0, t.c.accent));
    let knob = if response.hovered() || response.dragged() { t.c.accent_hover } else { t.c.text_1 };
    ui.painter().circle(pos2(x, y), 7.0, knob, Stroke::new(1.0, t.c.surface_3));
    focus_ring(ui, &response, 6.0);
    response
}

/// A hairline across `rect` at `y`.
pub fn hairline(painter: &Painter, t: &Theme, x: impl Into<egui::Rangef>, y: f32) {
    painter.hline(x, y, Stroke::new(1.0, t.c.border_subtle));
}

/// A menu line: label left, shortcut right.
pub fn menu_item(ui: &mut Ui, label: &str, keys: &str, enabled: bool) -> bool {
    let button = egui::Button::new(label).frame_when_inactive(false).min_size(vec2(220.0, 28.0));
    // An empty shortcut would leave a blank at the end of the accessible name.
    let button = if keys.is_empty() { button } else { button.shortcut_text(lang::keys(keys)) };
    let response = ui.add_enabled(enabled, button);
    if response.clicked() {
        ui.close();
    }
    response.clicked()
}

/// A number that is dragged, scrolled or typed, without a frame; `format` shows it. Returns the new value while it
/// changes, and whether the change has ended.
pub struct Scrub<'a> {
    /// Identity.
    pub id: egui::Id,
    /// AccessKit name.
    pub label: &'a str,
    /// Current value.
    pub value: f64,
    /// One step of the wheel.
    pub step: f64,
    /// A finer step with Shift.
    pub fine: f64,
    /// Shows the value.
    pub text: String,
}

/// What a [`Scrub`] did in this frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scrubbed {
    /// New value.
    pub value: Option<f64>,
    /// A drag or a typed entry has ended: the undo step is complete.
    pub settled: bool,
}

impl Scrub<'_> {
    /// Shows the number in `rect`, right-aligned when `right`.
    pub fn show(self, ui: &mut Ui, rect: Rect, font: FontId, colour: Color32, right: bool) -> Scrubbed {
        let t = theme(ui);
        let editing: Option<String> = ui.data(|d| d.get_temp(self.id));
        if let Some(text) = editing {
            return self.edit(ui, rect, text);
        }
        // Short numbers are no smaller to hit.
        let least = t.size.hit_target_min;
        let hit = rect.expand2(((Vec2::splat(least) - rect.size()) / 2.0).max(Vec2::ZERO));
        let response = ui
            .interact(hit, self.id, Sense::click_and_drag())
            .on_hover_and_drag_cursor(egui::CursorIcon::ResizeHorizontal);
        let (label, value) = (self.label.to_owned(), self.value);
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::SpinButton, true, &label);
            info.value = Some(value);
            info
        });
        let mut out = Scrubbed::default();
        let shift = ui.input(|i| i.modifiers.shift);
        let step = if shift { self.fine } else { self.step };
        if response.dragged() && response.drag_delta().x != 0.0 {
            out.value = Some(self.value + f64::from(response.drag_delta().x) * step / 4.0);
        }
        out.settled = response.drag_stopped();
        if response.hovered() {
            let scroll = ui.input_mut(|i| std::mem::take(&mut i.smooth_scroll_delta));
            let notches = f64::from(if scroll.y.abs() > scroll.x.abs() { scroll.y } else { scroll.x }) / 40.0;
            if notches != 0.0 {
                out.value = Some(self.value + notches * step);
            }
        }
        if response.double_clicked() || (response.has_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter))) {
            ui.data_mut(|d| d.insert_temp(self.id, self.text.clone()));
        }
        let ink = if response.hovered() || response.dragged() { t.c.text_1 } else { colour };
        let galley = elided(ui.painter(), &self.text, font, ink, rect.width() + 4.0);
        let x = if right { rect.right() - galley.size().x } else { rect.left() };
        ui.painter().galley(pos2(x, (rect.center().y - galley.size().y / 2.0).round()), galley, ink);
        focus_ring(ui, &response, 4.0);
        out
    }

    fn edit(self, ui: &mut Ui, rect: Rect, mut text: String) -> Scrubbed {
        let rect = rect.expand2(vec2(4.0, 3.0));
        let edit = egui::TextEdit::singleline(&mut text).margin(egui::Margin::symmetric(4, 2)).id(self.id.with("edit"));
        let response = ui.put(rect, edit);
        if !response.lost_focus() && !response.has_focus() {
            response.request_focus();
        }
        let (enter, escape) = ui.input(|i| (i.key_pressed(egui::Key::Enter), i.key_pressed(egui::Key::Escape)));
        if response.lost_focus() || enter || escape {
            ui.data_mut(|d| d.remove::<String>(self.id));
            let digits: String = text
                .chars()
                .take_while(|c| !c.is_alphabetic() || *c == 'e')
                .filter(|c| *c != '%' && *c != '°')
                .collect();
            let value = crate::text::parse_number(&digits).filter(|_| !escape && text != self.text);
            return Scrubbed { value, settled: true };
        }
        ui.data_mut(|d| d.insert_temp(self.id, text));
        Scrubbed::default()
    }
}

/// The colours of a map as a horizontal mesh.
pub fn colour_bar(painter: &Painter, rect: Rect, map: &seaglass_core::colormap::Colormap, reversed: bool, alpha: f32) {
    let mut mesh = egui::Mesh::default();
    let steps = 64;
    for k in 0..=steps {
        let x = k as f32 / steps as f32;
        let [r, g, b] = map.colour(f64::from(x), reversed);
        let colour = Color32::from_rgb(r, g, b).gamma_multiply(alpha);
        let px = egui::lerp(rect.x_range(), x);
        mesh.colored_vertex(pos2(px, rect.top()), colour);
        mesh.colored_vertex(pos2(px, rect.bottom()), colour);
        if k > 0 {
            let v = 2 * k;
            mesh.add_triangle(v - 2, v - 1, v);
            mesh.add_triangle(v - 1, v, v + 1);
        }
    }
    painter.add(egui::Shape::mesh(mesh));
}

/// Rounds the corners of what was painted at `rect` with the colour around it.
pub fn outline(painter: &Painter, rect: Rect, radius: impl Into<CornerRadius>, colour: Color32) {
    painter.rect_stroke(rect, radius, Stroke::new(1.0, colour), StrokeKind::Inside);
}
