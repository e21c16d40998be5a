//! Finding granule files under files and folders, in a thread of its own.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::registry::Registry;
use crate::workspace;

/// Extensions looked at in folders; other names count when a product claims them or their first bytes are known.
const EXTENSIONS: &[&str] = &[
    "nc", "nc3", "nc4", "netcdf", "cdf", "h5", "hdf5", "he5", "tif", "tiff", "csv", "tsv", "geojson", "kml", "kmz",
    "shp", "gpx", "grib", "grb", "grib2", "grb2",
];
/// First bytes of netCDF classic, 64-bit, CDF-5, HDF5 and GRIB.
const MAGIC: &[&[u8]] = &[b"CDF\x01", b"CDF\x02", b"CDF\x05", b"\x89HDF\r\n\x1a\n", b"GRIB"];
/// Ends of names of compressed granules.
const PACKED: &[&str] = &[".nc.gz", ".nc.bz2", ".zarr.zip"];
/// Files that make a folder one granule: a Zarr store, a SAFE or SEN3 product.
const STORE_MARKS: &[&str] = &["zarr.json", ".zmetadata", ".zgroup", ".zarray", "manifest.safe", "xfdumanifest.xml"];
/// Folders nested deeper are not entered.
const MAX_DEPTH: usize = 32;

/// What a scan reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A file to open.
    File(PathBuf),
    /// A path that cannot be looked at, with the reason as a sentence.
    Unreadable(PathBuf, String),
    /// A folder the user named holds no file of a known kind.
    Nothing(PathBuf),
    /// The scan is over; sent once, also after a cancel.
    End,
}

/// A scan under way. Dropping it does not stop it; [`cancel`](Self::cancel) does.
#[derive(Clone, Debug)]
pub struct Scan {
    canceled: Arc<AtomicBool>,
}

impl Scan {
    /// Starts looking under `paths`, in order. Named files are reported whatever they are called; folders are searched
    /// recursively in name order, hidden entries left out. `report` gets every find and returns `false` to stop.
    ///
    /// # Errors
    /// The system refused a thread.
    pub fn start(
        paths: Vec<PathBuf>,
        registry: Arc<Registry>,
        mut report: impl FnMut(Found) -> bool + Send + 'static,
    ) -> std::io::Result<Self> {
        let canceled = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&canceled);
        std::thread::Builder::new().name("scan".into()).spawn(move || {
            walk_all(&paths, &registry, &mut |found| !flag.load(Ordering::Relaxed) && report(found));
            report(Found::End);
        })?;
        Ok(Self { canceled })
    }

    /// Stops the scan soon.
    pub fn cancel(&self) {
        self.canceled.store(true, Ordering::Relaxed);
    }
}

fn walk_all(paths: &[PathBuf], registry: &Registry, report: &mut dyn FnMut(Found) -> bool) {
    for path in paths {
        let go_on = match std::fs::metadata(path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                report(Found::Unreadable(path.clone(), "The file does not exist.".to_owned()))
            }
            Err(e) => report(Found::Unreadable(path.clone(), format!("The file cannot be read: {}.", plain(&e)))),
            Ok(meta) if meta.is_dir() && is_store(path) => report(Found::File(path.clone())),
            Ok(meta) if meta.is_dir() => {
                let mut walk = Walk { registry, report: &mut *report, seen: HashSet::new(), files: 0 };
                let go_on = walk.folder(path, 0);
                let files = walk.files;
                go_on && (files > 0 || report(Found::Nothing(path.clone())))
            }
            Ok(meta) if meta.is_file() => report(Found::File(path.clone())),
            Ok(_) => report(Found::Unreadable(path.clone(), "This is neither a file nor a folder.".to_owned())),
        };
        if !go_on {
            return;
        }
    }
}

