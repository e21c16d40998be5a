//! Answers of the index against looking at every granule one by one.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use seaglass_core::geo::GeoBox;
use seaglass_core::time::{Time, TimeSpan};
use seaglass_index::{Count, Index, Query};
use support::{entry, file};

const HOUR: i64 = 3_600_000_000;

/// A granule: beginning and length in hours, box, collection, steps.
#[derive(Clone, Debug)]
struct Made {
    time: Option<(i64, i64)>,
    bounds: GeoBox,
    collection: u8,
    steps: usize,
}

/// Boxes anywhere: over 180°, around a pole, all around, of no size.
fn boxes() -> impl Strategy<Value = GeoBox> {
    let edge = prop_oneof![3 => -180.0..180.0f64, 1 => Just(-180.0), 1 => Just(179.999_999)];
    let width = prop_oneof![3 => 0.0..40.0f64, 1 => 0.0..360.0f64, 1 => Just(360.0), 1 => Just(0.0)];
    let south = prop_oneof![3 => -90.0..90.0f64, 1 => Just(-90.0), 1 => Just(85.0)];
    (edge, width, south, 0.0..60.0f64).prop_map(|(west, width, south, height)| GeoBox {
        west,
        south,
        east: west + width,
        north: (south + height).min(90.0),
    })
}

fn made() -> impl Strategy<Value = Made> {
    let length = prop_oneof![Just(0i64), 0..30i64, 0..3000i64];
    let time = prop_oneof![9 => (-5000..5000i64, length).prop_map(Some), 1 => Just(None)];
    (time, boxes(), 0..3u8, prop_oneof![4 => Just(0usize), 1 => 1..30usize]).prop_map(
        |(time, bounds, collection, steps)| Made {
            time,
            bounds,
            collection,
            steps: if time.is_some() { steps } else { 0 },
        },
    )
}

impl Made {
    fn span(&self) -> Option<(i64, i64)> {
        self.time.map(|(start, len)| (start * HOUR, (start + len) * HOUR))
    }

    /// Instants of its steps: an hour apart, within nothing in particular.
    fn instants(&self) -> Vec<i64> {
        let start = self.span().map_or(0, |s| s.0);
        (0..self.steps as i64).map(|k| start + k * HOUR).collect()
    }

    /// First and last instant of span and steps.
    fn ends(&self) -> Option<(i64, i64)> {
        let (start, stop) = self.span()?;
        Some((start, self.instants().last().map_or(stop, |t| stop.max(*t))))
    }

    fn in_window(&self, a: i64, b: i64) -> bool {
        self.ends().is_none_or(|(start, stop)| start <= b && stop >= a)
    }

    /// Two boxes share a place when their longitudes meet after some turns, and their latitudes meet.
    fn in_view(&self, v: &GeoBox) -> bool {
        let b = &self.bounds;
        let meets = |k: f64| b.west + 360.0 * k <= v.east && v.west <= b.east + 360.0 * k;
        b.south <= v.north && v.south <= b.north && (-2..=2).any(|k| meets(f64::from(k)))
    }

    fn granules_in(&self, a: i64, b: i64) -> usize {
        if self.steps < 2 { 1 } else { self.instants().iter().filter(|t| (a..=b).contains(*t)).count() }
    }
}

