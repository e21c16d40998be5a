//! Footprints of the collection under the pointer, on the globe.

use egui::Ui;
use seaglass_core::camera::View;
use seaglass_core::geo::LonLat;

use super::details::in_window;
use crate::cards;
use crate::model::Model;
use crate::navigation::Frame;
use crate::state::UiState;
use crate::theme::theme;

/// Footprints drawn; more would be a carpet.
const MOST: usize = 150;

/// Draws the outlines of what the collection has in the time window.
pub fn footprints(ui: &Ui, frame: Frame, view: &View, model: &Model, state: &UiState) {
    let Some(id) = state.catalogue.hovered.as_deref().filter(|_| state.catalogue_open()) else { return };
    let t = theme(ui);
    let painter = ui.painter().with_clip_rect(frame.rect);
    let screen = |p: LonLat| view.screen_from_lonlat(p).map(|px| frame.point(px));
    for granule in in_window(model, id).into_iter().take(MOST) {
        cards::outline(&painter, frame.rect.width(), &screen, &granule.outline(), t.c.accent);
    }
}
