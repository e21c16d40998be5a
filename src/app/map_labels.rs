//! Names of oceans, seas, countries and towns over globe and map, with a dark casing that holds on any data.

use std::sync::Arc;

use egui::text::LayoutJob;
use egui::{Color32, FontFamily, FontId, Galley, Painter, Pos2, Rect, TextFormat, pos2, vec2};
use seaglass_core::camera::View;
use seaglass_core::project::BaseMap;
use seaglass_render::assets::{self, LabelKind};

use crate::graticule_labels;
use crate::navigation::Frame;
use crate::placing::Taken;
use crate::theme::Theme;

/// Names shown at a time.
const MOST: usize = 28;
/// Least cosine between the ground's normal and the direction to the eye: within ten degrees of the limb of the globe a
/// name would lie over ground it does not name, or over space.
const LEAST_FACING: f64 = 0.18;
/// Altitude from which the whole Earth is seen, metres; names grow more numerous from there downward.
const AFAR_M: f64 = 14_200_000.0;

/// Paints names of places and degrees of the graticule, where the base map has them.
pub fn paint(painter: &Painter, frame: Frame, view: &View, base: &BaseMap, taken: &Taken) {
    let named = if base.labels { names(painter, frame, view, taken) } else { Vec::new() };
    if base.graticule {
        graticule_labels::paint(painter, frame, view, taken, &named);
    }
}

/// Paints the names that fit, the most important first; none under a card. Answers where they are.
fn names(painter: &Painter, frame: Frame, view: &View, taken: &Taken) -> Vec<Rect> {
    let painter = painter.with_clip_rect(frame.rect);
    let room = frame.rect.shrink(6.0);
    let altitude_m = view.camera.altitude_m;
    let finest = 1.0 + 1.3 * (AFAR_M / altitude_m).log2().max(-0.5);
    let mut placed: Vec<Rect> = taken.cards().iter().map(|(_, r)| r.expand(4.0)).collect();
    let cards = placed.len();
    for label in assets::labels().iter().take_while(|l| f64::from(l.rank) <= finest) {
        if !suits(label.kind, altitude_m) {
            continue;
        }
        if view.facing(label.place) < LEAST_FACING {
            continue;
        }
        let Some(at) = view.screen_from_lonlat(label.place).map(|px| frame.point(px)) else { continue };
        if !room.contains(at) {
            continue;
        }
        let look = Look::of(label.kind);
        let galley = look.lay_out(&painter, &label.name);
        let corner = look.corner(at, &galley);
        let rect = Rect::from_min_size(corner, galley.size());
        let all = rect.union(Rect::from_center_size(at, vec2(6.0, 6.0)));
        if !room.contains_rect(all) || placed.iter().any(|p| p.intersects(all.expand2(vec2(8.0, 4.0)))) {
            continue;
        }
        if !on_ground(frame, view, rect) {
            continue;
        }
        placed.push(all);
        look.paint(&painter, at, corner, galley);
        if placed.len() - cards >= MOST {
            break;
        }
    }
    placed.split_off(cards)
}

/// Paints text that holds on any data: with a casing around it.
pub(crate) fn cased(painter: &Painter, corner: Pos2, galley: &Arc<Galley>, ink: Color32, casing: Color32) {
    let around = [(-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0), (-0.8, -0.8), (0.8, -0.8), (-0.8, 0.8), (0.8, 0.8)];
    for (dx, dy) in around {
        painter.galley_with_override_text_color(corner + vec2(dx, dy), Arc::clone(galley), casing);
    }
    painter.galley_with_override_text_color(corner, Arc::clone(galley), ink);
}

/// Whether a rectangle lies on the disc of the globe, or inside of the map.
pub(crate) fn on_ground(frame: Frame, view: &View, rect: Rect) -> bool {
    let corners = [rect.left_top(), rect.right_top(), rect.left_bottom(), rect.right_bottom()];
    corners.into_iter().all(|c| view.lonlat_from_screen(frame.px(c)).is_some())
}

/// Large names go when one is inside them; towns of a country come when it is large.
fn suits(kind: LabelKind, altitude_m: f64) -> bool {
    match kind {
        LabelKind::Ocean => altitude_m > 1_500_000.0,
        LabelKind::Sea => altitude_m > 150_000.0,
        LabelKind::Country => (400_000.0..9_000_000.0).contains(&altitude_m),
        LabelKind::Capital | LabelKind::City | LabelKind::Station => altitude_m < 9_000_000.0,
    }
}

