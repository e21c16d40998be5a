//! GeoJSON, feature by feature: of a hundred megabytes no tree is made.

use std::fmt;

use seaglass_core::geo::LonLat;
use seaglass_core::protocol::FailureKind;
use seaglass_core::shapes::{Attributes, Dash, Edges, Line, ShapeKind, ShapeStyle};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{Sink, colour_of, name_in};
use crate::error::{Result, fail};

/// Collections of geometries within collections.
const DEEPEST: usize = 16;

pub(super) fn read(bytes: &[u8], sink: &mut Sink) -> Result<()> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut refused = None;
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let top = Top { sink, refused: &mut refused };
    let done = top.deserialize(&mut json).and_then(|()| json.end());
    if let Some(why) = refused {
        return Err(why);
    }
    done.map_err(|e| {
        let what = if e.is_eof() { "it ends in the middle of a feature".to_owned() } else { e.to_string() };
        fail(FailureKind::Damaged, format!("The GeoJSON cannot be read: {what}."))
    })
}

/// Coordinates: a position, or a list of coordinates.
enum Coords {
    Position(LonLat),
    List(Vec<Coords>),
}

enum Element {
    Number(f64),
    Coords(Coords),
    Nothing,
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Element;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a list of coordinates")
            }
            fn visit_f64<E>(self, v: f64) -> std::result::Result<Element, E> {
                Ok(Element::Number(v))
            }
            fn visit_u64<E>(self, v: u64) -> std::result::Result<Element, E> {
                Ok(Element::Number(v as f64))
            }
            fn visit_i64<E>(self, v: i64) -> std::result::Result<Element, E> {
                Ok(Element::Number(v as f64))
            }
            fn visit_unit<E>(self) -> std::result::Result<Element, E> {
                Ok(Element::Nothing)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Element, A::Error> {
                let Some(first) = seq.next_element::<Element>()? else {
                    return Ok(Element::Coords(Coords::List(Vec::new())));
                };
                if let Element::Number(lon) = first {
                    let lat = match seq.next_element::<Element>()? {
                        Some(Element::Number(lat)) => lat,
                        _ => return Err(serde::de::Error::custom("a position needs longitude and latitude")),
                    };
                    while seq.next_element::<IgnoredAny>()?.is_some() {}
                    return Ok(Element::Coords(Coords::Position(LonLat::new(lon, lat))));
                }
                let mut list = Vec::new();
                let mut next = Some(first);
                while let Some(element) = next {
                    match element {
                        Element::Coords(c) => list.push(c),
                        Element::Nothing => {}
                        Element::Number(_) => {
                            return Err(serde::de::Error::custom("coordinates mix numbers and lists"));
                        }
                    }
                    next = seq.next_element()?;
                }
                Ok(Element::Coords(Coords::List(list)))
            }
        }
        from.deserialize_any(V)
    }
}

fn nothing() -> Element {
    Element::Nothing
}

#[derive(Deserialize)]
struct GeometryText {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default = "nothing")]
    coordinates: Element,
    #[serde(default)]
    geometries: Vec<Option<GeometryText>>,
}

#[derive(Default, Deserialize)]
struct Own {
    #[serde(default)]
    edges: Edges,
    #[serde(default)]
    dash: Dash,
    size: Option<f32>,
}

#[derive(Deserialize)]
struct FeatureText {
    #[serde(default)]
    geometry: Option<GeometryText>,
    #[serde(default)]
    properties: Option<Attributes>,
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    seaglass: Option<Own>,
}

/// The outermost object. Features go to the sink as they come; what else matters is kept to the end.
struct Top<'a> {
    sink: &'a mut Sink,
    refused: &'a mut Option<seaglass_core::protocol::ReadFailure>,
}

