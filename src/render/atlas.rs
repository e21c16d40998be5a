//! Many small tiles in the layers of one texture, so that thousands of granules of a layer are one draw and none has a
//! texture, a buffer or a bind group of its own.

use std::collections::HashMap;

use crate::gpu::Gpu;

/// Side of a layer, texels.
const SIDE: u32 = 1024;
/// Most values of a small tile down and along, with what is beside them.
const LARGEST: usize = 72;
/// Sides of rooms are whole numbers of this, so that what is freed fits what comes.
const STEP: u32 = 8;
/// Layers a place can name.
const MOST_LAYERS: u32 = 256;

/// Where a tile lies, as `shaders/small.wgsl` reads it.
pub(crate) type Place = [u32; 2];

/// Room of a tile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Room {
    layer: u32,
    x: u32,
    y: u32,
    /// Width and height.
    size: [u32; 2],
}

/// Rooms of one height side by side.
#[derive(Clone, Copy, Debug)]
struct Shelf {
    layer: u32,
    y: u32,
    height: u32,
    next_x: u32,
}

/// Which rooms are free.
#[derive(Debug)]
struct Rooms {
    most_layers: u32,
    shelves: Vec<Shelf>,
    /// Next free line of the last layer.
    next_y: u32,
    layers: u32,
    free: HashMap<[u32; 2], Vec<Room>>,
}

impl Rooms {
    fn new(most_layers: u32) -> Self {
        Self { most_layers, shelves: Vec::new(), next_y: 0, layers: 1, free: HashMap::new() }
    }

    /// Takes a room for so many columns and rows; `None` when all is full.
    fn take(&mut self, cols: u32, rows: u32) -> Option<Room> {
        let size @ [width, height] = [cols, rows].map(|n| n.next_multiple_of(STEP));
        if let Some(room) = self.free.get_mut(&size).and_then(Vec::pop) {
            return Some(room);
        }
        let fits = |s: &&mut Shelf| s.height == height && s.next_x + width <= SIDE;
        if let Some(shelf) = self.shelves.iter_mut().rev().find(fits) {
            let room = Room { layer: shelf.layer, x: shelf.next_x, y: shelf.y, size };
            shelf.next_x += width;
            return Some(room);
        }
        if self.next_y + height > SIDE {
            if self.layers == self.most_layers {
                return None;
            }
            self.layers += 1;
            self.next_y = 0;
        }
        let shelf = Shelf { layer: self.layers - 1, y: self.next_y, height, next_x: width };
        self.next_y += height;
        self.shelves.retain(|s| s.next_x + STEP <= SIDE);
        self.shelves.push(shelf);
        Some(Room { layer: shelf.layer, x: 0, y: shelf.y, size })
    }

    fn give_back(&mut self, room: Room) {
        self.free.entry(room.size).or_default().push(room);
    }
}

/// The texture and its rooms.
#[derive(Debug)]
pub(crate) struct Atlas {
    rooms: Rooms,
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    texture: wgpu::Texture,
    layers: u32,
    group: wgpu::BindGroup,
}

impl Default for Atlas {
    fn default() -> Self {
        Self { rooms: Rooms::new(MOST_LAYERS), held: None }
    }
}

/// Bind group 2 of small tiles.
pub(crate) fn layout(gpu: &Gpu) -> wgpu::BindGroupLayout {
    gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("small"),
        entries: &[wgpu::BindGroupLayoutEntry {
            binding: 0,
            visibility: wgpu::ShaderStages::FRAGMENT,
            ty: wgpu::BindingType::Texture {
                sample_type: wgpu::TextureSampleType::Float { filterable: false },
                view_dimension: wgpu::TextureViewDimension::D2Array,
                multisampled: false,
            },
            count: None,
        }],
    })
}

impl Atlas {
    /// Whether a tile of so many rows and columns, with all that is beside its values, belongs here.
    pub fn takes(rows: usize, cols: usize) -> bool {
        rows <= LARGEST && cols <= LARGEST
    }

