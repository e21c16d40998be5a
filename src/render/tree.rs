//! The surface of one raster as a tree of rectangles of its index space, with positions in f64.
//!
//! A node knows how far bilinear drawing of it would be from the truth. A frame takes the coarsest nodes that are good
//! enough on the screen, so a smooth swath of a million cells costs a few hundred vertices. The tree does not depend on
//! the view and is kept between frames; it grows where someone looks.

use std::sync::Arc;

use glam::DVec3;
use seaglass_core::geo::{LonLat, WGS84_A_M, wrap_180};
use seaglass_core::geolocation::Geolocation;
use seaglass_core::projection::Projection;
use seaglass_core::tile::TileGrid;

use crate::cuts::{Cuts, Tear};
use crate::frame::FrameView;
use crate::int_map::IntMap;

mod measure;

use measure::{Search, Shape, corners_of, halfway};

/// Fixed-point units of one source cell. Index space is measured in cell edges: edge 0 is half a cell before the first
/// centre. Fine enough (10 cm for cells of 1°) that no view at the closest zoom wants half a unit.
pub(crate) const UNIT: i64 = 1 << 20;
/// Nodes larger than this (radius, projected metres) are always split: nine samples say little about more.
const LARGEST_M: f64 = 0.15 * WGS84_A_M;
/// Nodes larger than this (radius, projected metres) are never taken for out of sight: between their samples a swath may
/// go anywhere, on a map still more than on the globe.
const EVERYWHERE_M: f64 = 4.0 * LARGEST_M;
/// Latitude on the other hemisphere up to which polar maps give extended positions.
const FAR_RIM_DEG: f64 = 60.0;
/// Nodes are left out only when they lie beyond the edge of a map by this much (degrees of latitude): between its samples
/// a node may bulge inwards.
const EDGE_MARGIN_DEG: f64 = 2.0;
/// Nodes kept before the tree is rebuilt from scratch.
const MOST_NODES: usize = 600_000;
/// A torn or partly invalid node is not split below this size on the screen.
const SMALLEST_PX: f64 = 0.5;
/// Tolerance beyond which a cut with too many leaves is drawn as far as it goes.
const WORST_PX: f64 = 4.0;
/// Positions just inside a node are taken this part of a cell from its border.
const NUDGE: f64 = 1e-6;
/// Further apart than this (metres), the positions on and beside a border show a tear.
const TEAR_M: f64 = 1.0;
/// Nodes of at most so many cells a side are searched for positions cell by cell, larger ones in so many places a side.
const SEARCHED: i64 = 16;

/// A rectangle of index space, fixed-point cell edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rect {
    pub r0: i64,
    pub r1: i64,
    pub c0: i64,
    pub c1: i64,
}

impl Rect {
    /// The middle, rounded down to the fixed-point lattice.
    pub fn middle(&self) -> (i64, i64) {
        ((self.r0 + self.r1) / 2, (self.c0 + self.c1) / 2)
    }
}

/// A projected position. `valid` is false where the file or the projection has none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub v: DVec3,
    pub valid: bool,
    /// Well beyond the edge of the map.
    pub outside: bool,
    /// Degrees from the middle meridian, on maps that are cut open.
    pub off_deg: f32,
}

/// The other side of the cut, for a node that lies on both.
#[derive(Clone, Debug)]
pub(crate) struct Twin {
    /// Turns that bring the node's positions there.
    pub turns: f64,
    /// Middle and radius of a ball around it.
    centre: DVec3,
    radius: f64,
    /// As [`Node::private`].
    pub private: Option<Box<[DVec3; 5]>>,
}

/// Address of a tile within its item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TileAt {
    pub level: u8,
    pub ty: u32,
    pub tx: u32,
}

