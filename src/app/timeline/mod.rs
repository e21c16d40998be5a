//! The timeline: controls, axis, one strip a layer, window and clock (window design §7).

mod axis;
pub mod calendar;
mod controls;
mod folds;
mod scale;
mod strips;

use egui::{
    CursorIcon, Key, PointerButton, Pos2, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2,
    vec2,
};
use seaglass_core::command::Command;
use seaglass_core::time::{Time, TimeSpan};
use seaglass_core::timeline::{Anchor, Timeline};

use scale::Scale;

use crate::model::Model;
use crate::state::{Out, UiState};
use crate::text;
use crate::theme::theme;
use crate::widgets;

/// Height of the controls.
pub const CONTROLS: f32 = 40.0;
/// Height of the axis.
const AXIS: f32 = 24.0;
/// Top of the lane of clock and handles below the labels of the axis.
const LANE: f32 = 13.0;

/// Height of the timeline for the height of the window.
pub fn default_height(window_height: f32) -> f32 {
    match window_height {
        ..700.0 => CONTROLS + AXIS + strips::MERGED,
        ..800.0 => 120.0,
        ..1000.0 => 168.0,
        ..1500.0 => 192.0,
        _ => 240.0,
    }
}

/// Shows the timeline in the whole panel.
pub fn show(ui: &mut Ui, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let rect = ui.max_rect();
    ui.painter().rect_filled(rect, 0.0, t.c.surface_1);
    widgets::hairline(ui.painter(), t, rect.x_range(), rect.top() + 0.5);
    let split = rect.left() + label_width(rect, state);
    ui.painter().vline(split - 0.5, rect.y_range(), Stroke::new(1.0, t.c.border_subtle));
    let empty = model.session.catalogue().span().is_none();
    let height = if empty { rect.height() } else { CONTROLS };
    let controls = Rect::from_min_size(rect.min, vec2(rect.width(), height));
    controls::show(ui, controls, split, model, state, out, empty);
    if empty {
        let (x, y) = (split + 12.0, controls.center().y);
        let text = if model.is_empty() {
            tr!("The timeline opens with the first data.")
        } else {
            tr!("These data have no time.")
        };
        widgets::line(ui.painter(), x, y, text, t.body(), t.c.text_3, rect.right() - x);
        return;
    }
    // The calendar has its row where strips keep theirs.
    let bottom = if rect.height() >= calendar::FROM { rect.bottom() - calendar::ROW } else { rect.bottom() };
    let body = Rect::from_min_max(pos2(split, rect.top() + CONTROLS), pos2(rect.right(), bottom));
    let labels = Rect::from_min_max(pos2(rect.left(), body.top()), pos2(split - 1.0, bottom));
    let scale = view(ui, model, state, body);
    track(ui, body, labels, &scale, model, state, out);
    if bottom < rect.bottom() {
        let row = |across: Rect| Rect::from_x_y_ranges(across.x_range(), bottom..=rect.bottom());
        calendar::show(ui, row(body), row(labels), &scale, model, state, out);
    }
}

/// Width of the label column: that of the layers panel, when there is room.
fn label_width(rect: Rect, state: &UiState) -> f32 {
    let width = if state.left_open && !state.presentation { state.left_width } else { 240.0 };
    width.clamp(220.0, (rect.width() * 0.4).max(220.0))
}

/// The visible time: the user's, or fitted to the data of all layers, hidden ones too, so that hiding a layer moves
/// nothing; follows the clock when it leaves.
fn view(ui: &Ui, model: &Model, state: &mut UiState, rect: Rect) -> Scale {
    let timeline = &model.session.project().timeline;
    let now = timeline.now.unix_seconds();
    let data = model.session.catalogue().span().unwrap_or_else(|| timeline.window());
    let key = (data.start.micros(), data.stop.micros());
    let window = timeline.window();
    let outside = |(t0, t1): (f64, f64)| window.start.unix_seconds() < t0 || window.stop.unix_seconds() > t1;
    let held = ui.input(|i| i.pointer.any_down());
    let gaps = folds::wanted(model, state, rect.width());
    let own = match state.fitted {
        // A longer window asks for a longer axis, but not while its end is being dragged.
        Some((k, own)) if k == key && (held || timeline.playing || !outside(own)) => own,
        _ => fitted(model, data, &gaps),
    };
    state.fitted = Some((key, own));
    let (t0, t1) = state.time_view.unwrap_or(own);
    let moved = state.last_now != timeline.now.micros();
    state.last_now = timeline.now.micros();
    let scale = Scale::new(t0, t1, rect, gaps.clone());
    if moved && !(t0..=t1).contains(&now) {
        let (t0, t1) = scale.with_at(now, 0.7);
        state.time_view = Some((t0, t1));
        return Scale::new(t0, t1, rect, gaps);
    }
    scale
}

