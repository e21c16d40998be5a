//! The renderer: what a scene needs, and its picture.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use glam::DVec2;
use rayon::prelude::*;
use seaglass_core::camera::Camera;
use seaglass_core::colormap::Colormap;
use seaglass_core::field::Block;
use seaglass_core::geolocation::Geolocation;
use seaglass_core::projection::Projection;
use seaglass_core::style::{Blend, Method, Style};
use seaglass_core::tile::TileKey;
use seaglass_core::time::TimeSpan;

use crate::atlas::is_tiny;
use crate::base::{self, BaseLineSets, BaseLines};
use crate::buffers::{FrameBuffers, PICTURE_FORMAT, samples};
use crate::clock::Times;
use crate::contour::{self, Contours};
use crate::draw::{Draw, Prepared};
use crate::error::RenderError;
use crate::frame::{FrameView, Part};
use crate::glyphs::{Placed, Symbols};
use crate::gpu::Gpu;
use crate::ground::Grounds;
use crate::item::{DrawnAs, Item, MOVING_PX, Preparation, RESTING_PX};
use crate::look::Look;
use crate::marks::MARK_PT;
use crate::mesh::{self, Mesh};
use crate::pacing::Pacing;
use crate::path_pipelines;
use crate::paths::{MARKER_PT, Pace, Path, Paths};
use crate::pipelines::Pipelines;
use crate::polyline::{great_circle, project};
use crate::relief::{Area, Relief};
use crate::residency::{Residency, Uses};
use crate::rgb::Channels;
use crate::scene::{Clock, Group, Plan, Scene, SceneItem, SceneLayer};
use crate::series::SeriesShape;
use crate::streams::{self, Streams};
use crate::style::{StyleUniform, Styles};
use crate::tree::{CutOptions, TileAt, Tree};
use crate::wants::{finish, needed_bytes, uses_of, want};

/// Budgets and ways of working.
#[derive(Clone, Copy, Debug)]
pub struct RendererOptions {
    /// Bytes of tiles kept on the graphics device. What a frame draws is never evicted; coarser tiles are drawn instead.
    pub gpu_tile_bytes: u64,
    /// Bytes of tiles uploaded per frame.
    pub upload_bytes_per_frame: u64,
    /// Milliseconds of a frame after which no further tile is uploaded, and as many after which no further granule is made
    /// ready for its first picture: what is there keeps moving while much is loaded. One of each is always done.
    pub new_ms_per_frame: f32,
    /// Upload everything at once, prepare everything before drawing, and ask only for the tiles of the final picture:
    /// for pictures, not for windows.
    pub synchronous: bool,
    /// Particles are moved by the CPU even where the device could.
    pub particles_on_cpu: bool,
    /// Values of fields that have few different ones are kept as numbers of 8 or 16 bits on the device. Pictures are the
    /// same without.
    pub packed: bool,
}

impl Default for RendererOptions {
    fn default() -> Self {
        Self {
            gpu_tile_bytes: 1 << 30,
            upload_bytes_per_frame: 24 << 20,
            new_ms_per_frame: 6.0,
            synchronous: false,
            particles_on_cpu: false,
            packed: true,
        }
    }
}

/// Counts of the last frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RenderStats {
    /// Bytes held on the device: tiles, base map, vertices.
    pub gpu_bytes: u64,
    /// Tiles resident.
    pub tiles_resident: usize,
    /// Draw calls.
    pub draw_calls: usize,
    /// Surface patches drawn.
    pub patches: usize,
    /// Vertices sent.
    pub vertices: usize,
    /// CPU milliseconds spent in `plan` for the last frame.
    pub plan_ms: f32,
    /// CPU milliseconds from the start of `render` to the submission.
    pub render_ms: f32,
}

/// Base map tolerance, pixels.
const BASE_TOLERANCE_PX: f64 = 0.25;
/// Levels of detail given up at most to keep the tile budget.
const MOST_BIAS: u8 = 8;
/// Items not seen for so many plans are dropped.
const KEEP_PLANS: u64 = 3000;
/// Style slots of the base map's lines; layers follow, each with a second one for its marks.
const SLOT_COAST: usize = 0;
const SLOT_BORDER: usize = 1;
const SLOT_GRATICULE: usize = 2;
const SLOT_OUTLINE: usize = 3;
const SLOT_CASING: usize = 4;
const SLOT_LAYERS: usize = 5;
/// Slots of a layer: its own, its marks, and its contour lines with halo, numbers and casing.
const LAYER_SLOTS: usize = 6;

