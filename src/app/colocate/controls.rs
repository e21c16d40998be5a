//! What is compared, how near, and how far the matching is.

use egui::{DragValue, Popup, Rect, Role, Sense, Ui, Vec2, WidgetInfo, pos2, vec2};
use seaglass_core::colocation::{Colocation, ColocationPatch, MAX_BOX, RADIUS_RANGE_M, Sample, WINDOW_RANGE_S};
use seaglass_core::command::Command;
use seaglass_core::granule::GeometryKind;
use seaglass_core::project::LayerId;
use seaglass_host::colocate::{Stage, View, units};

use super::{PanelState, filters};
use crate::model::{Model, Row};
use crate::state::Out;
use crate::text;
use crate::theme::theme;
use crate::widgets;

/// Where fields begin.
pub const LABELS: f32 = 80.0;
/// Boxes offered in the list.
const BOXES: [usize; 4] = [3, 5, 7, 11];
/// Width of the fields with a value.
const VALUE: f32 = 72.0;

/// A layer compared with itself.
const ITSELF: &str = "Itself, ascending and descending passes";

/// Shows the rows above the plots.
pub fn show(ui: &mut Ui, model: &Model, panel: &mut PanelState, out: &mut Out) {
    let colocation = model.session.project().colocation.clone().unwrap_or_default();
    sides(ui, model, &colocation, out);
    limits(ui, &colocation, tracks_cross(model, &colocation), out);
    sampling(ui, model, &colocation, panel, out);
    if panel.filters_open || filters::any(&colocation) {
        filters::show(ui, model, &colocation, &mut panel.filters, out);
    }
    state_line(ui, &model.colocation, out);
}

/// Tracks meet in points; radius and sampling have no part in it.
fn tracks_cross(model: &Model, c: &Colocation) -> bool {
    let kind = c.reference.and_then(|id| model.row(id)).and_then(|r| r.geometry);
    c.is_crossover() && kind == Some(GeometryKind::Track)
}

