//! Commands of clients: which are allowed, and what is told of them.

use std::path::PathBuf;
use std::sync::Arc;

use glam::DVec2;
use seaglass_control::frames::{Extracting, Respond};
use seaglass_core::command::Command;
use seaglass_core::geo::GeoBox;
use seaglass_core::shapes::{Geometry, ShapeChange, ShapeId, ShapeKind};
use serde_json::{Value, json};

use super::Pending;
use super::check::check;
use super::told::By;
use crate::extract::Wish;
use crate::host::Host;

impl Host {
    pub(super) fn command(&mut self, command: &Command, respond: Respond) {
        if let Err(why) = self.may(command) {
            return respond.failed(&why);
        }
        self.clients.told.by = By::Client(respond.outlet().connection());
        if matches!(command, Command::SaveSession { .. } | Command::OpenSession { .. }) {
            match self.apply_for_client(command.clone()) {
                Ok(()) => self.clients.pending.push((Pending::Saving, respond)),
                Err(why) => respond.failed(&why.to_string()),
            }
        } else if let Command::Open { paths } = command {
            let paths = paths.iter().map(|p| crate::items::absolute(p)).collect();
            match self.open_for_client(paths) {
                Ok(pending) => self.clients.pending.push((pending, respond)),
                Err(why) => respond.failed(&why),
            }
        } else {
            match self.carry_out_for_client(command) {
                Ok(value) => respond.done_with(value, &[]),
                Err(why) => respond.failed(&why),
            }
        }
        self.clients.told.by = By::Window;
    }

    pub(super) fn commands(&mut self, commands: &[Command], respond: Respond) {
        let each = || commands.iter().enumerate();
        let at = |k: usize, why: String| format!("Command {} of {}: {why}", k + 1, commands.len());
        let refused = each().find_map(|(k, c)| Some(at(k, self.may(c).and_then(|()| belongs(c)).err()?)));
        if let Some(why) = refused {
            return respond.failed(&why);
        }
        self.clients.told.by = By::Client(respond.outlet().connection());
        let before = self.session.begin_batch();
        self.clients.told.hold();
        let failed = each().find_map(|(k, c)| Some(at(k, self.carry_out_for_client(c).err()?)));
        self.session.end_batch(before, failed.is_none());
        self.tell_held(failed.is_none());
        self.clients.told.by = By::Window;
        match failed {
            Some(why) => respond.failed(&format!("{why} None of them has been carried out.")),
            None => respond.done(),
        }
    }

    /// Carries a command out; gives the number of what it has made.
    fn carry_out_for_client(&mut self, command: &Command) -> Result<Value, String> {
        check(command)?;
        self.apply_for_client(cleaned(command)).map_err(|e| e.to_string())?;
        let project = self.session.project();
        Ok(match command {
            // A copy stands above its model, not always on top; the newest number is its.
            Command::AddLayer { .. } | Command::DuplicateLayer { .. } => {
                json!({ "layer": project.layers.iter().map(|l| l.id).max() })
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
        if is_internal(command) {
            return Err("This command is sent by the application itself only.".to_owned());
        }
        if self.clients.headless && matches!(command, C::SaveImage { .. } | C::SaveFilm { .. }) {
            return Err("This session has no window; ask for screenshots instead.".to_owned());
        }
        // Pushed granules are large, and name no file.
        let named = if matches!(command, C::Notebook { .. }) { Value::Null } else { json!(command) };
        let files = ["path", "paths"].iter().any(|key| named.get(key).is_some_and(|v| !v.is_null()));
        let files = files || matches!(command, C::SaveStyleToCollection { .. });
        if files { self.may_name_files() } else { Ok(()) }
    }

    /// Whether clients may name files to read and write.
    pub(super) fn may_name_files(&self) -> Result<(), String> {
        if self.clients.files {
            return Ok(());
        }
        let text = "This session lets programs name no files; start it with --allow-files, or push the data.";
        Err(text.to_owned())
    }

    pub(super) fn open_for_client(&mut self, paths: Vec<PathBuf>) -> Result<Pending, String> {
        let failures = self.session.failures().len();
        self.try_apply(&Command::Open { paths: paths.clone() }).map_err(|e| e.to_string())?;
        Ok(Pending::Opening { paths, failures })
    }

    pub(super) fn extract_for_client(&mut self, wish: Extracting) -> Result<u64, String> {
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

    /// Frames a box, as the window does with the granules of a layer.
    pub(super) fn fit(&mut self, [west, south, east, north]: [f64; 4], respond: Respond) {
        let finite = [west, south, east, north].iter().all(|v| v.is_finite() && v.abs() <= 540.0);
        let upright = (-90.0..=90.0).contains(&south) && (-90.0..=90.0).contains(&north) && south <= north;
        if !finite || !upright {
            return respond.failed("A box has west, south, east and north in degrees, south below north.");
        }
        let east = if east < west { east + 360.0 } else { east };
        let target = GeoBox { west, south, east: east.min(west + 360.0), north };
        let px = self.session.view_px;
        let camera = self.session.project().camera.framing(&target, DVec2::new(px.x.max(1.0), px.y.max(1.0)));
        self.command(&Command::SetCamera { camera }, respond);
    }
}

/// Whether a command can be one of several that are carried out together or not at all.
fn belongs(command: &Command) -> Result<(), String> {
    use Command as C;
    let alone = match command {
        C::Open { .. } | C::OpenSession { .. } | C::SaveSession { .. } | C::CloseAll | C::Notebook { .. } => {
            "cannot be taken back if another one fails"
        }
        C::Undo | C::Redo => "goes beyond what is done together",
        _ => return Ok(()),
    };
    let name = json!(command);
    Err(format!("\"{}\" {alone}; send it by itself.", name.get("do").and_then(Value::as_str).unwrap_or_default()))
}

/// Commands that the application sends to itself.
pub(super) fn is_internal(command: &Command) -> bool {
    use Command as C;
    matches!(
        command,
        C::Opened { .. }
            | C::OpenedMany { .. }
            | C::FilesGone { .. }
            | C::Restore { .. }
            | C::OpenFailed { .. }
            | C::InitRange { .. }
            | C::FollowRange { .. }
            | C::WidenRange { .. }
            | C::FirstData { .. }
            | C::Tick { .. }
            | C::Shapes { change: ShapeChange::Opened { .. } }
    )
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
