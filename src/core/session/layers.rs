//! Commands that change the layer stack.

use super::{CommandError, Session};
use crate::command::Command;
use crate::project::{Layer, LayerId};

impl Session {
    pub(super) fn layer_mut(&mut self, id: LayerId) -> Result<&mut Layer, CommandError> {
        self.project
            .layers
            .iter_mut()
            .find(|l| l.id == id)
            .ok_or_else(|| CommandError(format!("There is no layer {}.", id.0)))
    }

    pub(super) fn new_layer_id(&mut self) -> LayerId {
        self.project.next_layer += 1;
        LayerId(self.project.next_layer)
    }

    pub(super) fn change_layers(&mut self, command: &Command) -> Result<bool, CommandError> {
        match command {
            Command::AddLayer { collection, field } => {
                let known = self
                    .catalogue
                    .collections
                    .get(collection)
                    .ok_or_else(|| CommandError(format!("There is no collection \"{collection}\".")))?;
                let info = known.field(field).ok_or_else(|| {
                    let names: Vec<&str> = known.fields.iter().map(|f| f.name.as_str()).collect();
                    CommandError(format!("\"{}\" has no field \"{field}\"; it has {}.", known.title, names.join(", ")))
                })?;
                let layer = Layer {
                    id: LayerId(0),
                    collection: collection.clone(),
                    field: field.clone(),
                    extra: info.extra_dims.iter().map(|d| d.first).collect(),
                    components: Vec::new(),
                    name: None,
                    visible: true,
                    side: None,
                    locked: false,
                    group: None,
                    unmasked: false,
                    style: self.default_style(known, info),
                };
                let look = self.project.looks.iter().find(|l| l.collection == *collection && l.field == *field);
                let layer = match look {
                    Some(look) => Layer {
                        visible: look.rendering.shown,
                        style: look.last.as_ref().unwrap_or(&look.style).clone(),
                        ..layer
                    },
                    None => layer,
                };
                let id = self.new_layer_id();
                self.project.layers.insert(0, Layer { id, ..layer });
            }
            Command::RemoveLayer { layer } => {
                self.layer_mut(*layer)?;
                self.project.layers.retain(|l| l.id != *layer);
            }
            Command::DuplicateLayer { layer } => {
                let copy = self.layer_mut(*layer)?.clone();
                let at = self.project.position(*layer).unwrap_or(0);
                let id = self.new_layer_id();
                self.project.layers.insert(at, Layer { id, locked: false, ..copy });
            }
            Command::ShowLayer { layer, visible } => self.layer_mut(*layer)?.visible = *visible,
            Command::SoloLayer { layer } => {
                let own = self.layer_mut(*layer)?.group;
                let alone = self.project.layers.iter().all(|l| self.project.shows(l) == (l.id == *layer));
                for l in &mut self.project.layers {
                    l.visible = alone || l.id == *layer;
                }
                for g in self.project.groups.iter_mut().filter(|g| alone || Some(g.id) == own) {
                    g.visible = true;
                }
            }
            Command::ShowAllLayers => {
                self.project.layers.iter_mut().for_each(|l| l.visible = true);
                self.project.groups.iter_mut().for_each(|g| g.visible = true);
            }
            Command::MoveLayer { layer, to } => {
                let from = self
                    .project
                    .position(*layer)
                    .ok_or_else(|| CommandError(format!("There is no layer {}.", layer.0)))?;
                let moved = self.project.layers.remove(from);
                let to = (*to).min(self.project.layers.len());
                self.project.layers.insert(to, moved);
                self.join_neighbours(to);
            }
            Command::RenameLayer { layer, name } => {
                let name = name.trim();
                self.layer_mut(*layer)?.name = (!name.is_empty()).then(|| name.to_owned());
            }
            Command::SetLayerComponents { layer, components } => {
                let (c, f) = (self.layer_mut(*layer)?.collection.clone(), self.layer_mut(*layer)?.field.clone());
                if !matches!(components.len(), 0 | 2 | 3) {
                    return Err(CommandError(
                        "Fields drawn together are two (towards east and north) or three (red, green, blue)."
                            .to_owned(),
                    ));
                }
                let known = self.catalogue.collections.get(&c);
                if let Some(name) = components.iter().find(|n| known.is_none_or(|k| k.field(n).is_none())) {
                    return Err(CommandError(format!("There is no field \"{name}\" beside \"{f}\".")));
                }
                self.layer_mut(*layer)?.components.clone_from(components);
            }
            Command::SetLayerIndex { layer, extra } => {
                let dims = {
                    let l = self.layer_mut(*layer)?;
                    let (c, f) = (l.collection.clone(), l.field.clone());
                    let field = self.catalogue.collections.get(&c).and_then(|c| c.field(&f));
                    field.map(|f| f.extra_dims.clone()).unwrap_or_default()
                };
                if extra.len() != dims.len() || extra.iter().zip(&dims).any(|(i, d)| *i >= d.size) {
                    return Err(CommandError(format!(
                        "The layer has {} further dimensions; the index does not fit them.",
                        dims.len()
                    )));
                }
                self.layer_mut(*layer)?.extra.clone_from(extra);
            }
            Command::SetBaseMap { base } => self.project.base = base.clone(),
            _ => return Ok(false),
        }
        Ok(true)
    }
}
