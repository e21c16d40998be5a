//! The analytic ocean of the sample day: what is where, when, without any data.
//!
//! Every quantity is a pure function of longitude, latitude, time and a seed; nothing is stored on a grid. Heights are a
//! sum of jets, eddies and gyres with exact gradients, currents follow from them by geostrophy, temperature is a
//! climatology with fronts wound up by the same eddies. The formulas are in `docs/sample-day.md`.
//!
//! It is not a forecast: sizes, speeds and temperatures are typical of August, places of currents are the real ones,
//! but no eddy or storm existed.

mod atmosphere;
mod climate;
mod eddies;
mod jets;
mod noise;
mod places;

pub use atmosphere::Wind;
pub use noise::{Noise, SplitMix};

use crate::geo::LonLat;
use crate::time::Time;
use atmosphere::Atmosphere;
use eddies::Eddies;
use jets::Jets;

/// The instant about which the ocean is built: 2024-08-11T12:00:00Z. Eddies and storms are at their first positions then.
pub const REFERENCE: Time = Time::from_micros(1_723_377_600_000_000);
/// Times within this many seconds of [`REFERENCE`] are exact; beyond, eddies that drifted far are left out.
pub const VALID_WITHIN_S: f64 = 8.0 * 86_400.0;
/// Gravity, m/s².
pub const GRAVITY: f64 = 9.81;
/// Rotation of the Earth, rad/s.
pub const EARTH_ROTATION: f64 = 7.292_115e-5;
/// Latitude of the Coriolis parameter f₀ that keeps currents finite at the equator, degrees.
pub const EQUATOR_DEG: f64 = 3.0;
/// Length of one degree of latitude on the sphere of radius 6 371 008.8 m, metres.
pub const METRES_PER_DEGREE: f64 = 111_195.08;

/// A height and its slopes along longitude and latitude.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slope {
    /// Metres.
    pub h: f64,
    /// Metres per degree of longitude.
    pub per_lon: f64,
    /// Metres per degree of latitude.
    pub per_lat: f64,
}

impl Slope {
    #[inline]
    fn add(&mut self, h: f64, per_lon: f64, per_lat: f64) {
        self.h += h;
        self.per_lon += per_lon;
        self.per_lat += per_lat;
    }
}

/// Sea surface heights and the currents in balance with them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeaSurface {
    /// Absolute dynamic topography: height above the geoid, metres.
    pub adt: f64,
    /// Sea level anomaly: `adt` − mean dynamic topography, metres.
    pub sla: f64,
    /// Eastward geostrophic current, m/s.
    pub u: f64,
    /// Northward geostrophic current, m/s.
    pub v: f64,
    /// Eastward geostrophic current of `sla` alone, m/s.
    pub u_anomaly: f64,
    /// Northward geostrophic current of `sla` alone, m/s.
    pub v_anomaly: f64,
}

/// One ocean. Two oceans of the same seed agree to the last bit.
#[derive(Clone, Debug)]
pub struct Ocean {
    eddies: Eddies,
    jets: Jets,
    atmosphere: Atmosphere,
    texture: Noise,
    seed: u64,
}

impl Ocean {
    /// Builds the ocean of a seed: places about 18 000 eddies (some ms).
    pub fn new(seed: u64) -> Self {
        let jets = Jets::new(seed);
        let eddies = Eddies::new(seed, &jets);
        let atmosphere = Atmosphere::new(seed);
        Self { eddies, jets, atmosphere, texture: Noise::new(seed ^ 0x7e47), seed }
    }

    /// The seed it was built from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Heights and geostrophic currents.
    pub fn surface(&self, at: LonLat, time: Time) -> SeaSurface {
        let t = time.seconds_since(REFERENCE);
        let at = at.normalized();
        let mut mean = Slope::default();
        let mut anomaly = Slope::default();
        climate::mean_topography(at, &mut mean);
        self.jets.height(at, t, &mut mean, &mut anomaly);
        self.eddies.height(at, t, &mut anomaly);
        let (u_mean, v_mean) = geostrophic(at, &mean);
        let (u_anomaly, v_anomaly) = geostrophic(at, &anomaly);
        SeaSurface {
            adt: mean.h + anomaly.h,
            sla: anomaly.h,
            u: u_mean + u_anomaly,
            v: v_mean + v_anomaly,
            u_anomaly,
            v_anomaly,
        }
    }

