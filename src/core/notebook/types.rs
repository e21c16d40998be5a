//! What a notebook puts in: sources, collections, variables, granules.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::rendering::RenderMethod;

/// The source of everything a user makes: drawn shapes and data pushed from a notebook.
pub const USER_SOURCE: u32 = 1;
/// The source of opened files.
pub const FILE_SOURCE: u32 = 2;
/// Collection of the shapes drawn as polygons, in [`USER_SOURCE`].
pub const POLYGONS: u32 = 1;
/// Collection of the shapes drawn as lines, in [`USER_SOURCE`].
pub const POLYLINES: u32 = 2;

/// A name with a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Name.
    pub name: String,
    /// Text.
    pub value: String,
}

/// Where collections come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceInfo {
    /// Number.
    pub id: u32,
    /// Title.
    pub title: String,
    /// Description.
    pub description: String,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// Numbers of a collection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CollectionKey {
    /// Source.
    pub source: u32,
    /// Collection, unique in its source.
    pub collection: u32,
}

/// Numbers of a variable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VariableKey {
    /// Collection.
    #[serde(flatten)]
    pub of: CollectionKey,
    /// Variable, unique in its collection.
    pub variable: u32,
}

/// Numbers of a granule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GranuleKey {
    /// Collection.
    #[serde(flatten)]
    pub of: CollectionKey,
    /// Granule, unique in its collection.
    pub granule: u64,
}

/// A collection as a notebook describes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UserCollection {
    /// Numbers.
    pub key: CollectionKey,
    /// Name.
    pub label: String,
    /// Granules are shown only while the clock lies in their span.
    pub must_be_current: bool,
    /// Granules go round the Earth.
    pub x_seamless: bool,
    /// Granules reach from pole to pole.
    pub y_seamless: bool,
    /// Rows and columns run along meridians and parallels.
    pub news_aligned: bool,
    /// Tags.
    pub tags: Vec<Tag>,
    /// Variables.
    pub variables: Vec<UserVariable>,
    /// Index of the variable shown first.
    pub default_variable: u32,
}

/// A variable: one field shown as it is, two as the parts of a vector, three as red, green and blue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UserVariable {
    /// Number.
    pub id: u32,
    /// Name, unique in its collection.
    pub label: String,
    /// Unit, any text.
    pub units: String,
    /// Fields of the granules, in the order the user wrote them.
    pub fields: Vec<String>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// How it is drawn when nothing else is said.
    pub method: RenderMethod,
}

/// Layout of a granule, in the words of SEAScope's files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "names of the layouts")]
pub enum DataModel {
    #[default]
    LatLon,
    YX,
    NjNi,
    RowCell,
    TimeStation,
    Time,
}

impl DataModel {
    /// All, in the order of their numbers in the control protocol.
    pub const ALL: [Self; 6] = [Self::LatLon, Self::YX, Self::NjNi, Self::RowCell, Self::TimeStation, Self::Time];

    /// Whether the k-th position belongs to the k-th value.
    pub fn is_series(self) -> bool {
        matches!(self, Self::Time | Self::TimeStation)
    }
}

/// A control point: the position of one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ControlPoint {
    /// Milliseconds since 1970; 0 = unknown.
    pub time_ms: u64,
    /// Degrees east, any turn; not finite = missing.
    pub lon_deg: f32,
    /// Degrees north.
    pub lat_deg: f32,
    /// Column of the cell.
    pub col: u32,
    /// Row of the cell.
    pub row: u32,
}

/// One file (or one resolution) of a granule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Descriptor {
    /// Path, or a name.
    pub uri: String,
    /// Metres a cell.
    pub resolution_m: f32,
    /// Columns of the data.
    pub cols: u32,
    /// Rows of the data.
    pub rows: u32,
    /// How many times halved.
    pub halvings: u32,
    /// Columns of control points, as declared.
    pub shape_cols: u32,
    /// Rows of control points, as declared.
    pub shape_rows: u32,
    /// Control points.
    pub points: Arc<Vec<ControlPoint>>,
}

/// What is said about a granule beside its values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GranuleMeta {
    /// Numbers.
    pub key: GranuleKey,
    /// Unique name.
    pub data_id: String,
    /// Layout.
    pub model: DataModel,
    /// Milliseconds since 1970, included.
    pub start_ms: u64,
    /// Milliseconds since 1970, excluded.
    pub stop_ms: u64,
    /// Files or resolutions, the finest first.
    pub files: Vec<Descriptor>,
    /// Texts about it; `None` = not given.
    pub texts: MetaTexts,
    /// Box as given; wrong across the dateline.
    pub bounds: MetaBounds,
}

/// Texts about a granule; `None` = not given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "names of the texts")]
pub struct MetaTexts {
    pub title: Option<String>,
    pub institution: Option<String>,
    pub comment: Option<String>,
    pub file_id: Option<String>,
    pub product_version: Option<String>,
    pub creator_email: Option<String>,
    pub station_id: Option<String>,
    pub platform: Option<String>,
    pub sensor: Option<String>,
}

/// Box of a granule in degrees; `None` = not given.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "names of the sides")]
pub struct MetaBounds {
    pub lat_min: Option<f32>,
    pub lat_max: Option<f32>,
    pub lon_min: Option<f32>,
    pub lon_max: Option<f32>,
}

/// Values of a field as they were sent.
#[derive(Clone, Debug, PartialEq)]
pub enum RawValues {
    /// Packed in bytes.
    Bytes(Vec<u8>),
    /// 32-bit floats.
    Floats(Vec<f32>),
}

impl RawValues {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::Bytes(v) => v.len(),
            Self::Floats(v) => v.len(),
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes held.
    pub fn byte_len(&self) -> usize {
        match self {
            Self::Bytes(v) => v.len(),
            Self::Floats(v) => v.len() * 4,
        }
    }
}

/// One field of a granule: value = raw × scale + offset, unless raw is the fill.
#[derive(Clone, Debug, PartialEq)]
pub struct RawField {
    /// Name.
    pub name: String,
    /// Columns.
    pub cols: u32,
    /// Rows.
    pub rows: u32,
    /// Values a cell; only 1 is understood.
    pub channels: u32,
    /// Added.
    pub offset: Option<f32>,
    /// Multiplied.
    pub scale: Option<f32>,
    /// Raw value of missing cells.
    pub fill: Option<f32>,
    /// The raw values, row-major from the first row.
    pub values: RawValues,
}

/// A granule pushed from a notebook.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserGranule {
    /// Description.
    pub meta: GranuleMeta,
    /// Values.
    pub fields: Vec<RawField>,
}

/// A time window by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedSpan {
    /// Name.
    pub label: String,
    /// Seconds before the clock.
    pub past_s: f64,
    /// Seconds after the clock.
    pub future_s: f64,
}

/// A step by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedStep {
    /// Name.
    pub label: String,
    /// Seconds.
    pub step_s: f64,
}
