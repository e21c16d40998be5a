//! A product as declared by a TOML file in `readers/`: what to match, how to read, how to show.
//!
//! Everything omitted follows CF. Unknown keys are errors. The full guide is `readers/README.md`.

use serde::{Deserialize, Serialize};

use crate::granule::GeometryKind;
use crate::style::StyleHint;

/// One product file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Identity.
    pub product: Identity,
    /// Which files it claims.
    #[serde(rename = "match")]
    pub matching: Matching,
    /// Where time comes from; CF when absent.
    #[serde(default)]
    pub time: TimeRules,
    /// Where positions come from; CF when absent.
    #[serde(default)]
    pub geolocation: GeolocationRules,
    /// Fields with a title, a mask or a style of their own. Fields not named are offered after these, by CF.
    #[serde(default, rename = "field")]
    pub fields: Vec<FieldRule>,
    /// Variables that are not offered.
    #[serde(default)]
    pub hide: Vec<String>,
    /// Program that reads these files in place of our own reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader: Option<ReaderProgram>,
}

/// `[reader]`: a program that speaks the protocol of readers. Only files in the user's own folder of product files have
/// one, and it runs only when the user has allowed it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReaderProgram {
    /// The program and its arguments; files beside the product file are named without their folder.
    pub program: Vec<String>,
    /// Folder of the product file, in which it is started.
    #[serde(skip)]
    pub folder: std::path::PathBuf,
}

/// `[product]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// `<sensor>_<level>_<provider>`, unique.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// Short title for layer rows; the title when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short: Option<String>,
    /// How far it is tested: `alpha` (written from documents), `beta` (checked on fixtures), `stable` (checked on real files).
    #[serde(default)]
    pub status: Status,
    /// Higher wins when several products match.
    #[serde(default)]
    pub priority: i32,
    /// Where its structure is documented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// Maturity of a product file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "explained at `Identity::status`")]
pub enum Status {
    #[default]
    Alpha,
    Beta,
    Stable,
}

/// `[match]`: a file belongs to the product when its name fits one of `files` and all `attributes` and `variables` fit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matching {
    /// Only files in this folder and below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<std::path::PathBuf>,
    /// File-name globs (`*`, `?`, `[abc]`); empty: any name.
    #[serde(default)]
    pub files: Vec<String>,
    /// Global attribute → glob for its text.
    #[serde(default)]
    pub attributes: std::collections::BTreeMap<String, String>,
    /// Variables (paths) that must exist.
    #[serde(default)]
    pub variables: Vec<String>,
}

/// `[time]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeRules {
    /// Variable with the time of rows or steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// Variable with an offset from it, per cell (GHRSST `sst_dtime`), added to the former.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<String>,
    /// Global attributes with first and last time, used before the variable for the span of the granule.
    #[serde(default)]
    pub attributes: Vec<String>,
    /// Length of the granule in seconds when the file tells only one instant (a daily mean: 86 400, centred on it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
}

/// `[geolocation]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeolocationRules {
    /// Kind, when CF would guess wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<GeometryKind>,
    /// Longitude variable; a bare name is looked up in the group of the field and above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon: Option<String>,
    /// Latitude variable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat: Option<String>,
}

/// `[[field]]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// Name of the field; the variable's last path component when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Variable in the file; `*` as a group stands for every group (`*/ssh_karin_2`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// Two components: the field is `hypot(u, v)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub magnitude: Option<[String; 2]>,
    /// The field is a speed; variable with the direction it comes from, degrees clockwise from true north (winds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The field is a speed; variable with the direction it goes to (currents).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub towards: Option<String>,
    /// Names of three fields of the product that are drawn together for this one: red, green and blue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rgb: Option<[String; 3]>,
    /// Variables added up: `ssha_karin_2 + height_cor_xover`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sum: Vec<String>,
    /// Computed from variables by a [`crate::formula::Formula`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// Title for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// CF `standard_name` where the file's is missing or wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_name: Option<String>,
    /// Unit where the file's is missing or wrong (no conversion).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<String>,
    /// Cells shown: those that satisfy every condition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<Condition>,
    /// Style.
    #[serde(default)]
    pub style: StyleHint,
}

/// One condition of a mask: `{ variable = "quality_level", at_least = 4 }`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Variable on the same cells as the field.
    pub variable: String,
    /// Kept when the value is at least this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// Kept when the value is at most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// Kept when the value is one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<f64>,
    /// Kept when none of these bits is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_bits: Option<u64>,
}

impl Condition {
    /// Whether a cell with this value of the variable is kept. A missing value fails every condition.
    pub fn keeps(&self, value: f64) -> bool {
        value.is_finite()
            && self.at_least.is_none_or(|x| value >= x)
            && self.at_most.is_none_or(|x| value <= x)
            && (self.one_of.is_empty() || self.one_of.contains(&value))
            && self.no_bits.is_none_or(|bits| (value as i64 as u64) & bits == 0)
    }
}

/// Whether `name` fits a glob: `*` any run, `?` one character, `[abc]` and `[0-9]` one of a set.
pub fn glob_matches(pattern: &str, name: &str) -> bool {
    let (p, n): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // One star is given back to at a time, the last: no pattern takes longer than its length times that of the name.
    let (mut at, mut k, mut star) = (0, 0, None);
    while k < n.len() {
        let step = match p.get(at) {
            Some('*') => {
                star = Some((at, k));
                at += 1;
                continue;
            }
            Some(one) => fits_one(&p[at..], *one, n[k]),
            None => None,
        };
        match (step, star) {
            (Some(len), _) => (at, k) = (at + len, k + 1),
            (None, Some((back, from))) => {
                star = Some((back, from + 1));
                (at, k) = (back + 1, from + 1);
            }
            (None, None) => return false,
        }
    }
    p[at..].iter().all(|c| *c == '*')
}

/// Length of what stands at the beginning of a pattern for one character, when that character fits.
fn fits_one(pattern: &[char], first: char, c: char) -> Option<usize> {
    match (first, pattern.iter().position(|x| *x == ']')) {
        ('?', _) => Some(1),
        ('[', Some(end)) => {
            let set = &pattern[1..end];
            let ranged = set.windows(3).any(|w| w[1] == '-' && w[0] <= c && c <= w[2]);
            (ranged || set.contains(&c)).then_some(end + 1)
        }
        (one, _) => (one == c).then_some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        assert!(glob_matches("SWOT_L2_LR_SSH_Expert_*.nc", "SWOT_L2_LR_SSH_Expert_001_002_x.nc"));
        assert!(glob_matches("JA[123]_*", "JA1_GPN"));
        assert!(glob_matches("a[0-9]?c", "a5bc"));
        assert!(!glob_matches("*.nc", "x.nc4"));
        assert!(glob_matches("*", "") && glob_matches("", "") && !glob_matches("", "a") && !glob_matches("?", ""));
        assert!(glob_matches("*b*", "aabaa") && glob_matches("a*b?[c", "aXXbY[c") && !glob_matches("[ab", "a"));
        // What would take longer than the age of the Earth by trying every way.
        assert!(!glob_matches(&("*a".repeat(40) + "b"), &"a".repeat(400)));
    }

    #[test]
    fn conditions() {
        let c = Condition { variable: "q".into(), at_least: Some(4.0), ..Condition::default() };
        assert!(c.keeps(5.0) && !c.keeps(3.0) && !c.keeps(f64::NAN));
        let bits = Condition { variable: "q".into(), no_bits: Some(0b110), ..Condition::default() };
        assert!(bits.keeps(9.0) && !bits.keeps(10.0));
    }
}
