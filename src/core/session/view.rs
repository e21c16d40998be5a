//! Commands that move the camera and the clock.

use std::collections::{BTreeMap, HashSet};

use super::{CommandError, Session};
use crate::camera::Camera;
use crate::command::Command;
use crate::granule::GranuleId;
use crate::passes::{OrbitStep, Pass};
use crate::project::LayerId;
use crate::projection::Projection;
use crate::time::{Time, TimeSpan};
use crate::timeline::PlayMode;

/// Longest time window and step, seconds: climatologies of the year 0 and this year's data fit in one window.
const LONGEST_S: f64 = 3.2e11;

/// Views kept to go back to.
const VIEWS: usize = 100;

/// Views the user has rested at.
#[derive(Clone, Debug, Default)]
pub(super) struct Views {
    back: Vec<Camera>,
    forward: Vec<Camera>,
    /// The one looked at, when nothing has moved since.
    here: Option<Camera>,
}

impl Views {
    fn keep(&mut self, camera: Camera) {
        if self.here == Some(camera) {
            return;
        }
        if let Some(before) = self.here.replace(camera) {
            self.back.push(before);
            self.forward.clear();
            if self.back.len() > VIEWS {
                self.back.remove(0);
            }
        }
    }

    fn step(&mut self, camera: Camera, back: bool) -> Option<Camera> {
        self.keep(camera);
        let (from, to) = if back { (&mut self.back, &mut self.forward) } else { (&mut self.forward, &mut self.back) };
        let next = from.pop()?;
        to.extend(self.here.replace(next));
        Some(next)
    }
}

impl Session {
    /// Whether there are views to go back and forward to.
    pub fn can_go_back_forward(&self) -> (bool, bool) {
        let moved = self.views.here.is_some_and(|h| h != self.project.camera);
        (moved || !self.views.back.is_empty(), !moved && !self.views.forward.is_empty())
    }

    /// Names the granules that cannot be read: *Jump to data* goes past them.
    pub fn set_unreadable(&mut self, granules: HashSet<GranuleId>) {
        self.unreadable = granules;
    }

    pub(super) fn change_camera(&mut self, command: &Command) -> Result<bool, CommandError> {
        let mut camera = self.project.camera;
        match command {
            Command::SetCamera { camera: new } => camera = *new,
            Command::LookAt { place, altitude_m } => {
                if !place.is_valid() {
                    return Err(CommandError(format!(
                        "{}, {} is not a place on the Earth.",
                        place.lon_deg, place.lat_deg
                    )));
                }
                camera.target = *place;
                self.place_named = true;
                camera.altitude_m = altitude_m.unwrap_or(camera.altitude_m);
            }
            Command::SetAltitude { altitude_m } => {
                if !altitude_m.is_finite() {
                    return Err(CommandError("The altitude must be a number.".into()));
                }
                camera.altitude_m = *altitude_m;
            }
            Command::ResetCamera => camera = Camera { projection: camera.projection, ..Camera::default() },
            Command::SetProjection { projection } => camera.projection = *projection,
            Command::ToggleGlobe => {
                let turned_deg = camera.heading_deg - camera.north_heading_deg();
                // A map that does not reach the place in the middle would lose it.
                let map = if self.last_map.shows(camera.target) { self.last_map } else { Projection::Equirectangular };
                camera.projection = if camera.projection.is_map() { Projection::Globe } else { map };
                camera.heading_deg = turned_deg + camera.north_heading_deg();
            }
            Command::Zoom { factor } => camera = camera.zoomed(*factor, None, self.view_px),
            Command::NorthUp => camera.heading_deg = camera.north_heading_deg(),
            Command::TopDown => camera.tilt_deg = 0.0,
            Command::Home => camera = camera.whole_earth(self.view_px),
            Command::KeepView => self.views.keep(camera),
            Command::ViewBack | Command::ViewForward => {
                let back = *command == Command::ViewBack;
                camera = self.views.step(camera, back).ok_or_else(|| {
                    CommandError(format!("There is no {} view.", if back { "earlier" } else { "later" }))
                })?;
            }
            Command::ZoomToLayer { layer } => {
                camera = self.framing(*layer).ok_or_else(|| CommandError("There are no data to zoom to.".into()))?;
            }
            _ => return Ok(false),
        }
        if camera.projection.is_map() {
            self.last_map = camera.projection;
        }
        self.project.camera = camera.sanitized();
        Ok(true)
    }

