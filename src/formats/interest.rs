//! Which field of a file people open it for: the one shown first when no product says so.
//!
//! What the sea, the ice and the wind over it are comes before what describes the measurement (depths and areas of the
//! samples, counts, angles, errors, flags, times). The quantities are those of the UX conventions (default styles by
//! `standard_name`), in the order in which an oceanographer would look.

use crate::dataset::Var;
use crate::raw::NumType;

/// Words that all must occur; alternatives are separated by `|`.
type Words = &'static [&'static str];

/// A quantity: how much it is wanted, and how it is recognised.
struct Quantity {
    interest: i32,
    /// Parts of a `standard_name`.
    standard: Words,
    /// Whole words of name and title, where there is no `standard_name` or an unknown one.
    words: Words,
    /// Whole names, in lower case.
    names: &'static [&'static str],
}

const fn q(interest: i32, standard: Words, words: Words, names: &'static [&'static str]) -> Quantity {
    Quantity { interest, standard, words, names }
}

/// Never matches.
const NO: Words = &["\u{0}"];

/// The first that fits counts.
#[rustfmt::skip]
const QUANTITIES: &[Quantity] = &[
    // Of the air and of instruments, before "temperature" and "pressure" are taken for the sea's.
    q(40, &["air_temperature|dew_point|air_pressure|humidity|cloud|radiative|heat_flux|geopotential|water_vapor"], &["air|atmospheric|cloud|humidity", "temperature|temp|pressure|humidity|cover|vapor|vapour|water"], &["airt", "t2m", "d2m", "msl", "rh", "speh", "humidity"]),
    q(-30, &["of_sensor|platform_"], &["sensor|instrument|platform|battery|internal|voltage|spectrometer"], &[]),
    // How deep a sample was taken.
    q(4, &["sea_water_pressure|depth_below"], NO, &[]),
    // Surface quantities of satellites and analyses.
    q(72, &["sea_surface_salinity"], &["sea", "surface", "salinity"], &["sss", "sos"]),
    q(71, &["height_above_sea_level|sea_level_anomaly|height_above_mean_sea"], &["ssha|sla|sea_level_anomaly|height_anomaly"], &["ssha", "sla"]),
    q(71, &["chlorophyll"], &["chl|chla|chlor|chlorophyll|chlor_a"], &["chl", "chla", "chlor_a"]),
    q(60, &["temperature_anomaly"], &["sst|temperature", "anomaly|anom"], &[]),
    q(70, &["surface_temperature|surface_skin_temperature|surface_subskin_temperature|surface_foundation_temperature"], &["sst|sea_surface_temperature"], &["sst", "tos", "analysed_sst"]),
    q(70, &["significant_height|significant_wave_height"], &["significant", "wave", "height"], &["hs", "swh", "vhm0", "hm0", "wave_height", "wvht", "significantwaveheight"]),
    q(58, &["eastward_wind|x_wind"], &["wind|uwind", "eastward|zonal|u|x|uwind"], &["u10", "uwnd"]),
    q(57, &["northward_wind|y_wind"], &["wind|vwind", "northward|meridional|v|y|vwind"], &["v10", "vwnd"]),
    q(69, &["wind_speed"], &["wind|windspeed|scatterometer", "speed|spd|windspeed"], &["wspd", "windspeed", "wnd", "ws10", "wind"]),
    q(68, &["sea_ice_area_fraction|sea_ice_concentration"], &["ice", "concentration|conc|fraction|cover"], &["sic", "siconc", "ice_conc", "aice"]),
    q(67, &["height_above_geoid|dynamic_topography|sea_surface_elevation|sea_surface_height|water_surface_height"], &["adt|mdt|ssh|dynamic_topography|sea_surface_height|sea_surface_elevation|free_surface"], &["zeta", "ssh", "adt", "zos", "sossheig", "eta"]),
    q(66, &["sea_water_speed"], &["current|water|geostrophic|surface_current", "speed"], &[]),
    // The sea at depth.
    q(64, &["sea_water", "temperature"], &["sea|water|potential|conservative|in_situ|ctd", "temperature|temp"], &["temp", "theta", "thetao", "votemper", "ptemp", "to", "t_an", "temperature", "potemp"]),
    q(62, &["salinity"], &["salinity|psal"], &["so", "salt", "sal", "psal", "vosaline", "s_an", "sal00", "sal11"]),
    q(61, &["radial", "velocity"], &["radial", "velocity"], &["velocity"]),
    q(60, &["eastward|_x_", "sea_water|geostrophic|current"], &["current|water|sea|ocean|surface", "eastward|zonal|u|east|x", "velocity|component|current"], &["u", "uo", "ucur", "ugos", "vozocrtx", "u_eul", "uos", "xcur"]),
    q(59, &["northward|_y_", "sea_water|geostrophic|current"], &["current|water|sea|ocean|surface", "northward|meridional|v|north|y", "velocity|component|current"], &["v", "vo", "vcur", "vgos", "vomecrty", "v_eul", "vos", "ycur"]),
    q(56, &["sea_ice"], &["ice", "thickness|drift|velocity|type"], &["sithick", "hice"]),
    q(55, &["backwards_scattering_coefficient_of_radar|radar_backscatter|surface_backwards_scattering"], &["sigma0|sig0|nrcs|backscatter|roughness"], &["sigma0", "sig0"]),
    // Matter in the water.
    q(54, &["oxygen"], &["oxygen"], &["doxy", "oxy", "o2"]),
    q(53, &["nitrate|phosphate|silicate|iron|alkalinity|carbon|turbidity|suspended|particulate|attenuation|photosynthetic|fluorescence"], &["nitrate|phosphate|silicate|turbidity|suspended|attenuation|fluorescence|abundance|cdom|poc|pic|kd490|kd_490|spm|tur"], &["spm", "tur", "poc", "pic", "kd490", "nflh", "par", "no3", "no23", "po4"]),
    q(52, &["sea_water_ph|partial_pressure_of_carbon_dioxide"], &["ph", "water|sea"], &["ph"]),
    q(51, &["brightness_temperature"], &["brightness", "temperature"], &[]),
    q(50, &["rainfall|precipitation"], &["rain|rainfall|precipitation"], &["pr", "precip"]),
    q(49, &["vorticity|kinetic_energy|okubo"], &["vorticity|eke|kinetic"], &["eke"]),
    q(49, &["wave", "period"], &["wave|peak|mean", "period|peakperiod"], &["tp", "mwp", "vtpk", "peakperiod"]),
    q(48, &["wave", "direction"], &["wave", "direction|bearing"], &["mwd", "dp", "vmdr"]),
    q(56, &["wind", "direction"], &["wind", "direction|dir|bearing"], &["wdir", "wind_dir"]),
    q(47, &["wave|swell|stokes"], &["wave|swell|stokes"], &[]),
    q(46, &["sea_water", "direction|velocity"], &["current", "direction|dir"], &[]),
    q(45, &["stress"], &["stress"], &["tauuo", "tauvo", "taux", "tauy"]),
    q(44, &["sea_surface|surface_geostrophic"], NO, &[]),
    q(40, &["sea_water_density|sigma_theta|sigma_t"], &["density|sigma_theta|sigma_t"], &["sigma_t", "rho"]),
    q(39, &["radiance|reflectance"], &["reflectance|rrs"], &[]),
    q(38, &["mixed_layer"], &["mld|mixed_layer"], &["mld", "mlotst"]),
    q(36, &["sea_water_electrical_conductivity"], &["conductivity"], &["cndc", "conductivity"]),
    q(35, &["bathymetry|sea_floor|surface_altitude|height_above_reference_ellipsoid|topography|gravity|geoid"], &["bathymetry|topography|relief|elevation|elev|sea_floor|gravity|geoid|bottom"], &["h", "rose", "topo", "bathy", "elev"]),
    q(34, &["temperature"], &["temperature|temp"], &[]),
    q(34, &["ocean|sea_water"], NO, &[]),
    // Eddies: how strong, before how large.
    q(32, NO, &["amplitude"], &["amplitude"]),
    q(31, NO, &["speed|velocity"], &["speed", "velocity", "ve", "vn"]),
    q(30, NO, &["spectrum|spectral|variance"], &["efth", "d2fd"]),
];

