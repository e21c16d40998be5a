//! What a distance is, and how it is decided exactly without computing it for most pairs.
//!
//! Positions become Earth-centred coordinates in metres; the straight chord between two of them bounds the distance
//! along the surface. A curve whose curvature nowhere exceeds 1/ρ is never shorter-chorded than the circle of radius ρ
//! (Schur's comparison theorem), so with the least and greatest radius of normal curvature of the ellipsoid,
//! ρ = b²/a and a²/b, `2ρ·asin(c/2ρ)` encloses the geodesic from both sides. The ring between the bounds is 0.3 mm wide
//! at 25 km; only pairs inside it need the full solution (Karney 2013, doi:10.1007/s00190-012-0578-z).

use std::f64::consts::{FRAC_PI_2, PI};

use geographiclib_rs::{Geodesic, InverseGeodesic};

use crate::error::{Error, Result};
use crate::trig::sincos_deg;

/// Equatorial radius of WGS84, metres (NIMA TR8350.2).
pub const WGS84_A_M: f64 = 6_378_137.0;
/// Flattening of WGS84.
pub const WGS84_F: f64 = 1.0 / 298.257_223_563;
/// Mean radius of the Earth (2a + b)/3 of WGS84, metres: the usual sphere.
pub const MEAN_RADIUS_M: f64 = 6_371_008.771_4;

const B_M: f64 = WGS84_A_M * (1.0 - WGS84_F);
const E2: f64 = WGS84_F * (2.0 - WGS84_F);
/// Floor of the doubtful ring: 1 µm, a thousand times the rounding of coordinates.
const FLOOR_M: f64 = 1e-6;
/// Up to this chord the curvature formula is as exact as Karney's solution in f64 (10 nm); measured by a test.
const CURVATURE_CHORD_M: f64 = 50_000.0;
/// Keys nearer than this may differ by rounding only and are decided by the full solution.
pub(crate) const TIE_M: f64 = 4e-8;
/// No two points of WGS84 are farther apart: half a meridian, 20 003 931.4586 m.
const FARTHEST_M: f64 = 20_003_931.46;

/// Which distance counts.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Geodesic on the WGS84 ellipsoid.
    #[default]
    Wgs84,
    /// Great circle on a sphere of this radius in metres, latitudes taken as they are.
    Sphere(f64),
}

impl Metric {
    /// The mean sphere.
    pub const SPHERE: Metric = Metric::Sphere(MEAN_RADIUS_M);

    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Metric::Sphere(r) if !(1e3..=1e8).contains(r) => Err(Error::Sphere(*r)),
            _ => Ok(()),
        }
    }

    /// Least and greatest radius of curvature, metres.
    fn curvature_radii(&self) -> (f64, f64) {
        match *self {
            Metric::Wgs84 => (B_M * B_M / WGS84_A_M, WGS84_A_M * WGS84_A_M / B_M),
            Metric::Sphere(r) => (r, r),
        }
    }

    /// Radius of the parallel and height above the equator's plane at a latitude, metres.
    #[inline(always)]
    pub(crate) fn parallel(&self, sin: f64, cos: f64) -> (f64, f64) {
        match *self {
            Metric::Wgs84 => {
                let n = WGS84_A_M / (1.0 - E2 * sin * sin).sqrt();
                (n * cos, n * (1.0 - E2) * sin)
            }
            Metric::Sphere(r) => (r * cos, r * sin),
        }
    }

    /// Earth-centred x, y, z in metres of a position in degrees.
    #[inline(always)]
    pub fn ecef(&self, lat_deg: f64, lon_deg: f64) -> [f64; 3] {
        let (slat, clat) = sincos_deg(lat_deg);
        let (slon, clon) = sincos_deg(lon_deg);
        let (rho, z) = self.parallel(slat, clat);
        [rho * clon, rho * slon, z]
    }

    /// Distance in metres between two positions in degrees by the full solution (15 nm).
    pub fn distance_m(&self, p_lat: f64, p_lon: f64, q_lat: f64, q_lon: f64) -> f64 {
        match *self {
            Metric::Wgs84 => {
                let (s, ..): (f64, f64, f64, f64) = Geodesic::wgs84().inverse(p_lat, p_lon, q_lat, q_lon);
                s
            }
            Metric::Sphere(r) => {
                // Haversine: exact for small distances, and symmetric in the sign of the longitude difference.
                let (s, _) = sincos_deg((q_lat - p_lat) * 0.5);
                let (t, _) = sincos_deg((q_lon - p_lon) * 0.5);
                let (cp, cq) = (sincos_deg(p_lat).1, sincos_deg(q_lat).1);
                2.0 * r * (s * s + cp * cq * t * t).sqrt().min(1.0).asin()
            }
        }
    }

    /// Initial azimuth in degrees clockwise from north, 0 to 360, from `p` to `q`.
    pub fn bearing_deg(&self, p_lat: f64, p_lon: f64, q_lat: f64, q_lon: f64) -> f64 {
        let azimuth = match self {
            Metric::Wgs84 => {
                let (_, azimuth, ..): (f64, f64, f64, f64) = Geodesic::wgs84().inverse(p_lat, p_lon, q_lat, q_lon);
                azimuth
            }
            Metric::Sphere(_) => {
                let ((sp, cp), (sq, cq)) = (sincos_deg(p_lat), sincos_deg(q_lat));
                let (sl, cl) = sincos_deg(q_lon - p_lon);
                (sl * cq).atan2(cp * sq - sp * cq * cl).to_degrees()
            }
        };
        // −1e-17 + 360 rounds to 360.
        let azimuth = azimuth.rem_euclid(360.0);
        if azimuth < 360.0 { azimuth } else { 0.0 }
    }

    /// Distance along the surface from the chord, where that is as good as the full solution.
    ///
    /// Normal curvature at the middle of the chord in its direction (Euler's theorem, from the ellipsoid's
    /// second fundamental form), then the arc of that circle: 10 nm at 50 km.
    #[inline(always)]
    pub(crate) fn distance_of_chord(&self, p: [f64; 3], q: [f64; 3], c2: f64) -> Option<f64> {
        match *self {
            Metric::Sphere(r) => {
                let h = c2.sqrt() / (2.0 * r);
                (h <= 1.0).then(|| 2.0 * r * if h < 0.01 { arcsin_small(h) } else { h.asin() })
            }
            Metric::Wgs84 if c2 <= CURVATURE_CHORD_M * CURVATURE_CHORD_M => {
                const A2: f64 = WGS84_A_M * WGS84_A_M;
                const B2: f64 = B_M * B_M;
                let d = [q[0] - p[0], q[1] - p[1], q[2] - p[2]];
                let m = [0.5 * (q[0] + p[0]), 0.5 * (q[1] + p[1]), 0.5 * (q[2] + p[2])];
                let e2 = m[0] * m[0] + m[1] * m[1];
                let z2 = m[2] * m[2];
                // The middle of a chord lies inside; the last factor takes it to the surface.
                let along = ((d[0] * d[0] + d[1] * d[1]) / A2 + d[2] * d[2] / B2)
                    * ((e2 / A2 + z2 / B2) / (e2 / (A2 * A2) + z2 / (B2 * B2))).sqrt();
                let c = c2.sqrt();
                if c == 0.0 {
                    return Some(0.0);
                }
                // `along` is curvature × c².
                let h = 0.5 * along / c;
                Some(c * arcsin_small(h) / h)
            }
            Metric::Wgs84 => None,
        }
    }
}

