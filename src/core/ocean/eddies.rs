//! Eddies: bells of sea level that drift west, and the stirring they do.

use super::Slope;
use super::jets::Jets;
use super::noise::{SplitMix, smooth_step};
use super::places::{REGIONS, Region};
use super::{METRES_PER_DEGREE, VALID_WITHIN_S};
use crate::geo::{LonLat, wrap_180};

/// Mesoscale eddies (30–110 km) in the world.
const MESOSCALE: usize = 4600;
/// Broad, slow hills and hollows (110–210 km) in the world; they stir nothing.
const BROAD: usize = 700;
/// Submesoscale eddies (9–22 km) in the world.
const SUBMESOSCALE: usize = 13_000;
const KM_PER_DEGREE: f64 = METRES_PER_DEGREE / 1000.0;
const DAY_S: f64 = 86_400.0;

/// One eddy. `q = a·dx² + 2b·dx·dy + c·dy²` (offsets in km) is 1 on an ellipse of four standard deviations, and the
/// height is `amplitude·(1 − q)⁸`, which is a Gaussian within 2 % of its peak and exactly zero outside.
#[derive(Clone, Copy, Debug)]
struct Eddy {
    lon: f64,
    lat: f64,
    lon_per_s: f64,
    lat_per_s: f64,
    km_per_lon: f64,
    a: f64,
    b: f64,
    c: f64,
    amplitude_m: f64,
    /// Angle by which water at the centre was turned, radians, against the flow.
    turn: f64,
    /// Temperature of the core relative to its surroundings, kelvin.
    core_k: f64,
}

impl Eddy {
    /// Offsets in km and q.
    #[inline]
    fn offset(&self, at: LonLat, t: f64) -> (f64, f64, f64) {
        let mut dlon = at.lon_deg - self.lon - self.lon_per_s * t;
        if dlon > 180.0 {
            dlon -= 360.0;
        } else if dlon < -180.0 {
            dlon += 360.0;
        }
        let dx = dlon * self.km_per_lon;
        let dy = (at.lat_deg - self.lat - self.lat_per_s * t) * KM_PER_DEGREE;
        (dx, dy, self.a * dx * dx + 2.0 * self.b * dx * dy + self.c * dy * dy)
    }

    /// Longest distance from the centre that it touches within [`VALID_WITHIN_S`], degrees of latitude.
    fn reach_deg(&self) -> f64 {
        let mean = (self.a + self.c) / 2.0;
        let small = mean - ((self.a - self.c) / 2.0).hypot(self.b);
        let drift = (self.lon_per_s * self.km_per_lon / KM_PER_DEGREE).hypot(self.lat_per_s) * VALID_WITHIN_S;
        1.0 / (small.sqrt() * KM_PER_DEGREE) + drift
    }
}

/// All eddies, found by one-degree bins.
#[derive(Clone, Debug)]
pub(super) struct Eddies {
    all: Vec<Eddy>,
    /// `list[start[bin]..start[bin + 1]]` are the eddies that may touch the bin.
    start: Vec<u32>,
    list: Vec<u32>,
}

const BIN_COLS: usize = 360;
const BIN_ROWS: usize = 180;

fn bin_of(at: LonLat) -> usize {
    let col = ((at.lon_deg + 180.0) as usize).min(BIN_COLS - 1);
    let row = ((at.lat_deg + 90.0).max(0.0) as usize).min(BIN_ROWS - 1);
    row * BIN_COLS + col
}

impl Eddies {
    /// Places the eddies of a seed.
    pub(super) fn new(seed: u64, jets: &Jets) -> Self {
        let mut rng = SplitMix::new(seed ^ 0xedd1_e500);
        let mut all = Vec::with_capacity(MESOSCALE + SUBMESOSCALE + BROAD);
        while all.len() < MESOSCALE {
            all.extend(mesoscale(&mut rng, jets));
        }
        while all.len() < MESOSCALE + SUBMESOSCALE {
            all.extend(submesoscale(&mut rng));
        }
        while all.len() < MESOSCALE + SUBMESOSCALE + BROAD {
            all.extend(broad(&mut rng));
        }
        let (start, list) = bins(&all);
        Self { all, start, list }
    }

    fn near(&self, at: LonLat) -> impl Iterator<Item = &Eddy> {
        let bin = bin_of(at);
        let range = self.start[bin] as usize..self.start[bin + 1] as usize;
        self.list[range].iter().map(|k| &self.all[*k as usize])
    }

