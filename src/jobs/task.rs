//! One task: its rows are read, joined, and made into rows of the results.

use std::time::Instant;

use arrow_array::RecordBatch;
use rayon::prelude::*;
use seaglass_coloc as coloc;
use seaglass_coloc::{Control, Duplicates, Matches, Metric, Policy, Reference, Spec};

use crate::boxes;
use crate::cross;
use crate::error::{JobError, Result};
use crate::filter::Filter;
use crate::granules::{FailedFile, Side};
use crate::interpolate;
use crate::limits;
use crate::load::{LoadedSide, Loader, ReadCounts};
use crate::plan::{Plan, Task};
use crate::reading::Readers;
use crate::reduce;
use crate::spec::{JobSpec, PolicyKind};
use crate::state::Manifest;
use crate::table::{Layout, Link, Place, Rows};

/// Everything a task needs beside itself.
pub struct Context<'a> {
    /// The job.
    pub spec: &'a JobSpec,
    /// Its sides.
    pub sides: &'a [Side],
    /// Its plan.
    pub plan: &'a Plan,
    /// Filters, by side.
    pub filters: &'a [Option<Filter>],
    /// Layout of the results.
    pub layout: &'a Layout,
    /// Readers.
    pub readers: &'a Readers,
    /// Threads of the engine.
    pub threads: &'a rayon::ThreadPool,
}

/// A side in a task as the engine and the results see it.
pub(crate) struct Ready<'a> {
    /// Index into the job's sides.
    pub side: &'a Side,
    /// Its rows.
    pub loaded: &'a LoadedSide,
    /// The engine's view of them.
    pub engine: coloc::Side<'a>,
}

impl Ready<'_> {
    /// Place of a row, by the engine's number.
    pub fn place(&self, row: u64) -> Place {
        let Some(at) = self.engine.locate(row) else { return Place::NONE };
        let own = &self.loaded.granules[at.granule as usize];
        let granule = &self.side.granules[own.granule];
        let k = at.row as usize;
        let (lat, lon) = self.engine.granules()[at.granule as usize].position(k);
        Place {
            key: granule.key(),
            row: own.rows.index[k],
            cols: granule.shape[1] as u32,
            time_us: own.rows.time_us[k],
            lat,
            lon,
        }
    }

    /// Number of a row in the whole side.
    pub fn global(&self, row: u64) -> u64 {
        self.engine.locate(row).map_or(u64::MAX, |at| {
            let own = &self.loaded.granules[at.granule as usize];
            self.side.granules[own.granule].first_row + u64::from(own.rows.index[at.row as usize])
        })
    }

    /// Value of a column.
    pub fn value(&self, row: u64, column: usize) -> f64 {
        self.engine
            .locate(row)
            .map_or(f64::NAN, |at| self.loaded.granules[at.granule as usize].rows.columns[column].get(at.row as usize))
    }
}

/// What is said of the pairs behind the rows of a task.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Made {
    /// Pairs.
    pub pairs: u64,
    /// Pairs within the limits, kept or not.
    pub candidates: u64,
    /// Hash of the pairs.
    pub sum64: u64,
    /// Repetitions left out.
    pub repeated: u64,
}

/// Runs a task; gives its rows, sorted, and what is to be said of it.
///
/// # Errors
/// Stopped, or the job makes no sense to the engine. Granules that cannot be read are named in the manifest.
pub fn run(cx: &Context<'_>, task: &Task) -> Result<(RecordBatch, Manifest)> {
    let begun = Instant::now();
    let reach = limits::reach(cx.spec, cx.sides)?;
    let loader = Loader {
        readers: cx.readers,
        sides: cx.sides,
        order: &cx.plan.order,
        filters: cx.filters,
        reach,
        window_us: reach.window_us(),
        partial: cx.spec.partial,
    };
    let loaded = loader.load(cx.plan, task)?;
    let ready: Result<Vec<Ready<'_>>> = loaded
        .iter()
        .zip(&cx.plan.order)
        .map(|(loaded, k)| {
            let side = &cx.sides[*k];
            Ok(Ready { side, loaded, engine: loaded.for_engine(side)? })
        })
        .collect();
    let ready = ready?;
    let mut counts: Vec<ReadCounts> = loaded.iter().map(|l| l.counts).collect();
    let mut rows = Rows::new(cx.layout);
    let made = match cx.spec.policy.kind {
        PolicyKind::Interpolate => interpolate::rows(cx, &ready, &mut rows)?,
        PolicyKind::Crossovers => cross::rows(cx, task, &ready, &mut rows)?,
        _ => cx.joined(&loader, &ready, &mut counts, &mut rows)?,
    };
    counts[0].duplicate += made.repeated;
    let count = rows.len() as u64;
    let batch = crate::sort::sorted(cx.layout, rows.finish()?)?;
    let mut failed: Vec<FailedFile> = loaded.iter().flat_map(|l| l.failed.clone()).collect();
    failed.dedup();
    let manifest = Manifest {
        task: task.id,
        signature: task.signature.clone(),
        rows: count,
        pairs: made.pairs,
        candidates: made.candidates,
        sum64: format!("{:016x}", made.sum64),
        counts: cx.by_side(counts),
        failed,
        seconds: begun.elapsed().as_secs_f64(),
    };
    Ok((batch, manifest))
}

