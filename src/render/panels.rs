//! Where the views of a picture lie on a target: one, or two beside each other.

use glam::DVec2;
use seaglass_core::compare::{CompareMode, Side};

use crate::frame::Part;
use crate::scene::Scene;

/// A view, as far as a part of the picture shows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Panel {
    /// Whose layers it shows; all without.
    pub side: Option<Side>,
    /// The part of the view.
    pub part: Part,
    /// Where that part lies on the target: left, top, width, height.
    pub viewport: [f32; 4],
    /// Pixels of the target that it may touch: left, top, width, height.
    pub scissor: [u32; 4],
}

/// The views on a target that shows a part of the picture.
pub(crate) fn panels(scene: &Scene, part: Part) -> Vec<Panel> {
    let [left, width, height] = [part.origin.x, part.size.x, part.size.y].map(|n| n as u32);
    let Some(compare) = scene.compare else {
        let (viewport, scissor) = ([0.0, 0.0, width as f32, height as f32], [0, 0, width, height]);
        return vec![Panel { side: None, part, viewport, scissor }];
    };
    let mut panels = Vec::with_capacity(2);
    for side in Side::BOTH {
        let [first, end] = compare.columns(side, scene.size_px[0]);
        let (from, to) = (first.max(left), end.min(left + width));
        if from >= to {
            continue;
        }
        let scissor = [from - left, 0, to - from, height];
        panels.push(match compare.mode {
            // Both are cut from one view: a pixel is the same whoever owns it.
            CompareMode::Swipe => {
                Panel { side: Some(side), part, viewport: [0.0, 0.0, width as f32, height as f32], scissor }
            }
            CompareMode::SideBySide => {
                // The right half of an odd width lacks a pixel: its view is drawn whole, so that both are alike.
                let whole = scene.view_px()[0];
                let wide = if from == first && whole - (to - from) <= 1 { whole } else { to - from };
                Panel {
                    side: Some(side),
                    part: Part {
                        origin: DVec2::new(f64::from(from - first), part.origin.y),
                        size: DVec2::new(f64::from(wide), part.size.y),
                    },
                    viewport: [scissor[0], 0, wide, height].map(|n| n as f32),
                    scissor,
                }
            }
        });
    }
    panels
}

#[cfg(test)]
mod tests {
    use seaglass_core::camera::Camera;
    use seaglass_core::compare::Compare;

    use super::*;

    fn part(x: f64, y: f64, w: f64, h: f64) -> Part {
        Part { origin: DVec2::new(x, y), size: DVec2::new(w, h) }
    }

    #[test]
    fn halves_are_whole_views_whatever_the_pieces() {
        let mut scene = Scene::new(Camera::default(), [1001, 600]);
        scene.compare = Some(Compare::new(CompareMode::SideBySide));
        assert_eq!(scene.view().size_px, DVec2::new(501.0, 600.0));
        let all = panels(&scene, part(0.0, 0.0, 1001.0, 600.0));
        assert_eq!(all[0].part, part(0.0, 0.0, 501.0, 600.0));
        assert_eq!(all[1].part, part(0.0, 0.0, 501.0, 600.0), "the right view begins at its own left edge");
        assert_eq!(all[1].scissor, [501, 0, 500, 600]);
        // A piece of the picture that begins within the right half.
        let piece = panels(&scene, part(700.0, 200.0, 301.0, 100.0));
        assert_eq!(piece.len(), 1);
        assert_eq!(piece[0].part, part(199.0, 200.0, 301.0, 100.0));
        assert_eq!(piece[0].scissor, [0, 0, 301, 100]);
    }

    #[test]
    fn a_swipe_cuts_one_view() {
        let mut scene = Scene::new(Camera::default(), [1000, 600]);
        let whole = part(0.0, 0.0, 1000.0, 600.0);
        assert_eq!(panels(&scene, whole).len(), 1);
        scene.compare = Some(Compare { mode: CompareMode::Swipe, at: 0.3 });
        let all = panels(&scene, whole);
        assert!(all.iter().all(|p| p.part == whole));
        assert_eq!((all[0].scissor, all[1].scissor), ([0, 0, 300, 600], [300, 0, 700, 600]));
        assert_eq!((all[0].side, all[1].side), (Some(Side::Left), Some(Side::Right)));
    }
}
