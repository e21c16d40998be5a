//! Archives with shapes: KMZ, and shapefiles as they are usually handed on.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use seaglass_core::protocol::FailureKind;
use zip::ZipArchive;

use super::shp::{self, Parts};
use super::{MAX_BYTES, Sink, kml};
use crate::error::{Result, fail};

/// Entries looked through.
const MOST_ENTRIES: usize = 100_000;

fn extension_of(name: &str) -> String {
    name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase()).unwrap_or_default()
}

/// Names of entries; those in no known encoding are passed over.
fn names_of(archive: &ZipArchive<File>) -> Vec<String> {
    archive.file_names().take(MOST_ENTRIES).flatten().map(|n| n.into_owned()).collect()
}

/// Whether an archive holds a KML file or a shapefile.
pub(super) fn holds_shapes(path: &Path) -> bool {
    let archive = File::open(path).ok().and_then(|f| ZipArchive::new(f).ok());
    archive.is_some_and(|a| names_of(&a).iter().any(|n| matches!(extension_of(n).as_str(), "kml" | "shp")))
}

/// Reads what is in the archive; gives its format.
pub(super) fn read(path: &Path, sink: &mut Sink) -> Result<String> {
    let broken = |e: &dyn std::fmt::Display| {
        fail(FailureKind::Damaged, format!("The archive cannot be read: {e}. Fetch it again."))
    };
    let file = File::open(path).map_err(|e| broken(&e))?;
    let mut archive = ZipArchive::new(file).map_err(|e| broken(&e))?;
    let names: Vec<String> = names_of(&archive);
    let mut take = |name: &str| -> Result<Vec<u8>> {
        let entry = archive.by_name(name).map_err(|e| broken(&e))?;
        let mut bytes = Vec::new();
        // What an archive says of its contents is not believed.
        entry.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| broken(&e))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(super::too_large());
        }
        Ok(bytes)
    };
    let own = |n: &&String| !n.starts_with("__MACOSX");
    let mut kmls: Vec<&String> = names.iter().filter(own).filter(|n| extension_of(n) == "kml").collect();
    // The first one at the top is the document; others are linked from it.
    kmls.sort_by_key(|n| (n.matches('/').count(), **n != "doc.kml"));
    if let Some(name) = kmls.first() {
        kml::read(&take(name)?, sink)?;
        return Ok("KMZ".to_owned());
    }
    let shapefiles: Vec<&String> = names.iter().filter(own).filter(|n| extension_of(n) == "shp").collect();
    for name in shapefiles {
        let stem = name.get(..name.len() - 4).unwrap_or_default();
        let beside = |extension: &str| {
            let is = |n: &&String| {
                n.get(..stem.len()) == Some(stem) && n.len() == stem.len() + 4 && extension_of(n) == extension
            };
            names.iter().find(is)
        };
        let shp = take(name)?;
        let dbf = beside("dbf").map(|n| take(n)).transpose()?;
        let mut text = |extension| -> Result<Option<String>> {
            let bytes: Option<Vec<u8>> = beside(extension).map(|n| take(n)).transpose()?;
            Ok(bytes.map(|b| String::from_utf8_lossy(&b).into_owned()))
        };
        let (prj, cpg) = (text("prj")?, text("cpg")?);
        shp::read(Parts { shp, dbf, prj, cpg }, sink)?;
    }
    Ok("Zipped shapefile".to_owned())
}
