//! Where indexes are kept: one file a folder of data, all in one folder of the user. Nothing is written among the data,
//! which may lie on a disk one may only read, or on a network share, where SQLite's log does not work.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, params};
use seaglass_data::scan::identity;

use crate::store::{digest, join};
use crate::{Index, Result};

/// Files compared to know a folder that has moved.
const COMPARED: usize = 24;

/// The folder of the indexes.
#[derive(Clone, Debug)]
pub struct Shelf {
    dir: PathBuf,
}

impl Shelf {
    /// Indexes are kept in this folder.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// The index of a folder: known, or of the same folder when it lay elsewhere, or a new one. Without a place to keep it
    /// one in memory.
    ///
    /// # Errors
    /// The file there is of a newer program.
    pub fn open(&self, root: &Path) -> Result<Index> {
        let file = self.file_of(root);
        if !file.exists()
            && let Some(old) = self.moved(root)
            && let Err(e) = adopt(&old, &file)
        {
            log::warn!("{} cannot be taken over: {e}", old.display());
        }
        match Index::open(&file, root) {
            Ok(index) => Ok(index),
            Err(newer @ crate::IndexError::Newer(_)) => Err(newer),
            Err(e) => {
                log::warn!("{e} Until then the index is kept in memory.");
                Index::in_memory(root)
            }
        }
    }

    /// Name of the index of a folder: legible, and different for every path.
    pub fn file_of(&self, root: &Path) -> PathBuf {
        let name = root.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let legible: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' })
            .take(40)
            .collect();
        let number = digest(root.as_os_str().as_encoded_bytes()) as u64;
        self.dir.join(format!("{legible}-{number:016x}.sqlite"))
    }

    /// The index of a folder that is no longer where it was and whose files lie below `root` now.
    fn moved(&self, root: &Path) -> Option<PathBuf> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(&self.dir).ok()?.filter_map(|e| Some(e.ok()?.path())).collect();
        files.retain(|f| f.extension().is_some_and(|e| e == "sqlite"));
        files.sort();
        files.into_iter().find(|f| fits(f, root).unwrap_or(false))
    }
}

/// Whether the folder of an index is gone, and some of its files, spread over all, lie unchanged below `root`.
fn fits(file: &Path, root: &Path) -> rusqlite::Result<bool> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(file, flags)?;
    let was: String = db.query_row("SELECT value FROM meta WHERE key = 'root'", [], |row| row.get(0))?;
    if Path::new(&was).exists() {
        return Ok(false);
    }
    let last: i64 = db.query_row("SELECT coalesce(max(id), 0) FROM file", [], |row| row.get(0))?;
    let mut next = db.prepare(
        "SELECT d.path, f.name, f.size, f.mtime FROM file f JOIN folder d ON d.id = f.folder WHERE f.id >= ?1 \
         ORDER BY f.id LIMIT 1",
    )?;
    let mut same = 0;
    for k in 0..COMPARED as i64 {
        let from = 1 + last * k / COMPARED as i64;
        let found = next.query_row(params![from], |r| {
            let path: String = join(&r.get::<_, String>(0)?, &r.get::<_, String>(1)?);
            Ok((path, r.get::<_, i64>(2)? as u64, r.get::<_, i64>(3)?))
        });
        let Ok((path, size, mtime)) = found else { break };
        let path = root.join(path);
        let now = std::fs::metadata(&path).map(|m| identity(&path, &m));
        if now.ok() != Some((size, mtime)) {
            return Ok(false);
        }
        same += 1;
    }
    Ok(same > 0)
}

/// Gives an index its new name.
fn adopt(old: &Path, new: &Path) -> std::io::Result<()> {
    // What is in the log goes into the file first: the log has the file's name.
    if let Ok(db) = Connection::open(old)
        && let Err(e) = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    {
        return Err(std::io::Error::other(e));
    }
    std::fs::rename(old, new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::tests::file;
    use crate::{Entry, FileMark};
    use seaglass_core::geo::GeoBox;

    /// Puts every file of a folder in.
    fn fill(index: &mut Index, root: &Path) {
        let entries: Vec<Entry> = (0..10)
            .map(|k| {
                let path = format!("a/{k}.nc");
                let meta = std::fs::metadata(root.join(&path)).unwrap();
                let (size, mtime_ns) = identity(&root.join(&path), &meta);
                let told = Ok(Box::new(file(Some("p"), None, GeoBox::WORLD, Vec::new())));
                Entry { path, mark: FileMark { size, mtime_ns, reader: 1 }, told }
            })
            .collect();
        index.put(&entries).unwrap();
    }

    fn folder(root: &Path) {
        std::fs::create_dir_all(root.join("a")).unwrap();
        (0..10).for_each(|k| std::fs::write(root.join(format!("a/{k}.nc")), vec![0; k + 1]).unwrap());
    }

    #[test]
    fn a_folder_that_has_moved_keeps_its_index() {
        let dir = tempfile::tempdir().unwrap();
        let (shelf, old, new) =
            (Shelf::new(&dir.path().join("s")), dir.path().join("old"), dir.path().join("new/deep"));
        folder(&old);
        fill(&mut shelf.open(&old).unwrap(), &old);
        std::fs::create_dir(dir.path().join("new")).unwrap();
        std::fs::rename(&old, &new).unwrap();
        let index = shelf.open(&new).unwrap();
        assert_eq!(index.len().unwrap(), 10);
        assert_eq!(index.meta("root").unwrap().as_deref(), new.to_str());
        drop(index);
        assert_eq!(std::fs::read_dir(dir.path().join("s")).unwrap().count(), 1, "one index, under its new name");
    }

    #[test]
    fn a_copy_and_another_folder_are_not_mistaken_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let (shelf, old, new) = (Shelf::new(&dir.path().join("s")), dir.path().join("old"), dir.path().join("new"));
        folder(&old);
        fill(&mut shelf.open(&old).unwrap(), &old);
        folder(&new);
        assert_eq!(shelf.open(&new).unwrap().len().unwrap(), 0, "the first one is still there");
        // Gone, but these files are others: written later.
        std::fs::remove_dir_all(&old).unwrap();
        let other = dir.path().join("other");
        folder(&other);
        assert_eq!(shelf.open(&other).unwrap().len().unwrap(), 0);
    }

    #[test]
    fn without_a_place_it_is_kept_in_memory() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("s"), "a file where the folder should be").unwrap();
        let shelf = Shelf::new(&dir.path().join("s"));
        assert_eq!(shelf.open(dir.path()).unwrap().len().unwrap(), 0);
    }
}
