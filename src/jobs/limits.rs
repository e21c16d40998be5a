//! How far partners may be, by policy; and whether sides are of a kind that a policy can take.

use seaglass_core::geo::LonLat;
use seaglass_core::geolocation::Geolocation;
use seaglass_core::granule::GeometryKind;

use crate::error::{JobError, Result};
use crate::granules::{Granule, Side};
use crate::prune::Reach;
use crate::spec::{JobSpec, PolicyKind};

/// No satellite's ground track is faster, metres per second.
const FASTEST_M_PER_S: f64 = 8000.0;

/// Longest step between connected samples of a track, metres.
///
/// # Errors
/// A limit is not understood.
pub fn longest_step_m(spec: &JobSpec) -> Result<f64> {
    Ok(spec.radius_m()?.min(FASTEST_M_PER_S * spec.max_gap_us()? as f64 * 1e-6))
}

/// How far partners may be.
///
/// # Errors
/// A limit is not understood.
pub fn reach(spec: &JobSpec, sides: &[Side]) -> Result<Reach> {
    let (radius, window) = (spec.radius_m()?, spec.window_us()?);
    Ok(match spec.policy.kind {
        PolicyKind::Crossovers => Reach::along(longest_step_m(spec)?, window, spec.max_gap_us()?),
        PolicyKind::Interpolate => {
            let grids = sides.iter().enumerate().filter(|(k, _)| *k != spec.primary_index()).map(|(_, s)| s);
            let widest = grids.map(widest_cell_m).fold(0.0, f64::max);
            Reach::new(radius.min(widest), window)
        }
        _ => Reach::new(radius, window),
    })
}

/// The diagonal of the largest cell of any grid of a side: no corner of the cells around a place is farther away.
fn widest_cell_m(side: &Side) -> f64 {
    let mut known: Option<(*const Geolocation, f64)> = None;
    let mut widest = 0.0_f64;
    for grid in side.granules.iter().filter_map(|g| g.grid.as_ref()) {
        let at = std::sync::Arc::as_ptr(grid);
        let size = match known {
            Some((known, size)) if std::ptr::eq(known, at) => size,
            _ => cell_m(grid),
        };
        known = Some((at, size));
        widest = widest.max(size);
    }
    widest
}

/// The diagonal of the largest cell, with a tenth to spare for what samples miss.
fn cell_m(grid: &Geolocation) -> f64 {
    let [rows, cols] = grid.shape();
    let at = |r: usize, c: usize| -> Option<LonLat> { grid.lonlat_from_index(r as f64, c as f64) };
    // Spacing along one axis does not depend on the other but on projected grids: along three lines of each.
    let some = |n: usize| [0, n / 2, n.saturating_sub(1)];
    let step = |a: Option<LonLat>, b: Option<LonLat>| match (a, b) {
        (Some(a), Some(b)) => a.ecef().distance(b.ecef()),
        _ => 0.0,
    };
    let (mut down, mut across) = (0.0_f64, 0.0_f64);
    for c in some(cols) {
        (1..rows).for_each(|r| down = down.max(step(at(r - 1, c), at(r, c))));
    }
    for r in some(rows) {
        (1..cols).for_each(|c| across = across.max(step(at(r, c - 1), at(r, c))));
        // Round the back of a grid that closes.
        across = across.max(step(at(r, 0), at(r, cols.saturating_sub(1))).min(across * 2.0));
    }
    1.1 * down.hypot(across)
}

/// Refuses sides that a policy cannot take.
///
/// # Errors
/// One sentence.
pub fn check(spec: &JobSpec, sides: &[Side]) -> Result<()> {
    for side in sides {
        check_pass(side)?;
        check_index(side)?;
    }
    match spec.policy.kind {
        PolicyKind::Crossovers => check_tracks(sides),
        PolicyKind::Interpolate => {
            let grid = &sides[usize::from(spec.primary_index() == 0)];
            match grid.granules.iter().find(|g| g.grid.is_none()) {
                None => Ok(()),
                Some(g) => Err(JobError::Spec(format!(
                    "Only grids can be interpolated, and {} of the side \"{}\" is none ({}); take the policy nearest or \
                     weighted.",
                    grid.granule_name(g),
                    grid.spec.name,
                    g.kind.label()
                ))),
            }
        }
        _ => Ok(()),
    }
}

fn check_pass(side: &Side) -> Result<()> {
    let flies = |g: &&Granule| !matches!(g.kind, GeometryKind::Swath | GeometryKind::Track);
    match side.granules.iter().find(flies) {
        Some(g) if side.spec.pass.is_some() => Err(JobError::Spec(format!(
            "Only tracks and swaths have passes, and {} of the side \"{}\" is neither ({}); leave out pass.",
            side.granule_name(g),
            side.spec.name,
            g.kind.label()
        ))),
        _ => Ok(()),
    }
}

/// Refuses an index along a dimension that no field of the side has: somebody expects another value than comes.
fn check_index(side: &Side) -> Result<()> {
    for name in side.spec.index.keys() {
        let has = |dim: &str| dim == name || dim.rsplit('/').next() == Some(name);
        let mut dims: Vec<&str> = Vec::new();
        let fields = side.granules.iter().flat_map(|g| g.columns.iter());
        for dim in fields.flat_map(|f| &f.extra_dims).map(|d| d.name.as_str()) {
            if has(dim) {
                dims.clear();
                dims.push(dim);
                break;
            }
            if !dims.contains(&dim) {
                dims.push(dim);
            }
        }
        if dims.iter().any(|d| has(d)) {
            continue;
        }
        let what = match dims.as_slice() {
            [] => "they have none beside those of the rows; leave it out".to_owned(),
            dims => format!("there are {}", dims.join(", ")),
        };
        return Err(JobError::Spec(format!(
            "The side \"{}\" says index = {{ {name} = … }}, and its fields have no dimension \"{name}\": {what}.",
            side.spec.name
        )));
    }
    Ok(())
}

fn check_tracks(sides: &[Side]) -> Result<()> {
    for side in sides {
        if let Some(g) = side.granules.iter().find(|g| g.kind != GeometryKind::Track) {
            return Err(JobError::Spec(format!(
                "Only tracks cross, and {} of the side \"{}\" is none ({}); to match passes of swaths, say pass on both \
                 sides and take the policy nearest.",
                side.granule_name(g),
                side.spec.name,
                g.kind.label()
            )));
        }
    }
    if let [a, b] = sides
        && a.spec.pass == b.spec.pass
        && a.files.iter().any(|f| b.files.contains(f))
    {
        return Err(JobError::Spec(format!(
            "Both sides have the same tracks ({}); say pass = \"ascending\" on one and pass = \"descending\" on the \
             other, or each would cross itself.",
            a.files.iter().find(|f| b.files.contains(f)).map(crate::inputs::InputFile::name).unwrap_or_default()
        )));
    }
    Ok(())
}
