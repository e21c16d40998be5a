//! The thread that reads and matches. The window asks and looks; it never waits.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use seaglass_coloc::Cancel;
use seaglass_core::colocation::Sample;
use seaglass_core::columns::RASTER_TILE;
use seaglass_core::columns::SERIES_TILE;
use seaglass_data::pool::Connect;
use seaglass_data::registry::Registry;
use seaglass_jobs::JobError;
use seaglass_jobs::granules::{OutlineCache, Side};
use seaglass_jobs::limits;
use seaglass_jobs::load::Loader;
use seaglass_jobs::plan::{Plan, Task};
use seaglass_jobs::progress::Event;
use seaglass_jobs::prune::Reach;
use seaglass_jobs::reading::Readers;

use super::ask::Ask;
use super::data::{Data, Limits, MAX_CANDIDATES, NoPairs, SideData};
use super::found::Found;
use super::{Stage, View};

/// Reading begins when nothing has changed for so long.
const REST: Duration = Duration::from_millis(250);
/// What is expected to take longer waits for the user.
const PATIENCE_S: f64 = 2.0;
/// Bytes read a second, before the first reading has told.
const BYTES_PER_S: f64 = 60e6;
/// Candidates matched a second, before the first long matching has told: task D of `docs/colocation-at-scale.md`, 1.2
/// million pairs in 0.29 s.
const CANDIDATES_PER_S: f64 = 4e6;
/// Read around the limits as many times as far, so that sliders find their pairs in memory.
const REACHES: [f64; 4] = [8.0, 4.0, 2.0, 1.0];

/// What the window wants.
#[derive(Default)]
struct Order {
    ask: Option<Arc<Ask>>,
    /// Counts changes.
    serial: u64,
    /// Takes as long as it takes.
    run: bool,
    closed: bool,
    cancel: Cancel,
}

struct Shared {
    order: Mutex<Order>,
    bell: Condvar,
    view: Mutex<View>,
    /// The last order that has been answered.
    answered: AtomicU64,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Shared {
    fn stage(&self, stage: Stage) {
        self.view.lock().stage = stage;
        (self.wake)();
    }
}

/// How readers are made.
pub(super) struct Means {
    pub connect: Arc<dyn Connect>,
    pub registry: Arc<Registry>,
    pub wake: Arc<dyn Fn() + Send + Sync>,
    pub workers: usize,
    pub cache: Option<PathBuf>,
}

/// The window's end of the thread.
pub(super) struct Remote {
    shared: Arc<Shared>,
}

impl Remote {
    pub fn start(means: Means) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            order: Mutex::default(),
            bell: Condvar::new(),
            view: Mutex::default(),
            answered: AtomicU64::new(0),
            wake: Arc::clone(&means.wake),
        });
        let own = Arc::clone(&shared);
        std::thread::Builder::new().name("colocate".to_owned()).spawn(move || {
            Work { shared: own, means, outlined: None, data: None, rate: BYTES_PER_S, join_rate: CANDIDATES_PER_S }
                .run()
        })?;
        Ok(Self { shared })
    }

    /// Wants these pairs (none when absent). What runs for other data is stopped.
    pub fn want(&self, ask: Option<Arc<Ask>>) {
        let mut order = self.shared.order.lock();
        let same = match (&order.ask, &ask) {
            (Some(a), Some(b)) => a.same_data(b),
            _ => false,
        };
        if !same {
            order.cancel.cancel();
            order.cancel = Cancel::new();
            order.run = false;
        }
        order.ask = ask;
        order.serial += 1;
        self.shared.bell.notify_all();
    }

    /// Runs although it takes a while.
    pub fn run(&self) {
        let mut order = self.shared.order.lock();
        order.run = true;
        order.serial += 1;
        self.shared.bell.notify_all();
    }

    /// Stops what is running.
    pub fn cancel(&self) {
        let mut order = self.shared.order.lock();
        order.cancel.cancel();
        order.cancel = Cancel::new();
        order.run = false;
    }

    pub fn view(&self) -> View {
        // Asked first: an answer that comes in between makes this too careful, never wrong.
        let settled = self.shared.answered.load(Ordering::Acquire) == self.shared.order.lock().serial;
        View { settled, ..self.shared.view.lock().clone() }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        let mut order = self.shared.order.lock();
        order.closed = true;
        order.cancel.cancel();
        self.shared.bell.notify_all();
    }
}

/// Outlines of both sides.
struct Outlined {
    ask: Arc<Ask>,
    sides: Vec<Side>,
}

