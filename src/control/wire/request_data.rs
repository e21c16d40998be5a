//! The tables requests are made of, read into the application's own types.
//!
//! Several vectors arrive reversed, because the client fills a builder that works backwards; they are turned round here
//! and nowhere else.

use std::sync::Arc;

use seaglass_core::notebook::{
    CollectionKey, ControlPoint, DataModel, Descriptor, GranuleKey, GranuleMeta, MetaBounds, MetaTexts, NamedSpan,
    NamedStep, RawField, RawValues, RenderMethod, Rendering, SourceInfo, Tag, UserCollection, UserGranule,
    UserVariable, VariableKey,
};

use super::read::{Message, Table};
use super::request::{Refused, Search};

/// Bytes of a granule, variable or collection number.
pub(super) const ID_SIZE: usize = 32;
/// Bytes of a control point.
pub(super) const POINT_SIZE: usize = 24;
const COLOUR_SIZE: usize = 12;
const COLLECTION_SIZE: usize = 8;
/// Number of one-byte and float values in the protocol's list of types.
const BYTES_TYPE: u8 = 1;
const FLOATS_TYPE: u8 = 4;

/// All five members of a `RenderableId`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Id {
    pub of: VariableKey,
    pub granule: u64,
    pub granule_level: bool,
}

pub(super) fn needed<T>(found: Option<T>, what: &str) -> Result<T, Refused> {
    found.ok_or_else(|| Refused::unreadable(format!("its {what} is missing")))
}

pub(super) fn id(m: &Message<'_>, t: Table, slot: usize) -> Result<Id, Refused> {
    let at = needed(m.structure(t, slot, ID_SIZE)?, "identifier")?;
    let of = CollectionKey { source: m.u32_at(at + 4)?, collection: m.u32_at(at + 8)? };
    Ok(Id {
        of: VariableKey { of, variable: m.u32_at(at + 24)? },
        granule: m.u64_at(at + 16)?,
        granule_level: m.u8_at(at)? != 0,
    })
}

/// Numbers of a variable; those of a granule are not accepted in their place.
pub(super) fn variable_id(m: &Message<'_>, t: Table, slot: usize) -> Result<VariableKey, Refused> {
    let id = id(m, t, slot)?;
    if id.granule_level {
        return Err(Refused::unreadable("single granules have no settings of their own"));
    }
    Ok(id.of)
}

pub(super) fn label(m: &mut Message<'_>, t: Table, slot: usize) -> Result<String, Refused> {
    needed(m.text(t, slot)?, "label")
}

fn text(m: &mut Message<'_>, t: Table, slot: usize) -> Result<String, Refused> {
    Ok(m.text(t, slot)?.unwrap_or_default())
}

fn tags(m: &mut Message<'_>, t: Table, slot: usize) -> Result<Vec<Tag>, Refused> {
    let tables = m.tables(t, slot)?;
    tables.into_iter().rev().map(|tag| Ok(Tag { name: text(m, tag, 0)?, value: text(m, tag, 1)? })).collect()
}

pub(super) fn source(m: &mut Message<'_>, a: Table) -> Result<SourceInfo, Refused> {
    let t = needed(m.table(a, 0)?, "source")?;
    Ok(SourceInfo { id: m.u32(t, 0)?, title: text(m, t, 1)?, description: text(m, t, 2)?, tags: tags(m, t, 3)? })
}

pub(super) fn variable(m: &mut Message<'_>, t: Table) -> Result<UserVariable, Refused> {
    let mut fields = m.texts(t, 3)?;
    fields.reverse();
    let method = m.u8(t, 5)?;
    Ok(UserVariable {
        id: m.u32(t, 0)?,
        label: text(m, t, 1)?,
        units: text(m, t, 2)?,
        fields,
        tags: tags(m, t, 4)?,
        method: method_of(method)?,
    })
}

fn method_of(number: u8) -> Result<RenderMethod, Refused> {
    let found = RenderMethod::ALL.get(usize::from(number)).copied();
    found.ok_or_else(|| Refused::unreadable(format!("there is no rendering method {number}")))
}

