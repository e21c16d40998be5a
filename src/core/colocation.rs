//! Match-ups of two layers as the document keeps them: what is compared, how near, and what is made of several matches.

use serde::{Deserialize, Serialize};

use crate::project::LayerId;

/// Radii a slider offers, metres.
pub const RADIUS_RANGE_M: [f64; 2] = [100.0, 500_000.0];
/// Windows a slider offers, seconds.
pub const WINDOW_RANGE_S: [f64; 2] = [60.0, 864_000.0];
/// No two places on the Earth are farther apart, metres.
pub const MAX_RADIUS_M: f64 = 20_004_000.0;
/// Longest window: ten years, as in job files.
pub const MAX_WINDOW_S: f64 = 3653.0 * 86_400.0;
/// Cells along a side of the largest box, as in job files.
pub const MAX_BOX: usize = 101;

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
    /// The mean of the cells about the nearest.
    Box,
    /// Between the four cells of a grid about the place, and between its steps before and after.
    Interpolated,
    /// Between the four cells of a grid about the place, at its nearest step.
    InterpolatedStep,
}

impl Sample {
    /// All, in the order of lists.
    pub const ALL: [Self; 8] = [
        Self::Nearest,
        Self::Mean,
        Self::Median,
        Self::Box,
        Self::Interpolated,
        Self::InterpolatedStep,
        Self::All,
        Self::Mutual,
    ];

    /// Words for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Nearest => "Nearest valid",
            Self::Mean => "Mean in radius",
            Self::Median => "Median in radius",
            Self::All => "Every pair",
            Self::Mutual => "One to one",
            Self::Box => "Box of cells",
            Self::Interpolated => "Interpolated",
            Self::InterpolatedStep => "Interpolated, one step",
        }
    }

    /// What it means, in a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Nearest => "The nearest value within distance and time.",
            Self::Mean => "The mean of all values within distance and time.",
            Self::Median => "The median of all values within distance and time.",
            Self::All => "Every value within distance and time makes a pair of its own.",
            Self::Mutual => "The nearest pair of all, then the nearest of what is left: no value is used twice.",
            Self::Box => "The mean of the cells about the nearest one; along a track, of as many samples.",
            Self::Interpolated => {
                "Grids: between the four cells about the place, and between the steps before and after."
            }
            Self::InterpolatedStep => "Grids: between the four cells about the place, at the nearest step.",
        }
    }

    /// Only grids have it.
    pub fn needs_grid(self) -> bool {
        matches!(self, Self::Interpolated | Self::InterpolatedStep)
    }
}

/// A match-up of two layers, or the crossovers of one: ascending and descending passes of the same layer.
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
    /// Cells along a side of the box, odd.
    #[serde(default = "usual_box")]
    pub box_size: usize,
    /// Which reference rows take part: an expression on fields and flags; empty for all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reference_filter: String,
    /// The same for the compared layer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub compared_filter: String,
    /// The same for the third layer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub third_filter: String,
    /// The products' masks hide bad values.
    pub masks: bool,
    /// Only data in the time window, in contrast to all that is open.
    pub in_window: bool,
}

fn usual_box() -> usize {
    5
}

impl Colocation {
    /// Whether one layer is compared with itself, where its passes cross.
    pub fn is_crossover(&self) -> bool {
        self.reference.is_some() && self.reference == self.compared
    }

