//! One frame on the device: buffers, the render pass, pictures read back.

use std::ops::Range;
use std::time::Instant;

use seaglass_core::camera::Camera;
use seaglass_core::tile::TileKey;

use crate::atlas::Place;
use crate::bound::Bound;
use crate::buffers::{MOST_COPIES, UNIFORM_STEP, VIEW_STEP, samples};
use crate::frame::{FrameView, Part};
use crate::glyphs::Glyph;
use crate::look::reversed;
use crate::marks::{self, Spot};
use crate::mesh::{Batch, Mesh, PlacedVertex, Vertex};
use crate::order;
use crate::panels::{Panel, panels};
use crate::path_pipelines::{QUADS, reads_storage};
use crate::pipelines::{POINT_BYTES, PipelineSet};
use crate::polyline::{PointBuffer, Run};
use crate::renderer::{Renderer, is_for, layer_of};
use crate::sample::{SAMPLE_BYTES, SampleBuffer};
use crate::scene::Scene;
use crate::trail::SPAN_QUADS;

/// Indices and first vertex of a draw call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MeshRange {
    indices: Range<u32>,
    base_vertex: i32,
}

/// One step of the render pass.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Draw {
    /// A batch of the base map.
    Relief(MeshRange),
    /// The atmosphere.
    Sky,
    /// A batch of a raster.
    Raster { slot: usize, clock: u32, tile: TileKey, range: MeshRange, run: u32 },
    /// Batches of tiles of one texture.
    Small { slot: usize, clock: u32, bank: u32, indices: Range<u32>, run: u32 },
    /// A batch of three channels.
    Rgb { slot: usize, clock: u32, tiles: [TileKey; 3], range: MeshRange },
    /// Lines.
    Lines { slot: usize, run: Run },
    /// Shapes of the user.
    Shapes,
    /// Dots.
    Dots { slot: usize, run: Run },
    /// Lines or dots from samples on the device: first sample and number of dots; first span and number of spans of lines,
    /// or samples and segments where shaders read no storage.
    Path { slot: usize, clock: u32, dots: bool, samples: SampleBuffer, ranges: Vec<(u32, u32)> },
    /// Arrows or barbs.
    Glyphs { slot: usize, range: Range<u32> },
    /// Particles of a layer, on the copy of the map that is not shifted.
    Streams { slot: usize, copy: usize },
}

/// A frame ready to be drawn.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    pub camera: Option<Camera>,
    pub size_px: [u32; 2],
    pub frame: Option<FrameView>,
    pub draws: Vec<Draw>,
    pub points: PointBuffer,
    pub glyphs: Vec<Glyph>,
    pub vertices: Vec<Vertex>,
    pub indices: Vec<u32>,
    pub small_vertices: Vec<PlacedVertex>,
    pub small_indices: Vec<u32>,
    /// Marks of small tiles, drawn after all of a layer.
    spots: Vec<(usize, Run)>,
    /// The first draw of the layer being prepared, and whether its cells are drawn from the top down.
    layer: (usize, bool),
    /// Runs of draws from the top down.
    pub runs: u32,
    patches: usize,
    uploaded: bool,
}

/// Where a mesh begins in the frame's buffers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MeshBase {
    vertices: usize,
    indices: usize,
}

impl MeshBase {
    /// A batch of that mesh in the frame's buffers.
    pub fn of(self, batch: &Batch) -> MeshRange {
        let first = self.indices as u32;
        MeshRange {
            indices: first + batch.indices.start..first + batch.indices.end,
            base_vertex: self.vertices as i32 + batch.base_vertex,
        }
    }
}

impl Prepared {
    /// An empty frame for a camera and a size.
    pub fn new(camera: Camera, size_px: [u32; 2]) -> Self {
        Self { camera: Some(camera), size_px, ..Self::default() }
    }

