//! Circular orbits over the turning Earth, and the ground seen to their sides.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use glam::DVec3;
use seaglass_core::geo::{LonLat, WGS84_A_M, WGS84_E2};
use seaglass_core::time::Time;

/// Gravitational constant of the Earth, m³/s² (IERS).
const MU: f64 = 3.986_004_418e14;
/// Rotation of the Earth, rad/s.
const EARTH_RATE: f64 = 7.292_115e-5;
/// Radius of the sphere on which distances along and across track are laid off, metres.
pub(super) const SPHERE_M: f64 = 6_371_008.8;

/// A satellite.
#[derive(Clone, Copy, Debug)]
pub(super) struct Orbit {
    inclination: f64,
    /// Radians a second along the orbit.
    rate: f64,
    /// Argument of latitude and Earth-fixed longitude of the ascending node at `epoch`.
    argument: f64,
    node_lon: f64,
    epoch: Time,
    altitude_m: f64,
}

impl Orbit {
    /// The orbit that passes over `at` at `time`, northward when `ascending`.
    pub fn through(inclination_deg: f64, altitude_m: f64, at: LonLat, time: Time, ascending: bool) -> Self {
        let inclination = inclination_deg.to_radians();
        let radius = WGS84_A_M + altitude_m;
        let geocentric = ((1.0 - WGS84_E2) * at.lat_deg.to_radians().tan()).atan();
        let rising = (geocentric.sin() / inclination.sin()).asin();
        let argument = if ascending { rising } else { PI - rising };
        let from_node = (inclination.cos() * argument.sin()).atan2(argument.cos());
        Self {
            inclination,
            rate: (MU / radius.powi(3)).sqrt(),
            argument,
            node_lon: at.lon_deg.to_radians() - from_node,
            epoch: time,
            altitude_m,
        }
    }

    /// Time of one turn, seconds.
    pub fn period_s(&self) -> f64 {
        TAU / self.rate
    }

    /// Height above the equatorial radius, metres.
    pub fn altitude_m(&self) -> f64 {
        self.altitude_m
    }

    /// When the satellite is `half_turns` half turns past the southernmost point before the epoch.
    pub fn southernmost(&self, half_turns: i64) -> Time {
        // Argument −90° lies before the epoch by `argument + 90°`, folded into one turn.
        let since = (self.argument + FRAC_PI_2).rem_euclid(TAU);
        self.epoch.plus_seconds((half_turns as f64 * PI - since) / self.rate)
    }

    /// Unit vector to the sub-satellite point, Earth-fixed.
    fn below(&self, time: Time) -> DVec3 {
        let since = time.seconds_since(self.epoch);
        let argument = self.argument + self.rate * since;
        let node = self.node_lon - EARTH_RATE * since;
        let (sin_u, cos_u) = argument.sin_cos();
        let (sin_node, cos_node) = node.sin_cos();
        let (sin_i, cos_i) = self.inclination.sin_cos();
        DVec3::new(
            cos_u * cos_node - sin_u * cos_i * sin_node,
            cos_u * sin_node + sin_u * cos_i * cos_node,
            sin_u * sin_i,
        )
    }

    /// The line across the track at an instant.
    pub fn line(&self, time: Time) -> Line {
        let below = self.below(time);
        let ahead = self.below(time.plus_seconds(0.5)) - self.below(time.plus_seconds(-0.5));
        let right = ahead.cross(below).normalize();
        Line { below, right }
    }
}

/// What a satellite sees to its sides at one instant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    below: DVec3,
    right: DVec3,
}

impl Line {
    /// The place `metres` to the right of the track (left when negative), along a great circle.
    pub fn at(&self, metres: f64) -> LonLat {
        let (sin, cos) = (metres / SPHERE_M).sin_cos();
        let p = self.below * cos + self.right * sin;
        let geocentric = p.z.clamp(-1.0, 1.0).asin();
        let lat = (geocentric.tan() / (1.0 - WGS84_E2)).atan();
        LonLat::new(p.y.atan2(p.x).to_degrees(), lat.to_degrees())
    }

    /// Direction of flight over the ground, degrees clockwise from north.
    pub fn heading_deg(&self) -> f64 {
        let forward = self.below.cross(self.right);
        let east = DVec3::new(-self.below.y, self.below.x, 0.0).normalize_or_zero();
        let north = self.below.cross(east);
        forward.dot(east).atan2(forward.dot(north)).to_degrees().rem_euclid(360.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_passes_where_it_should_in_the_right_direction() {
        let at = LonLat::new(-60.0, 36.5);
        let time = super::super::DAY_START.plus_seconds(47_880.0);
        for (inclination, ascending, heading) in [(77.6, true, 0.0..30.0), (98.2, false, 180.0..205.0)] {
            let orbit = Orbit::through(inclination, 800_000.0, at, time, ascending);
            let line = orbit.line(time);
            let here = line.at(0.0);
            assert!((here.lon_deg + 60.0).abs() < 1e-9 && (here.lat_deg - 36.5).abs() < 1e-9, "{here:?}");
            assert!(heading.contains(&line.heading_deg()), "{}", line.heading_deg());
            // Right of a northward track is east, of a southward track west.
            assert_eq!(line.at(50_000.0).lon_deg > -60.0, ascending);
            assert!((line.at(50_000.0).approx_distance_m(&here) - 50_000.0).abs() < 300.0);
        }
    }

    #[test]
    fn passes_run_from_south_to_north_and_back() {
        let time = super::super::DAY_START.plus_seconds(47_880.0);
        let orbit = Orbit::through(77.6, 890_600.0, LonLat::new(-60.0, 36.5), time, true);
        assert!((orbit.period_s() / 60.0 - 102.9).abs() < 0.3, "{}", orbit.period_s() / 60.0);
        let south = orbit.southernmost(0);
        assert!(south < time && time.seconds_since(south) < orbit.period_s());
        assert!((orbit.line(south).at(0.0).lat_deg + 77.68).abs() < 0.02);
        assert!((orbit.line(orbit.southernmost(1)).at(0.0).lat_deg - 77.68).abs() < 0.02);
    }
}
