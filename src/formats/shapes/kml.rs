//! KML 2.2 (OGC 07-147r2) with Google's tracks: placemarks with points, lines, rings, polygons and their collections,
//! extended data, colours from styles in place or by name.

use std::collections::HashMap;

use seaglass_core::geo::LonLat;
use seaglass_core::shapes::{Attributes, Edges, Line, ShapeKind, ShapeStyle};
use serde_json::Value;

use super::Sink;
use super::xml::{Walker, walk};
use crate::error::Result;

pub(super) fn read(bytes: &[u8], sink: &mut Sink) -> Result<()> {
    let mut kml = Kml { sink, state: State::default() };
    walk(bytes, "KML", &mut kml)?;
    let State { styles, maps, urls, .. } = kml.state;
    // Styles may stand after the placemarks that name them.
    for (at, url) in urls {
        let key = maps.get(&url).unwrap_or(&url);
        if let (Some(found), Some(shape)) = (styles.get(key), sink.shapes.get_mut(at)) {
            shape.style = found.style(shape.geometry.kind);
        }
    }
    Ok(())
}

/// Colours of a style as far as it says.
#[derive(Clone, Copy, Default)]
struct Look {
    line: Option<[u8; 4]>,
    area: Option<[u8; 4]>,
    icon: Option<[u8; 4]>,
    width: Option<f32>,
    filled: Option<bool>,
}

impl Look {
    fn style(&self, kind: ShapeKind) -> Option<ShapeStyle> {
        let usual = ShapeStyle::nth(0, kind);
        let named = match kind {
            ShapeKind::Point => self.icon,
            ShapeKind::Polyline => self.line,
            ShapeKind::Polygon => self.line.or(self.area),
        };
        let colour = named.map(|[r, g, b, _]| [r, g, b])?;
        let fill = match (kind, self.filled, self.area) {
            (ShapeKind::Polygon, Some(false), _) => 0.0,
            (ShapeKind::Polygon, _, Some([.., a])) => f32::from(a) / 255.0,
            _ => usual.fill,
        };
        let width_pt = if kind == ShapeKind::Point { usual.width_pt } else { self.width.unwrap_or(usual.width_pt) };
        let area = self.area.map(|[r, g, b, _]| [r, g, b]).filter(|a| kind == ShapeKind::Polygon && *a != colour);
        // An area without outline is asked for by its colour alone.
        let stroke = match (kind, self.line) {
            (ShapeKind::Polygon | ShapeKind::Polyline, Some([.., a])) => f32::from(a) / 255.0,
            _ => 1.0,
        };
        Some(ShapeStyle { colour, width_pt, fill, dash: usual.dash, area, stroke })
    }
}

#[derive(Default)]
struct Placemark {
    name: String,
    url: String,
    look: Option<Look>,
    attributes: Attributes,
    found: Vec<(ShapeKind, Vec<Line>)>,
}

#[derive(Default)]
struct State {
    styles: HashMap<String, Look>,
    /// Style maps: the normal style of each.
    maps: HashMap<String, String>,
    /// Shapes whose style has a name.
    urls: Vec<(usize, String)>,
    /// Elements around the present one, the present one last.
    path: Vec<String>,
    placemark: Option<Placemark>,
    look: Option<(String, Look)>,
    map: Option<(String, bool)>,
    data: String,
    track: Vec<LonLat>,
}

struct Kml<'a> {
    sink: &'a mut Sink,
    state: State,
}

/// `lon,lat[,height]` with blanks between positions.
fn coordinates(text: &str) -> Vec<LonLat> {
    let position = |word: &str| {
        let mut parts = word.split(',');
        let mut number = || parts.next()?.trim().parse::<f64>().ok();
        Some(LonLat::new(number()?, number()?))
    };
    text.split_whitespace().map(|word| position(word).unwrap_or(LonLat::new(f64::NAN, f64::NAN))).collect()
}

/// `aabbggrr` as red, green, blue, opacity.
fn colour(text: &str) -> Option<[u8; 4]> {
    let v = u32::from_str_radix(text.trim().trim_start_matches('#'), 16).ok()?;
    let [a, b, g, r] = v.to_be_bytes();
    Some([r, g, b, a])
}

impl State {
    fn is_within(&self, name: &str) -> bool {
        self.path.iter().any(|e| e == name)
    }

    fn look_mut(&mut self) -> Option<&mut Look> {
        self.look.as_mut().map(|(_, look)| look)
    }

    fn put(&mut self, kind: ShapeKind, line: Line) {
        let Some(placemark) = &mut self.placemark else { return };
        match placemark.found.iter_mut().find(|(k, _)| *k == kind) {
            Some((_, lines)) if kind == ShapeKind::Point => match lines.first_mut() {
                Some(all) => all.places.extend(line.places),
                None => lines.push(line),
            },
            Some((_, lines)) => lines.push(line),
            None => placemark.found.push((kind, vec![line])),
        }
    }

