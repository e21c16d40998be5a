//! One strip a layer: a bar for each granule, or their density where they are too many.

use std::collections::HashSet;
use std::path::Path;

use egui::{Color32, Rect, Role, Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use seaglass_core::catalogue::Collection;
use seaglass_core::granule::{Granule, GranuleId};
use seaglass_core::passes::Pass;
use seaglass_core::project::LayerId;
use seaglass_core::time::TimeSpan;

use super::Scale;
use crate::model::{Model, Row};
use crate::state::UiState;
use crate::text;
use crate::theme::theme;
use crate::widgets;

/// Height of the one strip that stands for all, where there is no room for more.
pub const MERGED: f32 = 8.0;

/// A granule under the pointer.
#[derive(Clone, Copy, Debug)]
pub struct Hit {
    /// Layer of the strip.
    pub layer: LayerId,
    /// The granule.
    pub granule: GranuleId,
    /// Its time.
    pub span: Option<TimeSpan>,
    /// Top of its bar.
    pub top: f32,
}

/// Shows strips and their labels; answers the granule under the pointer.
pub fn show(ui: &mut Ui, rect: Rect, labels: Rect, scale: &Scale, model: &Model, state: &mut UiState) -> Option<Hit> {
    let count = model.rows.len().max(1) as f32;
    let height = if rect.height() / count >= 24.0 { 24.0 } else { 16.0 };
    let pointer = ui.input(|i| i.pointer.hover_pos()).filter(|p| rect.contains(*p));
    if rect.height() < 24.0 && (count > 1.0 || rect.height() < 16.0) {
        if rect.height() >= MERGED - 0.5 {
            merged(ui, rect, scale, model);
        }
        return None;
    }
    let lines = label_column(ui, rect, labels, height, model, state);
    let mut hit = None;
    for (row, y) in model.rows.iter().zip(lines) {
        let strip = Rect::from_x_y_ranges(rect.x_range(), y..=y + height);
        if strip.intersects(rect) {
            hit = hit.or(one(ui, rect, strip, scale, row, model, state, pointer));
        }
    }
    tooltip(ui, rect, scale, hit, model, state);
    if state.hovered_granule.is_some() && hit.is_none() {
        state.hovered_granule = None;
    }
    hit
}

/// The labels, in a list that scrolls when there are more than fit: over the strips the wheel zooms time. Answers the
/// tops of the lines.
fn label_column(ui: &mut Ui, rect: Rect, labels: Rect, height: f32, model: &Model, state: &mut UiState) -> Vec<f32> {
    let column = Rect::from_x_y_ranges(labels.x_range(), rect.y_range());
    let mut tops = Vec::with_capacity(model.rows.len());
    ui.scope_builder(UiBuilder::new().max_rect(column), |ui| {
        ui.set_clip_rect(column.intersect(ui.clip_rect()));
        // The bar has room of its own beside the numbers, and is seen before anybody looks for it.
        let solid = egui::style::ScrollStyle::solid();
        ui.spacing_mut().scroll =
            egui::style::ScrollStyle { bar_width: 6.0, bar_inner_margin: 2.0, foreground_color: true, ..solid };
        ui.visuals_mut().widgets.inactive.fg_stroke.color = theme(ui).c.border_strong;
        ui.spacing_mut().item_spacing.y = 0.0;
        let seen = ui.scope_id().with("seen");
        let before: Option<LayerId> = ui.data(|d| d.get_temp(seen));
        egui::ScrollArea::vertical().id_salt("strips").auto_shrink(false).show(ui, |ui| {
            for row in &model.rows {
                let (line, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
                tops.push(line.top());
                let chosen = state.selected == Some(row.id);
                if chosen && before != Some(row.id) {
                    response.scroll_to_me(None);
                }
                if ui.is_rect_visible(line) {
                    let twin = model.rows.iter().filter(|r| r.name == row.name).count() > 1;
                    label(ui, line, row, twin, is_timeless(model, row), state);
                }
            }
        });
        if let Some(selected) = state.selected {
            ui.data_mut(|d| d.insert_temp(seen, selected));
        }
    });
    tops
}

/// Whether the data of a layer have no time: what their files say of it is nothing.
fn is_timeless(model: &Model, row: &Row) -> bool {
    let collection = model.session.catalogue().collections.get(&row.collection);
    collection.is_some_and(|c| {
        let mut granules = c.with_field(&row.field_name).peekable();
        granules.peek().is_some() && granules.all(|g| g.span.is_none())
    })
}

#[allow(clippy::too_many_arguments, reason = "one strip, where it lies and what decides its colours")]
fn one(
    ui: &Ui,
    rect: Rect,
    strip: Rect,
    scale: &Scale,
    row: &Row,
    model: &Model,
    state: &UiState,
    pointer: Option<egui::Pos2>,
) -> Option<Hit> {
    let t = theme(ui);
    let painter = ui.painter().with_clip_rect(rect);
    if state.selected == Some(row.id) {
        painter.rect_filled(strip, 0.0, t.c.selection.gamma_multiply(0.5));
    }
    painter.hline(strip.x_range(), strip.bottom() - 0.5, Stroke::new(1.0, t.c.border_subtle));
    if is_timeless(model, row) {
        let words = tr!("No time in the file: always shown");
        widgets::line(
            &painter,
            strip.left() + 12.0,
            strip.center().y,
            words,
            t.small(),
            t.c.text_3,
            strip.width() - 24.0,
        );
        return None;
    }
    let collection = model.session.catalogue().collections.get(&row.collection)?;
    let hit = strip_of(ui, rect, strip, scale, row, collection, model, state, pointer);
    crate::colocate::marks::paint(&painter, t, strip, &|s| scale.x(s), row.id, model, state);
    hit
}

fn label(ui: &mut Ui, rect: Rect, row: &Row, twin: bool, timeless: bool, state: &mut UiState) {
    let t = theme(ui);
    let response = ui.interact(rect, ui.scope_id().with(("strip", row.id.0)), Sense::click());
    let selected = state.selected == Some(row.id);
    let no_time = if timeless { tr!(", no time in the file: always shown") } else { "" };
    let words = tr!("Timeline of {}{no_time}", row.name);
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, selected, &words));
    let dim = !row.visible || (row.status.shown == 0 && !timeless);
    let ink = if selected {
        t.c.text_1
    } else if dim {
        t.c.text_3
    } else {
        t.c.text_2
    };
    let mut right = rect.right() - 12.0;
    if !timeless {
        let galley = ui.painter().layout_no_wrap(row.status.shown.to_string(), t.small(), t.c.text_3);
        right -= galley.size().x;
        ui.painter().galley(pos2(right, (rect.center().y - galley.size().y / 2.0).round()), galley, t.c.text_3);
    }
    let font = if selected { t.strong() } else { t.small() };
    let (left, y) = (rect.left() + 36.0, rect.center().y);
    let end = widgets::line(ui.painter(), left, y, &row.name, font, ink, right - left - 8.0);
    // The product tells apart what has the same name.
    if twin && right - end > 40.0 {
        widgets::line(ui.painter(), end + 8.0, y, &row.product, t.small(), t.c.text_3, right - end - 16.0);
    }
    if response.clicked() {
        state.selected = Some(row.id);
    }
}

