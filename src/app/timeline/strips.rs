//! One strip a layer: a bar for each granule, or their density where they are too many.

use std::collections::HashSet;

use egui::{Color32, Rect, Role, Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use seaglass_core::catalogue::Collection;
use seaglass_core::granule::{Granule, GranuleId};
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
}

/// Shows strips and their labels; answers the granule under the pointer.
pub fn show(ui: &mut Ui, rect: Rect, labels: Rect, scale: Scale, model: &Model, state: &mut UiState) -> Option<Hit> {
    let t = theme(ui);
    let count = model.rows.len().max(1) as f32;
    let height = if rect.height() / count >= 24.0 { 24.0 } else { 16.0 };
    let mut hit = None;
    let all = Rect::from_min_max(pos2(labels.left(), rect.top()), rect.max);
    let pointer = ui.input(|i| i.pointer.hover_pos()).filter(|p| rect.contains(*p));
    if rect.height() < 24.0 && (count > 1.0 || rect.height() < 16.0) {
        if rect.height() >= MERGED - 0.5 {
            merged(ui, rect, scale, model);
        }
        return None;
    }
    ui.scope_builder(UiBuilder::new().max_rect(all), |ui| {
        ui.set_clip_rect(all.intersect(ui.clip_rect()));
        // The wheel zooms time over the strips, so the list scrolls over the labels only.
        let over_labels = ui.rect_contains_pointer(labels);
        let source = if over_labels {
            egui::scroll_area::ScrollSource::MOUSE_WHEEL
        } else {
            egui::scroll_area::ScrollSource::NONE
        };
        egui::ScrollArea::vertical().id_salt("strips").scroll_source(source).auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for row in &model.rows {
                let (line, _) = ui.allocate_exact_size(vec2(all.width(), height), Sense::hover());
                if !ui.is_rect_visible(line) {
                    continue;
                }
                let twin = model.rows.iter().filter(|r| r.name == row.name).count() > 1;
                label(ui, Rect::from_min_max(line.min, pos2(labels.right(), line.bottom())), row, twin, state);
                let strip = Rect::from_min_max(pos2(rect.left(), line.top()), line.max);
                if state.selected == Some(row.id) {
                    ui.painter().rect_filled(strip, 0.0, t.c.selection.gamma_multiply(0.5));
                }
                ui.painter().hline(strip.x_range(), strip.bottom() - 0.5, Stroke::new(1.0, t.c.border_subtle));
                if let Some(collection) = model.session.catalogue().collections.get(&row.collection) {
                    hit = hit.or(strip_of(ui, strip, scale, row, collection, model, state, pointer));
                }
            }
        });
    });
    tooltip(ui, rect, scale, hit, model, state);
    if state.hovered_granule.is_some() && hit.is_none() {
        state.hovered_granule = None;
    }
    hit
}

fn label(ui: &mut Ui, rect: Rect, row: &Row, twin: bool, state: &mut UiState) {
    let t = theme(ui);
    let response = ui.interact(rect, ui.scope_id().with(("strip", row.id.0)), Sense::click());
    let selected = state.selected == Some(row.id);
    response
        .widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, selected, format!("Timeline of {}", row.name)));
    let dim = !row.visible || row.status.shown == 0;
    let ink = if selected {
        t.c.text_1
    } else if dim {
        t.c.text_3
    } else {
        t.c.text_2
    };
    let number = row.status.shown.to_string();
    let galley = ui.painter().layout_no_wrap(number, t.small(), t.c.text_3);
    let right = rect.right() - 12.0 - galley.size().x;
    ui.painter().galley(pos2(right, (rect.center().y - galley.size().y / 2.0).round()), galley, t.c.text_3);
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
    strip: Rect,
    scale: Scale,
    row: &Row,
    collection: &Collection,
    model: &Model,
    state: &UiState,
    pointer: Option<egui::Pos2>,
) -> Option<Hit> {
    let t = theme(ui);
    let timeline = &model.session.project().timeline;
    let drawn: HashSet<GranuleId> = if row.visible {
        collection.shown_at(&row.field_name, row.style.time_rule, timeline).iter().map(|g| g.id).collect()
    } else {
        HashSet::new()
    };
    let outside = t.c.avail_some.gamma_multiply(t.granule_outside);
    let painter = ui.painter().with_clip_rect(strip);
    let in_view: Vec<&Granule> = collection
        .with_field(&row.field_name)
        .filter(|g| g.span.is_some_and(|s| s.start.unix_seconds() <= scale.t1 && s.stop.unix_seconds() >= scale.t0))
        .collect();
    let reading = row.status.loading > 0;
    if in_view.len() as f32 > strip.width() / 3.0 {
        density(&painter, strip, scale, &in_view, &drawn, t.c.accent, outside);
        return pointer.filter(|p| strip.contains(*p)).and_then(|p| nearest(&in_view, scale, p.x, row));
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
            hit = Some(Hit { layer: row.id, granule: g.id, span: g.span });
        }
    }
    hit
}

/// Granules of half a day and more are grids.
fn wide(g: &Granule) -> bool {
    g.span.is_some_and(|s| s.seconds() > 43_000.0)
}

fn bar_rect(strip: Rect, scale: Scale, span: TimeSpan, height: f32) -> Rect {
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
    scale: Scale,
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

fn nearest(granules: &[&Granule], scale: Scale, x: f32, row: &Row) -> Option<Hit> {
    granules
        .iter()
        .filter_map(|g| Some((g, g.span?)))
        .map(|(g, s)| (g, s, (scale.x(s.middle().unix_seconds()) - x).abs()))
        .filter(|(.., d)| *d < 4.0)
        .min_by(|a, b| a.2.total_cmp(&b.2))
        .map(|(g, s, _)| Hit { layer: row.id, granule: g.id, span: Some(s) })
}

/// All layers in one strip, where there is no room for more.
fn merged(ui: &Ui, strip: Rect, scale: Scale, model: &Model) {
    let t = theme(ui);
    let timeline = &model.session.project().timeline;
    let mut seen = HashSet::new();
    for row in model.rows.iter().filter(|r| r.visible && seen.insert(r.collection.clone())) {
        let Some(c) = model.session.catalogue().collections.get(&row.collection) else { continue };
        let drawn = c.shown_at(&row.field_name, row.style.time_rule, timeline).iter().map(|g| g.id).collect();
        let list: Vec<&Granule> = c.granules.iter().filter(|g| g.span.is_some()).collect();
        let off = t.c.avail_some.gamma_multiply(t.granule_outside);
        density(&ui.painter().with_clip_rect(strip), strip, scale, &list, &drawn, t.c.accent, off);
    }
}

fn tooltip(ui: &Ui, rect: Rect, scale: Scale, hit: Option<Hit>, model: &Model, state: &mut UiState) {
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
    let short: String = if name.chars().count() > 48 { name.chars().take(47).chain(['…']).collect() } else { name };
    let offset = span.offset_seconds(model.now());
    let when = if offset == 0.0 {
        "Now".to_owned()
    } else {
        format!("{} {} now", text::duration(offset), if offset < 0.0 { "before" } else { "after" })
    };
    let start = span.start.to_string();
    let lines = format!(
        "{}, {}\n{}, {}\n{short}\n{when}",
        row.name,
        row.product,
        start.get(5..).unwrap_or(&start),
        text::duration(span.seconds())
    );
    super::tooltip(
        ui,
        pos2(scale.x(span.middle().unix_seconds()).clamp(rect.left(), rect.right()), rect.top() - 24.0),
        &lines,
    );
}
