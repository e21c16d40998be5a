//! Colocation jobs on the sample day and on real files: pairs agree with the analytic ocean and with an exhaustive
//! search by other programs, any cut into tasks gives the same, and what goes wrong is said in one sentence.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]
#![cfg(feature = "worker")]

#[path = "support/sample_day.rs"]
mod sample_day;

#[path = "colocate/support.rs"]
mod support;

#[path = "support/worker.rs"]
mod worker;

#[path = "colocate/between.rs"]
mod between;
#[path = "colocate/cluster.rs"]
mod cluster;
#[path = "colocate/outputs.rs"]
mod outputs;
#[path = "colocate/real.rs"]
mod real;
#[path = "colocate/short.rs"]
mod short;
#[path = "colocate/trouble.rs"]
mod trouble;

use seaglass_core::geo::LonLat;
use seaglass_core::ocean::Ocean;
use seaglass_core::time::Time;
use support::{Table, job, merge, run, shard, side};

/// A value of the ocean at a place and time, and how far a stored value may be off.
type Truth = fn(&Ocean, LonLat, Time) -> f64;

/// Every value of a column is the ocean's at the place and time of its own row, within `within`; gives the number.
fn agrees(table: &Table, prefix: &str, field: &str, truth: Truth, within: f64) -> usize {
    let ocean = Ocean::new(1);
    let (lat, lon) = (table.numbers(&format!("{prefix}_lat")), table.numbers(&format!("{prefix}_lon")));
    let time = table.times(&format!("{prefix}_time"));
    let values = table.numbers(&format!("{prefix}_{field}"));
    for k in 0..values.len() {
        let (at, t) = (LonLat::new(lon[k], lat[k]), Time::from_micros(time[k]));
        let want = truth(&ocean, at, t);
        assert!((values[k] - want).abs() <= within, "{prefix}_{field} {k} at {at:?} {t}: {} is {want}", values[k]);
    }
    values.len()
}

/// Distances and time differences are those of the places and times in the table.
fn is_consistent(table: &Table, radius_m: f64, window_us: i64) {
    let places: Vec<Vec<f64>> = ["p_lat", "p_lon", "s_lat", "s_lon"].iter().map(|n| table.numbers(n)).collect();
    let (d, dt) = (table.numbers("distance_m"), table.whole("dt_us"));
    let (p, s) = (table.times("p_time"), table.times("s_time"));
    assert!(p.is_sorted(), "results come by time");
    for k in 0..d.len() {
        let [pa, po, sa, so] = [0, 1, 2, 3].map(|n| places[n][k]);
        // The chord through the Earth is shorter than the arc by less than 1e-5 of it at these radii.
        let chord = LonLat::new(po, pa).ecef().distance(LonLat::new(so, sa).ecef());
        assert!((d[k] - chord).abs() <= 1e-3 + chord * 1e-5, "{k}: {} and {chord}", d[k]);
        assert!(d[k] <= radius_m && dt[k].abs() <= window_us && dt[k] == s[k] - p[k], "{k}");
    }
    assert_eq!(table.whole("pair_id"), (0..d.len() as i64).collect::<Vec<_>>());
}

#[test]
fn drifters_meet_swot() {
    let dir = tempfile::tempdir().unwrap();
    let spec = job(
        dir.path(),
        "25 km",
        "3 h",
        "kind = 'nearest'",
        &[side("drifters", "gdp6h*", "fields = ['speed', 'temp']"), side("swot", "SWOT_L2*", "fields = ['ssha']")],
    );
    let (outcome, table) = run(spec);
    assert!(outcome.complete && outcome.rows > 10, "{outcome:?}");
    is_consistent(&table, 25_000.0, 10_800_000_000);
    // Half a step of the packing; the correction that is added is stored exactly (tests/sample.rs).
    agrees(&table, "s", "ssha", |o, p, t| o.surface(p, t).sla, 5.01e-5);
    // Single precision of 300 K is 1.5e-5 K; of 1 m/s 6e-8 m/s, of two components.
    agrees(&table, "p", "temp", |o, p, t| o.sst_kelvin(p, t), 2e-5);
    let speed: Truth = |o, p, t| {
        let s = o.surface(p, t);
        s.u.hypot(s.v)
    };
    agrees(&table, "p", "speed", speed, 1e-6);
    let rows = table.whole("p_row");
    let granules = table.texts("p_granule");
    let mut seen: Vec<_> = rows.iter().zip(&granules).collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), rows.len(), "one nearest pixel a drifter and time");
}

