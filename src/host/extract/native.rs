//! The files' own cells under a shape: exact places, times and all fields, nothing resampled.

use std::collections::HashSet;
use std::sync::Arc;

use glam::DVec3;
use seaglass_core::columns::{Column, MISSING, RASTER_TILE, Rows, SERIES_TILE};
use seaglass_core::field::{FieldInfo, Window};
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::Geolocation;
use seaglass_core::shapes::{Cap, Geometry, Inside, ShapeKind};
use seaglass_jobs::reading::Readers;
use seaglass_jobs::{JobError, Result};

use super::line::Path;
use super::reading;
use super::target::Target;

/// Bytes of a table at most.
const MOST_BYTES: usize = 2 << 30;
/// Numbers asked for at once.
const MOST_ASKED: usize = 16 << 20;
/// Mean radius of the Earth (IUGG), metres.
const RADIUS_M: f64 = 6_371_008.8;
/// Cells reach beyond their centres, and tie points err a little: tiles are taken to be so much larger.
const TILE_MARGIN: f64 = 1.3;

/// A column of a table.
#[derive(Clone, Debug)]
pub struct TableColumn {
    /// Name in the table.
    pub name: String,
    /// Collection whose field it is.
    pub collection: String,
    /// The field.
    pub info: FieldInfo,
    /// Values: whole numbers as they are, all else in 64 bits.
    pub values: Column,
}

/// Cells as rows.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Names of granules.
    pub granules: Vec<String>,
    /// Which granule each row belongs to.
    pub granule: Vec<u32>,
    /// Row of the cell; number of the sample.
    pub row: Vec<u32>,
    /// Column of the cell; 0 for samples.
    pub col: Vec<u32>,
    /// Times, µs since 1970; [`MISSING`] where the file tells none.
    pub time_us: Vec<i64>,
    /// Longitudes as the file has them.
    pub lon: Vec<f64>,
    /// Latitudes as the file has them.
    pub lat: Vec<f64>,
    /// Of lines: metres to the line, and along it to the nearest place on it.
    pub line: Option<(Vec<f64>, Vec<f64>)>,
    /// Fields.
    pub columns: Vec<TableColumn>,
}

impl Table {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.granule.len()
    }

    fn bytes(&self) -> usize {
        self.len() * (44 + 8 * self.columns.len())
    }

    /// The column of a field; a new one has nothing in the rows so far. Fields of the same name of two collections are
    /// two columns.
    fn column(&mut self, collection: &str, info: &FieldInfo, like: &Column) -> usize {
        let whole = matches!(like, Column::I64(_));
        let same = |c: &TableColumn| {
            c.collection == collection && c.info.name == info.name && matches!(c.values, Column::I64(_)) == whole
        };
        if let Some(k) = self.columns.iter().position(same) {
            return k;
        }
        let taken = |name: &str| self.columns.iter().any(|c| c.name == name) || RESERVED.contains(&name);
        let plain = plain_name(&info.name);
        let mut name = plain.clone();
        if taken(&name) {
            name = format!("{plain}_{}", plain_name(collection));
        }
        let mut k = 2;
        while taken(&name) {
            name = format!("{plain}_{k}");
            k += 1;
        }
        let rows = self.len();
        let values = if whole { Column::I64(vec![MISSING; rows]) } else { Column::F64(vec![f64::NAN; rows]) };
        self.columns.push(TableColumn { name, collection: collection.to_owned(), info: info.clone(), values });
        self.columns.len() - 1
    }
}

/// Names of the columns every table has.
const RESERVED: [&str; 9] = ["granule", "granule_name", "row", "col", "time", "lon", "lat", "distance_m", "along_m"];

/// A field's name as a variable of netCDF and a column of CSV.
fn plain_name(name: &str) -> String {
    let last = name.trim_matches('/').replace('/', "_");
    last.chars().map(|c| if c.is_alphanumeric() || "_-.".contains(c) { c } else { '_' }).collect()
}

