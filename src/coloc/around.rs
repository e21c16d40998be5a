//! Cells around a match: boxes of pixels, runs of samples.

use crate::side::{RowRef, Shape, Side};

/// Rows of the box of (2 `lines` + 1) × (2 `pixels` + 1) cells around a row, line by line; `None` where the box leaves
/// the granule. Along points and tracks the box is a run of 2 `lines` + 1 samples. Masked and missing cells are
/// included: what a match-up data base keeps is the neighbourhood as it is. The longitude axis of a grid that goes
/// round the Earth is closed.
pub fn around(side: &Side, row: u64, lines: usize, pixels: usize) -> Vec<Option<u64>> {
    let Some(at) = side.locate(row) else { return Vec::new() };
    let granule = &side.granules()[at.granule as usize];
    let (total_lines, total_pixels) = granule.table();
    let along_only = matches!(granule.shape(), Shape::Points | Shape::Track);
    let across = if along_only { 0 } else { pixels as i64 };
    let (line, pixel) = (at.row as usize / total_pixels.max(1), at.row as usize % total_pixels.max(1));
    // A box stays within one step of a grid.
    let (first, end) = match granule.shape() {
        Shape::Grid { rows, .. } => (line / rows.max(1) * rows, (line / rows.max(1) + 1) * rows),
        _ => (0, total_lines),
    };
    let round = goes_round(granule);
    let mut out = Vec::with_capacity((2 * lines + 1) * (2 * across as usize + 1));
    for dl in -(lines as i64)..=lines as i64 {
        for dp in -across..=across {
            let l = line as i64 + dl;
            let mut p = pixel as i64 + dp;
            if round {
                p = p.rem_euclid(total_pixels as i64);
            }
            let inside = l >= first as i64 && l < end as i64 && p >= 0 && p < total_pixels as i64;
            out.push(inside.then(|| {
                side.number(RowRef { granule: at.granule, row: (l as usize * total_pixels + p as usize) as u32 })
            }));
        }
    }
    out
}

fn goes_round(granule: &crate::side::Granule) -> bool {
    let Shape::Grid { columns, .. } = granule.shape() else { return false };
    if columns < 3 {
        return false;
    }
    let (first, next, last) = (granule.lon.get(0), granule.lon.get(1), granule.lon.get(columns - 1));
    let step = next - first;
    ((last - first + step).abs() - 360.0).abs() < 0.5 * step.abs()
}