/// Shows the data of the visible layers.
pub(crate) fn fit(model: &Model, state: &mut UiState) {
    // How wide the axis is decides only how many gaps there is room for.
    let gaps = folds::wanted(model, state, 1000.0);
    state.time_view = model.session.time_span().map(|span| fitted(model, span, &gaps));
}

/// Visible time that shows a span and the window.
fn fitted(model: &Model, data: TimeSpan, gaps: &[scale::Gap]) -> (f64, f64) {
    let timeline = &model.session.project().timeline;
    let all = data.union(&timeline.window());
    let folded: f64 = gaps.iter().map(scale::Gap::seconds).sum();
    // Data of many years beside a short window: about the clock, not all of it.
    let wide = all.seconds() - folded > 400.0 * timeline.window_s;
    let (a, b) = if wide {
        let now = timeline.now.unix_seconds();
        (now - 60.0 * timeline.window_s, now + 40.0 * timeline.window_s)
    } else {
        (all.start.unix_seconds(), all.stop.unix_seconds())
    };
    let margin = if wide { 0.0 } else { (b - a - folded).max(0.0) * 0.04 };
    let margin = margin.max(timeline.window_s * 0.1).max(30.0);
    (a - margin, b + margin)
}

fn track(ui: &mut Ui, body: Rect, labels: Rect, scale: &Scale, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let axis_rect = Rect::from_min_size(body.min, vec2(body.width(), AXIS));
    let strips_rect = Rect::from_min_max(pos2(body.left(), body.top() + AXIS), body.max);
    let background = ui.interact(body, ui.scope_id().with("track"), Sense::click_and_drag());
    describe_track(&background, model);
    let timeline = &model.session.project().timeline;
    let window = timeline.window();
    let clip = ui.painter().with_clip_rect(body);
    let (x0, x1) = (scale.x(window.start.unix_seconds()), scale.x(window.stop.unix_seconds()));
    let tinted = Rect::from_x_y_ranges(x0..=x1, body.y_range());
    clip.rect_filled(tinted, 0.0, t.c.accent.gamma_multiply(t.window_alpha));
    axis::show(ui, axis_rect, body, scale);
    let y = axis_rect.center().y;
    widgets::line(ui.painter(), labels.right() - 34.0, y, "UTC", t.small(), t.c.text_3, 30.0);
    // Lines lie under the bars: a granule that ends now is seen.
    let lane = (body.top() + LANE)..=body.bottom();
    for (_, end) in free_ends(timeline, window) {
        clip.vline(scale.x(end.unix_seconds()), lane.clone(), Stroke::new(1.0, t.c.accent));
    }
    clip.vline(scale.x(timeline.now.unix_seconds()), lane, Stroke::new(1.5, t.c.text_1));
    folds::show(ui, body, scale, state);
    let hit = strips::show(ui, strips_rect, labels, scale, model, state);
    folds::lap(ui, axis_rect, scale, model);
    let inside = ui.interact(tinted.intersect(body), ui.scope_id().with("window"), Sense::click_and_drag());
    inside.widget_info(|| WidgetInfo::labeled(Role::Group, true, tr!("Time window")));
    if inside.dragged() && inside.drag_delta().x != 0.0 {
        let now = scale.moved(timeline.now.unix_seconds(), inside.drag_delta().x);
        out.commands.extend(Time::from_unix_seconds(now).map(|now| Command::SetTime { now }));
    }
    if inside.dragged_by(PointerButton::Primary) {
        let x = scale.x(timeline.now.unix_seconds()).clamp(body.left(), body.right());
        tooltip(ui, pos2(x, body.top()), &tr!("{}\nWindow {}", timeline.now, text::duration(timeline.window_s)));
    }
    navigate(ui, &background, &inside, body, axis_rect, scale, hit, model, state, out);
    handles(ui, body, scale, window, model, out);
    head(ui, body, scale, model, out);
    read_axis(ui, axis_rect, scale, &background);
}

