//! Degrees along the graticule: at the edges of the view where it is full of ground, else along the meridian and the
//! parallel nearest to the middle; on polar maps parallels along a meridian and meridians round the edge.

use egui::{Align2, Color32, Painter, Pos2, Rect, Vec2, pos2, vec2};
use seaglass_core::camera::View;
use seaglass_core::geo::{LonLat, unwrap_near, wrap_180};
use seaglass_core::projection::Projection;

use crate::map_labels::{cased, on_ground};
use crate::navigation::Frame;
use crate::placing::Taken;
use crate::theme::Theme;

/// Distance of labels from the edge of the view, points.
const INSET: f32 = 8.0;
/// Distance of a label from the lines beside it, points.
const OFF: Vec2 = vec2(4.0, 1.0);
/// Least distance of labels from each other, points: nearer to the limb they would run into one line.
const APART: Vec2 = vec2(18.0, 6.0);
/// Points an edge is looked at.
const SAMPLES: usize = 96;
/// Least cosine between the ground's normal and the direction to the eye: nearer to the limb lines crowd.
const LEAST_FACING: f64 = 0.3;
/// Labels of one direction at most on either side of the middle.
const MOST: usize = 40;

/// A label before it is known whether it has room.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// What it says.
    pub text: String,
    /// Point of the line it names.
    pub at: Pos2,
    /// Side of the label that lies there.
    pub align: Align2,
}

/// Which lines.
#[derive(Clone, Copy, PartialEq)]
enum Lines {
    Parallels,
    Meridians,
}

impl Lines {
    fn degrees(self, p: LonLat) -> f64 {
        if self == Self::Parallels { p.lat_deg } else { p.lon_deg }
    }

    /// `30° N`, `0.5° W`, `180°`.
    fn text(self, degrees: f64, step: f64) -> String {
        let decimals = (0..4).find(|d| (step * 10f64.powi(*d)).fract().abs() < 1e-6).unwrap_or(4) as usize;
        let degrees = if self == Self::Meridians { wrap_180(degrees) } else { degrees };
        let number = format!("{:.decimals$}°", degrees.abs());
        let line = (degrees / step).round() * step;
        if line == 0.0 || (self == Self::Meridians && line.abs() > 180.0 - step / 2.0) {
            return number;
        }
        let side = match (self, degrees > 0.0) {
            (Self::Parallels, true) => 'N',
            (Self::Parallels, false) => 'S',
            (Self::Meridians, true) => 'E',
            (Self::Meridians, false) => 'W',
        };
        format!("{number} {side}")
    }
}

/// Paints the degrees that have room: not under a card, not over a name in `named`, not over space.
pub fn paint(painter: &Painter, frame: Frame, view: &View, taken: &Taken, named: &[Rect]) {
    // On imagery light with a dark casing in both themes, as names are.
    let t = Theme::get(true);
    let painter = painter.with_clip_rect(frame.rect);
    let room = frame.rect.shrink(INSET - 2.0);
    let mut placed: Vec<Rect> = taken.cards().iter().map(|(_, r)| r.expand(4.0)).collect();
    placed.extend(named.iter().map(|r| r.expand2(vec2(6.0, 2.0))));
    for label in labels(frame, view) {
        let galley = painter.layout_no_wrap(label.text, t.small(), Color32::PLACEHOLDER);
        let rect = label.align.anchor_size(label.at, galley.size());
        let corner = pos2(rect.left().round(), rect.top().round());
        let rect = Rect::from_min_size(corner, galley.size());
        let free = room.contains_rect(rect) && !placed.iter().any(|p| p.intersects(rect));
        if free && on_ground(frame, view, rect) {
            placed.push(rect.expand2(APART));
            cased(&painter, corner, &galley, t.c.text_1.gamma_multiply(0.8), t.label_halo());
        }
    }
}

/// The labels of a view, the most useful first.
pub fn labels(frame: Frame, view: &View) -> Vec<Label> {
    let steps = seaglass_render::graticule_steps(view);
    let room = frame.rect.shrink(INSET);
    let (left, bottom) = ([room.left_bottom(), room.left_top()], [room.left_bottom(), room.right_bottom()]);
    let mut list = Vec::new();
    if matches!(view.camera.projection, Projection::PolarNorth | Projection::PolarSouth) {
        list.extend(along_meridian(frame, view, steps, down_from_the_pole(view)));
        let (right, top) = ([room.right_bottom(), room.right_top()], [room.left_top(), room.right_top()]);
        let sides = [
            (bottom, Align2::CENTER_BOTTOM),
            (top, Align2::CENTER_TOP),
            (left, Align2::LEFT_CENTER),
            (right, Align2::RIGHT_CENTER),
        ];
        for (edge, align) in sides {
            list.extend(along_edge(frame, view, Lines::Meridians, steps[1], edge, align, Vec2::ZERO));
        }
        return list;
    }
    if is_full(frame, view, left) {
        let lift = vec2(0.0, -OFF.y);
        list.extend(along_edge(frame, view, Lines::Parallels, steps[0], left, Align2::LEFT_BOTTOM, lift));
    } else {
        list.extend(along_meridian(frame, view, steps, view.camera.target.lon_deg));
    }
    if is_full(frame, view, bottom) {
        let aside = vec2(OFF.x, 0.0);
        list.extend(along_edge(frame, view, Lines::Meridians, steps[1], bottom, Align2::LEFT_BOTTOM, aside));
    } else {
        list.extend(along_parallel(frame, view, steps));
    }
    list
}

