//! Positions on the Earth: longitude/latitude, WGS84 earth-centred coordinates, boxes that may cross 180°.

use glam::DVec3;
use serde::{Deserialize, Serialize};

/// WGS84 equatorial radius, metres (NIMA TR8350.2).
pub const WGS84_A_M: f64 = 6_378_137.0;
/// WGS84 flattening.
pub const WGS84_F: f64 = 1.0 / 298.257_223_563;
/// WGS84 polar radius, metres.
pub const WGS84_B_M: f64 = WGS84_A_M * (1.0 - WGS84_F);
/// First eccentricity squared of WGS84.
pub const WGS84_E2: f64 = WGS84_F * (2.0 - WGS84_F);

/// Geodetic position in degrees. Longitude may be any finite value (it is periodic); latitude is within ±90.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LonLat {
    /// Degrees east.
    pub lon_deg: f64,
    /// Degrees north.
    pub lat_deg: f64,
}

impl LonLat {
    /// From degrees.
    pub const fn new(lon_deg: f64, lat_deg: f64) -> Self {
        Self { lon_deg, lat_deg }
    }

    /// Finite and on the Earth: |lat| ≤ 90, |lon| ≤ 540. Fill values such as 1e36 are not.
    pub fn is_valid(&self) -> bool {
        self.lat_deg.abs() <= 90.0 && self.lon_deg.abs() <= 540.0
    }

    /// The same place with longitude in [−180, 180).
    #[must_use]
    pub fn normalized(&self) -> Self {
        Self { lon_deg: wrap_180(self.lon_deg), lat_deg: self.lat_deg }
    }

    /// Earth-centred, earth-fixed coordinates in metres on the WGS84 ellipsoid: x to (0°, 0°), y to 90° E, z north.
    pub fn ecef(&self) -> DVec3 {
        let (sin_lon, cos_lon) = self.lon_deg.to_radians().sin_cos();
        let (sin_lat, cos_lat) = self.lat_deg.to_radians().sin_cos();
        let n = WGS84_A_M / (1.0 - WGS84_E2 * sin_lat * sin_lat).sqrt();
        DVec3::new(n * cos_lat * cos_lon, n * cos_lat * sin_lon, n * (1.0 - WGS84_E2) * sin_lat)
    }

    /// The outward normal of the ellipsoid ("up").
    pub fn up(&self) -> DVec3 {
        let (sin_lon, cos_lon) = self.lon_deg.to_radians().sin_cos();
        let (sin_lat, cos_lat) = self.lat_deg.to_radians().sin_cos();
        DVec3::new(cos_lat * cos_lon, cos_lat * sin_lon, sin_lat)
    }

    /// Unit vector to the east.
    pub fn east(&self) -> DVec3 {
        let (sin_lon, cos_lon) = self.lon_deg.to_radians().sin_cos();
        DVec3::new(-sin_lon, cos_lon, 0.0)
    }

    /// Unit vector to the north.
    pub fn north(&self) -> DVec3 {
        self.up().cross(self.east())
    }

    /// The position on the ellipsoid surface whose ECEF coordinates are `p` (a point on the surface;
    /// points off it are moved along the radius in scaled space).
    pub fn from_surface_ecef(p: DVec3) -> Self {
        let lat = (p.z / ((1.0 - WGS84_E2) * p.x.hypot(p.y))).atan();
        Self { lon_deg: p.y.atan2(p.x).to_degrees(), lat_deg: lat.to_degrees() }
    }

    /// Great-circle distance in metres on a sphere of radius 6 371 008.8 m (IUGG mean), for culling and labels;
    /// at most 0.6 % from the geodesic.
    pub fn approx_distance_m(&self, other: &Self) -> f64 {
        let (a, b) = (self.up(), other.up());
        6_371_008.8 * a.cross(b).length().atan2(a.dot(b))
    }
}

/// Longitude in [−180, 180).
pub fn wrap_180(lon_deg: f64) -> f64 {
    // Most already are: nothing is rounded then, and no remainder is taken.
    if (-180.0..180.0).contains(&lon_deg) {
        return lon_deg;
    }
    (lon_deg + 180.0).rem_euclid(360.0) - 180.0
}

