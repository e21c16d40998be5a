//! The histogram of the style panel with its colour bar and two handles.

use egui::{Align2, Color32, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, lerp, pos2, vec2};
use seaglass_core::colormap::Colormap;

use crate::highlight;
use crate::model::Row;
use crate::state::{Out, UiState};
use crate::text;
use crate::theme::theme;
use crate::widgets;

/// Distribution of the values of a layer, in the unit of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distribution {
    /// Counts in equal bins from `min` to `max`.
    pub bins: Vec<u64>,
    /// Lower end of the first bin.
    pub min: f64,
    /// Upper end of the last bin.
    pub max: f64,
    /// Values counted.
    pub count: u64,
    /// Granules they come from.
    pub granules: usize,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// 2nd and 98th percentile.
    pub p02_p98: [f64; 2],
    /// Ends between which 95 % of the values lie.
    pub middle_95: [f64; 2],
    /// Ends between which 98 % of the values lie.
    pub middle_98: [f64; 2],
}

/// Visible value axis: linear in the value, or in its logarithm.
#[derive(Clone, Copy)]
struct Axis {
    lo: f64,
    hi: f64,
    log: bool,
    rect: Rect,
}

impl Axis {
    fn x(&self, v: f64) -> f32 {
        let f = if self.log {
            (v.max(1e-300).ln() - self.lo.ln()) / (self.hi.ln() - self.lo.ln())
        } else {
            (v - self.lo) / (self.hi - self.lo)
        };
        lerp(self.rect.x_range(), f.clamp(-0.5, 1.5) as f32)
    }

    fn value(&self, x: f32) -> f64 {
        let f = f64::from((x - self.rect.left()) / self.rect.width());
        if self.log {
            (self.lo.ln() + f * (self.hi.ln() - self.lo.ln())).exp()
        } else {
            self.lo + f * (self.hi - self.lo)
        }
    }
}

/// Shows histogram, colour bar, handles and ticks, 350 × 128; answers the new range while it is dragged.
pub fn show(
    ui: &mut Ui,
    row: &Row,
    map: Option<&Colormap>,
    data: Option<&Distribution>,
    state: &mut UiState,
    out: &mut Out,
) -> Option<[f64; 2]> {
    let t = theme(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 88.0 + 4.0 + 12.0 + 20.0), Sense::hover());
    let plot = Rect::from_min_size(rect.min, vec2(rect.width(), 88.0));
    let bar = Rect::from_min_size(pos2(rect.left(), plot.bottom() + 4.0), vec2(rect.width(), 12.0));
    let range = row.style.effective_range();
    let axis = view_axis(ui, row, data, range, plot);
    match data {
        Some(d) if d.count > 0 => bins(ui, plot, axis, row, map, d),
        Some(_) => {
            ui.painter().text(plot.center(), Align2::CENTER_CENTER, tr!("No values"), t.small(), t.c.text_3);
        }
        None => {
            let words = if row.status.shown == 0 { tr!("No values at this time") } else { tr!("Counting values") };
            ui.painter().text(plot.center(), Align2::CENTER_CENTER, words, t.small(), t.c.text_3);
        }
    }
    if let Some(map) = map {
        bar_with_range(ui, bar, axis, row, map, range);
    }
    point_at(ui, bar, axis, row, range, state);
    ticks(ui, bar, axis, row);
    handles(ui, plot, bar, axis, row, range, out)
}

/// The axis: what the user has zoomed to, else data and range with a margin.
fn view_axis(ui: &Ui, row: &Row, data: Option<&Distribution>, range: [f64; 2], plot: Rect) -> Axis {
    let id = egui::Id::unique(("histogram axis", row.id.0));
    let [mut lo, mut hi] = range;
    if let Some(d) = data.filter(|d| d.count > 0) {
        // Outliers do not squeeze the bulk: the axis reaches at most one range's width beyond the colour range.
        let w = range[1] - range[0];
        lo = d.min.max(range[0] - w).min(range[0]);
        hi = d.max.min(range[1] + w).max(range[1]);
    }
    let margin = (hi - lo) * 0.05;
    let dragging: Option<(f64, f64)> = ui.data(|d| d.get_temp(id));
    let held = ui.input(|i| i.pointer.any_down()).then_some(dragging).flatten();
    let (lo, hi) = held.unwrap_or((lo - margin, hi + margin));
    let log = row.style.log && range[0] > 0.0;
    let lo = if log { lo.max(range[0] / 10.0) } else { lo };
    ui.data_mut(|d| d.insert_temp(id, (lo, hi)));
    Axis { lo, hi, log, rect: plot }
}