impl TileAt {
    /// The tile of the next coarser level that covers this one.
    pub fn parent(self) -> Self {
        Self { level: self.level + 1, ty: self.ty >> 1, tx: self.tx >> 1 }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub rect: Rect,
    /// Middle and radius of a ball around the node, projected metres.
    pub centre: DVec3,
    pub radius: f64,
    /// Largest distance of the drawn from the true position among five test places.
    pub error_m: f64,
    /// Largest projected size of a source cell.
    cell_m: f64,
    /// Corners (r0c0, r0c1, r1c1, r1c0) and middle, where neighbours' positions must not be used: beside a tear.
    pub private: Option<Box<[DVec3; 5]>>,
    /// Degrees of its middle from the middle meridian, on maps that are cut open.
    pub off_deg: f32,
    /// On maps that are cut open: the node beyond the cut.
    pub twin: Option<Box<Twin>>,
    /// The better diagonal runs from (r0, c0) to (r1, c1).
    pub main_diagonal: bool,
    oversize: bool,
    torn: Option<Tear>,
    partial: bool,
    corners_valid: bool,
    drop: bool,
    split_rows: bool,
    children: Option<[u32; 2]>,
}

/// A node chosen for drawing, with the tile it should show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf {
    pub node: u32,
    pub tile: TileAt,
}

/// The nodes to draw for a view, and the tiles they need.
#[derive(Debug, Default)]
pub(crate) struct Cut {
    pub leaves: Vec<Leaf>,
    /// Tiles wanted for the best picture, with the distance of their nearest part from the middle of the screen
    /// (in half heights).
    pub tiles: Vec<(TileAt, f32)>,
    /// More leaves than allowed: the cut was given up.
    pub overflow: bool,
}

/// How a cut is to be made.
#[derive(Clone, Copy)]
pub(crate) struct CutOptions<'a> {
    /// Allowed error, pixels.
    pub tolerance_px: f64,
    /// Largest number of leaves.
    pub most_leaves: usize,
    /// Levels coarser than the screen would need.
    pub bias: u8,
    /// Whether a tile is there to be drawn.
    pub resident: &'a (dyn Fn(TileAt) -> bool + Sync),
}

/// The tree of one raster in one projection.
pub(crate) struct Tree {
    geolocation: Arc<Geolocation>,
    projection: Projection,
    /// Middle meridian of a map that is cut open along the opposite one.
    cut_about: Option<f64>,
    cuts: Option<Arc<Cuts>>,
    /// Tile pyramid of the raster.
    pub grid: TileGrid,
    nodes: Vec<Node>,
    points: IntMap<(i64, i64), Point>,
}

impl Tree {
    /// The tree of a raster. `cuts` are the tears found in it.
    pub fn new(geolocation: Arc<Geolocation>, projection: Projection, cuts: Option<Arc<Cuts>>) -> Self {
        let grid = TileGrid::new(geolocation.shape(), wraps(&geolocation));
        let cut_about = projection.cut_about_deg();
        let mut tree =
            Self { geolocation, projection, cut_about, cuts, grid, nodes: Vec::new(), points: IntMap::default() };
        tree.reset();
        tree
    }

    fn reset(&mut self) {
        self.nodes.clear();
        self.points.clear();
        let [rows, cols] = self.grid.shape;
        if rows > 0 && cols > 0 {
            let root = self.evaluate(Rect { r0: 0, r1: rows as i64 * UNIT, c0: 0, c1: cols as i64 * UNIT });
            self.nodes.push(root);
        }
    }

    /// The node of a leaf.
    pub fn node(&self, leaf: &Leaf) -> &Node {
        &self.nodes[leaf.node as usize]
    }

    /// Edges of a node in rows and columns of a tile, in its own values.
    pub fn edges_in(&self, tile: TileAt, node: &Node) -> [[f64; 2]; 2] {
        let stride = (1u64 << tile.level) as f64;
        let within = |[a, b]: [i64; 2], k: u32, side: usize| {
            [a, b].map(|x| x as f64 / UNIT as f64 / stride - f64::from(k) * side as f64)
        };
        let Rect { r0, r1, c0, c1 } = node.rect;
        [within([r0, r1], tile.ty, self.grid.tile_rows), within([c0, c1], tile.tx, self.grid.tile_cols)]
    }

