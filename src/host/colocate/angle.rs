//! Directions in degrees.

use seaglass_coloc::stats::{Line, Summary, summary};

/// A difference of directions the short way round: above −180, at most 180.
pub fn short_way(difference_deg: f64) -> f64 {
    let turned = difference_deg.rem_euclid(360.0);
    if turned > 180.0 { turned - 360.0 } else { turned }
}

/// Mean direction, 0 to 360: that of the mean of unit vectors.
pub fn mean(values_deg: &[f64]) -> f64 {
    let (sin, cos) =
        values_deg.iter().map(|v| v.to_radians().sin_cos()).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
    sin.atan2(cos).to_degrees().rem_euclid(360.0)
}

/// Mean and standard deviation (n − 1) of values, as angles where they are directions.
pub fn moments(values: &[f64], directions: bool) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = if directions { mean(values) } else { values.iter().sum::<f64>() / n };
    let off = |v: &f64| if directions { short_way(v - mean) } else { v - mean };
    let squares: f64 = values.iter().map(|v| off(v).powi(2)).sum();
    (mean, if values.len() > 1 { (squares / (n - 1.0)).sqrt() } else { f64::NAN })
}

/// Correlation of directions (Jammalamadaka and Sarma 1988; Jammalamadaka and SenGupta 2001, section 8.2); NaN where one
/// side does not vary.
pub fn correlation(x_deg: &[f64], y_deg: &[f64]) -> f64 {
    let both = || x_deg.iter().zip(y_deg).filter(|(x, y)| !x.is_nan() && !y.is_nan());
    let of = |values: Vec<f64>| mean(&values);
    let (mx, my) = (of(both().map(|b| *b.0).collect()), of(both().map(|b| *b.1).collect()));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in both() {
        let (a, b) = ((x - mx).to_radians().sin(), (y - my).to_radians().sin());
        xy += a * b;
        xx += a * a;
        yy += b * b;
    }
    let r = xy / (xx * yy).sqrt();
    if r.is_finite() { r.clamp(-1.0, 1.0) } else { f64::NAN }
}

/// Figures of directions: those of the differences about their mean direction (the bias, within half a turn), the
/// correlation of angles, and no line, as a line has no place on a circle.
pub fn figures(x: &[f64], y: &[f64]) -> Summary {
    let none = Line { slope: f64::NAN, intercept: f64::NAN };
    let differences: Vec<f64> = x.iter().zip(y).map(|(x, y)| y - x).filter(|d| !d.is_nan()).collect();
    // Differences near half a turn lie on both sides of it: seen from their mean they are neighbours.
    let middle = short_way(mean(&differences));
    let near: Vec<f64> = x.iter().zip(y).map(|(x, y)| x + middle + short_way(y - x - middle)).collect();
    let of = summary(x, &near);
    Summary { r: correlation(x, y), ols: none, orthogonal: none, bias: short_way(of.bias), ..of }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn north_lies_between_359_and_1() {
        assert_eq!(
            [short_way(2.0), short_way(-358.0), short_way(350.0), short_way(180.0), short_way(-180.0)],
            [2.0, 2.0, -10.0, 180.0, 180.0]
        );
        let m = mean(&[359.0, 1.0]);
        assert!(short_way(m).abs() < 1e-9, "{m}");
        assert!((mean(&[80.0, 100.0]) - 90.0).abs() < 1e-9);
    }

    #[test]
    fn means_go_round_the_circle() {
        let (mean, sd) = moments(&[350.0, 10.0, 30.0], true);
        assert!(short_way(mean - 10.0).abs() < 1e-9 && (sd - 20.0).abs() < 1e-9, "{mean} {sd}");
        let (mean, sd) = moments(&[1.0, 2.0, 6.0], false);
        assert!((mean - 3.0).abs() < 1e-12 && (sd - 7.0_f64.sqrt()).abs() < 1e-12);
        assert!(moments(&[4.0], false).1.is_nan());
    }

    /// Turned by a constant the correlation is 1, mirrored −1.
    #[test]
    fn correlation_of_directions() {
        let x = [10.0, 80.0, 200.0, 300.0, 355.0];
        let turned: Vec<f64> = x.iter().map(|v| (v + 40.0_f64).rem_euclid(360.0)).collect();
        let mirrored: Vec<f64> = x.iter().map(|v| (360.0 - v).rem_euclid(360.0)).collect();
        assert!((correlation(&x, &turned) - 1.0).abs() < 1e-12);
        assert!((correlation(&x, &mirrored) + 1.0).abs() < 1e-12);
        assert!(correlation(&[90.0, 90.0], &[10.0, 20.0]).is_nan());
        // Means 0 and 90: sines of (−30, 30) and of (−60, 60).
        assert!((correlation(&[330.0, 30.0], &[30.0, 150.0]) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn differences_about_half_a_turn_are_neighbours() {
        let (x, y) = ([10.0, 100.0, 200.0, 300.0], [192.0, 278.0, 17.0, 123.0]);
        // Differences 182, 178, −183, −177: about 180 they are +2, −2, −3, +3.
        let f = figures(&x, &y);
        assert!((f.bias.abs() - 180.0).abs() < 1e-9, "{}", f.bias);
        assert!((f.sd - (26.0_f64 / 3.0).sqrt()).abs() < 1e-9, "{}", f.sd);
        assert!(f.rmsd > 179.0, "{}", f.rmsd);
    }

    #[test]
    fn figures_have_no_line() {
        let f = figures(&[350.0, 10.0, 20.0], &[360.0, 20.0, 30.0]);
        assert!(
            (f.bias - 10.0).abs() < 1e-12
                && f.sd.abs() < 1e-9
                && f.orthogonal.slope.is_nan()
                && (f.r - 1.0).abs() < 1e-12
        );
    }
}
