//! Candidates of each primary row in order of distance, eight bytes each, so that a frame reads little memory and the
//! nearest within the window is the first. Where rounding to these bytes could decide, the full columns are asked.

use std::ops::Range;

use crate::metric::TIE_M;

use super::{Candidates, Cut};

/// Largest relative error of a distance kept in four bytes.
const ROUNDING: f64 = 1.2e-7;

/// What is read on each move of a slider.
#[derive(Debug, Clone, Default)]
pub(super) struct Near {
    /// Metres, rounded to the nearest; rises within a group.
    distance_m: Vec<f32>,
    /// Size of the time difference in units, rounded up.
    dt: Vec<u32>,
    /// Number of the candidate.
    at: Vec<u32>,
    /// A power of ten, µs.
    unit_us: u64,
}

/// Limits in the units kept.
struct Limits {
    /// Below it a distance is inside for certain; above `far` outside.
    near: f32,
    far: f32,
    /// Up to it a time difference is inside; the next unit may be.
    dt: u32,
    /// The window is a whole number of units: the next one is outside.
    whole: bool,
}

impl Near {
    pub fn new(c: &Candidates) -> Self {
        let widest = c.dt_us.iter().map(|dt| dt.unsigned_abs()).max().unwrap_or(0);
        let mut unit_us = 1;
        while widest / unit_us >= u64::from(u32::MAX) - 1 {
            unit_us *= 10;
        }
        let mut at: Vec<u32> = (0..c.distance_m.len() as u32).collect();
        for g in c.groups.windows(2) {
            let group = &mut at[g[0] as usize..g[1] as usize];
            group.sort_by(|a, b| c.distance_m[*a as usize].total_cmp(&c.distance_m[*b as usize]));
        }
        Self {
            distance_m: at.iter().map(|k| c.distance_m[*k as usize] as f32).collect(),
            dt: at.iter().map(|k| c.dt_us[*k as usize].unsigned_abs().div_ceil(unit_us) as u32).collect(),
            at,
            unit_us,
        }
    }

    fn limits(&self, cut: &Cut) -> Limits {
        let window = u64::try_from(cut.window_us).unwrap_or(0);
        Limits {
            near: (cut.radius_m - TIE_M) as f32,
            far: (cut.radius_m + TIE_M) as f32,
            dt: u32::try_from(window / self.unit_us).unwrap_or(u32::MAX).min(u32::MAX - 1),
            whole: window.is_multiple_of(self.unit_us),
        }
    }

    /// How many of some candidates lie within the limits; `None` where only the full columns can tell.
    fn within(&self, rows: Range<usize>, limits: &Limits) -> Option<usize> {
        let (d, dt) = (&self.distance_m[rows.clone()], &self.dt[rows]);
        let next = if limits.whole { limits.dt } else { limits.dt + 1 };
        let (mut inside, mut doubtful) = (0_u32, 0_u32);
        for (d, dt) in d.iter().zip(dt) {
            let possible = (*d <= limits.far) & (*dt <= next);
            let sure = (*d < limits.near) & (*dt <= limits.dt);
            inside += u32::from(sure);
            doubtful += u32::from(possible & !sure);
        }
        (doubtful == 0).then_some(inside as usize)
    }

    /// The nearest candidate of each group within the limits, to the front of `out`; how many, and how many candidates
    /// lie within. `None` where only the full columns can tell; `tie` decides between two that are as near.
    pub fn nearest(
        &self,
        groups: &[u32],
        cut: &Cut,
        out: &mut [u32],
        tie: impl Fn(Range<usize>) -> Option<usize>,
    ) -> Option<(usize, usize)> {
        let (Some(first), Some(end)) = (groups.first(), groups.last()) else { return Some((0, 0)) };
        let limits = self.limits(cut);
        let within = self.within(*first as usize..*end as usize, &limits)?;
        let mut kept = 0;
        for g in groups.windows(2) {
            let rows = g[0] as usize..g[1] as usize;
            // Nothing is doubtful here: what is near enough and within the window is inside.
            let Some(k) = self.dt[rows.clone()].iter().position(|dt| *dt <= limits.dt) else { continue };
            let k = rows.start + k;
            let best = f64::from(self.distance_m[k]);
            if self.distance_m[k] >= limits.near {
                continue;
            }
            let twin = k + 1 < rows.end
                && f64::from(self.distance_m[k + 1]) * (1.0 - ROUNDING) - best * (1.0 + ROUNDING) <= TIE_M;
            let at = if twin { tie(rows) } else { Some(self.at[k] as usize) };
            if let Some(at) = at {
                out[kept] = at as u32;
                kept += 1;
            }
        }
        Some((kept, within))
    }

