//! East and north of a vector field at a place, from the tiles that are there.

use std::collections::HashMap;
use std::sync::Arc;

use seaglass_core::field::{Apron, Block};
use seaglass_core::geo::{GeoBox, LonLat};
use seaglass_core::geolocation::Geolocation;
use seaglass_core::tile::TileGrid;
use seaglass_core::time::TimeSpan;

/// Row and column of a tile at its level.
type At = (u32, u32);
/// A level with its tiles of both components.
type Level = (u8, HashMap<At, [Arc<Block>; 2]>);

/// One step of one vector field.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    geolocation: Arc<Geolocation>,
    grid: TileGrid,
    bounds: Option<GeoBox>,
    /// Only rows of this time.
    times: Option<TimeSpan>,
    /// Tiles of both components by level, the finest level first.
    levels: Vec<Level>,
}

impl Field {
    /// A field without tiles yet.
    pub fn new(geolocation: &Arc<Geolocation>, grid: TileGrid, bounds: Option<GeoBox>) -> Self {
        Self { geolocation: Arc::clone(geolocation), grid, bounds, times: None, levels: Vec::new() }
    }

    /// The same, of rows of a span of time only.
    #[must_use]
    pub fn within(self, times: Option<TimeSpan>) -> Self {
        Self { times, ..self }
    }

    /// Adds the tiles of east and north.
    pub fn add(&mut self, level: u8, at: At, tiles: [Arc<Block>; 2]) {
        let k = match self.levels.binary_search_by_key(&level, |(l, _)| *l) {
            Ok(k) => k,
            Err(k) => {
                self.levels.insert(k, (level, HashMap::new()));
                k
            }
        };
        self.levels[k].1.insert(at, tiles);
    }

    /// East and north at a place: interpolated between valid neighbours where the cell itself is valid, `None` elsewhere.
    /// The finest tile that is there decides.
    pub fn at(&self, p: LonLat) -> Option<[f32; 2]> {
        if self.bounds.is_some_and(|b| !b.contains(p)) {
            return None;
        }
        let hit = self.geolocation.index_within(p, 0.0, self.times)?;
        self.levels.iter().find_map(|(level, tiles)| self.read(*level, tiles, hit.row, hit.col))?
    }

    /// `None` where the level has no tile there, `Some(None)` where the value is missing.
    #[allow(clippy::option_option, reason = "not there, there but missing, a value")]
    fn read(&self, level: u8, tiles: &HashMap<At, [Arc<Block>; 2]>, row: f64, col: f64) -> Option<Option<[f32; 2]>> {
        let cells = f64::from(1u32 << level);
        let (rows, cols) = self.grid.size_at(level);
        // The value whose share of the source holds the place …
        let own = |x: f64, n: usize| (((x + 0.5) / cells).floor().max(0.0) as usize).min(n.saturating_sub(1));
        let (r, c) = (own(row, rows), own(col, cols));
        let (ty, tx) = (r / self.grid.tile_rows, c / self.grid.tile_cols);
        let pair = tiles.get(&(ty as u32, tx as u32))?;
        let (r, c) = ((r - ty * self.grid.tile_rows) as i64, (c - tx * self.grid.tile_cols) as i64);
        if both(pair, r, c).is_none() {
            return Some(None);
        }
        // … and the place between the values: value k is that of source cell k · 2^level + half of that.
        let half = f64::from((1u32 << level) / 2);
        let first = |k: usize, side: usize| (k * side) as f64;
        let u = (row - half) / cells - first(ty, self.grid.tile_rows);
        let v = (col - half) / cells - first(tx, self.grid.tile_cols);
        let (r0, c0) = (u.floor().clamp(-1.0, r as f64), v.floor().clamp(-1.0, c as f64));
        let (f, g) = ((u - r0).clamp(0.0, 1.0), (v - c0).clamp(0.0, 1.0));
        let (mut sum, mut weight) = ([0.0f64; 2], 0.0);
        for (dr, dc) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let w = (if dr == 1 { f } else { 1.0 - f }) * (if dc == 1 { g } else { 1.0 - g });
            if let Some([e, n]) = both(pair, r0 as i64 + dr, c0 as i64 + dc) {
                sum = [sum[0] + w * f64::from(e), sum[1] + w * f64::from(n)];
                weight += w;
            }
        }
        Some((weight > 1e-9).then(|| sum.map(|s| (s / weight) as f32)))
    }
}

