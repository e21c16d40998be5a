//! Dialogs: the operating system's file pickers (in a thread, never blocking), failure details, keys, about.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, Sender, bounded};
use egui::{Id, Key, Modal, Modifiers, Role, ScrollArea, Sense, Ui, vec2};
use seaglass_core::command::{Command, Menu, TABLE};
use seaglass_core::protocol::FailureKind;
use seaglass_core::session::FailedFile;
use seaglass_core::session_file::EXTENSION;
use seaglass_core::shapes::ShapeId;

use crate::lang;
use crate::state::{Action, Out, UiState};
use crate::theme::{Theme, theme};
use crate::widgets;

/// Nobody dismisses a dialog faster than this: it was never shown.
const TOO_FAST: Duration = Duration::from_millis(300);

/// What became of a picker.
#[derive(Debug)]
pub enum Picked {
    /// The user's choice.
    Chosen(Box<Command>),
    /// The system has no file dialog to show.
    NoDialog(Pick),
}

/// Answers of the pickers.
pub struct Pickers {
    sender: Sender<Picked>,
    receiver: Receiver<Picked>,
}

impl Default for Pickers {
    fn default() -> Self {
        let (sender, receiver) = bounded(16);
        Self { sender, receiver }
    }
}

/// What to pick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// Files to open.
    Files,
    /// A folder to open.
    Folder,
    /// Where to write an image.
    Image,
    /// Where to write shapes, all or one.
    Shapes(Option<ShapeId>),
    /// Where to write the cells under a shape, in the format of that extension.
    Cells(ShapeId, &'static str),
    /// A session file to open.
    Session,
    /// Where to save the session.
    SessionAs,
    /// Where to write the view as a Python program.
    Python,
    /// Where to write pairs, in the format of that extension.
    Pairs(&'static str),
}

impl Pick {
    /// Title of the dialog, label of its button.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Files => (tr!("Open files"), tr!("Open")),
            Self::Folder => (tr!("Open folder"), tr!("Open")),
            Self::Image => (tr!("Save image"), tr!("Save")),
            Self::Shapes(_) => (tr!("Save shapes"), tr!("Save")),
            Self::Cells(..) => (tr!("Extract cells"), tr!("Extract")),
            Self::Session => (tr!("Open session"), tr!("Open")),
            Self::SessionAs => (tr!("Save session"), tr!("Save")),
            Self::Python => (tr!("Export as Python"), tr!("Export")),
            Self::Pairs("toml") => (tr!("Save job"), tr!("Save")),
            Self::Pairs(_) => (tr!("Export pairs"), tr!("Export")),
        }
    }

    /// Whether it writes.
    fn writes(self) -> bool {
        !matches!(self, Self::Files | Self::Folder | Self::Session)
    }

    /// What a typed path starts as.
    pub fn suggestion(self) -> String {
        let home = directories::UserDirs::new().map(|d| d.home_dir().to_path_buf()).unwrap_or_default();
        let path = match self {
            Self::Image => home.join("seaglass.png"),
            Self::Shapes(_) => home.join("shapes.geojson"),
            Self::Cells(_, format) => home.join(format!("cells.{format}")),
            Self::Pairs(format) => home.join(self.file_name(format)),
            Self::Python => home.join("seaglass.py"),
            Self::SessionAs => home.join("session.oce"),
            Self::Files | Self::Folder | Self::Session => home.join(""),
        };
        path.display().to_string()
    }

    fn file_name(self, format: &str) -> String {
        format!("{}.{format}", if format == "toml" { "job" } else { "pairs" })
    }

    fn command(self, path: PathBuf) -> Command {
        match self {
            Self::Files | Self::Folder => Command::Open { paths: vec![path] },
            Self::Session => Command::OpenSession { path },
            // The window adds its panels when it sends the command on.
            Self::SessionAs => {
                Command::SaveSession { path: with_extension(path, EXTENSION), window: serde_json::Value::Null }
            }
            Self::Python => Command::SaveScript { path: with_extension(path, "py") },
            Self::Image => Command::SaveImage { path: with_extension(path, "png"), size: None, legend: true },
            Self::Shapes(shape) => Command::SaveShapes { path: with_extension(path, "geojson"), shape },
            Self::Cells(shape, format) => {
                Command::Extract { shape: Some(shape), reach_m: None, path: Some(with_extension(path, format)) }
            }
            Self::Pairs(format) => Command::ExportColocation { path: with_extension(path, format) },
        }
    }
}

