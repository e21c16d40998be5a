//! What the renderer keeps of every item between frames: tears, trees, projected samples, the last mesh.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use seaglass_core::camera::Camera;
use seaglass_core::field::Apron;
use seaglass_core::geolocation::Geolocation;
use seaglass_core::projection::Projection;
use seaglass_core::tile::{TileGrid, TileKey};
use seaglass_core::time::TimeSpan;

use crate::cuts::Cuts;
use crate::frame::FrameView;
use crate::glyphs::{self, Order, Placed, Symbols};
use crate::marks::{self, Spot};
use crate::mesh::{self, Mesh};
use crate::pacing::Pacing;
use crate::residency::Residency;
use crate::series::SeriesShape;
use crate::tree::{Cut, CutOptions, Node, TileAt, Tree, wraps};

/// Allowed distance of a drawn position from the true one, pixels: at rest and in pictures.
pub(crate) const RESTING_PX: f64 = 0.1;
/// The same while the view moves: a third of the patches along a curve.
pub(crate) const MOVING_PX: f64 = 1.0;
/// Leaves of one item; torn swaths seen from afar get a coarser tolerance beyond.
const MOST_LEAVES: usize = 60_000;
/// Positions scanned for tears without a second thread.
const SMALL_SCAN: usize = 250_000;

/// One drawn item.
pub(crate) struct Item {
    /// Its positions.
    pub geolocation: Arc<Geolocation>,
    /// Plan in which it was last part of the scene.
    pub last_seen: u64,
    /// What it is drawn as.
    pub drawn_as: DrawnAs,
    kind: Kind,
    /// Marks of the tiles drawn last, placed in their projection.
    placed: HashMap<TileAt, Vec<Spot>>,
    spots: Vec<Spot>,
}

#[allow(clippy::large_enum_variant, reason = "most items are rasters")]
enum Kind {
    Raster { tears: Arc<OnceLock<Option<Arc<Cuts>>>>, tree: Option<(Projection, Tree)>, built: Option<Built> },
    Series { shape: Option<(Projection, Arc<SeriesShape>)>, order: OnceLock<Order> },
}

/// What the methods of the layers make of an item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DrawnAs {
    /// Cells: a mesh is needed.
    pub cells: bool,
    /// Arrows or barbs: those just outside of the view reach into it.
    pub symbols: bool,
    /// Missing values have a colour.
    pub missing: bool,
}

/// How items are made ready for a frame.
pub(crate) struct Preparation<'a> {
    /// Everything is waited for.
    pub wait: bool,
    /// How much of the frame goes into what is new.
    pub pacing: &'a Pacing,
    /// Allowed distance of a drawn position from the true one.
    pub tolerance_px: f64,
}

/// The mesh of the last frame and what it was made for.
struct Built {
    key: (Camera, [u32; 2], u64, u8, DrawnAs, f64),
    cut: Cut,
    mesh: Mesh,
}

impl Item {
    /// An item about to be drawn.
    pub fn new(geolocation: &Arc<Geolocation>) -> Self {
        let kind = match **geolocation {
            Geolocation::Grid(_) | Geolocation::Swath(_) => {
                Kind::Raster { tears: Arc::default(), tree: None, built: None }
            }
            Geolocation::Track(_) | Geolocation::Points(_) => Kind::Series { shape: None, order: OnceLock::new() },
        };
        Self {
            geolocation: Arc::clone(geolocation),
            last_seen: 0,
            drawn_as: DrawnAs::default(),
            kind,
            placed: HashMap::new(),
            spots: Vec::new(),
        }
    }

    /// Whether this is a track or points.
    pub fn is_series(&self) -> bool {
        matches!(self.kind, Kind::Series { .. })
    }

    /// Tile pyramid and the apron its tiles need.
    pub fn grid(&self) -> (TileGrid, Apron) {
        let wraps = wraps(&self.geolocation);
        let apron = match (self.is_series(), wraps) {
            (true, _) => Apron::None,
            (false, true) => Apron::Wrap,
            (false, false) => Apron::Edge,
        };
        let shape = self.geolocation.shape();
        (if self.is_series() { TileGrid::series(shape[0]) } else { TileGrid::new(shape, wraps) }, apron)
    }

    /// Finds tears and builds the tree for the projection; `false` while that runs on another thread.
    fn ready(&mut self, projection: Projection, wait: bool, pacing: &Pacing) -> bool {
        match &mut self.kind {
            Kind::Series { shape, .. } => {
                if shape.as_ref().is_none_or(|(p, _)| *p != projection) {
                    *shape = SeriesShape::new(&self.geolocation, projection).map(|s| (projection, Arc::new(s)));
                }
                true
            }
            Kind::Raster { tears, tree, built } => {
                if tree.as_ref().is_some_and(|(p, _)| *p == projection) {
                    return true;
                }
                if !pacing.allows() {
                    return false;
                }
                let Some(found) = tears_of(&self.geolocation, tears, wait) else { return false };
                *tree = Some((projection, Tree::new(Arc::clone(&self.geolocation), projection, found)));
                self.placed.clear();
                *built = None;
                true
            }
        }
    }

