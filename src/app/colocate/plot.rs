//! What the plots of pairs have in common: axes, ticks, dots, a brush.

use std::sync::Arc;

use egui::{Align2, Color32, Id, Mesh, Painter, PointerButton, Pos2, Rect, Response, Stroke, Ui, pos2, vec2};

use crate::text;
use crate::theme::Theme;

/// A plot area with linear axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axes {
    /// Where it lies.
    pub rect: Rect,
    /// Ends of the horizontal axis.
    pub x: [f64; 2],
    /// Ends of the vertical axis.
    pub y: [f64; 2],
}

impl Axes {
    /// Place of values.
    pub fn point(&self, x: f64, y: f64) -> Pos2 {
        let f = |v: f64, [a, b]: [f64; 2]| ((v - a) / (b - a)) as f32;
        pos2(
            self.rect.left() + f(x, self.x) * self.rect.width(),
            self.rect.bottom() - f(y, self.y) * self.rect.height(),
        )
    }

    /// Values at a place.
    pub fn value(&self, p: Pos2) -> [f64; 2] {
        let fx = f64::from((p.x - self.rect.left()) / self.rect.width());
        let fy = f64::from((self.rect.bottom() - p.y) / self.rect.height());
        [self.x[0] + fx * (self.x[1] - self.x[0]), self.y[0] + fy * (self.y[1] - self.y[0])]
    }

    /// The same place with axes drawn closer about a point.
    #[must_use]
    pub fn zoomed(&self, factor: f64, at: Pos2) -> Self {
        let [x, y] = self.value(at);
        let about = |[a, b]: [f64; 2], v: f64| [v + (a - v) * factor, v + (b - v) * factor];
        Self { x: about(self.x, x), y: about(self.y, y), ..*self }
    }

    /// Hairlines and numbers at round values; the numbers of y stand left of the area, those of x below.
    pub fn ticks(&self, painter: &Painter, t: &Theme, n: [usize; 2], words: [&dyn Fn(f64) -> String; 2]) {
        let line = Stroke::new(1.0, t.c.border_subtle);
        for v in text::round_ticks(self.x[0], self.x[1], n[0]) {
            let x = self.point(v, self.y[0]).x;
            painter.vline(x, self.rect.y_range(), line);
            painter.text(pos2(x, self.rect.bottom() + 11.0), Align2::CENTER_CENTER, words[0](v), t.small(), t.c.text_3);
        }
        for v in text::round_ticks(self.y[0], self.y[1], n[1]) {
            let y = self.point(self.x[0], v).y;
            painter.hline(self.rect.x_range(), y, line);
            painter.text(pos2(self.rect.left() - 6.0, y), Align2::RIGHT_CENTER, words[1](v), t.small(), t.c.text_3);
        }
    }
}

/// What a drag in a plot does in this frame, in values of the axes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pull {
    /// It begins here.
    pub from: Option<[f64; 2]>,
    /// It has come here.
    pub to: Option<[f64; 2]>,
    /// It ends.
    pub ended: bool,
}

/// A drag with the primary button; places beyond the plot are those of its edge.
pub fn pull(ui: &Ui, response: &Response, axes: Axes) -> Pull {
    let clamped = |p: Pos2| axes.value(p.clamp(axes.rect.min, axes.rect.max));
    let origin = ui.input(|i| i.pointer.press_origin()).filter(|_| response.drag_started_by(PointerButton::Primary));
    let here = response.interact_pointer_pos().filter(|_| response.dragged_by(PointerButton::Primary));
    Pull { from: origin.map(clamped), to: here.map(clamped), ended: response.drag_stopped() }
}

/// What a plot has drawn, kept from frame to frame until it no longer `fits`.
pub fn kept<T: Send + Sync + 'static>(
    ui: &Ui,
    id: &'static str,
    fits: impl Fn(&T) -> bool,
    make: impl FnOnce() -> T,
) -> Arc<T> {
    let id = Id::unique(id);
    let known: Option<Arc<T>> = ui.data(|d| d.get_temp(id));
    known.filter(|k| fits(k)).unwrap_or_else(|| {
        let new = Arc::new(make());
        ui.data_mut(|d| d.insert_temp(id, Arc::clone(&new)));
        new
    })
}

