//! Granules and the sides of a match-up.

use std::borrow::Cow;
use std::ops::Range;

use crate::coord::Coord;
use crate::error::{Error, Result};

/// A time that is missing; numpy's NaT has the same bits.
pub const NO_TIME: i64 = i64::MIN;

/// How the rows of a granule lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Places in any order: buoys, floats, drifters, single cells.
    Points,
    /// One row after the other along a path, as a nadir instrument measures.
    Track,
    /// Lines of pixels with a position each; row = line × `pixels` + pixel.
    Swath {
        /// Number of lines.
        lines: usize,
        /// Pixels in a line.
        pixels: usize,
    },
    /// Steps of a rectilinear grid with axes; row = (step × `rows` + row) × `columns` + column.
    Grid {
        /// Number of time steps.
        steps: usize,
        /// Length of the latitude axis.
        rows: usize,
        /// Length of the longitude axis.
        columns: usize,
    },
}

impl Shape {
    /// Lines and pixels when every shape is seen as a table of rows; points and tracks have one pixel a line.
    pub(crate) fn table(&self, len: usize) -> (usize, usize) {
        match *self {
            Shape::Points | Shape::Track => (len, 1),
            Shape::Swath { lines, pixels } => (lines, pixels),
            Shape::Grid { steps, rows, columns } => (steps * rows, columns),
        }
    }
}

/// Times of a granule, microseconds since 1970-01-01T00:00:00 UTC; [`NO_TIME`] is missing.
#[derive(Debug, Clone)]
pub enum Times<'a> {
    /// One for every row.
    PerRow(Cow<'a, [i64]>),
    /// One for every line of a swath, or every step of a grid.
    PerLine(Cow<'a, [i64]>),
    /// The same for all.
    One(i64),
}

impl<'a> Times<'a> {
    /// One time for every row.
    pub fn per_row(times: impl Into<Cow<'a, [i64]>>) -> Self {
        Times::PerRow(times.into())
    }

    /// One time for every line of a swath or step of a grid.
    pub fn per_line(times: impl Into<Cow<'a, [i64]>>) -> Self {
        Times::PerLine(times.into())
    }
}

/// Who measured a row; only equal rows of one platform are duplicates.
#[derive(Debug, Clone, Default)]
pub enum Platform<'a> {
    /// Unknown: all rows of the side count as one platform's.
    #[default]
    Unknown,
    /// One number for all rows.
    One(i64),
    /// A number for every row.
    PerRow(Cow<'a, [i32]>),
}

/// One stretch of measurements: positions, times, which rows count.
#[derive(Debug, Clone)]
pub struct Granule<'a> {
    pub(crate) shape: Shape,
    pub(crate) lat: Coord<'a>,
    pub(crate) lon: Coord<'a>,
    pub(crate) time: Times<'a>,
    pub(crate) valid: Option<Cow<'a, [bool]>>,
    pub(crate) platform: Platform<'a>,
    pub(crate) first_row: Option<u64>,
    pub(crate) len: usize,
}

impl<'a> Granule<'a> {
    /// A granule of any shape; latitudes and longitudes in degrees (longitudes −360 to 360), one per row,
    /// or for [`Shape::Grid`] the two axes.
    ///
    /// # Errors
    /// When lengths do not fit together.
    pub fn new(shape: Shape, lat: Coord<'a>, lon: Coord<'a>, time: Times<'a>) -> Result<Self> {
        let len = match shape {
            Shape::Points | Shape::Track => lat.len(),
            Shape::Swath { lines, pixels } => lines * pixels,
            Shape::Grid { steps, rows, columns } => steps * rows * columns,
        };
        if u32::try_from(len).is_err() {
            return Err(Error::TooLarge(len));
        }
        let (of_lat, of_lon) = match shape {
            Shape::Grid { rows, columns, .. } => (rows, columns),
            _ => (len, len),
        };
        check("latitude", lat.len(), of_lat)?;
        check("longitude", lon.len(), of_lon)?;
        match (&time, shape) {
            (Times::PerRow(t), _) => check("time", t.len(), len)?,
            (Times::PerLine(t), Shape::Swath { lines, .. }) => check("time of lines", t.len(), lines)?,
            (Times::PerLine(t), Shape::Grid { steps, .. }) => check("time of steps", t.len(), steps)?,
            (Times::PerLine(t), _) => check("time", t.len(), len)?,
            (Times::One(_), _) => {}
        }
        Ok(Self { shape, lat, lon, time, valid: None, platform: Platform::Unknown, first_row: None, len })
    }

