//! Reader processes at work: who reads what next, what happens when one dies or hangs.
//!
//! One thread `pool-<n>` drives one reader. Work waits in lanes ([`Lane`]); a lane can be *replaced* as a whole, so that
//! nothing nobody wants any more piles up. Readers keep decoded fields, therefore work on the same field goes to the same
//! reader, and other work of the same file too, unless that reader is busy and another has nothing to do.
//!
//! A reader that dies is replaced and its request asked once more; a second death, or no answer in time, puts the file
//! into quarantine: requests for it fail at once until [`Pool::forgive`].

mod connection;
mod queue;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, Sender, bounded};
use parking_lot::{Condvar, Mutex};
use seaglass_core::columns::{Column, FileCard, Outline, Rows, TileBox};
use seaglass_core::field::{Block, FieldStats};
use seaglass_core::geolocation::Geolocation;
use seaglass_core::granule::FileInfo;
use seaglass_core::product::ReaderProgram;
use seaglass_core::protocol::{Answer, FailureKind, ProbedCell, ReadFailure, Request, geolocation_from_wire};
use seaglass_core::shapes::{NewShape, shapes_from_wire};

pub use connection::{Connect, Connection, Death, ProcessConnector, find_worker};
use queue::Queue;

/// Results that wait to be fetched before readers pause.
const RESULTS_LIMIT: usize = 64;

/// What must exist of the tag of a job: it names the job, and two jobs of the same tag are the same job.
pub trait Tag: Clone + Eq + Hash + Send + 'static {}
impl<T: Clone + Eq + Hash + Send + 'static> Tag for T {}

/// Lanes of waiting work, the most urgent first. One of several readers opens files before it reads tiles, so that
/// neither a thousand new files keep the picture waiting nor the picture them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Values under the cursor.
    Probe,
    /// Positions and summaries of what is shown: nothing can be drawn without them.
    Positions,
    /// Tiles wanted by the view, most urgent first.
    Tiles,
    /// Descriptions of files, in the order given.
    Open,
    /// Nice to have: histograms.
    Idle,
}

/// One request with its name.
#[derive(Clone, Debug)]
pub struct Job<T> {
    /// Name.
    pub tag: T,
    /// What to ask.
    pub request: Request,
}

/// A decoded answer.
#[derive(Clone, Debug)]
pub enum Content {
    /// Description of a file.
    Info(Box<FileInfo>),
    /// Shapes of a file that holds no fields.
    Shapes(Box<FileShapes>),
    /// Positions.
    Geolocation(Arc<Geolocation>),
    /// Values.
    Block(Block),
    /// Values of a window in the file's own precision, row-major.
    Exact(Column),
    /// Summary.
    Stats(Option<FieldStats>),
    /// One cell.
    Cell(ProbedCell),
    /// Parts of a file as tables.
    Outlines(Box<Outlines>),
    /// Rows of one.
    Rows(Rows),
    /// Nothing to say.
    Done,
}

/// What a file of shapes holds.
#[derive(Clone, Debug)]
pub struct FileShapes {
    /// File format.
    pub format: String,
    /// Things the reader noticed and worked around, one sentence each.
    pub notes: Vec<String>,
    /// The shapes.
    pub shapes: Arc<Vec<NewShape>>,
}

/// Parts of a file as tables, with their tiles.
#[derive(Clone, Debug)]
pub struct Outlines {
    /// What the file is.
    pub card: FileCard,
    /// At least one part, each with its tiles.
    pub parts: Vec<(Outline, Vec<TileBox>)>,
}

/// A job that is over.
#[derive(Clone, Debug)]
pub struct Finished<T> {
    /// Name.
    pub tag: T,
    /// Answer, or why there is none.
    pub result: Result<Content, ReadFailure>,
}

/// How a pool is made.
#[derive(Clone)]
pub struct PoolOptions {
    /// Number of readers.
    pub workers: usize,
    /// Longest time for one answer.
    pub timeout: Duration,
    /// Starts readers.
    pub connect: Arc<dyn Connect>,
    /// Called from pool threads when a result waits.
    pub wake: Arc<dyn Fn() + Send + Sync>,
}

