//! Cards over the globe: compass, zoom, scale bar, time. Scale bar and time paint on any painter, so that exported images
//! get them too.

use egui::{Align2, Color32, Painter, Pos2, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};
use seaglass_core::camera::{Camera, View};
use seaglass_core::command::Command;
use seaglass_core::geo::{LonLat, wrap_180};

use crate::model::Model;
use crate::placing::EDGE;
use crate::state::{Out, UiState};
use crate::theme::{Theme, theme};
use crate::{actions, scene_legend, text, widgets};

/// Shows the cards; without panels only those that belong to the picture.
pub fn show(ui: &mut Ui, area: Rect, view: &View, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    if !state.presentation {
        compass(ui, area, &view.camera, state, out);
        zoom(ui, area, model, state, out);
    }
    let mut left = area.left();
    if let Some(bar) = scale_bar_for(view, ui.pixels_per_point()) {
        let size = scale_bar_size(ui.painter(), t, &bar);
        let rect = Rect::from_min_size(pos2(area.left() + EDGE, area.bottom() - EDGE - size.y), size);
        paint_scale_bar(ui.painter(), t, rect, &bar);
        state.taken.add("scale bar", rect);
        left = rect.right();
    }
    let legend = scene_legend::show(ui, area, view, model, state, out);
    if state.presentation && model.session.catalogue().span().is_some() {
        let text = model.now().to_string();
        let size = time_size(ui.painter(), t, &text);
        let rect = time_rect(area, left, legend.map_or(area.right(), |r| r.left()), size);
        paint_time(ui.painter(), t, rect, &text);
        state.taken.add("time", rect);
    }
}

/// Size of the card with the time.
pub fn time_size(painter: &Painter, t: &Theme, text: &str) -> Vec2 {
    vec2(painter.layout_no_wrap(text.to_owned(), t.heading(), t.c.text_1).size().x + 24.0, 24.0)
}

/// Where the time stands: bottom centre between scale bar and legend, above the scale bar where there is no room.
pub fn time_rect(area: Rect, scale_right: f32, legend_left: f32, size: Vec2) -> Rect {
    let (low, high) = (scale_right + EDGE, legend_left - EDGE - size.x);
    let bottom = area.bottom() - EDGE;
    if low <= high {
        let x = (area.center().x - size.x / 2.0).clamp(low, high);
        return Rect::from_min_size(pos2(x, bottom - size.y), size);
    }
    let above = bottom - 24.0 - EDGE - size.y;
    Rect::from_min_size(pos2(area.left() + EDGE, above), size)
}

/// Paints the time with its card.
pub fn paint_time(painter: &Painter, t: &Theme, rect: Rect, text: &str) {
    painter.rect(rect, 8.0, t.overlay(), Stroke::new(1.0, t.c.border), StrokeKind::Inside);
    painter.text(rect.center(), Align2::CENTER_CENTER, text, t.heading(), t.c.text_1);
}

/// Outline of the granule hovered or selected on the timeline.
pub fn footprint(ui: &Ui, frame: crate::navigation::Frame, view: &View, model: &Model, state: &UiState) {
    let Some(id) = state.hovered_granule.or(state.selected_granule) else { return };
    let Some(granule) = model.session.catalogue().granule(id) else { return };
    let t = theme(ui);
    let painter = ui.painter().with_clip_rect(frame.rect);
    let screen = |p: LonLat| view.screen_from_lonlat(p).map(|px| frame.point(px));
    outline(&painter, frame.rect.width(), &screen, &granule.outline(), t.c.accent);
}

/// Paints an outline on the globe; `screen` says where places are.
pub fn outline(painter: &Painter, width: f32, screen: &dyn Fn(LonLat) -> Option<Pos2>, line: &[LonLat], ink: Color32) {
    let places: Vec<Option<Pos2>> = line.iter().map(|p| screen(*p)).collect();
    for pair in places.windows(2) {
        let (Some(a), Some(b)) = (pair[0], pair[1]) else { continue };
        // A side that crosses the whole view goes round the back of the map.
        if a.distance(b) < width * 0.5 {
            painter.line_segment([a, b], Stroke::new(1.5, ink));
        }
    }
}

