//! Projected axes: PROJ strings compiled once, positions in degrees.

use std::fmt;

use proj4rs::Proj;
use proj4rs::transform::transform;

use crate::geo::LonLat;

/// A compiled projection.
pub(super) struct CompiledCrs {
    kind: Kind,
    text: String,
}

enum Kind {
    /// Through proj4rs; axes in the unit of the string (metres unless `+units` or `+to_meter` say otherwise).
    Proj { crs: Box<Proj>, geographic: Box<Proj>, degrees: bool },
    /// Rotated pole (`+proj=ob_tran +o_proj=longlat`), axes in degrees.
    Rotated { sin_pole: f64, cos_pole: f64, lon_p_deg: f64, lon_0_deg: f64 },
}

impl fmt::Debug for CompiledCrs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CompiledCrs({})", self.text)
    }
}

impl CompiledCrs {
    /// Reads a PROJ string; `Err` quotes it and says what is not understood.
    pub fn new(text: &str) -> Result<Self, String> {
        let fail = |e: &dyn fmt::Display| format!("the map projection \"{text}\" cannot be used: {e}");
        let kind = if parameter(text, "proj") == Some("ob_tran") {
            rotated(text).map_err(|e| fail(&e))?
        } else {
            let crs = Proj::from_proj_string(text).map_err(|e| fail(&e))?;
            let geographic = Proj::from_proj_string("+proj=longlat +datum=WGS84").map_err(|e| fail(&e))?;
            if !crs.has_forward() || !crs.has_inverse() {
                return Err(fail(&"it has no inverse"));
            }
            let degrees = crs.is_latlong();
            Kind::Proj { crs: Box::new(crs), geographic: Box::new(geographic), degrees }
        };
        Ok(Self { kind, text: text.to_owned() })
    }

    /// Position of axis coordinates; `None` beyond the projection's domain.
    pub fn lonlat_from_xy(&self, x: f64, y: f64) -> Option<LonLat> {
        let p = match &self.kind {
            Kind::Proj { crs, geographic, degrees } => {
                let mut point = if *degrees { (x.to_radians(), y.to_radians(), 0.0) } else { (x, y, 0.0) };
                transform(crs, geographic, &mut point).ok()?;
                LonLat::new(point.0.to_degrees(), point.1.to_degrees())
            }
            Kind::Rotated { sin_pole, cos_pole, lon_p_deg, lon_0_deg } => {
                // PROJ src/projections/ob_tran.cpp, o_inverse.
                let (sin_l, cos_l) = (x - lon_p_deg).to_radians().sin_cos();
                let (sin_p, cos_p) = y.to_radians().sin_cos();
                let lat = (sin_pole * sin_p + cos_pole * cos_p * cos_l).clamp(-1.0, 1.0).asin();
                let lon = (cos_p * sin_l).atan2(sin_pole * cos_p * cos_l - cos_pole * sin_p);
                LonLat::new(crate::geo::wrap_180(lon.to_degrees() + lon_0_deg), lat.to_degrees())
            }
        };
        p.is_valid().then_some(p)
    }

    /// Axis coordinates of a position, only where the way back leads to the same position
    /// (the hidden side of a geostationary view has none).
    pub fn xy_from_lonlat(&self, p: LonLat) -> Option<(f64, f64)> {
        let lon_deg = crate::geo::wrap_180(p.lon_deg);
        let (x, y) = match &self.kind {
            Kind::Proj { crs, geographic, degrees } => {
                let mut point = (lon_deg.to_radians(), p.lat_deg.to_radians(), 0.0);
                transform(geographic, crs, &mut point).ok()?;
                if *degrees { (point.0.to_degrees(), point.1.to_degrees()) } else { (point.0, point.1) }
            }
            Kind::Rotated { sin_pole, cos_pole, lon_p_deg, lon_0_deg } => {
                // PROJ src/projections/ob_tran.cpp, o_forward.
                let (sin_l, cos_l) = (lon_deg - lon_0_deg).to_radians().sin_cos();
                let (sin_p, cos_p) = p.lat_deg.to_radians().sin_cos();
                let lon = (cos_p * sin_l).atan2(sin_pole * cos_p * cos_l + cos_pole * sin_p);
                let lat = (sin_pole * sin_p - cos_pole * cos_p * cos_l).clamp(-1.0, 1.0).asin();
                (crate::geo::wrap_180(lon.to_degrees() + lon_p_deg), lat.to_degrees())
            }
        };
        if !(x.is_finite() && y.is_finite()) {
            return None;
        }
        let back = self.lonlat_from_xy(x, y)?;
        (back.up().distance_squared(p.up()) < 1e-12).then_some((x, y))
    }

    /// The x axis is a longitude (degrees), so that whole turns may be added.
    pub fn x_is_periodic(&self) -> bool {
        matches!(self.kind, Kind::Rotated { .. } | Kind::Proj { degrees: true, .. })
    }
}

/// Axis coordinates of positions in the projection of a PROJ string; `None` where one of them has none.
///
/// # Errors
/// The string is not understood.
pub fn xy_from_lonlat(proj: &str, points: &[LonLat]) -> Result<Option<Vec<(f64, f64)>>, String> {
    let crs = CompiledCrs::new(proj)?;
    Ok(points.iter().map(|p| crs.xy_from_lonlat(*p)).collect())
}

/// Positions of axis coordinates in the projection of a PROJ string; `None` beyond its domain.
///
/// # Errors
/// The string is not understood.
pub fn lonlat_from_xy(proj: &str, points: &[(f64, f64)]) -> Result<Vec<Option<LonLat>>, String> {
    let crs = CompiledCrs::new(proj)?;
    Ok(points.iter().map(|(x, y)| crs.lonlat_from_xy(*x, *y)).collect())
}

fn parameter<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.split_whitespace().find_map(|w| w.trim_start_matches('+').strip_prefix(key)?.strip_prefix('='))
}

fn rotated(text: &str) -> Result<Kind, String> {
    if !matches!(parameter(text, "o_proj"), Some("longlat" | "latlong" | "lonlat" | "latlon")) {
        return Err("of the oblique projections only the rotated pole (+o_proj=longlat) is known".to_owned());
    }
    let number = |key: &str| match parameter(text, key).map(str::parse::<f64>) {
        None => Ok(None),
        Some(Ok(v)) if v.is_finite() => Ok(Some(v)),
        Some(_) => Err(format!("+{key} is not a number")),
    };
    let lat_p = number("o_lat_p")?.ok_or_else(|| "+o_lat_p is missing".to_owned())?;
    let (sin_pole, cos_pole) = lat_p.to_radians().sin_cos();
    Ok(Kind::Rotated {
        sin_pole,
        cos_pole,
        lon_p_deg: number("o_lon_p")?.unwrap_or(0.0),
        lon_0_deg: number("lon_0")?.unwrap_or(0.0),
    })
}
