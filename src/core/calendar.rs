//! Days, months and years, and in which of them there are data: the calendar of the timeline. Civil dates are UTC and
//! proleptic Gregorian, as everywhere.

use crate::time::{Time, TimeSpan};

/// Years on one page of the calendar.
pub const YEARS: i64 = 20;

/// Length of a period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// A day; a page is a month.
    Day,
    /// A month; a page is a year.
    Month,
    /// A year; a page is [`YEARS`] of them.
    Year,
}

/// What there is in a period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Availability {
    /// No data.
    None,
    /// Data of some layers.
    Some,
    /// Data of all layers.
    All,
}

/// One period of a page.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Period {
    /// Day of the month, month of the year, or year.
    pub number: i64,
    /// From its first instant to the first of the next.
    pub span: TimeSpan,
}

impl Unit {
    /// The unit whose page is not much shorter than a visible time in seconds.
    pub fn for_seconds(seconds: f64) -> Self {
        const DAY: f64 = 86_400.0;
        match seconds / DAY {
            ..150.0 => Self::Day,
            ..4000.0 => Self::Month,
            _ => Self::Year,
        }
    }

    /// The page that holds a time.
    pub fn page_of(self, time: Time) -> Option<i64> {
        let (year, month, ..) = time.civil()?;
        Some(match self {
            Self::Day => month_index(year, month),
            Self::Month => i64::from(year),
            Self::Year => i64::from(year).div_euclid(YEARS),
        })
    }

    /// Periods of a page in order; none where a page is beyond the calendar.
    pub fn periods(self, page: i64) -> Vec<Period> {
        match self {
            Self::Day => days(page),
            Self::Month => {
                (1..=12).filter_map(|m| period(m, month_start(page * 12 + m - 1), month_start(page * 12 + m))).collect()
            }
            Self::Year => (page * YEARS..(page + 1) * YEARS)
                .filter_map(|y| period(y, month_start(y * 12), month_start((y + 1) * 12)))
                .collect(),
        }
    }
}

/// Months since the beginning of the year 0.
pub fn month_index(year: i16, month: i8) -> i64 {
    i64::from(year) * 12 + i64::from(month) - 1
}

/// First instant of a month counted by [`month_index`].
fn month_start(index: i64) -> Option<Time> {
    let year = i16::try_from(index.div_euclid(12)).ok()?;
    Time::from_civil(year, index.rem_euclid(12) as i8 + 1, 1, 0, 0, 0.0)
}

fn period(number: i64, start: Option<Time>, stop: Option<Time>) -> Option<Period> {
    Some(Period { number, span: TimeSpan::new(start?, stop?) })
}

fn days(page: i64) -> Vec<Period> {
    let (Some(first), Some(next)) = (month_start(page), month_start(page + 1)) else { return Vec::new() };
    let count = (next.seconds_since(first) / 86_400.0).round() as i64;
    let at = |k: i64| first.plus_seconds(k as f64 * 86_400.0);
    (0..count).map(|k| Period { number: k + 1, span: TimeSpan::new(at(k), at(k + 1)) }).collect()
}

/// Whether a span of data has an instant in a period. A span ends before its last instant, as a day does: the analysis
/// of a day that ends at midnight is not data of the next.
fn within(data: &TimeSpan, period: &TimeSpan) -> bool {
    let ends_after = data.stop > period.start || (data.start == data.stop && data.start == period.start);
    data.start < period.stop && ends_after
}

