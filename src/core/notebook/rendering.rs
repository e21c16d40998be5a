//! How a notebook wants a variable drawn, and how that becomes the style of a layer and back.

use serde::{Deserialize, Serialize};

use crate::granule::GeometryKind;
use crate::style::{Filter, Method, PARTICLES, StreamStyle, Style, VectorStyle};

/// Drawing method by the names of the control protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "names of the methods")]
pub enum RenderMethod {
    #[default]
    Raster,
    Arrows,
    Barbs,
    Trajectories,
    Dots,
    Streamlines,
    Rgb,
}

impl RenderMethod {
    /// All, in the order of their numbers in the control protocol.
    pub const ALL: [Self; 7] =
        [Self::Raster, Self::Arrows, Self::Barbs, Self::Trajectories, Self::Dots, Self::Streamlines, Self::Rgb];

    /// The nearest thing a layer can do on a geometry.
    /// Arrows and the like are drawn where a variable has the fields for them, and as cells or dots where it has not.
    fn method(self, geometry: Option<GeometryKind>) -> Method {
        let series = matches!(geometry, Some(GeometryKind::Track | GeometryKind::Points));
        match self {
            Self::Arrows => Method::Arrows,
            Self::Barbs => Method::Barbs,
            Self::Dots => Method::Points,
            Self::Trajectories => Method::Line,
            _ if geometry == Some(GeometryKind::Points) => Method::Points,
            _ if series => Method::Line,
            Self::Streamlines => Method::Streamlines,
            Self::Rgb => Method::Rgb,
            _ => Method::Raster,
        }
    }
}

/// A complete configuration, as it was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rendering {
    /// Drawn.
    pub shown: bool,
    /// Logarithmic colours.
    pub log: bool,
    /// Value at the low end of the colour map.
    pub min: f32,
    /// Value at the high end.
    pub max: f32,
    /// 0 to 1.
    pub opacity: f32,
    /// Higher is drawn on top.
    pub z: f32,
    /// Uniform colour, for want of a colour map.
    pub colour: [u8; 3],
    /// Name of a colour map; empty = the uniform colour.
    pub colormap: String,
    /// Method.
    pub method: RenderMethod,
    /// Size of the particle pool of streamlines.
    pub particles: u32,
    /// No longer used by anybody.
    pub particle_ttl: u32,
    /// Segments of a streamline.
    pub streamline_length: u32,
    /// No longer used by anybody.
    pub streamline_speed: f32,
    /// Interpolated between cells.
    pub bilinear: bool,
    /// Size of arrows, barbs and dots, pixels.
    pub symbol_px: f32,
    /// 0 = one symbol's width of blank between symbols, 1 = none.
    pub symbol_density: f32,
    /// Width of lines, pixels.
    pub line_px: f32,
}

impl Default for Rendering {
    fn default() -> Self {
        Self {
            shown: true,
            log: false,
            min: 0.0,
            max: 1.0,
            opacity: 1.0,
            z: 0.5,
            colour: [255; 3],
            colormap: Style::default().colormap,
            method: RenderMethod::Raster,
            particles: 1000,
            particle_ttl: 10,
            streamline_length: 20,
            streamline_speed: 0.0,
            bilinear: false,
            symbol_px: 32.0,
            symbol_density: 0.0,
            line_px: 1.0,
        }
    }
}

