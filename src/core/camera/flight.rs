//! Flights of the camera: from view to view along great circles.

use serde::{Deserialize, Serialize};

use super::Camera;
use crate::geo::{LonLat, wrap_180};

/// How the way between two views is gone in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Easing {
    /// At one speed.
    Linear,
    /// Begins and ends slowly.
    #[default]
    Smooth,
    /// Begins slowly.
    In,
    /// Ends slowly.
    Out,
}

impl Easing {
    /// Part of the way after a part of the time, both 0 to 1.
    pub fn of(self, t: f64) -> f64 {
        match self {
            Self::Linear => t,
            Self::Smooth => t * t * (3.0 - 2.0 * t),
            Self::In => t * t,
            Self::Out => t * (2.0 - t),
        }
    }
}

/// A view on the way.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// The view.
    pub camera: Camera,
    /// Time it takes to get there from the one before.
    pub seconds: f64,
}

/// Part of the way between two cameras: along the great circle, height by equal factors, turning the short way.
pub fn flown(a: &Camera, b: &Camera, part: f64) -> Camera {
    let mix = |x: f64, y: f64| x + (y - x) * part;
    let (u, v) = (a.target.up(), b.target.up());
    let angle = u.cross(v).length().atan2(u.dot(v));
    let target = if angle < 1e-9 {
        b.target
    } else {
        // Opposite places have no great circle of their own: over the pole side of the first.
        let side = (v - u * u.dot(v)).try_normalize().unwrap_or_else(|| a.target.north());
        let w = u * (angle * part).cos() + side * (angle * part).sin();
        LonLat::new(w.y.atan2(w.x).to_degrees(), w.z.atan2(w.x.hypot(w.y)).to_degrees())
    };
    Camera {
        target,
        altitude_m: mix(a.altitude_m.ln(), b.altitude_m.ln()).exp(),
        heading_deg: a.heading_deg + wrap_180(b.heading_deg - a.heading_deg) * part,
        tilt_deg: mix(a.tilt_deg, b.tilt_deg),
        projection: a.projection,
    }
    .sanitized()
}

/// The camera so many seconds into a flight over `stops`, and whether that is its end.
pub fn along(from: &Camera, stops: &[Stop], easing: Easing, seconds: f64) -> (Camera, bool) {
    let (mut before, mut began) = (*from, 0.0);
    for stop in stops {
        let ends = began + stop.seconds;
        if seconds < ends {
            return (
                flown(&before, &stop.camera, easing.of(((seconds - began) / stop.seconds).clamp(0.0, 1.0))),
                false,
            );
        }
        (before, began) = (stop.camera, ends);
    }
    (before.sanitized(), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lon: f64, lat: f64, altitude_m: f64) -> Camera {
        Camera { target: LonLat::new(lon, lat), altitude_m, ..Camera::default() }
    }

    #[test]
    fn a_flight_takes_great_circles_and_stops_at_its_stops() {
        // Half of a quarter of the equator, and a mean height by factors: 1 000 and 4 000 km give 2 000.
        let stops = [
            Stop { camera: at(90.0, 0.0, 4e6), seconds: 10.0 },
            Stop { camera: at(90.0, 40.0, 4e6), seconds: 0.0 },
            Stop { camera: at(90.0, 80.0, 4e6), seconds: 4.0 },
        ];
        let see = |t: f64| along(&at(0.0, 0.0, 1e6), &stops, Easing::Linear, t);
        let (half, over) = see(5.0);
        assert!((half.target.lon_deg - 45.0).abs() < 1e-9 && (half.altitude_m - 2e6).abs() < 1e-3 && !over);
        // A stop without time is jumped to.
        let (after, _) = see(10.0);
        assert!((after.target.lat_deg - 40.0).abs() < 1e-9);
        assert!((see(12.0).0.target.lat_deg - 60.0).abs() < 1e-9);
        let (end, over) = see(14.0);
        assert!(over && (end.target.lat_deg - 80.0).abs() < 1e-9);
        assert!(along(&at(0.0, 0.0, 1e6), &[], Easing::Smooth, 0.0).1, "nowhere to go");
    }

    #[test]
    fn easings_begin_and_end_where_they_should() {
        for e in [Easing::Linear, Easing::Smooth, Easing::In, Easing::Out] {
            assert_eq!((e.of(0.0), e.of(1.0)), (0.0, 1.0));
        }
        // Hermite's 3t² − 2t³, t², and 1 − (1 − t)² at a quarter.
        let quarter = [Easing::Smooth, Easing::In, Easing::Out].map(|e| e.of(0.25));
        assert_eq!(quarter, [0.156_25, 0.0625, 0.4375]);
    }
}
