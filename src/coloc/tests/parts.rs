//! Crossings, filters, live candidates, chains, boxes, plans and streams.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::sync::Arc;

use proptest::prelude::*;
use seaglass_coloc::chain::chain;
use seaglass_coloc::crossover::{Along, At, CrossSpec, between, crossovers, instant, self_crossovers};
use seaglass_coloc::filter::Filter;
use seaglass_coloc::live::{Candidates, Cut, Kept, exact};
use seaglass_coloc::plan::{Extent, granule_pairs};
use seaglass_coloc::stream::{Source, join_sources};
use seaglass_coloc::{
    By, Control, Coord, Duplicates, Error, Granule, Metric, Policy, Reference, Side, Spec, Times, around, join,
};

fn points(places: &[(f64, f64, i64)]) -> Granule<'static> {
    Granule::points(
        Coord::f64(places.iter().map(|p| p.0).collect::<Vec<_>>()),
        Coord::f64(places.iter().map(|p| p.1).collect::<Vec<_>>()),
        Times::per_row(places.iter().map(|p| p.2).collect::<Vec<_>>()),
    )
    .unwrap()
}

fn track(places: &[(f64, f64, i64)]) -> Granule<'static> {
    Granule::track(
        Coord::f64(places.iter().map(|p| p.0).collect::<Vec<_>>()),
        Coord::f64(places.iter().map(|p| p.1).collect::<Vec<_>>()),
        Times::per_row(places.iter().map(|p| p.2).collect::<Vec<_>>()),
    )
    .unwrap()
}

