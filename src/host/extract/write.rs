//! Tables of extracted cells as netCDF and CSV. A file appears under its name only when it is complete.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use seaglass_core::columns::{Column, ColumnType, MISSING};
use seaglass_core::field::FieldKind;
use seaglass_core::protocol::{Request, write_frame};
use seaglass_core::spool::{COMPLETE, SpoolAttribute, SpoolBatch, SpoolColumn, SpoolHeader, SpoolTexts};
use seaglass_core::time::Time;
use seaglass_data::pool::Lane;
use seaglass_jobs::reading::Readers;
use seaglass_jobs::state::{aside, discard};
use seaglass_jobs::{JobError, Result};

use super::native::Table;

/// Rows written at a time.
const BATCH: usize = 1 << 16;

/// Writes a table, as CSV or as netCDF by the extension.
///
/// # Errors
/// The system refuses.
pub fn write(readers: &Readers, table: &Table, shape: &str, path: &Path) -> Result<()> {
    let failed = |e: &std::io::Error| JobError::output(path, "The extraction", e);
    let is_csv = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv"));
    let new = aside(path);
    if is_csv {
        let written = File::create(&new).and_then(|file| csv(table, BufWriter::with_capacity(1 << 20, file)));
        let placed = written.and_then(|()| std::fs::rename(&new, path));
        return placed.map_err(|e| {
            discard(&new);
            failed(&e)
        });
    }
    let spool = aside(path);
    let spooled = File::create(&spool).and_then(|f| fill(table, shape, BufWriter::with_capacity(1 << 20, f)));
    let written = match spooled {
        Err(e) => Err(failed(&e)),
        Ok(()) => match readers.ask(Lane::Probe, Request::WriteTable { spool: spool.clone(), out: path.to_owned() }) {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(e)) => Err(JobError::Output { message: e.message, path: path.to_owned() }),
            Err(e) => Err(e),
        },
    };
    discard(&spool);
    written
}

fn text(name: &str, value: &str) -> (String, SpoolAttribute) {
    (name.to_owned(), SpoolAttribute::Text(value.to_owned()))
}

fn own(name: &str, ty: ColumnType, attributes: Vec<(String, SpoolAttribute)>) -> SpoolColumn {
    SpoolColumn {
        name: name.to_owned(),
        ty,
        narrow: matches!(name, "granule" | "row" | "col"),
        inner: Vec::new(),
        attributes,
    }
}

fn header(table: &Table, shape: &str) -> SpoolHeader {
    let complete = || text(COMPLETE, "yes");
    let mut columns = vec![
        own(
            "granule",
            ColumnType::I64,
            vec![text("long_name", "granule of the cell, index into granule_name"), complete()],
        ),
        own("row", ColumnType::I64, vec![text("long_name", "row of the cell, number of the sample"), complete()]),
        own("col", ColumnType::I64, vec![text("long_name", "column of the cell"), complete()]),
        own(
            "time",
            ColumnType::I64,
            vec![
                text("standard_name", "time"),
                text("units", "microseconds since 1970-01-01T00:00:00Z"),
                text("calendar", "standard"),
            ],
        ),
        own(
            "lat",
            ColumnType::F64,
            vec![text("standard_name", "latitude"), text("units", "degrees_north"), complete()],
        ),
        own(
            "lon",
            ColumnType::F64,
            vec![text("standard_name", "longitude"), text("units", "degrees_east"), complete()],
        ),
    ];
    if table.line.is_some() {
        let about = |what: &str| vec![text("long_name", what), text("units", "m"), complete()];
        columns.push(own("distance_m", ColumnType::F64, about("distance of the cell's centre from the line")));
        columns.push(own("along_m", ColumnType::F64, about("way along the line to the place nearest to the cell")));
    }
    for c in &table.columns {
        let mut put = vec![text("long_name", &c.info.title())];
        put.extend(c.info.standard_name.as_deref().map(|s| text("standard_name", s)));
        if !c.info.units.is_empty() {
            put.push(text("units", &c.info.units));
        }
        put.push(text("coordinates", "time lat lon"));
        put.push(text("source_variable", &c.info.variable));
        put.push(text("source_collection", &c.collection));
        if let FieldKind::Flags { flags } = &c.info.kind {
            let words: Vec<&str> = flags.iter().map(|f| f.meaning.as_str()).collect();
            let values: Vec<String> = flags.iter().map(|f| f.value.to_string()).collect();
            put.push(text("flag_meanings", &words.join(" ")));
            put.push(text("flag_values_text", &values.join(" ")));
        }
        columns.push(SpoolColumn {
            name: c.name.clone(),
            ty: c.values.column_type(),
            narrow: false,
            inner: Vec::new(),
            attributes: put,
        });
    }
    SpoolHeader {
        groups: Vec::new(),
        dimension: "cell".to_owned(),
        rows: table.len() as u64,
        attributes: vec![
            text("Conventions", "CF-1.11"),
            text("title", &format!("Cells under {shape}")),
            text("source", concat!("Seaglass ", env!("CARGO_PKG_VERSION"))),
            text("comment", "cells and samples as the files have them; nothing is resampled"),
        ],
        columns,
        texts: vec![SpoolTexts {
            name: "granule_name".to_owned(),
            dimension: "granules".to_owned(),
            texts: table.granules.clone(),
            attributes: vec![text("long_name", "file (and part or step) of the granule")],
        }],
    }
}

