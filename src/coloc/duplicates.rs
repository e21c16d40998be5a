//! Rows that repeat an earlier one.

use std::collections::HashMap;

use crate::error::{Error, Result};
use crate::pairs::splitmix64;
use crate::side::{Granule, Shape, Side};
use crate::spec::Duplicates;

/// Everything that makes two rows the same.
type Key = (i64, u64, u64, i64);

fn key(g: &Granule, row: usize) -> Key {
    let (lat, lon) = g.position(row);
    // −0 and 0 are one place.
    (g.time(row), (lat + 0.0).to_bits(), (lon + 0.0).to_bits(), g.platform_of(row))
}

fn hash(key: &Key) -> u64 {
    splitmix64((key.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ key.1.rotate_left(17) ^ key.2.rotate_left(41))
        ^ (key.3 as u64).wrapping_mul(0xff51_afd7_ed55_8ccd)
}

/// Granules of points and tracks; cells of swaths and grids have their place by construction.
fn concerned(g: &Granule) -> bool {
    matches!(g.shape, Shape::Points | Shape::Track)
}

/// Rows to leave out, per granule and sorted: valid rows of points and tracks that repeat an earlier valid row of the
/// side.
pub(crate) fn of_side(side: &Side, what: Duplicates, name: &'static str) -> Result<Vec<(usize, Vec<u32>)>> {
    if what == Duplicates::Keep || all_differ(side) {
        return Ok(Vec::new());
    }
    let found = repeated(side);
    if what == Duplicates::Error && let Some((granule, rows)) = found.first() {
        let count = found.iter().map(|f| f.1.len() as u64).sum();
        let row = side.first_row(*granule) + u64::from(rows.first().copied().unwrap_or(0));
        return Err(Error::Duplicates { side: name, count, row });
    }
    Ok(found)
}

/// A quick proof that nothing repeats: times never fall, and rows of one time move on along a line.
fn all_differ(side: &Side) -> bool {
    let mut last: Option<i64> = None;
    for g in side.granules().iter().filter(|g| concerned(g)) {
        let Some((t0, t1)) = g.time_range() else { continue };
        if last.is_some_and(|l| t0 <= l) || !moves_on(g) {
            return false;
        }
        last = Some(t1);
    }
    true
}

fn moves_on(g: &Granule) -> bool {
    let (mut t, mut lat, mut lon) = (i64::MIN, f64::NAN, f64::NAN);
    // Signs of the steps within a run of equal times; zero when mixed.
    let (mut north, mut east) = (0.0, 0.0);
    let mut run = 0;
    for row in 0..g.len {
        let now = g.time(row);
        if now < t {
            return false;
        }
        if now > t {
            (t, run) = (now, 1);
            (lat, lon) = (f64::NAN, f64::NAN);
        } else {
            run += 1;
        }
        if run == 1 {
            // Positions matter only when the next row has the same time.
            if row + 1 < g.len && g.time(row + 1) == now {
                (lat, lon) = g.position(row);
            }
            continue;
        }
        let (la, lo) = g.position(row);
        let (dn, de) = ((la - lat).signum() * f64::from(la != lat), (lo - lon).signum() * f64::from(lo != lon));
        if run == 2 {
            (north, east) = (dn, de);
        } else {
            north = if dn == north { north } else { 0.0 };
            east = if de == east { east } else { 0.0 };
        }
        if north == 0.0 && east == 0.0 || la.is_nan() || lo.is_nan() {
            return false;
        }
        (lat, lon) = (la, lo);
    }
    true
}

/// Finds repeated rows by a hash of each: a bit set shows which hashes may occur twice, and only those are compared.
fn repeated(side: &Side) -> Vec<(usize, Vec<u32>)> {
    let rows: usize = side.granules().iter().filter(|g| concerned(g)).map(|g| g.len).sum();
    let bits = (rows * 16).next_power_of_two().max(1024);
    let mask = bits as u64 - 1;
    let mut seen = vec![0_u64; bits / 64];
    let mut twice = vec![0_u64; bits / 64];
    let rows_of = |g: &Granule| 0..g.len;
    let mut suspects = false;
    for g in side.granules().iter().filter(|g| concerned(g)) {
        for row in rows_of(g) {
            let h = hash(&key(g, row)) & mask;
            let (word, bit) = ((h / 64) as usize, 1_u64 << (h % 64));
            suspects |= seen[word] & bit != 0;
            twice[word] |= seen[word] & bit;
            seen[word] |= bit;
        }
    }
    if !suspects {
        return Vec::new();
    }
    let mut first: HashMap<Key, ()> = HashMap::new();
    let mut out = Vec::new();
    for (k, g) in side.granules().iter().enumerate().filter(|(_, g)| concerned(g)) {
        let mut again = Vec::new();
        for row in rows_of(g) {
            let key = key(g, row);
            let h = hash(&key) & mask;
            if twice[(h / 64) as usize] & (1 << (h % 64)) != 0
                && g.is_valid(row)
                && first.insert(key, ()).is_some()
            {
                again.push(row as u32);
            }
        }
        if !again.is_empty() {
            out.push((k, again));
        }
    }
    out
}