struct Work {
    shared: Arc<Shared>,
    means: Means,
    outlined: Option<Outlined>,
    data: Option<Arc<Data>>,
    /// Bytes read a second.
    rate: f64,
    /// Expected candidates matched a second.
    join_rate: f64,
}

/// Why a run ended without pairs.
enum Stop {
    Cancelled,
    /// It would take long: seconds, bytes.
    Estimate(f64, u64),
    Sentence(String),
}

impl From<JobError> for Stop {
    fn from(e: JobError) -> Self {
        if matches!(e, JobError::Canceled) { Self::Cancelled } else { Self::Sentence(e.to_string()) }
    }
}

impl From<NoPairs> for Stop {
    fn from(e: NoPairs) -> Self {
        match e {
            NoPairs::Cancelled => Self::Cancelled,
            NoPairs::Sentence(s) => Self::Sentence(s),
        }
    }
}

impl Work {
    fn run(mut self) {
        let mut seen = 0;
        loop {
            let (ask, run, cancel) = {
                let mut order = self.shared.order.lock();
                while order.serial == seen && !order.closed {
                    self.shared.bell.wait(&mut order);
                }
                if order.closed {
                    return;
                }
                seen = order.serial;
                (order.ask.clone(), order.run, order.cancel.clone())
            };
            let Some(ask) = ask else {
                (self.outlined, self.data) = (None, None);
                *self.shared.view.lock() = View::default();
                self.shared.answered.store(seen, Ordering::Release);
                (self.shared.wake)();
                continue;
            };
            if !self.has_rows(&ask) {
                // Said before the rest: pairs of limits passed on the way are not those of what is asked now.
                self.shared.stage(Stage::Reading { done: 0, total: 0 });
                if !self.rests(seen, run) {
                    continue;
                }
            }
            let begun = Instant::now();
            match self.pairs(&ask, run, &cancel, begun) {
                Ok(found) => {
                    let mut view = self.shared.view.lock();
                    view.found = Some(Arc::new(found));
                    view.stage = Stage::Done;
                    // The next long run is asked for again.
                    self.shared.order.lock().run = false;
                }
                Err(stop) => self.stopped(stop, &ask, seen),
            }
            self.shared.answered.store(seen, Ordering::Release);
            (self.shared.wake)();
        }
    }

    fn stopped(&mut self, stop: Stop, ask: &Ask, seen: u64) {
        let mut view = self.shared.view.lock();
        view.stage = match stop {
            // Another order is on its way; its stage follows.
            Stop::Cancelled if self.shared.order.lock().serial != seen => return,
            Stop::Cancelled => Stage::Stopped,
            Stop::Estimate(seconds, bytes) => Stage::Estimate { seconds, bytes },
            Stop::Sentence(text) => Stage::Failed(text),
        };
        let failed = matches!(view.stage, Stage::Failed(_));
        // Pairs of other data must not stand under the names of these.
        if failed || view.found.as_ref().is_some_and(|f| !f.ask.same_data(ask)) {
            view.found = None;
        }
    }

    fn has_rows(&self, ask: &Ask) -> bool {
        let Some(outlined) = self.outlined.as_ref().filter(|o| o.ask.same_data(ask)) else { return false };
        let margin_m = margin_m(ask, &outlined.sides);
        self.data.as_ref().is_some_and(|d| d.reach.covers(ask, margin_m))
    }

    /// Waits until nothing has changed for a moment; `false` when something has.
    fn rests(&self, seen: u64, run: bool) -> bool {
        if run {
            return true;
        }
        let mut order = self.shared.order.lock();
        let rested = Instant::now() + REST;
        while order.serial == seen && !order.closed {
            if self.shared.bell.wait_until(&mut order, rested).timed_out() {
                return true;
            }
        }
        false
    }

    fn pairs(&mut self, ask: &Arc<Ask>, run: bool, cancel: &Cancel, begun: Instant) -> Result<Found, Stop> {
        if !self.has_rows(ask) {
            self.read(ask, run, cancel)?;
        }
        let Some(data) = self.data.clone() else { return Err(Stop::Cancelled) };
        let shared = Arc::clone(&self.shared);
        let live = data.is_live();
        if !live {
            self.shared.stage(Stage::Matching { done: 0, total: 0, pairs: None });
        }
        let progress = move |p: seaglass_coloc::Progress| {
            if !live {
                shared.stage(Stage::Matching { done: p.done, total: p.total, pairs: Some(p.pairs) });
            }
        };
        let matches = data.matches(ask, cancel, &progress)?;
        Ok(Found::new(Arc::clone(ask), data, matches, begun.elapsed().as_secs_f64()))
    }

