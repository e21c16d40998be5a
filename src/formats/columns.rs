//! Parts of files as tables: outlines with tiles, and rows with exact positions, times and values.
//!
//! Files are opened here without what only pictures need (tie points, outlines to draw), and kept open.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use seaglass_core::columns::{FileCard, Outline, OutlineAsk, RowClock, Rows, RowsAsk, TileBox};
use seaglass_core::geolocation::Geolocation;
use seaglass_core::granule::GeometryKind;
use seaglass_core::protocol::{Answer, FailureKind, Source, wire_from_geolocation};

use crate::cache::BlockCache;
use crate::dataset::Dataset;
use crate::error::{Result, bad_request, fail};
use crate::parts::{self, Part, Plan};
use crate::product;

mod clock;
mod find;
mod gather;
mod tiles;

use clock::Clock;
use find::Sought;

/// Bytes of decoded blocks kept.
const CACHE_BYTES: usize = 192 << 20;
/// Bytes of positions kept with open files.
const POSITION_BYTES: usize = 384 << 20;
/// Files kept open.
const MAX_OPEN: usize = 32;

struct OpenFile {
    id: u64,
    used: u64,
    stamp: (u64, Option<SystemTime>),
    ds: Dataset,
    plan: Plan,
    card: FileCard,
}

/// Reads files as tables and keeps what it has decoded.
pub struct ColumnReader {
    files: HashMap<PathBuf, OpenFile>,
    cache: BlockCache,
    next_id: u64,
    now: u64,
}

impl Default for ColumnReader {
    fn default() -> Self {
        Self { files: HashMap::new(), cache: BlockCache::new(CACHE_BYTES), next_id: 1, now: 0 }
    }
}

impl ColumnReader {
    /// Answers [`seaglass_core::protocol::Request::Outline`].
    ///
    /// # Errors
    /// The file cannot be read, or no part has all columns.
    pub fn outline(&mut self, source: &Source, ask: &OutlineAsk) -> Result<(Answer, Vec<u8>)> {
        let file = self.open(source)?;
        let chosen = find::parts_with(&file.ds, &file.plan, ask)?;
        let (mut outlines, mut bytes) = (Vec::new(), Vec::new());
        for (k, columns) in chosen {
            let part = &file.plan.parts[k];
            let clock = Clock::of(&file.ds, part);
            let kind = clock.kind(part);
            let (tiles, valid) = match (&*part.geolocation, kind) {
                (_, RowClock::None) => (Vec::new(), 0),
                (Geolocation::Grid(_), _) => (Vec::new(), cells(part.shape)),
                _ => tiles::of(part, &clock.load(&file.ds, 0)?)?,
            };
            tiles.iter().for_each(|t: &TileBox| t.write_le(&mut bytes));
            let types = columns.iter().map(|c| gather::column_type(&file.ds, c)).collect();
            outlines.push(Outline { types, ..describe(part, k, columns, kind, valid, tiles.len()) });
        }
        Ok((Answer::Outlined { card: Box::new(file.card.clone()), parts: outlines }, bytes))
    }

    /// Answers [`seaglass_core::protocol::Request::Rows`].
    ///
    /// # Errors
    /// The file cannot be read, or the request names what is not there.
    pub fn rows(&mut self, source: &Source, ask: &RowsAsk) -> Result<(Answer, Vec<u8>)> {
        self.open(source)?;
        let file = self.files.get(&source.path).ok_or_else(|| bad_request("The file is not open."))?;
        let part =
            file.plan.parts.get(ask.part).ok_or_else(|| bad_request(format!("The file has no part {}.", ask.part)))?;
        let find = |names: &[String]| -> Result<Vec<Sought>> {
            names.iter().map(|name| find::column(&file.ds, part, name, &ask.index)).collect()
        };
        let (columns, valid) = (find(&ask.columns)?, find(&ask.valid)?);
        let clock = Clock::of(&file.ds, part).load(&file.ds, ask.step)?;
        let mut reader = gather::Gather { ds: &file.ds, file: file.id, cache: &mut self.cache, part, ask };
        let rows: Rows = reader.rows(&columns, &valid, &clock)?;
        let (wire, bytes) = rows.to_wire();
        Ok((Answer::Rows { wire }, bytes))
    }