/// Draws scenes.
pub struct Renderer {
    pub(crate) gpu: Gpu,
    pub(crate) options: RendererOptions,
    pub(crate) pipelines: Pipelines,
    pub(crate) tiles: Residency,
    pub(crate) styles: Styles,
    pub(crate) relief: Relief,
    pub(crate) buffers: FrameBuffers,
    pub(crate) prepared: Prepared,
    pub(crate) stats: RenderStats,
    pub(crate) grounds: Grounds,
    pub(crate) channels: Channels,
    pub(crate) contours: Contours,
    pub(crate) streams: Streams,
    pub(crate) paths: Paths,
    pub(crate) quads: wgpu::Buffer,
    clock: Option<Clock>,
    /// Plans for which camera, size and clock have not changed.
    rested: u32,
    pub(crate) items: HashMap<Group, Item>,
    world: Option<(Projection, Tree)>,
    /// Mesh of the base map and what it shows of the relief, and the camera and size it was made for.
    world_mesh: Option<((Camera, [u32; 2]), Mesh, Area)>,
    base_lines: BaseLineSets,
    pub(crate) shapes: crate::shapes::ShapeLayer,
    grey: Arc<Colormap>,
    plans: u64,
    bias: u8,
    /// Bytes of a value of each item, together, when detail was last given up.
    widths: u64,
    pixels_per_point: f32,
    /// Arrows and barbs of the last frame, by slot and items, and those of the frame being made.
    symbols: KeptSymbols,
    symbols_next: KeptSymbols,
}

/// What symbols were made for, and they.
type KeptSymbols = HashMap<(usize, Group), ((Camera, [u32; 2], u64, (Symbols, Option<TimeSpan>)), Placed)>;

impl Renderer {
    /// A renderer on a device.
    ///
    /// # Errors
    /// [`RenderError::Shader`] when a shader does not compile.
    pub fn new(gpu: &Gpu, options: RendererOptions) -> Result<Self, RenderError> {
        let mut pipelines = Pipelines::new(gpu)?;
        let mut relief = Relief::new(gpu, &pipelines.relief);
        if options.synchronous {
            // What a picture needs in any case is made while its files are still being opened.
            pipelines.set(gpu, (PICTURE_FORMAT, samples(gpu), false), &[(Blend::Over, Look::default())]);
        } else {
            // Starts decoding: it is there when the window is.
            relief.provide(&pipelines.relief, gpu, &Area::world(1), false, false);
        }
        let mut lut = [[0u8; 3]; 256];
        lut.iter_mut().enumerate().for_each(|(k, c)| *c = [k as u8; 3]);
        Ok(Self {
            buffers: FrameBuffers::new(gpu, &pipelines),
            gpu: gpu.clone(),
            options,
            paths: Paths::new(gpu, &pipelines.paths),
            pipelines,
            tiles: Residency::default(),
            styles: Styles::default(),
            relief,
            prepared: Prepared::default(),
            stats: RenderStats::default(),
            grounds: Grounds::default(),
            channels: Channels::default(),
            contours: Contours::default(),
            streams: Streams::new(options.particles_on_cpu),
            quads: path_pipelines::quads(gpu),
            clock: None,
            rested: 0,
            items: HashMap::new(),
            world: None,
            world_mesh: None,
            base_lines: BaseLineSets::default(),
            shapes: crate::shapes::ShapeLayer::new(gpu)?,
            grey: Arc::new(Colormap { id: "grey".to_owned(), lut }),
            plans: 0,
            bias: 0,
            widths: 0,
            pixels_per_point: 1.0,
            symbols: HashMap::new(),
            symbols_next: HashMap::new(),
        })
    }

    /// Takes a finished read.
    pub fn supply(&mut self, key: TileKey, block: Block) {
        self.tiles.supply(key, block);
    }

    /// Notes that a tile cannot be read; it is not asked for again until its item is forgotten.
    pub fn supply_failed(&mut self, key: TileKey) {
        self.tiles.fail(key);
    }

    /// Drops everything held for these items.
    pub fn forget_items(&mut self, items: &[u64]) {
        self.tiles.forget(items);
        self.paths.forget(items);
        self.contours.forget(items);
        self.items.retain(|group, _| !group.iter().any(|id| items.contains(id)));
    }

