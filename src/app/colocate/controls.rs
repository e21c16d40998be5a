//! What is compared, how near, and how far the matching is.

use egui::{DragValue, Popup, Rect, Role, Sense, Ui, Vec2, WidgetInfo, pos2, vec2};
use seaglass_core::colocation::{
    Colocation, ColocationPatch, MAX_RADIUS_M, MAX_WINDOW_S, RADIUS_RANGE_M, WINDOW_RANGE_S,
};
use seaglass_core::command::Command;
use seaglass_core::granule::GeometryKind;
use seaglass_core::project::LayerId;
use seaglass_host::colocate::units;

use super::{PanelState, filters, sampling, state_line};
use crate::lang;
use crate::model::{Model, Row};
use crate::state::{Action, Out};
use crate::text;
use crate::theme::theme;
use crate::widgets;

/// Where fields begin.
pub const LABELS: f32 = 80.0;
/// Width of the fields with a value.
const VALUE: f32 = 72.0;

/// A layer compared with itself.
const ITSELF: &str = msg!("Itself, ascending and descending passes");

/// Shows the rows above the plots.
pub fn show(ui: &mut Ui, model: &Model, panel: &mut PanelState, out: &mut Out) {
    let colocation = model.session.project().colocation.clone().unwrap_or_default();
    sides(ui, model, &colocation, out);
    limits(ui, &colocation, tracks_cross(model, &colocation), out);
    sampling::show(ui, model, &colocation, panel, out);
    if panel.filters_open || filters::any(&colocation) {
        filters::show(ui, model, &colocation, &mut panel.filters, out);
    }
    state_line::show(ui, &model.colocation, out);
}

/// Tracks meet in points; radius and sampling have no part in it.
pub fn tracks_cross(model: &Model, c: &Colocation) -> bool {
    let kind = c.reference.and_then(|id| model.row(id)).and_then(|r| r.geometry);
    c.is_crossover() && kind == Some(GeometryKind::Track)
}

/// Sends a change.
pub fn set(out: &mut Out, patch: ColocationPatch) {
    out.send(Command::SetColocation { patch });
}

/// A row of the panel: label left, the rest for fields.
pub fn row(ui: &mut Ui, label: &str) -> Rect {
    let t = theme(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), t.size.control), Sense::hover());
    widgets::line(ui.painter(), rect.left(), rect.center().y, label, t.body(), t.c.text_2, LABELS - 8.0);
    rect.with_min_x(rect.left() + LABELS)
}

/// Layers of files, whose values can be compared.
fn comparable<'m>(model: &'m Model<'_>) -> impl Iterator<Item = &'m Row> {
    model.rows.iter().filter(|r| {
        let collection = model.session.catalogue().collections.get(&r.collection);
        let granule = collection.and_then(|c| c.with_field(&r.field_name).next());
        granule.is_some_and(|g| model.session.notebook().granule_at(&g.path).is_none())
    })
}

fn name(row: &Row) -> String {
    format!("{}, {}", row.name, row.product)
}

/// Two layers that are likely meant: of one quantity or unit, the sparse one as reference.
pub fn likely(model: &Model) -> Option<[LayerId; 2]> {
    let rows: Vec<&Row> = comparable(model).collect();
    let sparse = |r: &Row| matches!(r.geometry, Some(GeometryKind::Points | GeometryKind::Track));
    let mut best: Option<(u32, [LayerId; 2])> = None;
    for a in &rows {
        for b in rows.iter().filter(|b| b.collection != a.collection) {
            let (Some(fa), Some(fb)) = (&a.field, &b.field) else { continue };
            let same_name = fa.standard_name.is_some() && fa.standard_name == fb.standard_name;
            let same_unit = a.unit.label == b.unit.label && !a.unit.label.is_empty();
            let score = 4 * u32::from(same_name)
                + 4 * u32::from(a.name == b.name)
                + 2 * u32::from(same_unit)
                + u32::from(sparse(a) && !sparse(b));
            // A sparse layer and a dense one of something else are no pair.
            if score > 1 && best.is_none_or(|(s, _)| score > s) {
                best = Some((score, [a.id, b.id]));
            }
        }
    }
    best.map(|b| b.1)
}

