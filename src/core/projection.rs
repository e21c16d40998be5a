//! Map projections of the view. The globe is the identity to earth-centred coordinates.
//!
//! Vertices are projected here, on the CPU and in f64, and travel to the GPU relative to a nearby anchor, so every
//! projection is as exact as the globe and one vertex shader serves them all.

mod names;
mod plane;

use glam::DVec3;

use crate::geo::{LonLat, WGS84_A_M, WGS84_E2};
pub use plane::{DEPTH_SCALE, Plane};

/// How the Earth is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Projection {
    /// Perspective view of the WGS84 ellipsoid.
    #[default]
    Globe,
    /// The globe from infinitely far away: the orthographic projection of the ellipsoid about the middle of the view.
    Orthographic,
    /// Plate carrée: x = a·λ, y = a·φ.
    Equirectangular,
    /// Spherical Mercator (EPSG:3857), to ±85.06°.
    Mercator,
    /// Polar stereographic north, true at 70° N, 45° W downwards (EPSG:3413).
    PolarNorth,
    /// Polar stereographic south, true at 71° S, 0° upwards (EPSG:3031).
    PolarSouth,
    /// One of the maps that proj4rs computes.
    Plane(Plane),
}

/// Latitude where the square Mercator world ends.
pub const MERCATOR_LAT_MAX_DEG: f64 = 85.051_128_779_806_6;
/// Latitude on the other hemisphere up to which a polar map is drawn.
pub const POLAR_LAT_LIMIT_DEG: f64 = -30.0;

impl Projection {
    /// One of each kind, in menu order.
    pub const ALL: [Self; 12] = [
        Self::Globe,
        Self::Orthographic,
        Self::Equirectangular,
        Self::Mercator,
        Self::Plane(Plane::Mollweide { lon_deg: 0 }),
        Self::Plane(Plane::EqualEarth { lon_deg: 0 }),
        Self::Plane(Plane::Robinson { lon_deg: 0 }),
        Self::Plane(Plane::EqualArea { lon_deg: 0, lat_deg: 0 }),
        Self::Plane(Plane::Conic { lon_deg: 0, lat_deg: 45 }),
        Self::Plane(Plane::Utm { zone: 31, south: false }),
        Self::PolarNorth,
        Self::PolarSouth,
    ];

    /// Flat, in contrast to the globe.
    pub fn is_map(self) -> bool {
        !matches!(self, Self::Globe | Self::Orthographic)
    }

    /// Width of one turn of longitude, metres of the map plane; `None` where longitude is not an axis.
    pub fn turn_m(self) -> Option<f64> {
        matches!(self, Self::Equirectangular | Self::Mercator).then_some(WGS84_A_M * std::f64::consts::TAU)
    }

    /// Projected position in metres: ECEF for the globe, `(x, y, 0)` for maps. Longitude is not wrapped on cylindrical
    /// maps: 190° lies right of 180°. `None` outside the map's domain (Mercator latitudes are clamped to its edge).
    /// On maps of proj4rs the third coordinate is the depth inside the map ([`Plane`]).
    pub fn project(self, p: LonLat) -> Option<DVec3> {
        if let Self::Plane(plane) = self {
            return plane.project_extended(p).filter(|v| v.z >= -1e-12);
        }
        self.project_within(p, MERCATOR_LAT_MAX_DEG, POLAR_LAT_LIMIT_DEG)
    }

    /// Like [`project`](Self::project), but smoothly on beyond the edge of the map (Mercator to ±89°, polar to 60° on the
    /// other hemisphere), so that meshes crossing the edge need no cut: the renderer clips them.
    pub fn project_extended(self, p: LonLat) -> Option<DVec3> {
        if let Self::Plane(plane) = self {
            return plane.project_extended(p);
        }
        self.project_within(p, 89.0, -60.0)
    }

