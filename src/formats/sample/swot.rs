//! SWOT Level 2 KaRIn low-rate sea surface height, Expert file: half orbits of 9 860 lines and 69 pixels of 2 km.

use std::f64::consts::PI;

use seaglass_core::geo::LonLat;
use seaglass_core::ocean::{Ocean, SplitMix};
use seaglass_core::time::Time;

use super::container::{Container, Data, Variable, packed, rounded};
use super::orbit::Orbit;
use super::{DAY_START, Maker, World, cells, compact, seconds_since_2000};

const LINES: usize = 9860;
const PIXELS: usize = 69;
/// Passes written.
const PASSES: usize = 6;
/// Pass over the Gulf Stream at 13:18; odd passes go north.
const FIRST_PASS: i64 = 275;
const CYCLE: i32 = 19;

/// Flags of `ssha_karin_2_qual`, lowest bit first, as far as the sample sets them or readers look at them.
const FLAGS: [(u32, &str); 26] = [
    (1, "suspect_large_ssh_delta"),
    (2, "suspect_large_ssh_std"),
    (4, "suspect_large_ssh_window_std"),
    (8, "suspect_beam_used"),
    (16, "suspect_less_than_nine_beams"),
    (64, "suspect_ssb_out_of_range"),
    (128, "suspect_pixel_used"),
    (256, "suspect_num_pt_avg"),
    (512, "suspect_karin_telem"),
    (1024, "suspect_orbit_control"),
    (2048, "suspect_sc_event_flag"),
    (4096, "suspect_tvp_qual"),
    (8192, "suspect_volumetric_corr"),
    (32768, "degraded_ssb_not_computable"),
    (65536, "degraded_media_delays_missing"),
    (131_072, "degraded_beam_used"),
    (262_144, "degraded_large_attitude"),
    (524_288, "degraded_karin_ifft_overflow"),
    (16_777_216, "bad_karin_telem"),
    (33_554_432, "bad_very_large_attitude"),
    (67_108_864, "bad_tide_corrections_missing"),
    (134_217_728, "bad_ssb_missing"),
    (268_435_456, "bad_radiometer_corr_missing"),
    (536_870_912, "bad_outside_of_range"),
    (1_073_741_824, "degraded"),
    (2_147_483_648, "bad_not_usable"),
];
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
            let km = (pixel as f64 - 34.0) * 2.0;
            let at = ground.at(km * 1000.0);
            // The ocean is asked at the position as the file stores it.
            cell.lat = (at.lat_deg * 1e6).round() as i32;
            cell.lon = ((at.lon_deg.rem_euclid(360.0) * 1e6).round() as i32).rem_euclid(360_000_000);
            let at = LonLat::new(f64::from(cell.lon) * 1e-6, f64::from(cell.lat) * 1e-6);
            measure(world, at, time, km, events.at(line, km), crossover_correction(line, km, half), cell);
        }
    });
    let times: Vec<f64> = (0..LINES).map(|line| seconds_since_2000(time_of(line))).collect();
    describe(&orbit, half, &times, &all, [time_of(0), time_of(LINES - 1)])
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

