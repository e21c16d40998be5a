//! Currents as steps of sea level and temperature along meandering axes.

use std::f64::consts::TAU;

use super::Slope;
use super::noise::{SplitMix, smooth_step};
use super::places::{JETS, JetPlace};
use crate::geo::{LonLat, wrap_180};

/// Beyond this distance from its axis a jet adds nothing, degrees.
const REACH: f64 = 9.0;

/// One wave of the axis: `amplitude·sin(k·s − ω·t + phase)`.
#[derive(Clone, Copy, Debug)]
struct Meander {
    amplitude: f64,
    per_deg: f64,
    per_s: f64,
    phase: f64,
}

#[derive(Clone, Debug)]
struct Jet {
    place: JetPlace,
    cos_lat: f64,
    cos: f64,
    sin: f64,
    length: f64,
    /// Half step in height with the sign of the hemisphere: high to the right of the flow in the north.
    step_m: f64,
    step_k: f64,
    mean_width: f64,
    meanders: [Meander; 4],
}

/// Position relative to an axis: along, across, and the envelope with its slope.
struct Local {
    s: f64,
    n: f64,
    envelope: f64,
    envelope_per_s: f64,
}

impl Jet {
    fn new(place: JetPlace, rng: &mut SplitMix) -> Self {
        let mid = (place.from[1] + place.to[1]) / 2.0;
        let cos_lat = if place.circumpolar { 1.0 } else { mid.to_radians().cos() };
        let dx = wrap_180(place.to[0] - place.from[0]) * cos_lat;
        let dy = place.to[1] - place.from[1];
        let length = dx.hypot(dy);
        let north = if mid > 0.0 { 1.0 } else { -1.0 };
        // Wavelengths of 250 to 950 km, as along the real jets; they travel east at a few km a day.
        let lengths = [8.5, 5.2, 3.4, 2.3];
        let weights = [0.6, 0.5, 0.2, 0.06];
        let meanders = std::array::from_fn(|k| {
            let length = lengths[k] * rng.range(0.9, 1.12);
            let turns = if place.circumpolar { (225.0 / length).round() / 360.0 } else { 1.0 / length };
            Meander {
                amplitude: place.meander * weights[k],
                per_deg: TAU * turns,
                per_s: TAU * turns * rng.range(2.0, 9.0) / 111.2 / 86_400.0,
                phase: rng.range(0.0, TAU),
            }
        });
        // The mean of a meandering step is a wider step.
        let spread = 0.57 * place.meander;
        Self {
            place,
            cos_lat,
            cos: dx / length,
            sin: dy / length,
            length,
            step_m: north * place.half_step_m,
            step_k: north * place.half_step_k,
            mean_width: place.width.hypot(1.5 * spread),
            meanders,
        }
    }

    #[inline]
    fn local(&self, at: LonLat) -> Option<Local> {
        let x = wrap_180(at.lon_deg - self.place.from[0]) * self.cos_lat;
        let y = at.lat_deg - self.place.from[1];
        let s = x * self.cos + y * self.sin;
        let n = y * self.cos - x * self.sin;
        if n.abs() > REACH {
            return None;
        }
        if self.place.circumpolar {
            return Some(Local { s, n, envelope: 1.0, envelope_per_s: 0.0 });
        }
        let [set_in, fade_out] = self.place.ramps;
        if s <= 0.0 || s >= self.length {
            return None;
        }
        let (rise, rise_per_s) = smooth_step(s, 0.0, set_in);
        let (fall, fall_per_s) = smooth_step(s, self.length - fade_out, self.length);
        Some(Local {
            s,
            n,
            envelope: rise * (1.0 - fall),
            envelope_per_s: rise_per_s * (1.0 - fall) - rise * fall_per_s,
        })
    }

    /// Lasting course of a circumpolar jet about its latitude, and its slope: the sea floor steers it.
    #[inline]
    fn course(&self, s: f64) -> (f64, f64) {
        if !self.place.circumpolar {
            return (0.0, 0.0);
        }
        let k = TAU / 360.0;
        let (sin1, cos1) = (k * s + 0.6).sin_cos();
        let (sin3, cos3) = (3.0 * k * s + 2.1).sin_cos();
        let (sin7, cos7) = (7.0 * k * s + 4.4).sin_cos();
        (2.2 * sin1 + 1.1 * sin3 + 0.6 * sin7, k * (2.2 * cos1 + 3.3 * cos3 + 4.2 * cos7))
    }