    /// Counts of the last frame.
    pub fn stats(&self) -> RenderStats {
        self.stats
    }

    /// Bytes of tiles on the device and the budget for them, while detail is given up to keep it.
    pub fn memory_full(&self) -> Option<(u64, u64)> {
        (self.bias > 0).then(|| (self.tiles.bytes(), self.options.gpu_tile_bytes))
    }

    /// Keeps so many bytes of tiles on the device from the next plan on.
    pub fn set_tile_budget(&mut self, bytes: u64) {
        self.options.gpu_tile_bytes = bytes;
    }

    /// Selects what a scene needs. Call before every [`render`](Self::render), with the same scene.
    pub fn plan(&mut self, scene: &Scene) -> Plan {
        self.plan_base(scene, false)
    }

    /// The same; for pictures the base map is waited for once no tile is missing, or `insist`: until then it is made
    /// ready beside the reading.
    pub(crate) fn plan_base(&mut self, scene: &Scene, insist: bool) -> Plan {
        let start = Instant::now();
        self.plans += 1;
        self.pixels_per_point = scene.pixels_per_point;
        let frame = FrameView::new(scene.view());
        let stays = is_for(&self.prepared, scene, frame.view.camera) && self.clock == scene.clock;
        self.rested = if stays { self.rested.saturating_add(1) } else { 0 };
        self.clock = scene.clock;
        let mut plan = Plan { complete: true, ..Plan::default() };
        self.meet_items(scene);
        self.tiles.begin();
        let budget = if self.options.synchronous { u64::MAX } else { self.options.upload_bytes_per_frame };
        let how = (budget, self.options.packed);
        self.tiles.upload(&self.gpu, &self.pipelines, how, &Pacing::new(&self.options));
        plan.complete &= !self.tiles.has_pending();
        plan.complete &= self.prepare_items(&frame);
        let mut prepared = Prepared::new(frame.view.camera, scene.view_px()).like(&self.prepared);
        let relief = self.draw_base(scene, &frame, &mut prepared);
        self.grounds.begin();
        self.channels.begin();
        self.contours.begin(frame.view.camera.projection);
        let m_per_px = frame.ground_m_per_px();
        self.streams.begin();
        self.paths.begin();
        for (k, layer) in scene.layers.iter().enumerate() {
            let slot = SLOT_LAYERS + LAYER_SLOTS * k;
            let style = StyleUniform::of(&by_age(&layer.style), layer.highlight).lit(&layer.style, m_per_px);
            let line = layer.style.method == Method::Line;
            let look = Look::of(layer, &Times::of_rows(layer, self.clock));
            let mark_pt = if line { layer.style.size_pt + MARKER_PT } else { MARK_PT };
            for (slot, style) in [(slot, style), (slot + 1, style.sized(mark_pt))] {
                self.styles.bind(&self.gpu, &self.pipelines.style, slot, style, &layer.colormap);
                self.styles.set_look(slot, layer.style.blend, look);
            }
            for (k, style) in contour::styles(&layer.style, style).into_iter().enumerate() {
                self.styles.bind(&self.gpu, &self.pipelines.style, slot + 2 + k, style, &layer.colormap);
            }
            prepared.begin_layer(look.front);
            self.draw_layer(slot, layer, &frame, &mut prepared, &mut plan);
            prepared.end_layer();
            let ppp = f64::from(scene.pixels_per_point);
            plan.complete &= self.draw_contours(slot + 2, layer, ppp, &frame, &mut prepared);
            if layer.style.method == Method::Streamlines {
                streams::plan(self, slot, layer, scene, &frame, &mut prepared, &mut plan);
            }
        }
        self.streams.finish();
        self.symbols = std::mem::take(&mut self.symbols_next);
        let wait = self.options.synchronous && (insist || plan.wanted.is_empty());
        plan.complete &= self.draw_coasts(scene, &frame, &mut prepared, wait);
        if let Some(need) = relief {
            let exactly = self.options.synchronous;
            plan.complete &= self.relief.provide(&self.pipelines.relief, &self.gpu, &need, exactly, wait);
        }
        let (shapes, fine) = self.shapes.plan(&self.gpu, scene, &frame, self.options.synchronous);
        plan.complete &= fine;
        prepared.draws.extend(shapes.then_some(Draw::Shapes));
        self.draw_outlines(scene, &frame, &mut prepared);
        self.tiles.evict(self.options.gpu_tile_bytes);
        self.paths.evict(self.options.gpu_tile_bytes);
        finish(&mut plan);
        prepared.frame = Some(frame);
        self.prepared = prepared;
        self.stats.plan_ms = start.elapsed().as_secs_f32() * 1e3;
        plan
    }