/// A shape prepared for many questions.
pub struct Shape<'a> {
    cap: Cap,
    inside: Inside,
    path: Option<&'a Path>,
    /// Cells and samples so near to a line belong to it, metres.
    reach_m: Option<f64>,
    samples_reach_m: f64,
}

/// What a cell has to do with the shape.
#[derive(Clone, Copy, Debug, Default)]
struct Met {
    away_m: f64,
    along_m: f64,
}

impl<'a> Shape<'a> {
    /// Prepares; `path` is its line when it is one.
    pub fn new(geometry: &Geometry, path: Option<&'a Path>, reach_m: Option<f64>, samples_reach_m: f64) -> Self {
        debug_assert_eq!(geometry.kind == ShapeKind::Polyline, path.is_some());
        Self { cap: geometry.cap(), inside: Inside::new(geometry), path, reach_m, samples_reach_m }
    }

    fn reach(&self, series: bool) -> f64 {
        self.reach_m.unwrap_or(if series { self.samples_reach_m } else { 0.0 })
    }

    /// Whether anything within an angle of a direction can belong to it.
    fn may_meet(&self, middle: DVec3, angle_rad: f64, reach_m: f64) -> bool {
        let away = angle(middle, self.cap.middle);
        if away > self.cap.angle_rad + angle_rad + reach_m / RADIUS_M {
            return false;
        }
        let Some(path) = self.path else { return true };
        let place = LonLat::new(middle.y.atan2(middle.x).to_degrees(), middle.z.clamp(-1.0, 1.0).asin().to_degrees());
        path.nearest_m(place).0 <= angle_rad * RADIUS_M + reach_m
    }

    fn meets(&self, number: u32, place: LonLat, crossed: &HashSet<u64>, reach_m: f64) -> Option<Met> {
        let Some(path) = self.path else { return self.inside.contains(place).then(Met::default) };
        let (away_m, along_m) = path.nearest_m(place);
        (away_m <= reach_m || crossed.contains(&u64::from(number))).then_some(Met { away_m, along_m })
    }
}

fn angle(a: DVec3, b: DVec3) -> f64 {
    a.cross(b).length().atan2(a.dot(b))
}

/// Adds the cells of a granule.
///
/// # Errors
/// It cannot be read, the table becomes too large, or the user has stopped it.
pub fn add(
    table: &mut Table,
    shape: &Shape<'_>,
    readers: &Readers,
    target: &Target,
    positions: &Arc<Geolocation>,
) -> Result<()> {
    let series = matches!(&**positions, Geolocation::Track(_) | Geolocation::Points(_));
    let reach_m = shape.reach(series);
    let crossed = match shape.path {
        Some(path) if !series => path.crossed(positions),
        _ => HashSet::new(),
    };
    if shape.path.is_some() && table.line.is_none() {
        table.line = Some((vec![f64::NAN; table.len()], vec![f64::NAN; table.len()]));
    }
    let name = &target.uri;
    let granule = match table.granules.iter().position(|g| g == name) {
        Some(k) => k,
        None => {
            table.granules.push(name.clone());
            table.granules.len() - 1
        }
    };
    let mut batch = Batch { table, shape, target, positions, crossed: &crossed, reach_m, granule: granule as u32 };
    if target.pushed.is_some() {
        return batch.take_pushed(readers);
    }
    let tiles = tiles(shape, positions, &crossed, reach_m, target);
    let names: Vec<String> = target.fields.iter().map(|f| f.name.clone()).collect();
    let per_tile = if target.shape[1] == 1 { SERIES_TILE } else { RASTER_TILE * RASTER_TILE };
    let at_once = (MOST_ASKED / (per_tile * (4 + names.len()))).max(1);
    for some in tiles.chunks(at_once) {
        let rows = match reading::rows(readers, target, &names, some) {
            Ok(rows) => (rows, target.fields.clone()),
            Err(JobError::Input { message, .. }) if names.len() > target.drawn.len() => {
                // One field that is no table must not keep the others back.
                log::warn!("{}: {message}; only what is drawn is extracted", target.path.display());
                let drawn: Vec<String> = target.drawn.iter().map(|f| f.name.clone()).collect();
                (reading::rows(readers, target, &drawn, some)?, target.drawn.clone())
            }
            Err(e) => return Err(e),
        };
        batch.take(&rows.0, &rows.1)?;
    }
    Ok(())
}

