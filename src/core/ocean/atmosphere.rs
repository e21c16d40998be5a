//! The wind at 10 m: trades and westerlies, highs, moving lows, gusts.

use super::METRES_PER_DEGREE;
use super::climate::by_latitude;
use super::noise::{Noise, SplitMix};
use super::places::WIND_BY_LATITUDE;
use crate::geo::{LonLat, wrap_180};

/// Wind at 10 m, m/s.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wind {
    /// Eastward.
    pub u: f64,
    /// Northward.
    pub v: f64,
}

impl Wind {
    /// Speed, m/s.
    pub fn speed(self) -> f64 {
        self.u.hypot(self.v)
    }

    /// Where it comes from (meteorological), degrees clockwise from north in [0, 360).
    pub fn from_direction_deg(self) -> f64 {
        (-self.u).atan2(-self.v).to_degrees().rem_euclid(360.0)
    }

    /// Where it blows to (oceanographic), degrees clockwise from north in [0, 360).
    pub fn to_direction_deg(self) -> f64 {
        self.u.atan2(self.v).to_degrees().rem_euclid(360.0)
    }
}

/// A low or high: wind `peak·√e·(r/R)·exp(−r²/2R²)` round its centre (as `(1 − r²/16R²)⁸`, zero beyond 4 R), turned
/// inwards for a low and outwards for a high.
#[derive(Clone, Copy, Debug)]
struct Vortex {
    lon: f64,
    lat: f64,
    lon_per_s: f64,
    lat_per_s: f64,
    radius_km: f64,
    peak_m_s: f64,
    low: bool,
}

const KM_PER_DEGREE: f64 = METRES_PER_DEGREE / 1000.0;

impl Vortex {
    fn new(at: [f64; 2], radius_km: f64, peak_m_s: f64, low: bool, motion_m_s: [f64; 2]) -> Self {
        let km_per_lon = KM_PER_DEGREE * at[1].to_radians().cos();
        Self {
            lon: at[0],
            lat: at[1],
            lon_per_s: motion_m_s[0] / 1000.0 / km_per_lon,
            lat_per_s: motion_m_s[1] / 1000.0 / KM_PER_DEGREE,
            radius_km,
            peak_m_s,
            low,
        }
    }

    #[inline]
    fn add(&self, at: LonLat, t: f64, sum: &mut Wind) {
        let dy = (at.lat_deg - self.lat - self.lat_per_s * t) * KM_PER_DEGREE / (4.0 * self.radius_km);
        if dy.abs() >= 1.0 {
            return;
        }
        // The width of the parallel of its centre, so that the shape stays smooth over the date line and near poles.
        let cos_lat = (self.lat + self.lat_per_s * t).to_radians().cos();
        let dlon = wrap_180(at.lon_deg - self.lon - self.lon_per_s * t);
        let dx = dlon * KM_PER_DEGREE * cos_lat / (4.0 * self.radius_km);
        let w = 1.0 - dx * dx - dy * dy;
        if w <= 0.0 {
            return;
        }
        let w2 = w * w;
        let w8 = w2 * w2 * w2 * w2;
        let speed = 4.0 * self.peak_m_s * 0.5f64.exp() * w8;
        // Anticlockwise round a low in the north; 22° of inflow by friction.
        let spin = if self.low == (self.lat > 0.0) { 1.0 } else { -1.0 };
        let inward = if self.low { 0.375 } else { -0.375 };
        sum.u += speed * (-0.927 * spin * dy - inward * dx);
        sum.v += speed * (0.927 * spin * dx - inward * dy);
    }
}

/// The winds of a seed.
#[derive(Clone, Debug)]
pub(super) struct Atmosphere {
    vortices: Vec<Vortex>,
    gusts: [Noise; 2],
}

