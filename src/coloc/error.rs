//! What can be wrong with a request.

/// A mistake in what a caller asked for; each message says what, where and what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Arrays of one granule that do not fit together.
    #[error("{what} has {found} values where the granule needs {expected}; give one value per row")]
    Length {
        /// The array.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length that fits.
        expected: usize,
    },
    /// A radius that is not a distance on the Earth.
    #[error("radius {0} m is not a distance on the Earth; give a number from 0 to 20 040 000 m")]
    Radius(f64),
    /// A negative time window.
    #[error("time window {0} us is negative; give 0 or more")]
    Window(i64),
    /// A sphere without a sensible radius.
    #[error("sphere radius {0} m is not a planet's; give a number from 1 000 m to 100 000 000 m")]
    Sphere(f64),
    /// A number of neighbours that asks for nothing.
    #[error("k = 0 asks for no neighbour; give 1 or more")]
    Neighbours,
    /// A parameter of a policy out of its range.
    #[error("{name} = {value} is out of range; give {expected}")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// What was given.
        value: f64,
        /// What is allowed.
        expected: &'static str,
    },
    /// Rows that occur twice where the caller asked for an error.
    #[error(
        "{count} rows of the {side} side repeat an earlier row (same time, position and platform), the first is row {row}; choose `first` or `keep` for duplicates"
    )]
    Duplicates {
        /// `primary` or `secondary`.
        side: &'static str,
        /// How many rows repeat an earlier one.
        count: u64,
        /// The first row that does.
        row: u64,
    },
    /// A granule with more rows than a row number within a granule can hold.
    #[error("a granule has {0} rows, more than 4 294 967 295; split it")]
    TooLarge(usize),
    /// Row ranges of two granules overlap.
    #[error("granule {granule} starts at row {row}, inside the granule before it; give first rows that do not overlap")]
    FirstRow {
        /// Number of the granule in its side.
        granule: usize,
        /// Its first row.
        row: u64,
    },
    /// The caller's token was set.
    #[error("cancelled")]
    Cancelled,
    /// A filter expression that cannot be read.
    #[error("filter, column {column}: {message}")]
    Filter {
        /// Column of the mistake, counted from 1 in characters.
        column: usize,
        /// What is wrong and what would be right.
        message: String,
    },
    /// A granule that its source could not deliver.
    #[error("{0}")]
    Source(String),
}

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;
