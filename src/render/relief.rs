//! The relief picture under everything: which of its tiles a view needs, and these on the device.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use image::RgbaImage;
use rayon::prelude::*;
use seaglass_core::projection::Projection;

use crate::assets::{RELIEF_LEVELS, RELIEF_TILE_PX, relief_tile, relief_tiles};
use crate::frame::FrameView;
use crate::gpu::Gpu;
use crate::tree::{Cut, Tree, UNIT};

/// Tone of deep water under the relief, sRGB.
const OCEAN: [f32; 3] = [0.055, 0.110, 0.170];
/// Metres of a pixel of the full picture at the equator, at least.
const PIXEL_M: f64 = 9_760.0;
/// Mip levels of a texture: the last one has two pixels a tile.
const MIPS: u32 = RELIEF_TILE_PX.ilog2();

/// A block of tiles of one level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Area {
    level: u8,
    rows: Range<u32>,
    cols: Range<u32>,
}

impl Area {
    /// The whole picture at a level.
    pub fn world(level: u8) -> Self {
        let [rows, cols] = relief_tiles(level);
        Self { level, rows: 0..rows, cols: 0..cols }
    }

    /// What a view shows of the patches of the base map (one-degree cells from 90° N, 180° W), as fine as its pixels;
    /// not finer than a texture of `most_px` holds.
    pub fn of(tree: &Tree, cut: &Cut, frame: &FrameView, most_px: u32) -> Self {
        let (mut rows, mut cols, mut m_per_px) = ([i64::MAX, 0], [i64::MAX, 0], f64::INFINITY);
        for node in cut.leaves.iter().map(|leaf| tree.node(leaf)) {
            rows = [rows[0].min(node.rect.r0), rows[1].max(node.rect.r1)];
            cols = [cols[0].min(node.rect.c0), cols[1].max(node.rect.c1)];
            m_per_px = m_per_px.min(frame.m_per_px(node.centre, node.radius));
        }
        // A mip level between two is a mixture of both, so the half will do when no pixel is smaller than its own.
        let true_to_scale = matches!(frame.view.camera.projection, Projection::Globe | Projection::Equirectangular);
        let coarse = true_to_scale && m_per_px >= 2.0 * PIXEL_M;
        let full = Self::world(0);
        let level = u8::from(coarse || full.size_px().into_iter().any(|side| side > most_px));
        let world = Self::world(level);
        let within = |[a, b]: [i64; 2], all: &Range<u32>, degrees: i64| {
            let tile = degrees * UNIT / i64::from(all.end);
            let (first, past) = (a.div_euclid(tile).max(0) as u32, (b - 1).div_euclid(tile).max(0) as u32 + 1);
            first.min(all.end - 1)..past.clamp(1, all.end)
        };
        if cut.leaves.is_empty() {
            return Self { level, rows: 0..1, cols: 0..1 };
        }
        Self { level, rows: within(rows, &world.rows, 180), cols: within(cols, &world.cols, 360) }
    }

    /// All of it, all around.
    fn whole(&self) -> Self {
        Self::world(self.level)
    }

    /// Whether it shows all of another area at least as finely.
    fn covers(&self, other: &Self) -> bool {
        // In tiles of the finest level.
        let fine = |range: &Range<u32>, level: u8| range.start << level..range.end << level;
        let holds = |a: Range<u32>, b: Range<u32>| a.start <= b.start && a.end >= b.end;
        self.level <= other.level
            && holds(fine(&self.rows, self.level), fine(&other.rows, other.level))
            && holds(fine(&self.cols, self.level), fine(&other.cols, other.level))
    }

    fn size_px(&self) -> [u32; 2] {
        [self.cols.len() as u32 * RELIEF_TILE_PX, self.rows.len() as u32 * RELIEF_TILE_PX]
    }

    /// Decodes its tiles, each with its mip levels, row by row.
    fn decode(&self) -> Vec<Vec<RgbaImage>> {
        let tiles: Vec<(u32, u32)> = self.rows.clone().flat_map(|r| self.cols.clone().map(move |c| (r, c))).collect();
        tiles.into_par_iter().map(|(row, col)| with_mips(relief_tile(self.level, row, col))).collect()
    }

    /// Longitude and latitude of its corner in degrees from 180° W, 90° N, and one by its extent.
    fn placement(&self) -> [f32; 4] {
        let [rows, cols] = relief_tiles(self.level).map(|n| n as f32);
        let (tile_lat, tile_lon) = (180.0 / rows, 360.0 / cols);
        [
            self.cols.start as f32 * tile_lon,
            self.rows.start as f32 * tile_lat,
            1.0 / (self.cols.len() as f32 * tile_lon),
            1.0 / (self.rows.len() as f32 * tile_lat),
        ]
    }
}

/// A tile and its halves.
fn with_mips(tile: RgbaImage) -> Vec<RgbaImage> {
    let mut mips = vec![tile];
    while let Some(last) = mips.last().filter(|_| mips.len() < MIPS as usize) {
        mips.push(halved(last));
    }
    mips
}

