//! Details of one file: how it was read, where it comes from, its attributes. One click from catalogue and layers.

use std::path::Path;

use egui::{Id, Modal, RichText, ScrollArea, Ui};
use seaglass_core::granule::FileInfo;
use seaglass_core::passes::Pass;
use seaglass_host::Description;

use crate::lang;
use crate::state::{Action, Out, UiState};
use crate::theme::{Theme, theme};
use crate::widgets;

/// Attributes that say where the data come from, as CF, ACDD and the agencies name them; in this order.
const ORIGIN: [&str; 26] = [
    "title",
    "summary",
    "product_version",
    "processing_level",
    "processing_baseline",
    "source",
    "lineage",
    "history",
    "software_version",
    "input_files",
    "xref_input_files",
    "platform",
    "mission_name",
    "sensor",
    "instrument",
    "institution",
    "creator_name",
    "publisher_name",
    "date_created",
    "creation_date",
    "date_modified",
    "references",
    "reference_document",
    "doi",
    "license",
    "conventions",
];

/// Attributes about the origin, and the others, each in its order.
pub fn parted(info: &FileInfo) -> [Vec<&(String, String)>; 2] {
    let rank = |name: &str| ORIGIN.iter().position(|o| name.eq_ignore_ascii_case(o));
    let (mut origin, other): (Vec<_>, Vec<_>) = info.attributes.iter().partition(|(name, _)| rank(name).is_some());
    origin.sort_by_key(|(name, _)| rank(name));
    [origin, other]
}

/// How the file was read.
pub fn reading(path: &Path, info: &FileInfo) -> Vec<(String, String)> {
    let mut lines: Vec<(&str, String)> = vec![
        (tr!("File"), path.display().to_string()),
        (tr!("Format"), info.format.clone()),
        (
            tr!("Product"),
            info.product.clone().unwrap_or_else(|| tr!("None fits: read by the CF conventions").to_owned()),
        ),
    ];
    if let Some(pass) = Pass::of(path) {
        lines.push((tr!("Orbit"), pass.text()));
    }
    for part in &info.parts {
        let [rows, cols] = part.shape;
        let size = if cols > 1 { format!("{rows} × {cols}") } else { format!("{rows}") };
        let name = if part.name.is_empty() { String::new() } else { format!("{}: ", part.name) };
        let fields = part.fields.len();
        let geometry = lang::word(part.geometry.label());
        let words =
            trn!(fields, "{name}{geometry}, {size}, {fields} field", "{name}{geometry}, {size}, {fields} fields");
        lines.push((tr!("Part"), words));
        if let Some(span) = part.span {
            lines.push((tr!("Time"), tr!("{} to {}", span.start, span.stop)));
        }
    }
    lines.extend(info.notes.iter().map(|n| (tr!("Note"), n.clone())));
    lines.into_iter().map(|(a, b)| (a.to_owned(), b)).collect()
}

/// All of it as text, to paste into a report.
pub fn text(path: &Path, info: &FileInfo) -> String {
    let [origin, other] = parted(info);
    let attributes = origin.into_iter().chain(other).map(|(a, b)| (a.clone(), b.clone()));
    let lines = reading(path, info).into_iter().chain(attributes);
    lines.map(|(name, value)| tr!("{name}: {value}") + "\n").collect()
}

/// Shows the dialog for the file chosen; `answer` is what its reader says, once it does.
pub fn dialog(ctx: &egui::Context, answer: Option<&Description>, state: &mut UiState, out: &mut Out) {
    let Some(path) = state.file_details.clone() else { return };
    let t = Theme::get(ctx.global_style().visuals.dark_mode);
    let mut done = false;
    let modal = Modal::new(Id::unique("file details")).frame(t.popover(12).inner_margin(20)).show(ctx, |ui| {
        let screen = ctx.content_rect();
        ui.set_width(640.0f32.min(screen.width() - 80.0));
        let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
        ui.label(RichText::new(name).font(t.clock()).color(t.c.text_1));
        ui.add_space(4.0);
        match answer {
            None => {
                ui.label(RichText::new(tr!("Reading the file…")).color(t.c.text_2));
                ctx.request_repaint_after_secs(0.2);
            }
            Some(Err(error)) => {
                ui.label(RichText::new(&error.message).color(t.c.error));
            }
            Some(Ok(info)) => {
                // The dialog grows with the answer: without a least height it would stay as low as it was before.
                let room = screen.height() - 200.0;
                ScrollArea::vertical().max_height(room).min_scrolled_height(room).show(ui, |ui| {
                    ui.set_min_width(ui.available_width());
                    let [origin, other] = parted(info);
                    let own =
                        |list: Vec<&(String, String)>| -> Vec<(String, String)> { list.into_iter().cloned().collect() };
                    table(ui, tr!("Reading"), &reading(&path, info));
                    table(ui, tr!("Origin"), &own(origin));
                    table(ui, tr!("Other attributes"), &own(other));
                });
            }
        }
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            done = widgets::button(ui, tr!("Close"), None, true).clicked();
            if let Some(Ok(info)) = answer
                && widgets::button(ui, tr!("Copy"), Some("layer_duplicate"), false).clicked()
            {
                out.act(Action::Copy(text(&path, info)));
            }
            if widgets::button(ui, tr!("Show file"), None, false).clicked() {
                out.act(Action::ShowFile(path.clone()));
            }
        });
    });
    if done || modal.should_close() {
        state.file_details = None;
    }
}

fn table(ui: &mut Ui, title: &str, lines: &[(String, String)]) {
    if lines.is_empty() {
        return;
    }
    let t = theme(ui);
    ui.add_space(4.0);
    ui.label(RichText::new(title).font(t.heading()).color(t.c.text_1));
    let first = (ui.available_width() * 0.3).min(180.0);
    egui::Grid::new(title)
        .num_columns(2)
        .min_row_height(18.0)
        .min_col_width(first)
        .max_col_width(ui.available_width() - first - 8.0)
        .show(ui, |ui| {
            for (name, value) in lines {
                let label = egui::Label::new(RichText::new(name).font(t.small()).color(t.c.text_3));
                ui.add(label.truncate()).on_hover_text(name);
                let value = RichText::new(value).font(t.small()).color(t.c.text_1);
                ui.add(egui::Label::new(value).wrap().selectable(true));
                ui.end_row();
            }
        });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_data_come_from_is_said_first() {
        let attribute = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let info = FileInfo {
            product: None,
            title: "x".into(),
            short: None,
            format: "netCDF-4".into(),
            parts: Vec::new(),
            notes: vec!["The time units were guessed.".into()],
            attributes: vec![
                attribute("geospatial_lat_min", "-78"),
                attribute("History", "2024-12-30 created"),
                attribute("Conventions", "CF-1.7"),
                attribute("title", "SSH"),
            ],
        };
        let [origin, other] = parted(&info);
        let names = |l: &[&(String, String)]| -> Vec<String> { l.iter().map(|(n, _)| n.clone()).collect() };
        assert_eq!(names(&origin), ["title", "History", "Conventions"]);
        assert_eq!(names(&other), ["geospatial_lat_min"]);
        let path = Path::new("/d/SWOT_L3_LR_SSH_Expert_026_165_20241229T165806_20241229T174933_v2.0.1.nc");
        let text = text(path, &info);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.contains(&"Orbit: cycle 26, pass 165") && lines.contains(&"Note: The time units were guessed."));
        assert!(lines[2].starts_with("Product: None fits"), "{text}");
    }
}
