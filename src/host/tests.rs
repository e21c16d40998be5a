//! The host over readers in memory: an ocean on a one-degree grid, files that fail in every way.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam::channel::Receiver;
use glam::DVec2;
use seaglass_core::command::Command;
use seaglass_core::field::{Apron, FieldInfo, FieldKind, FieldStats, Window};
use seaglass_core::geo::{GeoBox, LonLat};
use seaglass_core::geolocation::{Axis, Crs, Geolocation, Grid};
use seaglass_core::granule::{FileInfo, GeometryKind, PartInfo};
use seaglass_core::protocol::{
    Answer, FailureKind, FieldAt, ProbedCell, ProbedValue, ReadFailure, Request, wire_from_geolocation,
};
use seaglass_core::style::{StyleHint, StylePatch};
use seaglass_core::time::{Time, TimeSpan};
use seaglass_data::pool::{Connect, Connection, Death};
use seaglass_render::{Gpu, Renderer, RendererOptions, VOID};

use crate::{Action, EmptyReason, Host, HostOptions, Level, ProbeState};

const LIMIT: Duration = Duration::from_secs(60);
const DAY_S: f64 = 86_400.0;

/// Readers of a made-up format: what a file holds is in its name.
#[derive(Default)]
struct FakeReaders {
    reads: Arc<AtomicUsize>,
    started: AtomicUsize,
}

struct FakeReader {
    reads: Arc<AtomicUsize>,
}

impl Connect for FakeReaders {
    fn connect(&self, _name: &str, _stop: &Receiver<()>) -> Result<Box<dyn Connection>, Death> {
        self.started.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(FakeReader { reads: Arc::clone(&self.reads) }))
    }
}

