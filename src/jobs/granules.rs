//! The granules of a side: outlines of all files, read once and remembered by file identity.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use seaglass_core::columns::{ColumnType, FileCard, Outline, OutlineAsk, RASTER_TILE, RowClock, TURN, TileBox};
use seaglass_core::field::FieldInfo;
use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::{Crs, Geolocation};
use seaglass_core::granule::GeometryKind;
use seaglass_core::protocol::{FailureKind, GeolocationWire, ReadFailure, Request, geolocation_from_wire};
use seaglass_data::pool::{Content, Lane, Outlines};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{JobError, Result};
use crate::inputs::{self, InputFile};
use crate::progress::{Event, Watcher};
use crate::prune::{Node, Tree};
use crate::reading::Readers;
use crate::spec::{SideSpec, side_time};

/// Changes when the content of remembered outlines does.
const OUTLINE_VERSION: u32 = 1;

/// One table of rows: a part of a file at one time step.
#[derive(Clone, Debug)]
pub struct Granule {
    /// Index into [`Side::files`].
    pub file: usize,
    /// Number within the file.
    pub nth: u32,
    /// Part.
    pub part: usize,
    /// Time step.
    pub step: usize,
    /// What people call it beside the file name; empty for the only one of a file.
    pub label: String,
    /// Geometry.
    pub kind: GeometryKind,
    /// `[rows, cols]`.
    pub shape: [usize; 2],
    /// Where its times come from.
    pub clock: RowClock,
    /// Boxes of its tiles.
    pub tiles: Arc<Vec<TileBox>>,
    /// Its axes where it has such; granules of one grid share them.
    pub grid: Option<Arc<Geolocation>>,
    /// Around all of them.
    pub bounds: Node,
    /// Cells with position and time.
    pub valid: u64,
    /// Row number of its first cell in the side.
    pub first_row: u64,
    /// Columns asked for, in the order of [`Side::columns`].
    pub columns: Arc<Vec<FieldInfo>>,
    /// Their number types.
    pub types: Arc<Vec<ColumnType>>,
}

impl Granule {
    /// Cells.
    pub fn cells(&self) -> u64 {
        self.shape[0] as u64 * self.shape[1] as u64
    }

    /// Whether its columns are meridians all round the Earth, so that the last one's neighbour is the first.
    pub fn goes_round(&self) -> bool {
        let Some(Geolocation::Grid(grid)) = self.grid.as_deref() else { return false };
        let n = grid.x.len();
        if grid.crs != Crs::LonLat || n < 3 || n != self.shape[1] {
            return false;
        }
        let (first, next, last) = (grid.x.centre(0), grid.x.centre(1), grid.x.centre(n - 1));
        let step = next - first;
        ((last - first + step).abs() - 360.0).abs() < 0.5 * step.abs()
    }

    /// Names the granule the same in every run: file and number within it.
    pub fn key(&self) -> u64 {
        (self.file as u64) << 32 | u64::from(self.nth)
    }
}

/// A file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedFile {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub message: String,
}

/// A side with everything known before values are read.
pub struct Side {
    /// Its part of the job.
    pub spec: SideSpec,
    /// Limits of time, µs.
    pub time_us: Option<[i64; 2]>,
    /// Files in order.
    pub files: Vec<InputFile>,
    /// What each file is; `None` when it could not be read.
    pub cards: Vec<Option<FileCard>>,
    /// Granules in order.
    pub granules: Vec<Granule>,
    /// Columns read: those carried, then those only needed to decide.
    pub columns: Vec<String>,
    /// Rows of all granules.
    pub rows: u64,
    /// Files left out.
    pub failed: Vec<FailedFile>,
}

impl Side {
    /// Descriptions of the columns, from the first granule.
    pub fn column_infos(&self) -> Arc<Vec<FieldInfo>> {
        self.granules.first().map_or_else(Default::default, |g| Arc::clone(&g.columns))
    }

    /// Number type that holds a column of every granule.
    pub fn column_type(&self, column: usize) -> ColumnType {
        let mut types = self.granules.iter().filter_map(|g| g.types.get(column).copied());
        let first = types.next().unwrap_or(ColumnType::F64);
        if types.all(|t| t == first) { first } else { ColumnType::F64 }
    }

    /// Name of a granule for people: the file's, with the part or step where there are several.
    pub fn granule_name(&self, granule: &Granule) -> String {
        let name = self.files[granule.file].name();
        if granule.label.is_empty() { name } else { format!("{name}#{}", granule.label) }
    }

    /// Granule by [`Granule::key`].
    pub fn by_key(&self, key: u64) -> Option<&Granule> {
        self.granules.binary_search_by_key(&key, Granule::key).ok().map(|k| &self.granules[k])
    }

