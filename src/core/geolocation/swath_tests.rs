//! Swaths over the dateline and the poles, with gaps, tie points and folds.

use glam::DVec3;
use proptest::prelude::*;

use super::Swath;
use crate::coord::CoordArray;
use crate::geo::{LonLat, wrap_180};

/// A swath `[rows, cols]` of `cell_rad` about the great circle with this inclination, starting at `start_rad` of arc.
fn orbit(shape: [usize; 2], cell_rad: f64, inclination_deg: f64, node_deg: f64, start_rad: f64) -> Vec<LonLat> {
    let (si, ci) = inclination_deg.to_radians().sin_cos();
    let node = node_deg.to_radians();
    let mut out = Vec::new();
    for r in 0..shape[0] {
        let s = start_rad + r as f64 * cell_rad;
        let along = DVec3::new(s.cos(), s.sin() * ci, s.sin() * si);
        let pole = DVec3::new(0.0, -si, ci);
        for c in 0..shape[1] {
            let x = (c as f64 - (shape[1] - 1) as f64 / 2.0) * cell_rad;
            let p = along * x.cos() + pole * x.sin();
            let lon = p.y.atan2(p.x) + node;
            out.push(LonLat::new(wrap_180(lon.to_degrees()), p.z.asin().to_degrees()));
        }
    }
    out
}

fn swath(shape: [usize; 2], positions: &[LonLat]) -> Swath {
    let lon = CoordArray::F64(positions.iter().map(|p| p.lon_deg).collect());
    let lat = CoordArray::F64(positions.iter().map(|p| p.lat_deg).collect());
    Swath::full(shape, lon, lat, Vec::new()).unwrap()
}

fn assert_round_trip(s: &Swath, row: f64, col: f64) {
    let p = s.lonlat_from_index(row, col).unwrap_or_else(|| panic!("no position at {row} {col}"));
    let turned = LonLat::new(p.lon_deg + 360.0, p.lat_deg);
    let hit = s.index_from_lonlat(turned).unwrap_or_else(|| panic!("{p:?} of {row} {col} is not found"));
    assert!((hit.row - row).abs() < 1e-5 && (hit.col - col).abs() < 1e-5, "{row} {col} -> {p:?} -> {hit:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn index_to_position_and_back(
        inclination in 0.0f64..180.0, node in -180.0f64..180.0, start in 0.0f64..6.3,
        rows in 2usize..300, cols in 2usize..70,
        spots in proptest::collection::vec((0.0f64..1.0, 0.0f64..1.0), 20),
    ) {
        let positions = orbit([rows, cols], 0.002, inclination, node, start);
        let s = swath([rows, cols], &positions);
        let bounds = s.bounds().unwrap();
        for (u, v) in spots {
            let (row, col) = (u * rows as f64 - 0.5, v * cols as f64 - 0.5);
            assert_round_trip(&s, row, col);
            let p = s.lonlat_from_index(row, col).unwrap();
            let slack = 1e-3; // edges between knots bulge by less than this
            let grown = crate::geo::GeoBox {
                west: bounds.west - slack, south: bounds.south - slack,
                east: bounds.east + slack, north: bounds.north + slack,
            };
            prop_assert!(grown.contains(p), "{bounds:?} {p:?}");
        }
        for r in [0, rows - 1] {
            for c in [0, cols - 1] {
                let k = r * cols + c;
                prop_assert_eq!(s.lonlat_from_index(r as f64, c as f64), Some(positions[k]));
            }
        }
    }

    #[test]
    fn positions_beside_the_swath_are_outside(inclination in 0.0f64..180.0, node in -180.0f64..180.0, row in 0.0f64..99.0) {
        let positions = orbit([100, 60], 0.002, inclination, node, 1.0);
        let s = swath([100, 60], &positions);
        // One cell beyond the right edge, by continuing the row.
        let (a, b) = (s.lonlat_from_index(row, 58.0).unwrap().up(), s.lonlat_from_index(row, 59.0).unwrap().up());
        let beyond = (b + (b - a)).normalize();
        let p = LonLat::new(beyond.y.atan2(beyond.x).to_degrees(), beyond.z.asin().to_degrees());
        prop_assert_eq!(s.index_from_lonlat(p), None);
        prop_assert_eq!(s.index_from_lonlat(LonLat::new(p.lon_deg + 180.0, -p.lat_deg)), None);
    }
}

