//! The controls of the timeline: transport, clock, window, step.

use egui::{Align2, Popup, Rect, Role, Sense, Ui, UiBuilder, pos2, vec2};
use seaglass_core::command::Command;
use seaglass_core::command::entry_of;
use seaglass_core::timeline::{Anchor, PlayMode, Timeline};

use crate::actions::{self, RATES, REAL_TIME, WINDOWS_S};
use crate::lang;
use crate::model::Model;
use crate::state::{Action, Out, UiState};
use crate::text;
use crate::theme::theme;
use crate::{icons, widgets};

const SPEEDS: [(f64, &str); 7] = [
    (60.0, "1 min/s"),
    (600.0, "10 min/s"),
    (3600.0, msg!("1 h/s")),
    (10_800.0, msg!("3 h/s")),
    (43_200.0, msg!("12 h/s")),
    (86_400.0, msg!("1 d/s")),
    (604_800.0, msg!("7 d/s")),
];
const ANCHORS: [(Anchor, &str); 3] =
    [(Anchor::Trailing, msg!("Trailing")), (Anchor::Centred, msg!("Centred")), (Anchor::Leading, msg!("Leading"))];
const STEPS: [(Option<f64>, &str); 7] = [
    (None, msg!("1/3 window")),
    (Some(60.0), "1 min"),
    (Some(600.0), "10 min"),
    (Some(3600.0), "1 h"),
    (Some(21_600.0), "6 h"),
    (Some(86_400.0), msg!("1 d")),
    (Some(604_800.0), msg!("7 d")),
];

/// Shows the row of controls; `idle` when there is no time to control.
pub fn show(ui: &mut Ui, rect: Rect, split: f32, model: &Model, state: &mut UiState, out: &mut Out, idle: bool) {
    let left = Rect::from_min_max(rect.min, pos2(split - 1.0, rect.bottom()));
    ui.scope_builder(UiBuilder::new().max_rect(left.shrink2(vec2(8.0, 6.0))), |ui| {
        if idle {
            ui.disable();
            ui.set_opacity(0.4);
        }
        ui.horizontal_centered(|ui| transport(ui, model, state, out, idle));
    });
    if idle {
        return;
    }
    let right =
        Rect::from_min_max(pos2(split + 12.0, rect.top() + 6.0), pos2(rect.right() - 12.0, rect.bottom() - 6.0));
    let clock_end = clock(ui, right, model, state, out);
    let free = right.right() - clock_end;
    ui.scope_builder(UiBuilder::new().max_rect(Rect::from_min_max(pos2(clock_end, right.top()), right.max)), |ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            window_controls(ui, free, model, state, out)
        });
    });
}

fn transport(ui: &mut Ui, model: &Model, state: &mut UiState, out: &mut Out, idle: bool) {
    let t = theme(ui);
    ui.spacing_mut().item_spacing.x = 0.0;
    let side = if ui.available_width() < 250.0 { 24.0 } else { 28.0 };
    let step = |ui: &mut Ui, icon: &str, id: &'static str, state: &mut UiState, out: &mut Out| {
        if widgets::icon_button(ui, icon, &widgets::tip(id), side, false).clicked() {
            actions::perform(id, model, state, out);
        }
    };
    step(ui, "time_first", "first_data", state, out);
    step(ui, "time_previous", "step_back", state, out);
    ui.add_space(4.0);
    let playing = model.session.project().timeline.playing;
    let (cell, response) = ui.allocate_exact_size(vec2(28.0, 28.0), Sense::click());
    widgets::describe(&response, Role::Button, if playing { tr!("Pause") } else { tr!("Play") });
    state.regions[2] = (!idle).then_some(response.id);
    let fill = match (idle, response.is_pointer_button_down_on(), response.hovered()) {
        (true, ..) => t.c.surface_2,
        (_, true, _) => t.c.accent_pressed,
        (_, _, true) => t.c.accent_hover,
        _ => t.c.accent,
    };
    ui.painter().rect_filled(cell, 6.0, fill);
    let glyph = icons::glyph(if playing { "time_pause" } else { "time_play" });
    let ink = if idle { t.c.text_2 } else { t.c.on_accent };
    ui.painter().text(cell.center(), Align2::CENTER_CENTER, glyph, icons::fill_font(16.0), ink);
    widgets::focus_ring(ui, &response, 6.0);
    if response.on_hover_text(widgets::tip("play")).clicked() {
        actions::perform("play", model, state, out);
    }
    ui.add_space(4.0);
    step(ui, "time_next", "step_forward", state, out);
    step(ui, "time_last", "last_data", state, out);
    if idle {
        return;
    }
    let timeline = &model.session.project().timeline;
    let name = match (timeline.looped, timeline.loop_span) {
        (false, _) => tr!("Loop"),
        (true, None) => tr!("Loops over all data"),
        (true, Some(_)) => tr!("Loops over the marked window"),
    };
    if widgets::icon_button(ui, "time_loop", name, side, timeline.looped).clicked() {
        out.send(Command::SetLoop { on: !timeline.looped });
    }
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
        let name = play_name(timeline, ui.available_width());
        drop_down(ui, &name, tr!("Play"), |ui| play_menu(ui, timeline, model, state, out));
    });
}

