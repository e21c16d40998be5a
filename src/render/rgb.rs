//! Tiles of three channels, drawn together.

use std::collections::HashMap;

use seaglass_core::tile::TileKey;

use crate::gpu::Gpu;
use crate::residency::Residency;

/// Frames after which what is not drawn is dropped.
const KEEP_FRAMES: u64 = 120;

#[derive(Debug)]
struct Joined {
    group: wgpu::BindGroup,
    values: [wgpu::TextureView; 3],
    last_used: u64,
}

/// Bind groups of tiles of three channels.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    joined: HashMap<[TileKey; 3], Joined>,
    frame: u64,
}

impl Channels {
    /// Begins a frame.
    pub fn begin(&mut self) {
        self.frame += 1;
        let now = self.frame;
        self.joined.retain(|_, j| j.last_used + KEEP_FRAMES > now);
    }

    /// Makes three tiles ready to be drawn together.
    pub fn provide(&mut self, gpu: &Gpu, layout: &wgpu::BindGroupLayout, keys: [TileKey; 3], tiles: &Residency) {
        let [Some(red), Some(green), Some(blue)] = keys.map(|k| tiles.texture(k)) else { return };
        let values = [red, green, blue].map(|t| t.values.clone());
        let frame = self.frame;
        if let Some(known) = self.joined.get_mut(&keys).filter(|j| j.values == values) {
            known.last_used = frame;
            return;
        }
        let entry = |binding, k: usize| wgpu::BindGroupEntry {
            binding,
            resource: wgpu::BindingResource::TextureView(&values[k]),
        };
        let group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("rgb"),
            layout,
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: red.uniform.as_entire_binding() },
                entry(1, 0),
                entry(2, 1),
                entry(3, 2),
            ],
        });
        self.joined.insert(keys, Joined { group, values, last_used: frame });
    }

    /// Bind group 2 of three channels.
    pub fn group(&self, keys: &[TileKey; 3]) -> Option<&wgpu::BindGroup> {
        self.joined.get(keys).map(|j| &j.group)
    }
}
