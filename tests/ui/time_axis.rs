//! The axis of the timeline: folded gaps, many strips, layers without time, read-outs, modes of play.

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use seaglass_core::command::Command;
use seaglass_core::time::Time;
use seaglass_core::timeline::PlayMode;

use crate::world::{World, field, file};

/// Two whole days of 2002, and a day and a half of 2024.
fn decades() -> World {
    let mut world = World::with_data();
    let old = file("Jason", vec![field("swh", "Wave height", "m")], &["2002-01-15", "2002-01-16"], 1440.0);
    let new = file("Model", vec![field("hs", "Wave height of the model", "m")], &["2024-08-11"], 2160.0);
    for (k, info) in old.into_iter().chain(new).enumerate() {
        let path = format!("/data/wave{k}.nc").into();
        world.session.apply(&Command::Opened { path, info: Box::new(info) }).unwrap();
    }
    world
}

fn run(h: &mut Harness<'_, World>, query: &str) {
    h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
    h.run_ok();
    h.event(egui::Event::Text(query.to_owned()));
    h.run_ok();
    h.key_press(egui::Key::Enter);
    h.run_ok();
}

#[test]
fn long_gaps_fold_on_request_and_unfold_by_a_click() {
    let mut h = decades().harness(1440.0, 900.0, true);
    h.run_ok();
    assert!(h.query_by_label_contains("Folded:").is_none());
    run(&mut h, "fold long gaps");
    assert!(h.state().state.fold_gaps);
    let folds: Vec<egui::Rect> = h.query_all_by_label_contains("Folded:").map(|n| n.rect()).collect();
    assert_eq!(folds.len(), 1, "{folds:?}");
    assert!((folds[0].width() - 28.0).abs() < 0.5);
    // What is left shows both ends: the days of 2002 and of 2024 lie side by side.
    let track = h.get_by_label_contains("Timeline, ").rect();
    let fold = folds[0];
    assert!(fold.left() - track.left() > 100.0 && track.right() - fold.right() > 100.0, "{fold:?} in {track:?}");
    // A click left of the fold is in 2002, one right of it in 2024.
    for (x, year) in [(fold.left() - 30.0, 2002), (fold.right() + 30.0, 2024)] {
        let at = egui::pos2(x, track.top() + 6.0);
        h.hover_at(at);
        h.run_ok();
        h.drag_at(at);
        h.drop_at(at);
        h.run_ok();
        assert_eq!(h.state().session.project().timeline.now.civil().unwrap().0, year);
    }
    h.get_by_label_contains("Folded:").click();
    h.run_ok();
    assert!(h.query_by_label_contains("Folded:").is_none() && h.state().state.fold_gaps);
    // Asked for again, everything is as it was.
    run(&mut h, "fold long gaps");
    run(&mut h, "fold long gaps");
    assert_eq!(h.query_all_by_label_contains("Folded:").count(), 1);
}

#[test]
fn dragging_goes_with_the_pointer_across_a_fold() {
    let mut h = decades().harness(1440.0, 900.0, true);
    h.run_ok();
    run(&mut h, "fold long gaps");
    let fold = h.get_by_label_contains("Folded:").rect();
    let track = h.get_by_label_contains("Timeline, ").rect();
    let from = egui::pos2(track.right() - 40.0, track.bottom() - 6.0);
    h.drag_at(from);
    h.run_ok();
    for by in [60.0, 120.0] {
        h.hover_at(from + egui::vec2(by, 0.0));
        h.run_ok();
    }
    h.drop_at(from + egui::vec2(120.0, 0.0));
    h.run_ok();
    let moved = h.get_by_label_contains("Folded:").rect();
    let by = moved.left() - fold.left();
    assert!((by - 120.0).abs() < 8.0, "the fold went {by} points");
    assert!((moved.width() - fold.width()).abs() < 0.5);
}

