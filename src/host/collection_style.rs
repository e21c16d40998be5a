//! Styles written back into the collection files of SEAScope workspaces.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use seaglass_core::project::LayerId;
use seaglass_data::SavedStyle;
use seaglass_data::file::write_whole;

use crate::host::Host;
use crate::items::name_of;
use crate::report::{Level, Notice};

impl Host {
    /// Collection files of the open collections, by collection.
    pub fn collection_files(&self) -> BTreeMap<String, PathBuf> {
        let ids = self.session.catalogue().collections.keys();
        ids.filter_map(|id| Some((id.clone(), self.registry.collection_file(id)?))).collect()
    }

    pub(crate) fn save_collection_style(&mut self, layer: LayerId) {
        let Some(layer) = self.session.project().layer(layer).cloned() else { return };
        let notice = match self.registry.save_style(&layer.collection, &layer.field, &layer.style) {
            Ok(saved) => {
                let with_map = add_colormap(saved.colormaps.as_deref(), &layer.style.colormap);
                self.session.set_style_hint(&layer.collection, &layer.field, &saved.hint);
                let own = self.session.has_user_style(layer.id);
                Notice::new(Level::Info, sentence(&saved, with_map, own)).about(&saved.file)
            }
            Err(why) => {
                let notice = Notice::new(Level::Error, why.to_string());
                match self.registry.collection_file(&layer.collection) {
                    Some(file) => notice.about(&file),
                    None => notice,
                }
            }
        };
        self.notices.push(notice);
    }
}

/// Adds a colour map to those of a workspace, which SEAScope finds by name, unless one of that name is there. Returns
/// whether it did.
fn add_colormap(folder: Option<&Path>, id: &str) -> bool {
    let Some(folder) = folder.filter(|f| f.is_dir()) else { return false };
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let (file, maps) = (folder.join(format!("{id}.rgb")), seaglass_render::assets::colormaps());
    let Some(map) = maps.get(id).filter(|_| id.chars().all(plain) && !file.exists()) else { return false };
    let lines = (0..256).map(|k| {
        let [r, g, b] = map.colour(k as f64 / 255.0, false);
        format!("{r} {g} {b}\n")
    });
    let written = write_whole(&file, lines.collect::<String>().as_bytes());
    written.inspect_err(|e| log::warn!("{} cannot be written: {e}", file.display())).is_ok()
}

fn sentence(saved: &SavedStyle, with_map: bool, own: bool) -> String {
    let mut text = format!("The style is saved in {}", name_of(&saved.file));
    if with_map {
        text += ", its colour map in colormaps";
    }
    if !saved.left_out.is_empty() {
        text += &format!("; it has no place for {}", saved.left_out.join(", "));
    }
    text += ".";
    if own {
        text += " Your own default of this field still comes first.";
    }
    text
}
