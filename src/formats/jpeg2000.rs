//! JPEG 2000 images (ISO/IEC 15444-1) of which only some tiles are decoded, at full or a lower resolution.
//!
//! The decoder takes whole images. Here the code stream is taken apart: of the main header and the parts of one tile a
//! code stream is made whose image is that tile, at its own place, so that it is decoded as it is in the whole.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};
use parking_lot::Mutex;
use rayon::prelude::*;
use seaglass_core::protocol::FailureKind;

use crate::cache::BlockCache;
use crate::error::{Result, damaged, fail};
use crate::raw::Raw;

/// Longest main header.
const MAX_HEADER: u64 = 4 << 20;
/// Most pixels of a tile; it is decoded in one piece.
const MAX_TILE: u64 = 128 << 20;
/// Most tiles of an image, by the standard.
const MAX_TILES: u64 = 65_535;
/// Most parts of tiles.
const MAX_PARTS: usize = 1 << 20;
/// Bytes of decoded tiles kept.
const KEPT: usize = 128 << 20;
/// Tiles decoded before any of them is put together, so that memory stays bounded.
const AT_ONCE: usize = 16;

const SIZ: u16 = 0xff51;
const COD: u16 = 0xff52;
const SOT: u16 = 0xff90;
const EOC: u16 = 0xffd9;

/// An open image of components of eight bits.
pub struct Jpeg2000 {
    file: Mutex<File>,
    size: Size,
    /// The segments of the main header that every tile needs.
    main: Vec<u8>,
    /// Where the parts of each tile lie: offset and length.
    tiles: Vec<Vec<(u64, u64)>>,
    reductions: u32,
    decoded: Mutex<BlockCache>,
}

/// The segment SIZ: the reference grid (A.5.1).
#[derive(Clone)]
struct Size {
    segment: Vec<u8>,
    /// Lower right corner of the image, then its upper left, columns first.
    end: [u32; 2],
    start: [u32; 2],
    tile: [u32; 2],
    first_tile: [u32; 2],
    components: usize,
}

fn cut_off() -> seaglass_core::protocol::ReadFailure {
    fail(FailureKind::Damaged, "The JPEG 2000 image was cut off; fetch the product again.")
}

fn unfit(why: &str) -> seaglass_core::protocol::ReadFailure {
    let text = format!("The JPEG 2000 image {why}, which is not read here; convert it with gdal_translate to GeoTIFF.");
    fail(FailureKind::NotMine, text)
}

impl Size {
    fn of(segment: Vec<u8>) -> Option<Self> {
        let n = |at: usize| Some(u32::from_be_bytes(*segment.get(at..)?.first_chunk::<4>()?));
        let pair = |at: usize| Some([n(at)?, n(at + 4)?]);
        let components = usize::from(u16::from_be_bytes(*segment.get(36..)?.first_chunk::<2>()?));
        let (end, start, tile, first_tile) = (pair(4)?, pair(12)?, pair(20)?, pair(28)?);
        Some(Self { end, start, tile, first_tile, components, segment })
    }

    /// Number of tiles, along columns and rows.
    fn tiles(&self) -> Option<[u64; 2]> {
        let fits = |d: usize| {
            self.tile[d] > 0
                && self.first_tile[d] <= self.start[d]
                && self.start[d] < self.end[d]
                && u64::from(self.first_tile[d]) + u64::from(self.tile[d]) > u64::from(self.start[d])
        };
        let n = |d: usize| u64::from(self.end[d] - self.first_tile[d]).div_ceil(u64::from(self.tile[d]));
        (fits(0) && fits(1)).then(|| [n(0), n(1)])
    }

    /// Corners of a tile on the reference grid: its first column and row, and those after its last.
    fn corners(&self, tile: [u64; 2]) -> [[u64; 2]; 2] {
        [0, 1].map(|d| {
            let at = u64::from(self.first_tile[d]) + tile[d] * u64::from(self.tile[d]);
            [at.max(self.start[d].into()), (at + u64::from(self.tile[d])).min(self.end[d].into())]
        })
    }

    /// The segment of an image that is this tile alone.
    fn alone(&self, tile: [u64; 2]) -> Vec<u8> {
        let mut segment = self.segment.clone();
        let corners = self.corners(tile);
        let mut put = |at: usize, v: u64| segment[at..at + 4].copy_from_slice(&(v as u32).to_be_bytes());
        for d in 0..2 {
            put(4 + 4 * d, corners[d][1]);
            put(12 + 4 * d, corners[d][0]);
            put(28 + 4 * d, u64::from(self.first_tile[d]) + tile[d] * u64::from(self.tile[d]));
        }
        segment
    }
}

