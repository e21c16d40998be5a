//! Lines of tracks on the device: a tile of samples becomes a buffer once for a projection. The pieces of all trajectories
//! that belong to one block of time lie together, so that a time window is a few ranges however many trajectories a file
//! has, and the camera moves without touching a sample.

use std::sync::Arc;

use glam::DVec3;
use seaglass_core::field::Block;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::Series;
use seaglass_core::projection::{Plane, Projection};

use crate::clock::Times;
use crate::frame::FrameView;
use crate::gpu::Gpu;
use crate::polyline::{great_circle, over_the_cut, project};
use crate::sample::{DRAWN, JOINED, NO_TIME, Sample, SampleBuffer, Units, sample};
use crate::series::SeriesShape;
use crate::tree::unwrapped;

/// Samples of a piece where there are several trajectories: short, so that little lies outside a window.
const PIECE: usize = 16;
/// Samples of a piece of a lone track.
const LONG_PIECE: usize = 256;
/// Samples of a range that is culled as a whole.
const RANGE: usize = 512;
/// Places between two samples keep the line this near to the great circle, metres. A tenth of a pixel at 40 m a pixel,
/// where samples that need such places are a screen apart.
const SAG_M: f64 = 4.0;

/// The line of one tile.
#[derive(Debug)]
pub(crate) struct TrailTile {
    pub buffer: SampleBuffer,
    ranges: Vec<Range>,
}

/// Pieces of one or a few blocks of time.
#[derive(Clone, Debug)]
struct Range {
    first: u32,
    len: u32,
    centre: DVec3,
    radius: f64,
    /// First and last time, µs.
    span: [i64; 2],
}

/// A place of the line.
#[derive(Clone, Copy, Debug)]
struct Node {
    v: DVec3,
    value: f32,
    time: i64,
}

/// A part of a run with the samples drawn, `first..last`.
struct Piece {
    block: i64,
    run: usize,
    first: usize,
    last: usize,
}

impl TrailTile {
    /// The line through a tile's samples, and on to the first sample of the next tile, whose value is given when known.
    pub fn new(
        gpu: &Gpu,
        layout: &wgpu::BindGroupLayout,
        shape: &SeriesShape,
        block: &Block,
        next: Option<f32>,
    ) -> Self {
        let (samples, ranges) = build(shape, block, next);
        Self { buffer: SampleBuffer::new(gpu, layout, &samples), ranges }
    }

    /// First sample and number of segments of what shows, adjacent ranges as one.
    pub fn select(&self, frame: &FrameView, shown: &Times) -> Vec<(u32, u32)> {
        let mut drawn: Vec<(u32, u32)> = Vec::new();
        for range in &self.ranges {
            if !shown.meets(range.span) || !frame.sees(range.centre, range.radius) {
                continue;
            }
            match drawn.last_mut() {
                Some((first, len)) if *first + *len == range.first => *len += range.len,
                _ => drawn.push((range.first, range.len)),
            }
        }
        drawn.iter().filter(|(_, len)| *len > 3).map(|(first, len)| (*first, len - 3)).collect()
    }
}

fn build(shape: &SeriesShape, block: &Block, next: Option<f32>) -> (Vec<Sample>, Vec<Range>) {
    let runs = runs_of(shape, block, next);
    let long = if shape.is_ragged() { PIECE } else { LONG_PIECE };
    let stride = block.window.stride.max(1) as i64;
    let block_us = (shape.step_us.max(1)).saturating_mul(stride).saturating_mul(long as i64);
    let block_of = |n: &Node| if n.time == NO_TIME { i64::MIN } else { n.time.div_euclid(block_us) };
    let mut pieces = Vec::new();
    for (k, run) in runs.iter().enumerate() {
        let mut first = 0;
        // The last place of a run begins no segment.
        for at in 1..run.len() {
            let over = at + 1 == run.len();
            if over || block_of(&run[at]) != block_of(&run[first]) || at - first >= LONG_PIECE {
                pieces.push(Piece { block: block_of(&run[first]), run: k, first, last: at });
                first = at;
            }
        }
    }
    pieces.sort_by_key(|p| p.block);
    let units = Units::of(shape.projection);
    let mut samples: Vec<Sample> = Vec::new();
    let mut ranges: Vec<Range> = Vec::new();
    let mut begin = 0;
    let mut nodes: Vec<Node> = Vec::new();
    for (k, piece) in pieces.iter().enumerate() {
        let run = &runs[piece.run];
        let mut put = |n: &Node, bits: i32| {
            let mut s = sample(units, n.v, n.value, n.time);
            s.day |= bits;
            samples.push(s);
        };
        let blank = run[piece.first];
        match piece.first.checked_sub(1) {
            Some(before) => put(&run[before], JOINED),
            None => put(&blank, 0),
        }
        run[piece.first..piece.last].iter().for_each(|n| put(n, JOINED | DRAWN));
        let after = run.get(piece.last + 1);
        put(&run[piece.last], if after.is_some() { JOINED } else { 0 });
        put(after.unwrap_or(&blank), 0);
        nodes.extend_from_slice(&run[piece.first..=piece.last]);
        let ends = pieces.get(k + 1).is_none_or(|next| next.block != piece.block);
        if ends && (samples.len() - begin >= RANGE || k + 1 == pieces.len()) {
            ranges.push(range_of(&nodes, begin, samples.len() - begin, shape.projection));
            begin = samples.len();
            nodes.clear();
        }
    }
    (samples, ranges)
}

