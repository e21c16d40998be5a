//! The sample day: one analytic ocean (`seaglass_core::ocean`) seen by nine products on 2024-08-11, each written in the
//! structure of the real product. It shows the program to a new user, and lets tests ask whether the value shown at a
//! place and time is the ocean's value there.
//!
//! What is simplified is said in `docs/sample-day.md`: orbits are circles, there is no noise, no tide.

mod altimeter;
mod clouds;
mod container;
mod drifters;
mod grids;
mod land;
mod orbit;
mod radiometer;
mod sar;
mod scatterometer;
mod swot;

use std::path::{Path, PathBuf};

use seaglass_core::ocean::Ocean;
use seaglass_core::time::Time;

use container::Container;
use land::Land;

/// Midnight at the start of the sample day, 2024-08-11T00:00:00Z.
pub const DAY_START: Time = Time::from_micros(1_723_334_400_000_000);
/// The seed of the sample day that `seaglass sample` writes without `--seed`.
pub const DEFAULT_SEED: u64 = 1;

/// Why the sample day could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The folder cannot be made.
    #[error("The folder {path} cannot be made: {source}. Name a folder you may write to.")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("{path} cannot be written ({what}): {source}. Is the disk full, or the file open elsewhere?")]
    File {
        /// Which.
        path: PathBuf,
        /// The variable or attribute.
        what: String,
        /// What the library said.
        source: netcdf::Error,
    },
    /// A thread cannot be started.
    #[error("No thread could be started to compute the sample day: {0}.")]
    Thread(std::io::Error),
}

/// What every product is made from.
struct World {
    ocean: Ocean,
    land: Land,
}

/// Makes one file. Calls are independent of each other.
type Maker = Box<dyn Fn(&World) -> Container + Send>;

/// Writes the sample day of a seed into `dir` (made when missing; files of the same names are replaced) and returns the
/// paths, in the order written. About 30 files, below 120 MB. The same seed gives the same values.
///
/// # Errors
/// When the folder or a file cannot be written.
pub fn write(dir: &Path, seed: u64) -> Result<Vec<PathBuf>, SampleError> {
    write_telling(dir, seed, |_path, _done, _all| {})
}

/// The same, telling of each file as soon as it is written: its path, how many are, and how many there will be.
///
/// # Errors
/// As [`write`].
pub fn write_telling(
    dir: &Path,
    seed: u64,
    mut told: impl FnMut(&Path, usize, usize),
) -> Result<Vec<PathBuf>, SampleError> {
    std::fs::create_dir_all(dir).map_err(|source| SampleError::Folder { path: dir.to_owned(), source })?;
    let world = World { ocean: Ocean::new(seed), land: Land::new() };
    // One thread computes while this one compresses and writes: the HDF5 library works for one thread at a time.
    let (sender, receiver) = crossbeam::channel::bounded::<Container>(1);
    let makers = makers();
    let all = makers.len();
    std::thread::scope(move |scope| {
        std::thread::Builder::new()
            .name("sample-ocean".to_owned())
            .spawn_scoped(scope, move || {
                for make in makers {
                    // The writer has gone when it failed.
                    if sender.send(make(&world)).is_err() {
                        return;
                    }
                }
            })
            .map_err(SampleError::Thread)?;
        // The receiver goes with the first failure, so that the other thread stops.
        let mut paths = Vec::with_capacity(all);
        for container in receiver {
            let path = container.write(dir, seed)?;
            told(&path, paths.len() + 1, all);
            paths.push(path);
        }
        Ok(paths)
    })
}

/// Every file of the day.
fn makers() -> Vec<Maker> {
    let mut all: Vec<Maker> = vec![Box::new(grids::sst_analysis), Box::new(grids::sea_level)];
    all.extend(radiometer::makers());
    all.extend(swot::makers());
    all.extend(altimeter::makers());
    all.extend(scatterometer::makers());
    all.extend(sar::makers());
    all.push(Box::new(drifters::make));
    all
}

/// Fills `rows × cols` cells on all cores, a row at a time.
fn cells<C: Default + Clone + Send>(rows: usize, cols: usize, row: impl Fn(usize, &mut [C]) + Sync) -> Vec<C> {
    use rayon::prelude::*;
    let mut all = vec![C::default(); rows * cols];
    all.par_chunks_mut(cols).enumerate().for_each(|(k, chunk)| row(k, chunk));
    all
}

/// `20240811T131459` of an instant.
fn compact(time: Time) -> String {
    time.civil().map_or_else(String::new, |(y, mo, d, h, mi, s, _)| format!("{y:04}{mo:02}{d:02}T{h:02}{mi:02}{s:02}"))
}

/// Seconds since 2000-01-01T00:00:00Z, the epoch of altimetry.
fn seconds_since_2000(time: Time) -> f64 {
    time.unix_seconds() - 946_684_800.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_written_ends_it_with_a_sentence() {
        let dir = tempfile::tempdir().unwrap();
        // A folder stands where the first file should go: the writer fails while the other thread is still computing.
        std::fs::create_dir(dir.path().join(container_names(1)[0].as_str())).unwrap();
        let error = write(dir.path(), 1).unwrap_err().to_string();
        assert!(error.contains("ODYSSEA") && error.contains("cannot be written"), "{error}");
        let error = write(Path::new("/proc/nowhere/day"), 1).unwrap_err().to_string();
        assert!(error.contains("cannot be made"), "{error}");
    }

    fn container_names(count: usize) -> Vec<String> {
        let world = World { ocean: Ocean::new(1), land: Land::new() };
        makers().into_iter().take(count).map(|make| make(&world).name().to_owned()).collect()
    }
}
