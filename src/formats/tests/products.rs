//! Product files without a real granule beside the repository: small files of the documented structure (names, dimensions,
//! packing, fill values) are claimed by their product, and their values are those that were written.

#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

mod common;

use common::fixture::{Written, fixture, near, packed, shown, toml};
use common::{add, granules, open};
use netcdf::FileMut;
use seaglass_core::granule::GeometryKind;

#[test]
fn cmems_along_track_sea_level() {
    // Variables and attributes of SEALEVEL_GLO_PHY_L3_MY_008_062 as its users copied them.
    let (mut f, _dir) = fixture("cmems_l3_sla", "dt_global_j3_phy_l3_1hz_20190101_20210603.nc", |f| {
        f.add_dimension("time", 4)?;
        let days = [25_202.5, 25_202.500_01, 25_202.500_02, 25_202.500_03];
        add(f, "time", &["time"], &days, &[("units", "days since 1950-01-01 00:00:00"), ("standard_name", "time")])?;
        add(f, "longitude", &["time"], &[359.9, 0.0, 0.1, 0.2], &[("units", "degrees_east")])?;
        add(f, "latitude", &["time"], &[40.0, 40.05, 40.1, 40.15], &[("units", "degrees_north")])?;
        packed(f, "sla_filtered", &["time"], &[123, -45, 32_767, 10], 0.001, "m")?;
        packed(f, "sla_unfiltered", &["time"], &[130, -40, 5, 32_767], 0.001, "m")?;
        packed(f, "mdt", &["time"], &[500, 510, 520, 530], 0.001, "m")?;
        packed(f, "dac", &["time"], &[1, 2, 3, 4], 0.001, "m")?;
        add(f, "cycle", &["time"], &[1i16; 4], &[("units", "1")])
    });
    assert_eq!((f.kind(), &f.names()[..3]), (GeometryKind::Track, &["sla_filtered", "sla_unfiltered", "adt"][..]));
    near(f.value("sla_filtered", 0, 0), 0.123);
    assert_eq!(f.value("sla_filtered", 2, 0), None);
    near(f.value("adt", 0, 0), 0.623);
    assert_eq!(f.value("adt", 2, 0), None, "no sum of what is missing");
    // 25 202.5 days after 1950 are noon of 1 January 2019.
    assert_eq!(f.part().span.unwrap().start.iso(), "2019-01-01T12:00:00Z");
}

#[test]
fn cmems_along_track_wave_height() {
    let (mut f, _dir) =
        fixture("cmems_l3_swh", "global_vavh_l3_rt_s3a_20210101T000000_20210101T030000_20210101T0450.nc", |f| {
            f.add_dimension("time", 3)?;
            add(
                f,
                "time",
                &["time"],
                &[662_688_000.0, 662_688_001.0, 662_688_002.0],
                &[("units", "seconds since 2000-01-01")],
            )?;
            add(f, "longitude", &["time"], &[10.0, 10.1, 10.2], &[("units", "degrees_east")])?;
            add(f, "latitude", &["time"], &[0.0, 0.1, 0.2], &[("units", "degrees_north")])?;
            packed(f, "VAVH", &["time"], &[2100, 2200, 2300], 0.001, "m")?;
            packed(f, "VAVH_UNFILTERED", &["time"], &[2150, 2250, 32_767], 0.001, "m")?;
            packed(f, "WIND_SPEED", &["time"], &[710, 720, 730], 0.01, "m s-1")
        });
    assert_eq!((f.kind(), f.names()), (GeometryKind::Track, vec!["VAVH", "VAVH_UNFILTERED", "WIND_SPEED"]));
    near(f.value("VAVH", 1, 0), 2.2);
    near(f.value("WIND_SPEED", 2, 0), 7.3);
}