impl Jpeg2000 {
    /// Finds the tiles of an image.
    pub fn open(mut file: File) -> Result<Self> {
        let broken = |e: &dyn std::fmt::Display| damaged("The JPEG 2000 image", e);
        let len = file.metadata().map_err(|e| broken(&e))?.len();
        let (begin, end) = code_stream(&mut file, len)?;
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(begin)).map_err(|e| broken(&e))?;
        (&file).take(MAX_HEADER.min(end - begin)).read_to_end(&mut head).map_err(|e| broken(&e))?;
        let Header { size, main, levels, len: header } = Header::of(&head)?;
        let count = size.tiles().ok_or_else(|| broken(&"its tiles make no sense"))?;
        if count[0] * count[1] > MAX_TILES {
            return Err(broken(&"it has too many tiles"));
        }
        if u64::from(size.tile[0]) * u64::from(size.tile[1]) > MAX_TILE
            && u64::from(size.end[0] - size.start[0]) * u64::from(size.end[1] - size.start[1]) > MAX_TILE
        {
            return Err(unfit("is one piece of too many pixels"));
        }
        let mut tiles = vec![Vec::new(); (count[0] * count[1]) as usize];
        let (mut at, mut parts) = (begin + header as u64, 0);
        while at + 12 <= end {
            let mut sot = [0u8; 12];
            file.seek(SeekFrom::Start(at)).map_err(|e| broken(&e))?;
            file.read_exact(&mut sot).map_err(|e| broken(&e))?;
            let [m0, m1, _, _, i0, i1, l0, l1, l2, l3, ..] = sot;
            if u16::from_be_bytes([m0, m1]) != SOT {
                break;
            }
            let part = match u32::from_be_bytes([l0, l1, l2, l3]) {
                0 => end - at,
                n => u64::from(n),
            };
            parts += 1;
            if part < 14 || at + part > end || parts > MAX_PARTS {
                return Err(cut_off());
            }
            let tile = tiles.get_mut(usize::from(u16::from_be_bytes([i0, i1])));
            tile.ok_or_else(|| broken(&"it has a tile that is not in it"))?.push((at, part));
            at += part;
        }
        if tiles.iter().any(Vec::is_empty) {
            return Err(cut_off());
        }
        // A lower resolution begins at a whole number of its pixels only where tiles begin at multiples of its step.
        let whole = |k: &u32| {
            (0..2).all(|d| {
                let step = 1u32 << k;
                size.start[d].is_multiple_of(step)
                    && size.first_tile[d].is_multiple_of(step)
                    && (count[d] == 1 || size.tile[d].is_multiple_of(step))
            })
        };
        let reductions = (0..=u32::from(levels).min(20)).take_while(whole).last().unwrap_or(0);
        let decoded = Mutex::new(BlockCache::new(KEPT));
        Ok(Self { file: Mutex::new(file), size, main, tiles, reductions, decoded })
    }

    /// Rows and columns.
    pub fn shape(&self) -> [usize; 2] {
        [1, 0].map(|d| (self.size.end[d] - self.size.start[d]) as usize)
    }

    /// Rows and columns of a tile.
    pub fn tile(&self) -> [usize; 2] {
        let shape = self.shape();
        [0, 1].map(|d| (self.size.tile[1 - d] as usize).min(shape[d]))
    }

    /// Number of components.
    pub fn components(&self) -> usize {
        self.size.components
    }

    /// How often rows and columns can be halved without decoding more.
    pub fn reductions(&self) -> u32 {
        self.reductions
    }

    /// Rows and columns when they are halved so often.
    pub fn reduced(&self, halvings: u32) -> [usize; 2] {
        self.shape().map(|n| n.div_ceil(1 << halvings))
    }

    /// A block of every component, row after row, of the image halved so often.
    pub fn read(&self, halvings: u32, start: [usize; 2], count: [usize; 2]) -> Result<Vec<Vec<u8>>> {
        let shape = self.reduced(halvings);
        if halvings > self.reductions || (0..2).any(|d| count[d] == 0 || start[d] + count[d] > shape[d]) {
            return Err(fail(FailureKind::BadRequest, "The image has no such pixels."));
        }
        let mut out = vec![vec![0u8; count[0] * count[1]]; self.size.components];
        let Some(across) = self.size.tiles() else { return Ok(out) };
        let wanted: Vec<usize> = (0..self.tiles.len())
            .filter(|t| {
                let [cols, rows] = self.place(*t, across, halvings);
                let meets = |[a, b]: [usize; 2], d: usize| a < start[d] + count[d] && b > start[d];
                meets(rows, 0) && meets(cols, 1)
            })
            .collect();
        for some in wanted.chunks(AT_ONCE) {
            let decoded: Vec<Result<Arc<Raw>>> = some.par_iter().map(|t| self.decode(*t, across, halvings)).collect();
            for (tile, planes) in some.iter().zip(decoded) {
                let planes = planes?;
                let Raw::U8(values) = &*planes else { continue };
                let [cols, rows] = self.place(*tile, across, halvings);
                let (width, pixels) = (cols[1] - cols[0], (cols[1] - cols[0]) * (rows[1] - rows[0]));
                let (c0, c1) = (cols[0].max(start[1]), cols[1].min(start[1] + count[1]));
                for row in rows[0].max(start[0])..rows[1].min(start[0] + count[0]) {
                    let (from, to) =
                        ((row - rows[0]) * width + c0 - cols[0], (row - start[0]) * count[1] + c0 - start[1]);
                    for (k, plane) in out.iter_mut().enumerate() {
                        let line = &values[k * pixels + from..k * pixels + from + c1 - c0];
                        plane[to..to + c1 - c0].copy_from_slice(line);
                    }
                }
            }
        }
        Ok(out)
    }

    /// Columns and rows of a tile in the image halved so often.
    fn place(&self, tile: usize, across: [u64; 2], halvings: u32) -> [[usize; 2]; 2] {
        let t = [tile as u64 % across[0], tile as u64 / across[0]];
        let corners = self.size.corners(t);
        [0, 1].map(|d| corners[d].map(|v| (v - u64::from(self.size.start[d])).div_ceil(1 << halvings) as usize))
    }

    /// All components of a tile, one after the other.
    fn decode(&self, tile: usize, across: [u64; 2], halvings: u32) -> Result<Arc<Raw>> {
        let key = (0, halvings as usize, vec![tile]);
        if let Some(known) = self.decoded.lock().get(&key) {
            return Ok(known);
        }
        let broken = |e: &dyn std::fmt::Display| damaged("A tile of the JPEG 2000 image", e);
        let mut stream = vec![0xff, 0x4f];
        stream.extend(SIZ.to_be_bytes());
        stream.extend(self.size.alone([tile as u64 % across[0], tile as u64 / across[0]]));
        stream.extend(&self.main);
        {
            let mut file = self.file.lock();
            for (at, len) in &self.tiles[tile] {
                let begin = stream.len();
                file.seek(SeekFrom::Start(*at)).map_err(|e| broken(&e))?;
                (&*file).take(*len).read_to_end(&mut stream).map_err(|e| broken(&e))?;
                if (stream.len() - begin) as u64 != *len {
                    return Err(cut_off());
                }
                // It is the first and only tile now.
                stream[begin + 4..begin + 6].fill(0);
            }
        }
        stream.extend(EOC.to_be_bytes());
        let [cols, rows] = self.place(tile, across, halvings);
        let (width, height) = (cols[1] - cols[0], rows[1] - rows[0]);
        let full = self.place(tile, across, 0).map(|[a, b]| (b - a) as u32);
        let settings = DecodeSettings {
            // A hint by which so many resolutions are left out.
            target_resolution: (halvings > 0).then(|| (full[0] >> halvings, full[1] >> halvings)),
            strict: true,
            ..DecodeSettings::default()
        };
        let image = Image::new(&stream, &settings).map_err(|e| broken(&e))?;
        let got = [image.width() as usize, image.height() as usize];
        let mut context = DecoderContext::default();
        let decoded = image.decode(&mut context).map_err(|e| broken(&e))?;
        let components = decoded.components();
        if components.len() != self.size.components || components.iter().any(|c| c.samples().len() < got[0] * got[1]) {
            return Err(broken(&"its components do not fit"));
        }
        let mut out = Vec::with_capacity(width * height * components.len());
        for component in components {
            let samples = component.samples();
            for row in 0..height {
                // A tile that is smaller than the step is not reduced by the decoder.
                let line = (row * got[1] / height.max(1)) * got[0];
                out.extend((0..width).map(|col| {
                    let v = samples[line + col * got[0] / width];
                    v.round().clamp(0.0, 255.0) as u8
                }));
            }
        }
        let planes = Arc::new(Raw::U8(out));
        self.decoded.lock().put(key, planes.clone());
        Ok(planes)
    }
}

