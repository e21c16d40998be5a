//! The application window: panels around the globe, and what connects them to the host.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{Rect, Sense, Ui};
use glam::DVec2;
use seaglass_core::camera::Camera;
use seaglass_core::command::Command;
use seaglass_core::geo::LonLat;
use seaglass_core::project::LayerId;
use seaglass_host::{Host, HostOptions, Selection};

use crate::dialogs::{self, FailureAnswer, Pick, Picked, Pickers};
use crate::export::clients::film_writer;
use crate::hand::Hand;
use crate::hover::HoverInfo;
use crate::lang;
use crate::model::{Model, Reason, Status};
use crate::navigation::{self, Navigation};
use crate::readout::{self, PinCard};
use crate::recorder::Recorder;
pub use crate::regions::{around, beside_drawer, floating};
use crate::regions::{draw_again, focus_next};
use crate::settings::Settings;
use crate::state::{Action, Out, TypedPath, UiState};
use crate::system::{Report, System};
use crate::theme::{self, Theme};
use crate::thumbnails::maker::Maker;
use crate::toasts::{Level, Toasts};
use crate::viewport::{self, Viewport};
use crate::{
    actions, bookmarks, cards, catalogue, colocate, compare, control, feed, file_details, hover, layer_row, map_labels,
    notices, preferences, saving, shapes, welcome,
};

/// Where the window looks at the start.
#[derive(Clone, Copy, Debug)]
pub struct StartView {
    /// Place in the middle.
    pub place: LonLat,
    /// Distance of the eye, metres.
    pub altitude_m: Option<f64>,
    /// Degrees from straight down.
    pub tilt_deg: f64,
}

/// What the command line says about the window.
#[derive(Clone, Debug, Default)]
pub struct WindowOptions {
    /// Files and folders to open.
    pub paths: Vec<PathBuf>,
    /// Reader worker; found next to the executable when absent.
    pub worker_path: Option<PathBuf>,
    /// Product files; the built-in ones when absent.
    pub readers_dir: Option<PathBuf>,
    /// Camera at the start; the data decide when absent.
    pub camera: Option<StartView>,
    /// Reader processes; chosen from the number of cores when absent.
    pub workers: Option<usize>,
    /// Where notebooks connect; the settings say when absent, an empty text lets none in.
    pub listen: Option<String>,
    /// Connected programs may name files.
    pub allow_files: bool,
    /// Secret that programs must give.
    pub token: Option<String>,
}

/// Opens the window and returns when it is closed.
///
/// # Errors
/// When there is no display or no graphics adapter at all.
pub fn run(options: WindowOptions) -> anyhow::Result<()> {
    let viewport = egui::ViewportBuilder::default()
        .with_title("Seaglass")
        .with_app_id("seaglass")
        .with_inner_size([1440.0, 900.0])
        .with_min_inner_size([800.0, 560.0])
        .with_drag_and_drop(true);
    let mut native = eframe::NativeOptions { viewport, ..eframe::NativeOptions::default() };
    if let egui_wgpu::WgpuSetup::CreateNew(setup) = &mut native.wgpu_options.wgpu_setup {
        setup.device_descriptor = Arc::new(seaglass_render::Gpu::device_descriptor);
    }
    let made = eframe::run_native("Seaglass", native, Box::new(move |cc| Ok(Box::new(Window::new(cc, options)?))));
    made.map_err(|e| {
        let display = ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"];
        let set = |name: &&str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        let why = if cfg!(target_os = "linux") && !display.iter().any(set) {
            "there is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set)".to_owned()
        } else {
            e.to_string()
        };
        let why = why.trim_end_matches('.');
        anyhow::anyhow!("The window cannot be opened: {why}. Pictures can be made without one: seaglass render --help.")
    })
}

