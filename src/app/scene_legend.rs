//! The legend over the globe: one colour bar or list of flags a layer. It paints on any painter, so that exported images
//! get the same one.

use std::collections::HashMap;
use std::sync::Arc;

use egui::{
    Area, Color32, Id, Order, Painter, Pos2, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, pos2, vec2,
};
use glam::DVec2;
use seaglass_core::camera::View;
use seaglass_core::field::{FieldKind, Flag};
use seaglass_core::geo::{LonLat, wrap_180};
use seaglass_core::granule::Granule;
use seaglass_core::project::{LayerId, Project};
use seaglass_core::session::Session;
use seaglass_host::drawn_colormap;

use crate::compare::SIDES;
use crate::highlight::{by_pointer, mark_values};
use crate::model::{Model, Row};
use crate::placing::EDGE;
use crate::state::{Out, UiState};
use crate::style_classes;
use crate::theme::{Theme, theme};
use crate::{lang, legend_channels, text, vector_key, widgets};

/// Height of a colour bar with its title and ticks.
const BAR_HEIGHT: f32 = 58.0;
/// Height of a title.
const TITLE: f32 = 24.0;
/// Height of a line of flags, two on each.
const FLAG_LINE: f32 = 18.0;
/// Flags named at most.
const MOST_FLAGS: usize = 8;
/// Height of the line about layers without room.
const MORE: f32 = 20.0;
/// Places of the view looked at for what covers it, across and down.
const GRID: [u32; 2] = [16, 10];
/// Granules of a layer looked at there.
const MOST_GRANULES: usize = 64;
/// Most that points can cover: they lie somewhere in their box, perhaps far away.
const FAINT: f32 = 0.01;
/// Below this height of the viewport there is one bar.
const LOW: f32 = 560.0;

/// What the legend shows.
pub struct Chosen<'a> {
    /// Layers: the selected one first when it has something in view, then those that cover some of it, in the order of the
    /// stack.
    pub rows: Vec<&'a Row>,
    /// Layers with a legend that found no room.
    pub left_out: usize,
}

/// Layers the legend shows, at most `most`: the selected one, then those that cover most of the view.
pub fn choose<'a>(
    rows: &'a [Row],
    selected: Option<LayerId>,
    most: usize,
    covers: &HashMap<LayerId, f32>,
) -> Chosen<'a> {
    let list: Vec<&Row> = rows.iter().filter(|r| r.shown && has_legend(r) && r.status.reason.is_none()).collect();
    let mut ranked = list.clone();
    let cover = |r: &Row| covers.get(&r.id).copied().unwrap_or(0.0);
    ranked.sort_by(|a, b| {
        let first = |r: &Row| Some(r.id) != selected;
        first(a).cmp(&first(b)).then(cover(b).total_cmp(&cover(a)))
    });
    ranked.truncate(most);
    let left_out = list.len() - ranked.len();
    let mut rows: Vec<&Row> = list.into_iter().filter(|r| ranked.iter().any(|k| k.id == r.id)).collect();
    // Points may lie anywhere in their box: what surely covers the view comes before them.
    let in_view = |r: &Row| if cover(r) > FAINT { 0 } else { 1 + u8::from(cover(r) <= 0.0) };
    let first = |r: &Row| Some(r.id) == selected && cover(r) > 0.0;
    rows.sort_by_key(|r| (!first(r), in_view(r)));
    Chosen { rows, left_out }
}

/// Whether there is something to say of a layer's colours yet.
fn has_legend(row: &Row) -> bool {
    row.style.range.is_some() || row.age_s.is_some() || legend_channels::applies(row)
}

/// Share of the view that the granules of each visible layer cover, from their outlines, on a coarse grid of places.
pub fn coverage(session: &Session, view: &View) -> HashMap<LayerId, f32> {
    let mut places = Vec::new();
    for k in 0..GRID[0] * GRID[1] {
        let at = DVec2::new(f64::from(k % GRID[0]) + 0.5, f64::from(k / GRID[0]) + 0.5);
        places.extend(view.lonlat_from_screen(at / DVec2::new(f64::from(GRID[0]), f64::from(GRID[1])) * view.size_px));
    }
    let project = session.project();
    let mut covers = HashMap::new();
    for layer in project.layers.iter().filter(|l| project.shows(l)) {
        let Some(collection) = session.catalogue().collections.get(&layer.collection) else { continue };
        let shown = collection.shown_at(&layer.field, &layer.style, &project.timeline);
        let meets = |g: &&Granule| places.iter().any(|p| g.bounds.contains(*p));
        let near: Vec<&Granule> = shown.into_iter().filter(meets).take(MOST_GRANULES).collect();
        let inside = |p: &LonLat| near.iter().any(|g| g.bounds.contains(*p) && in_outline(&g.footprint, *p));
        let share = places.iter().filter(|p| inside(p)).count() as f32 / places.len().max(1) as f32;
        let rasters = near.iter().any(|g| g.geometry.is_raster());
        covers.insert(layer.id, if rasters { share } else { share.min(FAINT) });
    }
    covers
}

