//! The Catalogue panel: collections and their variables, how much of each there is in the window and in the view, search
//! and filters; ticking a variable adds a layer.

pub mod details;
pub mod filter;
pub mod globe;
pub mod rows;
pub mod tags;

use std::collections::BTreeSet;

use egui::{Area, Order, Popup, Rect, Role, ScrollArea, Sense, Stroke, Ui, UiBuilder, pos2, vec2};
use seaglass_host::CatalogueRow;
use serde::{Deserialize, Serialize};

use crate::lang;
use crate::model::Model;
use crate::state::{Out, UiState};
use crate::theme::theme;
use crate::{right, widgets};
use filter::Listed;

/// Width of the panel.
pub const WIDTH: f32 = 296.0;
/// Ends of its width.
pub const WIDTHS: std::ops::RangeInclusive<f32> = 264.0..=560.0;
const HEADER: f32 = 40.0;

/// State of the panel.
#[derive(Clone, Debug)]
pub struct PanelState {
    /// Words to look for.
    pub filter: String,
    /// Collections with something in the time window come first.
    pub in_window: bool,
    /// What is in the view counts.
    pub in_view: bool,
    /// Missions shown; all when empty.
    pub missions: BTreeSet<String>,
    /// Levels shown; all when empty.
    pub levels: BTreeSet<String>,
    /// Collections opened or closed against what they would be by themselves.
    pub toggled: BTreeSet<String>,
    /// Collections of which housekeeping variables are shown as well.
    pub all: BTreeSet<String>,
    /// Collection under the pointer or with the keyboard: its footprints are on the globe.
    pub hovered: Option<String>,
    /// Collection with its details below the list.
    pub selected: Option<String>,
    /// Tags of the user's listed; all when empty.
    pub tags: BTreeSet<String>,
    /// What collections are grouped by.
    pub group_by: GroupBy,
}

/// What collections are grouped by in the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    /// One list.
    #[default]
    Nothing,
    /// Mission.
    Mission,
    /// Processing level.
    Level,
    /// The user's own tags.
    Tag,
}

impl GroupBy {
    /// All, with their names.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Nothing, msg!("No groups")),
        (Self::Mission, msg!("By mission")),
        (Self::Level, msg!("By level")),
        (Self::Tag, msg!("By tag")),
    ];
}

impl Default for PanelState {
    fn default() -> Self {
        Self {
            filter: String::new(),
            in_window: true,
            in_view: false,
            missions: BTreeSet::new(),
            levels: BTreeSet::new(),
            toggled: BTreeSet::new(),
            all: BTreeSet::new(),
            hovered: None,
            selected: None,
            tags: BTreeSet::new(),
            group_by: GroupBy::Nothing,
        }
    }
}

impl PanelState {
    /// Whether anything is left out of the list.
    pub fn is_filtering(&self) -> bool {
        !self.filter.trim().is_empty() || !self.missions.is_empty() || !self.levels.is_empty() || !self.tags.is_empty()
    }

    /// The figure of a collection.
    pub fn count(&self, row: &CatalogueRow) -> usize {
        if self.in_view { row.in_view } else { row.in_window }
    }

    fn clear(&mut self) {
        self.filter.clear();
        self.missions.clear();
        self.levels.clear();
        self.tags.clear();
    }
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
    state.taken.add("catalogue", rect);
    let area =
        Area::new(egui::Id::unique("catalogue drawer")).order(Order::Middle).fixed_pos(rect.min).constrain(false);
    area.show(ctx, |ui| {
        let response = ui.allocate_rect(rect, Sense::click_and_drag());
        widgets::describe(&response, Role::Pane, tr!("Catalogue"));
        ui.painter().with_clip_rect(under).add(t.popover_shadow().as_shape(rect, 0.0));
        ui.painter().rect_filled(rect, 0.0, t.c.surface_1);
        ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| inside(ui, rect, model, state, out));
    });
}

