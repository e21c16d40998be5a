//! What a newly opened file does to the catalogue, the layers, the clock and the camera.

use std::path::Path;
use std::sync::Arc;

use super::{Effect, Session};
use crate::command::Command;
use crate::granule::{FileInfo, GeometryKind, Granule, GranuleId};
use crate::project::Layer;
use crate::time::{Time, TimeSpan};

/// Opening files adds no layer of its own beyond this many; further collections wait in the list of data.
pub(super) const MAX_AUTOMATIC_LAYERS: usize = 12;

impl Session {
    pub(super) fn file_opened(&mut self, path: &Path, info: &FileInfo) -> Vec<Effect> {
        self.failures.retain(|f| f.path != *path);
        let was_empty = self.catalogue.collections.is_empty();
        let mut effects = Vec::new();
        let mut touched: Vec<String> = Vec::new();
        for (part_index, part) in info.parts.iter().enumerate() {
            // Parts of one product with different fields (1 Hz and 20 Hz) share the collection; the field names tell them apart.
            let id = info.product.clone().unwrap_or_else(|| collection_of_kind(info));
            let names = Arc::new(part.fields.iter().map(|f| f.name.clone()).collect::<Vec<_>>());
            let steps = part.steps.len().max(1);
            let mut granules = Vec::with_capacity(steps);
            for step in 0..steps {
                let span = part.steps.get(step).map(|t| step_span(&part.steps, step, *t)).or(part.span);
                granules.push(Granule {
                    id: GranuleId(self.next_granule),
                    collection: id.clone(),
                    path: path.to_owned(),
                    part: part_index,
                    step,
                    span,
                    time: part.steps.get(step).copied(),
                    bounds: part.bounds,
                    footprint: part.footprint.clone(),
                    geometry: part.geometry,
                    shape: part.shape,
                    fields: Arc::clone(&names),
                });
                self.next_granule += 1;
            }
            let collection = self.catalogue.collections.entry(id.clone()).or_default();
            collection.id.clone_from(&id);
            if collection.title.is_empty() {
                collection.title.clone_from(&info.title);
                collection.short.clone_from(&info.short);
            }
            collection.merge(&part.fields, granules);
            if !touched.contains(&id) {
                touched.push(id);
            }
        }
        for id in &touched {
            if let Some(collection) = self.catalogue.collections.get(id) {
                self.notebook.number(collection);
            }
        }
        let found_in_folder = !self.project.sources.iter().any(|s| s == path);
        for id in &touched {
            if let Some(layer) = self.first_layer(id, found_in_folder) {
                effects.extend(layer.style.range.is_none().then_some(Effect::ChooseRange(layer.id)));
            }
        }
        self.arrange(path, info, was_empty, &touched);
        effects
    }

    /// Adds the first layer of a collection that has none. A file the user named goes on top. Files found in a folder
    /// sort themselves: whole-Earth grids at the bottom, then grids, swaths, tracks and points, and a second whole-Earth
    /// grid begins hidden, since it would hide the first.
    pub(super) fn first_layer(&mut self, id: &str, found_in_folder: bool) -> Option<Layer> {
        let has_layer = self.project.layers.iter().any(|l| l.collection == id);
        if has_layer || self.project.layers.len() >= MAX_AUTOMATIC_LAYERS {
            return None;
        }
        let field = self.catalogue.collections.get(id)?.fields.first()?.name.clone();
        self.change_layers(&Command::AddLayer { collection: id.to_owned(), field }).ok()?;
        if found_in_folder {
            let mut layer = self.project.layers.remove(0);
            let height = self.drawing_height(&layer);
            let at = self.project.layers.iter().position(|l| self.drawing_height(l) <= height);
            let covered = |l: &Layer| l.visible && self.drawing_height(l) == 0;
            layer.visible = height > 0 || !self.project.layers.iter().any(covered);
            self.project.layers.insert(at.unwrap_or(self.project.layers.len()), layer);
        }
        self.project.layers.iter().find(|l| l.collection == id).cloned()
    }

    /// How high a layer lies when it may choose: 0 for grids round the Earth, more for what covers less.
    pub(super) fn drawing_height(&self, layer: &Layer) -> u8 {
        let granule = self.catalogue.collections.get(&layer.collection).and_then(|c| c.with_field(&layer.field).next());
        match granule.map(|g| (g.geometry, g.bounds.east - g.bounds.west)) {
            Some((GeometryKind::Grid, width)) if width > 300.0 => 0,
            Some((GeometryKind::Grid | GeometryKind::ProjectedGrid, _)) | None => 1,
            Some((GeometryKind::Swath, _)) => 2,
            Some((GeometryKind::Track, _)) => 3,
            Some((GeometryKind::Points, _)) => 4,
        }
    }
}

/// Collection of a file no product knows: files of the same fields on the same kind of geometry belong together,
/// so that a folder of daily files is one collection.
fn collection_of_kind(info: &FileInfo) -> String {
    let part = |p: &crate::granule::PartInfo| {
        let names: Vec<&str> = p.fields.iter().take(4).map(|f| f.name.as_str()).collect();
        let size = match p.geometry {
            GeometryKind::Grid | GeometryKind::ProjectedGrid => format!(" {}x{}", p.shape[0], p.shape[1]),
            _ => String::new(),
        };
        format!("{} {}{size} of {}", p.geometry.label(), names.join("+"), p.fields.len())
    };
    format!("cf: {}", info.parts.iter().map(part).collect::<Vec<_>>().join(", "))
}

/// A step of a file with several times lasts until half-way to its neighbours, so that the picture does not blink
/// between steps; a single step is an instant.
fn step_span(steps: &[Time], k: usize, t: Time) -> TimeSpan {
    let half = |other: Option<&Time>| other.map(|o| o.seconds_since(t) / 2.0);
    let before = k.checked_sub(1).and_then(|j| half(steps.get(j)));
    let after = half(steps.get(k + 1));
    let first = before.or(after.map(|s| -s)).unwrap_or(0.0);
    let last = after.or(before.map(|s| -s)).unwrap_or(0.0);
    // One microsecond less, so that neighbours do not share an instant.
    let stop = t.plus_seconds(last.max(0.0));
    TimeSpan::new(t.plus_seconds(first.min(0.0)), Time::from_micros(stop.micros() - i64::from(last > 0.0)))
}
