//! The host: session, readers, and what has arrived from them.

use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crossbeam::channel::{Receiver, bounded};
use glam::DVec2;
use seaglass_core::command::{Command, OpenedFile};
use seaglass_core::field::Block;
use seaglass_core::granule::Granule;
use seaglass_core::project::LayerId;
use seaglass_core::protocol::{FailureKind, ReadFailure};
use seaglass_core::session::{CommandError, Effect, Session};
use seaglass_core::tile::TileKey;
use seaglass_core::time::Time;
use seaglass_data::pool::{Connect, Content, Finished, Incident, Pool, PoolOptions, ProcessConnector, find_worker};
use seaglass_data::registry::Registry;
use seaglass_index::Told;

use crate::figures::Figures;
use crate::histogram::Histograms;
use crate::items::{Items, PartKey, name_of};
use crate::opening::{Event, Opening};
use crate::pipeline::Planned;
use crate::probe::Probes;
use crate::ranges::Ranges;
use crate::report::{HostError, Level, Notice, Progress, SaveFilm, SaveImage, StepReport};
use crate::{EmptyReason, HostOptions};

/// Commands that may wait; a program that sends more without a step loses the rest.
const COMMANDS_LIMIT: usize = 65_536;

/// Longest time the running clock waits for the picture of a step, seconds.
const STEP_WAITS_S: f64 = 0.5;

/// Names a job of ours.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Tag {
    Open(PathBuf),
    Positions(PartKey),
    Stats(LayerId, u64),
    Tile(TileKey),
    Probe(u64, usize, usize),
    Coarse(u64),
    /// The same in the precision of the file.
    Exact(u64),
    /// Whether an item holds any value.
    Values(u64),
    View(u64),
    Describe(PathBuf),
}

/// Session, readers and caches behind one door.
pub struct Host {
    pub(crate) session: Session,
    pub(crate) registry: Arc<Registry>,
    pub(crate) pool: Pool<Tag>,
    pub(crate) items: Items,
    pub(crate) opening: Opening,
    pub(crate) catalogue: crate::catalogue::CatalogueCounts,
    pub(crate) saved: crate::saved::Saved,
    pub(crate) ranges: Ranges,
    pub(crate) probes: Probes,
    pub(crate) descriptions: crate::describe::Descriptions,
    pub(crate) histograms: Histograms,
    pub(crate) figures: Figures,
    /// Items asked whether they hold any value: true where they hold none.
    pub(crate) valueless: std::collections::BTreeMap<u64, bool>,
    /// Tiles read, waiting for the renderer.
    pub(crate) ready: Vec<(TileKey, Option<Block>)>,
    /// Items the renderer shall forget.
    pub(crate) gone: Vec<u64>,
    /// Layer whose colours between two positions of its colour map stand out, for as long as somebody points at them.
    pub(crate) highlight: Option<(LayerId, [f32; 2])>,
    pub(crate) follow: crate::follow::Follow,
    pub(crate) channels: crate::channels::ChannelFits,
    pub(crate) user_styles: crate::user_styles::StyleFile,
    pub(crate) off_screen: HashSet<u64>,
    pub(crate) plan_complete: bool,
    /// What the last plan was made for; nothing before the first.
    pub(crate) planned: Option<Planned>,
    pub(crate) positions_budget: u64,
    /// Raised whenever something arrives; lets the waiting functions sleep.
    pub(crate) signal: Receiver<()>,
    /// Answers that came from memory, without a reader.
    pub(crate) local: Vec<Finished<Tag>>,
    pub(crate) control: crate::control::Control,
    pub(crate) clients: crate::clients::Clients,
    pub(crate) colocator: crate::colocate::Colocator,
    pub(crate) shapes: crate::shapes::ShapeWork,
    pub(crate) extractions: crate::extract::Extractions,
    pub(crate) wake: Arc<dyn Fn() + Send + Sync>,
    commands: VecDeque<Command>,
    pub(crate) notices: Vec<Notice>,
    save_images: Vec<SaveImage>,
    save_film: Option<SaveFilm>,
    told: HashSet<PathBuf>,
    last_step: Instant,
    /// Seconds the running clock has waited for the picture of this step.
    waited_s: f64,
}