/// How a kind of name is written.
struct Look {
    font: FontId,
    spacing: f32,
    capitals: bool,
    ink: f32,
    dot: bool,
}

impl Look {
    fn of(kind: LabelKind) -> Self {
        let t = Theme::get(true);
        let size = t.small().size;
        let italic = FontId::new(size, FontFamily::Name("italic".into()));
        let plain = Self { font: t.small(), spacing: 0.0, capitals: false, ink: 0.96, dot: false };
        match kind {
            LabelKind::Ocean => Self { font: t.small(), spacing: 3.0, capitals: true, ink: 0.72, ..plain },
            LabelKind::Sea => Self { font: italic, ink: 0.86, ..plain },
            LabelKind::Country => Self { spacing: 1.0, capitals: true, ink: 0.62, ..plain },
            LabelKind::Capital | LabelKind::City | LabelKind::Station => Self { dot: true, ..plain },
        }
    }

    fn lay_out(&self, painter: &Painter, name: &str) -> Arc<Galley> {
        let text = if self.capitals { name.to_uppercase() } else { name.to_owned() };
        let format = TextFormat {
            font_id: self.font.clone(),
            extra_letter_spacing: self.spacing,
            color: Color32::PLACEHOLDER,
            ..TextFormat::default()
        };
        painter.layout_job(LayoutJob::single_section(text, format))
    }

    /// Right of the dot, or about the place.
    fn corner(&self, at: Pos2, galley: &Galley) -> Pos2 {
        let size = galley.size();
        let left = if self.dot { at.x + 6.0 } else { at.x - size.x / 2.0 };
        pos2(left.round(), (at.y - size.y / 2.0).round())
    }

    fn paint(&self, painter: &Painter, at: Pos2, corner: Pos2, galley: Arc<Galley>) {
        // On imagery names are light with a dark casing in both themes.
        let t = Theme::get(true);
        let casing = t.label_halo();
        if self.dot {
            painter.circle_filled(at, 3.2, casing);
            painter.circle_filled(at, 1.9, t.c.text_1);
        }
        cased(painter, corner, &galley, t.c.text_1.gamma_multiply(self.ink), casing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_on_the_disc() {
        let frame = Frame { rect: Rect::from_min_size(pos2(0.0, 0.0), vec2(800.0, 600.0)), ppp: 1.0 };
        let camera = seaglass_core::camera::Camera::default();
        let view = camera.view(800.0, 600.0);
        let at = |x: f32| Rect::from_center_size(pos2(x, 300.0), vec2(80.0, 14.0));
        // The limb is asin(6378 / 20578) = 18.06° from the axis: 236 pixels from the middle.
        assert!(on_ground(frame, &view, at(400.0)) && on_ground(frame, &view, at(590.0)));
        assert!(!on_ground(frame, &view, at(610.0)) && !on_ground(frame, &view, at(700.0)));
        let map = seaglass_core::projection::Projection::Equirectangular;
        let map = seaglass_core::camera::Camera { projection: map, ..camera }.view(800.0, 600.0);
        assert!(on_ground(frame, &map, at(700.0)));
        // A polar map ends, too: at 30° S.
        let polar = seaglass_core::projection::Projection::PolarNorth;
        let target = seaglass_core::geo::LonLat::new(0.0, 90.0);
        let camera = seaglass_core::camera::Camera { projection: polar, target, altitude_m: 5.5e7, ..camera };
        let polar = camera.view(800.0, 600.0);
        assert!(on_ground(frame, &polar, at(400.0)) && !on_ground(frame, &polar, at(740.0)));
    }

    #[test]
    fn what_is_named_follows_the_distance() {
        let kinds = [LabelKind::Ocean, LabelKind::Sea, LabelKind::Country, LabelKind::City];
        let at = |m: f64| kinds.map(|k| suits(k, m));
        assert_eq!(at(14_200_000.0), [true, true, false, false]);
        assert_eq!(at(3_000_000.0), [true, true, true, true]);
        assert_eq!(at(50_000.0), [false, false, false, true]);
    }
}
