//! Tracks and points: which tiles a view needs at which times, and where lines are cut.

use std::sync::Arc;

use glam::DVec3;
use rayon::prelude::*;
use seaglass_core::geolocation::{Geolocation, Series, TRACK_GAP_FACTOR};
use seaglass_core::projection::Projection;
use seaglass_core::tile::{TileGrid, TileKey};

use crate::clock::Times;
use crate::frame::FrameView;
use crate::polyline::project;
use crate::sample::NO_TIME;
use crate::tree::{TileAt, unwrapped};

/// Samples of one bounding ball.
const CHUNK: usize = 256;
/// Dots kept on the device at most, before every other one is left out: half a gibibyte.
const MOST_DOTS: usize = 24_000_000;
/// Samples of a track on its coarsest level.
const FAR_SAMPLES: usize = 1024;
const EARTH_RADIUS_M: f64 = 6_371_008.8;

#[derive(Clone, Copy, Debug)]
struct Ball {
    centre: DVec3,
    radius: f64,
}

/// The positions of a track or of points in one projection.
#[derive(Debug)]
pub(crate) struct SeriesShape {
    geolocation: Arc<Geolocation>,
    pub projection: Projection,
    /// Tile pyramid (one column).
    pub grid: TileGrid,
    balls: Vec<Option<Ball>>,
    /// First and last time of the samples of each ball, µs; the wrong way round where they have none.
    spans: Vec<[i64; 2]>,
    /// First and last of all.
    span: Option<[i64; 2]>,
    /// Usual ground distance of neighbours, metres.
    step_m: f64,
    /// Usual time between neighbours, µs; 0 without times.
    pub step_us: i64,
    /// Times never run backwards within a trajectory, and none is missing.
    ascending: bool,
    /// Samples before which the line may have to be cut, ascending, with the ground distance from the one before
    /// (infinite where a trajectory begins or a position is missing).
    gaps: Vec<(usize, f64)>,
}

/// Tiles to draw, in the order of the samples, and tiles wanted.
#[derive(Debug, Default)]
pub(crate) struct SeriesCut {
    pub drawn: Vec<TileAt>,
    pub wanted: Vec<(TileAt, f32)>,
    pub visible: bool,
}

fn series(geolocation: &Geolocation) -> Option<&Series> {
    match geolocation {
        Geolocation::Track(s) | Geolocation::Points(s) => Some(s),
        Geolocation::Grid(_) | Geolocation::Swath(_) => None,
    }
}

impl SeriesShape {
    /// Finds gaps, times and places in the projection; `None` for rasters.
    pub fn new(geolocation: &Arc<Geolocation>, projection: Projection) -> Option<Self> {
        let samples = series(geolocation)?;
        let n = samples.lon.len();
        let turn = projection.turn_m();
        let starts: Vec<usize> = (0..n).step_by(CHUNK).collect();
        let nowhere = DVec3::splat(f64::NAN);
        let place = |k: usize| samples.lonlat(k).and_then(|p| project(projection, p)).unwrap_or(nowhere);
        let balls = starts
            .par_iter()
            .map(|first| {
                let chunk: Vec<DVec3> = (*first..(first + CHUNK).min(n)).map(place).collect();
                ball_of(&chunk, turn)
            })
            .collect();
        let connected = matches!(**geolocation, Geolocation::Track(_));
        let (step_m, gaps) = if connected { find_gaps(samples) } else { (0.0, Vec::new()) };
        let (step_us, ascending) = find_pace(samples);
        let known = |t: &&i64| **t != NO_TIME;
        let span = |times: &[i64]| {
            let valid = || times.iter().filter(known);
            [valid().min().copied().unwrap_or(i64::MAX), valid().max().copied().unwrap_or(i64::MIN)]
        };
        let spans: Vec<[i64; 2]> = samples.time_us.par_chunks(CHUNK).map(span).collect();
        let valid = || spans.iter().filter(|s| s[0] <= s[1]);
        let all = valid().map(|s| s[0]).min().zip(valid().map(|s| s[1]).max());
        Some(Self {
            geolocation: Arc::clone(geolocation),
            projection,
            grid: TileGrid::series(n),
            balls,
            span: all.map(|(first, last)| [first, last]),
            spans,
            step_m,
            step_us,
            ascending,
            gaps,
        })
    }