/// What the main header says.
struct Header {
    size: Size,
    main: Vec<u8>,
    levels: u8,
    len: usize,
}

impl Header {
    fn of(head: &[u8]) -> Result<Self> {
        let word = |at: usize| head.get(at..at + 2).map(|b| u16::from_be_bytes([b[0], b[1]]));
        if word(0) != Some(0xff4f) {
            return Err(damaged("The JPEG 2000 image", &"it does not begin as one"));
        }
        let (mut size, mut main, mut levels, mut at) = (None, Vec::new(), None, 2);
        loop {
            let marker = word(at).ok_or_else(cut_off)?;
            if marker == SOT {
                break;
            }
            let len = usize::from(word(at + 2).ok_or_else(cut_off)?);
            let segment = head.get(at + 2..at + 2 + len).filter(|s| s.len() >= 2).ok_or_else(cut_off)?;
            match marker {
                SIZ => size = Size::of(segment.to_vec()),
                // Packet headers of all tiles together.
                0xff60 => return Err(unfit("keeps the headers of all packets together")),
                // Lengths of parts, places of components, comments: of the whole, or of no use.
                0xff55 | 0xff57 | 0xff63 | 0xff64 => {}
                _ => {
                    if marker == COD {
                        levels = segment.get(7).copied();
                    }
                    main.extend(marker.to_be_bytes());
                    main.extend(segment);
                }
            }
            at += 2 + len;
        }
        let broken = || damaged("The JPEG 2000 image", &"its header is not whole");
        let size: Size = size.ok_or_else(broken)?;
        let each = size.segment.get(38..38 + 3 * size.components).ok_or_else(broken)?;
        if size.components == 0 || size.components > 4 {
            return Err(unfit("has not one to four components"));
        }
        if each.chunks(3).any(|c| c != [7, 1, 1]) {
            return Err(unfit("has components that are not eight bits of each pixel"));
        }
        Ok(Self { size, main, levels: levels.ok_or_else(broken)?, len: at })
    }
}

