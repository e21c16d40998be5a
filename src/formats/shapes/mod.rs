//! Files of shapes: GeoJSON, KML and KMZ, shapefiles (also zipped), GPX.
//!
//! What a file is, its first bytes tell. A file is read whole and answered in one go: the application holds shapes in its
//! document and asks for nothing more.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use seaglass_core::geo::LonLat;
use seaglass_core::protocol::FailureKind;
use seaglass_core::shapes::{
    Attributes, Edges, Geometry, Line, MOST_PLACES, MOST_SHAPES, NewShape, ShapeKind, ShapeStyle,
};

use crate::error::{Result, damaged, fail};

mod geojson;
mod gpx;
mod kml;
mod shp;
pub(crate) mod xml;
mod zipped;

/// Largest file read, bytes.
const MAX_BYTES: u64 = 2 << 30;
/// Largest text of attributes kept, bytes; beyond, attributes are left out.
const MAX_ATTRIBUTES: usize = 48 << 20;
/// Bytes looked at to tell what a file is.
const HEAD: u64 = 4096;

/// Formats of shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// RFC 7946, and what was written before it.
    GeoJson,
    /// OGC KML 2.2.
    Kml,
    /// GPX 1.0 and 1.1.
    Gpx,
    /// ESRI shapefile.
    Shapefile,
    /// An archive with one of these, decided by what is in it.
    Zip,
}

/// What a file holds.
#[derive(Debug)]
pub struct Found {
    /// Format for people.
    pub format: String,
    /// What was noticed and worked around, one sentence each.
    pub notes: Vec<String>,
    /// The shapes, at least one.
    pub shapes: Vec<NewShape>,
}

/// Whether a file holds shapes, by its first bytes; `None` for all other files, also those that cannot be opened.
pub fn kind_of(path: &Path) -> Option<Kind> {
    // To open a pipe would wait for its other end.
    if !path.is_file() {
        return None;
    }
    let mut head = Vec::with_capacity(HEAD as usize);
    File::open(path).ok()?.take(HEAD).read_to_end(&mut head).ok()?;
    let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let text = String::from_utf8_lossy(head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head)).into_owned();
    let start = text.trim_start();
    if start.starts_with('{') {
        let words =
            ["FeatureCollection", "\"Feature\"", "\"GeometryCollection\"", "Point\"", "LineString\"", "Polygon\""];
        let speaks = text.contains("\"type\"") && words.iter().any(|w| text.contains(w));
        return (speaks || extension == "geojson").then_some(Kind::GeoJson);
    }
    if start.starts_with('<') {
        let element = |name: &str| text.contains(&format!("<{name}")) || text.contains(&format!(":{name}"));
        return if element("kml") { Some(Kind::Kml) } else { element("gpx").then_some(Kind::Gpx) };
    }
    if extension == "geojson" && (start.is_empty() || start.starts_with('[')) {
        return Some(Kind::GeoJson);
    }
    if head.starts_with(&[0, 0, 0x27, 0x0a]) && extension != "shx" {
        return Some(Kind::Shapefile);
    }
    let is_zip = head.starts_with(b"PK\x03\x04") && zipped::holds_shapes(path);
    (is_zip).then_some(Kind::Zip)
}

/// A sentence for the parts of a shapefile that say nothing alone.
pub fn companion(path: &Path) -> Option<&'static str> {
    let extension = path.extension()?.to_string_lossy().to_ascii_lowercase();
    let is_part = matches!(extension.as_str(), "dbf" | "shx" | "prj" | "cpg" | "sbn" | "sbx");
    let beside = ["shp", "SHP"].iter().any(|e| path.with_extension(e).exists());
    (is_part && beside).then_some("This is a part of a shapefile; open the .shp file beside it.")
}

/// Reads a file of shapes.
pub fn read(path: &Path, kind: Kind) -> Result<Found> {
    let mut sink = Sink::default();
    let format = match kind {
        Kind::GeoJson => geojson::read(&bytes_of(path)?, &mut sink).map(|()| "GeoJSON".to_owned())?,
        Kind::Kml => kml::read(&bytes_of(path)?, &mut sink).map(|()| "KML".to_owned())?,
        Kind::Gpx => gpx::read(&bytes_of(path)?, &mut sink).map(|()| "GPX".to_owned())?,
        Kind::Shapefile => shp::read_beside(path, &mut sink).map(|()| "Shapefile".to_owned())?,
        Kind::Zip => zipped::read(path, &mut sink)?,
    };
    sink.finish(format)
}

