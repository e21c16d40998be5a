//! The shaded relief in tiles, so that a view decodes what it shows and nothing else.

use image::RgbaImage;

/// Pixels along a side of a tile.
pub const RELIEF_TILE_PX: u32 = 512;
/// Levels of the relief: full size, and half of it for views from afar.
pub const RELIEF_LEVELS: u8 = 2;
/// Tone of a tile that is damaged.
const PLAIN: [u8; 3] = [40, 82, 134];

macro_rules! tiles {
    ($($name:literal)*) => {
        [$(include_bytes!(concat!("../../../assets/basemap/relief/", $name, ".webp")).as_slice()),*]
    };
}

const FULL: [&[u8]; 32] = tiles![
    "0-0-0" "0-0-1" "0-0-2" "0-0-3" "0-0-4" "0-0-5" "0-0-6" "0-0-7"
    "0-1-0" "0-1-1" "0-1-2" "0-1-3" "0-1-4" "0-1-5" "0-1-6" "0-1-7"
    "0-2-0" "0-2-1" "0-2-2" "0-2-3" "0-2-4" "0-2-5" "0-2-6" "0-2-7"
    "0-3-0" "0-3-1" "0-3-2" "0-3-3" "0-3-4" "0-3-5" "0-3-6" "0-3-7"
];
const HALF: [&[u8]; 8] = tiles!["1-0-0" "1-0-1" "1-0-2" "1-0-3" "1-1-0" "1-1-1" "1-1-2" "1-1-3"];

/// Rows and columns of tiles at a level.
pub fn relief_tiles(level: u8) -> [u32; 2] {
    if level == 0 { [4, 8] } else { [2, 4] }
}

/// A tile of the relief of land and sea floor, equirectangular: rows of tiles from north to south, columns from 180° W
/// eastwards. Level 0 has 4096 × 2048 pixels in all, level 1 half as many along each side. Decoded at each call (about
/// 2 ms): the caller uploads it and lets it go.
pub fn relief_tile(level: u8, row: u32, col: u32) -> RgbaImage {
    let [rows, cols] = relief_tiles(level);
    let all: &[&[u8]] = if level == 0 { &FULL } else { &HALF };
    let bytes = all.get((row.min(rows - 1) * cols + col % cols) as usize).copied().unwrap_or_default();
    super::decode(bytes, PLAIN, [RELIEF_TILE_PX; 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean colour of a small square about a place.
    fn colour_at(level: u8, lon: f64, lat: f64) -> [f64; 3] {
        let [rows, cols] = relief_tiles(level);
        let (x, y) = ((lon + 180.0) / 360.0 * f64::from(cols), (90.0 - lat) / 180.0 * f64::from(rows));
        let image = relief_tile(level, y as u32, x as u32);
        assert_eq!(image.dimensions(), (RELIEF_TILE_PX, RELIEF_TILE_PX));
        super::super::tests::mean_at(&image, x.fract(), y.fract())
    }

    #[test]
    fn every_tile_shows_its_part_of_the_earth() {
        for level in 0..RELIEF_LEVELS {
            let pacific = colour_at(level, -140.0, 5.0);
            assert!(pacific[2] > pacific[0] + 3.0, "the Pacific is not blue: {pacific:?}");
            let sahara = colour_at(level, 15.0, 23.0);
            assert!(sahara[0] > sahara[2] + 10.0, "the Sahara is not sandy: {sahara:?}");
            let antarctica = colour_at(level, 60.0, -80.0);
            assert!(antarctica.iter().all(|c| *c > 190.0), "Antarctica is not white: {antarctica:?}");
        }
    }

    #[test]
    fn both_levels_are_the_same_picture() {
        for (lon, lat) in [(-100.0, 60.0), (-60.0, -10.0), (-20.0, 40.0), (25.0, 62.0), (80.0, 28.0), (135.0, -25.0)] {
            let (full, half) = (colour_at(0, lon, lat), colour_at(1, lon, lat));
            assert!((0..3).all(|c| (full[c] - half[c]).abs() < 30.0), "{lon} {lat}: {full:?} and {half:?}");
        }
    }
}
