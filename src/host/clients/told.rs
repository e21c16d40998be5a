//! What is carried out, told to those who record it: commands of the window, of keys, of other programs and their own.
//!
//! A slider or a drag of the globe sends a command a frame. Of a run of commands that replace each other only the last
//! is told, when something else comes or nothing has come for a while.

use std::time::{Duration, Instant};

use seaglass_core::command::Command;
use seaglass_core::project::LayerId;
use seaglass_core::shapes::{ShapeChange, ShapeId};
use serde_json::{Map, Value, json};

use super::commands::is_internal;
use crate::host::Host;

/// A run of commands ends when nothing has come for so long.
const REST: Duration = Duration::from_millis(700);

/// Who sent a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum By {
    /// The user, or the command line.
    #[default]
    Window,
    /// The published client of notebooks.
    Notebook,
    /// A connection of our own protocol.
    Client(u64),
}

/// A command that was carried out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    by: By,
    fields: Map<String, Value>,
    /// What commands replace each other by; none for those that count each.
    run: Option<String>,
}

/// Commands on their way to those who want to hear of them.
#[derive(Default)]
pub(crate) struct Telling {
    /// Who is sending.
    pub by: By,
    /// Commands are carried out that are nobody's wish: the frames of a film.
    pub silent: bool,
    waiting: Option<(Told, Instant)>,
    began: Option<Instant>,
    /// What was done of several commands that are one.
    held: Option<Vec<Told>>,
}

impl Telling {
    /// Keeps what is done until it is known whether it stays.
    pub fn hold(&mut self) {
        self.held = Some(Vec::new());
    }
}

impl Host {
    /// What is to be told of a command that is about to be carried out; `None` when nobody listens.
    pub(crate) fn to_be_told(&self, command: &Command) -> Option<Told> {
        let clients = &self.clients;
        let heard = clients.subscribers.iter().any(|s| s.wants("commands"));
        let silent = clients.told.silent || is_internal(command);
        // Pushed granules are data, not deeds; views kept to come back to are the window's own.
        if !heard || silent || matches!(command, Command::Notebook { .. } | Command::KeepView) {
            return None;
        }
        let mut fields = Map::new();
        match command {
            Command::Open { paths } if clients.is_pushed(paths) => {
                let names = paths.iter().filter_map(|p| p.file_name()).map(|n| n.to_string_lossy());
                fields.insert("pushed".to_owned(), json!(names.collect::<Vec<_>>()));
            }
            _ => {
                fields.insert("command".to_owned(), json!(command));
            }
        }
        let layer = fields.get("command").and_then(|c| c.get("layer")).and_then(Value::as_u64);
        if let Some(layer) = layer.and_then(|id| self.session.project().layer(LayerId(id))) {
            fields.insert("layer".to_owned(), json!({ "collection": layer.collection, "field": layer.field }));
        }
        if let Some(shape) =
            fields.get("command").and_then(shape_in).and_then(|id| self.session.project().shapes.get(ShapeId(id)))
        {
            fields.insert("shape".to_owned(), json!({ "id": shape.id, "name": shape.name }));
        }
        Some(Told { by: clients.told.by, run: run_of(command), fields })
    }

    /// Tells of a command that has been carried out.
    pub(crate) fn carried_out(&mut self, told: Option<Told>, command: &Command) {
        let Some(mut told) = told else { return };
        if let (Command::Shapes { change: ShapeChange::Add { .. } }, Some(shape)) =
            (command, self.session.project().shapes.last())
        {
            // The number it has here, by which later commands name it.
            told.fields.insert("shape".to_owned(), json!({ "id": shape.id, "name": shape.name }));
        }
        if *command == (Command::Play { on: false }) {
            // A recording stops the clock where it stood here, however fast it is played.
            let now = self.session.project().timeline.now;
            let set = self.to_be_told(&Command::SetTime { now });
            self.hear(told);
            if let Some(set) = set {
                self.hear(set);
            }
            return;
        }
        self.hear(told);
    }

    /// Tells what was held back, or forgets it.
    pub(super) fn tell_held(&mut self, stays: bool) {
        let held = self.clients.told.held.take().unwrap_or_default();
        held.into_iter().filter(|_| stays).for_each(|told| self.hear(told));
    }

