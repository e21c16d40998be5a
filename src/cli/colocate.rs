//! `seaglass colocate`: match-ups of measurements, planned, run and put together.

use std::io::{IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args as ClapArgs, Subcommand};
use seaglass_data::pool::{ProcessConnector, find_worker};
use seaglass_data::registry::Registry;
use seaglass_jobs::granules::FailedFile;
use seaglass_jobs::plan::Summary;
use seaglass_jobs::progress::{Event, Watcher};
use seaglass_jobs::spec::{OutputSpec, PolicySpec, SideSpec};
use seaglass_jobs::units::{count_text, size_text};
use seaglass_jobs::{Job, JobError, JobSpec, Setup};

use super::{Exit, Failure, Outcome, print, readers_dir};

/// `seaglass colocate`.
#[derive(Debug, ClapArgs)]
pub struct Colocate {
    #[command(subcommand)]
    pub task: ColocateTask,
}

/// What to do with a job.
#[derive(Debug, Subcommand)]
pub enum ColocateTask {
    /// Tells pairs of granules, bytes to read and expected matches, from outlines alone.
    Plan(Box<JobArgs>),
    /// Runs the job; what is finished already is not done again.
    Run(Box<JobArgs>),
    /// Puts together what the shards of a job have done.
    Merge(Box<JobArgs>),
}

impl Colocate {
    /// Whether output is wanted as JSON.
    pub fn wants_json(&self) -> bool {
        match &self.task {
            ColocateTask::Plan(o) | ColocateTask::Run(o) | ColocateTask::Merge(o) => o.json,
        }
    }
}

/// A job file, or a job in words.
#[derive(Debug, ClapArgs)]
pub struct JobArgs {
    /// Job file (docs/colocation.md); without it --primary, --secondary, --radius, --window and --out say what to do.
    #[arg(value_name = "JOB.toml")]
    pub job: Option<PathBuf>,
    /// Files, folders or globs of the primary side.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "job")]
    pub primary: Vec<String>,
    /// Files, folders or globs of the secondary side.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "job")]
    pub secondary: Vec<String>,
    /// Greatest distance: 25km, 500m; interpolate and crossovers need none.
    #[arg(long, value_name = "LENGTH", allow_hyphen_values = true, conflicts_with = "job")]
    pub radius: Option<String>,
    /// Greatest time difference: 1h, 30min, 10d.
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, conflicts_with = "job")]
    pub window: Option<String>,
    /// all, nearest, mutual, mean, median, std, min, max, count, interpolate or crossovers.
    #[arg(long, value_name = "POLICY", default_value = "nearest", conflicts_with = "job")]
    pub policy: String,
    /// Field of the primary side to carry along; repeat for several.
    #[arg(long, value_name = "NAME", conflicts_with = "job")]
    pub primary_field: Vec<String>,
    /// Field of the secondary side to carry along; repeat for several.
    #[arg(long, value_name = "NAME", conflicts_with = "job")]
    pub secondary_field: Vec<String>,
    /// Rows of the primary side that take part: 'quality_flag == 0'.
    #[arg(long, value_name = "EXPRESSION", conflicts_with = "job")]
    pub primary_filter: Option<String>,
    /// Rows of the secondary side that take part.
    #[arg(long, value_name = "EXPRESSION", conflicts_with = "job")]
    pub secondary_filter: Option<String>,
    /// First and last time of the primary side: 2024-06-01 2024-06-30T12:00.
    #[arg(long, value_names = ["FROM", "TO"], num_args = 2, conflicts_with = "job")]
    pub primary_time: Vec<String>,
    /// First and last time of the secondary side.
    #[arg(long, value_names = ["FROM", "TO"], num_args = 2, conflicts_with = "job")]
    pub secondary_time: Vec<String>,
    /// Only passes of the primary side that go this way: ascending or descending.
    #[arg(long, value_name = "WAY", conflicts_with = "job")]
    pub primary_pass: Option<String>,
    /// Only passes of the secondary side that go this way.
    #[arg(long, value_name = "WAY", conflicts_with = "job")]
    pub secondary_pass: Option<String>,
    /// Longest time between samples of a track that are connected (crossovers): 5s.
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, conflicts_with = "job")]
    pub max_gap: Option<String>,
    /// Between the steps of a grid (interpolate): linear or nearest.
    #[arg(long, value_name = "METHOD", conflicts_with = "job")]
    pub between: Option<String>,
    /// Output, in place of that of the job file: .parquet, .nc or .csv.
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replaces an output that is there.
    #[arg(long)]
    pub overwrite: bool,
    /// Does every N-th task, beginning with the K-th, and leaves them for `merge`: 3/16.
    #[arg(long, value_name = "K/N")]
    pub shard: Option<String>,
    /// Threads that join and processes that read; one per processor when absent.
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Writes the job file of what the arguments say, and does nothing else.
    #[arg(long, value_name = "JOB.toml", conflicts_with = "job")]
    pub save: Option<PathBuf>,
    /// Output and errors as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Does what the arguments say.
