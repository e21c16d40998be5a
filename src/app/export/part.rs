//! Files that stand at their place only when they are whole.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::cannot_write;

/// A file being written beside the place where it shall stand; what is not finished is removed.
#[derive(Debug)]
pub struct Part {
    part: PathBuf,
    path: PathBuf,
    done: bool,
}

impl Part {
    /// Names a file beside `path`.
    pub fn beside(path: &Path) -> Self {
        let mut name = path.file_name().map(std::ffi::OsStr::to_owned).unwrap_or_default();
        name.push(format!(".{}.part", std::process::id()));
        Self { part: path.with_file_name(name), path: path.to_owned(), done: false }
    }

    /// Where to write.
    pub fn unfinished(&self) -> &Path {
        &self.part
    }

    /// Makes the file.
    ///
    /// # Errors
    /// It cannot be made; one sentence.
    pub fn create(&self) -> anyhow::Result<File> {
        File::create(&self.part).map_err(|e| cannot_write(&self.path, &e))
    }

    /// The file is whole: it takes its place.
    ///
    /// # Errors
    /// It cannot be moved there; one sentence.
    pub fn finish(mut self) -> anyhow::Result<()> {
        std::fs::rename(&self.part, &self.path).map_err(|e| cannot_write(&self.path, &e))?;
        self.done = true;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.done
            && let Err(e) = std::fs::remove_file(&self.part)
        {
            log::debug!("{}: {e}", self.part.display());
        }
    }
}
