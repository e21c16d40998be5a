//! Writes a table as netCDF-4: the only thing besides the sample day that is written with the C library.
//!
//! The file appears under its name only when it is complete: it is written beside it and moved.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use netcdf::types::NcTypeDescriptor;
use netcdf::{AttributeValue, FileMut, Options};
use seaglass_core::columns::{ColumnType, MISSING};
use seaglass_core::protocol::{FailureKind, ReadFailure, read_frame};
use seaglass_core::spool::{COMPLETE, SpoolAttribute, SpoolBatch, SpoolColumn, SpoolHeader};

use crate::error::{Result, fail};

/// Rows of a chunk.
const CHUNK_ROWS: usize = 1 << 15;
/// What stands for a missing 32-bit integer.
const MISSING_NARROW: i32 = i32::MIN;

fn not_written(out: &Path, what: &str, why: impl std::fmt::Display) -> ReadFailure {
    let name = out.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    fail(FailureKind::BadRequest, format!("{name} cannot be written ({what}: {why}); check space and permissions."))
}

/// Writes the table in `spool` to `out`.
pub fn write(spool: &Path, out: &Path) -> Result<()> {
    let name = out.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let aside = out.with_file_name(format!(".{name}.{}.writing", std::process::id()));
    let done = fill(spool, &aside, out)
        .and_then(|()| std::fs::rename(&aside, out).map_err(|e| not_written(out, "the finished file is not moved", e)));
    if done.is_err()
        && let Err(e) = std::fs::remove_file(&aside)
        && e.kind() != std::io::ErrorKind::NotFound
    {
        log::warn!("{} is left over: {e}", aside.display());
    }
    done
}

fn fill(spool: &Path, aside: &Path, out: &Path) -> Result<()> {
    let broken = |why: &dyn std::fmt::Display| not_written(out, "the intermediate table cannot be read", why);
    let mut input = BufReader::with_capacity(1 << 20, File::open(spool).map_err(|e| broken(&e))?);
    let (header, _none): (SpoolHeader, _) =
        read_frame(&mut input).map_err(|e| broken(&e))?.ok_or_else(|| broken(&"it is empty"))?;
    let failed = |what: &str| {
        let what = what.to_owned();
        move |e: netcdf::Error| not_written(out, &what, e)
    };
    let mut file = netcdf::create_with(aside, Options::NETCDF4).map_err(failed("new file"))?;
    // Names of what lies in a group begin with the group's.
    let mut tables = vec![(String::new(), &header)];
    tables.extend(header.groups.iter().map(|g| (format!("{}/", g.name), &g.table)));
    for group in &header.groups {
        file.add_group(&group.name).map_err(failed(&group.name))?;
    }
    for (path, table) in &tables {
        define(&mut file, path, table, out)?;
    }
    let mut first = vec![0; tables.len()];
    while let Some((batch, payload)) = read_frame::<SpoolBatch>(&mut input).map_err(|e| broken(&e))? {
        let at = batch.group.map_or(0, |g| g + 1);
        let (path, table) = tables.get(at).ok_or_else(|| broken(&"a batch belongs nowhere"))?;
        let mut rest = payload.as_slice();
        for column in &table.columns {
            let width = if column.ty == ColumnType::F32 { 4 } else { 8 };
            let bytes = batch.rows * column.width() * width;
            let (own, after) = rest.split_at_checked(bytes).ok_or_else(|| broken(&"a batch is cut off"))?;
            put(&mut file, path, column, first[at], batch.rows, own).map_err(failed(&column.name))?;
            rest = after;
        }
        first[at] += batch.rows;
    }
    for ((_path, table), first) in tables.iter().zip(first) {
        if first as u64 != table.rows {
            return Err(broken(&format!("{first} of {} rows are there", table.rows)));
        }
    }
    file.close().map_err(failed("end of file"))?;
    File::open(aside).and_then(|f| f.sync_all()).map_err(|e| not_written(out, "end of file", e))
}

fn attribute(value: &SpoolAttribute) -> AttributeValue {
    match value {
        SpoolAttribute::Text(t) => AttributeValue::from(t.as_str()),
        SpoolAttribute::Int(k) => i32::try_from(*k).map_or(AttributeValue::from(*k), AttributeValue::from),
        SpoolAttribute::Float(x) => AttributeValue::from(*x),
    }
}

