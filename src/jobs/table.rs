//! The table of results: which columns there are, and rows of tasks as Arrow batches.
//!
//! Tasks keep granules as numbers (`p_key`); names, `pair_id` and the point for GeoParquet are added when results are
//! put together ([`crate::merge`]).

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{Float32Builder, Float64Builder, Int64Builder, UInt16Builder, UInt32Builder};
use arrow_array::{ArrayRef, FixedSizeListArray, Float32Array, Float64Array, Int64Array, RecordBatch};
use arrow_array::{TimestampMicrosecondArray, UInt64Array};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use seaglass_core::columns::{Column, ColumnType, MISSING};
use seaglass_core::field::{FieldInfo, FieldKind};

use crate::error::{JobError, Result};
use crate::granules::Side;
use crate::spec::{JobSpec, Names, PolicyKind, identifier};

/// Marks a row of a side that has no match.
pub const NO_ROW: u32 = u32::MAX;

/// Columns of one side in the results.
#[derive(Clone, Debug)]
pub struct SideColumns {
    /// Index into the job's sides.
    pub side: usize,
    /// `p`, `s`, or `s1`, `s2` … with more than two sides.
    pub prefix: String,
    /// Row numbers also as line and pixel.
    pub lines: bool,
    /// Rows of this side stand for themselves; `false` where several are made into one value.
    pub single: bool,
    /// The variables carried, with the type and the number of values of each.
    pub variables: Vec<Variable>,
}

/// A variable carried.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Column of the results.
    pub name: String,
    /// Index into [`Side::columns`].
    pub column: usize,
    /// Type.
    pub ty: ColumnType,
    /// Values a row: 1, or cells of the box.
    pub width: usize,
    /// What it is.
    pub info: FieldInfo,
}

/// Layout of the results.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Primary side first, then the others in the order of the job.
    pub sides: Vec<SideColumns>,
    /// What is made of the rows within the limits.
    pub kind: PolicyKind,
    /// Cells along a side of the box.
    pub box_size: usize,
    /// How columns are called in the results.
    pub names: Names,
    /// Names of the sides, in the order of the job.
    pub titles: Vec<String>,
}

impl Layout {
    /// The layout of a job.
    pub fn new(spec: &JobSpec, sides: &[Side]) -> Self {
        let primary = spec.primary_index();
        let kind = spec.policy.kind;
        let mut order = vec![primary];
        order.extend((0..sides.len()).filter(|k| *k != primary));
        // The side whose rows are made into one value: that which is not the reference.
        let made = usize::from(spec.reference == seaglass_coloc::Reference::Primary);
        let columns = order.iter().enumerate().map(|(n, k)| {
            let side = &sides[*k];
            let prefix = match n {
                0 => "p".to_owned(),
                _ if sides.len() == 2 => "s".to_owned(),
                _ => format!("s{n}"),
            };
            let infos = side.column_infos();
            let single = !(kind.is_aggregate() && n == made);
            let boxed = kind == PolicyKind::Box && n == made;
            let variables = side.spec.fields.iter().enumerate().filter_map(|(c, name)| {
                let info = infos.get(c)?.clone();
                let short = name.rsplit('/').next().unwrap_or(name);
                // What is carried to a crossing lies between values; flags are taken as they are.
                let kept = kind != PolicyKind::Crossovers || matches!(info.kind, FieldKind::Flags { .. });
                let ty = if single && kept { side.column_type(c) } else { ColumnType::F64 };
                let width = if boxed { spec.policy.size * spec.policy.size } else { 1 };
                Some(Variable { name: format!("{prefix}_{short}"), column: c, ty, width, info })
            });
            SideColumns { side: *k, lines: side.has_lines(), single, variables: variables.collect(), prefix }
        });
        let titles = sides.iter().map(|s| s.spec.name.clone()).collect();
        Self { sides: columns.collect(), kind, box_size: spec.policy.size, names: spec.output.names, titles }
    }

