//! The Colocate panel: two layers, how near, and what their pairs say.
//!
//! Limits are commands; the host matches in a thread of its own and the panel draws what has arrived. The selection is
//! one brush shared by all plots and the globe ([`selection`]).

pub mod columns;
pub mod controls;
pub mod differences;
pub mod filters;
pub mod globe;
pub mod marks;
pub mod plot;
pub mod sampling;
pub mod scatter;
pub mod selection;
pub mod state_line;
pub mod statistics;
pub mod table;

use std::sync::Arc;

use egui::{Area, Order, Popup, Rect, Role, ScrollArea, Sense, Stroke, Ui, UiBuilder, Vec2, pos2, vec2};
use seaglass_core::colocation::{ColocationPatch, PRESETS};
use seaglass_core::command::Command;
use seaglass_core::geo::LonLat;
use seaglass_host::colocate::{Found, Stage, View, short_name};

use crate::lang;
use crate::model::Model;
use crate::state::{Action, Out, UiState};
use crate::text;
use crate::theme::theme;
use crate::widgets;
use selection::{Brush, Quantity, Selection};

/// Width of the panel.
pub const WIDTH: f32 = 392.0;
/// Narrower windows have the panel as a drawer over the globe.
const DRAWER_BELOW: f32 = 1180.0;
/// With more pairs, what takes a while to make is not made while something is being dragged.
pub const MANY: usize = 100_000;
/// Of more pairs every second, third … decides what is shown of them.
const MOST_FRAMED: usize = 4096;
const HEADER: f32 = 40.0;
const FOOTER: f32 = 40.0;

/// How the scatter plot selects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tool {
    /// By a rectangle.
    #[default]
    Rectangle,
    /// By a line drawn around.
    Lasso,
}

/// What the lower plot shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lower {
    /// How often differences occur.
    #[default]
    Histogram,
    /// How often values of something occur.
    Of(Quantity),
    /// Differences against something.
    Against(Quantity),
}

/// State of the panel.
#[derive(Clone, Debug, Default)]
pub struct PanelState {
    /// Selected pairs.
    pub selection: Selection,
    /// A brush is being drawn: the figures are those of the selection.
    pub brushing: bool,
    /// Tool of the scatter plot.
    pub tool: Tool,
    /// Lower plot.
    pub lower: Lower,
    /// Axes of the scatter plot the user has zoomed to.
    pub zoom: Option<([f64; 2], [f64; 2])>,
    /// Pair under the pointer, in a plot or on the globe.
    pub hovered: Option<u32>,
    /// Pair under the pointer on the globe.
    pub hovered_globe: Option<u32>,
    /// Pair under the pointer in the table.
    pub hovered_row: Option<u32>,
    /// A drag on the globe selects.
    pub picking: bool,
    /// Where the drag on the globe began.
    pub picked_from: Option<egui::Pos2>,
    /// Filters being typed.
    pub filters: filters::Edits,
    /// Their rows are shown also while there are none.
    pub filters_open: bool,
    /// The table of pairs.
    pub table: table::Table,
    /// Layers the zoom belongs to.
    zoom_of: Option<Arc<seaglass_host::colocate::Ask>>,
}

/// Whether the panel lies over the globe.
pub fn is_drawer(window: Rect) -> bool {
    window.width() < DRAWER_BELOW
}

/// The panel beside the globe.
pub fn show(ui: &mut Ui, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let rect = ui.max_rect();
    ui.painter().vline(rect.left() + 0.5, rect.y_range(), Stroke::new(1.0, t.c.border_subtle));
    inside(ui, rect, model, state, out);
}

