//! The base map: coastlines, borders, graticule, and the patches under the relief.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use glam::{DVec2, DVec3};
use seaglass_core::geo::{GeoBox, LonLat, unwrap_near};
use seaglass_core::geolocation::{Axis, Crs, Geolocation, Grid};
use seaglass_core::projection::Projection;

use crate::assets::{self, Lod, Polyline};
use crate::frame::FrameView;
use crate::polyline::{Pen, project};
use crate::tree::unwrapped;

/// Coastlines and borders, sRGB with straight alpha, and their width in points.
pub(crate) const COAST: ([f32; 4], f32) = ([0.93, 0.96, 0.98, 0.50], 1.0);
/// Borders.
pub(crate) const BORDER: ([f32; 4], f32) = ([0.93, 0.93, 0.88, 0.26], 0.8);
/// Casing of lines over data: `#060E16`.
pub(crate) const CASING: ([f32; 4], f32) = ([0.024, 0.055, 0.086, 0.28], 2.2);
/// Graticule.
pub(crate) const GRATICULE: ([f32; 4], f32) = ([1.0, 1.0, 1.0, 0.11], 1.0);
/// Outlines of granules: the accent of the dark theme, `#74D3BE`.
pub(crate) const OUTLINE: ([f32; 4], f32) = ([0.455, 0.827, 0.745, 0.95], 1.5);

/// The geometry of the base map: one-degree cells from 90° N, 180° W.
pub(crate) fn world_grid() -> Option<Geolocation> {
    let axis = |first, step, len| Axis::Regular { first, step, len };
    Grid::new(axis(89.5, -1.0, 180), axis(-179.5, 1.0, 360), Crs::LonLat).ok().map(Geolocation::Grid)
}

/// Points of one culling ball.
const CHUNK: usize = 48;

/// Closed lines smaller than this are not drawn, pixels.
const SMALLEST_LINE_PX: f64 = 2.0;
/// Distance of drawn points at least, pixels.
const THINNING_PX: f64 = 0.8;

/// Lines of the base map, projected.
#[derive(Debug)]
struct LineSet {
    positions: Vec<DVec3>,
    pieces: Vec<Piece>,
}

/// A piece of a line; its last position is the next piece's first.
#[derive(Clone, Copy, Debug)]
struct Piece {
    first: u32,
    last: u32,
    centre: DVec3,
    radius: f64,
    /// Size of the whole line, projected metres: islands of a pixel are left out.
    line_m: f64,
}

impl LineSet {
    fn new(lines: &[Polyline], projection: Projection, longest_deg: f64) -> Self {
        let mut set = Self { positions: Vec::new(), pieces: Vec::new() };
        let turn = projection.turn_m();
        for line in lines {
            let places = densified(&line.points, longest_deg);
            let mut run: Vec<DVec3> = Vec::with_capacity(places.len());
            for place in places {
                match project(projection, place) {
                    Some(v) => run.push(v),
                    None => set.add_run(&std::mem::take(&mut run), turn),
                }
            }
            set.add_run(&run, turn);
        }
        set
    }

    fn add_run(&mut self, run: &[DVec3], turn: Option<f64>) {
        let Some(start) = run.first() else { return };
        let line_m = run.iter().map(|v| unwrapped(*v, *start, turn).distance(*start)).fold(0.0, f64::max);
        let mut from = 0;
        while from + 1 < run.len() {
            let to = (from + CHUNK).min(run.len() - 1);
            let piece = &run[from..=to];
            let centre = piece[piece.len() / 2];
            let radius = piece.iter().map(|v| unwrapped(*v, centre, turn).distance(centre)).fold(0.0, f64::max) + 1.0;
            let first = self.positions.len() as u32;
            self.positions.extend_from_slice(piece);
            self.pieces.push(Piece { first, last: self.positions.len() as u32, centre, radius, line_m });
            from = to;
        }
    }

    fn draw(&self, pen: &mut Pen, frame: &FrameView) {
        for piece in &self.pieces {
            if !frame.sees(piece.centre, piece.radius) {
                continue;
            }
            let m_per_px = frame.m_per_px(piece.centre, piece.radius);
            if piece.line_m < SMALLEST_LINE_PX * m_per_px {
                continue;
            }
            // Points closer than this add nothing but vertices, and bright knots where they crowd.
            let step2 = (THINNING_PX * m_per_px).powi(2);
            pen.lift();
            let run = &self.positions[piece.first as usize..piece.last as usize];
            let mut drawn = run[0];
            for (k, v) in run.iter().enumerate() {
                if k == 0 || k + 1 == run.len() || v.distance_squared(drawn) > step2 {
                    pen.to(*v, 0.0);
                    drawn = *v;
                }
            }
        }
        pen.lift();
    }
}

