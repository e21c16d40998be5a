//! Folded gaps of the time axis, and what is looped.

use egui::{Pos2, Rect, Role, Sense, Shape, Stroke, Ui, pos2};

use super::scale::{FOLD, Gap, Scale, long_gaps};
use crate::model::Model;
use crate::state::UiState;
use crate::text;
use crate::theme::theme;
use crate::widgets;

/// The gaps to fold: the long ones between the data of all layers, but for those the user has unfolded. At most half of
/// the axis is folds.
pub fn wanted(model: &Model, state: &UiState, width: f32) -> Vec<Gap> {
    if !state.fold_gaps {
        return Vec::new();
    }
    let granules = model.session.catalogue().collections.values().flat_map(|c| &c.granules);
    let spans = granules.filter_map(|g| g.span).map(|s| (s.start.unix_seconds(), s.stop.unix_seconds()));
    let mut gaps = long_gaps(spans, (width / (2.0 * FOLD)) as usize);
    gaps.retain(|g| !state.unfolded.contains(&g.start));
    gaps
}

/// Paints the folds over axis and strips; a click unfolds one.
pub fn show(ui: &mut Ui, body: Rect, scale: &Scale, state: &mut UiState) {
    let t = theme(ui);
    let painter = ui.painter().with_clip_rect(body);
    for gap in scale.folds() {
        let band = Rect::from_x_y_ranges(scale.x(gap.start)..=scale.x(gap.stop), body.y_range()).intersect(body);
        if band.width() < 2.0 {
            continue;
        }
        let response = ui.interact(band, ui.scope_id().with(("fold", gap.start.to_bits())), Sense::click());
        let words = tr!("Folded: {} without data", text::duration(gap.seconds()));
        widgets::describe(&response, Role::Button, &words);
        let fill = if response.hovered() { t.c.hover } else { t.c.surface_2 };
        let torn = Rect::from_x_y_ranges((scale.x(gap.start) + 5.0)..=(scale.x(gap.stop) - 5.0), body.y_range());
        painter.rect_filled(torn.intersect(band), 0.0, fill);
        for x in [torn.left(), torn.right()] {
            let steps = (body.height() / 4.0).ceil() as usize;
            let edge: Vec<Pos2> = (0..=steps)
                .map(|k| pos2(x + if k % 2 == 0 { -2.0 } else { 2.0 }, body.top() + 4.0 * k as f32))
                .collect();
            painter.add(Shape::line(edge, Stroke::new(1.0, t.c.border_strong)));
        }
        widgets::focus_ring(ui, &response, 0.0);
        if response.on_hover_text(tr!("{words}. Click to unfold.")).clicked() {
            state.unfolded.push(gap.start);
        }
    }
}

/// Marks what is looped, where that is not everything.
pub fn lap(ui: &Ui, axis: Rect, scale: &Scale, model: &Model) {
    let timeline = &model.session.project().timeline;
    let Some(span) = timeline.loop_span.filter(|_| timeline.looped) else { return };
    let t = theme(ui);
    let painter = ui.painter().with_clip_rect(axis);
    let stroke = Stroke::new(2.0, t.c.accent);
    let (x0, x1) = (scale.x(span.start.unix_seconds()), scale.x(span.stop.unix_seconds()));
    let y = axis.bottom() - 1.0;
    painter.hline(x0..=x1, y, stroke);
    for x in [x0 + 1.0, x1 - 1.0] {
        painter.vline(x, (y - 6.0)..=y, stroke);
    }
}
