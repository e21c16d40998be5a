//! Tells the crate which commit it is built from, for the record beside results.
//!
//! `SEAGLASS_COMMIT` says it where sources come without their history. Development builds say `development`: to follow
//! every commit they would be built anew after each.

use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-env-changed=SEAGLASS_COMMIT");
    println!("cargo::rerun-if-changed=build.rs");
    let given = std::env::var("SEAGLASS_COMMIT").ok().filter(|c| !c.is_empty());
    let commit = given.unwrap_or_else(|| match std::env::var("PROFILE").as_deref() {
        Ok("release") => head().unwrap_or_else(|| "unknown".to_owned()),
        _ => "development".to_owned(),
    });
    println!("cargo::rustc-env=SEAGLASS_COMMIT={commit}");
}

/// The commit of the working tree, as git's files have it.
fn head() -> Option<String> {
    let git = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.git");
    let text = read(&git.join("HEAD"))?;
    let Some(reference) = text.strip_prefix("ref: ") else { return is_commit(text) };
    let direct = git.join(reference);
    if let Some(commit) = read(&direct).and_then(is_commit) {
        return Some(commit);
    }
    // A branch that git has packed away: the file appears with its next commit.
    watch(&git.join("refs/heads"));
    let packed = read(&git.join("packed-refs"))?;
    packed.lines().find_map(|l| is_commit(l.strip_suffix(reference)?.trim().to_owned()))
}

fn read(path: &PathBuf) -> Option<String> {
    watch(path);
    Some(std::fs::read_to_string(path).ok()?.trim().to_owned())
}

fn watch(path: &Path) {
    if path.exists() {
        println!("cargo::rerun-if-changed={}", path.display());
    }
}

fn is_commit(text: String) -> Option<String> {
    (text.len() >= 40 && text.bytes().all(|b| b.is_ascii_hexdigit())).then_some(text)
}
