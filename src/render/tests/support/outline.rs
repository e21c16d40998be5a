//! The true outline of a target on the screen, and how far the drawn pixels are from it.
//!
//! A picture of hard-edged cells tells positions to half a pixel at best: a pixel is drawn or not. So a target is drawn
//! several times, each time moved by another part of a pixel, and every pixel of every picture is compared with the
//! true outline: a pixel may be wrong only when its centre lies next to the outline.

use glam::DVec2;
use seaglass_core::camera::{Camera, View};
use seaglass_core::geo::LonLat;

/// Pictures of a target, each moved by another part of a pixel.
pub const PHASES: u32 = 8;
/// Places on each side of an outline.
const SIDE: usize = 12;

/// The camera of phase `k`: the place that was `k/8` pixels right of the middle and some eighths below comes to the
/// middle. `None` where that is no place.
pub fn moved(camera: &Camera, size_px: [u32; 2], k: u32) -> Option<Camera> {
    let view = camera.view(f64::from(size_px[0]), f64::from(size_px[1]));
    // Bits reversed: every eighth occurs once in either direction, and they do not go together.
    let reversed = (k & 1) << 2 | (k & 2) | (k >> 2 & 1);
    let shift = DVec2::new(f64::from(k), f64::from(reversed)) / f64::from(PHASES);
    let target = view.lonlat_from_screen(view.size_px / 2.0 + shift)?;
    Some(Camera { target, ..*camera })
}

/// A closed line on the screen, pixels.
#[derive(Debug)]
pub struct Outline(Vec<DVec2>);

impl Outline {
    /// Outline of a cell; `at` gives the place that many cells down and along from its centre (±½). `None` when a part
    /// of it is not on the screen's side of the Earth.
    pub fn of_cell(view: &View, at: impl Fn(f64, f64) -> LonLat) -> Option<Self> {
        let corners = [(-0.5, -0.5), (-0.5, 0.5), (0.5, 0.5), (0.5, -0.5)];
        let along_side = |k: usize, i: usize| {
            let ((a, b), (c, d)) = (corners[k], corners[(k + 1) % 4]);
            let t = i as f64 / SIDE as f64;
            at(a + (c - a) * t, b + (d - b) * t)
        };
        let places = (0..4).flat_map(|k| (0..SIDE).map(move |i| (k, i))).map(|(k, i)| along_side(k, i));
        // On cylindrical maps all of it on the turn of its centre.
        let centre = view.screen_from_lonlat(at(0.0, 0.0))?;
        let (right, up, ..) = view.axes();
        let turn = view.camera.projection.turn_m().map(|turn| turn / view.projected_m_per_px(view.eye));
        let near = |p: DVec2| match turn {
            Some(turn_px) => {
                let step = DVec2::new(right.x, -up.x) * turn_px;
                [p, p + step, p - step].into_iter().min_by(|a, b| a.distance(centre).total_cmp(&b.distance(centre)))
            }
            None => Some(p),
        };
        places.map(|p| near(view.screen_from_lonlat(p)?)).collect::<Option<Vec<_>>>().map(Self)
    }

    fn sides(&self) -> impl Iterator<Item = (DVec2, DVec2)> + '_ {
        self.0.iter().zip(self.0.iter().cycle().skip(1)).map(|(a, b)| (*a, *b))
    }

    /// Distance of a point from the outline; negative outside.
    pub fn depth(&self, p: DVec2) -> f64 {
        let (mut inside, mut nearest) = (false, f64::INFINITY);
        for (a, b) in self.sides() {
            if (a.y > p.y) != (b.y > p.y) && p.x < a.x + (p.y - a.y) / (b.y - a.y) * (b.x - a.x) {
                inside = !inside;
            }
            let along = ((p - a).dot(b - a) / (b - a).length_squared().max(1e-300)).clamp(0.0, 1.0);
            nearest = nearest.min(p.distance(a + (b - a) * along));
        }
        if inside { nearest } else { -nearest }
    }

    /// Area in square pixels and its centre (shoelace formula).
    pub fn area(&self) -> (f64, DVec2) {
        let origin = self.0[0];
        let (mut area, mut moment) = (0.0, DVec2::ZERO);
        for (a, b) in self.sides() {
            let (a, b) = (a - origin, b - origin);
            let cross = a.perp_dot(b) / 2.0;
            area += cross;
            moment += (a + b) / 3.0 * cross;
        }
        (area.abs(), origin + moment / area)
    }

    /// Smallest width: area by greatest length.
    pub fn width(&self) -> f64 {
        let longest = self.0.iter().flat_map(|a| self.0.iter().map(|b| a.distance(*b))).fold(0.0, f64::max);
        self.area().0 / longest
    }

    /// Whether all of it is in the picture, `margin` pixels from its border.
    pub fn is_within(&self, size_px: [u32; 2], margin: f64) -> bool {
        let most = DVec2::new(f64::from(size_px[0]), f64::from(size_px[1])) - margin;
        self.0.iter().all(|p| p.cmpge(DVec2::splat(margin)).all() && p.cmple(most).all())
    }
}

/// What pictures of one target showed.
#[derive(Debug, Default)]
pub struct Found {
    /// Sum over the pictures of drawn centre − true centre, and their number.
    moved: DVec2,
    pictures: f64,
    /// Depth of the pixel furthest on the wrong side of the outline, pixels.
    pub worst: f64,
}

impl Found {
    /// Adds a picture in which nothing but the target is drawn; `false` when it is not there.
    pub fn add(&mut self, image: &image::RgbaImage, outline: &Outline) -> bool {
        let (mut sum, mut n) = (DVec2::ZERO, 0.0);
        let (lo, hi) = outline.0.iter().fold((DVec2::MAX, DVec2::MIN), |(lo, hi), p| (lo.min(*p), hi.max(*p)));
        for (x, y, pixel) in image.enumerate_pixels() {
            let p = DVec2::new(f64::from(x) + 0.5, f64::from(y) + 0.5);
            let drawn = pixel[3] > 0;
            let near = p.cmpge(lo).all() && p.cmple(hi).all();
            if drawn {
                sum += p;
                n += 1.0;
            }
            if near || drawn {
                let depth = outline.depth(p);
                if drawn != (depth > 0.0) {
                    self.worst = self.worst.max(depth.abs());
                }
            }
        }
        if n > 0.0 {
            self.moved += sum / n - outline.area().1;
            self.pictures += 1.0;
        }
        n > 0.0
    }

    /// How far the drawn target lies from the true one, over all pictures.
    pub fn offset(&self) -> f64 {
        (self.moved / self.pictures.max(1.0)).length()
    }
}
