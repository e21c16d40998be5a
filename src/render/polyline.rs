//! Points of lines and dots for one frame, relative to its anchor.

use glam::DVec3;
use seaglass_core::geo::{LonLat, wrap_180};
use seaglass_core::projection::{Plane, Projection};

use crate::frame::FrameView;
use crate::tree::turns_to;

/// One point: local position and value (NaN: no line to it).
pub(crate) type PointData = [f32; 4];

const BREAK: PointData = [0.0, 0.0, 0.0, f32::NAN];

/// A run of points in the frame's buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Run {
    pub first: u32,
    pub len: u32,
}

/// Collects the points of a frame.
#[derive(Debug, Default)]
pub(crate) struct PointBuffer {
    pub points: Vec<PointData>,
}

impl PointBuffer {
    /// Draws into a new run with `fill`; a run begins and ends with a break.
    pub fn run<'a>(&'a mut self, frame: &'a FrameView, fill: impl FnOnce(&mut Pen<'a>)) -> Run {
        let first = self.points.len();
        self.points.push(BREAK);
        let mut pen = Pen { frame, points: &mut self.points, last: None };
        fill(&mut pen);
        pen.points.push(BREAK);
        let len = pen.points.len() - first;
        Run { first: first as u32, len: len as u32 }
    }
}

/// Draws lines through projected positions.
pub(crate) struct Pen<'a> {
    frame: &'a FrameView,
    points: &'a mut Vec<PointData>,
    /// Last position and value, on its turn.
    last: Option<(DVec3, f32)>,
}

impl Pen<'_> {
    /// Ends the line.
    pub fn lift(&mut self) {
        if self.last.take().is_some() {
            self.points.push(BREAK);
        }
    }

    /// Continues the line to a projected position. On cylindrical maps it takes the shorter way round.
    pub fn to(&mut self, v: DVec3, value: f32) {
        if let (Some((plane, middle_x)), Some((last, _))) = (self.frame.cut, self.last)
            && (last.x - middle_x) * (v.x - middle_x) <= 0.0
            && let Some((before, after)) = over_the_cut(plane, middle_x, last, v)
        {
            // Up to the edge on one side, on from the edge on the other; what lies beyond is not drawn.
            self.put(before, value);
            self.points.push(BREAK);
            self.put(after, value);
        }
        let Some(turn) = self.frame.turn else {
            self.put(v, value);
            self.last = Some((v, value));
            return;
        };
        let Some((last, last_value)) = self.last else {
            let v = v + DVec3::X * self.frame.turn_shift(v.x);
            self.put(v, value);
            self.last = Some((v, value));
            return;
        };
        let v = v + DVec3::X * (turns_to(v.x, last.x, turn) * turn);
        self.put(v, value);
        self.last = Some((v, value));
        let shift = self.frame.turn_shift(v.x);
        if shift != 0.0 {
            // It left the copy of the map around the view: the same piece again from the other side.
            self.points.push(BREAK);
            self.put(last + DVec3::X * shift, last_value);
            self.put(v + DVec3::X * shift, value);
            self.last = Some((v + DVec3::X * shift, value));
        }
    }

    /// Continues the line without a look at the cut of the map: the edge of the map itself.
    pub fn go_apart(&mut self, v: DVec3) {
        self.put(v, 0.0);
        self.last = Some((v, 0.0));
    }

    /// A single dot.
    pub fn dot(&mut self, v: DVec3, value: f32) {
        self.put(v + DVec3::X * self.frame.turn_shift(v.x), value);
    }

    fn put(&mut self, v: DVec3, value: f32) {
        let local = (v - self.frame.anchor).as_vec3();
        self.points.push([local.x, local.y, local.z, value]);
    }
}

/// Where a line between two positions of a map that is cut open goes on beyond the cut: the second position seen from the
/// first one's side, and the first from the second's. `None` where the shorter way does not cross the cut.
/// Maps that are cut are mirror images about their middle meridian at `middle_x`: only lines over that x may cross.
pub(crate) fn over_the_cut(plane: Plane, middle_x: f64, a: DVec3, b: DVec3) -> Option<(DVec3, DVec3)> {
    let middle = plane.cut_about_deg()?;
    // On the cut itself the longitude has two names: the side of the map says which.
    let off = |v: DVec3| {
        let p = plane.unproject(v.with_z(0.0))?;
        let off = wrap_180(p.lon_deg - middle).abs().copysign(v.x - middle_x);
        // A hair within, so that the name stays.
        Some((off, LonLat::new(middle + off * (1.0 - 1e-12), p.lat_deg)))
    };
    let ((from, p), (to, q)) = (off(a)?, off(b)?);
    if (from - to).abs() <= 180.0 {
        return None;
    }
    let turns = (from - to).signum();
    Some((plane.project_turned(q, turns)?, plane.project_turned(p, -turns)?))
}

/// Places strictly between `a` and `b` on the great circle, so close that chords stay within `sag_m` of it.
pub(crate) fn great_circle(a: LonLat, b: LonLat, sag_m: f64) -> impl Iterator<Item = (f64, LonLat)> {
    let (u, v) = (a.up(), b.up());
    let angle = u.cross(v).length().atan2(u.dot(v));
    // Sagitta of a chord of angle s: R (1 − cos(s/2)) ≈ R s² / 8.
    let step = (8.0 * sag_m.max(1e-3) / 6_371_008.8).sqrt().clamp(1e-6, 0.2);
    let pieces = if angle > 3.1 { 1 } else { (angle / step).ceil().clamp(1.0, 4096.0) as usize };
    (1..pieces).map(move |k| {
        let t = k as f64 / pieces as f64;
        let w = (u * ((1.0 - t) * angle).sin() + v * (t * angle).sin()) / angle.sin();
        let lat = w.z.atan2(w.x.hypot(w.y)).to_degrees();
        (t, LonLat::new(w.y.atan2(w.x).to_degrees(), lat))
    })
}

/// Projected position, continued a little beyond the edge of a map; `None` far outside.
pub(crate) fn project(projection: Projection, p: LonLat) -> Option<DVec3> {
    projection.project_extended(p).filter(|v| v.is_finite())
}
