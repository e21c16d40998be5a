//! An order for points that have none: neighbours in time and space next to each other.

use rayon::prelude::*;

use super::Leaf;
use crate::side::Granule;

/// Bits of `v` spread to every second place.
fn spread(v: u32) -> u64 {
    let mut x = u64::from(v);
    x = (x | (x << 16)) & 0x0000_ffff_0000_ffff;
    x = (x | (x << 8)) & 0x00ff_00ff_00ff_00ff;
    x = (x | (x << 4)) & 0x0f0f_0f0f_0f0f_0f0f;
    x = (x | (x << 2)) & 0x3333_3333_3333_3333;
    (x | (x << 1)) & 0x5555_5555_5555_5555
}

/// Place on a curve that keeps neighbours together: time slab first, then interleaved latitude and longitude.
fn key(lat: f64, lon: f64, slab: u64) -> u64 {
    let a = ((lat + 90.0) / 180.0 * 65_535.0) as u32;
    let o = (lon.rem_euclid(360.0) / 360.0 * 65_535.0) as u32;
    (slab << 32) | (spread(a.min(65_535)) << 1) | spread(o.min(65_535))
}

/// Length of a time slab that neither holds the whole archive nor splits a window.
fn slab_us(span: i64, window_us: i64) -> i64 {
    window_us.saturating_mul(2).clamp(span / 1_000_000 + 1, i64::MAX)
}

/// Rows in an order that keeps neighbours together.
pub(super) fn spatial_order(g: &Granule, window_us: i64) -> Vec<u32> {
    let (t0, t1) = g.time_range().unwrap_or((0, 0));
    let slab = slab_us(t1.saturating_sub(t0), window_us);
    let mut keyed: Vec<(u64, u32)> = (0..g.len as u32)
        .into_par_iter()
        .map(|r| {
            let row = r as usize;
            if !g.is_valid(row) {
                return (u64::MAX, r);
            }
            let (lat, lon) = g.position(row);
            (key(lat, lon, (g.time(row).saturating_sub(t0) / slab) as u64), r)
        })
        .collect();
    keyed.par_sort_unstable();
    keyed.into_iter().map(|(_, r)| r).collect()
}

/// Puts blocks of points in an order that keeps neighbours together in the tree, unless they lie in the order of time.
pub(super) fn sort_blocks(ids: &mut [u32], leaves: &[Leaf], window_us: i64) {
    let of = |k: u32| &leaves[k as usize].node;
    let back = ids.windows(2).filter(|w| of(w[1]).t0 < of(w[0]).t0).count();
    if back * 200 <= ids.len() {
        return;
    }
    let t0 = ids.iter().map(|k| of(*k).t0).min().unwrap_or(0);
    let t1 = ids.iter().map(|k| of(*k).t1).max().unwrap_or(0);
    // A slab shorter than a block's own duration would not separate anything.
    let longest = ids.iter().step_by(ids.len() / 500 + 1).map(|k| of(*k).t1.saturating_sub(of(*k).t0)).max();
    let slab = slab_us(t1.saturating_sub(t0), window_us).max(longest.unwrap_or(0));
    let size = ids.iter().map(|k| of(*k).high.map(f32::abs)).fold(1.0_f32, |a, h| a.max(h[0]).max(h[1]).max(h[2]));
    ids.sort_by_cached_key(|k| {
        let n = of(*k);
        let middle = n.t0 / 2 + n.t1 / 2;
        let cell = |d: usize| (((n.low[d] + n.high[d]) / (2.0 * size) + 1.0) * 511.9) as u32;
        let place = spread3(cell(0)) << 2 | spread3(cell(1)) << 1 | spread3(cell(2));
        (((middle.saturating_sub(t0) / slab).max(0) as u64) << 30 | place, *k)
    });
}

/// Ten bits of `v` spread to every third place.
fn spread3(v: u32) -> u64 {
    let mut x = u64::from(v & 1023);
    x = (x | (x << 16)) & 0x0300_00ff;
    x = (x | (x << 8)) & 0x0300_f00f;
    x = (x | (x << 4)) & 0x030c_30c3;
    (x | (x << 2)) & 0x0924_9249
}
