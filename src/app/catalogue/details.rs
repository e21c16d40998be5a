//! What is known of a collection: in a few lines at the pointer, and below the list for the one selected.

use egui::{Rect, Sense, Ui, UiBuilder, Vec2, pos2, vec2};
use seaglass_core::catalogue::Collection;
use seaglass_core::command::Command;
use seaglass_core::geo::GeoBox;
use seaglass_core::granule::Granule;
use seaglass_core::versions::Versions;
use seaglass_host::CatalogueRow;

use super::filter::Listed;
use super::{PanelState, row_of};
use crate::model::Model;
use crate::state::{Action, Out, UiState};
use crate::theme::theme;
use crate::thumbnails::Wanted;
use crate::{text, thumbnails, widgets};

const LINE: f32 = 18.0;
/// Room above the lines from which on there is a picture too.
const WITH_PICTURE: f32 = 360.0;

/// Moves the clock to the nearest granule of a collection; `None` when none has a time.
pub fn jump(model: &Model, id: &str) -> Option<Command> {
    let timeline = &model.session.project().timeline;
    let collection = model.session.catalogue().collections.get(id)?;
    let span = collection.nearest(timeline.now)?.0.span?;
    Some(Command::SetTime { now: timeline.now_to_show(span) })
}

/// Turns to the granules in the window, or to the nearest one.
pub fn place(model: &Model, id: &str) -> Option<Command> {
    let granules = in_window(model, id);
    let nearest = model.session.catalogue().collections.get(id)?.nearest(model.now()).map(|(g, _)| g);
    let all: Vec<&Granule> = if granules.is_empty() { nearest.into_iter().collect() } else { granules };
    let first = all.first()?.bounds;
    let area = all.iter().skip(1).fold(first, |a, g| around(&a, &g.bounds));
    let camera = model.session.project().camera.framing(&area, model.session.view_px);
    Some(Command::LookAt { place: camera.target, altitude_m: Some(camera.altitude_m) })
}

/// A box around two.
fn around(a: &GeoBox, b: &GeoBox) -> GeoBox {
    let (south, north) = (a.south.min(b.south), a.north.max(b.north));
    let wide = |from: f64, a_east: f64, b: &GeoBox| {
        let shift = (b.west - from).rem_euclid(360.0);
        (a_east - from).max(shift + b.east - b.west)
    };
    // Eastward from either western edge, whichever needs less.
    let (from_a, from_b) = (wide(a.west, a.east, b), wide(b.west, b.east, a));
    let (west, width) = if from_a <= from_b { (a.west, from_a) } else { (b.west, from_b) };
    if width >= 360.0 {
        return GeoBox { west: -180.0, south, east: 180.0, north };
    }
    GeoBox { west, south, east: west + width, north }
}

/// Granules of a collection in the time window.
pub fn in_window<'a>(model: &'a Model, id: &str) -> Vec<&'a Granule> {
    let window = model.session.project().timeline.window();
    let collection = model.session.catalogue().collections.get(id);
    let granules = collection.into_iter().flat_map(|c| &c.granules);
    granules.filter(|g| g.span.is_none_or(|s| s.intersects(&window))).collect()
}

/// Lines about a collection: label and text.
fn lines(model: &Model, listed_id: &str, counted: Option<&CatalogueRow>) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if let Some(row) = counted {
        let n = |n: usize| text::count(n as u64);
        lines.push((
            tr!("Granules"),
            tr!("{} in all, {} in the window, {} in view", n(row.total), n(row.in_window), n(row.in_view)),
        ));
        if let Some(span) = row.span {
            let (a, b) = (span.start.date_text(), span.stop.date_text());
            lines.push((tr!("Period"), if a == b { a } else { format!("{a} \u{2013} {b}") }));
        }
        if !row.missions.is_empty() {
            lines.push((tr!("Mission"), row.missions.join(", ")));
        }
        if !row.levels.is_empty() {
            lines.push((tr!("Level"), row.levels.join(", ")));
        }
    }
    let older = model.session.catalogue().collections.get(listed_id).map_or(0, Collection::older_versions);
    if older > 0 {
        let all = model.session.project().all_versions.contains(listed_id);
        let n = text::count(older as u64);
        let words = if all {
            trn!(older, "{n} older version drawn as well", "{n} older versions drawn as well")
        } else {
            trn!(older, "{n} older version left out", "{n} older versions left out")
        };
        lines.push((tr!("Versions"), words));
    }
    if let Some(tags) = model.session.project().tags.get(listed_id) {
        lines.push((tr!("Tags"), tags.iter().cloned().collect::<Vec<_>>().join(", ")));
    }
    lines.push((tr!("Name"), listed_id.to_owned()));
    lines
}

/// At the pointer.
pub fn tooltip(ui: &mut Ui, model: &Model, listed: &Listed, counted: Option<&CatalogueRow>, state: &mut UiState) {
    let t = theme(ui);
    ui.set_max_width(320.0);
    ui.label(egui::RichText::new(&listed.title).font(t.strong()).color(t.c.text_1));
    for (label, words) in lines(model, &listed.id, counted) {
        ui.label(egui::RichText::new(tr!("{label}: {words}")).color(t.c.text_2));
    }
    state.thumbnails.show(ui, picture(model, &listed.id), &listed.short);
}

/// The picture of what lies nearest to the clock.
fn picture(model: &Model, id: &str) -> Option<Wanted> {
    Wanted::nearest(model.session.catalogue().collections.get(id)?, None, model.now())
}