    /// Sea surface temperature, degrees Celsius.
    pub fn sst_celsius(&self, at: LonLat, time: Time) -> f64 {
        let t = time.seconds_since(REFERENCE);
        let at = at.normalized();
        let (source, core) = self.eddies.stirred(at, t);
        let fronts = self.jets.temperature(source, t);
        let texture = self.texture.fbm(source.lon_deg, source.lat_deg, 1, 4)
            + 0.5 * self.texture.fbm(source.lon_deg + 57.0, source.lat_deg, 8, 3);
        // Less contrast where the whole basin is one temperature: near the equator and under the ice.
        let contrast = 0.5 + 1.1 * (source.lat_deg * 2.0).to_radians().sin().abs();
        let still = climate::temperature(source) + fronts + core + contrast * texture;
        (still + climate::diurnal_warming(at, time)).max(-1.8)
    }

    /// Sea surface temperature, kelvin.
    pub fn sst_kelvin(&self, at: LonLat, time: Time) -> f64 {
        self.sst_celsius(at, time) + 273.15
    }

    /// Wind at 10 m.
    pub fn wind(&self, at: LonLat, time: Time) -> Wind {
        self.atmosphere.wind(at.normalized(), time.seconds_since(REFERENCE))
    }

    /// Significant wave height in metres: wind sea of the local wind, and swell.
    pub fn wave_height(&self, at: LonLat, wind: Wind) -> f64 {
        let speed2 = wind.u * wind.u + wind.v * wind.v;
        let wind_sea = 0.0246 * speed2 / (1.0 + speed2 / 700.0);
        let swell = climate::swell_height(at.normalized(), &self.texture);
        wind_sea.hypot(swell)
    }

    /// Radar backscatter of the sea seen straight down (Ku or Ka band), decibels.
    pub fn nadir_sigma0_db(wind: Wind) -> f64 {
        16.0 - 4.5 * (wind.speed() / 4.0).ln_1p()
    }

    /// Roughness of the sea as a side-looking radar sees it, relative to a wind of 7 m/s (1): wind, its streaks, the
    /// swell, damping over cold water and films drawn out by the eddies.
    pub fn roughness(&self, at: LonLat, time: Time) -> f64 {
        let t = time.seconds_since(REFERENCE);
        let at = at.normalized();
        let wind = self.atmosphere.wind(at, t);
        let (source, core) = self.eddies.stirred(at, t);
        let warm = self.jets.temperature(source, t) + core;
        let speed = wind.speed() * (1.0 + 0.045 * warm.clamp(-6.0, 6.0));
        let film = 0.7 * self.texture.fbm(source.lon_deg, source.lat_deg, 5, 3)
            + 0.8 * self.texture.fbm(source.lon_deg, source.lat_deg, 36, 3);
        let film_depth = 0.16 + 0.55 * (-(speed * speed) / 45.0).exp();
        let relief = climate::swell_relief(at, t, &self.texture) + climate::wind_streaks(at, &self.texture);
        (speed.max(0.2) / 7.0).powf(1.2) * (1.0 + relief) * (1.0 + (film_depth * film).max(-0.9))
    }

    /// Height of the mean sea surface above the ellipsoid, metres: a smooth geoid and the mean dynamic topography.
    pub fn mean_sea_surface(&self, at: LonLat) -> f64 {
        let at = at.normalized();
        let mut mean = Slope::default();
        climate::mean_topography(at, &mut mean);
        self.jets.height(at, 0.0, &mut mean, &mut Slope::default());
        climate::geoid(at) + mean.h
    }
}

