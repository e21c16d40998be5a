//! Borders of the workspace: which crate may name which, where each outside library may be used, and house rules
//! that a compiler does not check. A failure names the file and the rule (`ARCHITECTURE.md`, "Layers").

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Direct dependencies (normal and build, not dev) of every workspace package.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let out = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&out.stdout).expect("metadata are JSON");
    let names = |p: &serde_json::Value| {
        let all = p["dependencies"].as_array().expect("a list").iter();
        all.filter(|d| d["kind"] != "dev").map(|d| d["name"].as_str().expect("a name").to_owned()).collect()
    };
    let packages = metadata["packages"].as_array().expect("a list");
    packages.iter().map(|p| (p["name"].as_str().expect("a name").to_owned(), names(p))).collect()
}

/// Files below a folder of the repository with one of these extensions.
fn files(folder: &str, extensions: &[&str]) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.map(|e| e.expect("a readable folder").path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| extensions.iter().any(|x| e == *x)) {
                out.push(path);
            }
        }
    }
    out.sort();
    out
}

fn text(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).expect("a readable file")).into_owned()
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Whether `word` occurs in `line` and is not part of a longer identifier.
fn names(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(k, _)| {
        !line[..k].chars().next_back().is_some_and(part) && !line[k + word.len()..].chars().next().is_some_and(part)
    })
}

/// Lines of code (comments and texts left out) below `folder` that name one of `words`.
fn uses(folder: &str, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for path in files(folder, &["rs"]) {
        for (k, line) in text(&path).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            // Every second piece between quotation marks is text.
            let code = code.split('"').step_by(2).collect::<Vec<_>>().join(" ");
            if words.iter().any(|w| names(&code, w)) {
                found.push(format!("{}:{}: {}", shown(&path), k + 1, line.trim()));
            }
        }
    }
    found
}

#[test]
fn crates_look_only_downward() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("seaglass-coloc", &[][..]),
        ("seaglass-core", &[]),
        ("seaglass-control", &["seaglass-core"]),
        ("seaglass-data", &["seaglass-core"]),
        ("seaglass-formats", &["seaglass-core"]),
        ("seaglass-index", &["seaglass-core", "seaglass-data"]),
        ("seaglass-render", &["seaglass-core"]),
        ("seaglass-jobs", &["seaglass-core", "seaglass-data", "seaglass-coloc"]),
        (
            "seaglass-host",
            &[
                "seaglass-core",
                "seaglass-control",
                "seaglass-coloc",
                "seaglass-data",
                "seaglass-index",
                "seaglass-jobs",
                "seaglass-render",
            ],
        ),
        (
            "seaglass",
            &[
                "seaglass-core",
                "seaglass-control",
                "seaglass-data",
                "seaglass-render",
                "seaglass-host",
                "seaglass-jobs",
                "seaglass-formats",
                "seaglass-tr",
            ],
        ),
        ("seaglass-tr", &[]),
        ("xtask", &[]),
    ]);
    let all = dependencies();
    assert_eq!(
        all.keys().map(String::as_str).collect::<Vec<_>>(),
        allowed.keys().copied().collect::<Vec<_>>(),
        "a new crate needs its place in this table and in ARCHITECTURE.md"
    );
    for (name, dependencies) in &all {
        for other in dependencies.iter().filter(|d| d.starts_with("seaglass")) {
            assert!(allowed[name.as_str()].contains(&other.as_str()), "{name} must not depend on {other}");
        }
    }
}

#[test]
fn outside_libraries_stay_in_their_crate() {
    // Library → the packages that may name it in their Cargo.toml.
    let rules: &[(&str, &[&str])] = &[
        ("egui", &["seaglass"]),
        ("eframe", &["seaglass"]),
        ("egui-wgpu", &["seaglass"]),
        ("rfd", &["seaglass"]),
        ("winit", &["seaglass"]),
        ("clap", &["seaglass"]),
        ("anyhow", &["seaglass"]),
        ("wgpu", &["seaglass-render"]),
        ("lyon", &["seaglass-render"]),
        ("parquet", &["seaglass-jobs"]),
        ("rusqlite", &["seaglass-index"]),
        ("notify", &["seaglass-index"]),
        ("netcdf", &["seaglass-formats"]),
        ("hdf5-metno", &["seaglass-formats"]),
        ("libdeflater", &["seaglass-formats"]),
        ("zarrs", &["seaglass-formats"]),
        ("tiff", &["seaglass-formats", "seaglass"]),
    ];
    for (name, dependencies) in dependencies() {
        for (library, homes) in rules {
            let here = dependencies.contains(*library);
            assert!(!here || homes.contains(&name.as_str()), "{name} must not depend on {library}");
        }
        assert!(!dependencies.contains("tokio"), "{name}: no async runtime");
    }
    let core = &dependencies()["seaglass-core"];
    // The lock is of the table of map projections in use.
    let pure = ["serde", "serde_json", "glam", "ndarray", "jiff", "thiserror", "proj4rs", "parking_lot"];
    for library in core {
        assert!(pure.contains(&library.as_str()), "seaglass-core is pure; {library} needs a reason and a line here");
    }
}

#[test]
fn core_does_no_input_or_output() {
    let found = uses("src/core", &["TcpStream", "std::fs", "std::thread", "std::process", "std::net"]);
    let found: Vec<_> = found.into_iter().filter(|line| !line.contains("tests.rs")).collect();
    assert!(found.is_empty(), "seaglass-core opens files or starts threads:\n{}", found.join("\n"));
}

