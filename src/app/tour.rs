//! Five steps around the window, for the first run and from the Help menu.

use egui::{Area, Id, Key, Modifiers, Order, Rect, Role, Sense, Stroke, StrokeKind, pos2, vec2};

use crate::lang;
use crate::state::{Action, Out, UiState};
use crate::theme::{Theme, theme};
use crate::widgets;

/// Width of the card.
const WIDTH: f32 = 340.0;

/// What a step is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Layers,
    Globe,
    Timeline,
    TopBar,
}

/// Title, text and place of every step.
const STEPS: [(&str, &str, Place); 5] = [
    (
        msg!("Layers"),
        msg!(
            "What is shown, the top row over the others. Drag a row to move it, click the eye to hide it, drag the numbers \
         beside the colour bar to stretch the colours."
        ),
        Place::Layers,
    ),
    (
        msg!("The globe"),
        msg!(
            "Drag to turn, wheel to zoom. Rest the pointer on a place: the card shows what every layer has there, from the \
         files themselves. Shift+P pins it."
        ),
        Place::Globe,
    ),
    (
        msg!("Time"),
        msg!(
            "Only what lies in the time window is shown. Drag along the axis to scrub, press Space to play, click the clock \
         to type a time."
        ),
        Place::Timeline,
    ),
    (
        msg!("More data"),
        msg!(
            "The right panel has the Catalogue: everything that is open, with a tick for what is shown. Drop files and \
         folders anywhere on the window to open them."
        ),
        Place::TopBar,
    ),
    (
        msg!("Find anything"),
        msg!(
            "Ctrl+K finds every command, field and place. Ctrl+Z takes back what you did. F1 opens the help, ? the keys."
        ),
        Place::TopBar,
    ),
];

/// Shows the step the tour is at.
pub fn show(ctx: &egui::Context, globe: Rect, state: &mut UiState, out: &mut Out) {
    let Some(step) = state.tour.filter(|k| *k < STEPS.len()) else { return };
    if state.is_covered() || state.presentation {
        return;
    }
    let t = Theme::get(ctx.global_style().visuals.dark_mode);
    let (title, text, place) = STEPS[step];
    let (title, text) = (lang::t(title), lang::t(text));
    let screen = ctx.content_rect();
    let target = rect_of(place, screen, globe, state);
    let painter = ctx.layer_painter(egui::LayerId::new(Order::Foreground, Id::unique("tour outline")));
    painter.rect_stroke(target.shrink(1.0), 6.0, Stroke::new(2.0, t.c.accent), StrokeKind::Inside);
    let height = 172.0;
    let at = match place {
        Place::Layers => pos2(target.right() + 12.0, target.top() + 12.0),
        Place::Globe => pos2(target.center().x - WIDTH / 2.0, target.top() + 24.0),
        Place::Timeline => pos2(target.center().x - WIDTH / 2.0, target.top() - height - 12.0),
        Place::TopBar => pos2(target.center().x - WIDTH / 2.0, target.bottom() + 12.0),
    };
    let most = screen.max - vec2(WIDTH + 8.0, height + 8.0);
    let at = pos2(at.x.clamp(8.0, most.x.max(8.0)), at.y.clamp(8.0, most.y.max(8.0)));
    let mut next = Some(step);
    let area = Area::new(Id::unique("tour")).order(Order::Foreground).fixed_pos(at);
    area.show(ctx, |ui| {
        t.popover(8).inner_margin(16).show(ui, |ui| {
            ui.set_width(WIDTH - 32.0);
            ui.spacing_mut().item_spacing.y = 4.0;
            let count = tr!("{} of {}", step + 1, STEPS.len());
            let (line, response) = ui.allocate_exact_size(vec2(ui.available_width(), 20.0), Sense::hover());
            response.widget_info(|| egui::WidgetInfo::labeled(Role::Label, true, tr!("{title}, step {count}")));
            widgets::line(ui.painter(), line.left(), line.center().y, title, t.clock(), t.c.text_1, 220.0);
            let end = egui::Align2::RIGHT_CENTER;
            ui.painter().text(line.right_center(), end, count, t.small(), t.c.text_3);
            ui.label(egui::RichText::new(text).font(t.body()).color(t.c.text_2));
            ui.add_space(8.0);
            ui.horizontal(|ui| next = buttons(ui, step));
        });
    });
    if ctx.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Escape)) {
        next = None;
    }
    if next != Some(step) {
        state.tour = next;
        // Begun is seen: whoever skips it does not want it again.
        out.act(Action::TourSeen);
        ctx.request_repaint();
    }
}

/// The step to be at then.
fn buttons(ui: &mut egui::Ui, step: usize) -> Option<usize> {
    let mut next = Some(step);
    let last = step + 1 == STEPS.len();
    if widgets::button(ui, if last { tr!("Done") } else { tr!("Next") }, None, true).clicked() {
        next = (!last).then_some(step + 1);
    }
    if step > 0 && widgets::button(ui, tr!("Back"), None, false).clicked() {
        next = Some(step - 1);
    }
    let t = theme(ui);
    if !last {
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), t.size.control), Sense::hover());
        let id = ui.scope_id().with("skip");
        if widgets::link_at(ui, rect.right_center(), tr!("Skip the tour"), id, tr!("Skip the tour")).clicked() {
            next = None;
        }
    }
    next
}

fn rect_of(place: Place, screen: Rect, globe: Rect, state: &UiState) -> Rect {
    let t = Theme::get(true);
    match place {
        Place::TopBar => Rect::from_min_max(screen.min, pos2(screen.right(), screen.top() + t.size.top_bar)),
        Place::Layers if state.left_open => {
            Rect::from_min_max(pos2(screen.left(), globe.top()), pos2(globe.left(), globe.bottom()))
        }
        Place::Timeline if state.timeline_open => {
            let bottom = screen.bottom() - t.size.status_bar;
            Rect::from_min_max(pos2(screen.left(), globe.bottom()), pos2(screen.right(), bottom))
        }
        Place::Layers | Place::Timeline | Place::Globe => globe,
    }
}
