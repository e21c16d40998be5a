//! Which positions and times a reader finds.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod common;

use common::{add, axes, try_written, written};
use seaglass_core::geolocation::Geolocation;
use seaglass_core::granule::GeometryKind;
use seaglass_core::protocol::FailureKind;
use seaglass_core::time::Time;

fn day(d: i8) -> Time {
    Time::from_civil(2020, 1, d, 0, 0, 0.0).unwrap()
}

const DAYS: (&str, &str) = ("units", "days since 2020-01-01");

#[test]
fn a_grid_in_any_order_of_dimensions() {
    let mut f = written(|f| {
        axes(f, 2, 3)?;
        add(f, "t", &["lon", "lat"], &[1.0f64, 2.0, 3.0, 4.0, 5.0, 6.0], &[])
    });
    assert_eq!((f.kind(), f.part().shape), (GeometryKind::Grid, [2, 3]));
    assert_eq!(f.all("t"), [1.0, 3.0, 5.0, 2.0, 4.0, 6.0].map(Some));
    let cell = f.probe("t", 0, &[], 1, 2);
    assert_eq!(cell.position.map(|p| (p.lon_deg, p.lat_deg)), Some((24.0, 11.0)));
    assert_eq!((cell.values[0].value, cell.time), (Some(6.0), None));
}

#[test]
fn longitudes_that_jump_by_a_turn_are_one_grid() {
    let f = written(|f| {
        f.add_dimension("lat", 2)?;
        f.add_dimension("lon", 4)?;
        add(f, "lat", &["lat"], &[5.0, -5.0], &[("units", "degrees_north")])?;
        add(f, "lon", &["lon"], &[350.0, 355.0, 0.0, 5.0], &[("units", "degrees_east")])?;
        add(f, "a", &["lat", "lon"], &[0.0f32; 8], &[])
    });
    assert_eq!(f.kind(), GeometryKind::Grid);
    let b = f.part().bounds;
    assert!((b.west + 12.5).abs() < 1e-9 && (b.east - 7.5).abs() < 1e-9, "{b:?}");
}

#[test]
fn times_become_steps_and_other_dimensions_a_choice() {
    let mut f = written(|f| {
        axes(f, 1, 2)?;
        f.add_dimension("time", 3)?;
        f.add_dimension("depth", 2)?;
        add(f, "time", &["time"], &[0.0, 1.0, 2.0], &[DAYS])?;
        add(f, "depth", &["depth"], &[0.5, 10.0], &[("units", "m")])?;
        let v: Vec<f32> = (0..12u8).map(f32::from).collect();
        add(f, "temp", &["time", "depth", "lat", "lon"], &v, &[])?;
        add(f, "mask", &["lat", "lon"], &[1i32, 0], &[])
    });
    assert_eq!(f.part().steps, [day(1), day(2), day(3)]);
    let temp = f.part().fields.iter().find(|x| x.name == "temp").unwrap().clone();
    assert!(temp.has_time && temp.extra_dims.len() == 1);
    assert_eq!(
        (temp.extra_dims[0].values.as_slice(), temp.extra_dims[0].units.as_str()),
        ([0.5, 10.0].as_slice(), "m")
    );
    let cell = f.probe("temp", 2, &[1], 0, 1);
    assert_eq!((cell.values[0].value, cell.time), (Some(11.0), Some(day(3))));
    assert_eq!(f.info.parts.len(), 1, "the static mask lies on the same part");
}

