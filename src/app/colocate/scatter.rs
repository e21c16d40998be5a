//! Compared against reference values: dots coloured by how many lie near, or a picture of counts where there are very many.

use std::sync::Arc;

use egui::{
    Align2, Color32, ColorImage, Galley, Mesh, Pos2, Rect, Role, Sense, Shape, Stroke, TextureHandle, TextureOptions,
    Ui, Vec2, pos2, vec2,
};
use seaglass_core::colormap::Colormap;
use seaglass_host::colocate::Found;
use seaglass_host::colocate::stats::{Bins, density};
use seaglass_render::assets;

use super::plot::{Axes, brushed, dots, kept, padded, pull, tick_step, tick_text};
use super::selection::Brush;
use super::{PanelState, Tool, name_of_side};
use crate::theme::{Theme, theme};
use crate::widgets;

/// Height of the plot with its numbers.
const HEIGHT: f32 = 212.0;
/// Height of what lies below it: figures, a line, differences.
const BELOW: f32 = 182.0;
/// More pairs are counted in cells.
const MAX_DOTS: usize = 50_000;
/// Up to here dots are round, and the pointer finds one among them.
const FINE_DOTS: usize = 8_000;
/// Diameter of a dot, points.
const DOT: f32 = 3.6;
/// Cells along a side in which neighbours are counted.
const CELLS: usize = 72;
/// The pointer is on a dot within so many points.
const NEAR: f32 = 7.0;

/// What is drawn until result, axes or theme change.
struct Drawn {
    serial: u64,
    axes: Axes,
    dark: bool,
    shape: Picture,
}

enum Picture {
    Dots(Arc<Mesh>),
    Counts(TextureHandle),
}

/// Height of the plot with so much room from its top down: a little less, where that brings all plots into sight.
pub fn height(room: f32) -> f32 {
    let left = room - BELOW;
    if left >= 150.0 { left.min(HEIGHT) } else { HEIGHT }
}

