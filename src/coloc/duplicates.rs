//! Rows that repeat an earlier one.

use std::cmp::Ordering;
use std::collections::HashSet;

use crate::coord::{Coord, LAT_LIMIT, LON_LIMIT, Raw, with_raw};
use crate::error::{Error, Result};
use crate::side::{Granule, Shape, Side, Times};
use crate::spec::Duplicates;

/// Everything that makes two rows the same.
type Key = (i64, u64, u64, i64);

fn key(g: &Granule, row: usize) -> Key {
    let (lat, lon) = g.position(row);
    // −0 and 0 are one place.
    (g.time(row), (lat + 0.0).to_bits(), (lon + 0.0).to_bits(), g.platform_of(row))
}

/// Granules of points and tracks; cells of swaths and grids have their place by construction.
fn concerned(g: &Granule) -> bool {
    matches!(g.shape, Shape::Points | Shape::Track)
}

/// Rows to leave out of a side, by granule and sorted: valid rows of points and tracks that repeat an earlier one in
/// time, place and platform.
///
/// # Errors
/// When there are any and that is to be an error; `name` is for the sentence.
pub fn repeated_rows(side: &Side, what: Duplicates, name: &'static str) -> Result<Vec<(usize, Vec<u32>)>> {
    of_side(side, what, name, (i64::MIN, i64::MAX))
}

/// Rows to leave out, per granule and sorted: valid rows of points and tracks at `times` that repeat an earlier valid
/// row of the side.
pub(crate) fn of_side(
    side: &Side,
    what: Duplicates,
    name: &'static str,
    times: (i64, i64),
) -> Result<Vec<(usize, Vec<u32>)>> {
    if what == Duplicates::Keep {
        return Ok(Vec::new());
    }
    let mut doubtful = doubtful_times(side);
    doubtful.retain_mut(|s| {
        (s.t0, s.t1) = (s.t0.max(times.0), s.t1.min(times.1));
        s.t0 <= s.t1
    });
    if doubtful.is_empty() {
        return Ok(Vec::new());
    }
    let found = repeated(side, &doubtful);
    if what == Duplicates::Error
        && let Some((granule, rows)) = found.first()
    {
        let count = found.iter().map(|f| f.1.len() as u64).sum();
        let row = side.first_row(*granule) + u64::from(rows.first().copied().unwrap_or(0));
        return Err(Error::Duplicates { side: name, count, row });
    }
    Ok(found)
}

/// A stretch of rows whose times never fall.
struct Stretch {
    t0: i64,
    t1: i64,
}

/// Times at which a row may repeat another: sorted stretches that do not touch; outside of them a quick look has
/// proved that nothing repeats, because times rise and no place occurs twice at one time.
fn doubtful_times(side: &Side) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for g in side.granules().iter().filter(|g| concerned(g)) {
        let all = || g.time_range().map(|(t0, t1)| Stretch { t0, t1 });
        let from = stretches.len();
        let fine = match &g.time {
            Times::PerRow(t) | Times::PerLine(t) => with_raw!(&g.lat, LAT_LIMIT, |lat, _lat_ok, _lat_of| {
                with_raw!(&g.lon, LON_LIMIT, |lon, _lon_ok, _lon_of| rises(t, lat, lon, &mut stretches))
            }),
            Times::One(_) => g.len <= 1,
        };
        if !fine {
            stretches.truncate(from);
            // Twice, so that the stretch overlaps itself.
            stretches.extend(all());
        }
        if !fine || matches!(g.time, Times::One(_)) {
            stretches.extend(all());
        }
    }
    stretches.sort_unstable_by_key(|s| (s.t0, s.t1));
    let mut out: Vec<Stretch> = Vec::new();
    let mut reach: Option<i64> = None;
    for s in stretches {
        if let Some(r) = reach.filter(|r| s.t0 <= *r) {
            let t1 = s.t1.min(r);
            match out.last_mut() {
                Some(last) if s.t0 <= last.t1 => last.t1 = last.t1.max(t1),
                _ => out.push(Stretch { t0: s.t0, t1 }),
            }
        }
        reach = Some(reach.map_or(s.t1, |r| r.max(s.t1)));
    }
    out
}

/// Adds the stretches of one granule; `false` as soon as the proof fails.
fn rises<A: Raw, B: Raw>(t: &[i64], lat: &[A], lon: &[B], stretches: &mut Vec<Stretch>) -> bool {
    let mut at = 0;
    let mut sorted: Vec<(A, B)> = Vec::new();
    let from = stretches.len();
    let mut runs = 1;
    while at < t.len() {
        let now = t[at];
        let mut end = at + 1;
        while end < t.len() && t[end] == now {
            end += 1;
        }
        if end - at > 1 && !differ(&lat[at..end], &lon[at..end], &mut sorted) {
            return false;
        }
        match stretches.last_mut() {
            // A step much longer than those before starts a new stretch, so that what lies between stays free.
            Some(s)
                if at > 0
                    && s.t1 < now
                    && (runs < 4 || now.saturating_sub(s.t1) / 64 <= s.t1.saturating_sub(s.t0) / runs) =>
            {
                s.t1 = now;
                runs += 1;
            }
            _ => {
                stretches.push(Stretch { t0: now, t1: now });
                runs = 1;
            }
        }
        // Unordered points have a stretch for every few rows: no use going on.
        if stretches.len() - from > 64 + t.len() / 64 {
            return false;
        }
        at = end;
    }
    true
}

