//! Instants and spans on the UTC time line.
//!
//! Leap seconds are left as they are in the file: a day has 86 400 s, as in CF and POSIX time.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z, proleptic Gregorian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(i64);

/// A time text that no rule of [`Time::parse`] understands.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("\"{text}\" is not a time. Write it as 2024-08-11, 2024-08-11T13:27 or 2024-08-11 13:27:41Z.")]
pub struct TimeParseError {
    /// What was given.
    pub text: String,
}

impl Time {
    /// First instant of the years that are written with four digits.
    pub const FIRST: Self = Self(-62_167_219_200_000_000);
    /// Last instant that every time zone writes with four digits.
    pub const LAST: Self = Self(253_402_207_200_000_000);

    /// Whether it has a date of a year from 0 to 9999.
    pub fn is_on_the_calendar(self) -> bool {
        (Self::FIRST..=Self::LAST).contains(&self)
    }

    /// From microseconds since 1970.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// From seconds since 1970, rounded to the microsecond; `None` for NaN or beyond the range of `i64`.
    pub fn from_unix_seconds(seconds: f64) -> Option<Self> {
        let micros = (seconds * 1e6).round();
        (micros.is_finite() && micros.abs() < 9.0e18).then_some(Self(micros as i64))
    }

    /// Seconds since 1970 (f64: exact to a microsecond until the year 2255).
    pub fn unix_seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// From a UTC date and time; `None` when the date does not exist.
    pub fn from_civil(year: i16, month: i8, day: i8, hour: i8, minute: i8, second: f64) -> Option<Self> {
        let date = jiff::civil::Date::new(year, month, day).ok()?;
        let start = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_microsecond();
        let seconds = f64::from(hour) * 3600.0 + f64::from(minute) * 60.0;
        let micros = (second * 1e6).round();
        if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0.0..61e6).contains(&micros) {
            return None;
        }
        Some(Self(start + (seconds * 1e6) as i64 + micros as i64))
    }

    /// Reads ISO 8601 in the forms people type: a date, date and time with `T` or a blank, with or without `Z`.
    /// A text without zone is UTC.
    pub fn parse(text: &str) -> Result<Self, TimeParseError> {
        let error = || TimeParseError { text: text.to_owned() };
        let trimmed = text.trim();
        if let Ok(stamp) = trimmed.replacen(' ', "T", 1).parse::<Timestamp>() {
            return Ok(Self(stamp.as_microsecond()));
        }
        let bare = trimmed.trim_end_matches(['Z', 'z']).replacen(' ', "T", 1);
        let civil = bare
            .parse::<jiff::civil::DateTime>()
            .or_else(|_ignored| format!("{bare}:00").parse::<jiff::civil::DateTime>())
            .map_err(|_ignored| error())?;
        let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_ignored| error())?;
        Ok(Self(zoned.timestamp().as_microsecond()))
    }

    fn timestamp(self) -> Option<Timestamp> {
        Timestamp::from_microsecond(self.0).ok()
    }

    /// `(year, month, day, hour, minute, second, microsecond)` in UTC; `None` outside years ±9999.
    pub fn civil(self) -> Option<(i16, i8, i8, i8, i8, i8, i32)> {
        let z = self.timestamp()?.to_zoned(jiff::tz::TimeZone::UTC);
        Some((z.year(), z.month(), z.day(), z.hour(), z.minute(), z.second(), z.subsec_nanosecond() / 1000))
    }

    /// `2024-08-11`.
    pub fn date_text(self) -> String {
        self.civil().map_or_else(|| "—".to_owned(), |(y, mo, d, ..)| format!("{}-{mo:02}-{d:02}", year_text(y)))
    }

    /// ISO 8601 with `T`, microseconds only where present, for files and JSON.
    pub fn iso(self) -> String {
        match self.civil() {
            Some((y, mo, d, h, mi, s, 0)) => format!("{}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}Z", year_text(y)),
            Some((y, mo, d, h, mi, s, us)) => format!("{}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}.{us:06}Z", year_text(y)),
            None => format!("{} us since 1970", self.0),
        }
    }

    /// Day of the year, 1 on the first of January; `None` outside years ±9999.
    pub fn day_of_year(self) -> Option<i64> {
        let start = Self::from_civil(self.civil()?.0, 1, 1, 0, 0, 0.0)?;
        Some((self.seconds_since(start) / 86_400.0).floor() as i64 + 1)
    }

    /// CNES Julian date: days and fraction since 1950-01-01T00:00Z, as altimetry products count them (CNES, CelestLab,
    /// `CL_dat_cal2cjd`: "number of fractional days since January 1st 1950").
    pub fn cnes_days(self) -> f64 {
        // 1950-01-01 is 7305 days before 1970-01-01: 20 years and 5 leap days.
        self.unix_seconds() / 86_400.0 + 7305.0
    }

    /// This instant moved by `seconds`, saturating.
    #[must_use]
    pub fn plus_seconds(self, seconds: f64) -> Self {
        Self(self.0.saturating_add((seconds * 1e6).round() as i64))
    }

    /// `self − other` in seconds.
    pub fn seconds_since(self, other: Self) -> f64 {
        (self.0 as i128 - other.0 as i128) as f64 / 1e6
    }
}

