//! Events: clients are told what changes, without asking.

use std::time::{Duration, Instant};

use seaglass_control::frames::{Outlet, Respond};
use seaglass_core::geo::LonLat;
use seaglass_core::granule::GranuleId;
use seaglass_core::project::{LayerId, Project};
use seaglass_core::shapes::ShapeId;
use serde_json::{Value, json};

use super::look;
use crate::extract::Extracted;
use crate::host::Host;
use crate::report::{Level, Notice, Progress};

/// What can be told.
const NAMES: [&str; 11] = [
    "time",
    "camera",
    "layers",
    "shapes",
    "files",
    "notice",
    "progress",
    "selection",
    "click",
    "commands",
    "extraction",
];
/// Values under a click are waited for so long; then it is told without those that are missing.
const CLICK_WAITS: Duration = Duration::from_secs(10);
/// Clicks that wait for their values at most.
const MOST_CLICKS: usize = 16;

/// One who wants events.
pub(crate) struct Subscriber {
    pub outlet: Outlet,
    events: Vec<String>,
}

impl Subscriber {
    /// Whether it wants events of a name.
    pub fn wants(&self, name: &str) -> bool {
        self.events.iter().any(|e| e == name)
    }
}

/// What is selected in the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Row of the layers panel.
    pub layer: Option<LayerId>,
    /// Shape whose vertices can be moved.
    pub shape: Option<ShapeId>,
    /// Granule chosen on the timeline.
    pub granule: Option<GranuleId>,
}

impl Selection {
    /// As clients see it.
    pub(super) fn told(self, host: &Host) -> Value {
        let session = host.session();
        let project = session.project();
        let layer = self.layer.and_then(|id| project.layer(id));
        let shape = self.shape.and_then(|id| project.shapes.get(id));
        let granules = session.catalogue().collections.values().flat_map(|c| &c.granules);
        let granule = self.granule.and_then(|id| granules.into_iter().find(|g| g.id == id));
        json!({
            "layer": layer.map(|l| json!({ "id": l.id, "collection": l.collection, "field": l.field })),
            "shape": shape.map(|s| json!({ "id": s.id, "name": s.name })),
            "granule": granule.map(|g| json!({ "path": g.path, "part": g.part, "step": g.step })),
        })
    }
}

/// A click on the globe that waits for the values under it.
pub(super) struct Click {
    at: LonLat,
    reach_deg: f64,
    until: Instant,
}

/// What was told last.
#[derive(Default)]
pub(crate) struct Seen {
    project: Option<Project>,
    progress: Progress,
    failures: usize,
    granules: usize,
    selection: Selection,
}

impl Host {
    pub(super) fn subscribe(&mut self, events: &[String], respond: Respond) {
        if let Some(unknown) = events.iter().find(|e| !NAMES.contains(&e.as_str())) {
            return respond.failed(&format!("There is no event \"{unknown}\"; there are {}.", NAMES.join(", ")));
        }
        let outlet = respond.outlet().clone();
        // What was done before belongs to those who listened before.
        self.tell_waiting();
        self.clients.subscribers.retain(|s| s.outlet.connection() != outlet.connection());
        let events = if events.is_empty() { NAMES.map(String::from).into() } else { events.to_vec() };
        if self.clients.subscribers.is_empty() {
            self.clients.seen = self.look_around();
        }
        self.clients.subscribers.push(Subscriber { outlet, events });
        respond.done();
    }

    pub(super) fn unsubscribe(&mut self, respond: Respond) {
        // Told before the answer, so that a recording is whole when it ends.
        self.tell_waiting();
        let connection = respond.outlet().connection();
        self.clients.subscribers.retain(|s| s.outlet.connection() != connection);
        respond.done();
    }

    /// Says what is selected in the window.
    pub fn set_selection(&mut self, selection: Selection) {
        self.clients.selection = selection;
    }

    /// Says that the user has clicked at a place; samples and points may lie so many degrees of arc away. Whoever wants
    /// to hear of clicks is told with the values that the layers have there.
    pub fn clicked(&mut self, at: LonLat, reach_deg: f64) {
        let heard = self.clients.subscribers.iter().any(|s| s.wants("click"));
        if heard && self.clients.clicks.len() < MOST_CLICKS {
            self.clients.clicks.push_back(Click { at, reach_deg, until: Instant::now() + CLICK_WAITS });
        }
    }

    /// Tells the clicks whose values are known, in their order.
    fn tell_clicks(&mut self) {
        while let Some(Click { at, reach_deg, until }) = self.clients.clicks.pop_front() {
            let end = Instant::now() >= until;
            let Some(rows) = look::probe(self, at, reach_deg, end) else {
                self.clients.clicks.push_front(Click { at, reach_deg, until });
                // Asked again with the next step; what is missing is being read.
                (self.wake)();
                return;
            };
            let picked = rows.iter().find(|r| r.get("state").is_some_and(|s| s == "value"));
            let now = self.session.project().timeline.now.iso();
            let fields =
                json!({ "lon": at.lon_deg, "lat": at.lat_deg, "time": now, "picked": picked, "rows": rows.as_slice() });
            for subscriber in self.clients.subscribers.iter().filter(|s| s.wants("click")) {
                subscriber.outlet.event("click", fields.clone());
            }
        }
    }

    /// Tells that an extraction has ended, whoever has asked for it.
    pub(super) fn tell_extraction(&self, one: &Extracted) {
        let mut fields = json!({ "shape": one.shape, "path": one.path, "error": null });
        if let Value::Object(map) = &mut fields {
            match &one.result {
                Ok(result) => {
                    let granules: Vec<&str> =
                        result.entries.iter().filter(|e| !e.fields.is_empty()).map(|e| e.uri.as_str()).collect();
                    map.insert("granules".to_owned(), json!(granules));
                    map.insert("rows".to_owned(), json!(result.rows));
                }
                Err(why) => {
                    map.insert("error".to_owned(), json!(why));
                }
            }
        }
        for subscriber in self.clients.subscribers.iter().filter(|s| s.wants("extraction")) {
            subscriber.outlet.event("extraction", fields.clone());
        }
    }

    fn look_around(&self) -> Seen {
        Seen {
            project: Some(self.session.project().clone()),
            progress: self.progress(),
            failures: self.session.failures().len(),
            granules: self.session.catalogue().collections.values().map(|c| c.granules.len()).sum(),
            selection: self.clients.selection,
        }
    }

    /// Tells what has changed since the last step.
    pub(crate) fn tell_clients(&mut self, notices: &[Notice]) {
        self.clients.subscribers.retain(|s| s.outlet.is_open());
        if self.clients.subscribers.is_empty() {
            self.clients.clicks.clear();
            return;
        }
        self.tell_rested();
        self.tell_clicks();
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
        if seen.selection != now.selection {
            events.push(("selection", now.selection.told(self)));
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
            for subscriber in self.clients.subscribers.iter().filter(|s| s.wants(name)) {
                subscriber.outlet.event(name, fields.clone());
            }
        }
    }
}