/// What time it is under the pointer, as people of the field count it.
fn read_axis(ui: &Ui, axis: Rect, scale: &Scale, background: &Response) {
    let (pointer, still, down) =
        ui.input(|i| (i.pointer.hover_pos(), i.pointer.time_since_last_movement(), i.pointer.any_down()));
    let Some(p) = pointer.filter(|p| axis.contains(*p) && !down) else { return };
    let covered = ui.ctx().layer_id_at(p).is_some_and(|layer| layer != background.layer_id);
    if covered || egui::Popup::is_any_open(ui.ctx()) {
        return;
    }
    let t = theme(ui);
    ui.painter().with_clip_rect(axis).vline(p.x, axis.y_range(), Stroke::new(1.0, t.c.border_strong));
    let delay = t.motion.granule_tooltip_delay / 1000.0;
    if still < delay {
        ui.ctx().request_repaint_after_secs(delay - still + 0.01);
        return;
    }
    if let Some(time) = Time::from_unix_seconds(scale.seconds(p.x)) {
        tooltip(ui, pos2(p.x, axis.top()), &text::instant_lines(time));
    }
}

fn describe_track(response: &Response, model: &Model) {
    let now = model.now().to_string();
    response.widget_info(|| WidgetInfo::labeled(Role::Group, true, tr!("Timeline, {now}")));
}

/// Pan, zoom, click, double click.
#[allow(clippy::too_many_arguments, reason = "the parts of one gesture")]
fn navigate(
    ui: &mut Ui,
    background: &Response,
    inside: &Response,
    body: Rect,
    axis: Rect,
    scale: &Scale,
    hit: Option<strips::Hit>,
    model: &Model,
    state: &mut UiState,
    out: &mut Out,
) {
    let pointer = ui.input(|i| i.pointer.hover_pos()).filter(|p| body.contains(*p) && background.contains_pointer());
    if background.dragged() && background.drag_delta().x != 0.0 {
        state.time_view = Some(scale.panned(-background.drag_delta().x));
    }
    if let Some(p) = pointer {
        let scroll = ui.input_mut(|i| std::mem::take(&mut i.smooth_scroll_delta));
        if scroll.y != 0.0 {
            state.time_view = Some(scale.zoomed((-f64::from(scroll.y) / 200.0).exp(), p.x));
        } else if scroll.x != 0.0 {
            state.time_view = Some(scale.panned(-scroll.x));
        }
    }
    for response in [background, inside] {
        response.context_menu(|ui| controls::timeline_menu(ui, model, state, out));
    }
    let clicked = background.clicked() || inside.clicked();
    let double = background.double_clicked() || inside.double_clicked();
    let at = background.interact_pointer_pos().or(inside.interact_pointer_pos());
    match (double, clicked, hit, at) {
        (true, _, Some(h), _) => {
            if let Some(span) = h.span {
                out.send(Command::SetTime { now: model.session.project().timeline.now_to_show(span) });
            }
        }
        (true, _, None, _) => fit(model, state),
        (_, true, Some(h), _) => {
            state.selected_granule = Some(h.granule);
            state.selected = Some(h.layer);
        }
        (_, true, None, Some(p)) if axis.contains(p) => {
            if let Some(now) = Time::from_unix_seconds(scale.seconds(p.x)) {
                out.send(Command::SetTime { now });
            }
        }
        (_, true, None, _) => state.selected_granule = None,
        _ => {}
    }
}

/// The window's free ends with their names.
fn free_ends(timeline: &Timeline, window: TimeSpan) -> Vec<(&'static str, Time)> {
    let (start, end) = ((tr!("Start of the window"), window.start), (tr!("End of the window"), window.stop));
    match timeline.anchor {
        Anchor::Trailing => vec![start],
        Anchor::Leading => vec![end],
        Anchor::Centred => vec![start, end],
    }
}

