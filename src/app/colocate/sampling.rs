//! What is made of several matches, and which data take part.

use egui::{DragValue, Rect, Sense, Ui, Vec2, pos2};
use seaglass_core::colocation::{Colocation, ColocationPatch, MAX_BOX, Sample};
use seaglass_core::granule::GeometryKind;

use super::controls::{list, row, set, tracks_cross};
use super::{PanelState, filters};
use crate::lang;
use crate::model::Model;
use crate::state::Out;
use crate::theme::theme;
use crate::widgets;

/// Boxes offered in the list.
const BOXES: [usize; 4] = [3, 5, 7, 11];

/// Shows the row.
pub fn show(ui: &mut Ui, model: &Model, c: &Colocation, panel: &mut PanelState, out: &mut Out) {
    let fields = row(ui, tr!("Sample"));
    let middle = fields.left() + (fields.width() - 44.0) * 0.55;
    let at = Rect::from_center_size(pos2(fields.right() - 14.0, fields.center().y), Vec2::splat(28.0));
    if tracks_cross(model, c) {
        let t = theme(ui);
        let words = tr!("Between samples");
        widgets::line(
            ui.painter(),
            fields.left(),
            fields.center().y,
            words,
            t.body(),
            t.c.text_3,
            middle - fields.left(),
        );
    } else {
        sample_list(ui, fields.with_max_x(middle), model, c, out);
    }
    data_list(ui, Rect::from_min_max(pos2(middle + 8.0, fields.top()), pos2(at.left() - 8.0, fields.bottom())), c, out);
    let response = ui.interact(at, ui.scope_id().with("filter"), Sense::click());
    let on = panel.filters_open || filters::any(c);
    let label = tr!("Filter rows by an expression");
    if widgets::icon_button_at(ui, at, response, "layer_filter", label, on).clicked() {
        panel.filters_open = !on;
        if on {
            // Hidden filters would still decide.
            panel.filters = filters::Edits::default();
            if filters::any(c) {
                let none = || Some(String::new());
                set(
                    out,
                    ColocationPatch {
                        reference_filter: none(),
                        compared_filter: none(),
                        third_filter: none(),
                        ..ColocationPatch::default()
                    },
                );
                out.settle = true;
            }
        }
    }
}

/// `Box 5 × 5`.
fn sample_text(sample: Sample, size: usize) -> String {
    if sample == Sample::Box { tr!("Box {size} × {size}") } else { lang::word(sample.label()).to_owned() }
}

fn sample_list(ui: &Ui, rect: Rect, model: &Model, c: &Colocation, out: &mut Out) {
    let compared = c.compared.and_then(|id| model.row(id)).and_then(|r| r.geometry);
    let mut choose = |sample: Sample, box_size: Option<usize>| {
        set(out, ColocationPatch { sample: Some(sample), box_size, ..ColocationPatch::default() });
        out.settle = true;
    };
    list(ui, rect, tr!("Sample"), &sample_text(c.sample, c.box_size), |ui| {
        for sample in Sample::ALL {
            // What the compared layer cannot have is not offered.
            let fits = match sample {
                s if s.needs_grid() => compared.is_none_or(|k| k == GeometryKind::Grid),
                Sample::Box => compared != Some(GeometryKind::Points),
                _ => true,
            };
            if !fits && sample != c.sample {
                continue;
            }
            let sizes: Vec<Option<usize>> =
                if sample == Sample::Box { BOXES.into_iter().map(Some).collect() } else { vec![None] };
            for size in sizes {
                let is = sample == c.sample && size.is_none_or(|n| n == c.box_size);
                let label = sample_text(sample, size.unwrap_or(0));
                if ui.selectable_label(is, label).on_hover_text(lang::sentence(sample.meaning())).clicked() {
                    choose(sample, size);
                }
            }
        }
        if c.sample == Sample::Box {
            let mut size = c.box_size;
            let number = DragValue::new(&mut size)
                .range(1..=MAX_BOX)
                .prefix(tr!("Cells along a side "))
                .update_while_editing(false);
            if ui.add(number).changed() {
                choose(Sample::Box, Some(size | 1));
            }
        }
    });
}

fn data_list(ui: &Ui, rect: Rect, c: &Colocation, out: &mut Out) {
    let data = match (c.masks, c.in_window) {
        (true, false) => tr!("Good values"),
        (false, false) => tr!("All values"),
        (true, true) => tr!("Good, in window"),
        (false, true) => tr!("All, in window"),
    };
    list(ui, rect, tr!("Data"), data, |ui| {
        let (mut masks, mut in_window) = (c.masks, c.in_window);
        if ui.checkbox(&mut masks, tr!("Only values the products call good")).changed() {
            set(out, ColocationPatch { masks: Some(masks), ..ColocationPatch::default() });
            out.settle = true;
        }
        if ui.checkbox(&mut in_window, tr!("Only in the time window")).changed() {
            set(out, ColocationPatch { in_window: Some(in_window), ..ColocationPatch::default() });
            out.settle = true;
        }
    });
}
