//! The command palette: commands, layers and fields, places, positions, times.

use egui::{Area, Id, Key, Modal, Modifiers, Order, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};
use seaglass_core::command::{Command, TABLE};
use seaglass_core::geo::LonLat;
use seaglass_core::project::LayerId;
use seaglass_core::style::Method;
use seaglass_core::time::Time;
use seaglass_render::assets;

use crate::actions;
use crate::lang;
use crate::model::{Model, capitalized};
use crate::state::{Out, UiState};
use crate::style_panel::methods;
use crate::theme::{Theme, theme};
use crate::{icons, style_components, text, widgets};

/// What an entry does.
#[derive(Clone, Debug, PartialEq)]
pub enum Does {
    /// An entry of the command table.
    Run(&'static str),
    /// A change of the document.
    Send(Box<Command>),
    /// Selects a layer.
    Select(LayerId),
    /// Draws a layer by another method.
    DrawAs(LayerId, Method),
}

/// One line of the palette.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Section it stands in.
    pub section: &'static str,
    icon: &'static str,
    /// Text.
    pub label: String,
    hint: String,
    keys: &'static str,
    /// What it does.
    pub does: Does,
    score: i32,
}

/// Lines of the places section.
const PLACES: usize = 6;
/// Lift of a command, layer or field with a word that begins with what was typed.
const NAMED: i32 = 100;

/// Lift of what was understood as a place or a time.
const FIRST: i32 = 1000;

/// How well `pattern` fits `text`: every character in order; words' beginnings and runs count more. `None` = not at all.
pub fn fuzzy(pattern: &str, text: &str) -> Option<i32> {
    let text: Vec<char> = plain(text).chars().collect();
    let (mut score, mut at, mut last) = (0, 0usize, usize::MAX);
    for p in plain(pattern).chars().filter(|c| !c.is_whitespace()) {
        let k = (at..text.len()).find(|k| text[*k] == p)?;
        let word_start = k == 0 || !text[k - 1].is_alphanumeric();
        score += 1 + if word_start { 6 } else { 0 } + if last != usize::MAX && k == last + 1 { 4 } else { 0 };
        score -= ((k - at) as i32).min(6);
        last = k;
        at = k + 1;
    }
    Some(score - text.len() as i32 / 8)
}

/// Small letters without accents: what is typed in a hurry.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.to_lowercase().chars() {
        out.push_str(match c {
            'à' | 'â' | 'á' | 'ä' | 'ã' | 'å' => "a",
            'ç' => "c",
            'é' | 'è' | 'ê' | 'ë' => "e",
            'î' | 'ï' | 'í' => "i",
            'ô' | 'ö' | 'ó' | 'õ' => "o",
            'ù' | 'û' | 'ü' | 'ú' => "u",
            'œ' => "oe",
            'ñ' => "n",
            '\u{2019}' => "'",
            other => {
                out.push(other);
                continue;
            }
        });
    }
    out
}

/// Whether a word of `text` begins with `pattern`.
fn begins_word(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (plain(pattern), plain(text));
    let starts = |k: usize| text[..k].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
    !pattern.is_empty() && text.match_indices(&pattern).any(|(k, _)| starts(k))
}

/// Two numbers as a place: `38.2 -64.1`, `38.2, -64.1`, `38.2N 64.1W`. Latitude comes first, unless letters or a number
/// beyond ±90 say otherwise; where both readings are possible both are given, the usual one first.
pub fn parse_positions(text: &str) -> Vec<LonLat> {
    let Some(numbers) = numbers_of(text) else { return Vec::new() };
    let [(a, a_axis), (b, b_axis)] = numbers.as_slice() else { return Vec::new() };
    let place =
        |lat: f64, lon: f64| (lat.abs() <= 90.0 && lon.abs() <= 360.0).then(|| LonLat::new(lon, lat).normalized());
    let readings = match (a_axis, b_axis) {
        (Some(Axis::Lat) | None, Some(Axis::Lon)) | (Some(Axis::Lat), None) => [place(*a, *b), None],
        (Some(Axis::Lon) | None, Some(Axis::Lat)) | (Some(Axis::Lon), None) => [place(*b, *a), None],
        (None, None) => [place(*a, *b), place(*b, *a).filter(|_| a != b)],
        _ => [None, None],
    };
    readings.into_iter().flatten().collect()
}

