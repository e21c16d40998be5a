//! What the frames of a film show: a time range, a flight of the camera, or both.

use std::path::Path;

use seaglass_core::camera::{Camera, Easing, flown};
use seaglass_core::geo::LonLat;
use seaglass_core::time::Time;
use serde::Deserialize;

/// Frames of one film at most.
const MOST_FRAMES: usize = 100_000;

/// One frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Where the clock stands; it stays when absent.
    pub time: Option<Time>,
    /// Where the camera stands; it stays when absent.
    pub camera: Option<Camera>,
    /// Seconds since the first frame, for what moves by itself.
    pub seconds: f64,
}

/// The clock from one time to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// First frame.
    pub from: Time,
    /// No frame is later.
    pub to: Time,
    /// From frame to frame.
    pub step_s: f64,
}

impl Range {
    fn frames(&self) -> usize {
        // A step that ends at the last time within rounding still reaches it.
        ((self.to.seconds_since(self.from) / self.step_s) + 1e-6).floor().max(0.0) as usize + 1
    }
}

/// A place the camera passes.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct View {
    /// Seconds since the beginning of the film.
    at_s: f64,
    /// Longitude and latitude in the middle.
    look_at: [f64; 2],
    altitude_km: Option<f64>,
    heading_deg: Option<f64>,
    tilt_deg: Option<f64>,
}

/// Views the camera flies through, in the order of their times.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Flight {
    view: Vec<View>,
}

impl Flight {
    /// Reads a flight from TOML, or JSON where the name ends in `.json`.
    ///
    /// # Errors
    /// One sentence: what is wrong, and where.
    pub fn load(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|e| format!("The camera path cannot be read: {e}."))?;
        Self::parse(&text, path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json")))
    }

    fn parse(text: &str, json: bool) -> Result<Self, String> {
        let wrong =
            |what: String| format!("The camera path cannot be understood: {}.", what.trim().trim_end_matches('.'));
        let flight: Self = if json {
            serde_json::from_str(text).map_err(|e| wrong(e.to_string()))?
        } else {
            toml::from_str(text).map_err(|e| wrong(format!("{}{}", e.message(), line_of(text, e.span()))))?
        };
        if flight.view.len() < 2 {
            return Err(wrong("it has fewer than two views".to_owned()));
        }
        for (k, view) in flight.view.iter().enumerate() {
            let fine = LonLat::new(view.look_at[0], view.look_at[1]).is_valid()
                && view.at_s.is_finite()
                && view.altitude_km.is_none_or(|a| (0.1..=60_000.0).contains(&a))
                && view.tilt_deg.is_none_or(|t| (0.0..=85.0).contains(&t))
                && view.heading_deg.is_none_or(f64::is_finite);
            if !fine {
                return Err(wrong(format!("view {} has a value beyond its limits", k + 1)));
            }
        }
        if let Some(k) = flight.view.windows(2).position(|w| w[1].at_s <= w[0].at_s) {
            return Err(wrong(format!("view {} does not come after view {}", k + 2, k + 1)));
        }
        Ok(flight)
    }

    fn seconds(&self) -> f64 {
        self.view.last().map_or(0.0, |v| v.at_s) - self.view[0].at_s
    }

    /// The camera so many seconds into the flight; what a view does not name is that of `from`.
    fn camera(&self, at_s: f64, from: &Camera) -> Camera {
        let at_s = at_s + self.view[0].at_s;
        let k = self.view.partition_point(|v| v.at_s <= at_s).clamp(1, self.view.len() - 1);
        let (a, b) = (&self.view[k - 1], &self.view[k]);
        let part = ((at_s - a.at_s) / (b.at_s - a.at_s)).clamp(0.0, 1.0);
        flown(&a.camera(from), &b.camera(from), Easing::Smooth.of(part))
    }
}

impl View {
    fn camera(&self, from: &Camera) -> Camera {
        Camera {
            target: LonLat::new(self.look_at[0], self.look_at[1]),
            altitude_m: self.altitude_km.map_or(from.altitude_m, |km| km * 1000.0),
            heading_deg: self.heading_deg.unwrap_or(from.heading_deg),
            tilt_deg: self.tilt_deg.unwrap_or(from.tilt_deg),
            projection: from.projection,
        }
    }
}

/// The frames of a film. With a time range there is one for each step, and a flight goes along with the film's seconds;
/// a flight alone lasts as long as it says.
///
/// # Errors
/// One sentence: nothing moves, or there are too many frames.
pub fn frames(range: Option<&Range>, flight: Option<&Flight>, from: &Camera, fps: f64) -> Result<Vec<Frame>, String> {
    if !(0.1..=120.0).contains(&fps) {
        return Err("A film has between 0.1 and 120 frames a second.".to_owned());
    }
    let n = match (range, flight) {
        (Some(range), _) => {
            let forward = range.step_s.is_finite() && range.step_s > 0.0 && range.to >= range.from;
            if !forward {
                return Err("A film runs from an earlier time to a later one, in steps above zero.".to_owned());
            }
            range.frames()
        }
        (None, Some(flight)) => (flight.seconds() * fps + 1e-6).floor() as usize + 1,
        (None, None) => return Err("A film needs a time range or a camera path.".to_owned()),
    };
    if n > MOST_FRAMES {
        return Err(format!("The film would have {n} frames, more than {MOST_FRAMES}; choose a longer step."));
    }
    Ok((0..n)
        .map(|k| {
            let seconds = k as f64 / fps;
            Frame {
                time: range.map(|r| r.from.plus_seconds(r.step_s * k as f64)),
                camera: flight.map(|f| f.camera(seconds, from)),
                seconds,
            }
        })
        .collect())
}

