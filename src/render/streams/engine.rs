//! Particles on the CPU: the twin of `shaders/advect.wgsl`, for devices that cannot compute, and for tests.
//!
//! A particle is its place now, its place a tick before with its birth, and a ring of earlier places. What it does depends
//! on its number, its birth and the flow alone: the same ticks give the same particles.

use glam::{Mat4, Vec3, Vec4};
use rayon::prelude::*;
use seaglass_core::geo::{WGS84_A_M, WGS84_B_M};

use super::grid::{FlowGrid, Node};

/// Bits of four numbers of a particle.
pub(crate) type Words = [u32; 4];

/// Mirror of `Advance` in `shaders/advect.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct Advance {
    pub clip_from_local: [[f32; 4]; 4],
    pub facing: [f32; 4],
    pub node_from_ndc: [f32; 4],
    pub middle: [f32; 4],
    /// Half axes of the ellipsoid and the drift of one substep in seconds.
    pub axes: [f32; 4],
    /// Added to all places first: the origin has moved.
    pub shift: [f32; 4],
    /// Columns and rows of the nodes, number of the first particle, particles in all.
    pub size: [u32; 4],
    /// Tick of the places as they are, ticks to go, life in ticks, substeps of a tick.
    pub time: [u32; 4],
    /// Points of a particle, points of its ring, ticks between these, [`FRESH`] and [`RESEED`].
    pub layout: [u32; 4],
}

/// Everything begins anew, at all ages.
pub(crate) const FRESH: u32 = 1;
/// Particles out of the nodes begin anew.
pub(crate) const RESEED: u32 = 2;
/// Births are kept in so many bits, the life of a particle in the others.
const BIRTH_BITS: u32 = 24;
const BIRTH_MASK: u32 = (1 << BIRTH_BITS) - 1;
/// Shortest life of a particle that was put back into the view.
const LEAST_LIFE: u32 = 24;

impl Advance {
    /// For a grid; the other parts as in nothing to do.
    pub fn on(grid: &FlowGrid) -> Self {
        Self {
            clip_from_local: grid.view.clip_from_local.to_cols_array_2d(),
            facing: grid.view.facing.to_array(),
            node_from_ndc: grid.view.node_from_ndc.to_array(),
            middle: grid.view.middle.to_array(),
            axes: [WGS84_A_M as f32, WGS84_A_M as f32, WGS84_B_M as f32, 0.0],
            shift: [0.0; 4],
            size: [grid.cols, grid.rows, 0, 1],
            time: [0, 0, 96, 1],
            layout: [3, 1, 1, 0],
        }
    }
}

/// O'Neill's PCG hash of one word (RXS-M-XS 32).
pub(crate) fn hash(x: u32) -> u32 {
    let state = x.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
    let word = ((state >> ((state >> 28) + 4)) ^ state).wrapping_mul(277_803_737);
    (word >> 22) ^ word
}

/// A number from 0 to 1 of the upper 24 bits.
fn unit(x: u32) -> f32 {
    (x >> 8) as f32 / 16_777_216.0
}

/// The flow as the particles see it.
#[derive(Clone, Copy)]
pub(crate) struct Flow<'a> {
    pub u: &'a Advance,
    pub places: &'a [Node],
    pub flow: &'a [Node],
}

