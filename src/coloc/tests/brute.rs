//! The join against exhaustive search on random sides: every position, time and shape that could go wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use geographiclib_rs::{Geodesic, InverseGeodesic};
use proptest::prelude::*;
use seaglass_coloc::{
    By, Control, Coord, Duplicates, Granule, Matches, Metric, NO_TIME, Policy, Reference, Side, Spec, Times, join,
    join_rows,
};

const R: f64 = seaglass_coloc::metric::MEAN_RADIUS_M;

#[derive(Debug, Clone, Copy)]
struct Place {
    lat: f64,
    lon: f64,
    t: i64,
    valid: bool,
}

impl Place {
    fn counts(&self) -> bool {
        self.valid && self.lat.abs() <= 90.0 && self.lon.abs() <= 360.0 && self.t != NO_TIME
    }
}

/// Great circle by the standard library, or the geodesic of every pair.
fn distance(metric: Metric, p: &Place, q: &Place) -> f64 {
    match metric {
        Metric::Wgs84 => {
            let (s, ..): (f64, f64, f64, f64) = Geodesic::wgs84().inverse(p.lat, p.lon, q.lat, q.lon);
            s
        }
        Metric::Sphere(r) => {
            let (a, b) = (p.lat.to_radians(), q.lat.to_radians());
            let s =
                ((b - a) / 2.0).sin().powi(2) + a.cos() * b.cos() * ((q.lon - p.lon).to_radians() / 2.0).sin().powi(2);
            let d = 2.0 * r * s.sqrt().min(1.0).asin();
            // The cosine of 90 degrees is not 0 here, a pole not one point and a turn not nothing.
            let same = p.lat == q.lat && (p.lat.abs() == 90.0 || (q.lon - p.lon) % 360.0 == 0.0);
            if same { 0.0 } else { d }
        }
    }
}

fn brute(p: &[Place], q: &[Place], r: f64, w: i64, metric: Metric) -> Vec<(u64, u64)> {
    let mut out = Vec::new();
    for (i, a) in p.iter().enumerate().filter(|(_, a)| a.counts()) {
        for (j, b) in q.iter().enumerate().filter(|(_, b)| b.counts()) {
            if (b.t - a.t).abs() <= w && distance(metric, a, b) <= r {
                out.push((i as u64, j as u64));
            }
        }
    }
    out
}

/// One granule of any kind with these rows.
fn granule(places: &[Place], kind: usize) -> Granule<'static> {
    let lat: Vec<f64> = places.iter().map(|p| p.lat).collect();
    let lon: Vec<f64> = places.iter().map(|p| p.lon).collect();
    let t: Vec<i64> = places.iter().map(|p| p.t).collect();
    let (lat, lon, time) = (Coord::f64(lat), Coord::f64(lon), Times::per_row(t));
    let g = match kind {
        0 => Granule::points(lat, lon, time),
        1 => Granule::track(lat, lon, time),
        _ => {
            let pixels = [1, 3, 7, 9, 20].into_iter().rev().find(|p| places.len().is_multiple_of(*p)).unwrap();
            Granule::swath(places.len() / pixels, pixels, lat, lon, time)
        }
    };
    g.unwrap().with_valid(places.iter().map(|p| p.valid).collect::<Vec<_>>()).unwrap()
}

fn side(places: &[Place], kind: usize, parts: usize) -> Side<'static> {
    let size = places.len().div_ceil(parts).max(1);
    Side::new(places.chunks(size).map(|c| granule(c, kind)).collect()).unwrap()
}

fn run(threads: usize, p: &Side, q: &Side, spec: &Spec) -> Matches {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| join(p, q, spec, &Control::default())).unwrap()
}

fn rows(m: &Matches) -> Vec<(u64, u64)> {
    m.pairs.iter().map(|p| (p.i, p.j)).collect()
}

