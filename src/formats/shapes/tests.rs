use super::*;
use serde_json::json;
use std::path::PathBuf;

fn read_as(name: &str, bytes: &[u8]) -> Result<Found> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let kind = kind_of(&path).ok_or_else(|| fail(FailureKind::NotMine, "not recognised"))?;
    read(&path, kind)
}

fn why(name: &str, bytes: &[u8]) -> String {
    let message = read_as(name, bytes).unwrap_err().message;
    assert!(message.ends_with('.') && !message.contains('\n'), "{message}");
    message
}

fn places(found: &Found, shape: usize, line: usize) -> Vec<(f64, f64)> {
    found.shapes[shape].geometry.lines[line].places.iter().map(|p| (p.lon_deg, p.lat_deg)).collect()
}

#[test]
fn geojson_of_every_kind() {
    let text = json!({
        "type": "FeatureCollection", "bbox": [0, 0, 1, 1],
        "features": [
            { "type": "Feature", "id": 7, "properties": { "name": "Bay", "depth": 12.5, "stroke": "#ff8000", "fill-opacity": 0.5 },
              "geometry": { "type": "Polygon", "coordinates": [[[0, 0], [10, 0], [10, 10], [0, 0]], [[2, 1], [3, 1], [3, 2], [2, 1]]] } },
            { "type": "Feature", "properties": null,
              "geometry": { "type": "MultiLineString", "coordinates": [[[0, 0, 5], [1, 1, 6]], [[2, 2], [3, 3]]] } },
            { "type": "Feature", "properties": { "name": "both" }, "geometry": { "type": "GeometryCollection", "geometries": [
                { "type": "Point", "coordinates": [5, 5] }, { "type": "LineString", "coordinates": [[5, 5], [6, 6]] } ] } },
            { "type": "Feature", "properties": {}, "geometry": null },
            { "type": "Feature", "properties": {}, "geometry": { "type": "MultiPolygon", "coordinates": [[[[0, 0], [1, 0], [1, 1], [0, 0]]], [[[5, 5], [6, 5], [6, 6], [5, 5]]]] } },
        ]
    });
    let found = read_as("a.geojson", text.to_string().as_bytes()).unwrap();
    assert_eq!(found.format, "GeoJSON");
    let kinds: Vec<ShapeKind> = found.shapes.iter().map(|s| s.geometry.kind).collect();
    use ShapeKind::{Point, Polygon, Polyline};
    assert_eq!(kinds, [Polygon, Polyline, Point, Polyline, Polygon]);
    let bay = &found.shapes[0];
    assert_eq!((bay.name.as_str(), bay.geometry.edges), ("Bay", Edges::Straight));
    assert_eq!(bay.style.unwrap().colour, [255, 128, 0]);
    assert_eq!(bay.style.unwrap().fill, 0.5);
    assert_eq!(*bay.attributes, Attributes::from([("depth".into(), json!(12.5)), ("id".into(), json!(7))]));
    assert_eq!(places(&found, 0, 0), [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)], "rings are open here");
    assert!(bay.geometry.lines[1].hole && !bay.geometry.lines[0].hole);
    assert_eq!(places(&found, 1, 1), [(2.0, 2.0), (3.0, 3.0)]);
    assert_eq!(found.shapes[4].geometry.parts().count(), 2);
    // Bare geometries and single features; keys in any order.
    for text in [
        r#"{"coordinates":[1,2],"type":"Point"}"#,
        r#"{"geometry":{"coordinates":[1,2],"type":"Point"},"type":"Feature","properties":{}}"#,
    ] {
        assert_eq!(places(&read_as("b.json", text.as_bytes()).unwrap(), 0, 0), [(1.0, 2.0)]);
    }
}

