//! Descriptions of files that are not there.

#![allow(dead_code, reason = "each test uses a part")]

use seaglass_core::geo::{GeoBox, LonLat};
use seaglass_core::granule::{FileInfo, GeometryKind, PartInfo};
use seaglass_core::time::{Time, TimeSpan};
use seaglass_index::{Entry, FileMark};

/// A file of one part.
pub fn file(product: &str, span: Option<(i64, i64)>, bounds: GeoBox) -> FileInfo {
    let field = serde_json::json!({ "name": "ssha", "variable": "ssha", "units": "m" });
    FileInfo {
        product: Some(product.to_owned()),
        title: product.to_uppercase(),
        short: None,
        format: "netCDF-4".to_owned(),
        parts: vec![PartInfo {
            name: String::new(),
            geometry: GeometryKind::Swath,
            shape: [100, 69],
            bounds,
            footprint: Vec::<LonLat>::new(),
            span: span.map(|(a, b)| TimeSpan::new(Time::from_micros(a), Time::from_micros(b))),
            steps: Vec::new(),
            fields: vec![serde_json::from_value(field).unwrap()],
        }],
        notes: Vec::new(),
        attributes: Vec::new(),
    }
}

/// A file to be put in.
pub fn entry(path: String, info: FileInfo) -> Entry {
    Entry { path, mark: FileMark { size: 1, mtime_ns: 2, reader: 3 }, told: Ok(Box::new(info)) }
}
