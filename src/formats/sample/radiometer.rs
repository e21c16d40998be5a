//! An infrared radiometer: GHRSST L2P granules of five minutes, 2 030 lines of 1 354 pixels, as MODIS on Terra, with
//! clouds. The bow-tie overlap of the real scanner is left out.

use seaglass_core::geo::LonLat;
use seaglass_core::time::Time;

use super::clouds::Clouds;
use super::container::{Container, Data, Variable, packed};
use super::orbit::{Orbit, SPHERE_M};
use super::{DAY_START, Maker, World, cells, compact};

const LINES: usize = 2030;
const PIXELS: usize = 1354;
const GRANULE_S: f64 = 300.0;
/// Half of the scan angle, degrees.
const SCAN_DEG: f64 = 55.0;
const NONE: i16 = -32_767;
const NO_TIME: i16 = -32_768;

fn orbit() -> Orbit {
    Orbit::through(
        98.2,
        705_000.0,
        LonLat::new(-58.0, 37.0),
        DAY_START.plus_seconds(13.0 * 3600.0 + 50.0 * 60.0),
        false,
    )
}

/// The two granules over the Gulf Stream and the one of the next orbit over the Gulf of Mexico.
pub(super) fn makers() -> Vec<Maker> {
    let at = |hour: f64, minute: f64| DAY_START.plus_seconds(hour * 3600.0 + minute * 60.0);
    [at(13.0, 45.0), at(13.0, 50.0), at(15.0, 30.0)]
        .into_iter()
        .map(|start| Box::new(move |world: &World| granule(world, start)) as Maker)
        .collect()
}

#[derive(Clone, Default)]
struct Cell {
    lon: f32,
    lat: f32,
    sst: f64,
    quality: i8,
    land: bool,
}

/// Distance from the track of a pixel, metres: the scan turns evenly, so pixels grow towards the ends of the line.
fn across_m(altitude_m: f64, pixel: usize) -> f64 {
    let angle = ((pixel as f64 + 0.5) / PIXELS as f64 * 2.0 - 1.0) * SCAN_DEG.to_radians();
    let incidence = ((SPHERE_M + altitude_m) / SPHERE_M * angle.sin()).clamp(-1.0, 1.0).asin();
    (incidence - angle) * SPHERE_M
}

/// Nearest multiple of 2⁻¹⁴° (7 m): single precision is no finer beyond 64°, and the rest would not compress.
fn stored(degrees: f64) -> f32 {
    ((degrees * 16_384.0).round() / 16_384.0) as f32
}

fn granule(world: &World, start: Time) -> Container {
    let orbit = orbit();
    let clouds = Clouds::new(world.ocean.seed());
    let offsets: Vec<f64> = (0..PIXELS).map(|pixel| across_m(orbit.altitude_m(), pixel)).collect();
    let seconds = |line: usize| (line as f64 * GRANULE_S / LINES as f64).floor();
    let all: Vec<Cell> = cells(LINES, PIXELS, |line, out: &mut [Cell]| {
        let ground = orbit.line(start.plus_seconds((line as f64 + 0.5) * GRANULE_S / LINES as f64));
        let time = start.plus_seconds(seconds(line));
        for (metres, cell) in offsets.iter().zip(out) {
            let at = ground.at(*metres);
            (cell.lon, cell.lat) = (stored(at.lon_deg), stored(at.lat_deg));
            let at = LonLat::new(f64::from(cell.lon), f64::from(cell.lat));
            cell.land = world.land.is_land(at);
            cell.quality = if cell.land { 0 } else { clouds.quality(at) };
            cell.sst = if cell.quality == 0 { f64::NAN } else { world.ocean.sst_kelvin(at, time) };
        }
    });
    describe(&all, start, |line| seconds(line) as i16)
}

