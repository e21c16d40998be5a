//! Reduced work sets against hashes that `reference.py` found by exhaustive search with PROJ's geodesics.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use seaglass_coloc::pairs::splitmix64;
use seaglass_coloc::{By, Control, Coord, Granule, Metric, Policy, Side, Spec, Times, join};

fn draw(seed: u64, k: u64, below: i64) -> i64 {
    (splitmix64((seed << 32) + k) % below as u64) as i64
}

fn wrap(lon: i64) -> i64 {
    (lon + 180_000_000).rem_euclid(360_000_000) - 180_000_000
}

/// Latitude, longitude (micro-degrees) and time (µs) of each row.
type Rows = Vec<(i64, i64, i64)>;

fn track() -> Rows {
    let lat = |phase: i64| if phase < 132_000_000 { phase - 66_000_000 } else { 198_000_000 - phase };
    (0..20_000).map(|k| (lat((k * 52_800) % 264_000_000), wrap(k * 63_017), k * 1_000_000)).collect()
}

fn points() -> Rows {
    let one = |k: u64| {
        (
            draw(1, 3 * k, 132_000_001) - 66_000_000,
            draw(1, 3 * k + 1, 360_000_000) - 180_000_000,
            draw(1, 3 * k + 2, 20_000) * 1_000_000,
        )
    };
    (0..6_000).map(one).collect()
}

fn swath() -> (Rows, Vec<bool>) {
    let cells = || (0..400_i64).flat_map(|line| (0..50_i64).map(move |pixel| (line, pixel)));
    let place = |(l, p): (i64, i64)| {
        (l * 20_000 + p * 3_000 - 4_000_000, wrap(179_500_000 + p * 18_000 - l * 5_000), l * 300_000)
    };
    (cells().map(place).collect(), cells().map(|(l, p)| (l * 7 + p * 3) % 5 != 0).collect())
}

fn near() -> Rows {
    let one = |k: u64| {
        (
            draw(2, 3 * k, 9_000_000) - 4_500_000,
            wrap(176_000_000 + draw(2, 3 * k + 1, 6_000_000)),
            draw(2, 3 * k + 2, 240) * 1_000_000,
        )
    };
    (0..3_000).map(one).collect()
}

fn cap() -> Rows {
    let one = |k: u64| {
        (90_000_000 - draw(3, 3 * k, 400_000), draw(3, 3 * k + 1, 360_000_000), draw(3, 3 * k + 2, 7_200) * 1_000_000)
    };
    (0..2_500).map(one).collect()
}

fn columns(rows: &Rows) -> (Coord<'static>, Coord<'static>) {
    let column = |of: fn(&(i64, i64, i64)) -> i64| rows.iter().map(|r| of(r) as i32).collect::<Vec<_>>();
    (Coord::micro(column(|r| r.0)), Coord::micro(column(|r| r.1)))
}

fn points_side(rows: &Rows) -> Side<'static> {
    let (lat, lon) = columns(rows);
    let time = Times::per_row(rows.iter().map(|r| r.2).collect::<Vec<_>>());
    Side::new(vec![Granule::points(lat, lon, time).unwrap()]).unwrap()
}

fn track_side(rows: &Rows) -> Side<'static> {
    let (lat, lon) = columns(rows);
    let time = Times::per_row(rows.iter().map(|r| r.2).collect::<Vec<_>>());
    Side::new(vec![Granule::track(lat, lon, time).unwrap()]).unwrap()
}

fn swath_side() -> Side<'static> {
    let (rows, valid) = swath();
    let (lat, lon) = columns(&rows);
    let time = Times::per_line(rows.iter().step_by(50).map(|r| r.2).collect::<Vec<_>>());
    Side::new(vec![Granule::swath(400, 50, lat, lon, time).unwrap().with_valid(valid).unwrap()]).unwrap()
}

#[test]
fn hashes_equal_exhaustive_search_by_another_program() {
    let reference: serde_json::Value = serde_json::from_str(include_str!("reference.json")).unwrap();
    let hour = 3_600_000_000;
    let tasks = [
        ("track_points", track_side(&track()), points_side(&points()), 60_000.0, hour),
        ("near_swath", points_side(&near()), swath_side(), 5_000.0, 30_000_000),
        ("cap_cap", points_side(&cap()), points_side(&cap()), 3_000.0, 600_000_000),
        ("swath_near", points_side(&near()), swath_side(), 4_000.0, 1_000_000_000_000_000),
    ];
    let mut checked = 0;
    for expected in reference["joins"].as_array().unwrap() {
        let (_, p, s, radius, window) = tasks.iter().find(|t| expected["task"] == t.0).unwrap();
        let metric = if expected["metric"] == "sphere" { Metric::SPHERE } else { Metric::Wgs84 };
        for (name, policy) in [
            ("all", Policy::All),
            ("nearest", Policy::Nearest { by: By::Distance, k: 1 }),
            ("combined", Policy::Nearest { by: By::Combined, k: 1 }),
        ] {
            let spec = Spec { policy, ..Spec::all(*radius, *window).with_metric(metric) };
            for threads in [1, 2] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let found = pool.install(|| join(p, s, &spec, &Control::default())).unwrap();
                let what = format!("{} {} {name} {threads}", expected["task"], expected["metric"]);
                assert_eq!(found.pairs.len() as u64, expected[name][0].as_u64().unwrap(), "{what}");
                assert_eq!(format!("{:016x}", found.sum64()), expected[name][1].as_str().unwrap(), "{what}");
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 48);
}
