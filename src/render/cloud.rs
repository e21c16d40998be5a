//! Millions of dots on the device: put in order once, drawn as far as pixels can show them.
//!
//! Dots are sorted along a space-filling curve and given levels: level `l` has at most one dot in a cell of that level's
//! size that no coarser level has filled. Drawing the levels down to a spacing shows every cell of that size that holds a
//! dot, each dot lies in one level only, and what a view draws depends on what it sees. Within a level, runs of neighbours
//! along the curve (chunks) are sorted by time, so that a time window is a range of each.

use std::sync::Arc;

use glam::DVec3;
use rayon::prelude::*;
use seaglass_core::field::Block;
use seaglass_core::geolocation::Series;
use seaglass_core::projection::Projection;

use crate::clock::Times;
use crate::frame::FrameView;
use crate::gpu::Gpu;
use crate::paths::Blocks;
use crate::polyline::project;
use crate::sample::{NO_TIME, Sample, SampleBuffer, Units, sample};
use crate::tree::{TileAt, unwrapped};

/// Dots of a chunk.
const CHUNK: usize = 2048;
/// Dots of a buffer on the device: a whole number of chunks, within the smallest limit of storage bindings.
const BUFFER: usize = 1 << 20;
/// Every so many dots of a chunk their time is kept, to find a window.
const TIME_STEP: usize = 64;
/// Bits of the curve: 23 along each side of a cell's square, and the side of a cube.
const BITS: u32 = 49;
const SIDE_BITS: u32 = 23;
/// Half the side of the square around maps, metres.
const MAP_HALF_M: f64 = 3.3e7;

/// A run of dots of one level that lie together.
#[derive(Clone, Debug)]
struct Chunk {
    first: u32,
    len: u32,
    centre: DVec3,
    radius: f64,
    /// Size of the level's cells, projected metres.
    spacing_m: f64,
    /// Time of every 64th dot and of the last; dots without a time come first.
    times: Vec<i64>,
}

/// Dots of one item in one projection.
#[derive(Debug)]
pub(crate) struct Cloud {
    buffers: Vec<SampleBuffer>,
    chunks: Vec<Chunk>,
}

/// Dots to draw: some of a buffer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct DotRange {
    pub buffer: usize,
    pub first: u32,
    pub len: u32,
}

/// How many dots a frame may draw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DotBudget {
    /// About so many, beyond the coarsest level.
    pub most: usize,
    /// Nothing finer than this, pixels.
    pub finest_px: f64,
}

/// Finest level that can show, pixels: a dot of that diameter covers the whole of any smaller cell it lies in, whatever
/// else lies there. Only of dots that hide what is below; others add up.
pub(crate) fn finest_px(diameter_px: f64, opaque: bool) -> f64 {
    // A cell is seen up to its diagonal away, and the last pixel of a dot is smoothed. Cells of odd levels are twice as
    // long as wide: their diagonal is sqrt(5/2) of the side of a square of their size. The finest level drawn may be
    // coarser than asked for by sqrt(2).
    let hidden = (diameter_px / 2.0 - 0.5) / 5f64.sqrt();
    if opaque { hidden.max(FINEST_PX) } else { FINEST_PX }
}

/// Dots nearer to each other than this are one.
const FINEST_PX: f64 = 0.35;

/// Place on the curve: the side of a cube and bits of both coordinates, interleaved.
fn curve(projection: Projection, v: DVec3) -> u64 {
    let (side, x, y) = if projection.is_map() {
        (0, v.x / MAP_HALF_M, v.y / MAP_HALF_M)
    } else {
        let a = v.abs();
        // Tangents are made angles, so that cells are about equally large.
        let flat = |t: f64, by: f64| (t / by).atan() / std::f64::consts::FRAC_PI_4;
        if a.x >= a.y && a.x >= a.z {
            (u64::from(v.x < 0.0), flat(v.y, a.x), flat(v.z, a.x))
        } else if a.y >= a.z {
            (2 + u64::from(v.y < 0.0), flat(v.x, a.y), flat(v.z, a.y))
        } else {
            (4 + u64::from(v.z < 0.0), flat(v.x, a.z), flat(v.y, a.z))
        }
    };
    let steps = f64::from(1u32 << SIDE_BITS);
    let whole = |t: f64| ((t + 1.0) / 2.0 * steps).clamp(0.0, steps - 1.0) as u64;
    (side << (2 * SIDE_BITS)) | spread(whole(x)) << 1 | spread(whole(y))
}