fn one(g: Granule<'static>) -> Side<'static> {
    Side::new(vec![g]).unwrap()
}

#[test]
fn crossings_by_hand() {
    // A meridian over the dateline's neighbour and the equator cross at (0, 179.995).
    let up: Vec<_> = (0..40).map(|k| (f64::from(k) * 0.1 - 2.03, 179.995, i64::from(k) * 1_000_000)).collect();
    let east: Vec<_> = (0..40)
        .map(|k| {
            (
                0.0,
                (178.0 + f64::from(k) * 0.1 + 180.0_f64).rem_euclid(360.0) - 180.0,
                5_000_000 + i64::from(k) * 1_000_000,
            )
        })
        .collect();
    let spec = CrossSpec::new(60_000_000, 1_000_000);
    let found = crossovers(&one(track(&up)), &one(track(&east)), &spec, &Control::default()).unwrap();
    assert_eq!(found.len(), 1);
    let c = found[0];
    assert_eq!((c.i, c.j), (20, 19));
    assert!(c.lat_deg.abs() < 1e-12 && (c.lon_deg - 179.995).abs() < 1e-12);
    assert!((c.along_i - 0.3).abs() < 1e-9 && (c.along_j - 0.95).abs() < 1e-9);
    assert_eq!((c.time_i_us, c.time_j_us), (20_300_000, 24_950_000));
    let none = |spec| crossovers(&one(track(&up)), &one(track(&east)), &spec, &Control::default()).unwrap().len();
    assert_eq!(none(CrossSpec { window_us: 4_649_999, ..spec }), 0);
    assert_eq!(none(CrossSpec { window_us: 4_650_000, ..spec }), 1);
    assert_eq!(none(CrossSpec { max_gap_us: 999_999, ..spec }), 0);
    // Samples lie 0.1° apart: 11 119.5 m on the mean sphere.
    assert_eq!(none(CrossSpec { max_step_m: 11_119.0, ..spec }), 0);
    assert_eq!(none(CrossSpec { max_step_m: 11_120.0, ..spec }), 1);
}

#[test]
fn a_pass_that_goes_on_in_the_next_file_loses_no_crossing() {
    let up: Vec<_> = (0..40).map(|k| (f64::from(k) * 0.1 - 2.03, 10.0, i64::from(k) * 1_000_000)).collect();
    let east: Vec<_> = (0..40).map(|k| (0.0, 8.0 + f64::from(k) * 0.1, i64::from(k) * 1_000_000)).collect();
    let spec = CrossSpec { max_step_m: 40_000.0, ..CrossSpec::new(60_000_000, 1_000_000) };
    let b = one(track(&east));
    let found = |parts: &[&[(f64, f64, i64)]], spec| {
        let side = Side::new(parts.iter().map(|p| track(p)).collect()).unwrap();
        crossovers(&side, &b, &spec, &Control::default()).unwrap()
    };
    let whole = found(&[&up], spec);
    assert_eq!((whole.len(), whole[0].i, whole[0].i_next), (1, 20, 21));
    // Cut anywhere, at the crossing too, and a file of one sample.
    for cut in 1..40 {
        assert_eq!(found(&[&up[..cut], &up[cut..]], spec), whole, "cut at {cut}");
    }
    assert_eq!(found(&[&up[..20], &up[20..21], &up[21..]], spec), whole);
    // Not over a gap, not to another satellite's file, and not where no limit tells one from the other.
    assert!(found(&[&up[..21], &up[22..]], spec).is_empty());
    let far: Vec<_> = up[21..].iter().map(|s| (s.0, -10.0, s.2)).collect();
    assert!(found(&[&up[..21], &far], spec).is_empty());
    assert!(found(&[&up[..21], &up[21..]], CrossSpec { max_step_m: f64::INFINITY, ..spec }).is_empty());
    // The value comes from both files: 3 at the sample before, 4 after, 0.3 of the way.
    let (a, b) = (track(&up[..21]), track(&up[21..]));
    let (before, after) = (At { granule: &a, value: &|_| 3.0, row: 20 }, At { granule: &b, value: &|_| 4.0, row: 0 });
    let at = instant(&before, &after, whole[0].time_i_us, whole[0].along_i);
    let value = between(before, after, at, Along::Linear, 1_000_000);
    assert!((value - 3.0 - whole[0].along_i).abs() < 1e-12, "{value}");
    assert!((value - 3.3).abs() < 1e-6, "{value}");
}

#[test]
fn a_crossing_at_a_sample_counts_once() {
    let up: Vec<_> = (-3..=3).map(|k| (f64::from(k), 10.0, i64::from(k))).collect();
    let east: Vec<_> = (-3..=3).map(|k| (0.0, 10.0 + f64::from(k), i64::from(k))).collect();
    let spec = CrossSpec::new(100, 100);
    let found = crossovers(&one(track(&up)), &one(track(&east)), &spec, &Control::default()).unwrap();
    assert_eq!(found.iter().map(|c| (c.i, c.j)).collect::<Vec<_>>().len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Orbits on a turning sphere: ascending against descending, by looking at every pair of segments.
    #[test]
    fn crossings_equal_exhaustive_search(inclination in 20.0..85.0_f64, drift in 0.05..0.5_f64, n in 50..600_usize, step in 0.5..8.0_f64) {
        let places: Vec<(f64, f64, i64)> = (0..n)
            .map(|k| {
                let u = (k as f64 * step).to_radians();
                let lat = (inclination.to_radians().sin() * u.sin()).asin();
                let lon = (inclination.to_radians().cos() * u.sin()).atan2(u.cos()) - u * drift;
                (lat.to_degrees(), (lon.to_degrees() + 180.0).rem_euclid(360.0) - 180.0, k as i64)
            })
            .collect();
        let spec = CrossSpec::new(300, 1);
        let found = self_crossovers(&one(track(&places)), &spec, &Control::default()).unwrap();
        let unit = |k: usize| {
            let (la, lo) = (places[k].0.to_radians(), places[k].1.to_radians());
            [la.cos() * lo.cos(), la.cos() * lo.sin(), la.sin()]
        };
        let det = |a: [f64; 3], b: [f64; 3], c: [f64; 3]| {
            a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0])
        };
        let rises = |k: usize| places[k + 1].0 > places[k].0;
        let mut expected = Vec::new();
        let mut clear = true;
        for i in (0..n - 1).filter(|k| rises(*k)) {
            for j in (0..n - 1).filter(|k| !rises(*k)) {
                let (p, p1, q, q1) = (unit(i), unit(i + 1), unit(j), unit(j + 1));
                let sides = [det(p, p1, q), det(p, p1, q1), det(q, q1, p), det(q, q1, p1)];
                // Neighbouring segments touch in a sample: rounding decides, and the pass boundary removes them.
                if i.abs_diff(j) <= 1 { continue; }
                clear &= sides.iter().all(|s| s.abs() > 1e-13);
                let near = p[0] * q[0] + p[1] * q[1] + p[2] * q[2] > 0.0;
                if near && sides[0] * sides[1] < 0.0 && sides[2] * sides[3] < 0.0 && i.abs_diff(j) <= 300 {
                    expected.push((i as u64, j as u64));
                }
            }
        }
        prop_assume!(clear);
        // The time of a crossing lies within its segments, so a difference of 300 may fall either way.
        let far = |p: &(u64, u64)| p.0.abs_diff(p.1) < 299;
        let rows: Vec<(u64, u64)> = found.iter().map(|c| (c.i, c.j)).filter(far).collect();
        // The segment over a turning point belongs to no half pass.
        let turning = |k: u64| {
            let k = k as usize;
            (k > 0 && rises(k - 1) != rises(k)) || (k + 2 < n && rises(k + 1) != rises(k))
        };
        let keep = |v: Vec<(u64, u64)>| v.into_iter().filter(far).filter(|p| !turning(p.0) && !turning(p.1)).collect::<Vec<_>>();
        prop_assert_eq!(keep(rows), keep(expected));
    }

    #[test]
    fn live_filtering_equals_a_join_with_these_limits(
        p in prop::collection::vec((-1.0..1.0_f64, 179.0..181.0_f64, 0..100_i64), 1..60),
        q in prop::collection::vec((-1.0..1.0_f64, 179.0..181.0_f64, 0..100_i64), 1..80),
        share in 0.0..1.0_f64, window in 0..60_i64,
    ) {
        let lon = |v: &[(f64, f64, i64)]| v.iter().map(|p| (p.0, (p.1 * 20.0).round() / 20.0, p.2)).collect::<Vec<_>>();
        let (a, b) = (one(points(&lon(&p))), one(points(&lon(&q))));
        let widest = Spec { duplicates: Duplicates::Keep, ..Spec::all(200_000.0, 60) };
        let candidates = Candidates::new(&join(&a, &b, &widest, &Control::default()).unwrap().pairs).unwrap();
        let exact = exact(&a, &b, Metric::Wgs84);
        let mut kept = Kept::default();
        for nearest in [None, Some(By::Distance), Some(By::Time), Some(By::Combined)] {
            let cut = Cut { radius_m: 200_000.0 * share, window_us: window, nearest };
            candidates.filter(&cut, &exact, &mut kept);
            let policy = nearest.map_or(Policy::All, |by| Policy::Nearest { by, k: 1 });
            let spec = Spec { policy, radius_m: cut.radius_m, window_us: window, ..widest };
            let expected = join(&a, &b, &spec, &Control::default()).unwrap();
            let found: Vec<_> = kept.at().iter().map(|k| candidates.get(*k).unwrap()).collect();
            prop_assert_eq!(&found, &expected.pairs);
            prop_assert_eq!(candidates.sum64(&kept), expected.sum64());
            let all = join(&a, &b, &Spec { policy: Policy::All, ..spec }, &Control::default()).unwrap();
            prop_assert_eq!(kept.within, all.pairs.len());
        }
    }
}