/// 1 Hz and 20 Hz on dimensions of their own, as Sentinel-3 and CryoSat-2 ocean products have them.
fn sral(f: &mut FileMut) -> Written {
    let since = [("units", "seconds since 2000-01-01 00:00:00.0"), ("standard_name", "time")];
    for (suffix, n) in [("01", 4usize), ("20_ku", 40)] {
        let (dim, per) = (format!("time_{suffix}"), 4.0 / n as f64);
        f.add_dimension(&dim, n)?;
        let seconds: Vec<f64> = (0..n).map(|k| 678_677_295.0 + per * k as f64).collect();
        let lat: Vec<f64> = (0..n).map(|k| -60.0 + 0.06 * per * k as f64).collect();
        let lon: Vec<f64> = (0..n).map(|k| 339.9 - 0.02 * per * k as f64).collect();
        let dim = [dim.as_str()];
        add(f, dim[0], &dim, &seconds, &since)?;
        let east = [("units", "degrees_east"), ("standard_name", "longitude")];
        let north = [("units", "degrees_north"), ("standard_name", "latitude")];
        add(f, &format!("lat_{suffix}"), &dim, &lat, &north)?;
        add(f, &format!("lon_{suffix}"), &dim, &lon, &east)?;
    }
    packed(f, "ssha_01_ku", &["time_01"], &[100, -200, 300, 32_767], 0.001, "m")?;
    packed(f, "swh_ocean_01_ku", &["time_01"], &[2000, 2100, 2200, 2300], 0.001, "m")?;
    packed(f, "sig0_ocean_01_ku", &["time_01"], &[1100, 1110, 1120, 1130], 0.01, "dB")?;
    packed(f, "wind_speed_alt_01_ku", &["time_01"], &[800, 810, 820, 830], 0.01, "m/s")?;
    add(f, "surf_type_01", &["time_01"], &[0i8, 0, 3, 0], &[("flag_meanings", "ocean lake ice land")])?;
    let fine: Vec<i16> = (0..40).collect();
    packed(f, "ssha_20_ku", &["time_20_ku"], &fine, 0.001, "m")
}

#[test]
fn sentinel_3_and_cryosat_2_altimeters() {
    let both = [
        ("sentinel3_sral_l2", "enhanced_measurement.nc"),
        ("sentinel3_sral_l2", "reduced_measurement.nc"),
        ("cryosat2_ocean_l2", "CS_OFFL_SIR_GOP_2__20200101T000000_20200101T004500_C001.nc"),
    ];
    for (product, name) in both {
        let (mut f, _dir) = fixture(product, name, |f| {
            f.add_attribute("altimeter_sensor_name", "SRAL")?;
            sral(f)
        });
        assert_eq!((f.kind(), f.part().shape), (GeometryKind::Track, [4, 1]), "{name}: the 1 Hz measurements first");
        assert_eq!(f.names()[..5], ["ssha", "ssha_ocean", "swh", "wind_speed", "sig0"], "{name}");
        near(f.value("ssha", 1, 0), -0.2);
        near(f.value("swh", 2, 0), 2.2);
        assert_eq!(f.all("ssha_ocean"), [Some(0.1), Some(-0.2), None, None], "{name}: land and missing");
        near(f.value("ssha_20hz", 7, 0), 0.007);
        let cell = f.probe("ssha_20hz", 0, &[], 10, 0);
        assert_eq!(cell.time.unwrap().iso(), "2021-07-04T01:28:16Z");
        assert!((cell.position.unwrap().lat_deg + 59.94).abs() < 1e-9);
    }
}

#[test]
fn a_file_of_the_name_but_of_another_sensor_is_not_claimed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("standard_measurement.nc");
    let mut file = netcdf::create(&path).unwrap();
    sral(&mut file).unwrap();
    file.close().unwrap();
    let opened = open(&path, &[&toml("sentinel3_sral_l2")]).unwrap();
    assert_eq!(opened.info.product, None);
    assert_eq!(opened.part().fields[0].name, "ssha_01_ku", "by CF alone it still opens on the sea level");
}

