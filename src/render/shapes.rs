//! Shapes of the user: areas, outlines and points, over everything else.
//!
//! Where a shape lies never changes, so what depends on that alone (triangles, thinned lines) is made once, beside the main
//! thread when it is much. For every view triangles and edges are then divided until they follow the globe or the map
//! within a fraction of a pixel, and only where they are seen: an edge is a great circle at every scale.

mod fill;
mod outline;
mod thin;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use glam::DVec3;
use seaglass_core::geo::{LonLat, wrap_180};
use seaglass_core::shapes::{Geometry, ShapeKind};

use crate::error::RenderError;
use crate::frame::FrameView;
use crate::gpu::Gpu;
use crate::polyline::project;
use crate::scene::Scene;
use crate::shaders;
use fill::{Corner, Triangles};
use outline::Stroke;

/// Geometries not seen for so many plans are forgotten.
const KEEP_PLANS: u64 = 600;
/// More vertices are prepared beside the main thread.
const LARGE: usize = 20_000;
/// Shapes smaller than this are drawn as a point, pixels.
const SMALLEST_PX: f64 = 1.5;
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// What is drawn of a geometry at one level of detail.
struct Prepared {
    geometry: Arc<Geometry>,
    triangles: OnceLock<Triangles>,
}

struct Known {
    /// Keeps the address that names it.
    _geometry: Arc<Geometry>,
    levels: Vec<(u8, Arc<OnceLock<Prepared>>)>,
    last_seen: u64,
}

/// Pipelines for one kind of target.
struct Pair {
    fill: wgpu::RenderPipeline,
    line: wgpu::RenderPipeline,
}

/// Draws shapes.
pub(crate) struct ShapeLayer {
    fill_module: wgpu::ShaderModule,
    line_module: wgpu::ShaderModule,
    pairs: Vec<((wgpu::TextureFormat, u32), Pair)>,
    /// Target of the present frame.
    target: Option<(wgpu::TextureFormat, u32)>,
    known: HashMap<usize, Known>,
    corners: Vec<Corner>,
    strokes: Vec<Stroke>,
    corner_buffer: Option<wgpu::Buffer>,
    stroke_buffer: Option<wgpu::Buffer>,
    plans: u64,
}

impl ShapeLayer {
    /// Compiles the shaders.
    pub fn new(gpu: &Gpu) -> Result<Self, RenderError> {
        Ok(Self {
            fill_module: shaders::module(&gpu.device, "shape_fill")?,
            line_module: shaders::module(&gpu.device, "shape_line")?,
            pairs: Vec::new(),
            target: None,
            known: HashMap::new(),
            corners: Vec::new(),
            strokes: Vec::new(),
            corner_buffer: None,
            stroke_buffer: None,
            plans: 0,
        })
    }

    /// Makes the triangles and strokes of a scene. Gives whether there are any, and whether all are as fine as they will
    /// be.
    pub fn plan(&mut self, gpu: &Gpu, scene: &Scene, frame: &FrameView, wait: bool) -> (bool, bool) {
        self.plans += 1;
        self.corners.clear();
        self.strokes.clear();
        let mut complete = true;
        let mut triangles_left = fill::MOST_TRIANGLES;
        for shape in scene.shapes.iter().filter(|s| s.visible) {
            let geometry = &shape.geometry;
            let seen = Seen::of(geometry, frame);
            if !seen.visible {
                continue;
            }
            let style = &shape.style;
            let width_px = shape.style.width_pt * scene.pixels_per_point;
            let rgba = |[r, g, b]: [u8; 3], alpha: f32| [r, g, b, (alpha * 255.0).round() as u8];
            let line = rgba(style.colour, style.stroke);
            if seen.size_px < SMALLEST_PX && geometry.kind != ShapeKind::Point {
                // From afar a pond is a speck of its colour.
                let speck = width_px.min(2.0);
                let colour =
                    if style.stroke > 0.0 { line } else { rgba(style.area.unwrap_or(style.colour), style.fill) };
                outline::point(&mut self.strokes, frame, seen.middle, (colour, speck));
                continue;
            }
            let Some(prepared) = self.prepared(geometry, seen.m_per_px, wait, &mut complete) else { continue };
            let Some(prepared) = prepared.get() else { continue };
            if geometry.kind == ShapeKind::Polygon && style.fill > 0.0 {
                let area = rgba(style.area.unwrap_or(style.colour), style.fill);
                let triangles = prepared.triangles.get_or_init(|| Triangles::of(&prepared.geometry));
                fill::emit(&mut self.corners, triangles, frame, area, &mut triangles_left);
            }
            if style.stroke > 0.0 {
                outline::emit(&mut self.strokes, &prepared.geometry, frame, style, (line, width_px));
            }
        }
        let now = self.plans;
        self.known.retain(|_, k| k.last_seen + KEEP_PLANS > now);
        let any = !self.corners.is_empty() || !self.strokes.is_empty();
        if any {
            upload(gpu, &mut self.corner_buffer, "areas", bytemuck::cast_slice(&self.corners));
            upload(gpu, &mut self.stroke_buffer, "outlines", bytemuck::cast_slice(&self.strokes));
        }
        (any, complete)
    }