pub fn run(options: &Colocate) -> Outcome {
    let (args, what) = match &options.task {
        ColocateTask::Plan(a) => (a, "plan"),
        ColocateTask::Run(a) => (a, "run"),
        ColocateTask::Merge(a) => (a, "merge"),
    };
    let spec = spec(args)?;
    if let Some(path) = &args.save {
        let text = spec.to_toml().map_err(|e| failure(&e, args))?;
        std::fs::write(path, text)
            .map_err(|e| Failure::new(Exit::Output, format!("The job file cannot be written: {e}.")).about(path))?;
        return Ok(Vec::new());
    }
    let shard = args.shard.as_deref().map(shard).transpose()?;
    let bar = Bar::new(args.json);
    let setup = setup()?;
    let job = Job::open(spec, setup, &bar).map_err(|e| failure(&e, args))?;
    match what {
        "plan" => {
            bar.clear();
            print(&if args.json { json_line(job.summary())? } else { plan_text(job.summary()) });
            Ok(failures(&job.failed_files()))
        }
        _ => {
            let done = if what == "run" { job.run(shard, &bar) } else { job.merge(&bar) };
            bar.clear();
            let outcome = done.map_err(|e| failure(&e, args))?;
            if args.json {
                print(&json_line(&outcome)?);
            } else {
                print(&outcome_text(&outcome, shard.is_some()));
            }
            Ok(failures(&outcome.failed))
        }
    }
}

/// The job of the arguments.
fn spec(args: &JobArgs) -> Result<JobSpec, Failure> {
    let mut spec = match &args.job {
        Some(path) => JobSpec::load(path).map_err(|e| failure(&e, args).about(path))?,
        None => quick(args)?,
    };
    if let (Some(out), true) = (&args.out, args.job.is_some()) {
        spec.output.path = std::path::absolute(out).unwrap_or_else(|_no_working_folder| out.clone());
        spec.output.formats.clear();
    }
    spec.output.overwrite |= args.overwrite;
    if let Some(n) = args.threads {
        if !(1..=256).contains(&n) {
            return Err(Failure::new(Exit::Usage, "--threads must lie between 1 and 256."));
        }
        spec.run.threads = n;
    }
    Ok(spec)
}

/// Policies that need no more than their name; `box` and `weighted` have settings that only job files have.
const POLICIES: &str = "policy; write all, nearest, mutual, mean, median, std, min, max, count, interpolate or \
                        crossovers, or box in a job file with its size and weighted with its weights";

/// One of the words of a job file.
fn word<T: serde::de::DeserializeOwned>(text: &str, what: &str) -> Result<T, Failure> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
        .map_err(|_unknown| Failure::new(Exit::Usage, format!("\"{text}\" is no {what}.")))
}

