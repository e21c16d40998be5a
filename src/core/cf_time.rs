//! CF times: "units since epoch" in every CF calendar.
//!
//! `standard` (mixed Julian/Gregorian), `proleptic_gregorian` and `julian` times are converted to the instant they mean.
//! Times of model calendars (`noleap`, `all_leap`, `360_day`) are placed at their own calendar date, so that 15 June of the
//! model stands at 15 June on the time bar; a date the real calendar does not have (30 February) moves to the last day of
//! its month. Leap seconds are left as in the file.

use crate::time::Time;

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;
/// Days of a tropical year in UDUNITS-2 (`udunits2-common.xml`).
const UDUNITS_YEAR_DAYS: f64 = 365.242_198_781;

/// A CF calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calendar {
    /// Julian before 1582-10-15, Gregorian from then on (`standard`, `gregorian`, `none`, absent).
    Standard,
    /// Gregorian for ever.
    ProlepticGregorian,
    /// Julian for ever.
    Julian,
    /// Years of 365 days.
    NoLeap,
    /// Years of 366 days.
    AllLeap,
    /// Months of 30 days.
    Days360,
}

impl Calendar {
    /// From the `calendar` attribute, any case; empty is `standard`.
    pub fn parse(name: &str) -> Result<Self, String> {
        Ok(match name.trim().to_ascii_lowercase().as_str() {
            "" | "standard" | "gregorian" | "none" => Self::Standard,
            "proleptic_gregorian" | "gregorian_proleptic" => Self::ProlepticGregorian,
            "julian" => Self::Julian,
            "noleap" | "365_day" => Self::NoLeap,
            "all_leap" | "366_day" => Self::AllLeap,
            "360_day" => Self::Days360,
            other => {
                return Err(format!(
                    "the calendar \"{other}\" is not one of CF's (standard, proleptic_gregorian, julian, noleap, \
                     all_leap, 360_day)"
                ));
            }
        })
    }

    fn is_model(self) -> bool {
        matches!(self, Self::NoLeap | Self::AllLeap | Self::Days360)
    }

    fn month_length(self, year: i64, month: i64) -> i64 {
        const LENGTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let leap = match self {
            Self::Days360 => return 30,
            Self::NoLeap => false,
            Self::AllLeap => true,
            Self::Julian => year.rem_euclid(4) == 0,
            Self::Standard if year < 1582 => year.rem_euclid(4) == 0,
            Self::Standard | Self::ProlepticGregorian => is_gregorian_leap(year),
        };
        LENGTHS[(month - 1) as usize] + i64::from(leap && month == 2)
    }

    /// Days since 1970-01-01 on the calendar's own count (for model calendars: 1970 of the model).
    fn days_from_date(self, year: i64, month: i64, day: i64) -> i64 {
        match self {
            Self::ProlepticGregorian => gregorian_days(year, month, day),
            Self::Julian => julian_days(year, month, day),
            Self::Standard if (year, month, day) < (1582, 10, 15) => julian_days(year, month, day),
            Self::Standard => gregorian_days(year, month, day),
            Self::Days360 => (year - 1970) * 360 + (month - 1) * 30 + day - 1,
            Self::NoLeap | Self::AllLeap => {
                let before: i64 = (1..month).map(|m| self.month_length(year, m)).sum();
                (year - 1970) * self.model_year() + before + day - 1
            }
        }
    }

    fn model_year(self) -> i64 {
        match self {
            Self::Days360 => 360,
            Self::AllLeap => 366,
            _ => 365,
        }
    }

    /// Date of a day of a model calendar.
    fn model_date(self, days: i64) -> (i64, i64, i64) {
        let (year, mut rest) = (1970 + days.div_euclid(self.model_year()), days.rem_euclid(self.model_year()));
        let mut month = 1;
        while month < 12 && rest >= self.month_length(year, month) {
            rest -= self.month_length(year, month);
            month += 1;
        }
        (year, month, rest + 1)
    }
}

