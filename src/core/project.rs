//! The document: what a session file saves and undo restores.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::bookmark::Bookmark;
use crate::camera::Camera;
use crate::colocation::Colocation;
use crate::compare::{Compare, Side};
use crate::field::FieldInfo;
use crate::geo::LonLat;
use crate::notebook::Rendering;
use crate::shapes::Shapes;
use crate::style::Style;
use crate::timeline::Timeline;

/// Identity of a layer within a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LayerId(pub u64);

/// One row of the layer stack: a field of a collection with a style.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// Identity.
    pub id: LayerId,
    /// Collection id.
    pub collection: String,
    /// Field name.
    pub field: String,
    /// Index along each extra dimension (depth …).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra: Vec<usize>,
    /// Fields drawn together that the user chose in place of the field's own (`FieldInfo::components`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,
    /// Name given by the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Drawn, unless its group is hidden: see [`Project::shows`].
    pub visible: bool,
    /// The view that shows it while there are two; none for both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// Neither moved, removed nor restyled before it is unlocked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
    /// Group it stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupId>,
    /// Cells are drawn that the product's mask would leave out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unmasked: bool,
    /// Style.
    pub style: Style,
}

impl Layer {
    /// Names of the fields drawn together for this layer's method: the user's choice, else the field's own; empty when
    /// the method draws the field alone, or when they are not there.
    pub fn drawn_together<'a>(&'a self, field: &'a FieldInfo) -> &'a [String] {
        let n = self.style.method.components();
        let fits = |names: &&'a [String]| n > 0 && names.len() == n;
        [self.components.as_slice(), field.components.as_slice()].into_iter().find(fits).unwrap_or_default()
    }
}

/// Identity of a group of layers within a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GroupId(pub u64);

/// Layers that stand together in the stack and are shown, faded and moved together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Identity.
    pub id: GroupId,
    /// Name.
    pub name: String,
    /// Its visible layers are drawn.
    pub visible: bool,
    /// Its layers are not listed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub folded: bool,
    /// 0 to 1; multiplies the opacity of its layers.
    pub opacity: f32,
}

/// Changes of a group; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupPatch {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible: Option<bool>,
    /// Its layers are not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folded: Option<bool>,
    /// 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opacity: Option<f32>,
}

/// Identity of a pin within a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PinId(pub u64);

/// A place whose values stay in sight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pin {
    /// Identity.
    pub id: PinId,
    /// Where.
    pub place: LonLat,
}

/// How a notebook wants a variable drawn; kept also while the variable has no layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// Collection id.
    pub collection: String,
    /// Field name.
    pub field: String,
    /// As it was sent.
    pub rendering: Rendering,
    /// The style it gave.
    pub style: Style,
    /// Style of the layer when it was dropped, if changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Style>,
}

/// What lies under and around the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BaseMap {
    /// Shaded relief.
    pub relief: bool,
    /// 0 to 1.
    pub relief_opacity: f32,
    /// Coastlines.
    pub coastlines: bool,
    /// Country borders.
    pub borders: bool,
    /// Graticule.
    pub graticule: bool,
    /// Names of seas, countries and towns.
    #[serde(default = "yes")]
    pub labels: bool,
    /// Atmosphere rim around the globe.
    pub atmosphere: bool,
}

fn no_shapes(shapes: &Shapes) -> bool {
    shapes.is_empty()
}

fn yes() -> bool {
    true
}

impl Default for BaseMap {
    fn default() -> Self {
        Self {
            relief: true,
            relief_opacity: 0.75,
            coastlines: true,
            borders: false,
            graticule: true,
            labels: true,
            atmosphere: true,
        }
    }
}

/// The document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Project {
    /// Layers, the top one first (drawn over the others).
    pub layers: Vec<Layer>,
    /// How notebooks want variables drawn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looks: Vec<Look>,
    /// Clock and window.
    pub timeline: Timeline,
    /// Camera.
    pub camera: Camera,
    /// Base map.
    pub base: BaseMap,
    /// Two views beside each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<Compare>,
    /// Match-up of two layers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colocation: Option<Colocation>,
    /// Files and folders the user opened.
    pub sources: Vec<PathBuf>,
    /// Next layer id.
    pub next_layer: u64,
    /// Pinned places, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<Pin>,
    /// Number of the last pin.
    #[serde(default)]
    pub last_pin: u64,
    /// Polygons, lines and points, the bottom one first.
    #[serde(default, skip_serializing_if = "no_shapes")]
    pub shapes: Shapes,
    /// Groups of layers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// Number of the last group.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub last_group: u64,
    /// Views to come back to, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bookmarks: Vec<Bookmark>,
    /// Number of the last bookmark.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub last_bookmark: u64,
    /// The user's own words for collections, by collection id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, BTreeSet<String>>,
    /// Collections of which all versions of a granule are drawn.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub all_versions: BTreeSet<String>,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl Project {
    /// The group of that id.
    pub fn group(&self, id: GroupId) -> Option<&Group> {
        self.groups.iter().find(|g| g.id == id)
    }

    /// Whether a layer is drawn: it is visible, and so is its group.
    pub fn shows(&self, layer: &Layer) -> bool {
        layer.visible && layer.group.and_then(|id| self.group(id)).is_none_or(|g| g.visible)
    }

    /// The view a layer belongs to; none for both, and while there is one.
    pub fn side_of(&self, layer: &Layer) -> Option<Side> {
        layer.side.filter(|_| self.compare.is_some())
    }

    /// Opacity a layer is drawn with: its own times that of its group.
    pub fn opacity_of(&self, layer: &Layer) -> f32 {
        layer.style.opacity * layer.group.and_then(|id| self.group(id)).map_or(1.0, |g| g.opacity)
    }

    /// The layer of that id.
    pub fn layer(&self, id: LayerId) -> Option<&Layer> {
        self.layers.iter().find(|l| l.id == id)
    }

    /// Position in the stack, 0 on top.
    pub fn position(&self, id: LayerId) -> Option<usize> {
        self.layers.iter().position(|l| l.id == id)
    }
}
