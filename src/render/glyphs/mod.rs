//! Arrows and wind barbs: where they stand, and what the shader needs to draw each.
//!
//! A symbol stands on a cell and shows that cell's value. Which cells have one depends on a fixed order of the cells in
//! their own index space (or, for tracks and points, in space) and on how far apart they are on the screen there: as a
//! view comes nearer more cells take their turn, one here and one there, each fading in. The density on the screen is
//! the same at every zoom, nothing pops, and panning moves symbols with the ground.

mod direction;
mod lattice;
mod scatter;

use glam::DVec3;
use seaglass_core::style::Method;

use crate::frame::FrameView;
use crate::scene::SceneLayer;
use crate::tree::TileAt;

pub(crate) use direction::Place;
pub(crate) use lattice::of_raster;
pub(crate) use scatter::{Order, of_series};

/// Mean distance of symbols without blank between them, in symbols: new ones come between old ones at 0.7 of it.
const CLOSEST: f64 = 1.0;
/// A symbol is fully there when its spacing is larger by this part than where it begins to show.
const FADE: f64 = 0.12;
/// Lengths of arrows, in symbols: longer ones only say "much".
const LONGEST: f64 = 4.0;
/// Length of a full feather, in symbols; as in `shaders/glyphs.wgsl`.
const FEATHER: f64 = 0.42;
/// Much beyond any wind: the staff would not end.
const MOST_FIVES: i64 = 79;

/// One symbol, as the shader reads it.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct Glyph {
    /// Projected metres from the frame's anchor.
    pub local: [f32; 3],
    /// Value that gives the colour.
    pub value: f32,
    /// Direction in projected space.
    pub toward: [f32; 3],
    /// Arrows: length in pixels. Barbs: fives of knots, -1 for calm.
    pub amount: f32,
    /// Opacity; negative where the feathers lie on the other side.
    pub shown: f32,
}

/// How a layer wants its symbols.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Symbols {
    barbs: bool,
    size_px: f64,
    /// Mean distance of symbols.
    spacing_px: f64,
    /// Speed of an arrow of `size_px`; all are equally long without.
    reference: Option<f64>,
    knots_per_unit: f64,
    /// In one colour: the item's own value does not matter.
    plain: bool,
}

impl Symbols {
    /// The symbols of a layer, at a number of pixels a point.
    pub fn of(layer: &SceneLayer, pixels_per_point: f32) -> Self {
        let style = &layer.style;
        let size_px = f64::from(style.size_pt * pixels_per_point);
        Self {
            barbs: style.method == Method::Barbs,
            size_px,
            spacing_px: CLOSEST * size_px * (2.0 - f64::from(style.vector.density.clamp(0.0, 1.0))),
            reference: style.vector.reference.filter(|r| *r > 0.0),
            knots_per_unit: layer.knots_per_unit,
            plain: style.vector.colour.is_some(),
        }
    }

    /// Smallest spacing at which anything shows: that of the first of the new ones.
    fn least_px(&self) -> f64 {
        self.spacing_px * std::f64::consts::FRAC_1_SQRT_2
    }

    /// How much of a symbol shows whose own spacing on the screen is this; `begin` is where it begins to.
    fn shown(spacing_px: f64, begin_px: f64) -> f64 {
        let t = ((spacing_px / begin_px - 1.0) / FADE).clamp(0.0, 1.0);
        t * t * (3.0 - 2.0 * t)
    }

    /// The symbol of a vector at a place; `None` where something is missing.
    fn glyph(&self, frame: &FrameView, place: &Place, [value, u, v]: [f32; 3], shown: f64) -> Option<Glyph> {
        if u.is_nan() || v.is_nan() || (value.is_nan() && !self.plain) {
            return None;
        }
        let (u, v) = (f64::from(u), f64::from(v));
        let speed = u.hypot(v);
        let amount = if self.barbs {
            fives(speed * self.knots_per_unit) as f32
        } else if speed == 0.0 {
            0.0
        } else {
            (self.size_px * self.reference.map_or(1.0, |r| (speed / r).min(LONGEST))) as f32
        };
        let toward = place.toward(u, v);
        if !self.lies_on_map(frame, place, toward, amount) {
            return None;
        }
        let at = place.v + DVec3::X * frame.turn_shift(place.v.x);
        let side = if self.barbs && place.lat_deg < 0.0 { -1.0 } else { 1.0 };
        Some(Glyph {
            local: (at - frame.anchor).as_vec3().to_array(),
            value: if self.plain { 0.0 } else { value },
            toward: toward.as_vec3().to_array(),
            amount,
            shown: (side * shown) as f32,
        })
    }

    /// Whether a symbol ends on the map that it stands on: one that does not would hang over its edge.
    fn lies_on_map(&self, frame: &FrameView, place: &Place, toward: DVec3, amount: f32) -> bool {
        let projection = frame.view.camera.projection;
        if !projection.is_map() {
            return true;
        }
        let m_per_px = frame.m_per_px(place.v, 0.0);
        let on_map = |px: DVec3| projection.unproject((place.v + px * m_per_px).with_z(0.0)).is_some();
        if !self.barbs {
            let half = toward * (0.5 * f64::from(amount));
            return on_map(half) && on_map(-half);
        }
        // The staff, and its feathers towards low pressure.
        let staff = -toward * self.size_px;
        let side = if place.lat_deg < 0.0 { 1.0 } else { -1.0 };
        let feather = DVec3::new(toward.y, -toward.x, 0.0) * (side * FEATHER * self.size_px);
        on_map(staff) && on_map(staff + feather)
    }
}

/// Symbols of one item, and the tiles they are from.
#[derive(Debug, Default)]
pub(crate) struct Placed {
    pub glyphs: Vec<Glyph>,
    pub tiles: Vec<TileAt>,
}

/// Fives of knots that the feathers of a barb add up to (half 5, full 10, pennant 50), from whole knots to the nearest 5,
/// as the WMO rounds them: 3 to 7 are a half feather, 1 and 2 a bare staff. -1 stands for calm, a circle.
pub(crate) fn fives(knots: f64) -> i64 {
    let whole = knots.round().clamp(0.0, 1e6) as i64;
    if whole < 1 { -1 } else { ((whole + 2) / 5).min(MOST_FIVES) }
}

/// A number in [0, 1) that looks like chance, the same for the same pair.
fn chance(a: i64, b: i64) -> f64 {
    // splitmix64 (Steele, Lea, Flood 2014).
    let mut x = (a as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (b as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests;
