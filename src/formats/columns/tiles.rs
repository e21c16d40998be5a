//! Boxes around tiles.

use rayon::prelude::*;
use seaglass_core::columns::{MISSING, RASTER_TILE, SERIES_TILE, TURN, TileBox};
use seaglass_core::coord::CoordArray;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::Geolocation;

use super::clock::Times;
use crate::error::Result;
use crate::parts::Part;

/// The tiles of a part, row-major, and the number of cells with position and time.
pub fn of(part: &Part, times: &Times<'_>) -> Result<(Vec<TileBox>, u64)> {
    let (lon, lat) = match &*part.geolocation {
        Geolocation::Swath(s) => (&s.lon, &s.lat),
        Geolocation::Track(s) | Geolocation::Points(s) => (&s.lon, &s.lat),
        Geolocation::Grid(_) => return Ok((Vec::new(), 0)),
    };
    let [rows, cols] = part.shape;
    let (tile_rows, tile_cols) = tile_size(part.shape);
    let across = cols.div_ceil(tile_cols);
    let tiles: Vec<TileBox> = (0..rows.div_ceil(tile_rows))
        .into_par_iter()
        .flat_map_iter(|band| {
            (0..across).map(move |k| {
                let (r0, c0) = (band * tile_rows, k * tile_cols);
                let block =
                    Block { rows: r0..(r0 + tile_rows).min(rows), cols: c0..(c0 + tile_cols).min(cols), width: cols };
                block.bounds(lon, lat, times)
            })
        })
        .collect();
    let valid = tiles.iter().map(|t| u64::from(t.valid)).sum();
    Ok((tiles, valid))
}

/// Rows and columns of a tile.
pub fn tile_size(shape: [usize; 2]) -> (usize, usize) {
    if shape[1] == 1 { (SERIES_TILE, 1) } else { (RASTER_TILE, RASTER_TILE) }
}

struct Block {
    rows: std::ops::Range<usize>,
    cols: std::ops::Range<usize>,
    width: usize,
}

/// Least and greatest.
#[derive(Clone, Copy)]
struct Span(f64, f64);

impl Span {
    const NONE: Self = Self(f64::INFINITY, f64::NEG_INFINITY);

    fn add(&mut self, x: f64) {
        self.0 = self.0.min(x);
        self.1 = self.1.max(x);
    }
}

impl Block {
    fn bounds(&self, lon: &CoordArray, lat: &CoordArray, times: &Times<'_>) -> TileBox {
        let mut out = TileBox::EMPTY;
        let (mut lats, mut lons) = (Span::NONE, Span::NONE);
        let mut origin = f64::NAN;
        for r in self.rows.clone() {
            // The time of a line is asked once where it is the same along it.
            let line = match times {
                Times::Cells { .. } => None,
                other => Some(other.at(r, 0)),
            };
            if line == Some(MISSING) {
                continue;
            }
            for c in self.cols.clone() {
                let k = r * self.width + c;
                let p = LonLat::new(lon.get(k), lat.get(k));
                if !p.is_valid() {
                    continue;
                }
                let t = line.unwrap_or_else(|| times.at(r, c));
                if t == MISSING {
                    continue;
                }
                if origin.is_nan() {
                    origin = p.lon_deg;
                }
                let mut east = p.lon_deg - origin;
                if east.abs() > 180.0 {
                    east -= 360.0 * (east / 360.0).round();
                }
                lons.add(east);
                lats.add(p.lat_deg);
                out.start_us = out.start_us.min(t);
                out.stop_us = out.stop_us.max(t);
                out.valid += 1;
            }
        }
        if out.valid == 0 {
            return TileBox::EMPTY;
        }
        let micro = |x: f64| (x * 1e6) as i64;
        out.south = (micro(lats.0) - 2).max(-90_000_000) as i32;
        out.north = (micro(lats.1) + 2).min(90_000_000) as i32;
        if lons.1 - lons.0 >= 180.0 {
            // Cells on all sides, as at a pole: the box says nothing about longitude.
            (out.west, out.east) = (-180_000_000, (TURN - 180_000_000) as i32);
        } else {
            let west = micro(origin + lons.0) - 2;
            let shift = if west >= TURN / 2 {
                -TURN
            } else if west < -TURN / 2 {
                TURN
            } else {
                0
            };
            out.west = (west + shift) as i32;
            out.east = (micro(origin + lons.1) + 2 + shift) as i32;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(lons: &[f64], lats: &[f64]) -> TileBox {
        let block = Block { rows: 0..lons.len(), cols: 0..1, width: 1 };
        block.bounds(&CoordArray::F64(lons.to_vec()), &CoordArray::F64(lats.to_vec()), &Times::One(5))
    }

    #[test]
    fn boxes_hold_their_cells_on_the_date_line_and_at_the_pole() {
        let t = one(&[179.0, -178.0, 181.5, f64::NAN], &[1.0, 2.0, 1.5, 7.0]);
        assert_eq!((t.valid, t.start_us, t.stop_us), (3, 5, 5));
        assert!(t.west <= 179_000_000 && t.west > 178_999_990, "{t:?}");
        assert!(t.east >= 182_000_000 && t.east < 182_000_010, "{t:?}");
        assert!(t.south <= 1_000_000 && t.north >= 2_000_000 && t.north < 2_000_010);
        let pole = one(&[0.0, 100.0, -100.0], &[89.9, 89.8, 89.9]);
        assert_eq!((pole.west, pole.east), (-180_000_000, 180_000_000));
        let far = one(&[359.5, 0.5], &[0.0, 0.0]);
        assert!(far.west <= -500_000 && far.east >= 500_000 && far.east < 600_000, "{far:?}");
        assert_eq!(one(&[f64::NAN], &[0.0]), TileBox::EMPTY);
    }
}