fn describe(all: &[Cell], start: Time, seconds: impl Fn(usize) -> i16) -> Container {
    const SWATH: [&str; 3] = ["time", "nj", "ni"];
    let chunks = [1, 1015, 677];
    let position = |name: &'static str, long: &str, units: &str, limit: f32, of: fn(&Cell) -> f32| {
        Variable::new(name, &SWATH[1..], Data::F32(all.iter().map(of).collect(), Some(-999.0)))
            .named(long, units)
            .standard(long)
            .with("valid_min", -limit)
            .with("valid_max", limit)
            .with("comment", "geographical coordinates, WGS84 projection")
            .chunked(&chunks[1..])
    };
    let by_quality = |name: &'static str, long: &str, scale: f32, values: [i8; 6]| {
        Variable::new(name, &SWATH, Data::I8(all.iter().map(|c| values[c.quality as usize]).collect(), Some(-128)))
            .named(long, "kelvin")
            .with("scale_factor", scale)
            .with("add_offset", 0f32)
            .with("coordinates", "lon lat")
            .chunked(&chunks)
    };
    let dtime = (0..all.len()).map(|k| seconds(k / PIXELS)).collect();
    let stop = start.plus_seconds(GRANULE_S - 1.0);
    let civil = |t: Time| format!("{}Z", compact(t));
    Container::new(format!("{}-JPL-L2P_GHRSST-SSTskin-MODIS_T-D-v02.0-fv01.0.nc", compact(start).replace('T', "")))
        .dim("nj", LINES)
        .dim("ni", PIXELS)
        .dim("time", 1)
        .var(position("lat", "latitude", "degrees_north", 90.0, |c| c.lat))
        .var(position("lon", "longitude", "degrees_east", 180.0, |c| c.lon))
        .var(
            Variable::new("time", &["time"], Data::I32(vec![(start.unix_seconds() - 347_155_200.0) as i32], None))
                .named("reference time of sst file", "seconds since 1981-01-01 00:00:00")
                .standard("time")
                .with("comment", "time of first sensor observation"),
        )
        .var(
            Variable::new(
                "sea_surface_temperature",
                &SWATH,
                Data::I16(packed(all.iter().map(|c| c.sst), 0.005, 273.15, NONE), Some(NONE)),
            )
            .named("sea surface temperature", "kelvin")
            .standard("sea_surface_skin_temperature")
            .with("add_offset", 273.15f32)
            .with("scale_factor", 0.005f32)
            .with("valid_min", -1000i16)
            .with("valid_max", 10_000i16)
            .with("coordinates", "lon lat")
            .with("comment", "sea surface temperature from thermal IR (11 um) channels")
            .chunked(&chunks),
        )
        .var(
            Variable::new("sst_dtime", &SWATH, Data::I16(dtime, Some(NO_TIME)))
                .named("time difference from reference time", "seconds")
                .with("valid_min", -32_767i16)
                .with("valid_max", 32_767i16)
                .with("coordinates", "lon lat")
                .with("comment", "time plus sst_dtime gives seconds after 00:00:00 UTC January 1, 1981")
                .chunked(&chunks),
        )
        .var(
            Variable::new("quality_level", &SWATH, Data::I8(all.iter().map(|c| c.quality).collect(), Some(-128)))
                .named("quality level of SST pixel", "")
                .with("valid_min", 0i8)
                .with("valid_max", 5i8)
                .with("flag_values", vec![0i8, 1, 2, 3, 4, 5])
                .with("flag_meanings", "no_data bad_data worst_quality low_quality acceptable_quality best_quality")
                .with("coordinates", "lon lat")
                .chunked(&chunks),
        )
        .var(by_quality(
            "sses_bias",
            "SSES bias error based on proximity confidence flags",
            0.02,
            [-128, 0, -20, -10, -4, -2],
        ))
        .var(by_quality(
            "sses_standard_deviation",
            "SSES standard deviation error based on proximity confidence flags",
            0.02,
            [-128, 0, 60, 40, 28, 20],
        ))
        .var(
            Variable::new("l2p_flags", &SWATH, Data::I16(all.iter().map(|c| i16::from(c.land) * 2).collect(), None))
                .named("L2P flags", "")
                .with("flag_masks", vec![1i16, 2, 4, 8, 16])
                .with("flag_meanings", "microwave land ice lake river")
                .with("coordinates", "lon lat")
                .chunked(&chunks),
        )
        .with("Conventions", "CF-1.6")
        .with("title", "MODIS Terra L2P SST")
        .with("id", "MODIS_T-JPL-L2P-v2019.0")
        .with("institution", "NASA/JPL/OBPG/RSMAS")
        .with("platform", "Terra")
        .with("sensor", "MODIS")
        .with("processing_level", "L2P")
        .with("cdm_data_type", "swath")
        .with("gds_version_id", "2.0")
        .with("spatial_resolution", "1km")
        .with("file_quality_level", 3i32)
        .with("start_time", civil(start))
        .with("stop_time", civil(stop))
        .with("time_coverage_start", civil(start))
        .with("time_coverage_end", civil(stop))
        .with("project", "Group for High Resolution Sea Surface Temperature")
}