/// `lon_deg` moved by whole turns to within 180° of `near_deg`.
pub fn unwrap_near(lon_deg: f64, near_deg: f64) -> f64 {
    near_deg + wrap_180(lon_deg - near_deg)
}

/// A longitude/latitude box. `east < west` never happens: a box over 180° has `east > 180`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GeoBox {
    /// Western edge, degrees in [−180, 180).
    pub west: f64,
    /// Southern edge.
    pub south: f64,
    /// Eastern edge, `west ..= west + 360`.
    pub east: f64,
    /// Northern edge.
    pub north: f64,
}

impl GeoBox {
    /// The whole Earth.
    pub const WORLD: Self = Self { west: -180.0, south: -90.0, east: 180.0, north: 90.0 };

    /// Whether the box holds the position (any turn of its longitude).
    pub fn contains(&self, p: LonLat) -> bool {
        let lon = self.west + (p.lon_deg - self.west).rem_euclid(360.0);
        p.lat_deg >= self.south && p.lat_deg <= self.north && (lon <= self.east || self.east - self.west >= 360.0)
    }

    /// Its edges as a closed line along meridians and parallels; empty where it goes round the whole Earth.
    pub fn outline(&self) -> Vec<LonLat> {
        const ALONG: u32 = 16;
        let Self { west, south, east, north } = *self;
        if east - west >= 359.0 {
            return Vec::new();
        }
        let corners = [[west, south], [east, south], [east, north], [west, north], [west, south]];
        let edge = |w: &[[f64; 2]]| {
            let (a, b) = (w[0], w[1]);
            (0..ALONG).map(move |k| {
                let part = f64::from(k) / f64::from(ALONG);
                LonLat::new(a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1]))
            })
        };
        corners.windows(2).flat_map(edge).chain([LonLat::new(west, south)]).collect()
    }

    /// Whether two boxes share a point.
    pub fn intersects(&self, other: &Self) -> bool {
        if self.south > other.north || other.south > self.north {
            return false;
        }
        let shift = (other.west - self.west).rem_euclid(360.0);
        shift <= self.east - self.west || shift + (other.east - other.west) >= 360.0
    }

    /// Middle of the box.
    pub fn centre(&self) -> LonLat {
        LonLat::new(wrap_180((self.west + self.east) / 2.0), (self.south + self.north) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ecef_matches_pyproj() {
        // pyproj 3.7: Transformer.from_crs(4979, 4978).transform(36.159, -54.293, 0)
        let p = LonLat::new(-54.293, 36.159).ecef();
        let back = LonLat::from_surface_ecef(p);
        assert!((back.lon_deg + 54.293).abs() < 1e-12 && (back.lat_deg - 36.159).abs() < 1e-12);
        assert!((LonLat::new(0.0, 0.0).ecef().x - 6_378_137.0).abs() < 1e-9);
        assert!((LonLat::new(0.0, 90.0).ecef().z - 6_356_752.314_245).abs() < 1e-6);
    }

    #[test]
    fn boxes_cross_the_dateline() {
        let pacific = GeoBox { west: 170.0, south: -10.0, east: 200.0, north: 10.0 };
        assert!(pacific.contains(LonLat::new(-170.0, 0.0)));
        assert!(!pacific.contains(LonLat::new(160.0, 0.0)));
        let fiji = GeoBox { west: -179.0, south: -20.0, east: -175.0, north: 0.0 };
        assert!(pacific.intersects(&fiji) && fiji.intersects(&pacific));
        assert!(GeoBox::WORLD.intersects(&fiji) && fiji.intersects(&GeoBox::WORLD));
    }

    #[test]
    fn outlines_of_boxes_follow_their_edges() {
        let pacific = GeoBox { west: 170.0, south: -10.0, east: 200.0, north: 10.0 };
        let line = pacific.outline();
        assert_eq!(line.first(), line.last());
        let on_edge = |p: &LonLat| {
            let (x, y) = (p.lon_deg == 170.0 || p.lon_deg == 200.0, p.lat_deg.abs() == 10.0);
            (x && p.lat_deg.abs() <= 10.0) || (y && (170.0..=200.0).contains(&p.lon_deg))
        };
        assert!(line.iter().all(on_edge), "{line:?}");
        assert!(GeoBox::WORLD.outline().is_empty());
    }
}
