//! A nadir altimeter: 1 Hz tracks in the structure of the Jason-1 GDR (netCDF classic), records over land left out.

use seaglass_core::geo::LonLat;
use seaglass_core::ocean::Ocean;
use seaglass_core::time::Time;

use super::container::{Container, Data, Variable, packed};
use super::orbit::Orbit;
use super::{DAY_START, Maker, World, cells, compact, seconds_since_2000};

/// Seconds between records (51 pulses groups of 20 Hz, as in the real product).
const STEP_S: f64 = 1.019_577;
const CYCLE: i32 = 260;
const FIRST_PASS: i64 = 126;

fn orbit() -> Orbit {
    Orbit::through(66.04, 1_336_000.0, LonLat::new(-56.5, 38.0), DAY_START.plus_seconds(11.9 * 3600.0), true)
}

/// Ten passes about the one over the Gulf Stream, and the southward one that crosses it there later that day.
pub(super) fn makers() -> Vec<Maker> {
    let orbit = orbit();
    let over_gulf_stream = |half: &i64| {
        (0..400).any(|k| {
            let t = orbit.southernmost(*half).plus_seconds(orbit.period_s() / 800.0 * f64::from(k));
            let at = orbit.line(t).at(0.0);
            (-75.0..-45.0).contains(&at.lon_deg) && (32.0..44.0).contains(&at.lat_deg)
        })
    };
    let on_the_day = |half: &i64| {
        let middle = orbit.southernmost(*half).plus_seconds(orbit.period_s() / 4.0);
        (0.0..86_400.0).contains(&middle.seconds_since(DAY_START))
    };
    let chosen = |half: &i64| on_the_day(half) && (half.abs() <= 4 || over_gulf_stream(half));
    (-30..30).filter(chosen).map(|half| Box::new(move |world: &World| pass(world, half)) as Maker).collect()
}

#[derive(Clone, Default)]
struct Record {
    time: Time64,
    lat: i32,
    lon: i32,
    sea: bool,
    ssha: f64,
    mss: f64,
    swh: f64,
    sigma0: f64,
    wind: f64,
    model: [f64; 2],
}

/// An instant with a default, for buffers.
#[derive(Clone, Copy)]
struct Time64(Time);

impl Default for Time64 {
    fn default() -> Self {
        Self(DAY_START)
    }
}

fn record(world: &World, orbit: &Orbit, time: Time) -> Record {
    let at = orbit.line(time).at(0.0);
    let lat = (at.lat_deg * 1e6).round() as i32;
    let lon = ((at.lon_deg.rem_euclid(360.0) * 1e6).round() as i32).rem_euclid(360_000_000);
    let at = LonLat::new(f64::from(lon) * 1e-6, f64::from(lat) * 1e-6);
    if world.land.is_land(at) {
        return Record { time: Time64(time), lat, lon, ..Record::default() };
    }
    let wind = world.ocean.wind(at, time);
    Record {
        time: Time64(time),
        lat,
        lon,
        sea: true,
        ssha: world.ocean.surface(at, time).sla,
        mss: world.ocean.mean_sea_surface(at),
        swh: world.ocean.wave_height(at, wind),
        sigma0: Ocean::nadir_sigma0_db(wind),
        wind: wind.speed(),
        model: [wind.u, wind.v],
    }
}

fn pass(world: &World, half: i64) -> Container {
    let orbit = orbit();
    let start = orbit.southernmost(half);
    let count = (orbit.period_s() / 2.0 / STEP_S) as usize;
    let mut all = cells(count, 1, |k, out: &mut [Record]| {
        out[0] = record(world, &orbit, start.plus_seconds((k as f64 + 0.5) * STEP_S))
    });
    all.retain(|r| r.sea);
    let span = [all.first(), all.last()].map(|r| r.map_or(start, |r| r.time.0));
    let pass_number = (FIRST_PASS + half - 1).rem_euclid(254) + 1;
    let name = format!("JA1_GPN_2PeP{CYCLE:03}_{pass_number:03}_{}_{}.nc", stamp(span[0]), stamp(span[1]));
    let file = describe(Container::new(name).classic(), &orbit, &all);
    file.with("Conventions", "CF-1.1")
        .with("title", "GDR - Native dataset")
        .with("institution", "CNES and JPL")
        .with("source", "radar altimeter")
        .with("mission_name", "Jason-1")
        .with("altimeter_sensor_name", "POSEIDON-2")
        .with("cycle_number", CYCLE)
        .with("pass_number", pass_number as i32)
        .with("first_meas_time", text(span[0]))
        .with("last_meas_time", text(span[1]))
        .with("ellipsoid_axis", 6_378_136.3)
        .with("ellipsoid_flattening", 0.003_352_813_177_896_9)
}

