//! The style panel: range with histogram, colour map, opacity, interpolation, time rule (window design §6).

use egui::{Area, Order, Popup, PopupCloseBehavior, Rect, Role, Sense, Stroke, StrokeKind, Ui, pos2, vec2};
use seaglass_core::command::Command;
use seaglass_core::style::{Filter, Method, OutOfRange, StylePatch};
use seaglass_host::drawn_colormap;
use seaglass_render::assets;

use crate::colormap_list::{self, Picked};
use crate::histogram::{self, Distribution};
use crate::lang;
use crate::layer_row::send_range;
use crate::menu::TIME_RULES;
use crate::model::{Model, Row};
use crate::state::{Out, UiState};
use crate::theme::{Theme, theme};
use crate::{
    scene_legend, style_classes, style_components, style_menu, style_rgb, style_stream, style_surface, style_time,
    style_vector, text, widgets,
};

/// Room of the line that says that a layer is locked.
const LOCKED: f32 = 32.0;
/// Height of what does not scroll.
const HEADER_AND_FOOTER: f32 = 24.0 + 44.0 + 16.0;

/// Height of the panel of a layer, about.
fn height(row: &Row, model: &Model) -> f32 {
    // Classes stand in the place of histogram and range.
    let symbols = if style_vector::applies(row) { 170.0 } else { style_stream::height(row) };
    symbols
        + style_surface::height(row)
        + style_time::height(row)
        + style_rgb::height(row)
        + style_components::height(row, model)
        + if row.locked { LOCKED } else { 0.0 }
        + scene_legend::flags(row).map_or(600.0, |flags| 330.0 + 32.0 * flags.len().div_ceil(2) as f32)
}

/// Shows the panel of the layer chosen, beside the layers panel.
pub fn show(
    ctx: &egui::Context,
    model: &Model,
    data: Option<&Distribution>,
    area: Rect,
    state: &mut UiState,
    out: &mut Out,
) {
    let Some(row) = state.style_of.and_then(|id| model.row(id)) else {
        state.style_of = None;
        return;
    };
    let t = Theme::get(ctx.global_style().visuals.dark_mode);
    let width = t.size.popover_style;
    let height_guess = height(row, model);
    let top =
        (state.style_anchor.y - 12.0).clamp(area.top() + 8.0, (area.bottom() - height_guess).max(area.top() + 8.0));
    let id = egui::Id::unique("style panel");
    // Beside the tools where these stand in a column: the globe is still drawn on while colours are chosen.
    let tools = state.taken.cards().iter().find(|(name, r)| *name == "tools" && r.height() > r.width());
    let left = tools.map_or(area.left(), |(_, r)| r.right()) + 8.0;
    Area::new(id)
        .order(Order::Foreground)
        .default_pos(pos2(left, top))
        .constrain_to(area.shrink(4.0))
        .movable(true)
        .show(ctx, |ui| {
            t.popover(8).show(ui, |ui| {
                let inner = width - 26.0;
                let room = area.height() - 40.0;
                ui.spacing_mut().item_spacing = vec2(8.0, 8.0);
                // Name and footer stay where they are, however much lies between.
                if room > height(row, model) {
                    ui.set_width(inner);
                    header(ui, row, model, state, out);
                    body(ui, row, model, data, state, out);
                } else {
                    // The bar lies over the content: it gets room of its own right of the controls.
                    let bar = ui.spacing().scroll.bar_width + 2.0;
                    ui.set_width(inner + bar);
                    header(ui, row, model, state, out);
                    let room = room - HEADER_AND_FOOTER;
                    let scroll = egui::ScrollArea::vertical().auto_shrink([false, true]);
                    scroll.max_height(room).min_scrolled_height(room).show(ui, |ui| {
                        ui.set_max_width(inner);
                        body(ui, row, model, data, state, out);
                    });
                }
                style_menu::footer(ui, row, model, state, out);
            });
        });
    // What lies on top of the panel closes first.
    let popup = Popup::is_any_open(ctx);
    // A menu that this Escape has just closed was on top of it, too.
    let was = ctx.data_mut(|d| std::mem::replace(d.get_temp_mut_or_default(egui::Id::unique("popup before")), popup));
    let covered = popup || was || state.is_covered();
    if !covered
        && !ctx.text_edit_focused()
        && ctx.input_mut(|i| i.consume_key(egui::Modifiers::NONE, egui::Key::Escape))
    {
        state.style_of = None;
    }
}

