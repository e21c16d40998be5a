//! One axis of a grid: cell centres, evaluated at fractional indices and searched backwards.

use serde::{Deserialize, Serialize};

/// Cell centres along one axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "axis", rename_all = "snake_case")]
pub enum Axis {
    /// Evenly spaced.
    Regular {
        /// Centre of the first cell.
        first: f64,
        /// Distance of centres, negative when descending.
        step: f64,
        /// Number of cells.
        len: usize,
    },
    /// Any strictly monotonic centres.
    Irregular {
        /// Centres.
        centres: Vec<f64>,
    },
}

/// How far (in cells) beyond an outer edge an index still counts as on it: rounding, not geometry.
pub(super) const EDGE_SLACK: f64 = 1e-9;

impl Axis {
    /// The axis of these centres: regular when every centre lies within 1e-10 (relative) of an even spacing.
    pub fn from_centres(centres: Vec<f64>) -> Self {
        let n = centres.len();
        if n >= 2 {
            let first = centres[0];
            let step = (centres[n - 1] - first) / (n - 1) as f64;
            let tolerance = 1e-10 * first.abs().max(centres[n - 1].abs());
            if centres.iter().enumerate().all(|(k, c)| (first + step * k as f64 - c).abs() <= tolerance) {
                return Self::Regular { first, step, len: n };
            }
        }
        Self::Irregular { centres }
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        match self {
            Self::Regular { len, .. } => *len,
            Self::Irregular { centres } => centres.len(),
        }
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Centre of cell `k` (`k < len`).
    pub fn centre(&self, k: usize) -> f64 {
        match self {
            Self::Regular { first, step, .. } => first + step * k as f64,
            Self::Irregular { centres } => centres[k],
        }
    }

    /// Mean signed distance of neighbouring centres; 0 for a single irregular centre.
    pub fn mean_step(&self) -> f64 {
        match self {
            Self::Regular { step, .. } => *step,
            Self::Irregular { centres } if centres.len() > 1 => {
                (centres[centres.len() - 1] - centres[0]) / (centres.len() - 1) as f64
            }
            Self::Irregular { .. } => 0.0,
        }
    }

    /// Coordinate at a fractional index; linear between centres, and beyond the outer ones with the outer spacing.
    pub fn at(&self, index: f64) -> f64 {
        match self {
            Self::Regular { first, step, .. } => first + step * index,
            Self::Irregular { centres } if centres.len() < 2 => centres.first().copied().unwrap_or(f64::NAN),
            Self::Irregular { centres } => {
                let i = (index.floor().max(0.0) as usize).min(centres.len() - 2);
                let f = index - i as f64;
                if f == 0.0 { centres[i] } else { centres[i] * (1.0 - f) + centres[i + 1] * f }
            }
        }
    }

    /// The outer edges, half a cell beyond the outer centres, smaller first.
    pub fn edges(&self) -> [f64; 2] {
        let (a, b) = (self.at(-0.5), self.at(self.len() as f64 - 0.5));
        [a.min(b), a.max(b)]
    }

    /// Fractional index of a coordinate, not limited to the axis; inverse of [`Self::at`].
    pub fn unbounded_index(&self, value: f64) -> f64 {
        match self {
            Self::Regular { first, step, .. } => (value - first) / step,
            Self::Irregular { centres } if centres.len() < 2 => f64::NAN,
            Self::Irregular { centres } => {
                let ascending = centres[centres.len() - 1] > centres[0];
                let after = centres.partition_point(|c| if ascending { *c <= value } else { *c >= value });
                let i = after.saturating_sub(1).min(centres.len() - 2);
                i as f64 + (value - centres[i]) / (centres[i + 1] - centres[i])
            }
        }
    }

    /// Fractional index of a coordinate within the cells (−½ to len − ½); `None` outside.
    pub fn index_of(&self, value: f64) -> Option<f64> {
        let index = self.unbounded_index(value);
        let last = self.len() as f64 - 0.5;
        (index >= -0.5 - EDGE_SLACK && index <= last + EDGE_SLACK).then(|| index.clamp(-0.5, last))
    }

    /// Checks the centres; `name` is for the sentence ("latitude", "x").
    pub(super) fn validate(&self, name: &str) -> Result<(), String> {
        if self.is_empty() {
            return Err(format!("the {name} axis has no cells"));
        }
        match self {
            Self::Regular { first, step, len } => {
                if !first.is_finite() || !step.is_finite() || !(first + step * *len as f64).is_finite() {
                    return Err(format!("the {name} axis has values that are not numbers"));
                }
                if *step == 0.0 && *len > 1 {
                    return Err(format!("all cells of the {name} axis lie at {first}"));
                }
            }
            Self::Irregular { centres } => {
                if let Some(k) = centres.iter().position(|c| !c.is_finite()) {
                    return Err(format!("value {k} of the {name} axis is not a number"));
                }
                let ascending = centres[centres.len() - 1] >= centres[0];
                let bad = centres.windows(2).position(|w| if ascending { w[1] <= w[0] } else { w[1] >= w[0] });
                if let Some(k) = bad {
                    return Err(format!(
                        "the {name} axis does not {} steadily: value {} is {} after {}",
                        if ascending { "increase" } else { "decrease" },
                        k + 1,
                        centres[k + 1],
                        centres[k]
                    ));
                }
            }
        }
        Ok(())
    }

    /// A single cell has no spacing of its own: it gets `width`, so that it can be drawn and hit.
    pub(super) fn with_width_if_single(self, width: f64) -> Self {
        match self {
            Self::Irregular { centres } if centres.len() == 1 => {
                Self::Regular { first: centres[0], step: width, len: 1 }
            }
            Self::Regular { first, step: 0.0, len: 1 } => Self::Regular { first, step: width, len: 1 },
            other => other,
        }
    }

    /// Bytes held.
    pub(super) fn byte_len(&self) -> usize {
        match self {
            Self::Regular { .. } => 24,
            Self::Irregular { centres } => 24 + centres.len() * 8,
        }
    }
}
