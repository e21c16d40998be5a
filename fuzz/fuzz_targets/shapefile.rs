//! Shapefiles with their tables: two bytes with the length of the .shp (little-endian), the .shp, the .dbf.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seaglass_fuzz::{look, write};

fuzz_target!(|bytes: &[u8]| {
    let Some((len, rest)) = bytes.split_first_chunk::<2>() else { return };
    let (shp, dbf) = rest.split_at(usize::from(u16::from_le_bytes(*len)).min(rest.len()));
    write("a.dbf", dbf);
    look(&write("a.shp", shp));
});