    /// Makes room for as much as the frame before had.
    #[must_use]
    pub fn like(mut self, before: &Self) -> Self {
        self.draws.reserve(before.draws.len());
        self.vertices.reserve(before.vertices.len());
        self.indices.reserve(before.indices.len());
        self.small_vertices.reserve(before.small_vertices.len());
        self.small_indices.reserve(before.small_indices.len());
        self
    }

    /// Appends symbols to the frame's buffers.
    pub fn add_glyphs(&mut self, glyphs: &[Glyph]) -> Range<u32> {
        let first = self.glyphs.len() as u32;
        self.glyphs.extend_from_slice(glyphs);
        first..self.glyphs.len() as u32
    }

    /// Appends a batch of a mesh that shows a tile among others; what is drawn alike becomes one draw.
    pub fn add_small(&mut self, mesh: &Mesh, batch: &Batch, (bank, place): (u32, Place), (slot, clock): (usize, u32)) {
        let (Some(indices), Some(first)) = (
            mesh.indices.get(batch.indices.start as usize..batch.indices.end as usize),
            usize::try_from(batch.base_vertex).ok(),
        ) else {
            return;
        };
        let last = indices.iter().max().map_or(0, |k| *k as usize + 1);
        let Some(vertices) = mesh.vertices.get(first..first + last) else { return };
        let (base, begin) = (self.small_vertices.len() as u32, self.small_indices.len() as u32);
        self.small_vertices.extend(vertices.iter().map(|v| PlacedVertex { vertex: *v, place }));
        self.small_indices.extend(indices.iter().map(|k| k + base));
        let end = self.small_indices.len() as u32;
        match self.draws.last_mut() {
            Some(Draw::Small { slot: s, clock: c, bank: b, indices, .. })
                if (*s, *c, *b, indices.end) == (slot, clock, bank, begin) =>
            {
                indices.end = end;
            }
            _ => self.draws.push(Draw::Small { slot, clock, bank, indices: begin..end, run: 0 }),
        }
    }

    /// The run of the marks of an item; `None` where none shows.
    fn spots_of(&mut self, frame: &FrameView, spots: &[Spot], keep: &dyn Fn(usize) -> bool) -> Option<Run> {
        if spots.is_empty() {
            return None;
        }
        let first = self.points.points.len();
        let run = self.points.run(frame, |pen| marks::draw(pen, frame, spots, keep));
        // A run of nothing has its two ends.
        if run.len <= 2 {
            self.points.points.truncate(first);
            return None;
        }
        Some(run)
    }

    /// Marks of an item, drawn over it and below what comes after.
    pub fn add_own_spots(&mut self, slot: usize, frame: &FrameView, spots: &[Spot], keep: &dyn Fn(usize) -> bool) {
        let run = self.spots_of(frame, spots, keep);
        self.draws.extend(run.map(|run| Draw::Dots { slot, run }));
    }

    /// Marks of an item of small tiles, drawn together with those of the others of its layer.
    pub fn add_spots(&mut self, slot: usize, frame: &FrameView, spots: &[Spot], keep: &dyn Fn(usize) -> bool) {
        let Some(run) = self.spots_of(frame, spots, keep) else { return };
        match self.spots.last_mut() {
            Some((s, r)) if *s == slot && r.first + r.len == run.first => r.len += run.len,
            _ => self.spots.push((slot, run)),
        }
    }

    /// Begins a layer; those that hide what is below them may be drawn from the top down.
    pub fn begin_layer(&mut self, front: bool) {
        self.layer = (self.draws.len(), front);
    }

