//! What the host tells its users.

use std::path::{Path, PathBuf};
use std::time::Duration;

use seaglass_core::time::{Time, TimeSpan};

/// A host that could not be made, or a picture that did not become complete.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The system refused a thread.
    #[error("The readers cannot be started: {0}.")]
    Threads(#[from] std::io::Error),
    /// The picture was not complete in time.
    #[error("The picture was not complete after {} s: {waiting}.", limit.as_secs_f64())]
    Incomplete {
        /// Time allowed.
        limit: Duration,
        /// What was still missing.
        waiting: String,
    },
}

/// How serious a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Good to know.
    Info,
    /// Something was left out or worked around.
    Warning,
    /// Something did not work.
    Error,
}

/// What the user can do about a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Call [`Host::try_again`](crate::Host::try_again) with this file.
    TryAgain(PathBuf),
}

/// A message for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How serious.
    pub level: Level,
    /// One sentence or two.
    pub text: String,
    /// File it is about.
    pub file: Option<PathBuf>,
    /// What can be done.
    pub action: Option<Action>,
}

impl Notice {
    pub(crate) fn new(level: Level, text: impl Into<String>) -> Self {
        Self { level, text: text.into(), file: None, action: None }
    }

    pub(crate) fn about(mut self, file: &Path) -> Self {
        self.file = Some(file.to_owned());
        self
    }

    pub(crate) fn with_retry(mut self) -> Self {
        self.action = self.file.clone().map(Action::TryAgain);
        self
    }
}

/// A picture to write, as asked for by `Command::SaveImage`. The window draws and writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaveImage {
    /// Where to.
    pub path: PathBuf,
    /// Size; the view's own when absent.
    pub size: Option<[u32; 2]>,
    /// With colour bars, scale bar and time.
    pub legend: bool,
}

/// A film to record, as asked for by `Command::SaveFilm`. The window draws and writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct SaveFilm {
    /// Where to.
    pub path: PathBuf,
    /// First and last time.
    pub span: TimeSpan,
    /// Seconds from frame to frame.
    pub step_s: f64,
    /// Frames a second.
    pub fps: f64,
    /// With decorations.
    pub legend: bool,
}

/// What one step did.
#[derive(Debug, Default)]
pub struct StepReport {
    /// Messages.
    pub notices: Vec<Notice>,
    /// The document, the catalogue or what can be drawn has changed: a frame is due.
    pub changed: bool,
    /// Pictures to write.
    pub save_images: Vec<SaveImage>,
    /// A film to record.
    pub save_film: Option<SaveFilm>,
    /// Pictures that clients wait for.
    pub pictures: Vec<crate::WantedPicture>,
    /// A notebook has moved the camera: a flight under way ends.
    pub moved_by_notebook: bool,
}

/// What is going on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Files opened (or given up) and files found so far.
    pub opening: (usize, usize),
    /// Folders are still being searched.
    pub searching: bool,
    /// Reads under way or waiting.
    pub reading: usize,
    /// A sentence such as `Opening 2 of 6 files`; empty when nothing is going on.
    pub label: String,
}

impl Progress {
    /// Whether nothing is going on.
    pub fn is_idle(&self) -> bool {
        self.reading == 0 && !self.searching && self.opening.0 == self.opening.1
    }
}

/// Why a layer, or the whole view, shows nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum EmptyReason {
    /// Nothing has been opened.
    NoData,
    /// All layers (or this one) are hidden.
    AllHidden,
    /// No granule lies in the time window.
    OutOfTime {
        /// The nearest instant with data.
        nearest: Time,
        /// Seconds from the clock to it; negative = earlier.
        offset_s: f64,
    },
    /// The granules lie outside the view.
    OffScreen,
    /// Every value is missing or masked.
    AllMasked,
    /// Reading failed.
    Failed {
        /// The reason as a sentence.
        why: String,
        /// The file, or one of them.
        path: Option<PathBuf>,
    },
}

impl EmptyReason {
    /// The sentence for people.
    pub fn text(&self) -> String {
        match self {
            Self::NoData => "No data are open.".to_owned(),
            Self::AllHidden => "All layers are hidden.".to_owned(),
            Self::OutOfTime { .. } => "Nothing to show at this time.".to_owned(),
            Self::OffScreen => "Data are outside the view.".to_owned(),
            Self::AllMasked => "All values are masked.".to_owned(),
            Self::Failed { why, .. } => why.clone(),
        }
    }
}

/// State of one layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerStatus {
    /// Granules being drawn.
    pub shown: usize,
    /// Granules in the time window.
    pub in_window: usize,
    /// Granules of the layer at any time.
    pub total: usize,
    /// Granules in the window whose positions or values are still being read.
    pub loading: usize,
    /// Granules in the window that cannot be read.
    pub failed: usize,
    /// Why nothing is shown; `None` while something is, or may soon be.
    pub reason: Option<EmptyReason>,
}
