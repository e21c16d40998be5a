//! GeoJSON, KML and GPX, told apart by their first bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| seaglass_fuzz::open("a.geojson", bytes));
