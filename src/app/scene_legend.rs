//! The legend over the globe: one colour bar or list of flags a layer. It paints on any painter, so that exported images
//! get the same one.

use egui::{Area, Color32, Id, Order, Painter, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};
use seaglass_core::field::{FieldKind, Flag};
use seaglass_core::project::LayerId;
use seaglass_render::assets;

use crate::model::{Model, Row};
use crate::placing::EDGE;
use crate::state::UiState;
use crate::theme::{Theme, theme};
use crate::{text, widgets};

/// Height of a colour bar with its title and ticks.
const BAR_HEIGHT: f32 = 58.0;
/// Height of a title.
const TITLE: f32 = 24.0;
/// Height of a line of flags, two on each.
const FLAG_LINE: f32 = 18.0;
/// Flags named at most.
const MOST_FLAGS: usize = 8;
/// Below this height of the viewport there is one bar.
const LOW: f32 = 560.0;

/// Layers the legend shows: the selected one first, at most `most`.
pub fn rows(rows: &[Row], selected: Option<LayerId>, most: usize) -> Vec<&Row> {
    let mut list: Vec<&Row> =
        rows.iter().filter(|r| r.visible && r.style.range.is_some() && r.status.reason.is_none()).collect();
    list.sort_by_key(|r| Some(r.id) != selected);
    list.truncate(most);
    list
}

/// The flags of a layer that shows flags.
pub fn flags(row: &Row) -> Option<&[Flag]> {
    match row.field.as_ref().map(|f| &f.kind) {
        Some(FieldKind::Flags { flags }) if !flags.is_empty() => Some(flags),
        _ => None,
    }
}

/// Colour of a flag on the map.
pub fn flag_colour(row: &Row, flag: &Flag) -> Option<Color32> {
    let map = assets::colormaps().get(&row.style.colormap)?;
    let [r, g, b] = map.colour(row.style.position(flag.value as f64), row.style.reversed);
    Some(Color32::from_rgb(r, g, b))
}

fn entry_height(row: &Row) -> f32 {
    flags(row).map_or(BAR_HEIGHT, |f| TITLE + FLAG_LINE * f.len().min(MOST_FLAGS).div_ceil(2) as f32 + 8.0)
}

/// Size of the legend card.
pub fn size(t: &Theme, rows: &[&Row]) -> Vec2 {
    vec2(t.size.scene_legend, 8.0 + rows.iter().map(|r| entry_height(r)).sum::<f32>())
}

/// Paints the legend card; answers the rectangle of each entry.
pub fn paint(painter: &Painter, t: &Theme, rect: Rect, rows: &[&Row]) -> Vec<Rect> {
    painter.add(t.card_shadow().as_shape(rect, 8.0));
    painter.rect(rect, 8.0, t.overlay(), Stroke::new(1.0, t.c.border), StrokeKind::Inside);
    let mut entries = Vec::new();
    let mut top = rect.top() + 4.0;
    let (left, right) = (rect.left() + 12.0, rect.right() - 12.0);
    for row in rows {
        let unit = painter.layout_no_wrap(row.unit.label.clone(), t.body(), t.c.text_3);
        let unit_left = right - unit.size().x;
        painter.galley(pos2(unit_left, (top + 12.0 - unit.size().y / 2.0).round()), unit, t.c.text_3);
        widgets::line(painter, left, top + 12.0, &row.long_name, t.body(), t.c.text_1, unit_left - left - 8.0);
        let body = Rect::from_min_max(pos2(left, top + TITLE), pos2(right, top + entry_height(row)));
        match flags(row) {
            Some(flags) => flag_list(painter, t, body, row, flags),
            None => colour_bar(painter, t, body, row),
        }
        entries.push(Rect::from_min_max(pos2(rect.left(), top), pos2(rect.right(), body.bottom())));
        top = body.bottom();
    }
    entries
}

fn colour_bar(painter: &Painter, t: &Theme, body: Rect, row: &Row) {
    let bar = Rect::from_min_size(body.min + vec2(0.0, 1.0), vec2(body.width(), t.size.colour_bar_scene));
    if let Some(map) = assets::colormaps().get(&row.style.colormap) {
        widgets::colour_bar(painter, bar, &map, row.style.reversed, row.style.opacity.max(0.3));
    }
    painter.rect_stroke(bar, 0.0, Stroke::new(1.0, t.c.border), StrokeKind::Outside);
    ticks(painter, t, bar, row);
}

