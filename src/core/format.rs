//! Numbers, positions, units and times as the window writes them (window design §12), and as people type them.

use crate::field::FieldInfo;
use crate::geo::LonLat;
use crate::style::Style;
use crate::time::{Time, TimeSpan};
use crate::vector::KNOTS_PER_M_S;

mod coords;
mod parse;
mod units;

pub use coords::{AngleForm, Coordinates};
pub use parse::{parse_clock, parse_number, parse_position};
pub use units::{Speed, Temperature, Units};

/// Typographic minus.
pub const MINUS: char = '\u{2212}';
/// Space before units and between thousands, never broken. Not U+2009: the window's text engine draws that only
/// 1.5 points wide, which reads as none.
pub const THIN: char = '\u{a0}';

/// A number with fixed decimals, U+2212 as minus and thin-space thousands; a dash for NaN and infinity.
pub fn number(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "\u{2013}".to_owned();
    }
    let magnitude = value.abs();
    if magnitude >= 1e9 || (magnitude > 0.0 && magnitude < 1e-6) {
        return format!("{value:.2e}").replace('-', &MINUS.to_string());
    }
    let plain = format!("{magnitude:.decimals$}");
    let (whole, fraction) = plain.split_once('.').map_or((plain.as_str(), None), |(a, b)| (a, Some(b)));
    let mut text = String::new();
    if value < 0.0 && plain.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
        text.push(MINUS);
    }
    for (k, digit) in whole.chars().enumerate() {
        if k > 0 && (whole.len() - k).is_multiple_of(3) && whole.len() > 3 {
            text.push(THIN);
        }
        text.push(digit);
    }
    if let Some(f) = fraction {
        text.push('.');
        text.push_str(f);
    }
    text
}

/// A whole number with thin-space thousands.
pub fn count(n: u64) -> String {
    number(n as f64, 0)
}

/// Decimals so that the step is `10^floor(log10(range / 100))`, but never finer than the packing of the file.
pub fn decimals_for(range: [f64; 2], packing_step: Option<f64>) -> usize {
    let width = (range[1] - range[0]).abs();
    if !(width > 0.0 && width.is_finite()) {
        return 3;
    }
    let wanted = -(width / 100.0).log10().floor();
    let possible = packing_step.filter(|s| *s > 0.0).map_or(wanted, |s| (-(s.log10() + 1e-9).floor()).max(0.0));
    wanted.min(possible).clamp(0.0, 8.0) as usize
}

/// Three significant digits, for logarithmic scales.
pub fn significant(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return number(value, 0);
    }
    number(value, (2.0 - value.abs().log10().floor()).clamp(0.0, 8.0) as usize)
}

/// A number as short as its digits allow (at most `decimals`), for ticks and range ends.
pub fn short(value: f64, decimals: usize) -> String {
    let text = number(value, decimals);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// How values of a field are shown: `shown = value · factor + offset`, with a typeset unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Typeset unit, empty for none.
    pub label: String,
    /// A value of the file is multiplied by this.
    pub factor: f64,
    /// Then this is added.
    pub offset: f64,
}

impl Unit {
    /// The unit a field is shown in: kelvin temperatures in °C, differences of temperature in K; otherwise where the
    /// user wants it ([`Units`]).
    pub fn of(field: &FieldInfo) -> Self {
        let units = Units::now();
        let plain = Self::usual(field);
        match (plain.label.as_str(), plain.offset) {
            ("°C", offset) if units.temperature == Temperature::Kelvin && !is_difference(field) => {
                Self { label: "K".to_owned(), factor: 1.0, offset: offset + 273.15 }
            }
            ("m/s", _) if units.speed == Speed::Knots => {
                Self { label: "kt".to_owned(), factor: KNOTS_PER_M_S, offset: 0.0 }
            }
            _ => plain,
        }
    }

    /// The unit a field is shown in as long as nobody wants another.
    fn usual(field: &FieldInfo) -> Self {
        match field.units.trim() {
            "K" | "kelvin" | "Kelvin" | "degree_Kelvin" | "degrees_Kelvin" | "degK" if is_difference(field) => {
                Self { label: "K".to_owned(), factor: 1.0, offset: 0.0 }
            }
            "K" | "kelvin" | "Kelvin" | "degree_Kelvin" | "degrees_Kelvin" | "degK" => {
                Self { label: "°C".to_owned(), factor: 1.0, offset: -273.15 }
            }
            other => Self { label: typeset(other), factor: 1.0, offset: 0.0 },
        }
    }

