//! An open folder: what is described, what is known, what changes. The test is the reader.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use seaglass_core::geo::GeoBox;
use seaglass_core::protocol::{FailureKind, ReadFailure};
use seaglass_core::time::{Time, TimeSpan};
use seaglass_data::registry::Registry;
use seaglass_index::{Count, Counted, Event, Folder, Look, Options, Shelf, Told};

/// Longest wait for anything; a busy machine is slow.
const PATIENCE: Duration = Duration::from_secs(90);
const DAY: i64 = 86_400_000_000;

/// What a reader says: the name holds the day, and `bad` files cannot be read.
fn describe(path: &Path) -> Told {
    let stem = path.file_stem().unwrap().to_str().unwrap();
    if stem.contains("bad") {
        return Err(ReadFailure { kind: FailureKind::Damaged, message: "It is cut off.".into() });
    }
    let day: i64 = stem.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap();
    Ok(Box::new(support::file("p", Some((day * DAY, day * DAY + 1000)), GeoBox::WORLD)))
}

struct Open {
    folder: Folder,
    described: BTreeSet<PathBuf>,
    known: Vec<(PathBuf, Told)>,
    gone: BTreeSet<PathBuf>,
    nothing: bool,
    counted: Option<Counted>,
}

impl Open {
    fn new(root: &Path, shelf: &Path, live: bool, now: Option<Time>) -> Self {
        let options = Options {
            shelf: Shelf::new(shelf),
            registry: Arc::new(Registry::default()),
            now,
            most: 100_000,
            live,
            poll: Duration::from_millis(200),
            wake: Arc::new(|| {}),
        };
        let folder = Folder::open(root, options).unwrap();
        let (described, gone) = (BTreeSet::new(), BTreeSet::new());
        Self { folder, described, known: Vec::new(), gone, nothing: false, counted: None }
    }

    fn take(&mut self) {
        while let Some(event) = self.folder.next() {
            match event {
                Event::Files(files) => self.known.extend(files),
                Event::Describe(paths) => {
                    for path in paths {
                        self.folder.described(&path, Some(describe(&path)));
                        self.described.insert(path);
                    }
                }
                Event::Gone(paths) => self.gone.extend(paths),
                Event::Nothing(_) => self.nothing = true,
                Event::Counted(counted) => self.counted = Some(*counted),
                Event::Failed(path, failure) => panic!("{}: {failure}", path.display()),
                Event::Problem(text) => panic!("{text}"),
            }
        }
    }

    fn wait(&mut self, what: &str, mut until: impl FnMut(&Self) -> bool) {
        let start = Instant::now();
        loop {
            self.take();
            if until(self) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn settle(&mut self) {
        self.wait("rest", |o| o.folder.progress().is_idle());
        self.take();
    }
}

fn write(path: &Path, bytes: usize) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, vec![0; bytes]).unwrap();
}

