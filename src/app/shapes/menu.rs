//! Right-click menus of shapes and of files of shapes.

use std::path::Path;

use egui::{Color32, Role, Sense, Stroke, StrokeKind, Ui, vec2};
use seaglass_core::command::Command;
use seaglass_core::shapes::{COLOURS, Dash, Processing, Shape, ShapeChange, ShapeKind, ShapePatch, ShapeStyle};

use crate::dialogs::Pick;
use crate::lang;
use crate::state::{Action, Out, UiState};
use crate::theme::theme;
use crate::widgets;

/// Widths offered, points.
const WIDTHS: [f32; 5] = [1.0, 1.5, 2.0, 3.0, 5.0];
/// Diameters of points offered, points.
const SIZES: [f32; 4] = [5.0, 8.0, 12.0, 18.0];
/// Opacities of areas offered.
const FILLS: [f32; 5] = [0.0, 0.1, 0.18, 0.4, 0.8];

/// Menu of one shape.
pub(super) fn of_shape(ui: &mut Ui, shape: &Shape, state: &mut UiState, out: &mut Out) {
    let id = shape.id;
    if widgets::menu_item(ui, tr!("Zoom to"), "", true) {
        out.send(Command::ZoomToShape { shape: id });
    }
    if widgets::menu_item(ui, tr!("Rename"), "", true) {
        state.shapes.renaming = Some((id, shape.name.clone()));
    }
    let restyle = |patch| Command::Shapes { change: ShapeChange::Restyle { shape: id, patch } };
    ui.menu_button(tr!("Style"), |ui| style(ui, shape.geometry.kind, shape.style, out, restyle));
    ui.separator();
    if shape.geometry.kind != ShapeKind::Point {
        ui.menu_button(tr!("Extract data"), |ui| extract(ui, shape, out));
    }
    if widgets::menu_item(ui, tr!("Save as…"), "", true) {
        out.act(Action::Pick(Pick::Shapes(Some(id))));
    }
    ui.separator();
    if widgets::menu_item(ui, tr!("Delete"), "", true) {
        out.send(Command::Shapes { change: ShapeChange::Remove { shape: id } });
    }
}

/// What the visible layers have under a shape.
fn extract(ui: &mut Ui, shape: &Shape, out: &mut Out) {
    ui.set_min_width(250.0);
    if widgets::menu_item(ui, tr!("For notebooks"), "", true) {
        out.send(Command::Extract { shape: Some(shape.id), reach_m: None, path: None });
    }
    if widgets::menu_item(ui, tr!("Cells as netCDF…"), "", true) {
        out.act(Action::Pick(Pick::Cells(shape.id, "nc")));
    }
    if widgets::menu_item(ui, tr!("Cells as CSV…"), "", true) {
        out.act(Action::Pick(Pick::Cells(shape.id, "csv")));
    }
    ui.separator();
    let process = |what| Command::Process { what };
    let line = shape.geometry.kind == ShapeKind::Polyline;
    if widgets::menu_item(ui, tr!("Processor: pictures of the last one"), "", true) {
        out.send(process(Processing::Pictures));
    }
    if widgets::menu_item(ui, tr!("Processor: transects of the last one"), "", line) {
        out.send(process(Processing::Transects));
    }
    if widgets::menu_item(ui, tr!("Processor: save the last one"), "", true) {
        out.send(process(Processing::Save));
    }
}

/// Menu of a file.
pub(super) fn of_file(ui: &mut Ui, path: &Path, first: &Shape, out: &mut Out) {
    if widgets::menu_item(ui, tr!("Zoom to"), "", true) {
        out.send(Command::ZoomToShape { shape: first.id });
    }
    let restyle = |patch| Command::Shapes { change: ShapeChange::RestyleFile { path: path.to_owned(), patch } };
    ui.menu_button(tr!("Style"), |ui| style(ui, first.geometry.kind, first.style, out, restyle));
    if widgets::menu_item(ui, tr!("Show file"), "", true) {
        out.act(Action::ShowFile(path.to_owned()));
    }
    ui.separator();
    if widgets::menu_item(ui, tr!("Remove"), "", true) {
        out.send(Command::Shapes { change: ShapeChange::RemoveFile { path: path.to_owned() } });
    }
}

/// Names of the colours given in turn.
const COLOUR_NAMES: [&str; 6] =
    [msg!("Orange"), msg!("Yellow"), msg!("Pink"), msg!("Sky blue"), msg!("Vermilion"), msg!("Green")];

fn style(ui: &mut Ui, kind: ShapeKind, style: ShapeStyle, out: &mut Out, command: impl Fn(ShapePatch) -> Command) {
    let t = theme(ui);
    ui.set_min_width(230.0);
    ui.horizontal(|ui| {
        for (colour, name) in COLOURS.into_iter().zip(COLOUR_NAMES.map(lang::t)) {
            let (rect, response) = ui.allocate_exact_size(vec2(24.0, 24.0), Sense::click());
            let on = style.colour == colour;
            response.widget_info(|| egui::WidgetInfo::selected(Role::RadioButton, true, on, name));
            let [r, g, b] = colour;
            ui.painter().rect_filled(rect.shrink(3.0), 4.0, Color32::from_rgb(r, g, b));
            if on || response.hovered() {
                let ink = if on { t.c.text_1 } else { t.c.text_3 };
                ui.painter().rect_stroke(rect.shrink(1.0), 5.0, Stroke::new(1.5, ink), StrokeKind::Inside);
            }
            widgets::focus_ring(ui, &response, 4.0);
            if response.clicked() {
                out.send(command(ShapePatch { colour: Some(colour), ..ShapePatch::default() }));
                ui.close();
            }
        }
    });
    let thin = crate::text::THIN;
    let mut choices = |ui: &mut Ui, title: &str, all: Vec<(String, bool, ShapePatch)>| {
        ui.menu_button(title, |ui| {
            for (label, on, patch) in all {
                if ui.add(egui::Button::new(label).selected(on).min_size(vec2(140.0, 28.0))).clicked() {
                    out.send(command(patch));
                    ui.close();
                }
            }
        });
    };
    let is_point = kind == ShapeKind::Point;
    let widths: &[f32] = if is_point { &SIZES } else { &WIDTHS };
    let one = |w: &f32| {
        let patch = ShapePatch { width_pt: Some(*w), ..ShapePatch::default() };
        (format!("{w}{thin}pt"), (style.width_pt - w).abs() < 0.01, patch)
    };
    choices(ui, if is_point { tr!("Size") } else { tr!("Width") }, widths.iter().map(one).collect());
    if kind == ShapeKind::Polygon {
        let one = |f: &f32| {
            let label = if *f == 0.0 { tr!("None").to_owned() } else { format!("{:.0}{thin}%", f * 100.0) };
            (label, (style.fill - f).abs() < 0.01, ShapePatch { fill: Some(*f), ..ShapePatch::default() })
        };
        choices(ui, tr!("Fill"), FILLS.iter().map(one).collect());
    }
    if !is_point {
        let one = |d: Dash| {
            (lang::word(d.label()).to_owned(), style.dash == d, ShapePatch { dash: Some(d), ..ShapePatch::default() })
        };
        choices(ui, tr!("Line"), Dash::ALL.into_iter().map(one).collect());
    }
}
