use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam::channel::Receiver;
use seaglass_core::command::Command;
use seaglass_core::geo::LonLat;
use seaglass_core::notebook::{
    CollectionKey, ControlPoint, DataModel, Descriptor, GranuleKey, GranuleMeta, NotebookChange, RawField, RawValues,
    Rendering, UserCollection, UserGranule, UserVariable,
};
use seaglass_core::project::BaseMap;
use seaglass_core::time::Time;
use seaglass_data::pool::{Connect, Connection, Death};
use seaglass_render::{Gpu, Renderer, RendererOptions};

use crate::{Host, HostOptions, ProbeState};

const LIMIT: Duration = Duration::from_secs(60);
const ROWS: u32 = 40;
const COLS: u32 = 50;

/// There are no readers: whatever is answered comes from memory.
struct NoReaders;

impl Connect for NoReaders {
    fn connect(&self, _name: &str, _stop: &Receiver<()>) -> Result<Box<dyn Connection>, Death> {
        Err(Death::NotStarted("a reader was asked".into()))
    }
}

/// A host that shows one pushed field: column + 100 × row, from 0° to 10° east and north.
fn host() -> Host {
    let mut host = Host::with_readers(HostOptions::default(), Arc::new(NoReaders)).unwrap();
    let key = CollectionKey { source: 1, collection: 10 };
    let corner = |lon_deg, lat_deg, col, row| ControlPoint { time_ms: 0, lon_deg, lat_deg, col, row };
    let (c, r) = (COLS - 1, ROWS - 1);
    let points =
        vec![corner(0.0, 0.0, 0, 0), corner(10.0, 0.0, c, 0), corner(0.0, 10.0, 0, r), corner(10.0, 10.0, c, r)];
    let meta = GranuleMeta {
        key: GranuleKey { of: key, granule: 1000 },
        model: DataModel::RowCell,
        start_ms: 1_577_836_800_000,
        stop_ms: 1_577_923_200_000,
        files: vec![Descriptor { points: Arc::new(points), ..Descriptor::default() }],
        ..GranuleMeta::default()
    };
    let values = (0..ROWS * COLS).map(|k| (k % COLS + 100 * (k / COLS)) as f32).collect();
    let field = RawField {
        name: "f".into(),
        cols: COLS,
        rows: ROWS,
        channels: 1,
        offset: Some(0.0),
        scale: Some(1.0),
        fill: None,
        values: RawValues::Floats(values),
    };
    let variable = UserVariable { label: "F".into(), fields: vec!["f".into()], ..UserVariable::default() };
    let collection = UserCollection { key, label: "Mine".into(), ..UserCollection::default() };
    for change in [
        NotebookChange::AddCollection { collection },
        NotebookChange::AddGranule { granule: Arc::new(UserGranule { meta, fields: vec![field] }) },
        NotebookChange::AddVariable { of: key, variable },
    ] {
        host.send(Command::Notebook { change });
    }
    host.send(Command::SetTime { now: Time::from_civil(2020, 1, 1, 12, 0, 0.0).unwrap() });
    host.send(Command::LookAt { place: LonLat::new(5.0, 5.0), altitude_m: Some(400_000.0) });
    let (collection, field) = ("notebook 1:10".into(), "F".into());
    host.send(Command::SelectField { collection, field, selected: true, exclusive: false });
    assert_eq!(host.step().notices, []);
    host
}

fn until<T>(host: &mut Host, mut found: impl FnMut(&mut Host) -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        assert_eq!(host.step().notices, []);
        let scene = host.scene([200, 150], 1.0, [0, 0, 0, 255]);
        host.preload(&scene);
        if let Some(found) = found(host) {
            return found;
        }
        assert!(start.elapsed() < LIMIT);
        host.wait(Duration::from_millis(20));
    }
}

#[test]
fn ranges_values_and_histograms_come_without_readers() {
    let mut host = host();
    let range = until(&mut host, |h| h.session().project().layers[0].style.range);
    // 2nd and 98th percentile of 0 … 3949, rounded outwards by the rule for unknown fields.
    assert!(range[0] < 150.0 && range[1] > 3800.0, "{range:?}");
    let cell = until(&mut host, |h| match h.probe(LonLat::new(5.0, 2.5), 0.1).remove(0).state {
        ProbeState::Value(cell) => Some(cell),
        _ => None,
    });
    // 5° is column 24.5 of 0 … 49, 2.5° row 9.75 of 0 … 39.
    assert_eq!(cell.row, 10);
    assert_eq!(cell.values[0].value, Some(f64::from(cell.col as u32 + 1000)));
    assert!((24..=25).contains(&cell.col));
    let layer = host.session().project().layers[0].id;
    let histogram = until(&mut host, |h| h.histogram(layer));
    assert_eq!((histogram.stats.count, histogram.stats.max), (u64::from(ROWS * COLS), 3949.0));
}

#[test]
fn a_pushed_field_is_drawn() {
    let gpu = match Gpu::headless() {
        Ok(gpu) => gpu,
        Err(e) => return eprintln!("skipped: {e}"),
    };
    let options = RendererOptions { synchronous: true, ..RendererOptions::default() };
    let mut renderer = Renderer::new(&gpu, options).unwrap();
    let mut host = host();
    let nothing = BaseMap {
        relief: false,
        coastlines: false,
        graticule: false,
        atmosphere: false,
        ..host.session().project().base.clone()
    };
    host.send(Command::SetBaseMap { base: nothing });
    let rendering = Rendering { colormap: String::new(), colour: [50, 12, 87], ..Rendering::default() };
    host.send(Command::SetRendering { collection: "notebook 1:10".into(), field: "F".into(), rendering });
    let (scene, notices) = host.wait_complete(&mut renderer, [200, 150], 1.0, [0, 0, 0, 255], LIMIT).unwrap();
    assert_eq!(notices, []);
    let picture = renderer.render_image(&scene).unwrap();
    let middle = picture.get_pixel(100, 75).0;
    assert!(middle.iter().zip([50, 12, 87]).all(|(a, b)| a.abs_diff(b) <= 1), "{middle:?}");
    // Forgotten, it leaves the picture.
    let key = CollectionKey { source: 1, collection: 10 };
    host.send(Command::Notebook { change: NotebookChange::RemoveCollection { key } });
    let (scene, _) = host.wait_complete(&mut renderer, [200, 150], 1.0, [0, 0, 0, 255], LIMIT).unwrap();
    let middle = renderer.render_image(&scene).unwrap().get_pixel(100, 75).0;
    assert_ne!(middle[..3], [50, 12, 87]);
}
