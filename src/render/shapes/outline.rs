//! Outlines and points for a view.

use glam::DVec3;
use seaglass_core::geo::LonLat;
use seaglass_core::shapes::{Dash, Edges, Geometry, ShapeKind, ShapeStyle, along};

use super::{EARTH_RADIUS_M, is_torn, projected};
use crate::frame::FrameView;

/// Mirror of the instance in `shaders/shape_line.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub(super) struct Stroke {
    before: [f32; 3],
    width_px: f32,
    start: [f32; 3],
    along_start: f32,
    end: [f32; 3],
    along_end: f32,
    after: [f32; 3],
    stroke_px: f32,
    colour: [u8; 4],
    period_px: f32,
}

const ATTRIBUTES: [wgpu::VertexAttribute; 6] = wgpu::vertex_attr_array![
    0 => Float32x4, 1 => Float32x4, 2 => Float32x4, 3 => Float32x4, 4 => Unorm8x4, 5 => Float32
];
pub(super) const LAYOUT: wgpu::VertexBufferLayout<'_> = wgpu::VertexBufferLayout {
    array_stride: std::mem::size_of::<Stroke>() as u64,
    step_mode: wgpu::VertexStepMode::Instance,
    attributes: &ATTRIBUTES,
};

/// Distance of a chord from the edge, pixels.
const SAG_PX: f64 = 0.2;
/// Places drawn of one edge at most.
const MOST_PIECES: usize = 4096;
const NOWHERE: [f32; 3] = [f32::NAN; 3];
const DOT: f32 = -1.0;

/// Lengths of strokes and their period in pixels; 0 for solid lines.
fn pattern(dash: Dash, width_px: f32) -> (f32, f32) {
    match dash {
        Dash::Solid => (0.0, 1.0),
        Dash::Dashed => (4.0 * width_px + 2.0, 7.5 * width_px + 5.0),
        Dash::Dotted => (width_px, 2.6 * width_px + 2.0),
    }
}

/// Adds a point.
pub(super) fn point(out: &mut Vec<Stroke>, frame: &FrameView, place: LonLat, (colour, width_px): ([u8; 4], f32)) {
    let Some(v) = projected(frame, place, None) else { return };
    let v = v + DVec3::X * frame.turn_shift(v.x);
    let start = (v - frame.anchor).as_vec3().to_array();
    out.push(Stroke {
        before: NOWHERE,
        width_px,
        start,
        along_start: 0.0,
        end: start,
        along_end: 0.0,
        after: NOWHERE,
        stroke_px: DOT,
        colour,
        period_px: 1.0,
    });
}

/// A projected place of a line, the metres to it along the line, and whether there is a way to it from the one before.
#[derive(Clone, Copy)]
struct Node {
    v: DVec3,
    along_m: f64,
    joined: bool,
}

/// Adds the lines or points of a geometry.
pub(super) fn emit(
    out: &mut Vec<Stroke>,
    geometry: &Geometry,
    frame: &FrameView,
    style: &ShapeStyle,
    (colour, width_px): ([u8; 4], f32),
) {
    if geometry.kind == ShapeKind::Point {
        for place in geometry.lines.iter().flat_map(|l| &l.places) {
            point(out, frame, *place, (colour, width_px));
        }
        return;
    }
    let closed = geometry.kind == ShapeKind::Polygon;
    let (stroke_px, period_px) = pattern(style.dash, width_px);
    let m_per_px = frame.m_per_px(frame.anchor, 0.0);
    let mut nodes: Vec<Node> = Vec::new();
    for line in &geometry.lines {
        nodes.clear();
        chain(&mut nodes, &line.places, closed, geometry.edges, frame);
        let n = nodes.len();
        for k in 1..n {
            let (a, b) = (nodes[k - 1], nodes[k]);
            if !b.joined {
                continue;
            }
            let (middle, half) = ((a.v + b.v) / 2.0, a.v.distance(b.v) / 2.0);
            let margin = f64::from(width_px + 4.0) * frame.m_per_px(middle, half);
            if !frame.sees(middle, half + margin) {
                continue;
            }
            // The place before and the one after; rings close upon themselves.
            let before = match (k >= 2, closed && n > 2) {
                (true, _) => a.joined.then(|| nodes[k - 2].v),
                (false, true) => nodes[n - 1].joined.then(|| nodes[n - 2].v),
                _ => None,
            };
            let after = match (nodes.get(k + 1), closed && n > 2) {
                (Some(next), _) => next.joined.then_some(next.v),
                (None, true) => nodes[1].joined.then(|| nodes[1].v),
                _ => None,
            };
            let shift = DVec3::X * frame.turn_shift(middle.x);
            let local = |v: DVec3| {
                let near = match frame.turn {
                    Some(turn) => v - DVec3::X * ((v.x - middle.x) / turn).round() * turn,
                    None => v,
                };
                (near + shift - frame.anchor).as_vec3().to_array()
            };
            let period = f64::from(period_px);
            let along_start = (a.along_m / m_per_px).rem_euclid(period);
            let along_end = along_start + (b.along_m - a.along_m) / m_per_px;
            out.push(Stroke {
                before: before.map_or(NOWHERE, local),
                width_px,
                start: local(a.v),
                along_start: along_start as f32,
                end: local(b.v),
                along_end: along_end as f32,
                after: after.map_or(NOWHERE, local),
                stroke_px,
                colour,
                period_px,
            });
        }
    }
}

/// The places of a line with enough of its edges between them.
fn chain(nodes: &mut Vec<Node>, places: &[LonLat], closed: bool, edges: Edges, frame: &FrameView) {
    let n = places.len();
    let mut last: Option<(LonLat, DVec3)> = None;
    let mut along_m = 0.0;
    let mut add = |place: LonLat, last: &mut Option<(LonLat, DVec3)>| {
        let ground = last.map_or(0.0, |(p, _)| p.approx_distance_m(&place));
        along_m += ground;
        match projected(frame, place, last.map(|(_, v)| v)) {
            Some(v) => {
                let joined = last.is_some_and(|(from, _)| !is_torn(frame, from, place));
                nodes.push(Node { v, along_m, joined });
                *last = Some((place, v));
            }
            None => *last = None,
        }
    };
    for k in 0..if closed { n + 1 } else { n } {
        let place = places[k % n];
        if k == 0 {
            add(place, &mut last);
            continue;
        }
        let from = places[(k + n - 1) % n];
        let chord = from.up().distance(place.up()) * EARTH_RADIUS_M;
        let wide = edges == Edges::Straight && (from.lon_deg - place.lon_deg).abs() > 1.0;
        // Short edges are their chords at this scale.
        let scale = last.map_or_else(|| frame.m_per_px(frame.anchor, 0.0), |(_, v)| frame.m_per_px(v, chord));
        let sag_m = SAG_PX * scale;
        if !wide && chord * chord < 8.0 * EARTH_RADIUS_M * sag_m * 0.2 {
            add(place, &mut last);
            continue;
        }
        // Maps bend edges more than the globe does: a tenth of its sagitta serves both.
        let fine = if frame.view.camera.projection.is_map() { sag_m * 0.1 } else { sag_m };
        for p in along(from, place, edges, fine, MOST_PIECES) {
            add(p, &mut last);
        }
    }
}