fn file_name(request: &Request) -> String {
    let path = match request {
        Request::Open { source }
        | Request::Geolocation { source, .. }
        | Request::Read { of: FieldAt { source, .. }, .. }
        | Request::Stats { of: FieldAt { source, .. } }
        | Request::Exact { of: FieldAt { source, .. }, .. }
        | Request::Probe { source, .. } => source.path.clone(),
        _ => PathBuf::new(),
    };
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The value of every cell.
fn ocean(row: usize, col: usize) -> f32 {
    row as f32 + col as f32 / 1000.0
}

fn grid() -> Geolocation {
    grid_of([-89.5, -179.5], 1.0)
}

fn grid_of([south, west]: [f64; 2], step: f64) -> Geolocation {
    let regular = |first: f64, n: usize| Axis::from_centres((0..n).map(|k| first + step * k as f64).collect());
    Geolocation::Grid(Grid::new(regular(south, 180), regular(west, 360), Crs::LonLat).unwrap())
}

/// Where the cells of a regional file lie.
const REGION: GeoBox = GeoBox { west: 10.0, south: 10.0, east: 46.0, north: 28.0 };

fn info(name: &str) -> FileInfo {
    let day = if name.contains("day2") { 2.0 } else { 0.0 };
    let start = Time::from_civil(2024, 8, 11, 0, 0, 0.0).unwrap().plus_seconds(day * DAY_S);
    let field = FieldInfo {
        name: "quantity".into(),
        variable: "quantity".into(),
        long_name: None,
        standard_name: None,
        units: "furlong".into(),
        kind: FieldKind::Scalar,
        extra_dims: Vec::new(),
        has_time: false,
        packing_step: None,
        valid_range: None,
        style: StyleHint::default(),
        rank: 1,
        derived: false,
        quality: None,
        components: Vec::new(),
        hides_cells: false,
    };
    let part = PartInfo {
        name: String::new(),
        geometry: GeometryKind::Grid,
        shape: [180, 360],
        bounds: if name.contains("region") { REGION } else { GeoBox::WORLD },
        footprint: vec![LonLat::new(-180.0, -90.0), LonLat::new(180.0, 90.0)],
        span: Some(TimeSpan::new(start, start.plus_seconds(3600.0))),
        steps: Vec::new(),
        fields: vec![field],
    };
    FileInfo {
        product: Some("fake".into()),
        title: "Made up".into(),
        short: None,
        format: "fake".into(),
        parts: vec![part],
        notes: Vec::new(),
        attributes: Vec::new(),
    }
}

impl Connection for FakeReader {
    fn call(&mut self, request: &Request, _limit: Duration, stop: &Receiver<()>) -> Result<(Answer, Vec<u8>), Death> {
        let name = file_name(request);
        let failed =
            |kind, message: &str| Ok((Answer::Failed { error: ReadFailure { kind, message: message.into() } }, vec![]));
        let empty = name.contains("masked");
        if name.contains("kills") {
            return Err(Death::Died("signal: 11".into()));
        }
        if name.contains("hangs") {
            assert!(stop.recv_timeout(LIMIT).is_err());
            return Err(Death::TimedOut);
        }
        match request {
            Request::Open { .. } if name.contains("damaged") => failed(FailureKind::Damaged, "The file is cut off."),
            Request::Open { .. } => Ok((Answer::Opened { info: Box::new(info(&name)) }, vec![])),
            Request::Geolocation { .. } if name.contains("nowhere") => failed(FailureKind::Damaged, "No latitude."),
            Request::Geolocation { .. } => {
                let region = grid_of([REGION.south + 0.05, REGION.west + 0.05], 0.1);
                let (wire, payload) = wire_from_geolocation(&if name.contains("region") { region } else { grid() });
                Ok((Answer::Geolocation { wire }, payload))
            }
            Request::Read { window, apron, .. } => {
                self.reads.fetch_add(1, Ordering::SeqCst);
                Ok((Answer::Values { window: *window, apron: *apron }, read(*window, *apron, empty)))
            }
            Request::Stats { .. } => {
                let values = (0..180).map(|r| if empty { f32::NAN } else { ocean(r, 0) });
                Ok((Answer::Stats { stats: FieldStats::from_values(values) }, vec![]))
            }
            Request::Probe { row, col, .. } => {
                let value = (!empty).then(|| f64::from(ocean(*row, *col)));
                let field = "quantity".to_owned();
                let value =
                    ProbedValue { field, value, whole: None, units: "furlong".into(), meanings: vec![], masked: false };
                let position = grid().lonlat_from_index(*row as f64, *col as f64);
                let cell = ProbedCell { row: *row, col: *col, position, time: None, values: vec![value] };
                Ok((Answer::Probed { cell }, vec![]))
            }
            _ => Ok((Answer::Done, vec![])),
        }
    }
}

fn read(w: Window, apron: Apron, empty: bool) -> Vec<u8> {
    let edge = if apron == Apron::None { 0 } else { 1 };
    let cell = |first: usize, k: i64, n: usize| first as i64 + (k - edge) * w.stride as i64 * i64::from(n > 0);
    let mut bytes = Vec::new();
    for r in 0..w.rows as i64 + 2 * edge {
        for c in 0..w.cols as i64 + 2 * edge {
            let (row, col) = (cell(w.row, r, w.rows), cell(w.col, c, w.cols));
            let inside = (0..180).contains(&row) && (0..360).contains(&col);
            let value = if inside && !empty { ocean(row as usize, col as usize) } else { f32::NAN };
            bytes.extend_from_slice(&value.to_le_bytes());
        }
    }
    bytes
}

/// A folder with empty files of these names, and a host over the fake readers that has opened it.
fn host_with(names: &[&str]) -> (Host, tempfile::TempDir, Vec<crate::Notice>) {
    let dir = tempfile::tempdir().unwrap();
    for name in names {
        std::fs::write(dir.path().join(name), "").unwrap();
    }
    let options = HostOptions { workers: 2, ..HostOptions::default() };
    let mut host = Host::with_readers(options, Arc::new(FakeReaders::default())).unwrap();
    host.set_view_size(DVec2::new(400.0, 300.0));
    host.send(Command::Open { paths: vec![dir.path().to_owned()] });
    let notices = host.wait_opened(LIMIT).unwrap();
    (host, dir, notices)
}

/// Steps with preloading until nothing is asked for any more.
fn settle(host: &mut Host) {
    let start = Instant::now();
    loop {
        host.step();
        let scene = host.scene([400, 300], 1.0, VOID);
        host.preload(&scene);
        if host.progress().is_idle() && host.positions_missing(&scene) == 0 && host.ranges.is_idle() {
            return;
        }
        assert!(start.elapsed() < LIMIT, "{:?}", host.progress());
        host.nap();
    }
}

fn top(host: &Host) -> seaglass_core::project::LayerId {
    host.session().project().layers[0].id
}

#[test]
fn an_opened_file_becomes_a_layer_with_a_range() {
    let (mut host, _dir, notices) = host_with(&["day1.nc"]);
    assert_eq!(notices, []);
    assert_eq!(host.session().project().layers.len(), 1);
    let layer = top(&host);
    assert_eq!(host.layer_status(layer).loading + host.layer_status(layer).shown, 0, "nothing asked for yet");
    settle(&mut host);
    let range = host.session().project().layers[0].style.range.unwrap();
    assert!(range[0] < 20.0 && range[1] > 160.0, "{range:?}");
    let scene = host.scene([400, 300], 1.0, VOID);
    assert_eq!(scene.layers.len(), 1);
    assert_eq!(scene.layers[0].items.len(), 1);
    assert!(scene.outlines.is_empty(), "its positions are here");
    assert!(!host.session().can_undo_redo().0, "opening and ranging are no undo steps");
}

#[test]
fn failures_are_told_once_and_others_open() {
    let (mut host, dir, notices) = host_with(&["a_damaged.nc", "b_kills.nc", "day1.nc"]);
    assert_eq!(host.session().catalogue().collections["fake"].granules.len(), 1);
    let errors: Vec<_> = notices.iter().filter(|n| n.level == Level::Error).collect();
    assert_eq!(errors.len(), 2, "{notices:?}");
    let cut = errors.iter().find(|n| n.text == "The file is cut off.").unwrap();
    assert_eq!(cut.action, Some(Action::TryAgain(dir.path().join("a_damaged.nc"))));
    assert!(errors.iter().any(|n| n.text.contains("died twice")));
    assert_eq!(host.session().failures().len(), 2);
    host.try_again(Some(&dir.path().join("a_damaged.nc")));
    let again = host.wait_opened(LIMIT).unwrap();
    assert_eq!(again.len(), 1, "tried again, told again");
    assert_eq!(host.progress().opening, (1, 1));
}

#[test]
fn a_missing_file_is_said() {
    let mut host = Host::with_readers(HostOptions::default(), Arc::new(FakeReaders::default())).unwrap();
    host.send(Command::Open { paths: vec!["/nonexistent/x.nc".into()] });
    let notices = host.wait_opened(LIMIT).unwrap();
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].file.as_deref(), Some(std::path::Path::new("/nonexistent/x.nc")));
    assert_eq!(host.view_status(), Some(EmptyReason::NoData));
}

