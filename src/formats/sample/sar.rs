//! Sentinel-1 over the Gulf Stream: three ocean-wind files (OCN, 1 km) and one roughness image at 200 m.
//!
//! The agency has no roughness product of its own; the image is a plain CF swath, described in `docs/sample-day.md`.

use seaglass_core::geo::LonLat;
use seaglass_core::ocean::Wind;
use seaglass_core::time::Time;

use super::container::{Container, Data, Variable, packed};
use super::orbit::Orbit;
use super::{DAY_START, Maker, World, cells, compact};

/// Distance of the near edge of the swath from the track, metres; the satellite looks right.
const NEAR_M: f64 = 390_000.0;
const FILL: f32 = -999.0;
/// Size of an OCN file: cells of 1 km.
const AZIMUTH: usize = 170;
const RANGE: usize = 250;
/// Size of the image: pixels of 200 m.
const IMAGE_LINES: usize = 1400;
const IMAGE_PIXELS: usize = 1200;
/// Speed over ground, m/s.
const GROUND_SPEED: f64 = 6_790.0;

fn orbit() -> Orbit {
    Orbit::through(98.18, 693_000.0, LonLat::new(-59.9, 37.6), first_line(), false)
}

fn first_line() -> Time {
    DAY_START.plus_seconds(10.0 * 3600.0 + 22.0 * 60.0)
}

/// Three slices along the track, and the image over the first two.
pub(super) fn makers() -> Vec<Maker> {
    let mut all: Vec<Maker> =
        (0..3usize).map(|slice| Box::new(move |world: &World| ocean_wind(world, slice)) as Maker).collect();
    all.push(Box::new(roughness));
    all
}

/// Incidence angle at a distance from the track, degrees (flat enough over one swath: linear from 30.5° to 46°).
fn incidence_deg(metres_from_near: f64) -> f64 {
    30.5 + 15.5 * metres_from_near / 250_000.0
}

#[derive(Clone, Default)]
struct Cell {
    lon: f32,
    lat: f32,
    wind: Option<Wind>,
    heading: f32,
}

fn ocean_wind(world: &World, slice: usize) -> Container {
    let orbit = orbit();
    let step = 1000.0 / GROUND_SPEED;
    let start = first_line().plus_seconds((slice * AZIMUTH) as f64 * step);
    let stop = start.plus_seconds((AZIMUTH - 1) as f64 * step);
    // The file knows the time of its ends only; every cell is as of the middle.
    let time = start.plus_seconds((AZIMUTH - 1) as f64 * step / 2.0);
    let all: Vec<Cell> = cells(AZIMUTH, RANGE, |line, out: &mut [Cell]| {
        let ground = orbit.line(start.plus_seconds(line as f64 * step));
        let heading = ground.heading_deg() as f32;
        for (k, cell) in out.iter_mut().enumerate() {
            let at = ground.at(NEAR_M + 1000.0 * k as f64);
            (cell.lon, cell.lat, cell.heading) = (at.lon_deg as f32, at.lat_deg as f32, heading);
            let at = LonLat::new(f64::from(cell.lon), f64::from(cell.lat));
            cell.wind = (!world.land.is_land(at)).then(|| world.ocean.wind(at, time));
        }
    });
    let name = format!(
        "s1a-iw-ocn-vv-{}-{}-055164-06b8e5-{:03}.nc",
        compact(start).to_lowercase(),
        compact(stop).to_lowercase(),
        slice + 1
    );
    describe(Container::new(name).classic(), &all)
        .with("title", "Sentinel-1 OCN Product")
        .with("missionName", "S1A")
        .with("missionPhase", "Operational")
        .with("polarisation", "VV")
        .with("gmf", "CMOD5n")
        .with("firstMeasurementTime", measurement(start))
        .with("lastMeasurementTime", measurement(stop))
        .with("clmSource", "Natural Earth")
        .with("windSource", "Seaglass analytic ocean")
        .with("IPFversion", "003.80")
}

