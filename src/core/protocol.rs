//! Frames between the application and reader processes: our worker and external readers alike.
//!
//! A frame is `u32 header length, u64 payload length` (little-endian), the JSON header, the raw little-endian payload.
//! Requests carry an id; the answer carries the same id. Requests are answered in order.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::columns::{ColumnType, FileCard, Outline, OutlineAsk, RowsAsk, RowsWire};
use crate::coord::{CoordArray, CoordEncoding};
use crate::field::{Apron, FieldStats, Window};
use crate::geo::LonLat;
use crate::geolocation::{Axis, Crs, Geolocation, Grid, Series, Swath};
use crate::granule::FileInfo;
use crate::product::Product;
use crate::time::Time;

/// Version of this protocol.
pub const PROTOCOL_VERSION: u32 = 1;
/// Largest header accepted, bytes.
pub const MAX_HEADER: usize = 64 << 20;
/// Largest payload accepted, bytes.
pub const MAX_PAYLOAD: u64 = 4 << 30;

/// Memory set aside for a payload before any of it has come, bytes; takes no room until it is written to.
const MAX_TRUSTED: u64 = 256 << 20;

/// A file as named in requests, with the products that may claim it, best first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Path on this machine.
    pub path: PathBuf,
    /// Products whose file-name patterns fit, by priority; the reader checks attributes and variables.
    #[serde(default)]
    pub candidates: Vec<Arc<Product>>,
}

/// A field of a file, at a time step and at one place along every further dimension.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldAt {
    /// File.
    pub source: Source,
    /// Part.
    pub part: usize,
    /// Field name.
    pub field: String,
    /// Time step.
    pub step: usize,
    /// Index along each of `FieldInfo::extra_dims`.
    pub extra: Vec<usize>,
    /// With the cells that the product's mask leaves out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unmasked: bool,
}

/// What the application asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum Request {
    /// Greets; answered with [`Answer::Hello`].
    Hello {
        /// [`PROTOCOL_VERSION`] of the asker.
        version: u32,
    },
    /// Describes a file.
    Open {
        /// Which.
        source: Source,
    },
    /// Positions of a part.
    Geolocation {
        /// File.
        source: Source,
        /// Index into `FileInfo::parts`.
        part: usize,
        /// Large swaths may come as tie points when interpolation finds every cell within this many cells of its place;
        /// 0 = every position of the file.
        #[serde(default)]
        tolerance_cells: f64,
    },
    /// Values of a window as f32, masks applied, missing = NaN.
    Read {
        /// Of what.
        #[serde(flatten)]
        of: FieldAt,
        /// Cells.
        window: Window,
        /// One more value on every side, `(rows + 2) × (cols + 2)` in all.
        apron: Apron,
    },
    /// Summary of a field at a time step.
    Stats {
        /// Of what.
        #[serde(flatten)]
        of: FieldAt,
    },
    /// Values of a window in the file's own precision, masks applied: for figures, not for pictures.
    Exact {
        /// Of what.
        #[serde(flatten)]
        of: FieldAt,
        /// Cells.
        window: Window,
    },
    /// Exact values of one cell.
    Probe {
        /// File.
        source: Source,
        /// Part.
        part: usize,
        /// Field names.
        fields: Vec<String>,
        /// Time step.
        step: usize,
        /// Index along each extra dimension.
        extra: Vec<usize>,
        /// Row.
        row: usize,
        /// Column.
        col: usize,
    },
    /// Where and when the cells of a file lie, for joins.
    Outline {
        /// File.
        source: Source,
        /// What is needed of it.
        ask: OutlineAsk,
    },
    /// Cells with exact position, time and values.
    Rows {
        /// File.
        source: Source,
        /// Which.
        ask: RowsAsk,
    },
    /// Writes a table as netCDF-4. Nothing is left of it when it fails.
    WriteTable {
        /// Our own intermediate file with columns (`seaglass_core::spool`).
        spool: PathBuf,
        /// File to write.
        out: PathBuf,
    },
    /// Forgets a file.
    Close {
        /// Which.
        path: PathBuf,
    },
    /// Is answered with [`Answer::Done`].
    Ping,
}

