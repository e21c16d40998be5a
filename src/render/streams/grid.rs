//! The flow in view: places and velocities at the nodes of a raster of the screen.
//!
//! A node knows its place in projected space (earth-centred on the globe, the plane of a map) and how fast a drifter there
//! moves in that space. Both are made in f64 through the projection itself, so that particles need no projection of their
//! own and cross poles and the dateline without noticing. A place is found again through the matrix of the view the raster
//! was made for: it stays good while the camera moves on, until the next one is there.

use glam::{DVec2, DVec3, DVec4, Mat4, Vec4};
use rayon::prelude::*;
use seaglass_core::geo::{LonLat, WGS84_A_M, WGS84_B_M};
use seaglass_core::projection::Projection;

use super::sample::Field;
use crate::frame::{FrameView, Part};

/// What a node holds: xyz and one more number, NaN there where nothing is known.
pub(crate) type Node = [f32; 4];

/// No place, no flow.
pub(crate) const NOTHING: Node = [0.0, 0.0, 0.0, f32::NAN];

/// A vector field at one time, or between two.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The step that is shown, or the earlier one.
    pub now: Field,
    /// The later step.
    pub later: Option<Field>,
    /// Metres per second in one of the field's unit.
    pub speed_ms: f64,
}

/// How the nodes lie on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spacing {
    /// Pixels between nodes.
    pub step_px: f64,
    /// Pixels by which they reach beyond the screen.
    pub margin_px: f64,
}

/// The view of the nodes, as the shaders see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct GridView {
    /// Positions relative to the origin to clip space.
    pub clip_from_local: Mat4,
    /// Positive at places that face the eye.
    pub facing: Vec4,
    /// Node column and row of normalised device coordinates: scale and offset.
    pub node_from_ndc: Vec4,
    /// The origin in the space where the ellipsoid is the unit sphere, and 1; all zero on maps.
    pub middle: Vec4,
}

/// Places and velocities.
#[derive(Clone, Debug)]
pub(crate) struct FlowGrid {
    pub cols: u32,
    pub rows: u32,
    /// Projected position that all others are relative to.
    pub origin: DVec3,
    pub view: GridView,
    /// Places; .w is 0.
    pub places: Vec<Node>,
    /// Pixels a second of the fastest node at a factor of 1.
    pub fastest_px: f32,
    now: Vec<Node>,
    later: Vec<Node>,
    /// Which source a node's flow comes from.
    from: Vec<u8>,
}

/// Half the distance over which the projection is differentiated, metres.
const DELTA_M: f64 = 50.0;
/// Map metres a metre of ground is at most: beyond lies a cut of the map.
const WILDEST: f64 = 1e4;

/// Velocity in projected space of a drifter that moves east and north so many metres a second.
pub(crate) fn projected_velocity(
    projection: Projection,
    turn: Option<f64>,
    p: LonLat,
    [east, north]: [f64; 2],
) -> Option<DVec3> {
    let velocity = p.east() * east + p.north() * north;
    if !projection.is_map() {
        return Some(velocity);
    }
    let speed = velocity.length();
    if speed == 0.0 {
        return Some(DVec3::ZERO);
    }
    let (here, step) = (p.ecef(), velocity * (DELTA_M / speed));
    let place = |v: DVec3| projection.project_extended(LonLat::from_surface_ecef(v));
    let difference = |a: Option<DVec3>, b: Option<DVec3>, metres: f64| {
        let mut d = b? - a?;
        if let Some(turn) = turn {
            d.x -= (d.x / turn).round() * turn;
        }
        let d = d / metres;
        (d.is_finite() && d.length() < WILDEST).then_some(d * speed)
    };
    let (before, after) = (place(here - step), place(here + step));
    difference(before, after, 2.0 * DELTA_M).or_else(|| {
        let middle = place(here);
        difference(middle, after, DELTA_M).or_else(|| difference(before, middle, DELTA_M))
    })
}

/// One node: place, flow now and later, its source, pixels a second.
struct Found {
    place: Node,
    flow: [Node; 2],
    from: u8,
    px_s: f32,
}

const LOST: Found = Found { place: NOTHING, flow: [NOTHING; 2], from: 0, px_s: 0.0 };

impl FlowGrid {
    /// Looks up places and flow at every node; sources that lie on top come last.
    pub fn new(frame: &FrameView, spacing: Spacing, sources: &[Source]) -> Self {
        let Spacing { step_px, margin_px } = spacing;
        let size = frame.view.size_px;
        let count = ((size + 2.0 * margin_px) / step_px).ceil() + 1.0;
        let (cols, rows) = (count.x as usize, count.y as usize);
        let found: Vec<Found> = (0..rows)
            .into_par_iter()
            .flat_map_iter(|j| {
                (0..cols).map(move |i| {
                    let px = DVec2::new(i as f64, j as f64) * step_px - margin_px;
                    node(frame, px, sources).unwrap_or(LOST)
                })
            })
            .collect();
        let fastest_px = found.iter().map(|f| f.px_s).fold(0.0, f32::max);
        let two = sources.iter().any(|s| s.later.is_some());
        Self {
            cols: cols as u32,
            rows: rows as u32,
            origin: frame.anchor,
            view: grid_view(frame, spacing),
            places: found.iter().map(|f| f.place).collect(),
            fastest_px,
            now: found.iter().map(|f| f.flow[0]).collect(),
            later: if two { found.iter().map(|f| f.flow[1]).collect() } else { Vec::new() },
            from: found.iter().map(|f| f.from).collect(),
        }
    }

