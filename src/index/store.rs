//! One index: putting descriptions in, and getting them out again.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use seaglass_core::granule::{FileInfo, PartInfo};
use seaglass_core::protocol::ReadFailure;

use crate::facts::Facts;
use crate::pack::{pack, unpack};
use crate::pieces::{PARTS, cover};
use crate::schema::{self, class_of};
use crate::{IndexError, Result};

/// What tells whether a file is still the one described.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FileMark {
    /// Bytes.
    pub size: u64,
    /// Time of the last change, nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Stands for the readers and product files by which it was described: others may describe it otherwise.
    pub reader: u64,
}

/// What a reader said of a file.
pub type Told = std::result::Result<Box<FileInfo>, ReadFailure>;

/// A file to be put in.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Path below the folder, parts separated by `/`.
    pub path: String,
    /// Its state when it was described.
    pub mark: FileMark,
    /// The description.
    pub told: Told,
}

/// The index of a folder.
pub struct Index {
    pub(crate) db: Connection,
    root: PathBuf,
    name: String,
    kinds: HashMap<i64, Arc<FileInfo>>,
}

impl Index {
    /// Opens the index of a folder kept in `file`, or makes it.
    ///
    /// # Errors
    /// The file cannot be made or is of a newer program. A damaged one is made anew.
    pub fn open(file: &Path, root: &Path) -> Result<Self> {
        let name = file.display().to_string();
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent).map_err(|e| IndexError::Files(e, parent.display().to_string()))?;
        }
        let index = Self { db: schema::open(file)?, root: root.to_owned(), name, kinds: HashMap::new() };
        // Paths within are relative; this only says where the folder was last, should it have moved.
        if index.meta("root")?.as_deref() != root.to_str() {
            index.set_meta("root", &root.to_string_lossy())?;
        }
        Ok(index)
    }

    /// An index that is gone with the program.
    ///
    /// # Errors
    /// No memory.
    pub fn in_memory(root: &Path) -> Result<Self> {
        let db = schema::in_memory()?;
        Ok(Self { db, root: root.to_owned(), name: "in memory".to_owned(), kinds: HashMap::new() })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn failed(&self, e: rusqlite::Error) -> IndexError {
        IndexError::Database(e, self.name.clone())
    }

    pub(crate) fn meta(&self, key: &str) -> Result<Option<String>> {
        let found = self.db.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0));
        found.optional().map_err(|e| self.failed(e))
    }

    pub(crate) fn set_meta(&self, key: &str, value: &str) -> Result<()> {
        let done = self.db.execute("INSERT OR REPLACE INTO meta VALUES (?1, ?2)", [key, value]);
        done.map(|_| ()).map_err(|e| self.failed(e))
    }

    /// Puts files in, all of them or, when it fails, none. What was known of them is replaced. Gives their numbers.
    ///
    /// # Errors
    /// The disk is full, or another program keeps the index to itself.
    pub fn put(&mut self, entries: &[Entry]) -> Result<Vec<i64>> {
        self.change(|t| entries.iter().map(|e| put_one(t, e)).collect())
    }

    /// Takes files out.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn remove(&mut self, paths: &[String]) -> Result<()> {
        self.change(|t| paths.iter().try_for_each(|p| remove_one(t, p).map(|_| ())))
    }

    fn change<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        let name = self.name.clone();
        let failed = |e| IndexError::Database(e, name.clone());
        let t = self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let done = work(&t).map_err(failed)?;
        t.commit().map_err(failed)?;
        Ok(done)
    }

    /// Grows when another program has changed the index.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn changes_of_others(&self) -> Result<i64> {
        self.db.pragma_query_value(None, "data_version", |row| row.get(0)).map_err(|e| self.failed(e))
    }

    /// The files known directly in a folder, by name.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn files_in(&self, folder: &str) -> Result<HashMap<String, FileMark>> {
        let read = || -> rusqlite::Result<_> {
            let sql = "SELECT f.name, f.size, f.mtime, f.reader FROM folder d JOIN file f ON f.folder = d.id WHERE d.path = ?1";
            let mut found = self.db.prepare_cached(sql)?;
            let rows = found.query_map([folder], |row| {
                let (size, reader): (i64, i64) = (row.get(1)?, row.get(3)?);
                let mark = FileMark { size: size as u64, mtime_ns: row.get(2)?, reader: reader as u64 };
                Ok((row.get::<_, String>(0)?, mark))
            })?;
            rows.collect()
        };
        read().map_err(|e| self.failed(e))
    }

    /// Folders that hold files known.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn folders(&self) -> Result<Vec<String>> {
        let read = || -> rusqlite::Result<Vec<String>> {
            let sql = "SELECT path FROM folder d WHERE EXISTS (SELECT 1 FROM file WHERE folder = d.id) ORDER BY path";
            self.db.prepare_cached(sql)?.query_map([], |row| row.get(0))?.collect()
        };
        read().map_err(|e| self.failed(e))
    }

    /// Number of files known.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn len(&self) -> Result<usize> {
        let n = self.db.query_row("SELECT count(*) FROM file", [], |row| row.get::<_, i64>(0));
        n.map(|n| n as usize).map_err(|e| self.failed(e))
    }

    /// Whether nothing is known.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn is_empty(&self) -> Result<bool> {
        let any = self.db.query_row("SELECT EXISTS (SELECT 1 FROM file)", [], |row| row.get::<_, bool>(0));
        any.map(|any| !any).map_err(|e| self.failed(e))
    }

    /// A file by its number: path below the folder, and what is known of it. `None` when it is gone, or when what the index
    /// has of it makes no sense.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn file(&mut self, id: i64) -> Result<Option<(String, Told)>> {
        type Row = (String, String, Option<i64>, Option<Vec<u8>>, Option<String>);
        let read = || -> rusqlite::Result<Option<Row>> {
            let sql = "SELECT d.path, f.name, f.kind, f.own, f.failure FROM file f JOIN folder d ON d.id = f.folder \
                       WHERE f.id = ?1";
            let mut found = self.db.prepare_cached(sql)?;
            found.query_row([id], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?))).optional()
        };
        let Some((folder, name, kind, own, failure)) = read().map_err(|e| self.failed(e))? else { return Ok(None) };
        let path = join(&folder, &name);
        if let Some(failure) = failure.and_then(|text| serde_json::from_str(&text).ok()) {
            return Ok(Some((path, Err(failure))));
        }
        let (Some(kind), Some(own)) = (kind, own) else { return Ok(None) };
        let Some(kind) = self.kind(kind)? else { return Ok(None) };
        Ok(unpack(&kind, &own).map(|info| (path, Ok(Box::new(info)))))
    }

    /// What is known of a file by its path.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn told(&mut self, path: &str) -> Result<Option<Told>> {
        let (folder, name) = split(path);
        let sql = "SELECT f.id FROM folder d JOIN file f ON f.folder = d.id WHERE d.path = ?1 AND f.name = ?2";
        let id = self.db.query_row(sql, [folder, name], |row| row.get::<_, i64>(0)).optional();
        match id.map_err(|e| self.failed(e))? {
            Some(id) => Ok(self.file(id)?.map(|(_, told)| told)),
            None => Ok(None),
        }
    }

    /// Mission, level and version of a file.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn facts(&self, path: &str) -> Result<Option<Facts>> {
        let (folder, name) = split(path);
        let sql = "SELECT a.mission, a.level, f.version FROM folder d JOIN file f ON f.folder = d.id \
                   JOIN fact a ON a.id = f.fact WHERE d.path = ?1 AND f.name = ?2";
        let read = self
            .db
            .query_row(sql, [folder, name], |r| Ok(Facts { mission: r.get(0)?, level: r.get(1)?, version: r.get(2)? }));
        read.optional().map_err(|e| self.failed(e))
    }

    /// Whether SQLite finds the file sound and every file has its spans and every span its file; else what is wrong.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn check(&mut self) -> Result<Option<String>> {
        let sound = self.db.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0));
        let sound = sound.map_err(|e| self.failed(e))?;
        if sound != "ok" {
            return Ok(Some(sound));
        }
        let count = |sql: &str| self.db.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(|e| self.failed(e));
        let lone = count("SELECT count(*) FROM span WHERE file NOT IN (SELECT id FROM file)")?;
        let bare = count("SELECT count(*) FROM file WHERE failure IS NULL AND id NOT IN (SELECT file FROM span)")?;
        Ok((lone + bare > 0).then(|| format!("{lone} spans without a file, {bare} files without a span")))
    }

    pub(crate) fn kind(&mut self, id: i64) -> Result<Option<Arc<FileInfo>>> {
        if let Some(known) = self.kinds.get(&id) {
            return Ok(Some(Arc::clone(known)));
        }
        let text = self.db.query_row("SELECT text FROM kind WHERE id = ?1", [id], |row| row.get::<_, String>(0));
        let Some(text) = text.optional().map_err(|e| self.failed(e))? else { return Ok(None) };
        let Ok(kind) = serde_json::from_str::<FileInfo>(&text) else { return Ok(None) };
        let kind = Arc::new(kind);
        self.kinds.insert(id, Arc::clone(&kind));
        Ok(Some(kind))
    }
}

