//! The sample day is the analytic ocean: what a reader process says of a random cell of any product is what the ocean
//! is at the cell's own place and time, within the step of the packing. And it is the same every time, and small.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]
#![cfg(feature = "worker")]

#[path = "support/worker.rs"]
mod worker;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use seaglass_core::geo::LonLat;
use seaglass_core::granule::GeometryKind;
use seaglass_core::ocean::{Ocean, SplitMix};
use seaglass_core::time::Time;
use worker::{Worker, products, source};

const SEED: u64 = 11;

fn write_day(dir: &Path) {
    let status = Command::new(env!("CARGO_BIN_EXE_seaglass-worker"))
        .arg("sample")
        .arg(dir)
        .args(["--seed", &SEED.to_string()])
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
}

/// The day, written once for all tests of this program.
fn day() -> &'static Path {
    static DAY: OnceLock<tempfile::TempDir> = OnceLock::new();
    DAY.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        write_day(dir.path());
        dir
    })
    .path()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    all.sort();
    all
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

type Truth = fn(&Ocean, LonLat, Time) -> f64;

/// What a field of files of a name must be.
struct Check {
    /// Start of the file name, or a part of it.
    files: &'static str,
    product: Option<&'static str>,
    geometry: GeometryKind,
    field: &'static str,
    truth: Truth,
    /// Half a step of the packing (steps add up where the field is a sum), or the precision of f32.
    within: f64,
    /// Least part of the cells that has a value: land, clouds and gaps have none.
    filled: f64,
}

fn speed(o: &Ocean, p: LonLat, t: Time) -> f64 {
    let s = o.surface(p, t);
    s.u.hypot(s.v)
}

fn checks() -> Vec<Check> {
    use GeometryKind::{Grid, Swath, Track};
    let check = |files, product, geometry, field, truth: Truth, within, filled| Check {
        files,
        product,
        geometry,
        field,
        truth,
        within,
        filled,
    };
    let swot = Some("swot_l2_lr_ssh");
    vec![
        // The correction is stored exactly, so that the sum has the rounding of one.
        check("SWOT_L2_LR_SSH", swot, Swath, "ssha", |o, p, t| o.surface(p, t).sla, 5.01e-5, 0.3),
        check("SWOT_L2_LR_SSH", swot, Swath, "swh_karin", |o, p, t| o.wave_height(p, o.wind(p, t)), 5.01e-4, 0.3),
        check("SWOT_L2_LR_SSH", swot, Swath, "wind_speed_karin_2", |o, p, t| o.wind(p, t).speed(), 5.01e-4, 0.3),
        check("JA1_GPN", Some("jason_gdr"), Track, "ssha", |o, p, t| o.surface(p, t).sla, 5.01e-4, 0.99),
        check("JA1_GPN", Some("jason_gdr"), Track, "wind_speed_alt", |o, p, t| o.wind(p, t).speed(), 5.01e-3, 0.99),
        // The file has only the times of its ends: the wind drifts a little in half of 25 s.
        check("s1a-iw-ocn", Some("sentinel1_ocn"), Swath, "wind_speed", |o, p, t| o.wind(p, t).speed(), 5e-3, 0.9),
        check(
            "s1a-iw-ocn",
            Some("sentinel1_ocn"),
            Swath,
            "wind_direction",
            |o, p, t| o.wind(p, t).from_direction_deg(),
            0.2,
            0.9,
        ),
        check(
            "s1a-iw-roughness",
            Some("sentinel1_roughness"),
            Swath,
            "sea_surface_roughness",
            |o, p, t| o.roughness(p, t),
            5.01e-5,
            0.9,
        ),
        check("L2P_GHRSST", Some("ghrsst_l2p"), Swath, "sst_best", |o, p, t| o.sst_kelvin(p, t), 2.52e-3, 0.3),
        check("L4_GHRSST", Some("ghrsst_l4"), Grid, "analysed_sst", |o, p, t| o.sst_kelvin(p, t), 5.01e-3, 0.5),
        check("ascat_", Some("ascat_l2_osisaf"), Swath, "wind_speed", |o, p, t| o.wind(p, t).speed(), 5.01e-3, 0.4),
        check(
            "ascat_",
            Some("ascat_l2_osisaf"),
            Swath,
            "wind_dir",
            |o, p, t| o.wind(p, t).to_direction_deg(),
            0.051,
            0.4,
        ),
        check("gdp6h", Some("gdp_drifters"), Track, "speed", speed, 1e-6, 0.99),
        check("gdp6h", Some("gdp_drifters"), Track, "temp", |o, p, t| o.sst_kelvin(p, t), 2e-5, 0.99),
        check("nrt_global", Some("duacs_l4_cmems"), Grid, "sla", |o, p, t| o.surface(p, t).sla, 5.01e-5, 0.5),
        check("nrt_global", Some("duacs_l4_cmems"), Grid, "adt", |o, p, t| o.surface(p, t).adt, 5.01e-5, 0.5),
        check("nrt_global", Some("duacs_l4_cmems"), Grid, "geostrophic_speed", speed, 1e-4, 0.5),
    ]
}