    /// Brings the mesh up to date for a view. `false` while something is still being prepared.
    /// `group` are the items whose tiles are needed together.
    pub fn prepare(
        &mut self,
        group: &[u64],
        frame: &FrameView,
        tiles: &Residency,
        bias: u8,
        how: &Preparation<'_>,
    ) -> bool {
        if !self.ready(frame.view.camera.projection, how.wait, how.pacing) {
            return false;
        }
        let Kind::Raster { tree: Some((_, tree)), built, .. } = &mut self.kind else { return true };
        let size = [frame.view.size_px.x as u32, frame.view.size_px.y as u32];
        let key = (frame.view.camera, size, tiles.epoch(group), bias, self.drawn_as, how.tolerance_px);
        if built.as_ref().is_some_and(|b| b.key == key) {
            return true;
        }
        let first = group.first().copied().unwrap_or_default();
        let at = |tile: TileAt| TileKey { item: first, level: tile.level, ty: tile.ty, tx: tile.tx };
        let resident = |tile: TileAt| tiles.has_all(group, tile);
        let wider = self.drawn_as.symbols.then(|| frame.wider());
        let cut = tree.cut_within(
            wider.as_ref().unwrap_or(frame),
            &CutOptions { tolerance_px: how.tolerance_px, most_leaves: MOST_LEAVES, bias, resident: &resident },
        );
        let top = tree.grid.top_level();
        let drawn = |tile: TileAt| {
            std::iter::successors(Some(tile), |t| (t.level < top).then(|| t.parent())).find(|t| resident(*t))
        };
        let leaves = if self.drawn_as.cells { &cut.leaves[..] } else { &[] };
        // Three channels are missing together only where all are.
        let everywhere = self.drawn_as.missing || group.len() > 1;
        let shows = |tile: TileAt, node: &Node| {
            let [rows, cols] = tree.edges_in(tile, node);
            everywhere || tiles.shows(at(tile), rows, cols)
        };
        let mesh = mesh::build(tree, leaves, frame, &drawn, &shows);
        self.spots.clear();
        for batch in &mesh.batches {
            // Placed once; there are few of them.
            let place = || marks::place(tree, batch.tile, tiles.marks(at(batch.tile)));
            self.spots.extend_from_slice(self.placed.entry(batch.tile).or_insert_with(place));
        }
        self.placed.retain(|tile, _| mesh.batches.iter().any(|b| b.tile == *tile));
        *built = Some(Built { key, cut, mesh });
        true
    }

    /// Mesh and wanted tiles of a raster, as last prepared.
    pub fn raster(&self) -> Option<(&Mesh, &Cut)> {
        match &self.kind {
            Kind::Raster { built: Some(b), .. } => Some((&b.mesh, &b.cut)),
            _ => None,
        }
    }

    /// The tree of a raster, in the projection last prepared for.
    pub fn tree(&self) -> Option<&Tree> {
        match &self.kind {
            Kind::Raster { tree: Some((_, tree)), .. } => Some(tree),
            _ => None,
        }
    }

    /// Values of a raster that stand alone, as last prepared.
    pub fn spots(&self) -> &[Spot] {
        &self.spots
    }

    /// Projected samples of a series, as last prepared.
    pub fn series(&self) -> Option<&Arc<SeriesShape>> {
        match &self.kind {
            Kind::Series { shape: Some((_, shape)), .. } => Some(shape),
            _ => None,
        }
    }

    /// Arrows or barbs as a layer wants them.
    pub fn glyphs(
        &self,
        tiles: &Residency,
        group: &[u64],
        drawn: &[TileAt],
        frame: &FrameView,
        (symbols, window): (&Symbols, Option<TimeSpan>),
    ) -> Placed {
        match (&self.kind, &*self.geolocation) {
            (Kind::Raster { tree: Some((_, tree)), built: Some(built), .. }, geolocation) => {
                glyphs::of_raster(geolocation, tree, &built.cut, tiles, group, frame, (symbols, window))
            }
            (
                Kind::Series { shape: Some((projection, shape)), order },
                Geolocation::Track(series) | Geolocation::Points(series),
            ) => {
                let some = window.filter(|_| !series.time_us.is_empty()).map(|_| Order::new(series, window));
                let order = some.as_ref().unwrap_or_else(|| order.get_or_init(|| Order::new(series, None)));
                let values = |tile: TileAt, k: usize| tiles.values(SeriesShape::key(*group.get(k)?, tile));
                let blocks = |tile: TileAt| Some([values(tile, 0)?, values(tile, 1)?, values(tile, 2)?]);
                let held: Vec<_> = drawn.iter().filter_map(|t| Some((*t, blocks(*t)?))).collect();
                let glyphs = glyphs::of_series(series, order, &shape.grid, &held, *projection, frame, symbols);
                Placed { glyphs, tiles: drawn.to_vec() }
            }
            _ => Placed::default(),
        }
    }
}

/// The tears of a geolocation: `None` while another thread looks for them.
#[allow(clippy::option_option, reason = "not known yet, known to be none, some")]
fn tears_of(
    geolocation: &Arc<Geolocation>,
    tears: &Arc<OnceLock<Option<Arc<Cuts>>>>,
    wait: bool,
) -> Option<Option<Arc<Cuts>>> {
    if let Some(found) = tears.get() {
        return Some(found.clone());
    }
    let positions = match &**geolocation {
        Geolocation::Swath(s) => s.lon.len(),
        _ => 0,
    };
    if wait || positions <= SMALL_SCAN {
        return Some(tears.get_or_init(|| Cuts::find(geolocation).map(Arc::new)).clone());
    }
    // A second reference means that the search is already running.
    if Arc::strong_count(tears) == 1 {
        let (tears, geolocation) = (Arc::clone(tears), Arc::clone(geolocation));
        rayon::spawn(move || {
            tears.get_or_init(|| Cuts::find(&geolocation).map(Arc::new));
        });
    }
    None
}
