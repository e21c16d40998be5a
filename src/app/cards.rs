//! Cards over the globe: compass, zoom, scale bar, legend. Scale bar and legend paint on any painter, so that exported
//! images get them too.

use egui::{
    Align2, Area, Id, Order, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, pos2,
    vec2,
};
use seaglass_core::camera::{Camera, View};
use seaglass_core::command::Command;
use seaglass_render::assets;

use crate::model::{Model, Row};
use crate::state::{Out, UiState};
use crate::theme::{Theme, theme};
use crate::{actions, text, widgets};

/// Distance of cards from the edges.
const EDGE: f32 = 12.0;
/// Height of one bar in the legend.
const BAR_HEIGHT: f32 = 58.0;

/// Shows the cards.
pub fn show(ui: &mut Ui, area: Rect, view: &View, model: &Model, state: &mut UiState, out: &mut Out) {
    compass(ui, area, &view.camera, out);
    zoom(ui, area, model, state, out);
    if let Some(bar) = scale_bar_for(view, ui.pixels_per_point()) {
        let t = theme(ui);
        let size = scale_bar_size(ui.painter(), t, &bar);
        let rect = Rect::from_min_size(pos2(area.left() + EDGE, area.bottom() - EDGE - size.y), size);
        paint_scale_bar(ui.painter(), t, rect, &bar);
    }
    legend(ui, area, model, state);
}

/// Outline of the granule hovered or selected on the timeline.
pub fn footprint(ui: &Ui, frame: crate::navigation::Frame, view: &View, model: &Model, state: &UiState) {
    let Some(id) = state.hovered_granule.or(state.selected_granule) else { return };
    let Some(granule) = model.session.catalogue().granule(id) else { return };
    let t = theme(ui);
    let painter = ui.painter().with_clip_rect(frame.rect);
    let points = granule.footprint.iter().chain(granule.footprint.first());
    let places: Vec<Option<Pos2>> = points.map(|p| view.screen_from_lonlat(*p).map(|px| frame.point(px))).collect();
    for pair in places.windows(2) {
        let (Some(a), Some(b)) = (pair[0], pair[1]) else { continue };
        // A side that crosses the whole view goes round the back of the map.
        if a.distance(b) < frame.rect.width() * 0.5 {
            painter.line_segment([a, b], Stroke::new(1.5, t.c.accent));
        }
    }
}

fn card_at(ui: &Ui, rect: Rect, radius: f32) {
    let t = theme(ui);
    ui.painter().add(t.card_shadow().as_shape(rect, radius));
    ui.painter().rect(rect, radius, t.overlay(), Stroke::new(1.0, t.c.border), StrokeKind::Inside);
}

fn compass(ui: &mut Ui, area: Rect, camera: &Camera, out: &mut Out) {
    let t = theme(ui);
    let rect = Rect::from_min_size(pos2(area.right() - EDGE - 36.0, area.top() + EDGE), Vec2::splat(36.0));
    card_at(ui, rect, 18.0);
    let response = ui.interact(rect, ui.scope_id().with("compass"), Sense::click());
    widgets::describe(&response, Role::Button, "Compass: north up");
    let c = rect.center();
    if response.hovered() {
        ui.painter().circle_filled(c, 17.0, t.c.hover);
    }
    if camera.tilt_deg > 0.5 {
        // The arc grows with the tilt.
        let reach = (camera.tilt_deg / 85.0) as f32 * std::f32::consts::PI;
        let arc: Vec<Pos2> = (0..=24)
            .map(|k| {
                let a = std::f32::consts::FRAC_PI_2 - reach / 2.0 + reach * k as f32 / 24.0;
                c + 16.0 * vec2(a.cos(), a.sin())
            })
            .collect();
        ui.painter().add(Shape::line(arc, Stroke::new(2.0, t.c.accent)));
    }
    let a = -(camera.heading_deg.to_radians() as f32);
    let turn = |x: f32, y: f32| c + vec2(x * a.cos() - y * a.sin(), x * a.sin() + y * a.cos());
    ui.painter().add(Shape::convex_polygon(
        vec![turn(0.0, -11.0), turn(4.0, 0.0), turn(-4.0, 0.0)],
        t.c.error,
        Stroke::NONE,
    ));
    ui.painter().add(Shape::convex_polygon(
        vec![turn(0.0, 11.0), turn(-4.0, 0.0), turn(4.0, 0.0)],
        t.c.text_3,
        Stroke::NONE,
    ));
    widgets::focus_ring(ui, &response, 18.0);
    if response.on_hover_text("North up   N").clicked() {
        out.send(if camera.heading_deg.abs() > 0.01 { Command::NorthUp } else { Command::TopDown });
    }
}