    fn readers(&self, cancel: &Cancel) -> Result<Readers, Stop> {
        let (connect, registry) = (Arc::clone(&self.means.connect), Arc::clone(&self.means.registry));
        Ok(Readers::new(self.means.workers, connect, registry, cancel.clone())?)
    }

    fn read(&mut self, ask: &Arc<Ask>, run: bool, cancel: &Cancel) -> Result<(), Stop> {
        self.shared.view.lock().found.take_if(|f| !f.ask.same_data(ask));
        let readers = self.readers(cancel)?;
        if self.outlined.as_ref().is_none_or(|o| !o.ask.same_data(ask)) {
            self.data = None;
            self.outline(ask, run, &readers)?;
        }
        let Some(outlined) = &self.outlined else { return Err(Stop::Cancelled) };
        let (limits, plan, seconds) = self.reach(ask, &outlined.sides)?;
        if seconds > PATIENCE_S && !run {
            return Err(Stop::Estimate(seconds, plan.summary.bytes_to_read));
        }
        let begun = Instant::now();
        let reach = if ask.tracks_cross {
            limits::reach(&ask.job(limits.radius_m, limits.window_us, "pairs.parquet".into()), &outlined.sides)?
        } else {
            Reach::new(limits.radius_m + limits.margin_m, limits.window_us)
        };
        let loader = Loader {
            readers: &readers,
            sides: &outlined.sides,
            order: &plan.order,
            filters: &ask.filters().map_err(Stop::Sentence)?,
            window_us: reach.window_us(),
            reach,
            partial: ask.third.is_some(),
        };
        let all = plan.order.iter().map(|k| (0..outlined.sides[*k].granules.len()).collect()).collect();
        let task = Task { id: 0, slab_us: [i64::MIN / 2, i64::MAX / 2], granules: all, signature: String::new() };
        let shared = Arc::clone(&self.shared);
        let watched = move |done: u64, total: u64| shared.stage(Stage::Reading { done, total });
        let expected = if ask.tracks_cross { 0.0 } else { plan.summary.expected_pairs };
        let mut rows = loader.load_watched(&task, &watched)?.into_iter();
        if plan.summary.bytes_to_read > 5_000_000 {
            self.rate = (plan.summary.bytes_to_read as f64 / begun.elapsed().as_secs_f64()).clamp(5e6, 2e9);
        }
        let Some(outlined) = self.outlined.as_ref() else { return Err(Stop::Cancelled) };
        let mut sides = outlined.sides.iter().map(clone_of);
        let (Some(a), Some(b), Some(ra), Some(rb)) = (sides.next(), sides.next(), rows.next(), rows.next()) else {
            return Err(Stop::Cancelled);
        };
        let [of_a, of_b] = ask.sides.clone();
        let third = ask.third.clone().zip(sides.next()).zip(rows.next());
        let third = third.map(|((of, side), rows)| SideData::new(of, side, rows));
        let mut data = Data::new([SideData::new(of_a, a, ra), SideData::new(of_b, b, rb)], third, limits);
        self.shared.stage(Stage::Matching { done: 0, total: 0, pairs: None });
        let shared = Arc::clone(&self.shared);
        // Candidates of wider limits are no pairs yet: their number is not told.
        let progress = move |p: seaglass_coloc::Progress| {
            shared.stage(Stage::Matching { done: p.done, total: p.total, pairs: None });
        };
        if !ask.tracks_cross {
            let begun = Instant::now();
            data.gather(cancel, &progress)?;
            // What was given up half-way tells nothing.
            if expected > 1e6 && data.is_live() {
                self.join_rate = (expected / begun.elapsed().as_secs_f64()).clamp(1e5, 1e8);
            }
        }
        self.data = Some(Arc::new(data));
        Ok(())
    }

