//! What the entries of the command table do. Menus, keys, palette and buttons all come here.

use seaglass_core::command::{Command, TABLE};
use seaglass_core::compare::CompareMode;
use seaglass_core::passes::{OrbitStep, Pass};
use seaglass_core::project::{BaseMap, LayerId};
use seaglass_core::projection::Projection;
use seaglass_core::shapes::ShapeKind;
use seaglass_core::style::StylePatch;
use seaglass_core::timeline::{PlayMode, Timeline};

use crate::dialogs::Pick;
use crate::model::{Model, Row};
use crate::right::{self, Tab};
use crate::state::{Action, Out, UiState};
use crate::{bookmarks, colocate, compare, hand, palette, style_actions, timeline};

/// Window lengths of the segment and of the keys, seconds.
pub const WINDOWS_S: [f64; 5] = [21_600.0, 43_200.0, 86_400.0, 259_200.0, 604_800.0];

/// Multiples of real time offered.
pub const REAL_TIME: [f64; 4] = [1.0, 2.0, 5.0, 10.0];

/// Steps or granules a second offered.
pub const RATES: [f64; 4] = [1.0, 2.0, 5.0, 10.0];

/// Whether an entry can be run now.
pub fn enabled(id: &str, model: &Model, state: &UiState) -> bool {
    if let Some(known) = style_actions::enabled(id, model, state) {
        return known;
    }
    let has_data = !model.is_empty();
    let (undo, redo) = model.session.can_undo_redo();
    match id {
        "view_back" => model.session.can_go_back_forward().0,
        "view_forward" => model.session.can_go_back_forward().1,
        "save_shapes" => !model.session.project().shapes.is_empty(),
        "undo" => undo,
        id if id.starts_with("bookmark_") && id != "bookmark_add" => bookmarks::of_key(id, model).is_some(),
        "orbit_previous_pass"
        | "orbit_next_pass"
        | "orbit_previous_orbit"
        | "orbit_next_orbit"
        | "orbit_previous_cycle"
        | "orbit_next_cycle" => has_passes(model, state),
        "redo" => redo,
        "compare_swipe" | "compare_side_by_side" => has_data,
        "layer_side" => state.selected.and_then(|id| model.row(id)).is_some_and(|r| r.compared),
        "save_session" | "save_session_as" | "copy_command_line" | "copy_python" | "export_python" => has_data,
        "close_all" => has_data || !model.session.failures().is_empty(),
        "copy_position" => state.pointer.is_some(),
        "pair_table" => model.colocation.found.as_ref().is_some_and(|f| !f.pairs.is_empty()),
        "next_coincidence" | "previous_coincidence" => {
            model.colocation.found.as_ref().is_some_and(|f| !f.coincidences.is_empty())
        }
        "record" | "zoom_to_layer" | "zoom_to_native" | "fit_timeline" | "fold_gaps" | "loop_all" | "loop_window"
        | "play_smooth" | "play_real_time" | "play_steps" | "play_granules" | "show_all_layers" | "play"
        | "step_back" | "step_forward" | "step_back_10" | "step_forward_10" | "previous_granule" | "next_granule"
        | "first_data" | "last_data" | "jump_to_data" | "next_window" | "previous_window" => has_data,
        "toggle_layer" | "style" | "duplicate_layer" | "remove_layer" | "layer_up" | "layer_down" | "more_opacity"
        | "less_opacity" | "solo_layer" | "lock_layer" | "group_layer" => {
            state.selected.is_some_and(|id| model.row(id).is_some())
        }
        _ => true,
    }
}

