//! CSV by RFC 4180: a header, commas, CRLF, quotes where they are needed; times by ISO 8601, missing values empty.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Schema};
use seaglass_core::time::Time;

use super::{Finished, Sink};
use crate::error::{JobError, Result};
use crate::state::{aside, discard};

/// A CSV file under way.
pub struct Csv {
    path: PathBuf,
    new: PathBuf,
    out: BufWriter<File>,
}

impl Csv {
    /// Begins a file with the columns of a schema; binary columns are left out.
    ///
    /// # Errors
    /// The system refuses.
    pub fn create(path: &Path, schema: &Schema) -> Result<Self> {
        let new = aside(path);
        let file = File::create(&new).map_err(|e| JobError::output(path, "The result", &e))?;
        let mut this = Self { path: path.to_owned(), new, out: BufWriter::with_capacity(1 << 18, file) };
        let names: Vec<String> =
            schema.fields().iter().filter(|f| shown(f.data_type())).map(|f| quoted(f.name())).collect();
        this.put(format!("{}\r\n", names.join(",")).as_bytes())?;
        Ok(this)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).map_err(|e| JobError::output(&self.path, "The result", &e))
    }
}

fn shown(ty: &DataType) -> bool {
    !matches!(ty, DataType::Binary)
}

/// A field, in quotes when it holds a comma, a quote or a line end.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

impl Sink for Csv {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns: Vec<&dyn Array> = batch.columns().iter().map(|c| &**c).filter(|c| shown(c.data_type())).collect();
        let mut line = String::new();
        for k in 0..batch.num_rows() {
            line.clear();
            for (n, column) in columns.iter().enumerate() {
                if n > 0 {
                    line.push(',');
                }
                cell(*column, k, &mut line);
            }
            line.push_str("\r\n");
            self.put(line.as_bytes())?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Finished> {
        let failed = |e: std::io::Error| JobError::output(&self.path, "The result", &e);
        self.out.flush().map_err(failed)?;
        self.out.get_ref().sync_all().map_err(failed)?;
        Ok(Finished { new: std::mem::take(&mut self.new), path: std::mem::take(&mut self.path) })
    }
}

impl Drop for Csv {
    fn drop(&mut self) {
        if !self.new.as_os_str().is_empty() {
            discard(&self.new);
        }
    }
}

/// One value; numbers in the shortest form that reads back the same.
fn cell(column: &dyn Array, k: usize, out: &mut String) {
    use std::fmt::Write as _;
    if column.is_null(k) {
        return;
    }
    let written = match column.data_type() {
        DataType::UInt16 => write!(out, "{}", column.as_primitive::<UInt16Type>().value(k)),
        DataType::UInt32 => write!(out, "{}", column.as_primitive::<UInt32Type>().value(k)),
        DataType::UInt64 => write!(out, "{}", column.as_primitive::<UInt64Type>().value(k)),
        DataType::Int64 => write!(out, "{}", column.as_primitive::<Int64Type>().value(k)),
        DataType::Float32 => write!(out, "{}", column.as_primitive::<Float32Type>().value(k)),
        DataType::Float64 => write!(out, "{}", column.as_primitive::<Float64Type>().value(k)),
        DataType::Timestamp(..) => {
            let t = column.as_primitive::<TimestampMicrosecondType>().value(k);
            write!(out, "{}", Time::from_micros(t).iso())
        }
        DataType::Dictionary(..) => {
            let names = column.as_dictionary::<Int32Type>();
            let name = names.key(k).map(|n| names.values().as_string::<i32>().value(n)).unwrap_or_default();
            out.push_str(&quoted(name));
            Ok(())
        }
        DataType::FixedSizeList(..) => {
            let list = column.as_fixed_size_list().value(k);
            for n in 0..list.len() {
                if n > 0 {
                    out.push(' ');
                }
                if list.is_null(n) { out.push_str("nan") } else { cell(&*list, n, out) }
            }
            Ok(())
        }
        _ => Ok(()),
    };
    debug_assert!(written.is_ok(), "texts take everything");
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn quotes_by_rfc_4180() {
        assert_eq!(quoted("a.nc"), "a.nc");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
    }
}