/// The handles of the window's free ends.
fn handles(ui: &mut Ui, body: Rect, scale: &Scale, window: TimeSpan, model: &Model, out: &mut Out) {
    let t = theme(ui);
    let timeline = &model.session.project().timeline;
    let now = timeline.now.unix_seconds();
    for (name, end) in free_ends(timeline, window) {
        let x = scale.x(end.unix_seconds());
        if !body.x_range().contains(x) {
            continue;
        }
        let painter = ui.painter().with_clip_rect(body);
        let knob = Rect::from_min_size(pos2(x - 3.0, body.top() + LANE), vec2(6.0, AXIS - LANE));
        let hit = Rect::from_center_size(knob.center(), vec2(24.0, 24.0));
        let response = ui
            .interact(hit, ui.scope_id().with(name), Sense::drag())
            .on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal);
        let length = timeline.window_s;
        response.widget_info(|| WidgetInfo::slider(true, length, name));
        let fill = if response.hovered() || response.dragged() { t.c.accent_hover } else { t.c.accent };
        painter.rect(knob, 3.0, fill, Stroke::new(1.0, t.c.surface_1), StrokeKind::Outside);
        widgets::focus_ring(ui, &response, 3.0);
        if let Some(p) = response.interact_pointer_pos().filter(|_| response.dragged()) {
            let reach = (scale.seconds(p.x) - now).abs().max(1.0);
            let window_s = if timeline.anchor == Anchor::Centred { reach * 2.0 } else { reach };
            out.send(Command::SetWindow { window_s });
            tooltip(ui, pos2(x, body.top()), &tr!("{end}\nWindow {}", text::duration(window_s)));
        }
    }
}

/// The shield-shaped head of the clock, in the lane below the labels.
fn head(ui: &mut Ui, body: Rect, scale: &Scale, model: &Model, out: &mut Out) {
    let t = theme(ui);
    let now = model.now();
    let x = scale.x(now.unix_seconds());
    if x < body.left() - 1.0 || x > body.right() + 1.0 {
        return;
    }
    let top = body.top() + LANE;
    let shield: Vec<Pos2> = [(-6.0, 0.0), (6.0, 0.0), (6.0, 5.0), (0.0, 11.0), (-6.0, 5.0)]
        .iter()
        .map(|(dx, dy)| pos2(x + dx, top + dy))
        .collect();
    ui.painter().add(Shape::convex_polygon(shield, t.c.text_1, Stroke::NONE));
    let hit = Rect::from_min_size(pos2(x - 12.0, body.top()), vec2(24.0, AXIS));
    let response = ui
        .interact(hit, ui.scope_id().with("clock head"), Sense::drag())
        .on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal);
    response.widget_info(|| WidgetInfo::slider(true, now.unix_seconds(), tr!("Clock")));
    widgets::focus_ring(ui, &response, 3.0);
    let keys = ui.input(|i| i.num_presses(Key::ArrowRight) as i32 - i.num_presses(Key::ArrowLeft) as i32);
    if response.has_focus() && keys != 0 {
        out.send(Command::StepTime { steps: keys });
    }
    if let Some(p) = response.interact_pointer_pos().filter(|_| response.dragged_by(PointerButton::Primary)) {
        let mut to = scale.seconds(p.x);
        if ui.input(|i| i.modifiers.shift) {
            to = snapped(model, to).unwrap_or(to);
        }
        if let Some(time) = Time::from_unix_seconds(to) {
            out.send(Command::SetTime { now: time });
            tooltip(ui, pos2(x, body.top()), &text::instant_lines(time));
        }
    }
}

/// Start of the granule nearest to a time.
fn snapped(model: &Model, to: f64) -> Option<f64> {
    let collections =
        model.rows.iter().filter(|r| r.shown).filter_map(|r| model.session.catalogue().collections.get(&r.collection));
    collections
        .flat_map(|c| c.granules.iter().filter_map(|g| g.span.map(|s| s.start.unix_seconds())))
        .min_by(|a, b| (a - to).abs().total_cmp(&(b - to).abs()))
}

/// A small card above the axis.
pub(crate) fn tooltip(ui: &Ui, at: Pos2, lines: &str) {
    let t = theme(ui);
    let layer = egui::LayerId::new(egui::Order::Tooltip, egui::Id::unique("timeline tooltip"));
    let painter = ui.ctx().layer_painter(layer);
    let galley = painter.layout_no_wrap(lines.to_owned(), t.body(), t.c.text_1);
    let size = galley.size() + vec2(24.0, 16.0);
    let screen = ui.ctx().content_rect();
    let left = (at.x - size.x / 2.0).clamp(screen.left() + 4.0, screen.right() - size.x - 4.0);
    let rect = Rect::from_min_size(pos2(left, at.y - size.y - 8.0), size);
    painter.add(t.popover_shadow().as_shape(rect, 8.0));
    painter.rect(rect, 8.0, t.c.surface_3, Stroke::new(1.0, t.c.border), StrokeKind::Inside);
    painter.galley(rect.min + vec2(12.0, 8.0), galley, t.c.text_1);
}
