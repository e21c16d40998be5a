//! How a layer is drawn.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::colormap::Colormap;
use crate::field::FlagClass;

mod levels;
mod methods;
mod stream;
mod window;

pub use levels::{Levels, Shown, round_step};
pub use methods::{
    Blend, ContourStyle, EndColours, HillshadeStyle, PARTICLES, RgbStyle, StreamStyle, TimeStyle, TrailStyle,
    VectorStyle,
};
pub use stream::usual_speed_ms;

/// Classes of a flag field that can be hidden at a time: the room the shader has for them.
pub const MOST_HIDDEN: usize = 64;
/// Granules that a style can name.
const MOST_NAMED: usize = 10_000;

/// Drawing method of a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Cells filled with colour.
    #[default]
    Raster,
    /// A coloured line along the track.
    Line,
    /// A coloured dot at each position.
    Points,
    /// Arrows along a vector field.
    Arrows,
    /// Wind barbs as the WMO draws them.
    Barbs,
    /// Particles that drift with a vector field.
    Streamlines,
    /// Three fields as red, green and blue.
    Rgb,
}

impl Method {
    /// All, in the order of menus.
    pub const ALL: [Self; 7] =
        [Self::Raster, Self::Line, Self::Points, Self::Arrows, Self::Barbs, Self::Streamlines, Self::Rgb];

    /// Word for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Raster => "Cells",
            Self::Line => "Line",
            Self::Points => "Dots",
            Self::Arrows => "Arrows",
            Self::Barbs => "Barbs",
            Self::Streamlines => "Streamlines",
            Self::Rgb => "RGB",
        }
    }

    /// Name in files and on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Self::Raster => "raster",
            Self::Line => "line",
            Self::Points => "points",
            Self::Arrows => "arrows",
            Self::Barbs => "barbs",
            Self::Streamlines => "streamlines",
            Self::Rgb => "rgb",
        }
    }

    /// Size in points of lines, dots and symbols that nobody has chosen.
    pub fn usual_size_pt(self) -> f32 {
        match self {
            Self::Raster | Self::Line | Self::Points | Self::Rgb => 4.0,
            Self::Arrows => 22.0,
            Self::Barbs => 28.0,
            Self::Streamlines => 1.5,
        }
    }

    /// How many fields are drawn together: east and north of a vector, or three channels; 0 where the layer's own field
    /// is all.
    pub fn components(self) -> usize {
        match self {
            Self::Raster | Self::Line | Self::Points => 0,
            Self::Arrows | Self::Barbs | Self::Streamlines => 2,
            Self::Rgb => 3,
        }
    }
}

/// How values between cell centres are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// Each cell in its own value.
    #[default]
    Nearest,
    /// Interpolated between valid neighbours; missing neighbours do not bleed in.
    Bilinear,
}

/// What happens to values outside the colour range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutOfRange {
    /// Drawn in the end colours.
    #[default]
    Clamp,
    /// Not drawn.
    Hide,
}

/// When a granule of the layer is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeRule {
    /// Its span meets the time window.
    #[default]
    InWindow,
    /// The clock lies in its span.
    Current,
    /// The last one that began before the clock.
    Latest,
    /// The nearest to the clock.
    Nearest,
    /// Always.
    Always,
}

/// Complete style of a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Style {
    /// Id of a colour map (`cmocean_thermal`).
    pub colormap: String,
    /// Colour map turned round.
    #[serde(default)]
    pub reversed: bool,
    /// Values of the two ends of the colour map; `None` until the first data have been seen.
    pub range: Option<[f64; 2]>,
    /// Logarithmic between the ends (needs a positive range).
    #[serde(default)]
    pub log: bool,
    /// 0 (invisible) to 1.
    pub opacity: f32,
    /// Interpolation.
    #[serde(default)]
    pub filter: Filter,
    /// Values outside the range.
    #[serde(default)]
    pub out_of_range: OutOfRange,
    /// Drawing method.
    #[serde(default)]
    pub method: Method,
    /// Width of lines and diameter of dots, in points.
    pub size_pt: f32,
    /// Time rule.
    #[serde(default)]
    pub time_rule: TimeRule,
    /// The range follows what is in view. It rests while the view moves or time plays, so that colours never change their
    /// meaning in motion; a range set by hand ends it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub follow_view: bool,
    /// Classes of a flag field that are not drawn, at most [`MOST_HIDDEN`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<FlagClass>,
    /// Granules that are drawn, by the names of their files or by whole paths; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// Granules that are not drawn, named likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// Meeting with the colours below.
    #[serde(default, skip_serializing_if = "is_default")]
    pub blend: Blend,
    /// Colours beyond the range and of missing cells.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ends: EndColours,
    /// Arrows and barbs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub vector: VectorStyle,
    /// Streamlines.
    #[serde(default, skip_serializing_if = "is_default")]
    pub stream: StreamStyle,
    /// Trajectories and dots in time.
    #[serde(default, skip_serializing_if = "is_default")]
    pub trail: TrailStyle,
    /// Rasters in time.
    #[serde(default, skip_serializing_if = "is_default")]
    pub time: TimeStyle,
    /// Lines of equal value.
    #[serde(default, skip_serializing_if = "is_default")]
    pub contour: ContourStyle,
    /// Light on the slopes of the field.
    #[serde(default, skip_serializing_if = "is_default")]
    pub hillshade: HillshadeStyle,
    /// Three fields as colours.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rgb: RgbStyle,
}

