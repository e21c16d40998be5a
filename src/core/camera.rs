//! The camera and the view it gives: where a place is on the screen, and back. All in f64.

use glam::{DMat4, DVec2, DVec3, DVec4, Mat4};
use serde::{Deserialize, Serialize};

use crate::geo::{GeoBox, LonLat, WGS84_A_M, WGS84_B_M, unwrap_near, wrap_180};
use crate::projection::{Plane, Projection};

mod flight;
mod framing;

pub use flight::{Easing, Stop, along, flown};

/// Vertical field of view, degrees.
pub const FIELD_OF_VIEW_DEG: f64 = 45.0;
/// Nearest and farthest distance of the camera from its target.
pub const ALTITUDE_RANGE_M: [f64; 2] = [100.0, 60_000_000.0];

/// Where the user looks from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Camera {
    /// Place in the middle of the view.
    pub target: LonLat,
    /// Distance from the camera to the target, metres. On maps: the same visible height as the globe has at the target.
    pub altitude_m: f64,
    /// Direction at the top of the view, degrees clockwise from north. On maps: rotation of the map.
    pub heading_deg: f64,
    /// 0 looks straight down, 85 almost along the ground. Ignored on maps.
    pub tilt_deg: f64,
    /// Globe or map.
    pub projection: Projection,
}

impl Default for Camera {
    fn default() -> Self {
        Self {
            target: LonLat::new(-42.0, 20.0),
            altitude_m: 14_200_000.0,
            heading_deg: 0.0,
            tilt_deg: 0.0,
            projection: Projection::Globe,
        }
    }
}

impl Camera {
    /// All values in their ranges; NaN replaced by the default.
    #[must_use]
    pub fn sanitized(mut self) -> Self {
        let default = Self::default();
        let or = |v: f64, d: f64| if v.is_finite() { v } else { d };
        self.target = LonLat::new(
            wrap_180(or(self.target.lon_deg, default.target.lon_deg)),
            or(self.target.lat_deg, default.target.lat_deg).clamp(-90.0, 90.0),
        );
        self.target = self.projection.clamp_centre(self.target);
        self.altitude_m = or(self.altitude_m, default.altitude_m).clamp(ALTITUDE_RANGE_M[0], ALTITUDE_RANGE_M[1]);
        self.heading_deg = wrap_180(or(self.heading_deg, 0.0));
        self.tilt_deg = or(self.tilt_deg, 0.0).clamp(0.0, 85.0);
        self
    }

    /// The view of this camera on a screen of that many pixels.
    pub fn view(&self, width_px: f64, height_px: f64) -> View {
        View::new(self.sanitized(), width_px.max(1.0), height_px.max(1.0))
    }

    /// The camera after dragging the place `grabbed` to the pixel `to_px`.
    #[must_use]
    pub fn dragged(&self, grabbed: LonLat, to_px: DVec2, size_px: DVec2) -> Self {
        let mut camera = *self;
        let map_scale = camera.projection.scale_at(camera.target) * camera.altitude_m;
        for _ in 0..8 {
            let view = camera.view(size_px.x, size_px.y);
            let Some(here) = view.lonlat_from_screen(to_px) else { break };
            if let (true, Some(a), Some(b), Some(c)) = (
                camera.projection.is_map(),
                camera.projection.project(LonLat::new(unwrap_near(grabbed.lon_deg, here.lon_deg), grabbed.lat_deg)),
                camera.projection.project(here),
                camera.projection.project(camera.target),
            ) {
                let Some(target) = camera.projection.unproject(c + a - b) else { break };
                camera.target = target;
                // The map keeps its own scale while its centre moves.
                camera.altitude_m = map_scale / camera.projection.scale_at(camera.target);
            } else {
                let dlon = wrap_180(grabbed.lon_deg - here.lon_deg);
                camera.target.lon_deg += dlon.clamp(-60.0, 60.0);
                camera.target.lat_deg = (camera.target.lat_deg + grabbed.lat_deg - here.lat_deg).clamp(-90.0, 90.0);
            }
            if here.up().distance(grabbed.up()) < 1e-9 {
                break;
            }
        }
        camera.sanitized()
    }

