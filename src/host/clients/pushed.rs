//! What programs push: files in a folder of this session, which goes with it.
//!
//! A session that is killed leaves its folder. The next one to listen takes such folders away: a folder belongs to
//! somebody as long as its lock file is locked, which ends with the process however it ends.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crossbeam::channel::{Receiver, bounded};
use seaglass_control::frames::Respond;
use seaglass_core::command::Command;
use seaglass_core::granule::{PIECE, PUSHED, PUSHED_FOLDER};
use seaglass_core::session_file::EXTENSION;
use seaglass_core::shapes::ShapeChange;
use serde_json::json;

use super::LONGEST_NAME;
use crate::host::Host;

/// Bytes of pushed files that are kept at most.
const MOST_PUSHED: u64 = 16 << 30;
/// How folders of sessions begin.
const PREFIX: &str = PUSHED_FOLDER;
/// File in a folder that its session has locked.
const LOCK: &str = ".session";
/// A folder without a lock is being made, or was left by a version that knew none; so long it is left alone.
const UNKNOWN: Duration = Duration::from_secs(86_400);
/// Folders made before one stays: another session may take a folder for stale before it is locked.
const TRIES: usize = 8;

/// Where the files of programs lie.
pub(crate) struct Folder {
    /// Held for as long as the session lives.
    _lock: File,
    dir: tempfile::TempDir,
}

impl Folder {
    fn new() -> std::io::Result<Self> {
        let parent = std::env::temp_dir();
        for _ in 0..TRIES {
            if let Some(folder) = Self::make(&parent)? {
                return Ok(folder);
            }
        }
        Err(std::io::Error::other("another program takes the folders away as they are made"))
    }

    /// `None`: taken away between making and locking it.
    fn make(parent: &Path) -> std::io::Result<Option<Self>> {
        let dir = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        let path = dir.path().join(LOCK);
        let lock = File::create_new(&path)?;
        let ours = match lock.try_lock() {
            Ok(()) => path.exists(),
            Err(TryLockError::WouldBlock) => false,
            // A file system without locks: then nobody finds this folder stale before its day is over.
            Err(TryLockError::Error(_)) => std::fs::remove_file(&path).is_ok(),
        };
        Ok(ours.then_some(Self { _lock: lock, dir }))
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }
}

/// Takes away the folders that killed sessions have left in `parent`; gives their number.
fn clean(parent: &Path, now: SystemTime) -> usize {
    let Ok(entries) = std::fs::read_dir(parent) else { return 0 };
    let named = entries.flatten().filter(|e| e.file_name().to_string_lossy().starts_with(PREFIX));
    let own = named.filter(|e| e.file_type().is_ok_and(|t| t.is_dir())).map(|e| e.path());
    own.filter(|folder| is_stale(folder, now) && std::fs::remove_dir_all(folder).is_ok()).count()
}

/// Whether nobody has a folder any more. Folders of other users cannot be looked into and are none of ours.
fn is_stale(folder: &Path, now: SystemTime) -> bool {
    match File::options().write(true).open(folder.join(LOCK)) {
        Ok(lock) => lock.try_lock().is_ok(),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let changed = folder.metadata().and_then(|m| m.modified());
            changed.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > UNKNOWN))
        }
        Err(_) => false,
    }
}

/// Looks for what killed sessions have left, in a thread: a folder may hold gigabytes.
pub(crate) fn clean_later() {
    let work = || {
        let n = clean(&std::env::temp_dir(), SystemTime::now());
        if n > 0 {
            log::info!("{n} folders that ended sessions had left are taken away.");
        }
    };
    if let Err(e) = std::thread::Builder::new().name("clean pushed".to_owned()).spawn(work) {
        log::warn!("What ended sessions have left stays: {e}.");
    }
}

/// A name without folders, that ends in something.
fn check_name(name: &str) -> Result<(), String> {
    let plain = Path::new(name).file_name().is_some_and(|n| n == name) && Path::new(name).extension().is_some();
    if !plain || name.starts_with('.') || name.len() > LONGEST_NAME || name.contains(['\\', ':', '\0']) {
        return Err(format!("\"{name}\" is no name for a file; give one such as sst.nc."));
    }
    if Path::new(name).extension().is_some_and(|e| e.eq_ignore_ascii_case(EXTENSION)) {
        // It would be opened, and what it names read, which the one who pushes may not ask for.
        return Err("A session names files, so it cannot be pushed; open it.".to_owned());
    }
    Ok(())
}

