//! The backscatter of a sea under a wind of 10 m/s seen at 45° to it, by incidence angle: what the backscatter of an image
//! is divided by, so that its roughness has no trend from near to far range.
//!
//! CMOD5.N: H. Hersbach, "CMOD5.N: A C-band geophysical model function for equivalent neutral wind", ECMWF Technical
//! Memorandum 554 (2008), for VV. For HH times the polarisation ratio of D. R. Thompson, T. M. Elfouhaily, B. Chapron,
//! "Polarization ratio for microwave backscattering from the ocean surface at low to moderate incidence angles",
//! IGARSS 1998, with α = 0.6.

/// Wind of the reference, m/s.
pub const WIND: f64 = 10.0;
/// Its direction relative to the look of the radar, degrees.
pub const DIRECTION_DEG: f64 = 45.0;
/// α of the polarisation ratio.
const ALPHA: f64 = 0.6;

/// The coefficients c1 … c28 of the memorandum.
#[rustfmt::skip]
const C: [f64; 28] = [
    -0.6878, -0.7957, 0.3380, -0.1728, 0.0, 0.0040, 0.1103, 0.0159, 6.7329, 2.7713, -2.2885, 0.4971, -0.7250, 0.0450,
    0.0066, 0.3222, 0.0120, 22.7, 2.0813, 3.0, 8.3659, -3.3428, 1.3236, 6.2437, 2.3893, 0.3249, 4.1590, 1.6930,
];

/// Backscatter in VV of a wind `v` m/s at `phi` degrees to the look of the radar and `theta` degrees of incidence.
pub fn vv(v: f64, phi: f64, theta: f64) -> f64 {
    let c = |k: usize| C[k - 1];
    let x = (theta - 40.0) / 25.0;
    let (cos1, cos2) = (phi.to_radians().cos(), (2.0 * phi).to_radians().cos());
    // b0: mean over directions.
    let a0 = c(1) + c(2) * x + c(3) * x * x + c(4) * x.powi(3);
    let (a1, a2) = (c(5) + c(6) * x, c(7) + c(8) * x);
    let gamma = c(9) + c(10) * x + c(11) * x * x;
    let s0 = c(12) + c(13) * x;
    let logistic = |s: f64| 1.0 / (1.0 + (-s).exp());
    let s = a2 * v;
    let f = if s < s0 { (s / s0).powf(s0 * (1.0 - logistic(s0))) * logistic(s0) } else { logistic(s) };
    let b0 = f.powf(gamma) * 10f64.powf(a0 + a1 * v);
    // b1: upwind against downwind.
    let wave = 0.5 + x - (4.0 * (x + c(16) + c(17) * v)).tanh();
    let b1 = (c(14) * (1.0 + x) - c(15) * v * wave) / (1.0 + (0.34 * (v - c(18))).exp());
    // b2: upwind against crosswind.
    let v0 = c(21) + c(22) * x + c(23) * x * x;
    let (d1, d2) = (c(24) + c(25) * x + c(26) * x * x, c(27) + c(28) * x);
    let (y0, n) = (c(19), c(20));
    let (a, b) = (y0 - (y0 - 1.0) / n, 1.0 / (n * (y0 - 1.0).powf(n - 1.0)));
    let y = (v + v0) / v0;
    let v2 = if y < y0 { a + b * (y - 1.0).powf(n) } else { y };
    let b2 = (-d1 + d2 * v2) * (-v2).exp();
    b0 * (1.0 + b1 * cos1 + b2 * cos2).powf(1.6)
}

/// Backscatter of the reference by incidence angle, from a table.
pub struct Reference {
    table: Vec<f64>,
}

const FIRST_DEG: f64 = 10.0;
const STEP_DEG: f64 = 0.02;
const STEPS: usize = 2500;

impl Reference {
    /// Of VV, or of HH.
    pub fn new(hh: bool) -> Self {
        let at = |k: usize| {
            let theta = FIRST_DEG + STEP_DEG * k as f64;
            let tan2 = theta.to_radians().tan().powi(2);
            let ratio = if hh { ((1.0 + ALPHA * tan2) / (1.0 + 2.0 * tan2)).powi(2) } else { 1.0 };
            vv(WIND, DIRECTION_DEG, theta) * ratio
        };
        Self { table: (0..=STEPS).map(at).collect() }
    }

    /// At an incidence angle; NaN outside 10° to 60°.
    #[inline]
    pub fn at(&self, theta: f64) -> f64 {
        let x = (theta - FIRST_DEG) / STEP_DEG;
        if !(0.0..STEPS as f64).contains(&x) {
            return f64::NAN;
        }
        let k = x as usize;
        self.table[k] + (self.table[k + 1] - self.table[k]) * (x - k as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the function that KNMI publishes in Fortran, in its translation to numpy (`cmod5n_forward` of the
    /// openwind project), run beside.
    #[test]
    fn backscatter_is_that_of_knmi() {
        for (v, phi, theta, want) in include!("cmod5n.in") {
            let got = vv(v, phi, theta);
            assert!((got / want - 1.0).abs() < 1e-6, "{v} {phi} {theta}: {got}, expected {want}");
        }
        let r = Reference::new(false);
        for theta in [18.013, 23.5, 30.0, 45.678] {
            assert!((r.at(theta) / vv(10.0, 45.0, theta) - 1.0).abs() < 1e-5);
        }
        assert!(r.at(5.0).is_nan() && r.at(61.0).is_nan());
        // At 40° HH is lower by some 5 dB (Thompson et al., figure 2).
        let db = 10.0 * (Reference::new(true).at(40.0) / r.at(40.0)).log10();
        assert!((-6.5..-3.5).contains(&db), "{db}");
    }
}
