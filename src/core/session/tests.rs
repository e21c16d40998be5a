use super::extent::union;
use super::opening::MAX_AUTOMATIC_LAYERS;
use super::*;
use crate::camera::Camera;
use crate::field::FieldInfo;
use crate::geo::{GeoBox, LonLat};
use crate::granule::{FileInfo, GeometryKind, PartInfo};
use crate::protocol::FailureKind;
use crate::style::StylePatch;
use crate::time::{Time, TimeSpan};

fn field(name: &str) -> FieldInfo {
    serde_json::from_value(serde_json::json!({ "name": name, "variable": name })).unwrap()
}

fn part(name: &str, fields: &[&str], start: &str, steps: &[&str]) -> PartInfo {
    PartInfo {
        name: name.to_owned(),
        geometry: GeometryKind::Grid,
        shape: [4, 5],
        bounds: GeoBox { west: 10.0, south: 30.0, east: 20.0, north: 40.0 },
        footprint: Vec::new(),
        span: Some(TimeSpan::at(Time::parse(start).unwrap())),
        steps: steps.iter().map(|s| Time::parse(s).unwrap()).collect(),
        fields: fields.iter().map(|f| field(f)).collect(),
    }
}

fn info(product: Option<&str>, parts: Vec<PartInfo>) -> Box<FileInfo> {
    Box::new(FileInfo {
        product: product.map(str::to_owned),
        title: "Test".to_owned(),
        short: None,
        format: "netCDF-4".to_owned(),
        parts,
        notes: Vec::new(),
        attributes: Vec::new(),
    })
}

fn opened(session: &mut Session, path: &str, info: Box<FileInfo>) -> Vec<Effect> {
    session.apply(&Command::Opened { path: path.into(), info }).unwrap()
}

fn layers(session: &Session) -> Vec<(&str, bool)> {
    session.project().layers.iter().map(|l| (l.field.as_str(), l.visible)).collect()
}

#[test]
fn the_first_file_makes_a_layer_and_is_brought_into_view() {
    let mut s = Session::default();
    let effects = opened(&mut s, "/a.nc", info(Some("p"), vec![part("", &["sst"], "2024-08-11", &[])]));
    assert_eq!(effects, [Effect::ChooseRange(LayerId(1))]);
    assert_eq!(layers(&s), [("sst", true)]);
    let t = &s.project().timeline;
    assert!(t.window().contains(Time::parse("2024-08-11").unwrap()));
    let view = s.project().camera.view(1280.0, 800.0);
    assert!(view.screen_from_lonlat(crate::geo::LonLat::new(15.0, 35.0)).is_some());
    // A second file of the product joins the layer and leaves camera and clock alone.
    let camera = s.project().camera;
    opened(&mut s, "/b.nc", info(Some("p"), vec![part("", &["sst"], "2024-09-11", &[])]));
    assert_eq!(layers(&s).len(), 1);
    assert_eq!(s.project().camera, camera);
    assert_eq!(s.catalogue().collections["p"].granules.len(), 2);
}

#[test]
fn steps_become_granules_without_gaps_or_overlaps() {
    let mut s = Session::default();
    let days = ["2024-08-11", "2024-08-12", "2024-08-13"];
    opened(&mut s, "/a.nc", info(None, vec![part("", &["u"], "2024-08-11", &days)]));
    let granules = &s.catalogue().collections["cf: grid u 4x5 of 1"].granules;
    assert_eq!(granules.len(), 3);
    for pair in granules.windows(2) {
        let (a, b) = (pair[0].span.unwrap(), pair[1].span.unwrap());
        assert_eq!(b.start.micros() - a.stop.micros(), 1);
    }
    assert_eq!(granules[1].span.unwrap().start, Time::parse("2024-08-11T12:00").unwrap());
}

