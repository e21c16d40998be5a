//! Statistics, aggregates, interpolation and regressions against numpy and scipy (`reference.py`), and by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use proptest::prelude::*;
use seaglass_coloc::aggregate::{Quantity, Statistic, aggregate};
use seaglass_coloc::crossover::{Along, along};
use seaglass_coloc::grid::{Interpolator, Method};
use seaglass_coloc::pairs::splitmix64;
use seaglass_coloc::stats::{self, Bins, Moments};
use seaglass_coloc::{Coord, Granule, Pair, Reference, Times};
use serde_json::Value;

fn reference() -> Value {
    serde_json::from_str(include_str!("reference.json")).unwrap()
}

fn draw(seed: u64, k: u64, below: u64) -> f64 {
    (splitmix64((seed << 32) + k) % below) as f64
}

fn close(found: f64, expected: &Value, what: &str) {
    let e = expected.as_f64().unwrap();
    assert!((found - e).abs() <= 1e-9 * e.abs().max(1.0), "{what}: {found} instead of {e}");
}

fn columns() -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let x: Vec<f64> = (0..50_000).map(|k| draw(4, k, 1_000_003) / 1024.0).collect();
    let y = x.iter().enumerate().map(|(k, x)| draw(5, k as u64, 100_003) / 4096.0 + x * 0.75 + 3.0).collect();
    let z = x.iter().enumerate().map(|(k, x)| x * 1.25 - 2.0 + draw(6, k as u64, 300_007) / 2048.0).collect();
    (x, y, z)
}

#[test]
fn figures_equal_numpy_and_scipy() {
    let all = reference();
    let e = &all["stats"];
    let (x, y, z) = columns();
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let s = pool.install(|| stats::summary(&x, &y));
        assert_eq!(s.n, 50_000);
        for (found, name) in [
            (s.mean_x, "mean_x"),
            (s.mean_y, "mean_y"),
            (s.sd_x, "sd_x"),
            (s.sd_y, "sd_y"),
            (s.bias, "bias"),
            (s.sd, "sd"),
            (s.rmsd, "rmsd"),
            (s.median, "median"),
            (s.robust_sd, "robust_sd"),
            (s.r, "r"),
        ] {
            close(found, &e[name], name);
        }
        close(s.ols.slope, &e["ols"][0], "slope");
        close(s.ols.intercept, &e["ols"][1], "intercept");
        close(s.orthogonal.slope, &e["orthogonal"][0], "orthogonal slope");
        close(s.orthogonal.intercept, &e["orthogonal"][1], "orthogonal intercept");
        let counts = |v: &Value| v.as_array().unwrap().iter().map(|c| c.as_u64().unwrap() as u32).collect::<Vec<_>>();
        let h = &e["histogram"];
        let xs = Bins { low: h["low"].as_f64().unwrap(), high: h["high"].as_f64().unwrap(), count: 37 };
        assert_eq!(stats::histogram(&x, xs), counts(&h["counts"]));
        let found = stats::density(&x, &y, Bins { count: 11, ..xs }, Bins { low: 0.0, high: 600.0, count: 7 });
        assert_eq!(found, counts(&e["density"]));
        let t = stats::triple(&x, &y, &z).unwrap();
        for k in 0..3 {
            close(t.error_variance[k], &e["triple"]["error_variance"][k], "error variance");
            close(t.truth_r2[k], &e["triple"]["truth_r2"][k], "truth");
            close(t.scale[k], &e["triple"]["scale"][k], "scale");
        }
    }
}

#[test]
fn large_offsets_cost_no_digits() {
    // Textbook formulas lose everything here: values differ in the ninth digit.
    let x: Vec<f64> = (0..10_000).map(|k| 1e9 + f64::from(k % 7)).collect();
    let y: Vec<f64> = (0..10_000).map(|k| 1e9 + f64::from(k % 7) + f64::from(k % 2)).collect();
    let s = stats::summary(&x, &y);
    assert_eq!((s.bias, s.median, s.rmsd), (0.5, 0.5, 0.5_f64.sqrt()));
    assert!((s.sd - (0.25_f64 * 10_000.0 / 9_999.0).sqrt()).abs() < 1e-12, "{}", s.sd);
}

