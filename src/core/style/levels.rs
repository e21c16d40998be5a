//! Levels of contour lines.

use super::Style;

/// Lines across the colour range, about, where the style says no distance.
const ACROSS: f64 = 10.0;
/// Lines at most; a closer distance than this allows is doubled until it fits.
const MOST: f64 = 200.0;

/// Levels of contour lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Levels {
    /// Values in the unit of the field, rising.
    pub values: Vec<f64>,
    /// Decimals that tell them apart.
    pub decimals: usize,
    /// Their distance in the unit of the field, where they have one.
    pub step: Option<f64>,
}

impl Levels {
    /// Every so many-th level is what is kept where lines are too close to be told apart.
    pub const THINNED: [u32; 7] = [1, 2, 5, 10, 20, 50, 100];

    /// Whether a level is among those kept when only every `nth` is: multiples of so many steps in the unit shown, which
    /// is the field's plus `offset`. Without a distance, on logarithmic scales, powers of ten are kept.
    pub fn keeps(&self, value: f64, offset: f64, nth: u32) -> bool {
        let Some(step) = self.step else {
            let power = value.log10();
            return nth <= 1 || (power - power.round()).abs() < 1e-6;
        };
        let k = ((value + offset) / step).round();
        nth <= 1 || k.rem_euclid(f64::from(nth)) == 0.0
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below `least`.
pub fn round_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|f| f * power >= least * (1.0 - 1e-9)).unwrap_or(10.0);
    factor * power
}

/// Decimals of the multiples of a step.
fn decimals(step: f64) -> usize {
    let whole = |d: &usize| {
        let scaled = step * 10f64.powi(*d as i32);
        (scaled - scaled.round()).abs() < 1e-6 * scaled.max(1.0)
    };
    (0..8).find(whole).unwrap_or(8)
}

impl Style {
    /// The distance of contour lines, where they have one: that of the style, or a round one of the range.
    pub fn contour_step(&self) -> f64 {
        let [low, high] = self.effective_range();
        let wanted = self.contour.step.filter(|s| *s > 0.0).unwrap_or_else(|| round_step((high - low) / ACROSS));
        let mut step = wanted;
        // Lines are drawn one range beyond either end.
        while 3.0 * (high - low) / step > MOST {
            step *= 2.0;
        }
        step
    }

    /// The levels of contour lines: round in the unit in which values are shown, which is the field's plus `offset`. They
    /// reach one width of the range beyond its ends: further off a field has spikes. On a logarithmic scale without a
    /// distance they are 1, 2 and 5 times powers of ten, and reach a decade beyond.
    pub fn contour_levels(&self, offset: f64) -> Levels {
        let [low, high] = self.effective_range();
        if self.log && low > 0.0 && self.contour.step.is_none() {
            let (first, last) = (low.log10().floor() as i32 - 1, high.log10().ceil() as i32 + 1);
            let all = (first..last).flat_map(|p| [1.0, 2.0, 5.0].map(|f| f * 10f64.powi(p)));
            let values: Vec<f64> = all.filter(|v| (low / 10.0..=high * 10.0).contains(v)).collect();
            let decimals = values.first().map_or(0, |v| decimals(*v));
            return Levels { values, decimals, step: None };
        }
        let (step, width) = (self.contour_step(), high - low);
        let ends = [low - width, high + width].map(|v| v + offset);
        let (first, last) = ((ends[0] / step).ceil() as i64, (ends[1] / step).floor() as i64);
        let values = (first..=last).map(|k| k as f64 * step - offset).collect();
        Levels { values, decimals: decimals(step), step: Some(step) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::style::ContourStyle;

    fn style(range: [f64; 2], step: Option<f64>) -> Style {
        Style { range: Some(range), contour: ContourStyle { step, ..ContourStyle::default() }, ..Style::default() }
    }

    #[test]
    fn steps_are_round() {
        for (least, expected) in
            [(0.06, 0.1), (0.1, 0.1), (0.11, 0.2), (0.21, 0.5), (3.4, 5.0), (0.51, 1.0), (7000.0, 10_000.0)]
        {
            assert!((round_step(least) / expected - 1.0).abs() < 1e-12, "{least}: {}", round_step(least));
        }
    }

    #[test]
    fn thinned_levels_are_round_too() {
        let levels = style([273.15, 303.15], Some(1.0)).contour_levels(-273.15);
        let kept: Vec<f64> =
            levels.values.iter().filter(|v| levels.keeps(**v, -273.15, 5)).map(|v| (v - 273.15).round()).collect();
        assert!(kept.contains(&0.0) && kept.contains(&25.0) && kept.iter().all(|v| v % 5.0 == 0.0), "{kept:?}");
        assert!(levels.values.iter().all(|v| levels.keeps(*v, -273.15, 1)));
        let log = Style { log: true, ..style([0.01, 20.0], None) }.contour_levels(0.0);
        let kept: Vec<f64> = log.values.iter().copied().filter(|v| log.keeps(*v, 0.0, 2)).collect();
        assert!(kept.len() >= 4 && kept.iter().all(|v| (v.log10() - v.log10().round()).abs() < 1e-9), "{kept:?}");
    }

    #[test]
    fn levels_are_round_in_the_unit_shown() {
        // 273.15 K to 303.15 K, shown as 0 °C to 30 °C.
        let levels = style([273.15, 303.15], None).contour_levels(-273.15);
        let shown: Vec<f64> = levels.values.iter().map(|v| (v - 273.15) / 5.0).collect();
        assert_eq!(levels.decimals, 0);
        assert!(shown.iter().all(|v| (v - v.round()).abs() < 1e-9), "{shown:?}");
        assert_eq!((shown.first().map(|v| v.round()), shown.last().map(|v| v.round())), (Some(-6.0), Some(12.0)));
        let levels = style([-0.3, 0.3], Some(0.25)).contour_levels(0.0);
        assert_eq!(
            (levels.values.as_slice(), levels.decimals),
            ([-0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75].as_slice(), 2)
        );
    }

    #[test]
    fn a_distance_too_small_is_widened() {
        let levels = style([0.0, 1.0], Some(1e-6)).contour_levels(0.0);
        assert!(levels.values.len() as f64 <= MOST + 1.0 && levels.values.len() > 50, "{}", levels.values.len());
    }

    #[test]
    fn logarithmic_levels_are_one_two_five() {
        let levels = Style { log: true, ..style([0.01, 20.0], None) }.contour_levels(0.0);
        let expected =
            [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0];
        assert_eq!(levels.values.len(), expected.len(), "{levels:?}");
        assert!(levels.values.iter().zip(expected).all(|(a, b)| (a / b - 1.0).abs() < 1e-9), "{levels:?}");
        assert_eq!(levels.decimals, 3);
    }
}
