//! The picture of globe or map: drawn offscreen when something has changed, then shown as an image.

use egui::{Rect, TextureId, Ui};
use egui_wgpu::wgpu;
use seaglass_core::session::Session;
use seaglass_host::Host;
use seaglass_render::{Gpu, Renderer, RendererOptions};

use crate::fade::Fade;
use crate::theme::theme;
use crate::watch::Watch;

/// Format of the offscreen picture: gamma-encoded, as egui expects its textures.
const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;
/// How soon to look again while the picture is not complete, seconds.
const LOOK_AGAIN_S: f32 = 0.06;

/// Renderer and its target.
pub struct Viewport {
    state: egui_wgpu::RenderState,
    gpu: Gpu,
    renderer: Renderer,
    target: Option<Target>,
    /// The picture of globe or map that fades, and how far it has.
    ghost: Option<Target>,
    fade: Option<Fade>,
    drawn: Option<Drawn>,
    complete: bool,
    watch: Watch,
    /// Pictures drawn since the start, for tests and the idle check.
    pub frames: u64,
}

struct Target {
    view: wgpu::TextureView,
    id: TextureId,
    size_px: [u32; 2],
}

/// What the last picture showed; a new one is drawn when this differs.
#[derive(PartialEq)]
struct Drawn {
    project: seaglass_core::project::Project,
    size_px: [u32; 2],
    ppp: f32,
    background: [u8; 4],
}

impl Viewport {
    /// A viewport on the window's device.
    ///
    /// # Errors
    /// The shaders do not compile on this device.
    pub fn new(state: egui_wgpu::RenderState) -> anyhow::Result<Self> {
        let gpu = Gpu::new(state.device.clone(), state.queue.clone(), &state.adapter.get_info());
        let renderer = Renderer::new(&gpu, RendererOptions::default())?;
        Ok(Self {
            state,
            gpu,
            renderer,
            target: None,
            ghost: None,
            fade: None,
            drawn: None,
            complete: false,
            watch: Watch::default(),
            frames: 0,
        })
    }

    /// The device.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// Size of the picture last drawn, when nothing of it was missing.
    pub fn complete_size_px(&self) -> Option<[u32; 2]> {
        self.drawn.as_ref().filter(|_| self.complete).map(|d| d.size_px)
    }

    /// Size of the picture last drawn.
    pub fn size_px(&self) -> Option<[u32; 2]> {
        self.drawn.as_ref().map(|d| d.size_px)
    }

    /// The renderer, for exports.
    pub fn renderer(&mut self) -> &mut Renderer {
        &mut self.renderer
    }

    /// Draws what is new and shows the picture in `rect`. `arrived`: the host has something new. Answers how much of it is
    /// seen, 0 to 1: less than all while globe and map change places.
    pub fn show(&mut self, ui: &Ui, rect: Rect, host: &mut Host, background: egui::Color32, arrived: bool) -> f32 {
        let ppp = ui.pixels_per_point();
        let size_px = [(rect.width() * ppp).round() as u32, (rect.height() * ppp).round() as u32];
        if size_px[0] < 2 || size_px[1] < 2 {
            return 1.0;
        }
        let background = background.to_array();
        let now = Drawn { project: visible_part(host.session()), size_px, ppp, background };
        // Nothing moves for those who wish so, nor in a window nobody sees.
        let hidden = ui.input(|i| i.viewport().minimized == Some(true));
        let awake = moves(ui.ctx()) && !hidden;
        let seconds = self.watch.at(ui.input(|i| i.time), awake);
        let moving = awake && self.watch.is_moving();
        let due = arrived || !self.complete || moving || self.drawn.as_ref() != Some(&now);
        self.change_over(ui, &now);
        if due {
            let mut scene = host.scene(size_px, ppp, background);
            scene.seconds = seconds;
            let plan = host.drive(&mut self.renderer, &scene);
            self.complete = plan.complete && scene.outlines.is_empty();
            let target = self.target(size_px);
            let (view, id) = (target.view.clone(), target.id);
            self.renderer.render(&scene, &view, FORMAT);
            self.frames += 1;
            self.drawn = Some(now);
            self.watch.drew(&scene);
            if awake && self.watch.is_moving() {
                ui.ctx().request_repaint_after_secs(Watch::interval_s(self.gpu.software));
            }
            if !self.complete {
                ui.ctx().request_repaint_after_secs(LOOK_AGAIN_S);
            }
            paint(ui, rect, id, 1.0);
        } else if let Some(target) = &self.target {
            paint(ui, rect, target.id, 1.0);
        }
        let left = self.fade.and_then(|mut fade| {
            let left = fade.left(ui.input(|i| i.time), self.complete);
            self.fade = left.map(|_| fade);
            left
        });
        let Some((left, ghost)) = left.zip(self.ghost.as_ref()) else { return 1.0 };
        paint(ui, rect, ghost.id, left);
        ui.ctx().request_repaint();
        1.0 - left
    }