#[test]
fn what_we_write_we_read_back_and_so_does_another_program() {
    use seaglass_core::command::Command;
    use seaglass_core::session::Session;
    use seaglass_core::shapes::{Dash, ShapeChange, ShapePatch, geojson, kml};
    let mut session = Session::default();
    let ring = |hole, at: &[(f64, f64)]| Line { hole, places: at.iter().map(|(x, y)| LonLat::new(*x, *y)).collect() };
    let add = |session: &mut Session, name: &str, geometry: Geometry, attributes: Attributes| {
        let (geometry, attributes) = (Arc::new(geometry), Arc::new(attributes));
        let shape = Box::new(NewShape { name: name.into(), geometry, style: None, attributes });
        session.apply(&Command::Shapes { change: ShapeChange::Add { shape, number: None } }).unwrap();
    };
    let area = Geometry::new(
        ShapeKind::Polygon,
        Edges::GreatCircle,
        vec![
            ring(false, &[(170.123_456_789_012_3, -10.0), (-170.0, -10.0), (-170.0, 0.1 + 0.2)]),
            ring(true, &[(175.0, -9.0), (176.0, -7.0), (177.0, -9.0)]),
            ring(false, &[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)]),
        ],
    );
    add(
        &mut session,
        "Füllung <1> & \"2\"",
        area,
        Attributes::from([("n".into(), json!(3)), ("text".into(), json!("a<b"))]),
    );
    add(
        &mut session,
        "line",
        Geometry::new(ShapeKind::Polyline, Edges::Straight, vec![ring(false, &[(0.0, 1.0), (2.5, 3.0)])]),
        Attributes::new(),
    );
    add(&mut session, "mark", Geometry::simple(ShapeKind::Point, vec![LonLat::new(-5.0, 50.0)]), Attributes::new());
    let id = session.project().shapes[0].id;
    let patch = ShapePatch { dash: Some(Dash::Dotted), width_pt: Some(3.5), ..ShapePatch::default() };
    session.apply(&Command::Shapes { change: ShapeChange::Restyle { shape: id, patch } }).unwrap();
    let shapes = &session.project().shapes;
    let text = geojson(shapes.iter());
    let back = read_as("own.geojson", text.as_bytes()).unwrap();
    for (was, is) in shapes.iter().zip(&back.shapes) {
        assert_eq!(
            (&was.name, &was.geometry, Some(was.style), &was.attributes),
            (&is.name, &is.geometry, is.style, &is.attributes)
        );
    }
    // The crate `geojson` is another reader of the standard.
    let theirs: ::geojson::FeatureCollection = text.parse().unwrap();
    assert_eq!(theirs.features.len(), 3);
    let first = theirs.features[0].geometry.as_ref().unwrap();
    let ::geojson::GeometryValue::MultiPolygon { coordinates } = &first.value else { panic!("{first:?}") };
    assert_eq!(coordinates.len(), 2);
    assert_eq!(coordinates[0][0][0].as_slice(), [170.123_456_789_012_3, -10.0]);
    // KML has no straight edges and no dashes; the rest comes back.
    let back = read_as("own.kml", kml(shapes.iter()).as_bytes()).unwrap();
    for (was, is) in shapes.iter().zip(&back.shapes) {
        assert_eq!(
            (&was.name, &was.geometry.lines, was.style.colour),
            (&is.name, &is.geometry.lines, is.style.unwrap().colour)
        );
    }
    assert_eq!(back.shapes[0].attributes["text"], json!("a<b"));
}

#[test]
fn kml_as_others_write_it() {
    let text = r##"<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2"><Document>
 <name>not a shape</name>
 <Style id="red"><LineStyle><color>7f0000ff</color><width>4</width></LineStyle><PolyStyle><color>400000ff</color></PolyStyle></Style>
 <StyleMap id="m"><Pair><key>normal</key><styleUrl>#red</styleUrl></Pair><Pair><key>highlight</key><styleUrl>#x</styleUrl></Pair></StyleMap>
 <Folder><Placemark><name>A &amp; B&#8211;C</name><styleUrl>#m</styleUrl><description><![CDATA[<b>bold</b>]]></description>
  <ExtendedData><Data name="id"><value>17</value></Data><SchemaData><SimpleData name="area">2.5</SimpleData></SchemaData></ExtendedData>
  <Polygon><outerBoundaryIs><LinearRing><coordinates>
    0,0,0 10,0,0
    10,10,0 0,0,0 </coordinates></LinearRing></outerBoundaryIs><innerBoundaryIs><LinearRing><coordinates>4,1 6,1 6,3 4,1</coordinates></LinearRing></innerBoundaryIs></Polygon>
 </Placemark></Folder>
 <Placemark><name>mixed</name><MultiGeometry><Point><coordinates>1,2</coordinates></Point><Point><coordinates>3,4</coordinates></Point><LineString><coordinates>0,0 5,5</coordinates></LineString></MultiGeometry></Placemark>
 <Placemark><gx:Track><when>2024-01-01T00:00:00Z</when><gx:coord>1 2 3</gx:coord><gx:coord>4 5 6</gx:coord></gx:Track></Placemark>
 <Placemark><name>nothing</name></Placemark>
</Document></kml>"##;
    let found = read_as("a.kml", text.as_bytes()).unwrap();
    let names: Vec<&str> = found.shapes.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["A & B\u{2013}C", "mixed", "mixed", ""]);
    let area = &found.shapes[0];
    let style = area.style.unwrap();
    assert_eq!((style.colour, style.width_pt, (style.fill * 255.0).round()), ([255, 0, 0], 4.0, 64.0));
    assert!(area.geometry.lines[1].hole);
    assert_eq!(area.attributes["id"], json!("17"));
    assert_eq!(area.attributes["area"], json!("2.5"));
    assert_eq!(area.attributes["description"], json!("<b>bold</b>"));
    assert_eq!(places(&found, 1, 0), [(1.0, 2.0), (3.0, 4.0)]);
    assert_eq!(places(&found, 3, 0), [(1.0, 2.0), (4.0, 5.0)]);
    // The same, zipped.
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("doc.kml", zip::write::SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
    let kmz = zip.finish().unwrap().into_inner();
    let zipped = read_as("a.kmz", &kmz).unwrap();
    assert_eq!((zipped.format.as_str(), zipped.shapes), ("KMZ", found.shapes));
}

