//! Ticks of the time axis: year, month, day, 6 h, 1 h, 10 min, 1 min, 10 s.

use egui::{Rect, Stroke, Ui, pos2};
use seaglass_core::time::Time;

use super::Scale;
use crate::theme::theme;
use crate::widgets;

/// Distance between ticks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Months(i64),
    Seconds(i64),
}

/// Major and minor steps, finest first.
const LEVELS: [(Step, Step); 15] = [
    (Step::Seconds(10), Step::Seconds(2)),
    (Step::Seconds(60), Step::Seconds(10)),
    (Step::Seconds(600), Step::Seconds(60)),
    (Step::Seconds(3600), Step::Seconds(600)),
    (Step::Seconds(10_800), Step::Seconds(3600)),
    (Step::Seconds(21_600), Step::Seconds(3600)),
    (Step::Seconds(86_400), Step::Seconds(21_600)),
    (Step::Seconds(172_800), Step::Seconds(86_400)),
    (Step::Seconds(604_800), Step::Seconds(86_400)),
    (Step::Months(1), Step::Seconds(604_800)),
    (Step::Months(3), Step::Months(1)),
    (Step::Months(12), Step::Months(3)),
    (Step::Months(60), Step::Months(12)),
    (Step::Months(120), Step::Months(12)),
    (Step::Months(600), Step::Months(120)),
];

impl Step {
    fn seconds(self) -> f64 {
        match self {
            Self::Seconds(s) => s as f64,
            Self::Months(m) => m as f64 * 2_629_800.0,
        }
    }
}

/// Times of the ticks of a step within `[t0, t1]`, seconds since 1970.
fn ticks(step: Step, t0: f64, t1: f64) -> Vec<f64> {
    match step {
        Step::Seconds(s) => {
            // Weeks begin on Mondays; 1970-01-01 was a Thursday.
            let shift = if s == 604_800 { -3.0 * 86_400.0 } else { 0.0 };
            let first = ((t0 - shift) / s as f64).floor() as i64;
            let last = ((t1 - shift) / s as f64).ceil() as i64;
            (first..=last.min(first + 2000)).map(|k| k as f64 * s as f64 + shift).collect()
        }
        Step::Months(m) => {
            let month_of = |t: f64| {
                let (y, mo, ..) = Time::from_unix_seconds(t).and_then(Time::civil).unwrap_or((1970, 1, 1, 0, 0, 0, 0));
                i64::from(y) * 12 + i64::from(mo) - 1
            };
            let first = month_of(t0).div_euclid(m);
            let last = month_of(t1).div_euclid(m) + 1;
            (first..=last.min(first + 2000))
                .filter_map(|k| {
                    let months = k * m;
                    let year = i16::try_from(months.div_euclid(12)).ok()?;
                    Time::from_civil(year, months.rem_euclid(12) as i8 + 1, 1, 0, 0, 0.0).map(Time::unix_seconds)
                })
                .collect()
        }
    }
}

/// Label of a tick: what is known from coarser ticks is left out.
fn label(step: Step, t: f64) -> (String, String) {
    let Some((y, mo, d, h, mi, s, _)) = Time::from_unix_seconds(t + 1e-4).and_then(Time::civil) else {
        return (String::new(), String::new());
    };
    let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let weekday = days[((t + 1e-4) / 86_400.0).floor().rem_euclid(7.0) as usize];
    match step {
        Step::Months(m) if m >= 12 => (format!("{y:04}"), String::new()),
        Step::Months(_) => (format!("{y:04}-{mo:02}"), String::new()),
        Step::Seconds(s) if s >= 86_400 => (format!("{mo:02}-{d:02}"), weekday.to_owned()),
        Step::Seconds(_) if h == 0 && mi == 0 && s == 0 => (format!("{mo:02}-{d:02}"), weekday.to_owned()),
        Step::Seconds(s) if s >= 60 => (format!("{h:02}:{mi:02}"), String::new()),
        Step::Seconds(_) => (format!("{h:02}:{mi:02}:{s:02}"), String::new()),
    }
}

/// Paints the axis; major ticks run down through `body`.
pub fn show(ui: &Ui, axis: Rect, body: Rect, scale: Scale) {
    let t = theme(ui);
    let per_point = scale.per_point();
    let (major, minor) = LEVELS.into_iter().find(|(m, _)| m.seconds() / per_point >= 78.0).unwrap_or(LEVELS[14]);
    let painter = ui.painter().with_clip_rect(body);
    if minor.seconds() / per_point >= 5.0 {
        for at in ticks(minor, scale.t0, scale.t1) {
            let x = scale.x(at).round() + 0.5;
            painter.vline(x, (axis.bottom() - 6.0)..=axis.bottom(), Stroke::new(1.0, t.c.border));
        }
    }
    let year = Time::from_unix_seconds(scale.t0).and_then(Time::civil).map(|c| c.0);
    let first_major =
        ticks(major, scale.t0, scale.t1).into_iter().find(|a| *a >= scale.t0).map_or(f32::INFINITY, |a| scale.x(a));
    let year = year.filter(|_| matches!(major, Step::Seconds(_)) && first_major - body.left() > 44.0);
    for at in ticks(major, scale.t0, scale.t1) {
        let x = scale.x(at).round() + 0.5;
        painter.vline(x, body.y_range(), Stroke::new(1.0, t.c.border));
        // A label cut by the left edge would lie under the year.
        if year.is_some() && x < body.left() {
            continue;
        }
        let (main, extra) = label(major, at);
        let end = widgets::line(&painter, x + 6.0, axis.top() + 11.0, &main, t.body(), t.c.text_2, 120.0);
        if !extra.is_empty() {
            widgets::line(&painter, end + 5.0, axis.top() + 11.0, &extra, t.body(), t.c.text_3, 60.0);
        }
    }
    painter.hline(body.x_range(), axis.bottom() + 0.5, Stroke::new(1.0, t.c.border_subtle));
    if let Some(y) = year {
        painter.text(
            pos2(body.left() + 6.0, axis.top() + 11.0),
            egui::Align2::LEFT_CENTER,
            format!("{y:04}"),
            t.body(),
            t.c.text_3,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_are_labelled() {
        let sunday = Time::parse("2024-08-11").unwrap().unix_seconds();
        assert_eq!(label(Step::Seconds(86_400), sunday), ("08-11".into(), "Sun".into()));
        assert_eq!(label(Step::Seconds(3600), sunday + 7200.0).0, "02:00");
        assert_eq!(label(Step::Months(3), sunday - 10.0 * 86_400.0).0, "2024-08");
        let months = ticks(Step::Months(3), sunday, sunday + 200.0 * 86_400.0);
        let first = Time::from_unix_seconds(months[0]).unwrap();
        assert_eq!(first.date_text(), "2024-07-01");
        let weeks = ticks(Step::Seconds(604_800), sunday, sunday + 86_400.0);
        assert_eq!(label(Step::Seconds(86_400), weeks[0]).1, "Mon");
    }
}
