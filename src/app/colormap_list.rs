//! The list of colour maps: search, groups, live preview.

use egui::{Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use seaglass_render::assets::{self, ColormapEntry, ColormapGroup};

use crate::lang;
use crate::model::Row;
use crate::scene_legend;
use crate::theme::theme;
use crate::widgets;

/// Search text and the map to go back to.
#[derive(Clone, Debug, Default)]
struct ListState {
    search: String,
    cursor: Option<String>,
}

/// Maps suggested for a field, by what its standard name or name says.
pub fn suggestions(row: &Row) -> Vec<String> {
    let name = row.field.as_ref().map_or_else(String::new, |f| {
        format!(
            "{} {} {}",
            f.name,
            f.standard_name.clone().unwrap_or_default(),
            f.long_name.clone().unwrap_or_default()
        )
    });
    let name = name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| name.contains(w));
    let straddles = row.style.range.is_some_and(|[a, b]| a < 0.0 && b > 0.0);
    let wanted: [&str; 5] = if scene_legend::flags(row).is_some() {
        ["crameri_batlow", "viridis", "turbo", "cividis", "crameri_hawaii"]
    } else if has(&["chlorophyll", "chl"]) {
        ["cmocean_algae", "viridis", "cmocean_haline", "cmocean_speed", "turbo"]
    } else if straddles || has(&["anomaly", "ssha", "vorticity", "difference"]) {
        ["cmocean_balance", "cmocean_delta", "cmocean_curl", "crameri_vik", "crameri_roma"]
    } else if has(&["temperature", "sst"]) {
        ["cmocean_thermal", "crameri_lajolla", "inferno", "viridis", "turbo"]
    } else if has(&["speed", "wind", "current"]) {
        ["cmocean_speed", "viridis", "cmocean_tempo", "crameri_batlow", "turbo"]
    } else if has(&["salinity"]) {
        ["cmocean_haline", "viridis", "cmocean_deep", "crameri_batlow", "cividis"]
    } else if has(&["ice"]) {
        ["cmocean_ice", "cmocean_gray", "crameri_devon", "viridis", "cividis"]
    } else if has(&["direction", "phase", "angle"]) {
        ["cmocean_phase", "crameri_romaO", "crameri_brocO", "crameri_corkO", "crameri_vikO"]
    } else if has(&["wave", "swh"]) {
        ["cmocean_amp", "viridis", "cmocean_tempo", "crameri_batlow", "turbo"]
    } else {
        ["viridis", "cividis", "crameri_batlow", "cmocean_thermal", "cmocean_gray"]
    };
    let known = assets::colormaps();
    let mut list: Vec<String> = wanted.into_iter().filter(|id| known.get(id).is_some()).map(str::to_owned).collect();
    for e in known.entries() {
        if list.len() >= 5 {
            break;
        }
        if !list.contains(&e.id) {
            list.push(e.id.clone());
        }
    }
    list
}

/// What the list did.
pub enum Picked {
    /// The map under cursor or pointer: show it at once.
    Preview(String),
    /// Chosen: close.
    Done(String),
}

