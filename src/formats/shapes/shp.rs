//! Shapefiles (ESRI white paper, July 1998) through the crate `shapefile`. Lengths are checked before it sees a byte: it
//! believes what a record says of its size.

use std::io::Cursor;
use std::path::Path;

use proj4rs::Proj;
use proj4rs::transform::transform;
use seaglass_core::geo::LonLat;
use seaglass_core::protocol::FailureKind;
use seaglass_core::shapes::{Attributes, Edges, Geometry, Inside, Line, ShapeKind};
use serde_json::Value;
use shapefile::dbase::{self, FieldValue};
use shapefile::record::polygon::GenericPolygon;
use shapefile::record::polyline::GenericPolyline;
use shapefile::record::traits::HasXY;
use shapefile::{PolygonRing, Shape, ShapeReader};

use super::{Sink, bytes_of, name_in};
use crate::error::{Result, fail};

/// Longest edge in projected metres kept as one: straight there is not straight in longitude and latitude.
const LONGEST_EDGE_M: f64 = 25_000.0;
/// Pieces of an edge at most.
const MOST_PIECES: f64 = 1000.0;

/// The files of one shapefile.
pub(super) struct Parts {
    pub shp: Vec<u8>,
    pub dbf: Option<Vec<u8>>,
    pub prj: Option<String>,
    pub cpg: Option<String>,
}

/// Reads a shapefile with what lies beside it.
pub(super) fn read_beside(path: &Path, sink: &mut Sink) -> Result<()> {
    let beside = |extension: &str| {
        let upper = extension.to_ascii_uppercase();
        [extension, &upper].into_iter().map(|e| path.with_extension(e)).find(|p| p.is_file())
    };
    let text =
        |extension| beside(extension).and_then(|p| bytes_of(&p).ok()).map(|b| String::from_utf8_lossy(&b).into_owned());
    let dbf = beside("dbf").map(|p| bytes_of(&p)).transpose()?;
    read(Parts { shp: bytes_of(path)?, dbf, prj: text("prj"), cpg: text("cpg") }, sink)
}

/// Reads a shapefile.
pub(super) fn read(parts: Parts, sink: &mut Sink) -> Result<()> {
    check(&parts.shp)?;
    let broken = |e: &dyn std::fmt::Display| {
        fail(FailureKind::Damaged, format!("The shapefile cannot be read: {e}. Fetch it again."))
    };
    let place = Placing::new(parts.prj.as_deref(), &parts.shp)?;
    let mut records = parts.dbf.and_then(|bytes| table(bytes, parts.cpg.as_deref(), sink));
    let mut reader = ShapeReader::new(Cursor::new(parts.shp)).map_err(|e| broken(&e))?;
    let mut without = 0;
    for shape in reader.iter_shapes() {
        let shape = shape.map_err(|e| broken(&e))?;
        let attributes = records.as_mut().and_then(Iterator::next).unwrap_or_default();
        let Some((kind, lines)) = lines_of(shape, &place) else {
            without += 1;
            continue;
        };
        let name = name_in(&attributes);
        sink.add(name, (kind, Edges::Straight), lines, None, attributes)?;
    }
    if without > 0 {
        sink.notes
            .push(format!("{without} records of the shapefile have no shape, or surfaces in space, and are left out."));
    }
    Ok(())
}

/// Compares what header and records say of their lengths with what is there.
fn check(bytes: &[u8]) -> Result<()> {
    let cut = || fail(FailureKind::Damaged, "The shapefile was cut off; fetch it again.");
    let big = |at: usize| bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes);
    let little = |at: usize| bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map(i32::from_le_bytes);
    let length = big(24).ok_or_else(cut)? as usize * 2;
    if bytes.len() < 100 || length > bytes.len() {
        return Err(cut());
    }
    let mut at = 100;
    while at + 8 <= length {
        let content = big(at + 4).ok_or_else(cut)? as usize * 2;
        let end = (at + 8).checked_add(content).filter(|e| *e <= bytes.len()).ok_or_else(cut)?;
        let kind = little(at + 8).ok_or_else(cut)?;
        let damaged =
            || fail(FailureKind::Damaged, "A record of the shapefile is larger than its own length; fetch it again.");
        let counts = match kind {
            3 | 5 | 13 | 15 | 23 | 25 | 31 => [little(at + 44), little(at + 48)],
            8 | 18 | 28 => [Some(0), little(at + 44)],
            _ => [Some(0), Some(0)],
        };
        let counts = counts.map(|n| n.and_then(|n| usize::try_from(n).ok()));
        let [Some(parts), Some(points)] = counts else { return Err(damaged()) };
        let needs = parts.checked_mul(4).zip(points.checked_mul(16)).and_then(|(a, b)| a.checked_add(b));
        if needs.is_none_or(|n| n > content) {
            return Err(damaged());
        }
        // Each part begins at a point that is there, no earlier than the part before.
        let mut first = 0;
        for k in 0..parts {
            let start = little(at + 52 + 4 * k).and_then(|n| usize::try_from(n).ok()).ok_or_else(damaged)?;
            if start < first || start > points {
                return Err(damaged());
            }
            first = start;
        }
        at = end;
    }
    Ok(())
}