#[allow(clippy::too_many_arguments, reason = "one strip and what decides its colours")]
fn strip_of(
    ui: &Ui,
    rect: Rect,
    strip: Rect,
    scale: &Scale,
    row: &Row,
    collection: &Collection,
    model: &Model,
    state: &UiState,
    pointer: Option<egui::Pos2>,
) -> Option<Hit> {
    let t = theme(ui);
    let timeline = &model.session.project().timeline;
    let drawn: HashSet<GranuleId> = if row.visible {
        collection.shown_at(&row.field_name, &row.style, timeline).iter().map(|g| g.id).collect()
    } else {
        HashSet::new()
    };
    let outside = t.c.avail_some.gamma_multiply(t.granule_outside);
    let painter = ui.painter().with_clip_rect(strip.intersect(rect));
    let in_view: Vec<&Granule> = collection
        .drawable(&row.field_name)
        .filter(|g| g.span.is_some_and(|s| s.start.unix_seconds() <= scale.t1 && s.stop.unix_seconds() >= scale.t0))
        .collect();
    let reading = row.status.loading > 0;
    if in_view.len() as f32 > strip.width() / 3.0 {
        density(&painter, strip, scale, &in_view, &drawn, t.c.accent, outside);
        return pointer
            .filter(|p| strip.contains(*p))
            .and_then(|p| nearest(&in_view, scale, p.x, row, strip.center().y - 4.0));
    }
    let mut hit = None;
    let height = if in_view.len() > 40 {
        8.0
    } else if in_view.iter().any(|g| wide(g)) {
        6.0
    } else {
        8.0
    };
    for g in in_view {
        let Some(span) = g.span else { continue };
        let bar = bar_rect(strip, scale, span, height);
        let on = drawn.contains(&g.id);
        let mut colour = if on { t.c.accent } else { outside };
        if on && reading {
            let pulse = (ui.input(|i| i.time) * std::f64::consts::TAU / 1.2).cos() as f32;
            colour = colour.gamma_multiply(0.8 + 0.2 * pulse);
        }
        if on && row.status.failed > 0 && row.status.failed >= row.status.shown {
            painter.rect_stroke(bar, 1.0, Stroke::new(1.0, t.c.error), StrokeKind::Inside);
        } else {
            painter.rect_filled(bar, 1.0, colour);
        }
        let over = pointer.is_some_and(|p| bar.expand2(vec2(2.0, 5.0)).contains(p));
        if over || state.selected_granule == Some(g.id) || state.hovered_granule == Some(g.id) {
            painter.rect_stroke(bar.expand(2.0), 3.0, Stroke::new(1.5, t.c.text_1), StrokeKind::Outside);
        }
        if over {
            hit = Some(Hit { layer: row.id, granule: g.id, span: g.span, top: bar.top() });
        }
    }
    hit
}