/// Pairs within the limits behind those that were kept.
fn candidates(m: &Matches) -> u64 {
    if m.candidates.is_empty() {
        return m.pairs.len() as u64;
    }
    // Each pair of a row says how many that row has.
    let first = |k: &usize| *k == 0 || m.pairs[*k].i != m.pairs[*k - 1].i;
    (0..m.pairs.len()).filter(first).map(|k| u64::from(m.candidates[k])).sum()
}

/// Leaves the pairs of owner rows that have a partner on every side. The others are in no row of the results, and how
/// many of them a task finds depends on what it had to read, and with it on the cut.
fn complete(matches: &mut [Matches]) {
    let owners = |m: &Matches| {
        let mut rows: Vec<u64> = m.pairs.iter().map(|p| p.i).collect();
        rows.dedup();
        rows
    };
    let Some((first, rest)) = matches.split_first() else { return };
    let mut common = owners(first);
    for own in rest.iter().map(owners) {
        common.retain(|i| own.binary_search(i).is_ok());
    }
    for m in matches {
        let keep: Vec<bool> = m.pairs.iter().map(|p| common.binary_search(&p.i).is_ok()).collect();
        let mut kept = keep.iter();
        m.pairs.retain(|_| kept.next().copied().unwrap_or(false));
        let mut kept = keep.iter();
        m.candidates.retain(|_| kept.next().copied().unwrap_or(false));
    }
}

