//! Vertical dimensions: which they are, and where along them the surface is.

use crate::dataset::Var;

/// How a vertical coordinate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vertical {
    /// Distance from the surface, whatever its sign: depths, heights, terrain-following coordinates from -1 to 0.
    FromSurface,
    /// Pressure in the air: the surface is where it is highest.
    AirPressure,
    /// Fractions of the surface pressure or of the depth from 0 at the top of the air to 1 at the ground.
    Sigma,
}

/// Units of pressure.
const PRESSURE: [&str; 8] = ["pa", "hpa", "mb", "mbar", "millibar", "millibars", "bar", "kpa"];
/// Whole names of vertical dimensions and coordinates.
const NAMES: [&str; 24] = [
    "depth",
    "depthu",
    "depthv",
    "depthw",
    "deptht",
    "lev",
    "level",
    "levels",
    "z",
    "z_t",
    "z_l",
    "zt",
    "zc",
    "s_rho",
    "s_w",
    "sigma",
    "siglay",
    "siglev",
    "height",
    "altitude",
    "pressure",
    "plev",
    "isobaricinhpa",
    "olevel",
];

/// Whether a dimension is vertical, from its name and its coordinate variable (CF 4.3: a standard name or unit of one, or
/// the attributes `positive` or `axis = "Z"`).
pub fn of(dim: &str, coordinate: Option<&Var>) -> Option<Vertical> {
    let lower = |text: Option<String>| text.unwrap_or_default().to_ascii_lowercase();
    let standard = lower(coordinate.and_then(|v| v.text("standard_name")));
    let unit = lower(coordinate.and_then(Var::units));
    let name = dim.to_ascii_lowercase();
    let pressure = PRESSURE.contains(&unit.as_str());
    let says = coordinate
        .is_some_and(|v| v.text("positive").is_some() || v.text("axis").is_some_and(|a| a.eq_ignore_ascii_case("z")));
    let standard_says = ["depth", "height", "altitude", "pressure", "sigma", "s_coordinate", "model_level"]
        .iter()
        .any(|w| standard.contains(w));
    if !(says || standard_says || pressure || NAMES.contains(&name.as_str())) {
        return None;
    }
    Some(match () {
        // Pressure in the sea grows with depth and is 0 at the surface (dbar).
        () if pressure && !standard.contains("sea_water") => Vertical::AirPressure,
        () if standard.starts_with("atmosphere_") => Vertical::Sigma,
        () => Vertical::FromSurface,
    })
}

impl Vertical {
    /// Index of the surface among the values of a coordinate; 0 where the file has none, as most models count from there.
    pub fn surface(self, values: &[f64], len: usize) -> usize {
        let distance = |v: f64| if self == Self::FromSurface { v.abs() } else { -v };
        let nearest = values.iter().enumerate().min_by(|a, b| distance(*a.1).total_cmp(&distance(*b.1)));
        nearest.map_or(0, |(k, _)| k).min(len.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::NumType;

    #[test]
    fn surfaces_are_found() {
        let var = |name: &str, units: &str| Var::new(name, Some(NumType::F64), &[0]).with("units", units);
        let first = |dim: &str, v: &Var, values: &[f64]| of(dim, Some(v)).map(|k| k.surface(values, values.len()));
        // An ocean model counted from the surface, one from below (ROMS), one of heights below zero, pressures of the air.
        assert_eq!(first("depth", &var("depth", "m"), &[0.5, 1.5, 900.0]), Some(0));
        let s_rho = var("s_rho", "").with("standard_name", "ocean_s_coordinate_g2");
        assert_eq!(first("s_rho", &s_rho, &[-0.98, -0.5, -0.01]), Some(2));
        assert_eq!(first("z", &var("z", "m").with("positive", "up"), &[-4000.0, -5.0, -100.0]), Some(1));
        assert_eq!(first("plev", &var("plev", "hPa"), &[200.0, 500.0, 1000.0]), Some(2));
        let dbar = var("pres", "dbar").with("standard_name", "sea_water_pressure");
        assert_eq!(first("pres", &dbar, &[2000.0, 10.0, 0.0]), Some(2));
        let sigma = var("lev", "1").with("standard_name", "atmosphere_sigma_coordinate");
        assert_eq!(first("lev", &sigma, &[0.1, 0.995]), Some(1));
        assert_eq!(of("depthu", None).map(|v| v.surface(&[], 75)), Some(0));
        for (dim, v) in [("band", var("band", "nm")), ("direction", var("direction", "degree")), ("nv", var("nv", ""))]
        {
            assert_eq!(of(dim, Some(&v)), None, "{dim}");
        }
    }
}