impl<'de> DeserializeSeed<'de> for Top<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> std::result::Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a GeoJSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<(), A::Error> {
        let mut kind = String::new();
        let mut single = FeatureText { geometry: None, properties: None, id: None, seaglass: None };
        let (mut coordinates, mut geometries) = (Element::Nothing, Vec::new());
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "type" => kind = map.next_value()?,
                "features" => map.next_value_seed(Features { sink: self.sink, refused: self.refused })?,
                "geometry" => single.geometry = map.next_value()?,
                "properties" => single.properties = map.next_value()?,
                "id" => single.id = map.next_value()?,
                "seaglass" => single.seaglass = map.next_value()?,
                "coordinates" => coordinates = map.next_value()?,
                "geometries" => geometries = map.next_value()?,
                "crs" => {
                    let crs: Value = map.next_value()?;
                    if let Some(why) = foreign_crs(&crs) {
                        *self.refused = Some(fail(FailureKind::NothingToShow, why));
                    }
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            if self.refused.is_some() {
                return Err(serde::de::Error::custom("refused"));
            }
        }
        let result = match kind.as_str() {
            "FeatureCollection" => Ok(()),
            "Feature" => feature(self.sink, single),
            "" => Err(fail(FailureKind::NothingToShow, "This JSON is no GeoJSON: it does not say its type.")),
            _ => {
                single.geometry = Some(GeometryText { kind, coordinates, geometries });
                feature(self.sink, single)
            }
        };
        if let Err(why) = result {
            *self.refused = Some(why);
        }
        Ok(())
    }
}

struct Features<'a> {
    sink: &'a mut Sink,
    refused: &'a mut Option<seaglass_core::protocol::ReadFailure>,
}

impl<'de> DeserializeSeed<'de> for Features<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> std::result::Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Features<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<(), A::Error> {
        while let Some(text) = seq.next_element::<FeatureText>()? {
            if let Err(why) = feature(self.sink, text) {
                *self.refused = Some(why);
                return Err(serde::de::Error::custom("refused"));
            }
        }
        Ok(())
    }
}

/// Before RFC 7946 files could name a reference system.
fn foreign_crs(crs: &Value) -> Option<String> {
    let name = crs.pointer("/properties/name").and_then(Value::as_str)?;
    let known = ["CRS84", "4326", "4258", "4269", "4979"].iter().any(|k| name.ends_with(k));
    (!known).then(|| format!("The GeoJSON is in the reference system {name}; convert it to WGS84 (EPSG:4326) first."))
}

fn feature(sink: &mut Sink, text: FeatureText) -> Result<()> {
    let Some(geometry) = text.geometry else {
        sink.empty += 1;
        return Ok(());
    };
    let mut attributes = text.properties.unwrap_or_default();
    let own = text.seaglass;
    let mut found: Vec<(ShapeKind, Vec<Line>)> = Vec::new();
    collect(geometry, &mut found, 0)?;
    if let (Some(id), false) = (text.id, attributes.contains_key("id")) {
        attributes.insert("id".into(), id);
    }
    let name = name_in(&attributes);
    // What names and colours have said is said; the rest stays an attribute.
    attributes.remove("name");
    let colours = Colours::take(&mut attributes);
    let own = own.unwrap_or_else(|| Own { edges: Edges::Straight, ..Own::default() });
    let several = found.len() > 1;
    for (kind, lines) in found {
        let style = colours.style(kind, &own);
        let attributes = if several { attributes.clone() } else { std::mem::take(&mut attributes) };
        let edges = if kind == ShapeKind::Point { Edges::GreatCircle } else { own.edges };
        sink.add(name.clone(), (kind, edges), lines, style, attributes)?;
    }
    Ok(())
}

/// Colours by the names of simplestyle 1.1.0.
struct Colours {
    stroke: Option<[u8; 3]>,
    fill: Option<[u8; 3]>,
    marker: Option<[u8; 3]>,
    width: Option<f64>,
    stroke_opacity: Option<f64>,
    fill_opacity: Option<f64>,
}

/// Colour of outlines that say something else of themselves, and opacity of areas that only name their colour.
const UNNAMED: [u8; 3] = [0x55; 3];
const USUAL_FILL: f32 = 0.6;

impl Colours {
    fn take(attributes: &mut Attributes) -> Self {
        let mut colour = |key: &str| {
            let found = attributes.get(key).and_then(Value::as_str).and_then(colour_of);
            if found.is_some() {
                attributes.remove(key);
            }
            found
        };
        let (stroke, fill, marker) = (colour("stroke"), colour("fill"), colour("marker-color"));
        let mut number = |key: &str| {
            let found = attributes.get(key).and_then(Value::as_f64);
            if found.is_some() {
                attributes.remove(key);
            }
            found
        };
        let (width, stroke_opacity) = (number("stroke-width"), number("stroke-opacity"));
        Self { stroke, fill, marker, width, stroke_opacity, fill_opacity: number("fill-opacity") }
    }

