//! Tables of tasks put together: checked, put in order, named, numbered, written.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, TimestampMicrosecondType, UInt32Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, DictionaryArray, Int32Array, RecordBatch, StringArray, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema};
use arrow_select::filter::filter_record_batch;
use seaglass_coloc as coloc;
use seaglass_coloc::{Control, Coord, Policy, Reference, Spec, Times};
use seaglass_core::spool::SpoolAttribute;

use crate::error::{JobError, Result};
use crate::granules::Side;
use crate::occurring::Occurring;
use crate::plan::Plan;
use crate::progress::{Event, Watcher};
use crate::provenance::Provenance;
use crate::reading::Readers;
use crate::sort::{Merger, leading};
use crate::spec::{Form, JobSpec, Names, OutputFormat, PolicyKind};
use crate::state::{Manifest, State};
use crate::table::{Layout, SideColumns};
use crate::write::{Compact, Csv, Finished, Netcdf, Parquet, Renamed, Sink, read_table, sidecar};

/// What a look at the tables of all tasks found.
#[derive(Default)]
pub struct Found {
    /// Rows.
    pub rows: u64,
    /// Pairs behind them.
    pub pairs: u64,
    /// Hash of these.
    pub sum64: u64,
    /// Keys of the granules that occur, by side of the layout.
    pub used: Vec<BTreeSet<u64>>,
    /// Rows that occur, each once, by side of the layout; `None` where a side is made into values.
    pub matched: Vec<Option<u64>>,
    /// West, south, east, north of the leading rows, degrees.
    bounds: Option<[f64; 4]>,
    /// One-to-one: row numbers of the pairs that stay.
    kept: Option<HashSet<(u64, u64)>>,
}

/// Everything needed to put results together.
pub struct Merge<'a> {
    /// The job.
    pub spec: &'a JobSpec,
    /// Its sides.
    pub sides: &'a [Side],
    /// Its plan.
    pub plan: &'a Plan,
    /// Layout of the tables.
    pub layout: &'a Layout,
    /// Where the tables are.
    pub state: &'a State,
    /// Manifests of all tasks, in their order.
    pub manifests: &'a [Manifest],
    /// Readers, which also write netCDF.
    pub readers: &'a Readers,
}

fn broken(e: impl std::fmt::Display) -> JobError {
    JobError::Internal(format!(
        "A table of a finished task makes no sense ({e}); remove the .job folder and run again."
    ))
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    batch.column_by_name(name).ok_or_else(|| broken(format!("{name} is missing")))
}

/// A row of a pair: number, latitude, longitude, time.
type Spot = (u64, f64, f64, i64);

