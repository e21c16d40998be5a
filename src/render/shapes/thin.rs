//! Long lines thinned for views from afar: what lies closer than a fraction of a pixel is left out.

use std::sync::Arc;

use seaglass_core::geo::LonLat;
use seaglass_core::shapes::{Geometry, Line, ShapeKind};

use super::EARTH_RADIUS_M;

/// Shapes with fewer vertices are always drawn whole.
const SMALL: usize = 2000;
/// Distance kept at the first level, metres; each further level keeps four times as much.
const FIRST_M: f64 = 10.0;
/// Part of a pixel that may be left out.
const PART_PX: f64 = 0.4;

/// The level of detail for a scale: 0 is everything.
pub(super) fn level(geometry: &Geometry, m_per_px: f64) -> u8 {
    if geometry.places() < SMALL || geometry.kind == ShapeKind::Point {
        return 0;
    }
    let tolerance = PART_PX * m_per_px / FIRST_M;
    if tolerance < 1.0 { 0 } else { (tolerance.log2() / 2.0).floor() as u8 + 1 }
}

/// A geometry without vertices nearer to the one kept before than the level allows.
pub(super) fn thinned(geometry: &Arc<Geometry>, level: u8) -> Arc<Geometry> {
    if level == 0 {
        return Arc::clone(geometry);
    }
    let least = FIRST_M * 4f64.powi(i32::from(level) - 1) / EARTH_RADIUS_M;
    let line = |line: &Line| {
        let mut places: Vec<LonLat> = Vec::new();
        let mut kept = glam::DVec3::ZERO;
        let last = line.places.len().saturating_sub(1);
        for (k, p) in line.places.iter().enumerate() {
            let up = p.up();
            if k == 0 || k == last || up.distance(kept) >= least {
                places.push(*p);
                kept = up;
            }
        }
        Line { places, hole: line.hole }
    };
    // Islands that have shrunk to less than an area stay as they are when nothing else is left.
    let thin = Geometry::new(geometry.kind, geometry.edges, geometry.lines.iter().map(line).collect());
    if thin.lines.is_empty() { Arc::clone(geometry) } else { Arc::new(thin) }
}