fn sides(ui: &mut Ui, model: &Model, c: &Colocation, out: &mut Out) {
    for (label, here, other, reference) in
        [(tr!("Reference"), c.reference, c.compared, true), (tr!("Compared"), c.compared, c.reference, false)]
    {
        ui.add_space(if reference { 0.0 } else { 3.0 });
        let fields = row(ui, label);
        let combo = fields.with_max_x(fields.right() - if reference { 36.0 } else { 0.0 });
        let combo = if reference { combo } else { combo.with_max_x(fields.right() - 36.0) };
        let shown = here.and_then(|id| model.row(id)).map_or_else(|| tr!("Choose a layer").to_owned(), name);
        let itself = !reference && c.is_crossover();
        let shown = if itself { lang::t(ITSELF).to_owned() } else { shown };
        let flies = |r: &Row| matches!(r.geometry, Some(GeometryKind::Track | GeometryKind::Swath));
        let crosses = !reference && c.reference.and_then(|id| model.row(id)).is_some_and(flies);
        let mut chosen = None;
        list(ui, combo, label, &shown, |ui| {
            if crosses && ui.selectable_label(itself, lang::t(ITSELF)).clicked() {
                set(out, ColocationPatch { crossover: true, ..ColocationPatch::default() });
                out.settle = true;
            }
            for r in comparable(model).filter(|r| Some(r.id) != other || (reference && c.is_crossover())) {
                if ui.selectable_label(Some(r.id) == here && !itself, name(r)).clicked() {
                    chosen = Some(r.id);
                }
            }
        });
        if let Some(id) = chosen {
            // The passes of another layer cross one another as well.
            let crossover = reference && c.is_crossover();
            let patch = if reference {
                ColocationPatch { reference: Some(id), crossover, ..ColocationPatch::default() }
            } else {
                ColocationPatch { compared: Some(id), ..ColocationPatch::default() }
            };
            set(out, patch);
            out.settle = true;
        }
        if reference {
            let at = Rect::from_center_size(pos2(fields.right() - 14.0, fields.center().y), Vec2::splat(28.0));
            let response = ui.interact(at, ui.scope_id().with("swap"), Sense::click());
            let label = tr!("Swap reference and compared");
            if widgets::icon_button_at(ui, at, response, "colocate_swap", label, false).clicked() {
                out.send(Command::SwapColocation);
            }
        } else if c.third.is_none() && !itself {
            add_third(ui, fields, model, c, out);
        }
    }
    if let Some(third) = c.third {
        third_side(ui, model, c, third, out);
    }
}

/// A button that adds another layer, where there is one.
fn add_third(ui: &mut Ui, fields: Rect, model: &Model, c: &Colocation, out: &mut Out) {
    let both = [c.reference, c.compared];
    let mut others = comparable(model).filter(|r| !both.contains(&Some(r.id))).collect::<Vec<_>>();
    let unit = c.reference.and_then(|id| model.row(id)).map(|r| &r.unit);
    others.sort_by_key(|r| Some(&r.unit) != unit);
    let Some(next) = others.first().filter(|_| !both.contains(&None)) else { return };
    let at = Rect::from_center_size(pos2(fields.right() - 14.0, fields.center().y), Vec2::splat(28.0));
    let response = ui.interact(at, ui.scope_id().with("third"), Sense::click());
    if widgets::icon_button_at(ui, at, response, "layer_add", tr!("Add a third layer"), false).clicked() {
        set(out, ColocationPatch { third: Some(next.id), ..ColocationPatch::default() });
        out.settle = true;
    }
}

