//! Results as files. Each appears under its name only when it is complete.

use std::path::Path;

use arrow_array::RecordBatch;

use crate::error::{JobError, Result};
use crate::provenance::Provenance;

mod csv;
mod netcdf;
mod parquet;

pub use self::csv::Csv;
pub use self::netcdf::Netcdf;
pub use self::parquet::{Parquet, read_table, table_file};

/// A file of results under way. Dropped before [`Sink::finish`], nothing is left of it.
pub trait Sink {
    /// Adds rows.
    ///
    /// # Errors
    /// The system refuses.
    fn write(&mut self, batch: &RecordBatch) -> Result<()>;

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    /// The system refuses.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// Writes the provenance beside an output.
///
/// # Errors
/// The system refuses.
pub fn sidecar(output: &Path, provenance: &Provenance) -> Result<std::path::PathBuf> {
    let path = sidecar_path(output);
    let text = serde_json::to_vec_pretty(provenance)
        .map_err(|e| JobError::Internal(format!("The provenance cannot be written: {e}.")))?;
    crate::state::write_atomic(&path, &text).map_err(|e| JobError::output(&path, "The provenance", &e))?;
    Ok(path)
}

/// Where the provenance of an output lies.
pub fn sidecar_path(output: &Path) -> std::path::PathBuf {
    let name = output.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    output.with_file_name(format!("{name}.json"))
}

/// Moves a finished file to its name.
fn place(new: &Path, path: &Path) -> Result<()> {
    std::fs::rename(new, path).map_err(|e| JobError::output(path, "The result", &e))
}