/// Places around a centre, sometimes broken, sometimes on a coarse grid so that limits are met exactly and rows repeat.
fn places(n: usize) -> impl Strategy<Value = Vec<Place>> {
    let centre = prop_oneof![
        Just((0.0, 180.0)),
        Just((90.0, 0.0)),
        Just((-90.0, 17.0)),
        Just((0.0, 0.0)),
        Just((55.0, -179.9)),
        (-90.0..90.0, -180.0..180.0),
    ];
    let one = (-1.0..1.0_f64, -1.0..1.0_f64, 0..200_i64, 0..40_u8);
    (centre, prop::collection::vec(one, 0..n), prop_oneof![Just(0.2), Just(3.0), Just(60.0)], any::<bool>()).prop_map(
        |((lat0, lon0), all, spread, coarse)| {
            all.into_iter()
                .map(|(a, o, t, luck)| {
                    let round = |v: f64| if coarse { (v * 10.0).round() / 10.0 } else { v };
                    let lat = (lat0 + round(a * spread)).clamp(-90.0, 90.0);
                    let lon = lon0 + round(o * spread * if lat.abs() > 80.0 { 60.0 } else { 1.0 });
                    let lon =
                        if luck % 2 == 0 { (lon + 180.0).rem_euclid(360.0) - 180.0 } else { lon.rem_euclid(360.0) };
                    let mut p = Place { lat, lon, t: t * 1_000_000, valid: true };
                    match luck {
                        0 => p.lat = f64::NAN,
                        1 => p.lon = 1e20,
                        2 => p.t = NO_TIME,
                        3 => p.valid = false,
                        4 => p.lat = 90.000_001,
                        _ => {}
                    }
                    p
                })
                .collect()
        },
    )
}