    fn open(&mut self, source: &Source) -> Result<&OpenFile> {
        self.now += 1;
        let stamp = std::fs::metadata(&source.path).map_or((0, None), |m| (m.len(), m.modified().ok()));
        if self.files.get(&source.path).is_none_or(|f| f.stamp != stamp) {
            self.close(&source.path);
            let file = open(source, self.next_id, stamp)?;
            self.next_id += 1;
            self.make_room(position_bytes(&file));
            self.files.insert(source.path.clone(), file);
        }
        let now = self.now;
        let file = self.files.get_mut(&source.path).ok_or_else(|| bad_request("The file is not open."))?;
        file.used = now;
        Ok(file)
    }

    fn make_room(&mut self, bytes: usize) {
        while !self.files.is_empty() {
            let held: usize = self.files.values().map(position_bytes).sum();
            if self.files.len() < MAX_OPEN && held + bytes <= POSITION_BYTES {
                return;
            }
            let oldest = self.files.iter().min_by_key(|(_, f)| f.used).map(|(p, _)| p.clone());
            if let Some(p) = oldest {
                self.close(&p);
            }
        }
    }

    /// Forgets a file.
    pub fn close(&mut self, path: &Path) {
        if let Some(f) = self.files.remove(path) {
            self.cache.forget(f.id);
        }
    }
}

fn position_bytes(file: &OpenFile) -> usize {
    file.plan.parts.iter().map(|p| p.geolocation.byte_len()).sum()
}

fn cells([rows, cols]: [usize; 2]) -> u64 {
    rows as u64 * cols as u64
}

/// Opens a file; a product that claims it but does not fit is left aside, as when a picture is drawn.
fn open(source: &Source, id: u64, stamp: (u64, Option<SystemTime>)) -> Result<OpenFile> {
    let ds = Dataset::open(&source.path)?;
    let product = source.candidates.iter().find(|p| product::claims(p, &ds));
    let (plan, product) = match product {
        Some(p) => match parts::plan(&ds, Some(p)) {
            Ok(plan) => (plan, Some(p)),
            Err(why) => (parts::plan(&ds, None).map_err(|_plain| why)?, None),
        },
        None => (parts::plan(&ds, None)?, None),
    };
    let name = source.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    const IDENTITY: [&str; 9] =
        ["uuid", "tracking_id", "id", "doi", "naming_authority", "product_version", "crid", "date_created", "history"];
    let identity = IDENTITY.iter().filter_map(|key| {
        let text: String = ds.global(key)?.chars().take(200).collect();
        Some(((*key).to_owned(), text))
    });
    let card = FileCard {
        product: product.map(|p| p.product.id.clone()),
        title: product.map(|p| p.product.title.clone()).or_else(|| ds.global("title")).unwrap_or(name),
        format: ds.label.clone(),
        identity: identity.filter(|(k, _)| k != "history").collect(),
    };
    Ok(OpenFile { id, used: 0, stamp, ds, plan, card })
}

fn describe(part: &Part, k: usize, columns: Vec<Sought>, clock: RowClock, valid: u64, tiles: usize) -> Outline {
    let grid = matches!(&*part.geolocation, Geolocation::Grid(_)).then(|| wire_from_geolocation(&part.geolocation).0);
    Outline {
        part: k,
        name: part.name.clone(),
        kind: part.kind,
        shape: part.shape,
        steps: if part.step_dim.is_some() { part.step_times.iter().flatten().copied().collect() } else { Vec::new() },
        span: part.span,
        clock,
        valid,
        columns: columns.into_iter().map(|c| c.field.info).collect(),
        types: Vec::new(),
        grid,
        tiles,
    }
}

/// Row numbers are 32-bit.
fn check_size(part: &Part) -> Result<()> {
    if cells(part.shape) > u64::from(u32::MAX) {
        return Err(fail(
            FailureKind::TooLarge,
            "A part has more than 4 thousand million cells; cut the file.".to_owned(),
        ));
    }
    Ok(())
}

/// Whether images are meant: several parts of one file then belong together.
fn is_image(kind: GeometryKind) -> bool {
    kind.is_raster()
}
