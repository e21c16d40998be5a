//! Components of NEMO in files of their own are one vector at the places of u.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::path::Path;

use common::{add, open};
use seaglass_core::field::{Apron, Window};
use seaglass_core::protocol::{FieldAt, Request};

const ROWS: usize = 5;
const COLS: usize = 6;

/// A file of one component on a grid turned by 30°, two depths; `value` of level, row and column.
fn component(path: &Path, name: &str, standard: &str, away: (f64, f64), value: impl Fn(usize, usize, usize) -> f32) {
    let mut f = netcdf::create(path).unwrap();
    for (d, n) in [("depth", 2), ("y", ROWS), ("x", COLS)] {
        f.add_dimension(d, n).unwrap();
    }
    let (sin, cos) = (30f64.to_radians().sin(), 30f64.to_radians().cos());
    let cells = (0..ROWS * COLS).map(|k| ((k / COLS) as f64 + away.0, (k % COLS) as f64 + away.1));
    let (lon, lat): (Vec<f64>, Vec<f64>) =
        cells.map(|(r, c)| (0.01 * (c * cos - r * sin), 0.01 * (c * sin + r * cos))).unzip();
    add(&mut f, "nav_lon", &["y", "x"], &lon, &[("units", "degrees_east"), ("standard_name", "longitude")]).unwrap();
    add(&mut f, "nav_lat", &["y", "x"], &lat, &[("units", "degrees_north"), ("standard_name", "latitude")]).unwrap();
    let depth = [("units", "m"), ("positive", "down"), ("standard_name", "depth")];
    add(&mut f, "depth", &["depth"], &[0.5f64, 10.0], &depth).unwrap();
    let values: Vec<f32> = (0..2 * ROWS * COLS).map(|k| value(k / (ROWS * COLS), k / COLS % ROWS, k % COLS)).collect();
    let mut v = f.add_variable::<f32>(name, &["depth", "y", "x"]).unwrap();
    v.set_fill_value(1e20f32).unwrap();
    for (key, text) in [("units", "m/s"), ("standard_name", standard), ("coordinates", "nav_lat nav_lon depth")] {
        v.put_attribute(key, text).unwrap();
    }
    v.put_values(&values, ..).unwrap();
    f.close().unwrap();
}

#[test]
fn components_of_two_files_are_one_vector() {
    let dir = tempfile::tempdir().unwrap();
    let [u, v] = ["U", "V"].map(|c| dir.path().join(format!("ORCA025_Unstable_20000104d05{c}.nc")));
    component(&u, "uo", "sea_water_x_velocity", (0.0, 0.5), |_, _, _| 0.6);
    // Linear in rows and columns: its mean around u is its value half a row before and half a column after.
    let linear = |l: usize, r: f64, c: f64| 10.0 * l as f64 + 0.25 * r + 0.5 * c;
    component(&v, "vo", "sea_water_y_velocity", (0.5, 0.0), |l, r, c| {
        if (l, r, c) == (0, 3, 4) { 1e20 } else { linear(l, r as f64, c as f64) as f32 }
    });
    let mut f = open(&u, &[]).unwrap();
    assert!(
        f.info.notes.iter().any(|n| n.contains("vo is read from ORCA025_Unstable_20000104d05V.nc")),
        "{:?}",
        f.info.notes
    );
    for level in 0..2 {
        for (r, c) in (0..ROWS).flat_map(|r| (0..COLS).map(move |c| (r, c))) {
            let at = f.probe("vo", 0, &[level], r, c);
            let missing = level == 0 && (r == 3 || r == 4) && (c == 3 || c == 4);
            let (row, col) = ((r as f64 - 0.5).max(0.0), (c as f64 + 0.5).min(COLS as f64 - 1.0));
            assert_eq!(at.values[0].value, (!missing).then(|| linear(level, row, col)), "{level} {r} {c}");
        }
    }
    // A window in the middle is cut from the same values.
    let window = Window { row: 1, col: 2, rows: 2, cols: 3, stride: 1 };
    let (source, field, extra) = (f.source.clone(), "vo".to_owned(), vec![0]);
    let of = FieldAt { source, part: 0, field, step: 0, extra, unmasked: false };
    let (_, bytes) = f.reader.handle(Request::Read { of, window, apron: Apron::None });
    let block: Vec<Option<f32>> =
        bytes.as_chunks::<4>().0.iter().map(|b| Some(f32::from_le_bytes(*b)).filter(|v| !v.is_nan())).collect();
    let expected: Vec<Option<f32>> =
        (0..6).map(|k| Some(linear(0, (1 + k / 3) as f64 - 0.5, (2 + k % 3) as f64 + 0.5) as f32)).collect();
    assert_eq!(block, expected);
    // Both follow the axes of the grid: turned by 30° they are the components towards true east and north.
    let speed = f.part().fields.iter().find(|x| x.components.len() == 2).unwrap().clone();
    let (at, along_y) = ((2, 1), linear(0, 1.5, 1.5));
    // A degree of longitude and of latitude at the equator of WGS 84, metres.
    let (lon_m, lat_m) = (111_319.491, 110_574.276);
    let (sin, cos) = (30f64.to_radians().sin(), 30f64.to_radians().cos());
    let unit = |e: f64, n: f64| [e / e.hypot(n), n / e.hypot(n)];
    let (x, y) = (unit(cos * lon_m, sin * lat_m), unit(-sin * lon_m, cos * lat_m));
    let [east, north] = [0, 1].map(|k| f.value(&speed.components[k], at.0, at.1).unwrap());
    let off = (east - (0.6 * x[0] + along_y * y[0])).hypot(north - (0.6 * x[1] + along_y * y[1]));
    assert!(off < 1e-5, "{east} {north}");

    // The other file alone is what it is; a file whose partner has other cells stays alone.
    assert!(open(&v, &[]).unwrap().info.notes.iter().all(|n| !n.contains("beside")));
    std::fs::remove_file(&v).unwrap();
    assert!(!open(&u, &[]).unwrap().names().contains(&"vo"));
    let mut other = netcdf::create(&v).unwrap();
    other.add_dimension("y", 3).unwrap();
    add(&mut other, "vo", &["y"], &[1f32, 2.0, 3.0], &[("units", "m/s")]).unwrap();
    other.close().unwrap();
    assert!(!open(&u, &[]).unwrap().names().contains(&"vo"));
}
