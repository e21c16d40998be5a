//! Tiles held for drawing: textures of rasters, values of tracks. Budget in bytes, least recently drawn out first, never
//! what the current frame draws.

use std::borrow::Cow;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use seaglass_core::field::{Apron, Block};
use seaglass_core::geolocation::Geolocation;
use seaglass_core::tile::TileKey;

use crate::atlas::{Atlas, Place, Room, Texels, Width};
use crate::fields::Fields;
use crate::filled::Filled;
use crate::gpu::Gpu;
use crate::int_map::IntMap;
use crate::marks::{self, Mark};
use crate::pacing::Pacing;
use crate::pipelines::Pipelines;
use crate::sample::{NO_TIME, day_of};
use crate::tree::TileAt;

/// Mirror of `Tile` in `shaders/raster.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
struct TileUniform {
    size: [f32; 2],
    centre: f32,
    timed: f32,
}

/// As what the tiles of an item are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Uses {
    /// On the device, to be drawn as cells.
    pub texture: bool,
    /// In memory: tracks, points, and what symbols are made from.
    pub values: bool,
    /// With a texture of its own: to be lit, or to be drawn together with other channels.
    pub alone: bool,
}

impl Default for Uses {
    fn default() -> Self {
        Self { texture: true, values: false, alone: false }
    }
}

impl Uses {
    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            texture: self.texture || other.texture,
            values: self.values || other.values,
            alone: self.alone || other.alone,
        }
    }

    fn covers(self, needed: Self) -> bool {
        (self.texture || !needed.texture) && (self.values || !needed.values) && (self.alone || !needed.alone)
    }
}

/// A raster's tile on the device.
#[derive(Debug)]
pub(crate) struct TileTexture {
    /// Bind group 2 of cells without light.
    pub plain: wgpu::BindGroup,
    /// The values with their apron.
    pub values: wgpu::TextureView,
    /// Size and place of the cells.
    pub uniform: wgpu::Buffer,
    /// Values that stand alone.
    marks: Vec<Mark>,
}

impl TileTexture {
    /// Bind group 2 of cells over a ground.
    pub fn group(&self, gpu: &Gpu, layout: &wgpu::BindGroupLayout, ground: &wgpu::TextureView) -> wgpu::BindGroup {
        bind(gpu, layout, &self.uniform, &self.values, ground)
    }
}

/// A raster's tile among others in the layers of one texture.
#[derive(Debug)]
struct SharedTile {
    room: Room,
    place: Place,
    marks: Vec<Mark>,
}

/// What a tile became.
#[derive(Debug, Default)]
struct Content {
    texture: Option<TileTexture>,
    shared: Option<SharedTile>,
    /// Where cells have values.
    filled: Option<Filled>,
    /// Values in memory.
    values: Option<Arc<Block>>,
}

impl Content {
    fn uses(&self) -> Uses {
        let alone = self.texture.is_some();
        Uses { texture: alone || self.shared.is_some(), values: self.values.is_some(), alone }
    }
}

#[derive(Debug)]
struct Resident {
    content: Content,
    bytes: u64,
    last_used: u64,
}

/// The store.
#[derive(Debug, Default)]
pub(crate) struct Residency {
    tiles: IntMap<TileKey, Resident>,
    atlas: Atlas,
    /// What the values of tiles are written with.
    fields: Fields,
    pending: VecDeque<(TileKey, Block)>,
    waiting: HashSet<TileKey>,
    failed: HashSet<TileKey>,
    bytes: u64,
    frame: u64,
    /// Changes whenever a tile comes or goes, by item.
    epochs: IntMap<u64, u64>,
    /// As what the tiles of items are needed; textures where nothing else was said.
    uses: IntMap<u64, Uses>,
    /// Positions of items whose rows have times.
    timed: IntMap<u64, Arc<Geolocation>>,
}

impl Residency {
    /// A finished read, to be uploaded by [`upload`](Self::upload).
    pub fn supply(&mut self, key: TileKey, block: Block) {
        if !self.has(key) && self.waiting.insert(key) {
            self.pending.push_back((key, block));
        }
    }

    /// A tile that cannot be read.
    pub fn fail(&mut self, key: TileKey) {
        self.failed.insert(key);
    }

