//! Surface drifters of the Global Drifter Program: 6-hourly, contiguous ragged arrays as clouddrift writes them.

use rayon::prelude::*;
use seaglass_core::geo::{LonLat, wrap_180};
use seaglass_core::ocean::{METRES_PER_DEGREE, REFERENCE, SplitMix};
use seaglass_core::time::Time;

use super::World;
use super::container::{Container, Data, Variable};

const DRIFTERS: usize = 300;
/// Of these, set out in the western Atlantic.
const ATLANTIC: usize = 60;
const HALF_SPAN_S: f64 = 5.0 * 86_400.0;
const STEP_S: f64 = 3600.0;
const EVERY: usize = 6;

struct Observation {
    time: Time,
    lon: f32,
    lat: f32,
}

/// A drifter: its number and where it was.
struct Track {
    id: i64,
    observations: Vec<Observation>,
}

/// The currents carry a drifter for one step (Runge–Kutta of fourth order).
fn carried(world: &World, at: LonLat, time: Time) -> LonLat {
    let moved = |k: [f64; 2], seconds: f64| {
        LonLat::new(wrap_180(at.lon_deg + k[0] * seconds), (at.lat_deg + k[1] * seconds).clamp(-89.0, 89.0))
    };
    // Degrees a second.
    let speed = |p: LonLat, seconds: f64| {
        let s = world.ocean.surface(p, time.plus_seconds(seconds));
        [s.u / (METRES_PER_DEGREE * p.lat_deg.to_radians().cos()), s.v / METRES_PER_DEGREE]
    };
    let k1 = speed(at, 0.0);
    let k2 = speed(moved(k1, STEP_S / 2.0), STEP_S / 2.0);
    let k3 = speed(moved(k2, STEP_S / 2.0), STEP_S / 2.0);
    let k4 = speed(moved(k3, STEP_S), STEP_S);
    moved([0, 1].map(|j| (k1[j] + 2.0 * k2[j] + 2.0 * k3[j] + k4[j]) / 6.0), STEP_S)
}

/// Follows a drifter from its start until it strands, its time is over or it falls silent.
fn track(world: &World, id: i64, start: LonLat, first: usize, last: usize) -> Track {
    let mut at = start;
    let mut observations = Vec::new();
    for step in 0..=(2.0 * HALF_SPAN_S / STEP_S) as usize {
        let time = REFERENCE.plus_seconds(step as f64 * STEP_S - HALF_SPAN_S);
        if step >= first {
            if step % EVERY == 0 {
                observations.push(Observation { time, lon: at.lon_deg as f32, lat: at.lat_deg as f32 });
            }
            at = carried(world, at, time);
            if step > last || world.land.is_land(at) {
                break;
            }
        }
    }
    Track { id, observations }
}

fn tracks(world: &World) -> Vec<Track> {
    let mut rng = SplitMix::new(world.ocean.seed() ^ 0xd21f);
    let mut starts = Vec::new();
    while starts.len() < DRIFTERS {
        let at = if starts.len() < ATLANTIC {
            LonLat::new(rng.range(-77.0, -42.0), rng.range(27.0, 46.0))
        } else {
            LonLat::new(rng.range(-180.0, 180.0), rng.range(-0.94f64, 0.9).asin().to_degrees())
        };
        // Most report all the time; some were set out later, some fell silent.
        let first = if rng.unit() < 0.12 { 6 * (rng.range(2.0, 22.0) as usize) } else { 0 };
        let last = if rng.unit() < 0.12 { 6 * (rng.range(24.0, 38.0) as usize) } else { usize::MAX };
        if !world.land.near_land(at, 12.0) && at.lat_deg.abs() < 64.0 {
            starts.push((at, first, last));
        }
    }
    let number = |k: usize| 300_534_060_000_000 + 7 * k as i64;
    starts.par_iter().enumerate().map(|(k, (at, first, last))| track(world, number(k), *at, *first, *last)).collect()
}