impl Host {
    /// A host with reader processes.
    ///
    /// # Errors
    /// The system refused a thread. A reader that cannot be started is reported with the first file.
    pub fn new(options: HostOptions) -> Result<Self, HostError> {
        let program = find_worker(options.worker_path.as_deref());
        Self::with_readers(options, Arc::new(ProcessConnector { program, args: Vec::new() }))
    }

    /// A host with readers of another kind, for tests.
    ///
    /// # Errors
    /// The system refused a thread.
    pub fn with_readers(options: HostOptions, connect: Arc<dyn Connect>) -> Result<Self, HostError> {
        let (raise, signal) = bounded(1);
        let wake = options.wake;
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(move || {
            // Full means the signal is up already.
            if raise.try_send(()).is_ok() || raise.is_full() {
                wake();
            }
        });
        let registry = Arc::new(Registry::load(options.readers_dir.as_deref()));
        let (user_styles, saved, unreadable) = crate::user_styles::StyleFile::load(options.styles_path);
        let mut session = Session::default();
        session.set_user_styles(saved);
        let notices = registry
            .errors()
            .iter()
            .map(|e| {
                Notice::new(Level::Warning, format!("A product file is left out: {e}.")).about(Path::new(e.origin()))
            })
            .chain(unreadable)
            .collect();
        let extractions = crate::extract::Extractions::new(Arc::clone(&connect), Arc::clone(&wake));
        let colocator = crate::colocate::Colocator::new(Arc::clone(&connect), Arc::clone(&registry), Arc::clone(&wake));
        let pool = Pool::new(PoolOptions {
            workers: options.workers,
            timeout: options.timeout,
            connect,
            wake: Arc::clone(&wake),
        })?;
        Ok(Self {
            session,
            registry,
            pool,
            items: Items::new(options.cpu_cache_bytes),
            opening: Opening::with_shelf(options.index_dir.as_deref()),
            catalogue: crate::catalogue::CatalogueCounts::default(),
            saved: crate::saved::Saved::default(),
            ranges: Ranges::default(),
            probes: Probes::default(),
            descriptions: crate::describe::Descriptions::default(),
            histograms: Histograms::default(),
            figures: Figures::default(),
            valueless: std::collections::BTreeMap::new(),
            ready: Vec::new(),
            gone: Vec::new(),
            highlight: None,
            follow: crate::follow::Follow::default(),
            channels: crate::channels::ChannelFits::default(),
            user_styles,
            off_screen: HashSet::new(),
            plan_complete: true,
            planned: None,
            positions_budget: options.cpu_cache_bytes,
            signal,
            local: Vec::new(),
            control: crate::control::Control::default(),
            clients: crate::clients::Clients::default(),
            colocator,
            shapes: crate::shapes::ShapeWork::new(Arc::clone(&wake)),
            extractions,
            wake,
            commands: VecDeque::new(),
            notices,
            save_images: Vec::new(),
            save_film: None,
            told: HashSet::new(),
            last_step: Instant::now(),
            waited_s: 0.0,
        })
    }

    /// Queues a command; [`step`](Self::step) applies it.
    pub fn send(&mut self, command: Command) {
        if self.commands.len() < COMMANDS_LIMIT {
            self.commands.push_back(command);
        } else {
            log::error!("Too many commands at once; one is dropped.");
        }
    }

    /// Applies queued commands in order, takes in what readers delivered, and moves the running clock.
    pub fn step(&mut self) -> StepReport {
        let mut changed = false;
        while let Some(command) = self.commands.pop_front() {
            changed = true;
            self.apply(&command);
        }
        let moved_by_notebook = self.poll_control(&mut changed);
        changed |= self.poll_opening();
        let maps = self.registry.new_colormaps();
        if !maps.is_empty() {
            seaglass_render::assets::add_colormaps(maps);
            changed = true;
        }
        for finished in std::mem::take(&mut self.local).into_iter().chain(self.pool.drain()) {
            changed = true;
            self.take(finished);
        }
        for Incident::Restarted { path, how } in self.pool.incidents() {
            log::warn!("{}: the reader died ({how})", path.display());
            if self.told.insert(path.clone()) {
                let text = format!("The reader was restarted while reading {}.", name_of(&path));
                self.notices.push(Notice::new(Level::Info, text).about(&path));
            }
        }
        changed |= self.poll_colocation();
        changed |= self.poll_shapes();
        changed |= self.poll_extractions();
        changed |= self.tick();
        self.saving_ended(false);
        self.copy_session();
        let pictures = self.poll_clients();
        changed |= self.is_awaited();
        let notices = std::mem::take(&mut self.notices);
        self.tell_clients(&notices);
        changed |= !notices.is_empty();
        let (save_images, save_film) = (std::mem::take(&mut self.save_images), self.save_film.take());
        StepReport { notices, changed, save_images, save_film, pictures, moved_by_notebook }
    }

