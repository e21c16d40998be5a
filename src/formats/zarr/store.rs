//! Where the keys of a store lie: files below a folder, members of a zip archive, or pieces of files that a kerchunk
//! reference file names.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use zarrs::storage::byte_range::{ByteRange, ByteRangeIterator};
use zarrs::storage::{Bytes, MaybeBytesIterator, ReadableStorageTraits, StorageError, StoreKey};
use zip::ZipArchive;

use super::refs::Refs;

/// Files that make a folder a Zarr store.
pub const MARKERS: [&str; 4] = ["zarr.json", ".zmetadata", ".zgroup", ".zarray"];
/// Values larger than this are not read whole.
const MAX_VALUE: u64 = 2 << 30;

/// A store.
pub enum Store {
    /// Files below a folder.
    Folder(PathBuf),
    /// Members of an archive, by key.
    Zip {
        /// The archive.
        zip: Box<Mutex<ZipArchive<BufReader<File>>>>,
        /// Number of the member of each key.
        members: HashMap<String, usize>,
    },
    /// Keys of a reference file.
    Refs(Box<Refs>),
}

/// A key leads nowhere but into the store.
fn is_inside(key: &str) -> bool {
    !key.starts_with('/') && !key.contains('\\') && !key.contains(':') && key.split('/').all(|part| part != "..")
}

impl Store {
    /// The files of a folder.
    pub fn folder(path: &Path) -> Self {
        Self::Folder(path.to_owned())
    }

    /// The members of an archive whose names are these; `None` when they are no store.
    pub fn zip(
        zip: ZipArchive<BufReader<File>>,
        names: &[(usize, String)],
    ) -> std::result::Result<Self, ZipArchive<BufReader<File>>> {
        let root = names
            .iter()
            .filter_map(|(_, n)| {
                MARKERS.iter().find_map(|m| n.strip_suffix(m)).filter(|r| r.is_empty() || r.ends_with('/'))
            })
            .min_by_key(|r| r.len());
        let Some(root) = root else { return Err(zip) };
        let members = names.iter().filter_map(|(k, n)| Some((n.strip_prefix(root)?.to_owned(), *k))).collect();
        Ok(Self::Zip { zip: Box::new(Mutex::new(zip)), members })
    }

    /// The whole value of a key; `None` when there is none.
    pub fn read(&self, key: &str) -> std::io::Result<Option<Vec<u8>>> {
        if !is_inside(key) {
            return Ok(None);
        }
        let mut out = Vec::new();
        let n = match self {
            Self::Folder(root) => match File::open(root.join(key)) {
                Ok(file) if file.metadata()?.is_file() => file.take(MAX_VALUE + 1).read_to_end(&mut out)?,
                Ok(_) => return Ok(None),
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(e) => return Err(e),
            },
            Self::Zip { zip, members } => {
                let Some(k) = members.get(key) else { return Ok(None) };
                zip.lock().by_index(*k).map_err(std::io::Error::other)?.take(MAX_VALUE + 1).read_to_end(&mut out)?
            }
            Self::Refs(refs) => {
                let Some(bytes) = refs.read(key, 0, MAX_VALUE + 1)? else { return Ok(None) };
                out = bytes;
                out.len()
            }
        };
        if n as u64 > MAX_VALUE {
            return Err(std::io::Error::other(format!("{key} has more than {} GiB", MAX_VALUE >> 30)));
        }
        Ok(Some(out))
    }

    /// Why the values of an array cannot be had, if they cannot; `Ok` says whether it has any that lie in other files.
    pub fn reachable(&self, array: &str) -> std::result::Result<bool, String> {
        match self {
            Self::Refs(refs) => refs.reachable(array),
            _ => Ok(false),
        }
    }

