//! The value, position and time shown under the cursor are those of the file: random cells of every first product,
//! probed through a real worker process, against what netCDF4-python gives (`tests/fidelity/expect.py`, recorded in
//! `tests/fidelity/expected`).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]
#![cfg(feature = "worker")]

#[path = "support/worker.rs"]
mod worker;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use seaglass_core::product::Product;
use seaglass_core::protocol::{Answer, ProbedCell, Request};
use worker::{Worker, products, source};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// One recorded cell.
struct Expected {
    field: String,
    step: usize,
    row: usize,
    col: usize,
    single: bool,
    value: Option<f64>,
    place: Option<(f64, f64)>,
    time_us: Option<i64>,
}

/// What was recorded of a file.
struct Recorded {
    /// Path below the folder of granules.
    file: String,
    /// When all of it was seen, µs, where the file does not tell of cells.
    span_us: Option<(i64, i64)>,
    cells: Vec<Expected>,
}

fn recorded(path: &Path) -> Recorded {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines().peekable();
    let file = lines.next().unwrap().trim_start_matches("# ").to_owned();
    let span = lines.next_if(|l| l.starts_with("# span "));
    let span_us = span.map(|l| l["# span ".len()..].split_once(' ').unwrap());
    let span_us = span_us.map(|(a, b)| (a.parse().unwrap(), b.parse().unwrap()));
    assert_eq!(lines.next(), Some("field,step,row,col,precision,value,lon,lat,time_us"));
    let cell = |line: &str| {
        let c: Vec<&str> = line.split(',').collect();
        let number = |k: usize| c[k].parse::<f64>().ok();
        Expected {
            field: c[0].to_owned(),
            step: c[1].parse().unwrap(),
            row: c[2].parse().unwrap(),
            col: c[3].parse().unwrap(),
            single: c[4] == "f32",
            value: number(5),
            place: number(6).zip(number(7)),
            time_us: c[8].parse().ok(),
        }
    };
    Recorded { file, span_us, cells: lines.map(cell).collect() }
}

/// Whether two values differ by at most `ulps` steps of the precision netCDF4 computes in.
/// numpy rounds twice in single precision (product, then sum), Seaglass once.
fn same_value(want: Option<f64>, got: Option<f64>, single: bool) -> bool {
    match (want, got) {
        (None, None) => true,
        (Some(a), Some(b)) if single => {
            let (a, b) = (a as f32, b as f32);
            (a - b).abs() <= 2.0 * f32::EPSILON * a.abs().max(b.abs())
        }
        (Some(a), Some(b)) => (a - b).abs() <= f64::EPSILON * a.abs().max(b.abs()),
        _ => false,
    }
}

fn compare(want: &Expected, got: &ProbedCell, tolerance_deg: f64) -> Result<(), String> {
    let value = &got.values[0];
    if !same_value(want.value, value.value, want.single) {
        return Err(format!("value {:?}, netCDF4 has {:?}", value.value, want.value));
    }
    let place = got.position.map(|p| (p.lon_deg, p.lat_deg));
    let near = match (want.place, place) {
        (None, None) => true,
        (Some((lon, lat)), Some((x, y))) => {
            let dlon = (lon - x + 540.0).rem_euclid(360.0) - 180.0;
            dlon.abs() * lat.to_radians().cos() <= tolerance_deg && (lat - y).abs() <= tolerance_deg
        }
        _ => false,
    };
    if !near {
        return Err(format!("position {place:?}, netCDF4 has {:?}", want.place));
    }
    // A double of seconds since 2000 resolves 0.1 µs; num2date and we may round to either neighbour.
    match (want.time_us, got.time.map(seaglass_core::time::Time::micros)) {
        (None, _) => Ok(()),
        (Some(a), Some(b)) if (a - b).abs() <= 1 => Ok(()),
        (a, b) => Err(format!("time {b:?}, netCDF4 has {a:?}")),
    }
}

