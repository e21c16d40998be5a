//! What a field is (name, unit, meaning) and blocks of its values.

use serde::{Deserialize, Serialize};

use crate::style::StyleHint;

/// One variable a user can show, as announced by a reader.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldInfo {
    /// Name within the product; what `--field` takes. For files without a product: the variable's path in the file.
    pub name: String,
    /// Path of the variable in the file (`data_01/ku/swh_ocean`); for derived fields the first one it needs.
    pub variable: String,
    /// `long_name`, or a title from the product file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long_name: Option<String>,
    /// CF `standard_name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_name: Option<String>,
    /// Unit of the values we deliver, as in the file (`kelvin`, `m s-1`); empty when there is none.
    #[serde(default)]
    pub units: String,
    /// Numbers, or categories.
    #[serde(default)]
    pub kind: FieldKind,
    /// Dimensions beyond rows, columns and time (depth, band …), in file order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra_dims: Vec<ExtraDim>,
    /// The field varies over the time steps of its part.
    #[serde(default)]
    pub has_time: bool,
    /// Smallest difference the packing can express (`scale_factor` of an integer), for rounding read-outs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packing_step: Option<f64>,
    /// Limits from `valid_min`/`valid_max`/`valid_range`, unpacked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_range: Option<[f64; 2]>,
    /// How the product wants it drawn.
    #[serde(default)]
    pub style: StyleHint,
    /// Offered first; ordinary fields are 0, fields the product names are positive, housekeeping is negative.
    #[serde(default)]
    pub rank: i32,
    /// Computed from several variables (length of a vector, sum): no variable's values are its own.
    #[serde(default)]
    pub derived: bool,
    /// Name of the flag field of the same part that says how good each value is (`ancillary_variables`, or what the
    /// product's mask looks at).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<String>,
    /// Fields of the same part that are drawn together for this one: the components of a vector towards true east and
    /// true north (two), or red, green and blue (three); empty for plain fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,
    /// The product leaves cells out that the file has values for; they can be asked for all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hides_cells: bool,
}

/// The field that a script means: by its name, else by the last part of its name, else by the variable whose values it
/// has. A derived field is never taken for a variable it is made from.
pub fn named<'a>(fields: &'a [FieldInfo], name: &str) -> Option<&'a FieldInfo> {
    let exact = fields.iter().find(|f| f.name == name);
    let last = || fields.iter().find(|f| f.name.rsplit('/').next() == Some(name));
    let variable = || fields.iter().find(|f| f.variable == name && !f.derived);
    exact.or_else(last).or_else(variable)
}

impl FieldInfo {
    /// `long_name`, else `standard_name` with blanks, else the name.
    pub fn title(&self) -> String {
        self.long_name
            .clone()
            .or_else(|| self.standard_name.as_ref().map(|s| s.replace('_', " ")))
            .unwrap_or_else(|| self.name.clone())
    }
}

/// Kind of the values of a field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FieldKind {
    /// Numbers.
    #[default]
    Scalar,
    /// CF flags (`flag_values`, `flag_masks`, `flag_meanings`).
    Flags {
        /// One entry a meaning.
        flags: Vec<Flag>,
    },
}

/// One CF flag: a cell has it when `value & mask == value` (mask given), else when `value == self.value`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flag {
    /// `flag_values` entry, or the mask itself where only `flag_masks` is given.
    pub value: i64,
    /// `flag_masks` entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<i64>,
    /// `flag_meanings` word.
    pub meaning: String,
}

impl Flag {
    /// Whether `value` carries this flag (CF 1.11 §3.5).
    pub fn matches(&self, value: i64) -> bool {
        self.class().matches(value)
    }

    /// The flag without its name.
    pub fn class(&self) -> FlagClass {
        FlagClass { value: self.value, mask: self.mask }
    }
}

/// What makes a cell one of a class: a [`Flag`] without its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlagClass {
    /// Value, or bits under the mask.
    pub value: i64,
    /// Bits looked at; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<i64>,
}

impl FlagClass {
    /// Whether a cell of this value is of the class.
    pub fn matches(&self, value: i64) -> bool {
        self.mask.map_or(value == self.value, |mask| value & mask == self.value)
    }

    /// Whether values of the class are exact in the single precision in which pictures are made.
    pub fn is_exact(&self) -> bool {
        const EXACT: i64 = 1 << 24;
        self.value.abs() < EXACT && self.mask.unwrap_or(0).abs() < EXACT
    }
}

