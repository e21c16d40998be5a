use super::*;

fn polygon(edges: Edges, rings: &[&[(f64, f64)]]) -> Geometry {
    let line = |(k, ring): (usize, &&[(f64, f64)])| Line {
        places: ring.iter().map(|(lon, lat)| LonLat::new(*lon, *lat)).collect(),
        hole: k > 0,
    };
    Geometry::new(ShapeKind::Polygon, edges, rings.iter().enumerate().map(line).collect())
}

fn holds(g: &Geometry, lon: f64, lat: f64) -> bool {
    Inside::new(g).contains(LonLat::new(lon, lat))
}

#[test]
fn a_great_circle_bulges_and_a_straight_edge_does_not() {
    let ring: &[(f64, f64)] = &[(-60.0, 0.0), (60.0, 0.0), (60.0, 50.0), (-60.0, 50.0)];
    let (great, straight) = (polygon(Edges::GreatCircle, &[ring]), polygon(Edges::Straight, &[ring]));
    // The great circle between 60° W and 60° E at 50° N passes latitude atan(tan 50° / cos 60°) = 67.24° at 0°.
    assert!(holds(&great, 0.0, 67.2) && !holds(&great, 0.0, 67.3));
    assert!(holds(&straight, 0.0, 49.99) && !holds(&straight, 0.0, 50.01));
    for g in [&great, &straight] {
        assert!(holds(g, 0.0, 25.0) && holds(g, 359.0, 25.0) && !holds(g, 120.0, 25.0) && !holds(g, 0.0, -1.0));
    }
    assert!(great.bounds().unwrap().north > 67.0 && straight.bounds().unwrap().north == 50.0);
}

#[test]
fn the_dateline_is_no_border() {
    for edges in [Edges::GreatCircle, Edges::Straight] {
        for ring in [
            [(170.0, -10.0), (-170.0, -10.0), (-170.0, 10.0), (170.0, 10.0)],
            [(170.0, -10.0), (190.0, -10.0), (190.0, 10.0), (170.0, 10.0)],
        ] {
            let g = polygon(edges, &[&ring]);
            for (lon, inside) in [
                (175.0, true),
                (-175.0, true),
                (180.0, true),
                (-180.0, true),
                (165.0, false),
                (-165.0, false),
                (0.0, false),
            ] {
                assert_eq!(holds(&g, lon, 0.0), inside, "{edges:?} {lon}");
            }
            let b = g.bounds().unwrap();
            assert!((b.west - 170.0).abs() < 1e-9 && (b.east - 190.0).abs() < 1e-9, "{b:?}");
        }
    }
}

#[test]
fn poles_lie_inside_of_what_goes_round_them() {
    let ring: Vec<(f64, f64)> = (0..12).map(|k| (f64::from(k) * 30.0 - 180.0, 70.0)).collect();
    let south: Vec<(f64, f64)> = ring.iter().map(|(lon, lat)| (*lon, -lat)).collect();
    let backwards: Vec<(f64, f64)> = ring.iter().rev().copied().collect();
    for edges in [Edges::GreatCircle, Edges::Straight] {
        for ring in [&ring, &backwards] {
            let g = polygon(edges, &[ring]);
            for lon in [-180.0, -90.0, 0.0, 13.0, 179.0] {
                assert!(
                    holds(&g, lon, 90.0) && holds(&g, lon, 75.0) && !holds(&g, lon, 60.0) && !holds(&g, lon, -80.0)
                );
            }
            assert_eq!(g.bounds().unwrap().north, 90.0);
        }
        let g = polygon(edges, &[&south]);
        assert!(holds(&g, 33.0, -90.0) && holds(&g, 33.0, -80.0) && !holds(&g, 33.0, 80.0) && !holds(&g, 33.0, 0.0));
    }
    // Antarctica as it is usually written: along the dateline down to the pole and back.
    let written = polygon(
        Edges::Straight,
        &[&[
            (-180.0, -90.0),
            (180.0, -90.0),
            (180.0, -70.0),
            (90.0, -65.0),
            (0.0, -70.0),
            (-90.0, -72.0),
            (-180.0, -70.0),
        ]],
    );
    assert!(holds(&written, 45.0, -80.0) && holds(&written, -179.0, -89.0) && !holds(&written, 45.0, -50.0));
    // A box around the Earth.
    let belt = polygon(Edges::Straight, &[&[(-180.0, -60.0), (180.0, -60.0), (180.0, 60.0), (-180.0, 60.0)]]);
    for lon in [-180.0, -1.0, 90.0, 180.0, 359.0] {
        assert!(holds(&belt, lon, 0.0) && holds(&belt, lon, 59.9) && !holds(&belt, lon, 60.1), "{lon}");
    }
}