#[test]
fn missing_values_and_empty_columns_count_nowhere() {
    let s = stats::summary(&[1.0, f64::NAN, 3.0], &[2.0, 5.0, f64::NAN]);
    assert_eq!((s.n, s.bias, s.median), (1, 1.0, 1.0));
    assert!(s.sd.is_nan() && s.r.is_nan());
    let none = stats::summary(&[], &[]);
    assert!(none.n == 0 && none.bias.is_nan() && none.rmsd.is_nan() && none.median.is_nan() && none.mean_x.is_nan());
    assert!(stats::triple(&[1.0], &[1.0], &[1.0]).is_none());
}

proptest! {
    #[test]
    fn medians_of_many_equal_those_of_the_sorted(
        mut v in prop::collection::vec(prop_oneof![Just(0.0), -1.0..1.0_f64, -1e12..1e12_f64, Just(1e-300)], 1..200), copies in 1..400_usize,
    ) {
        let many: Vec<f64> = v.iter().cycle().take(v.len() * copies).copied().collect();
        let found = stats::median(&many);
        v = many;
        v.sort_by(f64::total_cmp);
        let n = v.len();
        prop_assert_eq!(found, 0.5 * (v[(n - 1) / 2] + v[n / 2]));
    }

    #[test]
    fn moments_of_parts_add_up(x in prop::collection::vec(-100.0..100.0_f64, 2..300), cut in 0..300_usize) {
        let y: Vec<f64> = x.iter().map(|v| v * v * 0.01 - v).collect();
        let cut = cut.min(x.len());
        let whole = Moments::of(&x, &y);
        let parts = Moments::of(&x[..cut], &y[..cut]).with(Moments::of(&x[cut..], &y[cut..]));
        prop_assert_eq!(whole.n, parts.n);
        prop_assert!((whole.bias() - parts.bias()).abs() < 1e-10 && (whole.rmsd() - parts.rmsd()).abs() < 1e-9);
        prop_assert!((whole.ols().slope - parts.ols().slope).abs() < 1e-8);
    }
}

fn pairs_of(rows: &[(u64, u64, f64, i64)]) -> Vec<Pair> {
    rows.iter().map(|(i, j, d, t)| Pair { i: *i, j: *j, distance_m: *d, dt_us: *t }).collect()
}

#[test]
fn aggregates_by_hand() {
    let pairs = pairs_of(&[(3, 0, 10.0, 5), (3, 1, 20.0, -1), (3, 2, 40.0, 2), (7, 2, 1.0, 0), (9, 3, 2.0, 4)]);
    let values = [1.0, 2.0, 6.0, f64::NAN];
    let value = |j: u64| values[j as usize];
    let of = |s| aggregate(&pairs, Reference::Primary, s, Quantity::Linear, &value).unwrap();
    let mean = of(Statistic::Mean);
    assert_eq!(mean.iter().map(|a| (a.row, a.n, a.matches)).collect::<Vec<_>>(), [(3, 3, 3), (7, 1, 1), (9, 0, 1)]);
    assert_eq!((mean[0].value, mean[0].min_distance_m, mean[0].mean_dt_us, mean[0].effective_n), (3.0, 10.0, 2.0, 3.0));
    assert!(mean[2].value.is_nan());
    assert_eq!(of(Statistic::Median)[0].value, 2.0);
    assert_eq!(
        (of(Statistic::Min)[0].value, of(Statistic::Max)[0].value, of(Statistic::Count)[0].value),
        (1.0, 6.0, 3.0)
    );
    assert!((of(Statistic::Sd)[0].value - 7.0_f64.sqrt()).abs() < 1e-15);
    // Weights 1/10, 1/20, 1/40: (0.1 + 0.1 + 0.15) / 0.175 and 0.175² / 0.013125.
    let near = of(Statistic::InverseDistance { power: 1.0, floor_m: 1.0 })[0];
    assert!((near.value - 2.0).abs() < 1e-14 && (near.effective_n - 7.0 / 3.0).abs() < 1e-13, "{near:?}");
    let far = of(Statistic::Gaussian { sd_m: 20.0, sd_us: f64::INFINITY })[0];
    let (a, b, c) = ((-0.125_f64).exp(), (-0.5_f64).exp(), (-2.0_f64).exp());
    assert!((far.value - (a + 2.0 * b + 6.0 * c) / (a + b + c)).abs() < 1e-14);
    assert!(
        aggregate(&pairs, Reference::Primary, Statistic::Gaussian { sd_m: 0.0, sd_us: 1.0 }, Quantity::Linear, &value)
            .is_err()
    );
}