/// How the clock runs, as short as the room asks.
fn play_name(timeline: &Timeline, room: f32) -> String {
    let speed = timeline.speed;
    let rate = |per_s: f64, noun: &str| {
        let number = text::short(per_s, 2);
        if room > 130.0 { tr!("{number} {noun}/s") } else { format!("{number}/s") }
    };
    match timeline.play {
        PlayMode::Steps { per_s } => rate(per_s, tr!("steps")),
        PlayMode::Granules { per_s } => rate(per_s, tr!("granules")),
        PlayMode::Smooth if speed == 1.0 => tr!("real time").to_owned(),
        PlayMode::Smooth if REAL_TIME.contains(&speed) => format!("\u{d7}{speed}"),
        PlayMode::Smooth => SPEEDS
            .iter()
            .find(|(s, _)| (s - speed).abs() < 0.5)
            .map_or_else(|| format!("{}/s", text::duration(speed)), |(_, n)| lang::t(n).to_owned()),
    }
}

/// Modes with their speeds, and what is looped.
fn play_menu(ui: &mut Ui, timeline: &Timeline, model: &Model, state: &mut UiState, out: &mut Out) {
    let smooth = timeline.play == PlayMode::Smooth;
    let speed = |out: &mut Out, speed: f64| {
        out.send(Command::SetPlayMode { play: PlayMode::Smooth });
        out.send(Command::SetSpeed { speed });
    };
    ui.menu_button(tr!("Smooth"), |ui| {
        for (s, name) in SPEEDS {
            if marked(ui, lang::t(name), smooth && timeline.speed == s) {
                speed(out, s);
            }
        }
    });
    ui.menu_button(tr!("Real time"), |ui| {
        for s in REAL_TIME {
            if marked(ui, &format!("\u{d7}{s}"), smooth && timeline.speed == s) {
                speed(out, s);
            }
        }
    });
    for (title, steps, mode) in [
        (tr!("Every step"), true, (|per_s| PlayMode::Steps { per_s }) as fn(f64) -> PlayMode),
        (tr!("Every granule"), false, |per_s| PlayMode::Granules { per_s }),
    ] {
        ui.menu_button(title, |ui| {
            for per_s in RATES {
                let words = if steps {
                    trn!(per_s, "{per_s} step a second", "{per_s} steps a second")
                } else {
                    trn!(per_s, "{per_s} granule a second", "{per_s} granules a second")
                };
                if marked(ui, &words, timeline.play == mode(per_s)) {
                    out.send(Command::SetPlayMode { play: mode(per_s) });
                }
            }
        });
    }
    ui.separator();
    loops(ui, model, state, out);
}

fn loops(ui: &mut Ui, model: &Model, state: &mut UiState, out: &mut Out) {
    let timeline = &model.session.project().timeline;
    entry(ui, "loop_all", timeline.looped && timeline.loop_span.is_none(), model, state, out);
    entry(ui, "loop_window", timeline.looped && timeline.loop_span.is_some(), model, state, out);
}