/// Something worth telling about a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incident {
    /// A reader died and was replaced; the file is being read once more.
    Restarted {
        /// File it was reading.
        path: PathBuf,
        /// How it died.
        how: String,
    },
}

struct State<T> {
    queue: Queue<T>,
    done: std::collections::VecDeque<Finished<T>>,
    quarantine: HashMap<PathBuf, ReadFailure>,
    incidents: Vec<Incident>,
    shutdown: bool,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    work: Condvar,
    room: Condvar,
    options: PoolOptions,
}

/// The readers. Dropping the pool ends them.
pub struct Pool<T: Tag> {
    shared: Arc<Shared<T>>,
    threads: Vec<JoinHandle<()>>,
    stop: Option<Sender<()>>,
}

impl<T: Tag> Pool<T> {
    /// Starts the threads; each starts its reader at once, so that it is there when the first file is opened.
    ///
    /// # Errors
    /// The system refused a thread.
    pub fn new(options: PoolOptions) -> std::io::Result<Self> {
        let workers = options.workers.clamp(1, 64);
        let state = State {
            queue: Queue::new(workers),
            done: Default::default(),
            quarantine: HashMap::new(),
            incidents: Vec::new(),
            shutdown: false,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), work: Condvar::new(), room: Condvar::new(), options });
        let (stop, stopped) = bounded(0);
        let mut threads = Vec::with_capacity(workers);
        for n in 0..workers {
            let (shared, stopped) = (Arc::clone(&shared), stopped.clone());
            let run = move || Driver { n, shared, stopped, reader: None, programs: HashMap::new() }.run();
            threads.push(std::thread::Builder::new().name(format!("pool-{n}")).spawn(run)?);
        }
        Ok(Self { shared, threads, stop: Some(stop) })
    }

    /// Adds a job at the end of a lane, unless one of that tag waits there or is being read.
    pub fn push(&self, lane: Lane, job: Job<T>) {
        self.shared.state.lock().queue.push(lane, job);
        self.shared.work.notify_all();
    }

    /// Replaces all that waits in a lane. Jobs being read, and results not fetched yet, are not read again.
    pub fn replace(&self, lane: Lane, jobs: Vec<Job<T>>) {
        let mut state = self.shared.state.lock();
        let some = !jobs.is_empty();
        state.queue.replace(lane, jobs);
        drop(state);
        if some {
            self.shared.work.notify_all();
        }
    }

    /// Drops waiting jobs of all lanes for which `keep` is false; gives the tags dropped.
    pub fn retain(&self, keep: impl FnMut(&T) -> bool) -> Vec<T> {
        self.shared.state.lock().queue.retain(keep)
    }

    /// Results that have arrived.
    pub fn drain(&self) -> Vec<Finished<T>> {
        let mut state = self.shared.state.lock();
        let done: Vec<Finished<T>> = state.done.drain(..).collect();
        for finished in &done {
            state.queue.release(&finished.tag);
        }
        drop(state);
        self.shared.room.notify_all();
        done
    }

    /// Deaths of readers since the last call.
    pub fn incidents(&self) -> Vec<Incident> {
        std::mem::take(&mut self.shared.state.lock().incidents)
    }

    /// Jobs waiting or being read, in the lanes for which `of` is true.
    pub fn pending(&self, of: impl FnMut(&T) -> bool) -> usize {
        self.shared.state.lock().queue.pending(of)
    }

    /// Lets a file out of quarantine.
    pub fn forgive(&self, path: &Path) {
        self.shared.state.lock().quarantine.remove(path);
    }

    /// Lets every file out of quarantine.
    pub fn forgive_all(&self) {
        self.shared.state.lock().quarantine.clear();
    }
}

impl<T: Tag> Drop for Pool<T> {
    fn drop(&mut self) {
        self.shared.state.lock().shutdown = true;
        self.stop = None;
        self.shared.work.notify_all();
        self.shared.room.notify_all();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                log::error!("A pool thread panicked.");
            }
        }
    }
}

/// What one pool thread has.
struct Driver<T: Tag> {
    n: usize,
    shared: Arc<Shared<T>>,
    stopped: Receiver<()>,
    reader: Option<Box<dyn Connection>>,
    /// Programs of the user, started when the first file comes that is theirs.
    programs: HashMap<ReaderProgram, Box<dyn Connection>>,
}

