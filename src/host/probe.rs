//! Values under the cursor: asked of the readers, exact, latest wins.

use std::path::PathBuf;

use seaglass_core::geo::LonLat;
use seaglass_core::granule::GranuleId;
use seaglass_core::project::LayerId;
use seaglass_core::protocol::{ProbedCell, ReadFailure};
use seaglass_data::cache::ByteLru;
use seaglass_data::pool::{Content, Job, Lane};

use crate::host::{Host, Tag};
use crate::items::Shown;

/// Cells remembered, so that a still cursor asks once.
const CELLS_KEPT: u64 = 512;
/// Overlapping granules of one layer looked through for a value.
const DEPTH: usize = 6;

/// Metres of a degree of arc, about.
const METRES_PER_DEGREE: f64 = 111_195.0;

type CellKey = (u64, usize, usize);

/// What is known of one layer at a place.
#[derive(Clone, Debug, PartialEq)]
pub enum ProbeState {
    /// Asked for; the answer comes in a later frame.
    Pending,
    /// No granule has a value here. When one has a cell here, it comes along (its position, time, and whether masked).
    NoData(Option<Box<ProbedCell>>),
    /// The cell, with one value.
    Value(Box<ProbedCell>),
    /// The cell cannot be read.
    Failed(String),
}

/// One line of the read-out.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeRow {
    /// Layer.
    pub layer: LayerId,
    /// Granule the cell belongs to.
    pub granule: Option<GranuleId>,
    /// Its file.
    pub path: Option<PathBuf>,
    /// What is there.
    pub state: ProbeState,
}

/// Answers to earlier questions.
pub(crate) struct Probes {
    cells: ByteLru<CellKey, Result<ProbedCell, String>>,
}

impl Default for Probes {
    fn default() -> Self {
        Self { cells: ByteLru::new(CELLS_KEPT) }
    }
}

impl Probes {
    pub fn arrived(&mut self, key: CellKey, result: Result<Content, ReadFailure>) {
        let cell = match result {
            Ok(Content::Cell(cell)) => Ok(cell),
            Ok(_) => Err("The reader's answer does not fit the question.".to_owned()),
            Err(e) => Err(e.message),
        };
        self.cells.insert(key, cell, 1);
    }
}

impl Host {
    /// What the visible layers have at a place, the top layer first. Never blocks: rows not known yet are `Pending`, and
    /// the answer comes with a later call. `reach_deg` is how far a track sample or point may be away.
    pub fn probe(&mut self, at: LonLat, reach_deg: f64) -> Vec<ProbeRow> {
        self.probe_places(&[at], reach_deg).pop().unwrap_or_default()
    }

    /// [`probe`](Self::probe) for several places in one go: what is asked of the readers replaces what was asked before, so
    /// a frame asks once. The first place is answered first.
    pub fn probe_places(&mut self, places: &[LonLat], reach_deg: f64) -> Vec<Vec<ProbeRow>> {
        let mut jobs = Vec::new();
        let rows = places.iter().map(|at| self.rows_at(*at, reach_deg, &mut jobs)).collect();
        self.put(Lane::Probe, jobs);
        rows
    }

    fn rows_at(&mut self, at: LonLat, reach_deg: f64, jobs: &mut Vec<Job<Tag>>) -> Vec<ProbeRow> {
        let mut rows = Vec::new();
        let project = self.session.project();
        for layer in project.layers.iter().filter(|l| project.shows(l)) {
            let Some(shown) = Shown::of(layer, project, self.session.catalogue()) else { continue };
            let mut row = ProbeRow { layer: layer.id, granule: None, path: None, state: ProbeState::NoData(None) };
            let mut depth = 0;
            // What is not drawn is not found.
            let window = layer.style.window_within(&shown.granules, &project.timeline);
            let dot_deg = layer.style.trail.dot_m.map_or(0.0, |m| m / 2.0 / METRES_PER_DEGREE);
            let reach_deg = reach_deg.max(dot_deg);
            // The last granule is drawn on top of the others.
            for granule in shown.granules.iter().rev() {
                let item = self.items.number(granule, shown.field, layer);
                let Some(part) = self.items.part_key(item) else { continue };
                let Some(hit) = self.items.positions.peek(&part).and_then(|p| p.index_within(at, reach_deg, window))
                else {
                    continue;
                };
                depth += 1;
                if depth > DEPTH {
                    break;
                }
                let cell = |x: f64, n: usize| (x.round().max(0.0) as usize).min(n.saturating_sub(1));
                let key = (item, cell(hit.row, granule.shape[0]), cell(hit.col, granule.shape[1]));
                let state = match self.probes.cells.get(&key) {
                    Some(Ok(cell))
                        if cell.values.first().is_some_and(|v| v.value.is_some() && (!v.masked || layer.unmasked)) =>
                    {
                        ProbeState::Value(Box::new(cell.clone()))
                    }
                    Some(Ok(cell)) => ProbeState::NoData(Some(Box::new(cell.clone()))),
                    Some(Err(why)) => ProbeState::Failed(why.clone()),
                    None => ProbeState::Pending,
                };
                if let (ProbeState::Pending, Some(item)) = (&state, self.items.get(item)) {
                    let tag = Tag::Probe(key.0, key.1, key.2);
                    jobs.push(Job { tag, request: item.probe(&self.registry, key.1, key.2) });
                }
                // A granule without a value here shows what lies below it; the first such cell is kept for its time.
                let through = matches!(state, ProbeState::NoData(_));
                if !through || row.granule.is_none() {
                    row.granule = Some(granule.id);
                    row.path = Some(granule.path.clone());
                    row.state = state;
                }
                if !through {
                    break;
                }
            }
            rows.push(row);
        }
        rows
    }
}
