//! Numbers along contour lines: on the straightest places, upright, apart from each other, and the lines broken for them.

use glam::DVec2;
use seaglass_core::format::number;

use super::PlacedLine;
use super::strokes::{self, HEIGHT};
use crate::frame::FrameView;
use crate::polyline::{Pen, project};

/// Height of figures, points.
pub(crate) const HEIGHT_PT: f64 = 8.5;
/// Blank on either side of a number, points.
const ASIDE_PT: f64 = 4.0;
/// Length of line for every label, points.
const EVERY_PT: f64 = 420.0;
/// Distance of labels, and of those that say the same, points.
const APART_PT: f64 = 26.0;
const SAME_APART_PT: f64 = 170.0;
/// Least chord of a label over the length of the line below it.
const STRAIGHT: f64 = 0.965;
/// Labels in a picture at most.
const MOST: usize = 120;
/// Places looked at to either side of the middle of a stretch.
const MOST_TRIES: f64 = 40.0;
/// Least cosine between the ground's normal and the direction to the eye.
const LEAST_FACING: f64 = 0.3;

/// A number on a line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Label {
    pub text: String,
    /// Its middle, pixels of the picture.
    pub at: DVec2,
    /// Direction of reading: never upside down.
    pub along: DVec2,
    /// From the middle to either end, pixels.
    pub half: f64,
}

/// Labels of a picture so far.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    pub placed: Vec<Label>,
}

impl Labels {
    /// Finds places on a line. `shown` is the value in the unit it is written in.
    pub fn find(&mut self, line: &PlacedLine, shown: f64, decimals: usize, frame: &FrameView, ppp: f64) -> Vec<Label> {
        let text = number(shown, decimals);
        let half = strokes::width(&text) / HEIGHT * HEIGHT_PT * ppp / 2.0 + ASIDE_PT * ppp;
        // Seen from so far that the whole line is shorter than its label.
        if 2.0 * line.radius / frame.m_per_px(line.centre, line.radius) < 2.5 * half {
            return Vec::new();
        }
        // Places are counted in metres along the whole line, by powers of two: they are the same ones while the view turns
        // and moves on, and every second one of them when it has come twice as near.
        let m_per_px = frame.m_per_px(line.centre, line.radius);
        let every_m = (EVERY_PT * ppp * m_per_px).log2().round().exp2();
        let step_m = (half * m_per_px / 2.0).log2().round().exp2();
        let mut found = Vec::new();
        for path in visible(line, frame) {
            if path.length_px() < 5.0 * half {
                continue;
            }
            for (from, to) in path.stretches(every_m) {
                let label = outwards(from, to, step_m).find_map(|m| {
                    let s = path.px_at(m)?;
                    let (a, b) = (path.point_at(s - half)?, path.point_at(s + half)?);
                    let at = path.point_at(s)?;
                    let straight = a.distance(b) > STRAIGHT * 2.0 * half && at.distance((a + b) / 2.0) < 0.2 * half;
                    let along = (b - a).normalize_or(DVec2::X);
                    let along = if along.x < 0.0 { -along } else { along };
                    let label = Label { text: text.clone(), at, along, half };
                    (straight && self.has_room(&label, frame, ppp)).then_some(label)
                });
                found.extend(label.clone());
                self.placed.extend(label);
            }
        }
        found
    }

    fn has_room(&self, label: &Label, frame: &FrameView, ppp: f64) -> bool {
        let margin = DVec2::splat(label.half);
        let inside = label.at.cmpge(margin).all() && label.at.cmple(frame.view.size_px - margin).all();
        let apart = |other: &Label| {
            let least = other.half + label.half + APART_PT * ppp;
            let least = if other.text == label.text { least.max(SAME_APART_PT * ppp) } else { least };
            other.at.distance(label.at) >= least
        };
        inside && self.placed.len() < MOST && self.placed.iter().all(apart)
    }
}

/// Places from the middle of a stretch outwards.
fn outwards(from: f64, to: f64, step: f64) -> impl Iterator<Item = f64> {
    let middle = (from + to) / 2.0;
    let count = ((to - from) / 2.0 / step).floor().clamp(0.0, MOST_TRIES) as usize;
    (0..=2 * count).map(move |k| middle + k.div_ceil(2) as f64 * step * if k % 2 == 0 { 1.0 } else { -1.0 })
}

/// A part of a line on the screen.
#[derive(Debug, Default)]
struct Path {
    points: Vec<DVec2>,
    /// Pixels from its first point to each.
    px: Vec<f64>,
    /// Metres from the first point of the whole line to each.
    m: Vec<f64>,
}

impl Path {
    fn add(&mut self, at: DVec2, m: f64) {
        let before = self.points.last().zip(self.px.last()).map_or(0.0, |(p, l)| l + p.distance(at));
        self.points.push(at);
        self.px.push(before);
        self.m.push(m);
    }

    fn length_px(&self) -> f64 {
        self.px.last().copied().unwrap_or_default()
    }

