//! A job from beginning to end.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use seaglass_coloc::Cancel;
use seaglass_core::time::Time;
use seaglass_data::pool::Connect;
use seaglass_data::registry::Registry;

use crate::error::{JobError, Result};
use crate::filter::Filter;
use crate::granules::{self, FailedFile, OutlineCache, Side};
use crate::limits;
use crate::load::ReadCounts;
use crate::merge::{Found, Merge};
use crate::plan::{self, Plan, Summary};
use crate::progress::{Event, Watcher};
use crate::provenance::{self, Provenance};
use crate::reading::Readers;
use crate::spec::{Between, JobSpec, MetricName, MetricSpec, PolicyKind};
use crate::state::{Manifest, State};
use crate::table::Layout;
use crate::task::{self, Context};
use crate::write;

/// Tasks under way at once, at most: one reads while another joins.
const TASKS_AT_ONCE: usize = 4;

/// What a job needs from where it runs.
pub struct Setup {
    /// Starts readers.
    pub connect: Arc<dyn Connect>,
    /// Products.
    pub registry: Arc<Registry>,
    /// Stops the job.
    pub cancel: Cancel,
}

/// A job that is planned.
pub struct Job {
    spec: JobSpec,
    sides: Vec<Side>,
    plan: Plan,
    filters: Vec<Option<Filter>>,
    layout: Layout,
    readers: Readers,
    state: State,
    threads: rayon::ThreadPool,
    workers: usize,
}

