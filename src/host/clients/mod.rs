//! Clients of our own protocol: what they ask is carried out here, at once or in a later step, and they are told what
//! happens.

mod events;
mod look;
mod picture;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, TryRecvError, bounded};
use seaglass_control::frames::{Ask, Asked, Extracting, Picture, Respond};
use seaglass_core::colormap::Colormap;
use seaglass_core::command::Command;
use seaglass_core::geo::LonLat;
use seaglass_core::shapes::{Geometry, ShapeChange, ShapeId, ShapeKind};
use seaglass_render::assets;
use serde_json::{Value, json};

use crate::extract::{Extracted, Wish};
use crate::host::Host;
use events::Subscriber;
pub use picture::WantedPicture;

/// Longest time a client can wait for something.
const LONGEST: Duration = Duration::from_secs(86_400);
/// A picture waits so long for what is missing, when nothing else is said.
const PICTURE_WAITS: Duration = Duration::from_secs(60);
/// Times the readers have to be asked after a command before nothing missing means that nothing is.
const DRIVES: u64 = 2;
/// Bytes of pushed files that are kept at most.
const MOST_PUSHED: u64 = 16 << 30;
/// Longest name of a pushed file or a colour map.
const LONGEST_NAME: usize = 120;

/// What will be answered later.
enum Pending {
    Probe { at: LonLat, reach_deg: f64, until: Instant },
    Wait { until: Instant, drives: u64 },
    Picture { wish: Box<Picture>, until: Instant, drives: u64 },
    Extract { job: u64 },
    Keeping { kept: Receiver<Result<PathBuf, String>> },
    Opening { paths: Vec<PathBuf>, failures: usize },
}

/// Clients and what they wait for.
#[derive(Default)]
pub(crate) struct Clients {
    pending: Vec<(Pending, Respond)>,
    subscribers: Vec<Subscriber>,
    seen: events::Seen,
    /// Clients may name files to read and write.
    files: bool,
    /// There is no window.
    headless: bool,
    /// Where pushed files lie.
    folder: Option<tempfile::TempDir>,
    pushed: u64,
    /// Files pushed so far.
    pushes: u64,
    /// How often the readers have been asked for what a picture needs.
    pub drives: u64,
}

fn after(ms: u64) -> Instant {
    Instant::now() + Duration::from_millis(ms).min(LONGEST)
}

impl Host {
    /// Lets clients of our own protocol name files to read and write. Without it they see what the user has opened, and
    /// can bring data of their own.
    pub fn allow_files(&mut self, on: bool) {
        self.clients.files = on;
    }

    /// Says that there is no window, which would write pictures and films.
    pub fn set_headless(&mut self) {
        self.clients.headless = true;
    }

    /// Size of the next picture a client waits for; the view has to be driven so that it becomes complete.
    pub fn picture_wanted(&self) -> Option<([u32; 2], f32)> {
        self.clients.pending.iter().find_map(|(p, _)| match p {
            Pending::Picture { wish, .. } => Some(picture::size(wish, self)),
            _ => None,
        })
    }

    /// Whoever waits for a picture gets what there is: nothing can be drawn here.
    pub fn pictures_cannot_be_drawn(&mut self) {
        self.clients.drives += DRIVES;
        for (pending, _) in &mut self.clients.pending {
            if let Pending::Picture { wish, .. } = pending {
                wish.now = true;
            }
        }
    }