impl Rendering {
    /// Why this cannot be a configuration; `None` when it can.
    pub fn fault(&self) -> Option<&'static str> {
        let numbers = [
            self.min,
            self.max,
            self.opacity,
            self.z,
            self.streamline_speed,
            self.symbol_px,
            self.symbol_density,
            self.line_px,
        ];
        if numbers.iter().any(|v| !v.is_finite()) {
            return Some("a number of the rendering configuration is not finite");
        }
        let path = |c: char| matches!(c, '/' | '\\' | '\0');
        if self.colormap.contains(path) || self.colormap.len() > 255 {
            return Some("the name of a colour map is not a path");
        }
        None
    }

    /// The style this asks for; what it does not speak of is taken from `base`.
    pub fn style(&self, base: &Style, geometry: Option<GeometryKind>) -> Style {
        let (a, b) = (f64::from(self.min), f64::from(self.max));
        let lowest = a.min(b);
        let method = self.method.method(geometry);
        let symbols = matches!(method, Method::Points | Method::Arrows | Method::Barbs);
        let size = if symbols { self.symbol_px } else { self.line_px };
        Style {
            colormap: self.colormap_id(),
            // The first number belongs to the low end of the map, also when it is the larger one.
            reversed: a > b,
            range: Some([lowest, a.max(b)]),
            log: self.log && lowest > 0.0,
            opacity: self.opacity.clamp(0.0, 1.0),
            filter: if self.bilinear { Filter::Bilinear } else { Filter::Nearest },
            method,
            size_pt: if method == Method::Raster { base.size_pt } else { size.clamp(0.5, 64.0) },
            vector: VectorStyle {
                density: if method == Method::Points {
                    base.vector.density
                } else {
                    self.symbol_density.clamp(0.0, 1.0)
                },
                ..base.vector.clone()
            },
            stream: self.stream(&base.stream),
            ..base.clone()
        }
    }

    /// Streamlines as they were asked for, as far as they can be drawn. A speed of 0 leaves the choice to the view.
    fn stream(&self, base: &StreamStyle) -> StreamStyle {
        let speed = f64::from(self.streamline_speed);
        StreamStyle {
            particles: self.particles.clamp(PARTICLES[0], PARTICLES[1]),
            length: self.streamline_length.clamp(2, 256),
            speed_factor: (speed > 0.0).then(|| speed.clamp(1e-3, 1e9)),
            ..base.clone()
        }
    }

    /// The configuration of a variable nobody has sent one for.
    pub fn of_style(style: &Style, geometry: Option<GeometryKind>, z: f32, shown: bool) -> Self {
        let plain = Self { z, ..Self::default() };
        let was = plain.style(&Style::default(), geometry);
        let method = match style.method {
            Method::Raster => RenderMethod::Raster,
            Method::Line => RenderMethod::Trajectories,
            Method::Points => RenderMethod::Dots,
            Method::Arrows => RenderMethod::Arrows,
            Method::Barbs => RenderMethod::Barbs,
            Method::Streamlines => RenderMethod::Streamlines,
            Method::Rgb => RenderMethod::Rgb,
        };
        Self { method, ..plain.touched(&was, style, shown) }
    }

    /// The configuration that a style changed in the window amounts to: `was` is the style this configuration gave,
    /// `is` the present one. What has not been touched stays as it was sent.
    pub fn touched(&self, was: &Style, is: &Style, shown: bool) -> Self {
        let mut now = Self { shown, ..self.clone() };
        if is.range != was.range || is.reversed != was.reversed {
            let [low, high] = is.effective_range().map(|v| v as f32);
            (now.min, now.max) = if is.reversed { (high, low) } else { (low, high) };
        }
        if is.log != was.log {
            now.log = is.log;
        }
        if is.opacity != was.opacity {
            now.opacity = is.opacity;
        }
        if is.filter != was.filter {
            now.bilinear = is.filter == Filter::Bilinear;
        }
        if is.colormap != was.colormap {
            (now.colormap, now.colour) = match uniform_colour(&is.colormap) {
                Some(colour) => (String::new(), colour),
                None => (is.colormap.clone(), now.colour),
            };
        }
        if is.method != was.method {
            now.method = match is.method {
                Method::Raster => RenderMethod::Raster,
                Method::Line => RenderMethod::Trajectories,
                Method::Points => RenderMethod::Dots,
                Method::Arrows => RenderMethod::Arrows,
                Method::Barbs => RenderMethod::Barbs,
                Method::Streamlines => RenderMethod::Streamlines,
                Method::Rgb => RenderMethod::Rgb,
            };
        }
        if is.stream.particles != was.stream.particles {
            now.particles = is.stream.particles;
        }
        if is.stream.length != was.stream.length {
            now.streamline_length = is.stream.length;
        }
        if is.stream.speed_factor != was.stream.speed_factor {
            now.streamline_speed = is.stream.speed_factor.unwrap_or_default() as f32;
        }
        if is.vector.density != was.vector.density {
            now.symbol_density = is.vector.density;
        }
        if is.size_pt != was.size_pt {
            match is.method {
                Method::Points | Method::Arrows | Method::Barbs => now.symbol_px = is.size_pt,
                Method::Line | Method::Streamlines => now.line_px = is.size_pt,
                Method::Raster | Method::Rgb => {}
            }
        }
        now
    }

    /// Id of the colour map, `#rrggbb` for a uniform colour.
    fn colormap_id(&self) -> String {
        if self.colormap.is_empty() {
            let [r, g, b] = self.colour;
            return format!("#{r:02x}{g:02x}{b:02x}");
        }
        self.colormap.clone()
    }
}

