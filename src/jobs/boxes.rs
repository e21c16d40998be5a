//! Boxes of cells about a match, read after the match is known: the neighbourhood as it is, whatever its flags.

use std::collections::{BTreeMap, BTreeSet};

use seaglass_coloc::Matches;
use seaglass_core::columns::{RASTER_TILE, SERIES_TILE};

use crate::error::Result;
use crate::granules::Granule;
use crate::load::Loader;
use crate::table::Rows;
use crate::task::{Context, Ready};

/// Cells of the box about a row, line by line; `None` where it leaves the granule. Along tracks it is a run of samples;
/// on a grid all round the Earth the neighbour of the last column is the first.
pub fn cells(granule: &Granule, row: u32, size: usize) -> Vec<Option<u32>> {
    about(granule.shape, granule.goes_round(), row, size)
}

fn about(shape: [usize; 2], round: bool, row: u32, size: usize) -> Vec<Option<u32>> {
    let [lines, pixels] = shape.map(|n| n as i64);
    let (line, pixel) = (i64::from(row) / pixels.max(1), i64::from(row) % pixels.max(1));
    let half = size as i64 / 2;
    let mut out = Vec::with_capacity(size * size);
    for r in -half..=half {
        for c in -half..=half {
            let (l, p) = if pixels == 1 { (line + r * size as i64 + c, 0) } else { (line + r, pixel + c) };
            // No cell is in a box twice.
            let p = if round && size as i64 <= pixels { p.rem_euclid(pixels) } else { p };
            let inside = (0..lines).contains(&l) && (0..pixels).contains(&p);
            out.push(inside.then(|| (l * pixels + p) as u32));
        }
    }
    out
}

/// Tile of a cell.
fn tile(granule: &Granule, row: u32) -> u32 {
    let cols = granule.shape[1];
    if cols == 1 {
        return row / SERIES_TILE as u32;
    }
    let (r, c) = (row as usize / cols, row as usize % cols);
    (r / RASTER_TILE * cols.div_ceil(RASTER_TILE) + c / RASTER_TILE) as u32
}

/// Fills the values of the side that is boxed, in the order of the pairs.
///
/// # Errors
/// Stopped.
pub(crate) fn fill(
    cx: &Context<'_>,
    loader: &Loader<'_>,
    other: &Ready<'_>,
    m: &Matches,
    rows: &mut Rows,
) -> Result<()> {
    let n = usize::from(cx.spec.reference == seaglass_coloc::Reference::Primary);
    let size = cx.spec.policy.size;
    let at = |j: u64| {
        let at = other.engine.locate(j)?;
        let own = &other.loaded.granules[at.granule as usize];
        Some((own.granule, own.rows.index[at.row as usize]))
    };
    let mut wanted: BTreeMap<usize, BTreeSet<u32>> = BTreeMap::new();
    for (granule, row) in m.pairs.iter().filter_map(|p| at(p.j)) {
        let g = &other.side.granules[granule];
        let tiles = cells(g, row, size).into_iter().flatten().map(|c| tile(g, c));
        wanted.entry(granule).or_default().extend(tiles);
    }
    let around = loader.surroundings(1, &wanted)?;
    for p in &m.pairs {
        let found = at(p.j).and_then(|(granule, row)| {
            let k = around.granules.binary_search_by_key(&granule, |g| g.granule).ok()?;
            Some((&around.granules[k].rows, cells(&other.side.granules[granule], row, size)))
        });
        for (v, variable) in cx.layout.sides[n].variables.iter().enumerate() {
            let out = rows.values(n, v);
            match &found {
                Some((read, cells)) => {
                    for cell in cells {
                        match cell.and_then(|c| read.index.binary_search(&c).ok()) {
                            Some(k) => out.push_from(&read.columns[variable.column], k),
                            None => out.push(f64::NAN),
                        }
                    }
                }
                None => (0..variable.width).for_each(|_| out.push(f64::NAN)),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_lie_about_their_cell() {
        let of = |shape, round, row, size| about(shape, round, row, size).into_iter().flatten().collect::<Vec<u32>>();
        assert_eq!(of([4, 5], false, 0, 3), [0, 1, 5, 6], "a corner keeps what lies in the granule");
        assert_eq!(of([4, 5], false, 12, 3), [6, 7, 8, 11, 12, 13, 16, 17, 18]);
        assert_eq!(of([4, 5], false, 7, 1), [7]);
        assert_eq!(of([20, 1], false, 6, 3), [2, 3, 4, 5, 6, 7, 8, 9, 10], "nine samples along a track");
        assert_eq!(of([20, 1], false, 18, 3), [14, 15, 16, 17, 18, 19]);
        // Columns 4, 0, 1 about column 0: across the dateline, not beyond the last line.
        assert_eq!(of([4, 5], true, 5, 3), [4, 0, 1, 9, 5, 6, 14, 10, 11]);
        assert_eq!(of([4, 5], true, 0, 3), [4, 0, 1, 9, 5, 6]);
        assert_eq!(of([1, 4], true, 0, 5), [0, 1, 2], "a box wider than the grid takes no cell twice");
    }
}
