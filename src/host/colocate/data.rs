//! Rows of both sides in memory, and the candidates among them.

use std::path::Path;

use seaglass_coloc as coloc;
use seaglass_coloc::{Cancel, Control, Metric, Pair, Policy, Spec, live};
use seaglass_core::colocation::Sample;
use seaglass_core::columns::Rows;
use seaglass_core::geo::LonLat;
use seaglass_core::time::Time;
use seaglass_jobs::granules::{Granule, Side};
use seaglass_jobs::load::LoadedSide;

use super::ask::{Ask, SideAsk};
use super::crossing::{self, Crossing};
use super::reduce::{Candidate, Match, reduce};
use super::sample;

/// Candidates kept for sliders; with more, every change of the limits is a join of its own.
pub(super) const MAX_CANDIDATES: usize = 6_000_000;
/// Pairs shown at most.
const MAX_PAIRS: usize = 4_000_000;

/// How far is read and matched around the limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Limits {
    pub radius_m: f64,
    pub window_us: i64,
    /// Cells are there so far beyond the radius: what lies about a match.
    pub margin_m: f64,
}

impl Limits {
    pub fn covers(&self, ask: &Ask, margin_m: f64) -> bool {
        let near = ask.tracks_cross || ask.radius_m <= self.radius_m;
        near && ask.window_us <= self.window_us && margin_m <= self.margin_m
    }
}

/// Rows of one side.
pub struct SideData {
    /// What was asked for.
    pub ask: SideAsk,
    side: Side,
    rows: LoadedSide,
    /// Number of the first row of each granule, and the end.
    first: Vec<usize>,
}

/// An observation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place<'a> {
    /// Where.
    pub at: LonLat,
    /// When.
    pub time: Time,
    /// File.
    pub path: &'a Path,
    /// Part of the file.
    pub part: usize,
    /// Time step of the part.
    pub step: usize,
}

impl SideData {
    pub(super) fn new(ask: SideAsk, side: Side, rows: LoadedSide) -> Self {
        let mut first = vec![0];
        for g in &rows.granules {
            first.push(first[first.len() - 1] + g.rows.len());
        }
        Self { ask, side, rows, first }
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.first.last().copied().unwrap_or(0)
    }

    /// Whether no row takes part.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Granule of a row, and its number there.
    pub(super) fn locate(&self, row: u32) -> (usize, usize) {
        let g = self.first.partition_point(|f| *f <= row as usize).saturating_sub(1);
        (g, row as usize - self.first[g])
    }

    /// Number of a row by its granule and its number there.
    pub(super) fn row(&self, granule: usize, row: usize) -> u32 {
        (self.first[granule] + row) as u32
    }

    /// Granules with rows.
    pub(super) fn granules(&self) -> usize {
        self.rows.granules.len()
    }

    /// A granule with the rows that were read of it.
    pub(super) fn granule_rows(&self, granule: usize) -> (&Granule, &Rows) {
        let loaded = &self.rows.granules[granule];
        (&self.side.granules[loaded.granule], &loaded.rows)
    }

    /// The value of a row of a granule as shown.
    pub(super) fn value_at(&self, granule: usize, row: usize) -> f64 {
        self.ask.unit.shown(self.rows.granules[granule].rows.columns[0].get(row))
    }

    /// Rows the filter has left out.
    pub fn filtered(&self) -> u64 {
        self.rows.counts.filtered
    }

    /// The value of a row as shown.
    pub fn value(&self, row: u32) -> f64 {
        let (g, k) = self.locate(row);
        self.value_at(g, k)
    }

    /// Where and when a row was measured.
    pub fn place(&self, row: u32) -> Place<'_> {
        let (g, k) = self.locate(row);
        let loaded = &self.rows.granules[g];
        let granule = &self.side.granules[loaded.granule];
        Place {
            at: LonLat::new(loaded.rows.lon.get(k), loaded.rows.lat.get(k)).normalized(),
            time: Time::from_micros(loaded.rows.time_us[k]),
            path: &self.side.files[granule.file].path,
            part: granule.part,
            step: granule.step,
        }
    }

    /// Number of the granule of a row.
    pub fn granule(&self, row: u32) -> usize {
        self.locate(row).0
    }

    /// Granules that could not be read, with the reason.
    pub fn failed(&self) -> impl Iterator<Item = (&Path, &str)> {
        let before = self.side.failed.iter().chain(&self.rows.failed);
        before.map(|f| (f.path.as_path(), f.message.as_str()))
    }

    fn engine(&self) -> coloc::Result<coloc::Side<'_>> {
        self.rows.for_engine(&self.side).map_err(|e| coloc::Error::Source(e.to_string()))
    }
}

