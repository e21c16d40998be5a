//! Tables of an index, and opening the file that holds them.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::{IndexError, Result};

/// Form of the tables.
pub(crate) const VERSION: i64 = 1;
/// `SGIX`: tells an index from other SQLite files.
const APPLICATION: i64 = 0x5347_4958;
/// Longest wait for another window that writes.
const WAIT: Duration = Duration::from_secs(10);

/// Times are microseconds since 1970; `class` is the number of binary digits of the length of a span (−1: no time).
/// Spans of one class begin at most 2^class before they end, so that a window is a range of the key: that is what a
/// B-tree needs to find intervals (`docs/index.md`).
const TABLES: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE kind (id INTEGER PRIMARY KEY, digest INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX kind_digest ON kind (digest);
CREATE TABLE collection (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
CREATE TABLE fact (id INTEGER PRIMARY KEY, mission TEXT NOT NULL, level TEXT NOT NULL, UNIQUE (mission, level));
CREATE TABLE label (collection INTEGER NOT NULL, fact INTEGER NOT NULL, PRIMARY KEY (collection, fact)) WITHOUT ROWID;
CREATE TABLE folder (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE);
CREATE TABLE file (
    id INTEGER PRIMARY KEY, folder INTEGER NOT NULL, name TEXT NOT NULL,
    size INTEGER NOT NULL, mtime INTEGER NOT NULL, reader INTEGER NOT NULL,
    kind INTEGER, own BLOB, fact INTEGER, version TEXT, failure TEXT,
    UNIQUE (folder, name)
);
CREATE TABLE span (
    class INTEGER NOT NULL, start INTEGER NOT NULL, file INTEGER NOT NULL, part INTEGER NOT NULL,
    stop INTEGER NOT NULL, west REAL NOT NULL, south REAL NOT NULL, east REAL NOT NULL, north REAL NOT NULL,
    collection INTEGER NOT NULL, steps INTEGER NOT NULL, pieces BLOB,
    PRIMARY KEY (class, start, file, part)
) WITHOUT ROWID;
";

/// Opens the file, makes the tables in a new one, and makes a damaged one anew: an index holds nothing that the files do
/// not say as well.
pub(crate) fn open(file: &Path) -> Result<Connection> {
    match try_open(file) {
        Err(IndexError::Database(e, _)) if is_damage(&e) => {
            log::warn!("{} is damaged ({e}) and made anew", file.display());
            for end in ["", "-wal", "-shm"] {
                let mut name = file.as_os_str().to_owned();
                name.push(end);
                match std::fs::remove_file(&name) {
                    Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                        return Err(IndexError::Files(e, name.to_string_lossy().into_owned()));
                    }
                    _ => {}
                }
            }
            try_open(file)
        }
        other => other,
    }
}

fn is_damage(e: &rusqlite::Error) -> bool {
    matches!(e.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

fn try_open(file: &Path) -> Result<Connection> {
    let name = || file.display().to_string();
    let failed = |e| IndexError::Database(e, name());
    // No lock among threads: each connection has one.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = Connection::open_with_flags(file, flags).map_err(failed)?;
    prepare(&db).map_err(failed)?;
    match version_of(&db).map_err(failed)? {
        (APPLICATION, VERSION) => {}
        (APPLICATION, newer) if newer > VERSION => return Err(IndexError::Newer(name())),
        (0, 0) | (APPLICATION, _) => create(&mut db).map_err(failed)?,
        _ => {
            let other = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_NOTADB);
            return Err(failed(rusqlite::Error::SqliteFailure(other, Some("it is no index of Seaglass".to_owned()))));
        }
    }
    Ok(db)
}

/// An index that is gone with the program, where no file can be kept.
pub(crate) fn in_memory() -> Result<Connection> {
    let failed = |e| IndexError::Database(e, "in memory".to_owned());
    let mut db = Connection::open_in_memory().map_err(failed)?;
    create(&mut db).map_err(failed)?;
    Ok(db)
}

fn prepare(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(WAIT)?;
    // A log beside the file: readers never wait for a writer, and a power cut loses the last moments at most.
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "NORMAL")?;
    db.pragma_update(None, "cache_size", -32_768)?;
    db.pragma_update(None, "mmap_size", 1_i64 << 30)?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(())
}

fn version_of(db: &Connection) -> rusqlite::Result<(i64, i64)> {
    let number = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    Ok((number("application_id")?, number("user_version")?))
}

/// Makes the tables; those of an older form go, as they are made again from the files.
fn create(db: &mut Connection) -> rusqlite::Result<()> {
    let t = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    // Another window may have been quicker.
    if version_of(&t)? == (APPLICATION, VERSION) {
        return Ok(());
    }
    let old: Vec<String> = t
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for table in old {
        t.execute_batch(&format!("DROP TABLE \"{}\"", table.replace('"', "\"\"")))?;
    }
    t.execute_batch(TABLES)?;
    t.pragma_update(None, "application_id", APPLICATION)?;
    t.pragma_update(None, "user_version", VERSION)?;
    t.commit()
}

/// Binary digits of the length of a span in microseconds: it is shorter than 2^class.
pub(crate) fn class_of(start: i64, stop: i64) -> i64 {
    i64::from(64 - stop.wrapping_sub(start).max(0).leading_zeros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_shorter_than_their_class() {
        for len in [0, 1, 2, 3, 1000, 86_400_000_000, i64::MAX] {
            let class = class_of(0, len);
            assert!(i128::from(len) < 1_i128 << class, "{len}");
            assert!(class == 0 || i128::from(len) >= 1_i128 << (class - 1), "{len}");
        }
    }

    #[test]
    fn a_damaged_file_is_made_anew_and_a_foreign_one_too() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x.sqlite");
        std::fs::write(&file, "this is no database, and long enough to be looked at as one".repeat(50)).unwrap();
        drop(open(&file).unwrap());
        assert_eq!(version_of(&open(&file).unwrap()).unwrap(), (APPLICATION, VERSION));
    }

    #[test]
    fn a_newer_form_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x.sqlite");
        open(&file).unwrap().pragma_update(None, "user_version", VERSION + 1).unwrap();
        let told = open(&file).unwrap_err().to_string();
        assert!(told.contains("newer Seaglass"), "{told}");
    }
}
