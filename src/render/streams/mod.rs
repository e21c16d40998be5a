//! Streamlines: particles that drift with a vector field.
//!
//! Each layer has a system of particles on the flow in its view ([`grid`]). Time is watched in ticks of 1/30 s; a picture
//! shows particles between their last two ticks, so that they move evenly at any rate of pictures. Where a particle is
//! depends on its number, its birth and the flow alone ([`engine`]): a picture made at once is the same every time, and a
//! window goes on from what it has.

mod engine;
mod grid;
mod plan;
mod sample;
mod store;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use glam::DVec3;
use parking_lot::Mutex;
use seaglass_core::camera::Camera;
use seaglass_core::projection::Projection;
use seaglass_core::style::{Blend, Style, usual_speed_ms};

use self::engine::{Advance, FRESH, RESEED};
pub(crate) use self::grid::Source;
use self::grid::{FlowGrid, Spacing};
pub(crate) use self::plan::plan;
pub(crate) use self::sample::Field;
use self::store::{Machine, Store, Tails};
use crate::error::RenderError;
use crate::frame::FrameView;
use crate::gpu::Gpu;
use crate::pipelines::Pipelines;

/// Ticks in a second of watching.
const TICKS_PER_S: f64 = 30.0;
/// Ticks between the points of a tail.
const STRIDE: u32 = 2;
/// Ticks a particle lives; longer where its tail is longer.
const LIFE: u32 = 96;
/// The first tick: births before it are positive numbers too.
const FIRST_TICK: u32 = 1024;
/// Ticks by which a picture may follow another one; beyond, particles are placed anew.
const MOST_TICKS: u32 = 60;
/// Most bytes of one layer's particles; beyond, tails become shorter.
const MOST_BYTES: u64 = 384 << 20;
/// Nodes beyond the screen, for particles that are about to come in, points.
const MARGIN_PT: f64 = 40.0;
/// Pixels between nodes while the view moves, and when it rests.
const COARSE_PX: f64 = 6.0;
const FINE_PX: f64 = 2.0;
/// Nodes at most.
const MOST_NODES: f64 = 1_500_000.0;
/// Pixels of drift in one substep.
const SUBSTEP_PX: f32 = 2.5;
/// Most substeps of a tick.
const MOST_SUBSTEPS: u32 = 8;

/// What a layer's flow is made from.
pub(crate) struct Ask<'a> {
    /// Style of the layer.
    pub style: &'a Style,
    /// Fields in view, the bottom one first.
    pub sources: Vec<Source>,
    /// How far the clock is on the way to the later step, for each source.
    pub parts: Vec<f32>,
    /// Changes when other tiles are there.
    pub content: Vec<u64>,
    /// Seconds of watching.
    pub seconds: f64,
    /// Pixels of a point.
    pub pixels_per_point: f32,
    /// Everything at once, for pictures.
    pub synchronous: bool,
}

/// What a grid was made for.
#[derive(Clone, Debug, PartialEq)]
struct GridKey {
    camera: Camera,
    size_px: [u32; 2],
    ppp: f32,
    content: Vec<u64>,
    fine: bool,
}

type Building = Arc<Mutex<Option<FlowGrid>>>;

/// Particles of one layer.
struct System {
    particles: u32,
    length: u32,
    store: Option<Store>,
    grid: Option<(GridKey, Arc<FlowGrid>)>,
    building: Option<(GridKey, Building)>,
    parts: Vec<f32>,
    projection: Projection,
    camera: Option<Camera>,
    tick: u32,
    ring: u32,
    /// Ground seconds in a second of watching, when the particles were last placed anew.
    factor: f64,
    /// To be done before the next picture.
    work: Option<Advance>,
    tails: Option<Tails>,
    blend: Blend,
    used: bool,
}

/// All systems of particles.
pub(crate) struct Streams {
    machine: Option<Machine>,
    systems: BTreeMap<usize, System>,
    on_cpu: bool,
    /// Format and samples of the picture being drawn.
    target: Option<(wgpu::TextureFormat, u32)>,
}