#[test]
fn an_empty_view_is_explained() {
    let (mut host, _dir, _) = host_with(&["day1.nc", "day2.nc"]);
    settle(&mut host);
    let layer = top(&host);
    assert_eq!(host.layer_status(layer).total, 2);
    assert_eq!(host.layer_status(layer).in_window, 1);

    let late = Time::from_civil(2024, 8, 20, 0, 0, 0.0).unwrap();
    host.send(Command::SetTime { now: late });
    host.step();
    let Some(EmptyReason::OutOfTime { nearest, offset_s }) = host.view_status() else {
        panic!("{:?}", host.view_status())
    };
    assert_eq!(nearest, Time::from_civil(2024, 8, 13, 1, 0, 0.0).unwrap());
    assert_eq!(offset_s, nearest.seconds_since(late));

    host.send(Command::ShowLayer { layer, visible: false });
    host.step();
    assert_eq!(host.view_status(), Some(EmptyReason::AllHidden));
}

#[test]
fn positions_that_cannot_be_read_fail_the_layer() {
    let (mut host, _dir, _) = host_with(&["nowhere.nc"]);
    settle(&mut host);
    let Some(EmptyReason::Failed { why, path: Some(path) }) = host.view_status() else { panic!("no reason") };
    assert_eq!((why.as_str(), path.file_name()), ("No latitude.", Some("nowhere.nc".as_ref())));
    let failed = host.failed_file(&path).expect("what the dialog says");
    assert_eq!(failed.error.message, "No latitude.");
    assert_eq!(host.layer_status(top(&host)).failed, 1);
}

#[test]
fn the_value_under_the_cursor_comes_from_the_reader() {
    let (mut host, _dir, _) = host_with(&["day1.nc"]);
    settle(&mut host);
    let at = LonLat::new(10.2, 45.3);
    let rows = host.probe(at, 0.1);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].state, ProbeState::Pending);
    let start = Instant::now();
    let cell = loop {
        host.step();
        match host.probe(at, 0.1).remove(0).state {
            ProbeState::Value(cell) => break cell,
            state => assert!(start.elapsed() < LIMIT, "{state:?}"),
        }
        host.nap();
    };
    // 45.3° N is row 135 (−89.5 + 135 = 45.5), 10.2° E column 190 (−179.5 + 190 = 10.5).
    assert_eq!((cell.row, cell.col), (135, 190));
    assert_eq!(cell.values[0].value, Some(f64::from(ocean(135, 190))));
    assert_eq!(cell.position, Some(LonLat::new(10.5, 45.5)));
}