fn bytes_of(path: &Path) -> Result<Vec<u8>> {
    let len = std::fs::metadata(path).map_or(0, |m| m.len());
    if len > MAX_BYTES {
        return Err(too_large());
    }
    std::fs::read(path).map_err(|e| damaged("The file", &e))
}

fn too_large() -> seaglass_core::protocol::ReadFailure {
    let text =
        format!("The file holds more than {} million positions; cut it into smaller ones.", MOST_PLACES / 1_000_000);
    fail(FailureKind::TooLarge, text)
}

/// Collects what a reader finds, within limits.
#[derive(Default)]
struct Sink {
    shapes: Vec<NewShape>,
    notes: Vec<String>,
    places: usize,
    attribute_bytes: usize,
    lines_left_out: usize,
    /// Features without a geometry.
    empty: usize,
}

impl Sink {
    /// Adds a shape; lines with positions beyond the Earth are left out and counted.
    fn add(
        &mut self,
        name: String,
        (kind, edges): (ShapeKind, Edges),
        lines: Vec<Line>,
        style: Option<ShapeStyle>,
        attributes: Attributes,
    ) -> Result<()> {
        let given = lines.len();
        self.places += lines.iter().map(|l| l.places.len()).sum::<usize>();
        if self.places > MOST_PLACES || self.shapes.len() >= MOST_SHAPES {
            return Err(too_large());
        }
        let geometry = Geometry::new(kind, edges, lines);
        self.lines_left_out += given - geometry.lines.len();
        if geometry.lines.is_empty() {
            return Ok(());
        }
        self.attribute_bytes += attributes.iter().map(|(k, v)| k.len() + text_len(v) + 8).sum::<usize>();
        let attributes = if self.attribute_bytes > MAX_ATTRIBUTES { Attributes::new() } else { attributes };
        let attributes = Arc::new(attributes);
        self.shapes.push(NewShape { name, geometry: Arc::new(geometry), style, attributes });
        Ok(())
    }

    fn finish(mut self, format: String) -> Result<Found> {
        if self.shapes.is_empty() {
            let why = if self.lines_left_out > 0 {
                "The positions in this file are no longitudes and latitudes; convert it to WGS84 (EPSG:4326) first."
            } else {
                "The file holds no shapes."
            };
            return Err(fail(FailureKind::NothingToShow, why));
        }
        if self.lines_left_out > 0 {
            let n = self.lines_left_out;
            self.notes.push(format!("{n} lines with too few positions, or positions beyond the Earth, are left out."));
        }
        if self.attribute_bytes > MAX_ATTRIBUTES {
            self.notes.push("The file has more attributes than are kept; later shapes are without them.".to_owned());
        }
        Ok(Found { format, notes: self.notes, shapes: self.shapes })
    }
}

fn text_len(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::String(s) => s.len(),
        serde_json::Value::Array(a) => a.iter().map(text_len).sum::<usize>() + 8,
        serde_json::Value::Object(o) => o.iter().map(|(k, v)| k.len() + text_len(v)).sum::<usize>() + 8,
        _ => 8,
    }
}

/// The name among attributes, under the names it usually has; none where there is no text.
fn name_in(attributes: &Attributes) -> String {
    const NAMES: [&str; 11] =
        ["name", "NAME", "Name", "title", "TITLE", "label", "NAME_EN", "name_en", "ADMIN", "river_name", "id"];
    let text = |key: &&str| match attributes.get(*key)? {
        serde_json::Value::String(s) if !s.trim().is_empty() => Some(s.trim().to_owned()),
        serde_json::Value::Number(n) => Some(n.to_string()),
        _ => None,
    };
    NAMES.iter().find_map(text).unwrap_or_default()
}

/// `#rrggbb` or `#rgb`.
fn colour_of(text: &str) -> Option<[u8; 3]> {
    let digits = text.trim().strip_prefix('#')?;
    let part = |k: usize| u8::from_str_radix(digits.get(k..k + 2)?, 16).ok();
    match digits.len() {
        6 => Some([part(0)?, part(2)?, part(4)?]),
        3 => {
            let one = |k: usize| u8::from_str_radix(digits.get(k..=k)?, 16).ok().map(|v| v * 17);
            Some([one(0)?, one(1)?, one(2)?])
        }
        _ => None,
    }
}

fn line(places: Vec<LonLat>) -> Line {
    Line { places, hole: false }
}

#[cfg(test)]
mod tests;
