//! The readers of texts of others – GPX, KML, GeoJSON, tables, kerchunk's neighbours in JSON – on texts changed at random:
//! each file opens or is refused with one sentence. A panic or an endless loop fails the test.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[path = "../../../tests/nasty/changes.rs"]
mod changes;

use changes::{Dice, rounds, texts};
use seaglass_core::protocol::{Answer, FailureKind, Request, Source};
use seaglass_formats::Reader;
use seaglass_formats::shapes::{self, Kind};

const GPX: &str = "<?xml version=\"1.0\"?>\n<gpx version=\"1.1\" creator=\"x\"><wpt lat=\"48.1\" lon=\"-4.5\"><name>B &amp; c</name>\
    </wpt><trk><name>t</name><trkseg><trkpt lat=\"1\" lon=\"2\"><ele>3</ele><time>2024-07-01T00:00:00Z</time></trkpt>\
    <trkpt lat=\"1.5\" lon=\"2.5\"/></trkseg></trk><rte><rtept lat=\"3\" lon=\"179\"/><rtept lat=\"3\" lon=\"-179\"/></rte></gpx>";
const KML: &str = "<kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document><Placemark><name>p</name><Polygon><outerBoundaryIs>\
    <LinearRing><coordinates>0,0 1,0,5 1,1 0,0</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>\
    <Placemark><LineString><coordinates>1,2 3,4</coordinates></LineString></Placemark></Document></kml>";
const GEOJSON: &str = "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{\"name\":\"a\",\"n\":1.5},\
    \"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[0,0]]]}},{\"type\":\"Feature\",\"properties\":null,\
    \"geometry\":{\"type\":\"MultiPoint\",\"coordinates\":[[1,2],[-179.5,89]]}}]}";
const TABLES: [&str; 3] = [
    "time,latitude,longitude,sst\nUTC,degrees_north,degrees_east,degree_C\n2024-07-01T00:00:00Z,48.1,-4.5,17.25\n\
     2024-07-01T01:00:00Z,48.2,-4.4,NaN\n",
    "# made by hand\nid;lon;lat;date;u (m/s);quality\na;1,5;2;01/07/2024 12:00;-9999;good\nb;3;4;13/07/2024 12:00;0.5;bad\n",
    "year,month,day,lat,lon,n\n2024,7,1,10,20,1\n2024,7,2,11,21,2\n",
];

/// Opens a text as a file of that name.
fn look(name: &str, text: &str) -> Answer {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    Reader::new().handle(Request::Open { source: Source { path, candidates: Vec::new() } }).0
}

/// How many of the files opened.
fn all(test: &str, seeds: &[&str], names: &[&str], usual: usize) -> usize {
    let dice = &mut Dice::of(test, 17);
    for name in names {
        for seed in seeds {
            assert!(!matches!(look(name, seed), Answer::Failed { .. }), "{name}, whole: {:?}", look(name, seed));
        }
    }
    let mut opened = 0;
    for _ in rounds(usual) {
        let text = texts(dice, seeds);
        let name = names[dice.roll(names.len())];
        match look(name, &text) {
            Answer::Failed { error } => {
                let sentence = error.message.trim();
                let one = !sentence.is_empty() && sentence.lines().count() == 1 && sentence.ends_with(['.', ')']);
                assert!(one, "{name}: {sentence}\n{text}");
                // A fault of ours, caught at the last moment, would be called damage.
                assert!(!sentence.contains("The reader failed"), "{name}: {sentence}\n{text}");
                assert_ne!(error.kind, FailureKind::Crashed);
            }
            _ => opened += 1,
        }
    }
    opened
}

#[test]
fn shapes_in_xml_and_json() {
    for (test, text, name, kind) in [
        ("gpx", GPX, "a.gpx", Kind::Gpx),
        ("kml", KML, "a.kml", Kind::Kml),
        ("geojson", GEOJSON, "a.geojson", Kind::GeoJson),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        assert!(shapes::read(&path, kind).is_ok(), "{name}");
        let opened = all(test, &[text], &[name], 700);
        assert!(opened > 10, "{name}: damage that always destroys everything tests nothing ({opened})");
    }
}

#[test]
fn tables() {
    assert!(all("tables", &TABLES[..1], &["a.csv", "a.tsv"], 700) > 10);
    assert!(all("tables of others", &TABLES, &["a.csv"], 700) > 10);
}
