//! The reader: answers the requests of the protocol, one after the other.

use std::borrow::Cow;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use seaglass_core::field::{Apron, Window};
use seaglass_core::granule::{FileInfo, PartInfo};
use seaglass_core::protocol::{Answer, FailureKind, FieldAt, PROTOCOL_VERSION, Request, Source, wire_from_geolocation};
use seaglass_core::shapes::wire_from_shapes;
use seaglass_core::time::Time;

use crate::cache::BlockCache;
use crate::columns::ColumnReader;
use crate::dataset::Dataset;
use crate::error::{Result, bad_request, damaged, fail};
use crate::footprint;
use crate::geoloc::Demand;
use crate::idf;
use crate::limits::LIGHT_TOLERANCE_CELLS;
use crate::parts::{self, Field, Part, Plan};
use crate::payload::Payload;
use crate::probe;
use crate::product;
use crate::read::{Choice, FieldReader};
use crate::shapes;
use crate::table;

/// Bytes of decoded blocks kept.
const CACHE_BYTES: usize = 320 << 20;
/// Bytes of positions kept with open files.
const POSITION_BYTES: usize = 512 << 20;
/// Files kept open.
const MAX_OPEN: usize = 48;
/// Longest global attribute passed on, characters.
const MAX_ATTRIBUTE: usize = 500;

struct OpenFile {
    id: u64,
    used: u64,
    stamp: (u64, Option<SystemTime>),
    products: Vec<String>,
    ds: Dataset,
    plan: Plan,
    product: Option<String>,
    title: String,
    short: Option<String>,
}

impl OpenFile {
    fn position_bytes(&self) -> usize {
        self.plan.parts.iter().map(Part::position_bytes).sum()
    }
}

/// Reads files on request and keeps what it has decoded.
pub struct Reader {
    files: HashMap<PathBuf, OpenFile>,
    cache: BlockCache,
    /// Files read as tables.
    columns: ColumnReader,
    next_id: u64,
    clock: u64,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    /// A reader that has opened nothing.
    pub fn new() -> Self {
        Self {
            files: HashMap::new(),
            cache: BlockCache::new(CACHE_BYTES),
            columns: ColumnReader::default(),
            next_id: 1,
            clock: 0,
        }
    }

    /// Answers a request. Never panics: a fault inside becomes an answer.
    pub fn handle(&mut self, request: Request) -> (Answer, Payload) {
        let path = match &request {
            Request::Open { source }
            | Request::Geolocation { source, .. }
            | Request::Read { of: FieldAt { source, .. }, .. }
            | Request::Stats { of: FieldAt { source, .. } }
            | Request::Exact { of: FieldAt { source, .. }, .. }
            | Request::Probe { source, .. }
            | Request::Outline { source, .. }
            | Request::Rows { source, .. } => Some(source.path.clone()),
            Request::Close { path } => Some(path.clone()),
            Request::WriteTable { .. } => None,
            Request::Hello { .. } | Request::Ping => None,
        };
        match catch_unwind(AssertUnwindSafe(|| self.answer(request))) {
            Ok(Ok(done)) => done,
            Ok(Err(error)) => (Answer::Failed { error }, Payload::default()),
            Err(_panic) => {
                if let Some(p) = path {
                    self.close(&p);
                }
                let text = "The reader failed on this file: it is damaged or unlike any file seen so far.";
                (Answer::Failed { error: fail(FailureKind::Damaged, text) }, Payload::default())
            }
        }
    }

    /// Remembers what was learnt of the open files; to be called when nobody waits for an answer.
    pub fn settle(&mut self) {
        let mut files: Vec<&OpenFile> = self.files.values().collect();
        files.sort_by_key(|f| f.id);
        for file in files {
            // What goes wrong here goes wrong again, and is said, when it is needed.
            if catch_unwind(AssertUnwindSafe(|| file.ds.settle())).is_err() {
                log::warn!("{} cannot be remembered", file.ds.path.display());
            }
        }
    }

