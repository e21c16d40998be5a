//! Default styles by CF `standard_name` (then by names and units), for fields no product file describes.
//!
//! The table is that of the UX conventions: xcmocean's choice of cmocean maps, SNAP/SeaDAS ranges for ocean colour,
//! customary ranges of altimetry. Ranges are first guesses; `None` means "from the data" ([`range_from_stats`]).

use std::collections::BTreeSet;

use crate::field::{FieldInfo, FieldKind, FieldStats};
use crate::granule::GeometryKind;
use crate::style::{Method, PARTICLES, StreamStyle, Style, StyleHint, VectorStyle};

/// What a quantity is measured in, for the ranges of the table.
#[derive(Clone, Copy, PartialEq)]
enum Scale {
    /// The range is in SI units (or dimensionless) as written.
    Plain,
    /// Degrees Celsius; shifted for fields in kelvin.
    Celsius,
    /// A fraction; × 100 for fields in percent.
    Fraction,
    /// Metres; × 100 for cm, × 1000 for mm.
    Metre,
}

/// One row of the table.
struct Rule {
    /// Every word group must occur: alternatives are separated by `|`.
    words: &'static [&'static str],
    colormap: &'static str,
    range: Option<[f64; 2]>,
    scale: Scale,
    log: bool,
    symmetric: bool,
}

const fn rule(words: &'static [&'static str], colormap: &'static str, range: Option<[f64; 2]>, scale: Scale) -> Rule {
    Rule { words, colormap, range, scale, log: false, symmetric: false }
}

const fn log(mut r: Rule) -> Rule {
    r.log = true;
    r
}

const fn symmetric(mut r: Rule) -> Rule {
    r.symmetric = true;
    r
}

use Scale::{Celsius, Fraction, Metre, Plain};

/// Words of errors, counts and the like: their quantity's map and range would mislead.
const ABOUT: [&str; 10] = [
    "uncertainty",
    "standard_error",
    "error",
    "number_of_observations",
    "count",
    "quality",
    "status_flag",
    "std",
    "standard_deviation",
    "sses",
];

/// Categories lie evenly on a map as long as they leave at most so many unused values for each.
const WIDEST_STEPS: f64 = 4.0;

/// By `standard_name`; the first that fits wins.
#[rustfmt::skip]
const BY_STANDARD_NAME: &[Rule] = &[
    symmetric(rule(&["temperature", "anomaly"], "cmocean_balance", Some([-3.0, 3.0]), Plain)),
    rule(&["surface_temperature|surface_skin_temperature|surface_subskin_temperature|surface_foundation_temperature"], "cmocean_thermal", Some([-2.0, 32.0]), Celsius),
    rule(&["sea_water", "temperature"], "cmocean_thermal", None, Plain),
    rule(&["brightness_temperature"], "cmocean_thermal", None, Plain),
    rule(&["temperature"], "cmocean_thermal", None, Plain),
    symmetric(rule(&["height_above_sea_level|sea_level_anomaly|height_above_mean_sea_level"], "cmocean_balance", Some([-0.3, 0.3]), Metre)),
    rule(&["surface_height_above_geoid|dynamic_topography|sea_surface_height"], "cmocean_balance", Some([-1.5, 1.5]), Metre),
    symmetric(rule(&["eastward|northward|_x_|_y_|x_wind|y_wind|upward", "velocity|wind|stress|stokes_drift"], "cmocean_delta", None, Plain)),
    symmetric(rule(&["radial", "velocity"], "cmocean_balance", None, Plain)),
    rule(&["wind_speed"], "cmocean_speed", Some([0.0, 20.0]), Plain),
    rule(&["sea_water_speed|current_speed"], "cmocean_speed", Some([0.0, 1.5]), Plain),
    rule(&["bidirectional"], "cmocean_gray", None, Plain),
    rule(&["direction"], "cmocean_phase", Some([0.0, 360.0]), Plain),
    rule(&["significant_height|significant_wave_height"], "cmocean_amp", Some([0.0, 8.0]), Plain),
    rule(&["wave", "period"], "cmocean_tempo", None, Plain),
    log(rule(&["chlorophyll"], "cmocean_algae", Some([0.01, 20.0]), Plain)),
    log(rule(&["diffuse_attenuation|volume_attenuation"], "cmocean_turbid", Some([0.01, 6.0]), Plain)),
    log(rule(&["particulate_organic"], "cmocean_matter", Some([10.0, 1000.0]), Plain)),
    log(rule(&["particulate_inorganic|calcite"], "cmocean_matter", Some([5e-5, 0.05]), Plain)),
    rule(&["scattering_coefficient_of_radar"], "grayscale", None, Plain),
    log(rule(&["backscattering_coefficient|backwards_scattering_coefficient"], "cmocean_matter", Some([1e-3, 0.1]), Plain)),
    rule(&["photosynthetic"], "cmocean_solar", Some([0.0, 76.2]), Plain),
    rule(&["salinity"], "cmocean_haline", Some([30.0, 38.0]), Plain),
    rule(&["sea_ice_area_fraction|ice_concentration"], "cmocean_ice", Some([0.0, 1.0]), Fraction),
    rule(&["sea_ice", "thickness"], "cmocean_ice", Some([0.0, 4.0]), Plain),
    rule(&["backscatter|sigma0"], "grayscale", None, Plain),
    symmetric(rule(&["vorticity"], "cmocean_curl", None, Plain)),
    log(rule(&["kinetic_energy"], "cmocean_tempo", None, Plain)),
    rule(&["mixed_layer|depth|bathymetry"], "cmocean_deep", None, Plain),
    symmetric(rule(&["surface_altitude|height_above_reference_ellipsoid|altitude"], "cmocean_topo", None, Plain)),
    rule(&["rainfall|precipitation"], "cmocean_rain", None, Plain),
    rule(&["density"], "cmocean_dense", None, Plain),
    rule(&["oxygen"], "cmocean_oxy", None, Plain),
    rule(&["pressure"], "viridis", None, Plain),
];

