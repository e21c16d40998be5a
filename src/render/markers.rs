//! Where trajectories are at the clock: a dot for each.

use std::collections::HashMap;

use glam::DVec3;
use rayon::prelude::*;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::Series;

use crate::frame::FrameView;
use crate::paths::{Blocks, Path};
use crate::polyline::{Pen, project};
use crate::sample::NO_TIME;
use crate::series::SeriesShape;

/// Frames after which what is not drawn is forgotten.
const KEEP_FRAMES: u64 = 120;
/// Dots are not larger than twice this, pixels.
const REACH_PX: f64 = 64.0;

/// Where a trajectory is at an instant: between which samples, how far from the first to the second, and the place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fix {
    pub before: usize,
    pub part: f64,
    pub place: LonLat,
}

/// The place of every trajectory at an instant, on the great circle between the two samples around it; none across a gap
/// in space or time, before the first sample or after the last one. At the time of a sample it is where that was taken.
pub(crate) fn fixes(shape: &SeriesShape, now_us: i64) -> Vec<Fix> {
    let Some(series) = shape.series().filter(|s| s.time_us.len() == s.lon.len()) else { return Vec::new() };
    let n = series.lon.len();
    let first = [0];
    let starts = if series.starts.is_empty() { &first[..] } else { &series.starts };
    let ends = starts.iter().skip(1).copied().chain(std::iter::once(n));
    let spans: Vec<(usize, usize)> = starts.iter().copied().zip(ends).collect();
    spans.par_iter().filter_map(|(start, end)| fix_of(shape, series, *start, *end, now_us)).collect()
}

fn fix_of(shape: &SeriesShape, series: &Series, start: usize, end: usize, now_us: i64) -> Option<Fix> {
    let times = series.time_us.get(start..end)?;
    let k = if shape.is_ascending() {
        times.partition_point(|t| *t <= now_us).checked_sub(1)?
    } else {
        let at = times.iter().position(|t| *t == now_us);
        at.or_else(|| times.windows(2).position(|w| w[0] != NO_TIME && w[0] <= now_us && now_us < w[1]))?
    };
    let before = start + k;
    let t0 = *times.get(k)?;
    if t0 == now_us {
        return series.lonlat(before).map(|place| Fix { before, part: 0.0, place });
    }
    let t1 = *times.get(k + 1)?;
    if t1 <= t0 || t0 == NO_TIME || shape.is_gap(t1 - t0) || shape.is_cut(before, before + 1) {
        return None;
    }
    let part = (now_us - t0) as f64 / (t1 - t0) as f64;
    let place = between(series.lonlat(before)?, series.lonlat(before + 1)?, part);
    Some(Fix { before, part, place })
}

/// The place a part of the way along the great circle.
fn between(a: LonLat, b: LonLat, part: f64) -> LonLat {
    let (u, v) = (a.up(), b.up());
    let angle = u.cross(v).length().atan2(u.dot(v));
    if angle < 1e-12 {
        return a;
    }
    let w = (u * ((1.0 - part) * angle).sin() + v * (part * angle).sin()) / angle.sin();
    LonLat::new(w.y.atan2(w.x).to_degrees(), w.z.atan2(w.x.hypot(w.y)).to_degrees())
}

/// The value of a fix from the tile that holds it, between its neighbours where both have one. Tiles come in the order of
/// the samples.
pub(crate) fn value_at(fix: &Fix, tiles: &Blocks) -> Option<f32> {
    let of = |at: usize| {
        let begins = |stride: usize, row: usize| row <= at + stride / 2;
        let after = tiles.partition_point(|(_, b)| begins(b.window.stride.max(1), b.window.row));
        let (_, block) = tiles.get(after.checked_sub(1)?)?;
        let stride = block.window.stride.max(1);
        block.values.get((at + stride / 2 - block.window.row) / stride).copied()
    };
    let a = of(fix.before).filter(|v| !v.is_nan())?;
    let b = of(fix.before + 1).filter(|v| !v.is_nan()).unwrap_or(a);
    Some(a + (b - a) * fix.part as f32)
}

/// What the dots of an item were found for.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Key {
    now_us: i64,
    epoch: u64,
    tiles: usize,
    by_time: bool,
}

/// Dots of an item, in the projection of its shape.
#[derive(Debug)]
struct Held {
    key: Key,
    shape: std::sync::Weak<SeriesShape>,
    dots: Vec<(DVec3, f32)>,
    last_used: u64,
}

/// Places at the clock with their values: looked for when the clock or the tiles have changed, not when the camera has.
#[derive(Debug, Default)]
pub(crate) struct Markers {
    held: HashMap<u64, Held>,
    frame: u64,
}

