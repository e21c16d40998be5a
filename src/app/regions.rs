//! Where the panels are: around the globe, beside it, floating over it.

use egui::{CentralPanel, Frame, Panel, Rect, Ui, pos2};

use crate::histogram::Distribution;
use crate::model::Model;
use crate::right::Tab;
use crate::state::{Out, UiState};
use crate::{
    catalogue, colocate, dialogs, layers, notices, palette, preferences, recorder, statusbar, style_panel, theme,
    timeline, topbar,
};

/// The part of a rectangle that no drawer covers: cards have no place under one.
pub fn beside_drawer(rect: Rect, state: &UiState) -> Rect {
    let right = state.drawer.map_or(rect.right(), |d| rect.right().min(d.left())).max(rect.left());
    Rect::from_min_max(rect.min, pos2(right, rect.bottom()))
}

/// Panels around the globe; answers what is left for it.
pub fn around(ui: &mut Ui, model: &Model, state: &mut UiState, out: &mut Out) -> Rect {
    state.regions[4] = None;
    let t = theme::theme(ui);
    let plain = Frame::NONE.fill(t.c.surface_1);
    let window = ui.max_rect();
    if !state.presentation {
        Panel::top("top bar")
            .exact_size(t.size.top_bar)
            .frame(plain)
            .show_separator_line(false)
            .show(ui, |ui| topbar::show(ui, model, state, out));
        if model.adapter.1 && !state.banner_closed {
            Panel::top("banner")
                .exact_size(32.0)
                .frame(plain)
                .show_separator_line(false)
                .show(ui, |ui| notices::software_banner(ui, state, out));
        }
        Panel::bottom("status")
            .exact_size(t.size.status_bar)
            .frame(plain)
            .show_separator_line(false)
            .show(ui, |ui| statusbar::show(ui, model, state, out));
        if state.timeline_open {
            let panel = if model.session.catalogue().span().is_none() {
                Panel::bottom("timeline idle").resizable(false).exact_size(t.size.timeline.first_run)
            } else {
                let default = timeline::default_height(window.height());
                let limits = t.size.timeline;
                // A window that becomes lower or higher takes the height of its size, unless one was dragged there.
                Panel::bottom(format!("timeline {default}"))
                    .resizable(true)
                    .default_size(default)
                    .size_range(limits.min..=limits.max)
            };
            panel.frame(plain).show_separator_line(false).show(ui, |ui| {
                ui.set_min_height(ui.available_height());
                timeline::show(ui, model, state, out);
            });
        }
        if state.left_open {
            let limits = t.size.left_panel;
            let default = layers::default_width(window.width(), state.left_chosen);
            // The same for its width; what was dragged goes along where there is room.
            let size = layers::default_width(window.width(), limits.default);
            let shown = Panel::left(format!("layers {size}"))
                .resizable(true)
                .default_size(default)
                .size_range(limits.min..=limits.max)
                .frame(plain)
                .show_separator_line(false)
                .show(ui, |ui| {
                    ui.set_min_width(ui.available_width());
                    layers::show(ui, model, state, out);
                });
            let width = shown.response.rect.width();
            // Only a drag is a choice: what a narrow window leaves to the panel is none.
            if (width - state.left_width).abs() > 0.5 && ui.input(|i| i.pointer.primary_down()) {
                state.left_chosen = width;
            }
            state.left_width = width;
        }
    }
    let beside = state.right_open && !state.presentation;
    let drawer = colocate::is_drawer(window);
    if beside && !drawer {
        let (id, width, widths) = match state.right_tab {
            Tab::Catalogue => ("catalogue", catalogue::WIDTH, catalogue::WIDTHS),
            Tab::Colocate => ("colocate", colocate::WIDTH, colocate::WIDTH - 32.0..=560.0),
        };
        Panel::right(id)
            .resizable(true)
            .default_size(width)
            .size_range(widths)
            .frame(plain)
            .show_separator_line(false)
            .show(ui, |ui| {
                ui.set_min_width(ui.available_width());
                match state.right_tab {
                    Tab::Catalogue => catalogue::show(ui, model, state, out),
                    Tab::Colocate => colocate::show(ui, model, state, out),
                }
            });
    }
    // A drawer lies over the table as well: it keeps its height.
    let beside_layers = ui.available_rect_before_wrap();
    colocate::table::panel(ui, model, state, out);
    state.drawer = None;
    let area = CentralPanel::no_frame().show(ui, |ui| ui.max_rect()).inner;
    if beside && drawer {
        match state.right_tab {
            Tab::Catalogue => catalogue::drawer(ui.ctx(), beside_layers, model, state, out),
            Tab::Colocate => colocate::drawer(ui.ctx(), beside_layers, model, state, out),
        }
    }
    area
}

/// Style panel, palette, key sheet and typed path.
pub fn floating(
    ctx: &egui::Context,
    model: &Model,
    data: Option<&Distribution>,
    area: Rect,
    state: &mut UiState,
    out: &mut Out,
) {
    if state.style_of.is_some() {
        style_panel::show(ctx, model, data, area, state, out);
    }
    palette::show(ctx, model, state, out);
    crate::help::show(ctx, state);
    crate::tour::show(ctx, area, state, out);
    dialogs::keys(ctx, state);
    preferences::dialog(ctx, state, out);
    dialogs::typed_path(ctx, state, out);
    recorder::dialog(ctx, state, out);
}

/// Gives the keyboard to the next region of the window that is there, `by` regions on; the right panel comes after the
/// layers.
pub fn focus_next(ctx: &egui::Context, regions: [Option<egui::Id>; 5], by: usize) {
    let regions = [0, 1, 4, 2, 3].map(|k: usize| regions[k]);
    let focused = ctx.memory(|m| m.focused());
    let here = focused.and_then(|f| regions.iter().position(|r| *r == Some(f)));
    let all = regions.len();
    let start = here.unwrap_or(if by == 1 { all - 1 } else { 0 });
    if let Some(id) = (1..=all).map(|k| (start + k * by) % all).find_map(|k| regions[k]) {
        ctx.memory_mut(|m| m.request_focus(id));
    }
}

/// Popups and lists are laid out by the size they had in the frame before: when they may have grown, one more follows.
pub fn draw_again(ctx: &egui::Context, state: &UiState) {
    let open = egui::Popup::is_any_open(ctx) || state.is_covered();
    let more = open && ctx.input(|i| !i.events.is_empty());
    let due = ctx.data_mut(|d| {
        let due: &mut u8 = d.get_temp_mut_or_default(egui::Id::unique("frames due"));
        *due = if more { 2 } else { due.saturating_sub(1) };
        *due
    });
    if due > 0 {
        ctx.request_repaint();
    }
}
