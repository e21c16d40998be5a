//! Folders that are one product: SAFE of Sentinel-1 (images, and the netCDF files of ocean products) and Sentinel-2 (true
//! colour), and SEN3 of Sentinel-3.

mod annotation;
mod cmod;
mod grd;
mod lut;
mod msi;
mod tree;

use std::path::{Path, PathBuf};

use seaglass_core::protocol::FailureKind;

use crate::error::{Result, fail};
use crate::format::{Contents, FORMATS, Format, Probe, by_probe};
use crate::merge::{self, Member};
use crate::sniff;

/// The format.
pub struct Safe;

/// Files by which a folder is known as one product.
pub const MARKS: [&str; 2] = ["manifest.safe", "xfdumanifest.xml"];
/// Files that only products of Sentinel-2 have.
const MSI: [&str; 2] = ["MTD_MSIL1C.xml", "MTD_MSIL2A.xml"];
/// Files of a folder opened together.
const MAX_TOGETHER: usize = 64;

impl Format for Safe {
    fn identify(&self, probe: &Probe) -> bool {
        probe.folder && MARKS.iter().any(|m| probe.path.join(m).is_file())
    }

    fn open(&self, path: &Path, probe: &Probe) -> Result<Contents> {
        folder(path, &probe.name)
    }
}

/// Opens the folder of a product.
pub fn folder(path: &Path, name: &str) -> Result<Contents> {
    let mut contents = if path.join("xfdumanifest.xml").is_file() {
        sentinel3(path, name)?
    } else if name.starts_with("S2") || MSI.iter().any(|m| path.join(m).is_file()) {
        msi::open(path)?
    } else {
        sentinel1(path)?
    };
    contents.name = name.to_owned();
    Ok(contents)
}

/// The folder of an image of Sentinel-1 or Sentinel-2, with a slash at its end, among the files of an archive.
pub fn root_in(files: &[(usize, String)]) -> Option<String> {
    let root = files
        .iter()
        .find_map(|(_, f)| f.strip_suffix(MARKS[0]).filter(|r| r.to_ascii_uppercase().contains(".SAFE/")))?;
    let of_image = |f: &String| {
        f.strip_prefix(root).is_some_and(|f| (f.starts_with("measurement/") && is_tiff(f)) || f.starts_with("GRANULE/"))
    };
    files.iter().any(|(_, f)| of_image(f)).then(|| root.to_owned())
}

fn is_tiff(file: &str) -> bool {
    [".tiff", ".tif"].iter().any(|e| file.to_ascii_lowercase().ends_with(e))
}

/// Whether a file of an archive is needed to read the image in that folder.
pub fn is_needed(root: &str, file: &str) -> bool {
    file.strip_prefix(root).is_some_and(|f| {
        let xml = f.to_ascii_lowercase().ends_with(".xml");
        (f.starts_with("annotation/") && xml)
            || (f.starts_with("measurement/") && is_tiff(f))
            || (f.starts_with("GRANULE/") && msi::is_needed(f))
            || f == MARKS[0]
            || MSI.contains(&f)
    })
}

fn sentinel1(path: &Path) -> Result<Contents> {
    let measurement = path.join("measurement");
    let ocean = grd::files(&measurement, &[".nc"]);
    if !ocean.is_empty() {
        let contents = together(&ocean, "", false)?;
        return Ok(Contents { label: format!("Sentinel-1 SAFE ({})", contents.label), ..contents });
    }
    let images = grd::files(&measurement, &[".tiff", ".tif"]);
    if images.is_empty() {
        let text = "The folder of this Sentinel-1 product has no measurement; it was not unpacked or fetched whole.";
        return Err(fail(FailureKind::NothingToShow, text));
    }
    grd::open(path, &images)
}

fn sentinel3(path: &Path, name: &str) -> Result<Contents> {
    let all = grd::files(path, &[".nc"]);
    // The files of the altimeter hold the same measurements, in more or less detail.
    let detailed = ["enhanced_measurement.nc", "standard_measurement.nc", "reduced_measurement.nc"];
    let best = detailed.iter().find_map(|d| all.iter().find(|p| p.file_name().is_some_and(|n| n == *d)));
    let files = best.map_or(all.clone(), |one| vec![one.clone()]);
    if files.is_empty() {
        let text = "The folder of this Sentinel-3 product has no netCDF file; it was not unpacked or fetched whole.";
        return Err(fail(FailureKind::NothingToShow, text));
    }
    let contents = together(&files, name, true)?;
    Ok(Contents { label: format!("SEN3 ({})", contents.label), ..contents })
}

/// Some netCDF files as one; those that cannot be read are said.
fn together(files: &[PathBuf], name: &str, shared: bool) -> Result<Contents> {
    let (mut members, mut notes, mut failure) = (Vec::new(), Vec::new(), None);
    if files.len() > MAX_TOGETHER {
        notes.push(format!("The folder holds {} files; the first {MAX_TOGETHER} are shown.", files.len()));
    }
    for path in files.iter().take(MAX_TOGETHER) {
        let probe = sniff::look(path)?;
        match by_probe(path, &probe, FORMATS) {
            Ok(contents) => members.push(Member { path: probe.name, contents }),
            Err(e) => {
                notes.push(format!("{} is left out: {}", probe.name, e.message));
                failure = Some(e);
            }
        }
    }
    let mut contents = match (members.len(), failure) {
        (0, Some(e)) => return Err(e),
        (1, _) => members.remove(0).contents,
        _ => merge::merge(members, name, shared),
    };
    contents.notes.extend(notes);
    Ok(contents)
}
