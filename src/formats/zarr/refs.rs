//! kerchunk reference files (version 1 of its specification, and the flat version 0): the keys of a Zarr store in one
//! JSON file, whose values are texts, bytes in base64, or pieces of other files.
//!
//! Only files below the folder of the reference file are read: it may come from anywhere, and a key of it would otherwise
//! read any file of the machine into a picture.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Bound;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use seaglass_core::protocol::FailureKind;
use serde::Deserialize;
use serde_json::Value;

use super::attrs::base64;
use crate::error::{Result, damaged, fail};

/// Longer reference files are not read.
const MAX_BYTES: u64 = 512 << 20;
/// Files kept open.
const MAX_OPEN: usize = 64;
/// Longer names of files are none.
const MAX_NAME: usize = 4096;

/// The keys of a reference file.
pub struct Refs {
    keys: BTreeMap<String, Ref>,
    targets: Vec<Target>,
    open: Mutex<HashMap<usize, File>>,
}

enum Ref {
    Inline(Vec<u8>),
    Piece { target: usize, offset: u64, len: Option<u64> },
}

/// A file that is named: where it lies, or why it is not read.
type Target = std::result::Result<PathBuf, String>;

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    templates: HashMap<String, String>,
    #[serde(default, rename = "gen")]
    rules: Vec<Value>,
    refs: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Text(String),
    Piece(String, u64, u64),
    Whole((String,)),
    Json(Value),
}

/// Whether a text begins as a reference file does.
pub fn looks_like(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head));
    let keys = [".zgroup\"", ".zarray\"", ".zattrs\"", "zarr.json\"", ".zmetadata\""];
    // Pieces may come before the descriptions of arrays.
    let declared = text.contains("\"version\"") && text.contains("\"refs\"");
    text.trim_start().starts_with('{')
        && (declared || keys.iter().any(|k| text.contains(k)))
        && !text.contains("\"zarr_consolidated")
}

impl Refs {
    /// Reads a reference file.
    pub fn load(path: &Path) -> Result<Self> {
        let len = std::fs::metadata(path).map_err(|e| damaged("The reference file", &e))?.len();
        if len > MAX_BYTES {
            let text = format!(
                "The kerchunk reference file has {} MiB; more than {} are not read.",
                len >> 20,
                MAX_BYTES >> 20
            );
            return Err(fail(FailureKind::TooLarge, text));
        }
        let bytes = std::fs::read(path).map_err(|e| damaged("The reference file", &e))?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let document: Document = match serde_json::from_slice(bytes) {
            Ok(document) => document,
            Err(e) => match serde_json::from_slice::<BTreeMap<String, Entry>>(bytes) {
                Ok(refs) if !refs.contains_key("refs") => {
                    Document { templates: HashMap::new(), rules: Vec::new(), refs }
                }
                _ => return Err(damaged("The kerchunk reference file", &e)),
            },
        };
        if !document.rules.is_empty() {
            let text = "The kerchunk reference file makes references by rules (\"gen\"), which is not read here; write \
                        it anew with every reference spelt out.";
            return Err(fail(FailureKind::NotMine, text));
        }
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self::of(document, folder)
    }

    fn of(document: Document, folder: &Path) -> Result<Self> {
        let folder = folder.canonicalize().map_err(|e| damaged("The folder of the reference file", &e))?;
        let (mut keys, mut targets) = (BTreeMap::new(), Vec::<Target>::new());
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut target = |url: String| {
            let next = known.len();
            *known.entry(url).or_insert_with_key(|url| {
                targets.push(filled(url, &document.templates).and_then(|name| place(&name, &folder)));
                next
            })
        };
        for (key, entry) in document.refs {
            let value = match entry {
                Entry::Text(text) => Ref::Inline(match text.strip_prefix("base64:") {
                    Some(coded) => base64(coded)
                        .ok_or_else(|| damaged(&format!("{key} of the reference file"), &"it is not base64"))?,
                    None => text.into_bytes(),
                }),
                Entry::Json(json) if json.is_object() => Ref::Inline(json.to_string().into_bytes()),
                Entry::Json(_) => {
                    let why = "it is neither a text nor a file with offset and length";
                    return Err(damaged(&format!("{key} of the reference file"), &why));
                }
                Entry::Whole((url,)) => Ref::Piece { target: target(url), offset: 0, len: None },
                Entry::Piece(url, offset, len) => Ref::Piece { target: target(url), offset, len: Some(len) },
            };
            keys.insert(key, value);
        }
        Ok(Self { keys, targets, open: Mutex::default() })
    }

