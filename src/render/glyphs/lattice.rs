//! Symbols of grids and swaths: cells of an anchored lattice that doubles its density from level to level.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;
use seaglass_core::field::{Apron, Block};
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::Geolocation;
use seaglass_core::projection::Projection;
use seaglass_core::tile::TileGrid;
use seaglass_core::time::TimeSpan;

use crate::frame::FrameView;
use crate::residency::Residency;
use crate::series::SeriesShape;
use crate::tree::{Cut, Rect, TileAt, Tree, UNIT};

use super::{Glyph, Place, Placed, Symbols, chance};

/// Cells looked at in one rectangle at most; only a lattice far too fine for the view would have more.
const MOST_CELLS: usize = 1 << 18;
/// Finest and coarsest shape of cells told apart, halvings.
const MOST_SHAPE: i32 = 24;

/// Values of a group's tile.
struct Held {
    tile: TileAt,
    blocks: [Arc<Block>; 3],
}

/// A cell's size on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct CellSize {
    /// Pixels from one row, and from one column, to the next, such that their product is the area of a cell.
    pub row_px: f64,
    pub col_px: f64,
    /// Halvings by which columns are narrower than rows on the ground (negative: rows than columns). Of the ground and
    /// not of the screen, or turning the globe would make another lattice.
    pub shape: i32,
}

/// Symbols of a raster in a view. `group` are the item, east and north.
pub(crate) fn of_raster(
    geolocation: &Geolocation,
    tree: &Tree,
    cut: &Cut,
    tiles: &Residency,
    group: &[u64],
    frame: &FrameView,
    (symbols, times): (&Symbols, Option<TimeSpan>),
) -> Placed {
    let top = tree.grid.top_level();
    let mut held: HashMap<TileAt, Option<Held>> = HashMap::new();
    let mut rects: Vec<(Rect, TileAt)> = cut.leaves.iter().map(|leaf| (tree.node(leaf).rect, leaf.tile)).collect();
    rects.sort_unstable_by_key(|(r, _)| (r.r0, r.c0, r.r1, r.c1));
    rects.dedup_by_key(|(r, _)| *r);
    for (_, tile) in &rects {
        held.entry(*tile).or_insert_with(|| {
            let up = std::iter::successors(Some(*tile), |t| (t.level < top).then(|| t.parent()));
            let there = up.into_iter().find(|t| tiles.has_all(group, *t))?;
            let values = |k: usize| tiles.values(SeriesShape::key(*group.get(k)?, there));
            Some(Held { tile: there, blocks: [values(0)?, values(1)?, values(2)?] })
        });
    }
    let projection = frame.view.camera.projection;
    let field = Field { geolocation, grid: &tree.grid, projection, frame, symbols, times };
    let found: Vec<Vec<Glyph>> = rects
        .par_iter()
        .map(|(rect, tile)| match held.get(tile) {
            Some(Some(held)) => field.in_rect(rect, held),
            _ => Vec::new(),
        })
        .collect();
    let mut tiles: Vec<TileAt> = held.values().flatten().map(|h| h.tile).collect();
    tiles.sort_unstable();
    tiles.dedup();
    Placed { glyphs: found.concat(), tiles }
}

struct Field<'a> {
    geolocation: &'a Geolocation,
    grid: &'a TileGrid,
    projection: Projection,
    frame: &'a FrameView,
    symbols: &'a Symbols,
    /// Only rows of this time.
    times: Option<TimeSpan>,
}

