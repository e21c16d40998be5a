//! Granules as readers describe them: a file holds parts (geometries), a part holds time steps and fields.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::field::FieldInfo;
use crate::geo::{GeoBox, LonLat};
use crate::time::{Time, TimeSpan};

/// What a reader says of one file after opening it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileInfo {
    /// Id of the product that recognised the file, or `None` when plain CF rules were used.
    pub product: Option<String>,
    /// Human title: the product's, else the file's `title`, else its name.
    pub title: String,
    /// The product's short title, for narrow rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short: Option<String>,
    /// File format, e.g. `netCDF-4`, `netCDF classic`.
    pub format: String,
    /// One entry a geometry in the file.
    pub parts: Vec<PartInfo>,
    /// Things the reader noticed and worked around, one sentence each.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Global attributes (name, text), for provenance; long texts are cut at 500 characters.
    #[serde(default)]
    pub attributes: Vec<(String, String)>,
}

impl FileInfo {
    /// Key of the collection its granules belong to: the product, or the kind of content for files no product knows.
    pub fn collection(&self) -> String {
        self.product.clone().unwrap_or_else(|| collection_of_kind(self))
    }

    /// The same for the file at `path`: what a program has pushed is a collection of its own under its name.
    pub fn collection_at(&self, path: &Path) -> String {
        pushed_name(path).map_or_else(|| self.collection(), |name| format!("{PUSHED}{name}"))
    }
}

/// How the keys of collections begin that programs have pushed.
pub const PUSHED: &str = "pushed: ";
/// How the folders begin in which a running session keeps what programs push.
pub const PUSHED_FOLDER: &str = "seaglass-pushed-";
/// Stands between the name of what was pushed and the number of a piece that was added to it.
pub const PIECE: &str = "+";
/// How the folders beside session files end in which that is saved.
pub const SAVED_FOLDER: &str = ".pushed";

/// The name under which a program has pushed the file, as its folder says.
pub fn pushed_name(path: &Path) -> Option<&str> {
    let folder = path.parent()?.file_name()?.to_str()?;
    let kept = folder.starts_with(PUSHED_FOLDER) || folder.ends_with(SAVED_FOLDER);
    let stem = path.file_stem()?.to_str().filter(|_| kept)?;
    // A piece that was added belongs to what it was added to.
    Some(piece_of(stem).unwrap_or(stem))
}

/// Whether a program has added the file to what it had pushed before.
pub fn is_piece(path: &Path) -> bool {
    pushed_name(path).is_some() && path.file_stem().and_then(|s| s.to_str()).and_then(piece_of).is_some()
}

/// The name without the number of the piece.
fn piece_of(stem: &str) -> Option<&str> {
    let (name, number) = stem.rsplit_once(PIECE)?;
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some(name)
}

/// One geometry of a file with the fields lying on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartInfo {
    /// Name: group path or dimension names; empty for the only part of a file.
    pub name: String,
    /// What kind of geometry.
    pub geometry: GeometryKind,
    /// `[rows, cols]` of the fields; tracks and points have `cols == 1`.
    pub shape: [usize; 2],
    /// Box around all valid positions.
    pub bounds: GeoBox,
    /// Outline for drawing and hovering, one ring or line; may be empty.
    #[serde(default)]
    pub footprint: Vec<LonLat>,
    /// Time covered, when the file tells.
    pub span: Option<TimeSpan>,
    /// Times of the steps when fields have a time dimension beside rows and columns; else empty.
    #[serde(default)]
    pub steps: Vec<Time>,
    /// Fields that can be shown, best first.
    pub fields: Vec<FieldInfo>,
}

/// Kind of geometry, as `seaglass inspect` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GeometryKind {
    /// Regular or rectilinear longitude/latitude grid.
    Grid,
    /// Grid on projected axes (`grid_mapping`).
    ProjectedGrid,
    /// Two-dimensional longitude/latitude, scanned one row after the other.
    Swath,
    /// Two-dimensional longitude/latitude without times along the rows: grids of models, of rotated poles.
    CurvilinearGrid,
    /// Positions along a path.
    Track,
    /// Unconnected positions.
    Points,
}

