//! Answers, and how they lie in bytes.

use std::sync::Arc;

use seaglass_core::notebook::{
    CollectionKey, ControlPoint, DataModel, Descriptor, GranuleKey, GranuleMeta, NamedSpan, NamedStep, RenderMethod,
    Rendering, SourceInfo, Tag, UserCollection, UserVariable, VariableKey,
};

use super::operation::Operation;
use super::write::Fields;

/// Version of the schema we speak.
pub const SCHEMA_VERSION: u32 = 20_250_709;
/// Older versions with the same bytes; their clients are told that all is well.
const SAME_BYTES: [u32; 3] = [20_230_912, 20_240_910, SCHEMA_VERSION];
/// The client divides the numbers of the version check by this.
pub const SCHEMA_FACTOR: u32 = 203;
/// Version of the Python package recommended to clients that do not fit.
const RECOMMENDED: [u32; 3] = [0, 3, 229];

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Whether it was done, and why not.
    Basic(Result<(), String>),
    /// Sources.
    Sources(Vec<SourceInfo>),
    /// Collections.
    Collections(Vec<UserCollection>),
    /// Variables of all collections.
    Variables(Vec<UserVariable>),
    /// Both.
    Catalogues(Vec<SourceInfo>, Vec<UserCollection>),
    /// Seconds since 1970.
    Datetime(u64),
    /// Time windows.
    Timespans(Vec<NamedSpan>),
    /// The time window.
    Timespan(NamedSpan),
    /// Steps.
    Timesteps(Vec<NamedStep>),
    /// The step.
    Timestep(NamedStep),
    /// State of a mode.
    Active(bool),
    /// Granules found.
    Granules(Vec<GranuleMeta>),
    /// Granules shown: file or name, granule and the variable it is shown for.
    Visible(Vec<(String, GranuleKey, u32)>),
    /// How a variable is drawn; `None` = there is no such variable.
    Rendering(Option<(VariableKey, Rendering)>),
    /// The last extraction.
    Extraction(Arc<Vec<Extraction>>),
    /// Numbers of a variable; `None` = there is no such variable.
    Identifier(Option<VariableKey>),
    /// Answer to a client of that schema version.
    SchemaVersion(u32),
    /// What an operation answers that could not be carried out: the table without anything in it. The client finds the
    /// missing piece and raises an exception, and the connection stays in step.
    Nothing,
}

/// Values of one granule on the grid of an extraction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extraction {
    /// Granule; all zero for the mask.
    pub granule: GranuleKey,
    /// Variable.
    pub variable: u32,
    /// Columns.
    pub cols: u32,
    /// Rows; the first is the southern edge.
    pub rows: u32,
    /// Four floats a cell; field `k` is float `k`.
    pub texels: Vec<f32>,
    /// Corners drawn by the user.
    pub shape: Vec<ControlPoint>,
    /// Positions: 8 × 8 for a polygon, one a column for a line.
    pub points: Vec<ControlPoint>,
    /// One a field; at most one for the mask.
    pub fills: Vec<f32>,
    /// File or name; `mask` for the mask.
    pub uri: String,
    /// Names of one to three fields; none for the mask.
    pub fields: Vec<String>,
    /// Seconds since 1970.
    pub start_s: u64,
    /// Seconds since 1970.
    pub stop_s: u64,
}

impl Reply {
    /// The answer for an operation that was refused; `None` when the client waits for none.
    pub fn refusal(operation: Operation, why: &str) -> Option<Self> {
        match operation {
            Operation::AddCollection | Operation::AddVariable => Some(Self::Basic(Err(why.to_owned()))),
            o => o.is_answered().then_some(Self::Nothing),
        }
    }

