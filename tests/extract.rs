//! `seaglass extract`: the cells of a grid in a polygon or along a line, found here by the numbers of the grid.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]
#![cfg(feature = "worker")]

#[path = "support/classic.rs"]
mod classic;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use classic::{Attr, Values, Var};

/// Metres of a degree of the sphere of mean radius (6 371 008.8 m).
const DEGREE_M: f64 = 111_195.08;

fn seaglass(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_seaglass")).args(args).output().unwrap()
}

/// Cells of a degree: the value says row and column, `exact` cannot be held in 32 bits. No time.
fn world(folder: &Path) -> PathBuf {
    let axis = |n: usize, first: f64| Values::Double((0..n).map(|k| first + k as f64).collect());
    let text = |units| vec![("units", Attr::Text(units))];
    let cells = 180 * 360;
    let vars = [
        Var { name: "lat", dims: vec![0], attrs: text("degrees_north"), values: axis(180, -89.5) },
        Var { name: "lon", dims: vec![1], attrs: text("degrees_east"), values: axis(360, -179.5) },
        Var {
            name: "number",
            dims: vec![0, 1],
            attrs: text("1"),
            values: Values::Float((0..cells).map(|k| k as f32).collect()),
        },
        Var {
            name: "exact",
            dims: vec![0, 1],
            attrs: text("m"),
            values: Values::Double((0..cells).map(|k| f64::from(k) + 1e-9).collect()),
        },
    ];
    let path = folder.join("world.nc");
    let attrs = [("Conventions", Attr::Text("CF-1.8"))];
    std::fs::write(&path, classic::file(&[("lat", 180), ("lon", 360)], &attrs, &vars)).unwrap();
    path
}

fn shape(folder: &Path, kind: &str, places: &[(f64, f64)]) -> PathBuf {
    let list: Vec<String> = places.iter().map(|(lon, lat)| format!("[{lon},{lat}]")).collect();
    let list = list.join(",");
    let coordinates = if kind == "Polygon" { format!("[[{list}]]") } else { format!("[{list}]") };
    let text = format!(
        r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"name":"here"}},
            "geometry":{{"type":"{kind}","coordinates":{coordinates}}}}}]}}"#
    );
    let path = folder.join("shape.geojson");
    std::fs::write(&path, text).unwrap();
    path
}

/// A CSV file as rows by column name.
fn csv(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| -> BTreeMap<String, String> {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), names.len(), "{line}");
        names.iter().map(|n| (*n).to_owned()).zip(cells.iter().map(|c| (*c).to_owned())).collect()
    };
    lines.map(row).collect()
}

/// Extracts and gives the numbers of the cells, ascending; every row is checked against the grid.
fn cells(folder: &Path, kind: &str, places: &[(f64, f64)], more: &[&str]) -> Vec<u64> {
    let (file, shape, out) = (world(folder), shape(folder, kind, places), folder.join("cells.csv"));
    let mut args = vec!["extract", file.to_str().unwrap(), "--shape", shape.to_str().unwrap()];
    args.extend(["--out", out.to_str().unwrap()]);
    args.extend(more);
    let done = seaglass(&args);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    let mut found = Vec::new();
    for row in csv(&out) {
        let number = |name: &str| -> f64 { row[name].parse().unwrap_or_else(|_| panic!("{name} {row:?}")) };
        let (r, c) = (number("row"), number("col"));
        assert_eq!(number("number"), r * 360.0 + c, "{row:?}");
        assert_eq!(number("exact"), r * 360.0 + c + 1e-9, "all 64 bits: {row:?}");
        assert_eq!((number("lat"), number("lon")), (r - 89.5, c - 179.5), "{row:?}");
        assert!(row["granule"].contains("world.nc") && row["time"].is_empty(), "{row:?}");
        found.push((r * 360.0 + c) as u64);
    }
    found.sort_unstable();
    found
}

/// Numbers of the cells whose centre fits.
fn centres(fits: impl Fn(f64, f64) -> bool) -> Vec<u64> {
    let all = (0..180u64).flat_map(|r| (0..360u64).map(move |c| (r, c)));
    all.filter(|(r, c)| fits(*c as f64 - 179.5, *r as f64 - 89.5)).map(|(r, c)| r * 360 + c).collect()
}

#[test]
fn polygons_over_the_dateline_and_around_a_pole() {
    let dir = tempfile::tempdir().unwrap();
    // Written as the standard wants it: edges are straight in longitude and latitude.
    let over = [(175.0, -3.0), (185.0, -3.0), (185.0, 4.0), (175.0, 4.0), (175.0, -3.0)];
    let found = cells(dir.path(), "Polygon", &over, &[]);
    assert_eq!(found, centres(|lon, lat| lon.abs() > 175.0 && lat > -3.0 && lat < 4.0));
    assert_eq!(found.len(), 70);
    // Closed by repeating its first place, as the standard wants it.
    let ring: Vec<(f64, f64)> = (0..=12).map(|k| (f64::from(k % 12) * 30.0 - 180.0, 80.0)).collect();
    assert_eq!(cells(dir.path(), "Polygon", &ring, &[]), centres(|_, lat| lat > 80.0));
    // A triangle whose slope misses all centres: inside is what lies below it.
    let triangle = [(0.0, 0.0), (20.0, 0.0), (0.0, 10.0), (0.0, 0.0)];
    let below = |lon: f64, lat: f64| lon > 0.0 && lat > 0.0 && lat < 10.0 - lon / 2.0 && lon < 20.0;
    assert_eq!(cells(dir.path(), "Polygon", &triangle, &[]), centres(below));
}