fn send(row: &Row, out: &mut Out, patch: StylePatch) {
    out.send(Command::SetStyle { layer: row.id, patch });
}

fn body(ui: &mut Ui, row: &Row, model: &Model, data: Option<&Distribution>, state: &mut UiState, out: &mut Out) {
    if row.locked {
        locked(ui, row, out);
    }
    ui.add_enabled_ui(!row.locked, |ui| controls(ui, row, model, data, state, out));
}

/// Says why nothing can be changed, and what to do.
fn locked(ui: &mut Ui, row: &Row, out: &mut Out) {
    let t = theme(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), LOCKED - 8.0), Sense::hover());
    let y = rect.center().y;
    widgets::icon(ui.painter(), pos2(rect.left() + 8.0, y), "locked", 14.0, t.c.text_2);
    widgets::line(ui.painter(), rect.left() + 22.0, y, tr!("This layer is locked."), t.body(), t.c.text_2, 200.0);
    let id = ui.scope_id().with("unlock");
    if widgets::link_at(ui, pos2(rect.right(), y), tr!("Unlock"), id, tr!("Unlock the style")).clicked() {
        out.send(Command::LockLayer { layer: row.id, locked: false });
    }
}

fn controls(ui: &mut Ui, row: &Row, model: &Model, data: Option<&Distribution>, state: &mut UiState, out: &mut Out) {
    ui.spacing_mut().item_spacing = vec2(8.0, 8.0);
    field(ui, row, model, out);
    method(ui, row, model, out);
    if scene_legend::flags(row).is_some() {
        style_classes::show(ui, row, out);
    } else {
        range(ui, row, model, data, state, out);
    }
    if row.style.method == Method::Rgb {
        style_rgb::show(ui, row, out);
    } else {
        colour_map(ui, row, out);
    }
    opacity(ui, row, out);
    choices(ui, row, out);
    style_surface::show(ui, row, out);
    style_time::show(ui, row, out);
}

fn header(ui: &mut Ui, row: &Row, model: &Model, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 24.0), Sense::hover());
    let end = widgets::line(ui.painter(), rect.left(), rect.center().y, &row.name, t.heading(), t.c.text_1, 180.0);
    let room = rect.right() - 60.0 - end - 10.0;
    widgets::line(ui.painter(), end + 10.0, rect.center().y, &row.product, t.body(), t.c.text_3, room);
    let cell = Rect::from_center_size(pos2(rect.right() - 40.0, rect.center().y), vec2(24.0, 24.0));
    let response = ui.interact(cell, ui.scope_id().with("style menu"), Sense::click());
    let response = widgets::icon_button_at(ui, cell, response, "more", tr!("Copy, paste and defaults"), false);
    style_menu::more(&response, row, model, state, out);
    let cell = Rect::from_center_size(pos2(rect.right() - 12.0, rect.center().y), vec2(24.0, 24.0));
    let response = ui.interact(cell, ui.scope_id().with("close style"), Sense::click());
    if widgets::icon_button_at(ui, cell, response, "close", tr!("Close style panel"), false).clicked() {
        state.style_of = None;
    }
}

/// A label left and its control right of x = 80.
pub fn labelled<R>(ui: &mut Ui, label: &str, content: impl FnOnce(&mut Ui) -> R) -> R {
    let t = theme(ui);
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(72.0, t.size.control), Sense::hover());
        widgets::line(ui.painter(), rect.left(), rect.center().y, label, t.body(), t.c.text_2, 72.0);
        content(ui)
    })
    .inner
}