fn samples(frame: Frame, view: &View, [from, to]: [Pos2; 2]) -> Vec<(Pos2, Option<LonLat>)> {
    (0..=SAMPLES)
        .map(|k| {
            let at = from + (to - from) * (k as f32 / SAMPLES as f32);
            let place = view.lonlat_from_screen(frame.px(at));
            (at, place.filter(|p| view.facing(*p) >= LEAST_FACING))
        })
        .collect()
}

/// Whether there is ground all along an edge, but for a little at its ends.
fn is_full(frame: Frame, view: &View, edge: [Pos2; 2]) -> bool {
    let ground = samples(frame, view, edge).iter().filter(|(_, p)| p.is_some()).count();
    ground * 10 > SAMPLES * 8
}

/// Where lines cross an edge.
fn along_edge(
    frame: Frame,
    view: &View,
    lines: Lines,
    step: f64,
    edge: [Pos2; 2],
    align: Align2,
    off: Vec2,
) -> Vec<Label> {
    let mut list = Vec::new();
    for pair in samples(frame, view, edge).windows(2) {
        let ((at_a, Some(a)), (at_b, Some(b))) = (pair[0], pair[1]) else { continue };
        let (a, mut b) = (lines.degrees(a), lines.degrees(b));
        if lines == Lines::Meridians {
            b = unwrap_near(b, a);
        }
        // Beside a pole an edge turns through half the Earth at once.
        if a == b || (b - a).abs() > 60.0 {
            continue;
        }
        let (low, high) = (a.min(b), a.max(b));
        for k in (low / step).ceil() as i64..=(high / step).floor() as i64 {
            let degrees = k as f64 * step;
            let at = at_a + (at_b - at_a) * ((degrees - a) / (b - a)) as f32;
            list.push(Label { text: lines.text(degrees, step), at: at + off, align });
        }
    }
    list
}

/// Parallels along the meridian of the graticule nearest to a longitude, from the middle outwards.
fn along_meridian(frame: Frame, view: &View, [step, apart]: [f64; 2], lon_deg: f64) -> Vec<Label> {
    let lon = (lon_deg / apart).round() * apart;
    let mid = (view.camera.target.lat_deg / step).round() as i64;
    let most = (90.0 / step) as i64;
    let near = (0..=2 * most).map(|k| mid + if k % 2 == 0 { k / 2 } else { -(k + 1) / 2 }).take(2 * MOST);
    near.filter(|k| (*k as f64 * step).abs() < 89.999)
        .filter_map(|k| {
            let degrees = k as f64 * step;
            let at = point(frame, view, LonLat::new(lon, degrees))?;
            let text = Lines::Parallels.text(degrees, step);
            Some(Label { text, at: at + vec2(OFF.x, -OFF.y), align: Align2::LEFT_BOTTOM })
        })
        .collect()
}

/// Meridians along the parallel nearest to the middle, from the middle outwards.
fn along_parallel(frame: Frame, view: &View, [step, apart]: [f64; 2]) -> Vec<Label> {
    let target = view.camera.target;
    // Nearer to a pole meridians crowd.
    let lat = ((target.lat_deg / step).round() * step).clamp(-75.0, 75.0);
    let mid = (target.lon_deg / apart).round() as i64;
    let near = (0..(360.0 / apart) as i64).map(|k| mid + if k % 2 == 0 { k / 2 } else { -(k + 1) / 2 }).take(2 * MOST);
    near.filter_map(|k| {
        let degrees = k as f64 * apart;
        let at = point(frame, view, LonLat::new(degrees, lat))?;
        let text = Lines::Meridians.text(degrees, apart);
        Some(Label { text, at: at + OFF, align: Align2::LEFT_TOP })
    })
    .collect()
}

fn point(frame: Frame, view: &View, p: LonLat) -> Option<Pos2> {
    let seen = view.camera.projection.shows(p) && view.facing(p) >= LEAST_FACING;
    let at = frame.point(view.screen_from_lonlat(p).filter(|_| seen)?);
    frame.rect.contains(at).then_some(at)
}