#[test]
fn daily_files_of_no_product_are_one_collection_and_layers_have_a_limit() {
    let mut s = Session::default();
    for day in 1..=9 {
        let date = format!("2024-08-0{day}");
        opened(&mut s, &format!("/x_{date}.nc"), info(None, vec![part("", &["u", "v"], &date, &[])]));
    }
    assert_eq!((s.catalogue().collections.len(), layers(&s).len()), (1, 1));
    for k in 0..30 {
        opened(&mut s, &format!("/other_{k}.nc"), info(None, vec![part("", &[&format!("f{k}")], "2024-08-01", &[])]));
    }
    assert_eq!((s.catalogue().collections.len(), layers(&s).len()), (31, MAX_AUTOMATIC_LAYERS));
}

#[test]
fn files_of_a_folder_sort_themselves_and_named_files_go_on_top() {
    let mut s = Session::default();
    let make = |field: &str, geometry, bounds| {
        info(Some(field), vec![PartInfo { geometry, bounds, ..part("", &[field], "2024-08-11", &[]) }])
    };
    let small = GeoBox { west: 10.0, south: 30.0, east: 20.0, north: 40.0 };
    opened(&mut s, "/d/1.nc", make("swath", GeometryKind::Swath, small));
    opened(&mut s, "/d/2.nc", make("world", GeometryKind::Grid, GeoBox::WORLD));
    opened(&mut s, "/d/3.nc", make("track", GeometryKind::Track, small));
    opened(&mut s, "/d/4.nc", make("world2", GeometryKind::Grid, GeoBox::WORLD));
    assert_eq!(layers(&s), [("track", true), ("swath", true), ("world2", false), ("world", true)]);
    s.apply(&Command::Open { paths: vec!["/named.nc".into()] }).unwrap();
    opened(&mut s, "/named.nc", make("world3", GeometryKind::Grid, GeoBox::WORLD));
    assert_eq!(layers(&s)[0], ("world3", true));
}

#[test]
fn a_named_place_is_kept_when_the_first_data_come() {
    let mut s = Session::default();
    let place = crate::geo::LonLat::new(-58.0, 36.0);
    s.apply(&Command::LookAt { place, altitude_m: Some(4.5e6) }).unwrap();
    opened(&mut s, "/a.nc", info(Some("p"), vec![part("", &["sst"], "2024-08-11", &[])]));
    assert_eq!(s.project().camera.target, place);
}

#[test]
fn parts_with_other_fields_do_not_count_for_a_layer() {
    let mut s = Session::default();
    let parts = vec![part("1 Hz", &["swh"], "2024-08-11", &[]), part("20 Hz", &["swh_20"], "2024-08-11", &[])];
    opened(&mut s, "/a.nc", info(Some("s6"), parts));
    let c = &s.catalogue().collections["s6"];
    let t = &s.project().timeline;
    let shown = c.shown("swh_20", crate::style::TimeRule::InWindow, t.now, t.window());
    assert_eq!(shown.iter().map(|g| g.part).collect::<Vec<_>>(), [1]);
}

#[test]
fn undo_restores_layers_but_not_the_camera() {
    let mut s = Session::default();
    opened(&mut s, "/a.nc", info(Some("p"), vec![part("", &["a", "b"], "2024-08-11", &[])]));
    s.apply(&Command::AddLayer { collection: "p".into(), field: "b".into() }).unwrap();
    for k in 1..=5 {
        let patch = StylePatch { opacity: Some(k as f32 / 10.0), ..StylePatch::default() };
        s.apply(&Command::SetStyle { layer: LayerId(2), patch }).unwrap();
    }
    s.apply(&Command::Zoom { factor: 0.5 }).unwrap();
    let altitude = s.project().camera.altitude_m;
    s.apply(&Command::Undo).unwrap();
    assert_eq!(s.project().layers[0].style.opacity, 1.0, "one drag is one step");
    assert_eq!(s.project().camera.altitude_m, altitude);
    s.apply(&Command::Undo).unwrap();
    assert_eq!(layers(&s), [("a", true)]);
    s.apply(&Command::Redo).unwrap();
    s.apply(&Command::Redo).unwrap();
    assert_eq!(s.project().layers[0].style.opacity, 0.5);
    // A layer added after an undo never reuses an id.
    s.apply(&Command::Undo).unwrap();
    s.apply(&Command::Undo).unwrap();
    s.apply(&Command::AddLayer { collection: "p".into(), field: "a".into() }).unwrap();
    assert_eq!(s.project().layers[0].id, LayerId(3));
}

