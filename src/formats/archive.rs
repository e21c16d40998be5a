//! Compressed files and zip archives, opened as they are: what is inside is unpacked, within bounds, into a file that no
//! folder shows and that is gone with the reader, and opened by the format it has.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;
use std::rc::Rc;

use seaglass_core::protocol::FailureKind;
use zip::ZipArchive;

use crate::dataset::Var;
use crate::error::{Result, damaged, fail};
use crate::fast;
use crate::format::{Contents, FORMATS, Format, Probe, Values, by_probe};
use crate::limits::{MAX_MEMBERS, MAX_UNPACKED};
use crate::merge::{self, Member};
use crate::raw::Raw;
use crate::safe;
use crate::sniff;
use crate::zarr;

/// gzip, bzip2 and zip.
pub struct Archive;

#[derive(Clone, Copy, PartialEq)]
enum Packing {
    Gzip,
    Bzip2,
    Zip,
}

impl Packing {
    fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Self::Bzip2),
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Self::Zip),
            _ => None,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Zip => "zip",
        }
    }
}

impl Format for Archive {
    fn identify(&self, probe: &Probe) -> bool {
        Packing::of(&probe.head).is_some()
    }

    fn open(&self, path: &Path, probe: &Probe) -> Result<Contents> {
        let file =
            File::open(path).map_err(|e| fail(FailureKind::Missing, format!("The file cannot be opened: {e}.")))?;
        let input = BufReader::with_capacity(1 << 16, file);
        match Packing::of(&probe.head) {
            Some(Packing::Zip) => zipped(input, probe),
            Some(Packing::Bzip2) => one(bzip2::bufread::MultiBzDecoder::new(input), probe, Packing::Bzip2),
            _ => one(flate2::bufread::MultiGzDecoder::new(input), probe, Packing::Gzip),
        }
    }
}

/// A compressed file.
fn one(stream: impl Read, probe: &Probe, packing: Packing) -> Result<Contents> {
    let name = stem(&probe.name).to_owned();
    let mut left = MAX_UNPACKED;
    let unpacked = Unpacked::from(stream, &mut left, packing.label())?;
    let contents = open(unpacked, name)?;
    Ok(Contents { label: format!("{} in {}", contents.label, packing.label()), ..contents })
}

/// A name without the ending that only says how the file is packed.
fn stem(name: &str) -> &str {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    if ["gz", "bz2", "zip"].iter().any(|e| ending.eq_ignore_ascii_case(e)) { stem } else { name }
}