/// By the words of name and title, for files without `standard_name`.
#[rustfmt::skip]
const BY_NAME: &[Rule] = &[
    symmetric(rule(&["sst|temperature", "anom|anomaly"], "cmocean_balance", Some([-3.0, 3.0]), Plain)),
    rule(&["sst|sea_surface_temperature"], "cmocean_thermal", Some([-2.0, 32.0]), Celsius),
    symmetric(rule(&["ssha|sla|sea_level_anomaly|height_anomaly"], "cmocean_balance", Some([-0.3, 0.3]), Metre)),
    rule(&["adt|mdt|dynamic_topography"], "cmocean_balance", Some([-1.5, 1.5]), Metre),
    symmetric(rule(&["ugos|vgos|ugosa|vgosa|u_wind|v_wind|eastward|northward|zonal|meridional|u10|v10"], "cmocean_delta", None, Plain)),
    symmetric(rule(&["radial", "velocity"], "cmocean_balance", None, Plain)),
    symmetric(rule(&["doppler|vorticity|okubo"], "cmocean_curl", None, Plain)),
    rule(&["direction|dir"], "cmocean_phase", None, Plain),
    rule(&["wind_speed|windspeed|wind", "speed|windspeed"], "cmocean_speed", Some([0.0, 20.0]), Plain),
    rule(&["current|sea_water|surface", "speed"], "cmocean_speed", Some([0.0, 1.5]), Plain),
    rule(&["speed"], "cmocean_speed", None, Plain),
    rule(&["swh|wave_height|hs"], "cmocean_amp", Some([0.0, 8.0]), Plain),
    log(rule(&["chl|chla|chlor|chlorophyll|chlor_a"], "cmocean_algae", Some([0.01, 20.0]), Plain)),
    log(rule(&["kd490|kd_490"], "cmocean_turbid", Some([0.01, 6.0]), Plain)),
    log(rule(&["poc"], "cmocean_matter", Some([10.0, 1000.0]), Plain)),
    log(rule(&["pic"], "cmocean_matter", Some([5e-5, 0.05]), Plain)),
    rule(&["par"], "cmocean_solar", None, Plain),
    rule(&["salinity|sss|psal"], "cmocean_haline", Some([30.0, 38.0]), Plain),
    rule(&["ice", "concentration|conc|fraction|area"], "cmocean_ice", Some([0.0, 1.0]), Fraction),
    rule(&["sigma0|sig0|nrcs|backscatter|roughness"], "grayscale", None, Plain),
    log(rule(&["eke|kinetic_energy"], "cmocean_tempo", None, Plain)),
    rule(&["mld|bathymetry|depth"], "cmocean_deep", None, Plain),
    symmetric(rule(&["topography|elevation|relief|topo"], "cmocean_topo", None, Plain)),
    rule(&["rain|precipitation|rainrate"], "cmocean_rain", None, Plain),
    symmetric(rule(&["anomaly|difference|residual"], "cmocean_balance", None, Plain)),
    rule(&["temperature|temp"], "cmocean_thermal", None, Plain),
];

