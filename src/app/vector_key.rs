//! What the symbols of a layer mean, below its colour bar: an arrow with its speed, or the feathers of a barb.

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};
use seaglass_core::style::Method;

use crate::model::Row;
use crate::theme::Theme;
use crate::{style_stream, text, widgets};

/// Height of the key.
const HEIGHT: f32 = 26.0;
/// Longest arrow that the legend has room for, points.
const LONGEST: f32 = 90.0;

/// Height of a layer's key; none without symbols.
pub fn height(row: &Row) -> f32 {
    if words(row).is_some() { HEIGHT } else { 0.0 }
}

/// What the key says.
pub fn words(row: &Row) -> Option<String> {
    match (row.style.method, row.style.vector.reference) {
        (Method::Arrows, Some(reference)) => {
            let (_, speed) = arrow(row.style.size_pt, reference);
            let unit =
                if row.unit.label.is_empty() { String::new() } else { format!("{}{}", text::THIN, row.unit.label) };
            Some(format!("{}{unit}", text::short(row.unit.shown(speed), 3)))
        }
        (Method::Barbs, _) => Some(tr!("5, 10 and 50 kt").to_owned()),
        (Method::Streamlines, _) => row.drift.map(|d| style_stream::tail_words(&row.style.stream, d)),
        _ => None,
    }
}

/// Length and speed of the arrow shown: of the reference, or of a part of it where that is too long.
fn arrow(size_pt: f32, reference: f64) -> (f32, f64) {
    let mut part = 1.0;
    while size_pt * part > LONGEST {
        part /= 2.0;
    }
    (size_pt * part, reference * f64::from(part))
}

/// Paints the key into the lower end of a legend entry.
pub fn paint(painter: &Painter, t: &Theme, entry: Rect, row: &Row) {
    let Some(words) = words(row) else { return };
    let y = entry.bottom() - HEIGHT / 2.0 - 2.0;
    let ink = t.c.text_1;
    if row.style.method == Method::Streamlines {
        widgets::line(painter, entry.left(), y, &words, t.small(), t.c.text_2, entry.width());
        return;
    }
    let end = match row.style.vector.reference.filter(|_| row.style.method == Method::Arrows) {
        Some(reference) => {
            let (length, _) = arrow(row.style.size_pt, reference);
            draw_arrow(painter, pos2(entry.left(), y), length, ink);
            entry.left() + length
        }
        None => {
            let right = (0..3).map(|k| draw_barb(painter, pos2(entry.left() + 34.0 * k as f32, y + 5.0), k, ink));
            right.fold(entry.left(), f32::max)
        }
    };
    widgets::line(painter, end + 10.0, y, &words, t.small(), t.c.text_2, entry.right() - end - 10.0);
}

/// The proportions of `to_arrow` in `shaders/glyphs.wgsl`.
fn draw_arrow(painter: &Painter, from: Pos2, length: f32, ink: Color32) {
    let head = (0.4 * length).min(10.0);
    let tip = from + vec2(length, 0.0);
    painter.line_segment([from, tip - vec2(0.8 * head, 0.0)], Stroke::new(1.6, ink));
    let back = tip - vec2(head, 0.0);
    let corners = vec![tip, back + vec2(0.0, 0.45 * head), back - vec2(0.0, 0.45 * head)];
    painter.add(Shape::convex_polygon(corners, ink, Stroke::NONE));
}

/// A staff with a half feather, a feather or a pennant; gives its right end.
fn draw_barb(painter: &Painter, at: Pos2, kind: usize, ink: Color32) -> f32 {
    let stroke = Stroke::new(1.4, ink);
    let end = at + vec2(22.0, 0.0);
    painter.line_segment([at, end], stroke);
    let (feather, base) = (vec2(5.0, -9.0), vec2(6.0, 0.0));
    match kind {
        0 => painter.line_segment([end - base, end - base + feather * 0.5], stroke),
        1 => painter.line_segment([end, end + feather], stroke),
        _ => painter.add(Shape::convex_polygon(vec![end, end - base, end + vec2(1.5, feather.y)], ink, Stroke::NONE)),
    };
    end.x + feather.x
}
