//! Match-ups of two layers as the document keeps them: what is compared, how near, and what is made of several matches.

use serde::{Deserialize, Serialize};

use crate::project::LayerId;

/// Radii a slider offers, metres.
pub const RADIUS_RANGE_M: [f64; 2] = [100.0, 500_000.0];
/// Windows a slider offers, seconds.
pub const WINDOW_RANGE_S: [f64; 2] = [60.0, 864_000.0];
/// No two places on the Earth are farther apart, metres.
const MAX_RADIUS_M: f64 = 20_004_000.0;
/// Longest window: ten years, as in job files.
const MAX_WINDOW_S: f64 = 3653.0 * 86_400.0;

/// What is made of the compared values within the limits of a reference value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sample {
    /// The nearest in space.
    #[default]
    Nearest,
    /// Their mean.
    Mean,
    /// Their median.
    Median,
    /// Every one is a pair.
    All,
    /// One to one: no value of either side is used twice.
    Mutual,
}

impl Sample {
    /// All, in the order of lists.
    pub const ALL: [Self; 5] = [Self::Nearest, Self::Mean, Self::Median, Self::All, Self::Mutual];

    /// Words for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Nearest => "Nearest valid",
            Self::Mean => "Mean in radius",
            Self::Median => "Median in radius",
            Self::All => "Every pair",
            Self::Mutual => "One to one",
        }
    }
}

/// A match-up of two layers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Colocation {
    /// Layer whose values look for partners.
    pub reference: Option<LayerId>,
    /// Layer the partners come from; differences are compared minus reference.
    pub compared: Option<LayerId>,
    /// A third layer, for error figures of all three (triple collocation).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub third: Option<LayerId>,
    /// Greatest distance, metres, inclusive.
    pub radius_m: f64,
    /// Greatest time difference, seconds, inclusive.
    pub window_s: f64,
    /// What is made of several matches.
    pub sample: Sample,
    /// The products' masks hide bad values.
    pub masks: bool,
    /// Only data in the time window, in contrast to all that is open.
    pub in_window: bool,
}

impl Default for Colocation {
    fn default() -> Self {
        Self {
            reference: None,
            compared: None,
            third: None,
            radius_m: 25_000.0,
            window_s: 3600.0,
            sample: Sample::Nearest,
            masks: true,
            in_window: false,
        }
    }
}

/// What changes in a [`Colocation`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ColocationPatch {
    /// Reference layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<LayerId>,
    /// Compared layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<LayerId>,
    /// Third layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub third: Option<LayerId>,
    /// No third layer any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drop_third: bool,
    /// Metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub radius_m: Option<f64>,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_s: Option<f64>,
    /// What is made of several matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Sample>,
    /// The products' masks hide bad values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masks: Option<bool>,
    /// Only data in the time window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_window: Option<bool>,
}

impl ColocationPatch {
    /// Changes `c`; `Err` completes the sentence "The colocation is not changed: …".
    ///
    /// # Errors
    /// A limit that cannot be.
    pub fn apply(&self, c: &mut Colocation) -> Result<(), String> {
        if let Some(r) = self.radius_m {
            if !(0.0..=MAX_RADIUS_M).contains(&r) {
                return Err("distances on the Earth lie between 0 and 20004 km".to_owned());
            }
            c.radius_m = r;
        }
        if let Some(w) = self.window_s {
            if !(0.0..=MAX_WINDOW_S).contains(&w) {
                return Err("the time difference must lie between 0 s and 3653 d".to_owned());
            }
            c.window_s = w;
        }
        if let Some(l) = self.reference {
            c.reference = Some(l);
        }
        if let Some(l) = self.compared {
            c.compared = Some(l);
        }
        c.third = if self.drop_third { None } else { self.third.or(c.third) };
        c.sample = self.sample.unwrap_or(c.sample);
        c.masks = self.masks.unwrap_or(c.masks);
        c.in_window = self.in_window.unwrap_or(c.in_window);
        // What has become one of the two is no third.
        c.third = c.third.filter(|t| Some(*t) != c.reference && Some(*t) != c.compared);
        if c.reference.is_some() && c.reference == c.compared {
            return Err("a layer cannot be compared with itself".to_owned());
        }
        Ok(())
    }
}

/// Usual limits for a kind of comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    /// Words for people.
    pub title: &'static str,
    /// Metres.
    pub radius_m: f64,
    /// Seconds.
    pub window_s: f64,
    /// What is made of several matches.
    pub sample: Sample,
}

/// Limits as the communities use them.
pub const PRESETS: [Preset; 4] = [
    Preset { title: "GHRSST, 25 km and 6 h", radius_m: 25_000.0, window_s: 21_600.0, sample: Sample::Nearest },
    Preset {
        title: "Scatterometer and buoy, 25 km and 6 h",
        radius_m: 25_000.0,
        window_s: 21_600.0,
        sample: Sample::Mean,
    },
    Preset { title: "Sentinel-1 and buoy, 5 km and 60 min", radius_m: 5_000.0, window_s: 3600.0, sample: Sample::Mean },
    Preset {
        title: "Altimeter and buoy, 50 km and 30 min",
        radius_m: 50_000.0,
        window_s: 1800.0,
        sample: Sample::Mean,
    },
];

impl Preset {
    /// What choosing it changes.
    pub fn patch(&self) -> ColocationPatch {
        ColocationPatch {
            radius_m: Some(self.radius_m),
            window_s: Some(self.window_s),
            sample: Some(self.sample),
            ..ColocationPatch::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_cannot_be_are_refused() {
        let mut c = Colocation::default();
        for (patch, word) in [
            (ColocationPatch { radius_m: Some(-1.0), ..ColocationPatch::default() }, "20004 km"),
            (ColocationPatch { radius_m: Some(f64::NAN), ..ColocationPatch::default() }, "20004 km"),
            (ColocationPatch { window_s: Some(4e8), ..ColocationPatch::default() }, "3653 d"),
        ] {
            assert!(patch.apply(&mut c).unwrap_err().contains(word));
        }
        let both =
            ColocationPatch { reference: Some(LayerId(1)), compared: Some(LayerId(1)), ..ColocationPatch::default() };
        assert!(both.apply(&mut c).is_err());
        PRESETS[3].patch().apply(&mut Colocation::default()).unwrap();
    }

    #[test]
    fn a_patch_is_short_text() {
        let patch =
            ColocationPatch { radius_m: Some(5000.0), sample: Some(Sample::Mean), ..ColocationPatch::default() };
        let text = serde_json::to_string(&patch).unwrap();
        assert_eq!(text, r#"{"radius_m":5000.0,"sample":"mean"}"#);
        assert_eq!(serde_json::from_str::<ColocationPatch>(&text).unwrap(), patch);
    }
}
