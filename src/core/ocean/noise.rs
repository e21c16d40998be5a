//! Random numbers and smooth noise, the same on every machine.

use std::f64::consts::TAU;

/// SplitMix64 (Steele, Lea, Flood 2014): a small generator with a 64-bit state.
#[derive(Clone, Debug)]
pub struct SplitMix(u64);

impl SplitMix {
    /// A stream for a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in [low, high).
    pub fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }
}

/// Directions of the lattice gradients: sixteen, evenly round the circle.
fn directions() -> [[f64; 2]; 16] {
    std::array::from_fn(|k| {
        let angle = TAU * (k as f64 + 0.5) / 16.0;
        [angle.cos(), angle.sin()]
    })
}

/// Gradient noise (Perlin 2002) on a lattice in degrees of longitude and latitude, periodic in longitude.
#[derive(Clone, Debug)]
pub struct Noise {
    seed: u32,
    gradients: [[f64; 2]; 16],
}

impl Noise {
    /// Noise of a seed.
    pub fn new(seed: u64) -> Self {
        Self { seed: SplitMix::new(seed).next_u64() as u32, gradients: directions() }
    }

    /// Noise in about [−1, 1] with zero mean; features are one unit wide. `x` is periodic with `period` units.
    #[inline]
    pub fn at(&self, x: f64, y: f64, period: i64) -> f64 {
        let (fx, fy) = (x.floor(), y.floor());
        let (dx, dy) = (x - fx, y - fy);
        let ix0 = wrap(fx as i64, period);
        let ix1 = if ix0 + 1 >= period { ix0 + 1 - period } else { ix0 + 1 };
        let iy = fy as i64;
        let a = self.corner(ix0, iy, dx, dy);
        let b = self.corner(ix1, iy, dx - 1.0, dy);
        let c = self.corner(ix0, iy + 1, dx, dy - 1.0);
        let d = self.corner(ix1, iy + 1, dx - 1.0, dy - 1.0);
        let (sx, sy) = (fade(dx), fade(dy));
        let low = a + sx * (b - a);
        let high = c + sx * (d - c);
        1.4 * (low + sy * (high - low))
    }

    /// Sum of `octaves` noises, each with twice the frequency and 0.55 of the amplitude of the one before; the first has
    /// `per_degree` features a degree.
    pub fn fbm(&self, lon: f64, lat: f64, per_degree: i64, octaves: u32) -> f64 {
        let mut sum = 0.0;
        let mut amplitude = 0.5;
        let mut frequency = per_degree;
        for octave in 0..octaves {
            // Shifted so that lattice lines of the octaves do not meet.
            let shift = 0.37 + 11.3 * f64::from(octave);
            let k = frequency as f64;
            sum += amplitude * self.at((lon + 180.0) * k + shift, lat * k - shift, 360 * frequency);
            amplitude *= 0.55;
            frequency *= 2;
        }
        sum
    }

    #[inline]
    fn corner(&self, ix: i64, iy: i64, dx: f64, dy: f64) -> f64 {
        let mut h = (ix as u32).wrapping_mul(0x9e37_79b1) ^ (iy as u32).wrapping_mul(0x85eb_ca77) ^ self.seed;
        h = (h ^ (h >> 15)).wrapping_mul(0x2c1b_3c6d);
        h = (h ^ (h >> 12)).wrapping_mul(0x297a_2d39);
        h ^= h >> 15;
        let g = self.gradients[(h & 15) as usize];
        g[0] * dx + g[1] * dy
    }
}

#[inline]
fn wrap(i: i64, period: i64) -> i64 {
    if (0..period).contains(&i) { i } else { i.rem_euclid(period) }
}

/// 6t⁵ − 15t⁴ + 10t³: first and second derivatives vanish at 0 and 1.
#[inline]
pub fn fade(t: f64) -> f64 {
    t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
}

/// Smooth step from 0 at `low` to 1 at `high`, and its derivative.
#[inline]
pub fn smooth_step(x: f64, low: f64, high: f64) -> (f64, f64) {
    let width = high - low;
    let t = (x - low) / width;
    if t <= 0.0 {
        (0.0, 0.0)
    } else if t >= 1.0 {
        (1.0, 0.0)
    } else {
        (fade(t), 30.0 * t * t * (t - 1.0) * (t - 1.0) / width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_periodic_bounded_and_centred() {
        let noise = Noise::new(3);
        let mut rng = SplitMix::new(1);
        let mut sum = 0.0;
        for _ in 0..5000 {
            let (lon, lat) = (rng.range(-180.0, 180.0), rng.range(-90.0, 90.0));
            let v = noise.fbm(lon, lat, 2, 4);
            assert!(v.abs() < 1.3);
            assert!((v - noise.fbm(lon + 360.0, lat, 2, 4)).abs() < 1e-9);
            sum += v;
        }
        assert!((sum / 5000.0_f64).abs() < 0.02);
    }

    #[test]
    fn smooth_steps_have_their_derivative() {
        for k in 0..40 {
            let x = -0.5 + 0.1 * f64::from(k);
            let d = 1e-6;
            let numeric = (smooth_step(x + d, 0.3, 2.4).0 - smooth_step(x - d, 0.3, 2.4).0) / (2.0 * d);
            assert!((numeric - smooth_step(x, 0.3, 2.4).1).abs() < 1e-6);
        }
    }
}