/// A zip archive.
fn zipped(input: BufReader<File>, probe: &Probe) -> Result<Contents> {
    let broken = |e: zip::result::ZipError| damaged("The zip archive", &e);
    let mut zip = ZipArchive::new(input).map_err(broken)?;
    if zip.len() > MAX_MEMBERS {
        let text = format!("The zip archive lists {} files; at most {MAX_MEMBERS} are looked at.", zip.len());
        return Err(fail(FailureKind::TooLarge, text));
    }
    let mut members: Vec<(usize, String)> = Vec::new();
    let (mut names, mut all) = (Vec::<String>::new(), Vec::<(usize, String)>::new());
    for k in 0..zip.len() {
        let entry = zip.by_index_raw(k).map_err(broken)?;
        // A path that leads out of the archive is nobody's granule.
        let Some(inside) = entry.enclosed_name() else { continue };
        let name = inside.to_string_lossy().replace('\\', "/");
        if !entry.is_dir() {
            all.push((k, name.clone()));
        }
        let hidden = name.split('/').any(|part| part.starts_with('.') || part == "__MACOSX");
        if entry.is_dir() || hidden {
            continue;
        }
        names.push(name.clone());
        let known = name.rsplit_once('.').is_some_and(|(_, e)| READABLE.iter().any(|r| e.eq_ignore_ascii_case(r)));
        if known {
            if entry.encrypted() {
                let text = format!("{name} in the zip archive is locked by a password; unpack it first.");
                return Err(fail(FailureKind::NotMine, text));
            }
            members.push((k, name));
        }
    }
    let mut zip = match zarr::Store::zip(zip, &all) {
        Ok(store) => {
            let contents = zarr::open(store)?;
            return Ok(Contents { label: format!("{} in zip", contents.label), ..contents });
        }
        Err(zip) => zip,
    };
    if let Some(root) = safe::root_in(&all) {
        let dir = tempfile::Builder::new().prefix("seaglass-").tempdir().map_err(|e| no_room(&e))?;
        let mut left = MAX_UNPACKED;
        for (k, name) in all.iter().filter(|(_, name)| safe::is_needed(&root, name)) {
            let to = dir.path().join(name);
            std::fs::create_dir_all(to.parent().unwrap_or(dir.path())).map_err(|e| no_room(&e))?;
            unpack(zip.by_index(*k).map_err(broken)?, &mut left, "zip", File::create(&to).map_err(|e| no_room(&e))?)?;
        }
        let name = root.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
        let contents = safe::folder(&dir.path().join(&root), &name)?;
        contents.values.keep_open();
        // Open files live on without their names; elsewhere they keep them as long as this lives.
        let dir = if cfg!(unix) { None } else { Some(dir) };
        let label = format!("{} in zip", contents.label);
        return Ok(Contents {
            label,
            values: Box::new(Held { values: contents.values, _file: None, _dir: dir }),
            ..contents
        });
    }
    if members.len() > MAX_TOGETHER {
        let text = format!(
            "The zip archive holds {} files; at most {MAX_TOGETHER} are opened together: unpack it and open its folder.",
            members.len()
        );
        return Err(fail(FailureKind::TooLarge, text));
    }
    members.sort_by(|a, b| a.1.cmp(&b.1));
    if members.is_empty() {
        return Err(fail(FailureKind::NotMine, nothing_inside(&names)));
    }
    let mut left = MAX_UNPACKED;
    let mut opened = Vec::new();
    let many = members.len() > 1;
    for (k, path) in members {
        let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
        let unpacked = Unpacked::from(zip.by_index(k).map_err(broken)?, &mut left, "zip")?;
        match open(unpacked, name.clone()) {
            Ok(contents) => opened.push(Member { path, contents }),
            Err(e) if many => log::info!("{name}: {}", e.message),
            Err(e) => return Err(e),
        }
    }
    let outer = stem(&probe.name).to_owned();
    let merged = merge::members(opened, &outer)?;
    Ok(Contents { label: format!("{} in zip", merged.label), ..merged })
}

/// Files of an archive opened together.
const MAX_TOGETHER: usize = 64;
/// Endings of files inside an archive that are tried.
const READABLE: [&str; 17] = [
    "csv", "tsv", "nc", "nc3", "nc4", "netcdf", "cdf", "h5", "hdf5", "he5", "grd", "tif", "tiff", "grib", "grb",
    "grib2", "grb2",
];

fn nothing_inside(names: &[String]) -> String {
    let some: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
    let more = if names.len() > some.len() { " …" } else { "" };
    match names {
        [] => "The zip archive holds no files.".to_owned(),
        _ => format!("The zip archive holds no file of a kind read here, only {}{more}; unpack it.", some.join(", ")),
    }
}

/// Opens an unpacked file, which lives as long as the contents.
fn open(unpacked: Unpacked, name: String) -> Result<Contents> {
    let path = unpacked.0.path().to_owned();
    let probe = Probe { name: name.clone(), ..sniff::look(&path)? };
    if Packing::of(&probe.head).is_some() {
        let text = format!("{name} inside is an archive again; unpack it first.");
        return Err(fail(FailureKind::NotMine, text));
    }
    let contents = by_probe(&path, &probe, FORMATS)?;
    let name = if contents.name.is_empty() { name } else { contents.name };
    contents.values.keep_open();
    // Without its name the file is gone with this process, however that ends; elsewhere an open file keeps its name.
    let file = if cfg!(unix) { None } else { Some(unpacked) };
    Ok(Contents { name, values: Box::new(Held { values: contents.values, _file: file, _dir: None }), ..contents })
}

