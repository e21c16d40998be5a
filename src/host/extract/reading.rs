//! Positions and values of granules, from readers or from memory.

use std::sync::Arc;

use seaglass_core::columns::{Rows, RowsAsk};
use seaglass_core::field::{Apron, Block, FieldInfo, Window};
use seaglass_core::geolocation::Geolocation;
use seaglass_core::protocol::{FieldAt, Request};
use seaglass_data::pool::{Content, Lane};
use seaglass_jobs::reading::Readers;
use seaglass_jobs::{JobError, Result};

use super::target::Target;

/// Cells may lie so many cells beside where tie points put them: they are looked for, not told.
const TOLERANCE_CELLS: f64 = 0.02;

fn odd(target: &Target) -> JobError {
    let message = "The reader's answer does not fit the question.".to_owned();
    JobError::Input { message, path: target.path.clone() }
}

fn failed(target: &Target, message: String) -> JobError {
    JobError::Input { message, path: target.path.clone() }
}

/// Where the cells of a granule lie.
pub fn positions(readers: &Readers, target: &Target) -> Result<Arc<Geolocation>> {
    if let Some(pushed) = &target.pushed {
        return Ok(pushed.positions());
    }
    let source = readers.source(&target.path, None);
    let request = Request::Geolocation { source, part: target.part, tolerance_cells: TOLERANCE_CELLS };
    match readers.ask(Lane::Positions, request)? {
        Ok(Content::Geolocation(g)) => Ok(g),
        Ok(_) => Err(odd(target)),
        Err(e) => Err(failed(target, e.message)),
    }
}

/// Values of windows of a field as they are drawn.
pub fn blocks(readers: &Readers, target: &Target, field: &FieldInfo, windows: &[Window]) -> Result<Vec<Block>> {
    if let Some(pushed) = &target.pushed {
        let gone = || failed(target, format!("The variable {} of the notebook is gone.", field.name));
        let values = pushed.values(&field.name).ok_or_else(gone)?;
        return Ok(windows.iter().map(|w| values.block(*w, Apron::None)).collect());
    }
    let extra = if field.extra_dims.len() == target.extra.len() {
        target.extra.clone()
    } else {
        vec![0; field.extra_dims.len()]
    };
    let of = FieldAt {
        source: readers.source(&target.path, None),
        part: target.part,
        field: field.name.clone(),
        step: if field.has_time { target.step } else { 0 },
        extra,
        unmasked: target.unmasked && field.hides_cells,
    };
    let requests = windows.iter().map(|w| Request::Read { of: of.clone(), window: *w, apron: Apron::None });
    let mut out: Vec<Option<Block>> = vec![None; windows.len()];
    readers.ask_all(Lane::Tiles, requests, |k, answer| {
        match answer {
            Ok(Content::Block(b)) => out[k] = Some(b),
            Ok(_) => return Err(odd(target)),
            Err(e) => return Err(failed(target, e.message)),
        }
        Ok(())
    })?;
    out.into_iter().map(|b| b.ok_or_else(|| odd(target))).collect()
}

/// Rows of the tiles named, with these columns.
pub fn rows(readers: &Readers, target: &Target, columns: &[String], tiles: &[u32]) -> Result<Rows> {
    let ask = RowsAsk {
        part: target.part,
        step: target.step,
        columns: columns.to_vec(),
        index: target.index.clone(),
        tiles: Some(tiles.to_vec()),
        masked: !target.unmasked,
        untimed: true,
        ..RowsAsk::default()
    };
    let source = readers.source(&target.path, None);
    match readers.ask(Lane::Tiles, Request::Rows { source, ask })? {
        Ok(Content::Rows(rows)) => Ok(rows),
        Ok(_) => Err(odd(target)),
        Err(e) => Err(failed(target, e.message)),
    }
}
