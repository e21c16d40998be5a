//! What a caller can ask for.

use crate::error::{Error, Result};
use crate::metric::Metric;

/// What makes a match the nearest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Least distance; equal distances go to the smallest row.
    #[default]
    Distance,
    /// Least time difference; then least distance, then the smallest row.
    Time,
    /// Least `sqrt((distance/radius)² + (dt/window)²)`; a limit of zero leaves its term out; then the smallest row.
    Combined,
}

/// Which of the rows within the limits become pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Policy {
    /// Every pair within the limits.
    All,
    /// The `k` nearest of each row of the reference side.
    Nearest {
        /// What is near.
        by: By,
        /// How many at most.
        k: usize,
    },
    /// One to one: the nearest pair of all, then the nearest among the rows that are left, and so on.
    Mutual {
        /// What is near.
        by: By,
    },
}

/// Whose rows look for partners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// Each primary row looks among the secondary rows.
    #[default]
    Primary,
    /// Each secondary row looks among the primary rows.
    Secondary,
}

/// What happens to a row of points or of a track that repeats an earlier one: same time, position and platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// It counts like any other.
    Keep,
    /// It is left out, and counted.
    #[default]
    First,
    /// The join fails.
    Error,
}

/// A match-up of two sides. Limits are inclusive.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Spec {
    /// Greatest distance in metres.
    pub radius_m: f64,
    /// Greatest time difference in µs; `i64::MAX` for any.
    pub window_us: i64,
    /// Which distance.
    #[serde(default)]
    pub metric: Metric,
    /// Which pairs.
    pub policy: Policy,
    /// Whose rows look for partners.
    #[serde(default)]
    pub reference: Reference,
    /// What happens to rows that occur twice.
    #[serde(default)]
    pub duplicates: Duplicates,
    /// Whether to count, for the policy `Nearest`, all rows within the limits ([`crate::Matches::candidates`]);
    /// costs the tests that the nearest so far makes unnecessary.
    #[serde(default)]
    pub count_candidates: bool,
}

impl Spec {
    /// All pairs within `radius_m` metres and `window_us` µs, WGS84.
    pub fn all(radius_m: f64, window_us: i64) -> Self {
        Self {
            radius_m,
            window_us,
            metric: Metric::Wgs84,
            policy: Policy::All,
            reference: Reference::Primary,
            duplicates: Duplicates::First,
            count_candidates: false,
        }
    }

    /// The nearest row by distance of each primary row.
    pub fn nearest(radius_m: f64, window_us: i64) -> Self {
        Self { policy: Policy::Nearest { by: By::Distance, k: 1 }, ..Self::all(radius_m, window_us) }
    }

    /// One-to-one pairs by distance.
    pub fn mutual(radius_m: f64, window_us: i64) -> Self {
        Self { policy: Policy::Mutual { by: By::Distance }, ..Self::all(radius_m, window_us) }
    }

    /// The same with another metric.
    #[must_use]
    pub fn with_metric(mut self, metric: Metric) -> Self {
        self.metric = metric;
        self
    }

    pub(crate) fn check(&self) -> Result<()> {
        crate::metric::Limits::new(self.metric, self.radius_m, self.window_us)?;
        match self.policy {
            Policy::Nearest { k: 0, .. } => Err(Error::Neighbours),
            _ => Ok(()),
        }
    }
}