    /// Forgets items.
    pub fn forget(&mut self, items: &[u64]) {
        let items: HashSet<u64> = items.iter().copied().collect();
        let gone = |key: &TileKey| items.contains(&key.item);
        let keys: Vec<TileKey> = self.tiles.keys().copied().filter(gone).collect();
        keys.into_iter().for_each(|key| self.drop_tile(key));
        self.pending.retain(|(key, _)| !gone(key));
        self.waiting.retain(|key| !gone(key));
        self.failed.retain(|key| !gone(key));
        self.epochs.retain(|item, _| !items.contains(item));
        self.uses.retain(|item, _| !items.contains(item));
        self.timed.retain(|item, _| !items.contains(item));
        self.fields.forget(&items);
    }

    /// Says that items hold values of one field: what few values it has they share.
    pub fn join(&mut self, items: &[u64], others: impl Iterator<Item = u64>) {
        self.fields.join(items, others);
    }

    /// Bytes of a value of an item on the device, as far as is known.
    pub fn value_bytes(&self, item: u64) -> u64 {
        if self.needed(item).alone { 4 } else { self.fields.value_bytes(item) }
    }

    /// Drops a tile and frees its room.
    fn drop_tile(&mut self, key: TileKey) {
        if let Some(tile) = self.tiles.remove(&key) {
            self.bytes -= tile.bytes;
            if let Some(shared) = tile.content.shared {
                self.atlas.give_back(shared.room);
            }
        }
    }

    /// Notes where an item lies: its rows may have times.
    pub fn place(&mut self, item: u64, geolocation: &Arc<Geolocation>) {
        if rows_of(geolocation).is_some() && !self.timed.contains_key(&item) {
            self.timed.insert(item, Arc::clone(geolocation));
        }
    }

    /// Says as what the tiles of an item are needed. Those held for another use only are asked for again.
    pub fn need(&mut self, item: u64, uses: Uses) {
        if self.uses.insert(item, uses) != Some(uses) {
            *self.epochs.entry(item).or_default() += 1;
        }
    }

    fn needed(&self, item: u64) -> Uses {
        self.uses.get(&item).copied().unwrap_or_default()
    }

    /// Begins a frame.
    pub fn begin(&mut self) {
        self.frame += 1;
    }

    /// Uploads waiting tiles up to a number of bytes, as long as the pacing allows (at least one tile). Values that are few
    /// are `packed`.
    pub fn upload(&mut self, gpu: &Gpu, pipelines: &Pipelines, (budget, packed): (u64, bool), pacing: &Pacing) {
        let mut spent = 0;
        while spent < budget && pacing.allows() {
            let Some((key, block)) = self.pending.pop_front() else { return };
            self.waiting.remove(&key);
            let uses = self.needed(key.item);
            let (mut content, mut bytes) = (Content::default(), 0);
            if uses.texture {
                if !is_whole(&block) {
                    self.failed.insert(key);
                    continue;
                }
                let padded = Padded::of(&block, self.timed.get(&key.item).and_then(|g| rows_of(g)));
                content.filled = Some(Filled::of(&padded.values, [block.window.rows, block.window.cols]));
                if !uses.alone {
                    (content.shared, bytes) = self.share(gpu, pipelines, key, &padded, packed);
                }
                if content.shared.is_none() {
                    if !fits(gpu, &block) {
                        self.failed.insert(key);
                        continue;
                    }
                    bytes = texels(&block) * 4;
                    content.texture = Some(texture(gpu, pipelines, key.level, &block, &padded));
                }
            }
            if uses.values {
                bytes += block.values.len() as u64 * 4;
                content.values = Some(Arc::new(block));
            }
            spent += bytes;
            self.drop_tile(key);
            self.bytes += bytes;
            *self.epochs.entry(key.item).or_default() += 1;
            self.tiles.insert(key, Resident { content, bytes, last_used: self.frame });
        }
    }

    /// Puts a tile among others, and says how many bytes it takes; nothing where there is no room.
    fn share(
        &mut self,
        gpu: &Gpu,
        pipelines: &Pipelines,
        key: TileKey,
        padded: &Padded<'_>,
        packed: bool,
    ) -> (Option<SharedTile>, u64) {
        let (field, words) = self.fields.of(key.item);
        let texels = Texels::of(&padded.values, padded.size, padded.times.as_deref(), packed.then_some(&mut *words));
        let put = self.atlas.put(gpu, &pipelines.small, &texels, key.level, (field, words));
        match put {
            Some((room, place)) => (Some(SharedTile { room, place, marks: padded.marks() }), texels.bytes()),
            None => (None, 0),
        }
    }

