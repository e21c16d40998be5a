//! The user's documents, in the program: a window with a list of pages, a search, and the page.

use std::sync::LazyLock;

use egui::{Align2, Id, Key, Modifiers, Role, ScrollArea, Ui, vec2};

use crate::lang;
use crate::state::UiState;
use crate::theme::{Theme, theme};
use crate::widgets;

mod markdown;

use markdown::{Block, Follow, Section};

/// File name and text of every page, in the order in which they are read.
const DOCS: &[(&str, &str)] = &[
    ("first-steps.md", include_str!("../../../docs/first-steps.md")),
    ("commands.md", include_str!("../../../docs/commands.md")),
    ("index.md", include_str!("../../../docs/index.md")),
    ("formats.md", include_str!("../../../docs/formats.md")),
    ("seascope.md", include_str!("../../../docs/seascope.md")),
    ("styles.md", include_str!("../../../docs/styles.md")),
    ("raster.md", include_str!("../../../docs/raster.md")),
    ("vectors.md", include_str!("../../../docs/vectors.md")),
    ("streamlines.md", include_str!("../../../docs/streamlines.md")),
    ("time.md", include_str!("../../../docs/time.md")),
    ("shapes.md", include_str!("../../../docs/shapes.md")),
    ("sessions.md", include_str!("../../../docs/sessions.md")),
    ("preferences.md", include_str!("../../../docs/preferences.md")),
    ("export.md", include_str!("../../../docs/export.md")),
    ("colocation.md", include_str!("../../../docs/colocation.md")),
    ("colocation-at-scale.md", include_str!("../../../docs/colocation-at-scale.md")),
    ("view.md", include_str!("../../../docs/view.md")),
    ("python.md", include_str!("../../../docs/python.md")),
    ("notebooks.md", include_str!("../../../docs/notebooks.md")),
    ("cli.md", include_str!("../../../docs/cli.md")),
    ("sample-day.md", include_str!("../../../docs/sample-day.md")),
];

/// Pages that are translated; the others are English.
const FRENCH: &[(&str, &str)] = &[
    ("first-steps.md", include_str!("../../../docs/fr/first-steps.md")),
    ("preferences.md", include_str!("../../../docs/fr/preferences.md")),
    ("styles.md", include_str!("../../../docs/fr/styles.md")),
    ("time.md", include_str!("../../../docs/fr/time.md")),
];

/// Sections that a search lists at most.
const MOST_FOUND: usize = 40;

/// One document.
pub struct Page {
    /// Its file name in `docs`.
    pub file: &'static str,
    /// Its first heading.
    pub title: String,
    sections: Vec<Section>,
}

/// All documents in the language of the window.
pub fn pages() -> &'static [Page] {
    static ENGLISH: LazyLock<Vec<Page>> = LazyLock::new(|| DOCS.iter().map(|(file, text)| page(file, text)).collect());
    static IN_FRENCH: LazyLock<Vec<Page>> = LazyLock::new(|| {
        let french = |file: &str| FRENCH.iter().find(|(f, _)| *f == file).map(|(_, text)| *text);
        let text = |file, english| match file {
            "commands.md" => commands(english),
            _ => french(file).unwrap_or(english).to_owned(),
        };
        DOCS.iter().map(|(file, english)| page(file, &text(file, english))).collect()
    });
    if lang::code() == "fr" { &IN_FRENCH } else { &ENGLISH }
}

fn page(file: &'static str, text: &str) -> Page {
    let sections = markdown::sections(text);
    let title = sections.first().map(|s| s.title.clone()).unwrap_or_default();
    Page { file, title, sections }
}

