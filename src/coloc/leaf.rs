//! Blocks of rows with bounds in space and time, and the tree above them: the whole index.
//!
//! Satellite data lie in storage as they were measured, so neighbours in a file are neighbours on the Earth and in
//! time: storage order is the index. Bounds come from the stored numbers; sine and cosine are computed for the corners
//! of a block, not for its rows. Points in no order are put in one first.

use std::ops::Range;

use rayon::prelude::*;

use crate::coord::{LAT_LIMIT, LON_LIMIT, with_raw};
use crate::metric::Metric;
use crate::side::{Granule, Shape, Times};

mod bounds;
mod order;

use bounds::{Acc, Bounds, node, scan_rows};
use order::{sort_blocks, spatial_order};

/// Rows of a block of points or of a track.
pub(crate) const BLOCK: usize = 16;
/// Lines and pixels of a tile of a swath or grid.
pub(crate) const TILE: usize = 8;
/// Most rows a leaf holds.
pub(crate) const LEAF_MAX: usize = TILE * TILE;
/// Children of a node.
pub(crate) const FAN: usize = 8;
/// Blocks one thread bounds in one go.
const GROUP: usize = 512;

/// Bounds in Earth-centred space (metres, rounded outward) and time (µs).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub low: [f32; 3],
    pub high: [f32; 3],
    pub t0: i64,
    pub t1: i64,
}

impl Node {
    const EMPTY: Node = Node { low: [f32::INFINITY; 3], high: [f32::NEG_INFINITY; 3], t0: i64::MAX, t1: i64::MIN };

    #[inline(always)]
    pub fn meets(&self, o: &Node) -> bool {
        self.low[0] <= o.high[0]
            && self.high[0] >= o.low[0]
            && self.low[1] <= o.high[1]
            && self.high[1] >= o.low[1]
            && self.low[2] <= o.high[2]
            && self.high[2] >= o.low[2]
            && self.t0 <= o.t1
            && self.t1 >= o.t0
    }

    fn join(&mut self, o: &Node) {
        for d in 0..3 {
            self.low[d] = self.low[d].min(o.low[d]);
            self.high[d] = self.high[d].max(o.high[d]);
        }
        self.t0 = self.t0.min(o.t0);
        self.t1 = self.t1.max(o.t1);
    }

    /// Widened by a distance in metres and a time in µs.
    pub fn widened(&self, reach_m: f64, window_us: i64) -> Node {
        // One metre more than asked covers the rounding of the bounds to f32.
        let by = (reach_m * (1.0 + 1e-6)) as f32 + 1.0;
        Node {
            low: self.low.map(|v| v - by),
            high: self.high.map(|v| v + by),
            t0: self.t0.saturating_sub(window_us),
            t1: self.t1.saturating_add(window_us),
        }
    }

    fn extent_m(&self) -> f32 {
        (0..3).map(|d| self.high[d] - self.low[d]).fold(0.0, f32::max)
    }
}

/// One block or tile.
#[derive(Debug, Clone, Copy)]
struct Leaf {
    node: Node,
    /// Rows that count.
    count: u32,
}

impl Leaf {
    const EMPTY: Leaf = Leaf { node: Node::EMPTY, count: 0 };

    fn new(bounds: &Bounds, metric: Metric) -> Self {
        Self { node: node(bounds, metric), count: bounds.count }
    }
}

/// Whether no row of a mask counts; a whole run of eight at once.
#[inline(always)]
fn none(mask: &[bool]) -> bool {
    match mask.first_chunk::<TILE>() {
        Some(m) if mask.len() == TILE => m.iter().fold(0_u8, |a, v| a | u8::from(*v)) == 0,
        _ => !mask.contains(&true),
    }
}