fn is_gregorian_leap(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

/// Days since 1970-01-01 of a proleptic Gregorian date; Hinnant, "chrono-compatible low-level date algorithms".
fn gregorian_days(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (y.div_euclid(400), y.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}

/// Days since 1970-01-01 (Gregorian) of a Julian date: the Julian leap rule, two days behind at the year 0.
fn julian_days(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    y * 365 + y.div_euclid(4) + day_of_year - 719_470
}

/// Length of one unit.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Unit {
    /// Whole microseconds.
    Micros(i64),
    /// Not a whole number of microseconds (nanoseconds, tropical years and their months).
    Fraction(f64),
}

/// A parsed `units` attribute of a time variable.
#[derive(Clone, Debug, PartialEq)]
pub struct CfTime {
    unit: Unit,
    calendar: Calendar,
    /// Epoch on the calendar's own count, µs.
    epoch_us: i64,
    note: Option<&'static str>,
}

/// Seconds of a CF/UDUNITS time unit by its name (`seconds`, `h`, `days`); `None` for other units.
/// For variables which hold durations, such as the time offsets of GHRSST.
pub fn time_unit_seconds(name: &str) -> Option<f64> {
    match unit_of(name, Calendar::Standard)?.0 {
        Unit::Micros(us) => Some(us as f64 / 1e6),
        Unit::Fraction(us) => Some(us / 1e6),
    }
}

/// Whether a `units` attribute looks like a CF time ("… since …").
pub fn is_time_units(units: &str) -> bool {
    split_since(units).is_some_and(|(unit, _)| unit_of(unit, Calendar::Standard).is_some())
}

impl CfTime {
    /// Reads `units` ("days since 1950-01-01") and `calendar` (may be empty); `Err` is a sentence naming what is wrong.
    pub fn parse(units: &str, calendar: &str) -> Result<Self, String> {
        let calendar = Calendar::parse(calendar)?;
        let (unit_text, epoch) = split_since(units).ok_or_else(|| {
            format!("the time unit \"{}\" is not of the form \"days since 1950-01-01\"", units.trim())
        })?;
        let (unit, note) = unit_of(unit_text, calendar)
            .ok_or_else(|| format!("\"{}\" in the time unit \"{}\" is not a unit of time", unit_text, units.trim()))?;
        let epoch_us = parse_epoch(epoch, calendar)
            .map_err(|why| format!("the epoch of the time unit \"{}\" cannot be read: {why}", units.trim()))?;
        Ok(Self { unit, calendar, epoch_us, note })
    }

    /// A remark on the unit for the reader's notes (months and years have no fixed length).
    pub fn note(&self) -> Option<&'static str> {
        self.note
    }

    /// The calendar.
    pub fn calendar(&self) -> Calendar {
        self.calendar
    }

    /// The instant of a value, rounded to the microsecond; `None` for NaN, infinity and values beyond ±290 000 years.
    pub fn time(&self, value: f64) -> Option<Time> {
        if !value.is_finite() || value.abs() > 1e22 {
            return None;
        }
        let offset = match self.unit {
            Unit::Micros(us) => {
                // Whole units exactly, so that large counts of seconds keep their microseconds.
                let whole = value.trunc();
                let rest = ((value - whole) * us as f64).round() as i64;
                // 128 bits only where the product needs them: the conversion is a call, and files have millions of times.
                let product = if whole.abs() < 9e18 { (whole as i64).checked_mul(us) } else { None };
                product.map_or_else(|| (whole as i128) * i128::from(us), i128::from) + i128::from(rest)
            }
            Unit::Fraction(us) => (value * us).round() as i128,
        };
        self.at(offset)
    }

    /// The instant of an integer value, exact.
    pub fn time_i64(&self, value: i64) -> Option<Time> {
        match self.unit {
            Unit::Micros(us) => self.at(i128::from(value) * i128::from(us)),
            Unit::Fraction(_) => self.time(value as f64),
        }
    }

    fn at(&self, offset_us: i128) -> Option<Time> {
        let own = i64::try_from(i128::from(self.epoch_us) + offset_us)
            .ok()
            .filter(|us| us.abs() < 9_000_000_000_000_000_000)?;
        if !self.calendar.is_model() {
            return Some(Time::from_micros(own));
        }
        let (year, month, day) = self.calendar.model_date(own.div_euclid(DAY_US));
        let last = Calendar::ProlepticGregorian.month_length(year, month);
        let days = gregorian_days(year, month, day.min(last));
        Some(Time::from_micros(days.checked_mul(DAY_US)?.checked_add(own.rem_euclid(DAY_US))?))
    }
}

fn split_since(units: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    for word in units.split_whitespace() {
        let at = from + units[from..].find(word)?;
        if ["since", "after", "from", "ref"].iter().any(|s| word.eq_ignore_ascii_case(s)) {
            return Some((units[..at].trim(), units[at + word.len()..].trim()));
        }
        from = at + word.len();
    }
    None
}