pub(super) fn collection(m: &mut Message<'_>, a: Table) -> Result<UserCollection, Refused> {
    let t = needed(m.table(a, 0)?, "collection")?;
    let key = id(m, t, 0)?.of.of;
    let tables = m.tables(t, 7)?;
    let variables = tables.into_iter().rev().map(|v| variable(m, v)).collect::<Result<_, _>>()?;
    Ok(UserCollection {
        key,
        must_be_current: m.bool(t, 1)?,
        x_seamless: m.bool(t, 2)?,
        y_seamless: m.bool(t, 3)?,
        news_aligned: m.bool(t, 4)?,
        label: text(m, t, 5)?,
        tags: tags(m, t, 6)?,
        variables,
        default_variable: m.u32(t, 8)?,
    })
}

pub(super) fn timespan(m: &mut Message<'_>, a: Table) -> Result<NamedSpan, Refused> {
    let t = needed(m.table(a, 0)?, "timespan")?;
    Ok(NamedSpan { label: label(m, t, 0)?, past_s: m.u64(t, 1)? as f64, future_s: m.u64(t, 2)? as f64 })
}

pub(super) fn timestep(m: &mut Message<'_>, a: Table) -> Result<NamedStep, Refused> {
    let t = needed(m.table(a, 0)?, "timestep")?;
    Ok(NamedStep { label: label(m, t, 0)?, step_s: m.u64(t, 1)? as f64 })
}

pub(super) fn search(m: &mut Message<'_>, a: Table) -> Result<Search, Refused> {
    let mut collections = Vec::new();
    if let Some((start, count)) = m.vector(a, 4, COLLECTION_SIZE)? {
        for k in (0..count).rev() {
            let at = start + COLLECTION_SIZE * k;
            collections.push(CollectionKey { source: m.u32_at(at)?, collection: m.u32_at(at + 4)? });
        }
    }
    Ok(Search {
        current_s: m.u64(a, 0)?,
        start_s: m.u64(a, 1)?,
        stop_s: m.u64(a, 2)?,
        altitude_m: m.f32(a, 3)?,
        collections,
    })
}

pub(super) fn rendering(m: &mut Message<'_>, a: Table) -> Result<(VariableKey, Rendering), Refused> {
    let t = needed(m.table(a, 0)?, "rendering configuration")?;
    let of = variable_id(m, t, 13)?;
    let colour = needed(m.structure(t, 6, COLOUR_SIZE)?, "colour")?;
    let channel = |k: usize| Ok::<u8, Refused>(m.u32_at(colour + 4 * k)?.min(255) as u8);
    let (colour, filter) = ([channel(0)?, channel(1)?, channel(2)?], m.u8(t, 14)?);
    if filter > 1 {
        return Err(Refused::unreadable(format!("there is no filter {filter}")));
    }
    let rendering = Rendering {
        shown: m.bool(t, 0)?,
        log: m.bool(t, 1)?,
        min: m.f32(t, 2)?,
        max: m.f32(t, 3)?,
        opacity: m.f32(t, 4)?,
        z: m.f32(t, 5)?,
        colour,
        colormap: text(m, t, 7)?,
        method: method_of(m.u8(t, 8)?)?,
        particles: m.u32(t, 9)?,
        particle_ttl: m.u32(t, 10)?,
        streamline_length: m.u32(t, 11)?,
        streamline_speed: m.f32(t, 12)?,
        bilinear: filter == 1,
        symbol_px: m.f32(t, 15)?,
        symbol_density: m.f32(t, 16)?,
        line_px: m.f32(t, 17)?,
    };
    Ok((of, rendering))
}

pub(super) fn granule(m: &mut Message<'_>, a: Table) -> Result<UserGranule, Refused> {
    let id = id(m, a, 0)?;
    let t = needed(m.table(a, 1)?, "description")?;
    let meta = granule_meta(m, t)?;
    if meta.key != (GranuleKey { of: id.of.of, granule: id.granule }) {
        return Err(Refused::unreadable("its identifiers contradict each other"));
    }
    let t = needed(m.table(a, 2)?, "data")?;
    let mut fields = buckets(m, t, 0, BYTES_TYPE)?;
    fields.extend(buckets(m, t, 2, FLOATS_TYPE)?);
    Ok(UserGranule { meta, fields })
}