    /// Uploads rows of values with one more on every side, the first one of them at level `level`; `timed` when two columns
    /// more hold the time. `None` when there is no room.
    pub fn put(
        &mut self,
        gpu: &Gpu,
        layout: &wgpu::BindGroupLayout,
        values: &[f32],
        [rows, cols]: [u32; 2],
        (level, timed): (u8, bool),
    ) -> Option<(Room, Place)> {
        self.rooms.most_layers = gpu.device.limits().max_texture_array_layers.min(MOST_LAYERS);
        let width = values.len() as u32 / rows;
        let room = self.rooms.take(width, rows)?;
        let texture = self.grown(gpu, layout);
        gpu.queue.write_texture(
            wgpu::TexelCopyTextureInfo {
                texture,
                mip_level: 0,
                origin: wgpu::Origin3d { x: room.x, y: room.y, z: room.layer },
                aspect: wgpu::TextureAspect::All,
            },
            bytemuck::cast_slice(values),
            wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(width * 4), rows_per_image: None },
            wgpu::Extent3d { width, height: rows, depth_or_array_layers: 1 },
        );
        let first = (room.x + 1) | (room.y + 1) << 12 | room.layer << 24;
        Some((room, [first, (rows - 2) | (cols - 2) << 8 | u32::from(level) << 16 | u32::from(timed) << 24]))
    }

    /// Frees the room of a tile.
    pub fn give_back(&mut self, room: Room) {
        self.rooms.give_back(room);
    }

    /// The texture with as many layers as there are rooms in; what it held before is in it.
    fn grown(&mut self, gpu: &Gpu, layout: &wgpu::BindGroupLayout) -> &wgpu::Texture {
        let layers = self.rooms.layers;
        let old = self.held.take();
        let held = match old {
            Some(held) if held.layers >= layers => held,
            old => {
                let held = Held::new(gpu, layout, layers.next_power_of_two().min(self.rooms.most_layers));
                if let Some(old) = old {
                    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
                    let (from, to) = (old.texture.as_image_copy(), held.texture.as_image_copy());
                    encoder.copy_texture_to_texture(from, to, old.texture.size());
                    gpu.queue.submit([encoder.finish()]);
                }
                held
            }
        };
        &self.held.insert(held).texture
    }

    /// Bind group 2 of all small tiles.
    pub fn group(&self) -> Option<&wgpu::BindGroup> {
        self.held.as_ref().map(|h| &h.group)
    }
}

impl Held {
    fn new(gpu: &Gpu, layout: &wgpu::BindGroupLayout, layers: u32) -> Self {
        let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("small tiles"),
            size: wgpu::Extent3d { width: SIDE, height: SIDE, depth_or_array_layers: layers },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::R32Float,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor {
            dimension: Some(wgpu::TextureViewDimension::D2Array),
            ..wgpu::TextureViewDescriptor::default()
        });
        let entries = [wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::TextureView(&view) }];
        let group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("small"),
            layout,
            entries: &entries,
        });
        Self { texture, layers, group }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_do_not_overlap_and_are_used_again() {
        let mut rooms = Rooms::new(3);
        let mut taken: Vec<Room> = Vec::new();
        let sizes = |k: u32| (5 + k * 7 % 66, 3 + k * 13 % 68);
        let mut k = 0;
        while let Some(room) = rooms.take(sizes(k).0, sizes(k).1) {
            assert!(room.size[0] >= sizes(k).0 && room.size[1] >= sizes(k).1);
            assert!(room.x + room.size[0] <= SIDE && room.y + room.size[1] <= SIDE && room.layer < 3);
            taken.push(room);
            k += 1;
        }
        for (k, a) in taken.iter().enumerate() {
            for b in &taken[..k] {
                let apart = a.x + a.size[0] <= b.x
                    || b.x + b.size[0] <= a.x
                    || a.y + a.size[1] <= b.y
                    || b.y + b.size[1] <= a.y;
                assert!(a.layer != b.layer || apart, "{a:?} {b:?}");
            }
        }
        let area: u32 = taken.iter().map(|r| r.size[0] * r.size[1]).sum();
        assert!(area > SIDE * SIDE * 2, "little of three layers is used: {area}");
        let room = taken[17];
        rooms.give_back(room);
        assert_eq!(rooms.take(room.size[0] - 3, room.size[1]), Some(room));
        assert_ne!(rooms.take(room.size[0], room.size[1]), Some(room), "a room is given to one tile only");
    }
}