    /// Offset of the axis from its course and its slope along the axis. Meanders grow over the first 9°.
    #[inline]
    fn axis(&self, s: f64, t: f64) -> (f64, f64) {
        let (growth, growth_per_s) = if self.place.circumpolar { (1.0, 0.0) } else { smooth_step(s, -2.0, 9.0) };
        let (mut wave, mut wave_per_s) = (0.0, 0.0);
        for m in &self.meanders {
            let (sin, cos) = (m.per_deg * s - m.per_s * t + m.phase).sin_cos();
            wave += m.amplitude * sin;
            wave_per_s += m.amplitude * m.per_deg * cos;
        }
        (growth * wave, growth_per_s * wave + growth * wave_per_s)
    }

    /// Adds `scale·step` with its slopes about an axis at `axis` that changes by `axis_per_s` along it.
    #[inline]
    fn step(&self, local: &Local, axis: (f64, f64), width: f64, scale: f64, sum: &mut Slope) {
        let tanh = ((local.n - axis.0) / width).tanh();
        let (fade, fade_per_n) = levelling(local.n);
        let shape = -tanh * fade;
        let sharp = -(1.0 - tanh * tanh) / width * fade;
        let h = scale * local.envelope * shape;
        let per_n = scale * local.envelope * (sharp - tanh * fade_per_n);
        let per_s = scale * (local.envelope_per_s * shape - local.envelope * sharp * axis.1);
        sum.add(h, (per_s * self.cos - per_n * self.sin) * self.cos_lat, per_s * self.sin + per_n * self.cos);
    }
}

/// `(1 − (n/REACH)²)³` and its slope: a step levels out on both sides, wherever its meanders are.
#[inline]
fn levelling(n: f64) -> (f64, f64) {
    let r = n / REACH;
    let w = 1.0 - r * r;
    if w <= 0.0 { (0.0, 0.0) } else { (w * w * w, -6.0 * w * w * r / REACH) }
}

/// All jets.
#[derive(Clone, Debug)]
pub(super) struct Jets(Vec<Jet>);

impl Jets {
    /// The jets of a seed: the places are fixed, the meanders drawn.
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = SplitMix::new(seed ^ 0x6a65_7473);
        Self(JETS.iter().map(|place| Jet::new(*place, &mut rng)).collect())
    }

    /// Adds the mean step of every jet to `mean` and the rest (meanders) to `anomaly`.
    pub(super) fn height(&self, at: LonLat, t: f64, mean: &mut Slope, anomaly: &mut Slope) {
        for jet in &self.0 {
            let Some(local) = jet.local(at) else { continue };
            let course = jet.course(local.s);
            let axis = jet.axis(local.s, t);
            let axis = (course.0 + axis.0, course.1 + axis.1);
            jet.step(&local, axis, jet.place.width, jet.step_m, anomaly);
            jet.step(&local, course, jet.mean_width, -jet.step_m, anomaly);
            jet.step(&local, course, jet.mean_width, jet.step_m, mean);
        }
    }

    /// Temperature relative to the climatology, kelvin; the thermal front is half as wide as the current.
    pub(super) fn temperature(&self, at: LonLat, t: f64) -> f64 {
        let mut sum = 0.0;
        for jet in &self.0 {
            let Some(local) = jet.local(at) else { continue };
            let axis = jet.course(local.s).0 + jet.axis(local.s, t).0;
            let across = local.n - axis - 0.1 * jet.step_m.signum();
            sum -= jet.step_k * local.envelope * (across / (0.55 * jet.place.width)).tanh() * levelling(local.n).0;
        }
        sum
    }

    /// Near a jet that sheds rings: whether the place is on its poleward side, where rings are warm.
    pub(super) fn ring_side(&self, at: LonLat) -> Option<bool> {
        self.0.iter().filter(|jet| jet.place.rings).find_map(|jet| {
            let local = jet.local(at)?;
            let across = local.n - jet.course(local.s).0 - jet.axis(local.s, 0.0).0;
            (local.envelope > 0.4 && across.abs() < 4.5).then_some(across * jet.step_m.signum() > 0.0)
        })
    }
}