#[test]
fn scatterometer_meets_sar() {
    let dir = tempfile::tempdir().unwrap();
    let spec = job(
        dir.path(),
        "12.5 km",
        "6 h",
        "kind = 'all'",
        &[
            side("ascat", "ascat_*", "fields = ['wind_speed']"),
            side("s1", "s1a-iw-ocn*", "fields = ['wind_speed']\nfilter = 'wind_speed > 2'"),
        ],
    );
    let (outcome, table) = run(spec);
    assert!(outcome.complete && outcome.rows > 5_000, "{outcome:?}");
    is_consistent(&table, 12_500.0, 21_600_000_000);
    agrees(&table, "p", "wind_speed", |o, p, t| o.wind(p, t).speed(), 5.01e-3);
    // The slice has one time for 25 s; the wind drifts a little in half of that.
    agrees(&table, "s", "wind_speed", |o, p, t| o.wind(p, t).speed(), 5e-3);
    assert!(table.numbers("s_wind_speed").iter().all(|v| *v > 2.0), "the filter holds");
    let (rank, n) = (table.whole("rank"), table.whole("n_candidates"));
    assert!(rank.iter().zip(&n).all(|(r, n)| *r >= 1 && r <= n));
}

#[test]
fn altimeter_meets_analysis() {
    let dir = tempfile::tempdir().unwrap();
    let spec = job(
        dir.path(),
        "8 km",
        "12 h",
        "kind = 'nearest'\nk = 2",
        &[side("jason", "JA1_GPN*", "fields = ['ssha']"), side("sst", "*L4_GHRSST*", "fields = ['analysed_sst']")],
    );
    let (outcome, table) = run(spec);
    assert!(outcome.complete && outcome.rows > 10_000, "{outcome:?}");
    is_consistent(&table, 8_000.0, 43_200_000_000);
    agrees(&table, "p", "ssha", |o, p, t| o.surface(p, t).sla, 5.01e-4);
    agrees(&table, "s", "analysed_sst", |o, p, t| o.sst_kelvin(p, t), 5.01e-3);
    assert!(table.whole("rank").iter().all(|r| (1..=2).contains(r)));
}

#[test]
fn any_cut_gives_the_same() {
    let sides =
        [side("ascat", "ascat_*", "fields = ['wind_speed']"), side("jason", "JA1_GPN*", "fields = ['wind_speed_alt']")];
    for policy in ["kind = 'all'", "kind = 'nearest'", "kind = 'mutual'", "kind = 'mean'"] {
        for reference in ["primary", "secondary"] {
            let mut first = None;
            for (threads, slab) in [(1, "1 d"), (2, "3 h"), (2, "17 min"), (1, "7 h")] {
                let dir = tempfile::tempdir().unwrap();
                let mut spec = job(dir.path(), "25 km", "90 min", policy, &sides);
                spec.reference = serde_json::from_value(serde_json::json!(reference)).unwrap();
                (spec.run.threads, spec.run.slab) = (threads, Some(slab.to_owned()));
                spec.run.cache = Some(sample_day::sample_day().with_extension("outlines"));
                let (outcome, table) = run(spec);
                assert!(outcome.complete && outcome.rows > 0);
                let found = (outcome.pairs_sum64.unwrap(), outcome.rows, table.content());
                let known = first.get_or_insert_with(|| found.clone());
                assert!(*known == found, "{policy} {reference}: {threads} threads, slabs of {slab}");
            }
        }
    }
}

#[test]
fn shards_give_the_same() {
    let sides = [side("drifters", "gdp6h*", "fields = ['temp']"), side("sst", "*L2P_GHRSST*", "fields = ['sst_best']")];
    let whole = tempfile::tempdir().unwrap();
    let (one, table) = run(job(whole.path(), "10 km", "3 h", "kind = 'all'", &sides));
    let dir = tempfile::tempdir().unwrap();
    let mut spec = job(dir.path(), "10 km", "3 h", "kind = 'all'", &sides);
    spec.run.slab = Some("1 h".into());
    for k in [2, 3] {
        let part = shard(spec.clone(), (k, 3));
        assert!(part.outputs.is_empty() && part.pairs_sum64.is_none());
    }
    let early = merge(spec.clone()).unwrap_err().to_string();
    assert!(early.contains("tasks are not done"), "{early}");
    shard(spec.clone(), (1, 3));
    let merged = merge(spec.clone()).unwrap();
    assert!(one.rows > 0 && (merged.pairs_sum64, merged.rows) == (one.pairs_sum64, one.rows));
    assert_eq!(Table::read(&spec.output.path).content(), table.content());
    assert!(!dir.path().join("pairs.parquet.job").exists(), "nothing is left of a job that is done");
}