#[test]
fn refused_commands_change_nothing_and_say_why() {
    let mut s = Session::default();
    opened(&mut s, "/a.nc", info(Some("p"), vec![part("", &["a"], "2024-08-11", &[])]));
    let before = s.project().clone();
    let layer = LayerId(1);
    let patch = |range| Command::SetStyle { layer, patch: StylePatch { range: Some(range), ..StylePatch::default() } };
    for (command, word) in [
        (patch([1.0, 1.0]), "empty"),
        (patch([f64::NAN, 1.0]), "finite"),
        (Command::RemoveLayer { layer: LayerId(9) }, "no layer 9"),
        (Command::AddLayer { collection: "p".into(), field: "zz".into() }, "it has a"),
        (Command::SetWindow { window_s: -1.0 }, "window"),
        (Command::SetLayerIndex { layer, extra: vec![0] }, "dimensions"),
        (Command::SetLayerComponents { layer, components: vec!["a".into()] }, "east and north"),
        (Command::SetLayerComponents { layer, components: vec!["a".into(), "nowhere".into()] }, "nowhere"),
        (Command::LookAt { place: crate::geo::LonLat::new(0.0, 91.0), altitude_m: None }, "Earth"),
    ] {
        let error = s.apply(&command).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
        assert_eq!(*s.project(), before);
    }
}

#[test]
fn stepping_through_granules() {
    let mut s = Session::default();
    for day in ["2024-08-11", "2024-08-13", "2024-08-17"] {
        opened(&mut s, &format!("/{day}.nc"), info(Some("p"), vec![part("", &["a"], day, &[])]));
    }
    let now = |s: &Session| s.project().timeline.now.date_text();
    s.apply(&Command::GoToEnd { last: false }).unwrap();
    s.apply(&Command::StepGranule { layer: None, steps: 1 }).unwrap();
    assert_eq!(now(&s), "2024-08-13");
    s.apply(&Command::StepGranule { layer: None, steps: 1 }).unwrap();
    assert_eq!(now(&s), "2024-08-17");
    assert!(s.apply(&Command::StepGranule { layer: None, steps: 1 }).is_err());
    s.apply(&Command::StepGranule { layer: None, steps: -2 }).unwrap();
    assert_eq!(now(&s), "2024-08-11");
    s.apply(&Command::SetTime { now: Time::parse("2024-08-16").unwrap() }).unwrap();
    s.apply(&Command::JumpToData { layer: None }).unwrap();
    assert_eq!(now(&s), "2024-08-17");
}

#[test]
fn the_clock_runs_and_loops() {
    let mut s = Session::default();
    opened(&mut s, "/a.nc", info(None, vec![part("", &["u"], "2024-08-11", &["2024-08-11", "2024-08-12"])]));
    s.apply(&Command::GoToEnd { last: true }).unwrap();
    s.apply(&Command::Play { on: true }).unwrap();
    s.apply(&Command::SetSpeed { speed: 3600.0 }).unwrap();
    s.apply(&Command::Tick { dt_s: 0.5 }).unwrap();
    let t = &s.project().timeline;
    assert!(t.playing && t.now < Time::parse("2024-08-11T12:00").unwrap(), "{}", t.now);
    s.apply(&Command::SetLoop { on: false }).unwrap();
    s.apply(&Command::GoToEnd { last: true }).unwrap();
    s.apply(&Command::Tick { dt_s: 0.5 }).unwrap();
    assert!(!s.project().timeline.playing);
}

