//! The samples of a TIFF image whose place others know.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use seaglass_core::protocol::FailureKind;
use tiff::decoder::{Decoder, Limits};

use super::image::{Image, Source};
use crate::error::{Result, damaged, fail};
use crate::raw::Raw;

/// An image of one band.
pub struct Plain {
    image: Image,
    source: Source,
}

impl Plain {
    /// Opens a file.
    pub fn open(path: &Path) -> Result<Self> {
        let open =
            || File::open(path).map_err(|e| fail(FailureKind::Missing, format!("The image cannot be opened: {e}.")));
        let mut head = [0u8; 4];
        let mut first = open()?;
        std::io::Read::read_exact(&mut first, &mut head).map_err(|e| damaged("The image", &e))?;
        let len = first.metadata().map_err(|e| damaged("The image", &e))?.len();
        let mut limits = Limits::default();
        limits.ifd_value_size = 256 << 20;
        let mut dir =
            Decoder::new(BufReader::new(open()?)).map_err(|e| damaged("The TIFF header", &e))?.with_limits(limits);
        let image = Image::new(&mut dir, 0, head.starts_with(b"MM"))?;
        Ok(Self { source: Source::new(dir, open()?, len), image })
    }

    /// Lines and samples.
    pub fn shape(&self) -> [usize; 2] {
        [self.image.height, self.image.width]
    }

    /// `[rows, columns]` of a stored chunk.
    pub fn chunk(&self) -> [usize; 2] {
        self.image.chunk()
    }

    /// A block of the first band.
    pub fn read(&self, start: [usize; 2], count: [usize; 2]) -> Result<Raw> {
        let inside = (0..2).all(|d| start[d] + count[d] <= self.shape()[d] && count[d] > 0);
        let mut read = if inside { self.image.read(&self.source, &[0], start, count)? } else { Vec::new() };
        read.pop().ok_or_else(|| fail(FailureKind::BadRequest, "The image has no such pixels."))
    }
}
