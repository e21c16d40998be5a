//! Folders opened by way of their index, and sessions: saved, moved, opened again, kept for the case of a crash.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam::channel::Receiver;
use seaglass_core::camera::Camera;
use seaglass_core::command::Command;
use seaglass_core::geo::{GeoBox, LonLat};
use seaglass_core::granule::{FileInfo, GeometryKind, PartInfo};
use seaglass_core::protocol::{Answer, FailureKind, ReadFailure, Request};
use seaglass_core::time::{Time, TimeSpan};
use seaglass_data::pool::{Connect, Connection, Death};

use crate::{Host, HostOptions, Level};

const LIMIT: Duration = Duration::from_secs(90);

/// Readers that describe files by their names (`ssh_012.nc` is of day 12) and count how often they are asked.
#[derive(Clone, Default)]
struct Readers(Arc<AtomicUsize>);

impl Connect for Readers {
    fn connect(&self, _name: &str, _stop: &Receiver<()>) -> Result<Box<dyn Connection>, Death> {
        Ok(Box::new(self.clone()))
    }
}

impl Connection for Readers {
    fn call(&mut self, request: &Request, _limit: Duration, _stop: &Receiver<()>) -> Result<(Answer, Vec<u8>), Death> {
        let Request::Open { source } = request else {
            let error = ReadFailure { kind: FailureKind::Damaged, message: "There are no values.".into() };
            return Ok((Answer::Failed { error }, vec![]));
        };
        self.0.fetch_add(1, Ordering::SeqCst);
        let stem = source.path.file_stem().unwrap().to_str().unwrap();
        let Some((product, day)) = stem.split_once('_') else {
            let error = ReadFailure { kind: FailureKind::Damaged, message: "The file is cut off.".into() };
            return Ok((Answer::Failed { error }, vec![]));
        };
        let start = day0().plus_seconds(86_400.0 * day.parse::<f64>().unwrap());
        let field = serde_json::json!({ "name": "value", "variable": "value", "units": "m" });
        let part = PartInfo {
            name: String::new(),
            geometry: GeometryKind::Swath,
            shape: [10, 10],
            bounds: GeoBox { west: 10.0, south: 10.0, east: 20.0, north: 20.0 },
            footprint: Vec::new(),
            span: Some(TimeSpan::new(start, start.plus_seconds(600.0))),
            steps: Vec::new(),
            fields: vec![serde_json::from_value(field).unwrap()],
        };
        let info = FileInfo {
            product: Some(product.to_owned()),
            title: product.to_owned(),
            short: None,
            format: "fake".into(),
            parts: vec![part],
            notes: Vec::new(),
            attributes: vec![("platform".into(), "SWOT".into()), ("processing_level".into(), "L3".into())],
        };
        Ok((Answer::Opened { info: Box::new(info) }, vec![]))
    }
}

fn day0() -> Time {
    Time::parse("2024-01-01").unwrap()
}

fn host(index: &Path) -> (Host, Readers) {
    let readers = Readers::default();
    let options = HostOptions { workers: 2, index_dir: Some(index.to_owned()), ..HostOptions::default() };
    (Host::with_readers(options, Arc::new(readers.clone())).unwrap(), readers)
}

fn fill(dir: &Path, names: impl IntoIterator<Item = String>) {
    std::fs::create_dir_all(dir).unwrap();
    names.into_iter().for_each(|n| std::fs::write(dir.join(n), "x").unwrap());
}

fn open(host: &mut Host, path: &Path) -> Vec<crate::Notice> {
    host.send(Command::Open { paths: vec![path.to_owned()] });
    host.wait_opened(LIMIT).unwrap()
}

fn granules(host: &Host, id: &str) -> usize {
    host.session().catalogue().collections.get(id).map_or(0, |c| c.granules.len())
}

fn wait(host: &mut Host, what: &str, mut until: impl FnMut(&mut Host) -> bool) {
    let start = Instant::now();
    while !until(host) {
        assert!(start.elapsed() < LIMIT, "waited in vain for {what}");
        host.step();
        host.wait(Duration::from_millis(20));
    }
}

