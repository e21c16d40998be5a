//! Clock, time window and play state.

use serde::{Deserialize, Serialize};

use crate::time::{Time, TimeSpan};

/// Where the window lies relative to the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// Ends at the clock.
    #[default]
    Trailing,
    /// The clock is its middle.
    Centred,
    /// Begins at the clock.
    Leading,
}

/// How the clock runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum PlayMode {
    /// Without steps, at [`Timeline::speed`]; a speed of 1 is real time.
    #[default]
    Smooth,
    /// By the step of the step keys.
    Steps {
        /// Steps a second.
        per_s: f64,
    },
    /// From granule to granule of the visible layers: every time step of the source, none left out.
    Granules {
        /// Granules a second.
        per_s: f64,
    },
}

impl PlayMode {
    /// Steps a second; `None` where there are no steps.
    pub fn per_second(self) -> Option<f64> {
        match self {
            Self::Smooth => None,
            Self::Steps { per_s } | Self::Granules { per_s } => Some(per_s),
        }
    }
}

/// Clock, window and play state of the application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// The clock.
    pub now: Time,
    /// Length of the time window, seconds.
    pub window_s: f64,
    /// Where the window lies.
    pub anchor: Anchor,
    /// Step of the step keys, seconds; `None` = a third of the window (as in the reference application).
    pub step_s: Option<f64>,
    /// The clock runs.
    pub playing: bool,
    /// Data seconds per second of smooth play.
    pub speed: f64,
    /// How the clock runs.
    #[serde(default)]
    pub play: PlayMode,
    /// Seconds before and after the clock, when the window was given so; then `anchor` is the nearest to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offsets_s: Option<[f64; 2]>,
    /// Where no granule lies in the window, the nearest in time are shown.
    #[serde(default)]
    pub nearest: bool,
    /// Granules are shown whatever their time.
    #[serde(default)]
    pub always: bool,
    /// Begin again at the start when the end is reached.
    pub looped: bool,
    /// What is looped; all data when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loop_span: Option<TimeSpan>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            now: Time::from_micros(0),
            window_s: 86_400.0,
            anchor: Anchor::Trailing,
            step_s: None,
            playing: false,
            speed: 10_800.0,
            play: PlayMode::Smooth,
            offsets_s: None,
            nearest: false,
            always: false,
            looped: true,
            loop_span: None,
        }
    }
}

impl Timeline {
    /// The time window.
    pub fn window(&self) -> TimeSpan {
        let [before, after] = self.offsets();
        TimeSpan::new(self.now.plus_seconds(-before), self.now.plus_seconds(after))
    }

    /// Seconds the window reaches before and after the clock.
    pub fn offsets(&self) -> [f64; 2] {
        self.offsets_s.unwrap_or(match self.anchor {
            Anchor::Trailing => [self.window_s, 0.0],
            Anchor::Centred => [self.window_s / 2.0; 2],
            Anchor::Leading => [0.0, self.window_s],
        })
    }

    /// Lays the window from so many seconds before the clock to so many after it.
    pub fn set_offsets(&mut self, past_s: f64, future_s: f64) {
        self.window_s = past_s + future_s;
        (self.anchor, self.offsets_s) = match [past_s, future_s] {
            [_, 0.0] => (Anchor::Trailing, None),
            [0.0, _] => (Anchor::Leading, None),
            [a, b] if a == b => (Anchor::Centred, None),
            _ => (Anchor::Centred, Some([past_s, future_s])),
        };
    }

    /// Seconds of one step.
    pub fn step_seconds(&self) -> f64 {
        self.step_s.unwrap_or(self.window_s / 3.0)
    }

    /// Clock position that puts `span` inside the window (its middle in the window's middle when it is longer).
    pub fn now_to_show(&self, span: TimeSpan) -> Time {
        let slack = (self.window_s - span.seconds()).max(0.0);
        if let Some([before, after]) = self.offsets_s {
            return span.middle().plus_seconds((before - after) / 2.0);
        }
        match self.anchor {
            Anchor::Trailing if slack > 0.0 => span.stop,
            Anchor::Leading if slack > 0.0 => span.start,
            Anchor::Trailing => span.middle().plus_seconds(self.window_s / 2.0),
            Anchor::Centred => span.middle(),
            Anchor::Leading => span.middle().plus_seconds(-self.window_s / 2.0),
        }
    }
}
