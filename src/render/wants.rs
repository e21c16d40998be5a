//! Which tiles a frame needs, and as what.

use std::collections::HashSet;

use seaglass_core::style::{Method, Style};

use crate::item::Item;
use crate::residency::{Residency, Uses};
use crate::scene::{Plan, Wanted};
use crate::series::SeriesShape;
use crate::tree::TileAt;

/// Bytes of the tiles an item wants.
pub(crate) fn needed_bytes(item: &Item, value_bytes: u64) -> u64 {
    let Some((_, cut)) = item.raster() else { return 0 };
    let (grid, _) = item.grid();
    cut.tiles
        .iter()
        .map(|(tile, _)| {
            let window = grid.window(tile.level, tile.ty, tile.tx);
            (window.rows as u64 + 2) * (window.cols as u64 + 2) * value_bytes
        })
        .sum()
}

/// As what a method needs the tiles of an item.
pub(crate) fn uses_of(item: &Item, method: Method, style: &Style) -> Uses {
    let values = Uses { texture: false, values: true, alone: false };
    if item.is_series() {
        return values;
    }
    match method {
        Method::Raster | Method::Line | Method::Points => {
            Uses { texture: true, values: false, alone: style.hillshade.strength > 0.0 }
        }
        Method::Rgb => Uses { texture: true, values: false, alone: true },
        Method::Arrows | Method::Barbs | Method::Streamlines => values,
    }
}

/// Adds the tiles of a cut that are not there. In a window the coarsest tile comes first: something to see at once.
pub(crate) fn want(
    plan: &mut Plan,
    item: &Item,
    group: &[u64],
    tiles: &[(TileAt, f32)],
    held: &Residency,
    synchronous: bool,
) {
    let (grid, apron) = item.grid();
    let top = grid.top_level();
    for (id, (tile, distance)) in group.iter().flat_map(|id| tiles.iter().map(move |t| (*id, t))) {
        let key = SeriesShape::key(id, *tile);
        if held.settled(key) {
            continue;
        }
        plan.complete = false;
        let hole = !std::iter::successors(Some(*tile), |t| (t.level < top).then(|| t.parent()))
            .any(|t| held.has(SeriesShape::key(id, t)));
        let mut add = |tile: TileAt, urgent, priority| {
            let window = grid.window(tile.level, tile.ty, tile.tx);
            plan.wanted.push(Wanted { key: SeriesShape::key(id, tile), window, apron, urgent, priority });
        };
        if hole && !synchronous && tile.level != top {
            let coarse = TileAt { level: top, ty: 0, tx: 0 };
            if !held.settled(SeriesShape::key(id, coarse)) {
                add(coarse, true, 10.0);
            }
        }
        add(*tile, hole && tile.level == top, 1.0 / (1.0 + distance));
    }
}

/// Most urgent first; each tile and item once.
pub(crate) fn finish(plan: &mut Plan) {
    plan.wanted.sort_by(|a, b| b.urgent.cmp(&a.urgent).then(b.priority.total_cmp(&a.priority)).then(a.key.cmp(&b.key)));
    let mut seen = HashSet::new();
    plan.wanted.retain(|w| seen.insert(w.key));
    plan.off_screen.sort_unstable();
    plan.off_screen.dedup();
}
