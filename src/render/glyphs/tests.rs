use super::lattice::CellSize;
use super::*;

/// Feathers as a person would write them down from the WMO's rule (Manual on Codes, symbol of wind speed): half feather 5,
/// feather 10, pennant 50, to the nearest 5 knots.
fn told(knots: u32) -> (bool, u32, u32, u32) {
    let ranges: [(u32, u32, (u32, u32, u32)); 22] = [
        (1, 2, (0, 0, 0)),
        (3, 7, (0, 0, 1)),
        (8, 12, (0, 1, 0)),
        (13, 17, (0, 1, 1)),
        (18, 22, (0, 2, 0)),
        (23, 27, (0, 2, 1)),
        (28, 32, (0, 3, 0)),
        (33, 37, (0, 3, 1)),
        (38, 42, (0, 4, 0)),
        (43, 47, (0, 4, 1)),
        (48, 52, (1, 0, 0)),
        (53, 57, (1, 0, 1)),
        (58, 62, (1, 1, 0)),
        (63, 67, (1, 1, 1)),
        (68, 72, (1, 2, 0)),
        (73, 77, (1, 2, 1)),
        (78, 82, (1, 3, 0)),
        (83, 87, (1, 3, 1)),
        (88, 92, (1, 4, 0)),
        (93, 97, (1, 4, 1)),
        (98, 102, (2, 0, 0)),
        (103, 107, (2, 0, 1)),
    ];
    match ranges.iter().find(|(a, b, _)| (*a..=*b).contains(&knots)) {
        Some((_, _, (p, f, h))) => (false, *p, *f, *h),
        None => (true, 0, 0, 0),
    }
}

#[test]
fn feathers_follow_the_wmo_rule_from_0_to_105_knots() {
    for knots in 0..=105 {
        let fives = fives(f64::from(knots));
        let (calm, pennants, full, half) = told(knots);
        if calm {
            assert_eq!(fives, -1, "{knots} kt is calm");
            continue;
        }
        // As the shader takes them apart.
        let (p, rest) = (fives / 10, fives % 10);
        assert_eq!((p as u32, (rest / 2) as u32, (rest % 2) as u32), (pennants, full, half), "{knots} kt");
    }
    assert_eq!(fives(0.4), -1);
    assert_eq!(fives(0.6), 0, "a bare staff");
    assert_eq!(fives(f64::INFINITY), MOST_FIVES);
}

/// Symbols shown, each as much as it is shown, of square cells of a size, within so many pixels around the middle.
fn weight(size: CellSize, spacing_px: f64, reach_px: f64) -> f64 {
    let (rows, cols) = ((reach_px / size.row_px) as i64, (reach_px / size.col_px) as i64);
    let least = spacing_px * std::f64::consts::FRAC_1_SQRT_2;
    let mut sum = 0.0;
    for r in -rows..rows {
        for c in -cols..cols {
            let spacing = size.own_spacing(r, c);
            if spacing > least {
                let begin = spacing_px * ((1.0 + chance(r, c)) / 2.0).sqrt();
                sum += Symbols::shown(spacing, begin);
            }
        }
    }
    sum
}

#[test]
fn density_is_the_same_at_every_zoom() {
    let (spacing, reach) = (40.0, 1200.0);
    let area = (2.0 * reach) * (2.0 * reach);
    let mut seen = Vec::new();
    for k in 0..40 {
        let row_px = 0.9 * 2f64.powf(f64::from(k) / 8.0);
        for shape in [0, 2] {
            let size = CellSize { row_px, col_px: row_px / f64::from(1 << shape), shape };
            // Columns with several cells in each spacing.
            seen.push(weight(size, spacing, reach) * spacing * spacing / area);
        }
    }
    let (low, high) = seen.iter().fold((f64::MAX, 0f64), |(a, b), x| (a.min(*x), b.max(*x)));
    println!("symbols per square of the spacing: {low:.3} to {high:.3}");
    assert!(low > 0.78 && high < 1.08 && high / low < 1.25, "{low} {high}");
}

#[test]
fn nothing_pops_while_zooming() {
    let (spacing, reach) = (40.0, 900.0);
    let at = |row_px: f64| {
        let size = CellSize { row_px, col_px: row_px, shape: 0 };
        let n = (reach / row_px) as i64;
        let shown = move |r: i64, c: i64| {
            let begin = spacing * ((1.0 + chance(r, c)) / 2.0).sqrt();
            Symbols::shown(size.own_spacing(r, c), begin)
        };
        (n, shown)
    };
    let (mut most, mut share) = (0f64, 0f64);
    for k in 0..140 {
        // A frame of a steady zoom: 1 % nearer.
        let row_px = 2.0 * 1.01f64.powi(k);
        let ((n, before), (_, after)) = (at(row_px), at(row_px * 1.01));
        let (mut changed, mut all) = (0.0, 0.0);
        for r in -n..n {
            for c in -n..n {
                let (a, b) = (before(r, c), after(r, c));
                assert!(b >= a, "coming nearer only adds symbols");
                most = most.max(b - a);
                changed += b - a;
                all += a;
            }
        }
        share = share.max(changed / all);
    }
    println!("1 % of zoom changes a symbol by at most {most:.3}, all together by {share:.3}");
    assert!(most < 0.2 && share < 0.05, "{most} {share}");
}

#[test]
fn symbols_keep_their_distance() {
    let spacing = 40.0;
    for (row_px, shape) in [(1.3, 0), (3.7, 0), (5.0, 3), (11.0, 1), (60.0, 5)] {
        let size = CellSize { row_px, col_px: row_px / f64::from(1 << shape), shape };
        let (rows, cols) = ((400.0 / size.row_px) as i64, (400.0 / size.col_px) as i64);
        let mut places = Vec::new();
        for r in -rows..rows {
            for c in -cols..cols {
                if size.own_spacing(r, c) > spacing * ((1.0 + chance(r, c)) / 2.0).sqrt() {
                    places.push((r as f64 * size.row_px, c as f64 * size.col_px));
                }
            }
        }
        let mut nearest = f64::MAX;
        for (k, a) in places.iter().enumerate() {
            for b in &places[k + 1..] {
                nearest = nearest.min((a.0 - b.0).hypot(a.1 - b.1));
            }
        }
        assert!(nearest > 0.7 * spacing, "{row_px} {shape}: {nearest}");
    }
}

#[test]
fn coarsest_steps_miss_no_symbol() {
    for (row_px, col_px, shape) in [(2.0, 2.0, 0), (9.0, 1.1, 3), (1.0, 7.0, -3), (50.0, 0.2, 8), (70.0, 80.0, 0)] {
        let size = CellSize { row_px, col_px, shape };
        let (rows, cols) = size.coarsest(28.0);
        for r in -300i64..300 {
            for c in -300i64..300 {
                if size.own_spacing(r, c) >= 28.0 {
                    assert!(r % (1 << rows) == 0 && c % (1 << cols) == 0, "{size:?} {r} {c}: steps {rows} {cols}");
                }
            }
        }
    }
}
