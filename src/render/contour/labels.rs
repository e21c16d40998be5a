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
        let mut found = Vec::new();
        for path in visible(line, frame) {
            let sums = path_lengths(&path);
            let length = sums.last().copied().unwrap_or_default();
            if length < 5.0 * half {
                continue;
            }
            let wanted = (length / (EVERY_PT * ppp)).floor().max(1.0);
            for k in 0..wanted as usize {
                let (from, to) = (length * k as f64 / wanted, length * (k + 1) as f64 / wanted);
                let label = outwards(from, to, half).find_map(|s| {
                    let (a, b) = (point_at(&path, &sums, s - half)?, point_at(&path, &sums, s + half)?);
                    let at = point_at(&path, &sums, s)?;
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
    let (middle, step) = ((from + to) / 2.0, step / 2.0);
    let count = ((to - from) / 2.0 / step).floor() as usize;
    (0..=2 * count).map(move |k| middle + k.div_ceil(2) as f64 * step * if k % 2 == 0 { 1.0 } else { -1.0 })
}

/// The parts of a line on the screen, as pixels.
fn visible(line: &PlacedLine, frame: &FrameView) -> Vec<Vec<DVec2>> {
    let mut all = vec![Vec::new()];
    for v in &line.points {
        let v = *v + glam::DVec3::X * frame.turn_shift(v.x);
        let near = !frame.view.is_globe() || v.normalize().dot((frame.view.eye - v).normalize()) > LEAST_FACING;
        let at = frame
            .view
            .screen_from_projected(v)
            .filter(|p| near && p.cmpge(DVec2::ZERO).all() && p.cmple(frame.view.size_px).all());
        match (at, all.last_mut()) {
            (Some(p), Some(path)) => {
                // A step over half of the picture is the way round the Earth.
                if path.last().is_none_or(|q: &DVec2| q.distance(p) < frame.view.size_px.x / 2.0) {
                    path.push(p);
                } else {
                    all.push(vec![p]);
                }
            }
            (None, Some(path)) if !path.is_empty() => all.push(Vec::new()),
            _ => {}
        }
    }
    all.retain(|path| path.len() > 1);
    all
}

/// Length from the first point to each.
fn path_lengths(path: &[DVec2]) -> Vec<f64> {
    let mut sum = 0.0;
    let rest = path.windows(2).map(|p| {
        sum += p[0].distance(p[1]);
        sum
    });
    std::iter::once(0.0).chain(rest.collect::<Vec<_>>()).collect()
}

fn point_at(path: &[DVec2], sums: &[f64], s: f64) -> Option<DVec2> {
    let k = sums.partition_point(|l| *l < s);
    if s < 0.0 || k == 0 || k >= path.len() {
        return None;
    }
    let part = (s - sums[k - 1]) / (sums[k] - sums[k - 1]).max(1e-9);
    Some(path[k - 1].lerp(path[k], part))
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
        let all: Vec<f64> = outwards(0.0, 100.0, 40.0).collect();
        assert_eq!(all, [50.0, 30.0, 70.0, 10.0, 90.0]);
    }

    #[test]
    fn points_along_a_path() {
        let path = [DVec2::ZERO, DVec2::new(3.0, 4.0), DVec2::new(3.0, 10.0)];
        let sums = path_lengths(&path);
        assert_eq!(sums, [0.0, 5.0, 11.0]);
        assert_eq!(point_at(&path, &sums, 2.5), Some(DVec2::new(1.5, 2.0)));
        assert_eq!(point_at(&path, &sums, 8.0), Some(DVec2::new(3.0, 7.0)));
        assert_eq!(point_at(&path, &sums, -1.0), None);
        assert_eq!(point_at(&path, &sums, 12.0), None);
    }
}
