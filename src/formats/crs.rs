//! CF grid mappings (Appendix F) as PROJ strings.

use crate::attr::Attr;
use crate::dataset::Var;

/// A projection and the factor from axis units to metres.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    /// PROJ string.
    pub proj: String,
    /// Height of the satellite for angular geostationary axes, metres.
    pub height_m: Option<f64>,
}

/// The PROJ string of a grid mapping variable; `Err` names what is not supported.
pub fn proj_string(var: &Var) -> Result<Mapping, String> {
    let given = ["proj4_string", "proj4", "proj4text", "proj4_params", "proj_string", "proj4string"]
        .iter()
        .find_map(|n| var.text(n))
        .filter(|t| t.contains("+proj="));
    let Some(name) = var.text("grid_mapping_name") else {
        return given
            .map(|proj| Mapping { proj, height_m: None })
            .ok_or_else(|| format!("{} names no projection", var.path));
    };
    match build(var, &name.to_ascii_lowercase()) {
        Some(m) => Ok(m),
        None => given
            .map(|proj| Mapping { proj, height_m: None })
            .ok_or_else(|| format!("the projection {name} of {} is not supported or not complete", var.path)),
    }
}

fn build(var: &Var, name: &str) -> Option<Mapping> {
    let n = |key: &str| var.attr(key).and_then(Attr::numbers).and_then(|v| v.first().copied());
    let lat0 = n("latitude_of_projection_origin");
    let lon0 = n("longitude_of_projection_origin")
        .or_else(|| n("straight_vertical_longitude_from_pole"))
        .or_else(|| n("longitude_of_central_meridian"));
    let parallels = var.attr("standard_parallel").and_then(Attr::numbers).unwrap_or_default();
    let scale = n("scale_factor_at_projection_origin").or_else(|| n("scale_factor_at_central_meridian"));
    let mut height_m = None;
    let mut s = match name {
        "polar_stereographic" => {
            let pole = lat0.or_else(|| parallels.first().map(|p| 90f64.copysign(*p))).unwrap_or(90.0);
            let at = match (parallels.first(), scale) {
                (Some(ts), _) => format!(" +lat_ts={ts}"),
                (None, Some(k)) => format!(" +k={k}"),
                (None, None) => String::new(),
            };
            format!("+proj=stere +lat_0={pole} +lon_0={}{at}", lon0?)
        }
        "stereographic" => {
            format!("+proj=stere +lat_0={} +lon_0={} +k={}", lat0?, lon0?, scale.unwrap_or(1.0))
        }
        "lambert_conformal_conic" => {
            let (a, b) = (*parallels.first()?, parallels.get(1).or(parallels.first())?);
            format!("+proj=lcc +lat_1={a} +lat_2={b} +lat_0={} +lon_0={}", lat0.unwrap_or(a), lon0?)
        }
        "albers_conical_equal_area" => {
            let (a, b) = (*parallels.first()?, parallels.get(1).or(parallels.first())?);
            format!("+proj=aea +lat_1={a} +lat_2={b} +lat_0={} +lon_0={}", lat0.unwrap_or(0.0), lon0?)
        }
        "lambert_azimuthal_equal_area" => format!("+proj=laea +lat_0={} +lon_0={}", lat0?, lon0?),
        "azimuthal_equidistant" => format!("+proj=aeqd +lat_0={} +lon_0={}", lat0?, lon0?),
        "lambert_cylindrical_equal_area" => {
            format!("+proj=cea +lat_ts={} +lon_0={}", parallels.first().copied().unwrap_or(0.0), lon0.unwrap_or(0.0))
        }
        "mercator" => {
            let at = match (parallels.first(), scale) {
                (Some(ts), _) => format!(" +lat_ts={ts}"),
                (None, Some(k)) => format!(" +k={k}"),
                (None, None) => String::new(),
            };
            format!("+proj=merc +lon_0={}{at}", lon0.unwrap_or(0.0))
        }
        "transverse_mercator" => {
            format!("+proj=tmerc +lat_0={} +lon_0={} +k={}", lat0.unwrap_or(0.0), lon0?, scale.unwrap_or(1.0))
        }
        "sinusoidal" => format!("+proj=sinu +lon_0={}", lon0.unwrap_or(0.0)),
        "geostationary" => {
            let h = n("perspective_point_height")?;
            height_m = Some(h);
            // The fixed axis is the other one than the sweep axis.
            let fixed_y = var.text("fixed_angle_axis").is_some_and(|a| a.eq_ignore_ascii_case("y"));
            let sweep = var.text("sweep_angle_axis").unwrap_or_else(|| if fixed_y { "x" } else { "y" }.to_owned());
            format!("+proj=geos +h={h} +lon_0={} +sweep={}", lon0.unwrap_or(0.0), sweep.to_ascii_lowercase())
        }
        _ => return None,
    };
    s.push_str(&ellipsoid(var));
    Some(Mapping { proj: s, height_m })
}

fn ellipsoid(var: &Var) -> String {
    let n = |key: &str| var.attr(key).and_then(Attr::numbers).and_then(|v| v.first().copied()).filter(|x| *x > 0.0);
    if let Some(r) = n("earth_radius") {
        return format!(" +R={r}");
    }
    match (n("semi_major_axis"), n("semi_minor_axis"), n("inverse_flattening")) {
        (Some(a), Some(b), _) if a == b => format!(" +R={a}"),
        (Some(a), Some(b), _) => format!(" +a={a} +b={b}"),
        (Some(a), None, Some(rf)) => format!(" +a={a} +rf={rf}"),
        (Some(a), None, None) => format!(" +R={a}"),
        _ => " +ellps=WGS84".to_owned(),
    }
}

/// Metres of one unit of a projected axis.
pub fn metres_per_unit(units: Option<&str>, mapping: &Mapping) -> f64 {
    match (units.unwrap_or("m").to_ascii_lowercase().as_str(), mapping.height_m) {
        ("km" | "kilometers" | "kilometres" | "kilometer" | "kilometre", _) => 1000.0,
        ("rad" | "radian" | "radians", Some(h)) => h,
        ("microradian", Some(h)) => h * 1e-6,
        _ => 1.0,
    }
}

/// False origins of the mapping in the units of the axes, x then y.
pub fn false_origin(var: &Var) -> [f64; 2] {
    ["false_easting", "false_northing"]
        .map(|k| var.attr(k).and_then(Attr::numbers).and_then(|v| v.first().copied()).unwrap_or(0.0))
}
