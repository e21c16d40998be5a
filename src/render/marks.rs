//! Little things seen from afar. Single valid cells in a large field, a swath narrower than a pixel, or a slice of a few
//! kilometres on the whole globe fall between the middles of pixels and vanish: they are drawn as dots of a few pixels as
//! well, in their own colours, until a view comes so near that they are as large themselves.

use glam::DVec3;
use seaglass_core::tile::TileGrid;

use crate::frame::FrameView;
use crate::polyline::Pen;
use crate::tree::{TileAt, Tree};

/// Diameter of a dot, points.
pub(crate) const MARK_PT: f32 = 2.5;
/// What is narrower than this gets one, pixels.
const FOOTPRINT_PX: f64 = 2.0;
/// Where more than one value in this many is valid, cells hold together.
const SPARSE_SHARE: usize = 20;

/// Some values of a tile, and the one that stands for them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mark {
    row: u32,
    col: u32,
    rows: u32,
    cols: u32,
    value: f32,
}

/// The marks of a tile, from its values with their apron: every value where few are valid; else squares as wide as the
/// tile, which matter when all of it is narrower than pixels.
pub(crate) fn of(padded: &[f32], rows: usize, cols: usize) -> Vec<Mark> {
    let width = cols + 2;
    let row_of = |r: usize| &padded[(r + 1) * width + 1..][..cols];
    let valid =
        || (0..rows).flat_map(|r| row_of(r).iter().enumerate().map(move |(c, v)| (r, c, *v))).filter(|v| !v.2.is_nan());
    let n = valid().count();
    if n * SPARSE_SHARE < rows * cols {
        return valid().map(|(r, c, value)| Mark { row: r as u32, col: c as u32, rows: 1, cols: 1, value }).collect();
    }
    let square = rows.min(cols).max(1);
    let side = |n: usize| n.div_ceil((n / square).max(1)).max(1);
    let (tall, wide) = (side(rows), side(cols));
    let across = cols.div_ceil(wide);
    // The valid value nearest to the middle of each.
    let mut found: Vec<Option<(usize, f32)>> = vec![None; rows.div_ceil(tall) * across];
    for (r, c, value) in valid() {
        let off = (2 * (r % tall) + 1).abs_diff(tall) + (2 * (c % wide) + 1).abs_diff(wide);
        let best = &mut found[r / tall * across + c / wide];
        if best.is_none_or(|(least, _)| off < least) {
            *best = Some((off, value));
        }
    }
    let mark = |(k, best): (usize, Option<(usize, f32)>)| {
        let (row, col) = (k / across * tall, k % across * wide);
        let (tall, wide) = (tall.min(rows - row) as u32, wide.min(cols - col) as u32);
        best.map(|(_, value)| Mark { row: row as u32, col: col as u32, rows: tall, cols: wide, value })
    };
    found.into_iter().enumerate().filter_map(mark).collect()
}

/// A mark where it belongs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    v: DVec3,
    /// Narrowest side of what the mark stands for, projected metres.
    size_m: f64,
    value: f32,
    /// Source row it lies in.
    row: usize,
}

/// Places the marks of a tile; those without a position are left out.
pub(crate) fn place(tree: &Tree, tile: TileAt, marks: &[Mark]) -> Vec<Spot> {
    let grid: &TileGrid = &tree.grid;
    let stride = (1u64 << tile.level) as f64;
    let span = |first: usize, k: u32, len: u32, n: usize| {
        let start = (first as f64 + f64::from(k)) * stride;
        (start - 0.5, (start + f64::from(len) * stride).min(n as f64) - 0.5)
    };
    let spot = |mark: &Mark| {
        let (r0, r1) = span(tile.ty as usize * grid.tile_rows, mark.row, mark.rows, grid.shape[0]);
        let (c0, c1) = span(tile.tx as usize * grid.tile_cols, mark.col, mark.cols, grid.shape[1]);
        let (rm, cm) = ((r0 + r1) / 2.0, (c0 + c1) / 2.0);
        let v = tree.place(rm, cm)?;
        let side = |a: (f64, f64), b: (f64, f64)| Some(tree.apart(tree.place(a.0, a.1)?, tree.place(b.0, b.1)?));
        let sides = [side((r0, cm), (r1, cm)), side((rm, c0), (rm, c1))];
        let size_m = sides.into_iter().flatten().fold(f64::INFINITY, f64::min);
        Some(Spot {
            v,
            size_m: if size_m.is_finite() { size_m } else { 0.0 },
            value: mark.value,
            row: rm.round().max(0.0) as usize,
        })
    };
    marks.iter().filter_map(spot).collect()
}

/// Draws those that are small in a view, of the rows to be kept.
pub(crate) fn draw(pen: &mut Pen, frame: &FrameView, spots: &[Spot], keep: &dyn Fn(usize) -> bool) {
    for spot in spots.iter().filter(|s| keep(s.row)) {
        let small = spot.size_m < FOOTPRINT_PX * frame.m_per_px(spot.v, 0.0);
        if small && frame.sees(spot.v, 0.0) {
            pen.dot(spot.v, spot.value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Marks as (row, col, rows, cols, value) of rows of digits and dots (missing), with a missing apron.
    fn marks(rows: &[&str]) -> Vec<(u32, u32, u32, u32, u32)> {
        let cols = rows[0].len();
        let mut padded = vec![f32::NAN; (rows.len() + 2) * (cols + 2)];
        for (r, row) in rows.iter().enumerate() {
            for (c, letter) in row.chars().enumerate().filter(|(_, l)| *l != '.') {
                padded[(r + 1) * (cols + 2) + c + 1] = letter.to_digit(10).unwrap() as f32;
            }
        }
        of(&padded, rows.len(), cols).iter().map(|m| (m.row, m.col, m.rows, m.cols, m.value as u32)).collect()
    }

    #[test]
    fn few_values_are_marked_each() {
        let blank = "........................";
        let lone = "....5...................";
        assert_eq!(marks(&[lone, blank, blank]), [(0, 4, 1, 1, 5)]);
        assert_eq!(marks(&[lone, lone, blank]), [(0, 4, 1, 1, 5), (1, 4, 1, 1, 5)]);
        assert_eq!(marks(&[blank]), []);
    }

    #[test]
    fn a_field_is_marked_by_squares_as_wide_as_it_is() {
        assert_eq!(marks(&["123", "456", "789"]), [(0, 0, 3, 3, 5)]);
        assert_eq!(marks(&["1", "2", "."]), [(0, 0, 1, 1, 1), (1, 0, 1, 1, 2)], "one column");
        assert_eq!(marks(&["1..4567", "12.4567"]), [(0, 0, 2, 3, 2), (0, 3, 2, 3, 5), (0, 6, 2, 1, 7)]);
    }
}