/// Whether a setting is as it is when nobody touched it: left out of files.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Default for Style {
    fn default() -> Self {
        Self {
            colormap: "viridis".to_owned(),
            reversed: false,
            range: None,
            log: false,
            opacity: 1.0,
            filter: Filter::Nearest,
            out_of_range: OutOfRange::Clamp,
            method: Method::Raster,
            size_pt: 4.0,
            time_rule: TimeRule::InWindow,
            follow_view: false,
            hidden: Vec::new(),
            only: Vec::new(),
            without: Vec::new(),
            blend: Blend::default(),
            ends: EndColours::default(),
            vector: VectorStyle::default(),
            stream: StreamStyle::default(),
            trail: TrailStyle::default(),
            time: TimeStyle::default(),
            contour: ContourStyle::default(),
            hillshade: HillshadeStyle::default(),
            rgb: RgbStyle::default(),
        }
    }
}

impl Style {
    /// The range used for drawing: the style's, or 0 to 1 while unknown; never empty or upside down.
    pub fn effective_range(&self) -> [f64; 2] {
        match self.range {
            Some([a, b]) if a < b => [a, b],
            Some([a, b]) if a > b => [b, a],
            Some([a, _]) => [a - 0.5 * a.abs().max(1e-6), a + 0.5 * a.abs().max(1e-6)],
            None => [0.0, 1.0],
        }
    }

    /// Whether granules of a file are drawn, as far as [`only`](Self::only) and [`without`](Self::without) say.
    pub fn draws(&self, path: &Path) -> bool {
        let named = |names: &[String]| {
            names.iter().any(|n| path.file_name().is_some_and(|f| f == n.as_str()) || path == Path::new(n))
        };
        (self.only.is_empty() || named(&self.only)) && !named(&self.without)
    }

    /// Whether the range is symmetric about zero, within rounding.
    pub fn is_symmetric(&self) -> bool {
        self.range.is_some_and(|[a, b]| a < 0.0 && (a + b).abs() < 1e-6 * (b - a))
    }

    /// Whether cells of this value are not drawn because of a class they carry.
    /// CPU twin of `is_hidden_class` in `shaders/shared/colormap.wgsl`.
    pub fn hides(&self, value: f64) -> bool {
        value.is_finite() && self.hidden.iter().any(|class| class.matches(value as i64))
    }

    /// The colour of a cell, opacity aside; `None` where nothing is drawn.
    /// CPU twin of `rgb_of` and what is around it in `shaders/shared/colormap.wgsl`.
    pub fn colour(&self, value: f64, map: &Colormap) -> Option<[u8; 3]> {
        if value.is_nan() {
            return self.ends.missing;
        }
        let position = self.position(value);
        let beyond = !(0.0..=1.0).contains(&position);
        if self.hides(value) || (beyond && self.out_of_range == OutOfRange::Hide) {
            return None;
        }
        let end = match position {
            p if p > 1.0 => self.ends.over,
            p if p < 0.0 => self.ends.under,
            _ => None,
        };
        Some(end.unwrap_or_else(|| map.colour(position, self.reversed)))
    }

    /// Position of `value` on the colour map, 0 to 1 inside the range; NaN for missing values.
    /// CPU twin of `colormap_position` in `shaders/shared/colormap.wgsl`.
    pub fn position(&self, value: f64) -> f64 {
        let [lo, hi] = self.effective_range();
        if self.log && lo > 0.0 {
            ((value.ln() - lo.ln()) / (hi.ln() - lo.ln())).max(if value > 0.0 { f64::NEG_INFINITY } else { -1.0 })
        } else {
            (value - lo) / (hi - lo)
        }
    }
}

/// What a product file or `standard_name` says about the style; everything optional.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StyleHint {
    /// Colour map id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colormap: Option<String>,
    /// Colour range in the field's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
    /// Logarithmic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<bool>,
    /// Turned round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversed: Option<bool>,
    /// Range symmetric about zero when computed from the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symmetric: Option<bool>,
    /// Method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// Interpolation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    /// 0 (invisible) to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opacity: Option<f32>,
    /// Width of lines, diameter of dots, length of arrows and barbs, in points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_pt: Option<f32>,
    /// Arrows and barbs: 0 leaves a symbol's width of blank between symbols, 1 none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub density: Option<f32>,
    /// Particles of streamlines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub particles: Option<u32>,
    /// Steps of a streamline's tail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
}