#[test]
fn gpx_tracks_routes_and_waypoints() {
    let text = r#"<?xml version="1.0"?><gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1">
      <metadata><name>not a shape</name></metadata>
      <wpt lat="48.5" lon="-4.5"><ele>12.5</ele><time>2024-08-11T00:00:00Z</time><name>Brest</name><sym>Anchor</sym></wpt>
      <rte><name>out</name><rtept lat="1" lon="2"/><rtept lat="3" lon="4"><name>mark</name></rtept></rte>
      <trk><name>way</name><type>sailing</type><trkseg><trkpt lat="10" lon="20"><ele>1</ele></trkpt><trkpt lat="11" lon="21"/></trkseg>
        <trkseg><trkpt lat="0" lon="0"/></trkseg><trkseg><trkpt lat="12" lon="22"/><trkpt lat="13" lon="23"/></trkseg></trk></gpx>"#;
    let found = read_as("a.gpx", text.as_bytes()).unwrap();
    let names: Vec<(&str, ShapeKind, usize)> =
        found.shapes.iter().map(|s| (s.name.as_str(), s.geometry.kind, s.geometry.lines.len())).collect();
    assert_eq!(
        names,
        [("Brest", ShapeKind::Point, 1), ("out", ShapeKind::Polyline, 1), ("way", ShapeKind::Polyline, 2)]
    );
    assert_eq!(places(&found, 0, 0), [(-4.5, 48.5)]);
    assert_eq!(found.shapes[0].attributes["ele"], json!(12.5));
    assert_eq!(places(&found, 2, 1), [(22.0, 12.0), (23.0, 13.0)]);
}

/// A shapefile byte by byte as the white paper describes it: polygons with these rings.
fn shapefile_of(polygons: &[&[&[(f64, f64)]]]) -> Vec<u8> {
    let mut records = Vec::new();
    for (k, rings) in polygons.iter().enumerate() {
        let points: usize = rings.iter().map(|r| r.len()).sum();
        let mut content = 5i32.to_le_bytes().to_vec();
        content.extend([0u8; 32]);
        content.extend((rings.len() as i32).to_le_bytes());
        content.extend((points as i32).to_le_bytes());
        let mut first = 0i32;
        for ring in *rings {
            content.extend(first.to_le_bytes());
            first += ring.len() as i32;
        }
        for (x, y) in rings.iter().flat_map(|r| *r) {
            content.extend(x.to_le_bytes());
            content.extend(y.to_le_bytes());
        }
        records.extend((k as i32 + 1).to_be_bytes());
        records.extend((content.len() as i32 / 2).to_be_bytes());
        records.extend(content);
    }
    let mut out = 9994i32.to_be_bytes().to_vec();
    out.extend([0u8; 20]);
    out.extend(((100 + records.len()) as i32 / 2).to_be_bytes());
    out.extend(1000i32.to_le_bytes());
    out.extend(5i32.to_le_bytes());
    let all = || polygons.iter().flat_map(|p| p.iter()).flat_map(|r| r.iter());
    let fold = |f: fn(f64, f64) -> f64, pick: fn(&(f64, f64)) -> f64| all().map(pick).reduce(f).unwrap_or(0.0);
    for v in [
        fold(f64::min, |p| p.0),
        fold(f64::min, |p| p.1),
        fold(f64::max, |p| p.0),
        fold(f64::max, |p| p.1),
        0.0,
        0.0,
        0.0,
        0.0,
    ] {
        out.extend(v.to_le_bytes());
    }
    out.extend(records);
    out
}