    pub(super) fn change_time(&mut self, command: &Command) -> Result<(), CommandError> {
        match command {
            Command::SetTime { now } => {
                if !now.is_on_the_calendar() {
                    return Err(CommandError(format!(
                        "The clock goes from {} to {}; {} µs since 1970 lie beyond.",
                        Time::FIRST.iso(),
                        Time::LAST.iso(),
                        now.micros()
                    )));
                }
                self.project.timeline.now = *now;
            }
            Command::SetWindow { window_s } => {
                if !(1e-3..=LONGEST_S).contains(window_s) {
                    return Err(CommandError(
                        "The time window must last between a millisecond and ten thousand years.".into(),
                    ));
                }
                self.project.timeline.window_s = *window_s;
                self.project.timeline.offsets_s = None;
            }
            Command::SetAnchor { anchor } => {
                self.project.timeline.anchor = *anchor;
                self.project.timeline.offsets_s = None;
            }
            Command::SetStep { step_s } => {
                if step_s.is_some_and(|s| !(1e-3..=LONGEST_S).contains(&s)) {
                    return Err(CommandError(
                        "The step must last between a millisecond and ten thousand years.".into(),
                    ));
                }
                self.project.timeline.step_s = *step_s;
            }
            Command::StepTime { steps } => {
                let t = &mut self.project.timeline;
                t.now = t.now.plus_seconds(t.step_seconds() * f64::from(*steps)).clamp(Time::FIRST, Time::LAST);
            }
            Command::ScrubTime { steps } => {
                if !steps.is_finite() {
                    return Err(CommandError("The number of steps must be a number.".into()));
                }
                let t = &mut self.project.timeline;
                t.now = t.now.plus_seconds(t.step_seconds() * steps).clamp(Time::FIRST, Time::LAST);
            }
            Command::StepGranule { layer, steps } => {
                let stops = self.stops(*layer);
                let now = self.project.timeline.now;
                let nth = steps.unsigned_abs().saturating_sub(1) as usize;
                let next = if *steps >= 0 {
                    stops.iter().filter(|t| **t > now).nth(nth)
                } else {
                    stops.iter().rev().filter(|t| **t < now).nth(nth)
                };
                self.project.timeline.now = next.copied().ok_or_else(|| {
                    CommandError(format!("There is no {} granule.", if *steps >= 0 { "later" } else { "earlier" }))
                })?;
            }
            Command::StepOrbit { layer, by, steps } => self.step_orbit(*layer, *by, *steps)?,
            Command::GoToEnd { last } => {
                let span = self.time_span().ok_or_else(|| CommandError("The data have no time.".into()))?;
                self.project.timeline.now = if *last { span.stop } else { span.start };
            }
            Command::JumpToData { layer } => {
                let now = self.project.timeline.now;
                let nearest = self
                    .granules_of(*layer)
                    .filter(|g| !self.unreadable.contains(&g.id))
                    .filter_map(|g| g.span)
                    .min_by(|a, b| a.offset_seconds(now).abs().total_cmp(&b.offset_seconds(now).abs()))
                    .ok_or_else(|| CommandError("There are no data to jump to.".into()))?;
                self.project.timeline.now = self.project.timeline.now_to_show(nearest);
            }
            Command::Play { on } => {
                self.project.timeline.playing = *on;
                self.beat = 0.0;
            }
            Command::SetPlayMode { play } => {
                if play.per_second().is_some_and(|r| !(r.is_finite() && (0.01..=60.0).contains(&r))) {
                    return Err(CommandError("Between one step in 100 seconds and 60 a second can be played.".into()));
                }
                self.project.timeline.play = *play;
                self.beat = 0.0;
            }
            Command::SetSpeed { speed } => {
                if !(speed.is_finite() && *speed > 0.0 && *speed <= 3.2e8) {
                    return Err(CommandError("The speed must be above zero and at most ten years a second.".into()));
                }
                self.project.timeline.speed = *speed;
            }
            Command::SetLoop { on } => {
                self.project.timeline.looped = *on;
                self.project.timeline.loop_span = None;
            }
            Command::SetLoopSpan { span } => {
                if span.seconds() <= 0.0 {
                    return Err(CommandError("What is looped must last longer than an instant.".into()));
                }
                self.project.timeline.looped = true;
                self.project.timeline.loop_span = Some(*span);
            }
            Command::Tick { dt_s } => self.tick(*dt_s),
            _ => return Err(CommandError("This command is not known here.".into())),
        }
        Ok(())
    }

