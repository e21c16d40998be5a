//! A session without files, and panels around it in a headless egui.

use egui_kittest::Harness;
use seaglass_app::histogram::Distribution;
use seaglass_app::hover::HoverInfo;
use seaglass_app::model::{Model, Reason, Status, Work};
use seaglass_app::navigation::{Frame, Navigation};
use seaglass_app::readout::PinCard;
use seaglass_app::state::{Out, UiState};
use seaglass_app::toasts::Toasts;
use seaglass_app::{theme, window};
use seaglass_core::command::Command;
use seaglass_core::field::{FieldInfo, FieldKind, Flag};
use seaglass_core::geo::GeoBox;
use seaglass_core::granule::{FileInfo, GeometryKind, PartInfo};
use seaglass_core::project::LayerId;
use seaglass_core::session::Session;
use seaglass_core::style::StyleHint;
use seaglass_core::time::{Time, TimeSpan};

/// Session, state of the window, and everything the panels have answered so far.
pub struct World {
    pub session: Session,
    pub state: UiState,
    pub commands: Vec<Command>,
    pub actions: Vec<seaglass_app::state::Action>,
    pub settled: usize,
    pub reasons: Vec<(LayerId, Reason)>,
    pub view_reason: Option<Reason>,
    pub histogram: Option<Distribution>,
    pub welcome: bool,
    pub work: Work,
    pub loading: Vec<(LayerId, usize)>,
    pub adapter: (String, bool),
    pub memory_full: Option<(u64, u64)>,
    pub sample: Option<(usize, usize)>,
    pub toasts: Toasts,
    pub catalogue: std::sync::Arc<Vec<seaglass_host::CatalogueRow>>,
    pub collection_files: std::collections::BTreeMap<String, std::path::PathBuf>,
    pub hover: Option<(HoverInfo, egui::Pos2)>,
    /// Commands change the session, as in the application.
    pub live: bool,
    /// Where the globe is.
    pub globe: egui::Rect,
    /// Mouse and keys move the camera.
    pub navigation: Option<Navigation>,
}

pub fn field(name: &str, long_name: &str, units: &str) -> FieldInfo {
    FieldInfo {
        name: name.into(),
        variable: name.into(),
        long_name: Some(long_name.into()),
        standard_name: None,
        units: units.into(),
        kind: FieldKind::Scalar,
        extra_dims: Vec::new(),
        has_time: false,
        packing_step: None,
        valid_range: None,
        style: StyleHint::default(),
        rank: 0,
        derived: false,
        quality: None,
        components: Vec::new(),
        hides_cells: false,
    }
}

pub fn file(title: &str, fields: Vec<FieldInfo>, starts: &[&str], minutes: f64) -> Vec<FileInfo> {
    starts
        .iter()
        .map(|s| {
            let start = Time::parse(s).unwrap();
            FileInfo {
                product: Some(title.to_lowercase().replace(' ', "_")),
                title: format!("{title}, the whole title"),
                short: Some(title.into()),
                format: "netCDF-4".into(),
                parts: vec![PartInfo {
                    name: String::new(),
                    geometry: GeometryKind::Swath,
                    shape: [100, 50],
                    bounds: GeoBox { west: -70.0, south: 20.0, east: -50.0, north: 45.0 },
                    footprint: Vec::new(),
                    span: Some(TimeSpan::new(start, start.plus_seconds(minutes * 60.0))),
                    steps: Vec::new(),
                    fields: fields.clone(),
                }],
                notes: Vec::new(),
                attributes: Vec::new(),
            }
        })
        .collect()
}

impl World {
    pub fn empty() -> Self {
        Self {
            session: Session::default(),
            state: UiState::default(),
            commands: Vec::new(),
            actions: Vec::new(),
            settled: 0,
            reasons: Vec::new(),
            view_reason: None,
            histogram: None,
            welcome: true,
            work: Work::default(),
            loading: Vec::new(),
            adapter: (String::new(), false),
            memory_full: None,
            sample: None,
            toasts: Toasts::default(),
            catalogue: std::sync::Arc::default(),
            collection_files: Default::default(),
            hover: None,
            live: true,
            globe: egui::Rect::NOTHING,
            navigation: None,
        }
    }

    /// Two collections, three granules and one; SST is on top.
    pub fn with_data() -> Self {
        let mut world = Self::empty();
        let swot = file(
            "SWOT L3",
            vec![field("ssha", "Sea surface height anomaly", "m"), field("mdt", "Mean dynamic topography", "m")],
            &["2024-08-11T02:00:00", "2024-08-11T06:43:12", "2024-08-12T03:00:00"],
            51.0,
        );
        let sst =
            file("GHRSST", vec![field("sst", "Sea surface temperature", "kelvin")], &["2024-08-11T09:00:00"], 5.0);
        for (k, info) in swot.into_iter().chain(sst).enumerate() {
            let path = format!("/data/file{k}.nc").into();
            world.session.apply(&Command::Opened { path, info: Box::new(info) }).unwrap();
        }
        let ids: Vec<LayerId> = world.session.project().layers.iter().map(|l| l.id).collect();
        for (id, range) in ids.iter().zip([[271.15, 305.15], [-0.3, 0.3]]) {
            world.session.apply(&Command::InitRange { layer: *id, range }).unwrap();
        }
        world.state.selected = ids.first().copied();
        world
    }

