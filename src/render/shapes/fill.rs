//! Areas: triangles that depend on the shape alone, then divided for a view.
//!
//! Triangles are found in a plane: for great circles the stereographic one about the middle of the ring, for straight edges
//! that of longitude and latitude. Each keeps the exact places of its corners. For a view every edge decides by itself
//! whether it is divided, so that neighbours agree and no crack opens; the middle of an edge lies on the edge, which makes
//! borders exact at any scale.

use std::collections::HashMap;

use glam::{DVec2, DVec3};
use lyon::tessellation::math::point;
use lyon::tessellation::path::Path;
use lyon::tessellation::{BuffersBuilder, FillOptions, FillTessellator, FillVertex, VertexBuffers};
use seaglass_core::geo::{LonLat, unwrap_near, wrap_180};
use seaglass_core::projection::{DEPTH_SCALE, Projection};
use seaglass_core::shapes::{Edges, Geometry, Line, along, edge_middle, unwrapped};

use super::{EARTH_RADIUS_M, is_torn, projected};
use crate::frame::FrameView;

/// One corner, as the shader reads it.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub(super) struct Corner {
    local: [f32; 3],
    colour: [u8; 4],
}

const ATTRIBUTES: [wgpu::VertexAttribute; 2] = wgpu::vertex_attr_array![0 => Float32x3, 1 => Unorm8x4];
pub(super) const LAYOUT: wgpu::VertexBufferLayout<'_> = wgpu::VertexBufferLayout {
    array_stride: std::mem::size_of::<Corner>() as u64,
    step_mode: wgpu::VertexStepMode::Vertex,
    attributes: &ATTRIBUTES,
};

/// Distance of a divided edge from its true way, pixels.
const TOLERANCE_PX: f64 = 0.25;
/// Longer edges are divided in any case, degrees.
const LONGEST_DEG: f64 = 20.0;
/// Halvings of an edge at most.
const DEEPEST: u8 = 24;
/// Nearer to a pole a longitude means nothing, degrees.
const AT_POLE_DEG: f64 = 1e-7;
/// Maps that are cut open stretch the surroundings of their cut no more than this.
const MOST_STRETCH: f64 = 8.0;
/// Triangles that division may add in one view: where a map is torn to shreds, it ends there.
pub(super) const MOST_TRIANGLES: usize = 200_000;
/// Chords of edges in the plane of triangles, metres of arrow: about five degrees.
const PLANE_SAG_M: f64 = 6000.0;

/// Triangles of a polygon.
pub(crate) struct Triangles {
    places: Vec<LonLat>,
    indices: Vec<u32>,
    way: Edges,
}

impl Triangles {
    /// Divides a polygon into triangles.
    pub fn of(geometry: &Geometry) -> Self {
        let mut out = Self { places: Vec::new(), indices: Vec::new(), way: geometry.edges };
        for part in geometry.parts() {
            match geometry.edges {
                Edges::GreatCircle => out.add_round(part),
                Edges::Straight => out.add_straight(part),
            }
        }
        out
    }

    /// Rings of great circles, in the stereographic plane about their middle.
    fn add_round(&mut self, rings: &[Line]) {
        let middle = Geometry::ring_middle(&rings[0]);
        let side = middle.any_orthonormal_vector();
        let other = middle.cross(side);
        let flat = |p: LonLat| {
            let up = p.up();
            DVec2::new(up.dot(side), up.dot(other)) / (1.0 + up.dot(middle)).max(1e-9)
        };
        let lift = |v: DVec2| {
            let r2 = v.length_squared();
            let up = (side * (2.0 * v.x) + other * (2.0 * v.y) + middle * (1.0 - r2)) / (1.0 + r2);
            place_of(up)
        };
        let round: Vec<Vec<LonLat>> = rings
            .iter()
            .map(|ring| {
                let n = ring.places.len();
                let edge = |k: usize| {
                    let (a, b) = (ring.places[k], ring.places[(k + 1) % n]);
                    let mut pieces: Vec<LonLat> =
                        along(a, b, Edges::GreatCircle, PLANE_SAG_M, 64).map(|p| p.normalized()).collect();
                    // The vertex itself, not what is left of it after a sum.
                    if let Some(last) = pieces.last_mut() {
                        *last = b.normalized();
                    }
                    pieces
                };
                (0..n).flat_map(edge).collect()
            })
            .collect();
        self.tessellate(&round, flat, lift);
    }

