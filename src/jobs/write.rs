//! Results as files. They appear under their names only when all of them are complete.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::Schema;

use crate::error::{JobError, Result};
use crate::provenance::Provenance;
use crate::state::{aside, discard};

mod compact;
mod csv;
mod netcdf;
mod parquet;
mod spool;

pub use self::compact::Compact;
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

    /// Completes the file, under another name still.
    ///
    /// # Errors
    /// The system refuses.
    fn finish(self: Box<Self>) -> Result<Finished>;
}

/// A result whose columns are called otherwise than in the tables of tasks.
pub struct Renamed<'a> {
    inner: Box<dyn Sink + 'a>,
    schema: Arc<Schema>,
}

impl<'a> Renamed<'a> {
    /// Columns are the same, in the same order.
    pub fn new(inner: Box<dyn Sink + 'a>, schema: Arc<Schema>) -> Self {
        Self { inner, schema }
    }
}

impl Sink for Renamed<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = batch.columns().to_vec();
        let renamed = RecordBatch::try_new(Arc::clone(&self.schema), columns)
            .map_err(|e| JobError::Internal(format!("The results cannot be renamed: {e}.")))?;
        self.inner.write(&renamed)
    }

    fn finish(self: Box<Self>) -> Result<Finished> {
        self.inner.finish()
    }
}

/// A complete file that has not its name yet; dropped, it goes.
pub struct Finished {
    new: PathBuf,
    path: PathBuf,
}

impl Finished {
    /// Gives all files their names: all of them are there, or none.
    ///
    /// # Errors
    /// The system refuses.
    pub fn place(all: Vec<Self>) -> Result<()> {
        for (k, file) in all.iter().enumerate() {
            if let Err(e) = std::fs::rename(&file.new, &file.path) {
                all[..k].iter().for_each(|f| discard(&f.path));
                return Err(JobError::output(&file.path, "The result", &e));
            }
        }
        Ok(())
    }
}

impl Drop for Finished {
    fn drop(&mut self) {
        discard(&self.new);
    }
}

/// Writes the provenance that goes beside an output.
///
/// # Errors
/// The system refuses.
pub fn sidecar(output: &Path, provenance: &Provenance) -> Result<Finished> {
    let path = sidecar_path(output);
    let text = serde_json::to_vec_pretty(provenance)
        .map_err(|e| JobError::Internal(format!("The provenance cannot be written: {e}.")))?;
    let finished = Finished { new: aside(&path), path };
    let written = File::create(&finished.new).and_then(|mut f| f.write_all(&text).and_then(|()| f.sync_all()));
    written.map_err(|e| JobError::output(&finished.path, "The provenance", &e))?;
    Ok(finished)
}

/// Where the provenance of an output lies.
pub fn sidecar_path(output: &Path) -> std::path::PathBuf {
    let name = output.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    output.with_file_name(format!("{name}.json"))
}