    /// The value as shown.
    pub fn shown(&self, value: f64) -> f64 {
        value * self.factor + self.offset
    }

    /// The value of the file.
    pub fn raw(&self, shown: f64) -> f64 {
        (shown - self.offset) / self.factor
    }

    /// A range typed in `unit` as values of the file: the unit of the file (or none), or the one shown. `None` for others.
    pub fn raw_range(&self, field: &FieldInfo, ends: [f64; 2], unit: &str) -> Option<[f64; 2]> {
        let plain = |text: &str| match typeset(text).as_str() {
            "C" | "degreeC" => "°C".to_owned(),
            "kelvin" | "Kelvin" | "degree_Kelvin" | "degrees_Kelvin" | "degK" => "K".to_owned(),
            other => other.to_owned(),
        };
        if unit.trim().is_empty() || plain(unit) == plain(&field.units) {
            Some(ends)
        } else if plain(unit) == plain(&self.label) {
            Some(ends.map(|v| self.raw(v)))
        } else {
            None
        }
    }

    /// ` m`, with the thin space, or nothing.
    pub fn suffix(&self) -> String {
        if self.label.is_empty() { String::new() } else { format!("{THIN}{}", self.label) }
    }
}

/// Whether values are differences: of these 1 K is 1 °C.
fn is_difference(field: &FieldInfo) -> bool {
    let name = field.standard_name.as_deref().unwrap_or(&field.name).to_lowercase();
    let words = ["anomaly", "difference", "error", "bias", "deviation", "uncertainty", "gradient", "sses"];
    words.iter().any(|w| name.contains(w) || field.title().to_lowercase().contains(w))
}

/// Decimals for values of a field drawn with this style, in the shown unit: from the colour range and the packing.
pub fn decimals_of(field: &FieldInfo, style: &Style) -> usize {
    decimals_for(style.effective_range(), field.packing_step)
}

/// A value of a field as read-outs show it, without unit: converted, rounded by the layer's range (three significant
/// digits on logarithmic scales), never finer than the packing of the file. Missing values give a dash.
pub fn value(field: &FieldInfo, style: &Style, raw: f64) -> String {
    let shown = Unit::of(field).shown(raw);
    if style.log { significant(shown) } else { number(shown, decimals_of(field, style)) }
}

/// [`value`] with its unit: `18.42 °C`.
pub fn value_with_unit(field: &FieldInfo, style: &Style, raw: f64) -> String {
    let text = value(field, style, raw);
    if raw.is_finite() { format!("{text}{}", Unit::of(field).suffix()) } else { text }
}

/// A range with the unit of its field: `−0.30 to 0.30 m`, in as few digits as its width needs.
pub fn range(field: &FieldInfo, [low, high]: [f64; 2]) -> String {
    let unit = Unit::of(field);
    let decimals = decimals_for([low, high], None).saturating_sub(1);
    let part = |v: f64| number(unit.shown(v), decimals);
    format!("{} to {}{}", part(low), part(high), unit.suffix())
}

