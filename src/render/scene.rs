//! What one frame shows: an immutable description, the renderer's only input besides tiles.

use std::sync::Arc;

use seaglass_core::camera::{Camera, View};
use seaglass_core::colormap::Colormap;
use seaglass_core::compare::{Compare, CompareMode, Side};
use seaglass_core::field::{Apron, Window};
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::Geolocation;
use seaglass_core::project::BaseMap;
use seaglass_core::shapes::Shapes;
use seaglass_core::style::{Method, Shown, Style};
use seaglass_core::tile::TileKey;
use seaglass_core::time::{Time, TimeSpan};

/// Everything one frame shows.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Where the user looks from.
    pub camera: Camera,
    /// Size of the picture in pixels.
    pub size_px: [u32; 2],
    /// Pixels of one point (line widths and dot sizes are in points).
    pub pixels_per_point: f32,
    /// What lies under the data.
    pub base: BaseMap,
    /// Colour behind the globe or map: sRGB with straight alpha, alpha 0 is transparent.
    pub background: [u8; 4],
    /// Layers, the bottom one first.
    pub layers: Vec<SceneLayer>,
    /// Outlines of granules still being read or under the cursor.
    pub outlines: Vec<Vec<LonLat>>,
    /// Polygons, lines and points of the user, the bottom one first.
    pub shapes: Shapes,
    /// The clock and the window around it, for what has a time of its own within a granule.
    pub clock: Option<Clock>,
    /// Seconds of watching, for what moves by itself (particles). Given from outside, so that the same scene is the same
    /// picture.
    pub seconds: f64,
    /// Steps between which the clock stands, for what follows it.
    pub between: Vec<Between>,
    /// Two views beside each other; [`SceneLayer::side`] says what shows in which.
    pub compare: Option<Compare>,
}

/// Two steps of a field, both in the scene, and where the clock is between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Between {
    /// The item of the earlier step.
    pub earlier: u64,
    /// The item of the later one.
    pub later: u64,
    /// How far the clock is on the way, 0 to 1.
    pub part: f64,
}

/// The timeline's clock and window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    /// Where the clock stands.
    pub now: Time,
    /// The window around it.
    pub window: TimeSpan,
}

/// One layer: items drawn in one style.
#[derive(Clone, Debug)]
pub struct SceneLayer {
    /// Style.
    pub style: Style,
    /// The colour map the style names.
    pub colormap: Arc<Colormap>,
    /// What is drawn, the bottom one first.
    pub items: Vec<SceneItem>,
    /// Positions on the colour map (0 to 1) between which values stand out; all others are dimmed.
    pub highlight: Option<[f32; 2]>,
    /// What values are written in: numbers of contour lines are in the unit of the legend.
    pub shown: Shown,
    /// Only what was measured in this span is drawn of what has times within a granule; everything when absent.
    pub times: Option<TimeSpan>,
    /// Knots of one unit of the values of vectors, for barbs.
    pub knots_per_unit: f64,
    /// The view it belongs to, while there are two; none for both.
    pub side: Option<Side>,
}

/// One field of one granule. Only items whose geolocation is loaded are in a scene.
#[derive(Clone, Debug)]
pub struct SceneItem {
    /// Number given out by the host: one for each (granule, field, extra indices).
    pub item: u64,
    /// Positions of the cells.
    pub geolocation: Arc<Geolocation>,
    /// Items on the same cells that are drawn together for this one (east and north, or red, green and blue); empty when
    /// the layer's method draws the item alone.
    pub components: Vec<u64>,
}

impl SceneItem {
    /// The item and those drawn together for it.
    pub fn all(&self) -> impl Iterator<Item = u64> + '_ {
        std::iter::once(self.item).chain(self.components.iter().copied())
    }

    /// How a method draws the item. Without the fields it needs it is drawn alone, as cells or along its track.
    pub(crate) fn drawn_by(&self, method: Method) -> Method {
        if method.components() == self.components.len() { method } else { Method::default() }
    }

    /// The items whose tiles a method needs: the item first, or only the three channels.
    pub(crate) fn group(&self, method: Method) -> Group {
        match self.drawn_by(method) {
            Method::Rgb => self.components.clone(),
            Method::Arrows | Method::Barbs | Method::Streamlines => self.all().collect(),
            Method::Raster | Method::Line | Method::Points => vec![self.item],
        }
    }
}

/// Items on the same cells whose tiles are read, drawn and dropped together.
pub(crate) type Group = Vec<u64>;

impl Scene {
    /// An empty scene over the default base map.
    pub fn new(camera: Camera, size_px: [u32; 2]) -> Self {
        Self {
            camera,
            size_px,
            pixels_per_point: 1.0,
            base: BaseMap::default(),
            background: VOID,
            layers: Vec::new(),
            outlines: Vec::new(),
            shapes: Shapes::default(),
            clock: None,
            seconds: 0.0,
            between: Vec::new(),
            compare: None,
        }
    }

    /// The view of the camera on the picture, or on half of it where two views lie side by side.
    pub fn view(&self) -> View {
        let [width, height] = self.view_px().map(f64::from);
        self.camera.view(width, height)
    }

    /// Size of the view in pixels.
    pub fn view_px(&self) -> [u32; 2] {
        let [width, height] = self.size_px;
        let halves = self.compare.is_some_and(|c| c.mode == CompareMode::SideBySide);
        [if halves { width.div_ceil(2) } else { width }, height]
    }
}

/// The dark theme's colour of empty space, `#080D12`.
pub const VOID: [u8; 4] = [0x08, 0x0d, 0x12, 0xff];

/// A tile the renderer would like to have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// Which tile.
    pub key: TileKey,
    /// The source cells it holds.
    pub window: Window,
    /// Values beyond its edges.
    pub apron: Apron,
    /// Its absence shows a hole.
    pub urgent: bool,
    /// Larger is sooner, within the same urgency.
    pub priority: f32,
}

/// What a frame needs.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Tiles to read, the most urgent first. Replaces every earlier list.
    pub wanted: Vec<Wanted>,
    /// Everything to be shown is there and will be in the next picture.
    pub complete: bool,
    /// Items of the scene with no part in view.
    pub off_screen: Vec<u64>,
}
