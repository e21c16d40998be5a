//! The different values of a field, numbered: where there are few of them, as where a file packs them into 8 or 16 bits,
//! tiles keep the numbers, and a table on the device gives back each value with every bit it had.
//!
//! Scale and offset of a file would do the same in double precision, which devices lack; a table is right whatever the
//! rule was (fill values, unsigned bytes, several kinds of missing), and for values of 32 bits that happen to be few.

use crate::int_map::IntMap;

/// Most values that 16 bits can number.
pub(crate) const MOST_WORDS: usize = 1 << 16;
/// Tiles with too many new values after which no other is tried: each attempt costs a search for every value.
const MOST_FAILURES: u8 = 4;

/// The values of a field, in order of appearance.
#[derive(Debug, Default)]
pub(crate) struct Words {
    numbers: IntMap<u64, u16>,
    values: Vec<f32>,
    failures: u8,
}

impl Words {
    /// The numbers of values; `None`, and nothing has changed, where there would be more than 16 bits can hold.
    pub fn numbers(&mut self, values: &[f32]) -> Option<Vec<u16>> {
        if self.failures >= MOST_FAILURES {
            return None;
        }
        let known = self.values.len();
        let mut all = Vec::with_capacity(values.len());
        // Neighbours are often alike: missing cells above all.
        let mut last: Option<(u32, u16)> = None;
        for value in values {
            let bits = value.to_bits();
            let number = match last {
                Some((b, number)) if b == bits => number,
                _ => match self.number(bits) {
                    Some(number) => number,
                    None => {
                        self.values.drain(known..).for_each(|v| {
                            self.numbers.remove(&u64::from(v.to_bits()));
                        });
                        self.failures += 1;
                        return None;
                    }
                },
            };
            last = Some((bits, number));
            all.push(number);
        }
        Some(all)
    }

    fn number(&mut self, bits: u32) -> Option<u16> {
        if let Some(number) = self.numbers.get(&u64::from(bits)) {
            return Some(*number);
        }
        let number = u16::try_from(self.values.len()).ok()?;
        self.values.push(f32::from_bits(bits));
        self.numbers.insert(u64::from(bits), number);
        Some(number)
    }

    /// Bytes that a value takes, as far as is known.
    pub fn value_bytes(&self) -> u64 {
        match self.values.len() {
            0 => 4,
            _ if self.failures > 0 => 4,
            1..=256 => 1,
            _ => 2,
        }
    }

    /// The values, by their numbers.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(values: &[f32]) -> Vec<u32> {
        values.iter().map(|v| v.to_bits()).collect()
    }

    #[test]
    fn every_value_comes_back_with_all_its_bits() {
        // Raw bytes, signed and unsigned, with scale and offset, as readers unpack them in double precision.
        let unpacked = |raw: f64| (raw * 0.004 + 273.15) as f32;
        let mut values: Vec<f32> = (-128..128).map(|raw| unpacked(f64::from(raw))).collect();
        values.extend((0..=255).map(|raw| unpacked(f64::from(raw))));
        values.extend([0.0, -0.0, f32::NAN, f32::from_bits(0x7fc0_0001), f32::INFINITY, f32::MIN_POSITIVE / 2.0]);
        let mut words = Words::default();
        let numbers = words.numbers(&values).unwrap();
        let back: Vec<f32> = numbers.iter().map(|n| words.values()[usize::from(*n)]).collect();
        assert_eq!(bits(&back), bits(&values));
        // 128 bytes mean the same either way.
        assert_eq!(words.values().len(), 256 + 128 + 6);
        // What comes later does not change what is there.
        words.numbers(&[5.0, values[7], 6.0]).unwrap();
        assert_eq!(bits(&words.values()[..390]), bits(&back_of(&numbers, &values)));
    }

    /// Values in order of first appearance.
    fn back_of(numbers: &[u16], values: &[f32]) -> Vec<f32> {
        let mut seen = std::collections::BTreeMap::new();
        numbers.iter().zip(values).for_each(|(n, v)| {
            seen.entry(*n).or_insert(*v);
        });
        seen.into_values().collect()
    }

    #[test]
    fn sixteen_bits_are_filled_and_not_more() {
        let mut words = Words::default();
        let all: Vec<f32> = (0..MOST_WORDS).map(|k| k as f32).collect();
        assert_eq!(words.numbers(&all[..60_000]).unwrap().len(), 60_000);
        assert_eq!(words.numbers(&(0..7000).map(|k| -1.0 - k as f32).collect::<Vec<_>>()), None);
        assert_eq!(words.values().len(), 60_000, "what did not fit left nothing behind");
        assert_eq!(words.numbers(&all).unwrap()[65_535], 65_535);
        assert_eq!(words.numbers(&[-1.0]), None);
        assert_eq!(words.numbers(&all[..3]).unwrap(), [0, 1, 2], "what is known is still numbered");
    }

    #[test]
    fn fields_of_too_many_values_are_given_up() {
        let mut words = Words::default();
        let tile = |k: usize| (0..70_000).map(|i| (k * 70_000 + i) as f32 + 0.5).collect::<Vec<_>>();
        for k in 0..usize::from(MOST_FAILURES) {
            assert_eq!(words.numbers(&tile(k)), None);
        }
        assert_eq!(words.numbers(&[1.0]), None);
    }
}
