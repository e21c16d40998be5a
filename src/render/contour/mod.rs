//! Lines of equal value over a raster, from the tiles the picture shows.
//!
//! They are found on the CPU (`trace`), once for a tile and its levels, placed in the projection, and drawn by the line
//! shader: their width is constant, and what is drawn is what an independent library finds. The crate `contour` was looked
//! at: it closes lines along the border of the field and of missing cells, as d3 does, which is wrong here.

mod crowd;
mod labels;
mod strokes;
mod trace;

use std::collections::HashMap;
use std::sync::Arc;

use glam::DVec3;
use rayon::prelude::*;
use seaglass_core::field::Block;
use seaglass_core::projection::Projection;
use seaglass_core::style::{ContourStyle, Levels, Method, Shown, Style};
use seaglass_core::tile::TileKey;
use seaglass_core::time::TimeSpan;

use crate::draw::{Draw, Prepared};
use crate::frame::FrameView;
use crate::item::Item;
use crate::polyline::{Pen, Run};
use crate::renderer::Renderer;
use crate::residency::{Residency, Uses};
use crate::scene::SceneLayer;
use crate::series::SeriesShape;
use crate::style::{StyleUniform, opaque};
use crate::tree::{TileAt, Tree, UNIT};
use labels::{Label, Labels};

/// Tiles traced in one frame of a window.
const TILES_A_FRAME: usize = 6;
/// Frames after which lines that are not drawn are dropped.
const KEEP_FRAMES: u64 = 120;
/// A line that reaches less far than this is noise, pixels.
const LEAST_PX: f64 = 1.5;
/// Points of a line nearer than this to the last one are left out, pixels.
const FINE_PX: f64 = 0.4;
/// Width of the strokes of numbers, and of the halo around them, points.
const INK_PT: f32 = 1.15;
const HALO_PT: f32 = 4.2;
/// Width of the casing on either side of a line that has a colour of its own, points, and its opacity: dark lines are
/// seen on dark colours too.
const CASING_PT: f32 = 0.8;
const CASING: f32 = 0.45;
/// Slot of casings after that of lines.
const CASING_SLOT: usize = 3;
/// Sides of the lattice by which lines of coarse tiles are left out under finer ones.
const LATTICE: usize = 64;

/// A line in its projection.
#[derive(Debug)]
pub(crate) struct PlacedLine {
    /// In the unit of the field.
    pub value: f64,
    /// A ball around it.
    pub centre: DVec3,
    pub radius: f64,
    pub points: Vec<DVec3>,
    /// Rows and columns of the points in the tile.
    at: Vec<[f32; 2]>,
}

struct Placed {
    lines: Arc<Vec<PlacedLine>>,
    last_used: u64,
}

/// The lines of all tiles drawn lately.
#[derive(Default)]
pub(crate) struct Contours {
    projection: Option<Projection>,
    placed: HashMap<(TileKey, u64), Placed>,
    frame: u64,
    labels: Labels,
    pending: Vec<Label>,
    /// Of each layer every so many-th level was drawn last.
    thinned: HashMap<usize, u32>,
}

/// As what a layer with contour lines needs the tiles of its cells.
pub(crate) fn uses(style: &Style) -> Uses {
    let on = style.contour.on && style.method == Method::Raster;
    Uses { texture: false, values: on, alone: false }
}

/// Styles of a layer's lines, of the halo around their numbers, of the numbers, and of the casing of the lines.
pub(crate) fn styles(style: &Style, layer: StyleUniform) -> [StyleUniform; 4] {
    let ContourStyle { width_pt, colour, .. } = style.contour;
    let plain = |colour: [u8; 3], size_pt: f32| StyleUniform::plain(opaque(colour), size_pt).faded(style.opacity);
    let light = |c: [u8; 3]| 0.299 * f32::from(c[0]) + 0.587 * f32::from(c[1]) + 0.114 * f32::from(c[2]) > 127.0;
    const DARK: [u8; 3] = [14, 20, 26];
    const PALE: [u8; 3] = [244, 247, 249];
    let line = colour.map_or(layer.sized(width_pt), |c| plain(c, width_pt));
    let ink = colour.unwrap_or(PALE);
    let halo = if light(ink) { DARK } else { PALE };
    let casing = plain(halo, width_pt + 2.0 * CASING_PT).faded(style.opacity * CASING);
    [line, plain(halo, HALO_PT), plain(ink, INK_PT), casing]
}

