//! The sample day, written once for all test programs and kept in the target folder until the worker changes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::UNIX_EPOCH;

/// Folder of the day of seed 1.
pub fn sample_day() -> PathBuf {
    // Tests of one program run in parallel: one of them writes, the others wait.
    static DAY: OnceLock<PathBuf> = OnceLock::new();
    DAY.get_or_init(write_or_find).clone()
}

fn write_or_find() -> PathBuf {
    let worker = Path::new(env!("CARGO_BIN_EXE_seaglass-worker"));
    let meta = std::fs::metadata(worker).unwrap();
    let built = meta.modified().unwrap().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let all = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let dir = all.join(format!("sample-day-{}-{built}", meta.len()));
    if dir.is_dir() {
        return dir;
    }
    // Days of earlier workers are of no use any more.
    for entry in std::fs::read_dir(all).unwrap().flatten() {
        let old = entry.file_name().to_string_lossy().starts_with("sample-day-");
        if old && std::fs::remove_dir_all(entry.path()).is_err() {
            eprintln!("{} is still in use", entry.path().display());
        }
    }
    // Written aside and moved in one go: other test programs find a whole day or none.
    let aside = tempfile::Builder::new().prefix("writing-sample-day-").tempdir_in(all).unwrap();
    let out = Command::new(worker).arg("sample").arg(aside.path()).stdin(Stdio::null()).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let written = aside.keep();
    if std::fs::rename(&written, &dir).is_err() {
        // Another program was quicker.
        std::fs::remove_dir_all(&written).unwrap();
    }
    assert!(dir.is_dir());
    dir
}
