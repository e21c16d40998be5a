//! The values of a field, in rows from the first to the last of its grid.

use super::bits::{Bits, uint};
use super::message::{Field, Packing, Way};
use super::{ccsds, complex};

/// Unpacks a field, NaN where it has no value; `None` when the data do not fit their description.
pub fn field(f: &Field, data: &[u8], bitmap: Option<&[u8]>) -> Option<Vec<f64>> {
    let [rows, cols] = f.grid.shape;
    let cells = rows.checked_mul(cols)?;
    let there = bitmap.map(|b| b.iter().map(|byte| byte.count_ones() as usize).sum::<usize>());
    let packed = match (f.packing.count, there) {
        (Some(n), _) => n,
        // The spare bits of the last byte are 0.
        (None, Some(n)) => n,
        (None, None) => cells,
    };
    if packed > cells {
        return None;
    }
    let values = values(&f.packing, data, packed)?;
    let mut all = match bitmap {
        None if values.len() == cells => values,
        None => return None,
        Some(bits) => {
            if bits.len() * 8 < cells {
                return None;
            }
            let mut next = values.into_iter();
            let has = |k: usize| bits[k / 8] >> (7 - k % 8) & 1 == 1;
            (0..cells).map(|k| if has(k) { next.next() } else { Some(f64::NAN) }).collect::<Option<Vec<f64>>>()?
        }
    };
    let scan = f.grid.scan;
    if scan.by_columns {
        all = (0..cells).map(|k| all[k % cols * rows + k / cols]).collect();
    } else if scan.alternating {
        all.chunks_mut(cols.max(1)).skip(1).step_by(2).for_each(<[f64]>::reverse);
    }
    Some(all)
}

fn values(packing: &Packing, data: &[u8], count: usize) -> Option<Vec<f64>> {
    if let Way::Ieee(bytes) = packing.way {
        let at = |k: usize| match bytes {
            4 => f64::from(f32::from_bits(uint(data, k * 4, 4) as u32)),
            _ => f64::from_bits(uint(data, k * 8, 8)),
        };
        return (data.len() / bytes >= count).then(|| (0..count).map(at).collect());
    }
    // One value everywhere needs no bits.
    if packing.bits == 0 && !matches!(packing.way, Way::Complex(_)) {
        return Some(vec![packing.value(0.0); count]);
    }
    if packing.bits > 56 {
        return None;
    }
    let (scale, ten) = (2f64.powi(packing.binary), 10f64.powi(-packing.decimal));
    let value = |n: f64| (packing.reference + n * scale) * ten;
    Some(match &packing.way {
        Way::Simple | Way::Ieee(_) => simple(packing.bits, data, count)?.into_iter().map(|n| value(n as f64)).collect(),
        Way::Complex(groups) => complex::unpack(groups, packing, data, count)?.into_iter().map(value).collect(),
        Way::Ccsds(coding) => {
            ccsds::unpack(coding, packing.bits, data, count)?.into_iter().map(|n| value(n as f64)).collect()
        }
    })
}

fn simple(bits: usize, data: &[u8], count: usize) -> Option<Vec<u64>> {
    if data.len().checked_mul(8)? < count.checked_mul(bits)? {
        return None;
    }
    match bits {
        8 => Some(data[..count].iter().map(|b| u64::from(*b)).collect()),
        16 => Some(data.as_chunks::<2>().0[..count].iter().map(|b| u64::from(u16::from_be_bytes(*b))).collect()),
        _ => {
            let mut reader = Bits::new(data);
            (0..count).map(|_| reader.next(bits)).collect()
        }
    }
}
