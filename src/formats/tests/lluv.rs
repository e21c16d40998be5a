//! LLUV text of coastal radars: a file of its documented structure, and a real one against what hfradarpy made of it
//! (`lluv/make.py`).
#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

mod common;

use std::path::Path;

use common::fixture::toml;
use common::{Opened, granules, open};
use seaglass_core::granule::GeometryKind;
use seaglass_core::protocol::{FailureKind, ReadFailure};

const TOTALS: &str = "%CTF: 1.00\n%FileType: LLUV tots \"CurrentMap\"\n%Site: HARB \"\"\n\
    %TimeStamp: 2024 06 30  23 30 00\n%TimeZone: \"EDT\" -4.000 1 \"America/New_York\"\n%TimeCoverage: 60.000 Minutes\n\
    %TableType: LLUV TOT4\n%TableColumns: 5\n%TableColumnTypes: LOND LATD VELU VELV UQAL\n%TableRows: 3\n%TableStart:\n\
    %% Longitude Latitude U V UQual\n  -70.5 41.25 10.0 -3.5 2.5\n -70.25 41.25 nan nan 999.0\n -70.0 41.5 -20.5 0.0 1.0\n\
    %TableEnd:\n%TableType: src  MRGS\n%TableColumnTypes: SNDX LOND\n%TableStart: 2\n%  1 5.0\n%TableEnd: 2\n%End:\n";

fn totals(text: &str) -> Result<Opened, ReadFailure> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("TOTL_HARB_2024_06_30_2330.tuv");
    std::fs::write(&path, text).unwrap();
    open(&path, &[&toml("codar_lluv")]).map(|f| f.keeping(dir))
}

#[test]
fn totals_are_points_with_vectors() {
    let mut f = totals(TOTALS).unwrap();
    assert_eq!((f.info.product.as_deref(), f.info.format.as_str()), (Some("codar_lluv"), "CODAR LLUV"));
    assert_eq!((f.kind(), f.part().shape), (GeometryKind::Points, [3, 1]));
    assert_eq!(f.names()[0], "current_speed");
    assert_eq!((f.value("VELU", 2, 0), f.value("VELV", 0, 0), f.value("VELU", 1, 0)), (Some(-20.5), Some(-3.5), None));
    assert_eq!((f.value("UQAL", 0, 0), f.value("UQAL", 1, 0)), (Some(2.5), None));
    let p = f.probe("VELU", 0, &[], 2, 0).position.unwrap();
    assert_eq!((p.lon_deg, p.lat_deg), (-70.0, 41.5));
    // 23:30 four hours behind UTC, half an hour before and after.
    let span = f.part().span.unwrap();
    assert_eq!(
        (span.start.to_string(), span.stop.to_string()),
        ("2024-07-01 03:00:00Z".into(), "2024-07-01 04:00:00Z".into())
    );
}

#[test]
fn what_is_missing_or_cut_off_is_said() {
    let cut = TOTALS.split_once(" -70.0").unwrap().0;
    let f = totals(cut).unwrap();
    assert!(f.part().shape == [2, 1] && f.info.notes.iter().any(|n| n.contains("cut off")), "{:?}", f.info.notes);
    let e = totals(TOTALS.split_once("  -70.5").unwrap().0).err().unwrap();
    assert_eq!(e.kind, FailureKind::Damaged);
    let empty = format!("{}%TableEnd:\n%End:\n", TOTALS.split_once("  -70.5").unwrap().0);
    assert!(totals(&empty).err().unwrap().message.contains("saw no current"));
    let e = totals(&TOTALS.replace("LOND LATD VELU", "XXXX LATD VELU")).err().unwrap();
    assert!(e.message.contains("LOND"), "{}", e.message);
}

/// The text ends or turns to something else anywhere: an answer, and never the end of the program.
#[test]
fn damaged_texts_are_answered() {
    for k in 0..TOTALS.len() {
        let _cut = totals(&TOTALS[..k]).map(|f| f.info);
        if k % 7 == 0 {
            let mut bytes = TOTALS.as_bytes().to_vec();
            bytes[k] = b"%:\n9 \"-e"[k % 8];
            let _turned = totals(&String::from_utf8(bytes).unwrap()).map(|f| f.info);
        }
    }
}

#[test]
fn radials_are_those_of_hfradarpy() {
    let Some(dir) = granules() else { return };
    let mut f = open(&dir.join("currents/RDLi_SEAB_2019_01_01_0000.ruv"), &[&toml("codar_lluv")]).unwrap();
    assert_eq!(f.part().shape, [745, 1]);
    let span = f.part().span.unwrap();
    assert_eq!(
        (span.start.to_string(), span.stop.to_string()),
        ("2018-12-31 23:22:30Z".into(), "2019-01-01 00:37:30Z".into())
    );
    let columns = ["RNGE", "BEAR", "VELU", "VELV", "VELO", "HEAD"].map(|name| f.unmasked_of(name));
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lluv/radials.csv")).unwrap();
    let mut found = 0;
    for line in text.lines().skip(1) {
        let n: Vec<f64> = line.split(',').map(|v| v.parse().unwrap()).collect();
        let row = (0..745).find(|r| (columns[0][*r] - n[0]).abs() < 0.01 && columns[1][*r] == n[1]).unwrap();
        // The netCDF file counts velocities away from the radar, and headings likewise.
        for (k, name) in [(2, "VELU"), (3, "VELV")] {
            assert!((columns[k][row] - n[k]).abs() < 2e-3, "{name} {line}: {}", columns[k][row]);
        }
        found += 1;
    }
    assert_eq!(found, 745);
}

trait Columns {
    fn unmasked_of(&mut self, name: &str) -> Vec<f64>;
}

impl Columns for Opened {
    fn unmasked_of(&mut self, name: &str) -> Vec<f64> {
        let rows = self.part().shape[0];
        (0..rows).map(|r| self.value(name, r, 0).unwrap_or(f64::NAN)).collect()
    }
}