    pub(crate) fn asked(&mut self, asked: Asked) {
        let Asked { ask, payload, respond } = asked;
        let drives = self.clients.drives;
        let pending = match ask {
            Ask::Hello { .. } => return respond.failed("You have been greeted already."),
            Ask::Command { command } => return self.command(&command, respond),
            Ask::Commands { commands } => return self.commands(&commands, respond),
            Ask::Get { what } => return respond.done_with(json!({ "value": look::get(self, what) }), &[]),
            Ask::Probe { lon_deg, lat_deg, reach_deg } => {
                let at = LonLat::new(lon_deg, lat_deg);
                if !at.is_valid() || !(0.0..=180.0).contains(&reach_deg) {
                    return respond.failed("There is no such place on the Earth.");
                }
                Pending::Probe { at: at.normalized(), reach_deg, until: after(60_000) }
            }
            Ask::Extract(wish) => match self.extract_for_client(wish) {
                Ok(job) => Pending::Extract { job },
                Err(why) => return respond.failed(&why),
            },
            Ask::Screenshot(wish) => {
                if let Err(why) = picture::check(&wish) {
                    return respond.failed(why);
                }
                let until = wish.timeout_ms.map_or_else(|| Instant::now() + PICTURE_WAITS, after);
                Pending::Picture { wish: Box::new(wish), until, drives }
            }
            Ask::Wait { timeout_ms } => Pending::Wait { until: after(timeout_ms), drives },
            Ask::Subscribe { events } => return self.subscribe(&events, respond),
            Ask::Unsubscribe => {
                let connection = respond.outlet().connection();
                self.clients.subscribers.retain(|s| s.outlet.connection() != connection);
                return respond.done();
            }
            Ask::Push { name } => match self.keep_pushed(&name, payload) {
                Ok(kept) => Pending::Keeping { kept },
                Err(why) => return respond.failed(&why),
            },
            Ask::Colormap { name } => {
                return match new_colormap(&name, &payload) {
                    Ok(()) => respond.done(),
                    Err(why) => respond.failed(&why),
                };
            }
        };
        self.clients.pending.push((pending, respond));
        (self.wake)();
    }

    fn command(&mut self, command: &Command, respond: Respond) {
        if let Err(why) = self.may(command) {
            return respond.failed(&why);
        }
        if let Command::Open { paths } = command {
            let paths = paths.iter().map(|p| crate::items::absolute(p)).collect();
            return match self.open_for_client(paths) {
                Ok(pending) => self.clients.pending.push((pending, respond)),
                Err(why) => respond.failed(&why),
            };
        }
        match self.carry_out_for_client(command) {
            Ok(value) => respond.done_with(value, &[]),
            Err(why) => respond.failed(&why),
        }
    }

    fn commands(&mut self, commands: &[Command], respond: Respond) {
        for (k, command) in commands.iter().enumerate() {
            let done = self.may(command).and_then(|()| self.carry_out_for_client(command).map(drop));
            if let Err(why) = done {
                return respond.failed(&format!("Command {} of {}: {why}", k + 1, commands.len()));
            }
        }
        respond.done();
    }

    /// Carries a command out; gives the number of what it has made.
    fn carry_out_for_client(&mut self, command: &Command) -> Result<Value, String> {
        seaglass_control::Application::apply(self, cleaned(command)).map_err(|e| e.to_string())?;
        let project = self.session.project();
        Ok(match command {
            Command::AddLayer { .. } | Command::DuplicateLayer { .. } => {
                json!({ "layer": project.layers.first().map(|l| l.id) })
            }
            Command::SelectField { collection, field, selected: true, .. } => {
                let layer = project.layers.iter().find(|l| l.collection == *collection && l.field == *field);
                json!({ "layer": layer.map(|l| l.id) })
            }
            Command::Shapes { change: ShapeChange::Add { .. } } => {
                json!({ "shape": project.shapes.last().map(|s| s.id) })
            }
            _ => json!({}),
        })
    }