#[test]
fn saral_and_the_groups_of_jason_3() {
    let (mut f, _dir) = fixture("saral_gdr", "SRL_GPN_2PTP028_0001_20151001_000000_20151001_005000.CNES.nc", |f| {
        f.add_dimension("time", 3)?;
        f.add_dimension("meas_ind", 40)?;
        add(
            f,
            "time",
            &["time"],
            &[497_000_000.0, 497_000_001.0, 497_000_002.0],
            &[("units", "seconds since 2000-01-01 00:00:00.0")],
        )?;
        add(f, "lat", &["time"], &[-1.0, -0.9, -0.8], &[("units", "degrees_north"), ("standard_name", "latitude")])?;
        add(f, "lon", &["time"], &[200.0, 200.1, 200.2], &[("units", "degrees_east"), ("standard_name", "longitude")])?;
        packed(f, "ssha", &["time"], &[50, 60, 70], 0.001, "m")?;
        packed(f, "swh", &["time"], &[1500, 1600, 1700], 0.001, "m")?;
        packed(f, "sig0", &["time"], &[1000, 1010, 1020], 0.01, "dB")?;
        packed(f, "wind_speed_alt", &["time"], &[500, 510, 520], 0.01, "m/s")
    });
    assert_eq!((f.kind(), f.names()), (GeometryKind::Track, vec!["ssha", "swh", "wind_speed_alt", "sig0"]));
    near(f.value("swh", 2, 0), 1.7);

    let (mut f, _dir) = fixture("jason3_gdr_f", "JA3_GPN_2PfP160_001_20200614_080000_20200614_085600.nc", |f| {
        for (name, n) in [("data_01", 3usize), ("data_20", 60)] {
            let mut g = f.add_group(name)?;
            g.add_dimension("time", n)?;
            let mut one = |name: &str, unit: &str, value: &dyn Fn(f64) -> f64| -> Written {
                let mut v = g.add_variable::<f64>(name, &["time"])?;
                v.put_attribute("units", unit)?;
                let values: Vec<f64> = (0..n).map(|k| value(k as f64 * 3.0 / n as f64)).collect();
                v.put_values(&values, ..)
            };
            one("time", "seconds since 2000-01-01 00:00:00.0", &|t| 645_436_800.0 + t)?;
            one("latitude", "degrees_north", &|t| 10.0 + 0.05 * t)?;
            one("longitude", "degrees_east", &|t| 300.0 + 0.02 * t)?;
            if n == 3 {
                one("wind_speed_alt", "m/s", &|t| 7.0 + t)?;
            }
            let mut ku = g.add_group("ku")?;
            for (name, base) in [("ssha", 0.1), ("swh_ocean", 2.0), ("sig0_ocean", 13.0)] {
                let mut v = ku.add_variable::<f64>(name, &["time"])?;
                v.put_attribute("units", if name == "sig0_ocean" { "dB" } else { "m" })?;
                let values: Vec<f64> = (0..n).map(|k| base + k as f64 / n as f64).collect();
                v.put_values(&values, ..)?;
            }
        }
        Ok(())
    });
    let names: Vec<String> = f.names().iter().map(ToString::to_string).collect();
    assert_eq!(
        (f.kind(), &names[..4]),
        (GeometryKind::Track, &["ssha", "swh", "wind_speed", "sig0"].map(String::from)[..])
    );
    near(f.value("ssha", 0, 0), 0.1);
    near(f.value("wind_speed", 2, 0), 9.0);
    near(f.value("ssha_20hz", 30, 0), 0.6);
}