/// The table of commands, with their names in the language of the window.
fn commands(english: &str) -> String {
    let line = |line: &str| {
        let cells: Vec<&str> = line.split(" | ").collect();
        if line == "| command | keys | id |" {
            return tr!("| command | keys | id |").to_owned();
        }
        if let Some(title) = line.strip_prefix("## ") {
            return format!("## {}", lang::word(title));
        }
        match (line.strip_prefix("# "), cells.as_slice()) {
            (Some(_), _) => format!("# {}", tr!("Commands and keys")),
            (None, [title, rest @ ..]) if !rest.is_empty() => {
                let title = title.trim_start_matches("| ");
                format!("| {} | {}", lang::word(title), rest.join(" | "))
            }
            _ => line.to_owned(),
        }
    };
    let lines = english.lines().filter(|l| !l.starts_with("Generated"));
    lines.map(|l| line(l) + "\n").collect()
}

/// What of the help is open.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Shown.
    pub open: bool,
    page: usize,
    query: String,
    /// Section to bring into sight.
    wanted: Option<usize>,
    /// The keyboard has been given to the search field since it was opened.
    focused: bool,
}

impl State {
    /// Opens or closes it.
    pub fn toggle(&mut self) {
        (self.open, self.focused) = (!self.open, false);
    }
}

/// Shows the window, where it is open.
pub fn show(ctx: &egui::Context, state: &mut UiState) {
    if !state.help.open {
        return;
    }
    let t = Theme::get(ctx.global_style().visuals.dark_mode);
    let screen = ctx.content_rect();
    let size = vec2(900.0, 620.0).min(screen.size() - vec2(32.0, 96.0));
    let mut open = true;
    let shown = egui::Window::new(tr!("Help"))
        .id(Id::unique("help"))
        .open(&mut open)
        .collapsible(false)
        .default_size(size)
        .min_size(vec2(420.0, 240.0).min(size))
        .max_size(screen.size() - vec2(16.0, 48.0))
        .pivot(Align2::CENTER_CENTER)
        .default_pos(screen.center())
        .frame(t.popover(12).inner_margin(16))
        .show(ctx, |ui| contents(ui, &mut state.help));
    let inside = shown.is_some_and(|s| s.response.contains_pointer() || ctx.memory(|m| m.focused().is_some()));
    if !open || (inside && ctx.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Escape))) {
        state.help.open = false;
    }
}

fn contents(ui: &mut Ui, state: &mut State) {
    let height = ui.available_height();
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.set_width(220.0);
            ui.set_height(height);
            let id = Id::unique("help search");
            let field = egui::TextEdit::singleline(&mut state.query)
                .id(id)
                .hint_text(tr!("Search the help"))
                .margin(egui::Margin::symmetric(8, 6));
            let field = ui.add(field.desired_width(f32::INFINITY));
            widgets::describe(&field, Role::TextInput, tr!("Search the help"));
            if !std::mem::replace(&mut state.focused, true) {
                field.request_focus();
            }
            ui.add_space(8.0);
            ScrollArea::vertical().id_salt("help list").auto_shrink(false).show(ui, |ui| {
                ui.set_width(212.0);
                match state.query.trim() {
                    "" => list(ui, state),
                    _ => found(ui, state),
                }
            });
        });
        ui.add_space(12.0);
        let page = state.page.min(pages().len() - 1);
        let wanted = state.wanted.take();
        let area = ScrollArea::vertical().id_salt(("help page", page)).auto_shrink(false).max_height(height);
        // A page runs downwards, whatever it stands beside.
        let follow = ui.vertical(|ui| {
            area.show(ui, |ui| {
                ui.set_width((ui.available_width() - 12.0).max(100.0));
                markdown::show(ui, &pages()[page].sections, wanted)
            })
        });
        match follow.inner.inner {
            Some(Follow::Page(file)) => go(state, &file),
            Some(Follow::Web(address)) => ui.ctx().open_url(egui::OpenUrl::new_tab(address)),
            None => {}
        }
    });
}

/// Turns to the page of a link; what is not among the pages stays where it is.
fn go(state: &mut State, link: &str) {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let Some(page) =
        pages().iter().position(|p| p.file == file || (file.is_empty() && pages()[state.page].file == p.file))
    else {
        return;
    };
    state.page = page;
    let section = pages()[page].sections.iter().position(|s| markdown::anchor(&s.title) == anchor);
    state.wanted = Some(section.unwrap_or(0));
}

