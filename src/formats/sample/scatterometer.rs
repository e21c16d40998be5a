//! ASCAT Level 2 winds at 12.5 km: one file an orbit, 3 264 rows of 41 cells on each side, as KNMI writes them.

use seaglass_core::geo::LonLat;
use seaglass_core::time::Time;

use super::container::{Container, Data, Variable, packed};
use super::orbit::Orbit;
use super::{DAY_START, Maker, World, cells};

const ROWS: usize = 3264;
const CELLS: usize = 82;
/// Distance of the innermost cell of a half swath from the track, and of cells from each other, metres.
const INNER_M: f64 = 336_000.0;
const STEP_M: f64 = 12_500.0;
const NONE: i32 = -2_147_483_647;
const NO_WIND: i16 = -32_767;
const OVER_LAND: i32 = 32_768;
const LIGHT_WIND: i32 = 2_048;
const METOP_B_ORBIT: i32 = 61_733;

fn orbit() -> Orbit {
    Orbit::through(98.7, 817_000.0, LonLat::new(-63.0, 36.0), DAY_START.plus_seconds(13.55 * 3600.0), false)
}

/// The orbit over the western Atlantic and the three before it.
pub(super) fn makers() -> Vec<Maker> {
    (-3..1).map(|turn| Box::new(move |world: &World| orbit_file(world, turn)) as Maker).collect()
}

#[derive(Clone, Default)]
struct Cell {
    time: i32,
    lat: i32,
    lon: i32,
    speed: f64,
    to_deg: f64,
    flags: i32,
}

fn seconds_since_1990(time: Time) -> i32 {
    (time.unix_seconds() - 631_152_000.0).round() as i32
}

fn orbit_file(world: &World, turn: i64) -> Container {
    let orbit = orbit();
    // Rows run from the northernmost point, so that the southward half comes first.
    let start = orbit.southernmost(2 * turn + 1);
    let step = orbit.period_s() * STEP_M / 40_075_000.0;
    let all: Vec<Cell> = cells(ROWS, CELLS, |row, out: &mut [Cell]| {
        let seconds = seconds_since_1990(start.plus_seconds(row as f64 * step));
        let time = Time::from_micros((i64::from(seconds) + 631_152_000) * 1_000_000);
        let line = orbit.line(start.plus_seconds(row as f64 * step));
        for (k, cell) in out.iter_mut().enumerate() {
            let metres = if k < 41 { -INNER_M - STEP_M * (40 - k) as f64 } else { INNER_M + STEP_M * (k - 41) as f64 };
            let at = line.at(metres);
            cell.time = seconds;
            cell.lat = (at.lat_deg * 1e5).round() as i32;
            cell.lon = ((at.lon_deg.rem_euclid(360.0) * 1e5).round() as i32).rem_euclid(36_000_000);
            let at = LonLat::new(f64::from(cell.lon) * 1e-5, f64::from(cell.lat) * 1e-5);
            measure(world, at, time, cell);
        }
    });
    describe(&all, start, start.plus_seconds(step * (ROWS - 1) as f64), METOP_B_ORBIT + turn as i32)
}

fn measure(world: &World, at: LonLat, time: Time, cell: &mut Cell) {
    let land = world.land.is_land(at);
    if land || world.land.near_land(at, 15.0) {
        cell.flags = OVER_LAND;
    }
    if land || at.lat_deg < -72.0 {
        (cell.speed, cell.to_deg) = (f64::NAN, f64::NAN);
        return;
    }
    let wind = world.ocean.wind(at, time);
    cell.speed = wind.speed();
    cell.to_deg = wind.to_direction_deg();
    if cell.speed <= 3.0 {
        cell.flags |= LIGHT_WIND;
    }
}

