//! Positions in the forms people of this field use.

use serde::{Deserialize, Serialize};

use super::number;
use crate::geo::{LonLat, wrap_180};

/// How an angle is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AngleForm {
    /// `36.159°`.
    #[default]
    Degrees,
    /// `36° 09.54′`.
    Minutes,
    /// `36° 09′ 32″`.
    Seconds,
}

impl AngleForm {
    /// All forms with their names, in the order in which a click goes through them.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Degrees, "Decimal degrees"),
        (Self::Minutes, "Degrees and minutes"),
        (Self::Seconds, "Degrees, minutes, seconds"),
    ];
}

/// How positions are written everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Coordinates {
    /// Form of angles.
    pub form: AngleForm,
    /// Longitudes from 0° to 360° east instead of 180° west to 180° east.
    pub longitude_360: bool,
}

impl Coordinates {
    /// `36.159° N, 54.293° W`, as exact as degrees with so many decimals: a minute of arc gets one decimal less, a second
    /// three.
    pub fn text(self, p: LonLat, decimals: usize) -> String {
        let lon = self.longitude(p);
        let (lat_side, lon_side) = (if p.lat_deg < 0.0 { "S" } else { "N" }, if lon < 0.0 { "W" } else { "E" });
        let angle = |v: f64| self.angle(v.abs(), decimals);
        format!("{} {lat_side}, {} {lon_side}", angle(p.lat_deg), angle(lon))
    }

    /// Latitude and longitude to paste elsewhere: plain decimal numbers, or the other forms as they are shown.
    pub fn plain(self, p: LonLat) -> String {
        match self.form {
            AngleForm::Degrees => format!("{:.4}, {:.4}", p.lat_deg, self.longitude(p)),
            _ => self.text(p, 4).replace('\u{a0}', " "),
        }
    }

    /// The form after this one.
    #[must_use]
    pub fn next(self) -> Self {
        let at = AngleForm::ALL.iter().position(|(f, _)| *f == self.form).unwrap_or(0);
        Self { form: AngleForm::ALL[(at + 1) % AngleForm::ALL.len()].0, ..self }
    }

    fn longitude(self, p: LonLat) -> f64 {
        let lon = wrap_180(p.lon_deg);
        if self.longitude_360 && lon < 0.0 { lon + 360.0 } else { lon }
    }

    fn angle(self, v: f64, decimals: usize) -> String {
        // Whole units of the last digit, so that 59.999 minutes become a degree.
        let split = |per_degree: f64, places: usize| {
            let scale = 10f64.powi(places as i32);
            (v * per_degree * scale).round() / scale
        };
        match self.form {
            AngleForm::Degrees => format!("{v:.decimals$}°"),
            AngleForm::Minutes => {
                let places = decimals.saturating_sub(1);
                let minutes = split(60.0, places);
                let degrees = (minutes / 60.0 + 1e-9).floor();
                format!("{}° {}′", number(degrees, 0), padded((minutes - degrees * 60.0).abs(), places))
            }
            AngleForm::Seconds => {
                let places = decimals.saturating_sub(3);
                let seconds = split(3600.0, places);
                let minutes = (seconds / 60.0 + 1e-9).floor();
                let degrees = (minutes / 60.0 + 1e-9).floor();
                let (m, s) = ((minutes - degrees * 60.0).abs(), (seconds - minutes * 60.0).abs());
                format!("{}° {}′ {}″", number(degrees, 0), padded(m, 0), padded(s, places))
            }
        }
    }
}

/// Two digits before the point: columns of minutes stay in line.
fn padded(v: f64, places: usize) -> String {
    let width = if places == 0 { 2 } else { 3 + places };
    format!("{v:0width$.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::parse_position;

    fn form(form: AngleForm, longitude_360: bool) -> Coordinates {
        Coordinates { form, longitude_360 }
    }

    #[test]
    fn places_in_every_form() {
        use AngleForm::{Degrees, Minutes, Seconds};
        // 36.159° = 36° 9.54' = 36° 9' 32.4"; 54.293° = 54° 17.58' = 54° 17' 34.8".
        let p = LonLat::new(-54.293, 36.159);
        let cases = [
            (Degrees, false, 3, "36.159° N, 54.293° W"),
            (Degrees, true, 3, "36.159° N, 305.707° E"),
            (Minutes, false, 3, "36° 09.54′ N, 54° 17.58′ W"),
            (Minutes, true, 4, "36° 09.540′ N, 305° 42.420′ E"),
            (Seconds, false, 3, "36° 09′ 32″ N, 54° 17′ 35″ W"),
            (Seconds, false, 4, "36° 09′ 32.4″ N, 54° 17′ 34.8″ W"),
        ];
        for (f, wide, decimals, text) in cases {
            assert_eq!(form(f, wide).text(p, decimals), text);
        }
        assert_eq!(form(Degrees, false).plain(p), "36.1590, -54.2930");
        assert_eq!(form(Degrees, true).plain(p), "36.1590, 305.7070");
        // Rounding up carries over.
        let nearly = LonLat::new(179.999_999, -0.999_999_9);
        assert_eq!(form(Minutes, false).text(nearly, 3), "1° 00.00′ S, 180° 00.00′ E");
        assert_eq!(form(Seconds, false).text(nearly, 3), "1° 00′ 00″ S, 180° 00′ 00″ E");
    }

    /// What is copied can be typed into the search field again.
    #[test]
    fn copied_places_are_read_back() {
        for (f, _) in AngleForm::ALL {
            for wide in [false, true] {
                let p = LonLat::new(-0.5125, -77.25);
                let back = parse_position(&form(f, wide).plain(p)).unwrap();
                assert!((back.lon_deg - p.lon_deg).abs() < 1e-4 && (back.lat_deg - p.lat_deg).abs() < 1e-4, "{back:?}");
            }
        }
        let mut c = Coordinates::default();
        for (f, _) in AngleForm::ALL {
            assert_eq!(c.form, f);
            c = c.next();
        }
        assert_eq!(c, Coordinates::default());
    }
}
