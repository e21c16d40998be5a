//! One picture, drawn and written strip by strip: its size does not decide how much memory it takes.

use std::io::{BufWriter, Write};
use std::path::Path;

use image::RgbaImage;
use seaglass_core::session::Session;
use seaglass_render::{Gpu, Renderer, Scene};

use super::geotiff::{self, Georeference};
use super::{Kind, Part, cannot_write};
use crate::legend::{Decoration, Decorations};

/// Draws a scene that is complete and writes it, with decorations where they are given. `-` is standard output (PNG).
/// `tell` hears which part is done, and stops the work by answering `false`; then nothing is left behind.
///
/// # Errors
/// One sentence: the device, the file, the view cannot be a GeoTIFF, or it was stopped.
pub fn write(
    gpu: &Gpu,
    renderer: &mut Renderer,
    scene: &Scene,
    decorated: Option<(&Session, Decoration)>,
    path: &Path,
    tell: &mut dyn FnMut(f32) -> bool,
) -> anyhow::Result<()> {
    let decorations = decorated.map(|(session, options)| Decorations::new(gpu, session, scene.size_px, options));
    let mut work = Work { gpu, renderer, scene, decorations: decorations.transpose()?, tell };
    let opaque = scene.background[3] == 255;
    if path == Path::new("-") {
        return work.png(std::io::stdout().lock(), opaque).map_err(|e| disk_words(path, e));
    }
    let georeference = match Kind::of(path) {
        Ok(Kind::GeoTiff) if scene.view_px() != scene.size_px => {
            anyhow::bail!("A GeoTIFF holds one map, and here are two side by side; leave the comparison first.")
        }
        Ok(Kind::GeoTiff) => Some(Georeference::of(&scene.view())?),
        _ => None,
    };
    let part = Part::beside(path);
    let mut file = BufWriter::with_capacity(1 << 20, part.create()?);
    match georeference {
        Some(at) => geotiff::write(&mut file, scene.size_px, &at, |put| work.draw(&mut |strip| put(strip.as_raw()))),
        None => work.png(&mut file, opaque),
    }
    // Dropped alone it would keep to itself that the disk is full.
    .and_then(|()| Ok(file.flush()?))
    .map_err(|e| disk_words(path, e))?;
    part.finish()
}

struct Work<'a> {
    gpu: &'a Gpu,
    renderer: &'a mut Renderer,
    scene: &'a Scene,
    decorations: Option<Decorations>,
    tell: &'a mut dyn FnMut(f32) -> bool,
}

impl Work<'_> {
    /// Gives the strips from top to bottom.
    fn draw(&mut self, take: &mut dyn FnMut(&RgbaImage) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let mut failed = None;
        let height = self.scene.size_px[1] as f32;
        let (gpu, decorations, tell) = (self.gpu, &mut self.decorations, &mut self.tell);
        self.renderer.render_strips(self.scene, &mut |top, mut strip| {
            let drawn = decorations.as_mut().map_or(Ok(()), |d| d.paint(gpu, top, &mut strip));
            if let Err(e) = drawn.and_then(|()| take(&strip)) {
                failed = Some(e);
                return false;
            }
            let going_on = tell((top + strip.height()) as f32 / height);
            if !going_on {
                failed = Some(anyhow::anyhow!("The picture was not written: it was stopped"));
            }
            going_on
        })?;
        failed.map_or(Ok(()), Err)
    }

    fn png<W: Write>(&mut self, out: W, opaque: bool) -> anyhow::Result<()> {
        let [width, height] = self.scene.size_px;
        let mut encoder = png::Encoder::new(out, width, height);
        // Nothing to see through: a quarter less to compress, for us and for whoever reads it.
        encoder.set_color(if opaque { png::ColorType::Rgb } else { png::ColorType::Rgba });
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        encoder.set_filter(png::Filter::Sub);
        let mut writer = encoder.write_header()?;
        let mut rows = writer.stream_writer()?;
        let mut rgb = Vec::new();
        self.draw(&mut |strip| {
            if !opaque {
                rows.write_all(strip.as_raw())?;
                return Ok(());
            }
            rgb.clear();
            rgb.extend(strip.as_raw().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]));
            rows.write_all(&rgb)?;
            Ok(())
        })?;
        rows.finish()?;
        writer.finish()?;
        Ok(())
    }
}

/// Of whatever lies between us and the disk, the disk's own words.
fn disk_words(path: &Path, error: anyhow::Error) -> anyhow::Error {
    let io = error.chain().find_map(|c| c.downcast_ref::<std::io::Error>());
    io.map(|io| cannot_write(path, io)).unwrap_or(error)
}
