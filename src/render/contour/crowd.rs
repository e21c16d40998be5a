//! How close contour lines are on the screen, and how many of them can be told apart.

use std::collections::{HashMap, HashSet};

use glam::{DVec2, DVec3};
use seaglass_core::style::{Levels, Shown};

use super::PlacedLine;
use crate::frame::FrameView;

/// Side of the boxes of the screen in which the length of lines is summed up, points.
const BOX_PT: f64 = 24.0;
/// Least distance of lines where they are crowded, points.
const LEAST_PT: f64 = 5.0;
/// Of the boxes with lines so many may be more crowded than that.
const CROWDED: f64 = 0.08;
/// Levels that are left at least.
const FEWEST: usize = 3;
/// A choice stays while it is wrong by less than this factor, so that nothing flickers.
const SLACK: f64 = 1.3;
/// Least cosine between the ground's normal and the direction to the eye: nearer to the limb all lines are close.
const LEAST_FACING: f64 = 0.35;

/// Of all levels every so many-th shall be drawn; `before` is what was drawn last.
pub(super) fn every_nth(
    lines: &[&PlacedLine],
    (levels, shown): (&Levels, Shown),
    frame: &FrameView,
    ppp: f64,
    before: Option<u32>,
) -> u32 {
    let Some(spacing_px) = spacing(lines, frame, BOX_PT * ppp) else { return before.unwrap_or(1) };
    let least = LEAST_PT * ppp;
    if let Some(nth) = before {
        let finer = Levels::THINNED.iter().rev().find(|n| **n < nth);
        let enough = spacing_px * f64::from(nth) * SLACK >= least;
        let too_few = finer.is_some_and(|n| spacing_px * f64::from(*n) > least * SLACK);
        if enough && !too_few {
            return nth;
        }
    }
    let present: HashSet<u64> = lines.iter().map(|l| l.value.to_bits()).collect();
    let kept = |nth: u32| present.iter().filter(|v| levels.keeps(f64::from_bits(**v), shown, nth)).count();
    let mut chosen = 1;
    for nth in Levels::THINNED {
        if kept(nth) < FEWEST.min(present.len()) {
            break;
        }
        chosen = nth;
        if spacing_px * f64::from(nth) >= least {
            break;
        }
    }
    chosen
}

/// Distance of lines in pixels where they are crowded.
fn spacing(lines: &[&PlacedLine], frame: &FrameView, side_px: f64) -> Option<f64> {
    let view = &frame.view;
    let mut boxes: HashMap<(i32, i32), f64> = HashMap::new();
    for line in lines {
        let mut before: Option<DVec2> = None;
        for v in &line.points {
            let v = *v + DVec3::X * frame.turn_shift(v.x);
            let near = !view.is_globe() || v.normalize().dot((view.eye - v).normalize()) > LEAST_FACING;
            let at = view
                .screen_from_projected(v)
                .filter(|p| near && p.cmpge(DVec2::ZERO).all() && p.cmple(view.size_px).all());
            if let (Some(a), Some(b)) = (before, at) {
                let length = a.distance(b);
                // A step over half of the picture is the way round the Earth.
                if length < view.size_px.x / 2.0 {
                    let cell = ((a + b) / (2.0 * side_px)).floor();
                    *boxes.entry((cell.x as i32, cell.y as i32)).or_default() += length;
                }
            }
            before = at;
        }
    }
    let mut lengths: Vec<f64> = boxes.into_values().collect();
    if lengths.len() < 4 {
        return None;
    }
    lengths.sort_by(f64::total_cmp);
    let at = ((lengths.len() - 1) as f64 * (1.0 - CROWDED)) as usize;
    Some(side_px * side_px / lengths[at].max(1e-9))
}