/// Straight pieces in longitude and latitude, none longer than `longest_deg`.
fn densified(points: &[LonLat], longest_deg: f64) -> Vec<LonLat> {
    let mut out = Vec::with_capacity(points.len());
    for pair in points.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let b = LonLat::new(unwrap_near(b.lon_deg, a.lon_deg), b.lat_deg);
        let span = (b.lon_deg - a.lon_deg).abs().max((b.lat_deg - a.lat_deg).abs());
        let n = (span / longest_deg).ceil().max(1.0) as usize;
        for k in 0..n {
            let t = k as f64 / n as f64;
            out.push(LonLat::new(a.lon_deg + (b.lon_deg - a.lon_deg) * t, a.lat_deg + (b.lat_deg - a.lat_deg) * t));
        }
    }
    out.extend(points.last());
    out
}

/// Which lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum BaseLines {
    Coasts,
    Borders,
}

type SetKey = (BaseLines, Lod, Projection);

/// Coastlines and borders by level of detail and projection, prepared beside the main thread.
#[derive(Debug, Default)]
pub(crate) struct BaseLineSets {
    sets: HashMap<SetKey, Arc<OnceLock<LineSet>>>,
}

impl BaseLineSets {
    /// Draws the lines for a view; `false` while better ones are still being prepared.
    pub fn draw(&mut self, which: BaseLines, pen: &mut Pen, frame: &FrameView, wait: bool) -> bool {
        let projection = frame.view.camera.projection;
        let lod = lod_for(frame.m_per_px(frame.anchor, 0.0));
        if let Some(set) = self.get((which, lod, projection), wait) {
            set.draw(pen, frame);
            return true;
        }
        // Another level of detail meanwhile, the coarse one at worst at once.
        let others = [Lod::Medium, Lod::Fine];
        let stand_in = others
            .into_iter()
            .find_map(|other| self.sets.get(&(which, other, projection)).and_then(|s| s.get().map(|_| other)))
            .unwrap_or(Lod::Coarse);
        if let Some(set) = self.get((which, stand_in, projection), true) {
            set.draw(pen, frame);
        }
        false
    }

    /// Begins to prepare the lines for a view; whether they are there.
    pub fn start(&mut self, which: BaseLines, frame: &FrameView) -> bool {
        let lod = lod_for(frame.m_per_px(frame.anchor, 0.0));
        self.get((which, lod, frame.view.camera.projection), false).is_some()
    }

    fn get(&mut self, key: SetKey, wait: bool) -> Option<&LineSet> {
        let mut fresh = false;
        let slot = self.sets.entry(key).or_insert_with(|| {
            fresh = true;
            Arc::default()
        });
        if wait {
            return Some(slot.get_or_init(|| build_set(key)));
        }
        if fresh {
            let slot = Arc::clone(slot);
            rayon::spawn(move || {
                slot.get_or_init(|| build_set(key));
            });
        }
        slot.get()
    }
}

/// Level of detail for a pixel of this many metres: the shapes of one level stay within about a pixel of the next.
fn lod_for(m_per_px: f64) -> Lod {
    match m_per_px {
        m if m > 9_000.0 => Lod::Coarse,
        m if m > 1_500.0 => Lod::Medium,
        _ => Lod::Fine,
    }
}

fn build_set((which, lod, projection): SetKey) -> LineSet {
    let lines = match which {
        BaseLines::Coasts => assets::coastlines(lod),
        BaseLines::Borders => assets::borders(lod),
    };
    let longest_deg = match lod {
        Lod::Coarse => 2.0,
        Lod::Medium => 1.0,
        Lod::Fine => 0.25,
    };
    LineSet::new(lines, projection, longest_deg)
}

/// Spacings of the graticule, degrees.
const SPACINGS: [f64; 15] = [15.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005];
/// Lines drawn at most in either direction.
const MOST_LINES: i64 = 100;

/// Spacing of the graticule for a view, degrees.
pub(crate) fn graticule_spacing(frame: &FrameView) -> f64 {
    let ground_m = frame.m_per_px(frame.anchor, 0.0) * frame.view.size_px.y
        / frame.view.camera.projection.scale_at(frame.view.camera.target);
    let tall_deg = ground_m / 111_195.0;
    SPACINGS.into_iter().find(|s| tall_deg / s >= 2.7).unwrap_or(SPACINGS[SPACINGS.len() - 1])
}

/// Degrees between the parallels and between the meridians of the graticule of a view.
pub fn graticule_steps(view: &seaglass_core::camera::View) -> [f64; 2] {
    let frame = FrameView::new(*view);
    let spacing = graticule_spacing(&frame);
    let bounds = visible_box(&frame, spacing);
    [spacing, meridian_spacing(spacing, bounds.east - bounds.west)]
}

