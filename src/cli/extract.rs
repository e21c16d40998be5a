//! `seaglass extract`: the files' own cells under a shape, as netCDF or CSV.

use std::path::Path;
use std::time::Duration;

use seaglass_core::command::Command;
use seaglass_core::session::Session;
use seaglass_core::shapes::{ShapeId, ShapeKind};
use seaglass_host::{Host, HostOptions, Level, Notice};
use serde_json::json;

use super::{Exit, Failure, Outcome, args, print, readers_dir};

/// Longest time for opening everything.
const LIMIT: Duration = Duration::from_secs(86_400);
/// Looks again after this long even when nothing was signalled.
const NAP: Duration = Duration::from_millis(100);

/// Extracts and writes.
pub fn run(options: &args::Extract) -> Outcome {
    let reach_m = match options.reach {
        Some(km) if !km.is_finite() || km < 0.0 => {
            return Err(Failure::new(Exit::Usage, "--reach is a number of kilometres, 0 or more.".to_owned()));
        }
        km => km.map(|km| km * 1000.0),
    };
    let internal = |e: seaglass_host::HostError| Failure::new(Exit::Internal, e.to_string());
    let mut host =
        Host::new(HostOptions { readers_dir: readers_dir()?, ..HostOptions::default() }).map_err(internal)?;
    let mut paths = options.paths.clone();
    paths.push(options.shape.clone());
    host.send(Command::Open { paths });
    let mut failures = unreadable(&host.wait_opened(LIMIT).map_err(internal)?);
    let shape = match chosen(host.session(), options) {
        Ok(shape) => shape,
        Err(failure) => {
            failures.push(failure);
            return Ok(failures);
        }
    };
    // Whatever its time: the files given are those meant.
    host.send(Command::ShowAlways { on: true });
    for (collection, field) in needed(host.session()) {
        host.send(Command::AddLayer { collection, field });
    }
    host.send(Command::ShowAllLayers);
    host.send(Command::Extract { shape: Some(shape), reach_m, path: Some(options.out.clone()) });
    let mut told = Vec::new();
    loop {
        told.extend(host.step().notices);
        if host.is_done_opening() && host.is_done_extracting() {
            break;
        }
        host.wait(NAP);
    }
    failures.extend(ended(&told, options));
    // The readers end when their pipes close with this program.
    std::mem::forget(host);
    Ok(failures)
}

/// Files that could not be read.
fn unreadable(notices: &[Notice]) -> Vec<Failure> {
    let bad = notices.iter().filter(|n| n.level == Level::Error);
    bad.map(|n| Failure { exit: Exit::Unreadable, message: n.text.clone(), file: n.file.clone() }).collect()
}

/// What the last messages say: the result, and what is missing from it.
fn ended(notices: &[Notice], options: &args::Extract) -> Vec<Failure> {
    let mut failures = Vec::new();
    for notice in notices {
        let about = |exit: Exit| Failure { exit, message: notice.text.clone(), file: notice.file.clone() };
        let is_result = notice.file.as_deref() == Some(options.out.as_path());
        match notice.level {
            Level::Info if is_result && options.json => {
                let cells = notice.text.split(' ').next().and_then(|n| n.parse::<u64>().ok());
                print(&format!("{}\n", json!({ "out": options.out.display().to_string(), "cells": cells })));
            }
            Level::Info => {}
            Level::Warning if is_result => failures.push(Failure::new(Exit::Nothing, notice.text.clone())),
            Level::Warning => failures.push(about(Exit::Unreadable)),
            Level::Error => failures.push(about(Exit::Output)),
        }
    }
    failures
}

/// The shape to extract under.
fn chosen(session: &Session, options: &args::Extract) -> Result<ShapeId, Failure> {
    let shapes = &session.project().shapes;
    let own = |file: &Path| file.ends_with(&options.shape) || options.shape.ends_with(file) || file == options.shape;
    let of_file = shapes.iter().filter(|s| s.file.as_deref().is_some_and(own));
    let mut fit = of_file.filter(|s| s.geometry.kind != ShapeKind::Point);
    let found = match &options.name {
        Some(name) => fit.find(|s| s.name == *name),
        None => fit.next_back(),
    };
    found.map(|s| s.id).ok_or_else(|| {
        let message = match &options.name {
            Some(name) => format!("The file has no polygon or line named \"{name}\"."),
            None => "The file has no polygon or line to extract under.".to_owned(),
        };
        Failure::new(Exit::Nothing, message).about(&options.shape)
    })
}

/// Layers that are needed so that every granule is shown by one.
fn needed(session: &Session) -> Vec<(String, String)> {
    let mut wanted = Vec::new();
    for collection in session.catalogue().collections.values() {
        let layers = session.project().layers.iter().filter(|l| l.collection == collection.id);
        let mut fields: Vec<String> = layers.map(|l| l.field.clone()).collect();
        for granule in &collection.granules {
            if fields.iter().any(|f| granule.has_field(f)) {
                continue;
            }
            let Some(field) = collection.fields.iter().find(|f| granule.has_field(&f.name)) else { continue };
            fields.push(field.name.clone());
            wanted.push((collection.id.clone(), field.name.clone()));
        }
    }
    wanted
}