    /// A position already evaluated (every corner and middle of a leaf is).
    pub fn point(&self, r: i64, c: i64) -> Option<DVec3> {
        self.points.get(&self.key(r, c)).filter(|p| p.valid).map(|p| p.v)
    }

    /// Columns of a whole circle: edge `n` is edge 0.
    fn key(&self, r: i64, c: i64) -> (i64, i64) {
        (r, if self.grid.wraps { c.rem_euclid(self.grid.shape[1] as i64 * UNIT) } else { c })
    }

    fn lonlat(&self, row: f64, col: f64) -> Option<LonLat> {
        let [rows, cols] = self.grid.shape;
        let row = row.clamp(-0.5, rows as f64 - 0.5);
        let col = col.clamp(-0.5, cols as f64 - 0.5);
        let p = self.geolocation.lonlat_from_index(row, col)?;
        Some(LonLat::new(p.lon_deg, p.lat_deg.clamp(-90.0, 90.0)))
    }

    fn locate(&self, row: f64, col: f64) -> Point {
        let none = Point { v: DVec3::ZERO, valid: false, outside: false, off_deg: 0.0 };
        let Some(p) = self.lonlat(row, col) else { return none };
        if let Projection::Plane(plane) = self.projection {
            let outside = plane.depth_deg(p) < -EDGE_MARGIN_DEG;
            let off_deg = self.cut_about.map_or(0.0, |middle| wrap_180(p.lon_deg - middle) as f32);
            return match plane.project_extended(p).or_else(|| plane.far_side(p, 0.0)) {
                Some(v) if v.is_finite() => Point { v, valid: true, outside, off_deg },
                _ => Point { outside, ..none },
            };
        }
        let inward = LonLat::new(p.lon_deg, p.lat_deg - EDGE_MARGIN_DEG.min(p.lat_deg.abs()).copysign(p.lat_deg));
        let outside = !self.projection.shows(inward);
        match self.projection.project_extended(p).or_else(|| far_side(self.projection, p)) {
            Some(v) if v.is_finite() => Point { v, valid: true, outside, off_deg: 0.0 },
            _ => Point { outside, ..none },
        }
    }

    /// A position on the turn of a map that is cut open on which the middle of its node lies, and that turn.
    pub fn point_turned(&self, r: i64, c: i64, off_deg: f64) -> Option<(DVec3, f64)> {
        let point = self.points.get(&self.key(r, c)).filter(|p| p.valid)?;
        let turns = turns_to(f64::from(point.off_deg), off_deg, 360.0);
        Some((self.turned(r, c, *point, turns), turns))
    }

    fn turned(&self, r: i64, c: i64, point: Point, turns: f64) -> DVec3 {
        let Projection::Plane(plane) = self.projection else { return point.v };
        if turns == 0.0 {
            return point.v;
        }
        let (r, c) = self.key(r, c);
        let place = self.lonlat(r as f64 / UNIT as f64 - 0.5, c as f64 / UNIT as f64 - 0.5);
        place.and_then(|p| plane.project_turned(p, turns).or_else(|| plane.far_side(p, turns))).unwrap_or(point.v)
    }

    fn sample(&mut self, r: i64, c: i64) -> Point {
        let key = self.key(r, c);
        if let Some(p) = self.points.get(&key) {
            return *p;
        }
        let p = self.locate(key.0 as f64 / UNIT as f64 - 0.5, key.1 as f64 / UNIT as f64 - 0.5);
        self.points.insert(key, p);
        p
    }

    /// The position as seen from inside a rectangle; differs from [`sample`](Self::sample) beside tears only.
    fn sample_inside(&mut self, r: i64, c: i64, rect: &Rect, differs: &mut bool) -> Point {
        let exact = self.sample(r, c);
        let inward = |x: i64, a: i64, b: i64| NUDGE * f64::from(i32::from(x == a) - i32::from(x == b));
        let row = r as f64 / UNIT as f64 - 0.5 + inward(r, rect.r0, rect.r1);
        let col = c as f64 / UNIT as f64 - 0.5 + inward(c, rect.c0, rect.c1);
        let inside = self.locate(row, col);
        let apart = (exact.v - inside.v).length();
        if inside.valid && (!exact.valid || self.modulo_turn(apart) > TEAR_M) {
            *differs = true;
            return inside;
        }
        exact
    }