fn index_of(all: &[Made]) -> Index {
    let mut index = Index::in_memory(Path::new("/d")).unwrap();
    let entries: Vec<_> = all
        .iter()
        .enumerate()
        .map(|(k, m)| {
            let mut info = file(&format!("p{}", m.collection), m.span(), m.bounds);
            info.parts[0].steps = m.instants().into_iter().map(Time::from_micros).collect();
            entry(format!("f/{k}.nc"), info)
        })
        .collect();
    index.put(&entries).unwrap();
    assert_eq!(index.check().unwrap(), None);
    index
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_index_finds_what_a_walk_finds(
        all in prop::collection::vec(made(), 1..80),
        asked in prop::collection::vec(((-5200..5200i64, 0..400i64), boxes()), 1..12),
    ) {
        let mut index = index_of(&all);
        let number: BTreeMap<i64, usize> = all.iter().enumerate().map(|(k, _)| {
            let told = index.told(&format!("f/{k}.nc")).unwrap();
            (k as i64 + 1, told.map(|_| k).unwrap())
        }).collect();
        for ((start, len), view) in asked {
            let (a, b) = (start * HOUR, (start + len) * HOUR);
            let window = TimeSpan::new(Time::from_micros(a), Time::from_micros(b));
            for (w, v) in [(Some(window), None), (None, Some(view)), (Some(window), Some(view)), (None, None)] {
                let hits = index.find(&Query { window: w, view: v }).unwrap();
                let mut found: Vec<usize> = hits.iter().map(|h| number[&h.file]).collect();
                found.sort_unstable();
                let fits = |m: &Made| w.is_none_or(|_| m.in_window(a, b)) && v.is_none_or(|v| m.in_view(&v));
                let expected: Vec<usize> = (0..all.len()).filter(|k| fits(&all[*k])).collect();
                prop_assert_eq!(found, expected, "{:?} {:?}", w, v);
            }
            let mut expected: BTreeMap<String, Count> = BTreeMap::new();
            for m in all.iter().filter(|m| m.in_window(a, b)) {
                let n = m.granules_in(a, b);
                let count = expected.entry(format!("p{}", m.collection)).or_default();
                count.in_window += n;
                count.in_view += if m.in_view(&view) { n } else { 0 };
            }
            prop_assert_eq!(index.counts(window, view).unwrap(), expected);
        }
    }

    /// What is taken out or put in anew is found as it is now.
    #[test]
    fn changes_leave_nothing_behind(
        all in prop::collection::vec(made(), 4..40),
        again in prop::collection::vec(made(), 4..40),
        removed in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
    ) {
        let mut index = index_of(&all);
        let mut state = all.clone();
        let entries: Vec<_> = again.iter().take(all.len()).enumerate().map(|(k, m)| {
            state[k] = Made { steps: 0, ..m.clone() };
            entry(format!("f/{k}.nc"), file(&format!("p{}", m.collection), m.span(), m.bounds))
        }).collect();
        index.put(&entries).unwrap();
        let gone: std::collections::BTreeSet<usize> = removed.iter().map(|k| k.index(all.len())).collect();
        index.remove(&gone.iter().map(|k| format!("f/{k}.nc")).collect::<Vec<_>>()).unwrap();
        prop_assert_eq!(index.check().unwrap(), None);
        prop_assert_eq!(index.len().unwrap(), all.len() - gone.len());
        let left = state.iter().enumerate().filter(|(k, _)| !gone.contains(k));
        let expected: usize = left.map(|(_, m)| m.steps.max(1)).sum();
        prop_assert_eq!(index.totals().unwrap().values().map(|(n, _)| n).sum::<usize>(), expected);
    }
}

#[test]
fn days_are_counted_with_all_a_granule_touches() {
    let day = 24;
    let at = |start: i64, len: i64| Made { time: Some((start, len)), bounds: GeoBox::WORLD, collection: 0, steps: 0 };
    // One within day 0, one over days 1 to 3, one before, one that begins before and ends on day 0.
    let mut index = index_of(&[at(2, 1), at(30, 2 * day), at(-100, 10), at(-5, 6)]);
    let days = index.days(Time::from_micros(0), 5).unwrap();
    assert_eq!(days["p0"], [2, 1, 1, 1, 0]);
}

#[test]
fn mission_and_level_are_kept_by_collection() {
    let mut info = file("swot_l3_lr_ssh", None, GeoBox::WORLD);
    info.attributes = vec![("platform".into(), "SWOT".into()), ("product_version".into(), "2.0.1".into())];
    let mut index = Index::in_memory(Path::new("/d")).unwrap();
    index.put(&[entry("a.nc".into(), info.clone()), entry("b.nc".into(), info)]).unwrap();
    let expected = BTreeMap::from([("swot_l3_lr_ssh".to_owned(), vec![("SWOT".to_owned(), "L3".to_owned())])]);
    assert_eq!(index.labels().unwrap(), expected);
    assert_eq!(index.facts("b.nc").unwrap().unwrap().version, "2.0.1");
}
