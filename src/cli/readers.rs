//! `seaglass readers`: the products known, and whether product files are sound.

use std::fmt::Write as _;
use std::path::Path;

use seaglass_core::product::Status;
use seaglass_data::registry::Registry;
use seaglass_data::trust::Trust;
use serde_json::json;

use super::args::{Readers, ReadersTask};
use super::ask::Asker;
use super::{Exit, Failure, Outcome, doctor, print};

/// Lists or checks.
pub fn run(options: &Readers) -> Outcome {
    match &options.task {
        ReadersTask::List { json } => {
            let registry = Registry::load(super::readers_dir()?.as_deref());
            list(&registry, *json);
            Ok(failures(&registry))
        }
        ReadersTask::Check { path: None, json } => {
            let registry = Registry::load(super::readers_dir()?.as_deref());
            let n = registry.entries().len();
            print(&if *json {
                format!("{}\n", json!({ "sound": n }))
            } else {
                format!("{n} product files are sound.\n")
            });
            Ok(failures(&registry))
        }
        ReadersTask::Check { path: Some(path), json } => check(path, *json),
        ReadersTask::Trust { path, revoke } => trust(path, *revoke),
        ReadersTask::Doctor { path, json } => doctor::run(path, *json),
    }
}

fn failures(registry: &Registry) -> Vec<Failure> {
    let of = |e: &seaglass_data::registry::ProductError| {
        let mut text = e.to_string();
        if let Some(first) = text.get(..1) {
            text = format!("{}{}", first.to_uppercase(), &text[1..]);
        }
        Failure::new(Exit::Unreadable, format!("{}.", text.trim_end_matches('.'))).about(Path::new(e.origin()))
    };
    registry.errors().iter().map(of).collect()
}

fn list(registry: &Registry, json: bool) {
    if json {
        let all: Vec<_> = registry
            .entries()
            .iter()
            .map(|e| {
                let p = &e.product.product;
                json!({ "id": p.id, "title": p.title, "status": p.status, "priority": p.priority,
                        "files": e.product.matching.files, "origin": e.origin })
            })
            .collect();
        print(&format!("{:#}\n", json!(all)));
        return;
    }
    let width = registry.entries().iter().map(|e| e.product.product.id.len()).max().unwrap_or(0);
    let mut out = String::new();
    for entry in registry.entries() {
        let p = &entry.product.product;
        let status = match p.status {
            Status::Alpha => "alpha",
            Status::Beta => "beta",
            Status::Stable => "stable",
        };
        writeln!(out, "{:<width$}  {status:<6}  {}", p.id, p.title).unwrap_or_default();
    }
    print(&out);
}

fn check(path: &Path, json: bool) -> Outcome {
    let meta = std::fs::metadata(path)
        .map_err(|_missing| Failure::new(Exit::Unreadable, "The file does not exist.").about(path))?;
    if !meta.is_dir() && path.extension().is_none_or(|e| e != "toml") {
        return check_data(path, json);
    }
    // Against nothing else: a product file must be sound by itself unless it changes a built-in one.
    let mut registry = Registry::load(None);
    let before: Vec<String> = registry.entries().iter().map(|e| e.origin.clone()).collect();
    if meta.is_dir() {
        let mut files: Vec<_> = std::fs::read_dir(path)
            .map_err(|e| Failure::new(Exit::Unreadable, format!("The folder cannot be read: {e}.")).about(path))?
            .filter_map(|e| Some(e.ok()?.path()))
            .filter(|p| p.extension().is_some_and(|e| e == "toml"))
            .collect();
        files.sort();
        files.iter().for_each(|f| registry.add_file(f));
    } else {
        registry.add_file(path);
    }
    let mut out = String::new();
    for entry in registry.entries().iter().filter(|e| !before.contains(&e.origin)) {
        let (id, n) = (&entry.product.product.id, entry.product.fields.len());
        if json {
            writeln!(out, "{}", json!({ "file": entry.origin, "id": id, "fields": n })).unwrap_or_default();
        } else {
            writeln!(out, "{}: sound, product {id} with {n} fields", entry.origin).unwrap_or_default();
        }
    }
    print(&out);
    Ok(failures(&registry))
}

/// Allows the program of a product file, or takes that back.
fn trust(path: &Path, revoke: bool) -> Outcome {
    let unwritten = |e: std::io::Error| {
        Failure::new(Exit::Unreadable, format!("The list of allowed programs cannot be kept: {e}.")).about(path)
    };
    let mut allowed = Trust::load();
    if revoke {
        let was = allowed.revoke(path).map_err(unwritten)?;
        print(if was { "The program is not run any more.\n" } else { "The program was not allowed.\n" });
        return Ok(Vec::new());
    }
    let mut registry = Registry::load(None);
    let known = registry.errors().len();
    registry.add_file(path);
    if registry.errors().len() > known {
        return Ok(failures(&registry));
    }
    let origin = path.display().to_string();
    let entry = registry.entries().iter().find(|e| e.origin == origin);
    let Some((product, reader)) = entry.and_then(|e| Some((&e.product, e.product.reader.as_ref()?))) else {
        let message = "This product file names no program ([reader]): there is nothing to allow.";
        return Err(Failure::new(Exit::Usage, message).about(path));
    };
    allowed.allow(path, reader).map_err(unwritten)?;
    let (program, files) = (reader.program.join(" "), product.matching.files.join(" "));
    print(&format!("Seaglass will run `{program}` in {} to read {files}.\n", reader.folder.display()));
    Ok(Vec::new())
}

/// Which product claims a data file, and which of its fields are there.
fn check_data(path: &Path, json: bool) -> Outcome {
    let mut asker = Asker::new()?;
    let info = asker.open(path)?;
    let mut candidates = doctor::named_candidates(&asker, path);
    if let Some(chosen) = info.product.as_ref().filter(|id| !candidates.contains(id)) {
        candidates.insert(0, chosen.clone());
    }
    let product = info.product.as_deref().and_then(|id| asker.registry.get(id));
    let there: Vec<&str> = info.parts.iter().flat_map(|p| &p.fields).map(|f| f.name.as_str()).collect();
    let missing = product.as_deref().map(|p| doctor::missing(p, &info)).unwrap_or_default();
    if json {
        let object = json!({ "file": path.display().to_string(), "product": info.product, "candidates": candidates,
                             "fields": there, "missing": missing, "notes": info.notes });
        print(&format!("{object:#}\n"));
        return Ok(Vec::new());
    }
    let mut out = String::new();
    let none = |list: String| if list.is_empty() { "none".to_owned() } else { list };
    writeln!(out, "product     {}", info.product.as_deref().unwrap_or("none; read by CF rules")).unwrap_or_default();
    writeln!(out, "candidates  {}", none(candidates.join(", "))).unwrap_or_default();
    writeln!(out, "fields      {}", there.join(", ")).unwrap_or_default();
    if !missing.is_empty() {
        writeln!(out, "missing     {}", missing.join(", ")).unwrap_or_default();
    }
    print(&out);
    Ok(Vec::new())
}