    /// Turns the runs of cells of a layer around. What is drawn last comes first, down to single triangles, and whatever
    /// comes later finds its pixels taken. Marks between them stay where they are.
    fn turn_runs(&mut self) {
        let (first, front) = std::mem::take(&mut self.layer);
        let Some(draws) = self.draws.get_mut(first..).filter(|_| front) else { return };
        let is_cells = |d: &Draw| matches!(d, Draw::Raster { .. } | Draw::Small { .. });
        for part in draws.chunk_by_mut(|a, b| is_cells(a) && is_cells(b)) {
            if !part.first().is_some_and(is_cells) {
                continue;
            }
            self.runs += 1;
            part.reverse();
            for draw in part {
                let (of, indices) = match draw {
                    Draw::Raster { run, range, .. } => (run, self.indices.get_mut(as_usize(&range.indices))),
                    Draw::Small { run, indices, .. } => (run, self.small_indices.get_mut(as_usize(indices))),
                    _ => continue,
                };
                *of = self.runs;
                if let Some(indices) = indices {
                    let turned: Vec<u32> = reversed(indices).collect();
                    indices.copy_from_slice(&turned);
                }
            }
        }
    }

    /// Ends a layer.
    pub fn end_layer(&mut self) {
        self.turn_runs();
        self.draws.extend(self.spots.drain(..).map(|(slot, run)| Draw::Dots { slot, run }));
    }

    /// Counts the patches of a mesh that is not added as a whole.
    pub fn count(&mut self, mesh: &Mesh) -> Option<MeshBase> {
        self.patches += mesh.patches;
        None
    }

    /// Appends a mesh to the frame's buffers.
    pub fn add_mesh(&mut self, mesh: &Mesh) -> MeshBase {
        let base = MeshBase { vertices: self.vertices.len(), indices: self.indices.len() };
        self.vertices.extend_from_slice(&mesh.vertices);
        self.indices.extend_from_slice(&mesh.indices);
        self.patches += mesh.patches;
        base
    }
}

fn as_usize(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

/// A view whose draw calls are recorded.
struct ViewAt<'s> {
    scene: &'s Scene,
    panel: &'s Panel,
    /// Where its uniforms begin.
    first: u64,
    /// Copies of its map.
    copies: usize,
    /// It has a sky.
    sky: bool,
}

impl ViewAt<'_> {
    /// Offset of the uniform of a copy of the map; that of the sky comes after the last.
    fn offset(&self, copy: usize) -> u32 {
        (self.first + copy as u64 * UNIFORM_STEP) as u32
    }

    /// Whether a step of the pass belongs to this view.
    fn shows(&self, draw: &Draw) -> bool {
        let Some(side) = self.panel.side else { return true };
        let layer = match draw {
            Draw::Relief(_) | Draw::Sky | Draw::Shapes => None,
            Draw::Raster { slot, .. }
            | Draw::Small { slot, .. }
            | Draw::Rgb { slot, .. }
            | Draw::Lines { slot, .. }
            | Draw::Dots { slot, .. }
            | Draw::Path { slot, .. }
            | Draw::Glyphs { slot, .. }
            | Draw::Streams { slot, .. } => layer_of(*slot).and_then(|k| self.scene.layers.get(k)),
        };
        side.shows(layer.and_then(|l| l.side))
    }
}

