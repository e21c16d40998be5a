//! The table of pairs, and undo beside the layer of pairs.

use egui_kittest::kittest::{NodeT, Queryable};
use seaglass_app::colocate::selection::Brush;
use seaglass_app::state::Action;
use seaglass_core::colocation::ColocationPatch;
use seaglass_core::command::Command;

use crate::world::{World, ready};

type Harness = egui_kittest::Harness<'static, World>;

/// Numbers of the pairs whose rows are in sight, from the top.
fn in_sight(h: &Harness) -> Vec<usize> {
    let mut rows: Vec<(f32, usize)> = h
        .query_all_by_role(egui::accesskit::Role::Row)
        .filter_map(|n| {
            let label = n.accesskit_node().label()?;
            let number = label.strip_prefix("Pair ")?.split(',').next()?.parse().ok()?;
            Some((n.rect().top(), number))
        })
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows.into_iter().map(|r| r.1).collect()
}

#[test]
fn rows_sort_select_fly_and_copy() {
    let mut world = ready();
    let found = world.pairs(25_000.0, 10_800.0);
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    assert!(in_sight(&h).is_empty());
    h.key_press(egui::Key::T);
    h.run_ok();
    let rows = in_sight(&h);
    assert!(rows.len() > 3 && rows.len() < found.pairs.len(), "only rows in sight are made: {}", rows.len());
    assert_eq!(rows[..3], [1, 2, 3]);
    // By difference, falling.
    h.get_by_label("Sort by Difference, °C").click();
    h.run_ok();
    h.get_by_label("Difference, °C, rising").click();
    h.run_ok();
    let mut expected: Vec<usize> = (0..found.pairs.len()).collect();
    expected.sort_by(|a, b| found.difference(*b).total_cmp(&found.difference(*a)).then(a.cmp(b)));
    let top = in_sight(&h);
    assert_eq!(top, expected[..top.len()].iter().map(|k| k + 1).collect::<Vec<_>>());
    // A click selects the pair everywhere and goes there.
    let second = expected[1];
    h.get_by(|n| n.label().is_some_and(|l| l.starts_with(&format!("Pair {},", second + 1)))).click();
    h.run_ok();
    let p = found.pairs[second];
    assert_eq!(h.state().state.colocate.selection.brush, Brush::Pair(p.a, p.b));
    assert_eq!(**h.state().state.colocate.selection.pairs(), [second as u32]);
    let place = found.reference(second).unwrap().at;
    let went = h.state().commands.iter().any(|c| matches!(c, Command::LookAt { place: at, .. } if *at == place));
    assert!(went, "{:?}", h.state().commands);
    // The next row by the keyboard, and its values with tabs.
    h.key_press(egui::Key::ArrowDown);
    h.run_ok();
    assert_eq!(**h.state().state.colocate.selection.pairs(), [expected[2] as u32]);
    h.get_by_label("Copy rows").click();
    h.run_ok();
    let text = h.state().actions.iter().find_map(|a| match a {
        Action::Copy(text) => Some(text.clone()),
        _ => None,
    });
    let text = text.expect("nothing was copied");
    let lines: Vec<Vec<&str>> = text.lines().map(|l| l.split('\t').collect()).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().all(|l| l.len() == lines[0].len()));
    let column = |name: &str| lines[1][lines[0].iter().position(|n| *n == name).unwrap()];
    let k = expected[2];
    assert_eq!(column("reference").parse::<f64>().unwrap(), found.x[k]);
    assert_eq!(column("difference").parse::<f64>().unwrap(), found.difference(k));
    assert_eq!(column("dt_s").parse::<f64>().unwrap(), found.pairs[k].dt_us as f64 / 1e6);
    // What a plot selects is marked and comes into sight, wherever it is.
    let last = expected[expected.len() - 1];
    let p = found.pairs[last];
    h.state_mut().state.colocate.selection.brush = Brush::Pair(p.a, p.b);
    h.run_ok();
    assert!(in_sight(&h).contains(&(last + 1)), "{:?}", in_sight(&h));
    h.key_press(egui::Key::T);
    h.run_ok();
    assert!(in_sight(&h).is_empty());
}