    /// The samples.
    pub fn series(&self) -> Option<&Series> {
        series(&self.geolocation)
    }

    /// Several trajectories.
    pub fn is_ragged(&self) -> bool {
        self.series().is_some_and(|s| s.starts.len() > 1)
    }

    /// Times never run backwards within a trajectory, and none is missing.
    pub fn is_ascending(&self) -> bool {
        self.ascending
    }

    /// Whether so long without a sample is a hole in a trajectory.
    pub fn is_gap(&self, us: i64) -> bool {
        us as f64 > TRACK_GAP_FACTOR * self.step_us as f64
    }

    /// First and last time, µs; `None` without times.
    pub fn span(&self) -> Option<[i64; 2]> {
        self.span
    }

    /// Source samples `[first, last)` that a tile stands for.
    fn span_of(&self, tile: TileAt) -> (usize, usize) {
        let side = self.grid.tile_rows << tile.level;
        let first = tile.ty as usize * side;
        (first, (first + side).min(self.grid.shape[0]))
    }

    /// The smallest pixel in any chunk of a span that is in view and in time, or one that is no larger than `enough`; `None`
    /// when there is none.
    fn visible_m_per_px(
        &self,
        frame: &FrameView,
        shown: &Times,
        (first, last): (usize, usize),
        enough: f64,
    ) -> Option<f64> {
        let mut least: Option<f64> = None;
        let chunks = first / CHUNK..last.div_ceil(CHUNK);
        for (ball, k) in self.balls.get(chunks.clone())?.iter().zip(chunks) {
            // Times first: they are cheaper to compare than places.
            let timed = self.spans.get(k).is_none_or(|s| shown.meets(*s));
            let Some(ball) = ball.as_ref().filter(|b| timed && frame.sees(b.centre, b.radius)) else { continue };
            let m_per_px = frame.m_per_px(ball.centre, ball.radius);
            least = Some(least.map_or(m_per_px, |l| l.min(m_per_px)));
            if m_per_px <= enough {
                break;
            }
        }
        least
    }

    /// Coarsest level of lines: of many long tracks seen from afar each is a few samples.
    fn top(&self) -> u8 {
        let full = self.grid.shape[0].div_ceil(FAR_SAMPLES).max(1);
        (full.next_power_of_two().trailing_zeros() as u8).max(self.grid.top_level())
    }

    /// Coarsest level whose samples lie at most a pixel apart.
    fn level_for(&self, m_per_px: f64) -> u8 {
        let spread = m_per_px / self.step_m.max(1e-3);
        (spread.max(1.0).log2().floor() as u8).min(self.top())
    }

    /// Selects the tiles of a line for a view and a time.
    pub fn cut(&self, frame: &FrameView, shown: &Times, resident: &dyn Fn(TileAt) -> bool) -> SeriesCut {
        let mut cut = SeriesCut::default();
        // A pixel for which the tile is too coarse tells enough; a little less, so that rounding cannot differ.
        let enough = |tile: TileAt| self.step_m.max(1e-3) * f64::from(tile.level).exp2() * 0.999;
        let seen = |tile: TileAt| self.visible_m_per_px(frame, shown, self.span_of(tile), enough(tile));
        let level = |m_per_px: f64| self.level_for(m_per_px);
        if self.grid.shape[0] > 0 {
            self.descend(&seen, &level, TileAt { level: self.top(), ty: 0, tx: 0 }, resident, &mut cut);
        }
        cut
    }

