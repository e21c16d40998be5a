//! A host on the sample day and the panels around it, in a headless egui.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui_kittest::Harness;
use seaglass_app::model::{Model, Status};
use seaglass_app::state::{Action, Out, UiState};
use seaglass_app::{theme, window};
use seaglass_core::colocation::ColocationPatch;
use seaglass_core::command::Command;
use seaglass_core::project::LayerId;
use seaglass_host::colocate::{Found, Stage};
use seaglass_host::{Host, HostOptions};

use crate::sample_day;

/// Drifters, radiometer and analysis: a word of their files, and the field.
pub const SIDES: [(&str, &str); 3] =
    [("gdp", "temp"), ("MODIS", "sea_surface_temperature"), ("ODYSSEA", "analysed_sst")];

pub struct World {
    pub host: Host,
    pub state: UiState,
    pub commands: Vec<Command>,
    pub actions: Vec<Action>,
    /// What the host has said.
    pub notices: Vec<String>,
    sides: Vec<(&'static str, &'static str)>,
    /// The thread is at this for other limits than those of the pairs.
    pub waits: Option<Stage>,
    /// There is no GPU.
    pub software: bool,
}

impl World {
    /// Drifters, radiometer and analysis of the sample day, with the panel open.
    pub fn new() -> Self {
        Self::of(&SIDES)
    }

    /// Files with these words in their names, and their fields as layers.
    pub fn of(sides: &[(&'static str, &'static str)]) -> Self {
        Self::with_files(sides, &[])
    }

    /// The same with other files beside them.
    pub fn with_files(sides: &[(&'static str, &'static str)], more: &[PathBuf]) -> Self {
        let worker = Some(PathBuf::from(env!("CARGO_BIN_EXE_seaglass-worker")));
        let mut host = Host::new(HostOptions { worker_path: worker, workers: 2, ..HostOptions::default() }).unwrap();
        let mut paths: Vec<PathBuf> =
            std::fs::read_dir(sample_day::sample_day()).unwrap().map(|e| e.unwrap().path()).collect();
        paths.sort();
        paths.retain(|p| sides.iter().any(|(file, _)| name(p).contains(file)));
        assert!(!paths.is_empty(), "the sample day has no files of these names");
        paths.extend_from_slice(more);
        host.send(Command::Open { paths });
        host.wait_opened(Duration::from_secs(120)).unwrap();
        let state = UiState {
            right_open: true,
            right_tab: seaglass_app::right::Tab::Colocate,
            welcome_closed: true,
            ..UiState::default()
        };
        let mut world = Self {
            host,
            state,
            commands: Vec::new(),
            actions: Vec::new(),
            notices: Vec::new(),
            sides: sides.to_vec(),
            waits: None,
            software: false,
        };
        for (file, field) in sides.iter().copied() {
            if world.layer_of(file, field).is_none() {
                let collection = world.collection_of(file);
                world.host.send(Command::AddLayer { collection, field: field.into() });
                world.host.step();
            }
        }
        world
    }

    /// Collection of the files with a word in their names.
    pub fn collection_of(&self, file: &str) -> String {
        let all = &self.host.session().catalogue().collections;
        let of = all.values().find(|c| c.granules.iter().any(|g| name(&g.path).contains(file)));
        of.unwrap_or_else(|| panic!("{file}: {:?}", all.keys())).id.clone()
    }

    pub fn layer_of(&self, file: &str, field: &str) -> Option<LayerId> {
        let collection = self.collection_of(file);
        let layers = &self.host.session().project().layers;
        layers.iter().find(|l| l.field == field && l.collection == collection).map(|l| l.id)
    }

    /// Layers of the sides, in their order.
    pub fn layers(&self) -> Vec<LayerId> {
        self.sides.iter().map(|(file, field)| self.layer_of(file, field).unwrap()).collect()
    }

    pub fn set(&mut self, patch: ColocationPatch) {
        self.host.send(Command::SetColocation { patch });
    }

    /// Steps until the pairs of these limits are there.
    pub fn pairs(&mut self, radius_m: f64, window_s: f64) -> Arc<Found> {
        self.wait(|world| {
            let view = world.host.colocation();
            if let Some(why) = &view.missing {
                panic!("{why}");
            }
            if let Stage::Estimate { .. } = view.stage {
                world.host.send(Command::RunColocation);
            }
            if let Stage::Failed(why) = &view.stage {
                panic!("{why}");
            }
            // Pairs of another policy, or of sides swapped and swapped back, can have these limits too.
            // An older order still under way could take them away again.
            let current = view.current && view.settled;
            view.found.filter(|f| current && f.ask.radius_m == radius_m && f.ask.window_us == (window_s * 1e6) as i64)
        })
    }

    pub fn wait<T>(&mut self, mut until: impl FnMut(&mut Self) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            self.step();
            if let Some(done) = until(self) {
                return done;
            }
            assert!(start.elapsed() < Duration::from_secs(120), "nothing came: {:?}", self.host.colocation().stage);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Lets the host do what has come up.
    pub fn step(&mut self) {
        let report = self.host.step();
        self.notices.extend(report.notices.into_iter().map(|n| n.text));
    }

    pub fn frame(&mut self, ui: &mut egui::Ui) {
        self.step();
        let mut out = Out::default();
        let mut model = Model::new(self.host.session(), |_| Status::default());
        model.colocation = self.host.colocation();
        if let Some(stage) = &self.waits {
            (model.colocation.stage, model.colocation.current) = (stage.clone(), false);
        }
        model.adapter = (String::new(), self.software);
        self.state.taken.clear();
        window::around(ui, &model, &mut self.state, &mut out);
        seaglass_app::actions::shortcuts(ui, &model, &mut self.state, &mut out);
        for command in out.commands {
            self.host.send(command.clone());
            self.commands.push(command);
        }
        self.actions.extend(out.actions);
    }

    pub fn harness(self, width: f32, height: f32, dark: bool) -> Harness<'static, World> {
        Harness::builder()
            .with_size(egui::vec2(width, height))
            .with_theme(if dark { egui::Theme::Dark } else { egui::Theme::Light })
            .with_max_steps(12)
            .with_step_dt(1.0 / 60.0)
            .with_context_setup(theme::install)
            .build_ui_state(|ui, world: &mut World| world.frame(ui), self)
    }
}

pub fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// With its layers chosen and 25 km, 3 h.
pub fn ready() -> World {
    let mut world = World::new();
    let (reference, compared) = (world.layers()[0], world.layers()[1]);
    world.set(ColocationPatch {
        reference: Some(reference),
        compared: Some(compared),
        radius_m: Some(25_000.0),
        window_s: Some(10_800.0),
        ..ColocationPatch::default()
    });
    world
}

/// Observations of a side, by brute force from what the host itself does not use: the positions and values of the file.
pub struct Obs {
    pub lon: f64,
    pub lat: f64,
    pub time_us: i64,
    pub value: f64,
}

pub fn rows(found: &Found, side: usize) -> Vec<Obs> {
    let s = &found.data.sides[side];
    (0..s.len() as u32)
        .map(|k| {
            let p = s.place(k);
            Obs { lon: p.at.lon_deg, lat: p.at.lat_deg, time_us: p.time.micros(), value: s.value(k) }
        })
        .collect()
}
