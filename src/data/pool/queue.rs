//! Waiting work and who may take it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use seaglass_core::product::{Product, ReaderProgram};
use seaglass_core::protocol::{FieldAt, Request, Source};

use super::{Job, Lane, Tag};

/// A reader busy with one request for longer loses its claim on the work waiting for it.
const PATIENCE: Duration = Duration::from_secs(2);
/// Claims remembered; beyond, all are forgotten (a claim is only about speed).
const CLAIMS: usize = 4096;

const LANES: usize = 5;

/// What a reader has decoded when it carried out a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Claim {
    Field { path: PathBuf, part: usize, field: String, step: usize, extra: Vec<usize> },
    Positions { path: PathBuf, part: usize },
    File(PathBuf),
}

pub(super) struct Queue<T> {
    lanes: [VecDeque<Job<T>>; LANES],
    /// Being read, or read and not fetched.
    taken: HashSet<T>,
    claims: HashMap<Claim, usize>,
    /// Since when each reader is busy.
    busy: Vec<Option<Instant>>,
}

impl<T: Tag> Queue<T> {
    pub fn new(workers: usize) -> Self {
        Self { lanes: Default::default(), taken: HashSet::new(), claims: HashMap::new(), busy: vec![None; workers] }
    }

    pub fn push(&mut self, lane: Lane, job: Job<T>) {
        let lane = &mut self.lanes[lane as usize];
        if !self.taken.contains(&job.tag) && !lane.iter().any(|j| j.tag == job.tag) {
            lane.push_back(job);
        }
    }

    pub fn replace(&mut self, lane: Lane, mut jobs: Vec<Job<T>>) {
        jobs.retain(|j| !self.taken.contains(&j.tag));
        self.lanes[lane as usize] = jobs.into();
    }

    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) -> Vec<T> {
        let mut dropped = Vec::new();
        for lane in &mut self.lanes {
            lane.retain(|j| {
                keep(&j.tag) || {
                    dropped.push(j.tag.clone());
                    false
                }
            });
        }
        dropped
    }

    pub fn release(&mut self, tag: &T) {
        self.taken.remove(tag);
    }

    pub fn pending(&self, mut of: impl FnMut(&T) -> bool) -> usize {
        let waiting = self.lanes.iter().flatten().filter(|j| of(&j.tag)).count();
        waiting + self.taken.iter().filter(|t| of(t)).count()
    }

    pub fn idle(&mut self, worker: usize) {
        self.busy[worker] = None;
    }

    /// The next job for a reader, which counts as busy from now on.
    pub fn take(&mut self, worker: usize, now: Instant) -> Option<Job<T>> {
        const USUAL: [Lane; LANES] = [Lane::Probe, Lane::Positions, Lane::Tiles, Lane::Open, Lane::Idle];
        const OPENER: [Lane; LANES] = [Lane::Probe, Lane::Open, Lane::Positions, Lane::Tiles, Lane::Idle];
        let order = if worker == 0 && self.busy.len() > 1 { OPENER } else { USUAL };
        let (lane, at) = order.into_iter().find_map(|lane| {
            let at = self.lanes[lane as usize].iter().position(|j| self.may_take(worker, &j.request, now))?;
            Some((lane as usize, at))
        })?;
        let job = self.lanes[lane].remove(at)?;
        if self.claims.len() > CLAIMS {
            self.claims.clear();
        }
        if let Some(claim) = claim_of(&job.request) {
            self.claims.insert(claim, worker);
        }
        if let Some(path) = path_of(&job.request) {
            self.claims.entry(Claim::File(path.to_owned())).or_insert(worker);
        }
        self.busy[worker] = Some(now);
        self.taken.insert(job.tag.clone());
        Some(job)
    }

    fn may_take(&self, worker: usize, request: &Request, now: Instant) -> bool {
        let Some(claim) = claim_of(request) else { return true };
        match self.claims.get(&claim) {
            Some(owner) if *owner == worker => true,
            // Decoding a field a second time costs more than waiting, unless the owner is stuck.
            Some(owner) => self.busy[*owner].is_some_and(|since| now.duration_since(since) > PATIENCE),
            None => {
                let owner = path_of(request).and_then(|p| self.claims.get(&Claim::File(p.to_owned())));
                owner.is_none_or(|o| *o == worker || self.busy[*o].is_some())
            }
        }
    }
}

/// File a request is about.
pub(super) fn path_of(request: &Request) -> Option<&Path> {
    match request {
        Request::Close { path } => Some(path),
        other => source_of(other).map(|s| s.path.as_path()),
    }
}

/// Program of the user that is asked in place of our own reader.
pub(super) fn program_of(request: &Request) -> Option<&ReaderProgram> {
    by_name(request)?.reader.as_ref()
}

/// Id of the product whose program that is.
pub(super) fn product_of_program(request: &Request) -> Option<&str> {
    by_name(request).filter(|p| p.reader.is_some()).map(|p| p.product.id.as_str())
}

/// The product that comes first of those that claim the file by its name: the others are for our reader to judge, by what
/// is inside.
fn by_name(request: &Request) -> Option<&Product> {
    source_of(request)?.candidates.iter().find(|p| !p.matching.files.is_empty()).map(|p| &**p)
}

