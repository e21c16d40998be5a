//! Boxes of cells, interpolation, crossovers, filters and directions: as the job that is exported makes them.

use std::collections::BTreeMap;

use egui_kittest::kittest::Queryable;
use seaglass_core::colocation::{ColocationPatch, PRESETS, Sample};
use seaglass_core::command::Command;
use seaglass_core::geo::LonLat;
use seaglass_core::ocean::Ocean;
use seaglass_host::colocate::Found;

use crate::world::{World, ready, rows};

/// The rows of the job's CSV: a column name and its text, row by row.
fn exported(world: &mut World) -> Vec<BTreeMap<String, String>> {
    let dir = tempfile::tempdir().unwrap();
    let csv = dir.path().join("pairs.csv");
    world.host.send(Command::ExportColocation { path: csv.clone() });
    world.host.step();
    world.wait(|w| w.host.colocation().exporting.is_none().then_some(()));
    let text = std::fs::read_to_string(&csv).unwrap_or_else(|e| panic!("{e}: {:?}", world.notices));
    let mut lines = text.lines();
    let names: Vec<String> = lines.next().unwrap().split(',').map(str::to_owned).collect();
    lines.map(|l| names.iter().cloned().zip(l.split(',').map(str::to_owned)).collect()).collect()
}

/// Where and when, so that rows of the job and pairs of the window find each other.
type Place = (i64, i64, i64);

fn place(at: LonLat, time_us: i64) -> Place {
    // Files of positions in f32 come back to the last digit or so.
    ((at.lon_deg * 1e4).round() as i64, (at.lat_deg * 1e4).round() as i64, time_us)
}

fn of_job(row: &BTreeMap<String, String>) -> Place {
    let number = |name: &str| row[name].parse::<f64>().unwrap();
    let time = seaglass_core::time::Time::parse(&row["p_time"]).unwrap();
    place(LonLat::new(number("p_lon"), number("p_lat")).normalized(), time.micros())
}

fn of_window(found: &Found, pair: usize) -> Place {
    let p = found.reference(pair).unwrap();
    place(p.at, p.time.micros())
}

/// Compares a value of each pair with the job's.
fn same_as_job(found: &Found, job: &[BTreeMap<String, String>], value: &dyn Fn(&BTreeMap<String, String>) -> f64) {
    let by_place: BTreeMap<Place, &BTreeMap<String, String>> = job.iter().map(|r| (of_job(r), r)).collect();
    let missing: Vec<String> = (0..found.pairs.len())
        .filter(|k| !by_place.contains_key(&of_window(found, *k)))
        .map(|k| found.reference(k).unwrap().time.iso())
        .collect();
    assert_eq!(job.len(), found.pairs.len(), "pairs; not in the job: {:?}", missing.first().zip(missing.last()));
    for k in 0..found.pairs.len() {
        let row = by_place.get(&of_window(found, k)).unwrap_or_else(|| panic!("pair {k} is not in the job's rows"));
        let (ours, theirs) = (found.ask.sides[1].unit.raw(found.pairs[k].value), value(row));
        assert!((ours - theirs).abs() < 1e-4, "pair {k}: {ours} is not {theirs}");
    }
}

fn number(row: &BTreeMap<String, String>, name: &str) -> f64 {
    row.get(name).unwrap_or_else(|| panic!("{name}: {:?}", row.keys())).parse().unwrap_or(f64::NAN)
}

#[test]
fn a_box_is_the_mean_of_the_cells_the_job_writes() {
    let mut world = ready();
    world.set(ColocationPatch { sample: Some(Sample::Box), box_size: Some(5), ..ColocationPatch::default() });
    let found = world.pairs(25_000.0, 10_800.0);
    assert!(found.pairs.iter().any(|p| p.n == 25) && found.pairs.iter().all(|p| (1..=25).contains(&p.n)));
    let job = exported(&mut world);
    let mean = |row: &BTreeMap<String, String>| {
        let cells: Vec<f64> = row["s_sea_surface_temperature"]
            .split(' ')
            .filter_map(|v| v.parse().ok())
            .filter(|v: &f64| !v.is_nan())
            .collect();
        assert!(!cells.is_empty(), "{row:?}");
        cells.iter().sum::<f64>() / cells.len() as f64
    };
    same_as_job(&found, &job, &mean);
    // Two other boxes of the same match-up, from memory: more cells, the same pairs.
    world.set(ColocationPatch { box_size: Some(3), ..ColocationPatch::default() });
    let small = world.pairs(25_000.0, 10_800.0);
    assert_eq!(small.pairs.len(), found.pairs.len());
    assert!(small.pairs.iter().zip(&found.pairs).all(|(s, b)| s.b == b.b && s.n <= b.n && s.n <= 9));
}

