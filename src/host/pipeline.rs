//! From session to scene, and from what the scene needs to the readers and back.

use std::collections::HashSet;
use std::sync::Arc;

use seaglass_core::camera::View;
use seaglass_core::colormap::Colormap;
use seaglass_core::format::Unit;
use seaglass_core::geolocation::Geolocation;
use seaglass_core::granule::{GeometryKind, Granule};
use seaglass_core::notebook::uniform_colour;
use seaglass_core::protocol::Request;
use seaglass_core::style::{Shown as WrittenIn, Style};
use seaglass_core::vector;
use seaglass_data::pool::{Job, Lane};
use seaglass_render::{Between, Clock, Plan, Renderer, Scene, SceneItem, SceneLayer, assets};

use crate::host::{Host, Tag};
use crate::items::{PartKey, Shown, source};
use crate::visible::VisibleCap;

/// Tiles handed to the readers at a time; the rest is asked for again next frame.
const TILES_AHEAD: usize = 64;
/// Large swaths first come as tie points that err by at most this part of a cell.
const TIE_TOLERANCE_CELLS: f64 = 0.02;

/// A granule that is, or should be, in the scene.
struct Placed {
    item: u64,
    part: PartKey,
    /// Bytes its positions will take, roughly.
    weight: u64,
}

/// What the last plan was about.
pub(crate) struct Planned {
    /// What the view could see.
    pub cap: VisibleCap,
    /// Items of the scene.
    pub items: HashSet<u64>,
    /// Items with tiles still to be read.
    pub wanted: HashSet<u64>,
}

impl Host {
    /// The scene of the session as it is now. Granules whose positions are not there yet are outlined.
    pub fn scene(&mut self, size_px: [u32; 2], pixels_per_point: f32, background: [u8; 4]) -> Scene {
        let project = self.session.project();
        let mut scene = Scene::new(project.camera.sanitized(), size_px);
        scene.pixels_per_point = pixels_per_point;
        scene.background = background;
        scene.base = project.base.clone();
        scene.shapes = project.shapes.clone();
        scene.compare = project.compare;
        scene.clock = Some(Clock { now: project.timeline.now, window: project.timeline.window() });
        let cap = VisibleCap::of(&scene.view());
        let colormaps = assets::colormaps();
        let mut outlines = Vec::new();
        for layer in project.layers.iter().rev().filter(|l| project.shows(l)) {
            let Some(shown) = Shown::of(layer, project, self.session.catalogue()) else { continue };
            let Some(colormap) = drawn_with(&colormaps, &layer.style.colormap) else { continue };
            let mut items = Vec::new();
            for granule in shown.granules.iter().filter(|g| cap.may_see(&g.bounds)) {
                let item = self.items.number(granule, shown.field, layer);
                let Some(key) = self.items.part_key(item) else { continue };
                match self.items.positions.get(&key) {
                    Some(positions) => {
                        let geolocation = Arc::clone(positions);
                        let components = shown.components(granule).map(|f| self.items.number(granule, f, layer));
                        items.push(SceneItem { item, geolocation, components: components.collect() });
                    }
                    None if self.items.failed_parts.contains_key(&key) => {}
                    None => outlines.push(granule.footprint.clone()),
                }
            }
            for (earlier, later, part) in &shown.between {
                let mut number = |g| self.items.number(g, shown.field, layer);
                scene.between.push(Between { earlier: number(earlier), later: number(later), part: *part });
            }
            // Until the range is known there is nothing sensible to colour by.
            if layer.style.range.is_some() || !self.ranges.is_pending(layer.id) {
                let highlight = self.highlight.filter(|(id, _)| *id == layer.id).map(|(_, band)| band);
                let knots_per_unit = vector::knots_per_unit(shown.vector_units()).unwrap_or(vector::KNOTS_PER_M_S);
                let style = Style { opacity: project.opacity_of(layer), ..layer.style.clone() };
                let unit = Unit::of(shown.field);
                let times = style.window_within(&shown.granules, &project.timeline);
                let side = project.side_of(layer);
                scene.layers.push(SceneLayer {
                    style,
                    colormap,
                    items,
                    highlight,
                    times,
                    shown: WrittenIn { factor: unit.factor, offset: unit.offset },
                    knots_per_unit,
                    side,
                });
            }
        }
        outlines.retain(|o: &Vec<_>| o.len() > 1);
        scene.outlines = outlines;
        scene
    }

    /// Hands arrived tiles to the renderer, asks it what it needs, and puts that before the readers in place of all they
    /// had been asked before.
    pub fn drive(&mut self, renderer: &mut Renderer, scene: &Scene) -> Plan {
        if !self.gone.is_empty() {
            renderer.forget_items(&std::mem::take(&mut self.gone));
        }
        for (key, block) in self.ready.drain(..) {
            match block {
                Some(block) => renderer.supply(key, block),
                None => renderer.supply_failed(key),
            }
        }
        self.clients.drives += 1;
        let plan = renderer.plan(scene);
        let mut jobs = Vec::with_capacity(plan.wanted.len().min(TILES_AHEAD));
        for wanted in plan.wanted.iter().take(TILES_AHEAD) {
            let Some(item) = self.items.get(wanted.key.item) else { continue };
            let request = item.read(&self.registry, wanted.window, wanted.apron);
            jobs.push(Job { tag: Tag::Tile(wanted.key), request });
        }
        self.put(Lane::Tiles, jobs);
        self.preload(scene);
        self.off_screen = plan.off_screen.iter().copied().collect();
        self.plan_complete = plan.complete;
        self.planned = Some(Planned {
            cap: VisibleCap::of(&scene.view()),
            items: scene.layers.iter().flat_map(|l| &l.items).flat_map(SceneItem::all).collect(),
            wanted: plan.wanted.iter().map(|w| w.key.item).collect(),
        });
        plan
    }

