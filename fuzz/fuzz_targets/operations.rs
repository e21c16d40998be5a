//! Requests of the published client: any bytes are a request or a refusal.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _request_or_refusal = seaglass_control::wire::Request::decode(bytes);
});