    /// Texts of styles.
    fn style_text(&mut self, name: &str, text: &str) {
        let (in_line, in_area, in_icon) =
            (self.is_within("LineStyle"), self.is_within("PolyStyle"), self.is_within("IconStyle"));
        let Some(look) = self.look_mut() else { return };
        match name {
            "color" if in_line => look.line = colour(text),
            "color" if in_area => look.area = colour(text),
            "color" if in_icon => look.icon = colour(text),
            "width" if in_line => look.width = text.parse().ok(),
            "fill" if in_area => look.filled = Some(text != "0" && text != "false"),
            _ => {}
        }
    }

    /// Texts of a placemark's geometries.
    fn geometry_text(&mut self, name: &str, text: &str) {
        match name {
            "coordinates" => {
                let places = coordinates(text);
                if self.is_within("Polygon") {
                    let hole = self.is_within("innerBoundaryIs");
                    self.put(ShapeKind::Polygon, Line { places, hole });
                } else if self.is_within("Point") {
                    self.put(ShapeKind::Point, super::line(places));
                } else if self.is_within("LinearRing") || self.is_within("LineString") {
                    self.put(ShapeKind::Polyline, super::line(places));
                }
            }
            "coord" if self.is_within("Track") => {
                self.track.extend(coordinates(&text.split_whitespace().collect::<Vec<_>>().join(",")));
            }
            "Track" => {
                let places = std::mem::take(&mut self.track);
                self.put(ShapeKind::Polyline, super::line(places));
            }
            _ => {}
        }
    }
}

impl Kml<'_> {
    fn placemark_done(&mut self) -> Result<()> {
        let Some(done) = self.state.placemark.take() else { return Ok(()) };
        for (kind, lines) in done.found {
            let before = self.sink.shapes.len();
            let style = done.look.and_then(|l| l.style(kind));
            let name = done.name.clone();
            // Lines and rings that follow the ground are great circles.
            self.sink.add(name, (kind, Edges::GreatCircle), lines, style, done.attributes.clone())?;
            if style.is_none() && self.sink.shapes.len() > before && !done.url.is_empty() {
                self.state.urls.push((before, done.url.clone()));
            }
        }
        Ok(())
    }
}

impl Walker for Kml<'_> {
    fn start(&mut self, name: &str, attributes: &dyn Fn(&str) -> Option<String>) -> Result<()> {
        let state = &mut self.state;
        state.path.push(name.to_owned());
        match name {
            "Placemark" => state.placemark = Some(Placemark::default()),
            "Style" => state.look = Some((attributes("id").unwrap_or_default(), Look::default())),
            "StyleMap" => state.map = Some((attributes("id").unwrap_or_default(), false)),
            "Data" | "SimpleData" => state.data = attributes("name").unwrap_or_default(),
            "Track" => state.track.clear(),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str, text: &str) -> Result<()> {
        let state = &mut self.state;
        let parent = state.path.len().checked_sub(2).and_then(|k| state.path.get(k)).cloned().unwrap_or_default();
        state.style_text(name, text);
        state.geometry_text(name, text);
        match (name, &mut state.placemark) {
            ("Style", placemark) => match (state.look.take(), placemark) {
                (Some((_, look)), Some(placemark)) => placemark.look = Some(look),
                (Some((id, look)), None) => {
                    state.styles.insert(id, look);
                }
                (None, _) => {}
            },
            ("key", None) => state.map.iter_mut().for_each(|(_, normal)| *normal = text == "normal"),
            ("styleUrl", None) => {
                if let Some((id, true)) = &state.map {
                    state.maps.insert(id.clone(), text.trim_start_matches('#').to_owned());
                }
            }
            ("styleUrl", Some(placemark)) => placemark.url = text.trim_start_matches('#').to_owned(),
            ("StyleMap", _) => state.map = None,
            ("name", Some(placemark)) if parent == "Placemark" => placemark.name = text.to_owned(),
            ("description", Some(placemark)) if parent == "Placemark" && !text.is_empty() => {
                placemark.attributes.insert("description".to_owned(), Value::from(text));
            }
            ("value", Some(placemark)) if parent == "Data" => {
                placemark.attributes.insert(state.data.clone(), Value::from(text));
            }
            ("SimpleData", Some(placemark)) => {
                placemark.attributes.insert(state.data.clone(), Value::from(text));
            }
            ("Placemark", _) => self.placemark_done()?,
            _ => {}
        }
        self.state.path.pop();
        Ok(())
    }
}
