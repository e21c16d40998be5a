//! What programs may not ask for although the window could: it stops at the ends of its scales, a program is told.

use std::path::Path;

use seaglass_control::{either, nearest};
use seaglass_core::camera::{ALTITUDE_RANGE_M, Camera};
use seaglass_core::command::Command;
use seaglass_core::geo::LonLat;
use seaglass_core::notebook::uniform_colour;
use seaglass_core::shapes::{Geometry, ShapeChange, ShapeKind};
use seaglass_render::assets;

/// Rounding that is no mistake, parts of one.
const ROUNDING: f64 = 1e-6;
/// Degrees that are taken for a longitude or a heading.
const TURNS_DEG: f64 = 3600.0;

/// Why a command makes no sense.
pub(super) fn check(command: &Command) -> Result<(), String> {
    match command {
        Command::SetCamera { camera: c } => camera(c),
        Command::LookAt { altitude_m: Some(m), .. } | Command::SetAltitude { altitude_m: m } => altitude(*m),
        Command::SetStyle { patch, .. } => patch.colormap.as_deref().map_or(Ok(()), colormap),
        Command::Shapes { change } => places(change),
        Command::SaveImage { path, .. } | Command::SaveFilm { path, .. } => folder(path),
        _ => Ok(()),
    }
}

fn altitude(m: f64) -> Result<(), String> {
    let [low, high] = ALTITUDE_RANGE_M;
    if (low * (1.0 - ROUNDING)..=high * (1.0 + ROUNDING)).contains(&m) {
        return Ok(());
    }
    Err(format!("The altitude lies between {low} and {high} m, not at {m}."))
}

/// Whether a camera looks from where it can.
pub(super) fn camera(c: &Camera) -> Result<(), String> {
    if !(-90.0 - ROUNDING..=90.0 + ROUNDING).contains(&c.target.lat_deg) {
        return Err(format!("The camera looks at a latitude between -90 and 90, not at {}.", c.target.lat_deg));
    }
    for (name, v) in [("longitude", c.target.lon_deg), ("heading", c.heading_deg)] {
        if !v.is_finite() || v.abs() > TURNS_DEG {
            return Err(format!("The {name} of the camera is a number of degrees, not {v}."));
        }
    }
    if !(-ROUNDING..=85.0 + ROUNDING).contains(&c.tilt_deg) {
        return Err(format!("The camera tilts from 0 to 85 degrees, not to {}.", c.tilt_deg));
    }
    altitude(c.altitude_m)
}

fn colormap(name: &str) -> Result<(), String> {
    let known = assets::colormaps();
    // One colour for everything is a map, too: `#101010`.
    if known.get(name).is_some() || uniform_colour(name).is_some() {
        return Ok(());
    }
    let near = nearest(name, known.entries().iter().map(|e| e.id.as_str()));
    Err(format!("There is no colour map \"{name}\"; the nearest are {}.", either(&near)))
}

fn places(change: &ShapeChange) -> Result<(), String> {
    match change {
        ShapeChange::Add { shape, .. } => vertices(&shape.geometry),
        ShapeChange::MoveVertex { vertex, to, .. } => place(*to, || format!("Vertex {}", vertex + 1)),
        ShapeChange::InsertVertex { before, at, .. } => place(*at, || format!("Vertex {}", before + 1)),
        _ => Ok(()),
    }
}

fn vertices(geometry: &Geometry) -> Result<(), String> {
    let what = match geometry.kind {
        ShapeKind::Polygon => "polygon",
        ShapeKind::Polyline => "polyline",
        ShapeKind::Point => "points",
    };
    for (l, line) in geometry.lines.iter().enumerate() {
        let part = if geometry.lines.len() > 1 { format!("part {} of ", l + 1) } else { String::new() };
        for (k, at) in line.places.iter().enumerate() {
            place(*at, || format!("Vertex {} of {part}the {what}", k + 1))?;
        }
    }
    Ok(())
}

fn place(at: LonLat, which: impl Fn() -> String) -> Result<(), String> {
    if at.is_valid() {
        return Ok(());
    }
    let (lon, lat) = (at.lon_deg, at.lat_deg);
    let why = if (-90.0..=90.0).contains(&lat) {
        "longitudes lie between -540 and 540"
    } else {
        "latitudes lie between -90 and 90"
    };
    Err(format!("{} at longitude {lon}, latitude {lat} is no place on the Earth: {why}.", which()))
}

/// Whether a file can be written where its folder is.
fn folder(path: &Path) -> Result<(), String> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(format!("There is no folder {} to write into; make it first.", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use seaglass_core::project::LayerId;
    use seaglass_core::style::StylePatch;

    use super::*;

    #[test]
    fn cameras_beyond_the_scales_are_refused() {
        let good = Camera::default();
        assert_eq!(camera(&good), Ok(()));
        assert_eq!(camera(&Camera { altitude_m: 60_000_000.000_01, heading_deg: 370.0, ..good }), Ok(()));
        let refused = |c: Camera, word: &str| {
            let why = check(&Command::SetCamera { camera: c }).unwrap_err();
            assert!(why.contains(word) && why.ends_with('.'), "{why}");
        };
        refused(Camera { target: LonLat::new(0.0, 95.0), ..good }, "not at 95");
        refused(Camera { target: LonLat::new(f64::NAN, 5.0), ..good }, "longitude");
        refused(Camera { altitude_m: -5.0, ..good }, "between 100 and 60000000 m, not at -5");
        refused(Camera { altitude_m: f64::NAN, ..good }, "altitude");
        refused(Camera { tilt_deg: 400.0, ..good }, "tilts");
        refused(Camera { heading_deg: f64::INFINITY, ..good }, "heading");
        let look = Command::LookAt { place: LonLat::new(0.0, 0.0), altitude_m: Some(0.0) };
        assert!(check(&look).unwrap_err().contains("altitude"));
    }

    #[test]
    fn unknown_colour_maps_and_folders_are_named() {
        let patch = StylePatch { colormap: Some("viridiss".into()), ..StylePatch::default() };
        let why = check(&Command::SetStyle { layer: LayerId(1), patch }).unwrap_err();
        assert!(why.contains("\"viridiss\"; the nearest are \"viridis\""), "{why}");
        let patch = StylePatch { colormap: Some("#101010".into()), ..StylePatch::default() };
        assert_eq!(check(&Command::SetStyle { layer: LayerId(1), patch }), Ok(()), "one colour");
        let path = std::env::temp_dir().join("no such folder of seaglass/a.png");
        let why = check(&Command::SaveImage { path, size: None, legend: false }).unwrap_err();
        assert!(why.contains("There is no folder") && why.contains("no such folder of seaglass"), "{why}");
    }
}