#[derive(Clone, Copy, PartialEq)]
enum Axis {
    Lat,
    Lon,
}

/// Numbers with what a letter behind them says.
fn numbers_of(text: &str) -> Option<Vec<(f64, Option<Axis>)>> {
    let clean = text.replace(text::MINUS, "-").replace(['°', ',', ';'], " ");
    let mut numbers: Vec<(f64, Option<Axis>)> = Vec::new();
    for word in clean.split_whitespace() {
        let digits = word.trim_end_matches(['N', 'E', 'S', 'W', 'n', 'e', 's', 'w']);
        if !digits.is_empty() {
            numbers.push((digits.parse().ok().filter(|v: &f64| v.is_finite())?, None));
        }
        let Some(letter) = word.strip_prefix(digits).and_then(|l| l.chars().next()) else { continue };
        let (number, axis) = numbers.last_mut()?;
        *axis = Some(if matches!(letter, 'N' | 'S' | 'n' | 's') { Axis::Lat } else { Axis::Lon });
        if matches!(letter, 'S' | 'W' | 's' | 'w') {
            *number = -*number;
        }
    }
    Some(numbers)
}

/// A time as typed: `2024-08-11 13:27`, `11 aug`, `11 aug 2024 13:27`; the year of `now` when left out.
pub fn parse_time(text: &str, now: Time) -> Option<Time> {
    if let Ok(t) = Time::parse(text) {
        return Some(t);
    }
    let english = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let french = ["jan", "fev", "mar", "avr", "mai", "juin", "juil", "aou", "sep", "oct", "nov", "dec"];
    let month_of = |word: &str| {
        let begins = |m: &&str| word.starts_with(*m);
        english.iter().position(&begins).or_else(|| french.iter().position(begins))
    };
    let lower = plain(text);
    let mut words: Vec<&str> = lower.split_whitespace().collect();
    let clock = words
        .last()
        .filter(|w| w.contains(':'))
        .and_then(|w| w.split_once(':'))
        .map(|(h, m)| (h.parse::<i8>(), m.parse::<i8>()));
    if clock.is_some() {
        words.pop();
    }
    let month = words.iter().position(|w| w.len() >= 3 && month_of(w).is_some())?;
    let number = month_of(words[month])? as i8 + 1;
    words.remove(month);
    let day: i8 = words.first()?.parse().ok()?;
    let year: i16 = match words.get(1) {
        Some(y) => y.parse().ok()?,
        None => now.civil()?.0,
    };
    let (h, m) = match clock {
        Some((Ok(h), Ok(m))) => (h, m),
        Some(_) => return None,
        None => (0, 0),
    };
    Time::from_civil(year, number, day, h, m, 0.0)
}