/// Numbers of ticks `step` apart, without more decimals than the step has.
pub fn tick_text(step: f64) -> impl Fn(f64) -> String {
    let decimals = if step > 0.0 { (-(step.log10() + 1e-9).floor()).clamp(0.0, 6.0) as usize } else { 0 };
    // A step of 2.5 has one more.
    let scaled = step * 10f64.powi(decimals as i32);
    let decimals = if (scaled - scaled.round()).abs() > 1e-6 { decimals + 1 } else { decimals };
    move |v| text::number(if v.abs() < step * 1e-6 { 0.0 } else { v }, decimals)
}

/// Distance of round ticks on an axis.
pub fn tick_step([a, b]: [f64; 2], n: usize) -> f64 {
    match text::round_ticks(a, b, n).as_slice() {
        [first, second, ..] => second - first,
        _ => (b - a).abs(),
    }
}

/// Ends a little beyond the values; a unit about a single one.
pub fn padded([low, high]: [f64; 2], share: f64) -> [f64; 2] {
    let pad = if high > low { (high - low) * share } else { 0.5 };
    [low - pad, high + pad]
}

/// Many dots as one mesh: octagons, or where there are very many squares.
pub fn dots(points: impl Iterator<Item = (Pos2, Color32)>, diameter: f32, fine: bool) -> Arc<Mesh> {
    let corners: &[[f32; 2]] = if fine {
        &[
            [1.0, 0.41],
            [0.41, 1.0],
            [-0.41, 1.0],
            [-1.0, 0.41],
            [-1.0, -0.41],
            [-0.41, -1.0],
            [0.41, -1.0],
            [1.0, -0.41],
        ]
    } else {
        &[[0.8, 0.8], [-0.8, 0.8], [-0.8, -0.8], [0.8, -0.8]]
    };
    let r = diameter / 2.0;
    let mut mesh = Mesh::default();
    for (at, colour) in points {
        let first = mesh.vertices.len() as u32;
        for c in corners {
            mesh.colored_vertex(at + vec2(c[0], c[1]) * r, colour);
        }
        for k in 2..corners.len() as u32 {
            mesh.add_triangle(first, first + k - 1, first + k);
        }
    }
    Arc::new(mesh)
}

/// Frame of a brush.
pub fn brushed(painter: &Painter, t: &Theme, rect: Rect) {
    painter.rect_filled(rect, 0.0, t.c.warning.gamma_multiply(0.10));
    painter.rect_stroke(rect, 0.0, Stroke::new(1.0, t.c.warning), egui::StrokeKind::Inside);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_go_both_ways() {
        let axes =
            Axes { rect: Rect::from_min_size(pos2(10.0, 20.0), vec2(100.0, 50.0)), x: [0.0, 4.0], y: [-1.0, 1.0] };
        assert_eq!(axes.point(1.0, -1.0), pos2(35.0, 70.0));
        assert_eq!(axes.value(pos2(35.0, 70.0)), [1.0, -1.0]);
        let near = axes.zoomed(0.5, pos2(35.0, 70.0));
        assert_eq!((near.x, near.y), ([0.5, 2.5], [-1.0, 0.0]));
        assert_eq!(near.point(1.0, -1.0), pos2(35.0, 70.0), "the place under the pointer stays");
    }

    #[test]
    fn ticks_have_the_decimals_of_their_step() {
        assert_eq!(tick_text(0.5)(1.0), "1.0");
        assert_eq!(tick_text(8.0)(16.0), "16");
        assert_eq!(tick_text(2.5)(-2.5), "\u{2212}2.5");
        assert_eq!(tick_text(0.25)(0.25), "0.25");
        assert_eq!(tick_text(20.0)(-0.0), "0");
    }
}