    /// What a column, or what is derived of its name, is called in the results.
    pub fn shown(&self, name: &str) -> String {
        if self.names == Names::Sides || matches!(name, "pair_id" | "geometry") {
            return name.to_owned();
        }
        let own = self.sides.iter().find_map(|s| Some((s.side, name.strip_prefix(&s.prefix)?.strip_prefix('_')?)));
        // With two sides what is said of the pair has no prefix; it is said of the other side.
        let other = || self.sides.get(1).map(|s| (s.side, name));
        match own.or_else(other) {
            Some((side, rest)) => format!("{}__{rest}", identifier(&self.titles[side])),
            None => name.to_owned(),
        }
    }

    /// Prefix of what is said about the pair with the `n`-th side.
    pub fn link_prefix(&self, n: usize) -> String {
        if self.sides.len() == 2 { String::new() } else { format!("{}_", self.sides[n].prefix) }
    }

    /// Schema of the batches of tasks.
    pub fn schema(&self) -> Arc<Schema> {
        let time = || DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let mut fields = Vec::new();
        for side in self.sides.iter().filter(|s| s.single) {
            let p = &side.prefix;
            fields.push(Field::new(format!("{p}_key"), DataType::UInt64, true));
            fields.push(Field::new(format!("{p}_row"), DataType::UInt32, true));
            if side.lines {
                fields.push(Field::new(format!("{p}_line"), DataType::UInt32, true));
                fields.push(Field::new(format!("{p}_pixel"), DataType::UInt32, true));
            }
            fields.push(Field::new(format!("{p}_time"), time(), true));
            fields.push(Field::new(format!("{p}_lat"), DataType::Float64, true));
            fields.push(Field::new(format!("{p}_lon"), DataType::Float64, true));
        }
        for n in 1..self.sides.len() {
            let p = self.link_prefix(n);
            let link = |name: &str, ty: DataType| Field::new(format!("{p}{name}"), ty, true);
            if self.kind.is_aggregate() {
                fields.push(link("n", DataType::UInt32));
                fields.push(link("distance_min_m", DataType::Float64));
                fields.push(link("dt_mean_us", DataType::Float64));
                if let Some(name) = made_weight(self.kind) {
                    fields.push(link(name, DataType::Float64));
                }
            } else if self.kind == PolicyKind::Crossovers {
                fields.push(link("dt_us", DataType::Int64));
                fields.push(link("p_along", DataType::Float64));
                fields.push(link("s_along", DataType::Float64));
            } else {
                fields.push(link("distance_m", DataType::Float64));
                fields.push(link("bearing_deg", DataType::Float32));
                fields.push(link("dt_us", DataType::Int64));
                fields.push(link("rank", DataType::UInt16));
                fields.push(link("n_candidates", DataType::UInt32));
            }
        }
        for v in self.sides.iter().flat_map(|s| &s.variables) {
            fields.push(Field::new(&v.name, data_type(v), true).with_metadata(metadata(v, self.kind)));
        }
        Arc::new(Schema::new(fields))
    }
}

/// The last column said about an aggregate.
fn made_weight(kind: PolicyKind) -> Option<&'static str> {
    match kind {
        PolicyKind::Weighted => Some("n_effective"),
        PolicyKind::Interpolate => Some("weight"),
        _ => None,
    }
}

fn data_type(v: &Variable) -> DataType {
    let one = match v.ty {
        ColumnType::F32 => DataType::Float32,
        ColumnType::F64 => DataType::Float64,
        ColumnType::I64 => DataType::Int64,
    };
    if v.width == 1 { one } else { DataType::FixedSizeList(Arc::new(Field::new("item", one, true)), v.width as i32) }
}

/// What a variable is, for readers of Parquet files.
fn metadata(v: &Variable, kind: PolicyKind) -> HashMap<String, String> {
    let mut out = HashMap::from([("variable".to_owned(), v.info.variable.clone())]);
    if !v.info.units.is_empty() {
        out.insert("units".to_owned(), v.info.units.clone());
    }
    if let Some(name) = &v.info.standard_name {
        out.insert("standard_name".to_owned(), name.clone());
    }
    if let Some(name) = &v.info.long_name {
        out.insert("long_name".to_owned(), name.clone());
    }
    if kind.is_aggregate() || kind == PolicyKind::Crossovers {
        let word = serde_json::to_value(kind).ok().and_then(|v| v.as_str().map(str::to_owned));
        out.insert("statistic".to_owned(), word.unwrap_or_default());
    }
    out
}