/// The style a new layer gets. The product's hint wins over the table; `range` is `None` where the data must decide.
pub fn default_style(field: &FieldInfo, geometry: Option<GeometryKind>) -> Style {
    let hint = default_hint(field);
    let plain = Style::default();
    let method = hint.method.unwrap_or(match geometry {
        Some(GeometryKind::Track) => Method::Line,
        Some(GeometryKind::Points) => Method::Points,
        _ => plain.method,
    });
    let range = hint.range.filter(|[a, b]| a.is_finite() && b.is_finite() && a < b);
    let part = |v: &f32| (0.0..=1.0).contains(v);
    Style {
        colormap: hint.colormap.unwrap_or(plain.colormap),
        reversed: hint.reversed.unwrap_or(false),
        range,
        log: hint.log.unwrap_or(false) && range.is_none_or(|[low, _]| low > 0.0),
        filter: hint.filter.unwrap_or(plain.filter),
        method,
        opacity: hint.opacity.filter(part).unwrap_or(plain.opacity),
        size_pt: hint.size_pt.filter(|s| (0.5..=64.0).contains(s)).unwrap_or(method.usual_size_pt()),
        vector: VectorStyle { density: hint.density.filter(part).unwrap_or(plain.vector.density), ..plain.vector },
        stream: StreamStyle {
            particles: hint.particles.map_or(plain.stream.particles, |n| n.clamp(PARTICLES[0], PARTICLES[1])),
            length: hint.length.map_or(plain.stream.length, |n| n.clamp(2, 256)),
            ..plain.stream
        },
        ..Style::default()
    }
}

/// The product's hint completed by the table.
pub fn default_hint(field: &FieldInfo) -> StyleHint {
    let mut hint = field.style.clone().or(table_hint(field));
    // A map of the product's own with the table's range would not fit when it is logarithmic and the range is not.
    if hint.log == Some(true) && hint.range.is_some_and(|[low, _]| low <= 0.0) {
        hint.range = None;
    }
    hint
}

fn table_hint(field: &FieldInfo) -> StyleHint {
    if let FieldKind::Flags { flags } = &field.kind {
        return flag_hint(flags.iter().map(|f| f.mask.map_or(f.value, |m| m.max(f.value))));
    }
    let standard = field.standard_name.as_deref().unwrap_or_default().to_ascii_lowercase();
    let named = format!("{} {}", field.name, field.long_name.as_deref().unwrap_or_default()).to_ascii_lowercase();
    let about = ABOUT.iter().any(|w| standard.contains(w) || has_word(&named, w));
    let found = match standard.is_empty() {
        _ if about => None,
        false => BY_STANDARD_NAME.iter().find(|r| r.fits(|w| standard.contains(w))),
        true => BY_NAME.iter().find(|r| r.fits(|w| has_word(&named, w))),
    };
    let Some(rule) = found else { return StyleHint::default() };
    StyleHint {
        colormap: Some(rule.colormap.to_owned()),
        range: rule.range.and_then(|r| in_units(r, rule.scale, &field.units)),
        log: rule.log.then_some(true),
        symmetric: rule.symmetric.then_some(true),
        ..StyleHint::default()
    }
}

impl Rule {
    fn fits(&self, has: impl Fn(&str) -> bool) -> bool {
        self.words.iter().all(|group| group.split('|').any(&has))
    }
}

/// Whether `text` holds `word` bounded by anything but letters and digits (`sst` in `analysed_sst`, not in `assta`).
fn has_word(text: &str, word: &str) -> bool {
    let spaced = |t: &str| t.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    format!("_{}_", spaced(text)).contains(&format!("_{word}_"))
}

/// Categories: an even step of the map for every value from the smallest to the largest; for each doubling where values
/// lie so far apart that such a step could not be seen, as bits do.
fn flag_hint(values: impl Iterator<Item = i64>) -> StyleHint {
    let values: BTreeSet<i64> = values.collect();
    let hint = StyleHint { colormap: Some("crameri_batlow".to_owned()), ..StyleHint::default() };
    let (Some(low), Some(high)) = (values.first().map(|v| *v as f64), values.last().map(|v| *v as f64)) else {
        return hint;
    };
    let above = values.iter().copied().find(|v| *v > 0).unwrap_or(1) as f64;
    let crowded = high - low > WIDEST_STEPS * values.len() as f64;
    if !crowded || low < 0.0 || high <= above {
        return StyleHint { range: Some([low - 0.5, high + 0.5]), ..hint };
    }
    // Zero has no logarithm and takes the first colour: the least value above it keeps a step from there.
    let step = (high / above).powf(1.0 / values.len() as f64);
    let first = if low == 0.0 { above / step } else { above / step.sqrt() };
    StyleHint { range: Some([first, high * step.sqrt()]), log: Some(true), ..hint }
}