#[test]
fn positions_are_found_on_any_turn() {
    // Found by the property test: beyond 540° a position was taken for a fill value.
    let s = swath([50, 30], &orbit([50, 30], 0.002, 20.0, 178.0, 0.0));
    let p = s.lonlat_from_index(20.3, 10.7).unwrap();
    for turns in [-3.0, -1.0, 0.0, 1.0, 3.0] {
        let hit = s.index_from_lonlat(LonLat::new(p.lon_deg + 360.0 * turns, p.lat_deg)).unwrap();
        assert!((hit.row - 20.3).abs() < 1e-6 && (hit.col - 10.7).abs() < 1e-6, "{turns} {hit:?}");
    }
    assert_eq!(s.index_from_lonlat(LonLat::new(f64::NAN, 0.0)), None);
}

#[test]
fn a_pole_inside_closes_the_bounds() {
    // Inclination 90°, a quarter of the way round: over the north pole.
    let s = swath([200, 40], &orbit([200, 40], 0.002, 90.0, 33.0, std::f64::consts::FRAC_PI_2 - 0.2));
    let b = s.bounds().unwrap();
    assert_eq!((b.west, b.east, b.north), (-180.0, 180.0, 90.0));
    assert!(s.index_from_lonlat(LonLat::new(123.0, 90.0)).is_some());
    // Beside the pole: not.
    let s = swath([200, 40], &orbit([200, 40], 0.002, 80.0, 33.0, std::f64::consts::FRAC_PI_2 - 0.2));
    let b = s.bounds().unwrap();
    assert!(b.north < 90.0 && b.east - b.west < 360.0, "{b:?}");
}

#[test]
fn bounds_over_the_dateline_are_narrow() {
    let s = swath([50, 30], &orbit([50, 30], 0.002, 20.0, 178.0, 0.0));
    let b = s.bounds().unwrap();
    assert!(b.east - b.west < 12.0 && b.west > 170.0 && b.east > 180.0, "{b:?}");
}

#[test]
fn missing_positions_and_gaps_stay_gaps() {
    let mut positions = orbit([120, 40], 0.002, 60.0, 170.0, 0.3);
    for p in &mut positions[40 * 50..40 * 60] {
        *p = LonLat::new(f64::NAN, f64::NAN);
    }
    let s = swath([120, 40], &positions);
    assert_eq!(s.lonlat_from_index(55.0, 20.0), None);
    assert_eq!(s.lonlat_from_index(50.2, 20.0), None);
    // The cells beside the gap keep their outer halves.
    for (row, col) in [(49.4, 20.3), (59.7, 11.2), (48.8, 0.0), (60.0, 39.4)] {
        assert_round_trip(&s, row, col);
    }
    let complete = swath([120, 40], &orbit([120, 40], 0.002, 60.0, 170.0, 0.3));
    let in_gap = complete.lonlat_from_index(54.6, 20.0).unwrap();
    assert!(complete.index_from_lonlat(in_gap).is_some());
    assert_eq!(s.index_from_lonlat(in_gap), None);

    // The same ten rows cut out: the acquisition jumps.
    let mut rows = orbit([120, 40], 0.002, 60.0, 170.0, 0.3);
    rows.drain(40 * 40..40 * 60);
    let s = swath([100, 40], &rows);
    assert_eq!(s.index_from_lonlat(in_gap), None);
    assert_round_trip(&s, 39.4, 20.0);
    assert_round_trip(&s, 39.7, 20.0); // belongs to row 40
}

#[test]
fn tie_points_are_interpolated_on_the_sphere() {
    let shape = [181, 61];
    let all = &orbit(shape, 0.001, 85.0, 175.0, 1.4);
    let knots = |n: usize| (0..n as u32).step_by(10).collect::<Vec<_>>();
    let (rows, cols) = (knots(shape[0]), knots(shape[1]));
    let pick = |f: fn(&LonLat) -> f64| {
        rows.iter()
            .flat_map(|r| cols.iter().map(move |c| (*r, *c)))
            .map(move |(r, c)| f(&all[r as usize * 61 + c as usize]))
    };
    let lon = CoordArray::F64(pick(|p| p.lon_deg).collect());
    let lat = CoordArray::F64(pick(|p| p.lat_deg).collect());
    let s = Swath::new(shape, rows.clone(), cols.clone(), lon, lat, Vec::new()).unwrap();
    let mut worst: f64 = 0.0;
    for r in 0..shape[0] {
        for c in 0..shape[1] {
            let p = s.lonlat_from_index(r as f64, c as f64).unwrap();
            worst = worst.max(p.approx_distance_m(&all[r * 61 + c]));
        }
    }
    assert!(worst < 10.0, "{worst} m off over cells of 6.4 km");
    for (row, col) in [(0.3, 0.1), (180.4, 60.4), (95.0, 33.3), (-0.5, -0.5), (90.0, 30.0)] {
        assert_round_trip(&s, row, col);
    }
    let [down, along] = s.cell_spacing();
    assert!((down - 6371.0).abs() < 20.0 && (along - 6371.0).abs() < 20.0, "{down} {along}");
}