#[test]
fn failures_are_kept_until_the_file_opens() {
    let mut s = Session::default();
    let error = ReadFailure { kind: FailureKind::Damaged, message: "cut".into() };
    for _ in 0..2 {
        s.apply(&Command::OpenFailed { path: "/a.nc".into(), error: error.clone() }).unwrap();
    }
    assert_eq!(s.failures().len(), 1);
    opened(&mut s, "/a.nc", info(None, vec![part("", &["u"], "2024-08-11", &[])]));
    assert!(s.failures().is_empty());
}

#[test]
fn boxes_join_the_short_way_round() {
    let a = GeoBox { west: 170.0, south: 0.0, east: 175.0, north: 1.0 };
    let b = GeoBox { west: -175.0, south: 2.0, east: -170.0, north: 3.0 };
    let u = union(&a, &b);
    assert_eq!((u.west, u.east, u.south, u.north), (170.0, 190.0, 0.0, 3.0));
    assert_eq!(union(&u, &GeoBox::WORLD).east - union(&u, &GeoBox::WORLD).west, 360.0);
}

/// Every order in which readers may answer ends in the same picture.
#[test]
fn files_opened_together_give_one_picture() {
    let make = |field: &str, geometry, west: f64, start: &str| {
        let bounds = match geometry {
            GeometryKind::Grid => GeoBox::WORLD,
            _ => GeoBox { west, south: 30.0, east: west + 10.0, north: 40.0 },
        };
        info(Some(field), vec![PartInfo { geometry, bounds, ..part("", &[field], start, &[]) }])
    };
    let file = |k: usize, day: &str| match k {
        0 => ("/d/1.nc", make("swath", GeometryKind::Swath, 10.0, "2024-08-11T03:00")),
        1 => ("/d/2.nc", make("world", GeometryKind::Grid, 0.0, "2024-08-11T12:00")),
        2 => ("/d/3.nc", make("world2", GeometryKind::Grid, 0.0, day)),
        _ => ("/d/4.nc", make("track", GeometryKind::Track, -50.0, "2024-08-11T20:00")),
    };
    let orders = [[0, 1, 2, 3], [3, 2, 1, 0], [2, 3, 0, 1], [1, 0, 3, 2]];
    // All fits into the window of a day, and then it does not.
    for (day, now) in [("2024-08-11T12:00", "2024-08-11T20:00"), ("2024-09-11", "2024-08-11T03:00")] {
        for order in orders {
            let mut s = Session::default();
            s.apply(&Command::Open { paths: vec!["/d".into()] }).unwrap();
            for k in order {
                let (path, info) = file(k, day);
                opened(&mut s, path, info);
            }
            assert_eq!(layers(&s), [("track", true), ("swath", true), ("world2", false), ("world", true)], "{order:?}");
            assert_eq!(s.project().timeline.now, Time::parse(now).unwrap(), "{order:?}");
            assert_eq!(s.project().camera.target.lon_deg.round(), 15.0, "{order:?}");
        }
    }
    // Named files: the last given lies on top, the first decides.
    for order in orders {
        let mut s = Session::default();
        s.apply(&Command::Open { paths: ["/d/4.nc", "/d/2.nc", "/d/1.nc", "/d/3.nc"].map(Into::into).to_vec() })
            .unwrap();
        for k in order {
            let (path, info) = file(k, "2024-09-11");
            opened(&mut s, path, info);
        }
        assert_eq!(layers(&s), [("world2", true), ("swath", true), ("world", true), ("track", true)], "{order:?}");
        assert_eq!(s.project().timeline.now, Time::parse("2024-08-11T20:00").unwrap(), "{order:?}");
    }
}

