//! What notebooks change: their own data, how variables are drawn, which are chosen, windows and steps by name.

use std::sync::Arc;

use super::{CommandError, Effect, Session};
use crate::command::Command;
use crate::defaults::default_style;
use crate::granule::{GeometryKind, Granule, GranuleId};
use crate::notebook::{
    CollectionKey, NamedSpan, NamedStep, Notebook, NotebookChange, Rendering, UserGranule, catalogue_id,
    component_names, field_infos, field_name,
};
use crate::project::{Layer, Look};
use crate::style::Style;
use crate::time::{Time, TimeSpan};

/// Points of the outline of a pushed granule.
const OUTLINE_POINTS: usize = 64;

impl Session {
    /// What notebooks have put in, and the numbers of all there is.
    pub fn notebook(&self) -> &Notebook {
        &self.notebook
    }

    pub(super) fn change_by_notebook(&mut self, command: &Command) -> Result<Option<Vec<Effect>>, CommandError> {
        match command {
            Command::Notebook { change } => return self.change_notebook(change).map(Some).map_err(CommandError),
            Command::SetRendering { collection, field, rendering } => {
                self.set_rendering(collection, field, rendering)?;
            }
            Command::SelectField { collection, field, selected, exclusive } => {
                return self.select_field(collection, field, *selected, *exclusive).map(Some);
            }
            Command::ChooseTimespan { label } => {
                let span = self.notebook.spans().iter().find(|s| s.label == *label).cloned();
                // The window in use has a name also when nobody gave it one.
                let span = span.or_else(|| Some(self.timespan()).filter(|s| s.label == *label));
                let NamedSpan { past_s, future_s, .. } =
                    span.ok_or_else(|| CommandError(format!("There is no time window named \"{label}\".")))?;
                // A window without a name of its own can be come back to by the one it was listed under.
                self.notebook.add_span(&self.timespan()).map_err(CommandError)?;
                self.project.timeline.set_offsets(past_s, future_s);
            }
            Command::ChooseTimestep { label } => {
                let step = self.notebook.steps().iter().find(|s| s.label == *label).map(|s| s.step_s);
                let step = step.or_else(|| Some(self.timestep()).filter(|s| s.label == *label).map(|s| s.step_s));
                let step = step.ok_or_else(|| CommandError(format!("There is no step named \"{label}\".")))?;
                self.notebook.add_step(&self.timestep()).map_err(CommandError)?;
                self.project.timeline.step_s = Some(step);
            }
            Command::ShowNearest { on } => self.project.timeline.nearest = *on,
            Command::ShowAlways { on } => self.project.timeline.always = *on,
            _ => return Ok(None),
        }
        Ok(Some(Vec::new()))
    }

    fn change_notebook(&mut self, change: &NotebookChange) -> Result<Vec<Effect>, String> {
        match change {
            NotebookChange::AddSource { source } => self.notebook.add_source(source)?,
            NotebookChange::RemoveSource { id } => {
                let mut effects = Vec::new();
                for key in self.notebook.remove_source(*id)? {
                    effects.extend(self.remove_collection(key)?);
                }
                return Ok(effects);
            }
            NotebookChange::AddCollection { collection } => {
                self.notebook.add_collection(collection)?;
                self.enter(collection.key);
            }
            NotebookChange::RemoveCollection { key } => return self.remove_collection(*key),
            NotebookChange::AddVariable { of, variable } => {
                self.notebook.add_variable(*of, variable)?;
                self.enter(*of);
            }
            NotebookChange::RemoveVariable { key } => {
                let field = self.notebook.remove_variable(*key)?;
                let id = catalogue_id(key.of);
                self.project.layers.retain(|l| l.collection != id || l.field != field);
                self.project.looks.retain(|l| l.collection != id || l.field != field);
                self.enter(key.of);
            }
            NotebookChange::AddGranule { granule } if super::shapes::is_of_shapes(granule.meta.key.of) => {
                let name = granule.meta.data_id.clone();
                self.add_pushed_shape(granule).map_err(|why| format!("The shape {name} is left out: {why}"))?;
            }
            NotebookChange::AddGranule { granule } => return self.add_granule(granule),
            NotebookChange::AddTimespan { span } => self.notebook.add_span(span)?,
            NotebookChange::RemoveTimespan { label } => {
                if self.timespan().label == *label {
                    return Err(format!("The time window \"{label}\" is in use and stays."));
                }
                self.notebook.forget_span(label);
            }
            NotebookChange::AddTimestep { step } => self.notebook.add_step(step)?,
            NotebookChange::RemoveTimestep { label } => {
                if self.timestep().label == *label {
                    return Err(format!("The step \"{label}\" is in use and stays."));
                }
                self.notebook.forget_step(label);
            }
        }
        Ok(Vec::new())
    }

