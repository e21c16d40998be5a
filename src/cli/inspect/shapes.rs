//! A file of shapes, described.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use seaglass_core::geo::GeoBox;
use seaglass_core::shapes::{Edges, Geometry, ShapeKind};
use seaglass_data::pool::FileShapes;
use serde_json::{Value, json};

/// What is in a file.
struct Summary {
    /// Shapes and vertices of each kind there is.
    kinds: Vec<(ShapeKind, usize, usize)>,
    edges: Vec<&'static str>,
    attributes: BTreeSet<String>,
    bounds: Option<GeoBox>,
}

fn summary(file: &FileShapes) -> Summary {
    let geometries = || file.shapes.iter().map(|s| &s.geometry);
    let mut kinds = Vec::new();
    for kind in [ShapeKind::Polygon, ShapeKind::Polyline, ShapeKind::Point] {
        let of_kind = || geometries().filter(|g| g.kind == kind);
        if of_kind().next().is_some() {
            kinds.push((kind, of_kind().count(), of_kind().map(|g| g.places()).sum()));
        }
    }
    let has = |edges: Edges| geometries().any(|g| g.edges == edges && g.kind != ShapeKind::Point);
    let mut edges = Vec::new();
    if has(Edges::GreatCircle) {
        edges.push("great circles");
    }
    if has(Edges::Straight) {
        edges.push("straight in longitude and latitude");
    }
    // The narrowest box around all of them, over the dateline where that is shorter.
    let kind = if let [(one, ..)] = kinds.as_slice() { *one } else { ShapeKind::Polyline };
    let way = if has(Edges::GreatCircle) { Edges::GreatCircle } else { Edges::Straight };
    let all = Geometry::new(kind, way, geometries().flat_map(|g| g.lines.clone()).collect());
    let attributes = file.shapes.iter().flat_map(|s| s.attributes.keys().cloned()).collect();
    Summary { kinds, edges, attributes, bounds: all.bounds() }
}

fn word(kind: ShapeKind, n: usize) -> &'static str {
    match (kind, n) {
        (ShapeKind::Polygon, 1) => "polygon",
        (ShapeKind::Polygon, _) => "polygons",
        (ShapeKind::Polyline, 1) => "line",
        (ShapeKind::Polyline, _) => "lines",
        (ShapeKind::Point, 1) => "point shape",
        (ShapeKind::Point, _) => "point shapes",
    }
}

pub(super) fn as_text(path: &Path, file: &FileShapes) -> String {
    let found = summary(file);
    let mut out = String::new();
    let mut line = |label: &str, text: &str| writeln!(out, "{label:<12}{text}").unwrap_or_default();
    line("file", &path.display().to_string());
    line("format", &file.format);
    for (kind, shapes, places) in &found.kinds {
        let positions = if *places == 1 { "position" } else { "positions" };
        line("shapes", &format!("{shapes} {}, {places} {positions}", word(*kind, *shapes)));
    }
    if !found.edges.is_empty() {
        line("edges", &found.edges.join("; "));
    }
    if let Some(bounds) = &found.bounds {
        line("area", &super::box_text(bounds));
    }
    if !found.attributes.is_empty() {
        line("attributes", &found.attributes.iter().map(String::as_str).collect::<Vec<_>>().join(", "));
    }
    for note in &file.notes {
        line("note", note);
    }
    out
}

pub(super) fn as_json(path: &Path, file: &FileShapes) -> Value {
    let found = summary(file);
    let kind = |(kind, shapes, places): &(ShapeKind, usize, usize)| json!({ "kind": kind.label(), "shapes": shapes, "positions": places });
    json!({
        "file": path.display().to_string(),
        "format": file.format,
        "shapes": found.kinds.iter().map(kind).collect::<Vec<_>>(),
        "edges": found.edges,
        "bounds": found.bounds.map(|b| {
            let [west, east] = super::sides(&b);
            json!({ "west": west, "south": b.south, "east": east, "north": b.north })
        }),
        "attributes": found.attributes,
        "notes": file.notes,
    })
}
