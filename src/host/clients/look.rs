//! What clients look at.

use std::collections::HashSet;

use seaglass_control::frames::Wants;
use seaglass_control::granule_name;
use seaglass_core::geo::LonLat;
use seaglass_core::granule::GranuleId;
use seaglass_core::project::LayerId;
use seaglass_core::protocol::{ProbedCell, ProbedValue, Request};
use seaglass_core::shapes::geojson;
use seaglass_core::style::StylePatch;
use seaglass_data::pool::{Job, Lane};
use seaglass_render::assets;
use serde_json::{Value, json};

use crate::figures::Figured;
use crate::histogram::GRANULES;
use crate::host::{Host, Tag};
use crate::items::Shown;
use crate::items::source;
use crate::probe::{ProbeRow, ProbeState};

/// Positions may be so many cells beside where they are: cells are looked for with them, not told.
const TOLERANCE_CELLS: f64 = 0.02;

pub(super) fn get(host: &Host, what: Wants) -> Value {
    let session = host.session();
    match what {
        Wants::Project => {
            let mut value = json!(session.project());
            for (k, layer) in session.project().layers.iter().enumerate() {
                // Files leave out what is as usual; a program wants to see it.
                let whole = json!(StylePatch::whole(&layer.style));
                if let (Some(Value::Object(style)), Value::Object(whole)) =
                    (value.pointer_mut(&format!("/layers/{k}/style")), whole)
                {
                    whole.into_iter().for_each(|(key, setting)| drop(style.insert(key, setting)));
                }
            }
            if let Some(now) = value.pointer_mut("/timeline/now") {
                *now = json!(session.project().timeline.now.iso());
            }
            value
        }
        Wants::Collections => {
            let all = session.catalogue().collections.values().map(|c| {
                let span = c.span().map(|s| [s.start.iso(), s.stop.iso()]);
                json!({ "id": c.id, "title": c.title, "fields": c.fields, "granules": c.granules.len(), "span": span })
            });
            Value::Array(all.collect())
        }
        Wants::Granules => {
            let project = session.project();
            let shown: HashSet<GranuleId> = project
                .layers
                .iter()
                .filter(|l| project.shows(l))
                .filter_map(|l| Shown::of(l, project, session.catalogue()))
                .flat_map(|s| s.granules.into_iter().map(|g| g.id))
                .collect();
            let all = session.catalogue().collections.values().flat_map(|c| &c.granules).map(|g| {
                let span = g.span.map(|s| [s.start.iso(), s.stop.iso()]);
                let (name, number) = granule_name(session, g);
                json!({
                    "collection": g.collection, "name": name, "number": number, "path": g.path, "part": g.part,
                    "step": g.step, "span": span, "bounds": g.bounds, "geometry": g.geometry, "shape": g.shape,
                    "fields": *g.fields, "visible": shown.contains(&g.id)
                })
            });
            Value::Array(all.collect())
        }
        Wants::Shapes => serde_json::from_str(&geojson(session.project().shapes.iter())).unwrap_or(Value::Null),
        Wants::Colormaps => {
            json!(assets::colormaps().entries().iter().map(|e| e.id.clone()).collect::<Vec<_>>())
        }
        Wants::Status => {
            let p = host.progress();
            let extracting = host.extracting().map(|(shape, share)| json!({ "shape": shape, "share": share }));
            json!({
                "opening": [p.opening.0, p.opening.1], "searching": p.searching, "reading": p.reading, "text": p.label,
                "extracting": extracting
            })
        }
        Wants::Selection => host.clients.selection.told(host),
        Wants::Failures => {
            let all = session.failures().iter();
            Value::Array(all.map(|f| json!({ "path": f.path, "error": f.error.message })).collect())
        }
    }
}

/// The values at a place, once all of them are known; those that are not known by the end are said to be pending.
pub(super) fn probe(host: &mut Host, at: LonLat, reach_deg: f64, end: bool) -> Option<Vec<Value>> {
    if !has_positions(host, at, reach_deg) && !end {
        return None;
    }
    let rows = host.probe(at, reach_deg);
    if !end && rows.iter().any(|r| r.state == ProbeState::Pending) {
        return None;
    }
    Some(rows.iter().map(|r| row(host, r)).collect())
}

