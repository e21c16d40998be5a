//! Compressed files and zip archives open as they are, and harm nothing when they are broken.
#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

mod common;

use std::io::Write;
use std::path::{Path, PathBuf};

use common::{add, axes, open};
use seaglass_core::protocol::FailureKind;

const RULE: &str = "[product]\nid='t'\ntitle='T'\n[match]\nfiles=['day*.nc']\n";

/// A small grid with the values row × 10 + column, plus `base`.
fn netcdf(path: &Path, base: f32) {
    let mut file = netcdf::create(path).unwrap();
    axes(&mut file, 3, 4).unwrap();
    let values: Vec<f32> = (0..12).map(|k| base + (k / 4 * 10 + k % 4) as f32).collect();
    add(&mut file, "sst", &["lat", "lon"], &values, &[("units", "degC")]).unwrap();
}

fn netcdf_bytes(dir: &Path, base: f32) -> Vec<u8> {
    let path = dir.join("plain.bin");
    netcdf(&path, base);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zip(path: &Path, members: &[(&str, &[u8])]) {
    let mut out = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    for (name, bytes) in members {
        out.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(bytes).unwrap();
    }
    out.finish().unwrap();
}

fn put(dir: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn compressed_files_open_under_the_rules_of_what_is_inside() {
    let dir = tempfile::tempdir().unwrap();
    let plain = netcdf_bytes(dir.path(), 0.0);
    let mut bz = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    bz.write_all(&plain).unwrap();
    for (name, bytes, label) in
        [("day1.nc.gz", gzip(&plain), "netCDF-4 in gzip"), ("day1.nc.bz2", bz.finish().unwrap(), "netCDF-4 in bzip2")]
    {
        let mut file = open(&put(dir.path(), name, &bytes), &[RULE]).unwrap();
        assert_eq!(file.info.format, label);
        assert_eq!(file.info.product.as_deref(), Some("t"), "the product knows the file by the name of what is inside");
        assert_eq!(file.value("sst", 2, 3), Some(23.0));
    }
    // gzip allows several streams one after the other (bgzip, pigz).
    let (a, b) = plain.split_at(plain.len() / 2);
    let joined = [gzip(a), gzip(b)].concat();
    assert_eq!(open(&put(dir.path(), "j.nc.gz", &joined), &[]).unwrap().value("sst", 1, 2), Some(12.0));
}

#[test]
fn zip_archives_show_what_is_inside() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (netcdf_bytes(dir.path(), 0.0), netcdf_bytes(dir.path(), 100.0));
    let path = dir.path().join("a.zip");
    zip(&path, &[("sub/readme.txt", b"hello"), ("__MACOSX/day1.nc", b"junk"), ("sub/day1.nc", &one)]);
    let mut file = open(&path, &[RULE]).unwrap();
    assert_eq!((file.info.format.as_str(), file.info.product.as_deref()), ("netCDF-4 in zip", Some("t")));
    assert_eq!(file.value("sst", 2, 1), Some(21.0));

    let path = dir.path().join("two.zip");
    zip(&path, &[("day1.nc", &one), ("day2.nc", &two)]);
    let mut file = open(&path, &[]).unwrap();
    let names: Vec<&str> = file.info.parts.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["day1", "day2"], "each file is a group");
    assert_eq!((file.value("day1/sst", 1, 1), file.value("day2/sst", 1, 1)), (Some(11.0), Some(111.0)));
}

#[test]
fn broken_and_foreign_archives_are_refused_in_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let plain = netcdf_bytes(dir.path(), 0.0);
    let whole = gzip(&plain);
    let refusal = |name: &str, bytes: &[u8]| open(&put(dir.path(), name, bytes), &[]).err().unwrap();
    let cut = refusal("cut.nc.gz", &whole[..whole.len() / 2]);
    assert_eq!(cut.kind, FailureKind::Damaged);
    assert!(cut.message.contains("gzip") && cut.message.contains("fetch it again"), "{}", cut.message);
    let mut flipped = whole.clone();
    let last = flipped.len() - 6; // the checksum
    flipped[last] ^= 0xff;
    assert_eq!(refusal("flipped.nc.gz", &flipped).kind, FailureKind::Damaged);
    let text = refusal("notes.txt.gz", &gzip(b"only words\n"));
    assert!(text.message.contains("text"), "{}", text.message);
    let twice = refusal("twice.nc.gz.gz", &gzip(&whole));
    assert!(twice.message.contains("archive again"), "{}", twice.message);

    let path = dir.path().join("none.zip");
    zip(&path, &[("a.doc", b"x"), ("b/c.doc", b"y")]);
    let nothing = open(&path, &[]).err().unwrap().message;
    assert!(nothing.contains("a.doc") && nothing.contains("b/c.doc"), "{nothing}");
    zip(&path, &[]);
    assert!(open(&path, &[]).err().unwrap().message.contains("no files"));
    zip(&path, &[("x.nc", &plain)]);
    let bytes = std::fs::read(&path).unwrap();
    let cut = refusal("cut.zip", &bytes[..bytes.len() - 40]);
    assert!(cut.message.starts_with("The zip archive cannot be read"), "{}", cut.message);
}