impl Streams {
    /// None yet; `on_cpu`: particles are moved by the CPU even where the device could.
    pub fn new(on_cpu: bool) -> Self {
        Self { machine: None, systems: BTreeMap::new(), on_cpu, target: None }
    }

    /// Begins a plan.
    pub fn begin(&mut self) {
        self.systems.values_mut().for_each(|s| s.used = false);
    }

    /// Ends a plan: systems of layers that are gone go too.
    pub fn finish(&mut self) {
        self.systems.retain(|_, s| s.used);
    }

    /// Bytes held on the device.
    pub fn bytes(&self) -> u64 {
        self.systems.values().filter_map(|s| s.store.as_ref()).map(Store::bytes).sum()
    }

    /// Brings the particles of a layer up to date for a view. `false` while their flow is still being made.
    ///
    /// # Errors
    /// [`RenderError::Shader`] when a shader does not compile.
    pub fn plan(
        &mut self,
        gpu: &Gpu,
        pipelines: &Pipelines,
        slot: usize,
        frame: &FrameView,
        ask: Ask<'_>,
    ) -> Result<bool, RenderError> {
        let machine = match &mut self.machine {
            Some(machine) => machine,
            none => none.insert(Machine::new(gpu, pipelines, self.on_cpu)?),
        };
        let (particles, length) = (ask.style.stream.particles, ask.style.stream.length);
        let projection = frame.view.camera.projection;
        let system = self.systems.entry(slot).or_insert_with(|| System::new(particles, length, projection));
        if (system.particles, system.length, system.projection) != (particles, length, projection) {
            *system = System::new(particles, length, projection);
        }
        system.used = true;
        system.blend = ask.style.blend;
        Ok(system.plan(gpu, machine, frame, ask))
    }

    /// Moves particles as far as the last plan asked. Once a picture.
    pub fn advance(&mut self, gpu: &Gpu, encoder: &mut wgpu::CommandEncoder) {
        let Some(machine) = &self.machine else { return };
        for system in self.systems.values_mut() {
            system.advance(gpu, machine, encoder);
        }
    }

    /// Makes pipelines for a target.
    pub fn ready(&mut self, gpu: &Gpu, format: wgpu::TextureFormat, samples: u32) {
        self.target = Some((format, samples));
        let Some(machine) = &mut self.machine else { return };
        for blend in self.systems.values().map(|s| s.blend) {
            machine.ready(gpu, format, samples, blend);
        }
    }

    /// Draws the particles of a layer over an opaque picture or one to see through; frame and style are bound.
    pub fn draw(&self, pass: &mut wgpu::RenderPass<'_>, slot: usize, opaque: bool) -> usize {
        let Some((machine, system)) = self.machine.as_ref().zip(self.systems.get(&slot)) else { return 0 };
        let Some((store, _)) = system.store.as_ref().zip(system.tails) else { return 0 };
        let drawing = self.target.and_then(|(format, samples)| machine.pipelines(format, samples, system.blend));
        let Some(steps) = drawing else { return 0 };
        let steps = if opaque { &steps[..1] } else { steps };
        steps.iter().fold(0, |calls, pipeline| {
            pass.set_pipeline(pipeline);
            calls + store.draw(pass)
        })
    }
}

/// Ground seconds in a second of watching for a view and a style whose field has this unit.
pub(crate) fn factor(style: &Style, frame: &FrameView, speed_ms: f64) -> f64 {
    let size = frame.view.size_px;
    let across_m = frame.view.metres_per_px() * size.max_element();
    let usual = usual_speed_ms(style.effective_range().map(|v| v * speed_ms));
    style.stream.seconds_per_second(across_m, usual)
}

impl System {
    fn new(particles: u32, length: u32, projection: Projection) -> Self {
        Self {
            particles,
            length,
            store: None,
            grid: None,
            building: None,
            parts: Vec::new(),
            projection,
            camera: None,
            tick: FIRST_TICK,
            ring: 2,
            factor: 1.0,
            work: None,
            tails: None,
            blend: Blend::Over,
            used: true,
        }
    }