    /// The camera `factor` times as far away, with the place under the pixel staying there.
    #[must_use]
    pub fn zoomed(&self, factor: f64, at_px: Option<DVec2>, size_px: DVec2) -> Self {
        let mut camera = *self;
        camera.altitude_m *= factor;
        let camera = camera.sanitized();
        let grabbed = at_px.and_then(|px| Some((px, self.view(size_px.x, size_px.y).lonlat_from_screen(px)?)));
        match grabbed {
            Some((px, place)) if camera.view(size_px.x, size_px.y).lonlat_from_screen(px).is_some() => {
                camera.dragged(place, px, size_px)
            }
            _ => camera,
        }
    }

    /// The camera that shows a box with a little margin.
    #[must_use]
    pub fn framing(&self, target: &GeoBox, size_px: DVec2) -> Self {
        framing::of_box(self, target, size_px)
    }

    /// The camera that shows these places with a little margin: as many as can be seen together.
    #[must_use]
    pub fn framing_places(&self, places: &[LonLat], size_px: DVec2) -> Self {
        framing::of_places(self, places, size_px)
    }
}

/// The whole Earth, and north.
impl Camera {
    /// The camera that shows the whole Earth upright: on the globe from afar above the same place, on cylindrical maps one
    /// turn and both ends of the map, on polar maps the hemisphere down to the equator.
    #[must_use]
    pub fn whole_earth(&self, size_px: DVec2) -> Self {
        let home = Self { projection: self.projection, ..Self::default() };
        let turn_m = WGS84_A_M * std::f64::consts::TAU;
        let equator_m = || self.projection.project(LonLat::new(0.0, 0.0)).map_or(0.0, DVec3::length);
        let (lat, half) = match self.projection {
            Projection::Globe => return Self { target: self.target, ..home }.sanitized(),
            Projection::Orthographic => {
                let tan = (FIELD_OF_VIEW_DEG.to_radians() / 2.0).tan();
                let altitude_m = 1.06 * WGS84_A_M / (tan * (size_px.x / size_px.y).min(1.0));
                return Self { target: self.target, altitude_m, ..home }.sanitized();
            }
            Projection::Plane(plane) => return self.whole_plane(plane, size_px),
            Projection::Equirectangular => (0.0, DVec2::new(turn_m / 2.0, turn_m / 4.0)),
            Projection::Mercator => (0.0, DVec2::splat(turn_m / 2.0)),
            Projection::PolarNorth => (90.0, DVec2::splat(equator_m())),
            Projection::PolarSouth => (-90.0, DVec2::splat(equator_m())),
        };
        let target = LonLat::new(self.target.lon_deg, lat);
        let tan = (FIELD_OF_VIEW_DEG.to_radians() / 2.0).tan();
        let need = half.y.max(half.x * size_px.y / size_px.x);
        let altitude_m = need / (tan * self.projection.scale_at(target)) * 1.02;
        Self { target, altitude_m, ..home }.sanitized()
    }

    /// The heading at which north at the target points up. Only on polar maps does it depend on the place; at the pole
    /// itself, where there is no north, the map stands as its projection defines it.
    pub fn north_heading_deg(&self) -> f64 {
        let away = match self.projection {
            Projection::Plane(_) => return self.plane_north_deg(),
            Projection::PolarNorth => -1.0,
            Projection::PolarSouth => 1.0,
            _ => return 0.0,
        };
        if self.target.lat_deg.abs() > 89.999 {
            return 0.0;
        }
        let north = self.projection.project(self.target).unwrap_or(DVec3::ZERO) * away;
        wrap_180(north.x.atan2(north.y).to_degrees())
    }
}