    /// Adds the heights and slopes at a place.
    pub(super) fn height(&self, at: LonLat, t: f64, sum: &mut Slope) {
        for e in self.near(at) {
            let (dx, dy, q) = e.offset(at, t);
            if q < 1.0 {
                let w = 1.0 - q;
                let w2 = w * w;
                let w7 = w2 * w2 * w2 * w;
                let slope = -8.0 * e.amplitude_m * w7;
                let per_dx = 2.0 * (e.a * dx + e.b * dy);
                let per_dy = 2.0 * (e.b * dx + e.c * dy);
                sum.add(e.amplitude_m * w7 * w, slope * per_dx * e.km_per_lon, slope * per_dy * KM_PER_DEGREE);
            }
        }
    }

    /// Where the water at a place came from before the eddies turned it, and the temperature their cores add, kelvin.
    ///
    /// Each eddy has turned the water about its centre by `turn·(1 − q)³`: most in the middle, not at all at its rim.
    /// A front that crosses an eddy is so wound into a spiral.
    pub(super) fn stirred(&self, at: LonLat, t: f64) -> (LonLat, f64) {
        let (mut lon, mut lat, mut core) = (at.lon_deg, at.lat_deg, 0.0);
        for e in self.near(at) {
            let (dx, dy, q) = e.offset(at, t);
            if q < 1.0 {
                let w = 1.0 - q;
                let w3 = w * w * w;
                let (sin, cos) = (e.turn * w3).sin_cos();
                lon += ((cos - 1.0) * dx - sin * dy) / e.km_per_lon;
                lat += ((cos - 1.0) * dy + sin * dx) / KM_PER_DEGREE;
                core += e.core_k * w3 * w3;
            }
        }
        (LonLat::new(wrap_180(lon), lat.clamp(-90.0, 90.0)), core)
    }
}

fn bins(all: &[Eddy]) -> (Vec<u32>, Vec<u32>) {
    let mut lists = vec![Vec::new(); BIN_COLS * BIN_ROWS];
    for (k, e) in all.iter().enumerate() {
        let reach = e.reach_deg();
        let south = (e.lat - reach + 90.0).floor().max(0.0) as usize;
        let north = ((e.lat + reach + 90.0).floor() as usize).min(BIN_ROWS - 1);
        let lon_reach = reach * KM_PER_DEGREE / e.km_per_lon;
        let west = (e.lon - lon_reach + 180.0).floor() as i64;
        let east = (e.lon + lon_reach + 180.0).floor() as i64;
        for row in south..=north {
            for col in west..=east.min(west + BIN_COLS as i64 - 1) {
                let col = col.rem_euclid(BIN_COLS as i64) as usize;
                lists[row * BIN_COLS + col].push(k as u32);
            }
        }
    }
    let mut start = vec![0u32];
    let mut list = Vec::new();
    for bin in lists {
        list.extend(bin);
        start.push(list.len() as u32);
    }
    (start, list)
}

/// A place drawn evenly over the sphere between ±66°, or inside an energetic region.
fn place(rng: &mut SplitMix, regional: f64) -> (LonLat, Option<&'static Region>) {
    if rng.unit() < regional {
        let total: f64 = REGIONS.iter().map(|r| r.share).sum();
        let mut pick = rng.unit() * total;
        for region in REGIONS {
            pick -= region.share;
            if pick <= 0.0 {
                let lon = wrap_180(rng.range(region.west, region.east));
                return (LonLat::new(lon, rng.range(region.south, region.north)), Some(region));
            }
        }
    }
    let top = 66f64.to_radians().sin();
    let at = LonLat::new(rng.range(-180.0, 180.0), rng.range(-top, top).asin().to_degrees());
    let region = REGIONS.iter().find(|r| r.contains(at));
    (at, region)
}

/// Speed of long Rossby waves, km/day to the west: fast in the tropics, slow towards the poles.
fn westward_km_per_day(lat_deg: f64) -> f64 {
    let s = lat_deg.to_radians().sin().abs().max(0.12);
    (1.1 * lat_deg.to_radians().cos() / (s * s)).min(22.0)
}