fn limits() -> impl Strategy<Value = (f64, i64)> {
    let radius = prop_oneof![Just(0.0), Just(1.0), Just(11_119.5), 100.0..60_000.0, Just(700_000.0), Just(9_000_000.0)];
    let window = prop_oneof![Just(0_i64), Just(1_000_000), 0..100_000_000_i64, Just(i64::MAX)];
    (radius, window)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn all_pairs_equal_exhaustive_search(
        p in places(90), q in places(120), (r, w) in limits(), kinds in (0..3_usize, 0..3_usize), parts in (1..4_usize, 1..4_usize),
    ) {
        for metric in [Metric::Wgs84, Metric::SPHERE] {
            let spec = Spec { duplicates: Duplicates::Keep, ..Spec::all(r, w).with_metric(metric) };
            let (a, b) = (side(&p, kinds.0, parts.0), side(&q, kinds.1, parts.1));
            let found = run(2, &a, &b, &spec);
            prop_assert_eq!(rows(&found), brute(&p, &q, r, w, metric));
            prop_assert_eq!(&found, &run(1, &a, &b, &spec));
            prop_assert_eq!(found.counts.primary.invalid, p.iter().filter(|p| !p.counts()).count() as u64);
            for pair in &found.pairs {
                let (a, b) = (&p[pair.i as usize], &q[pair.j as usize]);
                prop_assert!((pair.distance_m - distance(metric, a, b)).abs() < 1e-6);
                prop_assert_eq!(pair.dt_us, b.t - a.t);
            }
        }
    }

    #[test]
    fn nearest_is_the_first_of_the_sorted(
        p in places(60), q in places(120), (r, w) in limits(), kinds in (0..3_usize, 0..3_usize), k in 1..4_usize,
    ) {
        for (by, reference) in [
            (By::Distance, Reference::Primary),
            (By::Time, Reference::Primary),
            (By::Combined, Reference::Secondary),
            (By::Distance, Reference::Secondary),
        ] {
            let spec = Spec {
                policy: Policy::Nearest { by, k },
                reference,
                duplicates: Duplicates::Keep,
                count_candidates: true,
                ..Spec::all(r, w)
            };
            let found = run(2, &side(&p, kinds.0, 2), &side(&q, kinds.1, 3), &spec);
            let mut all = brute(&p, &q, r, w, Metric::Wgs84);
            let key = |&(i, j): &(u64, u64)| {
                let (a, b) = (&p[i as usize], &q[j as usize]);
                let (d, dt) = (distance(Metric::Wgs84, a, b), (b.t - a.t).abs());
                let part = |v: f64, limit: f64| if limit > 0.0 { v / limit } else { 0.0 };
                match by {
                    By::Distance => (0, d),
                    By::Time => (dt, d),
                    By::Combined => (0, part(d, r).powi(2) + part(dt as f64, w as f64).powi(2)),
                }
            };
            let own = |p: &(u64, u64)| if reference == Reference::Primary { *p } else { (p.1, p.0) };
            all.sort_by(|a, b| {
                let (x, y) = (key(a), key(b));
                own(a).0.cmp(&own(b).0).then(x.0.cmp(&y.0)).then(x.1.total_cmp(&y.1)).then(own(a).1.cmp(&own(b).1))
            });
            let mut at = 0;
            for group in all.chunk_by(|a, b| own(a).0 == own(b).0) {
                for (place, expected) in group.iter().take(k).enumerate() {
                    let got = &found.pairs[at];
                    // Rounding of the two ways to compute a score may exchange what is equal to 1e-12.
                    let same = (got.i, got.j) == *expected || {
                        let (x, y) = (key(&(got.i, got.j)), key(expected));
                        own(&(got.i, got.j)).0 == own(expected).0 && x.0 == y.0 && (x.1 - y.1).abs() <= 1e-8 * (1.0 + y.1) && by != By::Distance
                    };
                    prop_assert!(same, "{by:?} {place}: {:?} instead of {expected:?}", (got.i, got.j));
                    prop_assert_eq!(found.candidates[at] as usize, group.len());
                    at += 1;
                }
            }
            prop_assert_eq!(at, found.pairs.len());
            let fast = Spec { count_candidates: false, ..spec };
            prop_assert_eq!(&found.pairs, &run(1, &side(&p, kinds.0, 2), &side(&q, kinds.1, 3), &fast).pairs);
        }
    }

    #[test]
    fn mutual_pairs_are_stable(p in places(60), q in places(60), (r, w) in limits()) {
        let spec = Spec { duplicates: Duplicates::Keep, ..Spec::mutual(r, w) };
        let found = rows(&run(2, &side(&p, 0, 1), &side(&q, 1, 2), &spec));
        let all = brute(&p, &q, r, w, Metric::Wgs84);
        let d = |i: u64, j: u64| distance(Metric::Wgs84, &p[i as usize], &q[j as usize]);
        let of_i = |i: u64| found.iter().find(|f| f.0 == i).copied();
        let of_j = |j: u64| found.iter().find(|f| f.1 == j).copied();
        for (i, j) in &found {
            prop_assert!(all.contains(&(*i, *j)));
            prop_assert_eq!(found.iter().filter(|f| f.0 == *i || f.1 == *j).count(), 1);
        }
        // Every pair that was not taken lost to one at least as near on one of its rows.
        for (i, j) in all.into_iter().filter(|pair| !found.contains(pair)) {
            let rival = [of_i(i), of_j(j)].into_iter().flatten().map(|(a, b)| d(a, b)).fold(f64::INFINITY, f64::min);
            prop_assert!(rival <= d(i, j));
        }
    }

    #[test]
    fn any_cut_into_tasks_gives_the_same_pairs(
        p in places(200), q in places(100), (r, w) in limits(), cuts in prop::collection::vec(0..200_u64, 0..6), kind in 0..3_usize,
    ) {
        let (a, b) = (side(&p, kind, 2), side(&q, 0, 1));
        for spec in [Spec::all(r, w), Spec::nearest(r, w)] {
            let whole = run(1, &a, &b, &spec);
            let mut cuts = cuts.clone();
            cuts.extend([0, 1000]);
            cuts.sort_unstable();
            let mut parts = Vec::new();
            let mut sum = 0_u64;
            for c in cuts.windows(2) {
                let part = join_rows(&a, &b, &spec, c[0]..c[1], &Control::default()).unwrap();
                sum = sum.wrapping_add(part.sum64());
                parts.extend(part.pairs);
            }
            prop_assert_eq!(&parts, &whole.pairs);
            prop_assert_eq!(sum, whole.sum64());
        }
    }

    #[test]
    fn turning_the_sphere_changes_nothing(
        p in places(80), q in places(80), (r, w) in limits(), axis in (-1.0..1.0_f64, 0.0..360.0_f64), angle in 0.0..360.0_f64,
    ) {
        let turn = |place: &Place| {
            if !place.counts() {
                return *place;
            }
            let (la, lo) = (place.lat.to_radians(), place.lon.to_radians());
            let v = [la.cos() * lo.cos(), la.cos() * lo.sin(), la.sin()];
            let (z, f) = (axis.0, axis.1.to_radians());
            let rho = (1.0 - z * z).sqrt();
            let k = [rho * f.cos(), rho * f.sin(), z];
            let (s, c) = angle.to_radians().sin_cos();
            let dot = k[0] * v[0] + k[1] * v[1] + k[2] * v[2];
            let cross = [k[1] * v[2] - k[2] * v[1], k[2] * v[0] - k[0] * v[2], k[0] * v[1] - k[1] * v[0]];
            let u: Vec<f64> = (0..3).map(|d| v[d] * c + cross[d] * s + k[d] * dot * (1.0 - c)).collect();
            Place { lat: u[2].atan2(u[0].hypot(u[1])).to_degrees(), lon: u[1].atan2(u[0]).to_degrees(), ..*place }
        };
        // A pair on the limit itself may fall either way once positions are rounded again.
        let near = |a: &Place, b: &Place| (distance(Metric::SPHERE, a, b) - r).abs() < 1e-5 * (1.0 + r / R);
        prop_assume!(!p.iter().any(|a| a.counts() && q.iter().any(|b| b.counts() && near(a, b))));
        let spec = Spec { duplicates: Duplicates::Keep, ..Spec::all(r, w).with_metric(Metric::SPHERE) };
        let straight = run(2, &side(&p, 0, 1), &side(&q, 0, 1), &spec);
        let turned = |v: &[Place]| v.iter().map(turn).collect::<Vec<_>>();
        let found = run(2, &side(&turned(&p), 0, 1), &side(&turned(&q), 0, 1), &spec);
        prop_assert_eq!(rows(&straight), rows(&found));
    }
}

