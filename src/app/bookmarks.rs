//! Bookmarks: the section of the layers panel that lists them with their pictures, their keys, and the pictures.

use std::sync::Arc;

use egui::{Color32, Key, Popup, Rect, Role, Sense, Stroke, StrokeKind, TextureHandle, Ui, Vec2, pos2, vec2};
use image::{ImageFormat, RgbaImage, imageops};
use seaglass_core::bookmark::{Bookmark, picture_text};
use seaglass_core::command::Command;
use seaglass_host::Host;

use crate::lang;
use crate::model::Model;
use crate::state::{Out, UiState};
use crate::theme::theme;
use crate::viewport::Viewport;
use crate::widgets;

/// Height of a row.
const ROW: f32 = 56.0;
/// A picture in the list.
const SHOWN: Vec2 = vec2(64.0, 40.0);
/// Pixels of a picture.
const KEPT: [u32; 2] = [128, 80];

/// The bookmark that an entry of the command table goes to, and runs it.
pub fn perform(id: &str, model: &Model, out: &mut Out) -> bool {
    if id == "bookmark_add" {
        out.send(Command::AddBookmark { name: String::new() });
        return true;
    }
    let Some(bookmark) = of_key(id, model) else { return false };
    out.send(Command::GoToBookmark { bookmark: bookmark.id });
    true
}

/// The bookmark of `bookmark_3`, when there are so many.
pub fn of_key<'a>(id: &str, model: &'a Model) -> Option<&'a Bookmark> {
    let number: usize = id.strip_prefix("bookmark_")?.parse().ok()?;
    model.session.project().bookmarks.get(number.checked_sub(1)?)
}

/// Shows the section; nothing while there are none.
pub fn section(ui: &mut Ui, model: &Model, state: &mut UiState, out: &mut Out) {
    let bookmarks = &model.session.project().bookmarks;
    if bookmarks.is_empty() {
        return;
    }
    head(ui, bookmarks.len(), state, out);
    if state.bookmarks_open {
        for (k, bookmark) in bookmarks.iter().enumerate() {
            row(ui, k, bookmark, model, state, out);
        }
    }
    ui.add_space(8.0);
}

fn head(ui: &mut Ui, count: usize, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let width = ui.available_width();
    let (line, _) = ui.allocate_exact_size(vec2(width, 1.0), Sense::hover());
    widgets::hairline(ui.painter(), t, (line.left() + 12.0)..=(line.right() - 12.0), line.center().y);
    ui.add_space(10.0);
    let (rect, response) = ui.allocate_exact_size(vec2(width, t.size.tree_row), Sense::click());
    let open = state.bookmarks_open;
    let label = tr!("Bookmarks, {count}");
    response.widget_info(|| egui::WidgetInfo::selected(Role::DisclosureTriangle, true, open, &label));
    let y = rect.center().y;
    let end = widgets::line(ui.painter(), rect.left() + 12.0, y, tr!("Bookmarks"), t.heading(), t.c.text_2, 160.0);
    widgets::line(ui.painter(), end + 8.0, y, &count.to_string(), t.small(), t.c.text_3, 60.0);
    let cell = Rect::from_center_size(pos2(rect.right() - 48.0, y), Vec2::splat(24.0));
    let button = ui.interact(cell, ui.scope_id().with("add bookmark"), Sense::click());
    if widgets::icon_button_at(ui, cell, button, "bookmark", &widgets::tip("bookmark_add"), false).clicked() {
        out.send(Command::AddBookmark { name: String::new() });
    }
    let ink = if response.hovered() { t.c.text_1 } else { t.c.text_2 };
    widgets::icon(ui.painter(), pos2(rect.right() - 20.0, y), if open { "collapse" } else { "expand" }, 14.0, ink);
    widgets::focus_ring(ui, &response, 4.0);
    if response.clicked() {
        state.bookmarks_open = !open;
    }
}