/// A dBase III table with one text column and one number, code page 1252.
fn table_of(rows: &[(&[u8], &str)]) -> Vec<u8> {
    let mut out = vec![3, 124, 8, 11];
    out.extend((rows.len() as u32).to_le_bytes());
    out.extend(97u16.to_le_bytes());
    out.extend(21u16.to_le_bytes());
    out.extend([0u8; 17]);
    out.push(0x03);
    out.extend([0u8; 2]);
    for (name, kind, length) in [(b"NAME", b'C', 12u8), (b"SIZE", b'N', 8u8)] {
        out.extend(name);
        out.extend([0u8; 7]);
        out.push(kind);
        out.extend([0u8; 4]);
        out.push(length);
        out.extend([0u8; 15]);
    }
    out.push(0x0d);
    for (name, number) in rows {
        out.push(b' ');
        let mut text = name.to_vec();
        text.resize(12, b' ');
        out.extend(text);
        out.extend(format!("{number:>8}").as_bytes());
    }
    out.push(0x1a);
    out
}

const SQUARE: &[(f64, f64)] = &[(0.0, 0.0), (0.0, 10.0), (10.0, 10.0), (10.0, 0.0), (0.0, 0.0)];
const HOLE: &[(f64, f64)] = &[(2.0, 2.0), (4.0, 2.0), (4.0, 4.0), (2.0, 2.0)];
const OTHER: &[(f64, f64)] = &[(20.0, 0.0), (20.0, 5.0), (25.0, 0.0), (20.0, 0.0)];

fn shapefile_in(dir: &std::path::Path, shp: &[u8], more: &[(&str, &[u8])]) -> PathBuf {
    let path = dir.join("areas.shp");
    std::fs::write(&path, shp).unwrap();
    for (extension, bytes) in more {
        std::fs::write(path.with_extension(extension), bytes).unwrap();
    }
    path
}

#[test]
fn shapefiles_with_their_tables() {
    let dir = tempfile::tempdir().unwrap();
    // The hole stands after both outer rings.
    let shp = shapefile_of(&[&[OTHER, SQUARE, HOLE], &[OTHER]]);
    let dbf = table_of(&[(b"Ir\xe8ne", "12"), (b"zwei", "2.5")]);
    let path = shapefile_in(dir.path(), &shp, &[("dbf", &dbf)]);
    let found = read(&path, kind_of(&path).unwrap()).unwrap();
    assert_eq!(found.notes, Vec::<String>::new());
    let names: Vec<&str> = found.shapes.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["Irène", "zwei"]);
    assert_eq!(found.shapes[0].attributes["SIZE"], json!(12));
    assert_eq!(found.shapes[1].attributes["SIZE"], json!(2.5));
    let parts: Vec<usize> = found.shapes[0].geometry.parts().map(<[Line]>::len).collect();
    assert_eq!(parts, [1, 2], "the hole belongs to the square");
    // A table cut off costs the attributes, not the shapes.
    std::fs::write(path.with_extension("dbf"), &dbf[..60]).unwrap();
    let found = read(&path, Kind::Shapefile).unwrap();
    assert!(found.shapes.len() == 2 && found.notes[0].contains(".dbf"), "{:?}", found.notes);
    assert!(companion(&path.with_extension("dbf")).is_some() && companion(&dir.path().join("other.dbf")).is_none());
}

#[test]
fn shapefiles_in_projections_and_archives() {
    // EPSG:32633, and pyproj 3.7: Transformer.from_crs(32633, 4326, always_xy=True).
    let utm = r#"PROJCS["WGS_1984_UTM_Zone_33N",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",15.0],PARAMETER["Scale_Factor",0.9996],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]"#;
    let shp = shapefile_of(&[&[&[
        (500_000.0, 5_000_000.0),
        (500_000.0, 5_010_000.0),
        (510_000.0, 5_010_000.0),
        (500_000.0, 5_000_000.0),
    ]]]);
    let dir = tempfile::tempdir().unwrap();
    let path = shapefile_in(dir.path(), &shp, &[("prj", utm.as_bytes())]);
    let found = read(&path, Kind::Shapefile).unwrap();
    let at = places(&found, 0, 0);
    for (k, lon, lat) in [(0, 15.0, 45.153_477_183), (1, 15.0, 45.243_493_313), (2, 15.127_419_607, 45.243_422_237)] {
        assert!((at[k].0 - lon).abs() < 1e-7 && (at[k].1 - lat).abs() < 1e-7, "{k}: {:?} {lon} {lat}", at[k]);
    }
    std::fs::remove_file(path.with_extension("prj")).unwrap();
    assert!(read(&path, Kind::Shapefile).unwrap_err().message.contains(".prj"));
    std::fs::write(path.with_extension("prj"), "PROJCS[\"nonsense\"]").unwrap();
    assert!(read(&path, Kind::Shapefile).unwrap_err().message.contains("convert"));
    // Zipped, in a folder.
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let shp = shapefile_of(&[&[SQUARE, HOLE]]);
    for (name, bytes) in [
        ("data/lakes.shp", shp.as_slice()),
        ("data/lakes.dbf", &table_of(&[(b"Lac", "1")])),
        ("data/lakes.prj", b"GEOGCS[\"WGS 84\"]"),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, bytes).unwrap();
    }
    let found = read_as("lakes.zip", &zip.finish().unwrap().into_inner()).unwrap();
    assert_eq!((found.shapes[0].name.as_str(), found.shapes[0].geometry.lines.len()), ("Lac", 2));
}