    /// Creates what is new in the scene, drops what was not seen for long.
    fn meet_items(&mut self, scene: &Scene) {
        let mut uses: HashMap<u64, Uses> = HashMap::new();
        for (layer, item) in scene.layers.iter().flat_map(|l| l.items.iter().map(move |i| (l, i))) {
            let group = item.group(layer.style.method);
            let known = self.items.get(&group).is_some_and(|i| Arc::ptr_eq(&i.geolocation, &item.geolocation));
            if !known {
                self.items.insert(group.clone(), Item::new(&item.geolocation));
                // Groups of several are several fields.
                if group.len() == 1 {
                    self.tiles.join(&group, layer.items.iter().map(|i| i.item));
                }
            }
            group.iter().for_each(|id| self.tiles.place(*id, &item.geolocation));
            let Some(known) = self.items.get_mut(&group) else { continue };
            let method = item.drawn_by(layer.style.method);
            if known.last_seen != self.plans {
                known.drawn_as = DrawnAs::default();
            }
            known.last_seen = self.plans;
            let symbols = matches!(method, Method::Arrows | Method::Barbs);
            known.drawn_as.symbols |= symbols;
            known.drawn_as.cells |= !symbols;
            known.drawn_as.missing |= layer.style.ends.missing.is_some();
            let needed = uses_of(known, method, &layer.style).and(contour::uses(&layer.style));
            for id in group {
                let all = uses.get(&id).map_or(needed, |u| u.and(needed));
                uses.insert(id, all);
            }
        }
        uses.into_iter().for_each(|(item, uses)| self.tiles.need(item, uses));
        let now = self.plans;
        self.items.retain(|_, item| item.last_seen + KEEP_PLANS > now);
    }

    /// Cuts and meshes of all rasters; gives up detail until the tiles wanted fit the budget.
    fn prepare_items(&mut self, frame: &FrameView) -> bool {
        // Those of the scene have just been met.
        let now = self.plans;
        let (wait, pacing) = (self.options.synchronous, Pacing::new(&self.options));
        let moves = !wait && self.prepared.camera.is_some_and(|c| c != frame.view.camera);
        let how = Preparation { wait, pacing: &pacing, tolerance_px: if moves { MOVING_PX } else { RESTING_PX } };
        // Detail given up for an earlier view may be affordable again.
        self.bias = self.bias.saturating_sub(u8::from(self.prepared.camera != Some(frame.view.camera)));
        loop {
            let (tiles, bias) = (&self.tiles, self.bias);
            let mut items: Vec<(&Group, &mut Item)> =
                self.items.iter_mut().filter(|(_, item)| item.last_seen == now).collect();
            let ready = items
                .par_iter_mut()
                .map(|(group, item)| item.prepare(group, frame, tiles, bias, &how))
                .reduce(|| true, |a, b| a && b);
            let (mut needed, mut widths) = (0, 0);
            for (id, item) in items.iter().flat_map(|(group, item)| group.iter().map(move |id| (*id, item))) {
                let value_bytes = tiles.value_bytes(id);
                needed += needed_bytes(item, value_bytes);
                widths += value_bytes;
            }
            // Since the first tiles came it is known how few bytes a value takes.
            if std::mem::replace(&mut self.widths, widths) != widths && self.bias > 0 {
                self.bias = 0;
                continue;
            }
            if needed <= self.options.gpu_tile_bytes || self.bias >= MOST_BIAS {
                // What moves is drawn more exactly as soon as it rests.
                return ready
                    && !(moves && items.iter().any(|(_, item)| item.raster().is_some_and(|r| r.0.patches > 0)));
            }
            self.bias += 1;
        }
    }