/// A blank between any two bits.
fn spread(x: u64) -> u64 {
    let mut x = x & 0xffff_ffff;
    for (by, mask) in [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        x = (x | x << by) & mask;
    }
    x
}

/// Size of cells of so many bits, projected metres.
fn spacing_m(projection: Projection, bits: u32) -> f64 {
    let (whole_m, halvings) = if projection.is_map() {
        (2.0 * MAP_HALF_M, bits.saturating_sub(3))
    } else {
        // A side of the cube is a quarter of the Earth across.
        (1.0e7, bits.saturating_sub(3))
    };
    whole_m * (-f64::from(halvings) / 2.0).exp2()
}

/// A number that tells nothing about its place: which dot of a cell stands for it.
fn scatter(k: u32) -> u32 {
    let mut x = k.wrapping_mul(0x9e37_79b1) ^ 0x85eb_ca6b;
    x = (x ^ (x >> 15)).wrapping_mul(0x2c1b_3c6d);
    x = (x ^ (x >> 12)).wrapping_mul(0x297a_2d39);
    x ^ (x >> 15)
}

/// Levels of dots sorted along the curve: one more than the bits shared with any dot that stands before it.
fn levels(sorted: &[(u64, u32)]) -> Vec<u8> {
    let shared = |a: u64, b: u64| (a ^ b).leading_zeros().saturating_sub(64 - BITS).min(BITS) as u8;
    let mut level = vec![0u8; sorted.len()];
    // Dots that stand before all between them and here, from either side.
    let mut pass = |order: &mut dyn Iterator<Item = usize>| {
        let mut before: Vec<usize> = Vec::new();
        for k in order {
            let rank = scatter(sorted[k].1);
            while before.last().is_some_and(|b| scatter(sorted[*b].1) > rank) {
                before.pop();
            }
            if let Some(b) = before.last() {
                level[k] = level[k].max(shared(sorted[*b].0, sorted[k].0) + 1);
            }
            before.push(k);
        }
    };
    pass(&mut (0..sorted.len()));
    pass(&mut (0..sorted.len()).rev());
    level
}

/// Dots of tiles that have a position and a value.
fn collect(series: &Series, projection: Projection, tiles: &Blocks, thin: usize) -> Vec<(u64, Sample)> {
    let units = Units::of(projection);
    let of_tile = |(_, block): &(TileAt, Arc<Block>)| {
        let stride = block.window.stride.max(1);
        let last = series.lon.len().saturating_sub(1);
        let dot = |(k, value): (usize, &f32)| {
            let at = (block.window.row + k * stride).min(last);
            let v = project(projection, series.lonlat(at)?)?;
            let time = series.time_us.get(at).copied().unwrap_or(NO_TIME);
            (!value.is_nan()).then(|| (curve(projection, v), sample(units, v, *value, time)))
        };
        block.values.iter().enumerate().step_by(thin).filter_map(dot).collect::<Vec<_>>()
    };
    tiles.par_iter().flat_map_iter(of_tile).collect()
}

impl Cloud {
    /// Puts dots in order and on the device, or only every so many of them. From any thread.
    pub fn new(
        gpu: &Gpu,
        layout: &wgpu::BindGroupLayout,
        series: &Series,
        projection: Projection,
        tiles: &Blocks,
        thin: usize,
    ) -> Self {
        let (samples, chunks) = Self::order(collect(series, projection, tiles, thin), projection);
        let buffers = samples.chunks(BUFFER).map(|part| SampleBuffer::new(gpu, layout, part)).collect();
        Self { buffers, chunks }
    }

