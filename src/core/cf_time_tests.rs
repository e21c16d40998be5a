//! Expected values of cftime 1.6.6: `num2date(value, units, calendar)`, then the day number shared by the real calendars
//! (or, for model calendars, the date clamped to the real month) in microseconds since 1970.

use super::*;

#[rustfmt::skip]
const CFTIME: &[(&str, &str, f64, i64)] = &[
    ("days since 1950-01-01", "standard", 27251.5, 1723377600000000), // 2024-08-11 12:00:00
    ("days since 1950-01-01 00:00:00", "gregorian", 25000.25, 1528869600000000), // 2018-06-13 06:00:00
    ("seconds since 1970-01-01", "standard", 1723377600.0, 1723377600000000), // 2024-08-11 12:00:00
    ("seconds since 1981-01-01 00:00:00", "standard", 1376827200.125, 1723982400125000), // 2024-08-18 12:00:00
    ("seconds since 2000-01-01 00:00:00.0", "gregorian", 776606400.5, 1723291200500000), // 2024-08-10 12:00:00
    ("hours since 1900-01-01 00:00:00.0", "gregorian", 1080000.0, 1679011200000000), // 2023-03-17 00:00:00
    ("minutes since 1990-01-01 00:00:00", "standard", 18000000.0, 1711152000000000), // 2024-03-23 00:00:00
    ("milliseconds since 1970-01-01T00:00:00Z", "standard", 1723377600123.0, 1723377600123000), // 2024-08-11 12:00:00
    ("microseconds since 2000-01-01", "standard", 123456789.0, 946684923456789), // 2000-01-01 00:02:03
    ("days since 1950-1-1 0:0:0", "standard", 100.0, -622512000000000), // 1950-04-11 00:00:00
    ("days since 1950-1-1", "standard", 100.5, -622468800000000), // 1950-04-11 12:00:00
    ("seconds since 2000-01-01T00:00:00Z", "standard", 10.0, 946684810000000), // 2000-01-01 00:00:10
    ("hours since 2000-01-01 00:00:00 +02:00", "standard", 1.0, 946681200000000), // 1999-12-31 23:00:00
    ("hours since 2000-01-01 00:00:00 -05:30", "standard", 1.0, 946708200000000), // 2000-01-01 06:30:00
    ("hours since 2000-01-01T00:00:00+0300", "standard", 5.0, 946692000000000), // 2000-01-01 02:00:00
    ("days since 2000-01-01 12:00:00 UTC", "standard", 1.0, 946814400000000), // 2000-01-02 12:00:00
    ("secs since 2000-01-01", "standard", 1.5, 946684801500000), // 2000-01-01 00:00:01
    ("sec since 2000-01-01", "standard", 2.0, 946684802000000), // 2000-01-01 00:00:02
    ("s since 2000-01-01", "standard", 3.0, 946684803000000), // 2000-01-01 00:00:03
    ("mins since 2000-01-01", "standard", 3.0, 946684980000000), // 2000-01-01 00:03:00
    ("min since 2000-01-01", "standard", 4.0, 946685040000000), // 2000-01-01 00:04:00
    ("hrs since 2000-01-01", "standard", 3.0, 946695600000000), // 2000-01-01 03:00:00
    ("hr since 2000-01-01", "standard", 3.0, 946695600000000), // 2000-01-01 03:00:00
    ("h since 2000-01-01", "standard", 3.0, 946695600000000), // 2000-01-01 03:00:00
    ("d since 2000-01-01", "standard", 3.0, 946944000000000), // 2000-01-04 00:00:00
    ("day since 2000-01-01", "standard", -3.0, 946425600000000), // 1999-12-29 00:00:00
    ("msecs since 2000-01-01", "standard", 1500.0, 946684801500000), // 2000-01-01 00:00:01
    ("millisec since 2000-01-01", "standard", 1500.0, 946684801500000), // 2000-01-01 00:00:01
    ("microsecond since 2000-01-01", "standard", 7.0, 946684800000007), // 2000-01-01 00:00:00
    ("days since 0001-01-01", "standard", 735000.0, 1368230400000000), // 2013-05-11 00:00:00
    ("days since 0001-01-01", "proleptic_gregorian", 735000.0, 1368403200000000), // 2013-05-13 00:00:00
    ("days since 1-1-1", "julian", 735000.0, 1368230400000000), // 2013-04-28 00:00:00
    ("days since 1582-10-15", "standard", -1.0, -12219379200000000), // 1582-10-04 00:00:00
    ("days since 1582-10-04", "standard", 1.0, -12219292800000000), // 1582-10-15 00:00:00
    ("days since 1500-01-01", "standard", 1.25, -14830884000000000), // 1500-01-02 06:00:00
    ("hours since 1-1-1 00:00:0.0", "standard", 17672784.0, 1486252800000000), // 2017-02-05 00:00:00
    ("days since 1800-1-1 00:00:00", "standard", 76750.0, 1266537600000000), // 2010-02-19 00:00:00
    ("days since 2000-02-28", "noleap", 1.0, 951868800000000), // 2000-03-01 00:00:00
    ("days since 2000-02-28", "365_day", 1.0, 951868800000000), // 2000-03-01 00:00:00
    ("days since 2000-02-28", "standard", 1.0, 951782400000000), // 2000-02-29 00:00:00
    ("days since 1850-01-01", "noleap", 54750.5, 946728000000000), // 2000-01-01 12:00:00
    ("days since 2001-02-28", "all_leap", 1.0, 983318400000000), // 2001-02-29 00:00:00
    ("days since 2001-02-28", "366_day", 2.0, 983404800000000), // 2001-03-01 00:00:00
    ("days since 2000-01-01", "360_day", 29.0, 949190400000000), // 2000-01-30 00:00:00
    ("days since 2000-01-01", "360_day", 59.0, 951782400000000), // 2000-02-30 00:00:00
    ("days since 2000-01-01", "360_day", 30.0, 949363200000000), // 2000-02-01 00:00:00
    ("days since 2000-02-28", "360_day", 1.5, 951825600000000), // 2000-02-29 12:00:00
    ("days since 1850-01-01", "360_day", 62000.75, 1647885600000000), // 2022-03-21 18:00:00
    ("hours since 2015-01-01", "360_day", 8616.0, 1451433600000000), // 2015-12-30 00:00:00
    ("seconds since 1858-11-17 00:00:00", "standard", 5230000000.0, 1723283200000000), // 2024-08-10 09:46:40
    ("days since 1858-11-17", "standard", 60000.0, 1677283200000000), // 2023-02-25 00:00:00
    ("days since 2024-02-28", "julian", 1.5, 1710331200000000), // 2024-02-29 12:00:00
    ("days since 1900-02-28", "julian", 1.0, -2202854400000000), // 1900-02-29 00:00:00
    ("days since 1900-02-28", "standard", 1.0, -2203891200000000), // 1900-03-01 00:00:00
    ("days since 1900-02-28", "proleptic_gregorian", 1.0, -2203891200000000), // 1900-03-01 00:00:00
    ("Days Since 2000-01-01", "STANDARD", 1.0, 946771200000000), // 2000-01-02 00:00:00
    ("days since 2000-12-31", "365_day", 1.0, 978307200000000), // 2001-01-01 00:00:00
    ("seconds since 1970-01-01", "", 1e-06, 0), // 1970-01-01 00:00:00
    ("days since 2000-01-01 06:30", "standard", 0.0, 946708200000000), // 2000-01-01 06:30:00
    ("hours since 2000-01-01 00:00:00.0 +0000", "standard", 2.5, 946693800000000), // 2000-01-01 02:30:00
    ("days since 1950-01-01 00:00:00Z", "standard", 27251.0, 1723334400000000), // 2024-08-11 00:00:00
    ("seconds since 1993-1-1 0:0:0.0", "standard", 1000000000.25, 1725846400250000), // 2024-09-09 01:46:40
    ("days since 2000-01-01 00:00:00 GMT", "standard", 1.0, 946771200000000), // 2000-01-02 00:00:00
];