    /// Rings straight in longitude and latitude, in that plane; a ring around a pole is led down to it.
    fn add_straight(&mut self, rings: &[Line]) {
        let first = rings[0].places.first().map_or(0.0, |p| p.lon_deg);
        let flat_rings: Vec<Vec<LonLat>> = rings
            .iter()
            .map(|ring| {
                let (mut places, turn) = unwrapped(&ring.places, true, Edges::Straight);
                let at = places.first().map_or(0.0, |p| p.lon_deg);
                let shift = unwrap_near(at, first) - at;
                places.iter_mut().for_each(|p| p.lon_deg += shift);
                if turn.abs() > 180.0 {
                    let mean: f64 = places.iter().map(|p| p.lat_deg).sum::<f64>();
                    let pole = 90f64.copysign(mean);
                    let start = places[0];
                    places.push(LonLat::new(start.lon_deg + turn, start.lat_deg));
                    places.push(LonLat::new(start.lon_deg + turn, pole));
                    places.push(LonLat::new(start.lon_deg, pole));
                }
                places
            })
            .collect();
        self.tessellate(&flat_rings, |p| DVec2::new(p.lon_deg, p.lat_deg), |v| LonLat::new(v.x, v.y));
    }

    fn tessellate(&mut self, rings: &[Vec<LonLat>], flat: impl Fn(LonLat) -> DVec2, lift: impl Fn(DVec2) -> LonLat) {
        let all = || rings.iter().flatten().map(|p| flat(*p));
        let Some(start) = all().next() else { return };
        let (low, high) = all().fold((start, start), |(lo, hi), v| (lo.min(v), hi.max(v)));
        // Single precision is relative to the size of the shape, not to that of the Earth.
        let (centre, scale) = ((low + high) / 2.0, (high - low).max_element().max(1e-12));
        let mut builder = Path::builder();
        let mut sources: Vec<Option<LonLat>> = Vec::new();
        let mut note = |id: lyon::tessellation::path::EndpointId, p: LonLat| {
            let at = id.to_usize();
            if sources.len() <= at {
                sources.resize(at + 1, None);
            }
            sources[at] = Some(p);
        };
        for ring in rings {
            for (k, p) in ring.iter().enumerate() {
                let v = (flat(*p) - centre) / scale;
                let v = point(v.x as f32, v.y as f32);
                let id = if k == 0 { builder.begin(v) } else { builder.line_to(v) };
                note(id, *p);
            }
            if !ring.is_empty() {
                builder.end(true);
            }
        }
        let path = builder.build();
        let mut buffers: VertexBuffers<LonLat, u32> = VertexBuffers::new();
        let place = |v: FillVertex<'_>| {
            let known = v.as_endpoint_id().and_then(|id| *sources.get(id.to_usize())?);
            let at = v.position();
            known.unwrap_or_else(|| lift(DVec2::new(f64::from(at.x), f64::from(at.y)) * scale + centre))
        };
        let options = FillOptions::even_odd().with_tolerance(1e-6);
        let mut output = BuffersBuilder::new(&mut buffers, place);
        // Without ids vertices come back in single precision, and nothing tells which corners they are.
        let made = FillTessellator::new().tessellate_with_ids(path.id_iter(), &path, None, &options, &mut output);
        if let Err(e) = made {
            // The outline is drawn all the same.
            log::warn!("an area cannot be filled: {e:?}");
            return;
        }
        let base = self.places.len() as u32;
        self.places.extend(buffers.vertices);
        self.indices.extend(buffers.indices.into_iter().map(|k| k + base));
    }

    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.indices.len() / 3
    }
}

fn place_of(up: DVec3) -> LonLat {
    LonLat::new(up.y.atan2(up.x).to_degrees(), up.z.atan2(up.x.hypot(up.y)).to_degrees())
}

