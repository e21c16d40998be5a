//! Triangles of the leaves of a tree, without cracks: where a leaf meets smaller neighbours, their corners are taken into
//! its outline, so that both sides of every border have the same vertices.

use glam::DVec3;

use crate::atlas::Place;
use crate::frame::FrameView;
use crate::int_map::IntMap;
use crate::tree::{Leaf, Node, TileAt, Tree, UNIT, turns_to};

/// One vertex, as the shaders read it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct Vertex {
    /// Projected metres from the frame's anchor.
    pub local: [f32; 3],
    /// Row and column in the tile, in its own values from its first edge.
    pub texel: [f32; 2],
}

/// A vertex of a tile among others in one texture.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct PlacedVertex {
    pub vertex: Vertex,
    pub place: Place,
}

/// Triangles that show one tile.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Batch {
    /// The tile drawn.
    pub tile: TileAt,
    /// Range of indices.
    pub indices: std::ops::Range<u32>,
    /// Number of the first vertex.
    pub base_vertex: i32,
}

/// The triangles of one item.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mesh {
    pub vertices: Vec<Vertex>,
    pub indices: Vec<u32>,
    pub batches: Vec<Batch>,
    /// Leaves drawn.
    pub patches: usize,
}

/// Builds the triangles of `leaves`; each leaf shows the tile `drawn` gives for it, or nothing. Those of which nothing
/// `shows` have no triangles, but their corners are those of their neighbours, and their tiles are there.
pub(crate) fn build(
    tree: &Tree,
    leaves: &[Leaf],
    frame: &FrameView,
    drawn: &dyn Fn(TileAt) -> Option<TileAt>,
    shows: &dyn Fn(TileAt, &Node) -> bool,
) -> Mesh {
    let mut sorted: Vec<(TileAt, &Leaf)> = Vec::with_capacity(leaves.len());
    let mut last: Option<(TileAt, Option<TileAt>)> = None;
    for leaf in leaves {
        let tile = match last {
            Some((asked, found)) if asked == leaf.tile => found,
            _ => drawn(leaf.tile),
        };
        last = Some((leaf.tile, tile));
        sorted.extend(tile.map(|t| (t, leaf)));
    }
    sorted.sort_by_key(|(tile, leaf)| (*tile, leaf.node));
    let corners = Corners::new(tree, leaves);
    // Two corners more and two triangles a leaf, and a little for neighbours of other sizes.
    let mut mesh = Mesh {
        vertices: Vec::with_capacity(3 * sorted.len() + 4),
        indices: Vec::with_capacity(8 * sorted.len()),
        batches: Vec::new(),
        patches: 0,
    };
    for group in sorted.chunk_by(|a, b| a.0 == b.0) {
        let tile = group[0].0;
        let (first, base) = (mesh.indices.len() as u32, mesh.vertices.len());
        let mut builder = Builder::new(tree, frame, tile, &mut mesh, (base, group.len()));
        let mut patches = 0;
        for node in group.iter().map(|(_, leaf)| tree.node(leaf)).filter(|node| shows(tile, node)) {
            builder.add(node, &corners);
            patches += 1;
        }
        mesh.patches += patches;
        let indices = first..mesh.indices.len() as u32;
        mesh.batches.push(Batch { tile, indices, base_vertex: base as i32 });
    }
    mesh
}

/// Corners of all leaves, sorted along rows and along columns.
struct Corners {
    along_row: Vec<(i64, i64)>,
    along_col: Vec<(i64, i64)>,
}

impl Corners {
    fn new(tree: &Tree, leaves: &[Leaf]) -> Self {
        let circle = tree.grid.wraps.then(|| tree.grid.shape[1] as i64 * UNIT);
        let mut along_row = Vec::with_capacity(leaves.len() * 4);
        for leaf in leaves {
            let r = tree.node(leaf).rect;
            for c in [r.c0, r.c1] {
                along_row.extend([(r.r0, c), (r.r1, c)]);
                // The seam of a whole circle has two names.
                match circle {
                    Some(n) if c == 0 => along_row.extend([(r.r0, n), (r.r1, n)]),
                    Some(n) if c == n => along_row.extend([(r.r0, 0), (r.r1, 0)]),
                    _ => {}
                }
            }
        }
        along_row.sort_unstable();
        along_row.dedup();
        let mut along_col: Vec<(i64, i64)> = along_row.iter().map(|(r, c)| (*c, *r)).collect();
        along_col.sort_unstable();
        Self { along_row, along_col }
    }