    /// The same by time.
    pub fn nearest_in_time(
        &self,
        groups: &[u32],
        cut: &Cut,
        out: &mut [u32],
        tie: impl Fn(Range<usize>) -> Option<usize>,
    ) -> Option<(usize, usize)> {
        let (Some(first), Some(end)) = (groups.first(), groups.last()) else { return Some((0, 0)) };
        let limits = self.limits(cut);
        let within = self.within(*first as usize..*end as usize, &limits)?;
        let mut kept = 0;
        for g in groups.windows(2) {
            let rows = g[0] as usize..g[1] as usize;
            // Times come in no order here, so that a branch on which is less is guessed wrong as often as not: key and
            // position are one number, and the two least are found without one.
            let (mut best, mut second) = (u64::MAX, u64::MAX);
            for (k, (d, dt)) in self.distance_m[rows.clone()].iter().zip(&self.dt[rows.clone()]).enumerate() {
                // Nothing is doubtful here: what is near enough and within the window is inside.
                let inside = (*d < limits.near) & (*dt <= limits.dt);
                let key = (u64::from(*dt) << 32 | k as u64) | u64::from(inside).wrapping_sub(1);
                second = second.min(best.max(key));
                best = best.min(key);
            }
            if best == u64::MAX {
                continue;
            }
            let k = (best & u64::from(u32::MAX)) as usize;
            // A time difference is kept up to one unit too large.
            let twin = (second >> 32) - (best >> 32) <= 1;
            let at = if twin { tie(rows) } else { Some(self.at[rows.start + k] as usize) };
            if let Some(at) = at {
                out[kept] = at as u32;
                kept += 1;
            }
        }
        Some((kept, within))
    }

    /// The same by distance and time together, `(d/r)² + (dt/W)²`. Keys of the full columns nearer to each other than
    /// `doubt` may differ by rounding.
    #[allow(clippy::too_many_arguments, reason = "one pass of a frame")]
    pub fn nearest_together(
        &self,
        groups: &[u32],
        cut: &Cut,
        (per_radius, per_window): (f64, f64),
        doubt: f64,
        out: &mut [u32],
        tie: impl Fn(Range<usize>) -> Option<usize>,
    ) -> Option<(usize, usize)> {
        let per_unit = per_window * self.unit_us as f64;
        // Neither term is greater than one; a time difference is kept up to one unit too large.
        let doubt = doubt + 4.0 * ROUNDING + 4.0 * per_unit;
        let square = |x: f64| x * x;
        let by_distance = |d: f32| square(f64::from(d) * per_radius);
        let by_time = |dt: u32| square(f64::from(dt) * per_unit);
        let (Some(first), Some(end)) = (groups.first(), groups.last()) else { return Some((0, 0)) };
        let limits = self.limits(cut);
        let within = self.within(*first as usize..*end as usize, &limits)?;
        let mut kept = 0;
        for g in groups.windows(2) {
            let rows = g[0] as usize..g[1] as usize;
            let (mut best, mut second, mut at) = (f64::INFINITY, f64::INFINITY, None);
            // Distances rise within a group, and their term with them: it is looked at only as far as that alone comes
            // before the best sum.
            for (k, (d, dt)) in self.distance_m[rows.clone()].iter().zip(&self.dt[rows.clone()]).enumerate() {
                let far = by_distance(*d);
                if far > best + doubt || *d >= limits.near {
                    break;
                }
                if *dt <= limits.dt {
                    let value = far + by_time(*dt);
                    if value < best {
                        (second, best, at) = (best, value, Some(k));
                    } else if value < second {
                        second = value;
                    }
                }
            }
            let Some(k) = at else { continue };
            let at = if second - best <= doubt { tie(rows) } else { Some(self.at[rows.start + k] as usize) };
            if let Some(at) = at {
                out[kept] = at as u32;
                kept += 1;
            }
        }
        Some((kept, within))
    }
}