    /// The geometry thinned for a view; while it is being made another level of it.
    fn prepared(
        &mut self,
        geometry: &Arc<Geometry>,
        m_per_px: f64,
        wait: bool,
        complete: &mut bool,
    ) -> Option<Arc<OnceLock<Prepared>>> {
        let key = Arc::as_ptr(geometry) as usize;
        let known = self.known.entry(key).or_insert_with(|| Known {
            _geometry: Arc::clone(geometry),
            levels: Vec::new(),
            last_seen: 0,
        });
        known.last_seen = self.plans;
        let level = thin::level(geometry, m_per_px);
        let slot = match known.levels.iter().find(|(l, _)| *l == level) {
            Some((_, slot)) => Arc::clone(slot),
            None => {
                let slot = Arc::new(OnceLock::new());
                known.levels.push((level, Arc::clone(&slot)));
                slot
            }
        };
        if slot.get().is_some() {
            return Some(slot);
        }
        let geometry = Arc::clone(geometry);
        let make = move || {
            let prepared = Prepared { geometry: thin::thinned(&geometry, level), triangles: OnceLock::new() };
            if prepared.geometry.kind == ShapeKind::Polygon {
                prepared.triangles.get_or_init(|| Triangles::of(&prepared.geometry));
            }
            prepared
        };
        if wait || known._geometry.places() <= LARGE {
            slot.get_or_init(make);
            return Some(slot);
        }
        *complete = false;
        // A third reference means that it is being made already.
        if Arc::strong_count(&slot) <= 2 {
            let own = Arc::clone(&slot);
            rayon::spawn(move || {
                own.get_or_init(make);
            });
        }
        let others = known.levels.iter().filter(|(_, s)| s.get().is_some());
        others.min_by_key(|(l, _)| l.abs_diff(level)).map(|(_, s)| Arc::clone(s))
    }

    /// Makes the pipelines for a target.
    pub fn ready(&mut self, gpu: &Gpu, frame: &wgpu::BindGroupLayout, target: (wgpu::TextureFormat, u32)) {
        self.target = Some(target);
        if self.pairs.iter().any(|(t, _)| *t == target) {
            return;
        }
        let fill = pipeline(gpu, frame, &self.fill_module, target, fill::LAYOUT, wgpu::PrimitiveTopology::TriangleList);
        let strip = wgpu::PrimitiveTopology::TriangleStrip;
        let line = pipeline(gpu, frame, &self.line_module, target, outline::LAYOUT, strip);
        self.pairs.push((target, Pair { fill, line }));
    }

    /// Records the draw calls; returns their number. `offsets`: those of the frame's copies.
    pub fn encode(&self, pass: &mut wgpu::RenderPass<'_>, group: &wgpu::BindGroup, offsets: &[u32]) -> usize {
        let Some((_, pair)) = self.pairs.iter().find(|(t, _)| Some(*t) == self.target) else { return 0 };
        let mut calls = 0;
        if let (Some(buffer), false) = (&self.corner_buffer, self.corners.is_empty()) {
            pass.set_pipeline(&pair.fill);
            pass.set_vertex_buffer(0, buffer.slice(..));
            for offset in offsets {
                pass.set_bind_group(0, group, &[*offset]);
                pass.draw(0..self.corners.len() as u32, 0..1);
                calls += 1;
            }
        }
        if let (Some(buffer), false) = (&self.stroke_buffer, self.strokes.is_empty()) {
            pass.set_pipeline(&pair.line);
            pass.set_vertex_buffer(0, buffer.slice(..));
            for offset in offsets {
                pass.set_bind_group(0, group, &[*offset]);
                pass.draw(0..4, 0..self.strokes.len() as u32);
                calls += 1;
            }
        }
        calls
    }
}