#[test]
fn live_limits_are_inclusive_to_the_last_digit() {
    let a = one(points(&[(0.0, 0.0, 0)]));
    let b = one(points(&[(0.0, 0.1, 0)]));
    let found = join(&a, &b, &Spec::all(20_000.0, 0), &Control::default()).unwrap();
    let d = Metric::Wgs84.distance_m(0.0, 0.0, 0.0, 0.1);
    let candidates = Candidates::new(&found.pairs).unwrap();
    let mut kept = Kept::default();
    let mut count = |radius_m| {
        candidates.filter(&Cut { radius_m, window_us: 0, nearest: None }, &exact(&a, &b, Metric::Wgs84), &mut kept);
        let all = kept.len();
        candidates.filter(
            &Cut { radius_m, window_us: 0, nearest: Some(By::Distance) },
            &exact(&a, &b, Metric::Wgs84),
            &mut kept,
        );
        assert_eq!(all, kept.len());
        all
    };
    assert_eq!((count(d), count(d.next_down()), count(d.next_up())), (1, 0, 1));
    for (radius, n) in [(d, 1), (d.next_down(), 0)] {
        assert_eq!(join(&a, &b, &Spec::all(radius, 0), &Control::default()).unwrap().pairs.len(), n);
    }
}

#[test]
fn filters_read_what_people_write() {
    let table = [
        ("quality_flag", vec![0.0, 0.0, 1.0, f64::NAN]),
        ("flags", vec![0.0, 6.0, 1.0, 8.0]),
        ("data/ssha", vec![-0.5, 0.5, 2.0, 3.0]),
    ];
    let rows = |text: &str| {
        let f = Filter::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        let columns: Vec<&Vec<f64>> = f.fields().iter().map(|n| &table.iter().find(|t| t.0 == n).unwrap().1).collect();
        let pass = f.evaluate(4, &|field, row| columns[field][row]);
        (0..4).filter(|k| pass[*k]).collect::<Vec<usize>>()
    };
    assert_eq!(rows("quality_flag == 0 & bitand(flags, 0x6) == 0"), [0]);
    assert_eq!(rows("quality_flag == 0 && flags != 0"), [1]);
    assert_eq!(rows("quality_flag != 0"), [2]);
    assert_eq!(rows("!(quality_flag == 0)"), [2]);
    assert_eq!(rows("ismissing(quality_flag) | quality_flag > 0.5"), [2, 3]);
    assert_eq!(rows("`data/ssha` < 0 or not between(`data/ssha`, -1, 2)"), [0, 3]);
    assert_eq!(rows("abs(`data/ssha`) * 2 - 1 == 0"), [0, 1]);
    assert_eq!(rows("-`data/ssha` + 1e0 >= 0.5"), [0, 1]);
    assert_eq!(rows("flags == 8 | quality_flag == 1 & flags == 0"), [3]);
    assert_eq!(rows("(flags == 8 | quality_flag == 1) & flags == 0"), Vec::<usize>::new());
    assert_eq!(Filter::parse("a + b * a").unwrap().fields(), ["a", "b"]);
}