#[test]
fn what_the_user_moves_while_files_arrive_stays() {
    let mut s = Session::default();
    s.apply(&Command::Open { paths: vec!["/d".into()] }).unwrap();
    opened(&mut s, "/d/2.nc", info(Some("p"), vec![part("", &["sst"], "2024-08-11", &[])]));
    let (now, camera) = (Time::parse("2024-08-20").unwrap(), Camera { altitude_m: 1e6, ..Camera::default() });
    s.apply(&Command::SetTime { now }).unwrap();
    s.apply(&Command::SetCamera { camera }).unwrap();
    opened(&mut s, "/d/1.nc", info(Some("q"), vec![part("", &["ssha"], "2024-08-12", &[])]));
    assert_eq!((s.project().timeline.now, s.project().camera), (now, camera.sanitized()));
}

#[test]
fn views_are_kept_to_go_back_to() {
    let mut s = Session::default();
    let look = |s: &mut Session, lon: f64| {
        s.apply(&Command::LookAt { place: crate::geo::LonLat::new(lon, 0.0), altitude_m: None }).unwrap();
    };
    let at = |s: &Session| s.project().camera.target.lon_deg;
    assert_eq!(s.can_go_back_forward(), (false, false));
    for lon in [10.0, 20.0, 30.0] {
        look(&mut s, lon);
        s.apply(&Command::KeepView).unwrap();
        s.apply(&Command::KeepView).unwrap();
    }
    // Moved but not rested: that view is kept as well.
    look(&mut s, 40.0);
    for lon in [30.0, 20.0, 10.0] {
        s.apply(&Command::ViewBack).unwrap();
        assert_eq!(at(&s), lon);
    }
    assert!(s.apply(&Command::ViewBack).is_err());
    s.apply(&Command::ViewForward).unwrap();
    assert_eq!((at(&s), s.can_go_back_forward()), (20.0, (true, true)));
    look(&mut s, 50.0);
    s.apply(&Command::KeepView).unwrap();
    assert!(s.apply(&Command::ViewForward).is_err(), "a new view ends the way forward");
    s.apply(&Command::ViewBack).unwrap();
    assert_eq!(at(&s), 20.0);
}

#[test]
fn files_that_failed_are_no_sources() {
    let mut s = Session::default();
    let (good, bad) = (std::path::PathBuf::from("/a.nc"), std::path::PathBuf::from("/bad.nc"));
    s.apply(&Command::Open { paths: vec![good.clone(), bad.clone()] }).unwrap();
    let error = crate::protocol::ReadFailure { kind: FailureKind::Missing, message: "Gone.".to_owned() };
    s.apply(&Command::OpenFailed { path: bad.clone(), error }).unwrap();
    assert_eq!(s.readable_sources(), [good.as_path()]);
    // Read after all, it counts again.
    opened(&mut s, "/bad.nc", info(Some("p"), vec![part("", &["a"], "2024-08-11", &[])]));
    assert_eq!(s.readable_sources(), [good.as_path(), bad.as_path()]);
}

fn three_steps() -> Session {
    let mut s = Session::default();
    let days = ["2024-08-11", "2024-08-12", "2024-08-14"];
    opened(&mut s, "/a.nc", info(None, vec![part("", &["u"], "2024-08-11", &days)]));
    s.apply(&Command::SetAnchor { anchor: crate::timeline::Anchor::Centred }).unwrap();
    s.apply(&Command::GoToEnd { last: false }).unwrap();
    s
}

/// Clock after each of so many ticks of the length of a beat.
fn played(s: &mut Session, ticks: usize) -> Vec<String> {
    (0..ticks)
        .map(|_| {
            s.apply(&Command::Tick { dt_s: 0.5 }).unwrap();
            s.project().timeline.now.iso()
        })
        .collect()
}

