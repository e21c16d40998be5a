//! A corpus of damaged granules, the same in every run: each ends in values or in one sentence, within the time limit,
//! through the real worker and the pool that watches it; and the memory of a worker is bounded.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossbeam::channel::{Receiver, bounded};
use seaglass_core::field::{Apron, Window};
use seaglass_core::granule::FileInfo;
use seaglass_core::protocol::{FailureKind, FieldAt, ReadFailure, Request, Source};
use seaglass_data::pool::{Content, Job, Lane, Pool, PoolOptions, ProcessConnector};
use seaglass_data::registry::Registry;

use super::changes::Dice;

/// Longest time for one answer.
const ANSWER: Duration = Duration::from_secs(40);

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut out = bytes.to_vec();
    let mut at = 0;
    while let Some(k) = out[at..].windows(from.len()).position(|w| w == from) {
        out[at + k..at + k + to.len()].copy_from_slice(to);
        at += k + to.len();
    }
    out
}

/// Sixteen ways to damage a file.
fn mutants(whole: &[u8], seed: u64) -> Vec<(String, Vec<u8>)> {
    let mut dice = Dice(seed + 1);
    let mut out: Vec<(String, Vec<u8>)> = Vec::new();
    for part in [2, 9, 15, 19] {
        out.push((format!("cut_{part}"), whole[..whole.len() * part / 20].to_vec()));
    }
    // Few flips near the beginning, where structure lies, and many anywhere.
    for (name, near, flips) in
        [("head", 64, 1), ("heads", 512, 3), ("start", 4096, 12), ("any", usize::MAX, 30), ("rain", usize::MAX, 400)]
    {
        let mut bytes = whole.to_vec();
        for _ in 0..flips {
            let at = dice.roll(bytes.len().min(near));
            bytes[at] ^= 1 << dice.roll(8);
        }
        out.push((name.to_owned(), bytes));
    }
    for (name, from, to) in [
        ("lat_is_lon", &b"lat"[..], &b"lon"[..]),
        ("no_units", b"units", b"stunu"),
        ("fill_is_scale", b"_FillValue", b"scale_fact"),
        ("since_never", b"since", b"ecnis"),
    ] {
        out.push((name.to_owned(), replaced(whole, from, to)));
    }
    let (at, len) = (dice.roll(whole.len()), whole.len() / 7 + 1);
    let mut zeros = whole.to_vec();
    zeros[at..].iter_mut().take(len).for_each(|b| *b = 0);
    out.push(("zeros".to_owned(), zeros));
    let mut twice = whole.to_vec();
    let piece = whole[at..(at + len).min(whole.len())].to_vec();
    twice.splice(at..at, piece);
    out.push(("twice".to_owned(), twice));
    let mut ones = whole.to_vec();
    ones[at..].iter_mut().take(8).for_each(|b| *b = 0xff);
    out.push(("ones".to_owned(), ones));
    out
}

/// Whole files of every format that is read without a folder.
fn wholes() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: PathBuf| std::fs::read(path).unwrap();
    let mut out = vec![(
        "grid.nc".to_owned(),
        super::grid(Some([0.0, 1.0, 2.0, 3.0, 4.0, 5.0]), Some([1.0, 2.0, 3.0, 4.0, 5.0])),
    )];
    let day = super::sample_day::sample_day();
    let mut names: Vec<String> =
        std::fs::read_dir(&day).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    for start in ["JA1_", "gdp6h", "ascat", "s1a-iw-ocn"] {
        let name = names.iter().find(|n| n.starts_with(start)).unwrap();
        out.push((name.clone(), read(day.join(name))));
    }
    for name in ["winds1.grib", "levels.grib", "gaps.grib", "ccsds.grib", "reduced2.grib"] {
        out.push((name.to_owned(), read(root.join("src/formats/tests/grib").join(name))));
    }
    let table: String = (0..200)
        .map(|k| format!("2024-01-{:02}T00:00:00Z,{},{},{}\n", 1 + k % 28, k % 90, k, k as f64 * 0.1))
        .collect();
    out.push(("buoys.csv".to_owned(), format!("time,lat,lon,sst\n{table}").into_bytes()));
    let ring: Vec<String> = (0..60).map(|k| format!("[{},{}]", k % 8, k / 8)).collect();
    let geojson = format!("{{\"type\":\"LineString\",\"coordinates\":[{}]}}", ring.join(","));
    out.push(("line.geojson".to_owned(), geojson.into_bytes()));
    let points: String = (0..60).map(|k| format!("<trkpt lat=\"{}\" lon=\"{k}\"/>", k % 50)).collect();
    out.push((
        "ship.gpx".to_owned(),
        format!("<gpx version=\"1.1\"><trk><trkseg>{points}</trkseg></trk></gpx>").into_bytes(),
    ));
    let kml = "<kml><Document><Placemark><LineString><coordinates>1,2 3,4 5,6 7,8</coordinates></LineString></Placemark></Document></kml>";
    out.push(("box.kml".to_owned(), kml.as_bytes().to_vec()));
    out
}

struct Asker {
    pool: Pool<u64>,
    arrived: Receiver<()>,
    registry: Registry,
    asked: u64,
}