    /// Relief, sky, graticule. Gives the part of the relief that shows.
    fn draw_base(&mut self, scene: &Scene, frame: &FrameView, prepared: &mut Prepared) -> Option<Area> {
        let opacity = if scene.base.relief { scene.base.relief_opacity } else { 0.0 };
        self.relief.set_opacity(opacity);
        // Without relief the Earth is a plain body; over a transparent background only what was asked for is drawn.
        let mut relief = None;
        if scene.base.relief || scene.background[3] > 0 {
            relief = self.draw_world(frame, prepared).filter(|_| opacity > 0.0);
        }
        // Decoded while tiles are read; the plan waits for it only when nothing else is missing.
        if let Some(need) = &relief {
            self.relief.provide(&self.pipelines.relief, &self.gpu, need, self.options.synchronous, false);
        }
        if scene.base.atmosphere {
            prepared.draws.push(Draw::Sky);
        }
        for (slot, (colour, size_pt)) in [
            (SLOT_COAST, base::COAST),
            (SLOT_BORDER, base::BORDER),
            (SLOT_GRATICULE, base::GRATICULE),
            (SLOT_OUTLINE, base::OUTLINE),
            (SLOT_CASING, base::CASING),
        ] {
            let uniform = StyleUniform::plain(colour, size_pt);
            self.styles.bind(&self.gpu, &self.pipelines.style, slot, uniform, &self.grey);
        }
        if scene.base.graticule {
            let run = prepared.points.run(frame, |pen| base::graticule(pen, frame));
            prepared.draws.push(Draw::Lines { slot: SLOT_GRATICULE, run });
        }
        relief
    }

    /// Coastlines and borders, over the data, with a dark casing that holds them apart from any colour. `false` while
    /// finer ones are still being prepared.
    fn draw_coasts(&mut self, scene: &Scene, frame: &FrameView, prepared: &mut Prepared, wait: bool) -> bool {
        let mut complete = true;
        for (on, which, slot) in [
            (scene.base.coastlines, BaseLines::Coasts, SLOT_COAST),
            (scene.base.borders, BaseLines::Borders, SLOT_BORDER),
        ] {
            if on && self.options.synchronous && !wait {
                complete &= self.base_lines.start(which, frame);
            } else if on {
                let sets = &mut self.base_lines;
                let run = prepared.points.run(frame, |pen| complete &= sets.draw(which, pen, frame, wait));
                prepared.draws.push(Draw::Lines { slot: SLOT_CASING, run });
                prepared.draws.push(Draw::Lines { slot, run });
            }
        }
        complete
    }

    /// The patches of the base map, and what they show of the relief.
    fn draw_world(&mut self, frame: &FrameView, prepared: &mut Prepared) -> Option<Area> {
        let projection = frame.view.camera.projection;
        if self.world.as_ref().is_none_or(|(p, _)| *p != projection) {
            self.world = base::world_grid().map(|g| (projection, Tree::new(Arc::new(g), projection, None)));
        }
        let (_, tree) = self.world.as_mut()?;
        let key = (frame.view.camera, prepared.size_px);
        if self.world_mesh.as_ref().is_none_or(|(k, ..)| *k != key) {
            let options =
                CutOptions { tolerance_px: BASE_TOLERANCE_PX, most_leaves: 50_000, bias: 0, resident: &|_| true };
            let cut = tree.cut_within(frame, &options);
            let area = Area::of(tree, &cut, frame, self.gpu.max_side_px());
            self.world_mesh = Some((key, mesh::build(tree, &cut.leaves, frame, &Some, &|_, _| true), area));
        }
        let (_, mesh, area) = self.world_mesh.as_ref()?;
        let base = prepared.add_mesh(mesh);
        for batch in &mesh.batches {
            prepared.draws.push(Draw::Relief(base.of(batch)));
        }
        Some(area.clone())
    }

    fn draw_layer(
        &mut self,
        slot: usize,
        layer: &SceneLayer,
        frame: &FrameView,
        prepared: &mut Prepared,
        plan: &mut Plan,
    ) {
        let method = layer.style.method;
        for scene_item in &layer.items {
            let group = scene_item.group(method);
            let Some(item) = self.items.get(&group) else { continue };
            let drawn = match (item.raster(), item.series()) {
                (Some((_, cut)), _) => {
                    if cut.leaves.is_empty() {
                        plan.off_screen.push(scene_item.item);
                    }
                    want(plan, item, &group, &cut.tiles, &self.tiles, self.options.synchronous);
                    Vec::new()
                }
                (None, Some(shape)) => {
                    let resident = |tile: TileAt| self.tiles.has_all(&group, tile);
                    let times = Times::of_samples(layer, self.clock, shape);
                    let cut = if is_dots(scene_item, method) {
                        shape.cut_dots(frame, &times, &resident)
                    } else {
                        shape.cut(frame, &times, &resident)
                    };
                    if !cut.visible {
                        plan.off_screen.push(scene_item.item);
                    }
                    want(plan, item, &group, &cut.wanted, &self.tiles, self.options.synchronous);
                    cut.drawn
                }
                (None, None) => continue,
            };
            let shown = Shown { slot, layer, item: scene_item, group: &group, drawn: &drawn };
            if scene_item.drawn_by(method) == Method::Streamlines && item.raster().is_some() {
                // All items of the layer together: see `streams::plan`.
                continue;
            }
            // Methods of several fields branch off here.
            match scene_item.drawn_by(method) {
                Method::Arrows | Method::Barbs => self.draw_symbols(&shown, frame, prepared),
                _ => plan.complete &= self.draw_cells(&shown, frame, prepared),
            }
        }
    }