/// Runs an entry of the table, into commands, state and actions.
pub fn perform(id: &'static str, model: &Model, state: &mut UiState, out: &mut Out) {
    if !enabled(id, model, state) {
        return;
    }
    if let Some(command) = simple(id, model) {
        if let Command::StepCoincidence { steps } = command {
            colocate::select_coincidence(model, state, steps);
        }
        out.send(command);
        return;
    }
    if let Some(projection) = id.strip_prefix("projection_").and_then(Projection::from_id) {
        // About what is being looked at.
        let projection = projection.about(model.session.project().camera.target);
        out.send(Command::SetProjection { projection });
        return;
    }
    if style_actions::perform(id, model, state, out) {
        return;
    }
    if bookmarks::perform(id, model, out) {
        return;
    }
    match id {
        "draw_polygon" => state.shapes.toggle(ShapeKind::Polygon),
        "draw_polyline" => state.shapes.toggle(ShapeKind::Polyline),
        "draw_point" => state.shapes.toggle(ShapeKind::Point),
        "save_shapes" => out.act(Action::Pick(Pick::Shapes(None))),
        "palette" => state.palette_open = !state.palette_open,
        "help" => state.help.toggle(),
        "tour" => state.tour = Some(0),
        "keys" => state.keys_open = !state.keys_open,
        "record" => state.film = Some(crate::recorder::Form::of(model.session)),
        "about" => state.about_open = true,
        "language_system" | "language_en" | "language_fr" => {
            id.trim_start_matches("language_").clone_into(&mut state.preferences.language);
        }
        "preferences" => state.preferences_open = !state.preferences_open,
        "toggle_left_panel" => state.left_open = !state.left_open,
        "toggle_right_panel" => state.right_open = !state.right_open,
        "catalogue" | "colocate" => {
            let tab = if id == "catalogue" { Tab::Catalogue } else { Tab::Colocate };
            state.right_open = !state.right_open || state.right_tab != tab;
            state.right_tab = tab;
        }
        "copy_command_line" => out.act(Action::Copy(crate::command_line::text(model.session))),
        "copy_python" => {
            let sources = model.session.readable_sources();
            let sources: Vec<_> =
                sources.iter().map(|p| std::path::absolute(p).unwrap_or_else(|_| p.to_path_buf())).collect();
            out.act(Action::Copy(seaglass_core::script::python(model.session, &sources)));
        }
        "export_python" => out.act(Action::Pick(Pick::Python)),
        "save_session_as" => out.act(Action::Pick(Pick::SessionAs)),
        "open_session" => out.act(Action::Pick(Pick::Session)),
        "save_session" => match &model.session_file.0 {
            Some(path) => out.send(crate::saving::save(path.clone(), state)),
            None => out.act(Action::Pick(Pick::SessionAs)),
        },
        "toggle_timeline" => state.timeline_open = !state.timeline_open,
        "pair_table" => {
            // The table belongs to the panel: it opens with it.
            let open = state.colocate.table.open && state.colocate_open();
            state.colocate.table.open = !open;
            (state.right_open, state.right_tab) = (true, Tab::Colocate);
        }
        "presentation" => state.presentation = !state.presentation,
        "zoom_to_layer" => out.send(Command::ZoomToLayer { layer: state.selected }),
        "zoom_to_native" => out.send(Command::ZoomToNative { layer: state.selected }),
        "fit_timeline" => timeline::fit(model, state),
        "fold_gaps" => {
            state.fold_gaps = !state.fold_gaps;
            state.unfolded.clear();
            (state.time_view, state.fitted) = (None, None);
        }
        "play_smooth" | "play_real_time" => {
            out.send(Command::SetPlayMode { play: PlayMode::Smooth });
            let speed = model.session.project().timeline.speed;
            if id == "play_real_time" {
                out.send(Command::SetSpeed { speed: 1.0 });
            } else if speed <= REAL_TIME[REAL_TIME.len() - 1] {
                out.send(Command::SetSpeed { speed: Timeline::default().speed });
            }
        }
        "reset_view" => {
            out.send(Command::NorthUp);
            out.send(Command::TopDown);
        }
        // The layer in hand, as its row's link does: another layer with data at this time must not hold the clock.
        "jump_to_data" => {
            out.send(Command::JumpToData { layer: state.selected.filter(|l| model.row(*l).is_some()) });
        }
        "orbit_previous_pass"
        | "orbit_next_pass"
        | "orbit_previous_orbit"
        | "orbit_next_orbit"
        | "orbit_previous_cycle"
        | "orbit_next_cycle" => {
            let by = match id {
                "orbit_previous_pass" | "orbit_next_pass" => OrbitStep::Pass,
                "orbit_previous_orbit" | "orbit_next_orbit" => OrbitStep::Orbit,
                _ => OrbitStep::Cycle,
            };
            let steps = if id.starts_with("orbit_next") { 1 } else { -1 };
            let layer = state.selected.filter(|l| model.row(*l).is_some_and(|r| row_has_passes(model, r)));
            out.send(Command::StepOrbit { layer, by, steps });
        }
        "previous_granule" => out.send(Command::StepGranule { layer: state.selected, steps: -1 }),
        "next_granule" => out.send(Command::StepGranule { layer: state.selected, steps: 1 }),
        _ => {
            if let Some(layer) = state.selected.filter(|l| model.row(*l).is_some())
                && perform_on_layer(id, layer, model, state, out)
            {
                return;
            }
            out.act(Action::Run(id));
        }
    }
}

