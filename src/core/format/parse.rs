//! Numbers, positions and times as people type them into fields, the palette and the clock.

use super::{MINUS, THIN};
use crate::cf_time::month_by_name;
use crate::geo::{LonLat, wrap_180};
use crate::time::Time;

/// Reads a number as people type it: `−0.3`, `1e-3`, `1 000`, `0,5`.
pub fn parse_number(text: &str) -> Option<f64> {
    let clean: String = text.chars().filter(|c| !c.is_whitespace() && *c != THIN).collect();
    clean.replace(MINUS, "-").replace(',', ".").parse::<f64>().ok().filter(|v| v.is_finite())
}

/// Reads a position, latitude first unless letters say otherwise: `38.2 -64.1`, `38.2, −64.1`, `36.159° N, 54.293° W`,
/// `54.293W 36.159N`, `36 9.5 N 54 17.6 W` (degrees and minutes), `36°9'30"N 54°17'36"W`.
pub fn parse_position(text: &str) -> Option<LonLat> {
    let clean = text.replace(MINUS, "-").to_ascii_uppercase();
    let mut groups: Vec<(Vec<f64>, Option<char>)> = vec![(Vec::new(), None)];
    let has_letters = clean.contains(['N', 'S', 'E', 'W']);
    let mut word = String::new();
    for c in clean.chars().chain([' ']) {
        if c.is_ascii_digit() || matches!(c, '.' | '-' | '+') {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            groups.last_mut()?.0.push(std::mem::take(&mut word).parse().ok()?);
        }
        match c {
            'N' | 'S' | 'E' | 'W' => {
                let group = groups.last_mut()?;
                if group.0.is_empty() {
                    return None;
                }
                group.1 = Some(c);
                groups.push((Vec::new(), None));
            }
            '°' | '\'' | '"' | '′' | '″' | ',' | ';' | THIN => {}
            c if c.is_whitespace() => {}
            _ => return None,
        }
    }
    groups.retain(|g| !g.0.is_empty());
    let (lat, lon) = match (has_letters, groups.as_slice()) {
        (false, [(numbers, None)]) if numbers.len() == 2 => (numbers[0], numbers[1]),
        (true, [(a, Some(ca)), (b, Some(cb))]) => {
            let (va, vb) = (degrees(a, *ca)?, degrees(b, *cb)?);
            match (matches!(ca, 'N' | 'S'), matches!(cb, 'N' | 'S')) {
                (true, false) => (va, vb),
                (false, true) => (vb, va),
                _ => return None,
            }
        }
        _ => return None,
    };
    let fits = lat.abs() <= 90.0 && lon.abs() <= 360.0;
    fits.then(|| LonLat::new(wrap_180(lon), lat))
}

/// Degrees, minutes and seconds to degrees, signed by the hemisphere.
fn degrees(parts: &[f64], hemisphere: char) -> Option<f64> {
    if parts.len() > 3 || parts.iter().skip(1).any(|p| !(0.0..60.0).contains(p)) || parts[0] < 0.0 {
        return None;
    }
    let value = parts.iter().rev().fold(0.0, |sum, p| sum / 60.0 + p);
    Some(if matches!(hemisphere, 'S' | 'W') { -value } else { value })
}

/// Reads what may be typed at the clock: ISO times, `11 aug 13:27` and `11 aug 2024` (the clock's year when there is none),
/// `13:27` (the clock's day), `2024-224` (day of year), a CNES day (`27251`, days since 1950-01-01), and offsets from `now`
/// (`−3 d`, `+2 h 30 min`).
pub fn parse_clock(text: &str, now: Time) -> Option<Time> {
    let t = text.trim().replace(MINUS, "-");
    if let Ok(time) = Time::parse(&t) {
        return Some(time);
    }
    if let Some((y, d)) = t.split_once('-').filter(|(y, d)| y.len() == 4 && d.len() == 3) {
        let day: f64 = d.parse().ok().filter(|d| (1.0..=366.0).contains(d))?;
        return Some(Time::from_civil(y.parse().ok()?, 1, 1, 0, 0, 0.0)?.plus_seconds((day - 1.0) * 86_400.0));
    }
    if let Some(seconds) = parse_offset(&t) {
        return Some(now.plus_seconds(seconds));
    }
    if let Some(time) = parse_words(&t, now) {
        return Some(time);
    }
    let cnes: f64 = t.parse().ok().filter(|d| (0.0..100_000.0).contains(d))?;
    Some(Time::from_civil(1950, 1, 1, 0, 0, 0.0)?.plus_seconds(cnes * 86_400.0))
}

/// Seconds of `-3 d`, `+2 h 30 min`: numbers each followed by a unit, one sign in front.
fn parse_offset(text: &str) -> Option<f64> {
    let (sign, mut rest) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    let mut total = 0.0;
    while !rest.trim().is_empty() {
        rest = rest.trim_start();
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).filter(|k| *k > 0)?;
        let amount: f64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = match rest[..letters].to_ascii_lowercase().as_str() {
            "m" => 60.0,
            name => crate::cf_time::time_unit_seconds(name)?,
        };
        total += amount * unit;
        rest = &rest[letters..];
    }
    (total > 0.0 || text.contains('0')).then_some(sign * total)
}