/// What a reader answers. Answers with a payload say so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// Greeting.
    Hello {
        /// [`PROTOCOL_VERSION`] of the reader.
        version: u32,
        /// Program and version.
        name: String,
    },
    /// The description of a file.
    Opened {
        /// Description.
        info: Box<FileInfo>,
    },
    /// The file holds shapes, not fields; the payload is read by [`shapes_from_wire`](crate::shapes::shapes_from_wire).
    Shapes {
        /// File format, e.g. `GeoJSON`.
        format: String,
        /// Things the reader noticed and worked around, one sentence each.
        #[serde(default)]
        notes: Vec<String>,
    },
    /// Positions; the payload is read by [`geolocation_from_wire`].
    Geolocation {
        /// Layout of the payload.
        wire: GeolocationWire,
    },
    /// `apron.len(window)` f32 values in the payload, row-major.
    Values {
        /// Echo of the window.
        window: Window,
        /// Echo of the apron.
        apron: Apron,
    },
    /// Summary; `None` when every value is missing.
    Stats {
        /// Summary.
        stats: Option<FieldStats>,
    },
    /// `window.len()` values in the payload, row-major; read by [`Column::from_payload`](crate::columns::Column::from_payload).
    Exact {
        /// Echo of the window.
        window: Window,
        /// Their type.
        ty: ColumnType,
    },
    /// Exact values of a cell.
    Probed {
        /// The cell.
        cell: ProbedCell,
    },
    /// Parts of a file as tables; the payload has the [`TileBox`](crate::columns::TileBox)es of all, one part after the
    /// other.
    Outlined {
        /// What the file is.
        card: Box<FileCard>,
        /// At least one.
        parts: Vec<Outline>,
    },
    /// Rows; the payload is read by [`Rows::from_wire`](crate::columns::Rows::from_wire).
    Rows {
        /// Layout of the payload.
        wire: RowsWire,
    },
    /// Nothing to say.
    Done,
    /// It could not be done.
    Failed {
        /// Why.
        error: ReadFailure,
    },
}

/// One cell of a part, exactly as the file has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbedCell {
    /// Row.
    pub row: usize,
    /// Column.
    pub col: usize,
    /// The cell's own position.
    pub position: Option<LonLat>,
    /// Its own acquisition time: of the cell or line where the file has it, else the step's; `None` when unknown.
    pub time: Option<Time>,
    /// One entry a field asked for, same order.
    pub values: Vec<ProbedValue>,
}

/// One value of a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbedValue {
    /// Field name.
    pub field: String,
    /// Value in f64, unpacked; `None` = no data.
    pub value: Option<f64>,
    /// The same value of a variable of whole numbers, where 64-bit floats would round beyond 2⁵³.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<serde_json::Number>,
    /// Unit.
    pub units: String,
    /// Meanings of the flags set, for flag fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub meanings: Vec<String>,
    /// The file has a value, but the product's mask hides it.
    #[serde(default)]
    pub masked: bool,
}

/// What went wrong while reading, in words for people. The path is added by the application, last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ReadFailure {
    /// Machine-readable kind.
    pub kind: FailureKind,
    /// One sentence: what, where, and what to do when something can be done.
    pub message: String,
}

/// Kind of a [`ReadFailure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The file does not exist or may not be read.
    Missing,
    /// Not a format this reader knows.
    NotMine,
    /// Damaged or truncated.
    Damaged,
    /// Readable, but without positions or fields to show.
    NothingToShow,
    /// The request names a part, field or cell that is not there.
    BadRequest,
    /// Larger than the reader's limits.
    TooLarge,
    /// The reader process died or did not answer in time.
    Crashed,
}

/// Header of a request frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestFrame {
    /// Chosen by the asker.
    pub id: u64,
    /// The request.
    #[serde(flatten)]
    pub request: Request,
}

/// Header of an answer frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnswerFrame {
    /// The request's id.
    pub id: u64,
    /// The answer.
    #[serde(flatten)]
    pub answer: Answer,
}