impl Pickers {
    /// Opens a picker. Its answer comes with [`poll`](Self::poll).
    ///
    /// # Errors
    /// The system refused a thread.
    pub fn open(&self, pick: Pick, ctx: &egui::Context) -> std::io::Result<()> {
        let (sender, ctx) = (self.sender.clone(), ctx.clone());
        std::thread::Builder::new().name("file picker".to_owned()).spawn(move || {
            let (dialog, started) = (rfd::FileDialog::new().set_title(pick.words().0), Instant::now());
            let command = match pick {
                Pick::Files => dialog
                    .add_filter(tr!("NetCDF and HDF5"), &["nc", "nc4", "cdf", "h5", "hdf5", "he5", "hdf"])
                    .add_filter(tr!("Sessions"), &[EXTENSION])
                    .add_filter(tr!("Shapes"), &["geojson", "json", "kml", "kmz", "shp", "gpx", "zip"])
                    .add_filter(tr!("All files"), &["*"])
                    .pick_files()
                    .map(|paths| Command::Open { paths }),
                Pick::Folder => dialog.pick_folders().map(|paths| Command::Open { paths }),
                Pick::Pairs(format) => dialog
                    .set_file_name(pick.file_name(format))
                    .add_filter(format, &[format])
                    .save_file()
                    .map(|path| pick.command(path)),
                Pick::Cells(_, format) => dialog
                    .set_file_name(format!("cells.{format}"))
                    .add_filter(format, &[format])
                    .save_file()
                    .map(|path| pick.command(path)),
                Pick::Session => {
                    dialog.add_filter(tr!("Sessions"), &[EXTENSION]).pick_file().map(|path| pick.command(path))
                }
                Pick::SessionAs => dialog
                    .set_file_name(format!("session.{EXTENSION}"))
                    .add_filter(tr!("Sessions"), &[EXTENSION])
                    .save_file()
                    .map(|path| pick.command(path)),
                Pick::Shapes(_) => dialog
                    .set_file_name("shapes.geojson")
                    .add_filter("GeoJSON", &["geojson", "json"])
                    .add_filter("KML", &["kml"])
                    .save_file()
                    .map(|path| pick.command(path)),
                Pick::Python => dialog
                    .set_file_name("seaglass.py")
                    .add_filter("Python", &["py"])
                    .save_file()
                    .map(|path| pick.command(path)),
                Pick::Image => dialog
                    .set_file_name("seaglass.png")
                    .add_filter(tr!("PNG image"), &["png"])
                    .save_file()
                    .map(|path| pick.command(path)),
            };
            // rfd answers a failure like a cancelled dialog; only the time tells them apart.
            let answer = match command {
                Some(command) => Some(Picked::Chosen(Box::new(command))),
                None if started.elapsed() < TOO_FAST => Some(Picked::NoDialog(pick)),
                None => None,
            };
            // A window that has closed meanwhile takes no answer.
            if answer.is_some_and(|a| sender.try_send(a).is_ok()) {
                ctx.request_repaint();
            }
        })?;
        Ok(())
    }

    /// What has been picked since.
    pub fn poll(&self) -> Option<Picked> {
        self.receiver.try_recv().ok()
    }
}

fn with_extension(path: PathBuf, extension: &str) -> PathBuf {
    if path.extension().is_some() { path } else { path.with_extension(extension) }
}

/// A path to type where the system shows no file dialog.
pub fn typed_path(ctx: &egui::Context, state: &mut UiState, out: &mut Out) {
    let Some(typed) = state.typed_path.as_mut() else { return };
    let t = Theme::get(ctx.global_style().visuals.dark_mode);
    let (title, verb) = typed.pick.words();
    let (mut done, mut cancelled) = (false, false);
    let id = Id::unique("typed path");
    let modal = Modal::new(id).frame(t.popover(12).inner_margin(20)).show(ctx, |ui| {
        ui.set_width(480.0f32.min(ctx.content_rect().width() - 80.0));
        heading(ui, title);
        ui.label(egui::RichText::new(tr!("No file dialog is available here. Type the path.")).color(t.c.text_2));
        ui.add_space(8.0);
        let enter = ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Enter));
        let field_id = id.with("field");
        // Taken once: Tab has to reach the buttons.
        if ui.memory(|m| m.focused().is_none()) {
            ui.memory_mut(|m| m.request_focus(field_id));
        }
        let edit = egui::TextEdit::singleline(&mut typed.text).id(field_id).margin(egui::Margin::symmetric(8, 6));
        let field = ui.add(edit.desired_width(f32::INFINITY));
        widgets::describe(&field, Role::TextInput, tr!("Path"));
        let warned = typed.warned.as_ref() == Some(&typed.text);
        let verb = if warned { tr!("Replace") } else { verb };
        if warned {
            ui.add_space(6.0);
            ui.label(egui::RichText::new(tr!("There is a file of this name. It will be replaced.")).color(t.c.warning));
        }
        ui.add_space(12.0);
        ui.horizontal(|ui| {
            let named = !typed.text.trim().is_empty();
            let button = ui.add_enabled_ui(named, |ui| widgets::button(ui, verb, None, true)).inner;
            done = named && (button.clicked() || (enter && field.has_focus()));
            let button = widgets::button(ui, tr!("Cancel"), None, false);
            cancelled = button.clicked() || (enter && button.has_focus());
            if done && !warned && typed.pick.writes() && at_home(typed.text.trim()).exists() {
                typed.warned = Some(typed.text.clone());
                done = false;
            }
        });
    });
    if done {
        out.send(typed.pick.command(at_home(typed.text.trim())));
    }
    if done || cancelled || modal.should_close() {
        state.typed_path = None;
    }
}

