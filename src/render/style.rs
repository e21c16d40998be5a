//! A layer's style as the shaders see it, and colour maps on the device.

use std::collections::HashMap;
use std::sync::Arc;

use seaglass_core::colormap::Colormap;
use seaglass_core::style::{Blend, Filter, HillshadeStyle, MOST_HIDDEN, Method, OutOfRange, Style};

use crate::look::Look;

/// Mirror of `Style` in `shaders/shared/colormap.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct StyleUniform {
    low: f32,
    per_span: f32,
    opacity: f32,
    size_pt: f32,
    flags: u32,
    hidden_count: u32,
    band: [f32; 2],
    colour: [f32; 4],
    over: [f32; 4],
    under: [f32; 4],
    missing: [f32; 4],
    light: [f32; 4],
    relief: [f32; 4],
    channels: [[f32; 4]; 3],
    hidden: [[i32; 4]; MOST_HIDDEN / 2],
}

const LOGARITHMIC: u32 = 1;
const REVERSED: u32 = 2;
const HIDE_OUT_OF_RANGE: u32 = 4;
const BILINEAR: u32 = 8;
const PLAIN_COLOUR: u32 = 16;
const HIGHLIGHT: u32 = 32;
/// Only for `shaders/glyphs.wgsl`.
const BARBS: u32 = 1 << 31;
const HILLSHADE: u32 = 64;

/// A field that rises by its whole range over so many pixels is shown as a slope of 45 degrees.
const RELIEF_PX: f64 = 40.0;

impl StyleUniform {
    /// The uniform of a layer's style; values between the two positions of `highlight` stand out.
    pub fn of(style: &Style, highlight: Option<[f32; 2]>) -> Self {
        let [low, high] = style.effective_range();
        let log = style.log && low > 0.0;
        let (low, high) = if log { (low.ln(), high.ln()) } else { (low, high) };
        let bit = |on: bool, bit: u32| if on { bit } else { 0 };
        let symbols = matches!(style.method, Method::Arrows | Method::Barbs);
        let plain = style.vector.colour.filter(|_| symbols);
        Self {
            low: low as f32,
            per_span: (1.0 / (high - low)) as f32,
            opacity: style.opacity.clamp(0.0, 1.0),
            size_pt: style.size_pt,
            flags: bit(log, LOGARITHMIC)
                | bit(style.reversed, REVERSED)
                | bit(style.out_of_range == OutOfRange::Hide, HIDE_OUT_OF_RANGE)
                | bit(style.filter == Filter::Bilinear, BILINEAR)
                | bit(highlight.is_some(), HIGHLIGHT)
                | bit(style.method == Method::Barbs, BARBS)
                | bit(plain.is_some(), PLAIN_COLOUR),
            hidden_count: style.hidden.len().min(MOST_HIDDEN) as u32,
            band: highlight.unwrap_or_default(),
            colour: optional(plain),
            over: optional(style.ends.over),
            under: optional(style.ends.under),
            missing: optional(style.ends.missing),
            light: [0.0; 4],
            relief: [0.0; 4],
            channels: channels(style),
            hidden: hidden_classes(style),
        }
    }

    /// The same with another size of lines and dots.
    #[must_use]
    pub fn sized(self, size_pt: f32) -> Self {
        Self { size_pt, ..self }
    }

    /// The same, paler.
    #[must_use]
    pub fn faded(self, opacity: f32) -> Self {
        Self { opacity: opacity.clamp(0.0, 1.0), ..self }
    }

    /// The same with light on the slopes, in a view whose pixels are `m_per_px` metres on the ground. Slopes are
    /// exaggerated by the range and by the scale of the view, so that they look alike at every zoom.
    #[must_use]
    pub fn lit(self, style: &Style, m_per_px: f64) -> Self {
        let HillshadeStyle { strength, azimuth_deg, altitude_deg } = style.hillshade;
        if strength <= 0.0 {
            return self;
        }
        let (azimuth, altitude) = (azimuth_deg.to_radians(), altitude_deg.to_radians());
        let light = [azimuth.sin() * altitude.cos(), azimuth.cos() * altitude.cos(), altitude.sin(), strength];
        let exaggeration = RELIEF_PX * m_per_px * f64::from(self.per_span);
        Self { flags: self.flags | HILLSHADE, light, relief: [exaggeration as f32, 0.0, 0.0, 0.0], ..self }
    }

    /// The uniform of lines in one colour (sRGB, straight alpha).
    pub fn plain(colour: [f32; 4], size_pt: f32) -> Self {
        Self {
            low: 0.0,
            per_span: 1.0,
            opacity: 1.0,
            size_pt,
            flags: PLAIN_COLOUR,
            hidden_count: 0,
            band: [0.0; 2],
            colour,
            over: [0.0; 4],
            under: [0.0; 4],
            missing: [0.0; 4],
            light: [0.0; 4],
            relief: [0.0; 4],
            channels: [[0.0; 4]; 3],
            hidden: [[0; 4]; MOST_HIDDEN / 2],
        }
    }
}

