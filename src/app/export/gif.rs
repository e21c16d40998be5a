//! Animated GIF: each frame with its own 256 colours.

use std::fs::File;
use std::io::BufWriter;

use image::RgbaImage;

use super::{Part, colours};

pub(super) struct GifFilm {
    part: Part,
    encoder: gif::Encoder<BufWriter<File>>,
    /// Hundredths of a second the frames before lasted, and how many they were.
    shown: (u64, u64),
    fps: f64,
}

impl GifFilm {
    pub fn new(part: Part, size_px: [u32; 2], fps: f64) -> anyhow::Result<Self> {
        let side = |n: u32| {
            u16::try_from(n)
                .map_err(|_too_large| anyhow::anyhow!("A GIF has at most 65535 pixels a side; choose a smaller size"))
        };
        let (width, height) = (side(size_px[0])?, side(size_px[1])?);
        let mut encoder = gif::Encoder::new(BufWriter::new(part.create()?), width, height, &[])?;
        encoder.set_repeat(gif::Repeat::Infinite)?;
        Ok(Self { part, encoder, shown: (0, 0), fps })
    }

    pub fn put(&mut self, image: &RgbaImage) -> anyhow::Result<()> {
        let reduced = colours::reduce(image.as_raw());
        let mut frame = gif::Frame {
            width: image.width() as u16,
            height: image.height() as u16,
            buffer: reduced.indices.into(),
            palette: Some(reduced.palette.concat()),
            transparent: reduced.transparent,
            ..gif::Frame::default()
        };
        // Hundredths of a second, so that the film as a whole keeps its length.
        let (before, n) = self.shown;
        let until = ((n + 1) as f64 * 100.0 / self.fps).round() as u64;
        frame.delay = until.saturating_sub(before).clamp(1, 65_535) as u16;
        frame.dispose = gif::DisposalMethod::Background;
        self.shown = (until, n + 1);
        self.encoder.write_frame(&frame)?;
        Ok(())
    }

    pub fn finish(self) -> anyhow::Result<()> {
        use std::io::Write as _;
        self.encoder.into_inner()?.flush()?;
        self.part.finish()
    }
}