/// `~/` is what a shell would have made the home folder of.
fn at_home(text: &str) -> PathBuf {
    match (text.strip_prefix("~/"), directories::UserDirs::new()) {
        (Some(rest), Some(user)) => user.home_dir().join(rest),
        _ => PathBuf::from(text),
    }
}

/// What can be done about a failure.
fn remedy(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Missing => tr!("Check that the file is still there and that you may read it, then open it again."),
        FailureKind::NotMine => tr!("Open NetCDF or HDF5 files. Other formats are not read yet."),
        FailureKind::Damaged => tr!("Download the file again; compare its size or checksum with the provider's."),
        FailureKind::NothingToShow => {
            tr!("Check that the file has positions (latitude and longitude, or a grid mapping) that CF rules can find.")
        }
        FailureKind::BadRequest => tr!("Open the file again; if it happens again, report it with the text below."),
        FailureKind::TooLarge => tr!("Cut the file into smaller ones, or open a subset."),
        FailureKind::Crashed => tr!("Try again; if it happens again, report it with the text below."),
    }
}

/// Text to copy into a report.
pub fn report(path: &Path, failed: &FailedFile) -> String {
    format!(
        "Seaglass {}\nFile: {}\nProblem: {}\nKind: {:?}\nSystem: {} {}",
        env!("CARGO_PKG_VERSION"),
        path.display(),
        failed.error.message,
        failed.error.kind,
        std::env::consts::OS,
        std::env::consts::ARCH
    )
}

/// What a failure dialog answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailureAnswer {
    /// Close it.
    Close,
    /// Read the file again.
    Retry(PathBuf),
}

/// What, why, what to do, and a report to copy.
pub fn failure(ctx: &egui::Context, path: &Path, failed: Option<&FailedFile>, out: &mut Out) -> Option<FailureAnswer> {
    let t = Theme::get(ctx.global_style().visuals.dark_mode);
    let mut answer = None;
    let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
    let modal = Modal::new(Id::unique("failure")).frame(t.popover(12).inner_margin(20)).show(ctx, |ui| {
        ui.set_width(480.0f32.min(ctx.content_rect().width() - 80.0));
        heading(ui, &tr!("Cannot show {name}"));
        let message = failed.map_or(tr!("The file could not be read."), |f| f.error.message.as_str());
        ui.label(egui::RichText::new(lang::sentence(message)).color(t.c.text_1));
        ui.add_space(4.0);
        if let Some(f) = failed {
            ui.label(egui::RichText::new(remedy(f.error.kind)).color(t.c.text_2));
        }
        ui.add_space(4.0);
        ui.add(
            egui::Label::new(egui::RichText::new(path.display().to_string()).font(t.mono()).color(t.c.text_3))
                .selectable(true)
                .wrap(),
        );
        ui.add_space(12.0);
        ui.horizontal(|ui| {
            if widgets::button(ui, tr!("Close"), None, true).clicked() {
                answer = Some(FailureAnswer::Close);
            }
            if widgets::button(ui, tr!("Try again"), None, false).clicked() {
                answer = Some(FailureAnswer::Retry(path.to_path_buf()));
            }
            if let Some(f) = failed
                && widgets::button(ui, tr!("Copy report"), Some("layer_duplicate"), false).clicked()
            {
                out.act(Action::Copy(report(path, f)));
            }
            if widgets::button(ui, tr!("Show file"), None, false).clicked() {
                out.act(Action::ShowFile(path.to_path_buf()));
            }
        });
    });
    if modal.should_close() {
        answer = answer.or(Some(FailureAnswer::Close));
    }
    answer
}

fn heading(ui: &mut Ui, text: &str) {
    let t = theme(ui);
    ui.label(egui::RichText::new(text).font(t.clock()).color(t.c.text_1));
    ui.add_space(4.0);
}