    /// Selects the tiles of dots: all of them when any is in view, so that what is put in order once serves every view.
    pub fn cut_dots(&self, frame: &FrameView, shown: &Times, resident: &dyn Fn(TileAt) -> bool) -> SeriesCut {
        let mut cut = SeriesCut::default();
        let n = self.grid.shape[0];
        if n == 0 || self.visible_m_per_px(frame, shown, (0, n), f64::INFINITY).is_none() {
            return cut;
        }
        let finest = (n.div_ceil(MOST_DOTS).max(1) as f64).log2().ceil() as u8;
        let top = TileAt { level: self.grid.top_level(), ty: 0, tx: 0 };
        self.descend(&|_| Some(1.0), &|_| finest.min(top.level), top, resident, &mut cut);
        cut
    }

    /// Whether anything of the tile shows.
    fn descend(
        &self,
        seen: &dyn Fn(TileAt) -> Option<f64>,
        level: &dyn Fn(f64) -> u8,
        tile: TileAt,
        resident: &dyn Fn(TileAt) -> bool,
        cut: &mut SeriesCut,
    ) -> bool {
        let span = self.span_of(tile);
        if span.0 >= span.1 {
            return false;
        }
        let Some(m_per_px) = seen(tile) else { return false };
        cut.visible = true;
        let children = [2 * tile.ty, 2 * tile.ty + 1].map(|ty| TileAt { level: tile.level.wrapping_sub(1), ty, tx: 0 });
        if tile.level > level(m_per_px) {
            // Children only where all of them that show something are there; else this one stands in.
            let before = cut.drawn.len();
            let shows = children.map(|c| self.descend(seen, level, c, resident, cut));
            let drawn = &cut.drawn[before..];
            let missing = children.iter().zip(shows).any(|(c, shows)| shows && !drawn.iter().any(|d| within(*d, *c)));
            if missing && resident(tile) {
                cut.drawn.truncate(before);
                cut.drawn.push(tile);
            }
            return true;
        }
        cut.wanted.push((tile, 0.0));
        if resident(tile) {
            cut.drawn.push(tile);
        } else if tile.level > 0 {
            cut.drawn.extend(children.into_iter().filter(|c| resident(*c)));
        }
        true
    }

    /// Whether the line is cut somewhere between two samples.
    pub fn is_cut(&self, before: usize, at: usize) -> bool {
        let usual = TRACK_GAP_FACTOR * self.step_m * (at - before) as f64;
        let from = self.gaps.partition_point(|(k, _)| *k <= before);
        self.gaps[from..].iter().take_while(|(k, _)| *k <= at).any(|(_, d)| *d > usual)
    }

    /// The key of a tile of an item.
    pub fn key(item: u64, tile: TileAt) -> TileKey {
        TileKey { item, level: tile.level, ty: tile.ty, tx: tile.tx }
    }
}

/// Whether tile `a` is `b` or a part of it.
fn within(a: TileAt, b: TileAt) -> bool {
    a.level <= b.level && a.ty >> (b.level - a.level) == b.ty
}

fn ball_of(chunk: &[DVec3], turn: Option<f64>) -> Option<Ball> {
    let reference = *chunk.iter().find(|v| v.x.is_finite())?;
    let valid = || chunk.iter().filter(|v| v.x.is_finite()).map(|v| unwrapped(*v, reference, turn));
    let (lo, hi) = valid().fold((reference, reference), |(lo, hi), v| (lo.min(v), hi.max(v)));
    let centre = (lo + hi) / 2.0;
    let radius = valid().map(|v| v.distance(centre)).fold(0.0, f64::max);
    Some(Ball { centre, radius: radius + 1.0 })
}