/// Tiles over the edge of a slab are read by two tasks, and each row of the reference side is counted by one.
#[test]
fn counts_do_not_depend_on_the_cut() {
    // Everything is in reach in place, so that every cut reads every tile.
    let counts = |slab: &str, shards: usize| {
        let sides = [
            side(
                "jason",
                "JA1_GPN*",
                "fields = ['wind_speed_alt']\nfilter = 'wind_speed_alt > 5'\ntime = ['2024-08-11T06:00', '2024-08-11T12:00']",
            ),
            side("drifters", "gdp6h*", "fields = ['temp']"),
        ];
        let dir = tempfile::tempdir().unwrap();
        let mut spec = job(dir.path(), "20000 km", "3 h", "kind = 'nearest'", &sides);
        spec.run.slab = Some(slab.to_owned());
        spec.run.cache = Some(sample_day::sample_day().with_extension("outlines"));
        if shards > 1 {
            (1..=shards).for_each(|k| drop(shard(spec.clone(), (k, shards))));
            merge(spec.clone()).unwrap();
        } else {
            run(spec.clone());
        }
        let record = std::fs::read(dir.path().join("pairs.parquet.json")).unwrap();
        let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
        let rows = record["plan"]["sides"][0]["rows"].as_u64().unwrap();
        (record["sides"][0]["counts"].clone(), rows)
    };
    let whole = counts("2 d", 1);
    let n = |key: &str| whole.0[key].as_u64().unwrap();
    assert!(n("taken") > 0 && n("filtered") > 0 && n("read") <= whole.1, "{whole:?}");
    assert_eq!(n("read"), n("invalid") + n("no_value") + n("filtered") + n("taken"), "{whole:?}");
    for (slab, shards) in [("5 h", 1), ("50 min", 3)] {
        assert_eq!(counts(slab, shards), whole, "slabs of {slab}, {shards} shards");
    }
}

#[test]
fn three_sensors_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let sides = [
        side("jason", "JA1_GPN*", "fields = ['wind_speed_alt']"),
        side("ascat", "ascat_*", "fields = ['wind_speed']"),
        side("swot", "SWOT_L2*", "fields = ['wind_speed_karin_2']"),
    ];
    let (outcome, table) = run(job(dir.path(), "25 km", "6 h", "kind = 'nearest'", &sides));
    assert!(outcome.rows > 0, "{outcome:?}");
    let wind: Truth = |o, p, t| o.wind(p, t).speed();
    agrees(&table, "p", "wind_speed_alt", wind, 5.01e-3);
    agrees(&table, "s1", "wind_speed", wind, 5.01e-3);
    agrees(&table, "s2", "wind_speed_karin_2", wind, 5.01e-4);
    assert!(table.numbers("s1_distance_m").iter().chain(&table.numbers("s2_distance_m")).all(|d| *d <= 25_000.0));
}

/// With three sides or more what is said of the pairs is of those in the rows, however the work is cut.
#[test]
fn pairs_of_three_sides_are_those_of_the_rows() {
    let sides = [
        side("jason", "JA1_GPN*", "fields = ['wind_speed_alt']"),
        side("ascat", "ascat_*", "fields = ['wind_speed']"),
        side("swot", "SWOT_L2*", "fields = ['wind_speed_karin_2']"),
    ];
    for policy in ["kind = 'nearest'", "kind = 'nearest'\nk = 3"] {
        let mut known = None;
        for slab in ["1 d", "47 min"] {
            let dir = tempfile::tempdir().unwrap();
            let mut spec = job(dir.path(), "25 km", "6 h", policy, &sides);
            spec.run.slab = Some(slab.to_owned());
            spec.run.cache = Some(sample_day::sample_day().with_extension("outlines"));
            let (outcome, table) = run(spec);
            let record = std::fs::read(dir.path().join("pairs.parquet.json")).unwrap();
            let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
            let rows = |p: &str| -> Vec<(String, i64)> {
                table.texts(&format!("{p}_granule")).into_iter().zip(table.whole(&format!("{p}_row"))).collect()
            };
            let (mut pairs, mut within) = (0, 0);
            for other in ["s1", "s2"] {
                let all: std::collections::BTreeSet<_> = rows("p").into_iter().zip(rows(other)).collect();
                pairs += all.len() as u64;
                let n = table.whole(&format!("{other}_n_candidates"));
                let of_row: std::collections::BTreeMap<_, _> = rows("p").into_iter().zip(n).collect();
                within += of_row.values().sum::<i64>();
            }
            assert!(outcome.rows > 100 && outcome.pairs == pairs, "{slab}: {pairs} pairs, {outcome:?}");
            assert_eq!(record["candidates"].as_i64(), Some(within), "{slab}");
            let found = (outcome.pairs, outcome.rows, within, outcome.pairs_sum64, table.content());
            let first = known.get_or_insert_with(|| found.clone());
            assert!(*first == found, "slabs of {slab}: {:?} and {:?}", first.3, found.3);
        }
    }
}

