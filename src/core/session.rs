//! The running application without window, files or GPU: document, catalogue, undo; commands go in, effects come out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use glam::DVec2;

use crate::camera::Camera;
use crate::catalogue::Catalogue;
use crate::command::Command;
use crate::defaults::default_style;
use crate::geo::{GeoBox, LonLat};
use crate::granule::{FileInfo, GeometryKind, Granule, GranuleId};
use crate::project::{Layer, LayerId, Project};
use crate::projection::Projection;
use crate::protocol::ReadFailure;
use crate::time::{Time, TimeSpan};
use crate::undo::{History, UndoRule};

/// Steps of undo kept.
const UNDO_STEPS: usize = 200;
/// Longest time window and step, seconds: climatologies of the year 0 and this year's data fit in one window.
const LONGEST_S: f64 = 3.2e11;
/// Distance from the middle of a box to its corner beyond which an orbit in it is bent.
const LONG_ORBIT_M: f64 = 4_000_000.0;
/// Opening files adds no layer of its own beyond this many; further collections wait in the list of data.
const MAX_AUTOMATIC_LAYERS: usize = 12;

/// Work the host must do outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Find the files under these paths and describe each (ends in `Opened` or `OpenFailed`).
    Open(Vec<PathBuf>),
    /// Drop what waits to be opened.
    CancelOpening,
    /// Summarise a layer's field on one granule, to choose its colour range (ends in `InitRange`).
    ChooseRange(LayerId),
    /// Write the view as PNG.
    SaveImage {
        /// Where to.
        path: PathBuf,
        /// Size.
        size: Option<[u32; 2]>,
        /// With decorations.
        legend: bool,
    },
    /// Forget all cached data.
    Forget,
}

/// A command that could not be carried out; the sentence is for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CommandError(pub String);

/// A file that could not be opened.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedFile {
    /// File.
    pub path: PathBuf,
    /// Why.
    pub error: ReadFailure,
}

/// The application state.
#[derive(Clone, Debug)]
pub struct Session {
    project: Project,
    catalogue: Catalogue,
    history: History<Project>,
    failures: Vec<FailedFile>,
    next_granule: u64,
    last_map: Projection,
    /// A place was named before any data came: the first data do not move the camera.
    place_named: bool,
    /// Screen size in pixels, for framing.
    pub view_px: DVec2,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            project: Project::default(),
            catalogue: Catalogue::default(),
            history: History::new(UNDO_STEPS),
            failures: Vec::new(),
            next_granule: 1,
            last_map: Projection::Equirectangular,
            place_named: false,
            view_px: DVec2::new(1280.0, 800.0),
        }
    }
}

impl Session {
    /// The document.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// The catalogue.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Files that could not be opened, oldest first.
    pub fn failures(&self) -> &[FailedFile] {
        &self.failures
    }

    /// Whether undo and redo are possible.
    pub fn can_undo_redo(&self) -> (bool, bool) {
        (self.history.can_undo(), self.history.can_redo())
    }

    /// Ends the current drag: the next change is its own undo step.
    pub fn settle(&mut self) {
        self.history.settle();
    }

    /// Carries out a command. On error nothing has changed.
    pub fn apply(&mut self, command: &Command) -> Result<Vec<Effect>, CommandError> {
        match command {
            Command::Undo => {
                let state =
                    self.history.undo(&self.project).ok_or_else(|| CommandError("There is nothing to undo.".into()))?;
                self.restore(state);
                return Ok(Vec::new());
            }
            Command::Redo => {
                let state =
                    self.history.redo(&self.project).ok_or_else(|| CommandError("There is nothing to redo.".into()))?;
                self.restore(state);
                return Ok(Vec::new());
            }
            _ => {}
        }
        let before = self.project.clone();
        match self.change(command) {
            Ok(effects) => {
                if self.project != before {
                    self.history.record(&before, &undo_rule(command));
                }
                Ok(effects)
            }
            Err(error) => {
                self.project = before;
                Err(error)
            }
        }
    }

    /// Undo brings back layers and styles, never the camera or the clock: these move too often to be steps.
    fn restore(&mut self, mut state: Project) {
        state.camera = self.project.camera;
        state.timeline = self.project.timeline.clone();
        state.sources.clone_from(&self.project.sources);
        state.next_layer = self.project.next_layer.max(state.next_layer);
        self.project = state;
    }