    /// Whether a place lies on the drawn map.
    pub fn shows(self, p: LonLat) -> bool {
        match self {
            Self::Globe | Self::Orthographic | Self::Equirectangular => true,
            Self::Plane(plane) => plane.depth_deg(p) >= 0.0,
            Self::Mercator => p.lat_deg.abs() <= MERCATOR_LAT_MAX_DEG,
            Self::PolarNorth => p.lat_deg >= POLAR_LAT_LIMIT_DEG,
            Self::PolarSouth => -p.lat_deg >= POLAR_LAT_LIMIT_DEG,
        }
    }

    fn project_within(self, p: LonLat, mercator_max_deg: f64, polar_limit_deg: f64) -> Option<DVec3> {
        if !(p.lat_deg.abs() <= 90.0 && p.lon_deg.is_finite()) {
            return None;
        }
        let (lon, lat) = (p.lon_deg.to_radians(), p.lat_deg.to_radians());
        match self {
            Self::Globe | Self::Orthographic => Some(p.ecef()),
            Self::Plane(plane) => plane.project_extended(p),
            Self::Equirectangular => Some(DVec3::new(WGS84_A_M * lon, WGS84_A_M * lat, 0.0)),
            Self::Mercator => {
                let lat = p.lat_deg.clamp(-mercator_max_deg, mercator_max_deg).to_radians();
                Some(DVec3::new(WGS84_A_M * lon, WGS84_A_M * lat.tan().asinh(), 0.0))
            }
            Self::PolarNorth => polar(lat, lon + 45f64.to_radians(), 70.0, polar_limit_deg)
                .map(|(r, l)| DVec3::new(r * l.sin(), -r * l.cos(), 0.0)),
            Self::PolarSouth => {
                polar(-lat, lon, 71.0, polar_limit_deg).map(|(r, l)| DVec3::new(r * l.sin(), r * l.cos(), 0.0))
            }
        }
    }

    /// Inverse of [`project`](Self::project) for points of the surface; `None` outside the map.
    /// On cylindrical maps the longitude keeps its turn.
    pub fn unproject(self, v: DVec3) -> Option<LonLat> {
        let p = match self {
            Self::Globe | Self::Orthographic => LonLat::from_surface_ecef(v),
            Self::Plane(plane) => return plane.unproject(v),
            Self::Equirectangular => LonLat::new((v.x / WGS84_A_M).to_degrees(), (v.y / WGS84_A_M).to_degrees()),
            Self::Mercator => LonLat::new((v.x / WGS84_A_M).to_degrees(), (v.y / WGS84_A_M).sinh().atan().to_degrees()),
            Self::PolarNorth => {
                LonLat::new(v.x.atan2(-v.y).to_degrees() - 45.0, polar_lat(v.x.hypot(v.y), 70.0).to_degrees())
                    .normalized()
            }
            Self::PolarSouth => LonLat::new(v.x.atan2(v.y).to_degrees(), -polar_lat(v.x.hypot(v.y), 71.0).to_degrees()),
        };
        let inside = match self {
            Self::Mercator => p.lat_deg.abs() <= MERCATOR_LAT_MAX_DEG + 1e-9,
            Self::PolarNorth => p.lat_deg >= POLAR_LAT_LIMIT_DEG,
            Self::PolarSouth => -p.lat_deg >= POLAR_LAT_LIMIT_DEG,
            _ => p.lat_deg.abs() <= 90.0,
        };
        inside.then_some(p)
    }

    /// The meridian in the middle of a map that is cut open along the opposite one.
    pub fn cut_about_deg(self) -> Option<f64> {
        match self {
            Self::Plane(plane) => plane.cut_about_deg(),
            _ => None,
        }
    }