/// The colour an id of the form `#rrggbb` stands for.
pub fn uniform_colour(id: &str) -> Option<[u8; 3]> {
    let hex = id.strip_prefix('#').filter(|h| h.len() == 6 && h.is_ascii())?;
    let channel = |k: usize| u8::from_str_radix(&hex[k..k + 2], 16).ok();
    Some([channel(0)?, channel(2)?, channel(4)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_window_does_not_touch_comes_back_as_sent() {
        let sent = Rendering { z: 500.0, min: 3.0, max: 3.0, opacity: 0.0, line_px: 0.0, ..Rendering::default() };
        let style = sent.style(&Style::default(), Some(GeometryKind::Swath));
        assert_eq!(sent.touched(&style, &style, true), sent);
        let dimmed = Style { opacity: 0.25, ..style.clone() };
        assert_eq!(sent.touched(&style, &dimmed, false), Rendering { opacity: 0.25, shown: false, ..sent });
    }

    #[test]
    fn streamlines_go_both_ways() {
        let sent = Rendering {
            method: RenderMethod::Streamlines,
            particles: 25_000,
            streamline_length: 40,
            streamline_speed: 3600.0,
            line_px: 2.0,
            ..Rendering::default()
        };
        let style = sent.style(&Style::default(), Some(GeometryKind::Grid));
        let stream = &style.stream;
        assert_eq!((style.method, style.size_pt), (Method::Streamlines, 2.0));
        assert_eq!((stream.particles, stream.length, stream.speed_factor), (25_000, 40, Some(3600.0)));
        assert_eq!(sent.touched(&style, &style, true), sent);
        let more =
            Style { stream: StreamStyle { particles: 50_000, speed_factor: None, ..stream.clone() }, ..style.clone() };
        let touched = Rendering { particles: 50_000, streamline_speed: 0.0, ..sent.clone() };
        assert_eq!(sent.touched(&style, &more, true), touched);
        // What cannot be drawn comes back as it was sent.
        let odd = Rendering { particles: 0, streamline_length: 1_000_000, streamline_speed: -1.0, ..sent };
        let drawn = odd.style(&Style::default(), Some(GeometryKind::Grid));
        assert_eq!((drawn.stream.particles, drawn.stream.length, drawn.stream.speed_factor), (100, 256, None));
        assert_eq!(odd.touched(&drawn, &drawn, true), odd);
        assert_eq!(odd.style(&Style::default(), Some(GeometryKind::Track)).method, Method::Line);
    }

    #[test]
    fn colours_methods_and_directions() {
        let plain = Rendering { colormap: String::new(), colour: [50, 12, 87], ..Rendering::default() };
        let style = plain.style(&Style::default(), Some(GeometryKind::Track));
        assert_eq!((style.colormap.as_str(), style.method), ("#320c57", Method::Line));
        assert_eq!(uniform_colour(&style.colormap), Some([50, 12, 87]));
        assert_eq!(uniform_colour("#12345"), None);
        let down = Rendering { min: 30.0, max: 10.0, log: true, ..Rendering::default() };
        let style = down.style(&Style::default(), None);
        assert_eq!((style.range, style.reversed, style.log), (Some([10.0, 30.0]), true, true));
        assert!(Rendering { max: f32::NAN, ..down.clone() }.fault().is_some());
        assert!(Rendering { colormap: "../x".into(), ..down }.fault().is_some());
    }
}
