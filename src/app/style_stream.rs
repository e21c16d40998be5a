//! Streamlines: how many particles, how long and wide their tails, how fast, in which colour, and whether they stand still.

use egui::{Role, Ui, vec2};
use seaglass_core::command::Command;
use seaglass_core::style::{Method, PARTICLES, StreamStyle, StylePatch};

use crate::model::Row;
use crate::state::Out;
use crate::text;
use crate::theme::theme;
use crate::widgets;

/// The factor that a choice by hand begins with: a day in a second.
const FIRST_FACTOR: f64 = 86_400.0;

/// Steps of a tail in a second of watching.
const TICKS_PER_S: f64 = 30.0;

/// Whether a layer draws streamlines.
pub fn applies(row: &Row) -> bool {
    row.style.method == Method::Streamlines
}

/// Room the settings take in the panel.
pub fn height(row: &Row) -> f32 {
    if applies(row) { 236.0 } else { 0.0 }
}

fn send(row: &Row, out: &mut Out, patch: StylePatch) {
    out.send(Command::SetStyle { layer: row.id, patch });
}

fn change(row: &Row, out: &mut Out, stream: StreamStyle) {
    send(row, out, StylePatch { stream: Some(stream), ..StylePatch::default() });
}

/// The settings.
pub fn show(ui: &mut Ui, row: &Row, out: &mut Out) {
    let style = &row.style.stream;
    // Few and many are equally easy to reach: the slider is that of the power of ten.
    let [fewest, most] = PARTICLES.map(f64::from);
    let mut count = f64::from(style.particles);
    let mut power = count.log10();
    crate::style_panel::labelled(ui, tr!("Particles"), |ui| {
        let width = ui.available_width() - 80.0;
        let slider = widgets::slider(ui, tr!("Particles"), &mut power, fewest.log10()..=most.log10(), width);
        if slider.changed() {
            count = two_digits(10f64.powf(power));
        }
        let speed = count * 0.01;
        let drag = egui::DragValue::new(&mut count).range(fewest..=most).speed(speed).max_decimals(0);
        let number = ui.add_sized(vec2(72.0, theme(ui).size.control), drag);
        widgets::describe(&number, Role::SpinButton, tr!("Number of particles in view"));
        out.settle |= slider.drag_stopped() || number.drag_stopped();
        if slider.changed() || number.changed() {
            let particles = (count.round() as u32).clamp(PARTICLES[0], PARTICLES[1]);
            change(row, out, StreamStyle { particles, ..style.clone() });
        }
    });
    let mut length = f64::from(style.length);
    if line(ui, tr!("Length"), tr!("Length in steps"), &mut length, [2.0, 256.0], tr!(" steps"), out) {
        let length = (length.round() as u32).clamp(2, 256);
        change(row, out, StreamStyle { length, ..style.clone() });
    }
    let mut width = f64::from(row.style.size_pt);
    if line(ui, tr!("Width"), tr!("Width in points"), &mut width, [0.5, 8.0], " pt", out) {
        send(row, out, StylePatch { size_pt: Some(width.clamp(0.5, 64.0) as f32), ..StylePatch::default() });
    }
    speed(ui, row, out);
    colour(ui, row, out);
    crate::style_panel::labelled(ui, tr!("Motion"), |ui| {
        for (name, frozen) in [(tr!("Moving"), false), (tr!("Frozen"), true)] {
            if widgets::chip(ui, name, style.frozen == frozen).clicked() && style.frozen != frozen {
                change(row, out, StreamStyle { frozen, ..style.clone() });
            }
        }
    });
}

/// A number rounded to two digits, as one would choose it.
fn two_digits(value: f64) -> f64 {
    let unit = 10f64.powf(value.log10().floor() - 1.0);
    (value / unit).round() * unit
}

/// A slider with its number.
fn line(
    ui: &mut Ui,
    label: &str,
    number_label: &str,
    value: &mut f64,
    [low, high]: [f64; 2],
    suffix: &str,
    out: &mut Out,
) -> bool {
    crate::style_panel::labelled(ui, label, |ui| {
        let width = ui.available_width() - 80.0;
        let slider = widgets::slider(ui, label, value, low..=high, width);
        let drag = egui::DragValue::new(value).range(low..=high).speed(0.1).max_decimals(1).suffix(suffix);
        let number = ui.add_sized(vec2(72.0, theme(ui).size.control), drag);
        widgets::describe(&number, Role::SpinButton, number_label);
        let response = slider.union(number);
        out.settle |= response.drag_stopped();
        response.changed()
    })
}