impl Flow<'_> {
    fn node(&self, of: &[Node], col: i32, row: i32) -> Node {
        let [cols, rows, ..] = self.u.size;
        let (c, r) = (col.clamp(0, cols as i32 - 1), row.clamp(0, rows as i32 - 1));
        of[r as usize * cols as usize + c as usize]
    }

    /// Column and row of a place; `None` outside of the nodes or beyond the horizon.
    fn index(&self, p: Vec3) -> Option<[f32; 2]> {
        let clip = Mat4::from_cols_array_2d(&self.u.clip_from_local) * p.extend(1.0);
        let facing = Vec4::from_array(self.u.facing);
        if clip.w <= 0.0 || facing.dot(p.extend(1.0)) <= 0.0 {
            return None;
        }
        let [sx, sy, ox, oy] = self.u.node_from_ndc;
        let (x, y) = (clip.x / clip.w * sx + ox, clip.y / clip.w * sy + oy);
        let [cols, rows, ..] = self.u.size;
        (x >= 0.0 && y >= 0.0 && x <= (cols - 1) as f32 && y <= (rows - 1) as f32).then_some([x, y])
    }

    /// Velocity and speed at a place: the mean of the valid nodes around it, where the nearest one is valid.
    pub fn at(&self, p: Vec3) -> Option<Vec4> {
        let [x, y] = self.index(p)?;
        let (c, r) = (x.floor() as i32, y.floor() as i32);
        let (f, g) = (x - x.floor(), y - y.floor());
        let near = self.node(self.flow, c + i32::from(f >= 0.5), r + i32::from(g >= 0.5));
        if near[3].is_nan() {
            return None;
        }
        let (mut sum, mut weight) = (Vec4::ZERO, 0.0);
        for k in 0..4 {
            let (dc, dr) = (k & 1, k >> 1);
            let w = (if dc == 1 { f } else { 1.0 - f }) * (if dr == 1 { g } else { 1.0 - g });
            let n = self.node(self.flow, c + dc, r + dr);
            if !n[3].is_nan() {
                sum += Vec4::from_array(n) * w;
                weight += w;
            }
        }
        Some(sum / weight.max(1e-20))
    }

    /// The place moved back onto the ellipsoid, without losing digits near the origin; on maps the place itself.
    pub fn pull(&self, p: Vec3) -> Vec3 {
        let middle = Vec4::from_array(self.u.middle);
        if middle.w == 0.0 {
            return p;
        }
        let axes = Vec4::from_array(self.u.axes).truncate();
        let s = middle.truncate();
        let q = p / axes;
        let f = 2.0 * s.dot(q) + q.dot(q);
        let root = (1.0 + f).max(1e-6).sqrt();
        let less = -f / (root * (1.0 + root));
        (q + (s + q) * less) * axes
    }

    /// One tick of drift by the midpoint rule; a step to where nothing is known is not taken. Also the speed there.
    pub fn step(&self, from: Vec4) -> Vec4 {
        let mut now = from;
        let dt = self.u.axes[3];
        for _ in 0..self.u.time[3] {
            let p = now.truncate();
            let Some(first) = self.at(p) else { return now };
            let Some(second) = self.at(self.pull(p + first.truncate() * (0.5 * dt))) else { return now };
            let next = self.pull(p + second.truncate() * dt);
            let Some(there) = self.at(next) else { return now };
            now = next.extend(there.w);
        }
        now
    }

    /// The birth place of a particle: spread evenly over the nodes by a sequence of low discrepancy (Roberts' R2), moved a
    /// little by chance. NaN where there is no place.
    pub fn seed(&self, number: u32, birth: u32) -> Vec4 {
        let era = birth / self.u.time[2].max(1);
        let (a, b) = (hash(number ^ hash(birth)), hash(number.wrapping_add(0x9e37_79b9) ^ hash(birth)));
        let loose = 1.0 / (self.u.size[3] as f32).sqrt();
        let along = |x: u32, chance: u32| {
            let v = unit(x) + (unit(chance) - 0.5) * loose;
            v - v.floor()
        };
        let x = along(number.wrapping_mul(0xc13f_a9a9).wrapping_add(hash(era)), a);
        let y = along(number.wrapping_mul(0x91e1_0da5).wrapping_add(hash(era ^ 0x5555_5555)), b);
        let [cols, rows, ..] = self.u.size;
        let (x, y) = (x * (cols - 1) as f32, y * (rows - 1) as f32);
        let (c, r) = (x.floor() as i32, y.floor() as i32);
        let (f, g) = (x - x.floor(), y - y.floor());
        let mut sum = Vec4::ZERO;
        for k in 0..4 {
            let (dc, dr) = (k & 1, k >> 1);
            let w = (if dc == 1 { f } else { 1.0 - f }) * (if dr == 1 { g } else { 1.0 - g });
            let n = self.node(self.places, c + dc, r + dr);
            if n[3].is_nan() {
                return Vec4::new(0.0, 0.0, 0.0, f32::NAN);
            }
            sum += Vec4::from_array(n) * w;
        }
        let p = self.pull(sum.truncate());
        p.extend(self.at(p).map_or(0.0, |v| v.w))
    }

    /// Brings one particle forward. CPU twin of `advance_main`.
    pub fn advance(&self, number: u32, points: &mut [Words]) {
        let [start, ticks, life, _] = self.u.time;
        let [_, ring, stride, flags] = self.u.layout;
        let end = start + ticks;
        let mut head;
        let mut before;
        let (mut birth, mut lasts, mut tick);
        if flags & FRESH != 0 {
            birth = end - hash(number ^ 0x68bc_21eb) % life;
            (lasts, tick) = (life, birth);
            head = self.seed(number, birth);
            before = head;
        } else {
            let shift = Vec3::new(self.u.shift[0], self.u.shift[1], self.u.shift[2]);
            if shift != Vec3::ZERO {
                for point in points.iter_mut() {
                    let p = number_of(*point).truncate() + shift;
                    *point = [p.x.to_bits(), p.y.to_bits(), p.z.to_bits(), point[3]];
                }
            }
            head = number_of(points[0]);
            before = number_of(points[1]);
            birth = points[1][3] & BIRTH_MASK;
            lasts = points[1][3] >> BIRTH_BITS;
            tick = start;
            if flags & RESEED != 0 && !head.w.is_nan() && self.index(head.truncate()).is_none() {
                birth = start;
                lasts = LEAST_LIFE + hash(number ^ birth) % (life - LEAST_LIFE);
                head = self.seed(number, birth ^ 0x0055_aa55);
                before = head;
            }
        }
        while tick < end {
            tick += 1;
            if tick.wrapping_sub(birth) >= lasts {
                (birth, lasts) = (tick, life);
                head = self.seed(number, birth);
                before = head;
                continue;
            }
            before = head;
            if tick % stride == 0 {
                points[2 + (tick / stride % ring) as usize] = bits(before);
            }
            if !head.w.is_nan() {
                head = self.step(head);
            }
        }
        points[0] = bits(head);
        points[1] = bits(before);
        points[1][3] = birth | lasts << BIRTH_BITS;
    }
}

/// Brings all particles forward.
pub(crate) fn advance(flow: Flow<'_>, points: &mut [Words]) {
    let each = flow.u.layout[0] as usize;
    points.par_chunks_mut(each).with_min_len(64).enumerate().for_each(|(k, points)| flow.advance(k as u32, points));
}

pub(crate) fn number_of(words: Words) -> Vec4 {
    Vec4::from_array(words.map(f32::from_bits))
}

fn bits(v: Vec4) -> Words {
    v.to_array().map(f32::to_bits)
}