/// Folder and name of a path below the root.
pub(crate) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

pub(crate) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The number of a row of a table of names, made when it is not there.
fn number(t: &Transaction<'_>, find: &str, make: &str, key: &[&dyn rusqlite::ToSql]) -> rusqlite::Result<i64> {
    let found = t.prepare_cached(find)?.query_row(key, |row| row.get(0)).optional()?;
    if let Some(id) = found {
        return Ok(id);
    }
    t.prepare_cached(make)?.execute(key)?;
    Ok(t.last_insert_rowid())
}

fn put_one(t: &Transaction<'_>, entry: &Entry) -> rusqlite::Result<i64> {
    remove_one(t, &entry.path)?;
    let (folder, name) = split(&entry.path);
    let folder =
        number(t, "SELECT id FROM folder WHERE path = ?1", "INSERT INTO folder (path) VALUES (?1)", &[&folder])?;
    let sql = "INSERT INTO file (folder, name, size, mtime, reader, kind, own, fact, version, failure) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let mark = entry.mark;
    let (size, mtime, reader) = (mark.size as i64, mark.mtime_ns, mark.reader as i64);
    let info = match &entry.told {
        Ok(info) => info,
        Err(failure) => {
            let text = serde_json::to_string(failure).unwrap_or_default();
            let none: Option<i64> = None;
            t.prepare_cached(sql)?.execute(params![folder, name, size, mtime, reader, none, none, none, none, text])?;
            return Ok(t.last_insert_rowid());
        }
    };
    let (kind, own) = pack(info);
    let kind = kind_number(t, &kind)?;
    let facts = Facts::of(info);
    let fact = number(
        t,
        "SELECT id FROM fact WHERE mission = ?1 AND level = ?2",
        "INSERT INTO fact (mission, level) VALUES (?1, ?2)",
        &[&facts.mission, &facts.level],
    )?;
    let none: Option<String> = None;
    t.prepare_cached(sql)?.execute(params![folder, name, size, mtime, reader, kind, own, fact, facts.version, none])?;
    let file = t.last_insert_rowid();
    let collection = number(
        t,
        "SELECT id FROM collection WHERE key = ?1",
        "INSERT INTO collection (key) VALUES (?1)",
        &[&info.collection()],
    )?;
    t.prepare_cached("INSERT OR IGNORE INTO label VALUES (?1, ?2)")?.execute([collection, fact])?;
    for (k, part) in info.parts.iter().enumerate() {
        let [class, start, stop] = place_in_time(part);
        let b = part.bounds;
        let pieces = cover(b, part.geometry, &part.footprint);
        let pieces = (pieces.len() > 1).then(|| bytes_of(&pieces));
        t.prepare_cached("INSERT INTO span VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")?.execute(
            params![
                class,
                start,
                file,
                k as i64,
                stop,
                b.west,
                b.south,
                b.east,
                b.north,
                collection,
                part.steps.len() as i64,
                pieces
            ],
        )?;
    }
    Ok(file)
}