impl Field<'_> {
    fn in_rect(&self, rect: &Rect, held: &Held) -> Vec<Glyph> {
        // Cells whose centre lies inside: centre of cell r is at (r + ½) units.
        let first = |edge: i64| (edge - UNIT / 2 + UNIT - 1).div_euclid(UNIT);
        let ((r0, r1), (c0, c1)) = ((first(rect.r0), first(rect.r1)), (first(rect.c0), first(rect.c1)));
        if r0 >= r1 || c0 >= c1 {
            return Vec::new();
        }
        let Some((row_bits, col_bits)) = self.steps((r0, r1 - 1), (c0, c1 - 1)) else { return Vec::new() };
        let [mid_row, mid_col] = self.middle();
        let lattice = |a: i64, b: i64, middle: i64, bits: u32| {
            let step = 1i64 << bits;
            let begin = middle + (a - middle).div_euclid(step) * step;
            (if begin < a { begin + step } else { begin }..b).step_by(step as usize)
        };
        let cells = (((r1 - r0) >> row_bits) as usize + 1).saturating_mul(((c1 - c0) >> col_bits) as usize + 1);
        let mut out = Vec::new();
        if cells > MOST_CELLS {
            return out;
        }
        for r in lattice(r0, r1, mid_row, row_bits) {
            for c in lattice(c0, c1, mid_col, col_bits) {
                out.extend(self.at(r, c, held));
            }
        }
        out
    }

    /// The cell that every level has.
    fn middle(&self) -> [i64; 2] {
        self.grid.shape.map(|n| n as i64 / 2)
    }

    /// Powers of two between which rows and columns of any symbol shown in a rectangle of cells lie.
    fn steps(&self, (r0, r1): (i64, i64), (c0, c1): (i64, i64)) -> Option<(u32, u32)> {
        let (rm, cm) = ((r0 + r1) / 2, (c0 + c1) / 2);
        let mut least: Option<(u32, u32)> = None;
        for (r, c) in [(rm, cm), (r0, c0), (r0, c1), (r1, c0), (r1, c1), (r0, cm), (r1, cm), (rm, c0), (rm, c1)] {
            if let Some((_, _, size)) = self.cell(r, c) {
                let (a, b) = size.coarsest(self.symbols.least_px());
                least = Some(least.map_or((a, b), |(x, y)| (x.min(a), y.min(b))));
            }
        }
        // Between these places cells may be larger: one level finer.
        least.map(|(a, b)| (a.saturating_sub(1), b.saturating_sub(1)))
    }

    fn cell(&self, r: i64, c: i64) -> Option<(LonLat, Place, CellSize)> {
        let at = |dr: f64, dc: f64| self.geolocation.lonlat_from_index(r as f64 + dr, c as f64 + dc);
        let p = at(0.0, 0.0)?;
        let place = Place::of(self.projection, p)?;
        let half = |a: Option<LonLat>, b: Option<LonLat>| match (a, b) {
            (Some(a), Some(b)) => Some(place.step(p, b) - place.step(p, a)),
            (Some(a), None) => Some(place.step(p, a) * -2.0),
            (None, Some(b)) => Some(place.step(p, b) * 2.0),
            (None, None) => None,
        };
        let down = half(at(-0.5, 0.0), at(0.5, 0.0));
        let along = half(at(0.0, -0.5), at(0.0, 0.5));
        let (down, along) = match (down, along) {
            (Some(d), Some(a)) => (d, a),
            // A line of cells is as wide as they are long.
            (Some(d), None) => (d, d.any_orthonormal_vector() * d.length()),
            (None, Some(a)) => (a.any_orthonormal_vector() * a.length(), a),
            (None, None) => return None,
        };
        let (down_m, along_m) = (down.length().max(1e-6), along.length().max(1e-6));
        let m_per_px = self.frame.view.projected_m_per_px(place.v);
        let slant = self.frame.view.facing(p).clamp(0.02, 1.0);
        let skew = (down.cross(along).length() / (down_m * along_m)).clamp(0.05, 1.0);
        let shrink = (slant * skew).sqrt() / m_per_px;
        let shape = (down_m / along_m).log2().round() as i32;
        let size =
            CellSize { row_px: down_m * shrink, col_px: along_m * shrink, shape: shape.clamp(-MOST_SHAPE, MOST_SHAPE) };
        Some((p, place, size))
    }

    fn at(&self, r: i64, c: i64, held: &Held) -> Option<Glyph> {
        let [rows, cols] = self.grid.shape;
        if r < 0 || c < 0 || r >= rows as i64 || c >= cols as i64 {
            return None;
        }
        let (_, place, size) = self.cell(r, c)?;
        let [mid_row, mid_col] = self.middle();
        let spacing = size.own_spacing(r - mid_row, c - mid_col);
        let begin = self.symbols.spacing_px * ((1.0 + chance(r, c)) / 2.0).sqrt();
        if spacing <= begin {
            return None;
        }
        let level = held.tile.level;
        let (tr, tc) = ((r >> level) as usize, (c >> level) as usize);
        if !self.geolocation.is_within(TileGrid::source_of(level, tr, rows), self.times) {
            return None;
        }
        let values = held.values(self.grid, tr, tc)?;
        // A coarse tile has the value of one of the cells it stands for: the symbol stands there.
        let place = if level == 0 {
            place
        } else {
            let source = |k: usize, n: usize| TileGrid::source_of(level, k, n) as f64;
            let p = self.geolocation.lonlat_from_index(source(tr, rows), source(tc, cols))?;
            Place::of(self.projection, p)?
        };
        if !self.frame.sees(place.v, 2.0 * self.symbols.size_px * self.frame.m_per_px(place.v, 0.0)) {
            return None;
        }
        self.symbols.glyph(self.frame, &place, values, Symbols::shown(spacing, begin))
    }
}

