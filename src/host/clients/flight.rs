//! Flights that programs ask for: the camera moves here, as often as the window draws, and not as often as a program can
//! send.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use seaglass_control::frames::Flying;
use seaglass_core::camera::{Camera, Easing, Stop, along};
use seaglass_core::command::Command;
use serde_json::json;

use super::{Pending, check};
use crate::host::Host;

/// Stops of one flight at most.
const MOST_STOPS: usize = 10_000;
/// Longest flight, seconds.
const LONGEST_S: f64 = 86_400.0;
/// Time between two looks at a flight where nothing else happens.
const STEP: Duration = Duration::from_millis(16);

/// A flight under way.
pub(super) struct Flight {
    from: Camera,
    stops: Vec<Stop>,
    easing: Easing,
    began: Instant,
    seconds: f64,
    /// Where it was last: a camera elsewhere has been moved by somebody else.
    last: Camera,
    over: Arc<AtomicBool>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

impl Flight {
    /// Share done.
    pub fn share(&self) -> f32 {
        if self.seconds > 0.0 { (self.began.elapsed().as_secs_f64() / self.seconds).min(1.0) as f32 } else { 1.0 }
    }
}

impl Host {
    pub(super) fn fly(&mut self, wish: Flying) -> Result<Flight, String> {
        let Flying { stops, easing } = wish;
        if stops.is_empty() || stops.len() > MOST_STOPS {
            return Err(format!("A flight has 1 to {MOST_STOPS} stops."));
        }
        for (k, stop) in stops.iter().enumerate() {
            let seconds = if (0.0..=LONGEST_S).contains(&stop.seconds) {
                Ok(())
            } else {
                Err(format!("it takes 0 to {LONGEST_S} seconds to get there, not {}.", stop.seconds))
            };
            let fine = check::camera(&stop.camera).and(seconds);
            fine.map_err(|why| format!("Stop {} of {}: {why}", k + 1, stops.len()))?;
        }
        let seconds: f64 = stops.iter().map(|s| s.seconds).sum();
        if seconds > LONGEST_S {
            return Err(format!("A flight takes {LONGEST_S} seconds at most."));
        }
        // The camera is one: a new flight ends the one before, and what is left of a throw of the mouse.
        for (pending, respond) in std::mem::take(&mut self.clients.pending) {
            match pending {
                Pending::Flight(_) => respond.done_with(json!({ "arrived": false }), &[]),
                other => self.clients.pending.push((other, respond)),
            }
        }
        self.control.moved = true;
        let over = Arc::new(AtomicBool::new(false));
        let (wake, stop) = (Arc::clone(&self.wake), Arc::clone(&over));
        let ticks = move || {
            while !stop.load(Ordering::Relaxed) {
                std::thread::sleep(STEP);
                wake();
            }
        };
        std::thread::Builder::new()
            .name("client flight".to_owned())
            .spawn(ticks)
            .map_err(|e| format!("The flight cannot begin: {e}."))?;
        let last = self.session.project().camera;
        Ok(Flight { from: last, stops, easing, began: Instant::now(), seconds, last, over })
    }

    /// Goes on with a flight; whether it has arrived once it has ended.
    pub(super) fn fly_on(&mut self, flight: &mut Flight) -> Option<Result<bool, String>> {
        if self.session.project().camera != flight.last {
            return Some(Ok(false));
        }
        let (camera, over) = along(&flight.from, &flight.stops, flight.easing, flight.began.elapsed().as_secs_f64());
        if let Err(why) = self.apply_for_client(Command::SetCamera { camera }) {
            return Some(Err(why.to_string()));
        }
        flight.last = self.session.project().camera;
        over.then_some(Ok(true))
    }
}
