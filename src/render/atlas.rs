//! Tiles in the layers of a few textures, so that thousands of granules of a layer are one draw and none has a texture, a
//! buffer or a bind group of its own.
//!
//! A layer of a texture is a line of texels folded at its width, and so is a tile: tiles of any shape follow each other
//! without gaps. Values are whole numbers: the bits of a float, or numbers of 8 or 16 bits with a table of what they mean
//! (`words.rs`).

use std::collections::BTreeMap;

use crate::gpu::Gpu;
use crate::words::{MOST_WORDS, Words};

/// Side of a layer, texels. Mirrored in `shaders/small.wgsl`.
const SIDE: u32 = 1024;
const LAYER: u32 = SIDE * SIDE;
/// Layers of one texture: what is copied when it grows.
const MOST_LAYERS: u32 = 32;
/// Textures of all sorts.
const MOST_BANKS: usize = 1024;
/// Most rows or columns a place can name.
const MOST_ROWS: u32 = (1 << 13) - 1;
/// Most rows and columns of a tile of which there may be thousands.
const TINY: u32 = 70;
/// Side of the table of a bank.
const TABLE_SIDE: u32 = 256;

/// Where a tile lies and what it is, as `shaders/small.wgsl` reads it.
pub(crate) type Place = [u32; 2];

/// How a value is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Width {
    /// A number of 8 bits.
    Byte,
    /// A number of 16 bits.
    Short,
    /// The bits of a float.
    Float,
}

impl Width {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Byte, Self::Short, Self::Float];

    /// Bits of a texel.
    pub fn bits(self) -> u32 {
        match self {
            Self::Byte => 8,
            Self::Short => 16,
            Self::Float => 32,
        }
    }

    /// Bytes of a texel.
    pub fn bytes(self) -> u32 {
        self.bits() / 8
    }

    /// Place in a list of all.
    pub fn index(self) -> usize {
        match self {
            Self::Byte => 0,
            Self::Short => 1,
            Self::Float => 2,
        }
    }

    /// Texels that hold the day and the second of a row: two floats.
    fn time_texels(self) -> u32 {
        64 / self.bits()
    }

    fn format(self) -> wgpu::TextureFormat {
        match self {
            Self::Byte => wgpu::TextureFormat::R8Uint,
            Self::Short => wgpu::TextureFormat::R16Uint,
            Self::Float => wgpu::TextureFormat::R32Uint,
        }
    }
}

/// A tile as it is put away.
#[derive(Debug)]
pub(crate) struct Texels {
    pub width: Width,
    bytes: Vec<u8>,
    /// Rows and columns, with one more on every side, without times.
    size: [u32; 2],
    timed: bool,
}

impl Texels {
    /// Values, rows of `size[1]`, with a day and a second for each row; as numbers where `words` has or takes them all.
    pub fn of(values: &[f32], size: [u32; 2], times: Option<&[[f32; 2]]>, words: Option<&mut Words>) -> Self {
        let numbers = words.and_then(|words| words.numbers(values));
        let width = match &numbers {
            None => Width::Float,
            Some(numbers) if numbers.iter().all(|n| *n < 256) => Width::Byte,
            Some(_) => Width::Short,
        };
        let (rows, cols) = (size[0] as usize, size[1] as usize);
        let timed = times.is_some();
        let line = cols + if timed { width.time_texels() as usize } else { 0 };
        let mut bytes = Vec::with_capacity(rows * line * width.bytes() as usize);
        for r in 0..rows {
            let of_row = r * cols..(r + 1) * cols;
            match &numbers {
                None => bytes.extend(values[of_row].iter().flat_map(|v| v.to_bits().to_le_bytes())),
                Some(all) if width == Width::Byte => bytes.extend(all[of_row].iter().map(|n| *n as u8)),
                Some(all) => bytes.extend(all[of_row].iter().flat_map(|n| n.to_le_bytes())),
            }
            if let Some([day, second]) = times.and_then(|t| t.get(r)) {
                bytes.extend([day, second].into_iter().flat_map(|t| t.to_bits().to_le_bytes()));
            }
        }
        Self { width, bytes, size, timed }
    }

    /// Number of texels.
    fn len(&self) -> u32 {
        self.bytes.len() as u32 / self.width.bytes()
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// What a place says of it, or nothing where it is too large for one.
    fn described(&self, level: u8) -> Option<u32> {
        let [rows, cols] = [self.size[0] - 2, self.size[1] - 2];
        let fits = rows <= MOST_ROWS && cols <= MOST_ROWS && level < 32;
        fits.then(|| rows | cols << 13 | u32::from(level) << 26 | u32::from(self.timed) << 31)
    }
}

/// Whether a tile is so small that there may be thousands of its kind.
pub(crate) fn is_tiny([_, described]: Place) -> bool {
    (described & MOST_ROWS) <= TINY && (described >> 13 & MOST_ROWS) <= TINY
}

/// Room of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// The texture.
    pub bank: u32,
    first: u32,
    len: u32,
}

