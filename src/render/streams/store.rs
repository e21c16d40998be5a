//! Where particles are kept, moved and drawn: in storage buffers moved by the device, or in memory moved by the CPU and
//! shown through a texture.

use seaglass_core::style::Blend;

use super::engine::{self, Advance, Flow, Words};
use super::grid::{FlowGrid, Node};
use crate::error::RenderError;
use crate::gpu::Gpu;
use crate::pipelines::{Pipelines, meeting};
use crate::shaders;

/// Mirror of `Tails` in `shaders/shared/tails.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct Tails {
    pub offset: [f32; 4],
    pub time: [u32; 4],
    pub fade: [f32; 4],
}

/// Threads of a workgroup of `shaders/advect.wgsl`.
const GROUP: u32 = 64;
/// Workgroups along one direction.
const GROUPS: u32 = 32_768;
/// Width of the texture in which particles of the CPU travel.
const TEXTURE_WIDTH: u32 = 2048;
/// Bytes of one buffer of particles.
const CHUNK_BYTES: u64 = 128 << 20;

/// Format, samples a pixel, and how particles meet the colours below.
type Target = (wgpu::TextureFormat, u32, Blend);

/// Shaders and layouts of streamlines, made when the first ones are drawn.
#[derive(Debug)]
pub(crate) struct Machine {
    /// Whether the device moves particles itself.
    pub computes: bool,
    advance: Option<(wgpu::ComputePipeline, wgpu::BindGroupLayout)>,
    tails: wgpu::BindGroupLayout,
    module: wgpu::ShaderModule,
    layout: wgpu::PipelineLayout,
    drawing: Vec<(Target, Vec<wgpu::RenderPipeline>)>,
}

fn entry(binding: u32, visibility: wgpu::ShaderStages, ty: wgpu::BindingType) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry { binding, visibility, ty, count: None }
}

const fn buffer_type(ty: wgpu::BufferBindingType) -> wgpu::BindingType {
    wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None }
}

const fn texture_type(sample_type: wgpu::TextureSampleType) -> wgpu::BindingType {
    wgpu::BindingType::Texture { sample_type, view_dimension: wgpu::TextureViewDimension::D2, multisampled: false }
}

const UNIFORM: wgpu::BindingType = buffer_type(wgpu::BufferBindingType::Uniform);
const NODES: wgpu::BindingType = texture_type(wgpu::TextureSampleType::Float { filterable: false });

