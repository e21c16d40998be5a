//! The files of a side: paths, folders and globs of the job file made into a list.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use seaglass_data::registry::Registry;
use seaglass_data::scan::{Found, Scan};
use serde::{Deserialize, Serialize};

use crate::error::{JobError, Result, plain};
use crate::granules::FailedFile;
use crate::spec::SideSpec;

/// A file of a side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Time of its last change, µs since 1970; 0 when the system does not tell.
    pub modified_us: i64,
}

impl InputFile {
    fn of(path: PathBuf) -> std::io::Result<Self> {
        let meta = std::fs::metadata(&path)?;
        let modified = meta.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
        let modified_us = modified.map_or(0, |d| i64::try_from(d.as_micros()).unwrap_or(i64::MAX));
        Ok(Self { path, size: meta.len(), modified_us })
    }

    /// File name for people.
    pub fn name(&self) -> String {
        self.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

/// The files of a side, each once, in the order of the job file; what a folder or a glob gives is sorted by path. Beside
/// them those that are named and not there, or cannot be looked at: the others go on without them.
///
/// # Errors
/// Nothing is left.
pub fn files(side: &SideSpec, registry: &Arc<Registry>) -> Result<(Vec<InputFile>, Vec<FailedFile>)> {
    if let Some(id) = &side.product
        && registry.get(id).is_none()
    {
        return Err(JobError::Spec(format!(
            "The side \"{}\" asks for the product \"{id}\", which is not known; seaglass readers list names them.",
            side.name
        )));
    }
    let (mut paths, mut failed) = (Vec::new(), Vec::new());
    for text in &side.files {
        let path = Path::new(text);
        if !path.exists() && text.contains(['*', '?', '[']) {
            glob(path, &mut paths)?;
        } else {
            scan(path, registry, &mut paths, &mut failed)?;
        }
    }
    let mut seen = std::collections::HashSet::new();
    paths.retain(|p| seen.insert(p.clone()));
    if let Some(id) = &side.product {
        paths.retain(|p| registry.candidates(p).iter().any(|c| c.product.id == *id));
    }
    let mut files = Vec::new();
    for path in paths {
        match InputFile::of(path.clone()) {
            Ok(file) => files.push(file),
            Err(e) => failed.push(FailedFile { message: format!("The file cannot be read: {}.", plain(&e)), path }),
        }
    }
    if files.is_empty() {
        if let Some(FailedFile { path, message }) = failed.into_iter().next() {
            return Err(JobError::Input { message, path });
        }
        let what = if side.product.is_some() { "no file of that product" } else { "no file" };
        return Err(JobError::Nothing(format!(
            "The side \"{}\" is empty: {} gives {what}.",
            side.name,
            side.files.join(", ")
        )));
    }
    Ok((files, failed))
}

fn scan(path: &Path, registry: &Arc<Registry>, out: &mut Vec<PathBuf>, failed: &mut Vec<FailedFile>) -> Result<()> {
    let (report, found) = crossbeam::channel::bounded(256);
    let absolute = std::path::absolute(path).unwrap_or_else(|_no_working_folder| path.to_owned());
    Scan::start(vec![absolute], Arc::clone(registry), move |f| report.send(f).is_ok())
        .map_err(|e| JobError::Internal(format!("The folder cannot be scanned: {e}.")))?;
    for f in found {
        match f {
            Found::File(p) => out.push(p),
            Found::Unreadable(path, message) => failed.push(FailedFile { path, message }),
            Found::Nothing(_) => {}
            Found::End => break,
        }
    }
    Ok(())
}

/// Files that fit a path with `*`, `?`, `[abc]` and `**` (any folders), sorted; what cannot be looked into is left out.
fn glob(pattern: &Path, out: &mut Vec<PathBuf>) -> Result<()> {
    let absolute = std::path::absolute(pattern).unwrap_or_else(|_no_working_folder| pattern.to_owned());
    let options =
        glob::MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };
    let found = glob::glob_with(&absolute.to_string_lossy(), options).map_err(|e| {
        JobError::Spec(format!("The pattern {} cannot be read: column {}, {}.", pattern.display(), e.pos + 1, e.msg))
    })?;
    out.extend(found.flatten().filter(|p| p.is_file()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(files: &[&str]) -> SideSpec {
        SideSpec { name: "a".into(), files: files.iter().map(|f| (*f).to_owned()).collect(), ..SideSpec::default() }
    }

    #[test]
    fn globs_folders_and_files() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["d1/b.nc", "d1/a.nc", "d2/a.nc", "d2/.hidden.nc", "d2/x.txt"] {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "CDF\x01").unwrap();
        }
        let root = dir.path().to_string_lossy().into_owned();
        let registry = Arc::new(Registry::default());
        let names = |patterns: &[String]| -> Vec<String> {
            let s = side(&patterns.iter().map(String::as_str).collect::<Vec<_>>());
            let (found, failed) = files(&s, &registry).unwrap();
            assert!(failed.is_empty(), "{failed:?}");
            found.iter().map(|f| f.path.strip_prefix(dir.path()).unwrap().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(names(&[format!("{root}/d?/*.nc")]), ["d1/a.nc", "d1/b.nc", "d2/a.nc"]);
        assert_eq!(names(&[format!("{root}/d2/a.nc"), format!("{root}/*/a.nc")]), ["d2/a.nc", "d1/a.nc"]);
        assert_eq!(names(&[format!("{root}/d1")]), ["d1/a.nc", "d1/b.nc"]);
        assert_eq!(names(&[format!("{root}/**/a.nc")]), ["d1/a.nc", "d2/a.nc"]);
        let wrong = files(&side(&[&format!("{root}/a***.nc")]), &registry).unwrap_err().to_string();
        assert!(wrong.contains("cannot be read: column") && wrong.ends_with('.'), "{wrong}");
        let empty = files(&side(&[&format!("{root}/*.he5")]), &registry).unwrap_err().to_string();
        assert!(empty.contains("is empty"), "{empty}");
        let missing = files(&side(&[&format!("{root}/no.nc")]), &registry).unwrap_err().to_string();
        assert_eq!(missing, "The file does not exist.");
        let (there, gone) = files(&side(&[&format!("{root}/no.nc"), &format!("{root}/d2/a.nc")]), &registry).unwrap();
        assert_eq!((there.len(), gone.len()), (1, 1), "{there:?} {gone:?}");
        assert!(gone[0].path.ends_with("no.nc") && gone[0].message == "The file does not exist.", "{gone:?}");
    }
}