/// `11 aug 2024 13:27`, `aug 11`, `13:27`, `day 224`: words in any order, what is missing taken from the clock.
fn parse_words(text: &str, now: Time) -> Option<Time> {
    let (year, month, day, ..) = now.civil()?;
    let (mut y, mut m, mut d, mut clock) = (None, None, None, None);
    let mut day_of_year = false;
    for word in text.split([' ', ',', THIN]).filter(|w| !w.is_empty()) {
        if let Some(number) = month_by_name(word) {
            m = Some(number as i8);
        } else if word.contains(':') {
            let mut parts = word.trim_end_matches(['Z', 'z']).split(':');
            let (h, min) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            let s: f64 = parts.next().map_or(Some(0.0), |s| s.parse().ok())?;
            clock = Some((h, min, s));
        } else if matches!(word.to_ascii_lowercase().as_str(), "day" | "doy") {
            day_of_year = true;
        } else {
            let number: i16 = word.parse().ok()?;
            match (word.len(), day_of_year) {
                (4, _) => y = Some(number),
                (1..=2, false) if d.is_none() => d = Some(number),
                (1..=3, true) if d.is_none() => d = Some(number),
                _ => return None,
            }
        }
    }
    let (h, min, s) = clock.unwrap_or((0, 0, 0.0));
    if day_of_year {
        let day = d.filter(|d| (1..=366).contains(d))?;
        let start = Time::from_civil(y.unwrap_or(year), 1, 1, h, min, s)?;
        return Some(start.plus_seconds(f64::from(day - 1) * 86_400.0));
    }
    // A number alone is a CNES day, not a day of the month.
    if m.is_none() && (d.is_some() || y.is_some() || clock.is_none()) {
        return None;
    }
    let first_or_today = if m.is_some() { 1 } else { i16::from(day) };
    Time::from_civil(y.unwrap_or(year), m.unwrap_or(month), d.unwrap_or(first_or_today) as i8, h, min, s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_positions() {
        let near = |text: &str, lon: f64, lat: f64| {
            let p = parse_position(text).unwrap_or_else(|| panic!("{text}"));
            assert!((p.lon_deg - lon).abs() < 1e-9 && (p.lat_deg - lat).abs() < 1e-9, "{text}: {p:?}");
        };
        near("38.2 -64.1", -64.1, 38.2);
        near("38.2, \u{2212}64.1", -64.1, 38.2);
        near("36.159° N, 54.293° W", -54.293, 36.159);
        near("54.293w 36.159n", -54.293, 36.159);
        near("36 9.54 N 54 17.58 W", -54.293, 36.159);
        near("36°9'32.4\"N 54°17'34.8\"W", -54.293, 36.159);
        near("-12 200", -160.0, -12.0);
        for bad in ["", "12", "1 2 3", "91 0", "10 N 20 N", "10 70 N 3 E", "hello", "N 10 E 3", "10 -20 N 3 W", "1 2 N"]
        {
            assert_eq!(parse_position(bad), None, "{bad}");
        }
    }

    #[test]
    fn typed_times() {
        let now = Time::parse("2024-08-11T13:27:41Z").unwrap();
        let is = |text: &str, expected: &str| {
            let got = parse_clock(text, now).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(got.iso(), expected, "{text}");
        };
        is("2024-224", "2024-08-11T00:00:00Z");
        is("27251", "2024-08-11T00:00:00Z");
        is("27251.5", "2024-08-11T12:00:00Z");
        is("11 aug 13:27", "2024-08-11T13:27:00Z");
        is("Aug 9 2019", "2019-08-09T00:00:00Z");
        is("9 September 2019 23:59:30", "2019-09-09T23:59:30Z");
        is("06:30", "2024-08-11T06:30:00Z");
        is("day 224 2023 12:00", "2023-08-12T12:00:00Z");
        is("\u{2212}3 d", "2024-08-08T13:27:41Z");
        is("+2 h 30 min", "2024-08-11T15:57:41Z");
        is("-90m", "2024-08-11T11:57:41Z");
        for bad in ["soon", "", "31 feb", "2024-400", "99:00", "-3 kelvin", "11", "12 13 aug"] {
            if bad == "11" {
                is(bad, "1950-01-12T00:00:00Z"); // a CNES day
            } else {
                assert_eq!(parse_clock(bad, now), None, "{bad}");
            }
        }
    }

    #[test]
    fn typed_numbers() {
        assert_eq!(parse_number("\u{2212}0.3"), Some(-0.3));
        assert_eq!(parse_number("4\u{2009}870"), Some(4870.0));
        assert_eq!(parse_number("0,5"), Some(0.5));
        assert_eq!(parse_number("nan"), None);
    }
}
