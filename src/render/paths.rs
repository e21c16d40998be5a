//! Tracks and points on the device between frames: lines by tile, dots by item; what was not drawn for longest goes first.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use seaglass_core::field::Block;
use seaglass_core::projection::Projection;
use seaglass_core::style::{Blend, Method, Style};
use seaglass_core::tile::TileKey;

use crate::clock::{Clocks, Times};
use crate::cloud::{Cloud, DotBudget, finest_px};
use crate::draw::{Draw, Prepared};
use crate::frame::FrameView;
use crate::gpu::Gpu;
use crate::markers::{self, Markers};
use crate::path_pipelines::{PathLayouts, reads_storage};
use crate::series::SeriesShape;
use crate::trail::{self, Seen, TrailTile};
use crate::tree::TileAt;

/// Tiles of a series with their values.
pub(crate) type Blocks = [(TileAt, Arc<Block>)];

/// Dots put in order while a frame waits; more are ordered beside it.
const AT_ONCE: usize = 200_000;
/// Dots of the first picture of very many.
const FIRST_LOOK: usize = 60_000;
/// Marker at the clock: this much wider than its line, points.
pub(crate) const MARKER_PT: f32 = 4.0;

/// What a cloud was made from.
#[derive(Clone, Debug, PartialEq)]
struct CloudKey {
    projection: Projection,
    tiles: Vec<TileAt>,
    epoch: u64,
}

#[derive(Debug, Default)]
struct CloudSlot {
    built: Option<(CloudKey, Arc<Cloud>)>,
    coming: Option<(CloudKey, Arc<OnceLock<Cloud>>)>,
    last_used: u64,
}

#[derive(Debug)]
struct TrailSlot {
    projection: Projection,
    /// Value of the next tile's first sample, when it was known.
    next: Option<u32>,
    tile: TrailTile,
    last_used: u64,
}

/// One item being drawn.
#[derive(Clone, Copy)]
pub(crate) struct Path<'a> {
    pub slot: usize,
    pub item: u64,
    pub shape: &'a Arc<SeriesShape>,
    pub blocks: &'a Blocks,
    /// Changes when tiles come or go.
    pub epoch: u64,
    pub style: &'a Style,
    /// Nothing that the legend has dimmed.
    pub plain: bool,
    pub pixels_per_point: f32,
    pub dots: bool,
}

/// How a frame is drawn.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    /// Everything is made ready before drawing.
    pub synchronous: bool,
    /// Frames for which view and clock have rested.
    pub rested: u32,
}

/// Time a frame spends at most on putting lines in order, beyond the first tile.
const ORDERING: Duration = Duration::from_millis(12);
/// Dots of the first frame that rests, on software adapters; each further one draws twice as many up to the last.
const RESTING_DOTS: usize = 250_000;
const MOST_RESTING_DOTS: usize = 1_500_000;

/// The store.
#[derive(Debug)]
pub(crate) struct Paths {
    pub clocks: Clocks,
    trails: HashMap<TileKey, TrailSlot>,
    clouds: HashMap<u64, CloudSlot>,
    markers: Markers,
    frame: u64,
    /// Spent on putting lines in order in this frame.
    ordering: Duration,
    /// Segments and dots this frame draws.
    pub drawn: usize,
}

impl Paths {
    /// An empty store.
    pub fn new(gpu: &Gpu, layouts: &PathLayouts) -> Self {
        let clocks = Clocks::new(gpu, &layouts.clock);
        Self {
            clocks,
            trails: HashMap::new(),
            clouds: HashMap::new(),
            markers: Markers::default(),
            frame: 0,
            ordering: Duration::ZERO,
            drawn: 0,
        }
    }

    /// Begins a frame.
    pub fn begin(&mut self) {
        self.frame += 1;
        self.drawn = 0;
        self.ordering = Duration::ZERO;
        self.clocks.begin();
        self.markers.begin();
    }

    /// Forgets items.
    pub fn forget(&mut self, items: &[u64]) {
        self.trails.retain(|key, _| !items.contains(&key.item));
        self.clouds.retain(|item, _| !items.contains(item));
        self.markers.forget(items);
    }

    /// Bytes on the device.
    pub fn bytes(&self) -> u64 {
        let trails: u64 = self.trails.values().map(|t| t.tile.buffer.bytes).sum();
        let clouds: u64 = self.clouds.values().filter_map(|c| c.built.as_ref()).map(|(_, c)| c.bytes()).sum();
        trails + clouds
    }

    /// Drops what this frame does not draw, the oldest first, down to a number of bytes.
    pub fn evict(&mut self, budget: u64) {
        let mut held = self.bytes();
        if held <= budget {
            return;
        }
        let trails = self.trails.iter().map(|(k, t)| (t.last_used, t.tile.buffer.bytes, Some(*k), k.item));
        let clouds = self.clouds.iter().filter_map(|(item, c)| {
            let (_, cloud) = c.built.as_ref()?;
            Some((c.last_used, cloud.bytes(), None, *item))
        });
        let mut old: Vec<_> = trails.chain(clouds).filter(|o| o.0 < self.frame).collect();
        old.sort_unstable();
        for (_, bytes, trail, item) in old {
            if held <= budget {
                break;
            }
            held -= bytes;
            match trail {
                Some(key) => drop(self.trails.remove(&key)),
                None => drop(self.clouds.remove(&item)),
            }
        }
    }

