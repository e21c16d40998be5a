//! Groups in the layers panel: their header, 28 high, and where dragged layers and groups may be dropped.

use egui::{Key, Popup, Rect, Role, Sense, Stroke, Ui, pos2, vec2};
use seaglass_core::command::Command;
use seaglass_core::project::{Group, GroupId, GroupPatch, LayerId};

use crate::layer_row::Dragged;
use crate::model::{Model, Row};
use crate::state::{Out, UiState};
use crate::theme::theme;
use crate::widgets::{self, Scrub};

/// Payload of a group being dragged to another place.
#[derive(Clone, Copy, Debug)]
pub struct DraggedGroup(pub GroupId);

/// A place between rows.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Slot {
    y: f32,
    /// Layers above it.
    to: usize,
    /// Group it lies in.
    group: Option<GroupId>,
}

/// Places where what is dragged may go.
#[derive(Debug, Default)]
pub struct Slots(Vec<Slot>);

impl Slots {
    /// A place above a row.
    pub fn add(&mut self, y: f32, to: usize, group: Option<GroupId>) {
        self.0.push(Slot { y, to, group });
    }

    /// The places at the end of a group: inside it and below it.
    pub fn leave(&mut self, y: f32, to: usize, group: Option<GroupId>) {
        if group.is_some() {
            self.add(y - 8.0, to, group);
        }
        self.add(y, to, None);
    }
}

/// Whether the row is hidden in a folded group.
pub fn is_folded(row: &Row, model: &Model) -> bool {
    row.group.and_then(|id| model.session.project().group(id)).is_some_and(|g| g.folded)
}

/// Puts a layer into a group of its own, whose name is then typed.
pub fn make(layer: LayerId, model: &Model, state: &mut UiState, out: &mut Out) {
    let id = GroupId(model.session.project().last_group + 1);
    out.send(Command::GroupLayers { layers: vec![layer], name: String::new() });
    if model.row(layer).is_some_and(|r| !r.locked) {
        state.renaming_group = Some((id, tr!("Group {}", id.0)));
    }
}

/// The header of a group that begins at layer `first`.
pub fn header(
    ui: &mut Ui,
    group: &Group,
    first: usize,
    model: &Model,
    state: &mut UiState,
    slots: &mut Slots,
    out: &mut Out,
) {
    let t = theme(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), t.size.tree_row), Sense::hover());
    // On a folded group: into it.
    if group.folded {
        slots.add(rect.center().y, first, Some(group.id));
    }
    if !ui.is_rect_visible(rect) {
        return;
    }
    let layers = model.rows.iter().filter(|r| r.group == Some(group.id)).count();
    let response = ui.interact(rect, ui.scope_id().with(("group", group.id.0)), Sense::click_and_drag());
    let (name, percent) = (&group.name, f64::from(group.opacity) * 100.0);
    let shown = if group.visible { tr!("visible") } else { tr!("hidden") };
    let spoken = trn!(
        layers,
        "Group {name}, {shown}, {layers} layer, opacity {percent:.0} per cent",
        "Group {name}, {shown}, {layers} layers, opacity {percent:.0} per cent"
    );
    response.widget_info(|| egui::WidgetInfo::selected(Role::DisclosureTriangle, true, !group.folded, &spoken));
    response.dnd_set_drag_payload(DraggedGroup(group.id));
    let hovered = ui.rect_contains_pointer(rect);
    if hovered {
        ui.painter().rect_filled(rect, 0.0, t.c.hover);
        widgets::icon(ui.painter(), pos2(rect.left() + 7.0, rect.center().y), "layer_drag", 12.0, t.c.text_3);
    }
    Popup::context_menu(&response).accessible_name(tr!("Group {} menu", group.name)).show(|ui| {
        ui.set_min_width(220.0);
        menu(ui, group, model, state, out);
    });
    eye(ui, rect, group, out);
    let y = rect.center().y;
    let caret = if group.folded { "expand" } else { "collapse" };
    widgets::icon(ui.painter(), pos2(rect.left() + 42.0, y), caret, 12.0, t.c.text_3);
    let right = figures(ui, rect, group, layers, hovered, out);
    widgets::focus_ring(ui, &response, 0.0);
    if rename(ui, rect, group, right, state, out) {
        return;
    }
    let ink = if group.visible { t.c.text_1 } else { t.c.text_3 };
    let left = rect.left() + 54.0;
    let end = widgets::line(ui.painter(), left, y, &group.name, t.strong(), ink, right - 8.0 - left);
    let pointer = response.interact_pointer_pos();
    if response.double_clicked() && pointer.is_some_and(|p| (left..=end).contains(&p.x)) {
        state.renaming_group = Some((group.id, group.name.clone()));
    } else if response.clicked() {
        let patch = GroupPatch { folded: Some(!group.folded), ..GroupPatch::default() };
        out.send(Command::ChangeGroup { group: group.id, patch });
    }
}