    /// Whether anything is said of a kind of shape.
    fn says(&self, kind: ShapeKind) -> bool {
        let line = self.stroke.is_some() || self.width.is_some() || self.stroke_opacity.is_some();
        match kind {
            ShapeKind::Point => self.marker.is_some(),
            ShapeKind::Polyline => line,
            ShapeKind::Polygon => line || self.fill.is_some() || self.fill_opacity.is_some(),
        }
    }

    fn style(&self, kind: ShapeKind, own: &Own) -> Option<ShapeStyle> {
        if !self.says(kind) {
            return None;
        }
        let usual = ShapeStyle::nth(0, kind);
        let (point, polygon) = (kind == ShapeKind::Point, kind == ShapeKind::Polygon);
        let named = if point { self.marker } else { self.stroke.or(self.fill.filter(|_| polygon)) };
        let colour = named.unwrap_or(UNNAMED);
        let fill = match (polygon, self.fill_opacity, self.fill) {
            (false, ..) => 0.0,
            (_, Some(opacity), _) => opacity as f32,
            (_, None, Some(_)) => USUAL_FILL,
            (_, None, None) => usual.fill,
        };
        let width = if point { own.size } else { self.width.map(|w| w as f32) };
        // A width of nothing is an outline that is not there.
        let bare = !point && self.width.is_some_and(|w| w <= 0.0);
        let stroke = if bare { 0.0 } else { self.stroke_opacity.filter(|_| !point).map_or(1.0, |o| o as f32) };
        let area = self.fill.filter(|f| polygon && *f != colour);
        Some(ShapeStyle { colour, width_pt: width.unwrap_or(usual.width_pt), fill, dash: own.dash, area, stroke })
    }
}

/// Sorts a geometry by kind: parts of one kind are one shape.
fn collect(text: GeometryText, found: &mut Vec<(ShapeKind, Vec<Line>)>, depth: usize) -> Result<()> {
    let wrong = || {
        let what = format!("The coordinates of a {} are not nested as they should be.", text.kind);
        fail(FailureKind::Damaged, what)
    };
    let mut put = |kind: ShapeKind, lines: Vec<Line>| match found.iter_mut().find(|(k, _)| *k == kind) {
        Some((_, all)) => all.extend(lines),
        None => found.push((kind, lines)),
    };
    if text.kind == "GeometryCollection" {
        if depth > DEEPEST {
            return Err(fail(FailureKind::Damaged, "Collections of geometries are nested too deeply."));
        }
        return text.geometries.into_iter().flatten().try_for_each(|g| collect(g, found, depth + 1));
    }
    let coords = match text.coordinates {
        Element::Coords(c) => c,
        Element::Nothing => Coords::List(Vec::new()),
        Element::Number(_) => return Err(wrong()),
    };
    let list = |c: Coords| match c {
        Coords::List(list) => Ok(list),
        Coords::Position(_) => Err(wrong()),
    };
    let place = |c: Coords| match c {
        Coords::Position(p) => Ok(p),
        Coords::List(_) => Err(wrong()),
    };
    let path = |c: Coords| list(c)?.into_iter().map(place).collect::<Result<Vec<LonLat>>>();
    let rings = |c: Coords| -> Result<Vec<Line>> {
        let ring = |(k, c): (usize, Coords)| Ok(Line { places: path(c)?, hole: k > 0 });
        list(c)?.into_iter().enumerate().map(ring).collect()
    };
    match text.kind.as_str() {
        "Point" => match coords {
            Coords::Position(p) => put(ShapeKind::Point, vec![super::line(vec![p])]),
            Coords::List(empty) if empty.is_empty() => {}
            Coords::List(_) => return Err(wrong()),
        },
        "MultiPoint" => put(ShapeKind::Point, vec![super::line(path(coords)?)]),
        "LineString" => put(ShapeKind::Polyline, vec![super::line(path(coords)?)]),
        "MultiLineString" => {
            let lines = list(coords)?.into_iter().map(|c| path(c).map(super::line)).collect::<Result<Vec<_>>>()?;
            put(ShapeKind::Polyline, lines);
        }
        "Polygon" => put(ShapeKind::Polygon, rings(coords)?),
        "MultiPolygon" => {
            for part in list(coords)? {
                put(ShapeKind::Polygon, rings(part)?);
            }
        }
        other => return Err(fail(FailureKind::Damaged, format!("GeoJSON has no geometry of the type \"{other}\"."))),
    }
    Ok(())
}