/// CF/UDUNITS names. Case does not matter.
fn unit_of(name: &str, calendar: Calendar) -> Option<(Unit, Option<&'static str>)> {
    const MONTH_NOTE: &str = "A month is taken as 30.43684989842 days, as UDUNITS does.";
    const YEAR_NOTE: &str = "A year is taken as 365.242198781 days, as UDUNITS does.";
    let micros = |us: i64| Some((Unit::Micros(us), None));
    match name.trim().to_ascii_lowercase().as_str() {
        "ns" | "nsec" | "nsecs" | "nanosec" | "nanosecs" | "nanosecond" | "nanoseconds" => {
            Some((Unit::Fraction(1e-3), None))
        }
        "us" | "µs" | "usec" | "usecs" | "microsec" | "microsecs" | "microsecond" | "microseconds" => micros(1),
        "ms" | "msec" | "msecs" | "millisec" | "millisecs" | "millisecond" | "milliseconds" => micros(1_000),
        "s" | "sec" | "secs" | "second" | "seconds" => micros(1_000_000),
        "min" | "mins" | "minute" | "minutes" => micros(60_000_000),
        "h" | "hr" | "hrs" | "hour" | "hours" => micros(3_600_000_000),
        "d" | "day" | "days" => micros(DAY_US),
        "week" | "weeks" => micros(7 * DAY_US),
        "fortnight" | "fortnights" => micros(14 * DAY_US),
        "month" | "months" | "mon" if calendar == Calendar::Days360 => micros(30 * DAY_US),
        "year" | "years" | "yr" | "yrs" if calendar == Calendar::Days360 => micros(360 * DAY_US),
        "common_year" | "common_years" => micros(365 * DAY_US),
        "month" | "months" | "mon" => {
            Some((Unit::Fraction(UDUNITS_YEAR_DAYS / 12.0 * DAY_US as f64), Some(MONTH_NOTE)))
        }
        "year" | "years" | "yr" | "yrs" => Some((Unit::Fraction(UDUNITS_YEAR_DAYS * DAY_US as f64), Some(YEAR_NOTE))),
        _ => None,
    }
}

/// Epoch on the calendar's own count, µs.
fn parse_epoch(text: &str, calendar: Calendar) -> Result<i64, String> {
    let words = date_in_words(text);
    let text = words.as_deref().unwrap_or(text);
    let (date, rest) = split_date(text).ok_or_else(|| format!("\"{text}\" does not begin with a date"))?;
    let (year, month, day) = parse_date(date).ok_or_else(|| format!("\"{date}\" is not a date"))?;
    let in_year = (1..=12).contains(&month) && year.abs() <= 200_000;
    if !in_year || day < 1 || day > calendar.month_length(year, month) {
        return Err(format!("the date \"{date}\" does not exist"));
    }
    let (clock, zone) = split_zone(rest);
    let clock_us = parse_clock(clock).ok_or_else(|| format!("\"{clock}\" is not a time of day"))?;
    let zone_us = parse_zone(zone).ok_or_else(|| format!("\"{zone}\" is not a time zone offset"))?;
    Ok(calendar.days_from_date(year, month, day) * DAY_US + clock_us - zone_us)
}

/// `Jan 1, 2000 00:00` and `1 January 2000 00:00` with the date in numbers; `None` for dates that have them.
fn date_in_words(text: &str) -> Option<String> {
    let blank = |c: char| c.is_whitespace() || c == ',';
    let mut rest = text.trim();
    let mut words = [""; 3];
    for word in &mut words {
        let end = rest.find(blank).unwrap_or(rest.len());
        *word = &rest[..end];
        rest = rest[end..].trim_start_matches(blank);
    }
    let (month, day) = match (month_by_name(words[0]), month_by_name(words[1])) {
        (Some(month), None) => (month, words[1]),
        (None, Some(month)) => (month, words[0]),
        _ => return None,
    };
    // 1st, 2nd, 3rd, 4th.
    let day: i64 = day.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse().ok()?;
    let year: i64 = words[2].parse().ok()?;
    Some(format!("{year:04}-{month}-{day} {rest}"))
}

/// The date and what follows it: up to a blank, a comma or the `T` between date and time.
fn split_date(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+') {
        return None;
    }
    let bytes = text.as_bytes();
    let end = (0..bytes.len())
        .find(|k| {
            let digit_before = *k > 0 && bytes[*k - 1].is_ascii_digit();
            let digit_after = bytes.get(k + 1).is_none_or(u8::is_ascii_digit);
            bytes[*k].is_ascii_whitespace()
                || bytes[*k] == b','
                || (matches!(bytes[*k], b'T' | b't') && digit_before && digit_after)
        })
        .unwrap_or(bytes.len());
    let rest = text[end..].trim_start_matches(|c: char| c.is_whitespace() || c == ',');
    Some((&text[..end], rest.strip_prefix(['T', 't']).unwrap_or(rest).trim()))
}

