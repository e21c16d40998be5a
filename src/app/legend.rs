//! Colour bars, scale bar and time on exported images, drawn by the code of the window.

use anyhow::Context as _;
use egui::{Rect, pos2, vec2};
use egui_wgpu::wgpu;
use image::RgbaImage;
use seaglass_core::format::period;
use seaglass_core::session::Session;
use seaglass_core::time::TimeSpan;
use seaglass_render::Gpu;

use crate::model::{Model, Reason, Status};
use crate::placing::{EDGE, Taken};
use crate::theme::{self, Theme};
use crate::{cards, compare, map_labels, scene_legend};

/// How an image is decorated.
#[derive(Clone, Copy, Debug)]
pub struct Decoration {
    /// Pixels of a point: 1 for a picture of screen size, 2 for print.
    pub pixels_per_point: f32,
    /// Cards of the dark theme.
    pub dark: bool,
    /// Names of places and degrees of the graticule, where the base map has them.
    pub labels: bool,
    /// An arrow to the north.
    pub north: bool,
}

impl Default for Decoration {
    fn default() -> Self {
        Self { pixels_per_point: 1.0, dark: true, labels: false, north: false }
    }
}

/// Draws legend, scale bar and time onto the image of a session's view.
///
/// # Errors
/// The device cannot hold the overlay or hand it back.
pub fn decorate(gpu: &Gpu, image: &mut RgbaImage, session: &Session, options: Decoration) -> anyhow::Result<()> {
    Decorations::new(gpu, session, [image.width(), image.height()], options)?.paint(gpu, 0, image)
}

/// The decorations of one picture, laid out; they are painted piece by piece.
pub struct Decorations {
    jobs: Vec<egui::ClippedPrimitive>,
    renderer: egui_wgpu::Renderer,
    ppp: f32,
}

impl Decorations {
    /// Lays them out for a session's view of that size.
    ///
    /// # Errors
    /// The picture is empty.
    pub fn new(gpu: &Gpu, session: &Session, size_px: [u32; 2], options: Decoration) -> anyhow::Result<Self> {
        anyhow::ensure!(size_px[0] > 0 && size_px[1] > 0, "an empty image cannot be decorated");
        // Small pictures get small cards rather than none.
        let fit =
            (size_px[0] as f32 / 640.0).min(size_px[1] as f32 / 400.0).clamp(0.4, options.pixels_per_point.max(1.0));
        let ppp = (options.pixels_per_point.min(fit)).max(0.4);
        let mut draw = |ui: &mut egui::Ui, screen| paint(ui, screen, session, size_px, ppp, options);
        Self::painted(gpu, size_px, ppp, options.dark, &mut draw)
    }

    /// Lays out whatever `paint` draws on a picture of that size.
    ///
    /// # Errors
    /// The picture is empty.
    pub fn painted(
        gpu: &Gpu,
        size_px: [u32; 2],
        ppp: f32,
        dark: bool,
        paint: &mut dyn FnMut(&mut egui::Ui, Rect),
    ) -> anyhow::Result<Self> {
        anyhow::ensure!(size_px[0] > 0 && size_px[1] > 0, "an empty image cannot be decorated");
        let ctx = egui::Context::default();
        theme::install(&ctx);
        ctx.set_theme(if dark { egui::Theme::Dark } else { egui::Theme::Light });
        let screen = Rect::from_min_size(pos2(0.0, 0.0), vec2(size_px[0] as f32 / ppp, size_px[1] as f32 / ppp));
        let mut textures = egui::TexturesDelta::default();
        let mut shapes = Vec::new();
        for _ in 0..2 {
            let mut input = egui::RawInput { screen_rect: Some(screen), ..egui::RawInput::default() };
            if let Some(viewport) = input.viewports.get_mut(&egui::ViewportId::ROOT) {
                viewport.native_pixels_per_point = Some(ppp);
            }
            let output = ctx.run_ui(input, |ui| paint(ui, screen));
            textures.append(output.textures_delta);
            shapes = output.shapes;
        }
        let settings = egui_wgpu::RendererOptions { dithering: false, ..egui_wgpu::RendererOptions::default() };
        let mut renderer = egui_wgpu::Renderer::new(&gpu.device, wgpu::TextureFormat::Rgba8Unorm, settings);
        for (id, delta) in textures.set.iter().flat_map(|(id, list)| list.iter().map(move |d| (id, d))) {
            renderer.update_texture(&gpu.device, &gpu.queue, *id, delta);
        }
        textures.clear();
        Ok(Self { jobs: ctx.tessellate(shapes, ppp), renderer, ppp })
    }