    fn answer(&mut self, request: Request) -> Result<(Answer, Payload)> {
        let plain = |answer| Ok((answer, Payload::default()));
        match request {
            Request::Hello { .. } => plain(Answer::Hello {
                version: PROTOCOL_VERSION,
                name: format!("seaglass-worker {}", env!("CARGO_PKG_VERSION")),
            }),
            Request::Ping => plain(Answer::Done),
            Request::Close { path } => {
                self.close(&path);
                plain(Answer::Done)
            }
            Request::Open { source } => {
                if let Some(kind) = shapes::kind_of(&source.path) {
                    let found = shapes::read(&source.path, kind)?;
                    let payload = wire_from_shapes(&found.shapes).map_err(|e| damaged("The attributes", &e))?;
                    let answer = Answer::Shapes { format: found.format, notes: found.notes };
                    return Ok((answer, payload.into()));
                }
                if let Some(sentence) = shapes::companion(&source.path) {
                    return Err(fail(FailureKind::NotMine, sentence));
                }
                let info = describe(self.file(&source)?);
                plain(Answer::Opened { info: Box::new(info) })
            }
            Request::Geolocation { source, part, tolerance_cells } => {
                let exact = tolerance_cells < LIGHT_TOLERANCE_CELLS;
                let asked = part_of(self.file(&source)?, part)?;
                if exact && asked.whole().is_none() {
                    // Two numbers of at least four bytes a cell.
                    let bytes = asked.shape[0].saturating_mul(asked.shape[1]).saturating_mul(8);
                    self.make_room(bytes, Some(&source.path));
                }
                let file = self.file(&source)?;
                let part = part_of(file, part)?;
                let positions = if exact { part.read_whole(&file.ds)? } else { part.picture() };
                let (wire, bytes) = wire_from_geolocation(positions);
                Ok((Answer::Geolocation { wire }, bytes.into()))
            }
            Request::Read { of, window, apron } => {
                let at = Choice { step: of.step, extra: &of.extra };
                let bytes = self.read(&of.source, of.part, (&of.field, of.unmasked), at, window, apron)?;
                Ok((Answer::Values { window, apron }, bytes))
            }
            Request::Stats { of } => {
                self.file(&of.source)?;
                let (mut reader, part) = self.reader(&of.source, of.part)?;
                let field = field_of(part, &of.field, of.unmasked)?;
                let stats = reader.stats(&field, part.shape, Choice { step: of.step, extra: &of.extra })?;
                plain(Answer::Stats { stats })
            }
            Request::Exact { of, window } => {
                self.file(&of.source)?;
                let (mut reader, part) = self.reader(&of.source, of.part)?;
                let field = field_of(part, &of.field, of.unmasked)?;
                let values = reader.exact(&field, part.shape, Choice { step: of.step, extra: &of.extra }, window)?;
                Ok((Answer::Exact { window, ty: values.column_type() }, values.to_payload().into()))
            }
            Request::Probe { source, part, fields, step, extra, row, col } => {
                self.file(&source)?;
                let (mut reader, part) = self.reader(&source, part)?;
                let cell = probe::cell(&mut reader, part, &fields, Choice { step, extra: &extra }, row, col)?;
                plain(Answer::Probed { cell })
            }
            Request::Outline { source, ask } => {
                self.columns.outline(&source, &ask).map(|(answer, bytes)| (answer, bytes.into()))
            }
            Request::Rows { source, ask } => {
                self.columns.rows(&source, &ask).map(|(answer, bytes)| (answer, bytes.into()))
            }
            Request::WriteTable { spool, out } => {
                table::write(&spool, &out)?;
                plain(Answer::Done)
            }
        }
    }

    fn read(
        &mut self,
        source: &Source,
        part: usize,
        (field, unmasked): (&str, bool),
        at: Choice<'_>,
        window: Window,
        apron: Apron,
    ) -> Result<Payload> {
        self.file(source)?;
        let (mut reader, part) = self.reader(source, part)?;
        reader.payload(&*field_of(part, field, unmasked)?, part.shape, at, window, apron)
    }

    /// Reader and part of a file that is open.
    fn reader(&mut self, source: &Source, part: usize) -> Result<(FieldReader<'_>, &Part)> {
        let file = self.files.get(&source.path).ok_or_else(|| bad_request("The file is not open."))?;
        let part = part_of(file, part)?;
        Ok((FieldReader { ds: &file.ds, file: file.id, cache: &mut self.cache }, part))
    }

    /// The open file, opened now when it was not, was asked for other products, or has been replaced on disk.
    fn file(&mut self, source: &Source) -> Result<&OpenFile> {
        self.clock += 1;
        let stamp = stamp(&source.path);
        let products: Vec<String> = source.candidates.iter().map(|p| p.product.id.clone()).collect();
        let fresh = self.files.get(&source.path).is_some_and(|f| f.stamp == stamp && f.products == products);
        if !fresh {
            self.close(&source.path);
            let file = open(source, self.next_id, stamp, products)?;
            self.next_id += 1;
            self.make_room(file.position_bytes(), None);
            self.files.insert(source.path.clone(), file);
        }
        let now = self.clock;
        let file = self.files.get_mut(&source.path).ok_or_else(|| bad_request("The file is not open."))?;
        file.used = now;
        Ok(file)
    }

