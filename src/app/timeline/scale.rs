//! Time on the horizontal axis, with long gaps folded to a narrow band.

use egui::Rect;

/// Width of a folded gap, points.
pub const FOLD: f32 = 28.0;
/// Gaps shorter than this part of what the axis shows once all longer ones are folded are not worth a fold.
const SHORTEST_PART: f64 = 0.2;
/// Shortest and longest visible time, seconds.
const VIEW_RANGE_S: [f64; 2] = [10.0, 300.0 * 31_557_600.0];

/// Time in which there are no data, seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// Last instant before.
    pub start: f64,
    /// First instant after.
    pub stop: f64,
}

impl Gap {
    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        self.stop - self.start
    }

    /// The part of the gap that lies before `t`, 0 to 1.
    fn part_before(&self, t: f64) -> f64 {
        ((t - self.start) / self.seconds()).clamp(0.0, 1.0)
    }
}

/// The long gaps between spans of data, in order; at most `most` of them, the longest.
pub fn long_gaps(spans: impl Iterator<Item = (f64, f64)>, most: usize) -> Vec<Gap> {
    let mut spans: Vec<(f64, f64)> = spans.filter(|(a, b)| a.is_finite() && b.is_finite() && a <= b).collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let Some((first, mut end)) = spans.first().copied() else { return Vec::new() };
    let last = spans.iter().map(|s| s.1).fold(end, f64::max);
    let mut gaps = Vec::new();
    for (start, stop) in spans {
        if start > end {
            gaps.push(Gap { start: end, stop: start });
        }
        end = end.max(stop);
    }
    gaps.sort_by(|a, b| b.seconds().total_cmp(&a.seconds()));
    let mut left = last - first;
    let long = gaps.iter().take(most).take_while(|g| {
        let long = g.seconds() > SHORTEST_PART * left;
        left -= g.seconds();
        long
    });
    let mut gaps: Vec<Gap> = long.copied().collect();
    gaps.sort_by(|a, b| a.start.total_cmp(&b.start));
    gaps
}

/// Time on a horizontal axis of points. A folded gap takes [`FOLD`] points, whatever its length and the zoom; time runs
/// evenly within it, so that every instant has a place and every place an instant.
#[derive(Clone, Debug)]
pub struct Scale {
    /// Seconds since 1970 at the left edge.
    pub t0: f64,
    /// At the right edge.
    pub t1: f64,
    /// Where it lies.
    pub rect: Rect,
    folds: Vec<Gap>,
    per_point: f64,
}

impl Scale {
    /// The scale that shows `t0` to `t1`, with folded gaps in order.
    pub fn new(t0: f64, t1: f64, rect: Rect, folds: Vec<Gap>) -> Self {
        let width = f64::from(rect.width().max(1.0));
        let visible = |folds: &[Gap]| {
            let parts = folds.iter().map(|g| g.part_before(t1) - g.part_before(t0));
            let inside: f64 = folds.iter().zip(parts.clone()).map(|(g, p)| g.seconds() * p).sum();
            let points = parts.sum::<f64>() * f64::from(FOLD);
            (t1 - t0 - inside) / (width - points)
        };
        let per_point = visible(&folds);
        // A view inside of a gap shows the gap; more folds than there is room for are none.
        let good = per_point > (t1 - t0) / width * 1e-9 && per_point.is_finite();
        let folds = if good { folds } else { Vec::new() };
        let per_point = visible(&folds);
        Self { t0, t1, rect, folds, per_point }
    }

    /// Folded gaps.
    pub fn folds(&self) -> &[Gap] {
        &self.folds
    }

    /// Seconds of one point outside of folds.
    pub fn per_point(&self) -> f64 {
        self.per_point
    }

    /// Points from the left edge.
    fn points(&self, t: f64) -> f64 {
        let (mut inside, mut parts) = (0.0, 0.0);
        for g in &self.folds {
            let part = g.part_before(t) - g.part_before(self.t0);
            inside += g.seconds() * part;
            parts += part;
        }
        (t - self.t0 - inside) / self.per_point + parts * f64::from(FOLD)
    }