/// Divides the triangles for a view and adds what is seen of them. `left`: triangles that may still be added, for all
/// areas of a view together. Division goes level by level, so that all are about as fine when nothing is left.
pub(super) fn emit(out: &mut Vec<Corner>, triangles: &Triangles, frame: &FrameView, colour: [u8; 4], left: &mut usize) {
    let corners = |t: &[u32]| [t[0], t[1], t[2]].map(|k| triangles.places[k as usize]);
    let mut level: Vec<[LonLat; 3]> = triangles.indices.chunks_exact(3).map(corners).collect();
    let mut emitter = Emitter { out, frame, colour, way: triangles.way, finer: Vec::new(), seen: HashMap::new() };
    for depth in 0..=DEEPEST {
        for t in level.drain(..) {
            if !emitter.is_seen(t) {
                continue;
            }
            if depth == DEEPEST || *left == 0 {
                emitter.leaf(t);
                continue;
            }
            let before = emitter.finer.len();
            emitter.triangle(t);
            *left = left.saturating_sub(emitter.finer.len() - before);
        }
        std::mem::swap(&mut level, &mut emitter.finer);
    }
}

struct Emitter<'a> {
    out: &'a mut Vec<Corner>,
    frame: &'a FrameView,
    colour: [u8; 4],
    way: Edges,
    /// Parts of divided triangles, to be looked at next.
    finer: Vec<[LonLat; 3]>,
    /// Projected places on maps that take long to compute: every place is the corner of several triangles.
    seen: HashMap<[u64; 2], Option<DVec3>>,
}

fn is_pole(p: LonLat) -> bool {
    90.0 - p.lat_deg.abs() < AT_POLE_DEG
}

