//! The wheel: built, installed into an environment of its own, and asked everything that `python/tests` asks.
//!
//! Needs Python and, at first, PyPI and crates.io; without them this says so and is skipped. The crate is a workspace of
//! its own (`python/Cargo.toml`), with its own target folder, because its few dependencies are built with other features.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[path = "support/sample_day.rs"]
mod sample_day;

/// What builds the wheel, and what its tests and the example need.
const PACKAGES: &[&str] = &[
    "maturin>=1.9,<2",
    "dask",
    "distributed",
    "h5netcdf",
    "ipykernel",
    "matplotlib",
    "nbclient",
    "nbformat",
    "netCDF4",
    "numpy",
    "pandas",
    // The client that notebooks for the reference are written for, as in `control.rs`.
    "pySEAScope[processor]==0.3.229",
    "pyarrow",
    "pyproj",
    "pytest",
    "scipy",
    "xarray",
    "zarr",
];

fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().to_owned()
}

fn words(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

fn last_line(text: &str) -> &str {
    text.trim().lines().last().unwrap_or("no word of it")
}

/// Whether a command succeeds; otherwise says why the test is skipped.
fn or_skip(what: &str, command: &mut Command) -> bool {
    let why = match command.output() {
        Ok(out) if out.status.success() => return true,
        Ok(out) => last_line(&words(&out)).to_owned(),
        Err(e) => e.to_string(),
    };
    eprintln!("skipped: {what}: {why}");
    false
}

/// Python with the packages; `None`, with the reason on standard error, when they cannot be had.
fn python() -> Option<PathBuf> {
    let folder = target().join("tools/python");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let (stamp, list) = (folder.join("packages.txt"), PACKAGES.join("\n"));
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|s| s == list) {
        return Some(python);
    }
    let system = if cfg!(windows) { "python" } else { "python3" };
    let made = or_skip("no Python", Command::new(system).args(["-m", "venv"]).arg(&folder))
        && or_skip(
            "PyPI cannot be reached",
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--timeout", "20"])
                .args(PACKAGES),
        );
    if !made {
        return None;
    }
    std::fs::write(&stamp, list).unwrap();
    Some(python)
}

/// Builds the wheel; `None` when the crates it needs cannot be fetched.
fn wheel(python: &Path, crate_dir: &Path) -> Option<PathBuf> {
    let fetch = ["fetch", "--quiet", "--manifest-path"];
    let manifest = crate_dir.join("Cargo.toml");
    if !or_skip("crates.io cannot be reached", Command::new(env!("CARGO")).args(fetch).arg(&manifest)) {
        return None;
    }
    let out = target().join("python/wheels");
    if out.exists() {
        std::fs::remove_dir_all(&out).unwrap();
    }
    let built = Command::new(python)
        .args(["-m", "maturin", "build", "--release", "--offline", "--quiet", "--interpreter"])
        .arg(python)
        .arg("--manifest-path")
        .arg(&manifest)
        .arg("--out")
        .arg(&out)
        .env("CARGO", env!("CARGO"))
        .env("CARGO_TARGET_DIR", target().join("python"))
        .output()
        .unwrap();
    assert!(built.status.success(), "the wheel is not built:\n{}", words(&built));
    let mut wheels: Vec<PathBuf> = std::fs::read_dir(&out).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(wheels.len(), 1, "{wheels:?}");
    wheels.pop()
}

#[test]
fn the_crate_is_formatted() {
    // `cargo fmt` of the workspace does not reach it.
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/Cargo.toml");
    let out = Command::new(env!("CARGO")).args(["fmt", "--check", "--manifest-path"]).arg(manifest).output().unwrap();
    assert!(out.status.success(), "{}", words(&out));
}

#[test]
fn the_wheel_answers_as_other_programs_do() {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let Some(python) = python() else { return };
    let Some(wheel) = wheel(&python, &crate_dir) else { return };
    let name = wheel.file_name().unwrap().to_string_lossy().into_owned();
    assert!(name.contains("-cp310-abi3-"), "one wheel is for every Python from 3.10 on: {name}");
    assert!(name.starts_with(concat!("seaglass-", env!("CARGO_PKG_VERSION"), "-")), "versions go together: {name}");
    let size = wheel.metadata().unwrap().len();
    assert!(size < 4 << 20, "{name} has {size} bytes; only the engine belongs inside");
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--force-reinstall"];
    let installed = Command::new(&python).args(install).arg(&wheel).output().unwrap();
    assert!(installed.status.success(), "{}", words(&installed));

    // From the folder of the tests: from the one above, Python would find the sources in place of the wheel.
    let mut pytest = Command::new(&python);
    pytest
        .args(["-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "."])
        .current_dir(crate_dir.join("tests"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("SEAGLASS", env!("CARGO_BIN_EXE_seaglass"))
        .env("SEAGLASS_SAMPLE", sample_day::sample_day());
    let out = pytest.output().unwrap();
    let said = words(&out);
    assert!(out.status.success(), "{said}");
    assert!(!said.contains(" skipped"), "nothing is left out where everything is there:\n{said}");
    println!("{}", last_line(&said));
}
