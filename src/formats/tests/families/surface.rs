//! Temperature, altimetry, scatterometers, radiometers.

use seaglass_core::granule::GeometryKind;

use crate::common::add;
use crate::common::fixture::{begins, fixture, grid, near, packed, plain, shown, times};
use crate::real;

#[test]
fn ghrsst_level_3() {
    let name = "20240101000000-STAR-L3C_GHRSST-SSTsubskin-AVHRRF_MB-ACSPO_V2.80-v02.0-fv01.0.nc";
    let (mut f, _dir) = fixture("ghrsst_l3", name, |f| {
        times(f, "time", &[1_356_912_000.0], "seconds since 1981-01-01 00:00:00")?;
        grid(f, ["lat", "lon"], 2, 3)?;
        let dims = ["time", "lat", "lon"];
        packed(f, "sea_surface_temperature", &dims, &[28_815, 28_915, 32_767, 29_015, 29_115, 29_215], 0.01, "kelvin")?;
        packed(f, "sst_dtime", &dims, &[0, 600, 0, 0, 0, 1200], 1.0, "seconds")?;
        add(
            f,
            "quality_level",
            &dims,
            &[5i8, 3, 0, 4, 2, 5],
            &[("flag_meanings", "no_data bad worst low acceptable best")],
        )
    });
    assert_eq!((f.kind(), f.part().shape), (GeometryKind::Grid, [2, 3]));
    begins(&f, &["sea_surface_temperature", "sst_best", "quality_level"]);
    near(f.value("sea_surface_temperature", 0, 1), 289.15);
    let best = [(0, 0), (0, 1), (1, 0), (1, 2)].map(|(r, c)| shown(&mut f, "sst_best", r, c).is_some());
    assert_eq!(best, [true, false, true, true]);
    let cell = f.probe("sea_surface_temperature", 0, &[], 1, 2);
    assert_eq!(cell.time.unwrap().iso(), "2024-01-01T00:20:00Z");
}

#[test]
fn sea_level_of_level_2_plus() {
    let (mut f, _dir) =
        fixture("aviso_l2p", "global_sla_l2p_ntc_j3_C0001_P0001_20160217T010101_20160217T015714.nc", |f| {
            times(f, "time", &[10.0, 11.0, 12.0], "seconds since 2000-01-01 00:00:00.0")?;
            plain(f, "latitude", &["time"], &[1.0, 2.0, 3.0], "degrees_north")?;
            plain(f, "longitude", &["time"], &[359.0, 0.0, 1.0], "degrees_east")?;
            packed(f, "sea_level_anomaly", &["time"], &[100, 200, 300], 0.001, "m")?;
            plain(f, "mean_sea_surface", &["time"], &[1.0; 3], "m")?;
            add(f, "validation_flag", &["time"], &[0i8, 1, 0], &[("flag_meanings", "valid invalid")])
        });
    assert_eq!(f.kind(), GeometryKind::Track);
    begins(&f, &["sla", "sla_all"]);
    assert_eq!([0, 1, 2].map(|r| shown(&mut f, "sla", r, 0).is_some()), [true, false, true]);
    near(f.value("sla_all", 1, 0), 0.2);
}

#[test]
fn altimeter_at_the_nadir_of_swot() {
    let (mut f, _dir) = fixture("jason3_gdr_f", "SWOT_GPN_2PfP481_001_20230401_000000_20230401_005000.nc", |f| {
        let mut g = f.add_group("data_01")?;
        g.add_dimension("time", 2)?;
        for (name, unit, values) in [
            ("time", "seconds since 2000-01-01 00:00:00.0", [733_622_400.0, 733_622_401.0]),
            ("latitude", "degrees_north", [10.0, 10.1]),
            ("longitude", "degrees_east", [300.0, 300.1]),
        ] {
            let mut v = g.add_variable::<f64>(name, &["time"])?;
            v.put_attribute("units", unit)?;
            v.put_values(&values, ..)?;
        }
        let mut ku = g.add_group("ku")?;
        let mut v = ku.add_variable::<f64>("ssha", &["time"])?;
        v.put_attribute("units", "m")?;
        v.put_values(&[0.1, 0.2], ..)
    });
    begins(&f, &["ssha"]);
    near(f.value("ssha", 1, 0), 0.2);
    assert_eq!(f.part().span.unwrap().start.iso(), "2023-04-01T00:00:00Z");
}