    /// Has what a picture of another size needs read and uploaded; the view itself stays as it is.
    pub fn prepare(&mut self, host: &mut Host, size_px: [u32; 2], ppp: f32, background: egui::Color32) {
        if self.size_px() != Some(size_px) {
            let scene = host.scene(size_px, ppp, background.to_array());
            host.drive(&mut self.renderer, &scene);
        }
    }

    /// Keeps the last picture when globe and map change places; forgets it when somebody moves on meanwhile.
    fn change_over(&mut self, ui: &Ui, now: &Drawn) {
        let Some(drawn) = &self.drawn else { return };
        let (was, is) = (drawn.project.camera, now.project.camera);
        if was.projection != is.projection && drawn.size_px == now.size_px && moves(ui.ctx()) {
            std::mem::swap(&mut self.target, &mut self.ghost);
            // The design's time is that of a view that bends; a fade looks slow after half of it.
            let lasts_s = f64::from(theme(ui).motion.globe_map) / 2000.0;
            self.fade = Some(Fade::new(ui.input(|i| i.time), lasts_s));
        } else if was != is || drawn.size_px != now.size_px {
            self.fade = None;
        }
    }

    fn target(&mut self, size_px: [u32; 2]) -> &Target {
        if self.target.as_ref().is_none_or(|t| t.size_px != size_px) {
            let texture = self.gpu.device.create_texture(&wgpu::TextureDescriptor {
                label: Some("viewport"),
                size: wgpu::Extent3d { width: size_px[0], height: size_px[1], depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: FORMAT,
                usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::TEXTURE_BINDING,
                view_formats: &[],
            });
            let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
            let mut egui_renderer = self.state.renderer.write();
            let id = match &self.target {
                Some(old) => {
                    egui_renderer.update_egui_texture_from_wgpu_texture(
                        &self.gpu.device,
                        &view,
                        wgpu::FilterMode::Nearest,
                        old.id,
                    );
                    old.id
                }
                None => egui_renderer.register_native_texture(&self.gpu.device, &view, wgpu::FilterMode::Nearest),
            };
            drop(egui_renderer);
            self.target = Some(Target { view, id, size_px });
        }
        match &self.target {
            Some(target) => target,
            None => unreachable!("set above"),
        }
    }
}

/// Whether things may move by themselves: no animation time is how a wish for less motion reaches the style.
pub fn moves(ctx: &egui::Context) -> bool {
    ctx.global_style().animation_time > 0.0
}

fn paint(ui: &Ui, rect: Rect, id: TextureId, opacity: f32) {
    let uv = Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(1.0, 1.0));
    ui.painter().image(id, rect, uv, egui::Color32::WHITE.gamma_multiply(opacity));
}

/// The part of the document a picture depends on.
fn visible_part(session: &Session) -> seaglass_core::project::Project {
    let mut project = session.project().clone();
    project.sources.clear();
    project.next_layer = 0;
    (project.bookmarks, project.tags) = Default::default();
    project.timeline.playing = false;
    for layer in &mut project.layers {
        layer.name = None;
    }
    project
}
