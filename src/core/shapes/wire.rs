//! Shapes between the reader and the application: a header that says how many positions each line has, and the positions
//! as little-endian f64. Nothing a reader sends is trusted.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Attributes, Edges, Geometry, Line, MOST_PLACES, MOST_SHAPES, NewShape, ShapeKind, ShapeStyle};
use crate::geo::LonLat;

#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    name: String,
    kind: ShapeKind,
    edges: Edges,
    /// Number of positions of each line; negative for holes.
    lines: Vec<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    style: Option<ShapeStyle>,
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    attributes: Attributes,
}

/// The payload of an answer with shapes.
///
/// # Errors
/// An attribute that JSON cannot hold.
pub fn wire_from_shapes(shapes: &[NewShape]) -> Result<Vec<u8>, serde_json::Error> {
    let entries: Vec<Entry> = shapes
        .iter()
        .map(|s| Entry {
            name: s.name.clone(),
            kind: s.geometry.kind,
            edges: s.geometry.edges,
            lines: s.geometry.lines.iter().map(|l| l.places.len() as i64 * if l.hole { -1 } else { 1 }).collect(),
            style: s.style,
            attributes: (*s.attributes).clone(),
        })
        .collect();
    let head = serde_json::to_vec(&entries)?;
    let places: usize = shapes.iter().map(|s| s.geometry.places()).sum();
    let mut out = Vec::with_capacity(8 + head.len() + 16 * places);
    out.extend_from_slice(&(head.len() as u64).to_le_bytes());
    out.extend_from_slice(&head);
    for p in shapes.iter().flat_map(|s| &s.geometry.lines).flat_map(|l| &l.places) {
        out.extend_from_slice(&p.lon_deg.to_le_bytes());
        out.extend_from_slice(&p.lat_deg.to_le_bytes());
    }
    Ok(out)
}

/// The shapes of a payload; `Err` says what does not fit.
///
/// # Errors
/// It is shorter or longer than it says, or holds more than is allowed.
pub fn shapes_from_wire(payload: &[u8]) -> Result<Vec<NewShape>, String> {
    let short = || "the shapes are shorter than announced".to_owned();
    let (length, rest) = payload.split_first_chunk::<8>().ok_or_else(short)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_too_long| short())?;
    let head = rest.get(..length).ok_or_else(short)?;
    let entries: Vec<Entry> = serde_json::from_slice(head).map_err(|e| format!("the shapes are unreadable: {e}"))?;
    let numbers = rest.get(length..).ok_or_else(short)?.as_chunks::<8>();
    let mut numbers = numbers.0.iter().map(|b| f64::from_le_bytes(*b));
    if entries.len() > MOST_SHAPES {
        return Err("there are too many shapes".to_owned());
    }
    let mut left = MOST_PLACES;
    let mut shapes = Vec::with_capacity(entries.len());
    for e in entries {
        let mut lines = Vec::with_capacity(e.lines.len());
        for n in e.lines {
            let hole = n < 0;
            let n = usize::try_from(n.unsigned_abs()).map_err(|_too_many| short())?;
            left = left.checked_sub(n).ok_or("the shapes have too many positions")?;
            let mut places = Vec::with_capacity(n);
            for _ in 0..n {
                let (lon, lat) = numbers.next().zip(numbers.next()).ok_or_else(short)?;
                places.push(LonLat::new(lon, lat));
            }
            lines.push(Line { places, hole });
        }
        let geometry = Geometry::new(e.kind, e.edges, lines);
        if !geometry.lines.is_empty() {
            let style = e.style.map(ShapeStyle::sanitized);
            shapes.push(NewShape {
                name: e.name,
                geometry: Arc::new(geometry),
                style,
                attributes: Arc::new(e.attributes),
            });
        }
    }
    Ok(shapes)
}