impl FieldKind {
    /// Meanings of the flags set in `value`, in file order; empty for scalars.
    pub fn meanings(&self, value: f64) -> Vec<&str> {
        match self {
            Self::Flags { flags } if value.is_finite() => {
                let v = value as i64;
                flags.iter().filter(|f| f.matches(v)).map(|f| f.meaning.as_str()).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// A dimension the user may step through (not rows, columns or time).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExtraDim {
    /// Dimension name.
    pub name: String,
    /// Length.
    pub size: usize,
    /// Coordinate values, when the file has them and there are at most 1 000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<f64>,
    /// Their unit.
    #[serde(default)]
    pub units: String,
    /// Depth, height or pressure.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub vertical: bool,
    /// Index shown first: along depth or height that of the surface, else 0.
    #[serde(default)]
    pub first: usize,
}

impl ExtraDim {
    /// What an index means: `50 m` where the file has coordinate values, else `3 of 35`.
    pub fn label(&self, index: usize) -> String {
        match self.values.get(index) {
            // Enough digits to tell neighbours apart, and no more.
            Some(v) => format!("{} {}", (v * 1000.0).round() / 1000.0, self.units).trim_end().to_owned(),
            None => format!("{} of {}", index + 1, self.size),
        }
    }

    /// Index of the coordinate value nearest to one; `None` where the file has none.
    pub fn nearest(&self, value: f64) -> Option<usize> {
        let distance = |v: &f64| (v - value).abs();
        let all = self.values.iter().enumerate();
        all.min_by(|a, b| distance(a.1).total_cmp(&distance(b.1))).map(|(k, _)| k)
    }
}

/// A rectangle of source cells, sampled every `stride` cells in both directions.
/// One-dimensional geometries (tracks, points) use rows and `cols = 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    /// First source row.
    pub row: usize,
    /// First source column.
    pub col: usize,
    /// Number of values along rows (after the stride).
    pub rows: usize,
    /// Number of values along columns (after the stride).
    pub cols: usize,
    /// Source cells from one value to the next. Value `k` is source cell `min(first + k·stride, n − 1)`.
    pub stride: usize,
}

impl Window {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.rows * self.cols
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Values asked for beyond the edges of a window, so that interpolation needs no neighbouring tile.
/// The value before the first is source cell `first − stride`, the one after the last `last + stride`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Apron {
    /// None.
    #[default]
    None,
    /// One on every side; NaN where the array ends.
    Edge,
    /// One on every side; NaN where the rows end, columns go round (the neighbour of the last column is the first).
    Wrap,
}

impl Apron {
    /// Values of a window with this apron.
    pub fn len(self, window: Window) -> usize {
        match self {
            Self::None => window.len(),
            Self::Edge | Self::Wrap => (window.rows + 2) * (window.cols + 2),
        }
    }
}

/// Values of a window, row-major, in the field's unit; missing is NaN.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Which cells.
    pub window: Window,
    /// Whether there is one more value on every side.
    pub apron: Apron,
    /// `apron.len(window)` values.
    pub values: Vec<f32>,
}

/// Summary of a field's values, for the first colour range and the histogram.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldStats {
    /// Finite values counted.
    pub count: u64,
    /// Missing values counted.
    pub missing: u64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation (population).
    pub sd: f64,
    /// 2nd and 98th percentile.
    pub p02_p98: [f64; 2],
}

impl FieldStats {
    /// Computes the summary of `values`; `None` when none is finite.
    /// Percentiles come from at most 65 536 evenly spaced finite values.
    pub fn from_values(values: impl Iterator<Item = f32> + Clone) -> Option<Self> {
        let (mut count, mut missing, mut sum, mut sum2) = (0u64, 0u64, 0.0f64, 0.0f64);
        let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
        for v in values.clone() {
            if v.is_finite() {
                let v = f64::from(v);
                count += 1;
                sum += v;
                sum2 += v * v;
                min = min.min(v);
                max = max.max(v);
            } else {
                missing += 1;
            }
        }
        if count == 0 {
            return None;
        }
        let step = (count / 65_536).max(1) as usize;
        let mut sample: Vec<f32> = values.filter(|v| v.is_finite()).step_by(step).collect();
        sample.sort_by(f32::total_cmp);
        let at = |q: f64| f64::from(sample[((sample.len() - 1) as f64 * q).round() as usize]);
        let mean = sum / count as f64;
        let sd = (sum2 / count as f64 - mean * mean).max(0.0).sqrt();
        Some(Self { count, missing, min, max, mean, sd, p02_p98: [at(0.02), at(0.98)] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_the_variable_and_not_what_is_made_from_it() {
        let field = |name: &str, variable: &str, derived: bool| -> FieldInfo {
            serde_json::from_value(serde_json::json!({ "name": name, "variable": variable, "derived": derived }))
                .unwrap()
        };
        let all = [
            field("speed", "u", true),
            field("u", "u", false),
            field("sst", "sea_surface_temperature", false),
            field("left/ssha", "left/ssha", false),
            field("sum", "hidden", true),
        ];
        let means = |name: &str| named(&all, name).map(|f| f.name.as_str());
        assert_eq!(means("u"), Some("u"));
        assert_eq!(means("speed"), Some("speed"));
        assert_eq!(means("sea_surface_temperature"), Some("sst"));
        assert_eq!(means("ssha"), Some("left/ssha"));
        assert_eq!(means("hidden"), None);
    }

    #[test]
    fn flags_by_value_and_by_mask() {
        let flag = |value, mask, meaning: &str| Flag { value, mask, meaning: meaning.to_owned() };
        let kind = FieldKind::Flags {
            flags: vec![flag(1, Some(1), "rain"), flag(2, Some(2), "ice"), flag(4, Some(12), "band_b")],
        };
        assert_eq!(kind.meanings(3.0), ["rain", "ice"]);
        assert_eq!(kind.meanings(4.0), ["band_b"]);
        assert!(kind.meanings(12.0).is_empty());
        assert!(kind.meanings(f64::NAN).is_empty());
    }

    #[test]
    fn statistics_ignore_missing() {
        let values: Vec<f32> = (0..=100).map(|i| i as f32).chain([f32::NAN; 3]).collect();
        let s = FieldStats::from_values(values.iter().copied()).unwrap();
        assert_eq!((s.count, s.missing, s.min, s.max, s.mean), (101, 3, 0.0, 100.0, 50.0));
        assert_eq!(s.p02_p98, [2.0, 98.0]);
        assert!(FieldStats::from_values([f32::NAN].into_iter()).is_none());
    }
}
