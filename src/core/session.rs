//! The running application without window, files or GPU: document, catalogue, undo; commands go in, effects come out.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use glam::DVec2;

use crate::catalogue::Catalogue;
use crate::command::Command;
use crate::granule::{FileInfo, GranuleId};
use crate::notebook::Notebook;
use crate::project::{GroupPatch, LayerId, Project};
use crate::projection::Projection;
use crate::protocol::ReadFailure;
use crate::shapes::ShapeId;
use crate::time::TimeSpan;
use crate::undo::{History, UndoRule};
use crate::user_styles::UserStyles;

pub use batch::Before;

mod arrival;
mod batch;
mod bookmarks;
mod colocation;
mod compare;
mod extent;
mod groups;
mod layers;
mod native;
mod notebook;
mod opening;
mod pins;
mod saved;
mod shapes;
mod styles;
mod view;

/// Steps of undo kept.
const UNDO_STEPS: usize = 200;

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
    /// Record a film of the view.
    SaveFilm {
        /// Where to.
        path: PathBuf,
        /// First and last time.
        span: TimeSpan,
        /// Seconds from frame to frame.
        step_s: f64,
        /// Frames a second.
        fps: f64,
        /// With decorations.
        legend: bool,
    },
    /// Read and match although it takes a while.
    RunColocation,
    /// Stop reading and matching.
    CancelColocation,
    /// Zoom until one cell of a layer is one pixel: only the host knows where cells lie.
    ZoomToNative(Option<LayerId>),
    /// Write the pairs, or the job that makes them.
    ExportColocation(PathBuf),
    /// Go to the next or previous coincidence.
    StepCoincidence(i32),
    /// Forget what was read of a file: it stands for other data now, or for none.
    ForgetFile(PathBuf),
    /// Forget all cached data.
    Forget,
    /// Find the values of a layer in view and stretch its colours to them (ends in `SetStyle`).
    FitVisible(LayerId),
    /// Stretch each of the three channels of a layer over its own values, once (ends in `SetStyle`).
    FitChannels(LayerId),
    /// Keep the user's default styles.
    SaveUserStyles,
    /// Write a layer's style into the collection file of its data.
    SaveStyleToCollection(LayerId),
    /// Extract under a shape.
    Extract {
        /// Which.
        shape: ShapeId,
        /// Metres from a line.
        reach_m: Option<f64>,
        /// File to write.
        path: Option<PathBuf>,
    },
    /// Stop extracting.
    CancelExtraction,
    /// Call the processing server.
    Process(crate::shapes::Processing),
    /// Write the session file.
    SaveSession {
        /// Where to.
        path: PathBuf,
        /// What the window keeps in it.
        window: serde_json::Value,
    },
    /// Write what is seen as a Python program.
    SaveScript(PathBuf),
    /// Read a session file (ends in `Restore`).
    OpenSession(PathBuf),
    /// Write shapes (all without one named).
    SaveShapes(PathBuf, Option<ShapeId>),
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
    /// What *Close all data* has closed: undo opens it again, until other data come.
    closed: Option<Box<Project>>,
    failures: Vec<FailedFile>,
    notebook: Notebook,
    user_styles: UserStyles,
    next_granule: u64,
    last_map: Projection,
    /// The files opened first.
    arrival: arrival::Arrival,
    /// Where the data of a session lie that was opened: they get no layers of their own.
    restored: Vec<PathBuf>,
    /// Granules of which nothing could be read: there is nothing to jump to.
    unreadable: HashSet<GranuleId>,
    /// Views to go back to.
    views: view::Views,
    /// Part of the next step of play that has passed, 0 to 1.
    beat: f64,
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
            closed: None,
            failures: Vec::new(),
            notebook: Notebook::default(),
            user_styles: UserStyles::default(),
            next_granule: 1,
            last_map: Projection::Equirectangular,
            arrival: arrival::Arrival::default(),
            restored: Vec::new(),
            unreadable: HashSet::new(),
            views: view::Views::default(),
            beat: 0.0,
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

    /// What the user opened, without the files that could not be read.
    pub fn readable_sources(&self) -> Vec<&Path> {
        // A source is as the user gave it, maybe relative; a failure has its whole path.
        let failed = |p: &&Path| self.failures.iter().any(|f| f.path.ends_with(p));
        self.project.sources.iter().map(PathBuf::as_path).filter(|p| !failed(p)).collect()
    }

    /// Whether undo and redo are possible.
    pub fn can_undo_redo(&self) -> (bool, bool) {
        (self.history.can_undo() || self.closed.is_some(), self.history.can_redo())
    }

    /// Ends the current drag: the next change is its own undo step.
    pub fn settle(&mut self) {
        self.history.settle();
    }

    /// Carries out a command. On error nothing has changed.
    pub fn apply(&mut self, command: &Command) -> Result<Vec<Effect>, CommandError> {
        match command {
            Command::Undo => {
                if let Some(closed) = self.closed.take_if(|_| !self.history.can_undo()) {
                    return Ok(self.restore_session(&closed));
                }
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
        if matches!(command, Command::Opened { .. } | Command::OpenedMany { .. }) {
            // What data bring is in every state that undo brings back: undoing what was done before them keeps them.
            let effects = self.apply_derived(command)?;
            self.tidy_groups();
            return Ok(effects);
        }
        self.refuse_locked(command)?;
        let before = self.project.clone();
        match self.change(command) {
            Ok(effects) => {
                self.tidy_groups();
                if self.project != before {
                    // A bookmark that moves camera and clock alone is no step: undo would bring nothing back.
                    let still = matches!(command, Command::GoToBookmark { .. })
                        && self.project.layers == before.layers
                        && self.project.groups == before.groups;
                    let rule = if still { UndoRule::None } else { undo_rule(command) };
                    self.history.record(&before, &rule);
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
        state.last_pin = self.project.last_pin.max(state.last_pin);
        state.last_group = self.project.last_group.max(state.last_group);
        state.last_bookmark = self.project.last_bookmark.max(state.last_bookmark);
        state.shapes.keep_numbers(&self.project.shapes);
        self.project = state;
        self.sync_versions();
    }

    fn change(&mut self, command: &Command) -> Result<Vec<Effect>, CommandError> {
        if let Some(effects) = self.change_styles(command)? {
            return Ok(effects);
        }
        match command {
            Command::Open { paths } => {
                if let [path] = paths.as_slice()
                    && path.extension().is_some_and(|e| e.eq_ignore_ascii_case(crate::session_file::EXTENSION))
                {
                    if crate::granule::pushed_name(path).is_some() {
                        return Err(CommandError("A session names files, so it cannot be pushed; open it.".into()));
                    }
                    return Ok(vec![Effect::OpenSession(path.clone())]);
                }
                self.arrival.given(paths, !self.catalogue.collections.is_empty());
                for path in paths {
                    if !self.project.sources.contains(path) {
                        self.project.sources.push(path.clone());
                    }
                }
                return Ok(vec![Effect::Open(paths.clone())]);
            }
            Command::Opened { path, info } => return Ok(self.files_opened(&[(path.as_path(), info)])),
            Command::OpenedMany { files } => {
                let files: Vec<(&Path, &FileInfo)> = files.iter().map(|f| (f.path.as_path(), &*f.info)).collect();
                return Ok(self.files_opened(&files));
            }
            Command::FilesGone { paths } => return Ok(self.files_gone(paths)),
            Command::SaveSession { path, window } => {
                return Ok(vec![Effect::SaveSession { path: path.clone(), window: window.clone() }]);
            }
            Command::SaveScript { path } => return Ok(vec![Effect::SaveScript(path.clone())]),
            Command::OpenSession { path } => return Ok(vec![Effect::OpenSession(path.clone())]),
            Command::Restore { project } => return Ok(self.restore_session(project)),
            Command::OpenFailed { path, error } => {
                self.failures.retain(|f| f.path != *path);
                self.failures.push(FailedFile { path: path.clone(), error: error.clone() });
            }
            Command::CancelOpening => return Ok(vec![Effect::CancelOpening]),
            Command::ZoomToNative { layer } => return Ok(vec![Effect::ZoomToNative(*layer)]),
            Command::CloseAll => {
                let held = !self.project.layers.is_empty() || !self.catalogue.collections.is_empty();
                self.closed = held.then(|| Box::new(self.project.clone()));
                self.project.layers.clear();
                self.project.sources.clear();
                self.project.looks.clear();
                self.project.colocation = None;
                self.project.pins.clear();
                self.project.groups.clear();
                self.project.shapes.close_files();
                self.notebook.clear();
                self.catalogue = Catalogue::default();
                self.arrival = arrival::Arrival::default();
                self.restored.clear();
                self.failures.clear();
                self.history = History::new(UNDO_STEPS);
                return Ok(vec![Effect::Forget]);
            }
            Command::SaveImage { path, size, legend } => {
                return Ok(vec![Effect::SaveImage { path: path.clone(), size: *size, legend: *legend }]);
            }
            Command::SaveFilm { path, from, to, step_s, fps, legend } => {
                let fine = to >= from && step_s.is_finite() && *step_s > 0.0 && (0.1..=120.0).contains(fps);
                if !fine {
                    let text = "A film runs from an earlier time to a later one in steps above zero, with 0.1 to 120 \
                                frames a second.";
                    return Err(CommandError(text.into()));
                }
                let (span, path) = (TimeSpan::new(*from, *to), path.clone());
                return Ok(vec![Effect::SaveFilm { path, span, step_s: *step_s, fps: *fps, legend: *legend }]);
            }
            _ if self.change_pins(command)? => {}
            _ if self.change_groups(command)? => {}
            _ if self.change_compare(command)? => {}
            _ if self.change_bookmarks(command)? => {}
            _ if self.change_layers(command)? => {
                if let Command::AddLayer { .. } = command {
                    let new = self.project.layers.first().filter(|l| self.wants_range(l)).map(|l| l.id);
                    return Ok(new.map(Effect::ChooseRange).into_iter().collect());
                }
            }
            _ if self.change_camera(command)? => {}
            _ => {
                if let Some(effects) = self.change_shapes(command)? {
                    return Ok(effects);
                }
                if let Some(effects) = self.change_colocation(command)? {
                    return Ok(effects);
                }
                match self.change_by_notebook(command)? {
                    Some(effects) => return Ok(effects),
                    None => self.change_time(command)?,
                }
            }
        }
        Ok(Vec::new())
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
        Command::SetRendering { collection, field, .. } => UndoRule::Merge(format!("rendering {collection} {field}")),
        Command::SelectField { .. } => UndoRule::Point,
        Command::SetColocation { patch } => {
            let touched = serde_json::to_value(patch)
                .ok()
                .and_then(|v| v.as_object().map(|o| o.keys().cloned().collect::<Vec<_>>().join("+")))
                .unwrap_or_default();
            UndoRule::Merge(format!("colocation {touched}"))
        }
        Command::SwapColocation | Command::EndColocation => UndoRule::Point,
        Command::Shapes { change } => change.merge_key().map_or(UndoRule::Point, UndoRule::Merge),
        Command::Notebook { change: crate::notebook::NotebookChange::AddGranule { granule } }
            if shapes::is_of_shapes(granule.meta.key.of) =>
        {
            UndoRule::Point
        }
        Command::SetBaseMap { .. } => UndoRule::Merge("base".into()),
        Command::SetCompare { compare } => UndoRule::Merge(format!("compare {:?}", compare.map(|c| c.mode))),
        Command::ChangeGroup { group, patch: GroupPatch { opacity: Some(_), .. } } => {
            UndoRule::Merge(format!("group {} opacity", group.0))
        }
        Command::AddLayer { .. }
        | Command::RemoveLayer { .. }
        | Command::DuplicateLayer { .. }
        | Command::ShowLayer { .. }
        | Command::SoloLayer { .. }
        | Command::ShowAllLayers
        | Command::MoveLayer { .. }
        | Command::RenameLayer { .. }
        | Command::LockLayer { .. }
        | Command::SetLayerSide { .. }
        | Command::GroupLayers { .. }
        | Command::Ungroup { .. }
        | Command::ChangeGroup { .. }
        | Command::MoveGroup { .. }
        | Command::PlaceLayer { .. }
        | Command::AddBookmark { .. }
        | Command::GoToBookmark { .. }
        | Command::RenameBookmark { .. }
        | Command::RetakeBookmark { .. }
        | Command::RemoveBookmark { .. }
        | Command::TagCollection { .. }
        | Command::ChooseVersions { .. }
        | Command::SetLayerIndex { .. }
        | Command::ShowMasked { .. }
        | Command::ForgetDefaultStyle { .. }
        | Command::AddPin { .. }
        | Command::RemovePin { .. }
        | Command::RemovePins
        | Command::ResetStyle { .. } => UndoRule::Point,
        _ => UndoRule::None,
    }
}

#[cfg(test)]
mod tests;