/// What lines are found of: one granule.
struct Job<'a> {
    id: u64,
    item: &'a Item,
    levels: &'a Levels,
    /// All tiles at once.
    wait: bool,
    /// Only over rows of this time.
    times: Option<TimeSpan>,
}

/// How the lines of a layer are drawn.
struct Look<'a> {
    style: &'a Style,
    levels: &'a Levels,
    /// What values are written in.
    shown: Shown,
    /// Slot of the style of lines; those of halos, numbers and casings follow.
    slot: usize,
    ppp: f64,
    wait: bool,
}

/// Lines of a tile, and where they are not drawn.
type Gathered = (Veil, Arc<Vec<PlacedLine>>);

impl Contours {
    /// Begins a frame.
    pub fn begin(&mut self, projection: Projection) {
        if self.projection != Some(projection) {
            self.placed.clear();
            self.projection = Some(projection);
        }
        self.frame += 1;
        self.labels.placed.clear();
        let now = self.frame;
        self.placed.retain(|_, p| p.last_used + KEEP_FRAMES > now);
    }

    /// Drops what is held for items.
    pub fn forget(&mut self, items: &[u64]) {
        self.placed.retain(|(key, _), _| !items.contains(&key.item));
    }

    /// Finds the lines of one granule; `false` while some are still to be found.
    fn gather(&mut self, job: &Job<'_>, tiles: &Residency, out: &mut Vec<Gathered>) -> bool {
        let (Some((mesh, _)), Some(tree)) = (job.item.raster(), job.item.tree()) else { return true };
        let stamp = job.levels.values.iter().fold(job.levels.values.len() as u64, |h, v| {
            (h.rotate_left(17) ^ v.to_bits()).wrapping_mul(0xf135_7aea_2e62_a9c5)
        });
        let shown: Vec<TileAt> = mesh.batches.iter().map(|b| b.tile).collect();
        let key = |tile: TileAt| (SeriesShape::key(job.id, tile), stamp);
        let mut missing: Vec<(TileAt, Arc<Block>)> = shown
            .iter()
            .filter(|t| !self.placed.contains_key(&key(**t)))
            .filter_map(|t| Some((*t, tiles.values(key(*t).0)?)))
            .collect();
        let all = missing.len();
        if !job.wait {
            missing.truncate(TILES_A_FRAME);
        }
        let found: Vec<_> =
            missing.par_iter().map(|(t, block)| (*t, lines_of(tree, *t, block, &job.levels.values))).collect();
        for (tile, lines) in found {
            self.placed.insert(key(tile), Placed { lines: Arc::new(lines), last_used: self.frame });
        }
        for tile in &shown {
            let Some(placed) = self.placed.get_mut(&key(*tile)) else { continue };
            placed.last_used = self.frame;
            out.push((Veil::of(*tile, &shown, job), Arc::clone(&placed.lines)));
        }
        all == missing.len()
    }

