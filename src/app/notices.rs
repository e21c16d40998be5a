//! What the viewport says when it shows nothing, with the one action that helps; banner and drop overlay.

use egui::{Align2, Area, Id, Order, Rect, Sense, Stroke, StrokeKind, Ui, UiBuilder, pos2, vec2};
use seaglass_core::command::Command;
use seaglass_core::project::LayerId;
use seaglass_core::style::StylePatch;

use crate::lang;
use crate::model::{Model, Reason, Row};
use crate::state::{Action, Out, UiState};
use crate::style_actions::masked_layers;
use crate::theme::theme;
use crate::widgets;

/// What a notice's button does.
fn remedy(reason: &Reason, model: &Model, out: &mut Out) {
    match reason {
        Reason::OutOfTime { .. } | Reason::NoData => out.send(Command::JumpToData { layer: None }),
        Reason::OffScreen => out.send(Command::ZoomToLayer { layer: None }),
        Reason::AllHidden => out.send(Command::ShowAllLayers),
        Reason::AllMasked if !masked_layers(model).is_empty() => {
            out.send(Command::ShowMasked { layer: None, on: true })
        }
        // Clamping shows every value there is.
        Reason::AllMasked if hidden_ends(model).next().is_some() => {
            for layer in hidden_ends(model) {
                let patch =
                    StylePatch { out_of_range: Some(seaglass_core::style::OutOfRange::Clamp), ..StylePatch::default() };
                out.send(Command::SetStyle { layer, patch });
            }
        }
        Reason::AllMasked => out.send(Command::ZoomToLayer { layer: None }),
        Reason::Failed { path, .. } => {
            if let Some(path) = path.clone().or_else(|| model.session.failures().last().map(|f| f.path.clone())) {
                out.act(Action::FailureDetails(path));
            }
        }
    }
}

/// Layers whose style hides the values beyond its range.
fn hidden_ends(model: &Model) -> impl Iterator<Item = LayerId> {
    let hides = |r: &&Row| r.shown && !r.locked && r.style.out_of_range == seaglass_core::style::OutOfRange::Hide;
    model.rows.iter().filter(hides).map(|r| r.id)
}

/// Whether the view already is what *Zoom to data* would give, about.
fn is_framed(model: &Model) -> bool {
    let camera = model.session.project().camera;
    model.session.framing(None).is_some_and(|framed| {
        let moved = framed.target.approx_distance_m(&camera.target);
        moved < 0.1 * framed.altitude_m && (0.9..1.1).contains(&(camera.altitude_m / framed.altitude_m))
    })
}

/// Text and button of a reason; no button where nothing helps.
fn words(reason: &Reason, model: &Model) -> (String, Option<&'static str>) {
    if matches!(reason, Reason::AllMasked) && masked_layers(model).is_empty() {
        return match hidden_ends(model).next() {
            Some(_) => (tr!("All values here are beyond the range, and hidden.").to_owned(), Some(tr!("Show them"))),
            None => {
                let zoom = (!is_framed(model)).then_some(tr!("Zoom to data"));
                (tr!("All values here are masked or missing.").to_owned(), zoom)
            }
        };
    }
    let (text, button) = match reason {
        Reason::AllMasked => (tr!("All values are masked.").to_owned(), tr!("Show masked")),
        Reason::OutOfTime { .. } => (tr!("Nothing to show at this time.").to_owned(), tr!("Jump to nearest data")),
        Reason::AllHidden => (tr!("All layers are hidden.").to_owned(), tr!("Show all")),
        Reason::OffScreen => (tr!("Data are outside the view.").to_owned(), tr!("Zoom to data")),
        Reason::NoData => (tr!("The files hold nothing to show here.").to_owned(), tr!("Jump to nearest data")),
        Reason::Failed { message, .. } => (lang::sentence(message).into_owned(), tr!("Details")),
    };
    (text, Some(button))
}

