//! Pictures of any size, in strips.

use glam::DVec2;

use crate::buffers::PICTURE_FORMAT;
use crate::error::RenderError;
use crate::frame::Part;
use crate::renderer::Renderer;
use crate::scene::Scene;

/// Pixels drawn at a time: what bounds the memory of a picture, with several samples a pixel 16 bytes and more each.
const STRIP_PIXELS: u64 = 4 << 20;
/// Largest side of a picture.
const IMAGE_LIMIT: u32 = 65_535;

impl Renderer {
    /// Plans and draws the scene into an image (straight alpha), in strips where the device has a smaller limit.
    ///
    /// # Errors
    /// [`RenderError::ImageSize`], [`RenderError::ReadBack`] or an adapter error.
    pub fn render_image(&mut self, scene: &Scene) -> Result<image::RgbaImage, RenderError> {
        let [width, height] = scene.size_px;
        if width == 0 || height == 0 || width > IMAGE_LIMIT || height > IMAGE_LIMIT {
            return Err(RenderError::ImageSize { width, height, limit: IMAGE_LIMIT });
        }
        let mut pixels = Vec::with_capacity(width as usize * height as usize * 4);
        self.render_strips(scene, &mut |_, strip| {
            pixels.extend_from_slice(strip.as_raw());
            true
        })?;
        image::RgbaImage::from_raw(width, height, pixels)
            .ok_or_else(|| RenderError::ReadBack { detail: "rows are missing".to_owned() })
    }

    /// Plans and draws the scene and gives it in strips as wide as the picture (straight alpha), with the row each begins
    /// at, from top to bottom. Ends early where `take` answers `false`. What it needs does not grow with the height.
    ///
    /// # Errors
    /// [`RenderError::ImageSize`], [`RenderError::ReadBack`] or an adapter error.
    pub fn render_strips(
        &mut self,
        scene: &Scene,
        take: &mut dyn FnMut(u32, image::RgbaImage) -> bool,
    ) -> Result<(), RenderError> {
        let [width, height] = scene.size_px;
        if width == 0 || height == 0 || width > IMAGE_LIMIT || height > IMAGE_LIMIT {
            return Err(RenderError::ImageSize { width, height, limit: IMAGE_LIMIT });
        }
        self.plan_base(scene, true);
        let side = self.gpu.max_side_px();
        let rows = (STRIP_PIXELS / u64::from(width)).clamp(1, u64::from(side)) as u32;
        for top in (0..height).step_by(rows as usize) {
            let tall = rows.min(height - top);
            let mut strip = image::RgbaImage::new(width, tall);
            for left in (0..width).step_by(side.min(width) as usize) {
                self.render_piece(scene, [left, top], [side.min(width - left), tall], &mut strip)?;
            }
            self.gpu.take_error()?;
            if !take(top, strip) {
                break;
            }
        }
        Ok(())
    }

    /// Draws the rectangle of the picture at `origin` into the strip that begins at its top.
    fn render_piece(
        &mut self,
        scene: &Scene,
        origin: [u32; 2],
        size: [u32; 2],
        strip: &mut image::RgbaImage,
    ) -> Result<(), RenderError> {
        let failed = |detail: String| RenderError::ReadBack { detail };
        let extent = wgpu::Extent3d { width: size[0], height: size[1], depth_or_array_layers: 1 };
        let texture = self.gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("picture"),
            size: extent,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: PICTURE_FORMAT,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let vec = |v: [u32; 2]| DVec2::new(f64::from(v[0]), f64::from(v[1]));
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        self.render_part(scene, &view, PICTURE_FORMAT, Part { origin: vec(origin), size: vec(size) });
        let line = (u64::from(size[0]) * 4).next_multiple_of(u64::from(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT));
        let out = self.gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("picture"),
            size: line * u64::from(size[1]),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(line as u32), rows_per_image: None };
        encoder.copy_texture_to_buffer(
            texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo { buffer: &out, layout },
            extent,
        );
        self.gpu.queue.submit([encoder.finish()]);
        out.map_async(wgpu::MapMode::Read, .., |_| {});
        self.gpu.device.poll(wgpu::PollType::wait_indefinitely()).map_err(|e| failed(e.to_string()))?;
        let mapped = out.get_mapped_range(..).map_err(|e| failed(e.to_string()))?;
        let (width, from) = (strip.width() as usize * 4, origin[0] as usize * 4);
        let all: &mut [u8] = strip;
        for (row, out) in mapped.chunks_exact(line as usize).zip(all.chunks_exact_mut(width)) {
            let pixels = row[..size[0] as usize * 4].chunks_exact(4);
            for (p, out) in pixels.zip(out[from..].chunks_exact_mut(4)) {
                out.copy_from_slice(&straight([p[0], p[1], p[2], p[3]]));
            }
        }
        Ok(())
    }
}

/// Straight alpha from premultiplied.
fn straight([r, g, b, a]: [u8; 4]) -> [u8; 4] {
    if a == 255 || a == 0 {
        return [r, g, b, a];
    }
    let undo = |c: u8| ((u32::from(c) * 255 + u32::from(a) / 2) / u32::from(a)).min(255) as u8;
    [undo(r), undo(g), undo(b), a]
}