#[test]
fn the_second_opening_reads_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let (data, index) = (dir.path().join("data"), dir.path().join("index"));
    fill(&data, (0..40).map(|k| format!("ssh_{k:03}.nc")).chain(["bad.nc".into()]));
    let (mut first, readers) = host(&index);
    let notices = open(&mut first, &data);
    assert_eq!((granules(&first, "ssh"), readers.0.load(Ordering::SeqCst)), (40, 41));
    assert!(notices.iter().any(|n| n.level == Level::Error && n.text.contains("cut off")), "{notices:?}");
    let project = first.session().project().clone();
    drop(first);
    let (mut second, readers) = host(&index);
    let notices = open(&mut second, &data);
    assert_eq!((granules(&second, "ssh"), readers.0.load(Ordering::SeqCst)), (40, 0));
    assert!(notices.iter().any(|n| n.level == Level::Error && n.text.contains("cut off")), "{notices:?}");
    // The same picture: layers, clock and camera do not depend on where descriptions come from.
    let again = second.session().project();
    assert_eq!((&again.timeline, again.camera), (&project.timeline, project.camera));
    assert_eq!(again.layers.len(), project.layers.len());
    // And the same catalogue as of a folder that is searched.
    let (mut plain, readers) = host(&index);
    plain.opening = crate::opening::Opening::default();
    open(&mut plain, &data);
    assert_eq!(readers.0.load(Ordering::SeqCst), 41);
    // Numbers are given in the order of arrival.
    let all = |h: &Host| -> Vec<_> {
        let c = &h.session().catalogue().collections["ssh"];
        c.granules.iter().map(|g| (g.path.clone(), g.span, g.bounds, g.shape, g.fields.clone())).collect()
    };
    assert_eq!(all(&second), all(&plain));
    let (a, b) = (second.session().catalogue(), plain.session().catalogue());
    assert_eq!(a.collections["ssh"].fields, b.collections["ssh"].fields);
    assert_eq!(a.collections["ssh"].title, b.collections["ssh"].title);
}

#[test]
fn files_that_come_and_go_are_followed() {
    let dir = tempfile::tempdir().unwrap();
    let (data, index) = (dir.path().join("data"), dir.path().join("index"));
    fill(&data, ["ssh_001.nc".into(), "ssh_002.nc".into()]);
    let (mut h, _) = host(&index);
    open(&mut h, &data);
    fill(&data.join("new"), ["ssh_003.nc".into()]);
    wait(&mut h, "the new file", |h| granules(h, "ssh") == 3);
    std::fs::remove_file(data.join("ssh_001.nc")).unwrap();
    wait(&mut h, "the file that went", |h| granules(h, "ssh") == 2);
}

