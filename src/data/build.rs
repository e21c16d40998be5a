//! Embeds the product files of `readers/` into the crate.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let readers = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../../readers");
    println!("cargo:rerun-if-changed={}", readers.display());
    let mut files: Vec<PathBuf> = match std::fs::read_dir(&readers) {
        Ok(entries) => entries.filter_map(|e| Some(e.ok()?.path())).collect(),
        Err(_) => Vec::new(),
    };
    files.retain(|p| p.extension().is_some_and(|e| e == "toml"));
    files.sort();
    let mut code = String::from("&[\n");
    for file in &files {
        println!("cargo:rerun-if-changed={}", file.display());
        let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        writeln!(code, "    ({:?}, include_str!({:?})),", format!("readers/{name}"), file.canonicalize()?)?;
    }
    code.push(']');
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("products.in"), code)?;
    Ok(())
}
