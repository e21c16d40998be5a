//! Every format holds the same rows, and the record beside them says where they come from.

use seaglass_core::protocol::{Answer, Request};

use crate::support::{Table, job, merge, run, shard, side};
use crate::worker::{Worker, source};

#[test]
fn parquet_netcdf_and_csv_agree() {
    let dir = tempfile::tempdir().unwrap();
    let sides = [
        side("ascat", "ascat_*", "fields = ['wind_speed', 'wvc_quality_flag']\nrequire = ['wind_speed']"),
        side("jason", "JA1_GPN*", "fields = ['wind_speed_alt']"),
    ];
    let mut spec = job(dir.path(), "25 km", "1 h", "kind = 'nearest'", &sides);
    spec.output.formats = serde_json::from_str("[\"parquet\", \"netcdf\", \"csv\"]").unwrap();
    spec.run.checksum = seaglass_jobs::spec::Checksum::Sha256;
    spec.title = Some("Winds".into());
    let (outcome, table) = run(spec);
    assert_eq!(outcome.outputs.len(), 3);
    let (time, lat, wind) = (table.times("p_time"), table.numbers("p_lat"), table.numbers("s_wind_speed_alt"));
    let flags = table.whole("p_wvc_quality_flag");
    let (s_lat, s_time) = (table.numbers("s_lat"), table.times("s_time"));

    let csv = std::fs::read_to_string(dir.path().join("pairs.csv")).unwrap();
    let mut lines = csv.split("\r\n");
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let at = |name: &str| names.iter().position(|n| *n == name).unwrap();
    let lines: Vec<Vec<&str>> = lines.filter(|l| !l.is_empty()).map(|l| l.split(',').collect()).collect();
    assert_eq!(lines.len(), time.len());
    for (k, line) in lines.iter().enumerate() {
        let t = seaglass_core::time::Time::parse(line[at("p_time")]).unwrap();
        assert_eq!(t.micros(), time[k]);
        assert_eq!(line[at("p_lat")].parse::<f64>().unwrap(), lat[k]);
        assert_eq!(line[at("p_wvc_quality_flag")].parse::<i64>().unwrap(), flags[k]);
    }

    // Our own readers understand the netCDF file: points with times, values and units.
    let mut worker = Worker::start();
    let path = dir.path().join("pairs.nc");
    let info = worker.open(&source(path.clone(), &[]));
    let fields: Vec<&str> = info.parts.iter().flat_map(|p| &p.fields).map(|f| f.name.as_str()).collect();
    assert!(fields.contains(&"s_wind_speed_alt") && fields.contains(&"distance_m"), "{fields:?}");
    let attribute = |name: &str| info.attributes.iter().find(|a| a.0 == name).map(|a| a.1.clone()).unwrap();
    assert_eq!((attribute("Conventions").as_str(), attribute("title").as_str()), ("CF-1.11", "Winds"));
    assert_eq!(Some(attribute("seaglass_pairs_sum64")), outcome.pairs_sum64);
    let part = info.parts.iter().position(|p| p.fields.iter().any(|f| f.name == "s_wind_speed_alt")).unwrap();
    assert_eq!(info.parts[part].shape, [time.len(), 1]);
    for k in (0..time.len()).step_by(time.len() / 40 + 1) {
        let cell = worker.probe(&source(path.clone(), &[]), part, "s_wind_speed_alt", k, 0);
        assert_eq!(cell.values[0].value, Some(wind[k]));
        assert_eq!(cell.values[0].units, "m/s");
        assert!((cell.position.unwrap().lat_deg - s_lat[k]).abs() < 1e-12);
        assert_eq!(cell.time.unwrap().micros(), s_time[k]);
    }

    let record: serde_json::Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("pairs.nc.json")).unwrap()).unwrap();
    assert_eq!(record["pairs_sum64"].as_str(), outcome.pairs_sum64.as_deref());
    assert_eq!((record["rows"].as_u64(), record["complete"].as_bool()), (Some(outcome.rows), Some(true)));
    let file = &record["sides"][0]["files"][0];
    // sha256 of the FIPS 180-4 kind is 64 hexadecimal digits; that it is the right one is asked of another program.
    assert_eq!(file["sha256"].as_str().unwrap().len(), 64);
    if let Ok(out) = std::process::Command::new("sha256sum").arg(file["path"].as_str().unwrap()).output() {
        assert!(String::from_utf8_lossy(&out.stdout).starts_with(file["sha256"].as_str().unwrap()));
    }
    assert!(record["sides"][1]["counts"]["read"].as_u64().unwrap() > 0);
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 6, "three results and their records: {left:?}");
}