/// The card at the top centre; the reason of the empty view.
pub fn show(ui: &mut Ui, area: Rect, model: &Model, state: &mut UiState, out: &mut Out) {
    if model.is_empty() && model.session.failures().is_empty() {
        return;
    }
    let reason = if model.rows.is_empty() && !model.is_empty() { None } else { model.view_reason.clone() };
    let Some(reason) = reason.filter(|_| !model.work.busy()) else { return };
    if model.rows.is_empty() && !matches!(reason, Reason::Failed { .. }) {
        return;
    }
    let t = theme(ui);
    let (message, button) = words(&reason, model);
    let width = 360.0f32.min(area.width() - 120.0);
    let left = (area.center().x - width / 2.0).max(area.left() + 56.0);
    let shown = Area::new(Id::unique("notice")).order(Order::Middle).fixed_pos(pos2(left, area.top() + 12.0)).show(
        ui.ctx(),
        |ui| {
            t.card().show(ui, |ui| {
                ui.set_width(width - 26.0);
                ui.horizontal(|ui| {
                    let (rect, _) = ui.allocate_exact_size(vec2(18.0, 28.0), Sense::hover());
                    let (icon, ink) = match reason {
                        Reason::Failed { .. } => ("status_error", t.c.error),
                        Reason::OutOfTime { .. } => ("time_nearest", t.c.warning),
                        _ => ("status_info", t.c.info),
                    };
                    widgets::icon(ui.painter(), rect.center(), icon, 18.0, ink);
                    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                        if button.is_some_and(|button| widgets::button(ui, button, None, true).clicked()) {
                            remedy(&reason, model, out);
                        }
                        ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                            ui.add(egui::Label::new(egui::RichText::new(message).color(t.c.text_1)).wrap());
                        });
                    });
                });
            });
        },
    );
    state.taken.add("notice", shown.response.rect);
}

/// The strip under the top bar when there is no GPU, 32 high.
pub fn software_banner(ui: &mut Ui, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let rect = ui.max_rect();
    ui.painter().rect_filled(rect, 0.0, t.c.warning_bg);
    let y = rect.center().y;
    widgets::icon(ui.painter(), pos2(rect.left() + 20.0, y), "no_gpu", 16.0, t.c.warning);
    let text = tr!("No GPU found, drawing in software. Expect slow motion.");
    let end = widgets::line(ui.painter(), rect.left() + 36.0, y, text, t.body(), t.c.text_1, rect.width() - 240.0);
    let help = widgets::link_at(
        ui,
        pos2(end + 96.0, y),
        tr!("What to do"),
        ui.scope_id().with("what to do"),
        tr!("What to do"),
    );
    if help.clicked() {
        out.act(Action::Run("about"));
        state.about_open = true;
    }
    let cell = Rect::from_center_size(pos2(rect.right() - 20.0, y), vec2(24.0, 24.0));
    let response = ui.interact(cell, ui.scope_id().with("close banner"), Sense::click());
    if widgets::icon_button_at(ui, cell, response, "close", tr!("Close the banner"), false).clicked() {
        state.banner_closed = true;
    }
}

/// While files are dragged over the window.
pub fn drop_overlay(ctx: &egui::Context, files: usize) {
    let t = crate::theme::Theme::get(ctx.global_style().visuals.dark_mode);
    let painter = ctx.layer_painter(egui::LayerId::new(Order::Foreground, Id::unique("drop overlay")));
    let screen = ctx.content_rect();
    painter.rect_filled(screen, 0.0, t.c.void.gamma_multiply(0.72));
    let card = Rect::from_center_size(screen.center(), vec2(420.0, 132.0));
    painter.rect(card, 12.0, t.c.surface_3, Stroke::new(2.0, t.c.accent), StrokeKind::Inside);
    widgets::icon(&painter, pos2(card.center().x, card.top() + 42.0), "drop", 32.0, t.c.accent);
    let text = if files > 1 {
        trn!(files, "Drop to open {files} files or folders", "Drop to open {files} files or folders")
    } else {
        tr!("Drop to open").to_owned()
    };
    painter.text(pos2(card.center().x, card.top() + 88.0), Align2::CENTER_CENTER, text, t.heading(), t.c.text_1);
}

/// Placeholder of a viewport that cannot draw.
pub fn no_graphics(ui: &mut Ui, area: Rect, why: &str) {
    let t = theme(ui);
    ui.painter().rect_filled(area, 0.0, t.c.void);
    let card = Rect::from_center_size(area.center(), vec2(420.0, 96.0));
    ui.scope_builder(UiBuilder::new().max_rect(card), |ui| {
        t.card().show(ui, |ui| ui.label(egui::RichText::new(why).color(t.c.text_1)));
    });
}
