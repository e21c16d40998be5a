//! One image of a TIFF file (full size or an overview): where its chunks lie, and blocks of its samples.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::rc::Rc;

use seaglass_core::protocol::{FailureKind, ReadFailure};
use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;

use super::decode::{Storage, codes};
use crate::error::{Result, fail};
use crate::raw::{NumType, Raw};

/// Bytes of decoded chunks kept.
const KEPT_BYTES: usize = 96 << 20;
/// Larger chunks are not decoded in one piece.
const MAX_CHUNK_BYTES: usize = 1 << 30;

/// What is asked of the library, which reads the directories, and decodes JPEG.
pub type Directory = Decoder<BufReader<File>>;

/// An image.
pub struct Image {
    /// Its number in the file.
    pub number: usize,
    /// Pixels.
    pub width: usize,
    /// Lines.
    pub height: usize,
    /// Samples of a pixel.
    pub samples: usize,
    /// Type of the samples as they are given.
    pub ty: NumType,
    /// TIFF tag PhotometricInterpretation.
    pub photometric: u16,
    storage: Storage,
    planar: bool,
    tiled: bool,
    chunk: [usize; 2],
    offsets: Vec<u64>,
    counts: Vec<u64>,
}

/// The tag as whole numbers; empty when it is not there.
pub fn numbers(dir: &mut Directory, tag: u16) -> Vec<u64> {
    let found = dir.find_tag(Tag::from_u16_exhaustive(tag));
    found.ok().flatten().and_then(|v| v.into_u64_vec().ok()).unwrap_or_default()
}

fn number(dir: &mut Directory, tag: u16, default: u64) -> u64 {
    numbers(dir, tag).first().copied().unwrap_or(default)
}

fn refuse(what: impl std::fmt::Display) -> ReadFailure {
    fail(FailureKind::NotMine, format!("The TIFF image {what}."))
}

impl Image {
    /// The image the directory stands at.
    pub fn new(dir: &mut Directory, number_: usize, big_endian: bool) -> Result<Self> {
        let [width, height] = [number(dir, 256, 0), number(dir, 257, 0)].map(|n| n as usize);
        if width == 0 || height == 0 {
            return Err(refuse("has no size"));
        }
        let samples = number(dir, 277, 1) as usize;
        let bits = numbers(dir, 258);
        let format = numbers(dir, 339);
        if bits.iter().any(|b| *b != bits[0]) || format.iter().any(|f| *f != format[0]) {
            return Err(refuse(
                "mixes bands of several number types, which is not read here; convert it with gdal_translate",
            ));
        }
        let bits = bits.first().copied().unwrap_or(1) as u16;
        let ty = match (format.first().copied().unwrap_or(1), bits) {
            (1 | 4, 1 | 2 | 4 | 8) => NumType::U8,
            (1 | 4, 16) => NumType::U16,
            (1 | 4, 32) => NumType::U32,
            (1 | 4, 64) => NumType::U64,
            (2, 8) => NumType::I8,
            (2, 16) => NumType::I16,
            (2, 32) => NumType::I32,
            (2, 64) => NumType::I64,
            (3, 32) => NumType::F32,
            (3, 64) => NumType::F64,
            (5 | 6, _) => {
                return Err(refuse("has complex numbers, which are not read here; convert it to an amplitude first"));
            }
            (_, bits) => {
                return Err(refuse(format_args!(
                    "has samples of {bits} bits, which are not read here; convert it with gdal_translate -ot Float32"
                )));
            }
        };
        let compression = number(dir, 259, 1) as u16;
        let tiled = !numbers(dir, 322).is_empty();
        let chunk = match tiled {
            true => [number(dir, 323, 0), number(dir, 322, 0)].map(|n| n as usize),
            false => [(number(dir, 278, u64::MAX) as usize).min(height), width],
        };
        let planar = number(dir, 284, 1) == 2 && samples > 1;
        let (offsets, counts) =
            if tiled { (numbers(dir, 324), numbers(dir, 325)) } else { (numbers(dir, 273), numbers(dir, 279)) };
        let storage = Storage {
            compression,
            predictor: number(dir, 317, 1) as u16,
            bits,
            ty,
            samples: if planar { 1 } else { samples },
            big_endian,
        };
        let bytes = chunk[0].saturating_mul(chunk[1]).saturating_mul(storage.samples).saturating_mul(ty.size());
        if samples == 0 || chunk.contains(&0) || bytes > MAX_CHUNK_BYTES {
            return Err(refuse("declares chunks of an impossible size; the file may be damaged"));
        }
        let photometric = number(dir, 262, 1) as u16;
        let this = Self {
            number: number_,
            width,
            height,
            samples,
            ty,
            photometric,
            storage,
            planar,
            tiled,
            chunk,
            offsets,
            counts,
        };
        let chunks = this.across().saturating_mul(this.down()).saturating_mul(if planar { samples } else { 1 });
        if this.offsets.len() < chunks || this.counts.len() < chunks {
            return Err(fail(
                FailureKind::Damaged,
                "The TIFF image does not say where all of its chunks lie; fetch the file again.",
            ));
        }
        Ok(this)
    }

    fn across(&self) -> usize {
        self.width.div_ceil(self.chunk[1])
    }

    fn down(&self) -> usize {
        self.height.div_ceil(self.chunk[0])
    }

    /// `[rows, columns]` of a chunk.
    pub fn chunk(&self) -> [usize; 2] {
        self.chunk
    }