#[test]
fn a_swath_has_the_times_of_its_lines() {
    let mut f = written(|f| {
        f.add_dimension("lines", 3)?;
        f.add_dimension("pixels", 2)?;
        let mut put = |name: &str, units: &str, v: [i32; 6]| {
            let mut x = f.add_variable::<i32>(name, &["lines", "pixels"])?;
            x.put_attribute("units", units)?;
            x.put_attribute("scale_factor", 1e-6)?;
            x.put_attribute("_FillValue", i32::MAX)?;
            x.put_values(&v, ..)
        };
        put("longitude", "degrees_east", [359_000_000, 360_000_000, 359_000_000, 1_000_000, i32::MAX, i32::MAX])?;
        put("latitude", "degrees_north", [0, 0, 1_000_000, 1_000_000, 2_000_000, 95_000_000])?;
        add(f, "time", &["lines"], &[0.0, 0.5, 1.0], &[DAYS])?;
        add(f, "a", &["lines", "pixels"], &[1.0f32; 6], &[("coordinates", "longitude latitude")])
    });
    assert_eq!(f.kind(), GeometryKind::Swath);
    assert_eq!(f.part().span.map(|s| (s.start, s.stop)), Some((day(1), day(2))));
    let cell = f.probe("a", 0, &[], 1, 1);
    assert_eq!(cell.position.map(|p| (p.lon_deg, p.lat_deg)), Some((1.0, 1.0)));
    assert_eq!(cell.time, Some(day(1).plus_seconds(43_200.0)));
    assert_eq!(f.probe("a", 0, &[], 2, 0).position, None);
    let Geolocation::Swath(s) = f.geolocation() else { panic!() };
    assert!(matches!(s.lon, seaglass_core::coord::CoordArray::I32 { .. }), "kept in the packing of the file");
    assert_eq!(s.time_us.len(), 3);
}

#[test]
fn offsets_give_each_cell_its_time() {
    let product = "[product]\nid = \"l2p\"\ntitle = \"x\"\n[match]\n[time]\nvariable = \"time\"\noffset = \"dt\"\n";
    let mut f = try_written(&[product], |f| {
        f.add_dimension("time", 1)?;
        f.add_dimension("nj", 2)?;
        f.add_dimension("ni", 2)?;
        add(f, "lon", &["nj", "ni"], &[0.0f32, 1.0, 0.0, 1.0], &[("units", "degrees_east")])?;
        add(f, "lat", &["nj", "ni"], &[0.0f32, 0.0, 1.0, 1.0], &[("units", "degrees_north")])?;
        add(f, "time", &["time"], &[0i32], &[("units", "seconds since 2020-01-01 00:00:00")])?;
        add(f, "dt", &["time", "nj", "ni"], &[0i16, 10, 20, -32_767], &[("units", "seconds")])?;
        add(f, "sst", &["time", "nj", "ni"], &[1.0f32; 4], &[("coordinates", "lon lat")])
    })
    .unwrap();
    assert_eq!(f.probe("sst", 0, &[], 0, 1).time, Some(day(1).plus_seconds(10.0)));
    assert_eq!(f.probe("sst", 0, &[], 1, 1).time, Some(day(1).plus_seconds(20.0)), "without its own, that of the row");
    assert_eq!(f.part().span.map(|s| s.seconds()), Some(20.0));
    assert!(f.part().steps.is_empty());
}

fn along(f: &mut netcdf::FileMut, times: &[f64]) -> netcdf::Result<()> {
    let n = times.len();
    f.add_dimension("obs", n)?;
    let lon: Vec<f64> = (0..n).map(|k| 179.0 + 0.5 * k as f64).collect();
    let lat: Vec<f64> = (0..n).map(|k| 0.1 * k as f64).collect();
    add(f, "lon", &["obs"], &lon, &[("units", "degrees_east")])?;
    add(f, "lat", &["obs"], &lat, &[("units", "degrees_north")])?;
    add(f, "time", &["obs"], times, &[DAYS])?;
    add(f, "swh", &["obs"], &lat, &[("units", "m")])
}

#[test]
fn rising_times_along_a_path_are_a_track_else_points() {
    let mut f = written(|f| along(f, &[0.0, 0.001, 0.002, 0.003]));
    assert_eq!((f.kind(), f.part().shape), (GeometryKind::Track, [4, 1]));
    assert_eq!(f.probe("swh", 0, &[], 2, 0).time, Some(day(1).plus_seconds(172.8)));
    let f = written(|f| along(f, &[0.0, 3.0, 1.0, 2.0]));
    assert_eq!(f.kind(), GeometryKind::Points);
    let f = written(|f| {
        f.add_attribute("featureType", "point")?;
        along(f, &[0.0, 0.001, 0.002, 0.003])
    });
    assert_eq!(f.kind(), GeometryKind::Points);
}

