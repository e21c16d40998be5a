//! Bind group layouts and pipelines, one set per target format and sample count.

use crate::error::RenderError;
use crate::gpu::Gpu;
use crate::mesh::Vertex;
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
    /// Group 1 of the relief.
    pub relief: wgpu::BindGroupLayout,
    /// Group 0 of the sky.
    pub sky: wgpu::BindGroupLayout,
    modules: Vec<(&'static str, wgpu::ShaderModule)>,
    sets: Vec<((wgpu::TextureFormat, u32), PipelineSet)>,
}

/// Pipelines for one kind of target.
#[derive(Clone, Debug)]
pub(crate) struct PipelineSet {
    pub raster: wgpu::RenderPipeline,
    pub relief: wgpu::RenderPipeline,
    pub lines: wgpu::RenderPipeline,
    pub dots: wgpu::RenderPipeline,
    pub sky: wgpu::RenderPipeline,
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
        visibility: wgpu::ShaderStages::FRAGMENT,
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
        for name in ["raster", "relief", "lines", "dots", "sky"] {
            modules.push((name, shaders::module(&gpu.device, name)?));
        }
        Ok(Self {
            frame: layout("frame", &[uniform(0, true)]),
            style: layout("style", &[uniform(0, false), texture(1, false)]),
            tile: layout("tile", &[uniform(0, false), texture(1, false)]),
            relief: layout("relief", &[uniform(0, false), texture(1, true), sampler]),
            sky: layout("sky", &[uniform(0, true)]),
            modules,
            sets: Vec::new(),
        })
    }

    /// The pipelines for a target format and sample count.
    pub fn set(&mut self, gpu: &Gpu, format: wgpu::TextureFormat, samples: u32) -> PipelineSet {
        if let Some((_, set)) = self.sets.iter().find(|(key, _)| *key == (format, samples)) {
            return set.clone();
        }
        let set = self.build(gpu, format, samples);
        self.sets.push(((format, samples), set.clone()));
        set
    }

    fn build(&self, gpu: &Gpu, format: wgpu::TextureFormat, samples: u32) -> PipelineSet {
        let vertex = [Some(wgpu::VertexBufferLayout {
            array_stride: std::mem::size_of::<Vertex>() as u64,
            step_mode: wgpu::VertexStepMode::Vertex,
            attributes: &wgpu::vertex_attr_array![0 => Float32x3, 1 => Float32x2],
        })];
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
        let (list, strip) = (wgpu::PrimitiveTopology::TriangleList, wgpu::PrimitiveTopology::TriangleStrip);
        let data = [Some(&self.frame), Some(&self.style), Some(&self.tile)];
        let make = |name, groups: &[Option<&wgpu::BindGroupLayout>], buffers: &[_], topology| {
            self.pipeline(gpu, name, groups, buffers, topology, (format, samples))
        };
        PipelineSet {
            raster: make("raster", &data, &vertex, list),
            relief: make("relief", &[Some(&self.frame), Some(&self.relief)], &vertex, list),
            lines: make("lines", &data[..2], &points, strip),
            dots: make("dots", &data[..2], &points[..1], strip),
            sky: make("sky", &[Some(&self.sky)], &[], list),
        }
    }

    fn pipeline(
        &self,
        gpu: &Gpu,
        name: &'static str,
        groups: &[Option<&wgpu::BindGroupLayout>],
        buffers: &[Option<wgpu::VertexBufferLayout>],
        topology: wgpu::PrimitiveTopology,
        (format, count): (wgpu::TextureFormat, u32),
    ) -> wgpu::RenderPipeline {
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
                entry_point: Some("vertex_main"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                buffers,
            },
            primitive: wgpu::PrimitiveState { topology, ..wgpu::PrimitiveState::default() },
            depth_stencil: None,
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
}