    /// Whether the raster is torn somewhere in a rectangle of cell edges.
    pub fn is_torn(&self, rows: [f64; 2], cols: [f64; 2]) -> bool {
        self.cuts.as_ref().is_some_and(|cuts| cuts.tear(rows, cols) != Tear::None)
    }

    /// Projected position of a place given in rows and columns (cell centres are whole numbers).
    pub fn place(&self, row: f64, col: f64) -> Option<DVec3> {
        let point = self.locate(row, col);
        point.valid.then_some(point.v)
    }

    /// Distance of two projected positions, metres; on cylindrical maps the short way round.
    pub fn apart(&self, a: DVec3, b: DVec3) -> f64 {
        let turn = self.projection.turn_m();
        unwrapped(b, a, turn).distance(a)
    }

    fn modulo_turn(&self, distance: f64) -> f64 {
        self.projection.turn_m().map_or(distance, |turn| distance.min((turn - distance).abs()))
    }

    fn tear_of(&self, rect: &Rect, margin: f64) -> Tear {
        let edge = |x: i64| x as f64 / UNIT as f64;
        let [rows, cols] = self.grid.shape;
        let within = |a: f64, b: f64, n: usize| [(a - margin).max(0.0), (b + margin).min(n as f64)];
        match &self.cuts {
            Some(cuts) => {
                cuts.tear(within(edge(rect.r0), edge(rect.r1), rows), within(edge(rect.c0), edge(rect.c1), cols))
            }
            None => Tear::None,
        }
    }

    fn evaluate(&mut self, rect: Rect) -> Node {
        let (rm, cm) = rect.middle();
        let tear = self.tear_of(&rect, 0.0);
        let beside_tear = tear != Tear::None || (self.cuts.is_some() && self.tear_of(&rect, 1.0) != Tear::None);
        let mut differs = false;
        let mut at = [[Point { v: DVec3::ZERO, valid: false, outside: false, off_deg: 0.0 }; 3]; 3];
        for (i, r) in [rect.r0, rm, rect.r1].into_iter().enumerate() {
            for (j, c) in [rect.c0, cm, rect.c1].into_iter().enumerate() {
                at[i][j] = if beside_tear { self.sample_inside(r, c, &rect, &mut differs) } else { self.sample(r, c) };
            }
        }
        let all = || at.iter().flatten();
        let partial = !all().all(|p| p.valid);
        // Nine samples say nothing about what lies between missing ones.
        let torn = matches!(tear, Tear::AtRow(_) | Tear::AtCol(_)).then_some(tear);
        let unsure = (partial || torn.is_some()) && (rect.r1 - rect.r0).max(rect.c1 - rect.c0) > UNIT;
        let between = if unsure { self.search(&rect) } else { Default::default() };
        let known = std::iter::once(&at[1][1]).chain(all()).find(|p| p.valid).map(|p| p.v);
        let Some(reference) = known.or_else(|| between.found.first().copied()) else {
            let nothing = tear == Tear::Empty || between.complete || !unsure;
            return Node::without_positions(rect, torn, nothing, all().all(|p| p.outside));
        };
        // On cylindrical maps longitudes are taken on the turn nearest to the middle.
        let turn = self.projection.turn_m();
        let mut v = at.map(|row| row.map(|p| if p.valid { unwrapped(p.v, reference, turn) } else { reference }));
        // The same on maps that are cut open.
        let off_deg = std::iter::once(&at[1][1]).chain(all()).find(|p| p.valid).map_or(0.0, |p| f64::from(p.off_deg));
        let twin = self.cut_about.and_then(|_| self.join_over_cut(&rect, &at, off_deg, &mut v, differs));
        let radius = v.iter().flatten().map(|p| p.distance(reference)).fold(0.0, f64::max);
        let radius = if unsure { radius.max(between.reach(reference, turn)) } else { radius } * 1.1;
        let oversize = radius > LARGEST_M;
        // Nine samples of so large a node do not tell how far it reaches; it is split before it is drawn anyway.
        let radius = if oversize { 1.5 * radius } else { radius };
        let shape = Shape::of(&v);
        let cells = |a: i64, b: i64| (b - a) as f64 / UNIT as f64;
        let (tall, wide) = (cells(rect.r0, rect.r1), cells(rect.c0, rect.c1));
        let cell_m = (shape.down_m / tall).max(shape.along_m / wide);
        // What is missing is found cell by cell: a line of cells is divided between them, not along them for ever.
        let thin = tall.min(wide) <= 1.0 || shape.is_point();
        let split_rows = if unsure && thin { tall >= wide } else { shape.split_rows(oversize) };
        Node {
            rect,
            centre: reference,
            radius: radius + shape.error_m,
            error_m: shape.error_m,
            cell_m,
            private: differs.then(|| corners_of(&v)),
            off_deg: off_deg as f32,
            twin,
            main_diagonal: shape.main_diagonal,
            oversize,
            torn,
            partial,
            corners_valid: [at[0][0], at[0][2], at[2][2], at[2][0]].iter().all(|p| p.valid),
            drop: tear == Tear::Empty || (!oversize && all().all(|p| p.outside)),
            split_rows,
            children: None,
        }
    }

