//! The card of the first run.

use std::path::PathBuf;

use egui::{Area, Id, Margin, Order, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui, pos2, vec2};
use seaglass_core::command::Command;

use crate::model::Model;
use crate::state::{Action, Out, UiState};
use crate::theme::theme;
use crate::widgets;

/// Width of the card.
pub const WIDTH: f32 = 440.0;

/// Whether the card is to be shown.
pub fn wanted(model: &Model, state: &UiState) -> bool {
    model.welcome && !state.welcome_closed && model.is_empty() && !model.work.busy()
}

/// Whether what was pressed opens data.
pub fn opens(out: &Out) -> bool {
    let asks = |a: &Action| matches!(a, Action::OpenSample | Action::Run("open_files" | "open_folder"));
    out.actions.iter().any(asks) || out.commands.iter().any(|c| matches!(c, Command::Open { .. }))
}

/// Shows the card.
pub fn show(ui: &mut Ui, area: Rect, model: &Model, out: &mut Out) {
    let t = theme(ui);
    let recent: Vec<&PathBuf> = model.recent.iter().take(if area.height() > 600.0 { 4 } else { 2 }).collect();
    let height = 352.0 + if recent.is_empty() { 0.0 } else { 40.0 + 24.0 * recent.len() as f32 };
    let left = area.left() + 32.0f32.min(((area.width() - WIDTH) / 2.0).max(8.0));
    let top = (area.center().y - height / 2.0).max(area.top() + 8.0);
    Area::new(Id::unique("welcome")).order(Order::Middle).fixed_pos(pos2(left, top)).show(ui.ctx(), |ui| {
        t.card().inner_margin(Margin::same(24)).show(ui, |ui| {
            ui.set_width(WIDTH - 48.0);
            ui.spacing_mut().item_spacing.y = 4.0;
            ui.label(egui::RichText::new(tr!("Ocean data on the globe")).font(t.title()).color(t.c.text_1));
            let lead = tr!("Start with a sample, or open your own files.\nEverything runs on this computer.");
            ui.label(egui::RichText::new(lead).font(t.body()).color(t.c.text_2));
            ui.add_space(8.0);
            match model.sample {
                Some(progress) => making(ui, progress, out),
                None => sample(ui, out),
            }
            ui.add_space(8.0);
            drop_zone(ui, out);
            ui.add_space(12.0);
            ui.horizontal(|ui| {
                if widgets::button(ui, tr!("Open files"), Some("open"), true).clicked() {
                    out.act(Action::Run("open_files"));
                }
                if widgets::button(ui, tr!("Open folder"), None, false).clicked() {
                    out.act(Action::Run("open_folder"));
                }
                let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 28.0), Sense::hover());
                widgets::key_badge(ui.painter(), t, rect.right_center(), "Ctrl+O");
            });
            if !recent.is_empty() {
                ui.add_space(12.0);
                ui.label(egui::RichText::new(tr!("Recent")).font(t.small()).color(t.c.text_3));
                for path in recent {
                    recent_row(ui, path, out);
                }
            }
            ui.add_space(8.0);
            let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 24.0), Sense::hover());
            let text = tr!("Do not show again");
            if widgets::link_at(ui, rect.right_center(), text, ui.scope_id().with(text), text).clicked() {
                out.act(Action::HideWelcome);
            }
        });
    });
}

fn sample(ui: &mut Ui, out: &mut Out) {
    let t = theme(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 72.0), Sense::click());
    widgets::describe(&response, Role::Button, tr!("Open the sample day"));
    let row = rect.expand2(vec2(8.0, 0.0));
    ui.painter().rect_filled(row, 6.0, if response.hovered() { t.c.pressed } else { t.c.hover });
    let picture = Rect::from_min_size(rect.min + vec2(4.0, 8.0), vec2(96.0, 56.0));
    thumbnail(ui, picture);
    let left = picture.right() + 16.0;
    let width = rect.right() - left - 40.0;
    widgets::line(ui.painter(), left, rect.top() + 18.0, tr!("Open the sample day"), t.name(), t.c.text_1, width);
    widgets::line(
        ui.painter(),
        left,
        rect.top() + 36.0,
        tr!("One analytic ocean, seen by each sensor"),
        t.body(),
        t.c.text_2,
        width,
    );
    widgets::line(
        ui.painter(),
        left,
        rect.top() + 54.0,
        tr!("SWOT, altimetry, SST, winds, currents"),
        t.small(),
        t.c.text_3,
        width,
    );
    ui.painter().text(
        pos2(rect.right() - 12.0, rect.center().y),
        egui::Align2::CENTER_CENTER,
        crate::icons::glyph("time_play"),
        crate::icons::fill_font(18.0),
        t.c.accent,
    );
    widgets::focus_ring(ui, &response, 6.0);
    if response.clicked() {
        out.act(Action::OpenSample);
    }
}