    /// Paints what falls on the rows of the picture from `top` on, as many as `rows` has.
    ///
    /// # Errors
    /// The device cannot hold the overlay or hand it back.
    pub fn paint(&mut self, gpu: &Gpu, top: u32, rows: &mut RgbaImage) -> anyhow::Result<()> {
        let (width, height) = rows.dimensions();
        let side = gpu.max_side_px().min(4096);
        for y in (0..height).step_by(side as usize) {
            for left in (0..width).step_by(side as usize) {
                let piece = [side.min(width - left), side.min(height - y)];
                let corner = vec2(left as f32, (top + y) as f32) / self.ppp;
                let shown = Rect::from_min_size(corner.to_pos2(), vec2(piece[0] as f32, piece[1] as f32) / self.ppp);
                let moved = moved(&self.jobs, shown);
                if moved.is_empty() {
                    continue;
                }
                let pixels = draw_piece(gpu, &mut self.renderer, &moved, piece, self.ppp)
                    .context("the legend could not be drawn")?;
                for (k, above) in pixels.as_chunks::<4>().0.iter().enumerate() {
                    let (x, dy) = (left + k as u32 % piece[0], y + k as u32 / piece[0]);
                    blend(&mut rows.get_pixel_mut(x, dy).0, *above);
                }
            }
        }
        Ok(())
    }
}

/// Premultiplied `above` over straight `below`.
fn blend(below: &mut [u8; 4], above: [u8; 4]) {
    let a = u32::from(above[3]);
    if a == 0 {
        return;
    }
    let under = u32::from(below[3]) * (255 - a) / 255;
    let alpha = a + under;
    for k in 0..3 {
        let premultiplied = u32::from(above[k]) + u32::from(below[k]) * under / 255;
        below[k] = (premultiplied * 255 / alpha.max(1)).min(255) as u8;
    }
    below[3] = alpha.min(255) as u8;
}

fn paint(ui: &mut egui::Ui, screen: Rect, session: &Session, size_px: [u32; 2], ppp: f32, options: Decoration) {
    let t = Theme::get(options.dark);
    let painter = ui.painter();
    let frames = compare::frames(screen, ppp, session.project().compare);
    let width = if frames.len() > 1 { size_px[0].div_ceil(2) } else { size_px[0] };
    let view = session.project().camera.view(f64::from(width), f64::from(size_px[1]));
    let mut taken = Taken::default();
    let mut scale_right = screen.left();
    if let Some(bar) = cards::scale_bar_for(&view, ppp) {
        let size = cards::scale_bar_size(painter, t, &bar);
        let rect = Rect::from_min_size(pos2(EDGE, screen.bottom() - EDGE - size.y), size);
        cards::paint_scale_bar(painter, t, rect, &bar);
        scale_right = rect.right();
        taken.add("scale bar", rect);
    }
    let model = Model::new(session, |id| Status { reason: nothing_shown(session, id), ..Status::default() });
    let chosen = scene_legend::choose(&model.rows, None, 3, &scene_legend::coverage(session, &view));
    let mut legend_left = screen.right();
    if !chosen.rows.is_empty() {
        let size = scene_legend::size(t, &chosen);
        let rect = Rect::from_min_size(screen.max - size - vec2(EDGE, EDGE), size);
        legend_left = rect.left();
        scene_legend::paint(painter, t, rect, &chosen);
        taken.add("legend", rect);
    }
    if session.catalogue().span().is_some() {
        let text = caption(session).unwrap_or_else(|| session.project().timeline.now.to_string());
        let size = cards::time_size(painter, t, &text);
        let rect = cards::time_rect(screen, scale_right, legend_left, size);
        cards::paint_time(painter, t, rect, &text);
        taken.add("time", rect);
    }
    if options.north {
        taken.add("north", cards::paint_north(painter, t, screen, &view.camera));
    }
    if options.labels {
        for frame in frames {
            for rect in crate::shapes::paint::names(painter, frame, &view, session, &taken) {
                taken.add("shape", rect);
            }
            map_labels::paint(painter, frame, &view, &session.project().base, &taken);
        }
    }
}

/// When what is shown was seen, as the legend says it; `None` where nothing tells.
pub fn caption(session: &Session) -> Option<String> {
    let (project, t) = (session.project(), &session.project().timeline);
    let shown = project.layers.iter().filter(|l| project.shows(l)).flat_map(|l| {
        let collection = session.catalogue().collections.get(&l.collection);
        let granules = collection.map(|c| c.shown_at(&l.field, &l.style, t)).unwrap_or_default();
        // Of tracks only what lies within the window is drawn.
        let window = l.style.window_within(&granules, t);
        granules.into_iter().filter_map(move |g| {
            let seen = g.time.map(TimeSpan::at).or(g.span)?;
            Some(window.filter(|w| w.intersects(&seen)).map_or(seen, |w| cut_to(seen, w)))
        })
    });
    shown.reduce(|a, b| a.union(&b)).map(period)
}