fn range_of(nodes: &[Node], first: usize, len: usize, projection: Projection) -> Range {
    let turn = projection.turn_m();
    let reference = nodes.first().map_or(DVec3::ZERO, |n| n.v);
    let near = |n: &Node| unwrapped(n.v, reference, turn);
    let (lo, hi) = nodes.iter().map(near).fold((reference, reference), |(lo, hi), v| (lo.min(v), hi.max(v)));
    let centre = (lo + hi) / 2.0;
    let radius = nodes.iter().map(|n| near(n).distance(centre)).fold(0.0, f64::max) + 10.0;
    let times = || nodes.iter().map(|n| n.time).filter(|t| *t != NO_TIME);
    let span = [times().min().unwrap_or(i64::MAX), times().max().unwrap_or(i64::MIN)];
    Range { first: first as u32, len: len as u32, centre, radius, span }
}

/// Runs of places joined by lines: cut at missing values, gaps, between trajectories and at the edge of maps.
fn runs_of(shape: &SeriesShape, block: &Block, next: Option<f32>) -> Vec<Vec<Node>> {
    let Some(series) = shape.series() else { return Vec::new() };
    let stride = block.window.stride.max(1);
    let n = series.lon.len();
    let mut line = Line { shape, cut: cut_of(shape.projection), runs: Vec::new(), run: Vec::new(), last: None };
    for (k, value) in block.values.iter().enumerate() {
        line.to(series, (block.window.row + k * stride).min(n.saturating_sub(1)), *value);
    }
    let onward = block.window.row + block.values.len() * stride;
    let own = block.values.last().copied().unwrap_or(f32::NAN);
    if onward < n {
        line.to(series, onward, next.unwrap_or(own));
    }
    line.lift();
    line.runs
}

/// A map that is cut open, and the x of its middle meridian.
fn cut_of(projection: Projection) -> Option<(Plane, f64)> {
    let Projection::Plane(plane) = projection else { return None };
    plane.cut_about_deg()?;
    plane.project_extended(plane.middle()).map(|v| (plane, v.x))
}

struct Line<'a> {
    shape: &'a SeriesShape,
    cut: Option<(Plane, f64)>,
    runs: Vec<Vec<Node>>,
    run: Vec<Node>,
    last: Option<(usize, LonLat)>,
}