impl Emitter<'_> {
    /// The longitude of a pole is that of whoever looks at it; other corners keep near each other.
    fn beside(&self, p: LonLat, near: LonLat) -> LonLat {
        match self.way {
            Edges::Straight => p,
            Edges::GreatCircle if is_pole(p) => LonLat::new(near.lon_deg, p.lat_deg),
            Edges::GreatCircle => LonLat::new(unwrap_near(p.lon_deg, near.lon_deg), p.lat_deg),
        }
    }

    fn project(&mut self, p: LonLat) -> Option<DVec3> {
        let frame = self.frame;
        if !matches!(frame.view.camera.projection, Projection::Plane(_)) {
            return projected(frame, p, None);
        }
        // These maps are the same on every turn.
        let key = [wrap_180(p.lon_deg).to_bits(), p.lat_deg.to_bits()];
        *self.seen.entry(key).or_insert_with(|| projected(frame, p, None))
    }

    /// The middle of an edge when it has to be divided. Depends on the edge alone.
    fn divided(&mut self, a: LonLat, b: LonLat) -> Option<LonLat> {
        let b = self.beside(b, a);
        let a = self.beside(a, b);
        let middle = edge_middle_of(a, b, self.way);
        let ground = a.up().distance(b.up());
        let span = match self.way {
            Edges::GreatCircle => ground.to_degrees(),
            Edges::Straight => (b.lon_deg - a.lon_deg).abs().max((b.lat_deg - a.lat_deg).abs()),
        };
        if span > LONGEST_DEG {
            return Some(middle);
        }
        let m = self.beside(middle, a);
        let (va, vb, vm) = (self.project(a), self.project(b), self.project(m));
        let (Some(va), Some(vb), Some(vm)) = (va, vb, vm) else {
            // Partly outside of the map: divided until what is missing does not matter.
            let some = va.is_some() || vb.is_some() || vm.is_some();
            return (some && span > 0.5).then_some(middle);
        };
        if is_torn(self.frame, a, b) {
            // Its two ends lie at two sides of the map: down to a pixel, wherever one of them shows.
            let ground_m = ground * EARTH_RADIUS_M;
            let shows = |v: DVec3| self.frame.sees(v, MOST_STRETCH * ground_m);
            let fine = ground_m <= self.frame.m_per_px(vm, 0.0);
            return (!fine && (shows(va) || shows(vb))).then_some(middle);
        }
        let straight = (va + vb) / 2.0;
        let radius = va.distance(vb).max(vm.distance(straight)) + 1.0;
        if !self.frame.sees(vm, radius) {
            return None;
        }
        let off = vm.distance(straight);
        (off > TOLERANCE_PX * self.frame.m_per_px(vm, radius)).then_some(middle)
    }

    /// Divides a triangle at the edges that ask for it; adds it when none does.
    fn triangle(&mut self, [a, b, c]: [LonLat; 3]) {
        match (self.divided(a, b), self.divided(b, c), self.divided(c, a)) {
            (None, None, None) => self.leaf([a, b, c]),
            (Some(ab), None, None) => self.two([a, b, c], ab),
            (None, Some(bc), None) => self.two([b, c, a], bc),
            (None, None, Some(ca)) => self.two([c, a, b], ca),
            (Some(ab), Some(bc), None) => self.three([a, b, c], [ab, bc]),
            (None, Some(bc), Some(ca)) => self.three([b, c, a], [bc, ca]),
            (Some(ab), None, Some(ca)) => self.three([c, a, b], [ca, ab]),
            (Some(ab), Some(bc), Some(ca)) => {
                self.finer.extend([[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]]);
            }
        }
    }

    /// Divided at the first edge.
    fn two(&mut self, [a, b, c]: [LonLat; 3], ab: LonLat) {
        self.finer.extend([[a, ab, c], [ab, b, c]]);
    }

    /// Divided at the first two edges.
    fn three(&mut self, [a, b, c]: [LonLat; 3], [ab, bc]: [LonLat; 2]) {
        self.finer.extend([[ab, b, bc], [a, ab, bc], [a, bc, c]]);
    }

    /// Whether a triangle may show: on the globe by the ball around it, on maps always until its edges are short.
    fn is_seen(&mut self, corners: [LonLat; 3]) -> bool {
        let v = corners.map(|p| self.project(self.beside(p, corners[0])));
        let [Some(a), Some(b), Some(c)] = v else { return true };
        let centre = (a + b + c) / 3.0;
        let radius = [a, b, c].map(|v| v.distance(centre)).into_iter().fold(0.0, f64::max);
        if self.frame.view.is_globe() {
            // The surface arches over the triangle.
            return self.frame.sees(centre, radius + radius * radius / EARTH_RADIUS_M + 1.0);
        }
        let ups = corners.map(|p| p.up());
        let ground = (ups[0].distance(ups[1])).max(ups[1].distance(ups[2])).max(ups[2].distance(ups[0]));
        if matches!(self.frame.view.camera.projection, Projection::Plane(_)) && self.frame.cut.is_none() {
            // Far outside of the drawn map it is continued ever more steeply: nothing of that shows. The depth changes by
            // less than eight degrees for one on the ground.
            let deepest = a.z.max(b.z).max(c.z) * DEPTH_SCALE;
            if deepest < -8.0 * ground.to_degrees() {
                return false;
            }
        }
        let near_pole = corners.iter().any(|p| p.lat_deg.abs() > 70.0);
        ground > 0.2 || near_pole || self.frame.sees(centre, radius * 1.5 + 1.0)
    }

    /// Adds a triangle as it is.
    fn leaf(&mut self, corners: [LonLat; 3]) {
        let has_pole_lines = self.frame.turn.is_some() || self.frame.cut.is_some();
        if !has_pole_lines || self.way == Edges::Straight {
            self.put(corners);
            return;
        }
        // Where longitude is an axis, or a map is cut open, a pole is a line.
        if let Some(k) = corners.iter().position(|p| is_pole(*p)) {
            self.up_to_pole(corners[(k + 1) % 3], corners[(k + 2) % 3], corners[k].lat_deg);
            return;
        }
        let ups = corners.map(|p| p.up());
        let turns = [0, 1, 2].map(|k| ups[k].cross(ups[(k + 1) % 3]).z);
        if turns.iter().all(|z| *z > 0.0) || turns.iter().all(|z| *z < 0.0) {
            let north = ups.iter().map(|u| u.z).sum::<f64>() > 0.0;
            for k in 0..3 {
                self.up_to_pole(corners[k], corners[(k + 1) % 3], if north { 90.0 } else { -90.0 });
            }
            return;
        }
        let [a, b, c] = corners;
        self.put([a, self.beside(b, a), self.beside(c, a)]);
    }

    fn up_to_pole(&mut self, a: LonLat, b: LonLat, pole: f64) {
        let b = LonLat::new(unwrap_near(b.lon_deg, a.lon_deg), b.lat_deg);
        let (pa, pb) = (LonLat::new(a.lon_deg, pole), LonLat::new(b.lon_deg, pole));
        self.put([a, b, pb]);
        self.put([a, pb, pa]);
    }

    fn put(&mut self, corners: [LonLat; 3]) {
        let v = corners.map(|p| self.project(p));
        let [Some(a), Some(b), Some(c)] = v else { return };
        // What still crosses the cut of a map is smaller than a pixel.
        let [p, q, r] = corners;
        if is_torn(self.frame, p, q) || is_torn(self.frame, q, r) || is_torn(self.frame, r, p) {
            return;
        }
        let shift = DVec3::X * self.frame.turn_shift((a.x + b.x + c.x) / 3.0);
        for v in [a, b, c] {
            let local = (v + shift - self.frame.anchor).as_vec3();
            self.out.push(Corner { local: local.to_array(), colour: self.colour });
        }
    }
}