impl GeometryKind {
    /// Word for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::ProjectedGrid => "projected grid",
            Self::Swath => "swath",
            Self::CurvilinearGrid => "curvilinear grid",
            Self::Track => "along-track",
            Self::Points => "points",
        }
    }

    /// Two-dimensional cells (drawn as RASTER), in contrast to lines and dots.
    pub fn is_raster(self) -> bool {
        matches!(self, Self::Grid | Self::ProjectedGrid | Self::Swath | Self::CurvilinearGrid)
    }
}

/// Identity of a granule within a session: one part of one file at one time step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GranuleId(pub u64);

/// One entry of the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Granule {
    /// Identity.
    pub id: GranuleId,
    /// Collection it belongs to (index key; see `catalogue`).
    pub collection: String,
    /// File.
    pub path: PathBuf,
    /// Index into `FileInfo::parts`.
    pub part: usize,
    /// Time step within the part.
    pub step: usize,
    /// Time covered; `None` for static fields (always shown).
    pub span: Option<TimeSpan>,
    /// Instant of a time step, as the file gives it; its `span` reaches half-way to the neighbours.
    #[serde(default)]
    pub time: Option<Time>,
    /// Box of its positions.
    pub bounds: GeoBox,
    /// Outline.
    #[serde(default)]
    pub footprint: Vec<LonLat>,
    /// Geometry kind.
    pub geometry: GeometryKind,
    /// `[rows, cols]`.
    pub shape: [usize; 2],
    /// Names of the fields lying on this part; a collection may hold parts with different fields (1 Hz and 20 Hz).
    #[serde(default)]
    pub fields: Arc<Vec<String>>,
}

impl Granule {
    /// Whether both are the same part and step of the same file.
    pub fn is_same_place(&self, other: &Self) -> bool {
        self.path == other.path && self.part == other.part && self.step == other.step
    }

    /// The outline as a line: a ring around rasters, the track itself of tracks, the box where the file gives no outline;
    /// empty where that box goes round the whole Earth.
    pub fn outline(&self) -> Vec<LonLat> {
        if self.footprint.len() > 1 {
            let closed = (self.geometry != GeometryKind::Track).then(|| self.footprint[0]);
            return self.footprint.iter().copied().chain(closed).collect();
        }
        self.bounds.outline()
    }

    /// Whether the granule has that field.
    pub fn has_field(&self, name: &str) -> bool {
        self.fields.iter().any(|f| f == name)
    }
}

/// Collection of a file no product knows: files of the same fields in the same units on the same kind of geometry belong
/// together, so that a folder of daily files is one collection.
fn collection_of_kind(info: &FileInfo) -> String {
    let part = |p: &PartInfo| {
        // In an order of their own: which comes first may depend on the values in a file.
        let mut fields: Vec<&FieldInfo> = p.fields.iter().collect();
        fields.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let names: Vec<&str> = fields.iter().take(NAMED).map(|f| f.name.as_str()).collect();
        let size = match p.geometry {
            GeometryKind::Grid | GeometryKind::ProjectedGrid | GeometryKind::CurvilinearGrid => {
                format!(" {}x{}", p.shape[0], p.shape[1])
            }
            _ => String::new(),
        };
        let steps = if fields.iter().any(|f| f.has_time) { " in time" } else { "" };
        let label = format!("{} {}{size}{steps} of {}", p.geometry.label(), names.join("+"), fields.len());
        // A number stands for what would be too long to be read: further names, and the units. The day from which a time
        // is counted differs from file to file.
        let units = |f: &FieldInfo| if f.units.contains(" since ") { String::new() } else { f.units.clone() };
        if fields.len() <= NAMED && fields.iter().all(|f| units(f).is_empty()) {
            return label;
        }
        let all: String = fields.iter().map(|f| format!("{}\n{}\n", f.name, units(f))).collect();
        format!("{label} #{:08x}", fnv1a(all.as_bytes()))
    };
    let mut parts: Vec<String> = info.parts.iter().map(part).collect();
    parts.sort_unstable();
    format!("cf: {}", parts.join(", "))
}

/// Fields named in the key of a collection.
const NAMED: usize = 4;

/// The hash of Fowler, Noll and Vo (1a, 32 bits): the same on every machine, as saved styles need it.
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
