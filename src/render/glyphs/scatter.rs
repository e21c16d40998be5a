//! Symbols of tracks and points: samples in an order in which each stands for those around it.

use std::sync::Arc;

use rayon::prelude::*;
use seaglass_core::field::Block;
use seaglass_core::geo::WGS84_A_M;
use seaglass_core::geolocation::Series;
use seaglass_core::projection::Projection;
use seaglass_core::tile::TileGrid;
use seaglass_core::time::TimeSpan;

use crate::frame::FrameView;
use crate::tree::TileAt;

use super::{Glyph, Place, Symbols, chance};

/// Halvings of the cube around the Earth: boxes of the last level are 6 m wide.
const LEVELS: u8 = 21;
/// Width of the cube, metres.
const CUBE_M: f64 = 2.02 * WGS84_A_M;
/// Boxes that a surface goes through have this many times the area of a side.
const SURFACE: f64 = 1.5;

/// Which samples stand for others: in every box of space the one with the least number drawn by lot. A sample that stands
/// for a large box stands for its own smaller boxes too, so that symbols are only added as a view comes nearer.
#[derive(Debug)]
pub(crate) struct Order {
    /// Sample and the halvings of the largest box it stands for, those of large boxes first.
    samples: Vec<(u32, u8)>,
}

impl Order {
    /// Puts the samples of a span of time in order; those without a time belong to every span. Costs a sort; keep it.
    pub fn new(series: &Series, window: Option<TimeSpan>) -> Self {
        let within = |k: usize| {
            let time = series.time_us.get(k).filter(|t| **t != i64::MIN);
            window.zip(time).is_none_or(|(w, t)| (w.start.micros()..=w.stop.micros()).contains(t))
        };
        let n = series.lon.len().min(u32::MAX as usize);
        let mut keyed: Vec<(u64, u32)> = (0..n as u32)
            .into_par_iter()
            .filter(|k| within(*k as usize))
            .filter_map(|k| {
                let p = series.lonlat(k as usize)?;
                let v = p.ecef() / CUBE_M + 0.5;
                let side = f64::from(1u32 << LEVELS);
                let part = |x: f64| spread((x * side) as u64);
                Some((part(v.x) | part(v.y) << 1 | part(v.z) << 2, k))
            })
            .collect();
        keyed.par_sort_unstable();
        let mut level = vec![LEVELS + 1; keyed.len()];
        for l in (0..=LEVELS).rev() {
            let shift = 3 * u32::from(LEVELS - l);
            let mut first = 0;
            while first < keyed.len() {
                let of = keyed[first].0 >> shift;
                let mut best = (f64::INFINITY, first);
                let mut k = first;
                while k < keyed.len() && keyed[k].0 >> shift == of {
                    // Only who stands for a smaller box can stand for a larger one.
                    if level[k] == l + 1 {
                        let lot = chance(i64::from(keyed[k].1), 0);
                        if lot < best.0 {
                            best = (lot, k);
                        }
                    }
                    k += 1;
                }
                level[best.1] = l;
                first = k;
            }
        }
        let mut samples: Vec<(u32, u8)> = keyed.iter().zip(level).map(|((_, k), l)| (*k, l)).collect();
        samples.sort_unstable_by_key(|(k, l)| (*l, *k));
        Self { samples }
    }
}

/// The bits of a number with two blanks after each.
fn spread(x: u64) -> u64 {
    (0..u32::from(LEVELS) + 1).fold(0, |out, bit| out | (x >> bit & 1) << (3 * bit))
}

/// Symbols of a track or of points. `tiles` are those that are there, with the values of the item, east and north.
pub(crate) fn of_series(
    series: &Series,
    order: &Order,
    grid: &TileGrid,
    tiles: &[(TileAt, [Arc<Block>; 3])],
    projection: Projection,
    frame: &FrameView,
    symbols: &Symbols,
) -> Vec<Glyph> {
    let n = series.lon.len();
    let mut spans: Vec<(usize, usize, usize)> = tiles
        .iter()
        .enumerate()
        .map(|(at, (tile, _))| {
            let side = grid.tile_rows << tile.level;
            (tile.ty as usize * side, ((tile.ty as usize + 1) * side).min(n), at)
        })
        .collect();
    spans.sort_unstable();
    let glyph = |(k, level): &(u32, u8)| -> Option<Glyph> {
        let k = *k as usize;
        let span = spans.partition_point(|s| s.0 <= k).checked_sub(1).map(|s| spans[s]).filter(|s| k < s.1)?;
        let (tile, blocks) = &tiles[span.2];
        let at = (k >> tile.level).checked_sub(tile.ty as usize * grid.tile_rows)?;
        // Of a thinned track the sample that is there.
        let source = TileGrid::source_of(tile.level, k >> tile.level, n);
        let p = series.lonlat(source)?;
        let place = Place::of(projection, p)?;
        let margin_m = 2.0 * symbols.size_px * frame.m_per_px(place.v, 0.0);
        if !frame.sees(place.v, margin_m) {
            return None;
        }
        let stretch = place.east.cross(place.north).length().sqrt();
        let slant = frame.view.facing(p).clamp(0.02, 1.0).sqrt();
        let m_per_px = frame.view.projected_m_per_px(place.v);
        let spacing = CUBE_M / f64::from(1u32 << level) / SURFACE.sqrt() * stretch * slant / m_per_px;
        // Three new ones for every old one.
        let begin = 0.5 * symbols.spacing_px * (1.0 + 3.0 * chance(k as i64, 1)).sqrt();
        if spacing <= begin {
            return None;
        }
        let value = |b: &Arc<Block>| b.values.get(at).copied();
        let values = [value(&blocks[0])?, value(&blocks[1])?, value(&blocks[2])?];
        symbols.glyph(frame, &place, values, Symbols::shown(spacing, begin))
    };
    // Sorted by level: from the first box too small for the largest pixel on, nothing shows.
    let nearest = |level: u8| {
        let m = CUBE_M / f64::from(1u32 << level);
        // Maps stretch the ground, at most so much where they are drawn.
        12.0 * m > 0.5 * symbols.spacing_px * frame.view.metres_per_px().min(frame.m_per_px(frame.anchor, 0.0)) * 0.2
    };
    let end = order.samples.partition_point(|(_, level)| *level <= LEVELS && nearest(*level));
    order.samples[..end].par_iter().filter_map(glyph).collect()
}
