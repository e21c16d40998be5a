//! A sheet of small pictures with captions, to look at many at once.

use egui::{Align2, FontId, Rect, Stroke, StrokeKind, pos2, vec2};
use image::RgbaImage;
use image::imageops::{FilterType, overlay, resize};
use seaglass_render::Gpu;

use crate::legend::Decorations;
use crate::theme::Theme;

/// Blank around pictures, pixels.
const GAP: u32 = 8;
/// Height of a caption, pixels.
const CAPTION: u32 = 24;

/// Pictures in rows of so many, each as wide as `cell_px` with its caption below; they should all have one shape.
///
/// # Errors
/// There are no pictures, or the device cannot draw the captions.
pub fn sheet(gpu: &Gpu, pictures: &[(String, RgbaImage)], columns: u32, cell_px: u32) -> anyhow::Result<RgbaImage> {
    let Some((_, first)) = pictures.first() else { anyhow::bail!("There are no pictures for a sheet") };
    let (columns, rows) = (columns.max(1), (pictures.len() as u32).div_ceil(columns.max(1)));
    let tall = (cell_px * first.height() / first.width().max(1)).max(1);
    let (wide, high) = (cell_px + GAP, tall + CAPTION + GAP);
    let size = [columns * wide + GAP, rows * high + GAP];
    let corner = |k: usize| (GAP + k as u32 % columns * wide, GAP + k as u32 / columns * high);
    let mut out = RgbaImage::from_pixel(size[0], size[1], image::Rgba(Theme::get(true).c.void.to_array()));
    for (k, (_, picture)) in pictures.iter().enumerate() {
        let (x, y) = corner(k);
        overlay(&mut out, &resize(picture, cell_px, tall, FilterType::Triangle), i64::from(x), i64::from(y));
    }
    let t = Theme::get(true);
    let mut captions = Decorations::painted(gpu, size, 1.0, true, &mut |ui, _| {
        for (k, (caption, _)) in pictures.iter().enumerate() {
            let (x, y) = corner(k);
            let at = pos2(x as f32, y as f32);
            let frame = Rect::from_min_size(at, vec2(cell_px as f32, tall as f32));
            ui.painter().rect_stroke(frame, 0.0, Stroke::new(1.0, t.c.border), StrokeKind::Outside);
            let below = pos2(frame.left(), frame.bottom() + CAPTION as f32 / 2.0);
            ui.painter().text(below, Align2::LEFT_CENTER, caption, FontId::proportional(13.0), t.c.text_1);
        }
    })?;
    captions.paint(gpu, 0, &mut out)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_lie_in_rows_over_their_captions() {
        let Ok(gpu) = Gpu::headless() else {
            println!("skipped: no adapter");
            return;
        };
        let plain = |c: [u8; 4]| RgbaImage::from_pixel(60, 40, image::Rgba(c));
        let pictures = [
            ("red".to_owned(), plain([255, 0, 0, 255])),
            ("green".to_owned(), plain([0, 255, 0, 255])),
            ("blue".to_owned(), plain([0, 0, 255, 255])),
        ];
        let out = sheet(&gpu, &pictures, 2, 90).unwrap();
        assert_eq!(out.dimensions(), (2 * 98 + 8, 2 * (60 + 24 + 8) + 8));
        for (k, (_, picture)) in pictures.iter().enumerate() {
            let (x, y) = (8 + k as u32 % 2 * 98 + 45, 8 + k as u32 / 2 * 92 + 30);
            assert_eq!(out.get_pixel(x, y), picture.get_pixel(0, 0), "picture {k}");
            // Some of the caption is light.
            let light = (0..60).flat_map(|dx| (0..24).map(move |dy| (x - 45 + dx, y + 30 + dy)));
            assert!(light.into_iter().any(|(x, y)| out.get_pixel(x, y)[1] > 120), "caption {k}");
        }
        assert!(sheet(&gpu, &[], 2, 90).is_err());
    }
}
