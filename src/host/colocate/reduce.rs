//! From the candidates within the limits to pairs: what sampling makes of several matches.

use std::collections::HashSet;

use seaglass_coloc::stats::median;
use seaglass_core::colocation::Sample;

use super::angle;

/// Two rows within reach, by number on either side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Reference row.
    pub a: u32,
    /// Compared row.
    pub b: u32,
    /// Metres.
    pub distance_m: f64,
    /// Compared minus reference, µs.
    pub dt_us: i64,
}

/// A reference row with what is compared with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// Reference row.
    pub a: u32,
    /// Compared row; of several the nearest.
    pub b: u32,
    /// Rows the value is made of.
    pub n: u32,
    /// Metres to `b`.
    pub distance_m: f64,
    /// Time of `b` minus time of `a`, µs.
    pub dt_us: i64,
    /// Compared value.
    pub value: f64,
    /// Standard deviation of what the value is made of; NaN of one.
    pub sd: f64,
}

/// What becomes of candidates within the limits, which are sorted by `a`; `value` gives compared values, which are
/// averaged as angles where they are `directions`.
pub fn reduce(candidates: &[Candidate], sample: Sample, directions: bool, value: &dyn Fn(u32) -> f64) -> Vec<Match> {
    let single = |c: &Candidate| Match {
        a: c.a,
        b: c.b,
        n: 1,
        distance_m: c.distance_m,
        dt_us: c.dt_us,
        value: value(c.b),
        sd: f64::NAN,
    };
    match sample {
        Sample::All => candidates.iter().map(single).collect(),
        Sample::Mutual => one_to_one(candidates.iter().collect(), single),
        _ => {
            let mut out = Vec::new();
            let mut values = Vec::new();
            for group in candidates.chunk_by(|c, d| c.a == d.a) {
                // Equal distances go to the smallest row.
                let nearest =
                    |c: &&Candidate, d: &&Candidate| c.distance_m.total_cmp(&d.distance_m).then(c.b.cmp(&d.b));
                let Some(best) = group.iter().min_by(nearest) else { continue };
                let one = single(best);
                if !matches!(sample, Sample::Mean | Sample::Median) {
                    out.push(one);
                    continue;
                }
                values.clear();
                values.extend(group.iter().map(|c| value(c.b)));
                let (mean, sd) = angle::moments(&values, directions);
                let made = if sample == Sample::Median { median(&values) } else { mean };
                out.push(Match { n: values.len() as u32, value: made, sd, ..one });
            }
            out
        }
    }
}

/// The nearest pair of all, then the nearest among rows that are left, and so on.
fn one_to_one(mut inside: Vec<&Candidate>, single: impl Fn(&Candidate) -> Match) -> Vec<Match> {
    inside.sort_by(|c, d| c.distance_m.total_cmp(&d.distance_m).then((c.a, c.b).cmp(&(d.a, d.b))));
    let (mut used_a, mut used_b) = (HashSet::new(), HashSet::new());
    let mut out = Vec::new();
    for c in inside {
        if !used_a.contains(&c.a) && !used_b.contains(&c.b) {
            used_a.insert(c.a);
            used_b.insert(c.b);
            out.push(single(c));
        }
    }
    out.sort_by_key(|m| m.a);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(sample: Sample) -> Vec<(u32, u32, u32, f64)> {
        let c = |a, b, distance_m| Candidate { a, b, distance_m, dt_us: 0 };
        let all = [c(0, 0, 10.0), c(0, 1, 4.0), c(0, 2, 4.0), c(1, 1, 3.0), c(1, 2, 9.0), c(3, 2, 20.0)];
        let value = |b: u32| f64::from(b * b) * 10.0;
        reduce(&all, sample, false, &value).iter().map(|m| (m.a, m.b, m.n, m.value)).collect()
    }

    #[test]
    fn several_matches_become_one() {
        assert_eq!(pairs(Sample::All).len(), 6);
        assert_eq!(pairs(Sample::Nearest), [(0, 1, 1, 10.0), (1, 1, 1, 10.0), (3, 2, 1, 40.0)], "ties go to the first");
        assert_eq!(pairs(Sample::Mean), [(0, 1, 3, 50.0 / 3.0), (1, 1, 2, 25.0), (3, 2, 1, 40.0)]);
        assert_eq!(pairs(Sample::Median), [(0, 1, 3, 10.0), (1, 1, 2, 25.0), (3, 2, 1, 40.0)]);
    }

    #[test]
    fn directions_are_averaged_round_the_circle() {
        let c = |b| Candidate { a: 0, b, distance_m: f64::from(b), dt_us: 0 };
        let values = [350.0, 10.0, 30.0];
        let found = reduce(&[c(0), c(1), c(2)], Sample::Mean, true, &|b| values[b as usize]);
        assert!((found[0].value - 10.0).abs() < 1e-9 && (found[0].sd - 20.0).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn one_to_one_uses_no_row_twice() {
        // (1, 1) is nearest; then (0, 2), which leaves nothing for 3.
        assert_eq!(pairs(Sample::Mutual), [(0, 2, 1, 40.0), (1, 1, 1, 10.0)]);
    }
}