/// Depth, band … of the field.
fn field(ui: &mut Ui, row: &Row, model: &Model, out: &mut Out) {
    let Some(info) = row.field.as_ref().filter(|f| !f.extra_dims.is_empty()) else { return };
    let Some(layer) = model.session.project().layer(row.id) else { return };
    for (k, dim) in info.extra_dims.iter().enumerate() {
        let now = layer.extra.get(k).copied().unwrap_or(0);
        let label_of = |i: usize| match dim.values.get(i) {
            Some(v) => format!("{}{}{}", text::short(*v, 3), text::THIN, text::typeset(&dim.units)),
            None => tr!("{} of {}", i + 1, dim.size),
        };
        labelled(ui, &crate::model::capitalized(&dim.name), |ui| {
            egui::ComboBox::from_id_salt(("extra", k)).selected_text(label_of(now)).width(180.0).show_ui(ui, |ui| {
                for i in 0..dim.size.min(1000) {
                    if ui.selectable_label(i == now, label_of(i)).clicked() {
                        let mut extra = layer.extra.clone();
                        extra.resize(info.extra_dims.len(), 0);
                        extra[k] = i;
                        out.send(Command::SetLayerIndex { layer: row.id, extra });
                    }
                }
            });
        });
    }
}

/// The methods that fit a layer: its geometry, and the fields it has for them.
pub fn methods(row: &Row, model: &Model) -> Vec<Method> {
    let Some(geometry) = row.geometry else { return Vec::new() };
    let own = row.field.as_ref().map_or(0, |f| f.components.len());
    let chosen = model.session.project().layer(row.id).map_or(0, |l| l.components.len());
    let has = |n: usize| own == n || chosen == n;
    let mut fit = if geometry.is_raster() { vec![Method::Raster] } else { vec![Method::Line, Method::Points] };
    if has(2) || style_components::guess(row, model).is_some() {
        fit.extend([Method::Arrows, Method::Barbs]);
        fit.extend(geometry.is_raster().then_some(Method::Streamlines));
    }
    fit.extend((has(3) && geometry.is_raster()).then_some(Method::Rgb));
    fit
}

fn method(ui: &mut Ui, row: &Row, model: &Model, out: &mut Out) {
    let methods = methods(row, model);
    if methods.len() > 1 {
        let label = |m: &Method| if *m == Method::Points { tr!("Points") } else { lang::t(m.label()) };
        let labels: Vec<&str> = methods.iter().map(label).collect();
        let now = methods.iter().position(|m| *m == row.style.method);
        if let Some(k) = widgets::segments(ui, &labels, now, Some(ui.available_width()), tr!("Method")) {
            style_components::draw_as(row, methods[k], model, out);
        }
    }
    style_components::show(ui, row, model, out);
    if style_stream::applies(row) {
        style_stream::show(ui, row, out);
    } else if style_vector::applies(row) {
        style_vector::show(ui, row, out);
    } else if row.geometry.is_some_and(|g| !g.is_raster()) {
        size(ui, row, out);
    }
}

fn size(ui: &mut Ui, row: &Row, out: &mut Out) {
    labelled(ui, tr!("Size"), |ui| {
        let mut size = f64::from(row.style.size_pt);
        let width = ui.available_width() - 80.0;
        let slider = widgets::slider(ui, tr!("Size"), &mut size, 0.5..=24.0, width);
        let drag = egui::DragValue::new(&mut size).range(0.5..=64.0).speed(0.1).max_decimals(1).suffix(" pt");
        let number = ui.add_sized(vec2(72.0, theme(ui).size.control), drag);
        widgets::describe(&number, Role::SpinButton, tr!("Size in points"));
        let response = slider.union(number);
        if response.changed() {
            send(row, out, StylePatch { size_pt: Some(size.clamp(0.5, 64.0) as f32), ..StylePatch::default() });
        }
        out.settle |= response.drag_stopped();
    });
}

fn range(ui: &mut Ui, row: &Row, model: &Model, data: Option<&Distribution>, state: &mut UiState, out: &mut Out) {
    let t = theme(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 20.0), Sense::hover());
    widgets::line(ui.painter(), rect.left(), rect.center().y, tr!("Range"), t.heading(), t.c.text_1, 100.0);
    if let Some(d) = data {
        let (n, values) = (d.granules, text::count(d.count));
        let caption = trn!(n, "{n} granule, {values} values", "{n} granules, {values} values");
        let galley = ui.painter().layout_no_wrap(caption, t.small(), t.c.text_3);
        ui.painter().galley(pos2(rect.right() - galley.size().x, rect.top() + 3.0), galley, t.c.text_3);
    }
    let map = drawn_colormap(&row.style.colormap);
    if let Some(new) = histogram::show(ui, row, map.as_deref(), data, state, out) {
        let new = if symmetric(row) { mirrored(row.style.effective_range(), new) } else { new };
        send_range(row, new, true, out);
    }
    bounds(ui, row, out);
    statistics(ui, row, model, data, out);
}

