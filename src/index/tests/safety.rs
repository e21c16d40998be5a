//! Killed while writing, cut off by a power failure, two writers: the index stays sound, and holds all that was confirmed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use seaglass_core::geo::GeoBox;
use seaglass_index::Index;
use support::{entry, file};

/// Files written at a time.
const BATCH: usize = 40;
const FILE: &str = "SEAGLASS_INDEX_CHILD";
const NAME: &str = "SEAGLASS_INDEX_CHILD_NAME";
const BATCHES: &str = "SEAGLASS_INDEX_CHILD_BATCHES";

fn write_batch(index: &mut Index, name: &str, k: usize) {
    let entries: Vec<_> = (0..BATCH)
        .map(|j| {
            let start = (k * BATCH + j) as i64 * 1_000_000;
            let bounds =
                GeoBox { west: (k % 360) as f64 - 180.0, south: -10.0, east: (k % 360) as f64 - 150.0, north: 10.0 };
            entry(format!("{name}/{k:05}/{j}.nc"), file("p", Some((start, start + 5_000_000)), bounds))
        })
        .collect();
    index.put(&entries).unwrap();
}

/// What a child process does: writes batches and says each once it is in.
#[test]
fn child_writes() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let name = std::env::var(NAME).unwrap();
    let batches: usize = std::env::var(BATCHES).unwrap().parse().unwrap();
    let mut index = Index::open(Path::new(&path), Path::new("/d")).unwrap();
    for k in 0..batches {
        write_batch(&mut index, &name, k);
        println!("in {k}");
    }
}

fn child(path: &Path, name: &str, batches: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_writes", "--nocapture", "--test-threads", "1"])
        .env(FILE, path)
        .env(NAME, name)
        .env(BATCHES, batches.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_writer_killed_loses_nothing_it_has_confirmed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.sqlite");
    let mut sure = 0;
    for round in 0..6 {
        let mut child = child(&path, &format!("r{round}"), 100_000);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut batches = 0;
        while batches < 3 + round * 2 {
            batches += usize::from(lines.next().expect("the child writes").unwrap().contains("in "));
        }
        // At different moments of a write.
        std::thread::sleep(std::time::Duration::from_micros(300 * round as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        sure += batches * BATCH;
        let mut index = Index::open(&path, Path::new("/d")).unwrap();
        assert_eq!(index.check().unwrap(), None, "round {round}");
        let n = index.len().unwrap();
        assert!(n >= sure && n.is_multiple_of(BATCH), "round {round}: {n} files, {sure} confirmed");
        sure = n;
    }
}

#[test]
fn a_log_cut_anywhere_leaves_whole_batches() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.sqlite");
    let mut index = Index::open(&path, Path::new("/d")).unwrap();
    (0..12).for_each(|k| write_batch(&mut index, "a", k));
    let (base, log) = (std::fs::read(&path).unwrap(), std::fs::read(dir.path().join("x.sqlite-wal")).unwrap());
    assert!(log.len() > 100_000, "the log holds {} bytes: nothing to cut", log.len());
    let mut seen = std::collections::BTreeSet::new();
    for cut in 0..24 {
        // What a power cut leaves: the log up to somewhere, here and there with a block that was never written.
        let other = dir.path().join(format!("cut{cut}.sqlite"));
        std::fs::write(&other, &base).unwrap();
        let mut log = log[..log.len() * cut / 23].to_vec();
        if cut % 3 == 1 {
            let from = log.len().saturating_sub(700);
            log[from..].fill(0xa5);
        }
        std::fs::write(dir.path().join(format!("cut{cut}.sqlite-wal")), log).unwrap();
        let mut index = Index::open(&other, Path::new("/d")).unwrap();
        assert_eq!(index.check().unwrap(), None, "cut {cut}");
        let n = index.len().unwrap();
        assert!(n.is_multiple_of(BATCH), "cut {cut}: {n} files");
        seen.insert(n);
        // And it goes on.
        write_batch(&mut index, "b", 0);
        assert_eq!((index.len().unwrap(), index.check().unwrap()), (n + BATCH, None));
    }
    assert!(seen.len() > 4 && seen.contains(&(12 * BATCH)), "{seen:?}");
}

#[test]
fn two_processes_share_one_index() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.sqlite");
    let mut own = Index::open(&path, Path::new("/d")).unwrap();
    let mut children = [child(&path, "one", 25), child(&path, "two", 25)];
    // A third reads and writes meanwhile.
    (0..10).for_each(|k| {
        write_batch(&mut own, "own", k);
        assert!(own.len().unwrap() >= (k + 1) * BATCH);
    });
    for child in &mut children {
        let out = child.stdout.take().unwrap();
        std::io::copy(&mut BufReader::new(out), &mut std::io::sink()).unwrap();
        assert!(child.wait().unwrap().success());
    }
    assert_eq!((own.len().unwrap(), own.check().unwrap()), (60 * BATCH, None));
}