    fn remove_collection(&mut self, key: CollectionKey) -> Result<Vec<Effect>, String> {
        let paths = self.notebook.remove_collection(key)?;
        let id = catalogue_id(key);
        self.catalogue.collections.remove(&id);
        self.project.layers.retain(|l| l.collection != id);
        self.project.looks.retain(|l| l.collection != id);
        Ok(paths.into_iter().map(Effect::ForgetFile).collect())
    }

    /// Brings the catalogue's entry of a user's collection up to date: title, fields, and which granule has which.
    fn enter(&mut self, key: CollectionKey) {
        let Some(c) = self.notebook.collection(key) else { return };
        let id = catalogue_id(key);
        let entry = self.catalogue.collections.entry(id.clone()).or_default();
        entry.id = id;
        entry.title.clone_from(&c.label);
        entry.must_be_current = c.must_be_current;
        entry.fields = c.variables.iter().flat_map(field_infos).collect();
        for granule in &mut entry.granules {
            if let Some(stored) = self.notebook.granule_at(&granule.path) {
                granule.fields = Arc::new(fields_on(c, &stored.granule));
            }
        }
    }

    fn add_granule(&mut self, granule: &Arc<UserGranule>) -> Result<Vec<Effect>, String> {
        let key = granule.meta.key;
        let stored = self.notebook.add_granule(granule)?;
        let Some(c) = self.notebook.collection(key.of) else { return Ok(Vec::new()) };
        let micros = |ms: u64| i64::try_from(ms.saturating_mul(1000)).unwrap_or(i64::MAX);
        let (start, stop) = (micros(granule.meta.start_ms), micros(granule.meta.stop_ms) - 1);
        let id = catalogue_id(key.of);
        let entry = Granule {
            id: GranuleId(self.next_granule),
            collection: id.clone(),
            path: stored.path.clone(),
            part: 0,
            step: 0,
            span: Some(TimeSpan::new(Time::from_micros(start), Time::from_micros(stop))),
            time: None,
            bounds: stored.bounds,
            footprint: outline(&stored.positions),
            geometry: stored.kind,
            shape: stored.shape,
            fields: Arc::new(fields_on(c, granule)),
        };
        self.next_granule += 1;
        self.catalogue.collections.entry(id).or_default().merge(&[], vec![entry]);
        // The same numbers may have stood for other values before.
        Ok(vec![Effect::ForgetFile(stored.path.clone())])
    }

    fn geometry_of(&self, collection: &str, field: &str) -> Option<GeometryKind> {
        self.catalogue.collections.get(collection)?.with_field(field).next().map(|g| g.geometry)
    }

    fn default_style_of(&self, collection: &str, field: &str) -> Option<Style> {
        let info = self.catalogue.collections.get(collection)?.field(field)?;
        Some(default_style(info, self.geometry_of(collection, field)))
    }

