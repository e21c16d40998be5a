//! Shapes as GeoJSON (RFC 7946): one feature a shape.
//!
//! Properties are the shape's attributes, its name, and colours by the names of simplestyle 1.1.0, which other programs
//! know. What GeoJSON has no word for stands in a member `seaglass` of the feature.

use serde_json::{Map, Value, json};

use super::{Dash, Edges, Geometry, Line, Shape, ShapeKind};
use crate::geo::LonLat;

/// A feature collection of these shapes.
pub fn geojson<'a>(shapes: impl IntoIterator<Item = &'a Shape>) -> String {
    let mut text = String::from("{\"type\": \"FeatureCollection\", \"features\": [");
    for (k, shape) in shapes.into_iter().enumerate() {
        text.push_str(if k == 0 { "\n" } else { ",\n" });
        text.push_str(&feature(shape).to_string());
    }
    text.push_str("\n]}\n");
    text
}

fn feature(shape: &Shape) -> Value {
    let mut properties: Map<String, Value> = shape.attributes.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    let [r, g, b] = shape.style.colour;
    let colour = json!(format!("#{r:02x}{g:02x}{b:02x}"));
    properties.insert("name".into(), json!(shape.name));
    if shape.geometry.kind == ShapeKind::Point {
        properties.insert("marker-color".into(), colour);
    } else {
        properties.insert("stroke".into(), colour);
        properties.insert("stroke-width".into(), json!(shape.style.width_pt));
        if shape.style.stroke < 1.0 {
            properties.insert("stroke-opacity".into(), json!(shape.style.stroke));
        }
        if shape.geometry.kind == ShapeKind::Polygon {
            let [r, g, b] = shape.style.area.unwrap_or(shape.style.colour);
            properties.insert("fill".into(), json!(format!("#{r:02x}{g:02x}{b:02x}")));
            properties.insert("fill-opacity".into(), json!(shape.style.fill));
        }
    }
    let mut own = Map::new();
    if shape.geometry.edges == Edges::GreatCircle && shape.geometry.kind != ShapeKind::Point {
        own.insert("edges".into(), json!("great_circle"));
    }
    if shape.style.dash != Dash::Solid {
        own.insert("dash".into(), json!(shape.style.dash));
    }
    if shape.geometry.kind == ShapeKind::Point {
        own.insert("size".into(), json!(shape.style.width_pt));
    }
    let mut feature = json!({ "type": "Feature", "properties": properties, "geometry": geometry(&shape.geometry) });
    if let (false, Some(object)) = (own.is_empty(), feature.as_object_mut()) {
        object.insert("seaglass".into(), Value::Object(own));
    }
    feature
}

fn position(p: &LonLat) -> Value {
    json!([p.lon_deg, p.lat_deg])
}

/// Positions of a ring, closed, in the direction the standard asks for: outer rings against the clock, holes with it.
fn ring(line: &Line) -> Value {
    let mut places: Vec<&LonLat> = line.places.iter().collect();
    // Twice the area in longitude and latitude.
    let n = places.len();
    let area: f64 = (0..n)
        .map(|k| {
            let (a, b) = (places[k], places[(k + 1) % n]);
            let dlon = crate::geo::wrap_180(b.lon_deg - a.lon_deg);
            dlon * (a.lat_deg + b.lat_deg)
        })
        .sum();
    // Only rings that do not go round a pole have a direction here.
    if (area > 0.0) != line.hole && area != 0.0 {
        places[1..].reverse();
    }
    places.push(&line.places[0]);
    Value::Array(places.into_iter().map(position).collect())
}

fn geometry(g: &Geometry) -> Value {
    let path = |line: &Line| Value::Array(line.places.iter().map(position).collect());
    let (name, mut parts): (&str, Vec<Value>) = match g.kind {
        ShapeKind::Polygon => ("Polygon", g.parts().map(|p| Value::Array(p.iter().map(ring).collect())).collect()),
        ShapeKind::Polyline => ("LineString", g.lines.iter().map(path).collect()),
        ShapeKind::Point => ("Point", g.lines.iter().flat_map(|l| &l.places).map(position).collect()),
    };
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => json!({ "type": name, "coordinates": only }),
        (_, last) => {
            parts.extend(last);
            json!({ "type": format!("Multi{name}"), "coordinates": parts })
        }
    }
}
