//! The pairs of a match-up, with their figures.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use seaglass_coloc::stats::{Summary, Triple, summary, triple};
use seaglass_core::geo::{GeoBox, LonLat};
use seaglass_core::time::{Time, TimeSpan};

use super::angle;
use super::ask::Ask;
use super::crossing::Crossing;
use super::data::{Data, Place};
use super::reduce::Match;

/// Numbers of results, never used twice.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// Granules that meet.
#[derive(Clone, Debug, PartialEq)]
pub struct Coincidence {
    /// When both sides have been observed for the first time.
    pub time: Time,
    /// Middle of its pairs.
    pub at: LonLat,
    /// Its pairs.
    pub pairs: Vec<u32>,
}

/// The result.
pub struct Found {
    /// Tells results apart.
    pub serial: u64,
    /// What was asked.
    pub ask: Arc<Ask>,
    /// Rows.
    pub data: Arc<Data>,
    /// Pairs, by reference row.
    pub pairs: Vec<Match>,
    /// Reference values, as shown.
    pub x: Vec<f64>,
    /// Compared values, as shown.
    pub y: Vec<f64>,
    /// Figures of all pairs.
    pub stats: Summary,
    /// Where tracks cross, for each pair; empty where rows are matched.
    pub crossings: Vec<Crossing>,
    /// Values are directions: a compared value lies within half a turn of its reference, perhaps beyond 0 to 360.
    pub directions: bool,
    /// Error figures of three sides, where a third is compared.
    pub triple: Option<Triple>,
    /// Granules with pairs, of both sides.
    pub granules: usize,
    /// From the first to the last observation of the reference side.
    pub span: Option<TimeSpan>,
    /// Granules that meet, in order of time.
    pub coincidences: Vec<Coincidence>,
    /// Files that could not be read.
    pub failed: usize,
    /// Seconds it took, reading included.
    pub took_s: f64,
}

impl Found {
    pub(super) fn new(
        ask: Arc<Ask>,
        data: Arc<Data>,
        (pairs, crossings): (Vec<Match>, Vec<Crossing>),
        took_s: f64,
    ) -> Self {
        let [a, b] = &data.sides;
        let directions = ask.directions();
        let x: Vec<f64> = if crossings.is_empty() {
            pairs.iter().map(|p| a.value(p.a)).collect()
        } else {
            crossings.iter().map(|c| c.value).collect()
        };
        let about = |x: f64, y: f64| if directions { x + angle::short_way(y - x) } else { y };
        let turn = |side: &super::ask::SideAsk| if ask.turned(side) { 180.0 } else { 0.0 };
        let own = turn(&ask.sides[1]);
        let y: Vec<f64> = pairs.iter().zip(&x).map(|(p, x)| about(*x, p.value + own)).collect();
        let stats = figures(&x, &y, directions);
        let triple = data.third(&ask).and_then(|third| {
            let own = ask.third.as_ref().map_or(0.0, turn);
            triplets(&pairs, &x, &y, &third, &|x, y| about(x, y + own))
        });
        let mut granules = BTreeSet::new();
        let mut meetings: std::collections::BTreeMap<(usize, usize), Meeting> = std::collections::BTreeMap::new();
        let mut span: Option<TimeSpan> = None;
        for (k, p) in pairs.iter().enumerate() {
            let (ga, gb) = (a.granule(p.a), b.granule(p.b));
            granules.insert((0, ga));
            granules.insert((1, gb));
            let at = place(&data, &crossings, &pairs, 0, k).unwrap_or_else(|| a.place(p.a));
            let time = TimeSpan::at(at.time);
            span = Some(span.map_or(time, |s| s.union(&time)));
            let later = place(&data, &crossings, &pairs, 1, k).map_or(at.time, |b| at.time.max(b.time));
            meetings.entry((ga, gb)).or_default().add(&at, later, k);
        }
        let mut coincidences: Vec<Coincidence> = meetings.into_values().filter_map(Meeting::end).collect();
        coincidences.sort_by_key(|c| c.time);
        let failed = data.sides.iter().map(|s| s.failed().count()).sum();
        let serial = NEXT.fetch_add(1, Ordering::Relaxed);
        Self {
            serial,
            ask,
            pairs,
            x,
            y,
            stats,
            crossings,
            directions,
            triple,
            granules: granules.len(),
            span,
            coincidences,
            failed,
            took_s,
            data,
        }
    }