#[test]
fn holes_and_islands() {
    let mut g = polygon(
        Edges::GreatCircle,
        &[&[(0.0, 0.0), (20.0, 0.0), (20.0, 20.0), (0.0, 20.0)], &[(5.0, 5.0), (15.0, 5.0), (15.0, 15.0), (5.0, 15.0)]],
    );
    assert!(holds(&g, 2.0, 2.0) && !holds(&g, 10.0, 10.0) && holds(&g, 10.0, 17.0));
    // An island of its own in the hole.
    let island = [(8.0, 8.0), (12.0, 8.0), (12.0, 12.0), (8.0, 12.0)].map(|(lon, lat)| LonLat::new(lon, lat)).to_vec();
    g.lines.push(Line { places: island, hole: false });
    assert_eq!(g.parts().map(<[Line]>::len).collect::<Vec<_>>(), [2, 1]);
    assert!(holds(&g, 10.0, 10.0) && !holds(&g, 6.0, 6.0));
}

#[test]
fn inside_agrees_with_gnomonic_geometry() {
    // Independent: in the gnomonic projection about its middle a great circle is a straight line.
    let ring = [(-20.0, 30.0), (15.0, 25.0), (30.0, 55.0), (0.0, 40.0), (-25.0, 60.0)];
    let g = polygon(Edges::GreatCircle, &[&ring]);
    let gnomonic = |lon: f64, lat: f64| {
        let (l, p, p0) = (lon.to_radians(), lat.to_radians(), 40f64.to_radians());
        let c = p0.sin() * p.sin() + p0.cos() * p.cos() * l.cos();
        (p.cos() * l.sin() / c, (p0.cos() * p.sin() - p0.sin() * p.cos() * l.cos()) / c)
    };
    let flat: Vec<(f64, f64)> = ring.iter().map(|(lon, lat)| gnomonic(*lon, *lat)).collect();
    let planar = |(x, y): (f64, f64)| {
        let mut odd = false;
        for k in 0..flat.len() {
            let ((x0, y0), (x1, y1)) = (flat[k], flat[(k + 1) % flat.len()]);
            if (y0 > y) != (y1 > y) && x < (x1 - x0) * (y - y0) / (y1 - y0) + x0 {
                odd = !odd;
            }
        }
        odd
    };
    let mut inside = 0;
    for i in 0..90 {
        for j in 0..60 {
            let (lon, lat) = (-44.7 + f64::from(i), 10.3 + f64::from(j));
            let is = holds(&g, lon, lat);
            assert_eq!(is, planar(gnomonic(lon, lat)), "{lon} {lat}");
            inside += u32::from(is);
        }
    }
    assert!(inside > 500, "{inside}");
}

#[test]
fn samples_are_evenly_spaced() {
    let line = Geometry::simple(
        ShapeKind::Polyline,
        vec![LonLat::new(0.0, 0.0), LonLat::new(10.0, 0.0), LonLat::new(10.0, 5.0)],
    );
    let samples = line.samples(16);
    // A degree of a great circle of the mean radius: 111 195.08 m.
    assert!((length_m(&line) - 15.0 * 111_195.08).abs() < 20.0, "{}", length_m(&line));
    assert_eq!(samples.len(), 16);
    for (k, s) in samples.iter().enumerate() {
        let (lon, lat) = if k <= 10 { (k as f64, 0.0) } else { (10.0, k as f64 - 10.0) };
        assert!((s.place.lon_deg - lon).abs() < 1e-3 && (s.place.lat_deg - lat).abs() < 1e-3, "{k} {s:?}");
        assert!((s.distance_m - k as f64 * 111_195.08).abs() < 20.0);
    }
}

