//! The card that follows the pointer over the globe, and the ring at the sampled cell.

use egui::{Align2, Painter, Pos2, Rect, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};
use seaglass_core::format::Coordinates;
use seaglass_core::geo::LonLat;
use seaglass_core::project::LayerId;

use crate::placing::Taken;
use crate::text;
use crate::theme::{Theme, theme};
use crate::widgets;

/// What one layer has under the pointer.
#[derive(Clone, Debug, PartialEq)]
pub struct HoverRow {
    /// Layer.
    pub layer: LayerId,
    /// Name of the layer.
    pub name: String,
    /// Short name of the product, where another row has the same name.
    pub product: Option<String>,
    /// Value, or what there is instead ("No data").
    pub value: Value,
    /// Offset of the acquisition to the clock.
    pub offset_s: Option<f64>,
    /// Middle of the cell.
    pub cell: Option<LonLat>,
    /// What the quality flag beside the value says.
    pub quality: Option<String>,
}

/// A read-out.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Asked for.
    Pending,
    /// Number as text, and unit.
    Number(String, String),
    /// Words: a flag meaning, "No data", "Masked".
    Words(String),
}

/// The whole card.
#[derive(Clone, Debug, PartialEq)]
pub struct HoverInfo {
    /// Place under the pointer.
    pub at: LonLat,
    /// Elevation of the base grid, metres, negative below the sea.
    pub elevation_m: Option<f64>,
    /// Rows, top layer first.
    pub rows: Vec<HoverRow>,
}

/// `Depth 4 870 m` or `Elevation 120 m`.
pub fn depth_text(elevation_m: f64) -> String {
    if elevation_m <= 0.0 {
        tr!("Depth {}", text::metres(-elevation_m))
    } else {
        tr!("Elevation {}", text::metres(elevation_m))
    }
}

/// Rows a card has room for.
const MOST_ROWS: usize = 12;
/// Height of a row, and of the line about quality below it.
const ROW: f32 = 20.0;
const QUALITY: f32 = 15.0;

fn row_height(row: &HoverRow) -> f32 {
    if row.quality.is_some() { ROW + QUALITY } else { ROW }
}

/// Size of the card.
pub fn size(t: &Theme, info: &HoverInfo) -> Vec2 {
    let rows: f32 = info.rows.iter().take(MOST_ROWS).map(row_height).sum();
    vec2(t.size.hover_card, 40.0 + if rows > 0.0 { 12.0 + rows } else { 0.0 })
}

/// Shows the card beside the pointer, inside `area` and off the other cards where that is possible.
pub fn show(ui: &Ui, info: &HoverInfo, pointer: Pos2, area: Rect, coordinates: Coordinates, taken: &mut Taken) {
    // A dialog has the pointer for itself.
    if ui.memory(|m| m.top_modal_layer().is_some()) {
        return;
    }
    let t = theme(ui);
    let rect = taken.beside(pointer, size(t, info), area);
    taken.add("hover card", rect);
    let painter = ui.ctx().layer_painter(egui::LayerId::new(egui::Order::Foreground, egui::Id::unique("hover card")));
    paint(&painter, t, rect, info, coordinates, 0.0);
}

/// Paints the card; `reserved` is left free at the right end of its first line.
pub fn paint(painter: &Painter, t: &Theme, rect: Rect, info: &HoverInfo, coordinates: Coordinates, reserved: f32) {
    painter.add(t.card_shadow().as_shape(rect, 8.0));
    painter.rect(rect, 8.0, t.overlay(), Stroke::new(1.0, t.c.border), StrokeKind::Inside);
    let (left, right) = (rect.left() + 12.0, rect.right() - 12.0);
    let y = rect.top() + 20.0;
    let head = right - reserved;
    let place = coordinates.text(info.at, 3);
    let end = widgets::line(painter, left, y, &place, t.heading(), t.c.text_1, head - left);
    if let Some(e) = info.elevation_m {
        // Long forms of coordinates leave no room for both.
        let galley = painter.layout_no_wrap(depth_text(e), t.body(), t.c.text_3);
        if end + 8.0 + galley.size().x <= head {
            painter.galley(pos2(head - galley.size().x, (y - galley.size().y / 2.0).round()), galley, t.c.text_3);
        }
    }
    if info.rows.is_empty() {
        return;
    }
    widgets::hairline(painter, t, left..=right, rect.top() + 40.0);
    let mut top = rect.top() + 45.0;
    for row in info.rows.iter().take(MOST_ROWS) {
        paint_row(painter, t, left..=right, top + ROW / 2.0, row);
        if let Some(quality) = &row.quality {
            let width = right - left - 12.0;
            widgets::line(painter, left + 12.0, top + ROW + QUALITY / 2.0 - 2.0, quality, t.small(), t.c.text_3, width);
        }
        top += row_height(row);
    }
}

fn paint_row(painter: &Painter, t: &Theme, x: std::ops::RangeInclusive<f32>, y: f32, row: &HoverRow) {
    let (left, right) = (*x.start(), *x.end());
    let value_right = right - 92.0;
    let value_left;
    match &row.value {
        Value::Number(number, unit) => {
            let suffix = if unit.is_empty() { String::new() } else { format!("{}{unit}", text::THIN) };
            let unit = painter.layout_no_wrap(suffix, t.body(), t.c.text_3);
            let number = painter.layout_no_wrap(number.clone(), t.heading(), t.c.text_1);
            value_left = value_right - unit.size().x - number.size().x;
            let baseline = |h: f32| (y - h / 2.0).round();
            painter.galley(pos2(value_left, baseline(number.size().y)), number.clone(), t.c.text_1);
            painter.galley(pos2(value_left + number.size().x, baseline(unit.size().y)), unit, t.c.text_3);
        }
        Value::Words(words) => {
            let galley = widgets::elided(painter, words, t.body(), t.c.text_2, 130.0);
            value_left = value_right - galley.size().x;
            painter.galley(pos2(value_left, (y - galley.size().y / 2.0).round()), galley, t.c.text_2);
        }
        Value::Pending => {
            value_left = value_right - 16.0;
            painter.text(pos2(value_right, y), Align2::RIGHT_CENTER, "…", t.body(), t.c.text_3);
        }
    }
    if let Some(s) = row.offset_s {
        painter.text(pos2(right, y), Align2::RIGHT_CENTER, text::offset(s), t.body(), t.c.text_3);
    }
    let end = widgets::line(painter, left, y, &row.name, t.body(), t.c.text_2, value_left - left - 8.0);
    let room = value_left - end - 14.0;
    if let Some(product) = row.product.as_ref().filter(|_| room > 20.0) {
        widgets::line(painter, end + 6.0, y, product, t.body(), t.c.text_3, room);
    }
}

/// Ring of 14 around the middle of the sampled cell, with its casing.
pub fn ring(ui: &Ui, at: Pos2, area: Rect) {
    if !area.contains(at) {
        return;
    }
    // On imagery the ring is light with a dark casing in both themes.
    let dark = Theme::get(true);
    let painter = ui.painter().with_clip_rect(area);
    painter.circle_stroke(at, 7.0, Stroke::new(3.5, dark.c.void.gamma_multiply(0.6)));
    painter.circle_stroke(at, 7.0, Stroke::new(1.5, dark.c.text_1));
}
