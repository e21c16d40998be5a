//! Three fields as colours: range and gamma of each channel.

use egui::{Role, Ui, vec2};
use seaglass_core::command::Command;
use seaglass_core::style::{Method, RgbStyle, StylePatch};

use crate::lang;
use crate::model::Row;
use crate::state::Out;
use crate::style_panel::labelled;
use crate::theme::theme;
use crate::{text, widgets};

/// Channels as people name them.
const CHANNELS: [&str; 3] = [msg!("Red"), msg!("Green"), msg!("Blue")];

/// Room the settings take.
pub fn height(row: &Row) -> f32 {
    if row.style.method == Method::Rgb { 116.0 } else { 0.0 }
}

fn change(row: &Row, out: &mut Out, rgb: RgbStyle) {
    out.send(Command::SetStyle { layer: row.id, patch: StylePatch { rgb: Some(rgb), ..StylePatch::default() } });
}

/// The settings.
pub fn show(ui: &mut Ui, row: &Row, out: &mut Out) {
    let t = theme(ui);
    let rgb = &row.style.rgb;
    labelled(ui, tr!("Stretch"), |ui| {
        let tip = tr!("Each channel over the 2 to 98 % of its own values");
        if widgets::chip(ui, tr!("2\u{2013}98 % each"), false).on_hover_text(tip).clicked() {
            out.send(Command::FitChannels { layer: row.id });
            out.settle = true;
        }
        let common = rgb.ranges.iter().all(Option::is_none);
        let tip = tr!("All channels over one range: the balance of colours is that of the data");
        if widgets::chip(ui, tr!("One for all"), common).on_hover_text(tip).clicked() && !common {
            change(row, out, RgbStyle { ranges: [None; 3], ..rgb.clone() });
            out.settle = true;
        }
    });
    for (k, name) in CHANNELS.map(lang::t).into_iter().enumerate() {
        labelled(ui, name, |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            let common = row.style.effective_range();
            let [mut low, mut high] = rgb.ranges[k].unwrap_or(common);
            let speed = (high - low).abs() * 0.005;
            let mut number = |ui: &mut Ui, value: &mut f64, what: &str| {
                let drag = egui::DragValue::new(value)
                    .speed(speed)
                    .max_decimals(8)
                    .custom_formatter(|v, _| text::significant(v))
                    .custom_parser(text::parse_number)
                    .update_while_editing(false);
                let response = ui.add_sized(vec2(58.0, t.size.control), drag);
                widgets::describe(&response, Role::SpinButton, &tr!("{name} {what}"));
                out.settle |= response.drag_stopped() || response.lost_focus();
                response.changed()
            };
            let mut changed = number(ui, &mut low, tr!("minimum"));
            changed |= number(ui, &mut high, tr!("maximum"));
            if changed && low < high {
                let mut ranges = rgb.ranges;
                ranges[k] = Some([low, high]);
                change(row, out, RgbStyle { ranges, ..rgb.clone() });
            }
            let mut gamma = f64::from(rgb.gamma[k]);
            let drag =
                egui::DragValue::new(&mut gamma).range(0.1..=10.0).speed(0.01).max_decimals(2).prefix("\u{3b3} ");
            let response = ui.add_sized(vec2(58.0, t.size.control), drag);
            widgets::describe(&response, Role::SpinButton, &tr!("{name} gamma"));
            out.settle |= response.drag_stopped();
            if response.changed() {
                let mut all = rgb.gamma;
                all[k] = gamma as f32;
                change(row, out, RgbStyle { gamma: all, ..rgb.clone() });
            }
            let own = rgb.ranges[k].is_some();
            let tip = tr!("Stretched over the range above, as the other channels");
            let chip = widgets::chip(ui, tr!("Common"), !own).on_hover_text(tip);
            if chip.clicked() {
                let mut ranges = rgb.ranges;
                ranges[k] = if own { None } else { Some(common) };
                change(row, out, RgbStyle { ranges, ..rgb.clone() });
                out.settle = true;
            }
        });
    }
}