#[test]
fn interpolation_is_that_of_the_job_and_of_the_ocean() {
    let mut world = World::new();
    let layers = world.layers();
    world.set(ColocationPatch {
        reference: Some(layers[0]),
        compared: Some(layers[2]),
        radius_m: Some(25_000.0),
        window_s: Some(43_200.0),
        sample: Some(Sample::InterpolatedStep),
        ..ColocationPatch::default()
    });
    let found = world.pairs(25_000.0, 43_200.0);
    assert!(found.pairs.len() > 20, "{}", found.pairs.len());
    let job = exported(&mut world);
    same_as_job(&found, &job, &|row| number(row, "s_analysed_sst"));
    // Bilinear by hand, in cells of a tenth of a degree whose centres lie at odd twentieths.
    let cell = |lon: f64, lat: f64| (((lon + 180.0) * 10.0).floor() as i64, ((lat + 90.0) * 10.0).floor() as i64);
    let values: BTreeMap<(i64, i64), f64> = rows(&found, 1).iter().map(|r| (cell(r.lon, r.lat), r.value)).collect();
    let mut whole = 0;
    for k in 0..found.pairs.len() {
        let at = found.reference(k).unwrap().at;
        let (x, y) = ((at.lon_deg + 180.0) * 10.0 - 0.5, (at.lat_deg + 90.0) * 10.0 - 0.5);
        let (i, j, wx, wy) = (x.floor() as i64, y.floor() as i64, x - x.floor(), y - y.floor());
        let corners =
            [(0, 0, (1.0 - wx) * (1.0 - wy)), (1, 0, wx * (1.0 - wy)), (0, 1, (1.0 - wx) * wy), (1, 1, wx * wy)];
        let there: Vec<(f64, f64)> =
            corners.iter().filter_map(|(a, b, w)| Some((*w, *values.get(&(i + a, j + b))?))).collect();
        let weight: f64 = there.iter().map(|t| t.0).sum();
        let expected = there.iter().map(|t| t.0 * t.1).sum::<f64>() / weight;
        let p = &found.pairs[k];
        assert!((p.value - expected).abs() < 2e-3, "{}: {} is not {expected}", k, p.value);
        whole += usize::from(p.n == 4);
    }
    assert!(whole > found.pairs.len() / 2);
    // Of one step nothing can be interpolated in time, but on the step itself.
    world.set(ColocationPatch { sample: Some(Sample::Interpolated), ..ColocationPatch::default() });
    let linear = world.pairs(25_000.0, 43_200.0);
    assert!(linear.pairs.iter().all(|p| p.dt_us == 0) && linear.pairs.len() < found.pairs.len());
    let job = exported(&mut world);
    same_as_job(&linear, &job, &|row| number(row, "s_analysed_sst"));
    // A swath has no axes to interpolate on.
    world.set(ColocationPatch { compared: Some(layers[1]), ..ColocationPatch::default() });
    world.host.step();
    let missing = world.host.colocation().missing.unwrap();
    assert!(missing.starts_with("Only grids can be interpolated"), "{missing}");
}

#[test]
fn tracks_cross_where_the_job_finds_them() {
    let mut world = World::of(&[("JA1_", "ssha")]);
    let layer = world.layers()[0];
    world.set(ColocationPatch { reference: Some(layer), ..ColocationPatch::default() });
    world.host.step();
    let mut patch = PRESETS[4].patch();
    patch.window_s = Some(86_400.0);
    world.set(patch);
    let found = world.pairs(2000.0, 86_400.0);
    assert!(!found.pairs.is_empty() && found.crossings.len() == found.pairs.len());
    let ocean = Ocean::new(1);
    for (k, p) in found.pairs.iter().enumerate() {
        // The samples beside the crossing are at most one step of 1 Hz away, at 5.8 km/s over ground.
        for (side, row) in [(0, p.a), (1, p.b)] {
            let off = found.data.sides[side].place(row).at.approx_distance_m(&found.crossings[k].at);
            assert!(off < 7000.0, "{off}");
        }
        let [up, down] = found.crossings[k].times;
        assert_eq!(p.dt_us, down.micros() - up.micros());
        let truth = ocean.surface(found.crossings[k].at, up).sla;
        assert!((found.x[k] - truth).abs() < 0.2, "{} is not {truth}", found.x[k]);
    }
    let job = exported(&mut world);
    same_as_job(&found, &job, &|row| number(row, "s_ssha"));
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    assert!(
        h.query_by_label_contains("Itself, ascending and descending").is_some() || {
            let list = h.get_by_label("Compared");
            list.value().is_some_and(|v| v.contains("ascending and descending"))
        }
    );
}

