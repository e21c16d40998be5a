//! SWOT Level 2 KaRIn low-rate sea surface height, Expert file: half orbits of 9 860 lines and 69 pixels of 2 km.

use std::f64::consts::PI;

use seaglass_core::geo::LonLat;
use seaglass_core::ocean::{Ocean, SplitMix};
use seaglass_core::time::Time;

mod file;

use super::container::{Container, rounded};
use super::orbit::Orbit;
use super::{DAY_START, Maker, World, cells, seconds_since_2000};

const LINES: usize = 9860;
const PIXELS: usize = 69;
/// Passes written.
const PASSES: usize = 6;
/// Pass over the Gulf Stream at 13:18; odd passes go north.
const FIRST_PASS: i64 = 275;

const SUSPECT: u32 = 1 | 4;
const DEGRADED: u32 = 1_073_741_824 | 262_144;
const OUTSIDE: u32 = 536_870_912;
const UNUSABLE: u32 = 2_147_483_648;
const NO_TELEMETRY: u32 = 16_777_216 | 2_147_483_648;

fn orbit() -> Orbit {
    Orbit::through(77.6, 890_600.0, LonLat::new(-60.0, 36.5), DAY_START.plus_seconds(13.3 * 3600.0), true)
}

/// The passes with most of the Gulf Stream in view on the day, then the neighbours of the first.
pub(super) fn makers() -> Vec<Maker> {
    let orbit = orbit();
    let day = |t: Time| (0.0..86_400.0).contains(&t.seconds_since(DAY_START));
    let in_view = |half: i64| {
        let start = orbit.southernmost(half);
        let half_period = orbit.period_s() / 2.0;
        let seen = |k: i32| {
            let t = start.plus_seconds(half_period * f64::from(k) / 400.0);
            let at = orbit.line(t).at(0.0);
            day(t) && (-75.0..-45.0).contains(&at.lon_deg) && (28.0..45.0).contains(&at.lat_deg)
        };
        (0..400).filter(|k| seen(*k)).count()
    };
    let mut halves: Vec<i64> = (-30..30).filter(|half| day(orbit.southernmost(*half).plus_seconds(1540.0))).collect();
    halves.sort_by_key(|half| (std::cmp::Reverse(in_view(*half)), half.abs()));
    halves.truncate(PASSES);
    halves.sort_unstable();
    halves.into_iter().map(|half| Box::new(move |world: &World| pass(world, half)) as Maker).collect()
}

#[derive(Clone, Default)]
struct Cell {
    lat: i32,
    lon: i32,
    ssha: f64,
    ssh: f64,
    mss: f64,
    xover: f64,
    swh: f64,
    wind: f64,
    sigma0: f32,
    quality: u32,
    land: bool,
}

/// Distance of a pixel from the track, km; left of it negative.
fn across_km(pixel: usize) -> f64 {
    (pixel as f64 - 34.0) * 2.0
}

/// What the instrument does to a pass: stretches of lines with a side (−1, 1 or both 0) and flags.
struct Events(Vec<(usize, usize, i32, u32)>);

impl Events {
    fn new(seed: u64, half: i64) -> Self {
        let mut rng = SplitMix::new(seed ^ 0x5307 ^ (half as u64).wrapping_mul(0x9e37));
        let mut stretch = |side: i32, lines: [f64; 2], flags: u32| {
            let from = rng.range(100.0, LINES as f64 - 400.0) as usize;
            (from, from + rng.range(lines[0], lines[1]) as usize, side, flags)
        };
        Self(vec![
            stretch(-1, [40.0, 140.0], DEGRADED),
            stretch(1, [40.0, 140.0], DEGRADED),
            stretch(0, [20.0, 60.0], NO_TELEMETRY),
            stretch(-1, [60.0, 200.0], SUSPECT),
            stretch(1, [60.0, 200.0], SUSPECT),
        ])
    }

