//! Which granules may be in view, before their positions are known. Errs on the side of yes.

use glam::{DVec2, DVec3};
use seaglass_core::camera::View;
use seaglass_core::geo::{GeoBox, LonLat};

/// Mean radius for the horizon, metres; the ellipsoid differs by 0.3 %, far below the margin added.
const RADIUS_M: f64 = 6_371_000.0;
/// Added to every angle: footprints and boxes are only about right.
const MARGIN_RAD: f64 = 0.02;

/// The part of the Earth in view as a spherical cap.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VisibleCap {
    middle: DVec3,
    angle_rad: f64,
}

impl VisibleCap {
    pub fn of(view: &View) -> Self {
        let middle = view.camera.target.up();
        let mut angle: f64 = 0.0;
        let mut space = false;
        for k in 0..=8 {
            for l in 0..=8 {
                let px = DVec2::new(f64::from(k) / 8.0, f64::from(l) / 8.0) * view.size_px;
                match view.lonlat_from_screen(px) {
                    Some(p) => angle = angle.max(angle_between(middle, p.up())),
                    None => space = true,
                }
            }
        }
        if !view.is_globe() {
            // Samples of a flat map do not bound it: its corners may show the whole Earth between them.
            let whole = space || angle > 0.5;
            return Self { middle, angle_rad: if whole { std::f64::consts::PI } else { angle * 1.3 + MARGIN_RAD } };
        }
        if space {
            let eye = view.eye;
            let horizon = (RADIUS_M / eye.length().max(RADIUS_M)).acos();
            return Self { middle: eye.normalize(), angle_rad: horizon + MARGIN_RAD };
        }
        Self { middle, angle_rad: angle * 1.15 + MARGIN_RAD }
    }

    /// Middle of what is in view.
    pub fn middle_lonlat(&self) -> LonLat {
        let m = self.middle;
        LonLat::new(m.y.atan2(m.x).to_degrees(), m.z.clamp(-1.0, 1.0).asin().to_degrees())
    }

    /// How far it reaches from there, degrees.
    pub fn angle_deg(&self) -> f64 {
        self.angle_rad.to_degrees()
    }

    /// Whether something in the box may be in view.
    pub fn may_see(&self, area: &GeoBox) -> bool {
        let (wide, middle) = (area.east - area.west > 180.0, area.centre());
        // Of a box wider than half the Earth only the latitudes help.
        if wide {
            let lat = self.middle.z.clamp(-1.0, 1.0).asin().to_degrees();
            let nearest = lat.clamp(area.south, area.north);
            return (lat - nearest).abs().to_radians() <= self.angle_rad;
        }
        let centre = middle.up();
        let reach = [area.south, middle.lat_deg, area.north]
            .into_iter()
            .map(|lat| angle_between(centre, LonLat::new(area.west, lat).up()))
            .fold(0.0, f64::max);
        angle_between(self.middle, centre) <= self.angle_rad + reach
    }
}

fn angle_between(a: DVec3, b: DVec3) -> f64 {
    a.cross(b).length().atan2(a.dot(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaglass_core::camera::Camera;
    use seaglass_core::projection::Projection;

    fn cap(lon: f64, lat: f64, altitude_m: f64, projection: Projection) -> VisibleCap {
        let camera = Camera { target: LonLat::new(lon, lat), altitude_m, projection, ..Camera::default() };
        VisibleCap::of(&camera.view(1280.0, 800.0))
    }

    fn area(west: f64, south: f64, east: f64, north: f64) -> GeoBox {
        GeoBox { west, south, east, north }
    }

    #[test]
    fn near_and_far() {
        let c = cap(179.0, 10.0, 500_000.0, Projection::Globe);
        assert!(c.may_see(&area(-180.0, 5.0, -175.0, 15.0)), "over the dateline");
        assert!(!c.may_see(&area(0.0, 5.0, 5.0, 15.0)));
        assert!(c.may_see(&GeoBox::WORLD));
        assert!(!c.may_see(&area(-180.0, 60.0, 180.0, 90.0)));
        let globe = cap(0.0, 0.0, 14_000_000.0, Projection::Globe);
        assert!(globe.may_see(&area(60.0, 0.0, 62.0, 2.0)));
        assert!(!globe.may_see(&area(150.0, 0.0, 152.0, 2.0)), "behind the horizon");
        assert!(cap(0.0, 0.0, 30_000_000.0, Projection::Mercator).may_see(&area(150.0, 0.0, 152.0, 2.0)));
        assert!(!cap(0.0, 0.0, 300_000.0, Projection::Mercator).may_see(&area(150.0, 0.0, 152.0, 2.0)));
    }
}