/// Writes one frame in one go.
pub fn write_frame<H: Serialize>(out: &mut impl Write, header: &H, payload: &[u8]) -> std::io::Result<()> {
    write_head(out, header, payload.len())?;
    out.write_all(payload)?;
    out.flush()
}

/// Writes a frame up to its payload, of which so many bytes have to follow.
///
/// # Errors
/// Those of `out`.
pub fn write_head<H: Serialize>(out: &mut impl Write, header: &H, payload_len: usize) -> std::io::Result<()> {
    let json = serde_json::to_vec(header)?;
    let mut head = Vec::with_capacity(12 + json.len());
    head.extend_from_slice(&(json.len() as u32).to_le_bytes());
    head.extend_from_slice(&(payload_len as u64).to_le_bytes());
    head.extend_from_slice(&json);
    out.write_all(&head)
}

/// Reads one frame. `Ok(None)` at a clean end of the stream; an error on a cut frame, a header that is not the expected
/// JSON, or lengths over the limits (checked before anything is allocated).
pub fn read_frame<H: DeserializeOwned>(input: &mut impl Read) -> std::io::Result<Option<(H, Vec<u8>)>> {
    let bad = |text: String| std::io::Error::new(std::io::ErrorKind::InvalidData, text);
    let mut lengths = [0u8; 12];
    let mut got = 0;
    while got < lengths.len() {
        match input.read(&mut lengths[got..]) {
            Ok(0) if got == 0 => return Ok(None),
            Ok(0) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => got += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    let header_len = u32::from_le_bytes([lengths[0], lengths[1], lengths[2], lengths[3]]) as usize;
    let payload_len = u64::from_le_bytes(lengths[4..].try_into().unwrap_or_default());
    if header_len > MAX_HEADER || payload_len > MAX_PAYLOAD {
        return Err(bad(format!("frame of {header_len} + {payload_len} bytes is over the limit")));
    }
    let mut header = vec![0u8; header_len];
    input.read_exact(&mut header)?;
    let header = serde_json::from_slice(&header).map_err(|e| bad(format!("frame header: {e}")))?;
    // Most in one piece: growing would copy. Only so much is given on trust.
    let mut payload = Vec::with_capacity(payload_len.min(MAX_TRUSTED) as usize);
    input.take(payload_len).read_to_end(&mut payload)?;
    if payload.len() as u64 != payload_len {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some((header, payload)))
}

/// How a [`Geolocation`] lies in a payload: the arrays one after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum GeolocationWire {
    /// No payload.
    Grid {
        /// Row axis.
        y: Axis,
        /// Column axis.
        x: Axis,
        /// Coordinate system of the axes.
        crs: Crs,
    },
    /// Payload: longitudes, latitudes (`rows.len() × cols.len()` each), then `time_us` as i64.
    Swath {
        /// `[rows, cols]` of the cells.
        shape: [usize; 2],
        /// Source rows at which positions are given, ascending, first 0 and last `shape[0] − 1`.
        rows: Vec<u32>,
        /// Source columns, likewise.
        cols: Vec<u32>,
        /// Encoding of the longitudes.
        lon: CoordEncoding,
        /// Encoding of the latitudes.
        lat: CoordEncoding,
        /// Number of row times: 0 or `shape[0]`.
        times: usize,
    },
    /// Payload: longitudes, latitudes (`len` each), `times` i64.
    Series {
        /// Track, in contrast to points.
        connected: bool,
        /// Samples.
        len: usize,
        /// Encoding of the longitudes.
        lon: CoordEncoding,
        /// Encoding of the latitudes.
        lat: CoordEncoding,
        /// Number of times: 0 or `len`.
        times: usize,
        /// First sample of every trajectory.
        starts: Vec<usize>,
    },
}

/// The frame parts for a geolocation.
pub fn wire_from_geolocation(g: &Geolocation) -> (GeolocationWire, Vec<u8>) {
    let mut bytes = Vec::new();
    let wire = match g {
        Geolocation::Grid(grid) => {
            GeolocationWire::Grid { y: grid.y.clone(), x: grid.x.clone(), crs: grid.crs.clone() }
        }
        Geolocation::Swath(s) => {
            bytes.reserve(s.byte_len());
            s.lon.write_le(&mut bytes);
            s.lat.write_le(&mut bytes);
            s.time_us.iter().for_each(|t| bytes.extend_from_slice(&t.to_le_bytes()));
            GeolocationWire::Swath {
                shape: s.shape,
                rows: s.rows.clone(),
                cols: s.cols.clone(),
                lon: s.lon.encoding(),
                lat: s.lat.encoding(),
                times: s.time_us.len(),
            }
        }
        Geolocation::Track(t) | Geolocation::Points(t) => {
            t.lon.write_le(&mut bytes);
            t.lat.write_le(&mut bytes);
            t.time_us.iter().for_each(|t| bytes.extend_from_slice(&t.to_le_bytes()));
            GeolocationWire::Series {
                connected: matches!(g, Geolocation::Track(_)),
                len: t.lon.len(),
                lon: t.lon.encoding(),
                lat: t.lat.encoding(),
                times: t.time_us.len(),
                starts: t.starts.clone(),
            }
        }
    };
    (wire, bytes)
}

/// Rebuilds a geolocation; `Err` says what does not fit (an untrusted reader may send anything).
pub fn geolocation_from_wire(wire: GeolocationWire, payload: &[u8]) -> Result<Geolocation, String> {
    let short = || "the positions are shorter than announced".to_owned();
    let times = |n: usize, bytes: &[u8]| -> Result<Vec<i64>, String> {
        let want = n.checked_mul(8).ok_or_else(short)?;
        let head = bytes.get(..want).ok_or_else(short)?;
        Ok(head.as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b)).collect())
    };
    match wire {
        GeolocationWire::Grid { y, x, crs } => Grid::new(y, x, crs).map(Geolocation::Grid),
        GeolocationWire::Swath { shape, rows, cols, lon, lat, times: n_times } => {
            let n = rows.len().checked_mul(cols.len()).ok_or_else(short)?;
            let (lon, rest) = CoordArray::read_le(lon, n, payload).ok_or_else(short)?;
            let (lat, rest) = CoordArray::read_le(lat, n, rest).ok_or_else(short)?;
            Swath::new(shape, rows, cols, lon, lat, times(n_times, rest)?).map(Geolocation::Swath)
        }
        GeolocationWire::Series { connected, len, lon, lat, times: n_times, starts } => {
            let (lon, rest) = CoordArray::read_le(lon, len, payload).ok_or_else(short)?;
            let (lat, rest) = CoordArray::read_le(lat, len, rest).ok_or_else(short)?;
            let time_us = times(n_times, rest)?;
            if !(n_times == 0 || n_times == len) || starts.iter().any(|s| *s > len) || !starts.is_sorted() {
                return Err("the trajectory table does not fit the positions".to_owned());
            }
            let series = Series { lon, lat, time_us, starts };
            Ok(if connected { Geolocation::Track(series) } else { Geolocation::Points(series) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_round_trip_and_refuse_nonsense() {
        let frame = RequestFrame { id: 7, request: Request::Close { path: "/a b.nc".into() } };
        let mut bytes = Vec::new();
        write_frame(&mut bytes, &frame, b"abc").unwrap();
        let (back, payload) = read_frame::<RequestFrame>(&mut bytes.as_slice()).unwrap().unwrap();
        assert_eq!((back, payload.as_slice()), (frame, b"abc".as_slice()));
        assert!(read_frame::<RequestFrame>(&mut [].as_slice()).unwrap().is_none());
        for cut in 1..bytes.len() {
            assert!(read_frame::<RequestFrame>(&mut &bytes[..cut]).is_err(), "cut at {cut}");
        }
        let mut huge = vec![0xff; 12];
        huge.extend_from_slice(b"{}");
        assert!(read_frame::<RequestFrame>(&mut huge.as_slice()).is_err());
    }
}
