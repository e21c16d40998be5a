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
        // A band takes microseconds, less than it takes to hand one over.
        .with_min_len(64)
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

/// What brings a western edge to −180° to 180°.
fn turn_to_middle(west: i64) -> i64 {
    if west >= TURN / 2 {
        -TURN
    } else if west < -TURN / 2 {
        TURN
    } else {
        0
    }
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
        self.packed_bounds(lon, lat, times).unwrap_or_else(|| self.any_bounds(lon, lat, times))
    }

    /// The box of packed positions without gaps, from the packed numbers; `None` where these do not say it all.
    /// Positions are checked already, so that a whole swath goes by at the speed of memory.
    fn packed_bounds(&self, lon: &CoordArray, lat: &CoordArray, times: &Times<'_>) -> Option<TileBox> {
        let (CoordArray::I32 { raw: x, scale: sx, offset: ox }, CoordArray::I32 { raw: y, scale: sy, offset: oy }) =
            (lon, lat)
        else {
            return None;
        };
        if matches!(times, Times::Cells { .. }) {
            return None;
        }
        let mut out = TileBox::EMPTY;
        let (mut lons, mut lats) = ((i32::MAX, i32::MIN), (i32::MAX, i32::MIN));
        let grow = |span: &mut (i32, i32), row: &[i32]| {
            *span = row.iter().fold(*span, |(lo, hi), v| (lo.min(*v), hi.max(*v)));
        };
        for r in self.rows.clone() {
            let line = r * self.width;
            grow(&mut lons, x.get(line + self.cols.start..line + self.cols.end)?);
            grow(&mut lats, y.get(line + self.cols.start..line + self.cols.end)?);
            let t = times.at(r, 0);
            if t == MISSING {
                return None;
            }
            out.start_us = out.start_us.min(t);
            out.stop_us = out.stop_us.max(t);
        }
        if lons.0 == i32::MIN || lats.0 == i32::MIN || !(*sx > 0.0 && *sy > 0.0) {
            return None;
        }
        let micro = |v: i32, scale: f64, offset: f64| ((f64::from(v) * scale + offset) * 1e6) as i64;
        let (west, east) = (micro(lons.0, *sx, *ox) - 2, micro(lons.1, *sx, *ox) + 2);
        // Over the seam of the longitudes the least and greatest number are no edges.
        if east - west >= TURN / 2 {
            return None;
        }
        let shift = turn_to_middle(west);
        (out.west, out.east) = ((west + shift) as i32, (east + shift) as i32);
        out.south = (micro(lats.0, *sy, *oy) - 2).max(-90_000_000) as i32;
        out.north = (micro(lats.1, *sy, *oy) + 2).min(90_000_000) as i32;
        out.valid = (self.rows.len() * self.cols.len()) as u32;
        Some(out)
    }

    fn any_bounds(&self, lon: &CoordArray, lat: &CoordArray, times: &Times<'_>) -> TileBox {
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
            let shift = turn_to_middle(west);
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
        let packed = |v: &[i32]| CoordArray::I32 { raw: v.to_vec(), scale: 1e-6, offset: 0.0 };
        let block = Block { rows: 0..3, cols: 0..1, width: 1 };
        let seam = block.bounds(&packed(&[359_500_000, 500_000, 100]), &packed(&[0, 0, 1_000_000]), &Times::One(5));
        assert!(seam.west <= -500_000 && seam.east >= 500_000 && seam.east < 600_000 && seam.valid == 3, "{seam:?}");
        let plain =
            block.bounds(&packed(&[190_000_000, 191_000_000, 190_500_000]), &packed(&[0, 7, 9]), &Times::One(5));
        assert_eq!((plain.west, plain.east, plain.north), (-170_000_002, -168_999_998, 11));
    }
}
