//! Bind group layouts and pipelines, one set per target format and sample count.

use seaglass_core::style::Blend;

use crate::atlas::Width;
use crate::error::RenderError;
use crate::glyphs::Glyph;
use crate::gpu::Gpu;
use crate::look::{Depths, Look, depth_state};
use crate::mesh::{PlacedVertex, Vertex};
use crate::path_pipelines::{PathLayouts, vertex_stage};
use crate::residency::float_texture;
use crate::shaders;

/// Layouts and shader modules, made once.
#[derive(Debug)]
pub(crate) struct Pipelines {
    /// Group 0 of everything but the sky: the frame uniform with dynamic offset.
    pub frame: wgpu::BindGroupLayout,
    /// Group 1 of rasters, lines and dots.
    pub style: wgpu::BindGroupLayout,
    /// Group 2 of rasters.
    pub tile: wgpu::BindGroupLayout,
    /// Group 2 of three channels.
    pub rgb: wgpu::BindGroupLayout,
    /// Group 2 of small tiles.
    pub small: wgpu::BindGroupLayout,
    /// Stands in where a tile has no light.
    pub no_ground: wgpu::TextureView,
    /// Group 1 of the relief.
    pub relief: wgpu::BindGroupLayout,
    /// Group 0 of the sky.
    pub sky: wgpu::BindGroupLayout,
    /// Groups of samples on the device.
    pub paths: PathLayouts,
    modules: Vec<(&'static str, wgpu::ShaderModule)>,
    sets: Vec<(Target, PipelineSet)>,
}

/// Pipelines for one kind of target.
#[derive(Clone, Debug)]
pub(crate) struct PipelineSet {
    pub relief: wgpu::RenderPipeline,
    pub sky: wgpu::RenderPipeline,
    over: Layered,
    /// Made when a scene asks for them: the second one fills in where the target is transparent.
    multiply: Option<[Layered; 2]>,
    add: Option<Layered>,
}

/// Pipelines of what layers are drawn with, for one way of meeting the colours below.
#[derive(Clone, Debug)]
pub(crate) struct Layered {
    /// By the number of their look, made when a scene asks for them.
    cells: [Option<Cells>; Look::COUNT],
    pub rgb: wgpu::RenderPipeline,
    pub lines: wgpu::RenderPipeline,
    pub dots: wgpu::RenderPipeline,
    pub glyphs: wgpu::RenderPipeline,
    /// Lines and dots from samples on the device.
    pub trails: wgpu::RenderPipeline,
    pub cloud: wgpu::RenderPipeline,
}

/// Pipelines of cells.
#[derive(Clone, Debug)]
pub(crate) struct Cells {
    pub raster: wgpu::RenderPipeline,
    /// Tiles that share textures, by how their values are kept.
    pub small: [wgpu::RenderPipeline; Width::ALL.len()],
}

impl PipelineSet {
    /// The pipelines with which to draw the cells of a layer, as [`layered`](Self::layered).
    pub fn cells(&self, blend: Blend, look: Look, opaque: bool) -> impl Iterator<Item = &Cells> {
        self.layered(blend, opaque).iter().filter_map(move |l| l.cells[look.index()].as_ref())
    }

    /// The pipelines of all steps of a way of meeting.
    fn steps(&self, blend: Blend) -> &[Layered] {
        self.layered(blend, false)
    }

    fn steps_mut(&mut self, blend: Blend) -> &mut [Layered] {
        let one = std::slice::from_mut;
        match (blend, &mut self.multiply, &mut self.add) {
            (Blend::Multiply, Some(both), _) => both,
            (Blend::Add, _, Some(add)) => one(add),
            _ => one(&mut self.over),
        }
    }

    /// The pipelines with which to draw a layer, one after the other. Over an opaque target one is enough.
    pub fn layered(&self, blend: Blend, opaque: bool) -> &[Layered] {
        let one = std::slice::from_ref;
        match (blend, &self.multiply, &self.add) {
            (Blend::Multiply, Some(both), _) => &both[..if opaque { 1 } else { 2 }],
            (Blend::Add, _, Some(add)) => one(add),
            _ => one(&self.over),
        }
    }
}

/// How premultiplied colour S with alpha a meets D with alpha d that is there.
pub(crate) mod meeting {
    use wgpu::{BlendComponent, BlendFactor as F, BlendOperation::Add, BlendState};

