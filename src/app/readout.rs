//! Positions and pins: the menu over the globe, and the cards of pinned places.

use egui::{Area, Id, Order, Popup, Pos2, Rect, Response, Role, Sense, Stroke, Ui, pos2, vec2};
use seaglass_core::camera::View;
use seaglass_core::command::Command;
use seaglass_core::format::AngleForm;
use seaglass_core::geo::LonLat;
use seaglass_core::project::{Pin, PinId};

use crate::hover::{self, HoverInfo};
use crate::navigation::Frame;
use crate::state::{Action, Out, UiState};
use crate::theme::{Theme, theme};
use crate::widgets;

/// A pinned place with what its layers have there now.
#[derive(Clone, Debug, PartialEq)]
pub struct PinCard {
    /// Which pin.
    pub pin: PinId,
    /// Where it lies on the screen.
    pub at: Pos2,
    /// Values.
    pub info: HoverInfo,
}

/// Where a pin is seen; `None` behind the horizon or outside the view.
pub fn place_on_screen(pin: &Pin, view: &View, frame: Frame) -> Option<Pos2> {
    view.screen_from_lonlat(pin.place).map(|px| frame.point(px)).filter(|p| frame.rect.contains(*p))
}

/// A right click on the globe offers what can be done with the place; `Ctrl`-click pins it.
pub fn over_globe(
    ui: &Ui,
    response: &Response,
    place_at: impl Fn(Pos2) -> Option<LonLat>,
    state: &mut UiState,
    out: &mut Out,
) {
    let here = response.interact_pointer_pos().and_then(&place_at);
    if response.clicked_by(egui::PointerButton::Primary)
        && ui.input(|i| i.modifiers.command)
        && let Some(place) = here
    {
        out.send(Command::AddPin { place });
    }
    // The menu stays with the place it was opened at, however the pointer moves to it.
    let id = Id::unique("menu place");
    if response.secondary_clicked() {
        ui.data_mut(|d| {
            d.remove::<(f64, f64)>(id);
            if let Some(place) = here {
                d.insert_temp(id, (place.lon_deg, place.lat_deg));
            }
        });
    }
    let Some((lon, lat)) = ui.data(|d| d.get_temp::<(f64, f64)>(id)) else { return };
    let place = LonLat::new(lon, lat);
    Popup::context_menu(response).accessible_name(tr!("Place menu")).show(|ui| {
        ui.set_width(270.0);
        let t = theme(ui);
        ui.label(egui::RichText::new(state.coordinates.text(place, 4)).font(t.small()).color(t.c.text_3));
        if widgets::menu_item(ui, tr!("Pin here"), tr!("Ctrl click"), true) {
            out.send(Command::AddPin { place });
        }
        coordinates_menu(ui, place, state, out);
    });
}

/// Copy and the forms of coordinates, as entries of a menu.
pub fn coordinates_menu(ui: &mut Ui, place: LonLat, state: &mut UiState, out: &mut Out) {
    if widgets::menu_item(ui, tr!("Copy coordinates"), "Ctrl+C", true) {
        out.act(Action::Copy(state.coordinates.plain(place)));
    }
    ui.separator();
    for (form, name) in AngleForm::ALL {
        let on = state.coordinates.form == form;
        if tick(ui, name, on, Role::RadioButton) {
            state.coordinates.form = form;
        }
    }
    ui.separator();
    let wide = state.coordinates.longitude_360;
    if tick(ui, tr!("Longitudes from 0° to 360°"), wide, Role::CheckBox) {
        state.coordinates.longitude_360 = !wide;
    }
}

/// A menu entry that is on or off.
fn tick(ui: &mut Ui, label: &str, on: bool, role: Role) -> bool {
    let t = theme(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 28.0), Sense::click());
    response.widget_info(|| egui::WidgetInfo::selected(role, true, on, label));
    if response.hovered() {
        ui.painter().rect_filled(rect, 4.0, t.c.hover);
    }
    if on {
        widgets::icon(ui.painter(), pos2(rect.left() + 12.0, rect.center().y), "checked", 12.0, t.c.accent);
    }
    widgets::line(ui.painter(), rect.left() + 26.0, rect.center().y, label, t.body(), t.c.text_1, rect.width() - 30.0);
    widgets::focus_ring(ui, &response, 4.0);
    let chosen = response.clicked();
    if chosen {
        ui.close();
    }
    chosen
}

/// Marks of pins on the globe, and a card beside each that has room. A pin without room keeps its mark; its card comes
/// back when the view has room.
pub fn pins(ui: &mut Ui, cards: &[PinCard], area: Rect, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    for card in cards {
        mark(ui, card.at, area);
        let size = hover::size(t, &card.info);
        let rect = state.taken.beside(card.at, size, area);
        let covers = state.taken.cards().iter().any(|(_, r)| r.shrink(1.0).intersects(rect));
        if covers || size.x > area.width() || size.y > area.height() {
            continue;
        }
        state.taken.add("pin", rect);
        let near = pos2(card.at.x.clamp(rect.left(), rect.right()), card.at.y.clamp(rect.top(), rect.bottom()));
        let dark = Theme::get(true);
        ui.painter().line_segment([card.at, near], Stroke::new(1.0, dark.c.text_2));
        Area::new(Id::unique(("pin", card.pin.0))).order(Order::Middle).fixed_pos(rect.min).show(ui.ctx(), |ui| {
            let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
            let label = tr!("Pin at {}", state.coordinates.text(card.info.at, 3));
            widgets::describe(&response, Role::Group, &label);
            hover::paint(ui.painter(), t, rect, &card.info, state.coordinates, 28.0);
            let cell = Rect::from_center_size(pos2(rect.right() - 20.0, rect.top() + 20.0), vec2(24.0, 24.0));
            let close = ui.interact(cell, ui.scope_id().with("close"), Sense::click());
            if widgets::icon_button_at(ui, cell, close, "close", tr!("Remove pin"), false).clicked() {
                out.send(Command::RemovePin { pin: card.pin });
            }
        });
    }
}

/// A dot with a ring, light with a dark casing in both themes as all marks on imagery.
fn mark(ui: &Ui, at: Pos2, area: Rect) {
    let dark = Theme::get(true);
    let painter = ui.painter().with_clip_rect(area);
    painter.circle_stroke(at, 6.0, Stroke::new(4.0, dark.c.void.gamma_multiply(0.6)));
    painter.circle_stroke(at, 6.0, Stroke::new(2.0, dark.c.accent));
    painter.circle_filled(at, 2.0, dark.c.text_1);
}
