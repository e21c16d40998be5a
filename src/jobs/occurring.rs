//! Rows of a side that occur in results, each counted once however many pairs it has.

use std::collections::HashMap;

/// A bit a row of the granules that later tasks may still name.
#[derive(Default)]
pub(crate) struct Occurring {
    bits: HashMap<u64, Vec<u64>>,
    settled: u64,
}

impl Occurring {
    /// Notes rows by key of their granule and number in it.
    pub fn note(&mut self, rows: impl Iterator<Item = (u64, u32)>) {
        for (key, row) in rows {
            let bits = self.bits.entry(key).or_default();
            let (word, bit) = (row as usize / 64, row % 64);
            if bits.len() <= word {
                bits.resize(word + 1, 0);
            }
            bits[word] |= 1 << bit;
        }
    }

    /// Counts the rows of granules that come no more, and forgets them.
    pub fn settle(&mut self, comes_again: impl Fn(u64) -> bool) {
        self.bits.retain(|key, bits| {
            let again = comes_again(*key);
            if !again {
                self.settled += ones(bits);
            }
            again
        });
    }

    /// Rows noted.
    pub fn total(self) -> u64 {
        self.settled + self.bits.values().map(|b| ones(b)).sum::<u64>()
    }
}

fn ones(bits: &[u64]) -> u64 {
    bits.iter().map(|b| u64::from(b.count_ones())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_counts_once_over_all_tasks() {
        let mut rows = Occurring::default();
        rows.note([(1, 0), (1, 63), (2, 64), (1, 0)].into_iter());
        rows.settle(|key| key == 1);
        rows.note([(1, 63), (1, 4000)].into_iter());
        assert_eq!(rows.total(), 4);
    }
}