/// Figures of what a layer shows, once its samples are there; by the end those that are.
pub(super) fn statistics(host: &mut Host, layer: LayerId, end: bool) -> Option<Value> {
    match host.figures(layer, end) {
        Figured::Pending => None,
        Figured::Nothing => Some(json!({ "count": 0, "missing": 0, "granules": 0, "bins": [] })),
        Figured::Made(value) => Some(value),
        // A reader of the user's own that does not know exact values: those of pictures are there.
        Figured::Single => single(host, layer, end),
    }
}

/// The same of values as they are drawn.
fn single(host: &mut Host, layer: LayerId, end: bool) -> Option<Value> {
    let Some(h) = host.histogram(layer) else {
        return end.then(|| json!({ "count": 0, "missing": 0, "granules": 0, "bins": [] }));
    };
    let (sampled, shown) = h.granules;
    (sampled >= shown.min(GRANULES) || end).then(|| {
        json!({
            "count": h.stats.count, "missing": h.stats.missing, "min": h.min, "max": h.max, "mean": h.stats.mean,
            "sd": h.stats.sd, "p02_p98": h.stats.p02_p98, "middle_95": h.middle_95, "granules": sampled,
            "bins": h.bins, "precision": "f32"
        })
    })
}

/// Asks for the positions of what may lie at a place, wherever the camera looks. Whether all are there.
fn has_positions(host: &mut Host, at: LonLat, reach_deg: f64) -> bool {
    let project = host.session.project();
    let mut missing = Vec::new();
    for layer in project.layers.iter().filter(|l| project.shows(l)) {
        let Some(shown) = Shown::of(layer, project, host.session.catalogue()) else { continue };
        for granule in &shown.granules {
            let b = granule.bounds;
            let near = b.contains(at)
                || b.contains(LonLat::new(at.lon_deg, at.lat_deg.clamp(b.south, b.north)))
                    && (at.lat_deg - at.lat_deg.clamp(b.south, b.north)).abs() <= reach_deg;
            if !near && granule.geometry.is_raster() {
                continue;
            }
            let item = host.items.number(granule, shown.field, layer);
            let Some(part) = host.items.part_key(item) else { continue };
            if host.items.positions.peek(&part).is_none() && !host.items.failed_parts.contains_key(&part) {
                missing.push(part);
            }
        }
    }
    let all = missing.is_empty();
    for key in missing {
        let source = source(&host.registry, &key.0);
        let request = Request::Geolocation { source, part: key.1, tolerance_cells: TOLERANCE_CELLS };
        host.put_one(Lane::Positions, Job { tag: Tag::Positions(key), request });
    }
    all
}

fn row(host: &Host, row: &ProbeRow) -> Value {
    let layer = host.session.project().layer(row.layer);
    let mut value = json!({
        "layer": row.layer,
        "collection": layer.map(|l| l.collection.clone()),
        "field": layer.map(|l| l.field.clone()),
        "path": row.path,
    });
    let (state, more) = match &row.state {
        ProbeState::Pending => ("pending", json!({})),
        ProbeState::NoData(None) => ("outside", json!({})),
        ProbeState::NoData(Some(cell)) => ("missing", cell_of(cell)),
        ProbeState::Value(cell) => ("value", cell_of(cell)),
        ProbeState::Failed(why) => ("failed", json!({ "error": why })),
    };
    if let (Value::Object(map), Value::Object(more)) = (&mut value, more) {
        map.insert("state".to_owned(), state.into());
        map.extend(more);
    }
    value
}

fn cell_of(cell: &ProbedCell) -> Value {
    json!({
        "row": cell.row, "col": cell.col, "position": cell.position, "time": cell.time.map(|t| t.iso()),
        "values": cell.values.iter().map(value_of).collect::<Vec<_>>()
    })
}

/// A value with whole numbers as they are.
fn value_of(value: &ProbedValue) -> Value {
    let mut out = json!(value);
    if let (Value::Object(map), Some(whole)) = (&mut out, &value.whole) {
        map.remove("whole");
        map.insert("value".to_owned(), Value::Number(whole.clone()));
    }
    out
}