/// The same for maps: as near as the projected box allows.
impl Camera {
    /// All that is drawn of a map.
    fn whole_plane(&self, plane: Plane, size_px: DVec2) -> Self {
        let home = Self { projection: self.projection, ..Self::default() };
        let (mut low, mut high) = (DVec2::INFINITY, DVec2::NEG_INFINITY);
        let middle = plane.middle();
        for k in 0..=72 {
            for l in 0..=36 {
                // Just inside of the cut, which is on both sides.
                let off = (f64::from(k) * 5.0 - 180.0) * (1.0 - 1e-9);
                let place = plane.clamp(LonLat::new(middle.lon_deg + off, f64::from(l) * 5.0 - 90.0));
                if let Some(v) = plane.project_extended(place).filter(|v| v.is_finite()) {
                    (low, high) = (low.min(v.truncate()), high.max(v.truncate()));
                }
            }
        }
        let centre = (low + high) / 2.0;
        let target = plane.unproject(centre.extend(0.0)).unwrap_or(middle);
        let Some(at) = self.projection.project(target) else { return home };
        let half = (high - at.truncate()).max(at.truncate() - low);
        let tan = (FIELD_OF_VIEW_DEG.to_radians() / 2.0).tan();
        let need = half.y.max(half.x * size_px.y / size_px.x);
        let altitude_m = need / (tan * self.projection.scale_at(target)) * 1.02;
        Self { target, altitude_m, ..home }.sanitized()
    }

    /// Direction of north on the map at the target, degrees clockwise from its y axis.
    fn plane_north_deg(&self) -> f64 {
        if self.target.lat_deg.abs() > 89.999 {
            return 0.0;
        }
        let at = |lat: f64| self.projection.project_extended(LonLat::new(self.target.lon_deg, lat));
        let (Some(a), Some(b)) = (at(self.target.lat_deg - 1e-5), at(self.target.lat_deg + 1e-5)) else { return 0.0 };
        let north = b - a;
        // Rounding is no direction.
        let deg = north.x.atan2(north.y).to_degrees();
        if deg.abs() < 1e-7 { 0.0 } else { wrap_180(deg) }
    }
}

/// A camera on a screen of a given size. Pixels: x right, y down, (0, 0) the top left corner of the top left pixel.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The camera.
    pub camera: Camera,
    /// Width and height in pixels.
    pub size_px: DVec2,
    /// Eye (globe) or map centre, metres.
    pub eye: DVec3,
    right: DVec3,
    up: DVec3,
    forward: DVec3,
    /// Globe: tangent of half the vertical field of view. Maps and the orthographic globe: half the visible height in
    /// metres.
    half: f64,
    /// The globe seen from infinitely far away.
    parallel: bool,
}

/// Distance of the eye of the orthographic globe. Its rays are parallel; this only stands for "beyond everything".
const FAR_EYE_M: f64 = 1e9;

impl View {
    fn new(camera: Camera, width_px: f64, height_px: f64) -> Self {
        let tan = (FIELD_OF_VIEW_DEG.to_radians() / 2.0).tan();
        let size_px = DVec2::new(width_px, height_px);
        let (sin_h, cos_h) = camera.heading_deg.to_radians().sin_cos();
        if camera.projection.is_map() {
            let eye = camera.projection.project(camera.target).unwrap_or(DVec3::ZERO).with_z(0.0);
            return Self {
                parallel: false,
                camera,
                size_px,
                eye,
                right: DVec3::new(cos_h, -sin_h, 0.0),
                up: DVec3::new(sin_h, cos_h, 0.0),
                forward: -DVec3::Z,
                half: camera.altitude_m * tan * camera.projection.scale_at(camera.target),
            };
        }
        let (sin_t, cos_t) = camera.tilt_deg.to_radians().sin_cos();
        let zenith = camera.target.up();
        let ahead = camera.target.north() * cos_h + camera.target.east() * sin_h;
        let forward = (ahead * sin_t - zenith * cos_t).normalize();
        let up = (ahead * cos_t + zenith * sin_t).normalize();
        let parallel = camera.projection == Projection::Orthographic;
        let away_m = if parallel { FAR_EYE_M } else { camera.altitude_m };
        Self {
            camera,
            size_px,
            eye: camera.target.ecef() - forward * away_m,
            right: forward.cross(up),
            up,
            forward,
            half: if parallel { tan * camera.altitude_m } else { tan },
            parallel,
        }
    }

    /// Right, up and forward unit vectors of the camera, and `half`: on the globe the tangent of half the vertical field of
    /// view, on maps and the orthographic globe half the visible height in metres.
    pub fn axes(&self) -> (DVec3, DVec3, DVec3, f64) {
        (self.right, self.up, self.forward, self.half)
    }

    /// Whether this is the globe.
    pub fn is_globe(&self) -> bool {
        !self.camera.projection.is_map()
    }

