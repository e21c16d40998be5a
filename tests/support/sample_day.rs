//! The sample day, written once for all test programs and kept in the target folder until the worker changes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A day that nobody has used for so long may go.
const UNUSED: Duration = Duration::from_secs(86_400);

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
        used_now(&dir);
        return dir;
    }
    forget_old_days(all);
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

/// Days of earlier workers, which no test program has used since yesterday. A younger one may be in use: test programs of
/// different builds run beside each other.
fn forget_old_days(all: &Path) {
    for entry in std::fs::read_dir(all).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let ours = name.starts_with("sample-day-") || name.starts_with("writing-sample-day-");
        let used = entry.metadata().and_then(|m| m.modified()).ok();
        let idle = used.and_then(|t| t.elapsed().ok()).is_some_and(|age| age > UNUSED);
        if ours && idle && std::fs::remove_dir_all(entry.path()).is_err() {
            eprintln!("{} is still in use", entry.path().display());
        }
    }
}

/// The time of the folder says when a test program has last used it.
fn used_now(dir: &Path) {
    let touched = std::fs::File::open(dir).and_then(|d| d.set_modified(SystemTime::now()));
    if let Err(e) = touched {
        eprintln!("{}: {e}", dir.display());
    }
}
