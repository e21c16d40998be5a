//! Blocks of rows with bounds in space and time, and the tree above them: the whole index.
//!
//! Satellite data lie in storage as they were measured, so neighbours in a file are neighbours on the Earth and in
//! time: storage order is the index. Bounds come from the stored numbers; sine and cosine are computed for the corners
//! of a block, not for its rows. Points in no order are put in one first.

use std::ops::Range;

use rayon::prelude::*;

use crate::coord::{LAT_LIMIT, LON_LIMIT, Raw, Valid, with_raw};
use crate::metric::Metric;
use crate::side::{Granule, NO_TIME, Shape, Times};
use crate::trig::sincos_deg;

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

/// Bounds of a block in degrees and time.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    lat: (f64, f64),
    lon: (f64, f64),
    t: (i64, i64),
    count: u32,
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
    pub fn new(granule: &'g Granule<'a>, first_row: u64, metric: Metric, scale_m: f64, window_us: i64) -> Self {
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
        p.valid_rows = leaves.iter().map(|l| u64::from(l.count)).sum();
        let mut ids: Vec<u32> = (0..leaves.len() as u32).filter(|k| leaves[*k as usize].count > 0).collect();
        if granule.shape == Shape::Points && p.order.is_none() {
            sort_blocks(&mut ids, &leaves, window_us);
        }
        p.nodes = Vec::with_capacity(ids.len() + ids.len() / (FAN - 1) + 8);
        p.nodes.extend(ids.iter().map(|k| leaves[*k as usize].node));
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
        let mut broken = Vec::with_capacity(all.len() + all.len() / 8);
        for (leaf, start) in all.into_iter().zip(starts) {
            if !big(&leaf) {
                self.starts.push(start);
                broken.push(leaf);
                continue;
            }
            // Halve until no part spans the jump.
            let start = start as usize;
            let mut open = Vec::with_capacity(2 * BLOCK);
            open.push(start..(start + BLOCK).min(n));
            while let Some(rows) = open.pop() {
                let mut leaf = [Leaf::EMPTY];
                self.fill(rows.clone(), &mut leaf, metric);
                if rows.len() > 1 && big(&leaf[0]) {
                    let middle = rows.start + rows.len() / 2;
                    open.push(middle..rows.end);
                    open.push(rows.start..middle);
                } else {
                    self.starts.push(rows.start as u32);
                    broken.extend(leaf);
                }
            }
        }
        self.starts.push(n as u32);
        broken
    }

    fn leaves_of_blocks(&self, metric: Metric) -> Vec<Leaf> {
        let n = self.granule.len;
        let mut leaves = vec![Leaf::EMPTY; n.div_ceil(BLOCK)];
        leaves.par_chunks_mut(GROUP).enumerate().for_each(|(g, leaves)| {
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
        leaves.par_chunks_mut(tiling.across * 16).enumerate().for_each(|(g, leaves)| {
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

/// Least and greatest stored values so far.
#[derive(Clone, Copy)]
struct Acc<A, B> {
    lat: (A, A),
    lon: (B, B),
    t: (i64, i64),
    count: u32,
}

impl<A: Raw, B: Raw> Acc<A, B> {
    fn new() -> Self {
        Self { lat: (A::TOP, A::BOTTOM), lon: (B::TOP, B::BOTTOM), t: (i64::MAX, i64::MIN), count: 0 }
    }

    /// Takes a run of rows with times of their own (`Ok`) or one for all (`Err`).
    #[inline(always)]
    fn rows(
        &mut self,
        lat: &[A],
        lat_ok: Valid<A>,
        lon: &[B],
        lon_ok: Valid<B>,
        t: std::result::Result<&[i64], i64>,
        mask: Option<&[bool]>,
    ) {
        match (t, mask) {
            (Ok(t), Some(m)) => self.each(lat, lat_ok, lon, lon_ok, |k| (t[k], m[k])),
            (Ok(t), None) => self.each(lat, lat_ok, lon, lon_ok, |k| (t[k], true)),
            (Err(t), Some(m)) => self.each(lat, lat_ok, lon, lon_ok, |k| (t, m[k])),
            (Err(t), None) => self.each(lat, lat_ok, lon, lon_ok, |_| (t, true)),
        }
    }

    #[inline(always)]
    fn each(&mut self, lat: &[A], lat_ok: Valid<A>, lon: &[B], lon_ok: Valid<B>, at: impl Fn(usize) -> (i64, bool)) {
        // Loops of known length become a few wide instructions.
        match (lat.first_chunk::<TILE>(), lon.first_chunk::<TILE>()) {
            (Some(la), Some(lo)) if lat.len() == TILE => self.take(la, lat_ok, lo, lon_ok, at),
            _ => match (lat.first_chunk::<BLOCK>(), lon.first_chunk::<BLOCK>()) {
                (Some(la), Some(lo)) if lat.len() == BLOCK => self.take(la, lat_ok, lo, lon_ok, at),
                _ => self.take(lat, lat_ok, lon, lon_ok, at),
            },
        }
    }

    #[inline(always)]
    fn take(&mut self, lat: &[A], lat_ok: Valid<A>, lon: &[B], lon_ok: Valid<B>, at: impl Fn(usize) -> (i64, bool)) {
        let mut a = *self;
        for k in 0..lat.len().min(lon.len()) {
            let (t, m) = at(k);
            let ok = lat_ok.holds(lat[k]) & lon_ok.holds(lon[k]) & (t != NO_TIME) & m;
            let (la, lo) = (lat[k], lon[k]);
            // Selections, not branches: a row that does not count takes the neutral value.
            let (down, up) = if ok { (la, la) } else { (A::TOP, A::BOTTOM) };
            a.lat.0 = if down < a.lat.0 { down } else { a.lat.0 };
            a.lat.1 = if up > a.lat.1 { up } else { a.lat.1 };
            let (down, up) = if ok { (lo, lo) } else { (B::TOP, B::BOTTOM) };
            a.lon.0 = if down < a.lon.0 { down } else { a.lon.0 };
            a.lon.1 = if up > a.lon.1 { up } else { a.lon.1 };
            let (down, up) = if ok { (t, t) } else { (i64::MAX, i64::MIN) };
            a.t.0 = a.t.0.min(down);
            a.t.1 = a.t.1.max(up);
            a.count += u32::from(ok);
        }
        *self = a;
    }

    fn finish<I: Iterator<Item = f64>>(
        &self,
        lat_of: impl Fn(A) -> f64,
        lon_of: impl Fn(B) -> f64,
        lons: impl Fn() -> I,
    ) -> Bounds {
        if self.count == 0 {
            return Bounds { lat: (0.0, 0.0), lon: (0.0, 0.0), t: self.t, count: 0 };
        }
        // A negative scale turns least into greatest.
        let sorted = |a: f64, b: f64| (a.min(b), a.max(b));
        let lat = sorted(lat_of(self.lat.0), lat_of(self.lat.1));
        let mut lon = sorted(lon_of(self.lon.0), lon_of(self.lon.1));
        if lon.1 - lon.0 > 180.0 {
            lon = turned(lons());
        }
        Bounds { lat, lon, t: self.t, count: self.count }
    }
}

/// Longitude interval of values that span more than half a circle as numbers: counted from the other side of the
/// Earth, and all round when that is no shorter.
fn turned(lons: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut a, mut b) = (f64::INFINITY, f64::NEG_INFINITY);
    for lon in lons {
        let lon = lon.rem_euclid(360.0);
        a = a.min(lon);
        b = b.max(lon);
    }
    if b - a <= 180.0 { (a, b) } else { (-180.0, 180.0) }
}

/// Bounds of any rows by the slow way.
fn scan_rows(g: &Granule, rows: impl Iterator<Item = usize> + Clone) -> Bounds {
    let mut b = Bounds {
        lat: (f64::INFINITY, f64::NEG_INFINITY),
        lon: (f64::INFINITY, f64::NEG_INFINITY),
        t: (i64::MAX, i64::MIN),
        count: 0,
    };
    for row in rows.clone().filter(|r| g.is_valid(*r)) {
        let (lat, lon) = g.position(row);
        let t = g.time(row);
        b.lat = (b.lat.0.min(lat), b.lat.1.max(lat));
        b.lon = (b.lon.0.min(lon), b.lon.1.max(lon));
        b.t = (b.t.0.min(t), b.t.1.max(t));
        b.count += 1;
    }
    if b.count == 0 {
        return Bounds { lat: (0.0, 0.0), lon: (0.0, 0.0), ..b };
    }
    if b.lon.1 - b.lon.0 > 180.0 {
        b.lon = turned(rows.filter(|r| g.is_valid(*r)).map(|r| g.position(r).1));
    }
    b
}

/// Box in space around a block: exact bounds of the patch between its parallels and meridians.
fn node(b: &Bounds, metric: Metric) -> Node {
    if b.count == 0 {
        return Node::EMPTY;
    }
    let (s0, c0) = sincos_deg(b.lat.0);
    let (s1, c1) = sincos_deg(b.lat.1);
    let (r0, z0) = metric.parallel(s0, c0);
    let (r1, z1) = metric.parallel(s1, c1);
    let widest = if b.lat.0 <= 0.0 && b.lat.1 >= 0.0 { metric.parallel(0.0, 1.0).0 } else { r0.max(r1) };
    let narrowest = r0.min(r1).max(0.0);
    let ((sa, ca), (sb, cb)) = (sincos_deg(b.lon.0), sincos_deg(b.lon.1));
    // Whether the interval holds a longitude that is `at` modulo 360.
    let holds = |at: f64| ((b.lon.0 - at) / 360.0).ceil() * 360.0 + at <= b.lon.1;
    let full = b.lon.1 - b.lon.0 > 180.0;
    let cos = (if full || holds(180.0) { -1.0 } else { ca.min(cb) }, if full || holds(0.0) { 1.0 } else { ca.max(cb) });
    let sin =
        (if full || holds(-90.0) { -1.0 } else { sa.min(sb) }, if full || holds(90.0) { 1.0 } else { sa.max(sb) });
    let least = |v: f64| v * if v >= 0.0 { narrowest } else { widest };
    let most = |v: f64| v * if v >= 0.0 { widest } else { narrowest };
    let low = [least(cos.0), least(sin.0), z0.min(z1)];
    let high = [most(cos.1), most(sin.1), z0.max(z1)];
    // Half a unit in the last place of f32 at the Earth's radius is 0.25 m, and as much for other spheres in proportion.
    let slack = (widest.abs().max(z0.abs()).max(z1.abs()) * 1e-7).max(1e-3);
    Node { low: low.map(|v| (v - slack) as f32), high: high.map(|v| (v + slack) as f32), t0: b.t.0, t1: b.t.1 }
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

/// Bits of `v` spread to every second place.
fn spread(v: u32) -> u64 {
    let mut x = u64::from(v);
    x = (x | (x << 16)) & 0x0000_ffff_0000_ffff;
    x = (x | (x << 8)) & 0x00ff_00ff_00ff_00ff;
    x = (x | (x << 4)) & 0x0f0f_0f0f_0f0f_0f0f;
    x = (x | (x << 2)) & 0x3333_3333_3333_3333;
    (x | (x << 1)) & 0x5555_5555_5555_5555
}

/// Place on a curve that keeps neighbours together: time slab first, then interleaved latitude and longitude.
fn key(lat: f64, lon: f64, slab: u64) -> u64 {
    let a = ((lat + 90.0) / 180.0 * 65_535.0) as u32;
    let o = (lon.rem_euclid(360.0) / 360.0 * 65_535.0) as u32;
    (slab << 32) | (spread(a.min(65_535)) << 1) | spread(o.min(65_535))
}

/// Length of a time slab that neither holds the whole archive nor splits a window.
fn slab_us(span: i64, window_us: i64) -> i64 {
    window_us.saturating_mul(2).clamp(span / 1_000_000 + 1, i64::MAX)
}

/// Rows in an order that keeps neighbours together.
fn spatial_order(g: &Granule, window_us: i64) -> Vec<u32> {
    let (t0, t1) = g.time_range().unwrap_or((0, 0));
    let slab = slab_us(t1.saturating_sub(t0), window_us);
    let mut keyed: Vec<(u64, u32)> = (0..g.len as u32)
        .into_par_iter()
        .map(|r| {
            let row = r as usize;
            if !g.is_valid(row) {
                return (u64::MAX, r);
            }
            let (lat, lon) = g.position(row);
            (key(lat, lon, (g.time(row).saturating_sub(t0) / slab) as u64), r)
        })
        .collect();
    keyed.par_sort_unstable();
    keyed.into_iter().map(|(_, r)| r).collect()
}

/// Puts blocks of points in an order that keeps neighbours together in the tree, unless they lie in the order of time.
fn sort_blocks(ids: &mut [u32], leaves: &[Leaf], window_us: i64) {
    let of = |k: u32| &leaves[k as usize].node;
    let back = ids.windows(2).filter(|w| of(w[1]).t0 < of(w[0]).t0).count();
    if back * 200 <= ids.len() {
        return;
    }
    let t0 = ids.iter().map(|k| of(*k).t0).min().unwrap_or(0);
    let t1 = ids.iter().map(|k| of(*k).t1).max().unwrap_or(0);
    // A slab shorter than a block's own duration would not separate anything.
    let longest = ids.iter().step_by(ids.len() / 500 + 1).map(|k| of(*k).t1.saturating_sub(of(*k).t0)).max();
    let slab = slab_us(t1.saturating_sub(t0), window_us).max(longest.unwrap_or(0));
    let size = ids.iter().map(|k| of(*k).high.map(f32::abs)).fold(1.0_f32, |a, h| a.max(h[0]).max(h[1]).max(h[2]));
    ids.sort_by_cached_key(|k| {
        let n = of(*k);
        let middle = n.t0 / 2 + n.t1 / 2;
        let cell = |d: usize| (((n.low[d] + n.high[d]) / (2.0 * size) + 1.0) * 511.9) as u32;
        let place = spread3(cell(0)) << 2 | spread3(cell(1)) << 1 | spread3(cell(2));
        (((middle.saturating_sub(t0) / slab).max(0) as u64) << 30 | place, *k)
    });
}

/// Ten bits of `v` spread to every third place.
fn spread3(v: u32) -> u64 {
    let mut x = u64::from(v & 1023);
    x = (x | (x << 16)) & 0x0300_00ff;
    x = (x | (x << 8)) & 0x0300_f00f;
    x = (x | (x << 4)) & 0x030c_30c3;
    (x | (x << 2)) & 0x0924_9249
}