#[test]
fn folded_scans_are_still_found() {
    // Bow-tie: every scan of ten rows overlaps the one before by three rows.
    let mut positions = Vec::new();
    for scan in 0..12 {
        positions.extend(orbit([10, 40], 0.002, 50.0, 10.0, 0.5 + f64::from(scan) * 7.0 * 0.002));
    }
    let s = swath([120, 40], &positions);
    for (row, col) in [(5.0, 3.0), (34.2, 20.1), (77.0, 39.0), (65.4, 0.3)] {
        let p = s.lonlat_from_index(row, col).unwrap();
        let hit = s.index_from_lonlat(p).unwrap();
        let back = s.lonlat_from_index(hit.row, hit.col).unwrap();
        assert!(p.approx_distance_m(&back) < 15.0, "{row} {col} {hit:?}"); // may be the overlapping scan's cell
    }
}

/// Where several cells hold a place, the one with the nearest centre is the answer: a centre is in its own cell.
#[test]
fn overlapping_cells_give_the_nearest_centre() {
    const CELL: f64 = 0.002;
    // Bow-tie: scans of ten rows, each 3.4 rows over the one before.
    let scans = |n: usize| {
        let scan = |k: usize| orbit([10, 40], CELL, 50.0, 10.0, 0.5 + k as f64 * 6.6 * CELL);
        (0..n).flat_map(scan).collect::<Vec<_>>()
    };
    // Once round and a bit, over its own beginning: 2π is 314.16 cells.
    let round = orbit([360, 9], 0.02, 70.0, 33.0, 0.1);
    for (shape, positions) in [([120, 40], scans(12)), ([360, 9], round)] {
        let s = swath(shape, &positions);
        for (k, p) in positions.iter().enumerate() {
            let hit = s.index_from_lonlat(*p).unwrap();
            let (row, col) = ((k / shape[1]) as f64, (k % shape[1]) as f64);
            assert!((hit.row - row).abs() < 1e-4 && (hit.col - col).abs() < 1e-4, "{row} {col} of {shape:?}: {hit:?}");
        }
    }

    // Anywhere: the nearest of all centres, found by looking at each. Rows at the edge of a scan have no cell of full
    // height, because the next row is that of another scan.
    let positions = scans(12);
    let s = swath([120, 40], &positions);
    let mut looked = 0;
    for k in 0..600 {
        let (x, y) = ((k as f64 * 0.618_034).fract(), (k as f64 * 0.414_214).fract());
        let from = &positions[(200 + (x * 4200.0) as usize) / 40 * 40 + 3 + (y * 30.0) as usize];
        let p = LonLat::new(from.lon_deg + 0.05 * (x - 0.5), from.lat_deg + 0.05 * (y - 0.5));
        let near = |q: &LonLat| q.up().distance(p.up());
        let nearest =
            (0..positions.len()).min_by(|a, b| near(&positions[*a]).total_cmp(&near(&positions[*b]))).unwrap();
        let (row, col) = (nearest / 40, nearest % 40);
        if matches!(row % 10, 0 | 9) {
            continue;
        }
        let hit = s.index_from_lonlat(p).unwrap();
        assert_eq!((hit.row.round(), hit.col.round()), (row as f64, col as f64), "{p:?} {hit:?}");
        looked += 1;
    }
    assert!(looked > 300, "{looked}");
}

#[test]
fn single_rows_and_columns_have_a_width() {
    for shape in [[1, 50], [50, 1], [1, 1]] {
        let s = swath(shape, &orbit(shape, 0.002, 40.0, 20.0, 0.2));
        assert_round_trip(&s, (shape[0] / 2) as f64 + 0.3, (shape[1] / 2) as f64 - 0.2);
        assert!(s.bounds().is_some());
    }
}

#[test]
fn lengths_are_checked() {
    let coords = |n: usize| CoordArray::F32(vec![0.0; n]);
    let error = |shape, rows: &[u32], n, times: usize| {
        Swath::new(shape, rows.to_vec(), vec![0, 1], coords(n), coords(n), vec![0; times]).unwrap_err()
    };
    assert!(error([3, 2], &[0, 2], 5, 0).contains("5 longitudes for 2 × 2"));
    assert!(error([3, 2], &[0, 1], 4, 0).contains("first to the last of 3 rows"));
    assert!(error([3, 2], &[0, 2], 4, 2).contains("2 row times for 3 rows"));
    assert!(error([0, 2], &[], 0, 0).contains("no rows"));
    let all_missing =
        Swath::full([2, 2], CoordArray::F64(vec![f64::NAN; 4]), CoordArray::F64(vec![1e36; 4]), Vec::new()).unwrap();
    assert_eq!(all_missing.bounds(), None);
    assert_eq!(all_missing.index_from_lonlat(LonLat::new(0.0, 0.0)), None);
}