struct Batch<'a> {
    table: &'a mut Table,
    shape: &'a Shape<'a>,
    target: &'a Target,
    positions: &'a Geolocation,
    crossed: &'a HashSet<u64>,
    reach_m: f64,
    granule: u32,
}

impl Batch<'_> {
    fn place(&mut self, number: u32, time_us: i64, place: LonLat, met: Met) {
        let cols = self.target.shape[1].max(1) as u32;
        self.table.granule.push(self.granule);
        self.table.row.push(number / cols);
        self.table.col.push(number % cols);
        self.table.time_us.push(time_us);
        self.table.lon.push(place.lon_deg);
        self.table.lat.push(place.lat_deg);
        if let Some((away, along)) = &mut self.table.line {
            away.push(met.away_m);
            along.push(met.along_m);
        }
    }

    fn drawn(&self, number: u32) -> bool {
        self.positions.is_within((number as usize) / self.target.shape[1].max(1), self.target.window)
    }

    fn take(&mut self, rows: &Rows, fields: &[FieldInfo]) -> Result<()> {
        let before = self.table.len();
        let mut kept = Vec::new();
        for k in 0..rows.len() {
            let (number, place) = (rows.index[k], LonLat::new(rows.lon.get(k), rows.lat.get(k)));
            if let Some(met) = self.shape.meets(number, place, self.crossed, self.reach_m)
                && self.drawn(number)
            {
                self.place(number, rows.time_us[k], place, met);
                kept.push(k);
            }
        }
        for (field, values) in fields.iter().zip(&rows.columns) {
            self.fill(field, values, before, &kept);
        }
        self.complete()
    }

    /// Appends the values of these rows to the column of a field.
    fn fill(&mut self, field: &FieldInfo, values: &Column, before: usize, kept: &[usize]) {
        let at = self.table.columns.len();
        let k = self.table.column(&self.target.collection, field, values);
        let column = &mut self.table.columns[k].values;
        if k == at {
            // New: it was made as long as the table is now.
            truncate(column, before);
        }
        pad(column, before);
        kept.iter().for_each(|k| column.push_from(values, *k));
    }

    /// Columns that this granule lacks have nothing in its rows.
    fn complete(&mut self) -> Result<()> {
        let rows = self.table.len();
        self.table.columns.iter_mut().for_each(|c| pad(&mut c.values, rows));
        if self.table.bytes() > MOST_BYTES {
            let text = "The shape holds more than 2 GiB of values; make it smaller, or show fewer layers.";
            return Err(JobError::Spec(text.to_owned()));
        }
        Ok(())
    }

    /// A granule from a notebook: all of its cells are at hand.
    fn take_pushed(&mut self, readers: &Readers) -> Result<()> {
        let [rows, cols] = self.target.shape;
        let before = self.table.len();
        let times: &[i64] = match self.positions {
            Geolocation::Swath(s) => &s.time_us,
            Geolocation::Track(s) | Geolocation::Points(s) => &s.time_us,
            Geolocation::Grid(_) => &[],
        };
        let whole = self.target.span.map_or(MISSING, |s| s.middle().micros());
        let mut kept = Vec::new();
        for number in 0..(rows * cols) as u32 {
            let (row, col) = (number as usize / cols, number as usize % cols);
            let Some(place) = self.positions.lonlat_from_index(row as f64, col as f64) else { continue };
            if let Some(met) = self.shape.meets(number, place, self.crossed, self.reach_m)
                && self.drawn(number)
            {
                let time = times.get(row).copied().unwrap_or(whole);
                self.place(number, time, place, met);
                kept.push(number as usize);
            }
        }
        let window = Window { row: 0, col: 0, rows, cols, stride: 1 };
        for field in &self.target.fields {
            let block = reading::blocks(readers, self.target, field, &[window])?;
            let values = Column::F32(block.into_iter().next().map(|b| b.values).unwrap_or_default());
            self.fill(field, &values, before, &kept);
        }
        self.complete()
    }
}

