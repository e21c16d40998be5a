//! Pieces of time, gaps and places at the clock.

use super::*;
use seaglass_core::coord::CoordArray;
use seaglass_core::field::{Apron, Window};
use seaglass_core::geolocation::Geolocation;

const HOUR: i64 = 3_600_000_000;

fn shape(places: &[(f64, f64)], times: Vec<i64>, starts: Vec<usize>) -> SeriesShape {
    let series = Series {
        lon: CoordArray::F64(places.iter().map(|p| p.0).collect()),
        lat: CoordArray::F64(places.iter().map(|p| p.1).collect()),
        time_us: times,
        starts,
    };
    SeriesShape::new(&Arc::new(Geolocation::Track(series)), Projection::Globe).unwrap()
}

fn block(values: Vec<f32>) -> Block {
    let window = Window { row: 0, col: 0, rows: values.len(), cols: 1, stride: 1 };
    Block { window, apron: Apron::None, values }
}

/// Segments a buffer draws, as pairs of values; windows of four samples as the shader reads them.
fn segments(samples: &[Sample]) -> Vec<(f32, f32)> {
    samples.windows(4).filter(|w| w[1].day & DRAWN != 0).map(|w| (w[1].value, w[2].value)).collect()
}

#[test]
fn every_segment_is_drawn_once_and_joints_know_their_neighbours() {
    // Two trajectories of 100 hourly samples, one after the other in the file, at the same times.
    let places: Vec<(f64, f64)> = (0..200).map(|k| (f64::from(k % 100) * 0.01, f64::from(k / 100))).collect();
    let times = (0..200).map(|k| (k % 100) * HOUR).collect();
    let shape = shape(&places, times, vec![0, 100]);
    let (samples, ranges) = build(&shape, &block((0..200).map(|k| k as f32).collect()), None);
    let mut drawn = segments(&samples);
    drawn.sort_by(|a, b| a.0.total_cmp(&b.0));
    let expected: Vec<(f32, f32)> = (0..199).filter(|k| *k != 99).map(|k| (k as f32, k as f32 + 1.0)).collect();
    assert_eq!(drawn, expected);
    for w in samples.windows(4).filter(|w| w[1].day & DRAWN != 0) {
        let (before, start, end, after) = (w[0], w[1], w[2], w[3]);
        assert_eq!(before.day & JOINED != 0, start.value % 100.0 != 0.0, "before {}", start.value);
        assert!(before.day & JOINED == 0 || before.value == start.value - 1.0);
        assert_eq!(end.day & JOINED != 0, end.value % 100.0 != 99.0, "after {}", end.value);
        assert!(end.day & JOINED == 0 || after.value == end.value + 1.0);
    }
    // A range holds both trajectories and only some hours.
    assert!(ranges.iter().all(|r| r.span[1] - r.span[0] <= 99 * HOUR));
    let total: u32 = ranges.iter().map(|r| r.len).sum();
    assert_eq!(total as usize, samples.len());
}

#[test]
fn time_blocks_of_many_trajectories_lie_together() {
    // 200 trajectories × 300 hours.
    let places: Vec<(f64, f64)> = (0..60_000).map(|k| (f64::from(k % 300) * 0.01, f64::from(k / 300) * 0.1)).collect();
    let times = (0..60_000).map(|k| (k % 300) * HOUR).collect();
    let shape = shape(&places, times, (0..200).map(|k| k * 300).collect());
    let (samples, ranges) = build(&shape, &block(vec![1.0; 60_000]), None);
    let meets = |r: &&Range| r.span[0] <= 120 * HOUR && r.span[1] >= 96 * HOUR;
    let read: u32 = ranges.iter().filter(meets).map(|r| r.len).sum();
    // A day of each of 200 trajectories is 5000 samples.
    assert!(read > 5_000 && read < 12_000, "{read} of {}", samples.len());
}

#[test]
fn the_tile_goes_on_to_the_next_one() {
    let places: Vec<(f64, f64)> = (0..20).map(|k| (f64::from(k) * 0.01, 0.0)).collect();
    let shape = shape(&places, (0..20).map(|k| k * HOUR).collect(), vec![0]);
    let first = block((0..10).map(|k| k as f32).collect());
    assert_eq!(segments(&build(&shape, &first, Some(77.0)).0).last(), Some(&(9.0, 77.0)));
    assert_eq!(segments(&build(&shape, &first, None).0).last(), Some(&(9.0, 9.0)));
    assert_eq!(segments(&build(&shape, &first, Some(f32::NAN)).0).last(), Some(&(8.0, 9.0)), "missing there");
}

#[test]
fn places_at_the_clock_lie_on_the_great_circle() {
    // From 170° E 60° N to 170° W 50° N over the dateline in 10 hours; a second trajectory with a hole of a week.
    let places = [(170.0, 60.0), (-170.0, 50.0), (-150.0, 40.0), (10.0, 0.0), (10.1, 0.0), (10.2, 0.0)];
    let times = vec![0, 10 * HOUR, 20 * HOUR, 0, 10 * HOUR, 178 * HOUR];
    let shape = shape(&places, times, vec![0, 3]);
    let found = fixes(&shape, 3 * HOUR);
    assert_eq!(found.len(), 2);
    // pyproj.Geod(a=1, b=1).fwd from (170, 60) towards (-170, 50), 0.3 of the distance that `inv` gives.
    let p = found[0].place;
    let lon = seaglass_core::geo::wrap_180(p.lon_deg);
    assert!((lon - 177.098_990_7).abs() < 1e-6 && (p.lat_deg - 57.360_567_8).abs() < 1e-6, "{p:?}");
    assert_eq!((found[0].before, found[1].before), (0, 3));
    assert_eq!(fixes(&shape, 40 * HOUR).len(), 0, "behind the end of one, in the hole of the other");
    assert_eq!(fixes(&shape, -HOUR).len(), 0);
    assert_eq!(fixes(&shape, 20 * HOUR).len(), 0, "it ends there");
}

#[test]
fn without_times_nothing_is_at_the_clock() {
    let shape = shape(&[(0.0, 0.0), (0.1, 0.0)], vec![], vec![0]);
    assert!(fixes(&shape, 0).is_empty());
    let shape = self::shape(&[(0.0, 0.0), (0.1, 0.0), (0.2, 0.0)], vec![0, NO_TIME, 2 * HOUR], vec![0]);
    assert!(fixes(&shape, HOUR).is_empty());
}