impl Renderer {
    /// Draws a part of the planned scene into a target of that part's size.
    pub(crate) fn render_part(
        &mut self,
        scene: &Scene,
        target: &wgpu::TextureView,
        format: wgpu::TextureFormat,
        part: Part,
    ) {
        let start = Instant::now();
        if !is_for(&self.prepared, scene, scene.camera.sanitized()) {
            self.plan(scene);
        }
        let Some(frame) = self.prepared.frame.take() else { return };
        if !self.prepared.uploaded {
            self.buffers.upload(&self.gpu, &self.prepared);
            self.prepared.uploaded = true;
        }
        self.paths.clocks.upload(&self.gpu, &self.pipelines.paths.clock);
        self.relief.write_uniform(&self.gpu);
        let copies = frame.copies.len().min(MOST_COPIES);
        let panels = panels(scene, part);
        let mut sky = false;
        for (panel, first) in panels.iter().zip((0..).step_by(VIEW_STEP as usize)) {
            for (at, shift) in (first..).step_by(UNIFORM_STEP as usize).zip(frame.copies.iter().take(MOST_COPIES)) {
                let uniform = frame.uniform(*shift, panel.part, scene.pixels_per_point);
                self.gpu.queue.write_buffer(&self.buffers.frames, at, bytemuck::bytes_of(&uniform));
            }
            if let Some(of) = frame.sky(panel.part) {
                sky = true;
                let at = first + MOST_COPIES as u64 * UNIFORM_STEP;
                self.gpu.queue.write_buffer(&self.buffers.frames, at, bytemuck::bytes_of(&of));
            }
        }
        let samples = samples(&self.gpu);
        let below = self.prepared.runs > 0;
        let set = self.pipelines.set(&self.gpu, (format, samples, below), &self.styles.looks());
        self.streams.ready(&self.gpu, format, samples);
        self.shapes.ready(&self.gpu, &self.pipelines.frame, (format, samples));
        let size = [part.size.x as u32, part.size.y as u32];
        let many = (samples > 1).then(|| self.buffers.multisampled(&self.gpu, format, size, samples));
        let depths = self.buffers.depths(&self.gpu, size, samples);
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        self.streams.advance(&self.gpu, &mut encoder);
        {
            let (view, resolve_target) = match &many {
                Some(many) => (many, Some(target)),
                None => (target, None),
            };
            let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
                label: Some("scene"),
                color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                    view,
                    depth_slice: None,
                    resolve_target,
                    ops: wgpu::Operations {
                        load: wgpu::LoadOp::Clear(premultiplied(scene.background)),
                        store: wgpu::StoreOp::Store,
                    },
                })],
                depth_stencil_attachment: Some(wgpu::RenderPassDepthStencilAttachment {
                    view: &depths,
                    depth_ops: Some(wgpu::Operations { load: wgpu::LoadOp::Clear(1.0), store: wgpu::StoreOp::Discard }),
                    stencil_ops: None,
                }),
                ..wgpu::RenderPassDescriptor::default()
            });
            let mut pass = Bound::new(&mut pass);
            self.stats.draw_calls = 0;
            for (panel, first) in panels.iter().zip((0..).step_by(VIEW_STEP as usize)) {
                let view = ViewAt { scene, panel, first, copies, sky };
                self.stats.draw_calls += self.encode(&mut pass, &set, &view);
            }
        }
        self.gpu.queue.submit([encoder.finish()]);
        self.prepared.frame = Some(frame);
        self.stats.patches = self.prepared.patches;
        self.stats.vertices = self.prepared.vertices.len()
            + self.prepared.small_vertices.len()
            + 4 * (self.prepared.points.points.len() + self.prepared.glyphs.len() + self.paths.drawn);
        self.stats.tiles_resident = self.tiles.len();
        self.stats.gpu_bytes =
            self.tiles.bytes() + self.relief.bytes() + self.buffers.bytes(samples) + self.streams.bytes();
        self.stats.gpu_bytes += self.paths.bytes();
        self.stats.render_ms = start.elapsed().as_secs_f32() * 1e3;
    }

    /// Records the draw calls of a view; returns their number.
    fn encode(&self, pass: &mut Bound<'_, '_>, set: &PipelineSet, view: &ViewAt<'_>) -> usize {
        let mut calls = 0;
        let buffers = &self.buffers;
        let opaque = view.scene.background[3] == 255;
        pass.view(view.panel.viewport, view.panel.scissor);
        pass.set_vertex_buffer(0, buffers.vertices.slice(..));
        pass.set_index_buffer(buffers.indices.slice(..), wgpu::IndexFormat::Uint32);
        for (draw, depth) in order::steps(&self.prepared.draws).filter(|(d, _)| view.shows(d)) {
            pass.depth(depth);
            match draw {
                Draw::Sky if view.sky => {
                    pass.set_pipeline(&set.sky);
                    pass.group(0, &buffers.sky_group, Some(view.offset(MOST_COPIES)));
                    pass.draw(0..3, 0..1);
                    calls += 1;
                }
                Draw::Sky => {}
                Draw::Relief(range) => {
                    pass.set_pipeline(&set.relief);
                    pass.group(1, self.relief.group(), None);
                    calls += self.draw_mesh(pass, range, view);
                }
                Draw::Raster { slot, clock, tile, range, .. } => {
                    let lit = self.grounds.group(*tile);
                    let group = lit.or_else(|| self.tiles.texture(*tile).map(|t| &t.plain));
                    let (Some(style), Some(group)) = (self.styles.group(*slot), group) else { continue };
                    pass.group(1, style, None);
                    pass.group(3, group, None);
                    pass.group(2, &self.paths.clocks.group, Some(*clock));
                    for cells in set.cells(self.styles.blend(*slot), self.styles.look(*slot), opaque) {
                        pass.set_pipeline(&cells.raster);
                        calls += self.draw_mesh(pass, range, view);
                    }
                }
                Draw::Small { slot, clock, bank, indices, .. } => {
                    let (Some(style), Some((group, width))) =
                        (self.styles.group(*slot), self.tiles.shared_group(*bank))
                    else {
                        continue;
                    };
                    pass.group(1, style, None);
                    pass.group(3, group, None);
                    pass.group(2, &self.paths.clocks.group, Some(*clock));
                    pass.set_vertex_buffer(0, buffers.small_vertices.slice(..));
                    pass.set_index_buffer(buffers.small_indices.slice(..), wgpu::IndexFormat::Uint32);
                    for cells in set.cells(self.styles.blend(*slot), self.styles.look(*slot), opaque) {
                        pass.set_pipeline(&cells.small[width.index()]);
                        for k in (0..view.copies).rev() {
                            pass.group(0, &buffers.frame_group, Some(view.offset(k)));
                            pass.draw_indexed(indices.clone(), 0, 0..1);
                            calls += 1;
                        }
                    }
                    pass.set_index_buffer(buffers.indices.slice(..), wgpu::IndexFormat::Uint32);
                }
                Draw::Rgb { slot, clock, tiles, range } => {
                    let (Some(style), Some(group)) = (self.styles.group(*slot), self.channels.group(tiles)) else {
                        continue;
                    };
                    pass.group(1, style, None);
                    pass.group(3, group, None);
                    pass.group(2, &self.paths.clocks.group, Some(*clock));
                    for set in set.layered(self.styles.blend(*slot), opaque) {
                        pass.set_pipeline(&set.rgb);
                        calls += self.draw_mesh(pass, range, view);
                    }
                }
                Draw::Shapes => {
                    let offsets: Vec<u32> = (0..view.copies).map(|k| view.offset(k)).collect();
                    calls += self.shapes.encode(pass.free(), &buffers.frame_group, &offsets);
                }
                Draw::Lines { slot, run } => {
                    if let Some(style) = self.styles.group(*slot).filter(|_| run.len > 3) {
                        pass.group(1, style, None);
                        for set in set.layered(self.styles.blend(*slot), opaque) {
                            pass.set_pipeline(&set.lines);
                            calls += self.draw_points(pass, run, 4, view);
                        }
                    }
                }
                Draw::Streams { slot, copy } => {
                    if let Some(style) = self.styles.group(*slot) {
                        pass.group(0, &buffers.frame_group, Some(view.offset(*copy)));
                        pass.group(1, style, None);
                        calls += self.streams.draw(pass.free(), *slot, opaque);
                    }
                }
                Draw::Glyphs { slot, range } => {
                    if let Some(style) = self.styles.group(*slot).filter(|_| !range.is_empty()) {
                        pass.group(1, style, None);
                        for set in set.layered(self.styles.blend(*slot), opaque) {
                            pass.set_pipeline(&set.glyphs);
                            calls += self.draw_glyphs(pass, range, view);
                        }
                    }
                }
                Draw::Path { slot, clock, dots, samples, ranges } => {
                    let Some(style) = self.styles.group(*slot) else { continue };
                    pass.group(1, style, None);
                    pass.group(3, &samples.group, None);
                    pass.group(2, &self.paths.clocks.group, Some(*clock));
                    for set in set.layered(self.styles.blend(*slot), opaque) {
                        pass.set_pipeline(if *dots { &set.cloud } else { &set.trails });
                        for k in 0..view.copies {
                            pass.group(0, &self.buffers.frame_group, Some(view.offset(k)));
                            calls += self.draw_path(pass, samples, ranges, *dots);
                        }
                    }
                }
                Draw::Dots { slot, run } => {
                    if let Some(style) = self.styles.group(*slot).filter(|_| run.len > 0) {
                        pass.group(1, style, None);
                        for set in set.layered(self.styles.blend(*slot), opaque) {
                            pass.set_pipeline(&set.dots);
                            calls += self.draw_points(pass, run, 1, view);
                        }
                    }
                }
            }
        }
        calls
    }

    /// Draws ranges of samples on the device.
    fn draw_path(&self, pass: &mut Bound<'_, '_>, samples: &SampleBuffer, ranges: &[(u32, u32)], dots: bool) -> usize {
        if !reads_storage(&self.gpu) {
            (0..if dots { 1 } else { 4 }).for_each(|k| {
                pass.set_vertex_buffer(k, samples.buffer.slice(u64::from(k) * SAMPLE_BYTES..));
            });
            ranges.iter().for_each(|(first, count)| pass.draw(0..if dots { 3 } else { 4 }, *first..first + count));
            return ranges.len();
        }
        if dots {
            ranges.iter().for_each(|(first, count)| pass.draw(3 * first..3 * (first + count), 0..1));
            return ranges.len();
        }
        let mut calls = 0;
        pass.set_index_buffer(self.quads.slice(..), wgpu::IndexFormat::Uint16);
        for (first, count) in ranges.iter().map(|(first, count)| (first * SPAN_QUADS, count * SPAN_QUADS)) {
            for at in (0..count).step_by(QUADS as usize) {
                let quads = QUADS.min(count - at);
                pass.draw_indexed(0..6 * quads, (4 * (first + at)) as i32, 0..1);
                calls += 1;
            }
        }
        pass.set_index_buffer(self.buffers.indices.slice(..), wgpu::IndexFormat::Uint32);
        calls
    }

    fn draw_mesh(&self, pass: &mut Bound<'_, '_>, range: &MeshRange, view: &ViewAt<'_>) -> usize {
        pass.set_vertex_buffer(0, self.buffers.vertices.slice(..));
        for k in (0..view.copies).rev() {
            pass.group(0, &self.buffers.frame_group, Some(view.offset(k)));
            pass.draw_indexed(range.indices.clone(), range.base_vertex, 0..1);
        }
        view.copies
    }

    fn draw_glyphs(&self, pass: &mut Bound<'_, '_>, range: &Range<u32>, view: &ViewAt<'_>) -> usize {
        pass.set_vertex_buffer(0, self.buffers.glyphs.slice(..));
        for k in 0..view.copies {
            pass.group(0, &self.buffers.frame_group, Some(view.offset(k)));
            pass.draw(0..4, range.clone());
        }
        view.copies
    }

    /// Draws a run of points with a window of `slots` points an instance.
    fn draw_points(&self, pass: &mut Bound<'_, '_>, run: &Run, slots: u32, view: &ViewAt<'_>) -> usize {
        for k in 0..slots {
            let at = u64::from(run.first + k) * POINT_BYTES;
            pass.set_vertex_buffer(k, self.buffers.points.slice(at..));
        }
        for k in 0..view.copies {
            pass.group(0, &self.buffers.frame_group, Some(view.offset(k)));
            pass.draw(0..4, 0..run.len - (slots - 1));
        }
        view.copies
    }
}

fn premultiplied([r, g, b, a]: [u8; 4]) -> wgpu::Color {
    let part = |c: u8| f64::from(c) / 255.0;
    let a = part(a);
    wgpu::Color { r: part(r) * a, g: part(g) * a, b: part(b) * a, a }
}
