//! The line at the bottom: position, depth, altitude, projection; progress; adapter.

use egui::{Popup, Rect, Role, Sense, Ui, pos2, vec2};
use seaglass_core::command::Command;
use seaglass_render::assets;

use crate::lang;
use crate::model::Model;
use crate::state::{Action, Out, UiState};
use crate::theme::theme;
use crate::{hover, readout, text, widgets};

/// Shows the bar.
pub fn show(ui: &mut Ui, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let rect = ui.max_rect();
    let y = rect.center().y;
    widgets::hairline(ui.painter(), t, rect.x_range(), rect.top() + 0.5);
    let camera = model.session.project().camera;
    let place = state.pointer.unwrap_or(camera.target);
    let position = state.coordinates.text(place, 4);
    // Off the globe it is another place, and says so.
    let centre = if state.pointer.is_none() { tr!("Centre ") } else { "" };
    let cell = Rect::from_min_size(pos2(rect.left() + 12.0, rect.top()), vec2(200.0, rect.height()));
    let response = ui.interact(cell, ui.scope_id().with("position"), Sense::click());
    widgets::describe(
        &response,
        Role::Button,
        &if centre.is_empty() { tr!("Position {position}") } else { tr!("Centre {position}") },
    );
    let ink = if response.hovered() { t.c.text_1 } else { t.c.text_2 };
    let start = widgets::line(ui.painter(), cell.left(), y, centre, t.small(), t.c.text_3, 60.0);
    let start = if centre.is_empty() { cell.left() } else { start + 3.0 };
    let mut x = widgets::line(ui.painter(), start, y, &position, t.small(), ink, 240.0).max(cell.left() + 196.0) + 12.0;
    widgets::focus_ring(ui, &response, 4.0);
    // The menu is about the place the pointer was at when it was opened, not about one it passes on its way.
    let id = ui.scope_id().with("menu place");
    if response.clicked() || response.secondary_clicked() {
        ui.data_mut(|d| d.insert_temp(id, (place.lon_deg, place.lat_deg)));
    }
    let (lon, lat) = ui.data(|d| d.get_temp(id)).unwrap_or((place.lon_deg, place.lat_deg));
    let chosen = seaglass_core::geo::LonLat::new(lon, lat);
    // Either button: one menu has one popup.
    let toggled = response.clicked() || response.secondary_clicked();
    let open = toggled.then_some(egui::SetOpenCommand::Toggle);
    Popup::menu(&response).open_memory(open).accessible_name(tr!("Coordinates")).show(|ui| {
        ui.set_width(270.0);
        readout::coordinates_menu(ui, chosen, state, out);
    });
    response.on_hover_text(tr!("Copy, or choose the form of coordinates\nCtrl+C copies the position under the cursor"));
    let wide = rect.width() > 900.0;
    if let Some(e) = assets::elevation(place).filter(|_| wide) {
        x = widgets::line(ui.painter(), x, y, &hover::depth_text(e), t.small(), t.c.text_2, 160.0) + 16.0;
    }
    let distance = tr!("Altitude {}", text::metres(round_two(camera.altitude_m)));
    x = widgets::line(ui.painter(), x, y, &distance, t.small(), t.c.text_2, 160.0) + 16.0;
    let mut projection = lang::projection(camera.projection);
    if camera.tilt_deg >= 0.5 && !camera.projection.is_map() {
        projection.push_str(&tr!(", tilt {:.0}°", camera.tilt_deg));
    }
    let left_end = widgets::line(ui.painter(), x, y, &projection, t.small(), t.c.text_3, 200.0);
    let mut right = rect.right() - 12.0;
    if model.adapter.1 {
        right = right_text(ui, right, y, &tr!("Software, {}", short_adapter(&model.adapter.0)), left_end) - 20.0;
    }
    if let Some((used, allowed)) = model.memory_full {
        right = memory(ui, right, y, left_end, used, allowed) - 20.0;
    }
    progress(ui, rect, right, left_end, model, out);
}

/// Two significant digits, so that the last ones do not flicker while zooming.
fn round_two(m: f64) -> f64 {
    if m <= 0.0 {
        return m;
    }
    let step = 10f64.powf(m.log10().floor() - 2.0);
    (m / step).round() * step
}

fn short_adapter(name: &str) -> String {
    name.split([' ', '(']).next().unwrap_or(name).to_owned()
}

