//! Numbers as GRIB writes them: big-endian, signs as a bit of their own, packed to any number of bits.

/// A number of whole bytes; 0 beyond the end.
pub fn uint(bytes: &[u8], at: usize, len: usize) -> u64 {
    bytes.get(at..at + len).map_or(0, |b| b.iter().fold(0, |n, x| (n << 8) | u64::from(*x)))
}

/// A number whose first bit is its sign.
pub fn int(bytes: &[u8], at: usize, len: usize) -> i64 {
    let sign = 1u64 << (8 * len - 1);
    let n = uint(bytes, at, len);
    let size = (n & (sign - 1)) as i64;
    if n & sign == 0 { size } else { -size }
}

/// A number of IEEE 754 with 32 bits.
pub fn ieee(bytes: &[u8], at: usize) -> f64 {
    f64::from(f32::from_bits(uint(bytes, at, 4) as u32))
}

/// A floating-point number of IBM with 32 bits (WMO Manual on Codes I.2, FM 92 GRIB edition 1, 92.6.4): sign, exponent of
/// 16 with 64 added, 24 bits of fraction.
pub fn ibm(bytes: &[u8], at: usize) -> f64 {
    let n = uint(bytes, at, 4);
    let sign = if n >> 31 == 1 { -1.0 } else { 1.0 };
    let exponent = ((n >> 24) & 0x7f) as i32 - 64;
    sign * (n & 0x00ff_ffff) as f64 / f64::from(1u32 << 24) * 16f64.powi(exponent)
}

/// Reads numbers of some bits, one after the other.
pub struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    /// From the first bit on.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next number of at most 56 bits; `None` beyond the end.
    #[inline]
    pub fn next(&mut self, bits: usize) -> Option<u64> {
        if bits == 0 {
            return Some(0);
        }
        let (first, skip) = (self.at / 8, self.at % 8);
        let last = (self.at + bits).div_ceil(8);
        let mut n = 0u64;
        for b in self.bytes.get(first..last)? {
            n = (n << 8) | u64::from(*b);
        }
        self.at += bits;
        let below = (last - first) * 8 - skip - bits;
        Some((n >> below) & (u64::MAX >> (64 - bits)))
    }

    /// On to the next whole byte.
    pub fn align(&mut self) {
        self.at = self.at.div_ceil(8) * 8;
    }

    /// Number of zeros before the next one, which is passed too; `None` where there is no one.
    pub fn zeros(&mut self) -> Option<u64> {
        let mut n = 0;
        while self.next(1)? == 0 {
            n += 1;
        }
        Some(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_manual() {
        assert_eq!((uint(&[1, 2, 3], 0, 3), uint(&[1], 0, 3)), (0x01_0203, 0));
        assert_eq!((int(&[0x80, 5], 0, 2), int(&[0, 5], 0, 2)), (-5, 5));
        // IBM System/370 Principles of Operation: -118.625 is C276A000; 0.15625 is 40280000.
        assert_eq!(ibm(&[0xc2, 0x76, 0xa0, 0], 0), -118.625);
        assert_eq!(ibm(&[0x40, 0x28, 0, 0], 0), 0.156_25);
        assert_eq!(ieee(&0x3fc0_0000u32.to_be_bytes(), 0), 1.5);
        let mut bits = Bits::new(&[0b1010_0111, 0b0000_0001, 0xff]);
        assert_eq!([bits.next(3), bits.next(5), bits.next(0)], [Some(5), Some(7), Some(0)]);
        assert_eq!(bits.zeros(), Some(7));
        assert_eq!(bits.next(9), None);
        assert_eq!(Bits::new(&[0; 4]).zeros(), None);
        assert_eq!(Bits::new(&[0xff; 8]).next(56), Some((1 << 56) - 1));
    }
}