fn check(worker: &mut Worker, products: &[Arc<Product>], granules: &Path, csv: &Path) -> Result<usize, String> {
    let Recorded { file, span_us, cells } = recorded(csv);
    let path = granules.join(&file);
    if !path.exists() {
        println!("skipped: {file} is not here");
        return Ok(0);
    }
    let source = source(path, products);
    let info = worker.open(&source);
    let mut wrong = Vec::new();
    for want in &cells {
        let part = info.parts.iter().position(|p| p.fields.iter().any(|f| f.name == want.field));
        let part = part.ok_or_else(|| format!("{file}: no field {}", want.field))?;
        let seen = info.parts[part].span.map(|s| (s.start.micros(), s.stop.micros()));
        if span_us.is_some() && seen != span_us {
            return Err(format!("{file}: seen {seen:?}, the attributes have {span_us:?}"));
        }
        // Projected positions go through another implementation of the projection.
        let projected = info.parts[part].geometry == seaglass_core::granule::GeometryKind::ProjectedGrid;
        let request = Request::Probe {
            source: source.clone(),
            part,
            fields: vec![want.field.clone()],
            step: want.step,
            extra: Vec::new(),
            row: want.row,
            col: want.col,
        };
        let outcome = match worker.ask(request) {
            Answer::Probed { cell } => compare(want, &cell, if projected { 1e-7 } else { 1e-9 }),
            other => Err(format!("{other:?}")),
        };
        if let Err(why) = outcome {
            wrong.push(format!("{file} {} [{}, {}, {}]: {why}", want.field, want.step, want.row, want.col));
        }
    }
    if wrong.is_empty() {
        println!("{file} ({:?}): {} cells agree", info.product, cells.len());
        Ok(cells.len())
    } else {
        let n = wrong.len();
        wrong.truncate(5);
        Err(format!("{n} of {} cells differ:\n  {}", cells.len(), wrong.join("\n  ")))
    }
}

#[test]
fn probes_equal_netcdf4_python() {
    let granules = Path::new(ROOT).join("../shared/granules");
    if !granules.is_dir() {
        println!("skipped: ../shared/granules is not here");
        return;
    }
    let products = products();
    let mut worker = Worker::start();
    let mut files: Vec<PathBuf> = std::fs::read_dir(Path::new(ROOT).join("tests/fidelity/expected"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.sort();
    let outcomes: Vec<Result<usize, String>> =
        files.iter().map(|csv| check(&mut worker, &products, &granules, csv)).collect();
    let wrong: Vec<&String> = outcomes.iter().filter_map(|o| o.as_ref().err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.iter().map(|w| w.as_str()).collect::<Vec<_>>().join("\n"));
    let cells: usize = outcomes.iter().flatten().sum();
    assert!(cells > 500 * files.len() / 2, "only {cells} cells were compared");
}

/// Scans of MODIS overlap (bow-tie), so several cells hold a place: the centre of a cell is in that cell. Places and
/// values are those of netCDF4-python.
#[test]
fn centres_in_overlapping_scans_are_found() {
    let granules = Path::new(ROOT).join("../shared/granules/sst");
    let cells = [
        ("SS_MODIS_T-JPL-L2P-v2014.0.nc", "-67.9597778,-50.9530833", (887, 289), Some(280.07)),
        ("SS_MODIS_A-JPL-L2P-v2014.0.nc", "83.4597321,48.6357193", (770, 1091), None),
    ];
    for (file, place, cell, kelvin) in cells {
        let path = granules.join(file);
        if !path.exists() {
            println!("skipped: {file} is not here");
            continue;
        }
        let mut probe = std::process::Command::new(env!("CARGO_BIN_EXE_seaglass"));
        probe.arg("probe").arg(&path).args(["--field", "sea_surface_temperature", "--json"]);
        let out = probe.arg(format!("--at={place}")).output().unwrap();
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        let found: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {out:?}"));
        assert_eq!((found["row"].as_u64(), found["col"].as_u64()), (Some(cell.0), Some(cell.1)), "{file}: {text}");
        if let Some(kelvin) = kelvin {
            let value = found["value"].as_f64().unwrap();
            assert!((value - kelvin).abs() < 5e-3, "{file}: {value} is {kelvin}");
        }
    }
}

/// With Python and netCDF4 at hand the recorded expectations are made anew and must come out the same.
#[test]
fn recorded_expectations_are_what_python_says_now() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let granules = root.join("../shared/granules");
    let python = std::env::var("SEAGLASS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let knows = std::process::Command::new(&python).args(["-c", "import netCDF4, numpy"]).output();
    if !granules.is_dir() || !knows.is_ok_and(|o| o.status.success()) {
        eprintln!("skipped: no granules, or no python3 with netCDF4 (SEAGLASS_PYTHON names another)");
        return;
    }
    let fresh = tempfile::tempdir().unwrap();
    let script = root.join("tests/fidelity/expect.py");
    let made = std::process::Command::new(&python).arg(script).arg(&granules).arg(fresh.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut files = 0;
    for entry in std::fs::read_dir(fresh.path()).unwrap() {
        let path = entry.unwrap().path();
        let recorded = root.join("tests/fidelity/expected").join(path.file_name().unwrap());
        assert!(std::fs::read(&path).unwrap() == std::fs::read(&recorded).unwrap(), "{} differs", recorded.display());
        files += 1;
    }
    assert!(files > 10, "only {files} expectations were made");
}
