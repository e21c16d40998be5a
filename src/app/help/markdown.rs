//! The part of Markdown that our documents use, as widgets.

use egui::{FontId, RichText, Ui, vec2};

use crate::theme::{Theme, theme};

/// A heading and what follows it.
pub struct Section {
    /// 1 to 4.
    pub level: usize,
    /// Text of the heading.
    pub title: String,
    /// What follows.
    pub blocks: Vec<Block>,
}

/// What stands below a heading.
#[derive(Debug, PartialEq)]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// An entry of a list.
    Item(String),
    /// Lines as they are.
    Code(String),
    /// Rows of cells; the first is the heading.
    Table(Vec<Vec<String>>),
}

impl Block {
    /// Its words.
    pub fn plain(&self) -> String {
        match self {
            Self::Text(s) | Self::Item(s) | Self::Code(s) => s.clone(),
            Self::Table(rows) => rows.iter().flatten().cloned().collect::<Vec<_>>().join(" "),
        }
    }
}

/// A link that was pressed.
pub enum Follow {
    /// Another document, maybe with a heading after `#`.
    Page(String),
    /// An address.
    Web(String),
}

/// A piece of a line.
#[derive(Debug, PartialEq)]
enum Piece<'a> {
    Plain(&'a str),
    Strong(&'a str),
    Slanted(&'a str),
    Code(&'a str),
    Link(&'a str, &'a str),
}

/// What a heading is called in links.
pub fn anchor(title: &str) -> String {
    let kept =
        title.to_lowercase().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-')).collect::<String>();
    kept.replace(' ', "-")
}

/// A document cut at its headings.
pub fn sections(text: &str) -> Vec<Section> {
    let mut all: Vec<Section> = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let level = line.len() - line.trim_start_matches('#').len();
        if (1..=4).contains(&level) && line[level..].starts_with(' ') {
            all.push(Section { level, title: line[level..].trim().replace('`', ""), blocks: Vec::new() });
            continue;
        }
        let Some(section) = all.last_mut() else { continue };
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") {
            let code: Vec<&str> = lines.by_ref().take_while(|l| !l.trim_start().starts_with("```")).collect();
            section.blocks.push(Block::Code(code.join("\n")));
        } else if trimmed.starts_with('|') {
            let mut rows = vec![cells(trimmed)];
            while let Some(next) = lines.next_if(|l| l.trim_start().starts_with('|')) {
                rows.push(cells(next.trim()));
            }
            rows.retain(|r| !r.iter().all(|c| !c.is_empty() && c.chars().all(|c| matches!(c, '-' | ':' | ' '))));
            section.blocks.push(Block::Table(rows));
        } else if let Some(item) = item(trimmed) {
            section.blocks.push(Block::Item(item.to_owned()));
        } else if trimmed.starts_with("![") || trimmed.starts_with("<!--") {
            // Pictures and notes to authors stay in the file.
        } else if trimmed.is_empty() {
            section.blocks.push(Block::Text(String::new()));
        } else {
            match section.blocks.last_mut() {
                Some(Block::Item(text)) if line.starts_with(' ') => *text += &format!(" {trimmed}"),
                Some(Block::Text(text)) if !text.is_empty() => *text += &format!(" {trimmed}"),
                _ => section.blocks.push(Block::Text(trimmed.to_owned())),
            }
        }
    }
    for section in &mut all {
        section.blocks.retain(|b| *b != Block::Text(String::new()));
    }
    all
}

fn item(line: &str) -> Option<&str> {
    let numbered = line.split_once(". ").filter(|(n, _)| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()));
    line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")).or(numbered.map(|(_, rest)| rest))
}

fn cells(line: &str) -> Vec<String> {
    let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
    let (mut all, mut code) = (vec![String::new()], false);
    for c in inner.chars() {
        code ^= c == '`';
        match (c, all.last_mut()) {
            ('|', _) if !code => all.push(String::new()),
            (c, Some(cell)) => cell.push(c),
            _ => {}
        }
    }
    all.into_iter().map(|c| c.trim().to_owned()).collect()
}

/// The pieces of a line.
fn pieces(mut text: &str) -> Vec<Piece<'_>> {
    let mut all = Vec::new();
    while !text.is_empty() {
        let next = text.find(['`', '*', '[']).unwrap_or(text.len());
        let (plain, rest) = text.split_at(next);
        if !plain.is_empty() {
            all.push(Piece::Plain(plain));
        }
        let between = |open: &str, close: &str| -> Option<(&str, &str)> {
            let inner = rest.strip_prefix(open)?;
            let end = inner.find(close).filter(|n| *n > 0)?;
            Some((&inner[..end], &inner[end + close.len()..]))
        };
        let found = between("`", "`")
            .map(|(s, r)| (Piece::Code(s), r))
            .or_else(|| between("**", "**").map(|(s, r)| (Piece::Strong(s), r)))
            .or_else(|| between("*", "*").map(|(s, r)| (Piece::Slanted(s), r)))
            .or_else(|| {
                let (label, after) = between("[", "](")?;
                let (target, after) = after.split_once(')')?;
                Some((Piece::Link(label, target), after))
            });
        match found {
            Some((piece, after)) => {
                all.push(piece);
                text = after;
            }
            None => {
                let first = rest.chars().next().map_or(0, char::len_utf8);
                if first > 0 {
                    all.push(Piece::Plain(&rest[..first]));
                }
                text = &rest[first..];
            }
        }
    }
    all
}