/// First byte of the code stream and the one after its last: the file, or the box `jp2c` of it (I.4).
fn code_stream(file: &mut File, len: u64) -> Result<(u64, u64)> {
    let broken = |e: &dyn std::fmt::Display| damaged("The JPEG 2000 image", e);
    let mut at = 0;
    for _ in 0..1000 {
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(at)).map_err(|e| broken(&e))?;
        (&*file).take(16).read_to_end(&mut head).map_err(|e| broken(&e))?;
        if at == 0 && head.starts_with(&[0xff, 0x4f, 0xff, 0x51]) {
            return Ok((0, len));
        }
        let Some([l0, l1, l2, l3, kind @ ..]) = head.first_chunk::<8>() else { break };
        let (size, body) = match u32::from_be_bytes([*l0, *l1, *l2, *l3]) {
            0 => (len - at, 8),
            1 => (head.get(8..).and_then(|b| b.first_chunk::<8>()).map_or(0, |b| u64::from_be_bytes(*b)), 16),
            n => (u64::from(n), 8),
        };
        let end = at.checked_add(size).filter(|_| size >= body).ok_or_else(|| broken(&"its boxes make no sense"))?;
        if kind == b"jp2c" {
            return if end > len { Err(cut_off()) } else { Ok((at + body, end)) };
        }
        at = end;
        if at >= len {
            break;
        }
    }
    Err(broken(&"no code stream is in it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lower resolutions are those of OpenJPEG (`tests/safe/make_msi.py`), tile by tile.
    #[test]
    fn lower_resolutions_are_those_of_openjpeg() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/safe");
        let image = Jpeg2000::open(File::open(folder.join("tci.jp2")).unwrap()).unwrap();
        assert_eq!(
            (image.shape(), image.tile(), image.components(), image.reductions()),
            ([620, 700], [256, 256], 3, 4)
        );
        let whole: Vec<_> = (0..3).map(|h| image.read(h, [0, 0], image.reduced(h)).unwrap()).collect();
        let text = std::fs::read_to_string(folder.join("tci.csv")).unwrap();
        for line in text.lines().skip(1) {
            let n: Vec<usize> = line.split(',').map(|v| v.parse().unwrap()).collect();
            let width = image.reduced(n[0] as u32)[1];
            for k in 0..3 {
                let got = i32::from(whole[n[0]][k][n[1] * width + n[2]]);
                assert!((got - n[3 + k] as i32).abs() <= 1, "{line}: {k} {got}");
            }
        }
        let part = image.read(1, [120, 115], [15, 25]).unwrap();
        let expected: Vec<u8> = (120..135).flat_map(|r| whole[1][2][r * 350 + 115..r * 350 + 140].to_vec()).collect();
        assert_eq!(part[2], expected);
        assert!(image.read(9, [0, 0], [1, 1]).is_err() && image.read(0, [619, 0], [2, 1]).is_err());
    }
}