    fn set_rendering(&mut self, collection: &str, field: &str, rendering: &Rendering) -> Result<(), CommandError> {
        if let Some(why) = rendering.fault() {
            return Err(CommandError(format!("The rendering is not changed: {why}.")));
        }
        let default = self
            .default_style_of(collection, field)
            .ok_or_else(|| CommandError(format!("There is no field \"{field}\" in \"{collection}\".")))?;
        let geometry = self.geometry_of(collection, field);
        let layer = self.project.layers.iter_mut().find(|l| l.collection == collection && l.field == field);
        let style = rendering.style(layer.as_ref().map_or(&default, |l| &l.style), geometry);
        if let Some(layer) = layer {
            layer.style = style.clone();
            layer.visible = rendering.shown;
        }
        let look = Look {
            collection: collection.to_owned(),
            field: field.to_owned(),
            rendering: rendering.clone(),
            style,
            last: None,
        };
        self.project.looks.retain(|l| l.collection != collection || l.field != field);
        self.project.looks.push(look);
        self.order_by_height();
        Ok(())
    }

    /// Layers with a height of their own change places among themselves, the highest on top; others stay where they are.
    fn order_by_height(&mut self) {
        let looks = &self.project.looks;
        let height = |l: &Layer| looks.iter().find(|k| k.is_of(l)).map(|k| k.rendering.z);
        let slots: Vec<usize> =
            (0..self.project.layers.len()).filter(|k| height(&self.project.layers[*k]).is_some()).collect();
        let mut sorted: Vec<Layer> = slots.iter().map(|k| self.project.layers[*k].clone()).collect();
        sorted.sort_by(|a, b| height(b).unwrap_or(0.0).total_cmp(&height(a).unwrap_or(0.0)));
        for (slot, layer) in slots.into_iter().zip(sorted) {
            self.project.layers[slot] = layer;
        }
    }

    fn select_field(
        &mut self,
        collection: &str,
        field: &str,
        selected: bool,
        exclusive: bool,
    ) -> Result<Vec<Effect>, CommandError> {
        if self.catalogue.collections.get(collection).and_then(|c| c.field(field)).is_none() {
            return Err(CommandError(format!("There is no field \"{field}\" in \"{collection}\".")));
        }
        let is_it = |l: &Layer| l.collection == collection && l.field == field;
        let dropped: Vec<Layer> =
            self.project.layers.iter().filter(|l| if is_it(l) { !selected } else { exclusive }).cloned().collect();
        for layer in &dropped {
            self.remember(layer);
        }
        self.project.layers.retain(|l| !dropped.iter().any(|d| d.id == l.id));
        if !selected || self.project.layers.iter().any(is_it) {
            return Ok(Vec::new());
        }
        self.change_layers(&Command::AddLayer { collection: collection.to_owned(), field: field.to_owned() })?;
        self.order_by_height();
        let new = self.project.layers.iter().find(|l| is_it(l) && l.style.range.is_none()).map(|l| l.id);
        Ok(new.map(Effect::ChooseRange).into_iter().collect())
    }

    /// Keeps the look of a layer that goes, so that choosing its variable again brings it back as it was.
    fn remember(&mut self, layer: &Layer) {
        let Some(rendering) = self.rendering_of(&layer.collection, &layer.field) else { return };
        let look = self.project.looks.iter_mut().find(|k| k.is_of(layer));
        match look {
            Some(look) => look.last = Some(layer.style.clone()),
            None => self.project.looks.push(Look {
                collection: layer.collection.clone(),
                field: layer.field.clone(),
                rendering,
                style: layer.style.clone(),
                last: None,
            }),
        }
    }