impl Asker {
    fn new() -> Self {
        let (raise, arrived) = bounded(1);
        let options = PoolOptions {
            workers: 1,
            timeout: ANSWER,
            connect: Arc::new(ProcessConnector {
                program: PathBuf::from(env!("CARGO_BIN_EXE_seaglass-worker")),
                args: Vec::new(),
            }),
            // A full channel wakes as well as another message would.
            wake: Arc::new(move || assert!(raise.try_send(()).is_ok() || raise.is_full())),
        };
        Self { pool: Pool::new(options).unwrap(), arrived, registry: Registry::load(None), asked: 0 }
    }

    fn ask(&mut self, request: Request) -> Result<Content, ReadFailure> {
        self.asked += 1;
        self.pool.push(Lane::Open, Job { tag: self.asked, request });
        loop {
            if let Some(done) = self.pool.drain().into_iter().find(|f| f.tag == self.asked) {
                return done.result;
            }
            // A reader that hangs is ended by the pool, one that dies is asked once more.
            self.arrived.recv_timeout(ANSWER * 5).expect("the pool answers in its time");
        }
    }

    /// Opens a file and reads some of its first field, as a picture would.
    fn look(&mut self, path: &Path) -> Result<String, ReadFailure> {
        let source = Source { path: path.to_owned(), candidates: self.registry.candidates(path) };
        let info: FileInfo = match self.ask(Request::Open { source: source.clone() })? {
            Content::Info(info) => *info,
            Content::Shapes(shapes) => return Ok(format!("{} shapes", shapes.shapes.len())),
            other => panic!("{}: {other:?}", path.display()),
        };
        let Some(part) = info.parts.first() else { panic!("{}: no part", path.display()) };
        self.ask(Request::Geolocation { source: source.clone(), part: 0, tolerance_cells: 1.0 })?;
        let Some(field) = part.fields.first() else { panic!("{}: no field", path.display()) };
        let [rows, cols] = part.shape.map(|n| n.clamp(1, 64));
        let window = Window { row: 0, col: 0, rows, cols, stride: 1 };
        let extra = field.extra_dims.iter().map(|d| d.first).collect();
        let (field, apron) = (field.name.clone(), Apron::None);
        let of = FieldAt { source, part: 0, field, step: 0, extra, unmasked: false };
        self.ask(Request::Read { of, window, apron })?;
        Ok(format!("{rows} x {cols} values"))
    }
}

#[test]
fn two_hundred_damaged_files_end_in_values_or_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let mut asker = Asker::new();
    let (mut opened, mut refused, mut died, mut wrong) = (0, 0, Vec::new(), Vec::new());
    let wholes = wholes();
    for (seed, (name, whole)) in wholes.iter().enumerate() {
        let path = dir.path().join(name);
        std::fs::write(&path, whole).unwrap();
        let looked = asker.look(&path);
        assert!(looked.is_ok(), "{name}, whole: {looked:?}");
        for (kind, bytes) in mutants(whole, seed as u64 * 7919) {
            // The names of products stay, so that their rules meet the damage too.
            let folder = dir.path().join(&kind);
            std::fs::create_dir_all(&folder).unwrap();
            let path = folder.join(name);
            std::fs::write(&path, bytes).unwrap();
            match asker.look(&path) {
                Ok(_) => opened += 1,
                Err(e) => {
                    refused += 1;
                    let text = e.message.trim();
                    if text.is_empty() || text.lines().count() != 1 || !text.ends_with(['.', ')']) {
                        wrong.push(format!("{kind}/{name}: {text}"));
                    }
                    if e.kind == FailureKind::Crashed {
                        died.push(format!("{kind}/{name}: {text}"));
                    }
                }
            }
        }
    }
    println!("{} damaged files: {opened} open, {refused} are refused; ended by the pool: {died:#?}", opened + refused);
    assert!(opened + refused >= 200, "{opened} + {refused}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    // C libraries may end a worker; that must stay the exception.
    assert!(died.len() * 20 <= opened + refused, "{died:#?}");
    // The reader is as good as new.
    let (name, whole) = &wholes[0];
    let path = dir.path().join(format!("again_{name}"));
    std::fs::write(&path, whole).unwrap();
    assert!(asker.look(&path).is_ok());
}

/// What a worker may map is bounded by the system, whatever a file makes it want.
#[cfg(target_os = "linux")]
#[test]
fn the_memory_of_workers_is_bounded() {
    use std::process::{Command, Stdio};
    let mut worker = Command::new(env!("CARGO_BIN_EXE_seaglass-worker"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let limit = || -> Option<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/limits", worker.id())).ok()?;
        let line = text.lines().find(|l| l.starts_with("Max address space"))?;
        line.split_whitespace().nth(3)?.parse().ok()
    };
    let start = std::time::Instant::now();
    // The limit is set when the program has begun to run.
    let found = loop {
        match limit() {
            Some(bytes) => break bytes,
            None if start.elapsed() > super::LIMIT => panic!("no limit"),
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    assert!(found <= 6 << 30, "{found}");
    drop(worker.stdin.take());
    worker.wait().unwrap();
}
