//! Ticks of the time axis: year, month, day, 6 h, 1 h, 10 min, 1 min, 10 s.

use egui::{Rect, Stroke, Ui};
use seaglass_core::time::Time;

use super::Scale;
use crate::theme::{Theme, theme};
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
    let days = [tr!("Thu"), tr!("Fri"), tr!("Sat"), tr!("Sun"), tr!("Mon"), tr!("Tue"), tr!("Wed")];
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

/// Middle of the labels, below the top of the axis; under them is the lane of clock and handles.
const LABELS_Y: f32 = 8.0;

/// Paints the axis; major ticks run down through `body`. Folds have no ticks, and after each a date.
pub fn show(ui: &Ui, axis: Rect, body: Rect, scale: &Scale) {
    let t = theme(ui);
    let per_point = scale.per_point();
    let (major, minor) = LEVELS.into_iter().find(|(m, _)| m.seconds() / per_point >= 78.0).unwrap_or(LEVELS[14]);
    let painter = ui.painter().with_clip_rect(body);
    for (a, b) in scale.stretches() {
        if minor.seconds() / per_point >= 5.0 {
            for at in ticks(minor, a, b).into_iter().filter(|at| (a..=b).contains(at)) {
                let x = scale.x(at).round() + 0.5;
                painter.vline(x, (axis.bottom() - 6.0)..=axis.bottom(), Stroke::new(1.0, t.c.border));
            }
        }
        let majors: Vec<f64> = ticks(major, a, b).into_iter().filter(|at| (a..=b).contains(at)).collect();
        for at in &majors {
            painter.vline(scale.x(*at).round() + 0.5, body.y_range(), Stroke::new(1.0, t.c.border));
        }
        labels(&painter, t, axis, scale, major, (a, b), &majors);
    }
    painter.hline(body.x_range(), axis.bottom() + 0.5, Stroke::new(1.0, t.c.border_subtle));
}

/// Labels of one stretch: each has room to the next and to the end.
fn labels(
    painter: &egui::Painter,
    t: &Theme,
    axis: Rect,
    scale: &Scale,
    major: Step,
    (a, b): (f64, f64),
    majors: &[f64],
) {
    let y = axis.top() + LABELS_Y;
    let (left, right) = (scale.x(a).max(axis.left()), scale.x(b).min(axis.right()));
    let width = |text: &str| painter.layout_no_wrap(text.to_owned(), t.body(), t.c.text_2).size().x;
    let first = majors.first().map_or(right, |at| scale.x(*at));
    let mut free = left;
    let mut dated = scale.folds().is_empty();
    if let Some(words) = context(major, a, majors)
        && left + 6.0 + width(&words) + 4.0 <= first.min(right)
    {
        free = widgets::line(painter, left + 6.0, y, &words, t.body(), t.c.text_3, 120.0) + 4.0;
        dated = true;
    }
    for at in majors {
        let x = scale.x(*at).round() + 6.5;
        let (mut main, mut extra) = label(major, *at);
        // Beyond a fold it may be another year.
        if !dated && main.len() == 5 && !main.contains(':') {
            (main, extra) = (Time::from_unix_seconds(*at + 1e-4).map_or(main, Time::date_text), String::new());
        }
        if x < free || x + width(&main) > right - 2.0 {
            continue;
        }
        dated = true;
        free = widgets::line(painter, x, y, &main, t.body(), t.c.text_2, 120.0) + 4.0;
        let room = right.min(scale.x(*at + major.seconds())) - 2.0;
        if !extra.is_empty() && free + 1.0 + width(&extra) <= room {
            free = widgets::line(painter, free + 1.0, y, &extra, t.body(), t.c.text_3, 60.0) + 4.0;
        }
    }
}

/// What the labels of a stretch leave out: the year, or the day where no label has it.
fn context(major: Step, from: f64, majors: &[f64]) -> Option<String> {
    let Step::Seconds(step) = major else { return None };
    let date = Time::from_unix_seconds(from)?;
    let midnight = |at: &f64| (at / 86_400.0).fract().abs() < 1e-9;
    if step >= 86_400 || majors.iter().any(midnight) {
        return date.civil().map(|c| format!("{:04}", c.0));
    }
    Some(date.date_text())
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
        // The year where days are labelled; the day where only hours are.
        assert_eq!(context(Step::Seconds(86_400), sunday, &[]).as_deref(), Some("2024"));
        assert_eq!(context(Step::Seconds(3600), sunday - 60.0, &[sunday]).as_deref(), Some("2024"));
        assert_eq!(context(Step::Seconds(3600), sunday, &[sunday + 3600.0]).as_deref(), Some("2024-08-11"));
        assert_eq!(context(Step::Months(1), sunday, &[]), None);
    }
}
