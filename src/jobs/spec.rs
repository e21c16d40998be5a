//! The job file. `docs/colocation.md` explains every key.

use std::path::{Path, PathBuf};

use seaglass_coloc::{By, Duplicates, Metric, Reference};
use seaglass_core::columns::Pass;
use serde::{Deserialize, Serialize};

use crate::error::{JobError, Result};
use crate::units;

/// No two places on the Earth are farther apart, metres.
const MAX_RADIUS_M: f64 = 20_004_000.0;
/// Longest window: ten years.
const MAX_WINDOW_US: i64 = 3653 * 86_400_000_000;
/// Samples of a track are connected over this time when the job does not say: five of them at 1 Hz.
const DEFAULT_GAP: &str = "5 s";

mod check;
mod words;

/// A job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobSpec {
    /// Title for the provenance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Name of the side whose rows own the pairs; the first side when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<String>,
    /// Greatest distance, with unit; for crossovers the longest step between samples, for interpolation the distance of
    /// the farthest cell that counts, both of which may be left out (empty).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub radius: String,
    /// Greatest time difference, with unit.
    pub window: String,
    /// Which distance.
    #[serde(default)]
    pub metric: MetricSpec,
    /// Which pairs, and what is made of them.
    #[serde(default)]
    pub policy: PolicySpec,
    /// Whose rows look for partners.
    #[serde(default)]
    pub reference: Reference,
    /// What happens to rows that occur twice in a side.
    #[serde(default)]
    pub duplicates: Duplicates,
    /// With three sides or more: keep primary rows that have no match on some side.
    #[serde(default)]
    pub partial: bool,
    /// The sides, two or more.
    #[serde(rename = "side")]
    pub sides: Vec<SideSpec>,
    /// Where results go.
    pub output: OutputSpec,
    /// How it runs.
    #[serde(default)]
    pub run: RunSpec,
}

/// `metric`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum MetricSpec {
    /// By name.
    Name(MetricName),
    /// Great circle on a sphere of this radius.
    Sphere {
        /// Radius, metres.
        sphere_m: f64,
    },
}

impl Default for MetricSpec {
    fn default() -> Self {
        Self::Name(MetricName::Wgs84)
    }
}

/// Names of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricName {
    /// Geodesic on WGS84.
    Wgs84,
    /// Great circle on the mean sphere, 6 371 008.7714 m.
    Sphere,
}

impl MetricSpec {
    /// As the engine takes it.
    pub fn metric(&self) -> Metric {
        match self {
            Self::Name(MetricName::Wgs84) => Metric::Wgs84,
            Self::Name(MetricName::Sphere) => Metric::SPHERE,
            Self::Sphere { sphere_m } => Metric::Sphere(*sphere_m),
        }
    }
}

/// `[policy]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicySpec {
    /// Which.
    pub kind: PolicyKind,
    /// What is near (nearest, mutual, box).
    #[serde(default)]
    pub by: By,
    /// How many at most (nearest).
    #[serde(default = "one")]
    pub k: usize,
    /// Cells along a side of the box, odd (box).
    #[serde(default = "three")]
    pub size: usize,
    /// Gaussian weight by distance: standard deviation, with unit (weighted).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sd: Option<String>,
    /// Gaussian weight by time: standard deviation, with unit (weighted).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sd_time: Option<String>,
    /// Inverse-distance weight in place of the Gaussian one: its power (weighted).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power: Option<f64>,
    /// Between the steps of a grid (interpolate).
    #[serde(default, skip_serializing_if = "is_default")]
    pub time: Between,
    /// Samples farther apart in time are not connected, with unit (crossovers).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_gap: Option<String>,
    /// How values are carried to the crossing (crossovers).
    #[serde(default, skip_serializing_if = "is_default")]
    pub method: AlongName,
    /// Samples on either side that a spline or a median takes (crossovers).
    #[serde(default = "three", skip_serializing_if = "is_three")]
    pub half: usize,
}

/// `policy.time`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Between {
    /// Linear between the steps before and after; nothing where one is missing.
    #[default]
    Linear,
    /// The nearest step.
    Nearest,
}

/// `policy.method`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlongName {
    /// Linear between the samples before and after.
    #[default]
    Linear,
    /// Natural cubic spline.
    Spline,
    /// Median.
    Median,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn is_three(n: &usize) -> bool {
    *n == three()
}

fn one() -> usize {
    1
}

fn three() -> usize {
    3
}