/// Whether no two positions are the same.
fn differ<A: Raw, B: Raw>(lat: &[A], lon: &[B], sorted: &mut Vec<(A, B)>) -> bool {
    // A line across a track moves on in latitude or in longitude all the way.
    if lat.is_sorted_by(|a, b| a < b)
        || lat.is_sorted_by(|a, b| a > b)
        || lon.is_sorted_by(|a, b| a < b)
        || lon.is_sorted_by(|a, b| a > b)
    {
        return true;
    }
    if lat.len() > 4096 {
        return false;
    }
    sorted.clear();
    sorted.extend(lat.iter().copied().zip(lon.iter().copied()));
    sorted.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    sorted.windows(2).all(|w| w[0] < w[1])
}

/// Finds repeated rows at doubtful times by a hash of each: a bit set shows which hashes may occur twice, and only those
/// are compared.
fn repeated(side: &Side, doubtful: &[Stretch]) -> Vec<(usize, Vec<u32>)> {
    let concerned: Vec<(usize, &Granule)> = side.granules().iter().enumerate().filter(|(_, g)| concerned(g)).collect();
    // Equal numbers of one stored type have equal bits; of several types only decoded numbers compare.
    let alike =
        concerned.windows(2).all(|w| same_type(&w[0].1.lat, &w[1].1.lat) && same_type(&w[0].1.lon, &w[1].1.lon));
    let rows: usize = concerned.iter().map(|(_, g)| g.len).sum();
    let mut seen = Bits::new(rows * 16);
    let mut twice: Vec<u64> = Vec::new();
    for (_, g) in &concerned {
        each_hash(g, doubtful, alike, |_, h| {
            if seen.set(h) {
                twice.push(h);
            }
        });
    }
    if twice.is_empty() {
        return Vec::new();
    }
    drop(seen);
    // The same once more with the few hashes that met a set bit, in a set that tells them apart.
    let mut suspects = Bits::new(twice.len() * 64);
    for h in twice {
        suspects.set(h);
    }
    let mut known: HashSet<Key> = HashSet::new();
    let mut out = Vec::new();
    for (k, g) in &concerned {
        let mut again = Vec::new();
        each_hash(g, doubtful, alike, |row, h| {
            if suspects.holds(h) && g.is_valid(row) && !known.insert(key(g, row)) {
                again.push(row as u32);
            }
        });
        if !again.is_empty() {
            out.push((*k, again));
        }
    }
    out
}

/// A set of hashes that may say yes wrongly, never no. A bit that is gone is a hash that is in: an array of ones is
/// written when it is made, while one of zeros is the system's empty page until the first write, and to replace that
/// under other running threads costs more than the whole search.
struct Bits {
    words: Vec<u64>,
    shift: u32,
}

impl Bits {
    fn new(bits: usize) -> Self {
        let bits = bits.next_power_of_two().max(1024);
        Self { words: vec![u64::MAX; bits / 64], shift: 64 - bits.trailing_zeros() }
    }

    #[inline(always)]
    fn place(&self, h: u64) -> (usize, u64) {
        let at = h >> self.shift;
        ((at >> 6) as usize, 1 << (at & 63))
    }

    /// Adds a hash and says whether it may have been there.
    #[inline(always)]
    fn set(&mut self, h: u64) -> bool {
        let (word, bit) = self.place(h);
        let was = self.words[word] & bit == 0;
        self.words[word] &= !bit;
        was
    }

    #[inline(always)]
    fn holds(&self, h: u64) -> bool {
        let (word, bit) = self.place(h);
        self.words[word] & bit == 0
    }
}

fn same_type(a: &Coord, b: &Coord) -> bool {
    match (a, b) {
        (Coord::I16 { packing: p, .. }, Coord::I16 { packing: q, .. })
        | (Coord::I32 { packing: p, .. }, Coord::I32 { packing: q, .. }) => p == q,
        _ => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

/// Calls `f` with each row at a doubtful time and its hash; equal keys have equal hashes.
fn each_hash(g: &Granule, doubtful: &[Stretch], alike: bool, mut f: impl FnMut(usize, u64)) {
    with_raw!(&g.lat, LAT_LIMIT, |lat, _lat_ok, lat_of| {
        with_raw!(&g.lon, LON_LIMIT, |lon, _lon_ok, lon_of| {
            let mut now = Stretch { t0: 1, t1: 0 };
            for row in 0..g.len {
                let t = match &g.time {
                    Times::PerRow(t) | Times::PerLine(t) => t[row],
                    Times::One(t) => *t,
                };
                if t < now.t0 || t > now.t1 {
                    let at = doubtful.partition_point(|s| s.t1 < t);
                    match doubtful.get(at) {
                        Some(s) if s.t0 <= t => now = Stretch { ..*s },
                        _ => continue,
                    }
                }
                let (a, b) = if alike {
                    (lat[row].bits(), lon[row].bits())
                } else {
                    (Raw::bits(lat_of(lat[row])), Raw::bits(lon_of(lon[row])))
                };
                let place = a ^ b.rotate_left(29);
                let h = place.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (t as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
                let h = (h ^ (h >> 32)).wrapping_mul(0xff51_afd7_ed55_8ccd);
                f(row, h ^ (h >> 29));
            }
        })
    });
}