/// A new file that is removed when this is dropped.
struct Unpacked(tempfile::NamedTempFile);

fn no_room(e: &dyn std::fmt::Display) -> seaglass_core::protocol::ReadFailure {
    let text = format!("There is no room to unpack the file in {}: {e}.", std::env::temp_dir().display());
    fail(FailureKind::TooLarge, text)
}

impl Unpacked {
    /// All of a stream, at most `left` bytes of it, which are taken from `left`.
    fn from(stream: impl Read, left: &mut u64, packing: &str) -> Result<Self> {
        let mut file = tempfile::Builder::new().prefix("seaglass-").tempfile().map_err(|e| no_room(&e))?;
        unpack(stream, left, packing, &mut file)?;
        Ok(Self(file))
    }
}

/// Copies all of a stream, at most `left` bytes of it, which are taken from `left`.
fn unpack(mut stream: impl Read, left: &mut u64, packing: &str, mut file: impl Write) -> Result<()> {
    let mut block = vec![0; 1 << 18];
    loop {
        let n = match stream.read(&mut block) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(damaged(&format!("The {packing} archive"), &e)),
        };
        *left = left.checked_sub(n as u64).ok_or_else(|| {
            let text = format!(
                "Unpacked, the file has more than {} GiB; unpack it yourself and open what is inside.",
                MAX_UNPACKED >> 30
            );
            fail(FailureKind::TooLarge, text)
        })?;
        file.write_all(&block[..n]).map_err(|e| no_room(&e))?;
    }
    file.flush().map_err(|e| no_room(&e))
}

/// Values with the file they lie in; dropped in this order.
struct Held {
    values: Box<dyn Values>,
    _file: Option<Unpacked>,
    _dir: Option<tempfile::TempDir>,
}

impl Values for Held {
    fn read(&self, index: usize, var: &Var, start: &[usize], count: &[usize]) -> Result<Raw> {
        self.values.read(index, var, start, count)
    }

    fn chunk_layout(&self, index: usize, var: &Var) -> Option<Rc<fast::Layout>> {
        self.values.chunk_layout(index, var)
    }

    fn keep_open(&self) {
        self.values.keep_open();
    }

    fn bytes(&self, index: usize) -> Option<&File> {
        self.values.bytes(index)
    }

    fn overview(&self, index: usize, rows: &[usize], cols: &[usize], stride: usize) -> Option<Result<Raw>> {
        self.values.overview(index, rows, cols, stride)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A gzip member of 1 MiB of zeros is a thousandth of that on disk; many of them are one stream.
    #[test]
    fn a_bomb_ends_at_the_limit() {
        let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        member.write_all(&vec![0; 1 << 20]).unwrap();
        let member = member.finish().unwrap();
        let bomb: Vec<u8> = (0..64).flat_map(|_| member.iter().copied()).collect();
        assert!(bomb.len() < 1 << 17);
        let unpack = |mut left: u64| {
            let stream = flate2::bufread::MultiGzDecoder::new(bomb.as_slice());
            (Unpacked::from(stream, &mut left, "gzip").err().map(|e| e.kind), left)
        };
        assert_eq!(unpack(64 << 20), (None, 0));
        let (error, left) = unpack((64 << 20) - 1);
        assert_eq!(error, Some(FailureKind::TooLarge));
        assert!(left < 1 << 20, "it stopped at the limit, not at the end");
    }

    #[test]
    fn endings_of_packing_are_no_part_of_the_name() {
        let stems = ["a.nc.gz", "a.NC.BZ2", "a.nc", "a.zip", "gz"].map(stem);
        assert_eq!(stems, ["a.nc", "a.NC", "a.nc", "a", "gz"]);
    }
}
