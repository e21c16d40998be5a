//! Components of vectors: which fields they are, in which convention, and values against netCDF4-python and pyproj.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{Opened, add, axes, granules, open, try_written, written};

const ASCAT: &str = include_str!("../../../readers/ascat_l2_osisaf.toml");
const OCN: &str = include_str!("../../../readers/sentinel1_ocn.toml");
const DUACS: &str = include_str!("../../../readers/duacs_l4_cmems.toml");
const GLOBCURRENT: &str = include_str!("../../../readers/globcurrent_l4.toml");

fn components(f: &Opened, field: &str) -> Vec<String> {
    let all = f.info.parts.iter().flat_map(|p| &p.fields);
    all.clone().find(|x| x.name == field).unwrap_or_else(|| panic!("{field} of {:?}", f.names())).components.clone()
}

fn near(got: Option<f64>, want: f64, within: f64, what: &str) {
    let got = got.unwrap_or(f64::NAN);
    assert!((got - want).abs() < within, "{what}: {got}, expected {want}");
}

/// East and north of a field at a cell.
fn vector(f: &mut Opened, field: &str, row: usize, col: usize) -> [Option<f64>; 2] {
    let names = components(f, field);
    [f.value(&names[0], row, col), f.value(&names[1], row, col)]
}

#[test]
fn pairs_are_found_by_standard_name_and_by_name() {
    let f = written(|f| {
        axes(f, 2, 2)?;
        let wind = |s| [("standard_name", s), ("units", "m s-1")];
        add(f, "a", &["lat", "lon"], &[3f32, 0.0, 0.0, 1.0], &wind("eastward_wind"))?;
        add(f, "b", &["lat", "lon"], &[4f32, 0.0, 0.0, 1.0], &wind("northward_wind"))?;
        add(f, "uo", &["lat", "lon"], &[1f32; 4], &[("units", "m/s")])?;
        add(f, "vo", &["lat", "lon"], &[1f32; 4], &[("units", "m/s")])?;
        add(f, "u_err", &["lat", "lon"], &[1f32; 4], &[("units", "m/s")])?;
        add(f, "v_err", &["lat", "lon"], &[1f32; 4], &[("units", "m/s")])?;
        add(f, "ultra", &["lat", "lon"], &[1f32; 4], &[("units", "K")])?;
        add(f, "vltra", &["lat", "lon"], &[1f32; 4], &[("units", "K")])
    });
    assert_eq!(components(&f, "a"), ["a", "b"]);
    assert_eq!(components(&f, "wind_speed"), ["a", "b"]);
    assert_eq!(components(&f, "speed"), ["uo", "vo"]);
    for plain in ["u_err", "v_err", "ultra", "vltra"] {
        assert!(components(&f, plain).is_empty(), "{plain}");
    }
    let at = |name: &str| f.names().iter().position(|n| *n == name).unwrap();
    assert!(at("wind_speed") > at("a"), "what is in the file comes first");
    let mut f = f;
    near(f.value("wind_speed", 0, 0), 5.0, 1e-12, "3, 4, 5");
}

#[test]
fn directions_are_told_from_and_towards() {
    let mut f = written(|f| {
        axes(f, 1, 2)?;
        add(f, "ws", &["lat", "lon"], &[10f64, 10.0], &[("standard_name", "wind_speed"), ("units", "m s-1")])?;
        add(
            f,
            "wd",
            &["lat", "lon"],
            &[270f64, 30.0],
            &[("standard_name", "wind_from_direction"), ("units", "degree")],
        )?;
        add(f, "cs", &["lat", "lon"], &[2f64, 2.0], &[("standard_name", "sea_water_speed"), ("units", "m s-1")])?;
        let towards = [("standard_name", "sea_water_velocity_to_direction"), ("units", "radian")];
        add(f, "cd", &["lat", "lon"], &[std::f64::consts::FRAC_PI_2, 0.0], &towards)
    });
    let [east, north] = vector(&mut f, "ws", 0, 0);
    near(east, 10.0, 1e-9, "a westerly goes to the east");
    near(north, 0.0, 1e-9, "and not to the north");
    let [east, north] = vector(&mut f, "ws", 0, 1);
    near(east, -5.0, 1e-9, "from 30 degrees");
    near(north, -8.660_254, 1e-6, "from 30 degrees");
    let [east, north] = vector(&mut f, "cs", 0, 0);
    near(east, 2.0, 1e-9, "towards 90 degrees, in radians");
    near(north, 0.0, 1e-9, "towards 90 degrees, in radians");
    assert_eq!(f.names().iter().rev().take(4).filter(|n| n.ends_with("_east") || n.ends_with("_north")).count(), 4);
}