impl Default for PolicySpec {
    fn default() -> Self {
        Self {
            kind: PolicyKind::Nearest,
            by: By::Distance,
            k: 1,
            size: 3,
            sd: None,
            sd_time: None,
            power: None,
            time: Between::Linear,
            max_gap: None,
            method: AlongName::Linear,
            half: 3,
        }
    }
}

/// What is made of the rows within the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyKind {
    /// Every pair.
    All,
    /// The `k` nearest.
    Nearest,
    /// One to one.
    Mutual,
    /// Mean of the rows within the limits.
    Mean,
    /// Median.
    Median,
    /// Standard deviation.
    Std,
    /// Least.
    Min,
    /// Greatest.
    Max,
    /// Number.
    Count,
    /// Weighted mean.
    Weighted,
    /// Cells about the nearest.
    Box,
    /// Values between the cells and steps of a grid.
    Interpolate,
    /// Where tracks cross.
    Crossovers,
}

impl PolicyKind {
    /// One row per row of the reference side, made of several of the other.
    pub fn is_aggregate(self) -> bool {
        matches!(
            self,
            Self::Mean
                | Self::Median
                | Self::Std
                | Self::Min
                | Self::Max
                | Self::Count
                | Self::Weighted
                | Self::Interpolate
        )
    }

    /// Whether the radius may be left out.
    pub fn has_own_radius(self) -> bool {
        matches!(self, Self::Interpolate | Self::Crossovers)
    }
}

/// `[[side]]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SideSpec {
    /// Name for people and for `primary`.
    pub name: String,
    /// Files, folders and globs, relative to the job file.
    pub files: Vec<String>,
    /// Only files that this product claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Part of the file (`seaglass inspect` lists them).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Fields carried to the output.
    #[serde(default)]
    pub fields: Vec<String>,
    /// Fields that must have a value; all of `fields` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require: Option<Vec<String>>,
    /// Rows for which this is true take part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// The product's masks hide bad values.
    #[serde(default = "yes")]
    pub masks: bool,
    /// Index along further dimensions (`depth = 3`); 0 where none is given.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub index: std::collections::BTreeMap<String, usize>,
    /// Column that says who measured, for duplicates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Only times from the first to the second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<[String; 2]>,
    /// Only rows measured on the way north or south.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<Pass>,
}

fn yes() -> bool {
    true
}

impl SideSpec {
    /// Fields that must have a value.
    pub fn required(&self) -> &[String] {
        self.require.as_deref().unwrap_or(&self.fields)
    }
}

/// `[output]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputSpec {
    /// File, relative to the job file; its extension is that of the first format.
    pub path: PathBuf,
    /// Formats; that of the extension when absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub formats: Vec<OutputFormat>,
    /// Replaces files that are there.
    #[serde(default)]
    pub overwrite: bool,
    /// How columns are called.
    #[serde(default, skip_serializing_if = "is_default")]
    pub names: Names,
    /// Form of the netCDF file.
    #[serde(default, skip_serializing_if = "is_default")]
    pub form: Form,
}

/// `output.names`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Names {
    /// `p_` and `s_` before what belongs to a side.
    #[default]
    Sides,
    /// The side's name and two underscores, as in match-up databases of many sensors.
    Mdb,
}

impl Names {
    /// The dimension of the rows in netCDF files.
    pub fn dimension(self) -> &'static str {
        match self {
            Self::Sides => "match",
            Self::Mdb => "obs",
        }
    }
}

/// `output.form`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// One row a match with everything of both sides.
    #[default]
    Flat,
    /// The rows of each side once, and pairs of their numbers (netCDF).
    Compact,
}

/// Formats of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputFormat {
    /// GeoParquet.
    Parquet,
    /// netCDF-4, CF-1.11.
    #[serde(alias = "nc")]
    Netcdf,
    /// RFC 4180.
    Csv,
}

impl OutputFormat {
    /// File extension.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Netcdf => "nc",
            Self::Csv => "csv",
        }
    }

    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "parquet" | "geoparquet" | "pq" => Some(Self::Parquet),
            "nc" | "nc4" => Some(Self::Netcdf),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

/// `[run]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSpec {
    /// Threads that join and processes that read; 0 = one per processor.
    #[serde(default)]
    pub threads: usize,
    /// Data read at once, with unit; decides how long the time slabs of tasks are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// Length of the time slabs, with unit, in place of the length that follows from `memory`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slab: Option<String>,
    /// Checksums of inputs in the provenance.
    #[serde(default)]
    pub checksum: Checksum,
    /// Folder that keeps the outlines of files read once; beside the output when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<PathBuf>,
}