    /// Asks for what must be read before anything can be drawn: positions and colour ranges. Part of
    /// [`drive`](Self::drive); for use before there is a renderer.
    pub fn preload(&mut self, scene: &Scene) {
        self.fit_channels();
        let mut jobs = self.wanted_ranges();
        let mut budget = self.positions_budget;
        let mut asked = HashSet::new();
        let view = scene.view();
        for placed in self.placed(scene) {
            let known = self.items.positions.peek(&placed.part);
            let refine = known.is_some_and(|g| too_coarse(g, &view));
            if known.is_some() {
                budget = budget.saturating_sub(placed.weight);
            }
            if known.is_some() && !refine {
                continue;
            }
            if placed.weight <= budget && asked.insert(placed.part.clone()) {
                budget -= placed.weight;
                let (path, part) = &placed.part;
                let tolerance_cells = if refine { 0.0 } else { TIE_TOLERANCE_CELLS };
                let request =
                    Request::Geolocation { source: source(&self.registry, path), part: *part, tolerance_cells };
                jobs.push(Job { tag: Tag::Positions(placed.part.clone()), request });
            }
        }
        self.put(Lane::Positions, jobs);
    }

    /// Granules in view of the visible layers, the top layer first; those that failed left out.
    fn placed(&mut self, scene: &Scene) -> Vec<Placed> {
        let cap = VisibleCap::of(&scene.view());
        let project = self.session.project();
        let mut placed = Vec::new();
        let mut parts = HashSet::new();
        for layer in project.layers.iter().filter(|l| project.shows(l)) {
            let Some(shown) = Shown::of(layer, project, self.session.catalogue()) else { continue };
            for granule in shown.granules.iter().filter(|g| cap.may_see(&g.bounds)) {
                let item = self.items.number(granule, shown.field, layer);
                let Some(part) = self.items.part_key(item) else { continue };
                if !self.items.failed_parts.contains_key(&part) && parts.insert(part.clone()) {
                    placed.push(Placed { item, part, weight: weight(granule) });
                }
            }
        }
        // What is loaded counts first against the budget: it is not thrown out for what might come.
        placed.sort_by_key(|p| self.items.positions.peek(&p.part).is_none());
        placed
    }

    /// Granules in view whose positions are still missing.
    pub(crate) fn positions_missing(&mut self, scene: &Scene) -> usize {
        let placed = self.placed(scene);
        let mut budget = self.positions_budget;
        let mut missing = 0;
        let view = scene.view();
        for p in placed {
            debug_assert!(p.item > 0);
            if p.weight <= budget {
                budget -= p.weight;
                let known = self.items.positions.peek(&p.part);
                missing += usize::from(known.is_none_or(|g| too_coarse(g, &view)));
            }
        }
        missing
    }
}

/// A map of one colour, for ids such as `#320c57`.
/// The colour map that a layer is drawn with: the one of that name, one colour, or where there is none the usual one.
pub fn drawn_colormap(id: &str) -> Option<Arc<Colormap>> {
    drawn_with(&assets::colormaps(), id)
}

fn drawn_with(known: &assets::Colormaps, id: &str) -> Option<Arc<Colormap>> {
    known.get(id).or_else(|| uniform(id)).or_else(|| known.get(Style::default().colormap.as_str()))
}

fn uniform(id: &str) -> Option<Arc<Colormap>> {
    uniform_colour(id).map(|colour| Arc::new(Colormap { id: id.to_owned(), lut: [colour; 256] }))
}

/// Whether the error of tie points could be seen: more than a tenth of a pixel.
fn too_coarse(positions: &Geolocation, view: &View) -> bool {
    let Geolocation::Swath(swath) = positions else { return false };
    let tied = swath.rows.len() < swath.shape[0] || swath.cols.len() < swath.shape[1];
    let [down, along] = swath.cell_spacing();
    tied && down.min(along) * TIE_TOLERANCE_CELLS > 0.1 * view.metres_per_px()
}

fn weight(granule: &Granule) -> u64 {
    let cells = granule.shape[0] as u64 * granule.shape[1] as u64;
    match granule.geometry {
        GeometryKind::Grid | GeometryKind::ProjectedGrid => (granule.shape[0] + granule.shape[1]) as u64 * 8,
        GeometryKind::Swath | GeometryKind::CurvilinearGrid => cells * 8,
        GeometryKind::Track | GeometryKind::Points => cells * 16,
    }
}
