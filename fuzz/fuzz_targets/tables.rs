//! Tables in text: header, units, times, numbers, words.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| seaglass_fuzz::open("a.csv", bytes));
