//! What the window keeps in a session file: panels and their sizes, the selected layer, the view of the timeline.

use std::path::PathBuf;

use seaglass_core::command::Command;
use seaglass_core::project::LayerId;
use serde::{Deserialize, Serialize};

use crate::catalogue::GroupBy;
use crate::right::Tab;
use crate::state::UiState;

/// Panels as they are saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Panels {
    /// Layers panel shown.
    pub layers: bool,
    /// Its width, points.
    pub layers_width: f32,
    /// Tab of the right panel; none when it is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
    /// What collections are grouped by in the catalogue.
    pub grouped: GroupBy,
    /// List of bookmarks unfolded.
    pub bookmarks: bool,
    /// Selected layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selected: Option<u64>,
    /// Timeline shown.
    pub timeline: bool,
    /// Time the timeline shows, seconds since 1970; fits the data when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline_view: Option<(f64, f64)>,
}

impl Default for Panels {
    fn default() -> Self {
        Self::of(&UiState::default())
    }
}

impl Panels {
    /// As they are now.
    pub fn of(state: &UiState) -> Self {
        Self {
            layers: state.left_open,
            layers_width: state.left_chosen,
            right: state.right_open.then(|| state.right_tab.id().to_owned()),
            grouped: state.catalogue.group_by,
            bookmarks: state.bookmarks_open,
            selected: state.selected.map(|l| l.0),
            timeline: state.timeline_open,
            timeline_view: state.time_view,
        }
    }

    /// Brings the panels back.
    pub fn restore(&self, state: &mut UiState) {
        state.left_open = self.layers;
        if self.layers_width.is_finite() {
            state.left_chosen = self.layers_width.clamp(240.0, 440.0);
        }
        state.right_open = self.right.is_some();
        let tab = [Tab::Catalogue, Tab::Colocate].into_iter().find(|t| self.right.as_deref() == Some(t.id()));
        state.right_tab = tab.unwrap_or_default();
        state.catalogue.group_by = self.grouped;
        state.bookmarks_open = self.bookmarks;
        state.selected = self.selected.map(LayerId);
        state.timeline_open = self.timeline;
        state.time_view = self.timeline_view.filter(|(a, b)| a.is_finite() && b.is_finite() && a < b);
        state.fitted = None;
        state.style_of = None;
        (state.hovered_granule, state.selected_granule) = (None, None);
    }
}

/// The command that saves the session with the panels as they are.
pub fn save(path: PathBuf, state: &UiState) -> Command {
    Command::SaveSession { path, window: serde_json::to_value(Panels::of(state)).unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_come_back() {
        let state = UiState {
            left_open: false,
            left_chosen: 310.5,
            right_open: true,
            right_tab: Tab::Colocate,
            selected: Some(LayerId(7)),
            time_view: Some((1.0, 2.5)),
            ..UiState::default()
        };
        let Command::SaveSession { window, .. } = save("s.oce".into(), &state) else { panic!("another command") };
        let panels: Panels = serde_json::from_value(window).unwrap();
        let mut again = UiState::default();
        panels.restore(&mut again);
        assert_eq!(Panels::of(&again), Panels::of(&state));
        // What is missing or makes no sense is as in a new window.
        let odd: Panels = serde_json::from_str("{\"right\": \"kitchen\", \"layers_width\": 1e9, \"more\": 1}").unwrap();
        odd.restore(&mut again);
        assert_eq!((again.right_open, again.right_tab, again.left_chosen), (true, Tab::Catalogue, 440.0));
    }
}