    /// Draws an item; `false` while something of it is still being prepared or a resting view can have more.
    pub fn draw(
        &mut self,
        gpu: &Gpu,
        layouts: &PathLayouts,
        path: &Path<'_>,
        times: &Times,
        (frame, pace): (&FrameView, Pace),
        prepared: &mut Prepared,
    ) -> bool {
        let clock = self.clocks.add(times.uniform(frame));
        // Nothing in view or in time: what is in order stays so.
        if path.blocks.is_empty() {
            return true;
        }
        if path.dots {
            return self.draw_dots(gpu, layouts, path, times, clock, (frame, pace), prepared);
        }
        let fine = self.draw_lines(gpu, layouts, path, times, clock, (frame, pace), prepared);
        if path.style.trail.marker && path.style.method != Method::Points && !times.is_static() {
            let dots = self.markers.of(path, times.now.micros());
            let run = prepared.points.run(frame, |pen| markers::draw(pen, frame, dots));
            prepared.draws.push(Draw::Dots { slot: path.slot + 1, run });
        }
        fine
    }

    /// Brings the lines of a tile up to date; `false` while this frame has no time for it.
    fn order_line(
        &mut self,
        gpu: &Gpu,
        layouts: &PathLayouts,
        path: &Path<'_>,
        k: usize,
        (projection, wait): (Projection, bool),
    ) -> bool {
        let Some((tile, block)) = path.blocks.get(k) else { return true };
        let onward = TileAt { ty: tile.ty + 1, ..*tile };
        let next = path.blocks.get(k + 1).filter(|(t, _)| *t == onward).and_then(|(_, b)| b.values.first().copied());
        let bits = next.map(f32::to_bits);
        let usable = |t: &TrailSlot| t.projection == projection && (t.next == bits || bits.is_none());
        let key = SeriesShape::key(path.item, *tile);
        if self.trails.get(&key).is_some_and(usable) {
            return true;
        }
        if !wait && self.ordering > ORDERING {
            return false;
        }
        let start = Instant::now();
        let tile = TrailTile::new(gpu, &layouts.samples, path.shape, block, next);
        self.ordering += start.elapsed();
        self.trails.insert(key, TrailSlot { projection, next: bits, tile, last_used: self.frame });
        true
    }

    #[allow(clippy::too_many_arguments, reason = "what a frame is made of")]
    fn draw_lines(
        &mut self,
        gpu: &Gpu,
        layouts: &PathLayouts,
        path: &Path<'_>,
        times: &Times,
        clock: u32,
        (frame, pace): (&FrameView, Pace),
        prepared: &mut Prepared,
    ) -> bool {
        let projection = frame.view.camera.projection;
        let mut fine = true;
        let mut seen: Vec<(TileKey, Vec<Seen>)> = Vec::with_capacity(path.blocks.len());
        for (k, (tile, _)) in path.blocks.iter().enumerate() {
            fine &= self.order_line(gpu, layouts, path, k, (projection, pace.synchronous));
            let key = SeriesShape::key(path.item, *tile);
            let Some(held) = self.trails.get_mut(&key).filter(|t| t.projection == projection) else { continue };
            held.last_used = self.frame;
            seen.push((key, held.tile.seen(frame, times)));
        }
        let coarsest_px = if reads_storage(gpu) { coarsest_px(gpu, pace, &seen) } else { 0.0 };
        for (key, pieces) in seen.iter().filter(|(_, pieces)| !pieces.is_empty()) {
            let Some(held) = self.trails.get(key) else { continue };
            let full: usize = pieces.iter().map(|p| p.quads(0.0)).sum();
            let quads: usize = pieces.iter().map(|p| p.quads(coarsest_px)).sum();
            fine &= quads == full;
            self.drawn += quads;
            let ranges = match reads_storage(gpu) {
                true => vec![self.clocks.list(pieces.iter().flat_map(|p| p.spans(coarsest_px)))],
                false => trail::ranges(pieces),
            };
            let samples = held.tile.buffer.clone();
            prepared.draws.push(Draw::Path { slot: path.slot, clock, dots: false, samples, ranges });
        }
        fine
    }