fn bins(ui: &Ui, plot: Rect, axis: Axis, row: &Row, map: Option<&Colormap>, d: &Distribution) {
    let t = theme(ui);
    let columns = 86;
    let width = plot.width() / columns as f32;
    let bin = (d.max - d.min) / d.bins.len().max(1) as f64;
    let mut heights = vec![0.0f64; columns];
    for (k, height) in heights.iter_mut().enumerate() {
        let a = axis.value(plot.left() + k as f32 * width);
        let b = axis.value(plot.left() + (k + 1) as f32 * width);
        if bin > 0.0 {
            let from = (((a - d.min) / bin).floor().max(0.0)) as usize;
            let to = (((b - d.min) / bin).ceil().max(0.0) as usize).min(d.bins.len());
            let n: u64 = d.bins.get(from.min(to)..to).map_or(0, |s| s.iter().sum());
            *height = (n as f64 / (to.saturating_sub(from)).max(1) as f64).sqrt();
        }
    }
    let top = heights.iter().copied().fold(0.0, f64::max).max(1e-9);
    let [lo, hi] = row.style.effective_range();
    for (k, h) in heights.iter().enumerate().filter(|(_, h)| **h > 0.0) {
        let left = plot.left() + k as f32 * width;
        let v = axis.value(left + width / 2.0);
        let y = plot.bottom() - ((h / top) as f32 * (plot.height() - 8.0)).max(1.0);
        let cell = Rect::from_min_max(pos2(left, y), pos2(left + width - 0.6, plot.bottom()));
        let colour = map.map_or(t.c.avail_some, |m| {
            let [r, g, b] = m.colour(row.style.position(v), row.style.reversed);
            Color32::from_rgb(r, g, b)
        });
        let inside = v >= lo && v <= hi;
        ui.painter().rect_filled(cell, 0.0, colour.gamma_multiply(if inside { 1.0 } else { 0.45 }));
    }
    widgets::hairline(ui.painter(), t, plot.x_range(), plot.bottom());
}

fn bar_with_range(ui: &Ui, bar: Rect, axis: Axis, row: &Row, map: &Colormap, range: [f64; 2]) {
    let (a, b) = (axis.x(range[0]), axis.x(range[1]));
    let end = |k: f64| {
        let [r, g, bl] = map.colour(k, row.style.reversed);
        Color32::from_rgb(r, g, bl).gamma_multiply(0.45)
    };
    ui.painter().rect_filled(Rect::from_x_y_ranges(bar.left()..=a.max(bar.left()), bar.y_range()), 0.0, end(0.0));
    ui.painter().rect_filled(Rect::from_x_y_ranges(b.min(bar.right())..=bar.right(), bar.y_range()), 0.0, end(1.0));
    let inner = Rect::from_x_y_ranges(a.max(bar.left())..=b.min(bar.right()), bar.y_range());
    widgets::colour_bar(ui.painter(), inner, map, row.style.reversed, 1.0);
}

/// Cells of the value under the pointer stand out.
fn point_at(ui: &Ui, bar: Rect, axis: Axis, row: &Row, range: [f64; 2], state: &mut UiState) {
    let whole = Rect::from_x_y_ranges(axis.x(range[0])..=axis.x(range[1]), bar.y_range());
    highlight::by_pointer(ui, whole.intersect(bar), whole, row, state);
}