/// Spacing of the meridians over a range of longitude: wider than that of the parallels where the range is too wide for
/// it, as around a pole. Leaving out the last ones instead would draw one side of the pole only.
fn meridian_spacing(spacing: f64, range_deg: f64) -> f64 {
    let fits = |s: &f64| *s >= spacing && range_deg / *s <= MOST_LINES as f64;
    SPACINGS.into_iter().rev().find(fits).unwrap_or(SPACINGS[0])
}

/// Draws the graticule.
pub(crate) fn graticule(pen: &mut Pen, frame: &FrameView) {
    let spacing = graticule_spacing(frame);
    let bounds = visible_box(frame, spacing);
    let sag_m = 0.2 * frame.m_per_px(frame.anchor, 0.0);
    let piece = (8.0 * sag_m / 6_371_008.8).sqrt().to_degrees().clamp(spacing / 64.0, 2.0);
    let first = |a: f64, spacing: f64| (a / spacing).ceil() as i64;
    let last = |b: f64, spacing: f64| (b / spacing).floor() as i64;
    let apart = meridian_spacing(spacing, bounds.east - bounds.west);
    let (west, mut east) = (first(bounds.west, apart), last(bounds.east, apart));
    if bounds.east - bounds.west >= 360.0 {
        east = west + (360.0 / apart).round() as i64 - 1;
    }
    if let Projection::Plane(plane) = frame.view.camera.projection {
        pen.lift();
        for line in plane.outline() {
            line.into_iter().for_each(|v| pen.go_apart(v));
            pen.lift();
        }
    }
    let draw = |pen: &mut Pen, n: usize, place: &dyn Fn(f64) -> LonLat| {
        pen.lift();
        for k in 0..=n {
            match project(frame.view.camera.projection, place(k as f64 / n as f64)) {
                Some(v) if frame.sees(v, 3.0 * piece * 111_195.0) => pen.to(v, 0.0),
                _ => pen.lift(),
            }
        }
        pen.lift();
    };
    // Meridians stop short of the poles, where they would crowd.
    let top = (90.0 - spacing).max(0.0);
    let (south, north) = (bounds.south.max(-top), bounds.north.min(top));
    if north > south {
        let n = ((north - south) / piece).ceil().max(1.0) as usize;
        for k in west..=east {
            draw(pen, n, &|t| LonLat::new(k as f64 * apart, south + (north - south) * t));
        }
    }
    let n = ((bounds.east - bounds.west) / piece).ceil().max(1.0) as usize;
    let (low, high) = (first(bounds.south, spacing), last(bounds.north, spacing));
    for k in low..=high.min(low + MOST_LINES) {
        let lat = k as f64 * spacing;
        if lat.abs() < 89.999 {
            draw(pen, n, &|t| LonLat::new(bounds.west + (bounds.east - bounds.west) * t, lat));
        }
    }
}

/// A box around everything visible: the whole Earth from afar.
fn visible_box(frame: &FrameView, spacing: f64) -> GeoBox {
    if spacing >= 5.0 {
        return GeoBox::WORLD;
    }
    const N: i32 = 12;
    let target = frame.view.camera.target;
    let (mut lo, mut hi) = (DVec2::new(target.lon_deg, target.lat_deg), DVec2::new(target.lon_deg, target.lat_deg));
    for k in 0..(N + 1) * (N + 1) {
        let at = DVec2::new(f64::from(k % (N + 1)), f64::from(k / (N + 1))) / f64::from(N);
        if let Some(p) = frame.view.lonlat_from_screen(at * frame.view.size_px) {
            let p = DVec2::new(unwrap_near(p.lon_deg, target.lon_deg), p.lat_deg);
            (lo, hi) = (lo.min(p), hi.max(p));
        }
    }
    let margin = (hi - lo) / f64::from(N) + spacing;
    let (lo, hi) = (lo - margin, hi + margin);
    let polar = hi.y > 89.0 || lo.y < -89.0;
    let (west, east) = if polar || hi.x - lo.x > 300.0 { (-180.0, 180.0) } else { (lo.x, hi.x) };
    GeoBox { west, south: lo.y.max(-90.0), east, north: hi.y.min(90.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaglass_core::camera::Camera;

    #[test]
    fn graticule_grows_finer_with_the_zoom() {
        let spacing = |altitude_m| {
            graticule_spacing(&FrameView::new(Camera { altitude_m, ..Camera::default() }.view(1280.0, 800.0)))
        };
        assert_eq!(spacing(14_200_000.0), 15.0);
        assert_eq!(spacing(5_000_000.0), 10.0);
        assert!(spacing(10_000.0) < 0.1);
    }

    #[test]
    fn long_pieces_are_divided_the_short_way_round() {
        let line = densified(&[LonLat::new(179.0, 49.0), LonLat::new(-179.0, 50.0)], 0.5);
        assert_eq!(line.len(), 5);
        assert!((line[2].lon_deg - 180.0).abs() < 1e-9);
    }
}
