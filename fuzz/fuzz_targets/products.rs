//! Product files of users: a product, or errors in words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seaglass_data::registry::Registry;

fuzz_target!(|text: &str| {
    let mut registry = Registry::default();
    registry.add("yours.toml", text);
    assert!(registry.errors().iter().all(|e| !e.to_string().is_empty()));
});