    const fn part(src_factor: F, dst_factor: F) -> BlendComponent {
        BlendComponent { src_factor, dst_factor, operation: Add }
    }

    pub const OVER: BlendState = BlendState::PREMULTIPLIED_ALPHA_BLENDING;
    /// S + D, alpha a + d: `plus-lighter` of W3C Compositing Level 2. The target's format limits both to 1.
    pub const ADD: BlendState = BlendState { color: part(F::One, F::One), alpha: part(F::One, F::One) };
    /// `multiply` of W3C Compositing Level 1 is S·D + D·(1 − a) + S·(1 − d), which no single blending does. The first
    /// step leaves alpha alone, so that the second one still finds it.
    pub const MULTIPLY: [BlendState; 2] = [
        BlendState { color: part(F::Dst, F::OneMinusSrcAlpha), alpha: part(F::Zero, F::One) },
        BlendState { color: part(F::OneMinusDstAlpha, F::One), alpha: part(F::OneMinusDstAlpha, F::One) },
    ];

    /// The steps of a way of meeting, one after the other. Over an opaque target the first is enough.
    pub fn steps(blend: super::Blend) -> &'static [BlendState] {
        match blend {
            super::Blend::Over => &[OVER],
            super::Blend::Add => &[ADD],
            super::Blend::Multiply => &MULTIPLY,
        }
    }
}

/// Format, samples a pixel, and whether cells drawn before may hide what is drawn.
pub(crate) type Target = (wgpu::TextureFormat, u32, bool);

const LIST: wgpu::PrimitiveTopology = wgpu::PrimitiveTopology::TriangleList;
const STRIP: wgpu::PrimitiveTopology = wgpu::PrimitiveTopology::TriangleStrip;

/// The vertices of patches.
fn vertices() -> wgpu::VertexBufferLayout<'static> {
    const ATTRIBUTES: [wgpu::VertexAttribute; 2] = wgpu::vertex_attr_array![0 => Float32x3, 1 => Float32x2];
    wgpu::VertexBufferLayout {
        array_stride: std::mem::size_of::<Vertex>() as u64,
        step_mode: wgpu::VertexStepMode::Vertex,
        attributes: &ATTRIBUTES,
    }
}

/// The vertices of patches of small tiles.
fn placed_vertices() -> wgpu::VertexBufferLayout<'static> {
    const ATTRIBUTES: [wgpu::VertexAttribute; 3] =
        wgpu::vertex_attr_array![0 => Float32x3, 1 => Float32x2, 2 => Uint32x2];
    wgpu::VertexBufferLayout {
        array_stride: std::mem::size_of::<PlacedVertex>() as u64,
        step_mode: wgpu::VertexStepMode::Vertex,
        attributes: &ATTRIBUTES,
    }
}

/// Arrows and barbs, one an instance.
fn symbols() -> wgpu::VertexBufferLayout<'static> {
    const ATTRIBUTES: [wgpu::VertexAttribute; 3] =
        wgpu::vertex_attr_array![0 => Float32x4, 1 => Float32x4, 2 => Float32];
    wgpu::VertexBufferLayout {
        array_stride: std::mem::size_of::<Glyph>() as u64,
        step_mode: wgpu::VertexStepMode::Instance,
        attributes: &ATTRIBUTES,
    }
}

/// Bytes of one point of a line: local x, y, z and the value.
pub(crate) const POINT_BYTES: u64 = 16;

fn uniform(binding: u32, dynamic: bool) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::VERTEX_FRAGMENT,
        ty: wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Uniform,
            has_dynamic_offset: dynamic,
            min_binding_size: None,
        },
        count: None,
    }
}

fn texture(binding: u32, filterable: bool) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::VERTEX_FRAGMENT,
        ty: wgpu::BindingType::Texture {
            sample_type: wgpu::TextureSampleType::Float { filterable },
            view_dimension: wgpu::TextureViewDimension::D2,
            multisampled: false,
        },
        count: None,
    }
}