/// Of two copies of a file every row of the second repeats one of the first, whatever the other side covers.
#[test]
fn repetitions_are_counted_in_every_cut_and_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let name = "gdp6h_ragged_sample_20240806_20240816.nc";
    for copy in ["a.nc", "b.nc"] {
        std::fs::copy(sample_day::sample_day().join(name), dir.path().join(copy)).unwrap();
    }
    let pattern = dir.path().join("?.nc").display().to_string();
    let sides = [side("drifters", &pattern, ""), side("swot", "SWOT_L2*", "fields = ['ssha']")];
    for slab in ["1 h", "6 h", "10 d"] {
        let out = tempfile::tempdir().unwrap();
        let mut spec = job(out.path(), "25 km", "1 h", "kind = 'all'", &sides);
        spec.run.slab = Some(slab.to_owned());
        run(spec);
        let record = std::fs::read(out.path().join("pairs.parquet.json")).unwrap();
        let counts = &serde_json::from_slice::<serde_json::Value>(&record).unwrap()["sides"][0]["counts"];
        let n = |key: &str| counts[key].as_u64().unwrap();
        assert!(n("taken") > 0 && 2 * n("duplicate") == n("taken"), "{slab}: {counts}");
    }
    let out = tempfile::tempdir().unwrap();
    let mut spec = job(out.path(), "25 km", "1 h", "kind = 'all'", &sides);
    spec.duplicates = seaglass_coloc::Duplicates::Error;
    let refused = support::open(spec).unwrap().run(None, &seaglass_jobs::progress::Silent).unwrap_err().to_string();
    let row = refused.split("as row ").nth(1).and_then(|t| t.split(' ').next()).and_then(|t| t.parse::<u32>().ok());
    // ncdump -h: obs = 11513.
    assert!(refused.contains(" of b.nc; ") && row.is_some_and(|r| r < 11_513), "{refused}");
}

#[test]
fn means_and_boxes_are_those_of_the_pairs() {
    let sides = [side("jason", "JA1_GPN*", ""), side("sst", "*L4_GHRSST*", "fields = ['analysed_sst']")];
    let make = |policy: &str| {
        let dir = tempfile::tempdir().unwrap();
        run(job(dir.path(), "15 km", "12 h", policy, &sides)).1
    };
    let (all, mean) = (make("kind = 'all'"), make("kind = 'mean'"));
    let mut sums: std::collections::BTreeMap<(String, i64), Vec<f64>> = Default::default();
    let keys = |t: &Table| -> Vec<(String, i64)> { t.texts("p_granule").into_iter().zip(t.whole("p_row")).collect() };
    for (key, v) in keys(&all).into_iter().zip(all.numbers("s_analysed_sst")) {
        sums.entry(key).or_default().push(v);
    }
    let (n, values) = (mean.whole("n"), mean.numbers("s_analysed_sst"));
    assert_eq!(values.len(), sums.len());
    for (k, key) in keys(&mean).into_iter().enumerate() {
        let list = &sums[&key];
        let want = list.iter().sum::<f64>() / list.len() as f64;
        assert!(n[k] as usize == list.len() && (values[k] - want).abs() < 1e-9, "{key:?}");
    }
    // The middle of a box is the nearest cell, and its neighbours are those of the file.
    let (boxes, nearest) = (make("kind = 'box'\nsize = 3"), make("kind = 'nearest'"));
    assert_eq!(keys(&boxes), keys(&nearest));
    let ocean = Ocean::new(1);
    let (lat, lon, time) = (boxes.numbers("s_lat"), boxes.numbers("s_lon"), boxes.times("s_time"));
    for (k, (cells, v)) in boxes.lists("s_analysed_sst").iter().zip(nearest.numbers("s_analysed_sst")).enumerate() {
        assert!(cells.len() == 9 && cells[4] == v);
        for (c, cell) in cells.iter().enumerate().filter(|c| !c.1.is_nan()) {
            // Rows of the analysis go north by 0.1°, columns east.
            let (dy, dx) = ((c / 3) as f64 - 1.0, (c % 3) as f64 - 1.0);
            let at = LonLat::new(lon[k] + 0.1 * dx, lat[k] + 0.1 * dy);
            let want = ocean.sst_kelvin(at, Time::from_micros(time[k]));
            assert!((cell - want).abs() < 2e-2, "{at:?}: {cell} is {want}");
        }
    }
}
