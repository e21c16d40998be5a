//! Families of products, each by a small file of its documented structure (names, dimensions, packing, flags) and, where
//! there is one beside the repository, a real granule: claimed by the product, with the values that were written.

#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

mod common;

#[path = "families/colour.rs"]
mod colour;
#[path = "families/insitu.rs"]
mod insitu;
#[path = "families/models.rs"]
mod models;
#[path = "families/surface.rs"]
mod surface;

use common::fixture::toml;
use common::{Opened, granules, open};

/// A real granule, opened with the product.
fn real(file: &str, product: &str) -> Option<Opened> {
    let path = granules()?.join(file);
    if !path.exists() {
        println!("skipped: {file} is not here");
        return None;
    }
    let opened = open(&path, &[&toml(product)]).unwrap();
    assert_eq!(opened.info.product.as_deref(), Some(product), "{file}");
    Some(opened)
}