/// What can be done with the timeline; also under a right click.
pub(super) fn timeline_menu(ui: &mut Ui, model: &Model, state: &mut UiState, out: &mut Out) {
    ui.set_min_width(220.0);
    entry(ui, "fold_gaps", state.fold_gaps, model, state, out);
    entry(ui, "fit_timeline", false, model, state, out);
    ui.separator();
    loops(ui, model, state, out);
}

/// An entry of the command table, marked when it is on.
fn entry(ui: &mut Ui, id: &'static str, on: bool, model: &Model, state: &mut UiState, out: &mut Out) {
    if marked(ui, entry_of(id).map_or(id, |e| lang::t(e.title)), on) {
        actions::perform(id, model, state, out);
    }
}

/// A word with a caret that opens a menu.
fn drop_down(ui: &mut Ui, word: &str, label: &str, content: impl FnOnce(&mut Ui)) {
    let t = theme(ui);
    let galley = ui.painter().layout_no_wrap(word.to_owned(), t.body(), t.c.text_2);
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 30.0, 28.0), Sense::click());
    widgets::describe(&response, Role::ComboBox, &tr!("{label}: {word}"));
    let open = Popup::is_id_open(ui.ctx(), Popup::default_response_id(&response));
    let ink = if response.hovered() || open { t.c.text_1 } else { t.c.text_2 };
    if response.hovered() || open {
        ui.painter().rect_filled(rect, 6.0, if open { t.c.pressed } else { t.c.hover });
    }
    widgets::line(ui.painter(), rect.left() + 8.0, rect.center().y, word, t.body(), ink, 200.0);
    widgets::icon(ui.painter(), pos2(rect.right() - 12.0, rect.center().y), "collapse", 12.0, ink);
    widgets::focus_ring(ui, &response, 6.0);
    Popup::menu(&response).accessible_name(label).show(|ui| {
        ui.set_min_width(120.0);
        content(ui);
    });
}

fn choice(ui: &mut Ui, name: &str) -> bool {
    marked(ui, name, false)
}

/// A line of a menu, marked when it is what holds now.
fn marked(ui: &mut Ui, name: &str, on: bool) -> bool {
    let line = egui::Button::new(name).frame_when_inactive(on).selected(on).min_size(vec2(120.0, 26.0));
    let response = ui.add(line);
    if on {
        let at = pos2(response.rect.right() - 12.0, response.rect.center().y);
        widgets::icon(ui.painter(), at, "checked", 12.0, theme(ui).c.accent);
    }
    let clicked = response.clicked();
    if clicked {
        ui.close();
    }
    clicked
}

/// The clock; a click types. Returns where the controls right of it may begin.
fn clock(ui: &mut Ui, rect: Rect, model: &Model, state: &mut UiState, out: &mut Out) -> f32 {
    let t = theme(ui);
    let now = model.now();
    if let Some(typed) = state.clock_edit.as_mut() {
        let cell = Rect::from_min_size(pos2(rect.left() - 6.0, rect.top()), vec2(230.0, rect.height()));
        let edit = egui::TextEdit::singleline(typed)
            .font(t.clock())
            .margin(egui::Margin::symmetric(6, 3))
            .id(ui.scope_id().with("clock edit"));
        let response =
            ui.put(cell, edit).on_hover_text(tr!("A time, a day of the year (2024-224), a CNES day, or −3 d"));
        if !response.has_focus() && !response.lost_focus() {
            response.request_focus();
        }
        if response.lost_focus() {
            let text = state.clock_edit.take().unwrap_or_default();
            let escaped = ui.input(|i| i.key_pressed(egui::Key::Escape));
            match text::parse_clock(&text, now) {
                _ if escaped || text.trim().is_empty() => {}
                Some(now) => out.send(Command::SetTime { now }),
                None => {
                    let typed = text.trim();
                    out.act(Action::Say(tr!(
                        "{typed} is no time. A date such as 2024-08-11 13:27, a day of the year such as 2024-224, or −3 d is."
                    )));
                }
            }
        }
        return cell.right() + 12.0;
    }
    let galley = ui.painter().layout_no_wrap(now.to_string(), t.clock(), t.c.text_1);
    let cell = Rect::from_min_size(pos2(rect.left(), rect.top()), vec2(galley.size().x, rect.height()));
    let response = ui
        .interact(cell.expand2(vec2(6.0, 0.0)), ui.scope_id().with("clock"), Sense::click())
        .on_hover_cursor(egui::CursorIcon::Text);
    widgets::describe(&response, Role::Button, &tr!("Time {now}"));
    if response.hovered() {
        ui.painter().rect_filled(response.rect, 6.0, t.c.hover);
    }
    ui.painter().galley(pos2(cell.left(), (cell.center().y - galley.size().y / 2.0).round()), galley, t.c.text_1);
    widgets::focus_ring(ui, &response, 6.0);
    if response.on_hover_text(tr!("{}\nClick to type a time.", text::instant_lines(now))).clicked() {
        state.clock_edit = Some(now.to_string());
    }
    if rect.width() > 860.0 {
        let left = cell.right() + 24.0;
        return widgets::line(ui.painter(), left, rect.center().y, &text::day_text(now), t.body(), t.c.text_3, 200.0)
            + 16.0;
    }
    cell.right() + 16.0
}