#[test]
fn every_calendar_and_unit_matches_cftime() {
    assert!(CFTIME.len() >= 60);
    for (units, calendar, value, expected) in CFTIME {
        let cf = CfTime::parse(units, calendar).unwrap_or_else(|e| panic!("{e}"));
        let got = cf.time(*value).unwrap();
        let off = got.micros() - expected;
        // cftime itself works in floating-point days: allow its microseconds.
        assert!(off.abs() <= 1, "{value} {units} ({calendar}): {got}, {off} us off");
        if value.fract() == 0.0 {
            assert_eq!(cf.time_i64(*value as i64), Some(got));
        }
    }
}

#[test]
fn epochs_cftime_does_not_read() {
    let at = |units: &str| CfTime::parse(units, "").unwrap().time(0.0).unwrap().iso();
    assert_eq!(at("days since 01-JAN-1950"), "1950-01-01T00:00:00Z");
    assert_eq!(at("hours since 1-jan-1990 12:30"), "1990-01-01T12:30:00Z");
    assert_eq!(at("hours since 2000-SEP-02"), "2000-09-02T00:00:00Z");
    assert_eq!(at("seconds since 19500101"), "1950-01-01T00:00:00Z");
    assert_eq!(at("seconds since 19500101T063015Z"), "1950-01-01T06:30:15Z");
    assert_eq!(at("days since 2000-01-01 06"), "2000-01-01T06:00:00Z");
    assert_eq!(at("seconds since 1985"), "1985-01-01T00:00:00Z");
    assert_eq!(at("seconds since 2008-12-31 23:59:60"), "2009-01-01T00:00:00Z");
    assert_eq!(at("days since 2000-01-01 24:00"), "2000-01-02T00:00:00Z");
    assert_eq!(at("seconds since 2000-01-01 00:00:00.25"), "2000-01-01T00:00:00.250000Z");
    // The example of CF 1.11 §4.4 (cftime 1.6.6 overlooks offsets with one digit).
    assert_eq!(at("seconds since 1992-10-8 15:15:42.5 -6:00"), "1992-10-08T21:15:42.500000Z");
    assert_eq!(at("nanoseconds since 2000-01-01"), "2000-01-01T00:00:00Z");
}