/// The application of the window.
pub struct Window {
    host: Host,
    viewport: Option<Viewport>,
    no_graphics: Option<String>,
    state: UiState,
    navigation: Navigation,
    settings: Settings,
    toasts: Toasts,
    pickers: Pickers,
    system: System,
    thumbnails: Maker,
    recorder: Recorder,
    hover: Option<HoverInfo>,
    pins: Vec<PinCard>,
    seen: Seen,
    adapter: (String, bool),
    worker: Option<PathBuf>,
    themed: Option<bool>,
    /// The layer selected by itself, and how much was open then.
    led: Option<(LayerId, u64)>,
    title: String,
    /// Somebody has opened data from the welcome card: the tour begins when they are there.
    welcomed: bool,
    /// Something has arrived since the last frame was drawn.
    arrived_early: bool,
}

/// What the host says of layers and view in this frame.
#[derive(Default)]
struct Seen {
    catalogue: Arc<Vec<seaglass_host::CatalogueRow>>,
    statuses: HashMap<LayerId, Status>,
    reason: Option<Reason>,
    memory_full: Option<(u64, u64)>,
    sample: Option<(usize, usize)>,
}

impl Window {
    fn new(cc: &eframe::CreationContext<'_>, options: WindowOptions) -> anyhow::Result<Self> {
        theme::install(&cc.egui_ctx);
        let settings = Settings::load();
        lang::begin(settings.languages_dir().as_deref());
        lang::set_everywhere(&settings.preferences.language);
        let ctx = cc.egui_ctx.clone();
        let defaults = HostOptions::default();
        let worker = options.worker_path.clone();
        let thumbnails = Maker::of_window(&settings, worker.clone(), options.readers_dir.clone());
        let host = Host::new(HostOptions {
            workers: options.workers.unwrap_or(defaults.workers),
            worker_path: options.worker_path,
            readers_dir: options.readers_dir,
            styles_path: settings.styles_path(),
            index_dir: settings.index_dir(),
            wake: Arc::new(move || ctx.request_repaint()),
            ..defaults
        })?;
        let (viewport, no_graphics) = match cc.wgpu_render_state.clone().map(Viewport::new) {
            Some(Ok(v)) => (Some(v), None),
            Some(Err(e)) => (None, Some(tr!("The globe cannot be drawn: {e}"))),
            None => (None, Some(tr!("The globe cannot be drawn: no graphics adapter was found.").to_owned())),
        };
        let adapter = viewport.as_ref().map(|v| (v.gpu().adapter.clone(), v.gpu().software)).unwrap_or_default();
        let state = UiState {
            left_width: settings.left_width,
            left_chosen: settings.left_width,
            coordinates: settings.coordinates,
            preferences: settings.preferences.clone(),
            ..UiState::default()
        };
        let mut window = Self {
            host,
            viewport,
            no_graphics,
            state,
            navigation: Navigation::default(),
            settings,
            toasts: Toasts::default(),
            pickers: Pickers::default(),
            system: System::default(),
            thumbnails,
            recorder: Recorder::default(),
            hover: None,
            pins: Vec::new(),
            seen: Seen::default(),
            adapter,
            worker,
            themed: None,
            led: None,
            title: String::new(),
            welcomed: false,
            arrived_early: false,
        };
        window.host.allow_files(options.allow_files);
        window.host.set_film_writer(film_writer());
        window.listen(options.listen, options.token);
        if let Some(left) = window.settings.copy_path().and_then(|path| window.host.keep_copy(&path)) {
            window.toasts.offer(
                tr!("Seaglass ended too early the last time. Its data, layers and view can be brought back."),
                tr!("Bring back"),
                Action::Recover(left),
            );
        }
        if let Some(StartView { place, altitude_m, tilt_deg }) = options.camera {
            let camera = Camera { tilt_deg, ..window.host.session().project().camera };
            window.host.send(Command::SetCamera { camera });
            window.host.send(Command::LookAt { place, altitude_m });
        }
        if !options.paths.is_empty() {
            window.settings.opened(&options.paths);
            window.host.send(Command::Open { paths: options.paths });
        }
        Ok(window)
    }

    /// Lets notebooks connect; a port in use is said, and the window works all the same.
    fn listen(&mut self, asked: Option<String>, token: Option<String>) {
        let address = asked.unwrap_or_else(|| self.settings.listen.clone());
        match control::listen(&mut self.host, &address, token) {
            Ok(warnings) => warnings.into_iter().for_each(|w| self.toasts.push(Level::Warning, w, None)),
            Err(why) => self.toasts.push(Level::Warning, why, None),
        }
    }

