//! Everything that changes the application, as values. Window, keys, palette, scripts and command line share them.

mod table;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::bookmark::BookmarkId;
use crate::camera::Camera;
use crate::colocation::ColocationPatch;
use crate::compare::{Compare, Side};
use crate::geo::LonLat;
use crate::granule::{FileInfo, GranuleId};
use crate::notebook::{NotebookChange, Rendering};
use crate::passes::OrbitStep;
use crate::project::{BaseMap, GroupId, GroupPatch, LayerId, PinId, Project};
use crate::projection::Projection;
use crate::protocol::ReadFailure;
use crate::shapes::{Processing, ShapeChange, ShapeId};
use crate::style::StylePatch;
use crate::time::{Time, TimeSpan};
use crate::timeline::{Anchor, PlayMode};
use crate::versions::Versions;

pub use table::{Entry, Menu, TABLE, entry_of};

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "few at a time; the change of a style, mostly empty, is the largest")]
pub enum Command {
    /// Opens files and folders.
    Open {
        /// Paths.
        paths: Vec<PathBuf>,
    },
    /// A reader has described a file (sent by the host).
    Opened {
        /// File.
        path: PathBuf,
        /// Description.
        info: Box<FileInfo>,
    },
    /// Files described at once, as an index knows them (sent by the host).
    OpenedMany {
        /// Files.
        files: Vec<OpenedFile>,
    },
    /// Files that are no longer there (sent by the host).
    FilesGone {
        /// Which.
        paths: Vec<PathBuf>,
    },
    /// Saves layers, styles, camera, clock and shapes, and where the data lie, as a session file.
    SaveSession {
        /// Where to.
        path: PathBuf,
        /// What the window wants to find again: panels and their sizes.
        #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
        window: serde_json::Value,
    },
    /// Writes what is seen as a Python program: files, layers, styles, camera, clock and shapes.
    SaveScript {
        /// Where to.
        path: PathBuf,
    },
    /// Opens a session file in place of what is open.
    OpenSession {
        /// Which.
        path: PathBuf,
    },
    /// Takes over a session that has been read (sent by the host).
    Restore {
        /// The document; its sources are found from here.
        project: Box<Project>,
    },
    /// A reader could not open a file (sent by the host).
    OpenFailed {
        /// File.
        path: PathBuf,
        /// Why.
        error: ReadFailure,
    },
    /// Stops opening what has not been opened yet.
    CancelOpening,
    /// Forgets all files and layers.
    CloseAll,
    /// Saves the view as a PNG.
    SaveImage {
        /// Where to.
        path: PathBuf,
        /// Width and height; the view's own when absent.
        size: Option<[u32; 2]>,
        /// With colour bars, scale bar and time.
        legend: bool,
    },
    /// Records a film of the view (MP4, WebM, GIF or a PNG a frame, by the ending of the name) while the clock runs from
    /// one time to another.
    SaveFilm {
        /// Where to.
        path: PathBuf,
        /// Time of the first frame.
        from: Time,
        /// No frame is later.
        to: Time,
        /// Seconds of the clock from frame to frame.
        step_s: f64,
        /// Frames a second.
        fps: f64,
        /// With all decorations.
        legend: bool,
    },
    /// Adds a layer on top.
    AddLayer {
        /// Collection id.
        collection: String,
        /// Field name.
        field: String,
    },
    /// Removes a layer.
    RemoveLayer {
        /// Which.
        layer: LayerId,
    },
    /// Adds a copy above it.
    DuplicateLayer {
        /// Which.
        layer: LayerId,
    },
    /// Shows or hides a layer.
    ShowLayer {
        /// Which.
        layer: LayerId,
        /// Shown.
        visible: bool,
    },
    /// Shows this layer alone; when it is alone already, shows all.
    SoloLayer {
        /// Which.
        layer: LayerId,
    },
    /// Shows every layer.
    ShowAllLayers,
    /// Moves a layer in the stack.
    MoveLayer {
        /// Which.
        layer: LayerId,
        /// New position, 0 on top.
        to: usize,
    },
    /// Shows two views beside each other, or one again. Where no layer has a side yet, the top one goes to the left.
    SetCompare {
        /// The views; none for one.
        compare: Option<Compare>,
    },
    /// Chooses the view that shows a layer while there are two.
    SetLayerSide {
        /// Layer.
        layer: LayerId,
        /// The view; none for both.
        #[serde(default)]
        side: Option<Side>,
    },
    /// Locks a layer against being moved, removed or restyled by accident, or unlocks it.
    LockLayer {
        /// Which.
        layer: LayerId,
        /// Locked.
        locked: bool,
    },
    /// Puts layers into a new group, at the place of the uppermost.
    GroupLayers {
        /// Which.
        layers: Vec<LayerId>,
        /// Name of the group; numbered when empty.
        name: String,
    },
    /// Dissolves a group; its layers stay where they are.
    Ungroup {
        /// Which.
        group: GroupId,
    },
    /// Renames, shows, fades or folds a group.
    ChangeGroup {
        /// Which.
        group: GroupId,
        /// What changes.
        patch: GroupPatch,
    },
    /// Moves a group with its layers in the stack.
    MoveGroup {
        /// Which.
        group: GroupId,
        /// How many layers lie above it then.
        to: usize,
    },
    /// Moves a layer in the stack, into a group or out of one.
    PlaceLayer {
        /// Which.
        layer: LayerId,
        /// New position, 0 on top.
        to: usize,
        /// Group it stands in then.
        group: Option<GroupId>,
    },
    /// Remembers what is seen as a bookmark.
    AddBookmark {
        /// Name; the place when empty.
        name: String,
    },
    /// Brings back what a bookmark shows.
    GoToBookmark {
        /// Which.
        bookmark: BookmarkId,
    },
    /// Renames a bookmark.
    RenameBookmark {
        /// Which.
        bookmark: BookmarkId,
        /// Name.
        name: String,
    },
    /// Lets a bookmark show what is seen now.
    RetakeBookmark {
        /// Which.
        bookmark: BookmarkId,
    },
    /// Removes a bookmark.
    RemoveBookmark {
        /// Which.
        bookmark: BookmarkId,
    },
    /// Gives a bookmark its small picture (sent by the window); no undo point.
    SetBookmarkPicture {
        /// Which.
        bookmark: BookmarkId,
        /// A PNG as a `data:` address.
        picture: String,
    },
    /// Draws the newest version of each granule of a collection, or all of them.
    ChooseVersions {
        /// Collection id.
        collection: String,
        /// Which.
        versions: Versions,
    },
    /// Gives a collection a word of the user's, or takes it away.
    TagCollection {
        /// Collection id.
        collection: String,
        /// The word.
        tag: String,
        /// Given.
        on: bool,
    },
    /// Renames a layer; an empty name gives the field's title back.
    RenameLayer {
        /// Which.
        layer: LayerId,
        /// Name.
        name: String,
    },
    /// Chooses depth, band … of a layer.
    SetLayerIndex {
        /// Which.
        layer: LayerId,
        /// Index along each extra dimension.
        extra: Vec<usize>,
    },
    /// Chooses the fields a layer draws together: towards east and north, or red, green and blue.
    SetLayerComponents {
        /// Which.
        layer: LayerId,
        /// Names; empty takes the field's own.
        components: Vec<String>,
    },
    /// Changes the style of a layer.
    SetStyle {
        /// Which.
        layer: LayerId,
        /// What changes.
        patch: StylePatch,
    },
    /// First colour range from the data (sent by the host); keeps a range set meanwhile; no undo point.
    InitRange {
        /// Which.
        layer: LayerId,
        /// Range.
        range: [f64; 2],
    },
    /// Gives a layer its default style back.
    ResetStyle {
        /// Which.
        layer: LayerId,
    },
    /// Colour range of what is in view now, for a layer that follows the view (sent by the host); no undo point.
    FollowRange {
        /// Which.
        layer: LayerId,
        /// Range.
        range: [f64; 2],
    },
    /// Stretches each of the three channels of a layer over the values of its own field (2 to 98 %).
    FitChannels {
        /// Which.
        layer: LayerId,
    },
    /// Shows a granule in place of those that were before the user first, when all their values turned out to be missing
    /// (sent by the host); only while files arrive and nobody has moved clock or camera; no undo point.
    FirstData {
        /// What has data.
        granule: GranuleId,
        /// What has none.
        empty: Vec<GranuleId>,
    },
    /// Widens a first guess of the colour range that the first data do not fit (sent by the host); keeps a range set
    /// meanwhile; no undo point.
    WidenRange {
        /// Which.
        layer: LayerId,
        /// The guess.
        from: [f64; 2],
        /// Range of the data.
        to: [f64; 2],
    },
    /// Stretches the colours of a layer to what is in view.
    FitVisible {
        /// Which.
        layer: LayerId,
    },
    /// Draws the cells, too, that the product's mask leaves out.
    ShowMasked {
        /// Which; every layer whose product has a mask when absent.
        layer: Option<LayerId>,
        /// Drawn.
        on: bool,
    },
    /// Keeps the look of a layer as the default of this user.
    SaveDefaultStyle {
        /// Which.
        layer: LayerId,
        /// For every field of the same `standard_name` instead of this field of this product.
        quantity: bool,
    },
    /// Writes the look of a layer into the collection file (`<collection>.ini`) of the SEAScope workspace its data lie in.
    SaveStyleToCollection {
        /// Which.
        layer: LayerId,
    },
    /// Forgets this user's default for a layer's field and gives it the product's style back.
    ForgetDefaultStyle {
        /// Which.
        layer: LayerId,
    },
    /// Pins a place: its values stay in sight.
    AddPin {
        /// Where.
        place: LonLat,
    },
    /// Takes a pin away.
    RemovePin {
        /// Which.
        pin: PinId,
    },
    /// Takes all pins away.
    RemovePins,
    /// Changes the base map.
    SetBaseMap {
        /// New settings.
        base: BaseMap,
    },
    /// Moves the camera.
    SetCamera {
        /// New camera.
        camera: Camera,
    },
    /// Turns to a place.
    LookAt {
        /// Place.
        place: LonLat,
        /// Distance; unchanged when absent.
        altitude_m: Option<f64>,
    },
    /// Globe or map; keeps centre and scale.
    SetProjection {
        /// Projection.
        projection: Projection,
    },
    /// Globe ↔ last map.
    ToggleGlobe,
    /// Zooms about the centre.
    Zoom {
        /// Below 1 comes nearer.
        factor: f64,
    },
    /// North up.
    NorthUp,
    /// Looks straight down.
    TopDown,
    /// Whole Earth.
    Home,
    /// Frames the granules of a layer (all layers when absent).
    ZoomToLayer {
        /// Which.
        layer: Option<LayerId>,
    },
    /// One cell of the data of a layer (of the top visible layer when absent) becomes one pixel of the screen.
    ZoomToNative {
        /// Which.
        layer: Option<LayerId>,
    },
    /// Remembers this view to come back to (sent by the window when the camera rests).
    KeepView,
    /// Back to the view before.
    ViewBack,
    /// Forward again.
    ViewForward,
    /// Sets the clock.
    SetTime {
        /// Clock.
        now: Time,
    },
    /// Sets the length of the time window.
    SetWindow {
        /// Seconds.
        window_s: f64,
    },
    /// Sets where the window lies.
    SetAnchor {
        /// Where.
        anchor: Anchor,
    },
    /// Sets the step; `None` = a third of the window.
    SetStep {
        /// Seconds.
        step_s: Option<f64>,
    },
    /// Moves the clock by steps.
    StepTime {
        /// Steps, negative = back.
        steps: i32,
    },
    /// Moves the clock by parts of steps.
    ScrubTime {
        /// Steps and parts of them, negative = back.
        steps: f64,
    },
    /// Moves the clock by passes, orbits or cycles of an altimeter.
    StepOrbit {
        /// Layer; any visible one when absent.
        layer: Option<LayerId>,
        /// What is counted.
        by: OrbitStep,
        /// How many, negative = back.
        steps: i32,
    },
    /// Moves the clock to the previous (−1) or next (+1) granule of a layer.
    StepGranule {
        /// Layer; any visible one when absent.
        layer: Option<LayerId>,
        /// Direction.
        steps: i32,
    },
    /// Moves the clock to the first or last data.
    GoToEnd {
        /// Last, in contrast to first.
        last: bool,
    },
    /// Moves the clock to the nearest granule of a layer (of any visible layer when absent).
    JumpToData {
        /// Which.
        layer: Option<LayerId>,
    },
    /// Starts or stops the clock.
    Play {
        /// Runs.
        on: bool,
    },
    /// Sets the speed of the clock.
    SetSpeed {
        /// Data seconds a second.
        speed: f64,
    },
    /// Runs without steps, from step to step or from granule to granule.
    SetPlayMode {
        /// How.
        play: PlayMode,
    },
    /// Loop over all data at the end.
    SetLoop {
        /// Loops.
        on: bool,
    },
    /// Loop over a stretch of time.
    SetLoopSpan {
        /// What is looped.
        span: TimeSpan,
    },
    /// Advances the running clock (sent by the host every frame).
    Tick {
        /// Seconds since the last frame.
        dt_s: f64,
    },
    /// Changes what notebooks have put in.
    Notebook {
        /// What changes.
        change: NotebookChange,
    },
    /// Draws a variable as a notebook wants it; replaces all its settings.
    SetRendering {
        /// Collection id.
        collection: String,
        /// Field name.
        field: String,
        /// Settings.
        rendering: Rendering,
    },
    /// Chooses a variable (adds a layer) or drops it.
    SelectField {
        /// Collection id.
        collection: String,
        /// Field name.
        field: String,
        /// Chosen.
        selected: bool,
        /// All others are dropped.
        exclusive: bool,
    },
    /// Chooses a time window by name.
    ChooseTimespan {
        /// Name.
        label: String,
    },
    /// Chooses a step by name.
    ChooseTimestep {
        /// Name.
        label: String,
    },
    /// Shows the granules nearest in time where none lies in the window.
    ShowNearest {
        /// On.
        on: bool,
    },
    /// Shows granules whatever their time.
    ShowAlways {
        /// On.
        on: bool,
    },
    /// Changes the distance of the camera.
    SetAltitude {
        /// Metres from the ground.
        altitude_m: f64,
    },
    /// The view of the beginning: place, distance, north up, straight down.
    ResetCamera,
    /// Changes the match-up of two layers, or begins one.
    SetColocation {
        /// What changes.
        patch: ColocationPatch,
    },
    /// Reference and compared layer change places.
    SwapColocation,
    /// Forgets the match-up.
    EndColocation,
    /// Reads and matches although it takes a while.
    RunColocation,
    /// Stops reading and matching.
    CancelColocation,
    /// Writes the pairs, by the extension as GeoParquet, netCDF or CSV, or as `.toml` the job that makes them.
    ExportColocation {
        /// Where to.
        path: PathBuf,
    },
    /// Moves clock and camera to the next (+1) or previous (−1) coincidence of granules.
    StepCoincidence {
        /// Direction.
        steps: i32,
    },
    /// Changes shapes.
    Shapes {
        /// What changes.
        change: ShapeChange,
    },
    /// Writes shapes as GeoJSON, or as KML by the extension.
    SaveShapes {
        /// Where to.
        path: PathBuf,
        /// Which; all when absent.
        shape: Option<ShapeId>,
    },
    /// Extracts what the visible layers have under a shape, for notebooks and, with a path, the files' own cells.
    Extract {
        /// Which polygon or line; the last one when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shape: Option<ShapeId>,
        /// Cells and samples within so many metres of a line belong to it; without it the cells it crosses, and samples
        /// within 5 km.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reach_m: Option<f64>,
        /// File to write: CSV by the extension, else netCDF.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<PathBuf>,
    },
    /// Stops extracting.
    CancelExtraction,
    /// Asks the processing server (`seascope-processor`) to work on the last extraction.
    Process {
        /// What it shall do.
        what: Processing,
    },
    /// Frames a shape.
    ZoomToShape {
        /// Which.
        shape: ShapeId,
    },
    /// Steps back.
    Undo,
    /// Steps forward again.
    Redo,
}

/// A file and what is in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenedFile {
    /// File.
    pub path: PathBuf,
    /// Description.
    pub info: Box<FileInfo>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_one_json_object_each() {
        let c =
            Command::SetStyle { layer: LayerId(3), patch: StylePatch { opacity: Some(0.5), ..StylePatch::default() } };
        let text = serde_json::to_string(&c).unwrap();
        assert_eq!(text, r#"{"do":"set_style","layer":3,"patch":{"opacity":0.5}}"#);
        assert_eq!(serde_json::from_str::<Command>(&text).unwrap(), c);
    }
}
