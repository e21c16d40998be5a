//! Files that take values from other files are refused: what somebody sends must not show what else lies here.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::path::Path;

use common::open;
use hdf5_metno::File;

/// A file with a field on a grid, and what `add` makes of it; answers the refusal.
fn refusal(dir: &Path, add: impl FnOnce(&File)) -> Option<String> {
    let path = dir.join("sent.nc");
    let mut file = netcdf::create(&path).unwrap();
    common::axes(&mut file, 10, 10).unwrap();
    common::add(&mut file, "t", &["lat", "lon"], &[1.0f64; 100], &[]).unwrap();
    drop(file);
    let file = File::open_rw(&path).unwrap();
    add(&file);
    drop(file);
    open(&path, &[]).err().map(|e| e.message)
}

#[test]
fn what_lies_in_another_file_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret");
    std::fs::write(&secret, [7u8; 100]).unwrap();
    let name = secret.to_str().unwrap();
    let other = File::create(dir.path().join("other.h5")).unwrap();
    other.new_dataset::<u8>().shape([10, 10]).create("v").unwrap();
    drop(other);
    let says = |what: &str| {
        Some(format!("\"{what}\" in it lies in another file, which is not read; copy the values into one file."))
    };
    let external = refusal(dir.path(), |f| {
        f.new_dataset::<u8>().shape([10, 10]).external(name, 0, 100).create("outside").unwrap();
    });
    assert_eq!(external, says("outside"));
    let link = refusal(dir.path(), |f| {
        let group = f.create_group("deep").unwrap();
        group.link_external("other.h5", "/v", "beyond").unwrap();
    });
    assert_eq!(link, says("beyond"));
    let mapped = refusal(dir.path(), |f| {
        f.new_dataset::<u8>()
            .shape([10, 10])
            .virtual_map("other.h5", "v", [10, 10], .., [10, 10], ..)
            .create("mapped")
            .unwrap();
    });
    assert_eq!(mapped, says("mapped"));
    assert_eq!(refusal(dir.path(), |_| ()), None, "a file of its own is read");
}