#[test]
fn a_histogram_is_sampled() {
    let (mut host, _dir, _) = host_with(&["day1.nc"]);
    let layer = top(&host);
    let start = Instant::now();
    let h = loop {
        host.step();
        if let Some(h) = host.histogram(layer) {
            break h;
        }
        assert!(start.elapsed() < LIMIT);
        host.nap();
    };
    assert_eq!(h.granules, (1, 1));
    assert!(h.min >= 0.0 && h.max < 180.0 && h.stats.count > 1000, "{:?}", h.stats);
}

#[test]
fn opening_can_be_canceled() {
    let names: Vec<String> = (0..100).map(|k| format!("hangs{k:03}.nc")).collect();
    let dir = tempfile::tempdir().unwrap();
    for name in &names {
        std::fs::write(dir.path().join(name), "").unwrap();
    }
    let options = HostOptions { workers: 1, ..HostOptions::default() };
    let mut host = Host::with_readers(options, Arc::new(FakeReaders::default())).unwrap();
    host.send(Command::Open { paths: vec![dir.path().to_owned()] });
    let start = Instant::now();
    while host.progress().opening.1 < 100 {
        host.step();
        assert!(start.elapsed() < LIMIT);
        host.nap();
    }
    host.send(Command::CancelOpening);
    host.step();
    let (done, total) = host.progress().opening;
    assert!(total - done <= 1, "only the one being read is left: {done} of {total}");
    let start = Instant::now();
    drop(host);
    assert!(start.elapsed() < Duration::from_secs(10), "closing does not wait for a hanging reader");
}

#[test]
fn closing_all_forgets() {
    let (mut host, _dir, _) = host_with(&["day1.nc"]);
    settle(&mut host);
    host.send(Command::CloseAll);
    host.step();
    assert!(host.session().project().layers.is_empty());
    assert_eq!(host.items.positions.len(), 0);
    assert!(!host.gone.is_empty(), "the renderer is told");
}

#[test]
fn a_picture_becomes_complete() {
    let gpu = match Gpu::headless() {
        Ok(gpu) => gpu,
        Err(e) => return eprintln!("skipped: {e}"),
    };
    let mut renderer =
        Renderer::new(&gpu, RendererOptions { synchronous: true, ..RendererOptions::default() }).unwrap();
    let (mut host, _dir, _) = host_with(&["day1.nc", "masked_day2.nc"]);
    // Two readers: either file may be described first, and the first one sets the clock.
    assert!(host.wait_opened(LIMIT).unwrap().is_empty());
    host.send(Command::GoToEnd { last: false });
    let (scene, notices) = host.wait_complete(&mut renderer, [200, 150], 1.0, VOID, LIMIT).unwrap();
    assert_eq!(notices, []);
    assert_eq!(scene.layers[0].items.len(), 1);
    assert_eq!(host.view_status(), None);
    let picture = renderer.render_image(&scene).unwrap();
    assert_eq!((picture.width(), picture.height()), (200, 150));

    host.send(Command::SetTime { now: Time::from_civil(2024, 8, 13, 1, 0, 0.0).unwrap() });
    host.wait_complete(&mut renderer, [200, 150], 1.0, VOID, LIMIT).unwrap();
    assert_eq!(host.view_status(), Some(EmptyReason::AllMasked));
}

#[test]
fn data_that_were_drawn_and_left_behind_are_said_to_be_outside_the_view() {
    let gpu = match Gpu::headless() {
        Ok(gpu) => gpu,
        Err(e) => return eprintln!("skipped: {e}"),
    };
    let mut renderer =
        Renderer::new(&gpu, RendererOptions { synchronous: true, ..RendererOptions::default() }).unwrap();
    let (mut host, _dir, _) = host_with(&["region.nc"]);
    assert!(host.wait_opened(LIMIT).unwrap().is_empty());
    let mut look_at = |lon: f64, lat: f64| {
        host.send(Command::LookAt { place: LonLat::new(lon, lat), altitude_m: Some(1.5e6) });
        host.wait_complete(&mut renderer, [200, 150], 1.0, VOID, LIMIT).unwrap();
        host.view_status()
    };
    assert_eq!(look_at(25.0, 20.0), None);
    assert_eq!(look_at(-160.0, -30.0), Some(EmptyReason::OffScreen));
    assert_eq!(look_at(25.0, 20.0), None);
}

