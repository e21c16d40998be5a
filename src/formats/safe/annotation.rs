//! What the annotation, calibration and noise files of a Sentinel-1 image say (Sentinel-1 Product Specification,
//! S1-RS-MDA-52-7441).

use seaglass_core::protocol::FailureKind;
use seaglass_core::time::Time;

use super::tree::Node;
use crate::error::{Result, fail};
use crate::timeaxis::parse_text;

/// More control points are no annotation.
const MAX_POINTS: usize = 1 << 20;

/// An image as its annotation describes it.
pub struct Annotation {
    /// `vv`, `vh`, `hh` or `hv`.
    pub polarisation: String,
    /// Lines and samples.
    pub shape: [usize; 2],
    /// Times of the first and last line.
    pub times: [Time; 2],
    /// Lines with control points.
    pub lines: Vec<f64>,
    /// Samples with control points.
    pub samples: Vec<f64>,
    /// Longitudes of the control points, line after line.
    pub lon: Vec<f64>,
    /// Latitudes.
    pub lat: Vec<f64>,
    /// Incidence angles, degrees.
    pub incidence: Vec<f64>,
}

fn broken(what: &str) -> seaglass_core::protocol::ReadFailure {
    let text = format!("The annotation of the image lacks {what}; the product may be incomplete: fetch it again.");
    fail(FailureKind::Damaged, text)
}

impl Annotation {
    /// Reads an annotation file.
    pub fn of(root: &Node) -> Result<Self> {
        let product = root.at(&["product"]).ok_or_else(|| broken("its product"))?;
        let information = product.at(&["imageAnnotation", "imageInformation"]).ok_or_else(|| broken("the size"))?;
        let whole = |name: &str| information.number(&[name]).filter(|n| *n >= 1.0 && *n < 4e6).map(|n| n as usize);
        let shape = [whole("numberOfLines"), whole("numberOfSamples")];
        let time = |name: &str| information.text(&[name]).and_then(parse_text).ok_or_else(|| broken("the times"));
        let points = product.all(&["geolocationGrid", "geolocationGridPointList"], "geolocationGridPoint");
        let of = |name: &str| -> Option<Vec<f64>> { points.iter().map(|p| p.number(&[name])).collect() };
        let all = [of("line"), of("pixel"), of("longitude"), of("latitude"), of("incidenceAngle")];
        let ([Some(rows), Some(cols)], [Some(line), Some(pixel), Some(lon), Some(lat), Some(incidence)]) = (shape, all)
        else {
            return Err(broken("the geolocation grid"));
        };
        // The points are listed line after line, every line with the same samples.
        let width = line.iter().take_while(|l| **l == line[0]).count();
        let lines: Vec<f64> = line.iter().step_by(width.max(1)).copied().collect();
        let samples: Vec<f64> = pixel.iter().take(width).copied().collect();
        let is_grid = points.len() <= MAX_POINTS
            && line.len() == lines.len() * width
            && line.iter().enumerate().all(|(k, l)| *l == lines[k / width])
            && pixel.iter().enumerate().all(|(k, p)| *p == samples[k % width]);
        let rising = |v: &[f64]| v.len() > 1 && v.windows(2).all(|w| w[0] < w[1]);
        if !is_grid || !rising(&lines) || !rising(&samples) {
            return Err(broken("a regular geolocation grid"));
        }
        let polarisation = product.text(&["adsHeader", "polarisation"]).unwrap_or("vv").to_ascii_lowercase();
        let times = [time("productFirstLineUtcTime")?, time("productLastLineUtcTime")?];
        Ok(Self { polarisation, shape: [rows, cols], times, lines, samples, lon, lat, incidence })
    }
}

/// Values along some lines at some samples.
#[derive(Debug, Default, PartialEq)]
pub struct Vectors {
    /// Lines, rising.
    pub lines: Vec<f64>,
    /// Samples and values of each.
    pub values: Vec<(Vec<f64>, Vec<f64>)>,
}

impl Vectors {
    fn of(nodes: &[&Node], values: &str) -> Option<Self> {
        let mut all: Vec<(f64, Vec<f64>, Vec<f64>)> = nodes
            .iter()
            .map(|n| Some((n.number(&["line"])?, n.numbers(&["pixel"]), n.numbers(&[values]))))
            .collect::<Option<_>>()?;
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        all.dedup_by(|a, b| a.0 == b.0);
        let fits = |v: &(f64, Vec<f64>, Vec<f64>)| {
            !v.1.is_empty() && v.1.len() == v.2.len() && v.1.windows(2).all(|w| w[0] < w[1])
        };
        if all.is_empty() || !all.iter().all(fits) {
            return None;
        }
        let lines = all.iter().map(|v| v.0).collect();
        Some(Self { lines, values: all.into_iter().map(|(_, pixel, values)| (pixel, values)).collect() })
    }
}

/// `sigmaNought` of a calibration file.
pub fn calibration(root: &Node) -> Option<Vectors> {
    Vectors::of(&root.all(&["calibration", "calibrationVectorList"], "calibrationVector"), "sigmaNought")
}

/// Thermal noise of an image.
pub struct Noise {
    /// Along range.
    pub range: Vectors,
    /// Along azimuth, by blocks of lines and samples; none in products before March 2018.
    pub azimuth: Vec<Block>,
}

/// Noise along azimuth of one block.
pub struct Block {
    /// First and last line.
    pub lines: [f64; 2],
    /// First and last sample.
    pub samples: [f64; 2],
    /// Lines with values.
    pub at: Vec<f64>,
    /// Factors.
    pub values: Vec<f64>,
}

/// The noise file.
pub fn noise(root: &Node) -> Option<Noise> {
    let range = Vectors::of(&root.all(&["noise", "noiseRangeVectorList"], "noiseRangeVector"), "noiseRangeLut")
        // Before version 2.90 of the processor.
        .or_else(|| Vectors::of(&root.all(&["noise", "noiseVectorList"], "noiseVector"), "noiseLut"))?;
    let blocks = root.all(&["noise", "noiseAzimuthVectorList"], "noiseAzimuthVector");
    let block = |n: &&Node| {
        let number = |name: &str| n.number(&[name]);
        let (at, values) = (n.numbers(&["line"]), n.numbers(&["noiseAzimuthLut"]));
        let fits = !at.is_empty() && at.len() == values.len() && at.windows(2).all(|w| w[0] < w[1]);
        let lines = [number("firstAzimuthLine")?, number("lastAzimuthLine")?];
        let samples = [number("firstRangeSample")?, number("lastRangeSample")?];
        fits.then_some(Block { lines, samples, at, values })
    };
    Some(Noise { range, azimuth: blocks.iter().filter_map(block).collect() })
}