    /// Whether a client may ask for this.
    fn may(&self, command: &Command) -> Result<(), String> {
        use Command as C;
        let internal = matches!(
            command,
            C::Opened { .. }
                | C::OpenedMany { .. }
                | C::FilesGone { .. }
                | C::Restore { .. }
                | C::OpenFailed { .. }
                | C::InitRange { .. }
                | C::FollowRange { .. }
                | C::WidenRange { .. }
                | C::Tick { .. }
                | C::Shapes { change: ShapeChange::Opened { .. } }
        );
        if internal {
            return Err("This command is sent by the application itself only.".to_owned());
        }
        if self.clients.headless && matches!(command, C::SaveImage { .. } | C::SaveFilm { .. }) {
            return Err("This session has no window; ask for screenshots instead.".to_owned());
        }
        // Pushed granules are large, and name no file.
        let named = if matches!(command, C::Notebook { .. }) { Value::Null } else { json!(command) };
        let files = ["path", "paths"].iter().any(|key| named.get(key).is_some_and(|v| !v.is_null()));
        if files && !self.clients.files {
            let text = "This session lets programs name no files; start it with --allow-files, or push the data.";
            return Err(text.to_owned());
        }
        Ok(())
    }

    fn open_for_client(&mut self, paths: Vec<PathBuf>) -> Result<Pending, String> {
        let failures = self.session.failures().len();
        self.try_apply(&Command::Open { paths: paths.clone() }).map_err(|e| e.to_string())?;
        Ok(Pending::Opening { paths, failures })
    }

    fn extract_for_client(&mut self, wish: Extracting) -> Result<u64, String> {
        let command = Command::Extract { shape: wish.shape, reach_m: wish.reach_m, path: wish.path.clone() };
        self.may(&command)?;
        if wish.reach_m.is_some_and(|m| !m.is_finite() || m < 0.0) {
            return Err("The distance from a line is a number of metres, 0 or more.".to_owned());
        }
        let shapes = &self.session.project().shapes;
        let has_extent = |id: &ShapeId| shapes.get(*id).is_some_and(|s| s.geometry.kind != ShapeKind::Point);
        let shape = match wish.shape {
            Some(id) => Some(id),
            None => shapes.iter().rev().map(|s| s.id).find(has_extent),
        };
        let shape = shape.filter(has_extent).ok_or("There is no such polygon or line to extract under.")?;
        let cells = wish.path.is_none();
        self.extract(Wish { shape, reach_m: wish.reach_m, path: wish.path, cells })
    }

    /// Writes a pushed file into a folder of this session, in a thread: hundreds of megabytes take a while.
    fn keep_pushed(&mut self, name: &str, bytes: Vec<u8>) -> Result<Receiver<Result<PathBuf, String>>, String> {
        let plain = Path::new(name).file_name().is_some_and(|n| n == name) && Path::new(name).extension().is_some();
        if !plain || name.starts_with('.') || name.len() > LONGEST_NAME || name.contains(['\\', ':', '\0']) {
            return Err(format!("\"{name}\" is no name for a file; give one such as sst.nc."));
        }
        if self.clients.pushed + bytes.len() as u64 > MOST_PUSHED {
            return Err("The pushed files take more than 16 GiB; start another session.".to_owned());
        }
        let failed = |e: std::io::Error| format!("The data cannot be kept: {e}.");
        if self.clients.folder.is_none() {
            let folder = tempfile::Builder::new().prefix("seaglass-pushed-").tempdir().map_err(failed)?;
            self.clients.folder = Some(folder);
        }
        let folder = self.clients.folder.as_ref().ok_or("The data cannot be kept.")?;
        let path = folder.path().join(name);
        self.clients.pushed += bytes.len() as u64;
        self.clients.pushes += 1;
        // Moved into place: a reader may have the old one open.
        let new = folder.path().join(format!(".{}.new", self.clients.pushes));
        let (sender, kept) = bounded(1);
        let wake = Arc::clone(&self.wake);
        let work = move || {
            let written = std::fs::write(&new, bytes).and_then(|()| std::fs::rename(&new, &path)).map_err(failed);
            // A host that has gone meanwhile takes nothing.
            if sender.send(written.map(|()| path)).is_ok() {
                wake();
            }
        };
        std::thread::Builder::new().name("keep pushed".to_owned()).spawn(work).map_err(failed)?;
        Ok(kept)
    }