/// Right to left: menu, calendar, fit, step, anchor, window.
fn window_controls(ui: &mut Ui, free: f32, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let timeline = &model.session.project().timeline;
    ui.spacing_mut().item_spacing.x = 4.0;
    let more = widgets::icon_button(ui, "more", tr!("Timeline menu"), 28.0, false);
    Popup::menu(&more).accessible_name(tr!("Timeline menu")).show(|ui| timeline_menu(ui, model, state, out));
    super::calendar::button(ui, model, state, out);
    if widgets::icon_button(ui, "time_fit", tr!("Fit the visible layers"), 28.0, false).clicked() {
        super::fit(model, state);
    }
    let word = |ui: &mut Ui, text: &str| {
        let galley = ui.painter().layout_no_wrap(text.to_owned(), t.body(), t.c.text_3);
        let (rect, _) = ui.allocate_exact_size(vec2(galley.size().x + 4.0, 28.0), Sense::hover());
        widgets::line(ui.painter(), rect.left(), rect.center().y, text, t.body(), t.c.text_3, 100.0);
    };
    let step_name = STEPS
        .iter()
        .find(|(s, _)| *s == timeline.step_s)
        .map_or_else(|| text::duration(timeline.step_seconds()), |(_, n)| lang::t(n).to_owned());
    if free > 590.0 {
        drop_down(ui, &step_name, tr!("Step"), |ui| {
            for (step_s, name) in STEPS {
                let name = lang::t(name);
                if choice(ui, name) {
                    out.send(Command::SetStep { step_s });
                }
            }
        });
        word(ui, tr!("Step"));
        let (line, _) = ui.allocate_exact_size(vec2(9.0, 16.0), Sense::hover());
        ui.painter().vline(line.center().x, line.y_range(), egui::Stroke::new(1.0, t.c.border));
    }
    let anchor = ANCHORS.iter().find(|(a, _)| *a == timeline.anchor).map_or("", |(_, n)| lang::t(n));
    drop_down(ui, anchor, tr!("Window anchor"), |ui| {
        for (anchor, name) in ANCHORS {
            let name = lang::t(name);
            if choice(ui, name) {
                out.send(Command::SetAnchor { anchor });
            }
        }
    });
    let names: Vec<String> = WINDOWS_S.iter().map(|s| text::span(*s)).collect();
    let selected = WINDOWS_S.iter().position(|s| (s - timeline.window_s).abs() < 0.5);
    if free > 550.0 {
        let labels: Vec<&str> = names.iter().map(String::as_str).collect();
        if let Some(k) = widgets::segments(ui, &labels, selected, None, tr!("Window")) {
            out.send(Command::SetWindow { window_s: WINDOWS_S[k] });
        }
        if selected.is_none() {
            word(ui, &text::duration(timeline.window_s));
        }
        word(ui, tr!("Window"));
    } else {
        drop_down(ui, &text::duration(timeline.window_s), tr!("Window"), |ui| {
            for (k, name) in names.iter().enumerate() {
                if choice(ui, name) {
                    out.send(Command::SetWindow { window_s: WINDOWS_S[k] });
                }
            }
        });
    }
}
