//! Models and reanalyses, relief.

use seaglass_core::granule::GeometryKind;

use crate::common::fixture::{begins, fixture, grid, near, packed, plain, times};
use crate::real;

#[test]
fn era5() {
    let (mut f, _dir) = fixture("era5", "era5_20240101.nc", |f| {
        times(f, "valid_time", &[1_704_067_200.0, 1_704_070_800.0], "seconds since 1970-01-01")?;
        f.add_dimension("latitude", 2)?;
        f.add_dimension("longitude", 3)?;
        plain(f, "latitude", &["latitude"], &[50.25, 50.0], "degrees_north")?;
        plain(f, "longitude", &["longitude"], &[0.0, 0.25, 0.5], "degrees_east")?;
        let dims = ["valid_time", "latitude", "longitude"];
        plain(f, "u10", &dims, &[3.0; 12], "m s**-1")?;
        plain(f, "v10", &dims, &[4.0; 12], "m s**-1")?;
        plain(f, "msl", &dims, &[101_325.0; 12], "Pa")
    });
    assert_eq!((f.kind(), f.part().steps.len()), (GeometryKind::Grid, 2));
    begins(&f, &["wind_speed", "msl"]);
    near(f.value("wind_speed", 1, 2), 5.0);
    assert_eq!(f.part().steps[1].iso(), "2024-01-01T01:00:00Z");

    // The older form: hours since 1900, packed.
    let (mut f, _dir) = fixture("era5_waves", "adaptor.mars.internal-1700000000.12345-123-4-abcdef.nc", |f| {
        times(f, "time", &[1_087_008.0, 1_087_009.0], "hours since 1900-01-01 00:00:00.0")?;
        grid(f, ["latitude", "longitude"], 2, 2)?;
        let dims = ["time", "latitude", "longitude"];
        packed(f, "swh", &dims, &[100, 200, 32_767, 400, 100, 200, 300, 400], 0.01, "m")?;
        packed(f, "mwd", &dims, &[900; 8], 0.1, "Degree true")?;
        packed(f, "mwp", &dims, &[80; 8], 0.1, "s")
    });
    begins(&f, &["swh", "mwp", "mwd"]);
    near(f.value("swh", 0, 1), 2.0);
    assert_eq!(f.value("swh", 1, 0), None);
    // Waves that come from the east go west.
    let parts = f.part().fields[0].components.clone();
    near(f.value(&parts[0], 0, 0), -1.0);
    assert_eq!(f.part().steps[0].iso(), "2024-01-03T00:00:00Z");
}

#[test]
fn wave_watch() {
    let (mut f, _dir) = fixture("ww3_grid", "ww3.202401.nc", |f| {
        times(f, "time", &[12_418.0, 12_418.125], "days since 1990-01-01T00:00:00Z")?;
        grid(f, ["latitude", "longitude"], 2, 2)?;
        let dims = ["time", "latitude", "longitude"];
        packed(f, "hs", &dims, &[1000, 2000, 3000, 32_767, 1000, 1000, 1000, 1000], 0.002, "m")?;
        packed(f, "dir", &dims, &[1800; 8], 0.1, "degree")?;
        packed(f, "fp", &dims, &[100; 8], 0.001, "s-1")?;
        packed(f, "uwnd", &dims, &[30; 8], 0.1, "m s-1")?;
        packed(f, "vwnd", &dims, &[40; 8], 0.1, "m s-1")
    });
    begins(&f, &["hs"]);
    near(f.value("hs", 0, 1), 4.0);
    near(f.value("peak_period", 0, 0), 10.0);
    near(f.value("wind_speed", 0, 0), 5.0);
    // From the south: towards the north.
    let parts = f.part().fields[0].components.clone();
    near(f.value(&parts[1], 0, 0), 2.0);
    assert_eq!(f.part().steps[0].iso(), "2024-01-01T00:00:00Z");
}