/// The panel as a drawer over the globe.
pub fn drawer(ctx: &egui::Context, area: Rect, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = crate::theme::Theme::get(ctx.global_style().visuals.dark_mode);
    let under = area;
    let rect = Rect::from_min_max(pos2((area.right() - WIDTH).max(area.left()), area.top()), area.max);
    state.drawer = Some(rect);
    state.taken.add("colocate", rect);
    let area = Area::new(egui::Id::unique("colocate drawer")).order(Order::Middle).fixed_pos(rect.min).constrain(false);
    area.show(ctx, |ui| {
        let response = ui.allocate_rect(rect, Sense::click_and_drag());
        widgets::describe(&response, Role::Pane, tr!("Colocate"));
        ui.painter().with_clip_rect(under).add(t.popover_shadow().as_shape(rect, 0.0));
        ui.painter().rect_filled(rect, 0.0, t.c.surface_1);
        ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| inside(ui, rect, model, state, out));
    });
}

fn inside(ui: &mut Ui, rect: Rect, model: &Model, state: &mut UiState, out: &mut Out) {
    begin(model, state, out);
    let view = &model.colocation;
    let before = state.colocate.selection.brush.clone();
    if let Some(found) = &view.found {
        let panel = &mut state.colocate;
        if panel.zoom_of.as_ref().is_none_or(|a| !a.same_data(&found.ask)) {
            panel.zoom = None;
            panel.zoom_of = Some(Arc::clone(&found.ask));
        }
        panel.selection.update(found);
    }
    header(ui, Rect::from_min_size(rect.min, vec2(rect.width(), HEADER)), model, state, out);
    // The scroll bar has the margin for itself.
    let body = Rect::from_min_max(rect.min + vec2(12.0, HEADER + 6.0), rect.max - vec2(1.0, FOOTER));
    ui.scope_builder(UiBuilder::new().max_rect(body), |ui| {
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            ui.spacing_mut().item_spacing = vec2(8.0, 1.0);
            ui.set_max_width(rect.width() - 24.0);
            controls::show(ui, model, &mut state.colocate, out);
            separator(ui);
            results(ui, body.height(), view, state);
        });
    });
    if let Some(found) = &view.found {
        state.colocate.selection.update(found);
    }
    // Plots drawn before the change show it in the next frame.
    if before != state.colocate.selection.brush {
        ui.ctx().request_repaint();
    }
    let foot = Rect::from_min_max(pos2(rect.left(), rect.bottom() - FOOTER), rect.max);
    footer(ui, foot, model, state, out);
}

/// The first look at the panel chooses two layers.
fn begin(model: &Model, state: &mut UiState, out: &mut Out) {
    if model.session.project().colocation.is_none()
        && let Some([a, b]) = controls::likely(model)
    {
        let patch = ColocationPatch { reference: Some(a), compared: Some(b), ..ColocationPatch::default() };
        out.send(Command::SetColocation { patch });
        state.colocate = PanelState::default();
    }
}

fn separator(ui: &mut Ui) {
    let t = theme(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 9.0), Sense::hover());
    let wide = rect.expand2(vec2(12.0, 0.0));
    widgets::hairline(&ui.painter().with_clip_rect(wide), t, wide.x_range(), rect.center().y);
}

fn results(ui: &mut Ui, tall: f32, view: &View, state: &mut UiState) {
    match &view.found {
        Some(found) if !found.pairs.is_empty() => {
            let panel = &mut state.colocate;
            // A row of the table under the pointer was marked after these plots were drawn.
            panel.hovered = panel.hovered_globe.or(panel.hovered_row);
            let behind = view.behind().is_some();
            let room = tall - (ui.cursor().top() - ui.min_rect().top());
            let shown = ui.scope(|ui| {
                if behind {
                    // They can be looked at, but nothing is done with them.
                    ui.disable();
                }
                let height = scatter::height(room);
                let plot = scatter::show(ui, found, panel, height);
                statistics::show(ui, found, panel);
                statistics::triple(ui, found);
                separator(ui);
                differences::show(ui, found, panel);
                plot
            });
            if behind {
                other_limits(ui, shown.inner, found);
            }
        }
        Some(found) => scatter::empty(ui, &tr!("No pairs within {}.", limits_text(found))),
        None => {
            let words = match (&view.missing, &view.stage) {
                (Some(_), _) | (None, Stage::Failed(_)) => "",
                (None, Stage::Estimate { .. } | Stage::Stopped) => tr!("Pairs appear here after a run."),
                _ => tr!("Pairs appear here."),
            };
            scatter::empty(ui, words);
        }
    }
}