impl Merge<'_> {
    /// Row numbers in the whole side of the `n`-th side of the layout; `None` without a match.
    fn numbers(&self, batch: &RecordBatch, n: usize) -> Result<Vec<Option<u64>>> {
        let side = &self.layout.sides[n];
        let keys = column(batch, &format!("{}_key", side.prefix))?.as_primitive::<UInt64Type>();
        let rows = column(batch, &format!("{}_row", side.prefix))?.as_primitive::<UInt32Type>();
        let mut last: Option<(u64, u64)> = None;
        (0..batch.num_rows())
            .map(|k| {
                if keys.is_null(k) {
                    return Ok(None);
                }
                let key = keys.value(k);
                let first = match last {
                    Some((known, first)) if known == key => first,
                    _ => {
                        let granule = self.sides[side.side].by_key(key);
                        granule.ok_or_else(|| broken("it names a granule that is not there"))?.first_row
                    }
                };
                last = Some((key, first));
                Ok(Some(first + u64::from(rows.value(k))))
            })
            .collect()
    }

    /// Reads what identifies rows in all tables, and checks it against the manifests.
    ///
    /// # Errors
    /// A table is damaged.
    pub fn look(&self) -> Result<Found> {
        let mut found = Found { used: vec![BTreeSet::new(); self.layout.sides.len()], ..Found::default() };
        let by_rows = self.layout.sides.len() == 2 && !self.layout.kind.is_aggregate();
        let mut wanted = Vec::new();
        for side in self.layout.sides.iter().filter(|s| s.single) {
            wanted.extend(["key", "row", "time", "lat", "lon"].map(|c| format!("{}_{c}", side.prefix)));
        }
        let mut candidates: Vec<(Spot, Spot)> = Vec::new();
        let mut occurring: Vec<Option<Occurring>> =
            self.layout.sides.iter().map(|s| s.single.then(Occurring::default)).collect();
        let last_tasks = self.last_tasks();
        for (task, m) in self.manifests.iter().enumerate() {
            let mut rows = 0;
            for batch in read_table(&self.state.table(&m.signature), Some(&wanted))? {
                let batch = batch.map_err(broken)?;
                rows += batch.num_rows() as u64;
                self.note_use(&batch, &mut found)?;
                self.note_rows(&batch, &mut occurring)?;
                if by_rows {
                    let (p, s) = (self.numbers(&batch, 0)?, self.numbers(&batch, 1)?);
                    let pairs = p.iter().zip(&s).filter_map(|(p, s)| Some(((*p)?, (*s)?)));
                    found.sum64 = found.sum64.wrapping_add(coloc::pairs_sum64(pairs));
                    if self.layout.kind == PolicyKind::Mutual {
                        self.note_candidates(&batch, &p, &s, &mut candidates)?;
                    }
                }
            }
            if rows != m.rows {
                return Err(broken(format!("{rows} rows are there, {} were written", m.rows)));
            }
            // A granule that no later task reads is counted and forgotten.
            for (n, side) in occurring.iter_mut().enumerate() {
                side.iter_mut().for_each(|s| s.settle(|key| last_tasks[n].get(&key).is_some_and(|last| *last > task)));
            }
            found.rows += rows;
            found.pairs += m.pairs;
            if !by_rows {
                let sum = u64::from_str_radix(&m.sum64, 16).map_err(broken)?;
                found.sum64 = found.sum64.wrapping_add(sum);
            }
        }
        found.matched = occurring.into_iter().map(|s| s.map(Occurring::total)).collect();
        if self.layout.kind == PolicyKind::Mutual {
            let kept = self.one_to_one(candidates)?;
            found.matched.fill(Some(kept.len() as u64));
            (found.rows, found.pairs) = (kept.len() as u64, kept.len() as u64);
            found.sum64 = coloc::pairs_sum64(kept.iter().copied().collect::<BTreeSet<_>>());
            found.kept = Some(kept);
        }
        Ok(found)
    }

    /// The last task that reads each granule, by side of the layout and key.
    fn last_tasks(&self) -> Vec<BTreeMap<u64, usize>> {
        let of_side = |columns: &SideColumns| {
            let at = self.plan.order.iter().position(|k| *k == columns.side);
            let granules = &self.sides[columns.side].granules;
            let reads = self.plan.tasks.iter().enumerate().flat_map(|(k, t)| {
                at.into_iter().flat_map(move |n| t.granules[n].iter().map(move |g| (granules[*g].key(), k)))
            });
            // Tasks come in their order: the last stays.
            reads.collect()
        };
        self.layout.sides.iter().map(of_side).collect()
    }

    fn note_rows(&self, batch: &RecordBatch, occurring: &mut [Option<Occurring>]) -> Result<()> {
        for (side, occurring) in self.layout.sides.iter().zip(occurring) {
            let Some(occurring) = occurring else { continue };
            let keys = column(batch, &format!("{}_key", side.prefix))?.as_primitive::<UInt64Type>();
            let rows = column(batch, &format!("{}_row", side.prefix))?.as_primitive::<UInt32Type>();
            occurring.note(keys.iter().zip(rows).filter_map(|(k, r)| k.zip(r)));
        }
        Ok(())
    }

    fn note_use(&self, batch: &RecordBatch, found: &mut Found) -> Result<()> {
        for (n, side) in self.layout.sides.iter().enumerate().filter(|(_, s)| s.single) {
            let keys = column(batch, &format!("{}_key", side.prefix))?.as_primitive::<UInt64Type>();
            let mut last = None;
            for key in keys.iter().flatten().filter(|k| last.replace(*k) != Some(*k)) {
                found.used[n].insert(key);
            }
        }
        let lead = &self.layout.sides[leading(self.layout)].prefix;
        let lat = column(batch, &format!("{lead}_lat"))?.as_primitive::<Float64Type>();
        let lon = column(batch, &format!("{lead}_lon"))?.as_primitive::<Float64Type>();
        for (x, y) in lon.iter().flatten().zip(lat.iter().flatten()) {
            let x = seaglass_core::geo::wrap_180(x);
            let b = found.bounds.get_or_insert([x, y, x, y]);
            *b = [b[0].min(x), b[1].min(y), b[2].max(x), b[3].max(y)];
        }
        Ok(())
    }

    fn note_candidates(
        &self,
        batch: &RecordBatch,
        p: &[Option<u64>],
        s: &[Option<u64>],
        out: &mut Vec<(Spot, Spot)>,
    ) -> Result<()> {
        let get = |prefix: &str| -> Result<_> {
            Ok((
                column(batch, &format!("{prefix}_lat"))?.as_primitive::<Float64Type>(),
                column(batch, &format!("{prefix}_lon"))?.as_primitive::<Float64Type>(),
                column(batch, &format!("{prefix}_time"))?.as_primitive::<TimestampMicrosecondType>(),
            ))
        };
        let (a, b) = (get("p")?, get("s")?);
        for (k, (i, j)) in p.iter().zip(s).enumerate() {
            if let (Some(i), Some(j)) = (i, j) {
                let spot = |n: u64, c: &(_, _, _)| -> Spot { spot(n, c, k) };
                out.push((spot(*i, &a), spot(*j, &b)));
            }
        }
        Ok(())
    }

    /// One decision about all pairs, by the engine, from the rows that occur in any.
    fn one_to_one(&self, candidates: Vec<(Spot, Spot)>) -> Result<HashSet<(u64, u64)>> {
        let side = |spots: BTreeMap<u64, (f64, f64, i64)>| -> coloc::Result<(Vec<u64>, coloc::Side<'static>)> {
            let numbers: Vec<u64> = spots.keys().copied().collect();
            let of = |f: fn(&(f64, f64, i64)) -> f64| Coord::f64(spots.values().map(f).collect::<Vec<f64>>());
            let time = Times::per_row(spots.values().map(|s| s.2).collect::<Vec<i64>>());
            let granule = coloc::Granule::points(of(|s| s.0), of(|s| s.1), time)?;
            Ok((numbers, coloc::Side::new(vec![granule])?))
        };
        let impossible = |e: coloc::Error| match e {
            coloc::Error::Cancelled => JobError::Canceled,
            other => JobError::Spec(format!("The job cannot be done: {other}.")),
        };
        let spots = |of: fn(&(Spot, Spot)) -> Spot| candidates.iter().map(of).map(|s| (s.0, (s.1, s.2, s.3))).collect();
        let (p_numbers, p) = side(spots(|c| c.0)).map_err(impossible)?;
        let (s_numbers, s) = side(spots(|c| c.1)).map_err(impossible)?;
        let spec = Spec {
            radius_m: self.spec.radius_m()?,
            window_us: self.spec.window_us()?,
            metric: self.spec.metric.metric(),
            policy: Policy::Mutual { by: self.spec.policy.by },
            reference: Reference::Primary,
            // Repetitions are out already, or wanted.
            duplicates: coloc::Duplicates::Keep,
            count_candidates: false,
        };
        let control = Control { cancel: Some(&self.readers.cancel), progress: None };
        let found = coloc::join(&p, &s, &spec, &control).map_err(impossible)?;
        Ok(found.pairs.iter().map(|q| (p_numbers[q.i as usize], s_numbers[q.j as usize])).collect())
    }

    /// Writes all outputs; gives their paths.
    ///
    /// # Errors
    /// The system refuses; then nothing new is there under any of their names.
    pub fn write(&self, found: &Found, provenance: &Provenance, watcher: &dyn Watcher) -> Result<Vec<PathBuf>> {
        let names: Vec<BTreeMap<u64, String>> =
            (0..self.layout.sides.len()).map(|n| self.names(n, &found.used[n])).collect();
        let schema = self.schema();
        let mut sinks: Vec<Box<dyn Sink + '_>> = Vec::new();
        let mut written = Vec::new();
        for (format, path) in self.spec.formats()? {
            watcher.event(Event::Writing { path: &path });
            sinks.push(self.sink(format, &path, &schema, &names, found, provenance)?);
            written.push(path);
        }
        let mut next_id = 0u64;
        let mut emit = |batch: RecordBatch| -> Result<()> {
            let batch = self.finished(&batch, &schema, &names, next_id)?;
            next_id += batch.num_rows() as u64;
            sinks.iter_mut().try_for_each(|s| s.write(&batch))
        };
        self.ordered(found, &mut emit)?;
        let mut files = sinks.into_iter().map(Sink::finish).collect::<Result<Vec<_>>>()?;
        for path in &written {
            files.push(sidecar(path, provenance)?);
        }
        Finished::place(files)?;
        Ok(written)
    }

    fn sink<'s>(
        &'s self,
        format: OutputFormat,
        path: &std::path::Path,
        schema: &Arc<Schema>,
        names: &[BTreeMap<u64, String>],
        found: &Found,
        provenance: &Provenance,
    ) -> Result<Box<dyn Sink + 's>> {
        let fields = schema.fields().iter();
        let shown = fields.map(|f| f.as_ref().clone().with_name(self.layout.shown(f.name()))).collect::<Vec<_>>();
        let shown = Arc::new(Schema::new(shown));
        let renamed = |sink: Box<dyn Sink + 's>| match self.layout.names {
            Names::Sides => sink,
            Names::Mdb => Box::new(Renamed::new(sink, Arc::clone(&shown))),
        };
        let list = |n: usize| {
            let mut list: Vec<String> = names[n].values().cloned().collect();
            list.sort();
            list.dedup();
            list
        };
        Ok(match format {
            OutputFormat::Parquet => {
                let mut metadata = provenance.attributes();
                metadata.push(("geo".to_owned(), geo(found.bounds)));
                renamed(Box::new(Parquet::create(path, &shown, metadata)?))
            }
            OutputFormat::Csv => renamed(Box::new(Csv::create(path, &shown)?)),
            OutputFormat::Netcdf if self.spec.output.form == Form::Compact => {
                let own = [0, 1].map(|n| found.matched.get(n).copied().flatten().unwrap_or(0));
                let attributes = self.attributes(found, provenance);
                let (lists, window) = (vec![list(0), list(1)], self.spec.window_us()?);
                let made = Compact::create(
                    path,
                    schema,
                    self.layout,
                    found.rows,
                    own,
                    lists,
                    attributes,
                    window,
                    self.readers,
                );
                Box::new(made?)
            }
            OutputFormat::Netcdf => {
                let sides = self.layout.sides.iter().enumerate().filter(|(_, s)| s.single);
                let lists = sides.map(|(n, s)| (format!("{}_granule", s.prefix), list(n))).collect();
                let attributes = self.attributes(found, provenance);
                Box::new(Netcdf::create(path, schema, self.layout, found.rows, lists, attributes, self.readers)?)
            }
        })
    }

    /// All rows in the order of results.
    fn ordered(&self, found: &Found, emit: &mut dyn FnMut(RecordBatch) -> Result<()>) -> Result<()> {
        let owner = self.plan.order.first().copied().unwrap_or(0);
        let in_order = self.layout.sides[leading(self.layout)].side == owner;
        let window = self.spec.window_us()?;
        let mut merger = Merger::new(self.layout);
        for (k, m) in self.manifests.iter().enumerate() {
            if self.readers.cancel.is_cancelled() {
                return Err(JobError::Canceled);
            }
            for batch in read_table(&self.state.table(&m.signature), None)? {
                let mut batch = batch.map_err(broken)?;
                if let Some(kept) = &found.kept {
                    let (p, s) = (self.numbers(&batch, 0)?, self.numbers(&batch, 1)?);
                    let keep = p.iter().zip(&s).map(|(p, s)| Some(kept.contains(&((*p)?, (*s)?))));
                    batch = filter_record_batch(&batch, &keep.collect::<BooleanArray>()).map_err(broken)?;
                }
                if in_order {
                    emit(batch)?;
                } else {
                    merger.push(batch);
                }
            }
            // Rows of later tasks lie at most a window before their slab.
            let next = self.plan.tasks.get(k + 1).map_or(i64::MAX, |t| t.slab_us[0].saturating_sub(window));
            if let Some(batch) = merger.before(next)? {
                emit(batch)?;
            }
        }
        merger.before(i64::MAX)?.map_or(Ok(()), emit)
    }

    /// Names of granules by key: of the file, or its whole path where two have one name.
    fn names(&self, n: usize, used: &BTreeSet<u64>) -> BTreeMap<u64, String> {
        let side = &self.sides[self.layout.sides[n].side];
        let granules: Vec<_> = used.iter().filter_map(|key| side.by_key(*key)).collect();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        granules.iter().for_each(|g| *seen.entry(side.granule_name(g)).or_default() += 1);
        granules
            .iter()
            .map(|g| {
                let name = side.granule_name(g);
                let twice = seen.get(&name).is_some_and(|n| *n > 1);
                let folder = side.files[g.file].path.parent().map(|p| p.display().to_string()).unwrap_or_default();
                (g.key(), if twice { format!("{folder}/{name}") } else { name })
            })
            .collect()
    }

    /// Schema of the results.
    fn schema(&self) -> Arc<Schema> {
        let mut fields = vec![Field::new("pair_id", DataType::UInt64, false)];
        for f in self.layout.schema().fields() {
            match f.name().strip_suffix("_key") {
                Some(prefix) => {
                    let ty = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
                    fields.push(Field::new(format!("{prefix}_granule"), ty, true));
                }
                None => fields.push(f.as_ref().clone()),
            }
        }
        fields.push(Field::new("geometry", DataType::Binary, false));
        Arc::new(Schema::new(fields))
    }

    fn finished(
        &self,
        batch: &RecordBatch,
        schema: &Arc<Schema>,
        names: &[BTreeMap<u64, String>],
        first_id: u64,
    ) -> Result<RecordBatch> {
        let rows = batch.num_rows() as u64;
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(UInt64Array::from_iter_values(first_id..first_id + rows))];
        for (f, array) in batch.schema().fields().iter().zip(batch.columns()) {
            match f.name().strip_suffix("_key") {
                Some(prefix) => {
                    let n = self.layout.sides.iter().position(|s| s.prefix == prefix).unwrap_or(0);
                    arrays.push(Arc::new(granule_names(array, &names[n])?));
                }
                None => arrays.push(Arc::clone(array)),
            }
        }
        let lead = &self.layout.sides[leading(self.layout)].prefix;
        let lat = column(batch, &format!("{lead}_lat"))?.as_primitive::<Float64Type>();
        let lon = column(batch, &format!("{lead}_lon"))?.as_primitive::<Float64Type>();
        let points = lon.values().iter().zip(lat.values()).map(|(x, y)| point(seaglass_core::geo::wrap_180(*x), *y));
        arrays.push(Arc::new(BinaryArray::from_iter_values(points)));
        RecordBatch::try_new(Arc::clone(schema), arrays).map_err(broken)
    }

    /// Global attributes of the netCDF file.
    fn attributes(&self, found: &Found, provenance: &Provenance) -> Vec<(String, SpoolAttribute)> {
        let text = |k: &str, v: String| (k.to_owned(), SpoolAttribute::Text(v));
        let title = self.spec.title.clone().unwrap_or_else(|| {
            let names: Vec<&str> = self.layout.sides.iter().map(|s| self.sides[s.side].spec.name.as_str()).collect();
            format!("Match-ups of {}", names.join(" and "))
        });
        let mut out = vec![
            text("Conventions", "CF-1.11".to_owned()),
            text("featureType", "point".to_owned()),
            text("title", title),
            text("history", format!("{} {}: seaglass colocate", provenance.created, provenance.program)),
            text("source", "files listed in seaglass_provenance".to_owned()),
        ];
        out.extend(provenance.attributes().into_iter().map(|(k, v)| (k, SpoolAttribute::Text(v))));
        if let Some([w, s, e, n]) = found.bounds {
            for (name, x) in [
                ("geospatial_lon_min", w),
                ("geospatial_lat_min", s),
                ("geospatial_lon_max", e),
                ("geospatial_lat_max", n),
            ] {
                out.push((name.to_owned(), SpoolAttribute::Float(x)));
            }
        }
        out
    }
}