    fn change(&mut self, command: &Command) -> Result<Vec<Effect>, CommandError> {
        match command {
            Command::Open { paths } => {
                for path in paths {
                    if !self.project.sources.contains(path) {
                        self.project.sources.push(path.clone());
                    }
                }
                return Ok(vec![Effect::Open(paths.clone())]);
            }
            Command::Opened { path, info } => return Ok(self.file_opened(path, info)),
            Command::OpenFailed { path, error } => {
                self.failures.retain(|f| f.path != *path);
                self.failures.push(FailedFile { path: path.clone(), error: error.clone() });
            }
            Command::CancelOpening => return Ok(vec![Effect::CancelOpening]),
            Command::CloseAll => {
                self.project.layers.clear();
                self.project.sources.clear();
                self.catalogue = Catalogue::default();
                self.failures.clear();
                self.history = History::new(UNDO_STEPS);
                return Ok(vec![Effect::Forget]);
            }
            Command::SaveImage { path, size, legend } => {
                return Ok(vec![Effect::SaveImage { path: path.clone(), size: *size, legend: *legend }]);
            }
            _ if self.change_layers(command)? => {
                if let Command::AddLayer { .. } = command {
                    let new = self.project.layers.first().filter(|l| l.style.range.is_none()).map(|l| l.id);
                    return Ok(new.map(Effect::ChooseRange).into_iter().collect());
                }
                if let Command::ResetStyle { layer } = command {
                    let unknown = self.project.layer(*layer).is_some_and(|l| l.style.range.is_none());
                    return Ok(unknown.then_some(Effect::ChooseRange(*layer)).into_iter().collect());
                }
            }
            _ if self.change_camera(command)? => {}
            _ => self.change_time(command)?,
        }
        Ok(Vec::new())
    }

    fn layer_mut(&mut self, id: LayerId) -> Result<&mut Layer, CommandError> {
        self.project
            .layers
            .iter_mut()
            .find(|l| l.id == id)
            .ok_or_else(|| CommandError(format!("There is no layer {}.", id.0)))
    }

    fn new_layer_id(&mut self) -> LayerId {
        self.project.next_layer += 1;
        LayerId(self.project.next_layer)
    }