/// `a − b`, round the circle where the numbers are directions.
fn difference(field: &str, a: f64, b: f64) -> f64 {
    if field.contains("dir") { (a - b + 540.0).rem_euclid(360.0) - 180.0 } else { a - b }
}

#[test]
fn probed_values_are_the_ocean() {
    let ocean = Ocean::new(SEED);
    let products = products();
    let mut worker = Worker::start();
    let mut rng = SplitMix::new(2024);
    let all = files(day());
    for check in checks() {
        let mine: Vec<&PathBuf> = all.iter().filter(|p| name(p).contains(check.files)).collect();
        assert!(!mine.is_empty(), "{}: no such file", check.files);
        let (mut probed, mut valued, mut worst) = (0u32, 0u32, 0.0f64);
        for path in &mine {
            let source = source((*path).clone(), &products);
            let info = worker.open(&source);
            assert_eq!(info.product.as_deref(), check.product, "{}", name(path));
            let part = info.parts.iter().position(|p| p.fields.iter().any(|f| f.name == check.field));
            let part = part.unwrap_or_else(|| panic!("{}: no field {}", name(path), check.field));
            assert_eq!(info.parts[part].geometry, check.geometry, "{} {}", name(path), check.field);
            let [rows, cols] = info.parts[part].shape;
            for _ in 0..600 / mine.len() {
                let (row, col) = (rng.range(0.0, rows as f64) as usize, rng.range(0.0, cols as f64) as usize);
                let cell = worker.probe(&source, part, check.field, row, col);
                probed += 1;
                let Some(value) = cell.values[0].value.filter(|_| !cell.values[0].masked) else { continue };
                let at = cell.position.unwrap_or_else(|| panic!("{} [{row}, {col}] has no position", name(path)));
                // A file that knows only when it begins and ends is as of the middle.
                let time = cell.time.or(info.parts[part].span.map(|s| s.middle()));
                let time = time.unwrap_or_else(|| panic!("{} has no time", name(path)));
                let want = (check.truth)(&ocean, at, time);
                let off = difference(check.field, value, want).abs();
                assert!(
                    off <= check.within,
                    "{} {} [{row}, {col}] at {at:?} {time}: {value}, the ocean is {want}",
                    name(path),
                    check.field
                );
                valued += 1;
                worst = worst.max(off);
            }
        }
        println!("{} {}: {valued} of {probed} cells, at most {worst:.2e} off", check.files, check.field);
        assert!(f64::from(valued) >= check.filled * f64::from(probed), "{}: {valued} of {probed}", check.field);
    }
}

#[test]
fn a_seed_gives_one_day() {
    let again = tempfile::tempdir().unwrap();
    write_day(again.path());
    let (first, second) = (files(day()), files(again.path()));
    assert_eq!(first.iter().map(|p| name(p)).collect::<Vec<_>>(), second.iter().map(|p| name(p)).collect::<Vec<_>>());
    for (a, b) in first.iter().zip(&second) {
        assert!(std::fs::read(a).unwrap() == std::fs::read(b).unwrap(), "{} differs", name(a));
    }
}

#[test]
fn the_day_is_small_and_has_every_sensor() {
    let all = files(day());
    let bytes: u64 = all.iter().map(|p| p.metadata().unwrap().len()).sum();
    assert!(bytes < 120_000_000, "{bytes} bytes");
    let count = |part: &str| all.iter().filter(|p| name(p).contains(part)).count();
    assert!(count("SWOT_L2_LR_SSH_Expert") >= 6);
    assert!(count("JA1_GPN") >= 6 && count("ascat_") >= 4 && count("L2P") >= 2 && count("s1a-iw-ocn") >= 3);
    let kinds: BTreeSet<&str> = checks().iter().map(|c| c.files).collect();
    assert!(all.iter().all(|p| kinds.iter().any(|k| name(p).contains(k))), "a file no check knows");
}

#[test]
fn swot_passes_reach_the_poles_of_their_orbit_and_cross_the_dateline() {
    let products = products();
    let mut worker = Worker::start();
    let mut crossing = 0;
    for path in files(day()).iter().filter(|p| name(p).contains("SWOT")) {
        let source = source(path.clone(), &products);
        let info = worker.open(&source);
        let part = info.parts.iter().position(|p| p.fields.iter().any(|f| f.name == "ssha_karin_2")).unwrap();
        assert_eq!(info.parts[part].shape, [9860, 69]);
        let bounds = info.parts[part].bounds;
        assert!(bounds.south < -78.0 && bounds.north > 78.0, "{bounds:?}");
        let mut before: Option<LonLat> = None;
        for row in (0..9860).step_by(29) {
            let cell = worker.probe(&source, part, "ssha_karin_2", row, 34);
            assert_eq!(cell.values[0].value, None, "no height in the nadir gap");
            let at = cell.position.unwrap().normalized();
            if let Some(last) = before {
                crossing += usize::from((at.lon_deg - last.lon_deg).abs() > 180.0);
            }
            before = Some(at);
        }
    }
    assert!(crossing >= 1);
}