/// Whether a place lies inside an outline (even-odd rule in longitude and latitude); without one the box has decided.
fn in_outline(outline: &[LonLat], p: LonLat) -> bool {
    if outline.len() < 3 {
        return true;
    }
    // Sides that cross the place's meridian north of it are counted. Longitudes are relative to the place, so that an
    // outline over 180° is whole; a side that jumps by more than 180° crosses the meridian on the other side of the Earth.
    let mut inside = false;
    let (mut turn_deg, mut lat_sum) = (0.0, 0.0);
    let mut before = outline[outline.len() - 1];
    for at in outline {
        let (x0, x1) = (wrap_180(before.lon_deg - p.lon_deg), wrap_180(at.lon_deg - p.lon_deg));
        let (y0, y1) = (before.lat_deg - p.lat_deg, at.lat_deg - p.lat_deg);
        let crosses = (x0 > 0.0) != (x1 > 0.0) && (x1 - x0).abs() < 180.0;
        if crosses && y0 + (y1 - y0) * x0 / (x0 - x1) > 0.0 {
            inside = !inside;
        }
        turn_deg += wrap_180(at.lon_deg - before.lon_deg);
        lat_sum += at.lat_deg;
        before = *at;
    }
    // Counted from the north pole, which an outline around it holds.
    let around_north = turn_deg.abs() > 180.0 && lat_sum > 0.0;
    inside != around_north
}

/// [`coverage`], found again only when the view or the document has changed.
fn coverage_now(ui: &Ui, session: &Session, view: &View) -> Arc<HashMap<LayerId, f32>> {
    type Known = (Project, DVec2, Arc<HashMap<LayerId, f32>>);
    let id = Id::unique("coverage");
    let project = session.project();
    if let Some((of, size, covers)) = ui.data(|d| d.get_temp::<Arc<Known>>(id)).as_deref()
        && of == project
        && *size == view.size_px
    {
        return Arc::clone(covers);
    }
    let covers = Arc::new(coverage(session, view));
    ui.data_mut(|d| d.insert_temp(id, Arc::new((project.clone(), view.size_px, Arc::clone(&covers)))));
    covers
}

/// The flags of a layer that shows flags.
pub fn flags(row: &Row) -> Option<&[Flag]> {
    match row.field.as_ref().map(|f| &f.kind) {
        Some(FieldKind::Flags { flags }) if !flags.is_empty() => Some(flags),
        _ => None,
    }
}

/// Colour of a flag on the map.
pub fn flag_colour(row: &Row, flag: &Flag) -> Option<Color32> {
    let map = drawn_colormap(&row.style.colormap)?;
    let [r, g, b] = map.colour(row.style.position(flag.value as f64), row.style.reversed);
    Some(Color32::from_rgb(r, g, b))
}

fn entry_height(row: &Row) -> f32 {
    if legend_channels::applies(row) {
        return TITLE + legend_channels::HEIGHT;
    }
    vector_key::height(row)
        + flags(row).map_or(BAR_HEIGHT, |f| TITLE + FLAG_LINE * f.len().min(MOST_FLAGS).div_ceil(2) as f32 + 8.0)
}

/// Size of the legend card.
pub fn size(t: &Theme, chosen: &Chosen) -> Vec2 {
    let more = if chosen.left_out > 0 { MORE } else { 0.0 };
    vec2(t.size.scene_legend, 8.0 + more + chosen.rows.iter().map(|r| entry_height(r)).sum::<f32>())
}

