//! Times of the rows: ISO 8601 and its relatives, days before or after months, counts since an epoch, columns of year,
//! month and day.

use seaglass_core::cf_time::CfTime;
use seaglass_core::time::Time;

use super::header::{Header, Role};
use super::is_missing;
use crate::timeaxis;

/// How the rows tell their time.
pub struct Times {
    way: Way,
    /// What had to be guessed.
    pub note: Option<String>,
}

enum Way {
    /// A text.
    Text { column: usize, day_first: bool },
    /// A date and a time of day.
    Two { date: usize, time: usize, day_first: bool },
    /// Numbers with a unit.
    Count { column: usize, clock: CfTime },
    /// Year, month, day, and perhaps hour, minute, second.
    Fields(Vec<usize>),
    /// Numbers such as 20200131 or 2020031.
    Digits(usize),
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

impl Times {
    /// The columns with the times, from the first cells of each.
    pub fn find(header: &Header, numeric: &[bool], cells: impl Fn(usize) -> Vec<String>) -> Option<Self> {
        let words: Vec<String> = header.names.iter().map(|n| n.to_ascii_lowercase()).collect();
        let known = |name: &str| words.iter().position(|w| w == name);
        let mut named: Vec<usize> = (0..words.len())
            .filter(|k| header.roles[*k] == Role::Other)
            .filter(|k| ["time", "date", "epoch", "juld"].iter().any(|t| words[*k].contains(t)))
            .collect();
        named.sort_by_key(|k| (!["time", "datetime", "date_time", "timestamp"].contains(&words[*k].as_str()), *k));
        for column in &named {
            if let Some(clock) = clock_of(&header.units[*column], &cells(*column)).filter(|_| numeric[*column]) {
                return Some(Self { way: Way::Count { column: *column, clock }, note: None });
            }
            let texts: Vec<String> = cells(*column).into_iter().filter(|c| !is_missing(c)).collect();
            let digits = |c: &String| matches!(c.len(), 7 | 8) && day(c).is_some();
            if numeric[*column] && !texts.is_empty() && texts.iter().all(digits) {
                return Some(Self { way: Way::Digits(*column), note: None });
            }
            let (day_first, sure) = order_of_days(&texts);
            let understood = texts.iter().filter(|t| text_time(t, day_first).is_some()).count();
            if !numeric[*column] && !texts.is_empty() && understood * 10 >= texts.len() * 9 {
                let note = (!sure).then(|| {
                    format!(
                        "{}: dates such as {} are read with the day before the month.",
                        header.names[*column], texts[0]
                    )
                });
                let hours = texts.iter().any(|t| t.contains(':'));
                let clock =
                    named.iter().copied().find(|k| k != column && !hours && cells(*k).iter().any(|c| c.contains(':')));
                let way = match clock {
                    Some(time) => Way::Two { date: *column, time, day_first },
                    None => Way::Text { column: *column, day_first },
                };
                return Some(Self { way, note });
            }
        }
        let fields = ["year", "month", "day", "hour", "minute", "second"];
        let found: Vec<usize> = fields.iter().map_while(|f| known(f)).collect();
        (found.len() >= 3).then_some(Self { way: Way::Fields(found), note: None })
    }

    /// Whether the column says nothing else.
    pub fn uses(&self, column: usize) -> bool {
        match &self.way {
            Way::Text { column: c, .. } | Way::Count { column: c, .. } | Way::Digits(c) => *c == column,
            Way::Two { date, time, .. } => [*date, *time].contains(&column),
            Way::Fields(c) => c.contains(&column),
        }
    }

    /// Seconds since 1970 of a row; NaN where it has no time.
    pub fn of_row<'a>(&self, cell: impl Fn(usize) -> &'a str) -> f64 {
        let time = match &self.way {
            Way::Text { column, day_first } => text_time(cell(*column), *day_first),
            Way::Two { date, time, day_first } => text_time(&format!("{} {}", cell(*date), cell(*time)), *day_first),
            Way::Count { column, clock } => cell(*column).parse().ok().and_then(|v| clock.time(v)),
            Way::Digits(column) => day(cell(*column)),
            Way::Fields(columns) => {
                let n: Vec<f64> = columns.iter().map_while(|k| cell(*k).parse().ok()).collect();
                let at = |k: usize| n.get(k).copied().unwrap_or(0.0);
                let date = if n.len() >= 3 {
                    Time::from_civil(at(0) as i16, at(1) as i8, at(2) as i8, 0, 0, 0.0)
                } else {
                    None
                };
                date.map(|d| d.plus_seconds(at(3) * 3600.0 + at(4) * 60.0 + at(5)))
            }
        };
        time.map_or(f64::NAN, |t| t.micros() as f64 / 1e6)
    }
}

/// Units, or counts that can only be seconds or milliseconds since 1970.
fn clock_of(units: &str, cells: &[String]) -> Option<CfTime> {
    if units.contains(" since ") {
        return CfTime::parse(units, "").ok();
    }
    let values: Vec<f64> = cells.iter().filter_map(|c| c.parse().ok()).collect();
    let all = |lo: f64, hi: f64| !values.is_empty() && values.iter().all(|v| (lo..hi).contains(v));
    let unit = match () {
        () if all(1e8, 4e9) && cells.iter().any(|c| c.len() != 8) => "seconds",
        () if all(1e11, 4e12) => "milliseconds",
        () => return None,
    };
    CfTime::parse(&format!("{unit} since 1970-01-01"), "").ok()
}

