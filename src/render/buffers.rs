//! Buffers and attachments of a frame.

use crate::draw::Prepared;
use crate::frame::{FrameUniform, SkyUniform};
use crate::gpu::Gpu;
use crate::look::DEPTH_FORMAT;
use crate::pipelines::Pipelines;

/// Most copies of a cylindrical map in one picture.
pub(crate) const MOST_COPIES: usize = 9;
/// Distance of dynamic uniforms, the largest any device asks for.
pub(crate) const UNIFORM_STEP: u64 = 256;
/// Uniforms of a view: those of the copies of its map, and of its sky.
pub(crate) const VIEW_STEP: u64 = UNIFORM_STEP * (MOST_COPIES as u64 + 1);
/// Format of a picture.
pub(crate) const PICTURE_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// Samples a pixel. Software adapters pay for each; lines and dots are smoothed in their shaders anyway.
pub(crate) fn samples(gpu: &Gpu) -> u32 {
    if gpu.software { 1 } else { 4 }
}

/// Buffers rewritten every frame, grown as needed.
#[derive(Debug)]
pub(crate) struct FrameBuffers {
    pub vertices: wgpu::Buffer,
    pub indices: wgpu::Buffer,
    pub points: wgpu::Buffer,
    pub glyphs: wgpu::Buffer,
    pub small_vertices: wgpu::Buffer,
    pub small_indices: wgpu::Buffer,
    pub frames: wgpu::Buffer,
    pub frame_group: wgpu::BindGroup,
    pub sky_group: wgpu::BindGroup,
    multisampled: Option<(wgpu::TextureFormat, [u32; 2], wgpu::TextureView)>,
    depths: Option<([u32; 2], wgpu::TextureView)>,
}

fn buffer(gpu: &Gpu, label: &str, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size,
        usage: usage | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

impl FrameBuffers {
    /// Small buffers to begin with.
    pub fn new(gpu: &Gpu, pipelines: &Pipelines) -> Self {
        let frames = buffer(gpu, "frame", 2 * VIEW_STEP, wgpu::BufferUsages::UNIFORM);
        let group = |layout, size: usize| {
            gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some("frame"),
                layout,
                entries: &[wgpu::BindGroupEntry {
                    binding: 0,
                    resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                        buffer: &frames,
                        offset: 0,
                        size: std::num::NonZeroU64::new(size as u64),
                    }),
                }],
            })
        };
        Self {
            vertices: buffer(gpu, "vertices", 1 << 16, wgpu::BufferUsages::VERTEX),
            indices: buffer(gpu, "indices", 1 << 16, wgpu::BufferUsages::INDEX),
            points: buffer(gpu, "points", 1 << 16, wgpu::BufferUsages::VERTEX),
            glyphs: buffer(gpu, "glyphs", 1 << 12, wgpu::BufferUsages::VERTEX),
            small_vertices: buffer(gpu, "small vertices", 1 << 12, wgpu::BufferUsages::VERTEX),
            small_indices: buffer(gpu, "small indices", 1 << 12, wgpu::BufferUsages::INDEX),
            frame_group: group(&pipelines.frame, std::mem::size_of::<FrameUniform>()),
            sky_group: group(&pipelines.sky, std::mem::size_of::<SkyUniform>()),
            frames,
            multisampled: None,
            depths: None,
        }
    }

    /// Bytes held.
    pub fn bytes(&self, samples: u32) -> u64 {
        let depths = self.depths.as_ref().map_or(0, |([w, h], _)| u64::from(w * h) * 4 * u64::from(samples));
        let multisampled = self.multisampled.as_ref().map_or(0, |(_, [w, h], _)| u64::from(w * h) * 16);
        let small = self.small_vertices.size() + self.small_indices.size();
        self.vertices.size()
            + self.indices.size()
            + self.points.size()
            + self.glyphs.size()
            + small
            + multisampled
            + depths
    }

    pub fn upload(&mut self, gpu: &Gpu, prepared: &Prepared) {
        let put = |old: &mut wgpu::Buffer, label: &str, usage: wgpu::BufferUsages, bytes: &[u8]| {
            if bytes.len() as u64 > old.size() {
                *old = buffer(gpu, label, (bytes.len() as u64).next_power_of_two(), usage);
            }
            if !bytes.is_empty() {
                gpu.queue.write_buffer(old, 0, bytes);
            }
        };
        let vertex = wgpu::BufferUsages::VERTEX;
        put(&mut self.vertices, "vertices", vertex, bytemuck::cast_slice(&prepared.vertices));
        put(&mut self.indices, "indices", wgpu::BufferUsages::INDEX, bytemuck::cast_slice(&prepared.indices));
        put(&mut self.points, "points", vertex, bytemuck::cast_slice(&prepared.points.points));
        put(&mut self.glyphs, "glyphs", vertex, bytemuck::cast_slice(&prepared.glyphs));
        let (small, indices) = (&prepared.small_vertices, &prepared.small_indices);
        put(&mut self.small_vertices, "small vertices", vertex, bytemuck::cast_slice(small));
        put(&mut self.small_indices, "small indices", wgpu::BufferUsages::INDEX, bytemuck::cast_slice(indices));
    }

    /// The target with several samples a pixel, to be resolved into the picture.
    pub fn multisampled(
        &mut self,
        gpu: &Gpu,
        format: wgpu::TextureFormat,
        size: [u32; 2],
        samples: u32,
    ) -> wgpu::TextureView {
        if let Some((f, s, view)) = &self.multisampled
            && (*f, *s) == (format, size)
        {
            return view.clone();
        }
        let view = attachment(gpu, "multisampled", format, size, samples);
        self.multisampled = Some((format, size, view.clone()));
        view
    }

    /// The depths of what is drawn from the top down.
    pub fn depths(&mut self, gpu: &Gpu, size: [u32; 2], samples: u32) -> wgpu::TextureView {
        if let Some((_, view)) = self.depths.as_ref().filter(|(s, _)| *s == size) {
            return view.clone();
        }
        let view = attachment(gpu, "depths", DEPTH_FORMAT, size, samples);
        self.depths = Some((size, view.clone()));
        view
    }
}

/// A texture that is drawn to and never read.
fn attachment(
    gpu: &Gpu,
    label: &str,
    format: wgpu::TextureFormat,
    [width, height]: [u32; 2],
    sample_count: u32,
) -> wgpu::TextureView {
    let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: Some(label),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT,
        view_formats: &[],
    });
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}
