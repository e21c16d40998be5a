//! Arrays in numpy's `.npy` format, version 1, little-endian, row order.

use std::fs;
use std::path::Path;

fn open(path: &Path, kind: &str) -> (Vec<u8>, usize, Vec<usize>) {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert_eq!(&bytes[..6], b"\x93NUMPY", "{}", path.display());
    let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = String::from_utf8_lossy(&bytes[10..10 + length]).into_owned();
    assert!(kind.is_empty() || header.contains(kind), "{}: {header}", path.display());
    let shape = header.split('(').nth(1).and_then(|s| s.split(')').next()).expect("a shape");
    let shape = shape.split(',').filter_map(|v| v.trim().parse().ok()).collect();
    (bytes, 10 + length, shape)
}

/// Shape of an array.
pub fn shape(path: &Path) -> Vec<usize> {
    open(path, "").2
}

/// Whole numbers of 32 bits.
pub fn i32(path: &Path) -> Vec<i32> {
    let (bytes, at, _) = open(path, "<i4");
    bytes[at..].as_chunks().0.iter().map(|b| i32::from_le_bytes(*b)).collect()
}

/// Whole numbers of 64 bits.
pub fn i64(path: &Path) -> Vec<i64> {
    let (bytes, at, _) = open(path, "<i8");
    bytes[at..].as_chunks().0.iter().map(|b| i64::from_le_bytes(*b)).collect()
}

/// Truth values.
pub fn bool(path: &Path) -> Vec<bool> {
    let (bytes, at, _) = open(path, "|b1");
    bytes[at..].iter().map(|b| *b != 0).collect()
}