fn stamp(time: Time) -> String {
    compact(time).replace('T', "_")
}

fn text(time: Time) -> String {
    time.iso().replace('T', " ").trim_end_matches('Z').to_owned()
}

fn describe(file: Container, orbit: &Orbit, all: &[Record]) -> Container {
    const NONE: i32 = i32::MAX;
    let int = |name: &'static str, long: &str, scale: f64, offset: f64, values: Vec<f64>| {
        let var =
            Variable::new(name, &["time"], Data::I32(packed(values.into_iter(), scale, offset, NONE), Some(NONE)))
                .named(long, "m")
                .with("scale_factor", scale)
                .with("coordinates", "lon lat");
        if offset == 0.0 { var } else { var.with("add_offset", offset) }
    };
    let short = |name: &'static str, long: &str, standard: &str, units: &str, scale: f64, of: fn(&Record) -> f64| {
        Variable::new(name, &["time"], Data::I16(packed(all.iter().map(of), scale, 0.0, i16::MAX), Some(i16::MAX)))
            .named(long, units)
            .standard(standard)
            .with("scale_factor", scale)
            .with("coordinates", "lon lat")
    };
    let flag = |name: &'static str, long: &str, meanings: &str| {
        let count = meanings.split(' ').count() as i8;
        Variable::new(name, &["time"], Data::I8(vec![0; all.len()], Some(127)))
            .named(long, "")
            .with("flag_values", (0..count).collect::<Vec<i8>>())
            .with("flag_meanings", meanings)
            .with("coordinates", "lon lat")
    };
    let position = |name: &'static str, standard: &str, units: &str, values: Vec<i32>| {
        Variable::new(name, &["time"], Data::I32(values, None))
            .named(standard, units)
            .standard(standard)
            .with("scale_factor", 1e-6)
    };
    let altitude = orbit.altitude_m();
    file.dim("time", all.len())
        .var(
            Variable::new(
                "time",
                &["time"],
                Data::F64(all.iter().map(|r| seconds_since_2000(r.time.0)).collect(), None),
            )
            .named("time (sec. since 2000-01-01)", "seconds since 2000-01-01 00:00:00.0")
            .standard("time")
            .with("calendar", "gregorian")
            .with("tai_utc_difference", 37.0)
            .with("leap_second", "0000-00-00 00:00:00"),
        )
        .var(position("lat", "latitude", "degrees_north", all.iter().map(|r| r.lat).collect()))
        .var(position("lon", "longitude", "degrees_east", all.iter().map(|r| r.lon).collect()))
        .var(flag("surface_type", "surface type", "ocean lake_enclosed_sea ice land"))
        .var(flag("qual_alt_1hz_range_ku", "quality flag for 1 Hz altimeter data: Ku band range", "good bad"))
        .var(flag("ice_flag", "ice flag", "no_ice ice"))
        .var(
            int("alt", "1 Hz altitude of satellite", 1e-4, 1.3e6, vec![altitude; all.len()])
                .standard("height_above_reference_ellipsoid"),
        )
        .var(
            int(
                "range_ku",
                "1 Hz Ku band corrected altimeter range",
                1e-4,
                1.3e6,
                all.iter().map(|r| altitude - r.mss - r.ssha).collect(),
            )
            .standard("altimeter_range"),
        )
        .var(int(
            "mean_sea_surface",
            "mean sea surface height above reference ellipsoid",
            1e-4,
            0.0,
            all.iter().map(|r| r.mss).collect(),
        ))
        .var(short(
            "swh_ku",
            "Ku band corrected significant waveheight",
            "sea_surface_wave_significant_height",
            "m",
            1e-3,
            |r| r.swh,
        ))
        .var(short(
            "sig0_ku",
            "Ku band corrected backscatter coefficient",
            "surface_backwards_scattering_coefficient_of_radar_wave",
            "dB",
            1e-2,
            |r| r.sigma0,
        ))
        .var(short("wind_speed_model_u", "U component of the model wind vector", "wind_speed", "m/s", 1e-2, |r| {
            r.model[0]
        }))
        .var(short("wind_speed_model_v", "V component of the model wind vector", "wind_speed", "m/s", 1e-2, |r| {
            r.model[1]
        }))
        .var(short("wind_speed_alt", "altimeter wind speed", "wind_speed", "m/s", 1e-2, |r| r.wind))
        .var(short("ssha", "sea surface height anomaly", "sea_surface_height_above_sea_level", "m", 1e-3, |r| r.ssha))
}
