//! The lossless coding of CCSDS 121.0-B-3 ("Lossless Data Compression"), as template 5.42 of edition 2 uses it: blocks of
//! samples, each coded by the shortest of Rice codes, pairs ("second extension"), runs of zero blocks or not at all.

use super::bits::Bits;

/// What the packing section says.
#[derive(Clone, Debug, PartialEq)]
pub struct Coding {
    /// Options of the library libaec.
    pub flags: u8,
    /// Samples a block.
    pub block: usize,
    /// Blocks after which a sample stands as it is.
    pub interval: usize,
}

/// Samples are signed.
const SIGNED: u8 = 1;
/// Differences between samples are coded.
const PREPROCESS: u8 = 8;
/// Few kinds of codes, told by fewer bits.
const RESTRICTED: u8 = 16;
/// Each interval begins at a whole byte.
const PADDED: u8 = 32;

/// Reads `count` samples of some bits; `None` where the data do not fit.
pub fn unpack(coding: &Coding, bits: usize, data: &[u8], count: usize) -> Option<Vec<u64>> {
    let restricted = coding.flags & RESTRICTED != 0;
    let id_bits = match bits {
        17..=32 => 5,
        9..=16 => 4,
        1..=2 if restricted => 1,
        3..=4 if restricted => 2,
        1..=8 => 3,
        _ => return None,
    };
    if coding.flags & SIGNED != 0 || coding.interval == 0 || !matches!(coding.block, 8 | 16 | 32 | 64) {
        return None;
    }
    let mut decoder = Decoder {
        bits: Bits::new(data),
        coding,
        width: bits,
        id_bits,
        highest: u64::MAX >> (64 - bits),
        out: Vec::with_capacity(count.min(1 << 26)),
        last: 0,
        block: 0,
    };
    while decoder.out.len() < count {
        decoder.block()?;
    }
    decoder.out.truncate(count);
    Some(decoder.out)
}

struct Decoder<'a> {
    bits: Bits<'a>,
    coding: &'a Coding,
    width: usize,
    id_bits: usize,
    highest: u64,
    out: Vec<u64>,
    /// The sample before.
    last: u64,
    /// Number of the next block within its interval.
    block: usize,
}

impl Decoder<'_> {
    fn preprocess(&self) -> bool {
        self.coding.flags & PREPROCESS != 0
    }

    /// The next block or run of blocks.
    fn block(&mut self) -> Option<()> {
        if self.block == 0 && self.coding.flags & PADDED != 0 {
            self.bits.align();
        }
        let id = self.bits.next(self.id_bits)?;
        // The codes without splitting end at "no compression", which is all ones.
        let plain = (1 << self.id_bits) - 1;
        let low = id == 0;
        let second = low && self.bits.next(1)? == 1;
        let mut fresh = self.coding.block;
        if self.block == 0 && self.preprocess() {
            let sample = self.bits.next(self.width)?;
            self.last = sample;
            self.out.push(sample);
            fresh -= 1;
        }
        match (low, second) {
            (true, false) => return self.zeros(fresh),
            (true, true) => self.pairs(fresh)?,
            _ if id == plain => {
                for _ in 0..fresh {
                    let n = self.bits.next(self.width)?;
                    self.put(n);
                }
            }
            _ => self.split(id as usize - 1, fresh)?,
        }
        self.next_block(1);
        Some(())
    }

    fn next_block(&mut self, blocks: usize) {
        self.block = (self.block + blocks) % self.coding.interval;
    }

    /// A run of blocks whose numbers are all 0: a fundamental sequence tells how many, 5 means to the end of the segment.
    fn zeros(&mut self, fresh: usize) -> Option<()> {
        let code = self.bits.zeros()? + 1;
        let blocks = match code {
            5 => (64 - self.block % 64).min(self.coding.interval - self.block),
            n if n > 5 => n as usize - 1,
            n => n as usize,
        };
        if blocks > self.coding.interval - self.block {
            return None;
        }
        for _ in 0..fresh + (blocks - 1) * self.coding.block {
            self.put(0);
        }
        self.next_block(blocks);
        Some(())
    }

    /// Two numbers as one: the m-th pair of the diagonal order.
    fn pairs(&mut self, fresh: usize) -> Option<()> {
        // The block keeps its pairs whole: with a sample as it is, the first number of the first pair is its place.
        let mut k = self.coding.block - fresh;
        while k < self.coding.block {
            let m = self.bits.zeros()?;
            let mut beta = 0;
            while (beta + 1) * (beta + 2) / 2 <= m {
                beta += 1;
            }
            let second = m - beta * (beta + 1) / 2;
            if k.is_multiple_of(2) {
                self.put(beta.checked_sub(second)?);
                k += 1;
            }
            self.put(second);
            k += 1;
        }
        Some(())
    }

    /// Rice codes: the high parts as sequences, then the `k` low bits of each.
    fn split(&mut self, k: usize, fresh: usize) -> Option<()> {
        if k > self.width {
            return None;
        }
        let mut high = [0u64; 64];
        for h in high.iter_mut().take(fresh) {
            *h = self.bits.zeros()?;
        }
        for h in high.iter().take(fresh) {
            let low = self.bits.next(k)?;
            self.put(h.checked_shl(k as u32)? | low);
        }
        Some(())
    }

    /// Undoes the predictor: small numbers are small differences of alternating sign, within what the range allows.
    fn put(&mut self, coded: u64) {
        if !self.preprocess() {
            self.out.push(coded);
            return;
        }
        let (last, highest) = (self.last, self.highest);
        let room = last.min(highest - last);
        let sample = if coded <= room.saturating_mul(2) {
            let half = coded.div_ceil(2);
            if coded.is_multiple_of(2) { last + half } else { last - half }
        } else if room == last {
            coded.min(highest)
        } else {
            highest - coded.min(highest)
        };
        self.last = sample;
        self.out.push(sample);
    }
}
