//! The panel: its figures, sliders, selections, presets, files.

use std::sync::Arc;
use std::time::Instant;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use seaglass_app::colocate::selection::{Brush, Quantity};
use seaglass_app::state::Action;
use seaglass_core::colocation::{ColocationPatch, PRESETS, Sample};
use seaglass_core::command::Command;
use seaglass_core::geo::LonLat;
use seaglass_host::colocate::Stage;

use crate::world::{World, ready, rows};

#[test]
fn the_numbers_are_those_of_brute_force_and_of_the_ocean() {
    let mut world = ready();
    let found = world.pairs(25_000.0, 10_800.0);
    let (a, b) = (rows(&found, 0), rows(&found, 1));
    let metric = seaglass_coloc::Metric::Wgs84;
    let mut expected: Vec<(u32, u32)> = Vec::new();
    let mut differences = Vec::new();
    for (i, p) in a.iter().enumerate() {
        let mut best: Option<(f64, usize)> = None;
        for (j, q) in b.iter().enumerate() {
            // 25 km are 0.23° of latitude.
            if (p.lat - q.lat).abs() > 0.3 || (p.time_us - q.time_us).abs() > 10_800_000_000 {
                continue;
            }
            let d = metric.distance_m(p.lat, p.lon, q.lat, q.lon);
            if d <= 25_000.0 && best.is_none_or(|(least, _)| d < least) {
                best = Some((d, j));
            }
        }
        if let Some((_, j)) = best {
            expected.push((i as u32, j as u32));
            differences.push(b[j].value - p.value);
        }
    }
    assert!(expected.len() > 20, "only {} pairs", expected.len());
    let got: Vec<(u32, u32)> = found.pairs.iter().map(|p| (p.a, p.b)).collect();
    assert_eq!(got, expected);
    let n = differences.len() as f64;
    let bias = differences.iter().sum::<f64>() / n;
    let sd = (differences.iter().map(|d| (d - bias).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    assert!((found.stats.bias - bias).abs() < 1e-9 && (found.stats.sd - sd).abs() < 1e-9, "{:?}", found.stats);
    // Both instruments see the analytic ocean; what is left is its change over 25 km and 3 h.
    let ocean = seaglass_core::ocean::Ocean::new(1);
    for k in 0..found.pairs.len() {
        for (place, value) in [(found.reference(k).unwrap(), found.x[k]), (found.compared(k).unwrap(), found.y[k])] {
            let truth = ocean.sst_kelvin(LonLat::new(place.at.lon_deg, place.at.lat_deg), place.time) - 273.15;
            assert!((value - truth).abs() < 0.02, "{value} is not {truth}");
        }
    }
}

#[test]
fn smaller_limits_need_no_reading_and_equal_a_run_of_their_own() {
    let mut world = ready();
    let wide = world.pairs(25_000.0, 10_800.0);
    assert!(wide.data.is_live());
    world.set(ColocationPatch {
        radius_m: Some(4000.0),
        window_s: Some(7200.0),
        sample: Some(Sample::Mean),
        ..ColocationPatch::default()
    });
    let near = world.pairs(4000.0, 7200.0);
    assert!(Arc::ptr_eq(&wide.data, &near.data), "the rows were read again");
    assert!(near.pairs.len() < wide.pairs.len() && !near.pairs.is_empty());
    let (a, b) = (rows(&near, 0), rows(&near, 1));
    for p in &near.pairs {
        let r = &a[p.a as usize];
        let inside: Vec<f64> = b
            .iter()
            .filter(|q| (q.lat - r.lat).abs() < 0.05 && (q.time_us - r.time_us).abs() <= 7_200_000_000)
            .filter(|q| seaglass_coloc::Metric::Wgs84.distance_m(r.lat, r.lon, q.lat, q.lon) <= 4000.0)
            .map(|q| q.value)
            .collect();
        assert_eq!(p.n as usize, inside.len());
        assert!((p.value - inside.iter().sum::<f64>() / inside.len() as f64).abs() < 1e-9);
    }
    world.host.send(Command::Undo);
    world.pairs(25_000.0, 10_800.0);
}

#[test]
fn the_panel_says_the_figures_and_follows_the_sliders() {
    let mut world = ready();
    let found = world.pairs(25_000.0, 10_800.0);
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    let count = format!("Pairs {}", found.pairs.len());
    assert!(h.query_by_label(&count).is_some(), "no figure says {count}");
    let bias = format!("Bias, °C {}", seaglass_app::text::number(found.stats.bias, decimals(found.stats.sd)));
    assert!(h.query_by_label(&bias).is_some(), "no figure says {bias}");
    // The slider moves to the left: fewer pairs, and no new reading.
    let slider = h.get_by_label("Distance").rect();
    h.drag_at(slider.center());
    h.run_ok();
    h.hover_at(slider.left_center() + egui::vec2(40.0, 0.0));
    h.run_ok();
    h.drop_at(slider.left_center() + egui::vec2(40.0, 0.0));
    h.run_ok();
    let sent = h.state().commands.iter().filter(|c| matches!(c, Command::SetColocation { .. })).count();
    assert!(sent > 0, "{:?}", h.state().commands);
    let radius_m = h.state().host.session().project().colocation.as_ref().unwrap().radius_m;
    assert!(radius_m < 25_000.0);
    let less = h.state_mut().pairs(radius_m, 10_800.0);
    h.run_ok();
    assert!(less.pairs.len() < found.pairs.len());
    assert!(h.query_by_label(&format!("Pairs {}", less.pairs.len())).is_some());
}

/// Figures of other limits say so and cannot be worked with while the ones asked for are waited for.
#[test]
fn pairs_of_other_limits_say_which() {
    let mut world = ready();
    world.pairs(25_000.0, 10_800.0);
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    let words = "Pairs of 25\u{a0}km, ±3\u{a0}h";
    assert!(h.query_by_label(words).is_none(), "they are those asked for");
    let brush = |h: &mut Harness<'static, World>| {
        let plot = h.get_by_label("Scatter plot of the pairs").rect();
        h.drag_at(plot.left_bottom() + egui::vec2(2.0, -2.0));
        h.run_ok();
        h.hover_at(plot.left_bottom() + egui::vec2(60.0, -60.0));
        h.run_ok();
        h.drop_at(plot.left_bottom() + egui::vec2(60.0, -60.0));
        h.run_ok();
        h.state().state.colocate.selection.brush.clone()
    };
    let estimate = Stage::Estimate { seconds: 4.0, bytes: 22_800_000 };
    for stage in [estimate, Stage::Stopped, Stage::Matching { done: 1, total: 4, pairs: Some(264) }] {
        h.state_mut().waits = Some(stage);
        h.step();
        h.step();
        assert!(h.query_by_label(words).is_some());
    }
    assert!(h.query_by_label("Matching 25\u{a0}%, 264 pairs so far").is_some());
    h.state_mut().waits = Some(Stage::Stopped);
    assert_eq!(brush(&mut h), Brush::None);
    h.state_mut().state.colocate.table.open = true;
    h.run_ok();
    assert_eq!(h.query_all_by_label(words).count(), 2, "the table says so, too");
    // A slider over what is in memory is a frame or two behind: nothing flickers.
    h.state_mut().waits = Some(Stage::Done);
    h.run_ok();
    assert!(h.query_by_label(words).is_none());
    assert_ne!(brush(&mut h), Brush::None);
}

/// At the design's size all plots are in sight, also under the strip that says there is no GPU.
#[test]
fn all_plots_are_in_sight() {
    for software in [false, true] {
        let mut world = ready();
        world.pairs(25_000.0, 10_800.0);
        world.software = software;
        let mut h = world.harness(1440.0, 900.0, true);
        h.run_ok();
        let plot = h.get_by_label("Plot of the differences").rect();
        let export = h.get_by_label("Export").rect();
        // Its numbers are 20 high.
        assert!(plot.bottom() + 20.0 <= export.top(), "{plot:?} {export:?}, software: {software}");
        assert!(h.get_by_label("Scatter plot of the pairs").rect().height() > 130.0);
    }
}

fn decimals(sd: f64) -> usize {
    (1.0 - sd.log10().floor()).max(0.0) as usize
}

#[test]
fn a_drag_in_a_plot_selects_and_escape_clears() {
    let mut world = ready();
    let found = world.pairs(25_000.0, 10_800.0);
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    let plot = h.get_by_label("Scatter plot of the pairs").rect();
    h.drag_at(plot.left_bottom() + egui::vec2(2.0, -2.0));
    h.run_ok();
    h.hover_at(plot.center());
    h.run_ok();
    h.drop_at(plot.center());
    h.run_ok();
    let brush = h.state().state.colocate.selection.brush.clone();
    let Brush::Rectangle(from, to) = brush else { panic!("{brush:?}") };
    let inside = |v: f64, k: usize| v >= from[k].min(to[k]) && v <= from[k].max(to[k]);
    let expected = (0..found.pairs.len()).filter(|k| inside(found.x[*k], 0) && inside(found.y[*k], 1)).count();
    assert!(expected > 0 && expected < found.pairs.len(), "{expected} of {}", found.pairs.len());
    assert_eq!(h.state().state.colocate.selection.pairs().len(), expected);
    h.key_press(egui::Key::Escape);
    h.run_ok();
    assert_eq!(h.state().state.colocate.selection.brush, Brush::None);
    assert!(h.state().state.right_open, "Escape takes back the brush first");
    // The histogram selects by difference.
    let bars = h.get_by_label("Plot of the differences").rect();
    h.drag_at(bars.left_center() + egui::vec2(1.0, 0.0));
    h.run_ok();
    h.hover_at(bars.center());
    h.drop_at(bars.center());
    h.run_ok();
    let Brush::Differences(a, b) = h.state().state.colocate.selection.brush else { panic!("no brush of differences") };
    let expected = (0..found.pairs.len()).filter(|k| (a..=b).contains(&found.difference(*k))).count();
    assert_eq!(h.state().state.colocate.selection.pairs().len(), expected);
    // So does that of time differences, hours.
    h.get_by_label("Choose the plot of differences").click();
    h.run_ok();
    h.get_by_label("Histogram of time differences").click();
    h.run_ok();
    let bars = h.get_by_label("Plot of the differences").rect();
    h.drag_at(bars.left_center() + egui::vec2(1.0, 0.0));
    h.run_ok();
    h.hover_at(bars.center());
    h.drop_at(bars.center());
    h.run_ok();
    let Brush::Of(Quantity::TimeDifference, a, b) = h.state().state.colocate.selection.brush else {
        panic!("{:?}", h.state().state.colocate.selection.brush)
    };
    let hours = |k: &usize| found.pairs[*k].dt_us as f64 / 3.6e9;
    let expected = (0..found.pairs.len()).filter(|k| (a..=b).contains(&hours(k))).count();
    assert!(expected > 0 && expected < found.pairs.len(), "{expected} of {}", found.pairs.len());
    assert_eq!(h.state().state.colocate.selection.pairs().len(), expected);
}

#[test]
fn a_limit_that_cannot_be_is_said() {
    let mut world = ready();
    world.pairs(25_000.0, 10_800.0);
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    for (field, text, why) in [
        ("Distance value", "99999 km", "Distances on the Earth lie between 0 and 20004 km."),
        ("Distance value", "abc", "\"abc\" is no length; write it with its unit, as 25 km or 500 m."),
        ("Time value", "20 years", "\"20 years\" is no duration; write it with its unit, as 1 h, 30 min or 10 d."),
    ] {
        h.get_by_label(field).click();
        h.run_ok();
        h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        h.event(egui::Event::Text(text.to_owned()));
        h.run_ok();
        h.key_press(egui::Key::Enter);
        h.run_ok();
        assert_eq!(h.state_mut().actions.pop(), Some(Action::Say(why.to_owned())), "{text}");
        let c = h.state().host.session().project().colocation.clone().unwrap();
        assert_eq!((c.radius_m, c.window_s), (25_000.0, 10_800.0));
    }
}

#[test]
fn presets_swap_and_coincidences_are_commands() {
    let mut world = ready();
    let found = world.pairs(25_000.0, 10_800.0);
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    let preset = PRESETS.iter().find(|p| p.title.starts_with("Altimeter")).unwrap();
    h.state_mut().set(preset.patch());
    h.run_ok();
    let c = h.state().host.session().project().colocation.clone().unwrap();
    assert_eq!((c.radius_m, c.window_s, c.sample), (50_000.0, 1800.0, Sample::Mean));
    h.get_by_label("Swap reference and compared").click();
    h.run_ok();
    let swapped = h.state().host.session().project().colocation.clone().unwrap();
    assert_eq!((swapped.reference, swapped.compared), (c.compared, c.reference));
    h.state_mut().host.send(Command::SwapColocation);
    h.state_mut().set(ColocationPatch {
        radius_m: Some(25_000.0),
        window_s: Some(10_800.0),
        sample: Some(Sample::Nearest),
        ..ColocationPatch::default()
    });
    let again = h.state_mut().pairs(25_000.0, 10_800.0);
    assert_eq!((&again.x, &again.y), (&found.x, &found.y));
    h.run_ok();
    h.state_mut().host.send(Command::SetTime { now: found.coincidences[0].time.plus_seconds(-60.0) });
    h.run_ok();
    h.state_mut().host.send(Command::StepCoincidence { steps: 1 });
    h.run_ok();
    let project = h.state().host.session().project();
    assert_eq!(project.timeline.now, found.coincidences[0].time);
    assert!(project.camera.target.approx_distance_m(&found.coincidences[0].at) < 1000.0);
    // Both observations have been made by then.
    for k in &found.coincidences[0].pairs {
        let seen = |p: seaglass_host::colocate::Place<'_>| p.time;
        let (a, b) = (found.reference(*k as usize).map(seen), found.compared(*k as usize).map(seen));
        assert!(a.max(b) >= Some(project.timeline.now));
    }
    // After the last one comes the first, and its pairs are selected.
    let last = found.coincidences.last().unwrap().time;
    h.state_mut().host.send(Command::SetTime { now: last.plus_seconds(60.0) });
    h.run_ok();
    h.get_by_label_contains("Next coincidence").click();
    h.run_ok();
    assert_eq!(h.state().host.session().project().timeline.now, found.coincidences[0].time);
    assert_eq!(**h.state().state.colocate.selection.pairs(), found.coincidences[0].pairs);
}

#[test]
fn the_pairs_are_a_layer_and_files() {
    let mut world = ready();
    let found = world.pairs(25_000.0, 10_800.0);
    let layer = world.wait(|w| {
        let layers = &w.host.session().project().layers;
        layers.iter().find(|l| l.field == "SST difference").cloned()
    });
    assert_eq!(world.host.session().project().position(layer.id), Some(0), "on top");
    let collection = &world.host.session().catalogue().collections[&layer.collection];
    assert_eq!(collection.granules[0].shape, [found.pairs.len(), 1]);
    let dir = tempfile::tempdir().unwrap();
    let job = dir.path().join("job.toml");
    world.host.send(Command::ExportColocation { path: job.clone() });
    world.host.step();
    let spec = seaglass_jobs::JobSpec::load(&job).unwrap();
    assert_eq!((spec.radius_m().unwrap(), spec.window_us().unwrap()), (25_000.0, 10_800_000_000));
    let csv = dir.path().join("pairs.csv");
    world.host.send(Command::ExportColocation { path: csv.clone() });
    world.wait(|w| (w.host.colocation().exporting.is_none() && csv.is_file()).then_some(()));
    let text = std::fs::read_to_string(&csv).unwrap();
    assert_eq!(text.lines().filter(|l| !l.starts_with('#')).count(), found.pairs.len() + 1);
}

#[test]
fn what_cannot_be_compared_is_said() {
    let mut world = World::new();
    let (a, b) = (world.layers()[0], world.layers()[1]);
    world.set(ColocationPatch { reference: Some(a), ..ColocationPatch::default() });
    world.host.step();
    assert_eq!(world.host.colocation().missing.as_deref(), Some("Choose two layers to compare."));
    world.set(ColocationPatch {
        compared: Some(b),
        radius_m: Some(0.0),
        window_s: Some(0.0),
        ..ColocationPatch::default()
    });
    assert!(world.pairs(0.0, 0.0).pairs.is_empty());
    let mut h = world.harness(1024.0, 640.0, false);
    h.run_ok();
    assert!(h.query_by_label("No pairs").is_some());
    h.state_mut().host.send(Command::RemoveLayer { layer: b });
    h.run_ok();
    assert!(h.query_by_label("One of the layers is gone. Choose another.").is_some());
    // A drawer: Escape closes it.
    h.key_press(egui::Key::Escape);
    h.run_ok();
    assert!(!h.state().state.right_open);
}

#[test]
fn a_third_layer_gives_error_figures() {
    let mut world = ready();
    world.pairs(25_000.0, 10_800.0);
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    h.get_by_label("Add a third layer").click();
    h.run_ok();
    let analysis = h.state().layers()[2];
    let colocation = h.state().host.session().project().colocation.clone().unwrap();
    assert_eq!(colocation.third, Some(analysis));
    let found = h.state_mut().wait(|w| w.host.colocation().found.filter(|f| f.ask.third.is_some()));
    h.run_ok();
    let figures = found.triple.expect("triplets");
    assert!(figures.n > 10 && figures.n <= found.pairs.len() as u64, "{figures:?}");
    // One ocean without noise: what the three differ by is its change over hours and kilometres.
    for (variance, r2) in figures.error_variance.iter().zip(figures.truth_r2) {
        assert!(variance.abs() < 1.0 && r2 > 0.9, "{figures:?}");
    }
    let product = &found.ask.third.as_ref().unwrap().product;
    assert!(h.query_by_label_contains(&format!("Error SD of {product}")).is_some());
    h.get_by_label("Drop the third layer").click();
    h.run_ok();
    assert_eq!(h.state().host.session().project().colocation.as_ref().unwrap().third, None);
}

/// `SEAGLASS_MEASURE=1 cargo test --test ui_colocate -- --nocapture measures`: milliseconds of a frame of the whole
/// window's panels while a brush is drawn and while the slider moves.
#[test]
fn measures_frames_while_dragging() {
    if std::env::var_os("SEAGLASS_MEASURE").is_none() {
        println!("skipped: SEAGLASS_MEASURE=1 prints the times");
        return;
    }
    let mut world = ready();
    for sample in [Sample::Nearest, Sample::All] {
        world.set(ColocationPatch { sample: Some(sample), ..ColocationPatch::default() });
        let found = world.wait(|w| w.host.colocation().found.filter(|f| f.ask.sample == sample));
        let candidates = found.data.candidates();
        let mut h = world.harness(1440.0, 900.0, true);
        h.run_ok();
        let plot = h.get_by_label("Scatter plot of the pairs").rect();
        let frame = |h: &mut Harness<'static, World>| {
            let start = Instant::now();
            h.step();
            start.elapsed().as_secs_f64() * 1e3
        };
        let still: Vec<f64> = (0..60).map(|_| frame(&mut h)).collect();
        h.drag_at(plot.left_bottom() + egui::vec2(2.0, -2.0));
        let brush: Vec<f64> = (0..60)
            .map(|k| {
                h.hover_at(plot.left_bottom() + egui::vec2(4.0 * k as f32, -2.0 * k as f32));
                frame(&mut h)
            })
            .collect();
        h.drop_at(plot.center());
        h.step();
        let mut moves = Vec::new();
        let slider: Vec<f64> = (0..60)
            .map(|k| {
                let radius_m = Some(24_000.0 - 300.0 * f64::from(k));
                h.state_mut().set(ColocationPatch { radius_m, ..ColocationPatch::default() });
                let start = Instant::now();
                let ms = frame(&mut h);
                h.state_mut().wait(|w| w.host.colocation().found.filter(|f| Some(f.ask.radius_m) == radius_m));
                moves.push(start.elapsed().as_secs_f64() * 1e3);
                ms
            })
            .collect();
        let median = |mut v: Vec<f64>| {
            v.sort_by(f64::total_cmp);
            format!("{:.2} (most {:.2})", v[v.len() / 2], v[v.len() - 1])
        };
        println!(
            "{} pairs of {candidates} candidates: still {} ms, brush {} ms, slider {} ms, pairs after a move {} ms",
            found.pairs.len(),
            median(still),
            median(brush),
            median(slider),
            median(moves)
        );
        world = ready();
    }
}