/// Attributes, row by row; a table that cannot be read is left out, and that is noted.
fn table(bytes: Vec<u8>, cpg: Option<&str>, sink: &mut Sink) -> Option<std::vec::IntoIter<Attributes>> {
    // Lengths of a table are checked as those of shapes are.
    let header = |at: usize, n: usize| {
        bytes.get(at..at + n).map(|b| b.iter().rev().fold(0usize, |sum, v| sum << 8 | usize::from(*v)))
    };
    let sizes = (header(4, 4), header(8, 2), header(10, 2));
    let whole = match sizes {
        (Some(rows), Some(head), Some(row)) => {
            row > 0 && head >= 33 && rows.checked_mul(row).is_some_and(|n| n + head <= bytes.len() + row)
        }
        _ => false,
    };
    let named = cpg.and_then(|c| dbase::encoding::DynEncoding::from_name(c.trim().trim_start_matches("ISO ")));
    let opened = || -> std::result::Result<Vec<Attributes>, String> {
        if !whole {
            return Err("it was cut off".to_owned());
        }
        // Without a name the mark in the table's own header decides.
        let builder = dbase::ReaderBuilder::new();
        let builder = match named {
            Some(encoding) => builder.with_encoding(encoding),
            None if cpg.is_some() => builder.with_encoding(dbase::encoding::UnicodeLossy),
            None => builder,
        };
        let reader = builder.build(Cursor::new(bytes));
        let mut reader = reader.map_err(|e| e.to_string())?;
        let mut rows = Vec::new();
        for record in reader.iter_records() {
            let record = record.map_err(|e| e.to_string())?;
            rows.push(record.into_iter().filter_map(|(name, value)| Some((name, json(value)?))).collect());
        }
        Ok(rows)
    };
    match opened() {
        Ok(rows) => Some(rows.into_iter()),
        Err(why) => {
            sink.notes.push(format!("The attributes in the .dbf file are left out: {why}."));
            None
        }
    }
}

fn json(value: FieldValue) -> Option<Value> {
    Some(match value {
        FieldValue::Character(text) => Value::from(text?.trim().to_owned()),
        FieldValue::Memo(text) => Value::from(text.trim().to_owned()),
        FieldValue::Numeric(v) => number(v?),
        FieldValue::Float(v) => number(f64::from(v?)),
        FieldValue::Currency(v) | FieldValue::Double(v) => number(v),
        FieldValue::Integer(v) => Value::from(v),
        FieldValue::Logical(v) => Value::from(v?),
        FieldValue::Date(date) => {
            let d = date?;
            Value::from(format!("{:04}-{:02}-{:02}", d.year(), d.month(), d.day()))
        }
        FieldValue::DateTime(at) => {
            let (d, t) = (at.date(), at.time());
            let (h, m, s) = (t.hours(), t.minutes(), t.seconds());
            Value::from(format!("{:04}-{:02}-{:02}T{h:02}:{m:02}:{s:02}", d.year(), d.month(), d.day()))
        }
    })
}

/// Whole numbers stay whole.
fn number(v: f64) -> Value {
    if v.fract() == 0.0 && v.abs() < 9e15 { Value::from(v as i64) } else { Value::from(v) }
}

/// From the file's numbers to longitude and latitude.
struct Placing {
    /// The file's projection; none for longitude and latitude.
    projected: Option<(Proj, Proj)>,
}

impl Placing {
    fn new(prj: Option<&str>, shp: &[u8]) -> Result<Self> {
        let refuse = |text: String| Err(fail(FailureKind::NothingToShow, text));
        let degrees = Ok(Self { projected: None });
        let Some(prj) = prj.map(str::trim).filter(|p| !p.is_empty()) else {
            let corner =
                |at: usize| shp.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(f64::NAN, f64::from_le_bytes);
            let [west, south, east, north] = [36, 44, 52, 60].map(corner);
            if west >= -360.0 && east <= 540.0 && south >= -90.0 && north <= 90.0 {
                return degrees;
            }
            return refuse(
                "The shapefile has no .prj file, and its numbers are no longitudes and latitudes; add the .prj file."
                    .to_owned(),
            );
        };
        let start = prj.trim_start().to_ascii_uppercase();
        if start.starts_with("GEOGCS") || start.starts_with("GEOGCRS") || start.starts_with("GEODCRS") {
            // Datums differ by metres; the prime meridian matters.
            return degrees;
        }
        let proj = match proj4wkt::wkt_to_projstring(prj) {
            Ok(proj) => proj,
            Err(e) => {
                return refuse(format!(
                    "The projection in the .prj file is not understood ({e}); convert the shapefile to WGS84."
                ));
            }
        };
        let both =
            Proj::from_proj_string(&proj).and_then(|p| Ok((p, Proj::from_proj_string("+proj=longlat +datum=WGS84")?)));
        match both {
            Ok((own, wgs84)) if own.has_inverse() => Ok(Self { projected: Some((own, wgs84)) }),
            Ok(_) => refuse(format!("The projection \"{proj}\" has no inverse here; convert the shapefile to WGS84.")),
            Err(e) => {
                refuse(format!("The projection \"{proj}\" cannot be used ({e}); convert the shapefile to WGS84."))
            }
        }
    }