/// Seconds of `90s`, `30min`, `6h`, `10d`; a bare number is seconds.
pub fn seconds(text: &str) -> Option<f64> {
    let text = text.trim();
    let at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let unit = match text[at..].trim() {
        "" | "s" | "sec" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" | "day" | "days" => 86_400.0,
        _ => return None,
    };
    let seconds = text[..at].trim().parse::<f64>().ok()? * unit;
    (seconds.is_finite() && seconds > 0.0).then_some(seconds)
}

/// Line of a mistake.
fn line_of(text: &str, span: Option<std::ops::Range<usize>>) -> String {
    span.map_or_else(String::new, |s| format!(" (line {})", text[..s.start.min(text.len())].lines().count().max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLIGHT: &str = "[[view]]\nat_s = 1.0\nlook_at = [170.0, 0.0]\naltitude_km = 1000.0\n\
                          [[view]]\nat_s = 3.0\nlook_at = [-170.0, 0.0]\naltitude_km = 4000.0\nheading_deg = 90.0\n";

    #[test]
    fn a_range_has_a_frame_for_every_step_and_none_beyond() {
        let at = |text: &str| Time::parse(text).unwrap();
        let range = |to: &str, step_s| Range { from: at("2024-08-11T00:00:00"), to: at(to), step_s };
        let n = |r: Range| frames(Some(&r), None, &Camera::default(), 10.0).map(|f| f.len());
        assert_eq!(n(range("2024-08-12T00:00:00", 3600.0)), Ok(25));
        assert_eq!(n(range("2024-08-11T00:59:59", 1800.0)), Ok(2));
        assert_eq!(n(range("2024-08-11T00:00:00", 1800.0)), Ok(1));
        let tenths = frames(Some(&range("2024-08-11T00:00:01", 0.1)), None, &Camera::default(), 10.0).unwrap();
        assert_eq!((tenths.len(), tenths[10].time), (11, Some(at("2024-08-11T00:00:01"))));
        assert_eq!(tenths[5].seconds, 0.5);
        assert!(n(range("2024-08-10T00:00:00", 60.0)).is_err() && n(range("2024-08-12T00:00:00", -1.0)).is_err());
        assert!(n(range("2034-08-12T00:00:00", 1.0)).unwrap_err().contains("longer step"));
        assert!(frames(None, None, &Camera::default(), 10.0).is_err());
    }

    #[test]
    fn a_flight_takes_the_great_circle_and_ends_where_it_shall() {
        let flight = Flight::parse(FLIGHT, false).unwrap();
        let all = frames(None, Some(&flight), &Camera::default(), 10.0).unwrap();
        assert_eq!(all.len(), 21);
        let of = |k: usize| all[k].camera.unwrap();
        assert!((of(0).target.lon_deg - 170.0).abs() < 1e-9 && (of(0).altitude_m - 1e6).abs() < 1e-3);
        assert!((of(20).target.lon_deg + 170.0).abs() < 1e-9 && (of(20).heading_deg - 90.0).abs() < 1e-9);
        // In the middle of the way: over the dateline, at twice and half the heights.
        assert!((of(10).target.lon_deg.abs() - 180.0).abs() < 1e-9 && (of(10).altitude_m - 2e6).abs() < 1e-3);
        // Over the pole, not along a parallel.
        let a = Camera { target: LonLat::new(0.0, 60.0), ..Camera::default() };
        let b = Camera { target: LonLat::new(180.0, 60.0), ..a };
        assert!((flown(&a, &b, 0.5).target.lat_deg - 90.0).abs() < 1e-6);
    }

    #[test]
    fn json_says_the_same_and_mistakes_are_named() {
        let json = r#"{"view": [{"at_s": 1.0, "look_at": [170, 0], "altitude_km": 1000},
                       {"at_s": 3.0, "look_at": [-170, 0], "altitude_km": 4000, "heading_deg": 90}]}"#;
        assert_eq!(Flight::parse(json, true), Flight::parse(FLIGHT, false));
        let e = |text: &str| Flight::parse(text, false).unwrap_err();
        assert!(e("[[view]]\nat_s = 0\nlook_at = [0, 0]\nspeed = 3\n").contains("speed"));
        assert!(e("[[view]]\nat_s = 0\nlook_at = [0, 0]\n").contains("two views"));
        let late = FLIGHT.replace("at_s = 3.0", "at_s = 1.0");
        assert!(e(&late).contains("view 2 does not come after view 1"), "{}", e(&late));
        assert!(e(&FLIGHT.replace("4000.0", "-1.0")).contains("view 2"));
    }
}