fn both([east, north]: &[Arc<Block>; 2], r: i64, c: i64) -> Option<[f32; 2]> {
    Some([value(east, r, c)?, value(north, r, c)?])
}

/// A finite value of a block; one beyond its window where it has an apron.
fn value(block: &Block, r: i64, c: i64) -> Option<f32> {
    let margin = i64::from(block.apron != Apron::None);
    let (rows, cols) = (block.window.rows as i64 + 2 * margin, block.window.cols as i64 + 2 * margin);
    let (r, c) = (r + margin, c + margin);
    if r < 0 || c < 0 || r >= rows || c >= cols {
        return None;
    }
    block.values.get((r * cols + c) as usize).copied().filter(|v| v.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaglass_core::field::Window;
    use seaglass_core::geolocation::{Axis, Crs, Grid};

    /// A field linear in row and column is found exactly between the cells, across the dateline, and at coarse levels.
    #[test]
    fn values_between_cells() {
        let (rows, cols) = (90usize, 180usize);
        let axis = |first, step, len| Axis::Regular { first, step, len };
        let grid = Grid::new(axis(-89.0, 2.0, rows), axis(-179.0, 2.0, cols), Crs::LonLat).unwrap();
        let geolocation = Arc::new(Geolocation::Grid(grid));
        for level in [0u8, 1, 2] {
            let tiles = TileGrid::new([rows, cols], true);
            let window = tiles.window(level, 0, 0);
            let block = |f: &dyn Fn(f64, f64) -> f32| Arc::new(coarse(window, rows, cols, f));
            // Latitude and the cosine of longitude.
            let lat = |r: f64, _: f64| (-89.0 + 2.0 * r) as f32;
            let cos = |_: f64, c: f64| (-179.0 + 2.0 * c).to_radians().cos() as f32;
            let mut field = Field::new(&geolocation, tiles, None);
            field.add(level, (0, 0), [block(&lat), block(&cos)]);
            for (lon, la) in [(0.3, 12.7), (179.9, -33.1), (-179.6, 60.0), (77.0, 3.0)] {
                let [e, n] = field.at(LonLat::new(lon, la)).unwrap();
                assert!((f64::from(e) - la).abs() < 1e-4, "level {level}: {e} at {la}");
                let step = 2f64.to_radians() * f64::from(1 << level);
                assert!(
                    (f64::from(n) - lon.to_radians().cos()).abs() < step * step / 7.0,
                    "level {level}: {n} at {lon}"
                );
            }
        }
    }

    fn coarse(w: Window, rows: usize, cols: usize, f: &dyn Fn(f64, f64) -> f32) -> Block {
        let mut values = Vec::new();
        for i in -1..=w.rows as i64 {
            for j in -1..=w.cols as i64 {
                let r = w.row as i64 + i * w.stride as i64;
                let c = (w.col as i64 + j * w.stride as i64).rem_euclid(cols as i64);
                values.push(if (0..rows as i64).contains(&r) { f(r as f64, c as f64) } else { f32::NAN });
            }
        }
        Block { window: w, apron: Apron::Wrap, values }
    }

    #[test]
    fn land_is_land() {
        let axis = |first, step, len| Axis::Regular { first, step, len };
        let grid = Grid::new(axis(0.0, 1.0, 4), axis(0.0, 1.0, 4), Crs::LonLat).unwrap();
        let geolocation = Arc::new(Geolocation::Grid(grid));
        let tiles = TileGrid::new([4, 4], false);
        let window = tiles.window(0, 0, 0);
        let values = (0..16).map(|k| if k % 4 >= 2 { f32::NAN } else { 1.0 }).collect();
        let block = Arc::new(Block { window, apron: Apron::None, values });
        let mut field = Field::new(&geolocation, tiles, None);
        assert_eq!(field.at(LonLat::new(1.0, 1.0)), None, "no tile");
        field.add(0, (0, 0), [Arc::clone(&block), block]);
        assert_eq!(field.at(LonLat::new(1.45, 2.2)), Some([1.0; 2]), "up to the edge of the cell");
        assert_eq!(field.at(LonLat::new(1.55, 2.2)), None);
        assert_eq!(field.at(LonLat::new(9.0, 2.0)), None);
    }
}
