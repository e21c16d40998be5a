//! The second opening of a granule asks the library nothing and says the same; what has changed is not taken for what it
//! was.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod common;

use std::path::Path;
use std::time::{Duration, SystemTime};

use seaglass_core::field::{Apron, Window};
use seaglass_core::protocol::{Answer, FieldAt, Request, Source};
use seaglass_formats::Reader;
use seaglass_formats::dataset::Dataset;
use seaglass_formats::geoloc::Demand;
use seaglass_formats::parts::plan_for;
use seaglass_formats::raw::Raw;
use seaglass_formats::remembered;

const ROWS: usize = 80;
const COLS: usize = 170;

/// Files that have just been written are not remembered, so the test's are made older.
fn aged(path: &Path) {
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
}

fn write(path: &Path, add: f64) {
    let mut file = netcdf::create(path).unwrap();
    common::axes(&mut file, ROWS, COLS).unwrap();
    file.add_attribute("title", "Remembered").unwrap();
    let mut v = file.add_variable::<i16>("a", &["lat", "lon"]).unwrap();
    v.set_chunking(&[64, 64]).unwrap();
    v.set_compression(4, true).unwrap();
    v.put_attribute("scale_factor", 0.5).unwrap();
    v.put_attribute("_FillValue", -1i16).unwrap();
    let values: Vec<i16> = (0..ROWS * COLS).map(|k| (k % 3000) as i16 + add as i16).collect();
    v.put_values(&values, ..).unwrap();
    let mut inner = file.add_group("inner").unwrap();
    let mut v = inner.add_variable::<f32>("b", &["lat"]).unwrap();
    v.put_values(&vec![add as f32; ROWS], ..).unwrap();
    file.close().unwrap();
    aged(path);
}

/// Opens, reads all of `a` and one value of it through a reader; then lets it remember.
fn look(path: &Path) -> (String, Vec<u8>) {
    let mut reader = Reader::new();
    let source = Source { path: path.to_owned(), candidates: Vec::new() };
    let (answer, _) = reader.handle(Request::Open { source: source.clone() });
    let Answer::Opened { info } = &answer else { panic!("{answer:?}") };
    let part = info.parts.iter().position(|p| p.fields.iter().any(|f| f.name == "a")).unwrap();
    let window = Window { row: 0, col: 0, rows: ROWS, cols: COLS, stride: 1 };
    let (field, apron) = ("a".to_owned(), Apron::None);
    let of = FieldAt { source, part, field, step: 0, extra: vec![], unmasked: false };
    let read = Request::Read { of, window, apron };
    let (_, payload) = reader.handle(read);
    reader.settle();
    (serde_json::to_string(&answer).unwrap(), payload.to_vec())
}

/// Reads everything of a file and tells whether the library was needed.
fn all_of(path: &Path) -> (Option<bool>, Vec<Raw>) {
    let ds = Dataset::open(path).unwrap();
    let all = (0..ds.vars.len()).map(|k| {
        let shape = ds.shape(k);
        ds.read_fast(k, &vec![0; shape.len()], &shape).unwrap()
    });
    let all = all.collect();
    (ds.asked_library(), all)
}

// One test: where files are remembered is a matter of the process.
#[test]
fn the_second_opening_asks_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (cache, path) = (dir.path().join("cache"), dir.path().join("x.nc"));
    write(&path, 0.0);
    let (asked, before) = all_of(&path);
    assert_eq!(asked, Some(true));
    remembered::keep_in(&cache);
    let first = look(&path);
    let entries =
        || -> Vec<std::path::PathBuf> { std::fs::read_dir(&cache).unwrap().map(|e| e.unwrap().path()).collect() };
    assert_eq!(entries().len(), 1, "no part files stay");
    let second = look(&path);
    assert!(first == second);
    let ds = Dataset::open(&path).unwrap();
    assert_eq!(ds.asked_library(), Some(false));
    assert_eq!(ds.global("title").as_deref(), Some("Remembered"));
    drop(ds);
    // Everything that was read the first time comes without the library, and is what it was.
    let ds = Dataset::open(&path).unwrap();
    for name in ["lat", "lon", "a"] {
        let k = ds.by_path(name).unwrap();
        let shape = ds.shape(k);
        assert_eq!(ds.read(k, &vec![0; shape.len()], &shape).unwrap(), before[k], "{name}");
    }
    assert_eq!(ds.asked_library(), Some(false));
    let (_, after) = all_of(&path);
    assert!(after == before, "the values changed");

    // Another file under the same name, and the same file written over, are seen.
    write(&path, 7.0);
    let third = look(&path);
    assert!(third.1 != first.1);
    assert_eq!(all_of(&path).1.last().unwrap().get(0), 7.0);
    // A file that has just been written is not remembered.
    let young = dir.path().join("young.nc");
    write(&young, 1.0);
    std::fs::File::options().write(true).open(&young).unwrap().set_modified(SystemTime::now()).unwrap();
    look(&young);
    assert_eq!(entries().len(), 1);
    // Damaged entries are no entries.
    let entry = entries().remove(0);
    let bytes = std::fs::read(&entry).unwrap();
    for at in (0..bytes.len()).step_by(97) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x40;
        std::fs::write(&entry, damaged).unwrap();
        assert_eq!(Dataset::open(&path).unwrap().asked_library(), Some(true), "byte {at}");
    }
    std::fs::write(&entry, &bytes).unwrap();
    assert_eq!(Dataset::open(&path).unwrap().asked_library(), Some(false));
    assert!(look(&path) == third);
    real_granules();
}

/// Of the real granules, where they are there: what it takes to describe one needs no library the second time, but for
/// those that are stored in ways that only the library reads.
fn real_granules() {
    let Some(granules) = common::granules() else { return };
    let mut files: Vec<_> = std::fs::read_dir(granules)
        .unwrap()
        .flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).into_iter().flatten())
        .map(|e| e.unwrap().path())
        .filter(|p| std::fs::read(p).is_ok_and(|b| b.starts_with(b"\x89HDF")))
        .collect();
    files.sort();
    let describe = |path: &Path| {
        let ds = Dataset::open(path).ok()?;
        let parts = plan_for(&ds, None, Demand::Picture).ok()?.parts;
        ds.settle();
        let about = parts.iter().map(|p| format!("{:?} {:?} {:?}", p.shape, p.picture().bounds(), p.step_times));
        Some((about.collect::<Vec<_>>(), ds.asked_library()))
    };
    let (mut again, mut asked) = (0, Vec::new());
    for path in &files {
        let (Some(first), Some(second)) = (describe(path), describe(path)) else { continue };
        assert!(first.0 == second.0, "{}", path.display());
        again += 1;
        if second.1 != Some(false) {
            asked.push(path.file_name().unwrap_or_default().to_owned());
        }
    }
    println!("{again} granules described twice; the library was asked again for {}: {asked:?}", asked.len());
    assert!(again > 20 && asked.len() * 4 < again, "{asked:?} of {again}");
}
