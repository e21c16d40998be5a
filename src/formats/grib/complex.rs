//! Complex packing (templates 5.2 and 5.3 of edition 2): groups of numbers, each with its own reference and number of
//! bits; with spatial differencing the numbers are first or second differences. Regulation notes of templates 7.2, 7.3.

use super::bits::{Bits, int, uint};
use super::message::Packing;

/// What the packing section says of the groups.
#[derive(Clone, Debug, PartialEq)]
pub struct Groups {
    /// 0: every number is a value; 1 and 2: the highest (two) of a group mean "missing".
    missing: u8,
    number: usize,
    width_reference: usize,
    width_bits: usize,
    length_reference: usize,
    length_increment: usize,
    last_length: usize,
    length_bits: usize,
    /// Order of the differences (0: none) and bytes of their first values.
    order: u8,
    extra_bytes: usize,
}

impl Groups {
    /// From a section of at least 47 bytes, 49 with differences.
    pub fn of(s: &[u8], differences: bool) -> Self {
        let n = |at: usize, len: usize| uint(s, at, len) as usize;
        Self {
            missing: s[22],
            number: n(31, 4),
            width_reference: n(35, 1),
            width_bits: n(36, 1),
            length_reference: n(37, 4),
            length_increment: n(41, 1),
            last_length: n(42, 4),
            length_bits: n(46, 1),
            order: if differences { s[47] } else { 0 },
            extra_bytes: if differences { n(48, 1) } else { 0 },
        }
    }
}

/// The `count` numbers, NaN where missing; `None` when the data do not fit their description.
pub fn unpack(groups: &Groups, packing: &Packing, data: &[u8], count: usize) -> Option<Vec<f64>> {
    if groups.order > 2
        || groups.number > count
        || packing.bits > 32
        || groups.width_bits > 32
        || groups.length_bits > 32
    {
        return None;
    }
    let extra = if groups.order == 0 { 0 } else { (usize::from(groups.order) + 1) * groups.extra_bytes };
    if groups.order > 0 && !(1..=7).contains(&groups.extra_bytes) {
        return None;
    }
    let mut bits = Bits::new(data.get(extra..)?);
    let mut list = |width: usize| -> Option<Vec<u64>> {
        let all = (0..groups.number).map(|_| bits.next(width)).collect();
        bits.align();
        all
    };
    let references = list(packing.bits)?;
    let widths = list(groups.width_bits)?;
    let lengths = list(groups.length_bits)?;
    let mut out: Vec<Option<i64>> = Vec::with_capacity(count);
    for (k, ((reference, width), length)) in references.iter().zip(&widths).zip(&lengths).enumerate() {
        let width = groups.width_reference + *width as usize;
        let length = match k + 1 == groups.number {
            true => groups.last_length,
            false => groups.length_reference.checked_add(groups.length_increment.checked_mul(*length as usize)?)?,
        };
        if width > 56 || out.len() + length > count {
            return None;
        }
        // A group without bits is constant: its reference says then whether it is missing.
        let highest = if width == 0 { ones(packing.bits) } else { ones(width) };
        for _ in 0..length {
            let n = bits.next(width)?;
            let own = if width == 0 { *reference } else { n };
            let gap = match groups.missing {
                1 => own == highest,
                2 => own == highest || own + 1 == highest,
                _ => false,
            } && !(width == 0 && packing.bits == 0);
            out.push((!gap).then_some((*reference + n) as i64));
        }
    }
    if out.len() != count {
        return None;
    }
    if groups.order > 0 {
        integrate(groups, data, &mut out)?;
    }
    Some(out.into_iter().map(|n| n.map_or(f64::NAN, |n| n as f64)).collect())
}

fn ones(bits: usize) -> u64 {
    if bits == 0 { 0 } else { u64::MAX >> (64 - bits.min(64)) }
}

/// Makes numbers of differences; gaps take no part.
fn integrate(groups: &Groups, data: &[u8], out: &mut [Option<i64>]) -> Option<()> {
    let n = groups.extra_bytes;
    let order = usize::from(groups.order);
    let first: Vec<i64> = (0..order).map(|k| int(data, k * n, n)).collect();
    let least = int(data, order * n, n);
    let (mut before, mut last) = (0i64, 0i64);
    for (k, value) in out.iter_mut().filter_map(Option::as_mut).enumerate() {
        let now = match first.get(k) {
            Some(given) => *given,
            None if order == 1 => value.checked_add(least)?.checked_add(last)?,
            None => value.checked_add(least)?.checked_add(last.checked_mul(2)?)?.checked_sub(before)?,
        };
        (before, last) = (last, now);
        *value = now;
    }
    Some(())
}
