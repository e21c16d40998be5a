//! Tracks and points on the device between frames: lines by tile, dots by item; what was not drawn for longest goes first.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use seaglass_core::field::Block;
use seaglass_core::projection::Projection;
use seaglass_core::style::{Method, Style};
use seaglass_core::tile::TileKey;

use crate::clock::{Clocks, Times};
use crate::cloud::{Cloud, DotBudget};
use crate::draw::{Draw, Prepared};
use crate::frame::FrameView;
use crate::gpu::Gpu;
use crate::path_pipelines::PathLayouts;
use crate::series::SeriesShape;
use crate::trail::{self, TrailTile};
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
    pub dots: bool,
}

/// How a frame is drawn.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    /// Everything is made ready before drawing.
    pub synchronous: bool,
    /// The view rests.
    pub still: bool,
}

/// The store.
#[derive(Debug)]
pub(crate) struct Paths {
    pub clocks: Clocks,
    trails: HashMap<TileKey, TrailSlot>,
    clouds: HashMap<u64, CloudSlot>,
    frame: u64,
    /// Samples and dots this frame draws.
    pub drawn: usize,
}

impl Paths {
    /// An empty store.
    pub fn new(gpu: &Gpu, layouts: &PathLayouts) -> Self {
        let clocks = Clocks::new(gpu, &layouts.clock);
        Self { clocks, trails: HashMap::new(), clouds: HashMap::new(), frame: 0, drawn: 0 }
    }

    /// Begins a frame.
    pub fn begin(&mut self) {
        self.frame += 1;
        self.drawn = 0;
        self.clocks.begin();
    }

    /// Forgets items.
    pub fn forget(&mut self, items: &[u64]) {
        self.trails.retain(|key, _| !items.contains(&key.item));
        self.clouds.retain(|item, _| !items.contains(item));
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
        self.draw_lines(gpu, layouts, path, times, clock, frame, prepared);
        if path.style.trail.marker && path.style.method != Method::Points {
            markers(path, times, frame, prepared);
        }
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
        frame: &FrameView,
        prepared: &mut Prepared,
    ) {
        let projection = frame.view.camera.projection;
        for (tile, block) in path.blocks {
            let key = SeriesShape::key(path.item, *tile);
            let onward = TileAt { ty: tile.ty + 1, ..*tile };
            let next = path.blocks.iter().find(|(t, _)| *t == onward).and_then(|(_, b)| b.values.first().copied());
            let bits = next.map(f32::to_bits);
            let usable = |t: &TrailSlot| t.projection == projection && (t.next == bits || bits.is_none());
            if !self.trails.get(&key).is_some_and(usable) {
                let tile = TrailTile::new(gpu, &layouts.samples, path.shape, block, next);
                self.trails.insert(key, TrailSlot { projection, next: bits, tile, last_used: self.frame });
            }
            let Some(held) = self.trails.get_mut(&key) else { continue };
            held.last_used = self.frame;
            let ranges = held.tile.select(frame, times);
            self.drawn += ranges.iter().map(|r| r.1 as usize).sum::<usize>();
            if !ranges.is_empty() {
                let samples = held.tile.buffer.clone();
                prepared.draws.push(Draw::Path { slot: path.slot, clock, dots: false, samples, ranges });
            }
        }
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
        let size_px = f64::from(path.style.size_pt);
        let budget = match (pace.synchronous, pace.still, gpu.software) {
            (true, ..) => DotBudget { most: usize::MAX, finest_px: 0.35 },
            (_, true, true) => DotBudget { most: 1_500_000, finest_px: 0.5 },
            (_, true, false) => DotBudget { most: 12_000_000, finest_px: 0.35 },
            // In motion dots may lie as far apart as a part of their size.
            (_, false, true) => DotBudget { most: 120_000, finest_px: (0.5 * size_px).clamp(1.0, 2.0) },
            (_, false, false) => DotBudget { most: 3_000_000, finest_px: 0.5 },
        };
        let (ranges, all) = cloud.select(frame, times, budget);
        self.drawn += ranges.iter().map(|r| r.len as usize).sum::<usize>();
        for part in ranges.chunk_by(|a, b| a.buffer == b.buffer) {
            let Some(samples) = part.first().and_then(|r| cloud.buffer(r.buffer)).cloned() else { continue };
            let ranges = part.iter().map(|r| (r.first, r.len)).collect();
            prepared.draws.push(Draw::Path { slot: path.slot, clock, dots: true, samples, ranges });
        }
        ready && (all || pace.still)
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

/// A dot where each trajectory is at the clock.
fn markers(path: &Path<'_>, times: &Times, frame: &FrameView, prepared: &mut Prepared) {
    if times.is_static() {
        return;
    }
    let fixes = trail::fixes(path.shape, times.now.micros());
    if fixes.is_empty() {
        return;
    }
    let run = prepared.points.run(frame, |pen| {
        for fix in &fixes {
            let place = crate::polyline::project(path.shape.projection, fix.place);
            let value = if path.style.trail.by_time { Some(1.0) } else { trail::value_at(fix, path.blocks) };
            if let (Some(v), Some(value)) = (place, value) {
                pen.dot(v, value);
            }
        }
    });
    prepared.draws.push(Draw::Dots { slot: path.slot + 1, run });
}
