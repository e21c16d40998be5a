//! Sine and cosine of degrees, written so that a compiler can do several at once.

use std::f64::consts::PI;

/// 1.5 × 2⁵²: adding and subtracting it rounds to a whole number, whose low bits then lie in the mantissa.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// Sine and cosine of an angle in degrees, |angle| ≤ 10⁹, to 1 unit in the last place.
///
/// Exact at multiples of 90°, so that a pole is one point whatever its longitude, and equal for angles that differ by
/// 360° as numbers. Polynomials of fdlibm (`k_sin.c`, `k_cos.c`) on ±45°.
#[inline(always)]
pub(crate) fn sincos_deg(deg: f64) -> (f64, f64) {
    let rounded = deg * (1.0 / 90.0) + ROUND;
    let quadrant = rounded.to_bits();
    // Exact: both are multiples of one unit in the last place of `deg`.
    let r = deg - (rounded - ROUND) * 90.0;
    let x = r * (PI / 180.0);
    let z = x * x;
    let s = x + x
        * z
        * (-1.666_666_666_666_663_2e-1
            + z * (8.333_333_333_322_49e-3
                + z * (-1.984_126_982_985_795e-4
                    + z * (2.755_731_370_707_007e-6
                        + z * (-2.505_076_025_340_686e-8 + z * 1.589_690_995_211_55e-10)))));
    let c = 1.0 - 0.5 * z
        + z * z
            * (4.166_666_666_666_66e-2
                + z * (-1.388_888_888_887_411e-3
                    + z * (2.480_158_728_947_673e-5
                        + z * (-2.755_731_435_139_066e-7
                            + z * (2.087_572_321_298_175e-9 + z * -1.135_964_755_778_819_5e-11)))));
    let swap = 0_u64.wrapping_sub(quadrant & 1);
    let (sb, cb) = (s.to_bits(), c.to_bits());
    let sin = (sb & !swap) | (cb & swap);
    let cos = (cb & !swap) | (sb & swap);
    let sin = sin ^ ((quadrant & 2) << 62);
    let cos = cos ^ ((quadrant.wrapping_add(1) & 2) << 62);
    (f64::from_bits(sin), f64::from_bits(cos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_standard_library() {
        for k in -720_000..720_000 {
            let deg = f64::from(k) * 0.001_000_003;
            let (s, c) = sincos_deg(deg);
            let a = (deg % 360.0).to_radians();
            assert!((s - a.sin()).abs() < 1e-15 && (c - a.cos()).abs() < 1e-15, "{deg}: {s} {c}");
        }
    }

    #[test]
    fn is_exact_at_the_axes() {
        for (deg, s, c) in
            [(0.0, 0.0, 1.0), (90.0, 1.0, 0.0), (180.0, 0.0, -1.0), (-90.0, -1.0, 0.0), (270.0, -1.0, 0.0)]
        {
            assert_eq!(sincos_deg(deg), (s, c));
            assert_eq!(sincos_deg(deg + 360.0), (s, c));
        }
    }
}