#[test]
fn a_trajectory_that_stands_still_is_dots() {
    let f = written(|f| {
        f.add_attribute("featureType", "trajectoryProfile")?;
        f.add_dimension("obs", 4)?;
        add(f, "lon", &["obs"], &[-60.5f64; 4], &[("units", "degrees_east")])?;
        add(f, "lat", &["obs"], &[36.5f64; 4], &[("units", "degrees_north")])?;
        add(f, "time", &["obs"], &[0.0, 0.1, 0.2, 0.3], &[DAYS])?;
        add(f, "temp", &["obs"], &[20.0, 19.0, 18.0, 17.0], &[("units", "degC")])
    });
    assert_eq!(f.kind(), GeometryKind::Points);
}

#[test]
fn contiguous_ragged_trajectories_begin_anew() {
    let mut f = written(|f| {
        f.add_attribute("featureType", "trajectory")?;
        along(f, &[0.0, 1.0, 0.0, 1.0, 2.0])?;
        f.add_dimension("traj", 2)?;
        add(f, "rowsize", &["traj"], &[2i32, 3], &[("sample_dimension", "obs")])
    });
    let Geolocation::Track(t) = f.geolocation() else { panic!() };
    assert_eq!(t.starts, [0, 2]);
    assert_eq!(f.names(), ["swh"]);
}

#[test]
fn indexed_ragged_profiles_take_the_position_of_their_station() {
    let mut f = written(|f| {
        f.add_dimension("station", 2)?;
        f.add_dimension("obs", 3)?;
        add(f, "lon", &["station"], &[5.0, 6.0], &[("units", "degrees_east")])?;
        add(f, "lat", &["station"], &[50.0, 51.0], &[("units", "degrees_north")])?;
        add(f, "time", &["station"], &[0.0, 1.0], &[DAYS])?;
        add(f, "index", &["obs"], &[1i32, 0, 1], &[("instance_dimension", "station")])?;
        add(f, "temp", &["obs"], &[7.0f32, 8.0, 9.0], &[("coordinates", "time lat lon")])
    });
    assert_eq!((f.kind(), f.part().shape), (GeometryKind::Points, [3, 1]));
    let cell = f.probe("temp", 0, &[], 1, 0);
    assert_eq!(cell.position.map(|p| (p.lon_deg, p.lat_deg)), Some((5.0, 50.0)));
    assert_eq!((cell.values[0].value, cell.time), (Some(8.0), Some(day(1))));
}

#[test]
fn trajectories_in_two_dimensions_are_listed_one_after_the_other() {
    let mut f = written(|f| {
        f.add_attribute("featureType", "trajectory")?;
        f.add_dimension("trajectory", 2)?;
        f.add_dimension("time", 3)?;
        let d = ["trajectory", "time"];
        add(f, "lon", &d, &[0.0, 1.0, 2.0, 10.0, 11.0, f64::NAN], &[("units", "degrees_east")])?;
        add(f, "lat", &d, &[0.0, 0.0, 0.0, 1.0, 1.0, f64::NAN], &[("units", "degrees_north")])?;
        add(f, "time", &["time"], &[0.0, 1.0, 2.0], &[DAYS])?;
        add(f, "z", &d, &[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0], &[])
    });
    assert_eq!((f.kind(), f.part().shape), (GeometryKind::Track, [6, 1]));
    let cell = f.probe("z", 0, &[], 4, 0);
    assert_eq!((cell.values[0].value, cell.time), (Some(5.0), Some(day(2))));
    assert_eq!(f.all("z"), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0].map(Some));
    let Geolocation::Track(t) = f.geolocation() else { panic!() };
    assert_eq!((t.starts.as_slice(), t.lonlat(5)), ([0, 3].as_slice(), None));
}

#[test]
fn a_station_is_listed_over_time() {
    let mut f = written(|f| {
        f.add_dimension("time", 3)?;
        add(f, "time", &["time"], &[0.0, 1.0, 2.0], &[DAYS])?;
        add(f, "lon", &[], &[5.0], &[("units", "degrees_east")])?;
        add(f, "lat", &[], &[50.0], &[("units", "degrees_north")])?;
        add(f, "level", &["time"], &[1.0f32, 2.0, 3.0], &[("units", "m")])
    });
    assert_eq!((f.kind(), f.part().shape), (GeometryKind::Points, [3, 1]));
    assert_eq!(f.probe("level", 0, &[], 2, 0).time, Some(day(3)));
}