/// `SEAGLASS_MEASURE=1 cargo test --test ui_colocate -- --nocapture million`: a frame while the table of some 700 000 pairs
/// scrolls.
#[test]
fn a_million_rows_are_as_quick_as_ten() {
    let measure = std::env::var_os("SEAGLASS_MEASURE").is_some();
    if !measure {
        println!("skipped: SEAGLASS_MEASURE=1 prints the times");
        return;
    }
    let mut world = World::of(&[("ascat", "wind_dir"), ("ascat", "model_dir")]);
    let layers = world.layers();
    // Each cell with itself, or nearly a million pairs; 13 km would be four million.
    world.set(ColocationPatch {
        reference: Some(layers[0]),
        compared: Some(layers[1]),
        radius_m: Some(5000.0),
        window_s: Some(60.0),
        ..ColocationPatch::default()
    });
    let found = world.pairs(5000.0, 60.0);
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    let frame = |h: &mut Harness| {
        let start = std::time::Instant::now();
        h.step();
        start.elapsed().as_secs_f64() * 1e3
    };
    let mut without: Vec<f64> = (0..40).map(|_| frame(&mut h)).collect();
    h.key_press(egui::Key::T);
    h.run_ok();
    let row = h.get_by(|n| n.label().is_some_and(|l| l.starts_with("Pair 1,"))).rect();
    h.hover_at(row.center());
    let mut scrolling: Vec<f64> = (0..40)
        .map(|_| {
            h.event(egui::Event::MouseWheel {
                unit: egui::MouseWheelUnit::Point,
                delta: egui::vec2(0.0, -5000.0),
                phase: egui::TouchPhase::Move,
                source: egui::MouseWheelSource::Wheel,
                modifiers: egui::Modifiers::NONE,
            });
            frame(&mut h)
        })
        .collect();
    let start = std::time::Instant::now();
    h.get_by_label("Sort by Difference, °").click();
    h.run_ok();
    let sort = start.elapsed().as_secs_f64() * 1e3;
    for v in [&mut without, &mut scrolling] {
        v.sort_by(f64::total_cmp);
    }
    println!(
        "{} pairs: frame without the table {:.2} ms, while it scrolls {:.2} (most {:.2}) ms, sorting {sort:.0} ms",
        found.pairs.len(),
        without[20],
        scrolling[20],
        scrolling[39]
    );
}

#[test]
fn undo_takes_back_what_the_user_did() {
    let mut world = ready();
    world.pairs(25_000.0, 10_800.0);
    let is_pairs = |w: &World| w.host.session().project().layers.iter().position(|l| l.field == "SST difference");
    world.wait(|w| is_pairs(w));
    world.set(ColocationPatch { radius_m: Some(9000.0), ..ColocationPatch::default() });
    world.pairs(9000.0, 10_800.0);
    let shown = |w: &World| {
        let layers = &w.host.session().project().layers;
        let layer = layers.iter().find(|l| l.field == "SST difference")?;
        Some(w.host.session().catalogue().collections[&layer.collection].granules.len())
    };
    world.wait(|w| shown(w).filter(|n| *n == 1));
    // The radius comes back, the layer of pairs stays.
    world.host.send(Command::Undo);
    world.host.step();
    let c = world.host.session().project().colocation.clone().unwrap();
    assert_eq!((c.radius_m, c.window_s), (25_000.0, 10_800.0));
    assert!(is_pairs(&world).is_some());
    // What the user does to the layer of pairs itself is undone like anything else.
    let layer = world.host.session().project().layers.iter().find(|l| l.field == "SST difference").unwrap().id;
    world.host.send(Command::RemoveLayer { layer });
    world.host.step();
    assert!(is_pairs(&world).is_none());
    world.host.send(Command::Undo);
    world.host.step();
    assert_eq!(is_pairs(&world), Some(0));
    // Without a match-up there are no pairs.
    world.host.send(Command::EndColocation);
    world.wait(|w| is_pairs(w).is_none().then_some(()));
}