    /// Brings the positions of a node together on the side of the cut where its middle lies; where some of them lie beyond
    /// it, gives the same node as the other side has it.
    fn join_over_cut(
        &self,
        rect: &Rect,
        at: &[[Point; 3]; 3],
        off_deg: f64,
        v: &mut [[DVec3; 3]; 3],
        differs: bool,
    ) -> Option<Box<Twin>> {
        let (rm, cm) = rect.middle();
        let (rows, cols) = ([rect.r0, rm, rect.r1], [rect.c0, cm, rect.c1]);
        let mut furthest: f64 = 0.0;
        let each = |f: &mut dyn FnMut(usize, usize, Point, f64)| {
            for (i, row) in at.iter().enumerate() {
                for (j, p) in row.iter().enumerate().filter(|(_, p)| p.valid) {
                    f(i, j, *p, turns_to(f64::from(p.off_deg), off_deg, 360.0));
                }
            }
        };
        each(&mut |i, j, p, turns| {
            v[i][j] = self.turned(rows[i], cols[j], p, turns);
            let off = f64::from(p.off_deg) + 360.0 * turns;
            if off.abs() > furthest.abs() {
                furthest = off;
            }
        });
        if furthest.abs() <= 180.0 + 1e-4 {
            return None;
        }
        let back = -furthest.signum();
        let mut other = *v;
        each(&mut |i, j, p, turns| other[i][j] = self.turned(rows[i], cols[j], p, turns + back));
        let centre = other[1][1];
        let radius = other.iter().flatten().map(|p| p.distance(centre)).fold(0.0, f64::max) * 1.1;
        Some(Box::new(Twin { turns: back, centre, radius, private: differs.then(|| corners_of(&other)) }))
    }