/// What came of a run.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Outcome {
    /// Tasks of this run, or of this shard.
    pub tasks: usize,
    /// Of these, found done.
    pub reused: usize,
    /// Rows of results, of these tasks.
    pub rows: u64,
    /// Pairs behind them.
    pub pairs: u64,
    /// Hash of the pairs, when the results are put together.
    pub pairs_sum64: Option<String>,
    /// Files written; none after a shard.
    pub outputs: Vec<PathBuf>,
    /// What could not be read.
    pub failed: Vec<FailedFile>,
    /// Nothing is missing.
    pub complete: bool,
    /// Why there may be no match at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Job {
    /// Reads the outlines of all files and plans.
    ///
    /// # Errors
    /// The job makes no sense, a side is empty, nothing overlaps.
    pub fn open(spec: JobSpec, setup: Setup, watcher: &dyn Watcher) -> Result<Self> {
        spec.check()?;
        let output = spec.formats()?.into_iter().next().map(|f| f.1).unwrap_or_default();
        let state = State::beside(&output);
        let new = !state.dir.exists();
        Self::planned(spec, setup, watcher, state.clone()).inspect_err(|e| {
            // A job that is refused leaves nothing behind; one that is stopped goes on from its outlines.
            if new && matches!(e, JobError::Spec(_) | JobError::Nothing(_) | JobError::Output { .. }) {
                state.remove_unused();
            }
        })
    }

    fn planned(mut spec: JobSpec, setup: Setup, watcher: &dyn Watcher, state: State) -> Result<Self> {
        if spec.policy.kind == PolicyKind::Interpolate {
            // Each field is interpolated from the cells that have it.
            let grid = usize::from(spec.primary_index() == 0);
            spec.sides[grid].require.get_or_insert_default();
        }
        let workers = match spec.run.threads {
            0 => std::thread::available_parallelism().map_or(2, usize::from),
            n => n,
        };
        let workers = workers.clamp(1, 64);
        let folder = state.dir.parent().map(std::path::Path::to_owned).unwrap_or_default();
        if !folder.is_dir() {
            let message = "The folder of the output does not exist; make it first.".to_owned();
            return Err(JobError::Output { message, path: folder });
        }
        let filters: Result<Vec<Option<Filter>>> =
            spec.sides.iter().map(|s| s.filter.as_deref().map(|f| Filter::parse(&s.name, f)).transpose()).collect();
        let filters = filters?;
        let threads = rayon::ThreadPoolBuilder::new().num_threads(workers).thread_name(|k| format!("join-{k}")).build();
        let threads = threads.map_err(|e| JobError::Internal(format!("The threads cannot be started: {e}.")))?;
        let readers = Readers::new(workers, setup.connect, setup.registry, setup.cancel)?;
        let cache = OutlineCache::new(Some(granules::cache_dir(spec.run.cache.as_deref(), &state.dir)));
        let mut sides = Vec::new();
        for (side, filter) in spec.sides.iter().zip(&filters) {
            let names = filter.as_ref().map(Filter::columns).unwrap_or_default();
            sides.push(granules::side(side, &names, &readers, &cache, watcher)?);
        }
        inputs_stay(&spec, &sides)?;
        limits::check(&spec, &sides)?;
        let plan = plan::plan(&spec, &sides)?;
        let layout = Layout::new(&spec, &sides);
        Ok(Self { spec, sides, plan, filters, layout, readers, state, threads, workers })
    }

    /// Figures of the plan.
    pub fn summary(&self) -> &Summary {
        &self.plan.summary
    }

    /// The job.
    pub fn spec(&self) -> &JobSpec {
        &self.spec
    }

    /// Files that could not be read while planning.
    pub fn failed_files(&self) -> Vec<FailedFile> {
        self.sides.iter().flat_map(|s| s.failed.clone()).collect()
    }

    /// Refuses when an output is there that is not ours to replace.
    fn check_outputs(&self) -> Result<()> {
        if self.spec.output.overwrite {
            return Ok(());
        }
        for (_, path) in self.spec.formats()? {
            if path.exists() && !is_incomplete(&path) {
                return Err(JobError::Output {
                    message: "The output is there already; name another, or say --overwrite.".to_owned(),
                    path,
                });
            }
        }
        Ok(())
    }

    /// Runs the tasks of shard `k` of `n`, or all of them and puts the results together.
    ///
    /// # Errors
    /// Stopped, or the output cannot be written. What is finished stays finished.
    pub fn run(&self, shard: Option<(usize, usize)>, watcher: &dyn Watcher) -> Result<Outcome> {
        self.check_outputs().inspect_err(|_refused| self.state.remove_unused())?;
        self.state.create()?;
        let own: Vec<usize> = match shard {
            Some((k, n)) => (0..self.plan.tasks.len()).filter(|t| t % n == k - 1).collect(),
            None => (0..self.plan.tasks.len()).collect(),
        };
        let (manifests, reused) = self.run_tasks(&own, watcher)?;
        if shard.is_some() {
            let mut outcome = Outcome { tasks: own.len(), reused, ..Outcome::default() };
            self.sum_up(&manifests, &mut outcome);
            return Ok(outcome);
        }
        let outcome = self.put_together(&manifests, watcher)?;
        Ok(Outcome { reused, ..outcome })
    }

    /// Puts together what shards have done.
    ///
    /// # Errors
    /// Tasks are missing, or the output cannot be written.
    pub fn merge(&self, watcher: &dyn Watcher) -> Result<Outcome> {
        let refused = |_: &JobError| self.state.remove_unused();
        self.check_outputs().inspect_err(refused)?;
        let found: Vec<Option<Manifest>> = self.plan.tasks.iter().map(|t| self.state.load(&t.signature)).collect();
        let missing: Vec<usize> = (0..found.len()).filter(|k| found[*k].is_none()).collect();
        if let Some(first) = missing.first() {
            self.state.remove_unused();
            return Err(JobError::Nothing(format!(
                "{} of {} tasks are not done (the first is task {first}); run the shards that are missing, then merge.",
                missing.len(),
                found.len()
            )));
        }
        self.put_together(&found.into_iter().flatten().collect::<Vec<_>>(), watcher)
    }

    /// Runs tasks that are not done; gives all manifests in order, and how many were found done.
    fn run_tasks(&self, own: &[usize], watcher: &dyn Watcher) -> Result<(Vec<Manifest>, usize)> {
        let known: Vec<Option<Manifest>> =
            own.iter().map(|t| self.state.load(&self.plan.tasks[*t].signature).filter(Manifest::is_whole)).collect();
        let reused = known.iter().flatten().count();
        let pairs: u64 = known.iter().flatten().map(|m| m.pairs).sum();
        let open: Vec<usize> = (0..own.len()).filter(|k| known[*k].is_none()).collect();
        let (next, done) = (AtomicUsize::new(0), Mutex::new((reused, pairs, known)));
        watcher.event(Event::Tasks { done: reused, total: own.len(), pairs });
        let error = Mutex::new(None);
        let cx = Context {
            spec: &self.spec,
            sides: &self.sides,
            plan: &self.plan,
            filters: &self.filters,
            layout: &self.layout,
            readers: &self.readers,
            threads: &self.threads,
        };
        let work = || {
            while let Some(k) = open.get(next.fetch_add(1, Ordering::Relaxed)) {
                if error.lock().is_some() {
                    return;
                }
                match self.run_task(&cx, own[*k]) {
                    Err(e) => {
                        error.lock().get_or_insert(e);
                        return;
                    }
                    Ok(manifest) => {
                        manifest
                            .failed
                            .iter()
                            .for_each(|f| watcher.event(Event::Failed { path: &f.path, message: &f.message }));
                        let mut done = done.lock();
                        done.0 += 1;
                        done.1 += manifest.pairs;
                        done.2[*k] = Some(manifest);
                        watcher.event(Event::Tasks { done: done.0, total: own.len(), pairs: done.1 });
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..self.workers.min(open.len()).min(TASKS_AT_ONCE) {
                scope.spawn(work);
            }
            work();
        });
        if let Some(e) = error.into_inner() {
            return Err(e);
        }
        let manifests = done.into_inner().2.into_iter().flatten().collect();
        Ok((manifests, reused))
    }

    fn run_task(&self, cx: &Context<'_>, task: usize) -> Result<Manifest> {
        let task = &self.plan.tasks[task];
        let (batch, manifest) = task::run(cx, task)?;
        write::table_file(&self.state.table(&task.signature), &batch)?;
        self.state.store(&manifest)?;
        Ok(manifest)
    }

    fn sum_up(&self, manifests: &[Manifest], outcome: &mut Outcome) {
        outcome.rows = manifests.iter().map(|m| m.rows).sum();
        outcome.pairs = manifests.iter().map(|m| m.pairs).sum();
        outcome.failed = self.failed(manifests);
        outcome.complete = outcome.failed.is_empty();
    }

    fn failed(&self, manifests: &[Manifest]) -> Vec<FailedFile> {
        let mut all = self.failed_files();
        for f in manifests.iter().flat_map(|m| &m.failed) {
            if !all.contains(f) {
                all.push(f.clone());
            }
        }
        all
    }

    fn put_together(&self, manifests: &[Manifest], watcher: &dyn Watcher) -> Result<Outcome> {
        let merge = Merge {
            spec: &self.spec,
            sides: &self.sides,
            plan: &self.plan,
            layout: &self.layout,
            state: &self.state,
            manifests,
            readers: &self.readers,
        };
        let found = merge.look()?;
        let mut outcome = Outcome { tasks: manifests.len(), ..Outcome::default() };
        self.sum_up(manifests, &mut outcome);
        (outcome.rows, outcome.pairs) = (found.rows, found.pairs);
        let sum64 = format!("{:016x}", found.sum64);
        let provenance = self.provenance(manifests, &outcome, &found, &sum64)?;
        outcome.outputs = merge.write(&found, &provenance, watcher)?;
        outcome.pairs_sum64 = Some(sum64);
        outcome.note = (outcome.rows == 0).then(|| self.why_nothing(manifests));
        // Tasks of which something is missing are run again; the others need not be.
        if outcome.complete {
            self.state.remove();
        }
        Ok(outcome)
    }

    /// A sentence about results without a row.
    fn why_nothing(&self, manifests: &[Manifest]) -> String {
        for (k, side) in self.sides.iter().enumerate() {
            let mut c = ReadCounts::default();
            manifests.iter().filter_map(|m| m.counts.get(k)).for_each(|counts| c.add(counts));
            let name = &side.spec.name;
            if c.taken == 0 && c.filtered > 0 {
                return format!("The filter of the side \"{name}\" lets none of the rows in reach pass.");
            }
            if c.taken == 0 && c.no_value > 0 {
                return format!(
                    "None of the rows in reach of the side \"{name}\" has a value in {}; say require = [] to take them \
                     without.",
                    side.spec.required().join(", ")
                );
            }
        }
        match (self.spec.policy.kind, self.spec.policy.time) {
            (PolicyKind::Interpolate, Between::Linear) => format!(
                "No row has a step of the grid before it and one after it within {}; say time = \"nearest\" in [policy] \
                 to take the nearest step.",
                self.spec.window
            ),
            (PolicyKind::Interpolate, _) => {
                format!("No row lies within the grid and within {} of a step.", self.spec.window)
            }
            (PolicyKind::Crossovers, _) => format!("No tracks cross within {} of each other.", self.spec.window),
            _ => format!("No rows lie within {} and {} of each other.", self.spec.radius, self.spec.window),
        }
    }

    fn provenance(&self, manifests: &[Manifest], outcome: &Outcome, found: &Found, sum64: &str) -> Result<Provenance> {
        let sides = self.layout.sides.iter().enumerate().map(|(at, columns)| {
            let side = &self.sides[columns.side];
            let mut counts = ReadCounts::default();
            manifests.iter().filter_map(|m| m.counts.get(columns.side)).for_each(|c| counts.add(c));
            let n = self.plan.order.iter().position(|k| *k == columns.side).unwrap_or(0);
            let used: std::collections::BTreeSet<usize> =
                self.plan.tasks.iter().flat_map(|t| &t.granules[n]).map(|g| side.granules[*g].file).collect();
            let checksum = self.spec.run.checksum;
            let matched = found.matched.get(at).copied().flatten();
            let used = |k| used.contains(&k);
            provenance::side_record(side, &columns.prefix, counts, matched, &used, checksum, &self.threads)
        });
        let metric = match self.spec.metric {
            MetricSpec::Name(MetricName::Wgs84) => "geodesic on WGS84".to_owned(),
            MetricSpec::Name(MetricName::Sphere) => "great circle on the sphere of 6371008.7714 m".to_owned(),
            MetricSpec::Sphere { sphere_m } => format!("great circle on the sphere of {sphere_m} m"),
        };
        Ok(Provenance {
            program: format!("seaglass {}", env!("CARGO_PKG_VERSION")),
            commit: env!("SEAGLASS_COMMIT"),
            created: now(),
            job: self.spec.clone(),
            metric,
            sides: sides.collect(),
            failed: outcome.failed.clone(),
            complete: outcome.complete,
            plan: self.plan.summary.clone(),
            rows: outcome.rows,
            pairs: outcome.pairs,
            candidates: manifests.iter().map(|m| m.candidates).sum(),
            pairs_sum64: sum64.to_owned(),
            task_seconds: manifests.iter().map(|m| m.seconds).sum(),
            outputs: self.spec.formats()?.into_iter().map(|f| f.1).collect(),
        })
    }
}

/// Refuses results in the place of an input, whatever may be replaced and by whatever name it is reached.
fn inputs_stay(spec: &JobSpec, sides: &[Side]) -> Result<()> {
    let mut places: Vec<PathBuf> = spec.formats()?.into_iter().map(|f| f.1).collect();
    places.extend(places.iter().map(|p| write::sidecar_path(p)).collect::<Vec<_>>());
    for path in places {
        let Some(own) = identity(&path) else { continue };
        let mut files = sides.iter().flat_map(|s| s.files.iter().map(move |f| (s, f)));
        if let Some((side, _)) = files.find(|(_, f)| identity(&f.path).is_some_and(|i| i == own)) {
            return Err(JobError::Output {
                message: format!(
                    "The output is a file of the side \"{}\", which would be lost; name another output.",
                    side.spec.name
                ),
                path,
            });
        }
    }
    Ok(())
}

/// What two names of one file have in common; `None` where there is no file.
#[cfg(unix)]
fn identity(path: &std::path::Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|m| (m.dev(), m.ino()))
}

/// What two names of one file have in common; `None` where there is no file.
#[cfg(not(unix))]
fn identity(path: &std::path::Path) -> Option<PathBuf> {
    std::fs::canonicalize(path).ok()
}

fn now() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Time::from_micros(i64::try_from(since.as_secs()).unwrap_or(0) * 1_000_000).iso()
}

/// Whether results say of themselves that something is missing; a rerun may replace them.
fn is_incomplete(output: &std::path::Path) -> bool {
    let read = std::fs::read(write::sidecar_path(output)).ok();
    let record = read.and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok());
    record.and_then(|r| r.get("complete")?.as_bool()) == Some(false)
}
