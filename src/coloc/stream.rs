//! Joins of archives: granules are loaded when their time comes and dropped when it is over.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::control::{Control, Progress};
use crate::error::Result;
use crate::join::{Batch, join_each};
use crate::pairs::{Counts, SideCounts};
use crate::plan::{Extent, granule_pairs};
use crate::side::{Granule, Side};
use crate::spec::{Reference, Spec};

/// A side whose granules are not in memory.
pub trait Source: Sync {
    /// Bounds of every granule, in order of granules.
    fn extents(&self) -> &[Extent];

    /// Number of the first row of a granule; rows of granules must rise with their numbers and not overlap.
    fn first_row(&self, granule: usize) -> u64;

    /// Reads a granule.
    ///
    /// # Errors
    /// When it cannot be read; the join goes on without it and reports the message ([`Streamed::failed`]).
    fn load(&self, granule: usize) -> Result<Arc<Granule<'static>>>;
}

/// What became of a streamed join.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Streamed {
    /// Counts of all parts together; a secondary granule that several parts need counts once for each.
    pub counts: Counts,
    /// Granules that could not be read: side, number, message.
    pub failed: Vec<(&'static str, usize, String)>,
    /// Most rows held at one time.
    pub most_rows: u64,
}

/// Joins two sources in the order of time of the primary granules. At most about `rows_at_once` primary rows are held,
/// with the secondary granules near them in space and time.
///
/// Pairs are those of [`crate::join`] with all granules in one side each, in batches by groups of primary granules.
/// Duplicates are looked for within what is held at one time; `Mutual` decides within each group, so its limits should
/// fall between groups (cut by `rows_at_once` large enough) or it should be run on sides in memory.
///
/// # Errors
/// As [`crate::join_each`]; granules that fail to load are no error.
pub fn join_sources(
    primary: &dyn Source,
    secondary: &dyn Source,
    spec: &Spec,
    rows_at_once: u64,
    control: &Control,
    sink: &mut dyn FnMut(Batch) -> Result<()>,
) -> Result<Streamed> {
    spec.check()?;
    let turned = spec.reference == Reference::Secondary;
    // The side whose rows own the pairs is walked through; the other is looked up.
    let (own, other, names) = if turned {
        (secondary, primary, ("secondary", "primary"))
    } else {
        (primary, secondary, ("primary", "secondary"))
    };
    let extents = own.extents();
    let mut near: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (p, s) in granule_pairs(extents, other.extents(), spec.radius_m, spec.window_us) {
        near.entry(p).or_default().push(s);
    }
    let mut order: Vec<usize> = near.keys().copied().collect();
    order.sort_by_key(|k| (extents[*k].t0_us, *k));
    let total = order.len() as u64;
    let mut out = Streamed::default();
    let mut cache: BTreeMap<usize, Arc<Granule<'static>>> = BTreeMap::new();
    let mut at = 0;
    while at < order.len() {
        let mut group = vec![order[at]];
        let mut rows = extents[order[at]].rows;
        at += 1;
        while at < order.len() && rows + extents[order[at]].rows <= rows_at_once {
            rows += extents[order[at]].rows;
            group.push(order[at]);
            at += 1;
        }
        group.sort_unstable();
        let mut wanted: Vec<usize> = group.iter().flat_map(|k| near[k].iter().copied()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        cache.retain(|k, _| wanted.binary_search(k).is_ok());
        for k in &wanted {
            control.check()?;
            if !cache.contains_key(k) {
                load(other, *k, names.1, &mut out.failed).into_iter().for_each(|g| {
                    cache.insert(*k, g);
                });
            }
        }
        let mut loaded: Vec<(usize, Arc<Granule<'static>>)> = Vec::new();
        for k in &group {
            control.check()?;
            loaded.extend(load(own, *k, names.0, &mut out.failed).map(|g| (*k, g)));
        }
        let held = |list: &mut dyn Iterator<Item = &Arc<Granule<'static>>>| list.map(|g| g.len() as u64).sum::<u64>();
        out.most_rows = out.most_rows.max(held(&mut loaded.iter().map(|g| &g.1)) + held(&mut cache.values()));
        let own_side = side(own, loaded.iter().map(|(k, g)| (*k, g)))?;
        let other_side = side(other, cache.iter().map(|(k, g)| (*k, g)))?;
        let (p, s) = if turned { (&other_side, &own_side) } else { (&own_side, &other_side) };
        let silent = Control { progress: None, ..*control };
        let counts = join_each(p, s, spec, 0..u64::MAX, &silent, sink)?;
        out.counts = added(&out.counts, &counts);
        control.report(Progress { done: at as u64, total, pairs: out.counts.pairs });
    }
    Ok(out)
}

fn load(
    source: &dyn Source,
    granule: usize,
    name: &'static str,
    failed: &mut Vec<(&'static str, usize, String)>,
) -> Option<Arc<Granule<'static>>> {
    match source.load(granule) {
        Ok(g) => Some(g),
        Err(e) => {
            // A granule several groups need fails once.
            if !failed.iter().any(|f| f.0 == name && f.1 == granule) {
                failed.push((name, granule, e.to_string()));
            }
            None
        }
    }
}

fn side<'g>(
    source: &dyn Source,
    granules: impl Iterator<Item = (usize, &'g Arc<Granule<'static>>)>,
) -> Result<Side<'g>> {
    Side::new(granules.map(|(k, g)| g.borrowed().with_first_row(source.first_row(k))).collect())
}

fn added(a: &Counts, b: &Counts) -> Counts {
    let side = |a: &SideCounts, b: &SideCounts| SideCounts {
        rows: a.rows + b.rows,
        invalid: a.invalid + b.invalid,
        duplicates: a.duplicates + b.duplicates,
    };
    Counts {
        primary: side(&a.primary, &b.primary),
        secondary: side(&a.secondary, &b.secondary),
        tested: a.tested + b.tested,
        pairs: a.pairs + b.pairs,
    }
}
