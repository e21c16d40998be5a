//! What a file is, from its first bytes, before any library opens it; and whether it is all there.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use seaglass_core::protocol::FailureKind;

use crate::classic;
use crate::error::{Result, damaged, fail};
use crate::format::Probe;

/// Bytes looked at to tell a format.
const HEAD: usize = 4096;

/// netCDF and HDF5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// netCDF classic, 64-bit offset or CDF-5 (version byte 1, 2, 5).
    Classic(u8),
    /// HDF5, hence maybe netCDF-4; the superblock starts at the offset.
    Hdf5(u64),
}

impl Kind {
    /// Name for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Classic(1) => "netCDF classic",
            Self::Classic(2) => "netCDF 64-bit offset",
            Self::Classic(_) => "netCDF CDF-5",
            Self::Hdf5(_) => "netCDF-4",
        }
    }
}

const HDF5_MAGIC: &[u8; 8] = b"\x89HDF\r\n\x1a\n";

/// Looks at the beginning of a file or at a folder.
pub fn look(path: &Path) -> Result<Probe> {
    let meta = std::fs::metadata(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => fail(FailureKind::Missing, "There is no such file."),
        std::io::ErrorKind::PermissionDenied => fail(FailureKind::Missing, "You may not read this file."),
        _ => fail(FailureKind::Missing, format!("The file cannot be opened: {e}.")),
    })?;
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    if meta.is_dir() {
        return Ok(Probe { path: path.to_owned(), name, head: Vec::new(), len: 0, folder: true });
    }
    if !meta.is_file() {
        return Err(fail(FailureKind::NotMine, "This is not an ordinary file."));
    }
    let file = File::open(path).map_err(|e| fail(FailureKind::Missing, format!("The file cannot be opened: {e}.")))?;
    let mut head = Vec::with_capacity(HEAD);
    file.take(HEAD as u64).read_to_end(&mut head).map_err(|e| damaged("The beginning of the file", &e))?;
    if head.is_empty() {
        return Err(fail(FailureKind::Damaged, "The file is empty (0 bytes); fetch it again."));
    }
    Ok(Probe { path: path.to_owned(), name, head, len: meta.len(), folder: false })
}

/// Which netCDF or HDF5 it is, if it is one.
pub fn netcdf(probe: &Probe) -> Option<Kind> {
    if probe.head.starts_with(b"CDF") && matches!(probe.head.get(3), Some(1 | 2 | 5)) {
        return Some(Kind::Classic(probe.head[3]));
    }
    if probe.head.starts_with(HDF5_MAGIC) {
        return Some(Kind::Hdf5(0));
    }
    let mut file = if probe.folder || probe.len < 520 { None } else { File::open(&probe.path).ok() }?;
    find_hdf5(&mut file, &probe.head, probe.len).map(Kind::Hdf5)
}

/// Whether all of a netCDF or HDF5 file is there.
pub fn check_complete(path: &Path, kind: Kind, len: u64) -> Result<()> {
    let mut file =
        File::open(path).map_err(|e| fail(FailureKind::Missing, format!("The file cannot be opened: {e}.")))?;
    match kind {
        Kind::Classic(_) => classic::check_complete(&mut file, len),
        Kind::Hdf5(at) => check_hdf5_complete(&mut file, at, len),
    }
}

/// The HDF5 signature stands at 0, 512, 1024, 2048 …
fn find_hdf5(file: &mut File, head: &[u8], len: u64) -> Option<u64> {
    if head.starts_with(HDF5_MAGIC) {
        return Some(0);
    }
    let mut at = 512u64;
    while at + 8 <= len && at <= 1 << 24 {
        let mut eight = [0u8; 8];
        file.seek(SeekFrom::Start(at)).ok()?;
        file.read_exact(&mut eight).ok()?;
        if &eight == HDF5_MAGIC {
            return Some(at);
        }
        at *= 2;
    }
    None
}

/// Compares the end-of-file address of the superblock (HDF5 file format specification III.A) with the length.
fn check_hdf5_complete(file: &mut File, at: u64, len: u64) -> Result<()> {
    let cut = || fail(FailureKind::Damaged, "The HDF5 header is incomplete: the file was cut off; fetch it again.");
    let mut block = Vec::with_capacity(128);
    file.seek(SeekFrom::Start(at)).map_err(|e| damaged("The HDF5 header", &e))?;
    file.take(128).read_to_end(&mut block).map_err(|e| damaged("The HDF5 header", &e))?;
    let version = *block.get(8).ok_or_else(cut)?;
    let (size_at, first_address) = match version {
        0 => (13, 24),
        1 => (13, 28),
        2 | 3 => (9, 12),
        _ => return Ok(()), // newer than this check; the library decides
    };
    let width = usize::from(*block.get(size_at).ok_or_else(cut)?);
    if !matches!(width, 2 | 4 | 8) {
        return Err(fail(FailureKind::Damaged, "The HDF5 header is damaged (size of offsets); fetch the file again."));
    }
    let start = first_address + 2 * width;
    let bytes = block.get(start..start + width).ok_or_else(cut)?;
    let end = bytes.iter().rev().fold(0u64, |sum, b| (sum << 8) | u64::from(*b));
    if end != u64::MAX && end > len {
        return Err(fail(
            FailureKind::Damaged,
            format!("The file was cut off: it has {len} bytes, its header says {end}; fetch it again."),
        ));
    }
    Ok(())
}

