//! Bad input: every file ends with an answer, soon, and the other files still open.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]
#![cfg(feature = "worker")]

#[path = "support/sample_day.rs"]
mod sample_day;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const SEAGLASS: &str = env!("CARGO_BIN_EXE_seaglass");
const LIMIT: Duration = Duration::from_secs(10);

fn granules() -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/granules");
    dir.is_dir().then_some(dir)
}

/// Runs and gives the output, or `None` when it took longer than [`LIMIT`].
fn run(args: &[&str]) -> Option<Output> {
    let mut child = Command::new(SEAGLASS)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    fn drain(mut pipe: impl std::io::Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
        let read = move || {
            let mut bytes = Vec::new();
            pipe.read_to_end(&mut bytes).unwrap();
            bytes
        };
        std::thread::Builder::new().name("drain".into()).spawn(read).unwrap()
    }
    let (out, err) = (drain(child.stdout.take().unwrap()), drain(child.stderr.take().unwrap()));
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(Output { status, stdout: out.join().unwrap(), stderr: err.join().unwrap() });
        }
        if start.elapsed() > LIMIT {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// An answer: a description, or one line naming the file, with a documented exit code.
fn check_inspect(path: &Path) -> Result<String, String> {
    let name = path.display().to_string();
    let Some(out) = run(&["inspect", &name]) else { return Err(format!("{name}: no answer within {LIMIT:?}")) };
    let err = String::from_utf8_lossy(&out.stderr).into_owned();
    match out.status.code() {
        Some(0) if out.stdout.starts_with(b"file ") => Ok("opened".to_owned()),
        Some(code @ (3 | 4)) => {
            let told = err.starts_with("seaglass: ") && err.trim_end().lines().count() == 1 && err.contains(&name);
            let blames_the_reader = err.contains("died") || err.contains("did not answer");
            if told && !blames_the_reader {
                Ok(format!("{code}: {}", err.trim()))
            } else {
                Err(format!("{name}: {err}"))
            }
        }
        code => Err(format!("{name}: exit {code:?}, {err}")),
    }
}

#[test]
fn nasty_files_end_with_an_answer() {
    let Some(dir) = granules().map(|g| g.join("nasty")) else { return eprintln!("skipped: no granules here") };
    let mut files: Vec<PathBuf> = std::fs::read_dir(&dir).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 10);
    let results: Vec<_> = files.iter().map(|f| check_inspect(f)).collect();
    for (file, result) in files.iter().zip(&results) {
        println!("{}: {result:?}", file.display());
    }
    let bad: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn broken_copies_end_with_an_answer() {
    let dir = tempfile::tempdir().unwrap();
    let sample = sample_day::sample_day();
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&sample).unwrap().flatten().map(|e| e.path()).filter(|p| p.is_file()).collect();
    files.sort_by_key(|f| std::fs::metadata(f).map(|m| m.len()).unwrap_or(0));
    files.truncate(4);
    assert!(!files.is_empty(), "the sample day has no file");
    let mut bad = Vec::new();
    for (k, file) in files.iter().enumerate() {
        let whole = std::fs::read(file).unwrap();
        let broken = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(format!("{k}_{name}.nc"));
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let mut cases = vec![broken("empty", b""), broken("text", b"not a granule at all\n")];
        for part in [1, 3, 7] {
            cases.push(broken(&format!("cut{part}"), &whole[..whole.len() * part / 8]));
        }
        // Bits flipped at places that depend on nothing but the file: a different part of the structure each time.
        for round in 0..6usize {
            let mut bytes = whole.clone();
            for n in 0..24usize {
                let at = (round * 7919 + n * n * 104_729 + n * 31) % bytes.len().min(1 << (9 + 2 * round));
                bytes[at] ^= 1 << (n % 8);
            }
            cases.push(broken(&format!("flipped{round}"), &bytes));
        }
        bad.extend(cases.iter().filter_map(|c| check_inspect(c).err()));
    }
    // A crash that the pool survived is an answer too, but a hang or a lost message is not.
    bad.retain(|b| !b.contains("died twice"));
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn one_bad_file_does_not_spoil_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let day = sample_day::sample_day();
    let good =
        std::fs::read_dir(&day).unwrap().flatten().map(|e| e.path()).find(|p| p.to_string_lossy().contains("JA1_"));
    let good = good.expect("the sample day has an altimeter pass");
    let sample = dir.path().join("folder");
    std::fs::create_dir(&sample).unwrap();
    std::fs::copy(&good, sample.join(good.file_name().unwrap())).unwrap();
    let bad = sample.join("0_first_of_all.nc");
    std::fs::write(&bad, b"CDF\x01 and then nothing of the kind").unwrap();
    let png = dir.path().join("x.png");
    let args = ["render", &sample.display().to_string(), "--out", &png.display().to_string(), "--size", "160x100"];
    let out = Command::new(SEAGLASS).args(args).output().unwrap();
    let err = String::from_utf8_lossy(&out.stderr);
    if out.status.code() == Some(5) {
        return eprintln!("skipped: {err}");
    }
    assert_eq!(out.status.code(), Some(3), "{err}");
    assert!(err.contains("0_first_of_all.nc"), "{err}");
    assert_eq!(image::open(&png).unwrap().width(), 160);
}
