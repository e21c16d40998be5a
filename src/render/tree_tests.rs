//! Cuts of trees: cover, levels, and what missing positions do to them.

use super::*;
use proptest::prelude::*;
use seaglass_core::camera::Camera;
use seaglass_core::coord::CoordArray;
use seaglass_core::geolocation::Swath;

/// A regional swath of any shape, so that narrow and wide tiles occur.
fn tree(rows: usize, cols: usize) -> Tree {
    let lon = (0..rows * cols).map(|k| 20.0 + (k % cols) as f64 / cols as f64 * 8.0).collect();
    let lat = (0..rows * cols).map(|k| 40.0 + (k / cols) as f64 / rows as f64 * 8.0).collect();
    let swath = Swath::full([rows, cols], CoordArray::F64(lon), CoordArray::F64(lat), vec![]).expect("lengths fit");
    Tree::new(Arc::new(Geolocation::Swath(swath)), Projection::Globe, None)
}

fn camera(log_alt: f64) -> Camera {
    Camera { target: LonLat::new(24.0, 44.0), altitude_m: 10f64.powf(log_alt), ..Camera::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(30) })]
    #[test]
    fn leaves_cover_every_visible_cell_exactly_once(
        rows in 2usize..1500, cols in 2usize..900, log_alt in 5.3..7.5f64, seed in any::<u64>(),
    ) {
        let mut tree = tree(rows, cols);
        let frame = FrameView::new(camera(log_alt).view(800.0, 600.0));
        // Any set of resident tiles: the cover must not depend on it.
        let resident = |t: TileAt| (seed >> ((u64::from(t.level) * 7 + u64::from(t.ty) * 3 + u64::from(t.tx)) % 64)) & 1 == 1;
        let options = CutOptions { tolerance_px: 0.1, most_leaves: 100_000, bias: 0, resident: &resident };
        let cut = tree.cut(&frame, &options);
        let (mut covered, area) = (0i128, (rows as i128 * cols as i128) * i128::from(UNIT * UNIT));
        for leaf in &cut.leaves {
            let r = tree.node(leaf).rect;
            covered += i128::from((r.r1 - r.r0) * (r.c1 - r.c0));
            prop_assert_eq!(tree.tile_of(&r, leaf.tile.level), Some(leaf.tile), "a leaf lies in one tile");
        }
        // Leaves come from splitting one rectangle, so they cannot overlap; the whole swath is in view.
        if log_alt > 6.3 {
            prop_assert_eq!(covered, area);
        } else {
            prop_assert!(covered <= area && covered > 0);
        }
    }
}

#[test]
fn missing_tiles_are_wanted_and_finer_ones_stand_in() {
    let mut tree = tree(2000, 2000);
    let frame = FrameView::new(camera(6.3).view(400.0, 300.0));
    let cut = |tree: &mut Tree, resident: &(dyn Fn(TileAt) -> bool + Sync)| {
        tree.cut(&frame, &CutOptions { tolerance_px: 0.1, most_leaves: 100_000, bias: 0, resident })
    };
    let none = cut(&mut tree, &|_| false);
    let level = none.leaves[0].tile.level;
    assert!(level > 0 && none.tiles.iter().all(|(t, _)| t.level == level));
    let finer = cut(&mut tree, &|t| t.level == level - 1);
    assert!(finer.leaves.iter().all(|l| l.tile.level == level - 1), "finer tiles stand in for coarse ones");
    assert!(finer.tiles.iter().all(|(t, _)| t.level == level), "but the right ones are still wanted");
}

#[test]
fn levels_follow_the_zoom() {
    let mut tree = tree(2000, 2000);
    let level_at = |tree: &mut Tree, log_alt| {
        let frame = FrameView::new(camera(log_alt).view(800.0, 600.0));
        let options = CutOptions { tolerance_px: 0.1, most_leaves: 100_000, bias: 0, resident: &|_| true };
        tree.cut(&frame, &options).leaves.iter().map(|l| l.tile.level).max().unwrap_or(99)
    };
    // Cells of 0.004°, 440 m down: a pixel of 240 m, 2.4 km, 24 km.
    assert_eq!(level_at(&mut tree, 175_000f64.log10()), 0);
    assert_eq!(level_at(&mut tree, 6.24), 2);
    assert_eq!(level_at(&mut tree, 7.24), tree.grid.top_level());
}

/// 600 × 400 cells of about 1.3 km; rows and columns are missing where `missing` says so.
fn holed(missing: &dyn Fn(usize, usize) -> bool, projection: Projection) -> Tree {
    let (rows, cols) = (600, 400);
    let at = |k: usize| (k / cols, k % cols);
    let lon =
        (0..rows * cols).map(|k| if missing(at(k).0, at(k).1) { f64::NAN } else { 178.0 + at(k).1 as f64 * 0.012 });
    let lat = (0..rows * cols).map(|k| 40.0 + at(k).0 as f64 * 0.012);
    let (lon, lat) = (CoordArray::F64(lon.collect()), CoordArray::F64(lat.collect()));
    let swath = Geolocation::Swath(Swath::full([rows, cols], lon, lat, vec![]).expect("lengths fit"));
    let cuts = Cuts::find(&swath).map(Arc::new);
    Tree::new(Arc::new(swath), projection, cuts)
}

