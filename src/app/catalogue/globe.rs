//! Footprints of the collection under the pointer, on the globe.

use egui::{Pos2, Stroke, Ui};
use seaglass_core::camera::View;
use seaglass_core::geo::{GeoBox, LonLat};
use seaglass_core::granule::{GeometryKind, Granule};

use super::details::in_window;
use crate::model::Model;
use crate::navigation::Frame;
use crate::state::UiState;
use crate::theme::theme;

/// Footprints drawn; more would be a carpet.
const MOST: usize = 150;
/// Points along an edge of a box.
const ALONG: usize = 16;

/// Draws the outlines of what the collection has in the time window.
pub fn footprints(ui: &Ui, frame: Frame, view: &View, model: &Model, state: &UiState) {
    let Some(id) = state.catalogue.hovered.as_deref().filter(|_| state.catalogue_open()) else { return };
    let t = theme(ui);
    let painter = ui.painter().with_clip_rect(frame.rect);
    for granule in in_window(model, id).into_iter().take(MOST) {
        let line = outline(granule);
        let places: Vec<Option<Pos2>> =
            line.iter().map(|p| view.screen_from_lonlat(*p).map(|px| frame.point(px))).collect();
        for pair in places.windows(2) {
            let (Some(a), Some(b)) = (pair[0], pair[1]) else { continue };
            // A side that crosses the whole view goes round the back of the map.
            if a.distance(b) < frame.rect.width() * 0.5 {
                painter.line_segment([a, b], Stroke::new(1.5, t.c.accent));
            }
        }
    }
}

/// The outline of a granule as a line; around its box where the file gives none.
fn outline(granule: &Granule) -> Vec<LonLat> {
    if granule.footprint.len() > 1 {
        let closed = (granule.geometry != GeometryKind::Track).then(|| granule.footprint[0]);
        return granule.footprint.iter().copied().chain(closed).collect();
    }
    let GeoBox { west, south, east, north } = granule.bounds;
    if east - west >= 359.0 {
        // All around: the edges of the Earth's own map would say nothing.
        return Vec::new();
    }
    let corners = [[west, south], [east, south], [east, north], [west, north], [west, south]];
    let edge = |w: &[[f64; 2]]| {
        let (a, b) = (w[0], w[1]);
        (0..ALONG).map(move |k| {
            let part = k as f64 / ALONG as f64;
            LonLat::new(a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1]))
        })
    };
    let last = LonLat::new(west, south);
    corners.windows(2).flat_map(edge).chain([last]).collect()
}