fn parse_date(text: &str) -> Option<(i64, i64, i64)> {
    let (sign, body) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let body = body.trim_end_matches(['Z', 'z']);
    if body.len() == 8 && body.bytes().all(|b| b.is_ascii_digit()) {
        return Some((sign * body[..4].parse::<i64>().ok()?, body[4..6].parse().ok()?, body[6..].parse().ok()?));
    }
    let parts: Vec<&str> = body.split(['-', '/']).collect();
    match parts.as_slice() {
        [y] => Some((sign * y.parse::<i64>().ok()?, 1, 1)),
        [y, m] => Some((sign * y.parse::<i64>().ok()?, m.parse().ok()?, 1)),
        [a, m, b] => match month_by_name(m) {
            Some(month) if a.len() > 2 => Some((a.parse().ok()?, month, b.parse().ok()?)),
            Some(month) => Some((b.parse().ok()?, month, a.parse().ok()?)),
            // 1/1/2000: day and month, where they cannot be taken for each other.
            None if a.len() <= 2 && b.len() == 4 => {
                let (first, second, year): (i64, i64, i64) = (a.parse().ok()?, m.parse().ok()?, b.parse().ok()?);
                match (first, second) {
                    (f, s) if f == s || s > 12 => Some((year, f, s)),
                    (f, s) if f > 12 => Some((year, s, f)),
                    _ => None,
                }
            }
            None => Some((sign * a.parse::<i64>().ok()?, m.parse().ok()?, b.parse().ok()?)),
        },
        _ => None,
    }
}

/// Number of an English month by its first three letters.
pub(crate) fn month_by_name(text: &str) -> Option<i64> {
    const NAMES: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const FULL: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let lower = text.trim_end_matches('.').to_ascii_lowercase();
    let found = (0..12).find(|k| lower == NAMES[*k] || lower == FULL[*k] || (*k == 8 && lower == "sept"));
    found.map(|k| k as i64 + 1)
}

/// Splits `00:00:00.0 -6:00` into clock and zone.
fn split_zone(text: &str) -> (&str, &str) {
    let at = text.char_indices().find(|(_, c)| matches!(c, '+' | '-') || c.is_ascii_alphabetic());
    match at {
        Some((k, _)) => (text[..k].trim(), text[k..].trim()),
        // A blank may stand before an unsigned offset: "00:00 2:00".
        None => text.split_once(' ').map_or((text, ""), |(a, b)| (a.trim(), b.trim())),
    }
}

fn parse_clock(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let compact = !text.contains(':') && text.len() >= 4;
    let (h, m, s) = if compact {
        (text.get(..2)?, text.get(2..4)?, text.get(4..).filter(|s| !s.is_empty()).unwrap_or("0"))
    } else {
        let mut parts = text.split(':');
        let all = (parts.next()?, parts.next().unwrap_or("0"), parts.next().unwrap_or("0"));
        if parts.next().is_some() {
            return None;
        }
        all
    };
    let (h, m): (i64, i64) = (h.trim().parse().ok()?, m.trim().parse().ok()?);
    let s: f64 = s.trim().parse().ok()?;
    let fits = (0..=24).contains(&h) && (0..60).contains(&m) && (0.0..61.0).contains(&s);
    fits.then(|| (h * 3600 + m * 60) * 1_000_000 + (s * 1e6).round() as i64)
}

/// Offset east of UTC, µs.
fn parse_zone(text: &str) -> Option<i64> {
    let upper = text.to_ascii_uppercase();
    let rest = upper.strip_prefix("UTC").or_else(|| upper.strip_prefix("GMT")).or_else(|| upper.strip_prefix('Z'));
    let rest = rest.unwrap_or(&upper).trim();
    if rest.is_empty() {
        return Some(0);
    }
    let (sign, body) = match rest.strip_prefix('-') {
        Some(b) => (-1, b),
        None => (1, rest.strip_prefix('+').unwrap_or(rest)),
    };
    let (h, m): (i64, i64) = match body.split_once(':') {
        Some((h, m)) => (h.trim().parse().ok()?, m.trim().parse().ok()?),
        None if body.len() >= 3 => {
            (body.get(..body.len() - 2)?.parse().ok()?, body.get(body.len() - 2..)?.parse().ok()?)
        }
        None => (body.parse().ok()?, 0),
    };
    ((0..=24).contains(&h) && (0..60).contains(&m)).then(|| sign * (h * 3600 + m * 60) * 1_000_000)
}

#[cfg(test)]
#[path = "cf_time_tests.rs"]
mod tests;