/// All keys, from the command table.
pub fn keys(ctx: &egui::Context, state: &mut UiState) {
    if !state.keys_open {
        return;
    }
    let t = Theme::get(ctx.global_style().visuals.dark_mode);
    let screen = ctx.content_rect();
    let modal = Modal::new(Id::unique("keys"))
        .area(Modal::default_area(Id::unique("keys")).default_size(screen.size()))
        .frame(t.popover(12).inner_margin(20))
        .show(ctx, |ui| {
            ui.set_width(760.0f32.min(screen.width() - 80.0));
            heading(ui, tr!("Keyboard shortcuts"));
            ScrollArea::vertical().max_height(screen.height() - 160.0).show(ui, |ui| {
                ui.columns(3, |columns| {
                    let sections = [
                        (Menu::File, tr!("File"), 0),
                        (Menu::Edit, tr!("Edit"), 0),
                        (Menu::Layer, tr!("Layer"), 0),
                        (Menu::View, tr!("View"), 1),
                        (Menu::Time, tr!("Time"), 2),
                        (Menu::Help, tr!("Help"), 2),
                    ];
                    for (menu, title, column) in sections {
                        section(&mut columns[column], menu, title);
                    }
                    mouse(&mut columns[2]);
                });
            });
        });
    if modal.should_close() {
        state.keys_open = false;
    }
}

fn key_row(ui: &mut Ui, title: &str, keys: &str) {
    let t = theme(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 22.0), Sense::hover());
    let left = widgets::key_badge(ui.painter(), t, rect.right_center(), keys);
    widgets::line(ui.painter(), rect.left(), rect.center().y, title, t.body(), t.c.text_2, left - rect.left() - 6.0);
}

fn section(ui: &mut Ui, menu: Menu, title: &str) {
    let t = theme(ui);
    ui.label(egui::RichText::new(title).font(t.heading()).color(t.c.text_1));
    for e in TABLE.iter().filter(|e| e.menu == menu && !e.keys.is_empty()) {
        key_row(ui, lang::t(e.title).trim_end_matches('…'), e.keys.split(" / ").next().unwrap_or_default());
    }
    ui.add_space(10.0);
}

fn mouse(ui: &mut Ui) {
    let t = theme(ui);
    ui.label(egui::RichText::new(tr!("Mouse on the globe")).font(t.heading()).color(t.c.text_1));
    for (what, how) in [
        (tr!("Turn"), tr!("drag")),
        (tr!("Pan, after a click on it"), tr!("arrows")),
        (tr!("Pan with any tool"), tr!("Space move")),
        (tr!("Zoom"), tr!("wheel")),
        (tr!("Zoom finely"), tr!("Ctrl wheel")),
        (tr!("Zoom by hand"), tr!("right drag")),
        (tr!("Tilt and turn"), tr!("Ctrl drag")),
        (tr!("Zoom to a box"), tr!("Shift drag")),
        (tr!("Nearer"), tr!("double click")),
        (tr!("Through time"), tr!("Shift wheel")),
    ] {
        key_row(ui, what, how);
    }
}

/// Name, version, adapter and what to do without a GPU.
pub fn about(ctx: &egui::Context, state: &mut UiState, adapter: &(String, bool)) {
    if !state.about_open {
        return;
    }
    let t = Theme::get(ctx.global_style().visuals.dark_mode);
    let modal = Modal::new(Id::unique("about")).frame(t.popover(12).inner_margin(20)).show(ctx, |ui| {
        ui.set_width(420.0);
        heading(ui, &format!("Seaglass {}", env!("CARGO_PKG_VERSION")));
        ui.label(egui::RichText::new(tr!("Globe and map viewer for satellite oceanography.")).color(t.c.text_2));
        ui.add_space(8.0);
        ui.label(egui::RichText::new(tr!("Graphics: {}", adapter.0)).color(t.c.text_2));
        if adapter.1 {
            let help = tr!(
                "No graphics card is in use, so every picture is computed by the processor. Install the driver of the \
                        card (on Linux the Vulkan driver of Mesa or the vendor), or start on a machine with one. \
                        A smaller window is faster meanwhile."
            );
            ui.label(egui::RichText::new(help).color(t.c.text_1));
        }
        ui.add_space(8.0);
        let credits = tr!(
            "Coastlines and borders: Natural Earth, public domain. Relief: ETOPO5, NOAA, public domain. Fonts: IBM \
                       Plex, OFL 1.1. Icons: Phosphor, MIT. Colour maps: cmocean, Crameri, matplotlib and others."
        );
        ui.label(egui::RichText::new(credits).font(t.small()).color(t.c.text_3));
        ui.add_space(12.0);
        if widgets::button(ui, tr!("Close"), None, true).clicked() {
            state.about_open = false;
        }
    });
    if modal.should_close() {
        state.about_open = false;
    }
}