/// Name of the file of a piece that is added to what was pushed under a name.
fn piece_name(name: &str, number: u128) -> String {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    format!("{stem}{PIECE}{number}.{ending}")
}

/// The pieces that were added to what was pushed under a name.
fn pieces_of(folder: &Path, name: &str) -> Vec<PathBuf> {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    let is_piece = |path: &PathBuf| {
        let found = path.file_name().and_then(|n| n.to_str());
        let number =
            found.and_then(|f| f.strip_prefix(stem)?.strip_prefix(PIECE)?.strip_suffix(ending)?.strip_suffix('.'));
        number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().map(|e| e.path()).filter(is_piece).collect()
}

impl super::Clients {
    /// The folder of this session.
    pub(super) fn folder(&mut self) -> Result<PathBuf, String> {
        if self.folder.is_none() {
            self.folder = Some(Folder::new().map_err(|e| format!("The data cannot be kept: {e}."))?);
        }
        let folder = self.folder.as_ref().ok_or("The data cannot be kept.")?;
        Ok(folder.path().to_owned())
    }

    /// Whether all of these files were pushed.
    pub(super) fn is_pushed(&self, paths: &[PathBuf]) -> bool {
        self.folder.as_ref().is_some_and(|f| paths.iter().all(|p| p.starts_with(f.path())))
    }
}

impl Host {
    /// Whether a file lies where this session keeps what programs push.
    pub(crate) fn is_pushed(&self, path: &Path) -> bool {
        self.clients.folder.as_ref().is_some_and(|f| path.starts_with(f.path()))
    }

    /// Writes a pushed file into the folder of this session, in a thread: hundreds of megabytes take a while.
    pub(super) fn keep_pushed(
        &mut self,
        name: &str,
        append: bool,
        bytes: Vec<u8>,
    ) -> Result<Receiver<Result<PathBuf, String>>, String> {
        check_name(name)?;
        if self.clients.pushed + bytes.len() as u64 > MOST_PUSHED {
            return Err("The pushed files take more than 16 GiB; start another session.".to_owned());
        }
        let folder = self.clients.folder()?;
        self.clients.made += 1;
        let path = if append {
            // Unlike those of a session that was saved before: they may meet in one folder.
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            folder.join(piece_name(name, now.as_micros() + u128::from(self.clients.made)))
        } else {
            let pieces = pieces_of(&folder, name);
            self.forget_pushed(&pieces)?;
            folder.join(name)
        };
        self.clients.pushed += bytes.len() as u64;
        // Moved into place: a reader may have the old one open, and nobody sees half a file.
        let new = folder.join(format!(".{}.new", self.clients.made));
        let (sender, kept) = bounded(1);
        let wake = Arc::clone(&self.wake);
        let failed = |e: std::io::Error| format!("The data cannot be kept: {e}.");
        let work = move || {
            let written = std::fs::write(&new, bytes).and_then(|()| std::fs::rename(&new, &path)).map_err(failed);
            if written.is_err() && std::fs::remove_file(&new).is_err() {
                log::debug!("{} was not written at all", new.display());
            }
            // A host that has gone meanwhile takes nothing.
            if sender.send(written.map(|()| path)).is_ok() {
                wake();
            }
        };
        std::thread::Builder::new().name("keep pushed".to_owned()).spawn(work).map_err(failed)?;
        Ok(kept)
    }

    /// Forgets a pushed file and its layers; one that came with a session stays on the disk.
    pub(super) fn unpush(&mut self, name: &str, respond: Respond) {
        let path = match check_name(name).and_then(|()| self.clients.folder()) {
            Ok(folder) => folder.join(name),
            Err(why) => return respond.failed(&why),
        };
        let mut paths = self.pushed_as(name);
        let folder = path.parent().unwrap_or(Path::new(""));
        paths.extend(pieces_of(folder, name).into_iter().chain(path.exists().then(|| path.clone())));
        paths.sort();
        paths.dedup();
        if paths.is_empty() {
            return respond.failed(&format!("Nothing was pushed as \"{name}\"."));
        }
        self.drop_layers_of(&paths);
        match self.forget_pushed(&paths) {
            Ok(()) => respond.done_with(json!({}), &[]),
            Err(why) => respond.failed(&why),
        }
    }

    /// Forgets files; those of this session are taken away.
    pub(super) fn forget_pushed(&mut self, paths: &[PathBuf]) -> Result<(), String> {
        if paths.is_empty() {
            return Ok(());
        }
        for path in paths {
            if !self.is_pushed(path) {
                continue;
            }
            let bytes = path.metadata().map_or(0, |m| m.len());
            if std::fs::remove_file(path).is_ok() {
                self.clients.pushed = self.clients.pushed.saturating_sub(bytes);
            }
        }
        let of_shapes =
            |path: &PathBuf| self.session.project().shapes.iter().any(|s| s.file.as_deref() == Some(path.as_path()));
        for path in paths.iter().filter(|p| of_shapes(p)).cloned().collect::<Vec<_>>() {
            self.try_apply(&Command::Shapes { change: ShapeChange::RemoveFile { path } }).map_err(|e| e.to_string())?;
        }
        self.try_apply(&Command::FilesGone { paths: paths.to_vec() }).map_err(|e| e.to_string())
    }

    /// The files of what was pushed under a name, also before a session was saved.
    fn pushed_as(&self, name: &str) -> Vec<PathBuf> {
        let stem = Path::new(name).file_stem().map(|s| s.to_string_lossy()).unwrap_or_default();
        let collection = self.session.catalogue().collections.get(&format!("{PUSHED}{stem}"));
        collection.map_or_else(Vec::new, |c| c.granules.iter().map(|g| g.path.clone()).collect())
    }

    /// Removes the layers of collections that have nothing but these files.
    fn drop_layers_of(&mut self, paths: &[PathBuf]) {
        let collections = &self.session.catalogue().collections;
        let alone = |id: &str| collections.get(id).is_some_and(|c| c.granules.iter().all(|g| paths.contains(&g.path)));
        let layers = self.session.project().layers.iter().filter(|l| alone(&l.collection));
        for layer in layers.map(|l| l.id).collect::<Vec<_>>() {
            // Its sentence is among the notices.
            let _told = self.try_apply(&Command::RemoveLayer { layer });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_ended_sessions_go_and_those_in_use_stay() {
        let parent = tempfile::tempdir().unwrap();
        let own = Folder::make(parent.path()).unwrap().unwrap();
        std::fs::write(own.path().join("sst.nc"), b"data").unwrap();
        // A killed session: its lock went with the process, its files did not.
        let killed = Folder::make(parent.path()).unwrap().unwrap();
        std::fs::write(killed.path().join(".3.new"), b"half").unwrap();
        let left = killed.path().to_owned();
        let Folder { _lock, dir } = killed;
        drop(_lock);
        assert_eq!(dir.keep(), left);
        // One of a version without locks, a file of that name, and something else.
        let old = parent.path().join("seaglass-pushed-old");
        std::fs::create_dir(&old).unwrap();
        std::fs::write(parent.path().join("seaglass-pushed-file"), b"x").unwrap();
        std::fs::create_dir(parent.path().join("other")).unwrap();

        let now = SystemTime::now();
        assert_eq!(clean(parent.path(), now), 1);
        assert!(!left.exists() && old.exists() && own.path().join("sst.nc").exists());
        assert_eq!(clean(parent.path(), now + 2 * UNKNOWN), 1);
        assert!(!old.exists() && own.path().exists() && parent.path().join("other").exists());
        assert!(parent.path().join("seaglass-pushed-file").exists());
        let path = own.path().to_owned();
        drop(own);
        assert!(!path.exists(), "a session that ends well leaves nothing");
    }

    #[test]
    fn pieces_belong_to_their_name_alone() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.nc", "a+2.nc", "a+13.nc", "a+2.csv", "ab+2.nc", "a+x.nc", "a+.nc", "a++2.nc"] {
            std::fs::write(folder.path().join(name), b"").unwrap();
        }
        let mut found: Vec<_> =
            pieces_of(folder.path(), "a.nc").iter().map(|p| p.file_name().unwrap().to_owned()).collect();
        found.sort();
        assert_eq!(found, ["a+13.nc", "a+2.nc"]);
        assert_eq!(piece_name("a.b.nc", 7), "a.b+7.nc");
    }

    #[test]
    fn names_of_pushed_files_have_no_folders() {
        assert!(check_name("sst.nc").is_ok());
        for name in ["", "sst", "../a.nc", "/a.nc", ".a.nc", "a\\b.nc", "c:a.nc", "..", "a/", "s.oce", "s.OCE"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