    /// The session, to look at.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The products known.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Keeps so many bytes of positions in memory from now on.
    pub fn set_positions_budget(&mut self, bytes: u64) {
        self.positions_budget = bytes;
        self.items.positions.set_budget(bytes);
    }

    /// Tells the size of the view in pixels, for framing.
    pub fn set_view_size(&mut self, size_px: DVec2) {
        self.session.view_px = size_px;
    }

    /// Lets the colours of a layer between two positions of its colour map (0 to 1) stand out in pictures made from now on;
    /// nothing is read or uploaded for it. Returns whether that is new.
    pub fn set_highlight(&mut self, highlight: Option<(LayerId, [f32; 2])>) -> bool {
        let new = self.highlight != highlight;
        self.highlight = highlight;
        new
    }

    /// Ends the current drag: the next change is its own undo step.
    pub fn settle(&mut self) {
        self.session.settle();
    }

    /// Reads a file once more that could not be read (all of them when `None`).
    pub fn try_again(&mut self, path: Option<&Path>) {
        let files = self.session.failures().iter().filter(|f| !f.path.is_dir());
        let failed: Vec<PathBuf> = files.map(|f| f.path.clone()).collect();
        let paths = path.map_or(failed, |p| vec![p.to_owned()]);
        if path.is_none() {
            self.pool.forgive_all();
        }
        for path in paths {
            self.pool.forgive(&path);
            self.told.remove(&path);
            let gone = self.items.forget(&path);
            self.gone.extend(gone);
            self.opening.again(&path);
        }
    }

    /// What is going on.
    pub fn progress(&self) -> Progress {
        let opening = self.opening.counts();
        let reading = self.pool.pending(|t| matches!(t, Tag::Positions(_) | Tag::Stats(..) | Tag::Tile(_)));
        let searching = self.opening.is_searching();
        let label = if opening.0 < opening.1 {
            format!("Opening {} of {} files", opening.0 + 1, opening.1)
        } else if let Some(known) = self.opening.loading() {
            format!("Opening, {known} files so far")
        } else if searching {
            "Looking for files".to_owned()
        } else if reading > 0 {
            "Reading".to_owned()
        } else {
            String::new()
        };
        Progress { opening, searching, reading, label }
    }

    fn apply(&mut self, command: &Command) {
        // Its sentence is among the notices.
        let _told = self.try_apply(command);
    }

    /// Carries out a command; an error is told to the user, and given to the caller as well.
    pub(crate) fn try_apply(&mut self, command: &Command) -> Result<(), CommandError> {
        let told = self.to_be_told(command);
        if let Command::JumpToData { .. } = command {
            self.session.set_unreadable(self.items.unreadable());
        }
        match self.session.apply(command) {
            Ok(effects) => {
                self.carried_out(told, command);
                effects.into_iter().for_each(|e| self.carry_out(e));
            }
            Err(error) => {
                self.notices.push(Notice::new(Level::Warning, error.to_string()));
                return Err(error);
            }
        }
        Ok(())
    }