/// Class, first and last instant of a part, its steps included.
fn place_in_time(part: &PartInfo) -> [i64; 3] {
    let steps = part.steps.iter().map(|t| t.micros());
    let ends = part.span.iter().flat_map(|s| [s.start.micros(), s.stop.micros()]);
    let (start, stop) = steps.chain(ends).fold((i64::MAX, i64::MIN), |(a, b), t| (a.min(t), b.max(t)));
    if start > stop { [-1, 0, 0] } else { [class_of(start, stop), start, stop] }
}

fn remove_one(t: &Transaction<'_>, path: &str) -> rusqlite::Result<bool> {
    let (folder, name) = split(path);
    let sql =
        "SELECT f.id, f.kind, f.own FROM folder d JOIN file f ON f.folder = d.id WHERE d.path = ?1 AND f.name = ?2";
    let found: Option<(i64, Option<i64>, Option<Vec<u8>>)> =
        t.prepare_cached(sql)?.query_row([folder, name], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).optional()?;
    let Some((file, kind, own)) = found else { return Ok(false) };
    // The key of its spans follows from what is kept of it: no second index has to be maintained for this.
    let mut gone = false;
    if let (Some(kind), Some(own)) = (kind, own) {
        let text: Option<String> =
            t.prepare_cached("SELECT text FROM kind WHERE id = ?1")?.query_row([kind], |r| r.get(0)).optional()?;
        let kind = text.and_then(|text| serde_json::from_str::<FileInfo>(&text).ok());
        if let Some(info) = kind.and_then(|kind| unpack(&kind, &own)) {
            let mut delete =
                t.prepare_cached("DELETE FROM span WHERE class = ?1 AND start = ?2 AND file = ?3 AND part = ?4")?;
            gone = true;
            for (k, part) in info.parts.iter().enumerate() {
                let [class, start, _] = place_in_time(part);
                gone &= delete.execute(params![class, start, file, k as i64])? == 1;
            }
        }
    }
    if !gone {
        t.prepare_cached("DELETE FROM span WHERE file = ?1")?.execute([file])?;
    }
    t.prepare_cached("DELETE FROM file WHERE id = ?1")?.execute([file])?;
    Ok(true)
}

fn kind_number(t: &Transaction<'_>, kind: &FileInfo) -> rusqlite::Result<i64> {
    let text = serde_json::to_string(kind).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
    let digest = digest(text.as_bytes());
    let mut same = t.prepare_cached("SELECT id FROM kind WHERE digest = ?1 AND text = ?2")?;
    if let Some(id) = same.query_row(params![digest, text], |row| row.get(0)).optional()? {
        return Ok(id);
    }
    t.prepare_cached("INSERT INTO kind (digest, text) VALUES (?1, ?2)")?.execute(params![digest, text])?;
    Ok(t.last_insert_rowid())
}

/// The hash of Fowler, Noll and Vo (1a, 64 bits).
pub(crate) fn digest(bytes: &[u8]) -> i64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3)) as i64
}

/// Boxes as whole parts of a degree, four numbers each.
fn bytes_of(pieces: &[seaglass_core::geo::GeoBox]) -> Vec<u8> {
    let part = |v: f64| ((v * PARTS).round() as i32).to_le_bytes();
    pieces.iter().flat_map(|b| [b.west, b.south, b.east, b.north]).flat_map(part).collect()
}