/// The lines for what has been typed, best first within their sections.
pub fn items(query: &str, model: &Model, state: &UiState) -> Vec<Item> {
    let query = query.trim();
    let only_commands = query.starts_with('>');
    let words = query.trim_start_matches('>').trim();
    let mut list = Vec::new();
    let commands = tr!("Commands");
    let mut add = |section: &'static str, icon, label: String, hint: String, keys, does, extra: i32| {
        let is_command = section == commands;
        let other = || {
            if is_command { begins_word(words, &hint).then_some(0) } else { fuzzy(words, &hint).map(|s| s - 6) }
        };
        if let Some(score) = fuzzy(words, &label).or_else(other) {
            // A place fits almost any beginning: what the application has by that name comes before it.
            let named = begins_word(words, &label) || begins_word(words, &hint);
            let extra = extra + if named { NAMED } else { 0 };
            let hint = if is_command { String::new() } else { hint };
            list.push(Item { section, icon, label, hint, keys, does, score: score + extra });
        }
    };
    if !only_commands {
        for (k, place) in parse_positions(words).into_iter().enumerate() {
            let look = Does::Send(Box::new(Command::LookAt { place, altitude_m: None }));
            let lift = FIRST - 300 * k as i32;
            list_first(&mut add, tr!("Position"), "tool_point", state.coordinates.text(place, 3), words, look, lift);
        }
        if let Some(now) = parse_time(words, model.now()).filter(|_| words.len() >= 4) {
            list_first(
                &mut add,
                tr!("Time"),
                "time_nearest",
                now.to_string(),
                words,
                Does::Send(Box::new(Command::SetTime { now })),
                FIRST,
            );
        }
    }
    // Bookmarks stand there by their names.
    let listed = |id: &str| id != "palette" && (id == "bookmark_add" || !id.starts_with("bookmark_"));
    for e in TABLE.iter().filter(|e| listed(e.id) && actions::enabled(e.id, model, state)) {
        add(
            tr!("Commands"),
            "menu",
            lang::t(e.title).to_owned(),
            // Found by its name in other languages, too, of which nothing is shown.
            if words.len() < 3 { String::new() } else { lang::elsewhere(e.title) },
            e.keys.split(" / ").next().unwrap_or_default(),
            Does::Run(e.id),
            0,
        );
    }
    if !only_commands {
        for b in &model.session.project().bookmarks {
            let does = Does::Send(Box::new(Command::GoToBookmark { bookmark: b.id }));
            add(tr!("Bookmarks"), "bookmark", b.name.clone(), b.now.date_text(), "", does, 2);
        }
        for row in &model.rows {
            add(tr!("Layers"), "layer_show", row.name.clone(), row.product.clone(), "", Does::Select(row.id), 2);
        }
        // The methods of the layer one works with, by their names.
        let row = state.selected.or_else(|| model.session.leading_layer()).and_then(|id| model.row(id));
        for (row, method) in row.into_iter().flat_map(|r| methods(r, model).into_iter().map(move |m| (r, m))) {
            if method != row.style.method {
                let label = tr!("Draw as {}", lang::t(method.label()).to_lowercase());
                let does = Does::DrawAs(row.id, method);
                add(tr!("Methods"), "style", label, format!("{}, {}", row.name, row.product), "", does, 1);
            }
        }
        for c in model.session.catalogue().collections.values() {
            for f in &c.fields {
                let command = Command::AddLayer { collection: c.id.clone(), field: f.name.clone() };
                add(
                    tr!("Add layer"),
                    "layer_add",
                    capitalized(&f.title()),
                    c.title.clone(),
                    "",
                    Does::Send(Box::new(command)),
                    -1,
                );
            }
        }
        if words.chars().count() >= 2 {
            places(words, &mut list);
        }
    }
    let order = [
        tr!("Position"),
        tr!("Time"),
        tr!("Commands"),
        tr!("Methods"),
        tr!("Bookmarks"),
        tr!("Layers"),
        tr!("Add layer"),
        tr!("Places"),
    ];
    let rank = |i: &Item| order.iter().position(|s| *s == i.section).unwrap_or(9);
    if words.is_empty() {
        list.sort_by_key(rank);
    } else {
        list.sort_by_key(|i| (rank(i), -i.score));
        // The section with the best fit comes first.
        let mut best = [i32::MIN; 10];
        for i in &list {
            best[rank(i)] = best[rank(i)].max(i.score);
        }
        list.sort_by_key(|i| (-best[rank(i)], rank(i), -i.score));
    }
    list
}