    /// How a variable is drawn: as it was sent, with what has been changed in the window since.
    pub fn rendering_of(&self, collection: &str, field: &str) -> Option<Rendering> {
        let default = self.default_style_of(collection, field)?;
        let geometry = self.geometry_of(collection, field);
        let at = self.project.layers.iter().position(|l| l.collection == collection && l.field == field);
        let layer = at.and_then(|k| self.project.layers.get(k));
        if let Some(look) = self.project.looks.iter().find(|k| k.collection == collection && k.field == field) {
            let is = layer.map(|l| &l.style).or(look.last.as_ref()).unwrap_or(&look.style);
            let shown = layer.map_or(look.rendering.shown, |l| l.visible);
            return Some(look.rendering.touched(&look.style, is, shown));
        }
        let n = self.project.layers.len() as f32;
        let z = at.map_or(0.5, |k| (n - k as f32) / (n + 1.0));
        let style = layer.map_or(&default, |l| &l.style);
        let mut rendering = Rendering::of_style(style, geometry, z, layer.is_none_or(|l| l.visible));
        let variable = self.notebook.collection_key(collection).and_then(|of| self.notebook.variable_named(of, field));
        if let (None, Some(v)) = (layer, variable) {
            rendering.method = v.method;
        }
        Some(rendering)
    }

    /// The time window by name.
    pub fn timespan(&self) -> NamedSpan {
        let [past_s, future_s] = self.project.timeline.offsets();
        let same = |s: &&NamedSpan| (s.past_s - past_s).abs() < 1e-3 && (s.future_s - future_s).abs() < 1e-3;
        self.notebook.spans().iter().find(same).cloned().unwrap_or_else(|| {
            let (past, future) = (duration(past_s), duration(future_s));
            let label = match [past_s, future_s] {
                [_, 0.0] => format!("{past} back"),
                [0.0, _] => format!("{future} ahead"),
                _ => format!("{past} back, {future} ahead"),
            };
            NamedSpan { label, past_s, future_s }
        })
    }

    /// The step by name.
    pub fn timestep(&self) -> NamedStep {
        let step_s = self.project.timeline.step_seconds();
        let same = |s: &&NamedStep| (s.step_s - step_s).abs() < 1e-3;
        let named = self.notebook.steps().iter().find(same).cloned();
        named.unwrap_or_else(|| NamedStep { label: duration(step_s), step_s })
    }
}

impl Look {
    fn is_of(&self, layer: &Layer) -> bool {
        self.collection == layer.collection && self.field == layer.field
    }
}

/// Names of the variables a granule has the fields for.
fn fields_on(c: &crate::notebook::UserCollection, granule: &UserGranule) -> Vec<String> {
    let has = |name: &String| granule.fields.iter().any(|f| f.name == *name);
    let whole = c.variables.iter().filter(|v| v.fields.iter().all(has));
    whole.flat_map(|v| std::iter::once(field_name(v)).chain(component_names(v))).collect()
}

/// Ring around a field, or the line of a track.
fn outline(positions: &crate::geolocation::Geolocation) -> Vec<crate::geo::LonLat> {
    let [rows, cols] = positions.shape();
    let (last_row, last_col) = (rows as f64 - 1.0, cols as f64 - 1.0);
    let share = |k: usize| k as f64 / OUTLINE_POINTS as f64;
    if cols == 1 {
        let at = |k: usize| positions.lonlat_from_index((share(k) * last_row).round(), 0.0);
        return (0..=OUTLINE_POINTS).filter_map(at).collect();
    }
    // Four sides in turn, as the readers draw them.
    let side = |from: (f64, f64), to: (f64, f64)| {
        (0..OUTLINE_POINTS / 4).filter_map(move |k| {
            let f = share(k * 4);
            positions.lonlat_from_index(from.0 + (to.0 - from.0) * f, from.1 + (to.1 - from.1) * f)
        })
    };
    let corners = [(0.0, 0.0), (0.0, last_col), (last_row, last_col), (last_row, 0.0), (0.0, 0.0)];
    corners.windows(2).flat_map(|w| side(w[0], w[1])).collect()
}

fn duration(seconds: f64) -> String {
    for (unit, size) in [("day", 86_400.0), ("hour", 3600.0), ("minute", 60.0)] {
        let n = seconds / size;
        if n >= 1.0 && (n - n.round()).abs() < 1e-9 {
            return format!("{n:.0} {unit}{}", if n == 1.0 { "" } else { "s" });
        }
    }
    format!("{seconds} seconds")
}

#[cfg(test)]
#[path = "notebook_tests.rs"]
mod tests;
