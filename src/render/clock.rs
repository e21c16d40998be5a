//! Which times a layer shows, for the shaders: a few numbers a layer and frame; nothing else moves with the clock.

use seaglass_core::style::Style;
use seaglass_core::time::{Time, TimeSpan};

use crate::frame::FrameView;
use crate::gpu::Gpu;
use crate::path_pipelines::reads_storage;
use crate::sample::{Units, day_of_time};
use crate::scene::{Clock, SceneLayer};
use crate::series::SeriesShape;
use crate::trail::Span;

/// Mirror of `Clock` in `shaders/shared/clock.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct ClockUniform {
    /// Whole units of the frame's anchor, and a turn of the map.
    origin: [i32; 4],
    /// Metres of the anchor beyond those; .w pixels of a metre at a distance of 1 (maps: anywhere).
    rest: [f32; 4],
    /// Metres of a unit; .w diameter of dots on the ground, 0 where it is given in points.
    unit: [f32; 4],
    /// Days of the window's ends and of the clock; .w flags.
    days: [i32; 4],
    /// Seconds within these days; .w the age (seconds) at which things are palest.
    seconds: [f32; 4],
}

const ALL_TIMES: i32 = 1;
const FADE: i32 = 2;
const BY_AGE: i32 = 4;

/// What of a layer is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Times {
    /// Clock.
    pub now: Time,
    /// Only this; everything when absent.
    pub window: Option<TimeSpan>,
    /// Paler or coloured by distance from the clock, up to so many seconds.
    pub reach_s: f64,
    fade: bool,
    by_age: bool,
    dot_m: f64,
    /// There is a clock.
    clocked: bool,
}

impl Times {
    /// Of tracks and points.
    pub fn of_samples(layer: &SceneLayer, clock: Option<Clock>, shape: &SeriesShape) -> Self {
        // Without times nothing is known against any sample.
        let Some(span) = shape.span() else { return Self::of(&layer.style, None, clock, None).without_ages() };
        let data = TimeSpan::new(Time::from_micros(span[0]), Time::from_micros(span[1]));
        Self { by_age: layer.style.trail.by_time, ..Self::of(&layer.style, layer.times, clock, Some(data)) }
    }

    fn without_ages(self) -> Self {
        Self { fade: false, by_age: false, ..self }
    }

    /// Of rasters.
    pub fn of_rows(layer: &SceneLayer, clock: Option<Clock>) -> Self {
        Self { by_age: false, ..Self::of(&layer.style, layer.times, clock, clock.map(|c| c.window)) }
    }

    fn of(style: &Style, window: Option<TimeSpan>, clock: Option<Clock>, data: Option<TimeSpan>) -> Self {
        let span = window.or(data);
        let now = clock.map(|c| c.now).or(span.map(|s| s.stop)).unwrap_or(Time::from_micros(0));
        let reach = |s: TimeSpan| now.seconds_since(s.start).abs().max(s.stop.seconds_since(now).abs());
        Self {
            now,
            window,
            reach_s: span.map_or(1.0, reach).max(1e-3),
            fade: style.time.fade,
            by_age: false,
            dot_m: style.trail.dot_m.unwrap_or(0.0),
            clocked: clock.is_some(),
        }
    }

    /// Everything, whatever its time.
    #[cfg(test)]
    pub fn everything() -> Self {
        Self {
            now: Time::from_micros(0),
            window: None,
            reach_s: 1.0,
            fade: false,
            by_age: false,
            dot_m: 0.0,
            clocked: false,
        }
    }

    #[cfg(test)]
    pub fn within(self, window: TimeSpan) -> Self {
        Self { window: Some(window), ..self }
    }

    /// Whether the clock changes nothing.
    pub fn is_static(&self) -> bool {
        !self.clocked
    }

    /// Whether the colours or the presence of rows depend on their times.
    pub fn looks_at_rows(&self) -> bool {
        self.window.is_some() || self.fade
    }

    /// Whether things are paler the further they are from the clock.
    pub fn fades(&self) -> bool {
        self.fade
    }

    /// Whether a span of µs may show.
    pub fn meets(&self, [start, stop]: [i64; 2]) -> bool {
        self.window.is_none_or(|w| w.start.micros() <= stop && start <= w.stop.micros())
    }