    /// Positions strictly between `a` and `b` on a line.
    fn between(list: &[(i64, i64)], line: i64, a: i64, b: i64) -> impl DoubleEndedIterator<Item = i64> + '_ {
        let from = list.partition_point(|x| *x <= (line, a));
        let to = from + list[from..].partition_point(|x| *x < (line, b));
        list[from..to].iter().map(|x| x.1)
    }
}

struct Builder<'a> {
    tree: &'a Tree,
    frame: &'a FrameView,
    mesh: &'a mut Mesh,
    base: usize,
    /// First edge of the tile and units of one of its values.
    origin: [f64; 2],
    stride: f64,
    /// The map is cut open along a meridian.
    cut: bool,
    known: IntMap<(i64, i64, i32), u32>,
    outline: Vec<u32>,
}

impl<'a> Builder<'a> {
    fn new(
        tree: &'a Tree,
        frame: &'a FrameView,
        tile: TileAt,
        mesh: &'a mut Mesh,
        (base, leaves): (usize, usize),
    ) -> Self {
        let stride = (1u64 << tile.level) as f64;
        let origin = [
            f64::from(tile.ty) * tree.grid.tile_rows as f64 * stride,
            f64::from(tile.tx) * tree.grid.tile_cols as f64 * stride,
        ];
        let cut = frame.view.camera.projection.cut_about_deg().is_some();
        let known = IntMap::with_capacity_and_hasher(3 * leaves + 4, Default::default());
        Self { tree, frame, mesh, base, origin, stride, cut, known, outline: Vec::new() }
    }

    fn push(&mut self, r: i64, c: i64, v: DVec3) -> u32 {
        let edge = |x: i64, origin: f64| ((x as f64 / UNIT as f64 - origin) / self.stride) as f32;
        let vertex = Vertex {
            local: (v - self.frame.anchor).as_vec3().to_array(),
            texel: [edge(r, self.origin[0]), edge(c, self.origin[1])],
        };
        self.mesh.vertices.push(vertex);
        (self.mesh.vertices.len() - 1 - self.base) as u32
    }

    /// The vertex at a lattice position, shared within the batch. `reference` decides the turn: map metres on cylindrical
    /// maps, degrees on maps that are cut open.
    fn shared(&mut self, r: i64, c: i64, reference: f64) -> Option<u32> {
        // Where there is one turn only, nothing has to be known of a vertex to find it again.
        if !self.cut
            && self.frame.turn.is_none()
            && let Some(k) = self.known.get(&(r, c, 0))
        {
            return Some(*k);
        }
        let (v, turns) = if self.cut {
            self.tree.point_turned(r, c, reference)?
        } else {
            let v = self.tree.point(r, c)?;
            (v, self.frame.turn.map_or(0.0, |turn| turns_to(v.x, reference, turn)))
        };
        let key = (r, c, turns as i32);
        if let Some(k) = self.known.get(&key) {
            return Some(*k);
        }
        let v = v + DVec3::X * (turns * self.frame.turn.unwrap_or(0.0));
        let k = self.push(r, c, v);
        self.known.insert(key, k);
        Some(k)
    }

    fn add(&mut self, node: &Node, corners: &Corners) {
        if self.cut {
            self.add_at(node, corners, f64::from(node.off_deg), node.private.as_deref());
            if let Some(twin) = &node.twin {
                self.add_at(node, corners, f64::from(node.off_deg) + 360.0 * twin.turns, twin.private.as_deref());
            }
            return;
        }
        let reference = node.centre.x + self.frame.turn_shift(node.centre.x);
        self.add_at(node, corners, reference, node.private.as_deref());
    }

    fn add_at(&mut self, node: &Node, corners: &Corners, reference: f64, private: Option<&[DVec3; 5]>) {
        let rect = node.rect;
        if let Some(own) = private {
            let shift = DVec3::X * self.frame.turn_shift(node.centre.x);
            let at = [(rect.r0, rect.c0), (rect.r0, rect.c1), (rect.r1, rect.c1), (rect.r1, rect.c0)];
            let k: Vec<u32> = at.iter().zip(own.iter()).map(|((r, c), v)| self.push(*r, *c, *v + shift)).collect();
            self.quad([k[0], k[1], k[2], k[3]], node.main_diagonal);
            return;
        }
        let mut outline = std::mem::take(&mut self.outline);
        outline.clear();
        let mut complete = true;
        let mut put = |this: &mut Self, r: i64, c: i64| match this.shared(r, c, reference) {
            Some(k) => outline.push(k),
            None => complete = false,
        };
        put(self, rect.r0, rect.c0);
        Corners::between(&corners.along_row, rect.r0, rect.c0, rect.c1).for_each(|c| put(self, rect.r0, c));
        put(self, rect.r0, rect.c1);
        Corners::between(&corners.along_col, rect.c1, rect.r0, rect.r1).for_each(|r| put(self, r, rect.c1));
        put(self, rect.r1, rect.c1);
        Corners::between(&corners.along_row, rect.r1, rect.c0, rect.c1).rev().for_each(|c| put(self, rect.r1, c));
        put(self, rect.r1, rect.c0);
        Corners::between(&corners.along_col, rect.c0, rect.r0, rect.r1).rev().for_each(|r| put(self, r, rect.c0));
        let (rm, cm) = rect.middle();
        match outline.as_slice() {
            [a, b, c, d] if complete => self.quad([*a, *b, *c, *d], node.main_diagonal),
            _ => {
                if let Some(middle) = self.shared(rm, cm, reference) {
                    let n = outline.len();
                    for k in 0..n {
                        self.mesh.indices.extend([middle, outline[k], outline[(k + 1) % n]]);
                    }
                }
            }
        }
        self.outline = outline;
    }