    /// Samples of some bands in a block, one array a band.
    pub fn read(&self, file: &Source, bands: &[usize], start: [usize; 2], count: [usize; 2]) -> Result<Vec<Raw>> {
        let mut out: Vec<Raw> = bands.iter().map(|_| Raw::zeros(self.ty, count[0] * count[1])).collect();
        for down in start[0] / self.chunk[0]..=(start[0] + count[0] - 1) / self.chunk[0] {
            for across in start[1] / self.chunk[1]..=(start[1] + count[1] - 1) / self.chunk[1] {
                for (band, target) in bands.iter().zip(&mut out) {
                    let plane = if self.planar { *band } else { 0 };
                    let index = (plane * self.down() + down) * self.across() + across;
                    let first = [down * self.chunk[0], across * self.chunk[1]];
                    let Some(pixels) = file.chunk(self, index, first)? else { continue };
                    let (step, offset) = if self.planar { (1, 0) } else { (self.samples, *band) };
                    let width = self.chunk_width(first[1]);
                    let rows =
                        first[0].max(start[0])..(first[0] + self.chunk[0]).min(start[0] + count[0]).min(self.height);
                    let cols = first[1].max(start[1])..(first[1] + self.chunk[1]).min(start[1] + count[1]);
                    for row in rows {
                        let from = ((row - first[0]) * width + cols.start - first[1]) * step + offset;
                        let to = (row - start[0]) * count[1] + cols.start - start[1];
                        target.lay_stepped(to, &pixels, from, step, cols.len());
                    }
                }
            }
        }
        Ok(out)
    }

    /// Columns of a stored chunk: tiles are always whole, strips as wide as the image. JPEG comes cut to the image.
    fn chunk_width(&self, first_col: usize) -> usize {
        match self.storage.compression {
            codes::JPEG => self.chunk[1].min(self.width - first_col),
            _ => self.chunk[1],
        }
    }
}

/// A decoded chunk and which one it is.
type Chunk = ((usize, usize), Rc<Raw>);

/// The file and what was decoded of it last.
pub struct Source {
    file: RefCell<Directory>,
    bytes: File,
    len: u64,
    kept: RefCell<VecDeque<Chunk>>,
}

impl Source {
    /// A file whose directories have been read.
    pub fn new(dir: Directory, bytes: File, len: u64) -> Self {
        Self { file: RefCell::new(dir), bytes, len, kept: RefCell::default() }
    }

    /// A decoded chunk; `None` where the file leaves it out (sparse files: nothing was written there).
    fn chunk(&self, image: &Image, index: usize, first: [usize; 2]) -> Result<Option<Rc<Raw>>> {
        let key = (image.number, index);
        if let Some((_, raw)) = self.kept.borrow().iter().find(|(k, _)| *k == key) {
            return Ok(Some(raw.clone()));
        }
        let (offset, count) = (image.offsets[index], image.counts[index]);
        if offset == 0 || count == 0 {
            return Ok(None);
        }
        let broken = |why: String| {
            let text = format!(
                "The TIFF image cannot be read at row {}, column {}: {why}. The file may be damaged; fetch it again.",
                first[0], first[1]
            );
            fail(FailureKind::Damaged, text)
        };
        if offset.checked_add(count).is_none_or(|end| end > self.len) {
            return Err(broken("it was cut off".to_owned()));
        }
        let raw = if image.storage.compression == codes::JPEG {
            self.jpeg(image, index).map_err(broken)?
        } else {
            let mut stored = vec![0; count as usize];
            let mut file = &self.bytes;
            file.seek(SeekFrom::Start(offset))
                .and_then(|_| file.read_exact(&mut stored))
                .map_err(|e| broken(e.to_string()))?;
            // The last strip holds the remaining rows only; tiles are always whole.
            let rows = if image.tiled { image.chunk[0] } else { image.chunk[0].min(image.height - first[0]) };
            image.storage.decode(&stored, image.chunk[1], rows).map_err(broken)?
        };
        let raw = Rc::new(raw);
        let mut kept = self.kept.borrow_mut();
        kept.push_back((key, raw.clone()));
        let size = |r: &Raw| r.len() * r.num_type().size();
        while kept.len() > 1 && kept.iter().map(|(_, r)| size(r)).sum::<usize>() > KEPT_BYTES {
            kept.pop_front();
        }
        Ok(Some(raw))
    }

    fn jpeg(&self, image: &Image, index: usize) -> std::result::Result<Raw, String> {
        let mut dir = self.file.borrow_mut();
        dir.seek_to_image(image.number).map_err(|e| e.to_string())?;
        let index = u32::try_from(index).map_err(|e| e.to_string())?;
        let is_ycbcr = matches!(dir.colortype(), Ok(tiff::ColorType::YCbCr(8)));
        match dir.read_chunk(index).map_err(|e| e.to_string())? {
            DecodingResult::U8(mut v) => {
                if is_ycbcr {
                    v.as_chunks_mut::<3>().0.iter_mut().for_each(|p| *p = rgb(*p));
                }
                Ok(Raw::U8(v))
            }
            _ => Err("its JPEG has more than 8 bits a sample".to_owned()),
        }
    }
}

/// JFIF's conversion (ITU-R BT.601, full range).
fn rgb([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
    [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb].map(|v| v.round().clamp(0.0, 255.0) as u8)
}
