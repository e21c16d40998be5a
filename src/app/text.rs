//! Numbers, positions, units and times as the window writes them (window design §12).

use seaglass_core::field::FieldInfo;
use seaglass_core::geo::LonLat;
use seaglass_core::time::Time;

/// Typographic minus.
pub const MINUS: char = '\u{2212}';
/// Space before units and between thousands: egui draws U+2009 only 1.5 points wide, which reads as none.
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

/// How values of a field are shown: `shown = value + offset`, with a typeset unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Typeset unit, empty for none.
    pub label: String,
    /// Added to a value of the file.
    pub offset: f64,
}

impl Unit {
    /// The unit a field is shown in: kelvin temperatures in °C, differences of temperature in K.
    pub fn of(field: &FieldInfo) -> Self {
        let name = field.standard_name.as_deref().unwrap_or(&field.name).to_lowercase();
        let difference = ["anomaly", "difference", "error", "bias", "deviation", "uncertainty", "gradient", "sses"]
            .iter()
            .any(|w| name.contains(w) || field.title().to_lowercase().contains(w));
        match field.units.trim() {
            "K" | "kelvin" | "Kelvin" | "degree_Kelvin" | "degrees_Kelvin" | "degK" if difference => {
                Self { label: "K".to_owned(), offset: 0.0 }
            }
            "K" | "kelvin" | "Kelvin" | "degree_Kelvin" | "degrees_Kelvin" | "degK" => {
                Self { label: "°C".to_owned(), offset: -273.15 }
            }
            other => Self { label: typeset(other), offset: 0.0 },
        }
    }

    /// The value as shown.
    pub fn shown(&self, value: f64) -> f64 {
        value + self.offset
    }

    /// The value of the file.
    pub fn raw(&self, shown: f64) -> f64 {
        shown - self.offset
    }

    /// ` m`, with the thin space, or nothing.
    pub fn suffix(&self) -> String {
        if self.label.is_empty() { String::new() } else { format!("{THIN}{}", self.label) }
    }
}

/// A CF unit typeset: `m s-1` → `m/s`, `degree_Celsius` → `°C`, `1` → nothing.
pub fn typeset(units: &str) -> String {
    let units = units.trim();
    match units {
        "1" | "" | "none" | "unitless" | "-" | "count" | "counts" => return String::new(),
        "degree_Celsius" | "degrees_Celsius" | "celsius" | "Celsius" | "degree_C" | "degC" | "deg_C" => {
            return "°C".to_owned();
        }
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

/// Reads a number as people type it: `−0.3`, `1e-3`, `1 000`.
pub fn parse_number(text: &str) -> Option<f64> {
    let clean: String = text.chars().filter(|c| !c.is_whitespace() && *c != THIN).collect();
    clean.replace(MINUS, "-").replace(',', ".").parse::<f64>().ok().filter(|v| v.is_finite())
}

/// Reads what may be typed at the clock: ISO times, `2024-224` (day of year), a CNES day, `-3 d` from `now`.
pub fn parse_clock(text: &str, now: Time) -> Option<Time> {
    let t = text.trim().replace(MINUS, "-");
    if let Ok(time) = Time::parse(&t) {
        return Some(time);
    }
    if let Some((y, d)) = t.split_once('-').filter(|(y, d)| y.len() == 4 && d.len() == 3) {
        let start = Time::from_civil(y.parse().ok()?, 1, 1, 0, 0, 0.0)?;
        return Some(start.plus_seconds((d.parse::<f64>().ok()? - 1.0) * 86_400.0));
    }
    if let Some(unit) = ['d', 'h', 's'].into_iter().find(|u| t.ends_with(*u)).or(t.ends_with("min").then_some('m')) {
        let digits = t.trim_end_matches(|c: char| c.is_alphabetic()).trim();
        let seconds = match unit {
            'd' => 86_400.0,
            'h' => 3600.0,
            'm' => 60.0,
            _ => 1.0,
        };
        return Some(now.plus_seconds(digits.replace(' ', "").parse::<f64>().ok()? * seconds));
    }
    let cnes: f64 = t.parse().ok().filter(|d| (0.0..100_000.0).contains(d))?;
    Some(Time::from_civil(1950, 1, 1, 0, 0, 0.0)?.plus_seconds(cnes * 86_400.0))
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
        .flat_map(|d| mantissas.iter().map(move |m| m * 10f64.powi(d)))
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
        assert_eq!(number(4870.0, 0), format!("4{THIN}870"));
        assert_eq!(number(f64::NAN, 1), "\u{2013}");
        assert_eq!(decimals_for([-0.3, 0.3], None), 3);
        assert_eq!(decimals_for([0.0, 20.0], None), 1);
        assert_eq!(decimals_for([0.0, 1.5], Some(0.01)), 2);
        assert_eq!(significant(0.012_34), "0.0123");
    }

    #[test]
    fn units_are_typeset() {
        for (cf, ours) in
            [("m s-1", "m/s"), ("mg m-3", "mg/m³"), ("1", ""), ("percent", "%"), ("m", "m"), ("s-1", "1/s")]
        {
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
        let noon = Time::parse("2024-08-11").unwrap();
        assert_eq!(parse_clock("2024-224", now), Some(noon));
        assert_eq!(parse_clock("27251", now), Some(noon));
        assert_eq!(parse_clock("\u{2212}3 d", now), Some(now.plus_seconds(-259_200.0)));
        assert_eq!(parse_clock("soon", now), None);
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(round_ticks(-0.3, 0.3, 4).len(), 3);
        assert_eq!(round_ticks(0.0, 32.0, 4), [0.0, 10.0, 20.0, 30.0]);
        let labels: Vec<String> = log_ticks(0.01, 20.0).into_iter().map(|v| short(v, 8)).collect();
        assert_eq!(labels, ["0.01", "0.03", "0.1", "0.3", "1", "3", "10"]);
    }
}
