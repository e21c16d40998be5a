//! Shapes of the user: polygons, lines and points drawn in the window, read from files or sent by a notebook.
//!
//! What a shape looks like and where it lies are apart: positions ([`Geometry`]) are shared and never change, a changed
//! shape has new ones. So undo, scenes and comparisons cost nothing however long a coastline is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use glam::DVec3;
use serde::{Deserialize, Serialize};

use crate::geo::{GeoBox, LonLat};

mod change;
mod geojson;
mod inside;
mod kml;
mod path;
mod wire;

pub(crate) use change::from_positions;
pub use change::{ShapeChange, ShapePatch};
pub use geojson::geojson;
pub use inside::Inside;
pub use kml::kml;
pub use path::{Sample, along, edge_middle, length_m, unwrapped};
pub use wire::{shapes_from_wire, wire_from_shapes};

/// Most positions held in shapes.
pub const MOST_PLACES: usize = 16_000_000;
/// Most shapes held.
pub const MOST_SHAPES: usize = 1_000_000;

/// Identity of a shape within a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ShapeId(pub u64);

/// What a shape is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShapeKind {
    /// Areas, maybe with holes.
    Polygon,
    /// Lines.
    Polyline,
    /// Places.
    Point,
}

impl ShapeKind {
    /// Word for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Polygon => "polygon",
            Self::Polyline => "polyline",
            Self::Point => "point",
        }
    }

    /// Places a line of it needs at least; a ring is not closed by repeating its first place.
    pub fn least_places(self) -> usize {
        match self {
            Self::Polygon => 3,
            Self::Polyline => 2,
            Self::Point => 1,
        }
    }
}

/// What lies between two vertices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edges {
    /// The great circle: the short way over the globe. What people draw.
    #[default]
    GreatCircle,
    /// A straight line in longitude and latitude: what GeoJSON (RFC 7946, 3.1.1) and shapefiles mean.
    Straight,
}

/// One line of a shape: a path, a ring or a list of points.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its vertices; a ring does not repeat the first one.
    pub places: Vec<LonLat>,
    /// A ring that is cut out of the ring before it that is none.
    pub hole: bool,
}

/// A line as session files have it: `[lon, lat]` each.
#[derive(Serialize, Deserialize)]
struct LineText {
    places: Vec<[f64; 2]>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    hole: bool,
}

impl Serialize for Line {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let places = self.places.iter().map(|p| [p.lon_deg, p.lat_deg]).collect();
        LineText { places, hole: self.hole }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = LineText::deserialize(from)?;
        let places = text.places.into_iter().map(|[lon, lat]| LonLat::new(lon, lat)).collect();
        Ok(Self { places, hole: text.hole })
    }
}

/// Where a shape lies.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Geometry {
    /// What it is.
    pub kind: ShapeKind,
    /// What lies between vertices.
    #[serde(default)]
    pub edges: Edges,
    /// Its lines; holes follow the ring they are cut from.
    pub lines: Vec<Line>,
    #[serde(skip)]
    cap: OnceLock<Cap>,
}

impl PartialEq for Geometry {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || (self.kind == other.kind && self.edges == other.edges && self.lines == other.lines)
    }
}

/// A part of the globe around a shape: all directions within an angle of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cap {
    /// Direction of the middle (normal of the ellipsoid).
    pub middle: DVec3,
    /// Angle that holds all of it, radians.
    pub angle_rad: f64,
}

impl Geometry {
    /// A geometry without lines that are too short for its kind.
    pub fn new(kind: ShapeKind, edges: Edges, lines: Vec<Line>) -> Self {
        let mut kept: Vec<Line> = Vec::with_capacity(lines.len());
        for mut line in lines {
            if kind == ShapeKind::Polygon && line.places.len() > 1 && line.places.first() == line.places.last() {
                line.places.pop();
            }
            line.hole &= kind == ShapeKind::Polygon && !kept.is_empty();
            if line.places.len() >= kind.least_places() && line.places.iter().all(LonLat::is_valid) {
                kept.push(line);
            }
        }
        Self { kind, edges, lines: kept, cap: OnceLock::new() }
    }

    /// One line of that kind, with great circles between its vertices.
    pub fn simple(kind: ShapeKind, places: Vec<LonLat>) -> Self {
        Self::new(kind, Edges::GreatCircle, vec![Line { places, hole: false }])
    }

    /// Number of vertices.
    pub fn places(&self) -> usize {
        self.lines.iter().map(|l| l.places.len()).sum()
    }

    /// Rings that belong together: each outer ring with its holes; for other kinds each line.
    pub fn parts(&self) -> impl Iterator<Item = &[Line]> {
        self.lines.chunk_by(|_, next| next.hole)
    }