fn describe(orbit: &Orbit, half: i64, times: &[f64], all: &[Cell], [start, stop]: [Time; 2]) -> Container {
    const SWATH: [&str; 2] = ["num_lines", "num_pixels"];
    const NONE: i32 = i32::MAX;
    let chunks = [1972, 69];
    let int = |name: &'static str, long: &str, units: &str, scale: f64, of: fn(&Cell) -> f64| {
        Variable::new(name, &SWATH, Data::I32(packed(all.iter().map(of), scale, 0.0, NONE), Some(NONE)))
            .named(long, units)
            .with("scale_factor", scale)
            .with("coordinates", "longitude latitude")
            .chunked(&chunks)
    };
    let short = |name: &'static str, long: &str, units: &str, of: fn(&Cell) -> f64| {
        Variable::new(name, &SWATH, Data::U16(packed(all.iter().map(of), 1e-3, 0.0, u16::MAX), Some(u16::MAX)))
            .named(long, units)
            .with("scale_factor", 1e-3)
            .with("coordinates", "longitude latitude")
            .chunked(&chunks)
    };
    let position =
        |name: &'static str, long: &str, standard: &str, units: &str, values: Vec<i32>, dims: &[&'static str]| {
            Variable::new(name, dims, Data::I32(values, Some(NONE)))
                .named(long, units)
                .standard(standard)
                .with("scale_factor", 1e-6)
        };
    let nadir: Vec<&Cell> = all.chunks(PIXELS).map(|line| &line[34]).collect();
    let distance: Vec<f32> = (0..all.len()).map(|k| ((k % PIXELS) as f32 - 34.0) * 2000.0).collect();
    let headings =
        times.iter().map(|t| orbit.line(DAY_START.plus_seconds(t - seconds_since_2000(DAY_START))).heading_deg());
    let pass_number = (FIRST_PASS + half - 1).rem_euclid(584) + 1;
    let name =
        format!("SWOT_L2_LR_SSH_Expert_{CYCLE:03}_{pass_number:03}_{}_{}_PIC0_01.nc", compact(start), compact(stop));
    let time = |name: &'static str, long: &str, values: Vec<f64>| {
        Variable::new(name, &["num_lines"], Data::F64(values, Some(9.969_209_968_386_869e36)))
            .named(long, "seconds since 2000-01-01 00:00:00.0")
            .standard("time")
            .with("calendar", "gregorian")
            .with("tai_utc_difference", 37.0)
            .with("leap_second", "0000-00-00T00:00:00Z")
    };
    let file = Container::new(name)
        .dim("num_lines", LINES)
        .dim("num_pixels", PIXELS)
        .var(time("time", "time in UTC", times.to_vec()))
        .var(time("time_tai", "time in TAI", times.iter().map(|t| t + 37.0).collect()))
        .var(
            position(
                "latitude",
                "latitude (positive N, negative S)",
                "latitude",
                "degrees_north",
                all.iter().map(|c| c.lat).collect(),
                &SWATH,
            )
            .chunked(&chunks),
        )
        .var(
            position(
                "longitude",
                "longitude (degrees East)",
                "longitude",
                "degrees_east",
                all.iter().map(|c| c.lon).collect(),
                &SWATH,
            )
            .chunked(&chunks),
        )
        .var(position(
            "latitude_nadir",
            "latitude of satellite nadir point",
            "latitude",
            "degrees_north",
            nadir.iter().map(|c| c.lat).collect(),
            &SWATH[..1],
        ))
        .var(position(
            "longitude_nadir",
            "longitude of satellite nadir point",
            "longitude",
            "degrees_east",
            nadir.iter().map(|c| c.lon).collect(),
            &SWATH[..1],
        ))
        .var(
            Variable::new("velocity_heading", &SWATH[..1], Data::I32(packed(headings, 1e-6, 0.0, NONE), Some(NONE)))
                .named("heading of the spacecraft Earth-relative velocity vector", "degrees")
                .with("scale_factor", 1e-6),
        )
        .var(
            Variable::new("cross_track_distance", &SWATH, Data::F32(distance, Some(9.96921e36)))
                .named("cross track distance", "m")
                .with("coordinates", "longitude latitude")
                .with("comment", "Distance of sample from nadir. Negative values indicate the left side of the swath.")
                .chunked(&chunks),
        )
        .var(
            int("ssh_karin_2", "sea surface height", "m", 1e-4, |c| c.ssh)
                .standard("sea surface height above reference ellipsoid")
                .with("quality_flag", "ssha_karin_2_qual"),
        )
        .var(
            int("ssha_karin_2", "sea surface height anomaly", "m", 1e-4, |c| c.ssha)
                .with("quality_flag", "ssha_karin_2_qual")
                .with("comment", "Before crossover calibration: add height_cor_xover."),
        )
        .var(quality(all, &chunks))
        .var(int("height_cor_xover", "height correction from KaRIn crossovers", "m", 1e-4, |c| c.xover))
        .var(int("mean_sea_surface_cnescls", "mean sea surface height (CNES/CLS)", "m", 1e-4, |c| c.mss))
        .var(
            short("swh_karin", "significant wave height from KaRIn", "m", |c| c.swh)
                .standard("sea_surface_wave_significant_height"),
        )
        .var(short("wind_speed_karin_2", "wind speed from KaRIn", "m/s", |c| c.wind).standard("wind_speed"))
        .var(
            Variable::new(
                "sig0_karin_2",
                &SWATH,
                Data::F32(
                    all.iter().map(|c| if c.sigma0.is_nan() { 9.96921e36 } else { c.sigma0 }).collect(),
                    Some(9.96921e36),
                ),
            )
            .named("normalized radar cross section (sigma0) from KaRIn", "1")
            .standard("surface_backwards_scattering_coefficient_of_radar_wave")
            .with("coordinates", "longitude latitude")
            .chunked(&chunks),
        )
        .var(surface(all, &chunks));
    with_globals(file, pass_number as i32, start, stop)
}