    /// Point of a time; far outside is clamped to a little beyond the edges.
    pub fn x(&self, seconds: f64) -> f32 {
        let width = f64::from(self.rect.width());
        self.rect.left() + self.points(seconds).clamp(-2.0 * width, 3.0 * width) as f32
    }

    /// Time of a point.
    pub fn seconds(&self, x: f32) -> f64 {
        self.at(f64::from(x - self.rect.left()))
    }

    /// The time so many points right of another.
    pub fn moved(&self, t: f64, by: f32) -> f64 {
        self.at(self.points(t) + f64::from(by))
    }

    /// Time so many points right of the left edge.
    fn at(&self, points: f64) -> f64 {
        let mut from = None;
        for g in &self.folds {
            let start = self.points(g.start);
            if points < start {
                return g.start - (start - points) * self.per_point;
            }
            let into = (points - start) / f64::from(FOLD);
            if into <= 1.0 {
                return g.start + into * g.seconds();
            }
            from = Some((g.stop, start + f64::from(FOLD)));
        }
        let (t, p) = from.unwrap_or((self.t0, 0.0));
        t + (points - p) * self.per_point
    }

    /// The visible time after moving what is shown to the left by so many points.
    pub fn panned(&self, points: f32) -> (f64, f64) {
        let (by, width) = (f64::from(points), f64::from(self.rect.width()));
        (self.at(by), self.at(width + by))
    }

    /// The visible time after zooming by `factor` about a point.
    pub fn zoomed(&self, factor: f64, about: f32) -> (f64, f64) {
        let width = f64::from(self.rect.width());
        let per_point = (self.per_point * factor).clamp(VIEW_RANGE_S[0] / width, VIEW_RANGE_S[1] / width);
        self.around(self.seconds(about), f64::from(about - self.rect.left()), per_point)
    }

    /// The visible time at this zoom with `t` at a fraction of the width.
    pub fn with_at(&self, t: f64, fraction: f64) -> (f64, f64) {
        self.around(t, fraction * f64::from(self.rect.width()), self.per_point)
    }

    /// The visible time with `t` so many points from the left.
    fn around(&self, t: f64, points: f64, per_point: f64) -> (f64, f64) {
        let anchored = Self { t0: t, per_point, ..self.clone() };
        (anchored.at(-points), anchored.at(f64::from(self.rect.width()) - points))
    }

