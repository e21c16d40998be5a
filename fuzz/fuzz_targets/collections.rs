//! Collection files and palettes of SEAScope workspaces, found beside a file: `.ini`, then a NUL, then `.rgb`.
#![no_main]

use std::cell::Cell;

use libfuzzer_sys::fuzz_target;
use seaglass_data::registry::Registry;
use seaglass_fuzz::folder;

thread_local!(static ROUND: Cell<u64> = const { Cell::new(0) });

fuzz_target!(|bytes: &[u8]| {
    let (ini, palette) = match bytes.iter().position(|b| *b == 0) {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[][..]),
    };
    // A folder each time: what has been looked at is not looked at again at once.
    let round = ROUND.replace(ROUND.get() + 1);
    let root = folder().join(round.to_string());
    for below in ["data/sst", "colormaps"] {
        std::fs::create_dir_all(root.join(below)).expect("a workspace");
    }
    std::fs::write(root.join("data/sst.ini"), ini).expect("a collection file");
    std::fs::write(root.join("colormaps/own.rgb"), palette).expect("a palette");
    let registry = Registry::default();
    let found = registry.candidates(&root.join("data/sst/a.nc"));
    assert!(found.iter().all(|p| p.reader.is_none()), "a folder of data names no programs");
    std::hint::black_box(registry.new_colormaps().len());
    std::fs::remove_dir_all(&root).expect("the workspace is taken away");
});
