//! Lines of tracks on the device: a tile of samples becomes a buffer once for a projection. It is cut into pieces that are
//! short in time and space; a frame draws those that are in its window and in its view, so that it pays for what is visible
//! and not for what is loaded, and neither clock nor camera touches a sample.

use std::ops::Range;

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
const PIECE: usize = 8;
/// Samples of a piece of a lone track.
const LONG_PIECE: usize = 256;
/// Places between two samples keep the line this near to the great circle, metres. A tenth of a pixel at 40 m a pixel,
/// where samples that need such places are a screen apart.
const SAG_M: f64 = 4.0;
/// Positions of pieces are kept in f32, good to a few metres.
const BALL_MARGIN_M: f64 = 10.0;
/// Quads of a span: `SPAN_QUADS` in `shaders/trails.wgsl`. In motion most pieces are a single quad.
pub(crate) const SPAN_QUADS: u32 = 1;
/// At most so many samples (a power of two) are stepped over in one go.
const MOST_STEP: u32 = 5;
/// Samples before and after those of a piece, for its joints.
const BESIDE: u32 = 3;

/// The line of one tile.
#[derive(Debug)]
pub(crate) struct TrailTile {
    pub buffer: SampleBuffer,
    pieces: Vec<Piece>,
    blocks: Vec<TimeBlock>,
}

/// A few samples of one trajectory.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    /// Its first sample on the device; the one before it lies before it, the one after its last one behind that.
    first: u32,
    segments: u32,
    centre: [f32; 3],
    radius: f32,
    /// Length of a segment, projected metres.
    step_m: f32,
}

/// Pieces of the same time.
#[derive(Clone, Debug)]
struct TimeBlock {
    /// First and last time, µs.
    span: [i64; 2],
    pieces: Range<usize>,
}

/// Some quads of a piece, as the shader reads them.
pub(crate) type Span = [u32; 2];

/// A piece in view.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    first: u32,
    segments: u32,
    /// Length of a segment, pixels.
    step_px: f32,
}

impl Seen {
    /// Samples to step over in one go (as a power of two) so that steps are not longer than this.
    fn step(&self, coarsest_px: f32) -> u32 {
        let most = self.segments.next_power_of_two().trailing_zeros().min(MOST_STEP);
        ((coarsest_px / self.step_px.max(1e-6)).max(1.0).log2() as u32).min(most)
    }

    /// Quads it is drawn with.
    pub fn quads(&self, coarsest_px: f32) -> usize {
        self.segments.div_ceil(1 << self.step(coarsest_px)) as usize
    }

    /// The spans of those quads.
    pub fn spans(&self, coarsest_px: f32) -> impl Iterator<Item = Span> + use<> {
        let (first, segments, step) = (self.first, self.segments, self.step(coarsest_px));
        let quads = segments.div_ceil(1 << step);
        (0..quads).step_by(SPAN_QUADS as usize).map(move |k| [first, segments | step << 12 | k << 16])
    }
}

/// A part of a run with the samples drawn, `first..last`.
struct Part {
    block: i64,
    run: usize,
    first: usize,
    last: usize,
}

/// A place of the line.
#[derive(Clone, Copy, Debug)]
struct Node {
    v: DVec3,
    value: f32,
    time: i64,
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
        let (samples, pieces, blocks) = build(shape, block, next);
        Self { buffer: SampleBuffer::new(gpu, layout, &samples), pieces, blocks }
    }

    /// The pieces in view and in time.
    pub fn seen(&self, frame: &FrameView, shown: &Times) -> Vec<Seen> {
        seen(&self.pieces, &self.blocks, frame, shown)
    }
}

fn seen(pieces: &[Piece], blocks: &[TimeBlock], frame: &FrameView, shown: &Times) -> Vec<Seen> {
    let in_time = blocks.iter().filter(|b| shown.meets(b.span)).filter_map(|b| pieces.get(b.pieces.clone()));
    let look = |p: &Piece| {
        let (centre, radius) = (DVec3::from(p.centre.map(f64::from)), f64::from(p.radius));
        let step_px = || (f64::from(p.step_m) / frame.m_per_px(centre, radius)) as f32;
        frame.sees(centre, radius).then(|| Seen { first: p.first, segments: p.segments, step_px: step_px() })
    };
    in_time.flatten().filter_map(look).collect()
}