/// Current in balance with a slope: `u = −g·f/(f² + f₀²)·∂h/∂y`, `v = g·f/(f² + f₀²)·∂h/∂x`. With `f₀ = f(3°)` the
/// factor is `g/f` within 2 % poleward of 21° and falls to zero at the equator, where geostrophy does not hold.
fn geostrophic(at: LonLat, slope: &Slope) -> (f64, f64) {
    let (sin_lat, cos_lat) = at.lat_deg.to_radians().sin_cos();
    let f = 2.0 * EARTH_ROTATION * sin_lat;
    let f0 = 2.0 * EARTH_ROTATION * EQUATOR_DEG.to_radians().sin();
    let factor = GRAVITY * f / (f * f + f0 * f0);
    let per_y = slope.per_lat / METRES_PER_DEGREE;
    let per_x = slope.per_lon / (METRES_PER_DEGREE * cos_lat.max(1e-3));
    (-factor * per_y, factor * per_x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_same_ocean() {
        let (a, b, c) = (Ocean::new(7), Ocean::new(7), Ocean::new(8));
        let p = LonLat::new(-61.3, 38.2);
        assert_eq!(a.surface(p, REFERENCE), b.surface(p, REFERENCE));
        assert_eq!(a.sst_celsius(p, REFERENCE), b.sst_celsius(p, REFERENCE));
        assert_ne!(a.surface(p, REFERENCE).sla, c.surface(p, REFERENCE).sla);
    }

    #[test]
    fn currents_are_the_gradient_of_height() {
        let ocean = Ocean::new(1);
        let mut rng = SplitMix::new(5);
        for _ in 0..400 {
            let p = LonLat::new(rng.range(-180.0, 180.0), rng.range(-70.0, 70.0));
            let t = REFERENCE.plus_seconds(rng.range(-2e5, 2e5));
            let h = |dlon: f64, dlat: f64| ocean.surface(LonLat::new(p.lon_deg + dlon, p.lat_deg + dlat), t).adt;
            let d = 1e-5;
            let slope = Slope {
                h: 0.0,
                per_lon: (h(d, 0.0) - h(-d, 0.0)) / (2.0 * d),
                per_lat: (h(0.0, d) - h(0.0, -d)) / (2.0 * d),
            };
            let (u, v) = geostrophic(p, &slope);
            let s = ocean.surface(p, t);
            assert!((s.u - u).abs() < 1e-5 && (s.v - v).abs() < 1e-5, "{p:?}: {s:?} {u} {v}");
        }
    }

    #[test]
    fn it_is_whole_at_the_dateline_and_sane_everywhere() {
        let ocean = Ocean::new(1);
        let mut rng = SplitMix::new(6);
        for _ in 0..4000 {
            let p = LonLat::new(rng.range(-180.0, 180.0), rng.range(-89.0, 89.0));
            let turned = LonLat::new(p.lon_deg + 360.0, p.lat_deg);
            let (s, w) = (ocean.surface(p, REFERENCE), ocean.wind(p, REFERENCE));
            assert!((s.adt - ocean.surface(turned, REFERENCE).adt).abs() < 1e-9);
            assert!(s.adt.abs() < 2.5 && s.sla.abs() < 1.5 && s.u.hypot(s.v) < 3.5, "{p:?} {s:?}");
            let sst = ocean.sst_celsius(p, REFERENCE);
            assert!((-1.8..36.0).contains(&sst), "{p:?} {sst}");
            assert!(w.speed() < 45.0 && ocean.roughness(p, REFERENCE) > 0.0);
        }
        for lat in [-60.0, -30.0, 0.5, 25.0, 44.0] {
            let (west, east) = (LonLat::new(-180.0, lat), LonLat::new(179.999_999, lat));
            assert!((ocean.surface(west, REFERENCE).adt - ocean.surface(east, REFERENCE).adt).abs() < 1e-5);
            assert!((ocean.sst_celsius(west, REFERENCE) - ocean.sst_celsius(east, REFERENCE)).abs() < 1e-3);
            assert!((ocean.wind(west, REFERENCE).u - ocean.wind(east, REFERENCE).u).abs() < 1e-4);
        }
    }

    #[test]
    fn the_gulf_stream_flows_east_and_is_warm_on_its_right() {
        let ocean = Ocean::new(1);
        // Strongest eastward current on a section at 64° W, and temperatures 2° to either side.
        let section = |lat: f64| LonLat::new(-64.0, lat);
        let steps: Vec<f64> = (0..300).map(|k| 34.0 + 0.03 * f64::from(k)).collect();
        let speed = |lat: &f64| ocean.surface(section(*lat), REFERENCE).u;
        let core = steps.iter().copied().max_by(|a, b| speed(a).total_cmp(&speed(b))).unwrap();
        assert!(speed(&core) > 0.8, "{}", speed(&core));
        let mean = |from: f64| {
            (0..10).map(|k| ocean.sst_celsius(section(from + 0.1 * f64::from(k)), REFERENCE)).sum::<f64>() / 10.0
        };
        assert!(mean(core - 2.5) - mean(core + 1.5) > 2.0);
    }
}