type Columns<'a> =
    (&'a arrow_array::Float64Array, &'a arrow_array::Float64Array, &'a arrow_array::TimestampMicrosecondArray);

fn spot(number: u64, (lat, lon, time): &Columns<'_>, k: usize) -> Spot {
    (number, lat.value(k), lon.value(k), time.value(k))
}

fn granule_names(keys: &ArrayRef, names: &BTreeMap<u64, String>) -> Result<DictionaryArray<Int32Type>> {
    let keys = keys.as_primitive::<UInt64Type>();
    let own: BTreeSet<u64> = keys.iter().flatten().collect();
    let own: Vec<u64> = own.into_iter().collect();
    let values: StringArray = own.iter().map(|k| names.get(k).map(String::as_str)).collect();
    let index: Int32Array = keys.iter().map(|k| own.binary_search(&k?).ok().map(|n| n as i32)).collect();
    DictionaryArray::try_new(index, Arc::new(values)).map_err(broken)
}

/// A point as well-known binary (OGC 06-103r4, 8.2).
fn point(lon: f64, lat: f64) -> [u8; 21] {
    let mut out = [0u8; 21];
    (out[0], out[1]) = (1, 1);
    out[5..13].copy_from_slice(&lon.to_le_bytes());
    out[13..].copy_from_slice(&lat.to_le_bytes());
    out
}

/// The `geo` entry of GeoParquet 1.1.0; coordinates are longitude and latitude on WGS84 (OGC:CRS84, the default).
fn geo(bounds: Option<[f64; 4]>) -> String {
    let mut column = serde_json::json!({ "encoding": "WKB", "geometry_types": ["Point"] });
    if let Some(b) = bounds {
        column["bbox"] = serde_json::json!(b);
    }
    serde_json::json!({ "version": "1.1.0", "primary_column": "geometry", "columns": { "geometry": column } })
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_as_wkb() {
        // shapely: Point(-56.5, 38.25).wkb_hex
        let hex = crate::granules::hex(&point(-56.5, 38.25)).to_uppercase();
        assert_eq!(hex, "01010000000000000000404CC00000000000204340");
    }
}