    /// Whether this is the globe from infinitely far away: its rays are parallel.
    pub fn is_parallel(&self) -> bool {
        self.parallel
    }

    /// Clip-space coordinates (f64) of a projected position. Depth is constant: order comes from the layer stack.
    fn clip(&self, v: DVec3) -> DVec4 {
        let d = v - self.eye;
        let aspect = self.size_px.x / self.size_px.y;
        let (x, y) = (d.dot(self.right) / (self.half * aspect), d.dot(self.up) / self.half);
        if self.parallel {
            // All equally far away: an Earth radius, so that the shaders' measure of slant is that of the other globe.
            DVec4::new(x * WGS84_A_M, y * WGS84_A_M, 0.5 * WGS84_A_M, WGS84_A_M)
        } else if self.is_globe() {
            let w = d.dot(self.forward);
            DVec4::new(x, y, 0.5 * w, w)
        } else {
            DVec4::new(x, y, 0.5, 1.0)
        }
    }

    /// Matrix from positions relative to `anchor` (projected metres) to clip space. Made in f64, so that only the small
    /// relative coordinates suffer the GPU's f32.
    pub fn clip_from_local(&self, anchor: DVec3) -> Mat4 {
        let origin = self.clip(anchor);
        let column = |axis: DVec3| self.clip(anchor + axis) - origin;
        // `clip` is affine, but differences of large numbers lose digits: take the axes at the eye instead.
        let at_eye = self.clip(self.eye);
        let axis = |a: DVec3| if self.is_globe() { self.clip(self.eye + a) - at_eye } else { column(a) };
        DMat4::from_cols(axis(DVec3::X), axis(DVec3::Y), axis(DVec3::Z), origin).as_mat4()
    }

    /// Pixel of a place; `None` behind the horizon, behind the camera or off the map's domain. The pixel may lie off screen.
    /// On cylindrical maps the copy of the place nearest to the centre is taken.
    pub fn screen_from_lonlat(&self, p: LonLat) -> Option<DVec2> {
        let p = if self.camera.projection.turn_m().is_some() {
            LonLat::new(unwrap_near(p.lon_deg, self.camera.target.lon_deg), p.lat_deg)
        } else {
            p
        };
        let v = self.camera.projection.project(p)?;
        if self.is_globe() && !self.faces(p, v) {
            return None;
        }
        self.screen_from_projected(v)
    }

    /// Pixel of a projected position, without horizon test; `None` behind the camera.
    pub fn screen_from_projected(&self, v: DVec3) -> Option<DVec2> {
        let c = self.clip(v);
        (c.w > 0.0)
            .then(|| DVec2::new((c.x / c.w + 1.0) / 2.0 * self.size_px.x, (1.0 - c.y / c.w) / 2.0 * self.size_px.y))
    }

    /// Whether the surface at `p` (projected to `v`) faces the eye: not beyond the horizon.
    pub fn faces(&self, p: LonLat, v: DVec3) -> bool {
        p.up().dot(if self.parallel { -self.forward } else { self.eye - v }) > 0.0
    }

    /// Cosine of the angle between the surface's normal at a place and the direction to the eye: 1 seen from straight
    /// above, 0 at the horizon; on maps always 1.
    pub fn facing(&self, p: LonLat) -> f64 {
        match (self.is_globe(), self.parallel) {
            (false, _) => 1.0,
            (true, true) => -p.up().dot(self.forward),
            (true, false) => p.up().dot((self.eye - p.ecef()).normalize_or_zero()),
        }
    }

    /// Place under a pixel; `None` in space or off the map. Longitude within ±180.
    pub fn lonlat_from_screen(&self, px: DVec2) -> Option<LonLat> {
        let aspect = self.size_px.x / self.size_px.y;
        let x = (px.x / self.size_px.x * 2.0 - 1.0) * self.half * aspect;
        let y = (1.0 - px.y / self.size_px.y * 2.0) * self.half;
        if !self.is_globe() {
            let v = self.eye + self.right * x + self.up * y;
            return self.camera.projection.unproject(v).map(|p| p.normalized());
        }
        let (eye, ray) = if self.parallel {
            // From outside of the Earth, near enough to lose no digits.
            (self.camera.target.ecef() + self.right * x + self.up * y - self.forward * 3e7, self.forward)
        } else {
            (self.eye, self.forward + self.right * x + self.up * y)
        };
        // The ellipsoid becomes the unit sphere in scaled space.
        let scale = DVec3::new(1.0 / WGS84_A_M, 1.0 / WGS84_A_M, 1.0 / WGS84_B_M);
        let (o, d) = (eye * scale, ray * scale);
        let (a, b, c) = (d.dot(d), o.dot(d), o.dot(o) - 1.0);
        let disc = b * b - a * c;
        if disc < 0.0 {
            return None;
        }
        // c / (−b + √disc) is the nearer root without cancellation.
        let t = c / (-b + disc.sqrt());
        (t > 0.0).then(|| LonLat::from_surface_ecef(eye + ray * t))
    }

