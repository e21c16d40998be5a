//! Settings that belong to one drawing method or to one way of showing values.

use serde::{Deserialize, Serialize};

/// Smallest and largest number of particles.
pub const PARTICLES: [u32; 2] = [100, 4_000_000];

/// How a layer's colours meet those below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blend {
    /// Over them.
    #[default]
    Over,
    /// Multiplied: darkens, keeps what is below readable.
    Multiply,
    /// Added: lightens.
    Add,
}

/// Arrows and barbs. Their size is `Style::size_pt`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VectorStyle {
    /// 0: a symbol's width of blank between symbols, 1: none.
    pub density: f32,
    /// One colour (sRGB) in place of the colour map.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colour: Option<[u8; 3]>,
    /// Arrows of this speed (unit of the field) are as long as `size_pt` says, others in proportion; `None` draws all
    /// equally long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<f64>,
}

impl Default for VectorStyle {
    fn default() -> Self {
        Self { density: 0.5, colour: None, reference: None }
    }
}

/// Streamlines: particles that drift with the field. Their width is `Style::size_pt`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StreamStyle {
    /// Particles in view, within [`PARTICLES`].
    pub particles: u32,
    /// Steps of a particle's tail, 2 to 256.
    pub length: u32,
    /// Seconds of drift in a second of watching; `None` is chosen from the view so that the usual speed crosses it in
    /// about half a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_factor: Option<f64>,
    /// One colour (sRGB) in place of the colour map.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colour: Option<[u8; 3]>,
    /// Particles stand still: the same picture every time.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub frozen: bool,
}

impl Default for StreamStyle {
    fn default() -> Self {
        Self { particles: 10_000, length: 40, speed_factor: None, colour: None, frozen: false }
    }
}

/// Trajectories and dots in time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrailStyle {
    /// Only what was measured within this many seconds before the clock; `None`: within the timeline's window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Everything, whatever the clock says.
    pub whole: bool,
    /// A marker where the clock is.
    pub marker: bool,
    /// Coloured by age in place of the field's value.
    pub by_time: bool,
    /// Dots are this many metres wide on the ground, in place of `Style::size_pt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dot_m: Option<f64>,
}

impl Default for TrailStyle {
    fn default() -> Self {
        Self { seconds: None, whole: false, marker: true, by_time: false, dot_m: None }
    }
}

/// Rasters in time, where every row or cell has its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimeStyle {
    /// Only cells measured within this many seconds of the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_s: Option<f64>,
    /// Cells grow paler with their distance from the clock.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub fade: bool,
}

/// Lines of equal value over a raster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContourStyle {
    /// Drawn.
    pub on: bool,
    /// Distance of levels in the unit of the field; `None` chooses a round one from the range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<f64>,
    /// With numbers.
    pub labels: bool,
    /// Width, points.
    pub width_pt: f32,
    /// Colour (sRGB); `None` takes the colour map's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colour: Option<[u8; 3]>,
    /// Only the lines, without the cells.
    pub alone: bool,
}

impl Default for ContourStyle {
    fn default() -> Self {
        Self { on: false, step: None, labels: true, width_pt: 1.0, colour: Some([20, 26, 32]), alone: false }
    }
}

/// Light from one side that makes slopes of the field visible.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HillshadeStyle {
    /// 0 (none) to 1.
    pub strength: f32,
    /// Where the light comes from, degrees clockwise from north.
    pub azimuth_deg: f32,
    /// Its height above the horizon, degrees.
    pub altitude_deg: f32,
}

impl Default for HillshadeStyle {
    fn default() -> Self {
        Self { strength: 0.0, azimuth_deg: 315.0, altitude_deg: 45.0 }
    }
}

/// Colours (sRGB) of values that have none on the colour map.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EndColours {
    /// Above the range; the map's last colour when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<[u8; 3]>,
    /// Below the range; the map's first colour when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub under: Option<[u8; 3]>,
    /// Missing cells; nothing is drawn when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<[u8; 3]>,
}

/// Three fields as red, green and blue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RgbStyle {
    /// Values shown black and full, for each channel; from the data when absent.
    #[serde(with = "channels", skip_serializing_if = "none_set")]
    pub ranges: [Option<[f64; 2]>; 3],
    /// Exponent is 1 / gamma.
    pub gamma: [f32; 3],
}

impl Default for RgbStyle {
    fn default() -> Self {
        Self { ranges: [None; 3], gamma: [1.0; 3] }
    }
}