/// Why this is not for us, as precisely as its beginning allows.
pub fn refusal(head: &[u8]) -> String {
    let has = |needle: &[u8], within: usize| head[..head.len().min(within)].windows(needle.len()).any(|w| w == needle);
    let lower: Vec<u8> = head.iter().take(512).map(u8::to_ascii_lowercase).collect();
    let text_has = |needle: &str| lower.windows(needle.len()).any(|w| w == needle.as_bytes());
    let known = |what: &str, hint: &str| {
        format!("This is {what}, which is not read here.{}{hint}", if hint.is_empty() { "" } else { " " })
    };
    if has(b"BUFR", 256) {
        known("a BUFR file", "")
    } else if head.starts_with(b"\xfd7zXZ") || head.starts_with(b"\x28\xb5\x2f\xfd") {
        known("a compressed archive", "Unpack it first.")
    } else if [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"].iter().any(|m| head.starts_with(*m)) {
        known("a TIFF image", "")
    } else if head.starts_with(b"\x0e\x03\x13\x01") {
        known("an HDF4 file", "Convert it with h4toh5 or ncl_convert2nc first.")
    } else if head.starts_with(b"\x89PNG") || head.starts_with(b"\xff\xd8\xff") || head.starts_with(b"GIF8") {
        known("a picture", "")
    } else if head.starts_with(b"%PDF") {
        known("a PDF document", "")
    } else if head.starts_with(b"SIMPLE  =") {
        known("a FITS file", "")
    } else if text_has("<!doctype html") || text_has("<html") {
        known("a web page", "A download that needed a login gives such a page; fetch the file again.")
    } else if text_has("git-lfs") || text_has("/annex/objects/") {
        known("a pointer left by git-lfs or git-annex", "Fetch the real file first.")
    } else if head.starts_with(b"CDF") {
        format!(
            "The netCDF version byte {} is unknown; the file is damaged or too new.",
            head.get(3).copied().unwrap_or(0)
        )
    } else if head.iter().all(|b| *b == 0) {
        "The file begins with zeros only: a download that did not finish; fetch it again.".to_owned()
    } else if head.iter().take(512).all(|b| (*b >= 32 && *b != 127) || matches!(b, b'\n' | b'\r' | b'\t' | 12)) {
        known("a text file", "")
    } else {
        "This file is in no format known here: it begins like none of them.".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn refused(name: &str, bytes: &[u8]) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        File::create(&path).unwrap().write_all(bytes).unwrap();
        crate::format::open(&path).err().unwrap().message
    }

    #[test]
    fn strangers_are_named() {
        for (bytes, word) in [
            (b"".as_slice(), "empty"),
            (b"<!DOCTYPE html><html>".as_slice(), "web page"),
            (b"GRIB\x00\x00\x00\x02".as_slice(), "GRIB"),
            (b"IOBX10 LFVW 241929\r\r\nBUFR\x00".as_slice(), "BUFR"),
            (b"PK\x03\x04....".as_slice(), "zip"),
            (b"II*\0\x08\0\0\0".as_slice(), "TIFF header"),
            (b"only words\n".as_slice(), "text"),
            (b"{\"version\":1,\"refs\":{\".zgroup\":\"{}\",\"a/0\":[\"x.grib\",0,9]}}".as_slice(), "no arrays"),
            (b"\0\0\0\0\0\0".as_slice(), "zeros"),
            (b"\x89HDF\r\n\x1a\n\0".as_slice(), "cut off"),
            (b"CDF\x01\0\0".as_slice(), "cut off"),
            (b"\xfe\xed\xfa\xce\x01\x02".as_slice(), "no format"),
        ] {
            let message = refused("a.nc", bytes);
            assert!(message.contains(word), "{word}: {message}");
        }
        let dir = tempfile::tempdir().unwrap();
        assert!(crate::format::open(dir.path()).err().unwrap().message.contains("folder"));
        assert_eq!(crate::format::open(&dir.path().join("none.nc")).err().unwrap().kind, FailureKind::Missing);
    }
}