fn list(ui: &mut Ui, state: &mut State) {
    for (k, page) in pages().iter().enumerate() {
        if entry(ui, &page.title, None, state.page == k) {
            (state.page, state.wanted) = (k, Some(0));
        }
    }
}

fn found(ui: &mut Ui, state: &mut State) {
    let hits = search(&state.query);
    if hits.is_empty() {
        let t = theme(ui);
        ui.label(egui::RichText::new(tr!("Nothing is found. Try fewer or other words.")).color(t.c.text_3));
    }
    for (page, section) in hits {
        let (p, s) = (&pages()[page], &pages()[page].sections[section]);
        let under = (s.title != p.title).then_some(p.title.as_str());
        if entry(ui, &s.title, under, false) {
            (state.page, state.wanted) = (page, Some(section));
        }
    }
}

/// A line of the list at the left; true when it was pressed.
fn entry(ui: &mut Ui, title: &str, under: Option<&str>, on: bool) -> bool {
    let t = theme(ui);
    let height = if under.is_some() { 40.0 } else { 28.0 };
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), egui::Sense::click());
    let label = under.map_or_else(|| title.to_owned(), |u| format!("{title}, {u}"));
    response.widget_info(|| egui::WidgetInfo::selected(Role::Button, true, on, &label));
    if on || response.hovered() {
        ui.painter().rect_filled(rect, 4.0, if on { t.c.selection } else { t.c.hover });
    }
    let y = if under.is_some() { rect.top() + 12.0 } else { rect.center().y };
    let ink = if on { t.c.text_1 } else { t.c.text_2 };
    widgets::line(ui.painter(), rect.left() + 8.0, y, title, t.body(), ink, rect.width() - 16.0);
    if let Some(under) = under {
        let y = rect.top() + 28.0;
        widgets::line(ui.painter(), rect.left() + 8.0, y, under, t.small(), t.c.text_3, rect.width() - 16.0);
    }
    widgets::focus_ring(ui, &response, 4.0);
    response.clicked()
}

/// Pages and sections that have all words of a query; those with the words in their titles first.
pub fn search(query: &str) -> Vec<(usize, usize)> {
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let mut hits = Vec::new();
    for (p, page) in pages().iter().enumerate() {
        for (s, section) in page.sections.iter().enumerate() {
            let title = section.title.to_lowercase();
            let text = section.blocks.iter().map(Block::plain).collect::<Vec<_>>().join(" ").to_lowercase();
            if words.iter().all(|w| title.contains(w) || text.contains(w)) {
                let missing = words.iter().filter(|w| !title.contains(*w)).count();
                hits.push((missing, p, s));
            }
        }
    }
    hits.sort();
    hits.into_iter().map(|(_, p, s)| (p, s)).take(MOST_FOUND).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_of_the_user_is_there() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
        // These are for those who work on the program.
        let others = ["performance.md", "protocol.md"];
        let mut missing = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".md") && !others.contains(&name.as_str()) && !pages().iter().any(|p| p.file == name) {
                missing.push(name);
            }
        }
        assert!(missing.is_empty(), "not in the help: {missing:?}");
        assert!(pages().iter().all(|p| !p.title.is_empty() && p.sections.iter().any(|s| !s.blocks.is_empty())));
    }

    #[test]
    fn searching_finds_sections_by_all_words() {
        let titles = |q: &str| -> Vec<String> {
            search(q).into_iter().map(|(p, s)| pages()[p].sections[s].title.clone()).collect()
        };
        assert_eq!(titles("move through TIME").first().map(String::as_str), Some("Move through time"));
        assert!(titles("sail plan of the Argo").is_empty());
        assert!(search("the").len() == MOST_FOUND);
    }
}
