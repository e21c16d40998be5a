//! Differences: their histogram, or against another quantity.

use std::sync::Arc;

use egui::{Mesh, Popup, Rect, Role, Sense, Shape, Stroke, Ui, pos2, vec2};
use seaglass_core::time::Time;
use seaglass_host::colocate::Found;
use seaglass_host::colocate::stats::{Bins, histogram};

use super::plot::{Axes, brushed, dots, kept, padded, pull, tick_step, tick_text};
use super::selection::{Brush, Quantity};
use super::{Lower, PanelState, difference_name};
use crate::text;
use crate::theme::{Theme, theme};
use crate::widgets;

/// Height with name and numbers.
pub const HEIGHT: f32 = 92.0;
/// Bars of the histogram.
const BARS: usize = 48;
/// Dots drawn at most; of more, every n-th.
const MAX_DOTS: usize = 20_000;

/// What is drawn until result or axes change.
struct Drawn {
    serial: u64,
    lower: Lower,
    axes: Axes,
    counts: Vec<u32>,
    mesh: Arc<Mesh>,
}

/// Shows the plot with its menu.
pub fn show(ui: &mut Ui, found: &Arc<Found>, panel: &mut PanelState) {
    let t = theme(ui);
    let (outer, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    let left = if matches!(panel.lower, Lower::Against(_)) { 28.0 } else { 0.0 };
    let area = Rect::from_min_max(outer.min + vec2(left, 22.0), outer.max - vec2(0.0, 20.0));
    let differences = super::difference_range(found);
    let (x, y) = match panel.lower {
        Lower::Histogram => (differences, [0.0, 1.0]),
        Lower::Of(q) => (super::quantity_range(found, q), [0.0, 1.0]),
        Lower::Against(q) => (super::quantity_range(found, q), differences),
    };
    let axes = Axes { rect: area, x, y };
    let id = ui.scope_id().with("differences");
    let response = ui.interact(area, id, Sense::click_and_drag());
    widgets::describe(&response, Role::Image, tr!("Plot of the differences"));
    let drawn = drawn(ui, found, panel.lower, axes);
    let painter = ui.painter().with_clip_rect(area.intersect(ui.clip_rect()));
    match panel.lower {
        Lower::Histogram | Lower::Of(_) => bars(ui, &painter, t, found, panel, &drawn),
        Lower::Against(q) => against(ui, &painter, t, found, panel, &drawn, q),
    }
    gestures(ui, &response, axes, panel);
    menu(ui, outer, found, panel);
}

fn drawn(ui: &Ui, found: &Found, lower: Lower, axes: Axes) -> Arc<Drawn> {
    let fits = |d: &Drawn| d.serial == found.serial && d.axes == axes && d.lower == lower;
    kept(ui, "colocate differences picture", fits, || {
        let t = theme(ui);
        let n = found.pairs.len();
        let (counts, mesh) = match lower {
            Lower::Histogram | Lower::Of(_) => {
                let all: Vec<f64> = (0..n).map(|k| counted(found, lower, k)).collect();
                (histogram(&all, bins(axes)), Arc::new(Mesh::default()))
            }
            Lower::Against(q) => {
                let step = n.div_ceil(MAX_DOTS).max(1);
                let dot = |k: usize| (axes.point(q.of(found, k), found.difference(k)), t.c.avail_some);
                (Vec::new(), dots((0..n).step_by(step).map(dot), 2.4, n <= 4000))
            }
        };
        Drawn { serial: found.serial, lower, axes, counts, mesh }
    })
}

/// What a histogram counts.
fn counted(found: &Found, lower: Lower, pair: usize) -> f64 {
    match lower {
        Lower::Of(q) => q.of(found, pair),
        Lower::Histogram | Lower::Against(_) => found.difference(pair),
    }
}

fn bins(axes: Axes) -> Bins {
    Bins { low: axes.x[0], high: axes.x[1], count: BARS }
}

fn bars(ui: &Ui, painter: &egui::Painter, t: &Theme, found: &Found, panel: &PanelState, drawn: &Drawn) {
    let axes = drawn.axes;
    let words = tick_text(tick_step(axes.x, 5));
    for v in text::round_ticks(axes.x[0], axes.x[1], 5) {
        let galley = ui.painter().layout_no_wrap(words(v), t.small(), t.c.text_3);
        // The first and the last number stay within the panel.
        let half = galley.size().x / 2.0;
        let x = axes.point(v, 0.0).x.clamp(axes.rect.left() - 8.0 + half, axes.rect.right() + 8.0 - half);
        ui.painter().galley(pos2(x - half, axes.rect.bottom() + 11.0 - galley.size().y / 2.0), galley, t.c.text_3);
    }
    let selected: Vec<f64> = panel.selection.pairs().iter().map(|k| counted(found, drawn.lower, *k as usize)).collect();
    let chosen = histogram(&selected, bins(axes));
    let most = drawn.counts.iter().copied().max().unwrap_or(0).max(1) as f32;
    let width = axes.rect.width() / BARS as f32;
    let bar = |k: usize, n: u32, colour| {
        let left = axes.rect.left() + k as f32 * width;
        // One pair shows as well.
        let height = (n as f32 / most * axes.rect.height()).max(if n > 0 { 1.0 } else { 0.0 });
        let rect = Rect::from_min_max(
            pos2(left + 0.5, axes.rect.bottom() - height),
            pos2(left + width - 0.5, axes.rect.bottom()),
        );
        painter.rect_filled(rect, 0.0, colour);
    };
    for (k, (&all, &some)) in drawn.counts.iter().zip(&chosen).take(BARS).enumerate() {
        bar(k, all, t.c.avail_some);
        bar(k, some, t.c.warning);
    }
    let zero = axes.point(0.0, 0.0).x;
    let line = [pos2(zero, axes.rect.top()), pos2(zero, axes.rect.bottom())];
    painter.extend(Shape::dashed_line(&line, Stroke::new(1.0, t.c.text_2), 3.0, 3.0));
    painter.hline(axes.rect.x_range(), axes.rect.bottom(), Stroke::new(1.0, t.c.border));
    let brush = match panel.selection.brush {
        Brush::Differences(a, b) if drawn.lower == Lower::Histogram => Some((a, b)),
        Brush::Of(q, a, b) if drawn.lower == Lower::Of(q) => Some((a, b)),
        _ => None,
    };
    if let Some((a, b)) = brush {
        brushed(painter, t, Rect::from_two_pos(axes.point(a, 0.0), axes.point(b, 1.0)));
    }
}

fn against(ui: &Ui, painter: &egui::Painter, t: &Theme, found: &Found, panel: &PanelState, drawn: &Drawn, q: Quantity) {
    let axes = drawn.axes;
    let plain = tick_text(tick_step(axes.x, 5));
    let words = |v: f64| match q {
        Quantity::TimeDifference => format!("{}{}h", plain(v), text::THIN),
        Quantity::Distance => format!("{}{}km", plain(v), text::THIN),
        Quantity::Latitude => format!("{}°", plain(v)),
        Quantity::Time => Time::from_unix_seconds(v).map_or_else(String::new, |t| short_time(t, axes.x)),
    };
    let numbers = tick_text(tick_step(axes.y, 2));
    axes.ticks(ui.painter(), t, [if q == Quantity::Time { 3 } else { 5 }, 2], [&words, &numbers]);
    painter.add(Shape::Mesh(Arc::clone(&drawn.mesh)));
    let zero = axes.point(0.0, 0.0).y;
    painter.hline(axes.rect.x_range(), zero, Stroke::new(1.0, t.c.text_3));
    let marks = panel.selection.pairs().iter().take(MAX_DOTS).map(|k| {
        let k = *k as usize;
        (axes.point(q.of(found, k), found.difference(k)), t.c.warning)
    });
    painter.add(Shape::mesh(dots(marks, 3.0, true)));
    if let Brush::Against(of, a, b) = &panel.selection.brush
        && *of == q
    {
        brushed(painter, t, Rect::from_two_pos(axes.point(a[0], a[1]), axes.point(b[0], b[1])));
    }
}

/// `08-11`, or within a few days with the hour.
fn short_time(t: Time, axis: [f64; 2]) -> String {
    let Some((_, month, day, hour, minute, ..)) = t.civil() else { return String::new() };
    if axis[1] - axis[0] < 4.0 * 86_400.0 {
        format!("{month:02}-{day:02} {hour:02}:{minute:02}")
    } else {
        format!("{month:02}-{day:02}")
    }
}

fn gestures(ui: &Ui, response: &egui::Response, axes: Axes, panel: &mut PanelState) {
    let pull = pull(ui, response, axes);
    if let Some(from) = pull.from {
        panel.brushing = true;
        panel.selection.brush = match panel.lower {
            Lower::Histogram => Brush::Differences(from[0], from[0]),
            Lower::Of(q) => Brush::Of(q, from[0], from[0]),
            Lower::Against(q) => Brush::Against(q, from, from),
        };
    }
    match (&mut panel.selection.brush, pull.to) {
        (Brush::Differences(_, to) | Brush::Of(_, _, to), Some(here)) => *to = here[0],
        (Brush::Against(_, _, to), Some(here)) => *to = here,
        _ => {}
    }
    if pull.ended {
        panel.brushing = false;
    }
    if response.clicked() {
        panel.selection.brush = Brush::None;
    }
}

/// Name of the plot; a click offers the others.
fn menu(ui: &Ui, outer: Rect, found: &Found, panel: &mut PanelState) {
    let t = theme(ui);
    let name = match panel.lower {
        Lower::Of(q) => q.counted().to_owned(),
        Lower::Histogram | Lower::Against(_) => difference_name(found),
    };
    let galley = widgets::elided(ui.painter(), &name, t.small(), t.c.text_2, outer.width() - 60.0);
    let rect = Rect::from_min_size(outer.min, vec2(galley.size().x + 28.0, 24.0));
    let response = ui.interact(rect, ui.scope_id().with("plots"), Sense::click());
    widgets::describe(&response, Role::Button, tr!("Choose the plot of differences"));
    if response.hovered() {
        ui.painter().rect_filled(rect, 6.0, t.c.hover);
    }
    let y = rect.center().y;
    ui.painter().galley(pos2(rect.left() + 8.0, (y - galley.size().y / 2.0).round()), galley, t.c.text_2);
    widgets::icon(ui.painter(), pos2(rect.right() - 11.0, y), "collapse", 11.0, t.c.text_2);
    widgets::focus_ring(ui, &response, 6.0);
    Popup::menu(&response).accessible_name(tr!("Plots of differences")).show(|ui| {
        ui.set_min_width(240.0);
        let all = std::iter::once((Lower::Histogram, tr!("Histogram of differences")))
            .chain([
                (Lower::Of(Quantity::TimeDifference), tr!("Histogram of time differences")),
                (Lower::Of(Quantity::Distance), tr!("Histogram of distances")),
            ])
            .chain(Quantity::ALL.into_iter().map(|q| (Lower::Against(q), q.label())));
        for (lower, label) in all {
            if ui.selectable_label(panel.lower == lower, label).clicked() {
                panel.lower = lower;
                ui.close();
            }
        }
    });
}

/// Ends of an axis of a quantity.
pub fn ends(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let wide =
        values.filter(|v| v.is_finite()).fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], v| [a.min(v), b.max(v)]);
    if wide[0] <= wide[1] { padded(wide, 0.03) } else { [0.0, 1.0] }
}