/// `2024-08-11T10:22:00.000000Z`.
fn measurement(time: Time) -> String {
    let micros = time.civil().map_or(0, |(.., micros)| micros);
    format!("{}.{micros:06}Z", &time.iso()[..19])
}

/// Backscatter of the wind by a simple law, m²/m² (CMOD is not needed to look like it): grows with the wind, falls with
/// the incidence angle, higher up- and downwind than across.
fn backscatter(wind: Wind, incidence: f64, look_deg: f64) -> f64 {
    let across = (wind.from_direction_deg() - look_deg).to_radians();
    let shape = 1.0 + 0.12 * across.cos() + 0.35 * (2.0 * across).cos();
    0.004 * wind.speed().max(0.3).powf(1.55) * shape * 10f64.powf(-(incidence - 38.0) / 18.0)
}

fn describe(file: Container, all: &[Cell]) -> Container {
    const GRID: [&str; 2] = ["owiAzSize", "owiRaSize"];
    let float = |name: &'static str, long: &str, units: &str, fill: Option<f32>, of: &dyn Fn(usize, &Cell) -> f64| {
        let values =
            all.iter().enumerate().map(|(k, c)| of(k % RANGE, c)).map(|v| if v.is_nan() { FILL } else { v as f32 });
        Variable::new(name, &GRID, Data::F32(values.collect(), fill)).named(long, units)
    };
    let incidence = |k: usize| incidence_deg(1000.0 * k as f64);
    let of_wind = |of: fn(Wind) -> f64| move |_: usize, c: &Cell| c.wind.map_or(f64::NAN, of);
    let nrcs = |k: usize, c: &Cell| {
        c.wind.map_or(f64::NAN, |wind| backscatter(wind, incidence(k), f64::from(c.heading) + 90.0))
    };
    let speed_text = "SAR Wind speed";
    let direction_text = "SAR Wind direction (meteorological convention= clockwise direction from where the wind comes respect to North)";
    file.dim("owiRaSize", RANGE)
        .dim("owiAzSize", AZIMUTH)
        .dim("owiPolarisation", 1)
        .var(float("owiLon", "Longitude at wind cell center", "degrees_east", None, &|_, c| f64::from(c.lon)).standard("longitude"))
        .var(float("owiLat", "Latitude at wind cell center", "degrees_north", None, &|_, c| f64::from(c.lat)).standard("latitude"))
        .var(float("owiIncidenceAngle", "Incidence angle at wind cell center", "degrees", None, &|k, _| incidence(k)))
        .var(float("owiWindSpeed", speed_text, "m/s", Some(FILL), &of_wind(Wind::speed)).standard("wind_speed"))
        .var(float("owiWindDirection", direction_text, "degrees", Some(FILL), &of_wind(Wind::from_direction_deg)).standard("wind_direction"))
        .var(float("owiEcmwfWindSpeed", "ECMWF Wind speed", "m/s", Some(FILL), &of_wind(Wind::speed)).standard("wind_speed"))
        .var(float("owiEcmwfWindDirection", "ECMWF Wind direction (meteorological convention= clockwise direction from where the wind comes respect to North)", "degrees", Some(FILL), &of_wind(Wind::from_direction_deg)).standard("wind_direction"))
        .var(polarised(all, &nrcs))
        .var(
            Variable::new("owiMask", &GRID, Data::I8(all.iter().map(|c| i8::from(c.wind.is_none())).collect(), None))
                .named("Mask of data", "")
                .with("valid_range", vec![0i8, 8])
                .with("flag_values", vec![0i8, 1, 2, 4])
                .with("flag_meanings", "valid land ice no_data"),
        )
        .var(
            Variable::new("owiWindQuality", &GRID, Data::I8(all.iter().map(|c| if c.wind.is_none() { 3 } else { 0 }).collect(), Some(-128)))
                .named("Quality flag taking into account the consistency_between_wind_inverted_and_NRCS", "")
                .with("valid_range", vec![0i8, 3])
                .with("flag_values", vec![0i8, 1, 2, 3])
                .with("flag_meanings", "good medium low poor"),
        )
        .var(float("owiHeading", "Platform heading (azimuth from North)", "degrees", Some(FILL), &|_, c| f64::from(c.heading)))
}