/// Height of the details; none without a collection selected.
pub fn height(model: &Model, panel: &PanelState, room: f32) -> f32 {
    let lines = lines_height(model, panel);
    // The list above keeps most of the panel.
    if lines > 0.0 && room - lines >= WITH_PICTURE { lines + thumbnails::SHOWN.y + 8.0 } else { lines }
}

fn lines_height(model: &Model, panel: &PanelState) -> f32 {
    match panel.selected.as_deref().filter(|id| model.session.catalogue().collections.contains_key(*id)) {
        Some(id) => 40.0 + LINE * lines(model, id, row_of(model, id)).len() as f32 + 48.0 + 32.0,
        None => 0.0,
    }
}

/// Below the list.
pub fn show(ui: &mut Ui, rect: Rect, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let Some(id) = state.catalogue.selected.clone() else { return };
    let Some(collection) = model.session.catalogue().collections.get(&id) else { return };
    ui.painter().rect_filled(rect, 0.0, t.c.surface_1);
    widgets::hairline(ui.painter(), t, rect.x_range(), rect.top() + 0.5);
    let left = rect.left() + 11.0;
    let title = Rect::from_min_size(pos2(left, rect.top() + 6.0), vec2(rect.width() - 56.0, 28.0));
    let spoken = ui.interact(title, ui.scope_id().with("details title"), Sense::hover());
    widgets::describe(&spoken, egui::Role::Label, &tr!("Details of {}", collection.title));
    widgets::line(ui.painter(), left, title.center().y, &collection.title, t.strong(), t.c.text_1, title.width());
    spoken.on_hover_text(&collection.title);
    let button = Rect::from_center_size(pos2(rect.right() - 22.0, title.center().y), Vec2::splat(24.0));
    let close = ui.interact(button, ui.scope_id().with("close details"), Sense::click());
    if widgets::icon_button_at(ui, button, close, "close", tr!("Close the details"), false).clicked() {
        state.catalogue.selected = None;
    }
    let mut y = title.bottom() + LINE / 2.0;
    for (label, words) in lines(model, &id, row_of(model, &id)) {
        widgets::line(ui.painter(), left, y, label, t.small(), t.c.text_3, 60.0);
        let at = Rect::from_min_max(pos2(left + 60.0, y - LINE / 2.0), pos2(rect.right() - 12.0, y + LINE / 2.0));
        widgets::line(ui.painter(), at.left(), y, &words, t.small(), t.c.text_2, at.width());
        let hover = ui.interact(at, ui.scope_id().with(("detail", label)), Sense::hover());
        widgets::describe(&hover, egui::Role::Label, &tr!("{label}: {words}"));
        hover.on_hover_text(&words);
        y += LINE;
    }
    if rect.height() > lines_height(model, &state.catalogue) {
        let at = Rect::from_min_size(pos2(left, y), thumbnails::SHOWN);
        let wanted = picture(model, &id);
        ui.scope_builder(UiBuilder::new().max_rect(at), |ui| state.thumbnails.show(ui, wanted, &collection.title));
        y = at.bottom() + 8.0;
    }
    let buttons = Rect::from_min_size(pos2(left, y + 2.0), vec2(rect.width() - 22.0, t.size.control));
    ui.scope_builder(UiBuilder::new().max_rect(buttons), |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let commands = [(tr!("Jump to data"), jump(model, &id)), (tr!("Zoom to"), place(model, &id))];
            for (label, command) in commands {
                let shown = ui.add_enabled_ui(command.is_some(), |ui| widgets::button(ui, label, None, false)).inner;
                if let Some(command) = command.filter(|_| shown.clicked()) {
                    out.send(command);
                }
            }
            let nearest = collection.nearest(model.now()).map(|(g, _)| g).or(collection.granules.first());
            if let Some(granule) = nearest
                && widgets::button(ui, tr!("Show file"), None, false)
                    .on_hover_text(granule.path.display().to_string())
                    .clicked()
            {
                out.act(Action::ShowFile(granule.path.clone()));
            }
        });
        ui.add_space(2.0);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let nearest = collection.nearest(model.now()).map(|(g, _)| g).or(collection.granules.first());
            if let Some(granule) = nearest
                && widgets::button(ui, tr!("File details"), None, false)
                    .on_hover_text(tr!("How the file nearest to the clock was read, its origin and attributes"))
                    .clicked()
            {
                state.file_details = Some(granule.path.clone());
            }
            if collection.older_versions() > 0 {
                let all = collection.versions == Versions::All;
                let chip = widgets::chip(ui, tr!("All versions"), all);
                if chip.on_hover_text(tr!("Draw older versions and copies of granules as well")).clicked() {
                    let versions = if all { Versions::Newest } else { Versions::All };
                    out.send(Command::ChooseVersions { collection: id.clone(), versions });
                }
            }
            let button = widgets::button(ui, tr!("Tags"), None, false);
            egui::Popup::menu(&button)
                .accessible_name(tr!("Tags"))
                .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
                .show(|ui| super::tags::menu(ui, &id, model, state, out));
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_joined_the_short_way_round() {
        let b = |west, east| GeoBox { west, south: -1.0, east, north: 1.0 };
        let joined = around(&b(170.0, 175.0), &b(-178.0, -170.0));
        assert_eq!((joined.west, joined.east), (170.0, 190.0));
        let joined = around(&b(-178.0, -170.0), &b(170.0, 175.0));
        assert_eq!((joined.west, joined.east), (170.0, 190.0));
        let joined = around(&b(10.0, 20.0), &b(12.0, 14.0));
        assert_eq!((joined.west, joined.east), (10.0, 20.0));
        let joined = around(&b(-180.0, 180.0), &b(170.0, 190.0));
        assert_eq!((joined.west, joined.east), (-180.0, 180.0));
    }
}