/// The index of one granule.
pub(crate) struct Prepared<'g, 'a> {
    pub granule: &'g Granule<'a>,
    /// Row number of row 0 in its side.
    pub first_row: u64,
    /// Rows in the order of blocks, when that is not storage order.
    pub order: Option<Vec<u32>>,
    /// First position of each block, and the end; empty for tiles.
    starts: Vec<u32>,
    /// Tiles in a line of tiles, lines of tiles per step, lines per step.
    tiling: Option<Tiling>,
    /// All levels, leaves first.
    pub nodes: Vec<Node>,
    /// First node of each level, and the end.
    pub levels: Vec<usize>,
    /// Block or tile of each leaf.
    pub ids: Vec<u32>,
    /// Rows with a position, a time and a mask that lets them count.
    pub valid_rows: u64,
    /// Rows that are left out although valid (duplicates), sorted.
    pub dropped: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Tiling {
    /// Lines in one step; tiles never span two steps of a grid.
    step_lines: usize,
    step_tiles: usize,
    across: usize,
    pixels: usize,
}

impl<'g, 'a> Prepared<'g, 'a> {
    /// Index of a granule; `scale_m` and `window_us` say what is near, for putting unordered points in order.
    /// Blocks that lie outside of `times` (µs, the other side's with the window around) are counted and left out.
    pub fn new(
        granule: &'g Granule<'a>,
        first_row: u64,
        metric: Metric,
        scale_m: f64,
        window_us: i64,
        times: (i64, i64),
    ) -> Self {
        let mut p = Self {
            granule,
            first_row,
            order: None,
            starts: Vec::new(),
            tiling: None,
            nodes: Vec::new(),
            levels: vec![0],
            ids: Vec::new(),
            valid_rows: 0,
            dropped: Vec::new(),
        };
        if granule.is_empty() {
            return p;
        }
        let leaves = match granule.shape {
            Shape::Points | Shape::Track => p.blocks(metric, scale_m, window_us),
            Shape::Swath { .. } | Shape::Grid { .. } => p.tiles(metric),
        };
        p.valid_rows = leaves.par_iter().map(|l| u64::from(l.count)).sum();
        let near = |l: &Leaf| l.count > 0 && l.node.t0 <= times.1 && l.node.t1 >= times.0;
        let mut ids: Vec<u32> =
            (0..leaves.len() as u32).into_par_iter().filter(|k| near(&leaves[*k as usize])).collect();
        if granule.shape == Shape::Points && p.order.is_none() {
            sort_blocks(&mut ids, &leaves, window_us);
        }
        p.nodes = Vec::with_capacity(ids.len() + ids.len() / (FAN - 1) + 8);
        p.nodes.par_extend(ids.par_iter().map(|k| leaves[*k as usize].node));
        p.ids = ids;
        p.build_levels();
        p
    }

    fn build_levels(&mut self) {
        let mut from = 0;
        loop {
            let to = self.nodes.len();
            self.levels.push(to);
            if to - from <= 1 {
                break;
            }
            for k in (from..to).step_by(FAN) {
                let mut node = Node::EMPTY;
                for child in &self.nodes[k..(k + FAN).min(to)] {
                    node.join(child);
                }
                self.nodes.push(node);
            }
            from = to;
        }
    }

    /// Level of the root, `None` when no row counts.
    pub fn top(&self) -> Option<usize> {
        (!self.nodes.is_empty()).then(|| self.levels.len() - 2)
    }

    /// Nodes of a level.
    pub fn level(&self, level: usize) -> Range<usize> {
        self.levels[level]..self.levels[level + 1]
    }

    /// Children of a node: nodes of the level below.
    #[inline]
    pub fn children(&self, level: usize, node: usize) -> Range<usize> {
        let below = self.levels[level - 1];
        let first = below + (node - self.levels[level]) * FAN;
        first..(first + FAN).min(self.levels[level])
    }

    /// Blocks of 16 rows with bounds, broken where positions or times jump.
    fn blocks(&mut self, metric: Metric, scale_m: f64, window_us: i64) -> Vec<Leaf> {
        let n = self.granule.len;
        let mut all = self.leaves_of_blocks(metric);
        let (extent, span) = medians(&all);
        // Points whose neighbours in storage lie far apart have no order in space: make one.
        if self.granule.shape == Shape::Points && n > 8 * BLOCK && f64::from(extent) > (8.0 * scale_m).max(500_000.0) {
            self.order = Some(spatial_order(self.granule, window_us));
            all = self.leaves_of_blocks(metric);
        }
        let (far, long) = (4.0 * extent + 1000.0, span.saturating_mul(4).saturating_add(1));
        let big = |l: &Leaf| l.count > 1 && (l.node.extent_m() > far || l.node.t1.saturating_sub(l.node.t0) > long);
        let starts = (0..all.len()).map(|k| (k * BLOCK) as u32);
        if !all.iter().any(big) {
            self.starts = starts.chain([n as u32]).collect();
            return all;
        }
        let groups: Vec<(Vec<u32>, Vec<Leaf>)> = all
            .par_chunks(GROUP)
            .with_max_len(1)
            .enumerate()
            .map(|(g, leaves)| self.broken(g * GROUP, leaves, metric, &big))
            .collect();
        let mut broken = Vec::with_capacity(groups.iter().map(|g| g.1.len()).sum());
        self.starts.reserve(broken.capacity() + 1);
        for (starts, leaves) in groups {
            self.starts.extend(starts);
            broken.extend(leaves);
        }
        self.starts.push(n as u32);
        broken
    }