    /// The bytes to send, length included.
    pub fn encode(&self) -> Vec<u8> {
        let f = Fields::default();
        let fields = match self {
            Self::Basic(Ok(())) => f.bool(0, true).text(1, ""),
            Self::Basic(Err(why)) => f.text(1, why),
            Self::Sources(sources) => f.tables(0, sources.iter().map(source).collect()),
            Self::Collections(list) => f.tables(0, list.iter().map(collection).collect()),
            Self::Variables(list) => f.tables(0, list.iter().map(variable).collect()),
            Self::Catalogues(sources, list) => {
                f.tables(0, sources.iter().map(source).collect()).tables(1, list.iter().map(collection).collect())
            }
            Self::Datetime(seconds) => f.u64(0, *seconds),
            Self::Timespans(list) => f.tables(0, list.iter().map(timespan).collect()),
            Self::Timespan(span) => f.table(0, timespan(span)),
            Self::Timesteps(list) => f.tables(0, list.iter().map(timestep).collect()),
            Self::Timestep(step) => f.table(0, timestep(step)),
            Self::Active(on) => f.bool(0, *on),
            Self::Granules(list) => f.tables(0, list.iter().map(granule).collect()),
            Self::Visible(list) => {
                let ids = list.iter().flat_map(|(_, g, variable)| granule_id(*g, *variable)).collect();
                f.texts(0, list.iter().map(|(uri, ..)| uri.as_str()).collect()).structs(1, ids, list.len())
            }
            Self::Rendering(found) => match found {
                Some((of, r)) => f.table(0, rendering(*of, r)),
                None => f,
            },
            Self::Extraction(list) => f.tables(0, list.iter().map(extraction).collect()),
            Self::Identifier(found) => match found {
                Some(of) => f.structure(0, 8, variable_id(*of)),
                None => f,
            },
            Self::SchemaVersion(theirs) => {
                let ours = if SAME_BYTES.contains(theirs) { *theirs } else { SCHEMA_VERSION };
                let [major, minor, build] = RECOMMENDED.map(|n| n * SCHEMA_FACTOR);
                f.u32(0, ours.wrapping_mul(SCHEMA_FACTOR)).u32(1, major).u32(2, minor).u32(3, build)
            }
            Self::Nothing => f,
        };
        fields.into_frame()
    }
}

fn id(of: VariableKey, granule: u64, granule_level: bool) -> Vec<u8> {
    let mut out = vec![0u8; 32];
    out[0] = u8::from(granule_level);
    out[4..8].copy_from_slice(&of.of.source.to_le_bytes());
    out[8..12].copy_from_slice(&of.of.collection.to_le_bytes());
    out[16..24].copy_from_slice(&granule.to_le_bytes());
    out[24..28].copy_from_slice(&of.variable.to_le_bytes());
    out
}

fn variable_id(of: VariableKey) -> Vec<u8> {
    id(of, 0, false)
}

fn granule_id(granule: GranuleKey, variable: u32) -> Vec<u8> {
    id(VariableKey { of: granule.of, variable }, granule.granule, true)
}

fn collection_id(of: CollectionKey) -> Vec<u8> {
    id(VariableKey { of, variable: 0 }, 0, false)
}

fn points(list: &[ControlPoint]) -> Vec<u8> {
    let mut out = Vec::with_capacity(list.len() * 24);
    for p in list {
        out.extend_from_slice(&p.time_ms.to_le_bytes());
        out.extend_from_slice(&p.lon_deg.to_le_bytes());
        out.extend_from_slice(&p.lat_deg.to_le_bytes());
        out.extend_from_slice(&p.col.to_le_bytes());
        out.extend_from_slice(&p.row.to_le_bytes());
    }
    out
}

fn tags(list: &[Tag]) -> Vec<Fields<'_>> {
    list.iter().map(|t| Fields::default().text(0, &t.name).text(1, &t.value)).collect()
}

fn source(s: &SourceInfo) -> Fields<'_> {
    Fields::default().u32(0, s.id).text(1, &s.title).text(2, &s.description).tables(3, tags(&s.tags))
}

fn variable(v: &UserVariable) -> Fields<'_> {
    Fields::default()
        .u32(0, v.id)
        .text(1, &v.label)
        .text(2, &v.units)
        .texts(3, v.fields.iter().map(String::as_str).collect())
        .tables(4, tags(&v.tags))
        .u8(5, method_number(v.method))
}

fn method_number(method: RenderMethod) -> u8 {
    RenderMethod::ALL.iter().position(|m| *m == method).unwrap_or(0) as u8
}

