//! Shapes as KML 2.2 (OGC 07-147r2): one placemark a shape, with its attributes as extended data.

use super::{Geometry, Line, Shape, ShapeKind};
use crate::geo::LonLat;

/// A document of these shapes.
pub fn kml<'a>(shapes: impl IntoIterator<Item = &'a Shape>) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<kml xmlns=\"http://www.opengis.net/kml/2.2\">\n<Document>\n",
    );
    for shape in shapes {
        placemark(&mut out, shape);
    }
    out.push_str("</Document>\n</kml>\n");
    out
}

/// Text as XML has it; characters that XML cannot hold are left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(c),
            c if (c as u32) < 32 || matches!(c as u32, 0xfffe | 0xffff) => {}
            c => out.push(c),
        }
    }
    out
}

fn placemark(out: &mut String, shape: &Shape) {
    let [r, g, b] = shape.style.colour;
    let bgr = format!("{b:02x}{g:02x}{r:02x}");
    let fill = (shape.style.fill * 255.0).round() as u8;
    out.push_str(&format!("<Placemark><name>{}</name>\n", escaped(&shape.name)));
    out.push_str(&format!(
        "<Style><LineStyle><color>ff{bgr}</color><width>{}</width></LineStyle><PolyStyle><color>{fill:02x}{bgr}</color>\
         <fill>{}</fill></PolyStyle><IconStyle><color>ff{bgr}</color></IconStyle></Style>\n",
        shape.style.width_pt,
        u8::from(fill > 0)
    ));
    if !shape.attributes.is_empty() {
        out.push_str("<ExtendedData>\n");
        for (name, value) in shape.attributes.iter() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            out.push_str(&format!("<Data name=\"{}\"><value>{}</value></Data>\n", escaped(name), escaped(&text)));
        }
        out.push_str("</ExtendedData>\n");
    }
    geometry(out, &shape.geometry);
    out.push_str("</Placemark>\n");
}

fn coordinates(out: &mut String, places: &[LonLat], closed: bool) {
    out.push_str("<coordinates>");
    for (k, p) in places.iter().chain(places.first().filter(|_| closed)).enumerate() {
        if k > 0 {
            out.push(' ');
        }
        out.push_str(&format!("{},{}", p.lon_deg, p.lat_deg));
    }
    out.push_str("</coordinates>");
}

fn geometry(out: &mut String, g: &Geometry) {
    let ring = |out: &mut String, line: &Line| {
        let name = if line.hole { "innerBoundaryIs" } else { "outerBoundaryIs" };
        out.push_str(&format!("<{name}><LinearRing>"));
        coordinates(out, &line.places, true);
        out.push_str(&format!("</LinearRing></{name}>"));
    };
    let parts = match g.kind {
        ShapeKind::Point => g.places(),
        _ => g.parts().count(),
    };
    if parts > 1 {
        out.push_str("<MultiGeometry>\n");
    }
    for part in g.parts() {
        match g.kind {
            ShapeKind::Polygon => {
                out.push_str("<Polygon><tessellate>1</tessellate>");
                part.iter().for_each(|line| ring(out, line));
                out.push_str("</Polygon>\n");
            }
            ShapeKind::Polyline => {
                out.push_str("<LineString><tessellate>1</tessellate>");
                part.iter().for_each(|line| coordinates(out, &line.places, false));
                out.push_str("</LineString>\n");
            }
            ShapeKind::Point => {
                for p in part.iter().flat_map(|l| &l.places) {
                    out.push_str("<Point>");
                    coordinates(out, std::slice::from_ref(p), false);
                    out.push_str("</Point>\n");
                }
            }
        }
    }
    if parts > 1 {
        out.push_str("</MultiGeometry>\n");
    }
}