    /// The part of the globe it lies in.
    pub fn cap(&self) -> Cap {
        *self.cap.get_or_init(|| {
            let all = || self.lines.iter().flat_map(|l| &l.places);
            let ups: Vec<DVec3> = all().map(LonLat::up).collect();
            let sum: DVec3 = ups.iter().sum();
            let middle = if sum.length() > 1e-6 * ups.len() as f64 { sum.normalize() } else { DVec3::Z };
            let mut angle_rad = ups.iter().map(|u| angle(*u, middle)).fold(0.0, f64::max);
            // Between vertices an edge may lie farther out than both of its ends.
            for line in &self.lines {
                let n = line.places.len();
                let closed = self.kind == ShapeKind::Polygon;
                for k in 0..if closed { n } else { n.saturating_sub(1) } {
                    let (a, b) = (line.places[k], line.places[(k + 1) % n]);
                    let far = angle(a.up(), b.up()) > 0.1 || (a.lon_deg - b.lon_deg).abs() > 5.0;
                    if far {
                        for t in [0.25, 0.5, 0.75] {
                            let p = path::between(a, b, self.edges, t);
                            angle_rad = angle_rad.max(angle(p.up(), middle) + 0.02);
                        }
                    }
                }
            }
            Cap { middle, angle_rad }
        })
    }

    /// Box around its vertices and edges, the narrower of the ways round; the whole turn around a pole.
    pub fn bounds(&self) -> Option<GeoBox> {
        let first = self.lines.first()?.places.first()?;
        let (mut west, mut east) = (first.lon_deg, first.lon_deg);
        let (mut south, mut north) = (90.0f64, -90.0f64);
        let mut last = first.lon_deg;
        let mut winds = false;
        for line in &self.lines {
            let closed = self.kind == ShapeKind::Polygon;
            let mut start = None;
            let n = line.places.len();
            for k in 0..if closed { n + 1 } else { n } {
                let p = line.places[k % n];
                let before = line.places[(k + n - 1) % n];
                let lon = if k == 0 || self.kind == ShapeKind::Point {
                    crate::geo::unwrap_near(p.lon_deg, last)
                } else {
                    last + path::step_lon(before, p, self.edges)
                };
                let begun = *start.get_or_insert(lon);
                winds |= closed && k == n && (lon - begun).abs() > 180.0;
                (west, east, last) = (west.min(lon), east.max(lon), lon);
                (south, north) = (south.min(p.lat_deg), north.max(p.lat_deg));
                if k > 0 && self.kind != ShapeKind::Point {
                    let middle = path::between(before, p, self.edges, 0.5);
                    (south, north) = (south.min(middle.lat_deg), north.max(middle.lat_deg));
                }
            }
        }
        if winds {
            let up = self.cap().middle.z >= 0.0;
            (south, north) = if up { (south, 90.0) } else { (-90.0, north) };
        }
        if winds || east - west >= 360.0 {
            return Some(GeoBox { west: -180.0, east: 180.0, south, north });
        }
        let at = crate::geo::wrap_180(west);
        Some(GeoBox { west: at, east: at + (east - west), south, north })
    }
}

fn angle(a: DVec3, b: DVec3) -> f64 {
    a.cross(b).length().atan2(a.dot(b))
}

/// How an outline is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dash {
    /// Without gaps.
    #[default]
    Solid,
    /// Long strokes.
    Dashed,
    /// Dots.
    Dotted,
}

impl Dash {
    /// All, in menu order.
    pub const ALL: [Self; 3] = [Self::Solid, Self::Dashed, Self::Dotted];

    /// Word for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Solid => "Solid",
            Self::Dashed => "Dashed",
            Self::Dotted => "Dotted",
        }
    }
}

/// How a shape looks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShapeStyle {
    /// sRGB of the outline, and of the area unless it has its own.
    pub colour: [u8; 3],
    /// Width of lines and diameter of points, points.
    pub width_pt: f32,
    /// Opacity of the area, 0 to 1; 0 draws none.
    pub fill: f32,
    /// Strokes of the outline.
    #[serde(default)]
    pub dash: Dash,
    /// sRGB of the area, where it is another than that of the outline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<[u8; 3]>,
    /// Opacity of the outline, 0 to 1.
    #[serde(default = "opaque", skip_serializing_if = "is_opaque")]
    pub stroke: f32,
}

fn opaque() -> f32 {
    1.0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "what serde asks for")]
fn is_opaque(stroke: &f32) -> bool {
    *stroke >= 1.0
}

/// Colours given in turn, told apart by people who see few colours as well (Okabe and Ito 2008), without those that are
/// lost on the sea.
pub const COLOURS: [[u8; 3]; 6] = [
    [0xe6, 0x9f, 0x00],
    [0xf0, 0xe4, 0x42],
    [0xcc, 0x79, 0xa7],
    [0x56, 0xb4, 0xe9],
    [0xd5, 0x5e, 0x00],
    [0x00, 0x9e, 0x73],
];