fn record(path: &std::path::Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Different rows of a side in a table.
fn different(table: &Table, prefix: &str) -> usize {
    let rows = table.texts(&format!("{prefix}_granule")).into_iter().zip(table.whole(&format!("{prefix}_row")));
    rows.collect::<std::collections::BTreeSet<_>>().len()
}

#[test]
fn rows_that_match_and_candidates_are_counted_once_whatever_the_cut() {
    // A wide window and short slabs: rows near the edges are read by several tasks and match in several.
    let sides = [side("ascat", "ascat_*", "fields = ['wind_speed']"), side("jason", "JA1_GPN*", "")];
    let made = |policy: &str, slab: &str, shards: usize| {
        let dir = tempfile::tempdir().unwrap();
        let mut spec = job(dir.path(), "25 km", "3 h", policy, &sides);
        spec.run.slab = Some(slab.into());
        if shards > 1 {
            (1..=shards).for_each(|k| drop(shard(spec.clone(), (k, shards))));
            merge(spec.clone()).unwrap();
        } else {
            run(spec.clone());
        }
        (record(&dir.path().join("pairs.parquet.json")), Table::read(&spec.output.path))
    };
    let (all, table) = made("kind = 'all'", "2 d", 1);
    let want = [different(&table, "p"), different(&table, "s")].map(|n| n as u64);
    let pairs = table.whole("p_row").len() as u64;
    assert!(want[1] < pairs && want[1] > 100, "{want:?} {pairs}");
    let said = |r: &serde_json::Value| {
        ([0, 1].map(|k| r["sides"][k]["matched"].as_u64().unwrap()), r["candidates"].as_u64().unwrap())
    };
    assert_eq!(said(&all), (want, pairs));
    for (slab, shards) in [("50 min", 1), ("50 min", 3)] {
        assert_eq!(said(&made("kind = 'all'", slab, shards).0), (want, pairs), "{slab}, {shards} shards");
    }
    // The nearest of each row are fewer than what lies within the limits.
    for policy in ["kind = 'nearest'", "kind = 'nearest'\nk = 3", "kind = 'mutual'"] {
        let (kept, rows) = made(policy, "50 min", 1);
        let matched = [different(&rows, "p"), different(&rows, "s")].map(|n| n as u64);
        assert_eq!(said(&kept), (matched, pairs), "{policy}");
    }
    // Where rows are made into values there are none of that side in the results.
    let (mean, rows) = made("kind = 'count'", "50 min", 1);
    assert_eq!(mean["sides"][0]["matched"].as_u64(), Some(rows.whole("n").len() as u64));
    assert!(mean["sides"][1]["matched"].is_null() && mean["candidates"].as_u64() == Some(pairs));
}

#[test]
fn names_of_match_up_databases_are_the_same_columns() {
    let dir = tempfile::tempdir().unwrap();
    let sides = [
        side("ASCAT-B", "ascat_*", "fields = ['wind_speed']"),
        side("jason", "JA1_GPN*", "fields = ['wind_speed_alt']"),
    ];
    let mut spec = job(dir.path(), "25 km", "1 h", "kind = 'nearest'", &sides);
    let (_, plain) = run(spec.clone());
    spec.output.overwrite = true;
    spec.output.formats = serde_json::from_str("[\"parquet\", \"netcdf\", \"csv\"]").unwrap();
    spec.output.names = seaglass_jobs::spec::Names::Mdb;
    let (_, table) = run(spec.clone());
    for (plainly, name) in [
        ("p_wind_speed", "ASCAT_B__wind_speed"),
        ("s_wind_speed_alt", "jason__wind_speed_alt"),
        ("p_lat", "ASCAT_B__lat"),
        ("distance_m", "jason__distance_m"),
    ] {
        assert_eq!(table.numbers(name), plain.numbers(plainly), "{name}");
    }
    assert_eq!(table.texts("jason__granule"), plain.texts("s_granule"));
    let csv = std::fs::read_to_string(dir.path().join("pairs.csv")).unwrap();
    assert!(csv.starts_with("pair_id,ASCAT_B__granule,ASCAT_B__row,ASCAT_B__line,ASCAT_B__pixel,ASCAT_B__time,"));
    let mut worker = Worker::start();
    let info = worker.open(&source(dir.path().join("pairs.nc"), &[]));
    let part = info.parts.iter().position(|p| p.fields.iter().any(|f| f.name == "jason__wind_speed_alt")).unwrap();
    let (wind, lat) = (plain.numbers("s_wind_speed_alt"), plain.numbers("s_lat"));
    for k in (0..wind.len()).step_by(wind.len() / 20 + 1) {
        let cell = worker.probe(&source(dir.path().join("pairs.nc"), &[]), part, "jason__wind_speed_alt", k, 0);
        assert_eq!(cell.values[0].value, Some(wind[k]));
        // Its coordinates are found by the names that they have now.
        assert!((cell.position.unwrap().lat_deg - lat[k]).abs() < 1e-12);
    }
    let clash = |a: &str, b: &str| {
        let sides = [side(a, "ascat_*", ""), side(b, "JA1_GPN*", "")];
        let mut spec = job(dir.path(), "25 km", "1 h", "kind = 'nearest'", &sides);
        spec.output.names = seaglass_jobs::spec::Names::Mdb;
        spec.check().map_err(|e| e.to_string())
    };
    assert!(clash("a-b", "a_c").is_ok());
    assert!(clash("a-b", "a_b").unwrap_err().contains("would both be called a_b"));
}

/// Rows and pairs of a compact file by another program, as JSON; where that is not installed this says so.
const LOOK: &str = r#"
import json, sys, netCDF4
f = netCDF4.Dataset(sys.argv[1])
out = {"match": f["match"][:].tolist(), "distance_m": f["distance_m"][:].tolist(), "dims": {k: len(d) for k, d in f.dimensions.items()}}
out["conventions"] = f.Conventions
for name in ("primary", "secondary"):
    g = f[name]
    names = g["granule_name"][:]
    out[name] = {"granule": [names[k] for k in g["granule"][:]], "row": g["row"][:].tolist(), "lat": g["lat"][:].tolist(),
        "rows": len(g.dimensions["row"]), "title": g.title,
        "value": g["wind_speed" if name == "primary" else "wind_speed_alt"][:].filled(float("nan")).tolist()}
    assert g["lat"].standard_name == "latitude" and g["time"].units.startswith("microseconds since")
    assert g["wind_speed" if name == "primary" else "wind_speed_alt"].coordinates == "time lat lon"
print(json.dumps(out).replace("NaN", "null"))
"#;

#[test]
fn the_compact_form_says_each_row_once() {
    let dir = tempfile::tempdir().unwrap();
    let sides = [
        side("ascat", "ascat_*", "fields = ['wind_speed']"),
        side("jason", "JA1_GPN*", "fields = ['wind_speed_alt']\nrequire = []"),
    ];
    let mut spec = job(dir.path(), "25 km", "3 h", "kind = 'all'", &sides);
    spec.run.slab = Some("50 min".into());
    spec.output.formats = serde_json::from_str("[\"parquet\", \"netcdf\"]").unwrap();
    spec.output.form = seaglass_jobs::spec::Form::Compact;
    let (outcome, table) = run(spec.clone());
    let path = dir.path().join("pairs.nc");
    let attributes = Worker::start().open(&source(path.clone(), &[])).attributes;
    let sum = attributes.iter().find(|a| a.0 == "seaglass_pairs_sum64").map(|a| a.1.clone());
    assert_eq!(sum, outcome.pairs_sum64);

    for (policy, formats, said) in [
        ("kind = 'mean'", "[\"netcdf\"]", "pairs of rows of two sides"),
        ("kind = 'all'", "[\"csv\"]", "a form of netCDF files"),
    ] {
        let mut wrong = job(dir.path(), "25 km", "3 h", policy, &sides);
        wrong.output.formats = serde_json::from_str(formats).unwrap();
        wrong.output.form = seaglass_jobs::spec::Form::Compact;
        assert!(wrong.check().unwrap_err().to_string().contains(said), "{policy}");
    }

    let python = std::process::Command::new("python3").args(["-c", LOOK]).arg(&path).output();
    let Ok(out) = python.map_err(|e| eprintln!("skipped: no Python: {e}")) else { return };
    if String::from_utf8_lossy(&out.stderr).contains("No module named") {
        eprintln!("skipped: Python has no netCDF4");
        return;
    }
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let seen: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(seen["conventions"], "CF-1.11");
    let pairs = seen["match"].as_array().unwrap();
    assert_eq!((pairs.len() as u64, seen["dims"]["pair"].as_u64()), (outcome.rows, Some(outcome.rows)));
    for (column, (group, prefix, title, field)) in
        [("primary", "p", "ascat", "wind_speed"), ("secondary", "s", "jason", "wind_speed_alt")].into_iter().enumerate()
    {
        let own = &seen[group];
        assert_eq!(
            (own["rows"].as_u64(), own["title"].as_str()),
            (Some(different(&table, prefix) as u64), Some(title))
        );
        let (granule, row) = (table.texts(&format!("{prefix}_granule")), table.whole(&format!("{prefix}_row")));
        let (lat, value) = (table.numbers(&format!("{prefix}_lat")), table.numbers(&format!("{prefix}_{field}")));
        for (k, pair) in pairs.iter().enumerate() {
            let at = pair[column].as_u64().unwrap() as usize;
            assert_eq!(own["granule"][at], granule[k].as_str(), "{group} {k}");
            assert_eq!((own["row"][at].as_i64(), own["lat"][at].as_f64()), (Some(row[k]), Some(lat[k])), "{group} {k}");
            assert_eq!(own["value"][at].as_f64().unwrap_or(f64::NAN).to_bits() << 1, value[k].to_bits() << 1);
        }
    }
    let distance = table.numbers("distance_m");
    assert!(distance.iter().enumerate().all(|(k, d)| seen["distance_m"][k].as_f64() == Some(*d)));
}

#[test]
fn a_table_that_cannot_be_written_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let spool = dir.path().join("spool");
    std::fs::write(&spool, "no table").unwrap();
    let out = dir.path().join("out.nc");
    let answer = Worker::start().ask(Request::WriteTable { spool, out: out.clone() });
    let Answer::Failed { error } = answer else { panic!("{answer:?}") };
    assert!(error.message.contains("out.nc cannot be written"), "{}", error.message);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    assert!(!out.exists());
}