/// Granules of half a day and more are grids.
fn wide(g: &Granule) -> bool {
    g.span.is_some_and(|s| s.seconds() > 43_000.0)
}

fn bar_rect(strip: Rect, scale: &Scale, span: TimeSpan, height: f32) -> Rect {
    let (a, b) = (scale.x(span.start.unix_seconds()), scale.x(span.stop.unix_seconds()));
    // A gap of one point keeps neighbours apart.
    let (a, b) = if b - a > 4.0 {
        (a + 0.5, b - 0.5)
    } else {
        (a - (2.0 - (b - a)).max(0.0) / 2.0, b + (2.0 - (b - a)).max(0.0) / 2.0)
    };
    Rect::from_x_y_ranges(a..=b.max(a + 2.0), (strip.center().y - height / 2.0)..=(strip.center().y + height / 2.0))
}

fn density(
    painter: &egui::Painter,
    strip: Rect,
    scale: &Scale,
    granules: &[&Granule],
    drawn: &HashSet<GranuleId>,
    on: Color32,
    off: Color32,
) {
    let columns = (strip.width() / 2.0).ceil() as usize + 1;
    let mut counts = vec![(0u32, false); columns];
    for g in granules {
        let Some(span) = g.span else { continue };
        let column = |s: f64| (((scale.x(s) - strip.left()) / 2.0).max(0.0) as usize).min(columns - 1);
        for c in &mut counts[column(span.start.unix_seconds())..=column(span.stop.unix_seconds())] {
            c.0 += 1;
            c.1 |= drawn.contains(&g.id);
        }
    }
    let most = counts.iter().map(|c| c.0).max().unwrap_or(1).max(1) as f32;
    for (k, (n, shown)) in counts.iter().enumerate().filter(|(_, c)| c.0 > 0) {
        let height = 2.0 + 6.0 * *n as f32 / most;
        let cell =
            Rect::from_center_size(pos2(strip.left() + k as f32 * 2.0 + 1.0, strip.center().y), vec2(2.0, height));
        painter.rect_filled(cell, 0.0, if *shown { on } else { off });
    }
}

