//! How fast values come out of netCDF-4 in one process: `cargo bench -p seaglass-formats --bench decode -- VARIABLE
//! THREADS FILE...` prints MB/s of stored bytes, the files opened anew each time, as raw numbers and unpacked with missing
//! values marked. `cargo xtask bench d` holds it beside h5py and netCDF4-python.

use std::path::PathBuf;
use std::time::Instant;

use rayon::prelude::*;
use seaglass_formats::dataset::Dataset;
use seaglass_formats::error::Result;
use seaglass_formats::packing::Packing;

const ROUNDS: usize = 9;
/// Values unpacked at a time.
const RUN: usize = 1 << 16;

/// Seconds to open the files, to have the raw numbers, and to have the values; and the stored bytes.
#[derive(Clone, Copy, Default)]
struct Spent {
    open: f64,
    raw: f64,
    values: f64,
    bytes: usize,
}

fn one_round(files: &[PathBuf], variable: &str) -> Result<Spent> {
    let mut spent = Spent::default();
    for path in files {
        let start = Instant::now();
        let ds = Dataset::open(path)?;
        let opened = start.elapsed().as_secs_f64();
        let Some(var) = ds.by_path(variable) else {
            return Err(seaglass_formats::error::bad_request(format!("There is no variable {variable}.")));
        };
        let shape = ds.shape(var);
        let raw = ds.read_fast(var, &vec![0; shape.len()], &shape)?;
        let read = start.elapsed().as_secs_f64();
        let packing = Packing::of(&ds.vars[var]).0;
        let mut values = vec![0.0f32; raw.len()];
        values.par_chunks_mut(RUN).enumerate().for_each(|(k, out)| packing.run_f32(&raw, k * RUN, out));
        let all = start.elapsed().as_secs_f64();
        assert!(values.iter().step_by(1013).any(|v| v.is_finite()), "nothing but missing values");
        spent.open += opened;
        spent.raw += read;
        spent.values += all;
        spent.bytes += raw.byte_len();
    }
    Ok(spent)
}

fn main() -> Result<()> {
    // `cargo bench` adds `--bench`; without a file there is nothing to measure.
    let args: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let [variable, threads, files @ ..] = args.as_slice() else {
        println!("decode: give VARIABLE THREADS FILE...; `cargo xtask bench d` does");
        return Ok(());
    };
    let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
    let threads: usize = threads.parse().unwrap_or(1);
    if let Err(e) = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global() {
        println!("decode: {e}");
    }
    let mut rounds = (0..ROUNDS).map(|_| one_round(&files, variable)).collect::<Result<Vec<_>>>()?;
    let mut median = |of: fn(&Spent) -> f64| {
        rounds.sort_by(|a, b| of(a).total_cmp(&of(b)));
        of(&rounds[ROUNDS / 2])
    };
    let (open, raw, values) = (median(|s| s.open), median(|s| s.raw), median(|s| s.values));
    let mb = rounds[0].bytes as f64 / 1e6;
    println!(
        "threads={threads} open_ms={:.2} raw_mb_per_s={:.1} mb_per_s={:.1} seconds={values:.4}",
        open * 1e3 / files.len() as f64,
        mb / raw,
        mb / values
    );
    Ok(())
}
