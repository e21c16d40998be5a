//! The plan: time slabs of the reference side, each a task with the granules it needs, from outlines alone.
//!
//! A pair belongs to the task of its reference row, whose time lies in exactly one slab; the task reads the other sides
//! in the slab widened by the window, and only tiles within the radius. Any cut gives the same pairs.

use std::collections::BTreeSet;

use seaglass_coloc::Reference;
use seaglass_core::time::Time;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::{JobError, Result};
use crate::expected::{self, Met};
use crate::granules::{Side, hex};
use crate::limits;
use crate::prune::{Node, Reach, Tree};
use crate::spec::{JobSpec, PolicyKind};
use crate::units;

/// Data a task reads about, when the job does not say.
const TASK_BYTES: u64 = 256_000_000;
/// A slab is at least this many windows long, so that little is read twice.
const WINDOWS_PER_SLAB: i64 = 10;
/// Changes when a task of the same inputs says something else; tasks finished before then run again.
const TASK_VERSION: u32 = 2;
/// Most tasks of a job.
const MAX_TASKS: i64 = 200_000;

/// One task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Number, in order of time.
    pub id: usize,
    /// First and last instant of the reference rows it owns, µs.
    pub slab_us: [i64; 2],
    /// Granules of each side, in the order of [`Plan::order`].
    pub granules: Vec<Vec<usize>>,
    /// Names the task and all it depends on; a finished task of this signature need not run again.
    pub signature: String,
}

/// A plan.
pub struct Plan {
    /// Sides by index into the job's: the reference side first.
    pub order: Vec<usize>,
    /// Tasks, in order of time.
    pub tasks: Vec<Task>,
    /// The first task that needs a granule of the reference side; `u32::MAX` where none does.
    pub first_task: Vec<u32>,
    /// How it comes out.
    pub summary: Summary,
}

/// Figures of a plan.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// Files and rows of each side, in the order of the job.
    pub sides: Vec<SideSummary>,
    /// Tasks.
    pub tasks: usize,
    /// Length of their time slabs, s.
    pub slab_s: f64,
    /// Pairs of granules near enough in place and time, each counted once.
    pub granule_pairs: u64,
    /// Bytes of the files that are read, each counted once for every task that reads it.
    pub bytes_to_read: u64,
    /// Pairs to be expected within radius and window, from the density of rows in tiles.
    pub expected_pairs: f64,
}

/// Figures of a side.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SideSummary {
    /// Name.
    pub name: String,
    /// Files.
    pub files: usize,
    /// Files left out.
    pub failed: usize,
    /// Granules.
    pub granules: usize,
    /// Rows.
    pub rows: u64,
    /// Rows with position and time.
    pub valid: u64,
    /// First time.
    pub start: Option<String>,
    /// Last time.
    pub stop: Option<String>,
    /// Bytes of its files.
    pub bytes: u64,
    /// Granules that take part.
    pub granules_used: usize,
}

/// Sides by index into the job's: the reference side first.
pub fn order(spec: &JobSpec) -> Vec<usize> {
    let primary = spec.primary_index();
    let mut order = vec![primary];
    order.extend((0..spec.sides.len()).filter(|k| *k != primary));
    if spec.reference == Reference::Secondary {
        order.swap(0, 1);
    }
    order
}