/// Usual step and the samples after unusual ones.
fn find_gaps(samples: &Series) -> (f64, Vec<(usize, f64)>) {
    let n = samples.lon.len();
    let steps: Vec<f64> = (0..n)
        .into_par_iter()
        .map(|k| match (k.checked_sub(1).and_then(|j| samples.lonlat(j)), samples.lonlat(k)) {
            (Some(a), Some(b)) => a.up().distance(b.up()) * EARTH_RADIUS_M,
            _ => f64::INFINITY,
        })
        .collect();
    let stride = (n / 65_536).max(1);
    let mut usual: Vec<f64> = steps.iter().step_by(stride).copied().filter(|s| s.is_finite() && *s > 0.0).collect();
    let step_m = if usual.is_empty() {
        0.0
    } else {
        let middle = usual.len() / 2;
        *usual.select_nth_unstable_by(middle, f64::total_cmp).1
    };
    let mut gaps: Vec<(usize, f64)> = steps
        .iter()
        .enumerate()
        .filter(|(_, s)| **s > TRACK_GAP_FACTOR * step_m)
        .map(|(k, s)| (k, *s))
        .chain(samples.starts.iter().map(|k| (*k, f64::INFINITY)))
        .collect();
    gaps.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    gaps.dedup_by_key(|(k, _)| *k);
    // Missing positions cut at full resolution only: at coarser strides they are as long as their neighbours' distance.
    for (k, s) in &mut gaps {
        if s.is_infinite() && !samples.starts.contains(k) {
            *s = TRACK_GAP_FACTOR * step_m * 1.01;
        }
    }
    (step_m, gaps)
}

/// Usual time between neighbours (µs), and whether times are complete and never run backwards within a trajectory.
fn find_pace(samples: &Series) -> (i64, bool) {
    let times = &samples.time_us;
    if times.len() < 2 || times.len() != samples.lon.len() {
        return (0, false);
    }
    let is_start = |k: usize| samples.starts.binary_search(&k).is_ok();
    let stride = (times.len() / 65_536).max(1);
    let step =
        |k: usize| (times[k] != NO_TIME && times[k - 1] != NO_TIME).then(|| times[k].saturating_sub(times[k - 1]));
    let mut steps: Vec<i64> = (1..times.len()).step_by(stride).filter_map(step).filter(|s| *s > 0).collect();
    let usual = match steps.len() {
        0 => 0,
        n => *steps.select_nth_unstable(n / 2).1,
    };
    let falls = (1..times.len()).into_par_iter().any(|k| times[k] < times[k - 1] && !is_start(k));
    (usual, !falls && !times.par_iter().any(|t| *t == NO_TIME))
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaglass_core::coord::CoordArray;

    fn track(lon: Vec<f64>, starts: Vec<usize>) -> Arc<Geolocation> {
        let lat = CoordArray::F64(vec![10.0; lon.len()]);
        Arc::new(Geolocation::Track(Series { lon: CoordArray::F64(lon), lat, time_us: vec![], starts }))
    }

    #[test]
    fn lines_are_cut_at_gaps_and_between_trajectories() {
        let mut lon: Vec<f64> = (0..100).map(|k| f64::from(k) * 0.05).collect();
        lon[50..].iter_mut().for_each(|x| *x += 3.0);
        let shape = SeriesShape::new(&track(lon, vec![0, 20]), Projection::Globe).unwrap();
        assert!(shape.is_cut(49, 50) && shape.is_cut(19, 20) && !shape.is_cut(20, 21));
        assert!(shape.is_cut(48, 52), "a gap of 60 steps is one at stride 4 too");
        assert!(!shape.is_cut(40, 56), "but not at stride 16");
        assert!(shape.is_cut(16, 32), "trajectories are never joined");
    }

    #[test]
    fn long_tracks_are_thinned_from_afar() {
        let lon: Vec<f64> = (0..300_000).map(|k| f64::from(k) * 1e-4).collect();
        let shape = SeriesShape::new(&track(lon, vec![0]), Projection::Globe).unwrap();
        let camera = seaglass_core::camera::Camera {
            target: seaglass_core::geo::LonLat::new(15.0, 10.0),
            ..seaglass_core::camera::Camera::default()
        };
        let cut = shape.cut(&FrameView::new(camera.view(800.0, 600.0)), &Times::everything(), &|_| true);
        let samples: usize = cut.drawn.iter().map(|t| shape.grid.window(t.level, t.ty, t.tx).rows).sum();
        assert!(samples > 200 && samples < 10_000, "{samples}");
    }
}
