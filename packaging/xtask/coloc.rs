//! `cargo xtask bench coloc [TASK…]`: the colocation engine on the reference work sets, beside what else there is.

use std::path::PathBuf;

use crate::shell::{Result, cargo, command, root, run, target};
use crate::system::venv;

/// What makes the work sets and the other ways. numba and typhon serve the project's own prototype runs.
const PACKAGES: &[&str] = &["numpy==2.4.6", "scipy==1.17.1", "pykdtree==1.4.3", "numba==0.68.1", "typhon==0.10.0"];

/// What builds the wheel and runs `packaging/bench/coloc/ways.py`.
const WAYS: &[&str] = &[
    "maturin>=1.9,<2",
    "dask",
    "distributed",
    "h5netcdf",
    "netCDF4",
    "numpy",
    "pandas",
    "pyarrow",
    "pyproj",
    "typing_extensions",
    "xarray",
];

/// Builds the engine's bench program, the application and the wheel as they are now, and prints the table of
/// `packaging/bench/coloc/run.py`; fails when a hash differs from the reference.
pub fn bench(tasks: &[String]) -> Result<()> {
    let release = target().join("release");
    let executable = |name: &str| format!("{name}{}", std::env::consts::EXE_SUFFIX);
    run(cargo().args(["build", "--release", "--package", "seaglass-coloc", "--example", "bench"]))?;
    run(cargo().args(["build", "--release", "--package", "seaglass"]))?;
    let ways = wheel()?;
    let python = venv("bench-coloc", PACKAGES)?;
    run(command(python)
        .arg(root().join("packaging").join("bench").join("coloc").join("run.py"))
        .arg(release.join("examples").join(executable("bench")))
        .arg(release.join(executable("seaglass")))
        .arg(ways)
        .arg(target().join("bench").join("coloc"))
        .args(tasks))
}

/// A Python with the wheel of `python/` as it is now.
fn wheel() -> Result<PathBuf> {
    let python = venv("bench-ways", WAYS)?;
    let out = target().join("python").join("bench");
    if out.exists() {
        std::fs::remove_dir_all(&out).map_err(|e| format!("cannot remove {}: {e}", out.display()))?;
    }
    run(command(&python)
        .args(["-m", "maturin", "build", "--release", "--quiet", "--manifest-path", "python/Cargo.toml"])
        .arg("--interpreter")
        .arg(&python)
        .arg("--out")
        .arg(&out)
        .env("CARGO_TARGET_DIR", target().join("python")))?;
    let files = std::fs::read_dir(&out).map_err(|e| format!("cannot list {}: {e}", out.display()))?;
    run(command(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--force-reinstall"])
        .args(files.flatten().map(|f| f.path())))?;
    Ok(python)
}
