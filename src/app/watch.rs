//! Seconds of watching, for what moves by itself, and when the next picture of it is due.

use seaglass_core::style::Method;
use seaglass_render::Scene;

/// Longest time between two pictures that counts as watched, seconds: after a pause motion goes on where it stood.
const LONGEST_S: f64 = 0.25;
/// Seconds between pictures on a graphics card, and where the processor draws them, which has other things to do.
const QUICK_S: f32 = 1.0 / 60.0;
const SLOW_S: f32 = 1.0 / 15.0;

/// The watch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watch {
    seconds: f64,
    seen_at: Option<f64>,
    moving: bool,
}

impl Watch {
    /// Whether something in the last picture moves by itself, so that the next one is due.
    pub fn is_moving(&self) -> bool {
        self.moving
    }

    /// Seconds watched at a time of the window's clock. `awake`: the window can be seen and things may move.
    pub fn at(&mut self, now_s: f64, awake: bool) -> f64 {
        let since = self.seen_at.map_or(0.0, |t| now_s - t);
        self.seen_at = Some(now_s);
        if awake && self.moving {
            self.seconds += since.clamp(0.0, LONGEST_S);
        }
        self.seconds
    }

    /// Notes what was drawn.
    pub fn drew(&mut self, scene: &Scene) {
        self.moving = scene.layers.iter().any(|l| {
            l.style.method == Method::Streamlines
                && !l.style.stream.frozen
                && l.items.iter().any(|i| !i.components.is_empty())
        });
    }

    /// After how many seconds the next picture is due.
    pub fn interval_s(software: bool) -> f32 {
        if software { SLOW_S } else { QUICK_S }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_seen_moving_counts() {
        let mut watch = Watch::default();
        assert_eq!(watch.at(5.0, true), 0.0);
        assert_eq!(watch.at(5.1, true), 0.0, "nothing moves");
        watch.moving = true;
        assert!((watch.at(5.2, true) - 0.1).abs() < 1e-9);
        assert!((watch.at(5.25, false) - 0.1).abs() < 1e-9, "minimised");
        assert!((watch.at(5.3, true) - 0.15).abs() < 1e-9);
        assert!((watch.at(99.0, true) - 0.4).abs() < 1e-9, "a long pause is none");
    }
}