#[test]
fn speeds_of_two_model_winds_can_be_told_apart() {
    // As in Jason-1 GDRs: both components are called by the standard name of the speed.
    let named = [("standard_name", "wind_speed"), ("units", "m/s")];
    let f = written(|f| {
        axes(f, 1, 1)?;
        for variable in ["wind_speed_model_u", "wind_speed_model_v", "wind_speed_model_u_era", "wind_speed_model_v_era"]
        {
            add(f, variable, &["lat", "lon"], &[3f64], &named)?;
        }
        Ok(())
    });
    let speeds: Vec<(&str, &str)> = f
        .part()
        .fields
        .iter()
        .filter(|f| f.derived)
        .map(|f| (f.name.as_str(), f.long_name.as_deref().unwrap_or_default()))
        .collect();
    let expected = [("wind_speed", "wind speed model"), ("wind_speed_model_era", "wind speed model era")];
    assert_eq!(speeds, expected);
}

#[test]
fn products_name_a_direction_or_are_refused() {
    let text = |key: &str| {
        format!(
            "[product]\nid='p'\ntitle='P'\n[match]\nvariables=['s']\n[[field]]\nname='speed'\nvariable='s'\n{key}='d'\n"
        )
    };
    for (key, sign) in [("from", -1.0), ("towards", 1.0)] {
        let mut f = try_written(&[&text(key)], |f| {
            axes(f, 1, 1)?;
            add(f, "s", &["lat", "lon"], &[4f64], &[("units", "m/s")])?;
            add(f, "d", &["lat", "lon"], &[90f64], &[])
        })
        .unwrap();
        near(vector(&mut f, "speed", 0, 0)[0], 4.0 * sign, 1e-9, key);
    }
}

#[test]
fn components_along_a_projected_grid_are_turned_to_true_north() {
    // EPSG:3413 has 45° W downwards: at 135° E the x axis points to the west and the y axis to the south.
    let mut f = written(|f| {
        f.add_dimension("y", 3)?;
        f.add_dimension("x", 3)?;
        let at: [f64; 3] = [999_000.0, 1_000_000.0, 1_001_000.0];
        let middle: [f64; 3] = [-1000.0, 0.0, 1000.0];
        add(f, "y", &["y"], &at, &[("units", "m"), ("standard_name", "projection_y_coordinate")])?;
        add(f, "x", &["x"], &middle, &[("units", "m"), ("standard_name", "projection_x_coordinate")])?;
        let mut v = f.add_variable::<i32>("crs", &[])?;
        v.put_attribute("grid_mapping_name", "polar_stereographic")?;
        v.put_attribute("latitude_of_projection_origin", 90.0)?;
        v.put_attribute("straight_vertical_longitude_from_pole", -45.0)?;
        v.put_attribute("standard_parallel", 70.0)?;
        let texts = |s| [("standard_name", s), ("units", "m s-1"), ("grid_mapping", "crs")];
        add(f, "vx", &["y", "x"], &[3f64; 9], &texts("sea_ice_x_velocity"))?;
        add(f, "vy", &["y", "x"], &[1f64; 9], &texts("sea_ice_y_velocity"))
    });
    let [east, north] = vector(&mut f, "vx", 1, 1);
    near(east, -3.0, 1e-6, "x points west there");
    near(north, -1.0, 1e-6, "y points south there");
}