    /// Points with a position and a time each, in any order.
    ///
    /// # Errors
    /// When lengths do not fit together.
    pub fn points(lat: Coord<'a>, lon: Coord<'a>, time: Times<'a>) -> Result<Self> {
        Self::new(Shape::Points, lat, lon, time)
    }

    /// A track: rows in the order in which they were measured.
    ///
    /// # Errors
    /// When lengths do not fit together.
    pub fn track(lat: Coord<'a>, lon: Coord<'a>, time: Times<'a>) -> Result<Self> {
        Self::new(Shape::Track, lat, lon, time)
    }

    /// A swath of `lines` × `pixels` positions.
    ///
    /// # Errors
    /// When lengths do not fit together.
    pub fn swath(lines: usize, pixels: usize, lat: Coord<'a>, lon: Coord<'a>, time: Times<'a>) -> Result<Self> {
        Self::new(Shape::Swath { lines, pixels }, lat, lon, time)
    }

    /// Steps of a rectilinear grid; the axes give its size, `time` has one value per step.
    ///
    /// # Errors
    /// When lengths do not fit together.
    pub fn grid(lat: Coord<'a>, lon: Coord<'a>, time: Times<'a>) -> Result<Self> {
        let steps = match &time {
            Times::PerLine(t) | Times::PerRow(t) => t.len(),
            Times::One(_) => 1,
        };
        let time = match time {
            Times::PerRow(t) => Times::PerLine(t),
            other => other,
        };
        Self::new(Shape::Grid { steps, rows: lat.len(), columns: lon.len() }, lat, lon, time)
    }

    /// Says which rows count (`true`), from flags, filters or the chosen variable; all do without this.
    ///
    /// # Errors
    /// When there is not one value per row.
    pub fn with_valid(mut self, valid: impl Into<Cow<'a, [bool]>>) -> Result<Self> {
        let valid = valid.into();
        check("validity mask", valid.len(), self.len)?;
        self.valid = Some(valid);
        Ok(self)
    }

    /// Says who measured; matters for duplicates only.
    ///
    /// # Errors
    /// When there is not one value per row.
    pub fn with_platform(mut self, platform: Platform<'a>) -> Result<Self> {
        if let Platform::PerRow(p) = &platform {
            check("platform", p.len(), self.len)?;
        }
        self.platform = platform;
        Ok(self)
    }

    /// Number of the granule's first row in its side, when the granule is a part of something larger;
    /// otherwise rows are counted on from the granule before.
    #[must_use]
    pub fn with_first_row(mut self, row: u64) -> Self {
        self.first_row = Some(row);
        self
    }

