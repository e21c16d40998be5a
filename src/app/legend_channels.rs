//! Parts of the legend that are no colour bar of values: the three channels of a picture in colours, and ages.

use egui::{Color32, Mesh, Painter, Rect, Shape, Stroke, StrokeKind, pos2, vec2};
use seaglass_core::style::Method;

use crate::model::{Row, capitalized};
use crate::theme::Theme;
use crate::{text, widgets};

/// Height of a channel's line.
const LINE: f32 = 18.0;
/// Height of three of them.
pub const HEIGHT: f32 = 3.0 * LINE + 8.0;
/// Width of a channel's bar.
const BAR: f32 = 44.0;
/// Full red, green and blue.
const FULL: [Color32; 3] = [Color32::from_rgb(255, 0, 0), Color32::from_rgb(0, 255, 0), Color32::from_rgb(0, 0, 255)];

/// Whether a layer draws three fields as colours.
pub fn applies(row: &Row) -> bool {
    row.style.method == Method::Rgb && row.parts.len() == 3
}

/// What a channel says: its field and the values that are black and full.
pub fn words(row: &Row, k: usize) -> (String, String) {
    let [low, high] = row.style.rgb.ranges[k].unwrap_or_else(|| row.style.effective_range());
    let decimals = text::decimals_for([low, high], None);
    let end = |v: f64| text::short(v, decimals);
    let unit = row.parts.get(k).map(|f| text::typeset(&f.units)).filter(|u| !u.is_empty() && u != "1");
    let unit = unit.map_or_else(String::new, |u| format!("{}{u}", text::THIN));
    let name = row.parts.get(k).map_or_else(String::new, |f| capitalized(&f.title()));
    (name, tr!("{} to {}{unit}", end(low), end(high)))
}

/// Paints the three channels.
pub fn paint(painter: &Painter, t: &Theme, body: Rect, row: &Row) {
    for (k, full) in FULL.into_iter().enumerate() {
        let y = body.top() + LINE * (k as f32 + 0.5);
        let bar = Rect::from_min_size(pos2(body.left(), y - 4.0), vec2(BAR, 8.0));
        let mut mesh = Mesh::default();
        for (x, colour) in [(bar.left(), Color32::BLACK), (bar.right(), full)] {
            mesh.colored_vertex(pos2(x, bar.top()), colour);
            mesh.colored_vertex(pos2(x, bar.bottom()), colour);
        }
        mesh.add_triangle(0, 1, 2);
        mesh.add_triangle(1, 2, 3);
        painter.add(Shape::mesh(mesh));
        painter.rect_stroke(bar, 0.0, Stroke::new(1.0, t.c.border), StrokeKind::Outside);
        let (name, range) = words(row, k);
        let galley = painter.layout_no_wrap(range, t.small(), t.c.text_2);
        let right = body.right() - galley.size().x;
        painter.galley(pos2(right, y - galley.size().y / 2.0), galley, t.c.text_2);
        widgets::line(painter, bar.right() + 8.0, y, &name, t.small(), t.c.text_1, right - bar.right() - 16.0);
    }
}

/// Ages along a colour bar, as parts of its width: the oldest at the left end, the clock at the right one.
pub fn age_ticks(age_s: f64) -> Vec<(f64, String)> {
    let (unit_s, unit) = match age_s {
        s if s >= 2.0 * 86_400.0 => (86_400.0, tr!("d")),
        s if s >= 2.0 * 3600.0 => (3600.0, "h"),
        s if s >= 120.0 => (60.0, "min"),
        _ => (1.0, "s"),
    };
    let most = age_s / unit_s;
    let ages = text::round_ticks(0.0, most, 4).into_iter().filter(|v| (0.0..=most * 1.001).contains(v));
    let label = |v: f64| if v == 0.0 { "0".to_owned() } else { format!("{}{}{unit}", text::short(v, 2), text::THIN) };
    ages.map(|v| (1.0 - v / most, label(v))).rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_in_hours_or_days_and_grow_to_the_left() {
        let days = age_ticks(10.0 * 86_400.0);
        assert!(days.windows(2).all(|w| w[0].0 < w[1].0), "{days:?}");
        assert_eq!(days.last().map(|(x, l)| (*x, l.as_str())), Some((1.0, "0")));
        let ten = days.iter().find(|(_, l)| l.starts_with("10")).unwrap();
        assert!(ten.0.abs() < 1e-9 && ten.1.ends_with('d'), "{days:?}");
        let hours = age_ticks(6.0 * 3600.0);
        assert!(hours.iter().skip(1).any(|(_, l)| l.ends_with('h') || l == "0"), "{hours:?}");
        let six = hours.iter().find(|(_, l)| l.starts_with('2')).unwrap();
        assert!((six.0 - (1.0 - 2.0 / 6.0)).abs() < 1e-9, "{hours:?}");
    }
}