    /// Looks for cells with a position all over a node: in every cell of a small one, else in places spread so that they
    /// fall into no pattern of missing lines.
    fn search(&self, rect: &Rect) -> Search {
        let span = |a: i64, b: i64| (a.div_euclid(UNIT), (b - 1).div_euclid(UNIT) + 1);
        let ((r0, r1), (c0, c1)) = (span(rect.r0, rect.r1), span(rect.c0, rect.c1));
        let step = |n: i64| if n <= SEARCHED { 1 } else { (n + SEARCHED - 1) / SEARCHED };
        let (down, along) = (step(r1 - r0), step(c1 - c0));
        let mut search = Search { complete: down == 1 && along == 1, ..Search::default() };
        let mut above: Vec<Option<DVec3>> = Vec::new();
        for (i, r) in (r0..r1).step_by(down as usize).enumerate() {
            let mut row: Vec<Option<DVec3>> = Vec::new();
            for (j, c) in (c0..c1).step_by(along as usize).enumerate() {
                let (k, l) = (i as i64, j as i64);
                let at = ((r + (7 * l + 3 * k) % down).min(r1 - 1), (c + (5 * k + 2 * l) % along).min(c1 - 1));
                let point = self.locate(at.0 as f64, at.1 as f64);
                let here = point.valid.then_some(point.v);
                for neighbour in [row.last(), above.get(j)].into_iter().flatten() {
                    if let (Some(a), Some(b)) = (neighbour, here) {
                        search.step_m = search.step_m.max(self.modulo_turn(a.distance(b)));
                    }
                }
                search.found.extend(here);
                row.push(here);
            }
            above = row;
        }
        search
    }

    /// Where to split a node: along a tear, else along the coarsest tile border within, else where it bends most.
    fn split(&self, node: &Node) -> Option<[Rect; 2]> {
        let rect = node.rect;
        let at_row = |r: i64| (r > rect.r0 && r < rect.r1).then_some([Rect { r1: r, ..rect }, Rect { r0: r, ..rect }]);
        let at_col = |c: i64| (c > rect.c0 && c < rect.c1).then_some([Rect { c1: c, ..rect }, Rect { c0: c, ..rect }]);
        let fixed = |x: f64| (x * UNIT as f64).round() as i64;
        let torn = match node.torn {
            Some(Tear::AtRow(x)) => at_row(fixed(x)),
            Some(Tear::AtCol(x)) => at_col(fixed(x)),
            _ => None,
        };
        if torn.is_some() {
            return torn;
        }
        for level in (0..self.grid.top_level()).rev() {
            let row = self.border_within(rect.r0, rect.r1, self.grid.tile_rows, level);
            let col = self.border_within(rect.c0, rect.c1, self.grid.tile_cols, level);
            match (row, col) {
                (Some(r), Some(_)) if node.split_rows => return at_row(r),
                (_, Some(c)) => return at_col(c),
                (Some(r), None) => return at_row(r),
                (None, None) => {}
            }
        }
        let (r, c) = (halfway(rect.r0, rect.r1), halfway(rect.c0, rect.c1));
        if node.split_rows { at_row(r).or_else(|| at_col(c)) } else { at_col(c).or_else(|| at_row(r)) }
    }

    /// The border between tiles of a level nearest to the middle of `a..b`, strictly inside.
    fn border_within(&self, a: i64, b: i64, side: usize, level: u8) -> Option<i64> {
        let tile = (side as i64 * UNIT) << level;
        let nearest = ((a + b) / 2 + tile / 2).div_euclid(tile) * tile;
        [nearest, nearest - tile, nearest + tile].into_iter().find(|x| *x > a && *x < b)
    }

    /// The tile of a level that holds the whole rectangle.
    fn tile_of(&self, rect: &Rect, level: u8) -> Option<TileAt> {
        let index = |a: i64, b: i64, side: usize| {
            let tile = (side as i64 * UNIT) << level;
            let k = a.div_euclid(tile);
            (b <= (k + 1) * tile).then_some(k as u32)
        };
        Some(TileAt {
            level,
            ty: index(rect.r0, rect.r1, self.grid.tile_rows)?,
            tx: index(rect.c0, rect.c1, self.grid.tile_cols)?,
        })
    }

    /// All tiles of a level that a rectangle meets are there.
    fn covered(&self, rect: &Rect, level: u8, resident: &(dyn Fn(TileAt) -> bool + Sync)) -> bool {
        let span = |a: i64, b: i64, side: usize| {
            let tile = (side as i64 * UNIT) << level;
            a.div_euclid(tile) as u32..=(b - 1).div_euclid(tile) as u32
        };
        let columns = span(rect.c0, rect.c1, self.grid.tile_cols);
        span(rect.r0, rect.r1, self.grid.tile_rows)
            .all(|ty| columns.clone().all(|tx| resident(TileAt { level, ty, tx })))
    }

