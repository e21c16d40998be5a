//! A million granules: how long it takes to put them in, to open the index again, and to find what a view shows. One line
//! `key=value …` a way; `cargo xtask bench index` reads them.
//!
//! The granules are made by the rules of a published comparison of ways to keep such a table (spans of 5 min, 51 min and a
//! day over ten years, boxes of 8°, 30° and 90°); the questions are a window of 1, 7 or 30 days and a box of 5°, 20° or 60°.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};
use seaglass_core::geo::GeoBox;
use seaglass_core::time::{Time, TimeSpan};
use seaglass_index::{Index, Query};
use support::{entry, file};

const START_S: f64 = 1_404_172_800.0;
const STOP_S: f64 = 1_719_792_000.0;
const QUESTIONS: usize = 90;

/// SplitMix64: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, a: f64, b: f64) -> f64 {
        a + (b - a) * self.next()
    }

    fn choose(&mut self, choices: [(f64, f64); 3]) -> f64 {
        let mut x = self.next();
        for (value, part) in choices {
            if x < part {
                return value;
            }
            x -= part;
        }
        choices[2].0
    }
}

struct Made {
    span: (i64, i64),
    bounds: GeoBox,
    product: u32,
}

fn granules(n: usize) -> Vec<Made> {
    let mut r = Random(66);
    let mut starts: Vec<f64> = (0..n).map(|_| r.between(START_S, STOP_S)).collect();
    starts.sort_by(f64::total_cmp);
    starts
        .into_iter()
        .map(|start| {
            let length = r.choose([(300.0, 0.7), (3086.0, 0.25), (86_400.0, 0.05)]);
            let width = r.choose([(8.0, 0.5), (30.0, 0.4), (90.0, 0.1)]) * r.between(0.5, 1.5);
            let height = r.choose([(6.0, 0.5), (20.0, 0.4), (70.0, 0.1)]) * r.between(0.5, 1.5);
            let west = r.between(-180.0, 180.0);
            let middle = r.between(-0.97, 0.97).asin().to_degrees();
            let bounds = GeoBox {
                west,
                south: (middle - height / 2.0).max(-90.0),
                east: west + width,
                north: (middle + height / 2.0).min(90.0),
            };
            let micros = |s: f64| (s * 1e6) as i64;
            Made { span: (micros(start), micros(start + length)), bounds, product: (r.next() * 40.0) as u32 }
        })
        .collect()
}

fn questions() -> Vec<(TimeSpan, GeoBox)> {
    let mut r = Random(99);
    (0..QUESTIONS)
        .map(|k| {
            let (days, side) = ([1.0, 7.0, 30.0][k % 3], [5.0, 20.0, 60.0][k / 3 % 3]);
            let start = r.between(START_S, STOP_S - days * 86_400.0);
            let (west, south) = (r.between(-175.0, 175.0 - side), r.between(-75.0, 75.0 - side));
            let t = |s: f64| Time::from_micros((s * 1e6) as i64);
            let window = TimeSpan::new(t(start), t(start + days * 86_400.0));
            (window, GeoBox { west, south, east: west + side, north: south + side })
        })
        .collect()
}

