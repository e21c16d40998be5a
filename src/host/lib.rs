//! Wires data, rendering and commands; shared by window and command line, so that they cannot drift apart.
//!
//! A frame is: [`Host::send`] what the user did, [`Host::step`] (commands, arrived results), [`Host::scene`], then
//! [`Host::drive`] (what the renderer needs is asked of the readers; what they delivered goes to the renderer), then draw.
//! Nothing here blocks, except [`Host::wait_opened`], [`Host::wait_complete`] and [`Host::wait_valueless`] for programs
//! without a window.
//!
//! No file is read here and nothing is drawn; both happen in the crates below.

mod catalogue;
mod channels;
mod clients;
mod collection_style;
pub mod colocate;
mod complete;
mod control;
mod describe;
mod extract;
mod figures;
mod follow;
mod histogram;
mod host;
#[cfg(test)]
mod index_tests;
mod items;
mod memory;
mod opening;
mod pipeline;
mod probe;
mod ranges;
mod report;
mod saved;
mod shapes;
mod status;
mod steps;
#[cfg(test)]
mod tests;
mod user_styles;
mod valueless;
mod visible;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use catalogue::{CatalogueRow, DAYS};
pub use clients::{FilmWriter, MakeFilm, Selection, WantedPicture};
pub use control::{ControlError, DEFAULT_ADDRESS, dangers};
pub use describe::Description;
pub use extract::{Cells, DEFAULT_PROCESSOR};
pub use histogram::Histogram;
pub use host::Host;
pub use pipeline::drawn_colormap;
pub use probe::{ProbeRow, ProbeState};
pub use report::{
    Action, EmptyReason, HostError, LayerStatus, Level, Notice, Progress, SaveFilm, SaveImage, StepReport,
};
pub use seaglass_data::pool::Connect;
pub use seaglass_data::registry::Registry;
pub use valueless::Valueless;

/// How a host is made.
#[derive(Clone)]
pub struct HostOptions {
    /// Reader processes.
    pub workers: usize,
    /// Reader program; `SEAGLASS_WORKER` or the one beside the executable when absent.
    pub worker_path: Option<PathBuf>,
    /// Folder with the user's product files.
    pub readers_dir: Option<PathBuf>,
    /// File with the styles the user has saved as defaults; without it none are used and saving says so.
    pub styles_path: Option<PathBuf>,
    /// Folder in which indexes of opened folders are kept; without it folders are searched anew each time, and nothing is
    /// written.
    pub index_dir: Option<PathBuf>,
    /// Bytes of positions kept in memory.
    pub cpu_cache_bytes: u64,
    /// Longest time a reader may take for one answer.
    pub timeout: Duration,
    /// Called from other threads when something arrived: ask for a frame.
    pub wake: Arc<dyn Fn() + Send + Sync>,
}

impl Default for HostOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            workers: (cores / 2).clamp(2, 8),
            worker_path: None,
            readers_dir: None,
            styles_path: None,
            index_dir: None,
            cpu_cache_bytes: 1 << 30,
            timeout: Duration::from_secs(30),
            wake: Arc::new(|| {}),
        }
    }
}