#[test]
fn mistakes_in_filters_are_shown_where_they_are() {
    for (text, column, word) in [
        ("", 1, "empty"),
        ("a = 1", 3, "`==`"),
        ("a == ", 6, "ends"),
        ("(a == 1", 8, "`)`"),
        ("a == 1 b", 8, "operator"),
        ("bitand(a)", 1, "2 arguments"),
        ("a == §", 6, "§"),
        ("foo(a)", 1, "no function"),
        ("1 < a < 2", 7, "chain"),
        ("ä == 0x", 6, "number"),
        ("`a", 1, "closed"),
    ] {
        match Filter::parse(text) {
            Err(Error::Filter { column: at, message }) => {
                assert!(at == column && message.contains(word), "{text}: column {at}, {message}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    assert!(Filter::parse(&"(".repeat(5000)).is_err());
    assert!(Filter::parse(&"!".repeat(5000)).is_err());
    assert!(Filter::parse(&"-".repeat(5000)).is_err());
}

#[test]
fn several_sides_join_by_primary_row() {
    let p = one(points(&[(0.0, 0.0, 0), (1.0, 0.0, 0), (2.0, 0.0, 0)]));
    let a = one(points(&[(0.0, 0.001, 0), (2.0, 0.001, 0), (2.0, 0.002, 0)]));
    let b = one(points(&[(1.0, 0.0, 0), (2.0, 0.0, 0)]));
    let all = Spec::all(1000.0, 0);
    let rows = |complete| {
        let c = chain(&p, &[(&a, all), (&b, all)], complete, &Control::default()).unwrap();
        c.rows.into_iter().map(|(i, m)| (i, m.iter().map(|p| p.map(|p| p.j)).collect::<Vec<_>>())).collect::<Vec<_>>()
    };
    assert_eq!(rows(true), [(2, vec![Some(1), Some(1)]), (2, vec![Some(2), Some(1)])]);
    assert_eq!(rows(false)[..2], [(0, vec![Some(0), None]), (1, vec![None, Some(0)])]);
}

#[test]
fn boxes_keep_their_shape_at_the_edge() {
    let flat = |n: usize| Coord::f64(vec![0.0; n]);
    let swath =
        Side::new(vec![points(&[(0.0, 0.0, 0); 7]), Granule::swath(3, 4, flat(12), flat(12), Times::One(0)).unwrap()])
            .unwrap();
    // Row 7 is line 0, pixel 0 of the swath.
    assert_eq!(around(&swath, 7, 1, 1), [None, None, None, None, Some(7), Some(8), None, Some(11), Some(12)]);
    assert_eq!(around(&swath, 6, 1, 5), [Some(5), Some(6), None]);
    let axis = Coord::f64((0..4).map(|k| f64::from(k) * 90.0).collect::<Vec<_>>());
    let grid = one(Granule::grid(Coord::f64(vec![0.0, 1.0]), axis, Times::per_line(vec![0, 1])).unwrap());
    assert_eq!(around(&grid, 8, 1, 1), [None, None, None, Some(11), Some(8), Some(9), Some(15), Some(12), Some(13)]);
}

/// Granules made when asked for; the third cannot be read.
struct Archive {
    granules: Vec<Arc<Granule<'static>>>,
    extents: Vec<Extent>,
    broken: Option<usize>,
}

impl Archive {
    fn new(seed: usize, broken: Option<usize>) -> Self {
        let granule = |k: usize| {
            let rows: Vec<(f64, f64, i64)> = (0..200)
                .map(|r| {
                    let x = (r * 7919 + k * 104_729 + seed * 31) % 10_007;
                    ((x % 120) as f64 - 60.0, (x % 359) as f64 - 179.5, (k * 1000 + r * 5) as i64)
                })
                .collect();
            Arc::new(points(&rows))
        };
        let granules: Vec<_> = (0..12).map(granule).collect();
        let extents = granules.iter().map(|g| g.extent().unwrap()).collect();
        Self { granules, extents, broken }
    }

    fn side(&self) -> Side<'_> {
        let kept = self.granules.iter().enumerate().filter(|(k, _)| Some(*k) != self.broken);
        Side::new(kept.map(|(k, g)| g.borrowed().with_first_row(k as u64 * 200)).collect()).unwrap()
    }
}

impl Source for Archive {
    fn extents(&self) -> &[Extent] {
        &self.extents
    }
    fn first_row(&self, granule: usize) -> u64 {
        granule as u64 * 200
    }
    fn load(&self, granule: usize) -> seaglass_coloc::Result<Arc<Granule<'static>>> {
        if Some(granule) == self.broken {
            return Err(Error::Source(format!("granule {granule} is damaged; fetch it again")));
        }
        Ok(self.granules[granule].clone())
    }
}

#[test]
fn a_stream_gives_the_pairs_of_the_whole_and_goes_on_past_damage() {
    let (p, s) = (Archive::new(1, Some(3)), Archive::new(2, None));
    for reference in [Reference::Primary, Reference::Secondary] {
        for policy in [Policy::All, Policy::Nearest { by: By::Combined, k: 2 }] {
            let spec = Spec { policy, reference, ..Spec::all(300_000.0, 700) };
            let whole = join(&p.side(), &s.side(), &spec, &Control::default()).unwrap();
            assert!(whole.pairs.len() > 50, "{}", whole.pairs.len());
            for rows in [1, 450, 100_000] {
                let mut pairs = Vec::new();
                let out = join_sources(&p, &s, &spec, rows, &Control::default(), &mut |b| {
                    pairs.extend_from_slice(b.pairs);
                    Ok(())
                })
                .unwrap();
                pairs.sort_by_key(|p| if reference == Reference::Primary { p.i } else { p.j });
                assert_eq!(pairs, whole.pairs);
                assert_eq!(out.failed, [("primary", 3, "granule 3 is damaged; fetch it again".to_owned())]);
                assert!(rows > 1 || reference == Reference::Secondary || out.most_rows <= 800, "{}", out.most_rows);
            }
        }
    }
}

#[test]
fn plans_miss_no_granules() {
    let (p, s) = (Archive::new(5, None), Archive::new(9, None));
    for (r, w) in [(300_000.0, 700), (50_000.0, 0), (2e6, 20_000)] {
        let planned = granule_pairs(&p.extents, &s.extents, r, w);
        let found = join(&p.side(), &s.side(), &Spec::all(r, w), &Control::default()).unwrap();
        for pair in found.pairs {
            assert!(planned.contains(&((pair.i / 200) as usize, (pair.j / 200) as usize)));
        }
    }
    let near_dateline = points(&[(0.0, 179.5, 0), (1.0, -179.2, 0)]).extent().unwrap();
    assert_eq!(near_dateline.lon_deg, (179.0, 181.0));
    let other = points(&[(0.0, -178.9, 0)]).extent().unwrap();
    assert!(near_dateline.meets(&other, 50_000.0, 0) && other.meets(&near_dateline, 50_000.0, 0));
    assert!(!near_dateline.meets(&points(&[(0.0, 0.5, 0)]).extent().unwrap(), 50_000.0, 0));
}
