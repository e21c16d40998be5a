//! What a file without a product opens on, what its geometry is called, and what is said of positions not of the Earth.

mod common;

use common::{add, axes, try_written, written};
use seaglass_core::granule::GeometryKind;

type Written = netcdf::Result<()>;

/// Rows and columns of positions in `lat` and `lon`, with a field on them.
fn image(f: &mut netcdf::FileMut, lat: impl Fn(usize) -> f64, lon: impl Fn(usize) -> f64) -> Written {
    let (rows, cols) = (6, 5);
    f.add_dimension("y", rows)?;
    f.add_dimension("x", cols)?;
    let place = |k: usize| (lat(k / cols), lon(k % cols));
    let lats: Vec<f64> = (0..rows * cols).map(|k| place(k).0).collect();
    let lons: Vec<f64> = (0..rows * cols).map(|k| place(k).1).collect();
    add(f, "lat", &["y", "x"], &lats, &[("units", "degrees_north")])?;
    add(f, "lon", &["y", "x"], &lons, &[("units", "degrees_east")])?;
    let values: Vec<f64> = (0..rows * cols).map(|k| k as f64).collect();
    add(f, "sst", &["y", "x"], &values, &[("units", "K"), ("coordinates", "lon lat")])
}

/// A grid on axes of their own.
fn grid(f: &mut netcdf::FileMut, lat: &[f64], lon: &[f64]) -> Written {
    f.add_dimension("lat", lat.len())?;
    f.add_dimension("lon", lon.len())?;
    add(f, "lat", &["lat"], lat, &[("units", "degrees_north")])?;
    add(f, "lon", &["lon"], lon, &[("units", "degrees_east")])?;
    let values: Vec<f64> = (0..lat.len() * lon.len()).map(|k| k as f64).collect();
    add(f, "sst", &["lat", "lon"], &values, &[("units", "K")])
}

fn refusal(write: impl FnOnce(&mut netcdf::FileMut) -> Written) -> String {
    match try_written(&[], write) {
        Ok(opened) => panic!("opened: {:?}", opened.info.parts),
        Err(e) => e.message,
    }
}

#[test]
fn positions_not_of_the_earth_are_refused_by_cause() {
    let steps = |from: f64, by: f64| (0..6).map(|k| from + by * k as f64).collect::<Vec<f64>>();
    // Grids and swaths alike: the coordinate, how far it goes, the guess.
    let said = refusal(|f| grid(f, &steps(100.0, 8.0), &steps(-40.0, 10.0)));
    assert!(said.contains("latitudes in lat reach 140, beyond ±90 degrees") && said.contains("swapped"), "{said}");
    let said = refusal(|f| grid(f, &steps(-120.0, 40.0), &steps(0.0, 30.0)));
    assert!(said.contains("latitudes in lat reach -120, beyond ±90"), "{said}");
    let said = refusal(|f| grid(f, &steps(0.0, 1.0), &steps(1000.0, 1.0)));
    assert!(said.contains("longitudes in lon reach 1005, beyond ±540") && !said.contains("swapped"), "{said}");
    let said = refusal(|f| image(f, |r| 95.0 + r as f64, |c| c as f64));
    assert!(said.contains("latitudes in lat reach 100, beyond ±90") && said.contains("swapped"), "{said}");
    for nowhere in [f64::NAN, 1e36, f64::INFINITY, -1e20] {
        let (bad, good) = ([nowhere; 6], steps(0.0, 1.0));
        let cases = [
            refusal(|f| grid(f, &bad, &good)),
            refusal(|f| grid(f, &good, &bad)),
            refusal(|f| image(f, |_| nowhere, |c| c as f64)),
        ];
        for said in cases {
            assert!(said.starts_with("All positions in lon and lat are missing"), "{nowhere}: {said}");
        }
    }
}

#[test]
fn a_few_impossible_positions_are_left_out_and_said() {
    let opened = written(|f| image(f, |r| 86.0 + r as f64, |c| c as f64));
    assert!(opened.info.notes.iter().any(|n| n.starts_with("5 positions in lon and lat")), "{:?}", opened.info.notes);
    assert!(opened.part().bounds.north <= 90.0);
    // On axes, too: two rows of which nobody knows where they are.
    let opened = written(|f| grid(f, &[10.0, 1e36, 12.0, 13.0, f64::NAN, 15.0], &[0.0, 1.0, 2.0]));
    let bounds = opened.part().bounds;
    assert!(bounds.south > 8.0 && bounds.north < 17.0 && bounds.east < 4.0, "{bounds:?}");
}

#[test]
fn only_what_was_scanned_is_a_swath() {
    let model = written(|f| image(f, |r| 40.0 + r as f64, |c| c as f64));
    assert_eq!(model.kind(), GeometryKind::CurvilinearGrid);
    assert_eq!(model.kind().label(), "curvilinear grid");
    let scanned = written(|f| {
        image(f, |r| 40.0 + r as f64, |c| c as f64)?;
        add(f, "time", &["y"], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], &[("units", "seconds since 2020-01-01")])
    });
    assert_eq!(scanned.kind(), GeometryKind::Swath);
    let single = written(|f| {
        image(f, |r| 40.0 + r as f64, |c| c as f64)?;
        f.add_dimension("time", 1)?;
        add(f, "time", &["time"], &[0.0], &[("units", "seconds since 2020-01-01")])
    });
    assert_eq!(single.kind(), GeometryKind::CurvilinearGrid, "one time for all rows is no scan");
    let told = written(|f| {
        f.add_attribute("cdm_data_type", "swath")?;
        image(f, |r| 40.0 + r as f64, |c| c as f64)
    });
    assert_eq!(told.kind(), GeometryKind::Swath);
}