fn mesoscale(rng: &mut SplitMix, jets: &Jets) -> Option<Eddy> {
    let (at, region) = place(rng, 0.36);
    let lat = at.lat_deg.abs();
    if lat < 7.0 {
        return None;
    }
    let energy = region.map_or(1.0, |r| r.energy);
    // Radii shrink with the Rossby radius, from about 100 km in the tropics to 35 km at 60°.
    let sigma = (38.0 + 75.0 * (-lat / 22.0).exp()) * rng.range(0.65, 1.3) * if energy > 2.0 { 1.12 } else { 1.0 };
    let tropics = smooth_step(lat, 6.0, 16.0).0;
    let mut amplitude = (0.058 + 0.11 * rng.unit() * rng.unit()) * energy.powf(0.72) * (0.4 + 0.6 * tropics);
    // Warm rings poleward, cold rings equatorward of a jet; elsewhere either.
    let ring = jets.ring_side(at);
    let warm = match ring {
        Some(warm) => rng.unit() < if warm { 0.8 } else { 0.2 },
        None => rng.unit() < 0.5,
    };
    if ring.is_some() {
        amplitude *= 1.25;
    }
    let sign = if warm { 1.0 } else { -1.0 };
    let turn = rng.range(1.0, 3.6) * (amplitude / 0.12).clamp(0.35, 1.15);
    let core = sign * amplitude * rng.range(2.0, 7.0) * smooth_step(lat, 10.0, 32.0).0;
    let poleward = if warm { -1.0 } else { 1.0 } * rng.range(0.0, 0.6) * at.lat_deg.signum();
    let west = westward_km_per_day(lat) * rng.range(0.7, 1.3);
    Some(eddy(rng, at, sigma, sign * amplitude, turn, core, [-west, poleward]))
}

fn submesoscale(rng: &mut SplitMix) -> Option<Eddy> {
    let (at, region) = place(rng, 0.3);
    let lat = at.lat_deg.abs();
    if lat < 4.0 {
        return None;
    }
    let energy = region.map_or(1.0, |r| r.energy).min(3.0);
    let sigma = rng.range(9.0, 22.0);
    let sign = if rng.unit() < 0.35 { 1.0 } else { -1.0 };
    let tropics = smooth_step(lat, 4.0, 16.0).0;
    let amplitude = (0.003 + 0.008 * rng.unit()) * energy.sqrt() * (sigma / 15.0) * tropics;
    let turn = rng.range(1.0, 3.6);
    let core = sign * rng.range(0.0, 0.35) * tropics;
    let west = westward_km_per_day(lat);
    Some(eddy(rng, at, sigma, sign * amplitude, turn, core, [-west * 0.6, 0.0]))
}

fn broad(rng: &mut SplitMix) -> Option<Eddy> {
    let (at, _) = place(rng, 0.0);
    let lat = at.lat_deg.abs();
    if lat < 9.0 {
        return None;
    }
    let sigma = rng.range(110.0, 210.0);
    let amplitude = rng.range(-0.055, 0.055) * smooth_step(lat, 9.0, 25.0).0;
    Some(eddy(rng, at, sigma, amplitude, 0.0, 0.0, [-westward_km_per_day(lat), 0.0]))
}

/// Fills in shape, orientation and drift (`km_per_day` east and north).
fn eddy(
    rng: &mut SplitMix,
    at: LonLat,
    sigma_km: f64,
    amplitude_m: f64,
    turn: f64,
    core_k: f64,
    km_per_day: [f64; 2],
) -> Eddy {
    let km_per_lon = KM_PER_DEGREE * at.lat_deg.to_radians().cos();
    let stretch = rng.range(1.0, 1.45_f64).sqrt();
    let (sin, cos) = rng.range(0.0, std::f64::consts::PI).sin_cos();
    let long = 1.0 / (4.0 * sigma_km * stretch).powi(2);
    let short = 1.0 / (4.0 * sigma_km / stretch).powi(2);
    // An anticyclone (high) turns clockwise in the north; water came from the other way round.
    let back = amplitude_m.signum() * at.lat_deg.signum();
    Eddy {
        lon: at.lon_deg,
        lat: at.lat_deg,
        lon_per_s: km_per_day[0] / km_per_lon / DAY_S,
        lat_per_s: km_per_day[1] / KM_PER_DEGREE / DAY_S,
        km_per_lon,
        a: cos * cos * long + sin * sin * short,
        b: cos * sin * (long - short),
        c: sin * sin * long + cos * cos * short,
        amplitude_m,
        turn: turn * back,
        core_k,
    }
}