/// `run.checksum`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Checksum {
    /// SHA-256 of every file that was read.
    #[default]
    Sha256,
    /// Size and time of change alone.
    None,
}

impl JobSpec {
    /// Reads a job file. Relative paths in it are seen from its folder.
    ///
    /// # Errors
    /// It cannot be read, or makes no sense.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|e| JobError::Input {
            message: format!("The job file cannot be read: {}.", crate::error::plain(&e)),
            path: path.to_owned(),
        })?;
        let text = words::utf8(&bytes)?;
        let mut spec = Self::parse(text)?;
        let folder = std::path::absolute(path).ok().and_then(|p| Some(p.parent()?.to_owned())).unwrap_or_default();
        spec.resolve(&folder);
        Ok(spec)
    }

    /// Parses and checks the text of a job file.
    ///
    /// # Errors
    /// With line and column.
    pub fn parse(text: &str) -> Result<Self> {
        let spec: Self = toml::from_str(text).map_err(|e| words::refused(text, &e))?;
        spec.check()?;
        Ok(spec)
    }

    /// The text of a job file that parses to this.
    ///
    /// # Errors
    /// Something in it has no place in TOML.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string_pretty(self).map_err(|e| JobError::Internal(format!("The job cannot be written: {e}.")))
    }

    /// Makes relative paths absolute.
    pub fn resolve(&mut self, folder: &Path) {
        for file in self.sides.iter_mut().flat_map(|s| &mut s.files) {
            if Path::new(file.as_str()).is_relative() {
                *file = folder.join(&*file).to_string_lossy().into_owned();
            }
        }
        for path in std::iter::once(&mut self.output.path).chain(self.run.cache.as_mut()) {
            if path.is_relative() {
                *path = folder.join(&*path);
            }
        }
    }

    /// Radius in metres; without limit where it may be left out and is.
    ///
    /// # Errors
    /// It is no length.
    pub fn radius_m(&self) -> Result<f64> {
        if self.radius.is_empty() && self.policy.kind.has_own_radius() {
            return Ok(MAX_RADIUS_M);
        }
        units::length_m(&self.radius).map_err(|e| JobError::Spec(format!("radius: {e}.")))
    }

    /// Window in µs.
    ///
    /// # Errors
    /// It is no duration.
    pub fn window_us(&self) -> Result<i64> {
        units::duration_us(&self.window).map_err(|e| JobError::Spec(format!("window: {e}.")))
    }

    /// Longest time between connected samples of a track, µs.
    ///
    /// # Errors
    /// It is no duration.
    pub fn max_gap_us(&self) -> Result<i64> {
        let text = self.policy.max_gap.as_deref().unwrap_or(DEFAULT_GAP);
        units::duration_us(text).map_err(|e| JobError::Spec(format!("policy.max_gap: {e}.")))
    }

    /// Index of the primary side.
    pub fn primary_index(&self) -> usize {
        let named = self.primary.as_ref().and_then(|n| self.sides.iter().position(|s| s.name == *n));
        named.unwrap_or(0)
    }

    /// Formats of the results with their files, at least one.
    ///
    /// # Errors
    /// The extension says nothing and no format is named.
    pub fn formats(&self) -> Result<Vec<(OutputFormat, PathBuf)>> {
        let path = &self.output.path;
        let first = OutputFormat::of(path);
        let mut formats = self.output.formats.clone();
        if formats.is_empty() {
            formats.extend(first);
        }
        if formats.is_empty() {
            return Err(JobError::Spec(format!(
                "The format of {} is not known; end it in .parquet, .nc or .csv, or name output.formats.",
                path.display()
            )));
        }
        let mut out: Vec<(OutputFormat, PathBuf)> = Vec::new();
        for f in formats {
            let own = if first == Some(f) { path.clone() } else { path.with_extension(f.extension()) };
            if !out.iter().any(|o| o.0 == f) {
                out.push((f, own));
            }
        }
        Ok(out)
    }
}

/// A side's name as the first part of a variable's: letters, digits and underscores.
pub fn identifier(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    name.chars().map(plain).collect()
}