#[test]
fn projected_axes_in_kilometres() {
    let mut f = written(|f| {
        f.add_dimension("yc", 2)?;
        f.add_dimension("xc", 2)?;
        add(f, "xc", &["xc"], &[-1000.0, 1000.0], &[("standard_name", "projection_x_coordinate"), ("units", "km")])?;
        add(f, "yc", &["yc"], &[1000.0, -1000.0], &[("standard_name", "projection_y_coordinate"), ("units", "km")])?;
        let mut m = f.add_variable::<i32>("crs", &[])?;
        m.put_attribute("grid_mapping_name", "polar_stereographic")?;
        m.put_attribute("straight_vertical_longitude_from_pole", -45.0)?;
        m.put_attribute("latitude_of_projection_origin", 90.0)?;
        m.put_attribute("standard_parallel", 70.0)?;
        add(f, "ice", &["yc", "xc"], &[1.0f32; 4], &[("grid_mapping", "crs")])
    });
    assert_eq!(f.kind(), GeometryKind::ProjectedGrid);
    // pyproj 3.7.2: Proj("+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +ellps=WGS84")(-1e6, 1e6, inverse=True)
    let p = f.probe("ice", 0, &[], 0, 0).position.unwrap();
    assert!((p.lon_deg - 180.0).abs() < 1e-6 || (p.lon_deg + 180.0).abs() < 1e-6, "{p:?}");
    assert!((p.lat_deg - 76.998_815_531_682_67).abs() < 1e-9, "{p:?}");
}

#[test]
fn impossible_positions_are_told() {
    let f = written(|f| {
        f.add_dimension("obs", 3)?;
        add(f, "lon", &["obs"], &[0.0, 1e36, 2.0], &[("units", "degrees_east")])?;
        add(f, "lat", &["obs"], &[0.0, 1.0, 91.0], &[("units", "degrees_north")])?;
        add(f, "a", &["obs"], &[1.0f32; 3], &[])
    });
    assert!(f.info.notes.iter().any(|n| n.starts_with("2 positions")), "{:?}", f.info.notes);
}

#[test]
fn what_is_missing_is_named() {
    let refusal = |write: fn(&mut netcdf::FileMut) -> netcdf::Result<()>| {
        let e = try_written(&[], write).err().unwrap();
        assert_eq!(e.kind, FailureKind::NothingToShow);
        e.message
    };
    assert!(refusal(|_| Ok(())).contains("no variables"));
    let only_lat = refusal(|f| {
        f.add_dimension("lat", 2)?;
        add(f, "lat", &["lat"], &[1.0, 2.0], &[("units", "degrees_north")])?;
        add(f, "a", &["lat"], &[1.0, 2.0], &[])
    });
    assert!(only_lat.contains("No longitudes"), "{only_lat}");
    let empty = refusal(|f| {
        axes(f, 1, 2)?;
        f.add_unlimited_dimension("time")?;
        f.add_variable::<f32>("a", &["time", "lat", "lon"]).map(|_| ())
    });
    assert!(empty.contains("time has length 0"), "{empty}");
}

#[test]
fn huge_shapes_are_refused_before_anything_is_allocated() {
    let e = try_written(&[], |f| {
        f.add_dimension("lat", 200_000)?;
        f.add_dimension("lon", 200_000)?;
        for (name, units) in [("lat", "degrees_north"), ("lon", "degrees_east")] {
            let values: Vec<f64> = (0..200_000).map(|k| f64::from(k) * 4e-4 - 40.0).collect();
            add(f, name, &[name], &values, &[("units", units)])?;
        }
        let mut v = f.add_variable::<f32>("a", &["lat", "lon"])?;
        v.set_chunking(&[1000, 1000])
    })
    .err()
    .unwrap();
    assert_eq!(e.kind, FailureKind::TooLarge);
    assert!(e.message.contains("200000 × 200000"), "{}", e.message);
    let e = try_written(&[], |f| {
        f.add_dimension("y", 200_000)?;
        f.add_dimension("x", 200_000)?;
        for (name, units) in [("lat", "degrees_north"), ("lon", "degrees_east"), ("a", "1")] {
            let mut v = f.add_variable::<f32>(name, &["y", "x"])?;
            v.set_chunking(&[1000, 1000])?;
            v.put_attribute("units", units)?;
        }
        Ok(())
    })
    .err()
    .unwrap();
    assert_eq!(e.kind, FailureKind::TooLarge);
}