#[test]
fn only_the_worker_names_the_formats() {
    let mut found = Vec::new();
    for folder in ["src/app", "src/cli", "src/core", "src/data", "src/host", "src/index", "src/render"] {
        found.extend(uses(folder, &["seaglass_formats", "netcdf", "hdf5_metno"]));
    }
    assert!(found.is_empty(), "foreign bytes are parsed in workers only:\n{}", found.join("\n"));
    assert!(!uses("src/worker", &["seaglass_formats"]).is_empty(), "this test looks for the wrong name");
}

#[test]
fn the_window_toolkit_stays_in_the_window() {
    let mut found = Vec::new();
    for folder in ["src/cli", "src/core", "src/data", "src/formats", "src/host", "src/render", "src/worker"] {
        found.extend(uses(folder, &["egui", "eframe", "egui_wgpu", "rfd", "winit"]));
    }
    for folder in ["src/core", "src/data", "src/formats", "src/host", "src/worker", "src/cli"] {
        found.extend(uses(folder, &["wgpu"]));
    }
    assert!(found.is_empty(), "a toolkit is named outside its layer:\n{}", found.join("\n"));
    assert!(!uses("src/app", &["egui"]).is_empty(), "this test looks for the wrong name");
}

#[test]
fn files_are_short_enough_to_read() {
    let mut long = Vec::new();
    for folder in ["src", "tests", "shaders", "packaging", "python"] {
        for path in files(folder, &["rs", "wgsl", "py"]) {
            let lines = text(&path).lines().count();
            if lines > 700 {
                long.push(format!("{} has {lines} lines", shown(&path)));
            }
        }
    }
    assert!(long.is_empty(), "split these files (limit 700):\n{}", long.join("\n"));
}

#[test]
fn nothing_is_left_half_done() {
    // Written in two parts, so that this file does not find itself.
    let words: Vec<String> = [("to", "do!"), ("unimplem", "ented!"), ("db", "g!"), ("FIX", "ME"), ("#[ign", "ore")]
        .iter()
        .map(|(a, b)| format!("{a}{b}"))
        .collect();
    let mut found = Vec::new();
    for folder in ["src", "tests", "packaging", "shaders", "readers", "python"] {
        for path in files(folder, &["rs", "wgsl", "toml", "py", "sh"]) {
            for (k, line) in text(&path).lines().enumerate() {
                found.extend(
                    words.iter().filter(|w| line.contains(*w)).map(|w| format!("{}:{}: {w}", shown(&path), k + 1)),
                );
            }
        }
    }
    assert!(found.is_empty(), "left half done:\n{}", found.join("\n"));
}

#[test]
fn no_file_names_somebodys_machine() {
    let places: Vec<String> =
        [("/wo", "rk/"), ("/ro", "ot/"), ("/ho", "me/"), (".libr", "ary"), ("/Us", "ers/"), ("C:\\", "Users")]
            .iter()
            .map(|(a, b)| format!("{a}{b}"))
            .collect();
    let kinds = ["rs", "wgsl", "toml", "py", "sh", "md", "json", "jsonl", "txt", "tsv", "yml"];
    let mut all = Vec::new();
    for folder in ["src", "tests", "packaging", "shaders", "readers", "python", "docs", ".cargo", ".ci", "assets"] {
        all.extend(files(folder, &kinds));
    }
    all.extend(
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "Cargo.toml"].map(|f| root().join(f)),
    );
    let mut found = Vec::new();
    for path in all.iter().filter(|p| p.is_file()) {
        for (k, line) in text(path).lines().enumerate() {
            found
                .extend(places.iter().filter(|w| line.contains(*w)).map(|w| format!("{}:{}: {w}", shown(path), k + 1)));
        }
    }
    assert!(found.is_empty(), "paths of one machine:\n{}", found.join("\n"));
}

#[test]
fn every_dependency_has_its_reason() {
    let reasons = text(&root().join("CONTRIBUTING.md"));
    let manifest: toml::Value = toml::from_str(&text(&root().join("Cargo.toml"))).expect("Cargo.toml is TOML");
    let listed = manifest["workspace"]["dependencies"].as_table().expect("a table");
    let missing: Vec<_> =
        listed.keys().filter(|k| !k.starts_with("seaglass-") && !reasons.contains(&format!("`{k}`"))).collect();
    assert!(missing.is_empty(), "CONTRIBUTING.md gives no reason for {missing:?}");
}

#[test]
fn assets_are_listed_and_small() {
    let listed = text(&root().join("assets/README.md"));
    let all = ["webp", "png", "zst", "ttf", "toml", "json", "rgb", "txt"];
    for path in files("assets", &all) {
        let size = path.metadata().expect("a readable file").len();
        assert!(size <= 2 << 20, "{} has {size} bytes; the limit is 2 MiB", shown(&path));
        let name = path.file_name().unwrap().to_str().unwrap();
        // Tables name single files, or a family: `cmocean_*.rgb`, `{viridis,plasma}.rgb`, `land_*.topojson.zst`.
        let stem = name.split('.').next().unwrap();
        let family = stem.split(['_', '-']).next().unwrap();
        assert!(
            listed.contains(name)
                || listed.contains(&format!("{family}_*"))
                || listed.contains(&format!("{family}-*"))
                || listed.contains(&format!("{{{stem},"))
                || listed.contains(&format!(",{stem},"))
                || listed.contains(&format!(",{stem}}}")),
            "assets/README.md does not list {}",
            shown(&path)
        );
    }
}
