//! Pairs, what is counted beside them, and the hash by which two runs are compared.

/// Two rows within the limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Row number on the primary side.
    pub i: u64,
    /// Row number on the secondary side.
    pub j: u64,
    /// Distance in metres by the metric of the join.
    pub distance_m: f64,
    /// Time of the secondary minus time of the primary, µs.
    pub dt_us: i64,
}

/// What was read on one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct SideCounts {
    /// Rows.
    pub rows: u64,
    /// Rows without a position on the Earth or a time, or masked; they never match.
    pub invalid: u64,
    /// Valid rows of points and tracks that repeat an earlier one, at times at which the other side has rows.
    pub duplicates: u64,
}

/// Counts of a join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Counts {
    /// Primary side.
    pub primary: SideCounts,
    /// Secondary side.
    pub secondary: SideCounts,
    /// Distances that were computed.
    pub tested: u64,
    /// Pairs kept.
    pub pairs: u64,
}

/// Result of a join: pairs sorted by row of the reference side; within a row by the policy's order (nearest first) or,
/// for `All`, by row of the other side.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Matches {
    /// The pairs.
    pub pairs: Vec<Pair>,
    /// For [`crate::Policy::Nearest`] with `count_candidates`: per pair, how many rows lay within the limits; else empty.
    pub candidates: Vec<u32>,
    /// What was read and kept.
    pub counts: Counts,
}

impl Matches {
    /// Hash of the pairs ([`pairs_sum64`]).
    pub fn sum64(&self) -> u64 {
        pairs_sum64(self.pairs.iter().map(|p| (p.i, p.j)))
    }
}

/// The finalizer of splitmix64 (Steele, Lea, Flood 2014, doi:10.1145/2714064.2660195).
#[inline]
pub fn splitmix64(z: u64) -> u64 {
    let z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Hash of one pair. Row numbers below 2³² are put side by side; larger ones are mixed first.
#[inline]
pub fn pair_key(i: u64, j: u64) -> u64 {
    if (i | j) >> 32 == 0 { splitmix64(i << 32 | j) } else { splitmix64(splitmix64(i) ^ j.rotate_left(32)) }
}

/// Hash of a set of pairs: the wrapping sum of [`pair_key`]. It depends neither on the order nor on how the set is cut
/// into parts, whose hashes add up.
pub fn pairs_sum64(pairs: impl IntoIterator<Item = (u64, u64)>) -> u64 {
    pairs.into_iter().fold(0, |sum, (i, j)| sum.wrapping_add(pair_key(i, j)))
}