/// Plans a job.
///
/// # Errors
/// The sides do not overlap at all.
pub fn plan(spec: &JobSpec, sides: &[Side]) -> Result<Plan> {
    let order = order(spec);
    let reach = limits::reach(spec, sides)?;
    let window = reach.window_us();
    let spans: Vec<(i64, i64)> = order.iter().map(|k| span(&sides[*k])).collect();
    let owner = &sides[order[0]];
    if let Some(n) = spans.iter().position(|(a, b)| a > b) {
        return Err(JobError::Nothing(no_row(&sides[order[n]])));
    }
    no_overlap(spec, &order, sides, &spans, window)?;
    // Only what some partner can reach matters.
    let others = spans[1..].iter().fold((i64::MAX, i64::MIN), |(a, b), s| (a.min(s.0), b.max(s.1)));
    let first = spans[0].0.max(others.0.saturating_sub(window));
    let last = spans[0].1.min(others.1.saturating_add(window));
    let slab = slab_length(spec, sides, &order, last - first, window)?;
    let config = signature_base(spec)?;
    let trees: Vec<Tree> = order.iter().map(|k| granule_tree(&sides[*k])).collect();
    let mut tasks = Vec::new();
    let mut summary = Summary { slab_s: slab as f64 / 1e6, ..Summary::default() };
    let mut used: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); order.len()];
    let mut first_task = vec![u32::MAX; owner.granules.len()];
    let mut met = Met::new(&order, sides);
    for k in first.div_euclid(slab)..=last.div_euclid(slab) {
        let slab_us = [k * slab, (k + 1) * slab - 1];
        let Some(granules) = task_granules(owner, &order, sides, &trees, &reach, slab_us, &mut met) else { continue };
        met.forget(|k| owner.granules[k].bounds.times().1 <= slab_us[1]);
        for (n, list) in granules.iter().enumerate() {
            let files: BTreeSet<usize> = list.iter().map(|g| sides[order[n]].granules[*g].file).collect();
            summary.bytes_to_read += files.iter().map(|f| sides[order[n]].files[*f].size).sum::<u64>();
            used[n].extend(list);
        }
        for g in &granules[0] {
            first_task[*g] = first_task[*g].min(tasks.len() as u32);
        }
        let signature =
            signature(&config, slab_us, &order, sides, &granules, spec.policy.kind.is_aggregate() || sides.len() > 2);
        tasks.push(Task { id: tasks.len(), slab_us, granules, signature });
    }
    if tasks.is_empty() {
        return Err(JobError::Nothing(format!(
            "Nothing overlaps: no granules of the sides lie within {} and {} of each other.",
            spec.radius, spec.window
        )));
    }
    summary.tasks = tasks.len();
    summary.sides = (0..sides.len())
        .map(|k| {
            let n = order.iter().position(|o| *o == k).unwrap_or(0);
            side_summary(&sides[k], used[n].len())
        })
        .collect();
    summary.expected_pairs = expected::pairs(spec, &order, sides, &used)?;
    summary.granule_pairs = met.count;
    Ok(Plan { order, tasks, first_task, summary })
}

/// Times that the files of a side cover.
fn covered(side: &Side) -> (i64, i64) {
    side.granules.iter().map(|g| g.bounds.times()).fold((i64::MAX, i64::MIN), |(a, b), t| (a.min(t.0), b.max(t.1)))
}

/// Times of a side within its limits.
fn span(side: &Side) -> (i64, i64) {
    let [start, stop] = side.time_us.unwrap_or([i64::MIN + 1, i64::MAX]);
    let all = covered(side);
    (all.0.max(start), all.1.min(stop))
}

/// Why a side has no row at all.
fn no_row(side: &Side) -> String {
    let (name, (start, stop)) = (&side.spec.name, covered(side));
    let iso = |t: i64| Time::from_micros(t).iso();
    match side.time_us {
        Some([from, to]) if start <= stop => format!(
            "The side \"{name}\" covers {} to {}, and its time is limited to {} to {}; change time.",
            iso(start),
            iso(stop),
            iso(from),
            iso(to)
        ),
        _ => format!("The side \"{name}\" has no row with position and time."),
    }
}

fn no_overlap(spec: &JobSpec, order: &[usize], sides: &[Side], spans: &[(i64, i64)], window: i64) -> Result<()> {
    for (n, s) in spans.iter().enumerate().skip(1) {
        if s.0.saturating_sub(window) > spans[0].1 || s.1.saturating_add(window) < spans[0].0 {
            let text = |k: usize| {
                let day = |t: i64| Time::from_micros(t).iso();
                format!("\"{}\" covers {} to {}", sides[order[k]].spec.name, day(spans[k].0), day(spans[k].1))
            };
            return Err(JobError::Nothing(format!(
                "The sides do not overlap in time: {}, {}, and the window is {}.",
                text(0),
                text(n),
                spec.window
            )));
        }
    }
    Ok(())
}

/// A whole number of µs that depends on the job and its inputs, not on the machine.
fn slab_length(spec: &JobSpec, sides: &[Side], order: &[usize], span: i64, window: i64) -> Result<i64> {
    let wrong = |e: String| JobError::Spec(format!("{e}."));
    let least = (span / MAX_TASKS).max(1_000_000);
    if let Some(text) = &spec.run.slab {
        return Ok(units::duration_us(text).map_err(wrong)?.max(least));
    }
    let per_task = spec.run.memory.as_deref().map_or(Ok(TASK_BYTES), |t| units::bytes(t).map(|b| (b / 2).max(1 << 20)));
    let bytes: u64 = order.iter().flat_map(|k| &sides[*k].files).map(|f| f.size).sum();
    let tasks = bytes.div_ceil(per_task.map_err(wrong)?).max(1);
    // Every pass crosses every other: rows of a slab are held with those of a window around.
    let windows = if spec.policy.kind == PolicyKind::Crossovers { 2 } else { WINDOWS_PER_SLAB };
    let even = span / i64::try_from(tasks).unwrap_or(i64::MAX).max(1) + 1;
    let length = even.max(window.saturating_mul(windows)).max(least);
    // Whole minutes read better in plans.
    Ok(length.div_ceil_minutes())
}