    /// Ground metres of one pixel at the target.
    pub fn metres_per_px(&self) -> f64 {
        let tan = (FIELD_OF_VIEW_DEG.to_radians() / 2.0).tan();
        2.0 * self.camera.altitude_m * tan / self.size_px.y
    }

    /// Projected metres of one pixel at a projected position.
    pub fn projected_m_per_px(&self, v: DVec3) -> f64 {
        if self.is_globe() && !self.parallel {
            2.0 * self.half * v.distance(self.eye) / self.size_px.y
        } else {
            2.0 * self.half / self.size_px.y
        }
    }

    /// Map rectangle of a flat view in map metres: `(x_min, y_min, x_max, y_max)` around the rotated screen.
    pub fn map_extent(&self) -> (f64, f64, f64, f64) {
        let aspect = self.size_px.x / self.size_px.y;
        let (hx, hy) = (self.half * aspect, self.half);
        let ex = self.right.x.abs() * hx + self.up.x.abs() * hy;
        let ey = self.right.y.abs() * hx + self.up.y.abs() * hy;
        (self.eye.x - ex, self.eye.y - ey, self.eye.x + ex, self.eye.y + ey)
    }

    /// Shifts in map metres at which something spanning `x_min..x_max` must be drawn to fill a cylindrical map.
    pub fn map_copies(&self, x_min: f64, x_max: f64) -> Vec<f64> {
        let Some(turn) = self.camera.projection.turn_m() else { return vec![0.0] };
        let (left, _, right, _) = self.map_extent();
        let first = ((left - x_max) / turn).ceil() as i64;
        let last = ((right - x_min) / turn).floor() as i64;
        (first..=last.min(first + 8)).map(|k| k as f64 * turn).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_target_is_in_the_middle() {
        for projection in Projection::ALL {
            let lat = if projection == Projection::PolarSouth { -60.0 } else { 60.0 };
            let projection = projection.about(LonLat::new(179.5, lat));
            let camera = Camera {
                target: LonLat::new(179.5, lat),
                projection,
                heading_deg: 30.0,
                tilt_deg: 40.0,
                ..Camera::default()
            };
            let view = camera.view(800.0, 600.0);
            let px = view.screen_from_lonlat(camera.target).unwrap();
            assert!(px.distance(DVec2::new(400.0, 300.0)) < 1e-6, "{projection:?} {px}");
        }
    }

    #[test]
    fn the_far_side_is_hidden() {
        let view = Camera::default().view(800.0, 600.0);
        assert!(view.screen_from_lonlat(LonLat::new(138.0, -20.0)).is_none());
        assert!(view.lonlat_from_screen(DVec2::new(1.0, 1.0)).is_none());
    }

    #[test]
    fn framing_on_a_map_shows_the_whole_box_and_little_more() {
        let size = DVec2::new(1280.0, 800.0);
        let sea = GeoBox { west: 170.0, south: 30.0, east: 200.0, north: 62.0 };
        for projection in [Projection::Equirectangular, Projection::Mercator, Projection::PolarNorth] {
            let south_end = if projection == Projection::PolarNorth { -29.9 } else { -85.0 };
            for area in [sea, GeoBox::WORLD] {
                let camera = Camera { projection, ..Camera::default() }.framing(&area, size);
                let view = camera.view(size.x, size.y);
                let mut most: f64 = 0.0;
                for (lon, lat) in [(area.west, area.south), (area.west, area.north), (area.east, area.north)] {
                    // Just inside, as the edge of the world is on both sides.
                    let inside =
                        LonLat::new(lon + (area.centre().lon_deg - lon).signum() * 1e-6, lat.clamp(south_end, 85.0));
                    let Some(px) = view.screen_from_lonlat(inside) else { continue };
                    let off = ((px - size / 2.0) / (size / 2.0)).abs().max_element();
                    assert!(off <= 1.0, "{projection:?} {area:?}: {px}");
                    most = most.max(off);
                }
                assert!(most > 0.5, "{projection:?} {area:?}: the box fills only {most}");
            }
        }
    }

    #[test]
    fn the_whole_earth_lies_in_the_view() {
        let lon = -42.0;
        for projection in Projection::ALL {
            let extremes = match projection {
                // From 14 200 km the horizon is 72° away.
                Projection::Globe => [(lon, 71.0), (lon, -71.0), (lon - 71.0, 0.0), (lon + 71.0, 0.0)],
                Projection::Orthographic => [(lon, 89.0), (lon, -89.0), (lon - 89.0, 0.0), (lon + 89.0, 0.0)],
                Projection::Plane(Plane::EqualArea { .. }) => {
                    [(179.99, 6.0), (179.99, -6.0), (174.0, 0.0), (-174.0, 0.0)]
                }
                Projection::Plane(Plane::Conic { .. }) => {
                    [(0.0, -29.0), (120.0, -29.0), (179.0, 80.0), (-120.0, -29.0)]
                }
                Projection::Plane(Plane::Utm { .. }) => [(3.0, 89.0), (3.0, -89.0), (47.0, 0.0), (-41.0, 0.0)],
                Projection::Plane(_) => [(0.0, 89.0), (0.0, -89.0), (179.99, 0.0), (-179.99, 0.0)],
                Projection::Equirectangular => [(lon, 90.0), (lon, -90.0), (lon - 179.99, 0.0), (lon + 179.99, 0.0)],
                Projection::Mercator => [(lon, 85.05), (lon, -85.05), (lon - 179.99, 0.0), (lon + 179.99, 0.0)],
                Projection::PolarNorth => [(-45.0, 0.0), (45.0, 0.0), (135.0, 0.0), (-135.0, 0.0)],
                Projection::PolarSouth => [(0.0, 0.0), (90.0, 0.0), (180.0, 0.0), (-90.0, 0.0)],
            };
            for size in [DVec2::new(1280.0, 800.0), DVec2::new(2400.0, 600.0), DVec2::new(760.0, 800.0)] {
                // From wherever one looks; the globe keeps its place.
                let lat = if projection.is_map() { 35.0 } else { 0.0 };
                let from = Camera {
                    target: LonLat::new(lon, lat),
                    altitude_m: 3e5,
                    heading_deg: 40.0,
                    tilt_deg: 10.0,
                    projection,
                };
                let camera = from.whole_earth(size);
                assert_eq!(camera.projection, projection);
                let view = camera.view(size.x, size.y);
                let mut most: f64 = 0.0;
                for (lon, lat) in extremes {
                    let px = view.screen_from_lonlat(LonLat::new(lon, lat)).unwrap();
                    let off = ((px - size / 2.0) / (size / 2.0)).abs().max_element();
                    assert!(off <= 1.0, "{projection:?} {size}: {lon} {lat} at {px}");
                    most = most.max(off);
                }
                assert!(most > 0.7, "{projection:?} {size}: the Earth fills only {most}");
            }
        }
    }

    #[test]
    fn north_is_up_at_the_north_heading() {
        for projection in Projection::ALL {
            for lon in [-170.0, -45.0, 0.0, 20.0, 135.0] {
                let lat = if projection == Projection::PolarSouth { -70.0 } else { 70.0 };
                let projection = projection.about(LonLat::new(lon, lat));
                let mut camera =
                    Camera { target: LonLat::new(lon, lat), altitude_m: 1e5, projection, ..Camera::default() };
                camera.heading_deg = camera.north_heading_deg();
                let px = camera.view(800.0, 800.0).screen_from_lonlat(LonLat::new(lon, lat + 0.1)).unwrap();
                // Meridians of other maps are curved.
                let bend = if matches!(projection, Projection::Plane(_)) { 0.5 } else { 1e-3 };
                assert!((px.x - 400.0).abs() < bend && px.y < 390.0, "{projection:?} {lon}: {px}");
            }
        }
        // EPSG:3413 has 45° W downwards, EPSG:3031 has 0° upwards; the pole has no north of its own.
        let at = |projection, lon, lat| {
            Camera { target: LonLat::new(lon, lat), projection, ..Camera::default() }.north_heading_deg()
        };
        assert!(at(Projection::PolarNorth, -45.0, 60.0).abs() < 1e-9);
        assert!((at(Projection::PolarNorth, 45.0, 60.0) + 90.0).abs() < 1e-9);
        assert!(at(Projection::PolarSouth, 0.0, -60.0).abs() < 1e-9);
        assert!((at(Projection::PolarSouth, 90.0, -60.0) - 90.0).abs() < 1e-9);
        assert!(at(Projection::PolarNorth, 120.0, 90.0).abs() < 1e-9);
    }

    #[test]
    fn places_face_the_eye_less_and_less_towards_the_horizon() {
        let view = Camera { target: LonLat::new(0.0, 0.0), ..Camera::default() }.view(800.0, 600.0);
        let seen = [0.0, 30.0, 60.0, 71.0, 73.0].map(|lon| view.facing(LonLat::new(lon, 0.0)));
        assert!((seen[0] - 1.0).abs() < 1e-12 && seen.windows(2).all(|w| w[0] > w[1]), "{seen:?}");
        assert!(seen[3] > 0.0 && seen[4] < 0.0, "{seen:?}");
    }

    #[test]
    fn switching_projection_keeps_the_scale() {
        let place = LonLat::new(10.0, 55.0);
        let offset = |projection| {
            let camera = Camera { target: place, altitude_m: 50_000.0, projection, ..Camera::default() };
            let view = camera.view(1000.0, 1000.0);
            view.screen_from_lonlat(LonLat::new(10.0, 55.05)).unwrap().distance(DVec2::new(500.0, 500.0))
        };
        let globe = offset(Projection::Globe);
        for projection in [Projection::Equirectangular, Projection::Mercator, Projection::PolarNorth] {
            assert!((offset(projection) / globe - 1.0).abs() < 0.01, "{projection:?}");
        }
    }

    proptest! {
        #[test]
        fn screen_and_place_agree(lon in -180.0..180.0f64, lat in -84.0..84.0f64, x in 0.0..800.0f64, y in 0.0..600.0f64,
                                  log_alt in 3.0..7.3f64, heading in -180.0..180.0f64, tilt in 0.0..60.0f64, k in 0..Projection::ALL.len()) {
            let projection = Projection::ALL[k];
            let camera = Camera { target: LonLat::new(lon, lat), altitude_m: 10f64.powf(log_alt), heading_deg: heading, tilt_deg: tilt, projection };
            let view = camera.view(800.0, 600.0);
            let px = DVec2::new(x, y);
            if let Some(back) = view.lonlat_from_screen(px).and_then(|p| view.screen_from_lonlat(p)) {
                // On a cylindrical map another copy of the place may be nearer to the centre.
                let turn_px = projection.turn_m().map_or(f64::INFINITY, |t| t / view.projected_m_per_px(view.eye));
                let d = back.distance(px);
                prop_assert!(d < 1e-3 || d > 0.4 * turn_px, "{px} {back}");
            }
        }

        #[test]
        fn dragging_keeps_the_place_under_the_cursor(lon in -180.0..180.0f64, lat in -60.0..60.0f64, x in 300.0..500.0f64, y in 200.0..400.0f64, k in 0usize..3) {
            let projection = Projection::ALL[k];
            let size = DVec2::new(800.0, 600.0);
            let camera = Camera { target: LonLat::new(lon, lat), altitude_m: 2e6, projection, ..Camera::default() };
            let grabbed = camera.view(size.x, size.y).lonlat_from_screen(DVec2::new(400.0, 300.0)).unwrap();
            let moved = camera.dragged(grabbed, DVec2::new(x, y), size);
            let px = moved.view(size.x, size.y).screen_from_lonlat(grabbed).unwrap();
            prop_assert!(px.distance(DVec2::new(x, y)) < 0.5, "{px}");
        }
    }
}
