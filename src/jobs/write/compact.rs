//! netCDF-4 in the compact form: the rows of each side once, in a group of its own, and the pairs as numbers of rows.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMicrosecondType, UInt32Type};
use arrow_array::{RecordBatch, UInt32Array};
use arrow_schema::{DataType, Schema};
use arrow_select::take::take;
use seaglass_core::columns::ColumnType;
use seaglass_core::spool::{COMPLETE, SpoolAttribute, SpoolBatch, SpoolColumn, SpoolGroup, SpoolHeader, SpoolTexts};

use super::netcdf::{bytes, column, describe, granule_numbers, granules, text};
use super::spool::Spool;
use super::{Finished, Sink};
use crate::error::{JobError, Result};
use crate::reading::Readers;
use crate::table::Layout;

/// Names of the groups.
const GROUPS: [&str; 2] = ["primary", "secondary"];

/// A side of the file under way.
struct Own {
    prefix: String,
    /// Columns, by their names in the results.
    columns: Vec<String>,
    names: Vec<SpoolTexts>,
    /// Number in the group and time of the rows that may come again, by granule and row.
    known: HashMap<(i64, u32), (u64, i64)>,
    next: u64,
}

/// A compact netCDF file under way.
pub struct Compact<'a> {
    spool: Spool<'a>,
    sides: Vec<Own>,
    /// What is said of the pairs.
    pairs: Vec<String>,
    /// Prefix of the side whose times rise.
    lead: String,
    window_us: i64,
}

impl<'a> Compact<'a> {
    /// Begins a file of `rows` pairs of `own` different rows of either side. `names` lists the granules of either side.
    ///
    /// # Errors
    /// The system refuses.
    #[allow(clippy::too_many_arguments, reason = "everything that is in the file")]
    pub fn create(
        path: &Path,
        schema: &Schema,
        layout: &Layout,
        rows: u64,
        own: [u64; 2],
        names: Vec<Vec<String>>,
        attributes: Vec<(String, SpoolAttribute)>,
        window_us: i64,
        readers: &'a Readers,
    ) -> Result<Self> {
        let mut sides = Vec::new();
        let mut groups = Vec::new();
        for ((side, texts), (name, rows)) in layout.sides.iter().zip(names).zip(GROUPS.into_iter().zip(own)) {
            let prefix = format!("{}_", side.prefix);
            let mine = schema.fields().iter().filter(|f| f.name().starts_with(&prefix) && !is_pair(f.name()));
            let list = granules(&format!("{prefix}granule"), texts);
            let columns: Vec<SpoolColumn> =
                mine.map(|f| bare(describe(f.name(), f.data_type(), layout), &prefix)).collect();
            let table = SpoolHeader {
                dimension: "row".to_owned(),
                rows,
                attributes: vec![text("title", &layout.titles[side.side])],
                columns: columns.clone(),
                texts: vec![SpoolTexts {
                    name: "granule_name".to_owned(),
                    dimension: "granules".to_owned(),
                    ..list.clone()
                }],
                groups: Vec::new(),
            };
            groups.push(SpoolGroup { name: name.to_owned(), table });
            sides.push(Own {
                columns: columns.into_iter().map(|c| format!("{prefix}{}", c.name)).collect(),
                names: vec![list],
                prefix: side.prefix.clone(),
                known: HashMap::new(),
                next: 0,
            });
        }
        let said = schema.fields().iter().filter(|f| {
            *f.data_type() != DataType::Binary && (is_pair(f.name()) || !sides.iter().any(|s| s.owns(f.name())))
        });
        let columns: Vec<SpoolColumn> = said.map(|f| describe(f.name(), f.data_type(), layout)).collect();
        let pairs = columns.iter().map(|c| c.name.clone()).collect();
        let header = SpoolHeader {
            dimension: "pair".to_owned(),
            rows,
            attributes: attributes.into_iter().filter(|a| a.0 != "featureType").collect(),
            columns: std::iter::once(matches()).chain(columns).collect(),
            texts: Vec::new(),
            groups,
        };
        let spool = Spool::create(path, &header, readers)?;
        let lead = layout.sides[crate::sort::leading(layout)].prefix.clone();
        Ok(Self { spool, sides, pairs, lead, window_us })
    }
}