/// Which texels of a texture are free.
#[derive(Debug)]
struct Rooms {
    /// Length of the gaps, by where they begin.
    gaps: BTreeMap<u32, u32>,
    most: u32,
    used: u32,
}

impl Rooms {
    fn new(most: u32) -> Self {
        Self { gaps: BTreeMap::from([(0, most)]), most, used: 0 }
    }

    /// The first gap that is long enough.
    fn take(&mut self, len: u32) -> Option<u32> {
        let (first, gap) = self.gaps.iter().find(|(_, gap)| **gap >= len).map(|(f, g)| (*f, *g))?;
        self.gaps.remove(&first);
        if gap > len {
            self.gaps.insert(first + len, gap - len);
        }
        self.used += len;
        Some(first)
    }

    fn give_back(&mut self, mut first: u32, mut len: u32) {
        self.used -= len;
        if let Some(after) = self.gaps.remove(&(first + len)) {
            len += after;
        }
        if let Some((before, gap)) = self.gaps.range(..first).next_back().map(|(f, g)| (*f, *g))
            && before + gap == first
        {
            first = before;
            len += gap;
        }
        self.gaps.insert(first, len);
    }

    fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// The longest tile that is sure to find no room has more than this.
    fn longest(&self) -> u32 {
        if self.is_empty() { self.most } else { self.gaps.values().copied().max().unwrap_or(0) }
    }
}

/// One texture: tiles of one width, whose numbers mean the same.
#[derive(Debug)]
struct Bank {
    width: Width,
    /// Number of the field; none for floats.
    field: Option<u32>,
    rooms: Rooms,
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    texture: wgpu::Texture,
    layers: u32,
    table: wgpu::Texture,
    /// Values in the table.
    known: usize,
    group: wgpu::BindGroup,
}

/// The textures and their rooms.
#[derive(Debug, Default)]
pub(crate) struct Atlas {
    banks: Vec<Bank>,
}

/// Bind group 2 of small tiles.
pub(crate) fn layout(gpu: &Gpu) -> wgpu::BindGroupLayout {
    let texture = |binding, sample_type, view_dimension| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::FRAGMENT,
        ty: wgpu::BindingType::Texture { sample_type, view_dimension, multisampled: false },
        count: None,
    };
    gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("small"),
        entries: &[
            texture(0, wgpu::TextureSampleType::Uint, wgpu::TextureViewDimension::D2Array),
            texture(1, wgpu::TextureSampleType::Float { filterable: false }, wgpu::TextureViewDimension::D2),
        ],
    })
}

impl Atlas {
    /// Uploads a tile of a level, whose numbers are those of a field. `None` when there is no room.
    pub fn put(
        &mut self,
        gpu: &Gpu,
        layout: &wgpu::BindGroupLayout,
        texels: &Texels,
        level: u8,
        (field, words): (u32, &Words),
    ) -> Option<(Room, Place)> {
        let described = texels.described(level)?;
        let (width, len) = (texels.width, texels.len());
        let field = (width != Width::Float).then_some(field);
        let most = gpu.device.limits().max_texture_array_layers.min(MOST_LAYERS) * LAYER;
        if len > most {
            return None;
        }
        let fits = |b: &Bank| (b.width, b.field) == (width, field) && b.rooms.longest() >= len;
        let k = match self.banks.iter().position(fits) {
            Some(k) => k,
            None => {
                let bank = Bank { width, field, rooms: Rooms::new(most), held: None };
                // Places of textures that hold nothing are used again.
                match self.banks.iter().position(|b| b.rooms.is_empty()) {
                    Some(k) => {
                        self.banks[k] = bank;
                        k
                    }
                    None if self.banks.len() < MOST_BANKS => {
                        self.banks.push(bank);
                        self.banks.len() - 1
                    }
                    None => return None,
                }
            }
        };
        let bank = self.banks.get_mut(k)?;
        let first = bank.rooms.take(len)?;
        let held = bank.grown(gpu, layout, (first + len).div_ceil(LAYER));
        write(gpu, &held.texture, first, &texels.bytes, width.bytes());
        if field.is_some() {
            held.learn(gpu, words.values());
        }
        Some((Room { bank: k as u32, first, len }, [first, described]))
    }

    /// Frees the room of a tile; a texture that is empty then is given back.
    pub fn give_back(&mut self, room: Room) {
        if let Some(bank) = self.banks.get_mut(room.bank as usize) {
            bank.rooms.give_back(room.first, room.len);
            if bank.rooms.is_empty() {
                bank.held = None;
            }
        }
    }