/// Ranges and exponents of the three channels. A channel whose range is not known yet takes the layer's.
fn channels(style: &Style) -> [[f32; 4]; 3] {
    [0, 1, 2].map(|k| {
        let [low, high] = style.rgb.ranges[k].unwrap_or_else(|| style.effective_range());
        let span = if high > low { high - low } else { 1.0 };
        [low as f32, (1.0 / span) as f32, 1.0 / style.rgb.gamma[k].max(0.01), 0.0]
    })
}

/// An 8-bit colour as shaders see it.
pub(crate) fn opaque([r, g, b]: [u8; 3]) -> [f32; 4] {
    [r, g, b, 255].map(|c| f32::from(c) / 255.0)
}

/// A colour with alpha 1, or nothing.
fn optional(colour: Option<[u8; 3]>) -> [f32; 4] {
    colour.map_or([0.0; 4], opaque)
}

/// Hidden classes as pairs of (value, mask), two to a vector. Without a mask every bit is looked at.
fn hidden_classes(style: &Style) -> [[i32; 4]; MOST_HIDDEN / 2] {
    let mut classes = [[0; 4]; MOST_HIDDEN / 2];
    let narrow = |v: i64| v.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
    for (k, class) in style.hidden.iter().take(MOST_HIDDEN).enumerate() {
        let at = 2 * (k % 2);
        classes[k / 2][at] = narrow(class.value);
        classes[k / 2][at + 1] = class.mask.map_or(-1, narrow);
    }
    classes
}

/// A style bound for drawing. Kept per slot (one a layer); rewritten only when the style changes.
#[derive(Debug)]
pub(crate) struct BoundStyle {
    uniform: StyleUniform,
    buffer: wgpu::Buffer,
    colormap: Arc<Colormap>,
    /// How what is drawn in this style meets the colours below.
    pub blend: Blend,
    /// How cells are drawn.
    pub look: Look,
    /// Bind group 1 of raster, line and dot pipelines.
    pub group: wgpu::BindGroup,
}

/// Styles and colour maps on the device.
#[derive(Debug, Default)]
pub(crate) struct Styles {
    luts: HashMap<String, (Arc<Colormap>, wgpu::TextureView)>,
    slots: Vec<BoundStyle>,
}

impl Styles {
    /// Brings slot `k` up to date and returns its bind group.
    pub fn bind(
        &mut self,
        gpu: &crate::gpu::Gpu,
        layout: &wgpu::BindGroupLayout,
        k: usize,
        uniform: StyleUniform,
        colormap: &Arc<Colormap>,
    ) {
        if let Some(slot) = self.slots.get_mut(k)
            && *slot.colormap == **colormap
        {
            if slot.uniform != uniform {
                slot.uniform = uniform;
                gpu.queue.write_buffer(&slot.buffer, 0, bytemuck::bytes_of(&uniform));
            }
            return;
        }
        let lut = self.lut(gpu, colormap);
        let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("style"),
            size: std::mem::size_of::<StyleUniform>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        gpu.queue.write_buffer(&buffer, 0, bytemuck::bytes_of(&uniform));
        let group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("style"),
            layout,
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: buffer.as_entire_binding() },
                wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::TextureView(&lut) },
            ],
        });
        let slot = BoundStyle {
            uniform,
            buffer,
            colormap: Arc::clone(colormap),
            blend: Blend::Over,
            look: Look::default(),
            group,
        };
        match self.slots.get_mut(k) {
            Some(old) => *old = slot,
            // Slots are bound in order, so this is the next one.
            None => self.slots.push(slot),
        }
    }

    /// Bind group of a slot.
    pub fn group(&self, k: usize) -> Option<&wgpu::BindGroup> {
        self.slots.get(k).map(|s| &s.group)
    }

    /// Says how what is drawn in a slot meets the colours below, and how its cells are drawn.
    pub fn set_look(&mut self, k: usize, blend: Blend, look: Look) {
        if let Some(slot) = self.slots.get_mut(k) {
            (slot.blend, slot.look) = (blend, look);
        }
    }

    /// How what is drawn in a slot meets the colours below.
    pub fn blend(&self, k: usize) -> Blend {
        self.slots.get(k).map_or(Blend::Over, |s| s.blend)
    }

    /// How the cells of all slots are drawn, and meet the colours below.
    pub fn looks(&self) -> Vec<(Blend, Look)> {
        self.slots.iter().map(|s| (s.blend, s.look)).collect()
    }

    /// How the cells of a slot are drawn.
    pub fn look(&self, k: usize) -> Look {
        self.slots.get(k).map(|s| s.look).unwrap_or_default()
    }

    fn lut(&mut self, gpu: &crate::gpu::Gpu, colormap: &Arc<Colormap>) -> wgpu::TextureView {
        if let Some((known, view)) = self.luts.get(&colormap.id)
            && **known == **colormap
        {
            return view.clone();
        }
        let texels: Vec<u8> = colormap.lut.iter().flat_map(|c| [c[0], c[1], c[2], 255]).collect();
        let size = wgpu::Extent3d { width: 256, height: 1, depth_or_array_layers: 1 };
        let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("colormap"),
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(1024), rows_per_image: None };
        gpu.queue.write_texture(texture.as_image_copy(), &texels, layout, size);
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        self.luts.insert(colormap.id.clone(), (Arc::clone(colormap), view.clone()));
        view
    }
}