/// As fits the view, or so much drift in a second of watching.
fn speed(ui: &mut Ui, row: &Row, out: &mut Out) {
    let style = &row.style.stream;
    crate::style_panel::labelled(ui, tr!("Speed"), |ui| {
        let auto = style.speed_factor.is_none();
        let tip = tr!("The usual speed crosses the view in about half a minute.");
        if widgets::chip(ui, tr!("Fits the view"), auto).on_hover_text(tip).clicked() && !auto {
            change(row, out, StreamStyle { speed_factor: None, ..style.clone() });
        }
        let tip = tr!("Seconds of drift in a second of watching.");
        if widgets::chip(ui, tr!("Factor"), !auto).on_hover_text(tip).clicked() && auto {
            change(row, out, StreamStyle { speed_factor: Some(FIRST_FACTOR), ..style.clone() });
        }
        if let Some(mut factor) = style.speed_factor {
            let tip = per_second(factor);
            let speed = factor * 0.01;
            let drag = egui::DragValue::new(&mut factor)
                .range(1e-3..=1e9)
                .speed(speed)
                .max_decimals(3)
                .prefix("× ")
                .custom_parser(text::parse_number);
            let response = ui.add_sized(vec2(96.0, theme(ui).size.control), drag).on_hover_text(tip);
            widgets::describe(&response, Role::SpinButton, tr!("Seconds of drift in a second"));
            if response.changed() && factor.is_finite() {
                change(row, out, StreamStyle { speed_factor: Some(factor.clamp(1e-3, 1e9)), ..style.clone() });
            }
            out.settle |= response.drag_stopped();
        }
    });
    // Also where the view chooses it: without it a picture says nothing of how long its lines took.
    if let Some(factor) = row.drift {
        let t = theme(ui);
        let words = format!("\u{d7} {}: {}", text::short(factor, 3), per_second(factor));
        ui.horizontal(|ui| {
            ui.add_space(80.0);
            ui.label(egui::RichText::new(words).font(t.small()).color(t.c.text_3));
        });
    }
}

/// What the tails of streamlines stand for, as legends say it.
pub fn tail_words(stream: &StreamStyle, factor: f64) -> String {
    let seconds = f64::from(stream.length) / TICKS_PER_S * factor;
    tr!("Tails are {} of drift", text::span(seconds))
}

/// What a factor means.
fn per_second(factor: f64) -> String {
    let (value, unit) = match factor {
        f if f >= 86_400.0 => (f / 86_400.0, tr!("days")),
        f if f >= 3600.0 => (f / 3600.0, tr!("hours")),
        f if f >= 60.0 => (f / 60.0, tr!("minutes")),
        f => (f, tr!("seconds")),
    };
    tr!("A second shows {} {unit} of drift.", two_digits(value))
}

/// By speed through the colour map, or one colour.
fn colour(ui: &mut Ui, row: &Row, out: &mut Out) {
    let style = &row.style.stream;
    crate::style_panel::labelled(ui, tr!("Colour"), |ui| {
        let by_map = style.colour.is_none();
        if widgets::chip(ui, tr!("By speed"), by_map).clicked() && !by_map {
            change(row, out, StreamStyle { colour: None, ..style.clone() });
        }
        if widgets::chip(ui, tr!("One colour"), !by_map).clicked() && by_map {
            change(row, out, StreamStyle { colour: Some([255, 255, 255]), ..style.clone() });
        }
        if let Some(mut rgb) = style.colour {
            let response = ui.color_edit_button_srgb(&mut rgb);
            widgets::describe(&response, Role::Button, tr!("Colour of streamlines"));
            if response.changed() {
                change(row, out, StreamStyle { colour: Some(rgb), ..style.clone() });
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_one_would_choose_them() {
        assert_eq!(two_digits(12_345.0), 12_000.0);
        assert_eq!(two_digits(998.0), 1000.0);
        assert!(per_second(2.0 * 86_400.0).contains("2 days"), "{}", per_second(2.0 * 86_400.0));
        assert!(per_second(1800.0).contains("30 minutes"));
    }
}
