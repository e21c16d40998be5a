//! Jobs in tests: made from a few words, run with real workers, their results read back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use seaglass_data::pool::ProcessConnector;
use seaglass_data::registry::Registry;
use seaglass_jobs::arrow_array::cast::AsArray;
use seaglass_jobs::arrow_array::types::{
    Float32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType, UInt16Type, UInt32Type, UInt64Type,
};
use seaglass_jobs::arrow_array::{Array, ArrayRef, RecordBatch};
use seaglass_jobs::progress::Silent;
use seaglass_jobs::write::read_table;
use seaglass_jobs::{Cancel, Job, JobSpec, Outcome, Setup};

use crate::sample_day::sample_day;

/// A side of the job file: name, files of the sample day (or an absolute pattern), further lines.
pub fn side(name: &str, files: &str, more: &str) -> String {
    let pattern = if Path::new(files).is_absolute() { PathBuf::from(files) } else { sample_day().join(files) };
    format!("[[side]]\nname = '{name}'\nfiles = ['{}']\n{more}\n", pattern.display())
}

/// A job that writes `pairs.parquet` into a folder.
pub fn job(dir: &Path, radius: &str, window: &str, policy: &str, sides: &[String]) -> JobSpec {
    let out = dir.join("pairs.parquet");
    let text = format!(
        "radius = '{radius}'\nwindow = '{window}'\n[policy]\n{policy}\n{}[output]\npath = '{}'\n[run]\nchecksum = 'none'\n",
        sides.concat(),
        out.display()
    );
    JobSpec::parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

/// Real workers and the built-in products.
pub fn setup() -> Setup {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_seaglass-worker"));
    Setup {
        connect: Arc::new(ProcessConnector { program, args: Vec::new() }),
        registry: Arc::new(Registry::load(None)),
        cancel: Cancel::new(),
    }
}

/// Opens a job.
pub fn open(spec: JobSpec) -> seaglass_jobs::Result<Job> {
    Job::open(spec, setup(), &Silent)
}

/// Runs a job from beginning to end and reads its first output.
pub fn run(spec: JobSpec) -> (Outcome, Table) {
    let path = spec.output.path.clone();
    let outcome = open(spec).unwrap().run(None, &Silent).unwrap();
    (outcome, Table::read(&path))
}

/// Runs one shard.
pub fn shard(spec: JobSpec, shard: (usize, usize)) -> Outcome {
    open(spec).unwrap().run(Some(shard), &Silent).unwrap()
}

/// Puts shards together.
pub fn merge(spec: JobSpec) -> seaglass_jobs::Result<Outcome> {
    open(spec)?.merge(&Silent)
}

/// Results read back.
pub struct Table {
    batches: Vec<RecordBatch>,
}

impl Table {
    /// Reads a Parquet file.
    pub fn read(path: &Path) -> Self {
        Self { batches: read_table(path, None).unwrap().map(Result::unwrap).collect() }
    }

    fn columns(&self, name: &str) -> Vec<&ArrayRef> {
        let find = |b| RecordBatch::column_by_name(b, name).unwrap_or_else(|| panic!("no column {name}"));
        self.batches.iter().map(find).collect()
    }

    /// Numbers, missing ones as NaN.
    pub fn numbers(&self, name: &str) -> Vec<f64> {
        self.columns(name).into_iter().flat_map(numbers).collect()
    }

    /// Whole numbers; missing ones are `i64::MIN`.
    pub fn whole(&self, name: &str) -> Vec<i64> {
        let one = |a: &ArrayRef| -> Vec<i64> {
            macro_rules! all {
                ($t:ty) => {
                    a.as_primitive::<$t>().iter().map(|v| v.map_or(i64::MIN, |v| v as i64)).collect()
                };
            }
            match a.data_type().to_string().as_str() {
                "UInt16" => all!(UInt16Type),
                "UInt32" => all!(UInt32Type),
                "UInt64" => all!(UInt64Type),
                _ => all!(Int64Type),
            }
        };
        self.columns(name).into_iter().flat_map(one).collect()
    }

    /// Times, µs.
    pub fn times(&self, name: &str) -> Vec<i64> {
        let one = |a: &ArrayRef| a.as_primitive::<TimestampMicrosecondType>().values().to_vec();
        self.columns(name).into_iter().flat_map(one).collect()
    }

    /// Texts of a dictionary.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let one = |a: &ArrayRef| -> Vec<String> {
            let d = a.as_dictionary::<Int32Type>();
            let words = d.values().as_string::<i32>();
            (0..d.len()).map(|k| d.key(k).map_or(String::new(), |n| words.value(n).to_owned())).collect()
        };
        self.columns(name).into_iter().flat_map(one).collect()
    }

    /// Boxes.
    pub fn lists(&self, name: &str) -> Vec<Vec<f64>> {
        let one = |a: &ArrayRef| -> Vec<Vec<f64>> {
            let l = a.as_fixed_size_list();
            (0..l.len()).map(|k| numbers(&l.value(k))).collect()
        };
        self.columns(name).into_iter().flat_map(one).collect()
    }

    /// Everything as text, row by row, to compare two results.
    pub fn content(&self) -> Vec<String> {
        let names: Vec<String> = self
            .batches
            .first()
            .map_or_else(Vec::new, |b| b.schema().fields().iter().map(|f| f.name().clone()).collect());
        let mut rows = vec![String::new(); self.batches.iter().map(RecordBatch::num_rows).sum()];
        for name in names.iter().filter(|n| *n != "geometry") {
            let columns = self.columns(name);
            let texts: Vec<String> = match columns[0].data_type().to_string() {
                t if t.starts_with("Dictionary") => self.texts(name),
                t if t.starts_with("Timestamp") => self.times(name).iter().map(i64::to_string).collect(),
                t if t.starts_with("Float") => self.numbers(name).iter().map(|v| format!("{v:e}")).collect(),
                _ => self.whole(name).iter().map(i64::to_string).collect(),
            };
            rows.iter_mut().zip(texts).for_each(|(r, t)| {
                r.push_str(&t);
                r.push('|');
            });
        }
        rows
    }
}

fn numbers(a: &ArrayRef) -> Vec<f64> {
    if let Some(v) = a.as_primitive_opt::<Float32Type>() {
        return v.iter().map(|v| v.map_or(f64::NAN, f64::from)).collect();
    }
    a.as_primitive::<Float64Type>().iter().map(|v| v.unwrap_or(f64::NAN)).collect()
}