/// In place of the offer while the sample day is being made.
fn making(ui: &mut Ui, (done, all): (usize, usize), out: &mut Out) {
    let t = theme(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 72.0), Sense::hover());
    let words = trn!(all, "{done} of {all} files", "{done} of {all} files");
    let share = done as f32 / all.max(1) as f32;
    response.widget_info(|| egui::WidgetInfo::labeled(Role::ProgressIndicator, true, tr!("Sample day, {words}")));
    ui.painter().rect_filled(rect.expand2(vec2(8.0, 0.0)), 6.0, t.c.hover);
    let picture = Rect::from_min_size(rect.min + vec2(4.0, 8.0), vec2(96.0, 56.0));
    thumbnail(ui, picture);
    let (left, right) = (picture.right() + 16.0, rect.right() - 4.0);
    let title = tr!("Making the sample day");
    widgets::line(ui.painter(), left, rect.top() + 18.0, title, t.name(), t.c.text_1, right - left);
    widgets::line(ui.painter(), left, rect.top() + 36.0, &words, t.body(), t.c.text_2, right - left - 70.0);
    let at = pos2(right, rect.top() + 36.0);
    if widgets::link_at(ui, at, tr!("Cancel"), ui.scope_id().with("cancel sample"), tr!("Cancel making the sample day"))
        .clicked()
    {
        out.act(Action::CancelSample);
    }
    let bar = Rect::from_min_max(pos2(left, rect.top() + 54.0), pos2(right, rect.top() + 57.0));
    ui.painter().rect_filled(bar, 1.5, t.c.pressed);
    let part = Rect::from_min_max(bar.min, pos2(bar.left() + bar.width() * share.max(0.02), bar.bottom()));
    ui.painter().rect_filled(part, 1.5, t.c.accent);
}

/// A small picture of what awaits: two swaths over a temperature field.
fn thumbnail(ui: &Ui, rect: Rect) {
    let t = theme(ui);
    let maps = seaglass_render::assets::colormaps();
    let painter = ui.painter().with_clip_rect(rect);
    if let Some(thermal) = maps.get("cmocean_thermal") {
        let strips = 14;
        for k in 0..strips {
            let f = f64::from(k) / f64::from(strips);
            let [r, g, b] = thermal.colour(0.15 + 0.75 * f, false);
            let top = rect.top() + rect.height() * f as f32;
            let wave: Vec<egui::Pos2> = (0..=20)
                .map(|i| {
                    let x = i as f32 / 20.0;
                    pos2(rect.left() + x * rect.width(), top + 4.0 * (x * 7.0 + k as f32 * 0.4).sin())
                })
                .collect();
            painter.add(Shape::line(
                wave,
                Stroke::new(rect.height() / strips as f32 + 2.0, egui::Color32::from_rgb(r, g, b)),
            ));
        }
    }
    if let Some(balance) = maps.get("cmocean_balance") {
        for shift in [0.28f32, 0.62] {
            for k in 0..24 {
                let f = k as f32 / 24.0;
                let v = 0.5 + 0.35 * (f * 9.0 + shift * 11.0).sin();
                let [r, g, b] = balance.colour(f64::from(v), false);
                let at = pos2(rect.left() + rect.width() * (shift + 0.16 * f), rect.top() + rect.height() * f);
                let cell = Rect::from_min_size(at, vec2(10.0, rect.height() / 24.0 + 0.6));
                painter.rect_filled(cell, 0.0, egui::Color32::from_rgb(r, g, b));
            }
        }
    }
    ui.painter().rect_stroke(rect, 4.0, Stroke::new(1.0, t.c.border), StrokeKind::Outside);
}

fn drop_zone(ui: &mut Ui, out: &mut Out) {
    let t = theme(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 72.0), Sense::click());
    widgets::describe(&response, Role::Button, tr!("Drop files or folders here"));
    let r = rect.shrink(0.5);
    let corners = [r.left_top(), r.right_top(), r.right_bottom(), r.left_bottom(), r.left_top()];
    ui.painter().extend(Shape::dashed_line(&corners, Stroke::new(1.0, t.c.border_strong), 4.0, 3.0));
    widgets::icon(ui.painter(), pos2(rect.left() + 32.0, rect.center().y), "drop", 24.0, t.c.accent);
    let left = rect.left() + 60.0;
    let width = rect.right() - left - 8.0;
    widgets::line(
        ui.painter(),
        left,
        rect.center().y - 9.0,
        tr!("Drop files or folders here"),
        t.name(),
        t.c.text_1,
        width,
    );
    widgets::line(
        ui.painter(),
        left,
        rect.center().y + 10.0,
        tr!("NetCDF and HDF5, from any agency that follows CF"),
        t.body(),
        t.c.text_2,
        width,
    );
    widgets::focus_ring(ui, &response, 6.0);
    if response.clicked() {
        out.act(Action::Run("open_files"));
    }
}

fn recent_row(ui: &mut Ui, path: &std::path::Path, out: &mut Out) {
    let t = theme(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 24.0), Sense::click());
    let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
    widgets::describe(&response, Role::Button, &tr!("Open {name}"));
    if response.hovered() {
        ui.painter().rect_filled(rect.expand2(vec2(8.0, 0.0)), 4.0, t.c.hover);
    }
    let end =
        widgets::line(ui.painter(), rect.left(), rect.center().y, &name, t.body(), t.c.text_1, rect.width() * 0.62);
    let folder = path.parent().map_or_else(String::new, |p| p.display().to_string());
    widgets::line(ui.painter(), end + 10.0, rect.center().y, &folder, t.small(), t.c.text_3, rect.right() - end - 10.0);
    widgets::focus_ring(ui, &response, 4.0);
    if response.on_hover_text(path.display().to_string()).clicked() {
        out.send(Command::Open { paths: vec![path.to_path_buf()] });
    }
}

/// The globe stands right of the welcome card where there is room for both.
pub fn beside(area: Rect, welcome: bool) -> Rect {
    let left = area.left() + 32.0 + WIDTH;
    if welcome && area.right() - left > 420.0 {
        Rect::from_min_max(pos2(left, area.top()), area.max)
    } else {
        Rect::from_min_size(area.min, area.size().max(vec2(2.0, 2.0)))
    }
}