    fn hear(&mut self, told: Told) {
        if let Some(held) = &mut self.clients.told.held {
            return held.push(told);
        }
        let same_run = |(old, _): &(Told, Instant)| old.run.is_some() && old.run == told.run && old.by == told.by;
        if !self.clients.told.waiting.as_ref().is_some_and(same_run) {
            self.tell_waiting();
        }
        self.clients.told.waiting = Some((told, Instant::now()));
        if self.clients.told.waiting.as_ref().is_some_and(|(t, _)| t.run.is_none()) {
            self.tell_waiting();
        }
    }

    /// Tells what waits for others of its run.
    pub(crate) fn tell_waiting(&mut self) {
        let telling = &mut self.clients.told;
        let Some((mut told, at)) = telling.waiting.take() else { return };
        let began = *telling.began.get_or_insert(at);
        told.fields.insert("seconds".to_owned(), json!(at.saturating_duration_since(began).as_secs_f64()));
        for subscriber in self.clients.subscribers.iter().filter(|s| s.wants("commands")) {
            let by = match told.by {
                By::Window => "window",
                By::Client(c) if c == subscriber.outlet.connection() => "you",
                By::Client(_) | By::Notebook => "program",
            };
            let mut fields = told.fields.clone();
            fields.insert("by".to_owned(), by.into());
            subscriber.outlet.event("commands", Value::Object(fields));
        }
    }

    /// Tells what has waited long enough.
    pub(super) fn tell_rested(&mut self) {
        if self.clients.told.waiting.as_ref().is_some_and(|(_, at)| at.elapsed() >= REST) {
            self.tell_waiting();
        }
    }

    /// When to step again although nothing happens: somebody waits to be told of what has come to rest.
    pub fn news_after(&self) -> Option<Duration> {
        self.clients.told.waiting.as_ref().map(|(_, at)| REST.saturating_sub(at.elapsed()))
    }
}

/// The number of the shape that a command is about.
fn shape_in(command: &Value) -> Option<u64> {
    let change = command.get("change").filter(|_| command.get("do").is_some_and(|d| d == "shapes"));
    change.unwrap_or(command).get("shape")?.as_u64()
}

/// What commands replace each other by.
fn run_of(command: &Command) -> Option<String> {
    let keys = |value: Value| match value {
        Value::Object(map) => map.keys().cloned().collect::<Vec<_>>().join(","),
        _ => String::new(),
    };
    Some(match command {
        Command::SetCamera { .. } => "camera".to_owned(),
        Command::SetTime { .. } => "time".to_owned(),
        Command::SetWindow { .. } => "window".to_owned(),
        Command::SetStep { .. } => "step".to_owned(),
        Command::SetSpeed { .. } => "speed".to_owned(),
        Command::SetLoopSpan { .. } => "loop".to_owned(),
        Command::SetAltitude { .. } => "altitude".to_owned(),
        Command::SetBaseMap { .. } => "base".to_owned(),
        Command::SetStyle { layer, patch } => format!("style {} {}", layer.0, keys(json!(patch))),
        Command::SetColocation { patch } => format!("colocation {}", keys(json!(patch))),
        Command::Shapes { change: ShapeChange::MoveVertex { shape, line, vertex, .. } } => {
            format!("vertex {} {line} {vertex}", shape.0)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use seaglass_core::camera::Camera;
    use seaglass_core::style::StylePatch;

    use super::*;

    #[test]
    fn only_what_replaces_itself_is_one_run() {
        let style = |layer, patch| run_of(&Command::SetStyle { layer: LayerId(layer), patch });
        let opacity = |o| StylePatch { opacity: Some(o), ..StylePatch::default() };
        let colours = StylePatch { colormap: Some("x".into()), ..StylePatch::default() };
        assert_eq!(style(1, opacity(0.1)), style(1, opacity(0.9)));
        assert_ne!(style(1, opacity(0.1)), style(2, opacity(0.1)));
        assert_ne!(style(1, opacity(0.1)), style(1, colours));
        assert!(run_of(&Command::SetCamera { camera: Camera::default() }).is_some());
        // Twice is not once.
        for each in [Command::Undo, Command::StepTime { steps: 1 }, Command::Zoom { factor: 0.5 }] {
            assert_eq!(run_of(&each), None);
        }
    }
}
