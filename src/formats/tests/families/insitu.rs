//! Drifters, floats, gliders, moorings, coastal radars.

use seaglass_core::granule::GeometryKind;

use crate::common::add;
use crate::common::fixture::{begins, fixture, grid, near, plain, shown, times};
use crate::real;

#[test]
fn drifters_as_ragged_arrays() {
    // One file a drifter, as NOAA/AOML publishes them: (traj, obs).
    let (mut f, _dir) = fixture("gdp_drifters", "drifter_hourly_101143.nc", |f| {
        f.add_dimension("traj", 1)?;
        f.add_dimension("obs", 3)?;
        let two = ["traj", "obs"];
        add(f, "ID", &["traj"], &[101_143i64], &[("cf_role", "trajectory_id")])?;
        add(f, "rowsize", &["traj"], &[3i32], &[("sample_dimension", "obs")])?;
        plain(
            f,
            "time",
            &two,
            &[1_262_304_000.0, 1_262_307_600.0, 1_262_311_200.0],
            "seconds since 1970-01-01 00:00:00",
        )?;
        plain(f, "longitude", &two, &[-17.1, -17.2, -17.3], "degrees_east")?;
        plain(f, "latitude", &two, &[32.1, 32.2, 32.3], "degrees_north")?;
        plain(f, "ve", &two, &[0.3, 0.0, 1.0], "m/s")?;
        plain(f, "vn", &two, &[0.4, 1.0, 0.0], "m/s")
    });
    assert_eq!(f.kind(), GeometryKind::Track);
    begins(&f, &["speed"]);
    near(f.value("speed", 0, 0), 0.5);
    assert_eq!(f.part().span.unwrap().start.iso(), "2010-01-01T00:00:00Z");

    // All drifters in one file (clouddrift): contiguous ragged array.
    let (mut f, _dir) = fixture("gdp_drifters", "gdp1h-v2.01.nc", |f| {
        f.add_dimension("traj", 2)?;
        f.add_dimension("obs", 5)?;
        add(f, "id", &["traj"], &[1i64, 2], &[("cf_role", "trajectory_id")])?;
        add(f, "rowsize", &["traj"], &[2i64, 3], &[("sample_dimension", "obs")])?;
        plain(f, "time", &["obs"], &[0.0, 3600.0, 0.0, 3600.0, 7200.0], "seconds since 1990-01-01 00:00:00")?;
        plain(f, "lon", &["obs"], &[10.0, 10.1, 200.0, 200.1, 200.2], "degrees_east")?;
        plain(f, "lat", &["obs"], &[1.0, 1.1, -5.0, -5.1, -5.2], "degrees_north")?;
        plain(f, "ve", &["obs"], &[0.6, 0.0, 0.0, 0.0, 0.3], "m/s")?;
        plain(f, "vn", &["obs"], &[0.8, 0.0, 0.0, 0.0, 0.4], "m/s")
    });
    assert_eq!(f.part().shape, [5, 1]);
    near(f.value("speed", 0, 0), 1.0);
    let last = f.probe("speed", 0, &[], 4, 0);
    near(last.values[0].value, 0.5);
    assert_eq!(last.time.unwrap().iso(), "1990-01-01T02:00:00Z");
}

#[test]
fn drifters_of_erddap() {
    let (mut f, _dir) = fixture("gdp_erddap", "drifter_6hour_qc_1a2b_c3d4_e5f6.nc", |f| {
        f.add_dimension("row", 3)?;
        let row = ["row"];
        add(f, "ID", &row, &[7_702_192i32; 3], &[("cf_role", "trajectory_id")])?;
        plain(f, "time", &row, &[0.0, 21_600.0, 43_200.0], "seconds since 1970-01-01T00:00:00Z")?;
        plain(f, "latitude", &row, &[1.0, 2.0, 3.0], "degrees_north")?;
        plain(f, "longitude", &row, &[11.0, 12.0, 13.0], "degrees_east")?;
        plain(f, "ve", &row, &[3.0, 0.0, 0.0], "m/s")?;
        plain(f, "vn", &row, &[4.0, 0.0, 0.0], "m/s")?;
        plain(f, "sst", &row, &[290.0, 291.0, 292.0], "Kelvin")
    });
    begins(&f, &["speed", "sst"]);
    near(f.value("speed", 0, 0), 5.0);
    near(f.value("sst", 2, 0), 292.0);
}