#[test]
fn every_time_step_is_played_in_turn() {
    use crate::timeline::PlayMode;
    let mut s = three_steps();
    s.apply(&Command::SetPlayMode { play: PlayMode::Granules { per_s: 2.0 } }).unwrap();
    s.apply(&Command::Play { on: true }).unwrap();
    // A step reaches half-way to its neighbours: middles of 10T12–11T12, 11T12–13T00 and 13T00–15T00, a microsecond off.
    let middles = ["2024-08-10T23:59:59", "2024-08-12T05:59:59", "2024-08-13T23:59:59"];
    let seen = played(&mut s, 4);
    for (k, at) in [0, 1, 2, 0].into_iter().enumerate() {
        assert!(seen[k].starts_with(middles[at]), "{k}: {seen:?}");
    }
    // Slow frames leave nothing out; half a beat is none.
    s.apply(&Command::Tick { dt_s: 0.2 }).unwrap();
    assert!(s.project().timeline.now.iso().starts_with(middles[0]));
    s.apply(&Command::Tick { dt_s: 1.0 }).unwrap();
    assert!(s.project().timeline.now.iso().starts_with(middles[1]));
    s.apply(&Command::SetLoop { on: false }).unwrap();
    played(&mut s, 3);
    let t = &s.project().timeline;
    assert!(!t.playing && t.now.iso().starts_with(middles[2]), "{}", t.now);
    assert!(s.apply(&Command::SetPlayMode { play: PlayMode::Steps { per_s: 0.0 } }).is_err());
}

#[test]
fn fixed_steps_are_played_and_a_window_is_looped() {
    use crate::timeline::PlayMode;
    let mut s = three_steps();
    let at = |text: &str| Time::parse(text).unwrap();
    s.apply(&Command::SetStep { step_s: Some(21_600.0) }).unwrap();
    s.apply(&Command::SetPlayMode { play: PlayMode::Steps { per_s: 2.0 } }).unwrap();
    s.apply(&Command::SetTime { now: at("2024-08-12") }).unwrap();
    s.apply(&Command::SetLoopSpan { span: TimeSpan::new(at("2024-08-12"), at("2024-08-12T12:00")) }).unwrap();
    s.apply(&Command::Play { on: true }).unwrap();
    let hours = ["2024-08-12T06:00:00Z", "2024-08-12T12:00:00Z", "2024-08-12T00:00:00Z", "2024-08-12T06:00:00Z"];
    assert_eq!(played(&mut s, 4), hours);
    // Before the window the loop begins with it; looping all forgets it.
    s.apply(&Command::SetTime { now: at("2024-08-11") }).unwrap();
    assert_eq!(played(&mut s, 1), ["2024-08-12T00:00:00Z"]);
    s.apply(&Command::SetLoop { on: true }).unwrap();
    assert_eq!(s.project().timeline.loop_span, None);
    assert_eq!(played(&mut s, 3).last().unwrap(), "2024-08-12T18:00:00Z");
    assert!(s.apply(&Command::SetLoopSpan { span: TimeSpan::at(at("2024-08-12")) }).is_err());
}

#[test]
fn globe_and_map_change_places_without_losing_the_view() {
    use crate::geo::LonLat;
    use crate::projection::Projection;
    let mut s = Session::default();
    for (lon, lat) in [(-42.0, 20.0), (100.0, -75.0), (20.0, 78.0)] {
        let camera = Camera {
            target: LonLat::new(lon, lat),
            heading_deg: 25.0,
            altitude_m: 900_000.0,
            projection: Projection::Globe,
            ..Camera::default()
        };
        s.apply(&Command::SetProjection { projection: Projection::PolarNorth }).unwrap();
        s.apply(&Command::SetCamera { camera }).unwrap();
        s.apply(&Command::ToggleGlobe).unwrap();
        let map = s.project().camera;
        // The Arctic map cannot show the south.
        let expected = if lat < -30.0 { Projection::Equirectangular } else { Projection::PolarNorth };
        assert_eq!((map.projection, map.target), (expected, camera.target));
        // What lay north of the middle lies there still, as far away.
        let north = LonLat::new(lon, lat + 0.5);
        let on_screen = |c: &Camera| c.view(800.0, 800.0).screen_from_lonlat(north).unwrap();
        let off = on_screen(&camera).distance(on_screen(&map));
        assert!(off < 3.0, "{lon} {lat}: {off} pixels");
        s.apply(&Command::ToggleGlobe).unwrap();
        let back = s.project().camera;
        assert!((back.heading_deg - 25.0).abs() < 1e-9 && back.altitude_m == 900_000.0 && back.target == camera.target);
    }
}