/// `5 km and 60 min`.
fn limits_text(found: &Found) -> String {
    let window_s = found.ask.window_us as f64 / 1e6;
    tr!("{} and {}", controls::distance_text(found.ask.radius_m), controls::time_text(window_s))
}

/// Says over what is dimmed which limits it has.
pub fn other_limits(ui: &Ui, over: Rect, found: &Found) {
    let t = theme(ui);
    let window = controls::time_text(found.ask.window_us as f64 / 1e6);
    let words = if found.ask.tracks_cross {
        tr!("Pairs of ±{window}")
    } else {
        tr!("Pairs of {}, ±{window}", controls::distance_text(found.ask.radius_m))
    };
    let galley = ui.painter().layout_no_wrap(words.clone(), t.body(), t.c.text_1);
    let rect = Rect::from_center_size(over.center(), galley.size() + vec2(20.0, 10.0));
    let spoken = ui.interact(rect, ui.scope_id().with("other limits"), Sense::hover());
    widgets::describe(&spoken, Role::Label, &words);
    ui.painter().rect(rect, 6.0, t.c.surface_3, Stroke::new(1.0, t.c.warning), egui::StrokeKind::Inside);
    ui.painter().galley((rect.center() - galley.size() / 2.0).round(), galley, t.c.text_1);
}

fn header(ui: &mut Ui, rect: Rect, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let y = rect.center().y;
    widgets::hairline(ui.painter(), t, rect.x_range(), rect.bottom() - 0.5);
    crate::right::tabs(ui, rect, state);
    let at = |k: usize| Rect::from_center_size(pos2(rect.right() - 26.0 - 32.0 * k as f32, y), Vec2::splat(28.0));
    let close = ui.interact(at(0), ui.scope_id().with("close"), Sense::click());
    if widgets::icon_button_at(ui, at(0), close, "close", tr!("Close the panel"), false).clicked() {
        state.right_open = false;
    }
    let presets = ui.interact(at(1), ui.scope_id().with("presets"), Sense::click());
    let presets = widgets::icon_button_at(ui, at(1), presets, "tag", tr!("Usual limits"), false);
    Popup::menu(&presets).accessible_name(tr!("Usual limits")).show(|ui| {
        ui.set_min_width(260.0);
        for preset in &PRESETS {
            if widgets::menu_item(ui, lang::word(preset.title), "", true) {
                out.send(Command::SetColocation { patch: preset.patch() });
                out.settle = true;
            }
        }
    });
    let some = model.colocation.found.as_ref().is_some_and(|f| !f.coincidences.is_empty());
    for (k, (icon, id)) in
        [("time_next", "next_coincidence"), ("time_previous", "previous_coincidence")].iter().enumerate()
    {
        ui.add_enabled_ui(some, |ui| {
            let response = ui.interact(at(2 + k), ui.scope_id().with(*id), Sense::click());
            if widgets::icon_button_at(ui, at(2 + k), response, icon, &widgets::tip(id), false).clicked() {
                crate::actions::perform(id, model, state, out);
            }
        });
    }
    let pairs = model.colocation.found.as_ref().is_some_and(|f| !f.pairs.is_empty());
    let open = state.colocate.table.open;
    ui.add_enabled_ui(pairs, |ui| {
        let response = ui.interact(at(4), ui.scope_id().with("table"), Sense::click());
        let tip = widgets::tip("pair_table");
        if widgets::icon_button_at(ui, at(4), response, "menu", &tip, open).clicked() {
            state.colocate.table.open = !open;
        }
    });
}