/// Dimensions, variables and attributes of a table whose names begin with `path`.
fn define(file: &mut FileMut, path: &str, table: &SpoolHeader, out: &Path) -> Result<()> {
    let failed = |what: &str| {
        let what = what.to_owned();
        move |e: netcdf::Error| not_written(out, &what, e)
    };
    let rows = usize::try_from(table.rows).map_err(|e| not_written(out, "number of rows", e))?;
    let dimension = |file: &mut FileMut, name: &str, len: usize| -> Result<()> {
        let name = format!("{path}{name}");
        if file.dimension(&name).is_none() {
            file.add_dimension(&name, len).map_err(failed(&name))?;
        }
        Ok(())
    };
    dimension(file, &table.dimension, rows)?;
    for (name, len) in table.columns.iter().flat_map(|c| &c.inner) {
        dimension(file, name, *len)?;
    }
    for list in &table.texts {
        dimension(file, &list.dimension, list.texts.len())?;
    }
    for (name, value) in &table.attributes {
        let done = match path.strip_suffix('/') {
            None => file.add_attribute(name, attribute(value)).map(|_| ()),
            Some(group) => match file.group_mut(group).map_err(failed(group))? {
                Some(mut group) => group.add_attribute(name, attribute(value)).map(|_| ()),
                None => Ok(()),
            },
        };
        done.map_err(failed(name))?;
    }
    for list in &table.texts {
        let name = format!("{path}{}", list.name);
        let mut var = file.add_string_variable(&name, &[&list.dimension]).map_err(failed(&list.name))?;
        for (name, value) in &list.attributes {
            var.put_attribute(name, attribute(value)).map_err(failed(&list.name))?;
        }
        for (k, text) in list.texts.iter().enumerate() {
            var.put_string(text, [k]).map_err(failed(&list.name))?;
        }
    }
    for column in &table.columns {
        let made = match (column.ty, column.narrow) {
            (ColumnType::F32, _) => define_as::<f32>(file, path, column, &table.dimension, rows, Some(f32::NAN)),
            (ColumnType::F64, _) => define_as::<f64>(file, path, column, &table.dimension, rows, Some(f64::NAN)),
            (ColumnType::I64, true) => {
                define_as::<i32>(file, path, column, &table.dimension, rows, Some(MISSING_NARROW))
            }
            (ColumnType::I64, false) => define_as::<i64>(file, path, column, &table.dimension, rows, Some(MISSING)),
        };
        made.map_err(failed(&column.name))?;
    }
    Ok(())
}

fn define_as<T: NcTypeDescriptor + Into<AttributeValue>>(
    file: &mut FileMut,
    path: &str,
    column: &SpoolColumn,
    dimension: &str,
    rows: usize,
    fill: Option<T>,
) -> netcdf::Result<()> {
    let mut dims = vec![dimension];
    dims.extend(column.inner.iter().map(|i| i.0.as_str()));
    let mut var = file.add_variable::<T>(&format!("{path}{}", column.name), &dims)?;
    if rows > 0 {
        let mut chunks = vec![rows.min(CHUNK_ROWS)];
        chunks.extend(column.inner.iter().map(|i| i.1));
        var.set_chunking(&chunks)?;
        var.set_compression(4, true)?;
    }
    let complete = column.attributes.iter().any(|(n, _)| n == COMPLETE);
    if let Some(fill) = fill.filter(|_| !complete) {
        var.put_attribute("_FillValue", fill)?;
    }
    for (name, value) in column.attributes.iter().filter(|(n, _)| n != COMPLETE) {
        var.put_attribute(name, attribute(value))?;
    }
    Ok(())
}

fn put(
    file: &mut FileMut,
    path: &str,
    column: &SpoolColumn,
    first: usize,
    rows: usize,
    bytes: &[u8],
) -> netcdf::Result<()> {
    if rows == 0 {
        return Ok(());
    }
    let missing = || netcdf::Error::from(format!("variable {} is not defined", column.name).as_str());
    let mut var = file.variable_mut(&format!("{path}{}", column.name)).ok_or_else(missing)?;
    let mut extents: Vec<netcdf::Extent> = vec![netcdf::Extent::SliceCount { start: first, count: rows, stride: 1 }];
    extents.extend(column.inner.iter().map(|i| netcdf::Extent::SliceCount { start: 0, count: i.1, stride: 1 }));
    let long = || bytes.as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b));
    match (column.ty, column.narrow) {
        (ColumnType::F32, _) => {
            let v: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
            var.put_values(&v, extents)
        }
        (ColumnType::F64, _) => {
            let v: Vec<f64> = bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect();
            var.put_values(&v, extents)
        }
        (ColumnType::I64, true) => {
            let v: Vec<i32> = long().map(|x| i32::try_from(x).unwrap_or(MISSING_NARROW)).collect();
            var.put_values(&v, extents)
        }
        (ColumnType::I64, false) => var.put_values(&long().collect::<Vec<i64>>(), extents),
    }
}