/// Means of 2 × 2 pixels.
fn halved(image: &RgbaImage) -> RgbaImage {
    let (w, h) = (image.width() as usize / 2, image.height() as usize / 2);
    let pixels: &[u8] = image.as_raw();
    let line = image.width() as usize * 4;
    let mut out = vec![0u8; w * h * 4];
    for (y, row) in out.chunks_exact_mut(w * 4).enumerate() {
        let (top, bottom) = (&pixels[2 * y * line..][..line], &pixels[(2 * y + 1) * line..][..line]);
        for (x, pixel) in row.chunks_exact_mut(4).enumerate() {
            for (c, out) in pixel.iter_mut().enumerate() {
                let k = x * 8 + c;
                let sum = u16::from(top[k]) + u16::from(top[k + 4]) + u16::from(bottom[k]) + u16::from(bottom[k + 4]);
                *out = ((sum + 2) / 4) as u8;
            }
        }
    }
    RgbaImage::from_raw(w as u32, h as u32, out).unwrap_or_default()
}

/// Tiles being decoded on a thread of their own.
type Loading = Arc<OnceLock<Vec<Vec<RgbaImage>>>>;

/// The relief on the device: what views have needed, and before that a plain tone.
#[derive(Debug)]
pub(crate) struct Relief {
    texture: ReliefTexture,
    area: Option<Area>,
    loading: Option<(Area, Loading)>,
    opacity: f32,
    written: Option<(Option<Area>, f32)>,
}

impl Relief {
    /// Nothing but the tone of deep water.
    pub fn new(gpu: &Gpu, layout: &wgpu::BindGroupLayout) -> Self {
        let texture = ReliefTexture::new(gpu, layout, [1, 1], 1, false);
        Self { texture, area: None, loading: None, opacity: 0.0, written: None }
    }

    /// Asks for what a view needs; `false` while it is not there. `exactly`: only that, for one picture; else the whole
    /// Earth, first coarsely, as the next view will show more. `wait`: comes back with it.
    pub fn provide(
        &mut self,
        layout: &wgpu::BindGroupLayout,
        gpu: &Gpu,
        need: &Area,
        exactly: bool,
        wait: bool,
    ) -> bool {
        loop {
            self.take(layout, gpu, wait);
            if self.area.as_ref().is_some_and(|a| a.covers(need)) {
                return true;
            }
            let next = match &self.area {
                _ if exactly => need.clone(),
                None => Area::world(RELIEF_LEVELS - 1),
                Some(_) => need.whole(),
            };
            if self.loading.as_ref().is_none_or(|(area, _)| *area != next) {
                self.load(next);
            }
            if !wait {
                return false;
            }
        }
    }

    fn load(&mut self, area: Area) {
        let slot = Loading::default();
        let (filled, what) = (Arc::clone(&slot), area.clone());
        let spawned = std::thread::Builder::new().name("seaglass-relief".to_owned()).spawn(move || {
            filled.get_or_init(|| what.decode());
        });
        if let Err(error) = spawned {
            log::warn!("no thread for the base map ({error}); decoding it in place");
            slot.get_or_init(|| area.decode());
        }
        self.loading = Some((area, slot));
    }

    /// Uploads what has been decoded.
    fn take(&mut self, layout: &wgpu::BindGroupLayout, gpu: &Gpu, wait: bool) {
        let Some((area, slot)) = self.loading.take() else { return };
        if wait {
            // Joins a running decode instead of starting another.
            slot.get_or_init(|| area.decode());
        }
        let Some(tiles) = slot.get() else {
            self.loading = Some((area, slot));
            return;
        };
        let all_around = area.cols.len() == area.whole().cols.len();
        self.texture = ReliefTexture::new(gpu, layout, area.size_px(), MIPS, all_around);
        for (k, mips) in tiles.iter().enumerate() {
            let (row, col) = (k / area.cols.len(), k % area.cols.len());
            for (level, mip) in mips.iter().enumerate() {
                self.texture.write(gpu, level as u32, [col as u32, row as u32], mip);
            }
        }
        self.area = Some(area);
    }

    /// Sets the opacity of the picture over the ocean tone.
    pub fn set_opacity(&mut self, opacity: f32) {
        self.opacity = opacity.clamp(0.0, 1.0);
    }

    /// Bind group 1 of the relief pipeline.
    pub fn group(&self) -> &wgpu::BindGroup {
        &self.texture.group
    }

    /// Brings the uniform of the bind group up to date.
    pub fn write_uniform(&mut self, gpu: &Gpu) {
        let opacity = if self.area.is_some() { self.opacity } else { 0.0 };
        let state = Some((self.area.clone(), opacity));
        if self.written != state {
            let place = self.area.as_ref().map_or([0.0, 0.0, 1.0, 1.0], Area::placement);
            let uniform = [OCEAN[0], OCEAN[1], OCEAN[2], opacity, place[0], place[1], place[2], place[3]];
            gpu.queue.write_buffer(&self.texture.uniform, 0, bytemuck::cast_slice(&uniform));
            self.written = state;
        }
    }

