//! Values between the cells of grids and at crossings of tracks, against scipy and an exhaustive search (`between.py`
//! made the files and recorded what these found), and against the analytic ocean.

use std::path::Path;

use seaglass_core::geo::LonLat;
use seaglass_core::ocean::Ocean;
use seaglass_core::time::Time;
use seaglass_jobs::JobSpec;

use crate::support::{Table, merge, open, run, shard, side};

fn file(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/colocate/between").join(name).display().to_string()
}

fn expected(name: &str) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(file("expected.json")).unwrap();
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    all[name].as_array().unwrap().clone()
}

/// A job that writes `pairs.parquet` into a folder and says no radius.
fn job(dir: &Path, window: &str, policy: &str, sides: &[String]) -> JobSpec {
    let out = dir.join("pairs.parquet");
    let text = format!(
        "window = '{window}'\n[policy]\n{policy}\n{}[output]\npath = '{}'\n[run]\nchecksum = 'none'\n",
        sides.concat(),
        out.display()
    );
    JobSpec::parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

fn grids() -> String {
    side("grid", &file("grid_?.nc"), "fields = ['sst', 'wind']")
}

/// The nearest way from one direction to another.
fn turn(a: f64, b: f64) -> f64 {
    ((a - b + 540.0).rem_euclid(360.0) - 180.0).abs()
}

#[test]
fn grids_are_interpolated_as_scipy_does() {
    let dir = tempfile::tempdir().unwrap();
    let sides = [side("places", &file("places.nc"), "fields = ['depth']"), grids()];
    let (outcome, table) = run(job(dir.path(), "6 h", "kind = 'interpolate'", &sides));
    let want = expected("linear");
    assert!(outcome.complete && want.len() > 300, "{outcome:?}");
    let rows: Vec<i64> = want.iter().map(|w| w["row"].as_i64().unwrap()).collect();
    let mut got: Vec<(i64, usize)> = table.whole("p_row").into_iter().zip(0..).collect();
    got.sort_unstable();
    assert_eq!(got.iter().map(|g| g.0).collect::<Vec<_>>(), rows);
    let [sst, wind, weight] = ["s_sst", "s_wind", "weight"].map(|n| table.numbers(n));
    for ((_, k), w) in got.into_iter().zip(&want) {
        let value = w["sst"].as_f64().unwrap_or(f64::NAN);
        assert!((sst[k] - value).abs() < 1e-9 || (sst[k].is_nan() && value.is_nan()), "{w}: {}", sst[k]);
        assert!(turn(wind[k], w["wind"].as_f64().unwrap()) < 1e-9, "{w}: {}", wind[k]);
        // The wind has no holes: the least share is that of the temperature.
        assert!((weight[k] - w["share"].as_f64().unwrap()).abs() < 1e-12, "{w}: {}", weight[k]);
    }
    for (threads, slab) in [(2, "90 min"), (1, "1 min")] {
        let cut = tempfile::tempdir().unwrap();
        let mut spec = job(cut.path(), "6 h", "kind = 'interpolate'", &sides);
        (spec.run.threads, spec.run.slab) = (threads, Some(slab.to_owned()));
        let (parts, same) = run(spec);
        assert_eq!((parts.pairs_sum64, same.content()), (outcome.pairs_sum64.clone(), table.content()), "{slab}");
    }
    // Between two steps the mean time is that of the place itself where no cell is missing.
    let dt = table.numbers("dt_mean_us");
    assert!((0..dt.len()).filter(|k| weight[*k] == 1.0).all(|k| dt[k].abs() < 1.0), "{dt:?}");
}

#[test]
fn the_nearest_step_alone_and_projected_grids() {
    let dir = tempfile::tempdir().unwrap();
    let sides = [side("places", &file("places.nc"), ""), side("grid", &file("grid_?.nc"), "fields = ['sst']")];
    let (_, table) = run(job(dir.path(), "4 h", "kind = 'interpolate'\ntime = 'nearest'", &sides));
    let want = expected("nearest");
    let (row, dt, sst) = (table.whole("p_row"), table.numbers("dt_mean_us"), table.numbers("s_sst"));
    assert_eq!(row.len(), want.len());
    for (k, row) in row.iter().enumerate() {
        let w = want.iter().find(|w| w["row"].as_i64() == Some(*row)).unwrap_or_else(|| panic!("{row}"));
        assert!((sst[k] - w["sst"].as_f64().unwrap()).abs() < 1e-9, "{w}: {}", sst[k]);
        assert!((dt[k] - w["dt_us"].as_f64().unwrap()).abs() < 1e-3, "{w}: {}", dt[k]);
    }
    let dir = tempfile::tempdir().unwrap();
    let sides = [side("north", &file("north.nc"), ""), side("ice", &file("polar.nc"), "fields = ['ice']")];
    let (_, table) = run(job(dir.path(), "12 h", "kind = 'interpolate'\ntime = 'nearest'", &sides));
    let want = expected("polar");
    let (row, ice) = (table.whole("p_row"), table.numbers("s_ice"));
    assert_eq!(row.len(), want.len());
    for (k, row) in row.iter().enumerate() {
        let w = want.iter().find(|w| w["row"].as_i64() == Some(*row)).unwrap_or_else(|| panic!("{row}"));
        // proj4rs and PROJ agree to a micrometre; the field changes by 1 in 125 km.
        assert!((ice[k] - w["ice"].as_f64().unwrap()).abs() < 1e-9, "{w}: {}", ice[k]);
    }
}

fn crossing(policy: &str, dir: &Path) -> JobSpec {
    let track = |name: &str| side(name, &file(&format!("track_{name}.nc")), "fields = ['sla']");
    job(dir, "3 h", &format!("kind = 'crossovers'\nmax_gap = '45 s'\n{policy}"), &[track("a"), track("b")])
}

/// Crossings of a table with those expected, in the order of rows.
fn agrees(table: &Table, want: &[serde_json::Value]) {
    let (i, j) = (table.whole("p_row"), table.whole("s_row"));
    let mut order: Vec<usize> = (0..i.len()).collect();
    order.sort_by_key(|k| (i[*k], j[*k]));
    let pairs: Vec<_> = order.iter().map(|k| (i[*k], j[*k])).collect();
    let expected: Vec<_> = want.iter().map(|w| (w["i"].as_i64().unwrap(), w["j"].as_i64().unwrap())).collect();
    assert_eq!(pairs, expected);
    let numbers = ["p_lat", "p_lon", "s_lat", "s_lon", "p_sla", "s_sla"].map(|n| table.numbers(n));
    let dt = table.whole("dt_us");
    assert!(table.times("p_time").is_sorted());
    for (k, w) in order.into_iter().zip(want) {
        let near = |column: usize, name: &str, within: f64| {
            let (got, want) = (numbers[column][k], w[name].as_f64().unwrap());
            assert!((got - want).abs() < within, "{name} of {w}: {got}");
        };
        // Trigonometry of two programs; times are whole microseconds, and the track is 1e-7 of a degree longer in one.
        near(0, "lat", 1e-10);
        near(1, "lon", 1e-9);
        near(2, "lat", 1e-10);
        near(3, "lon", 1e-9);
        near(4, "p_sla", 1e-6);
        near(5, "s_sla", 1e-6);
        assert!((dt[k] as f64 / 1e6 - w["dt_s"].as_f64().unwrap()).abs() < 3e-6, "{w}");
    }
}

#[test]
fn tracks_cross_where_an_exhaustive_search_says() {
    let want = expected("tracks");
    assert!(want.len() > 50);
    let mut first = None;
    for (threads, slab) in [(1, "2 d"), (2, "3 h"), (2, "17 min")] {
        let dir = tempfile::tempdir().unwrap();
        let mut spec = crossing("", dir.path());
        (spec.run.threads, spec.run.slab) = (threads, Some(slab.to_owned()));
        let (outcome, table) = run(spec);
        agrees(&table, &want);
        let found = (outcome.pairs_sum64, table.content());
        assert!(*first.get_or_insert_with(|| found.clone()) == found, "{threads} threads, slabs of {slab}");
    }
    let dir = tempfile::tempdir().unwrap();
    let (_, table) = run(crossing("method = 'spline'", dir.path()));
    let (row, sla) = (table.whole("p_row"), table.numbers("p_sla"));
    let mut compared = 0;
    for w in want.iter().filter(|w| w["p_spline"].is_number()) {
        let same: Vec<usize> = (0..row.len()).filter(|k| Some(row[*k]) == w["i"].as_i64()).collect();
        let near = |k: &usize| (sla[*k] - w["p_spline"].as_f64().unwrap()).abs() < 1e-6;
        assert!(same.iter().any(near), "{w}: {:?}", same.iter().map(|k| sla[*k]).collect::<Vec<_>>());
        compared += 1;
    }
    assert!(compared > 50, "{compared}");
}

#[test]
fn ascending_passes_cross_descending_ones() {
    let dir = tempfile::tempdir().unwrap();
    let track = |name: &str, pass: &str| side(name, &file("track_a.nc"), &format!("fields = ['sla']\npass = '{pass}'"));
    let sides = [track("up", "ascending"), track("down", "descending")];
    let spec = job(dir.path(), "12 h", "kind = 'crossovers'\nmax_gap = '30 s'", &sides);
    let (outcome, table) = run(spec.clone());
    agrees(&table, &expected("passes"));
    // Three shards and a merge, in all three formats.
    let parts = tempfile::tempdir().unwrap();
    let mut spec = spec;
    spec.output.path = parts.path().join("pairs.parquet");
    spec.output.formats = serde_json::from_str("[\"parquet\", \"netcdf\", \"csv\"]").unwrap();
    spec.run.slab = Some("100 min".into());
    (1..=3).rev().for_each(|k| drop(shard(spec.clone(), (k, 3))));
    let merged = merge(spec.clone()).unwrap();
    assert_eq!((merged.pairs_sum64, merged.rows, merged.outputs.len()), (outcome.pairs_sum64, outcome.rows, 3));
    assert_eq!(Table::read(&spec.output.path).content(), table.content());
    let csv = std::fs::read_to_string(parts.path().join("pairs.csv")).unwrap();
    assert!(csv.starts_with("pair_id,p_granule,p_row,p_time,p_lat,p_lon,s_granule,s_row,"), "{csv}");
    assert_eq!(csv.lines().count() as u64, outcome.rows + 1);
}

#[test]
fn on_the_sample_day_both_sides_of_a_crossing_are_the_ocean() {
    let dir = tempfile::tempdir().unwrap();
    let track =
        |name: &str, pass: &str| side(name, "JA1_GPN*", &format!("fields = ['ssha', 'ice_flag']\npass = '{pass}'"));
    let (outcome, table) =
        run(job(dir.path(), "1 d", "kind = 'crossovers'", &[track("up", "ascending"), track("down", "descending")]));
    assert!(outcome.rows >= 3, "{outcome:?}");
    let ocean = Ocean::new(1);
    let (lat, lon) = (table.numbers("p_lat"), table.numbers("p_lon"));
    for prefix in ["p", "s"] {
        let (time, ssha) = (table.times(&format!("{prefix}_time")), table.numbers(&format!("{prefix}_ssha")));
        for k in 0..lat.len() {
            let want = ocean.surface(LonLat::new(lon[k], lat[k]), Time::from_micros(time[k])).sla;
            // Half a step of the packing, and what a chord of 6 km leaves of the curvature of an eddy.
            assert!((ssha[k] - want).abs() < 1.5e-3, "{prefix} {k}: {} is {want}", ssha[k]);
        }
    }
}

#[test]
fn swaths_are_matched_pass_by_pass() {
    let dir = tempfile::tempdir().unwrap();
    let swath =
        |name: &str, pass: &str| side(name, "SWOT_L2*_27[3-6]_*", &format!("fields = ['ssha']\npass = '{pass}'"));
    let sides = [swath("up", "ascending"), swath("down", "descending")];
    let (outcome, table) = run(crate::support::job(dir.path(), "2 km", "10 d", "kind = 'nearest'", &sides));
    assert!(outcome.rows > 100, "{outcome:?}");
    // Passes of SWOT with odd numbers go north.
    let number = |name: &String| name.split('_').nth(6).and_then(|n| n.parse::<u32>().ok()).unwrap();
    assert!(table.texts("p_granule").iter().all(|g| number(g) % 2 == 1));
    assert!(table.texts("s_granule").iter().all(|g| number(g) % 2 == 0));
}

#[test]
fn an_analysis_at_the_track_of_an_altimeter() {
    let dir = tempfile::tempdir().unwrap();
    let sides =
        [side("jason", "JA1_GPN*", "fields = ['ssha']"), side("sst", "*L4_GHRSST*", "fields = ['analysed_sst']")];
    let (outcome, table) = run(job(dir.path(), "12 h", "kind = 'interpolate'\ntime = 'nearest'", &sides));
    assert!(outcome.complete && outcome.rows > 10_000, "{outcome:?}");
    let ocean = Ocean::new(1);
    let noon = Time::parse("2024-08-11T12:00:00Z").unwrap();
    let (lat, lon, weight) = (table.numbers("p_lat"), table.numbers("p_lon"), table.numbers("weight"));
    let sst = table.numbers("s_analysed_sst");
    let mut whole = 0;
    for k in (0..sst.len()).filter(|k| weight[*k] == 1.0) {
        // Cells of the analysis are centred on 0.05 + 0.1 n degrees.
        let part = |x: f64| ((x - 0.05) * 10.0).rem_euclid(1.0);
        let (fx, fy) = (part(lon[k]), part(lat[k]));
        let (west, south) = (lon[k] - fx * 0.1, lat[k] - fy * 0.1);
        let cell = |dx: f64, dy: f64| ocean.sst_kelvin(LonLat::new(west + dx * 0.1, south + dy * 0.1), noon);
        let want = (1.0 - fy) * ((1.0 - fx) * cell(0.0, 0.0) + fx * cell(1.0, 0.0))
            + fy * ((1.0 - fx) * cell(0.0, 1.0) + fx * cell(1.0, 1.0));
        assert!((sst[k] - want).abs() < 5.1e-3, "{k}: {} is {want}", sst[k]);
        whole += 1;
    }
    assert!(whole > 8_000, "{whole}");
}

#[test]
fn sides_of_the_wrong_kind_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let say = |policy: &str, sides: &[String]| match open(job(dir.path(), "1 h", policy, sides)) {
        Err(e) => e.to_string(),
        Ok(_) => panic!("{policy}"),
    };
    let (a, b) = (side("a", &file("track_a.nc"), "fields = ['sla']"), side("b", &file("track_a.nc"), ""));
    let twice = say("kind = 'crossovers'", &[a.clone(), b.clone()]);
    assert!(twice.contains("pass = \"ascending\""), "{twice}");
    let swath = say("kind = 'crossovers'", &[b.clone(), side("swot", "SWOT_L2*", "")]);
    assert!(swath.contains("Only tracks cross") && swath.contains("swot"), "{swath}");
    let track = say("kind = 'interpolate'", &[b.clone(), a.clone()]);
    assert!(track.contains("Only grids can be interpolated") && track.contains("track_a.nc"), "{track}");
    let pass = side("g", &file("grid_a.nc"), "pass = 'ascending'");
    let flown = say("kind = 'interpolate'", &[b.clone(), pass.replace("pass", "fields = ['sst']\npass")]);
    assert!(flown.contains("leave out pass"), "{flown}");
    let refused = |text: &str| JobSpec::parse(text).unwrap_err().to_string();
    let bare = |policy: &str| {
        let files = "[[side]]\nname = 'a'\nfiles = ['a.nc']\n[[side]]\nname = 'b'\nfiles = ['b.nc']\n";
        format!("window = '1 h'\n[policy]\n{policy}\n{files}[output]\npath = 'x.csv'\n")
    };
    let nothing = refused(&bare("kind = 'interpolate'"));
    assert!(nothing.contains("\"b\" names no fields"), "{nothing}");
    let radius = refused(&bare("kind = 'nearest'"));
    assert!(radius.contains("no radius"), "{radius}");
    let gap = refused(&bare("kind = 'crossovers'\nmax_gap = '3 d'"));
    assert!(gap.contains("max_gap"), "{gap}");
    for s in [twice, swath, track, flown, nothing, radius, gap] {
        assert!(s.ends_with('.') && !s.contains('\n') && s.len() < 400, "{s}");
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().filter(|e| e.as_ref().unwrap().path().is_file()).count(), 0);
}