/// The system's reason without its error number.
fn plain(e: &std::io::Error) -> String {
    let text = e.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map(|c| c.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

struct Walk<'a> {
    registry: &'a Registry,
    report: &'a mut dyn FnMut(Found) -> bool,
    /// Real paths of the folders entered: a link to a parent is not followed round and round.
    seen: HashSet<PathBuf>,
    files: usize,
}

/// A file of a folder that may be a granule, and what tells whether it has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// File, or folder that is one granule.
    pub path: PathBuf,
    /// Bytes; 0 for a folder.
    pub size: u64,
    /// Time of the last change, nanoseconds since 1970; 0 where the system does not say.
    pub mtime_ns: i64,
}

/// What lies directly in a folder, in name order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Granules.
    pub files: Vec<Listed>,
    /// Folders to look into.
    pub folders: Vec<PathBuf>,
}

/// Granules and folders directly in a folder, by the rules by which [`Scan`] searches; hidden entries are left out.
/// `go_on` is asked at every entry; once it says no, the listing is what has been seen so far.
///
/// # Errors
/// The folder cannot be read: a sentence.
pub fn list(dir: &Path, registry: &Registry, go_on: &dyn Fn() -> bool) -> Result<Listing, String> {
    let unreadable = |e: &std::io::Error| format!("The folder cannot be read: {}.", plain(e));
    let entries = std::fs::read_dir(dir).map_err(|e| unreadable(&e))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    paths.sort();
    let mut listing = Listing::default();
    for path in paths.into_iter().take_while(|_| go_on()) {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with('.') {
            continue;
        }
        let Ok(meta) = std::fs::metadata(&path) else { continue };
        if meta.is_dir() && !is_store(&path) {
            listing.folders.push(path);
        } else if meta.is_dir()
            || (meta.is_file() && is_candidate(registry, &path, &name) && !workspace::is_coarser_copy(&path))
        {
            let (size, mtime_ns) = identity(&path, &meta);
            listing.files.push(Listed { path, size, mtime_ns });
        }
    }
    Ok(listing)
}

/// Size and time of change of a file; of a folder that is one granule the latest of it and its marks.
pub fn identity(path: &Path, meta: &std::fs::Metadata) -> (u64, i64) {
    let changed = |m: &std::fs::Metadata| {
        let since = m.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        i64::try_from(since.as_nanos()).ok()
    };
    let own = changed(meta).unwrap_or(0);
    if !meta.is_dir() {
        return (meta.len(), own);
    }
    let marks = STORE_MARKS.iter().filter_map(|m| changed(&std::fs::metadata(path.join(m)).ok()?));
    (0, marks.fold(own, i64::max))
}

impl Walk<'_> {
    fn folder(&mut self, dir: &Path, depth: usize) -> bool {
        let real = dir.canonicalize().unwrap_or_else(|_gone| dir.to_owned());
        if depth > MAX_DEPTH || !self.seen.insert(real) {
            return true;
        }
        let entries = match std::fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(e) => {
                let why = format!("The folder cannot be read: {}.", plain(&e));
                return (self.report)(Found::Unreadable(dir.to_owned(), why));
            }
        };
        let mut paths: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            if name.starts_with('.') {
                continue;
            }
            // Follows links; a dangling one is passed over.
            let Ok(meta) = std::fs::metadata(&path) else { continue };
            let go_on = if meta.is_dir() && is_store(&path) {
                self.files += 1;
                (self.report)(Found::File(path))
            } else if meta.is_dir() {
                self.folder(&path, depth + 1)
            } else if meta.is_file() && is_candidate(self.registry, &path, &name) && !workspace::is_coarser_copy(&path)
            {
                self.files += 1;
                (self.report)(Found::File(path))
            } else {
                // A folder of a million other files can be canceled too: every name asks.
                true
            };
            if !go_on {
                return false;
            }
        }
        true
    }
}

fn is_candidate(registry: &Registry, path: &Path, name: &str) -> bool {
    let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    EXTENSIONS.contains(&extension.as_str())
        || PACKED.iter().any(|end| lower.ends_with(end))
        || registry.claims(name)
        || has_known_magic(path)
        || (extension == "json" && has_references(path))
}