/// What a view sees of a shape.
struct Seen {
    visible: bool,
    middle: LonLat,
    /// Projected metres of a pixel where it is nearest.
    m_per_px: f64,
    size_px: f64,
}

impl Seen {
    fn of(geometry: &Geometry, frame: &FrameView) -> Self {
        let cap = geometry.cap();
        let up = cap.middle;
        let middle = LonLat::new(up.y.atan2(up.x).to_degrees(), up.z.clamp(-1.0, 1.0).asin().to_degrees());
        let ground_m = cap.angle_rad * EARTH_RADIUS_M;
        let centre = project(frame.view.camera.projection, middle);
        let small = cap.angle_rad < 0.15;
        let (visible, m_per_px) = match centre {
            Some(v) if frame.view.is_globe() => {
                // A little more: the ellipsoid is no sphere.
                let radius = 2.0 * EARTH_RADIUS_M * (cap.angle_rad.min(std::f64::consts::PI) / 2.0).sin() * 1.02 + 1.0;
                (frame.sees(v, radius), frame.m_per_px(v, radius))
            }
            Some(v) if small => {
                // Maps stretch what lies away from their middle; nowhere in sight more than this.
                let stretch = 2.0 / middle.lat_deg.to_radians().cos().max(0.03);
                (frame.sees(v, ground_m * stretch), frame.m_per_px(v, 0.0))
            }
            _ => (true, frame.m_per_px(frame.anchor, 0.0)),
        };
        Self { visible, middle, m_per_px, size_px: 2.0 * ground_m / m_per_px.max(1e-9) }
    }
}

fn upload(gpu: &Gpu, buffer: &mut Option<wgpu::Buffer>, label: &str, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let size = bytes.len() as u64;
    let held = match buffer.take() {
        Some(held) if held.size() >= size => held,
        _ => gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size: size.next_power_of_two(),
            usage: wgpu::BufferUsages::VERTEX | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        }),
    };
    gpu.queue.write_buffer(&held, 0, bytes);
    *buffer = Some(held);
}

fn pipeline(
    gpu: &Gpu,
    frame: &wgpu::BindGroupLayout,
    module: &wgpu::ShaderModule,
    (format, count): (wgpu::TextureFormat, u32),
    vertices: wgpu::VertexBufferLayout<'_>,
    topology: wgpu::PrimitiveTopology,
) -> wgpu::RenderPipeline {
    let layout = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some("shapes"),
        bind_group_layouts: &[Some(frame)],
        immediate_size: 0,
    });
    gpu.device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some("shapes"),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module,
            entry_point: Some("vertex_main"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &[Some(vertices)],
        },
        primitive: wgpu::PrimitiveState { topology, ..wgpu::PrimitiveState::default() },
        depth_stencil: Some(crate::look::depth_state(crate::look::Depths::Ignored)),
        multisample: wgpu::MultisampleState { count, ..wgpu::MultisampleState::default() },
        fragment: Some(wgpu::FragmentState {
            module,
            entry_point: Some("fragment_main"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &[Some(wgpu::ColorTargetState {
                format,
                blend: Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
                write_mask: wgpu::ColorWrites::ALL,
            })],
        }),
        multiview_mask: None,
        cache: None,
    })
}

/// A place in the projection of a frame, on the turn of `near` where longitude is an axis.
fn projected(frame: &FrameView, place: LonLat, near: Option<DVec3>) -> Option<DVec3> {
    let v = project(frame.view.camera.projection, place)?;
    match (frame.turn, near) {
        (Some(turn), Some(near)) => Some(v - DVec3::X * ((v.x - near.x) / turn).round() * turn),
        _ => Some(v),
    }
}

/// Whether the way between two places near each other crosses the meridian along which a map is cut open.
fn is_torn(frame: &FrameView, a: LonLat, b: LonLat) -> bool {
    let Some(middle) = frame.cut.and_then(|(plane, _)| plane.cut_about_deg()) else { return false };
    let off = |p: LonLat| wrap_180(p.lon_deg - middle);
    (off(a) - off(b)).abs() > 180.0
}