    /// Moves the clock to the n-th stop along the orbit from the pass it stands at.
    fn step_orbit(&mut self, layer: Option<LayerId>, by: OrbitStep, steps: i32) -> Result<(), CommandError> {
        let mut passes: BTreeMap<Pass, TimeSpan> = BTreeMap::new();
        for granule in self.granules_of(layer) {
            let (Some(pass), Some(span)) = (Pass::of(&granule.path), granule.span) else { continue };
            passes.entry(pass).and_modify(|s| *s = s.union(&span)).or_insert(span);
        }
        let timeline = &self.project.timeline;
        let mut stops: Vec<(Time, Pass)> =
            passes.into_iter().map(|(pass, span)| (timeline.now_to_show(span), pass)).collect();
        stops.sort_unstable();
        let away = |(t, _): &&(Time, Pass)| t.micros().abs_diff(timeline.now.micros());
        let Some((here_at, here)) = stops.iter().min_by_key(away).copied() else {
            return Err(CommandError("The names of these files tell no cycle and pass.".into()));
        };
        let nth = steps.unsigned_abs().saturating_sub(1) as usize;
        let is_stop = |(_, pass): &&(Time, Pass)| by.stops_at(here, *pass);
        let next = if steps >= 0 {
            stops.iter().filter(|(t, _)| *t > here_at).filter(is_stop).nth(nth)
        } else {
            stops.iter().rev().filter(|(t, _)| *t < here_at).filter(is_stop).nth(nth)
        };
        let Some((now, _)) = next.copied() else {
            let side = if steps >= 0 { "later" } else { "earlier" };
            return Err(CommandError(format!("There is no {side} {} here.", by.noun())));
        };
        self.project.timeline.now = now;
        Ok(())
    }

    /// Positions of the clock that show the granules of a layer (of all visible layers when `None`), in order.
    fn stops(&self, layer: Option<LayerId>) -> Vec<Time> {
        let timeline = &self.project.timeline;
        let spans = self.granules_of(layer).filter_map(|g| g.span);
        let mut stops: Vec<Time> = spans.map(|s| timeline.now_to_show(s)).collect();
        stops.sort_unstable();
        stops.dedup();
        stops
    }

    /// Moves the running clock on by so many seconds of the wall clock.
    pub(super) fn tick(&mut self, dt_s: f64) {
        if !self.project.timeline.playing {
            return;
        }
        let dt_s = dt_s.clamp(0.0, 1.0);
        let t = &self.project.timeline;
        let (now, lap, play) = (t.now, t.loop_span, t.play);
        let (smooth_s, step_s) = (t.speed * dt_s, t.step_seconds());
        let next = match play {
            PlayMode::Smooth => Some(now.plus_seconds(smooth_s)),
            PlayMode::Steps { per_s } => self.beats(dt_s, per_s).then(|| now.plus_seconds(step_s)),
            PlayMode::Granules { per_s } => {
                if !self.beats(dt_s, per_s) {
                    return;
                }
                let stops = self.stops(None);
                let in_lap = |t: &&Time| lap.is_none_or(|l| l.contains(**t));
                let next = stops.iter().filter(in_lap).find(|t| **t > now);
                match next.or_else(|| stops.iter().find(in_lap).filter(|_| self.project.timeline.looped)) {
                    Some(t) => self.project.timeline.now = *t,
                    None => self.project.timeline.playing = false,
                }
                return;
            }
        };
        let Some(next) = next else { return };
        // An instant has no length to play along: its window passes over it.
        let end =
            |s: TimeSpan| s.stop.plus_seconds(if s.seconds() == 0.0 { self.project.timeline.window_s } else { 0.0 });
        let span = lap.or_else(|| self.time_span()).map(|s| (s.start, end(s)));
        let t = &mut self.project.timeline;
        t.now = match span {
            Some((start, end)) if next > end => {
                t.playing = t.looped;
                if t.looped { start } else { end }
            }
            // Outside of what is looped the loop begins.
            Some((start, _)) if lap.is_some() && next < start => start,
            _ => next,
        };
    }