/// Whether a JSON file is a kerchunk reference file, by the names of Zarr at its beginning.
fn has_references(path: &Path) -> bool {
    let mut head = Vec::with_capacity(4096);
    let Ok(file) = std::fs::File::open(path) else { return false };
    let keys = [".zgroup\"", ".zarray\"", ".zattrs\"", "zarr.json\"", "\"refs\""];
    file.take(4096).read_to_end(&mut head).is_ok()
        && keys.iter().any(|k| head.windows(k.len()).any(|w| w == k.as_bytes()))
}

/// Whether a folder is one granule, to be opened as if it were a file.
pub fn is_store(path: &Path) -> bool {
    STORE_MARKS.iter().any(|mark| path.join(mark).is_file())
}

fn has_known_magic(path: &Path) -> bool {
    let mut head = Vec::with_capacity(8);
    let Ok(file) = std::fs::File::open(path) else { return false };
    file.take(8).read_to_end(&mut head).is_ok() && MAGIC.iter().any(|m| head.starts_with(m))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam::channel;

    fn collect(paths: Vec<PathBuf>) -> Vec<Found> {
        let (tx, rx) = channel::bounded(64);
        Scan::start(paths, Arc::new(Registry::default()), move |f| tx.send(f).is_ok()).unwrap();
        rx.iter().collect()
    }

    #[test]
    fn a_tree_is_searched_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        std::fs::create_dir_all(root.join("b/deep")).unwrap();
        std::fs::create_dir_all(root.join(".hidden")).unwrap();
        for name in ["z.nc", "a.NC4", "readme.txt", "b/deep/x.h5", ".hidden/y.nc", ".z.nc"] {
            std::fs::write(root.join(name), "x").unwrap();
        }
        std::fs::write(root.join("granule_without_extension"), b"\x89HDF\r\n\x1a\nrest").unwrap();
        std::fs::write(root.join("classic"), b"CDF\x01").unwrap();
        std::fs::write(root.join("short"), b"CD").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(root, root.join("b/loop")).unwrap();
        let expected: Vec<Found> = ["a.NC4", "b/deep/x.h5", "classic", "granule_without_extension", "z.nc"]
            .iter()
            .map(|n| Found::File(root.join(n)))
            .chain([Found::End])
            .collect();
        assert_eq!(collect(vec![root.to_owned()]), expected);
    }

    #[test]
    fn named_files_are_reported_as_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let odd = dir.path().join("picture.jpg");
        std::fs::write(&odd, "x").unwrap();
        let missing = dir.path().join("missing.nc");
        let empty = dir.path().join("empty");
        std::fs::create_dir(&empty).unwrap();
        let found = collect(vec![odd.clone(), missing.clone(), empty.clone()]);
        let why = "The file does not exist.".to_owned();
        assert_eq!(found, [Found::File(odd), Found::Unreadable(missing, why), Found::Nothing(empty), Found::End]);
    }

    #[test]
    fn a_scan_can_be_canceled() {
        let dir = tempfile::tempdir().unwrap();
        for k in 0..200 {
            std::fs::write(dir.path().join(format!("{k:03}.nc")), "x").unwrap();
        }
        // Nobody receives: the scan waits at the full channel until canceled and released.
        let (tx, rx) = channel::bounded(1);
        let scan = Scan::start(vec![dir.path().to_owned()], Arc::new(Registry::default()), move |f| tx.send(f).is_ok());
        let scan = scan.unwrap();
        assert!(matches!(rx.recv().unwrap(), Found::File(_)));
        scan.cancel();
        let rest: Vec<Found> = rx.iter().collect();
        assert!(rest.len() < 10, "{} more reports after the cancel", rest.len());
        assert_eq!(rest.last(), Some(&Found::End));
    }
}
