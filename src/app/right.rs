//! The right panel: which of its tabs is open, and the header they share.

use egui::{Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

use crate::state::UiState;
use crate::theme::theme;
use crate::{catalogue, colocate, widgets};

/// A tab of the right panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Collections and variables.
    #[default]
    Catalogue,
    /// Match-ups.
    Colocate,
}

impl Tab {
    /// Name in session files.
    pub fn id(self) -> &'static str {
        match self {
            Self::Catalogue => "catalogue",
            Self::Colocate => "colocate",
        }
    }

    /// Name.
    pub fn title(self) -> &'static str {
        match self {
            Self::Catalogue => tr!("Catalogue"),
            Self::Colocate => tr!("Colocate"),
        }
    }
}

/// The tabs at the left of a header; gives their right end.
pub fn tabs(ui: &Ui, rect: Rect, state: &mut UiState) -> f32 {
    let t = theme(ui);
    let mut x = rect.left() + 16.0;
    for tab in [Tab::Catalogue, Tab::Colocate] {
        let on = state.right_tab == tab;
        let font = if on { t.strong() } else { t.body() };
        let galley = ui.painter().layout_no_wrap(tab.title().to_owned(), font, t.c.text_1);
        let width = galley.size().x;
        let cell = Rect::from_min_size(pos2(x - 6.0, rect.top() + 4.0), vec2(width + 12.0, rect.height() - 8.0));
        let response = ui.interact(cell, ui.scope_id().with(("tab", tab.id())), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Tab, true, on, tr!("{} tab", tab.title())));
        let ink = if on || response.hovered() { t.c.text_1 } else { t.c.text_2 };
        let y = (rect.center().y - galley.size().y / 2.0).round();
        ui.painter().galley_with_override_text_color(pos2(x, y), galley, ink);
        if on {
            ui.painter().hline(x..=x + width, rect.bottom() - 1.0, Stroke::new(2.0, t.c.accent));
        }
        widgets::focus_ring(ui, &response, 4.0);
        if response.clicked() {
            state.right_tab = tab;
        }
        x += width + 20.0;
    }
    x
}

/// A header of tabs and the button that closes the panel.
pub fn header(ui: &Ui, rect: Rect, state: &mut UiState) {
    let t = theme(ui);
    widgets::hairline(ui.painter(), t, rect.x_range(), rect.bottom() - 0.5);
    tabs(ui, rect, state);
    let button = Rect::from_center_size(pos2(rect.right() - 22.0, rect.center().y), Vec2::splat(28.0));
    let close = ui.interact(button, ui.scope_id().with("close"), Sense::click());
    if widgets::icon_button_at(ui, button, close, "close", tr!("Close the panel"), false).clicked() {
        state.right_open = false;
    }
}

/// What `Esc` closes here first; true when there was something.
pub fn escape(state: &mut UiState, drawer: bool) -> bool {
    if !state.catalogue_open() {
        return colocate::escape(state, drawer);
    }
    if catalogue::escape(state) {
        return true;
    }
    let closes = drawer;
    state.right_open = !closes;
    closes
}
