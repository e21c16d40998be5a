//! netCDF-4, CF-1.11. The C library lives in the workers, so the rows go there through an intermediate file.

use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Schema};
use seaglass_core::columns::{ColumnType, MISSING};
use seaglass_core::spool::{COMPLETE, SpoolAttribute, SpoolBatch, SpoolColumn, SpoolHeader, SpoolTexts};

use super::spool::Spool;
use super::{Finished, Sink};
use crate::error::{JobError, Result};
use crate::reading::Readers;
use crate::spec::PolicyKind;
use crate::table::{Layout, Variable};

/// A netCDF file under way, one row a match.
pub struct Netcdf<'a> {
    spool: Spool<'a>,
    /// Lists of granule names, by column; what rows refer to.
    names: Vec<SpoolTexts>,
    columns: Vec<String>,
}

impl<'a> Netcdf<'a> {
    /// Begins a file of `rows` rows. `names` lists the granules of each `*_granule` column.
    ///
    /// # Errors
    /// The system refuses.
    pub fn create(
        path: &Path,
        schema: &Schema,
        layout: &Layout,
        rows: u64,
        names: Vec<(String, Vec<String>)>,
        attributes: Vec<(String, SpoolAttribute)>,
        readers: &'a Readers,
    ) -> Result<Self> {
        let shown = schema.fields().iter().filter(|f| *f.data_type() != DataType::Binary);
        let columns: Vec<SpoolColumn> = shown.map(|f| describe(f.name(), f.data_type(), layout)).collect();
        let names: Vec<SpoolTexts> = names.into_iter().map(|(column, texts)| granules(&column, texts)).collect();
        let own = columns.iter().map(|c| c.name.clone()).collect();
        let mut header = SpoolHeader {
            dimension: layout.names.dimension().to_owned(),
            rows,
            attributes,
            columns,
            texts: names.clone(),
            groups: Vec::new(),
        };
        renamed(&mut header, layout);
        Ok(Self { spool: Spool::create(path, &header, readers)?, names, columns: own })
    }
}

impl Sink for Netcdf<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut payload = Vec::new();
        for name in &self.columns {
            bytes(&self.names, name, column(batch, name)?, &mut payload);
        }
        self.spool.batch(SpoolBatch { rows: batch.num_rows(), group: None }, &payload)
    }

    fn finish(self: Box<Self>) -> Result<Finished> {
        self.spool.finish()
    }
}

/// A column of the results.
pub(super) fn column<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b ArrayRef> {
    let missing = || JobError::Internal(format!("The column {name} is missing in the results."));
    batch.column_by_name(name).ok_or_else(missing)
}

/// The list of names that a `*_granule` column refers to.
pub(super) fn granules(column: &str, texts: Vec<String>) -> SpoolTexts {
    SpoolTexts {
        name: format!("{column}_name"),
        dimension: format!("{column}s"),
        texts,
        attributes: vec![text("long_name", "file (and part or step) of the granule")],
    }
}

/// Everything under the names that are shown.
fn renamed(header: &mut SpoolHeader, layout: &Layout) {
    let words = |text: &str| text.split(' ').map(|w| layout.shown(w)).collect::<Vec<_>>().join(" ");
    for list in &mut header.texts {
        (list.name, list.dimension) = (layout.shown(&list.name), layout.shown(&list.dimension));
    }
    for column in &mut header.columns {
        column.name = layout.shown(&column.name);
        for (dimension, _) in &mut column.inner {
            *dimension = layout.shown(dimension);
        }
        for (name, value) in &mut column.attributes {
            if let ("coordinates", SpoolAttribute::Text(text)) = (name.as_str(), value) {
                *text = words(text);
            }
        }
    }
}

/// Numbers of granules of a column in the list of all of them.
pub(super) fn granule_numbers(names: &[SpoolTexts], name: &str, array: &dyn Array) -> Vec<i64> {
    let a = array.as_dictionary::<Int32Type>();
    let own = a.values().as_string::<i32>();
    let list = names.iter().find(|t| t.name == format!("{name}_name"));
    let number = |k: usize| list.and_then(|l| l.texts.binary_search_by(|t| t.as_str().cmp(own.value(k))).ok());
    let at: Vec<i64> = (0..own.len()).map(|k| number(k).map_or(MISSING, |n| n as i64)).collect();
    (0..a.len()).map(|k| a.key(k).map_or(MISSING, |n| at[n])).collect()
}