/// Paints the legend card; answers the rectangle of each entry.
pub fn paint(painter: &Painter, t: &Theme, rect: Rect, chosen: &Chosen) -> Vec<Rect> {
    painter.add(t.card_shadow().as_shape(rect, 8.0));
    painter.rect(rect, 8.0, t.overlay(), Stroke::new(1.0, t.c.border), StrokeKind::Inside);
    let mut entries = Vec::new();
    let mut top = rect.top() + 4.0;
    let (left, right) = (rect.left() + 12.0, rect.right() - 12.0);
    for row in &chosen.rows {
        let channels = legend_channels::applies(row);
        // Colours that tell the age, or three of them, have no unit of the field.
        let unit = if channels || row.age_s.is_some() { String::new() } else { row.unit.label.clone() };
        let unit = painter.layout_no_wrap(unit, t.body(), t.c.text_3);
        let unit_left = right - unit.size().x;
        painter.galley(pos2(unit_left, (top + 12.0 - unit.size().y / 2.0).round()), unit, t.c.text_3);
        let title_left = side_badge(painter, t, pos2(left, top + 12.0), row);
        let room = unit_left - title_left - 8.0;
        let title = match row.age_s {
            Some(_) => tr!("{}: age", row.long_name),
            None => row.long_name.clone(),
        };
        let end = widgets::line(painter, title_left, top + 12.0, &title, t.body(), t.c.text_1, room);
        // Two layers of one quantity are told apart by their products.
        if chosen.rows.iter().filter(|r| r.long_name == row.long_name).count() > 1 && title_left + room - end > 40.0 {
            let room = title_left + room - end - 8.0;
            widgets::line(painter, end + 8.0, top + 12.0, &row.product, t.body(), t.c.text_3, room);
        }
        let body = Rect::from_min_max(pos2(left, top + TITLE), pos2(right, top + entry_height(row)));
        match flags(row) {
            _ if channels => legend_channels::paint(painter, t, body, row),
            Some(flags) if row.age_s.is_none() => flag_list(painter, t, body, row, flags),
            _ => colour_bar(painter, t, body, row),
        }
        vector_key::paint(painter, t, body, row);
        entries.push(Rect::from_min_max(pos2(rect.left(), top), pos2(rect.right(), body.bottom())));
        top = body.bottom();
    }
    if let Some(words) = more_text(chosen.left_out) {
        widgets::line(painter, left, top + MORE / 2.0 - 2.0, &words, t.small(), t.c.text_3, right - left);
    }
    entries
}

/// While there are two views: the letter of the one that shows the layer alone. Gives where the title begins.
fn side_badge(painter: &Painter, t: &Theme, at: Pos2, row: &Row) -> f32 {
    if !row.compared || row.side.is_none() {
        return at.x;
    }
    let Some((_, _, letter)) = SIDES.iter().find(|(side, ..)| *side == row.side) else { return at.x };
    let cell = Rect::from_min_size(pos2(at.x, at.y - 8.0), Vec2::splat(16.0));
    painter.rect_stroke(cell, 4.0, Stroke::new(1.0, t.c.border_strong), StrokeKind::Inside);
    painter.text(cell.center(), egui::Align2::CENTER_CENTER, letter, t.small(), t.c.text_1);
    cell.right() + 6.0
}

fn colour_bar(painter: &Painter, t: &Theme, body: Rect, row: &Row) {
    let bar = Rect::from_min_size(body.min + vec2(0.0, 1.0), vec2(body.width(), t.size.colour_bar_scene));
    if let Some(map) = drawn_colormap(&row.style.colormap) {
        widgets::colour_bar(painter, bar, &map, row.style.reversed, row.style.opacity.max(0.3));
    }
    painter.rect_stroke(bar, 0.0, Stroke::new(1.0, t.c.border), StrokeKind::Outside);
    if let Some(age_s) = row.age_s {
        return place_ticks(painter, t, bar, legend_channels::age_ticks(age_s));
    }
    crate::style_surface::ends_of_bar(painter, bar, row);
    ticks(painter, t, bar, row);
}

fn ticks(painter: &Painter, t: &Theme, bar: Rect, row: &Row) {
    let [lo, hi] = row.style.effective_range();
    let (a, b) = (row.unit.shown(lo), row.unit.shown(hi));
    let log = row.style.log && lo > 0.0;
    let ticks: Vec<(f64, String)> = if log {
        text::log_ticks(lo, hi).into_iter().map(|v| (v, text::short(v, 8))).collect()
    } else {
        let inner = text::round_ticks(a, b, 4);
        inner.into_iter().map(|v| (row.unit.raw(v), text::short(v, text::decimals_for([a, b], None)))).collect()
    };
    place_ticks(painter, t, bar, ticks.into_iter().map(|(v, label)| (row.style.position(v), label)).collect());
}

