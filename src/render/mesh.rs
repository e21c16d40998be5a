//! Triangles of the leaves of a tree, without cracks: where a leaf meets smaller neighbours, their corners are taken into
//! its outline, so that both sides of every border have the same vertices.

use glam::DVec3;

use crate::frame::FrameView;
use crate::tree::{IntMap, Leaf, Node, TileAt, Tree, UNIT, turns_to};

/// One vertex, as the shaders read it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct Vertex {
    /// Projected metres from the frame's anchor.
    pub local: [f32; 3],
    /// Row and column in the tile, in its own values from its first edge.
    pub texel: [f32; 2],
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

/// Builds the triangles of `leaves`; each leaf shows the tile `drawn` gives for it, or nothing.
pub(crate) fn build(tree: &Tree, leaves: &[Leaf], frame: &FrameView, drawn: &dyn Fn(TileAt) -> Option<TileAt>) -> Mesh {
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
    let mut mesh = Mesh { patches: sorted.len(), ..Mesh::default() };
    for group in sorted.chunk_by(|a, b| a.0 == b.0) {
        let tile = group[0].0;
        let (first, base) = (mesh.indices.len() as u32, mesh.vertices.len());
        let mut builder = Builder::new(tree, frame, tile, &mut mesh, base);
        for (_, leaf) in group {
            builder.add(tree.node(leaf), &corners);
        }
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
    known: IntMap<(i64, i64, i32), u32>,
    outline: Vec<u32>,
}

impl<'a> Builder<'a> {
    fn new(tree: &'a Tree, frame: &'a FrameView, tile: TileAt, mesh: &'a mut Mesh, base: usize) -> Self {
        let stride = (1u64 << tile.level) as f64;
        let origin = [
            f64::from(tile.ty) * tree.grid.tile_rows as f64 * stride,
            f64::from(tile.tx) * tree.grid.tile_cols as f64 * stride,
        ];
        Self { tree, frame, mesh, base, origin, stride, known: IntMap::default(), outline: Vec::new() }
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

    /// The vertex at a lattice position, shared within the batch. `reference` decides the turn on cylindrical maps.
    fn shared(&mut self, r: i64, c: i64, reference: f64) -> Option<u32> {
        let v = self.tree.point(r, c)?;
        let turns = self.frame.turn.map_or(0.0, |turn| turns_to(v.x, reference, turn));
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
        let rect = node.rect;
        let reference = node.centre.x + self.frame.turn_shift(node.centre.x);
        if let Some(own) = &node.private {
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
