//! How much a job will find, from outlines alone.

use std::collections::{BTreeSet, HashMap, HashSet};

use seaglass_core::columns::{Pass, RASTER_TILE, TileBox};

use crate::error::Result;
use crate::granules::{Granule, Side};
use crate::limits;
use crate::prune::{Node, Reach, Tree};
use crate::spec::{JobSpec, PolicyKind};

/// Tiles of the reference side from which the number of pairs is estimated.
const ESTIMATE_TILES: usize = 1500;
/// Square kilometres of a square degree at the equator.
const KM2_PER_DEG2: f64 = 12_364.0;
/// Mean of |sin θ| for two lines in any direction: of boxes that meet, so many of their diagonals cross, with both
/// lengths and the room the boxes share.
const MEAN_SINE: f64 = std::f64::consts::FRAC_2_PI;

/// Pairs within radius and window if the rows of a tile were spread evenly over its box and its time; of tracks that
/// cross, crossings.
pub(crate) fn pairs(spec: &JobSpec, order: &[usize], sides: &[Side], used: &[BTreeSet<usize>]) -> Result<f64> {
    let crossings = spec.policy.kind == PolicyKind::Crossovers;
    let reach = limits::reach(spec, sides)?;
    let window_us = spec.window_us()?;
    let (radius_km, window) = (reach.radius_m() / 1000.0, window_us as f64);
    // Tracks cross where they are, not within a reach of each other.
    let reach = if crossings { Reach::new(0.0, window_us) } else { reach };
    let disc_km2 = std::f64::consts::PI * radius_km * radius_km;
    let tiles = |n: usize| -> Vec<Tile> {
        let side = &sides[order[n]];
        used[n].iter().flat_map(|g| fitting(&side.granules[*g], side.spec.pass)).collect()
    };
    let (own, other) = (tiles(0), tiles(1));
    let tree = Tree::new(other.iter().map(|t| t.node).collect());
    let mut sum = 0.0;
    // A sample of tiles is enough for an estimate, and all of them would cost more than the join.
    let step = (own.len() / ESTIMATE_TILES).max(1);
    for a in own.iter().step_by(step) {
        let around = reach.around_node(&a.node);
        tree.query(&around, &mut |k| {
            let b = &other[k];
            let km2 = |t: &Tile| t.node.area_deg2() * KM2_PER_DEG2;
            let time = (b.seconds_us().max(a.seconds_us())) + 2.0 * window;
            let near = if time > 0.0 { (2.0 * window / time).min(1.0) } else { 1.0 };
            let room = km2(a).sqrt() + km2(b).sqrt();
            sum += if crossings {
                // What flies the same way runs beside the other.
                let apart = a.pass.is_none() || b.pass.is_none() || a.pass != b.pass;
                let lines = MEAN_SINE * 2.0 * (km2(a) * km2(b)).sqrt() / room.powi(2).max(1e-9);
                if apart { near * lines.min(1.0) } else { 0.0 }
            } else {
                // The chance that two rows, each anywhere in its box, are near enough in place and in time.
                let room = (room + 2.0 * radius_km).powi(2).max(1e-9);
                f64::from(a.tile.valid) * f64::from(b.tile.valid) * (disc_km2 / room).min(1.0) * near
            };
        });
    }
    Ok(sum * step as f64)
}

/// A tile that has rows of the pass asked for.
struct Tile<'g> {
    tile: &'g TileBox,
    node: Node,
    pass: Option<Pass>,
}

impl Tile<'_> {
    fn seconds_us(&self) -> f64 {
        self.tile.stop_us as f64 - self.tile.start_us as f64
    }
}

/// Tiles of a granule that may have rows of a pass.
fn fitting(granule: &Granule, wanted: Option<Pass>) -> impl Iterator<Item = Tile<'_>> {
    let across = if granule.shape[1] > 1 { granule.shape[1].div_ceil(RASTER_TILE) } else { 1 };
    let tiles = granule.tiles.as_slice();
    (0..tiles.len()).filter(|k| tiles[*k].valid > 0).filter_map(move |k| {
        let pass = flown(tiles, across, k);
        let fits = wanted.is_none() || pass.is_none() || pass == wanted;
        fits.then(|| Tile { tile: &tiles[k], node: Node::of(&tiles[k]), pass })
    })
}