    /// Bytes held on the device.
    pub fn bytes(&self) -> u64 {
        self.texture.bytes
    }
}

/// A texture with its bind group.
#[derive(Debug)]
struct ReliefTexture {
    texture: wgpu::Texture,
    uniform: wgpu::Buffer,
    group: wgpu::BindGroup,
    bytes: u64,
}

impl ReliefTexture {
    fn new(gpu: &Gpu, layout: &wgpu::BindGroupLayout, [width, height]: [u32; 2], mips: u32, all_around: bool) -> Self {
        let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("relief"),
            size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            mip_level_count: mips,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let sampler = gpu.device.create_sampler(&wgpu::SamplerDescriptor {
            label: Some("relief"),
            address_mode_u: if all_around { wgpu::AddressMode::Repeat } else { wgpu::AddressMode::ClampToEdge },
            address_mode_v: wgpu::AddressMode::ClampToEdge,
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            mipmap_filter: wgpu::MipmapFilterMode::Linear,
            // Towards the limb one axis of the footprint shrinks: without this the picture would blur there.
            anisotropy_clamp: if gpu.software { 1 } else { 8 },
            ..wgpu::SamplerDescriptor::default()
        });
        let uniform = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("relief"),
            size: 32,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("relief"),
            layout,
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: uniform.as_entire_binding() },
                wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::TextureView(&view) },
                wgpu::BindGroupEntry { binding: 2, resource: wgpu::BindingResource::Sampler(&sampler) },
            ],
        });
        let bytes = (0..mips).map(|m| u64::from(width >> m) * u64::from(height >> m) * 4).sum();
        Self { texture, uniform, group, bytes }
    }

    /// Uploads a mip level of a tile.
    fn write(&self, gpu: &Gpu, mip_level: u32, [col, row]: [u32; 2], image: &RgbaImage) {
        let (width, height) = image.dimensions();
        let target = wgpu::TexelCopyTextureInfo {
            texture: &self.texture,
            mip_level,
            origin: wgpu::Origin3d { x: col * width, y: row * height, z: 0 },
            aspect: wgpu::TextureAspect::All,
        };
        let lines = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(width * 4), rows_per_image: None };
        gpu.queue.write_texture(
            target,
            image.as_raw(),
            lines,
            wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::CutOptions;
    use seaglass_core::camera::Camera;
    use seaglass_core::geo::LonLat;

    fn need(camera: Camera) -> Area {
        let frame = FrameView::new(camera.view(1280.0, 800.0));
        let geolocation = Arc::new(crate::base::world_grid().unwrap());
        let mut tree = Tree::new(geolocation, camera.projection, None);
        let options = CutOptions { tolerance_px: 0.25, most_leaves: 50_000, bias: 0, resident: &|_| true };
        let cut = tree.cut_within(&frame, &options);
        Area::of(&tree, &cut, &frame, 16_384)
    }

    #[test]
    fn a_view_needs_the_tiles_it_shows() {
        // 8° of longitude and 5° of latitude about 10° E, 50° N: column 180/45 + 0, row 40/45.
        let near = Camera { target: LonLat::new(10.0, 50.0), altitude_m: 600_000.0, ..Camera::default() };
        assert_eq!(need(near), Area { level: 0, rows: 0..1, cols: 4..5 });
        // Across the dateline there are tiles on both sides, and so all between.
        let dateline = Camera { target: LonLat::new(180.0, 20.0), ..near };
        assert_eq!(need(dateline), Area { level: 0, rows: 1..2, cols: 0..8 });
        // The whole Earth in 1280 pixels: 31 km each.
        let map = Camera { projection: Projection::Equirectangular, altitude_m: 40e6, ..Camera::default() };
        assert_eq!(need(map), Area::world(1));
    }

    #[test]
    fn a_finer_or_larger_area_will_do() {
        let part = Area { level: 1, rows: 0..1, cols: 1..3 };
        assert!(Area::world(1).covers(&part) && Area::world(0).covers(&part));
        assert!(!part.covers(&Area::world(1)));
        assert!(Area { level: 0, rows: 0..2, cols: 2..6 }.covers(&part));
        assert!(!Area { level: 0, rows: 0..2, cols: 3..6 }.covers(&part));
        assert!(!part.covers(&Area { level: 0, rows: 0..1, cols: 2..3 }), "too coarse");
    }

    #[test]
    fn mip_levels_are_means() {
        let image = RgbaImage::from_fn(4, 2, |x, _| image::Rgba([x as u8 * 20, 0, 0, 255]));
        assert_eq!(halved(&image).get_pixel(1, 0)[0], 50);
        let mips = with_mips(relief_tile(1, 0, 0));
        assert_eq!(mips.last().map(RgbaImage::dimensions), Some((2, 2)));
    }
}
