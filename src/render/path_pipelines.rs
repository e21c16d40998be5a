//! Layouts and pipelines of what is drawn from samples on the device.

use crate::gpu::Gpu;
use crate::sample::SAMPLE_BYTES;

/// Whether vertex shaders can read the samples from storage.
pub(crate) fn reads_storage(gpu: &Gpu) -> bool {
    gpu.device.limits().max_storage_buffers_per_shader_stage > 0
}

/// Bind group layouts.
#[derive(Clone, Debug)]
pub(crate) struct PathLayouts {
    /// Group 3: samples.
    pub samples: wgpu::BindGroupLayout,
    /// Group 2: times of a layer, with dynamic offset, and the pieces of lines to draw.
    pub clock: wgpu::BindGroupLayout,
}

impl PathLayouts {
    /// Makes them.
    pub fn new(gpu: &Gpu) -> Self {
        let layout = |label, entries: &[wgpu::BindGroupLayoutEntry]| {
            gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(label), entries })
        };
        let buffer = |binding, visibility, ty, has_dynamic_offset| wgpu::BindGroupLayoutEntry {
            binding,
            visibility,
            ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset, min_binding_size: None },
            count: None,
        };
        let storage = wgpu::BufferBindingType::Storage { read_only: true };
        let samples = [buffer(0, wgpu::ShaderStages::VERTEX, storage, false)];
        let clock = [
            buffer(0, wgpu::ShaderStages::VERTEX_FRAGMENT, wgpu::BufferBindingType::Uniform, true),
            buffer(1, wgpu::ShaderStages::VERTEX, storage, false),
        ];
        let stored = reads_storage(gpu);
        Self {
            samples: layout("samples", if stored { &samples } else { &[] }),
            clock: layout("clock", if stored { &clock } else { &clock[..1] }),
        }
    }
}

/// Quads of one draw call: their corners are numbered with 16 bits.
pub(crate) const QUADS: u32 = 16_384;

/// Corners of quads as triangles: 0 1 2, 2 1 3.
pub(crate) fn quads(gpu: &Gpu) -> wgpu::Buffer {
    use wgpu::util::DeviceExt as _;
    let corners: Vec<u16> = (0..QUADS).flat_map(|q| [0, 1, 2, 2, 1, 3].map(|c| (4 * q + c) as u16)).collect();
    gpu.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
        label: Some("quads"),
        contents: bytemuck::cast_slice(&corners),
        usage: wgpu::BufferUsages::INDEX,
    })
}

const ATTRIBUTES: [[wgpu::VertexAttribute; 4]; 4] = [
    wgpu::vertex_attr_array![0 => Sint32x3, 1 => Float32, 2 => Sint32, 3 => Float32],
    wgpu::vertex_attr_array![4 => Sint32x3, 5 => Float32, 6 => Sint32, 7 => Float32],
    wgpu::vertex_attr_array![8 => Sint32x3, 9 => Float32, 10 => Sint32, 11 => Float32],
    wgpu::vertex_attr_array![12 => Sint32x3, 13 => Float32, 14 => Sint32, 15 => Float32],
];

/// How samples reach a vertex shader: entry point, vertex buffers and topology. Software adapters run a shader once for
/// every instance of four corners, so corners of many quads are drawn as one instance where storage can be read.
pub(crate) fn vertex_stage(
    gpu: &Gpu,
    slots: usize,
) -> (&'static str, Vec<Option<wgpu::VertexBufferLayout<'static>>>, wgpu::PrimitiveTopology) {
    if reads_storage(gpu) {
        return ("vertex_main", Vec::new(), wgpu::PrimitiveTopology::TriangleList);
    }
    let buffers = ATTRIBUTES[..slots].iter().map(|attributes| {
        Some(wgpu::VertexBufferLayout {
            array_stride: SAMPLE_BYTES,
            step_mode: wgpu::VertexStepMode::Instance,
            attributes,
        })
    });
    ("vertex_instanced", buffers.collect(), wgpu::PrimitiveTopology::TriangleStrip)
}
