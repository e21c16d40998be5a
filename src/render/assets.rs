//! Embedded assets: colour maps, base images, elevation, coastlines, place names. Decoded on first use, then kept
//! (pictures are handed over instead).
//!
//! The files lie in `assets/`; origin and licence of each are in `assets/README.md`. Nothing here touches the GPU.

mod colormaps;
mod elevation;
mod labels;
mod lines;
mod relief;

use image::RgbaImage;

pub use colormaps::{ColormapEntry, ColormapGroup, Colormaps, add_colormaps, colormaps};
pub use elevation::{ELEVATION_STEP_DEG, elevation};
pub use labels::{Label, LabelKind, labels};
pub use lines::{Lod, Polyline, borders, coastlines, lakes};
pub use relief::{RELIEF_LEVELS, RELIEF_TILE_PX, relief_tile, relief_tiles};

/// The whole relief, 4096 × 2048, dark and nearly grey: a background that leaves the colours to the data. Decoded at each
/// call.
pub fn dark_image() -> RgbaImage {
    decode(include_bytes!("../../assets/basemap/dark.webp"), [14, 22, 32], [2, 1])
}

/// Decodes an embedded picture. A damaged one (which the tests exclude) becomes a plain colour of that size: no reason to
/// end the program for a background.
fn decode(bytes: &[u8], plain: [u8; 3], size: [u32; 2]) -> RgbaImage {
    match image::load_from_memory(bytes) {
        Ok(picture) => picture.into_rgba8(),
        Err(error) => {
            log::error!("an embedded base image cannot be decoded: {error}");
            RgbaImage::from_pixel(size[0], size[1], image::Rgba([plain[0], plain[1], plain[2], 255]))
        }
    }
}

/// Decompresses an embedded zstd file; empty (and logged) when damaged.
fn unpack(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let read = ruzstd::decoding::StreamingDecoder::new(bytes)
        .map_err(|error| error.to_string())
        .and_then(|mut d| std::io::Read::read_to_end(&mut d, &mut out).map_err(|error| error.to_string()));
    if let Err(error) = read {
        log::error!("the embedded {name} cannot be unpacked: {error}");
        out.clear();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean colour of a small square at a part of the width and height.
    pub(super) fn mean_at(image: &RgbaImage, x: f64, y: f64) -> [f64; 3] {
        let (w, h) = image.dimensions();
        let (x, y) = ((x * f64::from(w)) as u32, (y * f64::from(h)) as u32);
        let mut sum = [0.0; 3];
        for (i, j) in (0..9).map(|k| (k % 3, k / 3)) {
            let p = image.get_pixel((x + i).min(w - 1), (y + j).min(h - 1));
            (0..3).for_each(|c| sum[c] += f64::from(p[c]) / 9.0);
        }
        sum
    }

    #[test]
    fn the_dark_image_shows_the_earth_the_right_way_round() {
        let image = dark_image();
        assert_eq!(image.dimensions(), (4096, 2048));
        let pacific = mean_at(&image, 40.0 / 360.0, 85.0 / 180.0);
        assert!(pacific[2] > pacific[0] + 3.0, "the Pacific is not blue: {pacific:?}");
    }
}
