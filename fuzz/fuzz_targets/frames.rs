//! Headers of our own protocol: any bytes are a request or a sentence.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err((_, sentence)) = seaglass_control::frames::read_ask(bytes) {
        assert!(!sentence.is_empty());
    }
});