fn ticks(ui: &Ui, bar: Rect, axis: Axis, row: &Row) {
    let t = theme(ui);
    let (lo, hi) = (row.unit.shown(axis.lo), row.unit.shown(axis.hi));
    let values = if axis.log { text::log_ticks(axis.lo, axis.hi) } else { text::round_ticks(lo, hi, 5) };
    let mut free = bar.left();
    for v in values {
        let x = axis.x(if axis.log { v } else { row.unit.raw(v) });
        let label = if axis.log { text::significant(v) } else { text::short(v, row.decimals.max(2)) };
        let label = if axis.log { text::short(text::parse_number(&label).unwrap_or(v), 6) } else { label };
        let galley = ui.painter().layout_no_wrap(label, t.small(), t.c.text_3);
        let left = (x - galley.size().x / 2.0).clamp(bar.left(), (bar.right() - galley.size().x).max(bar.left()));
        if left >= free {
            free = left + galley.size().x + 8.0;
            ui.painter().galley(pos2(left, bar.bottom() + 3.0), galley, t.c.text_3);
        }
    }
}

fn handles(
    ui: &mut Ui,
    plot: Rect,
    bar: Rect,
    axis: Axis,
    row: &Row,
    range: [f64; 2],
    out: &mut Out,
) -> Option<[f64; 2]> {
    let t = theme(ui);
    let mut new = None;
    let id = egui::Id::unique(("histogram", row.id.0));
    let all = Rect::from_min_max(plot.min, bar.max);
    let (a, b) = (axis.x(range[0]), axis.x(range[1]));
    let between = Rect::from_x_y_ranges(a.max(all.left())..=b.min(all.right()).max(a.max(all.left())), all.y_range());
    let middle = ui
        .interact(between, id.with("shift"), Sense::click_and_drag())
        .on_hover_and_drag_cursor(egui::CursorIcon::Grab);
    widgets::describe(&middle, Role::Group, &tr!("Shift the range of {}", row.name));
    if middle.dragged() && middle.drag_delta().x != 0.0 {
        let dx = middle.drag_delta().x;
        new = Some([axis.value(a + dx), axis.value(b + dx)]);
    }
    out.settle |= middle.drag_stopped();
    for (k, word) in [tr!("Minimum"), tr!("Maximum")].into_iter().enumerate() {
        let x = [a, b][k].clamp(all.left(), all.right());
        ui.painter().vline(x, plot.top()..=bar.bottom(), Stroke::new(1.5, t.c.text_1));
        let knob = Rect::from_center_size(pos2(x, bar.center().y), vec2(8.0, 16.0));
        let hit = Rect::from_x_y_ranges((x - 12.0)..=(x + 12.0), all.y_range());
        let response = ui
            .interact(hit, id.with(word), Sense::click_and_drag())
            .on_hover_and_drag_cursor(egui::CursorIcon::ResizeHorizontal);
        let value = row.unit.shown(range[k]);
        let label = tr!("{word} handle of {}", row.name);
        response.widget_info(|| WidgetInfo::slider(true, value, label.clone()));
        let fill = if response.hovered() || response.dragged() { t.c.accent } else { t.c.text_1 };
        ui.painter().rect(knob, 3.0, fill, Stroke::new(1.0, t.c.surface_3), StrokeKind::Outside);
        widgets::focus_ring(ui, &response, 3.0);
        if let Some(p) = response.interact_pointer_pos().filter(|_| response.dragged()) {
            let v = axis.value(p.x);
            new = Some(if k == 0 {
                [v.min(range[1] - 1e-9 * (range[1] - range[0]).abs()), range[1]]
            } else {
                [range[0], v]
            });
        }
        let arrows =
            ui.input(|i| i.num_presses(egui::Key::ArrowRight) as i32 - i.num_presses(egui::Key::ArrowLeft) as i32);
        if response.has_focus() && arrows != 0 {
            let mut moved = range;
            moved[k] += f64::from(arrows) * (range[1] - range[0]) * 0.01;
            new = Some(moved);
        }
        out.settle |= response.drag_stopped();
    }
    new.filter(|[lo, hi]| lo < hi)
}