/// Whether the range is kept symmetric about zero: it is now, within rounding.
fn symmetric(row: &Row) -> bool {
    row.style.is_symmetric()
}

/// The end that moved decides.
fn mirrored(old: [f64; 2], new: [f64; 2]) -> [f64; 2] {
    let reach = if (new[0] - old[0]).abs() > (new[1] - old[1]).abs() { -new[0] } else { new[1] };
    if reach > 0.0 { [-reach, reach] } else { old }
}

fn bounds(ui: &mut Ui, row: &Row, out: &mut Out) {
    let t = theme(ui);
    let [lo, hi] = row.style.effective_range();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let speed = (hi - lo) * 0.005;
        let mut ends = [row.unit.shown(lo), row.unit.shown(hi)];
        let mut changed = false;
        for (k, name) in [tr!("Minimum"), tr!("Maximum")].into_iter().enumerate() {
            let decimals = row.decimals.clamp(2, 6);
            let log = row.style.log;
            let drag = egui::DragValue::new(&mut ends[k])
                .speed(speed)
                .max_decimals(8)
                .custom_formatter(move |v, _| if log { text::significant(v) } else { text::number(v, decimals) })
                .custom_parser(text::parse_number)
                .update_while_editing(false);
            let response = ui.add_sized(vec2(70.0, t.size.control), drag);
            widgets::describe(&response, Role::SpinButton, name);
            changed |= response.changed();
            out.settle |= response.drag_stopped() || response.lost_focus();
            if k == 0 {
                ui.label(egui::RichText::new(tr!("to")).color(t.c.text_3));
            }
        }
        ui.label(egui::RichText::new(&row.unit.label).color(t.c.text_3));
        let new = ends.map(|v| row.unit.raw(v));
        let new = if symmetric(row) && changed { mirrored([lo, hi], new) } else { new };
        send_range(row, new, changed, out);
        if widgets::chip(ui, tr!("Symmetric"), symmetric(row)).clicked() {
            let reach = if symmetric(row) { None } else { Some(lo.abs().max(hi.abs())) };
            let new = reach.map_or([lo, hi * 1.1], |r| [-r, r]);
            send_range(row, new, true, out);
        }
        ui.add_enabled_ui(lo > 0.0, |ui| {
            let chip = widgets::chip(ui, tr!("Log"), row.style.log)
                .on_disabled_hover_text(tr!("A logarithmic scale needs a range above zero."));
            if chip.clicked() {
                send(row, out, StylePatch { log: Some(!row.style.log), ..StylePatch::default() });
            }
        });
    });
}

fn statistics(ui: &mut Ui, row: &Row, model: &Model, data: Option<&Distribution>, out: &mut Out) {
    let usable = data.filter(|d| d.count > 0 && d.max > d.min);
    ui.add_enabled_ui(usable.is_some(), |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let none = Distribution::default();
            let d = usable.unwrap_or(&none);
            let around =
                |n: f64| if symmetric(row) { [-n * d.sd, n * d.sd] } else { [d.mean - n * d.sd, d.mean + n * d.sd] };
            let options = [
                ("2\u{2013}98 %", d.p02_p98),
                ("95 %", d.middle_95),
                ("98 %", d.middle_98),
                ("1σ", around(1.0)),
                ("2σ", around(2.0)),
                ("3σ", around(3.0)),
                (tr!("Min\u{2013}max"), [d.min, d.max]),
            ];
            ui.spacing_mut().item_spacing.x = 4.0;
            for (name, wanted) in options {
                let wanted = if symmetric(row) {
                    let reach = wanted[0].abs().max(wanted[1].abs());
                    [-reach, reach]
                } else {
                    wanted
                };
                let now = row.style.effective_range();
                let width = (wanted[1] - wanted[0]).abs().max(1e-30);
                let on = usable.is_some() && (0..2).all(|k| (now[k] - wanted[k]).abs() < 1e-4 * width);
                if widgets::chip(ui, name, on).clicked() {
                    let wanted =
                        if row.style.log && wanted[0] <= 0.0 { [wanted[1] / 1000.0, wanted[1]] } else { wanted };
                    send_range(row, wanted, true, out);
                    out.settle = true;
                }
            }
        });
    });
    of_view(ui, row, model, out);
}

