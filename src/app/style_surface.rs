//! How a layer lies over what is below it, and what a raster shows besides its colours: end colours, contour lines, light.

use egui::{Painter, Rect, Role, Shape, Ui, pos2, vec2};
use seaglass_core::command::Command;
use seaglass_core::style::{Blend, ContourStyle, EndColours, HillshadeStyle, Method, OutOfRange, Shown, StylePatch};

use crate::model::Row;
use crate::state::Out;
use crate::style_panel::labelled;
use crate::theme::theme;
use crate::{scene_legend, text, widgets};

/// Colours that a picker begins with: they are on no colour map.
const FIRST_OVER: [u8; 3] = [255, 0, 200];
const FIRST_UNDER: [u8; 3] = [0, 220, 255];
const FIRST_MISSING: [u8; 3] = [120, 126, 132];

/// Whether the layer is drawn as cells coloured by their value.
fn is_cells(row: &Row) -> bool {
    row.geometry.is_none_or(|g| g.is_raster()) && row.style.method == Method::Raster
}

/// Whether lines and slopes make sense: not between classes.
fn is_surface(row: &Row) -> bool {
    is_cells(row) && scene_legend::flags(row).is_none()
}

/// Room the settings take.
pub fn height(row: &Row) -> f32 {
    let open = |on: bool, more: f32| if on { more } else { 0.0 };
    let (contour, light) = (row.style.contour.on, row.style.hillshade.strength > 0.0);
    80.0 + open(is_surface(row), 80.0 + open(contour, 120.0) + open(light, 80.0))
}

fn send(row: &Row, out: &mut Out, patch: StylePatch) {
    out.send(Command::SetStyle { layer: row.id, patch });
}

/// The settings.
pub fn show(ui: &mut Ui, row: &Row, out: &mut Out) {
    labelled(ui, tr!("Blend"), |ui| {
        let ways = [Blend::Over, Blend::Multiply, Blend::Add];
        let now = ways.iter().position(|b| *b == row.style.blend);
        if let Some(k) = widgets::segments(
            ui,
            &[tr!("Over"), tr!("Multiply"), tr!("blend" => "Add")],
            now,
            Some(ui.available_width()),
            tr!("Blend"),
        ) {
            send(row, out, StylePatch { blend: Some(ways[k]), ..StylePatch::default() });
        }
    });
    if row.style.method != Method::Rgb && scene_legend::flags(row).is_none() {
        ends(ui, row, out);
    }
    if is_surface(row) {
        contours(ui, row, out);
        light(ui, row, out);
    }
}

/// A switch and, when it is on, the colour behind it.
fn optional_colour(ui: &mut Ui, name: &str, now: Option<[u8; 3]>, first: [u8; 3]) -> Option<Option<[u8; 3]>> {
    let mut new = None;
    if widgets::chip(ui, name, now.is_some()).clicked() {
        new = Some(if now.is_some() { None } else { Some(first) });
    }
    if let Some(mut rgb) = now {
        let response = ui.color_edit_button_srgb(&mut rgb);
        widgets::describe(&response, Role::Button, &tr!("Colour: {name}"));
        if response.changed() {
            new = Some(Some(rgb));
        }
    }
    new
}

fn ends(ui: &mut Ui, row: &Row, out: &mut Out) {
    let ends = &row.style.ends;
    labelled(ui, tr!("Beyond"), |ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let mut new = ends.clone();
        ui.add_enabled_ui(row.style.out_of_range == OutOfRange::Clamp, |ui| {
            if let Some(colour) = optional_colour(ui, tr!("Below"), ends.under, FIRST_UNDER) {
                new.under = colour;
            }
            if let Some(colour) = optional_colour(ui, tr!("Above"), ends.over, FIRST_OVER) {
                new.over = colour;
            }
        });
        if is_cells(row)
            && let Some(colour) = optional_colour(ui, tr!("Missing"), ends.missing, FIRST_MISSING)
        {
            new.missing = colour;
        }
        if new != *ends {
            send(row, out, StylePatch { ends: Some(new), ..StylePatch::default() });
        }
    });
}