fn third_side(ui: &mut Ui, model: &Model, c: &Colocation, third: LayerId, out: &mut Out) {
    let fields = row(ui, tr!("Third"));
    let shown = model.row(third).map_or_else(|| tr!("Choose a layer").to_owned(), name);
    let both = [c.reference, c.compared];
    let mut chosen = None;
    list(ui, fields.with_max_x(fields.right() - 36.0), tr!("Third"), &shown, |ui| {
        for r in comparable(model).filter(|r| !both.contains(&Some(r.id))) {
            if ui.selectable_label(r.id == third, name(r)).clicked() {
                chosen = Some(ColocationPatch { third: Some(r.id), ..ColocationPatch::default() });
            }
        }
    });
    let at = Rect::from_center_size(pos2(fields.right() - 14.0, fields.center().y), Vec2::splat(28.0));
    let response = ui.interact(at, ui.scope_id().with("no third"), Sense::click());
    if widgets::icon_button_at(ui, at, response, "close", tr!("Drop the third layer"), false).clicked() {
        chosen = Some(ColocationPatch { drop_third: true, ..ColocationPatch::default() });
    }
    if let Some(patch) = chosen {
        set(out, patch);
        out.settle = true;
    }
}

/// A combo box in `rect`.
pub fn list(ui: &Ui, rect: Rect, label: &str, shown: &str, add: impl FnOnce(&mut Ui)) {
    let t = theme(ui);
    let response = ui.interact(rect, ui.scope_id().with(("list", label)), Sense::click());
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, true, label);
        info.current_text_value = Some(shown.to_owned());
        info
    });
    let fill = if response.hovered() { t.c.hover } else { t.c.surface_2 };
    ui.painter().rect(rect, 6.0, fill, egui::Stroke::new(1.0, t.c.border), egui::StrokeKind::Inside);
    let y = rect.center().y;
    widgets::line(ui.painter(), rect.left() + 10.0, y, shown, t.body(), t.c.text_1, rect.width() - 36.0);
    widgets::icon(ui.painter(), pos2(rect.right() - 14.0, y), "collapse", 12.0, t.c.text_2);
    widgets::focus_ring(ui, &response, 6.0);
    Popup::menu(&response).width(rect.width()).accessible_name(label).show(|ui| {
        ui.set_min_width(rect.width() - 12.0);
        add(ui);
    });
}

fn limits(ui: &mut Ui, c: &Colocation, tracks_cross: bool, out: &mut Out) {
    let radius = if tracks_cross {
        let t = theme(ui);
        let fields = row(ui, tr!("Distance"));
        let words = tr!("none, where the tracks cross");
        widgets::line(ui.painter(), fields.left(), fields.center().y, words, t.body(), t.c.text_3, fields.width());
        (None, false)
    } else {
        distance(ui, c, out)
    };
    if let Some(m) = radius.0 {
        set(out, ColocationPatch { radius_m: Some(m), ..ColocationPatch::default() });
    }
    let shown = |s: f64| format!("±{}{}", text::THIN, time_text(s));
    let parse = |text: &str| {
        let text = text.trim().trim_start_matches('±').trim();
        let s = match text::parse_number(text) {
            Some(minutes) => minutes * 60.0,
            None => units::duration_us(text).map_err(|e| format!("{e}."))? as f64 / 1e6,
        };
        let fits = (0.0..=MAX_WINDOW_S).contains(&s);
        fits.then_some(s).ok_or_else(|| tr!("The time difference must lie between 0 s and 3653 d.").to_owned())
    };
    let window = limit(ui, tr!("Time"), c.window_s, WINDOW_RANGE_S, &shown, &parse, out);
    if let Some(s) = window.0 {
        set(out, ColocationPatch { window_s: Some(s), ..ColocationPatch::default() });
    }
    out.settle |= radius.1 | window.1;
}

