//! Files written by us: whole or not at all.

use std::io::Write;
use std::path::Path;

/// Writes a file so that a crash leaves the old one or the new one, never half of it. What may be done with the old one
/// may be done with the new one.
///
/// # Errors
/// The file system's; the old file is as it was then.
pub fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let dir = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = dir.join(name);
    let written = std::fs::File::create(&part).and_then(|mut f| {
        f.write_all(bytes)?;
        if let Ok(old) = std::fs::metadata(path) {
            f.set_permissions(old.permissions())?;
        }
        f.sync_all()
    });
    let moved = written.and_then(|()| std::fs::rename(&part, path));
    if moved.is_err() && std::fs::remove_file(&part).is_err() {
        log::debug!("{} stays behind", part.display());
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/s.oce");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(std::fs::read_dir(dir.path().join("deep")).unwrap().count(), 1);
        // A folder in its place: what is there stays.
        let taken = dir.path().join("taken.oce");
        std::fs::create_dir(&taken).unwrap();
        assert!(write_whole(&taken, b"x").is_err());
        assert!(!dir.path().join("taken.oce.part").exists());
    }
}