/// For adapters whose vertex shaders read no storage: windows of four samples, neighbouring pieces as one range.
pub(crate) fn ranges(seen: &[Seen]) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for piece in seen {
        let first = piece.first - 1;
        match ranges.last_mut() {
            Some((begin, len)) if *begin + *len + BESIDE == first => *len += BESIDE + piece.segments,
            _ => ranges.push((first, piece.segments)),
        }
    }
    ranges
}

fn build(shape: &SeriesShape, block: &Block, next: Option<f32>) -> (Vec<Sample>, Vec<Piece>, Vec<TimeBlock>) {
    let runs = runs_of(shape, block, next);
    let long = if shape.is_ragged() { PIECE } else { LONG_PIECE };
    let stride = block.window.stride.max(1) as i64;
    let block_us = (shape.step_us.max(1)).saturating_mul(stride).saturating_mul(long as i64);
    let block_of = |n: &Node| if n.time == NO_TIME { i64::MIN } else { n.time.div_euclid(block_us) };
    let mut parts = Vec::new();
    for (k, run) in runs.iter().enumerate() {
        let mut first = 0;
        // The last place of a run begins no segment.
        for at in 1..run.len() {
            let over = at + 1 == run.len();
            if over || block_of(&run[at]) != block_of(&run[first]) || at - first >= LONG_PIECE {
                parts.push(Part { block: block_of(&run[first]), run: k, first, last: at });
                first = at;
            }
        }
    }
    parts.sort_by_key(|p| p.block);
    let units = Units::of(shape.projection);
    let turn = shape.projection.turn_m();
    let mut samples: Vec<Sample> = Vec::new();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut blocks: Vec<TimeBlock> = Vec::new();
    for of_block in parts.chunk_by(|a, b| a.block == b.block) {
        let (begin, mut span) = (pieces.len(), [i64::MAX, i64::MIN]);
        for part in of_block {
            let run = &runs[part.run];
            let mut put = |n: &Node, bits: i32| {
                let mut s = sample(units, n.v, n.value, n.time);
                s.day |= bits;
                samples.push(s);
            };
            let blank = run[part.first];
            match part.first.checked_sub(1) {
                Some(before) => put(&run[before], JOINED),
                None => put(&blank, 0),
            }
            run[part.first..part.last].iter().for_each(|n| put(n, JOINED | DRAWN));
            let after = run.get(part.last + 1);
            put(&run[part.last], if after.is_some() { JOINED } else { 0 });
            put(after.unwrap_or(&blank), 0);
            let nodes = &run[part.first..=part.last];
            for time in nodes.iter().map(|n| n.time).filter(|t| *t != NO_TIME) {
                span = [span[0].min(time), span[1].max(time)];
            }
            let segments = nodes.len() as u32 - 1;
            pieces.push(piece_of(nodes, samples.len() as u32 - segments - 2, turn));
        }
        blocks.push(TimeBlock { span, pieces: begin..pieces.len() });
    }
    (samples, pieces, blocks)
}

fn piece_of(nodes: &[Node], first: u32, turn: Option<f64>) -> Piece {
    let reference = nodes.first().map_or(DVec3::ZERO, |n| n.v);
    let near = |n: &Node| unwrapped(n.v, reference, turn);
    let (lo, hi) = nodes.iter().map(near).fold((reference, reference), |(lo, hi), v| (lo.min(v), hi.max(v)));
    let centre = (lo + hi) / 2.0;
    let radius = nodes.iter().map(|n| near(n).distance(centre)).fold(0.0, f64::max) + BALL_MARGIN_M;
    let length: f64 = nodes.windows(2).map(|w| near(&w[0]).distance(near(&w[1]))).sum();
    let segments = nodes.len() as u32 - 1;
    let step_m = (length / f64::from(segments.max(1))) as f32;
    Piece { first, segments, centre: centre.as_vec3().to_array(), radius: radius as f32, step_m }
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

#[cfg(test)]
#[path = "trail_tests.rs"]
mod tests;
