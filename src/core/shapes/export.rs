//! What is taken out from under a shape, and for whom.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What an extraction is wanted for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Export {
    /// For notebooks: all visible layers on one grid of the view, to be fetched from the control socket.
    Notebooks,
    /// For the processing server, which is told what to do with it.
    Processor(ProcessorTask),
    /// The files' own cells, all fields, as netCDF or CSV by the extension.
    File(PathBuf),
}

/// What the processing server is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessorTask {
    /// A picture of each granule and field.
    Plot,
    /// Values against distance.
    Transect,
    /// The extraction as a file of Python.
    Serialize,
}
