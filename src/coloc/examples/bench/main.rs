//! Runs the tasks of the colocation benchmark and prints one JSON line for each:
//! `cargo run --release -p seaglass-coloc --example bench -- FOLDER [THREADS] [TASK…]`.
//!
//! FOLDER holds the work sets as `.npy` arrays (`packaging/bench/coloc/gen.py`). CPU seconds and peak memory are the
//! process's own, so run one task at a time to compare memory.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark")]

use std::path::Path;
use std::time::Instant;

use seaglass_coloc::crossover::{CrossSpec, Crossover, crossovers};
use seaglass_coloc::live::{Candidates, Cut, Kept};
use seaglass_coloc::{By, Control, Coord, Granule, Matches, Metric, Pair, Side, Spec, Times, join};

mod npy;

/// CPU seconds of this process, user and system, from the scheduler's nanoseconds of all its threads.
fn cpu_s() -> f64 {
    let mut ns = 0.0;
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return f64::NAN };
    for task in tasks.flatten() {
        let text = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        ns += text.split_whitespace().next().and_then(|v| v.parse::<f64>().ok()).unwrap_or(0.0);
    }
    ns * 1e-9
}

fn peak_mb() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|l| l.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|v| v.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
}

struct Data<'d>(&'d Path);

impl Data<'_> {
    fn points(&self, name: &str) -> Granule<'static> {
        let of = |c: &str| self.0.join(format!("{name}.{c}.npy"));
        let (lat, lon) = (npy::i32(&of("lat")), npy::i32(&of("lon")));
        let time = npy::i64(&of("time"));
        Granule::points(Coord::micro(lat), Coord::micro(lon), Times::per_row(time)).unwrap()
    }

    fn track(&self, name: &str) -> Granule<'static> {
        let of = |c: &str| self.0.join(format!("{name}.{c}.npy"));
        let (lat, lon) = (npy::i32(&of("lat")), npy::i32(&of("lon")));
        Granule::track(Coord::micro(lat), Coord::micro(lon), Times::per_row(npy::i64(&of("time")))).unwrap()
    }

    /// Passes of the swath, with their number of rows each.
    fn swath(&self) -> (Swath, usize) {
        let of = |c: &str| self.0.join(format!("swot_1d.{c}.npy"));
        let shape = npy::shape(&of("lat"));
        let swath = Swath {
            lat: npy::i32(&of("lat")),
            lon: npy::i32(&of("lon")),
            time: npy::i64(&of("time")),
            valid: npy::bool(&of("valid")),
            lines: shape[1],
            pixels: shape[2],
        };
        (swath, shape[0])
    }
}

struct Swath {
    lat: Vec<i32>,
    lon: Vec<i32>,
    time: Vec<i64>,
    valid: Vec<bool>,
    lines: usize,
    pixels: usize,
}

impl Swath {
    fn pass(&self, k: usize, any_time: bool) -> Granule<'_> {
        let size = self.lines * self.pixels;
        let rows = k * size..(k + 1) * size;
        let time =
            if any_time { Times::One(0) } else { Times::per_line(&self.time[k * self.lines..(k + 1) * self.lines]) };
        Granule::swath(
            self.lines,
            self.pixels,
            Coord::micro(&self.lat[rows.clone()]),
            Coord::micro(&self.lon[rows.clone()]),
            time,
        )
        .unwrap()
        .with_valid(&self.valid[rows.clone()])
        .unwrap()
        .with_first_row(rows.start as u64)
    }
}

fn task(data: &Data, name: &str, metric: Metric) -> (Matches, f64, f64) {
    let run = |p: &Side, s: &Side, spec: Spec| {
        let (wall, cpu) = (Instant::now(), cpu_s());
        let found = join(p, s, &spec.with_metric(metric), &Control::default()).unwrap();
        (found, wall.elapsed().as_secs_f64(), cpu_s() - cpu)
    };
    let one = |g: Granule<'static>| Side::new(vec![g]).unwrap();
    let hour = 3_600_000_000;
    match name {
        "A" | "A20" => {
            let track = data.track(if name == "A" { "track1hz_30d" } else { "track20hz_1d" });
            run(&one(track), &one(data.points("drifters_30d")), Spec::all(25e3, hour))
        }
        "D" => run(&one(data.points("ascat_1d")), &one(data.points("s1owi_1d")), Spec::all(12.5e3, 3 * hour)),
        "B" | "Ball" => {
            let (swath, passes) = data.swath();
            let side = Side::new((0..passes).map(|k| swath.pass(k, false)).collect()).unwrap();
            let spec = if name == "B" { Spec::nearest(5e3, hour / 2) } else { Spec::all(5e3, hour / 2) };
            run(&one(data.points("drifters_30d")), &side, spec)
        }
        "C1d" | "C1" => {
            let (up, down) = half_passes(data, if name == "C1d" { 86_400 } else { usize::MAX });
            let spec = CrossSpec::new(240 * hour, 2_000_000);
            let (wall, cpu) = (Instant::now(), cpu_s());
            let found = crossovers(&up, &down, &spec, &Control::default()).unwrap();
            let (wall, cpu) = (wall.elapsed().as_secs_f64(), cpu_s() - cpu);
            let pair = |c: &Crossover| Pair { i: c.i, j: c.j, distance_m: 0.0, dt_us: c.dt_us() };
            (Matches { pairs: found.iter().map(pair).collect(), ..Matches::default() }, wall, cpu)
        }
        "C2" => {
            let (swath, passes) = data.swath();
            let half = |odd| Side::new((odd..passes).step_by(2).map(|k| swath.pass(k, false)).collect()).unwrap();
            run(&half(0), &half(1), Spec::nearest(2e3, i64::MAX))
        }
        other => panic!("no task {other}; A A20 B Ball C1d C1 C2 D"),
    }
}