/// A variable on the grid of `axes(f, 2, 3)`: name, standard name, title, unit, value of cell k.
type Variable = (&'static str, &'static str, &'static str, &'static str, fn(usize) -> f64);

fn first_of(variables: &[Variable]) -> Vec<String> {
    let opened = written(|f| {
        axes(f, 2, 3)?;
        for (name, standard, title, unit, value) in variables {
            let values: Vec<f64> = (0..6).map(value).collect();
            let mut texts = vec![("units", *unit), ("standard_name", *standard), ("long_name", *title)];
            texts.retain(|(_, text)| !text.is_empty());
            add(f, name, &["lat", "lon"], &values, &texts)?;
        }
        Ok(())
    });
    opened.part().fields.iter().map(|f| f.name.clone()).collect()
}

const RISING: fn(usize) -> f64 = |k| k as f64;

#[test]
fn the_sea_comes_before_what_describes_the_measurement() {
    // Eddies of AVISO/META, as their files name them.
    let eddies = first_of(&[
        ("effective_area", "", "Effective area", "m^2", RISING),
        ("effective_contour_height", "", "Effective Contour Height", "m", RISING),
        ("amplitude", "", "Amplitude", "m", RISING),
        ("speed_radius", "", "Speed Radius", "m", RISING),
        ("num_contours", "", "Number of contours", "1", RISING),
    ]);
    assert_eq!(eddies[0], "amplitude");
    assert_eq!(eddies[4], "num_contours");
    // A glider: pressure and conductivity are how it is measured, temperature is what is.
    let glider = first_of(&[
        ("pres", "sea_water_pressure", "", "dbar", RISING),
        ("cndc", "sea_water_electrical_conductivity", "", "S m-1", RISING),
        ("density", "sea_water_density", "", "kg m-3", RISING),
        ("psal", "sea_water_salinity", "", "1", RISING),
        ("temp", "sea_water_temperature", "", "degree_C", RISING),
        ("temp_qc", "", "quality", "1", RISING),
    ]);
    assert_eq!(glider, ["temp", "psal", "density", "cndc", "pres", "temp_qc"]);
    // SMAP: salinity is what it is for; what other models say of the place is laid beside it.
    let smap = first_of(&[
        ("anc_sss", "", "HYCOM salinity", "PSU", RISING),
        ("anc_spd", "", "10 meter NCEP wind speed", "m/s", RISING),
        ("smap_sss", "", "SMAP sea surface salinity", "PSU", RISING),
        ("azi_aft", "", "Cell azimuth angle aft look", "Degrees", RISING),
    ]);
    assert_eq!((smap[0].as_str(), smap[3].as_str()), ("smap_sss", "azi_aft"));
    let waves = first_of(&[
        ("depth", "", "depth", "m", RISING),
        ("xcur", "", "current in x", "m/s", RISING),
        ("hs", "", "hsig", "m", RISING),
    ]);
    assert_eq!(waves[0], "hs");
}

#[test]
fn a_field_of_one_value_comes_last() {
    let names = first_of(&[
        ("sst", "sea_surface_temperature", "", "K", |_| 0.0),
        ("sla", "sea_surface_height_above_sea_level", "", "m", |_| f64::NAN),
        ("depth_of_sensor", "depth", "", "m", RISING),
        ("flag", "", "", "1", RISING),
    ]);
    assert_eq!(names[0], "depth_of_sensor");
    assert!(names[2..].contains(&"sst".to_owned()) && names[2..].contains(&"sla".to_owned()), "{names:?}");
    // Where nothing varies there is nothing better to show.
    let all = first_of(&[("z", "depth", "", "m", |_| 7.0), ("sst", "sea_surface_temperature", "", "K", |_| 0.0)]);
    assert_eq!(all[0], "sst");
}

#[test]
fn a_large_field_that_varies_anywhere_is_not_flat() {
    // Rows are sampled first; the one cell that differs is in none of them.
    let (rows, cols) = (500, 400);
    let opened = written(|f| {
        let axis = |n: usize| (0..n).map(|k| 0.1 * k as f64).collect::<Vec<f64>>();
        grid(f, &axis(rows), &axis(cols))?;
        let mut values = vec![0.0; rows * cols];
        values[101 * cols + 7] = 1.0;
        add(f, "ssha", &["lat", "lon"], &values, &[("units", "m")])?;
        let rising: Vec<f64> = (0..rows * cols).map(|k| k as f64).collect();
        add(f, "depth", &["lat", "lon"], &rising, &[("units", "m")])
    });
    assert_eq!(opened.part().fields[0].name, "ssha");
    assert!(opened.info.notes.is_empty(), "{:?}", opened.info.notes);
}