/// What there is in each period (which follow each other) of layers, each given by the spans of its granules in any
/// order. Time grows with the number of granules and, for long ones, with the periods they cover.
pub fn availability<L>(periods: &[Period], layers: impl IntoIterator<Item = L>) -> Vec<Availability>
where
    L: IntoIterator<Item = TimeSpan>,
{
    let mut counts = vec![0usize; periods.len()];
    let mut last = vec![0usize; periods.len()];
    let mut asked = 0;
    for spans in layers {
        asked += 1;
        for span in spans {
            let first = periods.partition_point(|p| p.span.stop <= span.start);
            for k in (first..periods.len()).take_while(|k| within(&span, &periods[*k].span)) {
                if last[k] != asked {
                    last[k] = asked;
                    counts[k] += 1;
                }
            }
        }
    }
    let kind = |n: usize| match n {
        0 => Availability::None,
        n if n == asked => Availability::All,
        _ => Availability::Some,
    };
    counts.into_iter().map(kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        Time::parse(text).unwrap()
    }

    fn span(a: &str, b: &str) -> TimeSpan {
        TimeSpan::new(time(a), time(b))
    }

    #[test]
    fn pages_have_the_days_of_the_calendar() {
        // Leap years of the Gregorian calendar: 2024 and 2000 are, 2023 and 1900 are not.
        for (date, days) in
            [("2024-02-10", 29), ("2023-02-10", 28), ("2000-02-01", 29), ("1900-02-28", 28), ("2024-08-31", 31)]
        {
            let page = Unit::Day.page_of(time(date)).unwrap();
            let periods = Unit::Day.periods(page);
            assert_eq!(periods.len(), days, "{date}");
            assert!(periods.windows(2).all(|w| w[0].span.stop == w[1].span.start && w[1].number == w[0].number + 1));
        }
        let before = Unit::Month.periods(Unit::Month.page_of(time("1969-12-31T23:59:59")).unwrap());
        assert_eq!((before.len(), before[11].span.stop), (12, time("1970-01-01")));
        let years = Unit::Year.periods(Unit::Year.page_of(time("2024-08-11")).unwrap());
        assert_eq!((years[0].number, years[19].number), (2020, 2039));
        assert!(Unit::Month.periods(1_000_000).is_empty(), "beyond the calendar");
    }

    #[test]
    fn data_of_all_of_some_and_of_no_layer() {
        let days = Unit::Day.periods(Unit::Day.page_of(time("2024-08-11")).unwrap());
        // A daily analysis from midnight to midnight, a swath across midnight, an instant at midnight.
        let analysis = vec![span("2024-08-11", "2024-08-12"), span("2024-08-02", "2024-08-04")];
        let swath = vec![span("2024-08-11T23:50:00", "2024-08-12T00:40:00"), span("2024-08-04", "2024-08-04")];
        let found = availability(&days, [analysis, swath]);
        let of = |day: usize| found[day - 1];
        assert_eq!(
            [of(1), of(2), of(3), of(4)],
            [Availability::None, Availability::Some, Availability::Some, Availability::Some]
        );
        assert_eq!(
            [of(10), of(11), of(12), of(13)],
            [Availability::None, Availability::All, Availability::Some, Availability::None]
        );
        let none: [Vec<TimeSpan>; 0] = [];
        assert!(availability(&days, none).iter().all(|a| *a == Availability::None));
    }

    #[test]
    fn brute_force_agrees() {
        let days = Unit::Day.periods(Unit::Day.page_of(time("2023-12-05")).unwrap());
        let mut seed = 7_u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as f64 / f64::from(1_u32 << 31)
        };
        let begin = time("2023-11-20");
        let mut layer = |n: usize| -> Vec<TimeSpan> {
            let one = || {
                let start = begin.plus_seconds(random() * 60.0 * 86_400.0);
                TimeSpan::new(start, start.plus_seconds(random() * 3.0 * 86_400.0))
            };
            std::iter::repeat_with(one).take(n).collect()
        };
        let layers = [layer(4), layer(9), layer(2)];
        let found = availability(&days, layers.iter().cloned());
        for (day, got) in days.iter().zip(found) {
            let with =
                layers.iter().filter(|l| l.iter().any(|s| s.start < day.span.stop && s.stop > day.span.start)).count();
            let want = [Availability::None, Availability::Some, Availability::Some, Availability::All][with];
            assert_eq!(got, want, "{}", day.number);
        }
    }
}