#[test]
fn oscar_of_both_versions() {
    // Version 2: columns before rows, axes named otherwise than their dimensions.
    let (mut f, _dir) = fixture("oscar_l4", "oscar_currents_final_20200101.nc", |f| {
        f.add_dimension("time", 1)?;
        f.add_dimension("longitude", 4)?;
        f.add_dimension("latitude", 3)?;
        add(f, "time", &["time"], &[10_957.0], &[("units", "days since 1990-1-1")])?;
        add(f, "lat", &["latitude"], &[-10.0, 0.0, 10.0], &[("units", "degrees_north")])?;
        add(f, "lon", &["longitude"], &[0.0, 90.0, 180.0, 270.0], &[("units", "degrees_east")])?;
        let dims = ["time", "longitude", "latitude"];
        // The value tells column and row: 0.1 × column, 0.01 × row.
        let u: Vec<f64> = (0..12).map(|k| 0.1 * f64::from(k / 3)).collect();
        let v: Vec<f64> = (0..12).map(|k| 0.01 * f64::from(k % 3)).collect();
        for (name, values) in [("u", &u), ("v", &v), ("ug", &u), ("vg", &v)] {
            add(f, name, &dims, values, &[("units", "m s-1")])?;
        }
        Ok(())
    });
    assert_eq!((f.kind(), f.part().shape), (GeometryKind::Grid, [3, 4]));
    assert_eq!(f.names()[0], "current_speed");
    near(f.value("current_speed", 2, 3), 0.3f64.hypot(0.02));
    assert_eq!(f.part().span.unwrap().seconds().round(), 86_400.0, "a day");

    // Version 1: several times, a depth, longitudes on past one turn.
    let (mut f, _dir) = fixture("oscar_l4", "oscar_vel10800.nc", |f| {
        f.add_dimension("time", 2)?;
        f.add_dimension("depth", 1)?;
        f.add_dimension("latitude", 3)?;
        f.add_dimension("longitude", 6)?;
        add(f, "time", &["time"], &[10_000.0, 10_005.0], &[("units", "day since 1992-10-05 00:00:00")])?;
        add(f, "depth", &["depth"], &[15.0], &[("units", "meter")])?;
        add(f, "latitude", &["latitude"], &[30.0, 0.0, -30.0], &[("units", "degrees-north")])?;
        add(f, "longitude", &["longitude"], &[20.0, 100.0, 180.0, 260.0, 340.0, 420.0], &[("units", "degrees-east")])?;
        let dims = ["time", "depth", "latitude", "longitude"];
        let u: Vec<f64> = (0..36).map(f64::from).collect();
        add(f, "u", &dims, &u, &[("units", "meter/sec")])?;
        add(f, "v", &dims, &[0.0; 36], &[("units", "meter/sec")])
    });
    assert_eq!((f.kind(), f.part().steps.len()), (GeometryKind::Grid, 2));
    assert_eq!(f.probe("current_speed", 1, &[], 1, 2).values[0].value, Some(26.0), "18 + 6 + 2");
    let bounds = f.part().bounds;
    assert!(bounds.east - bounds.west <= 360.0 + 80.0, "{bounds:?}");
}

#[test]
fn ccmp_winds_of_four_times_a_day() {
    let (mut f, _dir) = fixture("ccmp_l4", "CCMP_Wind_Analysis_20190101_V02.0_L3.0_RSS.nc", |f| {
        f.add_dimension("time", 4)?;
        f.add_dimension("latitude", 2)?;
        f.add_dimension("longitude", 3)?;
        add(
            f,
            "time",
            &["time"],
            &[280_512.0, 280_518.0, 280_524.0, 280_530.0],
            &[("units", "hours since 1987-01-01 00:00:00")],
        )?;
        add(f, "latitude", &["latitude"], &[-0.125f32, 0.125], &[("units", "degrees_north")])?;
        add(f, "longitude", &["longitude"], &[0.125f32, 0.375, 0.625], &[("units", "degrees_east")])?;
        let dims = ["time", "latitude", "longitude"];
        for (name, value) in [("uwnd", 3.0f32), ("vwnd", -4.0), ("nobs", 2.0)] {
            let mut v = f.add_variable::<f32>(name, &dims)?;
            v.put_attribute("_FillValue", -9999.0f32)?;
            v.put_attribute("units", "m s-1")?;
            let values: Vec<f32> = (0..24).map(|k| if k == 1 { -9999.0 } else { value }).collect();
            v.put_values(&values, ..)?;
        }
        Ok(())
    });
    assert_eq!((f.kind(), f.part().steps.len()), (GeometryKind::Grid, 4));
    assert_eq!(f.part().steps[0].iso(), "2019-01-01T00:00:00Z");
    assert_eq!(f.names()[0], "wind_speed");
    near(f.value("wind_speed", 0, 0), 5.0);
    assert_eq!(f.value("wind_speed", 0, 1), None);
}

