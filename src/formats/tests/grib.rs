//! GRIB files against eccodes: cells of files that eccodes wrote (`grib/make.py`), packed in every way that is read here,
//! on every kind of grid, with the value, place and time that eccodes finds in them; and refusals.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::path::{Path, PathBuf};

use common::{Opened, granules, open};
use seaglass_core::granule::GeometryKind;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/grib")
}

/// Field, step, levels and place of a cell that eccodes counts from the first of its message.
type Finder = fn(number: usize, cell: usize) -> (&'static str, usize, Vec<usize>, usize, usize);

const COLS: usize = 24;
const ROWS: usize = 13;

fn plain(_: usize, cell: usize) -> (&'static str, usize, Vec<usize>, usize, usize) {
    ("t", 0, vec![], cell / COLS, cell % COLS)
}

const FILES: &[(&str, Finder, f64)] = &[
    ("winds1.grib", |n, k| (["u10", "v10"][n % 2], n / 2, vec![], k / COLS, k % COLS), 1e-9),
    ("winds2.grib", |n, k| (["u", "v"][n % 2], n / 2, vec![], k / COLS, k % COLS), 1e-9),
    ("complex.grib", plain, 1e-9),
    ("differences.grib", plain, 1e-9),
    ("gaps.grib", plain, 1e-9),
    ("ccsds.grib", plain, 1e-9),
    ("ccsds_smooth.grib", plain, 1e-9),
    ("ieee.grib", plain, 1e-9),
    // Written 500, 1000, 850 hPa and 12, 0 h; shown upwards in pressure and time.
    ("levels.grib", |n, k| ("t", 1 - n % 2, vec![[0, 2, 1][n / 2]], k / COLS, k % COLS), 1e-9),
    ("columns.grib", |_, k| ("t", 0, vec![], k % ROWS, k / ROWS), 1e-9),
    ("rotated.grib", |_, k| ("t", 0, vec![], k / COLS, k % COLS), 2e-6),
    ("gaussian.grib", |_, k| ("t", 0, vec![], k / 128, k % 128), 1e-6),
    ("reduced1.grib", |_, k| ("t2m", 0, vec![], k, 0), 1e-6),
    ("reduced2.grib", |_, k| ("t", 0, vec![], k, 0), 1e-6),
];

#[test]
fn cells_are_what_eccodes_finds() {
    let expected = std::fs::read_to_string(folder().join("expected.csv")).unwrap();
    for (name, find, place_deg) in FILES {
        let mut file = open(&folder().join(name), &[]).unwrap_or_else(|e| panic!("{name}: {}", e.message));
        let mut cells = 0;
        for line in expected.lines().filter(|l| l.starts_with(&format!("{name},"))) {
            let c: Vec<&str> = line.split(',').collect();
            let number = |k: usize| c[k].parse::<f64>().ok();
            let (field, step, extra, row, col) = find(c[1].parse().unwrap(), c[2].parse().unwrap());
            let cell = file.probe(field, step, &extra, row, col);
            let (got, want) = (cell.values[0].value, number(3));
            let same = match (got, want) {
                (Some(a), Some(b)) => (a - b).abs() <= 1e-12 * b.abs().max(1.0),
                (None, None) => true,
                _ => false,
            };
            assert!(same, "{line}: {got:?}");
            let at = cell.position.unwrap();
            let away = (number(4).unwrap() - at.lon_deg + 540.0).rem_euclid(360.0) - 180.0;
            let near = away.abs() * at.lat_deg.to_radians().cos() < *place_deg
                && (number(5).unwrap() - at.lat_deg).abs() < *place_deg;
            assert!(near, "{line}: {at:?}");
            assert_eq!(cell.time.map(|t| t.unix_seconds()), number(6), "{line}");
            cells += 1;
        }
        assert!(cells >= 60, "{name}: {cells} cells");
    }
}

#[test]
fn winds_are_vectors_and_levels_start_at_the_ground() {
    let f = open(&folder().join("winds2.grib"), &[]).unwrap();
    let speed = f.part().fields.iter().find(|f| f.name == "wind_speed").unwrap();
    assert_eq!(speed.components, ["u", "v"]);
    assert_eq!((f.info.format.as_str(), f.part().steps.len()), ("GRIB 2", 2));
    let f = open(&folder().join("levels.grib"), &[]).unwrap();
    let levels = &f.part().fields[0].extra_dims[0];
    assert_eq!((levels.values.as_slice(), levels.first), ([50_000.0, 85_000.0, 100_000.0].as_slice(), 2));
    assert_eq!(levels.label(2), "100000 Pa");
    let kind = |name: &str| open(&folder().join(name), &[]).unwrap().kind();
    assert_eq!(kind("rotated.grib"), GeometryKind::ProjectedGrid);
    assert_eq!(kind("gaussian.grib"), GeometryKind::Grid);
    assert!(!kind("reduced2.grib").is_raster(), "{:?}", kind("reduced2.grib"));
}

/// Opens a changed copy of a file.
fn changed(name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Result<Opened, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("changed.grib");
    let mut bytes = std::fs::read(folder().join(name)).unwrap();
    change(&mut bytes);
    std::fs::write(&path, bytes).unwrap();
    open(&path, &[]).map(|f| f.keeping(dir)).map_err(|e| e.message)
}

#[test]
fn damage_and_what_is_not_read_are_said() {
    let cut = changed("winds2.grib", |b| b.truncate(b.len() - 40)).unwrap();
    assert!(cut.info.notes.iter().any(|n| n.contains("cut off")), "{:?}", cut.info.notes);
    assert!(changed("winds2.grib", |b| b.truncate(300)).err().unwrap().contains("cut off"));
    // Template 5.40, JPEG 2000: section 5 follows its length of 4 bytes and its number.
    let jpeg = changed("complex.grib", |b| {
        let at = (16..b.len()).find(|k| b[*k] == 5 && b[k - 4..*k] == [0, 0, 0, 47]).unwrap();
        b[at + 6] = 40;
    });
    assert!(jpeg.err().unwrap().contains("JPEG 2000"));
    // A bulletin's heading before the message is passed over.
    let mut headed = changed("winds1.grib", |b| drop(b.splice(0..0, *b"ZWMO01 KWBC 020000\r\r\n"))).unwrap();
    assert!(headed.value("u10", 0, 0).is_some());
}

#[test]
fn real_files_open() {
    let Some(dir) = granules() else { return };
    for (name, fields, shape, steps) in [
        ("wind/era5-2mt-2019-03-uk.grib", &["t2m"][..], [33, 49], 744),
        ("wind/lambert_grid.grib", &["nlwrs"], [475, 475], 0),
        ("wind/regular_ll_msl.grib", &["prmsl"], [181, 360], 0),
        ("waves/ds.waveh.5.grib", &["shww"], [1793, 2517], 0),
    ] {
        let f = open(&dir.join(name), &[]).unwrap_or_else(|e| panic!("{name}: {}", e.message));
        assert_eq!((f.names().as_slice(), f.part().shape, f.part().steps.len()), (fields, shape, steps), "{name}");
    }
    let corrupted = open(&dir.join("nasty/era5-levels-corrupted.grib"), &[]);
    let said = corrupted.map(|f| f.info.notes.join(" ")).unwrap_or_else(|e| e.message);
    assert!(said.contains("damaged") || said.contains("cut off"), "{said}");
}