    /// Stretches of the whole line with a label each, as far as they are on this part.
    fn stretches(&self, every_m: f64) -> Vec<(f64, f64)> {
        let (Some(from), Some(to)) = (self.m.first().copied(), self.m.last().copied()) else { return Vec::new() };
        let (first, last) = ((from / every_m).floor() as i64, (to / every_m).floor() as i64);
        if last - first > 200 {
            return Vec::new();
        }
        let stretch = |k: i64| ((k as f64 * every_m).max(from), ((k + 1) as f64 * every_m).min(to));
        // Of a stretch that is all but out of sight the rest has no label of its own.
        let long = |(a, b): &(f64, f64)| b - a > 0.5 * every_m || first == last;
        let mut found: Vec<(f64, f64)> = (first..=last).map(stretch).filter(long).collect();
        if found.is_empty() {
            found.push((from, to));
        }
        found
    }

    /// Pixels along the part at metres along the line.
    fn px_at(&self, m: f64) -> Option<f64> {
        let k = self.m.partition_point(|l| *l < m);
        let before = k.checked_sub(1)?;
        let part = (m - self.m[before]) / (self.m.get(k)? - self.m[before]).max(1e-9);
        Some(self.px[before] + (self.px[k] - self.px[before]) * part)
    }

    fn point_at(&self, px: f64) -> Option<DVec2> {
        let k = self.px.partition_point(|l| *l < px);
        if px < 0.0 || k == 0 || k >= self.points.len() {
            return None;
        }
        let part = (px - self.px[k - 1]) / (self.px[k] - self.px[k - 1]).max(1e-9);
        Some(self.points[k - 1].lerp(self.points[k], part))
    }
}

/// The parts of a line on the screen.
fn visible(line: &PlacedLine, frame: &FrameView) -> Vec<Path> {
    let mut all = vec![Path::default()];
    let (mut m, mut before) = (0.0, None);
    for place in &line.points {
        m += before.map_or(0.0, |b: glam::DVec3| b.distance(*place));
        before = Some(*place);
        let v = *place + glam::DVec3::X * frame.turn_shift(place.x);
        let near = !frame.view.is_globe() || v.normalize().dot((frame.view.eye - v).normalize()) > LEAST_FACING;
        let at = frame
            .view
            .screen_from_projected(v)
            .filter(|p| near && p.cmpge(DVec2::ZERO).all() && p.cmple(frame.view.size_px).all());
        match (at, all.last_mut()) {
            (Some(p), Some(path)) => {
                // A step over half of the picture is the way round the Earth.
                if path.points.last().is_none_or(|q: &DVec2| q.distance(p) < frame.view.size_px.x / 2.0) {
                    path.add(p, m);
                } else {
                    let mut next = Path::default();
                    next.add(p, m);
                    all.push(next);
                }
            }
            (None, Some(path)) if !path.points.is_empty() => all.push(Path::default()),
            _ => {}
        }
    }
    all.retain(|path| path.points.len() > 1);
    all
}

/// Draws numbers with strokes that lie on the ground.
pub(crate) fn draw(pen: &mut Pen<'_>, frame: &FrameView, labels: &[Label], ppp: f64) {
    let projection = frame.view.camera.projection;
    let scale = HEIGHT_PT * ppp / HEIGHT;
    for label in labels {
        let across = DVec2::new(label.along.y, -label.along.x);
        let ground = |px: DVec2| project(projection, frame.view.lonlat_from_screen(px)?);
        let reach = 8.0;
        let (Some(middle), Some(right), Some(up)) =
            (ground(label.at), ground(label.at + label.along * reach), ground(label.at + across * reach))
        else {
            continue;
        };
        let turned = |v: glam::DVec3| {
            let turn = frame.turn.unwrap_or(f64::INFINITY);
            let way = v - middle;
            (way - glam::DVec3::X * if turn.is_finite() { (way.x / turn).round() * turn } else { 0.0 }) / reach
        };
        let (right, up) = (turned(right), turned(up));
        for stroke in strokes::strokes(&label.text) {
            pen.lift();
            stroke.iter().for_each(|[x, y]| pen.to(middle + (right * *x + up * *y) * scale, 0.0));
        }
    }
    pen.lift();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_go_from_the_middle_outwards() {
        let all: Vec<f64> = outwards(0.0, 100.0, 20.0).collect();
        assert_eq!(all, [50.0, 30.0, 70.0, 10.0, 90.0]);
    }

    #[test]
    fn points_along_a_path() {
        let mut path = Path::default();
        [(0.0, 0.0, 7.0), (3.0, 4.0, 17.0), (3.0, 10.0, 29.0)]
            .into_iter()
            .for_each(|(x, y, m)| path.add(DVec2::new(x, y), m));
        assert_eq!(path.px, [0.0, 5.0, 11.0]);
        assert_eq!(path.point_at(2.5), Some(DVec2::new(1.5, 2.0)));
        assert_eq!(path.point_at(8.0), Some(DVec2::new(3.0, 7.0)));
        assert_eq!((path.point_at(-1.0), path.point_at(12.0)), (None, None));
        assert_eq!((path.px_at(12.0), path.px_at(23.0)), (Some(2.5), Some(8.0)));
        // Stretches are those of the whole line, wherever the part in sight begins.
        assert_eq!(path.stretches(10.0), [(10.0, 20.0), (20.0, 29.0)]);
        assert_eq!(path.stretches(64.0), [(7.0, 29.0)]);
    }
}