/// Columns that begin like those of a side and are said of a pair.
fn is_pair(name: &str) -> bool {
    matches!(name, "p_along" | "s_along")
}

/// The pairs as numbers of rows of the groups.
fn matches() -> SpoolColumn {
    SpoolColumn {
        name: "match".to_owned(),
        ty: ColumnType::I64,
        narrow: false,
        inner: vec![("side".to_owned(), GROUPS.len())],
        attributes: vec![
            text("long_name", "the pair: row of the group primary, row of the group secondary, from 0"),
            text("comment", "what the rows are in their files say granule and row of the groups"),
            text(COMPLETE, "yes"),
        ],
    }
}

/// A column of a group: its name without the side's prefix, its coordinates those of the group.
fn bare(mut column: SpoolColumn, prefix: &str) -> SpoolColumn {
    let short = |name: &str| name.strip_prefix(prefix).unwrap_or(name).to_owned();
    column.name = short(&column.name);
    for (dimension, _) in &mut column.inner {
        *dimension = short(dimension);
    }
    for (_, value) in &mut column.attributes {
        if let SpoolAttribute::Text(text) = value {
            *text = text.split(' ').map(short).collect::<Vec<_>>().join(" ");
        }
    }
    column
}

impl Own {
    fn owns(&self, name: &str) -> bool {
        name.strip_prefix(&self.prefix).is_some_and(|rest| rest.starts_with('_'))
    }

    /// Numbers in the group of the rows of a batch, and which of them are new.
    fn number(&mut self, batch: &RecordBatch) -> Result<(Vec<u64>, UInt32Array)> {
        let of = |what: &str| column(batch, &format!("{}_{what}", self.prefix));
        let granule = granule_numbers(&self.names, &format!("{}_granule", self.prefix), of("granule")?);
        let (row, time) = (of("row")?.as_primitive::<UInt32Type>(), of("time")?);
        let time = time.as_primitive::<TimestampMicrosecondType>();
        let mut new = Vec::new();
        let mut numbers = Vec::with_capacity(granule.len());
        for (k, granule) in granule.into_iter().enumerate() {
            let entry = self.known.entry((granule, row.value(k))).or_insert_with(|| {
                new.push(k as u32);
                self.next += 1;
                (self.next - 1, i64::MIN)
            });
            entry.1 = entry.1.max(time.value(k));
            numbers.push(entry.0);
        }
        Ok((numbers, UInt32Array::from(new)))
    }
}

impl Sink for Compact<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let failed = |e: arrow_schema::ArrowError| JobError::Internal(format!("The rows cannot be chosen: {e}."));
        let mut numbers = Vec::new();
        for (group, side) in self.sides.iter_mut().enumerate() {
            let (own, new) = side.number(batch)?;
            numbers.push(own);
            let mut payload = Vec::new();
            for name in &side.columns {
                let chosen = take(column(batch, name)?, &new, None).map_err(failed)?;
                bytes(&side.names, name, &chosen, &mut payload);
            }
            self.spool.batch(SpoolBatch { rows: new.len(), group: Some(group) }, &payload)?;
        }
        let mut payload = Vec::new();
        for k in 0..batch.num_rows() {
            numbers.iter().for_each(|own| payload.extend_from_slice(&(own[k] as i64).to_le_bytes()));
        }
        for name in &self.pairs {
            bytes(&[], name, column(batch, name)?, &mut payload);
        }
        self.spool.batch(SpoolBatch { rows: batch.num_rows(), group: None }, &payload)?;
        // What lies more than a window before the last row comes no more: as much is kept as lies in a window.
        let lead = Arc::clone(column(batch, &format!("{}_time", self.lead))?);
        let lead = lead.as_primitive::<TimestampMicrosecondType>();
        if let Some(last) = lead.values().last() {
            let from = last.saturating_sub(self.window_us);
            self.sides.iter_mut().for_each(|s| s.known.retain(|_, known| known.1 >= from));
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Finished> {
        self.spool.finish()
    }
}