/// Whether the names of a layer's files tell passes. The first of them answers for all.
fn row_has_passes(model: &Model, row: &Row) -> bool {
    let collection = model.session.catalogue().collections.get(&row.collection);
    collection.and_then(|c| c.granules.first()).is_some_and(|g| Pass::of(&g.path).is_some())
}

fn has_passes(model: &Model, state: &UiState) -> bool {
    let selected = state.selected.and_then(|id| model.row(id));
    selected.is_some_and(|r| row_has_passes(model, r)) || model.rows.iter().any(|r| r.shown && row_has_passes(model, r))
}

fn simple(id: &str, model: &Model) -> Option<Command> {
    let project = model.session.project();
    let base = |change: fn(&mut BaseMap)| {
        let mut base = project.base.clone();
        change(&mut base);
        Some(Command::SetBaseMap { base })
    };
    Some(match id {
        "undo" => Command::Undo,
        "redo" => Command::Redo,
        "close_all" => Command::CloseAll,
        "toggle_globe" => Command::ToggleGlobe,
        "home" => Command::Home,
        "view_back" => Command::ViewBack,
        "view_forward" => Command::ViewForward,
        "zoom_in" => Command::Zoom { factor: 1.0 / 1.5 },
        "zoom_out" => Command::Zoom { factor: 1.5 },
        "north_up" => Command::NorthUp,
        "top_down" => Command::TopDown,
        "toggle_relief" => return base(|b| b.relief = !b.relief),
        "toggle_coastlines" => return base(|b| b.coastlines = !b.coastlines),
        "toggle_graticule" => return base(|b| b.graticule = !b.graticule),
        "toggle_labels" => return base(|b| b.labels = !b.labels),
        "compare_swipe" => compare::toggle(CompareMode::Swipe, model),
        "compare_side_by_side" => compare::toggle(CompareMode::SideBySide, model),
        "show_all_layers" => Command::ShowAllLayers,
        "next_coincidence" => Command::StepCoincidence { steps: 1 },
        "previous_coincidence" => Command::StepCoincidence { steps: -1 },
        "play" => Command::Play { on: !project.timeline.playing },
        "step_back" => Command::StepTime { steps: -1 },
        "step_forward" => Command::StepTime { steps: 1 },
        "step_back_10" => Command::StepTime { steps: -10 },
        "step_forward_10" => Command::StepTime { steps: 10 },
        "play_steps" | "play_granules" => {
            let per_s = project.timeline.play.per_second().unwrap_or(RATES[1]);
            let steps = id == "play_steps";
            Command::SetPlayMode { play: if steps { PlayMode::Steps { per_s } } else { PlayMode::Granules { per_s } } }
        }
        // Each switches itself off again.
        "loop_all" => Command::SetLoop { on: !(project.timeline.looped && project.timeline.loop_span.is_none()) },
        "loop_window" => match project.timeline.loop_span.filter(|_| project.timeline.looped) {
            Some(_) => Command::SetLoop { on: true },
            None => Command::SetLoopSpan { span: project.timeline.window() },
        },
        "first_data" => Command::GoToEnd { last: false },
        "last_data" => Command::GoToEnd { last: true },
        "next_window" | "previous_window" => {
            let now = project.timeline.window_s;
            let longer = WINDOWS_S.iter().find(|w| **w > now * 1.001);
            let shorter = WINDOWS_S.iter().rev().find(|w| **w < now * 0.999);
            let window_s = if id == "next_window" { longer } else { shorter };
            Command::SetWindow { window_s: *window_s? }
        }
        _ => return None,
    })
}