    fn at(&self, line: usize, km: f64) -> u32 {
        let hit = |(from, to, side, _): &&(usize, usize, i32, u32)| {
            (*from..*to).contains(&line) && (*side == 0 || f64::from(*side) * km > 0.0)
        };
        self.0.iter().filter(hit).fold(0, |sum, (.., flags)| sum | flags)
    }
}

/// What crossover calibration adds, metres: a bias, a roll and a bend that change slowly along the pass.
fn crossover_correction(line: usize, km: f64, half: i64) -> f64 {
    let along = line as f64 / LINES as f64 * 2.0 * PI;
    let roll = 2.1e-4 * (along * 1.7 + half as f64).sin() + 0.9e-4 * (along * 4.3).cos();
    let bias = 0.006 * (along * 0.8 + 0.5 * half as f64).cos();
    bias + roll * km + 2.0e-6 * (along * 2.3).sin() * km * km
}

fn pass(world: &World, half: i64) -> Container {
    let orbit = orbit();
    let step = orbit.period_s() / 2.0 / LINES as f64;
    let time_of = |line: usize| orbit.southernmost(half).plus_seconds((line as f64 + 0.5) * step);
    let events = Events::new(world.ocean.seed(), half);
    let all: Vec<Cell> = cells(LINES, PIXELS, |line, out: &mut [Cell]| {
        let time = time_of(line);
        let ground = orbit.line(time);
        for (pixel, cell) in out.iter_mut().enumerate() {
            let km = across_km(pixel);
            let at = ground.at(km * 1000.0);
            // The ocean is asked at the position as the file stores it.
            cell.lat = (at.lat_deg * 1e6).round() as i32;
            cell.lon = ((at.lon_deg.rem_euclid(360.0) * 1e6).round() as i32).rem_euclid(360_000_000);
            let at = LonLat::new(f64::from(cell.lon) * 1e-6, f64::from(cell.lat) * 1e-6);
            measure(world, at, time, km, events.at(line, km), crossover_correction(line, km, half), cell);
        }
    });
    let times: Vec<f64> = (0..LINES).map(|line| seconds_since_2000(time_of(line))).collect();
    let headings: Vec<f64> = (0..LINES).map(|line| orbit.line(time_of(line)).heading_deg()).collect();
    let pass_number = (FIRST_PASS + half - 1).rem_euclid(584) + 1;
    let span = [time_of(0), time_of(LINES - 1)];
    file::describe(&all, &times, &headings, pass_number as i16, span)
}

/// Fills a cell: heights between 10 and 60 km from the track over sea; flags say why there is none.
fn measure(world: &World, at: LonLat, time: Time, km: f64, events: u32, xover: f64, cell: &mut Cell) {
    cell.land = world.land.is_land(at);
    cell.mss = world.ocean.mean_sea_surface(at);
    let outside = !(10.0..=60.0).contains(&km.abs());
    cell.quality = events | if outside { OUTSIDE | UNUSABLE } else { 0 } | if cell.land { UNUSABLE } else { 0 };
    let missing = outside || cell.land || events & NO_TELEMETRY != 0;
    if missing {
        (cell.ssha, cell.ssh, cell.xover) = (f64::NAN, f64::NAN, f64::NAN);
        (cell.swh, cell.wind, cell.sigma0) = (f64::NAN, f64::NAN, f32::NAN);
        return;
    }
    // The correction is stored rounded; the height completes it to the ocean's.
    cell.xover = (xover * 1e4).round() * 1e-4;
    cell.ssha = world.ocean.surface(at, time).sla - cell.xover;
    cell.ssh = cell.ssha + cell.mss;
    let wind = world.ocean.wind(at, time);
    cell.wind = wind.speed();
    cell.swh = world.ocean.wave_height(at, wind);
    cell.sigma0 = rounded(10f64.powf(Ocean::nadir_sigma0_db(wind) / 10.0) as f32, 11);
}