/// Whether the position of a cell is missing.
type Missing = fn(usize, usize) -> bool;

#[test]
fn cells_beside_missing_lines_are_not_taken_for_out_of_sight() {
    // Lines missing at the corners of tiles and of their halves, strips between missing rows, all but a corner missing,
    // single cells missing all over: none of nine samples of a large node tells where its cells are.
    let patterns: [(&str, Missing); 6] = [
        ("every border of 64", |r, c| matches!(r % 64, 0 | 63) || matches!(c % 64, 0 | 63)),
        ("every eighth row", |r, _| r % 8 == 0),
        ("a strip of three rows in fifty", |r, _| r % 50 > 2),
        ("all but a corner", |r, c| r < 580 || c < 380),
        ("all but an island", |r, c| !(210..217).contains(&r) || !(37..44).contains(&c)),
        ("scattered", |r, c| (r * 7919 + c * 104_729 + r * c) % 37 == 0),
    ];
    for (name, missing) in patterns {
        for projection in [Projection::Globe, Projection::Equirectangular, Projection::PolarNorth] {
            let mut tree = holed(&missing, projection);
            let mut checked = 0;
            for k in 0..100_000usize {
                let (r, c) = (1 + (k * 7907) % 598, 1 + (k * 6151) % 398);
                // A cell is drawn from complete quads around it.
                if (r - 1..=r + 1).any(|i| (c - 1..=c + 1).any(|j| missing(i, j))) || checked == 60 {
                    continue;
                }
                let target = LonLat::new(178.0 + c as f64 * 0.012, 40.0 + r as f64 * 0.012);
                let altitude_m = [2e3, 2e4, 3e5][k % 3];
                let camera = Camera { target, altitude_m, projection, ..Camera::default() };
                let frame = FrameView::new(camera.view(320.0, 240.0));
                let options = CutOptions { tolerance_px: 0.1, most_leaves: 200_000, bias: 0, resident: &|_| true };
                let cut = tree.cut(&frame, &options);
                let (row, col) = (r as i64 * UNIT + UNIT / 2, c as i64 * UNIT + UNIT / 2);
                let drawn = cut
                    .leaves
                    .iter()
                    .map(|l| tree.node(l).rect)
                    .any(|q| (q.r0..=q.r1).contains(&row) && (q.c0..=q.c1).contains(&col));
                assert!(drawn, "{name}, {projection:?}, from {altitude_m} m: cell {r} {c} in the middle is left out");
                checked += 1;
            }
            assert!(checked > 3, "{name}: only {checked} cells");
        }
    }
}

/// Rows of which one column alone has a position have no cells to show; looking for some must come to an end.
#[test]
fn rows_with_a_single_position_are_left_out_at_once() {
    let (rows, cols) = (20, 42);
    for lonely in [0, 20, 41] {
        for transposed in [false, true] {
            let (nr, nc) = if transposed { (cols, rows) } else { (rows, cols) };
            let place = |k: usize, of_col: bool| {
                let (r, c) = if transposed { (k % nc, k / nc) } else { (k / nc, k % nc) };
                let missing = r < 5 && c != lonely;
                let at = if of_col { 20.0 + c as f64 * 0.2 } else { 40.0 + r as f64 * 0.2 };
                if missing { f64::NAN } else { at }
            };
            let lon = (0..nr * nc).map(|k| place(k, true)).collect();
            let lat = (0..nr * nc).map(|k| place(k, false)).collect();
            let swath = Swath::full([nr, nc], CoordArray::F64(lon), CoordArray::F64(lat), vec![]).expect("lengths fit");
            for projection in [Projection::Globe, Projection::Equirectangular] {
                let mut tree = Tree::new(Arc::new(Geolocation::Swath(swath.clone())), projection, None);
                for log_alt in [4.0, 5.3, 6.3, 7.3] {
                    let camera = Camera { projection, target: LonLat::new(22.0, 41.0), ..camera(log_alt) };
                    let frame = FrameView::new(camera.view(800.0, 600.0));
                    let options = CutOptions { tolerance_px: 0.1, most_leaves: 100_000, bias: 0, resident: &|_| true };
                    let cut = tree.cut(&frame, &options);
                    assert!(
                        tree.nodes.len() < 100_000,
                        "{} nodes at column {lonely}, 10^{log_alt} m",
                        tree.nodes.len()
                    );
                    assert!(log_alt < 5.3 || !cut.leaves.is_empty(), "the rows after them are there");
                }
            }
        }
    }
}