/// Values of a column, little-endian.
pub(super) fn bytes(names: &[SpoolTexts], name: &str, array: &dyn Array, out: &mut Vec<u8>) {
    macro_rules! whole {
        ($t:ty) => {{
            let a = array.as_primitive::<$t>();
            (0..a.len()).for_each(|k| {
                let v = if a.is_null(k) { MISSING } else { a.value(k) as i64 };
                out.extend_from_slice(&v.to_le_bytes());
            });
        }};
    }
    macro_rules! real {
        ($t:ty, $missing:expr) => {{
            let a = array.as_primitive::<$t>();
            (0..a.len()).for_each(|k| {
                let v = if a.is_null(k) { $missing } else { a.value(k) };
                out.extend_from_slice(&v.to_le_bytes());
            });
        }};
    }
    match array.data_type() {
        DataType::UInt16 => whole!(UInt16Type),
        DataType::UInt32 => whole!(UInt32Type),
        DataType::UInt64 => whole!(UInt64Type),
        DataType::Int64 => whole!(Int64Type),
        DataType::Timestamp(..) => whole!(TimestampMicrosecondType),
        DataType::Float32 => real!(Float32Type, f32::NAN),
        DataType::Float64 => real!(Float64Type, f64::NAN),
        DataType::FixedSizeList(..) => bytes(names, name, array.as_fixed_size_list().values(), out),
        DataType::Dictionary(..) => {
            granule_numbers(names, name, array).iter().for_each(|v| out.extend_from_slice(&v.to_le_bytes()));
        }
        _ => {}
    }
}

pub(super) fn text(name: &str, value: &str) -> (String, SpoolAttribute) {
    (name.to_owned(), SpoolAttribute::Text(value.to_owned()))
}

/// A column with its CF attributes.
pub(super) fn describe(name: &str, ty: &DataType, layout: &Layout) -> SpoolColumn {
    let (ty, narrow) = match ty {
        DataType::Float32 => (ColumnType::F32, false),
        DataType::Float64 => (ColumnType::F64, false),
        DataType::UInt16 | DataType::Dictionary(..) => (ColumnType::I64, true),
        DataType::FixedSizeList(item, _) => match item.data_type() {
            DataType::Float32 => (ColumnType::F32, false),
            DataType::Int64 => (ColumnType::I64, false),
            _ => (ColumnType::F64, false),
        },
        _ => (ColumnType::I64, false),
    };
    let mut column = SpoolColumn { name: name.to_owned(), ty, narrow, inner: Vec::new(), attributes: Vec::new() };
    if let Some((side, v)) = layout.sides.iter().find_map(|s| Some((s, s.variables.iter().find(|v| v.name == name)?))) {
        variable(&mut column, side.prefix.as_str(), v, layout);
        return column;
    }
    column.attributes = known(name, layout);
    // With two sides every row is a pair: whole numbers stay whole numbers for those who read them.
    let whole = column.ty == ColumnType::I64;
    if whole && layout.sides.len() == 2 && !column.attributes.iter().any(|a| a.0 == COMPLETE) {
        column.attributes.push(text(COMPLETE, "yes"));
    }
    column
}

fn variable(column: &mut SpoolColumn, prefix: &str, v: &Variable, layout: &Layout) {
    let info = &v.info;
    let own = layout.sides.iter().find(|s| s.prefix == prefix).is_some_and(|s| s.single);
    let interpolated = layout.kind == PolicyKind::Interpolate;
    let put = &mut column.attributes;
    put.push(text("long_name", &info.title()));
    if let Some(s) = info.standard_name.as_deref().filter(|_| !layout.kind.is_aggregate() || own || interpolated) {
        put.push(text("standard_name", s));
    }
    if !info.units.is_empty() {
        put.push(text("units", &info.units));
    }
    put.push(text("source_variable", &info.variable));
    let lead = &layout.sides[crate::sort::leading(layout)].prefix;
    let at = if own { prefix } else { lead };
    put.push(text("coordinates", &format!("{at}_time {at}_lat {at}_lon")));
    if !own && interpolated {
        put.push(text("comment", "bilinear between the cells around the primary row, and between steps"));
    } else if !own {
        put.push(text("cell_methods", &format!("area: time: {}", statistic(layout))));
    }
    if let seaglass_core::field::FieldKind::Flags { flags } = &info.kind
        && own
    {
        let words: Vec<&str> = flags.iter().map(|f| f.meaning.as_str()).collect();
        let values: Vec<String> = flags.iter().map(|f| f.value.to_string()).collect();
        put.push(text("flag_meanings", &words.join(" ")));
        // As text, since a table of flags has no type of its own here.
        put.push(text("flag_values_text", &values.join(" ")));
    }
    if v.width > 1 {
        column.inner = ["line", "pixel"].map(|d| (format!("{prefix}_box_{d}"), layout.box_size)).to_vec();
        let note = format!("{0} x {0} cells about the match", layout.box_size);
        column.attributes.push(text("comment", &note));
    }
}