#[test]
fn more_strips_than_fit_scroll_to_the_selected_one() {
    let mut world = World::with_data();
    for _ in 0..14 {
        world.session.apply(&Command::AddLayer { collection: "swot_l3".into(), field: "mdt".into() }).unwrap();
        let layer = world.session.project().layers[0].id;
        world.session.apply(&Command::InitRange { layer, range: [-1.5, 1.5] }).unwrap();
    }
    let last = world.session.project().layers.last().unwrap().id;
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    let track = h.get_by_label_contains("Timeline, ").rect();
    let top = |h: &Harness<'_, World>| {
        h.get_all_by_label_contains("Timeline of ").map(|n| n.rect().top()).fold(f32::INFINITY, f32::min)
    };
    let bottom = |h: &Harness<'_, World>| {
        h.get_all_by_label_contains("Timeline of ").map(|n| n.rect().bottom()).fold(f32::NEG_INFINITY, f32::max)
    };
    let first = top(&h);
    assert!(bottom(&h) >= track.bottom() - 24.0, "the strips fill the panel");
    h.state_mut().state.selected = Some(last);
    h.run_ok();
    h.run_ok();
    assert!(bottom(&h) <= track.bottom() + 1.0, "{} {track:?}", bottom(&h));
    assert!(top(&h) <= first + 24.0);
}

#[test]
fn a_layer_without_time_says_so() {
    let mut world = World::with_data();
    let mut info = file("Bathymetry", vec![field("depth", "Depth", "m")], &["2024-08-11T00:00:00"], 1.0).remove(0);
    info.parts[0].span = None;
    world.session.apply(&Command::Opened { path: "/data/depth.nc".into(), info: Box::new(info) }).unwrap();
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    assert!(h.query_by_label("Timeline of Depth, no time in the file: always shown").is_some());
    let words = "No time in the file: always shown";
    let painted = h.output().shapes.iter().any(|s| says(&s.shape, words));
    assert!(painted);
}

fn says(shape: &egui::Shape, words: &str) -> bool {
    match shape {
        egui::Shape::Vec(list) => list.iter().any(|s| says(s, words)),
        egui::Shape::Text(t) => t.galley.text().contains(words),
        _ => false,
    }
}

#[test]
fn clock_and_axis_tell_the_day_in_every_count() {
    let mut world = World::with_data();
    world.session.apply(&Command::SetTime { now: Time::parse("2024-08-11 12:00").unwrap() }).unwrap();
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    // 2024-08-11 is day 224 of a leap year; 74 years with 18 leap days before it are 27 028 days, and 223 more of its own.
    let words = "Day of year 224 (2024-224)\nCNES Julian date 27251.50000, days since 1950-01-01";
    h.get_by_label_contains("Time 2024").hover();
    for _ in 0..60 {
        h.step();
    }
    let said = |h: &Harness<'_, World>| h.output().shapes.iter().any(|s| says(&s.shape, words));
    assert!(said(&h), "over the clock");
    let clock = h.get_by_label("Clock").rect().center();
    let track = h.get_by_label_contains("Timeline, ").rect();
    h.hover_at(egui::pos2(track.left() + 20.0, track.bottom() - 4.0));
    for _ in 0..10 {
        h.step();
    }
    assert!(!said(&h));
    h.hover_at(clock);
    for _ in 0..60 {
        h.step();
    }
    let near = |h: &Harness<'_, World>| {
        h.output().shapes.iter().any(|s| says(&s.shape, "Day of year 22") && says(&s.shape, "days since 1950-01-01"))
    };
    assert!(near(&h), "over the axis");
}

#[test]
fn modes_of_play_and_loops_are_commands() {
    let mut h = World::with_data().harness(1440.0, 900.0, true);
    h.run_ok();
    run(&mut h, "play every granule");
    assert_eq!(h.state().session.project().timeline.play, PlayMode::Granules { per_s: 2.0 });
    run(&mut h, "play step by step");
    assert_eq!(h.state().session.project().timeline.play, PlayMode::Steps { per_s: 2.0 });
    run(&mut h, "play in real time");
    let t = h.state().session.project().timeline.clone();
    assert_eq!((t.play, t.speed), (PlayMode::Smooth, 1.0));
    run(&mut h, "loop this window");
    let window = h.state().session.project().timeline.window();
    assert_eq!(h.state().session.project().timeline.loop_span, Some(window));
    assert!(h.query_by_label("Loops over the marked window").is_some());
    // The menu under the speed has the same.
    h.get_by_label("Play: real time").click();
    h.run_ok();
    h.get_by_label("Loop all data").click();
    h.run_ok();
    assert_eq!(h.state().session.project().timeline.loop_span, None);
    assert!(h.query_by_label("Loops over all data").is_some());
}
