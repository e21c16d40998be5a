//! From globe to map and back: the last picture stays until the new one is whole, then fades.

/// Longest time the new picture is waited for, seconds; then it fades in as it is.
const WAITS_S: f64 = 0.25;

/// A change from one picture to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fade {
    /// When it began, seconds.
    since: f64,
    /// When the new picture was whole.
    ready: Option<f64>,
    /// How long the old picture takes to go, seconds.
    lasts_s: f64,
}

impl Fade {
    /// A change that begins now.
    pub fn new(now_s: f64, lasts_s: f64) -> Self {
        Self { since: now_s, ready: None, lasts_s }
    }

    /// How much of the old picture is left, 1 to 0; `None` when the change is over. `whole`: nothing is missing in the new
    /// picture.
    pub fn left(&mut self, now_s: f64, whole: bool) -> Option<f32> {
        if self.ready.is_none() && (whole || now_s - self.since >= WAITS_S) {
            self.ready = Some(now_s);
        }
        let part = self.ready.map_or(0.0, |r| (now_s - r) / self.lasts_s.max(1e-3));
        // Slow at both ends.
        (part < 1.0).then_some(1.0 - (part * part * (3.0 - 2.0 * part)) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_picture_stays_until_the_new_one_is_whole() {
        let mut f = Fade::new(10.0, 0.3);
        assert_eq!(f.left(10.0, false), Some(1.0));
        assert_eq!(f.left(10.1, false), Some(1.0));
        assert_eq!(f.left(10.2, true), Some(1.0), "from here on it goes");
        // Half-way in time half of it is left; what is missing later does not stop it.
        assert!((f.left(10.35, false).unwrap() - 0.5).abs() < 1e-5);
        let late = f.left(10.49, false).unwrap();
        assert!(late > 0.0 && late < 0.01, "{late}");
        assert_eq!(f.left(10.51, true), None);
    }

    #[test]
    fn a_picture_that_never_gets_whole_is_not_waited_for() {
        let mut f = Fade::new(0.0, 0.3);
        assert_eq!(f.left(0.24, false), Some(1.0));
        assert_eq!(f.left(0.26, false), Some(1.0));
        assert!(f.left(0.5, false).unwrap() < 0.3);
        assert_eq!(f.left(0.6, false), None);
    }
}