fn inside(ui: &mut Ui, rect: Rect, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    right::header(ui, Rect::from_min_size(rect.min, vec2(rect.width(), HEADER)), state);
    let left = rect.left() + 12.0;
    let width = rect.width() - 24.0;
    let search = Rect::from_min_size(pos2(left, rect.top() + HEADER + 10.0), vec2(width, t.size.control));
    search_field(ui, search, model, state);
    let chips = Rect::from_min_size(pos2(left, search.bottom() + 8.0), vec2(width, t.size.control_small));
    ui.scope_builder(UiBuilder::new().max_rect(chips), |ui| {
        ui.horizontal(|ui| filter_chips(ui, model, state));
    });
    let head = chips.bottom() + 16.0;
    captions(ui, rect, head);
    state.catalogue.hovered = None;
    let details = details::height(model, &state.catalogue, rect.height());
    let body = Rect::from_min_max(pos2(rect.left() + 1.0, head + 12.0), pos2(rect.right(), rect.bottom() - details));
    let listed = filter::listed(model, &state.catalogue);
    ui.scope_builder(UiBuilder::new().max_rect(body), |ui| {
        ui.set_clip_rect(body.intersect(ui.clip_rect()));
        ScrollArea::vertical().id_salt("catalogue").auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
            if listed.is_empty() {
                nothing(ui, model, state);
            }
            for (title, list) in filter::grouped(model, &state.catalogue, &listed) {
                if let Some(title) = &title {
                    tags::heading(ui, title, list.len());
                }
                ui.push_id(title, |ui| list.iter().for_each(|c| rows::collection(ui, c, model, state, out)));
            }
            ui.add_space(12.0);
        });
    });
    if details > 0.0 {
        let foot = Rect::from_min_max(pos2(rect.left() + 1.0, rect.bottom() - details), rect.max);
        details::show(ui, foot, model, state, out);
    }
}

fn search_field(ui: &mut Ui, rect: Rect, model: &Model, state: &mut UiState) {
    let t = theme(ui);
    let n = model.session.catalogue().collections.len();
    let hint = match n {
        0 => tr!("Filter collections").to_owned(),
        n => trn!(n, "Filter {n} collection", "Filter {n} collections"),
    };
    ui.painter().rect(rect, 6.0, t.c.surface_2, Stroke::new(1.0, t.c.border), egui::StrokeKind::Inside);
    widgets::icon(
        ui.painter(),
        pos2(rect.left() + 16.0, rect.center().y),
        "search_or_command",
        t.size.icon,
        t.c.text_2,
    );
    let some = !state.catalogue.filter.is_empty();
    let text = Rect::from_min_max(
        pos2(rect.left() + 28.0, rect.top()),
        pos2(rect.right() - if some { 28.0 } else { 4.0 }, rect.bottom()),
    );
    let edit = egui::TextEdit::singleline(&mut state.catalogue.filter)
        .id(egui::Id::unique("catalogue filter"))
        .hint_text(egui::RichText::new(hint).color(t.c.text_3))
        .font(t.body())
        .frame(egui::Frame::NONE)
        .align(egui::Align2::LEFT_CENTER)
        .desired_width(f32::INFINITY);
    let response = ui.put(text, edit);
    widgets::describe(&response, Role::TextInput, tr!("Filter collections"));
    state.regions[4] = Some(response.id);
    if response.has_focus() {
        ui.painter().rect_stroke(rect, 6.0, Stroke::new(2.0, t.c.focus), egui::StrokeKind::Outside);
    }
    if some {
        let button = Rect::from_center_size(pos2(rect.right() - 16.0, rect.center().y), egui::Vec2::splat(24.0));
        let clear = ui.interact(button, ui.scope_id().with("clear filter"), Sense::click());
        if widgets::icon_button_at(ui, button, clear, "close", tr!("Clear the filter"), false).clicked() {
            state.catalogue.filter.clear();
        }
    }
}

