//! GRIB messages of both editions and every packing.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| seaglass_fuzz::open("a.grib", bytes));