    fn plan(&mut self, gpu: &Gpu, machine: &Machine, frame: &FrameView, ask: Ask<'_>) -> bool {
        if ask.sources.is_empty() {
            // Nothing to drift with; what is there fades with the tiles it came from.
            (self.grid, self.store, self.tails, self.building) = (None, None, None, None);
            return true;
        }
        let view = frame.view;
        let moving = self.camera.is_some_and(|c| c != view.camera);
        self.camera = Some(view.camera);
        let fine = ask.synchronous || !moving;
        let size_px = [view.size_px.x as u32, view.size_px.y as u32];
        let key = GridKey { camera: view.camera, size_px, ppp: ask.pixels_per_point, content: ask.content, fine };
        let arrived = self.look_for_grid(frame, key, ask.sources.clone(), ask.synchronous);
        let Some((key, grid)) = self.grid.clone() else { return false };
        let anew = arrived.as_ref().is_some_and(|(old, _)| old.is_none()) || self.store.is_none();
        if self.store.is_none() {
            self.make_store(gpu, machine, &grid, &view);
        }
        let Some(store) = &mut self.store else { return true };
        if arrived.is_some() || anew || self.parts != ask.parts {
            store.set_flow(gpu, machine, &grid, grid.flow(&ask.parts), arrived.is_some() || anew);
            self.parts.clone_from(&ask.parts);
        }
        let speed_ms = ask.sources.last().map_or(1.0, |s| s.speed_ms);
        self.factor = factor(ask.style, frame, speed_ms);
        let frozen = ask.style.stream.frozen;
        let watched = if frozen { 0.0 } else { (ask.seconds * TICKS_PER_S).max(0.0) };
        let target = FIRST_TICK + watched.floor() as u32;
        let part = if frozen { 1.0 } else { watched.fract() as f32 };
        let behind = target.wrapping_sub(self.tick);
        // Nothing leads from there to here; a picture that is completed is made anew.
        let lost = behind > MOST_TICKS || (ask.synchronous && arrived.is_some() && behind == 0);
        let fresh = anew || lost || (frozen && arrived.is_some());
        self.set_work(&grid, fresh, arrived.map(|(_, shift)| shift), target);
        self.tick = target;
        let offset = turned(grid.origin - frame.anchor, frame.turn).as_vec3();
        self.tails = Some(Tails {
            offset: [offset.x, offset.y, offset.z, part],
            time: [self.tick, self.ring + 2, self.ring, STRIDE],
            fade: [6.0, 14.0, 0.0, 0.0],
        });
        key.fine && self.building.is_none()
    }

    /// Makes or takes over the grid of a view. `Some` when there is a new one: whether there was one, and from the new
    /// origin to the old.
    #[allow(clippy::type_complexity, reason = "said above")]
    fn look_for_grid(
        &mut self,
        frame: &FrameView,
        key: GridKey,
        sources: Vec<Source>,
        now: bool,
    ) -> Option<(Option<()>, DVec3)> {
        let made = match &self.building {
            Some((made_for, slot)) => slot.lock().take().map(|grid| (made_for.clone(), grid)),
            None => None,
        };
        if made.is_some() {
            self.building = None;
        }
        let mut made = made;
        let known = made.as_ref().map(|(k, _)| k).or(self.grid.as_ref().map(|(k, _)| k));
        // A fine grid serves while the view moves, too, when it is the one of that view.
        let good = known.is_some_and(|k| *k == key || (k.fine && GridKey { fine: true, ..key.clone() } == *k));
        if !good && self.building.is_none() {
            let spacing = spacing(frame, key.fine, f64::from(key.ppp));
            if now {
                made = Some((key, FlowGrid::new(frame, spacing, &sources)));
            } else {
                let slot = Building::default();
                self.building = Some((key, Arc::clone(&slot)));
                let frame = frame.clone();
                rayon::spawn(move || *slot.lock() = Some(FlowGrid::new(&frame, spacing, &sources)));
            }
        }
        let (key, grid) = made?;
        let old = self.grid.as_ref().map(|(_, g)| g.origin);
        let shift = old.map_or(DVec3::ZERO, |o| turned(o - grid.origin, frame.turn));
        self.grid = Some((key, Arc::new(grid)));
        Some((old.map(|_| ()), shift))
    }