fn distance(ui: &mut Ui, c: &Colocation, out: &mut Out) -> (Option<f64>, bool) {
    let parse = |text: &str| {
        let text = text.trim();
        let m = match text::parse_number(text) {
            Some(km) => km * 1000.0,
            None => units::length_m(text).map_err(|e| format!("{e}."))?,
        };
        let fits = (0.0..=MAX_RADIUS_M).contains(&m);
        fits.then_some(m).ok_or_else(|| tr!("Distances on the Earth lie between 0 and 20004 km.").to_owned())
    };
    limit(ui, tr!("Distance"), c.radius_m, RADIUS_RANGE_M, &distance_text, &parse, out)
}

/// A slider over powers of ten with its value; answers the new value, and whether a drag has ended.
fn limit(
    ui: &mut Ui,
    label: &str,
    value: f64,
    [low, high]: [f64; 2],
    shown: &dyn Fn(f64) -> String,
    parse: &dyn Fn(&str) -> Result<f64, String>,
    out: &mut Out,
) -> (Option<f64>, bool) {
    let fields = row(ui, label);
    let track = fields.with_max_x(fields.right() - VALUE - 8.0);
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(track));
    let mut log = value.max(low).log10();
    let response = widgets::slider(&mut child, label, &mut log, low.log10()..=high.log10(), track.width());
    let mut new = response.changed().then(|| rounded(10f64.powf(log)).clamp(low, high));
    let mut settled = response.drag_stopped();
    let field = Rect::from_min_max(pos2(fields.right() - VALUE, fields.top()), fields.max);
    let mut typed = value;
    let wrong = std::cell::RefCell::new(None);
    let number = DragValue::new(&mut typed)
        .speed(value.max(low) * 0.01)
        .range(0.0..=f64::MAX)
        .update_while_editing(false)
        .custom_formatter(|v, _| shown(v))
        .custom_parser(|text| parse(text).map_err(|why| *wrong.borrow_mut() = Some(why)).ok());
    let response = ui.put(field, number);
    if let Some(why) = wrong.into_inner() {
        out.act(Action::Say(why));
    }
    let name = tr!("{label} value");
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::SpinButton, true, &name);
        info.value = Some(value);
        info
    });
    if response.changed() {
        new = Some(if response.dragged() { rounded(typed) } else { typed });
        settled |= !response.dragged();
    }
    settled |= response.drag_stopped();
    (new, settled)
}

/// Two significant digits: what a slider can be set to by hand.
fn rounded(v: f64) -> f64 {
    if v <= 0.0 {
        return 0.0;
    }
    let step = 10f64.powf(v.log10().floor() - 1.0);
    (v / step).round() * step
}

/// `5 km`, `800 m`.
pub fn distance_text(m: f64) -> String {
    let (v, unit) = if m >= 1000.0 { (m / 1000.0, "km") } else { (m, "m") };
    format!("{}{}{unit}", text::short(v, if v < 10.0 { 3 } else { 1 }), text::THIN)
}

/// `60 min`, `6 h`, `10 d`.
pub fn time_text(s: f64) -> String {
    let (v, unit) = match s {
        _ if s < 120.0 => (s, "s"),
        _ if s < 7200.0 => (s / 60.0, "min"),
        _ if s < 172_800.0 => (s / 3600.0, "h"),
        _ => (s / 86_400.0, "d"),
    };
    format!("{}{}{unit}", text::short(v, if v < 10.0 { 2 } else { 1 }), text::THIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_written_and_read() {
        assert_eq!(distance_text(5000.0), "5\u{a0}km");
        assert_eq!(distance_text(12_500.0), "12.5\u{a0}km");
        assert_eq!(distance_text(800.0), "800\u{a0}m");
        assert_eq!(time_text(3600.0), "60\u{a0}min");
        assert_eq!(time_text(21_600.0), "6\u{a0}h");
        assert_eq!(time_text(864_000.0), "10\u{a0}d");
        assert_eq!(units::length_m(&distance_text(12_500.0)), Ok(12_500.0), "what is shown can be typed");
        assert_eq!(rounded(12_345.0), 12_000.0);
        assert_eq!(rounded(0.0), 0.0);
    }
}