#[test]
fn collections_are_counted_in_the_window_and_in_view() {
    let dir = tempfile::tempdir().unwrap();
    let (data, index) = (dir.path().join("data"), dir.path().join("index"));
    fill(&data, (0..20).map(|k| format!("ssh_{k:03}.nc")));
    fill(dir.path(), ["lone_005.nc".into()]);
    let (mut h, _) = host(&index);
    open(&mut h, &data);
    open(&mut h, &dir.path().join("lone_005.nc"));
    h.send(Command::SetTime { now: day0().plus_seconds(86_400.0 * 6.0) });
    h.send(Command::SetWindow { window_s: 3.0 * 86_400.0 });
    h.step();
    let at = |lon: f64| Camera { target: LonLat::new(lon, 15.0), altitude_m: 800_000.0, ..Camera::default() };
    // The window reaches from day 3 to day 6, both in it.
    for (lon, in_view) in [(15.0, 4), (-100.0, 0)] {
        let view = at(lon).view(800.0, 600.0);
        wait(&mut h, "the counts", |h| {
            let rows = h.catalogue(&view);
            let ssh = rows.iter().find(|r| r.id == "ssh").unwrap();
            (ssh.total, ssh.in_window, ssh.in_view) == (20, 4, in_view) && ssh.missions == ["SWOT"]
        });
        let rows = h.catalogue(&view);
        let lone = rows.iter().find(|r| r.id == "lone").unwrap();
        assert_eq!(
            (lone.total, lone.in_window, lone.in_view),
            (1, 1, in_view / 4),
            "what is in no index is counted as well"
        );
        // Sixteen days, the clock's own the ninth: days 0 to 13, and two before the first.
        let ssh = rows.iter().find(|r| r.id == "ssh").unwrap();
        assert_eq!(ssh.days, [0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    }
}

fn saved(host: &mut Host, path: &Path) {
    host.send(Command::SaveSession { path: path.to_owned(), window: serde_json::json!({ "right": "catalogue" }) });
    let notices = host.step().notices;
    assert!(notices.iter().any(|n| n.text == "The session is saved."), "{notices:?}");
}

#[test]
fn a_session_is_opened_where_the_folder_lies_now() {
    let dir = tempfile::tempdir().unwrap();
    let (here, index) = (dir.path().join("project"), dir.path().join("index"));
    fill(&here.join("data"), (0..5).map(|k| format!("ssh_{k:03}.nc")));
    let (mut h, _) = host(&index);
    open(&mut h, &here.join("data"));
    assert!(h.session_file().1, "what was never saved is not saved");
    let layer = h.session().project().layers[0].id;
    h.send(Command::RenameLayer { layer, name: "Mine".into() });
    h.send(Command::SetTime { now: day0().plus_seconds(86_400.0 * 3.0 + 60.0) });
    h.step();
    saved(&mut h, &here.join("s.oce"));
    assert_eq!(h.session_file(), (Some(here.join("s.oce").as_path()), false));
    let project = h.session().project().clone();
    drop(h);
    let there = dir.path().join("moved");
    std::fs::rename(&here, &there).unwrap();
    let text = std::fs::read_to_string(there.join("s.oce")).unwrap();
    assert!(text.contains("\"data\"") && text.contains("2024-01-04T00:01:00Z"), "{text}");
    let (mut again, readers) = host(&index);
    // As from the command line: a session is opened like any file.
    again.send(Command::Open { paths: vec![there.join("s.oce")] });
    again.wait_opened(LIMIT).unwrap();
    let now = again.session().project();
    assert_eq!((&now.layers, &now.timeline, now.camera), (&project.layers, &project.timeline, project.camera));
    assert_eq!(now.sources, [there.join("data")]);
    assert_eq!((granules(&again, "ssh"), readers.0.load(Ordering::SeqCst)), (5, 0), "its index has moved along");
    assert_eq!(again.take_window(), Some(serde_json::json!({ "right": "catalogue" })));
    assert!(!again.session_file().1);
    again.send(Command::ShowLayer { layer, visible: false });
    again.step();
    assert!(again.session_file().1);
}

#[test]
fn a_file_that_is_no_session_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (data, index) = (dir.path().join("data"), dir.path().join("index"));
    fill(&data, ["ssh_001.nc".into()]);
    std::fs::write(dir.path().join("x.oce"), "{ \"format\": \"other\" }").unwrap();
    let (mut h, _) = host(&index);
    open(&mut h, &data);
    let before = h.session().project().clone();
    for name in ["x.oce", "missing.oce"] {
        h.send(Command::OpenSession { path: dir.path().join(name) });
        let notices = h.step().notices;
        assert!(notices.iter().any(|n| n.level == Level::Error && n.text.contains("ession")), "{notices:?}");
    }
    assert_eq!(*h.session().project(), before);
}

#[test]
fn what_a_crash_leaves_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let (data, index, copy) = (dir.path().join("data"), dir.path().join("index"), dir.path().join("running.oce"));
    fill(&data, ["ssh_001.nc".into()]);
    let (mut h, _) = host(&index);
    assert_eq!(h.keep_copy(&copy), None);
    open(&mut h, &data);
    let has_layer = || std::fs::read_to_string(&copy).is_ok_and(|t| t.contains("\"collection\": \"ssh\""));
    wait(&mut h, "the copy", |_| has_layer());
    // Another window at the same time takes nothing from this one.
    let mut other = host(&index).0;
    assert_eq!(other.keep_copy(&copy), None);
    assert!(has_layer());
    drop(other);
    // Dropped without a word, as in a crash.
    let layers = h.session().project().layers.clone();
    drop(h);
    let (mut again, _) = host(&index);
    let left: PathBuf = again.keep_copy(&copy).expect("the copy is found");
    again.send(Command::OpenSession { path: left });
    again.wait_opened(LIMIT).unwrap();
    assert_eq!(again.session().project().layers, layers);
    assert_eq!(granules(&again, "ssh"), 1);
    assert_eq!(again.session_file(), (None, true), "it has yet to be saved");
    wait(&mut again, "a new copy", |_| copy.exists());
    again.forget_copy();
    assert!(!copy.exists());
    drop(again);
    assert_eq!(host(&index).0.keep_copy(&copy), None, "a program that ended as it should leaves nothing");
}

/// A measurement, made when it is asked for: seconds to the first granules and to all of a folder of 100 000 files.
/// `SEAGLASS_MEASURE=1 cargo test -p seaglass-host --lib a_hundred_thousand -- --nocapture`
#[test]
fn a_hundred_thousand_files() {
    if std::env::var_os("SEAGLASS_MEASURE").is_none() {
        println!("skipped: SEAGLASS_MEASURE is not set");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (data, index) = (dir.path().join("data"), dir.path().join("index"));
    (0..100).for_each(|k| fill(&data.join(format!("{k:03}")), (0..1000).map(|j| format!("ssh_{}.nc", k * 1000 + j))));
    for round in ["described", "from the index"] {
        let (mut h, readers) = host(&index);
        let start = Instant::now();
        h.send(Command::Open { paths: vec![data.clone()] });
        wait(&mut h, "the first", |h| granules(h, "ssh") > 0);
        let first = start.elapsed();
        let (mut longest, limit) = (Duration::ZERO, Duration::from_secs(600));
        while granules(&h, "ssh") < 100_000 || h.progress().searching {
            let step = Instant::now();
            h.step();
            longest = longest.max(step.elapsed());
            assert!(start.elapsed() < limit);
            h.wait(Duration::from_millis(5));
        }
        println!(
            "{round}: first after {first:.2?}, all after {:.1?}, longest step {longest:.0?}, {} read",
            start.elapsed(),
            readers.0.load(Ordering::SeqCst)
        );
    }
}