/// Shows a document; answers the link that was pressed.
pub fn show(ui: &mut Ui, sections: &[Section], wanted: Option<usize>) -> Option<Follow> {
    let t = theme(ui);
    let mut follow = None;
    for (k, section) in sections.iter().enumerate() {
        if k > 0 {
            ui.add_space(12.0);
        }
        let font = match section.level {
            1 => t.title(),
            2 => t.clock(),
            _ => t.heading(),
        };
        let heading = ui.label(RichText::new(&section.title).font(font).color(t.c.text_1));
        if wanted == Some(k) {
            heading.scroll_to_me(Some(egui::Align::TOP));
        }
        for (n, block) in section.blocks.iter().enumerate() {
            ui.push_id((k, n), |ui| one(ui, t, block, &mut follow));
            ui.add_space(4.0);
        }
    }
    ui.add_space(24.0);
    follow
}

fn one(ui: &mut Ui, t: &Theme, block: &Block, follow: &mut Option<Follow>) {
    match block {
        Block::Text(text) => line(ui, t, text, t.body(), follow),
        Block::Item(text) => {
            ui.horizontal_top(|ui| {
                ui.add_space(8.0);
                ui.label(RichText::new("•").color(t.c.text_3));
                line(ui, t, text, t.body(), follow);
            });
        }
        Block::Code(text) => {
            egui::Frame::NONE.fill(t.c.surface_2).corner_radius(4.0).inner_margin(8).show(ui, |ui| {
                ui.set_width(ui.available_width());
                let text = RichText::new(text).font(t.mono()).color(t.c.text_1);
                ui.add(egui::Label::new(text).selectable(true).wrap());
            });
        }
        Block::Table(rows) => table(ui, t, rows, follow),
    }
}

fn line(ui: &mut Ui, t: &Theme, text: &str, font: FontId, follow: &mut Option<Follow>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(0.0, 2.0);
        for piece in pieces(text) {
            match piece {
                Piece::Plain(s) => drop(ui.label(RichText::new(s).font(font.clone()).color(t.c.text_2))),
                Piece::Strong(s) => drop(ui.label(RichText::new(s).font(t.strong()).color(t.c.text_1))),
                Piece::Slanted(s) => drop(ui.label(RichText::new(s).font(font.clone()).italics().color(t.c.text_1))),
                Piece::Code(s) => drop(ui.label(RichText::new(s).font(t.mono()).color(t.c.text_1))),
                Piece::Link(label, target) => {
                    let link = ui.link(RichText::new(label.replace('`', "")).font(font.clone()).color(t.c.accent));
                    if link.clicked() {
                        let web = target.contains("://");
                        *follow = Some(if web { Follow::Web(target.into()) } else { Follow::Page(target.into()) });
                    }
                }
            }
        }
    });
}

/// Columns as wide as their longest cell asks for, in proportion.
fn table(ui: &mut Ui, t: &Theme, rows: &[Vec<String>], follow: &mut Option<Follow>) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let longest = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|s| s.chars().count()).max().unwrap_or(0);
    let wants: Vec<f32> = (0..columns).map(|c| longest(c).clamp(6, 60) as f32).collect();
    let room = ui.available_width() - 12.0 * columns as f32;
    // Seven points a character are enough for most; only more than there is room for is shared out.
    let scale = (room / wants.iter().sum::<f32>().max(1.0)).min(7.0);
    for (k, row) in rows.iter().enumerate() {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 12.0;
            for (c, want) in wants.iter().enumerate() {
                let cell = row.get(c).map_or("", String::as_str);
                ui.allocate_ui_with_layout(vec2(want * scale, 0.0), egui::Layout::top_down(egui::Align::Min), |ui| {
                    ui.set_width(want * scale);
                    line(ui, t, cell, if k == 0 { t.strong() } else { t.body() }, follow);
                });
            }
        });
        if k == 0 {
            let at = ui.cursor().top();
            ui.painter().hline(ui.max_rect().x_range(), at, egui::Stroke::new(1.0, t.c.border));
            ui.add_space(4.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_cut_into_sections_and_blocks() {
        let text = "# One\nA line\nand more.\n\n- first\n  goes on\n- second\n\n## `Two`\n```\nx = 1\n\n```\n\
            | a | `b|c` |\n|---|:--|\n| 1 | 2 |\n";
        let all = sections(text);
        let titles: Vec<(usize, &str)> = all.iter().map(|s| (s.level, s.title.as_str())).collect();
        assert_eq!(titles, [(1, "One"), (2, "Two")]);
        assert_eq!(
            all[0].blocks,
            [Block::Text("A line and more.".into()), Block::Item("first goes on".into()), Block::Item("second".into())]
        );
        let table = vec![vec!["a".to_owned(), "`b|c`".to_owned()], vec!["1".to_owned(), "2".to_owned()]];
        assert_eq!(all[1].blocks, [Block::Code("x = 1\n".into()), Block::Table(table)]);
    }

    #[test]
    fn lines_are_cut_into_pieces() {
        let all = pieces("a **b** *c* `d*` [e](f.md#g), 2 * 3 [x]");
        let expected = [
            Piece::Plain("a "),
            Piece::Strong("b"),
            Piece::Plain(" "),
            Piece::Slanted("c"),
            Piece::Plain(" "),
            Piece::Code("d*"),
            Piece::Plain(" "),
            Piece::Link("e", "f.md#g"),
            Piece::Plain(", 2 "),
            Piece::Plain("*"),
            Piece::Plain(" 3 "),
            Piece::Plain("["),
            Piece::Plain("x]"),
        ];
        assert_eq!(all, expected);
        assert_eq!(anchor("Undo, and `more`"), "undo-and-more");
    }
}