    fn children(&mut self, k: u32) -> Option<[u32; 2]> {
        if let Some(children) = self.nodes[k as usize].children {
            return Some(children);
        }
        let rects = self.split(&self.nodes[k as usize])?;
        let first = self.nodes.len() as u32;
        for rect in rects {
            let node = self.evaluate(rect);
            self.nodes.push(node);
        }
        self.nodes[k as usize].children = Some([first, first + 1]);
        Some([first, first + 1])
    }

    /// Selects the nodes to draw in a view, with as much more tolerance as keeping their number within bounds needs.
    pub fn cut_within(&mut self, frame: &FrameView, options: &CutOptions) -> Cut {
        let mut tolerance_px = options.tolerance_px;
        loop {
            let cut = self.cut(frame, &CutOptions { tolerance_px, ..*options });
            if !cut.overflow || tolerance_px > WORST_PX {
                return cut;
            }
            tolerance_px *= 2.0;
        }
    }

    /// Selects the nodes to draw in a view.
    pub fn cut(&mut self, frame: &FrameView, options: &CutOptions) -> Cut {
        if self.nodes.len() > MOST_NODES {
            self.reset();
        }
        let mut cut = Cut::default();
        let mut wanted: IntMap<(i64, i64), (TileAt, f32)> = IntMap::default();
        let mut stack = if self.nodes.is_empty() { vec![] } else { vec![(0u32, self.grid.top_level())] };
        while let Some((k, level)) = stack.pop() {
            let node = &self.nodes[k as usize];
            let placed = node.radius.is_finite();
            let local = placed && node.radius < EVERYWHERE_M;
            let beyond = node.twin.as_ref().is_some_and(|t| frame.sees(t.centre, t.radius));
            if node.drop || (local && !beyond && !frame.sees(node.centre, node.radius)) {
                continue;
            }
            let m_per_px = frame.m_per_px(node.centre, if placed { node.radius } else { 0.0 });
            let want = self.level_for(node, m_per_px, options.bias);
            let (level, tile) = self.settle_level(node, level, want, options.resident);
            if (tile.is_none() || self.geometry_splits(node, m_per_px, options.tolerance_px))
                && let Some(children) = self.children(k)
            {
                stack.extend(children.map(|c| (c, level)));
                continue;
            }
            let node = &self.nodes[k as usize];
            let Some(tile) = tile.filter(|_| placed && node.corners_valid) else { continue };
            let near = off_centre(frame, node);
            if let Some(wish) = self.wish(node, want, tile) {
                let key = (i64::from(wish.level) << 32 | i64::from(wish.ty), i64::from(wish.tx));
                let entry = wanted.entry(key).or_insert((wish, near));
                entry.1 = entry.1.min(near);
            }
            cut.leaves.push(Leaf { node: k, tile });
            if cut.leaves.len() > options.most_leaves {
                cut.overflow = true;
                break;
            }
        }
        cut.tiles = wanted.into_values().collect();
        cut.tiles.sort_by_key(|(tile, _)| *tile);
        cut
    }

    /// The tile the screen asks for: that of the wanted level where the node drawn lies in a finer one.
    fn wish(&self, node: &Node, want: u8, drawn: TileAt) -> Option<TileAt> {
        if drawn.level >= want { Some(drawn) } else { self.tile_of(&node.rect, want) }
    }

    /// Coarsest level whose values lie at most a pixel apart.
    fn level_for(&self, node: &Node, m_per_px: f64, bias: u8) -> u8 {
        let cell_px = (node.cell_m / m_per_px).max(1e-9);
        let level = (1.0 / cell_px).log2().floor().max(0.0) as u8;
        level.saturating_add(bias).min(self.grid.top_level())
    }