fn ticks(painter: &Painter, t: &Theme, bar: Rect, row: &Row) {
    let [lo, hi] = row.style.effective_range();
    let (a, b) = (row.unit.shown(lo), row.unit.shown(hi));
    let log = row.style.log && lo > 0.0;
    let ticks: Vec<(f64, String)> = if log {
        text::log_ticks(lo, hi).into_iter().map(|v| (v, text::short(v, 8))).collect()
    } else {
        let inner = text::round_ticks(a, b, 4);
        inner.into_iter().map(|v| (row.unit.raw(v), text::short(v, text::decimals_for([a, b], None)))).collect()
    };
    let mut free = f32::NEG_INFINITY;
    for (v, label) in ticks {
        let x = bar.left() + (row.style.position(v) as f32).clamp(0.0, 1.0) * bar.width();
        let galley = painter.layout_no_wrap(label, t.small(), t.c.text_2);
        let left = (x - galley.size().x / 2.0).clamp(bar.left(), bar.right() - galley.size().x);
        if left > free {
            painter.vline(
                x.clamp(bar.left() + 0.5, bar.right() - 0.5),
                bar.bottom()..=(bar.bottom() + 3.0),
                Stroke::new(1.0, t.c.text_3),
            );
            free = left + galley.size().x + 6.0;
            painter.galley(pos2(left, bar.bottom() + 3.0), galley, t.c.text_2);
        }
    }
}

/// Flags with their meanings, in two columns.
fn flag_list(painter: &Painter, t: &Theme, body: Rect, row: &Row, flags: &[Flag]) {
    let named = if flags.len() > MOST_FLAGS { MOST_FLAGS - 1 } else { flags.len() };
    let column = body.width() / 2.0;
    let place = |k: usize| pos2(body.left() + (k % 2) as f32 * column, body.top() + (k / 2) as f32 * FLAG_LINE + 9.0);
    for (k, flag) in flags.iter().take(named).enumerate() {
        let at = place(k);
        let swatch = Rect::from_center_size(pos2(at.x + 5.0, at.y), Vec2::splat(10.0));
        let fill = flag_colour(row, flag).unwrap_or(t.c.pressed);
        painter.rect(swatch, 2.0, fill, Stroke::new(1.0, t.c.border), StrokeKind::Outside);
        let words = flag.meaning.replace('_', " ");
        widgets::line(painter, at.x + 16.0, at.y, &words, t.small(), t.c.text_2, column - 22.0);
    }
    if named < flags.len() {
        let at = place(named);
        let words = format!("and {} more", flags.len() - named);
        widgets::line(painter, at.x + 16.0, at.y, &words, t.small(), t.c.text_3, column - 22.0);
    }
}

/// Shows the legend in its corner or where the user has put it; answers where it lies.
pub fn show(ui: &mut Ui, area: Rect, model: &Model, state: &mut UiState) -> Option<Rect> {
    let t = theme(ui);
    let list = rows(&model.rows, state.selected, if area.height() < LOW { 1 } else { 3 });
    if list.is_empty() || area.width() < 420.0 {
        return None;
    }
    let size = size(t, &list);
    let offset = state.legend_offset.unwrap_or(Vec2::ZERO);
    let home = pos2(area.right() - EDGE - size.x, area.bottom() - EDGE - size.y) + offset;
    let min = home.clamp(area.min, (area.max - size).max(area.min));
    let shown = Area::new(Id::unique("scene legend")).order(Order::Middle).fixed_pos(min).show(ui.ctx(), |ui| {
        let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
        let names: Vec<&str> = list.iter().map(|r| r.long_name.as_str()).collect();
        widgets::describe(&response, Role::Group, &format!("Legend: {}", names.join(", ")));
        let entries = paint(ui.painter(), t, rect, &list);
        (response, entries)
    });
    let (response, entries): (Response, Vec<Rect>) = shown.inner;
    let rect = Rect::from_min_size(min, size);
    state.taken.add("legend", rect);
    if response.dragged() {
        state.legend_offset = Some(offset + response.drag_delta());
    }
    if response.double_clicked() {
        state.legend_offset = None;
    } else if response.clicked() {
        let at = response.interact_pointer_pos();
        let hit = entries.iter().position(|e| at.is_some_and(|p| e.contains(p)));
        if let Some(row) = hit.and_then(|k| list.get(k)) {
            state.selected = Some(row.id);
            state.style_of = Some(row.id);
        }
    }
    Some(rect)
}