    /// Whether row numbers mean lines and pixels.
    pub fn has_lines(&self) -> bool {
        self.granules.iter().any(|g| g.kind.is_raster())
    }
}

/// Where remembered outlines lie; `None` remembers nothing.
pub struct OutlineCache {
    dir: Option<PathBuf>,
}

#[derive(Serialize, Deserialize)]
struct Remembered {
    version: u32,
    key: String,
    card: FileCard,
    parts: Vec<Outline>,
}

impl OutlineCache {
    /// In a folder, which is made when it is needed.
    pub fn new(dir: Option<PathBuf>) -> Self {
        Self { dir }
    }

    /// File identity, question and product files decide whether an answer is still the answer.
    fn key(file: &InputFile, ask: &OutlineAsk, products: &str) -> String {
        let mut hash = Sha256::new();
        for part in [
            file.path.to_string_lossy().as_ref(),
            &file.size.to_string(),
            &file.modified_us.to_string(),
            &serde_json::to_string(ask).unwrap_or_default(),
            products,
            env!("CARGO_PKG_VERSION"),
        ] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        hex(&hash.finalize())
    }

    fn path(&self, key: &str) -> Option<PathBuf> {
        Some(self.dir.as_ref()?.join(format!("{}.outline", &key[..32])))
    }

