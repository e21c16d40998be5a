//! One frame's geometry: culling in f64, and the uniforms the shaders see.

use glam::{DVec2, DVec3, DVec4, Mat4, Vec4};
use seaglass_core::camera::{Camera, View};
use seaglass_core::geo::{WGS84_A_M, WGS84_B_M};
use seaglass_core::projection::{DEPTH_SCALE, MERCATOR_LAT_MAX_DEG, POLAR_LAT_LIMIT_DEG, Plane, Projection};
use seaglass_core::{geo::LonLat, projection};

/// Mirror of `Frame` in `shaders/shared/frame.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct FrameUniform {
    clip_from_local: [[f32; 4]; 4],
    facing: [f32; 4],
    bounds: [f32; 4],
    misc: [f32; 4],
}

/// Mirror of `Sky` in `shaders/sky.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct SkyUniform {
    forward: [f32; 4],
    right: [f32; 4],
    up: [f32; 4],
    eye: [f32; 4],
    part: [f32; 4],
    glow: [f32; 4],
}

/// Distance of the eye for the atmosphere of the orthographic globe.
const SKY_EYE_M: f64 = 30.0 * WGS84_A_M;

/// The rectangle of the full picture that a target shows, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Part {
    /// Top left corner.
    pub origin: DVec2,
    /// Size.
    pub size: DVec2,
}

/// A view prepared for culling and for the GPU. Every vertex of the frame is relative to one anchor, the place in the
/// middle of the view: shared vertices are bit-identical in all patches, and f32 is finest where pixels are smallest.
#[derive(Clone, Debug)]
pub(crate) struct FrameView {
    /// The view.
    pub view: View,
    /// Projected position all vertices are relative to.
    pub anchor: DVec3,
    /// Shifts at which cylindrical maps are drawn; `[0]` otherwise.
    pub copies: Vec<f64>,
    /// Width of one turn on cylindrical maps.
    pub turn: Option<f64>,
    /// On a map that is cut open: it, and the x of its middle meridian.
    pub cut: Option<(Plane, f64)>,
    globe: bool,
    /// The globe with parallel rays.
    parallel: bool,
    /// Where the surface faces the eye `facing · p` is more than this.
    facing_least: f64,
    right: DVec3,
    up: DVec3,
    forward: DVec3,
    half: f64,
    /// Eye (or the direction to it) in the metric where the ellipsoid's normals are linear.
    facing: DVec3,
    /// Globe: inward normals of the four sides of the view pyramid.
    sides: [DVec3; 4],
    /// Height of the eye over the ellipsoid, metres (lower bound of any distance to the surface).
    eye_height: f64,
    extent: (f64, f64, f64, f64),
}

impl FrameView {
    /// Prepares a view.
    pub fn new(view: View) -> Self {
        let (right, up, forward, half) = view.axes();
        let globe = view.is_globe();
        let projection = view.camera.projection;
        let aspect = view.size_px.x / view.size_px.y;
        let (hx, hy) = (half * aspect, half);
        let sides = [forward * hx + right, forward * hx - right, forward * hy + up, forward * hy - up];
        let inverse = DVec3::new(WGS84_A_M, WGS84_A_M, WGS84_B_M).powf(-2.0);
        let turn = projection.turn_m();
        let copies = match turn {
            // Patches and lines near the far meridian reach beyond half a turn.
            Some(turn) => view.map_copies(view.eye.x - 0.6 * turn, view.eye.x + 0.6 * turn),
            None => vec![0.0],
        };
        let ground = LonLat::from_surface_ecef(view.eye);
        let parallel = view.is_parallel();
        let facing = match (globe, parallel) {
            (false, _) => DVec3::ZERO,
            (true, false) => view.eye * inverse,
            // Of the size of a cosine, as the other.
            (true, true) => -forward * inverse * WGS84_A_M,
        };
        let cut = match projection {
            Projection::Plane(plane) if plane.cut_about_deg().is_some() => {
                plane.project_extended(plane.middle()).map(|v| (plane, v.x))
            }
            _ => None,
        };
        Self {
            cut,
            parallel,
            facing_least: if parallel { 0.0 } else { 1.0 },
            anchor: if globe { view.camera.target.ecef() } else { view.eye },
            copies,
            turn,
            globe,
            right,
            up,
            forward,
            half,
            facing,
            sides: sides.map(DVec3::normalize),
            eye_height: if globe { view.eye.distance(ground.ecef()).max(1.0) } else { 0.0 },
            extent: view.map_extent(),
            view,
        }
    }

    /// The view from a little further back: what lies just outside of this one is inside.
    pub fn wider(&self) -> Self {
        let camera = Camera { altitude_m: 1.2 * self.view.camera.altitude_m, ..self.view.camera };
        Self::new(camera.view(self.view.size_px.x, self.view.size_px.y))
    }