#[test]
fn wire_returns_what_was_sent_and_trusts_nobody() {
    let shape = NewShape {
        name: "Gulf Stream".into(),
        geometry: Arc::new(polygon(
            Edges::Straight,
            &[&[(0.1, 0.2), (20.0, 0.0), (20.0, 20.0)], &[(5.0, 1.0), (6.0, 1.0), (6.0, 2.0)]],
        )),
        style: Some(ShapeStyle::nth(2, ShapeKind::Polygon)),
        attributes: Arc::new(Attributes::from([("n".into(), serde_json::json!(3))])),
    };
    let bytes = wire_from_shapes(&[shape.clone(), shape.clone()]).unwrap();
    assert_eq!(shapes_from_wire(&bytes).unwrap(), [shape.clone(), shape]);
    for cut in [0, 7, 8, 20, bytes.len() - 8] {
        assert!(shapes_from_wire(&bytes[..cut]).is_err(), "{cut}");
    }
    let mut huge = bytes.clone();
    huge[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(shapes_from_wire(&huge).is_err());
}

#[test]
fn geojson_is_what_the_standard_says() {
    let mut shapes = Shapes::default();
    let clockwise = polygon(
        Edges::GreatCircle,
        &[&[(0.0, 0.0), (0.0, 20.0), (20.0, 20.0), (20.0, 0.0)], &[(5.0, 5.0), (15.0, 5.0), (15.0, 15.0)]],
    );
    let shape = Box::new(NewShape {
        name: "a \"b\" <c>".into(),
        geometry: Arc::new(clockwise),
        style: None,
        attributes: Arc::default(),
    });
    shapes.change(&ShapeChange::Add { shape, number: None }).unwrap();
    let value: serde_json::Value = serde_json::from_str(&geojson(shapes.iter())).unwrap();
    let feature = &value["features"][0];
    assert_eq!(feature["properties"]["name"], "a \"b\" <c>");
    assert_eq!(feature["seaglass"]["edges"], "great_circle");
    let rings = feature["geometry"]["coordinates"].as_array().unwrap();
    let area = |ring: &serde_json::Value| -> f64 {
        let p: Vec<(f64, f64)> =
            ring.as_array().unwrap().iter().map(|p| (p[0].as_f64().unwrap(), p[1].as_f64().unwrap())).collect();
        assert_eq!(p.first(), p.last(), "rings are closed");
        p.windows(2).map(|w| w[0].0 * w[1].1 - w[1].0 * w[0].1).sum::<f64>() / 2.0
    };
    assert_eq!(
        (area(&rings[0]), area(&rings[1])),
        (400.0, -50.0),
        "the outer ring runs against the clock, holes with it"
    );
    assert!(kml(shapes.iter()).contains("<name>a &quot;b&quot; &lt;c&gt;</name>"));
}

#[test]
fn a_session_draws_edits_and_undoes() {
    use crate::command::Command;
    use crate::session::Session;
    let mut s = Session::default();
    let send = |s: &mut Session, change| s.apply(&Command::Shapes { change });
    let triangle = || {
        let places = [(0.0, 0.0), (10.0, 0.0), (0.0, 10.0)].map(|(lon, lat)| LonLat::new(lon, lat)).to_vec();
        let geometry = Arc::new(Geometry::simple(ShapeKind::Polygon, places));
        ShapeChange::Add {
            shape: Box::new(NewShape { name: String::new(), geometry, style: None, attributes: Arc::default() }),
            number: None,
        }
    };
    send(&mut s, triangle()).unwrap();
    send(&mut s, triangle()).unwrap();
    let names = |s: &Session| s.project().shapes.iter().map(|s| s.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&s), ["Polygon 1", "Polygon 2"]);
    let id = s.project().shapes[0].id;
    for lon in 1..5 {
        let to = LonLat::new(f64::from(lon), 0.0);
        send(&mut s, ShapeChange::MoveVertex { shape: id, line: 0, vertex: 0, to }).unwrap();
    }
    s.settle();
    let first = |s: &Session| s.project().shapes[0].geometry.lines[0].places[0].lon_deg;
    assert_eq!(first(&s), 4.0);
    s.apply(&Command::Undo).unwrap();
    assert_eq!(first(&s), 0.0, "a drag is one step");
    // A triangle keeps its corners.
    assert!(send(&mut s, ShapeChange::RemoveVertex { shape: id, line: 0, vertex: 0 }).is_err());
    send(&mut s, ShapeChange::Remove { shape: id }).unwrap();
    s.apply(&Command::Undo).unwrap();
    assert_eq!(names(&s).len(), 2);
    // Numbers are not given again after undo.
    s.apply(&Command::Undo).unwrap();
    send(&mut s, triangle()).unwrap();
    let ids: Vec<u64> = s.project().shapes.iter().map(|s| s.id.0).collect();
    assert_eq!(ids, [1, 3]);
    // A file is no step of undo, and stays when another one is undone.
    let opened = |n: usize| {
        let ShapeChange::Add { shape, .. } = triangle() else { unreachable!() };
        ShapeChange::Opened { path: "/a.geojson".into(), shapes: Arc::new(vec![*shape; n]) }
    };
    s.apply_derived(&Command::Shapes { change: opened(2) }).unwrap();
    s.apply(&Command::Undo).unwrap();
    assert_eq!(s.project().shapes.iter().filter(|s| s.file.is_some()).count(), 2);
    s.apply_derived(&Command::Shapes { change: opened(3) }).unwrap();
    assert_eq!(s.project().shapes.files()[0].1, 3, "opened again, it replaces what there was");
    let text = serde_json::to_string(s.project()).unwrap();
    assert_eq!(serde_json::from_str::<crate::project::Project>(&text).unwrap().shapes, s.project().shapes);
    s.apply(&Command::CloseAll).unwrap();
    assert!(s.project().shapes.iter().all(|s| s.file.is_none()));
}