#[test]
fn moorings_and_drifters_of_cmems() {
    let (mut f, _dir) = fixture("cmems_insitu", "MO_TS_MO_61196.nc", |f| {
        times(f, "TIME", &[27_028.0, 27_028.5], "days since 1950-01-01T00:00:00Z")?;
        f.add_dimension("DEPTH", 2)?;
        f.add_dimension("LATITUDE", 1)?;
        f.add_dimension("LONGITUDE", 1)?;
        plain(f, "LATITUDE", &["LATITUDE"], &[41.9], "degree_north")?;
        plain(f, "LONGITUDE", &["LONGITUDE"], &[3.6], "degree_east")?;
        plain(f, "TEMP", &["TIME", "DEPTH"], &[14.0, 13.0, 14.5, 13.5], "degrees_C")?;
        add(f, "TEMP_QC", &["TIME", "DEPTH"], &[1i8, 4, 2, 1], &[])?;
        plain(f, "EWCT", &["TIME", "DEPTH"], &[0.3, 0.0, 0.0, 0.0], "m s-1")?;
        plain(f, "NSCT", &["TIME", "DEPTH"], &[0.4, 0.0, 0.0, 0.0], "m s-1")
    });
    begins(&f, &["TEMP", "TEMP_all", "current_speed"]);
    near(f.value("current_speed", 0, 0), 0.5);
    // The second depth at the first time is flagged bad.
    let cell = f.probe("TEMP", 0, &[1], 0, 0);
    near(f.probe("TEMP_all", 0, &[1], 0, 0).values[0].value, 13.0);
    let quality = cell.values[0].masked;
    near(shown(&mut f, "TEMP", 1, 0), 14.5);
    assert!(quality, "a bad value is not shown as a good one");

    let Some(mut f) = real("drifters/GL_201111_TS_DB_44761.nc", "cmems_insitu") else { return };
    begins(&f, &["TEMP"]);
    let cell = f.probe("TEMP", 0, &[], 5, 0);
    assert!((cell.values[0].value.unwrap() - 9.1).abs() < 1e-6, "as netCDF4-python has it");
    assert!((cell.position.unwrap().lat_deg - 52.356).abs() < 1e-5);
}

#[test]
fn floats_under_way() {
    let (mut f, _dir) = fixture("argo_trajectory", "1900857_Rtraj.nc", |f| {
        f.add_dimension("N_MEASUREMENT", 3)?;
        let d = ["N_MEASUREMENT"];
        plain(f, "JULD", &d, &[21_915.0, 21_916.0, 21_917.0], "days since 1950-01-01 00:00:00 UTC")?;
        plain(f, "LATITUDE", &d, &[1.0, 2.0, 3.0], "degree_north")?;
        plain(f, "LONGITUDE", &d, &[1.0, 2.0, 3.0], "degree_east")?;
        add(f, "CYCLE_NUMBER", &d, &[1i32, 1, 2], &[])?;
        add(f, "MEASUREMENT_CODE", &d, &[703i32, 703, 703], &[])?;
        plain(f, "TEMP", &d, &[10.0, 11.0, 12.0], "degree_Celsius")
    });
    assert_eq!(f.kind(), GeometryKind::Track);
    begins(&f, &["TEMP", "CYCLE_NUMBER"]);
    near(f.value("TEMP", 2, 0), 12.0);
    assert_eq!(f.part().span.unwrap().start.iso(), "2010-01-01T00:00:00Z");
    let Some(f) = real("insitu/1900857_Rtraj.nc", "argo_trajectory") else { return };
    begins(&f, &["TEMP", "PSAL"]);
}

#[test]
fn gliders() {
    for (file, first) in
        [("insitu/sea076_20230906T0852_R.nc", "TEMP"), ("insitu/unit_345_20231112T000000_R.nc", "TEMP")]
    {
        let Some(mut f) = real(file, "og1_glider") else { return };
        begins(&f, &[first]);
        if file.contains("sea076") {
            // netCDF4-python.
            let cell = f.probe("TEMP", 0, &[], 1, 0);
            assert!((cell.values[0].value.unwrap() - 19.8841).abs() < 1e-5);
            assert!((cell.position.unwrap().lat_deg - 58.333_033_33).abs() < 1e-8);
        }
    }
}

#[test]
fn coastal_radars() {
    let (mut f, _dir) = fixture("hf_radar_eu", "GL_TV_HF_HFR-Galicia-Total_20240101.nc", |f| {
        times(f, "TIME", &[27_028.0, 27_028.041_666_666_67], "days since 1950-01-01T00:00:00Z")?;
        f.add_dimension("DEPTH", 1)?;
        grid(f, ["LATITUDE", "LONGITUDE"], 2, 2)?;
        let dims = ["TIME", "DEPTH", "LATITUDE", "LONGITUDE"];
        plain(f, "EWCT", &dims, &[0.3, 0.6, 0.0, f64::NAN, 0.0, 0.0, 0.0, 0.0], "m s-1")?;
        plain(f, "NSCT", &dims, &[0.4, 0.8, 0.0, f64::NAN, 0.0, 0.0, 0.0, 0.0], "m s-1")?;
        plain(f, "GDOP", &dims, &[1.0; 8], "1")?;
        add(f, "QCflag", &dims, &[1i8, 4, 1, 9, 1, 1, 1, 1], &[])
    });
    begins(&f, &["current_speed", "current_speed_all"]);
    assert_eq!(f.part().steps.len(), 2);
    near(shown(&mut f, "current_speed", 0, 0), 0.5);
    assert_eq!(shown(&mut f, "current_speed", 0, 1), None);
    near(f.value("current_speed_all", 0, 1), 1.0);

    let Some(mut f) = real("currents/hfr_2c274f_RU_MARA_20180301T020000Z.nc", "hf_radar_us") else { return };
    begins(&f, &["current_speed", "u", "v"]);
    // numpy.hypot of what netCDF4-python gives, cm/s.
    assert!((f.value("current_speed", 8, 44).unwrap() - 97.794_975_058).abs() < 1e-4);
}