fn list_first(
    add: &mut impl FnMut(&'static str, &'static str, String, String, &'static str, Does, i32),
    section: &'static str,
    icon: &'static str,
    label: String,
    typed: &str,
    does: Does,
    lift: i32,
) {
    // What was typed is the hint, so that it fits itself.
    add(section, icon, label, typed.to_owned(), "", does, lift);
}

fn places(words: &str, list: &mut Vec<Item>) {
    let mut found: Vec<Item> = assets::labels()
        .iter()
        .filter_map(|l| {
            let score = fuzzy(words, &l.name)? + 4 - i32::from(l.rank) / 2;
            let altitude_m = match l.kind {
                assets::LabelKind::Ocean => 12_000_000.0,
                assets::LabelKind::Sea | assets::LabelKind::Country => 3_000_000.0,
                _ => 600_000.0,
            };
            let command = Command::LookAt { place: l.place, altitude_m: Some(altitude_m) };
            Some(Item {
                section: tr!("Places"),
                icon: "tool_point",
                label: l.name.clone(),
                hint: text::position(l.place, 1),
                keys: "",
                does: Does::Send(Box::new(command)),
                score,
            })
        })
        .collect();
    found.sort_by_key(|i| -i.score);
    found.truncate(PLACES);
    list.extend(found);
}

#[derive(Clone, Debug, Default)]
struct Memory {
    query: String,
    cursor: usize,
    /// The field had the keyboard at the end of the last pass.
    ready: bool,
}

/// Adds what was typed in this pass to the query while the field does not have the keyboard yet; a slow first frame would
/// lose it otherwise. Whoever opens the palette by a key calls it once in that frame.
pub fn collect_typed(ctx: &egui::Context) {
    let id = Id::unique("palette");
    let mut memory: Memory = ctx.data(|d| d.get_temp(id)).unwrap_or_default();
    take_text(ctx, &mut memory.query);
    ctx.data_mut(|d| d.insert_temp(id, memory));
}

fn take_text(ctx: &egui::Context, query: &mut String) -> bool {
    let before = query.len();
    ctx.input_mut(|i| {
        i.events.retain(|e| {
            let egui::Event::Text(text) = e else { return true };
            query.push_str(text);
            false
        });
    });
    query.len() > before
}

/// Shows the palette when it is open.
pub fn show(ctx: &egui::Context, model: &Model, state: &mut UiState, out: &mut Out) {
    let id = Id::unique("palette");
    if !state.palette_open {
        // Closed by its own key: the next opening starts afresh.
        ctx.data_mut(|d| d.remove::<Memory>(id));
        return;
    }
    let t = Theme::get(ctx.global_style().visuals.dark_mode);
    let mut memory: Memory = ctx.data(|d| d.get_temp(id)).unwrap_or_default();
    let screen = ctx.content_rect();
    let width = t.size.palette.min(screen.width() - 48.0);
    let left = screen.center().x - width / 2.0;
    let area =
        Area::new(id.with("area")).order(Order::Foreground).fixed_pos(pos2(left, 96.0f32.min(screen.height() * 0.12)));
    let mut chosen = None;
    let field_id = id.with("field");
    if !memory.ready && take_text(ctx, &mut memory.query) {
        let end = egui::text::CCursor::new(memory.query.chars().count());
        let mut edit = egui::text_edit::TextEditState::load(ctx, field_id).unwrap_or_default();
        edit.cursor.set_char_range(Some(egui::text::CCursorRange::one(end)));
        edit.store(ctx, field_id);
    }
    let modal = Modal::new(id).area(area).frame(t.popover(12).inner_margin(8)).show(ctx, |ui| {
        ui.set_width(width - 16.0);
        ui.spacing_mut().item_spacing.y = 2.0;
        let (down, up, enter) = ui.input_mut(|i| {
            (
                i.count_and_consume_key(Modifiers::NONE, Key::ArrowDown),
                i.count_and_consume_key(Modifiers::NONE, Key::ArrowUp),
                i.consume_key(Modifiers::NONE, Key::Enter),
            )
        });
        // Before the field is made, so that it takes the keys of this very frame.
        ui.memory_mut(|m| m.request_focus(field_id));
        let field = ui.add(
            egui::TextEdit::singleline(&mut memory.query)
                .id(field_id)
                .hint_text(tr!("Search data, places and commands"))
                .font(t.name())
                .margin(egui::Margin::symmetric(12, 10))
                .desired_width(f32::INFINITY),
        );
        widgets::describe(&field, Role::TextInput, tr!("Search data, places and commands"));
        // The first pass of a new area only measures: its widgets are disabled.
        memory.ready = field.has_focus() && !ui.is_sizing_pass();
        field.request_focus();
        if field.changed() {
            memory.cursor = 0;
        }
        let list = items(&memory.query, model, state);
        memory.cursor = (memory.cursor + down).saturating_sub(up).min(list.len().saturating_sub(1));
        if list.is_empty() {
            ui.add_space(8.0);
            ui.label(egui::RichText::new(tr!("Nothing matches.")).color(t.c.text_3));
            ui.add_space(8.0);
        }
        let height = (screen.height() - 200.0).clamp(120.0, 420.0);
        ScrollArea::vertical().max_height(height).auto_shrink([false, true]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let mut section = "";
            for (k, item) in list.iter().enumerate() {
                if item.section != section {
                    section = item.section;
                    ui.add_space(4.0);
                    ui.label(egui::RichText::new(section).font(t.small()).color(t.c.text_3));
                }
                let response = line(ui, item, k == memory.cursor);
                if k == memory.cursor && down + up > 0 {
                    response.scroll_to_me(None);
                }
                if response.clicked() || (enter && k == memory.cursor) {
                    chosen = Some(item.does.clone());
                }
            }
        });
    });
    if modal.should_close() || chosen.is_some() {
        state.palette_open = false;
        ctx.data_mut(|d| d.remove::<Memory>(id));
    } else {
        ctx.data_mut(|d| d.insert_temp(id, memory));
    }
    match chosen {
        Some(Does::Run(entry)) => actions::perform(entry, model, state, out),
        Some(Does::Send(command)) => out.send(*command),
        Some(Does::DrawAs(layer, method)) => {
            if let Some(row) = model.row(layer) {
                style_components::draw_as(row, method, model, out);
                out.settle = true;
            }
        }
        Some(Does::Select(layer)) => {
            state.selected = Some(layer);
            out.send(Command::ZoomToLayer { layer: Some(layer) });
        }
        None => {}
    }
}