    fn quad(&mut self, [a, b, c, d]: [u32; 4], main_diagonal: bool) {
        let triangles = if main_diagonal { [a, b, c, a, c, d] } else { [a, b, d, b, c, d] };
        self.mesh.indices.extend(triangles);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::CutOptions;
    use glam::DVec2;
    use proptest::prelude::*;
    use seaglass_core::camera::Camera;
    use seaglass_core::coord::CoordArray;
    use seaglass_core::geo::{LonLat, wrap_180};
    use seaglass_core::geolocation::{Axis, Crs, Geolocation, Grid, Swath};
    use seaglass_core::projection::Projection;
    use std::sync::Arc;

    fn grid() -> Geolocation {
        let axis = |first, step, len| Axis::Regular { first, step, len };
        Geolocation::Grid(Grid::new(axis(-89.875, 0.25, 720), axis(0.125, 0.25, 1440), Crs::LonLat).unwrap())
    }

    /// Rows along a tilted great circle over the dateline and close to the pole.
    fn swath() -> Geolocation {
        let (rows, cols) = (1800, 31);
        let (mut lon, mut lat) = (Vec::new(), Vec::new());
        for r in 0..rows {
            for c in 0..cols {
                let (u, w) = ((r as f64 * 0.1).to_radians(), (c as f64 * 0.1 - 1.5).to_radians());
                let (si, ci) = 82f64.to_radians().sin_cos();
                let p = DVec3::new(u.cos(), u.sin() * ci, u.sin() * si) * w.cos() + DVec3::new(0.0, si, -ci) * w.sin();
                lon.push(wrap_180(p.y.atan2(p.x).to_degrees() + 130.0));
                lat.push(p.z.asin().to_degrees());
            }
        }
        Geolocation::Swath(Swath::full([rows, cols], CoordArray::F64(lon), CoordArray::F64(lat), vec![]).unwrap())
    }

    fn screen(frame: &FrameView, local: DVec3) -> Option<DVec2> {
        frame.view.screen_from_projected(frame.anchor + local)
    }

    /// Largest distance on the screen, in pixels, of vertices and of the middles of triangles from where the view puts
    /// their index; how many were compared.
    fn errors(geolocation: Geolocation, camera: Camera) -> (f64, f64, usize) {
        let geolocation = Arc::new(geolocation);
        let frame = FrameView::new(camera.view(900.0, 700.0));
        let mut tree = Tree::new(Arc::clone(&geolocation), frame.view.camera.projection, None);
        // A conic map seen from far shows its far pole, where it is drawn out without end.
        let options = CutOptions { tolerance_px: 0.1, most_leaves: 500_000, bias: 0, resident: &|_| true };
        let cut = tree.cut(&frame, &options);
        assert!(!cut.overflow);
        let mesh = build(&tree, &cut.leaves, &frame, &Some, &|_, _| true);
        let (mut at_vertices, mut between, mut compared) = (0f64, 0f64, 0);
        for batch in &mesh.batches {
            let stride = f64::from(1u32 << batch.tile.level);
            let origin = [
                f64::from(batch.tile.ty) * tree.grid.tile_rows as f64 * stride,
                f64::from(batch.tile.tx) * tree.grid.tile_cols as f64 * stride,
            ];
            let truth = |texel: [f64; 2], near: DVec2| {
                let index = |k: usize| texel[k] * stride + origin[k] - 0.5;
                let p = geolocation.lonlat_from_index(index(0), index(1))?;
                // Beyond the edge of a map the mesh goes on, and is clipped.
                if !frame.view.camera.projection.shows(p) {
                    return None;
                }
                let v = frame.view.camera.projection.project(p)?;
                if frame.view.is_globe() && !frame.view.faces(p, v) {
                    return None;
                }
                if let Projection::Plane(plane) = frame.view.camera.projection {
                    // Over the cut of the map as well.
                    let copies = [-1.0, 0.0, 1.0]
                        .map(|k| plane.project_turned(p, k).filter(|_| k == 0.0 || plane.cut_about_deg().is_some()));
                    let copies = copies.into_iter().flatten().filter_map(|v| frame.view.screen_from_projected(v));
                    return copies.min_by(|a, b| a.distance(near).total_cmp(&b.distance(near)));
                }
                let turn = frame.turn.unwrap_or(0.0);
                let copies = [-1.0, 0.0, 1.0].map(|k| frame.view.screen_from_projected(v + DVec3::X * (k * turn)));
                copies.into_iter().flatten().min_by(|a, b| a.distance(near).total_cmp(&b.distance(near)))
            };
            for triangle in mesh.indices[batch.indices.start as usize..batch.indices.end as usize].chunks_exact(3) {
                let corner = |k: usize| mesh.vertices[(triangle[k] as i32 + batch.base_vertex) as usize];
                let all = [corner(0), corner(1), corner(2)];
                let local = all.map(|v| glam::Vec3::from(v.local).as_dvec3());
                let texel = all.map(|v| v.texel.map(f64::from));
                let mean = |k: usize| (texel[0][k] + texel[1][k] + texel[2][k]) / 3.0;
                let places =
                    [(local[0], texel[0], true), ((local[0] + local[1] + local[2]) / 3.0, [mean(0), mean(1)], false)];
                for (local, texel, is_vertex) in places {
                    let Some(drawn) = screen(&frame, local) else { continue };
                    if drawn.min_element() < 0.0 || drawn.x > 900.0 || drawn.y > 700.0 {
                        continue;
                    }
                    let Some(expected) = truth(texel, drawn) else { continue };
                    let error = drawn.distance(expected);
                    if is_vertex {
                        at_vertices = at_vertices.max(error);
                    } else {
                        between = between.max(error);
                    }
                    compared += 1;
                }
            }
        }
        (at_vertices, between, compared)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(120) })]
        #[test]
        fn positions_are_right_to_a_tenth_of_a_pixel(
            lon in -180.0..180.0f64, lat in -80.0..80.0f64, log_alt in 3.65..7.6f64,
            heading in -180.0..180.0f64, tilt in 0.0..65.0f64, k in 0..Projection::ALL.len(), which in 0usize..2,
        ) {
            let projection = Projection::ALL[k];
            let lat = if projection == Projection::PolarSouth { -lat.abs() } else { lat };
            let projection = if k % 2 == 0 { projection.about(LonLat::new(lon, lat)) } else { projection };
            let camera = Camera {
                target: LonLat::new(lon, lat), altitude_m: 10f64.powf(log_alt),
                heading_deg: heading, tilt_deg: tilt, projection,
            };
            let (at_vertices, between, _) = errors(if which == 0 { grid() } else { swath() }, camera);
            prop_assert!(at_vertices < 0.05, "vertices {at_vertices} px off");
            // Mollweide's latitudes have a root at the poles, which bends more than the middle of a patch tells.
            let most = if matches!(projection, Projection::Plane(_)) { 0.25 } else { 0.12 };
            prop_assert!(between < most, "triangles {between} px off");
        }
    }

    #[test]
    fn positions_over_the_dateline_and_at_the_pole_are_compared_too() {
        for (lon, lat, altitude_m) in [(180.0, 0.0, 2e6), (0.0, 90.0, 8e5), (-179.99, 71.0, 3e4), (50.0, -90.0, 5e6)] {
            let camera = Camera { target: LonLat::new(lon, lat), altitude_m, ..Camera::default() };
            let (at_vertices, between, compared) = errors(grid(), camera);
            assert!(
                compared > 8 && at_vertices < 0.05 && between < 0.12,
                "{lon} {lat}: {at_vertices} {between} {compared}"
            );
        }
    }

    #[test]
    fn a_smooth_swath_costs_few_vertices() {
        let geolocation = Arc::new(swath());
        let camera = Camera { target: LonLat::new(130.0, 30.0), altitude_m: 2e7, ..Camera::default() };
        let frame = FrameView::new(camera.view(1280.0, 800.0));
        let mut tree = Tree::new(geolocation, Projection::Globe, None);
        let options = CutOptions { tolerance_px: 0.1, most_leaves: 100_000, bias: 0, resident: &|_| true };
        let cut = tree.cut(&frame, &options);
        let mesh = build(&tree, &cut.leaves, &frame, &Some, &|_, _| true);
        assert!(mesh.vertices.len() < 700, "{} vertices for 55 800 cells", mesh.vertices.len());
    }
}