/// Both sides within reach of each other.
pub struct Data {
    /// Reference, compared.
    pub sides: [SideData; 2],
    pub(super) reach: Limits,
    candidates: Option<live::Candidates>,
    third: Option<Third>,
}

/// The third side, with its candidates for the reference.
struct Third {
    side: SideData,
    candidates: Option<live::Candidates>,
}

/// Why there are no pairs.
pub(super) enum NoPairs {
    Cancelled,
    Sentence(String),
}

impl From<coloc::Error> for NoPairs {
    fn from(e: coloc::Error) -> Self {
        match e {
            coloc::Error::Cancelled => Self::Cancelled,
            other => {
                Self::Sentence(format!("The layers cannot be matched: {}.", other.to_string().trim_end_matches('.')))
            }
        }
    }
}

fn candidate(p: &Pair) -> Candidate {
    Candidate { a: p.i as u32, b: p.j as u32, distance_m: p.distance_m, dt_us: p.dt_us }
}

fn too_many() -> coloc::Error {
    coloc::Error::Source("more than 4 million pairs; make distance or time smaller".to_owned())
}

impl Data {
    pub(super) fn new(sides: [SideData; 2], third: Option<SideData>, reach: Limits) -> Self {
        let third = third.map(|side| Third { side, candidates: None });
        Self { sides, reach, candidates: None, third }
    }

    /// Finds all candidates within reach, once. When there are too many to keep, none are kept.
    ///
    /// # Errors
    /// Stopped, or the rows make no sense to the engine.
    pub(super) fn gather(
        &mut self,
        cancel: &Cancel,
        progress: &(dyn Fn(coloc::Progress) + Sync),
    ) -> Result<(), NoPairs> {
        self.candidates = self.all_within(&self.sides[1], cancel, progress)?;
        if let Some(mut third) = self.third.take() {
            third.candidates = self.all_within(&third.side, cancel, progress)?;
            self.third = Some(third);
        }
        Ok(())
    }

    fn all_within(
        &self,
        other: &SideData,
        cancel: &Cancel,
        progress: &(dyn Fn(coloc::Progress) + Sync),
    ) -> Result<Option<live::Candidates>, NoPairs> {
        let mut found: Vec<Pair> = Vec::new();
        let mut over = false;
        let ended = self.each(other, self.spec(Policy::All, self.reach), cancel, progress, &mut |batch| {
            found.extend_from_slice(batch);
            over = found.len() > MAX_CANDIDATES;
            if over { Err(too_many()) } else { Ok(()) }
        });
        if over {
            return Ok(None);
        }
        ended?;
        Ok(Some(live::Candidates::new(&found)?))
    }

    fn spec(&self, policy: Policy, limits: Limits) -> Spec {
        Spec { policy, ..Spec::all(limits.radius_m, limits.window_us) }
    }

    fn each(
        &self,
        other: &SideData,
        spec: Spec,
        cancel: &Cancel,
        progress: &(dyn Fn(coloc::Progress) + Sync),
        take: &mut dyn FnMut(&[Pair]) -> coloc::Result<()>,
    ) -> Result<(), NoPairs> {
        let (a, b) = (self.sides[0].engine()?, other.engine()?);
        let control = Control { cancel: Some(cancel), progress: Some(progress) };
        coloc::join_each(&a, &b, &spec, 0..u64::MAX, &control, &mut |part: coloc::Batch| take(part.pairs))?;
        Ok(())
    }