/// Paints labels at their parts of the bar's width, as far as there is room.
fn place_ticks(painter: &Painter, t: &Theme, bar: Rect, ticks: Vec<(f64, String)>) {
    let mut free = f32::NEG_INFINITY;
    for (part, label) in ticks {
        let x = bar.left() + (part as f32).clamp(0.0, 1.0) * bar.width();
        let galley = painter.layout_no_wrap(label, t.small(), t.c.text_2);
        let left = (x - galley.size().x / 2.0).clamp(bar.left(), bar.right() - galley.size().x);
        if left > free {
            painter.vline(
                x.clamp(bar.left() + 0.5, bar.right() - 0.5),
                bar.bottom()..=(bar.bottom() + 3.0),
                Stroke::new(1.0, t.c.text_3),
            );
            free = left + galley.size().x + 6.0;
            painter.galley(pos2(left, bar.bottom() + 3.0), galley, t.c.text_2);
        }
    }
}

/// What is said of layers without room.
fn more_text(left_out: usize) -> Option<String> {
    match left_out {
        0 => None,
        n => Some(trn!(n, "+{n} more layer", "+{n} more layers")),
    }
}

fn named(flags: &[Flag]) -> usize {
    if flags.len() > MOST_FLAGS { MOST_FLAGS - 1 } else { flags.len() }
}

/// Left end and middle of a flag's line.
fn flag_place(body: Rect, k: usize) -> Pos2 {
    pos2(body.left() + (k % 2) as f32 * body.width() / 2.0, body.top() + (k / 2) as f32 * FLAG_LINE + 9.0)
}

/// The flag named at a point of an entry.
fn flag_at(entry: Rect, flags: &[Flag], at: Pos2) -> Option<&Flag> {
    let body = Rect::from_min_max(entry.min + vec2(12.0, TITLE), entry.max - vec2(12.0, 0.0));
    let cell =
        |k: usize| Rect::from_min_size(flag_place(body, k) - vec2(0.0, 9.0), vec2(body.width() / 2.0, FLAG_LINE));
    (0..named(flags)).find(|k| cell(*k).contains(at)).and_then(|k| flags.get(k))
}

/// Flags with their meanings, in two columns.
fn flag_list(painter: &Painter, t: &Theme, body: Rect, row: &Row, flags: &[Flag]) {
    let named = named(flags);
    let column = body.width() / 2.0;
    let place = |k: usize| flag_place(body, k);
    for (k, flag) in flags.iter().take(named).enumerate() {
        let at = place(k);
        let swatch = Rect::from_center_size(pos2(at.x + 5.0, at.y), Vec2::splat(10.0));
        let hidden = row.style.hidden.contains(&flag.class());
        let fill = flag_colour(row, flag).unwrap_or(t.c.pressed).gamma_multiply(if hidden { 0.2 } else { 1.0 });
        let ink = if hidden { t.c.text_3 } else { t.c.text_2 };
        painter.rect(swatch, 2.0, fill, Stroke::new(1.0, t.c.border), StrokeKind::Outside);
        let words = flag.meaning.replace('_', " ");
        widgets::line(painter, at.x + 16.0, at.y, &words, t.small(), ink, column - 22.0);
    }
    if named < flags.len() {
        let at = place(named);
        let words = trn!(flags.len() - named, "and {} more", "and {} more", flags.len() - named);
        widgets::line(painter, at.x + 16.0, at.y, &words, t.small(), t.c.text_3, column - 22.0);
    }
}

