//! Tables in text: columns by name, units, times, trajectories.
#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

mod common;

use common::{Opened, granules, open};
use seaglass_core::geolocation::Geolocation;
use seaglass_core::granule::GeometryKind;
use seaglass_core::protocol::ReadFailure;

fn table(text: &str) -> Result<Opened, ReadFailure> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("table.csv");
    std::fs::write(&path, text).unwrap();
    Ok(open(&path, &[])?.keeping(dir))
}

/// The layout of ERDDAP's `.csv`: names, units, rows; two drifters whose rows are mixed.
#[test]
fn erddap_drifters_become_trajectories() {
    let mut file = table(
        "ID,time,latitude,longitude,ve,drogue\n,UTC,degrees_north,degrees_east,m/s,\n\
         7,2020-01-01T06:00:00Z,10.5,20.0,0.5,yes\n9,2020-01-01T00:00:00Z,-5.0,30.0,NaN,yes\n\
         7,2020-01-01T00:00:00Z,10.0,19.5,0.25,no\n9,2020-01-01T06:00:00Z,-5.5,30.5,-9999,yes\n",
    )
    .unwrap();
    assert_eq!(file.kind(), GeometryKind::Track);
    let Geolocation::Track(series) = file.geolocation() else { panic!("no track") };
    assert_eq!(series.starts, [0, 2], "one trajectory an ID");
    // Drifter 7 by time, then drifter 9.
    assert_eq!(file.all("ve"), [Some(0.25), Some(0.5), None, None]);
    let ve = file.part().fields.iter().find(|f| f.name == "ve").unwrap();
    assert_eq!(ve.units, "m/s");
    let cell = file.probe("ve", 0, &[], 0, 0);
    assert_eq!(cell.position.map(|p| (p.lon_deg, p.lat_deg)), Some((19.5, 10.0)));
    // date -u -d 2020-01-01 +%s
    assert_eq!(cell.time.map(|t| t.micros()), Some(1_577_836_800_000_000));
    assert!(file.names().contains(&"drogue"), "few words are classes: {:?}", file.names());
}

/// A word among numbers is a missing value, not a class: codes must not come out as temperatures.
#[test]
fn a_word_among_numbers_is_missing() {
    let mut file = table(
        "time,lat,lon,sst,quality\n2024-08-11T13:00:00Z,36.5,-60.2,20.1,good\n2024-08-11T13:05:00Z,36.6,-60.2,xx,bad\n",
    )
    .unwrap();
    assert_eq!(file.all("sst"), [Some(20.1), None]);
    assert_eq!(file.all("quality"), [Some(0.0), Some(1.0)], "words are classes");
    // Nothing is filled in the rows that are looked at first.
    let late: String = (0..700).map(|k| format!("{},2,{}\n", k % 90, if k < 600 { "" } else { "7.5" })).collect();
    let mut file = table(&format!("lon,lat,sst\n{late}1,2,xx\n")).unwrap();
    let all = file.all("sst");
    assert_eq!((all[599], all[600], all[699], all[700]), (None, Some(7.5), Some(7.5), None));
}

#[test]
fn delimiters_comments_and_decimal_commas() {
    let mut file = table("# a ship\nlon;lat;Temp [degC]\n3,5;50,25;7,125\n3,6;50,5;\n").unwrap();
    assert_eq!(file.value("Temp", 0, 0), Some(7.125));
    assert_eq!(file.value("Temp", 1, 0), None);
    assert_eq!(file.part().fields[0].units, "degC");
    let mut file =
        table("longitude\tlatitude\tyear\tmonth\tday\tx\n1\t2\t2020\t1\t2\t5\n1.5\t2\t2020\t1\t3\t6\n").unwrap();
    let cell = file.probe("x", 0, &[], 1, 0);
    assert_eq!(cell.time.map(|t| t.micros()), Some(1_578_009_600_000_000)); // date -u -d 2020-01-03 +%s
}

#[test]
fn tables_that_are_no_map_are_refused_in_a_sentence() {
    let text = |t: &str| table(t).err().unwrap().message;
    assert!(text("name,price\nbread,3\n").contains("longitude"), "{}", text("name,price\nbread,3\n"));
    assert!(text("lon,lat,x\n").contains("no rows"));
    assert!(table("lon,lat,x\n,,\n,,\n").is_err());
    let mut odd = table("lon,lat,x\n1,2,3\n4,5\n7,8,9,10,11\n\"9\",\"1\n").unwrap();
    assert_eq!(odd.value("x", 2, 0), Some(9.0), "rows too short or too long harm no others");
}

/// Values from pandas 2 (`read_csv`, sorted by device and time).
#[test]
fn real_tables() {
    let Some(dir) = granules() else { return };
    let file = open(&dir.join("drifters/bug05_pos.csv"), &[]).unwrap();
    assert_eq!(file.kind(), GeometryKind::Track);
    let mut ships = open(&dir.join("tracks/boat-positions.csv"), &[]).unwrap();
    let Geolocation::Track(series) = ships.geolocation() else { panic!("no track") };
    assert_eq!((series.lon.len(), series.starts.len()), (22287, 256));
    let p = series.lonlat(22287 - 1).unwrap();
    assert_eq!((p.lon_deg, p.lat_deg), (32.32909, 31.19483));
    assert_eq!(series.time_us[0], 1616199720000000);
    let mut buoy = open(&dir.join("insitu/31201_2009.csv"), &[]).unwrap();
    assert_eq!(buoy.value("wtmp", 40, 0), Some(24.6));
}