fn row(ui: &mut Ui, k: usize, bookmark: &Bookmark, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    if !ui.is_rect_visible(rect) {
        return;
    }
    let response = ui.interact(rect, ui.scope_id().with(("bookmark", bookmark.id.0)), Sense::click());
    let here = bookmark.is_seen(model.session.project());
    let spoken = tr!("Bookmark {}, {}, {}", k + 1, bookmark.name, lower(bookmark));
    response.widget_info(|| egui::WidgetInfo::selected(Role::ListBoxOption, true, here, &spoken));
    if here || response.hovered() {
        ui.painter().rect_filled(rect, 0.0, if here { t.c.selection } else { t.c.hover });
    }
    let at = Rect::from_min_size(pos2(rect.left() + 12.0, rect.top() + 8.0), SHOWN);
    picture(ui, at, bookmark);
    let left = at.right() + 10.0;
    let mut right = rect.right() - 12.0;
    if k < 9 {
        right = widgets::key_badge(ui.painter(), t, pos2(right, rect.top() + 18.0), &(k + 1).to_string()) - 6.0;
    }
    widgets::focus_ring(ui, &response, 0.0);
    if !rename(
        ui,
        Rect::from_x_y_ranges((left - 4.0)..=right, rect.top() + 4.0..=rect.top() + 32.0),
        bookmark,
        state,
        out,
    ) {
        let y = rect.top() + 18.0;
        widgets::line(ui.painter(), left, y, &bookmark.name, t.name(), t.c.text_1, right - left);
    }
    let room = rect.right() - 12.0 - left;
    widgets::line(ui.painter(), left, rect.top() + 40.0, &lower(bookmark), t.small(), t.c.text_3, room);
    Popup::context_menu(&response).accessible_name(tr!("{} menu", bookmark.name)).show(|ui| {
        ui.set_min_width(220.0);
        let of = bookmark.id;
        let key = if k < 9 { (k + 1).to_string() } else { String::new() };
        if widgets::menu_item(ui, tr!("Go to"), &key, true) {
            out.send(Command::GoToBookmark { bookmark: of });
        }
        if widgets::menu_item(ui, tr!("Rename"), "", true) {
            state.renaming_bookmark = Some((of, bookmark.name.clone()));
        }
        if widgets::menu_item(ui, tr!("Show what is seen now"), "", !here) {
            out.send(Command::RetakeBookmark { bookmark: of });
        }
        ui.separator();
        if widgets::menu_item(ui, tr!("Remove"), "", true) {
            out.send(Command::RemoveBookmark { bookmark: of });
        }
    });
    let focused = response.has_focus();
    if focused && ui.input(|i| i.key_pressed(Key::F2)) || response.double_clicked() {
        state.renaming_bookmark = Some((bookmark.id, bookmark.name.clone()));
    } else if focused && ui.input_mut(|i| i.consume_key(egui::Modifiers::NONE, Key::Delete)) {
        out.send(Command::RemoveBookmark { bookmark: bookmark.id });
    } else if response.clicked() {
        out.send(Command::GoToBookmark { bookmark: bookmark.id });
    }
    response.on_hover_text(tr!("{}\nA double click renames", bookmark.name));
}

/// Time and projection.
fn lower(bookmark: &Bookmark) -> String {
    let time = bookmark.now.to_string();
    format!("{}, {}", time.get(..16).unwrap_or(&time), lang::projection(bookmark.camera.projection))
}

fn rename(ui: &mut Ui, cell: Rect, bookmark: &Bookmark, state: &mut UiState, out: &mut Out) -> bool {
    let Some((id, text)) = state.renaming_bookmark.as_mut().filter(|(id, _)| *id == bookmark.id) else { return false };
    let edit = egui::TextEdit::singleline(text).margin(egui::Margin::symmetric(4, 3));
    let response = ui.put(cell, edit.id(ui.scope_id().with(("rename bookmark", id.0))));
    widgets::describe(&response, Role::TextInput, tr!("Name of the bookmark"));
    if !response.has_focus() && !response.lost_focus() {
        widgets::begin_typing(ui, &response, text);
    }
    if response.lost_focus() {
        let keep = !ui.input(|i| i.key_pressed(Key::Escape));
        if let Some((bookmark, name)) = state.renaming_bookmark.take().filter(|_| keep) {
            out.send(Command::RenameBookmark { bookmark, name });
        }
    }
    true
}

