//! What the visible layers have under a shape: on one common grid for notebooks (`getExtraction`), and as the files' own
//! cells for files and our own protocol.
//!
//! The work runs in a thread of its own with readers of its own, one extraction after the other; the last result stays.

mod gridded;
mod line;
mod mesh;
mod native;
mod processor;
mod reading;
mod target;
mod write;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crossbeam::channel::{Receiver, Sender, bounded};
use seaglass_coloc::Cancel;
use seaglass_control::wire::Extraction;
use seaglass_core::geo::GeoBox;
use seaglass_core::shapes::{Geometry, Processing, ShapeId, ShapeKind};
use seaglass_core::spool::SpoolHeader;
use seaglass_data::pool::Connect;
use seaglass_data::registry::Registry;
use seaglass_jobs::JobError;
use seaglass_jobs::reading::Readers;

use crate::host::Host;
use crate::items::name_of;
use crate::report::{Level, Notice};
use gridded::Common;
use line::Path as Line;
use mesh::Mesh;
use native::{Shape, Table};
use target::Target;

pub use processor::DEFAULT_PROCESSOR;

/// Samples of tracks count as on a line within so many metres, when nothing else is said.
const SAMPLES_REACH_M: f64 = 5000.0;
/// Bytes of all entries of the common grid together: an answer holds less than 2 GiB, and its reader unpacks it.
const MOST_GRID_BYTES: usize = 512 << 20;
/// Cells of the common grid at most.
const MOST_CELLS: usize = 1 << 20;
/// Readers at work.
const WORKERS: usize = 2;
/// Extractions that may wait.
const MOST_WAITING: usize = 64;

/// What is said of an extraction that somebody has ended.
const STOPPED: &str = "The extraction was stopped.";

/// What is wanted.
pub(crate) struct Wish {
    /// Shape.
    pub shape: ShapeId,
    /// How near to a line cells and samples belong to it; what it crosses, and samples within 5 km, when absent.
    pub reach_m: Option<f64>,
    /// netCDF, or CSV by the extension.
    pub path: Option<PathBuf>,
    /// The files' own cells are wanted although no file is.
    pub cells: bool,
}

/// Cells as a table that can travel: a description of the columns, and their values one after the other.
#[derive(Clone, Debug)]
pub struct Cells {
    /// Columns, granules, attributes.
    pub header: SpoolHeader,
    /// Values, little-endian.
    pub payload: Vec<u8>,
}

/// What came of an extraction.
pub(crate) struct Extracted {
    pub job: u64,
    pub shape: String,
    pub path: Option<PathBuf>,
    /// Entries of the common grid, their number, cells, and the table when it was wanted; or why not.
    pub result: Result<Outcome, String>,
}

/// A whole result.
pub(crate) struct Outcome {
    pub entries: Arc<Vec<Extraction>>,
    pub cells: Option<Arc<Cells>>,
    /// Rows of the table.
    pub rows: Option<usize>,
    /// Granules that could not be read.
    pub failed: Vec<(PathBuf, String)>,
}

struct Ask {
    job: u64,
    name: String,
    geometry: Arc<Geometry>,
    wish: Wish,
    cell_m: f64,
    targets: Vec<Target>,
}

struct Running {
    job: u64,
    name: String,
    cancel: Cancel,
    done: Arc<AtomicU32>,
}

/// Extractions under way, and the last one.
pub(crate) struct Extractions {
    connect: Arc<dyn Connect>,
    wake: Arc<dyn Fn() + Send + Sync>,
    sender: Sender<Extracted>,
    finished: Receiver<Extracted>,
    waiting: VecDeque<Ask>,
    running: Option<Running>,
    next: u64,
    latest: Arc<Vec<Extraction>>,
    /// Where the processing server listens.
    pub processor: String,
}

impl Extractions {
    pub fn new(connect: Arc<dyn Connect>, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        let (sender, finished) = bounded(MOST_WAITING);
        Self {
            connect,
            wake,
            sender,
            finished,
            waiting: VecDeque::new(),
            running: None,
            next: 1,
            latest: Arc::default(),
            processor: DEFAULT_PROCESSOR.to_owned(),
        }
    }

    /// What was extracted last.
    pub fn latest(&self) -> Arc<Vec<Extraction>> {
        Arc::clone(&self.latest)
    }

    fn start_next(&mut self, registry: &Arc<Registry>) -> Result<(), String> {
        if self.running.is_some() {
            return Ok(());
        }
        let Some(ask) = self.waiting.pop_front() else { return Ok(()) };
        let (cancel, done) = (Cancel::new(), Arc::new(AtomicU32::new(0)));
        let running = Running { job: ask.job, name: ask.name.clone(), cancel: cancel.clone(), done: Arc::clone(&done) };
        let (connect, registry) = (Arc::clone(&self.connect), Arc::clone(registry));
        let (wake, sender) = (Arc::clone(&self.wake), self.sender.clone());
        let work = move || {
            let readers = Readers::new(WORKERS, connect, registry, cancel);
            let result = readers.and_then(|readers| run(&ask, &readers, &done, &*wake)).map_err(|e| match e {
                JobError::Canceled => STOPPED.to_owned(),
                other => other.to_string(),
            });
            let Ask { job, name: shape, wish, .. } = ask;
            // A host that has gone meanwhile takes nothing.
            if sender.try_send(Extracted { job, shape, path: wish.path, result }).is_ok() {
                wake();
            }
        };
        let started = std::thread::Builder::new().name("extract".to_owned()).spawn(work);
        started.map_err(|e| format!("The extraction cannot be started: {e}."))?;
        self.running = Some(running);
        Ok(())
    }
}