impl Markers {
    /// Begins a frame.
    pub fn begin(&mut self) {
        self.frame += 1;
        let now = self.frame;
        self.held.retain(|_, h| h.last_used + KEEP_FRAMES > now);
    }

    /// Forgets items.
    pub fn forget(&mut self, items: &[u64]) {
        self.held.retain(|item, _| !items.contains(item));
    }

    /// The dots of an item at an instant.
    pub fn of(&mut self, path: &Path<'_>, now_us: i64) -> &[(DVec3, f32)] {
        let by_time = path.style.trail.by_time;
        let key = Key { now_us, epoch: path.epoch, tiles: path.blocks.len(), by_time };
        let shape = std::sync::Arc::downgrade(path.shape);
        let known = self.held.get(&path.item).is_some_and(|h| h.key == key && h.shape.ptr_eq(&shape));
        if !known {
            let place = |fix: &Fix| {
                let value = if by_time { Some(1.0) } else { value_at(fix, path.blocks) };
                Some((project(path.shape.projection, fix.place)?, value?))
            };
            let dots = fixes(path.shape, now_us).iter().filter_map(place).collect();
            self.held.insert(path.item, Held { key, shape, dots, last_used: self.frame });
        }
        match self.held.get_mut(&path.item) {
            Some(held) => {
                held.last_used = self.frame;
                &held.dots
            }
            None => &[],
        }
    }
}

/// Draws the dots in view, and those that reach into it.
pub(crate) fn draw(pen: &mut Pen<'_>, frame: &FrameView, dots: &[(DVec3, f32)]) {
    let seen = |v: &DVec3| frame.sees(*v, REACH_PX * frame.m_per_px(*v, 0.0));
    dots.iter().filter(|(v, _)| seen(v)).for_each(|(v, value)| pen.dot(*v, *value));
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaglass_core::coord::CoordArray;
    use seaglass_core::geolocation::Geolocation;
    use seaglass_core::projection::Projection;
    use std::sync::Arc;

    const HOUR: i64 = 3_600_000_000;

    fn shape(places: &[(f64, f64)], times: Vec<i64>, starts: Vec<usize>) -> SeriesShape {
        let series = Series {
            lon: CoordArray::F64(places.iter().map(|p| p.0).collect()),
            lat: CoordArray::F64(places.iter().map(|p| p.1).collect()),
            time_us: times,
            starts,
        };
        SeriesShape::new(&Arc::new(Geolocation::Track(series)), Projection::Globe).unwrap()
    }

    #[test]
    fn places_at_the_clock_lie_on_the_great_circle() {
        // From 170° E 60° N to 170° W 50° N over the dateline in 10 hours; a second trajectory with a hole of a week.
        let places = [(170.0, 60.0), (-170.0, 50.0), (-150.0, 40.0), (10.0, 0.0), (10.1, 0.0), (10.2, 0.0)];
        let times = vec![0, 10 * HOUR, 20 * HOUR, 0, 10 * HOUR, 178 * HOUR];
        let shape = shape(&places, times, vec![0, 3]);
        let found = fixes(&shape, 3 * HOUR);
        assert_eq!(found.len(), 2);
        // pyproj.Geod(a=1, b=1).fwd from (170, 60) towards (-170, 50), 0.3 of the distance that `inv` gives.
        let p = found[0].place;
        let lon = seaglass_core::geo::wrap_180(p.lon_deg);
        assert!((lon - 177.098_990_7).abs() < 1e-6 && (p.lat_deg - 57.360_567_8).abs() < 1e-6, "{p:?}");
        assert_eq!((found[0].before, found[1].before), (0, 3));
        assert_eq!(fixes(&shape, 40 * HOUR).len(), 0, "behind the end of one, in the hole of the other");
        assert_eq!(fixes(&shape, -HOUR).len(), 0);
        let last = fixes(&shape, 20 * HOUR);
        assert_eq!(last.iter().map(|f| (f.before, f.place)).collect::<Vec<_>>(), [(2, LonLat::new(-150.0, 40.0))]);
        assert_eq!(fixes(&shape, 20 * HOUR + 1).len(), 0, "it ends there");
    }

    #[test]
    fn without_times_nothing_is_at_the_clock() {
        let bare = shape(&[(0.0, 0.0), (0.1, 0.0)], vec![], vec![0]);
        assert!(fixes(&bare, 0).is_empty());
        let shape = shape(&[(0.0, 0.0), (0.1, 0.0), (0.2, 0.0)], vec![0, NO_TIME, 2 * HOUR], vec![0]);
        assert!(fixes(&shape, HOUR).is_empty());
    }
}