#[test]
fn months_and_years_are_those_of_udunits() {
    // udunits2 -H "1 month" -W "days": 30.4368498984; "1 year": 365.242198781.
    let cf = CfTime::parse("months since 2000-01-01", "standard").unwrap();
    assert!(cf.note().is_some_and(|n| n.contains("30.43")));
    let days = |cf: &CfTime, v: f64| cf.time(v).unwrap().seconds_since(cf.time(0.0).unwrap()) / 86_400.0;
    assert!((days(&cf, 12.0) - 365.242_198_781).abs() < 1e-9);
    let cf = CfTime::parse("years since 2000-01-01", "").unwrap();
    assert!((days(&cf, 1.0) - 365.242_198_781).abs() < 1e-9);
    // cftime: months are 30 days in the 360-day calendar: 2000-03-01.
    let cf = CfTime::parse("months since 2000-01-01", "360_day").unwrap();
    assert_eq!(cf.time(2.0).unwrap().date_text(), "2000-03-01");
    assert_eq!(cf.note(), None);
}

#[test]
fn nonsense_is_refused_with_a_sentence() {
    let error = |units: &str, calendar: &str| CfTime::parse(units, calendar).unwrap_err();
    assert!(error("m s-1", "").contains("days since 1950-01-01"));
    assert!(error("furlongs since 2000-01-01", "").contains("not a unit of time"));
    assert!(error("days since yesterday", "").contains("does not begin with a date"));
    assert!(error("days since 2000-02-30", "").contains("does not exist"));
    assert!(error("days since 2000-13-01", "360_day").contains("does not exist"));
    assert!(error("days since 2000-01-01 25:00", "").contains("time of day"));
    assert!(error("days since 2000-01-01 00:00 +99", "").contains("zone"));
    assert!(error("days since 2000-01-01", "maya").contains("maya"));
    assert!(CfTime::parse("days since 2000-02-30", "360_day").is_ok());
    let cf = CfTime::parse("days since 1950-01-01", "").unwrap();
    for bad in [f64::NAN, f64::INFINITY, 9.969_209_968_386_869e36, 1e15] {
        assert_eq!(cf.time(bad), None, "{bad}");
    }
    assert_eq!(cf.time_i64(i64::MAX), None);
    assert!(is_time_units("Seconds Since 1970-01-01") && !is_time_units("kelvin") && !is_time_units("m since x"));
    assert_eq!(time_unit_seconds("hours"), Some(3600.0));
    assert_eq!(time_unit_seconds("kelvin"), None);
}

#[test]
fn epochs_in_words_and_with_the_year_last_are_read() {
    let epoch = |text: &str| CfTime::parse(&format!("days since {text}"), "").map(|cf| cf.time(0.0).unwrap().iso());
    for text in [
        "Jan 1, 2000",
        "January 1 2000 00:00:00",
        "1 Jan 2000",
        "1st January, 2000 00:00",
        "01/01/2000",
        "Jan 1, 2000 UTC",
    ] {
        assert_eq!(epoch(text).unwrap(), "2000-01-01T00:00:00Z", "{text}");
    }
    assert_eq!(epoch("Sept. 15, 1997 06:30").unwrap(), "1997-09-15T06:30:00Z");
    assert_eq!(epoch("31/12/1899").unwrap(), "1899-12-31T00:00:00Z");
    assert_eq!(epoch("12/31/1899 12:00").unwrap(), "1899-12-31T12:00:00Z");
    // February the first or January the second: nobody can tell.
    assert!(epoch("01/02/2000").is_err());
    assert!(epoch("Jan 32, 2000").is_err() && epoch("Jan, 2000").is_err());
}

#[test]
fn an_offset_of_two_signs_or_of_weeks_is_none() {
    // Found by cargo-fuzz: hours below zero were multiplied until they overflowed.
    for text in ["00:00:00 --1333333333333333302", "00:00:00 +-5:00", "00:00:00 2500", "00:00 --2"] {
        assert!(CfTime::parse(&format!("days since 2000-01-01 {text}"), "").is_err(), "{text}");
    }
    assert!(CfTime::parse("days since 2000-01-01 00:00:00 -02:30", "").is_ok());
}