/// Words of what describes a measurement instead of being one.
const ABOUT: &[&str] = &[
    "qc",
    "qual",
    "quality",
    "flag",
    "flags",
    "err",
    "error",
    "errors",
    "uncert",
    "uncertainty",
    "count",
    "counts",
    "counter",
    "index",
    "indices",
    "mask",
    "numval",
    "rms",
    "num",
    "number",
    "std",
    "stdev",
    "cor",
    "corr",
    "correction",
    "bias",
    "distance",
    "dtime",
    "id",
    "identifier",
    "time",
    "sigfigs",
    "wodflag",
    "bounds",
    "bnds",
    "vertices",
    "covariance",
    "deviation",
    "noise",
    "nedt",
    "status",
    "version",
    "records",
    "samples",
    "rank",
    "confidence",
    "probability",
    "prob",
    "raw",
    "serial",
    "code",
];

/// Those that say it in a title too; others occur there by chance ("time-averaged free-surface").
const ABOUT_TITLE: &[&str] = &[
    "flag",
    "error",
    "errors",
    "uncertainty",
    "deviation",
    "index",
    "identifier",
    "quality",
    "number",
    "count",
    "noise",
];

/// Words of the geometry of a measurement.
const GEOMETRY: &[&str] = &[
    "angle",
    "azimuth",
    "azi",
    "incidence",
    "inc",
    "zenith",
    "elevation_angle",
    "heading",
    "orientation",
    "area",
    "dx",
    "dy",
    "metric",
    "radius",
    "width",
    "offset",
    "path_length",
    "track",
    "longitude",
    "latitude",
    "contour",
    "axis",
    "nodes",
    "spreading",
    "cell",
    "node",
    "edge",
    "sample",
];

/// What is computed elsewhere and only laid beside the measurement.
const ELSEWHERE: &[&str] =
    &["model", "ecmwf", "ncep", "anc", "ancillary", "climatology", "forecast", "hycom", "reynolds"];