    /// Whether there is such a key, and its length where that needs no look at a file.
    pub fn size(&self, key: &str) -> Option<Option<u64>> {
        self.keys.get(key).map(|value| match value {
            Ref::Inline(bytes) => Some(bytes.len() as u64),
            Ref::Piece { len, .. } => *len,
        })
    }

    /// Names of the folders in a folder, in order.
    pub fn folders(&self, at: &str) -> Vec<String> {
        let prefix = if at.is_empty() { String::new() } else { format!("{at}/") };
        let mut from = Bound::Included(prefix.clone());
        let mut names = Vec::new();
        while let Some((key, _)) = self.keys.range((from, Bound::Unbounded)).next() {
            let Some(rest) = key.strip_prefix(&prefix) else { break };
            from = match rest.split_once('/') {
                // The next key that is not in this folder: '0' follows '/'.
                Some((name, _)) => {
                    names.push(name.to_owned());
                    Bound::Included(format!("{prefix}{name}0"))
                }
                None => Bound::Excluded(key.clone()),
            };
        }
        names
    }

    /// Why the pieces of an array cannot be had, if they cannot; `Ok` says whether it has any.
    pub fn reachable(&self, array: &str) -> std::result::Result<bool, String> {
        let prefix = if array.is_empty() { String::new() } else { format!("{array}/") };
        let mut pieces = false;
        for (_, value) in self.keys.range(prefix.clone()..).take_while(|(k, _)| k.starts_with(&prefix)) {
            if let Ref::Piece { target, .. } = value {
                pieces = true;
                if let Some(Err(why)) = self.targets.get(*target) {
                    return Err(why.clone());
                }
            }
        }
        Ok(pieces)
    }

    /// Bytes of a value from `start`, at most `most` of them; `None` when there is no such key.
    pub fn read(&self, key: &str, start: u64, most: u64) -> std::io::Result<Option<Vec<u8>>> {
        let (target, offset, len) = match self.keys.get(key) {
            None => return Ok(None),
            Some(Ref::Inline(bytes)) => {
                let from = usize::try_from(start).unwrap_or(usize::MAX).min(bytes.len());
                let n = usize::try_from(most).unwrap_or(usize::MAX).min(bytes.len() - from);
                return Ok(Some(bytes[from..from + n].to_vec()));
            }
            Some(Ref::Piece { target, offset, len }) => (*target, *offset, *len),
        };
        let path = match self.targets.get(target) {
            Some(Ok(path)) => path,
            Some(Err(why)) => return Err(std::io::Error::other(why.clone())),
            None => return Ok(None),
        };
        let mut open = self.open.lock();
        if !open.contains_key(&target) && open.len() >= MAX_OPEN {
            open.clear();
        }
        let file = match open.entry(target) {
            std::collections::hash_map::Entry::Occupied(e) => e.into_mut(),
            std::collections::hash_map::Entry::Vacant(e) => e.insert(File::open(path)?),
        };
        let end = std::io::ErrorKind::UnexpectedEof;
        let whole = file.metadata()?.len().checked_sub(offset).ok_or(end)?;
        let len = len.unwrap_or(whole);
        // A piece beyond the end of its file: the file is not the one that was looked at, or not all there.
        if len > whole {
            return Err(end.into());
        }
        let n = most.min(len.saturating_sub(start));
        let mut out = Vec::new();
        file.seek(SeekFrom::Start(offset + start.min(len)))?;
        file.take(n).read_to_end(&mut out)?;
        Ok(Some(out))
    }
}