    /// The same granule, its arrays borrowed from this one.
    pub fn borrowed(&self) -> Granule<'_> {
        let time = match &self.time {
            Times::PerRow(t) => Times::PerRow(Cow::Borrowed(t)),
            Times::PerLine(t) => Times::PerLine(Cow::Borrowed(t)),
            Times::One(t) => Times::One(*t),
        };
        let platform = match &self.platform {
            Platform::Unknown => Platform::Unknown,
            Platform::One(p) => Platform::One(*p),
            Platform::PerRow(p) => Platform::PerRow(Cow::Borrowed(p)),
        };
        Granule {
            shape: self.shape,
            lat: self.lat.borrowed(),
            lon: self.lon.borrowed(),
            time,
            valid: self.valid.as_ref().map(|v| Cow::Borrowed(&v[..])),
            platform,
            first_row: self.first_row,
            len: self.len,
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How rows lie.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Lines and pixels; points and tracks have one pixel a line, a grid one line per latitude and step.
    pub fn table(&self) -> (usize, usize) {
        self.shape.table(self.len)
    }

    /// Latitude and longitude of a row in degrees as stored; NaN when missing.
    #[inline]
    pub fn position(&self, row: usize) -> (f64, f64) {
        match self.shape {
            Shape::Grid { rows, columns, .. } => {
                let columns = columns.max(1);
                (self.lat.get((row / columns) % rows.max(1)), self.lon.get(row % columns))
            }
            _ => (self.lat.get(row), self.lon.get(row)),
        }
    }

    /// Time of a row, µs; [`NO_TIME`] when missing.
    #[inline]
    pub fn time(&self, row: usize) -> i64 {
        match (&self.time, self.shape) {
            (Times::One(t), _) => *t,
            (Times::PerRow(t), _) => t.get(row).copied().unwrap_or(NO_TIME),
            (Times::PerLine(t), Shape::Swath { pixels, .. }) => t.get(row / pixels.max(1)).copied().unwrap_or(NO_TIME),
            (Times::PerLine(t), Shape::Grid { rows, columns, .. }) => {
                t.get(row / (rows * columns).max(1)).copied().unwrap_or(NO_TIME)
            }
            (Times::PerLine(t), _) => t.get(row).copied().unwrap_or(NO_TIME),
        }
    }

    /// Whether a row has a position on the Earth, a time, and is not masked.
    pub fn is_valid(&self, row: usize) -> bool {
        let (lat, lon) = self.position(row);
        lat.abs() <= 90.0
            && lon.abs() <= 360.0
            && self.time(row) != NO_TIME
            && self.valid.as_ref().is_none_or(|v| v.get(row).copied().unwrap_or(false))
    }

    /// Platform number of a row.
    pub(crate) fn platform_of(&self, row: usize) -> i64 {
        match &self.platform {
            Platform::Unknown => 0,
            Platform::One(p) => *p,
            Platform::PerRow(p) => p.get(row).copied().map_or(0, i64::from),
        }
    }

    /// Earliest and latest time of all rows that have one, masked or not, µs.
    pub fn time_range(&self) -> Option<(i64, i64)> {
        let times = match &self.time {
            Times::One(t) => std::slice::from_ref(t),
            Times::PerRow(t) | Times::PerLine(t) => &t[..],
        };
        let mut range: Option<(i64, i64)> = None;
        for t in times.iter().copied().filter(|t| *t != NO_TIME) {
            range = Some(range.map_or((t, t), |(a, b)| (a.min(t), b.max(t))));
        }
        range
    }
}

fn check(what: &'static str, found: usize, expected: usize) -> Result<()> {
    if found == expected { Ok(()) } else { Err(Error::Length { what, found, expected }) }
}

/// Where a row of a side lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowRef {
    /// Number of the granule in its side.
    pub granule: u32,
    /// Row within the granule.
    pub row: u32,
}

/// One side of a match-up: granules in order. Rows are numbered on from granule to granule.
#[derive(Debug, Clone, Default)]
pub struct Side<'a> {
    granules: Vec<Granule<'a>>,
    first: Vec<u64>,
}

impl<'a> Side<'a> {
    /// A side of these granules.
    ///
    /// # Errors
    /// When rows of two granules would have the same number ([`Granule::with_first_row`]).
    pub fn new(granules: Vec<Granule<'a>>) -> Result<Self> {
        let mut first = Vec::with_capacity(granules.len());
        let mut next = 0_u64;
        for (k, g) in granules.iter().enumerate() {
            let row = g.first_row.unwrap_or(next);
            if row < next {
                return Err(Error::FirstRow { granule: k, row });
            }
            first.push(row);
            next = row + g.len as u64;
        }
        Ok(Self { granules, first })
    }

    /// The granules.
    pub fn granules(&self) -> &[Granule<'a>] {
        &self.granules
    }

    /// Number of the first row of a granule.
    pub fn first_row(&self, granule: usize) -> u64 {
        self.first.get(granule).copied().unwrap_or(0)
    }

    /// Number behind the last row.
    pub fn end_row(&self) -> u64 {
        self.rows(self.granules.len().wrapping_sub(1)).end
    }

    /// Row numbers of a granule.
    pub fn rows(&self, granule: usize) -> Range<u64> {
        let first = self.first_row(granule);
        first..first + self.granules.get(granule).map_or(0, |g| g.len as u64)
    }

    /// Where row number `row` lies; `None` when no granule has it.
    pub fn locate(&self, row: u64) -> Option<RowRef> {
        let granule = self.first.partition_point(|f| *f <= row).checked_sub(1)?;
        let within = row - self.first[granule];
        (within < self.granules[granule].len as u64).then_some(RowRef { granule: granule as u32, row: within as u32 })
    }

    /// Number of a row.
    pub fn number(&self, at: RowRef) -> u64 {
        self.first_row(at.granule as usize) + u64::from(at.row)
    }

    /// Latitude, longitude (degrees) and time (µs) of row number `row`.
    pub fn place(&self, row: u64) -> Option<(f64, f64, i64)> {
        let at = self.locate(row)?;
        let g = &self.granules[at.granule as usize];
        let (lat, lon) = g.position(at.row as usize);
        Some((lat, lon, g.time(at.row as usize)))
    }
}
