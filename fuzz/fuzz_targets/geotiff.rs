//! GeoTIFF: directories, keys, strips and tiles.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| seaglass_fuzz::open("a.tif", bytes));