    /// Arrows or barbs; made anew only when the view, the tiles or the style have changed.
    fn draw_symbols(&mut self, shown: &Shown<'_>, frame: &FrameView, prepared: &mut Prepared) {
        let Some(item) = self.items.get(shown.group) else { return };
        let symbols = Symbols::of(shown.layer, self.pixels_per_point);
        let window = match item.series() {
            Some(series) => Times::of_samples(shown.layer, self.clock, series).window,
            None => Times::of_rows(shown.layer, self.clock).window,
        };
        let key = (frame.view.camera, prepared.size_px, self.tiles.epoch(shown.group), (symbols, window));
        let place = (shown.slot, shown.group.to_vec());
        let known = self.symbols.remove(&place).filter(|(k, _)| *k == key);
        let make = || item.glyphs(&self.tiles, shown.group, shown.drawn, frame, (&symbols, window));
        let made = known.map_or_else(make, |k| k.1);
        made.tiles.iter().for_each(|tile| self.tiles.touch(shown.group, *tile));
        let range = prepared.add_glyphs(&made.glyphs);
        prepared.draws.push(Draw::Glyphs { slot: shown.slot, range });
        self.symbols_next.insert(place, (key, made));
    }

    /// A raster as cells; a track or points as a line or dots.
    fn draw_cells(&mut self, shown: &Shown<'_>, frame: &FrameView, prepared: &mut Prepared) -> bool {
        let Shown { slot, group, .. } = *shown;
        let Some((item, id)) = self.items.get(group).zip(group.first().copied()) else { return true };
        let style = &shown.layer.style;
        if let Some((mesh, _)) = item.raster() {
            for batch in &mesh.batches {
                self.tiles.touch(group, batch.tile);
            }
            if style.contour.on && style.contour.alone && style.method == Method::Raster {
                return true;
            }
            let times = Times::of_rows(shown.layer, self.clock);
            let clock = self.paths.clocks.add(times.uniform(frame));
            let channels = shown.item.drawn_by(style.method) == Method::Rgb;
            let place = |tile: TileAt| self.tiles.place_of(SeriesShape::key(id, tile)).filter(|_| !channels);
            let tiny = mesh.batches.iter().all(|b| place(b.tile).is_some_and(|(_, place)| is_tiny(place)));
            if tiny {
                let shown = mesh.batches.iter().filter(|b| !b.indices.is_empty());
                for (batch, place) in shown.filter_map(|b| Some((b, place(b.tile)?))) {
                    prepared.add_small(mesh, batch, place, (slot, clock));
                }
                prepared.count(mesh);
                let keep = |row| item.geolocation.is_within(row, times.window);
                prepared.add_spots(slot + 1, frame, item.spots(), &keep);
                return true;
            }
            let own = mesh.batches.iter().any(|b| place(b.tile).is_none());
            let base = if own { Some(prepared.add_mesh(mesh)) } else { prepared.count(mesh) };
            for batch in mesh.batches.iter().filter(|b| !b.indices.is_empty()) {
                if let Some(place) = place(batch.tile) {
                    prepared.add_small(mesh, batch, place, (slot, clock));
                    continue;
                }
                let Some(range) = base.map(|base| base.of(batch)) else { continue };
                if let ([r, g, b], true) = (group, channels) {
                    let tiles = [*r, *g, *b].map(|id| SeriesShape::key(id, batch.tile));
                    self.channels.provide(&self.gpu, &self.pipelines.rgb, tiles, &self.tiles);
                    prepared.draws.push(Draw::Rgb { slot, clock, tiles, range });
                    continue;
                }
                let tile = SeriesShape::key(id, batch.tile);
                if let (true, Some(texture)) = (style.hillshade.strength > 0.0, self.tiles.texture(tile)) {
                    let (layout, grid) = (&self.pipelines.tile, item.grid().0);
                    self.grounds.provide(&self.gpu, layout, tile, texture, &item.geolocation, &grid);
                }
                prepared.draws.push(Draw::Raster { slot, clock, tile, range, run: 0 });
            }
            if !item.spots().is_empty() && !channels {
                let keep = |row| item.geolocation.is_within(row, times.window);
                prepared.add_own_spots(slot + 1, frame, item.spots(), &keep);
            }
        } else if let Some(shape) = item.series() {
            let mut blocks = Vec::new();
            for tile in shown.drawn {
                self.tiles.touch(group, *tile);
                blocks.extend(self.tiles.values(SeriesShape::key(id, *tile)).map(|b| (*tile, b)));
            }
            let times = Times::of_samples(shown.layer, self.clock, shape);
            let epoch = self.tiles.epoch(group);
            let dots = is_dots(shown.item, style.method);
            let (plain, pixels_per_point) = (shown.layer.highlight.is_none(), self.pixels_per_point);
            let path = Path { slot, item: id, shape, blocks: &blocks, epoch, style, plain, pixels_per_point, dots };
            let pace = Pace { synchronous: self.options.synchronous, rested: self.rested };
            return self.paths.draw(&self.gpu, &self.pipelines.paths, &path, &times, (frame, pace), prepared);
        }
        true
    }

