//! How much of a frame goes into what is new.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::renderer::RendererOptions;

/// Time for work of one kind in a frame. Threads may share it.
#[derive(Debug)]
pub(crate) struct Pacing {
    /// None: all of it is done.
    until: Option<Instant>,
    begun: AtomicBool,
}

impl Pacing {
    /// From now on, in a window; pictures wait for everything.
    pub fn new(options: &RendererOptions) -> Self {
        let seconds = f64::from(options.new_ms_per_frame.max(0.0)) / 1e3;
        // Longer than any frame is for ever.
        let bounded = !options.synchronous && seconds < 60.0;
        Self {
            until: bounded.then(|| Instant::now() + Duration::from_secs_f64(seconds)),
            begun: AtomicBool::new(false),
        }
    }

    /// Whether another piece may be done. The first always may: however slow the machine is, work comes to its end.
    pub fn allows(&self) -> bool {
        let first = !self.begun.swap(true, Ordering::Relaxed);
        first || self.until.is_none_or(|until| Instant::now() < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(options: RendererOptions, asked: usize) -> usize {
        let pacing = Pacing::new(&options);
        (0..asked).filter(|_| pacing.allows()).count()
    }

    #[test]
    fn the_first_piece_is_always_done_and_without_time_no_other() {
        let none = RendererOptions { new_ms_per_frame: 0.0, ..RendererOptions::default() };
        assert_eq!(allowed(none, 50), 1);
        assert_eq!(allowed(RendererOptions { new_ms_per_frame: -1.0, ..none }, 50), 1);
        assert_eq!(allowed(RendererOptions { new_ms_per_frame: f32::NAN, ..none }, 50), 1);
    }

    #[test]
    fn pictures_and_endless_time_get_everything() {
        let none = RendererOptions { new_ms_per_frame: 0.0, ..RendererOptions::default() };
        assert_eq!(allowed(RendererOptions { synchronous: true, ..none }, 50), 50);
        assert_eq!(allowed(RendererOptions { new_ms_per_frame: f32::INFINITY, ..none }, 50), 50);
    }
}