fn quality(all: &[Cell], chunks: &[usize]) -> Variable {
    let meanings: Vec<&str> = FLAGS.iter().map(|(_, meaning)| *meaning).collect();
    Variable::new(
        "ssha_karin_2_qual",
        &["num_lines", "num_pixels"],
        Data::U32(all.iter().map(|c| c.quality).collect(), Some(u32::MAX)),
    )
    .named("quality flag for sea surface height anomaly from KaRIn in ssha_karin_2 variable", "")
    .standard("status_flag")
    .with("flag_masks", FLAGS.iter().map(|(mask, _)| *mask).collect::<Vec<u32>>())
    .with("flag_meanings", meanings.join(" "))
    .with("coordinates", "longitude latitude")
    .chunked(chunks)
}

fn surface(all: &[Cell], chunks: &[usize]) -> Variable {
    let values = all.iter().map(|c| u8::from(c.land)).collect();
    Variable::new("ancillary_surface_classification_flag", &["num_lines", "num_pixels"], Data::U8(values, Some(255)))
        .named("surface classification", "")
        .standard("status_flag")
        .with("flag_values", vec![0u8, 1, 2, 3, 4, 5, 6])
        .with(
            "flag_meanings",
            "open_ocean land continental_water aquatic_vegetation continental_ice_snow floating_ice salted_basin",
        )
        .with("coordinates", "longitude latitude")
        .chunked(chunks)
}

fn with_globals(file: Container, pass_number: i32, start: Time, stop: Time) -> Container {
    let id = file.name().to_owned();
    file.with("Conventions", "CF-1.7")
        .with("title", "Level 2 Low Rate Sea Surface Height Data Product - Expert SSH with Wind and Wave")
        .with("institution", "CNES")
        .with("source", "Ka-band radar interferometer")
        .with("platform", "SWOT")
        .with("reference_document", "D-56407_SWOT_Product_Description_L2_LR_SSH")
        .with("short_name", "L2_LR_SSH")
        .with("product_file_id", "Expert")
        .with("product_version", "sample")
        .with("crid", "PIC0")
        .with("cycle_number", CYCLE as i16)
        .with("pass_number", pass_number as i16)
        .with("granule", id.as_str())
        .with("time_coverage_start", start.iso().trim_end_matches('Z'))
        .with("time_coverage_end", stop.iso().trim_end_matches('Z'))
        .with("ellipsoid_semi_major_axis", 6_378_137.0)
        .with("ellipsoid_flattening", 0.003_352_810_664_781_205)
}
