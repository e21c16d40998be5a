//! Velocities of Arakawa C grids at the centres of their cells, and levels.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{Opened, add, granules, open, written};

fn components(f: &Opened, field: &str) -> Vec<String> {
    let mut all = f.info.parts.iter().flat_map(|p| &p.fields);
    all.find(|x| x.name == field).unwrap_or_else(|| panic!("{field}")).components.clone()
}

/// A ROMS file of 4 × 5 cells on a grid turned by 30°, with two levels, the lower first.
fn roms(fill: f64) -> Opened {
    written(|f| {
        for (name, n) in
            [("s_rho", 2), ("eta_rho", 4), ("xi_rho", 5), ("eta_u", 4), ("xi_u", 4), ("eta_v", 3), ("xi_v", 5)]
        {
            f.add_dimension(name, n)?;
        }
        let place = |r: f64, c: f64| {
            let (s, k) = (30f64.to_radians().sin(), 30f64.to_radians().cos());
            (0.01 * (c * k - r * s), 0.01 * (c * s + r * k))
        };
        for (kind, rows, cols, dr, dc) in [("rho", 4, 5, 0.0, 0.0), ("u", 4, 4, 0.0, 0.5), ("v", 3, 5, 0.5, 0.0)] {
            let cells = (0..rows * cols).map(|k| place((k / cols) as f64 + dr, (k % cols) as f64 + dc));
            let (lon, lat): (Vec<f64>, Vec<f64>) = cells.unzip();
            let dims = [format!("eta_{kind}"), format!("xi_{kind}")];
            let dims = [dims[0].as_str(), dims[1].as_str()];
            add(f, &format!("lon_{kind}"), &dims, &lon, &[("units", "degree_east"), ("standard_name", "longitude")])?;
            add(f, &format!("lat_{kind}"), &dims, &lat, &[("units", "degree_north"), ("standard_name", "latitude")])?;
        }
        let s = [("standard_name", "ocean_s_coordinate_g2"), ("positive", "up")];
        add(f, "s_rho", &["s_rho"], &[-0.75f64, -0.25], &s)?;
        add(
            f,
            "temp",
            &["s_rho", "eta_rho", "xi_rho"],
            &[4f64; 40],
            &[("units", "Celsius"), ("coordinates", "lon_rho lat_rho")],
        )?;
        let unit = ("units", "meter second-1");
        // u is 10 · level + its column, v is its row; one face of u is land.
        let mut u: Vec<f64> = (0..32).map(|k| f64::from(10 * (k / 16) + k % 4)).collect();
        u[16 + 2] = fill;
        let v: Vec<f64> = (0..30).map(|k| f64::from((k % 15) / 5)).collect();
        for (name, values) in [("u", u), ("v", v)] {
            let mut var = f.add_variable::<f64>(name, &["s_rho", &format!("eta_{name}"), &format!("xi_{name}")])?;
            var.set_fill_value(fill)?;
            var.put_attribute(unit.0, unit.1)?;
            var.put_attribute("coordinates", format!("lon_{name} lat_{name}"))?;
            var.put_values(&values, ..)?;
        }
        Ok(())
    })
}

#[test]
fn components_meet_at_the_centres() {
    let mut f = roms(1e37);
    let value = |f: &mut Opened, name: &str, level: usize, row: usize, col: usize| {
        f.probe(name, 0, &[level], row, col).values[0].value
    };
    // Means of two faces, the only face at the edge, nothing beside land.
    assert_eq!([0, 1, 2, 3, 4].map(|c| value(&mut f, "u_centre", 0, 1, c)), [0.0, 0.5, 1.5, 2.5, 3.0].map(Some));
    assert_eq!([1, 2, 3, 4].map(|c| value(&mut f, "u_centre", 1, 0, c)), [Some(10.5), None, None, Some(13.0)]);
    assert_eq!([0, 1, 2, 3].map(|r| value(&mut f, "v_centre", 1, r, 4)), [0.0, 0.5, 1.5, 2.0].map(Some));
    // Turned by 30° they are a vector towards east and north.
    let names = components(&f, "u_centre");
    assert_eq!(names.len(), 2, "{names:?}");
    let (u, v) = (2.5, 1.5);
    // A degree of longitude and of latitude at the equator of WGS 84, metres.
    let (lon_m, lat_m) = (111_319.491, 110_574.276);
    let (s, c) = (30f64.to_radians().sin(), 30f64.to_radians().cos());
    let unit = |e: f64, n: f64| [e / e.hypot(n), n / e.hypot(n)];
    let (x, y) = (unit(c * lon_m, s * lat_m), unit(-s * lon_m, c * lat_m));
    let [east, north] = [&names[0], &names[1]].map(|n| value(&mut f, n, 0, 2, 3).unwrap());
    let off = (east - (u * x[0] + v * y[0])).hypot(north - (u * x[1] + v * y[1]));
    assert!(off < 1e-5, "{east} {north}");
    assert!(f.info.notes.iter().any(|n| n.contains("Arakawa")));
    // Blocks are cut from anywhere.
    let part = f.info.parts.iter().position(|p| p.fields.iter().any(|x| x.name == "u_centre")).unwrap();
    assert_eq!(f.info.parts[part].shape, [4, 5]);
}

#[test]
fn fields_with_levels_start_at_the_surface() {
    let f = roms(1e37);
    let all: Vec<_> = f.info.parts.iter().flat_map(|p| &p.fields).collect();
    for name in ["temp", "u_centre", "u"] {
        let field = all.iter().find(|x| x.name == name).unwrap();
        let level = &field.extra_dims[0];
        assert!(level.vertical && level.first == 1, "{name}: {level:?}");
    }
}

#[test]
fn the_given_models_have_currents_at_centres() {
    let Some(dir) = granules() else { return };
    for (name, at) in [("currents/arakawa_c_test_grid.nc", "u_centre"), ("currents/Nordic_subset.nc", "u_centre")] {
        match open(&dir.join(name), &[]) {
            Ok(f) => assert_eq!(components(&f, at).len(), 2, "{name}"),
            // All its positions are 0, 0.
            Err(e) => assert!(name.contains("Nordic"), "{name}: {}", e.message),
        }
    }
}
