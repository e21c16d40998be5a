//! netCDF-4, CF-1.11. The C library lives in the workers, so the rows go there through an intermediate file.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Schema};
use seaglass_core::columns::{ColumnType, MISSING};
use seaglass_core::protocol::{Request, write_frame};
use seaglass_core::spool::{COMPLETE, SpoolAttribute, SpoolBatch, SpoolColumn, SpoolHeader, SpoolTexts};
use seaglass_data::pool::Lane;

use super::{Finished, Sink};
use crate::error::{JobError, Result};
use crate::reading::Readers;
use crate::spec::PolicyKind;
use crate::state::{aside, discard};
use crate::table::{Layout, Variable};

/// The dimension of the rows.
const MATCH: &str = "match";

/// A netCDF file under way.
pub struct Netcdf<'a> {
    readers: &'a Readers,
    path: PathBuf,
    spool: PathBuf,
    out: BufWriter<File>,
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
        let spool = aside(path);
        let failed = |e: &std::io::Error| JobError::output(path, "The result", e);
        let file = File::create(&spool).map_err(|e| failed(&e))?;
        let shown = schema.fields().iter().filter(|f| *f.data_type() != DataType::Binary);
        let columns: Vec<SpoolColumn> = shown.map(|f| describe(f.name(), f.data_type(), layout)).collect();
        let texts: Vec<SpoolTexts> = names
            .into_iter()
            .map(|(column, texts)| SpoolTexts {
                name: format!("{column}_name"),
                dimension: format!("{column}s"),
                texts,
                attributes: vec![text("long_name", "file (and part or step) of the granule")],
            })
            .collect();
        let header = SpoolHeader {
            dimension: MATCH.to_owned(),
            rows,
            attributes,
            columns: columns.clone(),
            texts: texts.clone(),
        };
        let mut this = Self {
            readers,
            path: path.to_owned(),
            spool,
            out: BufWriter::with_capacity(1 << 20, file),
            names: texts,
            columns: columns.into_iter().map(|c| c.name).collect(),
        };
        write_frame(&mut this.out, &header, &[]).map_err(|e| failed(&e))?;
        Ok(this)
    }

    /// Values of a column, little-endian.
    fn bytes(&self, name: &str, array: &dyn Array, out: &mut Vec<u8>) {
        macro_rules! whole {
            ($t:ty) => {{
                let a = array.as_primitive::<$t>();
                (0..a.len()).for_each(|k| {
                    let v = if a.is_null(k) { MISSING } else { a.value(k) as i64 };
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
            DataType::Float32 => {
                let a = array.as_primitive::<Float32Type>();
                (0..a.len()).for_each(|k| {
                    let v = if a.is_null(k) { f32::NAN } else { a.value(k) };
                    out.extend_from_slice(&v.to_le_bytes());
                });
            }
            DataType::Float64 => {
                let a = array.as_primitive::<Float64Type>();
                (0..a.len()).for_each(|k| {
                    let v = if a.is_null(k) { f64::NAN } else { a.value(k) };
                    out.extend_from_slice(&v.to_le_bytes());
                });
            }
            DataType::FixedSizeList(..) => self.bytes(name, array.as_fixed_size_list().values(), out),
            DataType::Dictionary(..) => {
                let a = array.as_dictionary::<Int32Type>();
                let own = a.values().as_string::<i32>();
                let list = self.names.iter().find(|t| t.name == format!("{name}_name"));
                let at: Vec<i64> = (0..own.len())
                    .map(|k| {
                        let n = list.and_then(|l| l.texts.binary_search_by(|t| t.as_str().cmp(own.value(k))).ok());
                        n.map_or(MISSING, |n| n as i64)
                    })
                    .collect();
                for k in 0..a.len() {
                    let v = a.key(k).map_or(MISSING, |n| at[n]);
                    out.extend_from_slice(&v.to_le_bytes());
                }
            }
            _ => {}
        }
    }
}

impl Sink for Netcdf<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut payload = Vec::new();
        for name in &self.columns {
            let column = batch
                .column_by_name(name)
                .ok_or_else(|| JobError::Internal(format!("The column {name} is missing in the results.")))?;
            self.bytes(name, column, &mut payload);
        }
        write_frame(&mut self.out, &SpoolBatch { rows: batch.num_rows() }, &payload)
            .map_err(|e| JobError::output(&self.path, "The result", &e))
    }

    fn finish(mut self: Box<Self>) -> Result<Finished> {
        self.out.flush().map_err(|e| JobError::output(&self.path, "The result", &e))?;
        let finished = Finished { new: aside(&self.path), path: self.path.clone() };
        let request = Request::WriteTable { spool: self.spool.clone(), out: finished.new.clone() };
        match self.readers.ask(Lane::Probe, request)? {
            Ok(_) => Ok(finished),
            Err(e) => Err(self.failure(&finished.new, e.message)),
        }
    }
}

impl Netcdf<'_> {
    /// HDF5 says that it failed and not why; the system does, asked for as much room again.
    fn failure(&self, new: &Path, message: String) -> JobError {
        let probe = aside(&self.path);
        let room = std::fs::metadata(&self.spool).map_or(1 << 20, |m| m.len()).min(64 << 20);
        let written = File::create(&probe).and_then(|mut f| {
            std::io::copy(&mut std::io::repeat(0).take(room), &mut f).and_then(|_bytes| f.sync_all())
        });
        discard(&probe);
        if let Err(e) = written {
            return JobError::output(&self.path, "The result", &e);
        }
        let name = |p: &Path| p.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        JobError::Output { message: message.replace(&name(new), &name(&self.path)), path: self.path.clone() }
    }
}

impl Drop for Netcdf<'_> {
    fn drop(&mut self) {
        discard(&self.spool);
    }
}

fn text(name: &str, value: &str) -> (String, SpoolAttribute) {
    (name.to_owned(), SpoolAttribute::Text(value.to_owned()))
}

/// A column with its CF attributes.
fn describe(name: &str, ty: &DataType, layout: &Layout) -> SpoolColumn {
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
    let mut column = SpoolColumn { name: name.to_owned(), ty, narrow, inner: None, attributes: Vec::new() };
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
        column.inner = Some((format!("{prefix}_box"), v.width));
        let note = format!("{0} x {0} cells about the match, line by line", layout.box_size);
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
        "granule" => vec![text("long_name", &format!("granule of the {who} row, index into {name}_name"))],
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