#[test]
fn directions_are_averaged_round_the_circle() {
    let all = reference();
    let angles: Vec<f64> = (0..100).map(|k| draw(7, k, 3600) / 10.0 * 0.1 + 350.0).collect();
    let pairs: Vec<Pair> = (0..100).map(|j| Pair { i: 0, j, distance_m: 1.0, dt_us: 0 }).collect();
    let of = |s| aggregate(&pairs, Reference::Primary, s, Quantity::Angle, &|j| angles[j as usize]);
    close(of(Statistic::Mean).unwrap()[0].value, &all["circular"]["mean"], "circular mean");
    close(of(Statistic::Sd).unwrap()[0].value, &all["circular"]["sd"], "circular deviation");
    assert!(of(Statistic::Median).is_err());
}

#[test]
fn grids_are_interpolated_as_scipy_does() {
    let all = reference();
    let cells: Vec<f64> = (0..35).map(|k| draw(8, k, 1000) / 8.0).collect();
    let lat = Coord::f64((0..5).map(|k| f64::from(k) * 2.0 + 10.0).collect::<Vec<_>>());
    let lon = Coord::f64((0..7).map(|k| f64::from(k) * 3.0 + 100.0).collect::<Vec<_>>());
    // Two steps, the second ten higher: linear in time.
    let both: Vec<f64> = cells.iter().copied().chain(cells.iter().map(|v| v + 10.0)).collect();
    let grid = Granule::grid(lat, lon, Times::per_line(vec![0, 1000])).unwrap();
    let i = Interpolator::new(&grid, 1000).unwrap();
    let values = Coord::f64(both.clone());
    for (k, (la, lo)) in [(11.3, 104.75), (18.0, 118.0), (15.5, 100.0)].into_iter().enumerate() {
        let at = i.at(&values, la, lo, 0);
        close(at.value, &all["bilinear"][k], "bilinear");
        assert_eq!(at.method, Method::Full);
        close(i.at(&values, la, lo - 360.0, 250).value - 2.5, &all["bilinear"][k], "a quarter of the step later");
    }
    for (la, lo, t) in [(9.9, 104.0, 0), (11.0, 99.0, 0), (11.0, 119.0, 0), (11.0, 104.0, 1001), (f64::NAN, 104.0, 0)] {
        let at = i.at(&values, la, lo, t);
        assert!(at.value.is_nan() && at.method == Method::Outside);
    }
    let mut holed = both;
    holed[0] = f64::NAN;
    let at = i.at(&Coord::f64(holed), 11.0, 101.5, 0);
    assert_eq!((at.method, at.weight), (Method::Partial, 0.75));
    assert!((at.value - (cells[1] + cells[7] + cells[8]) / 3.0).abs() < 1e-12);
    assert!(Interpolator::new(&grid, 999).unwrap().at(&values, 11.0, 104.0, 500).value.is_nan());
}

#[test]
fn a_global_grid_is_closed_behind_its_last_column() {
    let lon = Coord::f64((0..36).map(|k| f64::from(k) * 10.0).collect::<Vec<_>>());
    let grid = Granule::grid(Coord::f64(vec![10.0, -10.0]), lon, Times::One(0)).unwrap();
    let values = Coord::f64(
        (0..72)
            .map(|k| {
                if k % 36 == 35 {
                    1.0
                } else if k % 36 == 0 {
                    3.0
                } else {
                    99.0
                }
            })
            .collect::<Vec<_>>(),
    );
    let i = Interpolator::new(&grid, 0).unwrap();
    assert_eq!((i.at(&values, 0.0, -5.0, 0).value, i.at(&values, 0.0, 355.0, 0).value), (2.0, 2.0));
}

#[test]
fn tracks_are_interpolated_to_a_time() {
    let all = reference();
    let t = [0.0, 1.0, 2.5, 3.5, 4.0, 6.0_f64];
    let v = [1.0, 3.0, -2.0, 0.5, 4.0, 2.0];
    let times: Vec<i64> = t.iter().map(|t| (t * 1e6) as i64).collect();
    let flat = || Coord::f64(vec![0.0; 6]);
    let g = Granule::track(flat(), flat(), Times::per_row(times)).unwrap();
    let at = |m, gap| along(&g, &|r| v[r], 2, 3_000_000, m, gap);
    close(at(Along::Spline { half: 3 }, 10_000_000), &all["spline"], "spline");
    assert_eq!(at(Along::Linear, 10_000_000), -0.75);
    assert_eq!(at(Along::Median { half: 2 }, 10_000_000), 1.75);
    assert!(at(Along::Linear, 400_000).is_nan());
}