/// `GPU 1.0 / 1 GB`, in the colour of a warning: details are drawn coarser until there is room again.
fn memory(ui: &mut Ui, right: f32, y: f32, limit: f32, used: u64, allowed: u64) -> f32 {
    let t = theme(ui);
    let gb = |bytes: u64| bytes as f64 / 1e9;
    let words = tr!("GPU {} / {}{}GB", text::number(gb(used), 1), text::short(gb(allowed), 1), text::THIN);
    let galley = widgets::elided(ui.painter(), &words, t.small(), t.c.warning, right - limit - 16.0);
    let cell = Rect::from_min_max(pos2(right - galley.size().x, y - 12.0), pos2(right, y + 12.0));
    let response = ui.interact(cell, ui.scope_id().with("memory"), Sense::hover());
    widgets::describe(&response, Role::Label, &words);
    ui.painter().galley(pos2(cell.left(), (y - galley.size().y / 2.0).round()), galley, t.c.warning);
    response
        .on_hover_text(tr!("The memory for data on the graphics card is full. What is farther away is drawn coarser."));
    cell.left()
}

fn right_text(ui: &Ui, right: f32, y: f32, words: &str, limit: f32) -> f32 {
    let t = theme(ui);
    let galley = widgets::elided(ui.painter(), words, t.small(), t.c.text_3, right - limit - 16.0);
    let left = right - galley.size().x;
    ui.painter().galley(pos2(left, (y - galley.size().y / 2.0).round()), galley, t.c.text_3);
    left
}

fn progress(ui: &mut Ui, rect: Rect, right: f32, limit: f32, model: &Model, out: &mut Out) {
    let t = theme(ui);
    let work = &model.work;
    let id = egui::Id::unique("busy since");
    let now = ui.input(|i| i.time);
    if !work.busy() && model.sample.is_none() {
        ui.data_mut(|d| d.remove::<f64>(id));
        return;
    }
    let since = ui.data_mut(|d| *d.get_temp_mut_or(id, now));
    let wait = f64::from(t.motion.busy_delay) / 1000.0 - (now - since);
    if wait > 0.0 {
        ui.ctx().request_repaint_after_secs(wait as f32 + 0.01);
        return;
    }
    let y = rect.center().y;
    let mut x = right;
    let opening = work.opening.0 < work.opening.1;
    let parts = model.sample.or(opening.then_some(work.opening));
    if let Some((done, all)) = parts {
        let cell = Rect::from_center_size(pos2(x - 12.0, y), vec2(24.0, 24.0));
        let response = ui.interact(cell, ui.scope_id().with("cancel"), Sense::click());
        let label = if model.sample.is_some() { tr!("Cancel making the sample day") } else { tr!("Cancel opening") };
        if widgets::icon_button_at(ui, cell.shrink(2.0), response, "close", label, false).clicked() {
            match model.sample {
                Some(_) => out.act(Action::CancelSample),
                None => out.send(Command::CancelOpening),
            }
        }
        x = cell.left() - 6.0;
        let bar = Rect::from_min_max(pos2(x - 96.0, y - 1.5), pos2(x, y + 1.5));
        ui.painter().rect_filled(bar, 1.5, t.c.pressed);
        let share = done as f32 / all.max(1) as f32;
        let done = Rect::from_min_max(bar.min, pos2(bar.left() + bar.width() * share.max(0.02), bar.bottom()));
        ui.painter().rect_filled(done, 1.5, t.c.accent);
        x = bar.left() - 10.0;
    }
    let words = if let Some((done, all)) = model.sample {
        trn!(all, "Making the sample day, {done} of {all} files", "Making the sample day, {done} of {all} files")
    } else if opening {
        trn!(work.opening.1, "Opening {} of {} files", "Opening {} of {} files", work.opening.0 + 1, work.opening.1)
    } else {
        tr!("Reading, {} to go", work.reading)
    };
    let left = right_text(ui, x, y, &words, limit + 24.0);
    spinner(ui, pos2(left - 14.0, y));
}

/// A ring with a gap that turns; ten pictures a second are enough for it.
fn spinner(ui: &Ui, centre: egui::Pos2) {
    let t = theme(ui);
    let a0 = (ui.input(|i| i.time) * 5.0) as f32;
    let arc: Vec<egui::Pos2> = (0..=18)
        .map(|k| {
            let a = a0 + k as f32 / 18.0 * 4.7;
            centre + 5.0 * vec2(a.cos(), a.sin())
        })
        .collect();
    ui.painter().add(egui::Shape::line(arc, egui::Stroke::new(1.5, t.c.accent)));
    ui.ctx().request_repaint_after_secs(0.1);
}
