//! Arrows and barbs: which method, size, density, colour and the speed of an arrow of full length.

use egui::{Role, Ui, vec2};
use seaglass_core::command::Command;
use seaglass_core::style::{Method, StylePatch, VectorStyle};

use crate::model::Row;
use crate::state::Out;
use crate::theme::theme;
use crate::widgets;

/// Largest size that the slider has, points.
const LARGEST_PT: f64 = 64.0;

/// Whether a layer's method is one of these.
pub fn applies(row: &Row) -> bool {
    matches!(row.style.method, Method::Arrows | Method::Barbs)
}

fn send(row: &Row, out: &mut Out, patch: StylePatch) {
    out.send(Command::SetStyle { layer: row.id, patch });
}

fn change(row: &Row, out: &mut Out, vector: VectorStyle) {
    send(row, out, StylePatch { vector: Some(vector), ..StylePatch::default() });
}

/// The settings.
pub fn show(ui: &mut Ui, row: &Row, out: &mut Out) {
    let style = &row.style.vector;
    let mut size = f64::from(row.style.size_pt);
    if line(ui, tr!("Size"), tr!("Size in points"), &mut size, 6.0..=LARGEST_PT, 1.0, " pt", out) {
        let size_pt = Some(size.clamp(0.5, 64.0) as f32);
        send(row, out, StylePatch { size_pt, ..StylePatch::default() });
    }
    let mut density = f64::from(style.density) * 100.0;
    if line(ui, tr!("Density"), tr!("Density in per cent"), &mut density, 0.0..=100.0, 1.0, " %", out) {
        let density = (density / 100.0).clamp(0.0, 1.0) as f32;
        change(row, out, VectorStyle { density, ..style.clone() });
    }
    colour(ui, row, out);
    if row.style.method == Method::Arrows {
        length(ui, row, out);
    }
}

/// A slider with its number.
#[allow(clippy::too_many_arguments, reason = "what a slider and its number need")]
fn line(
    ui: &mut Ui,
    label: &str,
    number_label: &str,
    value: &mut f64,
    range: std::ops::RangeInclusive<f64>,
    speed: f64,
    suffix: &str,
    out: &mut Out,
) -> bool {
    crate::style_panel::labelled(ui, label, |ui| {
        let width = ui.available_width() - 80.0;
        let slider = widgets::slider(ui, label, value, range.clone(), width);
        let drag = egui::DragValue::new(value).range(range).speed(speed).max_decimals(1).suffix(suffix);
        let number = ui.add_sized(vec2(72.0, theme(ui).size.control), drag);
        widgets::describe(&number, Role::SpinButton, number_label);
        let response = slider.union(number);
        out.settle |= response.drag_stopped();
        response.changed()
    })
}

/// Through the colour map, or in one colour.
fn colour(ui: &mut Ui, row: &Row, out: &mut Out) {
    let style = &row.style.vector;
    crate::style_panel::labelled(ui, tr!("Colour"), |ui| {
        let by_map = style.colour.is_none();
        if widgets::chip(ui, tr!("By value"), by_map).clicked() && !by_map {
            change(row, out, VectorStyle { colour: None, ..style.clone() });
        }
        if widgets::chip(ui, tr!("One colour"), !by_map).clicked() && by_map {
            change(row, out, VectorStyle { colour: Some([255, 255, 255]), ..style.clone() });
        }
        if let Some(mut rgb) = style.colour {
            let response = ui.color_edit_button_srgb(&mut rgb);
            widgets::describe(&response, Role::Button, tr!("Colour of symbols"));
            if response.changed() {
                change(row, out, VectorStyle { colour: Some(rgb), ..style.clone() });
            }
        }
    });
}

/// Equally long, or by speed.
fn length(ui: &mut Ui, row: &Row, out: &mut Out) {
    let style = &row.style.vector;
    crate::style_panel::labelled(ui, tr!("Length"), |ui| {
        let equal = style.reference.is_none();
        if widgets::chip(ui, tr!("Equal"), equal).clicked() && !equal {
            change(row, out, VectorStyle { reference: None, ..style.clone() });
        }
        if widgets::chip(ui, tr!("By speed"), !equal).clicked() && equal {
            change(row, out, VectorStyle { reference: Some(usual_reference(row)), ..style.clone() });
        }
        if let Some(reference) = style.reference {
            let mut shown = row.unit.shown(reference);
            let step = shown.abs().max(1e-3) * 0.01;
            let suffix = format!(" {}", row.unit.label);
            let drag = egui::DragValue::new(&mut shown).range(1e-6..=1e6).speed(step).max_decimals(4).suffix(suffix);
            let response = ui.add_sized(vec2(96.0, theme(ui).size.control), drag);
            widgets::describe(&response, Role::SpinButton, tr!("Speed of a full-length arrow"));
            if response.changed() {
                let reference = Some(row.unit.raw(shown)).filter(|r| r.is_finite() && *r > 0.0);
                change(row, out, VectorStyle { reference, ..style.clone() });
            }
            out.settle |= response.drag_stopped();
        }
    });
}

/// A round speed somewhat below the top of the range.
fn usual_reference(row: &Row) -> f64 {
    let [low, high] = row.style.effective_range();
    round(0.5 * low.abs().max(high.abs()).max(1e-6))
}

/// The nearest of 1, 2 and 5 times a power of ten.
fn round(x: f64) -> f64 {
    let decade = 10f64.powf(x.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|k| k * decade);
    steps.into_iter().min_by(|a, b| (a / x).ln().abs().total_cmp(&(b / x).ln().abs())).unwrap_or(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_round() {
        assert_eq!(round(0.75), 1.0);
        assert_eq!(round(10.0), 10.0);
        assert_eq!(round(0.021), 0.02);
        assert!((round(430.0) - 500.0).abs() < 1e-9);
    }
}