    /// Draws the lines of a layer, and chooses places for their numbers.
    fn draw_lines(&mut self, look: &Look<'_>, tiles: &[Gathered], frame: &FrameView, prepared: &mut Prepared) {
        let mut lines: Vec<(&Veil, &PlacedLine)> = tiles
            .iter()
            .flat_map(|(veil, lines)| lines.iter().map(move |line| (veil, line)))
            .filter(|(_, l)| {
                let m_per_px = frame.m_per_px(l.centre, l.radius);
                frame.sees(l.centre, l.radius) && l.radius > LEAST_PX / 2.0 * m_per_px
            })
            .collect();
        let all: Vec<&PlacedLine> = lines.iter().map(|(_, l)| *l).collect();
        // A picture does not depend on what was drawn before it.
        let before = self.thinned.get(&look.slot).copied().filter(|_| !look.wait);
        let nth = crowd::every_nth(&all, (look.levels, look.shown), frame, look.ppp, before);
        self.thinned.insert(look.slot, nth);
        lines.retain(|(_, l)| look.levels.keeps(l.value, look.shown, nth));
        // The longest are labelled first.
        lines.sort_by(|(_, a), (_, b)| b.radius.total_cmp(&a.radius));
        let contour = &look.style.contour;
        let run = prepared.points.run(frame, |pen| {
            for (veil, line) in lines {
                let labels = if contour.labels {
                    let shown = look.shown.of(line.value);
                    let found = self.labels.find(line, shown, look.levels.decimals, frame, look.ppp);
                    found.into_iter().filter(|l| !veil.hides_px(line, l, frame)).collect()
                } else {
                    Vec::new()
                };
                line.draw(pen, frame, veil, &labels);
                self.pending.extend(labels);
            }
        });
        let casing = contour.colour.is_some().then_some(look.slot + CASING_SLOT);
        prepared.draws.extend(casing.into_iter().chain([look.slot]).map(|slot| Draw::Lines { slot, run }));
    }

    /// Draws the numbers of a layer, over all its granules.
    pub fn draw_labels(&mut self, slot: usize, ppp: f64, frame: &FrameView, prepared: &mut Prepared) {
        let list = std::mem::take(&mut self.pending);
        if list.is_empty() {
            return;
        }
        let run: Run = prepared.points.run(frame, |pen| labels::draw(pen, frame, &list, ppp));
        prepared.draws.extend([slot + 1, slot + 2].map(|slot| Draw::Lines { slot, run }));
    }
}

impl Renderer {
    /// Lines of equal value over the cells of a layer, and their numbers; `false` while some are still to be found.
    pub(crate) fn draw_contours(
        &mut self,
        slot: usize,
        layer: &SceneLayer,
        ppp: f64,
        frame: &FrameView,
        prepared: &mut Prepared,
    ) -> bool {
        let (style, shown, wait) = (&layer.style, layer.shown, self.options.synchronous);
        if !style.contour.on || style.method != Method::Raster {
            return true;
        }
        let levels = style.contour_levels(shown);
        let (mut complete, mut found) = (true, Vec::new());
        for scene_item in &layer.items {
            let Some(item) = self.items.get(&scene_item.group(style.method)) else { continue };
            let job = Job { id: scene_item.item, item, levels: &levels, wait, times: layer.times };
            complete &= self.contours.gather(&job, &self.tiles, &mut found);
        }
        let look = Look { style, levels: &levels, shown, slot, ppp, wait };
        self.contours.draw_lines(&look, &found, frame, prepared);
        self.contours.draw_labels(slot, ppp, frame, prepared);
        complete
    }
}

impl PlacedLine {
    fn draw(&self, pen: &mut Pen<'_>, frame: &FrameView, veil: &Veil, labels: &[Label]) {
        let fine_m = FINE_PX * frame.m_per_px(self.centre, self.radius);
        let value = self.value as f32;
        let mut last: Option<DVec3> = None;
        let mut starts = true;
        pen.lift();
        for (k, v) in self.points.iter().enumerate() {
            if veil.hides(self.at[k]) {
                pen.lift();
                last = None;
                continue;
            }
            let is_last = k + 1 == self.points.len();
            match last {
                Some(from) if !is_last && from.distance(*v) < fine_m => continue,
                Some(from) if !labels.is_empty() => broken(pen, frame, [from, *v], value, labels, starts),
                _ if labels.is_empty() => pen.to(*v, value),
                _ => {}
            }
            starts = last.is_none();
            last = Some(*v);
        }
        pen.lift();
    }
}