/// Ranges of what is in view: once, or from now on.
fn of_view(ui: &mut Ui, row: &Row, model: &Model, out: &mut Out) {
    let t = theme(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.add_enabled_ui(row.visible, |ui| {
            let tip = tr!("2 to 98 % of the values in view, once");
            if widgets::chip(ui, tr!("Visible"), false).on_hover_text(tip).clicked() {
                out.send(Command::FitVisible { layer: row.id });
                out.settle = true;
            }
        });
        let on = row.style.follow_view;
        let tip = tr!("The range is that of the values in view whenever the view rests.\nIt stays as it is while time plays; setting a range ends it.");
        if widgets::chip(ui, tr!("Follow view"), on).on_hover_text(tip).clicked() {
            crate::style_actions::follow(row, !on, out);
            out.settle = true;
        }
        if on && model.session.project().timeline.playing {
            ui.label(egui::RichText::new(tr!("held while time plays")).font(t.small()).color(t.c.text_3));
        }
    });
}

fn colour_map(ui: &mut Ui, row: &Row, out: &mut Out) {
    let t = theme(ui);
    labelled(ui, tr!("Colour map"), |ui| {
        let (rect, response) =
            ui.allocate_exact_size(vec2(ui.available_width() - 36.0, t.size.control), Sense::click());
        widgets::describe(&response, Role::ComboBox, tr!("Colour map"));
        let fill = if response.hovered() { t.c.hover } else { t.c.surface_2 };
        ui.painter().rect(rect, 6.0, fill, Stroke::new(1.0, t.c.border), StrokeKind::Inside);
        let known = assets::colormaps();
        let entry = known.entry(&row.style.colormap);
        let bar = Rect::from_min_size(pos2(rect.left() + 8.0, rect.center().y - 6.0), vec2(64.0, 12.0));
        if let Some(e) = entry {
            widgets::colour_bar(ui.painter(), bar, &e.colormap, row.style.reversed, 1.0);
        }
        let title = entry.map_or_else(|| row.style.colormap.clone(), |e| format!("{}, {}", e.title, e.family));
        widgets::line(
            ui.painter(),
            bar.right() + 10.0,
            rect.center().y,
            &title,
            t.body(),
            t.c.text_1,
            rect.right() - bar.right() - 36.0,
        );
        widgets::icon(ui.painter(), pos2(rect.right() - 16.0, rect.center().y), "collapse", 12.0, t.c.text_2);
        widgets::focus_ring(ui, &response, 6.0);
        pick_map(&response, row, out);
        let invert =
            widgets::icon_button(ui, "style_invert", tr!("Invert the colour map"), t.size.control, row.style.reversed);
        if invert.clicked() {
            send(row, out, StylePatch { reversed: Some(!row.style.reversed), ..StylePatch::default() });
        }
    });
    ui.horizontal(|ui| {
        ui.add_space(80.0);
        ui.spacing_mut().item_spacing.x = 6.0;
        for id in colormap_list::suggestions(row) {
            let Some(map) = assets::colormaps().get(&id) else { continue };
            let (rect, response) = ui.allocate_exact_size(vec2(44.0, 24.0), Sense::click());
            let on = row.style.colormap == id;
            response.widget_info(|| egui::WidgetInfo::selected(Role::RadioButton, true, on, tr!("Colour map {id}")));
            widgets::colour_bar(ui.painter(), rect.shrink(3.0), &map, row.style.reversed, 1.0);
            if on || response.hovered() {
                let ink = if on { t.c.accent } else { t.c.border_strong };
                ui.painter().rect_stroke(rect, 6.0, Stroke::new(1.5, ink), StrokeKind::Inside);
            }
            widgets::focus_ring(ui, &response, 6.0);
            if response.on_hover_text(&id).clicked() {
                send(row, out, StylePatch { colormap: Some(id), ..StylePatch::default() });
            }
        }
    });
}

