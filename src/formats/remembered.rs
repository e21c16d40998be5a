//! What has been learnt of a netCDF-4 file – dimensions, variables, attributes, where the values lie – kept in the cache
//! of the user, so that the next opening asks the library nothing. An entry is a small file named after the path of the
//! granule; it counts as long as length, times, inode and device of the granule are the same. Entries are written aside
//! and renamed, so that several processes can share the folder, and carry a checksum. Losing them loses only time.

mod codec;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use crate::attr::Attr;
use crate::dataset::{Dim, Var};
use crate::fast::Layout;
use codec::{Reader, Writer};

/// Bytes of all entries; beyond, the oldest go.
const MAX_BYTES: u64 = 128 << 20;
/// Larger entries are not kept.
const MAX_ENTRY: usize = 8 << 20;
/// Entries written between two looks at how much room they take.
const SWEEP: u32 = 64;
/// Files changed more recently are not remembered: a second change could leave the same time.
const SETTLED: Duration = Duration::from_secs(2);
/// Another program, another form: older entries are not understood.
const MARK: &str = concat!("seaglass ", env!("CARGO_PKG_VERSION"), " 1");

static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// From now on files are remembered in this folder. Without it nothing is.
pub fn keep_in(folder: &Path) {
    if FOLDER.set(folder.to_owned()).is_err() {
        log::debug!("files are remembered elsewhere already");
    }
}

/// A file as it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    path: PathBuf,
    len: u64,
    stamps: [i64; 4],
}

impl Identity {
    /// `None` when files are not remembered, or this one has just been written.
    pub fn of(path: &Path) -> Option<Self> {
        FOLDER.get()?;
        let path = path.canonicalize().ok()?;
        let meta = std::fs::metadata(&path).ok()?;
        let age = SystemTime::now().duration_since(meta.modified().ok()?).ok()?;
        (age > SETTLED).then(|| Self { path, len: meta.len(), stamps: stamps(&meta) })
    }

    fn entry(&self) -> Option<PathBuf> {
        Some(FOLDER.get()?.join(format!("{:016x}", fnv1a(self.path.to_string_lossy().as_bytes()))))
    }
}

#[cfg(unix)]
fn stamps(meta: &std::fs::Metadata) -> [i64; 4] {
    use std::os::unix::fs::MetadataExt as _;
    let ns = |s: i64, ns: i64| s.wrapping_mul(1_000_000_000).wrapping_add(ns);
    [ns(meta.mtime(), meta.mtime_nsec()), ns(meta.ctime(), meta.ctime_nsec()), meta.ino() as i64, meta.dev() as i64]
}

#[cfg(not(unix))]
fn stamps(meta: &std::fs::Metadata) -> [i64; 4] {
    let ns = |t: std::io::Result<SystemTime>| {
        t.ok().and_then(|t| t.duration_since(SystemTime::UNIX_EPOCH).ok()).map_or(0, |d| d.as_nanos() as i64)
    };
    [ns(meta.modified()), ns(meta.created()), 0, 0]
}

/// The hash of Fowler, Noll and Vo, 64 bits.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
}

/// What is in a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Described {
    /// Dimensions.
    pub dims: Vec<Dim>,
    /// Variables.
    pub vars: Vec<Var>,
    /// Attributes of the file.
    pub attrs: Vec<(String, Attr)>,
}

/// Where the values of variables lie, by their number; `None`: not in a way that is read here.
pub type Places = Vec<(usize, Option<Layout>)>;

/// What is remembered of a file.
pub fn recall(file: &Identity) -> Option<(Described, Places)> {
    let bytes = std::fs::read(file.entry()?).ok()?;
    let (body, sum) = bytes.split_last_chunk::<8>()?;
    if fnv1a(body) != u64::from_le_bytes(*sum) {
        return None;
    }
    let mut from = Reader(body);
    let same = from.text()? == MARK && from.text()? == file.path.to_string_lossy() && from.number()? == file.len;
    let stamps = [from.number()?, from.number()?, from.number()?, from.number()?].map(|x| x as i64);
    if !same || stamps != file.stamps {
        return None;
    }
    let described = from.described()?;
    let places = from.places(described.vars.len())?;
    from.0.is_empty().then_some((described, places))
}

/// Remembers a file; quietly does not where that is impossible, as nothing depends on it.
pub fn keep(file: &Identity, described: &Described, places: &[(usize, Option<Layout>)]) {
    // Changed since it was looked at: nothing is known of it.
    let Some(entry) = file.entry().filter(|_| Identity::of(&file.path).as_ref() == Some(file)) else { return };
    let mut to = Writer::default();
    to.text(MARK);
    to.text(&file.path.to_string_lossy());
    to.number(file.len);
    file.stamps.iter().for_each(|s| to.number(*s as u64));
    to.described(described);
    to.places(places);
    let mut bytes = to.0;
    bytes.extend(fnv1a(&bytes).to_le_bytes());
    if bytes.len() > MAX_ENTRY {
        return;
    }
    if let Err(e) = write(&entry, &bytes) {
        log::debug!("{} is not remembered: {e}", file.path.display());
    }
}

fn write(entry: &Path, bytes: &[u8]) -> std::io::Result<()> {
    static WRITTEN: AtomicU32 = AtomicU32::new(0);
    let Some(folder) = entry.parent() else { return Ok(()) };
    std::fs::create_dir_all(folder)?;
    if WRITTEN.fetch_add(1, Ordering::Relaxed).is_multiple_of(SWEEP) {
        sweep(folder, MAX_BYTES)?;
    }
    let aside = entry.with_extension(format!("part{}", std::process::id()));
    std::fs::write(&aside, bytes)?;
    std::fs::rename(&aside, entry)
}

/// Removes the entries written longest ago until the others take no more room than that.
fn sweep(folder: &Path, limit: u64) -> std::io::Result<()> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder)?.flatten() {
        if let Ok(meta) = entry.metadata() {
            entries.push((meta.modified().unwrap_or(SystemTime::UNIX_EPOCH), meta.len(), entry.path()));
        }
    }
    entries.sort();
    let mut held: u64 = entries.iter().map(|e| e.1).sum();
    for (_, len, path) in entries {
        if held <= limit {
            break;
        }
        // Another process may have been quicker.
        if std::fs::remove_file(&path).is_ok() || !path.exists() {
            held -= len;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entries_go() {
        let dir = tempfile::tempdir().unwrap();
        for k in 0..6u64 {
            let path = dir.path().join(format!("{k}"));
            std::fs::write(&path, [0; 100]).unwrap();
            let when = SystemTime::UNIX_EPOCH + Duration::from_secs(1000 - k);
            std::fs::File::options().write(true).open(&path).unwrap().set_modified(when).unwrap();
        }
        sweep(dir.path(), 350).unwrap();
        let left: Vec<bool> = (0..6).map(|k| dir.path().join(format!("{k}")).exists()).collect();
        assert_eq!(left, [true, true, true, false, false, false]);
    }
}