    /// Whether a ball of projected space may show on the screen.
    pub fn sees(&self, centre: DVec3, radius: f64) -> bool {
        if !self.globe {
            let (x0, y0, x1, y1) = self.extent;
            let inside = |x: f64| x + radius >= x0 && x - radius <= x1;
            let x = centre.x + self.turn_shift(centre.x);
            return centre.y + radius >= y0
                && centre.y - radius <= y1
                && self.copies.iter().any(|shift| inside(x + shift));
        }
        if self.facing.dot(centre) - self.facing_least < -self.facing.length() * radius {
            return false;
        }
        let from_eye = centre - self.view.eye;
        if self.parallel {
            let half = DVec2::new(self.half * self.view.size_px.x / self.view.size_px.y, self.half);
            let off = DVec2::new(from_eye.dot(self.right), from_eye.dot(self.up)).abs();
            return off.cmple(half + radius).all();
        }
        self.sides.iter().all(|n| n.dot(from_eye) >= -radius)
    }

    /// Projected metres of a pixel at the point of a ball nearest to the eye.
    pub fn m_per_px(&self, centre: DVec3, radius: f64) -> f64 {
        if !self.globe || self.parallel {
            return 2.0 * self.half / self.view.size_px.y;
        }
        let distance = (centre.distance(self.view.eye) - radius).max(0.9 * self.eye_height);
        2.0 * self.half * distance / self.view.size_px.y
    }

    /// Metres on the ground of a pixel in the middle of the view.
    pub fn ground_m_per_px(&self) -> f64 {
        let camera = &self.view.camera;
        self.m_per_px(self.anchor, 0.0) / camera.projection.scale_at(camera.target)
    }

    /// Pixels of a metre on the ground at a distance of one metre on the globe; on maps and the orthographic globe, at the
    /// middle of the view.
    pub fn px_per_m(&self) -> f64 {
        let camera = &self.view.camera;
        self.view.size_px.y / (2.0 * self.half) * camera.projection.scale_at(camera.target)
    }

    /// `x` moved by whole turns so that it lies within half a turn of the middle of the view; the shift to add.
    pub fn turn_shift(&self, x: f64) -> f64 {
        match self.turn {
            Some(turn) => -((x - self.view.eye.x) / turn).round() * turn,
            None => 0.0,
        }
    }

    /// The uniform for one copy of the map and one part of the picture.
    pub fn uniform(&self, shift: f64, part: Part, pixels_per_point: f32) -> FrameUniform {
        let size = self.view.size_px;
        let scale = size / part.size;
        let middle = (part.origin + part.size / 2.0) / size * 2.0 - 1.0;
        // x' = (x − middle·w) · scale; clip-space y points up, pixel rows down.
        let mut crop = Mat4::from_scale(glam::DVec3::new(scale.x, scale.y, 1.0).as_vec3());
        crop.w_axis = Vec4::new(0.0, 0.0, 0.0, 1.0);
        let offset = DVec2::new(-middle.x * scale.x, middle.y * scale.y).as_vec2();
        let matrix = self.view.clip_from_local(self.anchor + DVec3::X * shift);
        let mut cropped = crop * matrix;
        for column in [&mut cropped.x_axis, &mut cropped.y_axis, &mut cropped.z_axis, &mut cropped.w_axis] {
            let w = column.w;
            column.x += offset.x * w;
            column.y += offset.y * w;
        }
        let facing = match self.view.camera.projection {
            _ if self.globe => self.facing.extend(self.facing.dot(self.anchor) - self.facing_least),
            // What lies inside the map has a positive depth: beyond the edge nothing is drawn, as behind the horizon.
            Projection::Plane(_) => DVec4::new(0.0, 0.0, DEPTH_SCALE, 0.0),
            _ => DVec4::new(0.0, 0.0, 0.0, 1.0),
        };
        let (bounds, disc) = self.map_bounds();
        FrameUniform {
            clip_from_local: cropped.to_cols_array_2d(),
            facing: facing.as_vec4().to_array(),
            bounds: bounds.as_vec4().to_array(),
            misc: [disc as f32, pixels_per_point, part.size.x as f32, part.size.y as f32],
        }
    }