impl Context<'_> {
    /// Counts in the order of the job's sides.
    fn by_side(&self, counts: Vec<ReadCounts>) -> Vec<ReadCounts> {
        let mut out = vec![ReadCounts::default(); counts.len()];
        for (k, c) in self.plan.order.iter().zip(counts) {
            out[*k] = c;
        }
        out
    }

    /// Rows of the policies that join.
    fn joined(
        &self,
        loader: &Loader<'_>,
        ready: &[Ready<'_>],
        counts: &mut [ReadCounts],
        rows: &mut Rows,
    ) -> Result<Made> {
        for (side, counts) in ready.iter().zip(counts.iter_mut()) {
            counts.duplicate = self.repeated(side)?.iter().map(|(_, rows)| rows.len() as u64).sum();
        }
        let unique = counts.iter().all(|c| c.duplicate == 0);
        let matches: Result<Vec<Matches>> = (1..ready.len()).map(|n| self.join(&ready[0], &ready[n], unique)).collect();
        let mut matches = matches?;
        if matches.len() > 1 && !self.spec.partial {
            complete(&mut matches);
        }
        let sum64 = self.rows(ready, &matches, rows)?;
        if self.spec.policy.kind == PolicyKind::Box {
            boxes::fill(self, loader, &ready[1], &matches[0], rows)?;
        }
        let pairs = matches.iter().map(|m| m.pairs.len() as u64).sum();
        Ok(Made { pairs, candidates: matches.iter().map(candidates).sum(), sum64, repeated: 0 })
    }

    /// Rows of a side that repeat an earlier one, by granule: of all that take part, as which of them the join looks at
    /// depends on the times of the other side, and these on the cut.
    pub(crate) fn repeated(&self, side: &Ready<'_>) -> Result<Vec<(usize, Vec<u32>)>> {
        if self.spec.duplicates == Duplicates::Keep {
            return Ok(Vec::new());
        }
        let found = coloc::repeated_rows(&side.engine, Duplicates::First, "reference")
            .map_err(|e| JobError::Spec(format!("The job cannot be done: {e}.")))?;
        match found.first() {
            Some((granule, rows)) if self.spec.duplicates == Duplicates::Error => {
                let own = &side.loaded.granules[*granule];
                let row = rows.first().map_or(0, |r| own.rows.index[*r as usize]);
                Err(JobError::Spec(format!(
                    "The side \"{}\" has rows that repeat an earlier one in time, place and platform, as row {row} of {}; \
                     say duplicates = \"first\" to count them once, or \"keep\" to match each of them.",
                    side.side.spec.name,
                    side.side.granule_name(&side.side.granules[own.granule]),
                )))
            }
            _ => Ok(found),
        }
    }

    fn join(&self, owner: &Ready<'_>, other: &Ready<'_>, unique: bool) -> Result<Matches> {
        let p = &self.spec.policy;
        let policy = match p.kind {
            PolicyKind::Nearest => Policy::Nearest { by: p.by, k: p.k },
            PolicyKind::Box => Policy::Nearest { by: p.by, k: 1 },
            // One-to-one is one decision about all tasks together; it is taken when they are merged.
            _ => Policy::All,
        };
        let spec = Spec {
            radius_m: self.spec.radius_m()?,
            window_us: self.spec.window_us()?,
            metric: self.spec.metric.metric(),
            policy,
            reference: Reference::Primary,
            // What is known not to repeat need not be looked through again.
            duplicates: if unique { Duplicates::Keep } else { self.spec.duplicates },
            count_candidates: true,
        };
        let control = Control { cancel: Some(&self.readers.cancel), progress: None };
        let joined = self.threads.install(|| coloc::join(&owner.engine, &other.engine, &spec, &control));
        joined.map_err(|e| match e {
            coloc::Error::Cancelled => JobError::Canceled,
            other => JobError::Spec(format!("The job cannot be done: {other}.")),
        })
    }

    /// Whether the job's primary side is the other one of the engine.
    fn turned(&self) -> bool {
        self.spec.reference == Reference::Secondary
    }

    fn rows(&self, ready: &[Ready<'_>], matches: &[Matches], rows: &mut Rows) -> Result<u64> {
        let hash = |i: u64, j: u64| if self.turned() { (j, i) } else { (i, j) };
        let mut sum = 0u64;
        for (n, m) in matches.iter().enumerate() {
            let pairs = m.pairs.iter().map(|p| hash(ready[0].global(p.i), ready[n + 1].global(p.j)));
            sum = sum.wrapping_add(coloc::pairs_sum64(pairs));
        }
        if self.spec.policy.kind.is_aggregate() {
            reduce::rows(self, &ready[0], &ready[1], &matches[0], rows)?;
        } else if let [m] = matches {
            self.pair_rows(&ready[0], &ready[1], m, rows);
        } else {
            self.group_rows(ready, matches, rows);
        }
        Ok(sum)
    }

    /// Everything said about the pairs of two sides, in their order.
    fn links(&self, owner: &Ready<'_>, other: &Ready<'_>, m: &Matches) -> Vec<Link> {
        let metric: Metric = self.spec.metric.metric();
        let mut ranks = vec![(1u16, 0u32); m.pairs.len()];
        let mut first = 0;
        for group in m.pairs.chunk_by(|a, b| a.i == b.i) {
            let range = first..first + group.len();
            if m.candidates.is_empty() {
                // All pairs come by row; their rank is that of their distance.
                let mut by_distance: Vec<usize> = range.clone().collect();
                by_distance.sort_by(|a, b| m.pairs[*a].distance_m.total_cmp(&m.pairs[*b].distance_m).then(a.cmp(b)));
                for (rank, k) in by_distance.into_iter().enumerate() {
                    ranks[k] = (u16::try_from(rank + 1).unwrap_or(u16::MAX), group.len() as u32);
                }
            } else {
                for k in range.clone() {
                    ranks[k] = (u16::try_from(k - range.start + 1).unwrap_or(u16::MAX), m.candidates[k]);
                }
            }
            first = range.end;
        }
        let turned = self.turned();
        let link = |(k, p): (usize, &coloc::Pair)| {
            let (a, b) = (owner.place(p.i), other.place(p.j));
            let (from, to) = if turned { (b, a) } else { (a, b) };
            Link {
                distance_m: p.distance_m,
                bearing_deg: metric.bearing_deg(from.lat, from.lon, to.lat, to.lon) as f32,
                dt_us: if turned { p.dt_us.saturating_neg() } else { p.dt_us },
                rank: ranks[k].0,
                n_candidates: ranks[k].1,
                along: [0.0; 2],
            }
        };
        self.threads.install(|| m.pairs.par_iter().enumerate().with_min_len(4096).map(link).collect())
    }

    fn pair_rows(&self, owner: &Ready<'_>, other: &Ready<'_>, m: &Matches, rows: &mut Rows) {
        let (a, b) = if self.turned() { (1, 0) } else { (0, 1) };
        for (p, link) in m.pairs.iter().zip(self.links(owner, other, m)) {
            rows.place(a, owner.place(p.i));
            rows.place(b, other.place(p.j));
            rows.link(1, Some(link));
        }
        self.values(a, owner, &mut m.pairs.iter().map(|p| Some(p.i)), rows);
        if self.spec.policy.kind != PolicyKind::Box {
            self.values(b, other, &mut m.pairs.iter().map(|p| Some(p.j)), rows);
        }
    }

    /// Values of the `n`-th side of the layout for the rows given.
    fn values(&self, n: usize, side: &Ready<'_>, list: &mut dyn Iterator<Item = Option<u64>>, rows: &mut Rows) {
        let variables = &self.layout.sides[n].variables;
        for row in list {
            let at = row.and_then(|r| side.engine.locate(r));
            for (v, variable) in variables.iter().enumerate() {
                let out = rows.values(n, v);
                match at {
                    Some(at) => {
                        let own = &side.loaded.granules[at.granule as usize].rows;
                        out.push_from(&own.columns[variable.column], at.row as usize);
                    }
                    None => out.push(f64::NAN),
                }
            }
        }
    }

    /// Three sides or more: for each owner row every combination of its matches.
    fn group_rows(&self, ready: &[Ready<'_>], matches: &[Matches], rows: &mut Rows) {
        let links: Vec<Vec<Link>> =
            matches.iter().enumerate().map(|(n, m)| self.links(&ready[0], &ready[n + 1], m)).collect();
        let mut next = vec![0usize; matches.len()];
        let mut combined: Vec<Vec<Option<usize>>> = Vec::new();
        let mut owners: Vec<u64> = Vec::new();
        while let Some(i) = matches.iter().zip(&next).filter_map(|(m, k)| m.pairs.get(*k).map(|p| p.i)).min() {
            let ranges: Vec<std::ops::Range<usize>> = matches
                .iter()
                .zip(&mut next)
                .map(|(m, k)| {
                    let from = *k;
                    while m.pairs.get(*k).is_some_and(|p| p.i == i) {
                        *k += 1;
                    }
                    from..*k
                })
                .collect();
            if !self.spec.partial && ranges.iter().any(std::ops::Range::is_empty) {
                continue;
            }
            let mut product: Vec<Vec<Option<usize>>> = vec![Vec::new()];
            for range in ranges {
                let choices: Vec<Option<usize>> = if range.is_empty() { vec![None] } else { range.map(Some).collect() };
                product = product
                    .into_iter()
                    .flat_map(|row| choices.iter().map(move |c| row.iter().copied().chain([*c]).collect()))
                    .collect();
            }
            owners.extend(std::iter::repeat_n(i, product.len()));
            combined.append(&mut product);
        }
        for (i, row) in owners.iter().zip(&combined) {
            rows.place(0, ready[0].place(*i));
            for (n, k) in row.iter().enumerate() {
                rows.place(n + 1, k.map_or(Place::NONE, |k| ready[n + 1].place(matches[n].pairs[k].j)));
                rows.link(n + 1, k.map(|k| links[n][k]));
            }
        }
        self.values(0, &ready[0], &mut owners.iter().map(|i| Some(*i)), rows);
        for n in 0..matches.len() {
            let mut list = combined.iter().map(|row| row[n].map(|k| matches[n].pairs[k].j));
            self.values(n + 1, &ready[n + 1], &mut list, rows);
        }
    }
}
