//! Tiles are blocks of the source array: arithmetic over source index space.
//!
//! Level 0 holds every value, level `l` every `2^l`-th. A tile covers `tile_rows × tile_cols` values plus an apron of one
//! value on each side, so that interpolation needs no neighbour; apron cells beyond the array are missing (NaN), or taken
//! from the other side where the columns go round the Earth.

use serde::{Deserialize, Serialize};

use crate::field::Window;

/// Largest number of values along one side of a tile.
pub const TILE_SIDE: usize = 512;
/// Values of a full tile.
pub const TILE_VALUES: usize = TILE_SIDE * TILE_SIDE;

/// Values of a tile of a series.
const SERIES_TILE: usize = 65_536;

/// Names one tile of one drawn item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TileKey {
    /// The drawn item: one field of one granule (numbers given out by the host).
    pub item: u64,
    /// Stride is `2^level`.
    pub level: u8,
    /// Tile row at this level.
    pub ty: u32,
    /// Tile column at this level.
    pub tx: u32,
}

/// The tile pyramid of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileGrid {
    /// Rows and columns of the source.
    pub shape: [usize; 2],
    /// Values along rows of a full tile.
    pub tile_rows: usize,
    /// Values along columns of a full tile.
    pub tile_cols: usize,
    /// Columns go round the Earth: the last column's eastern neighbour is the first.
    pub wraps: bool,
}

impl TileGrid {
    /// Pyramid of an array; narrow arrays (a 69-pixel swath) get longer tiles so that a tile is worth its cost.
    pub fn new(shape: [usize; 2], wraps: bool) -> Self {
        let long = |other: usize| {
            if other >= TILE_SIDE { TILE_SIDE } else { (TILE_VALUES / other.max(1)).clamp(TILE_SIDE, 4096) }
        };
        Self { shape, tile_rows: long(shape[1]), tile_cols: long(shape[0]), wraps }
    }

    /// Pyramid of positions in one dimension. Nothing there becomes a texture, so tiles are as long as is worth reading.
    pub fn series(len: usize) -> Self {
        Self { shape: [len, 1], tile_rows: SERIES_TILE, tile_cols: TILE_SIDE, wraps: false }
    }

    /// Coarsest level: the first that fits in one tile.
    pub fn top_level(&self) -> u8 {
        let mut level = 0u8;
        while self.tiles_at(level) != (1, 1) {
            level += 1;
        }
        level
    }

    /// Values at a level, `(rows, cols)`.
    pub fn size_at(&self, level: u8) -> (usize, usize) {
        let stride = 1usize << level;
        (self.shape[0].div_ceil(stride), self.shape[1].div_ceil(stride))
    }

    /// Tiles at a level, `(rows, cols)`.
    pub fn tiles_at(&self, level: u8) -> (usize, usize) {
        let (rows, cols) = self.size_at(level);
        (rows.div_ceil(self.tile_rows).max(1), cols.div_ceil(self.tile_cols).max(1))
    }

    /// Source cell of value `k` at a level: the middle of the `2^level` cells it stands for, within the array.
    pub fn source_of(level: u8, k: usize, n: usize) -> usize {
        ((k << level) + (1usize << level) / 2).min(n.saturating_sub(1))
    }

    /// The source window of a tile without apron: the values to read, and where in the tile they start.
    /// Value `k` of the window is source cell `row + k·stride`.
    pub fn window(&self, level: u8, ty: u32, tx: u32) -> Window {
        let stride = 1usize << level;
        let (rows, cols) = self.size_at(level);
        let r0 = ty as usize * self.tile_rows;
        let c0 = tx as usize * self.tile_cols;
        Window {
            row: Self::source_of(level, r0, self.shape[0]),
            col: Self::source_of(level, c0, self.shape[1]),
            rows: self.tile_rows.min(rows.saturating_sub(r0)),
            cols: self.tile_cols.min(cols.saturating_sub(c0)),
            stride,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_in_one_tile() {
        for shape in [[9860, 69], [720, 1440], [1, 1], [513, 512], [100, 20_000]] {
            let grid = TileGrid::new(shape, false);
            let mut seen = 0;
            let (ny, nx) = grid.tiles_at(0);
            for ty in 0..ny {
                for tx in 0..nx {
                    let w = grid.window(0, ty as u32, tx as u32);
                    assert!(w.row + w.rows <= shape[0] && w.col + w.cols <= shape[1]);
                    seen += w.len();
                }
            }
            assert_eq!(seen, shape[0] * shape[1], "{shape:?}");
            assert_eq!(grid.tiles_at(grid.top_level()), (1, 1));
        }
    }

    #[test]
    fn coarse_windows_of_narrow_arrays_stay_inside() {
        for shape in [[5640, 1], [1, 5640], [9860, 69]] {
            let grid = TileGrid::new(shape, false);
            for level in 0..=grid.top_level() + 3 {
                let w = grid.window(level, 0, 0);
                assert!(w.row < shape[0] && w.col < shape[1] && !w.is_empty(), "{shape:?} level {level}: {w:?}");
            }
        }
    }

    #[test]
    fn coarse_values_stay_inside() {
        assert_eq!(TileGrid::source_of(3, 0, 69), 4);
        assert_eq!(TileGrid::source_of(3, 8, 69), 68);
    }
}