    /// Whether uploads are waiting.
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether a tile can be drawn as it is needed.
    pub fn has(&self, key: TileKey) -> bool {
        self.tiles.get(&key).is_some_and(|t| t.content.uses().covers(self.needed(key.item)))
    }

    /// Whether the tiles of all items of a group are there.
    pub fn has_all(&self, group: &[u64], TileAt { level, ty, tx }: TileAt) -> bool {
        group.iter().all(|item| self.has(TileKey { item: *item, level, ty, tx }))
    }

    /// Whether a tile will not come, or has come already.
    pub fn settled(&self, key: TileKey) -> bool {
        self.has(key) || self.failed.contains(&key) || self.waiting.contains(&key)
    }

    /// A raster tile on the device.
    pub fn texture(&self, key: TileKey) -> Option<&TileTexture> {
        self.tiles.get(&key)?.content.texture.as_ref()
    }

    /// Values of a raster tile that stand alone.
    pub fn marks(&self, key: TileKey) -> &[Mark] {
        let Some(content) = self.tiles.get(&key).map(|t| &t.content) else { return &[] };
        let own = content.texture.as_ref().map(|t| &t.marks);
        own.or(content.shared.as_ref().map(|s| &s.marks)).map_or(&[], |m| m)
    }

    /// The texture that a raster tile shares, and where in it; `None` when it has one of its own, or is not there.
    pub fn place_of(&self, key: TileKey) -> Option<(u32, Place)> {
        let content = &self.tiles.get(&key)?.content;
        content.shared.as_ref().filter(|_| content.texture.is_none()).map(|s| (s.room.bank, s.place))
    }

    /// Whether a raster tile may have values between two edges of rows and two of columns, in its own values.
    pub fn shows(&self, key: TileKey, rows: [f64; 2], cols: [f64; 2]) -> bool {
        let filled = self.tiles.get(&key).and_then(|t| t.content.filled.as_ref());
        filled.is_none_or(|f| f.any(rows, cols))
    }

    /// Bind group 2 of the tiles of a shared texture, and how their values are kept.
    pub fn shared_group(&self, bank: u32) -> Option<(&wgpu::BindGroup, Width)> {
        self.atlas.group(bank)
    }

    /// Values of a tile, where they are kept in memory.
    pub fn values(&self, key: TileKey) -> Option<Arc<Block>> {
        self.tiles.get(&key)?.content.values.clone()
    }

    /// Notes that this frame draws the tiles of a group.
    pub fn touch(&mut self, group: &[u64], TileAt { level, ty, tx }: TileAt) {
        for item in group {
            if let Some(tile) = self.tiles.get_mut(&TileKey { item: *item, level, ty, tx }) {
                tile.last_used = self.frame;
            }
        }
    }

    /// Counter of the comings and goings of a group.
    pub fn epoch(&self, group: &[u64]) -> u64 {
        group.iter().map(|item| self.epochs.get(item).copied().unwrap_or_default()).fold(0, u64::wrapping_add)
    }

    /// Drops the least recently drawn tiles beyond the budget.
    pub fn evict(&mut self, budget: u64) {
        if self.bytes <= budget {
            return;
        }
        let mut old: Vec<(u64, TileKey)> =
            self.tiles.iter().filter(|(_, t)| t.last_used < self.frame).map(|(k, t)| (t.last_used, *k)).collect();
        old.sort_unstable();
        for (_, key) in old {
            if self.bytes <= budget {
                break;
            }
            self.drop_tile(key);
            *self.epochs.entry(key.item).or_default() += 1;
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Number of tiles held.
    pub fn len(&self) -> usize {
        self.tiles.len()
    }
}

fn texels(block: &Block) -> u64 {
    (block.window.rows as u64 + 2) * (block.window.cols as u64 + 2)
}

/// Whether a block has the values it says it has.
fn is_whole(block: &Block) -> bool {
    block.values.len() == block.apron.len(block.window) && !block.window.is_empty()
}

fn fits(gpu: &Gpu, block: &Block) -> bool {
    let most = gpu.max_side_px() as usize;
    block.window.rows + 2 <= most && block.window.cols + 4 <= most
}

/// Acquisition times of the rows of a swath.
fn rows_of(geolocation: &Geolocation) -> Option<&[i64]> {
    match geolocation {
        Geolocation::Swath(s) if !s.time_us.is_empty() => Some(&s.time_us),
        _ => None,
    }
}

/// Day and second of each row of a block with its apron.
fn times_of(block: &Block, times: &[i64]) -> Vec<[f32; 2]> {
    let of = |r: usize| {
        let at = (block.window.row + r.saturating_sub(1) * block.window.stride).min(times.len().saturating_sub(1));
        let (day, second) = day_of(times.get(at).copied().unwrap_or(NO_TIME));
        [day as f32, second]
    };
    (0..block.window.rows + 2).map(of).collect()
}

/// Values with one more on every side, and the times of the rows where they have some.
struct Padded<'a> {
    values: Cow<'a, [f32]>,
    /// Rows and columns.
    size: [u32; 2],
    times: Option<Vec<[f32; 2]>>,
}

impl<'a> Padded<'a> {
    /// Of a block with its apron; where it has none, missing values stand in.
    fn of(block: &'a Block, times: Option<&[i64]>) -> Self {
        let (rows, cols) = (block.window.rows, block.window.cols);
        let values: Cow<'a, [f32]> = match block.apron {
            Apron::Edge | Apron::Wrap => Cow::Borrowed(&block.values),
            Apron::None => {
                let mut all = vec![f32::NAN; (rows + 2) * (cols + 2)];
                for r in 0..rows {
                    let at = (r + 1) * (cols + 2) + 1;
                    all[at..at + cols].copy_from_slice(&block.values[r * cols..(r + 1) * cols]);
                }
                Cow::Owned(all)
            }
        };
        Self { values, size: [rows as u32 + 2, cols as u32 + 2], times: times.map(|t| times_of(block, t)) }
    }