impl Held {
    /// Values of the item, east and north at a row and column of the tile's level.
    fn values(&self, grid: &TileGrid, row: usize, col: usize) -> Option<[f32; 3]> {
        let r = row.checked_sub(self.tile.ty as usize * grid.tile_rows)?;
        let c = col.checked_sub(self.tile.tx as usize * grid.tile_cols)?;
        let value = |block: &Block| {
            let (rows, cols) = (block.window.rows, block.window.cols);
            let edge = usize::from(block.apron != Apron::None);
            (r < rows && c < cols).then(|| block.values.get((r + edge) * (cols + 2 * edge) + c + edge).copied())?
        };
        Some([value(&self.blocks[0])?, value(&self.blocks[1])?, value(&self.blocks[2])?])
    }
}

/// How often a number can be halved; zero as often as one likes.
fn halvings(n: i64) -> i32 {
    if n == 0 { 62 } else { n.trailing_zeros() as i32 }
}

impl CellSize {
    /// Distance on the screen of the symbols of the coarsest lattice that has a cell (`r`, `c`, counted from the middle).
    ///
    /// Lattice A(m) takes every 2^m-th row and column (of the narrower direction every 2^(m + |shape|)-th), and B(m) the
    /// middles of its meshes as well: A(m) ⊂ B(m) ⊂ A(m - 1), each with twice the symbols of the one before. Where cells
    /// are much narrower than long, the finest lattices only halve the narrow distance.
    pub fn own_spacing(&self, r: i64, c: i64) -> f64 {
        let narrow = self.shape.unsigned_abs() as i32;
        let (along, across, narrow_px) = if self.shape >= 0 {
            (halvings(r), halvings(c), self.col_px)
        } else {
            (halvings(c), halvings(r), self.row_px)
        };
        if across < narrow {
            return narrow_px * f64::from(across).exp2();
        }
        let m = along.min(across - narrow);
        let middle = if along == across - narrow { 0.5 } else { 0.0 };
        (self.row_px * self.col_px).sqrt() * (f64::from(m) + f64::from(narrow) / 2.0 + middle).exp2()
    }

    /// How often rows and columns can at least be halved of every cell whose own spacing is at least `least_px`.
    pub fn coarsest(&self, least_px: f64) -> (u32, u32) {
        let narrow = self.shape.unsigned_abs() as i32;
        let cell_px = (self.row_px * self.col_px).sqrt();
        // own_spacing ≤ cell · 2^(m + narrow / 2 + ½)
        let m = ((least_px / cell_px).log2() - f64::from(narrow) / 2.0 - 0.5).ceil();
        let m = if m.is_finite() { m.clamp(-60.0, 40.0) as i32 } else { 40 };
        let narrow_px = if self.shape >= 0 { self.col_px } else { self.row_px };
        let across = if m > 0 {
            m + narrow
        } else {
            let k = (least_px / narrow_px).log2().ceil();
            (if k.is_finite() { k.clamp(0.0, 40.0) as i32 } else { 40 }).min(narrow)
        };
        let (long, short) = (m.max(0) as u32, across.max(0) as u32);
        if self.shape >= 0 { (long, short) } else { (short, long) }
    }
}