fn granule_meta(m: &mut Message<'_>, t: Table) -> Result<GranuleMeta, Refused> {
    let model = m.u8(t, 4)?;
    let model = DataModel::ALL.get(usize::from(model)).copied();
    let model = model.ok_or_else(|| Refused::unreadable("its data model is not known"))?;
    let of = CollectionKey { source: m.u32(t, 0)?, collection: m.u32(t, 1)? };
    let tables = m.tables(t, 7)?;
    let files = tables.into_iter().map(|d| descriptor(m, d)).collect::<Result<_, _>>()?;
    let mut said = |flag: usize, slot: usize| -> Result<Option<String>, Refused> {
        Ok(if m.bool(t, flag)? { Some(text(m, t, slot)?) } else { None })
    };
    let texts = MetaTexts {
        title: said(8, 21)?,
        institution: said(9, 22)?,
        comment: said(10, 23)?,
        file_id: said(11, 24)?,
        product_version: said(12, 25)?,
        creator_email: said(17, 30)?,
        station_id: said(18, 31)?,
        platform: said(19, 32)?,
        sensor: said(20, 33)?,
    };
    let side = |flag: usize, slot: usize| -> Result<Option<f32>, Refused> {
        Ok(if m.bool(t, flag)? { Some(m.f32(t, slot)?) } else { None })
    };
    let bounds =
        MetaBounds { lat_min: side(13, 26)?, lat_max: side(14, 27)?, lon_min: side(15, 28)?, lon_max: side(16, 29)? };
    Ok(GranuleMeta {
        key: GranuleKey { of, granule: m.u64(t, 2)? },
        start_ms: m.u64(t, 5)?,
        stop_ms: m.u64(t, 6)?,
        data_id: text(m, t, 3)?,
        model,
        files,
        texts,
        bounds,
    })
}

fn descriptor(m: &mut Message<'_>, t: Table) -> Result<Descriptor, Refused> {
    let shape = m.table(t, 4)?;
    let mut points = Vec::new();
    if let Some((start, count)) = shape.map_or(Ok(None), |s| m.vector(s, 2, POINT_SIZE))? {
        points.reserve(count);
        for k in 0..count {
            let at = start + POINT_SIZE * k;
            points.push(ControlPoint {
                time_ms: m.u64_at(at)?,
                lon_deg: m.f32_at(at + 8)?,
                lat_deg: m.f32_at(at + 12)?,
                col: m.u32_at(at + 16)?,
                row: m.u32_at(at + 20)?,
            });
        }
    }
    let side = |slot| shape.map_or(Ok(0), |s| m.u32(s, slot));
    let (shape_cols, shape_rows) = (side(0)?, side(1)?);
    Ok(Descriptor {
        uri: text(m, t, 0)?,
        resolution_m: m.f32(t, 1)?,
        cols: m.u32(t, 2)?,
        rows: m.u32(t, 3)?,
        halvings: m.u32(t, 5)?,
        shape_cols,
        shape_rows,
        points: Arc::new(points),
    })
}

/// Names and buckets of one kind; both vectors are reversed alike, so that they fit, and are turned back together.
fn buckets(m: &mut Message<'_>, t: Table, slot: usize, kind: u8) -> Result<Vec<RawField>, Refused> {
    let (names, tables) = (m.texts(t, slot)?, m.tables(t, slot + 1)?);
    if names.len() != tables.len() {
        return Err(Refused::unreadable(format!("{} field names come with {} fields", names.len(), tables.len())));
    }
    names.into_iter().zip(tables).rev().map(|(name, bucket)| field(m, name, bucket, kind)).collect()
}

fn field(m: &mut Message<'_>, name: String, bucket: Table, kind: u8) -> Result<RawField, Refused> {
    let info = needed(m.table(bucket, 0)?, "field description")?;
    let told = m.u8(info, 3)?;
    if told != kind {
        return Err(Refused::unreadable(format!("the field \"{name}\" is said to be of type {told}, not {kind}")));
    }
    let values = match kind {
        BYTES_TYPE => m.bytes(bucket, 1)?.map(RawValues::Bytes),
        _ => m.floats(bucket, 1)?.map(RawValues::Floats),
    };
    let mut first = |slot| Ok::<_, Refused>(m.floats(info, slot)?.and_then(|v| v.first().copied()));
    let (offset, scale, fill) = (first(4)?, first(5)?, first(6)?);
    Ok(RawField {
        name,
        cols: m.u32(info, 1)?,
        rows: m.u32(info, 2)?,
        channels: m.u32(info, 0)?,
        offset,
        scale,
        fill,
        values: needed(values, "field data")?,
    })
}