/// A range of the table in the field's unit; `None` when the unit is another quantity's.
fn in_units(range: [f64; 2], scale: Scale, units: &str) -> Option<[f64; 2]> {
    let unit = units.trim().to_ascii_lowercase();
    let kelvin = matches!(unit.as_str(), "k" | "kelvin" | "degree_kelvin" | "degrees_kelvin" | "degk");
    let times = |f: f64| Some([range[0] * f, range[1] * f]);
    match scale {
        Scale::Plain => Some(range),
        Scale::Celsius if kelvin => Some([range[0] + 273.15, range[1] + 273.15]),
        Scale::Celsius
            if unit.contains("cel") || matches!(unit.as_str(), "c" | "degc" | "deg_c" | "degree_c" | "°c") =>
        {
            Some(range)
        }
        // No unit: kelvin or Celsius, only the data can tell.
        Scale::Celsius => None,
        Scale::Fraction if matches!(unit.as_str(), "%" | "percent") => times(100.0),
        Scale::Fraction => Some(range),
        Scale::Metre => match unit.as_str() {
            "m" | "meter" | "meters" | "metre" | "metres" => Some(range),
            "cm" | "centimeter" | "centimeters" | "centimetre" | "centimetres" => times(100.0),
            "mm" | "millimeter" | "millimeters" | "millimetre" | "millimetres" => times(1000.0),
            _ => None,
        },
    }
}

/// Whether a range is the first guess for an anomaly: nobody has chosen it, and the data may widen it ([`widened`]).
pub fn is_guess(field: &FieldInfo, range: [f64; 2]) -> bool {
    let hint = default_hint(field);
    hint.symmetric == Some(true) && hint.log != Some(true) && hint.range == Some(range)
}

/// A first guess that more than 2 % of the first data exceed at either end, widened symmetrically to hold 98 % and rounded
/// up to one round digit or two; `None` where it fits. A guess is never narrowed: pictures of quiet and of lively seas
/// stay comparable as long as they can.
pub fn widened(guess: [f64; 2], stats: &FieldStats) -> Option<[f64; 2]> {
    let [low, high] = stats.p02_p98;
    let reach = low.abs().max(high.abs());
    let fits = low >= guess[0] && high <= guess[1];
    if fits || !reach.is_finite() || reach <= 0.0 {
        return None;
    }
    let unit = 10f64.powf(reach.log10().floor());
    let round = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0].map(|m| m * unit);
    let reach = round.into_iter().find(|r| *r >= reach * (1.0 - 1e-9)).unwrap_or(reach);
    // Ends such as 0.6000000000000001 would be shown as typed.
    let digits = (2.0 - unit.log10()).clamp(0.0, 12.0) as i32;
    let reach = (reach * 10f64.powi(digits)).round() / 10f64.powi(digits);
    Some([(-reach).min(guess[0]), reach.max(guess[1])])
}

/// First colour range from the data: 2nd to 98th percentile; symmetric about zero where the quantity is an anomaly
/// (hint or table); above zero on logarithmic scales; never empty.
pub fn range_from_stats(field: &FieldInfo, stats: &FieldStats) -> [f64; 2] {
    let hint = default_hint(field);
    let [mut low, mut high] = stats.p02_p98.map(short);
    if !(low.is_finite() && high.is_finite()) {
        return [0.0, 1.0];
    }
    if low >= high {
        // Nearly constant: all of it, when there is more.
        (low, high) = if stats.min < stats.max { (short(stats.min), short(stats.max)) } else { (low, low) };
    }
    if hint.symmetric == Some(true) {
        let reach = low.abs().max(high.abs());
        (low, high) = (-reach, reach);
    }
    if hint.log == Some(true) {
        high = if high > 0.0 { high } else { 1.0 };
        low = if low > 0.0 { low } else { high * 1e-3 };
    }
    if low < high {
        return [low, high];
    }
    let half = if low == 0.0 { 1.0 } else { low.abs() * 0.05 };
    if hint.log == Some(true) { [low * 0.5, low * 2.0] } else { [low - half, low + half] }
}