impl Line<'_> {
    fn lift(&mut self) {
        if self.run.len() > 1 {
            self.runs.push(std::mem::take(&mut self.run));
        }
        self.run.clear();
        self.last = None;
    }

    fn to(&mut self, series: &Series, at: usize, value: f32) {
        let place = series.lonlat(at).and_then(|p| Some((p, project(self.shape.projection, p)?)));
        let Some((p, v)) = place.filter(|_| !value.is_nan()) else { return self.lift() };
        let node = Node { v, value, time: series.time_us.get(at).copied().unwrap_or(NO_TIME) };
        match self.last {
            Some((before, _)) if before >= at => return,
            Some((before, _)) if self.shape.is_cut(before, at) => self.lift(),
            Some((_, from)) => self.bend(from, p, node),
            None => {}
        }
        self.put(node);
        self.last = Some((at, p));
    }

    fn put(&mut self, node: Node) {
        if let (Some((plane, middle_x)), Some(last)) = (self.cut, self.run.last().copied())
            && (last.v.x - middle_x) * (node.v.x - middle_x) <= 0.0
            && let Some((before, after)) = over_the_cut(plane, middle_x, last.v, node.v)
        {
            // Up to the edge on one side, on from the edge on the other; what lies beyond is not drawn.
            self.run.push(Node { v: before, ..node });
            self.runs.push(std::mem::replace(&mut self.run, vec![Node { v: after, ..last }]));
        }
        self.run.push(node);
    }

    /// Places of the great circle between two samples that are far apart.
    fn bend(&mut self, from: LonLat, to: LonLat, node: Node) {
        let Some(last) = self.run.last().copied() else { return };
        for (t, place) in great_circle(from, to, SAG_M) {
            let Some(v) = project(self.shape.projection, place) else { continue };
            let time = match (last.time, node.time) {
                (NO_TIME, _) | (_, NO_TIME) => NO_TIME,
                (a, b) => a + ((b - a) as f64 * t) as i64,
            };
            self.put(Node { v, value: last.value + (node.value - last.value) * t as f32, time });
        }
    }
}

/// Where a trajectory is at an instant: between which samples, how far from the first to the second, and the place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fix {
    pub before: usize,
    pub part: f64,
    pub place: LonLat,
}

/// The place of every trajectory at an instant, on the great circle between the two samples around it; none across a gap
/// in space or time, before the first sample or from the last one on.
pub(crate) fn fixes(shape: &SeriesShape, now_us: i64) -> Vec<Fix> {
    let Some(series) = shape.series().filter(|s| s.time_us.len() == s.lon.len()) else { return Vec::new() };
    let n = series.lon.len();
    let first = [0];
    let starts = if series.starts.is_empty() { &first[..] } else { &series.starts };
    let ends = starts.iter().skip(1).copied().chain(std::iter::once(n));
    starts.iter().zip(ends).filter_map(|(start, end)| fix_of(shape, series, *start, end, now_us)).collect()
}

fn fix_of(shape: &SeriesShape, series: &Series, start: usize, end: usize, now_us: i64) -> Option<Fix> {
    let times = series.time_us.get(start..end)?;
    let k = if shape.is_ascending() {
        times.partition_point(|t| *t <= now_us).checked_sub(1)?
    } else {
        times.windows(2).position(|w| w[0] != NO_TIME && w[0] <= now_us && now_us < w[1])?
    };
    let (t0, t1) = (*times.get(k)?, *times.get(k + 1)?);
    let before = start + k;
    if t1 <= t0 || t0 == NO_TIME || shape.is_gap(t1 - t0) || shape.is_cut(before, before + 1) {
        return None;
    }
    let part = (now_us - t0) as f64 / (t1 - t0) as f64;
    let place = between(series.lonlat(before)?, series.lonlat(before + 1)?, part);
    Some(Fix { before, part, place })
}

/// The place a part of the way along the great circle.
fn between(a: LonLat, b: LonLat, part: f64) -> LonLat {
    let (u, v) = (a.up(), b.up());
    let angle = u.cross(v).length().atan2(u.dot(v));
    if angle < 1e-12 {
        return a;
    }
    let w = (u * ((1.0 - part) * angle).sin() + v * (part * angle).sin()) / angle.sin();
    LonLat::new(w.y.atan2(w.x).to_degrees(), w.z.atan2(w.x.hypot(w.y)).to_degrees())
}

/// The value of a fix from a tile that holds it, between its neighbours where both have one.
pub(crate) fn value_at(fix: &Fix, tiles: &[(crate::tree::TileAt, Arc<Block>)]) -> Option<f32> {
    let of = |at: usize| {
        tiles.iter().find_map(|(_, block)| {
            let stride = block.window.stride.max(1);
            let k = (at + stride / 2).checked_sub(block.window.row)? / stride;
            block.values.get(k).copied()
        })
    };
    let a = of(fix.before).filter(|v| !v.is_nan())?;
    let b = of(fix.before + 1).filter(|v| !v.is_nan()).unwrap_or(a);
    Some(a + (b - a) * fix.part as f32)
}

#[cfg(test)]
#[path = "trail_tests.rs"]
mod tests;
