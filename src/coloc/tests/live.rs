//! Live filtering against the definition, where the few bytes kept of a candidate cannot decide: times of many years,
//! distances a hair apart, limits on a candidate itself.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use proptest::prelude::*;
use seaglass_coloc::live::{Candidates, Cut, Kept};
use seaglass_coloc::{By, Pair};

/// The first candidate within the limits of each primary row; equal ones go to the smallest row.
fn plainly(pairs: &[Pair], cut: &Cut) -> (Vec<Pair>, usize) {
    let per = |limit: f64| if limit > 0.0 { 1.0 / limit } else { 0.0 };
    let (per_radius, per_window) = (per(cut.radius_m), per(cut.window_us as f64));
    let key = |p: &Pair| match cut.nearest.unwrap() {
        By::Distance => [p.distance_m, 0.0],
        By::Time => [p.dt_us.unsigned_abs() as f64, p.distance_m],
        By::Combined => [(p.distance_m * per_radius).powi(2) + (p.dt_us as f64 * per_window).powi(2), 0.0],
    };
    let before = |a: &&Pair, b: &&Pair| {
        let (x, y) = (key(a), key(b));
        x[0].total_cmp(&y[0]).then(x[1].total_cmp(&y[1])).then(a.j.cmp(&b.j))
    };
    let inside = |p: &&Pair| p.distance_m <= cut.radius_m && p.dt_us.unsigned_abs() <= cut.window_us.unsigned_abs();
    let mut out: Vec<Pair> = Vec::new();
    for group in pairs.chunk_by(|a, b| a.i == b.i) {
        out.extend(group.iter().filter(inside).min_by(before));
    }
    (out, pairs.iter().filter(inside).count())
}

proptest! {
    #[test]
    fn the_nearest_is_that_of_the_definition(
        rows in prop::collection::vec((0..40_u64, 0..2000_u32, 0..9_u32, -3_000_000_000_i64..3_000_000_000, 0..100_000_i64), 1..400),
        radius in 0..2000_u32, window in 0..3_000_000_000_i64, odd in 0..100_000_i64, on in any::<bool>(),
        // Times on a grid make equal keys frequent, times within a second leave no unit of them unused.
        by in prop::sample::select(vec![By::Distance, By::Time, By::Combined]), coarse in prop::sample::select(vec![1_i64, 100_000, 10_000_000_000]),
    ) {
        // Distances a micrometre apart share their four bytes; times to ten years in µs do not fit into them.
        let mut pairs: Vec<Pair> = rows
            .iter()
            .enumerate()
            .map(|(k, (i, d, fine, dt, us))| Pair {
                i: *i,
                j: k as u64,
                distance_m: f64::from(*d) * 25.0 + f64::from(*fine) * 1e-6,
                dt_us: (dt * 100_000 + us) / coarse * coarse,
            })
            .collect();
        pairs.sort_by_key(|p| (p.i, p.j));
        let distance = |i: u64, j: u64| pairs.iter().find(|p| (p.i, p.j) == (i, j)).unwrap().distance_m;
        let candidates = Candidates::new(&pairs).unwrap();
        let mut kept = Kept::default();
        let first = &pairs[0];
        let cut = Cut {
            radius_m: if on { first.distance_m } else { f64::from(radius) * 25.0 },
            window_us: if on { first.dt_us.abs() } else { window * 100_000 + odd },
            nearest: Some(by),
        };
        candidates.filter(&cut, &distance, &mut kept);
        let found: Vec<Pair> = kept.at().iter().map(|k| candidates.get(*k).unwrap()).collect();
        prop_assert_eq!((found, kept.within), plainly(&pairs, &cut));
    }
}
