//! More than two data sets: each matched to one primary side, then joined by its rows.

use crate::control::Control;
use crate::error::Result;
use crate::join::join;
use crate::pairs::{Counts, Pair};
use crate::side::Side;
use crate::spec::{Policy, Reference, Spec};

/// Rows of the primary side and their partners in several other sides.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chain {
    /// One primary row number and one match per other side; `None` where that side has none.
    pub rows: Vec<(u64, Vec<Option<Pair>>)>,
    /// Counts of each join.
    pub counts: Vec<Counts>,
}

/// Matches several sides to one primary side.
///
/// With `complete` only primary rows that have a partner in every side are kept, as triple collocation needs them;
/// otherwise those that have one in any. A side whose policy gives several matches to a row contributes every
/// combination, in the order of its matches.
///
/// # Errors
/// As [`join`]. The reference side must be the primary.
pub fn chain(primary: &Side, others: &[(&Side, Spec)], complete: bool, control: &Control) -> Result<Chain> {
    let mut all = Vec::with_capacity(others.len());
    let mut counts = Vec::with_capacity(others.len());
    for (side, spec) in others {
        let spec = Spec { reference: Reference::Primary, ..*spec };
        let found = join(primary, side, &spec, control)?;
        debug_assert!(matches!(spec.policy, Policy::Mutual { .. }) || found.pairs.is_sorted_by_key(|p| p.i));
        counts.push(found.counts);
        all.push(found.pairs);
    }
    let mut at = vec![0; all.len()];
    let mut rows = Vec::new();
    // All lists are sorted by primary row: walk them together.
    while let Some(row) = all.iter().zip(&at).filter_map(|(list, k)| list.get(*k)).map(|p| p.i).min() {
        let groups: Vec<&[Pair]> = all
            .iter()
            .zip(&mut at)
            .map(|(list, k)| {
                let from = *k;
                while list.get(*k).is_some_and(|p| p.i == row) {
                    *k += 1;
                }
                &list[from..*k]
            })
            .collect();
        if complete && groups.iter().any(|g| g.is_empty()) {
            continue;
        }
        let mut combined: Vec<Vec<Option<Pair>>> = vec![Vec::with_capacity(groups.len())];
        for group in groups {
            let choices: Vec<Option<Pair>> =
                if group.is_empty() { vec![None] } else { group.iter().copied().map(Some).collect() };
            combined = combined
                .into_iter()
                .flat_map(|head| choices.iter().map(move |c| head.iter().copied().chain([*c]).collect()))
                .collect();
        }
        rows.extend(combined.into_iter().map(|c| (row, c)));
    }
    Ok(Chain { rows, counts })
}