fn fill(table: &Table, shape: &str, mut out: BufWriter<File>) -> std::io::Result<()> {
    write_frame(&mut out, &header(table, shape), &[])?;
    for first in (0..table.len()).step_by(BATCH) {
        let range = first..(first + BATCH).min(table.len());
        write_frame(&mut out, &SpoolBatch { rows: range.len(), group: None }, &payload(table, range))?;
    }
    out.flush()
}

/// The columns one after the other as little-endian bytes, in the order of [`names`].
pub fn payload(table: &Table, range: std::ops::Range<usize>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(range.len() * 8 * (8 + table.columns.len()));
    for list in [&table.granule, &table.row, &table.col] {
        list[range.clone()].iter().for_each(|v| bytes.extend_from_slice(&i64::from(*v).to_le_bytes()));
    }
    table.time_us[range.clone()].iter().for_each(|v| bytes.extend_from_slice(&v.to_le_bytes()));
    let line = table.line.iter().flat_map(|(away, along)| [away, along]);
    for list in [&table.lat, &table.lon].into_iter().chain(line) {
        list[range.clone()].iter().for_each(|v| bytes.extend_from_slice(&v.to_le_bytes()));
    }
    for c in &table.columns {
        match &c.values {
            Column::F32(v) => v[range.clone()].iter().for_each(|x| bytes.extend_from_slice(&x.to_le_bytes())),
            Column::F64(v) => v[range.clone()].iter().for_each(|x| bytes.extend_from_slice(&x.to_le_bytes())),
            Column::I64(v) => v[range.clone()].iter().for_each(|x| bytes.extend_from_slice(&x.to_le_bytes())),
        }
    }
    bytes
}

/// The columns as [`payload`] has them, for a program that reads them.
pub fn describe(table: &Table, shape: &str) -> SpoolHeader {
    header(table, shape)
}

fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// The shortest text that reads as the same number; nothing for what is missing.
fn number(v: f64) -> String {
    if v.is_finite() { format!("{v}") } else { String::new() }
}

fn csv(table: &Table, mut out: impl Write) -> std::io::Result<()> {
    let mut names: Vec<String> = ["granule", "row", "col", "time", "lat", "lon"].map(String::from).into();
    if table.line.is_some() {
        names.extend(["distance_m", "along_m"].map(String::from));
    }
    names.extend(table.columns.iter().map(|c| cell(&c.name)));
    writeln!(out, "{}", names.join(","))?;
    for k in 0..table.len() {
        let time = table.time_us[k];
        let time = if time == MISSING { String::new() } else { Time::from_micros(time).iso() };
        let granule = cell(&table.granules[table.granule[k] as usize]);
        let (lat, lon) = (number(table.lat[k]), number(table.lon[k]));
        write!(out, "{granule},{},{},{time},{lat},{lon}", table.row[k], table.col[k])?;
        if let Some((away, along)) = &table.line {
            write!(out, ",{},{}", number(away[k]), number(along[k]))?;
        }
        for c in &table.columns {
            match &c.values {
                Column::I64(v) if v[k] == MISSING => write!(out, ",")?,
                Column::I64(v) => write!(out, ",{}", v[k])?,
                other => write!(out, ",{}", number(other.get(k)))?,
            }
        }
        writeln!(out)?;
    }
    out.flush()
}