#[test]
fn passes_of_a_swath_meet() {
    let mut world = World::of(&[("SWOT_L2_LR_SSH", "ssha_karin_2")]);
    let layer = world.layers()[0];
    world.set(ColocationPatch { reference: Some(layer), ..ColocationPatch::default() });
    world.host.step();
    world.set(PRESETS[4].patch());
    let found = world.pairs(2000.0, 864_000.0);
    assert!(!found.pairs.is_empty());
    // Odd passes of SWOT rise, even ones fall.
    let pass =
        |p: &std::path::Path| -> u32 { crate::world::name(p).split('_').nth(6).unwrap_or_default().parse().unwrap() };
    for k in (0..found.pairs.len()).step_by((found.pairs.len() / 500).max(1)) {
        let (a, b) = (found.reference(k).unwrap(), found.compared(k).unwrap());
        assert_eq!((pass(a.path) % 2, pass(b.path) % 2), (1, 0), "{:?} {:?}", a.path, b.path);
        assert!(a.at.approx_distance_m(&b.at) < 2050.0);
    }
    assert!(found.ask.sides[0].product.ends_with("ascending"));
}

#[test]
fn a_filter_is_typed_checked_and_applied() {
    let mut world = ready();
    let all = world.pairs(25_000.0, 10_800.0);
    let mut values: Vec<f64> = rows(&all, 0).iter().map(|r| r.value).collect();
    values.sort_by(f64::total_cmp);
    let middle = values[values.len() / 2];
    let raw = all.ask.sides[0].unit.raw(middle);
    let mut h = world.harness(1440.0, 900.0, true);
    h.run_ok();
    h.get_by_label("Filter rows by an expression").click();
    h.run_ok();
    let sent = |h: &egui_kittest::Harness<'_, World>| {
        h.state()
            .commands
            .iter()
            .filter(|c| matches!(c, Command::SetColocation { patch } if patch.reference_filter.is_some()))
            .count()
    };
    // A mistake is said with its place, and nothing is sent.
    h.get_by_label("Reference filter").focus();
    h.run_ok();
    h.get_by_label("Reference filter").type_text("temp >");
    h.run_ok();
    h.key_press(egui::Key::Enter);
    h.run_ok();
    assert!(h.query_by_label_contains("Character 7").is_some(), "the mistake is not shown");
    assert_eq!(sent(&h), 0);
    h.get_by_label("Reference filter").focus();
    h.run_ok();
    h.key_press(egui::Key::End);
    h.run_ok();
    h.get_by_label("Reference filter").type_text(&format!(" {raw}"));
    h.run_ok();
    h.key_press(egui::Key::Enter);
    h.run_ok();
    assert_eq!(sent(&h), 1, "{:?}", h.state().commands);
    let found = h.state_mut().pairs(25_000.0, 10_800.0);
    assert_eq!(found.ask.sides[0].spec.filter.as_deref(), Some(format!("temp > {raw}").as_str()));
    let expected = all.x.iter().filter(|x| **x > middle).count();
    assert_eq!(found.pairs.len(), expected);
    assert!(found.x.iter().all(|x| *x > middle) && found.data.filtered() > 0);
    h.run_ok();
    // The job has it as well.
    let job = exported(h.state_mut());
    assert_eq!(job.len(), expected);
    // A field nobody has is said by the reader.
    h.state_mut().set(ColocationPatch { reference_filter: Some("nonsense > 1".into()), ..ColocationPatch::default() });
    let why = h.state_mut().wait(|w| match w.host.colocation().stage {
        seaglass_host::colocate::Stage::Failed(why) => Some(why),
        _ => None,
    });
    assert!(why.contains("nonsense"), "{why}");
}

#[test]
fn directions_go_the_short_way_round() {
    let mut world = World::of(&[("ascat", "wind_dir"), ("ascat", "model_dir")]);
    let layers = world.layers();
    world.set(ColocationPatch {
        reference: Some(layers[0]),
        compared: Some(layers[1]),
        radius_m: Some(50_000.0),
        window_s: Some(60.0),
        sample: Some(Sample::Mean),
        ..ColocationPatch::default()
    });
    let found = world.pairs(50_000.0, 60.0);
    assert!(found.directions && found.pairs.len() > 1000);
    let (mut sum, mut over) = (0.0, 0);
    for k in 0..found.pairs.len() {
        let plain = found.pairs[k].value - found.x[k];
        let (sin, cos) = plain.to_radians().sin_cos();
        let short = sin.atan2(cos).to_degrees();
        assert!((found.difference(k) - short).abs() < 1e-9 || (short.abs() - 180.0).abs() < 1e-6);
        assert!((0.0..360.0).contains(&found.shown(found.y[k])));
        over += usize::from(plain.abs() > 180.0);
        sum += short;
    }
    assert!(over > 0, "no pair lies across north");
    assert!((found.stats.bias - sum / found.pairs.len() as f64).abs() < 1e-6);
    assert!(found.stats.orthogonal.slope.is_nan() && found.stats.r.abs() <= 1.0);
    // Of directions there is no median.
    world.set(ColocationPatch { sample: Some(Sample::Median), ..ColocationPatch::default() });
    world.host.step();
    assert!(world.host.colocation().missing.unwrap().contains("no median"));
}
