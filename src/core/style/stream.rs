//! How fast streamlines run: ground seconds in a second of watching.

use super::StreamStyle;

/// Seconds in which the usual speed crosses the view when nobody chose a factor.
const CROSSING_S: f64 = 30.0;

impl StreamStyle {
    /// Seconds of drift in a second of watching. Without a choice: so many that `usual_ms` (metres per second) crosses
    /// `across_m` (metres) in about half a minute, rounded to 1, 2 or 5 times a power of ten. It depends on nothing else,
    /// so that it can be stated before anything is drawn.
    pub fn seconds_per_second(&self, across_m: f64, usual_ms: f64) -> f64 {
        let wanted = across_m / (CROSSING_S * usual_ms);
        self.speed_factor.unwrap_or_else(|| round_factor(wanted))
    }
}

/// The nearest of 1, 2, 5, 10, 20 … by ratio; 1 for what is no number.
fn round_factor(wanted: f64) -> f64 {
    if !(wanted.is_finite() && wanted > 0.0) {
        return 1.0;
    }
    let decade = 10f64.powf(wanted.log10().floor());
    let part = wanted / decade;
    // Borders are the geometric means of neighbours.
    let round = match part {
        p if p < 2f64.sqrt() => 1.0,
        p if p < 10f64.sqrt() => 2.0,
        p if p < 50f64.sqrt() => 5.0,
        _ => 10.0,
    };
    round * decade
}

/// The speed to which the factor is fitted, from a colour range in metres per second: half of its far end.
pub fn usual_speed_ms([low, high]: [f64; 2]) -> f64 {
    let far = low.abs().max(high.abs());
    if far.is_finite() && far > 0.0 { 0.5 * far } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_is_round_and_crosses_in_about_half_a_minute() {
        let auto = StreamStyle::default();
        for (across, usual) in [(1.5e7, 0.5), (3e5, 0.3), (1e7, 10.0), (800.0, 2.0)] {
            let factor = auto.seconds_per_second(across, usual);
            let seconds = across / (factor * usual);
            assert!((18.0..=50.0).contains(&seconds), "{across} {usual}: {factor} takes {seconds} s");
            let digits = factor / 10f64.powf(factor.log10().floor());
            assert!([1.0, 2.0, 5.0, 10.0].iter().any(|d| (digits - d).abs() < 1e-9), "{factor}");
        }
        let chosen = StreamStyle { speed_factor: Some(3600.0), ..auto };
        assert_eq!(chosen.seconds_per_second(1e7, 1.0), 3600.0);
        assert_eq!(StreamStyle::default().seconds_per_second(f64::NAN, 0.0), 1.0);
    }
}