/// 24 M cells: what the index and queries take is printed when `SEAGLASS_TIMING` is set (in release).
#[test]
fn large_swaths_are_searched_quickly() {
    let shape = if std::env::var_os("SEAGLASS_TIMING").is_some() { [8000, 3000] } else { [400, 300] };
    let positions = orbit(shape, 0.0002, 98.0, 179.0, 1.0);
    let s = swath(shape, &positions);
    let begin = std::time::Instant::now();
    assert!(s.index_from_lonlat(positions[17]).is_some());
    let build = begin.elapsed();
    let begin = std::time::Instant::now();
    let n = 2000;
    for k in 0..n {
        let (r, c) = (k * 7919 % shape[0], k * 104_729 % shape[1]);
        let hit = s.index_from_lonlat(positions[r * shape[1] + c]).unwrap();
        assert!((hit.row - r as f64).abs() < 1e-4 && (hit.col - c as f64).abs() < 1e-4, "{r} {c} {hit:?}");
    }
    let query = begin.elapsed() / n as u32;
    // Beside the swath: the search must give up as quickly.
    let begin = std::time::Instant::now();
    let (edge, inner) = (positions[shape[1] - 1].up(), positions[shape[1] - 2].up());
    for k in 1..=200 {
        let p = (edge + (edge - inner) * f64::from(k)).normalize();
        let p = LonLat::new(p.y.atan2(p.x).to_degrees(), p.z.asin().to_degrees());
        assert_eq!(s.index_from_lonlat(p), None, "{k} cells beside the swath");
    }
    let miss = begin.elapsed() / 200;
    let begin = std::time::Instant::now();
    assert!(s.bounds().is_some());
    println!("{shape:?}: index {build:?}, hit {query:?}, miss {miss:?}, bounds {:?}", begin.elapsed());
}

/// Place on a tripolar cap with poles at (0°, 60°) and (180°, 60°) (Murray 1996): `u` runs round it, `v` from its edge to the
/// fold, both from 0 to 1. On the unit disc of the stereographic plane the poles lie at +1 and -1; log((1 + z) / (1 - z))
/// takes the disc to a strip, its edge to ±iπ/2 and the fold to the real line.
fn tripolar(u: f64, v: f64) -> (f64, f64) {
    let angle = std::f64::consts::TAU * u;
    let re = -(angle / 2.0).tan().abs().ln();
    let im = (1.0 - v) * std::f64::consts::FRAC_PI_2 * angle.sin().signum();
    let (er, ei) = (re.exp() * im.cos(), re.exp() * im.sin());
    let norm = (er + 1.0).powi(2) + ei * ei;
    let (x, y) = ((er * er + ei * ei - 1.0) / norm, 2.0 * ei / norm);
    let edge = 15f64.to_radians().tan();
    (y.atan2(x).to_degrees(), 90.0 - 2.0 * (edge * x.hypot(y)).atan().to_degrees())
}

#[test]
fn cells_of_a_folded_tripolar_grid_are_found() {
    let (rows, cols) = (40, 72);
    let places: Vec<(f64, f64)> = (0..rows * cols)
        .map(|k| tripolar(((k % cols) as f64 + 0.5) / cols as f64, (k / cols) as f64 / (rows - 1) as f64))
        .collect();
    let place = |k: usize| LonLat::new(places[k].0, places[k].1);
    // The formula itself: the edge is a parallel, and the last row lies on itself.
    assert!(places[..cols].iter().all(|p| (p.1 - 60.0).abs() < 1e-9));
    let last = (rows - 1) * cols;
    assert!((0..cols).all(|c| place(last + c).approx_distance_m(&place(last + cols - 1 - c)) < 1.0));
    let (lon, lat) = places.iter().copied().unzip();
    let swath = Swath::full([rows, cols], CoordArray::F64(lon), CoordArray::F64(lat), Vec::new()).unwrap();
    for (k, at) in places.iter().enumerate() {
        let hit = swath.index_from_lonlat(place(k)).unwrap_or_else(|| panic!("{k}: nothing at {at:?}"));
        // On the fold the cell of the other side is as right.
        let found = hit.row.round() as usize * cols + hit.col.round() as usize;
        let away = place(found).approx_distance_m(&place(k));
        assert!(away < 1.0, "{k}: {hit:?} is {away} m away");
    }
}