#[test]
fn waves_at_the_nadir_of_cfosat() {
    let (mut f, _dir) = fixture("cfosat_swim_l2", "CFO_OP05_SWI_L2_____F_20200101T000000_20200101T013000.nc", |f| {
        f.add_dimension("n_nad_1Hz", 3)?;
        let d = ["n_nad_1Hz"];
        plain(
            f,
            "time_nadir_1Hz",
            &d,
            &[347_155_200.0, 347_155_201.0, 347_155_202.0],
            "seconds since 2009-01-01 00:00:00",
        )?;
        plain(f, "lat_nadir_1Hz", &d, &[1.0, 2.0, 3.0], "degrees_north")?;
        plain(f, "lon_nadir_1Hz", &d, &[1.0, 2.0, 3.0], "degrees_east")?;
        packed(f, "nadir_swh_1Hz", &d, &[2000, 2100, 32_767], 0.001, "m")?;
        packed(f, "nadir_wind_1Hz", &d, &[700, 800, 900], 0.01, "m/s")
    });
    begins(&f, &["swh", "wind_speed"]);
    near(f.value("swh", 1, 0), 2.1);
    assert_eq!(f.value("swh", 2, 0), None);
}

#[test]
fn winds_of_other_scatterometers() {
    let name = "hscat_20240101_003000_hy_2b__26000_o_250_2300_ovw_l2.nc";
    let (mut f, _dir) = fixture("knmi_scat_l2", name, |f| {
        f.add_dimension("NUMROWS", 2)?;
        f.add_dimension("NUMCELLS", 3)?;
        let dims = ["NUMROWS", "NUMCELLS"];
        add(f, "time", &dims, &[1_072_915_200i32; 6], &[("units", "seconds since 1990-01-01 00:00:00")])?;
        plain(f, "lat", &dims, &[0.0, 0.0, 0.0, 1.0, 1.0, 1.0], "degrees_north")?;
        plain(f, "lon", &dims, &[0.0, 1.0, 2.0, 0.0, 1.0, 2.0], "degrees_east")?;
        packed(f, "wind_speed", &dims, &[1000, 500, 32_767, 600, 700, 800], 0.01, "m s-1")?;
        packed(f, "wind_dir", &dims, &[900; 6], 0.1, "degree")?;
        add(f, "wvc_quality_flag", &dims, &[0i32; 6], &[])
    });
    begins(&f, &["wind_speed", "wind_dir"]);
    // Towards the east.
    let parts = f.part().fields[0].components.clone();
    near(f.value(&parts[0], 0, 0), 10.0);
    assert_eq!(f.part().span.unwrap().start.iso(), "2024-01-01T00:00:00Z");
}

#[test]
fn a_day_of_amsr2_and_its_ice() {
    let (mut f, _dir) = fixture("rss_amsr2_daily", "RSS_AMSR2_ocean_L3_daily_2024-01-01_v08.2.nc", |f| {
        f.add_dimension("pass", 2)?;
        grid(f, ["lat", "lon"], 2, 3)?;
        let dims = ["pass", "lat", "lon"];
        plain(f, "SST", &dims, &(0..12).map(f64::from).collect::<Vec<_>>(), "degree_Celsius")?;
        plain(f, "wind_speed_LF", &dims, &[5.0; 12], "m s-1")
    });
    begins(&f, &["sst", "wind_speed_LF"]);
    near(f.probe("sst", 0, &[1], 1, 2).values[0].value, 11.0);

    let (mut f, _dir) = fixture("amsr2_asi_ice", "asi-AMSR2-n6250-20240101-v5.4.nc", |f| {
        f.add_dimension("x", 3)?;
        f.add_dimension("y", 2)?;
        let mut crs = f.add_variable::<i8>("polar_stereographic", &[])?;
        for (key, value) in [
            ("straight_vertical_longitude_from_pole", -45.0),
            ("latitude_of_projection_origin", 90.0),
            ("standard_parallel", 70.0),
            ("false_easting", 0.0),
            ("false_northing", 0.0),
            ("semi_major_axis", 6_378_273.0),
            ("inverse_flattening", 298.279_411_123_064),
        ] {
            crs.put_attribute(key, value)?;
        }
        crs.put_attribute("grid_mapping_name", "polar_stereographic")?;
        let metres = |s| [("units", "m"), ("standard_name", s)];
        add(f, "x", &["x"], &[-6250.0, 0.0, 6250.0], &metres("projection_x_coordinate"))?;
        add(f, "y", &["y"], &[0.0, 6250.0], &metres("projection_y_coordinate"))?;
        add(f, "z", &["y", "x"], &[0f32, 50.0, 100.0, 10.0, 20.0, f32::NAN], &[("grid_mapping", "polar_stereographic")])
    });
    assert_eq!(f.kind(), GeometryKind::ProjectedGrid);
    begins(&f, &["ice_conc"]);
    near(f.value("ice_conc", 0, 2), 100.0);
    assert!((f.probe("ice_conc", 0, &[], 0, 1).position.unwrap().lat_deg - 90.0).abs() < 1e-9, "the pole");
}

#[test]
fn sea_level_of_the_reference_missions_on_a_grid() {
    let Some(mut f) = real("altimetry/NASA-SSH_alt_ref_simple_grid_v1_20240923.nc", "nasa_ssh_grid") else { return };
    begins(&f, &["SSHA", "counts"]);
    // netCDF4-python: SSHA[180, 400].
    near(f.value("SSHA", 180, 400), 0.015594990414);
}
