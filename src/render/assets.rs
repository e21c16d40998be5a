//! Embedded assets: colour maps, base images, elevation, coastlines, place names. Decoded on first use, then kept
//! (pictures are handed over instead).
//!
//! The files lie in `assets/`; origin and licence of each are in `assets/README.md`. Nothing here touches the GPU.

mod colormaps;
mod elevation;
mod labels;
mod lines;

use image::RgbaImage;

pub use colormaps::{ColormapEntry, ColormapGroup, Colormaps, colormaps};
pub use elevation::{ELEVATION_STEP_DEG, elevation};
pub use labels::{Label, LabelKind, labels};
pub use lines::{Lod, Polyline, borders, coastlines, lakes};

/// Shaded relief of land and sea floor, 4096 × 2048, equirectangular: west to east from 180° W, north to south.
/// Decoded at each call (about 60 ms, 32 MiB): the caller uploads it and lets it go.
pub fn relief_image() -> RgbaImage {
    decode(include_bytes!("../../assets/basemap/relief.webp"), [40, 82, 134])
}

/// The same relief, dark and nearly grey: a background that leaves the colours to the data. Decoded at each call.
pub fn dark_image() -> RgbaImage {
    decode(include_bytes!("../../assets/basemap/dark.webp"), [14, 22, 32])
}

/// Decodes an embedded picture. A damaged one (which the tests exclude) becomes a plain colour: no reason to end the
/// program for a background.
fn decode(bytes: &[u8], plain: [u8; 3]) -> RgbaImage {
    match image::load_from_memory(bytes) {
        Ok(picture) => picture.into_rgba8(),
        Err(error) => {
            log::error!("an embedded base image cannot be decoded: {error}");
            RgbaImage::from_pixel(2, 1, image::Rgba([plain[0], plain[1], plain[2], 255]))
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

    /// Mean colour of a small square about a place.
    fn colour_at(image: &RgbaImage, lon: f64, lat: f64) -> [f64; 3] {
        let (w, h) = image.dimensions();
        let x = ((lon + 180.0) / 360.0 * f64::from(w)) as u32;
        let y = ((90.0 - lat) / 180.0 * f64::from(h)) as u32;
        let mut sum = [0.0; 3];
        for (i, j) in (0..9).map(|k| (k % 3, k / 3)) {
            let p = image.get_pixel((x + i).min(w - 1), (y + j).min(h - 1));
            (0..3).for_each(|c| sum[c] += f64::from(p[c]) / 9.0);
        }
        sum
    }

    #[test]
    fn base_images_show_the_earth_the_right_way_round() {
        for image in [relief_image(), dark_image()] {
            assert_eq!(image.dimensions(), (4096, 2048));
            let pacific = colour_at(&image, -140.0, 5.0);
            assert!(pacific[2] > pacific[0] + 3.0, "the Pacific is not blue: {pacific:?}");
        }
        let sahara = colour_at(&relief_image(), 15.0, 23.0);
        let antarctica = colour_at(&relief_image(), 60.0, -80.0);
        assert!(sahara[0] > sahara[2] + 10.0, "the Sahara is not sandy: {sahara:?}");
        assert!(antarctica.iter().all(|c| *c > 190.0), "Antarctica is not white: {antarctica:?}");
    }
}