    /// Bind group 2 of the tiles of a texture, and how their values are kept.
    pub fn group(&self, bank: u32) -> Option<(&wgpu::BindGroup, Width)> {
        let bank = self.banks.get(bank as usize)?;
        Some((&bank.held.as_ref()?.group, bank.width))
    }
}

impl Bank {
    /// The texture with at least so many layers; what it held before is in it.
    fn grown(&mut self, gpu: &Gpu, layout: &wgpu::BindGroupLayout, layers: u32) -> &mut Held {
        let old = self.held.take();
        let held = match old {
            Some(held) if held.layers >= layers => held,
            old => {
                let some_more = old.as_ref().map_or(0, |h| h.layers + h.layers.div_ceil(4));
                let layers = layers.max(some_more).min(self.rooms.most / LAYER);
                let table = old.as_ref().map(|h| (h.table.clone(), h.known));
                let held = Held::new(gpu, layout, (self.width, layers), table);
                if let Some(old) = old {
                    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
                    let (from, to) = (old.texture.as_image_copy(), held.texture.as_image_copy());
                    encoder.copy_texture_to_texture(from, to, old.texture.size());
                    gpu.queue.submit([encoder.finish()]);
                }
                held
            }
        };
        self.held.insert(held)
    }
}

impl Held {
    fn new(
        gpu: &Gpu,
        layout: &wgpu::BindGroupLayout,
        (width, layers): (Width, u32),
        table: Option<(wgpu::Texture, usize)>,
    ) -> Self {
        let make = |label, size: [u32; 3], format| {
            gpu.device.create_texture(&wgpu::TextureDescriptor {
                label: Some(label),
                size: wgpu::Extent3d { width: size[0], height: size[1], depth_or_array_layers: size[2] },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format,
                usage: wgpu::TextureUsages::TEXTURE_BINDING
                    | wgpu::TextureUsages::COPY_DST
                    | wgpu::TextureUsages::COPY_SRC,
                view_formats: &[],
            })
        };
        let texture = make("tiles", [SIDE, SIDE, layers], width.format());
        // Floats need no table; a binding needs a texture.
        let rows = match width {
            Width::Float | Width::Byte => 1,
            Width::Short => MOST_WORDS as u32 / TABLE_SIDE,
        };
        let (table, known) =
            table.unwrap_or_else(|| (make("values", [TABLE_SIDE, rows, 1], wgpu::TextureFormat::R32Float), 0));
        let pages = texture.create_view(&wgpu::TextureViewDescriptor {
            dimension: Some(wgpu::TextureViewDimension::D2Array),
            ..wgpu::TextureViewDescriptor::default()
        });
        let values = table.create_view(&wgpu::TextureViewDescriptor::default());
        let entries = [(0, &pages), (1, &values)].map(|(binding, view)| wgpu::BindGroupEntry {
            binding,
            resource: wgpu::BindingResource::TextureView(view),
        });
        let group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("small"),
            layout,
            entries: &entries,
        });
        Self { texture, layers, table, known, group }
    }

    /// Brings the table up to date.
    fn learn(&mut self, gpu: &Gpu, values: &[f32]) {
        let most = (self.table.width() * self.table.height()) as usize;
        let values = &values[..values.len().min(most)];
        if let Some(new) = values.get(self.known..).filter(|new| !new.is_empty()) {
            let bytes: Vec<u8> = new.iter().flat_map(|v| v.to_bits().to_le_bytes()).collect();
            write_lines(gpu, &self.table, TABLE_SIDE, self.known as u32, &bytes, 4);
            self.known = values.len();
        }
    }
}

/// Writes texels into the folded line of a texture's layers.
fn write(gpu: &Gpu, texture: &wgpu::Texture, first: u32, bytes: &[u8], texel: u32) {
    write_lines(gpu, texture, SIDE, first, bytes, texel);
}

fn write_lines(gpu: &Gpu, texture: &wgpu::Texture, side: u32, first: u32, bytes: &[u8], texel: u32) {
    for piece in pieces(side, texture.height(), first, bytes.len() as u32 / texel) {
        let from = (piece.from * texel) as usize;
        let len = (piece.size[0] * piece.size[1] * texel) as usize;
        let Some(bytes) = bytes.get(from..from + len) else { return };
        let [x, y, z] = piece.at;
        gpu.queue.write_texture(
            wgpu::TexelCopyTextureInfo {
                texture,
                mip_level: 0,
                origin: wgpu::Origin3d { x, y, z },
                aspect: wgpu::TextureAspect::All,
            },
            bytes,
            wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(piece.size[0] * texel), rows_per_image: None },
            wgpu::Extent3d { width: piece.size[0], height: piece.size[1], depth_or_array_layers: 1 },
        );
    }
}