    /// Goes down from `level` towards `want` as far as the node lies within single tiles. Where the wanted tile is
    /// missing but the finer ones are there, they are taken: zooming out never shows less than before.
    /// No tile: the node must be split.
    fn settle_level(
        &self,
        node: &Node,
        level: u8,
        want: u8,
        resident: &(dyn Fn(TileAt) -> bool + Sync),
    ) -> (u8, Option<TileAt>) {
        let mut level = level;
        while level > want && self.tile_of(&node.rect, level - 1).is_some() {
            level -= 1;
        }
        let tile = self.tile_of(&node.rect, level);
        if level > want {
            return (level, None);
        }
        if level > 0 && tile.is_some_and(|t| !resident(t)) && self.covered(&node.rect, level - 1, resident) {
            return (level - 1, self.tile_of(&node.rect, level - 1));
        }
        (level, tile)
    }

    fn geometry_splits(&self, node: &Node, m_per_px: f64, tolerance_px: f64) -> bool {
        if node.oversize {
            return true;
        }
        let size_px = 2.0 * node.radius / m_per_px;
        ((node.torn.is_some() || node.partial) && size_px > SMALLEST_PX) || node.error_m > tolerance_px * m_per_px
    }
}

impl Node {
    /// A node in which no position was found. It is left out when there is `nothing`; a large one may hide something.
    fn without_positions(rect: Rect, torn: Option<Tear>, nothing: bool, outside: bool) -> Self {
        Self {
            rect,
            centre: DVec3::ZERO,
            radius: f64::INFINITY,
            error_m: 0.0,
            cell_m: 1.0,
            private: None,
            off_deg: 0.0,
            twin: None,
            main_diagonal: true,
            oversize: true,
            torn,
            partial: true,
            corners_valid: false,
            drop: nothing || (outside && rect.r1 - rect.r0 <= 64 * UNIT),
            split_rows: rect.r1 - rect.r0 >= rect.c1 - rect.c0,
            children: None,
        }
    }
}

/// `v` on the turn of a cylindrical map nearest to `reference`.
pub(crate) fn unwrapped(v: DVec3, reference: DVec3, turn: Option<f64>) -> DVec3 {
    match turn {
        Some(turn) => v + DVec3::X * (turns_to(v.x, reference.x, turn) * turn),
        None => v,
    }
}

/// Whole turns to add to `x` to come within half a turn of `reference`.
pub(crate) fn turns_to(x: f64, reference: f64, turn: f64) -> f64 {
    ((reference - x) / turn).round()
}

/// A stand-in for the position of a place so far over on the other hemisphere that a polar map has none. It only serves
/// to tell the size of nodes that reach there: without it a node of which a few samples lie on the map would seem to be
/// no larger than those, and be culled with all it has on the map. The cap is closed by a cone below the map, so that
/// neighbouring places stay neighbours even at the far pole.
fn far_side(projection: Projection, p: LonLat) -> Option<DVec3> {
    if !matches!(projection, Projection::PolarNorth | Projection::PolarSouth) {
        return None;
    }
    let rim = projection.project_extended(LonLat::new(p.lon_deg, FAR_RIM_DEG.copysign(p.lat_deg)))?;
    let part = (90.0 - p.lat_deg.abs()) / (90.0 - FAR_RIM_DEG);
    Some(DVec3::new(rim.x * part, rim.y * part, (part - 1.0) * rim.length()))
}

/// Distance of a node from the middle of the screen, in half heights, less its size.
fn off_centre(frame: &FrameView, node: &Node) -> f32 {
    let size = frame.view.size_px;
    let radius_px = node.radius / frame.m_per_px(node.centre, 0.0);
    let v = node.centre + DVec3::X * frame.turn_shift(node.centre.x);
    match frame.view.screen_from_projected(v) {
        Some(px) => ((px.distance(size / 2.0) - radius_px).max(0.0) / (size.y / 2.0)) as f32,
        None => 4.0,
    }
}

/// Whether the columns of a raster go round the Earth.
pub(crate) fn wraps(geolocation: &Geolocation) -> bool {
    matches!(geolocation, Geolocation::Grid(grid) if grid.wraps())
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