    /// Exchanges reference and compared.
    pub fn swap(&mut self) {
        std::mem::swap(&mut self.reference, &mut self.compared);
        std::mem::swap(&mut self.reference_filter, &mut self.compared_filter);
    }
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
            box_size: usual_box(),
            reference_filter: String::new(),
            compared_filter: String::new(),
            third_filter: String::new(),
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
    /// Cells along a side of the box.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub box_size: Option<usize>,
    /// Filter of the reference layer; empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_filter: Option<String>,
    /// Filter of the compared layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared_filter: Option<String>,
    /// Filter of the third layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub third_filter: Option<String>,
    /// Compares the reference layer with itself, where its passes cross.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub crossover: bool,
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
        if let Some(n) = self.box_size {
            if n.is_multiple_of(2) || n > MAX_BOX {
                return Err(format!("a box has an odd number of cells along a side, at most {MAX_BOX}"));
            }
            c.box_size = n;
        }
        self.apply_layers(c)?;
        for (new, filter) in [
            (&self.reference_filter, &mut c.reference_filter),
            (&self.compared_filter, &mut c.compared_filter),
            (&self.third_filter, &mut c.third_filter),
        ] {
            if let Some(text) = new {
                text.trim().clone_into(filter);
            }
        }
        c.sample = self.sample.unwrap_or(c.sample);
        c.masks = self.masks.unwrap_or(c.masks);
        c.in_window = self.in_window.unwrap_or(c.in_window);
        Ok(())
    }

    fn apply_layers(&self, c: &mut Colocation) -> Result<(), String> {
        let before = [c.reference, c.compared, c.third];
        c.reference = self.reference.or(c.reference);
        c.compared = self.compared.or(c.compared);
        if self.crossover {
            c.compared = Some(c.reference.ok_or("choose the layer whose passes cross first")?);
        }
        c.third = if self.drop_third { None } else { self.third.or(c.third) };
        // What has become one of the two is no third, and crossovers have none.
        let crossover = c.is_crossover();
        c.third = c.third.filter(|t| !crossover && Some(*t) != c.reference && Some(*t) != c.compared);
        // A filter speaks of the fields of its layer.
        let filters = [&mut c.reference_filter, &mut c.compared_filter, &mut c.third_filter];
        for ((before, now), filter) in before.into_iter().zip([c.reference, c.compared, c.third]).zip(filters) {
            if before != now {
                filter.clear();
            }
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
    /// Cells along a side of a box.
    pub box_size: Option<usize>,
    /// The reference layer with itself.
    pub crossover: bool,
}

/// Limits as the communities use them.
pub const PRESETS: [Preset; 5] = [
    Preset { radius_m: 25_000.0, window_s: 21_600.0, ..usual("GHRSST, 25 km and 6 h", Sample::Nearest) },
    Preset { radius_m: 25_000.0, window_s: 21_600.0, ..usual("Scatterometer and buoy, 25 km and 6 h", Sample::Mean) },
    Preset {
        radius_m: 5_000.0,
        window_s: 3600.0,
        box_size: Some(5),
        ..usual("Sentinel-1 and buoy, 5 km and 60 min, 5 × 5", Sample::Box)
    },
    Preset { radius_m: 50_000.0, window_s: 1800.0, ..usual("Altimeter and buoy, 50 km and 30 min", Sample::Mean) },
    Preset {
        radius_m: 2_000.0,
        window_s: 864_000.0,
        crossover: true,
        ..usual("SWOT crossovers, 2 km and 10 d", Sample::Nearest)
    },
];

const fn usual(title: &'static str, sample: Sample) -> Preset {
    Preset { title, radius_m: 0.0, window_s: 0.0, sample, box_size: None, crossover: false }
}

impl Preset {
    /// What choosing it changes.
    pub fn patch(&self) -> ColocationPatch {
        ColocationPatch {
            radius_m: Some(self.radius_m),
            window_s: Some(self.window_s),
            sample: Some(self.sample),
            box_size: self.box_size,
            crossover: self.crossover,
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
        for n in [0, 4, 103] {
            let patch = ColocationPatch { box_size: Some(n), ..ColocationPatch::default() };
            assert!(patch.apply(&mut c).unwrap_err().contains("odd"));
        }
        PRESETS[3].patch().apply(&mut Colocation::default()).unwrap();
        assert!(PRESETS[4].patch().apply(&mut Colocation::default()).is_err(), "no layer whose passes could cross");
    }

    /// `specs`: GHRSST 25 km and 6 h, Sentinel-1 5 km, 60 min and 5 × 5, scatterometer 25 km and 6 h, altimeter 50 km
    /// and 30 min, SWOT 10 d.
    #[test]
    fn presets_are_those_of_the_communities() {
        let limits: Vec<(f64, f64)> = PRESETS.iter().map(|p| (p.radius_m / 1000.0, p.window_s / 60.0)).collect();
        assert_eq!(limits, [(25.0, 360.0), (25.0, 360.0), (5.0, 60.0), (50.0, 30.0), (2.0, 14_400.0)]);
        let mut c = Colocation { reference: Some(LayerId(4)), third: Some(LayerId(9)), ..Colocation::default() };
        PRESETS[2].patch().apply(&mut c).unwrap();
        assert_eq!((c.sample, c.box_size, c.is_crossover()), (Sample::Box, 5, false));
        PRESETS[4].patch().apply(&mut c).unwrap();
        assert!(c.is_crossover() && c.third.is_none());
    }

    #[test]
    fn a_filter_goes_with_its_layer() {
        let mut c = Colocation { reference: Some(LayerId(1)), compared: Some(LayerId(2)), ..Colocation::default() };
        let patch = ColocationPatch { compared_filter: Some(" quality > 3 ".into()), ..ColocationPatch::default() };
        patch.apply(&mut c).unwrap();
        assert_eq!(c.compared_filter, "quality > 3");
        c.swap();
        assert_eq!(
            (c.reference, c.reference_filter.as_str(), c.compared_filter.as_str()),
            (Some(LayerId(2)), "quality > 3", "")
        );
        ColocationPatch { reference: Some(LayerId(2)), ..ColocationPatch::default() }.apply(&mut c).unwrap();
        assert_eq!(c.reference_filter, "quality > 3", "the same layer");
        ColocationPatch { reference: Some(LayerId(3)), ..ColocationPatch::default() }.apply(&mut c).unwrap();
        assert_eq!(c.reference_filter, "");
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