fn perform_on_layer(id: &str, layer: LayerId, model: &Model, state: &mut UiState, out: &mut Out) -> bool {
    let Some(row) = model.row(layer) else { return false };
    let position = model.session.project().position(layer).unwrap_or(0);
    let opacity = |by: f32| Command::SetStyle {
        layer,
        patch: StylePatch { opacity: Some((row.style.opacity + by).clamp(0.0, 1.0)), ..StylePatch::default() },
    };
    match id {
        "toggle_layer" => out.send(Command::ShowLayer { layer, visible: !row.visible }),
        "style" => state.style_of = if state.style_of == Some(layer) { None } else { Some(layer) },
        "duplicate_layer" => out.send(Command::DuplicateLayer { layer }),
        "solo_layer" => out.send(Command::SoloLayer { layer }),
        "layer_side" => out.send(compare::turn(row)),
        "lock_layer" => out.send(Command::LockLayer { layer, locked: !row.locked }),
        "group_layer" => crate::layer_group::make(layer, model, state, out),
        // Refused with a sentence: the layer stays in hand.
        "remove_layer" if row.locked => out.send(Command::RemoveLayer { layer }),
        "remove_layer" => {
            out.send(Command::RemoveLayer { layer });
            // The row below takes the selection, so that Delete can be pressed again.
            let next = model.rows.get(position + 1).or_else(|| position.checked_sub(1).and_then(|p| model.rows.get(p)));
            state.selected = next.map(|r| r.id);
            state.style_of = None;
        }
        "layer_up" => out.send(Command::MoveLayer { layer, to: position.saturating_sub(1) }),
        "layer_down" => out.send(Command::MoveLayer { layer, to: position + 1 }),
        "more_opacity" => out.send(opacity(0.05)),
        "less_opacity" => out.send(opacity(-0.05)),
        _ => return false,
    }
    true
}

/// What the keys of the command table do.
pub fn shortcuts(ui: &egui::Ui, model: &Model, state: &mut UiState, out: &mut Out) {
    if !state.is_covered()
        && !ui.ctx().text_edit_focused()
        && ui.input(|i| i.key_pressed(egui::Key::Escape))
        && right::escape(state, colocate::is_drawer(ui.ctx().content_rect()))
    {
        ui.input_mut(|i| i.consume_key(egui::Modifiers::NONE, egui::Key::Escape));
    }
    // Keys of slow frames come together: those before the Enter that left a field were meant for it.
    let typing = ui.ctx().text_edit_focused();
    let typing = std::mem::replace(&mut state.typed_before, typing) || typing;
    hand::tap(ui, typing, model, state, out);
    let Some(id) = next_shortcut(ui, typing, state) else { return };
    let was_open = state.palette_open;
    // What covers the window has the keyboard; only its own key, which closes it again, goes through.
    let closes = (id == "palette" && was_open)
        || (id == "keys" && state.keys_open && !was_open)
        || (id == "preferences" && state.preferences_open && !was_open);
    if state.is_covered() && !closes {
        return;
    }
    perform(id, model, state, out);
    if state.palette_open && !was_open {
        palette::collect_typed(ui.ctx());
        ui.ctx().request_repaint();
    }
}

/// Presses kept at most while the window is slow to draw: about what a hand does in a few seconds.
const MOST_WAITING: usize = 32;

/// The entry of the shortcut to obey in this frame, if any; consumes the keys. Presses that came together, as they do
/// when frames are slow, are obeyed one a frame: the second of two toggles must see what the first has done.
fn next_shortcut(ui: &egui::Ui, typing: bool, state: &mut UiState) -> Option<&'static str> {
    for (id, repeated) in pressed_shortcuts(ui, typing) {
        // A key held down stops when it is let go.
        if !(repeated && state.shortcuts.contains(&id)) && state.shortcuts.len() < MOST_WAITING {
            state.shortcuts.push_back(id);
        }
    }
    let next = state.shortcuts.pop_front();
    if !state.shortcuts.is_empty() {
        ui.ctx().request_repaint();
    }
    next
}