#[test]
fn jumping_goes_past_what_cannot_be_read() {
    let (mut host, _dir, _) = host_with(&["nowhere.nc", "day2.nc"]);
    assert!(host.wait_opened(LIMIT).unwrap().is_empty());
    host.send(Command::GoToEnd { last: false });
    settle(&mut host);
    let layer = top(&host);
    assert!(matches!(host.view_status(), Some(EmptyReason::Failed { .. })), "{:?}", host.view_status());
    host.send(Command::JumpToData { layer: Some(layer) });
    host.step();
    let day2 = Time::from_civil(2024, 8, 13, 0, 0, 0.0).unwrap();
    let window = host.session().project().timeline.window();
    assert!(window.stop >= day2 && window.start > day2.plus_seconds(-2.0 * DAY_S), "{window:?}");
}

/// Waits for the colours of the top layer to be fitted to the view; the range then.
fn fitted(host: &mut Host, before: [f64; 2]) -> [f64; 2] {
    let start = Instant::now();
    loop {
        host.step();
        let view = host.scene([400, 300], 1.0, VOID).view();
        host.follow_view(&view);
        let range = host.session().project().layers[0].style.range.unwrap();
        if range != before {
            return range;
        }
        assert!(start.elapsed() < LIMIT, "{:?}", host.progress());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Rows of the fake grid are degrees of latitude: the range says which part of the Earth is in view.
#[test]
fn colours_follow_the_view_while_the_clock_stands() {
    let (mut host, _dir, _) = host_with(&["day1.nc"]);
    settle(&mut host);
    let layer = top(&host);
    let all = host.session().project().layers[0].style.range.unwrap();
    let look = |lat| Command::LookAt { place: seaglass_core::geo::LonLat::new(10.0, lat), altitude_m: Some(500_000.0) };
    host.send(look(0.0));
    host.send(Command::FitVisible { layer });
    let once = fitted(&mut host, all);
    assert!(once[0] > 85.0 && once[1] < 95.0 && once[0] < once[1], "{once:?}");
    assert!(host.session().can_undo_redo().0, "asked for by the user");
    // Moving on changes nothing that was asked for once.
    host.send(look(40.0));
    host.step();
    let view = host.scene([400, 300], 1.0, VOID).view();
    assert_eq!(host.follow_view(&view), None);
    let follow = StylePatch { follow_view: Some(true), ..StylePatch::default() };
    host.send(Command::SetStyle { layer, patch: follow });
    let there = fitted(&mut host, once);
    assert!(there[0] > 120.0 && there[1] < 140.0, "{there:?}");
    // While time plays the meaning of colours stays.
    host.send(Command::Play { on: true });
    host.send(look(-40.0));
    host.step();
    if host.session().project().timeline.playing {
        let view = host.scene([400, 300], 1.0, VOID).view();
        assert_eq!(host.follow_view(&view), None);
        assert_eq!(host.session().project().layers[0].style.range, Some(there));
    }
    host.send(Command::Play { on: false });
    let here = fitted(&mut host, there);
    assert!(here[0] > 40.0 && here[1] < 60.0, "{here:?}");
}

#[test]
fn a_file_without_values_is_named_also_beside_others() {
    let gpu = match Gpu::headless() {
        Ok(gpu) => gpu,
        Err(e) => return eprintln!("skipped: {e}"),
    };
    let mut renderer =
        Renderer::new(&gpu, RendererOptions { synchronous: true, ..RendererOptions::default() }).unwrap();
    let (mut host, _dir, _) = host_with(&["day1.nc", "masked_day1.nc"]);
    assert!(host.wait_opened(LIMIT).unwrap().is_empty());
    host.wait_complete(&mut renderer, [200, 150], 1.0, VOID, LIMIT).unwrap();
    assert_eq!(host.view_status(), None, "the other file shows");
    let none = host.wait_valueless(LIMIT).unwrap();
    assert_eq!(none.len(), 1, "{none:?}");
    assert!(none[0].path.ends_with("masked_day1.nc"));
    assert_eq!(none[0].field, "quantity");
}