    /// Stretches of the visible time between folds, left to right.
    pub fn stretches(&self) -> Vec<(f64, f64)> {
        let mut from = self.t0;
        let mut list = Vec::new();
        for g in self.folds.iter().filter(|g| g.stop > self.t0 && g.start < self.t1) {
            if g.start > from {
                list.push((from, g.start));
            }
            from = g.stop;
        }
        if from < self.t1 {
            list.push((from, self.t1));
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{pos2, vec2};
    use proptest::prelude::*;

    const DAY: f64 = 86_400.0;

    fn rect() -> Rect {
        Rect::from_min_size(pos2(240.0, 700.0), vec2(800.0, 60.0))
    }

    #[test]
    fn only_long_gaps_are_folded() {
        // Three days, a gap of ten years, two days with an hour between.
        let later = 3653.0 * DAY;
        let spans =
            [(0.0, DAY), (2.0 * DAY, 3.0 * DAY), (later, later + DAY), (later + DAY + 3600.0, later + 2.0 * DAY)];
        assert_eq!(long_gaps(spans.into_iter(), 9), [Gap { start: 3.0 * DAY, stop: later }]);
        // Overlapping granules leave no gap; the longest are kept.
        assert_eq!(long_gaps([(0.0, 9.0), (1.0, 2.0), (5.0, 10.0)].into_iter(), 9), []);
        let three = [(0.0, 1.0), (11.0, 12.0), (42.0, 43.0), (63.0, 64.0)];
        let two = [Gap { start: 12.0, stop: 42.0 }, Gap { start: 43.0, stop: 63.0 }];
        assert_eq!(long_gaps(three.into_iter(), 2), two);
        assert_eq!(long_gaps(std::iter::empty(), 9), []);
        // What is short beside decades is long beside days.
        let nested = [(0.0, DAY), (30.0 * DAY, 31.0 * DAY), (4000.0 * DAY, 4001.0 * DAY)];
        assert_eq!(long_gaps(nested.into_iter(), 9).len(), 2);
        // A year of a pass a day has no long gap.
        let daily = (0..365).map(|k| (f64::from(k) * DAY, f64::from(k) * DAY + 3000.0));
        assert_eq!(long_gaps(daily, 9), []);
    }

    #[test]
    fn a_fold_has_its_width_at_every_zoom() {
        let gap = Gap { start: 2.0 * DAY, stop: 4000.0 * DAY };
        // Four days beside the fold share 800 − 28 points.
        let s = Scale::new(0.0, 4002.0 * DAY, rect(), vec![gap]);
        assert!((s.per_point() - 4.0 * DAY / 772.0).abs() < 1e-6);
        assert!((s.x(gap.start) - (240.0 + 386.0)).abs() < 1e-2 && (s.x(gap.stop) - (240.0 + 414.0)).abs() < 1e-2);
        assert!((s.x(2001.0 * DAY) - 640.0).abs() < 1e-2, "the middle of the gap lies in the middle of the fold");
        let about = 500.0;
        let at = s.seconds(about);
        for factor in [0.1, 0.5, 1.7] {
            let (t0, t1) = s.zoomed(factor, about);
            let near = Scale::new(t0, t1, rect(), vec![gap]);
            assert!(
                (near.x(gap.stop) - near.x(gap.start) - FOLD).abs() < 0.1 || near.x(gap.start) > 1040.0,
                "{factor}"
            );
            assert!((near.x(at) - about).abs() < 0.1, "{factor}: what is under the pointer stays there");
            assert!((near.per_point() / s.per_point() - factor).abs() < 1e-6, "{factor}");
        }
        let (t0, t1) = s.panned(100.0);
        let moved = Scale::new(t0, t1, rect(), vec![gap]);
        assert!((moved.x(at) - (about - 100.0)).abs() < 0.1 && (moved.per_point() / s.per_point() - 1.0).abs() < 1e-6);
        assert_eq!(s.stretches(), [(0.0, 2.0 * DAY), (4000.0 * DAY, 4002.0 * DAY)]);
        // Inside of the gap there is nothing to fold.
        let inside = Scale::new(100.0 * DAY, 101.0 * DAY, rect(), vec![gap]);
        assert!(inside.folds().is_empty() && (inside.x(100.5 * DAY) - 640.0).abs() < 1e-2);
    }

    proptest! {
        #[test]
        fn time_and_place_agree(
            lengths in prop::collection::vec((1.0..100.0f64, 1.0..10_000.0f64), 0..8),
            from in -0.2..0.5f64,
            to in 0.6..1.2f64,
            f in 0.0..1.0f64,
        ) {
            // Data of some days, gaps of up to decades, beginning in 2002.
            let mut t = 1_010_000_000.0;
            let (begin, mut folds) = (t, Vec::new());
            for (data, gap) in lengths {
                folds.push(Gap { start: t + data * DAY, stop: t + (data + gap) * DAY });
                t += (data + gap) * DAY;
            }
            let all = t + 5.0 * DAY - begin;
            let s = Scale::new(begin + from * all, begin + to * all, rect(), folds);
            let at = s.t0 + f * (s.t1 - s.t0);
            let x = s.x(at);
            prop_assert!((rect().left() - 0.1..=rect().right() + 0.1).contains(&x), "{x}");
            // A thousandth of a point, in and out of folds.
            let longest = s.folds().iter().map(|g| g.seconds() / f64::from(FOLD)).fold(s.per_point(), f64::max);
            prop_assert!((s.seconds(x) - at).abs() <= longest * 2e-3, "{} {at}", s.seconds(x));
            // Later is never further left; the edges are the edges.
            prop_assert!(s.x(at + 1.0) >= x);
            prop_assert!((s.x(s.t0) - rect().left()).abs() < 0.01 && (s.x(s.t1) - rect().right()).abs() < 0.01);
            prop_assert!((s.seconds(rect().right()) - s.t1).abs() <= longest * 2e-3);
        }
    }
}