fn source_of(request: &Request) -> Option<&Source> {
    match request {
        Request::Open { source }
        | Request::Geolocation { source, .. }
        | Request::Read { of: FieldAt { source, .. }, .. }
        | Request::Stats { of: FieldAt { source, .. } }
        | Request::Exact { of: FieldAt { source, .. }, .. }
        | Request::Probe { source, .. }
        | Request::Outline { source, .. }
        | Request::Rows { source, .. } => Some(source),
        // Our own intermediate file: a fault there is no fault of a granule.
        Request::WriteTable { .. } => None,
        Request::Close { .. } | Request::Hello { .. } | Request::Ping => None,
    }
}

fn claim_of(request: &Request) -> Option<Claim> {
    match request {
        Request::Read { of, .. } | Request::Stats { of } | Request::Exact { of, .. } => Some(Claim::Field {
            path: of.source.path.clone(),
            part: of.part,
            field: of.field.clone(),
            step: of.step,
            extra: of.extra.clone(),
        }),
        Request::Geolocation { source, part, .. } => Some(Claim::Positions { path: source.path.clone(), part: *part }),
        Request::Open { source }
        | Request::Probe { source, .. }
        | Request::Outline { source, .. }
        | Request::Rows { source, .. } => Some(Claim::File(source.path.clone())),
        Request::Close { .. } | Request::WriteTable { .. } | Request::Hello { .. } | Request::Ping => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaglass_core::field::{Apron, Window};

    fn source(path: &str) -> Source {
        Source { path: path.into(), candidates: Vec::new() }
    }

    fn read(path: &str, field: &str) -> Request {
        let window = Window { row: 0, col: 0, rows: 1, cols: 1, stride: 1 };
        let (source, field) = (source(path), field.to_owned());
        let of = FieldAt { source, part: 0, field, step: 0, extra: vec![], unmasked: false };
        Request::Read { of, window, apron: Apron::None }
    }

    fn job(tag: u32, request: Request) -> Job<u32> {
        Job { tag, request }
    }

    #[test]
    fn a_field_stays_with_its_reader() {
        let mut q = Queue::new(2);
        let now = Instant::now();
        q.replace(Lane::Tiles, vec![job(1, read("a", "u")), job(2, read("a", "u")), job(3, read("a", "v"))]);
        assert_eq!(q.take(0, now).unwrap().tag, 1);
        assert_eq!(q.take(1, now).unwrap().tag, 3, "another field of the file, as its reader is busy");
        q.idle(1);
        assert!(q.take(1, now).is_none(), "tile 2 waits for reader 0");
        let later = now + PATIENCE * 2;
        assert_eq!(q.take(1, later).unwrap().tag, 2, "unless that one is stuck");
    }

    #[test]
    fn an_idle_owner_is_left_its_file() {
        let mut q = Queue::new(2);
        let now = Instant::now();
        q.push(Lane::Open, job(1, Request::Open { source: source("a") }));
        assert_eq!(q.take(1, now).unwrap().tag, 1);
        q.idle(1);
        q.push(Lane::Positions, job(2, Request::Geolocation { source: source("a"), part: 0, tolerance_cells: 0.0 }));
        assert!(q.take(0, now).is_none());
        assert_eq!(q.take(1, now).unwrap().tag, 2);
        q.push(Lane::Tiles, job(3, read("a", "u")));
        assert_eq!(q.take(0, now).unwrap().tag, 3, "read beside the positions");
    }

    #[test]
    fn what_is_being_read_is_not_asked_again() {
        let mut q = Queue::new(1);
        let now = Instant::now();
        q.replace(Lane::Tiles, vec![job(1, read("a", "u")), job(2, read("a", "u"))]);
        assert_eq!(q.take(0, now).unwrap().tag, 1);
        q.replace(Lane::Tiles, vec![job(1, read("a", "u")), job(5, read("a", "u"))]);
        assert_eq!(q.pending(|_| true), 2);
        assert_eq!(q.take(0, now).unwrap().tag, 5);
        q.release(&1);
        q.push(Lane::Tiles, job(1, read("a", "u")));
        assert_eq!(q.retain(|t| *t != 1), [1]);
    }

    #[test]
    fn urgent_lanes_first() {
        let mut q = Queue::new(1);
        q.push(Lane::Tiles, job(1, read("a", "u")));
        q.push(Lane::Open, job(2, Request::Open { source: source("b") }));
        q.push(Lane::Probe, job(3, Request::Ping));
        let now = Instant::now();
        let order: Vec<u32> = std::iter::from_fn(|| q.take(0, now).map(|j| j.tag)).collect();
        assert_eq!(order, [3, 1, 2]);
        let mut q = Queue::new(2);
        q.push(Lane::Tiles, job(1, read("a", "u")));
        q.push(Lane::Open, job(2, Request::Open { source: source("b") }));
        assert_eq!(q.take(0, now).unwrap().tag, 2, "one of several readers opens first");
        assert_eq!(q.take(1, now).unwrap().tag, 1);
    }
}
