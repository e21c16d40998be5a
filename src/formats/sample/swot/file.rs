//! The structure of the Expert file: dimensions, variables, packing, flags, attributes.

use seaglass_core::time::Time;

use super::super::compact;
use super::super::container::{Container, Data, Variable, packed};
use super::{Cell, LINES, PIXELS};

const CYCLE: i16 = 19;
const SWATH: [&str; 2] = ["num_lines", "num_pixels"];
const CHUNKS: [usize; 2] = [1972, 69];
const NONE: i32 = i32::MAX;
const NONE_F32: f32 = 9.96921e36;

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
/// The file of a pass: its cells, and for each line time (s since 2000) and heading.
pub(super) fn describe(all: &[Cell], times: &[f64], headings: &[f64], pass_number: i16, span: [Time; 2]) -> Container {
    let [start, stop] = span.map(compact);
    let name = format!("SWOT_L2_LR_SSH_Expert_{CYCLE:03}_{pass_number:03}_{start}_{stop}_PIC0_01.nc");
    let file = Container::new(name).dim("num_lines", LINES).dim("num_pixels", PIXELS);
    let file = positions(times_of_lines(file, times), all, headings);
    let file = waves_and_wind(heights(file, all), all).var(surface(all));
    with_globals(file, pass_number, span[0], span[1])
}

fn times_of_lines(file: Container, times: &[f64]) -> Container {
    let time = |name: &'static str, long: &str, values: Vec<f64>| {
        Variable::new(name, &SWATH[..1], Data::F64(values, Some(9.969_209_968_386_869e36)))
            .named(long, "seconds since 2000-01-01 00:00:00.0")
            .standard("time")
            .with("calendar", "gregorian")
            .with("tai_utc_difference", 37.0)
            .with("leap_second", "0000-00-00T00:00:00Z")
    };
    file.var(time("time", "time in UTC", times.to_vec())).var(time(
        "time_tai",
        "time in TAI",
        times.iter().map(|t| t + 37.0).collect(),
    ))
}

fn positions(file: Container, all: &[Cell], headings: &[f64]) -> Container {
    let angle = |name: &'static str, long: &str, dims: &[&'static str], values: Vec<i32>| {
        let (standard, units) =
            if name.starts_with("lat") { ("latitude", "degrees_north") } else { ("longitude", "degrees_east") };
        Variable::new(name, dims, Data::I32(values, Some(NONE)))
            .named(long, units)
            .standard(standard)
            .with("scale_factor", 1e-6)
    };
    let nadir: Vec<&Cell> = all.chunks(PIXELS).map(|line| &line[PIXELS / 2]).collect();
    let across = (0..all.len()).map(|k| super::across_km(k % PIXELS) as f32 * 1000.0).collect();
    let [lat, lon] = [|c: &Cell| c.lat, |c: &Cell| c.lon];
    file.var(
        angle("latitude", "latitude (positive N, negative S)", &SWATH, all.iter().map(lat).collect()).chunked(&CHUNKS),
    )
    .var(angle("longitude", "longitude (degrees East)", &SWATH, all.iter().map(lon).collect()).chunked(&CHUNKS))
    .var(angle(
        "latitude_nadir",
        "latitude of satellite nadir point",
        &SWATH[..1],
        nadir.iter().map(|c| c.lat).collect(),
    ))
    .var(angle(
        "longitude_nadir",
        "longitude of satellite nadir point",
        &SWATH[..1],
        nadir.iter().map(|c| c.lon).collect(),
    ))
    .var(
        Variable::new(
            "velocity_heading",
            &SWATH[..1],
            Data::I32(packed(headings.iter().copied(), 1e-6, 0.0, NONE), Some(NONE)),
        )
        .named("heading of the spacecraft Earth-relative velocity vector", "degrees")
        .with("scale_factor", 1e-6),
    )
    .var(
        Variable::new("cross_track_distance", &SWATH, Data::F32(across, Some(NONE_F32)))
            .named("cross track distance", "m")
            .with("coordinates", "longitude latitude")
            .with("comment", "Distance of sample from nadir. Negative values indicate the left side of the swath.")
            .chunked(&CHUNKS),
    )
}

fn heights(file: Container, all: &[Cell]) -> Container {
    let height = |name: &'static str, long: &str, of: fn(&Cell) -> f64| {
        Variable::new(name, &SWATH, Data::I32(packed(all.iter().map(of), 1e-4, 0.0, NONE), Some(NONE)))
            .named(long, "m")
            .with("scale_factor", 1e-4)
            .with("coordinates", "longitude latitude")
            .chunked(&CHUNKS)
    };
    file.var(
        height("ssh_karin_2", "sea surface height", |c| c.ssh)
            .standard("sea surface height above reference ellipsoid")
            .with("quality_flag", "ssha_karin_2_qual"),
    )
    .var(
        height("ssha_karin_2", "sea surface height anomaly", |c| c.ssha)
            .with("quality_flag", "ssha_karin_2_qual")
            .with("comment", "Before crossover calibration: add height_cor_xover."),
    )
    .var(quality(all))
    .var(height("height_cor_xover", "height correction from KaRIn crossovers", |c| c.xover))
    .var(height("mean_sea_surface_cnescls", "mean sea surface height (CNES/CLS)", |c| c.mss))
}

fn waves_and_wind(file: Container, all: &[Cell]) -> Container {
    let thousandths = |name: &'static str, long: &str, units: &str, of: fn(&Cell) -> f64| {
        Variable::new(name, &SWATH, Data::U16(packed(all.iter().map(of), 1e-3, 0.0, u16::MAX), Some(u16::MAX)))
            .named(long, units)
            .with("scale_factor", 1e-3)
            .with("coordinates", "longitude latitude")
            .chunked(&CHUNKS)
    };
    let sigma0 = all.iter().map(|c| if c.sigma0.is_nan() { NONE_F32 } else { c.sigma0 }).collect();
    file.var(
        thousandths("swh_karin", "significant wave height from KaRIn", "m", |c| c.swh)
            .standard("sea_surface_wave_significant_height"),
    )
    .var(thousandths("wind_speed_karin_2", "wind speed from KaRIn", "m/s", |c| c.wind).standard("wind_speed"))
    .var(
        Variable::new("sig0_karin_2", &SWATH, Data::F32(sigma0, Some(NONE_F32)))
            .named("normalized radar cross section (sigma0) from KaRIn", "1")
            .standard("surface_backwards_scattering_coefficient_of_radar_wave")
            .with("coordinates", "longitude latitude")
            .chunked(&CHUNKS),
    )
}

fn quality(all: &[Cell]) -> Variable {
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
    .chunked(&CHUNKS)
}

fn surface(all: &[Cell]) -> Variable {
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
        .chunked(&CHUNKS)
}

fn with_globals(file: Container, pass_number: i16, start: Time, stop: Time) -> Container {
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
        .with("cycle_number", CYCLE)
        .with("pass_number", pass_number)
        .with("granule", id.as_str())
        .with("time_coverage_start", start.iso().trim_end_matches('Z'))
        .with("time_coverage_end", stop.iso().trim_end_matches('Z'))
        .with("ellipsoid_semi_major_axis", 6_378_137.0)
        .with("ellipsoid_flattening", 0.003_352_810_664_781_205)
}