    /// Commands to the host; camera jumps become flights.
    fn carry_out(&mut self, ctx: &egui::Context, out: Out) {
        for action in out.actions {
            self.act(ctx, action);
        }
        let flies = out.commands.iter().any(navigation::is_flight);
        let adds = out.commands.iter().any(|c| matches!(c, Command::AddLayer { .. }));
        let known: Vec<LayerId> = self.host.session().project().layers.iter().map(|l| l.id).collect();
        let before = self.host.session().project().camera;
        for command in out.commands {
            if let Command::Open { paths } = &command {
                self.settings.opened(paths);
            }
            // A path that was typed comes without the panels.
            let command = match command {
                Command::SaveSession { path, window } if window.is_null() => saving::save(path, &self.state),
                other => other,
            };
            self.host.send(command);
        }
        if out.settle {
            self.step(ctx);
            self.host.settle();
        }
        if adds {
            self.step(ctx);
            let project = self.host.session().project();
            if let Some(new) = project.layers.iter().find(|l| !known.contains(&l.id)) {
                self.state.selected = Some(new.id);
            }
        }
        if flies {
            self.step(ctx);
            let after = self.host.session().project().camera;
            if after != before && after.projection == before.projection && viewport::moves(ctx) {
                let t = Theme::get(self.settings.dark);
                self.navigation.fly(before, after, ctx.input(|i| i.time), t.motion.camera_fly);
                self.host.send(Command::SetCamera { camera: before });
            }
        }
        ctx.request_repaint();
    }

    fn act(&mut self, ctx: &egui::Context, action: Action) {
        match action {
            Action::Run("open_files") => self.pick(ctx, Pick::Files),
            Action::Run("open_folder") => self.pick(ctx, Pick::Folder),
            Action::Run("save_image") => self.pick(ctx, Pick::Image),
            Action::Pick(what) => self.pick(ctx, what),
            Action::Run("quit") => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
            Action::Run("full_screen") => {
                let full = ctx.input(|i| i.viewport().fullscreen.unwrap_or(false));
                ctx.send_viewport_cmd(egui::ViewportCommand::Fullscreen(!full));
            }
            Action::Run("theme") => self.settings.dark = !self.settings.dark,
            Action::Run("next_region") => focus_next(ctx, self.state.regions, 1),
            Action::Run("previous_region") => focus_next(ctx, self.state.regions, self.state.regions.len() - 1),
            Action::Run(other) => log::debug!("nothing to do for {other}"),
            Action::OpenSample => self.system.open_sample(ctx, self.worker.clone()),
            Action::CancelSample => self.system.cancel_sample(),
            Action::FailureDetails(path) => self.state.failure = Some(path),
            Action::Recover(path) => self.host.send(Command::OpenSession { path }),
            Action::TryAgain(path) => self.host.try_again(Some(&path)),
            Action::ExportPairs(format) => self.pick(ctx, Pick::Pairs(format)),
            Action::Copy(text) => {
                self.toasts.push(Level::Info, tr!("Copied {}", text.lines().next().unwrap_or_default()), None);
                ctx.copy_text(text);
            }
            Action::ShowFile(path) => self.system.show_file(ctx, &path),
            Action::Say(text) => self.toasts.push(Level::Warning, text, None),
            Action::TourSeen => self.settings.toured = true,
            Action::HideWelcome => {
                self.settings.welcome = false;
                self.state.welcome_closed = true;
            }
        }
    }

    fn pick(&mut self, ctx: &egui::Context, pick: Pick) {
        if let Err(e) = self.pickers.open(pick, ctx) {
            log::error!("the file dialog cannot be opened: {e}");
            self.type_path(pick);
        }
    }

    fn type_path(&mut self, pick: Pick) {
        self.state.typed_path = Some(TypedPath { pick, text: pick.suggestion(), warned: None });
    }