/// Wind by speed and meteorological direction becomes components, and a direction where it blows to.
#[test]
fn expressions_of_a_product_file() {
    let product = r#"
[product]
id = "wind_test"
title = "Wind"
[match]
files = ["wind_*.nc"]
[[field]]
name = "u"
expression = "-speed * sind(dir)"
[[field]]
name = "toward"
expression = "direction(-speed * sind(dir), -speed * cosd(dir))"
units = "degree"
"#;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wind_1.nc");
    let mut file = netcdf::create(&path).unwrap();
    common::axes(&mut file, 1, 3).unwrap();
    add(&mut file, "speed", &["lat", "lon"], &[10.0, 5.0, f64::NAN], &[("units", "m/s")]).unwrap();
    add(&mut file, "dir", &["lat", "lon"], &[270.0, 210.0, 90.0], &[("units", "degree")]).unwrap();
    file.close().unwrap();
    let mut f = open(&path, &[product]).unwrap();
    assert_eq!(f.names()[..2], ["u", "toward"]);
    near(f.value("u", 0, 0), 10.0);
    near(f.value("u", 0, 1), 2.5);
    near(f.value("toward", 0, 0), 90.0);
    near(f.value("toward", 0, 1), 30.0);
    assert_eq!(f.all("toward")[2], None);
    let units: Vec<&str> = f.part().fields.iter().take(2).map(|x| x.units.as_str()).collect();
    assert_eq!(units, ["m/s", "degree"]);
}

/// Real granules: what the product puts first, and one value as netCDF4-python reads it.
#[test]
fn real_granules_open_by_their_product() {
    let Some(dir) = granules() else { return println!("skipped: no granules here") };
    let argo = open(&dir.join("insitu/7900364_prof.nc"), &[&toml("argo_profiles")]).unwrap();
    assert_eq!((argo.info.product.as_deref(), argo.kind()), (Some("argo_profiles"), GeometryKind::Points));
    assert_eq!(argo.names()[..2], ["TEMP", "PSAL"]);
    let eddies = open(&dir.join("altimetry/Anticyclonic_20190223.nc"), &[&toml("meta_eddies")]).unwrap();
    assert_eq!((eddies.info.product.as_deref(), eddies.names()[0]), (Some("meta_eddies"), "amplitude"));
    let wind = open(&dir.join("wind/f16_ssmis_20200102v7.nc"), &[&toml("rss_ssmis_daily")]).unwrap();
    assert_eq!((wind.info.product.as_deref(), wind.names()[0]), (Some("rss_ssmis_daily"), "wind_speed"));
}

#[test]
fn swot_rasters_in_metres() {
    let (mut f, _dir) = fixture(
        "swot_l2_hr_raster",
        "SWOT_L2_HR_Raster_100m_UTM31T_N_x_x_x_012_001_049F_20240311T120000_20240311T120020_PIC0_01.nc",
        |f| {
            f.add_dimension("x", 4)?;
            f.add_dimension("y", 3)?;
            f.add_attribute("time_granule_start", "2024-03-11T12:00:00.5Z")?;
            f.add_attribute("time_granule_end", "2024-03-11T12:00:20.5Z")?;
            let mut crs = f.add_variable::<i8>("crs", &[])?;
            for (key, value) in [
                ("longitude_of_central_meridian", 3.0),
                ("latitude_of_projection_origin", 0.0),
                ("scale_factor_at_central_meridian", 0.9996),
                ("false_easting", 500_000.0),
                ("false_northing", 0.0),
                ("semi_major_axis", 6_378_137.0),
                ("inverse_flattening", 298.257_223_563),
            ] {
                crs.put_attribute(key, value)?;
            }
            crs.put_attribute("grid_mapping_name", "transverse_mercator")?;
            let metres = |s| [("units", "m"), ("standard_name", s)];
            add(f, "x", &["x"], &[500_000.0, 500_100.0, 500_200.0, 500_300.0], &metres("projection_x_coordinate"))?;
            add(f, "y", &["y"], &[4_800_000.0, 4_800_100.0, 4_800_200.0], &metres("projection_y_coordinate"))?;
            let mapped = ("grid_mapping", "crs");
            let wse: Vec<f32> = (0..12).map(|k| k as f32).collect();
            add(f, "wse", &["y", "x"], &wse, &[("units", "m"), mapped])?;
            let qual: Vec<u8> = (0..12).map(|k| k % 4).collect();
            let flags = [("flag_meanings", "good suspect degraded bad"), mapped];
            add(f, "wse_qual", &["y", "x"], &qual, &flags)?;
            add(f, "water_frac", &["y", "x"], &[0.5f32; 12], &[("units", "1"), mapped])
        },
    );
    assert_eq!((f.kind(), f.names()[0]), (GeometryKind::ProjectedGrid, "wse"));
    assert_eq!([0, 1, 2, 3].map(|c| shown(&mut f, "wse", 1, c)), [Some(4.0), Some(5.0), None, None]);
    assert_eq!(f.value("wse_all", 1, 3), Some(7.0));
    assert_eq!(f.part().span.unwrap().seconds(), 20.0);
    // pyproj, EPSG:32631: 500 000, 4 800 000 is 3° E, 43.3528553922° N.
    let at = f.probe("wse_all", 0, &[], 0, 0).position.unwrap();
    assert!((at.lon_deg - 3.0).abs() < 1e-8 && (at.lat_deg - RASTER_LAT).abs() < 1e-7, "{at:?}");
}