    /// And a collection with a quality flag, and a field of which the product shows good cells only. The flag is on top.
    pub fn with_flags() -> Self {
        let mut world = Self::with_data();
        let meanings = ["no_data", "bad_data", "worst_quality", "low_quality", "acceptable_quality", "best_quality"];
        let flag = |(k, m): (usize, &&str)| Flag { value: k as i64, mask: None, meaning: (*m).into() };
        let mut quality = field("quality_level", "Quality level", "");
        quality.kind = FieldKind::Flags { flags: meanings.iter().enumerate().map(flag).collect() };
        let mut best = field("sst_best", "Sea surface temperature, quality 4 and 5", "kelvin");
        (best.quality, best.hides_cells) = (Some("quality_level".into()), true);
        for info in file("GHRSST L2P", vec![best, quality], &["2024-08-11T09:00:00"], 5.0) {
            world.session.apply(&Command::Opened { path: "/data/l2p.nc".into(), info: Box::new(info) }).unwrap();
        }
        let add = Command::AddLayer { collection: "ghrsst_l2p".into(), field: "quality_level".into() };
        world.session.apply(&add).unwrap();
        world
    }

    pub fn id(&self, field: &str) -> LayerId {
        self.session.project().layers.iter().find(|l| l.field == field).unwrap().id
    }

    fn frame(&mut self, ui: &mut egui::Ui) {
        let mut out = Out::default();
        let (reasons, loading) = (self.reasons.clone(), self.loading.clone());
        let session = &self.session;
        let status = |id: LayerId| {
            let layer = session.project().layer(id).unwrap();
            let t = &session.project().timeline;
            let shown = session
                .catalogue()
                .collections
                .get(&layer.collection)
                .map_or(0, |c| c.shown(&layer.field, layer.style.time_rule, t.now, t.window()).len());
            let reason = reasons.iter().find(|(l, _)| *l == id).map(|(_, r)| r.clone());
            let loading = loading.iter().find(|(l, _)| *l == id).map_or(0, |(_, n)| *n);
            let failed = if matches!(reason, Some(Reason::Failed { .. })) { shown } else { 0 };
            Status { shown, total: shown, loading, failed, reason }
        };
        let mut model = Model::new(session, status);
        model.view_reason = self.view_reason.clone();
        model.welcome = self.welcome;
        model.work = self.work.clone();
        model.adapter.clone_from(&self.adapter);
        model.memory_full = self.memory_full;
        model.sample = self.sample;
        model.collection_files.clone_from(&self.collection_files);
        model.catalogue = std::sync::Arc::clone(&self.catalogue);
        self.state.taken.clear();
        self.state.highlight = None;
        let area = window::around(ui, &model, &mut self.state, &mut out);
        let viewport = area;
        let area = window::beside_drawer(area, &self.state);
        if seaglass_app::welcome::wanted(&model, &self.state) {
            seaglass_app::welcome::show(ui, area, &model, &mut out);
        } else {
            self.globe = area;
            if let Some(navigation) = self.navigation.as_mut() {
                let frame = Frame { rect: area, ppp: 1.0 };
                let response = ui.interact(area, egui::Id::unique("viewport"), egui::Sense::click_and_drag());
                self.state.regions[3] = Some(response.id);
                let camera = session.project().camera;
                let view = camera.view(f64::from(area.width()), f64::from(area.height()));
                self.state.pointer = response.hover_pos().and_then(|p| view.lonlat_from_screen(frame.px(p)));
                if seaglass_app::shapes::gestures::update(
                    ui,
                    &response,
                    frame,
                    &view,
                    session,
                    &mut self.state,
                    &mut out,
                ) {
                    navigation.let_go();
                }
                let hand = &mut self.state.hand;
                if let Some(camera) = navigation.update(ui, &response, frame, camera, hand, &mut out) {
                    out.send(Command::SetCamera { camera });
                }
            }
            let size = area.size();
            let view = session.project().camera.view(f64::from(size.x), f64::from(size.y));
            let frame = Frame { rect: area, ppp: 1.0 };
            seaglass_app::shapes::paint::over_globe(ui, frame, &view, session, &mut self.state);
            seaglass_app::notices::show(ui, area, &model, &mut self.state, &mut out);
            seaglass_app::shapes::tools::card(ui, area, &model, &mut self.state, &mut out);
            seaglass_app::cards::show(ui, area, &view, &model, &mut self.state, &mut out);
            let info = |place| HoverInfo { at: place, elevation_m: None, rows: Vec::new() };
            let pins = session.project().pins.iter().enumerate();
            let at = |k: usize| area.left_top() + egui::vec2(120.0 + 60.0 * k as f32, 160.0 + 90.0 * k as f32);
            let pins: Vec<PinCard> = pins.map(|(k, p)| PinCard { pin: p.id, at: at(k), info: info(p.place) }).collect();
            seaglass_app::readout::pins(ui, &pins, area, &mut self.state, &mut out);
        }
        self.toasts.show(ui.ctx(), area, self.state.presentation, &mut self.state.taken, &mut out);
        if let Some((info, at)) = &self.hover {
            seaglass_app::hover::show(ui, info, *at, area, self.state.coordinates, &mut self.state.taken);
        }
        window::floating(ui.ctx(), &model, self.histogram.as_ref(), viewport, &mut self.state, &mut out);
        seaglass_app::actions::shortcuts(ui, &model, &mut self.state, &mut out);
        self.settled += usize::from(out.settle);
        self.actions.append(&mut out.actions);
        for command in out.commands {
            if self.live {
                self.session.apply(&command).unwrap();
            }
            self.commands.push(command);
        }
        if out.settle {
            self.session.settle();
        }
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