/// Times a side is limited to, µs.
///
/// # Errors
/// They are no times.
pub fn side_time(side: &SideSpec) -> Result<Option<[i64; 2]>> {
    let Some([a, b]) = &side.time else { return Ok(None) };
    let read = |text: &str, last: bool| -> Result<i64> {
        let t = seaglass_core::time::Time::parse(text)
            .map_err(|e| JobError::Spec(format!("The side \"{}\": {e}", side.name)))?;
        // A date alone means the whole day.
        let day = last && text.trim().len() == 10;
        Ok(t.micros() + if day { 86_399_999_999 } else { 0 })
    };
    let span = [read(a, false)?, read(b, true)?];
    if span[0] > span[1] {
        return Err(JobError::Spec(format!("The side \"{}\" ends before it begins ({a}, {b}).", side.name)));
    }
    Ok(Some(span))
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: &str = r#"
radius = "25 km"
window = "1 h"
[policy]
kind = "nearest"
[[side]]
name = "a"
files = ["x/*.nc"]
[[side]]
name = "b"
files = ["/y.nc"]
fields = ["sst"]
[output]
path = "out/pairs.parquet"
formats = ["parquet", "nc"]
"#;

    #[test]
    fn a_job_is_read_and_written() {
        let mut job = JobSpec::parse(JOB).unwrap();
        assert_eq!((job.radius_m().unwrap(), job.window_us().unwrap()), (25_000.0, 3_600_000_000));
        assert_eq!(job.metric.metric(), Metric::Wgs84);
        assert_eq!(JobSpec::parse(&job.to_toml().unwrap()).unwrap(), job);
        job.resolve(Path::new("/base"));
        assert_eq!(job.sides[0].files, ["/base/x/*.nc"]);
        let formats = job.formats().unwrap();
        assert_eq!(formats[1], (OutputFormat::Netcdf, PathBuf::from("/base/out/pairs.nc")));
        let sphere = JOB.replace("window =", "metric = \"sphere\"\nwindow =");
        assert_eq!(JobSpec::parse(&sphere).unwrap().metric.metric(), Metric::SPHERE);
    }

    #[test]
    fn a_job_file_in_another_encoding_is_malformed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("job.toml");
        std::fs::write(&path, b"radius = \"25 km\"\ntitle = \"r\xe9sum\xe9\"\n").unwrap();
        let error = JobSpec::load(&path).unwrap_err();
        assert!(matches!(error, JobError::Text { line: 2, column: 11, .. }), "{error:?}");
        assert!(error.to_string().contains("UTF-8"), "{error}");
    }

    #[test]
    fn nonsense_has_a_sentence() {
        let error = |from: &str, to: &str| JobSpec::parse(&JOB.replace(from, to)).unwrap_err().to_string();
        let unknown = error("kind = \"nearest\"", "kind = \"nearest\"\n  neighbours = 3");
        assert!(unknown.starts_with("line 6, column 3: ") && unknown.contains("neighbours"), "{unknown}");
        assert!(error("25 km", "25").contains("unit"));
        assert!(error("25 km", "40000 km").contains("20004"));
        assert!(error("1 h", "-1 h").contains("between 0 s"));
        assert!(error("name = \"b\"", "name = \"a\"").starts_with("Two sides are called \"a\"; "));
        assert!(error("name = \"b\"", "name = \"\"").starts_with("Side 2 has an empty name"));
        let plain = error("\"25 km\"", "25");
        assert!(plain.starts_with("line 2, column 10: ") && plain.contains("say \"25 km\""), "{plain}");
        let hours = error("\"1 h\"", "1.5");
        assert!(hours.contains("say \"1.5 h\""), "{hours}");
        let list = error("[\"sst\"]", "\"sst\"");
        assert!(list.contains("a list: [\"sst\"]"), "{list}");
        let output = error("[output]\npath = \"out/pairs.parquet\"\nformats = [\"parquet\", \"nc\"]", "");
        assert!(output.contains("[output]") && output.contains("path = \"pairs.parquet\""), "{output}");
        for text in [plain, hours, list, output] {
            assert!(!text.contains("invalid type") && !text.contains("expected a") && !text.contains('\n'), "{text}");
        }
        assert!(error("pairs.parquet\"\nformats = [\"parquet\", \"nc\"]", "pairs.bin\"").contains(".parquet"));
        assert!(error("radius", "primary = \"c\"\nradius").contains("a, b"));
        // What means nothing is not taken silently.
        for (kind, more, goes_with) in [
            ("all", "k = 4", "nearest"),
            ("mean", "by = \"time\"", "nearest, mutual, box"),
            ("mean", "sd = \"5 km\"", "weighted"),
            ("nearest", "half = 5", "crossovers"),
        ] {
            let text = error("kind = \"nearest\"", &format!("kind = \"{kind}\"\n{more}"));
            let name = more.split(' ').next().unwrap();
            let want = format!("policy.{name} means nothing with the policy {kind}, it goes with {goes_with}; ");
            assert!(text.starts_with(&want), "{text}");
        }
    }
}