impl Machine {
    /// Compiles the shaders; `on_cpu` moves particles there even if the device could.
    pub fn new(gpu: &Gpu, pipelines: &Pipelines, on_cpu: bool) -> Result<Self, RenderError> {
        let limits = gpu.device.limits();
        let computes = !on_cpu
            && limits.max_compute_workgroups_per_dimension > 0
            && limits.max_storage_buffers_per_shader_stage > 0;
        let layout = |label, entries: &[_]| {
            gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(label), entries })
        };
        let storage = |read_only| buffer_type(wgpu::BufferBindingType::Storage { read_only });
        let advance = if computes {
            let compute = wgpu::ShaderStages::COMPUTE;
            let groups = layout(
                "advect",
                &[
                    entry(0, compute, UNIFORM),
                    entry(1, compute, NODES),
                    entry(2, compute, NODES),
                    entry(3, compute, storage(false)),
                ],
            );
            let module = shaders::module(&gpu.device, "advect")?;
            let pipeline = gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some("advect"),
                layout: Some(&gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                    label: Some("advect"),
                    bind_group_layouts: &[Some(&groups)],
                    immediate_size: 0,
                })),
                module: &module,
                entry_point: Some("advance_main"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            });
            Some((pipeline, groups))
        } else {
            None
        };
        let vertex = wgpu::ShaderStages::VERTEX;
        let points = if computes { storage(true) } else { texture_type(wgpu::TextureSampleType::Uint) };
        let tails = layout("tails", &[entry(0, vertex, UNIFORM), entry(1, vertex, points)]);
        let module = shaders::module(&gpu.device, if computes { "streams" } else { "streams_texture" })?;
        let pipeline_layout = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("streams"),
            bind_group_layouts: &[Some(&pipelines.frame), Some(&pipelines.style), Some(&tails)],
            immediate_size: 0,
        });
        Ok(Self { computes, advance, tails, module, layout: pipeline_layout, drawing: Vec::new() })
    }

    /// Makes the pipelines for a target and a way of meeting the colours below.
    pub fn ready(&mut self, gpu: &Gpu, format: wgpu::TextureFormat, count: u32, blend: Blend) {
        if self.pipelines(format, count, blend).is_none() {
            let made = meeting::steps(blend).iter().map(|b| self.make(gpu, format, count, *b)).collect();
            self.drawing.push(((format, count, blend), made));
        }
    }

    fn make(
        &self,
        gpu: &Gpu,
        format: wgpu::TextureFormat,
        count: u32,
        blend: wgpu::BlendState,
    ) -> wgpu::RenderPipeline {
        gpu.device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some("streams"),
            layout: Some(&self.layout),
            vertex: wgpu::VertexState {
                module: &self.module,
                entry_point: Some("vertex_main"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                buffers: &[],
            },
            primitive: wgpu::PrimitiveState {
                topology: wgpu::PrimitiveTopology::TriangleStrip,
                ..wgpu::PrimitiveState::default()
            },
            depth_stencil: Some(crate::look::depth_state(crate::look::Depths::Ignored)),
            multisample: wgpu::MultisampleState { count, ..wgpu::MultisampleState::default() },
            fragment: Some(wgpu::FragmentState {
                module: &self.module,
                entry_point: Some("fragment_main"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
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

    /// The pipelines for a target, once made: one for each step of meeting.
    pub fn pipelines(&self, format: wgpu::TextureFormat, count: u32, blend: Blend) -> Option<&[wgpu::RenderPipeline]> {
        self.drawing.iter().find(|(key, _)| *key == (format, count, blend)).map(|(_, p)| &p[..])
    }

    /// Most particles with so many points each that a store can hold.
    pub fn most(&self, gpu: &Gpu, each: u32) -> u32 {
        if self.computes {
            return u32::MAX;
        }
        let height = gpu.max_side_px().min(16_384);
        TEXTURE_WIDTH.min(gpu.max_side_px()) * height / each.max(1)
    }
}

/// A part of the particles on the device.
#[derive(Debug)]
struct Chunk {
    count: u32,
    first: u32,
    uniform: wgpu::Buffer,
    points: wgpu::Buffer,
    advance: Option<wgpu::BindGroup>,
    draw: wgpu::BindGroup,
}

/// Particles of one layer.
#[derive(Debug)]
pub(crate) struct Store {
    /// Particles.
    pub count: u32,
    /// Points of each.
    pub each: u32,
    tails: wgpu::Buffer,
    inside: Inside,
}

#[derive(Debug)]
enum Inside {
    Device { chunks: Vec<Chunk>, nodes: Option<[wgpu::Texture; 2]> },
    Memory { points: Vec<Words>, flow: Vec<Node>, texture: wgpu::Texture, draw: wgpu::BindGroup, stale: bool },
}

fn buffer(gpu: &Gpu, label: &str, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size,
        usage: usage | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

fn texture(gpu: &Gpu, label: &str, [width, height]: [u32; 2], format: wgpu::TextureFormat) -> wgpu::Texture {
    gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: Some(label),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    })
}

fn fill(gpu: &Gpu, texture: &wgpu::Texture, bytes: &[u8]) {
    let size = texture.size();
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(size.width * 16), rows_per_image: None };
    gpu.queue.write_texture(texture.as_image_copy(), bytes, layout, size);
}

fn view(texture: &wgpu::Texture) -> wgpu::TextureView {
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}

impl Store {
    /// Room for particles; what is in it is set by the first advance, which begins anew.
    pub fn new(gpu: &Gpu, machine: &Machine, count: u32, each: u32) -> Self {
        let tails = buffer(gpu, "tails", std::mem::size_of::<Tails>() as u64, wgpu::BufferUsages::UNIFORM);
        let group = |points: wgpu::BindingResource<'_>| {
            gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some("tails"),
                layout: &machine.tails,
                entries: &[
                    wgpu::BindGroupEntry { binding: 0, resource: tails.as_entire_binding() },
                    wgpu::BindGroupEntry { binding: 1, resource: points },
                ],
            })
        };
        let inside = if machine.computes {
            let limits = gpu.device.limits();
            let most = CHUNK_BYTES.min(limits.max_storage_buffer_binding_size).min(limits.max_buffer_size);
            let per = (most / (u64::from(each) * 16)).clamp(1, u64::from(GROUP * GROUPS)) as u32;
            let chunks = (0..count)
                .step_by(per as usize)
                .map(|first| {
                    let count = per.min(count - first);
                    let bytes = u64::from(count) * u64::from(each) * 16;
                    let points =
                        buffer(gpu, "particles", bytes, wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC);
                    let uniform =
                        buffer(gpu, "advect", std::mem::size_of::<Advance>() as u64, wgpu::BufferUsages::UNIFORM);
                    let draw = group(points.as_entire_binding());
                    Chunk { count, first, uniform, points, advance: None, draw }
                })
                .collect();
            Inside::Device { chunks, nodes: None }
        } else {
            let width = TEXTURE_WIDTH.min(gpu.max_side_px());
            let height = (count * each).div_ceil(width).max(1);
            let texture = texture(gpu, "particles", [width, height], wgpu::TextureFormat::Rgba32Uint);
            let draw = group(wgpu::BindingResource::TextureView(&view(&texture)));
            let points = vec![[0; 4]; (width * height) as usize];
            Inside::Memory { points, flow: Vec::new(), texture, draw, stale: true }
        };
        Self { count, each, tails, inside }
    }

    /// Bytes held on the device.
    pub fn bytes(&self) -> u64 {
        let nodes = match &self.inside {
            Inside::Device { nodes: Some(nodes), .. } => {
                nodes.iter().map(|t| u64::from(t.width()) * u64::from(t.height()) * 16).sum()
            }
            _ => 0,
        };
        u64::from(self.count) * u64::from(self.each) * 16 + nodes
    }

    /// Takes over the nodes of a grid and the flow at them.
    pub fn set_flow(&mut self, gpu: &Gpu, machine: &Machine, grid: &FlowGrid, new: Vec<Node>, new_places: bool) {
        let (chunks, nodes) = match &mut self.inside {
            Inside::Memory { flow, .. } => {
                *flow = new;
                return;
            }
            Inside::Device { chunks, nodes } => (chunks, nodes),
        };
        let size = [grid.cols, grid.rows];
        if nodes.as_ref().is_none_or(|n| [n[0].width(), n[0].height()] != size) {
            let make = |label| texture(gpu, label, size, wgpu::TextureFormat::Rgba32Float);
            let made = nodes.insert([make("places"), make("flow")]);
            fill(gpu, &made[0], bytemuck::cast_slice(&grid.places));
            let Some((_, layout)) = &machine.advance else { return };
            for chunk in chunks {
                chunk.advance = Some(gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
                    label: Some("advect"),
                    layout,
                    entries: &[
                        wgpu::BindGroupEntry { binding: 0, resource: chunk.uniform.as_entire_binding() },
                        wgpu::BindGroupEntry {
                            binding: 1,
                            resource: wgpu::BindingResource::TextureView(&view(&made[0])),
                        },
                        wgpu::BindGroupEntry {
                            binding: 2,
                            resource: wgpu::BindingResource::TextureView(&view(&made[1])),
                        },
                        wgpu::BindGroupEntry { binding: 3, resource: chunk.points.as_entire_binding() },
                    ],
                }));
            }
        } else if let (Some(nodes), true) = (&nodes, new_places) {
            fill(gpu, &nodes[0], bytemuck::cast_slice(&grid.places));
        }
        if let Some(nodes) = nodes {
            fill(gpu, &nodes[1], bytemuck::cast_slice(&new));
        }
    }

    /// Moves all particles: now on the CPU, or with `encoder` on the device.
    pub fn advance(
        &mut self,
        gpu: &Gpu,
        machine: &Machine,
        grid: &FlowGrid,
        work: &Advance,
        encoder: &mut wgpu::CommandEncoder,
    ) {
        match &mut self.inside {
            Inside::Memory { points, flow, stale, .. } => {
                let used = (self.count * self.each) as usize;
                engine::advance(Flow { u: work, places: &grid.places, flow }, &mut points[..used]);
                *stale = true;
            }
            Inside::Device { chunks, .. } => {
                let Some((pipeline, _)) = &machine.advance else { return };
                let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
                pass.set_pipeline(pipeline);
                for chunk in chunks {
                    let Some(group) = &chunk.advance else { continue };
                    let mut own = *work;
                    own.size[2] = chunk.first;
                    gpu.queue.write_buffer(&chunk.uniform, 0, bytemuck::bytes_of(&own));
                    pass.set_bind_group(0, group, &[]);
                    let groups = chunk.count.div_ceil(GROUP);
                    pass.dispatch_workgroups(groups.min(GROUPS), groups.div_ceil(GROUPS), 1);
                }
            }
        }
    }

    /// Brings what is drawn up to date.
    pub fn show(&mut self, gpu: &Gpu, tails: &Tails) {
        gpu.queue.write_buffer(&self.tails, 0, bytemuck::bytes_of(tails));
        if let Inside::Memory { points, texture, stale, .. } = &mut self.inside
            && std::mem::take(stale)
        {
            fill(gpu, texture, bytemuck::cast_slice(points));
        }
    }

    /// Records the draw calls; pipeline, frame and style are set.
    pub fn draw(&self, pass: &mut wgpu::RenderPass<'_>) -> usize {
        let vertices = 0..2 * (self.each - 1);
        match &self.inside {
            Inside::Memory { draw, .. } => {
                pass.set_bind_group(2, draw, &[]);
                pass.draw(vertices, 0..self.count);
                1
            }
            Inside::Device { chunks, .. } => {
                for chunk in chunks {
                    pass.set_bind_group(2, &chunk.draw, &[]);
                    pass.draw(vertices.clone(), 0..chunk.count);
                }
                chunks.len()
            }
        }
    }

    /// All points, read back from the device: for tests.
    #[cfg(test)]
    pub fn points(&self, gpu: &Gpu) -> Vec<Words> {
        let chunks = match &self.inside {
            Inside::Memory { points, .. } => return points[..(self.count * self.each) as usize].to_vec(),
            Inside::Device { chunks, .. } => chunks,
        };
        let mut all = Vec::new();
        for chunk in chunks {
            let size = chunk.points.size();
            let out = buffer(gpu, "read", size, wgpu::BufferUsages::MAP_READ);
            let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            encoder.copy_buffer_to_buffer(&chunk.points, 0, &out, 0, size);
            gpu.queue.submit([encoder.finish()]);
            out.map_async(wgpu::MapMode::Read, .., |_| {});
            gpu.device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
            all.extend_from_slice(bytemuck::cast_slice(&out.get_mapped_range(..).unwrap()));
        }
        all
    }
}