/// 20200131, or the year and its day: 2020031.
fn day(text: &str) -> Option<Time> {
    let n = |a: usize, b: usize| text.get(a..b).and_then(|s| s.parse::<i16>().ok());
    let year = n(0, 4).filter(|y| (1850..2100).contains(y))?;
    match text.len() {
        8 => Time::from_civil(year, n(4, 6)? as i8, n(6, 8)? as i8, 0, 0, 0.0),
        7 => {
            let of_year = n(4, 7).filter(|d| (1..=366).contains(d))?;
            Some(Time::from_civil(year, 1, 1, 0, 0, 0.0)?.plus_seconds(86_400.0 * f64::from(of_year - 1)))
        }
        _ => None,
    }
}

/// Whether 03/04/2021 begins with the day, and whether the cells prove it.
fn order_of_days(texts: &[String]) -> (bool, bool) {
    let pairs = texts.iter().filter_map(|t| {
        let mut n = t.split(['/', '.']).take(2).map(|p| p.trim().parse::<u32>().ok());
        Some((n.next()??, n.next()??))
    });
    let pairs: Vec<(u32, u32)> = pairs.filter(|p| p.0 <= 31 && p.1 <= 31).collect();
    if pairs.iter().any(|p| p.1 > 12) {
        return (false, true);
    }
    (true, pairs.is_empty() || pairs.iter().any(|p| p.0 > 12))
}

/// A time in words and numbers.
fn text_time(text: &str, day_first: bool) -> Option<Time> {
    let text = text.trim();
    if let Some(t) = timeaxis::parse_text(text) {
        return Some(t);
    }
    let (date, rest) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let parts: Vec<&str> = date.split(['/', '.', '-']).collect();
    let [a, b, c] = parts.as_slice() else { return None };
    let month = |s: &str| -> Option<i8> {
        let named = MONTHS.iter().position(|m| s.get(..3).is_some_and(|p| p.eq_ignore_ascii_case(m)));
        named.map(|k| k as i8 + 1).or_else(|| s.parse().ok())
    };
    let year = |s: &str| s.parse::<i16>().ok().filter(|_| s.len() == 4);
    let (y, m, d) = match (year(a), year(c)) {
        (Some(y), _) => (y, month(b)?, c.parse().ok()?),
        (None, Some(y)) if b.parse::<i8>().is_err() || day_first => (y, month(b)?, a.parse().ok()?),
        (None, Some(y)) => (y, month(a)?, b.parse().ok()?),
        _ => return None,
    };
    let (clock, zone) = split_zone(rest.trim());
    let n: Vec<f64> = clock.split(':').map_while(|p| p.trim().parse().ok()).collect();
    let at = |k: usize| n.get(k).copied().unwrap_or(0.0);
    if !clock.is_empty() && n.is_empty() {
        return None;
    }
    Some(Time::from_civil(y, m, d, 0, 0, 0.0)?.plus_seconds(at(0) * 3600.0 + at(1) * 60.0 + at(2) - zone))
}

/// The time of day, and the seconds by which its zone is ahead of UTC.
fn split_zone(text: &str) -> (&str, f64) {
    let text = text.trim_end_matches(['Z', 'z']).trim_end_matches("UTC").trim();
    let Some(at) = text.rfind(['+', '-']).filter(|k| *k > 0) else { return (text, 0.0) };
    let sign = if text[at..].starts_with('-') { -1.0 } else { 1.0 };
    let digits: String = text[at + 1..].chars().filter(char::is_ascii_digit).collect();
    let n = |a: usize, b: usize| digits.get(a..b).and_then(|s| s.parse::<f64>().ok()).unwrap_or(0.0);
    (text[..at].trim(), sign * (n(0, 2) * 3600.0 + n(2, 4) * 60.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_write_them() {
        let t = |text: &str, day_first| text_time(text, day_first).map(|t| t.micros() / 1_000_000);
        // date -u -d '2021-03-20 00:22:00' +%s
        assert_eq!(t("20/03/2021 00:22", true), Some(1_616_199_720));
        assert_eq!(t("03/20/2021 00:22", false), Some(1_616_199_720));
        assert_eq!(t("20/Mar/2021 00:22:00", false), Some(1_616_199_720));
        assert_eq!(t("20-Mar-2021 00:22:00", true), Some(1_616_199_720));
        assert_eq!(t("2021-03-20 02:22:00.000+02:00", true), Some(1_616_199_720));
        assert_eq!(t("2021/03/20 00:22", true), Some(1_616_199_720));
        assert_eq!(t("over there", true), None);
        // date -u -d '1978-01-01 + 203 days' +%s
        assert_eq!(day("1978204").map(|t| t.micros() / 1_000_000), Some(270_000_000));
        let texts = |v: &[&str]| v.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        assert_eq!(order_of_days(&texts(&["03/04/2021", "03/14/2021"])), (false, true));
        assert_eq!(order_of_days(&texts(&["03/04/2021"])), (true, false));
    }
}
