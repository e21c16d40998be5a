//! What of a track, of points or of a swath is shown at which time: length of trails, marker, colour by age, distance of
//! rows from the clock; and the size of dots on the ground.

use egui::{Id, Role, Ui};
use seaglass_core::command::Command;
use seaglass_core::granule::GeometryKind;
use seaglass_core::style::{Method, StylePatch, TimeStyle, TrailStyle};

use crate::lang;
use crate::model::Row;
use crate::state::Out;
use crate::style_panel::labelled;
use crate::widgets;

/// Units of lengths of time: name, seconds.
const UNITS: [(&str, f64); 3] = [("min", 60.0), ("h", 3600.0), (msg!("d"), 86_400.0)];
/// A trail's length when it is first given one: ten days.
const FIRST_TRAIL_S: f64 = 864_000.0;
/// Distance of rows from the clock when it is first given: ten minutes.
const FIRST_WITHIN_S: f64 = 600.0;
/// Width of dots on the ground when it is first given.
const FIRST_DOT_M: f64 = 1000.0;

fn is_series(row: &Row) -> bool {
    matches!(row.geometry, Some(GeometryKind::Track | GeometryKind::Points))
        && matches!(row.style.method, Method::Line | Method::Points | Method::Raster)
}

fn is_dots(row: &Row) -> bool {
    row.style.method == Method::Points || row.geometry == Some(GeometryKind::Points)
}

fn is_swath(row: &Row) -> bool {
    row.geometry == Some(GeometryKind::Swath) && row.style.method == Method::Raster
}

/// Room the settings take.
pub fn height(row: &Row) -> f32 {
    let lines = |on: bool, n: u8| if on { 40.0 * f32::from(n) } else { 0.0 };
    let series = lines(is_series(row), 2) + lines(is_series(row) && is_dots(row), 1);
    series + lines(row.style.trail.seconds.is_some(), 1) + lines(is_swath(row), 1)
}

/// The settings.
pub fn show(ui: &mut Ui, row: &Row, out: &mut Out) {
    let (mut trail, mut time) = (row.style.trail.clone(), row.style.time.clone());
    if is_series(row) {
        trails(ui, row, &mut trail, &mut time);
    } else if is_swath(row) {
        rows(ui, row, &mut time);
    }
    if trail != row.style.trail || time != row.style.time {
        let patch = StylePatch {
            trail: (trail != row.style.trail).then_some(trail),
            time: (time != row.style.time).then_some(time),
            ..StylePatch::default()
        };
        out.send(Command::SetStyle { layer: row.id, patch });
    }
}

fn trails(ui: &mut Ui, row: &Row, trail: &mut TrailStyle, time: &mut TimeStyle) {
    labelled(ui, tr!("Trail"), |ui| {
        let now = match (trail.whole, trail.seconds) {
            (true, _) => 2,
            (false, Some(_)) => 1,
            (false, None) => 0,
        };
        let width = ui.available_width();
        let names = [tr!("Window"), tr!("Length"), tr!("Whole")];
        if let Some(k) = widgets::segments(ui, &names, Some(now), Some(width), tr!("Trail")) {
            trail.whole = k == 2;
            trail.seconds = (k == 1).then(|| trail.seconds.unwrap_or(FIRST_TRAIL_S));
        }
    });
    if let Some(seconds) = trail.seconds.as_mut().filter(|_| !trail.whole) {
        labelled(ui, tr!("Length"), |ui| length(ui, row, seconds, tr!("Trail")));
    }
    labelled(ui, tr!("Show"), |ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        if !is_dots(row) {
            let tip = tr!("A dot where the clock is, on the great circle between the two samples around it");
            if widgets::chip(ui, tr!("Marker"), trail.marker).on_hover_text(tip).clicked() {
                trail.marker = !trail.marker;
            }
        }
        if widgets::chip(ui, tr!("Colour by age"), trail.by_time).clicked() {
            trail.by_time = !trail.by_time;
        }
        fade(ui, time);
    });
    if is_dots(row) {
        labelled(ui, tr!("Dots"), |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            if widgets::chip(ui, tr!("Metres wide"), trail.dot_m.is_some()).clicked() {
                trail.dot_m = if trail.dot_m.is_some() { None } else { Some(FIRST_DOT_M) };
            }
            if let Some(metres) = &mut trail.dot_m {
                let speed = *metres * 0.01;
                let drag = egui::DragValue::new(metres).range(0.01..=1e7).speed(speed).suffix(" m");
                let number = ui.add(drag);
                widgets::describe(&number, Role::SpinButton, tr!("Width of dots in metres"));
            }
        });
    }
}

fn rows(ui: &mut Ui, row: &Row, time: &mut TimeStyle) {
    labelled(ui, tr!("Rows"), |ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let tip = tr!("Only rows measured within so long before or after the clock");
        if widgets::chip(ui, tr!("Near the clock"), time.within_s.is_some()).on_hover_text(tip).clicked() {
            time.within_s = if time.within_s.is_some() { None } else { Some(FIRST_WITHIN_S) };
        }
        if let Some(seconds) = &mut time.within_s {
            length(ui, row, seconds, tr!("Near the clock"));
        }
        fade(ui, time);
    });
}

fn fade(ui: &mut Ui, time: &mut TimeStyle) {
    let tip = tr!("Paler the further from the clock");
    if widgets::chip(ui, tr!("Fade"), time.fade).on_hover_text(tip).clicked() {
        time.fade = !time.fade;
    }
}

/// A length of time with its unit.
fn length(ui: &mut Ui, row: &Row, seconds: &mut f64, name: &str) {
    let id = Id::unique(("unit of time", row.id.0, name));
    let usual = UNITS.iter().rposition(|(_, s)| *seconds >= *s && *seconds % *s == 0.0).unwrap_or(0);
    let unit = ui.data(|d| d.get_temp::<usize>(id)).unwrap_or(usual).min(UNITS.len() - 1);
    let (label, per_unit) = (lang::t(UNITS[unit].0), UNITS[unit].1);
    let mut number = *seconds / per_unit;
    let drag = egui::DragValue::new(&mut number).range(0.0..=1e11 / per_unit).speed(0.1).max_decimals(3);
    let response = ui.add(drag);
    widgets::describe(&response, Role::SpinButton, &tr!("{name}: {label}"));
    if response.changed() {
        *seconds = number * per_unit;
    }
    let names = UNITS.map(|(n, _)| lang::t(n));
    if let Some(k) = widgets::segments(ui, &names, Some(unit), Some(96.0), &tr!("Unit of {name}")) {
        ui.data_mut(|d| d.insert_temp(id, k));
    }
}
