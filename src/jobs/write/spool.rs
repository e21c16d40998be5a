//! Rows on their way to the worker that writes them as netCDF.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use seaglass_core::protocol::{Request, write_frame};
use seaglass_core::spool::{SpoolBatch, SpoolHeader};
use seaglass_data::pool::Lane;

use super::Finished;
use crate::error::{JobError, Result};
use crate::reading::Readers;
use crate::state::{aside, discard};

/// The intermediate file of a result.
pub(super) struct Spool<'a> {
    readers: &'a Readers,
    path: PathBuf,
    spool: PathBuf,
    out: BufWriter<File>,
}

impl<'a> Spool<'a> {
    /// Begins one.
    pub fn create(path: &Path, header: &SpoolHeader, readers: &'a Readers) -> Result<Self> {
        let spool = aside(path);
        let failed = |e: &std::io::Error| JobError::output(path, "The result", e);
        let file = File::create(&spool).map_err(|e| failed(&e))?;
        let mut this = Self { readers, path: path.to_owned(), spool, out: BufWriter::with_capacity(1 << 20, file) };
        write_frame(&mut this.out, header, &[]).map_err(|e| failed(&e))?;
        Ok(this)
    }

    /// Adds rows.
    pub fn batch(&mut self, head: SpoolBatch, payload: &[u8]) -> Result<()> {
        write_frame(&mut self.out, &head, payload).map_err(|e| JobError::output(&self.path, "The result", &e))
    }

    /// Has the file written.
    pub fn finish(mut self) -> Result<Finished> {
        self.out.flush().map_err(|e| JobError::output(&self.path, "The result", &e))?;
        let finished = Finished { new: aside(&self.path), path: self.path.clone() };
        let request = Request::WriteTable { spool: self.spool.clone(), out: finished.new.clone() };
        match self.readers.ask(Lane::Probe, request)? {
            Ok(_) => Ok(finished),
            Err(e) => Err(self.failure(&finished.new, e.message)),
        }
    }

    /// HDF5 says that it failed and not why; the system does, asked for as much room again.
    fn failure(&self, new: &Path, message: String) -> JobError {
        let probe = aside(&self.path);
        let room = std::fs::metadata(&self.spool).map_or(1 << 20, |m| m.len()).min(64 << 20);
        let written = File::create(&probe).and_then(|mut f| {
            std::io::copy(&mut std::io::repeat(0).take(room), &mut f).and_then(|_bytes| f.sync_all())
        });
        discard(&probe);
        if let Err(e) = written {
            return JobError::output(&self.path, "The result", &e);
        }
        let name = |p: &Path| p.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        JobError::Output { message: message.replace(&name(new), &name(&self.path)), path: self.path.clone() }
    }
}

impl Drop for Spool<'_> {
    fn drop(&mut self) {
        discard(&self.spool);
    }
}