impl Drop for Extractions {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.cancel.cancel();
        }
    }
}

/// Carries out one extraction.
fn run(ask: &Ask, readers: &Readers, done: &AtomicU32, wake: &(dyn Fn() + Send + Sync)) -> Result<Outcome, JobError> {
    let line = (ask.geometry.kind == ShapeKind::Polyline).then(|| Line::new(&ask.geometry));
    let most = (MOST_GRID_BYTES / 16 / ask.targets.len().max(1)).min(MOST_CELLS);
    let mesh = Mesh::new(&ask.geometry, ask.cell_m, most)
        .ok_or_else(|| JobError::Spec(format!("{} has no extent to extract under.", ask.name)))?;
    let common = Common {
        vertices: mesh::vertices(&ask.geometry),
        mesh: &mesh,
        path: line.as_ref(),
        reach_m: ask.wish.reach_m.unwrap_or(SAMPLES_REACH_M),
    };
    let native = ask.wish.path.is_some() || ask.wish.cells;
    let shape = Shape::new(&ask.geometry, line.as_ref(), ask.wish.reach_m, SAMPLES_REACH_M);
    let (mut entries, mut table, mut failed) = (Vec::new(), Table::default(), Vec::new());
    let mut taken: Vec<(&Path, usize, usize)> = Vec::new();
    for (k, target) in ask.targets.iter().enumerate() {
        let place = (target.path.as_path(), target.part, target.step);
        let one = reading::positions(readers, target).and_then(|positions| {
            entries.extend(common.entry(readers, target, &positions)?);
            // Two layers of one granule have the same cells.
            if native && !taken.contains(&place) {
                taken.push(place);
                native::add(&mut table, &shape, readers, target, &positions)?;
            }
            Ok(())
        });
        match one {
            Err(JobError::Input { message, path }) => failed.push((path, message)),
            other => other?,
        }
        done.store(((k + 1) * 1000 / ask.targets.len()) as u32, Ordering::Relaxed);
        wake();
    }
    if !entries.is_empty() {
        // Never the first: notebooks take that for data.
        entries.push(common.mask());
    }
    if let Some(path) = &ask.wish.path {
        write::write(readers, &table, &ask.name, path)?;
    }
    let cells = ask.wish.cells.then(|| {
        let payload = write::payload(&table, 0..table.len());
        Arc::new(Cells { header: write::describe(&table, &ask.name), payload })
    });
    Ok(Outcome { entries: Arc::new(entries), cells, rows: native.then(|| table.len()), failed })
}

/// Port from which the published processing server fetches extractions.
const FETCHED_FROM: u16 = 11155;

impl Host {
    /// Where the processing server listens that works on extractions.
    ///
    /// # Errors
    /// A sentence: the text is no address.
    pub fn set_processor(&mut self, address: &str) -> Result<(), String> {
        processor::check(address)?;
        self.extractions.processor = address.to_owned();
        Ok(())
    }

    /// Extractions under way: name of the shape, and the share done.
    pub fn extracting(&self) -> Option<(String, f32)> {
        let running = self.extractions.running.as_ref()?;
        Some((running.name.clone(), running.done.load(Ordering::Relaxed) as f32 / 1000.0))
    }

    /// Share done of one extraction; nothing while it waits for another.
    pub(crate) fn extraction_share(&self, job: u64) -> Option<f32> {
        let running = self.extractions.running.as_ref().filter(|r| r.job == job)?;
        Some(running.done.load(Ordering::Relaxed) as f32 / 1000.0)
    }

    /// Stops one extraction, or takes it from those that wait.
    pub(crate) fn cancel_extraction(&mut self, job: u64) {
        self.extractions.waiting.retain(|ask| ask.job != job);
        if let Some(running) = self.extractions.running.as_ref().filter(|r| r.job == job) {
            running.cancel.cancel();
        }
    }

