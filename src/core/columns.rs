//! Parts of files as columns of rows: what a reader tells and delivers when data are joined or exported, not drawn.
//!
//! An [`Outline`] says where and when the cells of a part lie, tile by tile, so that whole tiles can be left out without
//! reading them; [`Rows`] are the cells of the tiles wanted, each with its exact position, time and values.

use serde::{Deserialize, Serialize};

use crate::coord::{CoordArray, CoordEncoding};
use crate::field::FieldInfo;
use crate::granule::GeometryKind;
use crate::protocol::GeolocationWire;
use crate::time::{Time, TimeSpan};

/// Rows and columns of a tile of a raster.
pub const RASTER_TILE: usize = 16;
/// Samples of a tile of a track or of points.
pub const SERIES_TILE: usize = 64;
/// Marks a missing time, and a missing value of an integer column.
pub const MISSING: i64 = i64::MIN;

/// What is asked about a file before it is joined.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OutlineAsk {
    /// Only the part of this name; without it every image that has the columns, or the first track or point list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Columns the part must have: names of fields, else of variables.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Index along further dimensions, by name; 0 where none is given.
    #[serde(default)]
    pub index: Vec<(String, usize)>,
    /// Count a cell as valid only when this column has a value there too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub valid: Vec<String>,
}

/// One part as a table of rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outline {
    /// Index of the part in the file.
    pub part: usize,
    /// Its name.
    pub name: String,
    /// Geometry.
    pub kind: GeometryKind,
    /// `[rows, cols]`; a cell's row number is `row · cols + col`.
    pub shape: [usize; 2],
    /// Times of its steps; empty when it has none. Every step is a table of its own with the same positions.
    #[serde(default)]
    pub steps: Vec<Time>,
    /// Time covered, when the file tells.
    pub span: Option<TimeSpan>,
    /// Where the time of a cell comes from.
    pub clock: RowClock,
    /// Cells with position and time.
    pub valid: u64,
    /// The columns asked for, in that order.
    pub columns: Vec<FieldInfo>,
    /// Their number types.
    #[serde(default)]
    pub types: Vec<ColumnType>,
    /// Axes of a regular grid; it has no tiles, its positions follow from these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grid: Option<GeolocationWire>,
    /// Number of tiles in the payload, row-major; tiles have [`RASTER_TILE`]² cells or [`SERIES_TILE`] samples.
    pub tiles: usize,
}

/// Where the time of a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowClock {
    /// The cell, its line or the sample.
    Cell,
    /// The time step.
    Step,
    /// The middle of the time the part covers, as the file says nothing finer.
    Span,
    /// The file tells no time.
    None,
}

/// What a file is, for the record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FileCard {
    /// Id of the product, when one fits.
    pub product: Option<String>,
    /// Title of product or file.
    pub title: String,
    /// File format.
    pub format: String,
    /// Global attributes that identify the file (`uuid`, `id`, `doi` …).
    #[serde(default)]
    pub identity: Vec<(String, String)>,
}

/// Where and when the cells of a tile lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileBox {
    /// Southern edge, 1e-6 degrees, rounded outwards like the others.
    pub south: i32,
    /// Northern edge.
    pub north: i32,
    /// Western edge; the tile lies east of it up to `east`, which may be beyond 180°. A tile that may lie anywhere has
    /// `east − west ≥ 360°`.
    pub west: i32,
    /// Eastern edge.
    pub east: i32,
    /// First time, µs since 1970.
    pub start_us: i64,
    /// Last time.
    pub stop_us: i64,
    /// Cells with position and time; a tile without any has no meaningful box.
    pub valid: u32,
}

/// A turn in the units of [`TileBox`].
pub const TURN: i64 = 360_000_000;

impl TileBox {
    /// Bytes on the wire.
    pub const BYTES: usize = 36;
    /// No cell.
    pub const EMPTY: Self = Self {
        south: i32::MAX,
        north: i32::MIN,
        west: i32::MAX,
        east: i32::MIN,
        start_us: i64::MAX,
        stop_us: i64::MIN,
        valid: 0,
    };

