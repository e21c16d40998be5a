//! One reader, asked one thing after the other.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossbeam::channel::{Receiver, bounded};
use seaglass_core::granule::FileInfo;
use seaglass_core::protocol::{FailureKind, ReadFailure, Request, Source};
use seaglass_data::pool::{Content, FileShapes, Job, Lane, Pool, PoolOptions, ProcessConnector, find_worker};
use seaglass_data::registry::Registry;

use super::{Exit, Failure};

/// Longest time for one answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A reader and the products.
pub struct Asker {
    pool: Pool<u64>,
    arrived: Receiver<()>,
    /// Products.
    pub registry: Registry,
    asked: u64,
}

/// What a file turned out to be.
pub enum Described {
    /// Fields.
    Data(Box<FileInfo>),
    /// Shapes.
    Shapes(Box<FileShapes>),
}

impl Asker {
    /// Starts a reader.
    pub fn new() -> Result<Self, Failure> {
        let registry = Registry::load(super::readers_dir()?.as_deref());
        for error in registry.errors() {
            eprintln!("seaglass: A product file is left out: {error}. ({})", error.origin());
        }
        let (raise, arrived) = bounded(1);
        let options = PoolOptions {
            workers: 1,
            timeout: TIMEOUT,
            connect: Arc::new(ProcessConnector { program: find_worker(None), args: Vec::new() }),
            wake: Arc::new(move || {
                if raise.try_send(()).is_err() {
                    log::trace!("woken already");
                }
            }),
        };
        let pool = Pool::new(options)
            .map_err(|e| Failure::new(Exit::Internal, format!("The reader cannot be started: {e}.")))?;
        Ok(Self { pool, arrived, registry, asked: 0 })
    }

    /// The file as requests name it.
    pub fn source(&self, path: &Path) -> Source {
        Source { path: absolute(path), candidates: self.registry.candidates(path) }
    }

    /// Asks and waits.
    pub fn ask(&mut self, request: Request) -> Result<Content, ReadFailure> {
        self.asked += 1;
        self.pool.push(Lane::Open, Job { tag: self.asked, request });
        loop {
            if let Some(finished) = self.pool.drain().into_iter().find(|f| f.tag == self.asked) {
                return finished.result;
            }
            if self.arrived.recv_timeout(TIMEOUT * 4).is_err() {
                let message = "The reader does not answer.".to_owned();
                return Err(ReadFailure { kind: FailureKind::Crashed, message });
            }
        }
    }

    /// Describes a file of data.
    pub fn open(&mut self, path: &Path) -> Result<FileInfo, Failure> {
        match self.open_any(path)? {
            Described::Data(info) => Ok(*info),
            Described::Shapes(_) => {
                let message = "The file holds shapes and no fields; seaglass inspect tells what is in it.";
                Err(Failure::new(Exit::Nothing, message).about(path))
            }
        }
    }

    /// Describes a file of data or of shapes.
    pub fn open_any(&mut self, path: &Path) -> Result<Described, Failure> {
        match std::fs::metadata(path) {
            Ok(meta) if meta.is_dir() && !seaglass_data::scan::is_store(path) => {
                let message = "This is a folder; name a file in it.";
                return Err(Failure::new(Exit::Unreadable, message).about(path));
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(Failure::new(Exit::Unreadable, "The file does not exist.").about(path));
            }
            _ => {}
        }
        let source = self.source(path);
        match self.ask(Request::Open { source }) {
            Ok(Content::Info(info)) => Ok(Described::Data(info)),
            Ok(Content::Shapes(shapes)) => Ok(Described::Shapes(shapes)),
            Ok(_) => Err(Failure::new(Exit::Internal, "The reader gave another answer than asked for.").about(path)),
            Err(e) => Err(refused(&e, path)),
        }
    }
}

/// A reader's refusal.
pub fn refused(error: &ReadFailure, path: &Path) -> Failure {
    let exit = if error.kind == FailureKind::NothingToShow { Exit::Nothing } else { Exit::Unreadable };
    Failure::new(exit, error.message.clone()).about(path)
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_no_working_folder| path.to_owned())
}
