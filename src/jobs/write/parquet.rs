//! GeoParquet.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::{Finished, Sink};
use crate::error::{JobError, Result};
use crate::state::{aside, discard};

/// Rows of a row group.
const ROW_GROUP: usize = 128 * 1024;

fn compression() -> Compression {
    #[cfg(feature = "zstd")]
    return Compression::ZSTD(parquet::basic::ZstdLevel::default());
    #[cfg(not(feature = "zstd"))]
    Compression::LZ4_RAW
}

fn failed(path: &Path, error: ParquetError) -> JobError {
    if let ParquetError::External(inner) = &error
        && let Some(io) = inner.downcast_ref::<std::io::Error>()
    {
        return JobError::output(path, "The result", io);
    }
    JobError::Output { message: format!("The result cannot be written: {error}."), path: path.to_owned() }
}

/// A Parquet file under way.
pub struct Parquet {
    path: PathBuf,
    new: PathBuf,
    writer: Option<ArrowWriter<File>>,
}

impl Parquet {
    /// Begins a file.
    ///
    /// # Errors
    /// The system refuses.
    pub fn create(path: &Path, schema: &Schema, metadata: Vec<(String, String)>) -> Result<Self> {
        let new = aside(path);
        let file = File::create(&new).map_err(|e| JobError::output(path, "The result", &e))?;
        let metadata = metadata.into_iter().map(|(k, v)| KeyValue::new(k, v)).collect();
        let properties = WriterProperties::builder()
            .set_compression(compression())
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_created_by(format!("seaglass {}", env!("CARGO_PKG_VERSION")))
            .set_key_value_metadata(Some(metadata))
            .build();
        let writer = ArrowWriter::try_new(file, SchemaRef::new(schema.clone()), Some(properties));
        let writer = Some(writer.map_err(|e| failed(path, e))?);
        Ok(Self { path: path.to_owned(), new, writer })
    }
}

impl Sink for Parquet {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        writer.write(batch).map_err(|e| failed(&self.path, e))
    }

    fn finish(mut self: Box<Self>) -> Result<Finished> {
        let ended = || JobError::Internal("A result was finished twice.".to_owned());
        let writer = self.writer.take().ok_or_else(ended)?;
        let file = writer.into_inner().map_err(|e| failed(&self.path, e))?;
        file.sync_all().map_err(|e| JobError::output(&self.path, "The result", &e))?;
        Ok(Finished { new: std::mem::take(&mut self.new), path: std::mem::take(&mut self.path) })
    }
}

impl Drop for Parquet {
    fn drop(&mut self) {
        if !self.new.as_os_str().is_empty() {
            discard(&self.new);
        }
    }
}

/// Writes the rows of a task in one go.
///
/// # Errors
/// The system refuses.
pub fn table_file(path: &Path, batch: &RecordBatch) -> Result<()> {
    let mut file = Box::new(Parquet::create(path, &batch.schema(), Vec::new())?);
    file.write(batch)?;
    Finished::place(vec![file.finish()?])
}

/// Reads the rows of a task; only `columns` when given.
///
/// # Errors
/// The file is damaged.
pub fn read_table(path: &Path, columns: Option<&[String]>) -> Result<ParquetRecordBatchReader> {
    let broken = |e: &dyn std::fmt::Display| {
        JobError::Internal(format!(
            "The table {} of a finished task cannot be read ({e}); remove it and run the job again.",
            path.display()
        ))
    };
    let file = File::open(path).map_err(|e| broken(&e))?;
    let mut builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| broken(&e))?;
    if let Some(columns) = columns {
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().map(String::as_str));
        builder = builder.with_projection(mask);
    }
    builder.with_batch_size(ROW_GROUP).build().map_err(|e| broken(&e))
}