    /// An extraction has ended: whoever waits for it is answered.
    pub(crate) fn extraction_answered(&mut self, one: Extracted) {
        let is_it = |(p, _): &(Pending, Respond)| matches!(p, Pending::Extract { job } if *job == one.job);
        let Some(at) = self.clients.pending.iter().position(is_it) else { return };
        let (_, respond) = self.clients.pending.remove(at);
        match one.result {
            Err(why) => respond.failed(&why),
            Ok(result) => {
                let failed: Vec<Value> = result
                    .failed
                    .iter()
                    .map(|(path, why)| json!({ "path": path.display().to_string(), "error": why }))
                    .collect();
                let mut answer = json!({ "shape": one.shape, "rows": result.rows, "failed": failed });
                if let (Value::Object(map), Some(cells)) = (&mut answer, &result.cells) {
                    map.insert("table".to_owned(), json!(cells.header));
                }
                respond.done_with(answer, result.cells.as_ref().map_or(&[], |c| c.payload.as_slice()));
            }
        }
    }

    /// Answers what can be answered now; gives the pictures to be drawn.
    pub(crate) fn poll_clients(&mut self) -> Vec<WantedPicture> {
        let mut pictures = Vec::new();
        if self.clients.pending.is_empty() {
            return pictures;
        }
        let now = Instant::now();
        let share = self.extracting().map(|(_, share)| share);
        let mut again = false;
        // Nobody waits for those who have gone; what they began goes on.
        self.clients.pending.retain(|(_, respond)| respond.outlet().is_open());
        for (pending, respond) in std::mem::take(&mut self.clients.pending) {
            let kept = match &pending {
                Pending::Probe { at, reach_deg, until } => match look::probe(self, *at, *reach_deg, now >= *until) {
                    Some(rows) => {
                        respond.done_with(json!({ "rows": rows }), &[]);
                        None
                    }
                    None => Some((pending, respond)),
                },
                Pending::Wait { until, drives } => match (self.is_settled(*drives), now >= *until) {
                    (true, _) => {
                        respond.done();
                        None
                    }
                    (_, true) => {
                        respond.failed(&format!("Not everything was ready in time: {}.", self.missing()));
                        None
                    }
                    _ => Some((pending, respond)),
                },
                Pending::Picture { wish, until, drives } => {
                    let ready = self.clients.drives > *drives && (wish.now || self.is_settled(*drives));
                    if ready || now >= *until {
                        let (size, scale) = picture::size(wish, self);
                        pictures.push(WantedPicture::new(wish, size, scale, respond));
                        None
                    } else {
                        Some((pending, respond))
                    }
                }
                Pending::Extract { .. } => {
                    if let Some(share) = share {
                        respond.progress(share);
                    }
                    Some((pending, respond))
                }
                Pending::Keeping { kept } => match kept.try_recv() {
                    Ok(path) => match path.and_then(|path| self.open_for_client(vec![path])) {
                        Ok(opening) => Some((opening, respond)),
                        Err(why) => {
                            respond.failed(&why);
                            None
                        }
                    },
                    Err(TryRecvError::Empty) => Some((pending, respond)),
                    Err(TryRecvError::Disconnected) => {
                        respond.failed("The data cannot be kept.");
                        None
                    }
                },
                Pending::Opening { paths, failures } if self.is_done_opening() => {
                    self.opened_for_client(paths, *failures, respond);
                    None
                }
                Pending::Opening { .. } => Some((pending, respond)),
            };
            if let Some(kept) = kept {
                again |= !matches!(kept.0, Pending::Extract { .. } | Pending::Opening { .. } | Pending::Keeping { .. });
                self.clients.pending.push(kept);
            }
        }
        if again {
            (self.wake)();
        }
        pictures
    }

    /// Whether somebody waits for the view: it has to be driven although nothing has changed.
    pub(crate) fn is_awaited(&self) -> bool {
        self.clients.pending.iter().any(|(p, _)| matches!(p, Pending::Wait { .. } | Pending::Picture { .. }))
    }