fn describe(all: &[Cell], start: Time, stop: Time, orbit_number: i32) -> Container {
    const SWATH: [&str; 2] = ["NUMROWS", "NUMCELLS"];
    let chunks = [1088, 82];
    let int = |name: &'static str, standard: &str, units: &str, scale: f64, valid: [i32; 2], of: fn(&Cell) -> i32| {
        Variable::new(name, &SWATH, Data::I32(all.iter().map(of).collect(), Some(NONE)))
            .named(standard, units)
            .standard(standard)
            .with("missing_value", NONE)
            .with("valid_min", valid[0])
            .with("valid_max", valid[1])
            .with("scale_factor", scale)
            .with("add_offset", 0.0)
            .chunked(&chunks)
    };
    let short =
        |name: &'static str, long: &str, standard: &str, units: &str, scale: f64, max: i16, values: Vec<i16>| {
            Variable::new(name, &SWATH, Data::I16(values, Some(NO_WIND)))
                .named(long, units)
                .standard(standard)
                .with("missing_value", NO_WIND)
                .with("valid_min", 0i16)
                .with("valid_max", max)
                .with("scale_factor", scale)
                .with("add_offset", 0.0)
                .with("coordinates", "lat lon")
                .chunked(&chunks)
        };
    let speed = || packed(all.iter().map(|c| c.speed), 0.01, 0.0, NO_WIND);
    // 3600 is 0: a direction just below 360° rounds up.
    let direction = || {
        packed(all.iter().map(|c| c.to_deg), 0.1, 0.0, NO_WIND)
            .into_iter()
            .map(|d| if d == 3600 { 0 } else { d })
            .collect()
    };
    let index = (0..all.len()).map(|k| (k % CELLS) as i16 + 1).collect();
    let name =
        format!("ascat_{}_metopb_{orbit_number:05}_eps_o_125_3301_ovw.l2.nc", super::compact(start).replace('T', "_"));
    let (day, clock) = (|t: Time| t.iso()[..10].to_owned(), |t: Time| t.iso()[11..19].to_owned());
    Container::new(name.clone())
        .dim("NUMROWS", ROWS)
        .dim("NUMCELLS", CELLS)
        .var(
            int("time", "time", "seconds since 1990-01-01 00:00:00", 1.0, [0, i32::MAX], |c| c.time)
                .with("coordinates", "lat lon"),
        )
        .var(int("lat", "latitude", "degrees_north", 1e-5, [-9_000_000, 9_000_000], |c| c.lat))
        .var(int("lon", "longitude", "degrees_east", 1e-5, [0, 36_000_000], |c| c.lon))
        .var(short("wvc_index", "cross track wind vector cell number", "across_swath_cell_index", "1", 1.0, 999, index))
        .var(short("model_speed", "model wind speed at 10 m", "wind_speed", "m s-1", 0.01, 5000, speed()))
        .var(short("model_dir", "model wind direction at 10 m", "wind_to_direction", "degree", 0.1, 3600, direction()))
        .var(quality(all, &chunks))
        .var(short("wind_speed", "wind speed at 10 m", "wind_speed", "m s-1", 0.01, 5000, speed()))
        .var(short("wind_dir", "wind direction at 10 m", "wind_to_direction", "degree", 0.1, 3600, direction()))
        .with("title", "MetOp-B ASCAT Level 2 12.5 km Ocean Surface Wind Vector Product")
        .with("title_short_name", "ASCATB-L2-12.5km")
        .with("Conventions", "CF-1.6")
        .with("institution", "EUMETSAT/OSI SAF/KNMI")
        .with("source", "MetOp-B ASCAT")
        .with("pixel_size_on_horizontal", "12.5 km")
        .with("service_type", "eps")
        .with("processing_type", "O")
        .with("contents", "ovw")
        .with("granule_name", name)
        .with("processing_level", "L2")
        .with("orbit_number", orbit_number)
        .with("start_date", day(start))
        .with("start_time", clock(start))
        .with("stop_date", day(stop))
        .with("stop_time", clock(stop))
        .with("orbit_inclination", "98.7")
        .with("comment", "All wind directions in oceanographic convention (0 deg. flowing North)")
}

fn quality(all: &[Cell], chunks: &[usize]) -> Variable {
    let masks: Vec<i32> = (6..23).map(|bit| 1 << bit).collect();
    Variable::new(
        "wvc_quality_flag",
        &["NUMROWS", "NUMCELLS"],
        Data::I32(all.iter().map(|c| c.flags).collect(), Some(NONE)),
    )
    .named("wind vector cell quality", "")
    .standard("status_flag")
    .with("missing_value", NONE)
    .with("valid_min", 0i32)
    .with("valid_max", 8_388_607i32)
    .with("flag_masks", masks)
    .with(
        "flag_meanings",
        "distance_to_gmf_too_large data_are_redundant no_meteorological_background_used rain_detected \
             rain_flag_not_usable small_wind_less_than_or_equal_to_3_m_s large_wind_greater_than_30_m_s \
             wind_inversion_not_successful some_portion_of_wvc_is_over_ice some_portion_of_wvc_is_over_land \
             variational_quality_control_fails knmi_quality_control_fails product_monitoring_event_flag \
             product_monitoring_not_used any_beam_noise_content_above_threshold poor_azimuth_diversity \
             not_enough_good_sigma0_for_wind_retrieval",
    )
    .with("coordinates", "lat lon")
    .chunked(chunks)
}
