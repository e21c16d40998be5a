//! The user's own words for collections: given and taken in a menu, and headings of the groups they make.

use std::collections::BTreeSet;

use egui::{Key, Role, Sense, Ui, vec2};
use seaglass_core::command::Command;

use crate::model::Model;
use crate::state::{Out, UiState};
use crate::theme::theme;
use crate::widgets;

/// All tags there are, those of the collection ticked, and a field for a new one.
pub fn menu(ui: &mut Ui, id: &str, model: &Model, state: &mut UiState, out: &mut Out) {
    ui.set_min_width(180.0);
    let all = &model.session.project().tags;
    let own = all.get(id);
    let known: BTreeSet<&String> = all.values().flatten().collect();
    egui::ScrollArea::vertical().max_height(240.0).show(ui, |ui| {
        for tag in known {
            let mut on = own.is_some_and(|o| o.contains(tag));
            if ui.checkbox(&mut on, tag).changed() {
                out.send(Command::TagCollection { collection: id.to_owned(), tag: tag.clone(), on });
            }
        }
    });
    ui.horizontal(|ui| {
        let edit = egui::TextEdit::singleline(&mut state.new_tag).hint_text(tr!("New tag")).desired_width(120.0);
        let field = ui.add(edit);
        widgets::describe(&field, Role::TextInput, tr!("New tag"));
        let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        let named = !state.new_tag.trim().is_empty();
        let add = ui.add_enabled_ui(named, |ui| widgets::button(ui, tr!("Add"), None, false)).inner;
        if named && (entered || add.clicked()) {
            let tag = std::mem::take(&mut state.new_tag);
            out.send(Command::TagCollection { collection: id.to_owned(), tag, on: true });
        }
    });
}

/// Heading of a group of collections.
pub fn heading(ui: &mut Ui, title: &str, count: usize) {
    let t = theme(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 24.0), Sense::hover());
    widgets::describe(&response, Role::Label, &format!("{title}, {count}"));
    let y = rect.center().y + 2.0;
    let end = widgets::line(ui.painter(), rect.left() + 11.0, y, title, t.small(), t.c.text_2, rect.width() - 60.0);
    widgets::line(ui.painter(), end + 6.0, y, &count.to_string(), t.small(), t.c.text_3, 40.0);
    widgets::hairline(ui.painter(), t, (rect.left() + 11.0)..=(rect.right() - 12.0), rect.bottom() - 0.5);
}