impl StyleHint {
    /// Own settings first, `other`'s where this says nothing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            colormap: self.colormap.or(other.colormap),
            range: self.range.or(other.range),
            log: self.log.or(other.log),
            reversed: self.reversed.or(other.reversed),
            symmetric: self.symmetric.or(other.symmetric),
            method: self.method.or(other.method),
            filter: self.filter.or(other.filter),
            opacity: self.opacity.or(other.opacity),
            size_pt: self.size_pt.or(other.size_pt),
            density: self.density.or(other.density),
            particles: self.particles.or(other.particles),
            length: self.length.or(other.length),
        }
    }
}

/// A change of some settings of a style; `None` leaves a setting alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields are those of `Style`")]
pub struct StylePatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colormap: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversed: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opacity: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_of_range: Option<OutOfRange>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_pt: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_rule: Option<TimeRule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_view: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Vec<FlagClass>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blend: Option<Blend>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<EndColours>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vector: Option<VectorStyle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamStyle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail: Option<TrailStyle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeStyle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contour: Option<ContourStyle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hillshade: Option<HillshadeStyle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rgb: Option<RgbStyle>,
}

impl StylePatch {
    /// The look of a style, to be given to another layer or kept as a default: colours, range and method. Which granules are
    /// drawn and which classes are hidden stay the layer's own.
    pub fn look_of(style: &Style) -> Self {
        Self {
            colormap: Some(style.colormap.clone()),
            reversed: Some(style.reversed),
            range: style.range,
            log: Some(style.log),
            opacity: Some(style.opacity),
            filter: Some(style.filter),
            out_of_range: Some(style.out_of_range),
            method: Some(style.method),
            size_pt: Some(style.size_pt),
            time_rule: None,
            follow_view: Some(style.follow_view),
            hidden: None,
            only: None,
            without: None,
            blend: Some(style.blend),
            ends: Some(style.ends.clone()),
            vector: Some(style.vector.clone()),
            stream: Some(style.stream.clone()),
            trail: Some(style.trail.clone()),
            time: Some(style.time.clone()),
            contour: Some(style.contour.clone()),
            hillshade: Some(style.hillshade.clone()),
            rgb: Some(style.rgb.clone()),
        }
    }

    /// All settings of a style.
    pub fn whole(style: &Style) -> Self {
        Self {
            time_rule: Some(style.time_rule),
            hidden: Some(style.hidden.clone()),
            only: Some(style.only.clone()),
            without: Some(style.without.clone()),
            ..Self::look_of(style)
        }
    }

    /// Applies the change; `Err` names the setting that makes no sense.
    pub fn apply(&self, style: &mut Style) -> Result<(), String> {
        if let Some([a, b]) = self.range {
            if !(a.is_finite() && b.is_finite()) {
                return Err("the colour range must be two finite numbers".to_owned());
            }
            if a >= b {
                return Err(format!("the colour range {a} to {b} is empty: the first number must be smaller"));
            }
        }
        if self.opacity.is_some_and(|o| !(0.0..=1.0).contains(&o)) {
            return Err("opacity must lie between 0 and 1".to_owned());
        }
        if self.size_pt.is_some_and(|s| !(0.5..=64.0).contains(&s)) {
            return Err("size must lie between 0.5 and 64 points".to_owned());
        }
        if self.hidden.as_ref().is_some_and(|h| h.len() > MOST_HIDDEN) {
            return Err(format!("at most {MOST_HIDDEN} classes can be hidden"));
        }
        if self.only.iter().chain(&self.without).any(|names| names.len() > MOST_NAMED) {
            return Err(format!("at most {MOST_NAMED} granules can be named"));
        }
        let faults = [
            self.vector.as_ref().and_then(VectorStyle::fault),
            self.stream.as_ref().and_then(StreamStyle::fault),
            self.trail.as_ref().and_then(TrailStyle::fault),
            self.time.as_ref().and_then(TimeStyle::fault),
            self.contour.as_ref().and_then(ContourStyle::fault),
            self.hillshade.as_ref().and_then(HillshadeStyle::fault),
            self.rgb.as_ref().and_then(RgbStyle::fault),
        ];
        if let Some(fault) = faults.into_iter().flatten().next() {
            return Err(fault);
        }
        let range = self.range.or(style.range);
        if self.log == Some(true) && range.is_some_and(|[lo, _]| lo <= 0.0) {
            return Err("a logarithmic scale needs a range above zero".to_owned());
        }
        if let Some(method) = self.method.filter(|m| m.usual_size_pt() != style.method.usual_size_pt()) {
            // The width of a line is no size of an arrow.
            style.size_pt = method.usual_size_pt();
        }
        macro_rules! set {
            ($($field:ident),*) => { $( if let Some(v) = self.$field.clone() { style.$field = v; } )* };
        }
        set!(colormap, reversed, log, opacity, filter, out_of_range, method, size_pt, time_rule, hidden, only, without);
        set!(blend, ends, vector, stream, trail, time, contour, hillshade, rgb);
        style.follow_view = self.follow_view.unwrap_or(style.follow_view && self.range.is_none());
        style.range = range;
        if style.log && style.range.is_some_and(|[lo, _]| lo <= 0.0) {
            style.log = false;
        }
        Ok(())
    }
}