fn pick_map(response: &egui::Response, row: &Row, out: &mut Out) {
    let before = egui::Id::unique("colormap before");
    let ctx = &response.ctx;
    if response.clicked() {
        ctx.data_mut(|d| d.insert_temp(before, row.style.colormap.clone()));
    }
    let popup = Popup::menu(response)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .accessible_name(tr!("Colour maps"));
    let mut settle = false;
    popup.show(|ui| {
        let patch = |id: String| StylePatch { colormap: Some(id), ..StylePatch::default() };
        if ui.input_mut(|i| i.consume_key(egui::Modifiers::NONE, egui::Key::Escape)) {
            if let Some(id) = ui.data(|d| d.get_temp::<String>(before)) {
                send(row, out, patch(id));
            }
            ui.close();
            return;
        }
        match colormap_list::show(ui, row, &row.style.colormap) {
            Some(Picked::Preview(id)) => send(row, out, patch(id)),
            Some(Picked::Done(id)) => {
                send(row, out, patch(id));
                settle = true;
                ui.close();
            }
            None => {}
        }
    });
    out.settle |= settle;
}

fn opacity(ui: &mut Ui, row: &Row, out: &mut Out) {
    let t = theme(ui);
    labelled(ui, tr!("Opacity"), |ui| {
        let mut percent = f64::from(row.style.opacity) * 100.0;
        let width = ui.available_width() - 80.0;
        let slider = widgets::slider(ui, tr!("Opacity"), &mut percent, 0.0..=100.0, width);
        let drag = egui::DragValue::new(&mut percent).range(0.0..=100.0).speed(1.0).max_decimals(0).suffix(" %");
        let number = ui.add_sized(vec2(72.0, t.size.control), drag);
        widgets::describe(&number, Role::SpinButton, tr!("Opacity in per cent"));
        if slider.changed() || number.changed() {
            send(row, out, StylePatch { opacity: Some((percent / 100.0) as f32), ..StylePatch::default() });
        }
        out.settle |= slider.drag_stopped() || number.drag_stopped();
    });
}

fn choices(ui: &mut Ui, row: &Row, out: &mut Out) {
    // Between two classes there is nothing to interpolate.
    if row.geometry.is_none_or(|g| g.is_raster()) && scene_legend::flags(row).is_none() {
        labelled(ui, tr!("Filter"), |ui| {
            let width = ui.available_width();
            let filters = [Filter::Nearest, Filter::Bilinear];
            let now = filters.iter().position(|f| *f == row.style.filter);
            if let Some(k) = widgets::segments(ui, &[tr!("Nearest"), tr!("Bilinear")], now, Some(width), tr!("Filter"))
            {
                send(row, out, StylePatch { filter: Some(filters[k]), ..StylePatch::default() });
            }
        });
    }
    labelled(ui, tr!("Outside"), |ui| {
        let width = ui.available_width();
        let rules = [OutOfRange::Clamp, OutOfRange::Hide];
        let now = rules.iter().position(|r| *r == row.style.out_of_range);
        if let Some(k) =
            widgets::segments(ui, &[tr!("End colours"), tr!("Hidden")], now, Some(width), tr!("Out of range"))
        {
            send(row, out, StylePatch { out_of_range: Some(rules[k]), ..StylePatch::default() });
        }
    });
    if row.field.as_ref().is_some_and(|f| f.hides_cells) {
        labelled(ui, tr!("Mask"), |ui| {
            let width = ui.available_width();
            let now = Some(usize::from(row.unmasked));
            if let Some(k) = widgets::segments(ui, &[tr!("Of the product"), tr!("None")], now, Some(width), tr!("Mask"))
            {
                out.send(Command::ShowMasked { layer: Some(row.id), on: k == 1 });
            }
        });
    }
    labelled(ui, tr!("Time"), |ui| {
        let width = ui.available_width();
        let now = TIME_RULES.iter().position(|(r, _)| *r == row.style.time_rule);
        let names: Vec<&str> = TIME_RULES.iter().map(|(_, n)| lang::t(n)).collect();
        if let Some(k) = widgets::segments(ui, &names, now, Some(width), tr!("Time rule")) {
            send(row, out, StylePatch { time_rule: Some(TIME_RULES[k].0), ..StylePatch::default() });
        }
    });
}