    /// Map metres for one metre on the ground, northwards, at a place (1 on the globe).
    pub fn scale_at(self, p: LonLat) -> f64 {
        let step = 1e-4;
        let lat = p.lat_deg.clamp(-89.0, 89.0);
        let at = |lat_deg: f64| self.project(LonLat::new(p.lon_deg, lat_deg));
        match (self, at(lat - step), at(lat + step)) {
            (Self::Globe | Self::Orthographic, ..) => 1.0,
            (_, Some(a), Some(b)) => {
                let ground =
                    LonLat::new(p.lon_deg, lat - step).ecef().distance(LonLat::new(p.lon_deg, lat + step).ecef());
                (a.distance(b) / ground).max(1e-6)
            }
            _ => 1.0,
        }
    }

    /// The place nearest to `p` that the map can have at its centre.
    pub fn clamp_centre(self, p: LonLat) -> LonLat {
        let (lo, hi) = match self {
            Self::Plane(plane) => return plane.clamp(p),
            Self::Globe | Self::Orthographic | Self::Equirectangular => (-90.0, 90.0),
            Self::Mercator => (-85.0, 85.0),
            Self::PolarNorth => (POLAR_LAT_LIMIT_DEG, 90.0),
            Self::PolarSouth => (-90.0, -POLAR_LAT_LIMIT_DEG),
        };
        LonLat::new(p.lon_deg, p.lat_deg.clamp(lo, hi))
    }
}

/// Radius and angle of the ellipsoidal polar stereographic projection true at `lat_ts_deg`
/// (Snyder 1987, USGS PP 1395, eq. 15-9, 14-15, 21-33, 21-34).
fn polar(lat: f64, lon: f64, lat_ts_deg: f64, limit_deg: f64) -> Option<(f64, f64)> {
    (lat >= limit_deg.to_radians() - 1e-9).then(|| (polar_factor(lat_ts_deg) * conformal_t(lat), lon))
}

fn conformal_t(lat: f64) -> f64 {
    let e = WGS84_E2.sqrt();
    let s = lat.sin();
    (std::f64::consts::FRAC_PI_4 - lat / 2.0).tan() / ((1.0 - e * s) / (1.0 + e * s)).powf(e / 2.0)
}

fn polar_factor(lat_ts_deg: f64) -> f64 {
    let ts = lat_ts_deg.to_radians();
    let m = ts.cos() / (1.0 - WGS84_E2 * ts.sin().powi(2)).sqrt();
    WGS84_A_M * m / conformal_t(ts)
}

/// Latitude of a radius (Snyder eq. 7-9, iterated).
fn polar_lat(radius_m: f64, lat_ts_deg: f64) -> f64 {
    let t = radius_m / polar_factor(lat_ts_deg);
    let e = WGS84_E2.sqrt();
    let mut lat = std::f64::consts::FRAC_PI_2 - 2.0 * t.atan();
    for _ in 0..10 {
        let s = e * lat.sin();
        let next = std::f64::consts::FRAC_PI_2 - 2.0 * (t * ((1.0 - s) / (1.0 + s)).powf(e / 2.0)).atan();
        if (next - lat).abs() < 1e-14 {
            break;
        }
        lat = next;
    }
    lat
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projections_match_pyproj() {
        for (projection, lon, lat, x, y) in include!("projection_pyproj.in") {
            let v = projection.project(LonLat::new(lon, lat)).unwrap();
            assert!((v.x - x).abs() < 1e-3 && (v.y - y).abs() < 1e-3, "{projection:?} {lon} {lat}: {v}");
        }
    }

    #[test]
    fn inverse_returns() {
        for projection in Projection::ALL {
            for lat in [-84.9, -60.0, -29.0, 0.0, 12.3, 45.0, 84.9] {
                for lon in [-179.9, -90.0, 0.0, 33.3, 179.9] {
                    let p = LonLat::new(lon, lat);
                    let Some(v) = projection.project(p) else { continue };
                    let Some(q) = projection.unproject(v) else { continue };
                    // Robinson's table has little steps.
                    let most_m = if projection.kind() == "robinson" { 1.0 } else { 1e-4 };
                    assert!(p.ecef().distance(q.ecef()) < most_m, "{projection:?} {p:?} {q:?}");
                }
            }
        }
    }
}
