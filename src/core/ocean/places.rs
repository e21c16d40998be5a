//! Where the real ocean has its currents, gyres and storms: tables, in degrees.

use crate::geo::{LonLat, wrap_180};

/// A region with more and stronger eddies than the rest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Region {
    pub west: f64,
    pub east: f64,
    pub south: f64,
    pub north: f64,
    /// Part of the regional eddies that it receives (relative to the others).
    pub share: f64,
    /// Amplitude relative to the open ocean.
    pub energy: f64,
}

impl Region {
    /// Whether a place lies inside.
    pub fn contains(&self, at: LonLat) -> bool {
        let lon = self.west + (at.lon_deg - self.west).rem_euclid(360.0);
        lon <= self.east && (self.south..=self.north).contains(&at.lat_deg)
    }
}

const fn region(west: f64, east: f64, south: f64, north: f64, share: f64, energy: f64) -> Region {
    Region { west, east, south, north, share, energy }
}

/// Western boundary currents and their extensions, the Southern Ocean, the eddy corridors of the subtropics.
pub(super) const REGIONS: &[Region] = &[
    region(-74.0, -44.0, 34.0, 43.5, 1.5, 3.6),
    region(-79.0, -50.0, 26.0, 34.0, 0.9, 1.9),
    region(-46.0, -34.0, 40.0, 51.0, 0.5, 2.6),
    region(-95.0, -84.0, 23.0, 28.0, 0.15, 2.8),
    region(140.0, 170.0, 31.0, 41.0, 1.5, 3.4),
    region(122.0, 150.0, 19.0, 31.0, 0.9, 2.0),
    region(8.0, 42.0, -44.0, -33.0, 1.3, 3.8),
    region(42.0, 80.0, -48.0, -39.0, 0.9, 2.4),
    region(-60.0, -35.0, -50.0, -34.0, 1.2, 3.3),
    region(150.0, 162.0, -40.0, -26.0, 0.6, 2.8),
    region(-180.0, 180.0, -60.0, -46.0, 3.0, 1.7),
    region(35.0, 50.0, -26.0, -11.0, 0.4, 2.8),
    region(95.0, 116.0, -34.0, -20.0, 0.5, 1.6),
    region(-165.0, -150.0, 15.0, 23.0, 0.3, 1.5),
];

/// A current: a straight axis from a place in a direction, with meanders about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct JetPlace {
    /// Start of the axis.
    pub from: [f64; 2],
    /// End of the axis; for a circumpolar jet only its latitude counts.
    pub to: [f64; 2],
    /// Half of the step in height across it, metres.
    pub half_step_m: f64,
    /// Half width of the current, degrees.
    pub width: f64,
    /// Half of the step in temperature, kelvin.
    pub half_step_k: f64,
    /// Size of its meanders, degrees.
    pub meander: f64,
    /// Lengths over which it sets in and fades out, degrees.
    pub ramps: [f64; 2],
    /// Runs round the Earth.
    pub circumpolar: bool,
    /// Sheds rings: warm ones poleward, cold ones equatorward.
    pub rings: bool,
}

const fn jet(
    from: [f64; 2],
    to: [f64; 2],
    half_step_m: f64,
    width: f64,
    half_step_k: f64,
    meander: f64,
    ramps: [f64; 2],
) -> JetPlace {
    JetPlace { from, to, half_step_m, width, half_step_k, meander, ramps, circumpolar: false, rings: meander >= 0.8 }
}

const fn circumpolar(lat: f64, half_step_m: f64, width: f64, half_step_k: f64, meander: f64) -> JetPlace {
    JetPlace {
        from: [0.0, lat],
        to: [1.0, lat],
        half_step_m,
        width,
        half_step_k,
        meander,
        ramps: [1.0, 1.0],
        circumpolar: true,
        rings: false,
    }
}

/// The jets of the sample ocean.
pub(super) const JETS: &[JetPlace] = &[
    // Gulf Stream: along Florida and Carolina, from Cape Hatteras to the Grand Banks, North Atlantic Current, Azores.
    jet([-79.9, 25.0], [-74.6, 35.6], 0.30, 0.42, 1.2, 0.10, [2.0, 2.2]),
    jet([-76.2, 34.6], [-44.0, 41.2], 0.46, 0.42, 3.0, 1.15, [2.4, 8.0]),
    jet([-47.0, 40.5], [-37.0, 51.5], 0.26, 0.55, 2.4, 0.85, [3.0, 4.0]),
    jet([-38.0, 34.6], [-14.0, 34.4], 0.08, 0.60, 0.5, 0.60, [5.0, 5.0]),
    // Kuroshio: Taiwan to Kyushu, south of Japan, extension.
    jet([122.5, 23.5], [130.8, 31.2], 0.30, 0.45, 1.2, 0.15, [2.0, 2.0]),
    jet([129.8, 30.6], [141.0, 35.0], 0.36, 0.42, 1.5, 0.55, [2.0, 2.0]),
    jet([139.5, 34.9], [170.0, 37.2], 0.44, 0.45, 2.4, 1.10, [2.5, 8.0]),
    // Agulhas Current and its return.
    jet([34.0, -27.0], [18.5, -38.2], 0.32, 0.45, 1.6, 0.15, [2.5, 2.0]),
    jet([16.0, -39.6], [78.0, -43.5], 0.40, 0.55, 2.6, 1.25, [2.5, 8.0]),
    // Brazil Current and its confluence with the Malvinas Current, East Australian Current.
    jet([-44.0, -24.5], [-54.5, -38.5], 0.20, 0.50, 1.5, 0.25, [2.5, 2.0]),
    jet([-55.5, -38.2], [-22.0, -41.5], 0.32, 0.55, 3.0, 1.20, [2.0, 8.0]),
    jet([154.0, -24.5], [151.8, -35.5], 0.26, 0.45, 1.3, 0.20, [2.5, 2.5]),
    // Antarctic Circumpolar Current: Subantarctic and Polar Front.
    circumpolar(-48.5, 0.24, 1.0, 1.3, 0.95),
    circumpolar(-55.5, 0.22, 1.0, 1.2, 0.9),
];

