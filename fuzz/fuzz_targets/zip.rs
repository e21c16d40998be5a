//! Archives. The first byte says how: 0, the rest is the archive; else the rest are members, each a byte for its name, two
//! for its length (little-endian) and its bytes, so that checksums are right and what lies inside is looked at.
#![no_main]

use std::io::{Cursor, Write};

use libfuzzer_sys::fuzz_target;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Names by which archives are told apart, and some that must lead nowhere.
const NAMES: [&str; 24] = [
    ".zgroup",
    ".zattrs",
    ".zarray",
    "0",
    "0.0",
    ".zmetadata",
    "zarr.json",
    "c/0/0",
    "lon/.zarray",
    "lon/0",
    "lat/.zarray",
    "lat/0",
    "v/.zarray",
    "v/.zattrs",
    "v/0.0",
    "a.shp",
    "a.dbf",
    "a.prj",
    "doc.kml",
    "a.geojson",
    "a.csv",
    "../a.kml",
    "/a.csv",
    "S1A_IW_GRDH_1SDV.SAFE/manifest.safe",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((how, mut rest)) = bytes.split_first() else { return };
    if *how == 0 {
        return seaglass_fuzz::open("a.zip", rest);
    }
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    while let Some(([name, low, high], after)) = rest.split_first_chunk::<3>() {
        let (content, after) = after.split_at(usize::from(u16::from_le_bytes([*low, *high])).min(after.len()));
        rest = after;
        // The same name twice is refused by the writer.
        if archive.start_file(NAMES[usize::from(*name) % NAMES.len()], stored).is_ok() {
            archive.write_all(content).expect("a member");
        }
    }
    let whole = archive.finish().expect("an archive").into_inner();
    seaglass_fuzz::open(if how % 2 == 1 { "a.zarr.zip" } else { "a.zip" }, &whole);
});