#[test]
fn a_lone_pair_of_first_rows_is_found() {
    let place = Place { lat: 12.0, lon: 34.0, t: 5, valid: true };
    let found = run(1, &side(&[place], 0, 1), &side(&[place], 0, 1), &Spec::all(0.0, 0));
    assert_eq!(rows(&found), [(0, 0)]);
}

#[test]
fn nothing_matches_nothing() {
    let nan = Place { lat: f64::NAN, lon: 0.0, t: 0, valid: true };
    let fine = Place { lat: 0.0, lon: 0.0, t: 0, valid: true };
    let all = Spec::all(2e7, i64::MAX);
    assert!(run(2, &side(&[nan; 100], 2, 1), &side(&[fine; 50], 0, 1), &all).pairs.is_empty());
    assert!(run(2, &Side::new(vec![]).unwrap(), &side(&[fine], 0, 1), &all).pairs.is_empty());
    let counts = run(2, &side(&[nan; 100], 2, 1), &side(&[fine; 50], 0, 1), &all).counts;
    assert_eq!((counts.primary.rows, counts.primary.invalid, counts.secondary.duplicates), (100, 100, 49));
}

#[test]
fn repeated_rows_are_left_out_and_counted_or_refused() {
    let at = |k: i64| Place { lat: 1.0 + k as f64, lon: 2.0, t: 1000 * k, valid: true };
    let p = [at(0), at(1), at(0), at(2), at(1), at(0)];
    let run = |duplicates| {
        join(
            &side(&p, 0, 2),
            &side(&[at(0)], 0, 1),
            &Spec { duplicates, ..Spec::all(1.0, i64::MAX) },
            &Control::default(),
        )
    };
    let first = run(Duplicates::First).unwrap();
    assert_eq!((rows(&first), first.counts.primary.duplicates), (vec![(0, 0)], 3));
    assert_eq!(rows(&run(Duplicates::Keep).unwrap()), [(0, 0), (2, 0), (5, 0)]);
    let refused = run(Duplicates::Error).unwrap_err().to_string();
    assert!(refused.contains("3 rows of the primary side") && refused.contains("row 2"), "{refused}");
}

#[test]
fn stored_types_give_the_same_pairs_where_they_hold_the_same_numbers() {
    let n = 3000_i32;
    let lat: Vec<i32> = (0..n).map(|k| (k * 7919 % 1600) * 100_000 - 80_000_000).collect();
    let lon: Vec<i32> = (0..n).map(|k| (k * 104_729 % 3600) * 100_000 - 180_000_000).collect();
    let wide = |v: &[i32]| v.iter().map(|v| f64::from(*v) / 1e6).collect::<Vec<_>>();
    let tenths = |v: &[i32]| v.iter().map(|v| (*v / 100_000) as i16).collect::<Vec<_>>();
    let t = || Times::One(0);
    let one = |lat, lon| Side::new(vec![Granule::points(lat, lon, t()).unwrap()]).unwrap();
    let packed = one(Coord::micro(lat.clone()), Coord::micro(lon.clone()));
    let double = one(Coord::f64(wide(&lat)), Coord::f64(wide(&lon)));
    let i16 = |v: &[i32]| Coord::I16 {
        values: tenths(v).into(),
        packing: seaglass_coloc::Packing::new(0.1, 0.0),
        fill: Some(i16::MIN),
    };
    let short = one(i16(&lat), i16(&lon));
    let spec = Spec { duplicates: Duplicates::Keep, ..Spec::all(60_000.0, 0) };
    let expected = run(2, &double, &double, &spec);
    assert!(expected.pairs.len() > 3000);
    for (a, b) in [(&packed, &double), (&packed, &packed), (&short, &double), (&double, &short)] {
        assert_eq!(rows(&run(2, a, b, &spec)), rows(&expected));
    }
}