fn contours(ui: &mut Ui, row: &Row, out: &mut Out) {
    let t = theme(ui);
    let style = &row.style.contour;
    let mut new = style.clone();
    labelled(ui, tr!("Contours"), |ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        if widgets::chip(ui, tr!("Contour lines"), style.on).clicked() {
            new.on = !style.on;
        }
        if style.on {
            if widgets::chip(ui, tr!("Numbers"), style.labels).clicked() {
                new.labels = !style.labels;
            }
            if widgets::chip(ui, tr!("Lines only"), style.alone).clicked() {
                new.alone = !style.alone;
            }
        }
    });
    if style.on {
        labelled(ui, tr!("Every"), |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let shown = Shown { factor: row.unit.factor, offset: row.unit.offset };
            let mut step = row.style.contour_step(shown);
            let speed = step * 0.01;
            let drag = egui::DragValue::new(&mut step)
                .speed(speed)
                .range(f64::MIN_POSITIVE..=f64::MAX)
                .max_decimals(8)
                .custom_formatter(|v, _| text::short(v, 8))
                .custom_parser(text::parse_number)
                .update_while_editing(false);
            let response = ui.add_sized(vec2(90.0, t.size.control), drag);
            widgets::describe(&response, Role::SpinButton, tr!("Distance of contour lines"));
            out.settle |= response.drag_stopped() || response.lost_focus();
            if response.changed() && step > 0.0 {
                new.step = Some(step / shown.factor);
            }
            ui.label(egui::RichText::new(&row.unit.label).color(t.c.text_3));
            let chosen = style.step.is_none();
            let chip = widgets::chip(ui, tr!("Round"), chosen).on_hover_text(tr!("Chosen from the colour range"));
            if chip.clicked() && !chosen {
                new.step = None;
            }
        });
        labelled(ui, tr!("Width"), |ui| {
            let mut width = f64::from(style.width_pt);
            if numbered(ui, tr!("Width of contour lines"), &mut width, 0.25..=6.0, " pt", out) {
                new.width_pt = width as f32;
            }
        });
        labelled(ui, tr!("Colour"), |ui| {
            let by_map = style.colour.is_none();
            if widgets::chip(ui, tr!("By value"), by_map).clicked() && !by_map {
                new.colour = None;
            }
            let own = optional_colour(
                ui,
                tr!("One colour"),
                style.colour,
                ContourStyle::default().colour.unwrap_or_default(),
            );
            if let Some(Some(colour)) = own {
                new.colour = Some(colour);
            }
        });
    }
    if new != *style {
        send(row, out, StylePatch { contour: Some(new), ..StylePatch::default() });
    }
}

/// A slider with its number; whether it was moved.
fn numbered(
    ui: &mut Ui,
    name: &str,
    value: &mut f64,
    range: std::ops::RangeInclusive<f64>,
    suffix: &str,
    out: &mut Out,
) -> bool {
    let width = ui.available_width() - 80.0;
    let slider = widgets::slider(ui, name, value, range.clone(), width);
    let drag = egui::DragValue::new(value).range(range).speed(0.2).max_decimals(2).suffix(suffix);
    let number = ui.add_sized(vec2(72.0, theme(ui).size.control), drag);
    widgets::describe(&number, Role::SpinButton, &tr!("{name}, number"));
    let response = slider.union(number);
    out.settle |= response.drag_stopped();
    response.changed()
}

fn light(ui: &mut Ui, row: &Row, out: &mut Out) {
    let style = &row.style.hillshade;
    let mut new = style.clone();
    labelled(ui, tr!("Relief"), |ui| {
        let mut percent = f64::from(style.strength) * 100.0;
        if numbered(ui, tr!("Strength of the relief"), &mut percent, 0.0..=100.0, " %", out) {
            new.strength = (percent / 100.0).clamp(0.0, 1.0) as f32;
        }
    });
    if style.strength > 0.0 {
        labelled(ui, tr!("Light from"), |ui| {
            let mut azimuth = f64::from(style.azimuth_deg).rem_euclid(360.0);
            if numbered(ui, tr!("Direction of the light"), &mut azimuth, 0.0..=360.0, "\u{b0}", out) {
                new.azimuth_deg = azimuth as f32;
            }
        });
        labelled(ui, tr!("Height"), |ui| {
            let mut altitude = f64::from(style.altitude_deg);
            if numbered(ui, tr!("Height of the light"), &mut altitude, 5.0..=85.0, "\u{b0}", out) {
                new.altitude_deg = altitude as f32;
            }
        });
    }
    if new != *style {
        send(row, out, StylePatch { hillshade: Some::<HillshadeStyle>(new), ..StylePatch::default() });
    }
}

/// Triangles at the ends of a colour bar, in the colours of what lies beyond.
pub fn ends_of_bar(painter: &Painter, bar: Rect, row: &Row) {
    let EndColours { over, under, .. } = row.style.ends;
    if row.style.out_of_range == OutOfRange::Hide {
        return;
    }
    let reach = bar.height() * 0.8;
    let end = |colour: Option<[u8; 3]>, x: f32, reach: f32| {
        if let Some([r, g, b]) = colour {
            let points = vec![pos2(x, bar.top()), pos2(x + reach, bar.center().y), pos2(x, bar.bottom())];
            let fill = egui::Color32::from_rgb(r, g, b);
            painter.add(Shape::convex_polygon(points, fill, egui::Stroke::NONE));
        }
    };
    end(under, bar.left() - 1.0, -reach);
    end(over, bar.right() + 1.0, reach);
}