fn nearest(granules: &[&Granule], scale: &Scale, x: f32, row: &Row, top: f32) -> Option<Hit> {
    granules
        .iter()
        .filter_map(|g| Some((g, g.span?)))
        .map(|(g, s)| (g, s, (scale.x(s.middle().unix_seconds()) - x).abs()))
        .filter(|(.., d)| *d < 4.0)
        .min_by(|a, b| a.2.total_cmp(&b.2))
        .map(|(g, s, _)| Hit { layer: row.id, granule: g.id, span: Some(s), top })
}

/// All layers in one strip, where there is no room for more.
fn merged(ui: &Ui, strip: Rect, scale: &Scale, model: &Model) {
    let t = theme(ui);
    let timeline = &model.session.project().timeline;
    let mut seen = HashSet::new();
    for row in model.rows.iter().filter(|r| r.shown && seen.insert(r.collection.clone())) {
        let Some(c) = model.session.catalogue().collections.get(&row.collection) else { continue };
        let drawn = c.shown_at(&row.field_name, &row.style, timeline).iter().map(|g| g.id).collect();
        let list: Vec<&Granule> = c.drawable(&row.field_name).filter(|g| g.span.is_some()).collect();
        let off = t.c.avail_some.gamma_multiply(t.granule_outside);
        density(&ui.painter().with_clip_rect(strip), strip, scale, &list, &drawn, t.c.accent, off);
    }
}

fn tooltip(ui: &Ui, rect: Rect, scale: &Scale, hit: Option<Hit>, model: &Model, state: &mut UiState) {
    let Some(hit) = hit else { return };
    let t = theme(ui);
    state.hovered_granule = Some(hit.granule);
    let (Some(row), Some(span)) = (model.row(hit.layer), hit.span) else { return };
    let still = ui.input(|i| i.pointer.time_since_last_movement());
    let delay = t.motion.granule_tooltip_delay / 1000.0;
    if still < delay {
        ui.ctx().request_repaint_after_secs(delay - still + 0.01);
        return;
    }
    let name = model
        .session
        .catalogue()
        .granule(hit.granule)
        .and_then(|g| g.path.file_name().map(|n| n.to_string_lossy().into_owned()))
        .unwrap_or_default();
    let pass = Pass::of(Path::new(&name)).map_or_else(String::new, |p| format!(", {}", p.text()));
    let short: String = if name.chars().count() > 48 { name.chars().take(47).chain(['…']).collect() } else { name };
    let offset = span.offset_seconds(model.now());
    let when = if offset == 0.0 {
        tr!("instant" => "Now").to_owned()
    } else {
        let far = text::duration(offset);
        if offset < 0.0 { tr!("{far} before now") } else { tr!("{far} after now") }
    };
    let start = span.start.to_string();
    let lines = format!(
        "{}, {}\n{}, {}{pass}\n{short}\n{when}",
        row.name,
        row.product,
        start.get(5..).unwrap_or(&start),
        text::duration(span.seconds())
    );
    let x = scale.x(span.middle().unix_seconds()).clamp(rect.left(), rect.right());
    let leader = Stroke::new(1.0, t.c.text_3);
    ui.painter().extend(egui::Shape::dashed_line(&[pos2(x, rect.top() - 24.0), pos2(x, hit.top)], leader, 2.0, 3.0));
    super::tooltip(ui, pos2(x, rect.top() - 24.0), &lines);
}