fn edge_middle_of(a: LonLat, b: LonLat, way: Edges) -> LonLat {
    match way {
        // Corners are on their turns already: an edge may be longer than half of one.
        Edges::Straight => LonLat::new((a.lon_deg + b.lon_deg) / 2.0, (a.lat_deg + b.lat_deg) / 2.0),
        Edges::GreatCircle => edge_middle(a, b, way),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaglass_core::camera::Camera;
    use seaglass_core::shapes::ShapeKind;

    #[test]
    fn triangles_keep_the_exact_corners() {
        let ring = [(170.123_456_789, 10.0), (-170.0, 12.0), (-172.5, 35.000_000_1)];
        let places: Vec<LonLat> = ring.iter().map(|(x, y)| LonLat::new(*x, *y)).collect();
        for edges in [Edges::GreatCircle, Edges::Straight] {
            let g = Geometry::new(ShapeKind::Polygon, edges, vec![Line { places: places.clone(), hole: false }]);
            let t = Triangles::of(&g);
            assert!(t.count() >= 1);
            for p in &places {
                // Turns of longitude leave rounding of a double, a tenth of a micrometre at most.
                let same = |q: &LonLat| wrap_180(q.lon_deg - p.lon_deg).abs() < 1e-12 && q.lat_deg == p.lat_deg;
                assert!(t.places.iter().any(same), "{edges:?} {p:?} {:?}", t.places);
            }
        }
    }

    #[test]
    fn division_is_bounded_on_every_map() {
        let cap: Vec<LonLat> = (0..9).map(|k| LonLat::new(f64::from(k) * 40.0 - 170.0, 62.0)).collect();
        let wide = [(-70.0, 10.0), (40.0, 12.0), (60.0, 55.0), (-50.0, 50.0)];
        let wide = wide.map(|(lon, lat)| LonLat::new(lon, lat)).to_vec();
        let mut projections = Projection::ALL.to_vec();
        projections.extend(["utm:32N", "mollweide", "laea:10,52"].iter().filter_map(|id| Projection::from_id(id)));
        let mut unbounded = Vec::new();
        for (places, edges) in [(&cap, Edges::GreatCircle), (&cap, Edges::Straight), (&wide, Edges::GreatCircle)] {
            let line = Line { places: places.clone(), hole: false };
            let t = Triangles::of(&Geometry::new(ShapeKind::Polygon, edges, vec![line]));
            for projection in &projections {
                for altitude_m in [14_200_000.0, 300_000.0, 2000.0] {
                    let target = LonLat::new(10.0, 60.0);
                    let camera = Camera { target, altitude_m, projection: *projection, ..Camera::default() };
                    let frame = FrameView::new(camera.sanitized().view(1200.0, 800.0));
                    let (mut out, mut left) = (Vec::new(), MOST_TRIANGLES);
                    emit(&mut out, &t, &frame, [255; 4], &mut left);
                    // Divided as far as needed, not as far as allowed.
                    if left == 0 {
                        unbounded.push(format!("{edges:?} {projection:?} {altitude_m}"));
                    }
                }
            }
        }
        assert!(unbounded.is_empty(), "{unbounded:#?}");
    }
}