    /// Lets the host work; true when something is new.
    fn step(&mut self, ctx: &egui::Context) -> bool {
        let report = self.host.step();
        if report.moved_by_notebook {
            self.navigation.stop();
        }
        for notice in report.notices {
            self.toasts.notice(notice);
        }
        if let Some(after) = self.host.news_after() {
            ctx.request_repaint_after(after);
        }
        if let Some(window) = self.host.take_window() {
            // A copy kept for the case of a crash has none.
            if let Ok(panels) = serde_json::from_value::<saving::Panels>(window) {
                panels.restore(&mut self.state);
            }
            self.led = None;
            if let Some(path) = self.host.session_file().0.map(Path::to_owned) {
                self.settings.opened(&[path]);
            }
        }
        for wanted in report.pictures {
            self.recorder.send(self.viewport.as_mut(), &mut self.host, wanted, self.settings.dark);
        }
        let wishes = (report.save_images, report.save_film);
        let (viewport, dark) = (self.viewport.as_mut(), self.settings.dark);
        self.recorder.take(ctx, viewport, &mut self.host, wishes, dark, &mut self.toasts);
        report.changed
    }

    /// Dropped files, answers of dialogs and background work.
    fn incoming(&mut self, ctx: &egui::Context) {
        while let Some(answer) = self.pickers.poll() {
            match answer {
                Picked::Chosen(command) => {
                    if let Command::Open { paths } = command.as_ref() {
                        self.settings.opened(paths);
                    }
                    let command = match *command {
                        Command::SaveSession { path, .. } => saving::save(path, &self.state),
                        other => other,
                    };
                    self.host.send(command);
                }
                Picked::NoDialog(pick) => self.type_path(pick),
            }
        }
        while let Some(report) = self.system.poll() {
            match report {
                Report::Toast(level, text, file) => self.toasts.push(level, text, file),
                Report::Sample(path) => {
                    // Where the sample day has most to show; named first, so that the files keep it.
                    let place = LonLat::new(-60.0, 37.0);
                    self.host.send(Command::LookAt { place, altitude_m: Some(4_800_000.0) });
                    self.host.send(Command::Open { paths: vec![path] });
                }
            }
        }
        let (dropped, hovering) = ctx.input(|i| {
            let paths: Vec<PathBuf> = i.raw.dropped_files.iter().map(|f| f.path().to_path_buf()).collect();
            (paths, i.raw.hovered_files.len())
        });
        if !dropped.is_empty() {
            self.settings.opened(&dropped);
            self.host.send(Command::Open { paths: dropped });
        }
        self.state.dropping = hovering > 0;
        if hovering > 0 {
            notices::drop_overlay(ctx, hovering);
        }
    }

    fn housekeeping(&mut self, ctx: &egui::Context) {
        if self.themed != Some(self.settings.dark) {
            self.themed = Some(self.settings.dark);
            ctx.set_theme(if self.settings.dark { egui::Theme::Dark } else { egui::Theme::Light });
        }
        if self.welcomed && !self.settings.toured && !self.host.session().project().layers.is_empty() {
            self.welcomed = false;
            self.state.tour = Some(0);
        }
        let project = self.host.session().project();
        // While files arrive the selection follows the layer to begin with, unless the user has made another: it must not
        // stay with the file whose reader was quickest.
        let session = self.host.session();
        let seen = session.granules_seen();
        let by_itself = self.led.is_some_and(|(id, at)| self.state.selected == Some(id) && at != seen);
        let none = self.state.selected.is_none_or(|id| project.layer(id).is_none());
        if none || (by_itself && session.is_arriving()) {
            self.state.selected = session.leading_layer();
            self.led = self.state.selected.map(|id| (id, seen));
        }
        let own = self.host.session_file().0.and_then(|p| p.file_name());
        let title = match own.or_else(|| self.host.session().readable_sources().last().and_then(|p| p.file_name())) {
            Some(name) => format!("{} \u{2013} Seaglass", name.to_string_lossy()),
            None => "Seaglass".to_owned(),
        };
        if title != self.title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
        if project.timeline.playing {
            ctx.request_repaint();
        }
        self.host.set_selection(Selection {
            layer: self.state.selected,
            shape: self.state.shapes.selected,
            granule: self.state.selected_granule,
        });
        self.settings.left_width = self.state.left_chosen;
        self.settings.coordinates = self.state.coordinates;
        self.settings.preferences.clone_from(&self.state.preferences);
        self.arrived_early |= preferences::apply(ctx, &mut self.state, self.viewport.as_mut(), &mut self.host);
        self.settings.save();
    }