    /// Consecutive blocks, `first` the number of the first; those that are `big` are halved until no part spans the
    /// jump. First row and bounds of each part.
    fn broken(
        &self,
        first: usize,
        leaves: &[Leaf],
        metric: Metric,
        big: &impl Fn(&Leaf) -> bool,
    ) -> (Vec<u32>, Vec<Leaf>) {
        let mut starts = Vec::with_capacity(leaves.len());
        let mut broken = Vec::with_capacity(leaves.len());
        let mut open = Vec::with_capacity(2 * BLOCK);
        for (k, leaf) in leaves.iter().enumerate() {
            let start = (first + k) * BLOCK;
            if !big(leaf) {
                starts.push(start as u32);
                broken.push(*leaf);
                continue;
            }
            open.push(start..(start + BLOCK).min(self.granule.len));
            while let Some(rows) = open.pop() {
                let mut leaf = [Leaf::EMPTY];
                self.fill(rows.clone(), &mut leaf, metric);
                if rows.len() > 1 && big(&leaf[0]) {
                    let middle = rows.start + rows.len() / 2;
                    open.push(middle..rows.end);
                    open.push(rows.start..middle);
                } else {
                    starts.push(rows.start as u32);
                    broken.extend(leaf);
                }
            }
        }
        (starts, broken)
    }

    fn leaves_of_blocks(&self, metric: Metric) -> Vec<Leaf> {
        let n = self.granule.len;
        let mut leaves = vec![Leaf::EMPTY; n.div_ceil(BLOCK)];
        // One group at a time, so that a thread that is done with the other side finds something left here.
        leaves.par_chunks_mut(GROUP).with_max_len(1).enumerate().for_each(|(g, leaves)| {
            let first = g * GROUP * BLOCK;
            self.fill(first..(first + leaves.len() * BLOCK).min(n), leaves, metric);
        });
        leaves
    }

    /// Bounds of consecutive blocks of positions.
    fn fill(&self, rows: Range<usize>, leaves: &mut [Leaf], metric: Metric) {
        let g = self.granule;
        let blocks = |rows: Range<usize>| rows.clone().step_by(BLOCK).map(move |a| a..(a + BLOCK).min(rows.end));
        if let Some(order) = &self.order {
            for (leaf, rows) in leaves.iter_mut().zip(blocks(rows)) {
                *leaf = Leaf::new(&scan_rows(g, order[rows].iter().map(|r| *r as usize)), metric);
            }
            return;
        }
        with_raw!(&g.lat, LAT_LIMIT, |lat, lat_ok, lat_of| {
            with_raw!(&g.lon, LON_LIMIT, |lon, lon_ok, lon_of| {
                for (leaf, rows) in leaves.iter_mut().zip(blocks(rows)) {
                    let t = match &g.time {
                        Times::PerRow(t) | Times::PerLine(t) => Ok(&t[rows.clone()]),
                        Times::One(t) => Err(*t),
                    };
                    let mask = g.valid.as_ref().map(|v| &v[rows.clone()]);
                    let mut acc = Acc::new();
                    let (lat, lon) = (&lat[rows.clone()], &lon[rows]);
                    acc.rows(lat, lat_ok, lon, lon_ok, t, mask);
                    let lons = || lon.iter().copied().filter(|v| lon_ok.holds(*v)).map(lon_of);
                    *leaf = Leaf::new(&acc.finish(lat_of, lon_of, lons), metric);
                }
            })
        });
    }

    fn tiles(&mut self, metric: Metric) -> Vec<Leaf> {
        let (lines, pixels) = self.granule.table();
        let step_lines = match self.granule.shape {
            Shape::Grid { rows, .. } => rows.max(1),
            _ => lines.max(1),
        };
        let tiling =
            Tiling { step_lines, step_tiles: step_lines.div_ceil(TILE), across: pixels.div_ceil(TILE), pixels };
        self.tiling = Some(tiling);
        let bands = lines / step_lines * tiling.step_tiles;
        let grid = matches!(self.granule.shape, Shape::Grid { .. });
        let mut leaves = vec![Leaf::EMPTY; bands * tiling.across];
        leaves.par_chunks_mut(tiling.across * 16).with_max_len(4).enumerate().for_each(|(g, leaves)| {
            let bands = leaves.chunks_mut(tiling.across).enumerate().map(|(k, leaves)| (g * 16 + k, leaves));
            if grid {
                bands.for_each(|(band, leaves)| self.grid_band(band, leaves, metric));
            } else {
                self.swath_bands(bands, metric);
            }
        });
        leaves
    }