fn filter_chips(ui: &mut Ui, model: &Model, state: &mut UiState) {
    ui.spacing_mut().item_spacing.x = 8.0;
    let panel = &mut state.catalogue;
    let window = widgets::chip(ui, tr!("In window"), panel.in_window);
    if window.on_hover_text(tr!("Collections with granules in the time window come first")).clicked() {
        panel.in_window = !panel.in_window;
    }
    let view = widgets::chip(ui, tr!("In view"), panel.in_view);
    if view.on_hover_text(tr!("Count only granules in the view")).clicked() {
        panel.in_view = !panel.in_view;
    }
    let [missions, levels] = filter::choices(model);
    let own: BTreeSet<String> = model.session.project().tags.values().flatten().cloned().collect();
    let on = !panel.missions.is_empty() || !panel.levels.is_empty() || !panel.tags.is_empty();
    let on = on || panel.group_by != GroupBy::Nothing;
    let kind = widgets::chip(ui, tr!("Type"), on).on_hover_text(tr!("Missions, levels and tags, and groups of them"));
    Popup::menu(&kind).accessible_name(tr!("Type")).close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside).show(
        |ui| {
            ui.set_min_width(180.0);
            if missions.is_empty() && levels.is_empty() && own.is_empty() {
                let t = theme(ui);
                ui.label(egui::RichText::new(tr!("The files name no mission and no level.")).color(t.c.text_3));
            }
            ScrollArea::vertical().max_height(440.0).show(ui, |ui| {
                choices(ui, tr!("Mission"), &missions, &mut panel.missions);
                choices(ui, tr!("Level"), &levels, &mut panel.levels);
                choices(ui, tr!("Tag"), &own, &mut panel.tags);
                let t = theme(ui);
                ui.label(egui::RichText::new(tr!("List")).font(t.small()).color(t.c.text_3));
                for (by, name) in GroupBy::ALL.map(|(by, name)| (by, lang::t(name))) {
                    ui.radio_value(&mut panel.group_by, by, name);
                }
            });
        },
    );
}

fn choices(ui: &mut Ui, title: &str, all: &BTreeSet<String>, chosen: &mut BTreeSet<String>) {
    if all.is_empty() {
        return;
    }
    let t = theme(ui);
    ui.label(egui::RichText::new(title).font(t.small()).color(t.c.text_3));
    for choice in all {
        let mut on = chosen.contains(choice);
        if ui.checkbox(&mut on, choice).changed() && !chosen.remove(choice) {
            chosen.insert(choice.clone());
        }
    }
}

fn captions(ui: &Ui, rect: Rect, y: f32) {
    let t = theme(ui);
    let (small, ink) = (t.small(), t.c.text_3);
    widgets::line(ui.painter(), rect.left() + 12.0, y, tr!("Collection"), small.clone(), ink, 120.0);
    let right = |text: &str, x: f32| {
        ui.painter().text(pos2(x, y), egui::Align2::RIGHT_CENTER, text, small.clone(), ink);
    };
    right(tr!("Granules"), rect.right() - 12.0);
    right(tr!("16 days"), rect.right() - 72.0);
}

fn nothing(ui: &mut Ui, model: &Model, state: &mut UiState) {
    let t = theme(ui);
    ui.add_space(24.0);
    ui.vertical_centered(|ui| {
        if model.session.catalogue().collections.is_empty() {
            ui.label(egui::RichText::new(tr!("Collections appear here\nwhen files are opened.")).color(t.c.text_3));
            return;
        }
        ui.label(egui::RichText::new(tr!("No collection matches.")).color(t.c.text_2));
        ui.add_space(8.0);
        if widgets::button(ui, tr!("Clear filters"), None, false).clicked() {
            state.catalogue.clear();
        }
    });
}

/// What `Esc` closes here first; true when there was something.
pub fn escape(state: &mut UiState) -> bool {
    if state.catalogue.selected.take().is_some() {
        return true;
    }
    false
}

/// The counted row of a collection, when it has been counted.
pub fn row_of<'a>(model: &'a Model, id: &str) -> Option<&'a CatalogueRow> {
    model.catalogue.iter().find(|r| r.id == id)
}

/// Whether a collection shows its variables.
pub fn is_open(listed: &Listed, model: &Model, panel: &PanelState) -> bool {
    let has_layer = model.session.project().layers.iter().any(|l| l.collection == listed.id);
    (has_layer || listed.by_variable) != panel.toggled.contains(&listed.id)
}
