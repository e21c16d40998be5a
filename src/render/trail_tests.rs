//! Pieces of time, gaps, and what a frame draws of them.

use std::sync::Arc;

use super::*;
use seaglass_core::camera::Camera;
use seaglass_core::coord::CoordArray;
use seaglass_core::field::{Apron, Window};
use seaglass_core::geolocation::Geolocation;
use seaglass_core::time::{Time, TimeSpan};

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
    let (samples, pieces, blocks) = build(&shape, &block((0..200).map(|k| k as f32).collect()), None);
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
    // A block holds both trajectories and only some hours; every piece lies in one block.
    assert!(blocks.iter().all(|b| b.span[1] - b.span[0] <= PIECE as i64 * HOUR && b.pieces.len() == 2));
    assert!(blocks.windows(2).all(|w| w[0].pieces.end == w[1].pieces.start));
    assert_eq!(blocks.last().unwrap().pieces.end, pieces.len());
}

#[test]
fn time_blocks_of_many_trajectories_lie_together() {
    // 200 trajectories × 300 hours.
    let places: Vec<(f64, f64)> = (0..60_000).map(|k| (f64::from(k % 300) * 0.01, f64::from(k / 300) * 0.1)).collect();
    let times = (0..60_000).map(|k| (k % 300) * HOUR).collect();
    let shape = shape(&places, times, (0..200).map(|k| k * 300).collect());
    let (samples, pieces, blocks) = build(&shape, &block(vec![1.0; 60_000]), None);
    let camera = Camera { target: LonLat::new(1.5, 10.0), altitude_m: 1e7, ..Camera::default() };
    let frame = FrameView::new(camera.view(800.0, 600.0));
    let window = |from: i64, to: i64| {
        Times::everything().within(TimeSpan::new(Time::from_micros(from * HOUR), Time::from_micros(to * HOUR)))
    };
    let count = |seen: &[Seen]| seen.iter().map(|s| s.segments).sum::<u32>();
    // A day of each of 200 trajectories is 4800 segments, and a piece more at either end.
    let day = seen(&pieces, &blocks, &frame, &window(96, 120));
    assert!(count(&day) >= 4_800 && count(&day) <= 200 * (24 + 2 * PIECE as u32), "{}", count(&day));
    assert_eq!(count(&seen(&pieces, &blocks, &frame, &Times::everything())), 200 * 299, "all of them once");
    assert!(samples.len() < 60_000 * 3 / 2, "{}", samples.len());
    // From the other side of the Earth nothing is drawn.
    let behind = Camera { target: LonLat::new(-178.5, -10.0), ..camera };
    let behind = FrameView::new(behind.view(800.0, 600.0));
    assert!(seen(&pieces, &blocks, &behind, &Times::everything()).is_empty());
}

/// The segments of spans as the shader numbers them, as pairs of values, with the sample beside each end.
fn shown(samples: &[Sample], spans: &[Span]) -> Vec<[f32; 4]> {
    let mut all = Vec::new();
    for [first, what] in spans {
        let (segments, step, quad) = (what & 0xfff, 1 << (what >> 12 & 0xf), what >> 16);
        for k in quad..quad + SPAN_QUADS {
            let from = k * step;
            if from >= segments {
                continue;
            }
            let to = (from + step).min(segments);
            let before = if from == 0 { first - 1 } else { first + from - step };
            let after = if to == segments { first + segments + 1 } else { first + (to + step).min(segments) };
            let after = if samples[(first + to) as usize].day & JOINED == 0 { first + to } else { after };
            all.push([before, first + from, first + to, after].map(|k| samples[k as usize].value));
        }
    }
    all
}

#[test]
fn steps_over_samples_keep_the_ends_and_leave_no_hole() {
    // Lines of 5 and of 300 hourly samples; a lone track has longer pieces.
    for (n, starts) in [(5, vec![0, 3]), (300, vec![0, 150]), (700, vec![0])] {
        let places: Vec<(f64, f64)> = (0..n).map(|k| (f64::from(k) * 0.01, 0.0)).collect();
        let shape = shape(&places, (0..i64::from(n)).map(|k| k * HOUR).collect(), starts.clone());
        let (samples, pieces, blocks) = build(&shape, &block((0..n).map(|k| k as f32).collect()), None);
        let camera = Camera { target: LonLat::new(1.0, 0.0), altitude_m: 4e6, ..Camera::default() };
        let seen = seen(&pieces, &blocks, &FrameView::new(camera.view(800.0, 600.0)), &Times::everything());
        let full: u32 = seen.iter().map(|s| s.segments).sum();
        assert_eq!(full as usize, n as usize - starts.len());
        for coarsest in [0.0, 1.0, 3.0, 50.0] {
            let spans: Vec<Span> = seen.iter().flat_map(|s| s.spans(coarsest)).collect();
            let mut lines = shown(&samples, &spans);
            assert_eq!(lines.len(), seen.iter().map(|s| s.quads(coarsest)).sum::<usize>());
            lines.sort_by(|a, b| a[1].total_cmp(&b[1]));
            assert!(coarsest > 0.0 || lines.iter().all(|l| l[2] == l[1] + 1.0), "every sample");
            assert!(coarsest < 50.0 || lines.len() * 3 < full as usize || n == 5, "far fewer: {}", lines.len());
            // One goes on where the other ends, but for where a trajectory begins.
            let breaks: Vec<usize> =
                lines.windows(2).filter(|w| w[0][2] != w[1][1]).map(|w| w[1][1] as usize).collect();
            assert_eq!(breaks, starts[1..], "{coarsest}");
            assert!(lines.iter().all(|l| l[0] <= l[1] && l[2] <= l[3]), "{coarsest}");
        }
        // What adapters without storage draw is the same.
        let windows: Vec<(f32, f32)> = ranges(&seen)
            .iter()
            .flat_map(|(first, len)| (*first..first + len).map(|k| &samples[k as usize..k as usize + 4]))
            .filter(|w| w[1].day & DRAWN != 0)
            .map(|w| (w[1].value, w[2].value))
            .collect();
        assert_eq!(windows, segments(&samples));
    }
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
