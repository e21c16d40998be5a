//! Finished work on disk: everything that makes a job go on where it was.
//!
//! Beside `pairs.parquet` lies `pairs.parquet.job/` while the job is under way: `outlines/` with what is known of files,
//! `tasks/` with one table and one manifest a task. A manifest is written last and by renaming, so a task is finished or
//! it is not; a task whose inputs or settings have changed has another signature and runs again.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{JobError, Result};
use crate::granules::FailedFile;

/// Makes names of unfinished files differ between processes and threads.
static SERIAL: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// A name beside `path` for a file that is being written.
pub fn aside(path: &Path) -> PathBuf {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let serial = SERIAL.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    path.with_file_name(format!(".{name}.{}-{serial}.writing", std::process::id()))
}

/// Writes a file so that it is there completely or not at all.
///
/// # Errors
/// The system refuses.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let new = aside(path);
    let written = File::create(&new)
        .and_then(|mut f| f.write_all(bytes).and_then(|()| f.sync_all()))
        .and_then(|()| std::fs::rename(&new, path));
    if written.is_err() {
        discard(&new);
    }
    written
}

/// Removes an unfinished file.
pub fn discard(path: &Path) {
    if let Err(e) = std::fs::remove_file(path)
        && e.kind() != std::io::ErrorKind::NotFound
    {
        log::warn!("{} is left over: {e}", path.display());
    }
}

/// What is said of a finished task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Number in the plan.
    pub task: usize,
    /// Signature of task and inputs.
    pub signature: String,
    /// Rows of results.
    pub rows: u64,
    /// Pairs of rows that these are made of.
    pub pairs: u64,
    /// Pairs of rows within the limits, kept or not.
    #[serde(default)]
    pub candidates: u64,
    /// Hash of the pairs, by the row numbers at the time.
    pub sum64: String,
    /// What was read of each side.
    pub counts: Vec<crate::load::ReadCounts>,
    /// Granules that could not be read; a task with such runs again.
    pub failed: Vec<FailedFile>,
    /// Time it took, s.
    pub seconds: f64,
}

impl Manifest {
    /// Whether nothing is missing.
    pub fn is_whole(&self) -> bool {
        self.failed.is_empty()
    }
}

/// The folder of a job under way.
#[derive(Clone, Debug)]
pub struct State {
    /// The folder.
    pub dir: PathBuf,
}

impl State {
    /// Beside the output.
    pub fn beside(output: &Path) -> Self {
        let name = output.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        Self { dir: output.with_file_name(format!("{name}.job")) }
    }

    fn tasks(&self) -> PathBuf {
        self.dir.join("tasks")
    }

    /// Makes the folders.
    ///
    /// # Errors
    /// The system refuses.
    pub fn create(&self) -> Result<()> {
        let dir = self.tasks();
        std::fs::create_dir_all(&dir).map_err(|e| JobError::output(&dir, "The folder of the job", &e))
    }

    /// Table of a task.
    pub fn table(&self, signature: &str) -> PathBuf {
        self.tasks().join(format!("{}.parquet", &signature[..24.min(signature.len())]))
    }

    fn manifest(&self, signature: &str) -> PathBuf {
        self.tasks().join(format!("{}.json", &signature[..24.min(signature.len())]))
    }

    /// The manifest of a task of that signature, when its table is there too.
    pub fn load(&self, signature: &str) -> Option<Manifest> {
        let text = std::fs::read(self.manifest(signature)).ok()?;
        let manifest: Manifest = serde_json::from_slice(&text).ok()?;
        (manifest.signature == signature && self.table(signature).is_file()).then_some(manifest)
    }

    /// Marks a task as finished; its table must be there.
    ///
    /// # Errors
    /// The system refuses.
    pub fn store(&self, manifest: &Manifest) -> Result<()> {
        let path = self.manifest(&manifest.signature);
        let text = serde_json::to_vec_pretty(manifest)
            .map_err(|e| JobError::Internal(format!("The manifest cannot be written: {e}.")))?;
        write_atomic(&path, &text).map_err(|e| JobError::output(&path, "The manifest of a task", &e))
    }

    /// Removes the folder of a job that was refused, when no task of it was ever begun.
    pub fn remove_unused(&self) {
        if !self.tasks().exists() {
            self.remove();
        }
    }

    /// Removes the folder of a job that is done.
    pub fn remove(&self) {
        if let Err(e) = std::fs::remove_dir_all(&self.dir)
            && e.kind() != std::io::ErrorKind::NotFound
        {
            log::warn!("{} is left over: {e}", self.dir.display());
        }
    }
}