    /// Closes files, the one unused for longest first, but not `keep`, until so many bytes more of positions may be held.
    fn make_room(&mut self, bytes: usize, keep: Option<&Path>) {
        loop {
            let held: usize = self.files.values().map(OpenFile::position_bytes).sum();
            if self.files.len() < MAX_OPEN && held + bytes <= POSITION_BYTES {
                return;
            }
            let others = self.files.iter().filter(|(path, _)| keep != Some(path.as_path()));
            let Some(oldest) = others.min_by_key(|(_, f)| f.used).map(|(p, _)| p.clone()) else { return };
            self.close(&oldest);
        }
    }

    fn close(&mut self, path: &Path) {
        if let Some(f) = self.files.remove(path) {
            self.cache.forget(f.id);
        }
        self.columns.close(path);
    }
}

fn stamp(path: &Path) -> (u64, Option<SystemTime>) {
    std::fs::metadata(path).map_or((0, None), |m| (m.len(), m.modified().ok()))
}

fn part_of(file: &OpenFile, part: usize) -> Result<&Part> {
    file.plan.parts.get(part).ok_or_else(|| bad_request(format!("The file has no part {part}.")))
}

/// The field of that name, with or without the product's mask.
fn field_of<'a>(part: &'a Part, name: &str, unmasked: bool) -> Result<Cow<'a, Field>> {
    let field = part
        .fields
        .iter()
        .find(|f| f.info.name == name)
        .ok_or_else(|| bad_request(format!("There is no field {name} in this part of the file.")))?;
    if unmasked && !field.keep.is_empty() {
        return Ok(Cow::Owned(Field { keep: Vec::new(), ..field.clone() }));
    }
    Ok(Cow::Borrowed(field))
}

fn open(source: &Source, id: u64, stamp: (u64, Option<SystemTime>), products: Vec<String>) -> Result<OpenFile> {
    let ds = Dataset::open(&source.path)?;
    let product = source.candidates.iter().find(|p| product::claims(p, &ds));
    let (plan, product) = match product {
        None => (parts::plan_for(&ds, None, Demand::Picture)?, None),
        Some(p) => match parts::plan_for(&ds, Some(p), Demand::Picture) {
            Ok(plan) => (plan, Some(p)),
            Err(why) => {
                // A product file may be wrong about this file; CF alone may still do.
                let mut plan = parts::plan_for(&ds, None, Demand::Picture).map_err(|_plain| why.clone())?;
                plan.notes.push(format!(
                    "The product file {} does not fit ({}); read by CF rules.",
                    p.product.id, why.message
                ));
                (plan, None)
            }
        },
    };
    let name = source.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let title = product.map(|p| p.product.title.clone()).or_else(|| ds.global("title")).unwrap_or(name);
    let short = product.and_then(|p| p.product.short.clone());
    let product = product.map(|p| p.product.id.clone());
    Ok(OpenFile { id, used: 0, stamp, products, ds, plan, product, title, short })
}

fn describe(file: &OpenFile) -> FileInfo {
    FileInfo {
        product: file.product.clone(),
        title: file.title.clone(),
        short: file.short.clone(),
        format: match idf::is_idf(&file.ds) {
            true => format!("IDF ({})", file.ds.label),
            false => file.ds.label.clone(),
        },
        parts: file.plan.parts.iter().map(describe_part).collect(),
        notes: file.plan.notes.clone(),
        attributes: file
            .ds
            .attrs
            .iter()
            .map(|(k, v)| {
                let text = v.display();
                let cut: String = text.chars().take(MAX_ATTRIBUTE).collect();
                (k.clone(), if cut.len() < text.len() { format!("{cut}…") } else { text })
            })
            .collect(),
    }
}

fn describe_part(part: &Part) -> PartInfo {
    let positions = part.picture();
    PartInfo {
        name: part.name.clone(),
        geometry: part.kind,
        shape: part.shape,
        bounds: positions.bounds().unwrap_or(seaglass_core::geo::GeoBox::WORLD),
        footprint: footprint::of(positions),
        span: part.span,
        steps: steps(part),
        fields: part.fields.iter().map(|f| f.info.clone()).collect(),
    }
}

/// Times of the steps, none where there is only one. A step whose time is missing takes that of its neighbour.
fn steps(part: &Part) -> Vec<Time> {
    if part.step_dim.is_none() {
        return Vec::new();
    }
    let fallback = part.step_times.iter().flatten().next().copied().unwrap_or(Time::from_micros(0));
    let mut last = fallback;
    part.step_times
        .iter()
        .map(|t| {
            last = t.unwrap_or(last);
            last
        })
        .collect()
}