    /// Appends it to a payload.
    pub fn write_le(&self, out: &mut Vec<u8>) {
        for v in [self.south, self.north, self.west, self.east] {
            out.extend_from_slice(&v.to_le_bytes());
        }
        out.extend_from_slice(&self.start_us.to_le_bytes());
        out.extend_from_slice(&self.stop_us.to_le_bytes());
        out.extend_from_slice(&self.valid.to_le_bytes());
    }

    /// All of a payload; `None` when it is not a whole number of them.
    pub fn read_all(bytes: &[u8]) -> Option<Vec<Self>> {
        let (tiles, rest) = bytes.as_chunks::<{ Self::BYTES }>();
        rest.is_empty().then(|| tiles.iter().map(Self::read).collect())
    }

    fn read(b: &[u8; Self::BYTES]) -> Self {
        let four = |k: usize| [b[k], b[k + 1], b[k + 2], b[k + 3]];
        let int = |k: usize| i32::from_le_bytes(four(k));
        let long = |k: usize| {
            let (lo, hi) = (u64::from(u32::from_le_bytes(four(k))), u64::from(u32::from_le_bytes(four(k + 4))));
            (lo | hi << 32) as i64
        };
        Self {
            south: int(0),
            north: int(4),
            west: int(8),
            east: int(12),
            start_us: long(16),
            stop_us: long(24),
            valid: u32::from_le_bytes(four(32)),
        }
    }
}

/// Which rows are wanted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RowsAsk {
    /// Part.
    pub part: usize,
    /// Time step.
    pub step: usize,
    /// Columns: names of fields, else of variables.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Index along further dimensions, by name.
    #[serde(default)]
    pub index: Vec<(String, usize)>,
    /// Columns that must have a value, else the row is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub valid: Vec<String>,
    /// Tiles, ascending; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tiles: Option<Vec<u32>>,
    /// Only rows of `start ≤ time ≤ stop`, µs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_us: Option<[i64; 2]>,
    /// Which rows are counted; all that are looked at when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
    /// The product's masks hide values they call bad.
    #[serde(default)]
    pub masked: bool,
    /// Rows without a time are given, too, whatever times are asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untimed: bool,
    /// Only rows measured while the platform flew this way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<Pass>,
}

/// Rows that are counted: those that several tasks read are counted by one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Those of `start ≤ time ≤ stop`, µs.
    pub time_us: [i64; 2],
    /// Those without a time.
    pub untimed: bool,
}

impl Counted {
    /// Whether a row of this time is counted.
    pub fn has(&self, time_us: i64) -> bool {
        if time_us == MISSING { self.untimed } else { self.time_us[0] <= time_us && time_us <= self.time_us[1] }
    }
}

/// Which way the platform flies, by the latitudes of the samples or lines before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pass {
    /// Northwards.
    Ascending,
    /// Southwards.
    Descending,
}

/// Layout of a payload with rows: `n` row numbers (u32), `n` times (i64), longitudes, latitudes, then the columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowsWire {
    /// Number of rows, ascending by row number.
    pub n: usize,
    /// Encoding of the longitudes.
    pub lon: CoordEncoding,
    /// Encoding of the latitudes.
    pub lat: CoordEncoding,
    /// Type of each column.
    pub columns: Vec<ColumnType>,
    /// Cells looked at.
    pub looked_at: u64,
    /// Of these, without position or time.
    pub without_place: u64,
    /// Of these, without a value in one of `valid`.
    pub without_value: u64,
}

/// Number type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// Missing is NaN.
    F32,
    /// Missing is NaN.
    F64,
    /// Whole numbers, flags and identifiers; missing is [`MISSING`].
    I64,
}

/// Values of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// See [`ColumnType::F32`].
    F32(Vec<f32>),
    /// See [`ColumnType::F64`].
    F64(Vec<f64>),
    /// See [`ColumnType::I64`].
    I64(Vec<i64>),
}

impl Column {
    /// An empty column of a type.
    pub fn empty(ty: ColumnType) -> Self {
        match ty {
            ColumnType::F32 => Self::F32(Vec::new()),
            ColumnType::F64 => Self::F64(Vec::new()),
            ColumnType::I64 => Self::I64(Vec::new()),
        }
    }