/// The name of a file with the templates filled in: `{{name}}` is all that is done of their language.
fn filled(url: &str, templates: &HashMap<String, String>) -> std::result::Result<String, String> {
    let (mut out, mut rest) = (String::new(), url);
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let found = after.split_once("}}").and_then(|(name, after)| Some((templates.get(name.trim())?, after)));
        let (value, after) = found
            .filter(|(value, _)| !value.contains("{{"))
            .ok_or_else(|| format!("its file is named by a rule, {}", short(url)))?;
        out.push_str(value);
        rest = after;
        if out.len() > MAX_NAME {
            return Err("the name of its file is too long".to_owned());
        }
    }
    Ok(out + rest)
}

fn short(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Where a named file lies, when that is below the folder.
fn place(name: &str, folder: &Path) -> Target {
    let local = name.strip_prefix("file://").or_else(|| name.strip_prefix("local://")).unwrap_or(name);
    if local.contains("://") || local.contains("::") {
        return Err(format!("its values lie at {}, and nothing is fetched over the network", short(name)));
    }
    let path = folder.join(local);
    let Ok(found) = path.canonicalize() else {
        return Err(format!("its values lie in {}, which is not there", short(local)));
    };
    if !found.starts_with(folder) {
        return Err(format!("its values lie in {}, outside the folder of the reference file", short(local)));
    }
    if !found.is_file() {
        return Err(format!("its values lie in {}, which is no file", short(local)));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled_in() {
        let t = HashMap::from([("u".to_owned(), "a/b".to_owned()), ("r".to_owned(), "{{u}}".to_owned())]);
        assert_eq!(filled("{{u}}/c_{{ u }}.nc", &t).as_deref(), Ok("a/b/c_a/b.nc"));
        assert_eq!(filled("plain.nc", &t).as_deref(), Ok("plain.nc"));
        for rule in ["{{f(c='x')}}", "{{none}}", "{{r}}", "{{u"] {
            assert!(filled(rule, &t).is_err_and(|e| e.contains("rule")), "{rule}");
        }
    }

    #[test]
    fn only_files_of_the_folder_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("in").join("refs");
        std::fs::create_dir_all(folder.join("sub")).unwrap();
        let folder = folder.canonicalize().unwrap();
        for at in ["sub/a.nc", "../out.nc"] {
            std::fs::write(folder.join(at), "x").unwrap();
        }
        let absolute = folder.join("sub/a.nc");
        for name in ["sub/a.nc", "./sub/../sub/a.nc", absolute.to_str().unwrap()] {
            assert_eq!(place(name, &folder).as_deref(), Ok(absolute.as_path()), "{name}");
        }
        assert_eq!(place(&format!("file://{}", absolute.display()), &folder).as_deref(), Ok(absolute.as_path()));
        for (name, word) in [
            ("../out.nc", "outside"),
            ("/etc/hostname", "outside"),
            ("s3://bucket/a.nc", "network"),
            ("https://host/a.nc", "network"),
            ("zip://a.nc::sub/a.zip", "network"),
            ("b.nc", "not there"),
            ("sub", "no file"),
        ] {
            let e = place(name, &folder).err().unwrap();
            assert!(e.contains(word) || (name == "/etc/hostname" && e.contains("not there")), "{name}: {e}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(folder.join("../out.nc"), folder.join("link.nc")).unwrap();
            assert!(place("link.nc", &folder).is_err_and(|e| e.contains("outside")));
        }
    }

    #[test]
    fn folders_are_listed_in_order() {
        let refs = ["b/.zarray", "a/.zgroup", "a/x/.zarray", "a/x/0.0", ".zgroup", "b0/.zarray", "b.c/0"];
        let refs = refs.map(|k| (k.to_owned(), Entry::Text(String::new()))).into();
        let document = Document { templates: HashMap::new(), rules: Vec::new(), refs };
        let refs = Refs::of(document, Path::new(".")).unwrap();
        assert_eq!(refs.folders(""), ["a", "b.c", "b", "b0"]);
        assert_eq!(refs.folders("a"), ["x"]);
        assert!(refs.folders("b").is_empty());
    }
}