    fn order(mut dots: Vec<(u64, Sample)>, projection: Projection) -> (Vec<Sample>, Vec<Chunk>) {
        let mut sorted: Vec<(u64, u32)> = dots.iter().enumerate().map(|(k, d)| (d.0, k as u32)).collect();
        sorted.par_sort_unstable();
        let level = levels(&sorted);
        // By level, along the curve within.
        let mut order: Vec<u32> = Vec::with_capacity(sorted.len());
        let mut count = [0usize; BITS as usize + 3];
        level.iter().for_each(|l| count[usize::from(*l) + 1] += 1);
        (1..count.len()).for_each(|l| count[l] += count[l - 1]);
        let starts = count;
        order.resize(sorted.len(), 0);
        let mut next = count;
        for (k, l) in level.iter().enumerate() {
            order[next[usize::from(*l)]] = sorted[k].1;
            next[usize::from(*l)] += 1;
        }
        drop((sorted, level));
        let mut samples: Vec<Sample> = order.iter().map(|k| dots[*k as usize].1).collect();
        dots.clear();
        dots.shrink_to_fit();
        let units = Units::of(projection);
        // A chunk lies in one level and one buffer.
        let mut spans = Vec::new();
        // The coarsest levels share the first chunk, which is always drawn: few dots are one range.
        let begin = starts.iter().rposition(|s| *s <= CHUNK).unwrap_or(0);
        if starts[begin] > 0 {
            spans.push((0, starts[begin], spacing_m(projection, 0)));
        }
        for l in begin..starts.len() - 1 {
            let mut at = starts[l];
            while at < starts[l + 1] {
                let room = (BUFFER - at % BUFFER).min(CHUNK);
                let len = room.min(starts[l + 1] - at);
                spans.push((at, len, spacing_m(projection, l as u32)));
                at += len;
            }
        }
        let mut parts: Vec<&mut [Sample]> = Vec::with_capacity(spans.len());
        let mut rest = samples.as_mut_slice();
        for (_, len, _) in &spans {
            let (part, tail) = rest.split_at_mut(*len);
            parts.push(part);
            rest = tail;
        }
        let chunks = parts
            .into_par_iter()
            .zip(&spans)
            .map(|(part, (first, len, spacing_m))| chunk_of(part, units, projection, (*first, *len, *spacing_m)))
            .collect();
        (samples, chunks)
    }

    /// Bytes on the device.
    pub fn bytes(&self) -> u64 {
        self.buffers.iter().map(|b| b.bytes).sum()
    }

    /// A buffer.
    pub fn buffer(&self, k: usize) -> Option<&SampleBuffer> {
        self.buffers.get(k)
    }