/// A value of single precision with no more digits than it has: 0.2334 instead of 0.23340000212192535.
fn short(value: f64) -> f64 {
    let single = value as f32;
    if f64::from(single) == value { single.to_string().parse().unwrap_or(value) } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Flag;

    fn field(name: &str, standard_name: &str, units: &str) -> FieldInfo {
        FieldInfo {
            name: name.to_owned(),
            variable: name.to_owned(),
            long_name: None,
            standard_name: (!standard_name.is_empty()).then(|| standard_name.to_owned()),
            units: units.to_owned(),
            kind: FieldKind::Scalar,
            extra_dims: Vec::new(),
            has_time: false,
            packing_step: None,
            valid_range: None,
            style: StyleHint::default(),
            rank: 0,
            derived: false,
            quality: None,
            components: Vec::new(),
            hides_cells: false,
        }
    }

    /// The Gulf Stream in KaRIn's ±0.2 m would be two flat colours; a quiet sea keeps them.
    #[test]
    fn a_first_guess_gives_way_to_strong_signals() {
        let stats = |low, high| FieldStats {
            count: 9,
            missing: 0,
            min: low * 2.0,
            max: high * 2.0,
            mean: 0.0,
            sd: 0.1,
            p02_p98: [low, high],
        };
        assert_eq!(widened([-0.2, 0.2], &stats(-0.41, 0.55)), Some([-0.6, 0.6]));
        assert_eq!(widened([-0.2, 0.2], &stats(-0.93, 0.55)), Some([-1.0, 1.0]));
        assert_eq!(widened([-0.2, 0.2], &stats(-0.1, 0.201)), Some([-0.25, 0.25]));
        assert_eq!(widened([-30.0, 30.0], &stats(-3.0, 34.0)), Some([-40.0, 40.0]));
        assert_eq!(widened([-0.2, 0.2], &stats(-0.19, 0.2)), None);
        assert_eq!(widened([-0.2, 0.2], &stats(-0.01, 0.01)), None);
        assert_eq!(widened([-0.2, 0.2], &stats(f64::NAN, f64::NAN)), None);
        let sla = field("sla", "sea_surface_height_above_sea_level", "m");
        assert!(is_guess(&sla, [-0.3, 0.3]) && !is_guess(&sla, [-0.2, 0.2]));
        assert!(!is_guess(&field("wind_speed", "wind_speed", "m s-1"), [0.0, 20.0]), "not an anomaly");
    }

    #[test]
    fn quantities_get_their_map_and_range() {
        let cases = [
            ("analysed_sst", "sea_surface_foundation_temperature", "kelvin", "cmocean_thermal", Some([271.15, 305.15])),
            ("sst", "sea_surface_temperature", "degree_Celsius", "cmocean_thermal", Some([-2.0, 32.0])),
            ("sla", "sea_surface_height_above_sea_level", "m", "cmocean_balance", Some([-0.3, 0.3])),
            ("sla", "sea_surface_height_above_sea_level", "cm", "cmocean_balance", Some([-30.0, 30.0])),
            ("adt", "sea_surface_height_above_geoid", "m", "cmocean_balance", Some([-1.5, 1.5])),
            ("wind_speed", "wind_speed", "m s-1", "cmocean_speed", Some([0.0, 20.0])),
            ("u", "eastward_sea_water_velocity", "m s-1", "cmocean_delta", None),
            ("swh", "sea_surface_wave_significant_height", "m", "cmocean_amp", Some([0.0, 8.0])),
            ("ice_conc", "sea_ice_area_fraction", "%", "cmocean_ice", Some([0.0, 100.0])),
            ("ice_conc", "sea_ice_area_fraction", "1", "cmocean_ice", Some([0.0, 1.0])),
            ("chl", "mass_concentration_of_chlorophyll_a_in_sea_water", "mg m-3", "cmocean_algae", Some([0.01, 20.0])),
            ("sss", "sea_surface_salinity", "1e-3", "cmocean_haline", Some([30.0, 38.0])),
            ("ssha_karin", "", "m", "cmocean_balance", Some([-0.3, 0.3])),
            ("sea_surface_temperature", "", "kelvin", "cmocean_thermal", Some([271.15, 305.15])),
            ("analysis_error", "", "kelvin", "viridis", None),
            ("sst", "", "", "cmocean_thermal", None),
            ("foo", "", "furlong", "viridis", None),
        ];
        for (name, standard, units, map, range) in cases {
            let style = default_style(&field(name, standard, units), Some(GeometryKind::Grid));
            assert_eq!((style.colormap.as_str(), style.range), (map, range), "{name} {standard} {units}");
        }
        let chl = default_style(&field("chl", "mass_concentration_of_chlorophyll_in_sea_water", "mg m-3"), None);
        assert!(chl.log);
        // A standard error is not the quantity.
        let error = field("e", "sea_surface_temperature standard_error", "K");
        assert_eq!(default_style(&error, None).range, None);
    }

    #[test]
    fn geometry_and_product_decide_first() {
        let mut f = field("ssha", "", "m");
        assert_eq!(default_style(&f, Some(GeometryKind::Track)).method, Method::Line);
        assert_eq!(default_style(&f, Some(GeometryKind::Points)).method, Method::Points);
        assert_eq!(default_style(&f, Some(GeometryKind::Swath)).method, Method::Raster);
        f.style = StyleHint { colormap: Some("jet".into()), range: Some([-1.0, 2.0]), ..StyleHint::default() };
        let style = default_style(&f, Some(GeometryKind::Track));
        assert_eq!((style.colormap.as_str(), style.range), ("jet", Some([-1.0, 2.0])));
    }

    #[test]
    fn flags_are_categories() {
        let mut f = field("quality_level", "", "");
        let flag = |value| Flag { value, mask: None, meaning: format!("level_{value}") };
        f.kind = FieldKind::Flags { flags: (0..=5).map(flag).collect() };
        assert_eq!(default_style(&f, None).range, Some([-0.5, 5.5]));
        // Bits of a mask, and codes with gaps: no two share a colour.
        let bits = (0..23).map(|k| Flag { value: 1 << k, mask: Some(1 << k), meaning: format!("bit_{k}") });
        let codes = [0, 5, 10, 20, 50, 70, 100].map(flag);
        for flags in [bits.collect::<Vec<_>>(), codes.to_vec()] {
            f.kind = FieldKind::Flags { flags: flags.clone() };
            let style = default_style(&f, None);
            let places: Vec<f64> = flags.iter().map(|c| style.position(c.value as f64).clamp(0.0, 1.0)).collect();
            assert!(places.windows(2).all(|w| w[1] - w[0] > 0.03), "{places:?}");
            assert!(places.iter().skip(1).all(|p| (0.0..1.0).contains(p)), "{places:?}");
        }
    }

    #[test]
    fn ranges_from_data_are_never_empty() {
        let digits = FieldStats::from_values([0.2334f32, 0.9012].into_iter()).unwrap();
        let range = range_from_stats(&field("x", "", "1"), &digits);
        assert!(range.iter().all(|v| v.to_string().len() <= 6), "no digits beyond those of the file: {range:?}");
        let stats = |low: f64, high: f64| FieldStats {
            count: 9,
            missing: 0,
            min: low,
            max: high,
            mean: low,
            sd: 0.0,
            p02_p98: [low, high],
        };
        let plain = field("x", "", "");
        assert_eq!(range_from_stats(&plain, &stats(2.0, 5.0)), [2.0, 5.0]);
        assert_eq!(range_from_stats(&field("sla", "", "m"), &stats(-0.1, 0.4)), [-0.4, 0.4]);
        // The middle of the relief's colours is the shore, also where there is no land.
        assert_eq!(range_from_stats(&field("topo", "", "m"), &stats(-4000.0, -200.0)), [-4000.0, 4000.0]);
        for (low, high) in [(0.0, 0.0), (7.0, 7.0), (-3.0, -3.0), (f64::NAN, f64::NAN), (1e30, 1e30)] {
            let [a, b] = range_from_stats(&plain, &stats(low, high));
            assert!(a < b, "{low} {high} -> {a} {b}");
            let [a, b] = range_from_stats(&field("chl", "", "mg m-3"), &stats(low, high));
            assert!(0.0 < a || low.is_nan(), "{a}");
            assert!(a < b, "{low} {high} -> {a} {b}");
        }
    }

    #[test]
    fn every_colour_map_of_the_table_is_shipped() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/colormaps");
        if !folder.is_dir() {
            println!("skipped: no colour maps at {}", folder.display());
            return;
        }
        for rule in BY_STANDARD_NAME.iter().chain(BY_NAME) {
            assert!(folder.join(format!("{}.rgb", rule.colormap)).is_file(), "{}", rule.colormap);
        }
        assert!(folder.join("crameri_batlow.rgb").is_file());
    }
}
