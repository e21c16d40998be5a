//! Which times a layer shows by its own settings, in place of the timeline's window.

use super::{Style, TimeRule};
use crate::geo::LonLat;
use crate::geolocation::{CellHit, Geolocation};
use crate::granule::Granule;
use crate::time::{Time, TimeSpan};
use crate::timeline::Timeline;

impl Style {
    /// The span that the style itself sets about the clock: the length of trails, or the distance of cells from the
    /// clock. `None` leaves it to the timeline.
    pub fn own_window(&self, raster: bool, now: Time) -> Option<TimeSpan> {
        if raster {
            return self.time.within_s.map(|s| TimeSpan::new(now.plus_seconds(-s), now.plus_seconds(s)));
        }
        let seconds = self.trail.seconds.filter(|_| !self.trail.whole);
        seconds.map(|s| TimeSpan::new(now.plus_seconds(-s), now))
    }

    /// What is drawn of granules that a layer of this style shows: only what was measured within this span; all of them
    /// when there is none. Rasters are drawn whole unless the style says otherwise; tracks and points within the window
    /// when that is what chose the granules.
    pub fn window_within(&self, granules: &[&Granule], timeline: &Timeline) -> Option<TimeSpan> {
        let raster = granules.first().is_none_or(|g| g.geometry.is_raster());
        let own = self.own_window(raster, timeline.now);
        if own.is_some() || raster || self.trail.whole {
            return own;
        }
        if timeline.always || self.time_rule != TimeRule::InWindow {
            return None;
        }
        let window = timeline.window();
        // Nothing lies in the window: the nearest are shown in its place.
        let met = |g: &&Granule| g.span.is_none_or(|s| s.intersects(&window));
        granules.iter().any(met).then_some(window)
    }
}

impl Geolocation {
    /// When sample or row `k` was measured; `None` where it is not known.
    pub fn time_of(&self, k: usize) -> Option<Time> {
        let times = match self {
            Self::Grid(_) => return None,
            Self::Swath(s) => &s.time_us,
            Self::Track(s) | Self::Points(s) => &s.time_us,
        };
        times.get(k).filter(|t| **t != i64::MIN).map(|t| Time::from_micros(*t))
    }

    /// As [`index_from_lonlat`](Self::index_from_lonlat), of what is drawn when only a span is: the nearest sample of that
    /// time, or the cell when its row is of that time.
    pub fn index_within(&self, p: LonLat, reach_deg: f64, window: Option<TimeSpan>) -> Option<CellHit> {
        match self {
            Self::Track(s) | Self::Points(s) if window.is_some() => {
                s.nearest_of(p, reach_deg, |k| self.is_within(k, window))
            }
            _ => {
                let hit = self.index_from_lonlat(p, reach_deg)?;
                self.is_within(hit.row.round().max(0.0) as usize, window).then_some(hit)
            }
        }
    }

    /// Whether sample or row `k` is drawn when only a span is; without any times everything is.
    pub fn is_within(&self, k: usize, window: Option<TimeSpan>) -> bool {
        let timed = match self {
            Self::Grid(_) => false,
            Self::Swath(s) => !s.time_us.is_empty(),
            Self::Track(s) | Self::Points(s) => !s.time_us.is_empty(),
        };
        window.is_none_or(|w| !timed || self.time_of(k).is_some_and(|t| w.contains(t)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::GeoBox;
    use crate::granule::{GeometryKind, GranuleId};
    use crate::style::{TimeStyle, TrailStyle};

    fn granule(geometry: GeometryKind, start_s: i64, stop_s: i64) -> Granule {
        let t = |s: i64| Time::from_micros(s * 1_000_000);
        Granule {
            id: GranuleId(1),
            collection: "c".into(),
            path: "/f".into(),
            part: 0,
            step: 0,
            span: Some(TimeSpan::new(t(start_s), t(stop_s))),
            time: None,
            bounds: GeoBox::WORLD,
            footprint: Vec::new(),
            geometry,
            shape: [1, 1],
            fields: std::sync::Arc::new(Vec::new()),
        }
    }

    #[test]
    fn windows_of_tracks_and_rasters() {
        let timeline = Timeline { now: Time::from_micros(1_000_000_000), window_s: 100.0, ..Timeline::default() };
        let span =
            |a: i64, b: i64| Some(TimeSpan::new(Time::from_micros(a * 1_000_000), Time::from_micros(b * 1_000_000)));
        let (track, swath) = (granule(GeometryKind::Track, 0, 5000), granule(GeometryKind::Swath, 950, 1100));
        let plain = Style::default();
        assert_eq!(plain.window_within(&[&track], &timeline), span(900, 1000), "the timeline's");
        assert_eq!(plain.window_within(&[&swath], &timeline), None, "rasters are whole");
        let trail = Style { trail: TrailStyle { seconds: Some(20.0), ..TrailStyle::default() }, ..Style::default() };
        assert_eq!(trail.window_within(&[&track], &timeline), span(980, 1000));
        let whole =
            Style { trail: TrailStyle { whole: true, seconds: Some(20.0), ..TrailStyle::default() }, ..plain.clone() };
        assert_eq!(whole.window_within(&[&track], &timeline), None);
        let near = Style { time: TimeStyle { within_s: Some(30.0), fade: false }, ..plain.clone() };
        assert_eq!(near.window_within(&[&swath], &timeline), span(970, 1030));
        assert_eq!(near.window_within(&[&track], &timeline), span(900, 1000));
        let latest = Style { time_rule: TimeRule::Latest, ..plain.clone() };
        assert_eq!(latest.window_within(&[&track], &timeline), None, "the granule was chosen by another rule");
        let past = granule(GeometryKind::Track, 0, 10);
        assert_eq!(plain.window_within(&[&past], &timeline), None, "the nearest in place of none");
    }
}
