//! GPX 1.0 and 1.1: tracks and routes as lines (a track's segments are one shape), waypoints as points.

use seaglass_core::geo::LonLat;
use seaglass_core::shapes::{Attributes, Edges, Line, ShapeKind};
use serde_json::Value;

use super::Sink;
use super::xml::{Walker, walk};
use crate::error::Result;

pub(super) fn read(bytes: &[u8], sink: &mut Sink) -> Result<()> {
    walk(bytes, "GPX", &mut Gpx { sink, state: State::default() })
}

#[derive(Default)]
struct State {
    path: Vec<String>,
    /// What is being read: track, route or waypoint.
    name: String,
    attributes: Attributes,
    lines: Vec<Line>,
}

struct Gpx<'a> {
    sink: &'a mut Sink,
    state: State,
}

impl Walker for Gpx<'_> {
    fn start(&mut self, name: &str, attributes: &dyn Fn(&str) -> Option<String>) -> Result<()> {
        let state = &mut self.state;
        state.path.push(name.to_owned());
        let number = |key| attributes(key).and_then(|t| t.trim().parse().ok()).unwrap_or(f64::NAN);
        match name {
            "trk" | "rte" | "wpt" => {
                state.name.clear();
                state.attributes.clear();
                state.lines = if name == "trk" { Vec::new() } else { vec![super::line(Vec::new())] };
            }
            "trkseg" => state.lines.push(super::line(Vec::new())),
            _ => {}
        }
        if matches!(name, "trkpt" | "rtept" | "wpt")
            && let Some(line) = state.lines.last_mut()
        {
            line.places.push(LonLat::new(number("lon"), number("lat")));
        }
        Ok(())
    }

    fn end(&mut self, name: &str, text: &str) -> Result<()> {
        let state = &mut self.state;
        let parent = state.path.len().checked_sub(2).and_then(|k| state.path.get(k)).map(String::as_str);
        match (name, parent) {
            ("name", Some("trk" | "rte" | "wpt")) => state.name = text.to_owned(),
            ("desc" | "cmt" | "type" | "sym" | "src", Some("trk" | "rte" | "wpt")) | ("time" | "ele", Some("wpt"))
                if !text.is_empty() =>
            {
                let value = match (name, text.parse::<f64>()) {
                    ("ele", Ok(metres)) if metres.is_finite() => Value::from(metres),
                    _ => Value::from(text),
                };
                state.attributes.insert(name.to_owned(), value);
            }
            ("trk" | "rte" | "wpt", _) => {
                let kind = if name == "wpt" { ShapeKind::Point } else { ShapeKind::Polyline };
                let (lines, attributes) = (std::mem::take(&mut state.lines), std::mem::take(&mut state.attributes));
                // A receiver that was off leaves a segment of one position.
                let lines = lines.into_iter().filter(|l| l.places.len() >= kind.least_places()).collect();
                self.sink.add(std::mem::take(&mut state.name), (kind, Edges::GreatCircle), lines, None, attributes)?;
            }
            _ => {}
        }
        self.state.path.pop();
        Ok(())
    }
}
