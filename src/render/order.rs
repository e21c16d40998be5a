//! In which order, and how near, the steps of a frame are drawn.
//!
//! Cells that hide what is below them come first, from the top down; then all that is below, between or above them in its
//! own order, and what they hide of it is never shaded: the base map under a whole cycle of swaths costs nothing. Colours
//! are those of drawing one after the other, because such cells leave nothing of what is below.

use std::cmp::Reverse;

use crate::draw::Draw;
use crate::look::depth_of;

/// The steps in the order in which they are drawn, with their depths. What moves itself or is filled in passes of its own
/// (particles, shapes) knows no depths: nothing changes places with it.
pub(crate) fn steps(draws: &[Draw]) -> impl Iterator<Item = (&Draw, f32)> {
    let mut below = 0;
    draws.split_inclusive(|d| matches!(d, Draw::Shapes | Draw::Streams { .. })).flat_map(move |part| {
        let (mut front, mut others) = (Vec::new(), Vec::with_capacity(part.len()));
        for draw in part {
            match run_of(draw) {
                Some(run) => {
                    below = run;
                    front.push((run, draw));
                }
                None => others.push((draw, depth_of(below))),
            }
        }
        // Draws of a run have been turned around already.
        front.sort_by_key(|(run, _)| Reverse(*run));
        front.into_iter().map(|(run, draw)| (draw, depth_of(run))).chain(others)
    })
}

/// The run of cells that hide what is below them.
fn run_of(draw: &Draw) -> Option<u32> {
    match draw {
        Draw::Raster { run, .. } | Draw::Small { run, .. } => Some(*run).filter(|run| *run > 0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::polyline::Run;

    fn cells(run: u32, clock: u32) -> Draw {
        Draw::Small { slot: 5, clock, bank: 0, indices: 0..3, run }
    }

    fn dots(first: u32) -> Draw {
        Draw::Dots { slot: 6, run: Run { first, len: 4 } }
    }

    #[test]
    fn what_hides_comes_first_from_the_top_down_and_the_rest_keeps_its_order() {
        let draws = [Draw::Sky, cells(1, 0), cells(1, 1), dots(1), cells(2, 2), cells(0, 3), dots(2)];
        let found: Vec<(Draw, f32)> = steps(&draws).map(|(d, z)| (d.clone(), z)).collect();
        let far = |k: u32| depth_of(k);
        let expected = [
            (cells(2, 2), far(2)),
            (cells(1, 0), far(1)),
            (cells(1, 1), far(1)),
            (Draw::Sky, 1.0),
            (dots(1), far(1)),
            (cells(0, 3), far(2)),
            (dots(2), far(2)),
        ];
        assert_eq!(found, expected);
        assert!(far(1) > far(2) && far(0) == 1.0);
    }

    #[test]
    fn nothing_changes_places_with_shapes() {
        let draws = [cells(1, 0), Draw::Shapes, dots(1), cells(2, 1)];
        let found: Vec<Draw> = steps(&draws).map(|(d, _)| d.clone()).collect();
        assert_eq!(found, [cells(1, 0), Draw::Shapes, cells(2, 1), dots(1)]);
    }
}