/// Shows the list; `current` is the layer's map.
pub fn show(ui: &mut Ui, row: &Row, current: &str) -> Option<Picked> {
    let t = theme(ui);
    let id = egui::Id::unique("colormap list");
    let mut state: ListState = ui.data(|d| d.get_temp(id)).unwrap_or_default();
    ui.set_width(320.0);
    let edit = egui::TextEdit::singleline(&mut state.search)
        .hint_text(tr!("Search 77 colour maps"))
        .desired_width(f32::INFINITY);
    let search = ui.add(edit.margin(egui::Margin::symmetric(8, 6)));
    widgets::describe(&search, Role::TextInput, tr!("Search colour maps"));
    if ui.memory(|m| m.focused().is_none()) {
        search.request_focus();
    }
    let words = state.search.to_lowercase();
    let fits = |e: &&ColormapEntry| {
        words.split_whitespace().all(|w| {
            e.id.to_lowercase().contains(w)
                || e.family.to_lowercase().contains(w)
                || e.group.title().to_lowercase().contains(w)
        })
    };
    let known = assets::colormaps();
    let mut sections: Vec<(&str, Vec<&ColormapEntry>)> = Vec::new();
    sections
        .push((tr!("Suggested"), suggestions(row).into_iter().filter_map(|i| known.entry(&i)).filter(fits).collect()));
    for group in ColormapGroup::ALL {
        sections.push((
            lang::word(group.title()),
            known.entries().iter().filter(|e| e.group == group).filter(fits).collect(),
        ));
    }
    let flat: Vec<&str> = sections.iter().flat_map(|(_, l)| l.iter().map(|e| e.id.as_str())).collect();
    let mut picked = keys(ui, &flat, current, &mut state);
    let moved = picked.is_some();
    ui.add_space(4.0);
    egui::ScrollArea::vertical().max_height(340.0).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for (title, entries) in sections.iter().filter(|(_, l)| !l.is_empty()) {
            ui.label(egui::RichText::new(*title).font(t.small()).color(t.c.text_3));
            for e in entries {
                if let Some(p) = entry_row(ui, e, e.id == current, row.style.reversed, moved) {
                    picked = Some(p);
                }
            }
            ui.add_space(6.0);
        }
        if flat.is_empty() {
            ui.label(egui::RichText::new(tr!("No colour map matches.")).color(t.c.text_3));
        }
    });
    ui.data_mut(|d| d.insert_temp(id, state));
    picked
}

/// Arrow keys preview, Enter takes.
fn keys(ui: &mut Ui, flat: &[&str], current: &str, state: &mut ListState) -> Option<Picked> {
    let (down, up, enter) = ui.input_mut(|i| {
        (
            i.count_and_consume_key(egui::Modifiers::NONE, egui::Key::ArrowDown) as isize,
            i.count_and_consume_key(egui::Modifiers::NONE, egui::Key::ArrowUp) as isize,
            i.consume_key(egui::Modifiers::NONE, egui::Key::Enter),
        )
    });
    if enter {
        return Some(Picked::Done(current.to_owned()));
    }
    if down == up || flat.is_empty() {
        return None;
    }
    let at = flat.iter().position(|id| *id == current).map_or(-1, |k| k as isize);
    let next = flat[(at + down - up).clamp(0, flat.len() as isize - 1) as usize].to_owned();
    state.cursor = Some(next.clone());
    Some(Picked::Preview(next))
}

fn entry_row(ui: &mut Ui, e: &ColormapEntry, on: bool, reversed: bool, scroll: bool) -> Option<Picked> {
    let t = theme(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 24.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, on, tr!("Colour map {}", e.title)));
    if on && scroll {
        response.scroll_to_me(None);
    }
    if on || response.hovered() {
        ui.painter().rect_filled(rect, 4.0, if on { t.c.selection } else { t.c.hover });
    }
    let bar = Rect::from_min_size(pos2(rect.left() + 4.0, rect.top() + 6.0), vec2(120.0, 12.0));
    widgets::colour_bar(ui.painter(), bar, &e.colormap, reversed, 1.0);
    ui.painter().rect_stroke(bar, 1.0, Stroke::new(1.0, t.c.border), StrokeKind::Inside);
    let end = widgets::line(ui.painter(), rect.left() + 134.0, rect.center().y, &e.title, t.body(), t.c.text_1, 100.0);
    widgets::line(
        ui.painter(),
        end + 8.0,
        rect.center().y,
        &e.family,
        t.small(),
        t.c.text_3,
        rect.right() - end - 12.0,
    );
    widgets::focus_ring(ui, &response, 4.0);
    response.clicked().then(|| Picked::Done(e.id.to_owned()))
}