/// Which way a tile was flown: from the one before to the one after it in the same column. `None` where nobody knows.
fn flown(tiles: &[TileBox], across: usize, k: usize) -> Option<Pass> {
    let middle = |k: usize| tiles.get(k).filter(|t| t.valid > 0).map(|t| i64::from(t.south) + i64::from(t.north));
    let before = k.checked_sub(across).and_then(middle).or(middle(k))?;
    let after = middle(k + across).or(middle(k))?;
    match after.cmp(&before) {
        std::cmp::Ordering::Greater => Some(Pass::Ascending),
        std::cmp::Ordering::Less => Some(Pass::Descending),
        std::cmp::Ordering::Equal => None,
    }
}

/// Pairs of granules, each counted once in however many tasks it occurs. A granule of which no tile was flown as its
/// side wants is read, for a line at its end may have been, but makes no pair.
pub(crate) struct Met {
    /// Granules of each side that may have rows.
    fits: Vec<Vec<bool>>,
    /// Partners of the granules that later tasks may need again: side and number.
    seen: HashMap<usize, HashSet<(usize, usize)>>,
    /// So many.
    pub count: u64,
}

impl Met {
    /// None yet.
    pub fn new(order: &[usize], sides: &[Side]) -> Self {
        let fits = |side: &Side| {
            let one = |g: &Granule| side.spec.pass.is_none() || fitting(g, side.spec.pass).next().is_some();
            side.granules.iter().map(one).collect()
        };
        Self { fits: order.iter().map(|k| fits(&sides[*k])).collect(), seen: HashMap::new(), count: 0 }
    }

    /// Granule `own` of the reference side has granule `other` of side `n` in reach.
    pub fn note(&mut self, own: usize, n: usize, other: usize) {
        let fits = |n: usize, k: usize| self.fits.get(n).and_then(|f| f.get(k)).is_some_and(|f| *f);
        if fits(0, own) && fits(n, other) {
            self.count += u64::from(self.seen.entry(own).or_default().insert((n, other)));
        }
    }

    /// Forgets the partners of granules that no later task has.
    pub fn forget(&mut self, done: impl Fn(usize) -> bool) {
        self.seen.retain(|k, _| !done(*k));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pass of two columns of tiles that turns at its northern end.
    fn tiles() -> Vec<TileBox> {
        let of = |lat: i32, k: i64| TileBox {
            south: lat * 1_000_000,
            north: (lat + 2) * 1_000_000,
            west: 0,
            east: 1_000_000,
            start_us: k,
            stop_us: k + 1,
            valid: 9,
        };
        [10, 20, 30, 20, 10].into_iter().zip(0..).flat_map(|(lat, k)| [of(lat, k), of(lat + 3, k)]).collect()
    }

    #[test]
    fn tiles_are_flown_from_neighbour_to_neighbour() {
        let tiles = tiles();
        let flown: Vec<_> = (0..tiles.len()).map(|k| flown(&tiles, 2, k)).collect();
        let (up, down) = (Some(Pass::Ascending), Some(Pass::Descending));
        assert_eq!(flown, [up, up, up, up, None, None, down, down, down, down]);
    }

    #[test]
    fn a_pair_of_granules_counts_once_and_only_where_both_fly_as_wanted() {
        let mut met = Met { fits: vec![vec![true, false], vec![true, true]], seen: HashMap::new(), count: 0 };
        for (own, other) in [(0, 0), (0, 1), (0, 1), (1, 0)] {
            met.note(own, 1, other);
        }
        assert_eq!(met.count, 2);
        met.forget(|k| k == 0);
        assert!(met.seen.is_empty());
    }
}