fn statistic(layout: &Layout) -> &'static str {
    match layout.kind {
        PolicyKind::Median => "median",
        PolicyKind::Std => "standard_deviation",
        PolicyKind::Min => "minimum",
        PolicyKind::Max => "maximum",
        PolicyKind::Count => "sum",
        _ => "mean",
    }
}

/// Attributes of the columns every job has.
fn known(name: &str, layout: &Layout) -> Vec<(String, SpoolAttribute)> {
    let lead = &layout.sides[crate::sort::leading(layout)].prefix;
    let side = layout.sides.iter().find(|s| name.strip_prefix(&format!("{}_", s.prefix)).is_some());
    let who = match side {
        Some(s) if s.prefix == "p" => "primary",
        Some(_) => "secondary",
        None => "pair",
    };
    let last = side.and_then(|s| name.strip_prefix(&format!("{}_", s.prefix))).unwrap_or(name);
    let of = |what: &str| text("long_name", &format!("{what} of the {who} row"));
    // Every row has a place and a time of its leading side.
    let complete = |all: &mut Vec<_>| {
        if side.is_some_and(|s| s.prefix == *lead) {
            all.push(text(COMPLETE, "yes"));
        }
    };
    match last {
        "pair_id" => vec![text("long_name", "number of the match"), text(COMPLETE, "yes")],
        "granule" => {
            let list = layout.shown(&format!("{name}_name"));
            vec![text("long_name", &format!("granule of the {who} row, index into {list}"))]
        }
        "row" => vec![of("number within the granule"), text("comment", "from 0; line times pixels plus pixel")],
        "line" => vec![of("line")],
        "pixel" => vec![of("pixel")],
        "time" => {
            let mut all = vec![
                text("standard_name", "time"),
                of("time"),
                text("units", "microseconds since 1970-01-01T00:00:00Z"),
                text("calendar", "standard"),
            ];
            complete(&mut all);
            all
        }
        "lat" => {
            let mut all = vec![text("standard_name", "latitude"), of("latitude"), text("units", "degrees_north")];
            complete(&mut all);
            all
        }
        "lon" => {
            let mut all = vec![text("standard_name", "longitude"), of("longitude"), text("units", "degrees_east")];
            complete(&mut all);
            all
        }
        "distance_m" => vec![text("long_name", "distance of the rows"), text("units", "m")],
        "distance_min_m" => vec![text("long_name", "least distance"), text("units", "m")],
        "bearing_deg" => {
            vec![text("long_name", "azimuth from the primary to the secondary row"), text("units", "degree")]
        }
        "dt_us" => {
            vec![
                text("long_name", "time of the secondary minus time of the primary row"),
                text("units", "microseconds"),
            ]
        }
        "dt_mean_us" => vec![text("long_name", "mean time difference"), text("units", "microseconds")],
        "rank" => vec![text("long_name", "rank by nearness, from 1"), text("units", "1")],
        "n_candidates" => vec![text("long_name", "rows within the limits"), text("units", "1")],
        "n" => vec![text("long_name", "rows behind the value"), text("units", "1")],
        "weight" => vec![text("long_name", "share of the weights of cells that have a value"), text("units", "1")],
        "along" => {
            vec![text("long_name", &format!("way of the crossing from the {who} row to the next")), text("units", "1")]
        }
        "n_effective" => vec![text("long_name", "effective sample size"), text("units", "1")],
        _ => Vec::new(),
    }
}