    /// Particles for the nodes, so that as many as asked for are on the screen.
    fn make_store(&mut self, gpu: &Gpu, machine: &Machine, grid: &FlowGrid, view: &seaglass_core::camera::View) {
        let shown = view.size_px.x * view.size_px.y;
        let scale = grid.view.node_from_ndc;
        let step = view.size_px.x / (2.0 * f64::from(scale.x));
        let all = f64::from(grid.cols - 1) * f64::from(grid.rows - 1) * step * step;
        let count = (f64::from(self.particles) * (all / shown).clamp(1.0, 4.0)) as u64;
        let room = (MOST_BYTES / (16 * count.max(1))).saturating_sub(2);
        self.ring = u64::from(self.length.div_ceil(STRIDE) + 1).min(room.max(4)) as u32;
        let each = self.ring + 2;
        let count = count.min(u64::from(machine.most(gpu, each))) as u32;
        self.store = Some(Store::new(gpu, machine, count.max(1), each));
    }

    fn set_work(&mut self, grid: &FlowGrid, fresh: bool, shift: Option<DVec3>, target: u32) {
        let count = self.store.as_ref().map_or(1, |s| s.count);
        let life = LIFE.max(self.length + self.length / 2).min(255);
        let mut work = Advance::on(grid);
        let tick_s = self.factor / TICKS_PER_S;
        let drift_px = grid.fastest_px * tick_s as f32;
        let substeps = ((drift_px / SUBSTEP_PX).ceil() as u32).clamp(1, MOST_SUBSTEPS);
        work.axes[3] = (tick_s / f64::from(substeps)) as f32;
        work.size[3] = count;
        let ticks = if fresh { 0 } else { target.wrapping_sub(self.tick).min(MOST_TICKS) };
        work.time = [target - ticks, ticks, life, substeps];
        let mut flags = 0;
        if fresh {
            flags = FRESH;
        } else if let Some(shift) = shift {
            flags = RESEED;
            let s = shift.as_vec3();
            work.shift = [s.x, s.y, s.z, 0.0];
        }
        work.layout = [self.ring + 2, self.ring, STRIDE, flags];
        let undone = self.work.take();
        // A plan that was never drawn leaves its work to be done together with this one's.
        if let Some(undone) = undone.filter(|_| !fresh) {
            work.layout[3] |= undone.layout[3];
            work.time[1] += undone.time[1];
            work.time[0] = target - work.time[1];
            for k in 0..3 {
                work.shift[k] += undone.shift[k];
            }
            if work.layout[3] & FRESH != 0 {
                work.time = [target, 0, life, substeps];
            }
        }
        if work.layout[3] != 0 || work.time[1] > 0 {
            self.work = Some(work);
        }
    }

    fn advance(&mut self, gpu: &Gpu, machine: &Machine, encoder: &mut wgpu::CommandEncoder) {
        let (Some((_, grid)), Some(store)) = (&self.grid, &mut self.store) else { return };
        if let Some(work) = self.work.take() {
            store.advance(gpu, machine, grid, &work, encoder);
        }
        if let Some(tails) = &self.tails {
            store.show(gpu, tails);
        }
    }
}

/// A difference of positions without whole turns of a cylindrical map.
fn turned(mut d: DVec3, turn: Option<f64>) -> DVec3 {
    if let Some(turn) = turn {
        d.x -= (d.x / turn).round() * turn;
    }
    d
}

fn spacing(frame: &FrameView, fine: bool, ppp: f64) -> Spacing {
    let margin_px = MARGIN_PT * ppp;
    let size = frame.view.size_px + 2.0 * margin_px;
    let least = (size.x * size.y / MOST_NODES).sqrt();
    Spacing { step_px: if fine { FINE_PX } else { COARSE_PX }.max(least), margin_px }
}