/// Where a row of a side is, and what it says.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// [`crate::granules::Granule::key`].
    pub key: u64,
    /// Row in the granule; [`NO_ROW`] = no match.
    pub row: u32,
    /// Columns of the granule.
    pub cols: u32,
    /// Time, µs.
    pub time_us: i64,
    /// Latitude, degrees.
    pub lat: f64,
    /// Longitude, degrees.
    pub lon: f64,
}

impl Place {
    /// No match.
    pub const NONE: Self = Self { key: 0, row: NO_ROW, cols: 1, time_us: 0, lat: f64::NAN, lon: f64::NAN };
}

/// What is said about a pair.
#[derive(Clone, Copy, Debug, Default)]
pub struct Link {
    /// Distance, metres.
    pub distance_m: f64,
    /// Azimuth from primary to secondary, degrees.
    pub bearing_deg: f32,
    /// Secondary minus primary, µs.
    pub dt_us: i64,
    /// 1 = nearest.
    pub rank: u16,
    /// Rows within the limits.
    pub n_candidates: u32,
    /// How far a crossing lies from the sample before it to the next on either side, 0 to 1.
    pub along: [f64; 2],
}

/// What is said about an aggregate.
#[derive(Clone, Copy, Debug, Default)]
pub struct Made {
    /// Rows.
    pub n: u32,
    /// Least distance, metres.
    pub distance_min_m: f64,
    /// Mean time difference, µs.
    pub dt_mean_us: f64,
    /// Effective sample size; of interpolation the share of weights that have a value.
    pub n_effective: f64,
}

/// Rows of results under construction.
pub struct Rows {
    layout: Layout,
    places: Vec<Vec<Place>>,
    links: Vec<Vec<Option<Link>>>,
    made: Vec<Made>,
    values: Vec<Vec<Column>>,
}

