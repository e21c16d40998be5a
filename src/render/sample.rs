//! Samples of tracks and points as they lie on the device: uploaded once for a projection, never again because the camera
//! or the clock moves.
//!
//! Positions are whole numbers of a unit of centimetres, so that a shader subtracts the frame's anchor exactly and f32 is
//! finest where pixels are smallest. Times are the day and the second within it, which the shaders compare exactly: f32
//! seconds of one day are good to 4 ms, whatever the year and wherever the clock.

use glam::DVec3;
use seaglass_core::projection::Projection;
use seaglass_core::time::Time;
use wgpu::util::DeviceExt as _;

use crate::gpu::Gpu;
use crate::path_pipelines::reads_storage;

/// Mirror of `Sample` in `shaders/shared/sample.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct Sample {
    /// Projected position in units.
    pub at: [i32; 3],
    pub value: f32,
    /// Day since 1970 times four, plus [`JOINED`] and [`DRAWN`].
    pub day: i32,
    /// Second of that day.
    pub second: f32,
}

/// Bytes of a sample.
pub(crate) const SAMPLE_BYTES: u64 = size_of::<Sample>() as u64;
/// A line goes on to the next sample.
pub(crate) const JOINED: i32 = 1;
/// This buffer draws that piece of line.
pub(crate) const DRAWN: i32 = 2;
/// Day of samples without a time.
pub(crate) const NO_DAY: i32 = -(1 << 28);
/// Time of samples without one.
pub(crate) const NO_TIME: i64 = i64::MIN;

const DAY_US: i64 = 86_400_000_000;

/// Day and second of a time, µs since 1970.
pub(crate) fn day_of(time_us: i64) -> (i32, f32) {
    if time_us == NO_TIME {
        return (NO_DAY, 0.0);
    }
    let day = time_us.div_euclid(DAY_US).clamp(-(1 << 27), 1 << 27);
    (day as i32, (time_us.rem_euclid(DAY_US) as f64 / 1e6) as f32)
}

/// The same of the clock.
pub(crate) fn day_of_time(time: Time) -> (i32, f32) {
    day_of(time.micros().max(NO_TIME + 1))
}

/// Size of the whole numbers of positions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Units(pub DVec3);

impl Units {
    /// 8 mm on the globe, 6 cm on maps (whose third coordinate is a small number: the depth inside the map). Differences
    /// of any two positions, a turn apart included, fit into 32 bits.
    pub fn of(projection: Projection) -> Self {
        let plane = (-4f64).exp2();
        Self(if projection.is_map() { DVec3::new(plane, plane, (-29f64).exp2()) } else { DVec3::splat((-7f64).exp2()) })
    }

    /// A position in whole units.
    pub fn whole(self, v: DVec3) -> [i32; 3] {
        let whole = (v / self.0).round();
        // Beyond any map; `as` keeps it within the type.
        [whole.x as i32, whole.y as i32, whole.z as i32]
    }

    /// The whole units of a position, and the metres that are left.
    pub fn split(self, v: DVec3) -> ([i32; 3], DVec3) {
        let whole = self.whole(v);
        (whole, v - DVec3::new(f64::from(whole[0]), f64::from(whole[1]), f64::from(whole[2])) * self.0)
    }
}

/// A sample at a projected position.
pub(crate) fn sample(units: Units, v: DVec3, value: f32, time_us: i64) -> Sample {
    let (day, second) = day_of(time_us);
    Sample { at: units.whole(v), value, day: day * 4, second }
}

/// Samples on the device.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SampleBuffer {
    /// For adapters whose vertex shaders cannot read storage.
    pub buffer: wgpu::Buffer,
    /// Bind group 2.
    pub group: wgpu::BindGroup,
    pub bytes: u64,
}

impl SampleBuffer {
    /// Uploads samples; from any thread.
    pub fn new(gpu: &Gpu, layout: &wgpu::BindGroupLayout, samples: &[Sample]) -> Self {
        let storage = reads_storage(gpu);
        let blank = [Sample::default()];
        let contents: &[u8] = bytemuck::cast_slice(if samples.is_empty() { &blank } else { samples });
        let buffer = gpu.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: Some("samples"),
            contents,
            usage: if storage { wgpu::BufferUsages::STORAGE } else { wgpu::BufferUsages::VERTEX },
        });
        let entries = [wgpu::BindGroupEntry { binding: 0, resource: buffer.as_entire_binding() }];
        let group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("samples"),
            layout,
            entries: if storage { &entries } else { &[] },
        });
        Self { buffer, group, bytes: contents.len() as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_keep_their_centimetres_and_times_their_milliseconds() {
        let units = Units::of(Projection::Globe);
        let v = DVec3::new(6_378_136.987_6, -4_000_000.123_4, 12.345_6);
        let (whole, rest) = units.split(v);
        let back = DVec3::new(whole[0].into(), whole[1].into(), whole[2].into()) * units.0 + rest;
        assert!(back.distance(v) < 1e-8 && rest.abs().max_element() <= 0.004);
        // 2024-08-11T23:59:59.9955Z (date -u +%s: 1723420799).
        let (day, second) = day_of(1_723_420_799_995_500);
        assert_eq!(day, 19_946);
        assert!((f64::from(second) - 86_399.995_5).abs() < 4e-3);
        assert_eq!(day_of(-1), (-1, 86_400.0 - 1e-6), "before 1970");
        assert_eq!(day_of(NO_TIME).0, NO_DAY);
    }

    #[test]
    fn opposite_ends_of_every_map_differ_by_less_than_32_bits() {
        for projection in Projection::ALL {
            let units = Units::of(projection);
            // Maps are drawn to 60° beyond a pole and a turn beyond an edge.
            let reach = if projection.is_map() { 1.2e8 } else { 2.0 * 6.4e6 };
            assert!(reach / units.0.x < 2_147_483_647.0, "{projection:?}");
        }
    }
}
