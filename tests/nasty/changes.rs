//! Texts changed at random, the same in every run; or for as long, and from as random a start, as `cargo xtask fuzz` asks.

#![allow(dead_code, reason = "each test that includes this uses its own part of it")]

use std::time::{Duration, Instant, SystemTime};

/// Numbers that look random and are always the same (Lehmer, MINSTD).
pub struct Dice(pub u64);

impl Dice {
    /// A number below another.
    pub fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0 * 48_271 % 0x7fff_ffff;
        (self.0 as usize) % below.max(1)
    }

    /// Dice of a test: with `SEAGLASS_FUZZ_SECONDS`, others in every run (their number is printed, and
    /// `SEAGLASS_FUZZ_SEED` gives it again).
    pub fn of(test: &str, usual: u64) -> Self {
        if seconds().is_none() {
            return Self(usual);
        }
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(1, |d| u64::from(d.subsec_nanos()));
        let given = std::env::var("SEAGLASS_FUZZ_SEED").ok().and_then(|s| s.parse().ok());
        let seed = given.unwrap_or(now) % 0x7fff_fffe + 1;
        println!("{test}: SEAGLASS_FUZZ_SEED={seed}");
        Self(seed)
    }
}

fn seconds() -> Option<f64> {
    std::env::var("SEAGLASS_FUZZ_SECONDS").ok()?.parse().ok()
}

/// `usual` rounds, and more for as many seconds as `cargo xtask fuzz` asks.
pub fn rounds(usual: usize) -> impl Iterator<Item = usize> {
    let end = seconds().map(|s| Instant::now() + Duration::from_secs_f64(s));
    (0..).take_while(move |k| *k < usual || end.is_some_and(|end| Instant::now() < end))
}

/// A text changed a little: bytes replaced, cut out, doubled, or exchanged for those of another.
pub fn changed(dice: &mut Dice, one: &[u8], other: &[u8]) -> Vec<u8> {
    let mut out = one.to_vec();
    for _ in 0..=dice.roll(6) {
        if out.is_empty() {
            return out;
        }
        let at = dice.roll(out.len());
        let len = dice.roll(12).min(out.len() - at);
        match dice.roll(6) {
            0 => out[at] ^= 1 << dice.roll(8),
            1 => drop(out.drain(at..at + len)),
            2 => {
                let piece = out[at..at + len].to_vec();
                out.splice(at..at, piece);
            }
            3 if !other.is_empty() => {
                let from = dice.roll(other.len());
                let piece = other[from..(from + len).min(other.len())].to_vec();
                out.splice(at..at, piece);
            }
            4 => out.truncate(at + 1),
            _ => out[at] = b"*?[]()\"'=-+.,0129eE\n\\/"[dice.roll(22)],
        }
    }
    out
}

/// One of some texts, changed.
pub fn texts(dice: &mut Dice, seeds: &[&str]) -> String {
    let (one, other) = (seeds[dice.roll(seeds.len())], seeds[dice.roll(seeds.len())]);
    String::from_utf8_lossy(&changed(dice, one.as_bytes(), other.as_bytes())).into_owned()
}