    /// Begins an extraction, or lets it wait for the one under way; gives its number.
    pub(crate) fn extract(&mut self, wish: Wish) -> Result<u64, String> {
        let session = &self.session;
        let shape = session.project().shapes.get(wish.shape).ok_or("The shape is gone.")?;
        let (name, geometry) = (shape.name.clone(), Arc::clone(&shape.geometry));
        if self.extractions.waiting.len() >= MOST_WAITING {
            return Err("Too many extractions wait; let some end first.".to_owned());
        }
        let reach_m = wish.reach_m.unwrap_or(SAMPLES_REACH_M);
        let area = geometry.bounds().map(|b| widened(&b, reach_m / 111_195.0 + 0.5)).unwrap_or(GeoBox::WORLD);
        let view = session.project().camera.view(session.view_px.x.max(1.0), session.view_px.y.max(1.0));
        let targets = target::all(session, &area);
        let job = self.extractions.next;
        self.extractions.next += 1;
        let ask = Ask { job, name, geometry, wish, cell_m: view.metres_per_px(), targets };
        self.extractions.waiting.push_back(ask);
        self.extractions.start_next(&self.registry)?;
        Ok(job)
    }

    /// The command: its failure is told.
    pub(crate) fn extract_by_command(&mut self, wish: Wish) {
        if let Err(why) = self.extract(wish) {
            self.notices.push(Notice::new(Level::Error, why));
        }
    }

    /// Stops the extraction under way, and those that wait.
    pub(crate) fn cancel_extractions(&mut self) {
        for ask in std::mem::take(&mut self.extractions.waiting) {
            let result = Err(STOPPED.to_owned());
            self.extraction_ended(Extracted { job: ask.job, shape: ask.name, path: ask.wish.path, result });
        }
        if let Some(running) = &self.extractions.running {
            running.cancel.cancel();
        }
    }

    /// Whether no extraction is under way or waits.
    pub fn is_done_extracting(&self) -> bool {
        self.extractions.running.is_none() && self.extractions.waiting.is_empty()
    }

    pub(crate) fn process_by_command(&mut self, what: Processing) {
        if self.extractions.latest.is_empty() {
            self.notices
                .push(Notice::new(Level::Warning, "Nothing has been extracted yet: extract under a shape first."));
            return;
        }
        // The published server knows one place only.
        let elsewhere = self.control_address().filter(|a| a.port() != FETCHED_FROM);
        if let Some(own) = elsewhere {
            let text = format!(
                "seascope-processor fetches extractions from port {FETCHED_FROM} only, and this program listens at {own}; \
                 start it with --listen 127.0.0.1:{FETCHED_FROM}."
            );
            self.notices.push(Notice::new(Level::Warning, text));
        }
        let address = self.extractions.processor.clone();
        let work = move || crate::shapes::Message::Called(processor::call(&address, what));
        if let Err(e) = self.shapes.spawn("call processor", work) {
            self.notices.push(Notice::new(Level::Error, format!("The processing server cannot be called: {e}.")));
        }
    }

    /// Takes in what has been extracted; whether anything has changed.
    pub(crate) fn poll_extractions(&mut self) -> bool {
        let finished: Vec<Extracted> = self.extractions.finished.try_iter().collect();
        let any = !finished.is_empty();
        for one in finished {
            if self.extractions.running.as_ref().is_some_and(|r| r.job == one.job) {
                self.extractions.running = None;
            }
            self.extraction_ended(one);
        }
        if any && let Err(why) = self.extractions.start_next(&self.registry) {
            self.notices.push(Notice::new(Level::Error, why));
        }
        any
    }

    fn extraction_ended(&mut self, one: Extracted) {
        match &one.result {
            Ok(result) => {
                for (path, message) in &result.failed {
                    self.notices.push(Notice::new(Level::Warning, message.clone()).about(path));
                }
                self.extractions.latest = Arc::clone(&result.entries);
                let text = told(&one, result);
                let level = if result.entries.is_empty() { Level::Warning } else { Level::Info };
                let notice = Notice::new(level, text);
                self.notices.push(match &one.path {
                    Some(path) => notice.about(path),
                    None => notice,
                });
            }
            Err(why) => {
                let level = if why == STOPPED { Level::Info } else { Level::Error };
                self.notices.push(Notice::new(level, why.clone()));
            }
        }
        self.extraction_answered(one);
    }
}

/// What the user is told.
fn told(one: &Extracted, result: &Outcome) -> String {
    // The mask is none.
    let granules = result.entries.len().saturating_sub(1);
    let what = match granules {
        0 => return format!("The visible layers have no values under {}.", one.shape),
        1 => "1 granule".to_owned(),
        n => format!("{n} granules"),
    };
    match (&one.path, result.rows) {
        (Some(path), Some(rows)) => {
            format!("{rows} cells of {what} under {} are saved in {}.", one.shape, name_of(path))
        }
        _ => format!("{what} under {} extracted; notebooks can fetch them.", one.shape),
    }
}

fn widened(b: &GeoBox, deg: f64) -> GeoBox {
    let (south, north) = ((b.south - deg).max(-90.0), (b.north + deg).min(90.0));
    let lat = south.abs().max(north.abs()).min(89.0);
    let side = deg / lat.to_radians().cos();
    if b.east - b.west + 2.0 * side >= 360.0 || south <= -89.0 || north >= 89.0 {
        return GeoBox { west: -180.0, east: 180.0, south, north };
    }
    let west = seaglass_core::geo::wrap_180(b.west - side);
    GeoBox { west, east: west + (b.east - b.west) + 2.0 * side, south, north }
}