/// Shows the plot; answers where it lies.
pub fn show(ui: &mut Ui, found: &Arc<Found>, panel: &mut PanelState, height: f32) -> Rect {
    let t = theme(ui);
    let (outer, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let area = Rect::from_min_max(outer.min + vec2(28.0, 8.0), outer.max - vec2(0.0, 20.0));
    let axes = axes(found, panel, area);
    let id = ui.scope_id().with("scatter");
    let response = ui.interact(area, id, Sense::click_and_drag());
    widgets::describe(&response, Role::Image, tr!("Scatter plot of the pairs"));
    let painter = ui.painter().clone();
    let words = [tick_text(tick_step(axes.x, 4)), tick_text(tick_step(axes.y, 4))];
    axes.ticks(&painter, t, [4, 4], [&words[0], &words[1]]);
    let inside = painter.with_clip_rect(area.intersect(ui.clip_rect()));
    draw(ui, &inside, found, axes);
    lines(&inside, t, found, axes);
    let selected = panel.selection.pairs();
    let marks = selected.iter().take(MAX_DOTS).map(|k| {
        let k = *k as usize;
        (axes.point(found.x[k], found.y[k]), t.c.warning)
    });
    inside.add(Shape::mesh(dots(marks, DOT + 0.6, selected.len() <= FINE_DOTS)));
    brush(&inside, t, axes, panel);
    labels(ui, found, area);
    let over_tools = tools(ui, area, panel);
    if !over_tools {
        gestures(ui, &response, found, axes, panel);
    }
    if let Some(k) = panel.hovered.map(|k| k as usize).filter(|k| *k < found.pairs.len()) {
        inside.circle_stroke(axes.point(found.x[k], found.y[k]), 5.0, Stroke::new(1.5, t.c.text_1));
    }
    area
}

fn axes(found: &Found, panel: &PanelState, rect: Rect) -> Axes {
    // A few pairs keep clear of the names in the corners.
    let all = padded(super::value_range(found), if found.pairs.len() < 4 { 0.6 } else { 0.03 });
    let (x, y) = panel.zoom.unwrap_or((all, all));
    Axes { rect, x, y }
}

fn draw(ui: &Ui, painter: &egui::Painter, found: &Arc<Found>, axes: Axes) {
    let dark = ui.visuals().dark_mode;
    let fits = |d: &Drawn| d.serial == found.serial && d.axes == axes && d.dark == dark;
    let drawn = kept(ui, "colocate scatter picture", fits, || {
        let few = found.pairs.len() <= MAX_DOTS;
        let shape = if few { Picture::Dots(coloured(found, axes)) } else { Picture::Counts(counts(ui, found, axes)) };
        Drawn { serial: found.serial, axes, dark, shape }
    });
    match &drawn.shape {
        Picture::Dots(mesh) => {
            painter.add(Shape::Mesh(Arc::clone(mesh)));
        }
        Picture::Counts(texture) => {
            let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            painter.image(texture.id(), axes.rect, uv, Color32::WHITE);
        }
    }
}

/// Colours of density: the dark end of the map is left out, it would not show on a dark panel.
fn shade(map: Option<&Colormap>, share: f64) -> Color32 {
    let [r, g, b] = map.map_or([128; 3], |m| m.colour(0.3 + 0.7 * share.clamp(0.0, 1.0), false));
    Color32::from_rgb(r, g, b)
}

/// Dots, those with most neighbours on top.
fn coloured(found: &Found, axes: Axes) -> Arc<Mesh> {
    let map = assets::colormaps().get("viridis");
    let [low, high] = padded(super::value_range(found), 0.0);
    let cells = Bins { low, high, count: CELLS };
    let counts = density(&found.x, &found.y, cells, cells);
    let around = |x: f64, y: f64| -> u32 {
        let (Some(i), Some(j)) = (cells.of(x), cells.of(y)) else { return 0 };
        let near = |k: usize| k.saturating_sub(1)..(k + 2).min(CELLS);
        near(j).flat_map(|j| near(i).map(move |i| (i, j))).map(|(i, j)| counts[j * CELLS + i]).sum()
    };
    let mut order: Vec<(u32, usize)> = (0..found.pairs.len()).map(|k| (around(found.x[k], found.y[k]), k)).collect();
    order.sort_unstable();
    let most = f64::from(order.last().map_or(1, |o| o.0).max(2));
    let dot = |(n, k): &(u32, usize)| {
        (axes.point(found.x[*k], found.y[*k]), shade(map.as_deref(), f64::from(*n).sqrt() / most.sqrt()))
    };
    dots(order.iter().map(dot), DOT, found.pairs.len() <= FINE_DOTS)
}

/// Counts in cells of a point, on a logarithmic scale.
fn counts(ui: &Ui, found: &Found, axes: Axes) -> TextureHandle {
    let map = assets::colormaps().get("viridis");
    let size = [axes.rect.width().round().max(1.0) as usize, axes.rect.height().round().max(1.0) as usize];
    let x = Bins { low: axes.x[0], high: axes.x[1], count: size[0] };
    let y = Bins { low: axes.y[0], high: axes.y[1], count: size[1] };
    let cells = density(&found.x, &found.y, x, y);
    let most = f64::from(cells.iter().copied().max().unwrap_or(1).max(2)).ln();
    let pixel = |n: &u32| match n {
        0 => Color32::TRANSPARENT,
        n => shade(map.as_deref(), f64::from(*n).ln() / most),
    };
    // Rows of a picture go down.
    let pixels = cells.chunks(size[0]).rev().flat_map(|row| row.iter().map(pixel)).collect();
    ui.ctx().load_texture("pairs", ColorImage::new(size, pixels), TextureOptions::NEAREST)
}

/// The 1:1 line and the regression.
fn lines(painter: &egui::Painter, t: &Theme, found: &Found, axes: Axes) {
    let (a, b) = (axes.x[0].min(axes.y[0]), axes.x[1].max(axes.y[1]));
    let one = [axes.point(a, a), axes.point(b, b)];
    painter.extend(Shape::dashed_line(&one, Stroke::new(1.0, t.c.text_3), 4.0, 4.0));
    let line = found.stats.orthogonal;
    if line.slope.is_finite() && found.pairs.len() > 2 {
        let at = |x: f64| axes.point(x, line.intercept + line.slope * x);
        painter.line_segment([at(axes.x[0]), at(axes.x[1])], Stroke::new(1.0, t.c.text_1));
    }
}

fn brush(painter: &egui::Painter, t: &Theme, axes: Axes, panel: &PanelState) {
    match &panel.selection.brush {
        Brush::Rectangle(a, b) => {
            brushed(painter, t, Rect::from_two_pos(axes.point(a[0], a[1]), axes.point(b[0], b[1])));
        }
        Brush::Lasso(points) if points.len() > 1 => {
            let line: Vec<Pos2> = points.iter().map(|p| axes.point(p[0], p[1])).collect();
            painter.add(Shape::closed_line(line, Stroke::new(1.0, t.c.warning)));
        }
        _ => {}
    }
}

fn labels(ui: &Ui, found: &Found, area: Rect) {
    let t = theme(ui);
    let name = |side: usize, width: f32| {
        let (quantity, unit) = name_of_side(found, side);
        let unit = widgets::elided(ui.painter(), &unit, t.small(), t.c.text_2, width);
        let rest = width - unit.size().x;
        (widgets::elided(ui.painter(), &quantity, t.small(), t.c.text_2, rest), unit)
    };
    let paint = |at: Pos2, (quantity, unit): (Arc<Galley>, Arc<Galley>)| {
        let after = at + vec2(quantity.size().x, 0.0);
        ui.painter().galley(at, quantity, t.c.text_2);
        ui.painter().galley(after, unit, t.c.text_2);
    };
    let above = name(1, area.width() - 16.0);
    paint(pos2(area.left() + 8.0, (area.top() + 8.0 - above.0.size().y / 2.0).round()), above);
    let below = name(0, area.width() * 0.62);
    let size = vec2(below.0.size().x + below.1.size().x, below.0.size().y);
    paint(area.max - size - vec2(6.0, 4.0), below);
}

/// Rectangle and lasso, below the name of the vertical axis; `true` while the pointer is on them.
fn tools(ui: &Ui, area: Rect, panel: &mut PanelState) -> bool {
    let mut over = false;
    let rect = Rect::from_min_size(area.min + vec2(56.0, 18.0), Vec2::splat(24.0));
    let response = ui.interact(rect, ui.scope_id().with("select on the globe"), Sense::click());
    over |= response.contains_pointer();
    if widgets::icon_button_at(ui, rect, response, "globe", tr!("Select by a drag on the globe"), panel.picking)
        .clicked()
    {
        panel.picking = !panel.picking;
    }
    let all = [
        (Tool::Rectangle, "tool_box_zoom", tr!("Select by rectangle")),
        (Tool::Lasso, "tool_polygon", tr!("Select by lasso")),
    ];
    for (k, (tool, icon, label)) in all.into_iter().enumerate() {
        let rect = Rect::from_min_size(area.min + vec2(4.0 + 26.0 * k as f32, 18.0), Vec2::splat(24.0));
        let response = ui.interact(rect, ui.scope_id().with(label), Sense::click());
        over |= response.contains_pointer();
        if widgets::icon_button_at(ui, rect, response, icon, label, panel.tool == tool).clicked() {
            panel.tool = tool;
        }
    }
    over
}

fn gestures(ui: &Ui, response: &egui::Response, found: &Found, axes: Axes, panel: &mut PanelState) {
    let pull = pull(ui, response, axes);
    if let Some(from) = pull.from {
        panel.brushing = true;
        panel.selection.brush = match panel.tool {
            Tool::Rectangle => Brush::Rectangle(from, from),
            Tool::Lasso => Brush::Lasso(vec![from]),
        };
    }
    match (&mut panel.selection.brush, pull.to) {
        (Brush::Rectangle(_, to), Some(here)) => *to = here,
        (Brush::Lasso(points), Some(here)) => {
            let last = points.last().map(|p| axes.point(p[0], p[1]));
            if last.is_none_or(|l| l.distance(axes.point(here[0], here[1])) > 2.0) {
                points.push(here);
            }
        }
        _ => {}
    }
    if pull.ended {
        panel.brushing = false;
    }
    let on = response.hover_pos().and_then(|p| nearest(found, axes, p));
    if response.hovered() {
        panel.hovered = on;
        panel.hovered_globe = None;
        let (scroll, factor) = ui.input_mut(|i| (std::mem::take(&mut i.smooth_scroll_delta).y, i.zoom_delta()));
        let factor = (-f64::from(scroll) * 0.005).exp() / f64::from(factor);
        if let Some(p) = response.hover_pos().filter(|_| factor != 1.0) {
            let near = axes.zoomed(factor.clamp(0.2, 5.0), p);
            panel.zoom = Some((near.x, near.y));
        }
    }
    if response.double_clicked() {
        panel.zoom = None;
    } else if response.clicked() {
        panel.selection.brush = on.map_or(Brush::None, |k| {
            let p = &found.pairs[k as usize];
            Brush::Pair(p.a, p.b)
        });
    }
}

/// The pair under the pointer.
fn nearest(found: &Found, axes: Axes, at: Pos2) -> Option<u32> {
    if found.pairs.len() > MAX_DOTS {
        return None;
    }
    let distance = |k: usize| axes.point(found.x[k], found.y[k]).distance_sq(at);
    let best = (0..found.pairs.len()).min_by(|a, b| distance(*a).total_cmp(&distance(*b)))?;
    (distance(best) <= NEAR * NEAR).then_some(best as u32)
}

/// Text of a place in the plot that has no pairs.
pub fn empty(ui: &mut Ui, words: &str) {
    let t = theme(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, words, t.body(), t.c.text_3);
}