    /// Whether the next step of play is due. Of a late frame only one is: no step is left out.
    fn beats(&mut self, dt_s: f64, per_s: f64) -> bool {
        self.beat += dt_s * per_s;
        let due = self.beat >= 1.0;
        if due {
            self.beat = if self.beat < 2.0 { self.beat - 1.0 } else { 0.0 };
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::granule::{FileInfo, GeometryKind, PartInfo};

    #[test]
    fn the_clock_stays_on_the_calendar() {
        let mut s = Session::default();
        for beyond in [i64::MIN, i64::MAX, Time::FIRST.micros() - 1, Time::LAST.micros() + 1] {
            let why = s.apply(&Command::SetTime { now: Time::from_micros(beyond) }).unwrap_err().to_string();
            assert!(why.contains("from 0000-01-01T00:00:00Z to 9999-12-30T22:00:00Z"), "{why}");
        }
        s.apply(&Command::SetTime { now: Time::LAST }).unwrap();
        s.apply(&Command::StepTime { steps: i32::MAX }).unwrap();
        assert_eq!(s.project().timeline.now, Time::LAST);
        s.apply(&Command::SetTime { now: Time::parse("0000-01-01").unwrap() }).unwrap();
        assert_eq!(s.project().timeline.now, Time::FIRST);
        s.apply(&Command::ScrubTime { steps: -1e300 }).unwrap();
        assert_eq!(s.project().timeline.now, Time::FIRST);
    }

    /// Passes 1 to 3 of cycles 10 and 12, the second of cycle 12 missing.
    #[test]
    fn the_clock_moves_along_the_orbit() {
        let mut s = Session::default();
        let start = Time::parse("2024-01-01").unwrap();
        let at = |cycle: i32, pass: i32| f64::from(cycle * 864_000 + pass * 3000);
        for (cycle, pass) in [(10, 1), (10, 2), (10, 3), (12, 1), (12, 3)] {
            let span = TimeSpan::new(start.plus_seconds(at(cycle, pass)), start.plus_seconds(at(cycle, pass) + 2900.0));
            let field = serde_json::from_value(serde_json::json!({ "name": "ssha", "variable": "ssha" })).unwrap();
            let info = FileInfo {
                product: Some("swot".to_owned()),
                title: "SWOT".to_owned(),
                short: None,
                format: "netCDF-4".to_owned(),
                parts: vec![PartInfo {
                    name: String::new(),
                    geometry: GeometryKind::Swath,
                    shape: [4, 5],
                    bounds: crate::geo::GeoBox::WORLD,
                    footprint: Vec::new(),
                    span: Some(span),
                    steps: Vec::new(),
                    fields: vec![field],
                }],
                notes: Vec::new(),
                attributes: Vec::new(),
            };
            let path = format!("/d/SWOT_L3_LR_SSH_Expert_{cycle:03}_{pass:03}_x_v2.0.1.nc").into();
            s.apply(&Command::Opened { path, info: Box::new(info) }).unwrap();
        }
        s.apply(&Command::SetWindow { window_s: 86_400.0 }).unwrap();
        let first = start.plus_seconds(at(10, 1) + 2900.0);
        s.apply(&Command::SetTime { now: first }).unwrap();
        let step = |s: &mut Session, by, steps| -> Result<(i32, i32), CommandError> {
            s.apply(&Command::StepOrbit { layer: None, by, steps })?;
            // The window ends at the clock: the end of the pass.
            let end = s.project().timeline.now.seconds_since(start) - 2900.0;
            Ok(((end / 864_000.0) as i32, ((end % 864_000.0) / 3000.0).round() as i32))
        };
        assert_eq!(step(&mut s, OrbitStep::Pass, 1), Ok((10, 2)));
        assert!(step(&mut s, OrbitStep::Cycle, 1).is_err(), "cycle 12 lacks this pass");
        assert_eq!(step(&mut s, OrbitStep::Pass, -1), Ok((10, 1)));
        assert_eq!(step(&mut s, OrbitStep::Orbit, 1), Ok((10, 3)));
        assert_eq!(step(&mut s, OrbitStep::Cycle, 1), Ok((12, 3)));
        assert_eq!(step(&mut s, OrbitStep::Orbit, -1), Ok((12, 1)));
        assert_eq!(step(&mut s, OrbitStep::Cycle, -1), Ok((10, 1)));
        assert_eq!(step(&mut s, OrbitStep::Pass, 3), Ok((12, 1)));
        assert!(step(&mut s, OrbitStep::Pass, 2).is_err());
    }
}