/// A CF unit typeset: `m s-1` → `m/s`, `degree_Celsius` → `°C`, `1` → nothing.
pub fn typeset(units: &str) -> String {
    let units = units.trim();
    match units {
        "1" | "" | "none" | "unitless" | "-" | "count" | "counts" => return String::new(),
        "degree_Celsius" | "degrees_Celsius" | "degree_celsius" | "degrees_celsius" | "celsius" | "Celsius"
        | "degree_C" | "degrees_C" | "degC" | "deg_C" | "Deg C" | "deg C" | "Degree C" | "degree C" | "degrees C" => {
            return "°C".to_owned();
        }
        "meter/second" | "meters/second" | "meter/sec" | "metre/second" | "metres/second" | "meter second-1"
        | "m/sec" | "meters per second" => return "m/s".to_owned(),
        "percent" => return "%".to_owned(),
        "degree" | "degrees" | "degrees_true" | "degree_true" | "degrees_north" | "degrees_east" => {
            return "°".to_owned();
        }
        "meter" | "meters" | "metre" | "metres" => return "m".to_owned(),
        _ => {}
    }
    let (mut above, mut below) = (Vec::new(), Vec::new());
    for word in units.split([' ', '.']).filter(|w| !w.is_empty()) {
        let at = word.find(|c: char| c == '-' || c == '+' || c == '^' || c.is_ascii_digit());
        let Some((symbol, power)) = at.filter(|k| *k > 0).map(|k| word.split_at(k)) else {
            above.push(word.to_owned());
            continue;
        };
        let Ok(power) = power.trim_start_matches('^').trim_start_matches("**").parse::<i32>() else {
            return units.to_owned();
        };
        let superscript = match power.abs() {
            1 => "",
            2 => "²",
            3 => "³",
            _ => return units.to_owned(),
        };
        let list = if power < 0 { &mut below } else { &mut above };
        list.push(format!("{symbol}{superscript}"));
    }
    match (above.is_empty(), below.is_empty()) {
        (_, true) => above.join(" "),
        (true, false) => format!("1/{}", below.join("/")),
        (false, false) => format!("{}/{}", above.join(" "), below.join("/")),
    }
}

/// `36.159° N, 54.293° W`.
pub fn position(p: LonLat, decimals: usize) -> String {
    let p = p.normalized();
    let part =
        |v: f64, plus: &str, minus: &str| format!("{:.decimals$}° {}", v.abs(), if v < 0.0 { minus } else { plus });
    format!("{}, {}", part(p.lat_deg, "N", "S"), part(p.lon_deg, "E", "W"))
}

/// `4 870 m`; from a kilometre on in kilometres when `coarse`.
pub fn metres(m: f64) -> String {
    if m.abs() >= 100_000.0 {
        format!("{}{THIN}km", number((m / 1000.0).round(), 0))
    } else if m.abs() >= 10_000.0 {
        format!("{}{THIN}km", short(m / 1000.0, 1))
    } else {
        format!("{}{THIN}m", number(m, 0))
    }
}

/// `2 d 4 h`, at most two units; no sign.
pub fn duration(seconds: f64) -> String {
    let s = seconds.abs().round() as u64;
    let two = |a: u64, ua: &str, b: u64, ub: &str| {
        if b == 0 { format!("{a} {ua}") } else { format!("{a} {ua} {b} {ub}") }
    };
    match s {
        0..60 => format!("{s} s"),
        60..3600 if s < 600 => two(s / 60, "min", s % 60, "s"),
        60..3600 => format!("{} min", s / 60),
        3600..86_400 => two(s / 3600, "h", s % 3600 / 60, "min"),
        86_400..34_560_000 => two(s / 86_400, "d", s % 86_400 / 3600, "h"),
        _ => two(s / 31_557_600, "y", s % 31_557_600 / 86_400, "d"),
    }
}

/// `−2 h 46 min` relative to the clock.
pub fn offset(seconds: f64) -> String {
    if seconds.abs() < 0.5 {
        return "0 s".to_owned();
    }
    format!("{}{}", if seconds < 0.0 { MINUS } else { '+' }, duration(seconds))
}

/// A stretch of time as captions write it: `2024-08-11 12:00:00Z` for an instant, `2024-08-11` for whole days,
/// `2024-08-11 06:07 – 07:03Z` within a day, with seconds when it is shorter than ten minutes.
pub fn period(span: TimeSpan) -> String {
    let length_s = span.seconds();
    if length_s < 1.0 {
        return span.start.to_string();
    }
    let midnight = |t: Time| matches!(t.civil(), Some((_, _, _, 0, 0, 0, _)));
    // The last instant of a day, however the file writes it, and the first of the next.
    if midnight(span.start) && (midnight(span.stop) || midnight(span.stop.plus_seconds(1.0))) {
        let (first, last) = (span.start.date_text(), span.stop.plus_seconds(-0.5).date_text());
        return if first == last { first } else { format!("{first} \u{2013} {last}") };
    }
    let clock = |t: Time| match t.civil() {
        Some((_, _, _, h, m, s, _)) if length_s < 600.0 => format!("{h:02}:{m:02}:{s:02}"),
        Some((_, _, _, h, m, ..)) => format!("{h:02}:{m:02}"),
        None => String::new(),
    };
    let (first, last) = (span.start.date_text(), span.stop.date_text());
    let day = if first == last { String::new() } else { format!("{last} ") };
    format!("{first} {} \u{2013} {day}{}Z", clock(span.start), clock(span.stop))
}