/// A piece of a line without what lies under labels.
fn broken(pen: &mut Pen<'_>, frame: &FrameView, [from, to]: [DVec3; 2], value: f32, labels: &[Label], starts: bool) {
    let px = |v: DVec3| frame.view.screen_from_projected(v + DVec3::X * frame.turn_shift(v.x));
    let (Some(a), Some(b)) = (px(from), px(to)) else {
        pen.to(from, value);
        pen.to(to, value);
        return;
    };
    let length = a.distance(b);
    let near = labels.iter().any(|l| (a + b).distance(2.0 * l.at) < 2.0 * l.half + length);
    // A pixel is fine enough for the ends of a gap.
    let pieces = if near { length.ceil().clamp(1.0, 4000.0) as usize } else { 1 };
    for k in usize::from(!starts)..=pieces {
        let t = k as f64 / pieces as f64;
        let at = a.lerp(b, t);
        if near && labels.iter().any(|l| at.distance(l.at) < l.half) {
            pen.lift();
        } else {
            pen.to(from.lerp(to, t), value);
        }
    }
}

/// The lines of a tile: found, placed, and broken where the field is torn.
fn lines_of(tree: &Tree, tile: TileAt, block: &Block, levels: &[f64]) -> Vec<PlacedLine> {
    let (rows, cols) = (block.window.rows, block.window.cols);
    if block.values.len() != (rows + 2) * (cols + 2) {
        return Vec::new();
    }
    let field = trace::Field { values: &block.values, cols: cols + 2 };
    let stride = (1u64 << tile.level) as f64;
    let middle = if tile.level == 0 { 0.0 } else { stride / 2.0 };
    let first = [
        f64::from(tile.ty) * tree.grid.tile_rows as f64 * stride + middle,
        f64::from(tile.tx) * tree.grid.tile_cols as f64 * stride + middle,
    ];
    let width = tree.grid.shape[1] as f64;
    let source = |p: [f32; 2]| [0, 1].map(|k| (f64::from(p[k]) - 1.0) * stride + first[k]);
    let place = |p: [f32; 2]| {
        let [row, col] = source(p);
        // Columns of a whole circle go round.
        tree.place(row, if tree.grid.wraps && col > width - 0.5 { col - width } else { col })
    };
    let mut all = Vec::new();
    for line in trace::trace(field, 1..rows + 1, 1..cols + 1, levels) {
        let value = levels[line.level];
        let mut part: (Vec<DVec3>, Vec<[f32; 2]>) = Default::default();
        let mut before: Option<[f32; 2]> = None;
        for p in line.points {
            let torn = before.is_some_and(|q| {
                let quad = [0, 1].map(|k| p[k].min(q[k]).floor());
                let [low, high] = [quad, quad.map(|x| x + 1.0)].map(source);
                tree.is_torn([low[0] + 0.5, high[0] + 0.5], [low[1] + 0.5, high[1] + 0.5])
            });
            let v = place(p);
            if torn || v.is_none() {
                all.extend(placed(value, std::mem::take(&mut part)));
            }
            if let Some(v) = v {
                part.0.push(v);
                part.1.push(p);
            }
            before = Some(p);
        }
        all.extend(placed(value, part));
    }
    all
}

fn placed(value: f64, (points, at): (Vec<DVec3>, Vec<[f32; 2]>)) -> Option<PlacedLine> {
    let first = *points.first().filter(|_| points.len() > 1)?;
    let (low, high) = points.iter().fold((first, first), |(a, b), v| (a.min(*v), b.max(*v)));
    let centre = (low + high) / 2.0;
    let radius = points.iter().map(|v| v.distance(centre)).fold(0.0, f64::max);
    Some(PlacedLine { value, centre, radius, points, at })
}

/// Where the lines of a tile are not drawn.
#[derive(Default)]
struct Veil {
    /// Under finer tiles.
    cover: Option<Cover>,
    /// Rows of the tile, with its apron, that are not of the time shown.
    rows: Vec<bool>,
}