/// Four digits, as ISO 8601 has them, and a sign before years below zero.
fn year_text(year: i16) -> String {
    format!("{}{:04}", if year < 0 { "-" } else { "" }, year.unsigned_abs())
}

impl fmt::Display for Time {
    /// `2024-08-11 13:27:41Z`, the form of the window.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.civil() {
            Some((y, mo, d, h, mi, s, _)) => write!(f, "{}-{mo:02}-{d:02} {h:02}:{mi:02}:{s:02}Z", year_text(y)),
            None => write!(f, "{} us since 1970", self.0),
        }
    }
}

/// A closed span of time, `start <= stop`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeSpan {
    /// First instant.
    pub start: Time,
    /// Last instant (inclusive: a granule of one instant has `start == stop`).
    pub stop: Time,
}

impl TimeSpan {
    /// The span between two instants in either order.
    pub fn new(a: Time, b: Time) -> Self {
        Self { start: a.min(b), stop: a.max(b) }
    }

    /// A single instant.
    pub fn at(t: Time) -> Self {
        Self { start: t, stop: t }
    }

    /// Whether the two spans share an instant.
    pub fn intersects(&self, other: &Self) -> bool {
        self.start <= other.stop && other.start <= self.stop
    }

    /// Whether `t` lies inside, ends included.
    pub fn contains(&self, t: Time) -> bool {
        self.start <= t && t <= self.stop
    }

    /// The smallest span holding both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self { start: self.start.min(other.start), stop: self.stop.max(other.stop) }
    }

    /// Seconds between `t` and the nearest instant of the span; 0 inside, negative when the span lies before `t`.
    pub fn offset_seconds(&self, t: Time) -> f64 {
        if t < self.start {
            self.start.seconds_since(t)
        } else if t > self.stop {
            self.stop.seconds_since(t)
        } else {
            0.0
        }
    }

    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        self.stop.seconds_since(self.start)
    }

    /// The middle of the span.
    pub fn middle(&self) -> Time {
        Time(self.start.0 + (self.stop.0 - self.start.0) / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_have_four_digits() {
        let t = Time::from_civil(-1, 12, 30, 0, 0, 0.0).unwrap();
        assert_eq!((t.iso().as_str(), t.date_text().as_str()), ("-0001-12-30T00:00:00Z", "-0001-12-30"));
        assert_eq!(Time::from_civil(33, 4, 3, 12, 0, 0.0).unwrap().to_string(), "0033-04-03 12:00:00Z");
    }

    #[test]
    fn typed_times_are_read_as_utc() {
        let noon = Time::from_civil(2024, 8, 11, 12, 0, 0.0).unwrap();
        for text in ["2024-08-11T12:00:00Z", "2024-08-11 12:00", "2024-08-11T12:00:00", "2024-08-11 12:00:00Z"] {
            assert_eq!(Time::parse(text), Ok(noon), "{text}");
        }
        assert_eq!(Time::parse("2024-08-11").unwrap().plus_seconds(43_200.0), noon);
        assert_eq!(Time::parse("2024-08-11T14:00:00+02:00"), Ok(noon));
        assert!(Time::parse("yesterday").is_err());
        assert_eq!(noon.to_string(), "2024-08-11 12:00:00Z");
        assert_eq!(noon.unix_seconds(), 1_723_377_600.0); // date -u -d 2024-08-11T12:00 +%s
    }

    #[test]
    fn days_are_counted_as_cnes_does() {
        // Examples of CelestLab's CL_dat_jd2cjd and CL_dat_cal2cjd: JD 2451546 is 2000-01-02 12:00.
        for (date, cnes, day) in [("2000-01-02 12:00", 18_263.5, 2), ("1968-02-29", 6633.0, 60), ("1950-01-01", 0.0, 1)]
        {
            let t = Time::parse(date).unwrap();
            assert_eq!((t.cnes_days(), t.day_of_year()), (cnes, Some(day)), "{date}");
        }
        assert_eq!(Time::parse("2024-12-31 23:59").unwrap().day_of_year(), Some(366));
    }

    #[test]
    fn span_offsets_are_signed() {
        let span = TimeSpan::new(Time::from_micros(10_000_000), Time::from_micros(20_000_000));
        assert_eq!(span.offset_seconds(Time::from_micros(0)), 10.0);
        assert_eq!(span.offset_seconds(Time::from_micros(15_000_000)), 0.0);
        assert_eq!(span.offset_seconds(Time::from_micros(26_000_000)), -6.0);
    }
}