/// asin for |x| < 0.01 to the last place (series).
#[inline(always)]
fn arcsin_small(x: f64) -> f64 {
    let z = x * x;
    x * (1.0 + z * (1.0 / 6.0 + z * (3.0 / 40.0 + z * (15.0 / 336.0))))
}

/// Limits of a join, prepared for comparison with squared chords.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub metric: Metric,
    pub radius_m: f64,
    pub window_us: i64,
    /// Squared chord up to which a pair is within the radius for certain; negative when none is.
    pub inside2: f64,
    /// Squared chord from which on a pair is outside for certain.
    pub outside2: f64,
    /// Chord by which boxes are widened.
    pub reach_m: f64,
}

impl Limits {
    pub fn new(metric: Metric, radius_m: f64, window_us: i64) -> Result<Self> {
        metric.check()?;
        if window_us < 0 {
            return Err(Error::Window(window_us));
        }
        let (least, most) = metric.curvature_radii();
        let farthest = match metric {
            Metric::Wgs84 => FARTHEST_M,
            Metric::Sphere(r) => PI * r,
        };
        if !(radius_m >= 0.0 && radius_m <= farthest * 1.002) {
            return Err(Error::Radius(radius_m));
        }
        let chord = |rho: f64| 2.0 * rho * (radius_m / (2.0 * rho)).min(FRAC_PI_2).sin();
        let (inside, outside) = if radius_m >= farthest {
            (f64::INFINITY, f64::INFINITY)
        } else if radius_m <= 500_000.0 || matches!(metric, Metric::Sphere(_)) {
            // Torsion lengthens a chord against the plane curve by less than a part in 10¹².
            (chord(least) - FLOOR_M, chord(most) * (1.0 + 1e-12) + FLOOR_M)
        } else {
            let sure = if radius_m < PI * least { chord(least) - FLOOR_M } else { -1.0 };
            (sure, radius_m.min(2.0 * WGS84_A_M) + FLOOR_M)
        };
        Ok(Self {
            metric,
            radius_m,
            window_us,
            inside2: if inside <= 0.0 { -1.0 } else { inside * inside },
            outside2: outside * outside,
            reach_m: outside.min(1e9),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distances by GeographicLib's published test set (GeodTest.dat, doi:10.5281/zenodo.32156), first lines.
    #[test]
    fn full_solution_agrees_with_published_geodesics() {
        let line = (36.530042355041, 0.0, -48.164_270_779_097_77, 5.762_344_694_676_51, 9398502.0434687);
        let s = Metric::Wgs84.distance_m(line.0, line.1, line.2, line.3);
        assert!((s - line.4).abs() < 1e-6, "{s}");
    }

    #[test]
    fn chord_formula_is_as_exact_as_the_full_solution() {
        let mut worst = 0.0_f64;
        let mut seed = 7_u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 11) as f64 / (1_u64 << 53) as f64
        };
        for k in 0..40_000 {
            let lat = if k % 3 == 0 { 89.9 + 0.1 * random() } else { random() * 178.0 - 89.0 };
            let lon = random() * 360.0 - 180.0;
            let size = [1e-4, 1e-2, 0.1, 0.3][k % 4];
            let (lat2, lon2) =
                ((lat + (random() - 0.5) * size).min(90.0), lon + (random() - 0.5) * size / (1.0 - lat.abs() / 90.2));
            let (p, q) = (Metric::Wgs84.ecef(lat, lon), Metric::Wgs84.ecef(lat2, lon2));
            let c2 = (0..3).map(|d| (p[d] - q[d]).powi(2)).sum::<f64>();
            if let Some(s) = Metric::Wgs84.distance_of_chord(p, q, c2) {
                worst = worst.max((s - Metric::Wgs84.distance_m(lat, lon, lat2, lon2)).abs());
            }
        }
        assert!(worst < TIE_M, "{worst}");
    }
}