/// All drifters in one file.
pub(super) fn make(world: &World) -> Container {
    let all = tracks(world);
    let seen: Vec<(&Track, &Observation)> =
        all.iter().flat_map(|t| t.observations.iter().map(move |o| (t, o))).collect();
    let states: Vec<[f32; 3]> = seen
        .par_iter()
        .map(|(_, o)| {
            let at = LonLat::new(f64::from(o.lon), f64::from(o.lat));
            let s = world.ocean.surface(at, o.time);
            [s.u as f32, s.v as f32, world.ocean.sst_kelvin(at, o.time) as f32]
        })
        .collect();
    let along = |name: &'static str, data: Data, long: &str, units: &str| {
        Variable::new(name, &["obs"], data).named(long, units)
    };
    let float = |of: &dyn Fn(usize) -> f32| Data::F32((0..seen.len()).map(of).collect(), Some(-1e34));
    let each = |of: &dyn Fn(&Track) -> f32| Data::F32(all.iter().map(of).collect(), Some(-1e34));
    Container::new("gdp6h_ragged_sample_20240806_20240816.nc")
        .dim("traj", all.len())
        .dim("obs", seen.len())
        .var(
            Variable::new("id", &["traj"], Data::I64(all.iter().map(|t| t.id).collect(), None))
                .named("Global Drifter Program Buoy ID", "-")
                .with("cf_role", "trajectory_id"),
        )
        .var(
            Variable::new(
                "rowsize",
                &["traj"],
                Data::I64(all.iter().map(|t| t.observations.len() as i64).collect(), None),
            )
            .named("Number of observations per trajectory", "-")
            .with("sample_dimension", "obs"),
        )
        .var(
            Variable::new("deploy_lon", &["traj"], each(&|t| t.observations.first().map_or(-1e34, |o| o.lon)))
                .named("Deployment longitude", "degrees_east"),
        )
        .var(
            Variable::new("deploy_lat", &["traj"], each(&|t| t.observations.first().map_or(-1e34, |o| o.lat)))
                .named("Deployment latitude", "degrees_north"),
        )
        .var(along(
            "ids",
            Data::I64(seen.iter().map(|(t, _)| t.id).collect(), None),
            "Global Drifter Program Buoy ID repeated along observations",
            "-",
        ))
        .var(
            along(
                "time",
                Data::F64(seen.iter().map(|(_, o)| o.time.unix_seconds()).collect(), None),
                "Time",
                "seconds since 1970-01-01 00:00:00",
            )
            .standard("time"),
        )
        .var(along("lon", float(&|k| seen[k].1.lon), "Longitude", "degrees_east").standard("longitude"))
        .var(along("lat", float(&|k| seen[k].1.lat), "Latitude", "degrees_north").standard("latitude"))
        .var(
            along("ve", float(&|k| states[k][0]), "Eastward velocity", "m/s")
                .standard("eastward_sea_water_velocity")
                .with("coordinates", "time lat lon"),
        )
        .var(
            along("vn", float(&|k| states[k][1]), "Northward velocity", "m/s")
                .standard("northward_sea_water_velocity")
                .with("coordinates", "time lat lon"),
        )
        .var(
            along("temp", float(&|k| states[k][2]), "Fitted sea water temperature", "Kelvin")
                .standard("sea_surface_temperature")
                .with("coordinates", "time lat lon"),
        )
        .with("Conventions", "CF-1.6")
        .with("featureType", "trajectory")
        .with("title", "Global Drifter Program drifting buoy collection")
        .with("summary", "Global Drifter Program six-hourly data")
        .with("institution", "NOAA Atlantic Oceanographic and Meteorological Laboratory")
        .with("processing_level", "Level 2 QC by GDP drifter DAC")
        .with("time_coverage_start", "2024-08-06:12:00:00Z")
        .with("time_coverage_end", "2024-08-16:12:00:00Z")
}