/// The row of digits.
const DIGITS: [egui::Key; 10] = {
    use egui::Key::{Num0, Num1, Num2, Num3, Num4, Num5, Num6, Num7, Num8, Num9};
    [Num0, Num1, Num2, Num3, Num4, Num5, Num6, Num7, Num8, Num9]
};

/// The entries whose shortcuts have been pressed in this frame, in order, and whether the key was held down; consumes
/// the keys.
fn pressed_shortcuts(ui: &egui::Ui, typing: bool) -> Vec<(&'static str, bool)> {
    // Longer combinations first, so that Ctrl+Shift+O is not taken for Ctrl+O.
    let mut shortcuts: Vec<(egui::KeyboardShortcut, &'static str)> =
        TABLE.iter().flat_map(|e| e.keys.split(" / ").filter_map(|k| Some((shortcut(k)?, e.id)))).collect();
    shortcuts.sort_by_key(|(s, _)| {
        std::cmp::Reverse(u8::from(s.modifiers.shift) + u8::from(s.modifiers.command) + u8::from(s.modifiers.alt))
    });
    // The space bar is more than a key to press: `Hand` has it.
    shortcuts.retain(|(s, _)| s.logical_key != egui::Key::Space);
    shortcuts
        .retain(|(s, _)| !typing || s.modifiers.command || matches!(s.logical_key, egui::Key::F1 | egui::Key::F11));
    let mut pressed = Vec::new();
    ui.input_mut(|i| {
        i.events.retain(|event| match event {
            // egui turns Ctrl+C into an event of its own.
            egui::Event::Copy if !typing => {
                pressed.push(("copy_position", false));
                true
            }
            // `?` needs Shift on most keyboards and has no logical key everywhere.
            egui::Event::Text(t) if !typing && t == "?" => {
                pressed.push(("keys", false));
                true
            }
            egui::Event::Key { key, physical_key, pressed: true, modifiers, repeat } => {
                let on = |key| {
                    shortcuts.iter().find(|(s, _)| s.logical_key == key && modifiers.matches_logically(s.modifiers))
                };
                // With Shift the row of digits says `!`, `#`… (without, on a French keyboard): there the place counts.
                let found = on(*key).or_else(|| physical_key.filter(|p| DIGITS.contains(p)).and_then(on));
                pressed.extend(found.map(|(_, id)| (*id, *repeat)));
                found.is_none()
            }
            _ => true,
        });
    });
    pressed
}

/// A shortcut text of the table (`Ctrl+Shift+Up`) as egui's type.
pub fn shortcut(text: &str) -> Option<egui::KeyboardShortcut> {
    if text == "?" {
        return None;
    }
    let mut modifiers = egui::Modifiers::NONE;
    let mut rest = text;
    loop {
        if let Some(r) = rest.strip_prefix("Ctrl+") {
            modifiers.command = true;
            rest = r;
        } else if let Some(r) = rest.strip_prefix("Shift+") {
            modifiers.shift = true;
            rest = r;
        } else if let Some(r) = rest.strip_prefix("Alt+") {
            modifiers.alt = true;
            rest = r;
        } else {
            break;
        }
    }
    let key = match rest {
        "+" => egui::Key::Plus,
        "=" => egui::Key::Equals,
        "−" | "-" => egui::Key::Minus,
        "," => egui::Key::Comma,
        "." => egui::Key::Period,
        "Up" => egui::Key::ArrowUp,
        "Down" => egui::Key::ArrowDown,
        "Left" => egui::Key::ArrowLeft,
        "Right" => egui::Key::ArrowRight,
        other => egui::Key::from_name(other)?,
    };
    Some(egui::KeyboardShortcut::new(modifiers, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shortcut_of_the_table_is_a_key() {
        for e in TABLE {
            for keys in e.keys.split(" / ").filter(|k| !k.is_empty() && *k != "?") {
                assert!(shortcut(keys).is_some(), "{} {keys}", e.id);
            }
        }
    }
}