fn card_at(ui: &Ui, rect: Rect, radius: f32) {
    let t = theme(ui);
    ui.painter().add(t.card_shadow().as_shape(rect, radius));
    ui.painter().rect(rect, radius, t.overlay(), Stroke::new(1.0, t.c.border), StrokeKind::Inside);
}

fn compass(ui: &mut Ui, area: Rect, camera: &Camera, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let rect = Rect::from_min_size(pos2(area.right() - EDGE - 36.0, area.top() + EDGE), Vec2::splat(36.0));
    card_at(ui, rect, 18.0);
    state.taken.add("compass", rect);
    let response = ui.interact(rect, ui.scope_id().with("compass"), Sense::click());
    widgets::describe(&response, Role::Button, tr!("Compass: north up"));
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
    let from_north = wrap_180(camera.heading_deg - camera.north_heading_deg());
    let a = -(from_north.to_radians() as f32);
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
    if response.on_hover_text(tr!("North up   N")).clicked() {
        out.send(if from_north.abs() > 0.01 { Command::NorthUp } else { Command::TopDown });
    }
}

/// Paints an arrow to the north in the middle of the view, on a card in the upper right corner.
pub fn paint_north(painter: &Painter, t: &Theme, area: Rect, camera: &Camera) -> Rect {
    let rect = Rect::from_min_size(pos2(area.right() - EDGE - 40.0, area.top() + EDGE), Vec2::splat(40.0));
    painter.add(t.card_shadow().as_shape(rect, 20.0));
    painter.rect(rect, 20.0, t.overlay(), Stroke::new(1.0, t.c.border), StrokeKind::Inside);
    let from_north = wrap_180(camera.heading_deg - camera.north_heading_deg());
    let a = -(from_north.to_radians() as f32);
    let turn = |x: f32, y: f32| rect.center() + vec2(x * a.cos() - y * a.sin(), x * a.sin() + y * a.cos());
    let half = |side: f32| vec![turn(0.0, -4.0), turn(5.0 * side, 15.0), turn(0.0, 11.0)];
    painter.add(Shape::convex_polygon(half(-1.0), t.c.text_1, Stroke::NONE));
    painter.add(Shape::convex_polygon(half(1.0), Color32::TRANSPARENT, Stroke::new(1.0, t.c.text_1)));
    painter.text(turn(0.0, -11.0), Align2::CENTER_CENTER, "N", t.small(), t.c.text_1);
    rect
}

fn zoom(ui: &mut Ui, area: Rect, model: &Model, state: &mut UiState, out: &mut Out) {
    let rect = Rect::from_min_size(pos2(area.right() - EDGE - 36.0, area.top() + EDGE + 44.0), vec2(36.0, 92.0));
    card_at(ui, rect, 8.0);
    state.taken.add("zoom", rect);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_never_meets_scale_bar_or_legend() {
        let size = vec2(190.0, 24.0);
        for width in [400.0, 520.0, 640.0, 760.0, 1024.0, 1440.0] {
            let area = Rect::from_min_size(Pos2::ZERO, vec2(width, 400.0));
            let scale = Rect::from_min_size(pos2(EDGE, 400.0 - EDGE - 24.0), vec2(150.0, 24.0));
            let legend = Rect::from_min_size(pos2(width - EDGE - 264.0, 400.0 - EDGE - 66.0), vec2(264.0, 66.0));
            let rect = time_rect(area, scale.right(), legend.left(), size);
            assert!(!rect.intersects(scale), "{width}: {rect:?}");
            assert!(rect.left() >= 0.0 && (!rect.intersects(legend) || width < 480.0), "{width}: {rect:?}");
        }
        let wide = time_rect(Rect::from_min_size(Pos2::ZERO, vec2(1440.0, 900.0)), 162.0, 1164.0, size);
        assert_eq!(wide.center().x, 720.0);
    }
}