/// A smooth hump: centre, half axes (where it vanishes) in degrees, height.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hump {
    pub lon: f64,
    pub lat: f64,
    pub half_lon: f64,
    pub half_lat: f64,
    pub height: f64,
}

const fn hump(lon: f64, lat: f64, half_lon: f64, half_lat: f64, height: f64) -> Hump {
    Hump { lon, lat, half_lon, half_lat, height }
}

impl Hump {
    /// `height·(1 − q)⁴` with its slopes per degree of longitude and latitude; `None` outside.
    #[inline]
    pub fn at(&self, lon: f64, lat: f64) -> Option<(f64, f64, f64)> {
        let dy = (lat - self.lat) / self.half_lat;
        if dy.abs() >= 1.0 {
            return None;
        }
        let dx = wrap_180(lon - self.lon) / self.half_lon;
        let w = 1.0 - dx * dx - dy * dy;
        (w > 0.0).then(|| {
            let w3 = w * w * w;
            let slope = -8.0 * self.height * w3;
            (self.height * w3 * w, slope * dx / self.half_lon, slope * dy / self.half_lat)
        })
    }
}

/// Gyres in the mean dynamic topography, metres.
pub(super) const GYRES: &[Hump] = &[
    hump(-62.0, 29.0, 48.0, 21.0, 0.34),
    hump(-40.0, 58.0, 32.0, 15.0, -0.42),
    hump(150.0, 27.0, 70.0, 24.0, 0.46),
    hump(175.0, 51.0, 48.0, 15.0, -0.40),
    hump(-150.0, -20.0, 90.0, 30.0, 0.42),
    hump(68.0, -24.0, 60.0, 24.0, 0.44),
    hump(-24.0, -25.0, 44.0, 22.0, 0.26),
    hump(150.0, 4.0, 80.0, 26.0, 0.28),
    hump(-100.0, 8.0, 40.0, 9.0, -0.10),
];

/// The geoid, roughly, metres.
pub(super) const GEOID: &[Hump] = &[
    hump(78.0, 3.0, 55.0, 45.0, -105.0),
    hump(145.0, -4.0, 60.0, 45.0, 82.0),
    hump(-28.0, 55.0, 50.0, 38.0, 64.0),
    hump(-62.0, 30.0, 50.0, 35.0, -54.0),
    hump(-125.0, 28.0, 55.0, 38.0, -46.0),
    hump(45.0, -45.0, 60.0, 35.0, 42.0),
    hump(170.0, -72.0, 90.0, 30.0, -60.0),
    hump(-70.0, -20.0, 35.0, 35.0, 38.0),
    hump(18.0, 5.0, 35.0, 35.0, 18.0),
];

/// August temperature relative to the mean of its latitude, kelvin.
pub(super) const TEMPERATURE: &[Hump] = &[
    hump(-80.0, -14.0, 16.0, 22.0, -4.5),
    hump(-76.0, -32.0, 15.0, 18.0, -2.0),
    hump(-122.0, 33.0, 14.0, 18.0, -6.0),
    hump(11.0, -22.0, 14.0, 22.0, -5.5),
    hump(-17.0, 22.0, 12.0, 18.0, -4.5),
    hump(135.0, 9.0, 80.0, 28.0, 1.9),
    hump(54.0, 13.0, 10.0, 10.0, -3.5),
    hump(-53.0, 49.0, 22.0, 13.0, -4.5),
    hump(-66.0, 44.0, 9.0, 4.5, -2.5),
    hump(-71.0, 40.5, 8.0, 3.5, 0.8),
    hump(149.0, 45.0, 22.0, 9.0, -4.5),
    hump(6.0, 67.0, 40.0, 16.0, 5.0),
    hump(-86.0, 25.0, 22.0, 14.0, 1.7),
    hump(-72.0, 30.0, 26.0, 11.0, 1.2),
    hump(45.0, 24.0, 20.0, 14.0, 3.5),
    hump(18.0, 37.0, 32.0, 10.0, 3.0),
    hump(125.0, 33.0, 16.0, 13.0, 1.5),
];

/// Mean sea surface temperature of August every 10° from 90° S to 90° N, °C (rounded from common climatologies).
pub(super) const TEMPERATURE_BY_LATITUDE: [f64; 19] =
    [-1.9, -1.9, -1.85, -0.9, 4.2, 10.8, 17.6, 22.6, 25.8, 26.9, 28.0, 27.9, 26.9, 21.8, 14.2, 9.4, 4.6, 0.4, -1.6];

/// Mean eastward and northward wind of August every 10° from 90° S to 90° N, m/s.
pub(super) const WIND_BY_LATITUDE: [[f64; 2]; 19] = [
    [-2.0, 1.0],
    [-2.5, 1.5],
    [-1.5, 1.2],
    [4.5, 0.0],
    [8.5, -0.8],
    [7.5, -0.8],
    [1.5, 1.2],
    [-4.8, 2.8],
    [-6.5, 2.4],
    [-4.5, 1.8],
    [-2.2, 0.8],
    [-5.6, -2.0],
    [-2.6, -0.6],
    [2.6, 1.0],
    [3.8, 0.9],
    [2.2, 0.2],
    [-0.5, 0.0],
    [-1.0, 0.0],
    [0.0, 0.0],
];