/// The longitude that runs down the screen from the pole of a polar map, or that in the middle where the pole is not seen.
fn down_from_the_pole(view: &View) -> f64 {
    let lat = if view.camera.projection == Projection::PolarSouth { -90.0 } else { 90.0 };
    let pole = view.screen_from_lonlat(LonLat::new(0.0, lat));
    let inside = |p: &glam::DVec2| p.cmpge(glam::DVec2::ZERO).all() && p.cmple(view.size_px).all();
    let below = pole.filter(inside).and_then(|p| view.lonlat_from_screen(p + glam::DVec2::new(0.0, 60.0)));
    below.map_or(view.camera.target.lon_deg, |p| p.lon_deg)
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaglass_core::camera::Camera;

    fn frame() -> Frame {
        Frame { rect: Rect::from_min_size(pos2(100.0, 50.0), vec2(800.0, 600.0)), ppp: 1.0 }
    }

    fn of(camera: Camera) -> Vec<Label> {
        labels(frame(), &camera.view(800.0, 600.0))
    }

    fn find<'a>(list: &'a [Label], text: &str) -> &'a Label {
        list.iter().find(|l| l.text == text).unwrap_or_else(|| panic!("no {text} in {list:?}"))
    }

    #[test]
    fn degrees_are_written_as_on_charts() {
        let text = |lines: Lines, d: f64, s: f64| lines.text(d, s);
        assert_eq!(text(Lines::Parallels, 30.0, 15.0), "30° N");
        assert_eq!(text(Lines::Parallels, -0.5, 0.5), "0.5° S");
        assert_eq!(text(Lines::Parallels, 0.0, 15.0), "0°");
        assert_eq!(text(Lines::Meridians, 195.0, 15.0), "165° W");
        assert_eq!(text(Lines::Meridians, -180.0, 15.0), "180°");
        assert_eq!(text(Lines::Meridians, 12.05, 0.05), "12.05° E");
        // Rounding of many small steps is no side of the equator.
        assert_eq!(text(Lines::Parallels, -1e-12, 0.1), "0.0°");
    }

    #[test]
    fn on_a_map_they_stand_where_lines_cross_the_edge() {
        let camera = Camera {
            target: LonLat::new(-40.0, 30.0),
            altitude_m: 4_000_000.0,
            projection: Projection::Equirectangular,
            ..Camera::default()
        };
        let list = of(camera);
        // The visible height is 2 · 4000 km · tan 22.5° on the ground. At 30° N a degree of latitude is 110.852 km
        // (pyproj Geod WGS84, 29.5° to 30.5°); a degree of longitude is as wide on a plate carrée.
        let px_per_deg = 110_852.0 / (2.0 * 4_000_000.0 * 22.5f64.to_radians().tan() / 600.0);
        let north = find(&list, "40° N");
        assert!((f64::from(north.at.y) - (350.0 - 10.0 * px_per_deg)).abs() < 2.0, "{north:?}");
        assert_eq!(north.at.x, 108.0);
        let west = find(&list, "50° W");
        assert!((f64::from(west.at.x) - (500.0 - 10.0 * px_per_deg + 4.0)).abs() < 2.0, "{west:?}");
        assert_eq!(west.at.y, 642.0);
    }

    #[test]
    fn on_the_globe_they_stand_in_its_middle() {
        let list = of(Camera { target: LonLat::new(-42.0, 20.0), ..Camera::default() });
        // The nearest lines are 45° W and 15° N; parallels stand on the one, meridians on the other.
        let (a, b) = (find(&list, "30° N"), find(&list, "45° N"));
        assert!((a.at.x - 500.0).abs() < 40.0 && b.at.y < a.at.y && a.at.y < 350.0, "{a:?} {b:?}");
        let (w, e) = (find(&list, "60° W"), find(&list, "15° W"));
        assert!((w.at.y - 370.0).abs() < 40.0 && w.at.x < 500.0 && e.at.x > 500.0, "{w:?} {e:?}");
        // 90° away is the limb: nothing there, nothing beyond.
        assert!(list.iter().all(|l| !l.text.starts_with("135") && l.text != "75° S"), "{list:?}");
    }

    #[test]
    fn polar_maps_have_meridians_all_round() {
        let camera = Camera {
            target: LonLat::new(0.0, 90.0),
            altitude_m: 6_000_000.0,
            projection: Projection::PolarNorth,
            ..Camera::default()
        };
        let list = of(camera);
        // EPSG:3413 has 45° W downwards, so 135° E upwards, 45° E to the right, 135° W to the left.
        let centre = pos2(500.0, 350.0);
        for (text, side) in [
            ("45° W", vec2(0.0, 1.0)),
            ("135° E", vec2(0.0, -1.0)),
            ("45° E", vec2(1.0, 0.0)),
            ("135° W", vec2(-1.0, 0.0)),
        ] {
            let at = (find(&list, text).at - centre).normalized();
            assert!((at - side).length() < 0.05, "{text} {at:?}");
        }
        let parallel = find(&list, "75° N").at - centre;
        assert!(parallel.y > 50.0 && parallel.x.abs() < 20.0, "{parallel:?}");
    }
}