#[test]
fn winds_of_cmems() {
    let (mut f, _dir) = fixture("cmems_wind", "cmems_obs-wind_glo_phy_my_l4_0.125deg_PT1H_2024010100.nc", |f| {
        times(f, "time", &[1_072_915_200.0], "seconds since 1990-01-01 00:00:00")?;
        grid(f, ["latitude", "longitude"], 2, 2)?;
        let dims = ["time", "latitude", "longitude"];
        packed(f, "eastward_wind", &dims, &[300, 0, 0, 32_767], 0.01, "m s-1")?;
        packed(f, "northward_wind", &dims, &[400, 100, 200, 32_767], 0.01, "m s-1")
    });
    begins(&f, &["wind_speed", "eastward_wind", "northward_wind"]);
    near(f.value("wind_speed", 0, 0), 5.0);
    assert_eq!(f.value("wind_speed", 1, 1), None);
}

#[test]
fn ocean_models() {
    let (mut f, _dir) = fixture("cmems_phy", "cmems_mod_glo_phy-cur_anfc_0.083deg_P1D-m_1700000000000.nc", |f| {
        times(f, "time", &[1_704_067_200.0, 1_704_153_600.0], "seconds since 1970-01-01 00:00:00")?;
        f.add_dimension("depth", 2)?;
        plain(f, "depth", &["depth"], &[0.494, 47.37], "m")?;
        grid(f, ["latitude", "longitude"], 2, 2)?;
        let dims = ["time", "depth", "latitude", "longitude"];
        plain(f, "uo", &dims, &(0..16).map(|k| 0.3 * f64::from(1 + k / 4)).collect::<Vec<_>>(), "m s-1")?;
        plain(f, "vo", &dims, &(0..16).map(|k| 0.4 * f64::from(1 + k / 4)).collect::<Vec<_>>(), "m s-1")
    });
    begins(&f, &["current_speed", "uo", "vo"]);
    near(f.value("current_speed", 0, 0), 0.5);
    near(f.probe("current_speed", 1, &[1], 1, 1).values[0].value, 2.0);
    let real = real("currents/cmems_global-analysis-forecast-phy-001-024.nc", "cmems_phy");
    if let Some(mut f) = real {
        begins(&f, &["current_speed"]);
        // numpy.hypot of what netCDF4-python gives.
        assert!((f.value("current_speed", 90, 120).unwrap() - 0.817_373_478_5).abs() < 1e-6);
    }

    let (mut f, _dir) = fixture("hycom", "hycom_glby_930_2024010112_t000_uv3z.nc", |f| {
        times(f, "time", &[210_396.0], "hours since 2000-01-01 00:00:00")?;
        f.add_dimension("depth", 2)?;
        plain(f, "depth", &["depth"], &[0.0, 2.0], "m")?;
        grid(f, ["lat", "lon"], 2, 2)?;
        let dims = ["time", "depth", "lat", "lon"];
        packed(f, "water_u", &dims, &[300, 32_767, 0, 0, 0, 0, 0, 0], 0.001, "m/s")?;
        packed(f, "water_v", &dims, &[400, 32_767, 0, 0, 0, 0, 0, 0], 0.001, "m/s")
    });
    begins(&f, &["current_speed"]);
    near(f.value("current_speed", 0, 0), 0.5);
    assert_eq!(f.value("current_speed", 0, 1), None);
}

#[test]
fn relief() {
    let (mut f, _dir) = fixture("gebco", "GEBCO_2023.nc", |f| {
        grid(f, ["lat", "lon"], 2, 3)?;
        f.add_variable::<i16>("elevation", &["lat", "lon"])?.put_values(&[-4000i16, -20, 0, 15, 300, 2500], ..)
    });
    begins(&f, &["elevation"]);
    near(f.value("elevation", 0, 0), -4000.0);
    assert_eq!(f.part().fields[0].units, "m");
    let (mut f, _dir) = fixture("etopo", "ETOPO_2022_v1_60s_N90W180_surface.nc", |f| {
        grid(f, ["lat", "lon"], 2, 2)?;
        plain(f, "z", &["lat", "lon"], &[-3000.5, 1.0, 2.0, 3.0], "meters")
    });
    begins(&f, &["elevation"]);
    near(f.value("elevation", 0, 0), -3000.5);
}
