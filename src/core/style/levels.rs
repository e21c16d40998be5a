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
    /// Their distance in the unit shown, where they have one.
    pub step: Option<f64>,
}

/// From the unit of a field to the one its values are shown in: multiplied, then added to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown {
    /// Factor, above zero.
    pub factor: f64,
    /// Added afterwards.
    pub offset: f64,
}

impl Default for Shown {
    fn default() -> Self {
        Self { factor: 1.0, offset: 0.0 }
    }
}

impl Shown {
    /// A value of the field as it is shown.
    pub fn of(self, value: f64) -> f64 {
        value * self.factor + self.offset
    }

    /// The value of the field for one that is shown.
    pub fn raw(self, shown: f64) -> f64 {
        (shown - self.offset) / self.factor
    }
}

impl Levels {
    /// Every so many-th level is what is kept where lines are too close to be told apart.
    pub const THINNED: [u32; 7] = [1, 2, 5, 10, 20, 50, 100];

    /// Whether a level is among those kept when only every `nth` is: multiples of so many steps in the unit shown.
    /// Without a distance, on logarithmic scales, powers of ten are kept.
    pub fn keeps(&self, value: f64, shown: Shown, nth: u32) -> bool {
        let Some(step) = self.step else {
            let power = shown.of(value).log10();
            return nth <= 1 || (power - power.round()).abs() < 1e-6;
        };
        let k = (shown.of(value) / step).round();
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
    /// The distance of contour lines in the unit shown, where they have one: that of the style, or a round one of the
    /// range.
    pub fn contour_step(&self, shown: Shown) -> f64 {
        let [low, high] = self.effective_range().map(|v| shown.of(v));
        let own = self.contour.step.filter(|s| *s > 0.0).map(|s| s * shown.factor);
        let wanted = own.unwrap_or_else(|| round_step((high - low) / ACROSS));
        let mut step = wanted;
        // Lines are drawn one range beyond either end.
        while 3.0 * (high - low) / step > MOST {
            step *= 2.0;
        }
        step
    }

    /// The levels of contour lines: round in the unit in which values are shown. They
    /// reach one width of the range beyond its ends: further off a field has spikes. On a logarithmic scale without a
    /// distance they are 1, 2 and 5 times powers of ten, and reach a decade beyond.
    pub fn contour_levels(&self, shown: Shown) -> Levels {
        let [low, high] = self.effective_range().map(|v| shown.of(v));
        if self.log && low > 0.0 && self.contour.step.is_none() {
            let (first, last) = (low.log10().floor() as i32 - 1, high.log10().ceil() as i32 + 1);
            let all = (first..last).flat_map(|p| [1.0, 2.0, 5.0].map(|f| f * 10f64.powi(p)));
            let round: Vec<f64> = all.filter(|v| (low / 10.0..=high * 10.0).contains(v)).collect();
            let decimals = round.first().map_or(0, |v| decimals(*v));
            return Levels { values: round.into_iter().map(|v| shown.raw(v)).collect(), decimals, step: None };
        }
        let (step, width) = (self.contour_step(shown), high - low);
        let ends = [low - width, high + width];
        let (first, last) = ((ends[0] / step).ceil() as i64, (ends[1] / step).floor() as i64);
        let values = (first..=last).map(|k| shown.raw(k as f64 * step)).collect();
        Levels { values, decimals: decimals(step), step: Some(step) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::style::ContourStyle;

    const CELSIUS: Shown = Shown { factor: 1.0, offset: -273.15 };
    const SAME: Shown = Shown { factor: 1.0, offset: 0.0 };

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
        let levels = style([273.15, 303.15], Some(1.0)).contour_levels(CELSIUS);
        let kept: Vec<f64> =
            levels.values.iter().filter(|v| levels.keeps(**v, CELSIUS, 5)).map(|v| (v - 273.15).round()).collect();
        assert!(kept.contains(&0.0) && kept.contains(&25.0) && kept.iter().all(|v| v % 5.0 == 0.0), "{kept:?}");
        assert!(levels.values.iter().all(|v| levels.keeps(*v, CELSIUS, 1)));
        let log = Style { log: true, ..style([0.01, 20.0], None) }.contour_levels(SAME);
        let kept: Vec<f64> = log.values.iter().copied().filter(|v| log.keeps(*v, SAME, 2)).collect();
        assert!(kept.len() >= 4 && kept.iter().all(|v| (v.log10() - v.log10().round()).abs() < 1e-9), "{kept:?}");
    }

    #[test]
    fn levels_are_round_in_the_unit_shown() {
        // 273.15 K to 303.15 K, shown as 0 °C to 30 °C.
        let levels = style([273.15, 303.15], None).contour_levels(CELSIUS);
        let shown: Vec<f64> = levels.values.iter().map(|v| (v - 273.15) / 5.0).collect();
        assert_eq!(levels.decimals, 0);
        assert!(shown.iter().all(|v| (v - v.round()).abs() < 1e-9), "{shown:?}");
        assert_eq!((shown.first().map(|v| v.round()), shown.last().map(|v| v.round())), (Some(-6.0), Some(12.0)));
        let levels = style([-0.3, 0.3], Some(0.25)).contour_levels(SAME);
        assert_eq!(
            (levels.values.as_slice(), levels.decimals),
            ([-0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75].as_slice(), 2)
        );
    }

    #[test]
    fn speeds_in_knots_have_levels_of_whole_knots() {
        // A knot is 1852 m an hour: 0 to 20 m/s are 0 to 38.9 kt, a tenth of which is next to 5.
        let knots = Shown { factor: 3600.0 / 1852.0, offset: 0.0 };
        let levels = style([0.0, 20.0], None).contour_levels(knots);
        let is: Vec<f64> = levels.values.iter().map(|v| v * 3600.0 / 1852.0).collect();
        assert_eq!((levels.step, levels.decimals), (Some(5.0), 0));
        assert!(is.iter().all(|v| (v / 5.0 - (v / 5.0).round()).abs() < 1e-9), "{is:?}");
        assert!(levels.values.iter().all(|v| levels.keeps(*v, knots, 1)));
        assert_eq!(levels.values.iter().filter(|v| levels.keeps(**v, knots, 2)).count(), 11, "-30 to 70 kt by 10");
        // The distance a style has is in the unit of the file.
        let own = style([0.0, 20.0], Some(1852.0 / 3600.0 * 10.0));
        assert!((own.contour_step(knots) - 10.0).abs() < 1e-9);
        let log = Style { log: true, ..style([0.5, 20.0], None) }.contour_levels(knots);
        assert!(log.values.iter().any(|v| (v * 3600.0 / 1852.0 - 10.0).abs() < 1e-9), "{log:?}");
    }

    #[test]
    fn a_distance_too_small_is_widened() {
        let levels = style([0.0, 1.0], Some(1e-6)).contour_levels(SAME);
        assert!(levels.values.len() as f64 <= MOST + 1.0 && levels.values.len() > 50, "{}", levels.values.len());
    }

    #[test]
    fn logarithmic_levels_are_one_two_five() {
        let levels = Style { log: true, ..style([0.01, 20.0], None) }.contour_levels(SAME);
        let expected =
            [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0];
        assert_eq!(levels.values.len(), expected.len(), "{levels:?}");
        assert!(levels.values.iter().zip(expected).all(|(a, b)| (a / b - 1.0).abs() < 1e-9), "{levels:?}");
        assert_eq!(levels.decimals, 3);
    }
}