impl Pipelines {
    /// Compiles the shaders.
    pub fn new(gpu: &Gpu) -> Result<Self, RenderError> {
        let layout = |label, entries: &[wgpu::BindGroupLayoutEntry]| {
            gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(label), entries })
        };
        let sampler = wgpu::BindGroupLayoutEntry {
            binding: 2,
            visibility: wgpu::ShaderStages::FRAGMENT,
            ty: wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering),
            count: None,
        };
        let mut modules = Vec::new();
        for name in ["raster", "small", "rgb", "relief", "lines", "dots", "glyphs", "trails", "cloud", "sky"] {
            modules.push((name, shaders::module(&gpu.device, name)?));
        }
        Ok(Self {
            frame: layout("frame", &[uniform(0, true)]),
            style: layout("style", &[uniform(0, false), texture(1, false)]),
            tile: layout("tile", &[uniform(0, false), texture(1, false), texture(2, false)]),
            rgb: layout("rgb", &[uniform(0, false), texture(1, false), texture(2, false), texture(3, false)]),
            small: crate::atlas::layout(gpu),
            no_ground: float_texture(gpu, "no ground", [1, 1], wgpu::TextureFormat::Rgba32Float, &[0; 16]),
            relief: layout("relief", &[uniform(0, false), texture(1, true), sampler]),
            sky: layout("sky", &[uniform(0, true)]),
            paths: PathLayouts::new(gpu),
            modules,
            sets: Vec::new(),
        })
    }

    /// The pipelines for a target format and sample count, for the ways of meeting that the layers of a scene have, and for
    /// how their cells are drawn.
    pub fn set(&mut self, gpu: &Gpu, target: Target, layers: &[(Blend, Look)]) -> PipelineSet {
        let blends: Vec<Blend> = layers.iter().map(|l| l.0).collect();
        let at = self.sets.iter().position(|(key, _)| *key == target).unwrap_or_else(|| {
            let set = PipelineSet {
                relief: self.surface(gpu, target),
                sky: self.pipeline(gpu, "sky", &[Some(&self.sky)], &[], LIST, target, meeting::OVER),
                over: self.layered(gpu, target, meeting::OVER),
                multiply: None,
                add: None,
            };
            self.sets.push((target, set));
            self.sets.len() - 1
        });
        if blends.contains(&Blend::Multiply) && self.sets[at].1.multiply.is_none() {
            self.sets[at].1.multiply = Some(meeting::MULTIPLY.map(|blend| self.layered(gpu, target, blend)));
        }
        if blends.contains(&Blend::Add) && self.sets[at].1.add.is_none() {
            self.sets[at].1.add = Some(self.layered(gpu, target, meeting::ADD));
        }
        for (blend, look) in layers {
            for (k, step) in meeting::steps(*blend).iter().enumerate() {
                if self.sets[at].1.steps(*blend).get(k).is_some_and(|l| l.cells[look.index()].is_none()) {
                    let made = self.cells(gpu, target, *step, *look);
                    if let Some(layered) = self.sets[at].1.steps_mut(*blend).get_mut(k) {
                        layered.cells[look.index()] = Some(made);
                    }
                }
            }
        }
        self.sets[at].1.clone()
    }

    fn surface(&self, gpu: &Gpu, target: Target) -> wgpu::RenderPipeline {
        let groups = [Some(&self.frame), Some(&self.relief)];
        self.pipeline(gpu, "relief", &groups, &[Some(vertices())], LIST, target, meeting::OVER)
    }

    fn layered(&self, gpu: &Gpu, target: Target, blend: wgpu::BlendState) -> Layered {
        let vertex = [Some(vertices())];
        let attributes: [[wgpu::VertexAttribute; 1]; 4] = [
            wgpu::vertex_attr_array![0 => Float32x4],
            wgpu::vertex_attr_array![1 => Float32x4],
            wgpu::vertex_attr_array![2 => Float32x4],
            wgpu::vertex_attr_array![3 => Float32x4],
        ];
        let points = [0, 1, 2, 3].map(|k: usize| {
            Some(wgpu::VertexBufferLayout {
                array_stride: POINT_BYTES,
                step_mode: wgpu::VertexStepMode::Instance,
                attributes: &attributes[k],
            })
        });
        // Last what changes most often: to bind a group binds those after it again.
        let data = [Some(&self.frame), Some(&self.style), Some(&self.paths.clock)];
        let make = |name, groups: &[Option<&wgpu::BindGroupLayout>], buffers: &[_], topology| {
            self.pipeline(gpu, name, groups, buffers, topology, target, blend)
        };
        Layered {
            cells: [const { None }; Look::COUNT],
            rgb: make("rgb", &[data[0], data[1], data[2], Some(&self.rgb)], &vertex, LIST),
            lines: make("lines", &data[..2], &points, STRIP),
            dots: make("dots", &data[..2], &points[..1], STRIP),
            trails: self.of_samples(gpu, "trails", 4, target, blend),
            cloud: self.of_samples(gpu, "cloud", 1, target, blend),
            glyphs: make("glyphs", &data[..2], &[Some(symbols())], STRIP),
        }
    }

    /// The pipelines of cells of a look.
    fn cells(&self, gpu: &Gpu, target: Target, blend: wgpu::BlendState, look: Look) -> Cells {
        let groups = |last| [Some(&self.frame), Some(&self.style), Some(&self.paths.clock), Some(last)];
        let make = |name, last, buffers: &[_], constants: &[_]| {
            let how = (blend, look.front, constants);
            self.pipeline_at("vertex_main", gpu, name, &groups(last), buffers, LIST, target, how)
        };
        let small = |width| make("small", &self.small, &[Some(placed_vertices())], &look.constants_of(width));
        Cells {
            raster: make("raster", &self.tile, &[Some(vertices())], &look.constants()),
            small: Width::ALL.map(small),
        }
    }

    fn of_samples(
        &self,
        gpu: &Gpu,
        name: &'static str,
        slots: usize,
        target: Target,
        blend: wgpu::BlendState,
    ) -> wgpu::RenderPipeline {
        let groups = [&self.frame, &self.style, &self.paths.clock, &self.paths.samples].map(Some);
        let (entry, buffers, topology) = vertex_stage(gpu, slots);
        self.pipeline_at(entry, gpu, name, &groups, &buffers, topology, target, (blend, false, &[]))
    }

    #[allow(clippy::too_many_arguments, reason = "a pipeline has many parts")]
    fn pipeline(
        &self,
        gpu: &Gpu,
        name: &'static str,
        groups: &[Option<&wgpu::BindGroupLayout>],
        buffers: &[Option<wgpu::VertexBufferLayout>],
        topology: wgpu::PrimitiveTopology,
        target: Target,
        blend: wgpu::BlendState,
    ) -> wgpu::RenderPipeline {
        self.pipeline_at("vertex_main", gpu, name, groups, buffers, topology, target, (blend, false, &[]))
    }

    #[allow(clippy::too_many_arguments, reason = "a pipeline has many parts")]
    fn pipeline_at(
        &self,
        entry: &'static str,
        gpu: &Gpu,
        name: &'static str,
        groups: &[Option<&wgpu::BindGroupLayout>],
        buffers: &[Option<wgpu::VertexBufferLayout>],
        topology: wgpu::PrimitiveTopology,
        (format, count, below): Target,
        (blend, front, constants): (wgpu::BlendState, bool, &[(&'static str, f64)]),
    ) -> wgpu::RenderPipeline {
        let options = wgpu::PipelineCompilationOptions { constants, ..wgpu::PipelineCompilationOptions::default() };
        let depths = match (front, below) {
            (true, _) => Depths::Kept,
            (false, true) => Depths::Compared,
            (false, false) => Depths::Ignored,
        };
        let layout = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(name),
            bind_group_layouts: groups,
            immediate_size: 0,
        });
        let module = self.modules.iter().find(|(n, _)| *n == name).map_or(&self.modules[0].1, |(_, m)| m);
        gpu.device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some(name),
            layout: Some(&layout),
            vertex: wgpu::VertexState {
                module,
                entry_point: Some(entry),
                compilation_options: options.clone(),
                buffers,
            },
            primitive: wgpu::PrimitiveState { topology, ..wgpu::PrimitiveState::default() },
            depth_stencil: Some(depth_state(depths)),
            multisample: wgpu::MultisampleState { count, ..wgpu::MultisampleState::default() },
            fragment: Some(wgpu::FragmentState {
                module,
                entry_point: Some("fragment_main"),
                compilation_options: options,
                targets: &[Some(wgpu::ColorTargetState {
                    format,
                    blend: Some(blend),
                    write_mask: wgpu::ColorWrites::ALL,
                })],
            }),
            multiview_mask: None,
            cache: None,
        })
    }
}
