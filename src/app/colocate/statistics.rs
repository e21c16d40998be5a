//! The eight figures.

use egui::{Sense, Ui, pos2, vec2};
use seaglass_host::colocate::Found;
use seaglass_host::colocate::stats::Summary;

use super::{PanelState, difference_unit};
use crate::text;
use crate::theme::theme;
use crate::widgets;

const ROW: f32 = 38.0;

/// Decimals of all figures: two significant digits of the standard deviation.
pub fn decimals(stats: &Summary) -> usize {
    if stats.sd > 0.0 && stats.sd.is_finite() { (1.0 - stats.sd.log10().floor()).clamp(0.0, 8.0) as usize } else { 2 }
}

/// The figures: of all pairs, or while a brush is drawn of the selected ones, with the change beside.
pub fn show(ui: &mut Ui, found: &Found, panel: &PanelState) {
    let chosen = panel.selection.pairs();
    let part = (panel.brushing && !chosen.is_empty()).then(|| found.stats_of(chosen));
    let unit = difference_unit(found).trim_start().to_owned();
    let with_unit = |name: &str| if unit.is_empty() { name.to_owned() } else { format!("{name}, {unit}") };
    let d = decimals(&found.stats);
    let value = |s: &Summary, k: usize| match k {
        0 => s.n as f64,
        1 => s.bias,
        2 => s.sd,
        3 => s.rmsd,
        4 => s.median,
        // One difference has no spread.
        5 if s.n < 2 => f64::NAN,
        5 => s.robust_sd,
        6 => s.r,
        _ => s.orthogonal.slope,
    };
    let names = [
        tr!("Pairs").to_owned(),
        with_unit(tr!("Bias")),
        with_unit(tr!("SD")),
        with_unit(tr!("RMSD")),
        with_unit(tr!("Median")),
        with_unit(tr!("Robust SD")),
        "R".to_owned(),
        tr!("Slope").to_owned(),
    ];
    let places = |k: usize| match k {
        0 => 0,
        6 | 7 => 3,
        _ => d,
    };
    let t = theme(ui);
    let changed = part.is_some();
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 2.0 * ROW), Sense::hover());
    let column = rect.width() / 4.0;
    for (k, name) in names.iter().enumerate() {
        let (left, top) = (rect.left() + column * (k % 4) as f32, rect.top() + ROW * (k / 4) as f32);
        widgets::line(ui.painter(), left, top + 9.0, name, t.small(), t.c.text_3, column - 4.0);
        let all = value(&found.stats, k);
        let now = part.as_ref().map_or(all, |p| value(p, k));
        // Too few pairs, or directions, leave some without meaning.
        let words = if now.is_finite() { text::number(now, places(k)) } else { "\u{2013}".to_owned() };
        let ink = if changed { t.c.warning } else { t.c.text_1 };
        let end = widgets::line(ui.painter(), left, top + 24.0, &words, t.heading(), ink, column - 4.0);
        // Read out as one line: "Bias, °C −0.30".
        let cell = egui::Rect::from_min_size(pos2(left, top), vec2(column - 4.0, ROW));
        let spoken = ui.interact(cell, ui.scope_id().with(("figure", k)), Sense::hover());
        widgets::describe(&spoken, egui::Role::Label, &format!("{name} {words}"));
        spoken.on_hover_text(meaning(k, found.directions));
        if changed && (now - all).is_finite() && k > 0 {
            let sign = if now > all { "+" } else { "" };
            let change = format!("{sign}{}", text::number(now - all, places(k)));
            // Beside the value, not below: a plot must not move under the pointer that brushes it.
            widgets::line(
                ui.painter(),
                end + 5.0,
                top + 25.0,
                &change,
                t.small(),
                t.c.text_3,
                left + column - end - 7.0,
            );
        }
    }
}

fn meaning(k: usize, directions: bool) -> &'static str {
    match k {
        1 if directions => tr!("Mean of the differences, each the short way round"),
        6 if directions => tr!("Correlation of directions (Jammalamadaka and Sarma)"),
        7 if directions => tr!("Directions have no regression line"),
        0 => tr!("Pairs within distance and time"),
        1 => tr!("Mean of compared minus reference"),
        2 => tr!("Standard deviation of the differences"),
        3 => tr!("Root mean square difference"),
        4 => tr!("Median of the differences"),
        5 => tr!("1.4826 times the median absolute deviation of the differences"),
        6 => tr!("Correlation"),
        _ => tr!("Slope of the orthogonal regression"),
    }
}

/// Error figures of three sides, each in its own unit.
pub fn triple(ui: &mut Ui, found: &Found) {
    let (Some(third), t) = (&found.ask.third, theme(ui)) else { return };
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW + 18.0), Sense::hover());
    let words = match &found.triple {
        Some(f) => tr!("Error SD of {} triplets (triple collocation)", text::count(f.n)),
        None => tr!("No triplets: choose a larger distance or time, or sample one value a row.").to_owned(),
    };
    widgets::line(ui.painter(), rect.left(), rect.top() + 9.0, &words, t.small(), t.c.text_3, rect.width());
    let Some(figures) = &found.triple else { return };
    let [a, b] = &found.ask.sides;
    let column = rect.width() / 3.0;
    for (k, side) in [a, b, third].into_iter().enumerate() {
        let (left, top) = (rect.left() + column * k as f32, rect.top() + 16.0);
        // A variance below zero, from few triplets, has no root.
        let sd = text::number(figures.error_variance[k].sqrt(), decimals(&found.stats) + 1);
        let value = format!("{sd}{}", side.unit.suffix());
        widgets::line(ui.painter(), left, top + 9.0, &side.product, t.small(), t.c.text_2, column - 8.0);
        widgets::line(ui.painter(), left, top + 25.0, &value, t.heading(), t.c.text_1, column - 8.0);
        let cell = egui::Rect::from_min_size(pos2(left, top), vec2(column - 8.0, ROW));
        let spoken = ui.interact(cell, ui.scope_id().with(("error", k)), Sense::hover());
        widgets::describe(&spoken, egui::Role::Label, &tr!("Error SD of {}: {value}", side.product));
        spoken.on_hover_text(tr!("Squared correlation with the truth {:.3}", figures.truth_r2[k]));
    }
}
