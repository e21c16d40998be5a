//! The selection on the globe: rings around selected pairs, outlines of their granules, the line between the two
//! observations of a pair; and selecting there.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use egui::{Align2, Pos2, Rect, Response, Shape, Stroke, StrokeKind, Ui, pos2, vec2};
use seaglass_core::camera::View;
use seaglass_core::geo::LonLat;
use seaglass_core::time::Time;
use seaglass_host::colocate::{Found, Place};

use super::selection::Brush;
use super::{PanelState, difference_unit, statistics};
use crate::model::Model;
use crate::navigation::Frame;
use crate::state::UiState;
use crate::text;
use crate::theme::{Theme, theme};
use crate::widgets;

/// Rings drawn at most; rings on top of each other are drawn once.
const MAX_RINGS: usize = 2000;
/// Outlines drawn at most.
const MAX_GRANULES: usize = 24;
/// With more pairs the pointer does not look for one.
const MAX_HOVER: usize = 300_000;
/// The pointer is on a pair within so many points.
const NEAR: f32 = 8.0;

/// Draws what is selected and hovered.
pub fn paint(ui: &Ui, frame: Frame, view: &View, model: &Model, state: &UiState) {
    if !state.colocate_open() {
        return;
    }
    let Some(found) = &model.colocation.found else { return };
    let t = theme(ui);
    let painter = ui.painter().with_clip_rect(frame.rect);
    let screen = |p: LonLat| view.screen_from_lonlat(p).map(|px| frame.point(px));
    let selected = state.colocate.selection.pairs();
    outlines(&painter, t, frame, model, found, selected, &screen);
    rings(&painter, frame.rect, found, selected, &screen);
    if let Some(k) = state.colocate.hovered.map(|k| k as usize)
        && let (Some(a), Some(b)) = (found.reference(k), found.compared(k))
    {
        link(&painter, frame, screen(a.at), screen(b.at));
        if frame.rect.width() > 360.0 {
            caption(&painter, t, frame.rect, found, k, &a, &b);
        }
    }
    if let (Some(from), Some(to)) = (state.colocate.picked_from, ui.input(|i| i.pointer.interact_pos())) {
        super::plot::brushed(&painter, t, Rect::from_two_pos(from, to));
    }
}

/// On imagery rings have a dark casing in both themes.
fn casing() -> egui::Color32 {
    Theme::get(true).c.void.gamma_multiply(0.7)
}

fn rings(
    painter: &egui::Painter,
    area: Rect,
    found: &Found,
    selected: &[u32],
    screen: &dyn Fn(LonLat) -> Option<Pos2>,
) {
    let ink = Theme::get(true).c.warning;
    let mut taken: HashSet<(i32, i32)> = HashSet::new();
    for k in selected {
        let Some(at) = found.reference(*k as usize).and_then(|p| screen(p.at)) else { continue };
        // Rings that would hide each other are one.
        if !area.expand(8.0).contains(at) || !taken.insert(((at.x / 4.0) as i32, (at.y / 4.0) as i32)) {
            continue;
        }
        painter.circle_stroke(at, 6.5, Stroke::new(3.0, casing()));
        painter.circle_stroke(at, 6.5, Stroke::new(1.5, ink));
        if taken.len() >= MAX_RINGS {
            return;
        }
    }
}

/// Granules of the selected pairs.
fn outlines(
    painter: &egui::Painter,
    t: &Theme,
    frame: Frame,
    model: &Model,
    found: &Found,
    selected: &[u32],
    screen: &dyn Fn(LonLat) -> Option<Pos2>,
) {
    if selected.is_empty() {
        return;
    }
    let mut known: BTreeMap<(usize, usize), Place<'_>> = BTreeMap::new();
    let step = (selected.len() / 4000).max(1);
    for k in selected.iter().step_by(step).map(|k| *k as usize) {
        let p = &found.pairs[k];
        for (side, row, place) in [(0, p.a, found.reference(k)), (1, p.b, found.compared(k))] {
            if let Some(place) = place.filter(|_| known.len() < MAX_GRANULES) {
                known.entry((side, found.data.sides[side].granule(row))).or_insert(place);
            }
        }
    }
    for side in &found.ask.sides {
        let layer = model.session.project().layer(side.layer);
        let collection = layer.and_then(|l| model.session.catalogue().collections.get(&l.collection));
        for g in collection.into_iter().flat_map(|c| &c.granules) {
            let is = |p: &Place<'_>| p.part == g.part && p.step == g.step && p.path == g.path;
            if !g.geometry.is_raster() || !known.values().any(is) {
                continue;
            }
            crate::cards::outline(painter, frame.rect.width(), screen, &g.outline(), t.c.warning);
        }
    }
}

/// The line between both observations.
fn link(painter: &egui::Painter, frame: Frame, a: Option<Pos2>, b: Option<Pos2>) {
    let dark = Theme::get(true);
    if let (Some(a), Some(b)) = (a, b)
        && a.distance(b) < frame.rect.width() * 0.5
    {
        painter.line_segment([a, b], Stroke::new(3.5, casing()));
        painter.line_segment([a, b], Stroke::new(1.5, dark.c.text_1));
    }
    // Reference: ring; compared: square.
    if let Some(a) = a {
        painter.circle_stroke(a, 6.5, Stroke::new(3.5, casing()));
        painter.circle_stroke(a, 6.5, Stroke::new(1.5, dark.c.text_1));
    }
    if let Some(b) = b {
        let square = Rect::from_center_size(b, vec2(9.0, 9.0));
        painter.rect_stroke(square, 0.0, Stroke::new(3.5, casing()), StrokeKind::Middle);
        painter.rect_stroke(square, 0.0, Stroke::new(1.5, dark.c.text_1), StrokeKind::Middle);
    }
}