    fn outline(&mut self, ask: &Arc<Ask>, run: bool, readers: &Readers) -> Result<(), Stop> {
        let bytes: u64 = ask.all().flat_map(|s| &s.spec.files).map(|f| size_of_file(f)).sum();
        // Where values lie is known of files looked into before; how many these are is seen only by looking.
        let seconds = bytes as f64 / (self.rate * 10.0);
        if seconds > PATIENCE_S && !run && self.means.cache.is_none() {
            return Err(Stop::Estimate(seconds, bytes));
        }
        let cache = OutlineCache::new(self.means.cache.clone());
        let files: usize = ask.all().map(|s| s.spec.files.len()).sum();
        let filters = ask.filters().map_err(Stop::Sentence)?;
        let mut before = 0;
        let mut sides = Vec::new();
        for (side, filter) in ask.all().zip(&filters) {
            let columns = filter.as_ref().map(seaglass_jobs::filter::Filter::columns).unwrap_or_default();
            let watcher = |e: Event<'_>| {
                if let Event::Outlined { done, .. } = e {
                    self.shared.stage(Stage::Looking { done: before + done, total: files });
                }
            };
            let found = seaglass_jobs::granules::side(&side.spec, &columns, readers, &cache, &watcher)?;
            before += side.spec.files.len();
            sides.push(found);
        }
        limits::check(&ask.job(ask.radius_m, ask.window_us, "pairs.parquet".into()), &sides)?;
        self.outlined = Some(Outlined { ask: Arc::clone(ask), sides });
        Ok(())
    }

    /// How far around the limits to read: as far as sliders may go, as long as that is cheap.
    fn reach(&self, ask: &Ask, sides: &[Side]) -> Result<(Limits, Plan, f64), Stop> {
        let margin_m = margin_m(ask, sides);
        let mut exact: Option<(Limits, Plan, f64)> = None;
        let mut best: Option<(Limits, Plan, f64)> = None;
        for factor in REACHES.into_iter().rev() {
            let radius_m = (ask.radius_m * factor).min(ask.radius_m.max(seaglass_core::colocation::RADIUS_RANGE_M[1]));
            let window_us = (ask.window_us as f64 * factor) as i64;
            let wide = ask.job(radius_m + margin_m, window_us, "pairs.parquet".into());
            let plan = seaglass_jobs::plan::plan(&wide, sides)?;
            // Tracks meet in points, whatever the density of their samples.
            let expected = if ask.tracks_cross { 0.0 } else { plan.summary.expected_pairs };
            let seconds = plan.summary.bytes_to_read as f64 / self.rate + candidates(expected) / self.join_rate;
            let here = (Limits { radius_m, window_us, margin_m }, plan, seconds);
            let Some(first) = &exact else {
                exact = Some(here);
                continue;
            };
            // Beyond what can be kept, or much slower than what was asked for, is too far.
            if expected > MAX_CANDIDATES as f64 / 2.0 || seconds > first.2.max(PATIENCE_S / 2.0) * 1.5 {
                break;
            }
            best = Some(here);
        }
        best.or(exact).ok_or(Stop::Cancelled)
    }
}

/// Candidates that are looked at in all: where they are too many to be kept, the search for those to keep has been in
/// vain.
fn candidates(expected: f64) -> f64 {
    let most = MAX_CANDIDATES as f64;
    if expected > most { expected + most } else { expected }
}

/// How far beyond the radius cells must be there: half a box, or the corners of the cell about a place.
fn margin_m(ask: &Ask, sides: &[Side]) -> f64 {
    let Some(side) = sides.get(1) else { return 0.0 };
    let half_box = (ask.box_size / 2 + 1) as f64;
    let cells = match ask.sample {
        _ if ask.tracks_cross => return 0.0,
        Sample::Box => half_box,
        Sample::Interpolated | Sample::InterpolatedStep => 1.5,
        _ => return 0.0,
    };
    // A few tiles are like all of them; a tenth is to spare.
    let mut most = 0.0_f64;
    for g in &side.granules {
        let series = g.shape[1] == 1;
        let along = if series { SERIES_TILE } else { RASTER_TILE } as f64 - 1.0;
        let step = (g.tiles.len() / 64).max(1);
        for tile in g.tiles.iter().step_by(step).filter(|t| t.valid > 0) {
            let lat = f64::from(tile.north - tile.south) * 1e-6;
            let middle = (f64::from(tile.north) + f64::from(tile.south)) / 2.0 * 1e-6;
            let lon = (f64::from(tile.east) - f64::from(tile.west)) * 1e-6 * middle.to_radians().cos();
            let cell_m = lat.hypot(lon.min(180.0)) / along * 111_320.0;
            most = most.max(if series { cell_m * (ask.box_size * ask.box_size / 2) as f64 } else { cell_m * cells });
        }
    }
    most * 1.1
}

fn size_of_file(path: &str) -> u64 {
    std::fs::metadata(path).map_or(0, |m| m.len())
}

/// Outlines are kept for the next reading; the tiles of granules are shared.
fn clone_of(side: &Side) -> Side {
    Side {
        spec: side.spec.clone(),
        time_us: side.time_us,
        files: side.files.clone(),
        cards: side.cards.clone(),
        granules: side.granules.clone(),
        columns: side.columns.clone(),
        rows: side.rows,
        failed: side.failed.clone(),
    }
}
