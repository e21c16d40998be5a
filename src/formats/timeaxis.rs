//! Times of steps, rows, samples and cells.

use seaglass_core::cf_time::CfTime;
use seaglass_core::time::{Time, TimeSpan};

use crate::cf;
use crate::dataset::Dataset;
use crate::error::Result;
use crate::limits::MAX_AXIS;
use crate::packing::Packing;

/// Marker of a missing time in `time_us` arrays.
pub const MISSING_US: i64 = i64::MIN;

/// The clock of a time variable; `Err` says why its units cannot be understood.
pub fn clock(ds: &Dataset, var: usize) -> std::result::Result<CfTime, String> {
    let v = &ds.vars[var];
    let units = v.units().ok_or_else(|| format!("{} has no units", v.path))?;
    CfTime::parse(&units, v.text("calendar").as_deref().unwrap_or("")).map_err(|e| format!("{}: {e}", v.path))
}

/// All times of a variable, `None` where missing.
pub fn times(ds: &Dataset, var: usize) -> Result<std::result::Result<Vec<Option<Time>>, String>> {
    let clock = match clock(ds, var) {
        Ok(c) => c,
        Err(e) => return Ok(Err(e)),
    };
    let raw = ds.read_all(var, MAX_AXIS)?;
    let packing = Packing::of(&ds.vars[var]).0.without_range();
    Ok(Ok(packing.all(&raw).into_iter().map(|v| if v.is_nan() { None } else { clock.time(v) }).collect()))
}

/// As µs with [`MISSING_US`].
pub fn to_micros(times: &[Option<Time>]) -> Vec<i64> {
    times.iter().map(|t| t.map_or(MISSING_US, Time::micros)).collect()
}

/// Span of what is there.
pub fn span_of(times: impl Iterator<Item = Time>) -> Option<TimeSpan> {
    times.map(TimeSpan::at).reduce(|a, b| a.union(&b))
}

/// The time variable of a dimension: its coordinate variable, else the best one-dimensional time over it.
pub fn of_dim(ds: &Dataset, dim: usize) -> Option<usize> {
    if let Some(own) = ds.coordinate_of(dim).filter(|k| cf::is_time(&ds.vars[*k])) {
        return Some(own);
    }
    let over = |v: &crate::dataset::Var| v.dims == [dim] && cf::is_time(v);
    let found = ds.vars.iter().enumerate().filter(|(_, v)| over(v)).map(|(k, v)| (cf::time_score(v), k));
    found.filter(|(s, _)| *s > 0).max_by_key(|(s, k)| (*s, std::cmp::Reverse(*k))).map(|(_, k)| k)
}

/// The best time variable for a variable whose dimensions are all among `dims`; those that use more of them win.
/// `near` names variables listed in a `coordinates` attribute.
pub fn within(ds: &Dataset, group: &str, dims: &[usize], near: &[usize]) -> Option<usize> {
    let usable = |v: &crate::dataset::Var| {
        cf::is_time(v)
            && v.dims.iter().all(|d| dims.contains(d))
            && (v.group.is_empty() || group == v.group || group.starts_with(&format!("{}/", v.group)))
    };
    let found = ds.vars.iter().enumerate().filter(|(_, v)| usable(v)).map(|(k, v)| {
        let long = v.dims.iter().filter(|d| ds.dims[**d].len > 1).count() as i32;
        (cf::time_score(v) + 12 * long + 2 * i32::from(near.contains(&k)), k)
    });
    found.filter(|(s, _)| *s > 0).max_by_key(|(s, k)| (*s, std::cmp::Reverse(*k))).map(|(_, k)| k)
}

/// A pair of global attributes with first and last time.
pub fn attribute_span(ds: &Dataset, names: &[String]) -> Option<TimeSpan> {
    let read = |name: &String| ds.global(name).and_then(|t| parse_text(&t));
    match names {
        [a, b, ..] => Some(TimeSpan::new(read(a)?, read(b)?)),
        [a] => read(a).map(TimeSpan::at),
        [] => None,
    }
}

/// The usual pairs of global attributes.
pub fn usual_span(ds: &Dataset) -> Option<TimeSpan> {
    const PAIRS: [[&str; 2]; 7] = [
        ["time_coverage_start", "time_coverage_end"],
        ["start_time", "stop_time"],
        ["start_time", "end_time"],
        ["first_meas_time", "last_meas_time"],
        ["firstMeasurementTime", "lastMeasurementTime"],
        ["start_date", "stop_date"],
        ["RangeBeginningDateTime", "RangeEndingDateTime"],
    ];
    let found = PAIRS.iter().find_map(|p| attribute_span(ds, &p.map(str::to_owned)));
    found.or_else(|| attribute_span(ds, &["time_coverage_start".to_owned()]))
}

/// Texts of producers: ISO 8601, `20190805T065501Z`, `2002-01-15 06:07:06.297441`, `2021-12-20 21:36:00 UTC`.
pub fn parse_text(text: &str) -> Option<Time> {
    let t = text.trim().trim_end_matches("UTC").trim();
    if let Ok(time) = Time::parse(t) {
        return Some(time);
    }
    let digits: String = t.chars().filter(char::is_ascii_digit).collect();
    let compact = t.chars().all(|c| c.is_ascii_digit() || matches!(c, 'T' | 'Z' | 't' | 'z'));
    if !compact || !(digits.len() == 8 || digits.len() >= 14) {
        return None;
    }
    let n = |a: usize, b: usize| digits.get(a..b).and_then(|s| s.parse::<i16>().ok());
    let (h, m, s) = if digits.len() >= 14 { (n(8, 10)?, n(10, 12)?, n(12, 14)?) } else { (0, 0, 0) };
    Time::from_civil(n(0, 4)?, n(4, 6)? as i8, n(6, 8)? as i8, h as i8, m as i8, f64::from(s))
}

/// Seconds of one unit of a time offset (`seconds`, `hours` …); seconds when the unit is unknown.
pub fn offset_unit_seconds(units: Option<&str>) -> f64 {
    let u = units.unwrap_or("s").trim().to_ascii_lowercase();
    match u.trim_end_matches('s') {
        "millisecond" | "msec" | "m" if u.starts_with("ms") || u.starts_with("mil") => 1e-3,
        "minute" | "min" => 60.0,
        "hour" | "h" | "hr" => 3600.0,
        "day" | "d" => 86_400.0,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn producers_write_times_in_many_ways() {
        let t = Time::from_civil(2019, 8, 5, 6, 55, 1.0);
        for text in [
            "20190805T065501Z",
            "2019-08-05T06:55:01Z",
            "2019-08-05 06:55:01",
            "20190805065501",
            "2019-08-05 06:55:01 UTC",
        ] {
            assert_eq!(parse_text(text), t, "{text}");
        }
        assert_eq!(parse_text("20190805"), Time::from_civil(2019, 8, 5, 0, 0, 0.0));
        assert_eq!(parse_text("00:00:00 UTC"), None);
        assert_eq!(offset_unit_seconds(Some("hours")), 3600.0);
        assert_eq!(offset_unit_seconds(Some("second")), 1.0);
        assert_eq!(offset_unit_seconds(Some("ms")), 1e-3);
    }
}