    /// For the shaders.
    pub fn uniform(&self, frame: &FrameView) -> ClockUniform {
        let units = Units::of(frame.view.camera.projection);
        let (origin, rest) = units.split(frame.anchor);
        let turn = frame.turn.map_or(0, |t| (t / units.0.x).round() as i32);
        let window = self.window.unwrap_or(TimeSpan::at(self.now));
        let [from, to, now] = [window.start, window.stop, self.now].map(day_of_time);
        let bit = |on: bool, bit: i32| if on { bit } else { 0 };
        let flags = bit(self.window.is_none(), ALL_TIMES) | bit(self.fade, FADE) | bit(self.by_age, BY_AGE);
        let rest = rest.as_vec3();
        let unit = units.0.as_vec3();
        ClockUniform {
            origin: [origin[0], origin[1], origin[2], turn],
            rest: [rest.x, rest.y, rest.z, frame.px_per_m() as f32],
            unit: [unit.x, unit.y, unit.z, self.dot_m as f32],
            days: [from.0, to.0, now.0, flags],
            seconds: [from.1, to.1, now.1, self.reach_s as f32],
        }
    }
}

/// The uniforms of a frame's layers, in one buffer with dynamic offsets, and which pieces of lines it draws.
#[derive(Debug)]
pub(crate) struct Clocks {
    buffer: wgpu::Buffer,
    listed: wgpu::Buffer,
    /// Bind group 3.
    pub group: wgpu::BindGroup,
    uniforms: Vec<ClockUniform>,
    spans: Vec<Span>,
    uploaded: bool,
}

const STEP: u64 = 256;
const SPAN_BYTES: u64 = size_of::<Span>() as u64;

impl Clocks {
    /// Room for a few layers and lines to begin with.
    pub fn new(gpu: &Gpu, layout: &wgpu::BindGroupLayout) -> Self {
        Self::sized(gpu, layout, [16, 1024])
    }

    fn sized(gpu: &Gpu, layout: &wgpu::BindGroupLayout, [slots, spans]: [u64; 2]) -> Self {
        let storage = reads_storage(gpu);
        let make = |label, size, usage| {
            gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(label),
                size,
                usage: usage | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            })
        };
        let buffer = make("clocks", STEP * slots, wgpu::BufferUsages::UNIFORM);
        let usage = if storage { wgpu::BufferUsages::STORAGE } else { wgpu::BufferUsages::VERTEX };
        let listed = make("spans", SPAN_BYTES * spans, usage);
        let size = std::num::NonZeroU64::new(size_of::<ClockUniform>() as u64);
        let resource = wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer: &buffer, offset: 0, size });
        let entries = [
            wgpu::BindGroupEntry { binding: 0, resource },
            wgpu::BindGroupEntry { binding: 1, resource: listed.as_entire_binding() },
        ];
        let group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("clocks"),
            layout,
            entries: if storage { &entries } else { &entries[..1] },
        });
        Self { buffer, listed, group, uniforms: Vec::new(), spans: Vec::new(), uploaded: false }
    }

    /// Begins a frame.
    pub fn begin(&mut self) {
        self.uniforms.clear();
        self.spans.clear();
        self.uploaded = false;
    }

    /// Takes a uniform; gives its dynamic offset.
    pub fn add(&mut self, uniform: ClockUniform) -> u32 {
        if self.uniforms.last() != Some(&uniform) {
            self.uniforms.push(uniform);
        }
        (self.uniforms.len() as u64 - 1) as u32 * STEP as u32
    }

    /// Takes pieces to draw; gives the first one's place in the list and their number.
    pub fn list(&mut self, spans: impl Iterator<Item = Span>) -> (u32, u32) {
        let first = self.spans.len() as u32;
        self.spans.extend(spans);
        (first, self.spans.len() as u32 - first)
    }

    /// Writes what the frame uses.
    pub fn upload(&mut self, gpu: &Gpu, layout: &wgpu::BindGroupLayout) {
        if self.uploaded || self.uniforms.is_empty() {
            return;
        }
        let needed = [self.uniforms.len() as u64, self.spans.len() as u64];
        let held = [self.buffer.size() / STEP, self.listed.size() / SPAN_BYTES];
        if needed[0] > held[0] || needed[1] > held[1] {
            let (uniforms, spans) = (std::mem::take(&mut self.uniforms), std::mem::take(&mut self.spans));
            let room = [0, 1].map(|k| needed[k].max(held[k]).next_power_of_two());
            *self = Self { uniforms, spans, ..Self::sized(gpu, layout, room) };
        }
        let mut bytes = vec![0u8; (needed[0] * STEP) as usize];
        for (uniform, slot) in self.uniforms.iter().zip(bytes.chunks_exact_mut(STEP as usize)) {
            slot[..size_of::<ClockUniform>()].copy_from_slice(bytemuck::bytes_of(uniform));
        }
        gpu.queue.write_buffer(&self.buffer, 0, &bytes);
        if !self.spans.is_empty() {
            gpu.queue.write_buffer(&self.listed, 0, bytemuck::cast_slice(&self.spans));
        }
        self.uploaded = true;
    }
}