    /// Carries out a command about data that follow from others: no step of undo.
    pub(crate) fn apply_derived(&mut self, command: &Command) {
        match self.session.apply_derived(command) {
            Ok(effects) => effects.into_iter().for_each(|e| self.carry_out(e)),
            Err(error) => self.notices.push(Notice::new(Level::Warning, error.to_string())),
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Open(paths) => {
                let now = self.clock_set();
                if let Err(why) = self.opening.start(&paths, &self.registry, now, &self.wake) {
                    self.notices.push(Notice::new(Level::Error, why));
                }
            }
            Effect::CancelOpening => {
                let n = self.opening.cancel(&self.pool);
                if n > 0 {
                    self.notices.push(Notice::new(Level::Info, format!("{n} files were not opened.")));
                }
            }
            Effect::ChooseRange(layer) => {
                let guess = self.session.project().layer(layer).and_then(|l| l.style.range);
                self.ranges.ask(layer, guess);
            }
            Effect::FitVisible(layer) => self.follow.fit(layer),
            Effect::FitChannels(layer) => self.channels.ask(layer),
            Effect::SaveUserStyles => {
                let saved = self.user_styles.save(self.session.user_styles());
                self.notices.extend(saved);
            }
            Effect::SaveStyleToCollection(layer) => self.save_collection_style(layer),
            Effect::SaveSession { path, window } => self.save_session(&path, window),
            Effect::SaveScript(path) => self.save_script(&path),
            Effect::OpenSession(path) => self.open_session(&path),
            Effect::SaveShapes(path, shape) => self.save_shapes(path, shape),
            Effect::Extract { shape, reach_m, path } => {
                self.extract_by_command(crate::extract::Wish { shape, reach_m, path, cells: false });
            }
            Effect::CancelExtraction => self.cancel_extractions(),
            Effect::Process(what) => self.process_by_command(what),
            Effect::RunColocation => self.run_colocation(),
            Effect::CancelColocation => self.cancel_colocation(),
            Effect::ZoomToNative(layer) => self.zoom_to_native(layer),
            Effect::ExportColocation(path) => self.export_colocation(&path),
            Effect::StepCoincidence(steps) => self.step_coincidence(steps),
            Effect::SaveFilm { path, span, step_s, fps, legend } => {
                self.save_film = Some(SaveFilm { path, span, step_s, fps, legend });
            }
            Effect::SaveImage { path, size, legend } => self.save_images.push(SaveImage { path, size, legend }),
            Effect::ForgetFile(path) => {
                let gone = self.items.forget(&path);
                self.gone.extend(gone);
            }
            Effect::Forget => {
                self.opening.close(&self.pool);
                self.catalogue = crate::catalogue::CatalogueCounts::default();
                self.pool.retain(|_| false);
                self.gone = self.items.forget_all();
                self.ready.clear();
                self.ranges = Ranges::default();
                self.probes = Probes::default();
                self.histograms = Histograms::default();
                self.figures = Figures::default();
                self.follow = crate::follow::Follow::default();
                self.told.clear();
            }
        }
    }

    /// Where cells lie is known for what has been drawn; else the outline must do.
    fn zoom_to_native(&mut self, layer: Option<LayerId>) {
        let items = &self.items;
        let positions = |g: &Granule| items.positions.peek(&(g.path.as_path().into(), g.part)).map(Arc::clone);
        match self.session.native_view(layer, &positions) {
            Ok(camera) => self.apply(&Command::SetCamera { camera }),
            Err(error) => self.notices.push(Notice::new(Level::Warning, error.to_string())),
        }
    }

    fn poll_opening(&mut self) -> bool {
        let before = self.opening.counts();
        if let Some(now) = self.clock_set() {
            self.opening.set_now(now);
        }
        let events = self.opening.poll(&self.pool, &self.registry, &self.wake);
        let changed = !events.is_empty() || self.opening.counts() != before;
        for event in events {
            match event {
                Event::Failed(path, error) => self.open_failed(path, error),
                Event::Known(files) => self.known(files),
                Event::Gone(paths) => self.apply(&Command::FilesGone { paths }),
                Event::Problem(path, text) => self.notices.push(Notice::new(Level::Warning, text).about(&path)),
                Event::Nothing(path) => {
                    let text = "The folder holds no netCDF or HDF5 files, nor files that a product claims.";
                    self.notices.push(Notice::new(Level::Warning, text).about(&path));
                    // Not among the sources: nothing comes from it.
                    let error = ReadFailure { kind: FailureKind::NothingToShow, message: text.to_owned() };
                    self.apply(&Command::OpenFailed { path, error });
                }
            }
        }
        changed
    }

    /// The clock, once data or the user have set it.
    fn clock_set(&self) -> Option<Time> {
        let now = self.session.project().timeline.now;
        (now != Time::from_micros(0)).then_some(now)
    }

    /// Takes in what an index knows.
    fn known(&mut self, told: Vec<(PathBuf, Told)>) {
        let mut files = Vec::with_capacity(told.len());
        for (path, told) in told {
            match told {
                Ok(info) => files.push(OpenedFile { path, info }),
                Err(error) => self.open_failed(path, error),
            }
        }
        if let Some(first) = files.first() {
            // Colour maps and products of a workspace are found by looking for those of a file.
            let _products = self.registry.candidates(&first.path);
            // Another window may have described anew what this one shows already.
            let shown = self.items.paths();
            let again = files.iter().filter(|f| shown.contains(f.path.as_path()));
            let gone: Vec<u64> = again.flat_map(|f| self.items.forget(&f.path)).collect();
            self.gone.extend(gone);
            self.apply(&Command::OpenedMany { files });
        }
    }