impl ShapeStyle {
    /// The style a shape begins with; colours change from one to the next.
    pub fn nth(k: usize, kind: ShapeKind) -> Self {
        let (width_pt, fill) = match kind {
            ShapeKind::Polygon => (2.0, 0.18),
            ShapeKind::Polyline => (2.0, 0.0),
            ShapeKind::Point => (8.0, 0.0),
        };
        Self { colour: COLOURS[k % COLOURS.len()], width_pt, fill, dash: Dash::Solid, area: None, stroke: 1.0 }
    }

    /// Every number in its range.
    #[must_use]
    pub fn sanitized(mut self) -> Self {
        let within = |v: f32, lo: f32, hi: f32| if v.is_finite() { v.clamp(lo, hi) } else { lo };
        self.width_pt = within(self.width_pt, 0.5, 40.0);
        self.fill = within(self.fill, 0.0, 1.0);
        self.stroke = within(self.stroke, 0.0, 1.0);
        self
    }
}

/// What the processing server can do with an extraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Processing {
    /// A picture of every granule and field.
    Pictures,
    /// Values against the way along a line.
    Transects,
    /// A file with everything.
    Save,
}

/// Attributes of a shape, by name.
pub type Attributes = BTreeMap<String, serde_json::Value>;

/// A shape before it has a number: drawn just now, or described by a reader.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewShape {
    /// Name; empty for one to be made up.
    #[serde(default)]
    pub name: String,
    /// Where it lies.
    pub geometry: Arc<Geometry>,
    /// How it looks; one is chosen when absent.
    #[serde(default)]
    pub style: Option<ShapeStyle>,
    /// What else is known of it.
    #[serde(default)]
    pub attributes: Arc<Attributes>,
}

/// A shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Identity.
    pub id: ShapeId,
    /// Name.
    pub name: String,
    /// Where it lies.
    pub geometry: Arc<Geometry>,
    /// How it looks.
    pub style: ShapeStyle,
    /// Drawn.
    pub visible: bool,
    /// What else is known of it.
    #[serde(default, skip_serializing_if = "is_none")]
    pub attributes: Arc<Attributes>,
    /// The file it came from; none for what was drawn here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Arc<Path>>,
    /// The number by which notebooks know it, unique within its kind.
    pub number: u64,
}

#[allow(clippy::ptr_arg, reason = "serde hands over what the field is")]
fn is_none(attributes: &Arc<Attributes>) -> bool {
    attributes.is_empty()
}

/// All shapes of a project, the bottom one first. Copies share everything until one is changed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Shapes {
    list: Arc<Vec<Shape>>,
    /// Number of the last one; numbers are not given twice.
    #[serde(default)]
    last: u64,
}

impl PartialEq for Shapes {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.list, &other.list) || self.list == other.list
    }
}

impl std::ops::Deref for Shapes {
    type Target = [Shape];
    fn deref(&self) -> &[Shape] {
        &self.list
    }
}

impl Shapes {
    /// The shape of that id.
    pub fn get(&self, id: ShapeId) -> Option<&Shape> {
        self.list.iter().find(|s| s.id == id)
    }

    /// Files that shapes came from, in the order they were opened, with the number of shapes of each.
    pub fn files(&self) -> Vec<(Arc<Path>, usize)> {
        let mut files: Vec<(Arc<Path>, usize)> = Vec::new();
        for file in self.list.iter().filter_map(|s| s.file.as_ref()) {
            match files.iter_mut().rev().find(|(f, _)| Arc::ptr_eq(f, file) || f == file) {
                Some((_, n)) => *n += 1,
                None => files.push((Arc::clone(file), 1)),
            }
        }
        files
    }

    /// Whether both are the same list, not only equal ones.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.list, &other.list)
    }

    /// Undo must not give numbers again that have been used since.
    pub(crate) fn keep_numbers(&mut self, newer: &Self) {
        self.last = self.last.max(newer.last);
    }

    /// Takes over what another list has of a file.
    pub(crate) fn adopt(&mut self, path: &Path, from: &Self) {
        let of = |s: &&Shape| s.file.as_deref() == Some(path);
        let list = Arc::make_mut(&mut self.list);
        list.retain(|s| !of(&s));
        list.extend(from.list.iter().filter(of).cloned());
        self.keep_numbers(from);
    }

    /// Drops the shapes that came from files.
    pub(crate) fn close_files(&mut self) {
        if self.list.iter().any(|s| s.file.is_some()) {
            Arc::make_mut(&mut self.list).retain(|s| s.file.is_none());
        }
    }
}

/// A path as shapes hold it: one copy for all shapes of a file.
pub fn file_name(path: PathBuf) -> Arc<Path> {
    path.into()
}

#[cfg(test)]
mod tests;