impl Veil {
    fn of(tile: TileAt, shown: &[TileAt], job: &Job<'_>) -> Self {
        let cover = Cover::of(tile, shown, job.item);
        let Some((tree, times)) = job.item.tree().zip(job.times) else { return Self { cover, ..Self::default() } };
        let (stride, tall) = (1usize << tile.level, tree.grid.tile_rows);
        let last = tree.grid.shape[0].saturating_sub(1);
        let source = |r: usize| ((tile.ty as usize * tall + r).saturating_sub(1) * stride).min(last);
        let rows = (0..tall + 2).map(|r| !job.item.geolocation.is_within(source(r), Some(times))).collect();
        Self { cover, rows }
    }

    /// Whether a place (row and column with the apron) is hidden.
    fn hides(&self, at: [f32; 2]) -> bool {
        let row = at[0].round().max(0.0) as usize;
        self.rows.get(row).copied().unwrap_or_default() || self.cover.as_ref().is_some_and(|c| c.hides(at))
    }

    /// Whether the point of a line nearest to a label is.
    fn hides_px(&self, line: &PlacedLine, label: &Label, frame: &FrameView) -> bool {
        if self.cover.is_none() && self.rows.is_empty() {
            return false;
        }
        let far = |v: &DVec3| frame.view.screen_from_projected(*v).map_or(f64::MAX, |p| p.distance_squared(label.at));
        let nearest = line.points.iter().enumerate().min_by(|(_, a), (_, b)| far(a).total_cmp(&far(b)));
        nearest.is_some_and(|(k, _)| self.hides(line.at[k]))
    }
}

/// Where finer tiles are drawn over a tile.
struct Cover {
    hidden: Vec<bool>,
    /// Values of the tile down and along.
    size: [f64; 2],
}

impl Cover {
    /// `None` where no finer tile is drawn.
    fn of(tile: TileAt, shown: &[TileAt], item: &Item) -> Option<Self> {
        let inside = |t: TileAt| {
            let up = tile.level.saturating_sub(t.level);
            t.level < tile.level && (t.ty >> up, t.tx >> up) == (tile.ty, tile.tx)
        };
        if !shown.iter().any(|t| inside(*t)) {
            return None;
        }
        let ((_, cut), tree) = item.raster().zip(item.tree())?;
        let stride = (1u64 << tile.level) as f64;
        let size = [tree.grid.tile_rows, tree.grid.tile_cols].map(|n| n as f64);
        let origin = [f64::from(tile.ty) * size[0], f64::from(tile.tx) * size[1]];
        let mut hidden = vec![false; LATTICE * LATTICE];
        let drawn = |leaf: TileAt| {
            std::iter::successors(Some(leaf), |t| (t.level < tile.level).then(|| t.parent()))
                .find(|t| shown.contains(t))
        };
        let mut last: Option<(TileAt, bool)> = None;
        for leaf in &cut.leaves {
            let finer = match last {
                Some((asked, finer)) if asked == leaf.tile => finer,
                _ => inside(leaf.tile) && drawn(leaf.tile).is_some_and(|t| t.level < tile.level),
            };
            last = Some((leaf.tile, finer));
            if !finer {
                continue;
            }
            let rect = tree.node(leaf).rect;
            let span = |a: i64, b: i64, k: usize| {
                let at = |x: i64| ((x as f64 / UNIT as f64 / stride - origin[k]) / size[k] * LATTICE as f64).round();
                at(a).clamp(0.0, LATTICE as f64) as usize..at(b).clamp(0.0, LATTICE as f64) as usize
            };
            for r in span(rect.r0, rect.r1, 0) {
                hidden[r * LATTICE..][span(rect.c0, rect.c1, 1)].fill(true);
            }
        }
        Some(Self { hidden, size })
    }

    /// Whether a place (row and column with the apron) is drawn by a finer tile.
    fn hides(&self, at: [f32; 2]) -> bool {
        let cell = |k: usize| {
            let x = (f64::from(at[k]) - 0.5) / self.size[k] * LATTICE as f64;
            (x.max(0.0) as usize).min(LATTICE - 1)
        };
        self.hidden[cell(0) * LATTICE + cell(1)]
    }
}