/// A job without a file.
fn quick(args: &JobArgs) -> Result<JobSpec, Failure> {
    let need = |what: &str| Failure::new(Exit::Usage, format!("Without a job file, {what} is needed."));
    if args.primary.is_empty() {
        return Err(need("--primary FILES"));
    }
    if args.secondary.is_empty() {
        return Err(need("--secondary FILES"));
    }
    let primary = SideSpec {
        name: "primary".to_owned(),
        files: args.primary.clone(),
        fields: args.primary_field.clone(),
        filter: args.primary_filter.clone(),
        masks: true,
        time: args.primary_time.clone().try_into().ok(),
        pass: args.primary_pass.as_deref().map(|w| word(w, "pass; write ascending or descending")).transpose()?,
        ..SideSpec::default()
    };
    let secondary = SideSpec {
        name: "secondary".to_owned(),
        files: args.secondary.clone(),
        fields: args.secondary_field.clone(),
        filter: args.secondary_filter.clone(),
        masks: true,
        time: args.secondary_time.clone().try_into().ok(),
        pass: args.secondary_pass.as_deref().map(|w| word(w, "pass; write ascending or descending")).transpose()?,
        ..SideSpec::default()
    };
    let between = args.between.as_deref().map(|w| word(w, "way between steps; write linear or nearest")).transpose()?;
    let policy = PolicySpec {
        kind: word(&args.policy, POLICIES)?,
        max_gap: args.max_gap.clone(),
        time: between.unwrap_or_default(),
        ..PolicySpec::default()
    };
    let mut spec = JobSpec {
        title: None,
        primary: None,
        radius: match &args.radius {
            Some(radius) => radius.clone(),
            None if policy.kind.has_own_radius() => String::new(),
            None => return Err(need("--radius LENGTH")),
        },
        window: args.window.clone().ok_or_else(|| need("--window DURATION"))?,
        metric: Default::default(),
        policy,
        reference: Default::default(),
        duplicates: Default::default(),
        partial: false,
        sides: vec![primary, secondary],
        output: OutputSpec {
            path: args.out.clone().ok_or_else(|| need("--out FILE"))?,
            overwrite: args.overwrite,
            ..OutputSpec::default()
        },
        run: Default::default(),
    };
    let here = std::env::current_dir().unwrap_or_default();
    spec.resolve(&here);
    spec.check().map_err(|e| failure(&e, args))?;
    Ok(spec)
}

/// `3/16`.
fn shard(text: &str) -> Result<(usize, usize), Failure> {
    let parts = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
    match parts {
        Some((k, n)) if k >= 1 && k <= n => Ok((k, n)),
        _ => Err(Failure::new(Exit::Usage, format!("\"{text}\" is no shard; write --shard 3/16, from 1/16 to 16/16."))),
    }
}

fn setup() -> Result<Setup, Failure> {
    let registry = Registry::load(readers_dir()?.as_deref());
    for error in registry.errors() {
        eprintln!("seaglass: A product file is left out: {error}. ({})", error.origin());
    }
    let cancel = seaglass_jobs::Cancel::new();
    let switch = cancel.clone();
    // The second time ends at once: what is finished is on disk anyway.
    let handled = ctrlc::set_handler(move || {
        if switch.is_cancelled() {
            std::process::exit(i32::from(Exit::Stopped as u8));
        }
        switch.cancel();
    });
    if let Err(e) = handled {
        log::warn!("Ctrl-C ends at once: {e}");
    }
    let connect = Arc::new(ProcessConnector { program: find_worker(None), args: Vec::new() });
    Ok(Setup { connect, registry: Arc::new(registry), cancel })
}

fn failure(error: &JobError, args: &JobArgs) -> Failure {
    let exit = match error {
        JobError::Text { .. } | JobError::Spec(_) => Exit::Usage,
        JobError::Nothing(_) => Exit::Nothing,
        JobError::Input { .. } => Exit::Unreadable,
        JobError::Output { .. } => Exit::Output,
        JobError::Canceled => Exit::Stopped,
        JobError::Internal(_) => Exit::Internal,
    };
    let out = match error {
        JobError::Text { .. } => Failure::new(exit, format!("The job file is not understood: {error}.")),
        _ => Failure::new(exit, error.to_string()),
    };
    match (error, &args.job) {
        (JobError::Input { path, .. } | JobError::Output { path, .. }, _) => out.about(path),
        (JobError::Text { .. } | JobError::Spec(_), Some(job)) => out.about(job),
        _ => out,
    }
}

/// Files that were left out.
fn failures(failed: &[FailedFile]) -> Vec<Failure> {
    failed.iter().map(|f| Failure::new(Exit::Unreadable, f.message.clone()).about(&f.path)).collect()
}

fn json_line(value: &impl serde::Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string(value)
        .map_err(|e| Failure::new(Exit::Internal, format!("The result has no JSON form: {e}.")))?;
    Ok(text + "\n")
}

fn granules(n: usize) -> String {
    format!("{} {}", count_text(n as u64), if n == 1 { "granule" } else { "granules" })
}