/// Length of a window or step, one unit where possible: `6 h`, `1 d`.
pub fn span(seconds: f64) -> String {
    duration(seconds)
}

/// `Day 224, CNES 27251`.
pub fn day_text(t: Time) -> String {
    let Some((year, ..)) = t.civil() else { return String::new() };
    let start = Time::from_civil(year, 1, 1, 0, 0, 0.0).unwrap_or(t);
    let cnes_epoch = Time::from_civil(1950, 1, 1, 0, 0, 0.0).unwrap_or(t);
    let day = (t.seconds_since(start) / 86_400.0).floor() as i64 + 1;
    let cnes = (t.seconds_since(cnes_epoch) / 86_400.0).floor() as i64;
    format!("Day {day}, CNES {cnes}").replace('-', &MINUS.to_string())
}

/// An instant in the ways people of the field count: UTC, day of the year, CNES Julian date with five decimals (a second).
pub fn instant_lines(t: Time) -> String {
    let (Some((year, ..)), Some(day)) = (t.civil(), t.day_of_year()) else { return t.to_string() };
    // As it is typed and written in files: without thousands.
    let cnes = format!("{:.5}", t.cnes_days()).replace('-', &MINUS.to_string());
    format!("{t}\nDay of year {day} ({year:04}-{day:03})\nCNES Julian date {cnes}, days since 1950-01-01")
}

/// Round tick positions in `[lo, hi]`, about `n` of them.
pub fn round_ticks(lo: f64, hi: f64, n: usize) -> Vec<f64> {
    let width = hi - lo;
    if !(width > 0.0 && width.is_finite()) || n == 0 {
        return Vec::new();
    }
    let raw = width / n as f64;
    let base = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|m| m * base).find(|s| *s >= raw * 0.999).unwrap_or(base);
    let first = (lo / step - 1e-6).ceil() as i64;
    let last = (hi / step + 1e-6).floor() as i64;
    (first..=last.min(first + 50)).map(|k| k as f64 * step).collect()
}