fn line(ui: &mut Ui, item: &Item, on: bool) -> egui::Response {
    let t = theme(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 32.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, on, &item.label));
    if on || response.hovered() {
        ui.painter().rect_filled(rect, 6.0, if on { t.c.selection } else { t.c.hover });
    }
    let y = rect.center().y;
    if item.section != tr!("Commands") {
        widgets::icon(ui.painter(), pos2(rect.left() + 16.0, y), item.icon, 16.0, t.c.text_2);
    } else {
        ui.painter().text(
            pos2(rect.left() + 16.0, y),
            egui::Align2::CENTER_CENTER,
            icons::glyph("expand"),
            icons::font(12.0),
            t.c.text_3,
        );
    }
    let mut right = rect.right() - 10.0;
    if !item.keys.is_empty() {
        right = widgets::key_badge(ui.painter(), t, pos2(right, y), item.keys) - 8.0;
    }
    let end = widgets::line(
        ui.painter(),
        rect.left() + 34.0,
        y,
        &item.label,
        t.body(),
        t.c.text_1,
        right - rect.left() - 40.0,
    );
    if !item.hint.is_empty() && right - end > 40.0 {
        widgets::line(ui.painter(), end + 12.0, y, &item.hint, t.small(), t.c.text_3, right - end - 16.0);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_times_are_understood() {
        let read =
            |text: &str| -> Vec<(f64, f64)> { parse_positions(text).iter().map(|p| (p.lat_deg, p.lon_deg)).collect() };
        assert_eq!(read("38.2 -64.1"), [(38.2, -64.1), (-64.1, 38.2)]);
        assert_eq!(read("38.2° N, 64.1° W"), [(38.2, -64.1)]);
        assert_eq!(read("38.2N 295E"), [(38.2, -65.0)]);
        assert_eq!(read("64.1W 38.2N"), [(38.2, -64.1)]);
        // Beyond ±90 it can only be a longitude.
        assert_eq!(read("179.9, 5"), [(5.0, 179.9)]);
        assert_eq!(read("5 179.9"), [(5.0, 179.9)]);
        assert_eq!(read("99 100"), []);
        assert_eq!(read("12N 13N"), []);
        assert_eq!(read("gulf stream"), []);
        assert_eq!(read("1 2 3"), []);
        let now = Time::parse("2024-08-01").unwrap();
        assert_eq!(parse_time("11 aug 13:27", now), Time::parse("2024-08-11T13:27:00").ok());
        assert_eq!(parse_time("11 August 2021", now), Time::parse("2021-08-11").ok());
        assert_eq!(parse_time("11 août 2021", now), Time::parse("2021-08-11").ok());
        assert_eq!(parse_time("3 juillet 13:27", now), Time::parse("2024-07-03T13:27:00").ok());
        assert!(fuzzy("plein ecran", "Plein écran").is_some(), "accents need not be typed");
        assert_eq!(parse_time("march", now), None);
    }

    #[test]
    fn beginnings_of_words_fit_best() {
        let best = |q: &str| TABLE.iter().max_by_key(|e| fuzzy(q, e.title).unwrap_or(i32::MIN)).unwrap().id;
        assert_eq!(best("open fil"), "open_files");
        assert_eq!(best("wh ea"), "home");
        assert_eq!(fuzzy("xyz", "Open files"), None);
        assert!(begins_word("merc", "Mercator map") && begins_word("map", "Mercator map"));
        assert!(!begins_word("cat", "Mercator map") && !begins_word("", "Mercator map"));
    }
}
