//! Entries of the command table about styles, pins and coordinates.

use seaglass_core::command::Command;
use seaglass_core::project::LayerId;
use seaglass_core::style::{Style, StylePatch};

use crate::model::{Model, Row};
use crate::state::{Action, Out, UiState};

/// A style copied from a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Copied {
    /// Its settings.
    look: StylePatch,
    /// Unit of the range: a layer in another unit keeps its own.
    units: String,
}

impl Copied {
    /// The style of a layer.
    pub fn of(row: &Row) -> Self {
        Self { look: StylePatch::look_of(&row.style), units: units(row) }
    }

    /// What pasting it changes in a layer.
    pub fn patch_for(&self, row: &Row) -> StylePatch {
        let mut look = self.look.clone();
        if self.units != units(row) {
            look.range = None;
            look.log = Some(look.log == Some(true) && row.style.range.is_some_and(|[lo, _]| lo > 0.0));
        }
        // Lines and dots belong to tracks, cells to rasters.
        let raster = |s: Option<seaglass_core::style::Method>| s == Some(seaglass_core::style::Method::Raster);
        if raster(look.method) != raster(Some(row.style.method)) {
            look.method = None;
        }
        look
    }
}

fn units(row: &Row) -> String {
    row.field.as_ref().map(|f| f.units.clone()).unwrap_or_default()
}

/// Whether an entry of these can be run now; `None` for entries of others.
pub fn enabled(id: &str, model: &Model, state: &UiState) -> Option<bool> {
    let row = state.selected.and_then(|id| model.row(id));
    Some(match id {
        "pin" => true,
        "remove_pins" => !model.session.project().pins.is_empty(),
        "paste_style" => row.is_some() && state.copied_style.is_some(),
        "show_masked" => row.is_some_and(|r| hides_cells(r) || r.unmasked),
        "reset_product_style" | "copy_style" | "fit_visible" | "follow_view" | "save_default_style" => row.is_some(),
        "save_collection_style" => row.is_some_and(|r| model.collection_file(r).is_some()),
        "next_coordinates" | "longitude_360" => true,
        _ => return None,
    })
}

/// Runs an entry; false when it is not one of these.
pub fn perform(id: &str, model: &Model, state: &mut UiState, out: &mut Out) -> bool {
    let row = state.selected.and_then(|id| model.row(id));
    match id {
        // From the keyboard alone there is no pointer: the middle of the view is meant.
        "pin" => {
            let place = state.pointer.unwrap_or(model.session.project().camera.target);
            out.send(Command::AddPin { place });
        }
        "remove_pins" => out.send(Command::RemovePins),
        "next_coordinates" => state.coordinates = state.coordinates.next(),
        "longitude_360" => state.coordinates.longitude_360 = !state.coordinates.longitude_360,
        "copy_position" => {
            if let Some(p) = state.pointer {
                out.act(Action::Copy(state.coordinates.plain(p)));
            }
        }
        _ => match row {
            Some(row) => return on_layer(id, row, state, out),
            None => return false,
        },
    }
    true
}

fn on_layer(id: &str, row: &Row, state: &mut UiState, out: &mut Out) -> bool {
    let layer = row.id;
    match id {
        "copy_style" => state.copied_style = Some(Copied::of(row)),
        "paste_style" => paste(row, state, out),
        "fit_visible" => out.send(Command::FitVisible { layer }),
        "follow_view" => follow(row, !row.style.follow_view, out),
        "show_masked" => out.send(Command::ShowMasked { layer: Some(layer), on: !row.unmasked }),
        "save_default_style" => out.send(Command::SaveDefaultStyle { layer, quantity: false }),
        "save_collection_style" => out.send(Command::SaveStyleToCollection { layer }),
        "reset_product_style" => out.send(Command::ForgetDefaultStyle { layer }),
        _ => return false,
    }
    true
}

/// Gives a layer the copied style, as one step of undo.
pub fn paste(row: &Row, state: &UiState, out: &mut Out) {
    let Some(copied) = &state.copied_style else { return };
    let patch = copied.patch_for(row);
    // The same style again is no change.
    let mut style: Style = row.style.clone();
    if patch.apply(&mut style).is_ok() && style != row.style {
        out.send(Command::SetStyle { layer: row.id, patch });
        out.settle = true;
    }
}

/// Lets the colours of a layer follow the view, or not.
pub fn follow(row: &Row, on: bool, out: &mut Out) {
    let patch = StylePatch { follow_view: Some(on), ..StylePatch::default() };
    out.send(Command::SetStyle { layer: row.id, patch });
}

/// Whether the product leaves cells of a layer out.
pub fn hides_cells(row: &Row) -> bool {
    row.field.as_ref().is_some_and(|f| f.hides_cells) && !row.unmasked
}

/// Layers in sight of which masks hide cells.
pub fn masked_layers(model: &Model) -> Vec<LayerId> {
    model.rows.iter().filter(|r| r.shown && !r.locked && hides_cells(r)).map(|r| r.id).collect()
}