/// Ascending and descending half passes of the first `rows` rows of the nadir track.
fn half_passes(data: &Data, rows: usize) -> (Side<'static>, Side<'static>) {
    let of = |c: &str| data.0.join(format!("swotnadir.{c}.npy"));
    let (lat, lon) = (npy::i32(&of("lat")), npy::i32(&of("lon")));
    let (time, pass) = (npy::i64(&of("time")), npy::i32(&of("pass")));
    let rows = rows.min(pass.len());
    let (mut up, mut down) = (Vec::new(), Vec::new());
    let mut at = 0;
    for part in pass[..rows].chunk_by(|a, b| a == b) {
        let r = at..at + part.len();
        at = r.end;
        let t = Times::per_row(time[r.clone()].to_vec());
        let g =
            Granule::track(Coord::micro(lat[r.clone()].to_vec()), Coord::micro(lon[r.clone()].to_vec()), t).unwrap();
        if part[0] % 2 == 0 { &mut up } else { &mut down }.push(g.with_first_row(r.start as u64));
    }
    (Side::new(up).unwrap(), Side::new(down).unwrap())
}

/// Filters ten million candidates as a slider is dragged.
fn live(threads: usize) {
    let mut seed = 1_u64;
    let mut random = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 11) as f64 / (1_u64 << 53) as f64
    };
    // Density grows with distance, as it does around a place.
    let pairs: Vec<Pair> = (0..10_000_000_u64)
        .map(|k| Pair {
            i: k / 12,
            j: (random() * 4e9) as u64,
            distance_m: 50e3 * random().sqrt(),
            dt_us: ((random() - 0.5) * 2.0 * 21_600e6) as i64,
        })
        .collect();
    let candidates = Candidates::new(&pairs).unwrap();
    drop(pairs);
    let exact = |_: u64, _: u64| 0.0;
    let mut kept = Kept::default();
    // A frame of thirty a second.
    let frame_ms = 1000.0 / 30.0;
    for nearest in [None, Some(By::Distance), Some(By::Time), Some(By::Combined)] {
        let mut worst = 0.0_f64;
        let mut sum = 0.0;
        let cpu = cpu_s();
        for frame in 0..30 {
            let share = 1.0 - f64::from(frame) * 0.03;
            let cut = Cut { radius_m: 50e3 * share, window_us: (21_600e6 * share) as i64, nearest };
            let start = Instant::now();
            candidates.filter(&cut, &exact, &mut kept);
            let ms = start.elapsed().as_secs_f64() * 1e3;
            // The first frame also gets the memory.
            if frame > 0 || nearest.is_some() {
                worst = worst.max(ms);
                sum += ms / 30.0;
            }
        }
        println!(
            "{{\"task\":\"live\",\"candidates\":10000000,\"nearest\":\"{nearest:?}\",\"threads\":{threads},\"mean_ms\":{sum:.1},\"worst_ms\":{worst:.1},\"cpu_ms\":{:.1},\"of_a_frame\":{:.2},\"kept\":{}}}",
            (cpu_s() - cpu) * 1e3 / 30.0,
            sum / frame_ms,
            kept.len()
        );
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let folder = args.first().expect("a folder");
    let threads = args.get(1).and_then(|t| t.parse().ok()).unwrap_or(1);
    let chosen: Vec<&str> = args.iter().skip(2).map(String::as_str).collect();
    let chosen = if chosen.is_empty() { vec!["A", "A20", "B", "Ball", "C1d", "C1", "C2", "D", "live"] } else { chosen };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    for name in chosen {
        if name == "live" {
            pool.install(|| live(threads));
            continue;
        }
        for (letter, metric) in [("S", Metric::SPHERE), ("W", Metric::Wgs84)] {
            let (found, wall, cpu) = pool.install(|| task(&Data(Path::new(folder)), name, metric));
            println!(
                "{{\"task\":\"{name}\",\"metric\":\"{letter}\",\"threads\":{threads},\"wall_s\":{wall:.4},\"cpu_s\":{cpu:.4},\"peak_mb\":{:.0},\"pairs\":{},\"sum64\":\"{:016x}\",\"tested\":{},\"invalid\":[{},{}],\"duplicates\":[{},{}]}}",
                peak_mb(),
                found.pairs.len(),
                found.sum64(),
                found.counts.tested,
                found.counts.primary.invalid,
                found.counts.secondary.invalid,
                found.counts.primary.duplicates,
                found.counts.secondary.duplicates,
            );
        }
    }
}