    pub(crate) fn open_failed(&mut self, path: PathBuf, error: ReadFailure) {
        self.notices.push(Notice::new(Level::Error, error.message.clone()).about(&path).with_retry());
        self.apply(&Command::OpenFailed { path, error });
    }

    fn take(&mut self, finished: Finished<Tag>) {
        match (finished.tag, finished.result) {
            (Tag::Open(path), Ok(Content::Info(info))) => {
                self.opening.finished(&path, Some(Ok(info.clone())));
                for note in &info.notes {
                    log::info!("{}: {note}", path.display());
                }
                // Opened again: what was read of it before may be of an older file.
                let gone = self.items.forget(&path);
                self.gone.extend(gone);
                self.apply(&Command::Opened { path, info });
            }
            (Tag::Open(path), Ok(Content::Shapes(file))) => {
                self.opening.finished(&path, None);
                self.shapes_opened(path, *file);
            }
            (Tag::Open(path), Err(error)) => {
                self.opening.finished(&path, Some(Err(error.clone())));
                self.open_failed(path, error);
            }
            (Tag::Positions(key), Ok(Content::Geolocation(positions))) => {
                let bytes = positions.byte_len() as u64;
                self.items.positions.insert(key, positions, bytes);
            }
            (Tag::Positions(key), Err(error)) => {
                self.read_failed(&key.0, &error);
                self.items.failed_parts.insert(key, error);
            }
            (Tag::Tile(key), Ok(Content::Block(block))) => {
                let seen = self.items.seen_mut(key.item);
                seen.read = true;
                seen.valid = seen.valid || block.values.iter().any(|v| v.is_finite());
                self.ready.push((key, Some(block)));
            }
            (Tag::Tile(key), Err(error)) => {
                if let Some(path) = self.items.get(key.item).map(|i| i.path.to_path_buf()) {
                    self.read_failed(&path, &error);
                }
                self.items.seen_mut(key.item).failure = Some(error);
                self.ready.push((key, None));
            }
            (Tag::Stats(layer, item), result) => {
                let granule_of = |item: u64| self.items.get(item).map(|i| i.granule);
                for command in self.ranges.arrived(&self.session, layer, item, result, &granule_of) {
                    self.apply(&command);
                }
            }
            (Tag::Probe(item, row, col), result) => self.probes.arrived((item, row, col), result),
            (Tag::Describe(path), result) => self.descriptions.arrived(&path, result),
            (Tag::Values(item), result) => self.summed_up(item, &result),
            (Tag::Exact(item), result) => self.figures.arrived(item, result),
            (Tag::Coarse(item), result) => self.histograms.arrived(item, result),
            (Tag::View(number), result) => self.follow.arrived(number, result),
            (tag, _) => log::error!("A reader answered {tag:?} with something else."),
        }
    }

    fn read_failed(&mut self, path: &Path, error: &ReadFailure) {
        if self.told.insert(path.to_owned()) {
            self.notices.push(Notice::new(Level::Error, error.message.clone()).about(path).with_retry());
        }
    }

    fn tick(&mut self) -> bool {
        let dt_s = self.last_step.elapsed().as_secs_f64();
        self.last_step = Instant::now();
        let timeline = &self.session.project().timeline;
        if !timeline.playing {
            return false;
        }
        // From step to step every picture is waited for, but not for ever: a reader may be slow.
        if timeline.play.per_second().is_some() && !self.plan_complete && self.waited_s < STEP_WAITS_S {
            self.waited_s += dt_s;
            return false;
        }
        let dt_s = dt_s + std::mem::take(&mut self.waited_s);
        self.apply(&Command::Tick { dt_s });
        true
    }

    /// Why the view shows no data at all; `None` while it shows some, or may soon.
    pub fn view_status(&mut self) -> Option<EmptyReason> {
        crate::status::of_view(self)
    }

    pub(crate) fn has_commands(&self) -> bool {
        !self.commands.is_empty()
    }
}
