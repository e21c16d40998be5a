//! How fast values come out of netCDF-4 in one process: `cargo bench -p seaglass-formats --bench decode -- VARIABLE
//! THREADS FILE...` prints MB/s of stored bytes, the files opened anew each time: as raw numbers, all of them in memory,
//! and as values, unpacked and missing ones marked, piece by piece as a reader hands them out. `cargo xtask bench d` holds
//! it beside h5py and netCDF4-python. The quickest of some rounds counts: what other work does to a round only adds; and
//! the time of processors (Linux), which other work hardly changes. With `SEAGLASS_FILE_CACHE` files are remembered there.

use std::path::PathBuf;
use std::time::Instant;

use rayon::prelude::*;
use seaglass_formats::dataset::Dataset;
use seaglass_formats::error::Result;
use seaglass_formats::packing::Packing;

const ROUNDS: usize = 9;
/// Values unpacked at a time, as a reader does.
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
    let mut any = false;
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
        let runs = raw.len().div_ceil(RUN);
        let good: usize = (0..runs)
            .into_par_iter()
            .map_init(
                || vec![0.0f32; RUN],
                |buffer, k| {
                    let out = &mut buffer[..RUN.min(raw.len() - k * RUN)];
                    packing.run_f32(&raw, k * RUN, out);
                    usize::from(std::hint::black_box(&*out).iter().step_by(1013).any(|v| v.is_finite()))
                },
            )
            .sum();
        any |= good > 0;
        let all = start.elapsed().as_secs_f64();
        spent.open += opened;
        spent.raw += read;
        spent.values += all;
        spent.bytes += raw.byte_len();
        ds.settle();
    }
    assert!(any, "nothing but missing values");
    Ok(spent)
}

/// Seconds that processors have worked for this process, in steps of a hundredth; NaN where the system does not say.
fn processor_s() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = text.rsplit_once(") ").map_or("", |(_, rest)| rest);
    // The fields utime and stime of proc(5), counted from the one after the name.
    let ticks = |k: usize| after.split(' ').nth(k).and_then(|t| t.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) / 100.0
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
    if let Some(folder) = std::env::var_os("SEAGLASS_FILE_CACHE").filter(|f| !f.is_empty()) {
        seaglass_formats::remembered::keep_in(folder.as_ref());
        one_round(&files, variable)?;
    }
    let before = processor_s();
    let rounds = (0..ROUNDS).map(|_| one_round(&files, variable)).collect::<Result<Vec<_>>>()?;
    let least = |of: fn(&Spent) -> f64| rounds.iter().map(of).fold(f64::INFINITY, f64::min);
    let (open, raw, values) = (least(|s| s.open), least(|s| s.raw), least(|s| s.values));
    let mb = rounds[0].bytes as f64 / 1e6;
    println!(
        "threads={threads} open_ms={:.2} raw_mb_per_s={:.1} mb_per_s={:.1} cpu_mb_per_s={:.1} seconds={values:.4}",
        open * 1e3 / files.len() as f64,
        mb / raw,
        mb / values,
        mb * ROUNDS as f64 / (processor_s() - before)
    );
    Ok(())
}
