//! The pairs of all parts put together in the order of rows, by all threads.

use rayon::prelude::*;

use super::worker::Done;
use crate::leaf::BLOCK;
use crate::pairs::Pair;

/// Consecutive pairs of one part.
struct Run {
    first: u64,
    part: u32,
    from: usize,
    len: usize,
}

/// All pairs and their numbers of candidates, sorted by `row` and otherwise as they came. The pairs of each part must
/// be sorted, and all pairs of a row lie in one part.
pub(super) fn gathered(done: Vec<Done>, row: impl Fn(&Pair) -> u64 + Sync) -> (Vec<Pair>, Vec<u32>) {
    let done: Vec<Done> = done.into_iter().filter(|d| !d.pairs.is_empty()).collect();
    let mut runs: Vec<Run> = whole(&done, &row);
    let mut apart = apart(&runs, &done, &row);
    if !apart {
        // Parts of points that were put in order interleave, but mostly by whole leaves, which have their rows to
        // themselves.
        runs = done.par_iter().enumerate().flat_map_iter(|(k, d)| leaves(k, d, &row)).collect();
        runs.par_sort_unstable_by_key(|r| r.first);
        apart = self::apart(&runs, &done, &row);
    }
    let mut pairs: Vec<Pair> = placed(&runs, |r| &done[r.part as usize].pairs);
    let mut candidates: Vec<u32> = placed(&runs, |r| &done[r.part as usize].candidates);
    // To give memory back takes a thread as long as to get it.
    done.into_par_iter().with_max_len(16).for_each(drop);
    if !apart {
        if candidates.is_empty() {
            pairs.par_sort_by_key(row);
        } else {
            let mut both: Vec<(Pair, u32)> = pairs.into_iter().zip(candidates).collect();
            both.par_sort_by_key(|b| row(&b.0));
            (pairs, candidates) = both.into_iter().unzip();
        }
    }
    (pairs, candidates)
}

/// Each part as one run.
fn whole(done: &[Done], row: &impl Fn(&Pair) -> u64) -> Vec<Run> {
    let run = |(k, d): (usize, &Done)| {
        let first = d.pairs.first()?;
        Some(Run { first: row(first), part: k as u32, from: 0, len: d.pairs.len() })
    };
    done.iter().enumerate().filter_map(run).collect()
}

/// The runs of a part: a step of more than a leaf's rows begins a new one.
fn leaves(part: usize, done: &Done, row: &impl Fn(&Pair) -> u64) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut from = 0;
    for rows in done.pairs.chunk_by(|a, b| row(b) - row(a) <= BLOCK as u64) {
        runs.push(Run { first: row(&rows[0]), part: part as u32, from, len: rows.len() });
        from += rows.len();
    }
    runs
}

/// Whether each run ends before the next begins.
fn apart(runs: &[Run], done: &[Done], row: &impl Fn(&Pair) -> u64) -> bool {
    let last = |r: &Run| row(&done[r.part as usize].pairs[r.from + r.len - 1]);
    runs.windows(2).all(|w| last(&w[0]) < w[1].first)
}

/// The values of the runs, one after the other.
fn placed<'d, T: Copy + Send + Sync + 'd>(runs: &[Run], of: impl Fn(&Run) -> &'d Vec<T> + Sync) -> Vec<T> {
    if runs.iter().all(|r| of(r).is_empty()) {
        return Vec::new();
    }
    let mut starts = Vec::with_capacity(runs.len() + 1);
    let mut total = 0;
    for r in runs {
        starts.push(total);
        total += r.len;
    }
    starts.push(total);
    let value = |at: &mut usize, k: usize| {
        if k >= starts[*at + 1] {
            *at += 1;
        }
        if k < starts[*at] || k >= starts[*at + 1] {
            *at = starts.partition_point(|s| *s <= k) - 1;
        }
        let r = &runs[*at];
        of(r)[r.from + (k - starts[*at])]
    };
    (0..total).into_par_iter().with_min_len(1 << 14).map_init(|| 0, value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parts of these rows, two pairs a row; candidates tell the pairs apart.
    fn parts(rows: &[&[u64]]) -> Vec<Done> {
        let mut next = 0;
        rows.iter()
            .map(|rows| {
                let i = rows.iter().flat_map(|i| [*i, *i]);
                let pairs: Vec<Pair> = i.map(|i| Pair { i, j: 0, distance_m: 0.0, dt_us: 0 }).collect();
                let from = next;
                next += pairs.len() as u32;
                Done { candidates: (from..next).collect(), pairs, tested: 0 }
            })
            .collect()
    }

    #[test]
    fn parts_come_together_in_the_order_of_rows_however_they_lie() {
        let cases: [&[&[u64]]; 5] = [
            &[&[0, 1, 5], &[], &[6, 7], &[900]],
            // By whole leaves out of order, and leaves of one part on both sides of another's.
            &[&[64, 70, 400], &[0, 3, 100, 101, 9000], &[32]],
            // Rows that interleave within a leaf.
            &[&[0, 2, 4, 100], &[1, 3, 5, 99, 101]],
            &[&[3], &[2], &[1]],
            &[],
        ];
        for rows in cases {
            let mut expected: Vec<(u64, u32)> = parts(rows)
                .iter()
                .flat_map(|d| d.pairs.iter().map(|p| p.i).zip(d.candidates.clone()).collect::<Vec<_>>())
                .collect();
            expected.sort_by_key(|e| e.0);
            let (pairs, candidates) = gathered(parts(rows), |p| p.i);
            assert_eq!(pairs.iter().map(|p| p.i).zip(candidates).collect::<Vec<_>>(), expected);
            let bare = parts(rows).into_iter().map(|d| Done { candidates: Vec::new(), ..d }).collect();
            let (pairs, candidates) = gathered(bare, |p| p.i);
            assert_eq!(pairs.iter().map(|p| p.i).collect::<Vec<_>>(), expected.iter().map(|e| e.0).collect::<Vec<_>>());
            assert!(candidates.is_empty());
        }
    }
}