#[test]
fn malformed_files_get_one_sentence() {
    for (name, bytes, word) in [
        ("a.geojson", "", "GeoJSON"),
        ("a.geojson", "{", "ends"),
        ("a.geojson", "[]", "GeoJSON"),
        (
            "a.geojson",
            r#"{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[0,0],"#,
            "ends",
        ),
        ("a.geojson", r#"{"type":"FeatureCollection","features":[]}"#, "no shapes"),
        ("a.geojson", r#"{"type":"Point","coordinates":[1]}"#, "latitude"),
        ("a.geojson", r#"{"type":"Point","coordinates":[[1,2]]}"#, "nested"),
        ("a.geojson", r#"{"type":"Polygon","coordinates":[1,2]}"#, "nested"),
        ("a.geojson", r#"{"type":"Polygon","coordinates":[[0,[1,2]]]}"#, "latitude"),
        ("a.geojson", r#"{"type":"Blob","coordinates":[]}"#, "Blob"),
        ("a.geojson", r#"{"type":"LineString","coordinates":[[500000,5000000],[500100,5000000]]}"#, "WGS84"),
        (
            "a.geojson",
            r#"{"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::3857"}},"type":"FeatureCollection","features":[]}"#,
            "3857",
        ),
        ("a.kml", "<kml><Placemark>", "ends within"),
        ("a.kml", "<kml><a></b></kml>", "KML"),
        ("a.kml", "<kml></kml>", "no shapes"),
        ("a.kml", "<kml><Placemark><Point><coordinates>x,y</coordinates></Point></Placemark></kml>", "WGS84"),
        ("a.gpx", "<gpx><wpt lat='1'/></gpx>", "WGS84"),
    ] {
        let message = why(name, bytes.as_bytes());
        assert!(message.contains(word), "{bytes}: {message}");
    }
    // Nested without end.
    let deep = format!("{{\"type\":\"Polygon\",\"coordinates\":{}", "[".repeat(100_000));
    why("a.geojson", deep.as_bytes());
    why("a.kml", format!("<kml>{}", "<a>".repeat(100_000)).as_bytes());
    // An entity that would grow without end is not even known.
    let bomb = "<!DOCTYPE kml [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><kml><Placemark><name>&b;</name><Point><coordinates>1,2</coordinates></Point></Placemark></kml>";
    assert_eq!(read_as("a.kml", bomb.as_bytes()).unwrap().shapes[0].name, "");
    // Not ours.
    for (name, bytes) in [
        ("a.json", &b"{\"version\": 1, \"refs\": {}}"[..]),
        ("a.txt", b"lon,lat\n1,2\n"),
        ("a.nc", b"CDF\x01"),
        ("a.html", b"<html></html>"),
        ("a.zip", b"PK\x03\x04...."),
    ] {
        assert!(read_as(name, bytes).unwrap_err().message.contains("not recognised"), "{name}");
    }
}

#[test]
fn damaged_shapefiles_never_ask_for_memory() {
    let good = shapefile_of(&[&[SQUARE, HOLE], &[OTHER]]);
    let mut ends = [0usize; 3];
    for cut in 0..good.len() {
        match read_as("a.shp", &good[..cut]) {
            Ok(_) => ends[0] += 1,
            Err(e) if e.message.contains("not recognised") => ends[1] += 1,
            Err(e) => {
                ends[2] += 1;
                assert!(e.message.ends_with('.'), "{}", e.message);
            }
        }
    }
    assert_eq!((ends[0], ends[1]), (0, 4), "the length in the header tells");
    // Every byte turned over once: refused, or read as something else, but never a fault.
    for at in 0..good.len() {
        for flip in [0xff, 0x80, 0x01] {
            let mut bad = good.clone();
            bad[at] ^= flip;
            if let Err(e) = read_as("a.shp", &bad) {
                assert!(e.message.ends_with('.') || e.message == "not recognised", "{at}: {}", e.message);
            }
        }
    }
}