fn zoom(ui: &mut Ui, area: Rect, model: &Model, state: &mut UiState, out: &mut Out) {
    let rect = Rect::from_min_size(pos2(area.right() - EDGE - 36.0, area.top() + EDGE + 44.0), vec2(36.0, 92.0));
    card_at(ui, rect, 8.0);
    for (k, (icon, id)) in
        [("zoom_in", "zoom_in"), ("zoom_out", "zoom_out"), ("home_view", "home")].into_iter().enumerate()
    {
        let cell = Rect::from_min_size(pos2(rect.left() + 4.0, rect.top() + 4.0 + 28.0 * k as f32), Vec2::splat(28.0));
        let response = ui.interact(cell, ui.scope_id().with(id), Sense::click());
        if widgets::icon_button_at(ui, cell, response, icon, &widgets::tip(id), false).clicked() {
            actions::perform(id, model, state, out);
        }
    }
}

/// A scale bar of a round length.
#[derive(Clone, Debug, PartialEq)]
pub struct ScaleBar {
    /// Length in points.
    pub width: f32,
    /// `500 km`.
    pub label: String,
}

/// The longest bar of 1, 2 or 5 times a power of ten metres within 110 points, at the centre of the view.
pub fn scale_bar_for(view: &View, ppp: f32) -> Option<ScaleBar> {
    let per_point = view.metres_per_px() * f64::from(ppp);
    if !(per_point > 0.0 && per_point.is_finite()) {
        return None;
    }
    let longest = per_point * 110.0;
    let base = 10f64.powf(longest.log10().floor());
    let length = [5.0, 2.0, 1.0].into_iter().map(|m| m * base).find(|l| *l <= longest)?;
    let label = if length >= 1000.0 {
        format!("{}{}km", text::number(length / 1000.0, 0), text::THIN)
    } else {
        format!("{}{}m", text::short(length, 2), text::THIN)
    };
    Some(ScaleBar { width: (length / per_point) as f32, label })
}

/// Size of the card of a scale bar.
pub fn scale_bar_size(painter: &Painter, t: &Theme, bar: &ScaleBar) -> Vec2 {
    let text = painter.layout_no_wrap(bar.label.clone(), t.small(), t.c.text_1).size().x;
    vec2(10.0 + bar.width + 8.0 + text + 10.0, 24.0)
}

/// Paints a scale bar with its card.
pub fn paint_scale_bar(painter: &Painter, t: &Theme, rect: Rect, bar: &ScaleBar) {
    painter.add(t.card_shadow().as_shape(rect, 8.0));
    painter.rect(rect, 8.0, t.overlay(), Stroke::new(1.0, t.c.border), StrokeKind::Inside);
    let y = rect.center().y + 2.0;
    let (a, b) = (rect.left() + 10.0, rect.left() + 10.0 + bar.width);
    let stroke = Stroke::new(1.5, t.c.text_1);
    painter.line_segment([pos2(a, y), pos2(b, y)], stroke);
    for x in [a, b] {
        painter.line_segment([pos2(x, y - 5.0), pos2(x, y)], stroke);
    }
    painter.text(pos2(b + 8.0, rect.center().y), Align2::LEFT_CENTER, &bar.label, t.small(), t.c.text_1);
}