    fn change_layers(&mut self, command: &Command) -> Result<bool, CommandError> {
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
                let geometry = known.granules.first().map(|g| g.geometry);
                let layer = Layer {
                    id: LayerId(0),
                    collection: collection.clone(),
                    field: field.clone(),
                    extra: vec![0; info.extra_dims.len()],
                    name: None,
                    visible: true,
                    style: default_style(info, geometry),
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
                self.project.layers.insert(at, Layer { id, ..copy });
            }
            Command::ShowLayer { layer, visible } => self.layer_mut(*layer)?.visible = *visible,
            Command::SoloLayer { layer } => {
                self.layer_mut(*layer)?;
                let alone = self.project.layers.iter().all(|l| l.visible == (l.id == *layer));
                for l in &mut self.project.layers {
                    l.visible = alone || l.id == *layer;
                }
            }
            Command::ShowAllLayers => self.project.layers.iter_mut().for_each(|l| l.visible = true),
            Command::MoveLayer { layer, to } => {
                let from = self
                    .project
                    .position(*layer)
                    .ok_or_else(|| CommandError(format!("There is no layer {}.", layer.0)))?;
                let moved = self.project.layers.remove(from);
                let to = (*to).min(self.project.layers.len());
                self.project.layers.insert(to, moved);
            }
            Command::RenameLayer { layer, name } => {
                let name = name.trim();
                self.layer_mut(*layer)?.name = (!name.is_empty()).then(|| name.to_owned());
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
            Command::SetStyle { layer, patch } => {
                patch
                    .apply(&mut self.layer_mut(*layer)?.style)
                    .map_err(|e| CommandError(format!("The style is not changed: {e}.")))?;
            }
            Command::InitRange { layer, range } => {
                let style = &mut self.layer_mut(*layer)?.style;
                if style.range.is_none() && range[0].is_finite() && range[1].is_finite() {
                    style.range = Some(*range);
                    let [lo, _] = style.effective_range();
                    style.log &= lo > 0.0;
                }
            }
            Command::ResetStyle { layer } => {
                let l = self.layer_mut(*layer)?.clone();
                let collection = self.catalogue.collections.get(&l.collection);
                let style = collection
                    .and_then(|c| Some(default_style(c.field(&l.field)?, c.granules.first().map(|g| g.geometry))));
                self.layer_mut(*layer)?.style = style.unwrap_or_default();
            }
            Command::SetBaseMap { base } => self.project.base = base.clone(),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn change_camera(&mut self, command: &Command) -> Result<bool, CommandError> {
        let mut camera = self.project.camera;
        match command {
            Command::SetCamera { camera: new } => camera = *new,
            Command::LookAt { place, altitude_m } => {
                if !place.is_valid() {
                    return Err(CommandError(format!(
                        "{}, {} is not a place on the Earth.",
                        place.lon_deg, place.lat_deg
                    )));
                }
                camera.target = *place;
                self.place_named = true;
                camera.altitude_m = altitude_m.unwrap_or(camera.altitude_m);
            }
            Command::SetProjection { projection } => camera.projection = *projection,
            Command::ToggleGlobe => {
                camera.projection = if camera.projection.is_map() { Projection::Globe } else { self.last_map };
            }
            Command::Zoom { factor } => camera = camera.zoomed(*factor, None, self.view_px),
            Command::NorthUp => camera.heading_deg = 0.0,
            Command::TopDown => camera.tilt_deg = 0.0,
            Command::Home => {
                let home = Camera { projection: camera.projection, ..Default::default() };
                camera = Camera { target: camera.target, ..home };
            }
            Command::ZoomToLayer { layer } => {
                camera = self.framing(*layer).ok_or_else(|| CommandError("There are no data to zoom to.".into()))?;
            }
            _ => return Ok(false),
        }
        if camera.projection.is_map() {
            self.last_map = camera.projection;
        }
        self.project.camera = camera.sanitized();
        Ok(true)
    }

    fn change_time(&mut self, command: &Command) -> Result<(), CommandError> {
        match command {
            Command::SetTime { now } => self.project.timeline.now = *now,
            Command::SetWindow { window_s } => {
                if !(1e-3..=LONGEST_S).contains(window_s) {
                    return Err(CommandError(
                        "The time window must last between a millisecond and ten thousand years.".into(),
                    ));
                }
                self.project.timeline.window_s = *window_s;
            }
            Command::SetAnchor { anchor } => self.project.timeline.anchor = *anchor,
            Command::SetStep { step_s } => {
                if step_s.is_some_and(|s| !(1e-3..=LONGEST_S).contains(&s)) {
                    return Err(CommandError(
                        "The step must last between a millisecond and ten thousand years.".into(),
                    ));
                }
                self.project.timeline.step_s = *step_s;
            }
            Command::StepTime { steps } => {
                let t = &mut self.project.timeline;
                t.now = t.now.plus_seconds(t.step_seconds() * f64::from(*steps));
            }
            Command::StepGranule { layer, steps } => {
                let mut spans: Vec<TimeSpan> = self.granules_of(*layer).filter_map(|g| g.span).collect();
                spans.sort_by_key(|s| s.stop);
                spans.dedup();
                let now = self.project.timeline.now;
                let shows = |s: &TimeSpan| self.project.timeline.now_to_show(*s);
                let next = if *steps >= 0 {
                    spans.iter().map(shows).filter(|t| *t > now).nth(steps.unsigned_abs().saturating_sub(1) as usize)
                } else {
                    spans
                        .iter()
                        .rev()
                        .map(shows)
                        .filter(|t| *t < now)
                        .nth(steps.unsigned_abs().saturating_sub(1) as usize)
                };
                self.project.timeline.now = next.ok_or_else(|| {
                    CommandError(format!("There is no {} granule.", if *steps >= 0 { "later" } else { "earlier" }))
                })?;
            }
            Command::GoToEnd { last } => {
                let span = self.time_span().ok_or_else(|| CommandError("The data have no time.".into()))?;
                self.project.timeline.now = if *last { span.stop } else { span.start };
            }
            Command::JumpToData { layer } => {
                let now = self.project.timeline.now;
                let nearest = self
                    .granules_of(*layer)
                    .filter_map(|g| g.span)
                    .min_by(|a, b| a.offset_seconds(now).abs().total_cmp(&b.offset_seconds(now).abs()))
                    .ok_or_else(|| CommandError("There are no data to jump to.".into()))?;
                self.project.timeline.now = self.project.timeline.now_to_show(nearest);
            }
            Command::Play { on } => self.project.timeline.playing = *on,
            Command::SetSpeed { speed } => {
                if !(speed.is_finite() && *speed > 0.0 && *speed <= 3.2e8) {
                    return Err(CommandError("The speed must be above zero and at most ten years a second.".into()));
                }
                self.project.timeline.speed = *speed;
            }
            Command::SetLoop { on } => self.project.timeline.looped = *on,
            Command::Tick { dt_s } => self.tick(*dt_s),
            _ => return Err(CommandError("This command is not known here.".into())),
        }
        Ok(())
    }

    fn tick(&mut self, dt_s: f64) {
        if !self.project.timeline.playing {
            return;
        }
        let span = self.time_span();
        let t = &mut self.project.timeline;
        t.now = t.now.plus_seconds(t.speed * dt_s.clamp(0.0, 1.0));
        if let Some(span) =
            span.filter(|s| t.now > s.stop.plus_seconds(if s.seconds() == 0.0 { t.window_s } else { 0.0 }))
        {
            t.playing = t.looped;
            t.now = if t.looped { span.start } else { span.stop };
        }
    }

    fn file_opened(&mut self, path: &Path, info: &FileInfo) -> Vec<Effect> {
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
            }
            collection.merge(&part.fields, granules);
            if !touched.contains(&id) {
                touched.push(id);
            }
        }
        let found_in_folder = !self.project.sources.iter().any(|s| s == path);
        for id in touched {
            if let Some(layer) = self.first_layer(&id, found_in_folder) {
                effects.extend(layer.style.range.is_none().then_some(Effect::ChooseRange(layer.id)));
            }
        }
        if was_empty {
            self.show_first(info);
        }
        effects
    }