#[test]
fn cells_along_a_line() {
    let dir = tempfile::tempdir().unwrap();
    let meridian = [(10.4, -3.2), (10.4, 2.7)];
    let crossed = cells(dir.path(), "LineString", &meridian, &[]);
    assert_eq!(crossed, centres(|lon, lat| lon == 10.5 && lat > -4.0 && lat < 3.0));
    // With a reach also what has its centre within it; near the equator a degree is a degree both ways.
    let near = cells(dir.path(), "LineString", &meridian, &["--reach", "111.19508"]);
    let away = |lon: f64, lat: f64| {
        let beyond = (lat.clamp(-3.2, 2.7) - lat).abs();
        (lon - 10.4f64).hypot(beyond) * DEGREE_M
    };
    let want = centres(|lon, lat| away(lon, lat) <= 0.998 * DEGREE_M || (lon == 10.5 && lat > -4.0 && lat < 3.0));
    let most = centres(|lon, lat| away(lon, lat) <= 1.002 * DEGREE_M || (lon == 10.5 && lat > -4.0 && lat < 3.0));
    assert!(want.iter().all(|c| near.contains(c)) && near.iter().all(|c| most.contains(c)), "{near:?} {want:?}");
    assert!(near.len() > crossed.len());
    let along: Vec<f64> = csv(&dir.path().join("cells.csv")).iter().map(|r| r["along_m"].parse().unwrap()).collect();
    let length = 5.9 * DEGREE_M;
    assert!(along.iter().all(|m| (0.0..=length * 1.001).contains(m)) && along.iter().any(|m| *m > length * 0.9));
}

#[test]
fn netcdf_holds_the_same_and_can_be_opened() {
    let dir = tempfile::tempdir().unwrap();
    let box_ = [(0.0, 0.0), (3.0, 0.0), (3.0, 2.0), (0.0, 2.0), (0.0, 0.0)];
    let (file, shape, out) = (world(dir.path()), shape(dir.path(), "Polygon", &box_), dir.path().join("cells.nc"));
    let arguments =
        ["extract", file.to_str().unwrap(), "--shape", shape.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let done = seaglass(&[&arguments[..], &["--json"]].concat());
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    let told: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(told["cells"], 6);
    let probed =
        seaglass(&["probe", out.to_str().unwrap(), "--field", "exact", "--at", "1.5,0.5", "--reach", "0.1", "--json"]);
    assert_eq!(probed.status.code(), Some(0), "{}", String::from_utf8_lossy(&probed.stderr));
    let value: serde_json::Value = serde_json::from_slice(&probed.stdout).unwrap();
    // Row 90, column 181.
    let text = value.to_string();
    assert!(text.contains("32581.000000001"), "{text}");
}

#[test]
fn what_cannot_be_extracted_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let file = world(dir.path());
    let out = dir.path().join("cells.csv");
    let run = |shape: &Path, more: &[&str]| {
        let mut args = vec!["extract", file.to_str().unwrap(), "--shape", shape.to_str().unwrap()];
        args.extend(["--out", out.to_str().unwrap()]);
        args.extend(more);
        let done = seaglass(&args);
        (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    let box_ = [(0.0, 0.0), (3.0, 0.0), (3.0, 2.0), (0.0, 2.0), (0.0, 0.0)];
    let good = shape(dir.path(), "Polygon", &box_);
    let (code, text) = run(&good, &["--name", "nobody"]);
    assert!(code == Some(4) && text.contains("named \"nobody\""), "{code:?} {text}");
    let (code, text) = run(&good, &["--reach", "-1"]);
    assert!(code == Some(2) && text.contains("--reach"), "{code:?} {text}");
    let (code, text) = run(&dir.path().join("missing.geojson"), &[]);
    assert!(code == Some(3) && text.contains("missing.geojson"), "{code:?} {text}");
    let points = dir.path().join("points.geojson");
    std::fs::write(&points, r#"{"type":"Point","coordinates":[1,2]}"#).unwrap();
    let (code, text) = run(&points, &[]);
    assert!(code == Some(4) && text.contains("polygon or line"), "{code:?} {text}");
    assert!(!out.exists());
    // Too small for any centre: an empty table, and a code that says so.
    let small = shape(dir.path(), "Polygon", &[(0.1, 0.1), (0.2, 0.1), (0.2, 0.2), (0.1, 0.1)]);
    let (code, text) = run(&small, &[]);
    assert_eq!(code, Some(0), "the grid has values there though no centre: {text}");
    assert_eq!(csv(&out).len(), 0);
}