/// Milliseconds of every question, smallest first, and what was found in all.
fn ask(mut answer: impl FnMut(&TimeSpan, &GeoBox) -> usize) -> (Vec<f64>, usize) {
    let questions = questions();
    let (mut times, mut hits) = (Vec::new(), 0);
    for (window, view) in &questions {
        let start = Instant::now();
        hits += answer(window, view);
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    (times, hits)
}

fn report(way: &str, build: Duration, first_s: f64, bytes: u64, times: &[f64], hits: usize) {
    println!(
        "way={way} build_s={:.1} first_s={first_s:.3} mib={:.0} median_ms={:.3} p95_ms={:.3} max_ms={:.2} hits={hits}",
        build.as_secs_f64(),
        bytes as f64 / f64::from(1u32 << 20),
        times[times.len() / 2],
        times[times.len() * 95 / 100],
        times[times.len() - 1],
    );
}

fn ours(dir: &Path, made: &[Made]) {
    let path = dir.join("ours.sqlite");
    let start = Instant::now();
    {
        let mut index = Index::open(&path, Path::new("/d")).unwrap();
        for (k, heap) in made.chunks(500).enumerate() {
            let entries: Vec<_> = heap
                .iter()
                .enumerate()
                .map(|(j, m)| {
                    entry(format!("{:05}/{j:03}.nc", k), file(&format!("p{}", m.product), Some(m.span), m.bounds))
                })
                .collect();
            index.put(&entries).unwrap();
        }
    }
    let build = start.elapsed();
    // The next start: open, first question.
    let start = Instant::now();
    let index = Index::open(&path, Path::new("/d")).unwrap();
    let (window, view) = questions()[0];
    let first = index.find(&Query { window: Some(window), view: Some(view) }).unwrap();
    let first_s = start.elapsed().as_secs_f64();
    assert!(first.len() < made.len());
    let (times, hits) = ask(|w, v| index.find(&Query { window: Some(*w), view: Some(*v) }).unwrap().len());
    report("index", build, first_s, std::fs::metadata(&path).unwrap().len(), &times, hits);
}

/// The other way: an R*Tree on time and box, nothing else in the file. Boxes over 180° are two, exact values beside them.
fn rtree(dir: &Path, made: &[Made]) {
    let path = dir.join("rtree.sqlite");
    let start = Instant::now();
    let mut db = Connection::open(&path).unwrap();
    db.pragma_update(None, "journal_mode", "WAL").unwrap();
    db.pragma_update(None, "synchronous", "NORMAL").unwrap();
    db.execute_batch(
        "CREATE VIRTUAL TABLE r USING rtree(id, t0, t1, west, east, south, north, +file INTEGER, +start INTEGER, +stop INTEGER)",
    )
    .unwrap();
    for heap in made.chunks(500).enumerate() {
        let t = db.transaction().unwrap();
        for (j, m) in heap.1.iter().enumerate() {
            let id = (heap.0 * 500 + j) as i64;
            let b = m.bounds;
            let halves =
                if b.east > 180.0 { vec![(b.west, 180.0), (-180.0, b.east - 360.0)] } else { vec![(b.west, b.east)] };
            for (k, (west, east)) in halves.into_iter().enumerate() {
                let day = |t: i64| (t as f64 / 1e6 - START_S) / 86_400.0;
                t.prepare_cached("INSERT INTO r VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
                    .unwrap()
                    .execute(params![
                        id * 2 + k as i64,
                        day(m.span.0),
                        day(m.span.1),
                        west,
                        east,
                        b.south,
                        b.north,
                        id,
                        m.span.0,
                        m.span.1
                    ])
                    .unwrap();
            }
        }
        t.commit().unwrap();
    }
    let build = start.elapsed();
    drop(db);
    let start = Instant::now();
    let db = Connection::open(&path).unwrap();
    let mut find = db
        .prepare(
            "SELECT DISTINCT file FROM r WHERE t0 <= ?1 AND t1 >= ?2 AND west <= ?3 AND east >= ?4 AND south <= ?5 AND north >= ?6 \
             AND start <= ?7 AND stop >= ?8",
        )
        .unwrap();
    let mut answer = |w: &TimeSpan, v: &GeoBox| {
        let day = |t: Time| (t.unix_seconds() - START_S) / 86_400.0;
        let rows = find
            .query_map(
                params![
                    day(w.stop) + 0.01,
                    day(w.start) - 0.01,
                    v.east,
                    v.west,
                    v.north,
                    v.south,
                    w.stop.micros(),
                    w.start.micros()
                ],
                |r| r.get::<_, i64>(0),
            )
            .unwrap();
        rows.count()
    };
    let (window, view) = questions()[0];
    answer(&window, &view);
    let first_s = start.elapsed().as_secs_f64();
    let (times, hits) = ask(&mut answer);
    report("rtree", build, first_s, std::fs::metadata(&path).unwrap().len(), &times, hits);
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let rows = args.iter().position(|a| a == "--rows").and_then(|k| args.get(k + 1)?.parse().ok()).unwrap_or(1_000_000);
    let made = granules(rows);
    let dir = tempfile::tempdir().unwrap();
    ours(dir.path(), &made);
    rtree(dir.path(), &made);
}