    /// The reference observation of a pair.
    pub fn reference(&self, pair: usize) -> Option<Place<'_>> {
        place(&self.data, &self.crossings, &self.pairs, 0, pair)
    }

    /// The compared observation of a pair (the nearest of several).
    pub fn compared(&self, pair: usize) -> Option<Place<'_>> {
        place(&self.data, &self.crossings, &self.pairs, 1, pair)
    }

    /// A value as people read it: directions from 0 to 360.
    pub fn shown(&self, value: f64) -> f64 {
        if self.directions { value.rem_euclid(360.0) } else { value }
    }

    /// Compared minus reference.
    pub fn difference(&self, pair: usize) -> f64 {
        self.y[pair] - self.x[pair]
    }

    /// Figures of some pairs.
    pub fn stats_of(&self, pairs: &[u32]) -> Summary {
        let pick = |of: &[f64]| pairs.iter().filter_map(|k| of.get(*k as usize)).copied().collect::<Vec<f64>>();
        figures(&pick(&self.x), &pick(&self.y), self.directions)
    }

    /// Box around some pairs; `None` of none.
    pub fn bounds(&self, pairs: impl Iterator<Item = usize>) -> Option<GeoBox> {
        let mut found: Option<GeoBox> = None;
        for p in pairs.filter_map(|k| self.reference(k)) {
            found = Some(match found {
                None => GeoBox { west: p.at.lon_deg, east: p.at.lon_deg, south: p.at.lat_deg, north: p.at.lat_deg },
                Some(b) => {
                    // The dateline is no edge: longitudes are counted on from the first.
                    let lon = seaglass_core::geo::unwrap_near(p.at.lon_deg, (b.west + b.east) / 2.0);
                    GeoBox {
                        west: b.west.min(lon),
                        east: b.east.max(lon),
                        south: b.south.min(p.at.lat_deg),
                        north: b.north.max(p.at.lat_deg),
                    }
                }
            });
        }
        found
    }

    /// The coincidence that many steps after (before) an instant; after the last one comes the first.
    pub fn coincidence(&self, now: Time, steps: i32) -> Option<&Coincidence> {
        let n = i64::from(steps.unsigned_abs().max(1));
        let at = if steps >= 0 {
            self.coincidences.partition_point(|c| c.time <= now) as i64 + n - 1
        } else {
            self.coincidences.partition_point(|c| c.time < now) as i64 - n
        };
        let all = self.coincidences.len().max(1) as i64;
        self.coincidences.get(at.rem_euclid(all) as usize)
    }
}

/// Figures of two columns.
fn figures(x: &[f64], y: &[f64], directions: bool) -> Summary {
    if directions { angle::figures(x, y) } else { summary(x, y) }
}

/// An observation of a pair; where tracks cross, the crossing.
fn place<'a>(data: &'a Data, crossings: &[Crossing], pairs: &[Match], side: usize, pair: usize) -> Option<Place<'a>> {
    let p = pairs.get(pair)?;
    let place = data.sides[side].place(if side == 0 { p.a } else { p.b });
    Some(crossings.get(pair).map_or(place, |c| Place { at: c.at, time: c.times[side], ..place }))
}

/// Error figures of reference rows that have a partner on both other sides; `third` is sorted by row like the pairs.
fn triplets(
    pairs: &[Match],
    x: &[f64],
    y: &[f64],
    third: &[(u32, f64)],
    about: &dyn Fn(f64, f64) -> f64,
) -> Option<Triple> {
    let (mut a, mut b, mut c) = (Vec::new(), Vec::new(), Vec::new());
    for (k, p) in pairs.iter().enumerate() {
        if let Ok(at) = third.binary_search_by_key(&p.a, |t| t.0) {
            a.push(x[k]);
            b.push(y[k]);
            c.push(about(x[k], third[at].1));
        }
    }
    triple(&a, &b, &c)
}

#[derive(Default)]
struct Meeting {
    first: Option<Time>,
    sum: glam::DVec3,
    pairs: Vec<u32>,
}

impl Meeting {
    fn add(&mut self, p: &Place<'_>, seen: Time, pair: usize) {
        self.first = Some(self.first.map_or(seen, |t| t.min(seen)));
        self.sum += p.at.up();
        self.pairs.push(pair as u32);
    }

    fn end(self) -> Option<Coincidence> {
        let up = self.sum.try_normalize()?;
        let at = LonLat::new(up.y.atan2(up.x).to_degrees(), up.z.clamp(-1.0, 1.0).asin().to_degrees());
        Some(Coincidence { time: self.first?, at, pairs: self.pairs })
    }
}
