//! State of the window that is not part of the document, and what panels answer with.

use std::path::PathBuf;

use egui::Pos2;
use seaglass_core::bookmark::BookmarkId;
use seaglass_core::command::Command;
use seaglass_core::geo::LonLat;
use seaglass_core::granule::GranuleId;
use seaglass_core::project::{GroupId, LayerId};

use crate::dialogs::Pick;
use crate::placing::Taken;

/// What panels produce in a frame.
#[derive(Debug, Default)]
pub struct Out {
    /// Changes of the document.
    pub commands: Vec<Command>,
    /// Things only the window can do.
    pub actions: Vec<Action>,
    /// A drag has ended: the next change is its own undo step.
    pub settle: bool,
}

impl Out {
    /// Adds a command.
    pub fn send(&mut self, command: Command) {
        self.commands.push(command);
    }

    /// Adds an action.
    pub fn act(&mut self, action: Action) {
        self.actions.push(action);
    }
}

/// Things only the window can do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// An entry of the command table.
    Run(&'static str),
    /// Opens the sample day, made on first use.
    OpenSample,
    /// Stops making it.
    CancelSample,
    /// Details of a file that failed.
    FailureDetails(PathBuf),
    /// Reads a file again.
    TryAgain(PathBuf),
    /// Opens what a program that ended too early has left.
    Recover(PathBuf),
    /// Asks for a path.
    Pick(Pick),
    /// Asks where to write the pairs, in the format of that extension.
    ExportPairs(&'static str),
    /// Puts text on the clipboard.
    Copy(String),
    /// Shows a file in the file manager of the desktop.
    ShowFile(PathBuf),
    /// Does not begin the tour by itself again.
    TourSeen,
    /// Does not show the welcome card again.
    HideWelcome,
    /// Says what is wrong with what has been typed.
    Say(String),
}

/// Panels and popups.
#[derive(Clone, Debug)]
pub struct UiState {
    /// Selected layer.
    pub selected: Option<LayerId>,
    /// Width of the layers panel, which the timeline continues.
    pub left_width: f32,
    /// Width of the layers panel the user has dragged it to; the default until then.
    pub left_chosen: f32,
    /// Clock of the last frame, to notice that it has moved.
    pub last_now: i64,
    /// Text typed at the clock.
    pub clock_edit: Option<String>,
    /// Layers panel shown.
    pub left_open: bool,
    /// Right panel shown.
    pub right_open: bool,
    /// Which of its tabs.
    pub right_tab: crate::right::Tab,
    /// State of the Catalogue panel.
    pub catalogue: crate::catalogue::PanelState,
    /// State of the Colocate panel.
    pub colocate: crate::colocate::PanelState,
    /// Timeline shown.
    pub timeline_open: bool,
    /// All panels hidden.
    pub presentation: bool,
    /// Base map group unfolded.
    pub base_open: bool,
    /// Layer whose style panel is open.
    pub style_of: Option<LayerId>,
    /// Command palette open.
    pub palette_open: bool,
    /// Keyboard help open.
    pub keys_open: bool,
    /// The documents of the user.
    pub help: crate::help::State,
    /// Step the tour is at.
    pub tour: Option<usize>,
    /// About dialog open.
    pub about_open: bool,
    /// File whose failure is explained in a dialog.
    pub failure: Option<PathBuf>,
    /// A path being typed, where the system shows no file dialog.
    pub typed_path: Option<TypedPath>,
    /// A film about to be recorded.
    pub film: Option<crate::recorder::Form>,
    /// Place under the pointer.
    pub pointer: Option<LonLat>,
    /// Granule hovered on the timeline or in a list.
    pub hovered_granule: Option<GranuleId>,
    /// Granule selected by a click on the timeline.
    pub selected_granule: Option<GranuleId>,
    /// Position of the scene legend when the user has moved it, relative to the viewport's bottom right corner.
    pub legend_offset: Option<egui::Vec2>,
    /// Cards over the globe in this frame.
    pub taken: Taken,
    /// Where the layer row of the selected layer ends, for the style panel.
    pub style_anchor: Pos2,
    /// Shortcuts pressed and not yet obeyed.
    pub shortcuts: std::collections::VecDeque<&'static str>,
    /// A text field had the keyboard at the end of the last frame: what was typed before it was left is its text.
    pub typed_before: bool,
    /// What the space bar is doing.
    pub hand: crate::hand::Hand,
    /// Long gaps of the time axis are folded.
    pub fold_gaps: bool,
    /// Gaps unfolded again by a click: their beginnings, seconds since 1970.
    pub unfolded: Vec<f64>,
    /// Pages the calendar is turned to.
    pub calendar: crate::timeline::calendar::Pages,
    /// Visible time span of the timeline; fits the data when absent.
    pub time_view: Option<(f64, f64)>,
    /// The timeline's own view: the bounds of the data it was fitted to, microseconds, and the span shown, seconds.
    pub fitted: Option<((i64, i64), (f64, f64))>,
    /// Widget of each region that `F6` goes to: top bar, layers, timeline, viewport, right panel.
    pub regions: [Option<egui::Id>; 5],
    /// Files are being dragged over the window.
    pub dropping: bool,
    /// Software banner closed by the user.
    pub banner_closed: bool,
    /// Welcome card closed for this run.
    pub welcome_closed: bool,
    /// Renaming a layer: id and text.
    pub renaming: Option<(LayerId, String)>,
    /// Renaming a group of layers.
    pub renaming_group: Option<(GroupId, String)>,
    /// Renaming a bookmark.
    pub renaming_bookmark: Option<(BookmarkId, String)>,
    /// File whose details are shown.
    pub file_details: Option<PathBuf>,
    /// Tag being typed for a collection.
    pub new_tag: String,
    /// List of bookmarks unfolded.
    pub bookmarks_open: bool,
    /// Preferences open.
    pub preferences_open: bool,
    /// Units, sizes and budgets as the user wants them.
    pub preferences: crate::preferences::Preferences,
    /// Those that have taken effect.
    pub applied: Option<crate::preferences::Preferences>,
    /// How positions are written.
    pub coordinates: seaglass_core::format::Coordinates,
    /// Style copied from a layer.
    pub copied_style: Option<crate::style_actions::Copied>,
    /// Layer and part of its colour map pointed at in this frame.
    pub highlight: Option<(LayerId, [f32; 2])>,
    /// Shapes being drawn and edited.
    pub shapes: crate::shapes::ShapeState,
    /// Part of the view that a drawer covers in this frame.
    pub drawer: Option<egui::Rect>,
    /// Small pictures of granules.
    pub thumbnails: crate::thumbnails::Thumbnails,
}

/// A path being typed in place of a file dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedPath {
    /// What it is for.
    pub pick: Pick,
    /// Text so far.
    pub text: String,
    /// The text for which it was said that such a file exists: the next press replaces it.
    pub warned: Option<String>,
}