/// What the hovered pair is, at the top in the middle: the bottom has the legend.
fn caption(painter: &egui::Painter, t: &Theme, area: Rect, found: &Found, k: usize, a: &Place<'_>, b: &Place<'_>) {
    let d = statistics::decimals(&found.stats);
    let [of_a, of_b] = &found.ask.sides;
    let value = |v: f64, unit: &str| format!("{}{unit}", text::number(v, d));
    let day = |time: Time| time.iso().replace('T', " ");
    let first = format!("{}   {}   {}", of_a.product, day(a.time), value(found.shown(found.x[k]), &of_a.unit.suffix()));
    let second =
        format!("{}   {}   {}", of_b.product, day(b.time), value(found.shown(found.y[k]), &of_b.unit.suffix()));
    let pair = &found.pairs[k];
    let sign = if found.difference(k) > 0.0 { "+" } else { "" };
    let third = tr!(
        "Difference {sign}{}, {} apart, {}",
        value(found.difference(k), &difference_unit(found)),
        text::metres(pair.distance_m),
        text::offset(pair.dt_us as f64 / 1e6)
    );
    let lines = [(first, t.c.text_1), (second, t.c.text_1), (third, t.c.text_2)];
    let galleys = lines.map(|(words, ink)| widgets::elided(painter, &words, t.body(), ink, area.width() - 140.0));
    let width = galleys.iter().map(|g| g.size().x).fold(0.0, f32::max) + 24.0;
    let rect = Align2::CENTER_TOP.anchor_size(pos2(area.center().x, area.top() + 12.0), vec2(width, 72.0));
    painter.add(Shape::from(t.card_shadow().as_shape(rect, 8.0)));
    painter.rect(rect, 8.0, t.overlay(), Stroke::new(1.0, t.c.border), StrokeKind::Inside);
    for (n, g) in galleys.into_iter().enumerate() {
        let y = rect.top() + 18.0 + 18.0 * n as f32 - g.size().y / 2.0;
        painter.galley(pos2(rect.left() + 12.0, y.round()), g, t.c.text_1);
    }
}

/// Takes the pointer over the globe; `true` when it draws a selection, so that the camera stays.
pub fn gestures(
    ui: &Ui,
    response: &Response,
    frame: Frame,
    view: &View,
    found: Option<&Arc<Found>>,
    state: &mut UiState,
) -> bool {
    let open = state.colocate_open();
    let panel = &mut state.colocate;
    let Some(found) = found.filter(|_| open) else {
        (panel.picking, panel.picked_from, panel.hovered_globe) = (false, None, None);
        return false;
    };
    if panel.picking {
        return pick(ui, response, frame, view, found, panel);
    }
    let pointer = response.hover_pos().filter(|_| response.contains_pointer());
    let near = pointer.and_then(|p| nearest(found, frame, view, p));
    if panel.hovered_globe != near {
        // The plots, drawn before, mark it in the next frame.
        ui.ctx().request_repaint();
    }
    panel.hovered_globe = near;
    panel.hovered = near.or(panel.hovered.filter(|_| pointer.is_none()));
    if response.clicked()
        && let Some(p) = near.and_then(|k| found.pairs.get(k as usize))
    {
        panel.selection.brush = Brush::Pair(p.a, p.b);
        panel.selection.update(found);
    }
    false
}

fn pick(ui: &Ui, response: &Response, frame: Frame, view: &View, found: &Found, panel: &mut PanelState) -> bool {
    let (down, pressed, released, at) = ui.input(|i| {
        (i.pointer.primary_down(), i.pointer.primary_pressed(), i.pointer.primary_released(), i.pointer.interact_pos())
    });
    if pressed && response.contains_pointer() {
        panel.picked_from = at;
    }
    if let (Some(from), Some(to)) = (panel.picked_from, at) {
        let rect = Rect::from_two_pos(from, to);
        let inside = |k: &usize| {
            let at = found.reference(*k).and_then(|p| view.screen_from_lonlat(p.at));
            at.is_some_and(|px| rect.contains(frame.point(px)))
        };
        let rows: HashSet<(u32, u32)> =
            (0..found.pairs.len()).filter(inside).map(|k| (found.pairs[k].a, found.pairs[k].b)).collect();
        panel.brushing = !released;
        panel.selection.brush = if rows.is_empty() { Brush::None } else { Brush::Rows(Arc::new(rows)) };
        panel.selection.update(found);
    }
    if released {
        panel.picked_from = None;
        panel.brushing = false;
    }
    if response.hovered() {
        ui.ctx().set_cursor_icon(egui::CursorIcon::Crosshair);
    }
    down || released
}

/// The pair whose reference observation lies under the pointer.
fn nearest(found: &Found, frame: Frame, view: &View, pointer: Pos2) -> Option<u32> {
    if found.pairs.len() > MAX_HOVER {
        return None;
    }
    let place = view.lonlat_from_screen(frame.px(pointer))?;
    let up = place.up();
    let reach_m = view.metres_per_px() * f64::from(NEAR * frame.ppp);
    // The chord is a little shorter than the way along the ground, and quick to have.
    let near = (reach_m * 1.5 / 6_371_000.0).max(1e-9);
    let close = (0..found.pairs.len()).filter_map(|k| Some((k, found.reference(k)?.at)));
    let close = close.filter(|(_, p)| p.up().distance_squared(up) < near * near);
    let on_screen = close.filter_map(|(k, p)| Some((k, frame.point(view.screen_from_lonlat(p)?).distance(pointer))));
    on_screen.filter(|(_, d)| *d <= NEAR).min_by(|a, b| a.1.total_cmp(&b.1)).map(|(k, _)| k as u32)
}