fn eye(ui: &Ui, rect: Rect, group: &Group, out: &mut Out) {
    let t = theme(ui);
    let cell = Rect::from_center_size(pos2(rect.left() + 20.0, rect.center().y), vec2(24.0, 24.0));
    let response = ui.interact(cell, ui.scope_id().with(("group eye", group.id.0)), Sense::click());
    let name = &group.name;
    let label = if group.visible { tr!("Hide group {name}") } else { tr!("Show group {name}") };
    widgets::describe(&response, Role::Button, &label);
    let glyph = if group.visible { "layer_show" } else { "layer_hide" };
    let ink = match (response.hovered(), group.visible) {
        (true, _) => t.c.text_1,
        (_, true) => t.c.text_2,
        _ => t.c.text_3,
    };
    widgets::icon(ui.painter(), cell.center(), glyph, 16.0, ink);
    widgets::focus_ring(ui, &response, 4.0);
    if response.on_hover_text(tr!("Show or hide the group")).clicked() {
        let patch = GroupPatch { visible: Some(!group.visible), ..GroupPatch::default() };
        out.send(Command::ChangeGroup { group: group.id, patch });
    }
}

/// Number of layers, and the opacity where it says something; gives their left edge.
fn figures(ui: &mut Ui, rect: Rect, group: &Group, layers: usize, hovered: bool, out: &mut Out) -> f32 {
    let t = theme(ui);
    let y = rect.center().y;
    let galley = ui.painter().layout_no_wrap(layers.to_string(), t.small(), t.c.text_3);
    let mut left = rect.right() - 12.0 - galley.size().x;
    ui.painter().galley(pos2(left, (y - galley.size().y / 2.0).round()), galley, t.c.text_3);
    if hovered || group.opacity < 1.0 {
        let cell = Rect::from_min_max(pos2(left - 52.0, y - 12.0), pos2(left - 12.0, y + 12.0));
        let percent = f64::from(group.opacity) * 100.0;
        let scrub = Scrub {
            id: ui.scope_id().with(("group opacity", group.id.0)),
            label: &tr!("Opacity of group {}", group.name),
            value: percent,
            step: 5.0,
            fine: 1.0,
            text: format!("{percent:.0}{}%", crate::text::THIN),
        };
        let changed = scrub.show(ui, cell, t.small(), t.c.text_3, true);
        if let Some(v) = changed.value {
            let patch = GroupPatch { opacity: Some((v.clamp(0.0, 100.0) / 100.0) as f32), ..GroupPatch::default() };
            out.send(Command::ChangeGroup { group: group.id, patch });
        }
        out.settle |= changed.settled;
        left = cell.left();
    }
    left
}

fn rename(ui: &mut Ui, rect: Rect, group: &Group, right: f32, state: &mut UiState, out: &mut Out) -> bool {
    let Some((id, text)) = state.renaming_group.as_mut().filter(|(id, _)| *id == group.id) else { return false };
    let cell = Rect::from_min_max(pos2(rect.left() + 50.0, rect.top() + 2.0), pos2(right - 6.0, rect.bottom() - 2.0));
    let edit = egui::TextEdit::singleline(text).margin(egui::Margin::symmetric(4, 3));
    let response = ui.put(cell, edit.id(ui.scope_id().with(("rename group", id.0))));
    widgets::describe(&response, Role::TextInput, tr!("Name of the group"));
    if !response.has_focus() && !response.lost_focus() {
        widgets::begin_typing(ui, &response, text);
    }
    if response.lost_focus() {
        let keep = !ui.input(|i| i.key_pressed(Key::Escape));
        if let Some((group, name)) = state.renaming_group.take().filter(|_| keep) {
            let patch = GroupPatch { name: Some(name), ..GroupPatch::default() };
            out.send(Command::ChangeGroup { group, patch });
        }
    }
    true
}

