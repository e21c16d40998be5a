//! The intermediate file between a program that has a table and the worker that writes it as netCDF: frames of
//! [`crate::protocol`], first a [`SpoolHeader`], then batches of rows, each a [`SpoolBatch`] with the columns one after
//! the other as little-endian payload.

use serde::{Deserialize, Serialize};

use crate::columns::ColumnType;

/// Attribute of a column without missing values; it is not written, nor is a mark for what is missing.
pub const COMPLETE: &str = "complete";

/// Value of an attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SpoolAttribute {
    /// Text.
    Text(String),
    /// Whole number.
    Int(i64),
    /// Number.
    Float(f64),
}

/// One variable over the rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpoolColumn {
    /// Name.
    pub name: String,
    /// Type. Whole numbers that all fit are written as 32-bit integers when `narrow`.
    pub ty: ColumnType,
    /// Written as a 32-bit integer.
    #[serde(default)]
    pub narrow: bool,
    /// Further dimensions with their lengths, the slowest first: values per row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inner: Vec<(String, usize)>,
    /// Attributes.
    #[serde(default)]
    pub attributes: Vec<(String, SpoolAttribute)>,
}

impl SpoolColumn {
    /// Values a row.
    pub fn width(&self) -> usize {
        self.inner.iter().map(|i| i.1).product()
    }
}

/// A variable with texts over a dimension of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpoolTexts {
    /// Name.
    pub name: String,
    /// Its dimension.
    pub dimension: String,
    /// Values.
    pub texts: Vec<String>,
    /// Attributes.
    #[serde(default)]
    pub attributes: Vec<(String, SpoolAttribute)>,
}

/// What is in the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpoolHeader {
    /// Name of the dimension of the rows.
    pub dimension: String,
    /// Number of rows.
    pub rows: u64,
    /// Global attributes.
    pub attributes: Vec<(String, SpoolAttribute)>,
    /// Columns.
    pub columns: Vec<SpoolColumn>,
    /// Lists of texts.
    #[serde(default)]
    pub texts: Vec<SpoolTexts>,
    /// Groups of the file, with rows of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<SpoolGroup>,
}

/// A group of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpoolGroup {
    /// Name.
    pub name: String,
    /// What is in it; it has no groups of its own.
    pub table: SpoolHeader,
}

/// Head of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpoolBatch {
    /// Rows in it.
    pub rows: usize,
    /// Which of [`SpoolHeader::groups`] they belong to; the file itself when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<usize>,
}
