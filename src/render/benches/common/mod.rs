//! Frames as other programs time them: planned, drawn and read back, 1280 × 800.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark may end with a message")]
#![allow(dead_code, reason = "each benchmark uses a part")]

use std::time::Instant;

use seaglass_core::field::Block;
use seaglass_render::{Gpu, Renderer, Scene, Wanted};

/// Size of the pictures of most benchmarks.
pub const SIZE: [u32; 2] = [1280, 800];
const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// A target that is read back.
pub struct Screen {
    gpu: Gpu,
    texture: wgpu::Texture,
    view: wgpu::TextureView,
    out: wgpu::Buffer,
    size: [u32; 2],
    line: u32,
}

impl Screen {
    pub fn new(gpu: &Gpu, size: [u32; 2]) -> Self {
        let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: None,
            size: wgpu::Extent3d { width: size[0], height: size[1], depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: FORMAT,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let line = (size[0] * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let out = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: u64::from(line) * u64::from(size[1]),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        Self { gpu: gpu.clone(), texture, view, out, size, line }
    }

    /// Draws what was planned and reads it back.
    pub fn draw(&self, renderer: &mut Renderer, scene: &Scene) {
        renderer.render(scene, &self.view, FORMAT);
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(self.line), rows_per_image: None };
        encoder.copy_texture_to_buffer(
            self.texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo { buffer: &self.out, layout },
            self.texture.size(),
        );
        self.gpu.queue.submit([encoder.finish()]);
        self.out.map_async(wgpu::MapMode::Read, .., |_| {});
        self.gpu.device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
        let sum: u64 = self.out.get_mapped_range(..).unwrap().iter().map(|b| u64::from(*b)).sum();
        assert!(sum > 0, "an empty picture");
        self.out.unmap();
        self.gpu.take_error().unwrap();
    }

    /// Milliseconds of one frame, and whether it was all there is to show.
    pub fn frame(&self, renderer: &mut Renderer, scene: &Scene) -> (f64, bool) {
        let start = Instant::now();
        let complete = renderer.plan(scene).complete;
        self.draw(renderer, scene);
        (start.elapsed().as_secs_f64() * 1e3, complete)
    }

    /// The frames from a move to the complete picture.
    pub fn rest(&self, renderer: &mut Renderer, scene: &Scene) -> Vec<f64> {
        let mut all = Vec::new();
        for _ in 0..1000 {
            let (ms, complete) = self.frame(renderer, scene);
            all.push(ms);
            if complete {
                return all;
            }
        }
        panic!("the picture never became complete");
    }

    /// Keeps the last picture in the folder named by `SEAGLASS_TEST_PICTURES`.
    pub fn keep(&self, name: &str) {
        let Some(folder) = std::env::var_os("SEAGLASS_TEST_PICTURES") else { return };
        self.out.map_async(wgpu::MapMode::Read, .., |_| {});
        self.gpu.device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
        let width = self.size[0] as usize * 4;
        let pixels: Vec<u8> = {
            let mapped = self.out.get_mapped_range(..).unwrap();
            mapped.chunks_exact(self.line as usize).flat_map(|l| l[..width].to_vec()).collect()
        };
        self.out.unmap();
        let image = image::RgbaImage::from_raw(self.size[0], self.size[1], pixels).unwrap();
        image.save(std::path::PathBuf::from(folder).join(format!("{name}.png"))).unwrap();
    }
}

/// Supplies what a scene wants until all of it is there.
pub fn settle(renderer: &mut Renderer, scene: &Scene, read: &dyn Fn(&Wanted) -> Block) {
    for _ in 0..20_000 {
        let plan = renderer.plan(scene);
        if plan.complete {
            return;
        }
        for wanted in &plan.wanted {
            renderer.supply(wanted.key, read(wanted));
        }
        if plan.wanted.is_empty() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
    panic!("the picture never became complete");
}

/// Milliseconds of all cores this process has used, to 10 ms; 0 where the system does not tell. On a machine that others use
/// as well it says more than a clock.
pub fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|n| n.parse::<f64>().ok()).sum::<f64>() * 10.0
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A ratio to a peer beside what was aimed at. Other programs were timed on another day; see docs/performance.md.
pub fn beside(title: &str, ours_ms: f64, peer: &str, peer_ms: f64, aim: f64) {
    let ratio = peer_ms / ours_ms;
    let verdict = if ratio >= aim { "reached" } else { "missed" };
    println!(
        "  {title}: {ours_ms:.1} ms; {peer} (recorded) {peer_ms:.0} ms: {ratio:.1} times (aim {aim:.0}: {verdict})"
    );
}

/// The parts asked for by `cargo bench`; `None` where this is not measuring (`cargo test --benches`).
pub fn arguments() -> Option<Vec<String>> {
    let all: Vec<String> = std::env::args().skip(1).collect();
    all.iter().any(|a| a == "--bench").then(|| all.into_iter().filter(|a| !a.starts_with("--")).collect())
}
