//! Tracks and points: which samples are drawn, and where lines are cut.

use std::sync::Arc;

use glam::DVec3;
use rayon::prelude::*;
use seaglass_core::field::Block;
use seaglass_core::geolocation::{Geolocation, Series, TRACK_GAP_FACTOR};
use seaglass_core::projection::Projection;
use seaglass_core::tile::{TileGrid, TileKey};

use crate::frame::FrameView;
use crate::polyline::{Pen, great_circle, project};
use crate::tree::{TileAt, unwrapped};

/// Samples of one bounding ball.
const CHUNK: usize = 256;
/// Unconnected points drawn at most, before they are thinned out.
const MOST_POINTS: usize = 400_000;
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
    projection: Projection,
    /// Tile pyramid (one column).
    pub grid: TileGrid,
    /// Connected by lines.
    connected: bool,
    /// Projected positions; NaN where there is none.
    positions: Vec<DVec3>,
    balls: Vec<Option<Ball>>,
    /// Usual ground distance of neighbours, metres.
    step_m: f64,
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
    /// Projects the samples and finds the gaps; `None` for rasters.
    pub fn new(geolocation: &Arc<Geolocation>, projection: Projection) -> Option<Self> {
        let samples = series(geolocation)?;
        let n = samples.lon.len();
        let nowhere = DVec3::splat(f64::NAN);
        let positions: Vec<DVec3> = (0..n)
            .into_par_iter()
            .map(|k| samples.lonlat(k).and_then(|p| project(projection, p)).unwrap_or(nowhere))
            .collect();
        let turn = projection.turn_m();
        let balls = positions.par_chunks(CHUNK).map(|chunk| ball_of(chunk, turn)).collect();
        let connected = matches!(**geolocation, Geolocation::Track(_));
        let (step_m, gaps) = if connected { find_gaps(samples) } else { (0.0, Vec::new()) };
        Some(Self {
            geolocation: Arc::clone(geolocation),
            projection,
            grid: TileGrid::new([n, 1], false),
            connected,
            positions,
            balls,
            step_m,
            gaps,
        })
    }

    /// Source samples `[first, last)` that a tile stands for.
    fn span(&self, tile: TileAt) -> (usize, usize) {
        let side = self.grid.tile_rows << tile.level;
        let first = tile.ty as usize * side;
        (first, (first + side).min(self.positions.len()))
    }

    /// The smallest pixel in any visible chunk of a span; `None` when nothing is visible.
    fn visible_m_per_px(&self, frame: &FrameView, (first, last): (usize, usize)) -> Option<f64> {
        let balls = self.balls.get(first / CHUNK..last.div_ceil(CHUNK))?;
        let seen = balls.iter().flatten().filter(|b| frame.sees(b.centre, b.radius));
        seen.map(|b| frame.m_per_px(b.centre, b.radius)).min_by(f64::total_cmp)
    }

    /// Coarsest level whose samples lie at most a pixel apart (tracks), or are not too many (points).
    fn level_for(&self, m_per_px: f64) -> u8 {
        let spread = if self.connected {
            m_per_px / self.step_m.max(1e-3)
        } else {
            self.positions.len() as f64 / MOST_POINTS as f64
        };
        (spread.max(1.0).log2().floor() as u8).min(self.grid.top_level())
    }

    /// Selects the tiles for a view.
    pub fn cut(&self, frame: &FrameView, resident: &dyn Fn(TileAt) -> bool) -> SeriesCut {
        let mut cut = SeriesCut::default();
        if !self.positions.is_empty() {
            self.descend(frame, TileAt { level: self.grid.top_level(), ty: 0, tx: 0 }, resident, &mut cut);
        }
        cut
    }

    fn descend(&self, frame: &FrameView, tile: TileAt, resident: &dyn Fn(TileAt) -> bool, cut: &mut SeriesCut) {
        let span = self.span(tile);
        if span.0 >= span.1 {
            return;
        }
        let Some(m_per_px) = self.visible_m_per_px(frame, span) else { return };
        cut.visible = true;
        let children = [2 * tile.ty, 2 * tile.ty + 1].map(|ty| TileAt { level: tile.level.wrapping_sub(1), ty, tx: 0 });
        if tile.level > self.level_for(m_per_px) {
            // Children only where all of them that show something are there; else this one stands in.
            let before = cut.drawn.len();
            children.into_iter().for_each(|c| self.descend(frame, c, resident, cut));
            let missing = children.into_iter().any(|c| {
                let span = self.span(c);
                span.0 < span.1
                    && self.visible_m_per_px(frame, span).is_some()
                    && !cut.drawn[before..].iter().any(|d| within(*d, c))
            });
            if missing && resident(tile) {
                cut.drawn.truncate(before);
                cut.drawn.push(tile);
            }
            return;
        }
        cut.wanted.push((tile, 0.0));
        if resident(tile) {
            cut.drawn.push(tile);
        } else if tile.level > 0 {
            cut.drawn.extend(children.into_iter().filter(|c| resident(*c)));
        }
    }

    /// Draws the samples of tiles as one line, cut at missing values, gaps and between trajectories.
    pub fn line(&self, pen: &mut Pen, frame: &FrameView, tiles: &[(TileAt, Arc<Block>)]) {
        let mut previous: Option<(usize, f32)> = None;
        for (_, block) in tiles {
            let stride = block.window.stride.max(1);
            for (k, value) in block.values.iter().enumerate() {
                let at = (block.window.row + k * stride).min(self.positions.len().saturating_sub(1));
                let v = self.positions[at];
                if !v.x.is_finite() || value.is_nan() {
                    pen.lift();
                    previous = None;
                    continue;
                }
                match previous {
                    Some((before, _)) if before >= at => continue,
                    Some((before, _)) if self.is_cut(before, at) => pen.lift(),
                    Some(before) => self.bend(pen, frame, before, (at, *value)),
                    None => pen.lift(),
                }
                pen.to(v, *value);
                previous = Some((at, *value));
            }
        }
        pen.lift();
    }

    /// Draws the samples of tiles as dots.
    pub fn dots(&self, pen: &mut Pen, tiles: &[(TileAt, Arc<Block>)]) {
        for (_, block) in tiles {
            let stride = block.window.stride.max(1);
            for (k, value) in block.values.iter().enumerate() {
                let at = (block.window.row + k * stride).min(self.positions.len().saturating_sub(1));
                let v = self.positions[at];
                if v.x.is_finite() && !value.is_nan() {
                    pen.dot(v, *value);
                }
            }
        }
    }

    fn is_cut(&self, before: usize, at: usize) -> bool {
        let usual = TRACK_GAP_FACTOR * self.step_m * (at - before) as f64;
        let from = self.gaps.partition_point(|(k, _)| *k <= before);
        self.gaps[from..].iter().take_while(|(k, _)| *k <= at).any(|(_, d)| *d > usual)
    }

    /// Puts places of the great circle between two samples that are far apart.
    fn bend(&self, pen: &mut Pen, frame: &FrameView, (before, w0): (usize, f32), (at, w1): (usize, f32)) {
        let (a, b) = (self.positions[before], self.positions[at]);
        let sag_m = 0.1 * frame.m_per_px(a, 0.0).min(frame.m_per_px(b, 0.0));
        let b_near = unwrapped(b, a, frame.turn);
        if a.distance_squared(b_near) < 8.0 * EARTH_RADIUS_M * sag_m {
            return;
        }
        let Some(samples) = series(&self.geolocation) else { return };
        let (Some(p), Some(q)) = (samples.lonlat(before), samples.lonlat(at)) else { return };
        for (t, place) in great_circle(p, q, sag_m) {
            if let Some(v) = project(self.projection, place) {
                pen.to(v, w0 + (w1 - w0) * t as f32);
            }
        }
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
        let cut = shape.cut(&FrameView::new(camera.view(800.0, 600.0)), &|_| true);
        let samples: usize = cut.drawn.iter().map(|t| shape.grid.window(t.level, t.ty, t.tx).rows).sum();
        assert!(samples > 200 && samples < 10_000, "{samples}");
    }
}
