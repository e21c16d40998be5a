//! Where a place lies in a projection, and where east and north point to there.

use glam::DVec3;
use seaglass_core::geo::{LonLat, WGS84_A_M, WGS84_E2};
use seaglass_core::projection::Projection;

/// Ground step of the differences that give directions on maps, metres.
const STEP_M: f64 = 10.0;
/// Nearest to a pole (degrees) that directions are taken: at the pole itself they are those of the cell's own meridian.
const POLE_DEG: f64 = 1e-6;

/// A place in a projection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Projected position.
    pub v: DVec3,
    /// What a metre to true east becomes there.
    pub east: DVec3,
    /// What a metre to true north becomes there.
    pub north: DVec3,
    /// Latitude.
    pub lat_deg: f64,
}

impl Place {
    /// The place, where the projection shows it.
    pub fn of(projection: Projection, p: LonLat) -> Option<Self> {
        let v = projection.project(p).filter(|v| v.is_finite())?;
        if !projection.is_map() {
            return Some(Self { v, east: p.east(), north: p.north(), lat_deg: p.lat_deg });
        }
        let most = 90.0 - POLE_DEG;
        let lat_deg = p.lat_deg.clamp(-most, most);
        let (sin, cos) = lat_deg.to_radians().sin_cos();
        let w = (1.0 - WGS84_E2 * sin * sin).sqrt();
        // Radii of the parallel and of the curvature of the meridian.
        let (parallel_m, meridian_m) = (WGS84_A_M / w * cos, WGS84_A_M * (1.0 - WGS84_E2) / (w * w * w));
        let step_m = STEP_M.min(1e-3 * parallel_m);
        let (lon_step, lat_step) = ((step_m / parallel_m).to_degrees(), (step_m / meridian_m).to_degrees());
        let at = |lon: f64, lat: f64| {
            let moved = LonLat::new(p.lon_deg + lon * lon_step, lat_deg + lat * lat_step);
            projection.project_extended(moved).filter(|v| v.is_finite())
        };
        let here = at(0.0, 0.0)?;
        let slope = |before: Option<DVec3>, after: Option<DVec3>| {
            let (a, b) = (before.map(|b| here - b), after.map(|a| a - here));
            let step = match (a, b) {
                (Some(a), Some(b)) if a.distance(b) < 0.1 * a.length().min(b.length()) => (a + b) / 2.0,
                // One of them lies beyond a cut of the map.
                (Some(a), Some(b)) if a.length() < b.length() => a,
                (Some(a), None) => a,
                (_, Some(b)) => b,
                (None, None) => return None,
            };
            Some(step.with_z(0.0) / step_m)
        };
        Some(Self {
            v,
            east: slope(at(-1.0, 0.0), at(1.0, 0.0))?,
            north: slope(at(0.0, -1.0), at(0.0, 1.0))?,
            lat_deg: p.lat_deg,
        })
    }

    /// Direction in which a vector points, projected; of unit length (zero for no vector).
    pub fn toward(&self, u: f64, v: f64) -> DVec3 {
        (self.east * u + self.north * v).normalize_or_zero()
    }

    /// What the ground distance from `p` to `q` nearby becomes.
    pub fn step(&self, p: LonLat, q: LonLat) -> DVec3 {
        let d = q.ecef() - p.ecef();
        self.east * d.dot(p.east()) + self.north * d.dot(p.north())
    }
}