    fn place(&self, x: f64, y: f64) -> LonLat {
        let Some((own, wgs84)) = &self.projected else { return LonLat::new(x, y) };
        let mut point = (x, y, 0.0);
        match transform(own, wgs84, &mut point) {
            Ok(()) => LonLat::new(point.0.to_degrees(), point.1.to_degrees()),
            Err(_outside) => LonLat::new(f64::NAN, f64::NAN),
        }
    }

    fn path<P: HasXY>(&self, points: &[P]) -> Vec<LonLat> {
        let mut out = Vec::with_capacity(points.len());
        let mut last: Option<(f64, f64)> = None;
        for p in points {
            let (x, y) = (p.x(), p.y());
            if let (Some((x0, y0)), true) = (last, self.projected.is_some()) {
                let pieces = ((x - x0).hypot(y - y0) / LONGEST_EDGE_M).ceil().clamp(1.0, MOST_PIECES);
                for k in 1..pieces as usize {
                    let t = k as f64 / pieces;
                    out.push(self.place(x0 + (x - x0) * t, y0 + (y - y0) * t));
                }
            }
            out.push(self.place(x, y));
            last = Some((x, y));
        }
        out
    }

    fn lines<P: HasXY>(&self, line: &GenericPolyline<P>) -> Vec<Line> {
        line.parts().iter().map(|part| super::line(self.path(part))).collect()
    }

    fn rings<P: HasXY>(&self, polygon: &GenericPolygon<P>) -> Vec<Line> {
        let (mut outer, mut inner): (Vec<Vec<Line>>, Vec<Line>) = (Vec::new(), Vec::new());
        for ring in polygon.rings() {
            let line = Line { places: self.path(ring.points()), hole: matches!(ring, PolygonRing::Inner(_)) };
            if line.hole { inner.push(line) } else { outer.push(vec![line]) }
        }
        // Holes may stand anywhere; each belongs to the ring around it.
        let areas: Vec<Inside> = if inner.is_empty() || outer.len() == 1 {
            Vec::new()
        } else {
            outer.iter().map(|o| Inside::new(&Geometry::new(ShapeKind::Polygon, Edges::Straight, o.clone()))).collect()
        };
        for hole in inner {
            let around = hole.places.first().and_then(|p| areas.iter().position(|a| a.contains(*p)));
            match outer.get_mut(around.unwrap_or(0)) {
                Some(ring) => ring.push(hole),
                // A lone ring the wrong way round is a polygon all the same.
                None => outer.push(vec![Line { hole: false, ..hole }]),
            }
        }
        outer.into_iter().flatten().collect()
    }
}

fn lines_of(shape: Shape, place: &Placing) -> Option<(ShapeKind, Vec<Line>)> {
    let point = |x, y| (ShapeKind::Point, vec![super::line(vec![place.place(x, y)])]);
    Some(match shape {
        Shape::NullShape | Shape::Multipatch(_) => return None,
        Shape::Point(p) => point(p.x, p.y),
        Shape::PointM(p) => point(p.x, p.y),
        Shape::PointZ(p) => point(p.x, p.y),
        Shape::Multipoint(p) => {
            (ShapeKind::Point, vec![super::line(p.points().iter().map(|p| place.place(p.x, p.y)).collect())])
        }
        Shape::MultipointM(p) => {
            (ShapeKind::Point, vec![super::line(p.points().iter().map(|p| place.place(p.x, p.y)).collect())])
        }
        Shape::MultipointZ(p) => {
            (ShapeKind::Point, vec![super::line(p.points().iter().map(|p| place.place(p.x, p.y)).collect())])
        }
        Shape::Polyline(l) => (ShapeKind::Polyline, place.lines(&l)),
        Shape::PolylineM(l) => (ShapeKind::Polyline, place.lines(&l)),
        Shape::PolylineZ(l) => (ShapeKind::Polyline, place.lines(&l)),
        Shape::Polygon(p) => (ShapeKind::Polygon, place.rings(&p)),
        Shape::PolygonM(p) => (ShapeKind::Polygon, place.rings(&p)),
        Shape::PolygonZ(p) => (ShapeKind::Polygon, place.rings(&p)),
    })
}