fn opened_field(standard_name: &str, units: &str) -> Session {
    let mut s = Session::default();
    let info: crate::granule::FileInfo = serde_json::from_value(serde_json::json!({
        "product": "p", "title": "P", "format": "netCDF-4", "notes": [], "attributes": [],
        "parts": [{ "name": "", "geometry": "swath", "shape": [10, 10], "footprint": [], "steps": [],
            "bounds": { "west": -10.0, "south": -10.0, "east": 10.0, "north": 10.0 },
            "fields": [{ "name": "f", "variable": "f", "standard_name": standard_name, "units": units, "hides_cells": true }] }]
    }))
    .unwrap();
    s.apply(&Command::Opened { path: "/f.nc".into(), info: Box::new(info) }).unwrap();
    s
}

/// A style saved for a field wins over one for the quantity, and both over the table; the range keeps to its unit.
#[test]
fn saved_styles_are_the_defaults_of_later_layers() {
    let name = "sea_surface_height_above_sea_level";
    let mut s = opened_field(name, "m");
    let layer = s.project().layers[0].id;
    let patch =
        |map: &str| StylePatch { colormap: Some(map.into()), range: Some([-0.7, 0.7]), ..StylePatch::default() };
    s.apply(&Command::SetStyle { layer, patch: patch("cmocean_deep") }).unwrap();
    let effects = s.apply(&Command::SaveDefaultStyle { layer, quantity: true }).unwrap();
    assert_eq!(effects, [Effect::SaveUserStyles]);
    let saved = s.user_styles().clone();
    let look = |units: &str, styles: &crate::user_styles::UserStyles| {
        let mut file = opened_field(name, units);
        file.set_user_styles(styles.clone());
        file.apply(&Command::AddLayer { collection: "p".into(), field: "f".into() }).unwrap();
        file.project().layers[0].style.clone()
    };
    assert_eq!((look("m", &saved).colormap.as_str(), look("m", &saved).range), ("cmocean_deep", Some([-0.7, 0.7])));
    assert_eq!((look("cm", &saved).colormap.as_str(), look("cm", &saved).range), ("cmocean_deep", Some([-30.0, 30.0])));
    s.apply(&Command::SetStyle { layer, patch: patch("cmocean_ice") }).unwrap();
    s.apply(&Command::SaveDefaultStyle { layer, quantity: false }).unwrap();
    assert_eq!(look("m", s.user_styles()).colormap, "cmocean_ice");
    s.apply(&Command::SetStyle { layer, patch: patch("jet") }).unwrap();
    s.apply(&Command::ResetStyle { layer }).unwrap();
    assert_eq!(s.project().layers[0].style.colormap, "cmocean_ice");
    let effects = s.apply(&Command::ForgetDefaultStyle { layer }).unwrap();
    assert_eq!(
        effects,
        [Effect::SaveUserStyles, Effect::ChooseRange(layer)],
        "the guess of the table is the data's to widen"
    );
    assert_eq!(s.project().layers[0].style.colormap, "cmocean_balance");
    assert!(!s.has_user_style(layer));
}