    fn band_lines(tiling: &Tiling, band: usize) -> Range<usize> {
        let (step, tile) = (band / tiling.step_tiles, band % tiling.step_tiles);
        let first = step * tiling.step_lines;
        first + tile * TILE..first + ((tile + 1) * TILE).min(tiling.step_lines)
    }

    /// Bounds of lines of tiles of a swath, each read once from front to back.
    fn swath_bands<'l>(&self, bands: impl Iterator<Item = (usize, &'l mut [Leaf])>, metric: Metric) {
        let g = self.granule;
        let Some(tiling) = self.tiling else { return };
        let np = tiling.pixels;
        with_raw!(&g.lat, LAT_LIMIT, |lat, lat_ok, lat_of| {
            with_raw!(&g.lon, LON_LIMIT, |lon, lon_ok, lon_of| {
                let mut acc = vec![Acc::new(); tiling.across];
                for (band, leaves) in bands {
                    acc.fill(Acc::new());
                    let lines = Self::band_lines(&tiling, band);
                    for line in lines.clone() {
                        for (k, acc) in acc.iter_mut().enumerate() {
                            let rows = line * np + k * TILE..line * np + ((k + 1) * TILE).min(np);
                            let mask = g.valid.as_ref().map(|v| &v[rows.clone()]);
                            if mask.is_some_and(none) {
                                continue;
                            }
                            let t = match &g.time {
                                Times::PerRow(t) => Ok(&t[rows.clone()]),
                                Times::PerLine(t) => Err(t[line]),
                                Times::One(t) => Err(*t),
                            };
                            acc.rows(&lat[rows.clone()], lat_ok, &lon[rows], lon_ok, t, mask);
                        }
                    }
                    for (k, (acc, leaf)) in acc.iter().zip(leaves).enumerate() {
                        let lons = || {
                            let cells =
                                lines.clone().flat_map(|l| l * np + k * TILE..l * np + ((k + 1) * TILE).min(np));
                            cells.map(|r| lon[r]).filter(|v| lon_ok.holds(*v)).map(lon_of)
                        };
                        *leaf = Leaf::new(&acc.finish(lat_of, lon_of, lons), metric);
                    }
                }
            })
        });
    }

    fn grid_band(&self, band: usize, leaves: &mut [Leaf], metric: Metric) {
        let g = self.granule;
        let Some(tiling) = self.tiling else { return };
        let lines = Self::band_lines(&tiling, band);
        for (k, leaf) in leaves.iter_mut().enumerate() {
            let cells = lines.clone().flat_map(move |l| {
                l * tiling.pixels + k * TILE..l * tiling.pixels + ((k + 1) * TILE).min(tiling.pixels)
            });
            *leaf = Leaf::new(&scan_rows(g, cells), metric);
        }
    }

    /// Rows of a leaf in ascending order of positions, written to `rows`; masked and invalid rows included.
    pub fn leaf_rows(&self, leaf: usize, rows: &mut Vec<u32>) {
        rows.clear();
        let id = self.ids[leaf] as usize;
        if let Some(t) = &self.tiling {
            let (band, k) = (id / t.across, id % t.across);
            for line in Self::band_lines(t, band) {
                rows.extend(
                    (line * t.pixels + k * TILE) as u32..(line * t.pixels + ((k + 1) * TILE).min(t.pixels)) as u32,
                );
            }
        } else {
            let span = self.starts[id]..self.starts[id + 1];
            match &self.order {
                Some(order) => rows.extend_from_slice(&order[span.start as usize..span.end as usize]),
                None => rows.extend(span),
            }
        }
    }
}

/// Typical size and duration of blocks.
fn medians(all: &[Leaf]) -> (f32, i64) {
    let step = (all.len() / 1000).max(1);
    let some = || all.iter().step_by(step).filter(|l| l.count > 1);
    let mut sizes: Vec<f32> = some().map(|l| l.node.extent_m()).collect();
    let mut spans: Vec<i64> = some().map(|l| l.node.t1.saturating_sub(l.node.t0)).collect();
    if sizes.is_empty() {
        return (0.0, 0);
    }
    let middle = sizes.len() / 2;
    let size = *sizes.select_nth_unstable_by(middle, f32::total_cmp).1;
    (size, *spans.select_nth_unstable(middle).1)
}