/// A rectangle of a folded line.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    /// Its first texel among those written.
    from: u32,
    /// Column, row and layer.
    at: [u32; 3],
    /// Columns and rows.
    size: [u32; 2],
}

/// The rectangles of `len` texels from `first` on, in layers `side` wide and `tall` high.
fn pieces(side: u32, tall: u32, first: u32, len: u32) -> Vec<Piece> {
    let mut all = Vec::new();
    let mut from = 0;
    while from < len {
        let (k, left) = (first + from, len - from);
        let (x, y, z) = (k % side, k / side % tall, k / (side * tall));
        let size = if x > 0 || left < side { [left.min(side - x), 1] } else { [side, (left / side).min(tall - y)] };
        all.push(Piece { from, at: [x, y, z], size });
        from += size[0] * size[1];
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_do_not_overlap_and_are_used_again() {
        let mut rooms = Rooms::new(100_000);
        let mut taken: Vec<(u32, u32)> = Vec::new();
        let len = |k: u32| 5 + k * 977 % 1400;
        while let Some(first) = rooms.take(len(taken.len() as u32)) {
            taken.push((first, len(taken.len() as u32)));
        }
        let total: u32 = taken.iter().map(|t| t.1).sum();
        assert!(total > 98_000 && rooms.used == total, "little of it is used: {total}");
        let ends = |all: &[(u32, u32)]| {
            let mut all = all.to_vec();
            all.sort_unstable();
            all.windows(2).all(|w| w[0].0 + w[0].1 <= w[1].0) && all.iter().all(|(f, l)| f + l <= 100_000)
        };
        assert!(ends(&taken));
        // Every third is given back, and as much comes again.
        let gone: Vec<(u32, u32)> = taken.iter().copied().step_by(3).collect();
        taken = taken.iter().enumerate().filter(|(k, _)| k % 3 != 0).map(|(_, t)| *t).collect();
        gone.iter().for_each(|(first, len)| rooms.give_back(*first, *len));
        for (_, len) in &gone {
            taken.push((rooms.take(*len).unwrap(), *len));
        }
        assert!(ends(&taken));
        // Gaps side by side become one.
        taken.iter().for_each(|(first, len)| rooms.give_back(*first, *len));
        assert_eq!((rooms.gaps.len(), rooms.is_empty(), rooms.take(100_000)), (1, true, Some(0)));
    }

    #[test]
    fn a_folded_line_is_written_whole_and_once() {
        for (first, len) in [(0, 1), (5, 3), (5, 8), (0, 64), (3, 200), (60, 9), (127, 130), (64, 64)] {
            let mut written = vec![None; 5 * 64];
            for p in pieces(8, 8, first, len) {
                for k in 0..p.size[0] * p.size[1] {
                    let (x, y) = (p.at[0] + k % p.size[0], p.at[1] + k / p.size[0]);
                    assert!(x < 8 && y < 8);
                    let place = &mut written[(p.at[2] * 64 + y * 8 + x) as usize];
                    assert_eq!(*place, None);
                    *place = Some(p.from + k);
                }
            }
            let expected: Vec<Option<u32>> =
                (0..320).map(|k| (k >= first && k < first + len).then(|| k - first)).collect();
            assert_eq!(written, expected, "{first} {len}");
        }
    }

    #[test]
    fn few_values_are_kept_in_few_bytes() {
        let mut words = Words::default();
        let flags: Vec<f32> = (0..60).map(|k| if k % 7 == 0 { f32::NAN } else { (k % 5) as f32 }).collect();
        let bytes = Texels::of(&flags, [6, 10], None, Some(&mut words));
        assert_eq!((bytes.width, bytes.bytes()), (Width::Byte, 60));
        let many: Vec<f32> = (0..600).map(|k| k as f32 * 0.01).collect();
        let times: Vec<[f32; 2]> = (0..20).map(|r| [20_000.0, r as f32 + 0.25]).collect();
        let shorts = Texels::of(&many, [20, 30], Some(&times), Some(&mut words));
        assert_eq!((shorts.width, shorts.bytes()), (Width::Short, 2 * 20 * (30 + 4)));
        // The second of the last row, in its last four bytes.
        assert_eq!(shorts.bytes[shorts.bytes.len() - 4..], 19.25f32.to_le_bytes());
        let floats = Texels::of(&many, [20, 30], Some(&times), None);
        assert_eq!((floats.width, floats.bytes()), (Width::Float, 4 * 20 * (30 + 2)));
        assert_eq!(floats.bytes[4..8], 0.01f32.to_le_bytes());
    }
}