#[test]
fn a_guess_is_widened_once_and_never_a_choice() {
    let mut s = opened_field("sea_surface_height_above_sea_level", "m");
    let layer = s.project().layers[0].id;
    let range = |s: &Session| s.project().layers[0].style.range;
    assert_eq!(range(&s), Some([-0.3, 0.3]));
    let widen = |from, to| Command::WidenRange { layer, from, to };
    s.apply(&widen([-0.3, 0.3], [-0.1, 0.1])).unwrap();
    assert_eq!(range(&s), Some([-0.3, 0.3]), "never narrowed");
    s.apply(&widen([-0.3, 0.3], [-0.6, 0.6])).unwrap();
    assert_eq!(range(&s), Some([-0.6, 0.6]));
    s.apply(&widen([-0.3, 0.3], [-0.8, 0.8])).unwrap();
    assert_eq!(range(&s), Some([-0.6, 0.6]));
    assert!(!s.can_undo_redo().0, "the first look is no step of the user's");
}

#[test]
fn a_range_by_hand_ends_following() {
    let mut s = opened_field("sea_surface_temperature", "kelvin");
    let layer = s.project().layers[0].id;
    let set = |patch| Command::SetStyle { layer, patch };
    let style = |s: &Session| s.project().layers[0].style.clone();
    s.apply(&Command::FollowRange { layer, range: [1.0, 2.0] }).unwrap();
    assert_ne!(style(&s).range, Some([1.0, 2.0]), "it does not follow");
    s.apply(&set(StylePatch { follow_view: Some(true), ..StylePatch::default() })).unwrap();
    s.apply(&Command::FollowRange { layer, range: [1.0, 2.0] }).unwrap();
    assert_eq!(style(&s).range, Some([1.0, 2.0]));
    s.apply(&Command::Play { on: true }).unwrap();
    s.apply(&Command::FollowRange { layer, range: [3.0, 4.0] }).unwrap();
    assert_eq!(style(&s).range, Some([1.0, 2.0]), "held while time plays");
    s.apply(&set(StylePatch { range: Some([5.0, 6.0]), ..StylePatch::default() })).unwrap();
    assert!(!style(&s).follow_view);
}

#[test]
fn a_whole_orbit_is_framed_at_its_middle() {
    // 1632 rows of a scatterometer: once round the Earth, the box as wide as the Earth (98° of inclination).
    let at = |turn: f64, side: f64| {
        let (u, i) = ((turn * 354.0 + 3.0).to_radians(), 98.0_f64.to_radians());
        let lat = (i.sin() * u.sin()).asin().to_degrees();
        LonLat::new((i.cos() * u.sin()).atan2(u.cos()).to_degrees() + side * 4.0, lat)
    };
    let n = 23;
    let along = |k: i32| f64::from(k) / f64::from(n);
    let mut footprint: Vec<LonLat> = (0..=n).map(|k| at(0.0, along(k) * 2.0 - 1.0)).collect();
    footprint.extend((1..=n).map(|k| at(along(k), 1.0)));
    footprint.extend((0..n).rev().map(|k| at(1.0, along(k) * 2.0 - 1.0)));
    footprint.extend((1..n).rev().map(|k| at(along(k), -1.0)));
    let orbit = |shape: [usize; 2]| PartInfo {
        geometry: GeometryKind::Swath,
        shape,
        bounds: GeoBox { west: 96.0, south: -86.0, east: 455.2, north: 86.0 },
        footprint: footprint.clone(),
        ..part("", &["wind_speed"], "2015-07-02", &[])
    };
    let target = |shape| {
        let mut s = Session::default();
        opened(&mut s, "/a.nc", info(Some("p"), vec![orbit(shape)]));
        s.project().camera.target
    };
    let middle = at(0.5, 0.0);
    let found = target([1632, 42]);
    assert!(found.approx_distance_m(&middle) < 600_000.0, "{found:?} is far from {middle:?}");
    // A model on a bent grid of the whole Earth has no such middle.
    assert!(target([1000, 1400]).approx_distance_m(&middle) > 600_000.0);
}