fn picture(ui: &Ui, at: Rect, bookmark: &Bookmark) {
    let t = theme(ui);
    match texture(ui, bookmark) {
        Some(texture) => {
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            ui.painter().image(texture.id(), at, whole, Color32::WHITE);
        }
        None => {
            ui.painter().rect_filled(at, 2.0, t.c.surface_2);
            widgets::icon(ui.painter(), at.center(), "bookmark", 16.0, t.c.text_3);
        }
    }
    ui.painter().rect_stroke(at, 2.0, Stroke::new(1.0, t.c.border), StrokeKind::Inside);
}

/// The picture as a texture, decoded once.
fn texture(ui: &Ui, bookmark: &Bookmark) -> Option<TextureHandle> {
    type Known = (Arc<str>, TextureHandle);
    let text = bookmark.picture.as_ref()?;
    let id = egui::Id::unique("bookmark picture").with(bookmark.id.0);
    if let Some((of, known)) = ui.data(|d| d.get_temp::<Known>(id))
        && of == *text
    {
        return Some(known);
    }
    let image = image::load_from_memory_with_format(&bookmark.png()?, ImageFormat::Png).ok()?.to_rgba8();
    let size = [image.width() as usize, image.height() as usize];
    if size[0] > 1024 || size[1] > 1024 {
        return None;
    }
    let pixels = egui::ColorImage::from_rgba_unmultiplied(size, image.as_raw());
    let name = format!("bookmark {}", bookmark.id.0);
    let handle = ui.ctx().load_texture(name, pixels, egui::TextureOptions::LINEAR);
    ui.data_mut(|d| d.insert_temp::<Known>(id, (Arc::clone(text), handle.clone())));
    Some(handle)
}

/// Gives the bookmark that is seen now its picture, once the view is complete. A bookmark made in haste gets it when it is
/// gone to.
pub fn take_picture(viewport: &mut Viewport, host: &mut Host, background: Color32) {
    let project = host.session().project();
    let Some(size_px) = viewport.complete_size_px() else { return };
    let wanted = project.bookmarks.iter().find(|b| b.picture.is_none() && b.is_seen(project)).map(|b| b.id);
    let Some(bookmark) = wanted else { return };
    // As large as the view: its tiles are there, those of a smaller picture may not be.
    let scene = host.scene(size_px, 1.0, background.to_array());
    let drawn = viewport.renderer().render_image(&scene).map_err(|e| e.to_string());
    match drawn.and_then(|image| packed(&image)) {
        Ok(picture) => host.send(Command::SetBookmarkPicture { bookmark, picture }),
        Err(e) => log::warn!("the bookmark has no picture: {e}"),
    }
}

/// The middle of a picture, made small.
fn packed(image: &RgbaImage) -> Result<String, String> {
    let (w, h) = image.dimensions();
    let [kw, kh] = KEPT;
    // The largest part of the shape of the small one.
    let (cw, ch) = if w * kh > h * kw { (h * kw / kh, h) } else { (w, w * kh / kw) };
    let part = imageops::crop_imm(image, (w - cw) / 2, (h - ch) / 2, cw.max(1), ch.max(1)).to_image();
    let small = imageops::thumbnail(&part, kw, kh);
    let mut png = Vec::new();
    small.write_to(&mut std::io::Cursor::new(&mut png), ImageFormat::Png).map_err(|e| e.to_string())?;
    picture_text(&png).ok_or_else(|| "its picture is too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_the_middle_of_the_view() {
        // A tall view: red above and below, green in its middle.
        let (w, h) = (160, 400);
        let image = RgbaImage::from_fn(w, h, |_, y| {
            if (150..250).contains(&y) { image::Rgba([0, 255, 0, 255]) } else { image::Rgba([255, 0, 0, 255]) }
        });
        let text = packed(&image).unwrap();
        assert!(seaglass_core::bookmark::is_picture(&text));
        let project = seaglass_core::project::Project { last_bookmark: 1, ..Default::default() };
        let mut bookmark = Bookmark::of(&project, seaglass_core::bookmark::BookmarkId(1), "a".into());
        bookmark.picture = Some(text.into());
        let small = image::load_from_memory(&bookmark.png().unwrap()).unwrap().to_rgba8();
        assert_eq!(small.dimensions(), (128, 80));
        assert!(small.pixels().all(|p| p.0 == [0, 255, 0, 255]), "only the middle 100 rows");
    }
}