/// Shows the legend in its corner or where the user has put it; answers where it lies.
pub fn show(ui: &mut Ui, area: Rect, view: &View, model: &Model, state: &mut UiState, out: &mut Out) -> Option<Rect> {
    let t = theme(ui);
    let most = if area.height() < LOW { 1 } else { 3 };
    let covers = coverage_now(ui, model.session, view);
    let chosen = choose(&model.rows, state.selected, most, &covers);
    if chosen.rows.is_empty() || area.width() < 420.0 {
        return None;
    }
    let size = size(t, &chosen);
    let offset = state.legend_offset.unwrap_or(Vec2::ZERO);
    let home = pos2(area.right() - EDGE - size.x, area.bottom() - EDGE - size.y) + offset;
    let min = home.clamp(area.min, (area.max - size).max(area.min));
    let shown = Area::new(Id::unique("scene legend")).order(Order::Middle).fixed_pos(min).show(ui.ctx(), |ui| {
        let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
        let names: Vec<String> = chosen.rows.iter().map(|r| spoken(r)).collect();
        let more = more_text(chosen.left_out).map_or_else(String::new, |m| format!(", {m}"));
        widgets::describe(&response, Role::Group, &tr!("Legend: {}{more}", names.join(", ")));
        let entries = paint(ui.painter(), t, rect, &chosen);
        point_at(ui, &entries, &chosen.rows, state);
        (response, entries)
    });
    let (response, entries): (Response, Vec<Rect>) = shown.inner;
    let rect = Rect::from_min_size(min, size);
    state.taken.add("legend", rect);
    if response.dragged() {
        state.legend_offset = Some(offset + response.drag_delta());
    }
    let at = response.interact_pointer_pos();
    let hit = entries.iter().position(|e| at.is_some_and(|p| e.contains(p)));
    let row = hit.and_then(|k| chosen.rows.get(k));
    let flag = hit.zip(row).zip(at).and_then(|((k, row), p)| flag_at(entries[k], flags(row)?, p));
    if let (true, Some(row), Some(flag)) = (response.clicked(), row, flag) {
        if style_classes::can_hide(flags(row).unwrap_or_default()) {
            style_classes::toggle(row, flag.class(), out);
        }
    } else if response.double_clicked() {
        state.legend_offset = None;
    } else if let (true, Some(row)) = (response.clicked(), row) {
        state.selected = Some(row.id);
        state.style_of = Some(row.id);
    }
    Some(rect)
}

/// The name of an entry, with the view that shows it alone.
fn spoken(row: &Row) -> String {
    let side = SIDES.iter().find(|(side, ..)| row.compared && side.is_some() && *side == row.side);
    side.map_or_else(|| row.long_name.clone(), |(_, words, _)| format!("{} ({})", row.long_name, lang::t(words)))
}

/// Cells of the colour or class under the pointer stand out.
fn point_at(ui: &Ui, entries: &[Rect], rows: &[&Row], state: &mut UiState) {
    let pointer = ui.input(|i| i.pointer.hover_pos().filter(|_| !i.pointer.any_down()));
    let Some(p) = pointer else { return };
    for (entry, row) in entries.iter().zip(rows).filter(|(e, _)| e.contains(p)) {
        match flags(row) {
            Some(flags) => {
                let plain = flag_at(*entry, flags, p).filter(|f| f.mask.is_none());
                if let Some(flag) = plain {
                    mark_values([flag.value as f64 - 0.5, flag.value as f64 + 0.5], row, state);
                }
            }
            None => {
                let bar = Rect::from_min_size(entry.min + vec2(12.0, TITLE + 1.0), vec2(entry.width() - 24.0, 10.0));
                by_pointer(ui, bar, bar, row, state);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lie_inside_outlines() {
        let ring = |lons: [f64; 4]| -> Vec<LonLat> {
            lons.iter().zip([10.0, 10.0, 20.0, 20.0]).map(|(lon, lat)| LonLat::new(*lon, lat)).collect()
        };
        // A slanted swath: its box is full of places it does not cover.
        let slanted = ring([0.0, 2.0, 12.0, 10.0]);
        assert!(in_outline(&slanted, LonLat::new(6.0, 15.0)));
        assert!(!in_outline(&slanted, LonLat::new(1.0, 19.0)) && !in_outline(&slanted, LonLat::new(11.0, 11.0)));
        let over_the_dateline = ring([178.0, -178.0, -178.0, 178.0]);
        assert!(in_outline(&over_the_dateline, LonLat::new(179.5, 15.0)));
        assert!(in_outline(&over_the_dateline, LonLat::new(-179.5, 15.0)));
        assert!(!in_outline(&over_the_dateline, LonLat::new(0.0, 15.0)));
        assert!(!in_outline(&over_the_dateline, LonLat::new(179.5, 25.0)));
        for north in [1.0, -1.0] {
            let round: Vec<LonLat> = (0..8).map(|k| LonLat::new(f64::from(k) * 45.0 - 170.0, 60.0 * north)).collect();
            for lon in [-179.0, -20.0, 0.0, 100.0, 180.0] {
                assert!(in_outline(&round, LonLat::new(lon, 80.0 * north)), "{north} {lon}");
                assert!(!in_outline(&round, LonLat::new(lon, 30.0 * north)), "{north} {lon}");
            }
        }
        assert!(in_outline(&[], LonLat::new(0.0, 0.0)), "the box has decided");
    }
}