    /// Asks the host once a frame how everything is.
    fn look(&mut self) {
        let catalogue = if self.state.catalogue_open() {
            let size = self.host.session().view_px;
            let view = self.host.session().project().camera.view(size.x, size.y);
            Arc::new(self.host.catalogue(&view))
        } else {
            Arc::default()
        };
        self.seen = Seen {
            catalogue,
            statuses: feed::statuses(&mut self.host),
            reason: self.host.view_status().map(feed::reason),
            memory_full: self.viewport.as_mut().and_then(|v| v.renderer().memory_full()),
            sample: self.system.sample_progress(),
        };
    }

    fn panels(&mut self, ui: &mut Ui, out: &mut Out) -> Rect {
        let model = model_of(&self.host, &self.seen, &self.settings, &self.adapter);
        around(ui, &model, &mut self.state, out)
    }

    fn central(&mut self, ui: &mut Ui, area: Rect, arrived: bool, out: &mut Out) {
        let dark = Theme::get(self.settings.dark);
        ui.painter().rect_filled(area, 0.0, dark.c.void);
        let wants_welcome = {
            let model = model_of(&self.host, &self.seen, &self.settings, &self.adapter);
            welcome::wanted(&model, &self.state)
        };
        let globe = welcome::beside(area, wants_welcome);
        let compare = self.host.session().project().compare;
        let frames = compare::frames(globe, ui.pixels_per_point(), compare);
        let frame = compare::frame_at(ui, &frames, globe);
        self.host.set_view_size(DVec2::new(frame.size_px().x, frame.size_px().y));
        let response = ui.interact(globe, egui::Id::unique("viewport"), Sense::click_and_drag());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, tr!("Globe")));
        self.state.regions[3] = Some(response.id);
        if response.clicked() || response.drag_started() {
            response.request_focus();
        }
        let filter = egui::EventFilter { tab: true, horizontal_arrows: true, vertical_arrows: true, escape: false };
        ui.memory_mut(|m| m.set_focus_lock_filter(response.id, filter));
        let camera = self.host.session().project().camera;
        let view = camera.view(frame.size_px().x, frame.size_px().y);
        let divided = compare::divider(ui, globe, compare, out);
        let found = self.host.colocation().found;
        // The hand goes before every tool.
        let selecting = divided
            || !self.state.hand.is_held()
                && (colocate::globe::gestures(ui, &response, frame, &view, found.as_ref(), &mut self.state)
                    || shapes::gestures::update(
                        ui,
                        &response,
                        frame,
                        &view,
                        self.host.session(),
                        &mut self.state,
                        out,
                    ));
        if selecting {
            self.navigation.let_go();
        }
        if !selecting
            && let Some(camera) = self.navigation.update(ui, &response, frame, camera, &mut self.state.hand, out)
        {
            self.host.send(Command::SetCamera { camera });
            self.step(ui.ctx());
        }
        let place_at = |p| view.lonlat_from_screen(frame.px(p));
        if !selecting && response.clicked() {
            control::clicked(&mut self.host, &response, &view, frame);
        }
        // Ctrl and the right button add a vertex.
        if !ui.input(|i| i.modifiers.command && i.pointer.secondary_released()) {
            readout::over_globe(ui, &response, place_at, &mut self.state, out);
        }
        if let Some(wait) = self.host.follow_view(&view) {
            ui.ctx().request_repaint_after(wait);
        }
        let seen = match (&mut self.viewport, &self.no_graphics) {
            (Some(viewport), _) => viewport.show(ui, globe, &mut self.host, dark.c.void, arrived),
            (None, Some(why)) => {
                notices::no_graphics(ui, area, why);
                1.0
            }
            (None, None) => 1.0,
        };
        if let Some(viewport) = &mut self.viewport {
            bookmarks::take_picture(viewport, &mut self.host, dark.c.void);
        }
        if let (Some((size, scale)), Some(viewport)) = (self.host.picture_wanted(), &mut self.viewport) {
            viewport.prepare(&mut self.host, size, scale, dark.c.void);
        }
        self.recorder.advance(ui.ctx(), globe, self.viewport.as_mut(), &mut self.host, &mut self.toasts);
        self.read_out(ui, &response, frame, globe);
        compare::divider_line(ui, globe, compare);
        self.over_globe(ui, area, globe, (frame, &frames), wants_welcome, seen, out);
    }

    /// Asks for the values under the pointer.
    fn read_out(&mut self, ui: &Ui, response: &egui::Response, frame: navigation::Frame, globe: Rect) {
        let pointer = response.hover_pos().filter(|_| response.contains_pointer() && !self.navigation.is_moving());
        let view = self.host.session().project().camera.view(frame.size_px().x, frame.size_px().y);
        let place = pointer.and_then(|p| view.lonlat_from_screen(frame.px(p)));
        self.state.pointer = place;
        self.hover = None;
        let reach_deg = control::reach_deg(&view, frame);
        let pins: Vec<_> = self.host.session().project().pins.clone();
        let pins: Vec<_> = pins.iter().filter_map(|p| Some((*p, readout::place_on_screen(p, &view, frame)?))).collect();
        let places: Vec<LonLat> = place.into_iter().chain(pins.iter().map(|(p, _)| p.place)).collect();
        let mut found = self.host.probe_places(&places, reach_deg).into_iter();
        let under_pointer = place.and_then(|_| found.next());
        let model = Model::new(self.host.session(), |_| Status::default());
        self.pins = pins
            .iter()
            .zip(found)
            .map(|((pin, at), rows)| PinCard {
                pin: pin.id,
                at: *at,
                info: feed::hover(pin.place, feed::in_time(rows, &model), &model),
            })
            .collect();
        let (Some(at), Some(pointer), Some(probed)) = (place, pointer, under_pointer) else { return };
        let side = compare::side_at(globe, self.host.session().project().compare, pointer);
        let probed = feed::in_view(probed, side, &model);
        let info = feed::hover(at, feed::in_time(probed, &model), &model);
        if let Some(cell) = info.rows.iter().find_map(|r| r.cell).and_then(|c| view.screen_from_lonlat(c)) {
            let at = frame.point(cell);
            // A ring far from the pointer would point at nothing: cells larger than the view have no ring.
            if at.distance(pointer) < 200.0 {
                hover::ring(ui, at, frame.rect);
            }
        }
        self.hover = Some(info);
    }

    /// `seen`: how much of the picture is seen that the names belong to.
    #[allow(clippy::too_many_arguments, reason = "what lies over the globe, and where")]
    fn over_globe(
        &mut self,
        ui: &mut Ui,
        area: Rect,
        globe: Rect,
        (frame, frames): (navigation::Frame, &[navigation::Frame]),
        welcome: bool,
        seen: f32,
        out: &mut Out,
    ) {
        let histogram = self.state.style_of.and_then(|id| self.host.histogram(id)).map(|h| feed::distribution(&h));
        let model = model_of(&self.host, &self.seen, &self.settings, &self.adapter);
        let state = &mut self.state;
        state.taken.clear();
        let viewport = area;
        let (area, globe) = (beside_drawer(area, state), beside_drawer(globe, state));
        if welcome {
            welcome::show(ui, area, &model, out);
            self.welcomed |= welcome::opens(out);
        } else {
            let view = model.session.project().camera.view(frame.size_px().x, frame.size_px().y);
            shapes::paint::over_globe(ui, frame, &view, model.session, state);
            for frame in frames {
                cards::footprint(ui, *frame, &view, &model, state);
                catalogue::globe::footprints(ui, *frame, &view, &model, state);
                colocate::globe::paint(ui, *frame, &view, &model, state);
            }
            notices::show(ui, area, &model, state, out);
            if !state.presentation {
                shapes::tools::card(ui, area, &model, state, out);
            }
            cards::show(ui, area, &view, &model, state, out);
            readout::pins(ui, &self.pins, globe, state, out);
            let mut painter = ui.painter().clone();
            painter.multiply_opacity(seen);
            for frame in frames {
                let named = shapes::paint::names(&painter, *frame, &view, model.session, &state.taken);
                named.iter().for_each(|r| state.taken.add("shape", *r));
                map_labels::paint(&painter, *frame, &view, &model.session.project().base, &state.taken);
            }
        }
        self.toasts.show(ui.ctx(), area, state.presentation, &mut state.taken, out);
        if let (Some(info), Some(p)) = (&self.hover, ui.input(|i| i.pointer.hover_pos()))
            && globe.contains(p)
            && !egui::Popup::is_any_open(ui.ctx())
            && !state.is_covered()
        {
            hover::show(ui, info, p, globe, state.coordinates, &mut state.taken);
        }
        floating(ui.ctx(), &model, histogram.as_ref(), viewport, state, out);
        if !egui::Popup::is_any_open(ui.ctx()) {
            actions::shortcuts(ui, &model, state, out);
        } else {
            state.hand = Hand::default();
        }
        if let Some(command) = layer_row::take_rename(ui.ctx()) {
            out.send(command);
        }
    }

    fn dialogs(&mut self, ctx: &egui::Context, out: &mut Out) {
        dialogs::about(ctx, &mut self.state, &self.adapter);
        let described = self.state.file_details.as_deref().and_then(|path| self.host.describe(path));
        file_details::dialog(ctx, described.as_ref(), &mut self.state, out);
        if let Some(path) = self.state.failure.clone() {
            let failed = self.host.failed_file(&path);
            match dialogs::failure(ctx, &path, failed.as_ref(), out) {
                Some(FailureAnswer::Close) => self.state.failure = None,
                Some(FailureAnswer::Retry(path)) => {
                    self.state.failure = None;
                    self.host.try_again(Some(&path));
                }
                None => {}
            }
        }
    }
}