impl<T: Tag> Driver<T> {
    fn run(mut self) {
        let n = self.n;
        if let Err(e) = self.connect(None) {
            log::warn!("pool-{n}: {e}");
        }
        while let Some(job) = self.next_job() {
            let result = self.carry_out(&job.request);
            if !self.deliver(Finished { tag: job.tag, result }) {
                break;
            }
        }
    }

    /// Our reader, or a program of the user.
    fn connect(&mut self, program: Option<&ReaderProgram>) -> Result<&mut Box<dyn Connection>, Death> {
        let name = format!("pool-{}", self.n);
        if let Some(program) = program {
            if self.programs.get_mut(program).is_some_and(|r| !r.alive()) {
                self.programs.remove(program);
            }
            return match self.programs.entry(program.clone()) {
                Entry::Occupied(there) => Ok(there.into_mut()),
                Entry::Vacant(place) => {
                    Ok(place.insert(self.shared.options.connect.connect_program(program, &name, &self.stopped)?))
                }
            };
        }
        if self.reader.as_mut().is_some_and(|r| !r.alive()) {
            log::warn!("pool-{}: the reader ended while it had nothing to do; starting another", self.n);
            self.reader = None;
        }
        if self.reader.is_none() {
            self.reader = Some(self.shared.options.connect.connect(&name, &self.stopped)?);
        }
        self.reader.as_mut().ok_or(Death::Stopped)
    }

    fn next_job(&self) -> Option<Job<T>> {
        let mut state = self.shared.state.lock();
        loop {
            if state.shutdown {
                return None;
            }
            if let Some(job) = state.queue.take(self.n, Instant::now()) {
                return Some(job);
            }
            // Woken when work arrives; looks again from time to time, as a reader that is stuck loses its claim.
            self.shared.work.wait_for(&mut state, Duration::from_millis(500));
        }
    }

    fn deliver(&self, finished: Finished<T>) -> bool {
        let mut state = self.shared.state.lock();
        while state.done.len() >= RESULTS_LIMIT && !state.shutdown {
            self.shared.room.wait(&mut state);
        }
        state.queue.idle(self.n);
        state.done.push_back(finished);
        let go_on = !state.shutdown;
        drop(state);
        // Others may have left work to this reader, or be waiting for it to become stuck.
        self.shared.work.notify_all();
        if go_on {
            (self.shared.options.wake)();
        }
        go_on
    }

    fn carry_out(&mut self, request: &Request) -> Result<Content, ReadFailure> {
        let path = queue::path_of(request).map(Path::to_owned);
        if let Some(failure) = path.as_ref().and_then(|p| self.shared.state.lock().quarantine.get(p).cloned()) {
            return Err(failure);
        }
        let program = queue::program_of(request);
        let mut deaths = 0;
        let failure = loop {
            let timeout = self.shared.options.timeout;
            let stopped = self.stopped.clone();
            let answer = self.connect(program).and_then(|reader| reader.call(request, timeout, &stopped));
            let death = match answer {
                Ok((answer, payload)) => return content(request, answer, payload),
                Err(death) => death,
            };
            match program {
                Some(program) => drop(self.programs.remove(program)),
                None => self.reader = None,
            }
            match death {
                Death::Stopped => return Err(crashed("The reader was stopped.".to_owned())),
                Death::NotStarted(why) => return Err(crashed(why)),
                // A hang would most likely repeat, so it is not tried twice.
                Death::TimedOut => {
                    let s = timeout.as_secs_f64();
                    break format!("The reader did not answer within {s} s and was ended; reading it again may help.");
                }
                Death::Died(how) if deaths == 0 => {
                    log::info!("pool-{}: reader died ({how}) at {}; trying once more", self.n, shown(path.as_deref()));
                    deaths += 1;
                    if let Some(path) = path.clone() {
                        self.shared.state.lock().incidents.push(Incident::Restarted { path, how });
                    }
                }
                Death::Died(how) => {
                    break format!("The reader died twice at this file ({how}); reading it again may help.");
                }
            }
        };
        // The notice of the file tells the user; this is for whoever follows the log.
        log::info!("pool-{}: {failure} ({})", self.n, shown(path.as_deref()));
        let failure = crashed(failure);
        if let Some(path) = path {
            self.shared.state.lock().quarantine.insert(path, failure.clone());
        }
        Err(failure)
    }
}

