//! The slow and smooth parts: mean topography, August temperatures, swell.

use std::f64::consts::TAU;

use super::noise::Noise;
use super::places::{GEOID, GYRES, TEMPERATURE, TEMPERATURE_BY_LATITUDE};
use super::{METRES_PER_DEGREE, Slope};
use crate::geo::LonLat;
use crate::time::Time;

/// Adds the mean dynamic topography without the jets: gyres, and the fall towards Antarctica.
pub(super) fn mean_topography(at: LonLat, sum: &mut Slope) {
    for gyre in GYRES {
        if let Some((h, per_lon, per_lat)) = gyre.at(at.lon_deg, at.lat_deg) {
            sum.add(h, per_lon, per_lat);
        }
    }
    let tanh = ((at.lat_deg + 50.0) / 9.0).tanh();
    sum.add(0.3 + 0.45 * (tanh - 1.0), 0.0, 0.45 * (1.0 - tanh * tanh) / 9.0);
}

/// Interpolates a table every 10° from 90° S (Catmull–Rom, ends repeated).
pub(super) fn by_latitude<const N: usize>(table: &[[f64; N]; 19], lat: f64) -> [f64; N] {
    let x = (lat.clamp(-90.0, 90.0) + 90.0) / 10.0;
    let k = (x.floor() as usize).min(17);
    let t = x - k as f64;
    let (a, b, c, d) = (table[k.saturating_sub(1)], table[k], table[k + 1], table[(k + 2).min(18)]);
    std::array::from_fn(|j| {
        let (m0, m1) = ((c[j] - a[j]) / 2.0, (d[j] - b[j]) / 2.0);
        let (t2, t3) = (t * t, t * t * t);
        (2.0 * t3 - 3.0 * t2 + 1.0) * b[j] + (t3 - 2.0 * t2 + t) * m0 + (3.0 * t2 - 2.0 * t3) * c[j] + (t3 - t2) * m1
    })
}

/// August sea surface temperature without fronts and eddies, °C.
pub(super) fn temperature(at: LonLat) -> f64 {
    const TABLE: [[f64; 1]; 19] = {
        let mut table = [[0.0]; 19];
        let mut k = 0;
        while k < 19 {
            table[k][0] = TEMPERATURE_BY_LATITUDE[k];
            k += 1;
        }
        table
    };
    let [mut sum] = by_latitude(&TABLE, at.lat_deg);
    for hump in TEMPERATURE {
        if let Some((value, ..)) = hump.at(at.lon_deg, at.lat_deg) {
            sum += value;
        }
    }
    sum + cold_tongue(at)
}

/// The Pacific and Atlantic cold tongues with tropical instability waves on their northern edges.
fn cold_tongue(at: LonLat) -> f64 {
    let basin = |west: f64, peak: f64, east: f64, depth: f64| {
        if at.lon_deg <= west || at.lon_deg >= east {
            return 0.0;
        }
        let x =
            if at.lon_deg < peak { (at.lon_deg - west) / (peak - west) } else { (east - at.lon_deg) / (east - peak) };
        depth * super::noise::fade(x)
    };
    let depth = basin(-178.0, -95.0, -79.0, 4.2) + basin(-32.0, -10.0, 9.0, 3.4);
    if depth == 0.0 || at.lat_deg.abs() > 9.0 {
        return 0.0;
    }
    // Cusps: sharp to the north.
    let phase = TAU * at.lon_deg / 10.0;
    let wave = 0.9 * (phase.sin() + 0.35 * (2.0 * phase + 0.8).sin());
    let y = at.lat_deg + 0.4 - wave * super::noise::smooth_step(at.lat_deg, -1.0, 1.6).0;
    let w = 1.0 - (y / if y > 0.0 { 3.2 } else { 6.5 }).powi(2);
    if w > 0.0 { -depth * w * w } else { 0.0 }
}

/// Warming by the sun, at most 0.35 K at 14 h local solar time, none from 20 h to 8 h.
pub(super) fn diurnal_warming(at: LonLat, time: Time) -> f64 {
    let hour = (time.unix_seconds() / 3600.0 + at.lon_deg / 15.0).rem_euclid(24.0);
    0.35 * (TAU * (hour - 14.0) / 24.0).cos().max(0.0) * at.lat_deg.to_radians().cos()
}

/// Height of the swell, metres: high in the Southern Ocean, lower in the northern summer.
pub(super) fn swell_height(at: LonLat, texture: &Noise) -> f64 {
    let south = super::noise::smooth_step(-at.lat_deg, 12.0, 52.0).0;
    (1.15 + 1.7 * south + 0.35 * texture.at((at.lon_deg + 180.0) / 10.0, at.lat_deg / 10.0, 36)).max(0.3)
}

/// Kilometres east and north of 60° W, 38° N in the plane of that place: the frame of swell and streaks.
fn local_km(at: LonLat) -> (f64, f64) {
    let km = METRES_PER_DEGREE / 1000.0;
    (crate::geo::wrap_180(at.lon_deg + 60.0) * km * 38f64.to_radians().cos(), (at.lat_deg - 38.0) * km)
}

/// Relative modulation of the roughness by swell of 1.4 km (long-crested, from the south-east), which runs 8 m/s.
pub(super) fn swell_relief(at: LonLat, t: f64, texture: &Noise) -> f64 {
    let (x, y) = local_km(at);
    let groups = 0.6 + 0.8 * texture.at(x / 9.0, y / 9.0, 1 << 40);
    let phase = (x * 0.64 - y * 0.77 + 0.008 * t) / 1.4 + 0.6 * texture.at(x / 23.0, y / 23.0, 1 << 40);
    0.05 * groups * (TAU * phase).sin()
}

/// Relative modulation of the roughness by streaks of the boundary layer, 2 km apart and 15 km long, along the
/// prevailing south-westerly.
pub(super) fn wind_streaks(at: LonLat, texture: &Noise) -> f64 {
    let (x, y) = local_km(at);
    let (along, across) = (0.71 * x + 0.70 * y, 0.71 * y - 0.70 * x);
    0.09 * texture.at(along / 15.0, across / 2.0, 1 << 40)
}

/// Height of the geoid above the ellipsoid, metres: a few broad humps.
pub(super) fn geoid(at: LonLat) -> f64 {
    GEOID.iter().filter_map(|hump| hump.at(at.lon_deg, at.lat_deg)).map(|(h, ..)| h).sum()
}