    fn draw_outlines(&mut self, scene: &Scene, frame: &FrameView, prepared: &mut Prepared) {
        if scene.outlines.is_empty() {
            return;
        }
        let projection = frame.view.camera.projection;
        let sag_m = 0.2 * frame.m_per_px(frame.anchor, 0.0);
        let run = prepared.points.run(frame, |pen| {
            for outline in &scene.outlines {
                pen.lift();
                for pair in outline.windows(2) {
                    let places = std::iter::once(pair[0])
                        .chain(great_circle(pair[0], pair[1], sag_m).map(|(_, p)| p))
                        .chain(std::iter::once(pair[1]));
                    for place in places {
                        match project(projection, place) {
                            Some(v) => pen.to(v, 0.0),
                            None => pen.lift(),
                        }
                    }
                }
            }
        });
        prepared.draws.push(Draw::Lines { slot: SLOT_OUTLINE, run });
    }

    /// Draws the planned scene. The target gets gamma-encoded, premultiplied colour (`Rgba8Unorm` or `Bgra8Unorm`).
    pub fn render(&mut self, scene: &Scene, target: &wgpu::TextureView, format: wgpu::TextureFormat) {
        let size = DVec2::new(f64::from(scene.size_px[0].max(1)), f64::from(scene.size_px[1].max(1)));
        self.render_part(scene, target, format, Part { origin: DVec2::ZERO, size });
    }
}

/// The style as the shaders see it where colours tell the age: from 0, the oldest, to 1, at the clock.
fn by_age(style: &Style) -> Style {
    if !style.trail.by_time {
        return style.clone();
    }
    Style { range: Some([0.0, 1.0]), log: false, hidden: Vec::new(), ..style.clone() }
}

/// The layer that a style slot belongs to; none for the base map's.
pub(crate) fn layer_of(slot: usize) -> Option<usize> {
    slot.checked_sub(SLOT_LAYERS).map(|k| k / LAYER_SLOTS)
}

/// Whether an item of a track or of points is drawn as dots.
fn is_dots(item: &SceneItem, method: Method) -> bool {
    method == Method::Points || matches!(*item.geolocation, Geolocation::Points(_))
}

/// One item of a layer while it is drawn.
#[derive(Clone, Copy)]
struct Shown<'a> {
    slot: usize,
    layer: &'a SceneLayer,
    item: &'a SceneItem,
    /// The items whose tiles are needed.
    group: &'a [u64],
    /// Of a track or points: the tiles that are there, in order.
    drawn: &'a [TileAt],
}

/// The camera a prepared frame was made for.
pub(crate) fn is_for(prepared: &Prepared, scene: &Scene, camera: Camera) -> bool {
    prepared.camera == Some(camera) && prepared.size_px == scene.view_px()
}
