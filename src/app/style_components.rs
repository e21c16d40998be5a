//! Which two fields of a layer's granules are the parts of a vector: what readers know of, and what people choose.

use egui::{Id, Role, Ui};
use seaglass_core::command::Command;
use seaglass_core::field::{FieldInfo, FieldKind};
use seaglass_core::project::Layer;
use seaglass_core::style::{Method, StylePatch};
use seaglass_core::vector::knots_per_unit;

use crate::model::{Model, Row, capitalized};
use crate::state::Out;
use crate::widgets;

/// Parts chosen so far, towards east and towards north.
type Chosen = [Option<String>; 2];

/// Room the chooser takes in the style panel.
pub fn height(row: &Row, model: &Model) -> f32 {
    if asks(row, model) { 72.0 } else { 0.0 }
}

fn layer<'a>(row: &Row, model: &'a Model) -> Option<&'a Layer> {
    model.session.project().layer(row.id)
}

/// Fields of numbers on the same cells as the layer's own.
fn beside<'a>(row: &Row, model: &'a Model) -> Vec<&'a FieldInfo> {
    let Some(collection) = model.session.catalogue().collections.get(&row.collection) else { return Vec::new() };
    let granule = collection.with_field(&row.field_name).next();
    let there = |f: &&FieldInfo| granule.is_none_or(|g| g.fields.is_empty() || g.has_field(&f.name));
    let numbers = |f: &&FieldInfo| !matches!(f.kind, FieldKind::Flags { .. });
    collection.fields.iter().filter(there).filter(numbers).collect()
}

/// Parts of a vector that a layer without its own could be drawn with: those of another field on the same cells.
pub fn guess(row: &Row, model: &Model) -> Option<Vec<String>> {
    let fields = beside(row, model);
    let whole = |f: &&&FieldInfo| {
        f.components.len() == 2 && f.components.iter().all(|c| fields.iter().any(|other| other.name == *c))
    };
    fields.iter().find(whole).map(|f| f.components.clone())
}

/// Whether the layer has parts: its field's own, or chosen ones.
fn has_parts(row: &Row, model: &Model) -> bool {
    let own = row.field.as_ref().is_some_and(|f| f.components.len() == 2);
    own || layer(row, model).is_some_and(|l| l.components.len() == 2)
}

fn speeds<'a>(row: &Row, model: &'a Model) -> Vec<&'a FieldInfo> {
    beside(row, model).into_iter().filter(|f| knots_per_unit(&f.units).is_some()).collect()
}

/// Fields that could be parts: speeds where there are two of them, else all numbers.
fn candidates<'a>(row: &Row, model: &'a Model) -> Vec<&'a FieldInfo> {
    let speeds = speeds(row, model);
    if speeds.len() >= 2 { speeds } else { beside(row, model) }
}

/// Whether the panel asks for the parts: the field is no vector of its own, and is drawn as one, or there are speeds that
/// nobody knows to be parts of a vector.
fn asks(row: &Row, model: &Model) -> bool {
    let own = row.field.as_ref().is_some_and(|f| f.components.len() == 2);
    let drawn = row.style.method.components() == 2;
    !own && row.geometry.is_some() && (drawn || (speeds(row, model).len() >= 2 && guess(row, model).is_none()))
}

/// Draws a layer by a method; a method of vectors takes parts along where the layer has none.
pub fn draw_as(row: &Row, method: Method, model: &Model, out: &mut Out) {
    if method.components() == 2 && !has_parts(row, model) {
        let Some(components) = guess(row, model) else { return };
        out.send(Command::SetLayerComponents { layer: row.id, components });
    }
    out.send(Command::SetStyle { layer: row.id, patch: StylePatch { method: Some(method), ..StylePatch::default() } });
}

fn title(field: &FieldInfo) -> String {
    let long = capitalized(&field.title());
    if long.eq_ignore_ascii_case(&field.name) { long } else { format!("{} \u{b7} {long}", field.name) }
}

/// Two lists: the part towards east and the part towards north. Once both are chosen the layer is drawn with them.
pub fn show(ui: &mut Ui, row: &Row, model: &Model, out: &mut Out) {
    if !asks(row, model) {
        return;
    }
    let id = Id::unique("vector parts").with(row.id.0);
    let now = layer(row, model).filter(|l| l.components.len() == 2).map(|l| l.components.clone());
    let known: Chosen = match &now {
        Some(names) => [names.first().cloned(), names.get(1).cloned()],
        None => ui.data(|d| d.get_temp::<Chosen>(id)).unwrap_or_default(),
    };
    let mut chosen = known.clone();
    let fields = candidates(row, model);
    for (k, label) in [tr!("Eastward"), tr!("Northward")].into_iter().enumerate() {
        crate::style_panel::labelled(ui, label, |ui| {
            let at = chosen[k].as_ref().and_then(|name| fields.iter().find(|f| f.name == *name));
            let text = at.map_or_else(|| tr!("Choose a field").to_owned(), |f| title(f));
            let width = ui.available_width() - 8.0;
            let combo = egui::ComboBox::from_id_salt((id, k)).selected_text(text).width(width).truncate();
            let response = combo.show_ui(ui, |ui| {
                for field in &fields {
                    let on = chosen[k].as_ref() == Some(&field.name);
                    if ui.selectable_label(on, title(field)).clicked() {
                        chosen[k] = Some(field.name.clone());
                    }
                }
            });
            widgets::describe(&response.response, Role::ComboBox, &tr!("{label} part of the vector"));
        });
    }
    if chosen == known {
        return;
    }
    ui.data_mut(|d| d.insert_temp(id, chosen.clone()));
    let [Some(east), Some(north)] = chosen else { return };
    out.send(Command::SetLayerComponents { layer: row.id, components: vec![east, north] });
    if row.style.method.components() != 2 {
        let patch = StylePatch { method: Some(Method::Arrows), ..StylePatch::default() };
        out.send(Command::SetStyle { layer: row.id, patch });
    }
    out.settle = true;
}