/// Selects the pairs of the coincidence that the clock is about to be moved to.
pub fn select_coincidence(model: &Model, state: &mut UiState, steps: i32) {
    let now = model.session.project().timeline.now;
    let Some(found) = &model.colocation.found else { return };
    let Some(next) = found.coincidence(now, steps) else { return };
    let rows = next.pairs.iter().filter_map(|k| found.pairs.get(*k as usize)).map(|p| (p.a, p.b)).collect();
    state.colocate.selection.brush = Brush::Rows(std::sync::Arc::new(rows));
}

fn footer(ui: &mut Ui, rect: Rect, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    ui.painter().rect_filled(rect.with_min_x(rect.left() + 1.0), 0.0, t.c.surface_1);
    widgets::hairline(ui.painter(), t, rect.x_range(), rect.top() + 0.5);
    let Some(found) = model.colocation.found.as_ref().filter(|f| !f.pairs.is_empty()) else { return };
    let buttons = Rect::from_min_max(pos2(rect.right() - 226.0, rect.top()), pos2(rect.right() - 12.0, rect.bottom()));
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    let shown = ui.scope_builder(UiBuilder::new().max_rect(buttons).layout(layout), |ui| {
        let export = widgets::button(ui, tr!("Export"), Some("export"), false);
        export_menu(&export, out);
        let zoom = widgets::button(ui, tr!("Zoom to"), Some("zoom_to"), false);
        if zoom.clicked() {
            zoom_to(found, model, state, out);
        }
        zoom.rect.left()
    });
    if model.colocation.behind().is_none() {
        selected_text(ui, rect, shown.inner - 8.0, found, state);
    }
}

fn selected_text(ui: &Ui, rect: Rect, right: f32, found: &Found, state: &UiState) {
    let t = theme(ui);
    let (left, y) = (rect.left() + 12.0, rect.center().y);
    let panel = &state.colocate;
    if panel.selection.is_none() {
        widgets::line(ui.painter(), left, y, tr!("Drag in a plot to select"), t.body(), t.c.text_3, right - left);
        return;
    }
    let pairs = panel.selection.pairs();
    ui.painter().circle_filled(pos2(left + 4.0, y), 4.0, t.c.warning);
    let count = trn!(pairs.len(), "{} selected", "{} selected", text::count(pairs.len() as u64));
    let end = widgets::line(ui.painter(), left + 14.0, y, &count, t.strong(), t.c.text_1, right - left - 14.0);
    if !pairs.is_empty() {
        let bias = found.stats_of(pairs).bias;
        let decimals = statistics::decimals(&found.stats);
        let unit = difference_unit(found);
        let words = tr!(", bias {}{unit}", text::number(bias, decimals));
        widgets::line(ui.painter(), end, y, &words, t.body(), t.c.text_2, right - end);
    }
}

fn export_menu(button: &egui::Response, out: &mut Out) {
    Popup::menu(button).accessible_name(tr!("Export")).show(|ui| {
        ui.set_min_width(220.0);
        for (label, format) in
            [("GeoParquet…", "parquet"), ("NetCDF…", "nc"), ("CSV…", "csv"), (tr!("Job for the command line…"), "toml")]
        {
            if widgets::menu_item(ui, label, "", true) {
                out.act(Action::ExportPairs(format));
            }
        }
    });
}

fn zoom_to(found: &Found, model: &Model, state: &UiState, out: &mut Out) {
    let pairs = state.colocate.selection.pairs();
    let count = if pairs.is_empty() { found.pairs.len() } else { pairs.len() };
    let pair = |k: usize| pairs.get(k).map_or(k, |p| *p as usize);
    // Places rather than a box: pairs on both sides of the globe have their middle where none of them is.
    let some = (0..count).step_by(count.div_ceil(MOST_FRAMED).max(1));
    let places: Vec<LonLat> = some.filter_map(|k| found.reference(pair(k))).map(|p| p.at).collect();
    if places.is_empty() {
        return;
    }
    let camera = model.session.project().camera.framing_places(&places, model.session.view_px);
    out.send(Command::LookAt { place: camera.target, altitude_m: Some(camera.altitude_m) });
}