fn set(out: &mut Out, patch: ColocationPatch) {
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
        [("Reference", c.reference, c.compared, true), ("Compared", c.compared, c.reference, false)]
    {
        ui.add_space(if reference { 0.0 } else { 3.0 });
        let fields = row(ui, label);
        let combo = fields.with_max_x(fields.right() - if reference { 36.0 } else { 0.0 });
        let combo = if reference { combo } else { combo.with_max_x(fields.right() - 36.0) };
        let shown = here.and_then(|id| model.row(id)).map_or_else(|| "Choose a layer".to_owned(), name);
        let itself = !reference && c.is_crossover();
        let shown = if itself { ITSELF.to_owned() } else { shown };
        let flies = |r: &Row| matches!(r.geometry, Some(GeometryKind::Track | GeometryKind::Swath));
        let crosses = !reference && c.reference.and_then(|id| model.row(id)).is_some_and(flies);
        let mut chosen = None;
        list(ui, combo, label, &shown, |ui| {
            if crosses && ui.selectable_label(itself, ITSELF).clicked() {
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
            let label = "Swap reference and compared";
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
    if widgets::icon_button_at(ui, at, response, "layer_add", "Add a third layer", false).clicked() {
        set(out, ColocationPatch { third: Some(next.id), ..ColocationPatch::default() });
        out.settle = true;
    }
}

fn third_side(ui: &mut Ui, model: &Model, c: &Colocation, third: LayerId, out: &mut Out) {
    let fields = row(ui, "Third");
    let shown = model.row(third).map_or_else(|| "Choose a layer".to_owned(), name);
    let both = [c.reference, c.compared];
    let mut chosen = None;
    list(ui, fields.with_max_x(fields.right() - 36.0), "Third", &shown, |ui| {
        for r in comparable(model).filter(|r| !both.contains(&Some(r.id))) {
            if ui.selectable_label(r.id == third, name(r)).clicked() {
                chosen = Some(ColocationPatch { third: Some(r.id), ..ColocationPatch::default() });
            }
        }
    });
    let at = Rect::from_center_size(pos2(fields.right() - 14.0, fields.center().y), Vec2::splat(28.0));
    let response = ui.interact(at, ui.scope_id().with("no third"), Sense::click());
    if widgets::icon_button_at(ui, at, response, "close", "Drop the third layer", false).clicked() {
        chosen = Some(ColocationPatch { drop_third: true, ..ColocationPatch::default() });
    }
    if let Some(patch) = chosen {
        set(out, patch);
        out.settle = true;
    }
}

/// A combo box in `rect`.
fn list(ui: &Ui, rect: Rect, label: &str, shown: &str, add: impl FnOnce(&mut Ui)) {
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
        let fields = row(ui, "Distance");
        let words = "none, where the tracks cross";
        widgets::line(ui.painter(), fields.left(), fields.center().y, words, t.body(), t.c.text_3, fields.width());
        (None, false)
    } else {
        distance(ui, c)
    };
    if let Some(m) = radius.0 {
        set(out, ColocationPatch { radius_m: Some(m), ..ColocationPatch::default() });
    }
    let shown = |s: f64| format!("±{}{}", text::THIN, time_text(s));
    let window = limit(ui, "Time", c.window_s, WINDOW_RANGE_S, &shown, &|text| {
        let text = text.trim().trim_start_matches('±').trim();
        units::duration_us(text).ok().map(|us| us as f64 / 1e6).or_else(|| text::parse_number(text).map(|m| m * 60.0))
    });
    if let Some(s) = window.0 {
        set(out, ColocationPatch { window_s: Some(s), ..ColocationPatch::default() });
    }
    out.settle |= radius.1 | window.1;
}

fn distance(ui: &mut Ui, c: &Colocation) -> (Option<f64>, bool) {
    limit(ui, "Distance", c.radius_m, RADIUS_RANGE_M, &distance_text, &|text| {
        let text = text.trim();
        units::length_m(text).ok().or_else(|| text::parse_number(text).map(|km| km * 1000.0))
    })
}

/// A slider over powers of ten with its value; answers the new value, and whether a drag has ended.
fn limit(
    ui: &mut Ui,
    label: &str,
    value: f64,
    [low, high]: [f64; 2],
    shown: &dyn Fn(f64) -> String,
    parse: &dyn Fn(&str) -> Option<f64>,
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
    let number = DragValue::new(&mut typed)
        .speed(value.max(low) * 0.01)
        .range(0.0..=f64::MAX)
        .update_while_editing(false)
        .custom_formatter(|v, _| shown(v))
        .custom_parser(|text| parse(text));
    let response = ui.put(field, number);
    let name = format!("{label} value");
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
    format!("{}{}{unit}", text::short(v, 3), text::THIN)
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

fn sampling(ui: &mut Ui, model: &Model, c: &Colocation, panel: &mut PanelState, out: &mut Out) {
    let fields = row(ui, "Sample");
    let middle = fields.left() + (fields.width() - 44.0) * 0.55;
    let at = Rect::from_center_size(pos2(fields.right() - 14.0, fields.center().y), Vec2::splat(28.0));
    if tracks_cross(model, c) {
        let t = theme(ui);
        let words = "Between samples";
        widgets::line(
            ui.painter(),
            fields.left(),
            fields.center().y,
            words,
            t.body(),
            t.c.text_3,
            middle - fields.left(),
        );
    } else {
        sample_list(ui, fields.with_max_x(middle), model, c, out);
    }
    data_list(ui, Rect::from_min_max(pos2(middle + 8.0, fields.top()), pos2(at.left() - 8.0, fields.bottom())), c, out);
    let response = ui.interact(at, ui.scope_id().with("filter"), Sense::click());
    let on = panel.filters_open || filters::any(c);
    let label = "Filter rows by an expression";
    if widgets::icon_button_at(ui, at, response, "layer_filter", label, on).clicked() {
        panel.filters_open = !on;
        if on {
            // Hidden filters would still decide.
            panel.filters = filters::Edits::default();
            if filters::any(c) {
                let none = || Some(String::new());
                set(
                    out,
                    ColocationPatch {
                        reference_filter: none(),
                        compared_filter: none(),
                        third_filter: none(),
                        ..ColocationPatch::default()
                    },
                );
                out.settle = true;
            }
        }
    }
}

/// `Box 5 × 5`.
fn sample_text(sample: Sample, size: usize) -> String {
    if sample == Sample::Box { format!("Box {size} × {size}") } else { sample.label().to_owned() }
}

fn sample_list(ui: &Ui, rect: Rect, model: &Model, c: &Colocation, out: &mut Out) {
    let compared = c.compared.and_then(|id| model.row(id)).and_then(|r| r.geometry);
    let mut choose = |sample: Sample, box_size: Option<usize>| {
        set(out, ColocationPatch { sample: Some(sample), box_size, ..ColocationPatch::default() });
        out.settle = true;
    };
    list(ui, rect, "Sample", &sample_text(c.sample, c.box_size), |ui| {
        for sample in Sample::ALL {
            // What the compared layer cannot have is not offered.
            let fits = match sample {
                s if s.needs_grid() => compared.is_none_or(|k| k == GeometryKind::Grid),
                Sample::Box => compared != Some(GeometryKind::Points),
                _ => true,
            };
            if !fits && sample != c.sample {
                continue;
            }
            let sizes: Vec<Option<usize>> =
                if sample == Sample::Box { BOXES.into_iter().map(Some).collect() } else { vec![None] };
            for size in sizes {
                let is = sample == c.sample && size.is_none_or(|n| n == c.box_size);
                let label = sample_text(sample, size.unwrap_or(0));
                if ui.selectable_label(is, label).on_hover_text(sample.meaning()).clicked() {
                    choose(sample, size);
                }
            }
        }
        if c.sample == Sample::Box {
            let mut size = c.box_size;
            let number =
                DragValue::new(&mut size).range(1..=MAX_BOX).prefix("Cells along a side ").update_while_editing(false);
            if ui.add(number).changed() {
                choose(Sample::Box, Some(size | 1));
            }
        }
    });
}

fn data_list(ui: &Ui, rect: Rect, c: &Colocation, out: &mut Out) {
    let data = match (c.masks, c.in_window) {
        (true, false) => "Good values",
        (false, false) => "All values",
        (true, true) => "Good, in window",
        (false, true) => "All, in window",
    };
    list(ui, rect, "Data", data, |ui| {
        let (mut masks, mut in_window) = (c.masks, c.in_window);
        if ui.checkbox(&mut masks, "Only values the products call good").changed() {
            set(out, ColocationPatch { masks: Some(masks), ..ColocationPatch::default() });
            out.settle = true;
        }
        if ui.checkbox(&mut in_window, "Only in the time window").changed() {
            set(out, ColocationPatch { in_window: Some(in_window), ..ColocationPatch::default() });
            out.settle = true;
        }
    });
}

/// One line of how it stands; the action it offers.
struct Line {
    icon: &'static str,
    ink: egui::Color32,
    words: String,
    right: String,
    action: Option<(&'static str, Command)>,
    /// Share done; nothing when nobody knows.
    share: Option<f32>,
}

fn state_line(ui: &mut Ui, view: &View, out: &mut Out) {
    let t = theme(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), t.size.control), Sense::hover());
    let nothing = view.missing.is_none() && view.stage == Stage::Idle;
    let line = if nothing {
        Some(plain("status_info", t.c.info, "Choose two layers to compare.".to_owned()))
    } else {
        line_of(view, &t.c)
    };
    let Some(line) = line else { return };
    let y = rect.center().y;
    widgets::icon(ui.painter(), pos2(rect.left() + 8.0, y), line.icon, 16.0, line.ink);
    let mut right = rect.right();
    if let Some((label, command)) = line.action {
        let id = ui.scope_id().with("state action");
        let response = widgets::link_at(ui, pos2(rect.right(), y), label, id, label);
        right = response.rect.left() - 8.0;
        if response.clicked() {
            out.send(command);
        }
    } else if !line.right.is_empty() {
        let galley = ui.painter().layout_no_wrap(line.right.clone(), t.small(), t.c.text_3);
        right = rect.right() - galley.size().x;
        ui.painter().galley(pos2(right, (y - galley.size().y / 2.0).round()), galley, t.c.text_3);
        right -= 8.0;
    }
    let left = rect.left() + 22.0;
    widgets::line(ui.painter(), left, y, &line.words, t.body(), t.c.text_2, right - left);
    let whole = ui.interact(rect.with_max_x(right), ui.scope_id().with("state"), Sense::hover());
    widgets::describe(&whole, Role::Label, &line.words);
    whole.on_hover_text(line.words);
    if line.icon == "status_busy" {
        ui.ctx().request_repaint_after_secs(0.1);
    }
    if let Some(share) = line.share {
        let y = rect.bottom() - 1.0;
        ui.painter().hline(rect.x_range(), y, egui::Stroke::new(2.0, t.c.border));
        let end = rect.left() + rect.width() * share.clamp(0.0, 1.0);
        ui.painter().hline(rect.left()..=end, y, egui::Stroke::new(2.0, t.c.accent));
    }
}

fn plain(icon: &'static str, ink: egui::Color32, words: String) -> Line {
    Line { icon, ink, words, right: String::new(), action: None, share: None }
}

fn line_of(view: &View, c: &crate::theme::Palette) -> Option<Line> {
    let cancel = Some(("Cancel", Command::CancelColocation));
    let busy = |words: String, share: f32| Line {
        action: cancel.clone(),
        share: Some(share),
        ..plain("status_busy", c.accent, words)
    };
    if let Some((path, share)) = &view.exporting {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return Some(busy(format!("Writing {name}"), *share));
    }
    if let Some(why) = &view.missing {
        return Some(plain("status_info", c.info, why.clone()));
    }
    let part = |done: f64, total: f64| (done / total.max(1.0)) as f32;
    Some(match &view.stage {
        Stage::Idle => return None,
        Stage::Looking { done, total } => {
            busy(format!("Looking into files, {done} of {total}"), part(*done as f64, *total as f64))
        }
        Stage::Reading { total: 0, .. } => Line { share: None, ..busy("Reading values".to_owned(), 0.0) },
        Stage::Reading { done, total } => {
            let share = part(*done as f64, *total as f64);
            let words = format!(
                "Reading {:.0}{}%, {} of {}",
                share.min(1.0) * 100.0,
                text::THIN,
                units::size_text(*done),
                units::size_text(*total)
            );
            busy(words, share)
        }
        Stage::Matching { done, total, pairs } => {
            let words = format!("Matching, {} pairs so far", text::count(*pairs));
            busy(words, part(*done as f64, *total as f64))
        }
        Stage::Estimate { seconds, bytes } => Line {
            action: Some(("Run", Command::RunColocation)),
            ..plain(
                "time_nearest",
                c.text_2,
                format!("About {}, {} to read", text::duration(seconds.max(2.0)), units::size_text(*bytes)),
            )
        },
        Stage::Stopped => {
            Line { action: Some(("Run", Command::RunColocation)), ..plain("status_info", c.info, "Stopped".to_owned()) }
        }
        Stage::Failed(why) => plain("status_error", c.error, why.clone()),
        Stage::Done => done_line(view, c)?,
    })
}

fn done_line(view: &View, c: &crate::theme::Palette) -> Option<Line> {
    let found = view.found.as_ref()?;
    let n = found.granules as u64;
    let noun = if n == 1 { "granule" } else { "granules" };
    let granules = format!("{} {noun} in {:.1}{}s", text::count(n), found.took_s, text::THIN);
    let filtered = found.data.filtered();
    let granules = if filtered > 0 { format!("{granules}, {} rows filtered", text::count(filtered)) } else { granules };
    let (icon, ink, words) = if found.failed > 0 {
        (
            "status_warning",
            c.warning,
            format!("{granules}, {} {} left out", found.failed, if found.failed == 1 { "file" } else { "files" }),
        )
    } else if found.pairs.is_empty() {
        ("status_info", c.info, "No pairs".to_owned())
    } else {
        ("status_ok", c.success, granules)
    };
    let day = |t: seaglass_core::time::Time| t.date_text().get(5..).unwrap_or_default().to_owned();
    let right = found.span.map_or_else(String::new, |s| {
        let (a, b) = (day(s.start), day(s.stop));
        if a == b { s.start.date_text() } else { format!("{a} to {b}") }
    });
    Some(Line { icon, ink, words, right, action: None, share: None })
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