fn truncate(column: &mut Column, rows: usize) {
    match column {
        Column::F32(v) => v.truncate(rows),
        Column::F64(v) => v.truncate(rows),
        Column::I64(v) => v.truncate(rows),
    }
}

fn pad(column: &mut Column, rows: usize) {
    match column {
        Column::F32(v) => v.resize(rows.max(v.len()), f32::NAN),
        Column::F64(v) => v.resize(rows.max(v.len()), f64::NAN),
        Column::I64(v) => v.resize(rows.max(v.len()), MISSING),
    }
}

/// Tiles that may hold cells of the shape, ascending.
fn tiles(
    shape: &Shape<'_>,
    positions: &Geolocation,
    crossed: &HashSet<u64>,
    reach_m: f64,
    target: &Target,
) -> Vec<u32> {
    let [rows, cols] = target.shape;
    let (high, wide) = if cols == 1 { (SERIES_TILE, 1) } else { (RASTER_TILE, RASTER_TILE) };
    let across = cols.div_ceil(wide);
    let needed: HashSet<u32> =
        crossed.iter().map(|n| ((*n as usize / cols / high) * across + (*n as usize % cols) / wide) as u32).collect();
    let mut out = Vec::new();
    for band in 0..rows.div_ceil(high) {
        for k in 0..across {
            let number = (band * across + k) as u32;
            let (r0, c0) = (band * high, k * wide);
            let (r1, c1) = ((r0 + high).min(rows) - 1, (c0 + wide).min(cols) - 1);
            let series = cols == 1;
            if needed.contains(&number)
                || (series && (r0..=r1).any(|r| sample_meets(shape, positions, r, reach_m)))
                || (!series && tile_may_meet(shape, positions, [r0, r1, c0, c1], reach_m))
            {
                out.push(number);
            }
        }
    }
    out
}

fn sample_meets(shape: &Shape<'_>, positions: &Geolocation, row: usize, reach_m: f64) -> bool {
    // A little more: packed positions of the reader may be rounded otherwise.
    positions.lonlat_from_index(row as f64, 0.0).is_some_and(|p| shape.may_meet(p.up(), 1e-5, reach_m))
}

fn tile_may_meet(shape: &Shape<'_>, positions: &Geolocation, [r0, r1, c0, c1]: [usize; 4], reach_m: f64) -> bool {
    let (r, c) = ((r0 + r1) as f64 / 2.0, (c0 + c1) as f64 / 2.0);
    let at = |row: f64, col: f64| positions.lonlat_from_index(row, col).map(|p| p.up());
    // Without positions at its corners a tile may lie anywhere.
    let Some(middle) = at(r, c) else { return true };
    let mut reach: f64 = 0.0;
    let (rs, cs) = ([r0 as f64, r, r1 as f64], [c0 as f64, c, c1 as f64]);
    for row in rs {
        for col in cs {
            match at(row, col) {
                Some(up) => reach = reach.max(angle(middle, up)),
                None => return true,
            }
        }
    }
    shape.may_meet(middle, reach * TILE_MARGIN + 1e-6, reach_m)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str) -> FieldInfo {
        serde_json::from_value(serde_json::json!({ "name": name, "variable": name })).unwrap()
    }

    #[test]
    fn fields_of_one_name_of_two_collections_are_two_columns() {
        let mut t = Table::default();
        let like = Column::F32(Vec::new());
        let a = t.column("a", &field("sst"), &like);
        assert_eq!(t.column("a", &field("sst"), &like), a);
        let b = t.column("b c", &field("sst"), &like);
        assert_ne!(a, b);
        t.column("a", &field("data_01/ku/time"), &like);
        t.column("a", &field("time"), &like);
        let names: Vec<&str> = t.columns.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["sst", "sst_b_c", "data_01_ku_time", "time_a"]);
    }
}