/// A file as the log names it.
fn shown(path: Option<&std::path::Path>) -> String {
    path.map_or_else(|| "no file".to_owned(), |p| p.display().to_string())
}

fn crashed(message: String) -> ReadFailure {
    ReadFailure { kind: FailureKind::Crashed, message }
}

/// The answer decoded; an answer that does not fit its request is the reader's fault, not the file's.
fn content(request: &Request, answer: Answer, payload: Vec<u8>) -> Result<Content, ReadFailure> {
    let misfit = |what: &str| crashed(format!("The reader's answer does not fit the request: {what}."));
    match (request, answer) {
        (_, Answer::Failed { error }) => Err(error),
        (Request::Open { .. }, Answer::Opened { mut info }) => {
            // Files of a user's program belong to its product, whatever the program says.
            if let Some(product) = queue::product_of_program(request) {
                info.product = Some(product.to_owned());
            }
            Ok(Content::Info(info))
        }
        (Request::Open { .. }, Answer::Shapes { format, notes }) => match shapes_from_wire(&payload) {
            Ok(shapes) => Ok(Content::Shapes(Box::new(FileShapes { format, notes, shapes: Arc::new(shapes) }))),
            Err(why) => Err(misfit(&why)),
        },
        (Request::Geolocation { .. }, Answer::Geolocation { wire }) => {
            geolocation_from_wire(wire, &payload).map(|g| Content::Geolocation(Arc::new(g))).map_err(|why| {
                ReadFailure { kind: FailureKind::Damaged, message: format!("The positions make no sense: {why}.") }
            })
        }
        (Request::Read { window, apron, .. }, Answer::Values { window: w, apron: a }) => {
            if (*window, *apron) != (w, a) || payload.len() != a.len(w) * 4 {
                return Err(misfit("other values than asked for"));
            }
            let values = payload.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
            Ok(Content::Block(Block { window: w, apron: a, values }))
        }
        (Request::Exact { window, .. }, Answer::Exact { window: w, ty }) if *window == w => {
            let values = Column::from_payload(ty, w.len(), &payload);
            values.map(Content::Exact).ok_or_else(|| misfit("other values than asked for"))
        }
        (Request::Stats { .. }, Answer::Stats { stats }) => Ok(Content::Stats(stats)),
        (Request::Probe { .. }, Answer::Probed { cell }) => Ok(Content::Cell(cell)),
        (Request::Outline { .. }, Answer::Outlined { card, parts }) => {
            let outlines = outlines(*card, parts, &payload).ok_or_else(|| misfit("tiles are missing"))?;
            Ok(Content::Outlines(Box::new(outlines)))
        }
        (Request::Rows { .. }, Answer::Rows { wire }) => {
            Rows::from_wire(&wire, &payload).map(Content::Rows).ok_or_else(|| misfit("rows are missing"))
        }
        (_, Answer::Done) => Ok(Content::Done),
        (_, other) => {
            let name = serde_json::to_value(&other).ok();
            let name = name.as_ref().and_then(|v| v.get("answer")?.as_str()).unwrap_or("unknown").to_owned();
            Err(misfit(&format!("it is of the kind \"{name}\"")))
        }
    }
}

/// The tiles of a payload given to their parts; `None` when they do not fit.
fn outlines(card: FileCard, parts: Vec<Outline>, payload: &[u8]) -> Option<Outlines> {
    let mut tiles = TileBox::read_all(payload)?.into_iter();
    let parts: Option<Vec<_>> = parts
        .into_iter()
        .map(|part| {
            let own: Vec<TileBox> = tiles.by_ref().take(part.tiles).collect();
            (own.len() == part.tiles).then_some((part, own))
        })
        .collect();
    let parts = parts.filter(|p| !p.is_empty() && tiles.next().is_none())?;
    Some(Outlines { card, parts })
}

#[cfg(test)]
mod tests;