    /// Adds the first layer of a collection that has none. A file the user named goes on top. Files found in a folder
    /// sort themselves: whole-Earth grids at the bottom, then grids, swaths, tracks and points, and a second whole-Earth
    /// grid begins hidden, since it would hide the first.
    fn first_layer(&mut self, id: &str, found_in_folder: bool) -> Option<Layer> {
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
    fn drawing_height(&self, layer: &Layer) -> u8 {
        let granule = self.catalogue.collections.get(&layer.collection).and_then(|c| c.with_field(&layer.field).next());
        match granule.map(|g| (g.geometry, g.bounds.east - g.bounds.west)) {
            Some((GeometryKind::Grid, width)) if width > 300.0 => 0,
            Some((GeometryKind::Grid | GeometryKind::ProjectedGrid, _)) | None => 1,
            Some((GeometryKind::Swath, _)) => 2,
            Some((GeometryKind::Track, _)) => 3,
            Some((GeometryKind::Points, _)) => 4,
        }
    }

    /// The first data opened are brought before the user: clock, window and camera.
    fn show_first(&mut self, info: &FileInfo) {
        let steps = || info.parts.iter().flat_map(|p| p.steps.first().map(|t| TimeSpan::at(*t)).or(p.span));
        if let Some(span) = steps().reduce(|a, b| a.union(&b)) {
            let t = &mut self.project.timeline;
            t.now = t.now_to_show(span);
        }
        if let Some(target) = self.bounds_of(None).filter(|_| !self.place_named) {
            let view = self.project.camera.view(self.view_px.x, self.view_px.y);
            let wide = target.east - target.west > 180.0;
            let seen = view.screen_from_lonlat(target.centre()).is_some();
            if let (true, Some(camera)) = (!wide || !seen || self.middle_of_orbit(None).is_some(), self.framing(None)) {
                self.project.camera = camera;
            }
        }
    }

    fn granules_of(&self, layer: Option<LayerId>) -> impl Iterator<Item = &Granule> {
        self.project
            .layers
            .iter()
            .filter(move |l| layer.map_or(l.visible, |id| l.id == id))
            .filter_map(|l| Some((l, self.catalogue.collections.get(&l.collection)?)))
            .flat_map(|(l, c)| c.with_field(&l.field))
    }

    fn shown_now(&self, layer: Option<LayerId>) -> impl Iterator<Item = &Granule> {
        let t = &self.project.timeline;
        self.project
            .layers
            .iter()
            .filter(move |l| layer.map_or(l.visible, |id| l.id == id))
            .filter_map(|l| Some((l, self.catalogue.collections.get(&l.collection)?)))
            .flat_map(|(l, c)| c.shown(&l.field, l.style.time_rule, t.now, t.window()))
    }

    /// Box around the granules of a layer (of all visible layers when `None`) that its time rule shows now,
    /// or around all of them when none is shown.
    pub fn bounds_of(&self, layer: Option<LayerId>) -> Option<GeoBox> {
        let shown: Vec<GeoBox> = self.shown_now(layer).map(|g| g.bounds).collect();
        let boxes = if shown.is_empty() { self.granules_of(layer).map(|g| g.bounds).collect() } else { shown };
        boxes.into_iter().reduce(|a, b| union(&a, &b))
    }

    /// The camera that shows the granules of a layer (of all visible layers when `None`); `None` without any.
    pub fn framing(&self, layer: Option<LayerId>) -> Option<Camera> {
        let target = self.bounds_of(layer)?;
        let mut camera = self.project.camera.framing(&target, self.view_px);
        // A long orbit bends: it does not run through the middle of its box.
        let reach_m = target.centre().approx_distance_m(&LonLat::new(target.west, target.south));
        if let (true, Some(middle)) = (reach_m > LONG_ORBIT_M, self.middle_of_orbit(layer)) {
            camera.target = middle;
        }
        Some(camera.sanitized())
    }

    /// The middle of the first swath or track shown, from its outline.
    fn middle_of_orbit(&self, layer: Option<LayerId>) -> Option<LonLat> {
        let is_orbit = |g: &Granule| matches!(g.geometry, GeometryKind::Track | GeometryKind::Swath);
        // Beside a map of the whole Earth the middle of one orbit means nothing.
        if !self.shown_now(layer).all(is_orbit) {
            return None;
        }
        let granule = self.shown_now(layer).next().or_else(|| self.granules_of(layer).next())?;
        let outline = &granule.footprint;
        let at = |eighths: usize| outline.get(outline.len() * eighths / 8).map(LonLat::up);
        match granule.geometry {
            GeometryKind::Track => outline.get(outline.len() / 2).copied(),
            // Readers draw the ring along the four sides in turn: these are the middles of the two long ones.
            GeometryKind::Swath => {
                let up = at(3).zip(at(7)).map(|(a, b)| (a + b).normalize_or_zero())?;
                Some(LonLat::new(up.y.atan2(up.x).to_degrees(), up.z.asin().to_degrees()))
            }
            _ => None,
        }
    }

    /// Time covered by the visible layers.
    pub fn time_span(&self) -> Option<TimeSpan> {
        self.granules_of(None).filter_map(|g| g.span).reduce(|a, b| a.union(&b)).or_else(|| self.catalogue.span())
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

fn union(a: &GeoBox, b: &GeoBox) -> GeoBox {
    let (south, north) = (a.south.min(b.south), a.north.max(b.north));
    // Of the two ways round, the narrower.
    let narrowest = [0.0, 360.0, -360.0]
        .map(|turn| (a.west.min(b.west + turn), a.east.max(b.east + turn)))
        .into_iter()
        .min_by(|x, y| (x.1 - x.0).total_cmp(&(y.1 - y.0)));
    match narrowest {
        Some((west, east)) if east - west < 360.0 => {
            let w = crate::geo::wrap_180(west);
            GeoBox { west: w, east: w + (east - west), south, north }
        }
        _ => GeoBox { west: -180.0, east: 180.0, south, north },
    }
}

fn undo_rule(command: &Command) -> UndoRule {
    match command {
        Command::SetStyle { layer, patch } => {
            // One drag changes the same settings again and again: the settings touched are the key.
            let touched = serde_json::to_value(patch)
                .ok()
                .and_then(|v| v.as_object().map(|o| o.keys().cloned().collect::<Vec<_>>().join("+")))
                .unwrap_or_default();
            UndoRule::Merge(format!("style {} {touched}", layer.0))
        }
        Command::SetBaseMap { .. } => UndoRule::Merge("base".into()),
        Command::AddLayer { .. }
        | Command::RemoveLayer { .. }
        | Command::DuplicateLayer { .. }
        | Command::ShowLayer { .. }
        | Command::SoloLayer { .. }
        | Command::ShowAllLayers
        | Command::MoveLayer { .. }
        | Command::RenameLayer { .. }
        | Command::SetLayerIndex { .. }
        | Command::ResetStyle { .. } => UndoRule::Point,
        _ => UndoRule::None,
    }
}

#[cfg(test)]
mod tests;
