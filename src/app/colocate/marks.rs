//! The pairs on the timeline: short marks where either side was measured, in the colour of the selection where selected.

use std::cell::RefCell;
use std::sync::Arc;

use egui::{Painter, Rect, pos2};
use seaglass_core::project::LayerId;
use seaglass_host::colocate::Found;

use crate::model::Model;
use crate::state::UiState;
use crate::theme::Theme;

/// Height of a mark, points.
const HEIGHT: f32 = 3.0;
/// Width of a mark.
const WIDTH: f32 = 2.0;

/// Times of pairs, seconds since 1970, ascending; made once for a result and a selection.
struct Known {
    serial: u64,
    selection: Arc<Vec<u32>>,
    all: [Vec<f64>; 2],
    selected: [Vec<f64>; 2],
}

fn times(found: &Found, pairs: impl Iterator<Item = usize>, side: usize) -> Vec<f64> {
    let place = |k: usize| if side == 0 { found.reference(k) } else { found.compared(k) };
    let mut out: Vec<f64> = pairs.filter_map(place).map(|p| p.time.unix_seconds()).collect();
    out.sort_unstable_by(f64::total_cmp);
    out
}

fn with_known(found: &Found, selection: &Arc<Vec<u32>>, dragging: bool, look: impl FnOnce(&Known)) {
    thread_local! {
        static KNOWN: RefCell<Option<Known>> = const { RefCell::new(None) };
    }
    KNOWN.with_borrow_mut(|known| {
        let fits = |k: &Known| k.serial == found.serial;
        if dragging && found.pairs.len() > super::MANY && !known.as_ref().is_some_and(fits) {
            return;
        }
        let old = known.take().filter(fits);
        let same = old.as_ref().is_some_and(|k| Arc::ptr_eq(&k.selection, selection));
        let chosen = |side| times(found, selection.iter().map(|k| *k as usize), side);
        let new = match old {
            Some(k) if same => k,
            Some(k) => Known { selection: Arc::clone(selection), selected: [chosen(0), chosen(1)], ..k },
            None => Known {
                serial: found.serial,
                selection: Arc::clone(selection),
                all: [0, 1].map(|side| times(found, 0..found.pairs.len(), side)),
                selected: [chosen(0), chosen(1)],
            },
        };
        look(known.insert(new));
    })
}

/// Draws the marks of a layer's strip, while the Colocate panel is open. `x` is the point of a time, which never falls.
pub fn paint(
    painter: &Painter,
    t: &Theme,
    strip: Rect,
    x: &dyn Fn(f64) -> f32,
    layer: LayerId,
    model: &Model,
    state: &UiState,
) {
    if !state.colocate_open() {
        return;
    }
    let Some(found) = model.colocation.found.as_ref().filter(|f| !f.pairs.is_empty()) else { return };
    let sides = found.ask.sides.iter().enumerate().filter(|(_, s)| s.layer == layer).map(|(k, _)| k);
    let selection = state.colocate.selection.pairs();
    let sides: Vec<usize> = sides.collect();
    if sides.is_empty() {
        return;
    }
    let dragging = painter.ctx().input(|i| i.pointer.any_down());
    with_known(found, selection, dragging, |known| {
        for side in sides {
            ticks(painter, strip, x, &known.all[side], t.c.text_2);
            ticks(painter, strip, x, &known.selected[side], t.c.warning);
        }
    });
}

/// One mark for all times that fall together.
fn ticks(painter: &Painter, strip: Rect, x: &dyn Fn(f64) -> f32, times: &[f64], ink: egui::Color32) {
    let mut k = times.partition_point(|t| x(*t) < strip.left());
    let bottom = strip.bottom() - 1.0;
    while k < times.len() {
        let left = x(times[k]);
        if left > strip.right() {
            return;
        }
        let mark = Rect::from_min_max(pos2(left - WIDTH / 2.0, bottom - HEIGHT), pos2(left + WIDTH / 2.0, bottom));
        painter.rect_filled(mark, 0.0, ink);
        let rest = &times[k..];
        k += rest.partition_point(|t| x(*t) < left + WIDTH).max(1);
    }
}
