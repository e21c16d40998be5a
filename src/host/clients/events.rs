//! Events: clients are told what changes, without asking.

use seaglass_control::frames::{Outlet, Respond};
use seaglass_core::project::Project;
use serde_json::json;

use crate::host::Host;
use crate::report::{Level, Notice, Progress};

/// What can be told.
const NAMES: [&str; 7] = ["time", "camera", "layers", "shapes", "files", "notice", "progress"];

/// One who wants events.
pub(crate) struct Subscriber {
    pub outlet: Outlet,
    events: Vec<String>,
}

/// What was told last.
#[derive(Default)]
pub(crate) struct Seen {
    project: Option<Project>,
    progress: Progress,
    failures: usize,
    granules: usize,
}

impl Host {
    pub(super) fn subscribe(&mut self, events: &[String], respond: Respond) {
        if let Some(unknown) = events.iter().find(|e| !NAMES.contains(&e.as_str())) {
            return respond.failed(&format!("There is no event \"{unknown}\"; there are {}.", NAMES.join(", ")));
        }
        let outlet = respond.outlet().clone();
        self.clients.subscribers.retain(|s| s.outlet.connection() != outlet.connection());
        let events = if events.is_empty() { NAMES.map(String::from).into() } else { events.to_vec() };
        if self.clients.subscribers.is_empty() {
            self.clients.seen = self.look_around();
        }
        self.clients.subscribers.push(Subscriber { outlet, events });
        respond.done();
    }

    fn look_around(&self) -> Seen {
        Seen {
            project: Some(self.session.project().clone()),
            progress: self.progress(),
            failures: self.session.failures().len(),
            granules: self.session.catalogue().collections.values().map(|c| c.granules.len()).sum(),
        }
    }

    /// Tells what has changed since the last step.
    pub(crate) fn tell_clients(&mut self, notices: &[Notice]) {
        self.clients.subscribers.retain(|s| s.outlet.is_open());
        if self.clients.subscribers.is_empty() {
            return;
        }
        let now = self.look_around();
        let seen = std::mem::take(&mut self.clients.seen);
        let mut events = Vec::new();
        if let (Some(old), Some(new)) = (&seen.project, &now.project) {
            if old.timeline != new.timeline {
                let t = &new.timeline;
                let fields = json!({ "now": t.now.iso(), "window_s": t.window_s, "playing": t.playing });
                events.push(("time", fields));
            }
            if old.camera != new.camera {
                events.push(("camera", json!({ "camera": new.camera })));
            }
            if old.layers != new.layers {
                events.push(("layers", json!({ "layers": new.layers })));
            }
            if !old.shapes.is_same(&new.shapes) {
                let list: Vec<_> = new.shapes.iter().map(|s| json!({ "id": s.id, "name": s.name })).collect();
                events.push(("shapes", json!({ "shapes": list })));
            }
        }
        if (seen.failures, seen.granules) != (now.failures, now.granules) {
            events.push(("files", json!({ "granules": now.granules, "failures": now.failures })));
        }
        if seen.progress != now.progress {
            let p = &now.progress;
            events.push((
                "progress",
                json!({ "opening": [p.opening.0, p.opening.1], "reading": p.reading, "text": p.label }),
            ));
        }
        for notice in notices {
            let level = match notice.level {
                Level::Info => "info",
                Level::Warning => "warning",
                Level::Error => "error",
            };
            events.push(("notice", json!({ "level": level, "text": notice.text, "path": notice.file })));
        }
        self.clients.seen = now;
        for (name, fields) in events {
            let wanted = self.clients.subscribers.iter().filter(|s| s.events.iter().any(|e| e == name));
            for subscriber in wanted {
                subscriber.outlet.event(name, fields.clone());
            }
        }
    }
}