    /// The flow between the two steps; `parts` is how far the clock is on the way to the later one, for each source.
    pub fn flow(&self, parts: &[f32]) -> Vec<Node> {
        if self.later.is_empty() || parts.iter().all(|p| *p <= 0.0) {
            return self.now.clone();
        }
        let mix = |((a, b), from): ((&Node, &Node), &u8)| {
            let part = parts.get(usize::from(*from)).copied().unwrap_or_default().clamp(0.0, 1.0);
            match (a[3].is_nan(), b[3].is_nan()) {
                (false, false) => {
                    let v: Node = std::array::from_fn(|k| a[k] + (b[k] - a[k]) * part);
                    // The length of the mean is not the mean of the lengths.
                    let longer = |n: &Node| (n[0] * n[0] + n[1] * n[1] + n[2] * n[2]).sqrt();
                    let per = (longer(a) + longer(b)).max(1e-30);
                    [v[0], v[1], v[2], longer(&v) * (a[3] + b[3]) / per]
                }
                // Where only one step has data, the nearer step decides.
                (false, true) if part < 0.5 => *a,
                (true, false) if part >= 0.5 => *b,
                _ => NOTHING,
            }
        };
        self.now.par_iter().zip(&self.later).zip(&self.from).map(mix).collect()
    }
}

/// The place under a pixel (also beyond the screen) and the flow there.
fn node(frame: &FrameView, px: DVec2, sources: &[Source]) -> Option<Found> {
    let view = &frame.view;
    let projection = view.camera.projection;
    let (p, v) = if view.is_globe() {
        let p = view.lonlat_from_screen(px)?;
        (p, p.ecef())
    } else {
        let (right, up, _, half) = view.axes();
        let size = view.size_px;
        let x = (px.x / size.x * 2.0 - 1.0) * half * size.x / size.y;
        let y = (1.0 - px.y / size.y * 2.0) * half;
        let v = view.eye + right * x + up * y;
        let p = projection.unproject(v)?.normalized();
        // The third coordinate of some maps says how deep inside a place lies.
        let depth = projection.project_extended(p).map_or(0.0, |q| q.z);
        (p, v.with_z(depth))
    };
    let local = (v - frame.anchor).as_vec3();
    let mut found = Found { place: [local.x, local.y, local.z, 0.0], ..LOST };
    let m_per_px = frame.m_per_px(v, 0.0).max(1e-6);
    for (k, source) in sources.iter().enumerate().rev() {
        let step = |field: &Field| {
            let [e, n] = field.at(p)?.map(f64::from);
            let velocity = projected_velocity(projection, frame.turn, p, [e, n].map(|c| c * source.speed_ms))?;
            let [x, y, z] = velocity.as_vec3().to_array();
            Some([x, y, z, e.hypot(n) as f32])
        };
        let (now, later) = (step(&source.now), source.later.as_ref().and_then(step));
        if now.is_none() && later.is_none() {
            continue;
        }
        found.flow = [now.unwrap_or(NOTHING), later.unwrap_or(NOTHING)];
        found.from = k.min(255) as u8;
        let speed = |n: Option<Node>| n.map_or(0.0, |n| f64::from(n[0]).hypot(f64::from(n[1])).hypot(f64::from(n[2])));
        found.px_s = (speed(now).max(speed(later)) / m_per_px) as f32;
        break;
    }
    Some(found)
}

fn grid_view(frame: &FrameView, Spacing { step_px, margin_px }: Spacing) -> GridView {
    let size = frame.view.size_px;
    let uniform = frame.uniform(0.0, Part { origin: DVec2::ZERO, size }, 1.0);
    let words: &[f32] = bytemuck::cast_slice(bytemuck::bytes_of(&uniform));
    let half = size / (2.0 * step_px);
    let offset = (size / 2.0 + margin_px) / step_px;
    let scaled = frame.anchor / DVec3::new(WGS84_A_M, WGS84_A_M, WGS84_B_M);
    let middle = if frame.view.is_globe() { scaled.normalize().extend(1.0) } else { DVec4::ZERO };
    GridView {
        clip_from_local: Mat4::from_cols_slice(&words[..16]),
        facing: Vec4::from_slice(&words[16..20]),
        node_from_ndc: DVec4::new(half.x, -half.y, offset.x, offset.y).as_vec4(),
        middle: middle.as_vec4(),
    }
}
