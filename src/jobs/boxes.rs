//! Boxes of cells about a match, read after the match is known: the neighbourhood as it is, whatever its flags.

use std::collections::{BTreeMap, BTreeSet};

use seaglass_coloc::Matches;
use seaglass_core::columns::{RASTER_TILE, SERIES_TILE};

use crate::error::Result;
use crate::granules::Granule;
use crate::load::Loader;
use crate::table::Rows;
use crate::task::{Context, Ready};

/// Cells of the box about a row, line by line; `None` where it leaves the granule. Along tracks it is a run of samples.
fn cells(granule: &Granule, row: u32, size: usize) -> Vec<Option<u32>> {
    let [lines, pixels] = granule.shape.map(|n| n as i64);
    let (line, pixel) = (i64::from(row) / pixels.max(1), i64::from(row) % pixels.max(1));
    let half = size as i64 / 2;
    let mut out = Vec::with_capacity(size * size);
    for r in -half..=half {
        for c in -half..=half {
            let (l, p) = if pixels == 1 { (line + r * size as i64 + c, 0) } else { (line + r, pixel + c) };
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
