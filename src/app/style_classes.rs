//! Check boxes for the classes of a flag field: which of them are drawn.

use egui::{Rect, Sense, Ui, pos2, vec2};
use seaglass_core::command::Command;
use seaglass_core::field::{Flag, FlagClass};
use seaglass_core::style::{MOST_HIDDEN, StylePatch};

use crate::model::Row;
use crate::scene_legend;
use crate::state::Out;
use crate::theme::theme;
use crate::widgets;

/// Whether classes of a field can be told apart in a picture, which has values in single precision.
pub fn can_hide(flags: &[Flag]) -> bool {
    flags.iter().all(|f| f.class().is_exact())
}

/// Shows or hides one class of a layer.
pub fn toggle(row: &Row, class: FlagClass, out: &mut Out) {
    let mut hidden = row.style.hidden.clone();
    match hidden.iter().position(|c| *c == class) {
        Some(k) => drop(hidden.remove(k)),
        None if hidden.len() < MOST_HIDDEN => hidden.push(class),
        None => return,
    }
    send(row, hidden, out);
}

fn send(row: &Row, hidden: Vec<FlagClass>, out: &mut Out) {
    let patch = StylePatch { hidden: Some(hidden), ..StylePatch::default() };
    out.send(Command::SetStyle { layer: row.id, patch });
    out.settle = true;
}

/// The section of the style panel; nothing for fields without classes.
pub fn show(ui: &mut Ui, row: &Row, out: &mut Out) {
    let Some(flags) = scene_legend::flags(row) else { return };
    let t = theme(ui);
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width() - 140.0, t.size.control), Sense::hover());
        widgets::line(ui.painter(), rect.left(), rect.center().y, tr!("Classes"), t.heading(), t.c.text_1, 100.0);
        let all: Vec<FlagClass> = flags.iter().map(Flag::class).collect();
        ui.add_enabled_ui(can_hide(flags), |ui| {
            if widgets::chip(ui, tr!("All"), row.style.hidden.is_empty()).clicked() {
                send(row, Vec::new(), out);
            }
            let none = all.iter().all(|c| row.style.hidden.contains(c));
            ui.add_enabled_ui(all.len() <= MOST_HIDDEN, |ui| {
                if widgets::chip(ui, tr!("classes" => "None"), none).clicked() {
                    send(row, all, out);
                }
            });
        });
    });
    if !can_hide(flags) {
        let why = tr!("These flags have more bits than a picture keeps: they are drawn, but not told apart.");
        ui.label(egui::RichText::new(why).font(t.small()).color(t.c.text_3));
        return;
    }
    let column = ui.available_width() / 2.0;
    for pair in flags.chunks(2) {
        let (line, _) = ui.allocate_exact_size(vec2(column * 2.0, 24.0), Sense::hover());
        for (k, flag) in pair.iter().enumerate() {
            let left = line.left() + column * k as f32;
            class_box(ui, Rect::from_min_size(pos2(left, line.top()), vec2(column - 4.0, 24.0)), row, flag, out);
        }
    }
}

fn class_box(ui: &mut Ui, cell: Rect, row: &Row, flag: &Flag, out: &mut Out) {
    let t = theme(ui);
    let on = !row.style.hidden.contains(&flag.class());
    let words = flag.meaning.replace('_', " ");
    let response = ui.interact(cell, ui.scope_id().with(("class", flag.value, flag.mask)), Sense::click());
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, on, words.clone()));
    let tick = Rect::from_center_size(pos2(cell.left() + 9.0, cell.center().y), vec2(16.0, 16.0));
    let edge = if response.hovered() { t.c.border_strong } else { t.c.border };
    let fill = if on { t.c.accent } else { t.c.surface_2 };
    ui.painter().rect(tick, 4.0, fill, egui::Stroke::new(1.0, edge), egui::StrokeKind::Inside);
    if on {
        widgets::icon(ui.painter(), tick.center(), "checked", 11.0, t.c.on_accent);
    }
    let swatch = Rect::from_center_size(pos2(tick.right() + 12.0, cell.center().y), vec2(10.0, 10.0));
    let colour = scene_legend::flag_colour(row, flag).unwrap_or(t.c.pressed);
    ui.painter().rect_filled(swatch, 2.0, if on { colour } else { colour.gamma_multiply(0.35) });
    let ink = if on { t.c.text_1 } else { t.c.text_3 };
    let left = swatch.right() + 8.0;
    widgets::line(ui.painter(), left, cell.center().y, &words, t.body(), ink, cell.right() - left);
    widgets::focus_ring(ui, &response, 4.0);
    if response.clicked() {
        toggle(row, flag.class(), out);
    }
    if response.hovered() {
        response.on_hover_text(words);
    }
}