/// Rank of a variable: ordinary ones lie above 0, those that describe others below.
pub fn rank(v: &Var, raster: bool, extra_dims: usize) -> i32 {
    let standard = v.text("standard_name").map(|s| s.to_ascii_lowercase()).unwrap_or_default();
    let title = v.text("long_name").or_else(|| v.text("title")).unwrap_or_default();
    let name = words_of(&v.name);
    let both = format!("{name}{}", words_of(&title).trim_start_matches('_'));
    let unit = v.units().map(|u| u.trim().to_ascii_lowercase());
    let has = |text: &str, list: &[&str]| list.iter().any(|w| has_word(text, w));
    let known = interest(&v.name.to_ascii_lowercase(), &standard, &both);
    let about_standard =
        ["status_flag", "standard_error", "number_of_", "quality"].iter().any(|w| standard.contains(w));
    let is_flags = v.attr("flag_meanings").is_some() && v.attr("scale_factor").is_none();
    // What describes a quantity is of no more interest for the quantity it describes.
    let mut rank = if is_flags {
        -100
    } else if has(&name, ABOUT) || about_standard || unit.as_deref() == Some("count") {
        -60
    } else if has(&both, ABOUT_TITLE) {
        known.min(8) - 40
    } else if has(&name, GEOMETRY) || (standard.is_empty() && has(&both, GEOMETRY)) {
        known.min(34) - 25
    } else {
        known
    };
    rank += if raster { 20 } else { 0 };
    rank += if v.ty.is_some_and(NumType::is_float) || v.attr("scale_factor").is_some() { 2 } else { 0 };
    rank -= 6 * extra_dims as i32;
    if ["due_to", "correction", "derivative", "tendency", "tide"].iter().any(|w| standard.contains(w)) {
        rank -= 45;
    }
    rank -= if unit.is_none() && standard.is_empty() { 10 } else { 0 };
    // Nothing measured says nothing of the ocean.
    rank -= if has(&both, ELSEWHERE) { 20 } else { 0 };
    rank
}

fn interest(name: &str, standard: &str, both: &str) -> i32 {
    let in_all = |groups: Words, has: &dyn Fn(&str) -> bool| groups.iter().all(|g| g.split('|').any(has));
    if !standard.is_empty()
        && let Some(known) = QUANTITIES.iter().find(|q| in_all(q.standard, &|w| standard.contains(w)))
    {
        return known.interest;
    }
    // Where samples are is no quantity of the sea.
    if ["depth", "altitude", "height"].contains(&standard) || standard.contains("pressure") {
        return 4;
    }
    let fits =
        |q: &&Quantity| q.names.contains(&name) || (!q.words.is_empty() && in_all(q.words, &|w| has_word(both, w)));
    if let Some(known) = QUANTITIES.iter().find(|q| q.names.contains(&name)).or_else(|| QUANTITIES.iter().find(fits)) {
        return known.interest;
    }
    match standard {
        _ if ["depth", "z", "pres", "pressure", "alt", "altitude", "height"].contains(&name) => 4,
        "" => 8,
        _ => 10,
    }
}

/// The words of a name in lower case, between underscores: `significantWaveHeight` is `_significant_wave_height_`.
fn words_of(text: &str) -> String {
    let mut out = String::from("_");
    let mut last = '_';
    for c in text.chars() {
        if c.is_ascii_uppercase() && last.is_ascii_lowercase() {
            out.push('_');
        }
        out.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' });
        last = c;
    }
    out.push('_');
    out
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| text[..at].ends_with('_') && text[at + word.len()..].starts_with('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, standard: &str, title: &str) -> i32 {
        let both = format!("{}{}", words_of(name), words_of(title).trim_start_matches('_'));
        interest(name, standard, &both)
    }

    #[test]
    fn words_are_found_in_any_spelling() {
        assert_eq!(words_of("significantWaveHeight"), "_significant_wave_height_");
        assert!(has_word(&words_of("analysed_sst"), "sst") && !has_word(&words_of("assta"), "sst"));
        assert!(has_word("_a_ssta_sst_", "sst"), "the second place counts too");
    }

    #[test]
    fn the_sea_comes_before_what_describes_it() {
        let better = |a: i32, b: i32| assert!(a > b, "{a} > {b}");
        better(of("temp", "sea_water_temperature", ""), of("psal", "sea_water_salinity", ""));
        better(of("psal", "sea_water_salinity", ""), of("cndc", "sea_water_electrical_conductivity", ""));
        better(of("amplitude", "", "Amplitude"), of("effective_area", "", "Effective area"));
        better(of("tur", "", "Turbidity"), of("z", "depth", "depth"));
        better(of("hs", "", "hsig"), of("dpt", "", "depth"));
        better(of("smap_sss", "", "SMAP sea surface salinity"), of("smap_spd", "", "SMAP wind speed"));
        better(
            of("doxy", "moles_of_oxygen_per_unit_mass_in_sea_water", ""),
            of("t", "temperature_of_sensor_for_oxygen_in_sea_water", ""),
        );
        assert_eq!(of("z", "depth", "depth"), of("alt", "altitude", ""));
    }
}