    fn opened_for_client(&self, paths: &[PathBuf], failures: usize, respond: Respond) {
        let all = self.session.failures();
        let mine = |f: &&seaglass_core::session::FailedFile| paths.iter().any(|p| f.path.starts_with(p));
        let failed: Vec<_> =
            all.iter().skip(failures.min(all.len())).chain(all.iter().take(failures)).filter(mine).collect();
        match failed.first() {
            Some(first) if paths.len() == 1 && first.path == paths[0] => {
                respond.failed(&format!("{} ({})", first.error.message, first.path.display()));
            }
            _ => {
                let failed: Vec<Value> = failed
                    .iter()
                    .map(|f| json!({ "path": f.path.display().to_string(), "error": f.error.message }))
                    .collect();
                respond.done_with(json!({ "paths": paths, "failed": failed }), &[]);
            }
        }
    }

    /// Whether nothing is missing in the view, as far as it has been looked at since so many drives.
    fn is_settled(&mut self, since: u64) -> bool {
        let drawn = self.clients.drives;
        // Without a window nobody drives; then what a picture would need is not asked for.
        if drawn > 0 && drawn < since + DRIVES {
            return false;
        }
        let view = self.session.view_px;
        let scene = self.scene([view.x.max(1.0) as u32, view.y.max(1.0) as u32], 1.0, [0; 4]);
        self.lacks_nothing(&scene)
    }

    fn missing(&self) -> String {
        let progress = self.progress();
        if progress.label.is_empty() { "the view is not drawn".to_owned() } else { progress.label }
    }
}

/// The command with what a client has sent in it made sound: a shape read from text has not been looked at.
fn cleaned(command: &Command) -> Command {
    let mut command = command.clone();
    if let Command::Shapes { change: ShapeChange::Add { shape, .. } } = &mut command {
        let g = &shape.geometry;
        shape.geometry = Arc::new(Geometry::new(g.kind, g.edges, g.lines.clone()));
    }
    command
}

/// Makes a colour map of RGB triples.
fn new_colormap(name: &str, rgb: &[u8]) -> Result<(), String> {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    if !plain || name.len() > LONGEST_NAME {
        return Err("A colour map is named with letters, digits and _-. only.".to_owned());
    }
    let colours = rgb.as_chunks::<3>();
    if colours.0.len() < 2 || !colours.1.is_empty() || colours.0.len() > 65_536 {
        return Err("A colour map has two to 65536 colours of three bytes each.".to_owned());
    }
    let n = colours.0.len();
    let lut = std::array::from_fn(|k| {
        let at = k as f64 * (n - 1) as f64 / 255.0;
        let (low, t) = (at.floor() as usize, at.fract());
        let (a, b) = (colours.0[low], colours.0[(low + 1).min(n - 1)]);
        std::array::from_fn(|c| (f64::from(a[c]) * (1.0 - t) + f64::from(b[c]) * t).round() as u8)
    });
    match assets::colormaps().get(name) {
        Some(known) if known.lut != lut => {
            Err(format!("There is a colour map \"{name}\" already; choose another name."))
        }
        Some(_) => Ok(()),
        None => {
            assets::add_colormaps(vec![Colormap { id: name.to_owned(), lut }]);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_maps_are_stretched_and_never_replaced() {
        new_colormap("test_ramp", &[0, 0, 0, 255, 100, 0]).unwrap();
        let map = assets::colormaps().get("test_ramp").unwrap();
        assert_eq!((map.lut[0], map.lut[255], map.lut[51]), ([0, 0, 0], [255, 100, 0], [51, 20, 0]));
        assert!(new_colormap("test_ramp", &[0, 0, 0, 255, 100, 0]).is_ok(), "the same again");
        assert!(new_colormap("test_ramp", &[9, 0, 0, 255, 100, 0]).unwrap_err().contains("already"));
        assert!(new_colormap("../x", &[0; 6]).is_err() && new_colormap("a", &[0; 7]).is_err());
    }
}