    /// Its type.
    pub fn column_type(&self) -> ColumnType {
        match self {
            Self::F32(_) => ColumnType::F32,
            Self::F64(_) => ColumnType::F64,
            Self::I64(_) => ColumnType::I64,
        }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(v) => v.len(),
            Self::F64(v) => v.len(),
            Self::I64(v) => v.len(),
        }
    }

    /// Whether it has no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Value `k`; NaN when missing.
    #[inline]
    pub fn get(&self, k: usize) -> f64 {
        match self {
            Self::F32(v) => f64::from(v[k]),
            Self::F64(v) => v[k],
            Self::I64(v) if v[k] == MISSING => f64::NAN,
            Self::I64(v) => v[k] as f64,
        }
    }

    /// Adds a value, which is rounded to the type of the column; NaN is missing.
    pub fn push(&mut self, value: f64) {
        match self {
            Self::F32(v) => v.push(value as f32),
            Self::F64(v) => v.push(value),
            Self::I64(v) => v.push(if value.is_nan() { MISSING } else { value as i64 }),
        }
    }

    /// Adds value `k` of another column: unchanged where the types are the same.
    pub fn push_from(&mut self, other: &Self, k: usize) {
        match (self, other) {
            (Self::I64(to), Self::I64(from)) => to.push(from[k]),
            (to, from) => to.push(from.get(k)),
        }
    }

    /// Keeps the values for which `keep` is true; it has one entry a value.
    pub fn retain(&mut self, keep: &[bool]) {
        match self {
            Self::F32(v) => retain(v, keep),
            Self::F64(v) => retain(v, keep),
            Self::I64(v) => retain(v, keep),
        }
    }

    /// Bytes held.
    pub fn byte_len(&self) -> usize {
        self.len() * if matches!(self, Self::F32(_)) { 4 } else { 8 }
    }

    /// The bytes of a payload of one column.
    pub fn to_payload(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.byte_len());
        self.write_le(&mut out);
        out
    }

    /// `n` values of a payload; `None` when it has more or fewer.
    pub fn from_payload(ty: ColumnType, n: usize, bytes: &[u8]) -> Option<Self> {
        let (column, rest) = Self::read_le(ty, n, bytes)?;
        rest.is_empty().then_some(column)
    }

    fn write_le(&self, out: &mut Vec<u8>) {
        match self {
            Self::F32(v) => v.iter().for_each(|x| out.extend_from_slice(&x.to_le_bytes())),
            Self::F64(v) => v.iter().for_each(|x| out.extend_from_slice(&x.to_le_bytes())),
            Self::I64(v) => v.iter().for_each(|x| out.extend_from_slice(&x.to_le_bytes())),
        }
    }

    fn read_le(ty: ColumnType, n: usize, bytes: &[u8]) -> Option<(Self, &[u8])> {
        let width = if ty == ColumnType::F32 { 4 } else { 8 };
        let (head, rest) = bytes.split_at_checked(n.checked_mul(width)?)?;
        let eight = || head.as_chunks::<8>().0.iter();
        let column = match ty {
            ColumnType::F32 => Self::F32(head.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()),
            ColumnType::F64 => Self::F64(eight().map(|b| f64::from_le_bytes(*b)).collect()),
            ColumnType::I64 => Self::I64(eight().map(|b| i64::from_le_bytes(*b)).collect()),
        };
        Some((column, rest))
    }
}

fn retain<T>(list: &mut Vec<T>, keep: &[bool]) {
    let mut flags = keep.iter();
    list.retain(|_| flags.next().copied().unwrap_or(false));
}

/// Rows of one part at one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// Row numbers, ascending.
    pub index: Vec<u32>,
    /// Times, µs since 1970.
    pub time_us: Vec<i64>,
    /// Longitudes as stored.
    pub lon: CoordArray,
    /// Latitudes as stored.
    pub lat: CoordArray,
    /// The columns asked for.
    pub columns: Vec<Column>,
    /// Cells looked at.
    pub looked_at: u64,
    /// Of these, without position or time.
    pub without_place: u64,
    /// Of these, without a value where one was demanded.
    pub without_value: u64,
}