impl Rows {
    /// No rows.
    pub fn new(layout: &Layout) -> Self {
        let values = layout.sides.iter().map(|s| s.variables.iter().map(|v| Column::empty(v.ty)).collect());
        Self {
            places: vec![Vec::new(); layout.sides.len()],
            links: vec![Vec::new(); layout.sides.len()],
            made: Vec::new(),
            values: values.collect(),
            layout: layout.clone(),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.places.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds the place of the `n`-th side to the row under way.
    pub fn place(&mut self, n: usize, place: Place) {
        self.places[n].push(place);
    }

    /// Adds what is said about the pair with the `n`-th side; `None` = no match.
    pub fn link(&mut self, n: usize, link: Option<Link>) {
        self.links[n].push(link);
    }

    /// Adds what is said about an aggregate.
    pub fn made(&mut self, made: Made) {
        self.made.push(made);
    }

    /// The values of variable `v` of the `n`-th side.
    pub fn values(&mut self, n: usize, v: usize) -> &mut Column {
        &mut self.values[n][v]
    }

    /// As an Arrow batch of [`Layout::schema`].
    ///
    /// # Errors
    /// Columns of different length: a fault of ours.
    pub fn finish(self) -> Result<RecordBatch> {
        let mut arrays: Vec<ArrayRef> = Vec::new();
        for (n, side) in self.layout.sides.iter().enumerate().filter(|(_, s)| s.single) {
            place_arrays(&self.places[n], side.lines, &mut arrays);
        }
        for n in 1..self.layout.sides.len() {
            if self.layout.kind.is_aggregate() {
                made_arrays(&self.made, self.layout.kind, &mut arrays);
            } else if self.layout.kind == PolicyKind::Crossovers {
                cross_arrays(&self.links[n], &mut arrays);
            } else {
                link_arrays(&self.links[n], &mut arrays);
            }
        }
        for (side, columns) in self.layout.sides.iter().zip(self.values) {
            for (v, column) in side.variables.iter().zip(columns) {
                arrays.push(value_array(v, column)?);
            }
        }
        RecordBatch::try_new(self.layout.schema(), arrays)
            .map_err(|e| JobError::Internal(format!("The results do not fit together: {e}.")))
    }
}

fn place_arrays(places: &[Place], lines: bool, out: &mut Vec<ArrayRef>) {
    let some = |p: &Place| p.row != NO_ROW;
    out.push(Arc::new(places.iter().map(|p| some(p).then_some(p.key)).collect::<UInt64Array>()));
    let mut put = |of: &dyn Fn(&Place) -> u32| {
        let mut b = UInt32Builder::with_capacity(places.len());
        places.iter().for_each(|p| b.append_option(some(p).then(|| of(p))));
        out.push(Arc::new(b.finish()));
    };
    put(&|p| p.row);
    if lines {
        put(&|p| p.row / p.cols.max(1));
        put(&|p| p.row % p.cols.max(1));
    }
    let times: TimestampMicrosecondArray = places.iter().map(|p| some(p).then_some(p.time_us)).collect();
    out.push(Arc::new(times.with_timezone("UTC")));
    out.push(Arc::new(places.iter().map(|p| some(p).then_some(p.lat)).collect::<Float64Array>()));
    out.push(Arc::new(places.iter().map(|p| some(p).then_some(p.lon)).collect::<Float64Array>()));
}

fn link_arrays(links: &[Option<Link>], out: &mut Vec<ArrayRef>) {
    let mut distance = Float64Builder::with_capacity(links.len());
    let mut bearing = Float32Builder::with_capacity(links.len());
    let mut dt = Int64Builder::with_capacity(links.len());
    let mut rank = UInt16Builder::with_capacity(links.len());
    let mut candidates = UInt32Builder::with_capacity(links.len());
    for l in links {
        distance.append_option(l.map(|l| l.distance_m));
        bearing.append_option(l.map(|l| l.bearing_deg));
        dt.append_option(l.map(|l| l.dt_us));
        rank.append_option(l.map(|l| l.rank));
        candidates.append_option(l.map(|l| l.n_candidates));
    }
    let all: [ArrayRef; 5] = [
        Arc::new(distance.finish()),
        Arc::new(bearing.finish()),
        Arc::new(dt.finish()),
        Arc::new(rank.finish()),
        Arc::new(candidates.finish()),
    ];
    out.extend(all);
}

fn cross_arrays(links: &[Option<Link>], out: &mut Vec<ArrayRef>) {
    out.push(Arc::new(links.iter().map(|l| l.map(|l| l.dt_us)).collect::<Int64Array>()));
    for side in 0..2 {
        out.push(Arc::new(links.iter().map(|l| l.map(|l| l.along[side])).collect::<Float64Array>()));
    }
}

fn made_arrays(made: &[Made], kind: PolicyKind, out: &mut Vec<ArrayRef>) {
    let mut n = UInt32Builder::with_capacity(made.len());
    made.iter().for_each(|m| n.append_value(m.n));
    out.push(Arc::new(n.finish()));
    let numbers = |of: &dyn Fn(&Made) -> f64| -> ArrayRef {
        let values = made.iter().map(|m| Some(of(m)).filter(|x| x.is_finite()));
        Arc::new(values.collect::<Float64Array>())
    };
    out.push(numbers(&|m| m.distance_min_m));
    out.push(numbers(&|m| m.dt_mean_us));
    if made_weight(kind).is_some() {
        out.push(numbers(&|m| m.n_effective));
    }
}

fn value_array(v: &Variable, column: Column) -> Result<ArrayRef> {
    let flat: ArrayRef = match column {
        Column::F32(x) => Arc::new(x.into_iter().map(|x| (!x.is_nan()).then_some(x)).collect::<Float32Array>()),
        Column::F64(x) => Arc::new(x.into_iter().map(|x| (!x.is_nan()).then_some(x)).collect::<Float64Array>()),
        Column::I64(x) => Arc::new(x.into_iter().map(|x| (x != MISSING).then_some(x)).collect::<Int64Array>()),
    };
    if v.width == 1 {
        return Ok(flat);
    }
    let item = Arc::new(Field::new("item", flat.data_type().clone(), true));
    let list = FixedSizeListArray::try_new(item, v.width as i32, flat, None);
    list.map(|l| Arc::new(l) as ArrayRef).map_err(|e| JobError::Internal(format!("The boxes do not fit: {e}.")))
}