impl UiState {
    /// The Catalogue panel is open.
    pub fn catalogue_open(&self) -> bool {
        self.right_open && self.right_tab == crate::right::Tab::Catalogue
    }

    /// The Colocate panel is open.
    pub fn colocate_open(&self) -> bool {
        self.right_open && self.right_tab == crate::right::Tab::Colocate
    }

    /// Something covers the window and has the keyboard for itself.
    pub fn is_covered(&self) -> bool {
        self.palette_open
            || self.keys_open
            || self.about_open
            || self.preferences_open
            || self.file_details.is_some()
            || self.failure.is_some()
            || self.typed_path.is_some()
            || self.film.is_some()
    }
}

impl Default for UiState {
    fn default() -> Self {
        Self {
            selected: None,
            left_width: 296.0,
            left_chosen: 296.0,
            last_now: 0,
            clock_edit: None,
            left_open: true,
            right_open: false,
            right_tab: crate::right::Tab::default(),
            catalogue: crate::catalogue::PanelState::default(),
            colocate: crate::colocate::PanelState::default(),
            timeline_open: true,
            presentation: false,
            base_open: true,
            style_of: None,
            palette_open: false,
            keys_open: false,
            help: crate::help::State::default(),
            tour: None,
            about_open: false,
            failure: None,
            typed_path: None,
            film: None,
            pointer: None,
            hovered_granule: None,
            selected_granule: None,
            legend_offset: None,
            taken: Taken::default(),
            style_anchor: Pos2::ZERO,
            shortcuts: std::collections::VecDeque::new(),
            typed_before: false,
            hand: crate::hand::Hand::default(),
            fold_gaps: false,
            calendar: crate::timeline::calendar::Pages::default(),
            unfolded: Vec::new(),
            time_view: None,
            fitted: None,
            regions: [None; 5],
            dropping: false,
            banner_closed: false,
            welcome_closed: false,
            renaming: None,
            renaming_group: None,
            renaming_bookmark: None,
            file_details: None,
            new_tag: String::new(),
            bookmarks_open: true,
            preferences_open: false,
            preferences: crate::preferences::Preferences::default(),
            applied: None,
            coordinates: seaglass_core::format::Coordinates::default(),
            copied_style: None,
            highlight: None,
            shapes: crate::shapes::ShapeState::default(),
            drawer: None,
            thumbnails: crate::thumbnails::Thumbnails::default(),
        }
    }
}