impl Rows {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Keeps the rows for which `keep` is true; it has one entry a row.
    pub fn retain(&mut self, keep: &[bool]) {
        retain(&mut self.index, keep);
        retain(&mut self.time_us, keep);
        for place in [&mut self.lon, &mut self.lat] {
            match place {
                CoordArray::F32(v) => retain(v, keep),
                CoordArray::F64(v) => retain(v, keep),
                CoordArray::I32 { raw, .. } => retain(raw, keep),
            }
        }
        self.columns.iter_mut().for_each(|c| c.retain(keep));
    }

    /// The frame parts.
    pub fn to_wire(&self) -> (RowsWire, Vec<u8>) {
        let columns: usize = self.columns.iter().map(Column::byte_len).sum();
        let mut bytes = Vec::with_capacity(self.len() * 12 + self.lon.byte_len() + self.lat.byte_len() + columns);
        self.index.iter().for_each(|x| bytes.extend_from_slice(&x.to_le_bytes()));
        self.time_us.iter().for_each(|x| bytes.extend_from_slice(&x.to_le_bytes()));
        self.lon.write_le(&mut bytes);
        self.lat.write_le(&mut bytes);
        self.columns.iter().for_each(|c| c.write_le(&mut bytes));
        let wire = RowsWire {
            n: self.len(),
            lon: self.lon.encoding(),
            lat: self.lat.encoding(),
            columns: self.columns.iter().map(Column::column_type).collect(),
            looked_at: self.looked_at,
            without_place: self.without_place,
            without_value: self.without_value,
        };
        (wire, bytes)
    }

    /// Rebuilds rows; `None` when the payload does not fit (an untrusted reader may send anything).
    pub fn from_wire(wire: &RowsWire, payload: &[u8]) -> Option<Self> {
        let n = wire.n;
        let (head, rest) = payload.split_at_checked(n.checked_mul(4)?)?;
        let index: Vec<u32> = head.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)).collect();
        let (head, rest) = rest.split_at_checked(n.checked_mul(8)?)?;
        let time_us = head.as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b)).collect();
        let (lon, rest) = CoordArray::read_le(wire.lon, n, rest)?;
        let (lat, mut rest) = CoordArray::read_le(wire.lat, n, rest)?;
        let mut columns = Vec::new();
        for ty in &wire.columns {
            let (column, after) = Column::read_le(*ty, n, rest)?;
            columns.push(column);
            rest = after;
        }
        if !rest.is_empty() || !index.is_sorted_by(|a, b| a < b) {
            return None;
        }
        let [looked_at, without_place, without_value] = [wire.looked_at, wire.without_place, wire.without_value];
        Some(Self { index, time_us, lon, lat, columns, looked_at, without_place, without_value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_travel() {
        let rows = Rows {
            index: vec![3, 9],
            time_us: vec![-5, 1 << 60],
            lon: CoordArray::I32 { raw: vec![1, i32::MIN], scale: 1e-6, offset: 0.0 },
            lat: CoordArray::F32(vec![1.5, -2.5]),
            columns: vec![
                Column::I64(vec![1 << 60, MISSING]),
                Column::F32(vec![0.5, 1.0]),
                Column::F64(vec![1.0, 2.0]),
            ],
            looked_at: 7,
            without_place: 3,
            without_value: 2,
        };
        let (wire, bytes) = rows.to_wire();
        assert_eq!(Rows::from_wire(&wire, &bytes), Some(rows));
        assert_eq!(Rows::from_wire(&wire, &bytes[1..]), None);
        assert_eq!(Rows::from_wire(&wire, &[&bytes[..], &[0]].concat()), None);
    }

    #[test]
    fn tiles_travel() {
        let tile = TileBox {
            south: -90_000_000,
            north: 5,
            west: 179_000_000,
            east: 181_000_000,
            start_us: i64::MIN + 1,
            stop_us: i64::MAX,
            valid: 256,
        };
        let mut bytes = Vec::new();
        tile.write_le(&mut bytes);
        TileBox::EMPTY.write_le(&mut bytes);
        assert_eq!(TileBox::read_all(&bytes), Some(vec![tile, TileBox::EMPTY]));
        assert_eq!(TileBox::read_all(&bytes[..40]), None);
    }
}