    fn load(&self, key: &str) -> Option<Outlines> {
        let bytes = std::fs::read(self.path(key)?).ok()?;
        let (len, rest) = bytes.split_first_chunk::<8>()?;
        let (head, tiles) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*len)).ok()?)?;
        let known: Remembered = serde_json::from_slice(head).ok()?;
        if known.version != OUTLINE_VERSION || known.key != key {
            return None;
        }
        let mut tiles = TileBox::read_all(tiles)?.into_iter();
        let parts = known.parts.into_iter().map(|p| {
            let own: Vec<TileBox> = tiles.by_ref().take(p.tiles).collect();
            (p, own)
        });
        Some(Outlines { card: known.card, parts: parts.collect() })
    }

    /// A cache that cannot be written is no fault of the job.
    fn store(&self, key: &str, outlines: &Outlines) {
        let (Some(dir), Some(path)) = (&self.dir, self.path(key)) else { return };
        let known = Remembered {
            version: OUTLINE_VERSION,
            key: key.to_owned(),
            card: outlines.card.clone(),
            parts: outlines.parts.iter().map(|p| p.0.clone()).collect(),
        };
        let Ok(head) = serde_json::to_vec(&known) else { return };
        let mut bytes = (head.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(&head);
        outlines.parts.iter().flat_map(|p| &p.1).for_each(|t| t.write_le(&mut bytes));
        let written = std::fs::create_dir_all(dir).and_then(|()| crate::state::write_atomic(&path, &bytes));
        if let Err(e) = written {
            log::debug!("{}: the outline is not kept: {e}", path.display());
        }
    }
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Reads the outlines of a side.
///
/// # Errors
/// No file can be read, or none has the fields.
pub fn side(
    spec: &SideSpec,
    extra_columns: &[String],
    readers: &Readers,
    cache: &OutlineCache,
    watcher: &dyn Watcher,
) -> Result<Side> {
    let (files, missing) = inputs::files(spec, &readers.registry)?;
    let mut columns = spec.fields.clone();
    for c in spec.required().iter().chain(extra_columns).chain(spec.platform.as_ref()) {
        if !columns.contains(c) {
            columns.push(c.clone());
        }
    }
    let ask = OutlineAsk {
        part: spec.part.clone(),
        columns: columns.clone(),
        index: spec.index.iter().map(|(k, v)| (k.clone(), *v)).collect(),
        valid: Vec::new(),
    };
    let mut found: Vec<Option<std::result::Result<Outlines, ReadFailure>>> = Vec::new();
    let mut keys = Vec::new();
    let mut open = Vec::new();
    for (k, file) in files.iter().enumerate() {
        let products = serde_json::to_string(&readers.source(&file.path, spec.product.as_deref()).candidates);
        let key = OutlineCache::key(file, &ask, &products.unwrap_or_default());
        let known = cache.load(&key);
        if known.is_none() {
            open.push(k);
        }
        found.push(known.map(Ok));
        keys.push(key);
    }
    let total = files.len();
    let mut done = total - open.len();
    watcher.event(Event::Outlined { side: &spec.name, done, total });
    let requests = open.iter().map(|k| {
        let source = readers.source(&files[*k].path, spec.product.as_deref());
        Request::Outline { source, ask: ask.clone() }
    });
    readers.ask_all(Lane::Open, requests, |n, answer| {
        let k = open[n];
        found[k] = Some(match answer {
            Ok(Content::Outlines(o)) => {
                cache.store(&keys[k], &o);
                Ok(*o)
            }
            Ok(_) => Err(odd_answer()),
            Err(e) => Err(e),
        });
        done += 1;
        watcher.event(Event::Outlined { side: &spec.name, done, total });
        Ok(())
    })?;
    assemble(spec, files, columns, found.into_iter().flatten().collect(), missing, watcher)
}

fn odd_answer() -> ReadFailure {
    ReadFailure { kind: FailureKind::Crashed, message: "The reader gave another answer than asked for.".to_owned() }
}

fn assemble(
    spec: &SideSpec,
    files: Vec<InputFile>,
    columns: Vec<String>,
    found: Vec<std::result::Result<Outlines, ReadFailure>>,
    missing: Vec<FailedFile>,
    watcher: &dyn Watcher,
) -> Result<Side> {
    let mut side = Side {
        spec: spec.clone(),
        time_us: side_time(spec)?,
        files,
        cards: Vec::new(),
        granules: Vec::new(),
        columns,
        rows: 0,
        failed: Vec::new(),
    };
    let mut no_field = None;
    let mut timeless = None;
    let mut grid = None;
    for (file, outlines) in found.into_iter().enumerate() {
        let path = side.files[file].path.clone();
        let outlines = match outlines {
            Ok(o) => o,
            Err(e) => {
                let (kind, message) = (e.kind, e.message);
                if kind == FailureKind::BadRequest {
                    no_field.get_or_insert_with(|| message.clone());
                }
                side.cards.push(None);
                side.failed.push(FailedFile { path, message });
                continue;
            }
        };
        side.cards.push(Some(outlines.card));
        let many = outlines.parts.len() > 1;
        let mut nth = 0;
        for (outline, tiles) in outlines.parts {
            if outline.clock == RowClock::None {
                timeless.get_or_insert_with(|| path.clone());
            }
            match granules(&outline, tiles, [file, usize::from(many)], &mut nth, &mut side.rows, &mut grid) {
                Ok(list) => side.granules.extend(list),
                Err(message) => side.failed.push(FailedFile { path: path.clone(), message }),
            }
        }
    }
    if side.granules.is_empty()
        && side.failed.len() == side.files.len()
        && let Some(message) = no_field
    {
        return Err(JobError::Nothing(format!("The side \"{}\": {message}", spec.name)));
    }
    side.failed.extend(missing);
    for f in &side.failed {
        watcher.event(Event::Failed { path: &f.path, message: &f.message });
    }
    if side.granules.is_empty() {
        let why = side.failed.first();
        return Err(JobError::Input {
            message: format!(
                "No file of the side \"{}\" can be read; the first: {}",
                spec.name,
                why.map_or("there is none.", |f| f.message.as_str())
            ),
            path: why.map(|f| f.path.clone()).unwrap_or_default(),
        });
    }
    if let Some(path) = timeless
        && side.granules.iter().all(|g| g.clock == RowClock::None)
    {
        let message = format!("The files of the side \"{}\" tell no time, so nothing can be matched.", spec.name);
        return Err(JobError::Input { message, path });
    }
    Ok(side)
}

/// The axes of the grid seen last: files of a series have the same.
type LastGrid = Option<(GeolocationWire, Arc<Geolocation>)>;

/// The granules of a part: one a time step.
fn granules(
    outline: &Outline,
    tiles: Vec<TileBox>,
    [file, many]: [usize; 2],
    nth: &mut u32,
    rows: &mut u64,
    last: &mut LastGrid,
) -> std::result::Result<Vec<Granule>, String> {
    let grid = match (&outline.grid, &*last) {
        (None, _) => None,
        (Some(wire), Some((known, grid))) if wire == known => Some(Arc::clone(grid)),
        (Some(wire), _) => {
            let grid = Arc::new(geolocation_from_wire(wire.clone(), &[])?);
            *last = Some((wire.clone(), Arc::clone(&grid)));
            Some(grid)
        }
    };
    let mut tiles = grid.as_ref().map_or(tiles, |g| grid_tiles(g, outline.shape));
    let (columns, types) = (Arc::new(outline.columns.clone()), Arc::new(outline.types.clone()));
    // Where the file has a time of its own it lies anywhere in what is covered; else the middle stands for it.
    let span = outline.span.map(|s| match outline.clock {
        RowClock::Cell => [s.start.micros(), s.stop.micros()],
        _ => [s.middle().micros(); 2],
    });
    let mut out = Vec::new();
    for step in 0..outline.steps.len().max(1) {
        let time = outline.steps.get(step).map(|t| [t.micros(); 2]).or(span);
        // The tiles of a grid, and of positions that stay from step to step, have the time of the step.
        if let Some([start, stop]) = time.filter(|_| outline.grid.is_some() || !outline.steps.is_empty()) {
            for tile in &mut tiles {
                (tile.start_us, tile.stop_us) = (start, stop);
            }
        }
        let mut label = if many == 1 { outline.name.clone() } else { String::new() };
        if outline.steps.len() > 1 {
            label += &format!("{}step {step}", if label.is_empty() { "" } else { ", " });
        }
        let own = Arc::new(tiles.clone());
        let granule = Granule {
            file,
            nth: *nth,
            part: outline.part,
            step,
            label,
            kind: outline.kind,
            shape: outline.shape,
            clock: outline.clock,
            bounds: Tree::new(own.iter().map(Node::of).collect()).bounds(),
            tiles: own,
            grid: grid.clone(),
            valid: outline.valid,
            first_row: *rows,
            columns: Arc::clone(&columns),
            types: Arc::clone(&types),
        };
        *nth += 1;
        *rows += granule.cells();
        if outline.clock != RowClock::None {
            out.push(granule);
        }
    }
    Ok(out)
}

/// Tiles of a grid, from its axes; of a projected one, from every position.
fn grid_tiles(geolocation: &Geolocation, [rows, cols]: [usize; 2]) -> Vec<TileBox> {
    let straight = matches!(geolocation, Geolocation::Grid(g) if g.crs == Crs::LonLat);
    let mut out = Vec::new();
    for r0 in (0..rows).step_by(RASTER_TILE) {
        for c0 in (0..cols).step_by(RASTER_TILE) {
            let (r1, c1) = ((r0 + RASTER_TILE).min(rows), (c0 + RASTER_TILE).min(cols));
            let at = |r: usize, c: usize| geolocation.lonlat_from_index(r as f64, c as f64);
            let mut bounds = Bounds::default();
            if straight {
                // Axes rise or fall steadily: the corners say it all.
                [(r0, c0), (r0, c1 - 1), (r1 - 1, c0), (r1 - 1, c1 - 1)]
                    .into_iter()
                    .filter_map(|(r, c)| at(r, c))
                    .for_each(|p| bounds.add(p, false));
            } else {
                (r0..r1)
                    .flat_map(|r| (c0..c1).map(move |c| (r, c)))
                    .filter_map(|(r, c)| at(r, c))
                    .for_each(|p| bounds.add(p, true));
            }
            out.push(bounds.tile(((r1 - r0) * (c1 - c0)) as u32));
        }
    }
    out
}

/// A box of places that grows.
#[derive(Default)]
struct Bounds {
    origin_deg: Option<f64>,
    west: f64,
    east: f64,
    south: f64,
    north: f64,
}

impl Bounds {
    /// Adds a place. Longitudes may jump by a turn where `turns`; along an axis they do not.
    fn add(&mut self, p: LonLat, turns: bool) {
        if !p.is_valid() {
            return;
        }
        let origin = *self.origin_deg.get_or_insert_with(|| {
            (self.south, self.north) = (p.lat_deg, p.lat_deg);
            p.lon_deg
        });
        let mut x = p.lon_deg - origin;
        if turns {
            x -= 360.0 * (x / 360.0).round();
        }
        (self.west, self.east) = (self.west.min(x), self.east.max(x));
        (self.south, self.north) = (self.south.min(p.lat_deg), self.north.max(p.lat_deg));
    }

    fn tile(&self, cells: u32) -> TileBox {
        let Some(origin) = self.origin_deg else { return TileBox::EMPTY };
        let micro = |x: f64| (x * 1e6) as i64;
        let (mut west, mut east) = (micro(origin + self.west) - 2, micro(origin + self.east) + 2);
        if east - west >= TURN / 2 {
            (west, east) = (-TURN / 2, TURN / 2);
        }
        let shift = if west >= TURN / 2 {
            -TURN
        } else if west < -TURN / 2 {
            TURN
        } else {
            0
        };
        TileBox {
            south: (micro(self.south) - 2).max(-90_000_000) as i32,
            north: (micro(self.north) + 2).min(90_000_000) as i32,
            west: (west + shift) as i32,
            east: (east + shift) as i32,
            start_us: 0,
            stop_us: 0,
            valid: cells,
        }
    }
}

/// Folder of remembered outlines of a job.
pub fn cache_dir(given: Option<&Path>, state: &Path) -> PathBuf {
    given.map_or_else(|| state.join("outlines"), Path::to_owned)
}
