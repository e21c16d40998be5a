//! Bad input: every file ends with an answer, soon, and the other files still open.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]
#![cfg(feature = "worker")]

#[path = "nasty/changes.rs"]
mod changes;
#[path = "support/classic.rs"]
mod classic;
#[path = "nasty/mutants.rs"]
mod mutants;
#[path = "nasty/parsers.rs"]
mod parsers;
#[path = "support/sample_day.rs"]
mod sample_day;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use classic::{Attr, Values, Var};

const SEAGLASS: &str = env!("CARGO_BIN_EXE_seaglass");
/// An answer comes at once; only a loaded machine needs so long.
const LIMIT: Duration = Duration::from_secs(60);

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

/// A grid of 6 × 5 cells on the given axes, or without them.
fn grid(lat: Option<[f64; 6]>, lon: Option<[f64; 5]>) -> Vec<u8> {
    let axis = |name, dim, unit, values: &[f64]| Var {
        name,
        dims: vec![dim],
        attrs: vec![("units", Attr::Text(unit))],
        values: Values::Double(values.to_vec()),
    };
    let mut vars: Vec<Var> = Vec::new();
    vars.extend(lat.map(|v| axis("lat", 0, "degrees_north", &v)));
    vars.extend(lon.map(|v| axis("lon", 1, "degrees_east", &v)));
    vars.push(field(vec![0, 1], 30));
    classic::file(&[("lat", 6), ("lon", 5)], &[], &vars)
}

fn field(dims: Vec<u32>, n: usize) -> Var {
    let values = Values::Float((0..n).map(|k| k as f32).collect());
    Var { name: "sst", dims, attrs: vec![("units", Attr::Text("K"))], values }
}

/// Positions in two dimensions, all of them the same.
fn swath(lat: f64) -> Vec<u8> {
    let places = |name, unit, value: &dyn Fn(usize) -> f64| Var {
        name,
        dims: vec![0, 1],
        attrs: vec![("units", Attr::Text(unit))],
        values: Values::Double((0..30).map(value).collect()),
    };
    let mut sst = field(vec![0, 1], 30);
    sst.attrs.push(("coordinates", Attr::Text("lon lat")));
    let vars = [places("lat", "degrees_north", &|_| lat), places("lon", "degrees_east", &|k| k as f64), sst];
    classic::file(&[("y", 6), ("x", 5)], &[], &vars)
}

/// What is wrong, the bytes, and what the sentence must say.
fn bad_inputs() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let (lat, lon) = ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [10.0, 11.0, 12.0, 13.0, 14.0]);
    let good = grid(Some(lat), Some(lon));
    let beyond = [70.0, 80.0, 90.0, 100.0, 110.0, 120.0];
    let axis = |name, dim, unit, n: usize| Var {
        name,
        dims: vec![dim],
        attrs: vec![("units", Attr::Text(unit))],
        values: Values::Double((0..n).map(|k| k as f64).collect()),
    };
    let no_time = [
        axis("lat", 1, "degrees_north", 6),
        axis("lon", 2, "degrees_east", 5),
        axis("time", 0, "days since 2020-01-01", 0),
        field(vec![0, 1, 2], 0),
    ];
    let huge = [field(vec![0, 1], 4)];
    vec![
        ("empty", Vec::new(), "empty (0 bytes)"),
        ("text", b"only words\nand more\n".to_vec(), "a text file, which is not read here"),
        ("picture", b"\x89PNG\r\n\x1a\n0000".to_vec(), "a picture, which is not read here"),
        ("grib", b"GRIB\0\0\0\x02 and so on".to_vec(), "GRIB file ends in the middle"),
        ("packed", b"\x1f\x8b\x08\0\0\0\0\0\0\0".to_vec(), "The gzip archive cannot be read"),
        ("cut_header", good[..60].to_vec(), "cut off"),
        ("cut_values", good[..good.len() - 40].to_vec(), "cut off"),
        ("no_coordinates", grid(None, None), "No longitudes and latitudes were found"),
        ("no_longitudes", grid(Some(lat), None), "No longitudes were found, only latitudes"),
        ("nan_latitudes", grid(Some([f64::NAN; 6]), Some(lon)), "All positions in lon and lat are missing"),
        ("nan_longitudes", grid(Some(lat), Some([f64::NAN; 5])), "All positions in lon and lat are missing"),
        ("fill_latitudes", grid(Some([1e36; 6]), Some(lon)), "All positions in lon and lat are missing"),
        ("fill_longitudes", grid(Some(lat), Some([1e36; 5])), "All positions in lon and lat are missing"),
        ("nan_swath", swath(f64::NAN), "All positions in lon and lat are missing"),
        ("fill_swath", swath(1e36), "All positions in lon and lat are missing"),
        ("beyond_grid", grid(Some(beyond), Some(lon)), "latitudes in lat reach 120, beyond ±90 degrees"),
        ("beyond_swath", swath(95.0), "latitudes in lat reach 95, beyond ±90 degrees"),
        ("no_times", classic::file(&[("time", 0), ("lat", 6), ("lon", 5)], &[], &no_time), "time has length 0"),
        ("huge", classic::file(&[("lat", 200_000), ("lon", 200_000)], &[], &huge), "cut off"),
    ]
}

/// `inspect` and `render` say the same sentence: what is wrong, in which file.
#[test]
fn each_kind_of_bad_input_has_its_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let png = dir.path().join("p.png").display().to_string();
    for (name, bytes, word) in bad_inputs() {
        let path = dir.path().join(format!("{name}.nc"));
        std::fs::write(&path, bytes).unwrap();
        let file = path.display().to_string();
        let told = |args: &[&str]| -> (Option<i32>, String) {
            let out = run(args).unwrap_or_else(|| panic!("{args:?}: no answer within {LIMIT:?}"));
            let lines = String::from_utf8_lossy(&out.stderr).into_owned();
            // What the system's graphics libraries say of the system is not ours.
            let ours: Vec<&str> = lines.lines().filter(|l| l.starts_with("seaglass: ")).collect();
            (out.status.code(), ours.join("\n"))
        };
        let (code, sentence) = told(&["inspect", &file]);
        assert!(matches!(code, Some(3 | 4)), "{name}: {code:?} {sentence}");
        assert!(sentence.contains(word) && sentence.ends_with(&format!("({file})")), "{name}: {sentence}");
        assert_eq!(sentence.lines().count(), 1, "{name}: {sentence}");
        assert_eq!(told(&["render", &file, "--out", &png, "--size", "64x64"]), (code, sentence), "{name}");
        assert!(!Path::new(&png).exists(), "{name}: a picture of nothing");
    }
}

#[test]
fn a_file_is_what_it_holds_not_what_it_is_called() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("download.txt");
    let (lat, lon) = ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [10.0, 11.0, 12.0, 13.0, 14.0]);
    std::fs::write(&path, grid(Some(lat), Some(lon))).unwrap();
    assert_eq!(check_inspect(&path).unwrap(), "opened");
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