/// `SLSTR SST` and `, °C`: product and quantity of a side (0 reference, 1 compared), and what may not be cut off where
/// that is too long: its unit, and whether its directions were turned.
pub fn name_of_side(found: &Found, side: usize) -> (String, String) {
    let s = &found.ask.sides[side];
    let unit = if s.unit.label.is_empty() { String::new() } else { format!(", {}", s.unit.label) };
    let turned = if found.ask.turned(s) { tr!(", turned by 180°") } else { "" };
    (format!("{} {}", s.product, short_name(&s.field)), unit + turned)
}

/// `SLSTR − drifters, °C`; of one product the fields tell apart.
pub fn difference_name(found: &Found) -> String {
    let [a, b] = &found.ask.sides;
    let unit = if a.unit.label.is_empty() || a.unit.label != b.unit.label {
        String::new()
    } else {
        format!(", {}", a.unit.label)
    };
    let (first, second) = if a.product == b.product {
        (short_name(&a.field), short_name(&b.field))
    } else {
        (a.product.clone(), b.product.clone())
    };
    format!("{second} {} {first}{unit}", text::MINUS)
}

/// Unit of differences with its space; none where the sides have different units.
pub fn difference_unit(found: &Found) -> String {
    let [a, b] = &found.ask.sides;
    if a.unit.label == b.unit.label { a.unit.suffix() } else { String::new() }
}

/// Least and greatest value of both sides.
fn value_range(found: &Found) -> [f64; 2] {
    remembered(found, "values", |f| {
        let all = f.x.iter().chain(&f.y).copied().filter(|v| v.is_finite());
        let [a, b] = all.fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], v| [a.min(v), b.max(v)]);
        if a <= b { [a, b] } else { [0.0, 1.0] }
    })
}

/// Ends of the axis of differences: nearly all of them; a few far ones do not squeeze the rest.
fn difference_range(found: &Found) -> [f64; 2] {
    remembered(found, "differences", |f| {
        let mut all: Vec<f64> = (0..f.pairs.len()).map(|k| f.difference(k)).filter(|d| d.is_finite()).collect();
        if all.is_empty() {
            return [-1.0, 1.0];
        }
        let cut = all.len() / 400;
        let last = all.len() - 1;
        let low = *all.select_nth_unstable_by(cut, f64::total_cmp).1;
        let high = *all.select_nth_unstable_by(last - cut, f64::total_cmp).1;
        plot::padded([low.min(0.0), high.max(0.0)], 0.06)
    })
}

/// Ends of the axis of a quantity.
fn quantity_range(found: &Found, q: Quantity) -> [f64; 2] {
    remembered(found, q.label(), |f| differences::ends((0..f.pairs.len()).map(|k| q.of(f, k))))
}

/// Ends of axes are looked for once a result, not once a frame.
fn remembered(found: &Found, what: &'static str, make: impl Fn(&Found) -> [f64; 2]) -> [f64; 2] {
    thread_local! {
        static KNOWN: std::cell::RefCell<Vec<(u64, &'static str, [f64; 2])>> = const { std::cell::RefCell::new(Vec::new()) };
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some(k) = known.iter().find(|k| k.0 == found.serial && k.1 == what) {
            return k.2;
        }
        known.retain(|k| k.1 != what);
        let range = make(found);
        known.push((found.serial, what, range));
        range
    })
}

/// What Escape takes back here: the brush, then the drawer. `true` when there was something.
pub fn escape(state: &mut UiState, drawer: bool) -> bool {
    let panel = &mut state.colocate;
    if panel.picking {
        panel.picking = false;
    } else if panel.selection.brush != Brush::None {
        panel.selection.brush = Brush::None;
    } else if state.right_open && drawer {
        state.right_open = false;
    } else {
        return false;
    }
    true
}