fn none_set(ranges: &[Option<[f64; 2]>; 3]) -> bool {
    ranges.iter().all(Option::is_none)
}

/// Channels by name: TOML has no way to leave out an element of an array.
mod channels {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    type Range = Option<[f64; 2]>;

    #[derive(Default, Serialize, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Named {
        #[serde(skip_serializing_if = "Option::is_none")]
        red: Range,
        #[serde(skip_serializing_if = "Option::is_none")]
        green: Range,
        #[serde(skip_serializing_if = "Option::is_none")]
        blue: Range,
    }

    pub fn serialize<S: Serializer>(&[red, green, blue]: &[Range; 3], to: S) -> Result<S::Ok, S::Error> {
        Named { red, green, blue }.serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[Range; 3], D::Error> {
        let Named { red, green, blue } = Named::deserialize(from)?;
        Ok([red, green, blue])
    }
}

/// Whether a finite number lies in an interval.
fn within(value: f64, [low, high]: [f64; 2]) -> bool {
    value.is_finite() && (low..=high).contains(&value)
}

impl VectorStyle {
    /// What makes no sense.
    pub fn fault(&self) -> Option<String> {
        let reference = self.reference.is_none_or(|r| r.is_finite() && r > 0.0);
        let density = within(f64::from(self.density), [0.0, 1.0]);
        (!density)
            .then(|| "the density of symbols must lie between 0 and 1".to_owned())
            .or_else(|| (!reference).then(|| "the reference speed of arrows must be above zero".to_owned()))
    }
}

impl StreamStyle {
    /// What makes no sense.
    pub fn fault(&self) -> Option<String> {
        let [fewest, most] = PARTICLES;
        if !(fewest..=most).contains(&self.particles) {
            return Some(format!("the number of particles must lie between {fewest} and {most}"));
        }
        if !(2..=256).contains(&self.length) {
            return Some("the length of streamlines must lie between 2 and 256 steps".to_owned());
        }
        let speed = self.speed_factor.is_none_or(|f| within(f, [1e-3, 1e9]));
        (!speed).then(|| "the speed of streamlines must be a number above zero".to_owned())
    }
}

impl TrailStyle {
    /// What makes no sense.
    pub fn fault(&self) -> Option<String> {
        let seconds = self.seconds.is_none_or(|s| within(s, [0.0, 1e11]));
        let dots = self.dot_m.is_none_or(|m| within(m, [0.01, 1e7]));
        (!seconds)
            .then(|| "the length of trails must be a number of seconds, not below zero".to_owned())
            .or_else(|| (!dots).then(|| "the width of dots must be a number of metres above zero".to_owned()))
    }
}

impl TimeStyle {
    /// What makes no sense.
    pub fn fault(&self) -> Option<String> {
        let seconds = self.within_s.is_none_or(|s| within(s, [0.0, 1e11]));
        (!seconds).then(|| "the distance from the clock must be a number of seconds, not below zero".to_owned())
    }
}

impl ContourStyle {
    /// What makes no sense.
    pub fn fault(&self) -> Option<String> {
        let step = self.step.is_none_or(|s| s.is_finite() && s > 0.0);
        let width = within(f64::from(self.width_pt), [0.25, 16.0]);
        (!step)
            .then(|| "the distance of contour lines must be above zero".to_owned())
            .or_else(|| (!width).then(|| "the width of contour lines must lie between 0.25 and 16 points".to_owned()))
    }
}

impl HillshadeStyle {
    /// What makes no sense.
    pub fn fault(&self) -> Option<String> {
        let ok = within(f64::from(self.strength), [0.0, 1.0])
            && within(f64::from(self.azimuth_deg), [-360.0, 360.0])
            && within(f64::from(self.altitude_deg), [1.0, 89.0]);
        (!ok).then(|| {
            "hillshade needs a strength between 0 and 1, an azimuth in degrees and a height of the light between 1 and 89 degrees".to_owned()
        })
    }
}

impl RgbStyle {
    /// What makes no sense.
    pub fn fault(&self) -> Option<String> {
        let finite = |[a, b]: &[f64; 2]| a.is_finite() && b.is_finite() && a < b;
        if !self.ranges.iter().flatten().all(finite) {
            return Some("the range of a colour channel must be two finite numbers, the smaller one first".to_owned());
        }
        let gamma = self.gamma.iter().all(|g| within(f64::from(*g), [0.1, 10.0]));
        (!gamma).then(|| "gamma must lie between 0.1 and 10".to_owned())
    }
}