    /// The dots to draw, and whether these are all that a resting view could have. The coarsest level comes last: it lies
    /// on top, so that finer ones fill what is blank between its dots and nothing that is shown changes when they come or
    /// go. Chunks of a level that lie behind each other become one range.
    pub fn select(&self, frame: &FrameView, shown: &Times, budget: DotBudget) -> (Vec<DotRange>, bool) {
        let mut all = true;
        let mut seen: Vec<(f64, usize, u32, u32)> = self
            .chunks
            .iter()
            .enumerate()
            .filter_map(|(k, chunk)| {
                let (first, len) = chunk.in_window(shown)?;
                if !frame.sees(chunk.centre, chunk.radius) {
                    return None;
                }
                // Of few dots among many in the window each stands for a larger cell.
                let share = f64::from(len) / f64::from(chunk.len);
                let px = chunk.spacing_m * share.sqrt().recip() / frame.m_per_px(chunk.centre, chunk.radius);
                all &= px >= budget.finest_px;
                (px >= budget.finest_px).then_some((px, k, first, len))
            })
            .collect();
        let total: usize = seen.iter().map(|s| s.3 as usize).sum();
        if total > budget.most {
            all = false;
            seen.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let mut dots = 0;
            let fits = |s: &&(f64, usize, u32, u32)| {
                let fits = dots < budget.most;
                dots += s.3 as usize;
                fits
            };
            let most = seen.iter().take_while(fits).count();
            // What is equally dense comes or goes together, so that no part of a map looks denser than another.
            let least = seen.get(most).map_or(0.0, |s| s.0);
            let begin = seen.partition_point(|s| s.0 > least);
            seen.truncate(if begin > 0 { begin } else { most });
            seen.sort_by_key(|s| s.1);
        }
        let mut ranges: Vec<(f64, DotRange)> = Vec::new();
        for (_, k, first, len) in seen {
            let (at, spacing_m) = (self.chunks[k].first + first, self.chunks[k].spacing_m);
            let (buffer, first) = (at as usize / BUFFER, at % BUFFER as u32);
            match ranges.last_mut() {
                Some((s, r)) if *s == spacing_m && r.buffer == buffer && r.first + r.len == first => r.len += len,
                _ => ranges.push((spacing_m, DotRange { buffer, first, len })),
            }
        }
        let ranges = ranges.into_iter().rev().map(|(_, r)| r).collect();
        (ranges, all)
    }
}

/// Sorts a chunk by time and measures it.
fn chunk_of(
    part: &mut [Sample],
    units: Units,
    projection: Projection,
    (first, len, spacing_m): (usize, usize, f64),
) -> Chunk {
    part.sort_unstable_by(|a, b| a.day.cmp(&b.day).then(a.second.total_cmp(&b.second)));
    let time = |s: &Sample| {
        let day = s.day >> 2;
        if day == crate::sample::NO_DAY {
            NO_TIME
        } else {
            i64::from(day) * 86_400_000_000 + (f64::from(s.second) * 1e6) as i64
        }
    };
    let mut times: Vec<i64> = part.iter().step_by(TIME_STEP).map(time).collect();
    times.extend(part.last().map(time));
    let place = |s: &Sample| DVec3::new(s.at[0].into(), s.at[1].into(), s.at[2].into()) * units.0;
    let turn = projection.turn_m();
    let reference = part.first().map_or(DVec3::ZERO, place);
    let near = |s: &Sample| unwrapped(place(s), reference, turn);
    let (lo, hi) = part.iter().map(near).fold((reference, reference), |(lo, hi), v| (lo.min(v), hi.max(v)));
    let centre = (lo + hi) / 2.0;
    let radius = part.iter().map(|s| near(s).distance(centre)).fold(0.0, f64::max) + 1.0;
    Chunk { first: first as u32, len: len as u32, centre, radius, spacing_m, times }
}