    /// Local y limits and pole of the map, and its squared radius (0: none).
    fn map_bounds(&self) -> (DVec4, f64) {
        let limit = |lat: f64| {
            let p = self.view.camera.projection.project(LonLat::new(0.0, lat));
            p.map_or(f64::MAX, |v| v.y)
        };
        let open = DVec4::new(-1e30, 1e30, 0.0, 0.0);
        match self.view.camera.projection {
            Projection::Globe | Projection::Orthographic | Projection::Plane(_) => (open, 0.0),
            Projection::Equirectangular => {
                (DVec4::new(limit(-90.0) - self.anchor.y, limit(90.0) - self.anchor.y, 0.0, 0.0), 0.0)
            }
            Projection::Mercator => {
                let edge = limit(MERCATOR_LAT_MAX_DEG);
                (DVec4::new(-edge - self.anchor.y, edge - self.anchor.y, 0.0, 0.0), 0.0)
            }
            projection::Projection::PolarNorth | projection::Projection::PolarSouth => {
                let lat = if self.view.camera.projection == Projection::PolarNorth { 1.0 } else { -1.0 };
                let rim = self.view.camera.projection.project(LonLat::new(0.0, lat * POLAR_LAT_LIMIT_DEG));
                let radius2 = rim.map_or(0.0, |v| v.length_squared());
                (DVec4::new(-1e30, 1e30, -self.anchor.x, -self.anchor.y), radius2)
            }
        }
    }

    /// Uniform of the atmosphere; `None` on maps and where the limb is far outside the picture.
    pub fn sky(&self, part: Part) -> Option<SkyUniform> {
        if !self.globe || self.limb_is_out_of_sight() {
            return None;
        }
        let size = self.view.size_px;
        let scaled = |v: DVec3| v / DVec3::new(WGS84_A_M, WGS84_A_M, WGS84_B_M);
        let aspect = size.x / size.y;
        // Parallel rays stand for those from far away: thirty radii move the limb by half a thousandth.
        let (eye, half) = if self.parallel {
            let axis = self.anchor - self.forward * self.anchor.dot(self.forward);
            (axis - self.forward * SKY_EYE_M, self.half / SKY_EYE_M)
        } else {
            (self.view.eye, self.half)
        };
        let eye = scaled(eye);
        let middle = (part.origin + part.size / 2.0) / size * 2.0 - 1.0;
        let vec = |v: DVec3| v.extend(0.0).as_vec4().to_array();
        Some(SkyUniform {
            forward: vec(scaled(self.forward) * WGS84_A_M),
            right: vec(scaled(self.right) * WGS84_A_M * half * aspect),
            up: vec(scaled(self.up) * WGS84_A_M * half),
            eye: eye.extend(eye.length_squared() - 1.0).as_vec4().to_array(),
            part: DVec4::new(middle.x, -middle.y, part.size.x / size.x, part.size.y / size.y).as_vec4().to_array(),
            glow: [(2.0 * half / size.y) as f32, 1.0, 0.0, 0.0],
        })
    }

    /// All corners and edge middles look steeply enough at the ground for haze to be invisible.
    fn limb_is_out_of_sight(&self) -> bool {
        let size = self.view.size_px;
        (0..9).all(|k| {
            let px = DVec2::new(f64::from(k % 3), f64::from(k / 3)) * 0.5 * size;
            self.view.lonlat_from_screen(px).is_some_and(|p| self.view.facing(p) > 0.75)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uniform_matrix_agrees_with_the_view_in_f32() {
        for projection in Projection::ALL {
            let lat = if projection == Projection::PolarSouth { -70.0 } else { 70.0 };
            let target = LonLat::new(179.99, lat);
            let projection = projection.about(target);
            let camera = Camera { target, altitude_m: 15_000.0, projection, ..Camera::default() };
            let frame = FrameView::new(camera.view(1200.0, 800.0));
            let place = LonLat::new(180.02, lat + 0.01);
            let expected = frame.view.screen_from_lonlat(place).unwrap();
            let v = projection.project(place).unwrap();
            let local = (v + DVec3::X * frame.turn_shift(v.x) - frame.anchor).as_vec3();
            for (origin, size) in [((0.0, 0.0), (1200.0, 800.0)), ((300.0, 100.0), (500.0, 400.0))] {
                let part = Part { origin: DVec2::from(origin), size: DVec2::from(size) };
                let u = frame.uniform(0.0, part, 1.0);
                let clip = Mat4::from_cols_array_2d(&u.clip_from_local) * local.extend(1.0);
                let x = (f64::from(clip.x / clip.w) + 1.0) / 2.0 * part.size.x + part.origin.x;
                let y = (1.0 - f64::from(clip.y / clip.w)) / 2.0 * part.size.y + part.origin.y;
                assert!(DVec2::new(x, y).distance(expected) < 0.01, "{projection:?} {x} {y} {expected}");
            }
        }
    }

    #[test]
    fn culling_keeps_what_is_on_screen() {
        let camera = Camera { altitude_m: 2e6, tilt_deg: 50.0, ..Camera::default() };
        let frame = FrameView::new(camera.view(800.0, 600.0));
        for x in 0..=8 {
            for y in 0..=6 {
                let px = DVec2::new(f64::from(x), f64::from(y)) * 100.0;
                if let Some(p) = frame.view.lonlat_from_screen(px) {
                    assert!(frame.sees(p.ecef(), 1.0), "{px}");
                }
            }
        }
        assert!(!frame.sees(LonLat::new(138.0, -20.0).ecef(), 1e5));
    }
}