#[test]
fn real_winds_and_currents_have_their_vectors() {
    let Some(dir) = granules() else { return };
    // Values: netCDF4-python 1.7 with numpy; the rotation of AROME: pyproj 3.7 (azimuths of 10 m along the axes).
    let ascat = "wind/ascat_20150702_084200_metopa_45145_eps_o_250_2300_ovw.l2.nc";
    let mut f = open(&dir.join(ascat), &[ASCAT]).unwrap();
    for (row, col, want) in [(0, 0, [-2.460_294, -0.871_236]), (901, 2, [-8.625_390, 4.899_903])] {
        let [east, north] = vector(&mut f, "wind_speed", row, col);
        near(east, want[0], 1e-4, "ASCAT east");
        near(north, want[1], 1e-4, "ASCAT north");
    }
    let ocn = "sar/s1a-wv2-ocn-vv-20210201t083307-20210201t083310-036394-044589-004.nc";
    let mut f = open(&dir.join(ocn), &[OCN]).unwrap();
    let part = f.info.parts.iter().position(|p| p.fields.iter().any(|x| x.name == "wind_speed")).unwrap();
    assert_eq!(part, 0);
    let [east, north] = vector(&mut f, "wind_speed", 0, 0);
    near(east, -10.159_07, 1e-4, "Sentinel-1 east");
    near(north, -3.665_146, 1e-4, "Sentinel-1 north");
    let mut f = open(&dir.join("wind/AROME_MetCoOp_00_DEF_20160114_subset.nc"), &[]).unwrap();
    for (row, col, want) in [(3, 5, [3.438_610, 10.577_117]), (149, 139, [-8.717_596, 2.180_766])] {
        let [east, north] = vector(&mut f, "x_wind_10m", row, col);
        near(east, want[0], 0.02, "AROME east");
        near(north, want[1], 0.02, "AROME north");
    }
    let f = open(&dir.join("altimetry/nrt_global_allsat_phy_l4_20190223_20190226.nc"), &[DUACS]).unwrap();
    assert_eq!(components(&f, "geostrophic_speed"), ["ugos", "vgos"]);
    let name = "currents/20021215000000-GLOBCURRENT-L4-CUReul_hs-ALT_SUM-v02.0-fv01.0.nc";
    let f = open(&dir.join(name), &[GLOBCURRENT]).unwrap();
    let of = components(&f, "current_speed");
    assert_eq!(of, ["eastward_eulerian_current_velocity", "northward_eulerian_current_velocity"]);
    let f = open(&dir.join("currents/hfr_2c274f_RU_MARA_20180301T020000Z.nc"), &[]).unwrap();
    assert_eq!(components(&f, "u"), ["u", "v"]);
    let f = open(&dir.join("waves/CCS_CTRL.nc"), &[]).unwrap();
    assert_eq!(
        (components(&f, "ucur"), components(&f, "uwnd")),
        (vec!["ucur".into(), "vcur".into()], vec!["uwnd".into(), "vwnd".into()])
    );
}

/// A speed that a product names is the only one of its components.
#[test]
fn the_speed_of_a_product_is_not_made_twice() {
    let product = "[product]\nid='p'\ntitle='P'\n[match]\nvariables=['ugos']\n\
                   [[field]]\nname='geostrophic_speed'\nmagnitude=['ugos','vgos']\n";
    let f = try_written(&[product], |f| {
        axes(f, 1, 2)?;
        let current = |s| [("standard_name", s), ("units", "m s-1")];
        let (u, v) =
            ("surface_geostrophic_eastward_sea_water_velocity", "surface_geostrophic_northward_sea_water_velocity");
        add(f, "ugos", &["lat", "lon"], &[3f32, 0.0], &current(u))?;
        add(f, "vgos", &["lat", "lon"], &[4f32, 1.0], &current(v))
    });
    let f = f.unwrap();
    let speeds: Vec<String> = f.names().iter().filter(|n| n.contains("speed")).map(ToString::to_string).collect();
    assert_eq!(speeds, ["geostrophic_speed"]);
    for field in ["geostrophic_speed", "ugos", "vgos"] {
        assert_eq!(components(&f, field), ["ugos", "vgos"]);
    }
}