impl Chunk {
    /// The dots that may lie in the window, to within a few at either end; the shader decides.
    fn in_window(&self, shown: &Times) -> Option<(u32, u32)> {
        let Some(window) = shown.window else { return Some((0, self.len)) };
        // Seconds of a day in f32 are a few milliseconds off.
        let (from, to) = (window.start.micros().saturating_sub(10_000), window.stop.micros().saturating_add(10_000));
        let (from, to) = (from.max(NO_TIME + 1), to);
        let begin = self.times.partition_point(|t| *t < from).saturating_sub(1) * TIME_STEP;
        let end = (self.times.partition_point(|t| *t <= to) * TIME_STEP).min(self.len as usize);
        let last = *self.times.last()?;
        (begin < end && last >= from).then(|| (begin as u32, (end - begin) as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaglass_core::camera::Camera;
    use seaglass_core::geo::LonLat;
    use seaglass_core::time::{Time, TimeSpan};

    fn dots(n: usize) -> Vec<(u64, Sample)> {
        let units = Units::of(Projection::Globe);
        let place = |k: usize| {
            // Not the numbers that decide which dot stands for a cell.
            let at = |salt: usize| f64::from(scatter((k * 3 + salt) as u32)) / 4.3e9;
            let (u, w) = (at(1_000_003), at(77_777_777));
            LonLat::new(u * 20.0 - 10.0, w * 20.0 - 10.0)
        };
        (0..n)
            .map(|k| {
                let v = place(k).ecef();
                (curve(Projection::Globe, v), sample(units, v, k as f32, k as i64 * 1_000_000))
            })
            .collect()
    }

    #[test]
    fn every_dot_has_one_place_and_levels_fill_cells_once() {
        let dots = dots(50_000);
        let curves: std::collections::HashMap<u32, u64> = dots.iter().map(|d| (d.1.value as u32, d.0)).collect();
        let (samples, chunks) = Cloud::order(dots, Projection::Globe);
        let mut values: Vec<u32> = samples.iter().map(|s| s.value as u32).collect();
        values.sort_unstable();
        assert!(values.iter().enumerate().all(|(k, v)| k as u32 == *v), "each dot once");
        // Down to any spacing: at most one dot in a cell, and every cell that holds a dot is filled.
        for bits in [21u32, 23, 27] {
            let least = spacing_m(Projection::Globe, bits) * 0.999;
            let cell = |k: u32| curves[&k] >> (BITS - bits);
            let mut filled = std::collections::HashSet::new();
            for c in chunks.iter().filter(|c| c.spacing_m >= least) {
                for s in &samples[c.first as usize..(c.first + c.len) as usize] {
                    assert!(filled.insert(cell(s.value as u32)), "two in a cell of {bits} bits");
                }
            }
            let held: std::collections::HashSet<u64> = values.iter().map(|k| cell(*k)).collect();
            assert_eq!(filled.len(), held.len(), "{bits} bits");
        }
    }

    #[test]
    fn what_is_selected_depends_on_view_and_window() {
        let (samples, chunks) = Cloud::order(dots(800_000), Projection::Globe);
        let cloud = Cloud { buffers: Vec::new(), chunks };
        let view = |altitude_m: f64| {
            let camera = Camera { target: LonLat::new(3.3, 2.7), altitude_m, ..Camera::default() };
            FrameView::new(camera.view(1000.0, 800.0))
        };
        let all = Times::everything();
        let count = |frame: &FrameView, shown: &Times, most| {
            let budget = DotBudget { most, finest_px: 0.35 };
            cloud.select(frame, shown, budget).0.iter().map(|r| r.len as usize).sum::<usize>()
        };
        let far = view(2e7);
        assert!(count(&far, &all, 1 << 30) < 150_000, "closer than pixels");
        let middle = count(&view(1e6), &all, 1 << 30);
        assert!(middle > 130_000 && middle < 600_000, "all in view when near enough: {middle}");
        assert!(count(&view(2e5), &all, 1 << 30) < 300_000, "and far fewer than all when nearer");
        assert!(count(&far, &all, 20_000) < 20_000 + CHUNK);
        // Seconds 1000 to 1999: a thousand dots, and up to 128 more in each chunk.
        let window = TimeSpan::new(Time::from_micros(1_000_000_000), Time::from_micros(1_999_000_000));
        let part = all.within(window);
        let (found, _) = cloud.select(&view(1e7), &part, DotBudget { most: 1 << 30, finest_px: 0.0 });
        let held: std::collections::HashSet<u32> = found
            .iter()
            .flat_map(|r| (r.first..r.first + r.len).map(|k| samples[k as usize].value as u32))
            .filter(|k| (1000..2000).contains(k))
            .collect();
        assert_eq!(held.len(), 1000, "none of the window is left out");
        let drawn: u32 = found.iter().map(|r| r.len).sum();
        assert!(drawn < 60_000, "{drawn}");
    }
}