    /// Names of the folders in a folder, in order.
    pub fn folders(&self, at: &str) -> Vec<String> {
        let mut names = BTreeSet::new();
        match self {
            Self::Folder(root) => {
                let entries = std::fs::read_dir(root.join(at)).into_iter().flatten().filter_map(Result::ok);
                names.extend(
                    entries.filter(|e| e.path().is_dir()).map(|e| e.file_name().to_string_lossy().into_owned()),
                );
            }
            Self::Refs(refs) => return refs.folders(at),
            Self::Zip { members, .. } => {
                let prefix = if at.is_empty() { String::new() } else { format!("{at}/") };
                let mut keys: Vec<&String> = members.keys().collect();
                keys.sort();
                names.extend(
                    keys.into_iter().filter_map(|k| Some(k.strip_prefix(&prefix)?.split_once('/')?.0.to_owned())),
                );
            }
        }
        names.into_iter().collect()
    }

    fn parts(&self, key: &str, ranges: Vec<ByteRange>) -> std::io::Result<Option<Vec<Bytes>>> {
        if let (Self::Folder(root), true) =
            (self, is_inside(key) && !ranges.iter().all(|r| matches!(r, ByteRange::FromStart(0, None))))
        {
            let mut file = match File::open(root.join(key)) {
                Ok(file) => file,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(e) => return Err(e),
            };
            let len = file.metadata()?.len();
            let part = |r: ByteRange| {
                let (start, end) = (r.start(len), r.end(len));
                if start > end || end > len || end - start > MAX_VALUE {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
                let mut bytes = vec![0; (end - start) as usize];
                file.seek(SeekFrom::Start(start))?;
                file.read_exact(&mut bytes)?;
                Ok(Bytes::from(bytes))
            };
            return ranges.into_iter().map(part).collect::<std::io::Result<_>>().map(Some);
        }
        if let (Self::Refs(refs), [range]) = (self, ranges.as_slice())
            && let ByteRange::FromStart(start, Some(len)) = *range
        {
            let Some(bytes) = refs.read(key, start, len.min(MAX_VALUE))? else { return Ok(None) };
            return match bytes.len() as u64 == len {
                true => Ok(Some(vec![Bytes::from(bytes)])),
                false => Err(std::io::ErrorKind::UnexpectedEof.into()),
            };
        }
        let Some(all) = self.read(key)? else { return Ok(None) };
        let len = all.len() as u64;
        let all = Bytes::from(all);
        let part = |r: ByteRange| {
            let (start, end) = (r.start(len), r.end(len));
            if start > end || end > len {
                Err(std::io::ErrorKind::UnexpectedEof.into())
            } else {
                Ok(all.slice(start as usize..end as usize))
            }
        };
        ranges.into_iter().map(part).collect::<std::io::Result<_>>().map(Some)
    }
}

impl ReadableStorageTraits for Store {
    fn get_partial_many<'a>(
        &'a self,
        key: &StoreKey,
        ranges: ByteRangeIterator<'a>,
    ) -> Result<MaybeBytesIterator<'a>, StorageError> {
        let found = self.parts(key.as_str(), ranges.collect()).map_err(|e| StorageError::IOError(Arc::new(e)))?;
        Ok(found.map(|parts| Box::new(parts.into_iter().map(Ok)) as _))
    }

    fn size_key(&self, key: &StoreKey) -> Result<Option<u64>, StorageError> {
        match self {
            Self::Folder(root) if is_inside(key.as_str()) => {
                Ok(std::fs::metadata(root.join(key.as_str())).ok().map(|m| m.len()))
            }
            Self::Refs(refs) if refs.size(key.as_str()).is_none_or(|n| n.is_some()) => {
                Ok(refs.size(key.as_str()).flatten())
            }
            _ => self
                .read(key.as_str())
                .map(|v| v.map(|v| v.len() as u64))
                .map_err(|e| StorageError::IOError(Arc::new(e))),
        }
    }

    fn supports_get_partial(&self) -> bool {
        matches!(self, Self::Folder(_) | Self::Refs(_))
    }
}