impl eframe::App for Window {
    /// Also called while the window is hidden: notebooks are answered all the same.
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.arrived_early |= self.step(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        self.incoming(&ctx);
        let arrived = self.step(&ctx) | std::mem::take(&mut self.arrived_early);
        self.housekeeping(&ctx);
        self.look();
        // Colour bars pointed at in the last frame; this frame's panels say it anew.
        let pointed = self.state.highlight.take();
        let arrived = self.host.set_highlight(pointed) | arrived;
        let mut out = Out::default();
        let area = self.panels(ui, &mut out);
        self.central(ui, area, arrived, &mut out);
        self.dialogs(&ctx, &mut out);
        let rests = self.viewport.as_ref().is_some_and(|v| v.complete_size_px().is_some());
        let idle = rests && !self.host.session().project().timeline.playing && !ctx.input(|i| i.pointer.any_down());
        self.thumbnails.turn(&ctx, &mut self.state.thumbnails, idle);
        draw_again(&ctx, &self.state);
        if self.state.highlight != pointed {
            ctx.request_repaint();
        }
        if !out.commands.is_empty() || !out.actions.is_empty() || out.settle {
            self.carry_out(&ctx, out);
        }
    }

    fn on_exit(&mut self) {
        self.host.forget_copy();
        self.settings.save();
    }
}

/// The picture of the host for panels.
fn model_of<'a>(host: &'a Host, seen: &Seen, settings: &Settings, adapter: &(String, bool)) -> Model<'a> {
    let mut model = Model::new(host.session(), |id| seen.statuses.get(&id).cloned().unwrap_or_default());
    model.work = feed::work(host);
    model.view_reason.clone_from(&seen.reason);
    model.recent.clone_from(&settings.recent);
    model.welcome = settings.welcome;
    model.adapter.clone_from(adapter);
    model.memory_full = seen.memory_full;
    model.sample = seen.sample;
    model.colocation = host.colocation();
    model.collection_files = host.collection_files();
    model.catalogue = Arc::clone(&seen.catalogue);
    let (file, changed) = host.session_file();
    model.session_file = (file.map(Path::to_owned), changed);
    model
}