impl Atmosphere {
    /// Highs have their places; two storms are set in the western Atlantic; the other lows are drawn.
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = SplitMix::new(seed ^ 0x0a17);
        let mut vortices = vec![
            Vortex::new([-36.0, 34.0], 1150.0, 6.5, false, [0.0, 0.0]),
            Vortex::new([-148.0, 38.0], 1350.0, 7.0, false, [0.0, 0.0]),
            Vortex::new([-92.0, -29.0], 1300.0, 6.5, false, [0.0, 0.0]),
            Vortex::new([-6.0, -28.0], 1200.0, 6.5, false, [0.0, 0.0]),
            Vortex::new([75.0, -31.0], 1350.0, 7.0, false, [0.0, 0.0]),
            // A tropical storm south of the Gulf Stream and a low off Newfoundland.
            Vortex::new([-57.0, 30.6], 95.0, 21.0, true, [-1.5, 4.0]),
            Vortex::new([-61.5, 49.5], 640.0, 12.0, true, [9.0, 2.0]),
            Vortex::new([132.0, 22.5], 140.0, 28.0, true, [-3.0, 3.5]),
            Vortex::new([-116.0, 17.5], 110.0, 19.0, true, [-5.0, 1.5]),
        ];
        let mut belt = |count: usize, lat: [f64; 2], radius: [f64; 2], peak: [f64; 2], east: [f64; 2]| {
            for k in 0..count {
                let lon = -180.0 + 360.0 * (k as f64 + rng.range(0.15, 0.85)) / count as f64;
                let at = [lon, rng.range(lat[0], lat[1])];
                // Room for the low that is set.
                if lat[0] < 0.0 || wrap_180(lon + 61.5).abs() > 22.0 {
                    let motion = [rng.range(east[0], east[1]), rng.range(-1.5, 1.5)];
                    vortices.push(Vortex::new(
                        at,
                        rng.range(radius[0], radius[1]),
                        rng.range(peak[0], peak[1]),
                        true,
                        motion,
                    ));
                }
            }
        };
        belt(11, [47.0, 64.0], [430.0, 760.0], [6.0, 10.5], [5.0, 10.0]);
        belt(13, [-63.0, -50.0], [520.0, 860.0], [8.0, 14.0], [9.0, 14.0]);
        belt(7, [-46.0, -35.0], [380.0, 640.0], [5.0, 9.0], [7.0, 12.0]);
        Self { vortices, gusts: [Noise::new(seed ^ 0x9057), Noise::new(seed ^ 0x9058)] }
    }

    /// Wind at a place (longitude in [−180, 180)), `t` seconds from the reference.
    pub(super) fn wind(&self, at: LonLat, t: f64) -> Wind {
        let [u, v] = by_latitude(&WIND_BY_LATITUDE, at.lat_deg);
        let mut sum = Wind { u, v };
        // Bent by up to 2°, so that no storm is a circle.
        let bend = |k: usize, period: f64| {
            self.gusts[k].at((at.lon_deg + 180.0) / period, at.lat_deg / period, (360.0 / period) as i64)
        };
        let calm = at.lat_deg.to_radians().cos();
        let bent = LonLat::new(at.lon_deg + calm * 3.2 * bend(0, 9.0), at.lat_deg + calm * 2.2 * bend(1, 9.0));
        for vortex in &self.vortices {
            vortex.add(if vortex.radius_km > 200.0 { bent } else { at }, t, &mut sum);
        }
        // Gusts travel east at about 6 m/s; they fade towards the poles, where the lattice is too narrow.
        let fade = at.lat_deg.to_radians().cos();
        let lon = at.lon_deg + 180.0 - 6.2e-5 * t;
        for (gust, component) in self.gusts.iter().zip([&mut sum.u, &mut sum.v]) {
            let slow = gust.at(lon * 0.25, at.lat_deg * 0.25, 90);
            let quick = gust.at(lon * 1.5 + 0.31, at.lat_deg * 1.5, 540);
            *component += fade * (1.9 * slow + 0.55 * quick);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_follow_their_conventions() {
        let south_westerly = Wind { u: 5.0, v: 5.0 };
        assert!((south_westerly.from_direction_deg() - 225.0).abs() < 1e-12);
        assert!((south_westerly.to_direction_deg() - 45.0).abs() < 1e-12);
    }

    #[test]
    fn lows_turn_anticlockwise_in_the_north() {
        let low = Vortex::new([-60.0, 45.0], 400.0, 12.0, true, [0.0, 0.0]);
        let mut east_of_it = Wind::default();
        low.add(LonLat::new(-55.0, 45.0), 0.0, &mut east_of_it);
        assert!(east_of_it.v > 8.0 && east_of_it.u < 0.0, "{east_of_it:?}");
        let south = Vortex::new([-60.0, -45.0], 400.0, 12.0, true, [0.0, 0.0]);
        let mut east_of_it = Wind::default();
        south.add(LonLat::new(-55.0, -45.0), 0.0, &mut east_of_it);
        assert!(east_of_it.v < -8.0 && east_of_it.u < 0.0, "{east_of_it:?}");
    }
}