fn polarised(all: &[Cell], nrcs: &dyn Fn(usize, &Cell) -> f64) -> Variable {
    let values =
        all.iter().enumerate().map(|(k, c)| nrcs(k % RANGE, c)).map(|v| if v.is_nan() { FILL } else { v as f32 });
    Variable::new("owiNrcs", &["owiAzSize", "owiRaSize", "owiPolarisation"], Data::F32(values.collect(), Some(FILL)))
        .named("Normalized Radar Cross Section", "m^2/m^2")
}

#[derive(Clone, Default)]
struct Pixel {
    lon: f32,
    lat: f32,
    roughness: f64,
}

fn roughness(world: &World) -> Container {
    let orbit = orbit();
    let step = 200.0 / GROUND_SPEED;
    let time_of = |line: usize| first_line().plus_seconds(line as f64 * step);
    let all: Vec<Pixel> = cells(IMAGE_LINES, IMAGE_PIXELS, |line, out: &mut [Pixel]| {
        let ground = orbit.line(time_of(line));
        for (k, pixel) in out.iter_mut().enumerate() {
            let at = ground.at(NEAR_M + 200.0 * k as f64);
            (pixel.lon, pixel.lat) = (at.lon_deg as f32, at.lat_deg as f32);
            let at = LonLat::new(f64::from(pixel.lon), f64::from(pixel.lat));
            pixel.roughness = if world.land.is_land(at) { f64::NAN } else { world.ocean.roughness(at, time_of(line)) };
        }
    });
    let chunks = [350, 600];
    let position = |name: &'static str, units: &str, of: fn(&Pixel) -> f32| {
        Variable::new(name, &["line", "pixel"], Data::F32(all.iter().map(of).collect(), Some(FILL)))
            .named(name, units)
            .standard(name)
            .chunked(&chunks)
    };
    let times = (0..IMAGE_LINES).map(|line| time_of(line).unix_seconds()).collect();
    let incidence = (0..IMAGE_PIXELS).map(|k| incidence_deg(200.0 * k as f64) as f32).collect();
    let stop = time_of(IMAGE_LINES - 1);
    Container::new(format!(
        "s1a-iw-roughness-vv-{}-{}-055164.nc",
        compact(first_line()).to_lowercase(),
        compact(stop).to_lowercase()
    ))
    .dim("line", IMAGE_LINES)
    .dim("pixel", IMAGE_PIXELS)
    .var(
        Variable::new("time", &["line"], Data::F64(times, None))
            .named("time of the line", "seconds since 1970-01-01 00:00:00")
            .standard("time")
            .with("calendar", "standard"),
    )
    .var(position("longitude", "degrees_east", |p| p.lon))
    .var(position("latitude", "degrees_north", |p| p.lat))
    .var(Variable::new("incidence_angle", &["pixel"], Data::F32(incidence, None)).named("incidence angle", "degrees"))
    .var(
        Variable::new(
            "sea_surface_roughness",
            &["line", "pixel"],
            Data::U16(packed(all.iter().map(|p| p.roughness), 1e-4, 0.0, u16::MAX), Some(u16::MAX)),
        )
        .named("sea surface roughness relative to a wind of 7 m/s", "1")
        .with("scale_factor", 1e-4)
        .with("coordinates", "longitude latitude")
        .chunked(&chunks),
    )
    .with("Conventions", "CF-1.8")
    .with("title", "Sea surface roughness, Sentinel-1A IW (Seaglass sample)")
    .with("cdm_data_type", "Swath")
    .with("platform", "Sentinel-1A")
    .with("instrument", "SAR-C IW VV")
    .with("time_coverage_start", first_line().iso())
    .with("time_coverage_end", stop.iso())
}