/// Layers the legend shows: the selected one first, at most `most`.
pub fn legend_rows(rows: &[Row], selected: Option<seaglass_core::project::LayerId>, most: usize) -> Vec<&Row> {
    let mut list: Vec<&Row> =
        rows.iter().filter(|r| r.visible && r.style.range.is_some() && r.status.reason.is_none()).collect();
    list.sort_by_key(|r| Some(r.id) != selected);
    list.truncate(most);
    list
}

/// Size of the legend card.
pub fn legend_size(t: &Theme, rows: usize) -> Vec2 {
    vec2(t.size.scene_legend, 8.0 + BAR_HEIGHT * rows as f32)
}

/// Paints the legend card; answers the rectangle of each bar.
pub fn paint_legend(painter: &Painter, t: &Theme, rect: Rect, rows: &[&Row]) -> Vec<Rect> {
    painter.add(t.card_shadow().as_shape(rect, 8.0));
    painter.rect(rect, 8.0, t.overlay(), Stroke::new(1.0, t.c.border), StrokeKind::Inside);
    let mut bars = Vec::new();
    for (k, row) in rows.iter().enumerate() {
        let top = rect.top() + 4.0 + BAR_HEIGHT * k as f32;
        let (left, right) = (rect.left() + 12.0, rect.right() - 12.0);
        let unit = painter.layout_no_wrap(row.unit.label.clone(), t.body(), t.c.text_3);
        let unit_left = right - unit.size().x;
        painter.galley(pos2(unit_left, (top + 12.0 - unit.size().y / 2.0).round()), unit, t.c.text_3);
        widgets::line(painter, left, top + 12.0, &row.long_name, t.body(), t.c.text_1, unit_left - left - 8.0);
        let bar = Rect::from_min_max(pos2(left, top + 25.0), pos2(right, top + 25.0 + t.size.colour_bar_scene));
        if let Some(map) = assets::colormaps().get(&row.style.colormap) {
            widgets::colour_bar(painter, bar, &map, row.style.reversed, row.style.opacity.max(0.3));
        }
        painter.rect_stroke(bar, 0.0, Stroke::new(1.0, t.c.border), StrokeKind::Outside);
        legend_ticks(painter, t, bar, row);
        bars.push(bar);
    }
    bars
}

fn legend_ticks(painter: &Painter, t: &Theme, bar: Rect, row: &Row) {
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

fn legend(ui: &mut Ui, area: Rect, model: &Model, state: &mut UiState) {
    let t = theme(ui);
    let most = if area.height() < 560.0 { 1 } else { 3 };
    let rows = legend_rows(&model.rows, state.selected, most);
    state.legend_top = None;
    if rows.is_empty() || area.width() < 420.0 {
        return;
    }
    let size = legend_size(t, rows.len());
    let offset = state.legend_offset.unwrap_or(Vec2::ZERO);
    let home = pos2(area.right() - EDGE - size.x, area.bottom() - EDGE - size.y) + offset;
    let min = home.clamp(area.min, (area.max - size).max(area.min));
    let in_corner = min.x + size.x > area.right() - 380.0 && min.y > area.center().y;
    state.legend_top = in_corner.then_some(min.y);
    let shown = Area::new(Id::unique("scene legend")).order(Order::Middle).fixed_pos(min).show(ui.ctx(), |ui| {
        let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
        let names: Vec<&str> = rows.iter().map(|r| r.long_name.as_str()).collect();
        widgets::describe(&response, Role::Group, &format!("Legend: {}", names.join(", ")));
        let bars = paint_legend(ui.painter(), t, rect, &rows);
        (response, bars)
    });
    let (response, bars): (Response, Vec<Rect>) = shown.inner;
    if response.dragged() {
        state.legend_offset = Some(offset + response.drag_delta());
    }
    if response.double_clicked() {
        state.legend_offset = None;
    } else if response.clicked() {
        let at = response.interact_pointer_pos();
        let hit = bars.iter().position(|b| at.is_some_and(|p| b.expand2(vec2(12.0, 22.0)).contains(p)));
        if let Some(row) = hit.and_then(|k| rows.get(k)) {
            state.selected = Some(row.id);
            state.style_of = Some(row.id);
        }
    }
}
