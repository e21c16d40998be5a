//! Waiting, for programs without a window: until files are open, until the picture is complete.

use std::time::{Duration, Instant};

use seaglass_render::{Renderer, Scene, SceneItem};

use crate::host::Host;
use crate::report::{HostError, Notice};

/// Looks again after this long even when nothing was signalled.
const NAP: Duration = Duration::from_millis(50);

impl Host {
    /// Steps until every file asked for is described or given up; gives the notices meanwhile.
    ///
    /// # Errors
    /// [`HostError::Incomplete`] after `limit`.
    pub fn wait_opened(&mut self, limit: Duration) -> Result<Vec<Notice>, HostError> {
        let start = Instant::now();
        let mut notices = Vec::new();
        loop {
            notices.extend(self.step().notices);
            if self.opening.is_idle() && !self.has_commands() {
                return Ok(notices);
            }
            if start.elapsed() > limit {
                let (done, total) = self.opening.counts();
                return Err(HostError::Incomplete { limit, waiting: format!("{done} of {total} files are open") });
            }
            self.nap();
        }
    }

    /// Turns the pipeline until everything the scene shows is on the graphics device; gives the scene to draw, and the
    /// notices meanwhile.
    ///
    /// # Errors
    /// [`HostError::Incomplete`] after `limit`.
    pub fn wait_complete(
        &mut self,
        renderer: &mut Renderer,
        size_px: [u32; 2],
        pixels_per_point: f32,
        background: [u8; 4],
        limit: Duration,
    ) -> Result<(Scene, Vec<Notice>), HostError> {
        let start = Instant::now();
        let mut notices = Vec::new();
        loop {
            notices.extend(self.step().notices);
            // Asked before the scene is made: a layer that waits for its range is not in it yet.
            let ranged = self.ranges.is_idle() && self.channels.is_idle();
            let scene = self.scene(size_px, pixels_per_point, background);
            let plan = self.drive(renderer, &scene);
            let positions = self.positions_missing(&scene);
            if self.is_quiet() && positions == 0 && ranged && plan.complete {
                return Ok((scene, notices));
            }
            if start.elapsed() > limit {
                let waiting = format!("{positions} positions and {} tiles are missing", plan.wanted.len());
                return Err(HostError::Incomplete { limit, waiting });
            }
            // The renderer may have work of its own (uploads by budget): then look again soon.
            if self.pool.pending(|_| true) > 0 { self.nap() } else { std::thread::sleep(Duration::from_millis(1)) }
        }
    }

    /// Whether nothing that a scene shows is still to be read, and nothing waits to be done. With a complete plan its
    /// picture is the final one.
    pub fn lacks_nothing(&mut self, scene: &Scene) -> bool {
        // Positions that came after the last plan: the next one asks for the tiles.
        let planned = self.planned.as_ref().is_none_or(|p| {
            scene.layers.iter().flat_map(|l| &l.items).flat_map(SceneItem::all).all(|item| p.items.contains(&item))
        });
        let chosen = self.ranges.is_idle() && self.channels.is_idle();
        self.is_quiet() && chosen && planned && self.plan_complete && self.positions_missing(scene) == 0
    }

    fn is_quiet(&self) -> bool {
        self.opening.is_idle() && !self.has_commands() && self.ready.is_empty()
    }

    /// Sleeps until something arrives, or for so long.
    pub fn wait(&self, limit: Duration) {
        if self.signal.recv_timeout(limit).is_err() {
            log::trace!("nothing arrived");
        }
    }

    /// Sleeps until something arrives.
    pub(crate) fn nap(&self) {
        if self.signal.recv_timeout(NAP).is_err() {
            log::trace!("nothing arrived");
        }
    }
}