    /// The pairs of these limits, with their places where tracks cross.
    pub(super) fn matches(
        &self,
        ask: &Ask,
        cancel: &Cancel,
        progress: &(dyn Fn(coloc::Progress) + Sync),
    ) -> Result<(Vec<Match>, Vec<Crossing>), NoPairs> {
        if ask.tracks_cross {
            let (a, b) = (self.sides[0].engine()?, self.sides[1].engine()?);
            return crossing::find(&self.sides, [&a, &b], ask.window_us, cancel);
        }
        if ask.sample.needs_grid() {
            let linear = ask.sample == Sample::Interpolated;
            let found = sample::interpolated(&self.sides[0], &self.sides[1], ask, linear, cancel)?;
            return Ok((found, Vec::new()));
        }
        let mut found = self.joined(ask, cancel, progress)?;
        if ask.sample == Sample::Box {
            sample::boxed(&self.sides[1], ask.box_size, ask.directions(), &mut found);
        }
        Ok((found, Vec::new()))
    }

    /// Matches of rows: from the candidates, or where they were too many by a join of its own.
    fn joined(
        &self,
        ask: &Ask,
        cancel: &Cancel,
        progress: &(dyn Fn(coloc::Progress) + Sync),
    ) -> Result<Vec<Match>, NoPairs> {
        let value = |row: u32| self.sides[1].value(row);
        if let Some(candidates) = &self.candidates {
            return self.live(&self.sides[1], candidates, ask, ask.sample);
        }
        let limits = Limits { radius_m: ask.radius_m, window_us: ask.window_us, margin_m: 0.0 };
        let by = coloc::By::Distance;
        let policy = match ask.sample {
            Sample::Mutual => Policy::Mutual { by },
            Sample::All | Sample::Mean | Sample::Median => Policy::All,
            _ => Policy::Nearest { by, k: 1 },
        };
        // What the engine has chosen is not chosen again.
        let sample = if matches!(policy, Policy::All) { ask.sample } else { Sample::All };
        let mut out: Vec<Match> = Vec::new();
        self.each(&self.sides[1], self.spec(policy, limits), cancel, progress, &mut |batch| {
            let batch: Vec<Candidate> = batch.iter().map(candidate).collect();
            out.extend(reduce(&batch, sample, ask.directions(), &value));
            if out.len() > MAX_PAIRS { Err(too_many()) } else { Ok(()) }
        })?;
        out.sort_by_key(|m| (m.a, m.b));
        Ok(out)
    }

    /// Values of the third side for reference rows, nearest or aggregated like those of the second; none without a third
    /// side, or where it has too many candidates to be kept.
    pub(super) fn third(&self, ask: &Ask) -> Option<Vec<(u32, f64)>> {
        let third = self.third.as_ref()?;
        let sample = match ask.sample {
            // Of several values for a row none is the third's.
            Sample::All => return None,
            Sample::Mean => Sample::Mean,
            Sample::Median => Sample::Median,
            _ => Sample::Nearest,
        };
        let found = self.live(&third.side, third.candidates.as_ref()?, ask, sample).ok()?;
        Some(found.into_iter().map(|m| (m.a, m.value)).collect())
    }

    fn live(
        &self,
        other: &SideData,
        candidates: &live::Candidates,
        ask: &Ask,
        sample: Sample,
    ) -> Result<Vec<Match>, NoPairs> {
        let nearest = matches!(sample, Sample::Nearest | Sample::Box).then_some(coloc::By::Distance);
        let cut = live::Cut { radius_m: ask.radius_m, window_us: ask.window_us, nearest };
        let (a, b) = (self.sides[0].engine()?, other.engine()?);
        let exact = live::exact(&a, &b, Metric::Wgs84);
        let mut kept = live::Kept::default();
        candidates.filter(&cut, &exact, &mut kept);
        let inside: Vec<Candidate> =
            kept.at().iter().filter_map(|k| candidates.get(*k)).map(|p| candidate(&p)).collect();
        let sample = if nearest.is_some() { Sample::All } else { sample };
        Ok(reduce(&inside, sample, ask.directions(), &|row| other.value(row)))
    }

    /// Whether limits within reach need no join.
    pub fn is_live(&self) -> bool {
        self.candidates.is_some()
    }

    /// Rows that filters have left out.
    pub fn filtered(&self) -> u64 {
        self.sides.iter().map(SideData::filtered).sum()
    }

    /// Candidates held.
    pub fn candidates(&self) -> usize {
        self.candidates.as_ref().map_or(0, live::Candidates::len)
    }
}