#[test]
fn a_grid_matches_as_its_cells_do() {
    let (lat, lon): (Vec<f64>, Vec<f64>) =
        ((0..23).map(|k| 80.0 - f64::from(k) * 0.9).collect(), (0..40).map(|k| f64::from(k) * 9.0).collect());
    let times = vec![0, 3_600_000_000];
    let cells: Vec<Place> = times
        .iter()
        .flat_map(|t| lat.iter().map(move |la| (*t, *la)))
        .flat_map(|(t, lat)| lon.iter().map(move |lo| Place { lat, lon: *lo, t, valid: true }))
        .collect();
    let p: Vec<Place> = (0..300)
        .map(|k| Place {
            lat: 60.0 + f64::from(k % 20),
            lon: f64::from(k * 37 % 360) - 180.0,
            t: i64::from(k) * 20_000_000,
            valid: true,
        })
        .collect();
    let grid =
        Side::new(vec![Granule::grid(Coord::f64(lat), Coord::f64(lon), Times::per_line(times)).unwrap()]).unwrap();
    let found = run(2, &side(&p, 0, 1), &grid, &Spec::all(150_000.0, 1_800_000_000));
    assert!(found.pairs.len() > 100);
    assert_eq!(rows(&found), brute(&p, &cells, 150_000.0, 1_800_000_000, Metric::Wgs84));
}

#[test]
fn absurd_requests_are_refused() {
    let one = side(&[Place { lat: 0.0, lon: 0.0, t: 0, valid: true }], 0, 1);
    for spec in [Spec::all(-1.0, 0), Spec::all(f64::NAN, 0), Spec::all(3e7, 0), Spec::all(1.0, -1)] {
        assert!(join(&one, &one, &spec, &Control::default()).is_err(), "{spec:?}");
    }
    let k = Spec { policy: Policy::Nearest { by: By::Distance, k: 0 }, ..Spec::all(1.0, 0) };
    assert!(join(&one, &one, &k, &Control::default()).is_err());
    assert!(join(&one, &one, &Spec::all(1.0, 0).with_metric(Metric::Sphere(0.0)), &Control::default()).is_err());
}

#[test]
fn a_cancelled_join_stops() {
    let one = side(&[Place { lat: 0.0, lon: 0.0, t: 0, valid: true }], 0, 1);
    let cancel = seaglass_coloc::Cancel::new();
    cancel.cancel();
    let control = Control { cancel: Some(&cancel), progress: None };
    assert_eq!(join(&one, &one, &Spec::all(1.0, 0), &control), Err(seaglass_coloc::Error::Cancelled));
}

/// With a radius of half the Earth every leaf meets every other; who stops such a run does not wait for a block of it.
#[test]
fn a_hopeless_join_stops_at_once() {
    let many = |n: usize, shift: f64| {
        let lat: Vec<f64> = (0..n).map(|k| (k as f64 * 0.618_034 + shift).fract() * 170.0 - 85.0).collect();
        let lon: Vec<f64> = (0..n).map(|k| (k as f64 * 0.754_878 + shift).fract() * 360.0 - 180.0).collect();
        let times = Times::per_row((0..n as i64).collect::<Vec<_>>());
        Side::new(vec![Granule::points(Coord::f64(lat), Coord::f64(lon), times).unwrap()]).unwrap()
    };
    let (few, all) = (many(40_000, 0.1), many(2_000_000, 0.3));
    let cancel = seaglass_coloc::Cancel::new();
    let spec = Spec { count_candidates: true, ..Spec::nearest(2.0e7, i64::MAX) };
    std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            let control = Control { cancel: Some(&cancel), progress: None };
            join(&few, &all, &spec, &control)
        });
        // Long enough to be in the middle; the whole is eighty billion distances.
        std::thread::sleep(std::time::Duration::from_secs(2));
        cancel.cancel();
        let begun = std::time::Instant::now();
        assert_eq!(run.join().unwrap(), Err(seaglass_coloc::Error::Cancelled));
        // Milliseconds where nothing else runs; a block of it would take half a minute and more.
        assert!(begun.elapsed().as_secs_f64() < 10.0, "{:?}", begun.elapsed());
    });
}