/// A length of time in the unit that suits it: `5 d`, `1.5 h`.
fn span_text(seconds: f64) -> String {
    let (n, unit) = match seconds {
        s if s >= 86_400.0 => (s / 86_400.0, "d"),
        s if s >= 3600.0 => (s / 3600.0, "h"),
        s if s >= 60.0 => (s / 60.0, "min"),
        s => (s, "s"),
    };
    let text = format!("{n:.1}");
    format!("{} {unit}", text.strip_suffix(".0").unwrap_or(&text))
}

fn plan_text(s: &Summary) -> String {
    let mut out = String::new();
    for side in &s.sides {
        let time = match (&side.start, &side.stop) {
            (Some(a), Some(b)) => format!("{a} to {b}"),
            _ => "no time".to_owned(),
        };
        out += &format!(
            "{}: {} in {}, {} rows ({} valid), {time}; {} take part\n",
            side.name,
            size_text(side.bytes),
            granules(side.granules),
            count_text(side.rows),
            count_text(side.valid),
            if side.granules_used == side.granules { "all".to_owned() } else { granules(side.granules_used) },
        );
    }
    out += &format!("granule pairs: {}\n", count_text(s.granule_pairs));
    let again = if s.tasks > 1 { ", files that several tasks read counted for each" } else { "" };
    out += &format!("to read: {}{again}\n", size_text(s.bytes_to_read));
    out += &format!("expected pairs within the limits: about {}\n", count_text(s.expected_pairs.round() as u64));
    out += &format!("tasks: {} of {}\n", s.tasks, span_text(s.slab_s));
    out
}

fn outcome_text(o: &seaglass_jobs::Outcome, shard: bool) -> String {
    let mut out = String::new();
    if shard {
        out += &format!("{} tasks done, {} of them before; then: seaglass colocate merge\n", o.tasks, o.reused);
    }
    let pairs = if o.rows == o.pairs { String::new() } else { format!(" of {} pairs", count_text(o.pairs)) };
    out += &format!("{} matches{pairs}", count_text(o.rows));
    if let Some(sum) = &o.pairs_sum64 {
        out += &format!(", sum64 {sum}");
    }
    out.push('\n');
    if let Some(note) = &o.note {
        out += &format!("{note}\n");
    }
    for path in &o.outputs {
        out += &format!("{}\n", path.display());
    }
    out
}

/// A line on standard error that says how far the job is.
struct Bar {
    shown: bool,
    begun: Instant,
    last: parking_lot::Mutex<Option<Instant>>,
}

impl Bar {
    fn new(json: bool) -> Self {
        Self {
            shown: !json && std::io::stderr().is_terminal(),
            begun: Instant::now(),
            last: parking_lot::Mutex::new(None),
        }
    }

    fn line(&self, text: &str, over: bool) {
        if !self.shown {
            return;
        }
        let mut last = self.last.lock();
        if !over && last.is_some_and(|t| t.elapsed() < Duration::from_millis(100)) {
            return;
        }
        *last = Some(Instant::now());
        let mut err = std::io::stderr().lock();
        // A terminal that has gone away is no fault of the job.
        if write!(err, "\r\x1b[K{text}").and_then(|()| err.flush()).is_err() {
            log::debug!("no progress on standard error");
        }
    }

    fn clear(&self) {
        if self.shown && self.last.lock().is_some() {
            self.line("", true);
        }
    }
}

impl Watcher for Bar {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Outlined { side, done, total } => {
                self.line(&format!("{side}: {done} of {total} files looked at"), done == total);
            }
            Event::Tasks { done, total, pairs } => {
                let seconds = self.begun.elapsed().as_secs();
                let width = 24;
                let full = (width * done).checked_div(total).unwrap_or(width);
                let bar = format!("{}{}", "#".repeat(full), "-".repeat(width - full));
                self.line(
                    &format!("[{bar}] {done}/{total} tasks, {} pairs, {seconds} s", count_text(pairs)),
                    done == total,
                );
            }
            Event::Writing { path } => self.line(&format!("writing {}", name(path)), true),
            // Said at the end, with the exit code.
            Event::Failed { .. } => {}
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::shard;

    #[test]
    fn shards() {
        assert_eq!(shard("3/16").unwrap(), (3, 16));
        for wrong in ["0/4", "5/4", "1", "a/b", "1/0"] {
            assert!(shard(wrong).is_err(), "{wrong}");
        }
    }
}