/// Ticks 1, 3 (and 2, 5 where room) of decades in a positive range.
pub fn log_ticks(lo: f64, hi: f64) -> Vec<f64> {
    let decades = (hi / lo).log10();
    let mantissas: &[f64] = if decades > 4.0 {
        &[1.0]
    } else if decades > 1.5 {
        &[1.0, 3.0]
    } else {
        &[1.0, 2.0, 5.0]
    };
    let (first, last) = (lo.log10().floor() as i32, hi.log10().ceil() as i32);
    (first..=last)
        .flat_map(|d| {
            // Division by a whole power of ten is correctly rounded: 0.3, not 0.30000000000000004.
            let at = move |m: &f64| if d < 0 { m / 10f64.powi(-d) } else { m * 10f64.powi(d) };
            mantissas.iter().map(at)
        })
        .filter(|v| *v >= lo * 0.999_999 && *v <= hi * 1.000_001)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_the_design() {
        assert_eq!(number(-0.12, 3), "\u{2212}0.120");
        assert_eq!(number(-0.0001, 2), "0.00", "no minus before zero");
        assert_eq!(number(4870.0, 0), "4\u{a0}870");
        assert_eq!(number(f64::NAN, 1), "\u{2013}");
        assert_eq!(decimals_for([-0.3, 0.3], None), 3);
        assert_eq!(decimals_for([0.0, 20.0], None), 1);
        assert_eq!(decimals_for([0.0, 1.5], Some(0.01)), 2);
        assert_eq!(significant(0.012_34), "0.0123");
    }

    #[test]
    fn units_are_typeset() {
        for (cf, ours) in [
            ("m s-1", "m/s"),
            ("mg m-3", "mg/m³"),
            ("1", ""),
            ("percent", "%"),
            ("m", "m"),
            ("s-1", "1/s"),
            ("degrees_celsius", "°C"),
            ("meter/second", "m/s"),
        ] {
            assert_eq!(typeset(cf), ours, "{cf}");
        }
    }

    #[test]
    fn times_and_places() {
        assert_eq!(offset(-9960.0), "\u{2212}2 h 46 min");
        assert_eq!(duration(187_200.0), "2 d 4 h");
        assert_eq!(position(LonLat::new(-54.293, 36.159), 3), "36.159° N, 54.293° W");
        let now = Time::parse("2024-08-11T13:27:41Z").unwrap();
        assert_eq!(day_text(now), "Day 224, CNES 27251");
    }

    #[test]
    fn stretches_of_time() {
        let text = |a: &str, b: &str| period(TimeSpan::new(Time::parse(a).unwrap(), Time::parse(b).unwrap()));
        assert_eq!(text("2024-08-11T12:00:00Z", "2024-08-11T12:00:00Z"), "2024-08-11 12:00:00Z");
        assert_eq!(text("2021-02-01T08:33:07Z", "2021-02-01T08:33:10Z"), "2021-02-01 08:33:07 – 08:33:10Z");
        assert_eq!(text("2002-01-15T06:07:06Z", "2002-01-15T07:03:16Z"), "2002-01-15 06:07 – 07:03Z");
        assert_eq!(text("2024-08-11T23:10:00Z", "2024-08-12T00:51:00Z"), "2024-08-11 23:10 – 2024-08-12 00:51Z");
        for end in ["2024-08-11T23:59:59Z", "2024-08-11T23:59:59.999999Z", "2024-08-12T00:00:00Z"] {
            assert_eq!(text("2024-08-11T00:00:00Z", end), "2024-08-11", "{end}");
        }
        assert_eq!(text("2024-08-11", "2024-08-18"), "2024-08-11 – 2024-08-17");
    }

    #[test]
    fn values_carry_the_digits_of_their_range() {
        let mut sst: FieldInfo = serde_json::from_str(
            r#"{"name": "sst", "variable": "sst", "standard_name": "sea_surface_temperature", "units": "kelvin"}"#,
        )
        .unwrap();
        let style = Style { range: Some([271.15, 305.15]), ..Style::default() };
        assert_eq!(value_with_unit(&sst, &style, 291.574), "18.4\u{a0}°C");
        assert_eq!(range(&sst, [271.15, 305.15]), "\u{2212}2 to 32\u{a0}°C");
        sst.packing_step = Some(1.0);
        assert_eq!(value(&sst, &style, 291.574), "18");
        assert_eq!(value(&sst, &style, f64::NAN), "\u{2013}");
        let sla: FieldInfo = serde_json::from_str(r#"{"name": "sla", "variable": "sla", "units": "m"}"#).unwrap();
        assert_eq!(range(&sla, [-0.3, 0.3]), "\u{2212}0.30 to 0.30\u{a0}m");
        let unit = Unit::of(&sst);
        assert_eq!(unit.raw_range(&sst, [278.15, 298.15], ""), Some([278.15, 298.15]));
        assert_eq!(unit.raw_range(&sst, [278.15, 298.15], "K"), Some([278.15, 298.15]));
        for celsius in ["degC", "°C", "celsius", "C"] {
            assert_eq!(unit.raw_range(&sst, [5.0, 25.0], celsius), Some([278.15, 298.15]), "{celsius}");
        }
        assert_eq!(unit.raw_range(&sst, [5.0, 25.0], "m"), None);
        assert_eq!(Unit::of(&sla).raw_range(&sla, [-1.0, 1.0], "metres"), Some([-1.0, 1.0]));
        let chl = Style { range: Some([0.01, 20.0]), log: true, ..Style::default() };
        assert_eq!(value(&sla, &chl, 0.012_34), "0.0123");
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(round_ticks(-0.3, 0.3, 4).len(), 3);
        assert_eq!(round_ticks(0.0, 32.0, 4), [0.0, 10.0, 20.0, 30.0]);
        assert_eq!(log_ticks(0.01, 20.0), [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]);
    }
}