fn names(paths: &BTreeSet<PathBuf>, root: &Path) -> Vec<String> {
    paths.iter().map(|p| p.strip_prefix(root).unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn what_is_known_is_not_described_again() {
    let dir = tempfile::tempdir().unwrap();
    let (root, shelf) = (dir.path().join("d"), dir.path().join("s"));
    ["a/1.nc", "a/2.nc", "b/3.nc", "bad4.nc", "readme.txt"].iter().for_each(|n| write(&root.join(n), 9));
    let mut first = Open::new(&root, &shelf, true, None);
    first.settle();
    assert_eq!(names(&first.described, &root), ["a/1.nc", "a/2.nc", "b/3.nc", "bad4.nc"]);
    assert!(first.known.is_empty());
    drop(first);
    // While nobody looks: one new, one changed, one gone.
    write(&root.join("b/5.nc"), 9);
    write(&root.join("a/2.nc"), 10);
    std::fs::remove_file(root.join("a/1.nc")).unwrap();
    let mut second = Open::new(&root, &shelf, true, None);
    second.settle();
    assert_eq!(names(&second.described, &root), ["a/2.nc", "b/5.nc"]);
    assert_eq!(names(&second.gone, &root), ["a/1.nc"]);
    let known: BTreeMap<PathBuf, Told> = second.known.iter().cloned().collect();
    let known = |n: &str| known.get(&root.join(n)).cloned();
    assert_eq!(known("b/3.nc"), Some(describe(Path::new("3.nc"))));
    assert!(known("bad4.nc").unwrap().is_err(), "failures are known, too");
    drop(second);
    // Moved as a whole: nothing is described.
    let moved = dir.path().join("elsewhere");
    std::fs::rename(&root, &moved).unwrap();
    let mut third = Open::new(&moved, &shelf, true, None);
    third.settle();
    assert!(third.described.is_empty(), "{:?}", third.described);
    assert_eq!(third.known.len(), 4);
}

/// New, changed and removed files are noticed while the folder is open.
fn changes_are_noticed(live: bool) {
    let dir = tempfile::tempdir().unwrap();
    let (root, shelf) = (dir.path().join("d"), dir.path().join("s"));
    write(&root.join("a/1.nc"), 9);
    write(&root.join("a/2.nc"), 9);
    let mut open = Open::new(&root, &shelf, live, None);
    open.settle();
    open.described.clear();
    write(&root.join("new/deep/3.nc"), 9);
    open.wait("the new file", |o| o.described.contains(&root.join("new/deep/3.nc")));
    write(&root.join("a/1.nc"), 12);
    open.wait("the changed file", |o| o.described.contains(&root.join("a/1.nc")));
    std::fs::remove_file(root.join("a/2.nc")).unwrap();
    open.wait("the removed file", |o| o.gone.contains(&root.join("a/2.nc")));
    std::fs::remove_dir_all(root.join("new")).unwrap();
    open.wait("the removed folder", |o| o.gone.contains(&root.join("new/deep/3.nc")));
    open.settle();
    drop(open);
    let mut again = Open::new(&root, &shelf, live, None);
    again.settle();
    assert_eq!((again.described.len(), again.known.len()), (0, 1));
}

#[test]
fn the_system_tells_of_changes() {
    changes_are_noticed(true);
}

#[test]
fn shares_are_looked_at_again_and_again() {
    changes_are_noticed(false);
}

#[test]
fn the_granules_around_the_clock_come_first() {
    let dir = tempfile::tempdir().unwrap();
    let (root, shelf) = (dir.path().join("d"), dir.path().join("s"));
    (0..900).for_each(|k| write(&root.join(format!("{k:04}.nc")), 3));
    Open::new(&root, &shelf, true, None).settle();
    let mut open = Open::new(&root, &shelf, true, Some(Time::from_micros(500 * DAY)));
    open.settle();
    assert_eq!((open.known.len(), open.described.len()), (900, 0));
    let days: Vec<i64> = open
        .known
        .iter()
        .map(|(p, _)| p.file_stem().unwrap().to_str().unwrap().parse::<i64>().unwrap() - 500)
        .collect();
    assert!(days[..7].iter().all(|d| d.abs() <= 3), "{:?}", &days[..10]);
    assert!(days[..200].iter().all(|d| d.abs() < 250) && days[850..].iter().all(|d| d.abs() > 250), "{days:?}");
    // Without a clock the first by name tells the time.
    let mut open = Open::new(&root, &shelf, true, None);
    open.settle();
    assert!(open.known[0].0.ends_with("0000.nc") && open.known[1].0.ends_with("0001.nc"));
}

#[test]
fn a_view_is_counted_and_counted_again_when_files_come() {
    let dir = tempfile::tempdir().unwrap();
    let (root, shelf) = (dir.path().join("d"), dir.path().join("s"));
    (1..6).for_each(|k| write(&root.join(format!("{k}.nc")), 3));
    let mut open = Open::new(&root, &shelf, true, None);
    let window = TimeSpan::new(Time::from_micros(2 * DAY), Time::from_micros(4 * DAY));
    let look = Look { window, view: GeoBox::WORLD, first_day: Time::from_micros(0), days: 8 };
    open.folder.look(look);
    let counts = |o: &Open| o.counted.as_ref().and_then(|c| c.counts.get("p").copied());
    open.wait("three in the window", |o| counts(o) == Some(Count { in_window: 3, in_view: 3 }));
    write(&root.join("x3.nc"), 3);
    open.wait("the fourth", |o| counts(o) == Some(Count { in_window: 4, in_view: 4 }));
    assert_eq!(open.counted.as_ref().unwrap().days["p"], [0, 1, 1, 2, 1, 1, 0, 0]);
    open.wait("all of them", |o| o.counted.as_ref().unwrap().totals.get("p").is_some_and(|t| t.0 == 6));
}

#[test]
fn an_empty_folder_says_so_and_a_canceled_one_stops() {
    let dir = tempfile::tempdir().unwrap();
    let (root, shelf) = (dir.path().join("d"), dir.path().join("s"));
    std::fs::create_dir_all(root.join("sub")).unwrap();
    let mut open = Open::new(&root, &shelf, true, None);
    open.wait("nothing", |o| o.nothing);
    drop(open);
    (0..2000).for_each(|k| write(&root.join(format!("{k:04}.nc")), 3));
    let open = Open::new(&root, &shelf, true, None);
    // Nobody describes; the names of the first few wait, the rest is given up.
    let start = Instant::now();
    while open.folder.progress().to_describe == 0 {
        assert!(start.elapsed() < PATIENCE, "nothing is found");
        std::thread::sleep(Duration::from_millis(2));
    }
    open.folder.cancel();
    while !open.folder.progress().is_idle() {
        assert!(start.elapsed() < PATIENCE, "{:?}", open.folder.progress());
        while open.folder.next().is_some() {}
        std::thread::sleep(Duration::from_millis(2));
    }
}