const RASTER_LAT: f64 = 43.352_855_392_2;

#[test]
fn swot_pixels_are_points() {
    let (mut f, _dir) =
        fixture("swot_l2_hr_pixc", "SWOT_L2_HR_PIXC_012_001_098L_20240311T120000_20240311T120011_PIC0_01.nc", |f| {
            f.add_attribute("time_granule_start", "2024-03-11T12:00:00Z")?;
            f.add_attribute("time_granule_end", "2024-03-11T12:00:11Z")?;
            let mut g = f.add_group("pixel_cloud")?;
            g.add_dimension("points", 5)?;
            let columns: [(&str, [f64; 5], &str); 4] = [
                ("longitude", [2.0, 2.1, 2.2, 2.3, 2.4], "degrees_east"),
                ("latitude", [48.0, 48.1, 48.2, 48.3, 48.4], "degrees_north"),
                ("height", [70.0, 71.0, 72.0, 73.0, 74.0], "m"),
                ("sig0", [1.0, 2.0, 3.0, 4.0, 5.0], "1"),
            ];
            for (name, values, units) in columns {
                let mut v = g.add_variable::<f64>(name, &["points"])?;
                v.put_attribute("units", units)?;
                v.put_values(&values, ..)?;
            }
            g.add_variable::<u8>("classification", &["points"])?.put_values(&[1u8, 2, 3, 4, 7], ..)
        });
    assert_eq!((f.kind(), f.part().shape), (GeometryKind::Points, [5, 1]));
    assert_eq!(
        [0, 1, 2, 3, 4].map(|r| shown(&mut f, "height", r, 0)),
        [None, None, Some(72.0), Some(73.0), Some(74.0)]
    );
    assert_eq!(f.value("height_all", 0, 0), Some(70.0));
}

#[test]
fn waves_of_a_model_with_their_direction() {
    let (mut f, _dir) = fixture("cmems_waves", "mfwamglocep_2024081100_R20240812.nc", |f| {
        f.add_dimension("time", 2)?;
        f.add_dimension("latitude", 2)?;
        f.add_dimension("longitude", 3)?;
        let units = [("units", "seconds since 1970-01-01"), ("standard_name", "time")];
        add(f, "time", &["time"], &[1_723_334_400i64, 1_723_345_200], &units)?;
        add(f, "latitude", &["latitude"], &[40.0, 41.0], &[("units", "degrees_north")])?;
        add(f, "longitude", &["longitude"], &[0.0, 1.0, 2.0], &[("units", "degrees_east")])?;
        let dims = ["time", "latitude", "longitude"];
        packed(f, "VHM0", &dims, &[100, 200, 300, 32_767, 500, 600, 100, 200, 300, 400, 500, 600], 0.01, "m")?;
        packed(f, "VMDR", &dims, &[900; 12], 0.1, "degree")?;
        packed(f, "VTPK", &dims, &[80; 12], 0.1, "s")?;
        packed(f, "VSDX", &dims, &[30; 12], 0.01, "m s-1")?;
        packed(f, "VSDY", &dims, &[40; 12], 0.01, "m s-1")
    });
    assert_eq!((f.names()[0], f.part().steps.len()), ("swh", 2));
    near(f.value("swh", 0, 1), 2.0);
    assert_eq!(f.value("swh", 1, 0), None);
    near(f.value("stokes_speed", 0, 0), 0.5);
    // Waves from the east go west.
    let swh = f.part().fields.iter().find(|x| x.name == "swh").unwrap().components.clone();
    near(f.value(&swh[0], 0, 0), -1.0);
    near(f.value(&swh[1], 0, 0).map(|v| v + 1.0), 1.0);
}