    #[allow(clippy::too_many_arguments, reason = "what a frame is made of")]
    fn draw_dots(
        &mut self,
        gpu: &Gpu,
        layouts: &PathLayouts,
        path: &Path<'_>,
        times: &Times,
        clock: u32,
        (frame, pace): (&FrameView, Pace),
        prepared: &mut Prepared,
    ) -> bool {
        let slot = self.clouds.entry(path.item).or_default();
        slot.last_used = self.frame;
        let ready = slot.update(gpu, layouts, path, frame.view.camera.projection, pace.synchronous);
        let Some((_, cloud)) = &slot.built else { return ready };
        let style = path.style;
        let diameter_px = f64::from(style.size_pt) * f64::from(path.pixels_per_point);
        let covers = style.opacity >= 1.0 && style.blend == Blend::Over && !style.time.fade && path.plain;
        let finest = finest_px(diameter_px, covers && style.trail.dot_m.is_none());
        let rested = RESTING_DOTS << pace.rested.saturating_sub(1).min(8);
        let budget = match (pace.synchronous, pace.rested > 0, gpu.software) {
            (true, ..) => DotBudget { most: usize::MAX, finest_px: finest },
            (_, true, true) => DotBudget { most: rested.min(MOST_RESTING_DOTS), finest_px: finest.max(0.5) },
            (_, true, false) => DotBudget { most: 12_000_000, finest_px: finest },
            // In motion dots may lie as far apart as a part of their size.
            (_, false, true) => DotBudget { most: 120_000, finest_px: (0.5 * diameter_px).clamp(1.0, 2.0) },
            (_, false, false) => DotBudget { most: 3_000_000, finest_px: finest.max(0.5) },
        };
        let (ranges, all) = cloud.select(frame, times, budget);
        self.drawn += ranges.iter().map(|r| r.len as usize).sum::<usize>();
        for part in ranges.chunk_by(|a, b| a.buffer == b.buffer) {
            let Some(samples) = part.first().and_then(|r| cloud.buffer(r.buffer)).cloned() else { continue };
            let ranges = part.iter().map(|r| (r.first, r.len)).collect();
            prepared.draws.push(Draw::Path { slot: path.slot, clock, dots: true, samples, ranges });
        }
        ready && (all || (pace.rested > 0 && budget.most >= MOST_RESTING_DOTS))
    }
}

impl CloudSlot {
    /// Brings the cloud up to date with the tiles; `false` while a better one is being made.
    fn update(
        &mut self,
        gpu: &Gpu,
        layouts: &PathLayouts,
        path: &Path<'_>,
        projection: Projection,
        synchronous: bool,
    ) -> bool {
        let key = CloudKey { projection, tiles: path.blocks.iter().map(|b| b.0).collect(), epoch: path.epoch };
        if let Some((of, made)) = self.coming.take() {
            match Arc::try_unwrap(made) {
                // Only we hold it: the other thread is done with it.
                Ok(done) => self.built = done.into_inner().map(|cloud| (of, Arc::new(cloud))).or(self.built.take()),
                Err(still) => self.coming = Some((of, still)),
            }
        }
        self.built.take_if(|(k, _)| k.projection != projection);
        if self.built.as_ref().is_some_and(|(k, _)| *k == key) {
            return true;
        }
        let Some(series) = path.shape.series() else { return true };
        let dots: usize = path.blocks.iter().map(|(_, b)| b.values.len()).sum();
        if synchronous || dots <= AT_ONCE {
            let cloud = Cloud::new(gpu, &layouts.samples, series, projection, path.blocks, 1);
            self.built = Some((key, Arc::new(cloud)));
            return true;
        }
        if self.built.is_none() {
            let thin = dots.div_ceil(FIRST_LOOK);
            let cloud = Cloud::new(gpu, &layouts.samples, series, projection, path.blocks, thin);
            self.built = Some((CloudKey { tiles: Vec::new(), ..key.clone() }, Arc::new(cloud)));
        }
        if self.coming.is_none() {
            let made = Arc::new(OnceLock::new());
            self.coming = Some((key, Arc::clone(&made)));
            let (gpu, layout) = (gpu.clone(), layouts.samples.clone());
            let (shape, blocks) = (Arc::clone(path.shape), path.blocks.to_vec());
            rayon::spawn(move || {
                if let Some(series) = shape.series() {
                    made.get_or_init(|| Cloud::new(&gpu, &layout, series, projection, &blocks, 1));
                }
            });
        }
        false
    }
}

/// Steps of lines that a frame may take, pixels: none where the view rests, as long as its budget asks for in motion.
fn coarsest_px(gpu: &Gpu, pace: Pace, seen: &[(TileKey, Vec<Seen>)]) -> f32 {
    if pace.synchronous || pace.rested > 0 {
        return 0.0;
    }
    let (most, first_px) = if gpu.software { (60_000, 2.0) } else { (2_000_000, 0.75) };
    let quads = |px: f32| seen.iter().flat_map(|(_, pieces)| pieces).map(|p| p.quads(px)).sum::<usize>();
    // Few lines stay as they are.
    if quads(0.0) <= most / 4 {
        return 0.0;
    }
    let steps = std::iter::successors(Some(first_px), |px| Some(px * 1.5f32));
    steps.take(6).find(|px| quads(*px) <= most).unwrap_or(LONGEST_STEP_PX)
}

/// Steps of lines that are never exceeded.
const LONGEST_STEP_PX: f32 = 16.0;
