//! Which rows of each side take part: expressions typed by the user, with their mistakes where they are.

use egui::text::{LayoutJob, TextFormat};
use egui::{Popup, Rect, Role, Sense, TextEdit, Ui, Vec2, WidgetInfo, pos2, vec2};
use seaglass_core::colocation::{Colocation, ColocationPatch};
use seaglass_core::command::Command;
use seaglass_core::project::LayerId;
use seaglass_host::colocate::check_filter;

use crate::model::Model;
use crate::state::Out;
use crate::theme::theme;
use crate::widgets;

/// An expression is applied when nobody has typed for so long, seconds.
const REST_S: f64 = 0.5;

/// What is being typed for one side.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    text: String,
    /// When it was last changed; nothing while it is as in the document.
    changed: Option<f64>,
}

/// The three sides.
pub type Edits = [Edit; 3];

/// Whether any side has a filter.
pub fn any(c: &Colocation) -> bool {
    !(c.reference_filter.is_empty() && c.compared_filter.is_empty() && c.third_filter.is_empty())
}

/// Shows a row for each side.
pub fn show(ui: &mut Ui, model: &Model, c: &Colocation, edits: &mut Edits, out: &mut Out) {
    let sides = [
        (tr!("Reference filter"), c.reference, &c.reference_filter),
        (tr!("Compared filter"), c.compared, &c.compared_filter),
        (tr!("Third filter"), c.third, &c.third_filter),
    ];
    for (k, (label, layer, now)) in sides.into_iter().enumerate() {
        let Some(layer) = layer else { continue };
        if let Some(text) = row(ui, model, k, label, layer, now, &mut edits[k]) {
            let mut patch = ColocationPatch::default();
            let of = [&mut patch.reference_filter, &mut patch.compared_filter, &mut patch.third_filter];
            of.into_iter().skip(k).take(1).for_each(|f| *f = Some(text.clone()));
            out.send(Command::SetColocation { patch });
            out.settle = true;
        }
    }
}

/// One row; answers a new expression when it is complete and the typing has come to rest.
fn row(
    ui: &mut Ui,
    model: &Model,
    side: usize,
    label: &str,
    layer: LayerId,
    now: &str,
    edit: &mut Edit,
) -> Option<String> {
    let t = theme(ui);
    if edit.changed.is_none() && edit.text != now {
        now.clone_into(&mut edit.text);
    }
    let fields = super::controls::row(ui, [tr!("Rows where"), tr!("and where"), tr!("and where")][side]);
    let mistake = check_filter(&edit.text).err();
    let at = mistake.as_ref().map(|m| m.at);
    let (ink, wrong, font) = (t.c.text_1, t.c.error, t.body());
    let mut layouter = |ui: &Ui, text: &dyn egui::TextBuffer, _width: f32| {
        let text = text.as_str();
        let plain = TextFormat { font_id: font.clone(), color: ink, ..TextFormat::default() };
        let split = at.map_or(text.len(), |at| text.char_indices().nth(at).map_or(text.len(), |c| c.0));
        let mut job = LayoutJob::default();
        job.append(&text[..split], 0.0, plain.clone());
        let under = TextFormat { color: wrong, underline: egui::Stroke::new(1.5, wrong), ..plain };
        job.append(&text[split..], 0.0, under);
        job.wrap.max_width = f32::INFINITY;
        ui.fonts_mut(|f| f.layout_job(job))
    };
    let product = model.row(layer).map(|r| r.product.clone()).unwrap_or_default();
    let field = TextEdit::singleline(&mut edit.text)
        .hint_text(tr!("all rows of {product}"))
        .margin(egui::Margin::symmetric(8, 5))
        .align(egui::Align2::LEFT_CENTER)
        .layouter(&mut layouter);
    let response = ui.put(fields.with_max_x(fields.right() - 36.0), field);
    let value = edit.text.clone();
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::TextInput, true, label);
        info.current_text_value = Some(value.clone());
        info
    });
    let time = ui.input(|i| i.time);
    if response.changed() {
        edit.changed = Some(time);
    }
    if let Some(name) = names(ui, fields, model, layer, label) {
        if !edit.text.is_empty() && !edit.text.ends_with(' ') {
            edit.text.push(' ');
        }
        edit.text.push_str(&name);
        // The operator is still to come: it is applied with what is typed next.
        edit.changed = Some(time);
        response.request_focus();
    }
    if let Some(mistake) = mistake.filter(|_| !edit.text.trim().is_empty()) {
        said(ui, &mistake.message, mistake.at, response.has_focus());
    }
    let changed = edit.changed?;
    // Leaving the field applies what it holds; an expression with a mistake stays for mending.
    let rested = time - changed >= REST_S || response.lost_focus();
    if !rested {
        ui.ctx().request_repaint_after_secs((REST_S - (time - changed)).max(0.02) as f32);
        return None;
    }
    if check_filter(&edit.text).is_err() {
        return None;
    }
    edit.changed = None;
    (edit.text.trim() != now).then(|| edit.text.trim().to_owned())
}

/// The mistake, below the field.
fn said(ui: &mut Ui, message: &str, at: usize, typing: bool) {
    let t = theme(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 18.0), Sense::hover());
    let left = rect.left() + super::controls::LABELS;
    let ink = if typing { t.c.text_2 } else { t.c.error };
    let words = tr!("Character {}: {message}", at + 1);
    widgets::line(ui.painter(), left, rect.center().y, &words, t.small(), ink, rect.right() - left);
    let whole = ui.interact(rect, ui.scope_id().with(("mistake", &words)), Sense::hover());
    widgets::describe(&whole, Role::Label, &words);
    whole.on_hover_text(words);
}

/// A list of the fields of a side; answers the one chosen, as an expression names it.
fn names(ui: &Ui, fields: Rect, model: &Model, layer: LayerId, label: &str) -> Option<String> {
    let at = Rect::from_center_size(pos2(fields.right() - 14.0, fields.center().y), Vec2::splat(28.0));
    let response = ui.interact(at, ui.scope_id().with(("names", label)), Sense::click());
    let response = widgets::icon_button_at(ui, at, response, "expand", tr!("Fields and flags"), false);
    let layer = model.session.project().layer(layer)?;
    let collection = model.session.catalogue().collections.get(&layer.collection)?;
    let mut chosen = None;
    Popup::menu(&response).accessible_name(tr!("Fields and flags")).show(|ui| {
        ui.set_min_width(260.0);
        egui::ScrollArea::vertical().max_height(300.0).show(ui, |ui| {
            for f in &collection.fields {
                if ui.selectable_label(false, &f.name).on_hover_text(f.title()).clicked() {
                    chosen = Some(quoted(&f.name));
                    ui.close();
                }
            }
        });
    });
    chosen
}

/// A name as expressions have it: in backquotes where it holds more than letters, digits and underscores.
fn quoted(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.chars().next().is_some_and(|c| !c.is_ascii_digit());
    if plain { name.to_owned() } else { format!("`{name}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_expressions_have_them() {
        assert_eq!(quoted("quality_level"), "quality_level");
        assert_eq!(quoted("data_01/ku/ssha"), "`data_01/ku/ssha`");
        assert!(check_filter(&format!("{} > 1", quoted("2nd"))).is_ok());
    }
}