fn menu(ui: &mut Ui, group: &Group, model: &Model, state: &mut UiState, out: &mut Out) {
    if widgets::menu_item(ui, tr!("Rename"), "", true) {
        state.renaming_group = Some((group.id, group.name.clone()));
    }
    let members = model.rows.iter().filter(|r| r.group == Some(group.id));
    for (label, locked) in [(tr!("Lock all"), true), (tr!("Unlock all"), false)] {
        let some = members.clone().any(|r| r.locked != locked);
        if widgets::menu_item(ui, label, "", some) {
            for row in members.clone().filter(|r| r.locked != locked) {
                out.send(Command::LockLayer { layer: row.id, locked });
            }
        }
    }
    if widgets::menu_item(ui, tr!("Ungroup"), "", true) {
        out.send(Command::Ungroup { group: group.id });
    }
}

/// The part of a layer's menu about groups.
pub fn layer_menu(ui: &mut Ui, row: &Row, model: &Model, state: &mut UiState, out: &mut Out) {
    ui.set_min_width(200.0);
    let project = model.session.project();
    if widgets::menu_item(ui, tr!("New group"), "Ctrl+G", !row.locked) {
        make(row.id, model, state, out);
    }
    // The place below the last layer of a group, once the layer itself is away.
    let from = project.position(row.id).unwrap_or(0);
    let below = |group: GroupId| {
        let last = project.layers.iter().rposition(|l| l.group == Some(group)).map_or(0, |k| k + 1);
        if from < last { last - 1 } else { last }
    };
    for group in project.groups.iter().filter(|g| Some(g.id) != row.group) {
        if widgets::menu_item(ui, &tr!("Into {}", group.name), "", !row.locked) {
            let to = below(group.id);
            out.send(Command::PlaceLayer { layer: row.id, to, group: Some(group.id) });
        }
    }
    if let Some(own) = row.group
        && widgets::menu_item(ui, tr!("Out of the group"), "", !row.locked)
    {
        out.send(Command::PlaceLayer { layer: row.id, to: below(own), group: None });
    }
}

/// Marks where what is dragged would go, and sends it there when it is let go.
pub fn drop_dragged(ui: &Ui, slots: &Slots, model: &Model, out: &mut Out) {
    let layer = egui::DragAndDrop::payload::<Dragged>(ui.ctx()).map(|d| d.0);
    let group = egui::DragAndDrop::payload::<DraggedGroup>(ui.ctx()).map(|d| d.0);
    let pointer = ui.input(|i| i.pointer.interact_pos()).filter(|p| ui.clip_rect().expand(20.0).contains(*p));
    let (true, Some(p)) = (layer.is_some() || group.is_some(), pointer) else { return };
    // Groups go between groups.
    let fits = |s: &&Slot| layer.is_some() || s.group.is_none();
    let away = |s: &&Slot| (s.y - p.y).abs();
    let nearest = slots.0.iter().filter(fits).min_by(|a, b| away(a).total_cmp(&away(b)));
    let Some(slot) = nearest.copied() else { return };
    let indent = if slot.group.is_some() { 12.0 } else { 0.0 };
    let across = (ui.max_rect().left() + indent)..=ui.max_rect().right();
    ui.painter().hline(across, slot.y, Stroke::new(2.0, theme(ui).c.accent));
    if !ui.input(|i| i.pointer.any_released()) {
        return;
    }
    if let Some(layer) = layer {
        let from = model.rows.iter().position(|r| r.id == layer).unwrap_or(0);
        let to = if slot.to > from { slot.to - 1 } else { slot.to };
        let own = model.row(layer).and_then(|r| r.group);
        if (own, slot.group) != (None, None) {
            if to != from || own != slot.group {
                out.send(Command::PlaceLayer { layer, to, group: slot.group });
            }
        } else if to != from {
            out.send(Command::MoveLayer { layer, to });
        }
    } else if let Some(group) = group {
        let to = model.rows.iter().take(slot.to).filter(|r| r.group != Some(group)).count();
        out.send(Command::MoveGroup { group, to });
    }
}