    fn marks(&self) -> Vec<Mark> {
        marks::of(&self.values, self.size[0] as usize - 2, self.size[1] as usize - 2)
    }

    /// The values, each row followed by its day and second where there are times; and rows and columns of that.
    fn with_times(&self) -> (Cow<'_, [f32]>, [u32; 2]) {
        let [rows, cols] = self.size;
        let Some(times) = &self.times else { return (Cow::Borrowed(&self.values), self.size) };
        let lines = self.values.chunks_exact(cols as usize).zip(times);
        (lines.flat_map(|(line, time)| line.iter().chain(time)).copied().collect(), [rows, cols + 2])
    }
}

/// Uploads a block as a texture of its own.
fn texture(gpu: &Gpu, pipelines: &Pipelines, level: u8, block: &Block, padded: &Padded<'_>) -> TileTexture {
    let (rows, cols) = (block.window.rows, block.window.cols);
    let (values, size) = padded.with_times();
    let view = float_texture(gpu, "tile", size, wgpu::TextureFormat::R32Float, bytemuck::cast_slice(&values));
    // A value of level l stands for 2^l cells and is the middle one's: half a source cell beyond their middle.
    let centre = if level == 0 { 0.5 } else { 0.5 + 0.5 / (1u64 << level) as f32 };
    let uniform =
        TileUniform { size: [rows as f32, cols as f32], centre, timed: f32::from(u8::from(padded.times.is_some())) };
    let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("tile"),
        size: std::mem::size_of::<TileUniform>() as u64,
        usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    gpu.queue.write_buffer(&buffer, 0, bytemuck::bytes_of(&uniform));
    let plain = bind(gpu, &pipelines.tile, &buffer, &view, &pipelines.no_ground);
    TileTexture { plain, values: view, uniform: buffer, marks: padded.marks() }
}

fn bind(
    gpu: &Gpu,
    layout: &wgpu::BindGroupLayout,
    uniform: &wgpu::Buffer,
    values: &wgpu::TextureView,
    ground: &wgpu::TextureView,
) -> wgpu::BindGroup {
    gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some("tile"),
        layout,
        entries: &[
            wgpu::BindGroupEntry { binding: 0, resource: uniform.as_entire_binding() },
            wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::TextureView(values) },
            wgpu::BindGroupEntry { binding: 2, resource: wgpu::BindingResource::TextureView(ground) },
        ],
    })
}

/// A texture of numbers, `[rows, columns]`.
pub(crate) fn float_texture(
    gpu: &Gpu,
    label: &str,
    [rows, cols]: [u32; 2],
    format: wgpu::TextureFormat,
    bytes: &[u8],
) -> wgpu::TextureView {
    let size = wgpu::Extent3d { width: cols, height: rows, depth_or_array_layers: 1 };
    let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: Some(label),
        size,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    });
    let bytes_per_row = bytes.len() as u32 / rows.max(1);
    let lines = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(bytes_per_row), rows_per_image: None };
    gpu.queue.write_texture(texture.as_image_copy(), bytes, lines, size);
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}