fn collection(c: &UserCollection) -> Fields<'_> {
    Fields::default()
        .structure(0, 8, collection_id(c.key))
        .bool(1, c.must_be_current)
        .bool(2, c.x_seamless)
        .bool(3, c.y_seamless)
        .bool(4, c.news_aligned)
        .text(5, &c.label)
        .tables(6, tags(&c.tags))
        .tables(7, c.variables.iter().map(variable).collect())
        .u32(8, c.default_variable)
}

fn timespan(s: &NamedSpan) -> Fields<'_> {
    Fields::default().text(0, &s.label).u64(1, s.past_s.round() as u64).u64(2, s.future_s.round() as u64)
}

fn timestep(s: &NamedStep) -> Fields<'_> {
    Fields::default().text(0, &s.label).u64(1, s.step_s.round() as u64)
}

fn rendering(of: VariableKey, r: &Rendering) -> Fields<'_> {
    let colour = r.colour.iter().flat_map(|c| u32::from(*c).to_le_bytes()).collect();
    Fields::default()
        .bool(0, r.shown)
        .bool(1, r.log)
        .f32(2, r.min)
        .f32(3, r.max)
        .f32(4, r.opacity)
        .f32(5, r.z)
        .structure(6, 4, colour)
        .text(7, &r.colormap)
        .u8(8, method_number(r.method))
        .u32(9, r.particles)
        .u32(10, r.particle_ttl)
        .u32(11, r.streamline_length)
        .f32(12, r.streamline_speed)
        .structure(13, 8, variable_id(of))
        .u8(14, u8::from(r.bilinear))
        .f32(15, r.symbol_px)
        .f32(16, r.symbol_density)
        .f32(17, r.line_px)
}

fn descriptor(d: &Descriptor) -> Fields<'_> {
    let shape = Fields::default().u32(0, d.shape_cols).u32(1, d.shape_rows);
    let shape = shape.structs(2, points(&d.points), d.points.len());
    Fields::default()
        .text(0, &d.uri)
        .f32(1, d.resolution_m)
        .u32(2, d.cols)
        .u32(3, d.rows)
        .table(4, shape)
        .u32(5, d.halvings)
}

fn granule(g: &GranuleMeta) -> Fields<'_> {
    let model = DataModel::ALL.iter().position(|m| *m == g.model).unwrap_or(0) as u8;
    let mut f = Fields::default()
        .u32(0, g.key.of.source)
        .u32(1, g.key.of.collection)
        .u64(2, g.key.granule)
        .text(3, &g.data_id)
        .u8(4, model)
        .u64(5, g.start_ms)
        .u64(6, g.stop_ms)
        .tables(7, g.files.iter().map(descriptor).collect());
    let (t, b) = (&g.texts, &g.bounds);
    let texts = [
        (8, 21, &t.title),
        (9, 22, &t.institution),
        (10, 23, &t.comment),
        (11, 24, &t.file_id),
        (12, 25, &t.product_version),
        (17, 30, &t.creator_email),
        (18, 31, &t.station_id),
        (19, 32, &t.platform),
        (20, 33, &t.sensor),
    ];
    for (flag, slot, text) in texts {
        if let Some(text) = text {
            f = f.bool(flag, true).text(slot, text);
        }
    }
    for (flag, slot, side) in [(13, 26, b.lat_min), (14, 27, b.lat_max), (15, 28, b.lon_min), (16, 29, b.lon_max)] {
        if let Some(degrees) = side {
            f = f.bool(flag, true).f32(slot, degrees);
        }
    }
    f
}

fn extraction(e: &Extraction) -> Fields<'_> {
    Fields::default()
        .structure(0, 8, granule_id(e.granule, e.variable))
        .u32(1, e.cols)
        .u32(2, e.rows)
        .u32(3, e.fields.len().max(1) as u32)
        .floats(4, &e.texels)
        .structs(5, points(&e.shape), e.shape.len())
        .structs(6, points(&e.points), e.points.len())
        .floats(7, &e.fills)
        .text(8, &e.uri)
        .texts(9, e.fields.iter().map(String::as_str).collect())
        .u64(10, e.start_s)
        .u64(11, e.stop_s)
}