/// The part of a span within another that it meets.
fn cut_to(span: TimeSpan, window: TimeSpan) -> TimeSpan {
    TimeSpan::new(span.start.max(window.start), span.stop.min(window.stop))
}

/// Layers without a granule at this time are not in the legend.
fn nothing_shown(session: &Session, id: seaglass_core::project::LayerId) -> Option<Reason> {
    let project = session.project();
    let layer = project.layer(id)?;
    let collection = session.catalogue().collections.get(&layer.collection)?;
    let t = &project.timeline;
    collection.shown_at(&layer.field, &layer.style, t).is_empty().then_some(Reason::NoData)
}

/// What is seen in a part of the picture, with its corner as the origin.
fn moved(jobs: &[egui::ClippedPrimitive], shown: Rect) -> Vec<egui::ClippedPrimitive> {
    let bounds = |job: &egui::ClippedPrimitive| match &job.primitive {
        egui::epaint::Primitive::Mesh(mesh) => mesh.calc_bounds().intersect(job.clip_rect),
        egui::epaint::Primitive::Callback(_) => job.clip_rect,
    };
    let by = -shown.min.to_vec2();
    let mut jobs: Vec<_> = jobs.iter().filter(|job| bounds(job).intersects(shown)).cloned().collect();
    for job in &mut jobs {
        job.clip_rect = job.clip_rect.translate(by);
        if let egui::epaint::Primitive::Mesh(mesh) = &mut job.primitive {
            mesh.translate(by);
        }
    }
    jobs
}

fn draw_piece(
    gpu: &Gpu,
    renderer: &mut egui_wgpu::Renderer,
    jobs: &[egui::ClippedPrimitive],
    size_px: [u32; 2],
    ppp: f32,
) -> anyhow::Result<Vec<u8>> {
    let extent = wgpu::Extent3d { width: size_px[0], height: size_px[1], depth_or_array_layers: 1 };
    let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: Some("legend"),
        size: extent,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rgba8Unorm,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
        view_formats: &[],
    });
    let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
    let screen = egui_wgpu::ScreenDescriptor { size_in_pixels: size_px, pixels_per_point: ppp };
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("legend") });
    let extra = renderer.update_buffers(&gpu.device, &gpu.queue, &mut encoder, jobs, &screen);
    {
        let pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("legend"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(wgpu::Color::TRANSPARENT),
                    store: wgpu::StoreOp::Store,
                },
            })],
            ..wgpu::RenderPassDescriptor::default()
        });
        renderer.render(&mut pass.forget_lifetime(), jobs, &screen);
    }
    let stride = (size_px[0] * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
    let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("legend"),
        size: u64::from(stride) * u64::from(size_px[1]),
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
        mapped_at_creation: false,
    });
    encoder.copy_texture_to_buffer(
        texture.as_image_copy(),
        wgpu::TexelCopyBufferInfo {
            buffer: &buffer,
            layout: wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(stride), rows_per_image: None },
        },
        extent,
    );
    gpu.queue.submit(extra.into_iter().chain([encoder.finish()]));
    let (sender, receiver) = crossbeam::channel::bounded(1);
    buffer.slice(..).map_async(wgpu::MapMode::Read, move |result| {
        // The receiver waits below for as long as this can be called.
        if sender.send(result).is_err() {
            log::error!("the legend came too late");
        }
    });
    gpu.device.poll(wgpu::PollType::wait_indefinitely())?;
    receiver.recv()??;
    let mapped = buffer.slice(..).get_mapped_range()?;
    let row = size_px[0] as usize * 4;
    Ok(mapped.chunks(stride as usize).flat_map(|line| line[..row].iter().copied()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blending_keeps_straight_alpha() {
        let mut p = [100, 100, 100, 255];
        blend(&mut p, [0, 0, 0, 0]);
        assert_eq!(p, [100, 100, 100, 255]);
        blend(&mut p, [200, 10, 0, 255]);
        assert_eq!(p, [200, 10, 0, 255]);
        let mut clear = [0, 0, 0, 0];
        blend(&mut clear, [64, 0, 0, 128]);
        assert_eq!(clear, [127, 0, 0, 128]);
    }
}
