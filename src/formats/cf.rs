//! Which variable is what, by CF rules first and by habit last.

use crate::dataset::{Dataset, Var};

/// Axis a coordinate variable belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Longitude.
    Lon,
    /// Latitude.
    Lat,
}

const LON_UNITS: [&str; 6] = ["degrees_east", "degree_east", "degrees_e", "degree_e", "degreee", "degreese"];
const LAT_UNITS: [&str; 6] = ["degrees_north", "degree_north", "degrees_n", "degree_n", "degreen", "degreesn"];
const LON_NAMES: [&str; 13] = [
    "ulon",
    "tlon",
    "ulong",
    "tlong",
    "lon",
    "longitude",
    "nav_lon",
    "lons",
    "longitudes",
    "owilon",
    "long",
    "xlong",
    "lon_rho",
];
const LAT_NAMES: [&str; 10] =
    ["ulat", "tlat", "lat", "latitude", "nav_lat", "lats", "latitudes", "owilat", "xlat", "lat_rho"];

/// How surely the variable holds longitudes (or latitudes): 0 = not at all.
/// Standard name counts most, then units, then the name; a name that says the opposite rules it out.
pub fn coordinate_score(var: &Var, role: Role) -> u32 {
    if var.ty.is_none() {
        return 0;
    }
    let (units, names, standard, other) = match role {
        Role::Lon => (&LON_UNITS[..], &LON_NAMES[..], "longitude", "latitude"),
        Role::Lat => (&LAT_UNITS[..], &LAT_NAMES[..], "latitude", "longitude"),
    };
    let name = var.name.to_ascii_lowercase();
    let standard_name = var.text("standard_name").map(|s| s.to_ascii_lowercase());
    let unit = var.units().map(|u| u.to_ascii_lowercase());
    if name.contains(other) || standard_name.as_deref() == Some(other) {
        return 0;
    }
    // "latitude status_flag" and the like describe, they do not place.
    let named_otherwise = standard_name.as_deref().is_some_and(|s| s != standard);
    let by_standard = standard_name.as_deref() == Some(standard);
    let by_units = unit.as_deref().is_some_and(|u| units.contains(&u));
    let exact = names.contains(&name.as_str());
    let short = if role == Role::Lon { "lon" } else { "lat" };
    let partial = name.split(['_', '-', '.']).any(|w| w == short || w == standard || w.starts_with(standard));
    if by_standard || by_units {
        if named_otherwise && !by_standard {
            return 0;
        }
        // Tests of quality, of bounds and of precision carry the unit too.
        let about = ["bnds", "bounds", "uncert", "error", "err", "qc", "flag", "vertices", "corner", "contour"];
        if !by_standard && about.iter().any(|w| name.contains(w)) {
            return 0;
        }
        return 8 * u32::from(by_standard) + 4 * u32::from(by_units) + 3 * u32::from(exact) + u32::from(partial);
    }
    let degrees = unit.as_deref().is_none_or(|u| u.starts_with("deg") || u.starts_with("rad") || u == "1");
    if exact && degrees && !named_otherwise {
        return 3;
    }
    let axis = var.text("axis").map(|a| a.to_ascii_uppercase());
    let axis_says = axis.as_deref() == Some(if role == Role::Lon { "X" } else { "Y" });
    if partial && degrees && (axis_says || var.dims.len() == 2) && !named_otherwise { 2 } else { 0 }
}

/// Whether the variable counts time from an epoch.
pub fn is_time(var: &Var) -> bool {
    var.ty.is_some()
        && var.units().is_some_and(|u| {
            let u = u.to_ascii_lowercase();
            u.contains(" since ") && !u.starts_with("timestep")
        })
        // A quantity wrongly given a time unit is still a quantity.
        && var.text("standard_name").is_none_or(|s| {
            let s = s.to_ascii_lowercase();
            s.contains("time") || s.contains("date") || s.contains("_id")
        })
}

/// How good a time variable is as *the* time of its cells.
pub fn time_score(var: &Var) -> i32 {
    let name = var.name.to_ascii_lowercase();
    let mut score = 0;
    if name == "time" || name == "juld" || name == "time_counter" || name == "ocean_time" {
        score += 8;
    }
    if var.text("standard_name").is_some_and(|s| s.eq_ignore_ascii_case("time")) {
        score += 4;
    }
    if var.text("axis").is_some_and(|a| a.eq_ignore_ascii_case("t")) {
        score += 4;
    }
    if ["tai", "gps", "reference", "bnds", "bounds", "update", "creation", "dtime", "juld_location"]
        .iter()
        .any(|w| name.contains(w))
    {
        score -= 12;
    }
    score
}

/// A projected coordinate axis: `true` for x, `false` for y.
pub fn projected_axis(var: &Var) -> Option<bool> {
    if var.dims.len() != 1 || var.ty.is_none() {
        return None;
    }
    match var.text("standard_name").map(|s| s.to_ascii_lowercase()).as_deref() {
        Some("projection_x_coordinate" | "projection_x_angular_coordinate") => return Some(true),
        Some("projection_y_coordinate" | "projection_y_angular_coordinate") => return Some(false),
        Some("grid_longitude" | "grid_latitude" | "longitude" | "latitude") => return None,
        _ => {}
    }
    let unit = var.units()?.to_ascii_lowercase();
    let length = [
        "m",
        "km",
        "meter",
        "meters",
        "metre",
        "metres",
        "kilometers",
        "kilometres",
        "rad",
        "radian",
        "radians",
        "microradian",
    ];
    if !length.contains(&unit.as_str()) {
        return None;
    }
    let axis = var.text("axis").map(|a| a.to_ascii_uppercase());
    let name = var.name.to_ascii_lowercase();
    if axis.as_deref() == Some("X") || ["x", "xc", "xgrid"].contains(&name.as_str()) {
        Some(true)
    } else if axis.as_deref() == Some("Y") || ["y", "yc", "ygrid"].contains(&name.as_str()) {
        Some(false)
    } else {
        None
    }
}

/// `featureType` (or `cdm_data_type`), lower case.
pub fn feature_type(ds: &Dataset) -> Option<String> {
    ds.global("featureType").or_else(|| ds.global("cdm_data_type")).map(|t| t.to_ascii_lowercase())
}

/// Names of dimensions along which separate objects are listed.
pub fn lists_objects(dim_name: &str) -> bool {
    let n = dim_name.to_ascii_lowercase();
    ["traj", "drifter", "buoy", "station", "profile", "n_prof", "platform", "instance", "cast", "particle"]
        .iter()
        .any(|w| n.contains(w))
}