trait Minutes {
    fn div_ceil_minutes(self) -> Self;
}

impl Minutes for i64 {
    fn div_ceil_minutes(self) -> Self {
        const MINUTE: i64 = 60_000_000;
        self.saturating_add(MINUTE - 1) / MINUTE * MINUTE
    }
}

fn granule_tree(side: &Side) -> Tree {
    Tree::new(side.granules.iter().map(|g| g.bounds).collect())
}

/// The granules of a slab that have a partner; `None` when there are none.
fn task_granules(
    owner: &Side,
    order: &[usize],
    sides: &[Side],
    trees: &[Tree],
    reach: &Reach,
    slab_us: [i64; 2],
    met: &mut Met,
) -> Option<Vec<Vec<usize>>> {
    let mut sets: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); order.len()];
    for (k, g) in owner.granules.iter().enumerate() {
        let Some(own) = within(&g.bounds, slab_us, owner.time_us) else { continue };
        let around = reach.around_node(&own);
        for (n, tree) in trees.iter().enumerate().skip(1) {
            let other = &sides[order[n]];
            tree.query(&around, &mut |j| {
                if other.time_us.is_none_or(|t| within(&other.granules[j].bounds, t, None).is_some()) {
                    sets[n].insert(j);
                    sets[0].insert(k);
                    met.note(k, n, j);
                }
            });
        }
    }
    let missing = sets[1..].iter().all(BTreeSet::is_empty);
    (!missing).then(|| sets.into_iter().map(|s| s.into_iter().collect()).collect())
}

/// The box cut to times, `None` when nothing is left.
fn within(node: &Node, slab: [i64; 2], limits: Option<[i64; 2]>) -> Option<Node> {
    let limits = limits.unwrap_or([i64::MIN, i64::MAX]);
    node.clipped(slab[0].max(limits[0]), slab[1].min(limits[1]))
}

/// Everything in the job that changes what a task finds.
fn signature_base(spec: &JobSpec) -> Result<String> {
    let mut bare = spec.clone();
    bare.output = crate::spec::OutputSpec::default();
    bare.run = Default::default();
    bare.title = None;
    bare.sides.iter_mut().for_each(|s| s.files.clear());
    let text =
        serde_json::to_string(&bare).map_err(|e| JobError::Internal(format!("The job cannot be written: {e}.")))?;
    Ok(format!("{text}|{}|{TASK_VERSION}", env!("CARGO_PKG_VERSION")))
}

fn signature(
    config: &str,
    slab: [i64; 2],
    order: &[usize],
    sides: &[Side],
    granules: &[Vec<usize>],
    numbered: bool,
) -> String {
    let mut hash = Sha256::new();
    hash.update(config.as_bytes());
    hash.update(slab[0].to_le_bytes());
    hash.update(slab[1].to_le_bytes());
    for (n, list) in granules.iter().enumerate() {
        let side = &sides[order[n]];
        hash.update((list.len() as u64).to_le_bytes());
        for g in list.iter().map(|k| &side.granules[*k]) {
            let file = &side.files[g.file];
            hash.update(file.path.to_string_lossy().as_bytes());
            for x in [file.size, file.modified_us as u64, g.part as u64, g.step as u64, g.key()] {
                hash.update(x.to_le_bytes());
            }
            // The rows behind an aggregate are known to its task alone, and with them their hash.
            if numbered {
                hash.update(g.first_row.to_le_bytes());
            }
        }
    }
    hex(&hash.finalize())
}

fn side_summary(side: &Side, granules_used: usize) -> SideSummary {
    let (start, stop) = span(side);
    let text = |t: i64| (start <= stop).then(|| Time::from_micros(t).iso());
    SideSummary {
        name: side.spec.name.clone(),
        files: side.files.len(),
        failed: side.failed.len(),
        granules: side.granules.len(),
        rows: side.rows,
        valid: side.granules.iter().map(|g| g.valid).sum(),
        start: text(start),
        stop: text(stop),
        bytes: side.files.iter().map(|f| f.size).sum(),
        granules_used,
    }
}
